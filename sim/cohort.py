"""The cohort: every child that can enter the model in one replication. Same seed, same children, whatever the scenario.

Arrivals are points under a curve. Per cell (stream of demand, area, age band, group) a Poisson process in the plane time x
rate is drawn in horizontal strips whose edges are fixed for all scenarios, and in windows of one year of time. A point enters
if its height is below the scenario's rate at its time: a higher rate opens more strips and touches no child below, a lower one
hides the top. A child's identity is (cell, strip, window, index), never a row number.

Groups share the mean rate between them: where one's part grows, its children are added to and others' are taken from. Within
each cell the lower rate's children are still among the higher one's, and nobody ever moves from one group to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats

from scenarios.changes import dates, resolved
from scenarios.resolve import service_of
from scenarios.schema import BAND_YEARS, BANDS, Area, Catchment, Demand, Scenario, Season, Service
from scenarios.units import DAY, YEAR
from sim.calendar import seconds
from sim.children import NO_AGE, NO_BAND, NO_GROUP, OPENING, OPENING_CASE, Cohort
from sim.draws import GOLDEN, ONE, Ints, UInts, draw_all, mix_all, root, stream
from sim.laws import look_up_all, table
from sim.plan import NOWHERE, Plan, Shape

FIRST_STRIP = 8.0
"""Height of the lowest strips, in children a year."""
GROWTH = 8
"""Above ``GROWTH`` strips each strip is an eighth of what lies below it, so that few points are drawn in vain."""
WINDOW = YEAR

_ROUNDING = 1e-9

Floats = npt.NDArray[np.float64]
_MASK = (1 << 64) - 1
_MOMENT, _HEIGHT, _AGE, _NEED, _COUNT, _WAITED = (
    stream(word) for word in ("moment", "height", "age", "need", "count", "waited")
)
_COLUMNS = 10


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
    parts += list(_opening(_first_day(versions), shape, base))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [np.zeros(0)] * _COLUMNS
    order = np.lexsort((columns[0], columns[1]))
    key, *rest = (column[order] for column in columns)
    return Cohort(key.astype(np.uint64), *(column.astype(np.int64) for column in rest))


def _at(day: date, shape: Shape) -> int:
    return shape.begin if day == date.min else max(shape.begin, seconds(day, shape.start))


def _first_day(versions: Sequence[tuple[int, Scenario]]) -> Scenario:
    """The scenario as it stands on the start date."""
    return [scenario for at, scenario in versions if at <= 0][-1]


@dataclass(frozen=True)
class _Cell:
    """One stream of demand in one area, age band and group, with its rate as it stands from each date on."""

    name: str
    area: int
    band: int
    group: int
    stream: int
    to: int
    needs: tuple[str, ...]
    rates: tuple[tuple[int, float, Demand], ...]
    """(from second, children a year before season and trend, demand)."""


def _cells(versions: Sequence[tuple[int, Scenario]], shape: Shape) -> Iterator[_Cell]:
    needs = tuple(versions[0][1].needs)
    for area_number, area in enumerate(shape.areas):
        parts = [_parts(scenario, area) for _, scenario in versions]
        for number, name in enumerate(shape.streams):
            demand = versions[0][1].demand[name]
            if shape.neighbours[area_number] != (demand.areas == "neighbour"):
                continue
            if demand.rate is not None and not shape.focal[area_number]:
                continue
            to = NOWHERE if demand.to is None else shape.services.index(demand.to)
            for band in range(len(BANDS)) if demand.rate is None else (NO_BAND,):
                for group in range(NO_GROUP, len(shape.people)):
                    stated = [(at, scenario.demand[name], scenario.areas[area]) for at, scenario in versions]
                    rates = tuple(
                        (at, _per_year(then, here, band) * part[group + 1], then)
                        for (at, then, here), part in zip(stated, parts, strict=True)
                    )
                    if any(rate for _, rate, _ in rates):
                        words = (name, area, BANDS[band] if band != NO_BAND else "", shape.people[group] if group >= 0 else "")
                        yield _Cell("/".join(filter(None, words)), area_number, band, group, number, to, needs, rates)


def _per_year(demand: Demand, area: Area, band: int) -> float:
    """Children a year of a stream in an area and age band, before season and trend."""
    if band == NO_BAND:
        return float(demand.rate or 0.0)
    name = BANDS[band]
    return demand.per_1000.get(name, 0.0) * area.children.get(name, 0) / 1000  # type: ignore[call-overload, no-any-return]


def _parts(scenario: Scenario, area: str) -> tuple[float, ...]:
    """The rate in an area of those of no group and of each group, over the mean rate: share here x risk / mean risk.

    The mean is over all children everywhere, so that an area with more of a group at risk has more needs.
    """
    groups, own = scenario.groups, scenario.areas[area].groups
    mean = _rest(group.share for group in groups.values()) + sum(group.share * group.risk for group in groups.values())
    if mean <= 0:
        return (0.0,) * (len(groups) + 1)
    here = {name: own.get(name, group.share) for name, group in groups.items()}
    return (_rest(here.values()) / mean, *(here[name] * group.risk / mean for name, group in groups.items()))


def _rest(shares: Iterable[float]) -> float:
    """What shares leave over; nothing where they sum to 1 but for rounding."""
    left = 1.0 - sum(shares)
    return left if left > _ROUNDING else 0.0


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
    """The children of one cell, as columns in the order of a cohort's."""
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
        np.full(len(keys), cell.group),
        np.zeros(len(keys), dtype=np.int64),
    )


def _points(cell: _Cell, shape: Shape, base: int) -> tuple[UInts, Ints, Floats]:
    """Keys, moments and heights of every point that could enter: all strips up to the highest rate."""
    top = max(rate * _highest(demand, cell.band, shape) for _, rate, demand in cell.rates)
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


def _highest(demand: Demand, band: int, shape: Shape) -> float:
    season = demand.season
    factor = max(season.months) if season.months else 1 + season.amplitude
    highest: float = factor * max(1.0, _growth(demand, band)) ** max(0.0, shape.end / YEAR)
    return highest


def _growth(demand: Demand, band: int) -> float:
    """By how much the rate of an age band is multiplied in a year."""
    own = demand.trend_by_age.get(BANDS[band], 0.0) if band != NO_BAND else 0.0  # type: ignore[call-overload]
    return float((1 + demand.trend) * (1 + own))


def _rate(cell: _Cell, times: Ints, shape: Shape) -> Floats:
    """The scenario's rate at each moment, in children a year."""
    result = np.zeros(len(times))
    starts = np.asarray([at for at, _, _ in cell.rates])
    which = np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)
    for number, (_, rate, demand) in enumerate(cell.rates):
        here = which == number
        moment = times[here]
        growth = _growth(demand, cell.band) ** np.maximum(moment / YEAR, 0.0)
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
    starts = np.asarray([at for at, _, _ in cell.rates])
    which = np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)
    result = np.zeros(len(keys), dtype=np.int64)
    for number, (_, _, demand) in enumerate(cell.rates):
        if demand.mix:
            here = which == number
            if demand.mix_trend:
                result[here] = _drifted(demand, cell.needs, keys[here], times[here])
            else:
                result[here] = _picked(demand.mix, cell.needs, keys[here])
    return result


def _picked(mix: Mapping[str, float], needs: Sequence[str], keys: UInts) -> Ints:
    """The need of each child by the shares of a mix."""
    edges = np.cumsum([mix.get(need, 0.0) for need in needs])
    return np.minimum(np.searchsorted(edges, _quantiles(keys), side="right"), _last(mix, needs))


def _drifted(demand: Demand, needs: Sequence[str], keys: UInts, times: Ints) -> Ints:
    """The same where the mix moves: shares grow, each at its own pace, from the start date on, and are scaled to sum to 1."""
    shares = np.asarray([demand.mix.get(need, 0.0) for need in needs])
    growth = np.asarray([1 + demand.mix_trend.get(need, 0.0) for need in needs])
    grown = shares * growth ** np.maximum(times / YEAR, 0.0)[:, None]
    edges = np.cumsum(grown / grown.sum(axis=1, keepdims=True), axis=1)
    passed = (edges <= _quantiles(keys)[:, None]).sum(axis=1)
    found: Ints = np.minimum(passed, _last(demand.mix, needs))
    return found


def _quantiles(keys: UInts) -> Floats:
    return draw_all(keys, _NEED).astype(np.float64) / ONE


def _last(mix: Mapping[str, float], needs: Sequence[str]) -> int:
    """The last need with any share: rounding takes nobody past it."""
    return max(i for i, need in enumerate(needs) if mix.get(need, 0.0) > 0)


def _opening(scenario: Scenario, shape: Shape, base: int) -> Iterator[tuple[npt.NDArray[np.generic], ...]]:
    """Children already on a list or in a course on the first day; they are of no stated age and no group."""
    for number, name in enumerate(shape.services):
        served = {shape.place_at[area][number]: area for area in reversed(range(len(shape.areas))) if shape.focal[area]}
        for area in sorted(served.values()):  # once for each place, from the first area it serves
            if not _says_who_is_here(scenario, name, shape.areas[area]):
                continue
            service = service_of(scenario, name, _home(scenario, name, shape.areas[area]))
            word = f"{name}/{shape.areas[area]}"
            yield from _already(scenario, service, service.opening_list, stream("opening", word) ^ base, area, number, OPENING)
            key = stream("opening case", word) ^ base
            yield from _already(scenario, service, service.opening_cases, key, area, number, OPENING_CASE)


def _home(scenario: Scenario, name: str, area: str) -> Area | Catchment:
    """Whose service an area finds: its own, or its catchment's."""
    home = scenario.areas[area]
    return scenario.catchments.get(home.catchment, Catchment()) if scenario.services[name].shared else home


def _says_who_is_here(scenario: Scenario, name: str, area: str) -> bool:
    """Whether a service says, here or everywhere, who is on its list or in its courses on the first day."""
    everywhere, here = scenario.services[name], _home(scenario, name, area).services.get(name, {})
    return bool(everywhere.opening_list or everywhere.opening_cases or "opening_list" in here or "opening_cases" in here)


def _already(
    scenario: Scenario, service: Service, count: int, here: int, area: int, number: int, state: int
) -> Iterator[tuple[npt.NDArray[np.generic], ...]]:
    if not count:
        return
    index = np.arange(1, count + 1, dtype=np.uint64)
    keys = mix_all(np.uint64(here) + index * np.uint64(GOLDEN))
    same = (np.full(count, value, dtype=np.int64) for value in (0, area, NO_BAND, NO_AGE))
    need = np.zeros(count, dtype=np.int64)
    if service.opening_mix:
        need = _picked(service.opening_mix, tuple(scenario.needs), keys)
    waited = np.zeros(count, dtype=np.int64)
    if state == OPENING and service.opening_waited is not None:
        waited = look_up_all(table(service.opening_waited), draw_all(keys, _WAITED))
    yield keys, *same, need, *(np.full(count, value, dtype=np.int64) for value in (number, state, NO_GROUP)), waited
