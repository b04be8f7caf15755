"""What a scenario is: frozen, checked data. Every field has its meaning and unit under it.

Children and their way in are described in :mod:`scenarios.demand`, posts and opening hours in :mod:`scenarios.staff`, services
in :mod:`scenarios.services`; here they come together.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from scenarios.demand import Demand, Door, Finding, Group, Need, Season, Seeking
from scenarios.services import (
    Alongside,
    Coordination,
    Deadline,
    Hold,
    Incomplete,
    Intake,
    Meeting,
    Outcomes,
    Overflow,
    Phase,
    Route,
    Service,
    Switch,
    Tightening,
    Together,
    WaitingList,
)
from scenarios.staff import Calendar, Grant, LabourMarket, Pool, Turnover
from scenarios.units import Duration
from scenarios.values import (
    AT_ONCE,
    BAND_YEARS,
    BANDS,
    CHILD_BANDS,
    ENDINGS,
    OUTCOMES,
    REASONS,
    SEVERITIES,
    STEPS,
    Band,
    Day,
    Grade,
    Hesitation,
    Id,
    Label,
    Law,
    Model,
    Outcome,
    Share,
    Whole,
    measured,
    moment,
)

__all__ = [
    "AT_ONCE",
    "BANDS",
    "BAND_YEARS",
    "CHILD_BANDS",
    "ENDINGS",
    "OUTCOMES",
    "REASONS",
    "SEVERITIES",
    "STEPS",
    "Alongside",
    "Area",
    "Calendar",
    "Catchment",
    "Change",
    "Coordination",
    "Deadline",
    "Demand",
    "Door",
    "Entered",
    "Evidence",
    "Finding",
    "Grade",
    "Grant",
    "Group",
    "Hesitation",
    "Hold",
    "Incomplete",
    "Intake",
    "Label",
    "LabourMarket",
    "Law",
    "Meeting",
    "Model",
    "Need",
    "Outcome",
    "Outcomes",
    "Overflow",
    "Period",
    "Phase",
    "Pool",
    "Route",
    "Scenario",
    "Season",
    "Seeking",
    "Service",
    "Switch",
    "Tightening",
    "Together",
    "Turnover",
    "WaitingList",
]


class Period(Model):
    """When the run takes place."""

    start: Day = date(2027, 1, 4)
    """The day the comparison starts from; levers act from here."""
    warmup: Duration = 0
    """How long the base runs before the start, so that lists and courses fill; not counted."""
    length: Duration
    """How long is counted after the start."""


class Area(Model):
    """A municipality, a city district, or the rest of a catchment."""

    name: str = ""
    number: str = ""
    catchment: Id = "catchment"
    children: dict[Band, Whole] = {}
    """Inhabitants by age band."""
    detail: Literal["full", "neighbour"] = "full"
    """A neighbour has no services of its own here: its children enter at the shared services."""
    groups: dict[Id, Share] = {}
    """Share of its children in each group, where it differs from the scenario's."""
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


class Evidence(Model):
    """What a number rests on."""

    grade: Grade
    source: str = ""
    low: float | str | None = None
    high: float | str | None = None
    """How low and how high it may be: numbers, or durations and rates as the value is written."""
    factor: bool = False
    """The range is of a factor that all values of the address are multiplied with together; 1 leaves them as they are."""
    note: str = ""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("give both low and high, or neither")
        low, high = (measured(value) for value in (self.low, self.high))
        if low is None and self.low is not None:
            raise ValueError(f'low and high must be numbers, durations or rates (got "{self.low}" and "{self.high}")')
        if low is not None and high is not None and low > high:
            raise ValueError(f"low must not be above high (got {self.low} and {self.high})")
        return self


class Change(Model):
    """One dated change to the scenario: an address, an operator and a value."""

    set: str
    """Such as ``bup.psychologist.fte+=1``."""
    since: Annotated[date | str, BeforeValidator(moment)] = Field(default="start", alias="from")
    """From when: a date, the start date, so long after it (``start+26w``), or ``beginning`` (warm-up and all)."""
    lever: str = ""
    """The lever it belongs to, if any."""
    moves: tuple[Share, Share] = (0.0, 1.0)
    """Which stretch of the whole change this one makes; from 0 to 1 is all of it."""
    evidence: Evidence | None = None
    """What its value rests on; the range is of the value as it is written."""

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.moves[0] >= self.moves[1]:
            raise ValueError(f"moves goes from less to more (got {self.moves[0]:g} and {self.moves[1]:g})")
        return self


class Entered(Model):
    """What was filled in in a cell of a spreadsheet, and what became of it. Counts of children under 5 are not told apart."""

    cell: str
    """Such as ``Årsverk!D6``."""
    what: Label
    value: Label
    to: str = ""
    """The address that it set."""
    why: Label | None = None
    """Of what was read and not used: why not."""


class Scenario(Model):
    """A ladder, the children it is for, and a period. What a ladder does not use it does not mention."""

    name: Label
    about: Label | None = None
    place: str = ""
    """The library place it was loaded for."""
    staffing: Literal["own", "partly_own", "national_average"] = "own"
    """Whose staffing it is: every result built on national averages says so. ``partly_own`` while some posts are
    averages, ``own`` once none is."""
    focus: tuple[Id, ...] = ()
    """The areas that results speak of. Empty: all full areas."""
    period: Period
    needs: dict[Id, Need] = {"need": Need()}
    groups: dict[Id, Group] = {}
    """Parts of the children with risks or access of their own."""
    demand: dict[Id, Demand]
    doors: dict[Id, Door] = {}
    seeking: Seeking = Seeking()
    services: dict[Id, Service]
    coordination: Coordination | None = None
    """Somebody who follows children from service to service. None: nobody does."""
    calendars: dict[Id, Calendar] = {}
    """Planned closures, by name."""
    labour_markets: dict[Id, LabourMarket] = {}
    leaves_at: Whole | None = None
    """The birthday at which a child leaves the ladder for good. None: never."""
    crisis: Route | None = None
    """Where a child goes whose need worsens to ``crisis``."""
    areas: dict[Id, Area] = {"here": Area()}
    catchments: dict[Id, Catchment] = {}
    changes: tuple[Change, ...] = ()
    evidence: dict[str, Evidence] = {}
    """What the numbers rest on, by address."""
    entered: tuple[Entered, ...] = ()
    """What was filled in in the spreadsheet that it is from."""

    @property
    def focal_areas(self) -> tuple[str, ...]:
        """The areas that results speak of."""
        return self.focus or tuple(name for name, area in self.areas.items() if area.detail == "full")
