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
    had = _services_at(scenario, places, services)
    pools = tuple((i, pool) for i, service in enumerate(had) for pool in _pools(service))
    groups, group_of = _groups(_Where(scenario, areas, services, place_at), places, had)
    focal = set(scenario.focal_areas)
    return Shape(
        start=period.start,
        begin=begin,
        end=end,
        first_day=begin // DAY,
        areas=areas,
        neighbours=tuple(area.detail == "neighbour" for area in scenario.areas.values()),
        focal=tuple(area in focal for area in areas),
        services=services,
        places=tuple(places),
        shared=tuple(scenario.services[services[number]].shared for _, number in places),
        place_at=place_at,
        pools=pools,
        kinds=tuple(_kind(had[place], pool) for place, pool in pools),
        groups=tuple(groups),
        group_of=tuple(group_of),
        streams=tuple(scenario.demand),
        doors=tuple(scenario.doors),
        people=tuple(scenario.groups),
        closures=tuple(closures(c, period.start, begin // DAY, end // DAY) for c in scenario.calendars.values()),
        markets=tuple(hazard(market.hires) for market in scenario.labour_markets.values()),
        leaves_at=scenario.leaves_at or 0,
    )


class _Where:
    """Where a holder of services finds one: an area its own or its catchment's, a catchment its own."""

    def __init__(
        self, scenario: Scenario, areas: Sequence[str], services: Sequence[str], place_at: tuple[tuple[int, ...], ...]
    ) -> None:
        self.place_at = place_at
        self.services = {name: number for number, name in enumerate(services)}
        self.areas: dict[str, int] = {}
        for number, area in reversed(list(enumerate(areas))):
            self.areas[scenario.areas[area].catchment] = number  # the first one of the catchment
        self.areas |= {area: number for number, area in enumerate(areas)}

    def owner(self, holder: str, pool: str) -> int:
        """The place whose pool it is, for a service that a holder has."""
        owner = owner_of(pool)
        assert owner is not None
        return self.place_at[self.areas[owner.area or holder]][self.services[owner.service]]


def _groups(
    where: _Where, places: Sequence[tuple[str, int]], services: Sequence[Service]
) -> tuple[list[tuple[int, ...]], list[int]]:
    """Places that share pools, and the group of each place. A course may take hours from a pool of another service."""
    leader = list(range(len(places)))

    def first(place: int) -> int:
        """The first place of the group."""
        while leader[place] != place:
            leader[place] = place = leader[leader[place]]
        return place

    for place, ((holder, _), service) in enumerate(zip(places, services, strict=True)):
        for pool in _borrowed(service):
            one, other = first(place), first(where.owner(holder, pool))
            leader[max(one, other)] = min(one, other)
    members: dict[int, list[int]] = {}
    for place in range(len(places)):
        members.setdefault(first(place), []).append(place)
    number = {leads: i for i, leads in enumerate(members)}
    return [tuple(group) for group in members.values()], [number[first(place)] for place in range(len(places))]


def _borrowed(service: Service) -> set[str]:
    """Pools of other services that its courses take hours from, as ``service.pool`` or ``area/service.pool``."""
    return {pool for course in courses_of(service) for option in course.hours for pool in option if owner_of(pool)}


def _pools(service: Service) -> tuple[str, ...]:
    if service.places == "endless":
        return ()
    return ("places",) if service.places is not None else tuple(service.staff)


def _kind(service: Service, pool: str) -> str:
    return "places" if service.places is not None else kind_of(service.staff[pool])


def _services_at(scenario: Scenario, places: Sequence[tuple[str, int]], services: Sequence[str]) -> list[Service]:
    """By place: the service as its area or catchment has it."""
    catchments, found = catchments_of(scenario), list[Service]()
    for holder, number in places:
        name = services[number]
        home = catchments[holder] if scenario.services[name].shared else scenario.areas[holder]
        found.append(service_of(scenario, name, home))
    return found


class _Kinds:
    """What services have in common, once for all places alike. Services are known by their id: whoever asks keeps them."""

    def __init__(self, scenario: Scenario, shape: Shape, day: date, work: Work) -> None:
        self.scenario, self.shape, self.day, self.work = scenario, shape, day, work
        self._takes: dict[int, tuple[tuple[dict[str, int], ...], ...]] = {}
        self._terms: dict[int, Terms] = {}
        self._alike: dict[tuple[int, str], Terms] = {}

    def takes(self, service: Service) -> tuple[tuple[dict[str, int], ...], ...]:
        """By phase of the course: what it takes of each pool, in one way or another."""
        if id(service) not in self._takes:
            endless = service.places == "endless"
            phases = courses_of(service)
            self._takes[id(service)] = tuple(({},) if endless else requirements(service, course) for course in phases)
        return self._takes[id(service)]

    def terms(self, number: int, service: Service) -> Terms:
        """One object for all services that are alike but for their staff, which terms say nothing of."""
        if id(service) not in self._terms:
            key = number, service.model_dump_json(exclude={"staff"})
            if key not in self._alike:
                self._alike[key] = service_terms(self.scenario, self.shape, number, service, self.day, self.work)
            self._terms[id(service)] = self._alike[key]
        return self._terms[id(service)]


def _plan(scenario: Scenario, shape: Shape, day: date) -> Plan:
    terms, capacity, offers = [], [], []
    options: list[Option] = []
    pools: dict[int, dict[str, int]] = {}
    for index, (place, pool) in enumerate(shape.pools):
        pools.setdefault(place, {})[pool] = index
    services = _services_at(scenario, shape.places, shape.services)
    children = _children(scenario, shape)
    where = _Where(scenario, shape.areas, shape.services, shape.place_at)
    work = Work(shape, pools, options)
    kinds = _Kinds(scenario, shape, day, work)
    for place, ((holder, _), service) in enumerate(zip(shape.places, services, strict=True)):
        capacity += _capacity(service, children[place], _on(scenario, day))
        lent = {pool: pools[where.owner(holder, pool)][pool.rpartition(".")[2]] for pool in _borrowed(service)}
        offers.append(_offers(kinds.takes(service), pools.get(place, {}) | lent, options))
    for (_, number), service in zip(shape.places, services, strict=True):
        terms.append(kinds.terms(number, service))
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
        finds=_finds(scenario, shape, services, children, day),
        another_door=limit(scenario.seeking.another_door),
        after_rejection=limit(scenario.seeking.after_rejection),
        people_seek=tuple(limit(group.seek) for group in scenario.groups.values()),
        people_accept=tuple(limit(group.accept) for group in scenario.groups.values()),
        coordinator=coordinator,
        coordinated=coordinated,
        posts=_posts(scenario, shape, services, children, day),
        grants=_grants(shape, services),
        member=len(options) - 1 if options and options[-1] == () else NOTHING,
    )


def _door_people(scenario: Scenario) -> tuple[tuple[int, ...], ...]:
    if not any(door.groups for door in scenario.doors.values()):
        return ()
    return tuple(tuple(limit(door.groups.get(name, 1.0)) for name in scenario.groups) for door in scenario.doors.values())


def _finds(
    scenario: Scenario, shape: Shape, services: Sequence[Service], children: Sequence[int], day: date
) -> tuple[Pairs, ...]:
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
                posts = sum(fte_of(pool, children[place]) for pool in services[place].staff.values())
                factor = min(door.finds.most, posts * 1000 / max(children[place], 1) / door.finds.at)
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


def _posts(
    scenario: Scenario, shape: Shape, services: Sequence[Service], children: Sequence[int], day: date
) -> tuple[Post | None, ...]:
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
        fte = fte_of(pool, children[place]) if open_on(services[place], _on(scenario, day)) else 0.0
        full = pool.model_copy(update={"fte": 1.0, "fte_per_1000": None})
        found.append(
            Post(
                hundredths=round(fte * 100),
                minutes=weekly_minutes(full, children[place]),
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


def _children(scenario: Scenario, shape: Shape) -> list[int]:
    """By place: the children 0-17 it is for."""
    holders = dict.fromkeys((holder, shared) for (holder, _), shared in zip(shape.places, shape.shared, strict=True))
    number = {(holder, shared): children_of(scenario, holder, shared) for holder, shared in holders}
    return [number[holder, shared] for (holder, _), shared in zip(shape.places, shape.shared, strict=True)]


def _capacity(service: Service, children: int, day: date) -> list[int]:
    if service.places == "endless":
        return []
    is_open = open_on(service, day)
    if service.places is not None:
        return [service.places if is_open else 0]
    has = capacity_of(service, children)
    return [has[pool] if is_open else 0 for pool in service.staff]


def _offers(
    takes: Sequence[Sequence[dict[str, int]]], pools: dict[str, int], options: list[Option]
) -> tuple[tuple[int, ...], ...]:
    result = []
    for alternatives in takes:
        numbers = []
        for needed in alternatives:
            options.append(tuple((pools[pool], amount) for pool, amount in needed.items()))
            numbers.append(len(options) - 1)
        result.append(tuple(numbers))
    return tuple(result)
