"""Runs that would never end: a child that goes round and round is stopped, and what it goes round in is named."""

from __future__ import annotations

from scenarios.errors import TrinnError
from scenarios.units import DAY
from sim.draws import Ints
from sim.order import MOST_EVENTS
from sim.plan import Plan
from sim.records import Kind

LOOKED_AT = 200
"""Records of the child, the last ones, in which the circle is looked for."""


class EndlessRunError(TrinnError, RuntimeError):
    """A child has had more events than any story holds."""


def endless(plan: Plan, rows: Ints, row: int, second: int) -> EndlessRunError:
    """What to say of a child that goes round.

    Args:
        plan: any phase of the run, for its names.
        rows: the last records written, int64 of shape (records, 9).
        row: of the child.
        second: when it was stopped.
    """
    own = rows[rows[:, 2] == row][-LOOKED_AT:]
    there = own[(own[:, 3] >= 0) & (own[:, 1] != Kind.OVERLOADED), 3]  # where pools run over, the place is a pool
    services = {plan.shape.services[plan.shape.places[place][1]] for place in there.tolist()}
    kinds = sorted({Kind(kind).name.lower() for kind in own[:, 1].tolist()})
    circle = f" in {', '.join(sorted(services))} ({', '.join(kinds)})" if len(own) else ""
    return EndlessRunError(
        f"the run cannot end: by day {second // DAY} child {row} has had {MOST_EVENTS} events, and goes round{circle}. "
        "Let some of those who go round leave, or make what repeats take longer"
    )
