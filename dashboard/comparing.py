"""What the page of comparisons shows, as data: tiles, tables, one future at a time, and the files that can be saved."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from dashboard import numbers, report
from dashboard.changed import proposed
from dashboard.comparison import Comparison
from dashboard.tables import Key, Row, cells, exported, label_of, main_keys, measure_of, presented, rests_on_few, rows_of
from dashboard.texts import Language, text
from dashboard.work import Work, command_of, to_json
from scenarios.addresses import is_change
from sim.measures import MEASURES

TILES = 4
"""Headline measures of a proposal."""


@dataclass(frozen=True)
class Tile:
    """A headline measure of a proposal as it is read."""

    key: Key
    label: str
    unit: str
    value: str
    base: str
    difference: str
    interval: str
    better_in: str
    judgement: str


def tiles(comparison: Comparison, proposal: str, language: Language) -> tuple[Tile, ...]:
    """The headline measures; of a ladder without doors the first of its table."""
    return tuple(_tile(row, language) for row in headline_rows(comparison, proposal))


def headline_rows(comparison: Comparison, proposal: str) -> list[Row]:
    """The rows of the tiles."""
    keys = main_keys(comparison.base)
    first = [key for key in keys if not key[1] and MEASURES["area", key[3]].headline] or keys
    return rows_of(comparison, first[:TILES], proposal)


def _tile(row: Row, language: Language) -> Tile:
    shown = cells(row, language)
    return Tile(
        key=row.key,
        label=label_of(row.key, language),
        unit="" if row.unit == "share" else numbers.unit_name(row.unit, language),
        value=shown["mean"],
        base=shown["base"],
        difference=shown["difference"],
        interval=shown["interval"],
        better_in=shown["better_in"],
        judgement=shown["judgement"],
    )


# -- tables -------------------------------------------------------------------------------------------------------------


def main_table(comparison: Comparison, proposal: str, language: Language) -> pd.DataFrame:
    """The table that the command prints, a row a measure."""
    found = report.sections(comparison, main_keys(comparison.base), proposal, language)
    heads = ("difference", "interval", "half_width", "better_in", "judgement")
    columns = [text("head_service", language), text("head_measure", language), text("head_unit", language)]
    columns += [comparison.base.name, proposal, *(text(f"head_{head}", language) for head in heads)]
    rows = [(section.name, line.head, line.unit, *line.cells) for section in found for line in section.lines]
    return pd.DataFrame(rows, columns=columns)


def whole_table(comparison: Comparison, proposal: str, language: Language) -> pd.DataFrame:
    """Every measure of a proposal, of every service, area and group that may be shown."""
    found = presented(comparison, language)
    found = found[found["scenario"] == proposal]
    heads = ("service", "group", "measure", "unit", "difference", "interval", "half_width", "better_in", "judgement")
    area = {name: content.name or name for name, content in comparison.base.scenario.areas.items()}
    table = pd.DataFrame(
        {
            text("head_area", language): [area.get(name, "") for name in found["area"]],
            text("head_service", language): found["service"].to_list(),
            text("head_group", language): found["group_label"].to_list(),
            text("head_measure", language): found["label"].to_list(),
            text("head_unit", language): found["unit"].to_list(),
            comparison.base.name: found["base"].to_list(),
            proposal: found["mean"].to_list(),
            **{text(f"head_{head}", language): found[head].to_list() for head in heads[4:]},
        }
    )
    empty = [name for name in table.columns[:3] if not any(table[name])]
    return table.drop(columns=empty)


def one_future(comparison: Comparison, number: int, language: Language) -> pd.DataFrame:
    """What one possible future holds: each headline and guard measure in every scenario, from the first future, 0, on.

    Waits and shares that rest on too few children stay hidden, as in the table of all futures.
    """
    rows = []
    results = comparison.results
    for key in (key for key in main_keys(comparison.base) if not key[1] or not comparison.base.scenario.doors):
        unit = measure_of(key).unit
        few = any(rests_on_few(result, key) for result in results.values())
        values = [float(comparison.values(result, key)[number]) for result in results.values()]
        shown = [text("few_children", language) if few else numbers.shown(value, unit, language) for value in values]
        rows.append((label_of(key, language), numbers.unit_name(unit, language), *shown))
    return pd.DataFrame(rows, columns=[text("head_measure", language), text("head_unit", language), *results])


def dot_keys(comparison: Comparison) -> list[Key]:
    """The measures that may be drawn as twenty possible futures: the headlines, then each list's wait."""
    keys = main_keys(comparison.base)
    first = [key for key in keys if not key[1] and MEASURES["area", key[3]].headline]
    return [*first, *(key for key in keys if key[1] and key[3] in ("wait_started", "wait_list_started", "waiting_end"))]


# -- files --------------------------------------------------------------------------------------------------------------


def command_words(work: Work, language: Language, by: Sequence[str] = ()) -> str:
    """The command that prints the same; empty where own numbers need a file, or a proposal cannot be said in a command."""
    words = command_of(work, language)
    if not words or any(not proposal.changes or not _sayable(proposal.name, proposal.changes) for proposal in work.proposals):
        return ""
    return shlex.join([*words, *(word for what in by for word in ("--by", what))])


def _sayable(name: str, changes: Sequence[str]) -> bool:
    """Whether ``NAME=CHANGE,...`` is read as it was meant: commas part changes, the first = ends the name."""
    return "=" not in name and not any("{" in change or ("," in change and not is_change(change)) for change in changes)


def as_shown(comparison: Comparison, work: Work, language: Language, wanted: int) -> Comparison:
    """The comparison under the command that repeats just these possible futures; where more are ``wanted`` it says so."""
    exact = work.model_copy(update={"futures": comparison.replications})
    return replace(comparison, command=command_words(exact, language, comparison.by), wanted=wanted)


def html_bytes(comparison: Comparison, language: Language) -> bytes:
    """The report: the same page as the command writes."""
    return report.html(comparison, language).encode("utf-8")


def json_bytes(comparison: Comparison, work: Work, language: Language, partial: bool) -> bytes:
    """The comparison for programs, as the command puts it out, with the work that made it."""
    base = comparison.base
    table = exported(comparison, language)
    about: dict[str, Any] = {
        "base": base.name,
        "replications": comparison.replications,
        "partial": partial,
        "seed": base.seed,
        "version": base.version,
        "whose_staffing": base.scenario.staffing,
        "command": comparison.command,
        "verdicts": {name: verdict.word for name, verdict in comparison.verdicts.items()},
        "cautions": [asdict(caution) for caution in comparison.cautions],
        "changes": {name: [asdict(change) for change in proposed(comparison, name)] for name in comparison.others},
        "work": json.loads(to_json(work)),
        "measures": table.astype(object).where(table.notna(), None).to_dict("records"),
    }
    return (json.dumps(about, ensure_ascii=False, indent=2, allow_nan=False, default=str) + "\n").encode("utf-8")


def file_name(kind: str, ending: str, comparison: Comparison, wanted: int, language: Language) -> str:
    """``trinn_rapport.html``; with how much of it is there while it is partial."""
    done = comparison.replications
    part = f"_{text('compare_file_partial', language, done=done, wanted=wanted)}" if done < wanted else ""
    return f"trinn_{text(f'compare_file_{kind}', language)}{part}.{ending}"
