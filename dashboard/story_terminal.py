"""Stories on the terminal and for programs. Names are never read as markup; nothing is told by colour alone."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dashboard.output import Form, put_console, put_plain, put_rows
from dashboard.story import Sentence, Story
from dashboard.story_twin import Twin
from dashboard.terminal import LEAST_WIDTH, WIDEST
from dashboard.texts import Language, text
from scenarios.errors import one_line

DIFFERENT = "≠"
"""Stands before a line that differs between the two sides."""


def put_story(told: Story, form: Form | None, language: Language) -> None:
    """A child's story on standard output."""
    if form == "json":
        put_plain(asdict(told), form)
    elif form == "csv":
        rows = [{"stamp": told.stamp, "date": s.day.isoformat(), "service": s.place, "text": s.text, "kinds": " ".join(s.kinds)}
                for s in told.sentences]  # fmt: skip
        put_rows(rows, form, language)
    else:
        put_console(lambda console: print_story(told, console))


def put_twin(both: Twin, form: Form | None, language: Language) -> None:
    """The same child twice on standard output."""
    if form == "json":
        put_plain(asdict(both), form)
    elif form == "csv":
        rows: list[dict[str, Any]] = [
            {"stamp": both.stamp, "date": (row.left or row.right).day.isoformat(), "differs": row.differs}  # type: ignore[union-attr]
            | {name: _words(side, language) for name, side in zip(("base", "proposal"), (row.left, row.right), strict=True)}
            for row in both.rows
        ]
        put_rows(rows, form, language)
    else:
        put_console(lambda console: print_twin(both, console, language))


def print_story(told: Story, console: Console) -> None:
    """The story: a date and a service for each sentence, the stamp at the top and the bottom."""
    _head(told.stamp, told.title, (told.origin, *told.notes), console)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for sentence in told.sentences:
        words = Text(one_line(sentence.text))
        if sentence.place:
            words = Text.assemble((one_line(f"{sentence.place}: "), "bold"), words)
        table.add_row(Text(sentence.when), words)
    console.print(table, width=_width(console))
    _foot(told.closing, told.stamp, console)


def print_twin(both: Twin, console: Console, language: Language) -> None:
    """Both stories side by side in order of dates; what differs has a mark of its own before it."""
    _head(both.stamp, both.title, (both.origin, *both.notes), console)
    if any(row.differs for row in both.rows):
        _say(text("story_twin_legend", language, mark=DIFFERENT), console)
        console.print()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for name in both.names:
        table.add_column(Text(one_line(name)), ratio=1, overflow="fold")
    for row in both.rows:
        style = "bold" if row.differs else ""
        sides = (Text(one_line(_words(side, language)), style=style) for side in (row.left, row.right))
        table.add_row(Text(row.when), DIFFERENT if row.differs else "", *sides)
    console.print(table, width=_width(console))
    _foot(both.closing, both.stamp, console)


def _words(sentence: Sentence | None, language: Language) -> str:
    if sentence is None:
        return ""
    return text("story_line", language, place=sentence.place, words=sentence.text) if sentence.place else sentence.text


def _head(stamp: str, title: str, lines: tuple[str, ...], console: Console) -> None:
    _say(stamp, console, "bold")
    console.print()
    _say(title, console, "bold")
    for line in lines:
        if line:
            _say(line, console)
    console.print()


def _foot(closing: tuple[str, ...], stamp: str, console: Console) -> None:
    console.print()
    for line in closing:
        _say(line, console)
    console.print()
    _say(stamp, console, "bold")


def _say(words: str, console: Console, style: str = "") -> None:
    console.print(Text(one_line(words), style=style), width=_width(console))


def _width(console: Console) -> int:
    return max(LEAST_WIDTH, min(console.width, WIDEST))
