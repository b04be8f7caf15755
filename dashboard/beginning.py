"""Proposals to begin with: questions that most planners have, made for the place that was chosen."""

from __future__ import annotations

from dashboard.texts import Language, text
from dashboard.work import MOST_PROPOSALS, Proposal, Work, base_of
from scenarios.changes import resolved
from scenarios.resolve import catchments_of, service_of
from scenarios.schema import Scenario, Service

NEW_POSTS = 2
"""Psychologists that are hired."""
_HIRING = (("treatment", False), ("low_threshold", False), ("specialist", True))
"""Roles of services, and whether they are shared, in the order in which psychologists are hired there."""


def more_psychologists(work: Work, language: Language) -> Proposal | None:
    """Two psychologists more: the municipality's own, or BUP's where there are several municipalities. None where nobody
    employs any."""
    now = _now(work)
    several = len(now.focal_areas) != 1
    for role, shared in _HIRING[2:] if several else _HIRING:
        for name, service in now.services.items():
            if service.role == role and service.shared == shared and "psychologist" in _here(now, name).staff:
                key = "start_more_at_bup" if shared else "start_more_psychologists"
                return Proposal(name=text(key, language), changes=(f"{name}.psychologist.fte+={NEW_POSTS}",))
    return None


def fewer_rejections(work: Work, language: Language) -> Proposal | None:
    """Half as many rejections at every severity that BUP rejects; None where nobody reviews referrals."""
    now = _now(work)
    changes = []
    for name in now.services:
        here = _here(now, name)
        if here.role == "specialist" and here.intake is not None:
            for step, share in here.intake.accept.items():
                if share < 1:
                    changes.append(f"{name}.intake.accept.{step}={1 - (1 - share) / 2:.10g}")
    return Proposal(name=text("start_fewer_rejections", language), changes=tuple(changes)) if changes else None


def with_proposal(work: Work, proposal: Proposal, instead_of: tuple[Proposal, ...] = ()) -> Work | None:
    """The work with a proposal more, or as it is where that stands there already; None where there is no room for another.

    Args:
        work: what is on the table.
        proposal: what is put there.
        instead_of: proposals that only served as an example, and give way.
    """
    stands = () if work.proposals == instead_of else work.proposals
    if any(each.changes == proposal.changes for each in stands):
        return work
    stands = tuple(each for each in stands if each.name.casefold() != proposal.name.casefold())
    if len(stands) >= MOST_PROPOSALS:
        return None
    return work.model_copy(update={"proposals": (*stands, proposal)})


def _now(work: Work) -> Scenario:
    base = base_of(work)
    return resolved(base, base.period.start)


def _here(scenario: Scenario, name: str) -> Service:
    """A service as the first focal area, or its catchment, has it."""
    area = scenario.areas[scenario.focal_areas[0]]
    return service_of(scenario, name, catchments_of(scenario)[area.catchment] if scenario.services[name].shared else area)
