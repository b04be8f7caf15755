"""Durations as tables of quantiles in whole seconds: engines only look up.

A table has two levels: 4096 bins of equal probability, each holding its conditional mean, and the last of them split into 4096
again. The mean is exact to the second; the second moment is within 0.1 % (tested up to cv 2). Durations observed with weights
come as near to their stated probabilities as 4095 large parts and 4096 small ones can.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

from scenarios.resolve import ByIdentity
from scenarios.schema import Law
from scenarios.units import YEAR
from sim.draws import BITS, GOLDEN, ONE, Ints

LEVEL = 12
BINS = 1 << LEVEL
SIZE = 2 * BINS - 1
"""Entries of a table: all bins but the last, then the last one's parts."""
FIRST = BITS - LEVEL
SECOND = BITS - 2 * LEVEL
LAST = BINS - 1
WEIGHT = np.concatenate([np.full(LAST, BINS, dtype=np.int64), np.ones(BINS, dtype=np.int64)])
"""Of each entry: its probability, in parts of ``BINS`` squared."""
MOST_SHARED = 64
"""So many weighted values each get their own share of the bins; more are laid out in order, as a quantile function is."""

FOR_SURE = 1 << 62
"""A hazard that no threshold outlives."""
UNIT = 1 << 45
"""What a unit of a clock's threshold and a hazard of one a second are measured in."""

Floats = npt.NDArray[np.float64]


def look_up(table: list[int] | Ints, quantile: int) -> int:
    """The duration at a quantile, in whole seconds."""
    index = quantile >> FIRST
    if index == LAST:
        index = LAST + ((quantile >> SECOND) & LAST)
    return int(table[index])


def look_up_all(table: Ints, quantiles: Ints) -> Ints:
    """:func:`look_up` for a column of quantiles."""
    index = quantiles >> FIRST
    index[index == LAST] += (quantiles[index == LAST] >> SECOND) & LAST
    found: Ints = table[index]
    return found


@lru_cache(maxsize=4096)
def table(law: Law, stretch: float = 1.0) -> Ints:
    """The quantile table of a law, int64 of ``SIZE`` seconds, each at least 1; ``stretch`` multiplies every duration.

    With a ``grid`` every duration is rounded up to a whole multiple of it, last of all.
    """
    result = _whole(_conditional_means(law) * stretch, least=1)
    return result if law.grid is None else -(-result // law.grid) * law.grid


def total(table: Ints) -> int:
    """A table's mean times ``BINS`` squared: the exact sum of its durations by their probability."""
    return BINS * int(table[:LAST].sum()) + int(table[LAST:].sum())


def residual(table: Ints) -> Ints:
    """What is left of durations that are already running, met at a random moment: the equilibrium law of a table's durations.

    Its density at t is the share of durations longer than t, over their mean. So its mean is E[T^2] / (2 E[T]).
    """
    known = _residuals.get(table)
    return _residuals.keep(table, _residual(table)) if known is None else known


_residuals: ByIdentity[Ints, Ints] = ByIdentity()


def _residual(table: Ints) -> Ints:
    order = np.argsort(table, kind="stable")
    length = np.concatenate([[0], table[order]])
    longer = np.cumsum(WEIGHT[order][::-1])[::-1]
    step = np.diff(length) * longer
    # what lies above each duration, added up from the top so that small parts are exact
    above = np.append(np.cumsum(step[::-1])[::-1], 0).astype(np.float64)
    squares = (length[1:] - length[:-1]) * (length[1:] + length[:-1]).astype(np.float64) / 2 * longer
    moment = np.append(np.cumsum(squares[::-1])[::-1], 0.0)
    _, tail = _edges()
    wanted = tail * above[0]
    # the last duration that has no less above it than wanted: the edge lies between it and the next longer one
    at = np.minimum(np.searchsorted(-above, -wanted, side="right") - 1, len(longer) - 1)
    x = length[at] + (above[at] - wanted) / longer[at]
    beyond = moment[at] - longer[at] * (x - length[at]) * (x + length[at]) / 2
    return _whole((beyond[:-1] - beyond[1:]) / (wanted[:-1] - wanted[1:]), least=1)


@lru_cache(maxsize=1)
def clock_table() -> Ints:
    """The table of a unit-exponential threshold, in ``UNIT``s."""
    return _whole(_exponential() * UNIT, least=1)


def hazard(per_year: float) -> int:
    """A yearly hazard as whole ``UNIT``s a second (20 bits at one a year: exact to one part in a million)."""
    return round(per_year / YEAR * UNIT)


def hazard_of(share: int) -> int:
    """The hazard, in ``UNIT``s, that a share of all meets at one moment: of 1 - exp(-h), as a limit, h."""
    part = share / ONE
    return FOR_SURE if part >= 1 else round(-math.log1p(-part) * UNIT)


@cache
def _edges() -> tuple[Floats, Floats]:
    """The probability below and the probability above each edge of the bins, both exact near their own end."""
    coarse = np.arange(LAST + 1) / BINS
    fine = (LAST + np.arange(1, BINS + 1) / BINS) / BINS
    below = np.concatenate([coarse, fine])
    above = np.concatenate([1 - coarse, (1 - np.arange(1, BINS + 1) / BINS) / BINS])
    return below, above


def _conditional_means(law: Law) -> Floats:
    mean = float(law.mean or 0)
    if law.law == "fixed":
        return np.full(SIZE, mean)
    if law.law == "exponential":
        return _exponential() * mean
    if law.law == "gamma":
        assert law.cv is not None
        return _gamma(law.cv) * mean
    if law.law == "lognormal":
        assert law.cv is not None
        return _lognormal(law.cv) * mean
    below, _ = _edges()
    middle = (below[:-1] + below[1:]) / 2
    if law.law == "uniform":
        assert law.low is not None
        assert law.high is not None
        spread: Floats = law.low + (law.high - law.low) * middle
        return spread
    if law.weights:
        return _weighted(law.values, law.weights, middle)
    values = np.sort(np.asarray(law.values, dtype=np.float64))
    picked: Floats = values[np.minimum((middle * len(values)).astype(np.int64), len(values) - 1)]
    return picked


def _weighted(durations: Sequence[int], weights: Sequence[float], middle: Floats) -> Floats:
    """Values in the shares of their weights: of the large bins first, and what is missing then of the small ones."""
    given = sorted((value, Fraction(weight)) for value, weight in zip(durations, weights, strict=True) if weight)
    values = np.asarray([value for value, _ in given], dtype=np.float64)
    every = sum(weight for _, weight in given)
    share = [weight / every for _, weight in given]
    if len(given) > MOST_SHARED:
        upper = np.cumsum([float(part) for part in share])
        laid: Floats = values[np.minimum(np.searchsorted(upper, middle, side="right"), len(values) - 1)]
        return laid
    large = _portions([part * BINS for part in share], LAST)
    missing = [max(part * BINS - bins, Fraction(0)) for part, bins in zip(share, large, strict=True)]
    small = _portions([part * BINS / sum(missing) for part in missing], BINS)
    return np.concatenate([np.repeat(values, large), np.repeat(values, small)])


def _portions(wanted: Sequence[Fraction], whole: int) -> list[int]:
    """Whole numbers that sum to ``whole``, as near to what is wanted as can be: the largest remainders are rounded up."""
    result = [int(part) for part in wanted]
    left = whole - sum(result)  # -1 where all parts are whole and one is too many
    if left < 0:
        result[-1] += left
        return result
    # remainders alike are taken far apart, lest all the shortest be favoured
    order = sorted(range(len(wanted)), key=lambda i: (result[i] - wanted[i], i * GOLDEN % (1 << 64)))
    for i in order[:left]:
        result[i] += 1
    return result


@cache
def _exponential() -> Floats:
    """Of a mean of 1: the integral of the quantile over a bin, over its width."""
    _, above = _edges()
    x = -np.log(above[:-1])
    upper = np.append(above[1:-1] * (1 - np.log(above[1:-1])), 0.0)
    means: Floats = (above[:-1] * (1 + x) - upper) / (above[:-1] - above[1:])
    return means


@lru_cache(maxsize=256)
def _gamma(cv: float) -> Floats:
    """Of a mean of 1 and this cv: E[X; X > x] of a gamma of shape k is the upper tail of one of shape k + 1."""
    shape = cv**-2
    _, above = _edges()
    x = special.gammainccinv(shape, above)
    partial = special.gammaincc(shape + 1, x)
    partial[0], partial[-1] = 1.0, 0.0
    return (partial[:-1] - partial[1:]) / (above[:-1] - above[1:])


@lru_cache(maxsize=256)
def _lognormal(cv: float) -> Floats:
    """Of a mean of 1 and this cv: E[X; X > x] is the normal upper tail shifted by sigma."""
    sigma = float(np.sqrt(np.log1p(cv**2)))
    _, above = _edges()
    partial = special.ndtr(sigma + special.ndtri(above))
    partial[0], partial[-1] = 1.0, 0.0
    return (partial[:-1] - partial[1:]) / (above[:-1] - above[1:])


def _whole(means: Floats, least: int) -> Ints:
    """Whole numbers whose weighted sum stays that of ``means``: what rounding takes is handed to the next bin."""
    result = np.empty(SIZE, dtype=np.int64)
    for part in (slice(0, LAST), slice(LAST, SIZE)):
        summed = np.rint(np.cumsum(means[part]))
        result[part] = np.diff(summed, prepend=0.0).astype(np.int64)
    return np.maximum(result, least)
