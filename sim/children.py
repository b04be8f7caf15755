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

    def __len__(self) -> int:
        return len(self.key)
