"""From the records of one replication to its measures, weekly series and waits.

Records are taken chunk by chunk, as an engine hands them out, and counted by compiled code (:mod:`sim.tally`): nothing of them
is kept, and how they are cut into chunks changes no number. :func:`fold_by_view` does the same over a whole log with the
functions that define the measures: slowly, in numpy, and with equal results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from weakref import ref

import numpy as np
import numpy.typing as npt

from scenarios.schema import BANDS
from scenarios.units import WEEK, YEAR
from sim import tally
from sim.area_measures import HIGHER_THAN_ANY
from sim.children import NO_GROUP, OPENING, OPENING_CASE, Cohort
from sim.draws import Ints
from sim.identities import Counts, always_reviewed, compare_areas, compare_children, compare_hours, over_capacity
from sim.measures import MEASURES, Measure
from sim.plan import NO_STEP, Plan
from sim.records import Kind, Log
from sim.state import Totals
from sim.tally import FOLLOW_WEEKS, NEVER
from sim.tally_measures import AREA, SERVICE, Hours, OfService, Reading, patients_of
from sim.view import View, at, levels, reached_places, weight, whole_years

ALL = "all"
"""The children that results speak of together, and all groups together."""
NO_GROUP_NAME = "no group"
"""Children of none of the scenario's groups; no group can be called so."""
SERIES = ("waiting", "in_course", "hours_committed", "capacity")
PIECE = 1 << 14
"""Records counted in one go; room for what they may leave behind is made before."""
MOST_SUMS = 1 << (63 - tally.WAIT_BITS)
"""Addresses of sums stand in few bits."""
EVERY = slice(None)
WAIT = (1 << tally.WAIT_BITS) - 1

Floats = npt.NDArray[np.float64]
Key = tuple[str, str, str, str]
"""(area, service, group, measure); an empty service for measures of the area."""
Chosen = tuple[slice, slice, slice]
"""The areas, age bands and groups of children that a measure is about, of those whose sums are kept apart."""


@dataclass(frozen=True)
class Folded:
    """What is kept of one replication."""

    values: dict[Key, float]
    series: Floats
    """Week x service x ``SERIES``, from the beginning of the warm-up.

    Children are those of the focal areas, hours those of the whole services.
    """
    waits: Floats
    """Service x week 0..``FOLLOW_WEEKS``: share started within so many weeks, of the children who came in the period early
    enough to be followed; NaN where nobody came."""


@dataclass(frozen=True)
class Fates:
    """What became of each child, as columns in order of the cohort; ``NEVER`` where it did not happen."""

    sought: Ints
    """Second it first sought a door or was referred."""
    first_help: Ints
    """Second of the first start other than at a door."""
    courses: Ints
    rejections: Ints
    handovers: Ints
    worsened: Ints
    """How often the need worsened or became a crisis."""
    ended: Ints
    """How the child left, as in records of kind ``left``; -1: still here."""


def fold(plans: Sequence[Plan], cohort: Cohort, log: Log, by: Sequence[str] = ()) -> Folded:
    """Fold one replication.

    Args:
        plans, cohort, log: of the replication.
        by: ``area`` and ``group`` add measures for each: age bands, and the scenario's groups by their own names.
    """
    folding = Folding(plans, cohort, by)
    folding.take(log.rows)
    return folding.finish()


class Folding:
    """One replication being folded."""

    def __init__(self, plans: Sequence[Plan], cohort: Cohort, by: Sequence[str] = (), children: bool = False) -> None:
        """``by`` as for :func:`fold`. ``children``: follow what the table of children says too, for :meth:`children`."""
        self._layout = layout = _layout_of(plans, by)
        self._cohort, self._told, self._over = cohort, children, False
        line = tally.C_SLOTS + layout.services
        size = line + (tally.T_SIZE if children else 0)
        self._words = words = np.zeros(layout.children + len(cohort) * size, dtype=np.int64)
        words[: layout.children] = layout.template
        words[tally.CHILD_COUNT], words[tally.CHILD_SIZE] = len(cohort), size
        self._children = words[layout.children :].reshape(len(cohort), size)
        self._children[:, tally.C_WHO] = layout.who(cohort)
        self._children[:, tally.C_SOUGHT : tally.C_OFFER + 1] = NEVER
        if children:
            words[tally.TABLE] = line
            self._children[:, line + tally.T_SOUGHT : line + tally.T_HELP + 1] = NEVER
        self._waits = np.empty(PIECE, dtype=np.int64)
        self._notes = np.empty(3 * PIECE, dtype=np.int64)

    def take(self, rows: Ints) -> None:
        """Count a chunk of records, the next in order; it is neither kept nor changed."""
        if self._over:
            raise RuntimeError("records after the last")
        words = self._words
        for begin in range(0, len(rows), PIECE):
            piece = np.require(rows[begin : begin + PIECE], np.int64, ("C", "W"))
            self._waits = _with_room(self._waits, int(words[tally.WAITS]), len(piece))
            self._notes = _with_room(self._notes, int(words[tally.NOTES]), 3 * len(piece))
            tally.add(words, self._waits, self._notes, piece)

    def finish(self) -> Folded:
        """After the last record: everything that is kept."""
        if not self._over:
            band, group = (np.require(column, np.int64, ("C", "W")) for column in (self._cohort.band, self._cohort.group))
            tally.close(self._words, band, group)
            self._over = True
        return Folded(self._values(), self._series(), self._started_within())

    def check(self, totals: Totals) -> None:
        """Check what was counted against what the engine counted while it ran: :func:`sim.identities.check`, but for what needs
        a look back (see there).

        Raises:
            IdentityError: naming what differs and by how much.
        """
        layout, words = self._layout, self._words
        shape, end = layout.shape, layout.end
        places = _table(words, layout.places, len(shape.places), tally.L_SIZE)
        pools = _table(words, layout.pools, len(shape.pools), tally.O_SIZE)
        counts = Counts(
            entered=places[:, tally.L_ENTERED],
            unreferred=np.where(layout.always_reviewed, places[:, tally.L_FRESH] - places[:, tally.L_BACK], 0),
            left=places[:, tally.L_LEFT],
            waiting_area=places[:, tally.L_LISTED] * end + places[:, tally.L_LISTED_TIME],
            course_area=places[:, tally.L_HELPED] * end + places[:, tally.L_HELPED_TIME],
        )
        compare_children(shape, totals, counts)
        compare_areas(shape, totals, counts)
        compare_hours(shape, totals, pools[:, tally.O_LEVEL])
        late = np.flatnonzero(pools[:, tally.O_SUSPECT] != NEVER)
        if words[tally.OVER_POOL] >= 0:
            raise over_capacity(shape, int(words[tally.OVER_POOL]), int(words[tally.OVER_SECOND]))
        if len(late):
            raise over_capacity(shape, int(late[0]), int(pools[late[0], tally.O_SUSPECT]))

    def children(self) -> Fates:
        """What became of each child so far; only where it was asked for."""
        if not self._told:
            raise ValueError("the children were not followed: Folding(..., children=True)")
        told = self._children[:, self._words[tally.TABLE] :]
        gone = told[:, tally.T_LEAVINGS] != 0
        return Fates(
            sought=told[:, tally.T_SOUGHT].copy(),
            first_help=told[:, tally.T_HELP].copy(),
            courses=told[:, tally.T_COURSES].copy(),
            rejections=told[:, tally.T_REJECTIONS].copy(),
            handovers=told[:, tally.T_HANDOVERS].copy(),
            worsened=told[:, tally.T_WORSENED].copy(),
            ended=np.where(gone, told[:, tally.T_ENDED], -1),
        )

    # -- reading --------------------------------------------------------------------------------------------------------------

    def _values(self) -> dict[Key, float]:
        layout, values = self._layout, dict[Key, float]()
        cells, hours = layout.cells(self._words), layout.hours(self._words)
        waits = _Waits(self._waits[: self._words[tally.WAITS]], layout)
        for area, group, chosen in _selections(layout, self._cohort):
            total = cells[chosen].reshape(-1, layout.cell_size).sum(axis=0)
            rows = total[: layout.parts].reshape(layout.services + 1, layout.row)
            read = Reading(
                end=layout.end,
                service=rows.tolist(),
                area=rows.sum(axis=0).tolist(),
                patients=patients_of(rows[:, tally.PATIENTS :]).tolist(),
                waits=waits.of(chosen),
                parts=[(helped, size) for size, helped in total[layout.parts :].reshape(-1, 2).tolist()],
                reviews=layout.reviews,
                hours=hours,
            )
            for service, measure, reckon in layout.measured[area == ALL and group == ALL]:
                values[area, service, group, measure] = reckon(read)
        return values

    def _series(self) -> Floats:
        layout = self._layout
        changes = _table(self._words, layout.weekly, layout.weeks, layout.services * tally.S_SIZE)
        series = np.cumsum(changes, axis=0).reshape(layout.weeks, layout.services, tally.S_SIZE).astype(np.float64)
        series[:, :, tally.S_COMMITTED :] /= 60
        return series

    def _started_within(self) -> Floats:
        layout, points = self._layout, FOLLOW_WEEKS + 1
        result = np.full((layout.services, points), np.nan)
        rows = layout.cells(self._words)[..., : layout.parts].reshape(-1, layout.services + 1, layout.row)
        referred = rows[:, :, Kind.REFERRED].sum(axis=0).tolist()
        for service, row in enumerate(_table(self._words, layout.within, layout.services, tally.W_SIZE)):
            came, first = (tally.W_JOINED, tally.W_JOINED_STARTED)
            if referred[service]:
                came, first = (tally.W_REFERRED, tally.W_REFERRED_STARTED)
            if row[came]:
                result[service] = np.cumsum(row[first : first + points]) / row[came]
        return result


def _with_room(kept: Ints, used: int, more: int) -> Ints:
    """An array with room for so much more: itself where it has."""
    if used + more <= len(kept):
        return kept
    larger = np.empty(max(2 * len(kept), used + more), dtype=np.int64)
    larger[:used] = kept[:used]
    return larger


def _table(words: Ints, begin: int, count: int, size: int) -> Ints:
    """So many rows of words, from an address on."""
    return words[begin : begin + count * size].reshape(count, size)


def _selections(layout: _Layout, cohort: Cohort) -> Iterator[tuple[str, str, Chosen]]:
    """As :func:`_masks`, by the numbers of the sums kept apart."""
    shape, by = layout.shape, layout.by
    areas = [(ALL, EVERY)]
    if "area" in by:
        areas += [(name, _only(layout.area_at[i])) for i, name in enumerate(shape.areas) if shape.focal[i]]
    groups = [(ALL, EVERY, EVERY)]
    if "group" in by:
        there = np.bincount(cohort.band + 1, minlength=len(BANDS) + 1)
        groups += [(name, _only(i + 1), EVERY) for i, name in enumerate(BANDS) if there[i + 1]]
        if shape.people:
            groups += [(name, EVERY, _only(i + 1)) for i, name in enumerate(shape.people)]
            groups.append((NO_GROUP_NAME, EVERY, _only(NO_GROUP + 1)))
    for area, in_area in areas:
        for group, in_band, in_group in groups:
            yield area, group, (in_area, in_band, in_group)


def _only(number: int) -> slice:
    return slice(int(number), int(number) + 1)


class _Waits:
    """The waits of ordinary starts, for one selection of children after another."""

    def __init__(self, kept: Ints, layout: _Layout) -> None:
        self._layout = layout
        cell, at = np.divmod((kept >> tally.WAIT_BITS) - layout.sums, layout.cell_size)
        waits = ((at // layout.row) << tally.WAIT_BITS) | (kept & WAIT)
        order = np.argsort(cell, kind="stable") if layout.cell_count > 1 else EVERY
        self._cell, self._waits = cell[order], waits[order]

    def of(self, chosen: Chosen) -> list[Ints]:
        """By service, in order of length."""
        (area, band, group), layout = chosen, self._layout
        waits, cell = self._waits, self._cell
        if area != EVERY:
            first, last = np.searchsorted(cell, np.asarray([area.start, area.stop]) * layout.bands * layout.groups)
            waits, cell = waits[first:last], cell[first:last]
        if band != EVERY:
            here = cell // layout.groups % layout.bands == band.start
            waits, cell = waits[here], cell[here]
        if group != EVERY:
            waits = waits[cell % layout.groups == group.start]
        waits = np.sort(waits)
        cuts = np.searchsorted(waits, np.arange(layout.services + 1) << tally.WAIT_BITS).tolist()
        return [waits[low:high] & WAIT for low, high in pairwise(cuts)]


# -- what does not depend on the replication -----------------------------------------------------------------------------------


class _Layout:
    """Where everything lies in the array of :mod:`sim.tally`, filled with all that no replication changes."""

    def __init__(self, plans: Sequence[Plan], by: tuple[str, ...]) -> None:
        self.shape = shape = plans[0].shape
        self.by = by
        self.end = shape.end + 1
        self.services = len(shape.services)
        self.weeks = len(weeks(plans[0]))
        self.bands, self.groups = (len(BANDS) + 1, len(shape.people) + 1) if "group" in by else (1, 1)
        focal = np.asarray(shape.focal, dtype=bool)
        self.area_at = np.where(focal, np.cumsum(focal) - 1 if "area" in by else 0, -1)
        """By area: which of the areas whose sums are kept apart it is; -1: none."""
        self.cell_count = (int(self.area_at.max(initial=0)) + 1) * self.bands * self.groups
        self.row = tally.PATIENTS + whole_years(self.end) + 1
        self.parts = (self.services + 1) * self.row
        """Where in the sums of children alike those by age band and group begin: all who could be followed, and the helped."""
        self.cell_size = self.parts + 2 * (len(BANDS) + len(shape.people))
        self.reviews = sorted({terms.service for terms in plans[0].terms if terms.review is not None})
        self.always_reviewed = always_reviewed(plans)
        self.measured = (_measured(plans, False), _measured(plans, True))
        self._lay_out(plans)

    def _lay_out(self, plans: Sequence[Plan]) -> None:
        parts: list[Ints] = []
        size = tally.HEAD_SIZE

        def put(table: npt.ArrayLike) -> int:
            """Behind what is there; its address."""
            nonlocal size
            parts.append(np.asarray(table, dtype=np.int64).ravel())
            size += len(parts[-1])
            return size - len(parts[-1])

        self.places, needs = put(_places(plans[0])), put(plans[0].needs.step)
        pools, capacity = _pools(plans[0]), np.zeros((self.weeks + 1, self.services, tally.S_SIZE), dtype=np.int64)
        np.add.at(capacity[0, :, tally.S_CAPACITY], *_told_capacity(plans[0], pools))
        self.pools, self.weekly = put(pools), put(capacity)
        self.within = put(np.zeros(self.services * tally.W_SIZE))
        self.sums = put(np.zeros(self.cell_count * self.cell_size))
        if size > MOST_SUMS:
            raise RuntimeError(
                f"{self.cell_count} sorts of children at {self.services} services are more than can be told apart"
            )
        phases = put([[plan.at, put(self._options(plan, put))] for plan in plans])
        self.children = size
        head = np.zeros(tally.HEAD_SIZE, dtype=np.int64)
        for word, value in (
            (tally.END, self.end), (tally.SERVICES, self.services), (tally.ROW, self.row), (tally.NEEDS, needs),
            (tally.PLACES, self.places), (tally.POOLS, self.pools), (tally.POOL_COUNT, len(pools)), (tally.PHASES, phases),
            (tally.LAST_PHASE, phases + (len(plans) - 1) * tally.F_SIZE), (tally.YEARS, whole_years(self.end)),
            (tally.SPAN, min(YEAR, self.end)), (tally.WEEKLY, self.weekly), (tally.WEEK_COUNT, self.weeks),
            (tally.WITHIN, self.within), (tally.CHILDREN, self.children), (tally.POINT, int(weeks(plans[0])[0])),
            (tally.BUCKET, self.weekly), (tally.NOTES, 3), (tally.OVER_POOL, -1), (tally.PARTS, self.parts),
            (tally.PART_COUNT, len(BANDS)),
        ):  # fmt: skip
            head[word] = value
        self.template = np.concatenate([head, *parts])

    def _options(self, plan: Plan, put: Callable[[npt.ArrayLike], int]) -> list[int]:
        """The addresses of the options of a phase, each laid out as the addresses of its pools with their units."""
        return [
            put([len(option), *(word for pool, units in option for word in (self.pools + pool * tally.O_SIZE, units))])
            for option in plan.options
        ]

    def who(self, cohort: Cohort) -> Ints:
        """The first word of each child."""
        cell = self.area_at[cohort.area]
        if "group" in self.by:
            cell = np.where(cell < 0, -1, (cell * self.bands + cohort.band + 1) * self.groups + cohort.group + 1)
        address = np.where(cell < 0, 0, self.sums + cell * self.cell_size)
        was = tally.WAS_LISTED * (cohort.stream == OPENING) + tally.WAS_HELPED * (cohort.stream == OPENING_CASE)
        found: Ints = (address << tally.CELL) | ((cohort.to + 1) << tally.TO) | was
        return found

    def cells(self, words: Ints) -> Ints:
        """The sums of children alike, by area, age band and group as far as they are kept apart."""
        found = words[self.sums : self.sums + self.cell_count * self.cell_size]
        return found.reshape(-1, self.bands, self.groups, self.cell_size)

    def hours(self, words: Ints) -> dict[int, Hours]:
        """By service: of the whole of the places that serve the focal areas."""
        found: dict[int, Hours] = {}
        for pool in _table(words, self.pools, len(self.shape.pools), tally.O_SIZE).tolist():
            if pool[tally.O_COLUMN] >= 0:
                service = pool[tally.O_COLUMN] // tally.S_SIZE
                more = found.get(service, Hours(0, 0, 0))
                taken, had, beyond = (
                    pool[tally.O_WEIGHT] * pool[word] for word in (tally.O_TAKEN, tally.O_HAD, tally.O_BEYOND)
                )
                found[service] = Hours(more.committed + taken, more.capacity + had, more.beyond + beyond)
        return found


_layouts: dict[tuple[object, ...], tuple[list[ref[Plan]], _Layout]] = {}
"""By the identity of the plans and by ``by``; forgotten with the first of the plans."""


def _layout_of(plans: Sequence[Plan], by: Sequence[str]) -> _Layout:
    """The layout for the phases of a run, made once."""
    key = (*map(id, plans), *sorted(set(by)))
    if key not in _layouts:
        forget = partial(_forget, key)
        _layouts[key] = ([ref(plan, forget) for plan in plans], _Layout(plans, tuple(by)))
    return _layouts[key][1]


def _forget(key: tuple[object, ...], gone: object) -> None:
    _layouts.pop(key, None)


def _places(plan: Plan) -> Ints:
    """A row for each place."""
    table = np.zeros((len(plan.terms), tally.L_SIZE), dtype=np.int64)
    table[:, tally.L_SERVICE] = [terms.service for terms in plan.terms]
    table[:, tally.L_HELPS] = [terms.step != 0 for terms in plan.terms]
    table[:, tally.L_REVIEWED] = [terms.review is not None for terms in plan.terms]
    table[:, tally.L_STEP] = [HIGHER_THAN_ANY if terms.step == NO_STEP else terms.step for terms in plan.terms]
    return table


def _pools(plan: Plan) -> Ints:
    """A row for each pool, as the run begins."""
    shape, reached = plan.shape, reached_places(plan.shape)
    table = np.zeros((len(shape.pools), tally.O_SIZE), dtype=np.int64)
    table[:, tally.O_NUMBER] = np.arange(len(shape.pools))
    table[:, tally.O_WEIGHT] = [weight(kind) for kind in shape.kinds]
    column = np.asarray([plan.terms[place].service * tally.S_SIZE for place, _ in shape.pools], dtype=np.int64)
    told = np.asarray([reached[place] for place, _ in shape.pools], dtype=bool) & (table[:, tally.O_WEIGHT] > 0)
    table[:, tally.O_COLUMN] = np.where(told, column, -1)
    table[:, tally.O_CAPACITY] = plan.capacity
    table[:, tally.O_SUSPECT] = table[:, tally.O_EXCUSED] = NEVER
    return table


def _told_capacity(plan: Plan, pools: Ints) -> tuple[Ints, Ints]:
    """(service, sixtieths of an hour) of the pools whose hours are told, as the run begins."""
    told = pools[pools[:, tally.O_COLUMN] >= 0]
    return told[:, tally.O_COLUMN] // tally.S_SIZE, told[:, tally.O_CAPACITY] * told[:, tally.O_WEIGHT]


def _measured(plans: Sequence[Plan], everyone: bool) -> list[tuple[str, str, Callable[[Reading], float]]]:
    """(service, measure, how it is reckoned), in the order of the registry; of everyone, with the hours of whole services."""
    found: list[tuple[str, str, Callable[[Reading], float]]] = []
    for measure in MEASURES.values():
        if _is_of_whole_services(measure) and not everyone:
            continue
        if measure.per == "area":
            found.append(("", measure.name, AREA[measure.name]))
        else:
            for service, name in enumerate(plans[0].shape.services):
                if _applies(measure, plans, service):
                    found.append((name, measure.name, _at(SERVICE[measure.name], service)))
    return found


def _at(measure: OfService, service: int) -> Callable[[Reading], float]:
    return lambda read: measure(read, service)


def _is_of_whole_services(measure: Measure) -> bool:
    return measure.of == "staffed" or measure.name == "overload"


def _applies(measure: Measure, plans: Sequence[Plan], service: int) -> bool:
    plan = plans[0]
    if measure.of == "all":
        return True
    places = [i for i, (_, number) in enumerate(plan.shape.places) if number == service]
    if measure.of == "reviewed":
        return any(plan.terms[place].review is not None for place in places)
    if measure.of == "listed":  # children may have to wait: for hours, a group, a meeting, an opening or another course's end
        return any(plan.options[number] for place in places for number in plan.offers[place][0]) or any(
            terms.party or terms.every or terms.calendar >= 0 or terms.excludes
            for each in plans
            for terms in (each.terms[place] for place in places)
        )
    owners = {place for place, _ in plan.shape.pools}
    return any(place in owners for place in places)


def weeks(plan: Plan) -> Ints:
    """The seconds of the weekly points: week 0 is the start date, the warm-up before it is negative."""
    return np.arange(-(-plan.shape.begin // WEEK), plan.shape.end // WEEK + 1, dtype=np.int64) * WEEK


# -- the same over a whole log, by the functions that define the measures ------------------------------------------------------


def fold_by_view(plans: Sequence[Plan], cohort: Cohort, log: Log, by: Sequence[str] = ()) -> Folded:
    """What :func:`fold` gives, from the definitions: :mod:`sim.view`, :mod:`sim.area_measures`, :mod:`sim.service_measures`."""
    whole = View(plans, cohort, log)
    children = Log(log.rows[log.child >= 0])
    values: dict[Key, float] = {}
    focal = whole
    for area, group, mask in _masks(plans[0], cohort, by):
        view = whole if mask.all() else View(plans, cohort, children.where(mask[children.child]))
        everyone = area == ALL and group == ALL
        if everyone:
            focal = view
            view.__dict__["pool_seconds"] = whole.pool_seconds
        for key, value in _by_view(view, everyone):
            values[area, key[0], group, key[1]] = value
    return Folded(values, _series(focal, whole), _started_within(focal))


def _masks(plan: Plan, cohort: Cohort, by: Sequence[str]) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    shape = plan.shape
    focal = np.asarray(shape.focal)[cohort.area] if len(cohort) else np.zeros(0, dtype=bool)
    areas = [(ALL, focal)]
    if "area" in by:
        areas += [(name, cohort.area == i) for i, name in enumerate(shape.areas) if shape.focal[i]]
    groups = [(ALL, np.ones(len(cohort), dtype=bool))]
    if "group" in by:
        groups += [(band, cohort.band == i) for i, band in enumerate(BANDS) if (cohort.band == i).any()]
        if shape.people:
            groups += [(name, cohort.group == i) for i, name in enumerate(shape.people)]
            groups.append((NO_GROUP_NAME, cohort.group == NO_GROUP))
    for area, in_area in areas:
        for group, in_group in groups:
            yield area, group, in_area & in_group


def _by_view(view: View, everyone: bool) -> Iterator[tuple[tuple[str, str], float]]:
    for measure in MEASURES.values():
        if _is_of_whole_services(measure) and not everyone:
            continue
        if measure.per == "area":
            yield ("", measure.name), measure.fold(view)
        else:
            for service, name in enumerate(view.shape.services):
                if _applies(measure, view.plans, service):
                    yield (name, measure.name), measure.fold(view, service)


def _series(view: View, whole: View) -> Floats:
    points = weeks(view.plan)
    result = np.zeros((len(points), len(view.shape.services), len(SERIES)))
    for service in range(len(view.shape.services)):
        joins, starts, ends = (view.of(kind, service, False) for kind in (Kind.JOINED, Kind.STARTED, Kind.ENDED))
        off = np.sort(np.concatenate([log.time for log in view.off_list(service, False)]))
        result[:, service, 0] = _level(joins.time, points) - _level(off, points)
        result[:, service, 1] = _level(starts.time, points) - _level(ends.time, points)
    for pool in levels(whole):
        result[:, pool.service, 2] += at(pool.committed, points) * pool.weight
        result[:, pool.service, 3] += at(pool.capacity, points) * pool.weight
    result[:, :, 2:] /= 60
    return result


def _level(times: Ints, points: Ints) -> Ints:
    return np.searchsorted(np.sort(times), points, side="right")


def _started_within(view: View) -> Floats:
    """The share started within so many weeks; those who leave the list unhelped stay in the denominator."""
    grid = np.arange(FOLLOW_WEEKS + 1) * WEEK
    result = np.full((len(view.shape.services), len(grid)), np.nan)
    for service in range(len(view.shape.services)):
        came = view.referred(service)
        if not len(came):
            came = view.of(Kind.JOINED, service)
        came = came.where(came.time < view.end - FOLLOW_WEEKS * WEEK)
        if len(came):
            starts = view.of(Kind.STARTED, service, False)
            known = np.isin((starts.child << 20) + starts.stay, (came.child << 20) + came.stay)
            waits = np.sort((starts.time - starts.received)[known])
            result[service] = np.searchsorted(waits, grid, side="right") / len(came)
    return result
