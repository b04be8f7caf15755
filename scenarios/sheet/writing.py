"""What is gathered while answers are mapped: a scenario document to lay over the base, and what became of every cell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from scenarios.changes import differences, when
from scenarios.reading import Path_ as Path_
from scenarios.reading import dotted
from scenarios.resolve import catchments_of, children_of, fte_of, service_of
from scenarios.schema import Label, Scenario
from scenarios.sheet import vocabulary
from scenarios.sheet.answers import Answer, Few, Part
from scenarios.sheet.columns import Kind
from scenarios.sheet.reading import Answers, Given
from scenarios.sheet.words import label, number_text, say, words
from scenarios.sheet.workbook import Spot, spot_of

SOURCE = "eget regneark / own spreadsheet"
"""What own numbers rest on, in words: it is no source of the library's."""


class Mapped:
    """The parts of a scenario that a workbook states."""

    def __init__(self, read: Answers, base: Scenario, now: Scenario) -> None:
        self.read, self.base, self.now = read, base, now
        done = [each for each in differences(base) if _day(each.since) <= base.period.start]
        self.touched = {each.address if "/" in each.address else f"{base.focal_areas[0]}/{each.address}" for each in done}
        """What changes of the base have set by the start."""
        self.area = vocabulary.focal_area(base)
        self.catchment = base.areas[self.area].catchment
        self.data: dict[str, Any] = {}
        self.cells: dict[Path_, str] = {}
        self.changes: list[tuple[dict[str, Any], str]] = []
        self.evidence: dict[str, Any] = {}
        self.entered: list[dict[str, Any]] = []
        self.seen: list[Given] = []
        self.closed: list[tuple[str, str]] = []
        self.own_posts: set[tuple[str, str]] = set()

    def holder(self, service: str) -> str:
        """The area or catchment that has a service."""
        return self.catchment if self.base.services[service].shared else self.area

    def pool_path(self, service: str, pool: str) -> Path_:
        """Where the pool of a service stands in the document."""
        kind = "catchments" if self.base.services[service].shared else "areas"
        return (kind, self.holder(service), "services", service, "staff", pool)

    def put(self, path: Path_, value: Any, cell: Given) -> None:
        """State a value, without a word about it."""
        here = self.data
        for depth, part in enumerate(path[:-1], 1):
            here = here.setdefault(str(part), {})
            self.cells.setdefault(path[:depth], cell.cell)
        here[str(path[-1])] = value
        self.cells[path] = cell.cell

    def set(
        self,
        path: Path_,
        value: Any,
        cells: Sequence[Given],
        what: Label,
        *,
        grade: str = "own",
        low: float | None = None,
        high: float | None = None,
        note: str = "own_filled",
        graded: bool = True,
    ) -> None:
        """State a value that cells have given, with what it rests on."""
        value = FEW_VALUE if isinstance(value, Few) else value
        where = cells[0] if cells else Given(self.cells.get(path[:-1], ""), "")
        ends = {} if low is None else {"low": low, "high": high}
        evidence = {"grade": grade, "source": SOURCE, **ends, "note": say(note, "en")} if graded else None
        moved = self._moved(path)
        if moved is not None and isinstance(value, int | float) and not isinstance(value, bool):
            self._by_change(path, value - moved, where, evidence and {**evidence, "low": None, "high": None})
        else:
            self.put(path, value, where)
            if evidence:
                self.evidence[dotted(path)] = evidence
        for cell in cells:
            self.seen.append(cell)
            self._entered(cell, what, to=short(path))

    def _moved(self, path: Path_) -> float | None:
        """The number that a change of the base has put in place of what is stated there; None where none has."""
        if len(path) < 5 or path[2] != "services" or short(path) not in self.touched:
            return None
        return _number_at(self.now, path)

    def _by_change(self, path: Path_, by: float, where: Given, evidence: dict[str, Any] | None) -> None:
        """A number that a lever of the base moves is set to the own one by a change that comes after it."""
        if path[-1] == "fte":  # no more an average, so that nobody takes it for one
            self.put(path, _number_at(self.base, path), where)
        sign = "-" if by < 0 else "+"
        change: dict[str, Any] = {"set": f"{short(path)}{sign}={abs(by):.10f}", "from": self._latest()}
        if evidence:
            change["evidence"] = {key: value for key, value in evidence.items() if value is not None}
        self.changes.append((change, where.cell))

    def _latest(self) -> str:
        """When the last of the base's changes until the start is made."""
        days = [day for change in self.base.changes if (day := when(change, self.base)) <= self.base.period.start]
        return "beginning" if max(days) == date.min else max(days).isoformat()

    def gone(self, path: Path_) -> None:
        """Evidence of the base for a number that nobody uses any more."""
        alone = [name for name, area in self.base.areas.items() if area.detail == "full"] == [self.area]
        if dotted(path) in self.base.evidence and (alone or self.base.services[str(path[1])].shared):
            self.evidence[dotted(path)] = None

    def change(self, text: str, day: date, cell: Given, what: Label) -> None:
        """A change on a date."""
        self.changes.append(({"set": text, "from": day.isoformat()}, cell.cell))
        self.seen.append(cell)
        self._entered(cell, what, to=f"{text}@{day.isoformat()}")

    def closing(self, service: str, day: date) -> None:
        """A service that closes on a day loses no posts on that day: a course that could never start would be a fault."""
        self.closed.append((f"{self.area}/{service}.", day.isoformat()))

    def told(self) -> list[dict[str, Any]]:
        """What became of every cell, in the order of the workbook."""
        sheets = {sheet: at for at, sheet in enumerate(self.read.sheets)}

        def order(entry: dict[str, Any]) -> tuple[int, Spot]:
            sheet, _, cell = entry["cell"].rpartition("!")
            return sheets.get(sheet, len(sheets)), spot_of(cell) or (0, 0)

        return sorted(self.entered, key=order)

    def kept_changes(self) -> list[tuple[dict[str, Any], str]]:
        """The changes, each with its cell, without those of services that are closed by then."""
        return [
            (change, cell)
            for change, cell in self.changes
            if not any(change["set"].startswith(service) and change["from"] == day for service, day in self.closed)
        ]

    def also(self, cell: Given, to: str) -> None:
        """A further thing that a cell has set."""
        for entry in self.entered:
            if entry["cell"] == cell.cell:
                entry["to"] = f"{entry['to']}, {to}"
                return

    def unused(self, given: Given, what: Label, why: str) -> None:
        """An answer that is kept and shown back, and used for nothing."""
        self.seen.append(given)
        self._entered(given, what, why=words()[why])

    def note(self, where: str, what: Label, value: Label, why: Label) -> None:
        """Something that was not read."""
        self.entered.append({"cell": where, "what": what.plain(), "value": value.plain(), "why": why.plain()})

    def _entered(self, given: Given, what: Label, *, to: str = "", why: Label | None = None) -> None:
        entry: dict[str, Any] = {"cell": given.cell, "what": what.plain(), "value": shown(given.value, given.kind).plain()}
        entry |= {"to": to} if why is None else {"why": why.plain()}
        self.entered.append(entry)


FEW_VALUE = 2


def _day(since: date | str) -> date:
    """The day a change acts from; what holds from the beginning comes before all days."""
    return since if isinstance(since, date) else date.min


def _number_at(scenario: Scenario, path: Path_) -> float | None:
    """The number at a path inside a service, posts in full-time equivalents."""
    kind, holder, _, service, *rest = path
    home = scenario.areas[str(holder)] if kind == "areas" else catchments_of(scenario)[str(holder)]
    here = service_of(scenario, str(service), home)
    if rest[0] == "staff" and rest[-1] == "fte":
        return fte_of(here.staff[str(rest[1])], children_of(scenario, str(holder), kind == "catchments"))
    found: Any = here.plain(full=True)
    for part in rest:
        found = found.get(part) if isinstance(found, dict) else None
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def short(path: Path_) -> str:
    """``stange/low_threshold.psychologist.fte`` for a path of the document."""
    if len(path) > 4 and path[2] == "services":
        rest = [part for part in path[3:] if part != "staff"]
        return f"{path[1]}/{dotted(tuple(rest))}"
    return dotted(path)


def shown(value: Answer, kind: Kind) -> Label:
    """An answer as it is shown back; counts of children under 5 are not told apart."""
    if isinstance(value, Few):
        return label("fewer")
    if isinstance(value, date):
        return Label(nb=f"{value:%d.%m.%Y}", en=value.isoformat())
    if isinstance(value, str):
        return words().get(value, Label(nb=value, en=value))
    if isinstance(value, Part) or kind == "share":
        share = 100 * (value.share if isinstance(value, Part) else value)
        return Label(nb=f"{number_text(share, 'nb')} %", en=f"{number_text(share, 'en')} %")
    if kind in ("weeks", "days"):
        return Label(nb=f"{number_text(value, 'nb')} dager", en=f"{number_text(value, 'en')} days")
    return Label(nb=number_text(value, "nb"), en=number_text(value, "en"))
