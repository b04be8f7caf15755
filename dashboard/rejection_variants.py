"""What happens to rejections when the threshold, the intake or the municipality's steps change: variants beside today."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pandas as pd

from dashboard import numbers
from dashboard.pictures.picture import Picture
from dashboard.rejected import reviewing
from dashboard.tables import Key, cells, label_of, rows_of, service_name
from dashboard.texts import Language, text
from dashboard.verdicts import verdict_words, whose_staffing
from scenarios.changes import resolved
from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.resolve import ByIdentity, catchments_of, service_of
from scenarios.schema import Scenario, Service
from sim.compare import Comparison
from sim.fold import ALL

LOWER, HIGHER = 0.5, 1.5
"""Of the rejections at each severity: what is left of them with a lower threshold, and what they become with a higher one."""
INTAKES = ("dialogue_intake", "see_everyone", "rejection_duty")
MUNICIPAL = ("low_threshold", "treatment")
"""Roles of the municipality's own steps, 2 and 3."""
VARIANTS = ("lower_threshold", "higher_threshold", *INTAKES, "steps_closed", "low_threshold_added")
AREA_MEASURES = (
    "rejected_all", "rejected_without_offer", "offer_within_13_weeks", "helped_within_13_weeks", "wait_after_referral",
    "worsened_waiting", "deadline_breaches",
)  # fmt: skip
CELLS = ("base", "mean", "difference", "interval", "better_in", "judgement")
SERVICE_MEASURES = ("referrals", "rejected_share", "rejected_wrong", "rereferred", "overflowed")


def rejection_variants(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Changes by the name of a variant, as :func:`scenarios.levers.apply` takes them; only those that fit and change something.

    A page runs them with the scenario as base. The names are of ``VARIANTS``; :func:`variant_name` says what they are called.
    """
    return {name: changes for name, (changes, _) in _made(scenario).items()}


def variant_of(scenario: Scenario, name: str) -> Scenario:
    """The scenario as a variant has it, made once for as long as the scenario is there."""
    return _made(scenario)[name][1]


_Made = dict[str, tuple[tuple[str, ...], Scenario]]
_known: ByIdentity[Scenario, _Made] = ByIdentity()


def _made(scenario: Scenario) -> _Made:
    known = _known.get(scenario)
    return known if known is not None else _known.keep(scenario, dict(_variants(scenario)))


def _variants(scenario: Scenario) -> Iterator[tuple[str, tuple[tuple[str, ...], Scenario]]]:
    if not reviewing(scenario):
        return
    now = resolved(scenario, scenario.period.start)
    wanted = {
        "lower_threshold": _threshold(now, LOWER),
        "higher_threshold": _threshold(now, HIGHER),
        **{name: (name,) for name in INTAKES},
        "steps_closed": ("gp_only",) if _open(now) else (),
        "low_threshold_added": _added(now),
    }
    for name in VARIANTS:
        with suppress(TrinnError):
            made = apply(scenario, *wanted[name])
            if wanted[name] and made.plain() != scenario.plain():
                yield name, (wanted[name], made)


def variant_name(name: str, language: Language) -> str:
    """What a variant is called."""
    return text(f"rejections_variant_{name}", language)


def variant_about(name: str, language: Language) -> str:
    """What it changes, and what not."""
    return text(f"rejections_about_{name}", language)


def variants_shown(comparison: Comparison, language: Language) -> tuple[Picture, ...]:
    """A table for each variant of a comparison with today as base: the verdict in a sentence, and the measures of rejections.

    The verdict is that of all measures together: fewer rejections alone make nothing better.
    """
    return tuple(_shown(comparison, other, language) for other in comparison.others)


def _shown(comparison: Comparison, other: str, language: Language) -> Picture:
    scenario = comparison.base.scenario
    found = rows_of(comparison, _keys(comparison), other)
    several = len({row.key[1] for row in found if row.key[1]}) > 1
    rows = []
    for row in found:
        shown, label = cells(row, language), label_of(row.key, language)
        if several and row.key[1]:
            label = f"{label} ({service_name(scenario, row.key[1], language)})"
        rows.append((label, numbers.unit_name(row.unit, language), *(shown[name] for name in CELLS)))
    heads = [text("head_measure", language), text("head_unit", language), comparison.base.name, other]
    heads += [text(f"head_{name}", language) for name in CELLS[2:]]
    words = verdict_words(comparison, other, language)
    how = text("rejections_variant_how", language, futures=comparison.replications)
    return Picture(
        name="rejections_variant",
        title=other,
        alt=" ".join((f"{words.title}.", words.sentence, *words.notes)),
        table=pd.DataFrame(rows, columns=heads),
        how=f"{how} {whose_staffing(comparison, language)}",
    )


def _keys(comparison: Comparison) -> list[Key]:
    """The measures of rejections, of the area and of each service that reviews."""
    known = comparison.base.replications[0].folded.values
    keys: list[Key] = [(ALL, "", ALL, name) for name in AREA_MEASURES]
    keys += [(ALL, service, ALL, name) for service in reviewing(comparison.base.scenario) for name in SERVICE_MEASURES]
    return [key for key in keys if key in known]


# -- the variants -----------------------------------------------------------------------------------------------------------


def _threshold(now: Scenario, factor: float) -> tuple[str, ...]:
    """So many of today's rejections at every severity that is rejected."""
    changes = []
    for name in reviewing(now):
        intake = _here(now, name).intake
        for step, share in intake.accept.items() if intake is not None else ():
            if 0 < share < 1:
                changes.append(f"{name}.intake.accept.{step}={max(0.0, 1 - (1 - share) * factor):.10g}")
    return tuple(changes)


def _added(now: Scenario) -> tuple[str, ...]:
    """More help without a referral: posts at the low-threshold service, which opens where it is closed."""
    there = [name for name, service in now.services.items() if service.role == "low_threshold"]
    if not there:
        return ()
    opened = () if any(_here(now, name).open for name in there) else ("role:low_threshold.open=true",)
    return (*opened, "psychologists_2_per_20000")


def _open(now: Scenario) -> bool:
    """Whether one of the municipality's own steps is open."""
    return any(service.role in MUNICIPAL and _here(now, name).open for name, service in now.services.items())


def _here(now: Scenario, name: str) -> Service:
    """A service as the first focal area, or its catchment, has it."""
    area = now.areas[now.focal_areas[0]]
    return service_of(now, name, catchments_of(now)[area.catchment] if now.services[name].shared else area)
