"""Every number of the Norwegian ladder says what it rests on, and every source of the library is there and is used."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import pytest

from scenarios.evidence import Number, numbers, placed
from scenarios.evidence_places import measured_value, paths_at
from scenarios.load import load
from scenarios.reading import Path_, dotted, read_text
from scenarios.schema import Scenario
from scenarios.sources import ids, sources, told

PLACES = ("hamar", "norge")
"""A municipality with neighbours, and the whole country in full."""
SECTIONS = (
    "needs",
    "demand",
    "doors",
    "services",
    "seeking",
    "crisis",
    "coordination",
    "calendars",
    "labour_markets",
    "groups",
)
"""What the ladder says of the world. How long a run is, the user chooses; the inhabitants are those of SSB table 07459."""


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest) -> Scenario:
    return load(request.param)


@pytest.fixture(scope="module")
def rests_on(place: Scenario) -> tuple[Number, ...]:
    return numbers(place)


def stated(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Where every number, duration and rate stands that the ladder states."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from stated(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from stated(inner, (*path, index))
    elif value is not None and not isinstance(value, bool) and measured_value(value) is not None:
        yield path


def uncovered(scenario: Scenario) -> list[str]:
    """Addresses of stated numbers that no entry of evidence is about."""
    data = scenario.plain()
    covered = {path for address in scenario.evidence for path in paths_at(scenario, address)}
    return [dotted(path) for section in SECTIONS for path in stated(data.get(section), (section,)) if path not in covered]


def test_every_number_of_the_ladder_is_covered_by_an_entry(place: Scenario) -> None:
    """Laws' coefficients of variation, shares in mixes and prices included."""
    assert uncovered(place) == []


def test_a_number_that_nothing_is_said_of_is_named() -> None:
    """The walk finds what is missing: without their entries, these two."""
    scenario = load("hamar")
    gone = ("crisis.delay.mean", "services.bup.intake.review.cv")
    less = scenario.model_copy(update={"evidence": {key: item for key, item in scenario.evidence.items() if key not in gone}})
    assert sorted(uncovered(less)) == sorted(gone)


def test_the_walk_sees_the_numbers_of_every_kind() -> None:
    """A share in a list, a duration, a rate, a law's spread and a price among some 370 numbers."""
    found = [dotted(path) for section in SECTIONS for path in stated(load("hamar").plain().get(section), (section,))]
    some = ("services.bup.routes[0].share", "doors.gp.delay.mean", "needs.mild_long.remission", "doors.gp.delay.cv",
            "services.bup.staff.clinician.price", "services.bup.staff.clinician.turnover.stay.mean")  # fmt: skip
    assert set(some) <= set(found)
    assert 350 < len(found) < 450


def test_assumed_numbers_stand_within_a_range_they_can_be_moved_over(rests_on: tuple[Number, ...]) -> None:
    """Low, the value and high in order (of a factor: low, 1 and high), in the unit of the value, and not all the same."""
    for number in rests_on:
        if number.grade == "assumed":
            assert number.fixed == "", number.key
            assert number.position is not None, number.key
            assert 0 <= number.position <= 1, number.key


def test_every_range_holds_the_value_whatever_its_grade(rests_on: tuple[Number, ...]) -> None:
    """A published or calibrated number that states a range stands in it too, and one without states none by halves."""
    for number in rests_on:
        assert number.fixed in ("", "no_range"), number.key
        assert number.position is None or 0 <= number.position <= 1, number.key


def test_whatever_is_not_assumed_has_a_source_that_could_know(rests_on: tuple[Number, ...]) -> None:
    """Published and stated numbers do not rest on this model or on assumptions."""
    for number in rests_on:
        kinds = {sources()[source].kind for source in ids(number.source)}
        assert kinds, number.key
        if number.grade in ("published", "stated"):
            assert not kinds & {"model", "assumption"}, number.key
        if kinds & {"assumption"}:
            assert number.grade in ("assumed", "calibrated"), number.key


def test_every_number_can_be_put_at_both_ends_of_its_range() -> None:
    """The ladder is sound there, and nothing has to be cut to what the schema allows."""
    scenario = load("hamar")
    for number in numbers(scenario):
        for position in (0.0, 1.0) if not number.fixed else ():
            assert placed(scenario, [(number, position)]).cuts == (), (number.key, position)


def test_a_human_can_read_it(place: Scenario) -> None:
    """About a hundred entries, and words beside each published, stated or calibrated one or a source whose title says it."""
    assert 60 <= len(place.evidence) <= 120
    for address, item in place.evidence.items():
        assert item.note or item.grade in ("assumed", "published"), address


def documents(folder: Traversable) -> Iterator[tuple[str, Any]]:
    """Every YAML file of the library but the list of sources."""
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from documents(entry)
        elif entry.name.endswith(".yaml") and entry.name != "sources.yaml":
            yield entry.name, read_text(entry.read_text(encoding="utf-8"), entry.name).data


def named_in(value: Any) -> Iterator[str]:
    """Every id under a key ``source``."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "source":
                yield from (name for each in ([inner] if isinstance(inner, str) else inner) for name in ids(each))
            else:
                yield from named_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from named_in(inner)


def named() -> dict[str, str]:
    """By id: a file of the library that names it."""
    library = files("scenarios") / "library"
    return {source: name for name, data in documents(library) for source in named_in(data)}


def test_every_source_that_the_library_names_is_in_its_list() -> None:
    """Ladder, examples, levers and presets; the list is scenarios/library/sources.yaml."""
    assert {source: file for source, file in named().items() if source not in sources()} == {}


def test_every_source_of_the_list_is_used() -> None:
    """SSB's table is that of the places, whose file is no YAML."""
    assert set(sources()) - set(named()) <= {"ssb_07459"}


def test_every_source_stands_once_and_says_what_it_is() -> None:
    """Titles and addresses differ; a web address is one of the public web."""
    found = list(sources().values())
    assert len({source.title for source in found}) == len(found)
    addresses = [source.address for source in found if source.address]
    assert len(set(addresses)) == len(addresses)
    assert all(source.kind for source in found)
    assert all(" " not in address for address in addresses if address.startswith("http"))


def test_sources_are_told_by_title_and_year_and_several_in_one_line() -> None:
    """An id becomes words; words that are no id stay as they were given."""
    assert told("own_full_run") == "This model's own run of a whole catchment with the default numbers (2026)"
    assert told("own_full_run, murch_2021").count("; ") == 1
    assert told("own_full_run, murch_2021").endswith("Operations Research for Health Care (2020)")
    assert told("our own count, 2026") == "our own count, 2026"
    assert told("") == ""
