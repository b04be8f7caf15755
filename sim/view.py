"""The records of some children in one replication, and what the measures ask of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from scenarios.units import DAY, WEEK, YEAR
from sim.children import OPENING_CASE, Cohort
from sim.draws import Ints
from sim.identities import FROM_LIST, FROM_LIST_OR_REVIEW, OFF_LIST, committed
from sim.plan import Plan, Shape
from sim.records import Kind, Log

NOT_DEFINED = float("nan")
"""A measure that nobody gives a value in a replication: no start, no wait."""
FOLLOWED = 13 * WEEK
"""How long a child is followed for "within 13 weeks"."""
FEWEST = 20
"""Groups with fewer events are not compared."""

Bools = npt.NDArray[np.bool_]


class View:
    """The records of some children (an area, an age band, or all that results speak of) in one replication."""

    def __init__(self, plans: Sequence[Plan], cohort: Cohort, log: Log) -> None:
        self.plans, self.cohort, self.log = plans, cohort, log
        self.plan, self.shape = plans[0], plans[0].shape
        self.end = self.shape.end + 1
        self.place_service = np.asarray([service for _, service in self.shape.places], dtype=np.int64)
        self.helps = np.asarray([terms.step != 0 for terms in self.plan.terms], dtype=bool)
        """By place: whether it gives help rather than being a door."""

    @cached_property
    def kinds(self) -> dict[int, Log]:
        """The records by kind."""
        order = np.argsort(self.log.kind, kind="stable")
        rows = self.log.rows[order]
        edges = np.searchsorted(rows[:, 1], np.arange(len(Kind) + 2))
        return {kind: Log(rows[edges[kind] : edges[kind + 1]]) for kind in Kind}

    def of(self, kind: Kind, service: int | None = None, inside: bool = True) -> Log:
        """Records of a kind, at a service, in the window (or ever)."""
        log = self.kinds[kind]
        if inside:
            log = log.where(log.time >= 0)
            if kind in (Kind.JOINED, Kind.STARTED) and self.already_in_courses:
                log = log.where(~self._was_there(log))
        if service is not None:
            log = log.where(self.place_service[log.place] == service)
        return log

    @cached_property
    def already_in_courses(self) -> bool:
        """Whether the run began with children in courses."""
        return bool((self.cohort.stream == OPENING_CASE).any())

    def _was_there(self, log: Log) -> Bools:
        """The first stays of those already in a course on the first day: they did not start in the window."""
        was: Bools = self.cohort.stream[log.child] == OPENING_CASE
        was &= (log.stay == 1) & (self.place_service[log.place] == self.cohort.to[log.child])
        return was

    def referred(self, service: int | None = None, inside: bool = True) -> Log:
        """Referrals received; those already on a list on the first day are none."""
        log = self.of(Kind.REFERRED, service, inside)
        return log.where(log.detail >= 0)

    def helping_starts(self, inside: bool = False) -> Log:
        """Starts of help other than at doors."""
        log = self.of(Kind.STARTED, inside=inside)
        return log.where(self.helps[log.place])

    @cached_property
    def first_sought(self) -> tuple[Ints, Ints]:
        """(children, second) of the first time each child sought help: a door, or a referral from outside."""
        sought, referred = self.of(Kind.SOUGHT, inside=False), self.referred(inside=False)
        child = np.concatenate([sought.child, referred.child])
        time = np.concatenate([sought.time, referred.received])
        return first_of(child, time)

    @cached_property
    def helped_within(self) -> tuple[Ints, Bools]:
        """(children, helped within 13 weeks) of those who first sought help in the window, early enough to follow."""
        child, sought = self.first_sought
        follow = (sought >= 0) & (sought < self.end - FOLLOWED)
        child, sought = child[follow], sought[follow]
        starts = self.helping_starts()
        return child, next_within(starts.child, starts.time, child, sought, FOLLOWED)

    def a_year(self, count: int) -> float:
        """So many in the window, a year."""
        return yearly(count, self.end)

    def area_under(self, joins: Log, leaves: Sequence[Log]) -> float:
        """Mean number between joining and leaving, over the window: child-seconds inside it, over its length."""
        total = sum_of(self.end - np.clip(joins.time, 0, self.end))
        for log in leaves:
            total -= sum_of(self.end - np.clip(log.time, 0, self.end))
        return total / self.end

    def off_list(self, service: int, inside: bool = True) -> list[Log]:
        """Everything that takes a child off a service's list."""
        always = [self.of(kind, service, inside) for kind in OFF_LIST]
        by_detail = [self.of(kind, service, inside) for kind in FROM_LIST_OR_REVIEW]
        return [*always, *(log.where(log.detail == FROM_LIST) for log in by_detail)]

    @cached_property
    def pool_seconds(self) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
        """By service: committed, capacity, and committed beyond capacity, in sixtieths of an hour times seconds of the window.

        Of the whole of the places that serve the focal areas: a shared service is counted whole.
        """
        return pool_seconds(self)

    @cached_property
    def hours(self) -> tuple[dict[int, float], dict[int, float], dict[int, float]]:
        """By service: mean hours a week committed, capacity, and committed beyond capacity, of the same."""
        taken, capacity, beyond = (
            {service: mean_hours(total, self.end) for service, total in part.items()} for part in self.pool_seconds
        )
        return taken, capacity, beyond


def reached_places(shape: Shape) -> Bools:
    """By place: whether it serves one of the areas that results speak of."""
    mask = np.zeros(len(shape.places), dtype=bool)
    for area, places in enumerate(shape.place_at):
        if shape.focal[area]:
            mask[[place for place in places if place >= 0]] = True
    return mask


def weight(kind: str) -> int:
    """Sixtieths of an hour in a unit of a pool; 0: ceilings and rooms are no hours of staff."""
    return {"posts": 1, "places": 60}.get(kind, 0)


def pool_seconds(view: View) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    """See :attr:`View.pool_seconds`. Needs the records of all children."""
    taken: dict[int, int] = {}
    capacity: dict[int, int] = {}
    beyond: dict[int, int] = {}
    for pool in levels(view):
        second = np.unique(np.clip(np.concatenate([[0], pool.committed[0], pool.capacity[0]]), 0, view.end))
        level, has = at(pool.committed, second), at(pool.capacity, second)
        spans = np.diff(second, append=view.end)
        for total, value in ((taken, level), (capacity, has), (beyond, np.maximum(level - has, 0))):
            total[pool.service] = total.get(pool.service, 0) + pool.weight * sum_of(value * spans)
    return taken, capacity, beyond


Steps = tuple[Ints, Ints]
"""(seconds in order, the level from each on); the first second is that of the beginning."""


@dataclass(frozen=True)
class Level:
    """What a pool has, and what of it is taken, as they change."""

    service: int
    weight: int
    """Sixtieths of an hour in a unit; a place counts as an hour."""
    committed: Steps
    capacity: Steps


def levels(view: View) -> Iterator[Level]:
    """The pools of the places that serve the focal areas. Needs the records of all children.

    Capacity is what the first plan says, then what the records say: plans that change, people who come and go.
    """
    shape, reached = view.shape, reached_places(view.shape)
    pool, second, units = committed(view.plans, view.log)
    changes = view.of(Kind.CAPACITY, inside=False)
    for number, (place, _) in enumerate(shape.pools):
        if reached[place] and weight(shape.kinds[number]):
            here, changed = pool == number, changes.where(changes.place == number)
            yield Level(
                service=int(view.place_service[place]),
                weight=weight(shape.kinds[number]),
                committed=(np.append(shape.begin, second[here]), np.append(0, np.cumsum(units[here]))),
                capacity=(np.append(shape.begin, changed.time), np.append(view.plan.capacity[number], changed.detail)),
            )


def at(steps: Steps, seconds: Ints) -> Ints:
    """The levels at these seconds, after all that happens in them."""
    found: Ints = steps[1][np.searchsorted(steps[0], seconds, side="right") - 1]
    return found


def first_of(child: Ints, time: Ints) -> tuple[Ints, Ints]:
    """(children, time of each child's first record), in order of child."""
    order = np.lexsort((time, child))
    child, time = child[order], time[order]
    first = np.ones(len(child), dtype=bool)
    first[1:] = child[1:] != child[:-1]
    return child[first], time[first]


def next_within(child: Ints, time: Ints, who: Ints, since: Ints, span: int) -> Bools:
    """For each (who, since): whether a record of that child falls in [since, since + span]."""
    order = np.lexsort((time, child))
    child, time = child[order], time[order]
    # one sortable number for (child, time): seconds stay far below 2**38
    keys = (child << 38) + (time + (1 << 37))
    at = np.searchsorted(keys, (who << 38) + (since + (1 << 37)))
    found = at < len(keys)
    result = np.zeros(len(who), dtype=bool)
    here = at[found]
    result[found] = (child[here] == who[found]) & (time[here] <= since[found] + span)
    return result


def sum_of(values: npt.NDArray[np.generic]) -> int:
    """The sum of whole numbers, or how many are true."""
    return int(np.sum(values, dtype=np.int64))


# From whole numbers to a measure, here alone: whoever adds up in another order gets the same measure to the last bit.


def yearly(count: int, end: int) -> float:
    """So many in a window of so many seconds, a year."""
    return count / (end / YEAR)


def share(part: int, whole: int) -> float:
    """A part of a whole; not defined of nobody."""
    return part / whole if whole else NOT_DEFINED


def mean_days(seconds: int, count: int) -> float:
    """The mean of so many waits that sum to so many seconds, in days; not defined of none."""
    return seconds / (count * DAY) if count else NOT_DEFINED


def mean_hours(sixtieths: int, end: int) -> float:
    """Hours a week, from sixtieths of an hour times seconds of a window."""
    return sixtieths / (60 * end)


def days_of_ninetieth(waits: Ints) -> float:
    """Of waits in order of length: the days within which nine in ten were over; not defined of none."""
    return int(waits[-(-9 * len(waits) // 10) - 1]) / DAY if len(waits) else NOT_DEFINED


def followed_yearly(count: int, end: int) -> float:
    """So many of those who could be followed for ``FOLLOWED`` seconds, a year; not defined in a shorter window."""
    return count * YEAR / (end - FOLLOWED) if end > FOLLOWED else NOT_DEFINED


def mean_of_years(count: int, end: int) -> float:
    """So many in all the whole years of a window together, a year; a window of less than a year counts as one."""
    return count / whole_years(end) / (min(YEAR, end) / YEAR)


def whole_years(end: int) -> int:
    """The years that :func:`mean_of_years` is about."""
    return max(1, end // YEAR)


def lowest_share(parts: Iterable[tuple[int, int]]) -> float:
    """Of (helped, all) of groups: the lowest share in one with enough in it; not defined where there is none."""
    return min((helped / size for helped, size in parts if size >= FEWEST), default=NOT_DEFINED)
