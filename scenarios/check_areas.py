"""Areas and catchments: each is where it is said to be, and differs only in services it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from scenarios.errors import TrinnError, nearest
from scenarios.reading import Document, Path_, path_of, validate
from scenarios.resolve import catchments_of, merged
from scenarios.schema import Area, Catchment, Scenario, Service

Found = Iterator[tuple[Path_, str]]
"""What is wrong: where, and the rule."""
Variants = list[tuple[Path_, str, Service]]
"""Path, name and content of each service, and of each place where it differs."""
_FIXED = {"shared", "step", "role"}


def areas(scenario: Scenario) -> Found:
    """Every area is where it is said to be, and states differences of services it has."""
    for word, what in (("services", "service"), ("needs", "need"), ("demand", "stream of children")):
        if not getattr(scenario, word):
            yield (word,), f"must hold at least one {what}"
    for index, name in enumerate(scenario.focus):
        if name not in scenario.areas or scenario.areas[name].detail != "full":
            yield ("focus", index), f'"{name}" is not an area simulated in full{nearest(name, sorted(scenario.areas))}'
    if not scenario.focal_areas:
        yield ("areas",), "must hold at least one area with detail: full"
    if "all" in scenario.groups:
        yield ("groups", "all"), "is the word for all children together: call the group something else"
    for name in scenario.services:
        if name in Scenario.model_fields:
            yield ("services", name), f'"{name}" is a word of its own in a scenario: call the service something else'
    for kind, holder, name in _differing(scenario):
        place = (kind, holder, "services", name)
        if name not in scenario.services:
            yield place, f'there is no service "{name}"{nearest(name, sorted(scenario.services))}'
        elif not _belongs(scenario, kind, name):
            where = "a catchment" if scenario.services[name].shared else "an area"
            yield place, f"{name} belongs to {where}: state the difference there"
    for holder in scenario.catchments:
        if holder not in catchments_of(scenario):
            near = nearest(holder, sorted(catchments_of(scenario)))
            yield ("catchments", holder), f"no area belongs to this catchment{near}"


def said_once(found: Iterable[tuple[Path_, str]]) -> list[tuple[Path_, str]]:
    """What is so of a service everywhere is not said again of each place where the service differs in something else."""
    said = dict.fromkeys(found)
    return [(path, rule) for path, rule in said if not (_differs(path) and (path[2:], rule) in said)]


def _differs(path: Path_) -> bool:
    return path[0] in ("areas", "catchments") and path[2:3] == ("services",)


def _holders(scenario: Scenario) -> tuple[tuple[str, Mapping[str, Area | Catchment]], ...]:
    return ("areas", scenario.areas), ("catchments", scenario.catchments)


def _differing(scenario: Scenario) -> Iterator[tuple[str, str, str]]:
    """``areas`` or ``catchments``, the holder, and each service that it states a difference of."""
    for kind, holders in _holders(scenario):
        for holder, content in holders.items():
            yield from ((kind, holder, name) for name in content.services)


def _belongs(scenario: Scenario, kind: str, name: str) -> bool:
    """Whether the service is one that areas (or catchments) have."""
    return name in scenario.services and scenario.services[name].shared == (kind == "catchments")


def variants_of(scenario: Scenario) -> tuple[Variants, list[tuple[Path_, str]]]:
    """The services as templates and wherever they differ, each with its path; and what is wrong with the differences."""
    variants: Variants = [(("services", name), name, service) for name, service in scenario.services.items()]
    found: list[tuple[Path_, str]] = []
    holders = dict(_holders(scenario))
    for kind, holder, name in _differing(scenario):
        if not _belongs(scenario, kind, name):
            continue
        place, over = (kind, holder, "services", name), holders[kind][holder].services[name]
        found += [((*place, word), "is the same everywhere: state it under services") for word in _FIXED & over.keys()]
        try:
            data = merged(scenario.services[name].plain(), over)
            variants.append((place, name, validate(Service, Document(data))))
        except TrinnError as error:
            found += [((*place, *path_of(fault.field)), fault.rule) for fault in error.faults]
    return variants, found
