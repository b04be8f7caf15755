"""Every measure from the sums of the compiled fold (:mod:`sim.tally`).

What a measure means is said by :mod:`sim.area_measures` and :mod:`sim.service_measures`; here stands which sums it is made of.
The last step, from whole numbers to a measure, is that of :mod:`sim.view` for both, so that they agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.draws import Ints
from sim.records import Kind
from sim.tally import (
    AGAIN,
    AGAIN_FOLLOWED,
    ALONE,
    BROKEN,
    COST,
    COURSE_AREA,
    EARLY,
    ENTERED,
    FINISHED,
    FIRST_WAIT,
    HELD_AREA,
    HELP_FOLLOWED,
    HELP_WITHIN,
    LIST_AREA,
    LIST_WAIT,
    LISTED,
    LISTED_SINCE,
    NEVER_HELPED,
    NEW_NEEDS,
    OFF,
    OFF_WAIT,
    OFFER_FOLLOWED,
    OFFER_WITHIN,
    ORDINARY,
    ORDINARY_WAIT,
    PROMISES,
    RECOVERED,
    REMITTED,
    REVIEWED,
    REVIEWED_WAIT,
    RIGHT_FOLLOWED,
    RIGHT_WITHIN,
    SOUGHT,
    THIRD,
    UNHELPED,
    WAITED,
    WAITED_FIRST,
    WARM,
    WORSE,
    WRONG,
)
from sim.view import (
    NOT_DEFINED,
    days_of_ninetieth,
    followed_yearly,
    lowest_share,
    mean_days,
    mean_hours,
    mean_of_years,
    share,
    yearly,
)


@dataclass(frozen=True)
class Hours:
    """Hours of a service's pools, in sixtieths of an hour times seconds of the window."""

    committed: int
    capacity: int
    beyond: int


@dataclass(frozen=True)
class Reading:
    """The sums of some children (an area, an age band, or all that results speak of)."""

    end: int
    """The first second after the window."""
    service: Sequence[Sequence[int]]
    """By service: sums, by the numbers of :mod:`sim.tally`."""
    area: Sequence[int]
    """The sums over all services and none."""
    patients: Sequence[int]
    """By service: different children with a course, summed over the years."""
    waits: Sequence[Ints]
    """By service: the waits of ordinary starts, in order of length."""
    parts: Sequence[tuple[int, int]]
    """By age band, then by group of children: (helped within 13 weeks, all who could be followed)."""
    reviews: Sequence[int]
    """The services that review referrals."""
    hours: dict[int, Hours]
    """By service: of the whole service, whoever its children are. Services without staff or places of their own have none."""


def patients_of(years: Ints) -> Ints:
    """From what each year changed (last axis, one more than there are years) to children, summed over the years."""
    total: Ints = np.cumsum(years, axis=-1)[..., :-1].sum(axis=-1)
    return total


OfArea = Callable[[Reading], float]
OfService = Callable[[Reading, int], float]


def _a_year(number: int) -> OfArea:
    return lambda read: yearly(read.area[number], read.end)


def _share(part: int, whole: int) -> OfArea:
    return lambda read: share(read.area[part], read.area[whole])


def _days(seconds: int, count: int) -> OfArea:
    return lambda read: mean_days(read.area[seconds], read.area[count])


def _alone(read: Reading) -> float:
    count = sum(read.service[service][ALONE] for service in read.reviews)
    return followed_yearly(count, read.end) if read.reviews else NOT_DEFINED


def _overload(read: Reading) -> float:
    return mean_hours(sum(hours.beyond for hours in read.hours.values()), read.end) if read.hours else NOT_DEFINED


AREA: dict[str, OfArea] = {
    "needs": _a_year(NEW_NEEDS),
    "sought_help": _a_year(SOUGHT),
    "wait_to_help": _days(FIRST_WAIT, WAITED_FIRST),
    "helped_within_13_weeks": _share(HELP_WITHIN, HELP_FOLLOWED),
    "right_help_within_26_weeks": _share(RIGHT_WITHIN, RIGHT_FOLLOWED),
    "wait_after_referral": _days(REVIEWED_WAIT, REVIEWED),
    "offer_within_13_weeks": _share(OFFER_WITHIN, OFFER_FOLLOWED),
    "waiting_at_end": lambda read: float(read.area[LISTED]),
    "never_helped": _share(NEVER_HELPED, EARLY),
    "lost_in_handover": _a_year(Kind.LOST),
    "rejected_without_offer": _alone,
    "worsened_waiting": _a_year(WORSE),
    "crises": _a_year(Kind.CRISIS),
    "deadline_breaches": _a_year(BROKEN),
    "overload": _overload,
    "worst_off_group": lambda read: lowest_share(read.parts),
    "sent_around": _a_year(THIRD),
    "left_recovered": _a_year(RECOVERED),
    "left_done": _a_year(FINISHED),
    "left_remitted": lambda read: yearly(read.area[REMITTED] - read.area[UNHELPED], read.end),
    "left_unhelped": _a_year(UNHELPED),
    "gave_up_all": _a_year(Kind.GAVE_UP),
    "rejected_all": _a_year(Kind.REJECTED),
    "found": _a_year(Kind.FOUND),
    "relapsed": _a_year(Kind.RELAPSED),
    "aged_out": _a_year(Kind.AGED_OUT),
    "helper_changes": _a_year(Kind.HELPER_CHANGED),
    "somatic_found": _a_year(Kind.SOMATIC),
}
"""By name."""


def _each_year(number: int) -> OfService:
    return lambda read, service: yearly(read.service[service][number], read.end)


def _of_service(part: int, whole: int) -> OfService:
    return lambda read, service: share(read.service[service][part], read.service[service][whole])


def _days_at(seconds: int, count: int) -> OfService:
    return lambda read, service: mean_days(read.service[service][seconds], read.service[service][count])


def _on_average(number: int) -> OfService:
    return lambda read, service: read.service[service][number] / read.end


def _children_in(read: Reading, service: int) -> float:
    sums = read.service[service]
    return yearly(max(sums[ENTERED], sums[Kind.REFERRED]), read.end)


def _rejected_share(read: Reading, service: int) -> float:
    sums = read.service[service]
    return share(sums[Kind.REJECTED], sums[Kind.REJECTED] + sums[Kind.ACCEPTED])


def _wait_list_all(read: Reading, service: int) -> float:
    sums = read.service[service]
    so_far = sums[LISTED] * read.end - sums[LISTED_SINCE]
    return mean_days(sums[OFF_WAIT] + so_far, sums[OFF] + sums[LISTED])


def _load(read: Reading, service: int) -> float:
    hours = read.hours.get(service)
    if hours is None or not hours.capacity:
        return NOT_DEFINED
    return mean_hours(hours.committed, read.end) / mean_hours(hours.capacity, read.end)


def _hours(read: Reading, service: int) -> float:
    hours = read.hours.get(service)
    return NOT_DEFINED if hours is None else mean_hours(hours.committed, read.end)


def _overload_hours(read: Reading, service: int) -> float:
    hours = read.hours.get(service)
    return NOT_DEFINED if hours is None else mean_hours(hours.beyond, read.end)


SERVICE: dict[str, OfService] = {
    "children_in": _children_in,
    "referrals": _each_year(Kind.REFERRED),
    "accepted": _each_year(Kind.ACCEPTED),
    "rejected": _each_year(Kind.REJECTED),
    "rejected_share": _rejected_share,
    "rejected_wrong": _each_year(WRONG),
    "rejected_warm": _each_year(WARM),
    "rejected_alone": lambda read, service: followed_yearly(read.service[service][ALONE], read.end),
    "rereferred": _of_service(AGAIN, AGAIN_FOLLOWED),
    "started": _each_year(Kind.STARTED),
    "wait_started": _days_at(ORDINARY_WAIT, ORDINARY),
    "wait_90": lambda read, service: days_of_ninetieth(read.waits[service]),
    "wait_list_started": _days_at(LIST_WAIT, Kind.STARTED),
    "wait_list_left": _days_at(OFF_WAIT, OFF),
    "wait_list_all": _wait_list_all,
    "waited": _of_service(WAITED, Kind.STARTED),
    "waiting": _on_average(LIST_AREA),
    "waiting_end": lambda read, service: float(read.service[service][LISTED]),
    "gave_up": _each_year(Kind.GAVE_UP),
    "gave_up_share": _of_service(Kind.GAVE_UP, OFF),
    "refused_share": _of_service(Kind.REFUSED, OFF),
    "balked": _each_year(Kind.BALKED),
    "switched": _each_year(Kind.SWITCHED),
    "breaches": _each_year(BROKEN),
    "guarantee_breaches": _each_year(PROMISES),
    "overflowed": _each_year(Kind.OVERFLOWED),
    "overflow_cost": _each_year(COST),
    "ending_waits": _on_average(HELD_AREA),
    "in_course": _on_average(COURSE_AREA),
    "patients": lambda read, service: mean_of_years(read.patients[service], read.end),
    "load": _load,
    "hours": _hours,
    "overload_hours": _overload_hours,
}
"""By name."""
