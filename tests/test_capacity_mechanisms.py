"""Capacity, mechanism by mechanism: each alone, a few children worked out by hand, to the second."""

from __future__ import annotations

import numpy as np
import pytest
from timelines import (
    DETAIL,
    KIND,
    Coming,
    coming,
    going,
    key_where,
    ladder,
    pool_of,
    quantile,
    started,
    tell,
)

from scenarios.levers import apply
from scenarios.load import load
from scenarios.resolve import merged
from scenarios.units import DAY, HOUR
from sim.build import phases
from sim.cohort import draw_cohort
from sim.courses import POOLS
from sim.draws import ONE
from sim.engine import simulate
from sim.identities import check
from sim.records import Kind
from sim.rules import DONE, DROPPED_OUT
from sim.supply import Supply

POST = {"fte": 1, "weekly_hours": 10}
"""600 minutes a week: one course of ten hours a week at a time."""
WEEKS = {"length": "10d", "hours": 10}
MILD = {"moderate": {"severity": "moderate"}, "severe": {"severity": "severe"}}


def clinic(course=WEEKS, staff=POST, **more):
    """A clinic of one pool, ``worker``."""
    return {"clinic": {"staff": {"worker": staff}, "course": course} | more}


def starts(told):
    return [(second, child) for second, _, child, _ in told.story("started")]


# Hours: what a pool has


@pytest.mark.parametrize(
    ("pool", "minutes"),
    [
        ({"fte": 1}, 2250),
        ({"fte": 1, "absent": 0.2}, 1800),
        ({"fte": 2, "absent": 0.25, "weekly_hours": 10}, 900),
        ({"fte": 1, "work": {"meetings": 3.5}}, 2040),
        ({"fte": 1, "work": {"meetings": 3.5, "supervision": 1.5, "system": 1, "travel": 1, "coordination": 0.5}}, 1800),
        ({"fte": 0.5, "work": {"other": 7.5}}, 900),
        ({"fte": 1, "work": {"meetings": 7.5}, "absent": 0.2, "child_share": 0.5, "weeks_a_year": 26}, 360),
        ({"rooms": 2}, 4500),
        ({"rooms": 1, "weekly_hours": 10, "weeks_a_year": 39}, 450),
    ],
)
def test_a_pool_has_the_hours_that_reach_children_and_no_more_start(pool, minutes):
    """Courses of 30 minutes a week: as many start at once as the minutes hold, of two hundred who come."""
    scenario = ladder(clinic({"length": "100d", "hours": 0.5}, pool), length="30d")
    assert phases(scenario)[0].capacity == (minutes,)
    told = tell(scenario, *[0] * 200)
    assert starts(told) == [(0, child) for child in range(minutes // 30)]


@pytest.mark.parametrize(
    ("ceiling", "most"),
    [({"cases": 7.9}, 7), ({"cases": 3}, 3), ({"cases_per_fte": {"worker": 2.5}}, 5), ({"cases_per_fte": {"worker": 1.1}}, 2)],
)
def test_a_ceiling_counts_courses_and_follows_the_posts(ceiling, most):
    """Two posts with hours for two hundred courses: the ceiling decides."""
    staff = {"worker": {"fte": 2}, "load": ceiling}
    scenario = ladder(
        {"clinic": {"staff": staff, "course": {"length": "100d", "hours": {"worker": 0.1, "load": 1}}}}, length="30d"
    )
    assert starts(tell(scenario, *[0] * 50)) == [(0, child) for child in range(most)]


def test_a_ceiling_follows_posts_that_are_cut_and_added():
    """Two for each post: four, two from 2 d on, six from 12 d on. Nobody is thrown out, and both pools say so."""
    staff = {"worker": {"fte": 2}, "load": {"cases_per_fte": {"worker": 2}}}
    services = {"clinic": {"staff": staff, "course": {"length": "10d", "hours": {"worker": 0.1, "load": 1}}}}
    scenario = apply(ladder(services, "30d"), "clinic.worker.fte=1@2027-01-06", "clinic.worker.fte=3@2027-01-16")
    told = tell(scenario, *range(12))
    assert starts(told) == [(c, c) for c in range(4)] + [
        (10 * DAY + 2, 4),
        (10 * DAY + 3, 5),
        *((12 * DAY, child) for child in (6, 7, 8, 9)),
        (20 * DAY + 2, 10),
        (20 * DAY + 3, 11),
    ]
    assert [(s, where, units) for s, _, _, where, units in told.detailed("capacity", "overloaded") if "load" in where] == [
        (2 * DAY, "clinic.load", 2),
        (2 * DAY, "clinic.load", 2),
        (12 * DAY, "clinic.load", 6),
    ]


def test_the_ceiling_binds_before_the_hours():
    """Hours for two courses, a ceiling of one: the second starts when the first has ended."""
    staff = {"worker": {"fte": 2, "weekly_hours": 10}, "load": {"cases": 1}}
    scenario = ladder({"clinic": {"staff": staff, "course": WEEKS | {"hours": {"worker": 10, "load": 1}}}}, length="30d")
    told = tell(scenario, 0, HOUR)
    assert told.moves() == [(0, "started", 0, "clinic"), *going(10 * DAY, 0), (10 * DAY, "started", 1, "clinic"),
                            *going(20 * DAY, 1)]  # fmt: skip
    assert not told.story("overloaded")


def test_the_hours_bind_before_the_ceiling():
    """A ceiling of five, hours for one."""
    staff = {"worker": POST, "load": {"cases": 5}}
    scenario = ladder({"clinic": {"staff": staff, "course": WEEKS | {"hours": {"worker": 10, "load": 1}}}}, length="30d")
    assert starts(tell(scenario, 0, HOUR)) == [(0, 0), (10 * DAY, 1)]


def test_a_course_that_counts_twice_takes_two_of_the_ceiling():
    staff = {"worker": {"fte": 10}, "load": {"cases": 3}}
    scenario = ladder({"clinic": {"staff": staff, "course": WEEKS | {"hours": {"worker": 1, "load": 2}}}}, length="30d")
    assert starts(tell(scenario, 0, HOUR)) == [(0, 0), (10 * DAY, 1)]


def test_rooms_beside_posts_bind_too():
    """Hours for four courses, rooms for two: two at once, and each end lets one in."""
    staff = {"worker": {"fte": 2, "weekly_hours": 10}, "room": {"rooms": 1, "weekly_hours": 10}}
    scenario = ladder({"clinic": {"staff": staff, "course": WEEKS | {"hours": {"worker": 5, "room": 5}}}}, length="40d")
    assert starts(tell(scenario, 0, 10, 20, 30)) == [(0, 0), (10, 1), (10 * DAY, 2), (10 * DAY + 10, 3)]


def test_two_helpers_at_once_wait_for_each_other_and_hold_up_nobody_who_needs_only_one():
    """A course of two pools lacks ``b``: the other service's course of ``a`` alone passes it, and delays nobody."""
    services = {
        "clinic": {
            "staff": {"a": {"fte": 2, "weekly_hours": 10}, "b": POST},
            "course": {"length": "10d", "hours": {"a": 10, "b": 10}},
        },
        "solo": {"staff": {"other": POST}, "course": {"length": "4d", "hours": {"clinic.a": 10, "other": 10}}},
    }
    told = tell(ladder(services, length="40d"), 0, 10, (20, "solo"), (30, "solo"))
    assert told.moves() == [
        (0, "started", 0, "clinic"),
        (20, "started", 2, "solo"),
        *going(4 * DAY + 20, 2, "solo"),
        (4 * DAY + 20, "started", 3, "solo"),
        *going(8 * DAY + 20, 3, "solo"),
        *going(10 * DAY, 0),
        (10 * DAY, "started", 1, "clinic"),
        *going(20 * DAY, 1),
    ]


def test_whoever_lacks_a_pool_closes_it_to_those_behind_who_would_take_it():
    """The duo waits for both; the one post of ``a`` that is free is kept for it, though the other course could start."""
    services = {
        "clinic": {
            "staff": {"a": {"fte": 2, "weekly_hours": 10}, "b": POST},
            "course": {"length": "10d", "hours": {"a": 20, "b": 10}},
        },
        "solo": {"staff": {"other": POST}, "weight": 1, "course": {"length": "4d", "hours": {"clinic.a": 10, "other": 10}}},
    }
    told = tell(ladder(services, length="40d"), (0, "solo"), 10, (4 * DAY - 1, "solo"))
    assert starts(told) == [(0, 0), (4 * DAY, 1), (14 * DAY, 2)]


def test_a_borrowed_pool_is_the_second_choice_when_the_own_one_is_taken():
    """Hours of the own worker, else of the neighbour's nurse: the option taken stands in the record, and is what comes back."""
    services = clinic({"length": "10d", "hours": [{"worker": 10}, {"ward.nurse": 10}]})
    services |= {"ward": {"staff": {"nurse": POST}, "course": {"length": "2d", "hours": 10}}}
    told = tell(ladder(services, length="40d"), 0, 10, (20, "ward"), 30)
    options = told.plans[0].options
    taken = [options[detail // 2] for *_, detail in told.detailed("started")]
    worker, nurse = pool_of(told, "clinic.worker"), pool_of(told, "ward.nurse")
    assert starts(told) == [(0, 0), (10, 1), (10 * DAY, 3), (10 * DAY + 10, 2)]
    assert taken == [((worker, 600),), ((nurse, 600),), ((worker, 600),), ((nurse, 600),)]


# Appointments: what a course takes


SIX = {"sessions": 6, "interval": "7d", "hours": 2.0}


@pytest.mark.parametrize(
    ("course", "travel", "length", "minutes"),
    [
        ({}, 0.0, 42 * DAY, 120),
        ({}, 3.0, 42 * DAY, 120),
        ({"interval": "14d"}, 0.0, 84 * DAY, 60),
        ({"missed": 0.25}, 0.0, 56 * DAY, 120),
        ({"cancelled": 0.25}, 0.0, 56 * DAY, 90),
        ({"missed": 0.25, "cancelled": 0.5}, 0.0, 112 * DAY, 60),
        ({"outreach": 0.5}, 1.0, 42 * DAY, 180),
        ({"outreach": 1.0}, 0.5, 42 * DAY, 180),
        ({"outreach": 1.0}, 0.0, 42 * DAY, 120),
        ({"missed_per_hour": 0.1}, 2.0, 42 * DAY / 0.8, 120),
        ({"missed_per_hour": 0.1}, 0.0, 42 * DAY, 120),
        ({"missed_per_hour": 0.1, "outreach": 0.5}, 2.0, 42 * DAY / 0.9, 240),
        ({"missed_per_hour": 0.1, "outreach": 1.0}, 2.0, 42 * DAY, 360),
        ({"missed_per_hour": 1.0}, 5.0, 42 * DAY / 0.05, 120),
        ({"missed": 0.2, "cancelled": 0.25, "missed_per_hour": 0.1, "outreach": 0.5}, 2.0, 42 * DAY / 0.8 / 0.9 / 0.75, 180),
    ],
)
def test_missed_called_off_and_travelled_to_end_to_end(course, travel, length, minutes):
    """The course ends after exactly so long, and holds exactly so many minutes: no more run at once than they allow."""
    pool = {"fte": 1, "weekly_hours": 6}  # 360 minutes
    scenario = ladder(clinic(SIX | course, pool, travel=travel), length="3y")
    told = tell(scenario, *[0] * 8)
    at_once = 360 // minutes
    assert starts(told)[: at_once + 1] == [(0, child) for child in range(at_once)] + [(round(length), at_once)]
    assert told.story("ended")[0] == (round(length), "ended", 0, "clinic")


def test_only_people_travel_and_what_is_called_off_frees_room_and_post_but_not_the_ceiling():
    """Two hours with half an hour's way each side: the room sees two, the post three; a quarter is called off."""
    staff = {"worker": {"fte": 1}, "room": {"rooms": 1}, "load": {"cases": 9}}
    course = SIX | {"hours": {"worker": 2.0, "room": 2.0, "load": 1}, "outreach": 1.0, "cancelled": 0.25}
    plan = phases(ladder({"clinic": {"staff": staff, "travel": 0.5, "course": course}}))[0]
    assert [dict(option) for option in plan.options] == [{0: 135, 1: 90, 2: 1}]


def test_hours_a_week_where_a_length_is_given():
    """10 hours a week, half of it outreach with an hour each way, for ten days: 11 hours a week."""
    scenario = ladder(clinic(WEEKS | {"outreach": 0.5}, {"fte": 1, "weekly_hours": 22}, travel=1.0), length="30d")
    assert phases(scenario)[0].options == (((0, 660),),)
    assert starts(tell(scenario, 0, 1, 2)) == [(0, 0), (1, 1), (10 * DAY, 2)]


# Planned closures


NEVER_CLOSED = {"never": {"dates": [["2040-01-01", "2040-01-02"]]}}
THREE_DAYS = {"summer": {"dates": [["2027-01-06", "2027-01-08"]]}}
"""Closed on the third, fourth and fifth day of the run: from 2 d to 5 d."""


def closing(calendars=THREE_DAYS, length="30d", places=1, course="4d", **more):
    needs = more.pop("needs", {"need": {}})
    service = {"places": places, "course": {"length": course}, "calendar": next(iter(calendars))}
    return ladder({"clinic": service | more}, length=length, calendars=calendars, needs=needs)


def test_courses_pause_while_closed_and_end_later_by_just_that_time():
    """Four days: one begun at 0 ends at 7 d; nobody is called in while closed; the next runs four days as ever."""
    told = tell(closing(), 0, DAY, 3 * DAY)
    assert told.detailed() == [
        *[(*record, detail) for record, detail in zip(started(0, 0), (0, 0, 0), strict=True)],
        *[(*record, 0) for record in coming(DAY, 1)],
        (2 * DAY, "closed", -1, "clinic", 0),
        *[(*record, detail) for record, detail in zip(coming(3 * DAY, 2), (0, 0), strict=True)],
        (5 * DAY, "reopened", -1, "clinic", 0),
        *[(*record, detail) for record, detail in zip(going(7 * DAY, 0), (DONE, 2), strict=True)],
        (7 * DAY, "started", 1, "clinic", 0),
        *[(*record, detail) for record, detail in zip(going(11 * DAY, 1), (DONE, 2), strict=True)],
        (11 * DAY, "started", 2, "clinic", 0),
        *[(*record, detail) for record, detail in zip(going(15 * DAY, 2), (DONE, 2), strict=True)],
    ]


def test_nobody_is_called_in_while_closed_and_whoever_waits_starts_as_it_reopens():
    """Two places, one of them free all the time: the child of the fourth day waits for the door to open, not for a place."""
    told = tell(closing(places=2), 0, 3 * DAY, 5 * DAY)
    assert told.moves() == [
        (0, "started", 0, "clinic"),
        (2 * DAY, "closed", -1, "clinic"),
        (5 * DAY, "reopened", -1, "clinic"),
        (5 * DAY, "started", 1, "clinic"),
        *going(7 * DAY, 0),
        (7 * DAY, "started", 2, "clinic"),
        *going(9 * DAY, 1),
        *going(11 * DAY, 2),
    ]


@pytest.mark.parametrize(("length", "ends"), [("2d", 2 * DAY), ("172801s", 5 * DAY + 1), ("172799s", 2 * DAY - 1)])
def test_what_is_done_by_the_last_second_before_a_closure_is_done(length, ends):
    """Two days to the second end as it closes; one second more waits for the door to open."""
    assert tell(closing(course=length), 0).story("ended") == [(ends, "ended", 0, "clinic")]


def test_an_urgent_child_starts_while_closed_but_its_course_begins_as_it_reopens():
    """Severe, at once, on the fourth day: starts then, over the one place, and four days are over on the ninth."""
    scenario = closing(needs=MILD, waiting_list={"at_once": ["severe"]})
    told = tell(scenario, 0, Coming(3 * DAY, need="severe"))
    assert told.moves() == [
        (0, "started", 0, "clinic"),
        (2 * DAY, "closed", -1, "clinic"),
        (3 * DAY, "started", 1, "clinic"),
        (3 * DAY, "overloaded", 1, "clinic.places"),
        (5 * DAY, "reopened", -1, "clinic"),
        *going(7 * DAY, 0),
        *going(9 * DAY, 1),
    ]


def test_patience_goes_on_while_closed():
    told = tell(closing(patience="1d"), 0, 3 * DAY)
    assert told.story("gave_up") == [(4 * DAY, "gave_up", 1, "clinic")]


def test_a_drop_in_refuses_those_who_come_while_it_is_closed():
    told = tell(closing(places=5, waiting_list={"length": 0}), DAY, 3 * DAY, 5 * DAY)
    assert told.story("started", "refused") == [
        (DAY, "started", 0, "clinic"),
        (3 * DAY, "refused", 1, "clinic"),
        (5 * DAY, "started", 2, "clinic"),
    ]


@pytest.mark.parametrize("warmup", ["0s", "10d"])
def test_a_run_that_begins_within_a_closure_begins_closed(warmup):
    """Closed from long before until the end of the second day: written down at the first second, and nobody starts before."""
    calendars = {"winter": {"dates": [["2026-12-01", "2027-01-05"]]}}
    scenario = closing(calendars)
    scenario = load(scenario.plain() | {"period": {"start": "2027-01-04", "warmup": warmup, "length": "30d"}})
    begin = phases(scenario)[0].shape.begin
    told = tell(scenario, begin, DAY)
    assert told.story() == [
        (begin, "closed", -1, "clinic"),
        *coming(begin, 0),
        *coming(DAY, 1),
        (2 * DAY, "reopened", -1, "clinic"),
        (2 * DAY, "started", 0, "clinic"),
        *going(6 * DAY, 0),
        (6 * DAY, "started", 1, "clinic"),
        *going(10 * DAY, 1),
    ]


def test_an_opening_course_within_a_closure_goes_on_when_it_reopens():
    """Already in a course on the first day, which is closed: what is left of four days begins as it reopens at 2 d."""
    calendars = {"winter": {"dates": [["2026-12-01", "2027-01-05"]]}}
    closed, ever_open = closing(calendars, opening_cases=1), closing(NEVER_CLOSED, opening_cases=1)
    for key in (11, 12, 13):
        (ends, *_), (would_end, *_) = (
            tell(scenario, Coming(0, key=key, stream=-2)).story("ended")[0] for scenario in (closed, ever_open)
        )
        assert ends == would_end + 2 * DAY
        assert would_end < 4 * DAY


def test_a_phase_changes_the_calendar_and_courses_under_way_keep_the_old_one():
    """Closed 2-9 d by the old one; from 3 d on by another, 5-6 d. The course begun at 0 has reckoned with the old one."""
    calendars = {
        "long": {"dates": [["2027-01-06", "2027-01-12"]]},
        "short": {"dates": [["2027-01-09", "2027-01-09"]]},
    }
    scenario = apply(closing(calendars, places=2), "clinic.calendar=short@2027-01-07")
    told = tell(scenario, 0, 2 * DAY + 10, 5 * DAY + 10)
    assert told.moves() == [
        (0, "started", 0, "clinic"),
        (2 * DAY, "closed", -1, "clinic"),
        (3 * DAY, "reopened", -1, "clinic"),
        (3 * DAY, "started", 1, "clinic"),
        (5 * DAY, "closed", -1, "clinic"),
        (6 * DAY, "reopened", -1, "clinic"),
        *going(8 * DAY, 1),
        (8 * DAY, "started", 2, "clinic"),
        *going(11 * DAY, 0),
        *going(12 * DAY, 2),
    ]


def test_a_calendar_that_begins_to_hold_in_the_middle_of_its_closure_closes_then():
    calendars = NEVER_CLOSED | THREE_DAYS
    scenario = apply(closing(calendars, course="4d"), "clinic.calendar=summer@2027-01-07")
    told = tell(scenario, 3 * DAY + 1)
    assert told.moves() == [
        (3 * DAY, "closed", -1, "clinic"),
        (5 * DAY, "reopened", -1, "clinic"),
        (5 * DAY, "started", 0, "clinic"),
        *going(9 * DAY, 0),
    ]


def test_dropping_out_is_counted_in_open_time():
    """Half way through four days is two days of them: the moment it closes is not passed by the closure."""
    key = key_where(("dropout_at", "clinic", 0.70, 0.71))
    had = 4 * DAY * quantile(key, "dropout_at", "clinic") // ONE
    told = tell(_dropping(), Coming(0, key=key))
    assert told.detailed("ended") == [(had + 3 * DAY, "ended", 0, "clinic", DROPPED_OUT)]


def _dropping(**outcomes):
    service = {"places": 1, "course": {"length": "4d", "dropout": 1.0}, "calendar": "summer"} | outcomes
    return ladder({"clinic": service}, length="30d", calendars=THREE_DAYS)


# Posts that come and go


def test_a_pool_that_falls_below_what_is_committed_throws_nobody_out_and_lets_nobody_in_until_it_is_filled():
    """Two posts, one vacant from 2 d to 12 d. Both courses run on; the third starts when both are over, the fourth at 12 d."""
    scenario = ladder(clinic(staff={"fte": 2, "weekly_hours": 10}), length="40d")
    supply = Supply(((0, 0, 1200), (2 * DAY, 0, 600), (12 * DAY, 0, 1200)), (), ())
    told = tell(scenario, 0, HOUR, 2 * HOUR, 3 * HOUR, supply=supply)
    assert told.detailed(but=("arose", "joined", "left")) == [
        (0, "capacity", -1, "clinic.worker", 1200),
        (0, "started", 0, "clinic", 0),
        (HOUR, "started", 1, "clinic", 0),
        (2 * DAY, "capacity", -1, "clinic.worker", 600),
        (2 * DAY, "overloaded", -1, "clinic.worker", 600),
        (10 * DAY, "ended", 0, "clinic", DONE),
        (10 * DAY + HOUR, "ended", 1, "clinic", DONE),
        (10 * DAY + HOUR, "started", 2, "clinic", 0),
        (12 * DAY, "capacity", -1, "clinic.worker", 1200),
        (12 * DAY, "started", 3, "clinic", 0),
        (20 * DAY + HOUR, "ended", 2, "clinic", DONE),
        (22 * DAY, "ended", 3, "clinic", DONE),
    ]


def test_what_posts_there_are_holds_over_the_plan_in_every_phase():
    """The plan changes at 5 d; who is there does not, until somebody comes at 8 d."""
    scenario = ladder(clinic(staff={"fte": 2, "weekly_hours": 10}), length="40d")
    scenario = apply(scenario, "clinic.course.length=1d@2027-01-09")
    supply = Supply(((0, 0, 0), (8 * DAY, 0, 600)), (), ())
    told = tell(scenario, 0, 10, supply=supply)
    assert starts(told) == [(8 * DAY, 0), (9 * DAY, 1)]
    assert told.detailed("capacity") == [
        (0, "capacity", -1, "clinic.worker", 0),
        (8 * DAY, "capacity", -1, "clinic.worker", 600),
    ]


def leaving(breaks=0.5, staff=None, **course):
    turnover = {"stay": "1y", "recruit": "90d", "breaks": breaks}
    pool = ({"fte": 2, "weekly_hours": 10} if staff is None else staff) | {"turnover": turnover}
    return ladder(clinic(WEEKS | course, pool), length="40d")


STAYS = key_where(("helper", "clinic", 0.5, 1), ("break", "clinic", 0, 0.5))
KEEPS = key_where(("helper", "clinic", 0, 0.5), ("break", "clinic", 0.5, 1), ("helper", "clinic", 0, 0.5, POOLS))
BREAKS = key_where(("helper", "clinic", 0, 0.5), ("break", "clinic", 0, 0.5))


def test_a_departure_changes_some_helpers_and_ends_some_courses_and_the_hours_are_used_at_once():
    """Half of the courses lose their helper, half of those drop out: the third child starts in that very second."""
    supply = Supply(((0, 0, 1200),), ((5 * DAY, 0, ONE // 2),), ())
    told = tell(leaving(), Coming(0, key=BREAKS), Coming(0, key=KEEPS), Coming(DAY, key=7), supply=supply)
    assert told.detailed(but=("arose", "joined")) == [
        (0, "capacity", -1, "clinic.worker", 1200),
        (0, "started", 0, "clinic", 0),
        (0, "started", 1, "clinic", 0),
        (5 * DAY, "helper_changed", 0, "clinic", 1),
        (5 * DAY, "ended", 0, "clinic", DROPPED_OUT),
        (5 * DAY, "left", 0, "", 4),
        (5 * DAY, "helper_changed", 1, "clinic", 0),
        (5 * DAY, "started", 2, "clinic", 0),
        (10 * DAY, "ended", 1, "clinic", DONE),
        (10 * DAY, "left", 1, "", 2),
        (15 * DAY, "ended", 2, "clinic", DONE),
        (15 * DAY, "left", 2, "", 2),
    ]


def test_whose_helper_stays_notices_nothing():
    """Its draw is above the share who leave: the record is as if nobody had left."""
    supply = Supply(((0, 0, 1200),), ((5 * DAY, 0, ONE // 2),), ())
    told = tell(leaving(), Coming(0, key=STAYS), supply=supply)
    assert told.moves() == [(0, "capacity", -1, "clinic.worker"), (0, "started", 0, "clinic"), *going(10 * DAY, 0)]


def test_the_second_departure_has_draws_of_its_own_and_courses_over_have_no_helper():
    """The same child may change helper twice; at 11 d nobody is left to change."""
    supply = Supply(((0, 0, 1200),), tuple((day * DAY, 0, ONE // 2) for day in (3, 5, 11)), ())
    told = tell(leaving(breaks=1e-9), Coming(0, key=KEEPS), supply=supply)
    assert told.detailed("helper_changed") == [(day * DAY, "helper_changed", 0, "clinic", 0) for day in (3, 5)]


def test_hours_freed_by_a_departure_go_with_the_post_that_left():
    """The post falls vacant in the second its helper leaves: what the dropped-out child held is not there to be used."""
    supply = Supply(((0, 0, 1200), (5 * DAY, 0, 600), (8 * DAY, 0, 1200)), ((5 * DAY, 0, ONE // 2),), ())
    told = tell(leaving(), Coming(0, key=BREAKS), Coming(0, key=KEEPS), Coming(DAY, key=7), supply=supply)
    assert told.story("overloaded", "helper_changed", "ended", "started")[2:] == [
        (5 * DAY, "overloaded", -1, "clinic.worker"),
        (5 * DAY, "helper_changed", 0, "clinic"),
        (5 * DAY, "ended", 0, "clinic"),
        (5 * DAY, "helper_changed", 1, "clinic"),
        (8 * DAY, "started", 2, "clinic"),
        (10 * DAY, "ended", 1, "clinic"),
        (18 * DAY, "ended", 2, "clinic"),
    ]


def test_whoever_helped_with_the_assessment_only_is_no_helper_any_more():
    """Two pools in the assessment, one in the rest: when the other's post falls vacant, the course goes on unbroken."""
    turnover = {"stay": "1y", "recruit": "90d", "breaks": 1.0}
    staff = {"worker": POST | {"turnover": turnover}, "assessor": POST | {"turnover": turnover}}
    service = {
        "staff": staff,
        "assessment": {"length": "2d", "hours": {"worker": 10, "assessor": 10}},
        "course": {"length": "8d", "hours": {"worker": 10}},
    }
    scenario = ladder({"clinic": service}, length="40d")
    has = ((0, 0, 600), (0, 1, 600))
    during, after = (tell(scenario, 0, supply=Supply(has, ((day * DAY, 1, ONE),), ())) for day in (1, 5))
    assert during.story("helper_changed", "ended") == [(DAY, "helper_changed", 0, "clinic"), (DAY, "ended", 0, "clinic")]
    assert after.story("helper_changed", "ended") == [(10 * DAY, "ended", 0, "clinic")]
    rest = tell(scenario, 0, supply=Supply(has, ((5 * DAY, 0, ONE),), ()))
    assert rest.story("helper_changed", "ended") == [(5 * DAY, "helper_changed", 0, "clinic"), (5 * DAY, "ended", 0, "clinic")]


def test_a_grant_that_ends_closes_the_service_for_good():
    """At 3 d: posts gone, the waiting child sent on, the course runs on, nobody enters; a later phase opens nothing."""
    services = clinic(routes=[{"to": "other", "after": "refused", "delay": "1h"}])
    services |= {"other": {"places": "endless", "course": {"length": "1d"}}}
    scenario = apply(ladder(services, length="40d"), "clinic.worker.fte=5@2027-01-09")
    told = tell(scenario, 0, 10, 6 * DAY, supply=Supply((), (), ((3 * DAY, 0),)))
    assert told.detailed() == [
        (0, "arose", 0, "", 0),
        (0, "joined", 0, "clinic", 0),
        (0, "started", 0, "clinic", 0),
        (10, "arose", 1, "", 0),
        (10, "joined", 1, "clinic", 0),
        (3 * DAY, "closed", -1, "clinic", 1),
        (3 * DAY, "capacity", -1, "clinic.worker", 0),
        (3 * DAY, "overloaded", -1, "clinic.worker", 600),
        (3 * DAY, "refused", 1, "clinic", 1),
        (3 * DAY, "handed_over", 1, "other", 0),
        (3 * DAY + HOUR, "joined", 1, "other", 0),
        (3 * DAY + HOUR, "started", 1, "other", 2 * told.plans[0].offers[1][0][0]),
        (4 * DAY + HOUR, "ended", 1, "other", DONE),
        (4 * DAY + HOUR, "left", 1, "", 2),
        (6 * DAY, "arose", 2, "", 0),
        (6 * DAY, "left", 2, "", 4),
        (10 * DAY, "ended", 0, "clinic", DONE),
        (10 * DAY, "left", 0, "", 2),
    ]


def test_posts_that_are_filled_after_the_grant_ended_open_nothing():
    told = tell(ladder(clinic(), length="40d"), 4 * DAY, supply=Supply(((0, 0, 600), (5 * DAY, 0, 1200)), (), ((3 * DAY, 0),)))
    assert told.story("capacity", "started", "left") == [
        (0, "capacity", -1, "clinic.worker"),
        (3 * DAY, "capacity", -1, "clinic.worker"),
        (4 * DAY, "left", 0, ""),
    ]


def test_a_service_is_open_from_its_day_until_its_last():
    """Opens at 2 d, closes at 7 d. Both begin with the day: at 2 d sharp one is taken, at 7 d sharp not."""
    services = clinic(opens="2027-01-06", closes="2027-01-11", course=WEEKS)
    told = tell(ladder(services, length="30d"), 2 * DAY - 1, 2 * DAY, 3 * DAY, 7 * DAY)
    assert told.detailed() == [
        (2 * DAY - 1, "arose", 0, "", 0),
        (2 * DAY - 1, "left", 0, "", 4),
        (2 * DAY, "capacity", -1, "clinic.worker", 600),
        (2 * DAY, "arose", 1, "", 0),
        (2 * DAY, "joined", 1, "clinic", 0),
        (2 * DAY, "started", 1, "clinic", 0),
        (3 * DAY, "arose", 2, "", 0),
        (3 * DAY, "joined", 2, "clinic", 0),
        (7 * DAY, "capacity", -1, "clinic.worker", 0),
        (7 * DAY, "overloaded", -1, "clinic.worker", 600),
        (7 * DAY, "refused", 2, "clinic", 1),
        (7 * DAY, "left", 2, "", 4),
        (7 * DAY, "arose", 3, "", 0),
        (7 * DAY, "left", 3, "", 4),
        (12 * DAY, "ended", 1, "clinic", DONE),
        (12 * DAY, "left", 1, "", 2),
    ]


# Group courses


def together(size=3, fte=1, course=WEEKS, needs=None, calendars=None, **more):
    group = {"size": size} | {key: more.pop(key) for key in ("least", "every") if key in more}
    staff = {"fte": fte, "weekly_hours": 10}
    services = clinic(course | {"group": group}, staff, **more)
    return ladder(services, length="60d", needs=needs or {"need": {}}, calendars=calendars or {})


def test_a_group_starts_when_it_is_full_and_holds_its_hours_once():
    """Three of six at 20; the other three are complete at 50, but the hours are the first group's until it is over."""
    told = tell(together(), 0, 10, 20, 30, 40, 50)
    assert told.moves() == [
        (20, "group_started", -1, "clinic"),
        *((20, "started", child, "clinic") for child in (0, 1, 2)),
        *(record for child in (0, 1) for record in going(10 * DAY + 20, child)),
        (10 * DAY + 20, "ended", 2, "clinic"),
        (10 * DAY + 20, "group_ended", -1, "clinic"),
        (10 * DAY + 20, "left", 2, ""),
        (10 * DAY + 20, "group_started", -1, "clinic"),
        *((10 * DAY + 20, "started", child, "clinic") for child in (3, 4, 5)),
        *(record for child in (3, 4) for record in going(20 * DAY + 20, child)),
        (20 * DAY + 20, "ended", 5, "clinic"),
        (20 * DAY + 20, "group_ended", -1, "clinic"),
        (20 * DAY + 20, "left", 5, ""),
    ]
    groups = told.rows[told.rows[:, KIND] == Kind.GROUP_STARTED]
    assert groups[:, 4].tolist() == [1, 2], "groups are numbered at the place"
    assert told.trajectory.totals.committed == [0]


def test_two_groups_run_at_once_where_the_hours_allow():
    told = tell(together(fte=2), 0, 10, 20, 30, 40, 50)
    assert told.story("group_started", "group_ended") == [
        (20, "group_started", -1, "clinic"),
        (50, "group_started", -1, "clinic"),
        (10 * DAY + 20, "group_ended", -1, "clinic"),
        (10 * DAY + 50, "group_ended", -1, "clinic"),
    ]


def test_two_groups_start_in_one_second_where_the_hours_allow():
    """Six wait at the set date, groups of at most four, hours for two groups: four and two."""
    told = tell(together(size=4, fte=2, every="7d"), *[DAY] * 6)
    assert told.story("group_started", "started") == [
        (7 * DAY, "group_started", -1, "clinic"),
        *((7 * DAY, "started", child, "clinic") for child in range(4)),
        (7 * DAY, "group_started", -1, "clinic"),
        *((7 * DAY, "started", child, "clinic") for child in (4, 5)),
    ]


def test_on_set_dates_a_group_starts_with_those_there_are_if_they_are_enough():
    """Dates every week from the start date, at least two: one at 7 d is too few; at 14 d two, one come that very second."""
    told = tell(together(every="7d", least=2), DAY, 14 * DAY, 14 * DAY + 1, 15 * DAY)
    assert told.story("group_started", "started") == [
        (14 * DAY, "group_started", -1, "clinic"),
        (14 * DAY, "started", 0, "clinic"),
        (14 * DAY, "started", 1, "clinic"),
        (28 * DAY, "group_started", -1, "clinic"),
        (28 * DAY, "started", 2, "clinic"),
        (28 * DAY, "started", 3, "clinic"),
    ]


def test_without_a_least_a_set_date_starts_with_one_and_no_date_with_a_full_group():
    assert starts(tell(together(every="7d"), DAY)) == [(7 * DAY, 0)]
    assert starts(tell(together(), DAY, 2 * DAY)) == []
    assert starts(tell(together(least=2), DAY, 2 * DAY, 3 * DAY)) == [(2 * DAY, 0), (2 * DAY, 1)]


def test_a_group_of_a_service_with_meetings_starts_at_one():
    """Complete at 2 d; places are given out every week: it starts at 7 d."""
    assert starts(tell(together(size=2, waiting_list={"every": "7d"}), DAY, 2 * DAY)) == [(7 * DAY, 0), (7 * DAY, 1)]


def test_whoever_drops_out_leaves_early_and_the_group_goes_on_with_its_hours():
    """The first leaves when its draw says; the hours stay the group's until the other is done."""
    out = key_where(("dropout", "clinic", 0, 0.5), ("dropout_at", "clinic", 0.3, 0.31))
    stays, third, fourth = (key_where(("dropout", "clinic", 0.5, 1), but=range(1000, low)) for low in (1000, 2000, 3000))
    cohort = [Coming(0, key=out), Coming(10, key=stays), Coming(20, key=third), Coming(30, key=fourth)]
    told = tell(together(size=2, course=WEEKS | {"dropout": 0.5}), *cohort)
    left = 10 + 10 * DAY * quantile(out, "dropout_at", "clinic") // ONE
    assert told.detailed("started", "ended", "group_started", "group_ended")[:7] == [
        (10, "group_started", -1, "clinic", 0),
        (10, "started", 0, "clinic", 2 * told.plans[0].member),
        (10, "started", 1, "clinic", 2 * told.plans[0].member),
        (left, "ended", 0, "clinic", DROPPED_OUT),
        (10 * DAY + 10, "ended", 1, "clinic", DONE),
        (10 * DAY + 10, "group_ended", -1, "clinic", 0),
        (10 * DAY + 10, "group_started", -1, "clinic", 0),
    ]


def test_a_group_whose_members_all_drop_out_is_over_with_the_last():
    keys = [key_where(("dropout_at", "clinic", low, low + 0.01)) for low in (0.3, 0.6)]
    told = tell(together(size=2, course=WEEKS | {"dropout": 1.0}), *(Coming(0, key=key) for key in keys))
    last = 10 * DAY * quantile(keys[1], "dropout_at", "clinic") // ONE
    assert told.story("group_ended") == [(last, "group_ended", -1, "clinic")]


def test_a_group_lasts_as_long_as_the_draw_of_its_first_member_says():
    """Three draws of a law: all three end together, with the first of them on the list."""
    course = {"length": {"law": "uniform", "low": "5d", "high": "15d"}, "hours": 10}
    keys = [key_where(("length", "clinic", low, low + 0.01)) for low in (0.3, 0.1, 0.9)]
    ends = tell(together(course=course), *(Coming(0, key=key) for key in keys)).story("ended")
    assert len({second for second, *_ in ends}) == 1
    assert abs(ends[0][0] - 8 * DAY) <= 0.11 * DAY


def test_an_urgent_child_at_a_group_service_starts_at_once_as_a_group_of_its_own():
    """Two wait for a third; the severe child does not fill their group, and takes the hours of one over capacity if need be."""
    told = tell(
        together(needs=MILD, waiting_list={"at_once": ["severe"]}),
        0, 10, Coming(20, need="severe"), Coming(30, need="severe"), Coming(11 * DAY),
    )  # fmt: skip
    assert told.story(but=("arose", "joined", "left", "ended")) == [
        (20, "group_started", -1, "clinic"),
        (20, "started", 2, "clinic"),
        (30, "group_started", -1, "clinic"),
        (30, "overloaded", 3, "clinic.worker"),
        (30, "started", 3, "clinic"),
        (10 * DAY + 20, "group_ended", -1, "clinic"),
        (10 * DAY + 30, "group_ended", -1, "clinic"),
        (11 * DAY, "group_started", -1, "clinic"),
        *((11 * DAY, "started", child, "clinic") for child in (0, 1, 4)),
        (21 * DAY, "group_ended", -1, "clinic"),
    ]


def test_a_group_does_not_start_while_closed_and_takes_the_next_date():
    """A closure over the second date: the group of that week starts at the third."""
    scenario = together(every="7d", calendar="week", calendars={"week": {"dates": [["2027-01-10", "2027-01-12"]]}})
    assert starts(tell(scenario, DAY)) == [(14 * DAY, 0)]


# No list, no limit


def test_a_drop_in_of_hours_takes_whoever_finds_room_and_nobody_waits():
    told = tell(ladder(clinic(waiting_list={"length": 0}), length="30d"), 0, DAY, 10 * DAY)
    assert told.story(but=("arose",)) == [
        (0, "joined", 0, "clinic"),
        (0, "started", 0, "clinic"),
        (DAY, "joined", 1, "clinic"),
        (DAY, "refused", 1, "clinic"),
        (DAY, "left", 1, ""),
        *going(10 * DAY, 0),
        (10 * DAY, "joined", 2, "clinic"),
        (10 * DAY, "started", 2, "clinic"),
        *going(20 * DAY, 2),
    ]
    assert told.trajectory.totals.waiting_area == [0]


def test_what_has_no_limit_takes_everybody_at_once_and_has_no_pool():
    told = tell(ladder({"clinic": {"places": "endless", "course": {"length": "300s"}}}), *range(1000))
    assert starts(told) == [(child, child) for child in range(1000)]
    assert told.plans[0].shape.pools == ()
    assert not told.story("overloaded", "capacity", "refused")


# A part of the course


HALF = {"outcomes": {"matched": {"recovered": 1.0}, "dose": True}}


@pytest.mark.parametrize(("had", "dose", "gained"), [(0.6, 0.3, True), (0.3, 0.6, False), (0.5, 0.52, False)])
def test_a_dose_works_with_the_probability_of_the_part_there_was(had, dose, gained):
    """Left after so much of it; the draw of the dose below that part: the need is over, though the course was broken off."""
    key = key_where(("dropout_at", "clinic", had, had + 0.01), ("dose", "clinic", dose, dose + 0.01))
    scenario = ladder({"clinic": {"places": 1, "course": {"length": "10d", "dropout": 1.0}} | HALF}, length="30d")
    second = 10 * DAY * quantile(key, "dropout_at", "clinic") // ONE
    for with_dose in (True, False):
        told = tell(scenario if with_dose else apply(scenario, "clinic.outcomes.dose=false"), Coming(0, key=key))
        assert told.detailed("ended", "left") == [
            (second, "ended", 0, "clinic", DROPPED_OUT),
            (second, "left", 0, "", 0 if gained and with_dose else 4),
        ]


def test_a_dose_that_improves_leaves_the_need_it_improves_to():
    """Dropped out after 60 per cent and lucky with the dose: the need is the milder one, the route that of dropping out."""
    key = key_where(("dropout_at", "clinic", 0.6, 0.61), ("dose", "clinic", 0.1, 0.2))
    service = {
        "places": 1,
        "course": {"length": "10d", "dropout": 1.0},
        "outcomes": {"matched": {"improved": 1.0}, "dose": True},
        "routes": [{"to": "after", "after": "dropped_out", "delay": "1d"}],
    }
    scenario = ladder(
        {"clinic": service, "after": {"places": 1, "course": {"length": "1d"}}},
        length="30d", needs={"more": {"improves_to": "less"}, "less": {}},
    )  # fmt: skip
    told = tell(scenario, Coming(0, key=key))
    second = 10 * DAY * quantile(key, "dropout_at", "clinic") // ONE
    assert [(*row[:3], row[8]) for row in told.rows.tolist() if row[1] in (Kind.ENDED, Kind.HANDED_OVER)] == [
        (second, Kind.ENDED, 0, 0),
        (second, Kind.HANDED_OVER, 0, 1),
        (second + 2 * DAY, Kind.ENDED, 0, 1),
    ]


def test_the_assessment_is_no_dose_and_the_rest_is_counted_from_its_own_beginning():
    key = key_where(("dropout", "clinic", 0, 0.5), ("dropout_at", "clinic", 0.6, 0.61), ("dose", "clinic", 0.0, 0.1))
    service = {"places": 1, "assessment": {"length": "5d", "dropout": 0.5}, "course": {"length": "5d"}} | HALF
    told = tell(ladder({"clinic": service}, length="30d"), Coming(0, key=key))
    assert told.detailed("left")[0][4] == 4


def test_closed_days_are_no_dose():
    """Left after 60 per cent of four days, three closed days in between: 60 per cent counts, not the five days it took."""
    key = key_where(("dropout_at", "clinic", 0.6, 0.61), ("dose", "clinic", 0.62, 0.9))
    assert tell(_dropping(**HALF), Coming(0, key=key)).detailed("left")[0][4] == 4
    key = key_where(("dropout_at", "clinic", 0.6, 0.61), ("dose", "clinic", 0.5, 0.58))
    assert tell(_dropping(**HALF), Coming(0, key=key)).detailed("left")[0][4] == 0


# Courses that exclude each other


def excluding(length="2000s", b=None, **more):
    """A course of 300 with two others offered beside it, of 100 and 50, that exclude each other."""
    services = {
        "clinic": {"places": 9, "course": {"length": "300s"}, "alongside": [{"to": "a"}, {"to": "b"}]},
        "a": {"places": 1, "course": {"length": "100s"}},
        "b": {"places": 1, "course": {"length": "50s"}, "excludes": ["a"]} | (b or {}),
    }
    return ladder(services, length=length, **more)


def test_a_course_that_another_excludes_waits_until_that_is_over():
    """Both offered at 0: ``a`` starts, ``b`` is waited for until 100, though its place is free."""
    assert tell(excluding(), 0).story() == [
        *started(0, 0),
        (0, "joined", 0, "a"),
        (0, "joined", 0, "b"),
        (0, "started", 0, "a"),
        (100, "ended", 0, "a"),
        (100, "started", 0, "b"),
        (150, "ended", 0, "b"),
        (300, "ended", 0, "clinic"),
        (300, "left", 0, ""),
    ]


def test_others_pass_while_it_waits_and_then_it_is_first_again():
    """The free place goes to those who can use it; at 120 the child who joined at 0 is before the one who joined at 80."""
    told = tell(excluding(), 0, (10, "b"), (70, "b"), (80, "b"))
    assert [record for record in told.story("started") if record[3] == "b"] == [
        (10, "started", 1, "b"),
        (70, "started", 2, "b"),
        (120, "started", 0, "b"),
        (170, "started", 3, "b"),
    ]


def test_excluding_holds_both_ways_whichever_says_so():
    services = excluding().plain()["services"]
    del services["b"]["excludes"]
    services["a"]["excludes"] = ["b"]
    assert tell(ladder(services), 0).story("started")[1:] == [(0, "started", 0, "a"), (100, "started", 0, "b")]


def test_an_urgent_child_too_waits_for_what_excludes_it_and_then_starts_at_once():
    """Severe, at once at both: ``a`` has begun when ``b`` would; at 100 it starts, over the place of another."""
    at_once = {"waiting_list": {"at_once": ["severe"]}}
    services = excluding(b=at_once | {"course": {"length": "500s"}}, needs=MILD).plain()["services"]
    services["a"] |= at_once
    told = tell(ladder(services, needs=MILD), Coming(0, need="severe"), Coming(50, "b"))
    assert [record for record in told.moves() if record[3].startswith("b")] == [
        (50, "started", 1, "b"),
        (100, "started", 0, "b"),
        (100, "overloaded", 0, "b.places"),
        (550, "ended", 1, "b"),
        (600, "ended", 0, "b"),
    ]


def test_whoever_waits_for_an_excluded_course_is_sent_on_when_the_service_closes():
    """``b`` closes on the third day, ``a`` runs for five: the child does not stay on the list of a closed service."""
    services = {
        "clinic": {"places": 9, "course": {"length": "9d"}, "alongside": [{"to": "a"}, {"to": "b"}]},
        "a": {"places": 1, "course": {"length": "5d"}},
        "b": {"places": 1, "course": {"length": "5d"}, "excludes": ["a"]},
    }
    told = tell(apply(ladder(services, length="30d"), "b.open=false@2027-01-06"), 0)
    assert told.story("refused", "ended", "left") == [
        (2 * DAY, "refused", 0, "b"),
        (5 * DAY, "ended", 0, "a"),
        (9 * DAY, "ended", 0, "clinic"),
        (9 * DAY, "left", 0, ""),
    ]


# Terms that change while a course runs


@pytest.mark.parametrize("change", ["clinic.course.dropout=0.0", "clinic.course.length=30d"])
def test_a_course_that_was_to_be_broken_off_is_though_nobody_drops_out_any_more(change):
    """Begun under a share of drop-outs that is taken away at 2 d: it keeps its terms, ending and all."""
    scenario = ladder({"clinic": {"places": 1, "course": {"length": "10d", "dropout": 1.0}}}, length="40d")
    key = key_where(("dropout_at", "clinic", 0.6, 0.61))
    second = 10 * DAY * quantile(key, "dropout_at", "clinic") // ONE
    told = tell(apply(scenario, f"{change}@2027-01-06"), Coming(0, key=key))
    assert told.detailed("ended") == [(second, "ended", 0, "clinic", DROPPED_OUT)]


# Neutral by default, and nobody else's business


BUSY = {
    "name": "busy",
    "period": {"start": "2027-01-04", "warmup": "30d", "length": "200d"},
    "needs": {
        "mild": {"severity": "mild", "step": "yellow", "remission": "1/y", "worsening": "1/y", "worsens_to": "severe"},
        "severe": {"severity": "severe", "step": "red", "improves_to": "mild"},
    },
    "demand": {
        "children": {"rate": "1/d", "mix": {"mild": 0.6, "severe": 0.4}, "to": "clinic"},
        "others": {"rate": "1/d", "mix": {"mild": 0.6, "severe": 0.4}, "to": "other"},
    },
    "services": {
        "clinic": {
            "step": "red",
            "staff": {"a": {"fte": 1}, "b": {"fte": 0.5}},
            "waiting_list": {"order": "severity"},
            "patience": {"law": "exponential", "mean": "90d"},
            "course": {"sessions": 5, "interval": "7d", "cv": 0.5, "hours": [{"a": 3.0}, {"b": 3.0}], "dropout": 0.2},
            "outcomes": {"matched": {"recovered": 0.5, "improved": 0.2, "unchanged": 0.3}},
        },
        "other": {
            "step": "red",
            "staff": {"c": {"fte": 1}},
            "course": {"sessions": 5, "interval": "7d", "cv": 0.5, "hours": 3.0, "dropout": 0.2},
            "outcomes": {"matched": {"recovered": 0.5, "improved": 0.2, "unchanged": 0.3}},
        },
    },
}


def ran(scenario, seed=1, supply=None):
    """The cohort and the records of one replication."""
    plans = phases(scenario)
    cohort = draw_cohort(scenario, plans, seed, 0)
    trajectory = simulate(plans, cohort) if supply is None else simulate(plans, cohort, supply=supply)
    check(plans, trajectory)
    return cohort, trajectory.log


def busy(*patches, **calendars):
    """The busy ladder with something else at its first service."""
    source = BUSY
    for patch in patches:
        source = merged(source, {"services": {"clinic": patch}})
    return load(source | ({"calendars": calendars} if calendars else {}))


def course(**fields):
    return {"course": fields}


def worker(**fields):
    return {"staff": {"a": fields}}


NEUTRAL = {
    "absent": worker(absent=0.0),
    "work": worker(work={}),
    "missed": course(missed=0.0),
    "cancelled": course(cancelled=0.0),
    "outreach, no travel": course(outreach=0.9),
    "travel, no outreach": {"travel": 2.0},
    "missed_per_hour, no travel": course(missed_per_hour=0.5),
    "calendar": {"calendar": "never"},
    "excludes": {"excludes": ["other"]},
    "opens": {"opens": "2020-01-01"},
    "turnover and grant": worker(turnover={"stay": "5y", "recruit": "90d", "breaks": 0.5}) | {"grant": {"until": "2027-03-01"}},
}


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_neutral_value_changes_no_byte(name):
    """Turnover and a grant, too: with a supply in which nothing happens."""
    calendars = NEVER_CLOSED if name == "calendar" else {}
    assert ran(busy(NEUTRAL[name], **calendars))[1].rows.tobytes() == ran(busy(**calendars))[1].rows.tobytes()


def test_a_dose_where_nobody_drops_out_changes_no_byte():
    base = course(dropout=0.0)
    assert ran(busy(base, {"outcomes": {"dose": True}}))[1].rows.tobytes() == ran(busy(base))[1].rows.tobytes()


SUMMER = {"summer": {"dates": [["2027-02-01", "2027-02-21"]]}}
ON = {
    "absent": worker(absent=0.3),
    "work": worker(work={"meetings": 7.5}),
    "missed": course(missed=0.2),
    "cancelled": course(cancelled=0.2),
    "outreach": course(outreach=0.5) | {"travel": 1.0},
    "missed_per_hour": course(missed_per_hour=0.2) | {"travel": 1.0},
    "calendar": {"calendar": "summer"},
    "opens": {"opens": "2027-02-01"},
    "closes": {"closes": "2027-03-01"},
    "dose": {"outcomes": {"dose": True}},
    "length 0": {"waiting_list": {"length": 0}},
    "group": course(group={"size": 2}),
    "rooms": {"staff": {"room": {"rooms": 1, "weekly_hours": 20}}, "course": {"hours": [{"a": 3.0, "room": 3.0}, {"b": 3.0}]}},
    "cases": {"staff": {"load": {"cases": 5}}, "course": {"hours": [{"a": 3.0, "load": 1}, {"b": 3.0, "load": 1}]}},
}


@pytest.mark.parametrize("name", ON)
def test_switched_on_at_one_service_it_changes_no_record_of_those_at_another(name):
    """Two services that share nothing: whoever only ever is at the other has the same rows, byte for byte."""
    calendars = SUMMER if name == "calendar" else {}
    (cohort, before), (_, after) = ran(busy(**calendars)), ran(busy(ON[name], **calendars))
    assert before.rows.tobytes() != after.rows.tobytes()
    others = np.flatnonzero(cohort.stream == 1)
    assert len(others) > 100
    rows = [log.rows[np.isin(log.child, others)] for log in (before, after)]
    options = np.isin(rows[0][:, KIND], Kind.STARTED)[:, None] & (np.arange(9) == DETAIL)  # numbered over all services
    rows = [np.where(options, 0, r) for r in rows]
    assert rows[0].tobytes() == rows[1].tobytes()


def test_departures_change_nobody_elsewhere_and_nobody_whose_helper_stays():
    """Common random numbers: with endless hours nothing couples the children, and only the broken courses differ."""
    turnover = {"stay": "5y", "recruit": "90d", "breaks": 0.5}
    scenario = busy(worker(fte=500.0, turnover=turnover))
    capacity = phases(scenario)[0].capacity[0]
    departures = tuple((day * DAY, 0, ONE // 5) for day in range(10, 200, 10))
    cohort, before = ran(scenario, supply=Supply(((-30 * DAY, 0, capacity),), (), ()))
    _, after = ran(scenario, supply=Supply(((-30 * DAY, 0, capacity),), departures, ()))
    changed = after.of(Kind.HELPER_CHANGED)
    assert set(changed.detail.tolist()) == {0, 1}
    broken = set(changed.child[changed.detail == 1].tolist())
    for child in range(len(cohort)):
        if child not in broken:
            rows = [log.rows[(log.child == child) & (log.kind != Kind.HELPER_CHANGED)].tobytes() for log in (before, after)]
            assert rows[0] == rows[1], child


# Direction, on one small run with common random numbers


def mean_wait(scenario):
    log = ran(scenario)[1].of(Kind.STARTED)
    log = log.where(log.place == 0)
    return float((log.time - log.since).mean())


@pytest.mark.parametrize("name", ["absent", "work", "missed", "outreach", "missed_per_hour", "calendar", "rooms", "cases"])
def test_what_takes_hours_lengthens_the_wait(name):
    assert mean_wait(busy(ON[name], **SUMMER)) > mean_wait(busy(**SUMMER)) + DAY


def test_what_is_called_off_lengthens_the_course_more_than_the_wait():
    """A course takes the same hours in all, spread over a longer time."""
    scenarios = busy(), busy(course(cancelled=0.5))
    ends = [log.where(log.place == 0) for log in (ran(scenario)[1].of(Kind.ENDED) for scenario in scenarios)]
    lengths = [float((log.time - log.since).mean()) for log in ends]
    assert lengths[1] == pytest.approx(2 * lengths[0], rel=0.2)
    assert mean_wait(scenarios[1]) < 1.5 * mean_wait(scenarios[0])


def test_more_absence_leaves_fewer_starts_step_by_step():
    counts = [len(ran(busy(worker(absent=share)))[1].of(Kind.STARTED)) for share in (0.0, 0.2, 0.4, 0.6)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1] + 20


def test_more_doses_more_recovered():
    """Nothing couples them: whoever recovered without a dose does with it, and of those who drop out some more do."""
    endless = worker(fte=500.0), course(dropout=0.6)
    recovered = [
        set(log.child[(log.kind == Kind.LEFT) & (log.detail == 0)].tolist())
        for log in (ran(busy(*endless, {"outcomes": {"dose": dose}}))[1] for dose in (False, True))
    ]
    assert recovered[0] < recovered[1]
