"""What the engine keeps of a child while it is in the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simpy.events import Event

from sim.plan import NOTHING, NOWHERE, Option
from sim.records import Log

REVIEWED, LISTED, HELPED, CLOSED, HELD = range(5)
"""Where a stay is: under referral review, on the list, in a course, over, or done but waiting for room in the next service."""

NEVER = -(1 << 62)
"""In ``Child.clock_since``: the clocks stand. In ``Stay.seen_at``: not drawn yet."""


Papers = tuple[int, bool]
"""Who sends a child (a service, or ``FROM_DOOR``, ``FROM_STREAM`` minus a number), and whether it comes mapped."""
NO_PAPERS: Papers = (NOWHERE, True)
"""Nobody asks."""


class Moment(Event):
    """An event of the ladder: triggered from the start, with what it is about in ``_value``."""

    _ok = True
    callbacks: Any  # a tuple made once for each kind of event: SimPy only iterates over it

    def __init__(self, callbacks: Any, value: Any) -> None:
        self.callbacks = callbacks
        self._value = value


class Child:
    """A child with a need, from the moment it arises until it is over."""

    __slots__ = ("area", "born", "clock", "clock_since", "courses", "episodes", "gone", "need", "ordinal", "rejections",
                 "remit", "row", "seeks", "since", "stays", "travels", "visits", "ways", "worsen")  # fmt: skip

    def __init__(self, row: int, area: int, born: int, need: int, since: int) -> None:
        self.row = row
        self.area = area
        self.born = born
        self.need = need
        self.since = since
        self.stays: dict[int, Stay] = {}  # open stays by place
        self.visits: dict[int, int] = {}  # stays so far by service
        self.gone = False
        self.ordinal = 0  # of the events scheduled for this child
        self.ways = 0  # handovers under way
        self.travels = 0  # handovers so far
        self.courses = 0  # running now
        self.seeks = 0
        self.rejections: dict[int, int] = {}  # so far by service
        self.clock = 0  # version: an event of an earlier one is stale
        self.clock_since = NEVER
        self.episodes = 0  # needs so far: thresholds belong to one
        self.remit = -1  # threshold left; -1: not drawn yet for this need
        self.worsen = -1


@dataclass
class Together:
    """A group course that runs: its members hold no hours of their own."""

    number: int
    place: int
    option: int
    taken: Option
    length: int
    since: int
    left: int
    """Members still in it."""


class Stay(Moment):
    """A child at one service: under review, on its list, or in its course. It is itself the event of its course's end."""

    # what few stays have: it costs those without it nothing
    origin = NOWHERE  # service it came from, or FROM_DOOR, FROM_STREAM minus a number
    mapped = True  # the referral is complete
    front = False  # first on the list: the way back stood open
    parked = False  # on the list, but not to be called in while an excluded course runs
    raised = 0  # severities more that its wait has given it
    taken_for = 0  # step the paper took the need for, until the meeting
    cut = NOTHING  # ending that comes before the phase of the course is over
    ending = NOTHING  # decided, while the ending waits for room
    planned = 0  # length of the phase, had nothing cut it
    seen_at = NEVER  # when the helper sees that the need is above the service
    helpers = 0  # changes of helper so far
    midway = False  # already in its course on the first day
    somatic = False  # a bodily cause has been found here
    party: Together | None = None

    def __init__(self, child: Child, place: int, number: int, received: int, since: int, urgent: bool) -> None:
        self.child = child
        self.place = place
        self.number = number  # of the child's stays at this service, from 1; draws here have ordinal number - 1
        self.received = received
        self.urgent = urgent
        self.since = since  # when the state it is in began
        self.status = REVIEWED
        self.deadline: int | None = None
        self.key: tuple[int, ...] = ()  # on the list
        self.option = 0  # of hours, by number
        self.taken: Option = ()  # the hours it holds: a course that runs keeps its terms
        self.stretch = 0  # phase of the course


@dataclass(frozen=True)
class Totals:
    """What the engine counted while it ran, to be checked against the records (:mod:`sim.identities`)."""

    entered: list[int]
    left: list[int]
    waiting_area: list[int]
    """Child-seconds on the list, by place, added up as the list changed."""
    course_area: list[int]
    """Child-seconds in courses, by place."""
    committed: list[int]
    """Committed at the end, by pool."""


@dataclass(frozen=True)
class Trajectory:
    """One replication."""

    log: Log
    totals: Totals
    events: int
    """Events processed."""
