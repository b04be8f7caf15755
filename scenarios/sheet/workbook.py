"""What stands in a workbook: every cell of every sheet, and every other text of the file."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import isfinite
from typing import Final

from scenarios.errors import Fault, TrinnError
from scenarios.sheet.elements import BrokenError, walk
from scenarios.sheet.package import Package

MOST_CELLS = 100_000
"""Cells with a value in all sheets together."""
MOST_TEXT = 2_000_000
"""Characters of all its texts together, counted as often as they stand there."""
MOST_SHEETS = 60
LONGEST_TEXT = 32_767
"""Characters of the longest text that a cell can hold."""

Value = str | int | float | bool | date | time
Spot = tuple[int, int]
"""Row and column of a cell, from 1 on."""

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_CLOCK: Final = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_QUOTED: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_BUILT_IN_SHARES = frozenset({9, 10})
_MARKUP = re.compile(r"<[^>]*>")
_TEXT_ATTRIBUTES = ("v", "name", "displayName", "descr", "title", "text", "caption", "uniqueName", "comment")
_WHOLE = ("si", "comment", "threadedComment", "p", "is")
"""Elements whose texts belong together, however they are cut into runs."""
_UNSEEN = ("creator", "lastModifiedBy", "author", "Company", "Manager", "person")
"""Elements that name who has written in the file: neither read nor shown."""


@dataclass(frozen=True)
class Cell:
    """A cell with something in it."""

    value: Value | None
    """None: a formula whose answer is not stored."""
    raw: str
    """The number or text as the file has it."""
    percent: bool = False
    """It is shown as per cent."""
    formula: str = ""
    """The formula whose stored answer the value is."""
    error: bool = False
    """The value is the name of an error, such as #DIV/0!."""


@dataclass(frozen=True)
class Sheet:
    """A sheet of the workbook, hidden or not."""

    number: int
    title: str
    cells: Mapping[Spot, Cell]


@dataclass(frozen=True)
class Other:
    """A text of the file that stands in no cell."""

    part: str
    text: str
    cell: str = ""
    """Of a comment: the cell it is on."""
    author: str = ""
    """Of a comment: who wrote it; programs put the name before the text."""


@dataclass(frozen=True)
class Workbook:
    """All there is to read in a file."""

    file: str
    sheets: tuple[Sheet, ...]
    others: tuple[Other, ...]


def address(spot: Spot) -> str:
    """``B7`` for row 7, column 2."""
    row, column = spot
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def spot_of(reference: str) -> Spot | None:
    """Row and column of ``B7``; None for what is no cell."""
    match = _REFERENCE.fullmatch(reference.upper())
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column


def read_workbook(package: Package) -> Workbook:
    """Everything in a workbook.

    Raises:
        TrinnError: when it is damaged or too large. What stands in it is never part of the message.
    """
    try:
        return _Reader(package).workbook()
    except (BrokenError, KeyError, ValueError, OverflowError, IndexError):
        rule = "is damaged: open it in the spreadsheet program, and save it as an Excel workbook (.xlsx)"
        raise TrinnError(Fault(rule, place=package.file)) from None


@dataclass
class _Styles:
    """How cells are shown, by the number of their style."""

    dates: set[int] = field(default_factory=set)
    shares: set[int] = field(default_factory=set)
    times: set[int] = field(default_factory=set)


class _Reader:
    def __init__(self, package: Package) -> None:
        self.package = package
        self.cells = 0
        self.left = MOST_TEXT

    def workbook(self) -> Workbook:
        main = self._main()
        sheets, epoch_1904 = self._listed(main)
        if len(sheets) > MOST_SHEETS:
            raise self._large(f"has more than {MOST_SHEETS} sheets")
        targets = self._relations(main)
        self.shared = self._shared(targets)
        self.styles = self._styles(targets)
        self.start = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 30)
        read = [
            Sheet(number, title, self._cells(targets[relation][1]) if targets[relation][1] in self.package.parts else {})
            for number, (title, relation) in enumerate(sheets, 1)
        ]
        others = [other for name, data in self.package.parts.items() for other in _others(name, data)]
        if sum(len(other.text) for other in others) > MOST_TEXT:
            raise self._large("has far too much text")
        return Workbook(self.package.file, tuple(read), tuple(others))

    def _large(self, what: str) -> TrinnError:
        rule = f"{what}: write the counts into a fresh workbook from trinn template"
        return TrinnError(Fault(rule, place=self.package.file))

    def _main(self) -> str:
        """The part that lists the sheets."""
        if "_rels/.rels" in self.package.parts:
            for kind, target in self._relations("").values():
                if kind == "officeDocument":
                    return target
        return "xl/workbook.xml"

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Kind and target of every relation of a part, by its id."""
        folder, name = posixpath.split(part)
        found: dict[str, tuple[str, str]] = {}

        def start(tag: str, has: Mapping[str, str]) -> None:
            if tag == "Relationship" and has.get("TargetMode") != "External":
                target = has.get("Target", "")
                whole = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                found[has.get("Id", "")] = has.get("Type", "").rpartition("/")[2], whole

        data = self.package.parts.get(posixpath.join(folder, "_rels", f"{name}.rels"))
        if data is not None:
            walk(data, start, _nothing, _nothing)
        return found

    def _listed(self, main: str) -> tuple[list[tuple[str, str]], bool]:
        """Title and relation of every sheet, and whether days are counted from 1904."""
        sheets: list[tuple[str, str]] = []
        since_1904 = False

        def start(tag: str, has: Mapping[str, str]) -> None:
            nonlocal since_1904
            if tag == "sheet":
                sheets.append((has.get("name", ""), has.get("id", "")))
            elif tag == "workbookPr":
                since_1904 = has.get("date1904", "0") in ("1", "true")

        walk(self.package.parts[main], start, _nothing, _nothing)
        return sheets, since_1904

    def _of_kind(self, targets: Mapping[str, tuple[str, str]], kind: str) -> bytes | None:
        return next((self.package.parts.get(target) for found, target in targets.values() if found == kind), None)

    def _shared(self, targets: Mapping[str, tuple[str, str]]) -> list[str]:
        """The texts that cells refer to by number."""
        texts: list[str] = []
        runs: list[str] = []
        inside: list[str] = []

        def start(tag: str, _: Mapping[str, str]) -> None:
            inside.append(tag)
            if tag == "si":
                runs.clear()

        def end(tag: str) -> None:
            inside.pop()
            if tag == "si":
                texts.append("".join(runs)[:LONGEST_TEXT])

        def text(words: str) -> None:
            if inside and inside[-1] == "t" and "rPh" not in inside:
                runs.append(words)

        data = self._of_kind(targets, "sharedStrings")
        if data is not None:
            walk(data, start, end, text)
        return texts

    def _styles(self, targets: Mapping[str, tuple[str, str]]) -> _Styles:
        formats: dict[int, str] = {}
        styles, inside, number = _Styles(), list[str](), 0

        def start(tag: str, has: Mapping[str, str]) -> None:
            nonlocal number
            inside.append(tag)
            if tag == "numFmt" and "numFmts" in inside:
                formats[int(has.get("numFmtId", "0"))] = has.get("formatCode", "")
            elif tag == "xf" and "cellXfs" in inside:
                shown = int(has.get("numFmtId", "0"))
                code = _QUOTED.sub("", _CLOCK.sub("h", formats.get(shown, ""))).split(";")[0].lower()
                if shown in _BUILT_IN_SHARES or "%" in code:
                    styles.shares.add(number)
                elif shown in _BUILT_IN_DATES or (code != "general" and re.search("[ymdhs]", code)):
                    styles.dates.add(number)
                number += 1

        data = self._of_kind(targets, "styles")
        if data is not None:
            walk(data, start, lambda _: _pop(inside), _nothing)
        return styles

    def _cells(self, part: str) -> dict[Spot, Cell]:
        """Every cell of a sheet that has something in it."""
        cells: dict[Spot, Cell] = {}
        row = column = 0
        has: Mapping[str, str] = {}
        inside: list[str] = []
        value: list[str] = []
        inline: list[str] = []
        formula: list[str] = []

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            nonlocal row, column, has
            inside.append(tag)
            if tag == "row":
                row, column = int(attributes.get("r", row + 1)), 0
            elif tag == "c":
                has = attributes
                spot = spot_of(attributes["r"]) if "r" in attributes else (row, column + 1)
                if spot is None:
                    raise BrokenError("no cell")
                row, column = spot
                value.clear()
                inline.clear()
                formula.clear()
            elif tag == "f":
                formula.append("=")

        def end(tag: str) -> None:
            inside.pop()
            if tag == "c":
                cell = self._cell(has, "".join(value), "".join(inline), "".join(formula))
                if cell is not None:
                    self.cells += 1
                    self.left -= len(cell.formula) + (len(cell.raw) if isinstance(cell.value, str) else 0)
                    if self.cells > MOST_CELLS or self.left < 0:
                        raise self._large(f"has more than {MOST_CELLS} cells, or far too much text")
                    cells[row, column] = cell

        def text(words: str) -> None:
            if not inside:
                return
            if inside[-1] == "v" and "c" in inside:
                value.append(words)
            elif inside[-1] == "f":
                formula.append(words)
            elif inside[-1] == "t" and "is" in inside and "rPh" not in inside:
                inline.append(words)

        walk(self.package.parts[part], start, end, text)
        return cells

    def _cell(self, has: Mapping[str, str], raw: str, inline: str, formula: str) -> Cell | None:
        kind, style = has.get("t", "n"), int(has.get("s", "0"))
        if kind == "inlineStr":
            return Cell(inline, inline, formula=formula) if inline else None
        if raw == "":
            return Cell(None, "", formula=formula) if formula else None
        if kind == "s":
            shared = self.shared[int(raw)]
            return Cell(shared, shared, formula=formula) if shared else None
        if kind == "str":
            return Cell(raw, raw, formula=formula)
        if kind == "b":
            return Cell(raw.strip() in ("1", "true"), raw, formula=formula)
        if kind == "e":
            return Cell(raw, raw, formula=formula, error=True)
        if kind == "d":
            return Cell(datetime.fromisoformat(raw).date(), raw, formula=formula)
        number = float(raw)
        if not isfinite(number):
            raise BrokenError("not a number")
        value: Value = int(number) if number.is_integer() else number
        if style in self.styles.dates:
            value = self._day(number)
        return Cell(value, raw, percent=style in self.styles.shares, formula=formula)

    def _day(self, number: float) -> Value:
        """The date that a count of days stands for; a part of a day alone is a time."""
        if not 0 <= number < 2_958_466:
            return number
        if number < 1:
            return time.min
        if self.start.year == 1899 and number < 60:
            number += 1  # spreadsheets take 1900 for a leap year
        return (self.start + timedelta(days=number)).date()


def _nothing(*_: object) -> None:
    pass


def _pop(inside: list[str]) -> None:
    inside.pop()


def _others(part: str, data: bytes) -> list[Other]:
    """The texts of a part; the boxes of old comments are not always well-formed, and all their words are taken as one."""
    if part.lower().endswith(".vml"):
        return [Other(part, " ".join(_MARKUP.sub(" ", data.decode("utf-8", "replace")).split()))]
    return _texts(part, data)


def _texts(part: str, data: bytes) -> list[Other]:
    """Every text of a part that stands in no cell: comments, boxes, heads and feet, properties, what pivots and links keep."""
    found: list[Other] = []
    runs: list[str] = []
    inside: list[str] = []
    authors: list[str] = []
    cell = author = ""
    is_cells = "/worksheets/" in part

    def whole() -> bool:
        return any(tag in _WHOLE for tag in inside)

    def start(tag: str, has: Mapping[str, str]) -> None:
        nonlocal cell, author
        if is_cells and (tag == "c" or "c" in inside):
            inside.append(tag)
            return
        if tag in _WHOLE and not whole():
            runs.clear()
            cell, author = "", ""
            if tag in ("comment", "threadedComment"):
                cell, number = has.get("ref", ""), has.get("authorId", "")
                author = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
        inside.append(tag)
        if not any(each in _UNSEEN for each in inside):
            found.extend(Other(part, has[key]) for key in _TEXT_ATTRIBUTES if has.get(key))

    def end(tag: str) -> None:
        inside.pop()
        if tag in _WHOLE and not whole() and runs:
            found.append(Other(part, "".join(runs), cell, author))
            runs.clear()

    def text(words: str) -> None:
        if not words.strip() or (is_cells and "c" in inside):
            return
        if inside and inside[-1] == "author":
            authors.append(words)
        if any(each in _UNSEEN for each in inside):
            return
        if whole():
            runs.append(words)
        else:
            found.append(Other(part, words))

    walk(data, start, end, text)
    return found
