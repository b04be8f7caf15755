"""Shares: those that must sum to 1 do, and those that may not pass it do not."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from scenarios.check_areas import Found, Variants
from scenarios.reading import Path_
from scenarios.schema import ENDINGS, STEPS, Route, Scenario, Service

_ROUNDING = 1e-6


def shares(scenario: Scenario, variants: Variants) -> Found:
    """Probabilities that must sum to 1 do, and those that may not pass it do not."""
    for name, demand in scenario.demand.items():
        yield from _sum(("demand", name, "mix"), demand.mix.values())
    yield from _sum(("doors",), [door.share for door in scenario.doors.values()])
    yield from _groups(scenario)
    for here, _, service in variants:
        yield from _service(here, service)


def _sum(path: Path_, shares: Collection[float], needed: bool = False) -> Found:
    if (shares or needed) and abs(sum(shares) - 1) > _ROUNDING:
        yield path, f"shares must sum to 1 (got {sum(shares):g})"


def _service(here: Path_, service: Service) -> Found:
    if service.outcomes:
        yield from _sum((*here, "outcomes", "matched"), service.outcomes.matched.values(), needed=True)
        yield from _sum((*here, "outcomes", "below"), service.outcomes.below.values())
        for need, outcomes in service.outcomes.by_need.items():
            yield from _sum((*here, "outcomes", "by_need", need), outcomes.values(), needed=True)
    if service.intake:
        yield from _sum((*here, "intake", "reasons"), service.intake.reasons.values())
    yield from _sum((*here, "opening_mix"), service.opening_mix.values())
    if too_much := _most_routed(service.routes):
        ending, step, share = too_much
        yield (*here, "routes"), f"shares sum to {share:g} for a child after {ending} on {step}: at most 1"


def _most_routed(routes: tuple[Route, ...]) -> tuple[str, str, float] | None:
    for ending in ENDINGS:
        for step in STEPS:
            share = sum(r.share for r in routes if ending in r.after and (not r.steps or step in r.steps))
            if share > 1 + _ROUNDING:
                return ending, step, share
    return None


def _groups(scenario: Scenario) -> Found:
    """Each child belongs to one group at most, and somebody has the needs."""
    everywhere = {name: group.share for name, group in scenario.groups.items()}
    if sum(everywhere.values()) > 1 + _ROUNDING:
        yield ("groups",), _each_in_one(everywhere)
    elif scenario.groups and mean_risk(scenario, everywhere) <= _ROUNDING:
        yield ("groups",), "nobody is left to have the needs: give a group a risk above 0"
    for name, area in scenario.areas.items():
        here = {**everywhere, **area.groups}
        if area.groups and sum(here.values()) > 1 + _ROUNDING:
            yield ("areas", name, "groups"), _each_in_one(here)


def _each_in_one(shares: Mapping[str, float]) -> str:
    return f"shares sum to {sum(shares.values()):g}: at most 1, for each child belongs to one group or to none"


def mean_risk(scenario: Scenario, shares: Mapping[str, float]) -> float:
    """Mean relative risk of children with these shares of each group; those of no group have the risk 1."""
    in_groups = sum(share * scenario.groups[name].risk for name, share in shares.items() if name in scenario.groups)
    return in_groups + 1 - sum(shares.values())
