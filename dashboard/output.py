"""What the command puts out: tables for people and for programs, files that are whole or not there, a progress bar."""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from scenarios.errors import Fault, TrinnError, one_line
from scenarios.levers import Lever
from scenarios.schema import Label, Scenario

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.console import Console
    from rich.table import Table

    from dashboard.comparison import Comparison
    from sim.result import Result

Language = Literal["nb", "en"]
Form = Literal["json", "csv"]
Rows = Sequence[Mapping[str, Any]]

_HEADS = {
    "name": "navn",
    "number": "nummer",
    "children_0_17": "barn 0-17",
    "catchment": "opptaksområde",
    "about": "om",
    "grade": "sikkerhet",
    "unit": "enhet",
    "better": "bedre",
    "label": "betegnelse",
    "table": "tabell",
    "levers": "tiltak som er på",
}
"""Norwegian heads of columns; in English the key itself is the head."""


def in_language(label: Label, language: Language) -> str:
    """A name in one of the languages."""
    return label.nb if language == "nb" else label.en


def put_text(words: str) -> None:
    """Text on standard output, as it is."""
    sys.stdout.write(words)


def put_plain(data: Mapping[str, Any], form: Form | None, comments: Sequence[str] = ()) -> None:
    """Nested data as JSON, or as YAML under its comments."""
    if form == "csv":
        raise TrinnError("this cannot be put into a table: take --json")
    if form == "json":
        put_text(json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False, default=str) + "\n")
        return
    from ruamel.yaml import YAML

    for line in comments:
        put_text(f"# {one_line(line)}\n")
    yaml = YAML()
    yaml.width = 120
    yaml.dump(dict(data), sys.stdout)


def put_rows(rows: Rows, form: Form | None, language: Language) -> None:
    """A table: JSON, comma-separated, or for people."""
    heads = list(rows[0]) if rows else []
    if form == "json":
        put_text(json.dumps(list(rows), ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([heads, *([row[head] for head in heads] for row in rows)])
    else:
        put_console(lambda console: console.print(_table(heads, rows, language)), piped_width=10_000)


def _table(heads: Sequence[str], rows: Rows, language: Language) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        right = bool(rows) and isinstance(rows[0][head], int | float)
        plain = head.replace("_0_17", " 0-17").replace("_", " ")
        name = _HEADS.get(head, plain) if language == "nb" else plain
        table.add_column(name, justify="right" if right else "left", no_wrap=not sys.stdout.isatty())
    for row in rows:
        table.add_row(*(Text(str(row[head])) for head in heads))
    return table


def put_lever(asked: str, name: str, lever: Lever, language: Language) -> None:
    """One lever, for people; ``asked`` is its name or the path of its file."""
    from dashboard.lever_page import print_lever

    put_console(lambda console: print_lever(asked, name, lever, console, language), piped_width=160)


def levers_told(scenario: Scenario, source: str, language: Language) -> list[str]:
    """Which levers a scenario has on, since when and why, a line each under their head; nothing where there are none."""
    if not any(change.lever for change in scenario.changes):
        return []
    from dashboard.lever_page import on_now
    from dashboard.texts import text

    return [text("levers_on", language), *(f"  {on.words}" for on in on_now(scenario, source, language))]


def put_result(result: Result, form: Form | None, language: Language) -> None:
    """The measures of a run."""
    from dashboard.tables import exported_run
    from dashboard.terminal import print_result

    if form is None:
        put_console(lambda console: print_result(result, console, language))
        return
    about = {"scenario": result.name, "replications": len(result.replications), "seed": result.seed, "version": result.version}
    _put_table(exported_run(result, language), form, {**about, "whose_staffing": result.scenario.staffing}, "measures")


def put_comparison(both: Comparison, form: Form | None, language: Language) -> None:
    """A comparison: its verdicts and its table."""
    from dashboard.changed import proposed
    from dashboard.tables import exported
    from dashboard.terminal import print_comparison

    if form is None:
        put_console(lambda console: print_comparison(both, console, language))
        return
    base = both.base
    about = {"base": base.name, "replications": both.replications, "seed": base.seed, "version": base.version}
    verdicts = {name: verdict.word for name, verdict in both.verdicts.items()}
    cautions = [asdict(caution) for caution in both.cautions]
    changes = {name: [asdict(change) for change in proposed(both, name)] for name in both.others}
    about |= {"whose_staffing": base.scenario.staffing, "command": both.command, "verdicts": verdicts}
    _put_table(exported(both, language), form, {**about, "cautions": cautions, "changes": changes}, "measures")


def _put_table(table: DataFrame, form: Form, about: Mapping[str, Any], name: str) -> None:
    """A table for programs: comma-separated on its own, or as JSON below what it is about."""
    if form == "csv":
        put_text(table.to_csv(index=False, lineterminator="\n"))
    else:
        put_plain({**about, name: table.astype(object).where(table.notna(), None).to_dict("records")}, form)


def put_console(put: Callable[[Console], None], piped_width: int = 100) -> None:
    """For people: as wide as the terminal, and without colour codes where there is none."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    console = Console(width=None if terminal else piped_width, color_system="auto" if terminal else None)
    with console.capture() as captured:
        put(console)
    put_text("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))


def put_events(result: Result, file: Path) -> None:
    """The event records of every replication, one after the other, with its number in the first column."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        for replication in result.replications:
            events = result.events(replication.number)
            events.insert(0, "replication", replication.number)
            events.to_csv(stream, index=False, header=replication is result.replications[0], lineterminator="\n")


def writable(name: str) -> Path:
    """Where a file will be written. Raises TrinnError now, not after the run, when it cannot be."""
    path = Path(name)
    try:
        path = path.resolve()
        if path.is_dir():
            raise TrinnError(Fault("is a directory: give the name of a file", place=name))
        if path.exists() and not path.is_file():
            raise TrinnError(Fault("is not an ordinary file", place=name))
        if path.exists() and not os.access(path, os.W_OK):
            raise TrinnError(Fault("cannot be written: permission denied", place=name))
        folder = next(folder for folder in path.parents if folder.exists())
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".trinn-"):
            return path
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise TrinnError(Fault(f"cannot be written: {reason}", place=name)) from None


@contextmanager
def written(target: Path) -> Iterator[Path]:
    """A file beside the target that takes its place once it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".trinn-{os.getpid()}.part")
    try:
        yield draft
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def progress_bar(total: int) -> Iterator[Callable[[int], None] | None]:
    """A bar on the terminal while replications finish; nothing where standard error is not one."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda count: bar.advance(task, count)


@contextmanager
def steps_shown(language: Language) -> Iterator[Callable[[str, int], None] | None]:
    """What a search is at and how many candidates it has run; nothing where standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    from dashboard.texts import text

    with Console(stderr=True).status("") as status:
        yield lambda doing, runs: status.update(text(f"searching_{doing}", language, runs=runs))
