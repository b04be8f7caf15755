"""How every figure on the screen looks: colours, dashes, letters with contrast, numbers and months in the reader's language."""

from __future__ import annotations

from typing import Any

import altair as alt

from dashboard.charts import COLOURS, FAINT, INK, RULE
from dashboard.texts import Language, text

DASH: tuple[tuple[int, ...], ...] = ((1, 0), (7, 3), (2, 2), (8, 3, 2, 3), (1, 2), (10, 4))
"""Of today and the proposals: never told apart by colour alone."""
LONGEST = 34
"""Characters of a name in a figure."""


def short(name: str) -> str:
    """A name as it stands in a figure."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def colours(names: list[str]) -> alt.Scale:
    """The colour of each scenario, today first."""
    return alt.Scale(domain=names, range=[COLOURS[number % len(COLOURS)] for number in range(len(names))])


def dashes(names: list[str]) -> alt.Scale:
    """The dash of each scenario, today first."""
    return alt.Scale(domain=names, range=[list(DASH[number % len(DASH)]) for number in range(len(names))])


def dressed(chart: Any, language: Language, description: str) -> Any:
    """A chart with the look of all of them.

    Streamlit's own theme draws letters too pale for WCAG's 4.5 to 1; what is set here takes its place.
    """
    months = [text(f"month_{month}", language).rstrip(".") for month in range(1, 13)]
    norwegian = language == "nb"
    number = {"decimal": "," if norwegian else ".", "thousands": "\u00a0", "grouping": [3], "currency": ["", ""]}
    time = {
        "dateTime": "%x %X", "date": "%d.%m.%Y", "time": "%H.%M", "periods": ["", ""],
        "days": [""] * 7, "shortDays": [""] * 7, "months": months, "shortMonths": months,
    }  # fmt: skip
    letters = {"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    return (
        chart.properties(description=description)
        .configure(locale={"number": number, "time": time}, aria=True)
        .configure_axis(**letters, gridColor=RULE, domainColor=FAINT, tickColor=FAINT)
        .configure_legend(**letters, orient="top", labelLimit=320, symbolStrokeWidth=2.5, symbolSize=160)
        .configure_header(labelColor=INK, titleColor=INK, labelFontSize=13, labelFontWeight="bold", labelAnchor="start")
        .configure_title(color=INK, fontSize=13, anchor="start")
        .configure_text(color=INK)
        .configure_view(stroke=None)
    )
