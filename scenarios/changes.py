"""Changes to a scenario: addresses, operators, dates, and what each one changed (old and new).

An address is ``[area/]service.pool.field``, ``[area/]service.field`` or any path of the schema. Without an area it means the
focal area and the services it shares; ``*/`` means all. In place of a service, ``step:yellow`` or ``role:specialist`` names
every service of that step or role. Operators are ``=3``, ``+=1``, ``-=1`` and ``*=1.2``; ``+=0.5/1000`` adds so many per 1000
children 0-17 of the area (of the catchment, for a shared service). ``@2028-01-01`` at the end dates the change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any

from pydantic import ValidationError

from scenarios.errors import Fault, TrinnError, nearest
from scenarios.reading import Document, M, Path_, dotted, path_of, validate
from scenarios.resolve import ByIdentity, catchments_of, children_of, fte_of, merged, service_of
from scenarios.schema import Area, Catchment, Change, Scenario, Service
from scenarios.units import DAY, format_duration, format_rate, parse_duration, parse_rate

_CHANGE = re.compile(
    r"\s*(?:(?P<area>[^/\s=]{1,80})/)?(?P<path>[\w:.\[\]-]{1,200}?)\s*(?P<op>\+=|-=|\*=|=)\s*(?P<value>[^@\s](?:[^@]{0,199}?[^@\s])?)"
    r"\s*(?:@\s*(?P<date>\S{1,20}))?\s*"
)
_PATH = re.compile(r"[\w:-]+(?:\.[\w:-]+|\[[0-9]{1,6}\])*")
_PER_1000 = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,20})?)\s*/\s*1000")
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?")


@dataclass(frozen=True)
class Set:
    """A change taken apart."""

    text: str
    area: str | None
    path: tuple[str | int, ...]
    op: str
    value: str
    since: date | None = None


@dataclass(frozen=True)
class Applied:
    """One value that a change set: ``old`` and ``new`` as a file would state them."""

    address: str
    old: Any
    new: Any
    since: date | str
    lever: str
    op: str


def parse_change(text: str) -> Set:
    """A change taken apart. Raises :class:`TrinnError` when it is not one."""
    match = _CHANGE.fullmatch(text)
    if match is None or not _PATH.fullmatch(match["path"]):
        rule = "is not a change: write an address, an operator and a value, such as bup.psychologist.fte+=1"
        raise TrinnError(Fault(rule, place=_named(text)))
    path = path_of(match["path"])
    since = None
    if match["date"]:
        try:
            since = date.fromisoformat(match["date"])
        except ValueError:
            raise TrinnError(Fault(f'"{match["date"]}" is not a date such as 2028-01-01', place=_named(text))) from None
    return Set(_named(text), match["area"], path, match["op"], match["value"].strip(), since)


def _named(text: str) -> str:
    """A change as messages name it."""
    return text.strip()[:80] or "a change"


def is_change(text: str) -> bool:
    """Whether a text reads as a change rather than as the name of a lever."""
    return "=" in text


def when(change: Change, scenario: Scenario) -> date:
    """The day a change acts from; ``date.min`` for one that holds from the beginning of the warm-up."""
    parsed = parse_change(change.set)
    since = parsed.since or change.since
    if since == "beginning" or parsed.path[0] == "period":
        return date.min
    return _start(scenario) if isinstance(since, str) else since


def _start(scenario: Scenario) -> date:
    """The start date, after the changes that move it."""
    start = scenario.period.start
    for change in scenario.changes:
        parsed = parse_change(change.set)
        if parsed.path == ("period", "start"):
            with suppress(ValueError):  # refused, with its place, when the change is made
                start = date.fromisoformat(parsed.value)
    return start


def dates(scenario: Scenario) -> tuple[date, ...]:
    """The days on which something changes, the beginning (``date.min``) first: changes, and services that open or close."""
    days = sorted({date.min, *(when(change, scenario) for change in scenario.changes)})
    if not _tells_days(scenario):
        return tuple(days)
    found = set(days)
    for day, then in zip(days, [*days[1:], date.max], strict=True):
        with suppress(TrinnError):  # what does not fit is said, with its place, when the scenario is checked
            current = resolved(scenario, day)
            begin = current.period.start.toordinal() - current.period.warmup // DAY
            found |= {other for other in _opening_days(current) if day < other < then and other.toordinal() > begin}
    return tuple(sorted(found))


_DAYS = ("opens", "closes")


def _homes(scenario: Scenario) -> tuple[Area | Catchment, ...]:
    return (*scenario.areas.values(), *scenario.catchments.values())


def _tells_days(scenario: Scenario) -> bool:
    """Whether a service opens or closes on a day of its own, somewhere or after some change."""
    return (
        any(service.opens or service.closes for service in scenario.services.values())
        or any(word in over for home in _homes(scenario) for over in home.services.values() for word in _DAYS)
        or any(parse_change(change.set).path[-1] in _DAYS for change in scenario.changes)
    )


def _opening_days(scenario: Scenario) -> set[date]:
    """The days on which services open and close, as the scenario stands."""
    found = {day for service in scenario.services.values() for day in (service.opens, service.closes)}
    for home in _homes(scenario):
        for name, over in home.services.items():
            if name in scenario.services and any(word in over for word in _DAYS):
                with suppress(ValidationError):
                    service = service_of(scenario, name, home)
                    found |= {service.opens, service.closes}
    return {day for day in found if day is not None}


def resolved(scenario: Scenario, day: date = date.max) -> Scenario:
    """The scenario as it stands from ``day`` on, without dated changes.

    Raises:
        TrinnError: when a change does not fit the scenario.
    """
    return _applied(scenario, day)[0]


def differences(scenario: Scenario) -> tuple[Applied, ...]:
    """Every value that the scenario's changes set, in the order they act."""
    return _applied(scenario, date.max)[1]


def _applied(scenario: Scenario, day: date) -> tuple[Scenario, tuple[Applied, ...]]:
    if not scenario.changes:
        return scenario, ()
    steps = _known_steps.get(scenario)
    step = [step for step in steps or _known_steps.keep(scenario, _steps(scenario)) if step.since <= day][-1]
    if step.faults:
        raise TrinnError(step.faults)
    _refuse_twice(step.log)
    return step.scenario, step.log


@dataclass(frozen=True)
class _Step:
    """A scenario as it stands from a day on, with every value that was set until then, and what did not fit."""

    since: date
    scenario: Scenario
    log: tuple[Applied, ...]
    faults: tuple[Fault, ...]


_known_steps: ByIdentity[Scenario, tuple[_Step, ...]] = ByIdentity()


def _steps(scenario: Scenario) -> tuple[_Step, ...]:
    """The days on which changes act, in order; the first is before all changes. What no change is about stays one object."""
    faults = [fault for change in scenario.changes for fault in _unreadable(change)]
    if faults:
        raise TrinnError(faults)
    current, log = scenario.model_copy(update={"changes": ()}), list[Applied]()
    steps = {date.min: _Step(date.min, current, (), ())}
    moments = [when(change, scenario) for change in scenario.changes]
    for moment, _, change in sorted(zip(moments, count(), scenario.changes, strict=False)):
        try:
            current, applied = _set(current, parse_change(change.set))
            since = "beginning" if moment == date.min else moment
            log += [Applied(a, old, new, since, change.lever, op) for a, old, new, op in applied]
        except TrinnError as error:
            faults += error.faults
        steps[moment] = _Step(moment, current, tuple(log), tuple(faults))
    return tuple(steps.values())


def _unreadable(change: Change) -> tuple[Fault, ...]:
    try:
        parse_change(change.set)
    except TrinnError as error:
        return error.faults
    return ()


def _refuse_twice(log: Iterable[Applied]) -> None:
    """Two levers that set one key on one date contradict each other, unless one of them is relative."""
    seen: dict[tuple[str, str], Applied] = {}
    faults = []
    for item in log:
        if item.op != "=":
            continue
        before = seen.setdefault((item.address, str(item.since)), item)
        if before is not item:
            who = f"{before.lever or 'a change'} ({before.new}) and {item.lever or 'a change'} ({item.new})"
            faults.append(Fault(f"is set twice, by {who}: leave one out, or make one relative", field=item.address))
    if faults:
        raise TrinnError(faults)


_Log = list[tuple[str, Any, Any, str]]


def _set(scenario: Scenario, change: Set) -> tuple[Scenario, _Log]:
    change = _shortened(scenario, change)
    names = _services_named(scenario, change)
    return _set_services(scenario, names, change) if names else _set_path(scenario, change)


def look_up(scenario: Scenario, address: str) -> tuple[Any, ...]:
    """Every value that an address names, as a file would state it.

    Raises:
        TrinnError: when the address leads nowhere.
    """
    change = _shortened(scenario, parse_change(f"{address}=0"))
    names = _services_named(scenario, change)
    if not names:
        return (_read(_section(scenario, change, full=True), change.path, change, exists=True),)
    return tuple(_read(at.full, at.path, change, exists=True) for name in names for at in _places(scenario, name, change))


def _shortened(scenario: Scenario, change: Set) -> Set:
    """``services.bup.course`` and ``areas.stange.services.bup.course`` in their shorter forms, so that one key has one name."""
    match change.path:
        case ("services", _, *_):
            return replace(change, path=change.path[1:])
        case ("areas" | "catchments", str(holder), "services", _, *_) if change.area is None:
            if holder in (scenario.areas if change.path[0] == "areas" else catchments_of(scenario)):
                return replace(change, area=holder, path=change.path[3:])
    return change


def _services_named(scenario: Scenario, change: Set) -> tuple[str, ...]:
    """The services a change is about; none where it is about a path of the schema."""
    name = str(change.path[0])
    if name in scenario.services:
        return (name,)
    what, _, value = name.partition(":")
    if what in ("step", "role") and value:
        found = tuple(key for key, service in scenario.services.items() if getattr(service, what) == value)
        if not found:
            raise TrinnError(Fault(f'this ladder has no service of {what} "{value[:40]}"', place=change.text))
        pool = change.path[1] if len(change.path) > 1 and change.path[1] not in Service.model_fields else None
        return tuple(key for key in found if pool in scenario.services[key].staff) or found if pool else found
    if change.area is None and name in Scenario.model_fields:
        return ()
    known = sorted({*scenario.services, *([] if change.area else Scenario.model_fields)})
    raise TrinnError(Fault(f'there is no service or field "{name[:60]}"{nearest(name, known)}', place=change.text))


def _holders(scenario: Scenario, service: str, change: Set) -> Iterator[tuple[str, str]]:
    """The areas or catchments whose service the change is about, as (``areas`` or ``catchments``, name)."""
    shared = scenario.services[service].shared
    areas = scenario.areas
    full = [name for name, area in areas.items() if area.detail == "full"]
    if change.area is None:
        wanted = list(scenario.focal_areas)
    elif change.area == "*":
        wanted = full if not shared else list(areas)
    else:
        wanted = [_area_named(scenario, change)]
    if shared:
        yield from (("catchments", c) for c in dict.fromkeys(areas[a].catchment if a in areas else a for a in wanted))
        return
    for name in wanted:
        if name not in full:
            what = "a neighbour" if name in areas else "a catchment"
            rule = f'"{name}" is {what}: {service} belongs to areas simulated in full{nearest(name, full)}'
            raise TrinnError(Fault(rule, place=change.text))
        yield "areas", name


def _area_named(scenario: Scenario, change: Set) -> str:
    name = (change.area or "").lower()
    known = [*scenario.areas, *catchments_of(scenario)]
    if name not in known:
        raise TrinnError(Fault(f'there is no area "{name}"{nearest(name, known)}', place=change.text))
    return name


@dataclass(frozen=True)
class _Place:
    """A service where one area or catchment has it."""

    kind: str
    holder: str
    path: Path_
    """Inside the service."""
    full: dict[str, Any]
    """The service with every default spelled out, and posts in full-time equivalents. Places alike share it."""


def _places(scenario: Scenario, service: str, change: Set) -> Iterator[_Place]:
    spelled: dict[int, tuple[Service, dict[str, Any]]] = {}  # the service is kept, so that its id stays its own
    homes: dict[str, Mapping[str, Area | Catchment]] = {"areas": scenario.areas, "catchments": catchments_of(scenario)}
    for kind, holder in _holders(scenario, service, change):
        here = service_of(scenario, service, homes[kind][holder])
        path = change.path[1:]
        if path and path[0] in here.staff:
            path = ("staff", *path)
        if path and path[0] not in Service.model_fields:
            known = sorted({*here.staff, *Service.model_fields})
            rule = f'{service} has no pool or field "{str(path[0])[:60]}"{nearest(str(path[0]), known)}'
            raise TrinnError(Fault(rule, place=change.text))
        if id(here) not in spelled:
            spelled[id(here)] = here, here.plain(full=True)
        full = spelled[id(here)][1]
        if len(path) == 3 and path[0] == "staff" and path[2] == "fte" and path[1] in here.staff:
            pool = str(path[1])
            fte = fte_of(here.staff[pool], children_of(scenario, holder, kind == "catchments"))
            full = full | {"staff": full["staff"] | {pool: full["staff"][pool] | {"fte": fte}}}
        yield _Place(kind, holder, path, full)


def _set_services(scenario: Scenario, names: tuple[str, ...], change: Set) -> tuple[Scenario, _Log]:
    log, homes = _Log(), {"areas": dict[str, Any](), "catchments": dict[str, Any]()}
    for service in names:
        for at in _places(scenario, service, change):
            old = _read(at.full, at.path, change)
            new = _operate(old, change, children_of(scenario, at.holder, at.kind == "catchments"))
            home = homes[at.kind].setdefault(at.holder, _services_stated(scenario, at))
            home[service] = _over(home.get(service, {}), at.full, at.path, new)
            if at.path[0] == "staff" and at.path[-1] == "fte":
                home[service]["staff"][at.path[1]]["fte_per_1000"] = None
            _check(Service, merged(scenario.services[service].plain(), home[service]), change)
            prefix = "" if len(scenario.areas) == 1 else f"{at.holder}/"
            short = at.path[1:] if at.path[0] == "staff" and len(at.path) > 1 else at.path
            log.append((prefix + dotted((service, *short)), old, new, change.op))
    return _with_services(scenario, homes), log


def _services_stated(scenario: Scenario, at: _Place) -> dict[str, Any]:
    """What an area or catchment states of its services, as a file would."""
    home = getattr(scenario, at.kind).get(at.holder, Catchment())
    return dict(home.plain().get("services", {}))


def _with_services(scenario: Scenario, stated: Mapping[str, Mapping[str, Any]]) -> Scenario:
    """A scenario whose areas and catchments state other services. All else stays the objects it was."""
    update = {}
    for kind, homes in stated.items():
        if homes:
            before = getattr(scenario, kind)
            update[kind] = before | {
                name: before.get(name, Catchment()).model_copy(update={"services": services})
                for name, services in homes.items()
            }
    return scenario.model_copy(update=update)


def _over(over: Mapping[str, Any], full: Mapping[str, Any], path: Path_, value: Any) -> dict[str, Any]:
    """``over`` with ``value`` at ``path``. A list on the way is stated whole: a list is not laid over a list."""
    for depth, part in enumerate(path):
        if isinstance(part, int):
            whole = json.loads(json.dumps(_read(dict(full), path[:depth], None)))
            _write(whole, path[depth:], value)
            return _over(over, full, path[:depth], whole)
    result = json.loads(json.dumps(over))
    _write(result, path, value)
    return dict(result)


def _write(data: Any, path: Path_, value: Any) -> None:
    for part in path[:-1]:
        if isinstance(data, dict) and not isinstance(data.get(part), dict | list):
            data[part] = {}
        data = data[part]
    data[path[-1]] = value


def _set_path(scenario: Scenario, change: Set) -> tuple[Scenario, _Log]:
    if change.path[0] in ("changes", "evidence", "name", "place"):
        raise TrinnError(Fault(f'"{change.path[0]}" cannot be changed', place=change.text))
    old = _read(_section(scenario, change, full=True), change.path, change)
    new = _operate(old, change, None)
    if any(isinstance(part, int) for part in change.path):
        data = scenario.plain(full=True)
        _write(data, change.path, new)
    else:
        section = _section(scenario, change, full=False)
        _write(section, change.path, new)
        data = {name: getattr(scenario, name) for name in scenario.model_fields_set} | section
    return _check(Scenario, data, change), [(dotted(change.path), old, new, change.op)]


def _section(scenario: Scenario, change: Set, full: bool) -> dict[str, Any]:
    """The part of a scenario that a change is about, as a file would state it; ``full`` with every default spelled out."""
    return scenario.model_dump(mode="json", by_alias=True, exclude_unset=not full, include={str(change.path[0])})


def _read(data: Any, path: Path_, change: Set | None, exists: bool = False) -> Any:
    """The value at a path. Where one is set, a last name that is not there yet is for the schema to judge."""
    place = change.text if change else ""
    for depth, part in enumerate(path):
        if isinstance(data, Mapping):
            if part not in data:
                if change and change.op == "=" and not exists and 0 < depth == len(path) - 1:
                    return None
                known = sorted(map(str, data))
                rule = f'there is no "{str(part)[:60]}" here{nearest(str(part), known)}'
                raise TrinnError(Fault(rule, dotted(path[: depth + 1]), place))
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            rule = "leads nowhere: there is nothing here" if data is None else "leads nowhere: there is a single value here"
            rule = f"leads nowhere: the list has {len(data)} entries" if isinstance(data, list) else rule
            raise TrinnError(Fault(rule, dotted(path[: depth + 1]), place))
    if not path or (change and isinstance(data, Mapping | list) and change.op != "="):
        raise TrinnError(Fault("names no single value", dotted(path), place))
    return data


def _operate(old: Any, change: Set, children: int | None) -> Any:
    value = change.value
    if per := _PER_1000.fullmatch(value):
        if children is None:
            raise TrinnError(Fault("a value per 1000 children needs a service", place=change.text))
        value = f"{round(float(per[1]) * children / 1000, 2)}"
    if change.op == "=":
        return _scalar(value, old)
    sign = {"+=": "+", "-=": "-", "*=": "*"}[change.op]
    if isinstance(old, str):
        return _operate_text(old, sign, value, change)
    if isinstance(old, bool) or not isinstance(old, int | float) or not _NUMBER.fullmatch(value):
        rule = f'"{change.op}" needs numbers (there stands {old!r}, the value is "{value[:40]}")'
        raise TrinnError(Fault(rule, place=change.text))
    result = _arithmetic(float(old), sign, float(value))
    return int(result) if isinstance(old, int) and result.is_integer() else result


def _operate_text(old: str, sign: str, value: str, change: Set) -> str:
    """A duration or a rate, changed."""
    for parse in (parse_duration, parse_rate):
        try:
            start = float(parse(old))
        except ValueError:
            continue
        try:
            if sign == "*" and not _NUMBER.fullmatch(value):
                raise ValueError("must be a number")
            result = _arithmetic(start, sign, float(value) if sign == "*" else float(parse(value)))
            if result < 0:
                raise ValueError("it would fall below 0")
            return format_duration(round(result)) if parse is parse_duration else format_rate(result)
        except ValueError as fault:
            raise TrinnError(Fault(f'"{value[:40]}" does not fit "{old}": {fault}', place=change.text)) from None
    raise TrinnError(Fault(f'"{change.op}" needs a number, a duration or a rate (there stands "{old}")', place=change.text))


def _arithmetic(old: float, sign: str, value: float) -> float:
    result = old * value if sign == "*" else old + value if sign == "+" else old - value
    return round(result, 10)


def _scalar(text: str, old: Any) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if text in ("none", "null"):
        return None
    if (isinstance(old, list) and not _NUMBER.fullmatch(text)) or (text.startswith("[") and text.endswith("]")):
        return [_scalar(part.strip(), None) for part in text.strip("[]").split(",") if part.strip()]
    if _NUMBER.fullmatch(text):
        number = float(text)
        return int(number) if number == int(number) and "." not in text and "e" not in text.lower() else number
    return text


def _check(model: type[M], data: dict[str, Any], change: Set) -> M:
    try:
        return model.model_validate(data)
    except ValidationError:
        validate(model, Document(data, change.text))
        raise
