"""Places to start from: municipalities as the documents described them, examples, and ways to organise apart from size."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML
from test_cli import command
from test_engines import agree, drawn

from dashboard.changed import changed
from dashboard.comparison import compare
from scenarios.changes import differences, resolved
from scenarios.described import preset_of, presets
from scenarios.errors import TrinnError
from scenarios.evidence import count, numbers
from scenarios.levers import apply, levers
from scenarios.load import load, load_file
from scenarios.place_names import find
from scenarios.resolve import fte_of, service_of, staffing
from scenarios.schema import Scenario
from scenarios.sources import sources
from sim.fold import ALL
from sim.output_analysis import mean_interval
from sim.replicate import run

DESCRIBED = {
    "stange": ["stangehjelpa"],
    "tromso": ["lavterskelteam_tromso", "capa", "bti_relay"],
    "asker": ["mottaksenhet_asker", "dialogue_intake", "welfare_lab"],
    "gjesdal": ["mapping_first"],
    "faerder": ["family_house"],
    "haugesund": ["referral_pathways", "bti_relay"],
    "orkland": ["family_house"],
    "grimstad": ["family_house"],
    "gamle_oslo": ["ung_arena", "psychologist_supervises", "fact_ung", "intake_outside"],
}
"""The documents' municipalities, and the arrangements that they say each had."""
EXAMPLES = ("municipality", "city_district", "trust_catchment")
STATED = {"haugesund": ("haugesund/low_threshold.staff.psychologist.fte", 3.0),
          "gamle_oslo": ("gamle_oslo/low_threshold.staff.psychologist.fte", 4.0)}  # fmt: skip
"""The only posts that a document states."""
ORGANISATIONS = [name for name, lever in levers().items() if lever.table == "organisation"]


# -- as the documents described them ----------------------------------------------------------------------------------------


def test_every_named_municipality_and_every_example_is_there():
    assert set(presets()) == {*DESCRIBED, *EXAMPLES}


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_described_municipality_has_its_arrangements_on_and_learnt(name):
    scenario = load(name)
    assert [item.name for item in presets()[name].levers] == DESCRIBED[name]
    assert list(dict.fromkeys(change.lever for change in scenario.changes)) == DESCRIBED[name]
    assert {change.since for change in scenario.changes} == {"beginning"}
    assert scenario.focal_areas == (name,)
    assert scenario.place == name


@pytest.mark.parametrize("name", presets())
def test_every_lever_of_a_preset_has_its_reason_and_source_in_both_languages(name):
    scenario, preset = load(name), presets()[name]
    for item in preset.levers:
        assert item.why is not None
        assert set(item.source) <= set(sources()), item
        assert item.source
        assert item.why.nb in scenario.about.nb
        assert item.why.en in scenario.about.en
        assert item.why.nb != item.why.en
    assert preset.title.nb != preset.title.en


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_described_municipality_says_when_it_was_so_and_whose_staffing_it_is(name):
    scenario = load(name)
    assert scenario.name.nb.endswith("i 2017–2022")
    assert scenario.name.en.endswith("as the documents described it in 2017–2022")
    assert "landsgjennomsnitt" in scenario.about.nb
    assert "national average" in scenario.about.en
    assert find(name).number in scenario.about.en
    assert scenario.staffing == "national_average"


@pytest.mark.parametrize("name", DESCRIBED)
def test_by_its_number_a_described_municipality_is_a_place_like_any_other(name):
    place = find(name)
    plain = load(place.number)
    assert plain == load(place.label)
    assert plain.changes == ()
    assert plain.name.en == place.name
    assert load(place.name) == load(name) != plain
    assert preset_of(place.number) is None


@pytest.mark.parametrize("name", DESCRIBED)
def test_only_posts_that_a_document_states_differ_from_the_national_average(name):
    """Before its levers: what they bring stands in them."""
    described, plain = load(name), load(find(name).number)
    unchanged = described.model_copy(update={"changes": ()})
    stated = {
        address: fte_of(pool, plain.areas[name].children_0_17)
        for address, pool in (
            (f"{name}/{service}.staff.{post}.fte", pool)
            for service in plain.services
            for post, pool in service_of(unchanged, service, unchanged.areas[name]).staff.items()
        )
        if pool.fte is not None
    }
    assert stated == ({STATED[name][0]: STATED[name][1]} if name in STATED else {})
    for address in stated:
        evidence = described.evidence[address]
        assert evidence.grade == "stated"
        assert evidence.source == "hdir_innsikt"


@pytest.mark.parametrize("name", presets())
def test_no_number_of_a_preset_passes_for_the_users_own(name):
    assert count(numbers(load(name)))["own"] == 0


@pytest.mark.parametrize("name", presets())
def test_a_preset_loads_with_its_neighbours_in_full_and_comes_back_from_its_own_yaml(name):
    scenario = load(name)
    assert load(scenario.plain()) == scenario
    whole = load(name, detail="full")
    assert all(area.detail == "full" for area in whole.areas.values())
    assert len(whole.areas) >= len(scenario.areas)
    assert {change.lever for change in whole.changes} == {change.lever for change in scenario.changes}


@pytest.mark.parametrize("name", presets())
def test_the_engines_agree_on_every_preset(name):
    period = {"start": "2027-01-04", "warmup": "60d", "length": "120d"}
    agree(*drawn(load(load(name).plain() | {"period": period}), 3))


def test_a_described_municipality_is_found_under_all_its_names():
    assert load("Tromsø") == load("TROMSØ kommune") == load("tromso")
    assert load("Gamle Oslo") == load("bydel Gamle Oslo") == load("gamle_oslo")
    assert load("City district") == load("city_district")
    assert preset_of("BUP Innlandet") is preset_of("hamar") is preset_of("  ") is preset_of("nowhere at all") is None


def test_a_planner_lays_own_numbers_over_a_described_municipality(tmp_path):
    file = tmp_path / "own.yaml"
    areas = "areas: {tromso: {services: {school_health: {staff: {nurse: {fte: 40}}}}}}\n"
    file.write_text(f"base: tromso\n{areas}", encoding="utf-8")
    own = load(file)
    posts = {row["pool"]: row["fte"] for row in staffing(own) if row["service"] == "school_health"}
    assert posts == {"nurse": 40}
    assert own.changes == load("tromso").changes


# -- examples ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_says_that_its_names_and_sizes_are_made_up(name):
    scenario = load(name)
    assert all(area.name.endswith("(eksempel)") for area in scenario.areas.values())
    assert "(eksempel)" in scenario.name.nb
    assert scenario.about.nb.startswith("Et eksempel, ikke et sted")
    assert scenario.about.en.startswith("An example, not a place")
    assert scenario.staffing == "national_average"


def test_the_example_catchment_lacks_a_low_threshold_service_in_one_of_three_whatever_the_size():
    scenario = resolved(load("trust_catchment"))
    homes = sorted(scenario.areas.values(), key=lambda area: area.children_0_17)
    closed = [not service_of(scenario, "low_threshold", area).open for area in homes]
    assert closed == [False, True, False, False, True, False]


# -- organisation, apart from size ------------------------------------------------------------------------------------------


def test_the_organisations_say_how_common_they_were_and_when():
    told = {
        "no_low_threshold": ("én av tre", "one in three", "2022"),
        "gp_only": ("én av ti", "one in ten", "2021"),
        "own_unit": ("25 prosent", "25 per cent", "2014"),
        "family_house_organisation": ("50 prosent", "50 per cent", "2014"),
        "other_organisation": ("25 prosent", "25 per cent", "2014"),
    }
    assert set(told) == set(ORGANISATIONS)
    for name, (nb, en, year) in told.items():
        about = levers()[name].about
        assert nb in about.nb
        assert en in about.en
        assert year in about.nb
        assert year in about.en


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_an_organisation_does_the_same_in_a_small_and_in_a_large_municipality(name):
    """The same fields change, and by the same factors: nothing follows from size."""

    def done(place: str) -> list[tuple[str, object, object]]:
        found = differences(apply(load(place), f"{name}@beginning"))
        return [(item.address.partition("/")[2], item.old, item.new) for item in found]

    assert done("etnedal") == done("030103") == done("4601")


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_an_organisation_changes_no_posts_and_no_outcomes(name):
    for change in levers()[name].changes:
        assert not any(word in change.set for word in ("fte", "outcomes", "course", "accept"))


def test_the_three_ways_to_organise_are_the_average_together():
    """25, 50 and 25 per cent of the municipalities in 2014: their losses in handovers weigh up to what the ladder has."""
    base = load("etnedal")
    weights = {"own_unit": 0.25, "family_house_organisation": 0.50, "other_organisation": 0.25}

    def lost(scenario: Scenario) -> list[float]:
        home = scenario.areas["etnedal"]
        return [route.lost for name in ("school_health", "gp", "ppt", "child_welfare")
                for route in service_of(scenario, name, home).routes]  # fmt: skip

    mixed = sum(weight * np.asarray(lost(resolved(apply(base, f"{name}@beginning")))) for name, weight in weights.items())
    np.testing.assert_allclose(mixed, lost(base))


def measured(scenario: Scenario, replications: int = 16) -> dict[tuple[str, str, str, str], np.ndarray]:
    result = run(scenario, replications=replications, seed=1, workers=1, record="weekly")
    folded = [replication.folded.values for replication in result.replications]
    return {key: np.asarray([each[key] for each in folded]) for key in folded[0]}


def test_children_of_a_closed_service_go_to_whoever_is_left():
    """Nobody vanishes: those who came to the closed services come to the others, and as many seek help as before."""
    base = load("municipality")
    none, gp_only = (measured(apply(base, f"{name}@beginning")) for name in ("no_low_threshold", "gp_only"))
    today = measured(base)

    def came(found: dict[tuple[str, str, str, str], np.ndarray], service: str) -> float:
        return float(found[ALL, service, ALL, "children_in"].mean())

    assert came(none, "low_threshold") == 0
    assert came(none, "municipal_team") - came(today, "municipal_team") > 0.5 * came(today, "low_threshold")
    assert came(gp_only, "low_threshold") == came(gp_only, "municipal_team") == 0
    more = sum(came(gp_only, service) - came(today, service) for service in ("gp", "bup", "school_health"))
    assert more > 0.9 * (came(today, "low_threshold") + came(today, "municipal_team"))
    for found in (none, gp_only):
        np.testing.assert_array_equal(found[ALL, "", ALL, "sought_help"], today[ALL, "", ALL, "sought_help"])


@pytest.mark.parametrize(("name", "up"), [("family_house_organisation", False), ("other_organisation", True)])
def test_fewer_are_lost_in_an_integrated_service_and_more_where_it_is_spread(name, up):
    base = load("municipality")
    lost = ALL, "", ALL, "lost_in_handover"
    interval = mean_interval(measured(apply(base, f"{name}@beginning"))[lost] - measured(base)[lost])
    assert interval.excludes_zero
    assert (interval.mean > 0) == up


# -- how it is shown --------------------------------------------------------------------------------------------------------


def test_the_presets_are_listed():
    code, out, _ = command("list", "presets")
    assert code == 0
    assert all(name in out for name in presets())
    assert "lavterskelteam_tromso@beginning capa@beginning" in out
    assert "slik dokumentene beskrev" in command("list", "presets", "--language", "nb")[1]


def test_show_says_which_levers_are_on_since_when_and_why():
    _, out, _ = command("show", "tromso")
    heads = [line for line in out.splitlines() if line.startswith("#")]
    at = heads.index("# On:")
    assert heads[at + 1].startswith("#   Low-threshold team (Tromsø) (lavterskelteam_tromso), from the beginning, learnt: ")
    assert "5–6 talks" in heads[at + 1]
    assert "(2020-2021)" in heads[at + 2]
    _, out, _ = command("show", "5401", "--with", "capa@2028-01-01", "--language", "nb")
    assert "#   CAPA (Dine Muligheter) (capa), fra 1. jan. 2028\n" in out
    assert "# On:" not in command("show", "5401")[1]


# -- scenario files that put levers on --------------------------------------------------------------------------------------


def test_a_file_of_ones_own_says_why_a_lever_is_on(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "base: etnedal\nlevers:\n  - family_house\n  - {lever: capa@2028-01-01, why: {nb: vedtatt, en: decided}}\n",
        encoding="utf-8",
    )
    scenario = load_file(file)
    assert {change.lever for change in scenario.changes} == {"family_house", "capa"}
    assert scenario.about.en.endswith("CAPA (Choice and Partnership): decided")


@pytest.mark.parametrize(
    ("levers_named", "fault"),
    [
        ("capa", r"it.yaml:2 \| levers: must be a list of levers, such as \[capa, family_house@2028-01-01\]"),
        ("[3]", r"it.yaml:2 \| levers: must be a list of levers"),
        ("[{lever: capa, wy: x}]", r'it.yaml:2 \| levers\[0\].wy: unknown key "wy"; did you mean "why"\?'),
        ("[{why: x}]", r"it.yaml:2 \| levers\[0\].lever: "),
        ("[{lever: capaa}]", r'it.yaml:2: capaa: there is no lever "capaa"; did you mean "capa"'),
    ],
)
def test_a_lever_that_cannot_be_put_on_is_told_with_its_line(tmp_path, levers_named, fault):
    file = tmp_path / "it.yaml"
    file.write_text(f"base: etnedal\nlevers: {levers_named}\n", encoding="utf-8")
    with pytest.raises(TrinnError, match=fault):
        load(file)


def test_a_fault_over_a_base_that_changes_the_same_place_has_the_line_of_the_file(tmp_path):
    """The base's changes meet the fault first; it is still told as one of the file."""
    file = tmp_path / "it.yaml"
    file.write_text(
        "base: haugesund\nareas:\n  haugesund:\n    services:\n      low_threshold: {accuracy: 7}\n", encoding="utf-8"
    )
    with pytest.raises(TrinnError, match=r"it.yaml:5 \| areas.haugesund.services.low_threshold.accuracy: must be ≤ 1"):
        load(file)


def test_levers_that_both_put_a_service_first_in_a_list_stack():
    """A list that keeps what stood there is a relative change."""
    both = apply(load("etnedal"), "oslohjelpa@beginning", "ung_arena@beginning")
    assert resolved(both).doors["self_referral"].to[:2] == ("ung_arena", "oslohjelpa")
    with pytest.raises(TrinnError, match=r"is set twice, by capa .* and see_everyone"):
        apply(load("etnedal"), "capa", "see_everyone")


def test_a_comparison_with_a_preset_tells_what_the_proposal_changes_and_not_what_the_preset_has_on():
    """Both have it on; in the report the base says so."""
    base = load({"base": "gjesdal", "period": {"start": "2027-01-04", "warmup": "30d", "length": "200d"}})
    both = compare({"today": base, "more": apply(base, "bup.psychologist.fte+=1")}, replications=2, workers=1)
    assert [item.address.partition("/")[2] for item in changed(both, "more", "en")] == ["bup.psychologist.fte"]
    assert {item.lever for item in changed(both, "today", "en")} == {levers()["mapping_first"].name.en}


def test_half_a_lever_that_adds_a_way_adds_half_its_share():
    base = load("3413")
    whole, half = (resolved(apply(base, put)) for put in ("capa@beginning", "capa*0.5@beginning"))
    routes = [one.catchments["innlandet"].services["bup"]["routes"] for one in (whole, half)]
    assert len(routes[0]) == len(routes[1]) > len(base.services["bup"].routes)
    assert routes[1][-1]["share"] == routes[0][-1]["share"] / 2


def test_the_page_of_presets_names_each_with_its_levers_and_number():
    page = (Path(__file__).parent.parent / "docs" / "presets.md").read_text(encoding="utf-8")
    for name, preset in presets().items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        if preset.place:
            assert preset.place in row
            assert row.split("|")[3].strip() == ", ".join(f"`{item.name}`" for item in preset.levers)
    assert all(f"| `{name}` |" in page for name in ORGANISATIONS)
    for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
        assert load(YAML(typ="safe").load(block)).changes
