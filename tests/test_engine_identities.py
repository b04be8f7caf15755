"""The engine: timelines worked out by hand, who may influence whom, the same bytes everywhere, and identities of any ladder."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.load import load
from scenarios.units import DAY, YEAR
from sim.build import phases
from sim.children import NO_AGE, NO_BAND, Cohort
from sim.cohort import draw_cohort
from sim.draws import draw, stream
from sim.engine import simulate
from sim.fold import Folding
from sim.identities import IdentityError, check
from sim.laws import UNIT, clock_table, hazard, look_up
from sim.records import COLUMNS, Kind, Log
from sim.replicate import run

TIME, KIND, CHILD, PLACE = (COLUMNS.index(name) for name in ("time", "kind", "child", "place"))
POOLED = (Kind.OVERLOADED, Kind.CAPACITY)
"""Kinds whose place is a pool."""


def ladder(services, length="2000s", **more):
    """A scenario of these services; the demand is only there to be replaced by children of our own."""
    first = next(iter(services))
    data = {"name": "by hand", "period": {"start": "2027-01-04", "length": length}, "services": services}
    return load(data | {"demand": {"children": {"rate": "1/y", "to": first}}} | more)


def these(scenario, *children, keys=None):
    """A cohort by hand, of (second, need, service) each, in order of time; without a service the child seeks a door."""
    plan = phases(scenario)[0]
    size = len(children)
    needs, services = plan.needs.names, plan.shape.services
    whole = {"area": 0, "band": NO_BAND, "born": NO_AGE, "stream": 0, "group": -1, "waited": 0}
    return Cohort(
        key=np.asarray(keys or range(1, size + 1), dtype=np.uint64),
        time=np.asarray([second for second, _, _ in children], dtype=np.int64),
        need=np.asarray([needs.index(need) for _, need, _ in children], dtype=np.int64),
        to=np.asarray([services.index(to) if to else -1 for _, _, to in children], dtype=np.int64),
        **{name: np.full(size, value, dtype=np.int64) for name, value in whole.items()},
    )


def story(scenario, cohort):
    """What happens: (second, kind, child, place) of every record. The identities are checked on the way."""
    plans = phases(scenario)
    trajectory = simulate(plans, cohort)
    check(plans, trajectory)
    return [(int(r[TIME]), Kind(r[KIND]).name.lower(), int(r[CHILD]), _where(plans[0].shape, r)) for r in trajectory.log.rows]


def _where(shape, row):
    if row[PLACE] < 0:
        return ""
    if row[KIND] in POOLED:
        place, pool = shape.pools[row[PLACE]]
        return f"{shape.services[shape.places[place][1]]}.{pool}"
    return shape.services[shape.places[row[PLACE]][1]]


def coming(second, child, place="clinic"):
    """The two records of a child who arises and joins a list."""
    return [(second, "arose", child, ""), (second, "joined", child, place)]


def going(second, child, place="clinic"):
    """The two records of a child whose course ends and who is done."""
    return [(second, "ended", child, place), (second, "left", child, "")]


def without_arrivals(told):
    return [record for record in told if record[1] not in ("arose", "joined")]


# Timelines of a few children, worked out by hand


def test_one_place_takes_the_first_who_came():
    """Three children at 0, 10 and 20 for one place, courses of 100 seconds: one after the other."""
    scenario = ladder({"clinic": {"places": 1, "course": {"length": "100s"}}})
    assert story(scenario, these(scenario, *((t, "need", "clinic") for t in (0, 10, 20)))) == [
        (0, "arose", 0, ""),
        (0, "joined", 0, "clinic"),
        (0, "started", 0, "clinic"),
        (10, "arose", 1, ""),
        (10, "joined", 1, "clinic"),
        (20, "arose", 2, ""),
        (20, "joined", 2, "clinic"),
        (100, "ended", 0, "clinic"),
        (100, "left", 0, ""),
        (100, "started", 1, "clinic"),
        (200, "ended", 1, "clinic"),
        (200, "left", 1, ""),
        (200, "started", 2, "clinic"),
        (300, "ended", 2, "clinic"),
        (300, "left", 2, ""),
    ]


def test_children_of_one_second_start_in_order_of_their_number_once_all_have_come():
    """Three in one second, two places: all join before anybody starts; the third waits."""
    scenario = ladder({"clinic": {"places": 2, "course": {"length": "100s"}}})
    assert story(scenario, these(scenario, *((5, "need", "clinic") for _ in range(3)))) == [
        *coming(5, 0),
        *coming(5, 1),
        *coming(5, 2),
        (5, "started", 0, "clinic"),
        (5, "started", 1, "clinic"),
        *going(105, 0),
        *going(105, 1),
        (105, "started", 2, "clinic"),
        *going(205, 2),
    ]


SEVERE_LAST = {"mild": {"severity": "mild"}, "severe": {"severity": "severe"}}


@pytest.mark.parametrize(("order", "second", "third"), [("first_come", 1, 2), ("severity", 2, 1)])
def test_a_list_by_severity_calls_the_severe_first(order, second, third):
    """A mild child at 10 and a severe one at 20 wait for the place of a mild one, whose course is not broken off."""
    scenario = ladder(
        {"clinic": {"places": 1, "waiting_list": {"order": order}, "course": {"length": "100s"}}}, needs=SEVERE_LAST
    )
    cohort = these(scenario, (0, "mild", "clinic"), (10, "mild", "clinic"), (20, "severe", "clinic"))
    assert without_arrivals(story(scenario, cohort)) == [
        (0, "started", 0, "clinic"),
        *going(100, 0),
        (100, "started", second, "clinic"),
        *going(200, second),
        (200, "started", third, "clinic"),
        *going(300, third),
    ]


def test_a_list_of_no_length_refuses_at_once_whoever_finds_no_place():
    """The second child finds the place taken and goes; the third finds it free. At the second of an end it is free."""
    scenario = ladder({"clinic": {"places": 1, "waiting_list": {"length": 0}, "course": {"length": "100s"}}})
    assert story(scenario, these(scenario, *((t, "need", "clinic") for t in (0, 10, 100)))) == [
        *coming(0, 0),
        (0, "started", 0, "clinic"),
        *coming(10, 1),
        (10, "refused", 1, "clinic"),
        (10, "left", 1, ""),
        *going(100, 0),
        *coming(100, 2),
        (100, "started", 2, "clinic"),
        *going(200, 2),
    ]


def test_a_list_of_length_one_refuses_the_last_who_came():
    scenario = ladder({"clinic": {"places": 1, "waiting_list": {"length": 1}, "course": {"length": "100s"}}})
    assert without_arrivals(story(scenario, these(scenario, *((t, "need", "clinic") for t in (0, 10, 20))))) == [
        (0, "started", 0, "clinic"),
        (20, "refused", 2, "clinic"),
        (20, "left", 2, ""),
        *going(100, 0),
        (100, "started", 1, "clinic"),
        *going(200, 1),
    ]


def test_an_urgent_child_starts_over_capacity_and_that_is_written_down():
    """Handed over as urgent at 20 into a full service: overload. The next ordinary start waits until both are done."""
    scenario = ladder(
        {
            "ward": {
                "places": "endless",
                "course": {"length": "10s"},
                "routes": [{"to": "clinic", "urgent": True, "delay": "5s"}],
            },
            "clinic": {"places": 1, "course": {"length": "100s"}},
        },
        demand={"a": {"rate": "1/y", "to": "clinic"}, "b": {"rate": "1/y", "to": "ward"}},
    )
    cohort = these(scenario, (0, "need", "clinic"), (5, "need", "ward"), (30, "need", "clinic"))
    assert story(scenario, cohort) == [
        *coming(0, 0),
        (0, "started", 0, "clinic"),
        *coming(5, 1, "ward"),
        (5, "started", 1, "ward"),
        (15, "ended", 1, "ward"),
        (15, "handed_over", 1, "clinic"),
        (20, "joined", 1, "clinic"),
        (20, "started", 1, "clinic"),
        (20, "overloaded", 1, "clinic.places"),
        *coming(30, 2),
        *going(100, 0),
        *going(120, 1),
        (120, "started", 2, "clinic"),
        *going(220, 2),
    ]


def test_a_post_cut_throws_nobody_out_and_lets_nobody_new_in():
    """Hours for two; from the third day for one. Both courses run on, overload is written once, the third waits for both."""
    staff = {"worker": {"fte": 2, "weekly_hours": 10}}
    clinic = {"staff": staff, "course": {"length": "10d", "hours": 10}}
    scenario = apply(ladder({"clinic": clinic}, length="30d"), "clinic.worker.fte=1@2027-01-06")
    assert story(scenario, these(scenario, *((t, "need", "clinic") for t in (0, 3600, 7200)))) == [
        *coming(0, 0),
        (0, "started", 0, "clinic"),
        *coming(3600, 1),
        (3600, "started", 1, "clinic"),
        *coming(7200, 2),
        (2 * DAY, "capacity", -1, "clinic.worker"),
        (2 * DAY, "overloaded", -1, "clinic.worker"),
        *going(10 * DAY, 0),
        *going(10 * DAY + 3600, 1),
        (10 * DAY + 3600, "started", 2, "clinic"),
        *going(20 * DAY + 3600, 2),
    ]


def test_a_post_added_lets_the_next_in_at_its_date():
    """One more post from the third day: the second child starts then, at midnight."""
    clinic = {"staff": {"worker": {"fte": 1, "weekly_hours": 10}}, "course": {"length": "10d", "hours": 10}}
    scenario = apply(ladder({"clinic": clinic}, length="30d"), "clinic.worker.fte+=1@2027-01-06")
    assert without_arrivals(story(scenario, these(scenario, (0, "need", "clinic"), (3600, "need", "clinic")))) == [
        (0, "started", 0, "clinic"),
        (2 * DAY, "capacity", -1, "clinic.worker"),
        (2 * DAY, "started", 1, "clinic"),
        *going(10 * DAY, 0),
        *going(12 * DAY, 1),
    ]


def test_a_course_that_runs_keeps_its_terms_when_they_change():
    """From the third day courses take 20 days and half the hours: one under way keeps its ten and gives back what it took."""
    clinic = {"staff": {"worker": {"fte": 1, "weekly_hours": 10}}, "course": {"length": "10d", "hours": {"worker": 10}}}
    scenario = apply(
        ladder({"clinic": clinic}, length="60d"),
        "clinic.course.hours[0].worker=5@2027-01-06",
        "clinic.course.length=20d@2027-01-06",
    )
    cohort = these(scenario, (0, "need", "clinic"), (3600, "need", "clinic"), (7200, "need", "clinic"))
    assert without_arrivals(story(scenario, cohort)) == [
        (0, "started", 0, "clinic"),
        *going(10 * DAY, 0),
        (10 * DAY, "started", 1, "clinic"),
        (10 * DAY, "started", 2, "clinic"),
        *going(30 * DAY, 1),
        *going(30 * DAY, 2),
    ]


def test_a_handover_takes_its_time_and_the_child_then_waits_its_turn():
    """Courses of 100 at the first service, 30 seconds on the way, courses of 250 at the second."""
    scenario = ladder(
        {
            "first": {"places": 1, "course": {"length": "100s"}, "routes": [{"to": "second", "delay": "30s"}]},
            "second": {"places": 1, "course": {"length": "250s"}},
        }
    )
    assert story(scenario, these(scenario, *((t, "need", "first") for t in (0, 10, 20)))) == [
        *coming(0, 0, "first"),
        (0, "started", 0, "first"),
        *coming(10, 1, "first"),
        *coming(20, 2, "first"),
        (100, "ended", 0, "first"),
        (100, "handed_over", 0, "second"),
        (100, "started", 1, "first"),
        (130, "joined", 0, "second"),
        (130, "started", 0, "second"),
        (200, "ended", 1, "first"),
        (200, "handed_over", 1, "second"),
        (200, "started", 2, "first"),
        (230, "joined", 1, "second"),
        (300, "ended", 2, "first"),
        (300, "handed_over", 2, "second"),
        (330, "joined", 2, "second"),
        *going(380, 0, "second"),
        (380, "started", 1, "second"),
        *going(630, 1, "second"),
        (630, "started", 2, "second"),
        *going(880, 2, "second"),
    ]


def test_a_referral_is_decided_after_its_review_and_a_rejected_child_goes_where_the_route_says():
    """Red is accepted for certain, yellow never. The accepted may be called in a second after the decision."""
    scenario = ladder(
        {
            "clinic": {
                "step": "red",
                "places": 1,
                "intake": {"review": "60s", "accept": {"red": 1.0, "yellow": 0.0}},
                "course": {"length": "100s"},
                "routes": [{"to": "school", "after": "rejected", "delay": "5s"}],
            },
            "school": {"step": "yellow", "places": "endless", "course": {"length": "40s"}},
        },
        needs={"red": {"step": "red"}, "yellow": {"step": "yellow"}},
    )
    cohort = these(scenario, (0, "red", "clinic"), (10, "yellow", "clinic"), (20, "red", "clinic"))
    assert story(scenario, cohort) == [
        (0, "arose", 0, ""),
        (0, "referred", 0, "clinic"),
        (10, "arose", 1, ""),
        (10, "referred", 1, "clinic"),
        (20, "arose", 2, ""),
        (20, "referred", 2, "clinic"),
        (60, "accepted", 0, "clinic"),
        (60, "joined", 0, "clinic"),
        (61, "started", 0, "clinic"),
        (70, "rejected", 1, "clinic"),
        (70, "handed_over", 1, "school"),
        (75, "joined", 1, "school"),
        (75, "started", 1, "school"),
        (80, "accepted", 2, "clinic"),
        (80, "joined", 2, "clinic"),
        *going(115, 1, "school"),
        *going(161, 0),
        (161, "started", 2, "clinic"),
        *going(261, 2),
    ]


def test_a_broken_deadline_leads_to_another_provider():
    """Deadlines of 100 seconds: the second child's last one is 110; it passes, and 20 seconds later another provider has it."""
    scenario = ladder(
        {
            "clinic": {
                "places": 1,
                "waiting_list": {"order": "deadline"},
                "deadline": {"by_severity": {"moderate": "100s"}, "overflow": {"to": "other", "price": 1000, "delay": "20s"}},
                "course": {"length": "300s"},
            },
            "other": {"places": "endless", "course": {"length": "50s"}},
        }
    )
    cohort = these(scenario, (0, "need", "clinic"), (10, "need", "clinic"), (250, "need", "clinic"))
    assert story(scenario, cohort) == [
        *coming(0, 0),
        (0, "started", 0, "clinic"),
        *coming(10, 1),
        (111, "breached", 1, "clinic"),
        (131, "overflowed", 1, "clinic"),
        (131, "joined", 1, "other"),
        (131, "started", 1, "other"),
        *going(181, 1, "other"),
        *coming(250, 2),
        *going(300, 0),
        (300, "started", 2, "clinic"),
        *going(600, 2),
    ]


def ringing_after(seconds, purpose, rate):
    """A key whose clock of a hazard (a year) rings after so many seconds: found by the definition of clocks and draws."""
    per_second = hazard(rate)
    for key in range(100, 100_000):
        threshold = look_up(clock_table(), draw(key, stream(purpose), 0))
        if -(-threshold // per_second) == seconds:
            return key
    raise AssertionError(f"no key below 100 000 rings after {seconds}")


def test_a_need_that_passes_takes_the_child_off_the_list():
    """A mean of 100 seconds; the second child's clock runs 40. It leaves at 50, and the third is next."""
    scenario = ladder(
        {"clinic": {"places": 1, "course": {"length": "100s"}}}, needs={"lasting": {}, "fleeting": {"remission": "0.01/s"}}
    )
    keys = [1, ringing_after(40, "remission", 0.01 * YEAR), 3]
    cohort = these(scenario, (0, "lasting", "clinic"), (10, "fleeting", "clinic"), (20, "lasting", "clinic"), keys=keys)
    assert story(scenario, cohort) == [
        *coming(0, 0),
        (0, "started", 0, "clinic"),
        *coming(10, 1),
        *coming(20, 2),
        (50, "remitted", 1, ""),
        (50, "withdrew", 1, "clinic"),
        (50, "left", 1, ""),
        *going(100, 0),
        (100, "started", 2, "clinic"),
        *going(200, 2),
    ]


def test_clocks_stand_still_during_a_course_and_run_on_after_it():
    """The clock of 40 seconds runs 10 on the list, stands for a course of 100, and has 30 left when it is over."""
    scenario = ladder(
        {"clinic": {"places": 1, "course": {"length": "100s"}, "outcomes": {"matched": {"unchanged": 1.0}}}},
        needs={"lasting": {}, "fleeting": {"remission": "0.01/s"}},
    )
    keys = [1, ringing_after(40, "remission", 0.01 * YEAR)]
    told = story(scenario, these(scenario, (0, "lasting", "clinic"), (90, "fleeting", "clinic"), keys=keys))
    assert [record for record in told if record[2] == 1] == [
        *coming(90, 1),
        (100, "started", 1, "clinic"),
        (200, "ended", 1, "clinic"),
        (200, "without_help", 1, ""),
        (230, "remitted", 1, ""),
        (230, "left", 1, ""),
    ]


def test_a_child_who_worsens_moves_up_a_list_by_severity():
    """The mild child of second 10 is severe from 50 on, and passes the moderate one of second 20."""
    scenario = ladder(
        {"clinic": {"places": 1, "waiting_list": {"order": "severity"}, "course": {"length": "100s"}}},
        needs={
            "severe": {"severity": "severe"},
            "moderate": {"severity": "moderate"},
            "mild": {"severity": "mild", "worsening": "0.01/s", "worsens_to": "severe"},
        },
    )
    keys = [1, ringing_after(40, "worsening", 0.01 * YEAR), 3]
    cohort = these(scenario, (0, "severe", "clinic"), (10, "mild", "clinic"), (20, "moderate", "clinic"), keys=keys)
    assert story(scenario, cohort) == [
        *coming(0, 0),
        (0, "started", 0, "clinic"),
        *coming(10, 1),
        *coming(20, 2),
        (50, "worsened", 1, ""),
        *going(100, 0),
        (100, "started", 1, "clinic"),
        *going(200, 1),
        (200, "started", 2, "clinic"),
        *going(300, 2),
    ]


def test_impatient_children_go_before_a_place_that_is_free_in_the_same_second():
    """Patience of 90 seconds from second 10 runs out at 100, when the place becomes free: it goes to the next."""
    scenario = ladder({"clinic": {"places": 1, "patience": "90s", "course": {"length": "100s"}}})
    assert without_arrivals(story(scenario, these(scenario, *((t, "need", "clinic") for t in (0, 10, 20))))) == [
        (0, "started", 0, "clinic"),
        (100, "ended", 0, "clinic"),
        (100, "left", 0, ""),
        (100, "gave_up", 1, "clinic"),
        (100, "left", 1, ""),
        (100, "started", 2, "clinic"),
        *going(200, 2),
    ]


def test_two_services_that_share_a_pool_serve_by_weight_and_let_nobody_pass_who_needs_the_same_hours():
    """Hours for one course: the heavier-weighted service's child waits behind the other's, though it came first."""
    course = {"length": "10d", "hours": {"clinic.worker": 10}}
    scenario = ladder(
        {
            "clinic": {"staff": {"worker": {"fte": 1, "weekly_hours": 10}}, "course": course | {"hours": 10}},
            "group": {"weight": 1, "course": course},
        },
        length="60d",
        demand={"a": {"rate": "1/y", "to": "clinic"}, "b": {"rate": "1/y", "to": "group"}},
    )
    cohort = these(scenario, (0, "need", "clinic"), (10, "need", "group"), (20, "need", "clinic"))
    assert without_arrivals(story(scenario, cohort)) == [
        (0, "started", 0, "clinic"),
        *going(10 * DAY, 0),
        (10 * DAY, "started", 2, "clinic"),
        *going(20 * DAY, 2),
        (20 * DAY, "started", 1, "group"),
        *going(30 * DAY, 1, "group"),
    ]


def test_a_small_municipality_takes_hours_of_a_post_in_another_one():
    """One post for two areas: the first come of both stand in one order."""
    course = {"length": "10d", "hours": 10}
    small = {"staff": {"psychologist": None}, "course": {"hours": [{"big/clinic.psychologist": 10}]}}
    document = {
        "name": "two municipalities",
        "period": {"length": "60d"},
        "demand": {"all": {"per_1000": {"6-12": 1}, "to": "clinic"}},
        "services": {"clinic": {"staff": {"psychologist": {"fte": 1, "weekly_hours": 10}}, "course": course}},
        "areas": {"big": {"children": {"6-12": 500}}, "small": {"children": {"6-12": 200}, "services": {"clinic": small}}},
    }
    scenario = load(document)
    assert phases(scenario)[0].shape.groups == ((0, 1),)
    cohort = these(scenario, (0, "need", "clinic"), (10, "need", "clinic"), (20, "need", "clinic"))
    log = simulate(phases(scenario), replace(cohort, area=np.asarray([0, 1, 0]))).log.of(Kind.STARTED)
    started = zip((log.time // DAY).tolist(), log.child.tolist(), log.place.tolist(), strict=True)
    assert list(started) == [(0, 0, 0), (10, 1, 1), (20, 2, 0)]


@pytest.mark.parametrize(
    ("pool", "rule"),
    [
        ("bog/clinic.psychologist", '"bog" is not an area simulated in full; did you mean "big"?'),
        ("big/clinik.psychologist", 'there is no pool "big/clinik.psychologist"'),
    ],
)
def test_a_post_of_another_area_must_be_there(pool, rule):
    """Named with its area."""
    small = {"staff": {"psychologist": None}, "course": {"hours": [{pool: 1}]}}
    document = {
        "name": "two municipalities",
        "period": {"length": "60d"},
        "demand": {"all": {"per_1000": {"6-12": 1}, "to": "clinic"}},
        "services": {"clinic": {"staff": {"psychologist": {"fte": 1}}, "course": {"length": "10d", "hours": 1}}},
        "areas": {"big": {"children": {"6-12": 500}}, "small": {"children": {"6-12": 9}, "services": {"clinic": small}}},
    }
    with pytest.raises(TrinnError, match=re.escape(rule)):
        load(document)


def test_help_alongside_runs_beside_the_course_and_the_child_leaves_when_the_last_one_ends():
    """A course of 100 with help of 150 alongside: both start at 0, nothing follows from the first end."""
    scenario = ladder(
        {
            "clinic": {"places": 1, "course": {"length": "100s"}, "alongside": [{"to": "group"}]},
            "group": {"places": 1, "course": {"length": "150s"}},
        }
    )
    assert story(scenario, these(scenario, (0, "need", "clinic"))) == [
        *coming(0, 0),
        (0, "started", 0, "clinic"),
        (0, "joined", 0, "group"),
        (0, "started", 0, "group"),
        (100, "ended", 0, "clinic"),
        (150, "ended", 0, "group"),
        (150, "left", 0, ""),
    ]


def test_a_service_that_closes_sends_its_list_on_and_finishes_its_courses():
    """Closed from the third day: the one on the list goes to the other service, the one in a course stays in it."""
    scenario = apply(
        ladder(
            {
                "clinic": {
                    "places": 1,
                    "course": {"length": "10d"},
                    "routes": [{"to": "other", "after": "refused", "delay": "1h"}],
                },
                "other": {"places": "endless", "course": {"length": "1d"}},
            },
            length="30d",
        ),
        "clinic.open=false@2027-01-06",
    )
    cohort = these(scenario, (0, "need", "clinic"), (10, "need", "clinic"), (3 * DAY, "need", "clinic"))
    assert story(scenario, cohort) == [
        *coming(0, 0),
        (0, "started", 0, "clinic"),
        *coming(10, 1),
        (2 * DAY, "capacity", -1, "clinic.places"),
        (2 * DAY, "overloaded", -1, "clinic.places"),
        (2 * DAY, "refused", 1, "clinic"),
        (2 * DAY, "handed_over", 1, "other"),
        (2 * DAY + 3600, "joined", 1, "other"),
        (2 * DAY + 3600, "started", 1, "other"),
        (3 * DAY, "arose", 2, ""),
        (3 * DAY, "left", 2, ""),
        *going(3 * DAY + 3600, 1, "other"),
        *going(10 * DAY, 0),
    ]


def reviewed_clinic(**clinic):
    base = {"places": 1, "intake": {"review": "12h", "accept": {"green": 1.0}, "lead": "5d"}, "course": {"length": "1d"}}
    return ladder({"clinic": base | clinic}, length="30d")


@pytest.mark.parametrize("day", ["2027-01-05", "2027-01-07"])
def test_a_service_that_closes_lets_nobody_stay_under_review_or_before_the_first_appointment(day):
    """Accepted at noon of the first day, callable from the sixth; closed before: nobody is left inside at the end."""
    scenario = apply(reviewed_clinic(), f"clinic.open=false@{day}")
    second = 0 if day == "2027-01-07" else DAY - 3600  # under review when it closes, or waiting for the appointment
    told = story(scenario, these(scenario, (second, "need", "clinic")))
    assert any(kind in ("refused", "withdrew", "rejected", "gave_up") for _, kind, _, _ in told)


def test_a_full_list_refuses_who_joins_it_also_while_the_first_waits_for_the_appointment():
    """Length 1: the first is on the list from noon; who is accepted after that is refused in that second."""
    scenario = reviewed_clinic(waiting_list={"length": 1})
    told = story(scenario, these(scenario, (0, "need", "clinic"), (DAY, "need", "clinic"), (2 * DAY, "need", "clinic")))
    noon = DAY // 2
    assert [record for record in told if record[1] in ("refused", "started")] == [
        (DAY + noon, "refused", 1, "clinic"),
        (2 * DAY + noon, "refused", 2, "clinic"),
        (5 * DAY + noon, "started", 0, "clinic"),
    ]


# Faults found and not yet put right: each of these tests passes once its fault is gone, and then says so


def starts_and_more(told, *kinds):
    return [record for record in told if record[1] in ("started", *kinds)]


def test_a_list_whose_order_changes_is_put_in_the_new_order():
    """By severity from the third day: the severe child of second 10 is next, not the mild one who comes later."""
    clinic = {"places": 1, "course": {"length": "10d"}}
    scenario = apply(
        ladder({"clinic": clinic}, length="60d", needs=SEVERE_LAST), "clinic.waiting_list.order=severity@2027-01-06"
    )
    cohort = these(
        scenario, (0, "mild", "clinic"), (5, "mild", "clinic"), (10, "severe", "clinic"), (3 * DAY, "mild", "clinic")
    )
    assert starts_and_more(story(scenario, cohort)) == [
        (0, "started", 0, "clinic"),
        (10 * DAY, "started", 2, "clinic"),
        (20 * DAY, "started", 1, "clinic"),
        (30 * DAY, "started", 3, "clinic"),
    ]


def test_accepted_again_is_for_those_whom_this_service_rejected_before():
    """Rejected by the first clinic, and the first time at the second: ``accept_again`` of the second does not hold yet."""
    clinic = {"step": "red", "places": "endless", "course": {"length": "1s"}}
    no = {"review": "10s", "accept": {"red": 0.0}}
    scenario = ladder(
        {
            "first": clinic | {"intake": no, "routes": [{"to": "second", "after": "rejected", "delay": "5s"}]},
            "second": clinic | {"intake": no | {"accept_again": 1.0}},
        },
        needs={"red": {"step": "red"}},
    )
    assert story(scenario, these(scenario, (0, "red", "first")))[-2:] == [(25, "rejected", 0, "second"), (25, "left", 0, "")]


@pytest.mark.parametrize("rate", ["0/d", "0.0001/d", "0.4/d"])
def test_a_hazard_that_changes_at_a_date_runs_on_at_its_new_rate(rate):
    """Four units a day from the third day on: what is left of the threshold then is used up at that rate."""
    needs = {"fleeting": {"remission": rate}}
    waiting = ladder({"clinic": {"places": 0, "course": {"length": "1d"}}}, length="60d", needs=needs)
    scenario = apply(waiting, "needs.fleeting.remission=4/d@2027-01-06")
    units = {key: look_up(clock_table(), draw(key, stream("remission"), 0)) / UNIT for key in range(1, 50)}
    used = 2 * float(rate.removesuffix("/d"))
    key, threshold = next((key, units[key]) for key in units if 1 < units[key] < 1.5)
    told = story(scenario, these(scenario, (0, "fleeting", "clinic"), keys=[key]))
    remitted = [second for second, kind, _, _ in told if kind == "remitted"]
    assert remitted == [pytest.approx(2 * DAY + (threshold - used) / 4 * DAY, abs=5)]


def test_a_child_in_crisis_is_urgent_also_if_another_handover_was_faster():
    """Sent on at 20, in crisis at 25 and on the way as urgent for 50: on the list from 40, it starts at 75."""
    scenario = ladder(
        {
            "ward": {
                "places": "endless",
                "course": {"length": "10s"},
                "outcomes": {"matched": {"unchanged": 1.0}},
                "routes": [{"to": "clinic", "delay": "20s"}],
            },
            "clinic": {"places": 1, "course": {"length": "1000s"}},
        },
        needs={"calm": {}, "wild": {"worsening": "0.01/s", "worsens_to": "crisis"}},
        demand={"a": {"rate": "1/y", "to": "clinic"}, "b": {"rate": "1/y", "to": "ward"}},
        crisis={"to": "clinic", "urgent": True, "delay": "50s"},
    )
    keys = [1, ringing_after(5, "worsening", 0.01 * YEAR)]
    cohort = these(scenario, (0, "calm", "clinic"), (10, "wild", "ward"), keys=keys)
    assert starts_and_more(story(scenario, cohort), "crisis")[:4] == [
        (0, "started", 0, "clinic"),
        (10, "started", 1, "ward"),
        (25, "crisis", 1, ""),
        (75, "started", 1, "clinic"),
    ]


def test_a_deadline_that_passes_during_the_review_is_a_breach():
    """Received at 0 with 100 seconds, decided at 200 and nobody can start: broken, and written down."""
    clinic = {
        "places": 0,
        "intake": {"review": "200s", "accept": {"green": 1.0}},
        "deadline": {"by_severity": {"moderate": "100s"}},
        "course": {"length": "300s"},
    }
    scenario = ladder({"clinic": clinic})
    assert "breached" in [kind for _, kind, _, _ in story(scenario, these(scenario, (0, "need", "clinic")))]


def test_a_start_in_the_last_second_allowed_breaks_no_deadline():
    """ "The latest start": 100 seconds from second 10 is 110, and at 110 it starts."""
    deadline = {"by_severity": {"moderate": "100s"}}
    scenario = ladder({"clinic": {"places": 1, "deadline": deadline, "course": {"length": "110s"}}})
    told = story(scenario, these(scenario, (0, "need", "clinic"), (10, "need", "clinic")))
    assert starts_and_more(told, "breached") == [(0, "started", 0, "clinic"), (110, "started", 1, "clinic")]


# One more child


NETWORK = {
    "name": "network",
    "period": {"start": "2027-01-04", "warmup": "60d", "length": "300d"},
    "needs": {
        "mild": {"severity": "mild", "step": "yellow", "remission": "1/y", "worsening": "1/y", "worsens_to": "severe"},
        "severe": {"severity": "severe", "step": "red", "remission": "0.5/y", "improves_to": "mild"},
    },
    "demand": {"children": {"rate": "3/d", "mix": {"mild": 0.6, "severe": 0.4}, "to": "school"}},
    "services": {
        "school": {
            "step": "yellow",
            "places": 20,
            "patience": {"law": "exponential", "mean": "60d"},
            "course": {"length": {"law": "gamma", "mean": "6d", "cv": 0.8}},
            "outcomes": {"matched": {"recovered": 0.5, "improved": 0.2, "unchanged": 0.2, "worse": 0.1}},
            "routes": [{"to": "clinic", "steps": ["red", "dark_red"], "delay": "3d", "lost": 0.1}],
            "alongside": [{"to": "talk", "share": 0.2}],
        },
        "clinic": {
            "step": "red",
            "staff": {"a": {"fte": 2}, "b": {"fte": 1}},
            "waiting_list": {"order": "severity"},
            "intake": {
                "review": {"law": "gamma", "mean": "5d", "cv": 0.5},
                "accept": {"yellow": 0.3, "red": 0.9},
                "accuracy": 0.8,
                "lead": "2d",
            },
            "deadline": {"by_severity": {"severe": "20d"}, "overflow": {"to": "other", "price": 1000, "share": 0.5}},
            "course": {"sessions": 4, "interval": "7d", "cv": 0.5, "hours": [{"a": 3.0}, {"b": 3.0}], "dropout": 0.1},
            "outcomes": {"matched": {"recovered": 0.6, "improved": 0.2, "unchanged": 0.2}},
            "routes": [{"to": "school", "after": ["improved", "rejected"], "share": 0.5, "delay": "7d"}],
        },
        "other": {"step": "red", "places": "endless", "course": {"length": "20d"}},
        "talk": {"step": "yellow", "places": "endless", "course": {"length": "20d"}},
    },
}


def network(**over):
    """A ladder with everything in it, and a service that anybody may enter without using capacity."""
    return load(NETWORK | over)


def told_of(plans, cohort):
    """The records, each with the child's key in place of its row."""
    trajectory = simulate(plans, cohort)
    check(plans, trajectory)
    rows = trajectory.log.rows
    keys = np.where(rows[:, CHILD] >= 0, cohort.key[rows[:, CHILD]].astype(np.int64), -1)
    rest = np.delete(rows, CHILD, axis=1)
    return np.column_stack([keys, rest])


def with_one_more(cohort, second, to, key):
    """The cohort with a child put in, in order of time, before those of the same second."""
    at = int(np.searchsorted(cohort.time, second))
    row = {"key": key, "time": second, "area": 0, "band": NO_BAND, "born": NO_AGE, "need": 0, "to": to, "stream": 0,
           "group": -1, "waited": 0}  # fmt: skip
    return Cohort(**{name: np.insert(getattr(cohort, name), at, value) for name, value in row.items()})


def test_one_more_child_who_uses_no_capacity_changes_no_record_of_anybody_else():
    """A child in an endless service, put in early, late, and in the very second of others: the others' bytes are the same."""
    scenario = network()
    plans = phases(scenario)
    cohort = draw_cohort(scenario, plans, 1, 0)
    before = told_of(plans, cohort)
    starts = before[np.isin(before[:, 2], [Kind.STARTED, Kind.ENDED])]
    moments = [int(cohort.time[0]), int(cohort.time[200]), int(starts[500, 1]), int(starts[501, 1]), 100 * DAY + 7]
    key = 0xFEED
    assert key not in cohort.key
    for second in moments:
        after = told_of(plans, with_one_more(cohort, second, plans[0].shape.services.index("talk"), key))
        others = after[after[:, 0] != key]
        assert len(after) - len(others) >= 3, "the child itself is written down"
        assert others.tobytes() == before.tobytes()


def test_one_more_child_who_does_use_capacity_changes_something():
    """The test can fail: the same child at a busy service delays somebody."""
    scenario = network()
    plans = phases(scenario)
    cohort = draw_cohort(scenario, plans, 1, 0)
    before = told_of(plans, cohort)
    after = told_of(plans, with_one_more(cohort, 100 * DAY, plans[0].shape.services.index("school"), 0xFEED))
    assert after[after[:, 0] != 0xFEED].tobytes() != before.tobytes()


def rows_of(scenario, seed=1, replications=1, workers=1):
    return [
        kept.log.rows.tobytes() for kept in run(scenario, replications=replications, seed=seed, workers=workers).replications
    ]


def test_a_scenario_that_changes_nothing_gives_the_same_bytes():
    """Values set to what they are: the same records, from the start date and from a later date on."""
    base = network()
    unchanged = ["school.places=20", "clinic.a.fte=2", "clinic.course.dropout=0.1", "demand.children.rate=3/d"]
    for changes in (unchanged, [f"{change}@2027-03-01" for change in unchanged]):
        assert rows_of(apply(base, *changes)) == rows_of(base)


def test_what_is_changed_from_a_date_on_changes_no_record_before_it():
    """Posts, routes, demand and a closed service from 1 March: every record before that date is the same."""
    base = network()
    date = (56) * DAY
    before = run(base, replications=1, seed=1, workers=1).replications[0].log.rows
    for change in (
        "clinic.a.fte=1",
        "school.routes[0].share=0.2",
        "demand.children.rate=6/d",
        "clinic.open=false",
        "talk.open=false",
    ):
        log = run(apply(base, f"{change}@2027-03-01"), replications=1, seed=1, workers=1).replications[0].log
        # rows number the children of a cohort; those who come later do not move those before
        assert log.rows[log.time < date].tobytes() == before[before[:, TIME] < date].tobytes(), change
        assert log.rows.tobytes() != before.tobytes(), change


@pytest.mark.parametrize("service", [1, 2])
def test_more_places_downstream_leave_everything_upstream_as_it_is(service):
    """Three services in a row: more places at the second or third change no record of those before it."""
    names = ["first", "second", "third"]
    services = {
        name: {"places": 9, "course": {"length": {"law": "exponential", "mean": "3d"}}, "routes": [{"to": to}] if to else []}
        for name, to in zip(names, [*names[1:], None], strict=True)
    }
    base = ladder(services, length="300d", demand={"children": {"rate": "2.8/d", "to": "first"}})
    logs = [
        run(scenario, replications=1, seed=3, workers=1).replications[0].log
        for scenario in (base, apply(base, f"{names[service]}.places+=2"))
    ]
    upstream = [log.rows[np.isin(log.kind, [Kind.AROSE]) | ((log.place >= 0) & (log.place < service))] for log in logs]
    upstream = [rows[~np.isin(rows[:, KIND], [*POOLED, Kind.HANDED_OVER])] for rows in upstream]
    assert len(upstream[0]) > 1000
    assert upstream[0].tobytes() == upstream[1].tobytes()
    assert logs[0].rows.tobytes() != logs[1].rows.tobytes()


# The same bytes everywhere

DIGEST = """
import hashlib, json, sys
from scenarios.load import load
from sim.replicate import run
source = json.loads(sys.stdin.read())
result = run(load(source), replications=2, seed=5, workers=1, record="log")
print(hashlib.sha256(b"".join(kept.log.rows.tobytes() for kept in result.replications)).hexdigest())
"""
SOURCES = {
    "network": NETWORK,
    "etnedal": {"base": "etnedal", "period": {"start": "2027-01-04", "warmup": "200d", "length": "200d"}},
}


@cache
def digest_here(name):
    return hashlib.sha256(b"".join(rows_of(load(SOURCES[name]), seed=5, replications=2))).hexdigest()


@pytest.mark.parametrize("name", SOURCES)
def test_one_seed_gives_the_same_bytes_twice_in_one_process(name):
    assert hashlib.sha256(b"".join(rows_of(load(SOURCES[name]), seed=5, replications=2))).hexdigest() == digest_here(name)
    assert hashlib.sha256(b"".join(rows_of(load(SOURCES[name]), seed=6, replications=2))).hexdigest() != digest_here(name)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("hashseed", ["0", "1", "random"])
def test_one_seed_gives_the_same_bytes_in_any_process_and_with_any_hash_seed(name, hashseed):
    import json

    done = subprocess.run(
        [sys.executable, "-c", DIGEST],
        input=json.dumps(SOURCES[name]),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": hashseed, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.strip() == digest_here(name)


def test_replications_in_two_processes_are_those_of_one():
    """Two workers, really started: the same records, measures and series as one after the other."""
    scenario = network(period={"start": "2027-01-04", "length": "60d"})
    serial = run(scenario, replications=5, seed=5, workers=1)
    parallel = run(scenario, replications=5, seed=5, workers=2)
    assert [kept.number for kept in parallel.replications] == [0, 1, 2, 3, 4]
    for one, other in zip(serial.replications, parallel.replications, strict=True):
        assert one.log.rows.tobytes() == other.log.rows.tobytes()
        assert one.cohort.key.tobytes() == other.cohort.key.tobytes()
    assert serial.measures.equals(parallel.measures)
    assert serial.series.equals(parallel.series)


def test_a_replication_does_not_depend_on_how_many_there_are():
    scenario = network(period={"start": "2027-01-04", "length": "60d"})
    assert rows_of(scenario, replications=3) == rows_of(scenario, replications=5)[:3]


# Identities are really checked


@pytest.fixture(scope="module")
def drawn():
    """A replication with overload in it: a post is cut at the start."""
    scenario = apply(network(), "clinic.a.fte=0.5")
    plans = phases(scenario)
    cohort = draw_cohort(scenario, plans, 1, 0)
    return plans, cohort, simulate(plans, cohort)


@pytest.fixture(scope="module")
def ran(drawn):
    """The same without its children."""
    plans, _, trajectory = drawn
    return plans, trajectory


def stream_past(plans, cohort, trajectory):
    """The identities that need no look back, from records taken chunk by chunk."""
    folding = Folding(plans, cohort)
    for begin in range(0, len(trajectory.log), 1000):
        folding.take(trajectory.log.rows[begin : begin + 1000])
    folding.check(trajectory.totals)


def spoiled(trajectory, kind, what, value=None, nth=20):
    """The trajectory with the n-th record of a kind left out (``what`` None), or one of its columns moved."""
    rows = trajectory.log.rows.copy()
    at = np.flatnonzero(rows[:, KIND] == kind)[nth]
    if what is None:
        rows = np.delete(rows, at, axis=0)
    else:
        rows[at, COLUMNS.index(what)] += value
    return replace(trajectory, log=Log(rows))


def test_what_the_engine_writes_passes(drawn, ran):
    check(*ran)
    stream_past(*drawn)


@pytest.mark.parametrize(
    ("kind", "what", "value", "message"),
    [
        (Kind.JOINED, None, None, r"children who entered at \('here', 0\)"),
        (Kind.ENDED, None, None, r"children who left at \('here', 0\)"),
        (Kind.GAVE_UP, None, None, r"children who left at \('here', 0\)"),
        (Kind.STARTED, None, None, r"area under the waiting list at \('here', 0\)"),
        (Kind.JOINED, "time", -1, "says since when, and nothing began then"),
        (Kind.STARTED, "time", 1, "area under the waiting list"),
        (Kind.GAVE_UP, "time", 1, "area under the waiting list"),
        (Kind.ENDED, "time", 1, "area under the courses"),
        (Kind.ENDED, "place", 1, "children who left"),
    ],
)
def test_a_spoiled_record_is_found(ran, kind, what, value, message):
    """One record left out or moved by a second contradicts what the engine counted while it ran."""
    plans, trajectory = ran
    with pytest.raises(IdentityError, match=message):
        check(plans, spoiled(trajectory, kind, what, value))


@pytest.mark.parametrize(
    ("kind", "what", "value", "message"),
    [
        (Kind.JOINED, None, None, r"children who entered at \('here', 0\)"),
        (Kind.ENDED, None, None, r"children who left at \('here', 0\)"),
        (Kind.GAVE_UP, None, None, r"children who left at \('here', 0\)"),
        (Kind.REJECTED, None, None, r"children who left at \('here', 1\)"),
        (Kind.STARTED, None, None, r"area under the waiting list at \('here', 0\)"),
        (Kind.JOINED, "time", -1, "area under the waiting list"),
        (Kind.STARTED, "time", 1, "area under the waiting list"),
        (Kind.GAVE_UP, "time", 1, "area under the waiting list"),
        (Kind.ENDED, "time", 1, "area under the courses"),
        (Kind.ENDED, "place", 1, "children who left"),
        (Kind.REFERRED, None, None, "children on the list without a referral|children who entered"),
    ],
)
def test_a_spoiled_record_is_found_while_it_streams_past(drawn, kind, what, value, message):
    plans, cohort, trajectory = drawn
    with pytest.raises(IdentityError, match=message):
        stream_past(plans, cohort, spoiled(trajectory, kind, what, value))


def test_a_missing_referral_is_found(ran):
    """A record of a referral left out, at a service that reviews every referral: its child would join from nowhere."""
    plans, trajectory = ran
    referred, joined = trajectory.log.of(Kind.REFERRED), trajectory.log.of(Kind.JOINED)
    accepted = np.isin(referred.child, joined.child[joined.place == 1])
    with pytest.raises(IdentityError, match=r"children|since|referr"):
        check(plans, spoiled(trajectory, Kind.REFERRED, None, nth=int(np.flatnonzero(accepted)[5])))


@pytest.mark.parametrize("kind", [Kind.STARTED, Kind.GAVE_UP, Kind.ENDED])
def test_a_wrong_since_is_found(ran, kind):
    """A wait is one subtraction, time - since: a ``since`` a day too early makes every wait measured from it wrong."""
    plans, trajectory = ran
    with pytest.raises(IdentityError, match=r"since|waiting list|courses"):
        check(plans, spoiled(trajectory, kind, "since", -DAY))


def test_hours_over_capacity_that_no_record_admits_are_found(drawn):
    """Capacity in the plan halved after the run: starts that the engine allowed are now over it, unrecorded."""
    plans, cohort, trajectory = drawn
    poorer = tuple(replace(plan, capacity=tuple(units // 2 for units in plan.capacity)) for plan in plans)
    with pytest.raises(IdentityError, match=r"over its capacity at second -?[0-9]+, unrecorded") as found:
        check(poorer, trajectory)
    with pytest.raises(IdentityError, match=re.escape(str(found.value))):
        stream_past(poorer, cohort, trajectory)


def test_an_overload_record_left_out_is_found():
    """An urgent start over capacity whose record is taken away."""
    scenario = ladder(
        {
            "ward": {"places": "endless", "course": {"length": "10s"}, "routes": [{"to": "clinic", "urgent": True}]},
            "clinic": {"places": 1, "course": {"length": "100s"}},
        }
    )
    plans = phases(scenario)
    cohort = these(scenario, (0, "need", "ward"), (0, "need", "ward"))
    trajectory = simulate(plans, cohort)
    check(plans, trajectory)
    stream_past(plans, cohort, trajectory)
    wrong = spoiled(trajectory, Kind.OVERLOADED, None, nth=0)
    with pytest.raises(IdentityError, match="over its capacity at second 11, unrecorded"):
        check(plans, wrong)
    with pytest.raises(IdentityError, match="over its capacity at second 11, unrecorded"):
        stream_past(plans, cohort, wrong)


@pytest.mark.parametrize(
    ("total", "message"),
    [
        ("entered", "children who entered"),
        ("left", "children who left"),
        ("waiting_area", "area under the waiting list"),
        ("course_area", "area under the courses"),
        ("committed", "hours committed of places"),
    ],
)
def test_a_spoiled_count_is_found(drawn, total, message):
    plans, cohort, trajectory = drawn
    counted = list(getattr(trajectory.totals, total))
    counted[0] += 1
    wrong = replace(trajectory, totals=replace(trajectory.totals, **{total: counted}))
    with pytest.raises(IdentityError, match=message):
        check(plans, wrong)
    with pytest.raises(IdentityError, match=message):
        stream_past(plans, cohort, wrong)


@pytest.mark.parametrize("record", ["log", "weekly"])
def test_a_run_checks_itself(monkeypatch, record):
    """``run`` checks every replication, without being asked."""

    def refuse(folding, totals):
        raise IdentityError(f"asked about {sum(totals.entered)} who entered")

    monkeypatch.setattr(Folding, "check", refuse)
    with pytest.raises(IdentityError, match=r"asked about [1-9][0-9]* who entered"):
        run(network(), replications=1, seed=1, workers=1, record=record)


# What every stay's records must be like


def stays(log):
    """The records of each stay, in order: {(child, place, number): [(kind, time, since)]}."""
    found = {}
    skipped = (*POOLED, Kind.HANDED_OVER)
    for time, kind, child, place, stay, since, *_ in log.rows.tolist():
        if stay and kind not in skipped:
            found.setdefault((child, place, stay), []).append((Kind(kind), time, since))
    return found


BEFORE = {
    Kind.ACCEPTED: {Kind.REFERRED},
    Kind.REJECTED: {Kind.REFERRED},
    Kind.JOINED: {None, Kind.REFERRED, Kind.ACCEPTED},
    Kind.REFERRED: {None},
    Kind.BREACHED: {Kind.JOINED},
    Kind.STARTED: {Kind.JOINED, Kind.BREACHED},
    Kind.GAVE_UP: {Kind.JOINED, Kind.BREACHED},
    Kind.REFUSED: {Kind.JOINED, Kind.BREACHED},
    Kind.OVERFLOWED: {Kind.BREACHED},
    Kind.WITHDREW: {Kind.REFERRED, Kind.JOINED, Kind.BREACHED},
    Kind.ASSESSED: {Kind.STARTED},
    Kind.ENDED: {Kind.STARTED, Kind.ASSESSED},
}
"""Which record of a stay may stand right before which."""


def check_stays(log):
    """Every stay tells one story, and each record's ``since`` is when the state it ends began."""
    for key, records in stays(log).items():
        last = None
        began = records[0][2]
        for kind, time, since in records:
            assert last in BEFORE[kind], f"{key}: {kind.name} after {last and last.name}"
            if kind == Kind.JOINED:
                assert since == time, f"{key}: joined at {time}, since {since}"
            elif kind != Kind.REFERRED:
                assert since == began, f"{key}: {kind.name} at {time} ends what began at {since}, not at {began}"
            if kind in (Kind.JOINED, Kind.STARTED, Kind.ASSESSED, Kind.REFERRED):
                began = time
            last = kind


@pytest.mark.parametrize("name", SOURCES)
def test_the_records_of_every_stay_follow_each_other_and_each_says_since_when(name):
    for kept in run(load(SOURCES[name]), replications=2, seed=9, workers=1).replications:
        assert (np.diff(kept.log.time) >= 0).all(), "records stand in order of time"
        check_stays(kept.log)


def test_a_review_after_a_broken_deadline_begins_when_the_referral_reaches_the_other_provider():
    """Received at 0, carried over at 101: the review there begins at 101, and its end says so."""
    scenario = ladder(
        {
            "clinic": {
                "places": 0,
                "deadline": {"by_severity": {"moderate": "100s"}, "overflow": {"to": "other", "price": 1000}},
                "course": {"length": "300s"},
            },
            "other": {
                "places": "endless",
                "intake": {"review": "60s", "accept": {"green": 1.0}},
                "course": {"length": "50s"},
            },
        }
    )
    plans = phases(scenario)
    accepted = simulate(plans, these(scenario, (0, "need", "clinic"))).log.of(Kind.ACCEPTED)
    assert (accepted.time.tolist(), accepted.received.tolist()) == ([162], [0])
    assert accepted.since.tolist() == [102]


def test_no_child_is_written_of_after_it_has_left_but_for_courses_that_run_on():
    log = run(load(SOURCES["etnedal"]), replications=1, seed=9, workers=1).replications[0].log
    gone = {}
    for time, kind, child, *_ in log.rows.tolist():
        if child in gone:
            assert kind in (Kind.ENDED, Kind.ASSESSED, Kind.OVERLOADED), (
                f"child {child}: {Kind(kind).name} at {time}, gone at {gone[child]}"
            )
        if kind == Kind.LEFT:
            gone[child] = time
    assert len(gone) > 100


# What each place has is its own


def test_every_area_has_the_course_it_states():
    """Forty areas, each with a course of its own length: each has it in the plan."""
    lengths = range(10, 50)
    areas = {f"area{n}": {"children": {"6-12": 100}, "services": {"clinic": {"course": {"length": f"{n}d"}}}} for n in lengths}
    services = {"clinic": {"places": 5, "course": {"length": "1d"}}}
    demand = {"c": {"per_1000": {"6-12": 100}, "to": "clinic"}}
    plan = phases(load({"name": "x", "period": {"length": "1y"}, "demand": demand, "areas": areas, "services": services}))[0]
    assert [terms.stretches[0].length[0] // DAY for terms in plan.terms] == list(lengths)


# Extremes


def test_a_demand_of_next_to_nobody_runs_and_has_no_waits():
    """One child in ten thousand years: no record, and measures of waits that are not defined rather than 0."""
    result = run(load({"base": "one_service", "demand": {"children": {"rate": "0.0001/y"}}}), replications=2, seed=1, workers=1)
    assert [len(kept.log) for kept in result.replications] == [0, 0]
    value = result.measures[result.measures.replication == 0].set_index(["service", "measure"]).value["clinic"]
    assert value["started"] == value["waiting"] == value["in_course"] == 0
    assert np.isnan(value["wait_list_started"])


def test_endless_staff_leaves_nobody_waiting():
    """The Norwegian ladder with a hundred thousand posts in every pool: nobody waits but for review and first appointment."""
    base = load(SOURCES["etnedal"])
    posts = [f"*/{name}.{pool}.fte=100000" for name, service in base.services.items() for pool in service.staff]
    scenario = load(base.plain() | {"changes": [{"set": change, "from": "beginning"} for change in posts]})
    log = run(scenario, replications=1, seed=1, workers=1).replications[0].log
    plan = phases(scenario)[0]
    started = log.of(Kind.STARTED)
    unreviewed = np.asarray([terms.review is None for terms in plan.terms])[started.place]
    assert unreviewed.sum() > 30
    assert (started.time == started.since)[unreviewed].all()
    assert not len(log.of(Kind.BREACHED, Kind.OVERLOADED))


def test_fixed_durations_add_up():
    """Ten children who never meet: each takes 2 d + 1 h on the way + 3 d, to the second."""
    scenario = ladder(
        {
            "first": {"places": 1, "course": {"length": "2d"}, "routes": [{"to": "second", "delay": "1h"}]},
            "second": {"places": 1, "course": {"length": "3d"}},
        },
        length="100d",
    )
    told = story(scenario, these(scenario, *((i * 5 * DAY, "need", "first") for i in range(10))))
    assert [(t, child) for t, kind, child, _ in told if kind == "left"] == [
        (i * 5 * DAY + 5 * DAY + 3600, i) for i in range(10)
    ]


def test_nobody_at_all_is_served_by_no_places():
    """Places 0: everybody waits to the end, and is counted there."""
    result = run(
        load({"base": "one_service", "services": {"clinic": {"places": 0}}, "period": {"warmup": "0s", "length": "10d"}}),
        replications=1,
        seed=1,
        workers=1,
    )
    log = result.replications[0].log
    assert set(log.kind.tolist()) == {Kind.AROSE, Kind.JOINED}
    ended = result.measures.set_index(["service", "measure"]).value["clinic", "waiting_end"]
    assert ended == len(log.of(Kind.JOINED)) > 20


LADDER = tuple(load("etnedal").services)


@pytest.mark.parametrize("service", LADDER)
@pytest.mark.parametrize("since", ["beginning", "2027-02-01"])
def test_each_service_of_the_ladder_can_be_closed(service, since):
    """From the beginning or from a date: the run holds its identities, and nobody starts there any more."""
    source = SOURCES["etnedal"] | {"changes": [{"set": f"*/{service}.open=false", "from": since}]}
    scenario = load(source)
    log = run(scenario, replications=1, seed=1, workers=1).replications[0].log
    shape = phases(scenario)[0].shape
    there = np.asarray([shape.services[number] == service for _, number in shape.places])
    closed = -YEAR if since == "beginning" else 28 * DAY
    started = log.of(Kind.STARTED)
    assert not (there[started.place] & (started.time >= closed)).any()
    assert len(started) > 20


# Direction


@pytest.mark.parametrize("places", [1, 5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_more_children_start_nobody_earlier_at_a_single_service_without_leaving(places, seed):
    """First come, first served: every child of the base starts at its old second or later (Kiefer and Wolfowitz 1955)."""
    base = load(
        {
            "base": "one_service",
            "period": {"warmup": "0s", "length": "120d"},
            "services": {"clinic": {"places": places}},
            "demand": {"children": {"rate": f"{0.85 * places:g}/d"}},
        }
    )
    early, late = starts_by_key(base), starts_by_key(apply(base, "demand.children.rate*=1.1"))
    common = early.keys() & late.keys()
    assert len(common) > 50
    assert all(late[key] >= early[key] for key in common)
    assert any(late[key] > early[key] for key in common)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_more_places_start_nobody_later_at_a_single_service_without_leaving(seed):
    base = load({"base": "one_service", "period": {"warmup": "0s", "length": "120d"}})
    few, many = starts_by_key(base, seed), starts_by_key(apply(base, "clinic.places+=1"), seed)
    assert few.keys() <= many.keys()
    assert all(many[key] <= few[key] for key in few)


def starts_by_key(scenario, seed=1):
    kept = run(scenario, replications=1, seed=seed, workers=1).replications[0]
    starts = kept.log.of(Kind.STARTED)
    return dict(zip(kept.cohort.key[starts.child].tolist(), starts.time.tolist(), strict=True))


# Any ladder


def durations(low, high):
    """Laws of durations with a mean of so many days."""
    mean = some.floats(low, high).map(lambda days: f"{days:.3f}d")
    return some.one_of(
        mean,
        mean.map(lambda m: {"law": "exponential", "mean": m}),
        some.tuples(mean, some.floats(0.1, 2)).map(lambda p: {"law": "gamma", "mean": p[0], "cv": p[1]}),
        some.tuples(mean, some.floats(0.1, 2)).map(lambda p: {"law": "lognormal", "mean": p[0], "cv": p[1]}),
    )


SHARES = some.floats(0, 1)
STEPS = some.sampled_from([None, "yellow", "orange", "red"])


@some.composite
def services(draw_, names):
    """One service: places or staff, a list, patience, review, deadline, courses, outcomes, routes."""
    service = {"course": {"length": draw_(durations(0.5, 20))}}
    if draw_(some.booleans()):
        service["places"] = draw_(some.one_of(some.integers(0, 6), some.just("endless")))
    else:
        service["staff"] = {"a": {"fte": draw_(some.floats(0.5, 2))}, "b": {"fte": draw_(some.floats(0, 1))}}
        service["course"]["hours"] = [{"a": 4.0}, {"b": 2.0}]
        if draw_(some.booleans()):
            del service["staff"]["b"], service["course"]["hours"][1]
        if draw_(some.booleans()):
            service["assessment"] = {
                "sessions": 2,
                "interval": "3d",
                "cv": 0.5,
                "hours": [dict.fromkeys(h, 5.0) for h in service["course"]["hours"]],
            }
    service["course"]["dropout"] = draw_(some.sampled_from([0.0, 0.3]))
    service["step"] = draw_(STEPS)
    service["waiting_list"] = {
        "order": draw_(some.sampled_from(["first_come", "severity", "deadline", "referral"])),
        "length": draw_(some.sampled_from([None, 0, 1, 5])),
    }
    if draw_(some.booleans()):
        service["patience"] = draw_(durations(1, 30))
    if draw_(some.booleans()):
        accept = {step: draw_(SHARES) for step in ("green", "yellow", "orange", "red", "dark_red")}
        service["intake"] = {
            "review": draw_(durations(0.1, 5)),
            "accept": accept,
            "accuracy": draw_(SHARES),
            "lead": draw_(durations(0.1, 5)),
            "within_working_days": draw_(some.sampled_from([None, 1])),
        }
    if draw_(some.booleans()):
        overflow = {"to": draw_(some.sampled_from(names)), "share": draw_(SHARES), "price": 1}
        overflow = overflow if draw_(some.booleans()) else None
        service["deadline"] = {
            "working_days": draw_(some.sampled_from([None, 5])),
            "by_severity": {"severe": "3d"},
            "overflow": overflow,
        }
    elif service["waiting_list"]["order"] == "deadline":
        service["waiting_list"]["order"] = "first_come"
    if draw_(some.booleans()):
        service["outcomes"] = {"matched": {"recovered": 0.4, "improved": 0.2, "unchanged": 0.2, "worse": 0.2}}
    after = draw_(
        some.lists(
            some.sampled_from(["done", "improved", "unchanged", "worse", "rejected", "gave_up", "refused", "dropped_out"]),
            unique=True,
            max_size=4,
        )
    )
    service["routes"] = [
        {
            "to": draw_(some.sampled_from(names)),
            "after": ending,
            "share": draw_(some.floats(0, 0.8)),
            "lost": draw_(some.sampled_from([0.0, 0.3])),
            "urgent": draw_(some.sampled_from([False, False, True])),
            "delay": draw_(durations(0.01, 3)),
        }
        for ending in after
    ]
    if len(names) > 1 and draw_(some.booleans()):
        service["alongside"] = [{"to": draw_(some.sampled_from(names)), "share": 0.5}]
    return {key: value for key, value in service.items() if value is not None}


def elsewhere(name, service):
    """Nobody takes over from itself after a breach."""
    deadline = service.get("deadline", {})
    if (deadline.get("overflow") or {}).get("to") == name:
        deadline["overflow"] = None
    return service


@some.composite
def ladders(draw_):
    """One to three services, needs that pass and worsen, perhaps a change at a date."""
    names = ["one", "two", "three"][: draw_(some.integers(1, 3))]
    changing = draw_(some.booleans())
    mild = {"severity": "mild", "step": "yellow"}
    severe = {"severity": "severe", "step": "red", "improves_to": "mild"}
    if changing:
        mild |= {"remission": "6/y", "worsening": "6/y", "worsens_to": "severe"}
        severe |= {"remission": "3/y", "worsening": "4/y", "worsens_to": "crisis"}
    changes = draw_(
        some.lists(
            some.sampled_from(["one.open=false", "one.course.dropout=0.2", "demand.all_one.rate*=2"]), max_size=2, unique=True
        )
    )
    return {
        "name": "any",
        "period": {"start": "2027-01-04", "warmup": draw_(some.sampled_from(["0s", "20d"])), "length": "60d"},
        "needs": {"mild": mild, "severe": severe},
        "demand": {
            f"all_{name}": {"rate": f"{draw_(some.floats(0.1, 2)):.3f}/d", "to": name, "mix": {"mild": 0.5, "severe": 0.5}}
            for name in names
        },
        "services": {name: elsewhere(name, draw_(services(names))) for name in names},
        "crisis": {"to": draw_(some.sampled_from(names)), "urgent": draw_(some.booleans()), "delay": "1d"},
        "changes": [{"set": change, "from": draw_(some.sampled_from(["2027-01-04", "2027-02-01"]))} for change in changes],
    }


def check_any(source, seed):
    """Identities, stories of stays, and lists no longer than they may be, of whatever ladder this is."""
    scenario = load(source)
    kept = run(scenario, replications=1, seed=seed, workers=1).replications[0]
    check_stays(kept.log)
    again = run(scenario, replications=1, seed=seed, workers=1).replications[0]
    assert kept.log.rows.tobytes() == again.log.rows.tobytes()
    known = kept.log.child
    assert known.min(initial=-1) >= -1
    assert known.max(initial=-1) < len(kept.cohort)
    for name, service in scenario.services.items():
        length = service.waiting_list.length
        if length is not None and service.intake is None:
            place = phases(scenario)[0].shape.services.index(name)
            assert longest(kept.log, place) <= length


def longest(log, place):
    """The most who ever stood on a place's list at the end of a second."""
    here = log.rows[log.place == place]
    off = (Kind.STARTED, Kind.GAVE_UP, Kind.REFUSED, Kind.OVERFLOWED, Kind.WITHDREW)
    step = np.where(here[:, KIND] == Kind.JOINED, 1, np.where(np.isin(here[:, KIND], off), -1, 0))
    level = np.cumsum(step)
    last = np.append(np.diff(here[:, TIME]) > 0, True) if len(here) else np.zeros(0, bool)
    return max(level[last].tolist(), default=0)


@given(source=ladders(), seed=some.integers(0, 100))
@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_identities_hold_for_any_ladder(source, seed):
    check_any(source, seed)


@pytest.mark.slow
@given(source=ladders(), seed=some.integers(0, 10_000))
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
def test_identities_hold_for_a_great_many_ladders(source, seed):
    check_any(source, seed)


@given(
    seconds=some.lists(some.integers(0, 300), min_size=1, max_size=12), places=some.integers(1, 3), length=some.integers(1, 90)
)
@settings(max_examples=100, derandomize=True, deadline=None)
def test_a_service_with_fixed_courses_serves_as_a_few_lines_say(seconds, places, length):
    """Any arrivals: the k-th child starts when it comes, or when the earliest of the places is free."""
    scenario = ladder({"clinic": {"places": places, "course": {"length": f"{length}s"}}})
    cohort = these(scenario, *((t, "need", "clinic") for t in sorted(seconds)))
    free = [0] * places
    expected = []
    for child, second in enumerate(sorted(seconds)):
        start = max(second, min(free))
        free[free.index(min(free))] = start + length
        expected.append((start, child))
    assert sorted((t, child) for t, kind, child, _ in story(scenario, cohort) if kind == "started") == sorted(expected)
    assert all(a <= b for a, b in pairwise(expected))
