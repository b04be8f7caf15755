"""Writing the workbook that a planner fills in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.errors import one_line
from scenarios.resolve import staffing
from scenarios.schema import BANDS, Area, Scenario
from scenarios.sheet import vocabulary
from scenarios.sheet.columns import FORMAT, LISTS, PLACE, QUESTIONS, STAFF, TABLES, TRUST, Table
from scenarios.sheet.words import Language, in_language, number_text, say, words

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

HEAD_ROW = 4
"""The row of the heads; the ready rows begin below it."""
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a text may not begin with if a spreadsheet is never to take it for a formula or a command."""
_PROMPTS = {
    "choice": "prompt_choice",
    "fte": "prompt_fte",
    "share": "prompt_share",
    "count": "prompt_count",
    "number": "prompt_number",
    "people": "prompt_people",
    "weeks": "prompt_weeks",
    "days": "prompt_days",
    "date": "prompt_date",
    "year": "prompt_year",
}
_FORMATS = {"share": "0%", "date": "dd.mm.yyyy", "fte": "General", "count": "0", "people": "# ##0"}
_FONT = "Calibri"
_GREY, _YELLOW, _HEAD = "FFEFEFEF", "FFFFF7CC", "FFD9E2EC"


def put(cell: Cell | MergedCell, value: str | int | float) -> None:
    """Write a text or a number. A text stays a text, whatever it begins with: never a formula, and marked as a text where a
    spreadsheet would take it for one when it is edited or copied.
    """
    if isinstance(value, str):
        cell.value = one_line(value.replace("\n", " "))[:32_000]
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(RISKY)
    else:
        cell.value = value


def write_template(scenario: Scenario, source: str, path: Path, language: Language) -> None:
    """Write the workbook of a scenario.

    Args:
        scenario: of one municipality or district, without own numbers.
        source: the name it was loaded by, which stands in the workbook.
        path: where to; the file takes the place of what is there.
        language: of heads and explanations.

    Raises:
        TrinnError: when the scenario is not of one municipality or district.
    """
    from openpyxl import Workbook

    vocabulary.focal_area(scenario)
    book = Workbook()
    book.properties.creator, book.properties.title = "Trinn", "Trinn"
    page = book.active
    assert page is not None
    _about(page, scenario, language)
    choices = _Choices(book, scenario, language)
    _place(book, scenario, source, language, choices)
    for table in TABLES:
        _table(book, table, scenario, language, choices)
    choices.write()
    book.save(path)


def _sheet(book: Workbook, key: str, language: Language) -> Worksheet:
    sheet: Worksheet = book.create_sheet(say(f"sheet_{key}", language))
    _lock(sheet)
    return sheet


def _lock(sheet: Any) -> None:
    """Protected without a password: only what is to be filled in can be written in by mistake."""
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False
    sheet.protection.formatRows = False
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _about(sheet: Any, scenario: Scenario, language: Language) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.title = say("sheet_about", language)
    _lock(sheet)
    put(sheet["A1"], say("about_title", language, place=_place_name(scenario)))
    sheet["A1"].font = Font(name=_FONT, size=16, bold=True)
    for number, line in enumerate(say("about_lines", language).splitlines()):
        cell = sheet.cell(row=3 + number, column=1)
        put(cell, line)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        cell.font = Font(name=_FONT, size=11, bold=number == 0)
        sheet.row_dimensions[3 + number].height = 18 * (1 + len(line) // 100)
    sheet.column_dimensions["A"].width = 110


def _place_name(scenario: Scenario) -> str:
    area = scenario.areas[vocabulary.focal_area(scenario)]
    return f"{area.name} ({area.number})" if area.number else area.name or vocabulary.focal_area(scenario)


class _Choices:
    """The lists to choose from, each a column of the last sheet."""

    def __init__(self, book: Workbook, scenario: Scenario, language: Language) -> None:
        self.book, self.language = book, language
        self.lists: dict[str, list[str]] = {
            "staff.service": self._of(vocabulary.services(scenario, shared=True, other=True)),
            "staff.profession": self._of(vocabulary.professions(scenario)),
            "staff.funding": self._of(vocabulary.of_words(vocabulary.PAYERS)),
            "staff.employer": self._of(vocabulary.of_words(vocabulary.EMPLOYERS)),
            "lists.service": self._of(vocabulary.services(scenario, shared=False, other=True)),
            "trust.about": self._of(vocabulary.trust_rows(scenario)),
            "place.start": [say(key, language) for key in ("yes", "no")],
            "unknown": [],
        }
        for options in self.lists.values():
            options.append(say("unknown", language))

    def _of(self, choices: vocabulary.Choices) -> list[str]:
        return [in_language(text, self.language) for text in choices.shown.values()]

    def range(self, key: str) -> str:
        """Where a list stands, as a data validation names it."""
        from openpyxl.utils import get_column_letter

        column = get_column_letter(1 + list(self.lists).index(key))
        return f"'{say('sheet_choices', self.language)}'!${column}$2:${column}${1 + len(self.lists[key])}"

    def write(self) -> None:
        """Write the sheet of the lists."""
        from openpyxl.styles import Font

        sheet = _sheet(self.book, "choices", self.language)
        for number, (key, options) in enumerate(self.lists.items(), 1):
            head = "question" if key == "place.start" else "answer" if key == "unknown" else key.split(".")[1]
            put(sheet.cell(row=1, column=number), say(f"head_{head}", self.language))
            sheet.cell(row=1, column=number).font = Font(name=_FONT, size=11, bold=True)
            for row, option in enumerate(options, 2):
                put(sheet.cell(row=row, column=number), option)
        for letter in "ABCDEFGH":
            sheet.column_dimensions[letter].width = 34


def _place(book: Workbook, scenario: Scenario, source: str, language: Language, choices: _Choices) -> None:
    sheet = _sheet(book, "place", language)
    _head(sheet, PLACE, say("sheet_place", language), "", language)
    area = scenario.areas[vocabulary.focal_area(scenario)]
    children = dict(zip(QUESTIONS[3:], _children(area), strict=True))
    for row, key in enumerate(QUESTIONS, HEAD_ROW + 1):
        people = key in children
        kind = "people" if people else "choice" if key == "start" else "text"
        default = children[key] if people else say("default_start", language) if key == "start" else ""
        answers: dict[str, str | int] = {"place": source, "format": FORMAT}
        note = "source_people" if people else f"source_{key}"
        cells = (say(f"ask_{key}", language), answers.get(key, say("unknown", language)), default, say(note, language))
        for column, value in enumerate(cells, 1):
            put(sheet.cell(row=row, column=column), value)
            _plain(sheet.cell(row=row, column=column))
        answer = sheet.cell(row=row, column=2)
        if key != "format":
            _open(answer, "people" if people else "text")
        sheet.cell(row=row, column=3).number_format = _FORMATS["people"] if people else "General"
        if kind != "text":
            listed = choices.range("place.start" if key == "start" else "unknown")
            _choose(sheet, [answer.coordinate], listed, kind, language)


def _children(area: Area) -> list[int]:
    children = {str(band): number for band, number in area.children.items()}
    return [children.get(band, 0) for band in BANDS]


def _table(book: Workbook, table: Table, scenario: Scenario, language: Language, choices: _Choices) -> None:
    from openpyxl.utils import get_column_letter

    sheet = _sheet(book, table.key, language)
    title = f"{say(f'sheet_{table.key}', language)}: {_place_name(scenario)}"
    _head(sheet, table, title, say(f"note_{table.key}", language), language)
    ready = _ready(table, scenario, language)
    last = HEAD_ROW + len(ready) + table.spare
    for row in range(HEAD_ROW + 1, last + 1):
        given = ready[row - HEAD_ROW - 1] if row - HEAD_ROW <= len(ready) else None
        for number, column in enumerate(table.columns, 1):
            cell = sheet.cell(row=row, column=number)
            _plain(cell)
            if given is not None:
                put(cell, given.get(column.key, "" if column.kind == "locked" else say("unknown", language)))
            if column.kind != "locked":
                _open(cell, column.kind)
    for number, column in enumerate(table.columns, 1):
        if column.kind == "locked":
            continue
        letter = get_column_letter(number)
        closed = f"{table.key}.{column.key}"
        listed = choices.range(closed if closed in choices.lists else "unknown")
        _choose(sheet, [f"{letter}{HEAD_ROW + 1}:{letter}{last}"], listed, column.kind, language)


def _ready(table: Table, scenario: Scenario, language: Language) -> list[dict[str, str]]:
    """The rows that stand in a table from the beginning, by column."""
    if table is STAFF:
        return _staff_rows(scenario, language)
    if table is TRUST:
        return [{"about": in_language(text, language)} for text in vocabulary.trust_rows(scenario).shown.values()]
    assert table is LISTS
    asked = vocabulary.services(scenario, shared=False, other=False)
    own = say("source_own", language)
    return [{"service": in_language(text, language), "source": own} for text in asked.shown.values()]


def _staff_rows(scenario: Scenario, language: Language) -> list[dict[str, str]]:
    stated = {(post["service"], post["pool"]): float(post["fte"]) for post in staffing(scenario)}
    rows = []
    for service, text in vocabulary.services(scenario, shared=True, other=False).shown.items():
        source = _source(scenario, service, language)
        pools = vocabulary.posts_here(scenario, service)
        for pool, content in pools.items():
            whose = "default_fte" if content.fte_per_1000 is not None else "default_fte_own"
            fte = number_text(stated.get((service, pool), 0.0), language)
            profession = in_language(vocabulary.pool_label(content, pool), language)
            row = {"service": in_language(text, language), "profession": profession}
            share = round(100 * vocabulary.usual_cases(content))
            rows.append({**row, "default": say(whose, language, fte=fte, share=share), "source": source})
        if not pools:
            row = {"service": in_language(text, language)}
            rows.append({**row, "default": say("default_none", language), "source": source})
    return rows


def _source(scenario: Scenario, service: str, language: Language) -> str:
    """Where the number of posts of a service can be found."""
    content = scenario.services[service]
    if f"source_{service}" in words():
        return say(f"source_{service}", language)
    kind = "trust" if content.shared else "door" if content.role == "door" else "municipal"
    return say(f"source_{kind}", language)


def _head(sheet: Worksheet, table: Table, title: str, note: str, language: Language) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    put(sheet["A1"], title)
    sheet["A1"].font = Font(name=_FONT, size=14, bold=True)
    if note:
        put(sheet["A2"], note)
    for number, column in enumerate(table.columns, 1):
        cell = sheet.cell(row=HEAD_ROW, column=number)
        put(cell, say(f"head_{column.key}", language))
        cell.font = Font(name=_FONT, size=11, bold=True)
        cell.fill = PatternFill("solid", fgColor=_HEAD)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.row_dimensions[HEAD_ROW].height = 48
    sheet.freeze_panes = f"{'C' if table is STAFF else 'B'}{HEAD_ROW + 1}"


def _plain(cell: Cell | MergedCell) -> None:
    from openpyxl.styles import Alignment, PatternFill

    cell.fill = PatternFill("solid", fgColor=_GREY)
    cell.alignment = Alignment(vertical="top", wrap_text=False)


def _open(cell: Cell | MergedCell, kind: str) -> None:
    """A cell to fill in."""
    from openpyxl.styles import Border, PatternFill, Protection, Side

    thin = Side(style="thin", color="FFBBBBBB")
    cell.fill = PatternFill("solid", fgColor=_YELLOW)
    cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
    cell.protection = Protection(locked=False)
    cell.number_format = _FORMATS.get(kind, "General")


def _choose(sheet: Worksheet, ranges: Sequence[str], listed: str, kind: str, language: Language) -> None:
    """A drop-down. A closed list warns of other answers; the others offer "don't know" and take any number."""
    from openpyxl.worksheet.datavalidation import DataValidation

    rule = DataValidation(type="list", formula1=listed, allow_blank=True, errorStyle="warning")
    rule.showErrorMessage = kind == "choice"
    rule.showInputMessage = True
    rule.prompt = say(_PROMPTS[kind], language)
    sheet.add_data_validation(rule)
    for each in ranges:
        rule.add(each)
