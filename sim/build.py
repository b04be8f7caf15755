"""Building plans: from a scenario to the phases of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from scenarios.changes import dates, resolved
from scenarios.errors import TrinnError
from scenarios.resolve import (
    capacity_of,
    catchments_of,
    children_of,
    fte_of,
    kind_of,
    open_on,
    owner_of,
    requirements,
    service_of,
    weekly_minutes,
)
from scenarios.schema import Scenario, Service
from scenarios.units import DAY
from sim.calendar import closures, seconds
from sim.draws import limit
from sim.laws import hazard, table
from sim.plan import NOTHING, NOWHERE, Coordinated, Grant, Option, Pairs, Plan, Post, Route, Shape, Terms
from sim.terms import (
    Work,
    bits,
    courses_of,
    cumulated,
    door_route,
    hesitations,
    needs_of,
    numbered,
    route_of,
    service_terms,
)


def phases(scenario: Scenario) -> tuple[Plan, ...]:
    """The plans of a run, in order of the date they hold from; the first from the beginning of the warm-up."""
    days = dates(scenario)
    first = resolved(scenario, days[0])
    shape = _shape(first)
    days = tuple(day for day in days if day == date.min or seconds(day, shape.start) < shape.end)
    plans = tuple(_plan(resolved(scenario, day), shape, day) for day in days)
    for day, plan in zip(days, plans, strict=True):
        _same_shape(plans[0], plan, day)
    return plans


def _same_shape(first: Plan, plan: Plan, day: date) -> None:
    """A dated change may change how much and how long, but not how many choices of hours a course has."""
    for place, (before, after) in enumerate(zip(first.offers, plan.offers, strict=True)):
        if [len(options) for options in before] != [len(options) for options in after]:
            holder, number = plan.shape.places[place]
            rule = f"the choices of hours or phases of {plan.shape.services[number]} in {holder} cannot change on {day}"
            raise TrinnError(f"{rule}: set them from the beginning")


def _shape(scenario: Scenario) -> Shape:
    period = scenario.period
    begin, end = -period.warmup, period.length
    areas, services = tuple(scenario.areas), tuple(scenario.services)
    places: list[tuple[str, int]] = []
    for number, name in enumerate(services):
        service = scenario.services[name]
        holders: Iterable[str] = catchments_of(scenario) if service.shared else areas
        for holder in holders:
            if service.shared or scenario.areas[holder].detail == "full":
                places.append((holder, number))
    index = {place: i for i, place in enumerate(places)}
    place_at = tuple(
        tuple(
            index.get((scenario.areas[area].catchment if scenario.services[name].shared else area, number), NOWHERE)
            for number, name in enumerate(services)
        )
        for area in areas
    )
    pools = tuple((i, pool) for i, place in enumerate(places) for pool in _pools(scenario, place, services))
    groups, group_of = _groups(scenario, places, services, place_at)
    return Shape(
        start=period.start,
        begin=begin,
        end=end,
        first_day=begin // DAY,
        areas=areas,
        neighbours=tuple(area.detail == "neighbour" for area in scenario.areas.values()),
        focal=tuple(area in scenario.focal_areas for area in areas),
        services=services,
        places=tuple(places),
        shared=tuple(scenario.services[services[number]].shared for _, number in places),
        place_at=place_at,
        pools=pools,
        kinds=tuple(_kind(_service_at(scenario, places[place], services), pool) for place, pool in pools),
        groups=tuple(groups),
        group_of=tuple(group_of),
        streams=tuple(scenario.demand),
        doors=tuple(scenario.doors),
        people=tuple(scenario.groups),
        closures=tuple(closures(c, period.start, begin // DAY, end // DAY) for c in scenario.calendars.values()),
        markets=tuple(hazard(market.hires) for market in scenario.labour_markets.values()),
        leaves_at=scenario.leaves_at or 0,
    )


def _groups(
    scenario: Scenario, places: list[tuple[str, int]], services: tuple[str, ...], place_at: tuple[tuple[int, ...], ...]
) -> tuple[list[tuple[int, ...]], list[int]]:
    """Places that share pools, and the group of each place. A course may take hours from a pool of another service."""
    leader = list(range(len(places)))
    for place, (holder, number) in enumerate(places):
        for pool in _borrowed(_service_at(scenario, (holder, number), services)):
            other = _owner(scenario, holder, services, pool, place_at)
            joined, kept = max(leader[place], leader[other]), min(leader[place], leader[other])
            leader = [kept if old == joined else old for old in leader]
    first = sorted(set(leader))
    return [tuple(i for i, of in enumerate(leader) if of == f) for f in first], [first.index(of) for of in leader]


def _borrowed(service: Service) -> set[str]:
    """Pools of other services that its courses take hours from, as ``service.pool`` or ``area/service.pool``."""
    return {pool for course in courses_of(service) for option in course.hours for pool in option if owner_of(pool)}


def _owner(scenario: Scenario, holder: str, services: tuple[str, ...], pool: str, place_at: tuple[tuple[int, ...], ...]) -> int:
    """The place whose pool it is, for a service that a holder has."""
    owner = owner_of(pool)
    assert owner is not None
    return _place_of(scenario, owner.area or holder, services, owner.service, place_at)


def _place_of(
    scenario: Scenario, holder: str, services: tuple[str, ...], service: str, place_at: tuple[tuple[int, ...], ...]
) -> int:
    """Where a holder finds a service: an area its own or its catchment's, a catchment its own."""
    areas = list(scenario.areas)
    area = areas.index(holder) if holder in areas else [a.catchment for a in scenario.areas.values()].index(holder)
    return place_at[area][services.index(service)]


def _lent(scenario: Scenario, shape: Shape, holder: str, pool: str, pools: dict[int, dict[str, int]]) -> int:
    return pools[_owner(scenario, holder, shape.services, pool, shape.place_at)][pool.rpartition(".")[2]]


def _pools(scenario: Scenario, place: tuple[str, int], services: Sequence[str]) -> tuple[str, ...]:
    service = _service_at(scenario, place, services)
    if service.places == "endless":
        return ()
    return ("places",) if service.places is not None else tuple(service.staff)


def _kind(service: Service, pool: str) -> str:
    return "places" if service.places is not None else kind_of(service.staff[pool])


def _service_at(scenario: Scenario, place: tuple[str, int], services: Sequence[str]) -> Service:
    """The service as the area or catchment of a place has it."""
    holder, name = place[0], services[place[1]]
    home = catchments_of(scenario)[holder] if scenario.services[name].shared else scenario.areas[holder]
    return service_of(scenario, name, home)


def _plan(scenario: Scenario, shape: Shape, day: date) -> Plan:
    known: dict[int, tuple[Service, Terms]] = {}  # the service is kept, so that its id stays its own
    terms, capacity, offers = [], [], []
    options: list[Option] = []
    pools: dict[int, dict[str, int]] = {}
    for index, (place, pool) in enumerate(shape.pools):
        pools.setdefault(place, {})[pool] = index
    services = [_service_at(scenario, place, shape.services) for place in shape.places]
    for place, (holder, _) in enumerate(shape.places):
        service = services[place]
        capacity += _capacity(scenario, shape, place, service, holder, day)
        lent = {pool: _lent(scenario, shape, holder, pool, pools) for pool in _borrowed(service)}
        offers.append(_offers(service, pools.get(place, {}) | lent, options))
    work = Work(shape, pools, options)
    for place, (_, number) in enumerate(shape.places):
        service = services[place]
        if id(service) not in known:
            known[id(service)] = service, service_terms(scenario, shape, number, service, day, work)
        terms.append(known[id(service)][1])
    crisis = None
    if scenario.crisis:
        crisis = replace(route_of(shape, scenario.crisis), tasks=work.tasks(scenario.crisis.hours, None))
    coordinator = _coordinator(scenario, work)
    if any(service.course.group for service in services):
        options.append(())  # the last one: whoever is in a group takes nothing
    doors = tuple(door_route(shape, door) for door in scenario.doors.values())
    coordinated: tuple[Route, ...] = ()
    if scenario.coordination is not None:
        terms, doors, crisis, coordinated = numbered(scenario.coordination, terms, doors, crisis)
    return Plan(
        at=shape.begin if day == date.min else max(shape.begin, seconds(day, shape.start)),
        shape=shape,
        needs=needs_of(scenario),
        terms=tuple(terms),
        capacity=tuple(capacity),
        options=tuple(options),
        offers=tuple(offers),
        doors=cumulated((door.share, i) for i, door in enumerate(scenario.doors.values())),
        door_routes=doors,
        crisis=crisis,
        door_ages=tuple(door.ages for door in scenario.doors.values()),
        door_people=_door_people(scenario),
        door_quiet=tuple(hesitations(door.quiet) for door in scenario.doors.values()),
        door_maps=tuple(limit(door.maps) for door in scenario.doors.values()),
        stream_maps=tuple(limit(demand.maps) for demand in scenario.demand.values()),
        finds=_finds(scenario, shape, services, day),
        another_door=limit(scenario.seeking.another_door),
        after_rejection=limit(scenario.seeking.after_rejection),
        people_seek=tuple(limit(group.seek) for group in scenario.groups.values()),
        people_accept=tuple(limit(group.accept) for group in scenario.groups.values()),
        coordinator=coordinator,
        coordinated=coordinated,
        posts=_posts(scenario, shape, services, day),
        grants=_grants(shape, services),
        member=len(options) - 1 if options and options[-1] == () else NOTHING,
    )


def _door_people(scenario: Scenario) -> tuple[tuple[int, ...], ...]:
    if not any(door.groups for door in scenario.doors.values()):
        return ()
    return tuple(tuple(limit(door.groups.get(name, 1.0)) for name in scenario.groups) for door in scenario.doors.values())


def _finds(scenario: Scenario, shape: Shape, services: Sequence[Service], day: date) -> tuple[Pairs, ...]:
    """By area: at what rate each door finds hidden need. The rate follows the staff behind the door, to its stated limit."""
    doors = list(scenario.doors.values())
    if not any(door.finds for door in doors):
        return ()
    found = []
    for area, name in enumerate(shape.areas):
        here: list[int] = []
        for number, door in enumerate(doors):
            at = [shape.place_at[area][shape.services.index(to)] for to in door.to]
            place = next((p for p in at if p != NOWHERE and open_on(services[p], _on(scenario, day))), NOWHERE)
            if door.finds is None or place == NOWHERE or shape.neighbours[area]:
                continue
            factor = 1.0
            if door.finds.at is not None:
                children = children_of(scenario, shape.places[place][0], shape.shared[place])
                posts = sum(fte_of(pool, children) for pool in services[place].staff.values())
                factor = min(door.finds.most, posts * 1000 / max(children, 1) / door.finds.at)
            if rate := hazard(door.finds.rate * factor):
                here += [rate, number]
        found.append(tuple(here))
        assert name in scenario.areas
    return tuple(found)


def _on(scenario: Scenario, day: date) -> date:
    """The day that a phase begins."""
    return scenario.period.start - timedelta(seconds=scenario.period.warmup) if day == date.min else day


def _coordinator(scenario: Scenario, work: Work) -> Coordinated | None:
    follows = scenario.coordination
    if follows is None:
        return None
    return Coordinated(limit(follows.share), bits(follows.steps), work.tasks(follows.hours, None))


def _posts(scenario: Scenario, shape: Shape, services: Sequence[Service], day: date) -> tuple[Post | None, ...]:
    if not any(pool.turnover for service in services for pool in service.staff.values()):
        return ()
    markets = list(scenario.labour_markets)
    found: list[Post | None] = []
    for place, name in shape.pools:
        pool = services[place].staff.get(name)
        if pool is None or pool.turnover is None:
            found.append(None)
            continue
        leaving = pool.turnover
        children = children_of(scenario, shape.places[place][0], shape.shared[place])
        fte = fte_of(pool, children) if open_on(services[place], _on(scenario, day)) else 0.0
        full = pool.model_copy(update={"fte": 1.0, "fte_per_1000": None})
        found.append(
            Post(
                hundredths=round(fte * 100),
                minutes=weekly_minutes(full, children),
                stay=table(leaving.stay),
                recruit=None if leaving.recruit is None else table(leaving.recruit),
                market=-1 if leaving.market is None else markets.index(leaving.market),
                breaks=limit(leaving.breaks),
            )
        )
    return tuple(found)


def _grants(shape: Shape, services: Sequence[Service]) -> tuple[Grant | None, ...]:
    if not any(service.grant for service in services):
        return ()
    return tuple(
        Grant(seconds(service.grant.until, shape.start), limit(service.grant.ends)) if service.grant else None
        for service in services
    )


def _capacity(scenario: Scenario, shape: Shape, place: int, service: Service, holder: str, day: date) -> list[int]:
    if service.places == "endless":
        return []
    is_open = open_on(service, _on(scenario, day))
    if service.places is not None:
        return [service.places if is_open else 0]
    has = capacity_of(service, children_of(scenario, holder, shape.shared[place]))
    return [has[pool] if is_open else 0 for pool in service.staff]


def _offers(service: Service, pools: dict[str, int], options: list[Option]) -> tuple[tuple[int, ...], ...]:
    result = []
    for course in courses_of(service):
        numbers = []
        for needed in requirements(service, course) if service.places != "endless" else ({},):
            options.append(tuple((pools[pool], amount) for pool, amount in needed.items()))
            numbers.append(len(options) - 1)
        result.append(tuple(numbers))
    return tuple(result)
