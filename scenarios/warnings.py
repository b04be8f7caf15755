"""What a sound scenario may say, but should not say unnoticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from scenarios.changes import dates, resolved
from scenarios.check_areas import Found, Variants, said_once, variants_of
from scenarios.check_room import staffed
from scenarios.errors import one_line
from scenarios.presupposed import lacking
from scenarios.reading import dotted
from scenarios.resolve import requirements
from scenarios.schema import Scenario, Service
from scenarios.units import format_duration


@dataclass(frozen=True)
class Warning:
    """One thing that is allowed and worth knowing.

    ``address`` is the path of the field that it is about, as in a :class:`~scenarios.errors.Fault`.
    """

    address: str
    text: str

    def __str__(self) -> str:
        return one_line(f"{self.address}: {self.text}")


def warnings(scenario: Scenario) -> tuple[Warning, ...]:
    """Everything of a sound scenario that is allowed but should be said, on any date; each once."""
    opening = resolved(scenario, resolved(scenario, date.min).period.start)
    found = [*_full_from_the_start(opening), *_filled_twice(opening, variants_of(opening)[0])]
    for day in dates(scenario):
        variants = variants_of(resolved(scenario, day))[0]
        found += [*_locks(variants), *_thresholds(variants), *_unused(resolved(scenario, day), variants)]
    needed = (Warning(f"lever {each.lever}", each.say.en) for each in lacking(scenario))
    return (*(Warning(dotted(path), text) for path, text in said_once(found)), *needed)


def _locks(variants: Variants) -> Found:
    """Circles of services each of which waits for room in the next."""
    holding: dict[str, dict[str, int]] = {}
    for _, name, service in variants:
        for route in service.routes:
            for to in route.to if route.hold else ():
                most = route.hold.at_most if route.hold else 0
                holding.setdefault(name, {})[to] = max(most, holding.get(name, {}).get(to, 0))
    said: set[frozenset[str]] = set()
    for start in holding:
        circle = _circle(holding, start)
        if circle and frozenset(circle) not in said:
            said.add(frozenset(circle))
            first = min(holding[a][b] for a, b in zip(circle, (*circle[1:], start), strict=True))
            way = " → ".join((*circle, start))
            text = (
                f"each waits for room in the next, {way}: they can lock each other until {format_duration(first)} have passed"
            )
            yield ("services", start, "routes"), text


def _circle(holding: Mapping[str, Mapping[str, int]], start: str) -> tuple[str, ...]:
    """The shortest way from a service back to itself along routes that hold; empty where there is none."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for way in ways:
        for to in holding.get(way[-1], ()):
            if to == start:
                return way
            if to not in seen:
                seen.add(to)
                ways.append((*way, to))
    return ()


def _thresholds(variants: Variants) -> Found:
    for here, _, service in variants:
        if service.intake and service.intake.tightens:
            text = "observed practice, not lawful policy: the right depends on the need, not on the list. Never propose it"
            yield (*here, "intake", "tightens"), text


def _unused(scenario: Scenario, variants: Variants) -> Found:
    if not any(need.relapse for need in scenario.needs.values()):
        for here, _, service in variants:
            if service.open_return:
                yield (*here, "open_return"), "is never used: no need comes back. State a need's relapse"


def _full_from_the_start(scenario: Scenario) -> Found:
    """More in courses on the first day than the hours can hold: the service is overloaded until enough have ended."""
    for here, service, has in staffed(scenario):
        if service.opening_cases and service.opening_cases > (most := _most_at_once(service, has)):
            rule = f"{service.opening_cases} children are in courses on the first day, and the hours hold {most}"
            yield (*here, "opening_cases"), f"{rule}: nobody new starts until enough have ended"


def _most_at_once(service: Service, has: Mapping[str, int]) -> int:
    """How many courses the hours hold, each by the first alternative that has room."""
    left, number = dict(has), 0
    for needed in requirements(service, service.course):
        room = min((left.get(pool, 0) // amount for pool, amount in needed.items() if amount), default=0)
        left |= {pool: left.get(pool, 0) - room * amount for pool, amount in needed.items()}
        number += room
    return number * (service.course.group.size if service.course.group else 1)


def _filled_twice(scenario: Scenario, variants: Variants) -> Found:
    """Opening lists and caseloads come on top of what a warm-up has filled."""
    if not scenario.period.warmup:
        return
    for here, _, service in variants:
        for word in ("opening_list", "opening_cases"):
            if getattr(service, word):
                warmup = format_duration(scenario.period.warmup)
                text = f"comes on top of those whom the warm-up of {warmup} has brought: leave out one of the two"
                yield (*here, word), text
