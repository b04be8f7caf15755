"""Lists: their order and meetings, known waits that keep children away, deadlines, referral review, and group courses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from scenarios.check_areas import Found, Variants
from scenarios.reading import Path_
from scenarios.schema import Deadline, Hesitation, Law, Scenario, Service, Together, WaitingList
from scenarios.units import HOUR, format_duration

MOST_WORKING_DAYS = 2600
"""Working days of a deadline: ten years."""


def lists(scenario: Scenario, variants: Variants) -> Found:
    """A list has an order it can keep, deadlines that say when, and groups that can fill."""
    for name, door in scenario.doors.items():
        yield from _rising(("doors", name, "quiet"), door.quiet)
    for here, _, service in variants:
        yield from _rising((*here, "balking"), service.balking)
        yield from _waiting((*here, "waiting_list"), service)
        if service.deadline:
            yield from _deadline((*here, "deadline"), service.deadline)
        if service.intake:
            yield from _working_days((*here, "intake", "within_working_days"), service.intake.within_working_days)
            if service.intake.meeting and service.intake.meeting.every == 0:
                yield (*here, "intake", "meeting", "every"), "must be above 0; left out, there is a meeting at any time"
        yield from _too_often(here, service)
        yield from _groups(here, service)


def _too_often(here: Path_, service: Service) -> Found:
    """What comes round on set dates comes round slowly enough for a run to end."""
    waiting, group = service.waiting_list, service.course.group
    meeting = service.intake.meeting if service.intake else None
    for path, every in (
        (("waiting_list", "every"), waiting.every),
        (("waiting_list", "switch", "review"), waiting.switch.review if waiting.switch else None),
        (("course", "group", "every"), group.every if group else None),
        (("intake", "meeting", "every"), meeting.every if meeting else None),
    ):
        if every and every < HOUR:
            yield (*here, *path), f"must be at least 1h (got {format_duration(every)})"


def is_zero(law: Law | None) -> bool:
    """Whether a law says no time at all."""
    if law is None:
        return False
    return not (law.mean or law.high or any(law.values))


def _rising(path: Path_, stated: Sequence[Hesitation]) -> Found:
    for index, (before, after) in enumerate(pairwise(stated), start=1):
        if after.over <= before.over:
            waits = f"{format_duration(after.over)} after {format_duration(before.over)}"
            yield (*path, index, "over"), f"must be longer than the one before: state known waits in rising order (got {waits})"


def _waiting(path: Path_, service: Service) -> Found:
    waiting = service.waiting_list
    if len(set(waiting.order)) < len(waiting.order):
        yield (*path, "order"), f"names one order twice (got {', '.join(waiting.order)})"
    if "deadline" in waiting.order and service.deadline is None:
        yield (*path, "order"), "is by deadline, and the service has none: state deadline, or another order"
    if waiting.rises is not None and "severity" not in waiting.order:
        yield (*path, "rises"), "changes nothing: the order does not ask for severity. Put severity in order, or leave it out"
    if is_zero(waiting.rises):
        yield (*path, "rises"), "must be above 0: after no time at all every child would be severe"
    if waiting.every == 0:
        yield (*path, "every"), "must be above 0; left out, places are given out as soon as there is room"
    if waiting.switch and waiting.switch.review == 0:
        yield (*path, "switch", "review"), "must be above 0; left out, the switch is tried only on joining"
    yield from _long_enough(path, waiting, service.course.group)


def _long_enough(path: Path_, waiting: WaitingList, group: Together | None) -> Found:
    """Those who must wait for a meeting or for a group can."""
    if waiting.length is None:
        return
    if waiting.every and waiting.length == 0:
        yield (*path, "length"), "leaves nobody for the meetings: places are given out to those who wait (got 0)"
    if group:
        least = group.least or (1 if group.every else group.size)
        wait = least if group.every else least - 1
        if waiting.length < wait:
            yield (*path, "length"), f"must be at least {wait}, for so many wait for a group to start (got {waiting.length})"


def _working_days(path: Path_, days: int | None) -> Found:
    if (days or 0) > MOST_WORKING_DAYS:
        yield path, f"must be ≤ {MOST_WORKING_DAYS} (got {days})"


def _deadline(path: Path_, deadline: Deadline) -> Found:
    yield from _working_days((*path, "working_days"), deadline.working_days)
    if deadline.working_days is None and deadline.guarantee is None and not deadline.by_severity:
        way_out = "state working_days, by_severity or guarantee"
        yield path, f"is a deadline policy without deadlines: {way_out}"
        if deadline.overflow:
            yield (*path, "overflow"), f"follows when a deadline is broken, and there is none: {way_out}"


def _groups(here: Path_, service: Service) -> Found:
    """A course for several at once is one stretch, and nothing but the group starts it."""
    if service.assessment and service.assessment.group:
        yield (*here, "assessment", "group"), "an assessment is of one child: state the group under course"
    if service.course.group is None:
        return
    path = (*here, "course", "group")
    if service.assessment:
        yield path, "a group course has no assessment: give the assessment to a service of its own"
    if service.alongside:
        yield path, "a group course has no help alongside: offer it beside a course of one child"
    if service.places == 0:
        yield path, "can never start: the service has no places"
