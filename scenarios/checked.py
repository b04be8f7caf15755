"""A scenario is sound on every date something changes, and its evidence is about numbers that are there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, timedelta

from scenarios.addresses import parse_change
from scenarios.changes import dates, resolved, unreadable, when
from scenarios.check import check, structure
from scenarios.errors import Fault, TrinnError
from scenarios.reading import Document
from scenarios.schema import Scenario
from scenarios.setting import stands


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
    if faults := unreadable_changes((change.set for change in scenario.changes), document, ("changes",)):
        raise TrinnError(faults)
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


def unreadable_changes(sets: Iterable[str], document: Document, here: tuple[str | int, ...]) -> list[Fault]:
    """The faults of changes that cannot be taken apart.

    Args:
        sets: what each change sets, in order.
        document: where they stand.
        here: the path of their list in the document.
    """
    faults: list[Fault] = []
    for number, change in enumerate(sets):
        path = (*here, number, "set")
        faults += [document.fault(path, str(f)) if document.line(path) else f for f in unreadable(change)]
    return faults


def _with_sound_evidence(scenario: Scenario, document: Document, inherited: Collection[str]) -> Scenario:
    """Evidence is about numbers that are there."""
    parts = tuple(getattr(scenario, name) for name in Scenario.model_fields if name != "changes")
    if tuple(map(id, parts)) in _sound:
        return scenario
    unchanged = scenario.model_copy(update={"changes": ()})
    faults: dict[str, list[Fault]] = {}
    for address in scenario.evidence:
        try:
            stands(unchanged, address)
        except TrinnError as error:
            faults[address] = [document.fault(("evidence", address), f"is about nothing: {f.rule}") for f in error.faults]
    if own := [fault for address in faults if address not in inherited for fault in faults[address]]:
        raise TrinnError(own)
    kept = {address: evidence for address, evidence in scenario.evidence.items() if address not in faults}
    if faults:
        return scenario.model_copy(update={"evidence": kept})
    _sound[tuple(map(id, parts))] = parts
    for old in list(_sound)[:-_REMEMBERED]:
        _sound.pop(old, None)
    return scenario


_REMEMBERED = 32
_sound: dict[tuple[int, ...], tuple[object, ...]] = {}
"""Parts of scenarios, all but the changes, whose evidence is about something, by identity; the last ones: a slider that is
moved changes none of them. The parts are kept, so that their identities stay theirs."""


def _refuse_late(scenario: Scenario, first: Scenario, now: Scenario, day: date) -> None:
    """A dated change acts before the end, and leaves what the ladder is made of as it is."""
    changed = any(when(change, scenario) == day and not change.lever for change in scenario.changes)
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
