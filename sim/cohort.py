"""The cohort: every child that can enter the model in one replication. Same seed, same children, whatever the scenario.

Arrivals are points under a curve. Per cell (stream of demand, area, age band) a Poisson process in the plane time x rate is
drawn in horizontal strips whose edges are fixed for all scenarios, and in windows of one year of time. A point enters if its
height is below the scenario's rate at its time: a higher rate opens more strips and touches no child below, a lower one hides
the top. A child's identity is (cell, strip, window, index), never a row number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats

from scenarios.changes import dates, resolved
from scenarios.schema import BAND_YEARS, BANDS, Demand, Scenario, Season
from scenarios.units import DAY, YEAR
from sim.calendar import seconds
from sim.children import NO_AGE, NO_BAND, OPENING, Cohort
from sim.draws import GOLDEN, ONE, Ints, UInts, draw_all, mix_all, root, stream
from sim.plan import NOWHERE, Plan, Shape

FIRST_STRIP = 8.0
"""Height of the lowest strips, in children a year."""
GROWTH = 8
"""Above ``GROWTH`` strips each strip is an eighth of what lies below it, so that few points are drawn in vain."""
WINDOW = YEAR

Floats = npt.NDArray[np.float64]
_MASK = (1 << 64) - 1
_MOMENT, _HEIGHT, _AGE, _NEED, _COUNT = (stream(word) for word in ("moment", "height", "age", "need", "count"))


def draw_cohort(scenario: Scenario, plans: Sequence[Plan], seed: int, replication: int) -> Cohort:
    """The children of one replication.

    Args:
        scenario: whose demand decides which of the drawn points enter.
        plans: its phases, from :func:`sim.build.phases`.
        seed, replication: whole numbers; the same pair gives the same points in every scenario.
    """
    shape = plans[0].shape
    versions = [(_at(day, shape), resolved(scenario, day)) for day in dates(scenario)]
    base = root(seed, replication)
    parts = [_cell(cell, shape, base) for cell in _cells(versions, shape)]
    parts += list(_opening(versions[0][1], shape, base))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [np.zeros(0)] * 8
    order = np.lexsort((columns[0], columns[1]))
    key, *rest = (column[order] for column in columns)
    return Cohort(key.astype(np.uint64), *(column.astype(np.int64) for column in rest))


def _at(day: date, shape: Shape) -> int:
    return shape.begin if day == date.min else max(shape.begin, seconds(day, shape.start))


@dataclass(frozen=True)
class _Cell:
    """One stream of demand in one area and age band, with its rate as it stands from each date on."""

    name: str
    area: int
    band: int
    stream: int
    to: int
    needs: tuple[str, ...]
    rates: tuple[tuple[int, float, Demand], ...]
    """(from second, children a year before season and trend, demand)."""


def _cells(versions: Sequence[tuple[int, Scenario]], shape: Shape) -> Iterator[_Cell]:
    first = versions[0][1]
    for number, stream_name in enumerate(shape.streams):
        stated = [(at, scenario.demand[stream_name]) for at, scenario in versions]
        demand = stated[0][1]
        to = NOWHERE if demand.to is None else shape.services.index(demand.to)
        for area_number, area_name in enumerate(shape.areas):
            if shape.neighbours[area_number] != (demand.areas == "neighbour"):
                continue
            area = first.areas[area_name]
            if demand.rate is not None:
                if shape.focal[area_number]:
                    rates = tuple((at, float(d.rate or 0.0), d) for at, d in stated)
                    name = f"{stream_name}/{area_name}"
                    yield _Cell(name, area_number, NO_BAND, number, to, tuple(first.needs), rates)
                continue
            for band_number, band in enumerate(BANDS):
                children = area.children.get(band, 0)  # type: ignore[call-overload]
                rates = tuple((at, d.per_1000.get(band, 0.0) * children / 1000, d) for at, d in stated)  # type: ignore[call-overload]
                if any(rate for _, rate, _ in rates):
                    name = f"{stream_name}/{area_name}/{band}"
                    yield _Cell(name, area_number, band_number, number, to, tuple(first.needs), rates)


@lru_cache(maxsize=1024)
def _strip(number: int) -> tuple[float, float]:
    """Lower and upper edge of a strip, in children a year."""
    low = 0.0
    for index in range(number + 1):
        height = FIRST_STRIP if index < GROWTH else low / GROWTH
        low, high = low + height, low
    return high, low


@lru_cache(maxsize=4096)
def _counts(mean: float) -> tuple[int, npt.NDArray[np.uint64]]:
    """The Poisson law of points in a window: the least count looked at, and the limits above which it is one more."""
    spread = 12 * np.sqrt(mean) + 30
    least = max(0, int(mean - spread))
    below = stats.poisson.cdf(np.arange(least, int(mean + spread)), mean)
    return least, (below * float(ONE)).astype(np.uint64)


def _cell(cell: _Cell, shape: Shape, base: int) -> tuple[npt.NDArray[np.generic], ...]:
    """The children of one cell, as columns (key, time, area, band, born, need, to, stream)."""
    keys, times, heights = _points(cell, shape, base)
    rate = _rate(cell, times, shape)
    kept = heights < rate
    keys, times = keys[kept], times[kept]
    born = np.full(len(keys), NO_AGE, dtype=np.int64)
    if cell.band != NO_BAND:
        young, old = BAND_YEARS[cell.band]
        share = draw_all(keys, _AGE).astype(np.float64) / ONE
        born = times - ((young + share * (old - young)) * YEAR).astype(np.int64)
    need = _needs(cell, keys, times)
    return (
        keys,
        times,
        np.full(len(keys), cell.area),
        np.full(len(keys), cell.band),
        born,
        need,
        np.full(len(keys), cell.to),
        np.full(len(keys), cell.stream),
    )


def _points(cell: _Cell, shape: Shape, base: int) -> tuple[UInts, Ints, Floats]:
    """Keys, moments and heights of every point that could enter: all strips up to the highest rate."""
    top = max(rate * _highest(demand, shape) for _, rate, demand in cell.rates)
    windows = np.arange(shape.begin // WINDOW, shape.end // WINDOW + 1, dtype=np.int64)
    here = np.uint64(stream("cell", cell.name) ^ base)
    keys, times, heights = [], [], []
    number = 0
    while True:
        low, high = _strip(number)
        if low >= top:
            break
        strip = mix_all(np.asarray([(int(here) + (number + 1) * GOLDEN) & _MASK], dtype=np.uint64))
        window = mix_all(strip ^ (windows.astype(np.uint64) * np.uint64(GOLDEN)))
        least, limits = _counts((high - low) * WINDOW / YEAR)
        count = least + np.searchsorted(limits, draw_all(window, _COUNT).astype(np.uint64), side="right")
        index = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        key = mix_all(np.repeat(window, count) + (index.astype(np.uint64) + np.uint64(1)) * np.uint64(GOLDEN))
        moment = draw_all(key, _MOMENT).astype(np.uint64)
        # (moment * WINDOW) >> 63 without overflow: high and low halves of the quantile apart
        within = ((moment >> np.uint64(32)) * np.uint64(WINDOW)) >> np.uint64(31)
        keys.append(key)
        times.append(np.repeat(windows, count) * WINDOW + within.astype(np.int64))
        heights.append(low + (high - low) * (draw_all(key, _HEIGHT).astype(np.float64) / ONE))
        number += 1
    if not keys:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0)
    key, time, height = np.concatenate(keys), np.concatenate(times), np.concatenate(heights)
    inside = (time >= shape.begin) & (time <= shape.end)
    return key[inside], time[inside], height[inside]


def _highest(demand: Demand, shape: Shape) -> float:
    season = demand.season
    factor = max(season.months) if season.months else 1 + season.amplitude
    highest: float = factor * max(1.0, 1 + demand.trend) ** max(0.0, shape.end / YEAR)
    return highest


def _rate(cell: _Cell, times: Ints, shape: Shape) -> Floats:
    """The scenario's rate at each moment, in children a year."""
    result = np.zeros(len(times))
    starts = np.asarray([at for at, _, _ in cell.rates])
    which = np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)
    for number, (_, rate, demand) in enumerate(cell.rates):
        here = which == number
        moment = times[here]
        growth = (1 + demand.trend) ** np.maximum(moment / YEAR, 0.0)
        result[here] = rate * _season(demand.season, moment, shape) * growth
    return result


def _season(season: Season, times: Ints, shape: Shape) -> Floats:
    if season.months:
        factors = np.asarray(season.months)
        first = shape.begin // DAY
        days = range(first, shape.end // DAY + 1)
        month = np.asarray([(shape.start + timedelta(days=day)).month - 1 for day in days])
        by_month: Floats = factors[month[times // DAY - first]]
        return by_month
    if season.amplitude:
        return 1 + season.amplitude * np.sin(2 * np.pi * (times % season.period) / season.period)
    return np.ones(len(times))


def _needs(cell: _Cell, keys: UInts, times: Ints) -> Ints:
    """The need of each child: its quantile in the mix that holds at its moment."""
    quantile = draw_all(keys, _NEED).astype(np.float64) / ONE
    starts = np.asarray([at for at, _, _ in cell.rates])
    which = np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)
    result = np.zeros(len(keys), dtype=np.int64)
    for number, (_, _, demand) in enumerate(cell.rates):
        if demand.mix:
            edges = np.cumsum([demand.mix.get(need, 0.0) for need in cell.needs])
            last = max(i for i, need in enumerate(cell.needs) if demand.mix.get(need, 0.0) > 0)
            here = which == number
            result[here] = np.minimum(np.searchsorted(edges, quantile[here], side="right"), last)
    return result


def _opening(scenario: Scenario, shape: Shape, base: int) -> Iterator[tuple[npt.NDArray[np.generic], ...]]:
    """Children already on a list on the first day; they have the first need and no stated age."""
    for number, name in enumerate(shape.services):
        count = scenario.services[name].opening_list
        if count:
            served = {shape.place_at[area][number]: area for area in reversed(range(len(shape.areas))) if shape.focal[area]}
            for area in sorted(served.values()):  # once for each place, from the first area it serves
                here = stream("opening", f"{name}/{shape.areas[area]}") ^ base
                index = np.arange(1, count + 1, dtype=np.uint64)
                keys = mix_all(np.uint64(here) + index * np.uint64(GOLDEN))
                columns = (0, area, NO_BAND, NO_AGE, 0, number, OPENING)
                yield (keys, *(np.full(count, value, dtype=np.int64) for value in columns))
