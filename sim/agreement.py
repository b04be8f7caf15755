"""Where two runs that should be alike part: the first record that differs, and what stood around it in both.

For tests of the engines (``tests/test_engines.py``), and for whoever has changed one of them and wants to know what for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import numpy as np

from scenarios.units import DAY
from sim.draws import Ints
from sim.plan import Plan
from sim.records import COLUMNS, Kind
from sim.state import Trajectory

AROUND = 4
"""Records shown before and after the one that differs."""
HISTORY = 15
"""Records shown of its child, the last ones."""
TIME, KIND, CHILD, PLACE, STAY, SINCE, RECEIVED, DETAIL, NEED = range(len(COLUMNS))
OF_POOLS = (Kind.OVERLOADED, Kind.CAPACITY)
"""Kinds whose place is a pool."""
OFF_LIST = (Kind.GAVE_UP, Kind.REFUSED, Kind.OVERFLOWED, Kind.BALKED, Kind.SWITCHED)
"""Kinds that take a child off a list, whatever their detail; two others do where it is 0."""


def first_difference(
    plans: Sequence[Plan], one: Trajectory, other: Trajectory, names: tuple[str, str] = ("one", "other")
) -> str | None:
    """What to say of two replications that differ; None of two whose records, totals and numbers of events are the same.

    Args:
        plans: the phases of the run, from :func:`sim.build.phases`.
        one, other: a replication each, of the same children.
        names: what to call them.
    """
    here, there = one.log.rows, other.log.rows
    if here.dtype != there.dtype:
        return f"records of {names[0]} are {here.dtype}, those of {names[1]} {there.dtype}"
    at = _first_row(here, there)
    if at is not None:
        return "\n".join(_around(plans, (one, other), names, at))
    unlike = [*_unlike_totals(plans, one, other, names)]
    if one.events != other.events:
        unlike.append(f"events: {one.events} with {names[0]}, {other.events} with {names[1]}")
    return "\n".join([f"all {len(here)} records are the same, but not", *unlike]) if unlike else None


def _first_row(here: Ints, there: Ints) -> int | None:
    """The number of the first record that differs, or that only one of them has."""
    common = min(len(here), len(there))
    differ = np.flatnonzero((here[:common] != there[:common]).any(axis=1))
    if len(differ):
        return int(differ[0])
    return None if len(here) == len(there) else common


# -- records ---------------------------------------------------------------------------------------------------------------


def _around(plans: Sequence[Plan], runs: tuple[Trajectory, Trajectory], names: tuple[str, str], at: int) -> Iterator[str]:
    """The records around a number in both, then the children and the places that the two records are about."""
    logs = [run.log.rows for run in runs]
    differing = [log[at] for log in logs if at < len(log)]
    yield f"record {at} differs ({names[0]} has {len(logs[0])} records, {names[1]} {len(logs[1])})"
    yield "  before it, in both:"
    yield from (f"    {_told(plans, row)}" for row in logs[0][max(0, at - AROUND) : at])
    for name, log in zip(names, logs, strict=True):
        yield f"  from it on, {name}:"
        yield from (f"    {_told(plans, row)}" for row in log[at : at + AROUND + 1])
        if at >= len(log):
            yield "    (nothing)"
    before = logs[0][:at]
    for child in sorted({int(row[CHILD]) for row in differing if row[CHILD] >= 0}):
        yield f"  child {child} until then:"
        own = before[before[:, CHILD] == child]
        yield from (f"    {_told(plans, row)}" for row in own[-HISTORY:])
        for name, log in zip(names, logs, strict=True):
            following = log[at:][log[at:, CHILD] == child][:1]
            yield f"    then, {name}: {_told(plans, following[0]) if len(following) else '(nothing)'}"
    for place in sorted({int(row[PLACE]) for row in differing if row[PLACE] >= 0 and row[KIND] not in OF_POOLS}):
        yield _standing(plans, before, place)
        for name, run in zip(names, runs, strict=True):
            totals = ", ".join(f"{word} {values[place]}" for word, values in _of_places(run))
            yield f"    at the end, {name}: {totals}"


def _told(plans: Sequence[Plan], row: Ints) -> str:
    """A record in words."""
    day, second = divmod(int(row[TIME]), DAY)
    clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    child = f"child {row[CHILD]}" if row[CHILD] >= 0 else "nobody"
    need = f", {plans[0].needs.names[row[NEED]]}" if row[NEED] >= 0 else ""
    where = f" at {_named(plans, row)}" if row[PLACE] >= 0 else ""
    more = f"stay {row[STAY]}, since {row[SINCE]}, received {row[RECEIVED]}, detail {row[DETAIL]}{need}"
    return f"{row[TIME]} (day {day}, {clock}) {Kind(row[KIND]).name.lower()}: {child}{where} ({more})"


def _named(plans: Sequence[Plan], row: Ints) -> str:
    """The place of a record, or its pool."""
    shape, number = plans[0].shape, int(row[PLACE])
    if row[KIND] not in OF_POOLS:
        return f"{_place(plans, number)} [{number}]"
    place, pool = shape.pools[number]
    return f"{_place(plans, place)}.{pool} [pool {number}]"


def _place(plans: Sequence[Plan], number: int) -> str:
    area, service = plans[0].shape.places[number]
    return f"{area}/{plans[0].shape.services[service]}"


# -- state -----------------------------------------------------------------------------------------------------------------


def _standing(plans: Sequence[Plan], before: Ints, place: int) -> str:
    """Who waits and who is helped at a place after these records."""
    rows = before[(before[:, PLACE] == place) & ~np.isin(before[:, KIND], OF_POOLS)]
    kinds, detail = rows[:, KIND], rows[:, DETAIL]
    joined, started, ended = (int((kinds == kind).sum()) for kind in (Kind.JOINED, Kind.STARTED, Kind.ENDED))
    left = int((np.isin(kinds, OFF_LIST) | (np.isin(kinds, (Kind.WITHDREW, Kind.AGED_OUT)) & (detail == 0))).sum())
    waiting, helped = joined - started - left, started - ended
    return f"  {_place(plans, place)} [{place}] before it, in both: {waiting} on the list, {helped} in courses"


def _of_places(run: Trajectory) -> Iterator[tuple[str, list[int]]]:
    """What was counted, by place."""
    yield from ((word.replace("_", " "), values) for word, values in asdict(run.totals).items() if word != "committed")


def _unlike_totals(plans: Sequence[Plan], one: Trajectory, other: Trajectory, names: tuple[str, str]) -> Iterator[str]:
    """What was counted otherwise."""
    for (word, here), (_, there) in zip(_of_places(one), _of_places(other), strict=True):
        for place, pair in enumerate(zip(here, there, strict=True)):
            if pair[0] != pair[1]:
                yield f"{word} of {_place(plans, place)}: {pair[0]} with {names[0]}, {pair[1]} with {names[1]}"
    for pool, pair in enumerate(zip(one.totals.committed, other.totals.committed, strict=True)):
        if pair[0] != pair[1]:
            place, name = plans[0].shape.pools[pool]
            yield f"committed of {_place(plans, place)}.{name}: {pair[0]} with {names[0]}, {pair[1]} with {names[1]}"
