"""The comparison and the run as plain text for a terminal: no colour codes when piped, whole from 80 columns on."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from io import StringIO

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from dashboard.changed import changed
from dashboard.report import Section, sections
from dashboard.tables import main_keys, presented_run
from dashboard.texts import Language, joined, text
from dashboard.verdicts import cautions, run_cautions, run_staffing, table_note, verdict_words, whose_staffing
from scenarios.errors import one_line
from sim.compare import Comparison
from sim.result import Result

LEAST_WIDTH = 80
WIDE_ENOUGH = 95
"""From here on the half width has a column too; the interval says the same."""
HALF_WIDTH = 4
"""Which cell of a row it is."""
LEAST_FIRST = 18
WIDEST = 120
"""A table wider than this is harder to read, however wide the window."""


def comparison_text(comparison: Comparison, language: Language, width: int = 100) -> str:
    """The comparison as text without colour codes: for files and pipes."""
    return _plain(width, lambda console: print_comparison(comparison, console, language))


def result_text(result: Result, language: Language, width: int = 100) -> str:
    """A run as text without colour codes."""
    return _plain(width, lambda console: print_result(result, console, language))


def _plain(width: int, put: Callable[[Console], None]) -> str:
    stream = StringIO()
    console = Console(file=stream, width=max(width, LEAST_WIDTH), color_system=None, force_terminal=False, legacy_windows=False)
    put(console)
    return "".join(line.rstrip() + "\n" for line in stream.getvalue().splitlines())


def print_comparison(comparison: Comparison, console: Console, language: Language) -> None:
    """Print verdicts, whose staffing, what was changed, the tables and what to beware of."""
    proposals = list(comparison.others)
    names = joined(proposals, language)
    title = text("compare_title", language, base=comparison.base.name, proposals=names, futures=comparison.replications)
    _say(console, title, "bold")
    _say(console, whose_staffing(comparison, language), "bold")
    for caution in cautions(comparison, language):
        _say(console, f"! {caution}")
    for name in proposals:
        _proposal(comparison, name, console, language)
    console.print()
    _notes(comparison, console, language)


def _proposal(comparison: Comparison, name: str, console: Console, language: Language) -> None:
    words = verdict_words(comparison, name, language)
    console.print()
    _say(console, f"{name}: {words.title}", "bold")
    _say(console, words.sentence, indent=2)
    for note in words.notes:
        _say(console, f"- {note}", indent=2)
    for item in changed(comparison, name, language):
        since = text("since_date", language, date=item.since) if item.since[:1].isdigit() else item.since
        line = text("changed_line", language, address=item.address, old=item.old, new=item.new, since=since, lever=item.lever)
        _say(console, line, indent=2)
    console.print()
    _say(console, whose_staffing(comparison, language), "italic")
    heads = [comparison.base.name, name]
    heads += [text(f"head_{head}", language) for head in ("difference", "interval_short", "half_width", "better_in")] + [""]
    keep = [i for i in range(len(heads)) if i != HALF_WIDTH or _width(console) >= WIDE_ENOUGH]
    found = sections(comparison, main_keys(comparison.base), name, language)
    _put_table(console, [text("head_measure", language), *(heads[i] for i in keep)], _rows(found, keep))


def _notes(comparison: Comparison, console: Console, language: Language) -> None:
    _say(console, table_note(comparison, language))
    _say(console, f"{whose_staffing(comparison, language)} {text('limit_forecast', language)}")


def print_result(result: Result, console: Console, language: Language) -> None:
    """Print the main measures of a single run, whose staffing it is, and what to beware of."""
    _say(console, text("run_title", language, name=result.name, futures=len(result.replications)), "bold")
    _say(console, run_staffing(result, language), "bold")
    for caution in run_cautions(result, language):
        _say(console, f"! {caution}")
    console.print()
    shown = presented_run(result, language)
    blocks: dict[str, list[list[str]]] = {}
    for row in shown[shown["main"]].to_dict("records") if len(shown) else []:
        cells = [f"{row['label']} ({row['unit']})", row["mean"], row["band"]]
        blocks.setdefault(row["service"] or text("area_section", language), []).append(cells)
    heads = [text(key, language) for key in ("head_measure", "head_value", "run_head_spread")]
    _put_table(console, heads, list(blocks.items()))
    console.print()
    note = text("run_note", language, futures=len(result.replications), not_forecast=text("not_forecast_short", language))
    _say(console, f"{note} {run_staffing(result, language)}")


def _width(console: Console) -> int:
    return max(LEAST_WIDTH, min(console.width, WIDEST))


def _put_table(console: Console, heads: Sequence[str], blocks: Sequence[tuple[str, Sequence[Sequence[str]]]]) -> None:
    """A table of texts: the first column wraps and takes what room is left, the others stand to the right.

    A block is a heading and its rows; the last of the cells may hold a word, which is set bold.
    """
    heads = [_cut(one_line(head)) for head in heads]
    gap = "  " if _width(console) >= WIDE_ENOUGH else " "
    rows = [row for _, block in blocks for row in block]
    widths = [max(cell_len(cell) for cell in column) for column in zip(heads, *rows, strict=True)][1:]
    first = max(LEAST_FIRST, _width(console) - sum(widths) - len(gap) * len(widths))
    first = min(first, max((cell_len(row[0]) for row in rows), default=0) + 2)
    _put_line(console, heads, first, widths, gap, "bold")
    console.print(Text("-" * (first + sum(widths) + len(gap) * len(widths))), soft_wrap=True)
    for heading, block in blocks:
        if heading:
            console.print(Text(one_line(heading), style="bold"), soft_wrap=True)
        for row in block:
            _put_line(console, [f"  {row[0]}", *row[1:]], first, widths, gap, "")


def _put_line(console: Console, cells: Sequence[str], first: int, widths: Sequence[int], gap: str, style: str) -> None:
    wrapped = textwrap.wrap(cells[0], first, subsequent_indent="    ") or [""]
    rest = "".join(gap + " " * (width - cell_len(cell)) + cell for cell, width in zip(cells[1:], widths, strict=True))
    for number, part in enumerate(wrapped):
        line = part + " " * (first - cell_len(part)) + rest if number == 0 else part
        console.print(Text(line.rstrip(), style=style), soft_wrap=True)


def _cut(head: str, longest: int = 13) -> str:
    return head if len(head) <= longest else head[: longest - 1] + "…"


def _rows(found: Sequence[Section], keep: Sequence[int]) -> list[tuple[str, list[list[str]]]]:
    """The sections of a table as rows of text: the measure with its unit, then the wanted cells."""
    return [
        (section.name, [[f"{line.head} ({line.unit})", *(line.cells[i] for i in keep)] for line in section.lines])
        for section in found
    ]


def _say(console: Console, words: str, style: str = "", indent: int = 0) -> None:
    """A line of text, wrapped; never read as markup."""
    console.print(Padding(Text(one_line(words.replace("\u00a0", " ")), style=style), (0, 0, 0, indent)))
