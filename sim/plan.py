"""A plan: a scenario as flat integers, the form engines and measures read. A run is a list of phases of one shape.

Durations are quantile tables (:mod:`sim.laws`), probabilities are limits that a quantile is compared with
(:func:`sim.draws.limit`), hazards are whole units a second, capacities whole minutes a week (or places).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sim.draws import Ints

NOWHERE = -1
"""In ``place_at``: the area does not have the service."""
ENDLESS = -1
"""In ``capacity``: no limit, nothing is counted."""


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


@dataclass(frozen=True)
class Beside:
    """Parallel help offered when a course starts."""

    to: int
    share: int
    steps: int
    """Bit set of the needs' steps it is for."""


@dataclass(frozen=True)
class Stretch:
    """One phase of a course: its length and who leaves early."""

    length: Ints
    dropout: int


@dataclass(frozen=True)
class Review:
    """Referral review of a service."""

    length: Ints
    due: Ints | None
    """By day since ``Plan.first_day``: the second by which a referral must be decided."""
    accept: tuple[int, ...]
    """Limit by the step the need is taken for."""
    accept_again: int | None
    accuracy: int
    reasons: tuple[tuple[int, int], ...]
    """(limit, reason) in order, cumulated."""
    lead: Ints


@dataclass(frozen=True)
class Due:
    """Deadline for the start of help."""

    outer: Ints | None
    """By day since ``Plan.first_day``: the law's outer limit."""
    by_severity: tuple[int | None, ...]
    """Seconds from referral received, by severity."""
    overflow: int | None
    """Service that takes over."""
    share: int
    delay: Ints


@dataclass(frozen=True)
class Terms:
    """Everything about a service but its staff; one for all places that have it alike."""

    service: int
    step: int | None
    ages: tuple[int, int] | None
    open: bool
    order: int
    """0 first come, 1 severity, 2 deadline, 3 referral."""
    length: int | None
    weight: int
    patience: Ints | None
    review: Review | None
    due: Due | None
    accuracy: int
    stretches: tuple[Stretch, ...]
    """Assessment, if any, and course."""
    matched: tuple[tuple[int, int], ...]
    """(limit, ending) in order, cumulated; empty: the ending is ``done``."""
    below: tuple[tuple[int, int], ...]
    routes: tuple[Route, ...]
    choices: tuple[tuple[tuple[int, int], ...], ...]
    """By ending x step: (limit, route) in order, cumulated. What is left over has no way on."""
    blind: bool
    """The routes do not ask which step the need is taken for."""
    beside: tuple[Beside, ...]


@dataclass(frozen=True)
class Needs:
    """By need."""

    names: tuple[str, ...]
    severity: tuple[int, ...]
    step: tuple[int | None, ...]
    remission: tuple[int, ...]
    worsening: tuple[int, ...]
    worse: tuple[int | None, ...]
    """The need it worsens to; None where worsening is a crisis."""
    better: tuple[int | None, ...]
    seek: tuple[int, ...]


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
    groups: tuple[tuple[int, ...], ...]
    """Places that share pools stand in one group; each place is in one."""
    group_of: tuple[int, ...]
    streams: tuple[str, ...]
    doors: tuple[str, ...]


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
    doors: tuple[tuple[int, int], ...]
    """(limit, door) in order, cumulated."""
    door_routes: tuple[Route, ...]
    crisis: Route | None
