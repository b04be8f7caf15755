"""Paired comparison: the same children, honest intervals, and nothing called better that hides something worse."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.load import load
from scenarios.schema import Scenario
from sim.compare import Comparison, compare
from sim.fold import ALL

CLINIC = {
    "name": "a clinic",
    "period": {"length": "200d", "warmup": "100d"},
    "demand": {"children": {"to": "clinic", "rate": "4.5/d"}},
    "services": {
        "clinic": {
            "places": 5,
            "patience": {"law": "exponential", "mean": "10d"},
            "course": {"length": {"law": "exponential", "mean": "1d"}},
        }
    },
}
KEY = (ALL, "clinic", ALL, "wait_started")


def clinic(**over: Any) -> Scenario:
    """A clinic near its limit, with some fields changed."""
    document = CLINIC | over
    return load(document)


@pytest.fixture(scope="module")
def more() -> Comparison:
    """One place more and one less, against five places."""
    base = clinic()
    scenarios = {"today": base, "more": apply(base, "clinic.places+=1"), "less": apply(base, "clinic.places-=1")}
    return compare(scenarios, replications=12, seed=5, workers=1)


def test_a_scenario_against_itself_differs_in_nothing() -> None:
    """Base against base: every difference is exactly 0 and the verdict says that nothing differs."""
    base = clinic()
    both = compare({"today": base, "again": base}, replications=10, seed=1, workers=1)
    differences = both.table["difference"].dropna()
    assert (differences == 0).all()
    assert both.verdicts["again"].word == "same"


def test_one_place_more_is_better_and_one_less_is_worse(more: Comparison) -> None:
    """At a single overloaded clinic capacity shortens waits; the interval of the difference excludes 0."""
    assert more.pair(KEY, "more").direction == "better"
    assert more.pair(KEY, "less").direction == "worse"
    assert more.verdicts["less"].word in ("worse", "mixed")


def test_minutes_moved_from_one_task_to_another_are_no_fewer_posts() -> None:
    """A lever that takes some minutes of a week for something else has not cut a post."""
    base = load({"base": "etnedal", "period": {"length": "100d", "warmup": "0d"}})
    changed = {"some": "bup.clinician.fte*=0.9999", "many": "bup.clinician.fte*=0.99"}
    scenarios = {"today": base} | {name: apply(base, change) for name, change in changed.items()}
    verdicts = compare(scenarios, replications=2, workers=1).verdicts
    assert not verdicts["some"].fewer_posts
    assert verdicts["many"].fewer_posts


def test_fewer_posts_are_marked(more: Comparison) -> None:
    """The model cannot show that a cut is safe: a comparison knows when something was cut."""
    assert more.verdicts["less"].fewer_posts
    assert not more.verdicts["more"].fewer_posts


def test_the_table_is_the_paired_difference(more: Comparison) -> None:
    """Mean, difference and share of replications better are those of the values, replication by replication."""
    base, other = more.values(more.base, KEY), more.values(more.results["more"], KEY)
    row = more.table.query("service == 'clinic' and measure == 'wait_started' and scenario == 'more'").iloc[0]
    assert row["difference"] == pytest.approx(float(np.mean(other - base)))
    assert row["share_better"] == pytest.approx(float(np.mean(other < base)))
    assert row["low"] < row["difference"] < row["high"]
    assert row["n"] == 12


def test_common_random_numbers_make_the_difference_surer_than_the_parts(more: Comparison) -> None:
    """The paired interval is far narrower than two independent ones would allow."""
    base, other = more.values(more.base, KEY), more.values(more.results["more"], KEY)
    paired, apart = np.var(other - base, ddof=1), np.var(base, ddof=1) + np.var(other, ddof=1)
    assert paired < apart


def test_too_few_replications_say_nothing() -> None:
    """Under ten replications there is no verdict, and the reader is warned."""
    base = clinic()
    both = compare({"today": base, "more": apply(base, "clinic.places+=3")}, replications=3, seed=1, workers=1)
    assert both.verdicts["more"].word == "too_few"
    assert "few_replications" in {caution.kind for caution in both.cautions}
    assert set(both.table["direction"]) == {"unclear"}


def test_a_short_warm_up_is_warned_of() -> None:
    """A clinic with courses of 80 days, started empty without warm-up, has not settled when counting begins."""
    document = CLINIC | {"period": {"length": "700d"}}
    document["services"] = {"clinic": {"places": 500, "course": {"length": {"law": "exponential", "mean": "80d"}}}}
    base = load(document)
    both = compare({"today": base, "more": apply(base, "clinic.places+=1")}, replications=10, seed=1, workers=1)
    assert {caution.kind for caution in both.cautions} & {"warm_up", "never_settles"}
    settled = load(document | {"period": {"length": "700d", "warmup": "400d"}})
    both = compare({"today": settled, "more": apply(settled, "clinic.places+=1")}, replications=10, seed=1, workers=1)
    assert not {caution.kind for caution in both.cautions} & {"warm_up"}


def test_the_order_of_the_proposals_does_not_matter(more: Comparison) -> None:
    """Each proposal's numbers are its own."""
    base = clinic()
    other = compare({"today": base, "less": apply(base, "clinic.places-=1")}, replications=12, seed=5, workers=1)
    mine = more.table[more.table["scenario"] == "less"].reset_index(drop=True)
    assert mine.equals(other.table.reset_index(drop=True))


def test_groups_with_few_events_are_not_compared() -> None:
    """An age band with fewer than 20 children in the period has no direction."""
    document = {
        "name": "two bands",
        "period": {"length": "1y"},
        "areas": {"here": {"children": {"0-5": 100, "6-12": 5000, "13-17": 0, "18-25": 0}}},
        "demand": {"needs": {"per_1000": {"0-5": 50, "6-12": 50}}},
        "doors": {"door": {"share": 1.0, "to": "clinic"}},
        "services": {"clinic": {"places": 3, "course": {"length": "10d"}}},
    }
    base = load(document)
    both = compare({"a": base, "b": apply(base, "clinic.places+=3")}, replications=10, seed=1, by=["group"], workers=1)
    directions = both.table.groupby("group")["direction"].agg(set)
    assert directions["0-5"] == {"too few"}
    assert "better" in directions["6-12"]


def test_whose_staffing_is_always_said() -> None:
    """A place loaded from the library rests on national averages, and the comparison says so."""
    base = apply(load("utsira"), "period.length=100d", "period.warmup=0d")
    both = compare({"today": base, "more": apply(base, "bup.clinician.fte+=1")}, replications=2, seed=1, workers=1)
    assert "national_average" in {caution.kind for caution in both.cautions}


def test_scenarios_over_different_times_are_not_compared() -> None:
    """A longer period is another question."""
    with pytest.raises(TrinnError, match="another period"):
        compare({"a": clinic(), "b": clinic(period={"length": "300d", "warmup": "100d"})}, replications=2)


def test_a_base_alone_is_no_comparison() -> None:
    """One scenario compares with nothing."""
    with pytest.raises(TrinnError, match="at least one proposal"):
        compare({"a": clinic()})


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("replications", 0, "replications: must be a whole number from 1"),
        ("replications", 2.5, "replications: must be a whole number"),
        ("seed", -1, "seed: must be a whole number from 0"),
        ("seed", True, "seed: must be a whole number"),
        ("workers", 0, "workers: must be a whole number from 1"),
        ("engine", "quick", 'engine: must be "compiled" or "simpy"'),
        ("record", "all", "record: must be"),
        ("by", ["colour"], 'by: must be "area" and "group"'),
    ],
)
def test_arguments_outside_their_range_are_refused(argument: str, value: Any, message: str) -> None:
    """One clear message, before anything runs."""
    base = clinic()
    with pytest.raises(TrinnError, match=re.escape(message)):
        compare({"a": base, "b": base}, **{argument: value})
