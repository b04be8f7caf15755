"""Which records a child's story is made of: its own, less what says the same twice, and nobody's where they explain it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dashboard.story_words import CODES, Record, Told
from scenarios.schema import ENDINGS
from scenarios.units import WEEK
from sim.plan import NOWHERE
from sim.records import Kind, Log

LEAST_CLOSURE = WEEK
"""Shorter planned closures, such as public holidays, are not told."""
CLOSES_A_STAY = frozenset({Kind.REJECTED, Kind.ENDED, Kind.GAVE_UP, Kind.REFUSED, Kind.WITHDREW, Kind.OVERFLOWED, Kind.BALKED,
                           Kind.SWITCHED, Kind.AGED_OUT})  # fmt: skip
"""After these the child is no longer at the service."""
NO_WAIT = frozenset({Kind.STARTED, Kind.BALKED, Kind.SWITCHED, Kind.REFUSED})
"""In the second of joining, these take the place of joining in the story."""
SETS_OUT = frozenset({Kind.SOUGHT, Kind.FOUND, Kind.HANDED_OVER})
ARRIVES = frozenset({Kind.REFERRED, Kind.JOINED, Kind.STARTED, Kind.BALKED, Kind.SWITCHED, Kind.REFUSED})
"""What may be told first of a stay: how long the way took is said there."""
AROUND = (Kind.CLOSED, Kind.REOPENED, Kind.GROUP_STARTED, Kind.GROUP_ENDED)
"""Nobody's records that may explain a child's."""
SAYS_IT_IS_OVER = {
    (Kind.ENDED, ENDINGS.index("recovered")): "recovered",
    (Kind.ENDED, ENDINGS.index("done")): "done",
    (Kind.REMITTED, 0): "remitted",
}
"""(kind, detail) after which ``left`` of that code, in the same second, says nothing new."""


def records_of(log: Log, row: int) -> list[Record]:
    """The child's records, and nobody's at the places where it has been, in order."""
    mine = log.child == row
    around = (log.child == -1) & np.isin(log.kind, AROUND) & np.isin(log.place, log.place[mine])
    rows = log.rows[mine | around].tolist()
    return [Record(time, Kind(kind), *rest) for time, kind, *rest in rows]


def told_of(records: Sequence[Record], own: Sequence[Record]) -> Iterator[Told]:
    """What a story tells of the records, without what says the same twice."""
    nows = {(r.kind, r.place, r.stay, r.time) for r in own}
    over = {(r.time, SAYS_IT_IS_OVER.get((r.kind, r.detail), "")) for r in own}
    opening = min(0, own[0].detail) if own[0].kind is Kind.AROSE else 0
    around = set(_around(records, own))
    started: dict[tuple[int, int], int] = {}
    left: dict[int, int] = {}  # when the way to a place began; the way to a door under NOWHERE
    for number, record in enumerate(records):
        if record.child < 0:
            if number in around:
                yield Told(record)
            continue
        stay = (record.place, record.stay)
        if record.kind is Kind.STARTED:
            started[stay] = record.time
        if record.kind in SETS_OUT:
            left[record.place] = record.time
        elif record.kind in (Kind.LOST, Kind.WITHOUT_HELP):
            left.clear()
        if record.kind is Kind.JOINED and any((kind, *stay, record.time) in nows for kind in NO_WAIT):
            continue
        if record.kind is Kind.LEFT and (record.time, CODES[Kind.LEFT][record.detail]) in over:
            continue
        if record.kind is Kind.TASK_DONE and any(r.kind is Kind.TASK and r.time == record.since for r in own):
            continue
        lasted = record.time - started.get(stay, record.since)
        way = _way(record, left) if record.kind in ARRIVES else 0
        yield Told(record, lasted, way, opening if record.time == own[0].time else 0)


def _way(record: Record, left: dict[int, int]) -> int:
    """Seconds that an arrival took, from a handover to this place or from a door."""
    if record.kind is Kind.STARTED and record.since < record.time:
        return 0
    began = left.pop(record.place, None)
    began = left.pop(NOWHERE, None) if began is None else began
    return 0 if began is None else record.time - began


def _around(records: Sequence[Record], own: Sequence[Record]) -> Iterator[int]:
    """The numbers of nobody's records that explain the child's: groups it was in, closures it waited through."""
    groups = {(r.place, r.time) for r in own if r.kind in (Kind.STARTED, Kind.ENDED)}
    closed: dict[int, tuple[int, Record]] = {}
    for number, record in enumerate(records):
        if record.child >= 0:
            continue
        if record.kind in (Kind.GROUP_STARTED, Kind.GROUP_ENDED):
            if (record.place, record.time) in groups:
                yield number
        elif record.kind is Kind.CLOSED and record.detail:
            if _is_there(own, record):
                yield number
        elif record.kind is Kind.CLOSED:
            closed[record.place] = number, record
        elif record.place in closed:
            first, began = closed.pop(record.place)
            if record.time - began.time >= LEAST_CLOSURE and _is_there(own, began):
                yield first
                if _is_there(own, record):
                    yield number


def _is_there(own: Sequence[Record], record: Record) -> bool:
    """Whether the child is under review, on the list or in a course at the record's place when it is written."""
    open_stays: set[int] = set()
    for mine in own:
        if mine.place == record.place and mine.stay and mine.kind is not Kind.OVERLOADED and mine.time <= record.time:
            if mine.kind not in CLOSES_A_STAY:
                open_stays.add(mine.stay)
            elif mine.time < record.time:  # what closes a stay in this very second may be what the record explains
                open_stays.discard(mine.stay)
    return bool(open_stays)
