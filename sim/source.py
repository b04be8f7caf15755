"""Where children come from: a scenario's demand as flat numbers, the same for every seed and replication.

Children are drawn from this alone (:mod:`sim.cohort`). So it is made once for all replications, and scenarios whose sources
have the same ``key`` have the same children in every one of them, whatever else sets them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from scenarios.changes import dates, resolved
from scenarios.resolve import ByIdentity, service_of
from scenarios.schema import BANDS, Area, Catchment, Demand, Law, Scenario
from scenarios.units import DAY, YEAR
from sim.calendar import seconds
from sim.children import NO_BAND, NO_GROUP, OPENING, OPENING_CASE
from sim.draws import GOLDEN, Ints, UInts, stream
from sim.plan import NOWHERE, Plan, Shape

FIRST_STRIP = 8.0
"""Height of the lowest strips, in children a year."""
GROWTH = 8
"""Above ``GROWTH`` strips each strip is an eighth of what lies below it, so that few points are drawn in vain."""

_ROUNDING = 1e-9

Floats = npt.NDArray[np.float64]
Versions = Sequence[tuple[int, Scenario]]
"""A scenario as it stands from each second on."""


class Bend(NamedTuple):
    """How a rate moves: by the season, and from the start date on by so much a year."""

    growth: float
    """What the rate is multiplied by in a year."""
    amplitude: float
    period: int
    """Of the sine, in seconds."""
    months: tuple[float, ...]
    """In place of the sine: twelve factors."""


FLAT = Bend(1.0, 0.0, 0, ())


class Mix(NamedTuple):
    """The needs of the children of a stream."""

    shares: tuple[float, ...]
    """By need."""
    growth: tuple[float, ...]
    """By need: what its share is multiplied by in a year, before all are scaled to sum to 1. Empty where none moves."""


NO_MIX = Mix((), ())
"""All have the first need."""


class Who(NamedTuple):
    """What all children of a cell or list have in common: numbers, as in a cohort's columns."""

    area: int
    band: int
    group: int
    stream: int
    to: int


class Listed(NamedTuple):
    """Children already on a list or in a course on the first day."""

    number: int
    """Of their draws."""
    size: int
    mix: int
    waited: Law | None


@dataclass(frozen=True, eq=False)
class Strips:
    """The strips of all cells in which points are drawn."""

    cell: Ints
    salt: UInts
    """What the strip adds to the number of its cell's draws."""
    low: Floats
    """Lower edge, in children a year."""
    height: Floats
    sure: int
    """So many, which come first, lie below the lowest rate that their cell ever has: every point in them is a child."""


@dataclass(frozen=True, eq=False)
class Source:
    """All that decides which children can come, but for seed and replication.

    A cell is one stream of demand in one area, age band and group. Versions are what demand is from each dated change on.
    """

    begin: int
    end: int
    starts: Ints
    """By version: the second from which it holds."""
    numbers: UInts
    """By cell: the number of its draws."""
    who: Ints
    """Of :class:`Who`, a row for each field: by cell, then by list."""
    rates: Floats
    """Version x cell: children a year before season and trend."""
    bend: Ints
    """Version x cell: a number in ``bends``, the first of which is flat."""
    mix: Ints
    """Version x cell: a number in ``mixes``."""
    bends: tuple[Bend, ...]
    mixes: tuple[Mix, ...]
    months: Ints
    """Month of each day from the first one on, where a season asks for it; else empty."""
    lists: tuple[Listed, ...]

    @cached_property
    def key(self) -> bytes:
        """A digest of it all: where it is the same, every child of every replication is the same."""
        digest = blake2b(digest_size=16)
        for field in fields(self):
            value = getattr(self, field.name)
            said = f"{value.dtype}{value.shape}" if isinstance(value, np.ndarray) else repr(value)
            digest.update(f"{field.name} {said}\n".encode())
            digest.update(value.tobytes() if isinstance(value, np.ndarray) else b"")
        return digest.digest()

    @cached_property
    def strips(self) -> Strips:
        """The strips that reach up to the highest rate of each cell."""
        tops = (self.rates * np.asarray([_most(bend, self.end) for bend in self.bends])[self.bend]).max(axis=0)
        floors = (self.rates * np.asarray([_least(bend, self.end) for bend in self.bends])[self.bend]).min(axis=0)
        edges = _edges(tops.max(initial=0.0))
        count = np.searchsorted(edges[:-1], tops)
        cell = np.repeat(np.arange(len(tops)), count)
        number = np.arange(len(cell)) - np.repeat(np.cumsum(count) - count, count)
        low, high = edges[number], edges[number + 1]
        asked = high > floors[cell] * (1 - _ROUNDING)  # no rounding lifts a point of the others above the rate
        order = np.lexsort((high - low, asked))
        salt = (number.astype(np.uint64) + np.uint64(1)) * np.uint64(GOLDEN)
        return Strips(cell[order], salt[order], low[order], (high - low)[order], int((~asked).sum()))


def source_of(scenario: Scenario, plans: Sequence[Plan]) -> Source:
    """The source of a scenario's children; made once, as long as the scenario is there.

    Args:
        scenario: whose children they are.
        plans: its phases, from :func:`sim.build.phases`.
    """
    shape = plans[0].shape
    known = _known.get(scenario)
    if known is None or not (known[0] is shape or known[0] == shape):
        known = _known.keep(scenario, (shape, _source(scenario, shape)))
    return known[1]


_known: ByIdentity[Scenario, tuple[Shape, Source]] = ByIdentity()


def demand_key(scenario: Scenario, plans: Sequence[Plan]) -> bytes:
    """What says whether scenarios have the same children: where it is equal, cohorts are, for every seed and replication."""
    return source_of(scenario, plans).key


def _source(scenario: Scenario, shape: Shape) -> Source:
    days = dates(scenario)
    first = resolved(scenario, days[0])
    versions = _in_force([(_at(day, shape), resolved(scenario, day)) for day in days], shape)
    cells = list(_cells(first, [version for _, version in versions], shape))
    needs = tuple(first.needs)
    bends, mixes = {FLAT: 0}, {NO_MIX: 0}
    rates = np.asarray([cell.rates for cell in cells], dtype=np.float64).reshape(len(cells), len(versions)).T
    bend = _numbered(cells, versions, lambda demand, band: bends.setdefault(_bend(demand, band), len(bends)))
    mix = _numbered(cells, versions, lambda demand, _: mixes.setdefault(_mix(demand, needs), len(mixes)))
    new = _new(rates, bend, mix)
    listed = list(_listed(_first_day(versions), shape, needs, mixes))
    who = [cell.who for cell in cells] + [who for who, _ in listed]
    return Source(
        begin=shape.begin,
        end=shape.end,
        starts=np.asarray([at for at, _ in versions], dtype=np.int64)[new],
        numbers=np.asarray([cell.number for cell in cells], dtype=np.uint64),
        who=np.ascontiguousarray(np.asarray(who, dtype=np.int64).reshape(len(who), len(Who._fields)).T),
        rates=np.ascontiguousarray(rates[new]),
        bend=bend[new],
        mix=mix[new],
        bends=tuple(bends),
        mixes=tuple(mixes),
        months=_months(shape) if any(one.months for one in bends) else np.zeros(0, dtype=np.int64),
        lists=tuple(one for _, one in listed),
    )


def _at(day: date, shape: Shape) -> int:
    return shape.begin if day == date.min else max(shape.begin, seconds(day, shape.start))


def _in_force(versions: Versions, shape: Shape) -> Versions:
    """Those that hold for a while within the run."""
    ends = [*(at for at, _ in versions[1:]), shape.end + 1]
    return [version for version, end in zip(versions, ends, strict=True) if version[0] < end and version[0] <= shape.end]


def _first_day(versions: Versions) -> Scenario:
    """The scenario as it stands on the start date."""
    return [scenario for at, scenario in versions if at <= 0][-1]


def _new(*tables: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """The versions in which something is another than in the one before."""
    new = np.ones(len(tables[0]), dtype=np.bool_)
    new[1:] = np.any([(table[1:] != table[:-1]).any(axis=1) for table in tables], axis=0)
    return new


@dataclass(frozen=True)
class _Cell:
    """One stream of demand in one area, age band and group."""

    number: int
    who: Who
    stream: str
    rates: tuple[float, ...]
    """By version: children a year before season and trend."""


def _cells(first: Scenario, versions: Sequence[Scenario], shape: Shape) -> Iterator[_Cell]:
    """The cells in which any version has children; what a stream is, and where, the first scenario says."""
    bands = (*BANDS, "")  # the last one is NO_BAND
    people = (*shape.people, "")  # and NO_GROUP
    for area_number, area in enumerate(shape.areas):
        parts = [_parts(scenario, area) for scenario in versions]
        for number, name in enumerate(shape.streams):
            demand = first.demand[name]
            if shape.neighbours[area_number] != (demand.areas == "neighbour"):
                continue
            if demand.rate is not None and not shape.focal[area_number]:
                continue
            to = NOWHERE if demand.to is None else shape.services.index(demand.to)
            for band in range(len(BANDS)) if demand.rate is None else (NO_BAND,):
                all_here = [_per_year(scenario.demand[name], scenario.areas[area], band) for scenario in versions]
                for group in range(NO_GROUP, len(shape.people)):
                    rates = tuple(rate * part[group + 1] for rate, part in zip(all_here, parts, strict=True))
                    if any(rates):
                        word = "/".join(filter(None, (name, area, bands[band], people[group])))
                        yield _Cell(stream("cell", word), Who(area_number, band, group, number, to), name, rates)


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


def _numbered(cells: Sequence[_Cell], versions: Versions, number: Callable[[Demand, int], int]) -> Ints:
    """Version x cell: the number of what its stream says for its age band."""
    kinds = dict.fromkeys((cell.stream, cell.who.band) for cell in cells)
    table = np.zeros((len(versions), len(cells)), dtype=np.int64)
    for row, (_, scenario) in zip(table, versions, strict=True):
        found = {(name, band): number(scenario.demand[name], band) for name, band in kinds}
        row[:] = [found[cell.stream, cell.who.band] for cell in cells]
    return table


def _bend(demand: Demand, band: int) -> Bend:
    own = demand.trend_by_age.get(BANDS[band], 0.0) if band != NO_BAND else 0.0  # type: ignore[call-overload]
    growth, season = float((1 + demand.trend) * (1 + own)), demand.season
    if season.months:
        return Bend(growth, 0.0, 0, season.months)
    return Bend(growth, season.amplitude, season.period if season.amplitude else 0, ())


def _most(bend: Bend, end: int) -> float:
    """What a rate is multiplied by at its highest."""
    factor = max(bend.months) if bend.months else 1 + bend.amplitude
    highest: float = factor * max(1.0, bend.growth) ** max(0.0, end / YEAR)
    return highest


def _least(bend: Bend, end: int) -> float:
    """What a rate is multiplied by at its lowest."""
    factor = min(bend.months) if bend.months else 1 - bend.amplitude
    lowest: float = factor * min(1.0, bend.growth) ** max(0.0, end / YEAR)
    return lowest


def _mix(demand: Demand, needs: Sequence[str]) -> Mix:
    if not demand.mix:
        return NO_MIX
    growth = tuple(1 + demand.mix_trend.get(need, 0.0) for need in needs) if demand.mix_trend else ()
    return Mix(_shares(demand.mix, needs), growth)


def _shares(mix: Mapping[str, float], needs: Sequence[str]) -> tuple[float, ...]:
    return tuple(mix.get(need, 0.0) for need in needs)


def _months(shape: Shape) -> Ints:
    days = range(shape.begin // DAY, shape.end // DAY + 1)
    return np.asarray([(shape.start + timedelta(days=day)).month - 1 for day in days], dtype=np.int64)


def _edges(top: float) -> Floats:
    """The edges of all strips up to the first that is no lower than ``top``, in children a year."""
    edges = [0.0]
    while edges[-1] < top:
        edges.append(edges[-1] + (FIRST_STRIP if len(edges) <= GROWTH else edges[-1] / GROWTH))
    return np.asarray(edges)


def _listed(scenario: Scenario, shape: Shape, needs: Sequence[str], mixes: dict[Mix, int]) -> Iterator[tuple[Who, Listed]]:
    """Those on a list or in a course on the first day; they are of no stated age and no group."""
    for number, name in enumerate(shape.services):
        served = {shape.place_at[area][number]: area for area in reversed(range(len(shape.areas))) if shape.focal[area]}
        for area in sorted(served.values()):  # once for each place, from the first area it serves
            if not _says_who_is_here(scenario, name, shape.areas[area]):
                continue
            service = service_of(scenario, name, _home(scenario, name, shape.areas[area]))
            mix = Mix(_shares(service.opening_mix, needs), ()) if service.opening_mix else NO_MIX
            for count, state, purpose, waited in (
                (service.opening_list, OPENING, "opening", service.opening_waited),
                (service.opening_cases, OPENING_CASE, "opening case", None),
            ):
                if count:
                    draws = stream(purpose, f"{name}/{shape.areas[area]}")
                    one = Listed(draws, count, mixes.setdefault(mix, len(mixes)), waited)
                    yield Who(area, NO_BAND, NO_GROUP, state, number), one


def _home(scenario: Scenario, name: str, area: str) -> Area | Catchment:
    """Whose service an area finds: its own, or its catchment's."""
    home = scenario.areas[area]
    return scenario.catchments.get(home.catchment, Catchment()) if scenario.services[name].shared else home


def _says_who_is_here(scenario: Scenario, name: str, area: str) -> bool:
    """Whether a service says, here or everywhere, who is on its list or in its courses on the first day."""
    everywhere, here = scenario.services[name], _home(scenario, name, area).services.get(name, {})
    return bool(everywhere.opening_list or everywhere.opening_cases or "opening_list" in here or "opening_cases" in here)
