"""What must hold on every run, whatever the scenario: checked always, exact, and cheap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sim.draws import Ints
from sim.plan import Plan, Shape
from sim.records import Kind, Log
from sim.state import Totals, Trajectory

OFF_LIST = (Kind.STARTED, Kind.GAVE_UP, Kind.REFUSED, Kind.OVERFLOWED, Kind.BALKED, Kind.SWITCHED)
"""What takes a child off a list, always."""
FROM_LIST_OR_REVIEW = (Kind.WITHDREW, Kind.AGED_OUT)
"""What takes it off a list or out of a review, by ``detail``."""
FROM_LIST = 0

_Rows = tuple[Ints, Ints, Ints, Ints]


class IdentityError(AssertionError):
    """The program contradicts itself: a fault of ours, never of the user's."""


@dataclass(frozen=True)
class Counts:
    """What the records say of the same as :class:`sim.state.Totals`, by place."""

    entered: Ints
    unreferred: Ints
    """Joined without a referral, where every referral is reviewed and no way back stood open."""
    left: Ints
    waiting_area: Ints
    course_area: Ints


def check(plans: Sequence[Plan], trajectory: Trajectory) -> None:
    """Check one replication's records against what the engine counted while it ran.

    1. entered = left + inside, for every service of every area
    2. the area under the waiting list = the sum of the waits, those still waiting included, to the second; likewise courses;
       and every wait begins when its own record says that it began
    3. committed hours pass the capacity only where a record says overload

    :meth:`sim.fold.Folding.check` does the same while records stream past, exactly, but for one thing that needs a look back:
    that what takes a child off a list, and what ends a course or its assessment, names the second at which it began.

    Raises:
        IdentityError: naming what differs and by how much.
    """
    shape, log = plans[0].shape, trajectory.log
    counts = _counts(plans, log)
    compare_children(shape, trajectory.totals, counts)
    joins, withdrew = log.of(Kind.JOINED), log.of(*FROM_LIST_OR_REVIEW)
    for left in (log.of(*OFF_LIST), withdrew.where(withdrew.detail == FROM_LIST)):
        _since(joins, left)
    compare_areas(shape, trajectory.totals, counts)
    changes = _committed(plans, log)
    compare_hours(shape, trajectory.totals, _sum(changes[0], changes[2], len(shape.pools)))
    _check_capacity(plans, log, changes)


def _counts(plans: Sequence[Plan], log: Log) -> Counts:
    """Counted from the records, column by column."""
    shape = plans[0].shape
    places, end = len(shape.places), shape.end + 1
    kind, time, place = log.kind, log.time, log.place
    by_choice = _is_one_of(kind, FROM_LIST_OR_REVIEW)
    off_list = _is_one_of(kind, OFF_LIST) | (by_choice & (log.detail == FROM_LIST))
    joined, started, ended = (kind == one for one in (Kind.JOINED, Kind.STARTED, Kind.ENDED))
    gone = by_choice | _is_one_of(kind, (*OFF_LIST[1:], Kind.REJECTED, Kind.ENDED))
    unreferred = _joined_without_review(log, places)
    back = log.detail[kind == Kind.RELAPSED]  # an open way back needs no referral
    on_list = _count(place[joined], places) - _count(place[off_list], places)
    in_course = _count(place[started], places) - _count(place[ended], places)
    off, on, begun, over = (_sum(place[mask], time[mask], places) for mask in (off_list, joined, started, ended))
    return Counts(
        entered=_count(place[kind == Kind.REFERRED], places) + unreferred,
        unreferred=np.where(always_reviewed(plans), unreferred - _count(back[back >= 0], places), 0),
        left=_count(place[gone], places),
        waiting_area=on_list * end + off - on,
        course_area=in_course * end + over - begun,
    )


def always_reviewed(plans: Sequence[Plan]) -> npt.NDArray[np.bool_]:
    """By place: whether every phase reviews referrals there."""
    places = range(len(plans[0].shape.places))
    return np.asarray([all(plan.terms[place].review is not None for plan in plans) for place in places], dtype=bool)


def compare_children(shape: Shape, totals: Totals, counts: Counts) -> None:
    """Whether as many children entered and left as the engine counted."""
    _same("children who entered", np.asarray(totals.entered), counts.entered, shape.places)
    _same("children on the list without a referral", np.zeros_like(counts.unreferred), counts.unreferred, shape.places)
    _same("children who left", np.asarray(totals.left), counts.left, shape.places)


def compare_areas(shape: Shape, totals: Totals, counts: Counts) -> None:
    """Whether they waited, and were helped, for as long as the engine counted."""
    _same("area under the waiting list", np.asarray(totals.waiting_area), counts.waiting_area, shape.places)
    _same("area under the courses", np.asarray(totals.course_area), counts.course_area, shape.places)


def compare_hours(shape: Shape, totals: Totals, committed: Ints) -> None:
    """Whether as much is committed at the end as the engine counted, pool by pool."""
    for pool in np.flatnonzero(np.asarray(totals.committed) != committed)[:1].tolist():
        counted, name = totals.committed[pool], shape.pools[pool][1]
        raise IdentityError(
            f"hours committed of {name} at {shape.pools[pool]}: {counted} counted, {committed[pool]} in the records"
        )


def over_capacity(shape: Shape, pool: int, second: int) -> IdentityError:
    """More was committed than there is, and no record says so."""
    return IdentityError(f"pool {shape.pools[pool]} is over its capacity at second {second}, unrecorded")


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


def _joined_without_review(log: Log, places: int) -> Ints:
    """Joined without ever being referred there: at services that held no review at that moment."""
    joined, referred = log.kind == Kind.JOINED, log.kind == Kind.REFERRED
    key, known = (_stay_number(log.child[mask], log.place[mask], log.stay[mask]) for mask in (joined, referred))
    return _count(log.place[joined][~np.isin(key, known)], places)


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


def _check_capacity(plans: Sequence[Plan], log: Log, changes: _Rows) -> None:
    """Whatever takes hours beyond the capacity of a pool says so in a record of that second."""
    shape, (pool, second, units, rank) = plans[0].shape, changes
    over = log.of(Kind.OVERLOADED)
    excused = set(zip(over.place.tolist(), over.time.tolist(), strict=True))
    changed = np.flatnonzero(log.kind == Kind.CAPACITY)
    order = np.argsort(pool, kind="stable")
    edges = np.searchsorted(pool[order], np.arange(len(shape.pools) + 1)).tolist()
    for number, (first, last) in enumerate(pairwise(edges)):
        here = order[first:last]
        own = changed[log.place[changed] == number]
        has = np.concatenate([[plans[0].capacity[number]], log.detail[own]])
        capacity = has[np.searchsorted(own, rank[here])]
        late = (np.cumsum(units[here]) > capacity) & (units[here] > 0)
        for moment in np.unique(second[here][late]).tolist():
            if (number, moment) not in excused:
                raise over_capacity(shape, number, moment)


def _is_one_of(kind: Ints, kinds: Sequence[Kind]) -> npt.NDArray[np.bool_]:
    wanted = np.zeros(len(Kind) + 1, dtype=bool)
    wanted[list(kinds)] = True
    found: npt.NDArray[np.bool_] = wanted[kind]
    return found


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
