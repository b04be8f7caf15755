"""Staff: every course and every piece of work names pools that are there, and every pool is named by somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scenarios.check_areas import Found, Variants
from scenarios.check_lists import is_zero
from scenarios.errors import nearest
from scenarios.reading import Path_
from scenarios.resolve import catchments_of, kind_of, owner_of, service_of, staffing
from scenarios.schema import Area, Catchment, LabourMarket, Phase, Pool, Scenario, Service
from scenarios.units import YEAR

_Work = Iterator[tuple[Path_, Mapping[str, float]]]
"""Where single pieces of work state their hours, and the hours by pool."""


def staff(scenario: Scenario, variants: Variants) -> Found:
    """Whoever gives help has staff or places, hours are from pools that are there, and no pool stands idle."""
    lent = _lent(scenario, variants)
    for here, name, service in variants:
        if (service.places is None) == (not service.staff and not _borrows(service)):
            yield here, 'give either places (a number or "endless") or staff'
            continue
        for pool, content in service.staff.items():
            yield from _pool((*here, "staff", pool), pool, content, service)
        hours = [((*here, *path), rule) for path, rule in _hours(scenario, service)]
        yield from hours
        if not hours:
            yield from _idle((*here, "staff"), service, {pool for owner, pool in lent if owner == name})
    for path, work in _work_between(scenario):
        yield from ((path, rule) for rule in _work_faults(scenario, None, work))
    for name, market in scenario.labour_markets.items():
        yield from _market(("labour_markets", name, "hires"), market)


def _pool(path: Path_, name: str, pool: Pool, service: Service) -> Found:
    if pool.fte is not None and pool.fte_per_1000 is not None:
        yield path, "give either fte or fte_per_1000"
    if kind_of(pool) == "posts" and not has_posts(pool):
        yield path, "give either fte or fte_per_1000; where there are no posts cases, cases_per_fte or rooms"
    if name in Service.model_fields:
        yield path, f'"{name}" is a word of its own in a service: call the pool something else'
    for other in pool.cases_per_fte:
        if other not in service.staff:
            yield (*path, "cases_per_fte", other), f'there is no pool "{other}" here{nearest(other, sorted(service.staff))}'
        elif not has_posts(service.staff[other]):
            yield (*path, "cases_per_fte", other), f'"{other}" has no posts to follow: name a pool with fte or fte_per_1000'
    if pool.turnover and is_zero(pool.turnover.stay):
        yield (*path, "turnover", "stay"), "must be above 0: nobody would stay in a post at all"


def has_posts(pool: Pool) -> bool:
    """Whether a pool is people, and not a ceiling or rooms."""
    return pool.fte is not None or pool.fte_per_1000 is not None


def _market(path: Path_, market: LabourMarket) -> Found:
    if market.hires == 0:
        yield path, "must be above 0: a post that falls vacant would never be filled"
    if market.hires > YEAR:
        yield path, "must be at most 1/s"


def _phases(service: Service) -> Iterator[tuple[str, Phase]]:
    if service.assessment:
        yield "assessment", service.assessment
    yield "course", service.course


def pools_named(service: Service) -> set[str]:
    """The pools that a service's courses take hours from, as the hours name them."""
    return {pool for _, phase in _phases(service) for alternative in phase.hours for pool in alternative}


def _borrows(service: Service) -> bool:
    return any(owner_of(pool) for pool in pools_named(service))


def _work(service: Service) -> _Work:
    """What a service does besides courses."""
    for index, route in enumerate(service.routes):
        yield ("routes", index, "hours"), route.hours
    if service.intake:
        yield ("intake", "hours"), service.intake.hours
        if service.intake.meeting:
            yield ("intake", "meeting", "hours"), service.intake.meeting.hours


def _work_between(scenario: Scenario) -> _Work:
    """What is done between services, by whom each piece of work has to say."""
    if scenario.coordination:
        yield ("coordination", "hours"), scenario.coordination.hours
    if scenario.crisis:
        yield ("crisis", "hours"), scenario.crisis.hours


def _hours(scenario: Scenario, service: Service) -> Found:
    for label, phase in _phases(service):
        yield from (((label, "hours"), rule) for rule in _course_faults(scenario, service, phase))
    for path, work in _work(service):
        yield from ((path, rule) for rule in _work_faults(scenario, service, work))


def hours_are_sound(scenario: Scenario, service: Service) -> bool:
    """Whether the courses of a service take hours of pools that are there."""
    return not any(_course_faults(scenario, service, phase) for _, phase in _phases(service))


def _course_faults(scenario: Scenario, service: Service, phase: Phase) -> list[str]:
    if service.places is not None:
        return ["a service with places takes no staff hours"] if phase.hours else []
    if not phase.hours:
        return ["is missing: say how many staff hours an appointment takes"]
    rules = []
    for alternative in phase.hours:
        for pool, amount in alternative.items():
            if rule := _absent(scenario, service, pool):
                rules.append(rule)
            elif (
                (owner := owner_of(pool)) and service.shared and not owner.area and not scenario.services[owner.service].shared
            ):
                rules.append(
                    f'a shared service cannot take hours from "{pool}", which each area has of its own: write area/service.pool'
                )
            elif owner and is_ceiling(scenario, service, pool):
                rules.append(f'"{pool}" is a ceiling on the cases of another service: state a ceiling here')
            elif is_ceiling(scenario, service, pool) and amount != round(amount):
                rules.append(f"takes whole cases of {pool or next(iter(service.staff))} (got {amount:g})")
        if not any(alternative.values()):
            rules.append("a course must take some hours from some pool")
    return rules


def _work_faults(scenario: Scenario, service: Service | None, work: Mapping[str, float]) -> list[str]:
    """A single piece of work takes hours of people or rooms, here or at another service."""
    rules = []
    for pool in work:
        if rule := _absent(scenario, service, pool):
            rules.append(rule)
        elif is_ceiling(scenario, service, pool):
            rules.append(f'"{pool}" is a ceiling of cases and has no hours: name a pool with posts or rooms')
    return rules


def _absent(scenario: Scenario, service: Service | None, pool: str) -> str | None:
    """What is wrong with the name of a pool: that of one here, ``service.pool``, ``area/service.pool``, or ""."""
    if owner := owner_of(pool):
        there = owner.service in scenario.services and owner.pool in scenario.services[owner.service].staff
        if not there:
            return f'there is no pool "{pool}": write service.pool of a service with staff'
        if owner.area and scenario.services[owner.service].shared:
            return f"{owner.service} is shared by its catchment: write {owner.service}.{owner.pool}, without an area"
        if owner.area and (owner.area not in scenario.areas or scenario.areas[owner.area].detail != "full"):
            full = sorted(name for name, area in scenario.areas.items() if area.detail == "full")
            return f'"{owner.area}" is not an area simulated in full{nearest(owner.area, full)}'
        return None
    if service is None or service.places is not None:
        return "say which pool the hours are from, as service.pool: there is no staff here"
    if pool == "" and len(service.staff) != 1:
        return "say which pool the hours are from: " + (", ".join(sorted(service.staff)) or "service.pool")
    if pool and pool not in service.staff:
        return f'there is no pool "{pool}" here{nearest(pool, sorted(service.staff))}'
    return None


def is_ceiling(scenario: Scenario, service: Service | None, pool: str) -> bool:
    """Whether a pool that is there counts cases instead of minutes."""
    if owner := owner_of(pool):
        return kind_of(scenario.services[owner.service].staff[owner.pool]) == "cases"
    here = service.staff if service else {}
    return kind_of(here[pool or next(iter(here))]) == "cases"


def _lent(scenario: Scenario, variants: Variants) -> set[tuple[str, str]]:
    """(service, pool) of every pool that is named as ``service.pool``."""
    named = {pool for _, _, service in variants for pool in pools_named(service)}
    named |= {pool for _, _, service in variants for _, work in _work(service) for pool in work}
    named |= {pool for _, work in _work_between(scenario) for pool in work}
    return {(owner.service, owner.pool) for pool in named if (owner := owner_of(pool))}


def _idle(path: Path_, service: Service, lent: set[str]) -> Found:
    """Posts that no course, task or ceiling can use would be paid for nothing."""
    used = pools_named(service) | {pool for _, work in _work(service) for pool in work} | lent
    used |= {pool for content in service.staff.values() for pool in content.cases_per_fte}
    if "" in used:
        used |= set(service.staff)  # the only one
    for pool in service.staff:
        if pool not in used:
            yield (*path, pool), "is never used: no course, task or ceiling names it. Name it in hours, or leave it out"


def whose_staffing(scenario: Scenario) -> Found:
    """A library place may call its staffing its own only when no post is a national average any more, and partly its own only
    when some post is not."""
    if scenario.staffing == "national_average" or not scenario.place:
        return
    if scenario.staffing == "partly_own":
        if not _states_posts(scenario):
            rule = "is partly_own, but every post is a national average: give the fte of one, or say national_average"
            yield ("staffing",), rule
        return
    left = [
        f"{row['service']}.{row['pool']}"
        for row in staffing(scenario)
        if _is_average(scenario, str(row["area"]), str(row["service"]), str(row["pool"]))
    ]
    if left:
        rule = f"is own, but these posts are still national averages: {', '.join(dict.fromkeys(left))}; give their fte, or say"
        yield ("staffing",), f"{rule} partly_own or national_average"


def _states_posts(scenario: Scenario) -> bool:
    """Whether some post of the focal areas, of an open service or not, is stated in full-time equivalents."""
    focal = [scenario.areas[name] for name in scenario.focal_areas]
    homes: list[Area | Catchment] = [*focal, *(catchments_of(scenario)[area.catchment] for area in focal)]
    return any(
        pool.fte is not None
        for home in homes
        for name, template in scenario.services.items()
        if template.shared == isinstance(home, Catchment)
        for pool in service_of(scenario, name, home).staff.values()
    )


def _is_average(scenario: Scenario, holder: str, service: str, pool: str) -> bool:
    shared = scenario.services[service].shared
    home = catchments_of(scenario)[holder] if shared else scenario.areas[holder]
    return service_of(scenario, service, home).staff[pool].fte_per_1000 is not None
