"""Only counts, no persons: a workbook with anything about a single person is refused in one sentence, which names the cells and
never says what stands in them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise

from scenarios.errors import Fault, TrinnError
from scenarios.sheet.answers import day_in
from scenarios.sheet.identity import clean, has_birth, has_identity, is_identity, is_split
from scenarios.sheet.names import (
    has_child,
    has_name,
    is_certain_head,
    is_count_head,
    is_given_alone,
    is_likely_head,
    is_numbered_child,
)
from scenarios.sheet.words import Language, say
from scenarios.sheet.workbook import Cell, Other, Sheet, Spot, Workbook, address

MOST_NAMED = 6
"""Cells that the message names; the rest are counted."""
_ROWS = 3
"""So many rows make a list of persons."""
_SIX_DIGITS = 5
_UNNAMED = ("xl/theme/", "xl/styles", "docProps/", "docMetadata/", "customXml/", "xl/persons/", "[Content_Types]", "/_rels/")
"""Parts in which no names are looked for: those of fonts, and of whoever has saved the file."""
_HEXADECIMAL = re.compile(r"\b(?:0x)?(?=[0-9]*[a-f])[0-9a-f]{4,}(?:-[0-9a-f]{4,})*\b", re.IGNORECASE)
"""Marks that programs put on files; figures in them are nobody's number."""

Finding = tuple[str, str]
"""Where, and which kind of thing: the text ``kind_KEY``."""


def refuse_persons(book: Workbook, language: Language, dates: Mapping[int, Collection[int]], known: Collection[str]) -> None:
    """Refuse a workbook in which anything is about a person.

    Args:
        book: all of it, hidden sheets, comments and properties too.
        language: of the message.
        dates: by number of a sheet, the columns in which the template asks for dates.
        known: texts of the template, which are nobody's name.

    Raises:
        TrinnError: one fault, with the cells and never with what stands in them.
    """
    found: dict[str, str] = {}
    for where, kind in _findings(book, language, dates, known):
        found.setdefault(where, kind)
    if not found:
        return
    named = ", ".join(list(found)[:MOST_NAMED])
    if len(found) > MOST_NAMED:
        named = say("cells_more", language, cells=named, number=len(found) - MOST_NAMED)
    kind = say(f"kind_{next(iter(found.values()))}", language)
    raise TrinnError(Fault(say("no_persons", language, cell=named, kind=kind), place=book.file))


def shown_title(sheet: Sheet, language: Language) -> str:
    """The name of a sheet; its number where the name is somebody's."""
    hidden = _of_text(sheet.title) or is_given_alone(sheet.title)
    return say("extra_sheet", language, number=sheet.number) if hidden else sheet.title


def _findings(
    book: Workbook, language: Language, dates: Mapping[int, Collection[int]], known: Collection[str]
) -> Iterator[Finding]:
    for sheet in book.sheets:
        title = shown_title(sheet, language)
        if title != sheet.title:
            yield say("in_sheet_name", language, number=sheet.number), _of_text(sheet.title) or "name"
        for spot, cell in sheet.cells.items():
            if kind := _of_cell(cell, known):
                yield f"{title}!{address(spot)}", kind
        for spot, kind in _of_sheet(sheet, dates.get(sheet.number, ())):
            yield f"{title}!{address(spot)}", kind
    for other in book.others:
        if kind := _of_other(other, known):
            yield _where(other, language), kind


def _where(other: Other, language: Language) -> str:
    if other.cell:
        return say("in_comment", language, cell=clean(other.cell)[:10])
    if other.part.startswith("docProps/"):
        return say("in_properties", language)
    return say("in_part", language, part=other.part if not _of_text(other.part) else "?")


def _of_other(other: Other, known: Collection[str]) -> str | None:
    text = other.text
    if other.author and text.startswith(other.author):
        text = text[len(other.author) :]
    if text in known or text.strip() in known:
        return None
    if any(word in other.part for word in _UNNAMED):
        return "identity" if has_identity(_HEXADECIMAL.sub(" ", text)) else None
    return _of_text(text)


def _of_text(text: str) -> str | None:
    if has_identity(text):
        return "identity"
    if has_birth(text):
        return "birth"
    if has_child(text):
        return "child"
    return "name" if has_name(text) else None


def _of_cell(cell: Cell, known: Collection[str]) -> str | None:
    if cell.formula and (kind := _of_text(cell.formula)):
        return kind
    if isinstance(cell.value, str):
        if cell.value in known:
            return None
        digits = clean(cell.value).strip()
        lost = digits.isdigit() and is_identity(float(digits[:40]))
        return "identity" if lost else _of_text(cell.value)
    if isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
        return "identity" if is_identity(cell.value) else None
    return None


def _of_sheet(sheet: Sheet, dates: Collection[int]) -> Iterator[tuple[Spot, str]]:
    """What only the arrangement of the cells gives away."""
    columns: dict[int, list[tuple[int, Cell]]] = defaultdict(list)
    rows: dict[int, list[tuple[int, Cell]]] = defaultdict(list)
    for (row, column), cell in sorted(sheet.cells.items()):
        columns[column].append((row, cell))
        rows[row].append((column, cell))
    for row, cells in rows.items():
        for (column, left), (after, right) in pairwise(cells):
            if after == column + 1 and is_split(_digits(left), _digits(right)):
                yield (row, column), "identity"
        yield from _register(row, cells, rows)
    for column, below in columns.items():
        yield from _under_heads(column, below, sheet)
        yield from _one_each(column, below)
        if column not in dates:
            yield from _birth_days(column, below)


def _digits(cell: Cell) -> str:
    return str(cell.value) if isinstance(cell.value, int) and not isinstance(cell.value, bool) else clean(cell.raw).strip()


def _under_heads(column: int, cells: list[tuple[int, Cell]], sheet: Sheet) -> Iterator[tuple[Spot, str]]:
    """Heads that only lists of persons have, with something below them or beside."""
    for index, (row, cell) in enumerate(cells):
        if not (isinstance(cell.value, str) and is_certain_head(cell.value)):
            continue
        if index + 1 < len(cells):
            yield (cells[index + 1][0], column), "rows"
        beside = sheet.cells.get((row, column + 1))
        if beside is not None and not (isinstance(beside.value, str) and not any(map(str.isdigit, beside.value))):
            yield (row, column + 1), "child"


def _register(
    row: int, cells: list[tuple[int, Cell]], rows: Mapping[int, list[tuple[int, Cell]]]
) -> Iterator[tuple[Spot, str]]:
    """Several heads of a register of persons in a row, rows below it, and nothing that counts."""
    heads = [(column, cell.value) for column, cell in cells if isinstance(cell.value, str)]
    likely = {column for column, text in heads if is_likely_head(text) or is_certain_head(text)}
    counts = any(is_count_head(cell.raw) for _, cell in cells)
    if len(likely) < _ROWS or counts:
        return
    for below in range(row + 1, row + 4):
        there = [column for column, _ in rows.get(below, ()) if column in likely]
        if len(there) > 1:
            yield (below, there[0]), "rows"
            return


def _one_each(column: int, cells: list[tuple[int, Cell]]) -> Iterator[tuple[Spot, str]]:
    """A column of first names, or of ``Barn 1``, ``Barn 2`` …"""
    texts = [(row, cell.value) for row, cell in cells if isinstance(cell.value, str)]
    for test, kind in ((is_given_alone, "name"), (is_numbered_child, "rows")):
        alike = {text: row for row, text in texts if test(text)}
        if len(alike) >= _ROWS:
            yield (min(alike.values()), column), kind


def _birth_days(column: int, cells: list[tuple[int, Cell]]) -> Iterator[tuple[Spot, str]]:
    """A column of days that follow no calendar: not the first or last of months, not the same distance apart."""
    days = [(row, cell.value) for row, cell in cells if isinstance(cell.value, date)]
    days += [(row, day) for row, cell in cells if isinstance(cell.value, str) and (day := day_of(cell.value)) is not None]
    if len({day for _, day in days}) >= _ROWS and not _is_calendar([day for _, day in days]):
        yield (min(days)[0], column), "birth"
    whole = [(row, str(cell.value)) for row, cell in cells if isinstance(cell.value, int) and not isinstance(cell.value, bool)]
    six = [(row, day) for row, digits in whole if (day := _six_digits(digits)) is not None]
    if len(six) == len(whole) >= _SIX_DIGITS and len({day for _, day in six}) >= _SIX_DIGITS:
        yield (six[0][0], column), "birth"


def _is_calendar(days: list[date]) -> bool:
    if all(day.day == 1 for day in days) or all((day + timedelta(days=1)).day == 1 for day in days):
        return True
    ordered = sorted(set(days))
    return len({later - earlier for earlier, later in pairwise(ordered)}) == 1


def day_of(text: str) -> date | None:
    """The day that a whole text is: ``12.03.2012``, ``12/3-12``, ``120312`` or ``2012-03-12``; None for another text."""
    text = clean(text).strip()
    return _six_digits(text) if text.isdigit() else day_in(text, "nb")


def _six_digits(digits: str) -> date | None:
    """The day of ``ddmmyy`` or ``ddmmyyyy``; a leading zero may be lost."""
    if not digits.isdigit() or len(digits) not in (5, 6, 7, 8):
        return None
    digits = digits.zfill(6 if len(digits) < 7 else 8)
    year = int(digits[4:]) + (2000 if len(digits) == 6 else 0)
    try:
        day = date(year, int(digits[2:4]), int(digits[:2]))
    except ValueError:
        return None
    return day if 1990 <= day.year <= 2060 else None
