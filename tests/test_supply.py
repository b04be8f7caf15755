"""Staff and services from outside: what pools hold, who leaves and is hired, and which grants end."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from itertools import pairwise
from math import factorial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from scenarios.levers import apply
from scenarios.load import load
from scenarios.resolve import LEAST_KEPT, capacity_of, phase_length, requirements, staffing
from scenarios.schema import Law, Service
from scenarios.units import DAY, WEEK, YEAR
from sim.build import phases
from sim.calendar import day_of, seconds
from sim.children import Cohort
from sim.draws import ONE
from sim.fold import SERIES, fold
from sim.laws import table
from sim.records import Kind, Log
from sim.supply import NONE, draw_supply
from sim.view import View

START = date(2027, 1, 4)
FULL = 2250
"""Minutes a week of a full post of 37.5 hours."""


# What a pool holds, and what a course takes of it


def service(staff=None, course=None, **over):
    staff = {"nurse": {"fte": 2.0}} if staff is None else staff
    course = {"sessions": 10, "interval": "14d", "hours": 2.0} | (course or {})
    return Service.model_validate({"staff": staff, "course": course} | over)


def taken(**over):
    asked = service(**over)
    return requirements(asked, asked.course)


def test_a_course_takes_its_hours_an_appointment_spread_over_the_weeks_between():
    """Two hours every fourteen days: 60 minutes a week. A tenth called off: 54. Nothing else is changed by it."""
    assert taken() == ({"nurse": 60},)
    assert taken(course={"cancelled": 0.1}) == ({"nurse": 54},)
    assert taken(places=3, staff={}, course={"hours": ()}) == ({"places": 1},)


def test_outreach_takes_the_journey_there_and_back_from_posts_alone():
    """An hour's journey, half of the appointments out: one hour more every fourteen days, of the helper's alone."""
    staff = {"nurse": {"fte": 2.0}, "room": {"rooms": 1.0}, "ceiling": {"cases": 20}}
    hours = {"nurse": 2.0, "room": 2.0, "ceiling": 1, "team.post": 1.0}
    assert taken(staff=staff, course={"hours": hours, "outreach": 0.5}, travel=1.0) == (
        {"nurse": 90, "room": 60, "ceiling": 1, "team.post": 60},
    )
    assert taken(staff=staff, course={"hours": hours, "outreach": 0.5, "cancelled": 0.5}, travel=1.0) == (
        {"nurse": 45, "room": 30, "ceiling": 1, "team.post": 30},
    )


def test_a_course_of_stated_length_takes_its_hours_every_week():
    weekly = {"length": "10w", "sessions": None, "interval": None}
    assert taken(course=weekly) == ({"nurse": 120},)
    assert taken(course=weekly | {"outreach": 1.0}, travel=0.5) == ({"nurse": 180},)


def test_cases_are_whole_and_at_least_one():
    staff = {"nurse": {"fte": 2.0}, "ceiling": {"cases_per_fte": {"nurse": 15}}}
    for stated, amount in ((1, 1), (2.0, 2), (0.2, 1)):
        assert taken(staff=staff, course={"hours": {"ceiling": stated}}) == ({"ceiling": amount},)


@pytest.mark.parametrize(
    ("pool", "minutes"),
    [
        ({"fte": 2.0}, 2 * FULL),
        ({"fte": 2.0, "absent": 0.1}, 4050),
        ({"fte": 2.0, "work": {"meetings": 4.0, "system": 3.5}}, 2 * 30 * 60),
        ({"fte": 2.0, "work": {"meetings": 7.5}, "child_share": 0.5, "absent": 0.2}, 1440),
        ({"fte_per_1000": 0.5, "weeks_a_year": 26}, FULL),
        ({"rooms": 3, "weekly_hours": 40}, 3 * 40 * 60),
        ({"rooms": 3, "weekly_hours": 40, "weeks_a_year": 39}, 3 * 40 * 45),
        ({"cases": 25}, 25),
    ],
)
def test_what_a_pool_has(pool, minutes):
    """Posts less those away and less other work; rooms as long as they are open; a ceiling as it stands."""
    assert capacity_of(service(staff={"pool": pool}, course={"hours": {"pool": 1.0}}), 4000) == {"pool": minutes}


def test_a_ceiling_by_staff_follows_every_pool_it_names():
    """15 cases a psychologist and 20 a therapist: 0.3 x 15 + 2.5 x 20 = 54.5, of which 54; 0.3 of 10 is 3 and not 2."""
    staff = {"psychologist": {"fte": 0.3}, "therapist": {"fte_per_1000": 0.5}}
    both = staff | {"ceiling": {"cases_per_fte": {"psychologist": 15, "therapist": 20}}}
    assert capacity_of(service(staff=both, course={"hours": {"ceiling": 1}}), 5000)["ceiling"] == 54
    one = staff | {"ceiling": {"cases_per_fte": {"psychologist": 10}}}
    assert capacity_of(service(staff=one, course={"hours": {"ceiling": 1}}), 5000)["ceiling"] == 3


def test_only_posts_are_counted_as_staff():
    document = scenario().plain()
    document["services"]["clinic"]["staff"] |= {"room": {"rooms": 2.0}, "ceiling": {"cases": 9}}
    document["services"]["clinic"]["course"]["hours"] = {"nurse": 1.0, "room": 1.0, "ceiling": 1}
    assert [row["pool"] for row in staffing(load(document))] == ["nurse"]


def length(**over):
    asked = service(**over)
    return phase_length(asked, asked.course) / DAY


def test_what_is_missed_or_called_off_lengthens_a_course():
    """140 days: a tenth missed or called off makes it 155.56; both 172.84."""
    assert length() == 140
    assert length(course={"missed": 0.1}) == pytest.approx(140 / 0.9)
    assert length(course={"missed": 0.1, "cancelled": 0.1}) == pytest.approx(140 / 0.81)


def test_those_who_travel_miss_more_unless_the_helper_comes():
    """Two hours away, 5 % an hour: 90 % come; with half of the appointments at home 95 %."""
    travelling = {"course": {"missed": 0.2, "missed_per_hour": 0.05}, "travel": 2.0}
    assert length(**travelling) == pytest.approx(140 / 0.8 / 0.9)
    half = travelling["course"] | {"outreach": 0.5}
    assert length(course=half, travel=2.0) == pytest.approx(140 / 0.8 / 0.95)
    assert length(course=half | {"outreach": 1.0}, travel=2.0) == length(course={"missed": 0.2})
    assert length(course={"missed_per_hour": 1.0}, travel=20.0) == pytest.approx(140 / LEAST_KEPT), "some always come"


@pytest.mark.parametrize(
    ("law", "mean"),
    [
        ("6w", 42),
        ({"law": "uniform", "low": "2d", "high": "6d"}, 4),
        ({"law": "observed", "values": ["1d", "4d"]}, 2.5),
        ({"law": "observed", "values": ["1d", "4d"], "weights": [3.0, 1.0]}, 1.75),
    ],
)
def test_a_stated_length_has_the_mean_of_its_law(law, mean):
    assert length(course={"length": law, "sessions": None, "interval": None}) == mean


# Posts


def scenario(fte=10.0, stay="2y", recruit="120d", period=None, services=None, pool=None, **over):
    turnover = {"stay": {"law": "exponential", "mean": stay} if isinstance(stay, str) else stay, "recruit": recruit}
    clinic = {
        "staff": {"nurse": {"fte": fte, "turnover": turnover} | (pool or {})},
        "course": {"sessions": 10, "interval": "14d", "hours": 1.0},
    }
    return load(
        {
            "name": "posts",
            "period": {"start": START, "warmup": "1y", "length": "3y"} | (period or {}),
            "demand": {"needs": {"rate": "3/y", "to": "clinic"}},
            "services": {"clinic": clinic} | (services or {}),
        }
        | over
    )


def spared(fte=10.0, *laws, **over):
    """The same with a pool beside the nurses that can take their courses."""
    document = scenario(fte, *laws, **over).plain()
    document["services"]["clinic"]["staff"]["other"] = {"fte": 2.0}
    document["services"]["clinic"]["course"]["hours"] = [{"nurse": 1.0}, {"other": 1.0}]
    return load(document)


FIXED = {"law": "fixed", "mean": "100d"}


def supply(asked, seed=1, replication=0):
    return draw_supply(phases(asked), seed, replication)


def level(found, second, pool=0):
    """The capacity of a pool at a second, after all that happens in it."""
    return [capacity for at, number, capacity in found.capacity if number == pool and at <= second][-1]


def test_where_nobody_leaves_and_no_grant_ends_there_is_nothing_to_draw():
    assert supply(load("one_service")) == NONE == supply(load("murch2021"))


def test_every_post_of_the_norwegian_ladder_falls_vacant_and_is_filled_again():
    """In ten replications of seven years somebody leaves in every pool."""
    scenario = load("hamar")
    pools = {(row["service"], row["pool"]) for row in staffing(scenario)}
    found = [supply(scenario, replication=number) for number in range(10)]
    shape = phases(scenario)[0].shape
    left = {shape.pools[pool] for one in found for _, pool, _ in one.departures}
    assert {(shape.services[shape.places[place][1]], pool) for place, pool in left} == pools


def test_the_first_entries_stand_at_the_beginning_and_the_rest_only_where_something_changes():
    found = supply(scenario())
    assert found.capacity[0][:2] == (-YEAR, 0)
    assert [entry[:2] for entry in found.capacity] == sorted({entry[:2] for entry in found.capacity})
    values = [capacity for *_, capacity in found.capacity]
    assert all(before != after for before, after in pairwise(values))
    assert len(values) > 20
    assert set(values) <= {n * FULL for n in range(11)}
    assert found.capacity[-1][0] <= 3 * YEAR


def test_a_post_of_fixed_stays_and_delays_worked_by_hand():
    """100 days filled, 30 vacant, for ever; each departure takes the whole of the pool's courses."""
    found = supply(scenario(1.0, FIXED, "30d"))
    assert [capacity for *_, capacity in found.capacity[:4]] in ([0, FULL, 0, FULL], [FULL, 0, FULL, 0])
    for (before, _, capacity), (after, _, _) in pairwise(found.capacity[1:]):
        assert after - before == (100 if capacity else 30) * DAY
    assert [at for at, *_ in found.departures] == [at for at, _, capacity in found.capacity[1:] if not capacity]
    assert {share for *_, share in found.departures} == {ONE}
    assert -YEAR < found.capacity[1][0] <= -YEAR + 100 * DAY


@pytest.mark.parametrize("law", ["exponential", "gamma", "fixed"])
@pytest.mark.parametrize("recruit", ["60d", "1y"])
def test_the_filled_share_is_the_stay_over_stay_and_delay_at_every_moment(law, recruit):
    """10 posts, 200 replications, at the beginning, within the first year and at the end: four standard errors."""
    cv = {"cv": 0.5} if law == "gamma" else {}
    asked = scenario(10.0, {"law": law, "mean": "1y"} | cv, {"law": "gamma", "mean": recruit, "cv": 0.5})
    plans = phases(asked)
    found = [draw_supply(plans, 3, r) for r in range(200)]
    delay = 60 * DAY if recruit == "60d" else YEAR
    share = YEAR / (YEAR + delay)
    for second in (-YEAR, -YEAR + 45 * DAY, -YEAR // 2, 3 * YEAR):
        filled = np.asarray([level(one, second) / FULL for one in found])
        assert filled.mean() == pytest.approx(10 * share, abs=4 * np.sqrt(10 * share * (1 - share) / 200))
        assert filled.var() == pytest.approx(10 * share * (1 - share), rel=0.5), "posts are independent"


def test_departures_come_at_the_rate_of_filled_posts_over_the_mean_stay():
    """10 posts, filled 6/7 of the time, one year's stay: 8.57 departures a year."""
    plans = phases(scenario(10.0, "1y", f"{YEAR // 6}s"))
    number = [len(draw_supply(plans, 5, r).departures) / 4 for r in range(200)]
    assert np.mean(number) == pytest.approx(60 / 7, abs=4 * np.std(number) / np.sqrt(200))


def test_who_leaves_takes_its_part_of_the_filled_hundredths():
    """Posts of 1, 1 and 0.5: each departure's share is that post's over all filled just before, and the capacity follows."""
    for replication in range(20):
        found = supply(scenario(2.5, "200d", "100d"), replication=replication)
        for at, _, share in found.departures:
            before, after = level(found, at - 1), level(found, at)
            if before > after:  # nobody was hired in that very second
                assert share == (before - after) * ONE // before
                assert (before - after) in (FULL, FULL // 2)


def test_all_posts_filled_are_the_whole_capacity_of_the_plan():
    """Nothing is lost to rounding by post: 3.33 posts of 2014.5 minutes are the plan's 6708 and not 6711."""
    asked = scenario(3.33, "100y", "1s", pool={"child_share": 0.8953})
    plans = phases(asked)
    assert max(c for *_, c in draw_supply(plans, 1, 0).capacity) == plans[0].capacity[0]


def departures(found, pool=0):
    return {at for at, number, _ in found.departures if number == pool}


def test_more_posts_change_nobody_below():
    """Those who leave among the first four posts leave in the very same seconds among the first seven and a half."""
    few, more = supply(scenario(4.0)), supply(scenario(7.5))
    assert departures(few) < departures(more)
    for second in range(-YEAR, 3 * YEAR, 20 * DAY):
        assert level(few, second) <= level(more, second) <= level(few, second) + 3.5 * FULL


@pytest.mark.parametrize(
    "change",
    [
        "demand.needs.rate*=3",
        "clinic.course.sessions=20",
        "clinic.other.fte+=3",
        "clinic.nurse.turnover.breaks=0.5",
        "clinic.patience=30d",
        "clinic.nurse.turnover.recruit=30d@2029-06-01",
    ],
)
def test_what_is_changed_elsewhere_changes_no_post(change):
    """Common random numbers: the staffing of a proposal is that of the base, but for what the proposal is about."""
    base = spared()
    one, other = supply(base), supply(apply(base, change))
    until = seconds(date(2029, 6, 1), START) if "@" in change else 3 * YEAR
    assert [e for e in one.capacity if e[0] < until] == [e for e in other.capacity if e[0] < until]
    assert [e for e in one.departures if e[0] < until] == [e for e in other.departures if e[0] < until]


def test_a_longer_period_keeps_what_came_before():
    short, long = supply(scenario()), supply(scenario(period={"length": "6y"}))
    assert short.capacity == tuple(e for e in long.capacity if e[0] <= 3 * YEAR)
    assert short.departures == tuple(e for e in long.departures if e[0] <= 3 * YEAR)


def test_pools_areas_seeds_and_replications_are_independent():
    pools = {"areas": {"north": {"children": {}}, "south": {"children": {}}}}
    found = supply(scenario(**pools))
    assert departures(found, 0) != departures(found, 1)
    assert not departures(found, 0) & departures(found, 1)
    one = scenario()
    assert len({supply(one, seed, r).departures for seed in (1, 2) for r in range(3)}) == 6


# Posts that are added and cut


def changed(asked, *changes):
    return supply(apply(asked, *changes))


STEADY = {"law": "fixed", "mean": "90y"}
"""Practically nobody leaves."""


def test_an_added_post_stands_empty_until_somebody_is_hired():
    """Two posts and a third from the start date: 90 days later there are three."""
    found = changed(scenario(2.0, STEADY, "90d"), "clinic.nurse.fte+=1")
    assert [e for e in found.capacity if e[0] > -YEAR] == [(90 * DAY, 0, 3 * FULL)]
    assert level(found, 90 * DAY - 1) == 2 * FULL
    assert not found.departures


def test_a_larger_post_is_as_large_as_before_until_the_rest_is_hired():
    """1.5 posts become 2.2: the half grows to a whole post and a fifth is new, each after its own delay."""
    found = changed(scenario(1.5, STEADY, {"law": "exponential", "mean": "90d"}), "clinic.nurse.fte=2.2")
    after = [capacity for at, _, capacity in found.capacity if at > 0]
    assert level(found, 0) == 1.5 * FULL
    assert after in ([2 * FULL, 2.2 * FULL], [1.7 * FULL, 2.2 * FULL])


def test_a_helper_who_leaves_before_the_rest_of_the_post_is_hired_leaves_with_what_there_was():
    """A half post, 100 days at a time, becomes whole from the start date, the rest hired 1000 days later."""
    asked = scenario(0.5, FIXED, "1000d", period={"length": "10y"})
    asked = load(asked.plain() | {"changes": ({"set": "clinic.nurse.fte=1.0", "from": "start"},)})
    for replication in range(6):
        found = supply(asked, replication=replication)
        capacities = {capacity for at, _, capacity in found.capacity if at < 1000 * DAY}
        assert capacities <= {0, FULL // 2}
        assert {capacity for at, _, capacity in found.capacity if at >= 1000 * DAY} <= {0, FULL, FULL // 2}
        assert FULL in {capacity for at, _, capacity in found.capacity if at >= 1000 * DAY}


def test_a_cut_takes_the_last_posts_at_once_and_no_helper_leaves_for_it():
    """From 3 posts to 1.4 on a date: the second becomes 0.4, the third goes."""
    found = changed(scenario(3.0, STEADY, "90d"), "clinic.nurse.fte=1.4@2027-06-01")
    assert [e for e in found.capacity if e[0] > -YEAR] == [(seconds(date(2027, 6, 1), START), 0, 1.4 * FULL)]
    assert not found.departures


def test_a_post_cut_and_added_again_is_hired_for_again():
    found = changed(scenario(2.0, STEADY, "90d"), "clinic.nurse.fte=1@2027-06-01", "clinic.nurse.fte=2@2027-09-01")
    cut, again = (seconds(date(2027, month, 1), START) for month in (6, 9))
    assert [e for e in found.capacity if e[0] > -YEAR] == [(cut, 0, FULL), (again + 90 * DAY, 0, 2 * FULL)]


def test_a_service_that_opens_must_find_all_its_people_unless_it_is_open_from_the_beginning():
    opens = scenario(2.0, STEADY, "90d", services=None).plain()
    opens["services"]["clinic"]["opens"] = "2027-03-01"
    found = supply(load(opens))
    assert found.capacity == ((-YEAR, 0, 0), (seconds(date(2027, 3, 1), START) + 90 * DAY, 0, 2 * FULL))
    assert not found.departures
    opens["services"]["clinic"]["opens"] = "2020-03-01"
    assert supply(load(opens)) == supply(scenario(2.0, STEADY, "90d"))


def test_a_service_that_closes_has_nobody_from_that_day():
    closes = scenario(3.0, "200d", "90d").plain()
    closes["services"]["clinic"]["closes"] = "2027-03-01"
    found, day = supply(load(closes)), seconds(date(2027, 3, 1), START)
    assert found.capacity[-1] == (day, 0, 0)
    assert all(at < day for at, *_ in found.departures)
    open_all_along = supply(scenario(3.0, "200d", "90d"))
    assert [e for e in found.capacity if e[0] < day] == [e for e in open_all_along.capacity if e[0] < day]


def test_turnover_that_begins_on_a_date_finds_the_posts_as_they_are_met_at_any_moment():
    """All are filled until the date; from then on the share of those filled is that of the long run."""
    document = scenario(10.0).plain()
    document["services"]["clinic"]["staff"]["nurse"] = {"fte": 10.0}
    first, second = phases(load(document))[0], phases(scenario(10.0, "1y", "1y"))[0]
    plans = (first, replace(second, at=0))
    found = [draw_supply(plans, 1, r) for r in range(100)]
    assert {level(one, -1) for one in found} == {10 * FULL}
    assert np.mean([level(one, 0) for one in found]) / FULL == pytest.approx(5, abs=4 * np.sqrt(2.5 / 100))


@given(sizes=some.lists(some.integers(0, 400), min_size=2, max_size=5), seed=some.integers(0, 100))
@settings(max_examples=40, derandomize=True, deadline=None)
def test_capacity_never_passes_the_plan_s_and_is_never_below_nothing(sizes, seed):
    """Whatever posts are added and cut, and whoever leaves meanwhile."""
    changes = [f"clinic.nurse.fte={size / 100}@2027-0{month + 3}-01" for month, size in enumerate(sizes)]
    plans = phases(apply(spared(2.5, "100d", "60d", period={"warmup": "0d", "length": "1y"}), *changes))
    found = draw_supply(plans, seed, 0)
    for at, pool, capacity in found.capacity:
        plan = [plan for plan in plans if plan.at <= at][-1]
        assert 0 <= capacity <= plan.capacity[pool]
    assert all(0 < share <= ONE for *_, share in found.departures)


# Labour markets


def hiring(hires, bup=0.0, team=4.0, stay="1y", length="3y"):
    """A municipality and a BUP that hire from one market."""
    stay = {"law": "exponential", "mean": stay} if isinstance(stay, str) else stay
    turnover = {"stay": stay, "market": "psychologists"}
    course = {"sessions": 10, "interval": "14d", "hours": 0.1}
    return load(
        {
            "name": "market",
            "period": {"start": START, "warmup": "1y", "length": length},
            "demand": {"needs": {"rate": "3/y", "to": "team"}, "others": {"rate": "3/y", "to": "bup"}},
            "labour_markets": {"psychologists": {"hires": hires}},
            "services": {
                "team": {"staff": {"psychologist": {"fte": team, "turnover": turnover}}, "course": course},
                "bup": {"staff": {"psychologist": {"fte": bup, "turnover": turnover}, "other": {"fte": 1.0}},
                        "course": course | {"hours": [{"other": 1.0}, {"psychologist": 1.0}]}},
            },
        }
    )  # fmt: skip


def drawn(asked, replications):
    plans = phases(asked)
    return [draw_supply(plans, 7, replication) for replication in range(replications)]


def filled(supplies, second, pool=0):
    return np.asarray([level(found, second, pool) / FULL for found in supplies])


@pytest.mark.parametrize("law", ["exponential", "fixed"])
@pytest.mark.parametrize("hires", [3, 6, 12])
def test_the_number_vacant_in_a_market_follows_the_closed_network_it_is(law, hires):
    """6 posts of one year's stay: P(n vacant) is 6!/(6 - n)! over hires^n, at the beginning, amid and at the end.

    Of a machine shop with one repairman, whatever the law of the machines' lives.
    """
    asked = hiring(f"{hires}/y", team=6.0, stay={"law": law, "mean": "1y"})
    law_of_vacant = np.asarray([factorial(6) / factorial(6 - n) / hires**n for n in range(7)])
    law_of_vacant /= law_of_vacant.sum()
    mean = 6 - law_of_vacant @ np.arange(7)
    spread = np.sqrt(law_of_vacant @ np.arange(7) ** 2 - (6 - mean) ** 2)
    supplies = drawn(asked, 400)
    for second in (-YEAR, -YEAR + 100 * DAY, 3 * YEAR):
        seen = filled(supplies, second)
        assert seen.mean() == pytest.approx(mean, abs=4 * spread / 20)
        assert seen.std() == pytest.approx(spread, rel=0.2)


def test_a_market_is_in_its_long_run_from_the_beginning_where_stays_differ():
    """Posts of half a year's stay beside posts of three years': the mean filled of each does not drift."""
    asked = hiring("3/y", bup=5.0, team=5.0, stay="3y").plain()
    asked["services"]["bup"]["staff"]["psychologist"]["turnover"]["stay"] = "0.5y"
    supplies = drawn(load(asked), 400)
    for pool in (0, 1):
        first, last = (filled(supplies, second, pool) for second in (-YEAR, 3 * YEAR))
        error = np.sqrt((first.var() + last.var()) / 400)
        assert first.mean() == pytest.approx(last.mean(), abs=4 * error)
    assert filled(supplies, 0, 0).mean() > filled(supplies, 0, 1).mean() + 1


def test_more_posts_at_bup_leave_the_municipality_s_vacant_for_longer():
    """One queue for all: with 4, 12 and 24 posts to fill from the same 6 a year, fewer of the municipality's are filled."""
    shares = [filled(drawn(hiring("6/y", bup), 200), YEAR).mean() for bup in (0.0, 8.0, 20.0)]
    assert shares[0] > shares[1] + 0.3 > shares[2] + 0.6


def test_the_longest_vacant_post_is_filled_first():
    """Each hire goes to the pool whose vacancy is oldest, and to nobody where there is none."""
    asked = hiring("8/y", bup=6.0, team=6.0)
    for replication in range(20):
        found = supply(asked, replication=replication)
        known = {pool: level(found, -YEAR, pool) for pool in (0, 1)}
        queue = []
        old = sum(6 - known[pool] // FULL for pool in (0, 1))
        for at, pool, capacity in found.capacity:
            if pool > 1 or at == -YEAR:
                continue
            queue += [pool] * max(0, (known[pool] - capacity) // FULL)
            for _ in range(max(0, (capacity - known[pool]) // FULL)):
                if old:
                    old -= 1  # vacant since before the beginning, in whatever order
                else:
                    assert queue.pop(0) == pool
            known[pool] = capacity


def test_a_market_nobody_comes_to_fills_nothing():
    plan = phases(hiring("5/y", bup=3.0))[0]
    found = draw_supply((replace(plan, shape=replace(plan.shape, markets=(0,))),), 1, 0)
    assert {capacity for _, pool, capacity in found.capacity if pool < 2} == {0}
    assert not found.departures


def test_posts_that_turn_to_a_market_on_a_date_are_hired_from_it_and_the_other_way_round():
    """Half of 40 posts stand vacant with nobody in sight until the start date; within a year a market fills them all.

    And vacancies of a market that nobody comes to are filled, 30 days on, once the service hires by itself.
    """
    market = phases(hiring("200/y", team=40.0, stay=STEADY))[0]
    post = market.posts[0]
    alone = replace(market, posts=(replace(post, market=-1, recruit=post.stay), *market.posts[1:]))
    found = draw_supply((alone, replace(market, at=0)), 1, 0)
    assert level(found, -1) < 30 * FULL
    assert level(found, YEAR) >= 39 * FULL
    idle = replace(market, shape=replace(market.shape, markets=(0,)))
    quick = replace(post, market=-1, recruit=table(Law(mean="30d")))
    found = draw_supply((idle, replace(idle, at=0, posts=(quick, *idle.posts[1:]))), 1, 0)
    assert found.capacity[0] == (-YEAR, 0, 0)
    assert [entry for entry in found.capacity if entry[1] == 0][1] == (30 * DAY, 0, 40 * FULL)


def test_posts_without_turnover_are_left_to_the_plan():
    assert {pool for _, pool, _ in supply(hiring("3/y", bup=2.0)).capacity} == {0, 1}


# Grants


def granted(until="2028-03-01", ends=1.0, length="6y", areas=None):
    clinic = {"places": 3, "course": {"length": "3d"}, "grant": {"until": until, "ends": ends}}
    return load(
        {
            "name": "grant",
            "period": {"start": START, "warmup": "1y", "length": length},
            "demand": {"needs": {"rate": "3/y", "to": "clinic"}},
            "areas": areas or {"here": {}},
            "services": {"clinic": clinic},
        }
    )


def ended(asked, **more):
    return [(day_of(second, START), place) for second, place in supply(asked, **more).ends]


def test_a_grant_ends_on_its_day_or_never():
    assert ended(granted()) == [(date(2028, 3, 1), 0)]
    assert ended(granted(ends=0.0)) == []
    assert ended(granted(until="2040-03-01")) == [], "beyond the period"
    assert ended(granted(until="2020-03-01")) == [(date(2026, 3, 1), 0)], "the first such day within the run, warm-up and all"


def test_a_grant_that_may_be_renewed_is_drawn_every_year_on_the_same_day():
    """A quarter end each year: 400 replications of five days, within four standard errors; once ended there is no more."""
    plans = phases(granted("2028-02-29", 0.25))
    found = [draw_supply(plans, 1, r).ends for r in range(400)]
    assert all(len(ends) <= 1 for ends in found)
    days = [day_of(ends[0][0], START) for ends in found if ends]
    left = 400
    for day in (date(2028, 2, 29), date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28), date(2032, 2, 29)):
        assert days.count(day) == pytest.approx(left / 4, abs=4 * np.sqrt(left * 3 / 16))
        left -= days.count(day)
    assert left == 400 - len(days)


def test_places_have_grants_of_their_own_and_a_likelier_end_is_never_later():
    areas = {name: {} for name in ("north", "south", "east", "west")}
    rare, likely = (dict(reversed(e) for e in supply(granted(ends=p, areas=areas)).ends) for p in (0.2, 0.5))
    assert len(set(likely.values())) > 1, "not all on one day"
    assert rare.keys() <= likely.keys()
    assert all(likely[place] <= rare[place] for place in rare)
    alone = {"east": {}, "north": {}}
    assert dict(reversed(e) for e in supply(granted(ends=0.5, areas=alone)).ends).get(0) == likely.get(2)


def test_a_grant_made_safe_on_a_date_can_no_longer_end():
    safe = apply(granted(ends=0.5), "clinic.grant=none@2028-02-01")
    assert {tuple(ended(safe, replication=r)) for r in range(20)} == {()}


# The same everywhere


def test_the_same_staffing_in_any_process_and_with_any_hash_seed():
    said = "repr((supply(hiring('5/y', 6.0)), supply(scenario()), supply(granted(ends=0.3))))"
    code = f"from test_supply import granted, hiring, scenario, supply; print({said})"
    here = repr((supply(hiring("5/y", 6.0)), supply(scenario()), supply(granted(ends=0.3))))
    for hash_seed in ("0", "7"):
        paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": paths}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
        assert done.stdout.strip() == here


# Read off the records


def nobody():
    none = np.zeros(0, dtype=np.int64)
    return Cohort(none.astype(np.uint64), *[none] * 9)


def records(*changes):
    rows = [(second, Kind.CAPACITY, -1, pool, 0, second, second, capacity, -1) for second, pool, capacity in changes]
    return Log(np.asarray(rows, dtype=np.int64).reshape(-1, 9))


def test_capacity_is_read_from_the_records_and_not_from_the_plan():
    """10 posts; from the beginning 8, half a year on 10, a year on 4: over three years 8 x 1/6 + 10 x 1/6 + 4 x 2/3."""
    plans = phases(scenario(10.0))
    log = records((-YEAR, 0, 8 * FULL), (YEAR // 2, 0, 10 * FULL), (YEAR, 0, 4 * FULL))
    view = View(plans, nobody(), log)
    assert view.hours[1][0] == pytest.approx((8 / 6 + 10 / 6 + 4 * 2 / 3) * 37.5, rel=1e-6)
    series = fold(plans, nobody(), log).series[:, 0, SERIES.index("capacity")] / 37.5
    points = np.arange(len(series)) * WEEK - YEAR // WEEK * WEEK
    assert series.tolist() == np.select([points >= YEAR, points >= YEAR // 2], [4.0, 10.0], 8.0).tolist()


def test_without_a_record_the_first_plan_s_capacity_holds():
    """A phase that changes capacity says so in a record: the plan alone is not asked."""
    plans = phases(apply(scenario(10.0), "clinic.nurse.fte=5"))
    assert View(plans, nobody(), records()).hours[1][0] == pytest.approx(375)
    assert View(plans, nobody(), records((0, 0, 5 * FULL))).hours[1][0] == pytest.approx(187.5)


def test_supply_written_as_records_is_the_supply_drawn():
    """The mean of what the records say is that of the steps drawn."""
    plans = phases(scenario(10.0))
    found = draw_supply(plans, 1, 0)
    steps = [(max(0, at), capacity) for at, _, capacity in found.capacity]
    ends = [at for at, _ in steps[1:]] + [3 * YEAR + 1]
    mean = sum(capacity * (end - at) for (at, capacity), end in zip(steps, ends, strict=True)) / (3 * YEAR + 1) / 60
    assert View(plans, nobody(), records(*found.capacity)).hours[1][0] == pytest.approx(mean)


def test_everything_that_takes_a_child_off_a_list_is_off_it():
    """One record of each kind: of those that also happen in review, only from the list."""
    plans = phases(scenario())
    kinds = [
        *((kind, 0) for kind in (Kind.STARTED, Kind.GAVE_UP, Kind.REFUSED, Kind.OVERFLOWED, Kind.BALKED, Kind.SWITCHED)),
        *((kind, detail) for kind in (Kind.WITHDREW, Kind.AGED_OUT) for detail in (0, 1)),
        (Kind.JOINED, 0),
        (Kind.RAISED, 1),
    ]
    rows = [(second, kind, 0, 0, 1, 0, 0, detail, 0) for second, (kind, detail) in enumerate(kinds)]
    one = np.zeros(1, dtype=np.int64)
    view = View(plans, Cohort(one.astype(np.uint64), *[one] * 9), Log(np.asarray(rows, dtype=np.int64)))
    assert sorted(int(second) for log in view.off_list(0) for second in log.time) == [0, 1, 2, 3, 4, 5, 6, 8]
