"""Levers: named changes to a scenario, with their source and how sure anyone can be of them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from scenarios.changes import dates, is_change, parse_change, resolved
from scenarios.check import check
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
            found[entry.name.removesuffix(".yaml")] = validate(Lever, read_text(entry.read_text("utf-8"), entry.name))
    return found


def find_lever(name: str) -> tuple[str, Lever]:
    """A lever of the library by name, or of a file by path; with its name.

    Raises:
        TrinnError: when there is none; the nearest names are given.
    """
    if name in levers():
        return name, levers()[name]
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        return path.stem, validate(Lever, read_file(path))
    rule = f'there is no lever "{name[:60]}"{nearest(name, sorted(levers()))}'
    raise TrinnError(Fault(f"{rule} A single change has an operator, as in bup.psychologist.fte+=1"))


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
    return checked(scenario.model_copy(update={"changes": (*scenario.changes, *added)}))


def checked(scenario: Scenario, document: Document | None = None) -> Scenario:
    """The scenario itself, once it is known to be sound on every date something changes."""
    for day in dates(scenario):
        check(resolved(scenario, day), document)
    return scenario
