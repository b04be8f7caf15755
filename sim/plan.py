"""A plan: a scenario as flat integers, the form engines and measures read. A run is a list of phases of one shape.

Durations are quantile tables (:mod:`sim.laws`), probabilities are limits that a quantile is compared with
(:func:`sim.draws.limit`), hazards are whole units a second, capacities whole minutes a week (or places).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sim.draws import SURE, Ints

NOWHERE = -1
"""In ``place_at``: the area does not have the service."""
NO_STEP = -1
"""In ``step``: a service or a need of no stated step."""
NOTHING = -1
"""In ``Tasks``: it takes no hours there."""
FROM_DOOR, FROM_STREAM = -1000, -2000
"""Where a child comes from that no service sent: these minus the number of the door or of the stream of demand."""
ENDLESS = -1
"""In ``capacity``: no limit, nothing is counted."""

Pairs = tuple[int, ...]
"""Pairs of numbers one after the other, as :mod:`sim.rules` reads them."""
Tasks = tuple[int, ...]
"""Options of hours that a single piece of work takes, by the child's area; empty where it takes none."""


@dataclass(frozen=True)
class Route:
    """Where a child goes next."""

    to: tuple[int, ...]
    """Services in order of preference."""
    delay: Ints
    fixed: int
    """The delay in seconds where it is the same for all, else 0."""
    lost: int
    urgent: bool
    warm: bool
    kept: int = SURE
    """Limit of what is known coming along."""
    tasks: Tasks = ()
    """The hours a handover takes."""
    hold: int = 0
    """Seconds that an ending may wait for room; 0: it does not wait."""
    number: int = 0
    """Among the routes and doors of a phase: where its coordinated variant stands in ``Plan.coordinated``."""


@dataclass(frozen=True)
class Beside:
    """Parallel help offered when a course starts."""

    to: int
    share: int
    steps: int
    """Bit set of the needs' steps it is for."""


@dataclass(frozen=True)
class Stretch:
    """One phase of a course: its length, who leaves early, and what is left of it for those already in it on the first day."""

    length: Ints
    dropout: int
    rest: Ints


@dataclass(frozen=True)
class Meeting:
    """A meeting about a referral."""

    doubtful: bool
    """Only about those who would be rejected on paper."""
    consent: int
    delay: Ints
    every: int
    """Seconds between meetings; 0: at any time."""
    accuracy: int
    tasks: Tasks


@dataclass(frozen=True)
class Party:
    """A group course."""

    size: int
    least: int
    every: int
    """Seconds between starting dates; 0: as soon as there are enough."""


@dataclass(frozen=True)
class Switch:
    """Another service of the same step."""

    to: tuple[int, ...]
    over: int
    review: int
    """Seconds between reviews; 0: only on joining."""
    share: int


@dataclass(frozen=True)
class Review:
    """Referral review of a service."""

    length: Ints
    due: Ints | None
    """By day since ``Plan.first_day``: the second by which a referral must be decided."""
    accept: tuple[int, ...]
    """Limit by the step the need is taken for."""
    accept_again: int
    """Limit after a rejection here; -1: no other."""
    accuracy: int
    reasons: Pairs
    """Limit and reason in order, cumulated."""
    lead: Ints
    consent: Ints | None
    referrers: frozenset[int] | None
    """Services as their numbers, doors and streams as ``FROM_DOOR`` and ``FROM_STREAM`` minus theirs. None: all."""
    returned: int
    """Limit of an unmapped referral being sent back."""
    accuracy_unmapped: int
    tightens: tuple[int, int, int]
    """(children on the list, limit by which it falls for every so many, least limit); 0 children: it does not."""
    meeting: Meeting | None
    tasks: Tasks
    """The hours of a review on paper."""
    plain: bool
    """On paper, whoever refers and whatever the list: nothing but accuracy and threshold decides."""


@dataclass(frozen=True)
class Due:
    """Deadline for the start of help."""

    outer: Ints | None
    """By day since ``Plan.first_day``: the law's outer limit."""
    by_severity: tuple[int | None, ...]
    """Seconds from referral received, by severity."""
    guarantee: int | None
    """Seconds from referral received."""
    price: int
    overflow: int | None
    """Service that takes over."""
    share: int
    delay: Ints


@dataclass(frozen=True)
class Terms:
    """Everything about a service but its staff; one for all places that have it alike."""

    service: int
    step: int
    """``NO_STEP`` where none is stated."""
    ages: tuple[int, int] | None
    open: bool
    order: tuple[int, ...]
    """0 first come, 1 severity, 2 deadline, 3 referral; the next decides between those alike in the one before."""
    rises: Ints | None
    at_once: int
    """Bit set of severities."""
    every: int
    """Seconds between the moments at which places are given out; 0: at any time."""
    switch: Switch | None
    length: int | None
    weight: int
    patience: tuple[Ints | None, ...]
    """By severity; empty where nobody ever gives up."""
    balking: Pairs
    """Known wait in seconds and limit, the longest first."""
    waits_until: int
    """Year of life; 0: no end."""
    ends_at: int
    excludes: tuple[int, ...]
    """Services."""
    steps_up: Ints | None
    open_return: int
    """Seconds; 0: no way back."""
    maps: int
    somatic_check: int
    party: Party | None
    calendar: int
    """Number in ``Shape.closures``; -1: never closed."""
    review: Review | None
    due: Due | None
    accuracy: int
    stretches: tuple[Stretch, ...]
    """Assessment, if any, and course."""
    matched: Pairs
    """Limit and ending in order, cumulated; empty: the ending is ``done``."""
    below: Pairs
    by_need: tuple[Pairs, ...]
    """By need, in place of both where not empty; empty where no need has its own."""
    dose: bool
    routes: tuple[Route, ...]
    choices: tuple[Pairs, ...]
    """By ending x step: limit and route in order, cumulated. What is left over has no way on."""
    blind: bool
    """The routes do not ask which step the need is taken for."""
    beside: tuple[Beside, ...]


@dataclass(frozen=True)
class Needs:
    """By need."""

    names: tuple[str, ...]
    severity: tuple[int, ...]
    step: tuple[int, ...]
    """``NO_STEP`` where none is stated."""
    remission: tuple[int, ...]
    worsening: tuple[int, ...]
    worse: tuple[int | None, ...]
    """The need it worsens to; None where worsening is a crisis."""
    better: tuple[int | None, ...]
    seek: tuple[int, ...]
    relapse: tuple[int, ...]
    relapses_to: tuple[int, ...]
    somatic: tuple[int, ...]


@dataclass(frozen=True)
class Post:
    """A pool whose people come and go."""

    hundredths: int
    """Full-time equivalents agreed, in hundredths."""
    minutes: int
    """Minutes a week of a full post."""
    stay: Ints
    recruit: Ints | None
    market: int
    """Number of the labour market it is filled from; -1: it has its own."""
    breaks: int


@dataclass(frozen=True)
class Grant:
    """What a place lives on may end."""

    first: int
    """Second of the first day without it."""
    ends: int


@dataclass(frozen=True)
class Coordinated:
    """Who follows children from service to service."""

    share: int
    steps: int
    """Bit set."""
    tasks: Tasks


@dataclass(frozen=True)
class Shape:
    """What does not change between the phases of a run."""

    start: date
    begin: int
    """First second of the warm-up, at most 0."""
    end: int
    """Last second of the period."""
    first_day: int
    areas: tuple[str, ...]
    neighbours: tuple[bool, ...]
    focal: tuple[bool, ...]
    services: tuple[str, ...]
    places: tuple[tuple[str, int], ...]
    """(area or catchment, service): the services as each area or catchment has them, in order."""
    shared: tuple[bool, ...]
    """By place: whether it serves a whole catchment."""
    place_at: tuple[tuple[int, ...], ...]
    """Area x service: the place, or ``NOWHERE``."""
    pools: tuple[tuple[int, str], ...]
    """(place, name)."""
    kinds: tuple[str, ...]
    """By pool: ``posts`` and ``rooms`` hold minutes a week, ``cases`` and ``places`` courses."""
    groups: tuple[tuple[int, ...], ...]
    """Places that share pools stand in one group; each place is in one."""
    group_of: tuple[int, ...]
    streams: tuple[str, ...]
    doors: tuple[str, ...]
    people: tuple[str, ...] = ()
    """Groups of children."""
    closures: tuple[tuple[tuple[int, int], ...], ...] = ()
    """By calendar: planned closures as (first second, first second after), in order, apart from each other."""
    markets: tuple[int, ...] = ()
    """By labour market: hires, in whole ``laws.UNIT``s a second."""
    leaves_at: int = 0
    """Year of life at which a child leaves for good; 0: never."""


Option = tuple[tuple[int, int], ...]
"""(pool, amount) that a course takes together."""


@dataclass(frozen=True)
class Plan:
    """One phase: the shape, and everything that may differ between phases."""

    at: int
    """The second from which it holds."""
    shape: Shape
    needs: Needs
    terms: tuple[Terms, ...]
    """By place."""
    capacity: tuple[int, ...]
    """By pool: minutes a week, or places."""
    options: tuple[Option, ...]
    """The hours a course may take: each option has its number for the whole run."""
    offers: tuple[tuple[tuple[int, ...], ...], ...]
    """Place x stretch: numbers of the options, in order of preference."""
    doors: Pairs
    """Limit and door in order, cumulated."""
    door_routes: tuple[Route, ...]
    crisis: Route | None
    door_ages: tuple[tuple[int, int] | None, ...] = ()
    door_people: tuple[tuple[int, ...], ...] = ()
    """Door x group: limit of a child of the group being able to use it; empty where every group can use all."""
    door_quiet: tuple[Pairs, ...] = ()
    """By door: known wait in seconds and limit, the longest first."""
    door_maps: tuple[int, ...] = ()
    stream_maps: tuple[int, ...] = ()
    finds: tuple[Pairs, ...] = ()
    """By area: hazard of being found while hidden and door, for each door that finds; empty where none does."""
    another_door: int = 0
    after_rejection: int = SURE
    people_seek: tuple[int, ...] = ()
    """By group."""
    people_accept: tuple[int, ...] = ()
    coordinator: Coordinated | None = None
    coordinated: tuple[Route, ...] = ()
    """Each route as a coordinated child takes it."""
    posts: tuple[Post | None, ...] = ()
    """By pool; empty where nobody ever leaves."""
    grants: tuple[Grant | None, ...] = ()
    """By place; empty where no service lives on one."""
    member: int = NOTHING
    """The option of whoever is in a group course, whose hours the group holds: it takes none."""
