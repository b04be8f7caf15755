"""The scenario with the numbers it rests on somewhere else in their ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from scenarios.addresses import parse_change
from scenarios.check import check
from scenarios.checked import checked
from scenarios.errors import TrinnError
from scenarios.evidence_places import address_of, measured_value, paths_at, read, replaced_in, spelled, spelled_out
from scenarios.reading import Path_, dotted
from scenarios.resolve import ByIdentity
from scenarios.schema import Change, Scenario

if TYPE_CHECKING:
    from scenarios.evidence import Number

_TRIES = 4
"""Rounds of cutting values to what the schema allows before a number is pulled back as a whole."""
_HALVINGS = 6


@dataclass(frozen=True)
class Cut:
    """A value that could not be put where it was wanted, because nothing may stand there."""

    key: str
    address: str
    wanted: Any
    got: Any


@dataclass(frozen=True)
class Placed:
    """A scenario with numbers put somewhere."""

    scenario: Scenario
    bare: Scenario
    """The same without its evidence, as it was checked: what it becomes on each date is known, so that it is quicker to run."""
    cuts: tuple[Cut, ...] = ()


def with_number(scenario: Scenario, number: Number, position: float) -> Scenario:
    """The scenario with one number at a position between its low (0) and its high end (1). See :func:`placed`."""
    return placed(scenario, [(number, position)]).scenario


def with_numbers(scenario: Scenario, positions: Sequence[tuple[Number, float]]) -> Scenario:
    """The scenario with several numbers at their positions. See :func:`placed`."""
    return placed(scenario, positions).scenario


def placed(scenario: Scenario, positions: Sequence[tuple[Number, float]]) -> Placed:
    """The scenario with numbers at positions between their low (0) and high ends (1), and what had to be cut.

    A number of the ladder holds from the beginning, in all areas. A share that belongs to a sum makes the others of its sum
    give way in proportion. A lever's number takes the place of the value in the lever's changes. What the scenario does not
    have (the number of a lever that is not on) is left alone.

    A value outside what the schema allows, such as a share above 1, is cut to what is allowed; numbers that do not fit
    together are pulled back, one by one, towards where they stand.

    Raises:
        TrinnError: when a number cannot be moved at all.
    """
    for number, _ in positions:
        if number.fixed:
            raise TrinnError(f"{number.key}: cannot be moved ({number.fixed.replace('_', ' ')})")
    with suppress(TrinnError):
        return _put(scenario, positions)
    return _pulled_back(scenario, positions)


@dataclass(frozen=True)
class _Edit:
    """A value to be written."""

    key: str
    path: Path_
    value: Any


def _put(scenario: Scenario, positions: Sequence[tuple[Number, float]]) -> Placed:
    """All numbers at once. Raises TrinnError where they do not fit together."""
    edits = list(_edits(scenario, _of_ladder(scenario, positions)))
    changes, texts = _with_values(scenario.changes, positions)
    if not (edits or texts):
        return Placed(scenario, scenario)
    changed, cuts = _written(scenario, edits)
    bare = changed.model_copy(update={"evidence": {}} | ({"changes": changes} if texts else {}))
    checked(bare)
    return Placed(bare.model_copy(update={"evidence": scenario.evidence}), bare, cuts)


def _of_ladder(scenario: Scenario, positions: Sequence[tuple[Number, float]]) -> list[tuple[Number, float]]:
    """The numbers that the scenario has itself, apart from those of its levers' changes."""
    return [(number, position) for number, position in positions if number.key in scenario.evidence]


def _edits(scenario: Scenario, positions: Sequence[tuple[Number, float]]) -> Iterator[_Edit]:
    sums: dict[tuple[Path_, ...], dict[Path_, _Edit]] = {}
    for number, position in positions:
        target = number.at(position)
        for spot in _spots(scenario, number.address):
            new = _multiplied(spot.now, float(target)) if number.factor else _like(spot.now, target)
            edit = _Edit(number.key, spot.path, new)
            if spot.group:
                sums.setdefault(spot.group, {})[spot.path] = edit
            else:
                yield edit
    for group, given in sums.items():
        yield from _summed(_whole(scenario), group, given)


@dataclass(frozen=True)
class _Spot:
    """A value of a number."""

    path: Path_
    now: Any
    group: tuple[Path_, ...]
    """All shares of the sum that it belongs to; empty where it belongs to none."""


def _spots(scenario: Scenario, address: str) -> tuple[_Spot, ...]:
    """Where the values of an address stand: in the scenario, and where areas and catchments state others for themselves."""
    known = _known_spots.get(scenario) or _known_spots.keep(scenario, {})
    if address not in known:
        known[address] = tuple(_found(scenario, address))
    return known[address]


_known_spots: ByIdentity[Scenario, dict[str, tuple[_Spot, ...]]] = ByIdentity()


def _found(scenario: Scenario, address: str) -> Iterator[_Spot]:
    full, whole = spelled_out(scenario), _whole(scenario)
    homes: list[Path_] = [(kind, holder) for kind in ("areas", "catchments") for holder in getattr(scenario, kind)]
    for path in paths_at(scenario, address):
        siblings = _siblings(full, path)
        for home in ((), *(homes if path[0] == "services" else ())):
            now = read(whole, (*home, *path))
            if isinstance(now, int) and isinstance(read(whole, path), float):
                now = float(now)  # as the schema reads what an area states
            if now is not None:
                yield _Spot((*home, *path), now, tuple((*home, *sibling) for sibling in siblings))


def _whole(scenario: Scenario) -> dict[str, Any]:
    """The scenario with every default spelled out; only to be read."""
    return _known_wholes.get(scenario) or _known_wholes.keep(scenario, scenario.plain(full=True))


_known_wholes: ByIdentity[Scenario, dict[str, Any]] = ByIdentity()


def _siblings(full: Mapping[str, Any], path: Path_) -> tuple[Path_, ...]:
    """Every share of the sum that a share belongs to, itself included; nothing where it belongs to none."""
    match path:
        case ("doors", _, "share"):
            return tuple(("doors", name, "share") for name in full["doors"])
        case (
            ("demand", _, "mix", _)
            | ("services", _, "outcomes", "matched" | "below", _)
            | ("services", _, "outcomes", "by_need", _, _)
            | ("services", _, "intake", "reasons", _)
            | ("services", _, "opening_mix", _)
        ):
            return tuple((*path[:-1], key) for key in read(full, path[:-1]))
    return ()


def _summed(whole: Mapping[str, Any], group: tuple[Path_, ...], given: Mapping[Path_, _Edit]) -> Iterator[_Edit]:
    """Shares of one sum: those that were given one take it, the others give way in proportion. Where nobody is left to give
    way, all are scaled."""
    now = {path: float(read(whole, path) or 0.0) for path in group}
    total, taken = sum(now.values()), sum(float(edit.value) for edit in given.values())
    rest = sum(share for path, share in now.items() if path not in given)
    scale_given, scale_rest = 1.0, (total - taken) / rest if rest else 0.0
    if rest == 0 or taken > total:
        scale_given = scale_rest = total / (taken + rest) if taken + rest else 0.0
    key = ", ".join(dict.fromkeys(edit.key for edit in given.values()))
    for path, share in now.items():
        if path in given:
            yield replace(given[path], value=float(given[path].value) * scale_given)
        elif share:
            yield _Edit(key, path, share * scale_rest)


def _multiplied(value: Any, factor: float) -> Any:
    size = measured_value(value)
    if size is None:
        return value
    return round(size * factor) if isinstance(value, int) else spelled(size * factor, value)


def _like(now: Any, target: float | str) -> Any:
    """A whole number where a whole number stands."""
    return round(target) if isinstance(now, int) and isinstance(target, float) else target


def _written(scenario: Scenario, edits: Sequence[_Edit]) -> tuple[Scenario, tuple[Cut, ...]]:
    """The scenario with other values, those that may not be so large or small cut to what the schema allows."""
    if not edits:
        return scenario, ()
    data, whole = scenario.plain(), _whole(scenario)
    for edit in edits:
        _write(data, whole, edit.path, edit.value)
    cuts: dict[Path_, Cut] = {}
    for _ in range(_TRIES):
        try:
            return Scenario.model_validate(data), tuple(cuts.values())
        except ValidationError as error:
            limits = [(edit, limit) for edit in edits if (limit := _limit(error, edit.path)) is not None]
            if not limits:
                raise TrinnError("the values do not fit the schema") from None
            for edit, limit in limits:
                _write(data, whole, edit.path, limit)
                cuts[edit.path] = Cut(edit.key, dotted(edit.path), edit.value, limit)
    raise TrinnError("the values do not fit the schema")


def _limit(error: ValidationError, path: Path_) -> float | int | None:
    """The nearest value that may stand at a path, where what stands there is too large or too small."""
    for detail in error.errors():
        steps = iter(detail["loc"])
        if all(part in steps for part in path):  # pydantic adds names of union members on the way
            limits = detail.get("ctx", {})
            for word, inside in (("le", 0.0), ("ge", 0.0), ("lt", -1e-6), ("gt", 1e-6)):
                if word in limits:
                    value = float(limits[word]) + inside
                    return int(value) if value.is_integer() else value
    return None


def _write(data: Any, whole: Any, path: Path_, value: Any) -> None:
    """Write into what a file would state; a list on the way that is not stated is stated whole."""
    for index, part in enumerate(path[:-1]):
        if isinstance(data, dict) and part not in data:
            data[part] = deepcopy(read(whole, path[: index + 1])) if isinstance(path[index + 1], int) else {}
        data = data[part]
    data[path[-1]] = value


def _with_values(changes: tuple[Change, ...], positions: Sequence[tuple[Number, float]]) -> tuple[tuple[Change, ...], bool]:
    """The changes with other values where they are those of a lever's numbers, and whether any is."""
    found, any_set = [], False
    at = {(number.lever, number.change): number.at(position) for number, position in positions if number.change}
    for change in changes:
        value = at.get((change.lever, change.set)) if change.evidence else None
        if value is not None and change.evidence is not None:
            parsed = parse_change(change.set)
            written = replaced_in(parsed.value, change.evidence, _text(value))
            day = f" @{parsed.since}" if parsed.since else ""
            change = change.model_copy(update={"set": f"{address_of(change)}{written}{day}"})
            any_set = True
        found.append(change)
    return tuple(found), any_set


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.10f}".rstrip("0").rstrip(".")


def _pulled_back(scenario: Scenario, positions: Sequence[tuple[Number, float]]) -> Placed:
    """The numbers, each as far towards its position as fits with those before it: first before any change, then with all."""
    cuts: dict[str, Cut] = {}
    for fits in (_fits_unchanged, _fits):
        positions = _fitting(scenario, positions, fits, cuts)
    last = _put(scenario, positions)
    return replace(last, cuts=(*last.cuts, *cuts.values()))


_Fits = Callable[[Scenario, Sequence[tuple["Number", float]]], bool]


def _fits(scenario: Scenario, positions: Sequence[tuple[Number, float]]) -> bool:
    """Whether numbers fit together."""
    try:
        _put(scenario, positions)
    except TrinnError:
        return False
    return True


def _fits_unchanged(scenario: Scenario, positions: Sequence[tuple[Number, float]]) -> bool:
    """Whether those of the ladder itself fit together before anything is changed: found in a tenth of the time."""
    try:
        changed, _ = _written(scenario, list(_edits(scenario, _of_ladder(scenario, positions))))
        check(changed.model_copy(update={"changes": (), "evidence": {}}))
    except TrinnError:
        return False
    return True


def _fitting(
    scenario: Scenario, positions: Sequence[tuple[Number, float]], fits: _Fits, cuts: dict[str, Cut]
) -> list[tuple[Number, float]]:
    """Positions that fit together; ``cuts`` gets what was pulled back. Whichever breaks it is found by halving what is left."""
    kept: list[tuple[Number, float]] = []
    rest = list(positions)
    while rest and not fits(scenario, [*kept, *rest]):
        good, bad = 0, len(rest)
        while bad - good > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if fits(scenario, [*kept, *rest[:middle]]) else (good, middle)
        kept, (number, position), rest = [*kept, *rest[:good]], rest[good], rest[bad:]
        nearest = _nearest(scenario, kept, number, position, fits)
        kept += [] if nearest is None else [(number, nearest)]
        cuts[number.key] = Cut(number.key, number.address, number.at(position), None if nearest is None else number.at(nearest))
    return [*kept, *rest]


def _nearest(
    scenario: Scenario, kept: Sequence[tuple[Number, float]], number: Number, position: float, fits: _Fits
) -> float | None:
    """How far a number can go from where it stands; None where it must stay out of it."""
    here = number.position
    if here is None:
        return None
    near, far = here, position
    found: float | None = None
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        if fits(scenario, [*kept, (number, middle)]):
            near = found = middle
        else:
            far = middle
    return found
