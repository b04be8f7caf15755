"""Ways: every service can be reached, and what leads from one to another makes sense at both ends."""

from __future__ import annotations

from scenarios.check_areas import Found, Variants
from scenarios.check_names import services_named
from scenarios.reading import Path_
from scenarios.schema import Route, Scenario, Service

NO_COURSE = ("rejected", "gave_up", "refused", "balked")
"""Endings of a stay in which no course began."""


def ways(scenario: Scenario, variants: Variants) -> Found:
    """What leads from one service to another makes sense at both ends."""
    for here, name, service in variants:
        for index, route in enumerate(service.routes):
            yield from _hold((*here, "routes", index, "hold"), route, service)
        yield from _switch(scenario, (*here, "waiting_list", "switch", "to"), name, service)
        yield from _excludes(scenario, here, name, service)
        if service.deadline and service.deadline.overflow and service.deadline.overflow.to == name:
            yield (*here, "deadline", "overflow", "to"), "is the service itself: name the one that takes over"
        if service.steps_up and service.step is None:
            yield (*here, "steps_up"), "never comes: no need is above a service without a step. State its step, or leave it out"
    if scenario.crisis and scenario.crisis.hold:
        yield ("crisis", "hold"), "holds nothing: no course ends in a crisis. Leave it out"
    for word in ("after", "steps", "share", "warm") if scenario.crisis else ():
        if getattr(scenario.crisis, word) != Route.model_fields[word].default:
            yield ("crisis", word), "says nothing: every crisis goes this way. Leave it out"


def _hold(path: Path_, route: Route, service: Service) -> Found:
    if route.hold is None:
        return
    if route.hold.at_most == 0:
        yield (*path, "at_most"), "must be above 0: it would hold nobody. Leave hold out"
    if service.places == "endless":
        yield path, "holds nothing: the service has endless places, so nobody is kept out. Leave it out"
    if none := [ending for ending in NO_COURSE if ending in route.after]:
        yield path, f"holds nothing: no course ends after {' or '.join(none)}. Give those a route of their own"
    if route.urgent:
        yield path, "holds nothing: whoever is urgent starts at once. Leave out hold or urgent"


def _switch(scenario: Scenario, path: Path_, name: str, service: Service) -> Found:
    if service.waiting_list.switch is None:
        return
    for to in service.waiting_list.switch.to:
        other = scenario.services.get(to)
        if to == name:
            yield path, f"{to} is the service itself: name others of the same step"
        elif other and other.step != scenario.services[name].step:
            steps = f"{to} is on {other.step or 'no step'}, {name} on {scenario.services[name].step or 'no step'}"
            yield path, f"{steps}: only a service of the same step can stand in"


def _excludes(scenario: Scenario, here: Path_, name: str, service: Service) -> Found:
    """Exclusion holds both ways, whichever of the two states it."""
    beside = {alongside.to for alongside in service.alongside}
    beside |= {other for other, content in scenario.services.items() if any(a.to == name for a in content.alongside)}
    for index, other in enumerate(service.excludes):
        if other == name:
            yield (*here, "excludes", index), "is the service itself: name others"
        elif other in beside:
            rule = f"{name} and {other} exclude each other, and one is offered alongside the other: leave out one of the two"
            yield (*here, "excludes", index), rule


def reach(scenario: Scenario, variants: Variants) -> Found:
    """Every service that is open can be reached by somebody."""
    reached = {demand.to for demand in scenario.demand.values() if demand.to}
    reached |= {to for door in scenario.doors.values() if door.share or door.finds for to in door.to}
    reached |= {name for _, name, service in variants if service.opening_list or service.opening_cases}
    if scenario.crisis:
        reached |= set(scenario.crisis.to)
    edges: dict[str, set[str]] = {name: set() for name in scenario.services}
    for _, name, service in variants:
        edges[name] |= {to for _, to in services_named(service)}
    waiting = list(reached)
    while waiting:
        new = edges[waiting.pop()] - reached
        reached |= new
        waiting += new
    for name, service in scenario.services.items():
        if name not in reached and service.open:  # one that a lever has added opens before the first child is sent there
            yield ("services", name), "nobody can reach it: no demand, door or route leads here"
