"""The children of a replication: who they are, how many, and that no scenario, horizon or neighbour makes others of them."""

from __future__ import annotations

import gc
from dataclasses import replace
from hashlib import blake2b
from itertools import pairwise
from weakref import ref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import stats

from scenarios.levers import apply
from scenarios.load import load
from scenarios.schema import BAND_YEARS, Law
from scenarios.units import DAY, WEEK, YEAR
from sim.build import phases
from sim.children import NO_AGE, NO_BAND, NO_GROUP, OPENING, OPENING_CASE
from sim.cohort import draw, draw_cohort
from sim.fold import fold
from sim.laws import table
from sim.records import Kind, Log
from sim.source import demand_key, source_of

CHILDREN = {"0-5": 3000, "6-12": 4000, "13-17": 3000, "18-25": 2000}
SURE = 1e-6
"""Below this chance a test of fixed numbers is taken for a fault."""
COLUMNS = ("key", "time", "area", "band", "born", "need", "to", "stream", "group", "waited")


def described(**over):
    """A scenario with two areas, three age bands, two needs and one service."""
    data = {
        "name": "cohort",
        "period": {"start": "2027-01-04", "warmup": "1y", "length": "2y"},
        "needs": {"mild": {"severity": "mild"}, "severe": {"severity": "severe"}},
        "demand": {
            "needs": {"per_1000": {"0-5": 20, "6-12": 60, "13-17": 90}, "mix": {"mild": 0.7, "severe": 0.3}, "to": "clinic"}
        },
        "areas": {"north": {"children": CHILDREN}, "south": {"children": CHILDREN}},
        "services": {"clinic": {"places": "endless", "course": {"length": "30d"}}},
    }
    return load(data | over)


def described_by_rate(rate="300/y", **demand):
    return load(
        {
            "name": "rate",
            "period": {"start": "2027-01-04", "warmup": "1y", "length": "2y"},
            "demand": {"needs": {"rate": rate, "to": "clinic"} | demand},
            "services": {"clinic": {"places": "endless", "course": {"length": "30d"}}},
        }
    )


def cohort(scenario, seed=1, replication=0):
    return draw_cohort(scenario, phases(scenario), seed, replication)


def children(found):
    """Every child with all that is known of it."""
    return set(zip(*(getattr(found, column).tolist() for column in COLUMNS), strict=True))


def keys(found):
    return set(found.key.tolist())


# Strips: lowered within base within raised

RATES = {
    "a rate": (described_by_rate, "demand.needs.rate"),
    "a rate with a season": (lambda: described_by_rate(season={"amplitude": 0.8}), "demand.needs.rate"),
    "a rate with months": (lambda: described_by_rate(season={"months": [0, 2] * 6}), "demand.needs.rate"),
    "a rate that grows": (lambda: described_by_rate(trend=0.3), "demand.needs.rate"),
    "a rate that shrinks": (lambda: described_by_rate(trend=-0.3), "demand.needs.rate"),
    "per 1000": (described, "demand.needs.per_1000.6-12"),
}


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize("date", ["", "@2028-03-01"])
def test_more_demand_adds_children_and_less_takes_some_away(name, date):
    """Lowered < base < raised as sets of children with all they are, from the start or from a date on."""
    make, address = RATES[name]
    base = make()
    lowered, same, raised = (children(cohort(apply(base, f"{address}*={factor}{date}"))) for factor in (0.8, 1.0, 1.25))
    plain = children(cohort(base))
    assert same == plain
    assert lowered < plain < raised


@pytest.mark.parametrize("field", ["season.amplitude=0.5", "trend=0.2", "trend=-0.2"])
def test_another_shape_of_the_curve_keeps_every_child_under_both_curves(field):
    """Season and trend hide and show children; whoever is under both curves is the same child at the same moment."""
    base = described_by_rate(season={"amplitude": 0.0})
    one, other = cohort(base), cohort(apply(base, f"demand.needs.{field}"))
    common = keys(one) & keys(other)
    assert len(common) > 0.6 * len(one)
    assert {c for c in children(one) if c[0] in common} == {c for c in children(other) if c[0] in common}


def test_a_dated_change_leaves_those_before_its_date():
    base = described()
    changed = cohort(apply(base, "demand.needs.per_1000.6-12*=1.5@2028-01-01"))
    before = 362 * DAY  # from 4 January 2027 to 1 January 2028
    early = {c for c in children(cohort(base)) if c[1] < before}
    assert early == {c for c in children(changed) if c[1] < before}
    assert len(changed) > len(cohort(base))


@given(factors=some.lists(some.floats(0.05, 8), min_size=2, max_size=4), seed=some.integers(0, 1000))
@settings(max_examples=15, derandomize=True, deadline=None)
def test_rates_in_order_give_cohorts_in_order(factors, seed):
    """Any two rates: the lower one's children are all among the higher one's."""
    found = [keys(cohort(described_by_rate(f"{120 * factor:.4f}/y"), seed)) for factor in sorted(factors)]
    assert all(low <= high for low, high in pairwise(found))


# How many


def counts(scenario, replications, edges):
    """Children a replication between the edges, in seconds: replication x interval."""
    plans = phases(scenario)
    return np.asarray(
        [np.histogram(draw_cohort(scenario, plans, 7, r).time, bins=edges)[0] for r in range(replications)], dtype=np.float64
    )


def is_poisson(number, mean):
    """Mean and variance of counts are the mean of a Poisson law, each within five standard errors."""
    size = len(number)
    assert abs(number.mean() - mean) < 5 * np.sqrt(mean / size)
    assert abs(number.var(ddof=1) / mean - 1) < 5 * np.sqrt((2 + 1 / mean) / size)


@pytest.mark.parametrize("rate", [3, 40, 900, 20_000])
def test_counts_are_poisson_whatever_the_number_of_strips(rate):
    """From a part of the lowest strip to dozens of strips: mean and variance of a year's count over 150 replications."""
    scenario = load(
        {
            "name": "rate",
            "period": {"length": "1y"},
            "demand": {"c": {"rate": f"{rate}/y", "to": "s"}},
            "services": {"s": {"places": "endless", "course": {"length": "1d"}}},
        }
    )
    is_poisson(counts(scenario, 150, [0, YEAR])[:, 0], rate)


def test_counts_of_separate_times_are_independent():
    """Quarters of a year: each is Poisson, and no two are correlated."""
    number = counts(described_by_rate("400/y"), 200, np.arange(9) * (YEAR // 4))
    for quarter in number.T:
        is_poisson(quarter, 100)
    correlation = np.corrcoef(number.T)[np.triu_indices(8, 1)]
    assert np.abs(correlation).max() < 5 / np.sqrt(200)


def test_a_season_moves_the_rate_as_its_sine_says():
    """Rate x (1 + 0.6 sin(2 pi t / year)): twelve parts of the year, each against its integral."""
    edges = np.arange(13) * (YEAR // 12)
    number = counts(described_by_rate("600/y", season={"amplitude": 0.6}), 200, edges)
    part = edges / YEAR
    expected = 600 * (np.diff(part) - 0.6 / (2 * np.pi) * np.diff(np.cos(2 * np.pi * part)))
    for seen, mean in zip(number.T, expected, strict=True):
        is_poisson(seen, mean)


def test_months_move_the_rate_by_the_calendar():
    """Twelve factors: nobody in July, twice as many in December, from the first day of the month to the last."""
    factors = [1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 2]
    scenario = described_by_rate("600/y", season={"months": factors})
    days = np.asarray(["2027-02-01", "2027-07-01", "2027-08-01", "2027-12-01", "2028-01-01"], dtype="datetime64[D]")
    edges = (days - np.datetime64("2027-01-04")).astype(np.int64) * DAY
    number = counts(scenario, 100, edges)
    for seen, mean in (
        (number[:, 0], 600 * 150 / 365.25),
        (number[:, 2], 600 * 122 / 365.25),
        (number[:, 3], 1200 * 31 / 365.25),
    ):
        is_poisson(seen, mean)
    assert not number[:, 1].any()


def test_a_trend_grows_from_the_start_date_on():
    """20 % a year: none of it in the warm-up, 1.2 to the power of the years after."""
    edges = np.asarray([-YEAR, 0, YEAR, 2 * YEAR])
    number = counts(described_by_rate("500/y", trend=0.2), 200, edges)
    growth = 0.2 / np.log(1.2)
    for seen, mean in zip(number.T, (500, 500 * growth, 500 * 1.2 * growth), strict=True):
        is_poisson(seen, mean)


def test_arrivals_have_no_favoured_moment():
    """Over the year (Kolmogorov and Smirnov), the week and the day (chi-square), for 40 000 children."""
    scenario = described_by_rate("40000/y")
    found = cohort(scenario)
    year = found.time[(found.time >= 0) & (found.time < YEAR)]
    assert stats.kstest(year / YEAR, "uniform").pvalue > SURE
    whole = year[year < 52 * WEEK]
    for cycle in (WEEK, DAY, 3600, 60):
        seen = np.bincount(whole % cycle * 60 // cycle, minlength=60)
        assert stats.chisquare(seen).pvalue > SURE


def test_rates_per_1000_are_of_the_inhabitants_of_each_band_and_area():
    """60 of 1000 at 6 to 12 years, 4000 of them: 240 a year in each of two areas; none where no rate is stated."""
    scenario, found = described(), []
    plans = phases(scenario)
    for replication in range(100):
        one = draw_cohort(scenario, plans, 3, replication)
        inside = one.time >= 0
        found.append(np.bincount(one.area[inside] * 4 + one.band[inside], minlength=8) / 2)
    mean = np.mean(found, axis=0)
    expected = np.asarray([60, 240, 270, 0] * 2)
    assert (np.abs(mean - expected) <= 5 * np.sqrt(expected / 200)).all()


# The same children


def test_a_longer_horizon_keeps_the_earlier_children():
    short, long = cohort(described()), cohort(described(period={"start": "2027-01-04", "warmup": "1y", "length": "5y"}))
    assert {c for c in children(long) if c[1] <= 2 * YEAR} == children(short)
    assert len(long) > 1.5 * len(short)


def test_a_longer_warm_up_keeps_the_children_of_the_period():
    short, long = cohort(described()), cohort(described(period={"start": "2027-01-04", "warmup": "2.5y", "length": "2y"}))
    assert {c for c in children(long) if c[1] >= -YEAR} == children(short)
    assert {c for c in children(long) if c[1] < -YEAR}


def test_a_longer_horizon_keeps_the_earlier_children_under_a_trend():
    """The curve rises beyond what the shorter run ever drew: more strips, the same children below."""
    periods = [{"start": "2027-01-04", "length": length} for length in ("1y", "6y")]
    short, long = (cohort(load(described_by_rate(trend=0.5).plain() | {"period": period})) for period in periods)
    assert {c for c in children(long) if c[1] <= YEAR} == children(short)


@pytest.mark.parametrize(
    "change",
    [
        "clinic.places=3",
        "clinic.course.length=90d",
        "clinic.patience=10d",
        "clinic.open=false@2027-09-01",
        "needs.mild.remission=2/y",
    ],
)
def test_what_is_changed_about_services_and_needs_makes_no_other_children(change):
    base = described(services={"clinic": {"places": 5, "course": {"length": "30d"}}})
    assert children(cohort(apply(base, change))) == children(cohort(base))


def test_another_area_changes_none_of_the_others_children():
    """Added before, between or after the others; numbers of areas move, identities do not."""
    base = cohort(described())
    for order in (("east", "north", "south"), ("north", "east", "south"), ("north", "south", "east")):
        found = cohort(described(areas={name: {"children": CHILDREN} for name in order}))
        kept = np.isin(found.area, [order.index("north"), order.index("south")])
        assert set(found.key[kept].tolist()) == keys(base)
        assert sorted(zip(found.key[kept].tolist(), found.time[kept].tolist(), strict=True)) == sorted(
            zip(base.key.tolist(), base.time.tolist(), strict=True)
        )


def test_another_stream_or_service_changes_no_child_of_the_first():
    more = described().plain()
    more["services"] = {"school": {"places": 2, "course": {"length": "5d"}}, **more["services"]}
    more["demand"] = {"others": {"rate": "50/y", "to": "school"}, **more["demand"]}
    found, base = cohort(load(more)), cohort(described())
    first = found.stream == 1
    assert set(found.key[first].tolist()) == keys(base)
    assert keys(base) < keys(found)


def test_the_inhabitants_of_an_area_move_only_its_own_children():
    """A larger band opens strips of that band; the others' children stay."""
    larger = {"north": {"children": CHILDREN | {"6-12": 6000}}, "south": {"children": CHILDREN}}
    base, found = children(cohort(described())), children(cohort(described(areas=larger)))
    assert base < found
    assert {(c[2], c[3]) for c in found - base} == {(0, 1)}


# Who they are


def test_no_two_children_of_any_replication_or_seed_share_a_key():
    scenario = described()
    plans = phases(scenario)
    found = [draw_cohort(scenario, plans, seed, r).key for seed in (1, 2) for r in range(5)]
    every = np.concatenate(found)
    assert len(np.unique(every)) == len(every) > 20_000


def test_children_stand_in_order_of_their_moment_and_then_key():
    found = cohort(described_by_rate("200000/y"))
    order = list(zip(found.time.tolist(), found.key.tolist(), strict=True))
    assert order == sorted(order)
    assert any(a[0] == b[0] for a, b in pairwise(order)), "at 200 000 a year some share a second"


def test_every_child_comes_within_the_run():
    found = cohort(described())
    assert found.time.min() >= -YEAR
    assert found.time.max() <= 2 * YEAR


def test_ages_lie_in_their_band_evenly():
    """Age at the moment the need arises: from the first year of the band to the last, each part as likely."""
    scenario = described(areas={"north": {"children": {band: 100 * n for band, n in CHILDREN.items()}}})
    found = cohort(scenario)
    for band, (young, old) in enumerate(BAND_YEARS):
        age = (found.time - found.born)[found.band == band] / YEAR
        if band == 3:
            assert len(age) == 0, "no rate is stated for young adults"
            continue
        assert age.min() >= young
        assert age.max() < old
        assert stats.kstest((age - young) / (old - young), "uniform").pvalue > SURE


def test_a_stream_by_rate_states_no_age():
    found = cohort(described_by_rate())
    assert set(found.band.tolist()) == {NO_BAND}
    assert set(found.born.tolist()) == {NO_AGE}


def test_needs_come_in_the_shares_of_the_mix():
    """70 and 30 % of 20 000 children, within five standard errors; a share of 0 never comes."""
    scenario = described(areas={"north": {"children": {band: 10 * n for band, n in CHILDREN.items()}}})
    found = cohort(scenario)
    assert np.mean(found.need == 1) == pytest.approx(0.3, abs=5 * np.sqrt(0.21 / len(found)))
    only = cohort(apply(scenario, "demand.needs.mix.mild=0", "demand.needs.mix.severe=1"))
    assert set(only.need[only.time >= 0].tolist()) == {1}
    assert set(only.need[only.time < 0].tolist()) == {0, 1}, "the warm-up is the base's"


def test_another_mix_changes_the_need_of_as_few_as_it_can():
    """From 30 to 40 % severe: nobody becomes milder, a tenth become more severe, all else about them stays."""
    base = described()
    one, other = cohort(base), cohort(apply(base, "demand.needs.mix.mild=0.6", "demand.needs.mix.severe=0.4"))
    assert one.key.tolist() == other.key.tolist()
    assert one.born.tolist() == other.born.tolist()
    assert (other.need >= one.need).all()
    after = one.time >= 0
    assert np.mean((other.need > one.need)[after]) == pytest.approx(0.1, abs=0.03)
    assert (other.need == one.need)[~after].all()


def test_replications_and_seeds_are_independent():
    """Numbers a week of 60 replications of two seeds are not correlated, and share no child."""
    scenario = described_by_rate("2000/y")
    plans = phases(scenario)
    edges = np.arange(105) * WEEK
    found = [draw_cohort(scenario, plans, seed, r) for seed in (1, 2) for r in range(30)]
    number = np.asarray([np.histogram(one.time, bins=edges)[0] for one in found])
    correlation = np.corrcoef(number)[np.triu_indices(60, 1)]
    assert np.abs(correlation).max() < 5.5 / np.sqrt(104)
    assert abs(correlation.mean()) < 5 / np.sqrt(len(correlation) * 104)


def test_the_opening_list_is_there_on_the_first_day_and_longer_keeps_the_shorter():
    short, long = (cohort(load({"base": "loaded_list", "services": {"clinic": {"opening_list": n}}})) for n in (50, 105))
    assert np.sum(short.time == 0) >= 50
    assert children(short) < children(long)
    assert len(long) - len(short) == 55


# Groups

MANY = {band: 3 * count for band, count in CHILDREN.items()}
ALIKE = {"north": {"children": MANY}, "south": {"children": MANY}}
GROUPS = {"low_income": {"share": 0.1, "risk": 3.0}, "refugee": {"share": 0.05, "risk": 0.5}}


def grouped(groups=None, **over):
    """The scenario above, three times as many children, with two groups: the mean risk is 0.85 + 0.3 + 0.025 = 1.175."""
    areas = {"north": {"children": MANY}, "south": {"children": MANY, "groups": {"low_income": 0.2}}}
    return described(groups=GROUPS if groups is None else groups, **{"areas": areas} | over)


def test_a_scenario_without_groups_has_the_children_it_always_had():
    """Every column but the new ones, to the byte, as drawn before there were groups. A change here changes all results."""
    scenario = described(
        demand={
            "needs": {
                "per_1000": {"0-5": 20, "6-12": 60, "13-17": 90},
                "mix": {"mild": 0.7, "severe": 0.3},
                "to": "clinic",
                "season": {"amplitude": 0.4},
                "trend": 0.07,
            },
            "others": {"rate": "50/y", "to": "clinic", "trend": -0.1},
        },
        services={"clinic": {"places": "endless", "course": {"length": "30d"}, "opening_list": 7}},
    )
    found = cohort(scenario, seed=3, replication=2)
    digest = blake2b(digest_size=16)
    for column in COLUMNS[:8]:
        digest.update(np.ascontiguousarray(getattr(found, column)).tobytes())
    assert (len(found), digest.hexdigest()) == (3919, "1277c553356824c3fdd5c6f147e1c6c0")
    assert set(found.group.tolist()) == {NO_GROUP}
    assert not found.waited.any()


def test_groups_have_their_share_times_their_risk_of_the_mean_rate():
    """720 a year of 6 to 12 years in each area: 0.3 of every 1.175 are of low income in the north, 0.6 in the south."""
    scenario, found = grouped(), []
    plans = phases(scenario)
    for replication in range(60):
        one = draw_cohort(scenario, plans, 3, replication)
        inside = (one.time >= 0) & (one.band == 1)
        found.append(np.bincount(one.area[inside] * 3 + one.group[inside] + 1, minlength=6) / 2)
    expected = 720 / 1.175 * np.asarray([0.85, 0.3, 0.025, 0.75, 0.6, 0.025])
    assert (np.abs(np.mean(found, axis=0) - expected) <= 5 * np.sqrt(expected / 120)).all()


def test_a_stream_by_rate_is_split_alike():
    """1000 a year, shares of a half with the risks 1 and 3: 250 and 750; nobody is left over."""
    groups = {"near": {"share": 0.5}, "far": {"share": 0.5, "risk": 3.0}}
    scenario = load(described_by_rate("1000/y").plain() | {"groups": groups})
    found = np.concatenate([cohort(scenario, replication=r).group for r in range(20)])
    assert NO_GROUP not in found
    assert np.mean(found == 1) == pytest.approx(0.75, abs=5 * np.sqrt(0.1875 / len(found)))


def by_group(found, group):
    return {child for child in children(found) if child[COLUMNS.index("group")] == group}


@pytest.mark.parametrize("field", ["low_income.risk=4.5", "low_income.share=0.15"])
def test_more_of_a_group_adds_to_it_and_takes_from_others_within_the_mean(field):
    """Rates are means over all: what one group gains the others give. Nobody changes group, and no child is another one."""
    scenario = grouped(areas=ALIKE)
    base, more = cohort(scenario), cohort(apply(scenario, f"groups.{field}"))
    assert by_group(base, 0) < by_group(more, 0)
    assert by_group(more, NO_GROUP) < by_group(base, NO_GROUP)
    assert by_group(more, 1) <= by_group(base, 1)
    assert len(more) == pytest.approx(len(base), rel=0.05)


def test_more_of_a_group_in_one_area_leaves_the_other_area_and_the_other_groups():
    """An area's own share moves no mean: its group grows, those of no group make room, all else stays."""
    base, more = cohort(grouped()), cohort(apply(grouped(), "areas.south.groups.low_income=0.3"))
    assert by_group(base, 0) < by_group(more, 0)
    assert by_group(more, NO_GROUP) < by_group(base, NO_GROUP)
    assert by_group(base, 1) == by_group(more, 1)
    changed = children(base) ^ children(more)
    assert {child[COLUMNS.index("area")] for child in changed} == {1}


def test_lowered_and_raised_demand_nest_in_every_group():
    base = grouped()
    lowered, plain, raised = (cohort(apply(base, f"demand.needs.per_1000.6-12*={factor}")) for factor in (0.8, 1.0, 1.25))
    for group in (NO_GROUP, 0, 1):
        assert by_group(lowered, group) < by_group(plain, group) < by_group(raised, group)


def test_the_children_of_no_group_are_among_those_of_a_scenario_without_groups():
    """A new group takes children from the rest, and gives none of them back under another name."""
    rest = by_group(cohort(grouped(areas=ALIKE)), NO_GROUP)
    assert rest < children(cohort(grouped(groups={}, areas=ALIKE)))


def test_a_group_of_everyone_leaves_nobody_out():
    found = cohort(grouped(groups={"all_of_them": {"share": 1.0, "risk": 2.0}}, areas={"north": {"children": CHILDREN}}))
    assert set(found.group.tolist()) == {0}


def test_measures_are_told_for_every_group_by_its_own_name():
    """Everyone seeks help at once: the groups and those of no group are all, as are the age bands."""
    scenario = grouped()
    plans, found = phases(scenario), cohort(scenario)
    rows = np.zeros((len(found), 9), dtype=np.int64)
    rows[:, 0] = rows[:, 5] = rows[:, 6] = found.time
    rows[:, 1], rows[:, 2], rows[:, 4] = Kind.REFERRED, np.arange(len(found)), 1
    values = fold(plans, found, Log(rows), ["group"]).values
    seen = {group: value for (area, _, group, measure), value in values.items() if measure == "sought_help" and area == "all"}
    assert set(seen) == {"all", "0-5", "6-12", "13-17", "low_income", "refugee", "no group"}
    assert seen["low_income"] + seen["refugee"] + seen["no group"] == pytest.approx(seen["all"])
    assert seen["0-5"] + seen["6-12"] + seen["13-17"] == pytest.approx(seen["all"])
    assert seen["low_income"] == pytest.approx(np.sum((found.group == 0) & (found.time >= 0)) / 2, rel=1e-3)


# Inhabitants and trends


def test_more_inhabitants_from_a_date_on_are_more_children_from_then_on():
    base = described()
    more = cohort(apply(base, "areas.north.children.6-12*=1.5@2028-01-01"))
    before = 362 * DAY
    added = children(more) - children(cohort(base))
    assert children(cohort(base)) < children(more)
    assert {child[2:4] for child in added} == {(0, 1)}
    assert min(child[1] for child in added) >= before


def test_a_trend_of_one_age_band_moves_that_band_alone():
    """10 % a year for all and 20 % more for 13 to 17 years: 1.32 a year, from the start date on."""
    scenario = described()
    stream = {"trend": 0.1, "trend_by_age": {"13-17": 0.2}}
    grown = load(scenario.plain() | {"demand": {"needs": scenario.plain()["demand"]["needs"] | stream}})
    plans, found = phases(grown), []
    for replication in range(100):
        one = draw_cohort(grown, plans, 5, replication)
        found.append([np.histogram(one.time[one.band == band], bins=[-YEAR, 0, YEAR, 2 * YEAR])[0] for band in (1, 2)])
    for seen, mean, growth in zip(np.mean(found, axis=0), (480, 540), (1.1, 1.32), strict=True):
        expected = mean * np.asarray([1, (growth - 1) / np.log(growth), growth * (growth - 1) / np.log(growth)])
        assert (np.abs(seen - expected) < 5 * np.sqrt(expected / 100)).all()
    even = load(scenario.plain() | {"demand": {"needs": scenario.plain()["demand"]["needs"] | {"trend": 0.1}}})
    young = [{child for child in children(cohort(one)) if child[3] == 1} for one in (even, grown)]
    assert young[0] == young[1], "the other bands' children stay"


def test_a_trend_of_a_need_moves_the_mix_and_not_the_volume():
    """Severe grows by half a year within the mix: 30 % before the start, 0.3 x 1.5^t / (0.7 + 0.3 x 1.5^t) after t years."""
    scenario = described(areas={"north": {"children": {band: 10 * n for band, n in CHILDREN.items()}}})
    demand = scenario.plain()["demand"]["needs"]
    moving = load(scenario.plain() | {"demand": {"needs": demand | {"mix_trend": {"severe": 0.5}}}})
    base, found = cohort(scenario), cohort(moving)
    assert found.key.tolist() == base.key.tolist()
    warm_up = found.time < 0
    assert (found.need == base.need)[warm_up].all()
    assert (found.need >= base.need).all(), "whoever was severe still is"
    for year in (0, 1):
        inside = (found.time >= year * YEAR) & (found.time < (year + 1) * YEAR)
        grown = 0.3 * 1.5 ** (found.time[inside] / YEAR)
        share = np.mean(grown / (0.7 + grown))
        assert np.mean(found.need[inside]) == pytest.approx(share, abs=5 * np.sqrt(0.25 / inside.sum()))


# The first day


def loaded(**over):
    clinic = {"places": 1000, "course": {"length": "30d"}, "opening_list": 4000, "opening_mix": {"mild": 0.25, "severe": 0.75}}
    return described(services={"clinic": clinic | over})


def waiting(found, state):
    return {child for child in children(found) if child[COLUMNS.index("stream")] == state}


def test_those_on_the_list_have_needs_by_their_own_mix():
    found = cohort(loaded())
    here = found.stream == OPENING
    assert here.sum() == 8000, "for each of two places"
    assert np.mean(found.need[here]) == pytest.approx(0.75, abs=5 * np.sqrt(0.1875 / 8000))
    assert np.mean(found.need[~here]) == pytest.approx(0.3, abs=0.05)
    moved = cohort(loaded(opening_mix={"mild": 0.2, "severe": 0.8}))
    assert (moved.need >= found.need).all()


def test_those_on_the_list_have_waited_by_their_law():
    """A gamma law of 100 days: mean and spread, within four standard errors; the draw is the child's own."""
    law = Law(law="gamma", mean="100d", cv=0.5)
    found = cohort(loaded(opening_waited=law.plain()))
    waited = found.waited[found.stream == OPENING]
    assert waited.mean() / DAY == pytest.approx(100, abs=4 * 50 / np.sqrt(len(waited)))
    assert waited.std() / DAY == pytest.approx(50, rel=0.1)
    assert set(waited.tolist()) <= set(table(law).tolist())
    assert not found.waited[found.stream != OPENING].any()
    twice = cohort(loaded(opening_waited=law.plain() | {"mean": "200d"}))
    assert twice.key.tolist() == found.key.tolist()
    assert np.abs(twice.waited - 2 * found.waited).max() <= 3


def test_those_in_a_course_are_others_than_those_on_the_list():
    """Cases and list are drawn apart: more of the one leaves the other, and longer keeps the shorter."""
    base, more = cohort(loaded(opening_cases=100)), cohort(loaded(opening_cases=300, opening_list=4100))
    assert len(waiting(base, OPENING_CASE)) == 200
    assert waiting(base, OPENING_CASE) < waiting(more, OPENING_CASE)
    assert waiting(base, OPENING) < waiting(more, OPENING)
    assert not {child[0] for child in waiting(more, OPENING)} & {child[0] for child in waiting(more, OPENING_CASE)}
    case = next(iter(waiting(base, OPENING_CASE)))
    assert dict(zip(COLUMNS, case, strict=True)) | {"key": 0, "area": 0, "need": 0} == {
        "key": 0, "time": 0, "area": 0, "band": NO_BAND, "born": NO_AGE, "need": 0, "to": 0, "stream": OPENING_CASE,
        "group": NO_GROUP, "waited": 0,
    }  # fmt: skip


def test_an_area_may_state_its_own_list():
    """Where a place differs, its own list and mix hold; the other area's children stay."""
    areas = {"north": {"children": CHILDREN, "services": {"clinic": {"opening_list": 10}}}, "south": {"children": CHILDREN}}
    data = loaded(opening_list=3).plain()
    found = cohort(load(data | {"areas": areas}))
    assert np.bincount(found.area[found.stream == OPENING]).tolist() == [10, 3]
    assert waiting(cohort(loaded(opening_list=3)), OPENING) < waiting(found, OPENING)


def test_a_list_changed_on_the_start_date_is_the_changed_one():
    base = loaded(opening_list=3)
    assert len(waiting(cohort(apply(base, "*/clinic.opening_list=5")), OPENING)) == 10
    assert len(waiting(cohort(apply(base, "*/clinic.opening_list=5@2027-02-01")), OPENING)) == 6


# One source for all replications, and for all scenarios with the same children


def many_sided():
    """Everything a source reads: areas, groups, streams by rate and per 1000, seasons, trends, moving mixes, lists, a date."""
    clinic = {
        "staff": {"nurse": {"fte": 5.0}, "doctor": {"fte": 1.0}},
        "course": {"sessions": 6, "interval": "14d", "hours": [{"nurse": 1.0}, {"doctor": 0.5}]},
        "opening_list": 30,
        "opening_mix": {"mild": 0.25, "severe": 0.75},
        "opening_waited": {"law": "gamma", "mean": "100d", "cv": 0.5},
        "opening_cases": 12,
    }
    return described(
        groups=GROUPS,
        demand={
            "needs": {
                "per_1000": {"0-5": 20, "6-12": 60, "13-17": 90},
                "mix": {"mild": 0.7, "severe": 0.3},
                "mix_trend": {"severe": 0.2},
                "to": "clinic",
                "season": {"months": [1, 1, 1, 1, 1, 1, 0.5, 1, 1, 1, 1, 1.5]},
                "trend_by_age": {"13-17": 0.1},
            },
            "others": {"rate": "50/y", "to": "ward", "trend": -0.1, "season": {"amplitude": 0.4}},
        },
        services={"clinic": clinic, "ward": {"places": 3, "course": {"length": "20d"}}},
    )


def key(scenario):
    return demand_key(scenario, phases(scenario))


def same(one, other):
    """Whether two cohorts are equal to the byte."""
    return all(
        (a := getattr(one, column)).dtype == (b := getattr(other, column)).dtype and np.array_equal(a, b) for column in COLUMNS
    )


NOTHING_FOR_CHILDREN = (
    "clinic.nurse.fte+=1",
    "*/clinic.nurse.fte*=1.5@2028-01-01",
    "clinic.course.sessions=9",
    "clinic.patience=90d",
    "clinic.opens=2027-05-01",
    "ward.places=5@2027-06-01",
    "needs.mild.remission=2/y",
    "demand.needs.per_1000.6-12*=1.0@2028-01-01",
    "groups.low_income.seek=0.5",
    "*/clinic.opening_list=50@2027-02-01",
    "needs.severe.seek=0.5@2027-09-01",
)
FOR_CHILDREN = (
    "demand.needs.per_1000.6-12*=1.1",
    "demand.needs.per_1000.6-12*=1.1@2028-06-01",
    "demand.needs.per_1000.18-25=1",
    "demand.others.rate=60/y",
    "demand.others.trend=0.1",
    "demand.others.season.amplitude=0.1",
    "demand.others.season.period=0.5y",
    "demand.needs.season.months[6]=0.6",
    "demand.needs.trend_by_age.13-17=0.2@2027-12-01",
    "demand.needs.mix_trend.severe=0.1",
    "areas.north.children.0-5+=500",
    "areas.south.groups.low_income=0.3",
    "groups.low_income.risk=4",
    "groups.refugee.share=0.06",
    "*/clinic.opening_list+=2",
    "north/clinic.opening_list-=1",
    "clinic.opening_mix.mild=0",
    "clinic.opening_waited.mean=90d",
    "clinic.opening_cases=0",
    "period.length=3y",
    "period.warmup=0.5y",
    "period.start=2027-03-01",
)


def sides(change):
    """The change with what it needs to fit."""
    return [change, "clinic.opening_mix.severe=1"] if "opening_mix.mild" in change else [change]


@pytest.mark.parametrize("change", NOTHING_FOR_CHILDREN)
def test_what_makes_no_other_children_leaves_the_key(change):
    """Not even a date on which nothing about demand changes shows in it."""
    base = many_sided()
    changed = apply(base, change)
    assert key(changed) == key(base)
    assert same(cohort(changed, 3, 2), cohort(base, 3, 2))


@pytest.mark.parametrize("change", FOR_CHILDREN)
def test_what_makes_other_children_makes_another_key(change):
    base = many_sided()
    changed = apply(base, *sides(change))
    assert key(changed) != key(base)
    assert not same(cohort(changed), cohort(base))


@pytest.mark.parametrize("word", ["areas", "services", "needs", "groups"])
def test_another_order_makes_another_key(word):
    """A cohort holds numbers of areas, services, needs and groups."""
    base = many_sided()
    data = base.plain()
    turned = load(data | {word: dict(reversed(data[word].items()))})
    assert key(turned) != key(base)


def test_other_areas_in_focus_make_another_key():
    """A stream by rate has children there and nowhere else."""
    base = many_sided()
    turned = load(base.plain() | {"focus": ["south"]})
    assert key(turned) != key(base)


@given(
    one=some.lists(some.sampled_from(NOTHING_FOR_CHILDREN + FOR_CHILDREN), max_size=3, unique=True),
    more=some.lists(some.sampled_from(NOTHING_FOR_CHILDREN), max_size=2, unique=True),
    seed=some.integers(0, 1000),
    replication=some.integers(0, 1000),
)
@settings(max_examples=60, derandomize=True, deadline=None)
def test_equal_keys_are_equal_cohorts(one, more, seed, replication):
    """Scenarios far and near each other, whatever changes they are made of: the key says whether their children are equal."""
    base = many_sided()
    first, second = (
        apply(base, *(part for change in changes for part in sides(change))) for changes in (one, dict.fromkeys([*one, *more]))
    )
    for left, right in ((first, second), (first, base)):
        assert (key(left) == key(right)) == same(cohort(left, seed, replication), cohort(right, seed, replication))


def test_levers_on_staff_leave_the_children_of_a_place():
    base = load("3413")
    for change in ("psychologists_2_per_20000", "bup.psychologist.fte+=1", "bup.psychologist.fte+=1@2028-01-01"):
        assert key(apply(base, change)) == key(base)


def test_a_source_is_made_once_and_goes_with_its_scenario():
    scenario = many_sided()
    plans = phases(scenario)
    source = source_of(scenario, plans)
    assert source_of(scenario, plans) is source
    assert source_of(scenario, phases(scenario)) is source
    assert source_of(load(scenario.plain()), plans) is not source
    gone = ref(source)
    del source, scenario
    gc.collect()
    assert gone() is None


def test_one_scenario_in_two_runs_has_a_source_for_each():
    """A source is of the period that its plans are of."""
    scenario = described()
    whole = phases(scenario)
    short = [replace(plan, shape=replace(plan.shape, end=plan.shape.end // 2)) for plan in whole]
    assert len(draw_cohort(scenario, short, 1, 0)) < len(draw_cohort(scenario, whole, 1, 0))


@pytest.mark.parametrize("size", [1, 100, 5000])
def test_children_do_not_depend_on_the_blocks_they_are_drawn_in(size, monkeypatch):
    source = source_of(many_sided(), phases(many_sided()))
    found = draw(source, 5, 1)
    monkeypatch.setattr("sim.cohort.BLOCK", size)
    assert same(draw(source, 5, 1), found)


@pytest.mark.parametrize("make", [many_sided, described, grouped, *(make for make, _ in RATES.values())])
def test_strips_that_are_sure_to_lie_below_the_rate_do(make):
    """Where every point's height is looked at, the same children enter."""
    scenario = apply(make(), "demand.needs.trend=-0.2@2028-01-01")
    source = source_of(scenario, phases(scenario))
    found = draw(source, 5, 1)
    asked = replace(source)
    vars(asked)["strips"] = replace(source.strips, sure=0)
    assert same(draw(asked, 5, 1), found)
