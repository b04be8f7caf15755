"""Output analysis against published formulae, reference values and independent computations; never against itself."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from itertools import pairwise
from math import isnan, nan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.output_analysis import (
    MINIMUM_REPLICATIONS,
    Interval,
    Paired,
    Truncation,
    Unsettled,
    mean_interval,
    mser5,
    paired,
    quantile_interval,
    quantile_ranks,
    replications_needed,
    t_quantile,
    too_few,
    warm_up_too_short,
)

SWAPPED = {"better": "worse", "worse": "better", "higher": "lower", "lower": "higher", "unclear": "unclear"}

# Whole numbers: their differences and sums are exact in float64, so that identities can be asked for with ==.
whole = st.integers(-10_000, 10_000)
pairs = st.lists(st.tuples(whole, whole), min_size=1, max_size=40)
values_lists = st.lists(whole, min_size=2, max_size=40)
directions = st.sampled_from(["lower", "higher", "neither"])


def columns(rows: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Base and other as two lists."""
    return [row[0] for row in rows], [row[1] for row in rows]


def autoregressive(start: float, phi: float, noise: np.ndarray) -> np.ndarray:
    """The series a[i] = phi a[i-1] + noise[i] that comes after ``start``."""
    series, last = [], start
    for step in noise:
        last = phi * last + step
        series.append(last)
    return np.array(series)


# ---- the t interval


def test_interval_by_hand() -> None:
    """1, 2, 3: mean 2, s = 1, t_{2,0.975} = 4.3027 (any t table), half width 4.3027 / sqrt 3 = 2.4841."""
    interval = mean_interval([1, 2, 3])
    assert (interval.mean, interval.n, interval.level) == (2.0, 3, 0.95)
    assert interval.half_width == pytest.approx(2.4841, abs=5e-5)
    assert interval.low == pytest.approx(-0.4841, abs=5e-5)
    assert interval.high == pytest.approx(4.4841, abs=5e-5)


def test_bonferroni_reference_value() -> None:
    """Methods 1.3: k = 3 comparisons, n = 10, 95 %: 2.9333."""
    assert t_quantile(10, 0.95, 3) == pytest.approx(2.9333, abs=5e-5)


@given(values_lists, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_interval_is_scipys_one_sample_t_interval(values: list[int], level: float) -> None:
    """An independent computation of the same formula."""
    interval = mean_interval(values, level)
    if len(set(values)) == 1:
        assert (interval.mean, interval.half_width) == (values[0], 0.0)
        return
    expected = stats.ttest_1samp(values, 0).confidence_interval(level)
    assert interval.low == pytest.approx(expected.low, rel=1e-9, abs=1e-6)
    assert interval.high == pytest.approx(expected.high, rel=1e-9, abs=1e-6)


def test_interval_covers_as_often_as_it_says() -> None:
    """Normal values, n = 10: 4000 pinned samples cover the true mean in 95 %, within 4 standard errors (1.4 points)."""
    samples = np.random.default_rng(20_261).normal(3.0, 2.0, size=(4000, 10))
    covered = np.mean([interval.low <= 3.0 <= interval.high for interval in map(mean_interval, samples)])
    assert abs(covered - 0.95) < 4 * sqrt(0.95 * 0.05 / len(samples))


def test_bonferroni_covers_jointly() -> None:
    """Three independent 95 % paired intervals hold together in at least 95 % of 3000 pinned trials, less 4 s.e."""
    base, other = np.random.default_rng(20_262).normal(0.0, 1.0, size=(2, 3000, 3, 10))
    differences = [
        [paired(first, second, "neither", comparisons=3).difference for first, second in zip(bases, others, strict=True)]
        for bases, others in zip(base, other, strict=True)
    ]
    joint = np.mean([not any(interval.excludes_zero for interval in trial) for trial in differences])
    assert joint > 0.95 - 4 * sqrt(0.95 * 0.05 / len(differences))
    assert joint < 0.95 + 4 * sqrt(0.95 * 0.05 / len(differences))  # independent: (1 - a/3)^3 = 0.9508


@given(st.permutations([3, -7, 11, 0, 5, 5, 1_000_003, -2]))
def test_order_of_replications_never_shows(values: list[int]) -> None:
    """The last bit included: finished in another order, the same interval."""
    tenths = [value / 10 for value in values]
    assert mean_interval(tenths) == mean_interval(sorted(tenths))


@given(values_lists, st.integers(1, 1000))
def test_interval_scales_with_the_unit(values: list[int], factor: int) -> None:
    """Days instead of weeks: mean and half width change by the same factor."""
    one, many = mean_interval(values), mean_interval([factor * value for value in values])
    assert many.mean == pytest.approx(factor * one.mean, rel=1e-9, abs=1e-9)
    assert many.half_width == pytest.approx(factor * one.half_width, rel=1e-9, abs=1e-9)


def test_one_replication_has_no_interval() -> None:
    assert mean_interval([4.5]) == Interval(4.5, None, 1, 0.95)
    assert (mean_interval([4.5]).low, mean_interval([4.5]).high) == (None, None)
    assert not mean_interval([4.5]).excludes_zero


def test_two_replications_have_a_wide_one() -> None:
    """n = 2: t_{1,0.975} = tan(0.475 pi) = 12.7062, for 0 and 2 times s / sqrt 2 = 1."""
    assert mean_interval([0, 2]).half_width == pytest.approx(np.tan(0.475 * np.pi))


def test_undefined_replications_are_left_out_and_counted() -> None:
    assert mean_interval([1, nan, 3, nan]) == mean_interval([1, 3])
    assert mean_interval([1, nan, 3, nan]).n == 2


@pytest.mark.parametrize("values", [[], [nan], [nan, nan]])
def test_nothing_defined_gives_no_mean(values: list[float]) -> None:
    interval = mean_interval(values)
    assert isnan(interval.mean)
    assert (interval.half_width, interval.n) == (None, 0)


@given(st.floats(-1e9, 1e9), st.integers(2, 60))
def test_constant_values_have_half_width_zero(value: float, n: int) -> None:
    """Exactly 0, and the mean is the value itself: rounding must not give a constant a spread."""
    interval = mean_interval([value] * n)
    assert (interval.mean, interval.half_width) == (value, 0.0)


def test_results_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'mean'"):
        mean_interval([1, 2]).mean = 3.0  # type: ignore[misc]


# ---- paired comparison


@given(pairs)
def test_paired_interval_is_scipys_related_t_interval(rows: list[tuple[int, int]]) -> None:
    """An independent computation of the same formula."""
    base, other = columns(rows)
    if len({second - first for first, second in rows}) < 2:
        return
    expected = stats.ttest_rel(other, base).confidence_interval(0.95)
    interval = paired(base, other, "neither").difference
    assert interval.low == pytest.approx(expected.low, rel=1e-9, abs=1e-6)
    assert interval.high == pytest.approx(expected.high, rel=1e-9, abs=1e-6)


@given(pairs, whole, directions)
def test_shift_of_both_changes_nothing(rows: list[tuple[int, int]], shift: int, better: str) -> None:
    base, other = columns(rows)
    moved = paired([value + shift for value in base], [value + shift for value in other], better)
    assert moved == paired(base, other, better)


@given(pairs, st.integers(0, 10), directions)
def test_scale_of_both_scales_the_difference_alone(rows: list[tuple[int, int]], power: int, better: str) -> None:
    """A factor that is a power of two is exact: shares and direction stay, the interval follows."""
    base, other = columns(rows)
    one = paired(base, other, better)
    many = paired([value * 2**power for value in base], [value * 2**power for value in other], better)
    assert many.difference.mean == one.difference.mean * 2**power
    assert (many.higher, many.lower, many.equal) == (one.higher, one.lower, one.equal)
    assert (many.direction, many.identical) == (one.direction, one.identical)
    if one.difference.half_width is not None:
        assert many.difference.half_width == one.difference.half_width * 2**power


@given(pairs, directions)
def test_swap_turns_the_sign_and_the_shares(rows: list[tuple[int, int]], better: str) -> None:
    base, other = columns(rows)
    there, back = paired(base, other, better), paired(other, base, better)
    assert back.difference.mean == -there.difference.mean
    assert back.difference.half_width == there.difference.half_width
    assert (back.better, back.worse, back.equal) == (there.worse, there.better, there.equal)
    assert (back.higher, back.lower) == (there.lower, there.higher)
    assert back.direction == SWAPPED[there.direction]


@given(pairs, st.randoms(use_true_random=False), directions)
def test_order_of_pairs_never_shows(rows: list[tuple[int, int]], random: object, better: str) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert paired(*columns(shuffled), better) == paired(*columns(rows), better)


@given(pairs, directions)
def test_shares_are_a_whole(rows: list[tuple[int, int]], better: str) -> None:
    """Higher, lower and equal are everything, and ties are neither better nor worse."""
    found = paired(*columns(rows), better)
    assert found.higher + found.lower + found.equal == pytest.approx(1.0)
    if better == "neither":
        assert (found.better, found.worse) == (None, None)
    else:
        assert {found.better, found.worse} == {found.higher, found.lower}


def test_shares_by_hand() -> None:
    """Waits 5, 5, 5, 5 against 4, 3, 5, 7: two better, one worse, one tie."""
    found = paired([5, 5, 5, 5], [4, 3, 5, 7], "lower")
    assert (found.better, found.worse, found.equal) == (0.5, 0.25, 0.25)
    assert found.difference.mean == -0.25


@pytest.mark.parametrize(
    ("change", "better", "direction"),
    [
        (-1, "lower", "better"),
        (1, "lower", "worse"),
        (1, "higher", "better"),
        (-1, "higher", "worse"),
        (1, "neither", "higher"),
        (-1, "neither", "lower"),
    ],
)
def test_clear_direction(change: int, better: str, direction: str) -> None:
    """The same change in every replication has no noise: decided with ten replications, not with nine."""
    base = np.arange(MINIMUM_REPLICATIONS)
    assert paired(base, base + change, better).direction == direction
    assert paired(base[:-1], base[:-1] + change, better).direction == "unclear"


def test_undecided_when_the_interval_holds_zero() -> None:
    """Differences +1 and -1 in turn: the mean is 0, which is not the same as no difference at all."""
    base = np.zeros(20)
    found = paired(base, base + np.tile([1, -1], 10), "lower")
    assert (found.direction, found.difference.mean, found.identical) == ("unclear", 0.0, False)


def test_more_comparisons_ask_for_more() -> None:
    """Differences of mean 1.7 and s / sqrt 10 = 2/3: t = 2.55, between t_{9,.975} = 2.262 and t_{9,.99167} = 2.933."""
    base, other = np.zeros(10), np.array([-0.3, 3.7] * 5)
    assert paired(base, other, "higher", comparisons=1).direction == "better"
    assert paired(base, other, "higher", comparisons=3).direction == "unclear"


def test_no_difference_at_all_is_said() -> None:
    base = [3.0, 0.1, nan, 7.5] * 5
    found = paired(base, base, "lower")
    assert found.identical
    assert (found.direction, found.difference.mean, found.difference.half_width) == ("unclear", 0.0, 0.0)
    assert (found.better, found.worse, found.equal, found.difference.n) == (0.0, 0.0, 1.0, 15)


def test_one_pair_and_none() -> None:
    """One pair has a difference but no interval; no pair has neither, and is not called identical."""
    one = paired([1], [3], "lower")
    assert (one.difference, one.worse, one.direction) == (Interval(2.0, None, 1, 0.95), 1.0, "unclear")
    none = paired([nan, 1], [2, nan], "lower")
    assert (none.difference.n, none.direction, none.identical) == (0, "unclear", False)
    assert all(isnan(share) for share in (none.higher, none.lower, none.equal, none.better, none.worse))


def test_a_pair_is_used_only_if_both_are_defined() -> None:
    assert paired([1, nan, 3, 4], [2, 2, nan, 7], "lower") == paired([1, 4], [2, 7], "lower")


def test_common_random_numbers_pay() -> None:
    """With a shared part of spread 10 and own noise of 1, pairing narrows the interval: the reason for doing it."""
    rng = np.random.default_rng(20_263)
    shared = rng.normal(0, 10, 50)
    base, other = shared + rng.normal(0, 1, 50), shared + rng.normal(0, 1, 50)
    pairing = paired(base, other, "neither").difference.half_width
    assert pairing < mean_interval(base).half_width / 3


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"equally long \(got 3 and 2\)"):
        paired([1, 2, 3], [1, 2], "lower")


def test_infinite_and_tabular_values_are_refused() -> None:
    with pytest.raises(ValueError, match="infinite values"):
        mean_interval([1, float("inf")])
    with pytest.raises(ValueError, match="got 2 dimensions"):
        mean_interval([[1, 2], [3, 4]])


@pytest.mark.parametrize("wrong", [(1, 0.95, 1), (10, 1.0, 1), (10, 0.0, 1), (10, 0.95, 0)])
def test_impossible_t_is_refused(wrong: tuple[int, float, int]) -> None:
    with pytest.raises(ValueError, match="t needs n >= 2, comparisons >= 1 and 0 < level < 1"):
        t_quantile(*wrong)


# ---- number of replications


@given(values_lists, st.floats(0.01, 1000), st.sampled_from([0.9, 0.95, 0.99]))
def test_replications_needed_is_the_first_number_that_is_enough(values: list[int], width: float, level: float) -> None:
    """The definition, checked on both sides: n gives the half width at this spread, n - 1 does not."""
    n = replications_needed(values, width, level)
    spread = np.std(values, ddof=1)

    def reached(count: int) -> float:
        return float(stats.t.ppf((1 + level) / 2, count - 1) * spread / sqrt(count))

    assert n >= MINIMUM_REPLICATIONS
    assert reached(n) <= width * (1 + 1e-9)
    assert n == MINIMUM_REPLICATIONS or reached(n - 1) > width * (1 - 1e-9)


def test_replications_needed_at_the_edges() -> None:
    assert replications_needed([5, 5, 5], 0.1) == MINIMUM_REPLICATIONS
    assert replications_needed([5], 0.1) is None
    assert replications_needed([5, nan], 0.1) is None
    with pytest.raises(ValueError, match=r"half_width must be above 0 \(got 0\)"):
        replications_needed([1, 2], 0)


def test_too_few_ends_at_the_minimum() -> None:
    """Methods 1.3: minimum n = 10."""
    assert [too_few(n) for n in (0, 1, 9, 10, 11)] == [True, True, True, False, False]


# ---- quantiles


@pytest.mark.parametrize(
    ("n", "p", "expected", "level"),
    [(100, 0.5, (40, 61), 0.9648), (100, 0.9, (84, 96), 0.9557), (1000, 0.95, (936, 964), 0.9581)],
)
def test_quantile_ranks_reference_values(n: int, p: float, expected: tuple[int, int], level: float) -> None:
    """Methods 1.3."""
    low, high, achieved = quantile_ranks(n, p)
    assert (low, high) == expected
    assert achieved == pytest.approx(level, abs=5e-5)


def test_quantile_interval_picks_those_values() -> None:
    """Of 1..100 in any order the 40th and the 61st value are 40 and 61."""
    found = quantile_interval(np.random.default_rng(1).permutation(np.arange(1, 101)), 0.5)
    assert (found.low, found.high, found.n) == (40.0, 61.0, 100)


def test_quantile_interval_by_hand() -> None:
    """Six values: P(all on one side of the median) = 2 / 64, so all six cover 96.9 %; five would cover only 93.75 %."""
    found = quantile_interval([6, 1, 5, 2, 4, 3], 0.5)
    assert (found.low, found.high) == (1.0, 6.0)
    assert found.level == pytest.approx(62 / 64)
    assert quantile_interval([1, 2, 3, 4, 5], 0.5) == (None, None, 1.0, 5)


@given(st.integers(1, 300), st.floats(0.01, 0.99), st.sampled_from([0.8, 0.95, 0.99]))
def test_quantile_level_is_never_below_the_one_asked_for(n: int, p: float, level: float) -> None:
    low, high, achieved = quantile_ranks(n, p, level)
    assert 0 <= low < high <= n + 1
    assert achieved >= level - 1e-9


def test_quantile_interval_covers_as_often_as_it_says() -> None:
    """The 90 % quantile of exponential values, n = 100: 4000 pinned samples, within 4 s.e. of the level achieved."""
    samples = np.random.default_rng(20_264).exponential(1.0, size=(4000, 100))
    found = [quantile_interval(sample, 0.9) for sample in samples]
    covered = np.mean([interval.low <= -np.log(0.1) <= interval.high for interval in found])
    level = found[0].level
    assert abs(covered - level) < 4 * sqrt(level * (1 - level) / len(samples))


def test_quantile_without_values_is_refused() -> None:
    with pytest.raises(ValueError, match="needs n >= 1, 0 < p < 1"):
        quantile_interval([nan], 0.5)
    with pytest.raises(ValueError, match="needs n >= 1, 0 < p < 1"):
        quantile_ranks(10, 1.0)


# ---- warm-up


def test_mser_reference_ramp() -> None:
    """Methods 1.3: 10 falling to 0 over 50 observations, then +0.1 and -0.1 in turn, 500 in all: cut at 50."""
    series = np.concatenate([np.linspace(10, 0, 50), 0.1 * (-1.0) ** np.arange(450)])
    assert mser5(series) == Truncation(50, True)


def test_mser_reference_autoregression() -> None:
    """Methods 1.3: AR(1) with phi 0.9 from 8, default_rng(1), n = 1000: cut at 15."""
    assert mser5(autoregressive(8.0, 0.9, np.random.default_rng(1).standard_normal(1000))) == Truncation(15, True)


def test_mser_by_hand() -> None:
    """Batches 9, 1, 1, 1, 1, 1: with the first one the statistic is above 0, without it exactly 0."""
    assert mser5([9] * 5 + [1] * 25) == Truncation(5, True)


@given(st.lists(st.integers(-50, 50), min_size=20, max_size=120), st.integers(0, 4))
def test_mser_minimises_its_statistic(series: list[int], rest: int) -> None:
    """The formula written out with loops: no cut up to half gives less than the one found; a rest below 5 is unused."""
    series = [5 * value for value in series]  # batch means are then whole
    batches = [sum(part) / 5 for part in zip(*[iter(series)] * 5, strict=False)]
    half = len(batches) // 2

    def statistic(cut: int) -> float:
        kept = batches[cut:]
        mean = sum(kept) / len(kept)
        return sum((batch - mean) ** 2 for batch in kept) / len(kept) ** 2

    found = mser5(series + [999] * rest if len(series) % 5 == 0 else series)
    least = min(statistic(cut) for cut in range(half + 1))
    assert found.index % 5 == 0
    assert statistic(found.index // 5) == pytest.approx(least, rel=1e-9, abs=1e-9)
    if not found.settled:
        assert found.index == 5 * half


def test_a_series_that_only_grows_never_settles() -> None:
    assert not mser5(np.arange(200.0)).settled


@pytest.mark.parametrize("level", [0.0, 0.1, 1e9 / 3])
@pytest.mark.parametrize("length", [0, 1, 4, 19, 20, 333])
def test_constant_series_are_settled_at_once(level: float, length: int) -> None:
    assert mser5([level] * length) == Truncation(0, True)


def test_rounding_does_not_choose_the_cut() -> None:
    """After a jump the rest is constant: 0.1 has no exact binary form, and the cut is still where the jump was."""
    assert mser5([3.7] * 10 + [0.1] * 90) == Truncation(10, True)


def test_short_series_are_not_called_settled() -> None:
    assert mser5(np.arange(19) % 2) == Truncation(0, False)


def test_undefined_weeks_keep_their_place() -> None:
    """A wait is undefined until the first child starts, and now and then later; weeks count from the start."""
    series = np.concatenate([np.full(10, nan), np.full(10, 9.0), np.full(80, 1.0)])
    series[[33, 34, 60]] = nan
    assert mser5(series) == Truncation(20, True)
    assert mser5(np.concatenate([np.full(10, nan), np.tile([1.0, 1.0, 1.0, 1.0, 2.0], 18)])) == Truncation(0, True)
    assert mser5(np.full(50, nan)) == Truncation(0, True)


def test_warm_up_names_only_what_had_not_settled() -> None:
    """A cut at 50 weeks is fine after 50 weeks of warm-up and too late after 49; growth never settles."""
    late = np.concatenate([np.linspace(10, 0, 50), 0.1 * (-1.0) ** np.arange(450)])
    series = {"waiting": late, "empty": np.zeros(100), "growing": np.arange(200.0), "short": [1, 2, 1], "none": []}
    assert warm_up_too_short(series, 50) == (Unsettled("growing", None), Unsettled("short", None))
    assert warm_up_too_short(series, 49)[0] == Unsettled("waiting", 50)
    assert warm_up_too_short({}, 0) == ()


@given(st.integers(0, 60))
def test_a_longer_warm_up_never_names_more(weeks: int) -> None:
    series = {"a": autoregressive(20.0, 0.9, np.random.default_rng(3).standard_normal(300)), "b": np.arange(60.0)}
    named = [{output.name for output in warm_up_too_short(series, length)} for length in (weeks, weeks + 1, weeks + 20)]
    assert all(later <= earlier for earlier, later in pairwise(named))


def test_paired_result_is_a_value() -> None:
    """Two equal comparisons are equal and can be put in a set."""
    first, second = (paired([1, 2, 3], [2, 3, 5], "lower") for _ in range(2))
    assert isinstance(first, Paired)
    assert len({first, second}) == 1
