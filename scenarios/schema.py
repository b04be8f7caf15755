"""What a scenario is: frozen, checked data. Every field has its meaning and unit under it.

Children and their way in are described in :mod:`scenarios.demand`, posts and opening hours in :mod:`scenarios.staff`, services
in :mod:`scenarios.services`; here they come together.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

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


class Change(Model):
    """One dated change to the scenario: an address, an operator and a value."""

    set: str
    """Such as ``bup.psychologist.fte+=1``."""
    since: Annotated[date | Literal["start", "beginning"], BeforeValidator(moment)] = Field(default="start", alias="from")
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

    @property
    def focal_areas(self) -> tuple[str, ...]:
        """The areas that results speak of."""
        return self.focus or tuple(name for name, area in self.areas.items() if area.detail == "full")
