"""What a scenario rests on: every number named, counted and shown, and put anywhere in its range without breaking anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dashboard_examples import towns

from dashboard.evidence import at_words, evidence_rows, is_share, named, of_scenarios, range_words, summary
from dashboard.report import html
from dashboard.texts import LANGUAGES, Language
from scenarios.changes import resolved
from scenarios.errors import TrinnError
from scenarios.evidence import Number, count, numbers, placed, with_number, with_numbers
from scenarios.evidence_places import number_of, replaced_in
from scenarios.levers import Lever, apply, levers
from scenarios.load import examples, load
from scenarios.place_names import find
from scenarios.preset import for_place
from scenarios.resolve import merged
from scenarios.schema import Evidence, Scenario
from scenarios.setting import look_up
from trinn import main

LADDER: dict[str, Any] = {
    "name": "Two towns",
    "period": {"length": "1y", "warmup": "100d"},
    "areas": {
        "a": {"children": {"6-12": 1000}},
        "b": {"children": {"6-12": 2000}, "services": {"yellow": {"course": {"sessions": 9}}}},
    },
    "focus": ["a"],
    "needs": {"n": {"remission": "0.4/y"}},
    "demand": {"c": {"per_1000": {"6-12": 30}}},
    "doors": {
        "gp": {"share": 0.5, "to": "yellow"},
        "nurse": {"share": 0.3, "to": "yellow"},
        "self": {"share": 0.2, "to": "yellow"},
    },
    "services": {
        "yellow": {
            "role": "low_threshold",
            "step": "yellow",
            "staff": {"nurse": {"fte_per_1000": 1.0, "child_share": 0.6}},
            "patience": "180d",
            "accuracy": 0.7,
            "course": {"sessions": 6, "interval": "14d", "hours": 2.0, "missed": 0.1},
            "outcomes": {"matched": {"recovered": 0.5, "improved": 0.3, "unchanged": 0.2}},
            "routes": [{"to": "red", "share": 0.6, "after": "unchanged", "lost": 0.1}],
        },
        "red": {
            "role": "specialist",
            "step": "red",
            "staff": {"clinician": {"fte_per_1000": 2.0}},
            "accuracy": 0.9,
            "deadline": {"working_days": 65},
            "course": {"sessions": 20, "interval": "14d", "hours": 2.0},
        },
    },
}
"""Two areas, the second with a course of its own; three doors whose shares sum to 1."""

LEVER: dict[str, Any] = {
    "name": "Better eyes",
    "about": "They see more.",
    "grade": "assumed",
    "source": "balanced_set",
    "learning": "12w",
    "changes": [
        {"set": "red.accuracy=0.95", "learned": True, "grade": "assumed", "low": 0.92, "high": 0.99},
        {"set": "yellow.nurse.fte+=0.5/1000", "grade": "stated", "source": "tromso_team", "low": 0.2, "high": 1.0},
    ],
}


def ladder(**evidence: Any) -> Scenario:
    """The two towns with some evidence; ``__`` in a name stands for a dot."""
    return load(LADDER | {"evidence": {key.replace("__", "."): item for key, item in evidence.items()}})


def with_evidence(address: str, **item: Any) -> tuple[Scenario, Number]:
    scenario = load(LADDER | {"evidence": {address: {"grade": "assumed", **item}}})
    return scenario, numbers(scenario)[0]


def lever() -> Lever:
    return Lever.model_validate(LEVER)


# -- what there is ------------------------------------------------------------------------------------------------------


def test_every_entry_is_a_number_with_its_value_source_and_range() -> None:
    _, number = with_evidence("yellow.course.sessions", source="tromso_team", low=5, high=7, note="a frame")
    assert (number.key, number.grade, number.source, number.note) == (
        "yellow.course.sessions",
        "assumed",
        "tromso_team",
        "a frame",
    )
    assert (number.values, number.low, number.high, number.fixed, number.position) == ((6.0,), 5, 7, "", 0.5)


def test_a_number_without_a_range_or_with_one_in_another_unit_cannot_be_moved_and_says_why() -> None:
    for address, low, high, why in (
        ("yellow.course.sessions", None, None, "no_range"),
        ("yellow.course.interval", 7, 21, "unlike"),
        ("services[*].accuracy", 0.6, 0.8, "unlike"),  # one range for two values, and no factor
        ("yellow.course.sessions", 6, 6, "no_range"),
    ):
        scenario, number = with_evidence(address, low=low, high=high)
        assert number.fixed == why
        with pytest.raises(TrinnError, match="cannot be moved"):
            with_number(scenario, number, 0.5)


def test_an_entry_that_says_more_exactly_what_it_is_about_has_its_value_for_itself() -> None:
    scenario = load(
        LADDER
        | {
            "evidence": {
                "services[*].accuracy": {"grade": "assumed", "low": 0.5, "high": 1.1, "factor": True},
                "red.accuracy": {"grade": "stated", "low": 0.8, "high": 0.95},
            }
        }
    )
    every, red = numbers(scenario)
    assert (every.values, red.values) == ((0.7,), (0.9,))
    moved = with_number(scenario, every, 0.0)
    assert (look_up(moved, "yellow.accuracy"), look_up(moved, "red.accuracy")) == ((0.35,), (0.9,))


def test_of_a_law_only_durations_are_numbers() -> None:
    data = merged(LADDER, {"services": {"yellow": {"patience": {"law": "gamma", "mean": "180d", "cv": 0.8}}}})
    scenario = load(data | {"evidence": {"yellow.patience": {"grade": "assumed", "low": 0.5, "high": 2, "factor": True}}})
    number = numbers(scenario)[0]
    assert number.values == ("180d",)
    assert look_up(with_number(scenario, number, 1.0), "yellow.patience.cv") == (0.8,)


def test_what_a_change_sets_is_the_users_own_and_a_levers_numbers_are_the_levers() -> None:
    scenario = apply(ladder(), lever(), "red.clinician.fte+=1")
    found = {number.key: (number.lever, number.grade, number.values, number.fixed) for number in numbers(scenario)}
    assert found == {
        "Better eyes: red.accuracy=": ("Better eyes", "assumed", (0.95,), ""),
        "Better eyes: yellow.nurse.fte+=": ("Better eyes", "stated", ("0.5/1000",), ""),
        "red.clinician.fte+=": ("", "own", (1,), "no_range"),
    }


def test_what_a_file_states_otherwise_than_the_library_is_its_own() -> None:
    key = "services.bup.course.sessions"
    own = load({"base": "3413", "services": {"bup": {"course": {"sessions": 17}}}})
    before, after = ({n.key: n for n in numbers(scenario)}[key] for scenario in (load("3413"), own))
    assert (before.grade, after.grade) == ("calibrated", "own")
    assert after.values == (17.0,)
    assert count(numbers(own))["own"] == 1


def test_they_are_counted_by_grade_and_none_is_left_out() -> None:
    scenario = ladder(
        yellow__accuracy={"grade": "assumed"},
        red__accuracy={"grade": "published", "source": "national"},
        yellow__patience={"grade": "assumed"},
    )
    assert count(numbers(scenario)) == {"published": 1, "stated": 0, "calibrated": 0, "assumed": 2, "own": 0}


# -- putting them somewhere ---------------------------------------------------------------------------------------------


def test_a_number_holds_from_the_beginning_and_in_all_areas() -> None:
    scenario, number = with_evidence("yellow.course.sessions", low=4, high=8)
    moved = with_number(scenario, number, 0.25)
    assert look_up(moved, "*/yellow.course.sessions") == (5.0, 5.0)
    assert moved.changes == ()
    assert moved.evidence == scenario.evidence


def test_a_factor_multiplies_all_its_values_each_where_it_stands() -> None:
    scenario, number = with_evidence("services[*].course.sessions", low=0.5, high=1.5, factor=True)
    moved = with_number(scenario, number, 0.0)
    assert look_up(moved, "*/yellow.course.sessions") == (3.0, 4.5)
    assert look_up(moved, "red.course.sessions") == (10.0,)
    assert number.position == 0.5


@pytest.mark.parametrize(
    ("address", "low", "high", "at_low", "at_middle"),
    [
        ("yellow.patience.mean", "60d", "300d", "60d", "180d"),
        ("needs.n.remission", "0.2/y", "1/y", "0.2/y", "0.6/y"),
        ("red.deadline.working_days", 40, 75, 40, 58),
        ("demand.c.per_1000.6-12", 20, 40, 20.0, 30.0),
    ],
)
def test_durations_rates_and_whole_numbers_stay_what_they_are(
    address: str, low: Any, high: Any, at_low: Any, at_middle: Any
) -> None:
    scenario, number = with_evidence(address, low=low, high=high)
    for position, wanted in ((0.0, at_low), (0.5, at_middle)):
        (value,) = look_up(with_number(scenario, number, position), address)
        assert (value, type(value)) == (wanted, type(wanted))


def test_the_others_of_a_sum_give_way_in_proportion() -> None:
    scenario, number = with_evidence("doors.gp.share", low=0.4, high=0.7)
    moved = with_number(scenario, number, 1.0)
    assert look_up(moved, "doors[*].share") == pytest.approx((0.7, 0.18, 0.12))


def test_several_shares_of_a_sum_are_set_together_whatever_their_order() -> None:
    scenario = ladder(doors__gp__share={"grade": "assumed", "low": 0.4, "high": 0.7},
                      doors__nurse__share={"grade": "assumed", "low": 0.1, "high": 0.2})  # fmt: skip
    gp, nurse = numbers(scenario)
    one, other = (with_numbers(scenario, order) for order in ([(gp, 1.0), (nurse, 1.0)], [(nurse, 1.0), (gp, 1.0)]))
    assert look_up(one, "doors[*].share") == look_up(other, "doors[*].share") == pytest.approx((0.7, 0.2, 0.1))


def test_an_outcome_gives_way_within_its_own_service_only() -> None:
    scenario, number = with_evidence("services[*].outcomes.matched.recovered", low=0.8, high=1.2, factor=True)
    assert look_up(with_number(scenario, number, 1.0), "yellow.outcomes.matched[*]") == pytest.approx((0.6, 0.24, 0.16))


def test_a_levers_number_takes_the_place_of_its_value_in_every_step() -> None:
    base = ladder()
    scenario = apply(base, lever())
    accuracy, posts = numbers(scenario)
    moved = with_numbers(scenario, [(accuracy, 1.0), (posts, 0.0)])
    assert [change.set for change in moved.changes] == ["red.accuracy=0.99"] * 4 + ["yellow.nurse.fte+=0.2/1000"]
    assert [change.moves for change in moved.changes] == [change.moves for change in scenario.changes]
    assert look_up(resolved(moved), "red.accuracy") == (0.99,)
    assert look_up(resolved(moved), "yellow.nurse.fte") == (1.2,)
    assert with_number(base, accuracy, 1.0).plain() == base.plain()  # who does not have the lever stays as it is


def test_levers_come_on_top_of_a_moved_number() -> None:
    data = LADDER | {"evidence": {"yellow.staff.nurse.fte_per_1000": {"grade": "assumed", "low": 2, "high": 3}}}
    scenario = apply(load(data), "yellow.nurse.fte+=1")
    moved = with_number(scenario, numbers(scenario)[0], 0.0)
    assert look_up(moved, "yellow.nurse.fte") == (2.0,)
    assert look_up(resolved(moved), "yellow.nurse.fte") == (3.0,)


def test_a_value_beyond_what_may_stand_there_is_cut_and_said() -> None:
    scenario, number = with_evidence("services[*].accuracy", low=0.5, high=1.3, factor=True)
    found = placed(scenario, [(number, 1.0)])
    assert look_up(found.scenario, "yellow.accuracy") == (0.91,)
    assert look_up(found.scenario, "red.accuracy") == (1.0,)
    (cut,) = found.cuts
    assert (cut.key, cut.address, cut.got) == ("services[*].accuracy", "services.red.accuracy", 1)
    assert cut.wanted == pytest.approx(1.17)


def test_what_does_not_fit_together_is_pulled_back_and_said() -> None:
    """Routes that would be taken by more than everybody: each in turn goes as far as there is room for."""
    routes = [{"to": "red", "share": 0.5, "after": "unchanged"}, {"to": "yellow", "share": 0.3, "after": "unchanged"}]
    data = merged(LADDER, {"services": {"yellow": {"routes": routes}}})
    data["evidence"] = {
        "yellow.routes[0].share": {"grade": "assumed", "low": 0.4, "high": 0.8},
        "yellow.routes[1].share": {"grade": "assumed", "low": 0.1, "high": 0.9},
    }
    scenario = load(data)
    first, second = numbers(scenario)
    found = placed(scenario, [(first, 1.0), (second, 1.0)])
    shares = look_up(found.scenario, "yellow.routes[*].share")
    assert 0.65 < shares[0] <= 0.7
    assert 0.3 <= shares[1] <= 1 - shares[0]
    assert {cut.key for cut in found.cuts} == {"yellow.routes[0].share", "yellow.routes[1].share"}


def test_every_number_of_a_place_fits_at_both_ends_alone_and_all_together() -> None:
    base = load("3413")
    movable = [number for number in numbers(base) if not number.fixed]
    assert len(movable) >= 20
    for number in movable:
        for position in (0.0, 1.0):
            assert placed(base, [(number, position)]).cuts == (), number.key
    for position in (0.0, 0.5, 1.0):
        placed(base, [(number, position) for number in movable])


def test_every_range_of_the_library_is_in_the_unit_of_its_value() -> None:
    for scenario in (load("3413"), load("norge"), *map(load, examples())):
        assert [number.key for number in numbers(scenario) if number.fixed == "unlike"] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(levers()))
def test_every_number_of_every_lever_fits_at_both_ends(name: str) -> None:
    scenario = apply(load("3413"), name)
    for number in numbers(scenario):
        if number.lever and not number.fixed:
            for position in (0.0, 1.0):
                assert all(cut.got is not None for cut in placed(scenario, [(number, position)]).cuts), number.key
        assert number.fixed != "unlike" or number.grade == "published", number.key


@pytest.mark.slow
@pytest.mark.parametrize("place", ["norge", "030101", "5001", "1103"])
def test_every_number_fits_at_both_ends_whatever_the_place(place: str) -> None:
    """A cut is allowed only where some place is so small that its posts would be left with nothing to give."""
    scenario = Scenario.model_validate(for_place(find(place)).data)
    for number in numbers(scenario):
        for position in (0.0, 1.0) if not number.fixed else ():
            cuts = placed(scenario, [(number, position)]).cuts
            assert all(cut.got is not None for cut in cuts), number.key
            assert not cuts or place == "norge", number.key


@pytest.mark.parametrize(
    ("value", "low", "high", "number", "replaced"),
    [
        ("0.92", 0.8, 0.95, 0.92, "9"),
        ("0.5/1000", 0.2, 1.0, 0.5, "9/1000"),
        ("{law: gamma, mean: 14d, cv: 0.5}", "7d", "21d", "14d", "{law: gamma, mean: 9, cv: 0.5}"),
        ("{role:treatment.therapist: 1.0}", 0.5, 3.0, 1.0, "{role:treatment.therapist: 9}"),
        ("[{clinician: 2.5}, {psychologist: 2.5}]", 1.5, 3.5, 2.5, "[{clinician: 9}, {psychologist: 9}]"),
        ("{share: 0.5, steps: [dark_red], lost: 0.4}", 0.2, 0.8, 0.5, "{share: 9, steps: [dark_red], lost: 0.4}"),
        ("{a: 1.0, b: 2.0}", 0.5, 3.0, None, "{a: 1.0, b: 2.0}"),  # which one is meant cannot be told
        ("ung_arena", 0.5, 3.0, None, "ung_arena"),
    ],
)
def test_the_number_in_a_changes_value_is_found_and_replaced(
    value: str, low: Any, high: Any, number: Any, replaced: str
) -> None:
    item = Evidence(grade="assumed", low=low, high=high)
    assert number_of(value, item) == number
    assert replaced_in(value, item, "9") == replaced


def test_two_changes_at_one_address_are_two_numbers() -> None:
    range_of = {"grade": "assumed", "low": 0.0, "high": 0.5}
    routes = [{"set": f"yellow.routes+={{to: [red], after: improved, share: {share}}}", **range_of} for share in (0.1, 0.2)]
    scenario = apply(ladder(), Lever.model_validate(LEVER | {"changes": routes}))
    first, second = numbers(scenario)
    assert (first.key, second.key) == ("Better eyes: yellow.routes+=", "Better eyes: yellow.routes+= (2)")
    moved = with_number(scenario, second, 1.0)
    assert look_up(resolved(moved), "yellow.routes[*].share") == (0.6, 0.1, 0.5)


# -- as it is read ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "low", "high", "words"),
    [
        ("yellow.accuracy", 0.6, 0.85, {"nb": "60 % til 85 %", "en": "60% to 85%"}),
        ("yellow.patience.mean", "60d", "300d", {"nb": "60 dager til 300 dager", "en": "60 days to 300 days"}),
        ("needs.n.remission", "0.2/y", "1/y", {"nb": "0,2 i året til 1 i året", "en": "0.2 a year to 1 a year"}),
        ("yellow.staff.nurse.fte_per_1000", 0.5, 1.25, {"nb": "0,5 til 1,25", "en": "0.5 to 1.25"}),
    ],
)
def test_a_range_is_in_the_readers_unit(address: str, low: Any, high: Any, words: dict[Language, str]) -> None:
    _, number = with_evidence(address, low=low, high=high)
    for language in LANGUAGES:
        assert range_words(number, language).replace("\u00a0", " ") == words[language]


def test_a_factor_is_shown_as_one() -> None:
    scenario, number = with_evidence("services[*].accuracy", low=0.5, high=1.1, factor=True)
    assert range_words(number, "nb") == "× 0,5 til 1,1"
    assert at_words(number, 0.75, "en") == "× 0.75"
    assert evidence_rows([number], [scenario], "en")[0].value == "70%; 90%"


@pytest.mark.parametrize(
    "address",
    ["yellow.accuracy", "services[*].routes[*].lost", "doors.gp.share", "demand.c.mix.n", "role:x.nurse.child_share",
     "yellow.course.missed", "services.bup.intake.accept"],
)  # fmt: skip
def test_shares_are_known_from_the_schema(address: str) -> None:
    assert is_share(address)


@pytest.mark.parametrize(
    "address",
    ["yellow.course.sessions", "demand.c.per_1000", "yellow.patience.mean", "yellow.staff.nurse.fte", "needs.n.remission"],
)
def test_what_is_no_share_is_not_taken_for_one(address: str) -> None:
    assert not is_share(address)


def test_a_number_is_named_in_words() -> None:
    data = merged(LADDER, {"services": {"yellow": {"name": {"nb": "lavterskel", "en": "low threshold"}}}})
    data["evidence"] = {"yellow.nurse.child_share": {"grade": "assumed"}, "services[*].routes[*].lost": {"grade": "assumed"}}
    scenario = load(data)
    first, second = numbers(scenario)
    assert named(first, [scenario], "nb") == ("Lavterskel", "nurse: andel av tida til barn")
    assert named(second, [scenario], "en") == ("Several services", "routes on: lost on the way")


def test_the_summary_says_how_many_of_each_in_one_line() -> None:
    found = of_scenarios([ladder(yellow__accuracy={"grade": "assumed"}, red__accuracy={"grade": "published"})])
    assert summary(found, "nb") == (
        "Resultatet bygger på 2 tall: 1 publiserte, 0 sagt av én kilde, 0 tilpassede, 1 antatte og 0 egne."
    )
    assert summary(found, "en") == (
        "The result rests on 2 numbers: 1 published, 0 stated by one source, 0 calibrated, 1 assumed and 0 of one's own."
    )
    assert summary((), "en").startswith("The scenario does not state")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_has_the_same_table_and_line(language: Language) -> None:
    page = html(towns(), language)
    both = towns()
    scenarios = [result.scenario for result in both.results.values()]
    found = of_scenarios(scenarios)
    assert summary(found, language).replace("'", "&#39;") in page
    for row in evidence_rows(found, scenarios, language):
        assert row.number.address in page
        assert row.range in page
    assert page.count('<details class="printed">') == len({number.grade for number in found})
    assert "details.printed::details-content" in page  # what is folded on the screen is there on paper


@pytest.mark.parametrize("language", LANGUAGES)
def test_show_evidence_lists_them_under_the_summary(language: Language, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["show", "evidence", "3413", "--with", "bup.psychologist.fte+=1", "--language", language])
    shown = capsys.readouterr().out
    found = of_scenarios([apply(load("3413"), "bup.psychologist.fte+=1")])
    assert summary(found, language) in shown
    assert "Helsedirektoratet" in shown


def test_show_evidence_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["show", "evidence", "3413", "--json"])
    data = json.loads(capsys.readouterr().out)
    assert data["summary"]["total"] == len(data["numbers"]) == sum(data["summary"].values()) - data["summary"]["total"]
    assert {"number", "grade", "values", "low", "high", "factor", "source", "source_title", "note", "lever"} <= data["numbers"][
        0
    ].keys()
    with pytest.raises(SystemExit, match="0"):
        main(["show", "evidence", "3413", "--csv"])
    assert len(capsys.readouterr().out.splitlines()) >= data["summary"]["total"] + 1


def test_a_town_without_evidence_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["show", "evidence", "one_service", "--language", "en"])
    assert "does not state what its numbers rest on" in capsys.readouterr().out
