"""The comparison and the run as plain text for a terminal: no colour codes when piped, whole from 80 columns on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import StringIO

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dashboard.changed import changed
from dashboard.report import Section, sections
from dashboard.tables import main_keys, presented_run
from dashboard.texts import Language, joined, text
from dashboard.verdicts import cautions, run_cautions, run_staffing, verdict_words, whose_staffing
from scenarios.errors import one_line
from sim.compare import Comparison
from sim.result import Result

LEAST_WIDTH = 80
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
    heads = [text(f"head_{head}", language) for head in ("difference", "interval_short", "half_width", "better_in", "judgement")]
    found = sections(comparison, main_keys(comparison.base), name, language)
    console.print(_table([text("head_measure", language), comparison.base.name, name, *heads], found, _width(console)))


def _notes(comparison: Comparison, console: Console, language: Language) -> None:
    note = text(
        "table_note", language, futures=comparison.replications, short=text("too_small_short", language),
        long=text("too_small", language),
    )  # fmt: skip
    _say(console, note)
    _say(console, f"{whose_staffing(comparison, language)} {text('limit_forecast', language)}")


def print_result(result: Result, console: Console, language: Language) -> None:
    """Print the main measures of a single run, whose staffing it is, and what to beware of."""
    _say(console, text("run_title", language, name=result.name, futures=len(result.replications)), "bold")
    _say(console, run_staffing(result, language), "bold")
    for caution in run_cautions(result, language):
        _say(console, f"! {caution}")
    console.print()
    table = Table(box=box.SIMPLE_HEAD, width=min(_width(console), 100), pad_edge=False)
    table.add_column(text("head_measure", language), ratio=1)
    for head in ("unit", "value"):
        table.add_column(text(f"head_{head}", language), justify="right" if head == "value" else "left", no_wrap=True)
    table.add_column(text("run_head_spread", language), justify="right", no_wrap=True)
    service = ""
    shown = presented_run(result, language)
    for row in shown[shown["main"]].to_dict("records") if len(shown) else []:
        if row["service"] != service:
            service = row["service"]
            table.add_row(Text(one_line(service), style="bold"))
        table.add_row(*(Text(one_line(str(row[column]))) for column in ("label", "unit", "mean", "band")))
    console.print(table)
    note = text("run_note", language, futures=len(result.replications), not_forecast=text("not_forecast_short", language))
    _say(console, f"{note} {run_staffing(result, language)}")


def _width(console: Console) -> int:
    return max(LEAST_WIDTH, min(console.width, WIDEST))


def _table(heads: Sequence[str], found: Sequence[Section], width: int) -> Table:
    """One row a measure, its unit after its name; services as rows of their own."""
    table = Table(box=box.SIMPLE_HEAD, width=width, pad_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    table.add_column(Text(one_line(heads[0])), ratio=1, min_width=16)
    for head in heads[1:]:
        table.add_column(Text(one_line(head)), justify="right", overflow="fold")
    for section in found:
        table.add_row(Text(one_line(section.name), style="bold"))
        for line in section.lines:
            styles = {"better": "bold", "worse": "bold", "quiet": "dim"}
            row = [Text(f"  {line.head} ({line.unit})"), *(Text(cell) for cell in line.cells)]
            table.add_row(*row, style=styles.get(line.kind, ""))
    return table


def _say(console: Console, words: str, style: str = "", indent: int = 0) -> None:
    """A line of text, wrapped; never read as markup."""
    console.print(Padding(Text(one_line(words.replace("\u00a0", " ")), style=style), (0, 0, 0, indent)))
