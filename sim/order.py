"""The order of work within one second, the same in both engines.

Order of work within one second, by (kind, child, ordinal); what an event creates for the same second joins those still to
be done:

1. a researcher's own processes (SimPy priorities 0 and 1)
2. ``PHASE`` changes of phase (capacity, opening and closing, routes), then planned closures, then posts and grants
3. ``COURSE`` ends of courses, of their phases, of single pieces of work; endings that wait for room no longer
4. ``HAZARD`` needs that pass, worsen, are found or come back; birthdays on which the ladder is left
5. ``LEAVING`` patience that runs out, deadlines that pass, and everything else that waiting brings
6. ``ARRIVAL`` needs that arise
7. ``REACHING`` children who reach a service: referrals, handovers, doors
8. ``DECISION`` referral decisions, children who may be called in from now, meetings at which places are given out
9. ``SERVING`` the lists whose hours or children changed are served once, in plan order, until nothing more starts
"""

from __future__ import annotations

PHASE, COURSE, HAZARD, LEAVING, ARRIVAL, REACHING, DECISION, SERVING = (kind << 41 for kind in range(2, 10))
"""Kinds of events in their order within a second; below them 25 bits of child and 16 of its events."""
OF_PLACES = 1 << 40
"""Above the children's: events of a place."""
MOST_EVENTS = 1 << 16
MOST_CHILDREN = 1 << 24
CLOSURES, SUPPLIES = OF_PLACES >> 2, OF_PLACES >> 1
"""Within the kind ``PHASE``: after the phases themselves."""
