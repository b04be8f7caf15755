"""Levers: named changes to a scenario, with their source and how sure anyone can be of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path

from scenarios.changes import dates, is_change, look_up, parse_change, resolved, when
from scenarios.check import check, structure
from scenarios.errors import Fault, TrinnError, nearest
from scenarios.reading import Document, read_file, read_text, validate
from scenarios.schema import Change, Grade, Label, Model, Scenario


class Lever(Model):
    """A named change to a scenario, as data."""

    name: Label
    about: Label
    grade: Grade
    """How sure anyone can be of its numbers."""
    source: str
    changes: tuple[Change, ...]


@cache
def levers() -> dict[str, Lever]:
    """The library's levers by name, in order of name."""
    folder = files("scenarios") / "library" / "levers"
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            found[entry.name.removesuffix(".yaml")] = lever_of(read_text(entry.read_text("utf-8"), entry.name))
    return found


def lever_of(document: Document) -> Lever:
    """The lever of a document.

    Raises:
        TrinnError: with every fault, those of its changes included, each with its line.
    """
    lever = validate(Lever, document)
    _refuse_unreadable(lever.changes, document)
    return lever


def find_lever(name: str) -> tuple[str, Lever]:
    """A lever of the library by name, or of a file by path; with its name.

    Raises:
        TrinnError: when there is none; the nearest names are given.
    """
    if name in levers():
        return name, levers()[name]
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        return path.stem, lever_of(read_file(path))
    rule = f'there is no lever "{name[:60]}"{nearest(name, sorted(levers()))}'
    raise TrinnError(
        f"{rule}{'' if rule.endswith('?') else '.'} A single change has an operator, as in bup.psychologist.fte+=1"
    )


def apply(scenario: Scenario, *what: str | Lever) -> Scenario:
    """A scenario with levers and single changes put on, in order.

    Args:
        scenario: what to change; it stays as it is.
        what: names of library levers, paths of lever files, :class:`Lever` objects, or changes such as
            ``bup.psychologist.fte+=1``.

    Raises:
        TrinnError: when one of them does not fit the scenario, with every fault.
    """
    added: list[Change] = []
    faults: list[Fault] = []
    for item in what:
        if not isinstance(item, str | Lever):
            raise TrinnError(f"a change is a text or a lever (got {type(item).__name__})")
        try:
            if isinstance(item, Lever):
                added += (change.model_copy(update={"lever": item.name.en}) for change in item.changes)
            elif is_change(item):
                parse_change(item)
                added.append(Change(set=item))
            else:
                name, lever = find_lever(item)
                added += (change.model_copy(update={"lever": name}) for change in lever.changes)
        except TrinnError as error:
            faults += error.faults
    if faults:
        raise TrinnError(faults)
    return checked(scenario.model_copy(update={"changes": (*scenario.changes, *added)})) if added else scenario


def checked(scenario: Scenario, document: Document | None = None, inherited: Collection[str] = ()) -> Scenario:
    """The scenario itself, once it is known to be sound on every date something changes.

    Args:
        scenario: what is checked.
        document: where it stands, for the lines of faults.
        inherited: addresses of evidence from a base; left out where what lies on top has taken the number away.

    Raises:
        TrinnError: with every fault of the first date that has any.
    """
    document = document or Document(None)
    _refuse_unreadable(scenario.changes, document)
    first: Scenario | None = None
    for day in dates(scenario):
        try:
            now = resolved(scenario, day)
            check(now, document)
            if first is None:
                first = now
            else:
                _refuse_late(scenario, first, now, day)
        except TrinnError as error:
            later = first is not None and day > first.period.start
            raise TrinnError(_placed(fault, scenario, document, day if later else None) for fault in error.faults) from None
    return _with_sound_evidence(scenario, document, inherited)


def _refuse_unreadable(changes: Sequence[Change], document: Document) -> None:
    """Every change can be taken apart."""
    faults: list[Fault] = []
    for number, change in enumerate(changes):
        try:
            parse_change(change.set)
        except TrinnError as error:
            line = document.line(("changes", number, "set"))
            faults += [document.fault(("changes", number, "set"), str(f)) if line else f for f in error.faults]
    if faults:
        raise TrinnError(faults)


def _with_sound_evidence(scenario: Scenario, document: Document, inherited: Collection[str]) -> Scenario:
    """Evidence is about numbers that are there."""
    unchanged = scenario.model_copy(update={"changes": ()})
    faults: dict[str, list[Fault]] = {}
    for address in scenario.evidence:
        try:
            look_up(unchanged, address)
        except TrinnError as error:
            faults[address] = [document.fault(("evidence", address), f"is about nothing: {f.rule}") for f in error.faults]
    if own := [fault for address in faults if address not in inherited for fault in faults[address]]:
        raise TrinnError(own)
    kept = {address: evidence for address, evidence in scenario.evidence.items() if address not in faults}
    return scenario.model_copy(update={"evidence": kept}) if faults else scenario


def _refuse_late(scenario: Scenario, first: Scenario, now: Scenario, day: date) -> None:
    """A dated change acts before the end, and leaves what the ladder is made of as it is."""
    changed = any(when(change, scenario) == day for change in scenario.changes)
    if changed and day >= (end := first.period.start + timedelta(seconds=first.period.length)):
        raise TrinnError(f"a change of {day} would do nothing: the period ends on {end}")
    before, after = structure(first), structure(now)
    names = [name for name in before | after if before.get(name) != after.get(name)]
    if names:
        raise TrinnError(Fault("cannot change on a date, only from the beginning", field=name) for name in names)


def _placed(fault: Fault, scenario: Scenario, document: Document, day: date | None) -> Fault:
    """A fault with the line of the change that it is about, where that stands in the file, and with the date if it has one."""
    rule = fault.rule if day is None or str(day) in fault.rule else f"{fault.rule} (from {day} on)"
    for number, change in enumerate(scenario.changes):
        path = ("changes", number, "set")
        if fault.place and parse_change(change.set).text == fault.place and document.line(path[:2]):
            where = f"{fault.field}: " if fault.field else ""
            return document.fault(path, f"{change.set}: {where}{rule}")
    return replace(fault, rule=rule)
