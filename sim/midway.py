"""What is left, on the first day, of courses in which some drop out: arithmetic that needs more than 64 bits."""

from __future__ import annotations

from math import isqrt

from sim.draws import ONE
from sim.laws import total
from sim.plan import Stretch


def dropouts_midway(dropout: int) -> int:
    """The limit of dropping out of a phase met midway: who leaves evenly over it is there for half, and met half as often."""
    return dropout * ONE // (2 * ONE - dropout)


def midway(quantile: int) -> int:
    """When those drop out, as a part of what is left of the phase.

    Met evenly over a stay that is itself an even part of the phase, a child has left of the phase's length the smaller of two
    even draws; the phase has left one even draw. The quotient is the root of an even draw.
    """
    return isqrt(quantile * ONE)


def is_past_assessment(assessment: Stretch, rest: Stretch, quantile: int) -> bool:
    """Whether a child met in its course is past the assessment, by how long either lasts on average."""
    first, second = (total(stretch.length) * (2 * ONE - stretch.dropout) for stretch in (assessment, rest))
    second = second * (ONE - assessment.dropout) // ONE
    return max(1, (first + second) * quantile // ONE) > first
