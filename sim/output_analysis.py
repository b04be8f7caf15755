"""Output analysis: what a number of replications, or a weekly series, allows us to say.

The replication is the unit of inference: every function takes one number per replication (or one mean series) and
children are never pooled over replications. NaN in an input means "not defined in that replication": such entries are
left out and ``n`` says how many were used. Infinite entries are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, fsum, nan, sqrt
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

Better = Literal["lower", "higher", "neither"]
Direction = Literal["better", "worse", "higher", "lower", "unclear"]
Floats = npt.NDArray[np.float64]

MINIMUM_REPLICATIONS = 10  # stopping earlier makes coverage fall below its level (methods 1.3, Hoad et al. 2010)
MSER_BATCH = 5  # the five of MSER-5: White, Cobb & Spratt 2000
MINIMUM_SERIES = 20  # observations; with fewer than four batches there is nothing to compare


@dataclass(frozen=True)
class Interval:
    """A mean over replications and its confidence interval, both in the unit of the values.

    ``n`` replications were used. ``mean`` is NaN if there were none; ``half_width`` is None below two.
    """

    mean: float
    half_width: float | None
    n: int
    level: float

    @property
    def low(self) -> float | None:
        """The lower bound, None where no interval exists."""
        return None if self.half_width is None else self.mean - self.half_width

    @property
    def high(self) -> float | None:
        """The upper bound, None where no interval exists."""
        return None if self.half_width is None else self.mean + self.half_width

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval exists and lies wholly on one side of 0."""
        return self.half_width is not None and abs(self.mean) > self.half_width


@dataclass(frozen=True)
class Paired:
    """Other minus base, replication by replication.

    The shares are of the replications used and NaN if there are none; ``better`` and ``worse`` are None for a measure
    of which neither more nor less is better. ``identical``: there are pairs, and no pair differs at all.
    """

    difference: Interval
    higher: float
    lower: float
    equal: float
    better: float | None
    worse: float | None
    direction: Direction
    identical: bool


@dataclass(frozen=True)
class Truncation:
    """Where a series has settled: the first observation to keep, and whether that point can be trusted."""

    index: int
    settled: bool


class Unsettled(NamedTuple):
    """A series that had not settled when the warm-up ended; ``weeks`` is where it did, None if it never does."""

    name: str
    weeks: int | None


class QuantileInterval(NamedTuple):
    """Two order statistics around a quantile and the level they achieve; None where the values do not reach."""

    low: float | None
    high: float | None
    level: float
    n: int


def too_few(n: int) -> bool:
    """Whether ``n`` replications are too few to call a difference."""
    return n < MINIMUM_REPLICATIONS


@lru_cache(maxsize=4096)
def t_quantile(n: int, level: float = 0.95, comparisons: int = 1) -> float:
    """Two-sided Student t for ``n`` values, t_{n-1,1-a/(2k)}: Bonferroni for k comparisons (methods 1.3)."""
    if n < 2 or comparisons < 1 or not 0 < level < 1:
        raise ValueError(f"t needs n >= 2, comparisons >= 1 and 0 < level < 1 (got {n}, {comparisons}, {level})")
    return float(stats.t.ppf(1 - (1 - level) / (2 * comparisons), n - 1))


def mean_interval(values: npt.ArrayLike, level: float = 0.95, comparisons: int = 1) -> Interval:
    """The t interval of the mean over replications: mean ± t_{n-1,1-a/2} s / sqrt(n) (methods 1.3)."""
    used = _defined(values)
    n = len(used)
    if n < 2:
        return Interval(float(used[0]) if n else nan, None, n, level)
    mean, deviation = _moments(used)
    return Interval(mean, t_quantile(n, level, comparisons) * deviation / sqrt(n), n, level)


def paired(base: npt.ArrayLike, other: npt.ArrayLike, better: Better, level: float = 0.95, comparisons: int = 1) -> Paired:
    """The paired-t comparison of two scenarios run with the same seeds: D_r = other_r - base_r (methods 1.3).

    ``level`` holds for all ``comparisons`` together (Bonferroni). A replication where either is NaN is left out.
    ``direction`` is decided only if the interval excludes 0 and there are MINIMUM_REPLICATIONS pairs.
    """
    first, second = _floats(base), _floats(other)
    if first.shape != second.shape:
        raise ValueError(f"paired series must be equally long (got {first.size} and {second.size})")
    differences = _defined(second - first)
    interval = mean_interval(differences, level, comparisons)
    higher, lower, equal = (_share(part) for part in (differences > 0, differences < 0, differences == 0))
    gain, loss = {"higher": (higher, lower), "lower": (lower, higher), "neither": (None, None)}[better]
    return Paired(interval, higher, lower, equal, gain, loss, _direction(interval, better), equal == 1.0)


def replications_needed(values: npt.ArrayLike, half_width: float, level: float = 0.95) -> int | None:
    """How many replications would give this absolute half width, if the spread stays that of ``values``.

    The smallest n >= MINIMUM_REPLICATIONS with t_{n-1,1-a/2} s / sqrt(n) <= half_width (Law, Simulation Modeling and
    Analysis: specified precision). None if fewer than two values are defined: then the spread is unknown.
    """
    if not half_width > 0:
        raise ValueError(f"half_width must be above 0 (got {half_width})")
    used = _defined(values)
    if len(used) < 2:
        return None
    ratio = _moments(used)[1] / half_width
    n = max(MINIMUM_REPLICATIONS, ceil((stats.norm.ppf((1 + level) / 2) * ratio) ** 2))  # t > z: never too many
    while t_quantile(n, level) * ratio > sqrt(n):
        n += 1
    return n


def quantile_ranks(n: int, p: float, level: float = 0.95) -> tuple[int, int, float]:
    """Ranks (from 1) of the order statistics around the p-quantile of ``n`` values, and the level they achieve.

    l = binom.ppf(a/2, n, p), u = binom.ppf(1-a/2, n, p) + 1, level F(u-1) - F(l-1) (methods 1.3). Rank 0 and rank n + 1
    stand for no bound.
    """
    if n < 1 or not 0 < p < 1 or not 0 < level < 1:
        raise ValueError(f"a quantile interval needs n >= 1, 0 < p < 1 and 0 < level < 1 (got {n}, {p}, {level})")
    tail = (1 - level) / 2
    low, high = int(stats.binom.ppf(tail, n, p)), int(stats.binom.ppf(1 - tail, n, p)) + 1
    return low, high, float(stats.binom.cdf(high - 1, n, p) - stats.binom.cdf(low - 1, n, p))


def quantile_interval(values: npt.ArrayLike, p: float, level: float = 0.95) -> QuantileInterval:
    """A distribution-free interval for the p-quantile over replications; at least one value must be defined."""
    ordered = np.sort(_defined(values))
    n = len(ordered)
    low, high, achieved = quantile_ranks(n, p, level)
    return QuantileInterval(
        float(ordered[low - 1]) if low >= 1 else None, float(ordered[high - 1]) if high <= n else None, achieved, n
    )


def mser5(series: npt.ArrayLike) -> Truncation:
    """Where the start of a series no longer biases its mean: MSER-5 (White 1997; White, Cobb & Spratt 2000).

    z_j are means of 5 observations (a rest below 5 is left out); the truncation is
    d* = argmin_d sum_{j>d} (z_j - mean_{j>d})^2 / (m - d)^2 over d <= m/2, in original observations 5 d*. A minimum at
    the bound means the series is too short to tell: not settled. Observations that are NaN are left out of their batch,
    and a batch of nothing but NaN is left out of the sum. A constant or never defined series is settled at 0; any other
    of fewer than MINIMUM_SERIES defined observations is not.
    """
    observations = _floats(series)
    used = _defined(observations)
    if len(used) == 0 or used.min() == used.max():
        return Truncation(0, True)
    if len(used) < MINIMUM_SERIES:
        return Truncation(0, False)
    starts, batches = _batch_means(observations)
    bound = len(batches) // 2
    best = int(np.argmin([_mser(batches[cut:]) for cut in range(bound + 1)]))
    return Truncation(int(starts[best]) if best else 0, best < bound)


def warm_up_too_short(series: Mapping[str, npt.ArrayLike], warm_up_weeks: int) -> tuple[Unsettled, ...]:
    """The outputs that had not settled when the warm-up ended, in the order given; empty if all had.

    ``series`` holds, per output, the weekly mean over replications from the first week of the warm-up (Hoad, Robinson &
    Davies 2010: MSER-5 of the mean series, one per output, the latest decides). A season or a trend in the scenario
    itself also shows as "not settled".
    """
    found = ((name, mser5(values)) for name, values in series.items())
    return tuple(
        Unsettled(name, cut.index if cut.settled else None)
        for name, cut in found
        if not cut.settled or cut.index > warm_up_weeks
    )


def _floats(values: npt.ArrayLike) -> Floats:
    """One-dimensional float64, without infinities."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"one number per replication or week is needed (got {array.ndim} dimensions)")
    if np.isinf(array).any():
        raise ValueError("infinite values have no mean")
    return array


def _defined(values: npt.ArrayLike) -> Floats:
    """The entries that are defined, in their order."""
    array = _floats(values)
    return array[~np.isnan(array)]


def _moments(used: Floats) -> tuple[float, float]:
    """Mean and standard deviation (n - 1); exact sums, so that the order of replications never shows."""
    if used.min() == used.max():  # rounding must not give a constant a spread
        return float(used[0]), 0.0
    mean = fsum(used) / len(used)
    return mean, sqrt(fsum((used - mean) ** 2) / (len(used) - 1))


def _share(part: npt.NDArray[np.bool_]) -> float:
    """The share that is true, NaN of nothing."""
    return float(np.count_nonzero(part) / len(part)) if len(part) else nan


def _direction(difference: Interval, better: Better) -> Direction:
    """The word for a difference: decided only beyond noise and with enough replications."""
    if too_few(difference.n) or not difference.excludes_zero:
        return "unclear"
    sign: Literal["higher", "lower"] = "higher" if difference.mean > 0 else "lower"
    if better == "neither":
        return sign
    return "better" if sign == better else "worse"


def _batch_means(observations: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
    """Start and mean of each whole batch in which anything is defined."""
    whole = len(observations) // MSER_BATCH
    rows = observations[: whole * MSER_BATCH].reshape(whole, MSER_BATCH)
    known = np.flatnonzero(~np.isnan(rows).all(axis=1))
    return known * MSER_BATCH, np.nanmean(rows[known], axis=1)


def _mser(batches: Floats) -> float:
    """The statistic that MSER minimises, for the batches that are kept."""
    kept = batches - batches[-1]  # a constant tail becomes exactly 0, so that rounding does not choose the minimum
    return float(np.sum((kept - kept.mean()) ** 2) / len(kept) ** 2)
