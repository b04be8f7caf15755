"""How every figure on the screen looks: colours, dashes, letters with contrast, numbers and months in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt

from dashboard.charts import COLOURS, FAINT, INK, RULE
from dashboard.texts import Language, text

DASH: tuple[tuple[int, ...], ...] = ((1, 0), (7, 3), (2, 2), (8, 3, 2, 3), (1, 2), (10, 4))
"""Of today and the proposals: never told apart by colour alone."""
LONGEST = 34
"""Characters of a name in a figure."""
LINE = 15
"""Characters of a line at the end of a curve: a phone has room for no more."""
LETTERS = 12
"""Pixels of a letter's height."""


def short(name: str, longest: int = LONGEST) -> str:
    """A name as it stands in a figure."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def shortened(names: Iterable[str]) -> dict[str, str]:
    """Names as they stand in a figure: two that begin alike get a number, so that they stay two."""
    found: dict[str, str] = {}
    for name in names:
        words, number = short(name), 2
        while words in found.values():
            words, number = f"{short(name, LONGEST - 4)} ({number})", number + 1
        found[name] = words
    return found


def wrapped(name: str) -> list[str]:
    """A name in two short lines, for the end of a curve."""
    lines = [""]
    for word in name.split():
        joined = f"{lines[-1]} {word}".strip()
        if len(joined) <= LINE or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    if len(lines) > 2:
        lines = [lines[0], f"{' '.join(lines[1:])}"]
    return [short(line, LINE + 1) for line in lines]


def apart(heights: Sequence[float], rooms: Sequence[float], low: float, high: float) -> list[float]:
    """Where labels stand that want to be at these heights and need so much room each: in their order, not on each other."""
    order = sorted(range(len(heights)), key=lambda number: heights[number])
    places, floor = dict[int, float](), low
    for number in order:
        places[number] = max(heights[number], floor + rooms[number] / 2)
        floor = places[number] + rooms[number] / 2
    ceiling = high
    for number in reversed(order):
        places[number] = min(places[number], ceiling - rooms[number] / 2)
        ceiling = places[number] - rooms[number] / 2
    return [places[number] for number in range(len(heights))]


def colours(names: Sequence[str]) -> alt.Scale:
    """The colour of each scenario, today first."""
    return alt.Scale(domain=list(names), range=[COLOURS[number % len(COLOURS)] for number in range(len(names))])


def dashes(names: Sequence[str]) -> alt.Scale:
    """The dash of each scenario, today first."""
    return alt.Scale(domain=list(names), range=[list(DASH[number % len(DASH)]) for number in range(len(names))])


def dressed(chart: Any, language: Language, description: str) -> Any:
    """A chart with the look of all of them.

    Streamlit's own theme draws letters too pale for WCAG's 4.5 to 1; what is set here takes its place.
    """
    months = [text(f"month_{month}", language).rstrip(".") for month in range(1, 13)]
    norwegian = language == "nb"
    number = {"decimal": "," if norwegian else ".", "thousands": "\u00a0" if norwegian else ",", "grouping": [3]}
    more = {"currency": ["", ""], "percent": "\u00a0%" if norwegian else "%"}
    time = {
        "dateTime": "%x %X", "date": "%d.%m.%Y" if norwegian else "%d/%m/%Y", "time": "%H:%M", "periods": ["", ""],
        "days": [""] * 7, "shortDays": [""] * 7, "months": months, "shortMonths": months,
    }  # fmt: skip
    letters = {"labelColor": INK, "titleColor": INK, "labelFontSize": LETTERS, "titleFontSize": LETTERS}
    return (
        chart.properties(description=description)
        .configure(locale={"number": {**number, **more}, "time": time}, aria=True)
        .configure_axis(**letters, titleFontWeight="normal", gridColor=RULE, domainColor=FAINT, tickColor=FAINT)
        .configure_legend(**letters, orient="top", labelLimit=320, symbolStrokeWidth=2.5, symbolSize=160)
        .configure_header(labelColor=INK, titleColor=INK, labelFontSize=13, labelFontWeight="bold", labelAnchor="start")
        .configure_title(color=INK, subtitleColor=INK, fontSize=LETTERS, fontWeight="normal", anchor="start", offset=10)
        .configure_text(color=INK, fontSize=LETTERS)
        .configure_view(stroke=None)
    )
