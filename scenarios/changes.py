"""Changes to a scenario: addresses, operators, dates, and what each one changed (old and new).

An address is ``[area/]service.pool.field``, ``[area/]service.field`` or any path of the schema. Without an area it means the
focal area and the services it shares; ``*/`` means all. In place of a service, ``step:yellow`` or ``role:specialist`` names
every service of that step or role. ``[*]`` is every entry of a list or mapping, ``[after:rejected]`` those that fit.

Operators are ``=3``, ``+=1``, ``-=1`` and ``*=1.2``; ``+=0.5/1000`` adds so many per 1000 children 0-17 of the area (of the
catchment, for a shared service); ``routes+={to: [bup], share: 0.2}`` adds an entry; in a list ``...`` stands for what was
there (``to=[ung_arena, ...]``). ``:=`` sets a share, and the others give way so that their sum stays. ``@2028-01-01`` at the
end dates the change.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from typing import Any

from pydantic import ValidationError

from scenarios.addresses import parse_change
from scenarios.errors import Fault, TrinnError
from scenarios.resolve import ByIdentity, service_of
from scenarios.schema import Area, Catchment, Change, Scenario
from scenarios.setting import set_one
from scenarios.units import DAY, parse_duration


@dataclass(frozen=True)
class Applied:
    """One value that a change set: ``old`` and ``new`` as a file would state them."""

    address: str
    old: Any
    new: Any
    since: date | str
    lever: str
    op: str


def when(change: Change, scenario: Scenario) -> date:
    """The day a change acts from; ``date.min`` for one that holds from the beginning of the warm-up."""
    parsed = parse_change(change.set)
    since = parsed.since or change.since
    if since == "beginning" or parsed.path[0] == "period":
        return date.min
    if isinstance(since, str):
        return _start(scenario) + timedelta(days=after_start(since))
    return since


def after_start(since: str) -> int:
    """Whole days after the start date of ``start`` or ``start+26w``."""
    return parse_duration(since.removeprefix("start+")) // DAY if since != "start" else 0


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
    faults = [fault for change in scenario.changes for fault in unreadable(change.set)]
    if faults:
        raise TrinnError(faults)
    current, log = scenario.model_copy(update={"changes": ()}), list[Applied]()
    steps = {date.min: _Step(date.min, current, (), ())}
    moments = [when(change, scenario) for change in scenario.changes]
    for moment, _, change in sorted(zip(moments, count(), scenario.changes, strict=False)):
        try:
            current, applied = set_one(current, replace(parse_change(change.set), moves=change.moves))
            since = "beginning" if moment == date.min else moment
            log += [Applied(a, old, new, since, change.lever, op) for a, old, new, op in applied]
        except TrinnError as error:
            faults += error.faults
        steps[moment] = _Step(moment, current, tuple(log), tuple(faults))
    return tuple(steps.values())


def unreadable(change: str) -> tuple[Fault, ...]:
    """The faults for which a change cannot be taken apart; none of one that can."""
    try:
        parse_change(change)
    except TrinnError as error:
        return error.faults
    return ()


def _refuse_twice(log: Iterable[Applied]) -> None:
    """Two changes that set one key on one date contradict each other, two levers on any date, unless one is relative."""
    seen: dict[tuple[str, str], Applied] = {}
    levers: dict[str, Applied] = {}
    faults = []
    for item in log:
        if item.op not in ("=", ":="):
            continue
        by_lever = levers.setdefault(item.address, item) if item.lever else item
        before = seen.setdefault((item.address, str(item.since)), item)
        before = by_lever if by_lever.lever != item.lever else before
        if before is not item and (before.lever != item.lever or not item.lever):
            who = f"{before.lever or 'a change'} ({before.new}) and {item.lever or 'a change'} ({item.new})"
            faults.append(Fault(f"is set twice, by {who}: leave one out, or make one relative", field=item.address))
    if faults:
        raise TrinnError(dict.fromkeys(faults))
