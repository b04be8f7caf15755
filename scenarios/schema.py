"""What a scenario is: frozen, checked data. Every field has its meaning and unit under it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from scenarios.units import Duration, Rate

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
ENDINGS = ("done", *OUTCOMES, "dropped_out", "rejected", "gave_up", "refused")
"""Everything after which a route may lead on. ``done`` ends a course at a service that states no outcomes."""
REASONS = ("formal_error", "information_missing", "too_mild", "expected_benefit_too_small", "other_service_responsible")
"""Why a referral is rejected: a closed list."""

Step = Literal["green", "yellow", "orange", "red", "dark_red"]
Severity = Literal["mild", "moderate", "severe"]
Outcome = Literal["recovered", "improved", "unchanged", "worse"]
Ending = Literal["done", "recovered", "improved", "unchanged", "worse", "dropped_out", "rejected", "gave_up", "refused"]
Reason = Literal["formal_error", "information_missing", "too_mild", "expected_benefit_too_small", "other_service_responsible"]
Band = Literal["0-5", "6-12", "13-17", "18-25"]
Grade = Literal["published", "stated", "calibrated", "assumed", "own"]

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
        return self


AT_ONCE = Law.model_validate("1s")
"""As short as a handover or a course can be: so no circle of zero delays can exist."""


def _and(names: set[str]) -> str:
    return " and ".join(sorted(names)) or "nothing"


def _day(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        raise ValueError("must be a date such as 2027-01-04")
    return value


class Period(Model):
    """When the run takes place."""

    start: Annotated[date, BeforeValidator(_day)] = date(2027, 1, 4)
    """The day the comparison starts from; levers act from here."""
    warmup: Duration = 0
    """How long the base runs before the start, so that lists and courses fill; not counted."""
    length: Duration
    """How long is counted after the start."""


class Need(Model):
    """What a child needs help with: severity and duration, and what becomes of it while nobody helps."""

    name: Label | None = None
    severity: Severity = "moderate"
    duration: Literal["short", "long"] = "short"
    step: Step | None = None
    """The step that would be right help. None: any service is right."""
    remission: Rate = 0.0
    """Hazard of passing by itself while untreated."""
    worsening: Rate = 0.0
    """Hazard of worsening while untreated."""
    worsens_to: str | None = None
    """The need it worsens to, or ``crisis``."""
    improves_to: Id | None = None
    """The need it improves to. None: it is over."""
    seek: Share = 1.0
    """Probability that a door is sought when the need arises or has worsened."""


class Season(Model):
    """How a rate moves over the year: a sine, or twelve factors for the months."""

    amplitude: Share = 0.0
    """Of the sine, as a share of the mean rate."""
    period: Duration = 31557600
    """Of the sine."""
    months: tuple[Number, ...] = ()
    """Twelve factors from January on; their mean should be 1."""

    @model_validator(mode="after")
    def _twelve(self) -> Self:
        if self.months and (len(self.months) != 12 or self.amplitude):
            raise ValueError(f"months takes twelve factors and no amplitude (got {len(self.months)})")
        if self.period <= 0:
            raise ValueError("period must be above 0")
        return self


class Demand(Model):
    """Needs that arise, by area and age band, and where the children turn."""

    rate: Rate | None = None
    """So many children from the focal area, of no stated age."""
    per_1000: dict[Band, Number] = {}
    """Or: new needs per 1000 children of the band and year."""
    areas: Literal["full", "neighbour"] = "full"
    """Which areas it holds for."""
    mix: dict[Id, Share] = {}
    """Share of each need; sums to 1. Left out: the scenario's first need."""
    to: Id | None = None
    """Straight to this service. None: the child seeks a door."""
    season: Season = Season()
    trend: Annotated[float, Field(strict=True, gt=-1, le=1)] = 0.0
    """Relative growth a year, from the start date on."""


class Door(Model):
    """A way in."""

    name: Label | None = None
    share: Share
    """Of the children who seek help; the shares of all doors sum to 1."""
    to: Services
    """Services in order: the first that is open here and takes the child's age."""
    delay: Law = AT_ONCE
    """From the need to the first contact."""


class Pool(Model):
    """Staff hours of one profession."""

    name: Label | None = None
    fte: Number | None = None
    """Filled full-time equivalents."""
    fte_per_1000: Number | None = None
    """Or: full-time equivalents per 1000 children 0-17 of the area (of the catchment, for a shared service)."""
    least_fte: Number = 0.0
    """With ``fte_per_1000``: the smallest post, for small areas."""
    weekly_hours: Annotated[float, Field(strict=True, gt=0, le=60)] = 37.5
    """Paid hours a week of a full post."""
    child_share: Share = 1.0
    """Share of the paid hours that reaches children: direct work and what belongs to the single case."""
    weeks_a_year: Annotated[float, Field(strict=True, gt=0, le=52)] = 52.0
    """Weeks worked a year, after holidays."""


def _alternatives(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = {"": value}
    return (value,) if isinstance(value, dict) else value


def _places(value: Any) -> Any:
    if value == "endless" or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9):
        return value
    raise ValueError('must be a whole number of places or "endless"')


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _moment(value: Any) -> Any:
    if isinstance(value, datetime) or not isinstance(value, str | date):
        raise ValueError('must be a date such as 2027-09-01, "start" or "beginning"')
    if isinstance(value, str) and value not in ("start", "beginning"):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError('must be a date such as 2027-09-01, "start" or "beginning"') from None
    return value


Places = Annotated[int | Literal["endless"], BeforeValidator(_places)]
Services = Annotated[tuple[Id, ...], BeforeValidator(_one_or_more), Field(min_length=1)]
"""One service or several in order of preference."""
Hours = Annotated[tuple[dict[str, Number], ...], BeforeValidator(_alternatives)]


class Phase(Model):
    """A stretch of help: how long it lasts and which hours it takes."""

    length: Law | None = None
    """How long it lasts. Or give sessions and interval."""
    sessions: Annotated[float, Field(strict=True, gt=0, le=1000)] | None = None
    """Mean number of sessions held."""
    interval: Duration | None = None
    """Mean time between appointments."""
    cv: Annotated[float, Field(strict=True, ge=0, le=5)] = 0.0
    """Standard deviation over mean of the length, with sessions."""
    missed: Annotated[float, Field(strict=True, ge=0, lt=1)] = 0.0
    """Share of appointments missed: they use their time and lengthen the course."""
    hours: Hours = ()
    """Staff hours an appointment (a week, where ``length`` is given) by pool: a number where the service has one pool, a
    mapping where several are needed at once, a list of mappings where the first that has room is taken. A pool of another
    service is written ``service.pool``: small services share posts so."""
    dropout: Share = 0.0
    """Share who leave before the end, evenly over its length."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.length is None) == (self.sessions is None or self.interval is None):
            raise ValueError("give either length, or sessions and interval")
        if self.length is not None and (self.sessions is not None or self.interval is not None or self.missed):
            raise ValueError("length stands alone: leave out sessions, interval and missed")
        if self.interval is not None and self.interval <= 0:
            raise ValueError("interval must be above 0")
        return self


class WaitingList(Model):
    """The order of a list and how long it may be."""

    order: Literal["first_come", "severity", "deadline", "referral"] = "first_come"
    """``referral`` is by the day the referral was received; ties by time joined."""
    length: Whole | None = None
    """Most who may wait; 0 is a loss system. None: no limit."""


class Intake(Model):
    """Referral review."""

    review: Law
    """From referral received to decision."""
    within_working_days: Whole | None = None
    """The law's limit on the review; a longer draw is cut to it."""
    accept: dict[Step, Share]
    """Probability of being given the right, by the step the reviewer takes the need for. A step left out: 0."""
    accept_again: Share | None = None
    """Least probability of being given the right for a child who was rejected here before. None: as for others."""
    accuracy: Share = 1.0
    """Probability that the reviewer sees the right step; else a neighbouring one."""
    reasons: dict[Reason, Share] = {}
    """Shares of the reasons where the need was seen as high enough; below it the reason is ``too_mild``."""
    lead: Law = AT_ONCE
    """From the decision to the earliest start: notice, consent. Never past half of the time left to the deadline."""


class Overflow(Model):
    """What follows when a deadline is broken."""

    to: Id
    """The service that takes over."""
    share: Share = 1.0
    """Share who are given and take the other offer."""
    delay: Law = AT_ONCE


class Deadline(Model):
    """The latest start, from referral received."""

    working_days: Whole | None = None
    """The law's outer limit."""
    by_severity: dict[Severity, Duration] = {}
    """Individual deadlines; never later than the outer limit."""
    overflow: Overflow | None = None


class Route(Model):
    """Where a child goes next, and what may happen on the way."""

    to: Services
    """Services in order: the first that is open here and takes the child's age."""
    after: Annotated[tuple[Ending, ...], BeforeValidator(_one_or_more)] = ("done", "improved", "unchanged", "worse")
    """After which endings."""
    steps: Annotated[tuple[Step, ...], BeforeValidator(_one_or_more)] = ()
    """Only where the service takes the need for one of these steps. Empty: all."""
    share: Share = 1.0
    """Of those it fits; shares of the routes that fit the same child sum to at most 1."""
    delay: Law = AT_ONCE
    """The handover's length."""
    lost: Share = 0.0
    """Share lost in the handover: they end up without help."""
    warm: bool = False
    """After a rejection: handed over to the next service by the one that says no."""
    urgent: bool = False
    """Starts at once, over capacity if need be."""


class Alongside(Model):
    """Help that runs in parallel with a course here."""

    to: Id
    share: Share = 1.0
    steps: Annotated[tuple[Step, ...], BeforeValidator(_one_or_more)] = ()
    """Only for needs of these steps. Empty: all."""


class Outcomes(Model):
    """How courses end, by whether the service's step is high enough for the need."""

    matched: dict[Outcome, Share]
    """The service stands on the right step or above."""
    below: dict[Outcome, Share] = {}
    """The service stands below the right step. Left out: as ``matched``."""


class Service(Model):
    """One service of the ladder: who it is for, its list, its staff, its course, and where children go next."""

    name: Label | None = None
    step: Step | None = None
    role: Literal["door", "low_threshold", "treatment", "specialist", "long_term", "overflow"] | None = None
    shared: bool = False
    """One for the whole catchment instead of one for each area."""
    open: bool = True
    ages: tuple[Whole, Whole] | None = None
    """First and last year of life at which new children are taken."""
    places: Places | None = None
    """Places instead of staff hours; each course takes one."""
    staff: dict[Id, Pool] = {}
    weight: Whole = 0
    """Order between services that share a pool: lower first."""
    waiting_list: WaitingList = WaitingList()
    patience: Law | None = None
    """How long a child waits before giving up. None: for ever."""
    intake: Intake | None = None
    """Referral review before the list. None: anyone may join."""
    deadline: Deadline | None = None
    accuracy: Share = 1.0
    """Probability that this service sees the right step when it sends a child on; else a neighbouring one."""
    assessment: Phase | None = None
    """First phase of a course, where it takes other hours than the rest."""
    course: Phase
    outcomes: Outcomes | None = None
    routes: tuple[Route, ...] = ()
    alongside: tuple[Alongside, ...] = ()
    opening_list: Whole = 0
    """Children already on the list on the start date, for each place: of the first need, no stated age, reviewed before."""


class Area(Model):
    """A municipality, a city district, or the rest of a catchment."""

    name: str = ""
    number: str = ""
    catchment: Id = "catchment"
    children: dict[Band, Whole] = {}
    """Inhabitants by age band."""
    detail: Literal["full", "neighbour"] = "full"
    """A neighbour has no services of its own here: its children enter at the shared services."""
    services: dict[Id, dict[str, Any]] = {}
    """What differs from the scenario's services."""

    @property
    def children_0_17(self) -> int:
        """Inhabitants aged 0-17."""
        return sum(count for band, count in self.children.items() if band in CHILD_BANDS)


class Catchment(Model):
    """Areas that share services."""

    name: str = ""
    services: dict[Id, dict[str, Any]] = {}
    """What differs from the scenario's shared services."""


class Change(Model):
    """One dated change to the scenario: an address, an operator and a value."""

    set: str
    """Such as ``bup.psychologist.fte+=1``."""
    since: Annotated[date | Literal["start", "beginning"], BeforeValidator(_moment)] = Field(default="start", alias="from")
    """From when: a date, the start date, or ``beginning`` (warm-up and all)."""
    lever: str = ""
    """The lever it belongs to, if any."""


class Evidence(Model):
    """What a number rests on."""

    grade: Grade
    source: str = ""
    low: float | None = None
    high: float | None = None
    note: str = ""


class Scenario(Model):
    """A ladder, the children it is for, and a period. What a ladder does not use it does not mention."""

    name: Label
    about: Label | None = None
    place: str = ""
    """The library place it was loaded for."""
    staffing: Literal["own", "national_average"] = "own"
    """Whose staffing it is: every result built on national averages says so. ``own`` once no post is an average."""
    focus: tuple[Id, ...] = ()
    """The areas that results speak of. Empty: all full areas."""
    period: Period
    needs: dict[Id, Need] = {"need": Need()}
    demand: dict[Id, Demand]
    doors: dict[Id, Door] = {}
    services: dict[Id, Service]
    crisis: Route | None = None
    """Where a child goes whose need worsens to ``crisis``."""
    areas: dict[Id, Area] = {"here": Area()}
    catchments: dict[Id, Catchment] = {}
    changes: tuple[Change, ...] = ()
    evidence: dict[str, Evidence] = {}
    """What the numbers rest on, by address."""

    @property
    def focal_areas(self) -> tuple[str, ...]:
        """The areas that results speak of."""
        return self.focus or tuple(name for name, area in self.areas.items() if area.detail == "full")
