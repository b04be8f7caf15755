"""What help is made of: posts, rooms and ceilings, who stays and who leaves, and when a service is closed."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from scenarios.units import Rate
from scenarios.values import Day, Id, Label, Law, Model, Number, Payer, Share

Work = Literal["meetings", "supervision", "system", "travel", "coordination", "other"]
"""What staff do besides the single case: a closed list."""
DayOfYear = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
"""Month and day, ``07-01``."""


class Turnover(Model):
    """Posts that fall vacant and are filled again, one by one."""

    stay: Law
    """How long a person stays in a post."""
    recruit: Law | None = None
    """How long a vacant or new post stands empty."""
    market: Id | None = None
    """Or: the labour market it is filled from, in turn with every other vacancy there."""
    breaks: Share = 0.0
    """Share of the helper's courses that a change of helper ends: the child drops out."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.recruit is None) == (self.market is None):
            raise ValueError("give either recruit or market")
        return self


class LabourMarket(Model):
    """People who can be hired, by municipality and BUP alike."""

    name: Label | None = None
    hires: Rate
    """So many take a post here, if one is vacant: the longest vacant first."""


class Calendar(Model):
    """When a service is closed as planned. Courses pause, and nobody is called in; needs, patience and deadlines go on."""

    name: Label | None = None
    public_holidays: bool = False
    """Norwegian public holidays."""
    yearly: tuple[tuple[DayOfYear, DayOfYear], ...] = ()
    """First and last day of each year's closures."""
    dates: tuple[tuple[Day, Day], ...] = ()
    """First and last day of closures."""


class Grant(Model):
    """A yearly grant that may not come again."""

    until: Day
    """The first day without it, should it end."""
    ends: Share = 1.0
    """Probability that it is not renewed, on that day and on the same day of every later year."""


class Pool(Model):
    """Staff hours of one profession."""

    name: Label | None = None
    fte: Number | None = None
    """Filled full-time equivalents. With ``turnover`` those that are filled when nobody has left: some of them stand vacant
    at any time."""
    fte_per_1000: Number | None = None
    """Or: full-time equivalents per 1000 children 0-17 of the area (of the catchment, for a shared service)."""
    least_fte: Number = 0.0
    """With ``fte_per_1000``: the smallest post, for small areas."""
    agreed: Number | None = None
    """Agreed full-time equivalents, where they are not the filled ones: shown beside them, and never fewer."""
    absent: Share = 0.0
    """Share of the filled posts on leave or ill."""
    cases: Number | None = None
    """No posts, but a ceiling: so many courses at once. A course takes as many as its ``hours`` say."""
    cases_per_fte: dict[Id, Number] = {}
    """Or a ceiling that follows the staff: so many courses at once for each full-time equivalent of another pool here, whether
    its post is vacant for the moment or not."""
    rooms: Number | None = None
    """No posts, but rooms, each open ``weekly_hours``; a course takes the hours it sits in one."""
    weekly_hours: Annotated[float, Field(strict=True, gt=0, le=60)] = 37.5
    """Paid hours a week of a full post."""
    child_share: Share = 1.0
    """Share of the paid hours that reaches children: direct work and what belongs to the single case."""
    weeks_a_year: Annotated[float, Field(strict=True, gt=0, le=52)] = 52.0
    """Weeks worked a year, after holidays that are not in the service's ``calendar``."""
    work: dict[Work, Number] = {}
    """Hours a week of a full post that go to other things than the single case, off the top."""
    turnover: Turnover | None = None
    """How long people stay in a post and how long it stands empty."""
    payer: Payer | None = None
    """Who pays for the posts. None: not stated. It says what a scenario costs and decides nothing in a run."""
    price: Number | None = None
    """Kroner a year for a full post: wage, social costs (employer's contribution, pension, holiday pay) and overhead (rooms,
    leadership, equipment). None: not stated."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [word for word in ("cases", "rooms") if getattr(self, word) is not None]
        kinds += ["cases_per_fte"] if self.cases_per_fte else []
        if len(kinds) > 1:
            raise ValueError(f"is one thing: {' or '.join(kinds)}, not both")
        posts = self.fte is not None or self.fte_per_1000 is not None
        if kinds and (posts or self.turnover or self.work or self.absent or self.agreed is not None):
            raise ValueError(f"with {kinds[0]} is no posts: leave out fte, fte_per_1000, agreed, absent, work and turnover")
        if kinds and (self.payer or self.price is not None):
            raise ValueError(f"with {kinds[0]} is no posts: nobody is paid for it. Leave out payer and price")
        if self.agreed is not None and self.fte is not None and self.agreed < self.fte:
            raise ValueError(f"agreed must not be below fte, the filled posts (got {self.agreed:g} and {self.fte:g})")
        if sum(self.work.values()) >= self.weekly_hours:
            raise ValueError(f"work takes {sum(self.work.values()):g} of {self.weekly_hours:g} hours: nothing is left")
        return self
