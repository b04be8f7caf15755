"""Dates, working days and planned closures as whole seconds since the start date."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

import holidays
import numpy as np

from scenarios.schema import Calendar
from scenarios.units import DAY
from sim.draws import Ints


def seconds(day: date, start: date) -> int:
    """Seconds from the start date to a day, negative before it."""
    return (day - start).days * DAY


def day_of(second: int, start: date) -> date:
    """The day a second falls on."""
    return start + timedelta(days=second // DAY)


@lru_cache(maxsize=64)
def working_day_limits(start: date, first_day: int, last_day: int, working_days: int) -> Ints:
    """The second by which something received on each day is due.

    Args:
        start: the day of second 0.
        first_day, last_day: days since ``start`` that are covered, both included.
        working_days: how many working days are given; Saturdays, Sundays and Norwegian public holidays do not count.

    Returns:
        For each day from ``first_day``: the last second of the ``working_days``-th working day after it.
    """
    span = working_days * 2 + 40  # never more than this many calendar days
    days = [start + timedelta(days=number) for number in range(first_day, last_day + span)]
    off = holidays.country_holidays("NO", years=range(days[0].year, days[-1].year + 1), include_sundays=False)
    works = np.array([day.weekday() < 5 and day not in off for day in days])
    worked = np.cumsum(works)
    covered = last_day - first_day + 1
    due = np.searchsorted(worked, worked[:covered] + working_days)
    return (first_day + due.astype(np.int64) + 1) * DAY - 1


BEYOND = 3 * 366
"""Days after the last one for which closures are still known: courses run on after the end."""


def closures(calendar: Calendar, start: date, first_day: int, last_day: int) -> tuple[tuple[int, int], ...]:
    """When a calendar is closed, from the first day until three years after the last.

    Args:
        calendar: from the scenario.
        start: the day of second 0.
        first_day, last_day: days since ``start``, both included.

    Returns:
        (first second, first second after) of each closure, in order, with open time between any two.
    """
    last_day += BEYOND
    closed = {
        number
        for first, last in _spans(calendar, start + timedelta(days=first_day), start + timedelta(days=last_day))
        for number in range(max(first_day, (first - start).days), min(last_day, (last - start).days) + 1)
    }
    begins = sorted(number for number in closed if number - 1 not in closed)
    ends = sorted(number + 1 for number in closed if number + 1 not in closed)
    return tuple((begin * DAY, end * DAY) for begin, end in zip(begins, ends, strict=True))


def _spans(calendar: Calendar, first: date, last: date) -> Iterator[tuple[date, date]]:
    """First and last day of every closure that may touch the days from ``first`` to ``last``."""
    years = range(first.year - 1, last.year + 1)  # one that begins in the year before may last into this one
    yield from calendar.dates
    for year in years:
        for begin, end in calendar.yearly:
            yield that_day(year, begin), that_day(year + (end < begin), end)
    if calendar.public_holidays:
        yield from ((day, day) for day in holidays.country_holidays("NO", years=years, include_sundays=False))


def that_day(year: int, month_and_day: str) -> date:
    """``07-01`` in a year; a day that its month does not have that year is the month's last."""
    month, day = int(month_and_day[:2]), int(month_and_day[3:])
    return date(year, month, min(day, monthrange(year, month)[1]))


@dataclass(frozen=True)
class Hours:
    """Closures with what is asked of them added up, so that looking ahead is a search in sorted numbers."""

    begins: tuple[int, ...]
    """First second of each closure."""
    ends: tuple[int, ...]
    """First second after it."""
    closed: tuple[int, ...]
    """Seconds closed before each, and before the end of all: one more than there are closures."""
    worked: tuple[int, ...]
    """``begins`` less ``closed``: the reading, at each closure, of a clock that stands still while closed."""


@lru_cache(maxsize=256)
def hours_of(closures: Sequence[tuple[int, int]]) -> Hours:
    """Closures, in order and apart from each other, ready to be asked."""
    closed = (0, *accumulate(end - begin for begin, end in closures))
    return Hours(
        begins=tuple(begin for begin, _ in closures),
        ends=tuple(end for _, end in closures),
        closed=closed,
        worked=tuple(begin - before for (begin, _), before in zip(closures, closed, strict=False)),
    )


def is_closed(hours: Hours, now: int) -> bool:
    """Whether a second lies in a closure."""
    begun = bisect_right(hours.begins, now)
    return begun > 0 and now < hours.ends[begun - 1]


def finish(hours: Hours, now: int, length: int) -> int:
    """The second at which ``length`` working seconds, at least 1, have passed after ``now``: closed seconds do not count.

    Inside a closure the clock starts at its end. What is done with the last second before a closure is done as it begins.
    """
    reading = _reading(hours, now) + length
    return reading + hours.closed[bisect_left(hours.worked, reading)]


def worked(hours: Hours, since: int, now: int) -> int:
    """Working seconds between two seconds: closed ones do not count."""
    return _reading(hours, now) - _reading(hours, since)


def _reading(hours: Hours, now: int) -> int:
    """Of a clock that stands still while closed."""
    begun = bisect_right(hours.begins, now)
    return hours.worked[begun - 1] if begun and now < hours.ends[begun - 1] else now - hours.closed[begun]
