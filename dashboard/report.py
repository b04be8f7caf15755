"""The report: one HTML file that holds all it shows and opens without a network; the same comparison gives the same bytes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from ruamel.yaml import YAML

from dashboard import numbers
from dashboard.changed import changed
from dashboard.evidence import evidence_groups, of_scenarios, summary
from dashboard.figures import Illustration, Table, figures
from dashboard.tables import (
    Key,
    Row,
    areas_hidden,
    cells,
    group_name,
    label_of,
    main_keys,
    measure_of,
    other_keys,
    part_keys,
    rows_of,
    service_name,
    value_cell,
)
from dashboard.texts import Language, chosen, date_text, joined, sentence, text
from dashboard.verdicts import Words, cautions, limits, table_note, verdict_words, whose_staffing
from scenarios.changes import resolved
from scenarios.errors import TrinnError, one_line
from scenarios.schema import Period, Scenario
from scenarios.units import DAY, YEAR
from sim.compare import Comparison
from sim.fold import ALL


@dataclass(frozen=True)
class Line:
    """A row of a table: its head and unit, its cells, and how it is set off."""

    head: str
    unit: str
    cells: tuple[str, ...]
    kind: str = ""
    """``better``, ``worse`` or ``quiet``."""


@dataclass(frozen=True)
class Section:
    """Rows under a heading of their own: the area, or a service."""

    name: str
    lines: tuple[Line, ...]


ENDINGS = (".html", ".docx", ".xlsx")
"""A report is a page, a document or a workbook, by the ending of its name."""


def write(comparison: Comparison, path: str | Path, language: Language = "nb") -> None:
    """Write the report to one file: a self-contained page, a Word document or a workbook with the tables, by its ending.

    Args:
        comparison: what it is about.
        path: of the file, ``.html`` where it has no other ending; folders on the way are made. The file appears whole or not
            at all.
        language: ``nb`` or ``en``.

    Raises:
        TrinnError: when the file cannot be written.
    """
    if language not in ("nb", "en"):
        raise TrinnError(f'language: must be "nb" or "en" (got {str(language)[:40]!r})')
    target = Path(path)
    if target.is_dir():
        raise TrinnError(text("path_directory", language, path=path))
    content = made(comparison, target.suffix.lower(), language)
    try:
        _put(target, content)
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise TrinnError(text("path_fault", language, path=path, reason=reason)) from None


def made(comparison: Comparison, ending: str, language: Language) -> bytes:
    """The bytes of a report: of a page unless the ending is ``.docx`` or ``.xlsx``."""
    if ending == ".docx":
        from dashboard.word import word_bytes

        return word_bytes(comparison, language)
    if ending == ".xlsx":
        from dashboard.excel import excel_bytes

        return excel_bytes(comparison, language)
    return html(comparison, language).encode()


def _put(target: Path, content: bytes) -> None:
    """Beside the target first, then in its place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=".trinn-", suffix=target.suffix)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.chmod(draft, 0o666 & ~_umask())
        os.replace(draft, target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """What the user's other files are made with."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def html(comparison: Comparison, language: Language) -> str:
    """The report as one HTML text."""
    return page(comparison, figures(comparison, language), language)


def page(comparison: Comparison, drawn: Sequence[Illustration], language: Language) -> str:
    """The report with figures that are made already."""
    words = _environment().get_template("report.html.j2").render(**_contents(comparison, drawn, language))
    return words.rstrip() + "\n"


@cache
def _environment() -> Environment:
    loader = PackageLoader("dashboard", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _contents(comparison: Comparison, drawn: Sequence[Illustration], language: Language) -> dict[str, Any]:
    base = comparison.base
    proposals = list(comparison.others)
    style = _environment().get_template("report.css").render()
    scenarios = [result.scenario for result in comparison.results.values()]
    rests_on = of_scenarios(scenarios)
    return {
        "language": language,
        "t": lambda key, **values: text(key, language, **values),
        "style": Markup(style),  # our own file: quotes in it are not to be escaped
        "title": text("report_title", language, place=chosen(base.scenario.name, language)),
        "lead": text(
            "report_lead",
            language,
            proposals=sentence(joined([_quoted(name, language) for name in proposals], language)),
            base=base.name,
            futures=comparison.replications,
            period=_long(base.scenario.period.length, language),
            start=date_text(base.scenario.period.start, language),
        ),
        "whose": whose_staffing(comparison, language),
        "average": any(result.scenario.staffing != "own" for result in comparison.results.values()),
        "base": base.name,
        "cautions": cautions(comparison, language),
        "verdicts": [_verdict(comparison, name, language) for name in proposals],
        "changes": [(name, changed(comparison, name, language)) for name in comparison.results],
        "side_by_side": _side_by_side(comparison, language),
        "tables": [(name, sections(comparison, main_keys(base), name, language)) for name in proposals],
        "figures": [_figure(figure) for figure in drawn],
        "appendix": [(name, sections(comparison, other_keys(base), name, language)) for name in proposals],
        "groups": [(name, _parts(comparison, name, language)) for name in proposals],
        "areas_left_out": areas_hidden(list(comparison.results.values())),
        "meanings": _meanings(comparison, language),
        "limits": limits(base.scenario, language),
        "evidence": evidence_groups(rests_on, scenarios, language),
        "rests": summary(rests_on, language),
        "facts": facts(comparison, language),
        "command": comparison.command,
        "scenarios": [(name, scenario_text(result.scenario)) for name, result in comparison.results.items()],
        "heads": [
            text(f"head_{name}", language) for name in ("difference", "interval", "half_width", "better_in", "judgement")
        ],
        "table_note": table_note(comparison, language),
    }


def _quoted(name: str, language: Language) -> str:
    return f"«{name}»" if language == "nb" else f"“{name}”"


# -- verdicts -----------------------------------------------------------------------------------------------------------


def _verdict(comparison: Comparison, name: str, language: Language) -> tuple[str, str, Words]:
    return name, comparison.verdicts[name].word, verdict_words(comparison, name, language)


# -- tables -------------------------------------------------------------------------------------------------------------


def sections(comparison: Comparison, keys: Sequence[Key], proposal: str, language: Language) -> tuple[Section, ...]:
    """The rows of a proposal's table, under the area and each service."""
    rows = rows_of(comparison, list(keys), proposal)
    names = dict.fromkeys(row.key[1] for row in rows)
    found = []
    for service in names:
        lines = tuple(_line(row, language) for row in rows if row.key[1] == service)
        found.append(Section(_section_name(comparison.base.scenario, service, language), lines))
    return tuple(found)


def _section_name(scenario: Scenario, service: str, language: Language) -> str:
    return service_name(scenario, service, language) if service else text("area_section", language)


def _line(row: Row, language: Language) -> Line:
    shown = cells(row, language)
    kind = row.direction if shown["judgement"] else "quiet" if row.same or row.few or row.direction == "unclear" else ""
    head, unit = label_of(row.key, language), numbers.unit_name(row.unit, language)
    return Line(head, unit, tuple(shown.values()), kind)


def _side_by_side(comparison: Comparison, language: Language) -> tuple[Line, ...]:
    """The main measures of the area, one column a scenario; only where there are several proposals."""
    if len(comparison.others) < 2:
        return ()
    lines = []
    for key in (key for key in main_keys(comparison.base) if not key[1]):
        rows = [row for name in comparison.others for row in rows_of(comparison, [key], name)]
        if rows:
            shown = [value_cell(rows[0], rows[0].base, language), *(value_cell(row, row.mean, language) for row in rows)]
            lines.append(Line(label_of(key, language), numbers.unit_name(measure_of(key).unit, language), tuple(shown)))
    return tuple(lines)


def _parts(comparison: Comparison, proposal: str, language: Language) -> tuple[Section, ...]:
    """Age groups, and areas where they may be shown."""
    keys = part_keys(comparison.base)
    if areas_hidden(list(comparison.results.values())):
        keys = [key for key in keys if key[0] == ALL]
    found: dict[str, list[Line]] = {}
    for row in rows_of(comparison, keys, proposal):
        found.setdefault(_part_name(comparison.base.scenario, row.key, language), []).append(_line(row, language))
    return tuple(Section(name, tuple(lines)) for name, lines in found.items())


def _part_name(scenario: Scenario, key: Key, language: Language) -> str:
    area = scenario.areas[key[0]].name or key[0] if key[0] != ALL else ""
    return ", ".join(part for part in (area, group_name(scenario, key[2], language)) if part)


def _meanings(comparison: Comparison, language: Language) -> list[tuple[str, str]]:
    """What each measure means: who, from which clock start to which stop."""
    keys = [*main_keys(comparison.base), *other_keys(comparison.base)]
    found = {(bool(key[1]), key[3]): measure_of(key) for key in keys}
    return [(chosen(measure.label, language), chosen(measure.about, language)) for measure in found.values()]


# -- figures ------------------------------------------------------------------------------------------------------------


def _figure(figure: Illustration) -> tuple[Illustration, Markup, tuple[Table, ...]]:
    """An SVG comes escaped from :mod:`dashboard.charts`."""
    return figure, Markup(figure.svg), figure.tables


# -- what it rests on ---------------------------------------------------------------------------------------------------


def facts(comparison: Comparison, language: Language) -> list[tuple[str, str]]:
    """What it takes to make the same numbers again: name and value."""
    base = comparison.base
    return [
        (text("repeat_staffing", language), whose_staffing(comparison, language)),
        (text("repeat_futures", language), str(comparison.replications)),
        (text("repeat_seed", language), str(base.seed)),
        (text("repeat_period", language), _period(base.scenario.period, language)),
        (text("repeat_version", language), base.version),
        (text("repeat_engine", language), base.engine),
    ]


def _period(period: Period, language: Language) -> str:
    key = "period_text" if period.warmup else "period_no_warmup"
    length, warmup = _long(period.length, language), _long(period.warmup, language)
    return text(key, language, length=length, warmup=warmup, start=date_text(period.start, language))


def _long(seconds: int, language: Language) -> str:
    if seconds and seconds % YEAR == 0:
        count = seconds // YEAR
        return text("year_one", language) if count == 1 else text("years", language, number=count)
    return text("days", language, number=numbers.whole(seconds / DAY, language))


def scenario_text(scenario: Scenario) -> str:
    """The whole scenario with its changes put in, as the YAML of a scenario file."""
    yaml = YAML()
    yaml.width = 110
    stream = StringIO()
    yaml.dump(resolved(scenario).plain(), stream)
    return "\n".join(one_line(line) for line in stream.getvalue().splitlines())
