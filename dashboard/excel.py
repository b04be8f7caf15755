"""The report's tables as a workbook: the same numbers, rounded and suppressed by the same rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from dashboard import numbers
from dashboard.changed import changed
from dashboard.evidence import evidence_groups, of_scenarios, summary
from dashboard.figures import Table, figures
from dashboard.packing import packed
from dashboard.report import facts, scenario_text
from dashboard.tables import cells, exported, label_of, main_keys, rows_of, service_name
from dashboard.texts import Language, text
from dashboard.verdicts import cautions, limits, table_note, verdict_words, whose_staffing
from scenarios.sheet.template import put
from sim.compare import Comparison

WIDEST = 60
"""Characters of a column."""
_BOLD = Font(name="Calibri", bold=True)
_HEAD = PatternFill("solid", fgColor="FFE3E7EA")
_WRAPPED = Alignment(wrap_text=True, vertical="top")
Rows = Iterable[Sequence[str | int | float | None]]


def excel_bytes(comparison: Comparison, language: Language) -> bytes:
    """The tables as the bytes of an ``.xlsx`` file."""
    book = Workbook()
    del book[book.sheetnames[0]]
    whose = whose_staffing(comparison, language)
    _read_me(book, comparison, language)
    _main(book, comparison, whose, language)
    _changes(book, comparison, whose, language)
    _all(book, comparison, whose, language)
    for figure in figures(comparison, language):
        _tables(book, text(f"excel_{figure.prefix}", language), figure.tables, whose)
    _evidence(book, comparison, whose, language)
    heads = [text("head_scenario", language), text("excel_line", language)]
    texts = {name: scenario_text(result.scenario) for name, result in comparison.results.items()}
    lines = [(name, line) for name, words in texts.items() for line in words.splitlines()]
    _sheet(book, text("excel_scenario", language), heads, lines, whose)
    book.properties.creator = "Trinn"
    stream = BytesIO()
    book.save(stream)
    return packed(stream.getvalue())


def _read_me(book: Workbook, comparison: Comparison, language: Language) -> None:
    """The answer first, then whose staffing, what to beware of, and what it takes to make it again."""
    sheet = book.create_sheet(text("excel_about", language))
    row = 1
    for name in comparison.others:
        words = verdict_words(comparison, name, language)
        row = _say(sheet, row, f"{name}: {words.title}", bold=True)
        for line in (words.sentence, *words.notes):
            row = _say(sheet, row, line)
    row = _say(sheet, row + 1, whose_staffing(comparison, language), bold=True)
    beware = [*cautions(comparison, language), *limits(comparison.base.scenario, language)]
    for line in (*beware, table_note(comparison, language)):
        row = _say(sheet, row, line)
    row += 1
    for name, value in facts(comparison, language):
        put(sheet.cell(row, 1), name)
        put(sheet.cell(row, 2), value)
        row += 1
    if comparison.command:
        put(sheet.cell(row, 1), text("repeat_command", language))
        put(sheet.cell(row, 2), comparison.command)
    sheet.column_dimensions["A"].width = 100


def _say(sheet: Worksheet, row: int, words: str, bold: bool = False) -> int:
    cell = sheet.cell(row, 1)
    put(cell, words)
    cell.alignment = _WRAPPED
    if bold:
        cell.font = _BOLD
    return row + 1


def _main(book: Workbook, comparison: Comparison, whose: str, language: Language) -> None:
    """The main table as it is read: every cell a text, as in the report."""
    base = comparison.base
    heads = [text(f"head_{name}", language) for name in ("scenario", "service", "measure", "unit")] + [base.name]
    heads += [text("excel_proposal", language)]
    heads += [text(f"head_{name}", language) for name in ("difference", "interval", "half_width", "better_in", "judgement")]
    rows = []
    for name in comparison.others:
        for row in rows_of(comparison, main_keys(base), name):
            service = service_name(base.scenario, row.key[1], language) if row.key[1] else text("area_section", language)
            head = (name, service, label_of(row.key, language), numbers.unit_name(row.unit, language))
            rows.append((*head, *cells(row, language).values()))
    _sheet(book, text("excel_main", language), heads, rows, whose)


def _changes(book: Workbook, comparison: Comparison, whose: str, language: Language) -> None:
    heads = [text(f"head_{name}", language) for name in ("scenario", "what", "key", "old", "new", "since", "lever")]
    rows = [
        (name, item.words, item.address, item.old, item.new, item.since, item.lever)
        for name in comparison.results
        for item in changed(comparison, name, language)
    ]
    _sheet(book, text("excel_changed", language), heads, rows, whose)


def _all(book: Workbook, comparison: Comparison, whose: str, language: Language) -> None:
    """Every measure with numbers as numbers; what may not be shown is empty."""
    table = exported(comparison, language)
    rows = [[None if pd.isna(value) else value for value in row] for row in table.itertuples(index=False, name=None)]
    _sheet(book, text("excel_all", language), list(table.columns), rows, whose)


def _tables(book: Workbook, title: str, tables: Sequence[Table], whose: str) -> None:
    """The tables under a figure, one after another, each row with the caption of its table."""
    if not tables:
        return
    heads = [" ", *tables[0].heads]
    _sheet(book, title, heads, [(table.caption, *row) for table in tables for row in table.rows], whose)


def _evidence(book: Workbook, comparison: Comparison, whose: str, language: Language) -> None:
    scenarios = [result.scenario for result in comparison.results.values()]
    found = of_scenarios(scenarios)
    heads = [text("head_grade", language), text("head_key", language), text("head_what", language)]
    heads += [text(key, language) for key in ("evidence_head_value", "head_range", "head_source", "head_lever")]
    rows: list[Sequence[str]] = [(summary(found, language), "", "", "", "", "", "")]
    for group in evidence_groups(found, scenarios, language):
        for row in group.rows:
            what = f"{row.subject}: {row.words}"
            source = f"{row.source} {row.note}".strip()
            rows.append((group.title, row.number.address, what, row.value, row.range, source, row.lever))
    _sheet(book, text("excel_evidence", language), heads, rows, whose)


def _sheet(book: Workbook, title: str, heads: Sequence[str], rows: Rows, whose: str) -> None:
    """A sheet with whose staffing it is, a head that stays in sight, and rows."""
    sheet = book.create_sheet(title)
    put(sheet.cell(1, 1), whose)
    sheet.cell(1, 1).font = _BOLD
    widths = [len(head) for head in heads]
    for column, head in enumerate(heads, start=1):
        cell = sheet.cell(2, column)
        put(cell, head)
        cell.font, cell.fill = _BOLD, _HEAD
    for number, row in enumerate(rows, start=3):
        for column, value in enumerate(row, start=1):
            if value is None:
                continue
            put(sheet.cell(number, column), value if isinstance(value, str) or not isinstance(value, bool) else str(value))
            widths[column - 1] = max(widths[column - 1], len(str(value)))
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = min(WIDEST, width + 2)
    sheet.freeze_panes = "A3"
