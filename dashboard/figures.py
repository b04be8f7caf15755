"""The figures of a report: what they draw, what they say in words, and the table that holds their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from dashboard import charts, numbers
from dashboard.charts import Alternative, Drawing, Part, band_of
from dashboard.tables import ladder_order, measure_of, rests_on_few, service_name
from dashboard.texts import Language, date_text, joined, sentence, text
from dashboard.verdicts import whose_staffing
from scenarios.units import DAY
from sim.compare import Comparison
from sim.fold import ALL, SERIES, weeks
from sim.result import Result

SHOWN_BEFORE_START = timedelta(weeks=24)
"""So much of the warm-up is drawn: enough to see that all scenarios start alike."""
OUT = ("left_recovered", "left_done", "left_remitted", "left_unhelped")
OFF = ("gave_up_all", "rejected_all", "lost_in_handover")
TABLE_WEEKS = (1, 4, 8, 13, 18, 26)
TOGETHER = 4
"""Weeks that a point of the waiting lists is the mean of: single weeks swing by chance."""
EACH = 6
"""Points between the dates in the table of waiting lists."""


@dataclass(frozen=True)
class Table:
    """A table as it is shown; the first cell of a row is its head."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Illustration:
    """A figure with its words and its numbers."""

    prefix: str
    title: str
    intro: str
    drawing: Drawing | None
    """None where there is nothing to draw."""
    alternative: Alternative
    notes: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()

    @property
    def svg(self) -> str:
        """The figure as an ``<svg>`` element; empty where there is nothing to draw."""
        return self.drawing.svg() if self.drawing is not None else ""


def figures(comparison: Comparison, language: Language) -> tuple[Illustration, ...]:
    """The three figures of the report, in order."""
    return (_waiting(comparison, language), _waits(comparison, language), _leaving(comparison, language))


# -- waiting lists over time --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lists:
    """Waiting lists over time, as any figure of them needs them."""

    series: pd.DataFrame
    """scenario, replication, date, service, waiting."""
    names: dict[str, str]
    """The services that are drawn, in ladder order, by what they are called."""
    notes: tuple[str, ...]
    """What is not drawn, and why."""


def lists_of(comparison: Comparison, language: Language) -> Lists:
    """The waiting lists that have five children or more."""
    series = waiting_series(comparison)
    base = comparison.base
    start = base.scenario.period.start
    ever = series.groupby("service")["waiting"].max() >= 1
    counted = series[series["date"] >= start]
    middles = counted.groupby(["scenario", "service", "date"])["waiting"].median()
    usual = middles.groupby(["scenario", "service"]).mean().groupby("service").max()
    services = [service for service in ladder_order(base) if ever[service]]
    names = {s: service_name(base.scenario, s, language) for s in services if usual[s] >= numbers.SMALL}
    short = [service_name(base.scenario, s, language) for s in services if s not in names]
    notes = (text("waiting_short_lists", language, services=joined(short, language)),) if short else ()
    return Lists(series, names, notes)


def _waiting(comparison: Comparison, language: Language) -> Illustration:
    lists = lists_of(comparison, language)
    series, names, notes, start = lists.series, lists.names, lists.notes, comparison.base.scenario.period.start
    title, whose = text("waiting_title", language), whose_staffing(comparison, language)
    intro = text("waiting_intro", language, futures=comparison.replications)
    if not names:
        return Illustration("waiting", title, text("waiting_none", language), None, Alternative(title, "", whose), notes)
    alternative = Alternative(title, " ".join(waiting_words(series, names, language)), whose)
    drawing = charts.waiting_lists(series[series["service"].isin(list(names))], names, start, "waiting", alternative, language)
    tables = tuple(waiting_table(series[series["service"] == s], name, language) for s, name in names.items())
    return Illustration("waiting", title, intro, drawing, alternative, notes, tables)


def waiting_series(comparison: Comparison) -> pd.DataFrame:
    """scenario, replication, date, service, waiting from half a year before the start; means of four weeks."""
    start = comparison.base.scenario.period.start
    frames = []
    for name, result in comparison.results.items():
        week = weeks(result.plans[0]) // (7 * DAY)
        kept = week * 7 >= -SHOWN_BEFORE_START.days
        block = week[kept] // TOGETHER * TOGETHER
        firsts = np.flatnonzero(np.diff(block, prepend=block[0] - 1))
        lists = np.stack([each.folded.series[kept, :, SERIES.index("waiting")] for each in result.replications])
        sums = np.add.reduceat(lists, firsts, axis=1)
        means = (sums / np.diff(np.append(firsts, len(block)))[:, None]).transpose(0, 2, 1)
        services = np.asarray(result.plans[0].shape.services, dtype=object)
        points = means.shape[2]
        frames.append(
            pd.DataFrame(
                {
                    "scenario": name,
                    "replication": np.repeat([each.number for each in result.replications], len(services) * points),
                    "service": np.tile(np.repeat(services, points), len(means)),
                    "date": np.tile([start + timedelta(weeks=int(at)) for at in block[firsts]], len(means) * len(services)),
                    "waiting": means.ravel(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _quantiles(series: pd.DataFrame, scenario: str, day: date) -> tuple[float, float, float]:
    here = series[(series["scenario"] == scenario) & (series["date"] == day)]["waiting"]
    band = band_of(here.to_numpy(dtype=np.float64)[:, None])
    return float(band.middle[0]), float(band.low[0]), float(band.high[0])


def _range(low: float, high: float, unit: str, language: Language) -> str:
    ends = [numbers.shown(end, unit, language) for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else text("range", language, low=ends[0], high=ends[1])


def waiting_words(series: pd.DataFrame, names: dict[str, str], language: Language) -> list[str]:
    """How many wait in the last weeks, a sentence for each service."""
    last = max(series["date"])
    found = []
    for service, name in names.items():
        here = series[series["service"] == service]
        parts = []
        for scenario in dict.fromkeys(here["scenario"]):
            middle, low, high = _quantiles(here, scenario, last)
            number, span = numbers.shown(middle, "children", language), _range(low, high, "children", language)
            parts.append(text("waiting_number", language, number=number, scenario=scenario, range=span))
        found.append(text("waiting_sentence", language, service=name, numbers=joined(parts, language)))
    return found


def waiting_table(series: pd.DataFrame, name: str, language: Language) -> Table:
    """The waiting list of one service at some dates."""
    scenarios = list(dict.fromkeys(series["scenario"]))
    days = sorted(set(series["date"]))
    days = sorted({*days[::EACH], days[-1]})
    rows = []
    for day in days:
        row = [date_text(day, language)]
        for scenario in scenarios:
            middle, low, high = _quantiles(series, scenario, day)
            row += [numbers.shown(middle, "children", language), _range(low, high, "children", language)]
        rows.append(tuple(row))
    heads = [text("head_date", language)]
    for scenario in scenarios:
        heads += [f"{scenario}: {text(f'head_{what}', language).lower()}" for what in ("median", "band")]
    return Table(f"{name} ({text('waiting_axis', language)})", tuple(heads), tuple(rows))


# -- waits as a distribution function -----------------------------------------------------------------------------------


def shares_of(comparison: Comparison, language: Language) -> tuple[pd.DataFrame, dict[str, str]]:
    """Who has started within so many weeks (scenario, replication, service, week, share), and the services where children
    may have to wait, by what they are called."""
    shares = _shares(comparison)
    base = comparison.base
    return shares, {s: service_name(base.scenario, s, language) for s in ladder_order(base) if _has_list(comparison, shares, s)}


def _waits(comparison: Comparison, language: Language) -> Illustration:
    shares, names = shares_of(comparison, language)
    title, intro = text("waits_title", language), text("waits_intro", language)
    whose = whose_staffing(comparison, language)
    if not names:
        return Illustration("waits", title, text("waits_none", language), None, Alternative(title, "", whose))
    alternative = Alternative(title, " ".join(waits_words(shares, names, language)), whose)
    drawing = charts.waits(shares[shares["service"].isin(list(names))], names, "waits", alternative, language)
    tables = tuple(waits_table(shares[shares["service"] == s], name, language) for s, name in names.items())
    return Illustration("waits", title, intro, drawing, alternative, (), tables)


def _shares(comparison: Comparison) -> pd.DataFrame:
    """scenario, replication, service, week, share."""
    frames = []
    for name, result in comparison.results.items():
        services = result.plans[0].shape.services
        for replication in result.replications:
            table = replication.folded.waits
            count = table.shape[1]
            frames.append(
                pd.DataFrame(
                    {
                        "scenario": name,
                        "replication": replication.number,
                        "service": np.repeat(np.asarray(services, dtype=object), count),
                        "week": np.tile(np.arange(count), len(services)),
                        "share": table.ravel(),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


def _has_list(comparison: Comparison, shares: pd.DataFrame, service: str) -> bool:
    """Whether children may have to wait there, do wait, and are enough in every scenario to draw their waits."""
    key = (ALL, service, ALL, "wait_started")
    if key not in comparison.base.replications[0].folded.values:
        return False
    here = shares[(shares["service"] == service) & shares["share"].notna()]
    if here["scenario"].nunique() < len(comparison.results):
        return False
    at_once = here[here["week"] == 0]["share"].min()
    return bool(at_once < 0.99) and all(_enough(result, service) for result in comparison.results.values())


def _enough(result: Result, service: str) -> bool:
    return not rests_on_few(result, (ALL, service, ALL, "wait_list_left"))


def _mean_share(shares: pd.DataFrame, scenario: str, week: int) -> tuple[float, float, float]:
    here = shares[(shares["scenario"] == scenario) & (shares["week"] == week)]["share"].dropna()
    band = band_of(here.to_numpy(dtype=np.float64)[:, None], "mean")
    return float(band.middle[0]), float(band.low[0]), float(band.high[0])


def waits_words(shares: pd.DataFrame, names: dict[str, str], language: Language) -> list[str]:
    """How many have started within 13 weeks, a sentence for each service."""
    found = []
    for service, name in names.items():
        here = shares[shares["service"] == service]
        parts = [
            text(
                "waits_number",
                language,
                number=numbers.percent(_mean_share(here, scenario, 13)[0], language),
                scenario=scenario,
            )
            for scenario in dict.fromkeys(here["scenario"])
        ]
        found.append(text("waits_sentence", language, service=name, numbers=joined(parts, language)))
    return found


def waits_table(shares: pd.DataFrame, name: str, language: Language) -> Table:
    """The share that has started within some weeks at one service."""
    scenarios = list(dict.fromkeys(shares["scenario"]))
    rows = []
    for week in TABLE_WEEKS:
        row = [text("waits_weeks" if week > 1 else "waits_week", language, number=week)]
        for scenario in scenarios:
            middle, low, high = _mean_share(shares, scenario, week)
            row += [numbers.percent(middle, language), _range(low, high, "share", language)]
        rows.append(tuple(row))
    heads = [text("head_weeks", language)]
    for scenario in scenarios:
        heads += [f"{scenario}: {text(f'head_{what}', language).lower()}" for what in ("value", "band")]
    return Table(name, tuple(heads), tuple(rows))


# -- where children leave -----------------------------------------------------------------------------------------------


def _leaving(comparison: Comparison, language: Language) -> Illustration:
    flows = _flows(comparison)
    title, whose = text("leaving_title", language), whose_staffing(comparison, language)
    blocks = {}
    for heading, ways in (("leaving_out", OUT), ("leaving_off", OFF)):
        some = [way for way in ways if (flows.loc[flows["way"] == way, "value"] >= numbers.SMALL).any()]
        if some:
            blocks[text(heading, language)] = [Part(way, text(f"leaving_{way}", language)) for way in some]
    if not blocks:
        return Illustration("leaving", title, text("leaving_none", language), None, Alternative(title, "", whose))
    parts = [part for block in blocks.values() for part in block]
    alternative = Alternative(title, " ".join(_leaving_words(flows, parts, language)), whose)
    drawing = charts.leaving(flows, blocks, "leaving", alternative, language)
    table = _leaving_table(flows, language)
    return Illustration(
        "leaving", title, text("leaving_intro", language), drawing, alternative, (text("leaving_small", language),), (table,)
    )


def _flows(comparison: Comparison) -> pd.DataFrame:
    """scenario, way, value: children a year, mean over replications."""
    rows = []
    for name, result in comparison.results.items():
        for way in (*OUT, *OFF):
            key = (ALL, "", ALL, way)
            if key in result.replications[0].folded.values:
                rows.append((name, way, float(np.nanmean(comparison.values(result, key)))))
    return pd.DataFrame(rows, columns=["scenario", "way", "value"])


def _leaving_words(flows: pd.DataFrame, parts: list[Part], language: Language) -> list[str]:
    found = []
    for scenario in dict.fromkeys(flows["scenario"]):
        here = dict(flows.loc[flows["scenario"] == scenario, ["way", "value"]].itertuples(index=False, name=None))
        words = [
            text("leaving_number", language, number=numbers.shown(here[part.way], "children a year", language), way=part.name)
            for part in parts
        ]
        found.append(text("leaving_sentence", language, scenario=scenario, numbers=joined(words, language)))
    return found


def _leaving_table(flows: pd.DataFrame, language: Language) -> Table:
    scenarios = list(dict.fromkeys(flows["scenario"]))
    table = flows.pivot(index="way", columns="scenario", values="value")
    rows = []
    for way in (*OUT, *OFF):
        if way in table.index and table.loc[way].any():
            unit = measure_of((ALL, "", ALL, way)).unit
            cells = [numbers.shown(float(table.loc[way, scenario]), unit, language) for scenario in scenarios]
            rows.append((sentence(text(f"leaving_{way}", language)), *cells))
    return Table(text("leaving_axis", language), (text("head_what", language), *scenarios), tuple(rows))
