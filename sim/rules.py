"""Decisions, as pure functions of integers: both engines take them from here, so that each is made in one way."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

from scenarios.schema import ENDINGS, REASONS, STEPS
from scenarios.units import YEAR
from sim.draws import ONE

(DONE, RECOVERED, IMPROVED, UNCHANGED, WORSE, DROPPED_OUT, REJECTED, GAVE_UP, REFUSED, BALKED, AGED_OUT,
 STEPPED_UP) = range(len(ENDINGS))  # fmt: skip
FORMAL_ERROR = REASONS.index("formal_error")
TOO_MILD = REASONS.index("too_mild")
INFORMATION_MISSING = REASONS.index("information_missing")
HIGHEST = len(STEPS) - 1
LOWEST = 1
"""Needs start at the yellow step; nobody is taken for needing the green one alone."""


def pick(choices: Sequence[tuple[int, int]], quantile: int) -> int:
    """The number whose limit is the first above the quantile; -1 where the quantile is above them all."""
    for bound, number in choices:
        if quantile < bound:
            return number
    return -1


def perceive(step: int, quantile: int, accuracy: int) -> int:
    """The step a need is taken for: the right one, else a neighbouring one, either way alike where both exist.

    ``accuracy`` is the limit of being right.
    """
    if quantile < accuracy or accuracy >= ONE:
        return step
    up = quantile - accuracy >= (ONE - accuracy) // 2
    if step <= LOWEST:
        return step + 1
    if step >= HIGHEST:
        return step - 1
    return step + 1 if up else step - 1


def is_match(service_step: int | None, need_step: int | None) -> bool:
    """Whether a service stands high enough for a need; a need or service of no stated step always matches."""
    return service_step is None or need_step is None or service_step >= need_step


def admits(ages: tuple[int, int] | None, born: int, now: int, no_age: int) -> bool:
    """Whether a service takes a child born at this second."""
    return ages is None or born == no_age or ages[0] <= (now - born) // YEAR <= ages[1]


def accepts(accept: Sequence[int], again: int | None, taken_for: int, earlier_rejections: int) -> int:
    """The limit below which a referral is given the right; after a rejection here at least ``again``."""
    if earlier_rejections and again is not None:
        return max(again, accept[taken_for])
    return accept[taken_for]


def reason(reasons: Sequence[tuple[int, int]], taken_for: int, service_step: int | None, quantile: int) -> int:
    """Why a referral is rejected: too mild if it was taken for that, else one of the stated reasons."""
    if service_step is not None and taken_for < service_step:
        return TOO_MILD
    found = pick(reasons, quantile)
    return INFORMATION_MISSING if found < 0 else found


def wrongly_rejected(need_step: int | None, service_step: int | None) -> bool:
    """By the model: the true right step at that moment is at or above the service's."""
    return need_step is not None and service_step is not None and need_step >= service_step


def time_left(threshold: int, rate: int) -> int:
    """Whole seconds until a clock that runs at ``rate`` has used up ``threshold``; -1 for a clock that stands."""
    return -1 if rate <= 0 else -(-threshold // rate)


def part(length: int, quantile: int) -> int:
    """The moment of leaving a stretch early: evenly over its length, at least one second."""
    return max(1, length * quantile // ONE)


def dropouts_midway(dropout: int) -> int:
    """The limit of dropping out of a phase met midway: who leaves evenly over it is there for half, and met half as often."""
    return dropout * ONE // (2 * ONE - dropout)


def midway(quantile: int) -> int:
    """When those drop out, as a part of what is left of the phase.

    Met evenly over a stay that is itself an even part of the phase, a child has left of the phase's length the smaller of two
    even draws; the phase has left one even draw. The quotient is the root of an even draw.
    """
    return isqrt(quantile * ONE)


def stays_in(length: int, dropout: int) -> int:
    """In proportion to how long a phase lasts on average where some drop out evenly over it, in parts of ``2 * ONE``."""
    return length * (2 * ONE - dropout)


def put_off(hesitations: Sequence[tuple[int, int]], known_wait: int) -> int:
    """The limit of those whom a known wait keeps away: of the hesitations below it the one with the longest wait."""
    for over, bound in hesitations:
        if known_wait > over:
            return bound
    return 0


def tightened(bound: int, tightens: tuple[int, int, int] | None, waiting: int) -> int:
    """The limit of being given the right, lower for every so many on the list; never raised by it."""
    if tightens is None:
        return bound
    every, by, least = tightens
    return min(bound, max(least, bound - waiting // every * by))


def pick_among(choices: Sequence[tuple[int, int]], usable: Sequence[int], quantile: int) -> int:
    """One of the usable numbers, by their shares among themselves; -1 where none of them has a share."""
    total = before = 0
    for bound, number in choices:
        if number in usable:
            total += bound - before
        before = bound
    wanted, before, found = total * quantile // ONE, 0, -1
    for bound, number in choices:
        if number in usable:
            found = number
            wanted -= bound - before
            if wanted < 0:
                return number
        before = bound
    return found


def pick_rate(rates: Sequence[tuple[int, int]], quantile: int) -> int:
    """The number whose clock rang, by the share of its rate in their sum."""
    wanted = sum(rate for rate, _ in rates) * quantile // ONE
    for rate, number in rates:
        wanted -= rate
        if wanted < 0:
            return number
    return rates[-1][1]


def next_date(now: int, every: int) -> int:
    """The first moment, this second or later, that is a whole multiple of ``every`` from the start date."""
    return -(-now // every) * every


def birthday(born: int, years: int) -> int:
    """The second at which a child is so many years old."""
    return born + years * YEAR


def has_room(free: int, before: int, length: int | None) -> bool:
    """Whether one more child may come: there are hours for more than those before it, or the list has a place left."""
    return before < free or (length is not None and before < length)
