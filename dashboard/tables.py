"""The comparison and the run as tables: :func:`presented` for people, :func:`exported` for programs, by the same rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import numpy as np
import pandas as pd

from dashboard import numbers
from dashboard.texts import Language, chosen, text
from scenarios.schema import STEPS, Scenario
from scenarios.units import YEAR
from sim.compare import Comparison
from sim.fold import ALL, NO_GROUP_NAME
from sim.measures import MEASURES, Measure
from sim.output_analysis import MINIMUM_REPLICATIONS, mean_interval
from sim.result import Result
from sim.view import FEWEST

Key = tuple[str, str, str, str]
"""(area, service, group, measure)."""

SERVICE_MEASURES = ("wait_started", "wait_90", "waiting_end", "in_course", "load")
REVIEW_MEASURES = ("referrals", "rejected_share", "rejected_alone")
SIMPLE_MEASURES = ("wait_list_started", "waiting", "load", "gave_up_share", "refused_share")
"""Of ladders without doors, where nobody seeks help through one."""
RESTS_ON = {
    **dict.fromkeys(("wait_started", "wait_90", "wait_list_started", "waited"), "started"),
    **dict.fromkeys(("wait_list_left", "wait_list_all", "gave_up_share", "refused_share"), "children_in"),
    "rejected_share": "referrals",
    "rereferred": "rejected",
    "overflow_cost": "overflowed",
}
"""The children a year that a wait, a share or a cost of a service is taken over."""


@dataclass(frozen=True)
class Row:
    """One measure of one proposal against the base."""

    key: Key
    scenario: str
    base: float
    mean: float
    difference: float
    low: float
    high: float
    half_width: float
    share_better: float
    direction: str
    n: int
    few: bool
    """It rests on fewer than 20 events."""

    @property
    def measure(self) -> Measure:
        """Of the registry."""
        return measure_of(self.key)

    @property
    def unit(self) -> str:
        """Of the measure."""
        return self.measure.unit

    @property
    def small(self) -> bool:
        """Whether either count is too small to be shown."""
        return numbers.is_small(self.base, self.unit) or numbers.is_small(self.mean, self.unit)

    @property
    def hidden(self) -> bool:
        """Whether the size of the difference may not be shown."""
        return self.few or self.small or self.n == 0

    @property
    def bounded(self) -> bool:
        """Whether its interval may be shown."""
        return not self.hidden and self.n >= MINIMUM_REPLICATIONS

    @property
    def same(self) -> bool:
        """Whether no replication differs."""
        return self.difference == 0 and self.half_width == 0


def measure_of(key: Key) -> Measure:
    """The measure of a key."""
    return MEASURES["service" if key[1] else "area", key[3]]


def label_of(key: Key, language: Language) -> str:
    """What the measure is called."""
    return chosen(measure_of(key).label, language)


def service_name(scenario: Scenario, service: str, language: Language) -> str:
    """What a service is called, with a capital first."""
    name = scenario.services[service].name
    words = chosen(name, language) if name else service
    return words[:1].upper() + words[1:]


def years(result: Result) -> float:
    """The length of the counted period."""
    return (result.plans[0].shape.end + 1) / YEAR


def staffing(comparison: Comparison) -> str:
    """Whose staffing it is: the least own of the scenarios'."""
    kinds = {result.scenario.staffing for result in comparison.results.values()}
    return next(kind for kind in ("national_average", "partly_own", "own") if kind in kinds)


def ladder_order(result: Result) -> list[str]:
    """The services, lowest step first; those without a step last, in the order of the file."""
    services = result.scenario.services
    steps = {name: STEPS.index(service.step) if service.step else len(STEPS) for name, service in services.items()}
    return sorted(result.plans[0].shape.services, key=lambda name: steps[name])


def main_keys(result: Result) -> list[Key]:
    """What stands in the main table, in order."""
    values = result.replications[0].folded.values
    scenario = result.scenario
    keys: list[Key] = []
    if scenario.doors:
        keys += [(ALL, "", ALL, m.name) for m in MEASURES.values() if m.per == "area" and (m.headline or m.guard)]
    for service in ladder_order(result):
        names = SERVICE_MEASURES + REVIEW_MEASURES if scenario.doors else SIMPLE_MEASURES
        keys += [(ALL, service, ALL, name) for name in names]
    return [key for key in keys if key in values]


def other_keys(result: Result) -> list[Key]:
    """Everything else about all children together: the area first, then the services in ladder order."""
    main = set(main_keys(result))
    values = [key for key in result.replications[0].folded.values if key[0] == ALL and key[2] == ALL and key not in main]
    order = ["", *ladder_order(result)]
    return sorted(values, key=lambda key: order.index(key[1]))


def part_keys(result: Result) -> list[Key]:
    """The measures of areas and age groups, by name; those of the area that are headlines or guards."""
    values = result.replications[0].folded.values
    found = [key for key in values if (key[0] != ALL or key[2] != ALL) and not key[1]]
    return sorted((key for key in found if measure_of(key).headline or measure_of(key).guard), key=_by_part)


def _by_part(key: Key) -> tuple[str, int, str]:
    """Areas by name, bands by age: 6-12 before 13-17."""
    years = key[2].partition("-")[0]
    return key[0], int(years) if years.isdecimal() else -1, key[2]


def areas_hidden(results: list[Result]) -> bool:
    """Whether the areas may not stand beside each other: national average staffing in more than one of them."""
    average = any(result.scenario.staffing != "own" for result in results)
    return average and len({key[0] for key in results[0].replications[0].folded.values} - {ALL}) > 1


def matters(results: list[Result], key: Key) -> bool:
    """Whether a measure is anything but zero, or undefined, in some replication of some scenario."""
    found = np.asarray([r.folded.values.get(key, nan) for result in results for r in result.replications])
    return bool(np.any(found[~np.isnan(found)] != 0))


def rests_on_few(result: Result, key: Key) -> bool:
    """Whether a wait, a share or a cost of a service rests on fewer than 20 events in the whole period."""
    area, service, group, name = key
    if not service or name not in RESTS_ON:
        return False
    counts = [r.folded.values.get((area, service, group, RESTS_ON[name]), nan) for r in result.replications]
    known = [count for count in counts if not isnan(count)]
    return bool(known) and sum(known) / len(known) * years(result) < FEWEST


def row_of(comparison: Comparison, key: Key, proposal: str) -> Row:
    """One measure of one proposal."""
    base, mean, difference, low, high, half_width, share, _, direction, n = comparison.numbers(key, proposal)
    few = direction == "too few" or any(rests_on_few(r, key) for r in (comparison.base, comparison.results[proposal]))
    return Row(
        key,
        proposal,
        base=_float(base),
        mean=_float(mean),
        difference=_float(difference),
        low=_float(low),
        high=_float(high),
        half_width=_float(half_width),
        share_better=_float(share),
        direction=str(direction),
        n=int(n),
        few=few,
    )


def _float(value: Any) -> float:
    return nan if value is None else float(value)


def rows_of(comparison: Comparison, keys: list[Key], proposal: str) -> list[Row]:
    """The rows of some measures; those that are zero or undefined for every scenario are left out."""
    results = list(comparison.results.values())
    return [row_of(comparison, key, proposal) for key in keys if matters(results, key)]


def value_cell(row: Row, value: float, language: Language) -> str:
    """A mean, as it is shown."""
    return text("few_children", language) if row.few else numbers.shown(value, row.unit, language)


def difference_cell(row: Row, language: Language) -> str:
    """The difference, or why there is none to show."""
    if row.few:
        return text("few_children", language)
    if row.n == 0:
        return text("not_measured", language)
    if row.n < MINIMUM_REPLICATIONS:
        return text("few_futures", language)
    if row.same:
        return text("no_difference", language)
    if row.direction == "unclear":
        return text("too_small_short", language)
    if row.small:
        return text("more" if row.difference > 0 else "fewer", language)
    return numbers.shown_difference(row.difference, row.unit, language)


def judgement_cell(row: Row, language: Language) -> str:
    """``better`` or ``worse`` in a word; empty where neither may be said."""
    return text(row.direction, language) if row.direction in ("better", "worse") and not row.few else ""


def cells(row: Row, language: Language) -> dict[str, str]:
    """The cells of a row as shown."""
    interval = row.bounded and not row.same
    dash = text("nothing", language)
    return {
        "base": value_cell(row, row.base, language),
        "mean": value_cell(row, row.mean, language),
        "difference": difference_cell(row, language),
        "interval": numbers.shown_interval(row.low, row.high, row.unit, language) if interval else dash,
        "half_width": numbers.shown_half_width(row.half_width, row.unit, language) if interval else dash,
        "better_in": dash if row.few else numbers.shown_futures(row.share_better, row.n, language),
        "judgement": judgement_cell(row, language),
    }


def presented(comparison: Comparison, language: Language) -> pd.DataFrame:
    """The table as it is shown: one row a measure and proposal, every cell a text.

    Columns: main (whether it stands in the main table), area, service, group, measure, label, unit, scenario, base, mean,
    difference, interval, half_width, better_in, judgement.
    """
    rows = [
        {"main": main, **_head(row.key, comparison.base.scenario, language), "scenario": row.scenario, **cells(row, language)}
        for main, row in _all_rows(comparison, areas=False)
    ]
    return pd.DataFrame(rows)


def exported(comparison: Comparison, language: Language) -> pd.DataFrame:
    """The table for programs: the same numbers, rounded and suppressed by the same rules; missing is None.

    Columns: scenario, area, service, group, measure, label, unit, better, base_mean, mean, difference, low, high, half_width,
    share_better, futures, direction, shown, staffing.
    """
    whose = text(f"staffing_short_{staffing(comparison)}", language)
    rows = [{**_exported(row, language), "staffing": whose} for _, row in _all_rows(comparison, areas=True)]
    return pd.DataFrame(rows, dtype=object)


def _all_rows(comparison: Comparison, areas: bool) -> Iterator[tuple[bool, Row]]:
    base = comparison.base
    parts = part_keys(base)
    if not areas and areas_hidden(list(comparison.results.values())):
        parts = [key for key in parts if key[0] == ALL]
    for proposal in comparison.others:
        for main, keys in ((True, main_keys(base)), (False, other_keys(base)), (False, parts)):
            for row in rows_of(comparison, keys, proposal):
                yield main, row


def group_name(scenario: Scenario, group: str, language: Language) -> str:
    """An age band as it is, a group of children by its name; nothing for all of them."""
    if group == ALL:
        return ""
    if group == NO_GROUP_NAME:
        return text("no_group", language)
    content = scenario.groups.get(group)
    return chosen(content.name, language) if content and content.name else group


def _head(key: Key, scenario: Scenario, language: Language) -> dict[str, str]:
    area, service, group, name = key
    return {
        "area": area,
        "service": service_name(scenario, service, language) if service else "",
        "group": group,
        "group_label": group_name(scenario, group, language),
        "measure": name,
        "label": label_of(key, language),
        "unit": numbers.unit_name(measure_of(key).unit, language),
    }


def _exported(row: Row, language: Language) -> dict[str, Any]:
    area, service, group, name = row.key
    shown = cells(row, language)
    measured = {
        "base_mean": _kept(row, row.base, numbers.is_small(row.base, row.unit)),
        "mean": _kept(row, row.mean, numbers.is_small(row.mean, row.unit)),
        "difference": _kept(row, row.difference, row.hidden),
        "low": _kept(row, row.low, not row.bounded),
        "high": _kept(row, row.high, not row.bounded),
        "half_width": _kept(row, row.half_width, not row.bounded),
    }
    better = None if row.few or isnan(row.share_better) else round(row.share_better, 4)
    head = {"scenario": row.scenario, "area": area, "service": service, "group": group, "measure": name}
    words = f"{shown['base']} → {shown['mean']}: {shown['difference']}" if not row.few else shown["difference"]
    tail = {"share_better": better, "futures": row.n, "direction": "too few" if row.few else row.direction, "shown": words}
    about = {"label": label_of(row.key, language), "unit": row.unit, "better": row.measure.better}
    return head | about | measured | tail


def _kept(row: Row, value: float, hidden: bool) -> float | int | None:
    """A number as it may be exported: rounded, or None."""
    if hidden or row.few or isnan(value):
        return None
    return _number(numbers.rounded(value, row.unit))


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


# -- a single run -------------------------------------------------------------------------------------------------------


def presented_run(result: Result, language: Language) -> pd.DataFrame:
    """The measures of a run as shown: main, area, service, group, measure, label, unit, mean, band (8 of 10 futures)."""
    rows = []
    for main, key in _run_keys(result, areas=False):
        mean, low, high, _, few = _run_numbers(result, key)
        unit = measure_of(key).unit
        shown = text("few_children", language) if few else numbers.shown(mean, unit, language)
        band = _band(low, high, unit, language) if not few and _enough(result) else text("nothing", language)
        rows.append({"main": main, **_head(key, result.scenario, language), "mean": shown, "band": band})
    return pd.DataFrame(rows)


def exported_run(result: Result, language: Language) -> pd.DataFrame:
    """The measures of a run for programs: rounded and suppressed by the same rules; missing is None.

    Columns: scenario, area, service, group, measure, label, unit, mean, half_width (of the 95 % interval), futures, shown,
    staffing.
    """
    whose = text(f"staffing_short_{result.scenario.staffing}", language)
    rows = []
    for _, key in _run_keys(result, areas=True):
        mean, _, _, half_width, few = _run_numbers(result, key)
        unit = measure_of(key).unit
        hidden = few or isnan(mean) or numbers.is_small(mean, unit)
        shown = text("few_children", language) if few else numbers.shown(mean, unit, language)
        rows.append(
            {"scenario": result.name, "area": key[0], "service": key[1], "group": key[2], "measure": key[3]}
            | {"label": label_of(key, language), "unit": unit}
            | {"mean": None if hidden else _number(numbers.rounded(mean, unit))}
            | {"half_width": None if hidden or not _enough(result) else _number(numbers.rounded(half_width, unit))}
            | {"futures": len(result.replications), "shown": shown, "staffing": whose}
        )
    return pd.DataFrame(rows, dtype=object)


def _enough(result: Result) -> bool:
    return len(result.replications) >= MINIMUM_REPLICATIONS


def _run_keys(result: Result, areas: bool) -> Iterator[tuple[bool, Key]]:
    parts = part_keys(result)
    if not areas and areas_hidden([result]):
        parts = [key for key in parts if key[0] == ALL]
    for main, keys in ((True, main_keys(result)), (False, other_keys(result)), (False, parts)):
        yield from ((main, key) for key in keys if matters([result], key))


def _run_numbers(result: Result, key: Key) -> tuple[float, float, float, float, bool]:
    """Mean, 10th and 90th percentile over the futures, half width of the mean, and whether it rests on too few."""
    values = np.asarray([r.folded.values.get(key, nan) for r in result.replications])
    known = values[~np.isnan(values)]
    interval = mean_interval(values)
    low, high = (float(np.quantile(known, q)) for q in (0.1, 0.9)) if len(known) else (nan, nan)
    few = rests_on_few(result, key) or (key[2] != ALL and _group_is_small(result, key))
    return interval.mean, low, high, nan if interval.half_width is None else interval.half_width, few


def _group_is_small(result: Result, key: Key) -> bool:
    counts = [r.folded.values.get((key[0], "", key[2], "sought_help"), nan) for r in result.replications]
    return float(np.nansum(counts)) / len(counts) * years(result) < FEWEST


def _band(low: float, high: float, unit: str, language: Language) -> str:
    ends = [numbers.shown(end, unit, language) for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else text("range", language, low=ends[0], high=ends[1])
