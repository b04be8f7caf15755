"""Rejections: what is followed equals the measures and a story worked by hand, and nothing is shown that may not be."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from dashboard_examples import TOWN

from dashboard import numbers
from dashboard.comparison import compare
from dashboard.rejected import BECAME, LEAST_FUTURES, MOST_FUTURES, WITHIN, follow, futures_of, hour_price, review_price
from dashboard.rejection_variants import VARIANTS, rejection_variants, variant_about, variant_name, variant_of, variants_shown
from dashboard.rejections import STATED_HOURS, followed_of, municipalities_shown, rejections, told
from dashboard.texts import catalogue, text
from scenarios.levers import apply
from scenarios.load import load
from scenarios.units import YEAR
from sim.fold import ALL
from sim.replicate import run

FUTURES = 10


def town_with(**changes: Any) -> dict[str, Any]:
    """The town over three years, with reasons, ways on after a rejection, deadlines, prices and an overflow."""
    town = deepcopy(TOWN)
    town["period"]["length"] = "3y"
    town["needs"]["mild"] = {
        "severity": "mild",
        "step": "yellow",
        "remission": "0.3/y",
        "worsening": "0.8/y",
        "worsens_to": "need",
    }
    town["needs"]["need"]["worsening"] = "0.5/y"
    town["needs"]["need"]["worsens_to"] = "crisis"
    town["crisis"] = {"to": "bup", "urgent": True}
    town["demand"]["c"]["mix"] = {"need": 0.5, "mild": 0.5}
    bup = town["services"]["bup"]
    bup["staff"]["psychologist"] |= {"fte": 1.2, "price": 1950000, "weeks_a_year": 52.0, "payer": "health_trust"}
    bup["intake"] = {
        "review": "5d", "accept": {"red": 0.7, "yellow": 0.4}, "accept_again": 0.8,
        "reasons": {"information_missing": 0.6, "other_service_responsible": 0.4},
    }  # fmt: skip
    bup["deadline"] = {
        "by_severity": {"moderate": "30d"},
        "overflow": {"to": "other", "share": 0.5, "delay": "7d", "price": 100000},
    }
    bup["routes"] = [
        {"to": "team", "after": "rejected", "share": 0.4, "delay": "20d", "lost": 0.2, "warm": True},
        {"to": "bup", "after": "rejected", "share": 0.2, "delay": "90d"},
        {"to": "gp", "after": "rejected", "share": 0.2, "delay": "40d"},
    ]
    town["services"]["team"] = {
        "name": {"nb": "teamet", "en": "the team"}, "step": "yellow", "role": "treatment",
        "staff": {"therapist": {"fte": 1.0, "price": 1170000, "weeks_a_year": 52.0, "payer": "municipality"}},
        "patience": {"law": "exponential", "mean": "90d"},
        "course": {"length": {"law": "exponential", "mean": "60d"}, "hours": 1.0}, "outcomes": {"matched": {"recovered": 1.0}},
    }  # fmt: skip
    town["services"]["other"] = {"role": "overflow", "step": "red", "places": "endless", "course": {"length": "90d"}}
    town.pop("evidence")
    return town | changes


@pytest.fixture(scope="module")
def town():
    return load(town_with())


@pytest.fixture(scope="module")
def followed(town):
    return follow(town, 1, FUTURES)


@pytest.fixture(scope="module")
def result(town):
    return run(town, replications=FUTURES, seed=1, record="weekly", workers=1)


@pytest.fixture(scope="module")
def few():
    """A place with a rejection or two a year."""
    return follow(load(town_with(demand={"c": {"rate": "0.015/d", "mix": {"need": 0.5, "mild": 0.5}}})), 1, FUTURES)


def measure(result, name, service="bup"):
    return np.asarray([each.folded.values[ALL, service, ALL, name] for each in result.replications])


def a_year(followed, rows, years):
    return np.bincount(rows["future"], minlength=FUTURES) / years


def shown(found):
    """Every word of the page."""
    tables = " ".join(str(cell) for part in found.parts for cell in part.table.to_numpy().ravel())
    return " ".join([found.sentence, *(part.alt for part in found.parts), tables])


# -- what is followed ---------------------------------------------------------------------------------------------------


def test_what_is_followed_equals_the_measures_of_the_same_futures(followed, result):
    rows = followed.rejections
    counted = {"rejected": rows, "rejected_wrong": rows[rows["wrong"]], "rejected_warm": rows[rows["warm"]]}
    for name, part in counted.items():
        assert measure(result, name).min() > 0
        np.testing.assert_allclose(a_year(followed, part, followed.years), measure(result, name))
    alone = rows[rows["alone"]]
    np.testing.assert_allclose(
        a_year(followed, alone, followed.years - 13 * 7 * 86400 / YEAR), measure(result, "rejected_alone")
    )
    traced = rows[rows["followed"]]
    again = traced.groupby("future")["again"].mean().to_numpy()
    np.testing.assert_allclose(again, measure(result, "rereferred"))


def test_offers_breaches_and_other_providers_equal_the_measures(followed, result):
    np.testing.assert_allclose(followed.offers[:, WITHIN.index(13)], measure(result, "offer_within_13_weeks", ""))
    assert (np.diff(followed.offers.mean(axis=0)) > 0).all()
    for column, name in (("breaches", "breaches"), ("overflowed", "overflowed"), ("overflow_cost", "overflow_cost")):
        assert measure(result, name).sum() > 0
        np.testing.assert_allclose(followed.counts[column] / followed.years, measure(result, name))
    np.testing.assert_allclose(followed.counts["referrals"] / followed.years, measure(result, "referrals"))


def test_each_rejection_that_can_be_followed_became_one_thing(followed):
    traced = followed.rejections[followed.rejections["followed"]]
    assert set(traced["became"]) <= set(BECAME)
    assert {"help", "again", "door", "lost", "passed", "nobody"} <= set(traced["became"])
    assert (traced["contact"] == traced["became"].isin(["help", "again", "door"])).all()
    assert not (traced["taken"] & ~traced["again"]).any()
    assert not (traced["worse_then"] & ~(traced["worse"] & traced["contact"])).any()
    assert traced["worse_then"].any()
    assert (traced["worse"] & traced["contact"] & ~traced["worse_then"]).any()  # worse only after the contact
    assert (traced[traced["became"] == "help"]["helped"]).all()


def test_who_had_referred_and_by_which_door(followed):
    rows = followed.rejections
    assert set(rows["door"]) == {"gp"}
    assert set(rows["sender"]) == {"gp", "bup"}  # a child that BUP sends to itself is referred again
    assert set(rows["reason"]) == {"too_mild", "information_missing", "other_service_responsible"}
    assert (rows["wrong"] == (rows["reason"] != "too_mild")).all()  # the review always sees the right step here


def by_hand() -> dict[str, Any]:
    """Everybody is rejected after five days, goes to the team after thirty, and has four weeks of two hours each."""
    town = town_with()
    town["needs"] = {"need": {"severity": "moderate", "step": "red"}}
    town.pop("crisis")
    town["demand"] = {"c": {"rate": "0.2/d"}}
    town["doors"] = {"gp": {"share": 1.0, "to": "bup"}}
    town["services"].pop("gp")
    bup, team = town["services"]["bup"], town["services"]["team"]
    bup["intake"] = {"review": "5d", "accept": {}, "hours": 3.0}
    bup["routes"] = [{"to": "team", "after": "rejected", "delay": "30d"}]
    team["staff"]["therapist"]["fte"] = 100.0
    team["course"] = {"length": "28d", "hours": 2.0}
    return town


def test_a_story_worked_by_hand_gives_its_hours_and_its_price():
    found = follow(load(by_hand()), 1, 2)
    rows, traced = found.rejections, found.rejections["followed"]
    assert set(rows[traced]["became"]) == {"help"}
    assert not rows["again"].any()
    assert set(rows["reason"]) == {"information_missing"}
    assert set(rows["sender"]) == {""}
    assert not rows[rows["early"]]["alone"].any()
    hours = found.hours.groupby(["what", "payer"])[["hours", "kroner"]].sum()
    assert hours.loc[("review", "health_trust"), "hours"] == pytest.approx(3.0 * len(rows))
    assert hours.loc[("help", "municipality"), "hours"] == pytest.approx(8.0 * traced.sum())
    assert hours.loc[("help", "municipality"), "kroner"] == pytest.approx(8.0 * traced.sum() * 1170000 / (37.5 * 52))
    assert len(hours) == 2
    costs = rejections(found, "en").costs.table
    assert costs["Hours for each rejection"].to_list() == ["3", "8"]
    assert costs["Who pays"].to_list() == ["The health trust", "The municipality"]
    assert costs["Kroner for each rejection"].to_list() == ["3,000", "4,800"]


def test_hours_of_help_end_with_the_year_after_the_rejection():
    town = by_hand()
    town["services"]["team"]["course"]["length"] = "700d"
    found = follow(load(town), 1, 2)
    each = found.hours[found.hours["what"] == "help"]["hours"]
    assert each.max() == pytest.approx(2.0 * (365.0 - 30) / 7, rel=0.01)


def test_the_same_seed_gives_the_same_and_whoever_asks_again_gets_the_same(town, followed):
    assert follow(town, 1, FUTURES).rejections.equals(followed.rejections)
    assert not follow(town, 2, FUTURES).rejections.equals(followed.rejections)
    assert followed_of(town, 7) is followed_of(town, 7)


def test_who_asks_may_end_it(town):
    def stop() -> None:
        raise KeyboardInterrupt("enough")

    with pytest.raises(KeyboardInterrupt, match="enough"):
        follow(town, 1, FUTURES, stop)


def test_large_places_are_followed_in_fewer_futures():
    assert futures_of(load("etnedal")) == MOST_FUTURES
    assert futures_of(load("norway")) == LEAST_FUTURES


def test_an_hour_costs_a_full_post_over_the_hours_worked(town):
    assert hour_price(town.services["bup"].staff["psychologist"]) == pytest.approx(1950000 / (37.5 * 52))
    assert review_price(town) == ("health_trust", pytest.approx(1000.0))


# -- what is shown ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_page_says_the_main_thing_first_with_the_numbers_of_the_measures(followed, result, language):
    found = rejections(followed, language)
    rejected = numbers.shown(float(measure(result, "rejected").mean()), "children a year", language)
    assert rejected in found.sentence
    wrong = measure(result, "rejected_wrong") / measure(result, "rejected")
    assert numbers.percent(float(wrong.mean()), language) in found.sentence
    assert [part.name for part in found.parts] == [
        f"rejections_{name}"
        for name in ("senders", "doors", "reasons", "crossed", "offers", "became", "after", "costs", "within", "deadlines")
    ]
    for part in found.parts:
        assert part.title
        assert part.alt
        assert str(FUTURES) in part.how
        assert len(part.table)


def test_both_languages_have_the_same_tables(followed):
    for nb, en in zip(rejections(followed, "nb").parts, rejections(followed, "en").parts, strict=True):
        assert nb.table.shape == en.table.shape


def test_wrong_is_never_said_without_the_model():
    for key, label in catalogue().items():
        if key.startswith("rejections_"):
            for words, wrong in ((label.nb, r"(?<!formell )\bfeile?\b"), (label.en, r"\bwrong\b")):
                for sentence in re.split(r"(?<=[.:?]) ", words):
                    if re.search(wrong, sentence, re.IGNORECASE):
                        assert "model" in sentence.lower(), key


def test_nothing_is_shown_at_its_height_where_children_are_few(few):
    for language in ("nb", "en"):
        found = rejections(few, language)
        assert text("under", language, number=5) in found.sentence
        counts = [part for part in found.parts if part.name not in ("rejections_costs",)]
        for part in counts:
            for row in part.table.itertuples(index=False):
                assert not re.search(r"(?<!under )\d+ ?%", " ".join(str(cell) for cell in row)), part.name
                assert not any(str(cell) in "1234" for cell in row), part.name
        assert not len(found.costs.table)
        assert found.became.echarts is None


def test_a_share_never_gives_away_a_count_under_five(followed):
    yearly = len(followed.rejections) / followed.years / FUTURES
    for part in rejections(followed, "en").parts:
        if "Share of the rejections" in part.table:
            for count, share in zip(part.table["Children a year"], part.table["Share of the rejections"], strict=True):
                if count == "under 5":
                    assert share.startswith(("under", "too few"))
                else:
                    assert float(share.rstrip("%")) / 100 * yearly > 4


def test_under_ten_futures_say_nothing_of_how_they_differ(town):
    found = rejections(follow(town, 1, 3), "nb")
    assert set(found.senders.table["8 av 10"]) == {"–"}


def test_what_must_be_told_is_told(town):
    words = " ".join(told(town, "nb"))
    assert text("staffing_national_average", "nb") in words
    for what in ("diktet opp", "antatt", "rangerer ingen", "ikke en prognose", "døgnbehandling"):
        assert what in words
    assert "Naboene" not in words
    assert any("Naboene" in line for line in told(load("etnedal"), "nb"))


def two_towns(staffing: str):
    areas = {
        "a": {"name": "Øyvik", "children": {"6-12": 2000}, "catchment": "c", "detail": "full"},
        "b": {"name": "Aker", "children": {"6-12": 1000}, "catchment": "c", "detail": "full"},
    }
    demand = {"c": {"per_1000": {"6-12": 40}, "mix": {"need": 0.5, "mild": 0.5}}}
    return load(town_with(areas=areas, demand=demand, staffing=staffing))


def test_municipalities_stand_beside_each_other_only_with_their_own_staffing_and_by_name():
    average, own = two_towns("national_average"), two_towns("own")
    assert not municipalities_shown(average)
    hidden = rejections(follow(average, 1, 2), "nb")
    assert hidden.areas is None
    assert text("areas_left_out", "nb") in hidden.told
    found = rejections(follow(own, 1, 2), "nb").areas
    assert found is not None
    assert found.table.iloc[:, 0].to_list() == ["Aker", "Øyvik"]
    assert "Andel" not in " ".join(found.table.columns)


def test_hours_of_review_are_the_readers_the_scenarios_or_assumed_and_said_so(followed):
    assumed = rejections(followed, "nb").costs
    assert assumed.table.iloc[0, 0] == text("rejections_cost_review_assumed", "nb")
    assert assumed.table.iloc[0, 2] == numbers.decimal(STATED_HOURS, "nb")
    assert "2019-2021" in assumed.how
    own = rejections(followed, "nb", review_hours=4.5).costs
    assert own.table.iloc[0, 2] == "4,5"
    assert own.table.iloc[0, 3].replace(numbers.SPACE, "") == "4500"
    assert "4,5" in own.how


def test_without_prices_no_kroner_are_shown(town):
    bare = town_with()
    for service in ("bup", "team"):
        for pool in bare["services"][service]["staff"].values():
            pool.pop("price")
    table = rejections(follow(load(bare), 1, 3), "nb").costs.table
    assert len(table) > 1
    assert set(table.iloc[:, 3]) == {text("rejections_no_price", "nb")}


def test_where_nobody_reviews_nobody_is_rejected():
    bare = town_with()
    bare["services"]["bup"].pop("intake")
    bare["services"]["bup"]["routes"] = [{"to": "team", "after": "unchanged", "share": 0.5}]
    found = rejections(follow(load(bare), 1, 2), "nb")
    assert found.sentence == text("rejections_sentence_nobody", "nb")
    assert not rejection_variants(load(bare))


def test_the_flow_holds_what_the_table_holds(followed):
    found = rejections(followed, "en").became
    assert found.echarts is not None
    series = found.echarts["series"][0]
    names = {node["name"] for node in series["data"]}
    assert all(link["value"] >= numbers.SMALL and {link["source"], link["target"]} <= names for link in series["links"])
    counts = dict(zip(found.table.iloc[:, 0], found.table.iloc[:, 1], strict=True))
    for link in series["links"]:
        assert link["value"] <= int(counts[link["target"]]) + 1


# -- when something changes ---------------------------------------------------------------------------------------------


def test_every_variant_fits_the_national_ladder_and_changes_it():
    place = load("etnedal")
    found = rejection_variants(place)
    assert tuple(found) == VARIANTS
    for name, changes in found.items():
        made = variant_of(place, name)
        assert made.plain() != place.plain()
        assert made.plain() == apply(place, *changes).plain()
        assert variant_of(place, name) is made
    for name in VARIANTS:
        for language in ("nb", "en"):
            assert variant_name(name, language)
            assert variant_about(name, language)


def test_variants_that_do_not_fit_are_left_out():
    closed = apply(load("etnedal"), "gp_only@beginning")
    found = rejection_variants(closed)
    assert "steps_closed" not in found
    assert found["low_threshold_added"][0] == "role:low_threshold.open=true"
    assert rejection_variants(closed) == found


def test_a_lower_threshold_rejects_fewer_and_a_higher_one_more(town):
    found = rejection_variants(town)
    scenarios = {name: apply(town, *found[name]) for name in ("lower_threshold", "higher_threshold")}
    both = compare({"i dag": town, **scenarios}, replications=FUTURES, workers=1)
    key = (ALL, "", ALL, "rejected_all")
    lower, higher = (both.values(both.results[name], key).mean() for name in scenarios)
    assert lower < 0.7 * both.values(both.base, key).mean()
    assert higher > 1.2 * both.values(both.base, key).mean()
    pictures = variants_shown(both, "nb")
    assert [picture.title for picture in pictures] == list(scenarios)
    for picture in pictures:
        assert text("staffing_national_average", "nb") in picture.how
        assert "mulige framtider" in picture.alt
        assert "Avslag" in picture.table.iloc[:, 0].to_list()
