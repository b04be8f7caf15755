"""Durations as tables: the mean to the second, the second moment to a thousandth, and the quantiles of the law itself."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from scenarios.schema import Law
from scenarios.units import DAY, HOUR, YEAR
from sim.draws import ONE, draw_all, root
from sim.laws import (
    BINS,
    FIRST,
    LAST,
    MOST_SHARED,
    SIZE,
    UNIT,
    clock_table,
    hazard,
    look_up,
    look_up_all,
    residual,
    table,
    total,
)
from sim.rules import time_left

CVS = (0.05, 0.2, 0.5, 0.8, 1.0, 1.5, 2.0)
FINE = BINS * BINS
WEIGHTS = np.concatenate([np.full(LAST, float(BINS)), np.ones(BINS)]) / FINE
"""The probability of each entry: the last of the coarse bins is split again."""
BELOW = np.concatenate([[0.0], np.cumsum(WEIGHTS)])
"""The probability below each edge."""


def laws():
    for mean in ("3h", "14d", "1y"):
        yield Law(law="exponential", mean=mean), 1.0
        for name in ("gamma", "lognormal"):
            for cv in CVS:
                yield Law(law=name, mean=mean, cv=cv), cv


def named(pairs):
    return [pytest.param(law, cv, id=f"{law.law} {law.mean}s cv {cv}") for law, cv in pairs]


def scipy_law(law):
    if law.law == "exponential":
        return stats.expon(scale=law.mean)
    if law.law == "gamma":
        return stats.gamma(law.cv**-2, scale=law.mean * law.cv**2)
    if law.law == "lognormal":
        sigma = sqrt(log(1 + law.cv**2))
        return stats.lognorm(sigma, scale=law.mean * exp(-(sigma**2) / 2))
    return stats.uniform(law.low, law.high - law.low)


def entry(quantile):
    """Number of a table's entry at a quantile from 0 to 1, by the definition of the two levels."""
    number = int(quantile * BINS)
    return number if number < LAST else LAST + int((quantile * BINS - LAST) * BINS)


# Moments


@pytest.mark.parametrize(("law", "cv"), named(laws()))
def test_the_mean_is_exact_to_the_second(law, cv):
    """The mean of a draw from the table is the law's mean: within one second."""
    assert float(WEIGHTS @ table(law)) == pytest.approx(law.mean, abs=1.0)


@pytest.mark.parametrize(("law", "cv"), named(laws()))
def test_the_second_moment_is_within_a_thousandth(law, cv):
    """E[X^2] = mean^2 (1 + cv^2), up to a cv of 2: what the wait in a queue depends on."""
    second = float(WEIGHTS @ (table(law).astype(np.float64) ** 2))
    assert second == pytest.approx(law.mean**2 * (1 + cv**2), rel=1e-3)


def test_one_level_of_bins_would_not_do():
    """The test can fail: with the last bin unsplit, a lognormal law of cv 2 misses its second moment by a hundredth."""
    law = Law(law="lognormal", mean="14d", cv=2.0)
    whole = table(law).astype(np.float64)
    coarse = np.append(whole[:LAST], whole[LAST:].mean())
    assert float((coarse**2).mean()) < 0.99 * law.mean**2 * 5


@given(mean=some.integers(HOUR, 5 * YEAR), cv=some.floats(0.02, 2.0), name=some.sampled_from(["gamma", "lognormal"]))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_moments_hold_for_any_mean_and_variation(mean, cv, name):
    law = Law(law=name, mean=f"{mean}s", cv=cv)
    values = table(law).astype(np.float64)
    assert float(WEIGHTS @ values) == pytest.approx(mean, abs=1.0)
    assert float(WEIGHTS @ values**2) == pytest.approx(mean**2 * (1 + cv**2), rel=1e-3)
    assert values.min() >= 1
    assert np.diff(values).min() >= -1


def test_uniform_and_observed_durations_have_their_own_mean_and_spread():
    """Uniform from 2 to 6 days; three observed values, each as likely as the next up to the grid of 4096 bins."""
    uniform = table(Law(law="uniform", low="2d", high="6d")).astype(np.float64)
    assert float(WEIGHTS @ uniform) == pytest.approx(4 * DAY, abs=1.0)
    assert float(WEIGHTS @ uniform**2) == pytest.approx((16 + 16 / 12) * DAY**2, rel=1e-3)
    observed = table(Law(law="observed", values=("9d", "1d", "2d")))
    assert sorted(set(observed.tolist())) == [DAY, 2 * DAY, 9 * DAY]
    for value in (DAY, 2 * DAY, 9 * DAY):
        assert float(WEIGHTS @ (observed == value)) == pytest.approx(1 / 3, abs=1 / BINS)
    assert float(WEIGHTS @ observed) == pytest.approx(4 * DAY, rel=1e-3)


def test_a_fixed_duration_is_the_same_for_all():
    assert set(table(Law(mean="14d")).tolist()) == {14 * DAY}
    assert set(table(Law(mean="0s")).tolist()) == {1}, "no duration is shorter than a second"


def test_a_stretched_table_is_that_much_longer():
    """``stretch`` multiplies the mean and leaves the variation."""
    law = Law(law="gamma", mean="10d", cv=1.5)
    longer = table(law, 1.25).astype(np.float64)
    assert float(WEIGHTS @ longer) == pytest.approx(12.5 * DAY, abs=1.0)
    assert float(WEIGHTS @ longer**2) == pytest.approx((12.5 * DAY) ** 2 * 3.25, rel=1e-3)


# Quantiles


@pytest.mark.parametrize(("law", "cv"), named(laws()))
def test_a_table_rises_up_to_the_rounding_of_a_second(law, cv):
    values = table(law)
    assert values.shape == (SIZE,)
    assert values.dtype == np.int64
    assert values.min() >= 1
    assert np.diff(values).min() >= -1


@pytest.mark.parametrize(("law", "cv"), named(laws()))
def test_every_entry_lies_between_the_law_s_quantiles_at_the_edges_of_its_bin(law, cv):
    """Up to a second of rounding: the table is the law's quantile function, not only a law of the same moments."""
    edges = scipy_law(law).ppf(BELOW[:-1])
    edges = np.append(edges, np.inf)
    values = table(law)
    assert (values >= np.floor(edges[:-1]) - 1).all()
    assert (values[:-1] <= np.maximum(np.ceil(edges[1:-1]), 1) + 1).all()


@pytest.mark.parametrize("quantile", [0.0, 0.1, 0.5, 0.9, 0.99, 0.9997, 0.99976, 0.9999, 0.999999])
@pytest.mark.parametrize("name", ["exponential", "gamma", "lognormal", "uniform"])
def test_looking_up_gives_the_law_s_quantile(name, quantile):
    """Within the width of the bin; of a quantile in the last bin, within that of its part."""
    mean = {"low": "10d", "high": "30d"} if name == "uniform" else {"mean": "20d"}
    law = Law(law=name, **mean, **({"cv": 1.2} if name in ("gamma", "lognormal") else {}))
    found = look_up(table(law), min(ONE - 1, round(quantile * ONE)))
    number = entry(quantile)
    low, high = scipy_law(law).ppf(BELOW[number]), scipy_law(law).ppf(min(BELOW[number + 1], 1.0))
    assert low - 1.5 <= found <= high + 1.5


def test_every_quantile_finds_its_entry_and_a_column_finds_the_same():
    """The first and last quantile of every bin of both levels, one at a time and as a column."""
    numbers = np.arange(SIZE, dtype=np.int64)
    width, part = 1 << FIRST, 1 << (FIRST - 12)
    firsts = [n * width if n < LAST else LAST * width + (n - LAST) * part for n in range(SIZE)]
    lasts = [first + (width if n < LAST else part) - 1 for n, first in enumerate(firsts)]
    assert lasts[-1] == ONE - 1
    for quantiles in (firsts, lasts):
        assert [look_up(numbers, q) for q in quantiles] == numbers.tolist()
        assert look_up_all(numbers, np.asarray(quantiles, dtype=np.int64)).tolist() == numbers.tolist()


def test_looking_up_a_column_leaves_the_column_as_it_is():
    quantiles = draw_all(np.arange(10_000, dtype=np.uint64), root(1, 0))
    before = quantiles.copy()
    law = table(Law(law="exponential", mean="5d"))
    assert look_up_all(law, quantiles).tolist() == [look_up(law, int(q)) for q in before]
    assert (quantiles == before).all()


@pytest.mark.parametrize("name", ["exponential", "gamma", "lognormal"])
def test_durations_drawn_through_the_table_follow_the_law(name):
    """200 000 draws against the law itself (Kolmogorov and Smirnov), at a grid so fine that seconds do not show."""
    law = Law(law=name, mean="1y", **({} if name == "exponential" else {"cv": 0.7}))
    drawn = look_up_all(table(law), draw_all(np.arange(200_000, dtype=np.uint64), root(3, 0)))
    spread = np.random.default_rng(1).random(len(drawn))  # the entries of a bin lie on one point: spread over the bin's share
    levels = np.searchsorted(table(law), drawn)
    assert stats.kstest(BELOW[levels] + spread * WEIGHTS[levels], "uniform").pvalue > 1e-6


def test_a_longer_mean_moves_every_draw_by_the_same_share():
    """Common random numbers: the same quantile under a mean a fifth longer is a duration a fifth longer, up to rounding."""
    for name in ("exponential", "gamma", "lognormal"):
        cv = {} if name == "exponential" else {"cv": 0.9}
        base, longer = (table(Law(law=name, mean=mean, **cv)) for mean in ("10d", "12d"))
        assert np.abs(longer - 1.2 * base).max() <= 2


# Weights and grids


def shares(durations):
    """The probability of each value that a table holds."""
    return {int(value): float(WEIGHTS @ (durations == value)) for value in np.unique(durations)}


def observed(weights, **more):
    """1, 2, 3 … days with these weights."""
    values = tuple(f"{day + 1}d" for day in range(len(weights)))
    return Law(law="observed", values=values, weights=tuple(float(weight) for weight in weights), **more)


@pytest.mark.parametrize("weights", [(1, 1), (3, 1), (1, 99_999), (99_999, 1), (1, 1, 10**6), (2, 3, 0, 5)])
def test_few_weighted_values_come_as_often_as_stated_to_a_part_in_ten_million(weights):
    """Two values, or more whose shares fill all bins but one: each is exact to one of the smallest bins."""
    seen = shares(table(observed(weights)))
    assert sum(seen.values()) == pytest.approx(1, abs=1e-12)
    for day, weight in enumerate(weights):
        assert seen.get((day + 1) * DAY, 0.0) == pytest.approx(weight / sum(weights), abs=1.01 / FINE)


def test_the_rarest_of_two_values_would_be_lost_in_bins_of_one_size():
    """The test above can fail: a value of one in 100 000 has no place among 4096 bins."""
    weights = (1, 99_999)
    middle = (BELOW[:-1] + BELOW[1:]) / 2
    assert int(np.searchsorted(np.cumsum(weights) / sum(weights), middle[:LAST], side="right").min()) == 1


@given(weights=some.lists(some.integers(0, 1000), min_size=1, max_size=MOST_SHARED).filter(any))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_weighted_values_come_as_often_as_stated_to_one_bin(weights):
    seen = shares(table(observed(weights)))
    for day, weight in enumerate(weights):
        assert seen.get((day + 1) * DAY, 0.0) == pytest.approx(weight / sum(weights), abs=1 / BINS)
        assert weight or (day + 1) * DAY not in seen, "a weight of 0 never comes"


def test_scaled_weights_are_the_same_weights_and_their_order_does_not_matter():
    assert (table(observed((1, 2, 5))) == table(observed((10, 20, 50)))).all()
    turned = Law(law="observed", values=("3d", "1d", "2d"), weights=(5.0, 1.0, 2.0))
    assert (table(turned) == table(observed((1, 2, 5)))).all()


def test_alike_weights_favour_nobody():
    """60 values of one weight share what is left of the bins far apart: the mean is theirs to a thousandth."""
    alike = table(observed([1] * 60))
    assert float(WEIGHTS @ alike) == pytest.approx(30.5 * DAY, rel=1e-3)


def test_many_weighted_values_are_laid_out_in_order():
    """5000 values, each rarer the longer: the table rises, and every entry lies between the quantiles of its bin's edges."""
    weights = [1000 * exp(-day / 700) for day in range(5000)]
    durations = table(observed(weights))
    assert (np.diff(durations) >= 0).all()
    below = np.cumsum(weights) / sum(weights)
    assert float(WEIGHTS @ durations) == pytest.approx(DAY * (1 + np.arange(5000)) @ weights / sum(weights), rel=1e-3)
    edges = np.minimum(np.searchsorted(below, BELOW), 4999)
    assert (durations >= (edges[:-1] + 1) * DAY).all()
    assert (durations <= (edges[1:] + 1) * DAY).all()


def test_a_grid_rounds_every_duration_up():
    """Each entry is the least multiple of the grid not below what it was; a whole one stays."""
    law = {"law": "gamma", "mean": "10d", "cv": 1.0}
    plain, days = table(Law.model_validate(law)), table(Law.model_validate(law | {"grid": "1d"}))
    assert (days % DAY == 0).all()
    assert (days >= plain).all()
    assert (days - plain < DAY).all()
    assert set(table(Law(mean="14d", grid="1d")).tolist()) == {14 * DAY}
    assert set(table(Law(mean="0s", grid="1d")).tolist()) == {DAY}, "no duration is 0, so none is rounded to 0"
    assert set(table(Law(mean="10d", grid="1w"), 1.5).tolist()) == {21 * DAY}, "15 days, stretched first, are three weeks"


def test_weighted_values_on_a_grid_keep_their_shares():
    assert shares(table(observed((1, 1, 2), grid="2d"))) == pytest.approx({2 * DAY: 0.5, 4 * DAY: 0.5}, abs=1e-7)


# What is left


def moments(durations, *powers):
    return [float(WEIGHTS @ durations.astype(np.float64) ** power) for power in powers]


@pytest.mark.parametrize(("law", "cv"), named(laws()))
def test_the_mean_of_what_is_left_is_the_mean_square_over_twice_the_mean(law, cv):
    """Of the table itself, to the second; and so of the law to the thousandth its second moment is good for."""
    mean, square = moments(table(law), 1, 2)
    (left,) = moments(residual(table(law)), 1)
    assert left == pytest.approx(square / (2 * mean), rel=1e-9, abs=1.0)
    assert left == pytest.approx(law.mean * (1 + cv**2) / 2, rel=1.1e-3, abs=1.0)


@pytest.mark.parametrize(("law", "cv"), named(laws()))
def test_the_second_moment_of_what_is_left_is_the_third_over_three_times_the_mean(law, cv):
    mean, cube = moments(table(law), 1, 3)
    (left,) = moments(residual(table(law)), 2)
    assert left == pytest.approx(cube / (3 * mean), rel=1e-3)


def test_what_is_left_of_one_table_is_one_table():
    """Engines know tables by what object they are."""
    length = table(Law(law="gamma", mean="70d", cv=0.5))
    assert residual(length) is residual(length)
    assert (residual(length.copy()) == residual(length)).all()


def test_laws_of_one_spread_are_one_another_s_multiples():
    """What is worked out for a spread once serves every mean."""
    ten, thousand = (table(Law(law="gamma", mean=f"{days}d", cv=0.5)) for days in (10, 1000))
    assert np.abs(thousand - 100 * ten).max() <= 100
    assert (table(Law(law="gamma", mean="10d", cv=0.5), 100.0) == thousand).all()


def test_what_is_left_of_an_exponential_duration_is_one():
    """It has no memory: every quantile but the last hundred thousandth agrees to a hundredth."""
    whole = table(Law(law="exponential", mean="30d"))
    left = residual(whole)
    inside = SIZE - BINS // 20
    assert np.abs(left[:inside] / whole[:inside] - 1).max() < 1e-2
    assert np.abs(left[10 : LAST - 2] / whole[10 : LAST - 2] - 1).max() < 1e-3


def test_what_is_left_of_a_fixed_duration_is_uniform():
    left = residual(table(Law(mean="10d")))
    assert np.abs(left - table(Law(law="uniform", low="0s", high="10d"))).max() <= 2


def test_what_is_left_of_two_values_worked_by_hand():
    """1 or 3 days alike: density 1/2 up to a day and 1/4 from there to three; median 1 day, upper quartile 2."""
    left = residual(table(Law(law="observed", values=("1d", "3d"), weights=(1.0, 1.0))))
    for quantile, day in ((0.25, 0.5), (0.5, 1.0), (0.75, 2.0), (0.9999999, 3.0)):
        assert look_up(left, round(quantile * ONE)) == pytest.approx(day * DAY, abs=2 * DAY / BINS + 2)


def test_what_is_left_of_a_table_out_of_order_is_that_of_the_same_in_order():
    """Weighted values stand in order within each level only."""
    turned = table(observed((2, 3, 0, 5)))
    assert (np.diff(turned) < 0).any()
    mean, square = moments(turned, 1, 2)
    left = residual(turned)
    assert (np.diff(left) >= -1).all()
    assert moments(left, 1)[0] == pytest.approx(square / (2 * mean), abs=1.0)


@given(durations=some.lists(some.integers(1, 100 * YEAR), min_size=1, max_size=8))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_what_is_left_is_a_table_of_seconds_and_never_longer_than_the_longest(durations):
    law = Law(law="observed", values=tuple(f"{d}s" for d in durations), weights=tuple(1.0 for _ in durations))
    left = residual(table(law))
    assert left.shape == (SIZE,)
    assert left.dtype == np.int64
    assert left.min() >= 1
    assert left.max() <= max(durations) + 1
    assert (np.diff(left) >= -1).all()


def test_the_exact_sum_of_a_table_is_its_mean():
    for law, _ in laws():
        assert total(table(law)) / FINE == pytest.approx(law.mean, abs=1.0)
    assert total(table(Law(mean="7s"))) == 7 * FINE


# Clocks


def test_the_thresholds_of_clocks_are_a_unit_exponential_law():
    """Mean and second moment of 1 and 2 units, rising throughout."""
    units = clock_table().astype(np.float64) / UNIT
    assert float(WEIGHTS @ units) == pytest.approx(1.0, rel=1e-9)
    assert float(WEIGHTS @ units**2) == pytest.approx(2.0, rel=1e-3)
    assert (np.diff(clock_table()) >= 0).all()
    assert units[: LAST - 1] == pytest.approx(-np.log1p(-(BELOW[: LAST - 1] + WEIGHTS[: LAST - 1] / 2)), rel=1e-3)


@pytest.mark.parametrize("per_year", [1e-3, 0.06, 1.0, 12.0, 365.0])
def test_a_hazard_runs_down_a_mean_threshold_in_its_mean_time(per_year):
    """One unit is used up in 1/rate years: to the second, and one part in a million (below one a year, in a thousand)."""
    seconds = time_left(UNIT, hazard(per_year))
    assert seconds == pytest.approx(YEAR / per_year, rel=1e-6 if per_year >= 1 else 1e-3, abs=1)


def test_clocks_fit_into_64_bits():
    """The longest threshold and a century at a hazard of a thousand a year stay below the limit of an int64."""
    assert int(clock_table().max()) < 2**63
    assert 100 * YEAR * hazard(1000.0) < 2**63
