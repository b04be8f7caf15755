"""From a scenario to the services each area has: templates, what differs, and posts by population."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from math import floor
from typing import Any, Generic, Literal, NamedTuple, TypeVar
from weakref import WeakValueDictionary, ref

from scenarios.schema import Area, Catchment, Law, Phase, Pool, Scenario, Service
from scenarios.units import WEEK

LEAST_KEPT = 0.05
"""However long the journey, at least so large a share of the appointments that would be kept without it are kept."""
_WHOLE = 1e-9
"""What is so little below a whole number was whole before it was computed."""

INSTEAD = {
    "fte": ("fte_per_1000", "cases", "rooms", "cases_per_fte"),
    "fte_per_1000": ("fte", "cases", "rooms", "cases_per_fte"),
    "cases": ("fte", "fte_per_1000", "rooms", "cases_per_fte", "agreed", "absent", "work", "turnover", "payer", "price"),
    "rooms": ("fte", "fte_per_1000", "cases", "cases_per_fte", "agreed", "absent", "work", "turnover", "payer", "price"),
    "cases_per_fte": ("fte", "fte_per_1000", "cases", "rooms", "agreed", "absent", "work", "turnover", "payer", "price"),
    "recruit": ("market",),
    "market": ("recruit",),
    "length": ("sessions", "interval", "missed", "cancelled", "missed_per_hour"),
    "sessions": ("length",),
    "rate": ("per_1000",),
    "per_1000": ("rate",),
}
"""Two ways to say one thing: whoever states the one takes away the other that stood below."""


Thing = TypeVar("Thing")
Found = TypeVar("Found")


class ByIdentity(Generic[Thing, Found]):
    """What was worked out for an object, kept for as long as the object is there.

    Scenarios and what they hold never change, but hold mappings and so have no hash: they are known by identity. What is kept
    must not hold the object it is kept for, or neither would ever go.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[ref[Thing], Found]] = {}

    def get(self, thing: Thing) -> Found | None:
        """What is kept for an object, if anything."""
        known = self._known.get(id(thing))
        return known[1] if known is not None and known[0]() is thing else None

    def keep(self, thing: Thing, found: Found) -> Found:
        """Keep something, in place of what was kept before; returns it."""
        number = id(thing)

        def gone(reference: ref[Thing]) -> None:
            if number in self._known and self._known[number][0] is reference:
                del self._known[number]

        self._known[number] = ref(thing, gone), found
        return found


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``over`` laid on top, mapping by mapping; ``None`` takes a key away."""
    result = dict(base)
    for key in over:
        for other in INSTEAD.get(key, ()):
            if over[key] is not None and other not in over:
                result.pop(other, None)
    for key, value in over.items():
        here = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(here, Mapping):
            result[key] = merged(here, value)
        else:
            result[key] = value
    return result


def service_of(scenario: Scenario, service: str, holder: Area | Catchment) -> Service:
    """The service as one area or catchment has it. Those that have it alike have one object."""
    template, over = scenario.services[service], holder.services.get(service)
    if not over:
        return template
    had = _had.get(holder) or _had.keep(holder, {})
    if service not in had or had[service][0] is not template:
        had[service] = template, _variant(template, over)
    return had[service][1]


_had: ByIdentity[Area | Catchment, dict[str, tuple[Service, Service]]] = ByIdentity()
"""By service: what an area or catchment has, after the template it was made of."""


def _variant(template: Service, over: Mapping[str, Any]) -> Service:
    """A service with other values; for as long as somebody has it, whoever states the same gets the same."""
    alike = _variants.get(template) or _variants.keep(template, WeakValueDictionary())
    found = alike.get(repr(over))
    if found is None:
        found = alike[repr(over)] = Service.model_validate(merged(template.plain(), over))
    return found


_variants: ByIdentity[Service, WeakValueDictionary[str, Service]] = ByIdentity()


def children_of(scenario: Scenario, holder: str, shared: bool) -> int:
    """Children 0-17 a service is for: of the area, or of all areas of the catchment."""
    if not shared:
        return scenario.areas[holder].children_0_17
    return sum(area.children_0_17 for area in scenario.areas.values() if area.catchment == holder)


def fte_of(pool: Pool, children: int) -> float:
    """Filled full-time equivalents of a pool that serves so many children 0-17."""
    if pool.fte is not None:
        return pool.fte
    return max(pool.least_fte, round((pool.fte_per_1000 or 0.0) * children / 1000, 2))


class Owner(NamedTuple):
    """Whose pool it is, where it is not the service's own."""

    area: str
    """Empty: the service's own area, or its catchment."""
    service: str
    pool: str


def owner_of(pool: str) -> Owner | None:
    """The owner of a pool written ``service.pool`` or ``area/service.pool``; None for one of the service's own."""
    area, _, rest = pool.rpartition("/")
    service, dot, name = rest.partition(".")
    return Owner(area, service, name) if dot else None


def kind_of(pool: Pool) -> Literal["posts", "cases", "rooms"]:
    """What a pool is made of."""
    if pool.cases is not None or pool.cases_per_fte:
        return "cases"
    return "posts" if pool.rooms is None else "rooms"


def weekly_minutes(pool: Pool, children: int) -> int:
    """Whole minutes a week that reach children: FTE x paid hours x share x weeks worked of 52, of those who are there.

    Of rooms: how long they are open. A ceiling on cases has no minutes: 0.
    """
    if kind_of(pool) == "cases":
        return 0
    each = pool.weekly_hours - sum(pool.work.values())
    number = fte_of(pool, children) if pool.rooms is None else pool.rooms
    return round(number * each * 60 * pool.child_share * pool.weeks_a_year / 52 * (1 - pool.absent))


def capacity_of(service: Service, children: int) -> dict[str, int]:
    """What each pool of a service has: whole minutes a week, or a whole number of cases at once."""
    return {name: _capacity(service, pool, children) for name, pool in service.staff.items()}


def _capacity(service: Service, pool: Pool, children: int) -> int:
    if kind_of(pool) != "cases":
        return weekly_minutes(pool, children)
    ceiling = pool.cases or 0.0
    for other, each in pool.cases_per_fte.items():
        if other in service.staff:
            ceiling += fte_of(service.staff[other], children) * each
    return floor(ceiling + _WHOLE)


def requirements(service: Service, phase: Phase) -> tuple[dict[str, int], ...]:
    """What a course takes of each pool in a phase: whole minutes a week, or cases. One mapping for each alternative.

    An appointment called off in time takes nothing; one held where the child is takes the journey there and back from every
    pool of posts. A pool of another service is taken for posts.
    """
    if service.places is not None:
        return ({"places": 1},)
    only = next(iter(service.staff), "")
    return tuple(
        {pool or only: _taken(service, phase, pool or only, hours) for pool, hours in alternative.items() if hours}
        for alternative in phase.hours
    )


def _taken(service: Service, phase: Phase, pool: str, hours: float) -> int:
    kind = kind_of(service.staff[pool]) if pool in service.staff else "posts"
    if kind == "cases":
        return max(1, round(hours))
    if kind == "posts":
        hours += 2 * service.travel * phase.outreach
    interval = WEEK if phase.interval is None else phase.interval
    return max(1, round(hours * (1 - phase.cancelled) * 60 * WEEK / interval))


def phase_length(service: Service, phase: Phase) -> int:
    """Mean length of a phase in whole seconds: what is missed or called off lengthens it.

    Those who travel miss ``missed_per_hour`` of their appointments for each hour's journey, on top of ``missed``; those the
    helper comes to do not.
    """
    if phase.length is not None:
        return max(1, round(mean_of(phase.length)))
    assert phase.sessions is not None
    assert phase.interval is not None
    travelled = max(LEAST_KEPT, 1 - phase.missed_per_hour * service.travel * (1 - phase.outreach))
    return max(1, round(phase.sessions * phase.interval / (1 - phase.missed) / travelled / (1 - phase.cancelled)))


def mean_of(law: Law) -> float:
    """The mean of a law, in seconds."""
    if law.low is not None and law.high is not None:
        return (law.low + law.high) / 2
    if law.values:
        weights = law.weights or (1.0,) * len(law.values)
        return sum(value * weight for value, weight in zip(law.values, weights, strict=True)) / sum(weights)
    return float(law.mean or 0)


def open_on(service: Service, day: date) -> bool:
    """Whether a service is open on a day, by what the scenario says: planned closures and ended grants are apart from it."""
    if not service.open or (service.opens is not None and day < service.opens):
        return False
    return service.closes is None or day < service.closes


def catchments_of(scenario: Scenario) -> dict[str, Catchment]:
    """The catchments the areas belong to, named or not."""
    names = dict.fromkeys(area.catchment for area in scenario.areas.values())
    return {name: scenario.catchments.get(name, Catchment()) for name in names}


def staffing(scenario: Scenario) -> list[dict[str, Any]]:
    """The posts behind the results, one row a pool: area (or catchment), service, pool, agreed, fte (filled),
    absent (of those), hours_a_week for children."""
    rows = []
    focal = [scenario.areas[name] for name in scenario.focal_areas]
    catchments = catchments_of(scenario)
    for name, template in scenario.services.items():
        shared = template.shared
        for holder in dict.fromkeys(area.catchment for area in focal) if shared else scenario.focal_areas:
            service = service_of(scenario, name, catchments[holder] if shared else scenario.areas[holder])
            children = children_of(scenario, holder, shared)
            for pool, content in service.staff.items() if service.open else ():
                if kind_of(content) != "posts":
                    continue
                hours = round(weekly_minutes(content, children) / 60, 2)
                fte = round(fte_of(content, children), 4)
                agreed = fte if content.agreed is None else content.agreed
                away = round(fte * content.absent, 4)
                post = {"agreed": agreed, "fte": fte, "absent": away, "hours_a_week": hours}
                rows.append({"area": holder, "service": name, "pool": pool, **post})
    return rows


def averages(scenario: Scenario) -> tuple[str, ...]:
    """``service.pool`` of the focal areas' posts that are national averages: so many per 1000 children.

    To be asked of a scenario whose changes are not made yet: a change turns an average into full-time equivalents, and makes
    it no more the place's own.
    """
    if scenario.staffing == "own" or not scenario.place:
        return ()
    catchments, found = catchments_of(scenario), dict[str, None]()
    for row in staffing(scenario):
        shared = scenario.services[row["service"]].shared
        home = catchments[row["area"]] if shared else scenario.areas[row["area"]]
        if service_of(scenario, row["service"], home).staff[row["pool"]].fte_per_1000 is not None:
            found[f"{row['service']}.{row['pool']}"] = None
    return tuple(found)
