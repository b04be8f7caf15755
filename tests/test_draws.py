"""The addressed draws: published vectors, one value by every way of asking, uniformity, and independence of neighbours."""

from __future__ import annotations

from hashlib import blake2b
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from scenarios.load import load
from sim.build import phases
from sim.cohort import draw_cohort
from sim.draws import BITS, GOLDEN, ONE, SURE, Columns, draw, draw_all, limit, mix, mix_all, root, stream

WORDS = some.integers(0, 2**64 - 1)
MASK = 2**64 - 1
MANY = 200_000
PINNED_STREAMS = (9086180404077537253, 9629515843569090142, 880004431055254488)
PINNED_ROOTS = (17606034117644699986, 5518551687838256832, 18315124364270184262)
PINNED_DRAWS = [4736413861835035226, 9020093179217064372, 2526646600299166625]
NEARLY_SURE = 1e-6
"""Below this chance a test of fixed numbers is taken for a fault: some hundred of them stand in this file."""


def splitmix(seed, count):
    """The first outputs of SplitMix64 from a seed: its state moves by the golden number, its output is ``mix``."""
    return [mix((seed + GOLDEN * (i + 1)) & MASK) for i in range(count)]


def share(quantiles):
    """Quantiles as numbers from 0 to 1."""
    return np.asarray(quantiles, dtype=np.float64) / ONE


def keys_of_a_cohort(count=MANY):
    """Keys as cohorts make them: a mix of an address."""
    return mix_all(np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GOLDEN) + np.uint64(root(1, 0)))


# One function


def test_the_mixing_function_gives_the_published_vectors_of_splitmix64():
    """Seed 0, and the seed 1234567 of the vectors that Rosetta Code and many implementations share."""
    assert splitmix(0, 5) == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
        0xF88BB8A8724C81EC,
        0x1B39896A51A8749B,
    ]
    assert splitmix(1234567, 5) == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_a_draw_is_the_output_of_splitmix64_at_its_ordinal_without_the_last_bit():
    """Seeded with key xor purpose; the quantile is the upper 63 bits of output ``ordinal``."""
    key, purpose = 0x0123456789ABCDEF, stream("length", "bup")
    assert [draw(key, purpose, i) for i in range(5)] == [x >> 1 for x in splitmix(key ^ purpose, 5)]


def test_draws_at_known_addresses_never_change():
    """Pinned: a change here changes every result of every seed, and must be a deliberate one."""
    assert draw(0, 0) == 0xE220A8397B1DCDAF >> 1
    assert (stream("length", "bup"), stream("door"), stream("cell", "needs/stange/6-12")) == PINNED_STREAMS
    assert (root(1, 0), root(1, 1), root(2, 0)) == PINNED_ROOTS
    assert [draw(root(1, 0), stream("length", "bup"), i) for i in (0, 1, 100)] == PINNED_DRAWS


def test_stream_numbers_are_digests_of_the_words_and_nothing_else():
    """The first eight bytes, least first, of BLAKE2b of purpose, line feed, place: the same in any process."""
    expected = int.from_bytes(blake2b(b"length\nbup", digest_size=8).digest(), "little")
    assert stream("length", "bup") == expected
    assert stream("hjelp", "Ørje") == int.from_bytes(blake2b("hjelp\nØrje".encode(), digest_size=8).digest(), "little")
    assert stream("a", "b") != stream("b", "a") != stream("ab")


@given(some.lists(WORDS, min_size=1, max_size=20), WORDS, some.integers(0, 2**31))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_a_column_holds_what_single_draws_give(keys, purpose, ordinal):
    column = draw_all(np.asarray(keys, dtype=np.uint64), purpose, ordinal)
    assert column.tolist() == [draw(key, purpose, ordinal) for key in keys]
    assert column.dtype == np.int64
    assert mix_all(np.asarray(keys, dtype=np.uint64)).tolist() == [mix(key) for key in keys]


@given(WORDS, WORDS, some.integers(0, 2**31))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_a_quantile_lies_in_its_range(key, purpose, ordinal):
    assert 0 <= draw(key, purpose, ordinal) < ONE == 1 << BITS


def test_a_column_s_cache_changes_no_draw():
    """Asked so often that columns are made, and once only: the same integers, whatever is asked in between."""
    keys = keys_of_a_cohort(500)
    addresses = [(stream(word), ordinal) for word in ("length", "patience", "route") for ordinal in (0, 1, 7)]
    busy = Columns(keys)
    for _ in range(3):
        for purpose, ordinal in addresses:
            for row in range(0, 500, 7):
                assert busy(row, purpose, ordinal) == draw(int(keys[row]), purpose, ordinal)
    fresh = Columns(keys)
    assert [busy(499, *a) for a in addresses] == [fresh(499, *a) for a in addresses]
    assert busy.column(addresses[0][0]).tolist() == [fresh(row, addresses[0][0]) for row in range(500)]


def test_a_cohort_of_nobody_has_columns_of_nothing():
    assert Columns(np.zeros(0, dtype=np.uint64)).column(stream("length")).tolist() == []


# Limits


@pytest.mark.parametrize(
    ("probability", "expected"), [(0.0, 0), (1.0, SURE), (0.5, ONE // 2), (0.25, ONE // 4), (2.0, SURE), (-1.0, 0)]
)
def test_a_limit_is_the_share_of_all_quantiles(probability, expected):
    """Nobody passes 0, everybody passes 1, and nothing lies outside."""
    assert limit(probability) == expected


@given(some.floats(0, 1))
def test_limits_are_exact_to_the_last_bit_of_a_number(probability):
    assert abs(limit(probability) / ONE - probability) <= 2**-53


def test_as_many_pass_a_limit_as_it_says():
    """Of 200 000 draws the share below the limit of p is p, within five standard errors."""
    quantiles = draw_all(keys_of_a_cohort(), stream("accept", "bup"))
    for p in (0.001, 0.05, 0.37, 0.93, 0.999):
        assert np.mean(quantiles < limit(p)) == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / MANY))


# Uniformity


def even(quantiles, bins=1000):
    """The chance of bins as uneven as these, if the draws are uniform."""
    return stats.chisquare(np.bincount((share(quantiles) * bins).astype(int), minlength=bins)).pvalue


def straight(quantiles):
    """The chance of a largest distance from the uniform law as large as this (Kolmogorov and Smirnov)."""
    return stats.kstest(share(quantiles), "uniform").pvalue


def sequences():
    """Draws that differ in one part of their address only, the parts being neighbours or as programs make them."""
    length = stream("length", "bup")
    yield "children of a cohort", draw_all(keys_of_a_cohort(), length)
    yield "keys 0, 1, 2 ...", draw_all(np.arange(MANY, dtype=np.uint64), length)
    yield "keys in steps of the golden number", draw_all(np.arange(MANY, dtype=np.uint64) * np.uint64(GOLDEN), length)
    yield "ordinals of one child", np.asarray([draw(root(1, 0), length, i) for i in range(MANY // 4)])
    yield "purposes of one child", np.asarray([draw(root(1, 0), stream(f"purpose {i}")) for i in range(MANY // 4)])
    yield "places of one child", np.asarray([draw(root(1, 0), stream("length", str(i))) for i in range(MANY // 4)])
    yield "replications", np.asarray([draw(root(1, i), length) for i in range(MANY // 4)])
    yield "seeds", np.asarray([draw(root(i, 0), length) for i in range(MANY // 4)])


@pytest.mark.parametrize(("name", "quantiles"), [pytest.param(*pair, id=pair[0]) for pair in sequences()])
def test_draws_are_uniform_over_every_part_of_their_address(name, quantiles):
    """1000 bins, the distance from the straight line, and the lower bits, which tables of durations use too."""
    assert even(quantiles) > NEARLY_SURE, name
    assert straight(quantiles) > NEARLY_SURE, name
    for bits in (12, 24, 36):  # the level below the top, and lower ones
        part = (quantiles >> (BITS - bits - 10)) & 1023
        assert stats.chisquare(np.bincount(part, minlength=1024)).pvalue > NEARLY_SURE, f"{name}: bits {bits} to {bits + 10}"


def test_an_uneven_sequence_is_seen():
    """The tests can fail: one part in forty moved from the upper half to the lower."""
    uniform = draw_all(keys_of_a_cohort(), stream("length"))
    bent = np.where((uniform > ONE // 2) & (uniform % 20 == 0), uniform - ONE // 2, uniform)
    assert straight(bent) < NEARLY_SURE
    assert even(bent) < NEARLY_SURE


# Independence of neighbours


def together(a, b, bins=24):
    """The chance of a plane as uneven, and of a correlation as strong, as these two columns make, if they are independent."""
    x, y = share(a), share(b)
    cell = (x * bins).astype(int) * bins + (y * bins).astype(int)
    plane = stats.chisquare(np.bincount(cell, minlength=bins * bins)).pvalue
    return plane, stats.pearsonr(x, y).pvalue


def neighbours():
    """Pairs of columns whose addresses lie side by side."""
    keys, length = keys_of_a_cohort(), stream("length", "bup")
    plain = np.arange(MANY, dtype=np.uint64)
    first = draw_all(keys, length)
    yield "ordinal 0 and 1", first, draw_all(keys, length, 1)
    yield "ordinal 1 and 2", draw_all(keys, length, 1), draw_all(keys, length, 2)
    yield "purposes", first, draw_all(keys, stream("patience", "bup"))
    yield "places", first, draw_all(keys, stream("length", "bup2"))
    yield "purposes that differ in one bit", first, draw_all(keys, length ^ 1)
    yield "purposes a golden step apart", first, draw_all(keys, (length + GOLDEN) & MASK)
    yield "children side by side", first[:-1], first[1:]
    yield "keys n and n + 1", draw_all(plain, length), draw_all(plain + np.uint64(1), length)
    yield "keys that differ in the highest bit", draw_all(plain, length), draw_all(plain ^ np.uint64(1 << 63), length)
    yield "keys a golden step apart", first, draw_all(keys + np.uint64(GOLDEN), length)
    yield "replications", *(_of_roots(length, lambda i, by=by: root(1, i + by)) for by in (0, 1))
    yield "seeds", *(_of_roots(length, lambda i, by=by: root(i + by, 0)) for by in (0, 1))
    yield "seed and replication exchanged", *_of_pairs(length)


def _of_roots(purpose, key):
    return np.asarray([draw(key(i), purpose) for i in range(MANY // 4)])


def _of_pairs(purpose):
    pairs = [(i, j) for i, j in combinations(range(320), 2)]
    return (
        np.asarray([draw(root(i, j), purpose) for i, j in pairs]),
        np.asarray([draw(root(j, i), purpose) for i, j in pairs]),
    )


@pytest.mark.parametrize(("name", "a", "b"), [pytest.param(*three, id=three[0]) for three in neighbours()])
def test_draws_at_neighbouring_addresses_are_independent(name, a, b):
    """The plane of the two is even over 576 cells, and they are not correlated."""
    plane, correlation = together(a, b)
    assert plane > NEARLY_SURE, name
    assert correlation > NEARLY_SURE, name


def test_dependent_columns_are_seen():
    """The test can fail: one part in fifty of a column copied from the other."""
    keys = keys_of_a_cohort()
    a, b = draw_all(keys, 1), draw_all(keys, 2)
    copied = np.where(np.arange(MANY) % 50 == 0, a, b)
    plane, correlation = together(a, copied)
    assert plane < NEARLY_SURE
    assert correlation < NEARLY_SURE


def test_three_ordinals_in_a_row_fill_the_cube_evenly():
    keys, purpose = keys_of_a_cohort(), stream("route", "gp")
    x, y, z = ((share(draw_all(keys, purpose, i)) * 12).astype(int) for i in range(3))
    assert stats.chisquare(np.bincount(x * 144 + y * 12 + z, minlength=12**3)).pvalue > NEARLY_SURE


# What cohorts make of them


@pytest.fixture(scope="module")
def crowd():
    """Two areas, three age bands, some 40 000 children each replication."""
    children = {"0-5": 20000, "6-12": 20000, "13-17": 20000}
    scenario = load(
        {
            "name": "crowd",
            "period": {"length": "1y"},
            "demand": {"c": {"per_1000": {"0-5": 300, "6-12": 300, "13-17": 300}, "to": "s"}},
            "areas": {"one": {"children": children}, "two": {"children": children}},
            "services": {"s": {"places": "endless", "course": {"length": "1d"}}},
        }
    )
    plans = phases(scenario)
    return [draw_cohort(scenario, plans, 1, r) for r in (0, 1)]


def test_no_two_children_share_a_key(crowd):
    """Over cells, strips, windows and replications."""
    keys = np.concatenate([cohort.key for cohort in crowd])
    assert len(keys) > 70_000
    assert len(np.unique(keys)) == len(keys)


def test_what_children_draw_is_uniform_in_every_cell_and_replication(crowd):
    for cohort in crowd:
        for area in (0, 1):
            for band in (0, 1, 2):
                keys = cohort.key[(cohort.area == area) & (cohort.band == band)]
                assert len(keys) > 5000
                assert even(draw_all(keys, stream("length", "s")), bins=100) > NEARLY_SURE


def test_children_of_neighbouring_cells_bands_and_replications_are_independent(crowd):
    """The k-th child of a cell, in order of arrival or of key, against the k-th of the next: moments and draws."""
    cells = [
        (cohort, np.flatnonzero((cohort.area == area) & (cohort.band == band)))
        for cohort in crowd
        for area in (0, 1)
        for band in (0, 1, 2)
    ]
    for (a, rows_a), (b, rows_b) in combinations(cells, 2):
        size = min(len(rows_a), len(rows_b))
        x, y = a.key[rows_a[:size]], b.key[rows_b[:size]]
        plane, correlation = together(draw_all(x, 7), draw_all(y, 7), bins=8)
        assert plane > NEARLY_SURE
        assert correlation > NEARLY_SURE


def test_a_child_s_moment_tells_nothing_of_what_it_draws(crowd):
    cohort = crowd[0]
    moment = (cohort.time / (cohort.time.max() + 1) * ONE).astype(np.int64)
    for word in ("length", "patience", "accept"):
        plane, correlation = together(moment, draw_all(cohort.key, stream(word, "s")), bins=12)
        assert plane > NEARLY_SURE
        assert correlation > NEARLY_SURE
