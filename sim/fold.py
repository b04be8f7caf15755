"""From the records of one replication to its measures, weekly series and waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scenarios.schema import BANDS
from scenarios.units import WEEK
from sim.children import NO_GROUP, Cohort
from sim.draws import Ints
from sim.measures import MEASURES, Measure
from sim.plan import Plan
from sim.records import Kind, Log
from sim.view import View, at, levels

ALL = "all"
"""The children that results speak of together, and all groups together."""
NO_GROUP_NAME = "no group"
"""Children of none of the scenario's groups; no group can be called so."""
SERIES = ("waiting", "in_course", "hours_committed", "capacity")
FOLLOW_WEEKS = 26
"""How many weeks of waiting the distribution of waits covers."""

Floats = npt.NDArray[np.float64]
Key = tuple[str, str, str, str]
"""(area, service, group, measure); an empty service for measures of the area."""


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


def fold(plans: Sequence[Plan], cohort: Cohort, log: Log, by: Sequence[str] = ()) -> Folded:
    """Fold one replication.

    Args:
        plans, cohort, log: of the replication.
        by: ``area`` and ``group`` add measures for each: age bands, and the scenario's groups by their own names.
    """
    whole = View(plans, cohort, log)
    children = Log(log.rows[log.child >= 0])
    values: dict[Key, float] = {}
    focal = whole
    for area, group, mask in _selections(plans[0], cohort, by):
        view = whole if mask.all() else View(plans, cohort, children.where(mask[children.child]))
        everyone = area == ALL and group == ALL
        if everyone:
            focal = view
            view.__dict__["hours"] = whole.hours
        for key, value in _measured(view, everyone):
            values[area, key[0], group, key[1]] = value
    return Folded(values, _series(focal, whole), _waits(focal))


def _selections(plan: Plan, cohort: Cohort, by: Sequence[str]) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
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


def _measured(view: View, everyone: bool) -> Iterator[tuple[tuple[str, str], float]]:
    for measure in MEASURES.values():
        whole_only = measure.of == "staffed" or measure.name == "overload"
        if whole_only and not everyone:
            continue
        if measure.per == "area":
            yield ("", measure.name), measure.fold(view)
        else:
            for service, name in enumerate(view.shape.services):
                if _applies(measure, view, service):
                    yield (name, measure.name), measure.fold(view, service)


def _applies(measure: Measure, view: View, service: int) -> bool:
    if measure.of == "all":
        return True
    places = [i for i, (_, number) in enumerate(view.shape.places) if number == service]
    if measure.of == "reviewed":
        return any(view.plan.terms[place].review is not None for place in places)
    if measure.of == "listed":  # children may have to wait: for hours, a group, a meeting, an opening or another course's end
        return any(view.plan.options[number] for place in places for number in view.plan.offers[place][0]) or any(
            terms.party or terms.every or terms.calendar >= 0 or terms.excludes
            for plan in view.plans
            for terms in (plan.terms[place] for place in places)
        )
    owners = {place for place, _ in view.shape.pools}
    return any(place in owners for place in places)


def weeks(plan: Plan) -> Ints:
    """The seconds of the weekly points: week 0 is the start date, the warm-up before it is negative."""
    return np.arange(-(-plan.shape.begin // WEEK), plan.shape.end // WEEK + 1, dtype=np.int64) * WEEK


def _series(view: View, whole: View) -> Floats:
    points = weeks(view.plan)
    result = np.zeros((len(points), len(view.shape.services), len(SERIES)))
    for service in range(len(view.shape.services)):
        joins, starts, ends = (view.of(kind, service, False) for kind in (Kind.JOINED, Kind.STARTED, Kind.ENDED))
        off = np.sort(np.concatenate([log.time for log in view.off_list(service, False)]))
        result[:, service, 0] = _level(joins.time, points) - _level(off, points)
        result[:, service, 1] = _level(starts.time, points) - _level(ends.time, points)
    _hours(whole, points, result)
    return result


def _level(times: Ints, points: Ints) -> Ints:
    return np.searchsorted(np.sort(times), points, side="right")


def _hours(view: View, points: Ints, result: Floats) -> None:
    for pool in levels(view):
        result[:, pool.service, 2] += at(pool.committed, points) / pool.unit
        result[:, pool.service, 3] += at(pool.capacity, points) / pool.unit


def _waits(view: View) -> Floats:
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
