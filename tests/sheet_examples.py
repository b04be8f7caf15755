"""Workbooks for the tests: written by the template and filled in cell by cell."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from scenarios.errors import TrinnError
from scenarios.load import load
from scenarios.schema import Scenario
from scenarios.sheet.starting import named_source
from scenarios.sheet.template import write_template
from scenarios.sheet.words import Language

PLACE = "3403"  # Hamar by its number: no preset of the library lies on it
STAFF, LISTS, TRUST, ABOUT_PLACE = "Årsverk", "Egne lister", "Fra helseforetaket", "Sted"
Cells = Mapping[str, Any]
"""By ``Sheet!cell``."""


@cache
def template(language: Language = "nb", place: str = PLACE) -> bytes:
    """The bytes of a template."""
    scenario, source = named_source(place)
    stream = BytesIO()
    write_template(scenario, source, stream, language)  # type: ignore[arg-type]
    return stream.getvalue()


def filled(path: Path, cells: Cells, language: Language = "nb", change: Callable[[Any], None] | None = None) -> Path:
    """A template with some cells filled in, as a spreadsheet program saves it."""
    book = load_workbook(BytesIO(template(language)))
    for where, value in cells.items():
        sheet, _, cell = where.rpartition("!")
        if sheet not in book.sheetnames:
            book.create_sheet(sheet)
        book[sheet][cell] = value
    if change:
        change(book)
    file = path / "staff.xlsx"
    book.save(file)
    return file


def read(path: Path, cells: Cells, language: Language = "nb", change: Callable[[Any], None] | None = None) -> Scenario:
    """The scenario of a filled-in template."""
    return load(filled(path, cells, language, change))


def faults(path: Path, cells: Cells, language: Language = "nb", change: Callable[[Any], None] | None = None) -> list[str]:
    """Every fault of a filled-in template."""
    return faults_of(filled(path, cells, language, change))


def faults_of(file: Path) -> list[str]:
    """Every fault of a file; none where it loads."""
    try:
        load(file)
    except TrinnError as error:
        return [str(fault) for fault in error.faults]
    return []


def row_of(language: Language, sheet: str, *texts: str) -> int:
    """The row of a sheet of the template that begins with these texts."""
    for row in load_workbook(BytesIO(template(language)))[sheet].iter_rows(min_row=5):
        if tuple(cell.value for cell in row[: len(texts)]) == texts:
            return int(row[0].row or 0)
    raise LookupError(texts)


def repacked(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """A workbook with other parts."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def in_sheet(data: bytes, number: int, pattern: str, by: str) -> bytes:
    """A workbook whose XML of one sheet is changed."""

    def change(parts: dict[str, bytes]) -> None:
        name = f"xl/worksheets/sheet{number}.xml"
        text = parts[name].decode("utf-8")
        new = re.sub(pattern, by, text, count=1)
        assert new != text
        parts[name] = new.encode("utf-8")

    return repacked(data, change)
