"""The library of levers: none left out, each says all it must, acts through its mechanism, and not where it has no business."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import pytest
from lever_cases import CASES as CASES_A
from lever_cases import PLACE, SHORT, Case
from lever_cases_b import CASES as CASES_B

from scenarios.addresses import parse_change
from scenarios.changes import differences
from scenarios.errors import TrinnError
from scenarios.levers import Lever, LeverChange, apply, levers, wanted
from scenarios.load import load
from scenarios.operators import is_number
from scenarios.presupposed import lacking
from scenarios.schema import Change, Scenario
from scenarios.sources import sources
from sim.fold import ALL
from sim.output_analysis import mean_interval
from sim.replicate import Prepared, made_of

TABLES = {
    "doors": (
        "school_health youth_health_station ung_arena stangehjelpa oslohjelpa lavterskelteam_tromso "
        "mottaksenhet_asker digital_first rask_psykisk_helsehjelp school_psychologist bup_in_school outreach "
        "attendance_team parent_support open_return"
    ),
    "municipal": (
        "family_house municipal_mental_health_team psychologists_2_per_20000 psychologist_supervises "
        "bup_guidance intermunicipal_service temporary_project"
    ),
    "between": (
        "referral_pathways mapping_first dialogue_intake intake_outside capa see_everyone gp_channel "
        "rejection_duty national_pathway waiting_guarantee appeal"
    ),
    "coordination": ("coordinator bti_relay team_around_pupil welfare_lab"),
    "long_lasting": ("fact_ung stillasbyggerne ambit acute_team safety_plan"),
    "before": ("yam early_intervention poverty_relief staff_retention ettervern adult_handover"),
    "organisation": ("no_low_threshold gp_only own_unit family_house_organisation other_organisation"),
}
"""Every arrangement that the documents describe, and the organisations to start from."""
CASES = (*CASES_A, *CASES_B)
FEW = 2
"""Replications where things must be the same to the bit."""
GRADES = ("published", "stated", "calibrated", "assumed")
"""From the surest on."""


@cache
def lean(place: str) -> Scenario:
    """A place without what its numbers rest on, which takes most of the time to put a lever on and none of the run."""
    return load(place).model_copy(update={"evidence": {}})


def put(lever: str) -> str:
    """In place through the warm-up, unless it says from when."""
    return lever if "@" in lever else f"{lever}@beginning"


ALONE = [f"{name}:{kind}" if kind else name for name, lever in levers().items() for kind in (lever.kinds or ("",))]


def test_no_arrangement_is_left_out():
    found: dict[str, list[str]] = {}
    for name, lever in levers().items():
        found.setdefault(str(lever.table), []).append(name)
    assert {table: set(names) for table, names in found.items()} == {t: set(names.split()) for t, names in TABLES.items()}


@pytest.mark.parametrize("name", levers())
def test_a_lever_says_what_it_is_how_it_acts_whom_it_suits_and_what_it_costs(name):
    lever = levers()[name]
    for label in (lever.name, lever.about, lever.mechanism, lever.suits):
        assert label is not None
        assert label.nb
        assert label.en
    assert lever.about.nb != lever.about.en
    assert lever.source
    assert set(lever.source) <= set(sources())
    assert lever.costs or lever.table == "organisation"
    assert lever.presupposes or lever.table == "organisation" or name == "national_pathway"
    for cost in lever.costs:
        assert cost.what.nb
        assert cost.pool or cost.kroner is not None or cost.what.en
    assert name.startswith("own") or lever.changes or lever.kinds


def changes_of(lever: Lever) -> list[LeverChange]:
    return [*lever.changes, *(change for kind in lever.kinds.values() for change in kind.changes)]


@pytest.mark.parametrize("name", levers())
def test_every_number_of_a_lever_has_a_source_a_grade_and_a_range(name):
    for change in changes_of(levers()[name]):
        if not is_number(parse_change(change.set).value):
            continue
        assert change.grade, change.set
        assert set(change.source.replace(" ", "").split(",")) <= set(sources()), change.set
        if change.grade != "published":
            assert change.low is not None, change.set
    for address, evidence in levers()[name].evidence.items():
        assert evidence.source in sources(), address
        assert evidence.low is not None or evidence.grade == "published", address


@pytest.mark.parametrize("name", levers())
def test_no_lever_touches_an_outcome_and_no_new_service_heals_better_than_the_one_it_is_like(name):
    lever = levers()[name]
    for change in changes_of(lever):
        assert "outcomes" not in parse_change(change.set).path, change.set
    base = load(PLACE)
    for new, stated in lever.adds.get("services", {}).items():
        assert "like" in stated, new
        with_it = apply(base, name).services[new].outcomes
        model = str(stated["like"])
        like = next(s for n, s in base.services.items() if model in (n, f"role:{s.role}", f"step:{s.step}"))
        for word in ("matched", "below"):
            here, there = getattr(with_it, word), getattr(like.outcomes, word)
            for outcome in ("recovered", "improved"):
                assert here.get(outcome, 0.0) <= there.get(outcome, 0.0), (new, word, outcome)


@pytest.mark.parametrize("name", levers())
def test_a_lever_claims_no_more_than_the_surest_of_its_numbers(name):
    graded = [
        change.grade for change in changes_of(levers()[name]) if change.grade and is_number(parse_change(change.set).value)
    ]
    graded += [evidence.grade for evidence in levers()[name].evidence.values()]
    if graded:
        assert GRADES.index(levers()[name].grade) >= min(map(GRADES.index, graded))


@pytest.mark.parametrize("name", levers())
def test_an_added_service_has_no_role_and_an_added_post_is_priced_and_must_be_filled(name):
    """With a role of its own it would take what other levers mean for the service it stands beside."""
    lever = levers()[name]
    with_it = apply(lean(PLACE), put(name))
    for new, stated in lever.adds.get("services", {}).items():
        assert with_it.services[new].role is None, new
        for pool, post in with_it.services[new].staff.items():
            assert post.payer, (new, pool)
            assert post.price, (new, pool)
            assert post.turnover, (new, pool)
        assert not stated.get("staff") or any(cost.pool.startswith(f"{new}.") for cost in lever.costs), new


@pytest.mark.parametrize("name", levers())
def test_a_door_that_finds_hidden_needs_says_for_whom(name):
    for new, door in levers()[name].adds.get("doors", {}).items():
        assert door["share"] == 0, new
        assert "ages" in door or levers()[name].table != "doors", new


@pytest.mark.parametrize("lever", ALONE)
def test_a_lever_fits_a_small_place_and_a_whole_catchment(lever):
    for scenario in (apply(load("etnedal"), lever), apply(lean("Finnmark"), put(lever))):
        assert differences(scenario) or lever == "own_unit"


def test_levers_stack_two_by_two_unless_they_set_the_same():
    base, refused = lean("etnedal"), {}
    for pair in combinations([name for name in levers() if levers()[name].table != "organisation"], 2):
        try:
            apply(base, *map(put, pair))
        except TrinnError as error:
            refused[pair] = str(error)
    told = ("is set twice, by", "shares sum to")
    assert all(any(word in message for word in told) for message in refused.values()), refused
    for (one, other), message in refused.items():
        if "is set twice" in message:
            assert one in message
            assert other in message
    assert ("capa", "see_everyone") in refused
    assert ("coordinator", "welfare_lab") in refused
    assert len(refused) < 40, list(refused)


# -- runs -----------------------------------------------------------------------------------------------------------------


@cache
def runs(under: tuple[str, ...], lever: str, replications: int) -> dict[tuple[str, ...], np.ndarray]:
    """Measures of a place with changes under and a lever on, one value a replication."""
    prepared = Prepared(made_of(apply(scenario(under), *([lever] if lever else []))), 1)
    folded = [prepared.replicate(number).folded.values for number in range(replications)]
    return {key: np.asarray([values[key] for values in folded]) for key in folded[0]}


def scenario(under: tuple[str, ...] = ()) -> Scenario:
    """The place for a short time, with changes that lie under whatever is put on."""
    base = apply(lean(PLACE), *SHORT)
    changes = tuple(Change.model_validate({"set": change, "from": "beginning"}) for change in under)
    return base.model_copy(update={"changes": (*base.changes, *changes)})


def key_of(measure: str) -> tuple[str, str, str, str]:
    service, _, name = measure.rpartition(".")
    return ALL, service, ALL, name


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.lever}-{case.measure}")
def test_a_lever_moves_what_its_mechanism_moves(case: Case):
    base, more = (runs(case.after, lever, case.replications) for lever in ("", put(case.lever)))
    difference = more[key_of(case.measure)] - base[key_of(case.measure)]
    interval = mean_interval(difference)
    assert interval.excludes_zero, (interval, case.why)
    assert (interval.mean > 0) == (case.way == "up"), (interval, case.why)
    for measure in (*case.untouched, *(() if case.needs_differ else ("needs",))):
        np.testing.assert_array_equal(more[key_of(measure)], base[key_of(measure)], err_msg=measure)


def test_every_lever_has_a_direction():
    assert {case.lever.partition("@")[0].partition(":")[0] for case in CASES} >= {
        name for name in levers() if name not in ("own_unit", "family_house_organisation", "other_organisation")
    }
    for name, lever in levers().items():
        for kind in list(lever.kinds)[1:]:
            assert any(case.lever.partition("@")[0] == f"{name}:{kind}" for case in CASES), (name, kind)


@pytest.mark.parametrize("lever", ALONE)
def test_at_no_intensity_a_lever_changes_nothing(lever):
    base, none = runs((), "", FEW), runs((), f"{lever}*0", FEW)
    assert base.keys() <= none.keys()
    for key, values in base.items():
        np.testing.assert_array_equal(none[key], values, err_msg=str(key))


@pytest.mark.parametrize("lever", ALONE)
def test_only_what_acts_before_need_arises_changes_how_many_needs_arise(lever):
    base, more = runs((), "", FEW), runs((), put(lever), FEW)
    same = np.array_equal(base[key_of("needs")], more[key_of("needs")])
    assert same != (lever in ("yam", "early_intervention", "poverty_relief"))


@pytest.mark.parametrize("lever", ALONE)
def test_posts_change_only_where_a_cost_says_who_pays_and_no_outcome_ever(lever):
    """BUP's posts too: they are the same under every lever that does not say that the health trust pays for more."""
    changed = differences(apply(lean(PLACE), lever))
    assert not [item.address for item in changed if "outcomes" in item.address]
    content = levers()[lever.partition(":")[0]]
    if content.table == "organisation":
        return
    paid = {pool for cost in content.costs if cost.fte for pool in pools_of(cost.pool)}
    for item in changed:
        place, _, field = item.address.rpartition(".")
        if field in ("fte", "fte_per_1000", "agreed"):
            assert place.rpartition("/")[2] in paid, item.address


def pools_of(pool: str) -> set[str]:
    """The pools of the place that a cost names by name or by role."""
    if not pool.startswith("role:"):
        return {pool}
    role, _, own = pool.removeprefix("role:").partition(".")
    return {f"{name}.{own}" for name, service in lean(PLACE).services.items() if service.role == role}


@pytest.mark.parametrize("name", levers())
def test_only_arrangements_with_bup_change_how_a_referral_is_judged_or_its_deadline(name):
    if levers()[name].table in ("doors", "municipal", "before"):
        for change in changes_of(levers()[name]):
            assert not {"intake", "deadline"} & set(parse_change(change.set).path), change.set


# -- what it needs --------------------------------------------------------------------------------------------------------


def test_a_lever_that_lacks_what_it_needs_says_so():
    base = apply(lean(PLACE), "no_low_threshold@beginning")
    said = {(item.lever, item.say.en) for item in lacking(apply(base, "intake_outside"))}
    assert ("intake_outside", "Needs a differentiated municipal offer: a low-threshold service to go on to.") in said
    assert not any("treatment" in say for _, say in said)
    small = {item.lever for item in lacking(apply(load("etnedal"), "dialogue_intake"))}
    large = {item.lever for item in lacking(apply(load("asker", detail="neighbour"), "family_house"))}
    assert small == {"dialogue_intake"}
    assert "family_house" not in large


def test_a_ladder_without_the_service_refuses_the_lever_and_says_why():
    with pytest.raises(TrinnError, match='this ladder has no service of role "specialist"'):
        apply(load("one_service"), "capa")


def test_every_lever_can_be_asked_for_by_all_its_names():
    for lever in ALONE:
        assert wanted(lever).lever is levers()[lever.partition(":")[0]]
