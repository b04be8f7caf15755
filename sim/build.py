"""Building plans: from a scenario to the phases of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from scenarios.changes import dates, resolved
from scenarios.check import requirements
from scenarios.errors import TrinnError
from scenarios.resolve import catchments_of, children_of, service_of, weekly_minutes
from scenarios.schema import (
    AT_ONCE,
    ENDINGS,
    OUTCOMES,
    REASONS,
    SEVERITIES,
    STEPS,
    Deadline,
    Intake,
    Law,
    Outcome,
    Scenario,
    Service,
)
from scenarios.schema import Phase as Course
from scenarios.schema import Route as RouteData
from scenarios.units import DAY
from sim.calendar import seconds, working_day_limits
from sim.draws import Ints, limit
from sim.laws import hazard, table
from sim.plan import NOWHERE, Beside, Due, Needs, Option, Plan, Review, Route, Shape, Stretch, Terms

ORDERS = ("first_come", "severity", "deadline", "referral")


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
        groups=tuple(groups),
        group_of=tuple(group_of),
        streams=tuple(scenario.demand),
        doors=tuple(scenario.doors),
    )


def _groups(
    scenario: Scenario, places: list[tuple[str, int]], services: tuple[str, ...], place_at: tuple[tuple[int, ...], ...]
) -> tuple[list[tuple[int, ...]], list[int]]:
    """Places that share pools, and the group of each place. A course may take hours from a pool of another service."""
    leader = list(range(len(places)))
    for place, (holder, number) in enumerate(places):
        for pool in _borrowed(_service_at(scenario, (holder, number), services)):
            other = _place_of(scenario, holder, services, pool.partition(".")[0], place_at)
            joined, kept = max(leader[place], leader[other]), min(leader[place], leader[other])
            leader = [kept if old == joined else old for old in leader]
    first = sorted(set(leader))
    return [tuple(i for i, of in enumerate(leader) if of == f) for f in first], [first.index(of) for of in leader]


def _borrowed(service: Service) -> set[str]:
    """Pools of other services that its courses take hours from, as ``service.pool``."""
    return {pool for course in _courses(service) for option in course.hours for pool in option if "." in pool}


def _place_of(
    scenario: Scenario, holder: str, services: tuple[str, ...], service: str, place_at: tuple[tuple[int, ...], ...]
) -> int:
    """Where a holder finds a service: an area its own or its catchment's, a catchment its own."""
    areas = list(scenario.areas)
    area = areas.index(holder) if holder in areas else [a.catchment for a in scenario.areas.values()].index(holder)
    return place_at[area][services.index(service)]


def _lent(scenario: Scenario, shape: Shape, holder: str, pool: str, pools: dict[int, dict[str, int]]) -> int:
    service, _, name = pool.partition(".")
    return pools[_place_of(scenario, holder, shape.services, service, shape.place_at)][name]


def _pools(scenario: Scenario, place: tuple[str, int], services: Sequence[str]) -> tuple[str, ...]:
    service = _service_at(scenario, place, services)
    if service.places == "endless":
        return ()
    return ("places",) if service.places is not None else tuple(service.staff)


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
    for place, (holder, number) in enumerate(shape.places):
        service = _service_at(scenario, (holder, number), shape.services)
        if id(service) not in known:
            known[id(service)] = service, _terms(scenario, shape, number, service)
        terms.append(known[id(service)][1])
        capacity += _capacity(scenario, shape, place, service, holder)
        lent = {pool: _lent(scenario, shape, holder, pool, pools) for pool in _borrowed(service)}
        offers.append(_offers(service, pools.get(place, {}) | lent, options))
    doors = _cumulated((door.share, i) for i, door in enumerate(scenario.doors.values()))
    return Plan(
        at=shape.begin if day == date.min else max(shape.begin, seconds(day, shape.start)),
        shape=shape,
        needs=_needs(scenario),
        terms=tuple(terms),
        capacity=tuple(capacity),
        options=tuple(options),
        offers=tuple(offers),
        doors=doors,
        door_routes=tuple(
            Route(_numbers(shape, door.to), table(door.delay), _fixed(door.delay), 0, False, False)
            for door in scenario.doors.values()
        ),
        crisis=_route(shape, scenario.crisis) if scenario.crisis else None,
    )


def _capacity(scenario: Scenario, shape: Shape, place: int, service: Service, holder: str) -> list[int]:
    if service.places == "endless":
        return []
    if service.places is not None:
        return [service.places if service.open else 0]
    children = children_of(scenario, holder, shape.shared[place])
    return [weekly_minutes(pool, children) if service.open else 0 for pool in service.staff.values()]


def _offers(service: Service, pools: dict[str, int], options: list[Option]) -> tuple[tuple[int, ...], ...]:
    result = []
    for course in _courses(service):
        numbers = []
        for needed in requirements(service, course) if service.places != "endless" else ({},):
            options.append(tuple((pools[pool], amount) for pool, amount in needed.items()))
            numbers.append(len(options) - 1)
        result.append(tuple(numbers))
    return tuple(result)


def _courses(service: Service) -> tuple[Course, ...]:
    return (service.assessment, service.course) if service.assessment else (service.course,)


def _needs(scenario: Scenario) -> Needs:
    needs = scenario.needs.values()
    number = {name: i for i, name in enumerate(scenario.needs)}
    return Needs(
        names=tuple(scenario.needs),
        severity=tuple(SEVERITIES.index(need.severity) for need in needs),
        step=tuple(None if need.step is None else STEPS.index(need.step) for need in needs),
        remission=tuple(hazard(need.remission) for need in needs),
        worsening=tuple(hazard(need.worsening) for need in needs),
        worse=tuple(number.get(need.worsens_to or "") for need in needs),
        better=tuple(number.get(need.improves_to or "") for need in needs),
        seek=tuple(limit(need.seek) for need in needs),
    )


def _terms(scenario: Scenario, shape: Shape, number: int, service: Service) -> Terms:
    routes = service.routes
    outcomes = service.outcomes
    matched = _outcomes(outcomes.matched) if outcomes else ()
    return Terms(
        service=number,
        step=None if service.step is None else STEPS.index(service.step),
        ages=service.ages,
        open=service.open,
        order=ORDERS.index(service.waiting_list.order),
        length=service.waiting_list.length,
        weight=service.weight,
        patience=None if service.patience is None else table(service.patience),
        review=_review(shape, service.intake) if service.intake else None,
        due=_due(shape, service.deadline) if service.deadline else None,
        accuracy=limit(service.accuracy),
        stretches=tuple(_stretch(course) for course in _courses(service)),
        matched=matched,
        below=(_outcomes(outcomes.below) or matched) if outcomes else (),
        routes=tuple(_route(shape, route) for route in routes),
        choices=tuple(
            _cumulated(
                (route.share, i)
                for i, route in enumerate(routes)
                if ending in route.after and (not route.steps or step in route.steps)
            )
            for ending in ENDINGS
            for step in STEPS
        ),
        blind=not any(route.steps for route in routes),
        beside=tuple(
            Beside(shape.services.index(b.to), limit(b.share), sum(1 << STEPS.index(s) for s in b.steps or STEPS))
            for b in service.alongside
        ),
    )


def _stretch(course: Course) -> Stretch:
    if course.length is not None:
        return Stretch(table(course.length), limit(course.dropout))
    assert course.sessions is not None
    assert course.interval is not None
    mean = max(1, round(course.sessions * course.interval / (1 - course.missed)))
    law = {"law": "gamma", "mean": f"{mean}s", "cv": course.cv} if course.cv else f"{mean}s"
    return Stretch(table(Law.model_validate(law)), limit(course.dropout))


def _in_order(item: tuple[Outcome, float]) -> int:
    return OUTCOMES.index(item[0])


def _outcomes(shares: Mapping[Outcome, float]) -> tuple[tuple[int, int], ...]:
    return _cumulated((share, ENDINGS.index(outcome)) for outcome, share in sorted(shares.items(), key=_in_order))


def _cumulated(shares: Iterable[tuple[float, int]]) -> tuple[tuple[int, int], ...]:
    """(limit, number) in order: a quantile belongs to the first limit above it."""
    result, total = [], 0.0
    for share, number in shares:
        total += share
        if share > 0:
            result.append((limit(total if total < 1 - 1e-9 else 1.0), number))
    return tuple(result)


def _numbers(shape: Shape, names: Iterable[str]) -> tuple[int, ...]:
    return tuple(shape.services.index(name) for name in names)


def _route(shape: Shape, route: RouteData) -> Route:
    delay = route.delay
    return Route(_numbers(shape, route.to), table(delay), _fixed(delay), limit(route.lost), route.urgent, route.warm)


def _fixed(law: Law) -> int:
    return int(table(law)[0]) if law.law == "fixed" else 0


def _working_days(shape: Shape, days: int | None) -> Ints | None:
    if days is None:
        return None
    return working_day_limits(shape.start, shape.first_day, shape.end // DAY + 1, days)


def _review(shape: Shape, intake: Intake) -> Review:
    return Review(
        length=table(intake.review),
        due=_working_days(shape, intake.within_working_days),
        accept=tuple(limit(intake.accept.get(step, 0.0)) for step in STEPS),  # type: ignore[call-overload]
        accept_again=None if intake.accept_again is None else limit(intake.accept_again),
        accuracy=limit(intake.accuracy),
        reasons=_cumulated((share, REASONS.index(reason)) for reason, share in intake.reasons.items()),
        lead=table(intake.lead),
    )


def _due(shape: Shape, deadline: Deadline) -> Due:
    overflow = deadline.overflow
    return Due(
        outer=_working_days(shape, deadline.working_days),
        by_severity=tuple(deadline.by_severity.get(severity) for severity in SEVERITIES),  # type: ignore[call-overload]
        overflow=shape.services.index(overflow.to) if overflow else None,
        share=limit(overflow.share) if overflow else 0,
        delay=table(overflow.delay) if overflow else table(AT_ONCE),
    )
