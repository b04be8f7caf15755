"""Morris screening of a noisy model: which inputs move the output at all, each moved alone from many different places.

Morris 1991 (Technometrics 33:2), with the mean of absolute effects of Campolongo, Cariboni & Saltelli 2007. A simulation has
noise, and the mean of absolute effects takes noise for an effect. So every point is run in the same few replications, an
effect is a difference on the same children, and its own spread over the replications says how much of it is noise. That differs
from place to place by far (a service near its capacity has a hundred times the noise of one with room), so each step is held
to the noise of its own place (a t test), and the places are put together: by Fisher's sum, which finds effects whose sign
differs, and Stouffer's, which finds those that agree; the clearer counts, doubled. Holm's correction over the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy import stats

LEVELS = 4
STEP = LEVELS / (2 * (LEVELS - 1))
"""Of the range: two levels of four, so that every level is as likely (Morris 1991)."""
LEVEL = 0.05
"""The chance that any input without an effect is taken for one that has."""
FUTILE = 0.3
"""Inputs whose first few walks look so much like noise (p) are not walked further. They are not called inputs with an effect,
so stopping early adds none that are wrongly found (sequential screening: Cuntz et al. 2015, Water Resources Research 51)."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Trajectories:
    """Walks through the unit cube; each step moves one input by :data:`STEP`, and each walk moves every input once."""

    points: Floats
    """(walks, inputs + 1, inputs), from 0 to 1."""
    moved: Ints
    """(walks, inputs): which input each step moves."""


@dataclass(frozen=True)
class Effect:
    """What moving an input over its whole range does to the output, from many places, in the output's unit."""

    mean: float
    """With its sign (mu)."""
    absolute: float
    """Mean of the sizes (mu*), noise and all."""
    size: float
    """Root mean square with what noise alone makes taken off: what inputs are ranked by."""
    spread: float
    """How much it differs from place to place beyond noise (sigma): interactions and bends."""
    error: float
    """Standard error of ``mean`` from the replications."""
    p: float
    """How likely noise alone makes effects as large."""
    never: bool
    """Not one output differed at all."""


def trajectories(walks: int, inputs: int, seed: int) -> Trajectories:
    """Random walks; over all of them each input starts equally often (within one) from every level."""
    rng = np.random.default_rng([seed, walks, inputs])
    grid = np.arange(LEVELS) / (LEVELS - 1)
    starts = np.empty((walks, inputs))
    moved = np.empty((walks, inputs), dtype=np.int64)
    for number in range(inputs):
        starts[:, number] = rng.permutation(np.resize(rng.permutation(grid), walks))
    for walk in range(walks):
        moved[walk] = rng.permutation(inputs)
    points = np.repeat(starts[:, None, :], inputs + 1, axis=1)
    for walk in range(walks):
        for step, number in enumerate(moved[walk]):
            start = starts[walk, number]
            points[walk, step + 1 :, number] = start + (STEP if start < 0.5 else -STEP)
    return Trajectories(np.clip(points, 0.0, 1.0), moved)


def differences(design: Trajectories, outputs: Floats) -> Floats:
    """What each step did to the output, over a whole range: (inputs, walks, replications).

    Args:
        design: where the model was run.
        outputs: (walks, inputs + 1, replications); the replications of one walk are of the same children. NaN where an output
            is not defined: the step is left out in that replication.
    """
    walks, inputs = design.moved.shape
    if outputs.shape[:2] != (walks, inputs + 1):
        raise ValueError(f"one row of outputs for each point is needed (got {outputs.shape} for {walks} walks of {inputs})")
    found = np.full((inputs, walks, outputs.shape[2]), np.nan)
    for walk in range(walks):
        for step, number in enumerate(design.moved[walk]):
            way = design.points[walk, step + 1, number] - design.points[walk, step, number]
            found[number, walk] = (outputs[walk, step + 1] - outputs[walk, step]) / way
    return found


def effects(design: Trajectories, outputs: Floats) -> tuple[Effect, ...]:
    """The effect of each input; see :func:`differences`."""
    return tuple(map(effect, differences(design, outputs)))


def effect(rows: Floats) -> Effect:
    """The effect of an input from what its steps did: (walks, replications)."""
    known = [row[~np.isnan(row)] for row in rows]
    known = [row for row in known if len(row)]
    if not known:
        return Effect(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, True)
    means = np.asarray([row.mean() for row in known])
    counts = np.asarray([len(row) for row in known], dtype=np.float64)
    freedom = float((counts - 1).sum())
    within = sum(float(((row - row.mean()) ** 2).sum()) for row in known)
    noise = within / freedom if freedom else 0.0
    of_mean = noise * float((1 / counts).mean())
    raw = float((means**2).mean())
    never = all(not row.any() for row in known)
    mean, error = float(means.mean()), sqrt(of_mean / len(means))
    p = _doubt([row for row in known if len(row) > 1 and row.any()])
    between = float(means.var(ddof=1)) if len(means) > 1 else 0.0
    return Effect(
        mean=mean,
        absolute=float(np.abs(means).mean()),
        size=sqrt(max(0.0, raw - of_mean)),
        spread=sqrt(max(0.0, between - of_mean)),
        error=error,
        p=p,
        never=never,
    )


def _doubt(rows: Sequence[Floats]) -> float:
    """How likely noise alone makes what steps did, each row by its own noise: 1 where nothing can be said. Places where nothing
    differs at all say nothing either way: there nobody waits."""
    signed = []  # chance that noise alone is larger, by row
    for row in rows:
        error = float(row.std(ddof=1)) / sqrt(len(row))
        t = float(row.mean()) / error if error else float(np.sign(row.mean())) * np.inf
        signed.append(float(np.clip(stats.t.sf(t, len(row) - 1), 1e-12, 1 - 1e-12)))
    if not signed:
        return 1.0
    above = np.asarray(signed)
    fisher = stats.chi2.sf(-2 * np.log(2 * np.minimum(above, 1 - above)).sum(), 2 * len(above))
    stouffer = 2 * stats.norm.sf(abs(stats.norm.isf(above).sum()) / sqrt(len(above)))
    return min(1.0, 2 * float(min(fisher, stouffer)))


def beyond_noise(found: Sequence[Effect], level: float = LEVEL) -> tuple[bool, ...]:
    """Which effects are larger than noise makes them: Holm's step-down test, so that ``level`` holds for all together."""
    order = sorted(range(len(found)), key=lambda number: found[number].p)
    passed = [False] * len(found)
    for rank, number in enumerate(order):
        if found[number].p > level / (len(found) - rank):
            break
        passed[number] = not found[number].never and found[number].size > 0
    return tuple(passed)
