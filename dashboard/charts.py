"""Figures for paper and report: tidy tables in, drawings out, as SVG or PNG. The same table gives the same bytes.

Scenarios differ in colour, dash and a label at the line's end, never in colour alone. Every figure is an image with a title and
a description for those who do not see it; the caller states both. Counts under 5 are never drawn at their height.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from html import escape
from io import BytesIO, StringIO
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from dashboard.numbers import SMALL, percent, whole
from dashboard.texts import Language, text

Floats = npt.NDArray[np.float64]

INK, FAINT, RULE = "#101418", "#4A545C", "#C9D0D5"
COLOURS = ("#5B6770", "#0B5E8A", "#B3471D", "#6B4C9A", "#2F6B3C", "#8A2E5C")
"""Today grey, then the proposals: at least 5:1 on white."""
DASHES: tuple[Any, ...] = ("solid", (0, (6, 2)), (0, (2, 1.5)), (0, (7, 2, 1.5, 2)), (0, (1, 1)), (0, (9, 3)))
HATCHES = ("", "////", "\\\\\\\\", "....", "xxxx", "----")
FILLS = ("#BFD9E8", "#E3E7EA", "#F2D2C4", "#DCD3E8", "#D3E4D6", "#EFE6C8", "#E8CFDB")
"""Light enough for dark text."""
LOWEST, HIGHEST = 0.1, 0.9
"""The band: 8 of 10 possible futures."""
WIDTH = 7.2
"""Inches; the page is as wide as an A4 sheet between its margins."""
DOTS_AN_INCH = 200
"""Of a figure on paper."""
_FONTS = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "trinn",
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that every machine lays out alike; wider than what is shown
    "font.size": 8.5,
    "hatch.linewidth": 0.5,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "text.parse_math": False,  # a name with dollar signs is a name
}


class Alternative(NamedTuple):
    """What a figure says, for those who do not see it, and whose staffing it shows, for all."""

    title: str
    description: str
    whose: str
    """Stands in the figure itself, so that it follows the figure wherever it is pasted."""


@dataclass(frozen=True)
class Band:
    """A series over replications: its middle and the band of 8 in 10."""

    middle: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Drawing:
    """A figure that is drawn, to be put on a page or on paper."""

    figure: Figure
    prefix: str
    """Of the ids in the SVG, so that several figures can share a page."""
    alternative: Alternative

    def svg(self) -> str:
        """An ``<svg>`` element with title and description."""
        with _settings():
            return _svg(self.figure, self.prefix, self.alternative)

    def png(self) -> bytes:
        """The same as dots; the same figure gives the same bytes."""
        stream = BytesIO()
        with _settings():
            _say_whose(self.figure, self.alternative)
            canvas: Any = FigureCanvasAgg(self.figure)
            canvas.print_figure(stream, format="png", dpi=DOTS_AN_INCH, metadata={"Software": None})
        return stream.getvalue()


def band_of(values: Floats, middle: str = "median") -> Band:
    """Of an array replication x point."""
    centre = np.median(values, axis=0) if middle == "median" else values.mean(axis=0)
    return Band(centre, np.quantile(values, LOWEST, axis=0), np.quantile(values, HIGHEST, axis=0))


@contextmanager
def _settings() -> Iterator[None]:
    with mpl.rc_context(_SETTINGS):
        yield


def waiting_lists(
    series: pd.DataFrame, names: dict[str, str], start: date, prefix: str, alternative: Alternative, language: Language
) -> Drawing:
    """Waiting lists over time, one panel a service.

    Args:
        series: scenario, replication, date, service, waiting; scenarios in their order of first mention.
        names: service to what it is called, in the order of the panels.
        start: the start date, marked.
        prefix: of the ids in the SVG, so that several figures can share a page.
        alternative: what the figure says.
        language: of its words.
    """
    with _settings():
        figure, panels = _panels(len(names), 2.15)
        for (service, name), axes in zip(names.items(), panels, strict=True):
            here = series[series["service"] == service]
            _waiting_panel(axes, here, start, language)
            axes.set_title(name, loc="left", fontsize=9.5, fontweight="bold")
        panels[0].set_ylabel(text("waiting_axis", language), fontsize=8)
        return Drawing(figure, prefix, alternative)


def _waiting_panel(axes: Axes, series: pd.DataFrame, start: date, language: Language) -> None:
    ends = []
    for number, (scenario, part) in enumerate(_by_scenario(series)):
        table = part.pivot(index="replication", columns="date", values="waiting")
        days = np.asarray([_day(day) for day in sorted(set(part["date"]))])
        band = band_of(np.maximum(table.to_numpy(dtype=np.float64), SMALL))
        _line(axes, days, band, number)
        ends.append((band.middle[-1], scenario, number))
    axes.set_xlim(days[0], days[-1])
    axes.set_ylim(0, max(axes.get_ylim()[1], 2.2 * SMALL))
    axes.axhspan(0, SMALL, facecolor="#EEF1F3", edgecolor=RULE, linewidth=0, zorder=0)
    axes.annotate(
        text("under", language, number=SMALL), (0.005, SMALL / 2), xycoords=("axes fraction", "data"), va="center",
        fontsize=7.5, color=FAINT,
    )  # fmt: skip
    axes.axvline(_day(start), color=FAINT, linewidth=0.9, linestyle=(0, (1, 1.5)))
    axes.annotate(
        text("waiting_start", language), (_day(start), 1.0), xycoords=("data", "axes fraction"), xytext=(-4, 0),
        textcoords="offset points", ha="right", va="top", fontsize=7.5, color=FAINT,
    )  # fmt: skip
    _date_axis(axes, list(series["date"]), language)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: whole(value, language)))
    _end_labels(axes, ends)


def waits(
    shares: pd.DataFrame, names: dict[str, str], prefix: str, alternative: Alternative, language: Language, marked: int = 13
) -> Drawing:
    """Waits as a distribution function, one panel a service.

    Args:
        shares: scenario, replication, service, week, share; as in ``Folded.waits``.
        names, prefix, alternative, language: as in :func:`waiting_lists`.
        marked: the week with a line.
    """
    with _settings():
        figure, panels = _panels(len(names), 2.15)
        for (service, name), axes in zip(names.items(), panels, strict=True):
            _waits_panel(axes, shares[shares["service"] == service], marked, language)
            axes.set_title(name, loc="left", fontsize=9.5, fontweight="bold")
        panels[0].set_ylabel(text("waits_share_axis", language), fontsize=8)
        panels[-1].set_xlabel(text("waits_axis", language), fontsize=8)
        return Drawing(figure, prefix, alternative)


def _waits_panel(axes: Axes, shares: pd.DataFrame, marked: int, language: Language) -> None:
    ends = []
    for number, (scenario, part) in enumerate(_by_scenario(shares)):
        table = part.pivot(index="replication", columns="week", values="share").dropna()
        band = band_of(table.to_numpy(dtype=np.float64), "mean")
        _line(axes, np.asarray(table.columns, dtype=np.float64), band, number)
        ends.append((band.middle[-1], scenario, number))
    axes.set_xlim(0, int(shares["week"].max()))
    axes.set_ylim(0, 1.02)
    axes.axvline(marked, color=FAINT, linewidth=0.9, linestyle=(0, (1, 1.5)))
    words = text("waits_13", language, number=marked)
    axes.annotate(words, (marked, 0.04), xytext=(4, 0), textcoords="offset points", fontsize=7.5, color=FAINT)
    axes.set_xticks([0, 4, 8, 13, 18, 22, 26])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, language)))
    axes.grid(axis="y", color=RULE, linewidth=0.5)
    _end_labels(axes, ends)


class Part(NamedTuple):
    """A part of a stacked bar, and what it is called."""

    way: str
    name: str


def leaving(
    flows: pd.DataFrame, blocks: Mapping[str, Sequence[Part]], prefix: str, alternative: Alternative, language: Language
) -> Drawing:
    """Where children leave: stacked horizontal bars, one a scenario, in one block above the other.

    Args:
        flows: scenario, way, value (children a year).
        blocks: heading to the parts of its bars, in order.
        prefix, alternative, language: as in :func:`waiting_lists`.
    """
    scenarios = list(dict.fromkeys(flows["scenario"]))
    with _settings():
        heights = [inches for parts in blocks.values() for inches in (0.3 * len(scenarios) + 0.25, 0.2 * _legend_rows(parts))]
        figure = Figure(figsize=(WIDTH, sum(heights) + 0.3 * len(blocks) + 0.5), layout="constrained")
        panels = list(figure.subplots(len(heights), 1, height_ratios=heights))
        offset, most = 0, 1.05 * max(_total(flows, scenario, parts) for scenario in scenarios for parts in blocks.values())
        for (heading, parts), axes, key in zip(blocks.items(), panels[::2], panels[1::2], strict=True):
            _stacked(axes, flows, scenarios, parts, offset, language)
            axes.set_xlim(0, most)
            axes.set_title(heading, loc="left", fontsize=9.5, fontweight="bold")
            key.axis("off")
            key.legend(*axes.get_legend_handles_labels(), loc="upper left", ncols=2, frameon=False, fontsize=8, borderaxespad=0)
            offset += len(parts)
        panels[-2].set_xlabel(text("leaving_axis", language), fontsize=8)
        return Drawing(figure, prefix, alternative)


def _legend_rows(parts: Sequence[Part]) -> int:
    return -(-len(parts) // 2)


def _total(flows: pd.DataFrame, scenario: str, parts: Sequence[Part]) -> float:
    here = flows[(flows["scenario"] == scenario) & flows["way"].isin([part.way for part in parts])]
    return float(here["value"].sum())


def _stacked(
    axes: Axes, flows: pd.DataFrame, scenarios: list[str], parts: Sequence[Part], offset: int, language: Language
) -> None:
    values = {(row.scenario, row.way): float(str(row.value)) for row in flows.itertuples()}
    left = np.zeros(len(scenarios))
    for number, part in enumerate(parts):
        widths = np.asarray([values.get((scenario, part.way), 0.0) for scenario in scenarios])
        drawn = np.where(widths >= SMALL, widths, 0.0)
        fill, hatch = FILLS[(offset + number) % len(FILLS)], HATCHES[number % len(HATCHES)]
        bars = axes.barh(
            range(len(scenarios)), drawn, left=left, height=0.72, color=fill, edgecolor="#8A959D", hatch=hatch, linewidth=0.6,
            label=part.name,
        )  # fmt: skip
        for bar, value in zip(bars, drawn, strict=True):
            if value:
                middle = (bar.get_x() + value / 2, bar.get_y() + bar.get_height() / 2)
                box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
                axes.annotate(whole(value, language), middle, ha="center", va="center", fontsize=8, bbox=box)
        left += drawn
    axes.set_yticks(range(len(scenarios)), [_short(name) for name in scenarios])
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _by_scenario(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for scenario in dict.fromkeys(table["scenario"]):
        yield scenario, table[table["scenario"] == scenario]


def _panels(count: int, height: float) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(WIDTH, height * count + 0.25), layout="constrained")
    return figure, list(np.atleast_1d(figure.subplots(count, 1)))


def _line(axes: Axes, points: Floats, band: Band, number: int) -> None:
    colour, dash = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
    if number == 0:
        axes.fill_between(points, band.low, band.high, color=colour, alpha=0.2, linewidth=0)
    else:
        axes.fill_between(points, band.low, band.high, color=colour, alpha=0.06, linewidth=0)
        for edge in (band.low, band.high):
            axes.plot(points, edge, color=colour, linestyle=dash, linewidth=0.7)
    axes.plot(points, band.middle, color=colour, linestyle=dash, linewidth=2.0)


def _end_labels(axes: Axes, ends: list[tuple[float, str, int]]) -> None:
    """The scenarios' names at the ends of their lines, moved apart where they would lie on each other."""
    low, high = axes.get_ylim()
    step = (high - low) * 0.115
    heights: list[float] = []
    ordered = sorted(ends)
    for value, _, _ in ordered:
        heights.append(max(value, heights[-1] + step) if heights else value)
    middle = sum(heights) / len(heights) - sum(value for value, _, _ in ordered) / len(ordered)
    surplus = max(middle, heights[-1] - high)
    for (value, scenario, number), height in zip(ordered, heights, strict=True):
        axes.annotate(
            _short(scenario), (1.0, value), xycoords=("axes fraction", "data"), xytext=(1.02, height - surplus),
            textcoords=("axes fraction", "data"), color=COLOURS[number % len(COLOURS)], va="center", fontsize=8,
            fontweight="bold", annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": COLOURS[number % len(COLOURS)], "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0,
                "relpos": (0, 0.5),
            },
        )  # fmt: skip


def _short(name: str, longest: int = 26) -> str:
    """A scenario's name as it stands in a figure."""
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _day(day: date) -> float:
    return float(day.toordinal())


def _date_axis(axes: Axes, dates: list[date], language: Language) -> None:
    first, last = min(dates), max(dates)
    months = 12 if (last - first).days > 6 * 365 else 6 if (last - first).days > 500 else 3 if (last - first).days > 180 else 1
    ticks = [date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13, months)]
    ticks = [day for day in ticks if first <= day <= last]
    axes.set_xticks([_day(day) for day in ticks], [f"{text(f'month_{d.month}', language)} {d.year}" for d in ticks])
    axes.tick_params(axis="x", labelsize=8)


def _say_whose(figure: Figure, alternative: Alternative) -> None:
    figure.supxlabel(alternative.whose, x=0.005, ha="left", fontsize=7.5, color=FAINT)


def _svg(figure: Figure, prefix: str, alternative: Alternative) -> str:
    """The figure as an ``<svg>`` element with title and description, its ids under the prefix."""
    _say_whose(figure, alternative)
    stream = StringIO()
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(stream, metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'xlink:href="#([^"]+)"', rf'xlink:href="#{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    svg = svg.replace("*{stroke", f"#{prefix} *{{stroke").replace("'DejaVu Sans'", _FONTS)
    head = (
        f'<svg id="{prefix}" role="img" aria-labelledby="{prefix}-title {prefix}-desc" '
        f'viewBox="{_view_box(svg)}" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">\n'
        f'<title id="{prefix}-title">{escape(alternative.title)}</title>\n'
        f'<desc id="{prefix}-desc">{escape(f"{alternative.description} {alternative.whose}".strip())}</desc>'
    )
    return re.sub(r"<svg\b[^>]*>", lambda _: head, svg, count=1)


def _view_box(svg: str) -> str:
    found = re.search(r'viewBox="([^"]+)"', svg)
    assert found is not None
    return found[1]
