"""One service of the ladder: who it is for, its list, its staff, its course, its decisions, and where children go next."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from scenarios.staff import Grant, Pool
from scenarios.units import Duration
from scenarios.values import (
    AT_ONCE,
    Ages,
    Day,
    Ending,
    Hesitation,
    Hours,
    Id,
    Label,
    Law,
    Model,
    Number,
    Order,
    Outcome,
    Places,
    Reason,
    Services,
    Severity,
    Share,
    Spent,
    Step,
    Whole,
    one_or_more,
)


class Together(Model):
    """A group course: it starts when it is full, or on set dates. It takes its hours, or its place, once for all; a child who
    must start at once starts a group of its own."""

    size: Annotated[int, Field(strict=True, ge=1, le=1000)]
    """Most children in a group."""
    least: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    """Fewest it starts with. None: a full group; on set dates 1."""
    every: Duration | None = None
    """Set dates: the start date of the run and every so often. None: as soon as there are enough."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.least is not None and self.least > self.size:
            raise ValueError(f"least must not be above size (got {self.least} and {self.size})")
        if self.every == 0:
            raise ValueError("every must be above 0")
        return self


class Switch(Model):
    """Another service of the same step, tried where the wait here is long."""

    to: Services
    """Services in order: the first that is open here, takes the child's age and has a shorter known wait."""
    over: Duration
    """Known wait here above which it is tried."""
    review: Duration | None = None
    """Tried again for those who have waited this long, and every so often. None: only on joining."""
    share: Share = 1.0
    """Of those it concerns."""


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
    service is written ``service.pool``, one of another area ``area/service.pool``: so small services, and small
    municipalities, share posts."""
    cancelled: Annotated[float, Field(strict=True, ge=0, lt=1)] = 0.0
    """Share of appointments called off in time: they use no hours and lengthen the course."""
    outreach: Share = 0.0
    """Share of appointments held where the child is: the helper travels there and back."""
    missed_per_hour: Share = 0.0
    """More appointments are missed by those who travel: so large a share for each hour's journey to the service."""
    group: Together | None = None
    """A course for several at once. Its ``hours`` are the whole group's."""
    dropout: Share = 0.0
    """Share who leave before the end, evenly over its length."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.length is None) == (self.sessions is None or self.interval is None):
            raise ValueError("give either length, or sessions and interval")
        by_session = (self.sessions, self.interval, self.missed, self.cancelled, self.missed_per_hour)
        if self.length is not None and any(by_session):
            raise ValueError("length stands alone: leave out sessions, interval, missed, cancelled and missed_per_hour")
        if self.interval is not None and self.interval <= 0:
            raise ValueError("interval must be above 0")
        return self


class WaitingList(Model):
    """The order of a list and how long it may be."""

    order: Annotated[tuple[Order, ...], BeforeValidator(one_or_more), Field(min_length=1)] = ("first_come",)
    """One order, or several: the next decides between those alike in the one before. ``referral`` is by the moment the
    referral was received; ties by time joined."""
    rises: Law | None = None
    """Each time a child has waited so long it counts as one severity more, where the order asks for severity."""
    at_once: tuple[Severity, ...] = ()
    """Children of these severities start at once, over capacity if need be."""
    every: Duration | None = None
    """Places are given out at a fixed meeting: at the start date and every so often. None: as soon as there is room."""
    switch: Switch | None = None
    length: Whole | None = None
    """Most who may wait; 0 is a loss system. None: no limit."""


class Incomplete(Model):
    """What becomes of referrals of children nobody has mapped."""

    returned: Share = 0.0
    """Share sent back for missing information, whatever the need."""
    accuracy: Share | None = None
    """Probability that the reviewer of the others sees the right step. None: as for complete ones."""


class Tightening(Model):
    """A threshold that tightens when the list grows: observed practice, not lawful policy. Grade it assumed."""

    every: Annotated[int, Field(strict=True, ge=1, le=10**6)]
    """For every so many on the list …"""
    by: Share
    """… the probability of being given the right falls by this …"""
    least: Share = 0.0
    """… down to this, or to what it was."""


class Meeting(Model):
    """A meeting about the referral instead of a decision on paper."""

    about: Literal["doubtful", "all"] = "doubtful"
    """``doubtful``: only those who would be rejected on paper."""
    consent: Share = 1.0
    """Share who consent; for the others the paper decides."""
    delay: Law = AT_ONCE
    """From the paper decision to the meeting."""
    every: Duration | None = None
    """Meetings are held at the start date and every so often: the first after ``delay``."""
    accuracy: Share = 1.0
    """Probability that the meeting sees the right step; its decision holds."""
    hours: Spent = {}
    """Staff hours for each child, by pool; ``service.pool`` for those of another service."""


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
    consent: Law | None = None
    """Time before the review begins, while consent is sought."""
    referrers: tuple[Id, ...] = ()
    """Services, doors and streams of demand whose referrals are taken up; others are a formal error. Who comes in a
    crisis, or from a list elsewhere, is no new referral. Empty: all."""
    incomplete: Incomplete | None = None
    """Referrals of children nobody has mapped. None: no difference is made."""
    tightens: Tightening | None = None
    meeting: Meeting | None = None
    hours: Spent = {}
    """Staff hours for each referral on paper, by pool."""


class Overflow(Model):
    """What follows when a deadline is broken."""

    to: Id
    """The service that takes over."""
    share: Share = 1.0
    """Share who are given and take the other offer."""
    price: Number
    """What each costs whoever broke the deadline, in kroner."""
    delay: Law = AT_ONCE


class Deadline(Model):
    """The latest start, from referral received."""

    working_days: Whole | None = None
    """The law's outer limit."""
    by_severity: dict[Severity, Duration] = {}
    """Individual deadlines; never later than the outer limit."""
    guarantee: Duration | None = None
    """A stricter promise than the law's, from referral received: it counts as a deadline of its own."""
    overflow: Overflow | None = None


class Hold(Model):
    """Ending is put off while the next service has no room; the child keeps its hours here."""

    at_most: Duration
    """For so long; then the child goes on all the same."""


class Route(Model):
    """Where a child goes next, and what may happen on the way."""

    to: Services
    """Services in order: the first that is open here and takes the child's age."""
    after: Annotated[tuple[Ending, ...], BeforeValidator(one_or_more)] = (
        "done",
        "improved",
        "unchanged",
        "worse",
        "stepped_up",
    )
    """After which endings."""
    steps: Annotated[tuple[Step, ...], BeforeValidator(one_or_more)] = ()
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
    kept: Share = 1.0
    """Share of handovers in which what is known of the child comes with it: else it arrives unmapped."""
    hours: Spent = {}
    """Staff hours that a handover takes, by pool: of this service, or ``service.pool`` of the one that receives."""
    hold: Hold | None = None
    """Ending waits for room in the next service. None: it does not."""


class Alongside(Model):
    """Help that runs in parallel with a course here."""

    to: Id
    share: Share = 1.0
    steps: Annotated[tuple[Step, ...], BeforeValidator(one_or_more)] = ()
    """Only for needs of these steps. Empty: all."""


class Outcomes(Model):
    """How courses end, by whether the service's step is high enough for the need."""

    matched: dict[Outcome, Share]
    """The service stands on the right step or above."""
    below: dict[Outcome, Share] = {}
    """The service stands below the right step. Left out: as ``matched``."""
    by_need: dict[Id, dict[Outcome, Share]] = {}
    """For single needs, in place of both."""
    dose: bool = False
    """Whoever drops out has had a part of it: with that probability the need changes as if the course had been whole."""


class Coordination(Model):
    """One person, or a relay log, that follows the child from service to service."""

    name: Label | None = None
    share: Share
    """Share of children who have one."""
    steps: Annotated[tuple[Step, ...], BeforeValidator(one_or_more)] = ()
    """Only for needs of these steps, as they are when the child first moves. Empty: all."""
    delay: Share = 1.0
    """Length of their handovers, relative to others'."""
    lost: Share = 1.0
    """Share of them lost in a handover, relative to others; what is known always comes with them."""
    hours: Spent = {}
    """Staff hours for each of their handovers, by pool (``service.pool``)."""


class Service(Model):
    """One service of the ladder: who it is for, its list, its staff, its course, and where children go next."""

    name: Label | None = None
    step: Step | None = None
    role: (
        Literal["door", "low_threshold", "treatment", "specialist", "long_term", "overflow", "gp", "private", "adult"] | None
    ) = None
    shared: bool = False
    """One for the whole catchment instead of one for each area."""
    open: bool = True
    ages: Ages | None = None
    """First and last year of life at which new children are taken."""
    places: Places | None = None
    """Places instead of staff hours; each course takes one."""
    staff: dict[Id, Pool] = {}
    weight: Whole = 0
    """Order between services that share a pool: lower first."""
    waiting_list: WaitingList = WaitingList()
    patience: Law | None = None
    """How long a child waits before giving up. None: for ever."""
    patience_by_severity: dict[Severity, Law] = {}
    """The same for single severities, as the child joins; where it is stated it takes the place of ``patience``."""
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
    """Children already on the list on the start date, for each place: no stated age, reviewed before."""
    opening_waited: Law | None = None
    """How long they have waited since the referral was received. None: not at all."""
    opening_cases: Whole = 0
    """Children already in a course on the start date, for each place, somewhere in the middle of it."""
    opening_mix: dict[Id, Share] = {}
    """Needs of those on the list and in courses. Left out: the scenario's first need."""
    waits_until: Whole | None = None
    """The birthday by which one must have started: it takes a child off the list."""
    ends_at: Whole | None = None
    """The birthday at which courses end."""
    calendar: Id | None = None
    """When it is closed as planned. None: never."""
    travel: Annotated[float, Field(strict=True, ge=0, le=24)] = 0.0
    """Hours of travel one way between the children and the service, on average."""
    opens: Day | None = None
    """Open from this day. None: from the beginning."""
    closes: Day | None = None
    """Closed from this day."""
    grant: Grant | None = None
    """What it lives on may end."""
    balking: tuple[Hesitation, ...] = ()
    """With a long known wait so many do not join the list (``balked``)."""
    steps_up: Law | None = None
    """How long a helper holds on to a child whose need is above this service before it is seen (``stepped_up``). None: till
    the end of the course."""
    excludes: tuple[Id, ...] = ()
    """Services whose courses cannot run beside one here: the child waits until the other has ended."""
    open_return: Duration | None = None
    """The way back stands open so long: a relapse comes straight here, first on the list, without door and review."""
    maps: Share = 1.0
    """Share of the children helped here whose referral onwards is complete."""
    somatic_check: Share = 0.0
    """Share of bodily causes found when a course starts here; the child goes on to somatic care, outside the model."""
