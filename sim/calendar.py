"""Dates and working days as whole seconds since the start date."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import holidays
import numpy as np

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
