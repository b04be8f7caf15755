"""Waiting lists over time, and how long children wait."""

from __future__ import annotations

from datetime import date
from typing import Any

import altair as alt
import pandas as pd

from dashboard.charts import FAINT, INK
from dashboard.comparison import Comparison
from dashboard.figures import Lists, Table, lists_of, shares_of, waiting_table, waiting_words, waits_table, waits_words
from dashboard.numbers import SMALL, whole
from dashboard.pictures.curves import HEIGHT, bands, curves, ends
from dashboard.pictures.look import dressed
from dashboard.pictures.picture import Picture
from dashboard.texts import Language, text

MARKED = 13
"""The week with a line: what may be promised is counted in quarters."""
GREY = "#EEF1F3"
"""Where counts are under five."""
_PANEL = 112
"""Pixels of one list among many."""
_HEAD = 24
_FOOT = 8


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
        words = " ".join([*waiting_words(series, {service: name}, language), *lists.notes])
        points = _points(observed, service)
        found.append(
            Picture(
                name=f"waiting_{service}",
                title=f"{text('pictures_waiting', language)}: {name}",
                alt=words,
                table=frame_of(waiting_table(series, name, language)),
                how=text("waiting_intro", language, futures=comparison.replications),
                chart=_lists_chart(series, comparison.base.scenario.period.start, points, language, words),
            )
        )
    return found


def lists_together(comparison: Comparison, language: Language) -> Picture | None:
    """The waiting lists of all services in one figure, each with a height of its own; None where no list has five children."""
    lists = lists_of(comparison, language)
    if not lists.names:
        return None
    series = lists.series[lists.series["service"].isin(list(lists.names))]
    words = " ".join([*waiting_words(series, lists.names, language), *lists.notes])
    tables = []
    for service, name in lists.names.items():
        table = frame_of(waiting_table(series[series["service"] == service], name, language))
        table.insert(0, text("head_service", language), name)
        tables.append(table)
    how = f"{text('waiting_intro', language, futures=comparison.replications)} {text('pictures_together_how', language)}"
    return Picture(
        name="waiting_all",
        title=text("waiting_title", language),
        alt=words,
        table=pd.concat(tables, ignore_index=True),
        how=how,
        chart=_together(lists, comparison.base.scenario.period.start, language, words),
    )


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


# -- one list -----------------------------------------------------------------------------------------------------------


def _points(observed: pd.DataFrame | None, service: str) -> pd.DataFrame:
    """What was observed at a service; what is under five stands at five."""
    if observed is None:
        return pd.DataFrame(columns=["date", "value", "shown"])
    here = observed[(observed["service"] == service) & (observed["measure"] == "waiting")].dropna(subset=["value"])
    values = here["value"].astype(float)
    return pd.DataFrame({"date": pd.to_datetime(here["date"]), "value": values.clip(lower=SMALL), "small": values < SMALL})


def _lists_chart(series: pd.DataFrame, start: date, points: pd.DataFrame, language: Language, words: str) -> Any:
    data = bands(series, "date", "waiting", "median", "children", language)
    data["date"] = pd.to_datetime(data["date"])
    highest = max(float(data["high"].max()), float(points["value"].max()) if len(points) else 0.0, 2.2 * SMALL)
    top = 1.05 * highest
    across = _dates()
    axis = alt.Axis(title=text("waiting_axis", language), format=",.0f", tickCount=4)

    def up(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", axis=axis, scale=alt.Scale(domain=[0, top], nice=False))

    small = pd.DataFrame({"low": [0], "high": [SMALL], "words": [text("under", language, number=SMALL)]})
    grey = alt.Chart(small).mark_rect(color=GREY, aria=False).encode(y=up("low"), y2="high:Q")
    label = alt.Chart(small).mark_text(align="left", baseline="bottom", color=INK, fontSize=11, aria=False)
    layers = [
        grey,
        *curves(data, across, up, language),
        *_start(start, across, language, top),
        label.encode(x=alt.value(4), y=up("low"), text="words:N"),
        ends(data, "date", across, top),
    ]
    if len(points):
        layers.append(_observed(points, across, up, language))
    title = alt.TitleParams(text("pictures_band_median", language))
    return dressed(alt.layer(*layers).properties(height=HEIGHT, title=title), language, words)


def _dates() -> alt.X:
    return alt.X("date:T", axis=alt.Axis(title=None, format="%b %Y", labelOverlap=True, tickCount=6, grid=False))


def _start(start: date, across: alt.X, language: Language, top: float) -> list[Any]:
    """A line where the counting begins, and its name."""
    when = pd.DataFrame({"date": [pd.Timestamp(start)], "top": [top], "words": [text("waiting_start", language)]})
    rule = alt.Chart(when).mark_rule(color=FAINT, strokeDash=[2, 3], aria=False).encode(x=across)
    said = alt.Chart(when).mark_text(align="right", dx=-4, baseline="top", color=INK, fontSize=11, aria=False)
    return [rule, said.encode(x=across, y="top:Q", text="words:N")]


def _observed(points: pd.DataFrame, across: alt.X, up: Any, language: Language) -> Any:
    under = text("under", language, number=SMALL)
    shown = [under if small else whole(value, language) for value, small in zip(points["value"], points["small"], strict=True)]
    data = points[["date", "value"]].assign(shown=shown, what=text("pictures_observed", language))
    mark = alt.Chart(data).mark_point(size=80, filled=True, opacity=1)
    dark = alt.Scale(domain=[text("pictures_observed", language)], range=[INK])
    key = alt.Legend(title=None)
    return mark.encode(
        x=across,
        y=up("value"),
        shape=alt.Shape("what:N", scale=alt.Scale(domain=dark.domain, range=["diamond"]), legend=key),
        color=alt.Color("what:N", scale=dark, legend=key),
        tooltip=[alt.Tooltip("what:N", title=" "), alt.Tooltip("shown:N", title=text("waiting_axis", language))],
    )


# -- all lists ----------------------------------------------------------------------------------------------------------


def _together(lists: Lists, start: date, language: Language, words: str) -> Any:
    """One panel under the other on one canvas, so that the figure is as wide as the page: facets have a width of their own."""
    frames, heads = [], []
    for number, (service, name) in enumerate(lists.names.items()):
        here = bands(lists.series[lists.series["service"] == service], "date", "waiting", "median", "children", language)
        top = max(float(here["high"].max()), 2.2 * SMALL)
        floor, height = (number + 1) * _PANEL - _FOOT, _PANEL - _HEAD - _FOOT
        here[["middle", "low", "high"]] = (floor - here[["middle", "low", "high"]] / top * height).round(1)
        frames.append(here.assign(panel=number))
        said = text("pictures_panel", language, service=name, most=whole(top, language))
        heads.append((number * _PANEL + 2, floor, round(floor - SMALL / top * height, 1), said))
    data = pd.concat(frames, ignore_index=True)
    data["date"] = pd.to_datetime(data["date"])
    table = pd.DataFrame(heads, columns=["head", "floor", "small", "words"])
    across = _dates()

    def up(column: str) -> alt.Y:
        whole_height = _PANEL * len(lists.names)
        return alt.Y(f"{column}:Q", axis=None, scale=alt.Scale(domain=[whole_height, 0], nice=False))

    base = alt.Chart(table)
    layers = [
        base.mark_rect(color=GREY, aria=False).encode(y=up("small"), y2="floor:Q"),
        base.mark_rule(color=FAINT, aria=False).encode(y=up("floor")),
        *(layer.encode(detail="panel:N") for layer in curves(data, across, up, language, legend=True)),
        base.mark_text(align="left", baseline="top", fontWeight="bold", fontSize=13, color=INK, aria=False).encode(
            x=alt.value(0), y=up("head"), text="words:N"
        ),
        _start(start, across, language, 0.0)[0],
    ]
    title = alt.TitleParams(text("pictures_band_median", language))
    chart = alt.layer(*layers).properties(height=_PANEL * len(lists.names) + 80, title=title)
    return dressed(chart, language, words)


# -- how long -----------------------------------------------------------------------------------------------------------


def _shares_chart(shares: pd.DataFrame, language: Language, words: str) -> Any:
    data = bands(shares, "week", "share", "mean", "share", language)
    across = alt.X("week:Q", axis=alt.Axis(title=text("waits_axis", language), values=[0, 4, 8, 13, 18, 22, 26], grid=False))
    axis = alt.Axis(title=text("waits_share_axis", language), format=".0%", tickCount=4)

    def up(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", axis=axis, scale=alt.Scale(domain=[0, 1]))

    week = pd.DataFrame({"week": [MARKED], "low": [0.02], "words": [text("waits_13", language, number=MARKED)]})
    rule = alt.Chart(week).mark_rule(color=FAINT, strokeDash=[2, 3], aria=False).encode(x=across)
    said = alt.Chart(week).mark_text(align="left", dx=4, baseline="bottom", color=INK, fontSize=11, aria=False)
    layers = [
        *curves(data, across, up, language, step=True),
        rule,
        said.encode(x=across, y=up("low"), text="words:N"),
        ends(data, "week", across, 1.0),
    ]
    title = alt.TitleParams(text("pictures_band_mean", language))
    return dressed(alt.layer(*layers).properties(height=HEIGHT, title=title), language, words)
