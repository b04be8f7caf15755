"""What really happened: a planner's table of observed lists and waits, read without trust, beside what the model said.

The file is a CSV with four columns (date, service, measure, value) as spreadsheets in Norway and elsewhere save it. Nothing of
a faulty file is taken over, what is about a person is refused and never shown back, and counts under 5 are not told apart.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from functools import cache
from io import StringIO
from math import isnan, nan

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard import numbers
from dashboard.charts import band_of
from dashboard.tables import measure_of, rests_on_few, service_name
from dashboard.texts import LANGUAGES, Language, chosen, date_text, joined, text
from dashboard.verdicts import whose_staffing
from scenarios.changes import resolved
from scenarios.errors import Fault, TrinnError
from scenarios.resolve import catchments_of, service_of
from scenarios.schema import STEPS, Scenario, Service
from scenarios.sheet.answers import Answer, Few, UnfitError, answer_of, day_in, found_in
from scenarios.sheet.columns import Column
from scenarios.sheet.identity import clean
from scenarios.sheet.privacy import refuse_persons
from scenarios.sheet.workbook import Cell, Sheet, Spot, Workbook, address
from sim.compare import Comparison
from sim.fold import ALL, SERIES, weeks
from sim.output_analysis import MINIMUM_REPLICATIONS
from sim.result import Result

LARGEST = 1_000_000
"""Bytes of a file."""
MOST_ROWS = 2000
MOST_COLUMNS = 20
MOST_FAULTS = 50
"""Faults that are told; the rest are counted."""
COLUMNS = ("date", "service", "measure", "value")
WEEKLY = ("waiting", "in_course")
"""Counted on a day: the model has them week by week."""
YEARLY = ("wait_started", "referrals", "rejected")
"""The model has them for its whole period."""
MEASURES = (*WEEKLY, *YEARLY)
REVIEWED = ("referrals", "rejected")
"""Only of services that review referrals."""
SEPARATORS = (";", "\t", ",")
TEMPLATE_WEEKS = 26
"""Between the dates of the template."""
_COUNT, _WEEKS, _DAYS = (
    Column("value", "count", high=1e5),
    Column("value", "weeks", high=520),
    Column("value", "days", high=3650),
)
_UNITS = {"wait_weeks": ("wait_started", _WEEKS), "wait_days": ("wait_started", _DAYS)}
"""What a wait may be given in."""
_WORDS = (*(name for name in MEASURES if name != "wait_started"), *_UNITS)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MIDNIGHT = re.compile(r"[ T]+0{1,2}[:.]00(?:[:.]00)?$")
_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Observed:
    """What really happened, by a planner's own counts."""

    rows: pd.DataFrame
    """date, service (its id), measure (of ``MEASURES``), value (children, or days; NaN for a count under 5), small."""
    notes: tuple[str, ...]
    """What was left out, and how it was read."""


@dataclass(frozen=True)
class Beside:
    """What really happened beside what the model said."""

    sentence: str
    table: pd.DataFrame
    """As shown: a row a number, two columns a scenario."""
    notes: tuple[str, ...]
    """What has to stand beside it: whose staffing, and that it proves nothing."""


def read_observed(data: bytes, scenario: Scenario, language: Language) -> Observed:
    """The table in a file.

    Args:
        data: its content.
        scenario: whose services and period it is about.
        language: of what is said, and of dates and decimals that can be read in two ways.

    Raises:
        TrinnError: with every fault, each with its line and column; nothing of a faulty file is taken over.
    """
    lines = _lines(_decoded(data, language), language)
    _refuse_persons(lines, scenario, language)
    at = _heads(lines, language)
    reader = _Reader(scenario, language)
    for number, cells in lines[1:]:
        reader.read(number, {name: cells[column].strip() if column < len(cells) else "" for name, column in at.items()})
    return reader.finish()


def observed_template(scenario: Scenario, language: Language) -> bytes:
    """A CSV to begin with: every list at every half-year of the period, with the values left open."""
    now = resolved(scenario, scenario.period.start)
    separator = ";" if language == "nb" else ","
    stream = StringIO()
    writer = csv.writer(stream, delimiter=separator, lineterminator="\r\n")
    writer.writerow([text(f"observed_column_{name}", language) for name in COLUMNS])
    dates = _template_dates(scenario)
    for measure in ("waiting", "in_course", "wait_weeks", "referrals", "rejected"):
        for name in _by_step(now):
            if _has(now, name, "wait_started" if measure in _UNITS else measure):
                for day in dates if measure in WEEKLY else dates[1::2]:
                    label = text(f"observed_measure_{measure}", language)
                    words = (day.isoformat(), service_name(now, name, language), label, "")
                    writer.writerow([_harmless(word) for word in words])
    return stream.getvalue().encode("utf-8-sig")


# -- the file -----------------------------------------------------------------------------------------------------------


def _decoded(data: bytes, language: Language) -> str:
    if len(data) > LARGEST:
        size = numbers.decimal(round(len(data) / 1e6, 1), language)
        raise TrinnError(text("observed_large", language, size=size, most=LARGEST // 1_000_000))
    if data.startswith(_NO_TEXT):
        raise TrinnError(text("observed_no_text", language))
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            words = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise TrinnError(text("observed_no_text", language))
    if "\x00" in words:
        raise TrinnError(text("observed_no_text", language))
    if not words.strip():
        raise TrinnError(text("observed_empty", language))
    return words


Line = tuple[int, list[str]]
"""(number of the line in the file, its cells)."""


def _lines(words: str, language: Language) -> list[Line]:
    """The lines that hold something, the first of them the heads."""
    physical = words.splitlines()
    told = re.fullmatch(r'"?sep=(.)"?', physical[0].strip("\ufeff \r\n"), re.IGNORECASE)
    first = next((line for line in physical[1 if told else 0 :] if line.strip()), "")
    if told and told[1] not in SEPARATORS:
        raise TrinnError(Fault(text("observed_separator", language), place=_line(1, language)))
    separator = told[1] if told else max(SEPARATORS, key=lambda sign: (_known_heads(first, sign), first.count(sign)))
    reader = csv.reader(StringIO(words, newline=""), delimiter=separator, strict=True)
    found, number = list[Line](), 1
    try:
        for row in reader:
            here, number = number, reader.line_num + 1
            if any(cell.strip() for cell in row) and not (here == 1 and told):
                found.append((here, row))
            if len(found) > MOST_ROWS + 1:
                raise TrinnError(text("observed_rows", language, most=MOST_ROWS))
            if len(row) > MOST_COLUMNS:
                raise TrinnError(Fault(text("observed_columns", language, most=MOST_COLUMNS), place=_line(here, language)))
    except csv.Error:
        raise TrinnError(Fault(text("observed_quotes", language), place=_line(number, language))) from None
    if not found:
        raise TrinnError(text("observed_empty", language))
    return found


def _known_heads(line: str, separator: str) -> int:
    return sum(_plain(cell.strip(' "')) in _head_words() for cell in line.split(separator))


def _line(number: int, language: Language) -> str:
    return text("observed_line", language, number=number)


def _refuse_persons(lines: Sequence[Line], scenario: Scenario, language: Language) -> None:
    """The rules of the planner's workbook, on the same cells: it names them as ``B4``, column B of line 4."""
    cells: dict[Spot, Cell] = {}
    dates = set[int]()
    for number, row in lines:
        for column, raw in enumerate(row, 1):
            bare = raw.strip()
            if bare:
                whole = bare.isascii() and bare.isdigit() and not bare.startswith("0") and len(bare) < 16
                cells[number, column] = Cell(int(bare) if whole else bare, bare)
                if number == lines[0][0] and _head_words().get(_plain(bare)) == "date":
                    dates.add(column)
    words = [*_head_words(), *_measure_words(), *(label for names in _named(scenario).values() for label in names)]
    known = {spelled for _, row in lines for spelled in (cell.strip() for cell in row) if _plain(spelled) in set(words)}
    title = text("observed_file", language)
    refuse_persons(Workbook(title, (Sheet(1, title, cells),), ()), language, {1: dates}, known)


def _heads(lines: Sequence[Line], language: Language) -> dict[str, int]:
    """Where each column stands."""
    number, row = lines[0]
    faults, at = list[Fault](), dict[str, int]()
    for column, cell in enumerate(row):
        name = _head_words().get(_plain(cell))
        place = f"{_line(number, language)}, {address((number, column + 1))}"
        if name is None:
            if any(column < len(cells) and cells[column].strip() for _, cells in lines):
                faults.append(Fault(text("observed_extra_column", language), place=place))
        elif name in at:
            faults.append(Fault(text("observed_twice_column", language, column=_column(name, language)), place=place))
        else:
            at[name] = column
    missing = [_column(name, language) for name in COLUMNS if name not in at]
    if missing:
        words = text("observed_missing_columns", language, columns=joined(missing, language))
        faults.append(Fault(words, place=_line(number, language)))
    if faults:
        raise TrinnError(faults)
    return at


def _column(name: str, language: Language) -> str:
    return text(f"observed_column_{name}", language)


# -- the rows -----------------------------------------------------------------------------------------------------------


class _Reader:
    """Reads rows, and keeps every fault."""

    def __init__(self, scenario: Scenario, language: Language) -> None:
        self.scenario, self.language = resolved(scenario, scenario.period.start), language
        self.first = scenario.period.start
        self.last = self.first + timedelta(seconds=scenario.period.length)
        self.names = _named(scenario)
        self.faults = list[Fault]()
        self.rows = list[tuple[date, str, str, float, bool]]()
        self.seen = dict[tuple[date, str, str], int]()
        self.early_or_late = 0

    def read(self, number: int, cells: Mapping[str, str]) -> None:
        """One line; without a value it says nothing."""
        if not cells["value"]:
            return
        before = len(self.faults)
        day, word = self._date(number, cells["date"]), self._measure(number, cells["measure"])
        measure, column = _UNITS.get(word, (word, _COUNT))
        service = self._service(number, cells["service"], measure)
        if service and word and not _has(self.scenario, service, measure):
            names = {"service": service_name(self.scenario, service, self.language)}
            self._fault(number, "measure", text(f"observed_no_{measure}", self.language, **names))
        value = self._value(number, cells["value"], column) if word else None
        if len(self.faults) > before or day is None or value is None:
            return
        if (day, service, measure) in self.seen:
            words = text("observed_twice", self.language, line=self.seen[day, service, measure])
            self._fault(number, "", words)
            return
        self.seen[day, service, measure] = number
        if not self.first <= day < self.last:
            self.early_or_late += 1
            return
        small = isinstance(value, Few) or (column is _COUNT and float(value) < numbers.SMALL)
        self.rows.append((day, service, measure, nan if isinstance(value, Few) or small else float(value), small))

    def finish(self) -> Observed:
        """What was read.

        Raises:
            TrinnError: with every fault.
        """
        ends = {"first": date_text(self.first, self.language), "last": date_text(self.last - timedelta(days=1), self.language)}
        if not self.faults and not self.rows:
            key = "observed_all_outside" if self.early_or_late else "observed_no_values"
            self.faults.append(Fault(text(key, self.language, **(ends if self.early_or_late else {}))))
        if len(self.faults) > MOST_FAULTS:
            more = Fault(text("observed_more_faults", self.language, number=len(self.faults) - MOST_FAULTS))
            self.faults = [*self.faults[:MOST_FAULTS], more]
        if self.faults:
            raise TrinnError(self.faults)
        table = pd.DataFrame(sorted(self.rows), columns=["date", "service", "measure", "value", "small"])
        notes = [text("observed_read", self.language, number=len(table))]
        if self.early_or_late:
            notes.append(text("observed_outside", self.language, number=self.early_or_late, **ends))
        if table["small"].any():
            notes.append(text("observed_small", self.language, number=numbers.SMALL))
        return Observed(table, tuple(notes))

    def _fault(self, number: int, column: str, words: str) -> None:
        field = _column(column, self.language) if column else ""
        self.faults.append(Fault(words, field, _line(number, self.language)))

    def _date(self, number: int, raw: str) -> date | None:
        bare = _MIDNIGHT.sub("", clean(raw).strip())
        day = day_in(bare, self.language)
        if day is None:
            ambiguous = self.language == "en" and day_in(bare, "nb") is not None
            self._fault(number, "date", text("observed_ambiguous_date" if ambiguous else "observed_bad_date", self.language))
        return day

    def _service(self, number: int, raw: str, measure: str) -> str:
        """The service meant; empty where none is. Of those of a step it is the only one that has the measure."""
        wanted = _plain(raw.lstrip("'"))
        found = [name for name, words in self.names.items() if wanted in words]
        if len(found) == 1:
            return found[0]
        step = next((step for step in STEPS if wanted in _words(f"observed_step_{step}")), None)
        on_step = [
            name
            for name, service in self.scenario.services.items()
            if step is not None and service.step == step and service.role != "overflow"
        ]
        if len(on_step) > 1 and measure:
            on_step = [name for name in on_step if _has(self.scenario, name, measure)] or on_step
        if len(on_step) == 1:
            return on_step[0]
        if on_step or found:
            names = joined([self._shown(name) for name in found or on_step], self.language)
            self._fault(number, "service", text("observed_many_services", self.language, names=names))
        elif not raw:
            self._fault(number, "service", text("observed_no_service", self.language))
        else:
            told = {"found": found_in(Cell(raw, raw), self.language), "names": joined(self._nearest(wanted), self.language)}
            self._fault(number, "service", text("observed_unknown_service", self.language, **told))
        return ""

    def _shown(self, name: str) -> str:
        return service_name(self.scenario, name, self.language)

    def _nearest(self, wanted: str) -> list[str]:
        """The services with the nearest names; all of them where none is near."""
        owner = {word: name for name, words in self.names.items() for word in words}
        near = get_close_matches(wanted[:100], list(owner), n=3, cutoff=0.55)
        return [self._shown(name) for name in dict.fromkeys(owner[word] for word in near) or self.names]

    def _measure(self, number: int, raw: str) -> str:
        """The measure meant, with its unit; empty where none is."""
        found = _measure_words().get(_plain(raw.lstrip("'")))
        if found is None:
            labels = joined([text(f"observed_measure_{name}", self.language) for name in _WORDS], self.language)
            self._fault(number, "measure", text("observed_unknown_measure", self.language, measures=labels))
        return found or ""

    def _value(self, number: int, raw: str, column: Column) -> float | Few | None:
        try:
            value: Answer | None = answer_of(Cell(raw, raw), column, None, self.language)
        except UnfitError as error:
            self._fault(number, "value", str(error))
            return None
        return value if isinstance(value, int | float | Few) else None


def _plain(words: str) -> str:
    """A word as it is compared: small letters, single spaces, no underscores."""
    return " ".join(clean(words).replace("_", " ").casefold().split())


def _words(key: str) -> set[str]:
    """Every way to say something, in both languages, parted by bars in the catalogue."""
    return {_plain(word) for language in LANGUAGES for word in text(key, language).split("|")}


@cache
def _head_words() -> dict[str, str]:
    return {word: name for name in COLUMNS for word in _words(f"observed_heads_{name}") | _words(f"observed_column_{name}")}


@cache
def _measure_words() -> dict[str, str]:
    return {word: name for name in _WORDS for word in _words(f"observed_words_{name}") | _words(f"observed_measure_{name}")}


def _named(scenario: Scenario) -> dict[str, set[str]]:
    """By service: its id and its names, as they are compared."""
    found = {}
    for name, service in scenario.services.items():
        labels = [chosen(service.name, language) for language in LANGUAGES] if service.name else []
        found[name] = {_plain(word) for word in (name, *labels)}
    return found


def _by_step(scenario: Scenario) -> list[str]:
    services = scenario.services
    step = {name: STEPS.index(service.step) if service.step else len(STEPS) for name, service in services.items()}
    return sorted(services, key=lambda name: step[name])


def _has(now: Scenario, name: str, measure: str) -> bool:
    """Whether the model has such a number of the service."""
    here = _here(now, name)
    listed = here.open and (bool(here.staff) or here.places not in (None, "endless"))
    return (here.intake is not None if measure in REVIEWED else True) and (listed or measure in REVIEWED)


def _here(now: Scenario, name: str) -> Service:
    area = now.areas[now.focal_areas[0]]
    return service_of(now, name, catchments_of(now)[area.catchment] if now.services[name].shared else area)


def _template_dates(scenario: Scenario) -> list[date]:
    period = scenario.period
    half = timedelta(weeks=TEMPLATE_WEEKS)
    count = max(2, int(timedelta(seconds=period.length) / half))
    last = period.start + timedelta(seconds=period.length) - timedelta(days=1)
    return [min(period.start + half * number, last) for number in range(1, count + 1)]


def _harmless(words: str) -> str:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{words}" if words.startswith(_FORMULA) else words


# -- beside the model ---------------------------------------------------------------------------------------------------


def beside(observed: Observed, comparison: Comparison, language: Language) -> Beside:
    """Each observed number beside what 8 of 10 possible futures gave in the same week, or for the whole period.

    It says how many numbers lie inside, and nothing about whether the model is right.
    """
    base = comparison.base.scenario
    heads = [text(f"observed_column_{name}", language) for name in COLUMNS[:3]]
    heads.append(text("observed_happened", language))
    for name in comparison.results:
        heads += [text("observed_band_of", language, scenario=name), text("observed_where_of", language, scenario=name)]
    rows, inside, told = list[list[str]](), dict.fromkeys(comparison.results, 0), dict.fromkeys(comparison.results, 0)
    for row in observed.rows.to_dict("records"):
        day, service, measure, value, small = (row[name] for name in (*COLUMNS, "small"))
        unit = measure_of((ALL, service, ALL, measure)).unit
        label = text(f"observed_measure_{'wait_days' if measure == 'wait_started' else measure}", language)
        happened = text("under", language, number=numbers.SMALL) if small else numbers.shown(value, unit, language)
        cells = [date_text(day, language), service_name(base, service, language), label, happened]
        for name, result in comparison.results.items():
            where, band = _judged(_futures(result, day, service, measure), value, small, unit, language)
            cells += [band, text(f"observed_{where}", language)]
            told[name] += where in ("inside", "above", "below")
            inside[name] += where == "inside"
        rows.append(cells)
    notes = [whose_staffing(comparison, language), text("observed_proves_nothing", language)]
    if observed.rows["measure"].isin(YEARLY).any():
        notes.append(text("observed_whole_period", language))
    notes.append(text("observed_only_here", language))
    return Beside(_sentence(inside, told, language), pd.DataFrame(rows, columns=heads), tuple(notes))


def _futures(result: Result, day: date, service: str, measure: str) -> Floats:
    """What each possible future gave; empty where the model has no such number, or it rests on too few children."""
    shape = result.plans[0].shape
    if service not in shape.services:
        return np.empty(0)
    if measure in WEEKLY:
        seconds = (day - shape.start) // timedelta(seconds=1)
        week = int(np.searchsorted(weeks(result.plans[0]), seconds, side="right")) - 1
        at = shape.services.index(service)
        return np.asarray([each.folded.series[week, at, SERIES.index(measure)] for each in result.replications])
    key = (ALL, service, ALL, measure)
    values = np.asarray([each.folded.values.get(key, nan) for each in result.replications])
    return np.empty(0) if rests_on_few(result, key) else values[~np.isnan(values)]


def _judged(found: Floats, value: float, small: bool, unit: str, language: Language) -> tuple[str, str]:
    """(where the observed number lies, the band as it is shown); both by the numbers as they are shown."""
    if len(found) < MINIMUM_REPLICATIONS:
        return "not_compared", text("few_futures" if len(found) else "few_children", language)
    band = band_of(found[:, None])
    low, high = (numbers.rounded(float(end[0]), unit) for end in (band.low, band.high))
    ends = [numbers.shown(end, unit, language) for end in (low, high)]
    shown = ends[0] if ends[0] == ends[1] else text("range", language, low=ends[0], high=ends[1])
    if small or isnan(value):
        return ("inside" if numbers.is_small(low, unit) else "below"), shown
    size = numbers.rounded(value, unit)
    if size > high and not (numbers.is_small(high, unit) and numbers.is_small(size, unit)):
        return "above", shown
    return ("below" if size < low else "inside"), shown


def _sentence(inside: Mapping[str, int], told: Mapping[str, int], language: Language) -> str:
    """``12 av 15 tall ligger innenfor …``, for each scenario."""
    parts = list(_counted(inside, told, language))
    return text("observed_sentence", language, parts=joined(parts, language)) if parts else text("observed_none", language)


def _counted(inside: Mapping[str, int], told: Mapping[str, int], language: Language) -> Iterator[str]:
    key = "observed_sentence_part"
    for name, total in told.items():
        if total:
            yield text(key, language, number=inside[name], total=total, scenario=name)
            key = "observed_sentence_more"


__all__ = ["COLUMNS", "MEASURES", "Beside", "Observed", "beside", "observed_template", "read_observed"]
