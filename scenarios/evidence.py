"""What the numbers of a scenario rest on, and the scenario with such a number somewhere else in its range.

A number is one thing that nobody knows for certain: an entry of ``evidence``, which may stand for many values at once, or the
value of a lever's change. :func:`placed` puts numbers anywhere between their low and high ends; the values then hold from the
beginning and in all areas, while what levers and dates change comes on top as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from scenarios.addresses import parse_change
from scenarios.errors import TrinnError
from scenarios.evidence_places import (
    address_of,
    is_per_1000,
    kind_of_value,
    number_of,
    paths_at,
    read,
    spelled,
    spelled_out,
    values_at,
)
from scenarios.evidence_placing import Cut, Placed, placed, with_number, with_numbers
from scenarios.levers import levers
from scenarios.operators import is_number
from scenarios.place_names import find
from scenarios.preset import for_place
from scenarios.schema import Evidence, Grade, Scenario
from scenarios.values import measured

__all__ = [
    "GRADES",
    "UNCERTAIN",
    "Cut",
    "Number",
    "Placed",
    "count",
    "numbers",
    "placed",
    "with_number",
    "with_numbers",
]

GRADES: tuple[Grade, ...] = ("published", "stated", "calibrated", "assumed", "own")
"""As the one-line summary counts them."""
UNCERTAIN: tuple[Grade, ...] = ("assumed", "stated", "calibrated")
"""Those that sensitivity moves."""
Fixed = Literal["", "no_range", "unlike"]


@dataclass(frozen=True)
class Number:
    """Something a result rests on."""

    key: str
    """Its name: the address, after the lever it belongs to if it is one of a lever."""
    address: str
    lever: str
    """Empty for a number of the ladder itself."""
    grade: Grade
    source: str
    """An id of the library's sources, several between commas, or words."""
    low: float | str | None
    high: float | str | None
    factor: bool
    """The range is of a factor that all its values are multiplied with."""
    note: str
    values: tuple[Any, ...]
    """As they stand, and as a file would state them; each different one once."""
    change: str = ""
    """Of a lever or a single change: the change as it is written."""
    fixed: Fixed = ""
    """Why it cannot be moved, if it cannot: there is no range; or the range is not in the unit of the value, or is one for
    values that differ and no factor."""

    @property
    def position(self) -> float | None:
        """Where it stands: 0 at the low end, 1 at the high end, beyond them outside. None where that cannot be said."""
        low, high = measured(self.low), measured(self.high)
        now = 1.0 if self.factor else measured(_bare(self.values[0])) if len(self.values) == 1 else None
        if self.fixed or low is None or high is None or now is None:
            return None
        return (now - low) / (high - low)

    def at(self, position: float) -> float | str:
        """The value (or the factor) at a position, as the range is written. Only for one that can be moved."""
        low, high = measured(self.low), measured(self.high)
        assert low is not None
        assert high is not None
        return spelled(low + position * (high - low), self.low)


def numbers(scenario: Scenario) -> tuple[Number, ...]:
    """Everything the scenario says its results rest on: its own evidence, then that of its levers and changes, in order.

    An entry about nothing that is not said more exactly by others is left out.

    What a file states otherwise than the library does for its place, and what a single change sets, is the user's own.
    """
    preset = _preset(scenario.place)
    stated = [_stated(scenario, preset, address, item) for address, item in scenario.evidence.items()]
    return (*(number for number in stated if number.values or number.grade == "own"), *_of_changes(scenario))


def count(found: Iterable[Number]) -> dict[Grade, int]:
    """How many numbers there are of each grade, none left out."""
    counted = dict.fromkeys(GRADES, 0)
    for number in found:
        counted[number.grade] += 1
    return counted


def _stated(scenario: Scenario, preset: Scenario | None, address: str, item: Evidence) -> Number:
    values = values_at(scenario, address)
    number = Number(
        key=address,
        address=address,
        lever=_lever_of(scenario, address),
        grade=item.grade,
        source=_listed(item.source),
        low=item.low,
        high=item.high,
        factor=item.factor,
        note=item.note,
        values=tuple(dict.fromkeys(values)),
    )
    if preset is not None and preset.evidence.get(address) == item and _differs(scenario, preset, address):
        return replace(number, grade="own", source="", low=None, high=None, factor=False, note="", fixed="no_range")
    return replace(number, fixed=_fixed(number, values))


def _differs(scenario: Scenario, preset: Scenario, address: str) -> bool:
    """Whether anything that an entry of the library is about stands otherwise here: what levers add to the ladder is no such
    thing, nor what the scenario has an entry of its own about."""
    here, there = spelled_out(scenario), spelled_out(preset)
    own = set(paths_at(scenario, address))
    compared = [path for path in paths_at(preset, address) if path in own or read(here, path) is None]
    return any(read(here, path) != read(there, path) for path in compared)


def _fixed(number: Number, values: tuple[Any, ...]) -> Fixed:
    if number.low is None or number.high is None or measured(number.low) == measured(number.high):
        return "no_range"
    if number.factor:
        return "" if kind_of_value(number.low) == kind_of_value(number.high) == "number" else "unlike"
    kinds = {kind_of_value(value) for value in (number.low, number.high, *values)}
    return "" if len(kinds) == 1 and len(set(values)) == 1 else "unlike"


def _of_changes(scenario: Scenario) -> Iterator[Number]:
    """The numbers of levers, each once however many steps it comes in; and what single changes set, which is the user's own."""
    seen: set[tuple[str, str]] = set()
    keys: dict[str, int] = {}
    for change in scenario.changes:
        parsed = parse_change(change.set)
        if (change.lever, change.set) in seen or not (change.evidence or (change.lever == "" and is_number(parsed.value))):
            continue
        seen.add((change.lever, change.set))
        address = address_of(change)
        key = f"{change.lever}: {address}" if change.lever else address
        keys[key] = keys.get(key, 0) + 1
        item = change.evidence or Evidence(grade="own")
        inside = number_of(parsed.value, item)
        number = Number(
            key=key if keys[key] == 1 else f"{key} ({keys[key]})",
            address=address,
            lever=change.lever,
            grade=item.grade,
            source=_listed(item.source),
            low=item.low,
            high=item.high,
            factor=False,
            note=item.note,
            values=(parsed.value if inside is None or is_per_1000(parsed.value) else inside,),
            change=change.set,
        )
        yield replace(number, fixed=_fixed(number, ("" if inside is None else inside,)))


def _bare(value: Any) -> Any:
    """``0.5/1000`` as the number of its range."""
    return float(value.partition("/")[0]) if is_per_1000(value) else value


def _listed(source: Any) -> str:
    return source if isinstance(source, str) else ", ".join(source)


def _lever_of(scenario: Scenario, address: str) -> str:
    """The lever that brought what an address is about, if one did."""
    for label in dict.fromkeys(change.lever for change in scenario.changes if change.lever):
        lever = levers().get(label.partition(":")[0])
        if lever is not None:
            brought = [f"{section}.{name}." for section, things in lever.adds.items() for name in things]
            if address in lever.evidence or address.startswith(tuple(brought)):
                return label
    return ""


@lru_cache(maxsize=16)
def _preset(place: str) -> Scenario | None:
    """The library's scenario for a place; None where there is no place."""
    if not place:
        return None
    with suppress(TrinnError):
        return Scenario.model_validate(for_place(find(place)).data)
    return None
