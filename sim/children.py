"""The children of one replication, as columns: what a cohort is."""

from __future__ import annotations

from dataclasses import dataclass

from sim.draws import Ints, UInts

NO_AGE = -(1 << 62)
"""In ``born``: the child's age is not stated, and every service takes it."""
NO_BAND = -1
"""In ``band``: no age band is stated."""
OPENING = -1
"""In ``stream``: already on a list on the first day, not a new need."""
OPENING_CASE = -2
"""In ``stream``: already in a course on the first day."""
NO_GROUP = -1
"""In ``group``: belongs to none of the scenario's groups."""


@dataclass(frozen=True)
class Cohort:
    """Children in order of the moment their need arises; all columns of one length."""

    key: UInts
    """Identity: everything drawn for the child descends from it."""
    time: Ints
    """Second the need arises."""
    area: Ints
    band: Ints
    """Age band at that moment, or ``NO_BAND``."""
    born: Ints
    """Second of birth, or ``NO_AGE``."""
    need: Ints
    to: Ints
    """Service entered at once; -1 where a door is sought."""
    stream: Ints
    group: Ints
    """Number in ``Shape.people``, or ``NO_GROUP``."""
    waited: Ints
    """Seconds since the referral was received, for those already on a list on the first day; else 0."""

    def __len__(self) -> int:
        return len(self.key)
