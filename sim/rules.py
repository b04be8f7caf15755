"""Decisions, as pure functions of integers: both engines take them from here, so that each is made in one way.

The compiled engine compiles these very functions. So they ask nothing of Python's larger integers (every step fits 64 bits with
a sign), "none" is a negative number, and what they choose from lies in a row of words: from ``words[at]`` on the
first bound and its number, the second bound and its number, and so on, ``count`` words in all.
"""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.schema import ENDINGS, REASONS, STEPS
from scenarios.units import YEAR
from sim.draws import SURE

(DONE, RECOVERED, IMPROVED, UNCHANGED, WORSE, DROPPED_OUT, REJECTED, GAVE_UP, REFUSED, BALKED, AGED_OUT,
 STEPPED_UP) = range(len(ENDINGS))  # fmt: skip
FORMAL_ERROR = REASONS.index("formal_error")
TOO_MILD = REASONS.index("too_mild")
INFORMATION_MISSING = REASONS.index("information_missing")
HIGHEST = len(STEPS) - 1
LOWEST = 1
"""Needs start at the yellow step; nobody is taken for needing the green one alone."""
HALF = 31
"""Bits of the lower part of a number that is multiplied in parts."""
_LOWER = (1 << HALF) - 1


def times(number: int, quantile: int) -> int:
    """``number`` x ``quantile`` / ``ONE``, rounded down, of a number in [0, ``ONE``): the product needs 126 bits.

    Both are multiplied in parts of 31 bits, the number without its last bit, which is added at the end.
    """
    halved, last = number >> 1, number & 1
    a1, a0 = halved >> HALF, halved & _LOWER
    b1, b0 = quantile >> HALF, quantile & _LOWER
    lowest = a0 * b0
    low = a0 * b1 + (lowest >> HALF)
    middle = a1 * b0 + (low & _LOWER)
    high = a1 * b1 + (low >> HALF) + (middle >> HALF)
    rest = ((middle & _LOWER) << HALF) | (lowest & _LOWER)
    return high + ((rest + (last * quantile >> 1)) >> 62)


def pick(words: Sequence[int], at: int, count: int, quantile: int) -> int:
    """The number whose limit is the first above the quantile; -1 where the quantile is above them all."""
    for here in range(at, at + count, 2):
        if quantile < words[here] or words[here] == SURE:
            return words[here + 1]
    return -1


def perceive(step: int, quantile: int, accuracy: int) -> int:
    """The step a need is taken for: the right one, else a neighbouring one, either way alike where both exist.

    ``accuracy`` is the limit of being right.
    """
    if quantile < accuracy or accuracy >= SURE:
        return step
    left = SURE - accuracy
    up = quantile - accuracy >= left // 2 + (left & 1)
    if step <= LOWEST:
        return step + 1
    if step >= HIGHEST:
        return step - 1
    return step + 1 if up else step - 1


def is_match(service_step: int, need_step: int) -> bool:
    """Whether a service stands high enough for a need; a need or service of no stated step (-1) always matches."""
    return service_step < 0 or need_step < 0 or service_step >= need_step


def admits(low: int, high: int, born: int, now: int) -> bool:
    """Whether a service for the ages from ``low`` to ``high`` takes a child born at this second, whose age is known."""
    return low <= (now - born) // YEAR <= high


def accepts(bound: int, again: int, earlier_rejections: int) -> int:
    """The limit below which a referral is given the right; after a rejection here at least ``again`` (-1: none)."""
    return again if earlier_rejections and again > bound else bound


def reason(taken_for: int, service_step: int, found: int) -> int:
    """Why a referral is rejected: too mild if it was taken for that, else the reason ``found`` among the stated (-1: none)."""
    if service_step >= 0 and taken_for < service_step:
        return TOO_MILD
    return INFORMATION_MISSING if found < 0 else found


def wrongly_rejected(need_step: int, service_step: int) -> bool:
    """By the model: the true right step at that moment is at or above the service's."""
    return need_step >= 0 and service_step >= 0 and need_step >= service_step


def time_left(threshold: int, rate: int) -> int:
    """Whole seconds until a clock that runs at ``rate`` has used up ``threshold``; -1 for a clock that stands."""
    return -1 if rate <= 0 else -(-threshold // rate)


def used_up(threshold: int, rate: int, seconds: int) -> int:
    """What is left of a threshold after so many seconds at a rate; never below 0."""
    return 0 if rate > 0 and seconds > threshold // rate else max(0, threshold - seconds * rate)


def part(length: int, quantile: int) -> int:
    """The moment of leaving a stretch early: evenly over its length, at least one second."""
    return max(1, times(length, quantile))


def put_off(words: Sequence[int], at: int, count: int, known_wait: int) -> int:
    """The limit of those whom a known wait keeps away: of the hesitations below it the one with the longest wait."""
    for here in range(at, at + count, 2):
        if known_wait > words[here]:
            return words[here + 1]
    return 0


def tightened(bound: int, every: int, by: int, least: int, waiting: int) -> int:
    """The limit of being given the right, lower by ``by`` for every so many on the list (0: never); never raised by it."""
    if every == 0 or by == 0 or least >= bound:
        return bound
    steps = waiting // every
    return least if steps > (bound - least) // by else bound - steps * by


def pick_among(words: Sequence[int], at: int, count: int, usable: int, quantile: int) -> int:
    """One of the usable numbers (a bit set), by their shares among themselves; -1 where none of them has a share."""
    total = before = 0
    for here in range(at, at + count, 2):
        if usable >> words[here + 1] & 1:
            total += words[here] - before
        before = words[here]
    wanted = times(total, quantile)
    before, found = 0, -1
    for here in range(at, at + count, 2):
        if usable >> words[here + 1] & 1:
            found = words[here + 1]
            wanted -= words[here] - before
            if wanted < 0:
                return found
        before = words[here]
    return found


def pick_rate(words: Sequence[int], at: int, count: int, total: int, quantile: int) -> int:
    """The number whose clock rang, by the share of its rate in their total."""
    wanted = times(total, quantile)
    for here in range(at, at + count, 2):
        wanted -= words[here]
        if wanted < 0:
            return words[here + 1]
    return words[at + count - 1]


def next_date(now: int, every: int) -> int:
    """The first moment, this second or later, that is a whole multiple of ``every`` from the start date."""
    return -(-now // every) * every


def birthday(born: int, years: int) -> int:
    """The second at which a child is so many years old."""
    return born + years * YEAR


def has_room(free: int, before: int, length: int) -> bool:
    """Whether one more child may come: there are hours for more than those before it, or the list (-1: endless) has a place.

    An endless list has no place that an ending would wait for.
    """
    return before < free or before < length
