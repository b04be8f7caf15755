"""The words and numbers a scenario is written in: names, shares, durations, laws. All of it frozen and checked."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from scenarios.units import Duration, parse_duration, parse_rate

BANDS = ("0-5", "6-12", "13-17", "18-25")
"""Age bands, in order."""
BAND_YEARS = ((0, 6), (6, 13), (13, 18), (18, 26))
"""First year of life in the band and first year after it."""
CHILD_BANDS = BANDS[:3]
"""The bands of children 0-17, the people that "per 1000 children" counts."""
STEPS = ("green", "yellow", "orange", "red", "dark_red")
"""The five steps of the ladder, lowest first."""
SEVERITIES = ("mild", "moderate", "severe")
OUTCOMES = ("recovered", "improved", "unchanged", "worse")
ENDINGS = ("done", *OUTCOMES, "dropped_out", "rejected", "gave_up", "refused", "balked", "aged_out", "stepped_up")
"""Everything after which a route may lead on. ``done`` ends a course at a service that states no outcomes; ``refused``: the
list was full or the service closed; ``stepped_up``: the helper saw in mid-course that the need is above the service."""
REASONS = ("formal_error", "information_missing", "too_mild", "expected_benefit_too_small", "other_service_responsible")
"""Why a referral is rejected: a closed list."""

Step = Literal["green", "yellow", "orange", "red", "dark_red"]
Severity = Literal["mild", "moderate", "severe"]
Outcome = Literal["recovered", "improved", "unchanged", "worse"]
Ending = Literal[
    "done", "recovered", "improved", "unchanged", "worse", "dropped_out", "rejected", "gave_up", "refused", "balked",
    "aged_out", "stepped_up",
]  # fmt: skip
Order = Literal["first_come", "severity", "deadline", "referral"]
Reason = Literal["formal_error", "information_missing", "too_mild", "expected_benefit_too_small", "other_service_responsible"]
Band = Literal["0-5", "6-12", "13-17", "18-25"]
Grade = Literal["published", "stated", "calibrated", "assumed", "own"]

Payer = Literal["municipality", "health_trust", "state", "grant", "family"]
"""Who pays for a post or an offer: a closed list."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Number = Annotated[float, Field(strict=True, ge=0, le=1e9)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Whole = Annotated[int, Field(strict=True, ge=0, le=10**9)]


class Model(BaseModel):
    """Frozen data that refuses unknown keys, infinities and NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)

    def plain(self, full: bool = False) -> dict[str, Any]:
        """The data as a file would state it; ``full`` with every default spelled out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=not full)


class Label(Model):
    """A name in both languages. One text stands for both."""

    nb: str
    en: str

    @model_validator(mode="before")
    @classmethod
    def _one_text(cls, value: Any) -> Any:
        return {"nb": value, "en": value} if isinstance(value, str) else value


class Law(Model):
    """The law of a duration. A bare duration is a fixed one."""

    law: Literal["fixed", "exponential", "gamma", "lognormal", "uniform", "observed"] = "fixed"
    mean: Duration | None = None
    """Mean; for every law but ``uniform`` and ``observed``."""
    cv: Annotated[float, Field(strict=True, gt=0, le=5)] | None = None
    """Standard deviation over mean; for ``gamma`` and ``lognormal``."""
    low: Duration | None = None
    high: Duration | None = None
    """Bounds of ``uniform``."""
    values: tuple[Duration, ...] = ()
    """The durations of ``observed``, each as likely as the next."""
    weights: tuple[Number, ...] = ()
    """With ``values``: how many stand for each; they need not sum to 1. Left out: all alike."""
    grid: Duration | None = None
    """Every duration is rounded up to a whole multiple of it: a course that ends with a day, a patience counted in days."""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return {"law": "fixed", "mean": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needs = {"uniform": {"low", "high"}, "observed": {"values"}, "fixed": {"mean"}, "exponential": {"mean"}}
        wanted = needs.get(self.law, {"mean", "cv"})
        given = {name for name in ("mean", "cv", "low", "high") if getattr(self, name) is not None}
        given |= {"values"} if self.values else set()
        if wanted != given:
            raise ValueError(f'law "{self.law}" takes {_and(wanted)} (got {_and(given)})')
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("low must not be above high")
        if self.weights and (len(self.weights) != len(self.values) or not sum(self.weights)):
            raise ValueError(f"weights takes one number for each value, not all 0 (got {len(self.weights)})")
        if self.grid == 0:
            raise ValueError("grid must be above 0")
        return self


AT_ONCE = Law.model_validate("1s")
"""As short as a handover or a course can be: so no circle of zero delays can exist."""


def _and(names: set[str]) -> str:
    return " and ".join(sorted(names)) or "nothing"


def day_only(value: Any) -> Any:
    """Refuse numbers, which would be read as seconds since 1970."""
    if isinstance(value, bool | int | float):
        raise ValueError("must be a date such as 2027-01-04")
    return value


def _alternatives(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = {"": value}
    return (value,) if isinstance(value, dict) else value


def _one_pool(value: Any) -> Any:
    return {"": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


def _places(value: Any) -> Any:
    if value == "endless" or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9):
        return value
    raise ValueError('must be a whole number of places or "endless"')


def one_or_more(value: Any) -> Any:
    """One name stands for a list of one."""
    return (value,) if isinstance(value, str) else value


def moment(value: Any) -> Any:
    """A date, ``start``, ``start+26w`` or ``beginning``."""
    if isinstance(value, datetime) or not isinstance(value, str | date):
        raise ValueError(_MOMENT)
    if isinstance(value, date) or value in ("start", "beginning"):
        return value
    if value.startswith("start+"):
        parse_duration(value.removeprefix("start+"))
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(_MOMENT) from None


_MOMENT = 'must be a date such as 2027-09-01, "start", "start+26w" or "beginning"'


def measured(value: float | str | None) -> float | None:
    """A number as it is, a duration in seconds, a rate a year; None for what is none of them."""
    if value is None or isinstance(value, int | float):
        return value
    for parse in (parse_duration, parse_rate):
        with suppress(ValueError):
            return float(parse(value))
    return None


Places = Annotated[int | Literal["endless"], BeforeValidator(_places)]
Services = Annotated[tuple[Id, ...], BeforeValidator(one_or_more), Field(min_length=1)]
"""One service or several in order of preference."""
Hours = Annotated[tuple[dict[str, Number], ...], BeforeValidator(_alternatives)]
"""Staff hours by pool, with alternatives."""
Spent = Annotated[dict[str, Number], BeforeValidator(_one_pool)]
"""Staff hours by pool, each a single time: a meeting, a handover, a review."""
Day = Annotated[date, BeforeValidator(day_only)]
Ages = tuple[Whole, Whole]
"""First and last year of life."""


class Hesitation(Model):
    """A known wait that keeps some away. The known wait of a service is that of the last who started there."""

    over: Duration
    """Where the known wait is longer than this …"""
    share: Share
    """… so many do not come. Of several, the one with the longest ``over`` below the known wait holds."""
