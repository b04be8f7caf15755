"""Where the numbers of an entry of evidence stand, what they are, and how a measured value is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

from scenarios.addresses import Pick, concrete, parse_change
from scenarios.errors import TrinnError
from scenarios.naming import fitting, services_that
from scenarios.reading import Path_
from scenarios.resolve import ByIdentity, catchments_of, service_of
from scenarios.schema import Change, Evidence, Scenario
from scenarios.units import format_duration, format_rate, parse_duration, parse_rate
from scenarios.values import measured


def values_at(scenario: Scenario, address: str) -> tuple[Any, ...]:
    """Every number, duration and rate at an address, as it is where the results are about; each place once."""
    focal = spelled_out(scenario)
    return tuple(value for path in paths_at(scenario, address) if (value := read(focal, path)) is not None)


def spelled_out(scenario: Scenario) -> dict[str, Any]:
    """The scenario spelled out, each service as the first focal area or its catchment has it."""
    return _spelled_out.get(scenario) or _spelled_out.keep(scenario, _spell(scenario))


_spelled_out: ByIdentity[Scenario, dict[str, Any]] = ByIdentity()


def _spell(scenario: Scenario) -> dict[str, Any]:
    full = scenario.plain(full=True)
    area = scenario.areas[scenario.focal_areas[0]]
    for name, template in scenario.services.items():
        home = catchments_of(scenario)[area.catchment] if template.shared else area
        full["services"][name] = service_of(scenario, name, home).plain(full=True)
    return full


def paths_at(scenario: Scenario, address: str) -> tuple[Path_, ...]:
    """Where the values of an address stand in the scenario spelled out. A value that several entries are about belongs to
    the one that says more exactly where it is."""
    known = _known_paths.get(scenario) or _known_paths.keep(scenario, {})
    if address not in known:
        known |= _shared_out(scenario, [*scenario.evidence, address])
    return known[address]


_known_paths: ByIdentity[Scenario, dict[str, tuple[Path_, ...]]] = ByIdentity()


def _shared_out(scenario: Scenario, addresses: Sequence[str]) -> dict[str, tuple[Path_, ...]]:
    full = spelled_out(scenario)
    found = {address: tuple(_leaves(scenario, full, address)) for address in addresses}
    owner: dict[Path_, tuple[int, int]] = {}
    for number, address in enumerate(found):
        exact = sum(not isinstance(part, Pick) for part in parse_change(f"{address}=0").path)
        for path in found[address]:
            owner[path] = max(owner.get(path, (0, 0)), (exact, number))
    return {a: tuple(path for path in paths if owner[path][1] == number) for number, (a, paths) in enumerate(found.items())}


def _leaves(scenario: Scenario, full: Mapping[str, Any], address: str) -> Iterator[Path_]:
    with suppress(TrinnError):
        for path in _named_paths(scenario, full, address):
            yield from _numeric(read(full, path), path)


def _named_paths(scenario: Scenario, full: Mapping[str, Any], address: str) -> Iterator[Path_]:
    change = parse_change(f"{address}=0")
    path = change.path
    if change.area not in (None, "*"):
        kind = "areas" if change.area in full["areas"] else "catchments"
        yield from concrete(full, (kind, str(change.area), "services", *path), fitting(scenario, change), address)
        return
    path = path[1:] if path[0] == "services" and len(path) > 1 else path
    first, services = path[0], full["services"]
    if isinstance(first, Pick):
        names = [str(at[0]) for at in concrete(services, (first,), fitting(scenario, change), address)]
    elif str(first).startswith(("role:", "step:")):
        names = list(services_that(scenario, str(first), address))
    elif first in services:
        names = [str(first)]
    else:
        yield from concrete(full, path, fitting(scenario, change), address)
        return
    for name in names:
        rest = path[1:]
        rest = ("staff", *rest) if rest and rest[0] in services[name]["staff"] else rest
        with suppress(TrinnError):
            for at in concrete(services[name], rest, fitting(scenario, change), address):
                yield ("services", name, *at)


def _numeric(value: Any, path: Path_) -> Iterator[Path_]:
    """The numbers, durations and rates in a value. Of a law only its durations: the rest is its form."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if "law" not in value or isinstance(inner, str | list):
                yield from _numeric(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _numeric(inner, (*path, index))
    elif value is not None and not isinstance(value, bool) and measured_value(value) is not None:
        yield path


def measured_value(value: Any) -> float | None:
    """A number as it is, a duration in seconds, a rate a year; None for anything else."""
    return measured(value) if isinstance(value, int | float | str) else None


def read(data: Any, path: Path_) -> Any:
    """The value at a path; None where the path leads nowhere."""
    for part in path:
        if isinstance(part, int):
            inside = isinstance(data, list) and part < len(data)
        else:
            inside = isinstance(data, Mapping) and part in data
        if not inside:
            return None
        data = data[part]
    return data


def kind_of_value(value: Any) -> Literal["number", "duration", "rate", "text"]:
    """How a value is written."""
    if isinstance(value, str):
        with suppress(ValueError):
            parse_duration(value)
            return "duration"
        with suppress(ValueError):
            parse_rate(value)
            return "rate"
        return "text"
    return "number"


def spelled(size: float, like: Any) -> float | int | str:
    """A measured value (a number, seconds, a rate a year) written as another one is."""
    kind = kind_of_value(like)
    if kind == "duration":
        return format_duration(round(size))
    if kind == "rate":
        return format_rate(round(size, 10))
    return round(size) if isinstance(like, int) and not isinstance(like, bool) and float(size).is_integer() else round(size, 10)


def address_of(change: Change) -> str:
    """Address and operator of a change: ``bup.psychologist.fte+=``."""
    return change.set[: change.set.index("=") + 1].strip()


_PAIR = re.compile(r"(?P<key>[^,{}\[\]]+?):\s+(?P<value>[^,{}\[\]]+?)(?=\s*[,}\]])")
_PER_1000 = re.compile(r"\s*/\s*1000$")
_MAIN = "share"
"""Of a mapping with several numbers, the one that its evidence is about."""


def numbers_in(value: str, item: Evidence) -> tuple[tuple[int, int], ...]:
    """Where in the value of a change the number stands that its range is of; several times where all are alike.

    A number, duration or rate is meant itself, and of ``0.5/1000`` the first part. In a mapping (``{share: 0.4, delay: 14d}``,
    ``[{clinician: 2.5}, {psychologist: 2.5}]``) it is the ``share``, or else whatever is inside the range and in its unit, if
    that is one number only. Nothing where it cannot be told.
    """
    plain = _PER_1000.sub("", value)
    if kind_of_value(_number(plain)) != "text":
        return ((0, len(plain)),)
    low, high = measured(item.low), measured(item.high)
    if low is None or high is None:
        return ()
    found = []
    for pair in _PAIR.finditer(value):
        here = _number(pair["value"])
        size = measured_value(here)
        if kind_of_value(here) == kind_of_value(item.low) and size is not None and low <= size <= high:
            found.append((pair["key"].strip() == _MAIN, size, pair.span("value")))
    found = [each for each in found if each[0]] or found
    return tuple(span for _, _, span in found) if len({size for _, size, _ in found}) == 1 else ()


def is_per_1000(value: Any) -> bool:
    """Whether a value of a change is so many per 1000 children: ``0.5/1000``."""
    return (
        isinstance(value, str)
        and _PER_1000.search(value) is not None
        and kind_of_value(_number(_PER_1000.sub("", value))) == "number"
    )


def number_of(value: str, item: Evidence) -> float | int | str | None:
    """The number in the value of a change that its range is of; None where it cannot be told."""
    spans = numbers_in(value, item)
    return _number(value[slice(*spans[0])]) if spans else None


def replaced_in(value: str, item: Evidence, number: str) -> str:
    """The value of a change with another number in place of the one that its range is of."""
    for start, end in reversed(numbers_in(value, item)):
        value = value[:start] + number + value[end:]
    return value


def _number(text: str) -> float | int | str:
    """A number where the text is one."""
    try:
        number = float(text)
    except ValueError:
        return text.strip()
    return int(number) if number.is_integer() and "." not in text else number
