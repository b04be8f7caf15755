"""Variance-based indices of a noisy model: a Gaussian process through its outputs, and SciPy's Sobol indices of that.

The process has a straight-line trend, a Matern 5/2 kernel with a length for each input, and the noise that the replications
show (Rasmussen & Williams 2006, ch. 2 and 5). How sure the indices are comes from leaving out an eighth of the points at a
time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, stats

SAMPLE = 1024
"""Points that SciPy takes for the indices: a power of 2 (Saltelli et al. 2010)."""
GROUPS = 8
LENGTHS = (0.1, 20.0)
"""Shortest and longest reach of an input, in ranges."""
LEAST_NOISE = 1e-8
"""Of the variance: keeps the matrix invertible where a model has no noise."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Index:
    """What share of the output's variance is an input's."""

    first: float
    """By itself."""
    first_error: float
    total: float
    """With all it does together with others."""
    total_error: float


@dataclass(frozen=True)
class Indices:
    """The indices of every input, and how well the process follows the model."""

    each: tuple[Index, ...]
    explained: float
    """Of the variance that is not noise, so much is foretold for points left out."""
    noise: float
    """Share of the variance of the outputs that is noise of the simulation."""
    deviation: float
    """Standard deviation of the output over the ranges, noise taken off, in its unit."""


@dataclass(frozen=True)
class Surface:
    """A Gaussian process through points."""

    points: Floats
    trend: Floats
    """Constant, then slope of each input."""
    lengths: Floats
    variance: float
    weights: Floats

    def __call__(self, points: Floats) -> Floats:
        """The output at points, (n, inputs)."""
        return _trend_at(points) @ self.trend + self.variance * _matern(points, self.points, self.lengths) @ self.weights


def design(inputs: int, count: int, seed: int) -> Floats:
    """Scrambled Sobol points, (count, inputs); ``count`` a power of 2."""
    rng = np.random.default_rng([seed, inputs, count])
    return np.asarray(stats.qmc.Sobol(inputs, scramble=True, rng=rng).random(count))


def indices(points: Floats, outputs: Floats, seed: int) -> Indices | None:
    """The indices of an output; None where it does not differ beyond noise.

    Args:
        points: (n, inputs), from 0 to 1.
        outputs: (n, replications), children of their own at each point; NaN where not defined.
        seed: of SciPy's points.
    """
    known = ~np.isnan(outputs).all(axis=1)
    points, outputs = points[known], outputs[known]
    if len(points) < 2 * GROUPS:
        return None
    values = np.nanmean(outputs, axis=1)
    noise = _noise(outputs)
    variance = float(values.var(ddof=1))
    if variance == 0 or stats.f.sf(variance / noise, len(values) - 1, _freedom(outputs)) > 0.05 if noise else variance == 0:
        return None
    lengths, signal = _fitted(points, values, noise)
    surface, misses = _surface(points, values, noise, lengths, signal)
    found = _sobol([surface], seed)[0]
    parts = []
    groups = np.random.default_rng(seed).permutation(len(points)) % GROUPS  # in their order, Sobol points lie in slabs
    for group in range(GROUPS):
        kept = groups != group
        parts.append(_surface(points[kept], values[kept], noise, lengths, signal)[0])
    left_out = _sobol(parts, seed)
    errors = np.sqrt((GROUPS - 1) / GROUPS * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    true = max(variance - noise, 1e-300)
    each = tuple(
        Index(float(found[0, i]), float(errors[0, i]), float(found[1, i]), float(errors[1, i])) for i in range(points.shape[1])
    )
    wrong = max(0.0, float((misses**2).mean()) - noise)
    return Indices(each, 1 - min(1.0, wrong / true), min(1.0, noise / variance), sqrt(true))


def _noise(outputs: Floats) -> float:
    """Variance of a mean over the replications, from how they differ at each point."""
    counts = (~np.isnan(outputs)).sum(axis=1)
    several = counts > 1
    if not several.any():
        return 0.0
    within = np.nanvar(outputs[several], axis=1, ddof=1)
    return float((within * (counts[several] - 1)).sum() / (counts[several] - 1).sum() / counts[several].mean())


def _freedom(outputs: Floats) -> float:
    counts = (~np.isnan(outputs)).sum(axis=1)
    return float(np.maximum(counts - 1, 0).sum())


def _trend_at(points: Floats) -> Floats:
    return np.column_stack([np.ones(len(points)), points])


def _matern(one: Floats, other: Floats, lengths: Floats) -> Floats:
    near = np.zeros((len(one), len(other)))
    for i, length in enumerate(lengths):
        near += ((one[:, i, None] - other[None, :, i]) / length) ** 2
    reach = np.sqrt(5 * near)
    return np.asarray((1 + reach + reach**2 / 3) * np.exp(-reach))


def _fitted(points: Floats, values: Floats, noise: float) -> tuple[Floats, float]:
    """Lengths and variance that make the outputs likeliest."""
    trend = np.linalg.lstsq(_trend_at(points), values, rcond=None)[0]
    rest = values - _trend_at(points) @ trend
    scale = float(rest.var()) or 1.0
    least = max(noise, LEAST_NOISE * float(values.var())) / scale

    def unlikely(parameters: Floats) -> float:
        covariance = np.exp(parameters[0]) * _matern(points, points, np.exp(parameters[1:]))
        covariance[np.diag_indices_from(covariance)] += least
        try:
            lower = linalg.cholesky(covariance, lower=True)
        except linalg.LinAlgError:
            return 1e12
        solved = linalg.solve_triangular(lower, rest / sqrt(scale), lower=True)
        return float(0.5 * (solved @ solved) + np.log(np.diag(lower)).sum())

    bounds = [(np.log(1e-6), np.log(100.0)), *[(np.log(LENGTHS[0]), np.log(LENGTHS[1]))] * points.shape[1]]
    start = [0.0, *[0.0] * points.shape[1]]
    best = optimize.minimize(unlikely, start, bounds=bounds, method="L-BFGS-B")
    return np.exp(best.x[1:]), float(np.exp(best.x[0])) * scale


def _surface(points: Floats, values: Floats, noise: float, lengths: Floats, variance: float) -> tuple[Surface, Floats]:
    """The process with given lengths, and how far each point lies from what the others foretell."""
    least = max(noise, LEAST_NOISE * float(values.var()))
    covariance = variance * _matern(points, points, lengths)
    covariance[np.diag_indices_from(covariance)] += least
    inverse = linalg.inv(covariance)
    basis = _trend_at(points)
    trend = np.asarray(np.linalg.solve(basis.T @ inverse @ basis, basis.T @ inverse @ values), dtype=np.float64)
    weights = inverse @ (values - basis @ trend)
    return Surface(points, trend, lengths, variance, weights), weights / np.diag(inverse)


def _sobol(surfaces: Sequence[Surface], seed: int) -> Floats:
    """(surfaces, 2, inputs): first order and total."""
    inputs = surfaces[0].points.shape[1]
    if inputs == 1:
        return np.ones((len(surfaces), 2, 1))
    found = stats.sobol_indices(
        func=lambda x: np.stack([surface(x.T) for surface in surfaces]),
        n=SAMPLE,
        dists=[cast(Any, stats.uniform())] * inputs,
        rng=np.random.default_rng([seed, inputs]),
    )
    first = np.asarray(found.first_order).reshape(len(surfaces), inputs)
    total = np.asarray(found.total_order).reshape(len(surfaces), inputs)
    return np.stack([first, total], axis=1)
