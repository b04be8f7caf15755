"""The cohort: every child that can enter the model in one replication. Same seed, same children, whatever the scenario.

Arrivals are points under a curve. Per cell (stream of demand, area, age band, group) a Poisson process in the plane time x
rate is drawn in horizontal strips whose edges are fixed for all scenarios, and in windows of one year of time. A point enters
if its height is below the scenario's rate at its time: a higher rate opens more strips and touches no child below, a lower one
hides the top. A child's identity is (cell, strip, window, index), never a row number.

Groups share the mean rate between them: where one's part grows, its children are added to and others' are taken from. Within
each cell the lower rate's children are still among the higher one's, and nobody ever moves from one group to another.

What a scenario says of all this is its source (:mod:`sim.source`); here it meets seed and replication. Points are drawn in
blocks that fit a processor's cache; which block a point falls in changes nothing about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy import special

from scenarios.schema import BAND_YEARS, Scenario
from scenarios.units import DAY, YEAR
from sim.children import NO_AGE, NO_BAND, Cohort
from sim.draws import GOLDEN, ONE, Ints, UInts, draw_all, mix_all, root, stream
from sim.laws import look_up_all, table
from sim.plan import Plan
from sim.source import NO_MIX, Bend, Floats, Mix, Source, Strips, Who, source_of

WINDOW = YEAR
BLOCK = 1 << 15
"""About so many points are drawn at once."""

_MOMENT, _HEIGHT, _AGE, _NEED, _COUNT, _WAITED = (
    stream(word) for word in ("moment", "height", "age", "need", "count", "waited")
)
_YOUNG = np.asarray([young for young, _ in BAND_YEARS], dtype=np.float64)
_YEARS = np.asarray([old - young for young, old in BAND_YEARS], dtype=np.float64)

_Part = tuple[UInts, Ints, Ints, Ints, Ints, Ints]
"""Some children in no order: key, time, cell or list, born, need, waited."""
_NONE = np.zeros(0, dtype=np.int64)
_NOBODY: _Part = (np.zeros(0, dtype=np.uint64), _NONE, _NONE, _NONE, _NONE, _NONE)


def draw_cohort(scenario: Scenario, plans: Sequence[Plan], seed: int, replication: int) -> Cohort:
    """The children of one replication.

    Args:
        scenario: whose demand decides which of the drawn points enter.
        plans: its phases, from :func:`sim.build.phases`.
        seed, replication: whole numbers; the same pair gives the same points in every scenario.
    """
    return draw(source_of(scenario, plans), seed, replication)


def draw(source: Source, seed: int, replication: int) -> Cohort:
    """The children of one replication from a source: the same as those of :func:`draw_cohort`."""
    base = root(seed, replication)
    parts = [_NOBODY, *_arrivals(source, base), *_already_here(source, base)]
    keys, *columns = zip(*parts, strict=True)
    key = np.concatenate(keys)
    time, cell, born, need, waited = (np.concatenate(column) for column in columns)
    order, time = _in_order(time, key, source.begin)
    here = cell[order]
    same = {field: numbers[here] for field, numbers in zip(Who._fields, source.who, strict=True)}
    return Cohort(key=key[order], time=time, born=born[order], need=need[order], waited=waited[order], **same)


def _in_order(time: Ints, key: UInts, begin: int) -> tuple[Ints, Ints]:
    """The order of moments and then keys, and the moments in that order.

    Moment and row are sorted as one number, which is twice as quick as sorting rows by moment and key: two centuries
    in seconds take 33 bits and leave 30 for the row. The few that share a moment are put in order of key after it.
    """
    bits = len(time).bit_length()
    packed = (time - begin) << bits | np.arange(len(time))
    packed.sort()
    order, time = packed & ((1 << bits) - 1), (packed >> bits) + begin
    again = time[1:] == time[:-1]
    tied = np.flatnonzero(np.append(again, False) | np.append(False, again))
    order[tied] = order[tied][np.lexsort((key[order[tied]], time[tied]))]
    return order, time


# Those whose need arises


def _arrivals(source: Source, base: int) -> Iterator[_Part]:
    """The children of all cells, block by block."""
    strips = source.strips
    windows = np.arange(source.begin // WINDOW, source.end // WINDOW + 1, dtype=np.int64)
    strip = mix_all((source.numbers[strips.cell] ^ np.uint64(base)) + strips.salt)
    window = mix_all(strip[:, None] ^ (windows.astype(np.uint64) * np.uint64(GOLDEN)))
    count = _counts(strips, window)
    for first, last in pairwise(_blocks(count, strips.sure)):
        block = slice(first, last)
        key, time, row = _points(window[block], count[block], windows)
        inside = (time >= source.begin) & (time <= source.end)
        key, time, row = key[inside], time[inside], row[inside]
        cell, version = strips.cell[block][row], _version(source, time)
        if first >= strips.sure:
            height = strips.low[block][row] + strips.height[block][row] * _quantiles(key, _HEIGHT)
            under = height < _rate(source, cell, version, time)
            key, time, cell, version = key[under], time[under], cell[under], version[under]
        yield key, time, cell, _born(source, cell, key, time), _need(source, cell, version, key, time), np.zeros_like(time)


def _counts(strips: Strips, window: UInts) -> Ints:
    """Strip x window: how many points there are."""
    count = draw_all(window, _COUNT)
    edges = np.flatnonzero(np.diff(strips.height, prepend=-1.0, append=-1.0))
    for first, last in pairwise(edges.tolist()):  # strips of one height have one law
        least, limits = _poisson(float(strips.height[first]) * WINDOW / YEAR)
        count[first:last] = least + np.searchsorted(limits, count[first:last].astype(np.uint64), side="right")
    return count


@lru_cache(maxsize=4096)
def _poisson(mean: float) -> tuple[int, UInts]:
    """The Poisson law of points in a window: the least count looked at, and the limits above which it is one more."""
    spread = 12 * np.sqrt(mean) + 30
    least = max(0, int(mean - spread))
    below = special.pdtr(np.arange(least, int(mean + spread)), mean)
    return least, (below * float(ONE)).astype(np.uint64)


def _blocks(count: Ints, sure: int) -> list[int]:
    """Where blocks of strips begin, and the end; those that are sure stand apart from the others."""
    ends = np.cumsum(count.sum(axis=1))
    whole = np.searchsorted(ends, np.arange(BLOCK, ends[-1] if len(ends) else 0, BLOCK))
    return sorted({0, sure, len(count), *whole.tolist()})


def _points(window: UInts, count: Ints, windows: Ints) -> tuple[UInts, Ints, Ints]:
    """Key, moment and row of every point in some strips' windows."""
    number = count.ravel()
    before = np.cumsum(number) - number
    at = np.repeat(np.arange(len(number)), number)
    index = np.arange(len(at)) - before[at] + 1
    key = mix_all(window.ravel()[at] + index.astype(np.uint64) * np.uint64(GOLDEN))
    moment = draw_all(key, _MOMENT).astype(np.uint64)
    # (moment * WINDOW) >> 63 without overflow: high and low halves of the quantile apart
    within = ((moment >> np.uint64(32)) * np.uint64(WINDOW)) >> np.uint64(31)
    row, column = np.divmod(at, len(windows))
    return key, windows[column] * WINDOW + within.astype(np.int64), row


def _version(source: Source, times: Ints) -> Ints:
    """The version of demand that holds at each moment."""
    if len(source.starts) == 1:
        return np.zeros(len(times), dtype=np.int64)
    return np.maximum(np.searchsorted(source.starts, times, side="right") - 1, 0)


def _rate(source: Source, cell: Ints, version: Ints, times: Ints) -> Floats:
    """The rate of each child's cell at its moment, in children a year."""
    result: Floats = source.rates[version, cell]
    bend = source.bend[version, cell] if len(source.bends) > 1 else np.zeros(0, dtype=np.int64)
    for number in range(1, len(source.bends)):
        here = np.flatnonzero(bend == number)
        result[here] = _bent(result[here], source.bends[number], times[here], source)
    return result


def _bent(rate: Floats, bend: Bend, times: Ints, source: Source) -> Floats:
    """Rates by season and trend."""
    if bend.months:
        rate = rate * np.asarray(bend.months)[source.months[times // DAY - source.begin // DAY]]
    elif bend.amplitude:
        rate = rate * (1 + bend.amplitude * np.sin(2 * np.pi * (times % bend.period) / bend.period))
    return rate * bend.growth ** np.maximum(times / YEAR, 0.0)


def _born(source: Source, cell: Ints, keys: UInts, times: Ints) -> Ints:
    """The second of birth: ages lie evenly in their band."""
    band = source.who[Who._fields.index("band")][cell]
    age = (_YOUNG[band] + _quantiles(keys, _AGE) * _YEARS[band]) * YEAR
    born: Ints = np.where(band == NO_BAND, NO_AGE, times - age.astype(np.int64))
    return born


def _need(source: Source, cell: Ints, version: Ints, keys: UInts, times: Ints) -> Ints:
    """The need of each child: its quantile in the mix that holds at its moment."""
    if (source.mix == source.mix[0, 0]).all():
        return _picked(source.mixes[source.mix[0, 0]], keys, times)
    result, mix = np.zeros(len(keys), dtype=np.int64), source.mix[version, cell]
    for number in range(1, len(source.mixes)):
        here = np.flatnonzero(mix == number)
        result[here] = _picked(source.mixes[number], keys[here], times[here])
    return result


def _picked(mix: Mix, keys: UInts, times: Ints) -> Ints:
    """The need of each child by its quantile in a mix. Where the mix moves, shares grow from the start date on."""
    if mix == NO_MIX:
        return np.zeros(len(keys), dtype=np.int64)
    last = max(i for i, share in enumerate(mix.shares) if share > 0)  # rounding takes nobody past it
    quantiles = _quantiles(keys, _NEED)
    if not mix.growth:
        return np.minimum(np.searchsorted(np.cumsum(mix.shares), quantiles, side="right"), last)
    grown = np.asarray(mix.shares) * np.asarray(mix.growth) ** np.maximum(times / YEAR, 0.0)[:, None]
    edges = np.cumsum(grown / grown.sum(axis=1, keepdims=True), axis=1)
    found: Ints = np.minimum((edges <= quantiles[:, None]).sum(axis=1), last)
    return found


def _quantiles(keys: UInts, purpose: int) -> Floats:
    result: Floats = draw_all(keys, purpose).astype(np.float64) / ONE
    return result


# Those already there


def _already_here(source: Source, base: int) -> Iterator[_Part]:
    """Children already on a list or in a course on the first day."""
    for cell, listed in enumerate(source.lists, start=len(source.numbers)):
        index = np.arange(1, listed.size + 1, dtype=np.uint64)
        key = mix_all(np.uint64(listed.number ^ base) + index * np.uint64(GOLDEN))
        none = np.zeros(listed.size, dtype=np.int64)
        waited = none if listed.waited is None else look_up_all(table(listed.waited), draw_all(key, _WAITED))
        yield key, none, none + cell, none + NO_AGE, _picked(source.mixes[listed.mix], key, none), waited
