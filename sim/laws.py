"""Durations as tables of quantiles in whole seconds: engines only look up.

A table has two levels: 4096 bins of equal probability, each holding its conditional mean, and the last of them split into 4096
again. The mean is exact to the second; the second moment is within 0.1 % (tested up to cv 2).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

from scenarios.schema import Law
from scenarios.units import YEAR
from sim.draws import BITS, Ints

LEVEL = 12
BINS = 1 << LEVEL
SIZE = 2 * BINS - 1
"""Entries of a table: all bins but the last, then the last one's parts."""
FIRST = BITS - LEVEL
SECOND = BITS - 2 * LEVEL
LAST = BINS - 1

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
    """The quantile table of a law, int64 of ``SIZE`` seconds, each at least 1; ``stretch`` multiplies every duration."""
    return _whole(_conditional_means(law) * stretch, least=1)


@lru_cache(maxsize=1)
def clock_table() -> Ints:
    """The table of a unit-exponential threshold, in ``UNIT``s."""
    return _whole(_exponential() * UNIT, least=1)


def hazard(per_year: float) -> int:
    """A yearly hazard as whole ``UNIT``s a second (20 bits at one a year: exact to one part in a million)."""
    return round(per_year / YEAR * UNIT)


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
    values = np.sort(np.asarray(law.values, dtype=np.float64))
    picked: Floats = values[np.minimum((middle * len(values)).astype(np.int64), len(values) - 1)]
    return picked


def _exponential() -> Floats:
    """Of a mean of 1: the integral of the quantile over a bin, over its width."""
    _, above = _edges()
    x = -np.log(above[:-1])
    upper = np.append(above[1:-1] * (1 - np.log(above[1:-1])), 0.0)
    means: Floats = (above[:-1] * (1 + x) - upper) / (above[:-1] - above[1:])
    return means


def _gamma(cv: float) -> Floats:
    """Of a mean of 1 and this cv: E[X; X > x] of a gamma of shape k is the upper tail of one of shape k + 1."""
    shape = cv**-2
    _, above = _edges()
    x = special.gammainccinv(shape, above)
    partial = special.gammaincc(shape + 1, x)
    partial[0], partial[-1] = 1.0, 0.0
    return (partial[:-1] - partial[1:]) / (above[:-1] - above[1:])


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
        total = np.rint(np.cumsum(means[part]))
        result[part] = np.diff(total, prepend=0.0).astype(np.int64)
    return np.maximum(result, least)
