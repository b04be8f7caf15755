"""Dates, working days and planned closures: against the calendar on the wall, and against counting second by second."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from scenarios.changes import dates
from scenarios.levers import apply
from scenarios.load import load
from scenarios.resolve import open_on
from scenarios.schema import Calendar, Service
from scenarios.units import DAY
from sim.calendar import BEYOND, closures, day_of, finish, hours_of, is_closed, seconds, that_day, working_day_limits

START = date(2027, 1, 4)


def days(calendar, first=0, last=364, start=START):
    """Closures as (first day, last day), of those that begin within the days asked for."""
    found = closures(calendar, start, first, last)
    assert all(begin % DAY == end % DAY == 0 and begin < end for begin, end in found)
    assert all(end < begin for (_, end), (begin, _) in pairwise(found)), "in order and apart"
    spans = [(start + timedelta(begin // DAY), start + timedelta(end // DAY - 1)) for begin, end in found]
    return [span for span in spans if span[0] <= start + timedelta(last)]


# Closures


def test_a_calendar_that_says_nothing_is_never_closed():
    assert closures(Calendar(), START, -100, 1000) == ()


def test_yearly_closures_come_every_year_until_three_years_after_the_last_day():
    found = closures(Calendar(yearly=(("07-01", "07-31"),)), START, 0, 364)
    assert [(START + timedelta(a // DAY), (b - a) // DAY) for a, b in found] == [
        (date(year, 7, 1), 31) for year in (2027, 2028, 2029, 2030)
    ]


def test_closures_that_touch_or_overlap_are_one():
    """A week, the next week, one within, and a single day apart from them."""
    calendar = Calendar(
        dates=(
            (date(2027, 3, 8), date(2027, 3, 14)),
            (date(2027, 3, 1), date(2027, 3, 7)),
            (date(2027, 3, 3), date(2027, 3, 4)),
            (date(2027, 3, 16), date(2027, 3, 16)),
        )
    )
    assert days(calendar) == [(date(2027, 3, 1), date(2027, 3, 14)), (date(2027, 3, 16), date(2027, 3, 16))]


def test_a_closure_over_new_year_is_one_and_is_known_on_the_first_day_of_the_run():
    """From 23 December to 6 January: the run begins within it, on 4 January, and is closed for three days."""
    christmas = Calendar(yearly=(("12-23", "01-06"),))
    assert days(christmas) == [(date(2027, 1, 4), date(2027, 1, 6)), (date(2027, 12, 23), date(2028, 1, 6))]


def test_norwegian_public_holidays_of_2027():
    """Easter is on 28 March; 1 and 17 May; Ascension on 6 May; Whitsun on 16 and 17 May; Sundays as such are none."""
    found = days(Calendar(public_holidays=True))
    assert found == [
        (date(2027, 3, 25), date(2027, 3, 26)),
        (date(2027, 3, 28), date(2027, 3, 29)),
        (date(2027, 5, 1), date(2027, 5, 1)),
        (date(2027, 5, 6), date(2027, 5, 6)),
        (date(2027, 5, 16), date(2027, 5, 17)),
        (date(2027, 12, 25), date(2027, 12, 26)),
        (date(2028, 1, 1), date(2028, 1, 1)),
    ]


def test_the_last_of_february_is_closed_in_every_year():
    """29 February stands for the last day of the month; so does a day that no month has."""
    assert that_day(2028, "02-29") == date(2028, 2, 29)
    assert that_day(2027, "02-29") == that_day(2027, "02-31") == date(2027, 2, 28)
    assert days(Calendar(yearly=(("02-29", "03-01"),))) == [(date(2027, 2, 28), date(2027, 3, 1))]


def test_a_calendar_may_be_closed_all_the_time():
    found = closures(Calendar(yearly=(("01-01", "12-31"),)), START, -10, 10)
    assert found == ((-10 * DAY, (10 + BEYOND + 1) * DAY),)


@given(first=some.integers(-800, 300), length=some.integers(0, 800), spans=some.lists(some.integers(0, 365), max_size=6))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_a_day_is_closed_where_the_calendar_says_so_whatever_days_are_asked_for(first, length, spans):
    """Day by day against the calendar's own words."""
    stated = [(START + timedelta(day), START + timedelta(day + day % 9)) for day in spans]
    calendar = Calendar(yearly=(("07-05", "07-25"), ("12-24", "01-02")), dates=tuple(stated))
    hours = hours_of(closures(calendar, START, first, first + length))
    for number in range(first, first + length + BEYOND + 1):
        day = START + timedelta(number)
        word = f"{day:%m-%d}"
        closed = "07-05" <= word <= "07-25" or word >= "12-24" or word <= "01-02"
        closed |= any(begin <= day <= end for begin, end in stated)
        assert is_closed(hours, number * DAY) == is_closed(hours, number * DAY + DAY - 1) == closed


# Working time


def naive(closed, now, length):
    """Second by second: the first at which so many open ones lie behind."""
    while length:
        length -= not any(begin <= now < end for begin, end in closed)
        now += 1
    return now


def test_finish_worked_by_hand():
    """Closed from 10 to 20 and from 25 to 30."""
    hours = hours_of(((10, 20), (25, 30)))
    assert finish(hours, 0, 3) == 3
    assert finish(hours, 0, 10) == 10, "done with the last second before the closure"
    assert finish(hours, 0, 11) == 21
    assert finish(hours, 12, 1) == 21, "inside a closure the clock starts at its end"
    assert finish(hours, 10, 1) == 21
    assert finish(hours, 20, 5) == 25
    assert finish(hours, 9, 7) == 31
    assert finish(hours, 40, 7) == 47
    assert finish(hours_of(()), -5, 7) == 2


closed_times = some.lists(some.tuples(some.integers(1, 12), some.integers(1, 12)), max_size=6).map(
    lambda steps: tuple(
        (sum(a + b for a, b in steps[:i]) + steps[i][0] - 20, sum(a + b for a, b in steps[: i + 1]) - 20)
        for i in range(len(steps))
    )
)


@given(closed=closed_times, now=some.integers(-40, 120), length=some.integers(1, 120))
@settings(max_examples=500, derandomize=True, deadline=None)
def test_finish_is_what_counting_every_second_gives(closed, now, length):
    assert finish(hours_of(closed), now, length) == naive(closed, now, length)


@given(closed=closed_times, now=some.integers(-40, 120))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_a_second_is_closed_if_it_lies_in_a_closure(closed, now):
    assert is_closed(hours_of(closed), now) == any(begin <= now < end for begin, end in closed)


@given(closed=closed_times, now=some.integers(-40, 120), first=some.integers(1, 60), then=some.integers(1, 60))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_two_stretches_one_after_the_other_are_one_stretch(closed, now, first, then):
    """A course of two phases ends when one phase as long as both would have ended."""
    hours = hours_of(closed)
    assert finish(hours, finish(hours, now, first), then) == finish(hours, now, first + then)


# Days


def test_seconds_and_days_are_inverse():
    assert seconds(date(2027, 1, 5), START) == DAY
    assert day_of(-1, START) == date(2027, 1, 3)
    assert day_of(seconds(date(2031, 2, 28), START), START) == date(2031, 2, 28)


def test_a_referral_before_easter_is_due_ten_working_days_later():
    """Of Monday 22 March 2027: two days before Easter, four after it, four of the week that follows: Thursday 8 April."""
    due = working_day_limits(START, 0, 120, 10)
    received = (date(2027, 3, 22) - START).days
    assert day_of(int(due[received]), START) == date(2027, 4, 8)
    assert int(due[received]) == seconds(date(2027, 4, 9), START) - 1


# Services that open and close


def service(**over):
    return Service.model_validate({"places": 3, "course": {"length": "3d"}} | over)


@pytest.mark.parametrize(
    ("over", "before", "during", "after"),
    [
        ({}, True, True, True),
        ({"open": False}, False, False, False),
        ({"opens": "2027-05-01"}, False, True, True),
        ({"closes": "2028-02-01"}, True, True, False),
        ({"opens": "2027-05-01", "closes": "2028-02-01"}, False, True, False),
        ({"open": False, "opens": "2027-05-01"}, False, False, False),
    ],
)
def test_a_service_is_open_from_its_first_day_until_the_day_it_closes(over, before, during, after):
    asked = service(**over)
    assert [open_on(asked, date(2027, 4, 30)), open_on(asked, date(2027, 5, 1))] == [before, during]
    assert [open_on(asked, date(2028, 1, 31)), open_on(asked, date(2028, 2, 1))] == [during, after]


def scenario(areas=None, **over):
    return load(
        {
            "name": "days",
            "period": {"start": "2027-01-04", "warmup": "1y", "length": "2y"},
            "demand": {"needs": {"rate": "3/y", "to": "clinic"}},
            "areas": areas or {"here": {}},
            "services": {"clinic": {"places": 3, "course": {"length": "3d"}} | over},
        }
    )


def test_days_on_which_services_open_and_close_are_phases():
    """The template's, and those of each place where it differs; what lies before the warm-up has already happened."""
    assert dates(scenario()) == (date.min,)
    assert dates(scenario(opens="2027-05-01", closes="2028-02-01")) == (date.min, date(2027, 5, 1), date(2028, 2, 1))
    assert dates(scenario(opens="2020-01-01")) == (date.min,)
    areas = {"north": {"services": {"clinic": {"opens": "2027-09-01"}}}, "south": {}}
    assert dates(scenario(areas, closes="2028-02-01")) == (date.min, date(2027, 9, 1), date(2028, 2, 1))


def test_a_change_of_the_day_moves_the_phase():
    """From the start date the clinic closes later: the day that no longer holds is no phase, unless it came before."""
    moved = apply(scenario(closes="2028-02-01"), "clinic.closes=2028-06-01")
    assert date(2028, 6, 1) in dates(moved)
    late = apply(scenario(closes="2028-02-01"), "clinic.closes=2028-06-01@2028-03-01")
    assert dates(late) == (date.min, date(2028, 2, 1), date(2028, 3, 1), date(2028, 6, 1))


def test_days_are_found_where_a_scenario_holds_mistakes_too():
    """Whatever is wrong is said when the scenario is checked, not on the way there."""
    with pytest.raises(Exception, match=r"areas.north.services.clinic.opens"):
        scenario({"north": {"services": {"clinic": {"opens": "soon"}}}, "south": {}})
