"""Room: no course is longer than a run can hold or larger than its pools, and no more are in courses than there are places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scenarios.check_areas import Found, Variants
from scenarios.check_staff import hours_are_sound, is_ceiling, pools_named
from scenarios.reading import Path_
from scenarios.resolve import capacity_of, catchments_of, children_of, owner_of, phase_length, requirements, service_of
from scenarios.schema import Phase, Scenario, Service
from scenarios.units import LONGEST


def sizes(scenario: Scenario, variants: Variants) -> Found:
    """Courses of a length that a run can hold, whose later part needs no more, and places for those in them already."""
    for here, _, service in variants:
        for label in ("assessment", "course"):
            phase: Phase | None = getattr(service, label)
            if phase:
                yield from _length((*here, label), service, phase)
        if hours_are_sound(scenario, service) and service.assessment and service.places is None:
            yield from _later_needs_no_more(scenario, here, service)
        if isinstance(service.places, int) and service.opening_cases > service.places:
            rule = f"must not be more than the places, {service.places} (got {service.opening_cases})"
            yield (*here, "opening_cases"), rule


def _length(path: Path_, service: Service, phase: Phase) -> Found:
    if phase.sessions and phase_length(service, phase) > LONGEST:
        yield path, "sessions at this interval take more than 100 years"


def _later_needs_no_more(scenario: Scenario, here: Path_, service: Service) -> Found:
    assert service.assessment is not None
    first, then = requirements(service, service.assessment), requirements(service, service.course)
    if len(first) != len(then):
        yield (*here, "assessment", "hours"), "must have as many alternatives as the course, in the same order"
        return
    for before, after in zip(first, then, strict=True):
        for pool, amount in after.items():
            if amount > before.get(pool, 0):
                takes = amount_of(scenario, service, pool, amount)
                rule = f"takes {takes}, the assessment {before.get(pool, 0)}: never more later"
                yield (*here, "course", "hours"), rule


def amount_of(scenario: Scenario, service: Service, pool: str, amount: int) -> str:
    """An amount with its unit, ``90 minutes a week of nurse`` or ``1 case of ceiling``."""
    unit = "minutes a week" if not is_ceiling(scenario, service, pool) else "case" if amount == 1 else "cases"
    return f"{amount} {unit} of {pool}"


def staffed(scenario: Scenario) -> Iterator[tuple[Path_, Service, dict[str, int]]]:
    """Every service that takes hours, as each area or catchment has it, with what its pools hold in whole minutes or cases."""
    for name, template in scenario.services.items():
        kind = "catchments" if template.shared else "areas"
        for holder, content in (catchments_of(scenario) if template.shared else scenario.areas).items():
            if not template.shared and scenario.areas[holder].detail == "neighbour":
                continue
            service = service_of(scenario, name, content) if name in content.services else template
            if service.open and service.places is None and hours_are_sound(scenario, service):
                here = (kind, holder, "services", name) if len(scenario.areas) > 1 else ("services", name)
                yield here, service, _held(scenario, name, holder, service)


def _held(scenario: Scenario, name: str, holder: str, service: Service) -> dict[str, int]:
    """What each pool that the courses name holds where the holder is."""
    has = _own(scenario, name, holder)
    for pool in pools_named(service):
        if owner := owner_of(pool):
            near = scenario.services[owner.service].shared and not scenario.services[name].shared
            there = owner.area or (scenario.areas[holder].catchment if near else holder)
            has[pool] = _own(scenario, owner.service, there).get(owner.pool, 0)
    return has


def _own(scenario: Scenario, name: str, holder: str) -> dict[str, int]:
    shared = scenario.services[name].shared
    service = service_of(scenario, name, catchments_of(scenario)[holder] if shared else scenario.areas[holder])
    return dict(capacity_of(service, children_of(scenario, holder, shared)))


def too_small(scenario: Scenario) -> Found:
    """A course whose pools can never hold it is refused, in every area that has the service."""
    for here, service, has in staffed(scenario):
        needed = requirements(service, service.assessment or service.course)
        if not any(_fits(option, has) for option in needed):
            stated = "; or ".join(
                " and ".join(amount_of(scenario, service, pool, amount) for pool, amount in option.items()) for option in needed
            )
            there = " and ".join(f"{has.get(pool, 0)} of {pool}" for pool in dict.fromkeys(p for o in needed for p in o))
            yield here, f"a course needs {stated}, and there are only {there}: it can never start"


def _fits(option: Mapping[str, int], has: Mapping[str, int]) -> bool:
    return all(has.get(pool, 0) >= amount for pool, amount in option.items())
