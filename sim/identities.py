"""What must hold on every run, whatever the scenario: checked always, exact, and cheap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.draws import Ints
from sim.plan import Plan
from sim.records import Kind, Log
from sim.state import Trajectory

OFF_LIST = (Kind.STARTED, Kind.GAVE_UP, Kind.REFUSED, Kind.OVERFLOWED, Kind.BALKED, Kind.SWITCHED)
"""What takes a child off a list, always."""
FROM_LIST_OR_REVIEW = (Kind.WITHDREW, Kind.AGED_OUT)
"""What takes it off a list or out of a review, by ``detail``."""
FROM_LIST = 0

_Rows = tuple[Ints, Ints, Ints, Ints]


class IdentityError(AssertionError):
    """The program contradicts itself: a fault of ours, never of the user's."""


def check(plans: Sequence[Plan], trajectory: Trajectory) -> None:
    """Check one replication's records against what the engine counted while it ran.

    1. entered = left + inside, for every service of every area
    2. the area under the waiting list = the sum of the waits, those still waiting included, to the second; likewise courses;
       and every wait begins when its own record says that it began
    3. committed hours pass the capacity only where a record says overload

    Raises:
        IdentityError: naming what differs and by how much.
    """
    shape = plans[0].shape
    places = len(shape.places)
    log, totals = trajectory.log, trajectory.totals
    end = shape.end + 1
    starts, joins = log.of(Kind.STARTED), log.of(Kind.JOINED)
    withdrew = log.of(*FROM_LIST_OR_REVIEW)
    off_list = log.of(*OFF_LIST)
    from_list = withdrew.where(withdrew.detail == FROM_LIST)
    ends, referred = log.of(Kind.ENDED), log.of(Kind.REFERRED)

    on_list = _count(joins.place, places) - _count(off_list.place, places) - _count(from_list.place, places)
    in_course = _count(starts.place, places) - _count(ends.place, places)
    entered = _count(referred.place, places) + _joined_without_review(log, places)
    gone = log.of(*OFF_LIST[1:], *FROM_LIST_OR_REVIEW, Kind.REJECTED, Kind.ENDED)
    _same("children who entered", np.asarray(totals.entered), entered, shape.places)
    reviewed = np.asarray([all(plan.terms[place].review is not None for plan in plans) for place in range(places)])
    back = log.of(Kind.RELAPSED).detail  # an open way back needs no referral
    unreferred = np.where(reviewed, _joined_without_review(log, places) - _count(back[back >= 0], places), 0)
    _same("children on the list without a referral", np.zeros(places, np.int64), unreferred, shape.places)
    _same("children who left", np.asarray(totals.left), _count(gone.place, places), shape.places)
    inside = on_list + in_course + _under_review(log, places)
    _same("children inside", np.asarray(totals.entered) - np.asarray(totals.left), inside, shape.places)

    waits = _sum(off_list.place, off_list.time - off_list.since, places)
    waits += _sum(from_list.place, from_list.time - from_list.since, places)
    waits += on_list * end - (
        _sum(joins.place, joins.time, places)
        - _sum(off_list.place, off_list.since, places)
        - _sum(from_list.place, from_list.since, places)
    )
    for left in (off_list, from_list):
        _since(joins, left)
    _same("area under the waiting list", np.asarray(totals.waiting_area), waits, shape.places)
    courses = in_course * end + _sum(ends.place, ends.time, places) - _sum(starts.place, starts.time, places)
    _same("area under the courses", np.asarray(totals.course_area), courses, shape.places)
    _check_hours(plans, trajectory)


def _since(begun: Log, ended: Log) -> None:
    """What ends a state names the second at which that very state began: waits are read off it."""
    first, last = (_stay_number(log.child, log.place, log.stay) for log in (begun, ended))
    order = np.argsort(first, kind="stable")
    at = np.searchsorted(first[order], last)
    known = at < len(first)
    known[known] &= first[order][at[known]] == last[known]
    right = known.copy()
    right[known] = begun.time[order][at[known]] == ended.since[known]
    if not right.all():
        wrong = ended.rows[np.flatnonzero(~right)[0]].tolist()
        raise IdentityError(f"the record {wrong} says since when, and nothing began then")


def _under_review(log: Log, places: int) -> Ints:
    """Referred and neither decided, nor withdrawn, nor taken straight on to the list."""
    referred, withdrew, joins = log.of(Kind.REFERRED), log.of(*FROM_LIST_OR_REVIEW), log.of(Kind.JOINED)
    decided = log.of(Kind.REJECTED).place
    from_review = withdrew.place[withdrew.detail != FROM_LIST]
    joined = _count(joins.place, places) - _joined_without_review(log, places)
    return _count(referred.place, places) - _count(decided, places) - _count(from_review, places) - joined


def _joined_without_review(log: Log, places: int) -> Ints:
    """Joined without ever being referred there: at services that held no review at that moment."""
    joins, referred = log.of(Kind.JOINED), log.of(Kind.REFERRED)
    known = _stay_number(referred.child, referred.place, referred.stay)
    fresh = ~np.isin(_stay_number(joins.child, joins.place, joins.stay), known)
    return _count(joins.place[fresh], places)


def _stay_number(child: Ints, place: Ints, stay: Ints) -> Ints:
    # a child below 2**24, a place below 2**20, a stay below 2**16, and room for one more factor of 4
    return (child << 36) | (place << 16) | stay


def committed(plans: Sequence[Plan], log: Log) -> tuple[Ints, Ints, Ints]:
    """Every change of committed hours, in the order written: (pool, second, units taken or given back)."""
    return _committed(plans, log)[:3]


def _committed(plans: Sequence[Plan], log: Log) -> _Rows:
    """:func:`committed`, with the number of the record that each change stands in."""
    parts: list[_Rows] = []
    order = np.arange(len(log), dtype=np.int64)
    begins = np.asarray([plan.at for plan in plans])
    for kind in (Kind.STARTED, Kind.ASSESSED, Kind.TASK, Kind.GROUP_STARTED):
        mask = log.kind == kind
        rows = log.where(mask)
        option = rows.detail // 2 if kind == Kind.STARTED else rows.detail
        parts += _units(plans, begins, option, rows.time, rows.time, order[mask], 1)
    for kind in (Kind.TASK_DONE, Kind.GROUP_ENDED):
        mask = log.kind == kind
        rows = log.where(mask)
        parts += _units(plans, begins, rows.detail, rows.since, rows.time, order[mask], -1)
    parts += _given_back(plans, begins, log, order)
    if not parts:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty, empty
    pool, second, units, rank = (np.concatenate(column) for column in zip(*parts, strict=True))
    sort = np.lexsort((units, rank))  # what ends gives back before what begins takes, within one record
    return pool[sort], second[sort], units[sort], rank[sort]


def _given_back(plans: Sequence[Plan], begins: Ints, log: Log, order: Ints) -> list[_Rows]:
    """Hours that ends of courses and of their phases give back: those their own beginning took."""
    took = (log.kind == Kind.STARTED) | (log.kind == Kind.ASSESSED)
    gave = (log.kind == Kind.ENDED) | (log.kind == Kind.ASSESSED)
    begin, end = log.where(took), log.where(gave)
    # a stay's beginnings and ends alternate: sorted by stay and time they pair off in order
    first = np.lexsort((order[took], _stay_number(begin.child, begin.place, begin.stay)))
    last = np.lexsort((order[gave], _stay_number(end.child, end.place, end.stay)))
    key_first = _stay_number(begin.child, begin.place, begin.stay)[first]
    key_last = _stay_number(end.child, end.place, end.stay)[last]
    nth_first, nth_last = _nth(key_first), _nth(key_last)
    pair = np.searchsorted(key_first * 4 + nth_first, key_last * 4 + nth_last)
    source = first[pair]
    if not np.array_equal(begin.time[source], end.since[last]):
        wrong = end.rows[last[np.flatnonzero(begin.time[source] != end.since[last])[0]]].tolist()
        raise IdentityError(f"the record {wrong} says since when, and no course began then")
    option = np.where(begin.kind == Kind.STARTED, begin.detail // 2, begin.detail)[source]
    return _units(plans, begins, option, begin.time[source], end.time[last], order[gave][last], -1)


def _nth(keys: Ints) -> Ints:
    """How many equal keys stand before each one in a sorted array."""
    if not len(keys):
        return keys
    new = np.concatenate([[True], keys[1:] != keys[:-1]])
    first = np.maximum.accumulate(np.where(new, np.arange(len(keys)), 0))
    return np.arange(len(keys)) - first


def _units(
    plans: Sequence[Plan], begins: Ints, option: Ints, taken_at: Ints, second: Ints, rank: Ints, sign: int
) -> list[_Rows]:
    """Rows (pool, second, units, rank) for options taken in the phase that held at ``taken_at``."""
    which = np.maximum(np.searchsorted(begins, taken_at, side="right") - 1, 0)
    rows = []
    for number, plan in enumerate(plans):
        widest = max((len(o) for o in plan.options), default=0)
        for slot in range(widest):
            pools = np.asarray([o[slot][0] if slot < len(o) else -1 for o in plan.options])
            amounts = np.asarray([o[slot][1] if slot < len(o) else 0 for o in plan.options])
            here = which == number  # another phase may have more options
            here[here] = pools[option[here]] >= 0
            chosen = option[here]
            rows.append((pools[chosen], second[here], sign * amounts[chosen], rank[here]))
    return rows


def _check_hours(plans: Sequence[Plan], trajectory: Trajectory) -> None:
    log, shape = trajectory.log, plans[0].shape
    pool, second, units, rank = _committed(plans, log)
    over = log.of(Kind.OVERLOADED)
    excused = set(zip(over.place.tolist(), over.time.tolist(), strict=True))
    changes = np.flatnonzero(log.kind == Kind.CAPACITY)
    for number in range(len(shape.pools)):
        here = pool == number
        level = np.cumsum(units[here])
        _same(f"hours committed of {shape.pools[number][1]}", np.asarray([trajectory.totals.committed[number]]),
              level[-1:] if len(level) else np.zeros(1, np.int64), ((shape.pools[number][1], 0),))  # fmt: skip
        changed = changes[log.place[changes] == number]
        has = np.concatenate([[plans[0].capacity[number]], log.detail[changed]])
        capacity = has[np.searchsorted(changed, rank[here])]
        for moment in np.unique(second[here][(level > capacity) & (units[here] > 0)]).tolist():
            if (number, moment) not in excused:
                raise IdentityError(f"pool {shape.pools[number]} is over its capacity at second {moment}, unrecorded")


def _count(place: Ints, places: int) -> Ints:
    return np.bincount(place, minlength=places).astype(np.int64)


def _sum(place: Ints, values: Ints, places: int) -> Ints:
    total = np.zeros(places, dtype=np.int64)
    np.add.at(total, place, values)
    return total


def _same(what: str, engine: Ints, records: Ints, places: Sequence[tuple[str, int]]) -> None:
    if not np.array_equal(engine, records):
        place = int(np.flatnonzero(engine != records)[0])
        raise IdentityError(f"{what} at {places[place]}: {engine[place]} counted, {records[place]} in the records")
