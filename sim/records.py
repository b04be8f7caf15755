"""What an engine writes down: fixed columns and a closed list of kinds."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from sim.draws import Ints

COLUMNS = ("time", "kind", "child", "place", "stay", "since", "received", "detail", "need")
"""Columns of a log, all int64.

``time``: seconds since the start date. ``kind``: a :class:`Kind`. ``child``: row of the cohort; -1 where no child is
meant. ``place``: service of an area (index of the plan); -1 where none is meant. ``stay``: number of the child's stay at
the service; 0 where none is meant. ``since``: when the state that this record ends began. ``received``: when the child (or
its referral) reached the service, carried over to another provider. ``detail``: by kind, below. ``need``: the child's need
after the event (index of the plan); -1 without a child.
"""


class Kind(IntEnum):
    """The closed list of what can be written down; in brackets what ``detail`` holds."""

    AROSE = 1
    """A need arises (stream of demand; -1 for a child already on a list on the first day, -2 for one already in a course)."""
    SOUGHT = 2
    """The child seeks a door (the door)."""
    WITHOUT_HELP = 3
    """A need with nobody who helps and nowhere to wait (0 did not seek, 1 no way on, 2 lost in a handover, 3 put off by the
    known wait, 4 discouraged by a rejection)."""
    REFERRED = 4
    """A referral is received (number of earlier rejections here; -1 on a list or in a course on the first day)."""
    ACCEPTED = 5
    """The right to help is given (the step the need is taken for)."""
    REJECTED = 6
    """The referral is rejected (reason; + 100 if wrong by the model; + 1000 if handed over warmly)."""
    JOINED = 7
    """The child joins the waiting list (0)."""
    STARTED = 8
    """Help starts; ends the wait (twice the option of hours that it takes, + 1 if urgent)."""
    ASSESSED = 9
    """The assessment ends and the rest of the course begins (the option of hours)."""
    ENDED = 10
    """The course ends (index of the ending)."""
    GAVE_UP = 11
    """The child leaves the list: patience ran out (0)."""
    REFUSED = 12
    """The list was full, or the service closed (0 full, 1 closed)."""
    WITHDREW = 13
    """The child leaves the list or the review: the need is over, or the service closes (0 from the list, 1 from review)."""
    BREACHED = 14
    """A deadline passes on the list (0 the law's, 1 a stricter guarantee)."""
    OVERFLOWED = 15
    """Leaves the list for another provider after a breach (its price in kroner)."""
    HANDED_OVER = 16
    """A handover to ``place`` begins (place it comes from; -1 from nowhere)."""
    LOST = 17
    """Lost in the handover (place it was meant for)."""
    REMITTED = 18
    """The need passed by itself (0)."""
    WORSENED = 19
    """The need worsened while untreated (the need before)."""
    CRISIS = 20
    """A severe need became a crisis while untreated (0)."""
    LEFT = 21
    """The child leaves (0 recovered, 1 remitted, 2 done, 3 to services outside the simulated areas, 4 without help, 5 to
    somatic care, 6 grown up)."""
    OVERLOADED = 22
    """A pool is committed beyond its capacity; ``place`` is the pool (units beyond)."""
    CAPACITY = 23
    """A pool's capacity changes; ``place`` is the pool (the new capacity)."""
    BALKED = 24
    """Looks at the list, right after ``joined``, and does not stay: the known wait is too long (the known wait, seconds)."""
    SWITCHED = 25
    """Leaves the list for another service of the same step (the place it turns to)."""
    RAISED = 26
    """Counts as one severity more on the list, having waited so long (how many times by now)."""
    AGED_OUT = 27
    """A birthday takes the child off the list or out of the review (0 from the list, 1 from review)."""
    HELD = 28
    """The course is over, but its ending waits for room in the next service; the hours stay taken (the place waited for)."""
    HELPER_CHANGED = 29
    """The helper leaves in mid-course; told where some drop out for it (1 if this child does, else 0)."""
    RELAPSED = 30
    """A need that help had ended comes back (the place whose way back is open, else -1)."""
    FOUND = 31
    """A hidden need is found (the door)."""
    COORDINATED = 32
    """Somebody follows the child from now on (0)."""
    MET = 33
    """A meeting about the referral is held (the step the need is taken for; -1 if the family did not consent)."""
    SOMATIC = 34
    """A bodily cause is found as the course starts (0)."""
    TASK = 35
    """Staff hours go to a review, a meeting or a handover for a week (the option of hours)."""
    TASK_DONE = 36
    """That week is over (the option of hours)."""
    GROUP_STARTED = 37
    """A group course starts; ``stay`` is its number at the place (the option of hours, for the whole group)."""
    GROUP_ENDED = 38
    """Its last member leaves it (the option of hours)."""
    CLOSED = 39
    """A service closes (0 a planned closure begins: courses pause; 1 its grant ends)."""
    REOPENED = 40
    """A planned closure ends: courses go on (0)."""


class Log:
    """The event records of one replication: an int64 array of shape (records, 9), in order of time."""

    def __init__(self, rows: Ints) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getattr__(self, name: str) -> Ints:
        """A column by name."""
        if name not in COLUMNS:  # also what is asked for while a log is unpickled and has no rows yet
            raise AttributeError(name)
        return self.rows[:, COLUMNS.index(name)]

    def of(self, *kinds: Kind) -> Log:
        """The records of these kinds."""
        return Log(self.rows[np.isin(self.rows[:, 1], kinds)])

    def where(self, mask: np.ndarray) -> Log:
        """The records that a mask of the same length picks."""
        return Log(self.rows[mask])
