"""From a scenario to the services each area has: templates, what differs, and posts by population."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenarios.schema import Area, Catchment, Pool, Scenario, Service

INSTEAD = {
    "fte": ("fte_per_1000",),
    "fte_per_1000": ("fte",),
    "length": ("sessions", "interval", "missed"),
    "sessions": ("length",),
    "rate": ("per_1000",),
    "per_1000": ("rate",),
}
"""Two ways to say one thing: whoever states the one takes away the other that stood below."""


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
    """The service as one area or catchment has it."""
    template, over = scenario.services[service], holder.services.get(service)
    return template if not over else Service.model_validate(merged(template.plain(), over))


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


def weekly_minutes(pool: Pool, children: int) -> int:
    """Whole minutes a week that reach children: FTE x paid hours x share x weeks worked of 52."""
    return round(fte_of(pool, children) * pool.weekly_hours * 60 * pool.child_share * pool.weeks_a_year / 52)


def catchments_of(scenario: Scenario) -> dict[str, Catchment]:
    """The catchments the areas belong to, named or not."""
    names = dict.fromkeys(area.catchment for area in scenario.areas.values())
    return {name: scenario.catchments.get(name, Catchment()) for name in names}


def staffing(scenario: Scenario) -> list[dict[str, Any]]:
    """The posts behind the results, one row a pool: area (or catchment), service, pool, fte, hours_a_week for children."""
    rows = []
    focal = [scenario.areas[name] for name in scenario.focal_areas]
    catchments = catchments_of(scenario)
    for name, template in scenario.services.items():
        shared = template.shared
        for holder in dict.fromkeys(area.catchment for area in focal) if shared else scenario.focal_areas:
            service = service_of(scenario, name, catchments[holder] if shared else scenario.areas[holder])
            children = children_of(scenario, holder, shared)
            for pool, content in service.staff.items() if service.open else ():
                hours = round(weekly_minutes(content, children) / 60, 2)
                fte = round(fte_of(content, children), 4)
                rows.append({"area": holder, "service": name, "pool": pool, "fte": fte, "hours_a_week": hours})
    return rows
