"""Time: the period, when services open and close, grants, and planned closures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from scenarios.check_areas import Found, Variants
from scenarios.reading import Path_
from scenarios.schema import Calendar, Period, Scenario, Service
from scenarios.units import DAY

EARLIEST, LATEST = 1950, 2150
"""Years in which a period may start."""
_LEAP_YEAR = 2028  # any leap year: it has every day that a year can have


def times(scenario: Scenario, variants: Variants) -> Found:
    """Every stretch of time has an end after its beginning, and no calendar closes a service for good."""
    start = scenario.period.start
    if scenario.period.length <= 0:
        yield ("period", "length"), "must be above 0"
    if not EARLIEST <= start.year <= LATEST:
        yield ("period", "start"), f"must lie between {EARLIEST} and {LATEST} (got {start})"
    for name, calendar in scenario.calendars.items():
        yield from _calendar(("calendars", name), calendar, scenario.period)
    for here, _, service in variants:
        yield from _open(here, service)


def _open(here: Path_, service: Service) -> Found:
    opens, closes, grant = service.opens, service.closes, service.grant
    if opens and closes and closes <= opens:
        yield (*here, "closes"), f"must be after opens, {opens} (got {closes})"
    if opens and grant and grant.until <= opens:
        yield (
            (*here, "grant", "until"),
            f"must be after opens, {opens}: it would end before it began (got {grant.until})",
        )


def _calendar(path: Path_, calendar: Calendar, period: Period) -> Found:
    if not (calendar.public_holidays or calendar.yearly or calendar.dates):
        yield path, "closes nothing: state public_holidays, yearly or dates"
    wrong = [*_no_days((*path, "yearly"), calendar.yearly), *_backwards((*path, "dates"), calendar.dates)]
    yield from wrong
    if not wrong and _all_year(calendar.yearly):
        yield (*path, "yearly"), "closes every day of the year: leave some open, or set open: false on the service"
    if not wrong and _whole_period(calendar.dates, period):
        yield (*path, "dates"), "closes every day of the run: leave some open, or set open: false on the service"


def _no_days(path: Path_, yearly: Sequence[tuple[str, str]]) -> Found:
    for index, days in enumerate(yearly):
        for end, day in enumerate(days):
            if _day(day) is None:
                yield (*path, index, end), f'must be a day that a year has, such as "07-01" (got "{day}")'


def _backwards(path: Path_, dates: Sequence[tuple[date, date]]) -> Found:
    for index, (first, last) in enumerate(dates):
        if first > last:
            yield (*path, index), f"the first day must not be after the last (got {first} and {last})"


def _day(text: str) -> date | None:
    """The day in a leap year; None where no year has it."""
    try:
        return date.fromisoformat(f"{_LEAP_YEAR}-{text}")
    except ValueError:
        return None


def _all_year(yearly: Sequence[tuple[str, str]]) -> bool:
    return len({day for first, last in yearly for day in _days_between(first, last)}) == 366


def _days_between(first: str, last: str) -> Iterator[date]:
    """The days of a leap year from the first to the last, across the new year where the last comes before the first."""
    begin, end = _day(first), _day(last)
    if begin is None or end is None:
        return
    new_year = date(_LEAP_YEAR, 1, 1)
    length = (end - begin).days % 366 + 1
    yield from (new_year + timedelta(days=((begin - new_year).days + number) % 366) for number in range(length))


def _whole_period(dates: Sequence[tuple[date, date]], period: Period) -> bool:
    """Whether closures in single years leave no day of the run open, warm-up and all."""
    day = period.start.toordinal() - -(-period.warmup // DAY)
    end = period.start.toordinal() + -(-period.length // DAY)
    for first, last in sorted(dates):
        if first.toordinal() > day:
            return False
        day = max(day, last.toordinal() + 1)
    return day >= end
