"""Reading a filled-in workbook: its answers, each with its cell, and every fault at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from scenarios.errors import Fault, TrinnError
from scenarios.places import plain
from scenarios.schema import Scenario
from scenarios.sheet import vocabulary
from scenarios.sheet.answers import Answer, Part, UnfitError, answer_of, share_of
from scenarios.sheet.columns import FORMAT, LISTS, PLACE, QUESTIONS, STAFF, TABLES, TRUST, Column, Kind, Table
from scenarios.sheet.package import open_package
from scenarios.sheet.privacy import refuse_persons, shown_title
from scenarios.sheet.vocabulary import Choices
from scenarios.sheet.words import LANGUAGES, Language, in_language, is_unknown, same, say, words
from scenarios.sheet.workbook import Cell, Sheet, Workbook, address, read_workbook

_HEAD_ROWS = 40
"""Rows from the top in which the heads are looked for."""
_BACK, _AHEAD, _FUNDED = 3 * 366, 366, 30 * 366
"""Days: how far a date of a count may be from the start, and the end of funding after it."""


@dataclass(frozen=True)
class Given:
    """An answer, and where it stands."""

    cell: str
    value: Answer
    kind: Kind = "text"


@dataclass(frozen=True)
class Row:
    """A row of a table with at least one answer."""

    sheet: str
    number: int
    answers: Mapping[str, Given]
    """By column, without those nobody knows."""
    cells: Mapping[str, str]
    """Where each column of the row stands."""

    def value(self, key: str) -> Answer | None:
        """The answer in a column; None for "don't know"."""
        return self.answers[key].value if key in self.answers else None

    def number_of(self, key: str) -> float | None:
        """The number in a column."""
        value = self.value(key)
        return float(value) if isinstance(value, int | float) else None


@dataclass
class Answers:
    """All that a workbook answers."""

    file: str
    language: Language
    sheets: tuple[str, ...] = ()
    """Their names, in order."""
    questions: dict[str, Given] = field(default_factory=dict)
    """Of the sheet of the place."""
    rows: dict[str, list[Row]] = field(default_factory=dict)
    """By table."""
    beside: list[tuple[str, str]] = field(default_factory=list)
    """Cells and sheets that were not read, with the text that says what they are."""
    faults: list[Fault] = field(default_factory=list)

    def fault(self, cell: str, rule: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(rule, cell, self.file))


def open_workbook(path: Path) -> tuple[Workbook, Language]:
    """A workbook without persons, and its language.

    Raises:
        TrinnError: when it cannot be read, or is about persons.
    """
    book = read_workbook(open_package(path))
    language = _language(book)
    refuse_persons(book, language, _date_columns(book), _template_texts())
    return book, language


def place_of(book: Workbook, language: Language) -> Given:
    """The place that a workbook is about.

    Raises:
        TrinnError: when it says none, or has the sheets of no template.
    """
    sheet = _sheet(book, PLACE)
    if sheet is None:
        raise TrinnError(Fault(say("no_sheet", language, sheet=say("sheet_place", language)), place=book.file))
    question = _questions(sheet).get("place")
    cell = None if question is None else sheet.cells.get((question, 2))
    where = f"{sheet.title}!{address((question or 5, 2))}"
    if cell is None or not isinstance(cell.value, str | int) or is_unknown(str(cell.value)):
        raise TrinnError(Fault(say("no_place", language), where, book.file))
    return Given(where, str(cell.value).strip())


def read_answers(book: Workbook, language: Language, scenario: Scenario) -> Answers:
    """Every answer of a workbook, and every fault of one.

    Args:
        book: without persons.
        language: of the workbook.
        scenario: of its place, whose services may be chosen.
    """
    read = Answers(book.file, language, tuple(sheet.title for sheet in book.sheets))
    sheet = _sheet(book, PLACE)
    assert sheet is not None
    _read_questions(sheet, read, scenario)
    used = {sheet.number}
    for table in TABLES:
        there = _sheet(book, table)
        if there is None:
            read.fault("", say("no_sheet", language, sheet=say(f"sheet_{table.key}", language)))
            continue
        used.add(there.number)
        _read_table(there, table, read, scenario)
    for other in book.sheets:
        if (
            other.number not in used
            and not any(same(other.title, f"sheet_{key}") for key in ("about", "choices"))
            and other.cells
        ):
            read.beside.append((shown_title(other, language), "what_extra_sheet"))
    return read


def _language(book: Workbook) -> Language:
    """The language whose sheets the workbook has."""
    titles = {plain(sheet.title) for sheet in book.sheets}
    keys = [key for key in words() if key.startswith("sheet_")]
    has = {language: sum(plain(say(key, language)) in titles for key in keys) for language in LANGUAGES}
    return "en" if has["en"] > has["nb"] else "nb"


def _sheet(book: Workbook, table: Table) -> Sheet | None:
    return next((sheet for sheet in book.sheets if same(sheet.title, f"sheet_{table.key}")), None)


def _template_texts() -> frozenset[str]:
    """Texts that the template itself writes: they are nobody's name."""
    return frozenset(
        line
        for both in words().values()
        for language in LANGUAGES
        for line in (*in_language(both, language).splitlines(), in_language(both, language))
    )


def _date_columns(book: Workbook) -> dict[int, set[int]]:
    """By number of a sheet, the columns in which the template asks for dates."""
    found = {}
    for table in TABLES:
        sheet = _sheet(book, table)
        if sheet is not None:
            _, columns = _heads(sheet, table)
            found[sheet.number] = {number for key, number in columns.items() if table.column(key).kind in ("date", "year")}
    return found


def _questions(sheet: Sheet) -> dict[str, int]:
    """The row of each question."""
    rows: dict[str, int] = {}
    for (row, column), cell in sheet.cells.items():
        if column == 1 and isinstance(cell.value, str):
            for key in QUESTIONS:
                if same(cell.value, f"ask_{key}"):
                    rows.setdefault(key, row)
    return rows


def _read_questions(sheet: Sheet, read: Answers, scenario: Scenario) -> None:
    rows = _questions(sheet)
    for key in QUESTIONS:
        where = f"{sheet.title}!{address((rows.get(key, 1), 2))}"
        if key not in rows:
            read.fault(f"{sheet.title}!A1", say("no_heads", read.language, heads=say(f"ask_{key}", read.language)))
            continue
        cell = sheet.cells.get((rows[key], 2))
        if key == "place":
            continue
        if key == "format":
            if cell is None or str(cell.value).strip() != str(FORMAT):
                read.fault(where, say("bad_format", read.language))
            continue
        column = Column(key, "choice") if key == "start" else Column(key, "people", high=10_000_000)
        answer = _answer(cell, column, vocabulary.of_words(("yes", "no")), read, where)
        if answer is not None:
            read.questions[key] = Given(where, answer, column.kind)
    asked = set(rows.values())
    for (row, column_number), _ in sheet.cells.items():
        if column_number > len(PLACE.columns) or (column_number == 2 and row > 4 and row not in asked):
            read.beside.append((f"{sheet.title}!{address((row, column_number))}", "what_beside"))


def _heads(sheet: Sheet, table: Table) -> tuple[int, dict[str, int]]:
    """The row of the heads, and the column of each; 0 where there is none."""
    best: tuple[int, dict[str, int]] = (0, {})
    by_row: dict[int, dict[str, int]] = {}
    for (row, column), cell in sheet.cells.items():
        if row <= _HEAD_ROWS and isinstance(cell.value, str):
            for each in table.columns:
                if same(cell.value, f"head_{each.key}"):
                    by_row.setdefault(row, {}).setdefault(each.key, column)
    for row, columns in by_row.items():
        if len(columns) > len(best[1]):
            best = row, columns
    return best


def _read_table(sheet: Sheet, table: Table, read: Answers, scenario: Scenario) -> None:
    head_row, columns = _heads(sheet, table)
    missing = [say(f"head_{column.key}", read.language) for column in table.answers if column.key not in columns]
    if missing:
        read.fault(f"{sheet.title}!{address((head_row or 4, 1))}", say("no_heads", read.language, heads=", ".join(missing)))
        return
    read.rows[table.key] = []
    choices = _choices(table, scenario)
    by_row: dict[int, dict[int, Cell]] = {}
    for (row, column), cell in sheet.cells.items():
        by_row.setdefault(row, {})[column] = cell
        known = set(columns.values())
        if (row > head_row and column not in known) or (row == head_row and column not in known):
            read.beside.append((f"{sheet.title}!{address((row, column))}", "what_beside"))
    for number in sorted(row for row in by_row if row > head_row):
        _read_row(sheet, table, number, by_row[number], columns, choices, read, scenario)


def _choices(table: Table, scenario: Scenario) -> dict[str, Choices]:
    if table is STAFF:
        return {
            "service": vocabulary.services(scenario, shared=True, other=True),
            "profession": vocabulary.professions(scenario),
            "funding": vocabulary.of_words(vocabulary.PAYERS),
            "employer": vocabulary.of_words(vocabulary.EMPLOYERS),
        }
    if table is LISTS:
        return {"service": vocabulary.services(scenario, shared=False, other=True)}
    return {"about": vocabulary.trust_rows(scenario)}


def _read_row(
    sheet: Sheet,
    table: Table,
    number: int,
    cells: Mapping[int, Cell],
    columns: Mapping[str, int],
    choices: Mapping[str, Choices],
    read: Answers,
    scenario: Scenario,
) -> None:
    given: dict[str, Given] = {}
    where = {column.key: f"{sheet.title}!{address((number, columns[column.key]))}" for column in table.answers}
    before = len(read.faults)
    for column in table.answers:
        cell = cells.get(columns[column.key])
        if column.key == "absent" and cell is not None:
            answer = _absence(cell, column, read, where[column.key])
        else:
            answer = _answer(cell, column, choices.get(column.key), read, where[column.key])
        if isinstance(answer, date) and not _plausible(answer, column, scenario):
            low, high = _bounds(column, scenario)
            read.fault(where[column.key], say("date_outside", read.language, low=low.isoformat(), high=high.isoformat()))
        elif answer is not None:
            given[column.key] = Given(where[column.key], answer, column.kind)
    first = table.columns[0].key
    labels = {first, "profession"}
    told = given.keys() - labels
    if not told:
        return
    row = Row(sheet.title, number, given, where)
    if first not in given:
        if len(read.faults) == before:
            read.fault(where[first], say("no_about" if table is TRUST else "no_service", read.language))
        return
    if table is not STAFF:
        twin = next((each for each in read.rows[table.key] if each.value(first) == given[first].value), None)
        if twin is not None and given[first].value != vocabulary.OTHER_SERVICE:
            read.fault(where[first], say("twice", read.language, cell=twin.cells[first]))
    read.rows[table.key].append(row)


def _answer(cell: Cell | None, column: Column, choices: Choices | None, read: Answers, where: str) -> Answer | None:
    try:
        return answer_of(cell, column, choices, read.language)
    except UnfitError as unfit:
        read.fault(where, str(unfit))
        return None


def _absence(cell: Cell, column: Column, read: Answers, where: str) -> Answer | None:
    """Full-time equivalents, or a share of the filled ones."""
    try:
        share = None if is_unknown(str(cell.value or "")) else share_of(cell, read.language)
    except UnfitError as unfit:
        read.fault(where, str(unfit))
        return None
    return _answer(cell, column, None, read, where) if share is None else Part(share)


def _bounds(column: Column, scenario: Scenario) -> tuple[date, date]:
    start = scenario.period.start
    return start - timedelta(days=_BACK), start + timedelta(days=_FUNDED if column.key == "funded_until" else _AHEAD)


def _plausible(day: date, column: Column, scenario: Scenario) -> bool:
    low, high = _bounds(column, scenario)
    return low <= day <= high
