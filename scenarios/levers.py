"""Levers: named changes to a scenario, with their source and how sure anyone can be of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from scenarios.adding import added
from scenarios.addresses import is_change, parse_change
from scenarios.changes import after_start
from scenarios.checked import checked, unreadable_changes
from scenarios.errors import Fault, TrinnError, nearest
from scenarios.operators import adds_share, is_number
from scenarios.reading import Document, read_file, read_text, validate
from scenarios.schema import Change, Evidence, Grade, Label, Model, Scenario
from scenarios.setting import stands
from scenarios.units import DAY, Duration
from scenarios.values import Id, Number, Payer, Whole, moment, one_or_more

Table = Literal["doors", "municipal", "between", "coordination", "long_lasting", "before", "organisation"]
"""The group of arrangements it stands in."""
ADDED = ("services", "doors", "calendars", "labour_markets")
"""What a lever may add."""
STEPS_OF_LEARNING = 4
"""What is learned comes in so many even steps, each in the middle of its part of the time it takes."""


class LeverChange(Model):
    """One change that a lever makes, with what its value rests on."""

    set: str
    since: Annotated[date | str, BeforeValidator(moment)] = Field(default="start", alias="from")
    """A date, or ``start`` and ``start+26w``: counted from the day on which the lever acts."""
    learned: bool = False
    """It comes step by step while people learn; else at once."""
    optional: bool = False
    """It is left out where its address picks nothing; else that is an error."""
    grade: Grade | None = None
    source: str = ""
    low: float | str | None = None
    high: float | str | None = None
    note: str = ""

    @property
    def evidence(self) -> Evidence | None:
        """What the value rests on."""
        if self.grade is None:
            return None
        return Evidence(grade=self.grade, source=self.source, low=self.low, high=self.high, note=self.note)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.grade is None and (self.source or self.low is not None or self.high is not None):
            raise ValueError("state a grade with the source and the range")
        assert self.grade is None or self.evidence
        return self


class Cost(Model):
    """Something a lever costs, and who pays."""

    payer: Payer
    what: Label
    pool: str = ""
    """Whose work it is: ``service.pool``."""
    fte: float | str | None = None
    """Full-time equivalents; ``0.5/1000`` for so many per 1000 children 0-17."""
    hours: Number | None = None
    """Hours, for each of what ``per`` says."""
    per: Label | None = None
    kroner: Number | None = None
    """Kroner a year."""


class Presupposition(Model):
    """What a lever needs in order to do what it says. Without a condition that can be looked up it is always said."""

    say: Label
    role: str | None = None
    """An open service of this role, with staff or places."""
    step: str | None = None
    """An open service of this step, with staff or places."""
    least_children: Whole | None = None
    """So many children 0-17 in the focal areas."""
    most_children: Whole | None = None
    states: str | None = None
    """An address at which something is stated."""


class Kind(Model):
    """A variant of a lever: what it adds to the lever's own changes."""

    name: Label
    changes: tuple[LeverChange, ...] = ()


class Lever(Model):
    """A named change to a scenario, as data."""

    name: Label
    about: Label
    grade: Grade
    """How sure anyone can be of its numbers: the weakest that its main effect rests on."""
    source: Annotated[tuple[str, ...], BeforeValidator(one_or_more)]
    table: Table | None = None
    mechanism: Label | None = None
    """Through which mechanism of the model it acts."""
    suits: Label | None = None
    """Who and where it suits."""
    learning: Duration = 0
    """How long it takes to learn."""
    costs: tuple[Cost, ...] = ()
    presupposes: tuple[Presupposition, ...] = ()
    kinds: dict[Id, Kind] = {}
    """Variants; the first is the one that is meant when none is named."""
    adds: dict[str, dict[Id, dict[str, Any]]] = {}
    """What the ladder gets that it lacks. A service is ``like`` one that is there, but for what it states; it is closed
    until the lever acts."""
    evidence: dict[str, Evidence] = {}
    """What the numbers in ``adds`` rest on, by address."""
    changes: tuple[LeverChange, ...] = ()

    @field_validator("adds")
    @classmethod
    def _known(cls, adds: dict[str, Any]) -> dict[str, Any]:
        if odd := [word for word in adds if word not in ADDED]:
            raise ValueError(f"a lever adds {', '.join(ADDED)} (got {odd[0]})")
        return adds

    def of_kind(self, kind: str) -> tuple[LeverChange, ...]:
        """The changes of a variant; of the default one for an empty name."""
        if not self.kinds:
            return self.changes
        return (*self.changes, *self.kinds[kind or next(iter(self.kinds))].changes)


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
    faults = unreadable_changes((change.set for change in lever.changes), document, ("changes",))
    for name, kind in lever.kinds.items():
        faults += unreadable_changes((change.set for change in kind.changes), document, ("kinds", name, "changes"))
    if not (lever.changes or lever.kinds or lever.adds):
        faults.append(document.fault(("changes",), "changes nothing: state changes"))
    if faults:
        raise TrinnError(faults)
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


@dataclass(frozen=True)
class Wanted:
    """A lever as it is put on."""

    name: str
    lever: Lever
    kind: str = ""
    intensity: float = 1.0
    """How much of it: 0 is nothing, 1 all."""
    since: date | str = "start"
    """From when; from the ``beginning`` it is learned already."""


_WANTED = re.compile(
    r"(?P<name>.+?\.ya?ml|[^:*@]+?)(?::(?P<kind>[^:*@]+))?(?:\*(?P<intensity>[0-9]*\.?[0-9]+))?(?:@(?P<since>[^:*@]+))?"
)


def wanted(text: str) -> Wanted:
    """A lever as it is asked for: ``capa``, ``capa*0.5`` (half of it), ``capa@2028-01-01`` or ``capa@beginning``,
    ``coordinator:barnekoordinator``.

    Raises:
        TrinnError: when there is no such lever, kind or date.
    """
    match = _WANTED.fullmatch(text.strip())
    if match is None:
        find_lever(text)
        raise TrinnError(f'"{text[:60]}" is not a lever such as capa, capa*0.5, capa@2028-01-01 or coordinator:koordinator')
    name, lever = find_lever(match["name"])
    kind = match["kind"] or ""
    if kind and kind not in lever.kinds:
        raise TrinnError(f'lever "{name}" has no kind "{kind[:60]}"{nearest(kind, list(lever.kinds))}')
    intensity = 1.0 if match["intensity"] is None else float(match["intensity"])
    if intensity > 1:
        raise TrinnError(f"{text[:60]}: a lever is put on by a share from 0 to 1 (got {intensity:g})")
    try:
        since = moment(match["since"]) if match["since"] else "start"
    except ValueError as fault:
        raise TrinnError(f'{text[:60]}: {fault} (got "{match["since"]}")') from None
    return Wanted(name, lever, kind, intensity, since)


def put_on(item: Wanted) -> tuple[Change, ...]:
    """The changes that a lever makes, each learned number in steps."""
    label = f"{item.name}:{item.kind}" if item.kind else item.name
    opening = [LeverChange(set=f"{name}.open=true") for name in item.lever.adds.get("services", {})]
    found: list[Change] = []
    for change in (*opening, *item.lever.of_kind(item.kind)):
        gradual = (
            change.learned and item.lever.learning and item.since != "beginning" and is_number(parse_change(change.set).value)
        )
        steps = STEPS_OF_LEARNING if gradual else 1
        for step in range(steps):
            wait = item.lever.learning * (2 * step + 1) // (2 * steps) if gradual else 0
            numeric = is_number(parse_change(change.set).value)
            gone = numeric or adds_share(parse_change(change.set))
            most = item.intensity if gone else float(item.intensity > 0)
            moves = (most * step / steps, most * (step + 1) / steps)
            if moves[0] < moves[1]:
                since = _later(item.since, change.since, wait)
                found.append(Change(set=change.set, since=since, lever=label, moves=moves, evidence=change.evidence))
    return tuple(found)


def _later(lever: date | str, change: date | str, wait: int) -> date | str:
    """When a change acts: the lever's own day, and what the change and learning say after it."""
    if "beginning" in (lever, change) or not isinstance(change, str):
        return "beginning" if lever == "beginning" else change
    days = after_start(change) + wait // DAY
    if isinstance(lever, date):
        return lever + timedelta(days=days)
    days += after_start(lever)
    return f"start+{days}d" if days else "start"


def apply(scenario: Scenario, *what: str | Lever) -> Scenario:
    """A scenario with levers and single changes put on, in order.

    Args:
        scenario: what to change; it stays as it is.
        what: names of library levers, paths of lever files (see :func:`wanted` for kinds, shares and dates), :class:`Lever`
            objects, or changes such as ``bup.psychologist.fte+=1``.

    Raises:
        TrinnError: when one of them does not fit the scenario, with every fault.
    """
    changes: list[Change] = []
    pieces: list[Wanted] = []
    faults: list[Fault] = []
    for item in what:
        if not isinstance(item, str | Lever):
            raise TrinnError(f"a change is a text or a lever (got {type(item).__name__})")
        try:
            if isinstance(item, str) and is_change(item):
                parse_change(item)
                changes.append(Change(set=item))
                continue
            lever = Wanted(item.name.en, item) if isinstance(item, Lever) else wanted(item)
            gone = {each.set for each in lever.lever.of_kind(lever.kind) if each.optional and not _picks(scenario, each.set)}
            changes += [change for change in put_on(lever) if change.set not in gone]
            pieces.append(lever)
        except TrinnError as error:
            faults += error.faults
    if faults:
        raise TrinnError(faults)
    for lever in pieces:
        scenario = added(scenario, lever.name, lever.lever.adds, lever.lever.evidence)
    if not changes and not pieces:
        return scenario
    return checked(scenario.model_copy(update={"changes": (*scenario.changes, *changes)}))


def _picks(scenario: Scenario, change: str) -> bool:
    """Whether the address of a change leads somewhere as the scenario is stated."""
    path = change.partition("=")[0].rstrip("+-*: ")
    try:
        stands(scenario.model_copy(update={"changes": ()}), path)
    except TrinnError:
        return False
    return True
