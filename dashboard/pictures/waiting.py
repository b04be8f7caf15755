"""Waiting lists over time, and how long children wait."""

from __future__ import annotations

from datetime import date
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from dashboard.charts import FAINT, INK, band_of
from dashboard.comparison import Comparison
from dashboard.figures import Table, lists_of, shares_of, waiting_table, waiting_words, waits_table, waits_words
from dashboard.numbers import SMALL
from dashboard.pictures.look import colours, dashes, dressed, short
from dashboard.pictures.picture import Picture
from dashboard.texts import Language, text

MARKED = 13
"""The week with a line: what may be promised is counted in quarters."""
_HEIGHT = 190


def waiting_lists(comparison: Comparison, language: Language, observed: pd.DataFrame | None = None) -> list[Picture]:
    """Waiting lists over time, one figure for each service whose list has five children or more.

    Args:
        comparison: today and the proposals.
        language: of the words.
        observed: what really happened (date, service, measure, value): the values of ``waiting`` are drawn as points.
    """
    lists = lists_of(comparison, language)
    found = []
    for service, name in lists.names.items():
        series = lists.series[lists.series["service"] == service]
        points = _points(observed, service)
        words = " ".join([*waiting_words(series, {service: name}, language), *lists.notes])
        chart = _lists_chart(series, comparison.base.scenario.period.start, points, language, words)
        found.append(
            Picture(
                name=f"waiting_{service}",
                title=f"{text('pictures_waiting', language)}: {name}",
                alt=words,
                table=frame_of(waiting_table(series, name, language)),
                how=text("waiting_intro", language, futures=comparison.replications),
                chart=chart,
            )
        )
    return found


def started_within(comparison: Comparison, language: Language) -> list[Picture]:
    """The share that has started within so many weeks, one figure for each service with a list."""
    shares, names = shares_of(comparison, language)
    found = []
    for service, name in names.items():
        here = shares[shares["service"] == service]
        words = " ".join(waits_words(here, {service: name}, language))
        found.append(
            Picture(
                name=f"started_{service}",
                title=f"{text('waits_title', language)}: {name}",
                alt=words,
                table=frame_of(waits_table(here, name, language)),
                how=text("waits_intro", language),
                chart=_shares_chart(here, language, words),
            )
        )
    return found


def frame_of(table: Table) -> pd.DataFrame:
    """A table of the report as a frame."""
    return pd.DataFrame(table.rows, columns=list(table.heads))


def _points(observed: pd.DataFrame | None, service: str) -> pd.DataFrame:
    if observed is None:
        return pd.DataFrame(columns=["date", "value"])
    here = observed[(observed["service"] == service) & (observed["measure"] == "waiting")]
    return here[["date", "value"]]


def _bands(table: pd.DataFrame, point: str, value: str, middle: str, least: float) -> pd.DataFrame:
    """scenario, the point, middle, low, high; counts under five stand at five, where the grey field begins."""
    rows = []
    for scenario in dict.fromkeys(table["scenario"]):
        wide = table[table["scenario"] == scenario].pivot(index="replication", columns=point, values=value).dropna()
        band = band_of(np.maximum(wide.to_numpy(dtype=np.float64), least), middle)
        ends = zip(wide.columns, band.middle, band.low, band.high, strict=True)
        rows += [(scenario, at, round(mid, 4), round(low, 4), round(high, 4)) for at, mid, low, high in ends]
    return pd.DataFrame(rows, columns=["scenario", point, "middle", "low", "high"])


def _lists_chart(series: pd.DataFrame, start: date, points: pd.DataFrame, language: Language, words: str) -> alt.LayerChart:
    data = _bands(series, "date", "waiting", "median", SMALL)
    data["date"] = pd.to_datetime(data["date"])
    names = list(dict.fromkeys(data["scenario"]))
    axis = alt.Axis(title=None, format="%b %Y", labelOverlap=True, tickCount=6)
    top = max(float(data["high"].max()), float(points["value"].max()) if len(points) else 0.0, 2.2 * SMALL)
    vertical = alt.Scale(domain=[0, top * 1.05])
    lines = _lines(data, names, alt.X("date:T", axis=axis), text("waiting_axis", language), vertical, language)
    when = pd.DataFrame({"date": [pd.Timestamp(start)], "words": [text("waiting_start", language)]})
    rule = alt.Chart(when).mark_rule(color=FAINT, strokeDash=[2, 3], aria=False).encode(x="date:T")
    said = alt.Chart(when).mark_text(align="right", dx=-4, baseline="top", color=INK, fontSize=11, aria=False)
    small = pd.DataFrame({"low": [0], "high": [SMALL], "words": [text("under", language, number=SMALL)]})
    grey = alt.Chart(small).mark_rect(color="#EEF1F3", aria=False).encode(y="low:Q", y2="high:Q")
    label = alt.Chart(small).mark_text(align="left", x=4, color=INK, fontSize=11, baseline="bottom", aria=False)
    layers: list[Any] = [
        grey,
        *lines,
        rule,
        said.encode(x="date:T", y=alt.value(2), text="words:N"),
        label.encode(y="low:Q", text="words:N"),
    ]
    if len(points):
        layers.append(_observed(points, language))
    return dressed(alt.layer(*layers).properties(height=_HEIGHT), language, words)  # type: ignore[no-any-return]


def _observed(points: pd.DataFrame, language: Language) -> Any:
    data = points.assign(date=pd.to_datetime(points["date"]), what=text("pictures_observed", language))
    mark = alt.Chart(data).mark_point(shape="diamond", size=70, filled=True, color=INK)
    return mark.encode(
        x="date:T",
        y="value:Q",
        tooltip=[alt.Tooltip("what:N", title=" "), alt.Tooltip("value:Q", title=text("waiting_axis", language))],
    )


def _shares_chart(shares: pd.DataFrame, language: Language, words: str) -> alt.LayerChart:
    data = _bands(shares, "week", "share", "mean", 0.0)
    names = list(dict.fromkeys(data["scenario"]))
    axis = alt.Axis(title=text("waits_axis", language), values=[0, 4, 8, 13, 18, 22, 26])
    vertical = alt.Scale(domain=[0, 1])
    lines = _lines(data, names, alt.X("week:Q", axis=axis), text("waits_share_axis", language), vertical, language, "%")
    week = pd.DataFrame({"week": [MARKED], "words": [text("waits_13", language, number=MARKED)]})
    rule = alt.Chart(week).mark_rule(color=FAINT, strokeDash=[2, 3], aria=False).encode(x="week:Q")
    said = alt.Chart(week).mark_text(align="left", dx=4, baseline="bottom", color=INK, fontSize=11, aria=False)
    layers = [*lines, rule, said.encode(x="week:Q", y=alt.value(_HEIGHT - 3), text="words:N")]
    return dressed(alt.layer(*layers).properties(height=_HEIGHT), language, words)  # type: ignore[no-any-return]


def _lines(
    data: pd.DataFrame, names: list[str], across: alt.X, title: str, vertical: alt.Scale, language: Language, form: str = ",.0f"
) -> list[alt.Chart]:
    """Bands, and over them the middles, with one legend that shows colour and dash together."""
    data = data.assign(scenario=data["scenario"].map(short))
    named = [short(name) for name in names]
    legend = alt.Legend(title=None, orient="top")
    colour = alt.Color("scenario:N", scale=colours(named), legend=legend, sort=named)
    whose = f"{text('pictures_band', language)}"
    band = alt.Chart(data).mark_area(opacity=0.16, aria=False)
    line = alt.Chart(data).mark_line(strokeWidth=2.5)
    height = alt.Axis(title=title, format=form, tickCount=4)
    tips = [
        alt.Tooltip("scenario:N", title=text("head_scenario", language)),
        alt.Tooltip("middle:Q", title=text("head_median", language), format=form),
        alt.Tooltip("low:Q", title=f"{whose}: {text('pictures_low', language)}", format=form),
        alt.Tooltip("high:Q", title=f"{whose}: {text('pictures_high', language)}", format=form),
    ]
    return [
        band.encode(x=across, y=alt.Y("low:Q", axis=height, scale=vertical), y2="high:Q", color=colour),
        line.encode(
            x=across,
            y=alt.Y("middle:Q", axis=height, scale=vertical),
            color=colour,
            strokeDash=alt.StrokeDash("scenario:N", scale=dashes(named), legend=legend, sort=named),
            tooltip=tips,
        ),
    ]
