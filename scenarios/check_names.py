"""Names: every service, need, group, calendar and labour market that is named exists. Pools are in ``check_staff``."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from scenarios.check_areas import Found, Variants
from scenarios.errors import nearest
from scenarios.reading import Path_
from scenarios.schema import Scenario, Service

_Named = Iterator[tuple[Path_, str]]
"""Where a name stands, and the name."""


def names(scenario: Scenario, variants: Variants) -> Found:
    """Whatever is named is there."""
    yield from _absent("service", scenario.services, _services(scenario, variants))
    yield from _absent("need", scenario.needs, _needs(scenario, variants))
    yield from _absent("group", scenario.groups, _groups(scenario))
    yield from _absent("calendar", scenario.calendars, _calendars(variants))
    yield from _absent("labour market", scenario.labour_markets, _markets(variants))
    refer = {*scenario.services, *scenario.doors, *scenario.demand}
    yield from _absent("service, door or stream of demand", refer, _referrers(variants))


def _absent(what: str, known: Collection[str], named: _Named) -> Found:
    for path, name in named:
        if name not in known:
            yield path, f'there is no {what} "{name}"{nearest(name, sorted(known))}'


def _services(scenario: Scenario, variants: Variants) -> _Named:
    for name, demand in scenario.demand.items():
        if demand.to is not None:
            yield ("demand", name, "to"), demand.to
    for name, door in scenario.doors.items():
        yield from ((("doors", name, "to"), to) for to in door.to)
    if scenario.crisis:
        yield from ((("crisis", "to"), to) for to in scenario.crisis.to)
    for here, _, service in variants:
        yield from (((*here, *path), to) for path, to in services_named(service))
        yield from (((*here, "excludes", index), other) for index, other in enumerate(service.excludes))


def services_named(service: Service) -> _Named:
    """The services that a service leads to, each with its path inside it."""
    for index, route in enumerate(service.routes):
        yield from ((("routes", index, "to"), to) for to in route.to)
    for index, alongside in enumerate(service.alongside):
        yield ("alongside", index, "to"), alongside.to
    if service.deadline and service.deadline.overflow:
        yield ("deadline", "overflow", "to"), service.deadline.overflow.to
    if service.waiting_list.switch:
        yield from ((("waiting_list", "switch", "to"), to) for to in service.waiting_list.switch.to)


def _needs(scenario: Scenario, variants: Variants) -> _Named:
    for name, demand in scenario.demand.items():
        yield from ((("demand", name, "mix", need), need) for need in demand.mix)
        yield from ((("demand", name, "mix_trend", need), need) for need in demand.mix_trend)
    for name, need in scenario.needs.items():
        if need.worsens_to not in (None, "crisis"):
            yield ("needs", name, "worsens_to"), str(need.worsens_to)
        if need.improves_to is not None:
            yield ("needs", name, "improves_to"), need.improves_to
        if need.relapses_to is not None:
            yield ("needs", name, "relapses_to"), need.relapses_to
    for here, _, service in variants:
        yield from (((*here, "opening_mix", need), need) for need in service.opening_mix)
        if service.outcomes:
            yield from (((*here, "outcomes", "by_need", need), need) for need in service.outcomes.by_need)


def _groups(scenario: Scenario) -> _Named:
    for kind, holders in (("doors", scenario.doors), ("areas", scenario.areas)):
        for holder, content in holders.items():
            yield from (((kind, holder, "groups", group), group) for group in content.groups)


def _calendars(variants: Variants) -> _Named:
    return (((*here, "calendar"), service.calendar) for here, _, service in variants if service.calendar is not None)


def _markets(variants: Variants) -> _Named:
    for here, _, service in variants:
        for pool, content in service.staff.items():
            if content.turnover and content.turnover.market is not None:
                yield (*here, "staff", pool, "turnover", "market"), content.turnover.market


def _referrers(variants: Variants) -> _Named:
    for here, _, service in variants:
        if service.intake:
            yield from (((*here, "intake", "referrers", i), name) for i, name in enumerate(service.intake.referrers))
