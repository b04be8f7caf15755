"""What must fit together in a scenario, beyond the form of each field. Every fault is reported, not only the first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from scenarios.errors import TrinnError, nearest
from scenarios.reading import Document, Path_, path_of, validate
from scenarios.resolve import catchments_of, children_of, merged, service_of, staffing, weekly_minutes
from scenarios.schema import ENDINGS, STEPS, Area, Catchment, Phase, Route, Scenario, Service
from scenarios.units import LONGEST, WEEK, YEAR

MOST_CHILDREN = 16_000_000
"""Children of one replication; more would not fit in the memory of a common machine."""
MOST_WORKING_DAYS = 2600
"""Working days of a deadline: ten years."""
EARLIEST, LATEST = 1950, 2150
"""Years in which a period may start."""

_Found = Iterator[tuple[Path_, str]]
_Variants = list[tuple[Path_, str, Service]]
"""Path, name and content of each service, and of each place where it differs."""
_ROUNDING = 1e-6
_FIXED = {"shared", "step", "role"}


def check(scenario: Scenario, document: Document | None = None) -> None:
    """Refuse a scenario whose parts do not fit together.

    Raises:
        TrinnError: with every fault and its place.
    """
    document = document or Document(None)
    found = [*_places(scenario)]
    if not found:
        variants, found = _variants(scenario)
        unknown = [*_names(scenario, variants)]
        found += [*unknown, *_shares(scenario, variants), *_demand(scenario), *_sizes(scenario, variants)]
        found += [] if unknown else _reach(scenario, variants)
        found += [*_staff(scenario, variants)]
        found += [] if found else [*_too_small(scenario), *_whose_staffing(scenario)]
    if found:
        said = set(found)
        found = [(path, rule) for path, rule in found if not (_differs(path) and (path[2:], rule) in said)]
        found.sort(key=lambda item: document.line(item[0]) or 0)
        raise TrinnError(dict.fromkeys(document.fault(path, rule) for path, rule in found))


def _differs(path: Path_) -> bool:
    """Whether a fault is about a service where it differs; what is wrong with it everywhere is said once."""
    return path[0] in ("areas", "catchments") and path[2:3] == ("services",)


def structure(scenario: Scenario) -> dict[str, object]:
    """What a ladder is made of, by address: what stays as it is through a run."""
    made: dict[str, object] = {
        word: tuple(getattr(scenario, word)) for word in ("needs", "demand", "doors", "services", "focus")
    }
    for name, area in scenario.areas.items():
        made[f"areas.{name}.detail"], made[f"areas.{name}.catchment"] = area.detail, area.catchment
    for here, name, service in _variants(scenario)[0]:
        pools = tuple(service.staff) if service.places is None else "endless" if service.places == "endless" else "places"
        if len(here) == 2 or pools != made[f"{name}.staff"]:
            made[f"{here[1]}/{name}.staff" if len(here) > 2 else f"{name}.staff"] = pools
    return made


def _places(scenario: Scenario) -> _Found:
    """Every area is where it is said to be, and states differences of services it has."""
    if not scenario.services:
        yield ("services",), "must hold at least one service"
    if not scenario.needs:
        yield ("needs",), "must hold at least one need"
    if not scenario.demand:
        yield ("demand",), "must hold at least one stream of children"
    for index, name in enumerate(scenario.focus):
        if name not in scenario.areas or scenario.areas[name].detail != "full":
            yield ("focus", index), f'"{name}" is not an area simulated in full{nearest(name, sorted(scenario.areas))}'
    if not scenario.focal_areas:
        yield ("areas",), "must hold at least one area with detail: full"
    for name in scenario.services:
        if name in Scenario.model_fields:
            yield ("services", name), f'"{name}" is a word of its own in a scenario: call the service something else'
    for kind, holders in _holders(scenario):
        for holder, content in holders.items():
            for name in content.services:
                place = (kind, holder, "services", name)
                if name not in scenario.services:
                    yield place, f'there is no service "{name}"{nearest(name, sorted(scenario.services))}'
                elif scenario.services[name].shared != (kind == "catchments"):
                    where = "a catchment" if scenario.services[name].shared else "an area"
                    yield place, f"{name} belongs to {where}: state the difference there"
    for holder in scenario.catchments:
        if holder not in catchments_of(scenario):
            near = nearest(holder, sorted(catchments_of(scenario)))
            yield ("catchments", holder), f"no area belongs to this catchment{near}"


def _holders(scenario: Scenario) -> tuple[tuple[str, Mapping[str, Area | Catchment]], ...]:
    return ("areas", scenario.areas), ("catchments", scenario.catchments)


def _variants(scenario: Scenario) -> tuple[_Variants, list[tuple[Path_, str]]]:
    """The services as templates and wherever they differ, each with its path; and what is wrong with the differences."""
    variants: _Variants = [(("services", name), name, service) for name, service in scenario.services.items()]
    found: list[tuple[Path_, str]] = []
    for kind, holders in _holders(scenario):
        for holder, content in holders.items():
            for name, over in content.services.items():
                place = (kind, holder, "services", name)
                template = scenario.services[name]
                found += [((*place, word), "is the same everywhere: state it under services") for word in _FIXED & over.keys()]
                try:
                    data = merged(template.plain(), over)
                    variants.append((place, name, validate(Service, Document(data))))
                except TrinnError as error:
                    found += [((*place, *path_of(fault.field)), fault.rule) for fault in error.faults]
    return variants, found


def _names(scenario: Scenario, variants: _Variants) -> _Found:
    """Every service and need that is named exists."""
    for path, name in (*_service_names(scenario), *_services_named(variants)):
        if name not in scenario.services:
            yield path, f'there is no service "{name}"{nearest(name, sorted(scenario.services))}'
    for path, name in _need_names(scenario):
        if name not in scenario.needs:
            yield path, f'there is no need "{name}"{nearest(name, sorted(scenario.needs))}'


def _service_names(scenario: Scenario) -> Iterator[tuple[Path_, str]]:
    for name, demand in scenario.demand.items():
        if demand.to is not None:
            yield ("demand", name, "to"), demand.to
    for name, door in scenario.doors.items():
        yield from ((("doors", name, "to"), to) for to in door.to)
    if scenario.crisis:
        yield from ((("crisis", "to"), to) for to in scenario.crisis.to)


def _services_named(variants: _Variants) -> Iterator[tuple[Path_, str]]:
    for here, _, service in variants:
        for index, route in enumerate(service.routes):
            yield from (((*here, "routes", index, "to"), to) for to in route.to)
        for index, alongside in enumerate(service.alongside):
            yield (*here, "alongside", index, "to"), alongside.to
        if service.deadline and service.deadline.overflow:
            yield (*here, "deadline", "overflow", "to"), service.deadline.overflow.to


def _need_names(scenario: Scenario) -> Iterator[tuple[Path_, str]]:
    for name, demand in scenario.demand.items():
        yield from ((("demand", name, "mix", need), need) for need in demand.mix)
    for name, need in scenario.needs.items():
        if need.worsens_to not in (None, "crisis"):
            yield ("needs", name, "worsens_to"), str(need.worsens_to)
        if need.improves_to is not None:
            yield ("needs", name, "improves_to"), need.improves_to


def _shares(scenario: Scenario, variants: _Variants) -> _Found:
    """Probabilities that must sum to 1 do, and those that may not pass it do not."""
    for name, demand in scenario.demand.items():
        yield from _sum(("demand", name, "mix"), demand.mix.values())
    yield from _sum(("doors",), [door.share for door in scenario.doors.values()])
    for here, _, service in variants:
        if service.outcomes:
            yield from _sum((*here, "outcomes", "matched"), service.outcomes.matched.values(), needed=True)
            yield from _sum((*here, "outcomes", "below"), service.outcomes.below.values())
        if service.intake:
            yield from _sum((*here, "intake", "reasons"), service.intake.reasons.values())
        if too_much := _most_routed(service.routes):
            ending, step, share = too_much
            yield (*here, "routes"), f"shares sum to {share:g} for a child after {ending} on {step}: at most 1"
    for name, need in scenario.needs.items():
        if need.worsening > 0 and need.worsens_to is None:
            yield ("needs", name, "worsens_to"), "is missing: the need has a worsening rate"
        if need.worsens_to == "crisis" and scenario.crisis is None:
            yield ("needs", name, "worsens_to"), 'leads to "crisis": say under crisis where such a child goes'


def _sum(path: Path_, shares: Collection[float], needed: bool = False) -> _Found:
    if (shares or needed) and abs(sum(shares) - 1) > _ROUNDING:
        yield path, f"shares must sum to 1 (got {sum(shares):g})"


def _most_routed(routes: tuple[Route, ...]) -> tuple[str, str, float] | None:
    for ending in ENDINGS:
        for step in STEPS:
            share = sum(r.share for r in routes if ending in r.after and (not r.steps or step in r.steps))
            if share > 1 + _ROUNDING:
                return ending, step, share
    return None


def _demand(scenario: Scenario) -> _Found:
    """Somebody can come, and has somewhere to go."""
    for name, demand in scenario.demand.items():
        here = ("demand", name)
        if (demand.rate is None) == (not demand.per_1000):
            yield here, "give either rate or per_1000"
        if demand.to is None and not scenario.doors:
            yield here, "says no service (to:), and the scenario has no doors"
        if demand.to is None and demand.areas == "neighbour":
            yield here, "of neighbours must go straight to a shared service (to:)"
        if demand.areas == "neighbour" and demand.to in scenario.services and not scenario.services[demand.to].shared:
            yield (*here, "to"), f"neighbours enter at shared services, and {demand.to} is not shared"
        if demand.areas == "neighbour" and demand.rate is not None:
            yield (*here, "rate"), "of neighbours is given per 1000 children (per_1000)"
    if any(d.per_1000 for d in scenario.demand.values()):
        for name, area in scenario.areas.items():
            if sum(area.children.values()) == 0:
                yield ("areas", name, "children"), "the population is empty: give inhabitants by age band"
    if not any(d.rate or any(d.per_1000.values()) for d in scenario.demand.values()) and not any(
        service.opening_list for service in scenario.services.values()
    ):
        yield ("demand",), "nobody ever comes: every rate is 0"
    if scenario.period.length <= 0:
        yield ("period", "length"), "must be above 0"


def _sizes(scenario: Scenario, variants: _Variants) -> _Found:
    """Nothing is so large or so far away that a run could not hold it."""
    start = scenario.period.start
    if not EARLIEST <= start.year <= LATEST:
        yield ("period", "start"), f"must lie between {EARLIEST} and {LATEST} (got {start})"
    for name, need in scenario.needs.items():
        for word in ("remission", "worsening"):
            if getattr(need, word) > YEAR:
                yield ("needs", name, word), "must be at most 1/s"
    for here, _, service in variants:
        if service.ages and service.ages[0] > service.ages[1]:
            yield (*here, "ages"), f"the first year must not be above the last (got {service.ages[0]} and {service.ages[1]})"
        if service.deadline and (service.deadline.working_days or 0) > MOST_WORKING_DAYS:
            yield (*here, "deadline", "working_days"), f"must be ≤ {MOST_WORKING_DAYS} (got {service.deadline.working_days})"
        if service.intake and (service.intake.within_working_days or 0) > MOST_WORKING_DAYS:
            limit = service.intake.within_working_days
            yield (*here, "intake", "within_working_days"), f"must be ≤ {MOST_WORKING_DAYS} (got {limit})"
        for label in ("assessment", "course"):
            phase: Phase | None = getattr(service, label)
            if phase and phase.sessions and (phase.interval or 0) * phase.sessions / (1 - phase.missed) > LONGEST:
                yield (*here, label), "sessions at this interval take more than 100 years"
    if (children := _children_drawn(scenario)) > MOST_CHILDREN:
        about = f"about {children:.2g} children in each replication (the most is {MOST_CHILDREN:,})".replace(",", " ")
        yield ("period", "length"), f"{about}: shorten period.length or period.warmup, or lower the rates under demand"


def _children_drawn(scenario: Scenario) -> float:
    """How many children a replication draws at most: the highest rate of each stream, held from the first day to the last."""
    ahead = max(0.0, scenario.period.length / YEAR)
    years = ahead + scenario.period.warmup / YEAR
    total = float(sum(service.opening_list for service in scenario.services.values()) * len(scenario.focal_areas))
    for demand in scenario.demand.values():
        areas = [area for area in scenario.areas.values() if area.detail == demand.areas]
        rate = (demand.rate or 0.0) * len(scenario.focal_areas)
        rate += sum(per * area.children.get(band, 0) / 1000 for area in areas for band, per in demand.per_1000.items())
        season = max(demand.season.months) if demand.season.months else 1 + demand.season.amplitude
        total += rate * season * max(1.0, 1 + demand.trend) ** ahead * years
    return total


def _reach(scenario: Scenario, variants: _Variants) -> _Found:
    """Every service can be reached by somebody."""
    reached = {demand.to for demand in scenario.demand.values() if demand.to}
    reached |= {to for door in scenario.doors.values() if door.share for to in door.to}
    reached |= {name for name, service in scenario.services.items() if service.opening_list}
    if scenario.crisis:
        reached |= set(scenario.crisis.to)
    edges: dict[str, set[str]] = {name: set() for name in scenario.services}
    for _, name, service in variants:
        edges[name] |= set(_leads_to(service))
    waiting = list(reached)
    while waiting:
        new = edges[waiting.pop()] - reached
        reached |= new
        waiting += new
    for name in scenario.services:
        if name not in reached:
            yield ("services", name), "nobody can reach it: no demand, door or route leads here"


def _leads_to(service: Service) -> Iterator[str]:
    for route in service.routes:
        yield from route.to
    for alongside in service.alongside:
        yield alongside.to
    if service.deadline and service.deadline.overflow:
        yield service.deadline.overflow.to


def _staff(scenario: Scenario, variants: _Variants) -> _Found:
    """Every course names the pools it takes hours from."""
    for here, _, service in variants:
        borrows = any("." in pool for pool in _pools_named(service))
        if (service.places is None) == (not service.staff and not borrows):
            yield here, 'give either places (a number or "endless") or staff'
            continue
        for pool, content in service.staff.items():
            if (content.fte is None) == (content.fte_per_1000 is None):
                yield (*here, "staff", pool), "give either fte or fte_per_1000"
            if pool in Service.model_fields:
                yield (*here, "staff", pool), f'"{pool}" is a word of its own in a service: call the pool something else'
        for label in ("assessment", "course"):
            phase: Phase | None = getattr(service, label)
            if phase is not None:
                yield from (((*here, label, "hours"), rule) for rule in _hours(scenario, service, phase))
        if service.assessment and not any(_hours(scenario, service, p) for p in (service.assessment, service.course)):
            yield from _later_needs_no_more(here, service)


def _whose_staffing(scenario: Scenario) -> _Found:
    """A library place may call its staffing its own only when no post is a national average any more."""
    if scenario.staffing != "own" or not scenario.place:
        return
    left = [
        f"{row['service']}.{row['pool']}"
        for row in staffing(scenario)
        if _is_average(scenario, str(row["area"]), str(row["service"]), str(row["pool"]))
    ]
    if left:
        rule = f"is own, but these posts are still national averages: {', '.join(dict.fromkeys(left))}; give their fte, or say"
        yield ("staffing",), f"{rule} national_average"


def _is_average(scenario: Scenario, holder: str, service: str, pool: str) -> bool:
    shared = scenario.services[service].shared
    home = catchments_of(scenario)[holder] if shared else scenario.areas[holder]
    return service_of(scenario, service, home).staff[pool].fte is None


def _pools_named(service: Service) -> set[str]:
    phases = (service.assessment, service.course)
    return {pool for phase in phases if phase for alternative in phase.hours for pool in alternative}


def _hours(scenario: Scenario, service: Service, phase: Phase) -> list[str]:
    if service.places is not None:
        return ["a service with places takes no staff hours"] if phase.hours else []
    if not phase.hours:
        return ["is missing: say how many staff hours an appointment takes"]
    rules = []
    for alternative in phase.hours:
        for pool in alternative:
            if pool == "" and len(service.staff) != 1:
                rules.append("say which pool the hours are from: " + (", ".join(sorted(service.staff)) or "service.pool"))
            elif "." in pool:
                rules += _borrowed(scenario, service, pool)
            elif pool and pool not in service.staff:
                rules.append(f'there is no pool "{pool}" here{nearest(pool, sorted(service.staff))}')
        if not any(alternative.values()):
            rules.append("a course must take some hours from some pool")
    return rules


def _borrowed(scenario: Scenario, service: Service, pool: str) -> list[str]:
    """A pool of another service, as ``service.pool``: it is there, and where this service is."""
    owner, _, name = pool.partition(".")
    if owner not in scenario.services or name not in scenario.services[owner].staff:
        return [f'there is no pool "{pool}": write service.pool of a service with staff']
    if service.shared and not scenario.services[owner].shared:
        return [f'a shared service cannot take hours from "{pool}", which each area has of its own']
    return []


def requirements(service: Service, phase: Phase) -> tuple[dict[str, int], ...]:
    """Whole minutes a week by pool that a course takes in a phase, one mapping for each alternative."""
    if service.places is not None:
        return ({"places": 1},)
    interval = WEEK if phase.interval is None else phase.interval
    only = next(iter(service.staff), "")
    return tuple(
        {pool or only: max(1, round(hours * 60 * WEEK / interval)) for pool, hours in alternative.items() if hours}
        for alternative in phase.hours
    )


def _later_needs_no_more(here: Path_, service: Service) -> _Found:
    if service.assessment is None:
        return
    first, then = requirements(service, service.assessment), requirements(service, service.course)
    if len(first) != len(then):
        yield (*here, "assessment", "hours"), "must have as many alternatives as the course, in the same order"
        return
    for before, after in zip(first, then, strict=True):
        for pool, minutes in after.items():
            if minutes > before.get(pool, 0):
                rule = f"takes {minutes} minutes a week of {pool}, the assessment {before.get(pool, 0)}: never more later"
                yield (*here, "course", "hours"), rule


def _too_small(scenario: Scenario) -> _Found:
    """A course whose pools can never hold it is refused, in every area that has the service."""
    for name, template in scenario.services.items():
        holders = catchments_of(scenario) if template.shared else scenario.areas
        kind = "catchments" if template.shared else "areas"
        for holder, content in holders.items():
            if not template.shared and scenario.areas[holder].detail == "neighbour":
                continue
            service = service_of(scenario, name, content) if name in content.services else template
            if not service.open or service.places is not None:
                continue
            if any(
                rule for phase in (service.assessment, service.course) if phase for rule in _hours(scenario, service, phase)
            ):
                continue
            has = _minutes(scenario, name, holder)
            for pool in _pools_named(service):
                owner, dot, lent = pool.partition(".")
                if dot:
                    where = (
                        scenario.areas[holder].catchment if scenario.services[owner].shared and not template.shared else holder
                    )
                    has[pool] = _minutes(scenario, owner, where)[lent]
            needed = requirements(service, service.assessment or service.course)
            if not any(all(has[pool] >= minutes for pool, minutes in option.items()) for option in needed):
                stated = "; or ".join(" and ".join(f"{m} minutes a week of {p}" for p, m in o.items()) for o in needed)
                there = " and ".join(f"{has[pool]} of {pool}" for pool in dict.fromkeys(p for o in needed for p in o))
                rule = f"a course needs {stated}, and there are only {there}: it can never start"
                here = (kind, holder, "services", name) if len(scenario.areas) > 1 else ("services", name)
                yield here, rule


def _minutes(scenario: Scenario, name: str, holder: str) -> dict[str, int]:
    """Whole minutes a week of each pool of a service, as one area or catchment has it."""
    shared = scenario.services[name].shared
    service = service_of(scenario, name, catchments_of(scenario)[holder] if shared else scenario.areas[holder])
    children = children_of(scenario, holder, shared)
    return {pool: weekly_minutes(content, children) for pool, content in service.staff.items()}
