"""One change made to a scenario: where its address leads, what stands there, and what is written in its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from scenarios.addresses import Pick, Set, concrete, parse_change
from scenarios.errors import Fault, TrinnError, nearest
from scenarios.naming import fitting, named, services_that
from scenarios.operators import THERE, adds_to, operate
from scenarios.reading import Document, M, Path_, dotted, validate
from scenarios.resolve import catchments_of, children_of, fte_of, merged, service_of
from scenarios.schema import Area, Catchment, Scenario, Service

Log = list[tuple[str, Any, Any, str]]
"""Address, old and new value, operator."""


def set_one(scenario: Scenario, change: Set) -> tuple[Scenario, Log]:
    """A scenario with one change made, whatever its date: with every address, old and new value, and operator.

    Raises:
        TrinnError: when the change does not fit.
    """
    change = _shortened(scenario, change)
    names = _services_named(scenario, change)
    return _set_services(scenario, names, change) if names else _set_path(scenario, change)


def look_up(scenario: Scenario, address: str) -> tuple[Any, ...]:
    """Every value that an address names, as a file would state it: in the focal areas, unless it says where.

    Raises:
        TrinnError: when the address leads nowhere.
    """
    change = _shortened(scenario, parse_change(f"{address}=0"))
    names = _services_named(scenario, change)
    if not names:
        section = _section(scenario, change, full=True)
        paths = concrete(section, change.path, fitting(scenario, change), change.text)
        return tuple(_read(section, path, change, exists=True) for path in paths)
    places = [at for name in names for at in _places(scenario, name, change, lenient=len(names) > 1)]
    if not places:
        raise TrinnError(Fault("picks nothing", place=change.text))
    return tuple(_read(at.full, at.path, change, exists=True) for at in places)


def stands(scenario: Scenario, address: str) -> None:
    """Make sure that an address leads somewhere: it is looked at in one place of each service.

    Raises:
        TrinnError: when it leads nowhere.
    """
    change = _shortened(scenario, parse_change(f"{address}=0"))
    names = _services_named(scenario, change)
    if not names:
        look_up(scenario, address)
        return
    found = [next(_places(scenario, name, change, lenient=len(names) > 1), None) for name in names]
    if not any(found):
        raise TrinnError(Fault("picks nothing", place=change.text))
    for at in found:
        if at is not None:
            _read(at.full, at.path, change, exists=True)


def _shortened(scenario: Scenario, change: Set) -> Set:
    """``services.bup.course`` and ``areas.stange.services.bup.course`` in their shorter forms, so that one key has one name."""
    match change.path:
        case ("services", str() | Pick(), *_):
            return replace(change, path=change.path[1:])
        case ("areas" | "catchments", str(holder), "services", _, *_) if change.area is None:
            if holder in (scenario.areas if change.path[0] == "areas" else catchments_of(scenario)):
                return replace(change, area=holder, path=change.path[3:])
    return change


def _services_named(scenario: Scenario, change: Set) -> tuple[str, ...]:
    """The services a change is about; none where it is about a path of the schema."""
    first = change.path[0]
    if isinstance(first, Pick):
        data = {name: service.plain(full=True) for name, service in scenario.services.items()}
        return tuple(str(path[0]) for path in concrete(data, (first,), fitting(scenario, change), change.text))
    name = str(first)
    if name in scenario.services:
        return (name,)
    if name.startswith(("step:", "role:")):
        found = services_that(scenario, name, change.text)
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


def _places(scenario: Scenario, service: str, change: Set, lenient: bool = False, setting: bool = False) -> Iterator[_Place]:
    """Where the change is made; ``lenient`` leaves out a service that has nothing there, or no place for it if it is set."""
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
        try:
            paths = tuple(concrete(full, path, fitting(scenario, change), change.text))
        except TrinnError:
            if lenient:
                continue
            raise
        full = _with_fte(full, here, paths, children_of(scenario, holder, kind == "catchments"))
        for at in paths:
            if not (lenient and _is_missing(full, at[:-1] if setting else at)):
                yield _Place(kind, holder, at, full)


def _with_fte(full: dict[str, Any], service: Service, paths: Iterable[Path_], children: int) -> dict[str, Any]:
    """The service spelled out, with full-time equivalents in place of so many per 1000 where a path asks for them."""
    for path in paths:
        if len(path) == 3 and path[0] == "staff" and path[2] == "fte" and path[1] in service.staff:
            pool = str(path[1])
            if service.staff[pool].fte is not None or service.staff[pool].fte_per_1000 is not None:
                own = full["staff"][pool] | {"fte": fte_of(service.staff[pool], children)}
                full = full | {"staff": full["staff"] | {pool: own}}
    return full


def _is_missing(data: Any, path: Path_) -> bool:
    """Whether nothing stands where a path leads."""
    for part in path:
        inside = (isinstance(data, Mapping) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        )
        if not inside:
            return True
        data = data[part]
    return data is None


def _set_services(scenario: Scenario, names: tuple[str, ...], change: Set) -> tuple[Scenario, Log]:
    log, homes = Log(), {"areas": dict[str, Any](), "catchments": dict[str, Any]()}
    picks = any(isinstance(part, Pick) for part in change.path)
    lenient = isinstance(change.path[0], Pick) or (picks and len(names) > 1)
    for service in names:
        stated: dict[tuple[str, str], dict[str, Any]] = {}
        for at in _places(scenario, service, change, lenient, setting=change.op == "="):
            full = stated.setdefault((at.kind, at.holder), at.full)
            children = children_of(scenario, at.holder, at.kind == "catchments")
            home = homes[at.kind].setdefault(at.holder, _services_stated(scenario, at))
            for path, old, new, op in _written(full, at.path, change, children, scenario):
                home[service] = _over(home.get(service, {}), full, path, new)
                if path[0] == "staff" and path[-1] == "fte":
                    home[service]["staff"][path[1]]["fte_per_1000"] = None
                full = stated[at.kind, at.holder] = _copied(full, path, new)
                prefix = "" if len(scenario.areas) == 1 else f"{at.holder}/"
                short = path[1:] if path[0] == "staff" and len(path) > 1 else path
                log += _logged(prefix, (service, *short), old, new, op)
        for (kind, holder), _ in stated.items():
            _check(Service, merged(scenario.services[service].plain(), homes[kind][holder][service]), change)
    if not log:
        raise TrinnError(Fault("picks nothing", place=change.text))
    return _with_services(scenario, homes), log


def _logged(prefix: str, path: Path_, old: Any, new: Any, op: str) -> Log:
    """What was set; entries added to a list each by themselves."""
    if op == "+=" and isinstance(old, list):
        return [(prefix + dotted((*path, index)), None, entry, op) for index, entry in enumerate(new) if index >= len(old)]
    return [(prefix + dotted(path), old, new, op)]


def _written(
    full: Mapping[str, Any], path: Path_, change: Set, children: int | None, scenario: Scenario
) -> list[tuple[Path_, Any, Any, str]]:
    """What a change writes: path, old, new, operator. A share that is set with ``:=`` moves its siblings too."""
    old = _read(dict(full), path, change)
    new = operate(old, change, children, lambda value: named(scenario, value, change.text))
    op = THERE if change.op == "=" and adds_to(change.value) else change.op
    written = [(path, old, new, op)]
    return [*written, *_give_way(full, path, old, new, change)] if change.op == ":=" else written


def _give_way(full: Mapping[str, Any], path: Path_, old: Any, new: Any, change: Set) -> list[tuple[Path_, Any, Any, str]]:
    """The siblings of a share that was set, in proportion, so that the sum stays."""
    if not (_is_number(new) and (old is None or _is_number(old))):
        raise TrinnError(Fault(f'":=" sets a share among others (there stands {old!r})', place=change.text))
    siblings = {
        other: value
        for other in _siblings(full, path)
        if not _is_missing(full, other) and _is_number(value := _read(dict(full), other, None)) and value
    }
    rest = sum(siblings.values())
    left = rest + (old or 0.0) - new
    if left < 0 or (not rest and left):
        raise TrinnError(Fault(f"the others have {rest:g} in all and cannot give way to {new:g}", place=change.text))
    return [(other, value, round(value * left / rest, 10), "gives way") for other, value in siblings.items()]


def _siblings(full: Mapping[str, Any], path: Path_) -> list[Path_]:
    """Where the shares stand that sum up with this one: other numbers of its mapping, or the same field of other entries."""
    mapping = _read(dict(full), path[:-1], None)
    if isinstance(mapping, Mapping) and all(_is_number(value) for value in mapping.values()):
        return [(*path[:-1], key) for key in mapping if key != path[-1]]
    entries = _read(dict(full), path[:-2], None) if len(path) > 2 else full
    keys = list(entries) if isinstance(entries, Mapping) else list(range(len(entries)))
    return [(*path[:-2], key, path[-1]) for key in keys if key != path[-2]]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _copied(full: Mapping[str, Any], path: Path_, value: Any) -> dict[str, Any]:
    """``full`` with another value at ``path``; what was there before stays as it is."""
    part, rest = path[0], path[1:]
    whole = dict(full)
    if not rest:
        whole[str(part)] = value
        return whole
    inner = whole.get(str(part))
    if isinstance(inner, list) and isinstance(rest[0], int):
        index, deeper = rest[0], rest[1:]
        changed = list(inner)
        changed[index] = _copied(changed[index], deeper, value) if deeper else value
        whole[str(part)] = changed
    else:
        whole[str(part)] = _copied(inner if isinstance(inner, Mapping) else {}, rest, value)
    return whole


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


def _set_path(scenario: Scenario, change: Set) -> tuple[Scenario, Log]:
    if change.path[0] in ("changes", "evidence", "name", "place"):
        raise TrinnError(Fault(f'"{change.path[0]}" cannot be changed', place=change.text))
    full, log = _section(scenario, change, full=True), Log()
    writes = []
    for path in concrete(full, change.path, fitting(scenario, change), change.text):
        for write in _written(full, path, change, None, scenario):
            full = _copied(full, write[0], write[2])
            writes.append(write)
    if any(isinstance(part, int) for path, *_ in writes for part in path):
        data = scenario.plain(full=True)
        for path, _, new, _ in writes:
            _write(data, path, new)
    else:
        section = _section(scenario, change, full=False)
        for path, _, new, _ in writes:
            _write(section, path, new)
        data = {name: getattr(scenario, name) for name in scenario.model_fields_set} | section
    for path, old, new, op in writes:
        log += _logged("", path, old, new, op)
    return _check(Scenario, data, change), log


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
    adds = change is not None and change.op == "+=" and isinstance(data, list)
    if not path or (change and isinstance(data, Mapping | list) and change.op != "=" and not adds):
        raise TrinnError(Fault("names no single value", dotted(path), place))
    return data


def _check(model: type[M], data: dict[str, Any], change: Set) -> M:
    try:
        return model.model_validate(data)
    except ValidationError:
        validate(model, Document(data, change.text))
        raise
