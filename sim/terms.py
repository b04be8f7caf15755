"""Terms: what a service is, as integers, and the needs and routes it speaks of. :mod:`sim.build` puts them on places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

from scenarios.resolve import open_on, owner_of, phase_length
from scenarios.schema import (
    AT_ONCE,
    ENDINGS,
    OUTCOMES,
    REASONS,
    SEVERITIES,
    STEPS,
    Coordination,
    Deadline,
    Door,
    Hesitation,
    Intake,
    Law,
    Outcome,
    Scenario,
    Service,
)
from scenarios.schema import Meeting as MeetingData
from scenarios.schema import Phase as Course
from scenarios.schema import Route as RouteData
from scenarios.units import DAY
from scenarios.values import Order
from sim.calendar import working_day_limits
from sim.draws import SURE, Ints, limit
from sim.laws import hazard, residual, table
from sim.plan import (
    FROM_DOOR,
    FROM_STREAM,
    NO_STEP,
    NOTHING,
    NOWHERE,
    Beside,
    Due,
    Meeting,
    Needs,
    Option,
    Pairs,
    Party,
    Review,
    Route,
    Shape,
    Stretch,
    Switch,
    Tasks,
    Terms,
)

ORDERS: tuple[str, ...] = get_args(Order)


class Work:
    """Options of hours for single pieces of work, numbered after those of the courses."""

    def __init__(self, shape: Shape, pools: Mapping[int, Mapping[str, int]], options: list[Option]) -> None:
        self.shape, self.pools, self.options = shape, pools, options
        self.known: dict[Option, int] = {}

    def tasks(self, hours: Mapping[str, float], service: int | None) -> Tasks:
        """For each area the option that a piece of work takes there: the hours of its pools, within one week.

        Args:
            hours: by pool; ``service.pool`` for that of another service.
            service: the one whose pools need no name.
        """
        if not any(hours.values()):
            return ()
        return tuple(self._task(hours, service, area) for area in range(len(self.shape.areas)))

    def _task(self, hours: Mapping[str, float], service: int | None, area: int) -> int:
        at = self.shape.place_at[area]
        taken: dict[int, int] = {}
        for pool, amount in hours.items():
            if owner := owner_of(pool):
                there = self.shape.place_at[self.shape.areas.index(owner.area)] if owner.area else at
                place, name = there[self.shape.services.index(owner.service)], owner.pool
            else:
                place, name = NOWHERE if service is None else at[service], pool
            here = self.pools.get(place, {})
            number = here.get(name, next(iter(here.values()), NOTHING) if name == "" else NOTHING)
            if number != NOTHING and amount:
                taken[number] = taken.get(number, 0) + max(1, round(amount * 60))
        option = tuple(taken.items())
        if not option:
            return NOTHING
        if option not in self.known:
            self.options.append(option)
            self.known[option] = len(self.options) - 1
        return self.known[option]


def courses_of(service: Service) -> tuple[Course, ...]:
    """The phases of a course, in order."""
    return (service.assessment, service.course) if service.assessment else (service.course,)


def needs_of(scenario: Scenario) -> Needs:
    """The needs of a scenario."""
    needs = scenario.needs.values()
    number = {name: i for i, name in enumerate(scenario.needs)}
    return Needs(
        names=tuple(scenario.needs),
        severity=tuple(SEVERITIES.index(need.severity) for need in needs),
        step=tuple(NO_STEP if need.step is None else STEPS.index(need.step) for need in needs),
        remission=tuple(hazard(need.remission) for need in needs),
        worsening=tuple(hazard(need.worsening) for need in needs),
        worse=tuple(number.get(need.worsens_to or "") for need in needs),
        better=tuple(number.get(need.improves_to or "") for need in needs),
        seek=tuple(limit(need.seek) for need in needs),
        relapse=tuple(hazard(need.relapse) for need in needs),
        relapses_to=tuple(number[need.relapses_to or name] for name, need in scenario.needs.items()),
        somatic=tuple(limit(need.somatic) for need in needs),
    )


def service_terms(scenario: Scenario, shape: Shape, number: int, service: Service, day: date, work: Work) -> Terms:
    """The terms of a service on a day (``date.min``: when the warm-up begins)."""
    routes, outcomes, joining = service.routes, service.outcomes, service.waiting_list
    matched = _outcomes(outcomes.matched) if outcomes else ()
    begin = scenario.period.start - timedelta(seconds=scenario.period.warmup) if day == date.min else day
    return Terms(
        service=number,
        step=NO_STEP if service.step is None else STEPS.index(service.step),
        ages=service.ages,
        open=open_on(service, begin),
        order=tuple(ORDERS.index(order) for order in joining.order),
        rises=None if joining.rises is None else table(joining.rises),
        at_once=sum(1 << SEVERITIES.index(severity) for severity in joining.at_once),
        every=joining.every or 0,
        switch=None
        if joining.switch is None
        else Switch(
            _numbers(shape, joining.switch.to), joining.switch.over, joining.switch.review or 0, limit(joining.switch.share)
        ),
        length=joining.length,
        weight=service.weight,
        patience=_patience(service),
        balking=hesitations(service.balking),
        waits_until=service.waits_until or 0,
        ends_at=service.ends_at or 0,
        excludes=_excluded(scenario, service, shape.services[number]),
        steps_up=None if service.steps_up is None else table(service.steps_up),
        open_return=service.open_return or 0,
        maps=limit(service.maps),
        somatic_check=limit(service.somatic_check),
        party=_party(service.course),
        calendar=-1 if service.calendar is None else list(scenario.calendars).index(service.calendar),
        review=_review(scenario, shape, service.intake, number, work) if service.intake else None,
        due=_due(shape, service.deadline) if service.deadline else None,
        accuracy=limit(service.accuracy),
        stretches=tuple(_stretch(service, course) for course in courses_of(service)),
        matched=matched,
        below=(_outcomes(outcomes.below) or matched) if outcomes else (),
        by_need=tuple(_outcomes(outcomes.by_need.get(need, {})) for need in scenario.needs)
        if outcomes and outcomes.by_need
        else (),
        dose=bool(outcomes and outcomes.dose),
        routes=tuple(replace(route_of(shape, route), tasks=work.tasks(route.hours, number)) for route in routes),
        choices=tuple(
            cumulated(
                (route.share, i)
                for i, route in enumerate(routes)
                if ending in route.after and (not route.steps or step in route.steps)
            )
            for ending in ENDINGS
            for step in STEPS
        ),
        blind=not any(route.steps for route in routes),
        beside=tuple(Beside(shape.services.index(b.to), limit(b.share), bits(b.steps)) for b in service.alongside),
    )


def _excluded(scenario: Scenario, service: Service, name: str) -> tuple[int, ...]:
    """Excluding is mutual, whichever of two services says so."""
    excluding = (other for other, content in scenario.services.items() if name in content.excludes)
    return tuple(sorted({list(scenario.services).index(other) for other in (*service.excludes, *excluding)}))


def _patience(service: Service) -> tuple[Ints | None, ...]:
    if service.patience is None and not service.patience_by_severity:
        return ()
    laws = [service.patience_by_severity.get(severity, service.patience) for severity in SEVERITIES]  # type: ignore[call-overload]
    return tuple(None if law is None else table(law) for law in laws)


def hesitations(stated: Sequence[Hesitation]) -> Pairs:
    """Known wait and limit of those it keeps away, the longest first."""
    return tuple(word for h in sorted(stated, key=lambda h: -h.over) for word in (h.over, limit(h.share)))


def bits(steps: Sequence[str]) -> int:
    """Steps as a bit set; none stated is all of them."""
    return sum(1 << STEPS.index(step) for step in steps or STEPS)


def _party(course: Course) -> Party | None:
    group = course.group
    if group is None:
        return None
    return Party(group.size, group.least or (1 if group.every else group.size), group.every or 0)


def _stretch(service: Service, course: Course) -> Stretch:
    if course.length is not None:
        length = table(course.length)
    else:
        mean = phase_length(service, course)
        law = {"law": "gamma", "mean": f"{mean}s", "cv": course.cv} if course.cv else f"{mean}s"
        length = table(Law.model_validate(law))
    return Stretch(length, limit(course.dropout), residual(length) if service.opening_cases else length)


def _in_order(item: tuple[Outcome, float]) -> int:
    return OUTCOMES.index(item[0])


def _outcomes(shares: Mapping[Outcome, float]) -> Pairs:
    return cumulated((share, ENDINGS.index(outcome)) for outcome, share in sorted(shares.items(), key=_in_order))


def cumulated(shares: Iterable[tuple[float, int]]) -> Pairs:
    """Limit and number in order: a quantile belongs to the first limit above it."""
    result, total = list[int](), 0.0
    for share, number in shares:
        total += share
        if share > 0:
            result += [limit(total if total < 1 - 1e-9 else 1.0), number]
    return tuple(result)


def _numbers(shape: Shape, names: Iterable[str]) -> tuple[int, ...]:
    return tuple(shape.services.index(name) for name in names)


def route_of(shape: Shape, route: RouteData) -> Route:
    """A route, without the hours it takes."""
    return Route(
        to=_numbers(shape, route.to),
        delay=table(route.delay),
        fixed=_fixed(route.delay),
        lost=limit(route.lost),
        urgent=route.urgent,
        warm=route.warm,
        kept=limit(route.kept),
        hold=route.hold.at_most if route.hold else 0,
    )


def door_route(shape: Shape, door: Door) -> Route:
    """The way from a door to the services behind it."""
    return Route(_numbers(shape, door.to), table(door.delay), _fixed(door.delay), 0, urgent=False, warm=False)


def _fixed(law: Law) -> int:
    return int(table(law)[0]) if law.law == "fixed" else 0


def numbered(
    follows: Coordination, terms: Sequence[Terms], doors: Sequence[Route], crisis: Route | None
) -> tuple[list[Terms], tuple[Route, ...], Route | None, tuple[Route, ...]]:
    """Every route with a number, and each as a coordinated child takes it: quicker, safer, with all that is known."""
    coordinated: list[Route] = []

    def number(route: Route) -> Route:
        shorter = shortened(route.delay, follows.delay)
        lost = round(route.lost * follows.lost) if route.lost < SURE else limit(follows.lost)
        fixed = int(shorter[0]) if route.fixed else 0
        coordinated.append(replace(route, delay=shorter, fixed=fixed, lost=lost, kept=SURE, number=len(coordinated)))
        return replace(route, number=len(coordinated) - 1)

    once = {id(t): replace(t, routes=tuple(number(route) for route in t.routes)) for t in terms}
    return [once[id(t)] for t in terms], tuple(doors), crisis and number(crisis), tuple(coordinated)


def shortened(delay: Ints, factor: float) -> Ints:
    """A table of durations, each so many times as long and at least a second."""
    scaled: Ints = (delay * factor).round().astype(delay.dtype)
    scaled[scaled < 1] = 1
    return scaled


def _working_days(shape: Shape, days: int | None) -> Ints | None:
    if days is None:
        return None
    return working_day_limits(shape.start, shape.first_day, shape.end // DAY + 1, days)


def _review(scenario: Scenario, shape: Shape, intake: Intake, service: int, work: Work) -> Review:
    incomplete, tightens = intake.incomplete, intake.tightens
    accuracy = limit(intake.accuracy)
    unmapped = None if incomplete is None else incomplete.accuracy
    return Review(
        length=table(intake.review),
        due=_working_days(shape, intake.within_working_days),
        accept=tuple(limit(intake.accept.get(step, 0.0)) for step in STEPS),  # type: ignore[call-overload]
        accept_again=-1 if intake.accept_again is None else limit(intake.accept_again),
        accuracy=accuracy,
        reasons=cumulated((share, REASONS.index(reason)) for reason, share in intake.reasons.items()),
        lead=table(intake.lead),
        consent=None if intake.consent is None else table(intake.consent),
        referrers=_referrers(scenario, intake.referrers) if intake.referrers else None,
        returned=0 if incomplete is None else limit(incomplete.returned),
        accuracy_unmapped=accuracy if unmapped is None else limit(unmapped),
        tightens=(0, 0, 0) if tightens is None else (tightens.every, limit(tightens.by), limit(tightens.least)),
        meeting=_meeting(intake.meeting, service, work) if intake.meeting else None,
        tasks=(tasks := work.tasks(intake.hours, service)),
        plain=not (tasks or incomplete or tightens or intake.referrers or intake.meeting),
    )


def _referrers(scenario: Scenario, names: Iterable[str]) -> frozenset[int]:
    services, doors, streams = list(scenario.services), list(scenario.doors), list(scenario.demand)
    found = {services.index(name) for name in names if name in services}
    found |= {FROM_DOOR - doors.index(name) for name in names if name in doors}
    return frozenset(found | {FROM_STREAM - streams.index(name) for name in names if name in streams})


def _meeting(meeting: MeetingData, service: int, work: Work) -> Meeting:
    return Meeting(
        doubtful=meeting.about == "doubtful",
        consent=limit(meeting.consent),
        delay=table(meeting.delay),
        every=meeting.every or 0,
        accuracy=limit(meeting.accuracy),
        tasks=work.tasks(meeting.hours, service),
    )


def _due(shape: Shape, deadline: Deadline) -> Due:
    overflow = deadline.overflow
    return Due(
        outer=_working_days(shape, deadline.working_days),
        by_severity=tuple(deadline.by_severity.get(severity) for severity in SEVERITIES),  # type: ignore[call-overload]
        guarantee=deadline.guarantee,
        price=round(overflow.price) if overflow else 0,
        overflow=shape.services.index(overflow.to) if overflow else None,
        share=limit(overflow.share) if overflow else 0,
        delay=table(overflow.delay) if overflow else table(AT_ONCE),
    )
