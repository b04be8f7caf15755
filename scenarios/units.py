"""Durations and rates as people write them, and as the program holds them.

A duration is written ``"14d"`` and held as whole seconds; a rate is written ``"4.5/d"`` and held as a number a year.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
YEAR = 36525 * DAY // 100  # the Julian year of 365.25 days: 31 557 600 s
UNITS = {"s": 1, "min": MINUTE, "h": HOUR, "d": DAY, "w": WEEK, "y": YEAR}
LONGEST = 100 * YEAR

_DURATION = re.compile(r"\s*([0-9]{1,20}(?:\.[0-9]{1,20})?)\s*(s|min|h|d|w|y)\s*")
_RATE = re.compile(r"\s*([0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?)\s*/\s*(s|min|h|d|w|y)\s*")


def parse_duration(value: Any) -> int:
    """Whole seconds of ``"14d"``, ``"6w"``, ``"1.5y"``, ``"90min"``.

    Raises:
        ValueError: when it is not a duration, or longer than a hundred years.
    """
    seconds = _seconds_of(value) if isinstance(value, str) else None
    if seconds is None:
        raise ValueError('must be a duration such as "14d", "6w", "1.5y", "2h" or "90min"')
    if seconds > LONGEST:
        raise ValueError("must be at most 100 years")
    return seconds


@lru_cache(maxsize=4096)
def _seconds_of(text: str) -> int | None:
    """Scenarios are checked thousands of times with few different durations."""
    match = _DURATION.fullmatch(text)
    return None if match is None else round(Fraction(match[1]) * UNITS[match[2]])


@lru_cache(maxsize=4096)
def format_duration(seconds: int) -> str:
    """The shortest exact spelling of a number of seconds: ``1209600`` is ``"2w"``."""
    for unit, size in sorted(UNITS.items(), key=lambda item: -item[1]):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    days = seconds / DAY
    text = f"{days:.6g}"
    return f"{text}d" if round(Fraction(text) * DAY) == seconds and "e" not in text else f"{seconds}s"


def parse_rate(value: Any) -> float:
    """Events a year (of 365.25 days) of ``"4.5/d"`` or ``"90/y"``.

    Raises:
        ValueError: when it is not a rate.
    """
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('must be a rate such as "4.5/d", "2/w" or "90/y"')
    return float(Fraction(match[1]) * YEAR / UNITS[match[2]])


def format_rate(per_year: float) -> str:
    """``"1643.625/y"`` for a rate held as a number a year; read again, it is the same number."""
    return f"{per_year!r}/y".replace(".0/", "/")


Duration = Annotated[
    int,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    Field(json_schema_extra={"type": "string", "examples": ["14d"]}),
]
Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    PlainSerializer(format_rate, return_type=str),
    Field(json_schema_extra={"type": "string", "examples": ["4.5/d"]}),
]
