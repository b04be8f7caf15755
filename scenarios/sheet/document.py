"""A workbook as a document: what it states, with the cell of every value, so that each fault can say where it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenarios.changes import resolved
from scenarios.errors import Fault, TrinnError
from scenarios.reading import Document, Path_, dotted
from scenarios.schema import Scenario
from scenarios.sheet.mapping import mapped, whose
from scenarios.sheet.package import is_sheet
from scenarios.sheet.reading import open_workbook, place_of, read_answers
from scenarios.sheet.words import Language, say
from scenarios.sheet.workbook import Workbook


@dataclass
class SheetDocument(Document):
    """Data of a workbook; ``lines`` are the numbers of rows, for the order of faults."""

    cells: dict[Path_, str] = field(default_factory=dict)

    def fault(self, path: Path_, rule: str) -> Fault:
        """A fault at ``path``: with its cell, and with the address in the scenario where it is about more than the cell."""
        cell = next((self.cells[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.cells), None)
        if cell is None:
            return super().fault(path, rule)
        return Fault(rule if path == ("base",) else f"{dotted(path)}: {rule}", cell, self.file)

    def place(self, path: Path_) -> str:
        """The file: cells stand in the faults themselves."""
        return self.file


@dataclass(frozen=True)
class Opened:
    """A workbook that is about no person, and says its place."""

    book: Workbook
    language: Language
    start: SheetDocument
    """Nothing but the place, as the base of all the rest."""


def open_sheet(path: Path) -> Opened:
    """A workbook, opened.

    Raises:
        TrinnError: when it cannot be read, is about persons, or says no place.
    """
    book, language = open_workbook(path)
    place = place_of(book, language)
    if is_sheet(name := str(place.value)) or name.lower().endswith((".yaml", ".yml")) or "/" in name or "\\" in name:
        raise TrinnError(Fault(say("no_place", language), place.cell, book.file))
    return Opened(book, language, SheetDocument({"base": name}, book.file, {("base",): 1}, {("base",): place.cell}))


def sheet_document(workbook: Opened, base: Scenario) -> SheetDocument:
    """What a workbook states on top of its place's scenario. Nothing filled in: nothing but the base.

    Raises:
        TrinnError: with every fault, each with its cell.
    """
    now = resolved(base, base.period.start)
    answers = read_answers(workbook.book, workbook.language, now)
    out = mapped(answers, base, now)
    if answers.faults:
        raise TrinnError(dict.fromkeys(answers.faults))
    data: dict[str, Any] = {"base": base, **out.data}
    if changes := out.kept_changes():
        data["changes"] = [change for change, _ in changes]
    if out.entered:
        data["entered"] = out.told()
    if out.evidence:
        data["evidence"] = out.evidence
    if (staffing := whose(base, now, out.own_posts)) != base.staffing:
        data["staffing"] = staffing
    cells = dict(out.cells)
    cells |= {("changes", at): cell for at, (_, cell) in enumerate(changes, len(base.changes))}
    lines = {path: at for at, path in enumerate(cells, 1)}
    lines |= {("changes", at): len(lines) + at for at in range(len(changes))}  # as in the file: those of the base come before
    return SheetDocument(data, workbook.book.file, lines, cells)
