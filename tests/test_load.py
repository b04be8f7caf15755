"""Loading: every shipped file, every place, mappings and files, and what is laid over a base."""

from importlib.resources import files
from pathlib import Path

import pytest

from scenarios.errors import TrinnError
from scenarios.levers import lever_of
from scenarios.load import examples, load, load_file
from scenarios.places import catchment_of, catchments, places
from scenarios.reading import read_file
from scenarios.resolve import fte_of, service_of, staffing
from scenarios.schema import Scenario
from sim.build import phases

LIBRARY = Path(str(files("scenarios"))) / "library"
NORWAY_CHILDREN_0_17 = 1_111_690  # SSB table 07459, 1 January 2021
NAMES = [place.id for place in places()] + [f"bup {catchment.name}" for catchment in catchments()]
SAMPLE = NAMES[::10]


def round_trip(scenario):
    """A scenario written down as data loads as itself."""
    assert load(scenario.plain()) == scenario
    assert load(scenario.plain(full=True)).plain(full=True) == scenario.plain(full=True)


@pytest.mark.parametrize("name", examples())
def test_every_example_loads_builds_and_says_what_it_is(name):
    scenario = load(name)
    assert scenario.about is not None
    assert phases(scenario)
    round_trip(scenario)
    assert load_file(LIBRARY / "examples" / f"{name}.yaml") == scenario


@pytest.mark.parametrize("path", sorted((LIBRARY / "levers").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_lever_file_loads(path):
    assert lever_of(read_file(path)) == load_file(path)


def test_every_yaml_of_the_library_is_a_mapping_without_faults():
    found = sorted(LIBRARY.rglob("*.yaml"))
    assert LIBRARY / "norway.yaml" in found
    for path in found:
        assert read_file(path).data


def check_place(name):
    scenario = load(name)
    assert scenario.staffing == "national_average"
    assert len(phases(scenario)) == 1
    assert staffing(scenario)
    return scenario


def test_a_sample_of_the_places_loads_and_builds():
    assert len(SAMPLE) >= 39
    for name in SAMPLE:
        round_trip(check_place(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_place_loads_and_builds(name):
    check_place(name)


def test_a_municipality_is_loaded_in_full_and_the_rest_of_its_catchment_as_a_neighbour():
    scenario = load("stange")
    assert scenario.focal_areas == ("stange",)
    assert [area.detail for area in scenario.areas.values()] == ["full", "neighbour"]
    place = next(place for place in places() if place.id == "stange")
    assert sum(area.children_0_17 for area in scenario.areas.values()) == catchment_of(place).children_0_17


def test_detail_full_simulates_the_neighbours_too():
    scenario = load("stange", detail="full")
    assert scenario.focal_areas == ("stange",)
    assert {area.detail for area in scenario.areas.values()} == {"full"}
    place = next(place for place in places() if place.id == "stange")
    assert set(scenario.areas) == {member.id for member in catchment_of(place).members}
    assert "referrals" not in scenario.demand
    round_trip(scenario)


def test_norway_is_every_place():
    scenario = load("norge")
    assert sum(area.children_0_17 for area in scenario.areas.values()) == NORWAY_CHILDREN_0_17
    assert len(scenario.areas) == 372
    assert len(scenario.catchments) == 21
    assert load("norway") == scenario
    round_trip(scenario)


@pytest.mark.parametrize("name", ["hamar", "Hamar", "HAMAR ", "3403", "Hamar kommune", "Hamar (3403)"])
def test_a_place_is_found_by_name_or_number(name):
    assert load(name) == load("hamar")


def test_a_scenario_that_is_loaded_is_loaded_already():
    scenario = load("loss")
    assert load(scenario) is scenario


def test_a_mapping_and_a_file_of_the_same_content_are_the_same_scenario(tmp_path):
    mapping = {
        "name": "A",
        "period": {"length": "30d"},
        "demand": {"children": {"rate": "1/d", "to": "a"}},
        "services": {"a": {"places": 1, "course": {"length": "1d"}}},
    }
    path = tmp_path / "a.yml"
    path.write_text(
        "name: A\nperiod: {length: 30d}\ndemand:\n  children: {rate: 1/d, to: a}\n"
        "services:\n  a: {places: 1, course: {length: 1d}}\n",
        encoding="utf-8",
    )
    assert load(mapping) == load(path) == load(str(path))
    assert isinstance(load(mapping), Scenario)
    assert mapping["services"] == {"a": {"places": 1, "course": {"length": "1d"}}}


def test_a_file_can_state_only_what_differs_from_a_place(tmp_path):
    path = tmp_path / "stange.yaml"
    path.write_text(
        "base: '3413'\nname: {nb: Stange med egne tall, en: Stange with its own numbers}\nareas:\n  stange:\n"
        "    services:\n      low_threshold:\n        staff:\n          psychologist: {fte: 1.5, fte_per_1000: null}\n"
        "          counsellor: null\n        course: {hours: [{psychologist: 2.0}]}\n",
        encoding="utf-8",
    )
    own, base = load(path), load("3413")
    assert own.staffing == "national_average"  # until every post is stated
    assert own.name.en == "Stange with its own numbers"
    service = service_of(own, "low_threshold", own.areas["stange"])
    assert list(service.staff) == ["psychologist"]
    assert fte_of(service.staff["psychologist"], 4268) == 1.5
    assert own.services == base.services
    assert own.areas["rest_of_innlandet"] == base.areas["rest_of_innlandet"]
    assert "services.low_threshold.staff.counsellor.fte_per_1000" in base.evidence.keys() - own.evidence.keys()
    assert phases(own)
    round_trip(own)


def test_bases_lie_on_top_of_each_other_relative_to_their_files(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "one.yaml").write_text("base: loss\nservices: {clinic: {places: 7}}\n", encoding="utf-8")
    (tmp_path / "deep" / "two.yaml").write_text("base: ../one.yaml\nperiod: {length: 10d}\n", encoding="utf-8")
    scenario = load(tmp_path / "deep" / "two.yaml")
    assert scenario.services["clinic"].places == 7
    assert scenario.period.length == 10 * 86400
    assert load({"base": {"base": "loss", "services": {"clinic": {"places": 7}}}, "period": {"length": "10d"}}) == scenario


def test_detail_reaches_the_base_of_a_file(tmp_path):
    path = tmp_path / "stange.yaml"
    path.write_text("base: stange\n", encoding="utf-8")
    assert load(path, detail="full") == load("stange", detail="full")


def test_own_posts_take_the_place_of_the_national_average(tmp_path: Path) -> None:
    """A planner states the posts of one profession; the rest stays, and nothing has to be taken away by hand."""
    file = tmp_path / "own.yaml"
    file.write_text(
        "base: stange\nareas:\n  stange:\n    services:\n"
        "      low_threshold:\n        staff: {psychologist: {fte: 1.5}}\n"
        "        course: {length: 90d, hours: [{counsellor: 1.0}, {psychologist: 1.0}]}\n"
    )
    posts = {row["pool"]: row["fte"] for row in staffing(load(file)) if row["service"] == "low_threshold"}
    assert posts["psychologist"] == 1.5
    before = {row["pool"]: row["fte"] for row in staffing(load("stange")) if row["service"] == "low_threshold"}
    assert posts["counsellor"] == before["counsellor"] > 0


def test_staffing_is_own_only_when_no_post_is_an_average_any_more():
    """A place with one post of its own may not call its staffing its own; with all of them stated it may."""
    areas = {"stange": {"services": {"low_threshold": {"staff": {"psychologist": {"fte": 1.5}}}}}}
    with pytest.raises(TrinnError, match=r"staffing: is own, but these posts are still national averages: school_health.nurse"):
        load({"base": "stange", "staffing": "own", "areas": areas})
    posts = staffing(load("stange"))
    everyone = {"stange": {"services": {}}}
    catchments = {"innlandet": {"services": {}}}
    for row in posts:
        home = everyone["stange"] if row["area"] == "stange" else catchments["innlandet"]
        home["services"].setdefault(row["service"], {"staff": {}})["staff"][row["pool"]] = {"fte": float(row["fte"])}
    own = load({"base": "stange", "staffing": "own", "areas": everyone, "catchments": catchments})
    assert [row["fte"] for row in staffing(own)] == [row["fte"] for row in posts]
