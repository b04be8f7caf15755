"""Who needs help, when it arises, and how they find the way in."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from scenarios.units import Duration, Rate
from scenarios.values import (
    AT_ONCE,
    Ages,
    Band,
    Hesitation,
    Id,
    Label,
    Law,
    Model,
    Number,
    Services,
    Severity,
    Share,
    Step,
)

Growth = Annotated[float, Field(strict=True, gt=-1, le=1)]


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
    relapse: Rate = 0.0
    """Hazard of coming back, after help has ended it."""
    relapses_to: Id | None = None
    """The need it comes back as. None: the one that the child had when it was helped."""
    somatic: Share = 0.0
    """Share whose trouble has a bodily cause: no course here ends it before somebody has looked (``somatic_check``)."""


class Group(Model):
    """A part of the children with needs or access of its own, such as those of low-income families.

    Each child belongs to one group, or to none, which has the risk 1. Rates per 1000 are means over all children: with a
    relative risk of 3 for a tenth of them, a child of that tenth has 3 / 1.2 of the mean rate. An area with more of them
    than elsewhere has more needs.
    """

    name: Label | None = None
    share: Share
    """Of the children, in all areas together; an area states its own under ``areas.X.groups``."""
    risk: Number = 1.0
    """Rate of new needs, relative to the children of no group."""
    seek: Share = 1.0
    """Probability of seeking help, relative to others with the same need."""
    accept: Share = 1.0
    """Probability that a referral is given the right, relative to others."""


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
    trend: Growth = 0.0
    """Relative growth a year, from the start date on."""
    trend_by_age: dict[Band, Growth] = {}
    """Relative growth a year of single age bands, on top of ``trend``."""
    mix_trend: dict[Id, Growth] = {}
    """Relative growth a year of single needs within the mix, from the start date on: the mix moves, the volume does not."""
    maps: Share = 1.0
    """With ``to``: share who come with a complete referral, mapped before."""


class Finding(Model):
    """Hidden need that is found: children with a need who have sought nobody, or have been lost, come through this door."""

    rate: Rate
    """Hazard of being found while hidden."""
    at: Number | None = None
    """Full-time equivalents per 1000 children 0-17, in the service behind the door, at which the rate holds: it follows the
    staff. None: the rate holds whenever the service is open."""
    most: Annotated[float, Field(strict=True, ge=1, le=10)] = 2.0
    """With ``at``: the rate is never more than so many times as high."""


class Seeking(Model):
    """How children look for help."""

    another_door: Share = 0.0
    """Of those whose door leads nowhere here (no such service, not for their age or group): share who try another, one that
    does."""
    after_rejection: Share = 1.0
    """Probability of seeking help again, relative to before, once a referral was rejected."""


class Door(Model):
    """A way in."""

    name: Label | None = None
    share: Share
    """Of the children who seek help; the shares of all doors sum to 1."""
    to: Services
    """Services in order: the first that is open here and takes the child's age."""
    delay: Law = AT_ONCE
    """From the need to the first contact."""
    ages: Ages | None = None
    """First and last year of life of those who use it."""
    groups: dict[Id, Share] = {}
    """Share of a group's children who can use it, where that is not all (a digital door, say)."""
    quiet: tuple[Hesitation, ...] = ()
    """A service that is overloaded is spoken of less: with a long known wait so many do not turn to it."""
    finds: Finding | None = None
    """It brings out hidden need."""
    maps: Share = 1.0
    """Share who come from here to a service with referral review with a complete referral, mapped before."""
