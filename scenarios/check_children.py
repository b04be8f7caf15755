"""Children: somebody can come, has somewhere to go, can get well, and is of an age that fits."""

from __future__ import annotations

from scenarios.check_areas import Found, Variants
from scenarios.check_shares import mean_risk
from scenarios.check_staff import has_posts
from scenarios.reading import Path_
from scenarios.schema import CHILD_BANDS, Demand, Door, Need, Scenario, Service
from scenarios.units import YEAR

MOST_CHILDREN = 16_000_000
"""Children of one replication; more would not fit in the memory of a common machine."""


def children(scenario: Scenario, variants: Variants) -> Found:
    """Somebody can come, has somewhere to go, can get well, and is of an age that fits."""
    for name, demand in scenario.demand.items():
        yield from _stream(scenario, ("demand", name), demand)
    for name, door in scenario.doors.items():
        yield from _door(scenario, variants, ("doors", name), door)
    for name, need in scenario.needs.items():
        yield from _need(scenario, ("needs", name), need)
    yield from _cured(scenario, variants)
    yield from _ages(scenario, variants)
    yield from _population(scenario, variants)
    if (number := _drawn(scenario, variants)) > MOST_CHILDREN:
        about = f"about {number:.2g} children in each replication (the most is {MOST_CHILDREN:,})".replace(",", " ")
        yield ("period", "length"), f"{about}: shorten period.length or period.warmup, or lower the rates under demand"


def _stream(scenario: Scenario, here: Path_, demand: Demand) -> Found:
    if (demand.rate is None) == (not demand.per_1000):
        yield here, "give either rate or per_1000"
    if demand.to is None and not scenario.doors:
        yield here, "says no service (to:), and the scenario has no doors"
    if demand.to is None and demand.maps < 1:
        yield (*here, "maps"), "counts only with to: children who seek a door are mapped as doors.X.maps says"
    for band in demand.trend_by_age:
        if band not in demand.per_1000:
            yield (*here, "trend_by_age", band), f"changes nothing: no rate is stated for {band} under per_1000"
    if demand.mix_trend and not demand.mix:
        yield (*here, "mix_trend"), "changes nothing: state the mix that it moves"
    elif demand.mix:
        for need in demand.mix_trend:
            if need in scenario.needs and need not in demand.mix:
                yield (*here, "mix_trend", need), f'changes nothing: "{need}" is not in the mix'
    if demand.areas == "neighbour":
        yield from _neighbours(scenario, here, demand)


def _neighbours(scenario: Scenario, here: Path_, demand: Demand) -> Found:
    if demand.to is None:
        yield here, "of neighbours must go straight to a shared service (to:)"
    if demand.to in scenario.services and not scenario.services[demand.to].shared:
        yield (*here, "to"), f"neighbours enter at shared services, and {demand.to} is not shared"
    if demand.rate is not None:
        yield (*here, "rate"), "of neighbours is given per 1000 children (per_1000)"


def _door(scenario: Scenario, variants: Variants, here: Path_, door: Door) -> Found:
    if door.ages and door.ages[0] > door.ages[1]:
        yield (*here, "ages"), reversed_ages(door.ages)
    if door.finds is None:
        return
    if door.finds.rate > YEAR:
        yield (*here, "finds", "rate"), "must be at most 1/s"
    if door.finds.at is None:
        return
    if door.finds.at == 0:
        yield (
            (*here, "finds", "at"),
            "must be above 0: the rate holds at this staffing. Left out, it always holds",
        )
    behind = [service for _, name, service in variants if name in door.to]
    if behind and not any(has_posts(pool) for service in behind for pool in service.staff.values()):
        rule = f"follows the staff behind the door, and {' and '.join(door.to)} has no posts: leave it out, or give posts"
        yield (*here, "finds", "at"), rule


def reversed_ages(ages: tuple[int, int]) -> str:
    """The rule that such ages break."""
    return f"the first year must not be above the last (got {ages[0]} and {ages[1]})"


def _need(scenario: Scenario, here: Path_, need: Need) -> Found:
    for word in ("remission", "worsening", "relapse"):
        if getattr(need, word) > YEAR:
            yield (*here, word), "must be at most 1/s"
    if need.worsening > 0 and need.worsens_to is None:
        yield (*here, "worsens_to"), "is missing: the need has a worsening rate"
    if need.worsens_to == "crisis" and scenario.crisis is None:
        yield (*here, "worsens_to"), 'leads to "crisis": say under crisis where such a child goes'


def _cured(scenario: Scenario, variants: Variants) -> Found:
    """What a service does about needs is done about needs that are there, and the other way round."""
    caused = [name for name, need in scenario.needs.items() if need.somatic]
    looked_for = any(service.somatic_check for _, _, service in variants)
    for name in caused if not looked_for else ():
        rule = "such a child never gets well: no service looks for a bodily cause. State somatic_check on a service"
        yield ("needs", name, "somatic"), rule
    for here, _, service in variants:
        if service.somatic_check and not caused:
            yield (
                (*here, "somatic_check"),
                "finds nothing: no need has a bodily cause. State a need's somatic, or leave it out",
            )


def _ages(scenario: Scenario, variants: Variants) -> Found:
    """Whoever is taken is not at once too old."""
    for here, name, service in variants:
        first = service.ages[0] if service.ages else 0
        if service.ages and service.ages[0] > service.ages[1]:
            yield (*here, "ages"), reversed_ages(service.ages)
        yield from _birthdays(here, service, first)
        if scenario.leaves_at is not None and scenario.leaves_at <= first:
            yield ("leaves_at",), f"must be above {first}, the age from which {name} takes children (got {scenario.leaves_at})"


def _birthdays(here: Path_, service: Service, first: int) -> Found:
    for word in ("waits_until", "ends_at"):
        birthday: int | None = getattr(service, word)
        if birthday is not None and birthday <= first:
            yield (*here, word), f"must be above {first}, the age from which children are taken (got {birthday})"
    if service.ends_at is not None and service.waits_until is not None and service.ends_at < service.waits_until:
        rule = f"must not be below waits_until: who starts at {service.waits_until} would end at once (got {service.ends_at})"
        yield (*here, "ends_at"), rule


def _population(scenario: Scenario, variants: Variants) -> Found:
    """There are children to come, and some do."""
    if any(demand.per_1000 for demand in scenario.demand.values()):
        for name, area in scenario.areas.items():
            if sum(area.children.values()) == 0:
                yield ("areas", name, "children"), "the population is empty: give inhabitants by age band"
    if any(door.finds and door.finds.at for door in scenario.doors.values()):
        for name, area in scenario.areas.items():
            if area.detail == "full" and area.children_0_17 == 0:
                bands = ", ".join(CHILD_BANDS)
                yield ("areas", name, "children"), f"nobody is 0-17 here: doors.X.finds.at counts per 1000 of them ({bands})"
    opening = any(service.opening_list or service.opening_cases for _, _, service in variants)
    if not opening and not any(d.rate or any(d.per_1000.values()) for d in scenario.demand.values()):
        yield ("demand",), "nobody ever comes: every rate is 0"


def _drawn(scenario: Scenario, variants: Variants) -> float:
    """How many children a replication draws at most: the highest rate of each stream, held from the first day to the last."""
    ahead = max(0.0, scenario.period.length / YEAR)
    years = ahead + scenario.period.warmup / YEAR
    places = ((len(scenario.focal_areas) if len(here) == 2 else 1, service) for here, _, service in variants)
    total = float(sum(number * (service.opening_list + service.opening_cases) for number, service in places))
    for demand in scenario.demand.values():
        rate = (demand.rate or 0.0) * len(scenario.focal_areas)
        for name, area in scenario.areas.items():
            if area.detail == demand.areas:
                by_band = (
                    per * area.children.get(band, 0) / 1000 * max(1.0, 1 + demand.trend_by_age.get(band, 0.0)) ** ahead
                    for band, per in demand.per_1000.items()
                )
                rate += sum(by_band) * _risk_here(scenario, name)
        season = max(demand.season.months) if demand.season.months else 1 + demand.season.amplitude
        total += rate * season * max(1.0, 1 + demand.trend) ** ahead * years
    return total


def _risk_here(scenario: Scenario, area: str) -> float:
    """An area with more of those at risk has more needs than its inhabitants say."""
    everywhere = {name: group.share for name, group in scenario.groups.items()}
    mean = mean_risk(scenario, everywhere)
    return max(0.0, mean_risk(scenario, {**everywhere, **scenario.areas[area].groups})) / mean if mean > 0 else 1.0
