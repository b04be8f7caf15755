"""Curves with a band round them and their names at their ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from dashboard import numbers
from dashboard.charts import band_of
from dashboard.pictures.look import LETTERS, apart, colours, dashes, shortened, wrapped
from dashboard.texts import Language, text

HEIGHT = 300
"""Pixels of a figure with its axes."""
INSIDE = 220
"""Pixels of it that the curves have, about."""
_LEADING = 1.25


def bands(table: pd.DataFrame, point: str, value: str, middle: str, unit: str, language: Language) -> pd.DataFrame:
    """What is drawn: scenario, the point, middle, low, high and what is said of them.

    A count under five stands at five, where the grey field begins.

    Args:
        table: scenario, replication, the point, the value.
        point: its column.
        value: its column.
        middle: ``median`` or ``mean``.
        unit: of the value.
        language: of what is said.
    """
    least = float(numbers.SMALL) if unit in numbers.COUNTS else -np.inf
    rows = []
    short = shortened(dict.fromkeys(table["scenario"]))
    for scenario, name in short.items():
        wide = table[table["scenario"] == scenario].pivot(index="replication", columns=point, values=value).dropna()
        band = band_of(wide.to_numpy(dtype=np.float64), middle)
        for at, *ends in zip(wide.columns, band.middle, band.low, band.high, strict=True):
            said = text("pictures_in_band", language, middle=_said(ends[0], unit, language), range=_range(ends, unit, language))
            rows.append((name, at, *(round(max(end, least), 3) for end in ends), said))
    return pd.DataFrame(rows, columns=["scenario", point, "middle", "low", "high", "shown"])


def _said(value: float, unit: str, language: Language) -> str:
    return numbers.shown(float(value), unit, language)


def _range(ends: Sequence[float], unit: str, language: Language) -> str:
    low, high = (_said(end, unit, language) for end in ends[1:])
    return low if low == high else text("range", language, low=low, high=high)


def curves(
    data: pd.DataFrame, across: alt.X, up: Callable[[str], alt.Y], language: Language, step: bool = False, legend: bool = False
) -> list[Any]:
    """Bands, and over them the middles: today's band is an area, those of proposals have thin edges.

    Args:
        data: as :func:`bands` gives it.
        across: where a point stands.
        up: how high a column stands.
        language: of the words.
        step: whether values hold until the next point.
        legend: whether names stand above the figure; else they stand at the ends of the curves.
    """
    names = list(dict.fromkeys(data["scenario"]))
    kind: Any = "step-after" if step else "linear"
    key: Any = alt.Legend(title=None) if legend else None
    fill = alt.Fill("scenario:N", scale=colours(names), sort=names, legend=None)
    colour = alt.Stroke("scenario:N", scale=colours(names), sort=names, legend=key)
    dash = alt.StrokeDash("scenario:N", scale=dashes(names), sort=names, legend=key)
    opacity = alt.condition(alt.datum.scenario == names[0], alt.value(0.2), alt.value(0.06))
    area = alt.Chart(data).mark_area(interpolate=kind, aria=False)
    layers = [area.encode(x=across, y=up("low"), y2="high:Q", fill=fill, fillOpacity=opacity)]
    if len(names) > 1:
        edges = alt.Chart(data).transform_filter(alt.datum.scenario != names[0])
        edge = edges.mark_line(interpolate=kind, strokeWidth=0.8, aria=False)
        layers += [edge.encode(x=across, y=up(end), stroke=colour, strokeDash=dash) for end in ("low", "high")]
    tips = [
        alt.Tooltip("scenario:N", title=text("head_scenario", language)),
        alt.Tooltip("shown:N", title=text("head_median" if not step else "head_value", language)),
    ]
    line = alt.Chart(data).mark_line(interpolate=kind, strokeWidth=2.5)
    return [*layers, line.encode(x=across, y=up("middle"), stroke=colour, strokeDash=dash, tooltip=tips)]


def ends(data: pd.DataFrame, point: str, across: alt.X, top: float) -> Any:
    """The scenarios' names at the ends of their curves, moved apart where they would lie on each other."""
    names = list(dict.fromkeys(data["scenario"]))
    last = data[data[point] == data[point].max()].drop_duplicates("scenario")
    lines = [wrapped(name) for name in last["scenario"]]
    pixel = top / INSIDE
    rooms = [len(each) * LETTERS * _LEADING * pixel for each in lines]
    places = apart(list(last["middle"]), rooms, 0.0, max(top, sum(rooms)))
    table = last[["scenario", point]].assign(place=places, words=["\n".join(each) for each in lines])
    mark = alt.Chart(table).mark_text(
        align="left", baseline="middle", dx=6, lineBreak="\n", fontSize=LETTERS, fontWeight="bold", aria=False
    )
    colour = alt.Color("scenario:N", scale=colours(names), sort=names, legend=None)
    return mark.encode(x=across, y="place:Q", text="words:N", color=colour)
