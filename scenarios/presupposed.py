"""What the levers of a scenario need in order to do what they say, and what of it the scenario lacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scenarios.changes import resolved
from scenarios.errors import TrinnError
from scenarios.levers import Lever, Presupposition, levers
from scenarios.resolve import catchments_of, fte_of, service_of
from scenarios.schema import Label, Scenario, Service
from scenarios.setting import look_up


@dataclass(frozen=True)
class Lacking:
    """Something that a lever needs and the scenario does not have, or that nobody can see in a model."""

    lever: str
    name: Label
    """The lever's."""
    number: int
    """Which of the lever's presuppositions."""
    say: Label


def levers_of(scenario: Scenario) -> dict[str, Lever]:
    """The library's levers that a scenario's changes belong to, by name, in order."""
    names = dict.fromkeys(change.lever.partition(":")[0] for change in scenario.changes)
    return {name: levers()[name] for name in names if name in levers()}


def lacking(scenario: Scenario) -> tuple[Lacking, ...]:
    """What the levers of a scenario presuppose and it lacks, as it stands at the end of the period."""
    return tuple(
        Lacking(name, lever.name, number, needed.say)
        for name, lever in levers_of(scenario).items()
        for number, needed in enumerate(lever.presupposes)
        if not _is_there(needed, resolved(scenario))
    )


def _is_there(needed: Presupposition, scenario: Scenario) -> bool:
    """Whether the conditions that can be looked up hold; a presupposition without any is never known to hold."""
    children = [scenario.areas[area].children_0_17 for area in scenario.focal_areas]
    held = []
    if needed.role is not None:
        held.append(_offered(scenario, "role", needed.role))
    if needed.step is not None:
        held.append(_offered(scenario, "step", needed.step))
    if needed.least_children is not None:
        held.append(min(children) >= needed.least_children)
    if needed.most_children is not None:
        held.append(max(children) <= needed.most_children)
    if needed.states is not None:
        held.append(_stated(scenario, needed.states))
    return bool(held) and all(held)


def _offered(scenario: Scenario, word: str, value: str) -> bool:
    """Whether every focal area has an open service of a role or step, with places or somebody at work."""
    return all(
        any(
            getattr(scenario.services[name], word) == value and _works(service, children)
            for name, service, children in _at(scenario, area)
        )
        for area in scenario.focal_areas
    )


def _at(scenario: Scenario, area: str) -> Iterator[tuple[str, Service, int]]:
    """The services of an area, its own and shared, with the children 0-17 they are for."""
    home = scenario.areas[area]
    whole = catchments_of(scenario)[home.catchment]
    catchment = sum(other.children_0_17 for other in scenario.areas.values() if other.catchment == home.catchment)
    for name, template in scenario.services.items():
        here = service_of(scenario, name, whole if template.shared else home)
        yield name, here, catchment if template.shared else home.children_0_17


def _works(service: Service, children: int) -> bool:
    if not service.open:
        return False
    if service.places is not None or not service.staff:
        return service.places != 0
    return any(pool.cases or pool.rooms or fte_of(pool, children) > 0 for pool in service.staff.values())


def _stated(scenario: Scenario, address: str) -> bool:
    try:
        return any(value not in (None, 0, 0.0, "", [], {}) for value in look_up(scenario, address))
    except TrinnError:
        return False
