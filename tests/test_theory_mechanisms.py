"""Theory of single mechanisms through the public face: each against an exact solution that is computed here.

Where no formula is known the queue is a Markov chain, written down transition by transition and solved for its stationary law;
chains that have a textbook formula as a special case are held to it. Checks are made as in :mod:`test_theory`.
"""

from __future__ import annotations

from functools import cache
from math import factorial

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.sparse.linalg import spsolve
from test_theory import (
    DAYS_A_YEAR,
    agrees,
    busy,
    check_loss,
    endless_mean,
    erlang_a,
    erlang_a_served_wait,
    erlang_c,
    of,
    priority_waits,
    replicated,
    varied,
)

import trinn
from scenarios.units import DAY
from sim.records import Kind


def exponential(mean):
    return {"law": "exponential", "mean": mean}


def scenario(services, rate, years, warmup="100d", to="clinic", mix=None, **more):
    """One stream of children to a service."""
    demand = {"children": {"rate": rate, "to": to} | ({"mix": mix} if mix else {})}
    period = {"warmup": warmup, "length": f"{years}y"}
    return trinn.load({"name": "theory", "period": period, "demand": demand, "services": services} | more)


def area(result, measure):
    """A measure of the whole area, one value a replication."""
    table = result.measures
    return table[(table.service == "") & (table.measure == measure)].value.to_numpy()


# Markov chains


def stationary(first, steps):
    """The stationary law of a chain: {state: probability}, of all states that can be reached from the first.

    ``steps(state)`` gives (next state, rate) pairs; what leads out of a truncated chain it must leave out.
    """
    number, rows, columns, rates = {first: 0}, [], [], []
    waiting = [first]
    while waiting:
        here = waiting.pop()
        for state, rate in steps(here):
            if state not in number:
                number[state] = len(number)
                waiting.append(state)
            rows += [number[state], number[here]]
            columns += [number[here], number[here]]
            rates += [rate, -rate]
    size = len(number)
    balance = sparse.csr_matrix((rates, (rows, columns)), shape=(size, size)).tolil()
    balance[0] = np.ones(size)
    law = spsolve(balance.tocsc(), np.eye(1, size)[0])
    assert law.min() > -1e-12
    return dict(zip(number, law.tolist(), strict=True))


def mean_of(law, value):
    return sum(probability * value(state) for state, probability in law.items())


@cache
def rising_lists(low, high, rise, mu, c, most=70):
    """(mean number on the list of the lower class, of the higher) of an M/M/c by priority whose lower class rises on the list.

    The classes are alike in service, so the state is (in course, lower waiting, higher waiting).
    """

    def steps(state):
        served, lower, higher = state
        if served < c:
            yield (served + 1, 0, 0), low + high
        else:
            if lower < most:
                yield (c, lower + 1, higher), low
            if higher < most:
                yield (c, lower, higher + 1), high
        if lower and higher < most:
            yield (c, lower - 1, higher + 1), lower * rise
        if higher:
            yield (c, lower, higher - 1), c * mu
        elif lower:
            yield (c, lower - 1, 0), c * mu
        elif served:
            yield (served - 1, 0, 0), served * mu

    law = stationary((0, 0, 0), steps)
    assert mean_of(law, lambda s: s[1] + s[2] >= most) < 1e-6
    return mean_of(law, lambda s: s[1]), mean_of(law, lambda s: s[2])


def test_the_chain_of_rising_lists_is_cobham_s_where_nobody_rises_and_one_list_where_all_do():
    """Without rising the waits of a non-preemptive M/M/2 with two priorities; the whole list is that of the M/M/2 always."""
    lower, higher = rising_lists(1.0, 0.6, 0.0, 1.0, 2)
    assert (higher / 0.6, lower / 1.0) == pytest.approx(priority_waits((0.6, 1.0), 1, 2), rel=1e-5)
    assert sum(rising_lists(1.0, 0.6, 0.5, 1.0, 2)) == pytest.approx(erlang_c(1.6, 1, 2)[2], rel=1e-6)


@cache
def tandem(lam, first, second, length, most=400):
    """(mean number at the first, at the second, share of time the first is blocked) of two places in a row.

    Blocking after service: whoever is done at the first keeps its place until the second, with so long a list, has room.
    """
    full = length + 1

    def steps(state):
        here, there, blocked = state
        if here < most:
            yield (here + 1, there, blocked), lam
        if here and not blocked:
            yield ((here - 1, there + 1, 0) if there < full else (here, there, 1)), first
        if blocked:
            yield (here - 1, full, 0), second
        elif there:
            yield (here, there - 1, 0), second

    law = stationary((0, 0, 0), steps)
    return tuple(mean_of(law, lambda state, part=part: state[part]) for part in range(3))


def test_the_chain_of_two_places_in_a_row_gives_the_known_values():
    """Blocking after service, 0.5 a day, 1 and 1: to the digits of methods.md, section 2."""
    assert tandem(0.5, 1, 1, 0) == pytest.approx((2.3, 0.5, 0.2), abs=1e-9)
    assert tandem(0.5, 1, 1, 2) == pytest.approx((1.208677413056, 0.858992987059, 0.042415367387), abs=1e-9)
    assert tandem(0.5, 1, 1, 5) == pytest.approx((1.023988319989, 0.979461473890, 0.005055882178), abs=1e-9)


@cache
def balking(lam, mu, c, share, most=400):
    """(share who balk, mean list, P(wait > 0) of those who stay) of an M/M/c where a share balks if the last start had waited.

    The known wait is above 0 from a start off the list until a start at once: the state is (in the system, known wait > 0).
    """

    def steps(state):
        inside, known = state
        comes = lam * (1 - share if known else 1)
        if comes and inside < most:
            yield (inside + 1, known if inside >= c else 0), comes
        if inside:
            yield (inside - 1, 1 if inside > c else known), min(inside, c) * mu

    law = stationary((0, 0), steps)
    stay = {state: probability * (1 - share * state[1]) for state, probability in law.items()}
    return (
        1 - sum(stay.values()),
        mean_of(law, lambda s: max(s[0] - c, 0)),
        sum(p for s, p in stay.items() if s[0] >= c) / sum(stay.values()),
    )


def test_the_chain_of_those_who_balk_is_the_textbook_s_where_nobody_does():
    assert balking(3.5, 1, 5, 0.0) == pytest.approx((0, erlang_c(3.5, 1, 5)[2], erlang_c(3.5, 1, 5)[0]), abs=1e-9)


# Loss systems do not ask for the law of the courses


def check_loss_of(law, seed, years, within):
    course = {"services": {"clinic": {"course": {"length": law}}}}
    check_loss(replicated(varied("loss", period={"length": f"{years}y"}, **course), seed, 40), 5, 5, within)


def test_the_loss_share_is_erlang_b_s_for_two_lengths_of_courses_far_apart():
    """M/G/5/5, a = 5: three in four of 2 hours, one in four of 92: (34 x 2 + 11 x 92) / 45 = 24 hours; below 4 %."""
    lengths = {"law": "observed", "mean": None, "values": ["2h", "92h"], "weights": [34, 11]}
    check_loss_of(lengths, 202, years=2, within=0.04)


@pytest.mark.slow
def test_the_loss_share_is_erlang_b_s_for_uneven_courses():
    """M/G/5/5, a = 5, courses of lognormal law and cv 2: half-widths below 2 %."""
    check_loss_of({"law": "lognormal", "mean": "1d", "cv": 2.0}, 201, years=10, within=0.02)


# Priority that changes while waiting

MILD_AND_MODERATE = {
    "mild": {"severity": "mild", "worsening": "0.5/d", "worsens_to": "moderate"},
    "moderate": {"severity": "moderate"},
}
BY_SEVERITY = {
    "clinic": {"places": 2, "waiting_list": {"order": "severity"}, "course": {"length": exponential("1d")}},
}


def seconds_in(log, end, begins, ends):
    """Child-days between records of some kinds, within the period; ``begins`` and ``ends`` pick rows."""
    total = 0
    for pick, sign in ((begins, 1), (ends, -1)):
        total += sign * int(np.sum(end - np.clip(log.time[pick(log)], 0, end)))
    return total / DAY


def lower_on_the_list(result, end_of_low):
    """Mean number on the list who still count as of the lower class: joined as one, and neither risen nor started."""
    values = []
    for kept in result.replications:
        log, end = kept.log, kept_end(result)
        low = result.plans[0].needs.severity.index(min(result.plans[0].needs.severity))
        joined = lambda log, low=low: (log.kind == Kind.JOINED) & (log.need == low)  # noqa: E731
        values.append(seconds_in(log, end, joined, lambda log, low=low: end_of_low(log, low)) / (end / DAY))
    return np.asarray(values)


def kept_end(result):
    return result.plans[0].shape.end + 1


LOW, HIGH, RISE = 0.8, 0.6, 0.5
"""A day: those who come as of the lower class, as of the higher, and the rate at which the lower become the higher."""


def check_rising(result, end_of_low, within):
    """Mean number of each on the list: the higher move far more by chance, as the whole list does."""
    lower, higher = rising_lists(LOW, HIGH, RISE, 1.0, 2)
    offered = busy(result, LOW + HIGH)
    seen = lower_on_the_list(result, end_of_low)
    agrees(seen, lower, within, offered)
    agrees(of(result, "waiting") - seen, higher, 2 * within, offered)


def worsened_or_started(log, low):
    """The end of being mild on the list. Nobody is untreated elsewhere: there is one service, and all go straight to it."""
    return (log.kind == Kind.WORSENED) | ((log.kind == Kind.STARTED) & (log.need == low))


@cache
def worsening_run(years=6, seed=211):
    built = scenario(BY_SEVERITY, "1.4/d", years, mix={"mild": 4 / 7, "moderate": 3 / 7}, needs=MILD_AND_MODERATE)
    return replicated(built, seed, 40, record="log")


def test_whoever_worsens_on_the_list_moves_up_as_the_chain_says():
    """M/M/2 by severity, 0.8 mild and 0.6 moderate a day, the mild worsen at 0.5 a day: below 8 and 16 %."""
    check_rising(worsening_run(), worsened_or_started, within=0.08)


@pytest.mark.slow
def test_whoever_worsens_on_the_list_moves_up_as_the_chain_says_to_three_percent():
    check_rising(worsening_run(years=40, seed=213), worsened_or_started, within=0.03)


def rising_scenario(years):
    waiting = {"order": "severity", "rises": exponential("2d")}
    services = {"clinic": BY_SEVERITY["clinic"] | {"waiting_list": waiting}}
    needs = {"moderate": {"severity": "moderate"}, "severe": {"severity": "severe"}}
    return scenario(services, "1.4/d", years, mix={"moderate": 4 / 7, "severe": 3 / 7}, needs=needs)


def raised_or_started(log, low):
    """The end of counting as of the lower class on the list; each child has one stay."""
    raised = log.kind == Kind.RAISED
    return raised | ((log.kind == Kind.STARTED) & (log.need == low) & ~np.isin(log.child, log.child[raised]))


def test_whoever_has_waited_long_rises_as_the_chain_says():
    """The same with moderate children who count as severe after 2 days of exponential law: below 8 and 16 %."""
    check_rising(replicated(rising_scenario(6), 212, 40, record="log"), raised_or_started, within=0.08)


@pytest.mark.slow
def test_whoever_has_waited_long_rises_as_the_chain_says_to_three_percent():
    check_rising(replicated(rising_scenario(40), 214, 40, record="log"), raised_or_started, within=0.03)


# Endings that wait for room


@cache
def tandem_run(length, seed, years):
    one = {"places": 1, "course": {"length": exponential("1d")}, "routes": [{"to": "second", "hold": {"at_most": "90y"}}]}
    second = {"places": 1, "waiting_list": {"length": length}, "course": {"length": exponential("1d")}}
    built = scenario({"clinic": one, "second": second}, "0.5/d", years, warmup="1y")
    return replicated(built, seed, 40)


def check_tandem(result, length, within):
    """At the first: on its list, in its course, and done but kept. The handover of a second is lost in the rounding."""
    first, second, blocked = tandem(0.5, 1, 1, length)
    agrees(of(result, "waiting") + of(result, "in_course"), first, within)
    agrees(of(result, "waiting", "second") + of(result, "in_course", "second"), second, within)
    agrees(of(result, "ending_waits"), blocked, within)
    agrees(of(result, "in_course"), 0.5 + blocked, within)


def test_a_place_is_kept_until_the_next_service_has_room_as_in_a_blocking_tandem():
    """Two places in a row and no list between, 0.5 a day: 2.3 and 0.5 children, blocked 0.2 of the time; below 10 %."""
    check_tandem(tandem_run(0, 221, 8), 0, within=0.10)


@pytest.mark.slow
@pytest.mark.parametrize(("length", "within"), [(0, 0.05), (2, 0.06)])
def test_a_list_between_two_places_keeps_the_first_free_more_often(length, within):
    """With a list of two between them 1.209 and 0.859 children, blocked 0.042 of the time; half-widths below 6 %."""
    check_tandem(tandem_run(length, 222 + length, 90), length, within)


# Group courses


@cache
def group_run():
    group = {"length": "3d", "group": {"size": 4}}
    return replicated(scenario({"clinic": {"places": "endless", "course": group}}, "2/d", 3, "20d"), 231, 40)


def test_a_group_that_starts_when_it_is_full_makes_each_wait_for_those_after_it():
    """Groups of 4, 2 children a day, endless room: mean wait (K - 1) / 2 lambda, and one in K starts at once; below 2 %."""
    result = group_run()
    agrees(of(result, "wait_started"), 3 / (2 * 2), 0.02)
    agrees(of(result, "waiting"), 1.5, 0.02)
    assert of(result, "waited") == pytest.approx(3 / 4, abs=0.002)
    agrees(of(result, "in_course"), 6.0, 0.02)


def test_the_list_of_a_group_is_as_often_of_any_length():
    """0, 1, 2 and 3 waiting are met alike often in the weekly series, as the position of who came last is; below 12 %."""
    series = group_run().series
    series = series[series.week >= 0]
    for length in range(4):
        agrees((series.waiting == length).groupby(series.replication).mean(), 0.25, 0.12)


def test_the_nine_in_ten_wait_of_a_group_is_that_of_its_positions():
    """One in four waits for 3, 2, 1 or 0 others: nine in ten started within the 90 % point of that mixture; below 3 %."""
    grid = np.linspace(0, 10, 20001)
    started = 0.25 * (1 + sum(stats.gamma.cdf(grid, k, scale=0.5) for k in (1, 2, 3)))
    agrees(of(group_run(), "wait_90"), float(np.interp(0.9, started, grid)), 0.03)


def test_a_group_on_set_dates_makes_everybody_wait_half_the_time_between_them():
    """Every 7 days, room for all: 3.5 days, whatever the rate; half-widths below 2 and 4 %."""
    group = {"length": "3d", "group": {"size": 1000, "every": "7d"}}
    result = replicated(scenario({"clinic": {"places": "endless", "course": group}}, "2/d", 4, "20d"), 232, 20)
    agrees(of(result, "wait_started"), 3.5, 0.02)
    agrees(of(result, "waiting"), 7.0, 0.04)


def bailey(a, size, most=400):
    """Mean list right after a date, where up to ``size`` leave on each and Poisson(a) come between two (Bailey 1954)."""
    come = stats.poisson.pmf(np.arange(most + 1), a)
    steps = np.zeros((most + 1, most + 1))
    for after in range(most + 1):
        before = after + np.arange(most + 1)
        np.add.at(steps[after], np.clip(before - size, 0, most), come)
    balance = steps.T - np.eye(most + 1)
    balance[0] = 1.0
    law = np.linalg.solve(balance, np.eye(1, most + 1)[0])
    return float(law @ np.arange(most + 1))


def test_a_group_of_limited_size_on_set_dates_leaves_the_rest_for_the_next():
    """A bulk queue (Bailey 1954): every 7 days up to 5 of those who wait, 0.6 a day: mean list and wait; below 11 %."""
    group = {"length": "3d", "group": {"size": 5, "every": "7d"}}
    result = replicated(scenario({"clinic": {"places": 1, "course": group}}, "0.6/d", 12, "1y"), 233, 40)
    mean = bailey(0.6 * 7, 5) + 0.6 * 7 / 2
    agrees(of(result, "waiting"), mean, 0.11)
    agrees(of(result, "wait_list_left"), mean / 0.6, 0.11)


# Endless service with demand that moves


def check_waves(law, survival, seed, years, within, known=()):
    theory = {day: endless_mean(day, 10, 6, 12, 3, survival) for day in (0, 3, 6, 9)}
    assert list(theory.values())[: len(known)] == pytest.approx(known, abs=1e-6)
    course = {"services": {"clinic": {"course": {"length": law}}}}
    series = replicated(varied("endless", period={"length": f"{years}y"}, **course), seed, 40).series
    series = series[series.week >= 0]
    for day, mean in theory.items():
        here = series[series.week * 7 % 12 == day]
        agrees(here.groupby("replication").in_course.mean(), mean, within)


def test_fixed_courses_follow_the_waves_of_demand():
    """M(t)/D/inf, 10 + 6 sin(2 pi t / 12) a day, 3 days: the mean at four moments of the cycle, half-widths below 6 %."""
    check_waves("3d", lambda u: float(u < 3), seed=242, years=2, within=0.06)


@pytest.mark.slow
def test_courses_of_an_erlang_law_follow_the_waves_of_demand():
    """M(t)/E4/inf: 19.18 and 38.58 at the moments 0 and 3 of the cycle (methods.md, section 2), half-widths below 2 %."""
    law = {"law": "gamma", "mean": "3d", "cv": 0.5}
    check_waves(law, stats.gamma(4, scale=0.75).sf, seed=241, years=20, within=0.02, known=(19.176866733890, 38.578088750387))


# Patience of any law


def offered_wait(lam, mu, c, survival, furthest=60.0, points=120_001):
    """(share who give up, mean list, mean wait of the served) of an M/M/c + G (Baccelli and Hebuterne 1981).

    The wait that is offered has the density lam p exp(lam I(x) - c mu x), where I is the integral of the survival function of
    patience and p the weight of c - 1 in course; patience decides who waits it out.
    """
    x = np.linspace(0, furthest, points)
    step = x[1]
    alive = survival(x)
    lasts = np.concatenate([[0], np.cumsum((alive[1:] + alive[:-1]) / 2 * step)])
    below = [(lam / mu) ** n / factorial(n) for n in range(c)]
    density = lam * below[-1] * np.exp(lam * lasts - c * mu * x)
    weight = sum(below) + np.trapezoid(density, x)
    gave_up = float(np.trapezoid(density * (1 - alive), x) / weight)
    queue = lam * float(np.trapezoid(density * lasts, x) / weight)
    waited = float(np.trapezoid(density * alive * x, x) / weight)
    return gave_up, queue, waited / (1 - gave_up)


def test_the_offered_wait_is_erlang_a_s_for_exponential_patience():
    theory = (*erlang_a(6, 1, 0.5, 5)[:2], erlang_a_served_wait(6, 1, 0.5, 5))
    assert offered_wait(6, 1, 5, lambda x: np.exp(-0.5 * x)) == pytest.approx(theory, rel=1e-5)


def steps_down(x):
    """Patience of a quarter of a day, a day or four days, 5 : 3 : 2."""
    return 0.5 * (x < 0.25) + 0.3 * (x < 1) + 0.2 * (x < 4)


@cache
def patience_run(law):
    laws = {
        "uneven": {"law": "gamma", "mean": "2d", "cv": 2.0},
        "even": {"law": "gamma", "mean": "2d", "cv": 0.5},
        "observed": {"law": "observed", "mean": None, "values": ["6h", "1d", "4d"], "weights": [5, 3, 2]},
    }
    patience = {"services": {"clinic": {"patience": laws[law]}}}
    seed = 250 + list(laws).index(law)
    return replicated(varied("impatience", period={"warmup": "30d", "length": "2y"}, **patience), seed)


@pytest.mark.parametrize(
    ("law", "survival"),
    [
        ("uneven", stats.gamma(0.25, scale=8).sf),
        pytest.param("even", stats.gamma(4, scale=0.5).sf, marks=pytest.mark.slow),
        ("observed", steps_down),
    ],
)
def test_those_whose_patience_depends_on_the_wait_give_up_as_the_offered_wait_says(law, survival):
    """M/M/5 + G, 6 a day, patience of cv 2, of cv 0.5 and of three lengths: who give up, list and wait; below 6 %."""
    gave_up, queue, waited = offered_wait(6, 1, 5, survival)
    result = patience_run(law)
    agrees(of(result, "gave_up_share"), gave_up, 0.06)
    agrees(of(result, "waiting"), queue, 0.06)
    agrees(of(result, "wait_list_started"), waited, 0.06)
    agrees(of(result, "in_course"), 6 * (1 - gave_up), 0.06)


# Closures


def weekends(weeks):
    """Every Saturday and Sunday: the start date is a Monday."""
    first = np.datetime64("2027-01-04")
    return [[str(first + 7 * n + 5), str(first + 7 * n + 6)] for n in range(weeks)]


def with_weekends(services, rate, weeks=200):
    return trinn.load(
        {
            "name": "closed at weekends",
            "period": {"length": f"{weeks}w"},
            "demand": {"children": {"rate": rate, "to": "clinic"}},
            "calendars": {"week": {"dates": weekends(weeks + 60)}},
            "services": {"clinic": {"calendar": "week", **services}},
        }
    )


def test_endless_service_closed_at_weekends_keeps_children_for_as_long_as_arithmetic_says():
    """2 in 7 come while it is closed and wait a day on average; five working days last a week, or five days from a Monday.

    Half-widths below 4 %. Whoever starts as the week opens is done as it closes: 2/7 x 5 + 5/7 x 7 days.
    """
    result = replicated(with_weekends({"places": "endless", "course": {"length": "5d"}}, "2/d"), 261, 40)
    agrees(of(result, "waited"), 2 / 7, 0.04)
    agrees(of(result, "wait_started"), 2 / 7, 0.04)
    first_week = 7 / (200 * 7) * 6.5  # from an empty beginning: what the first courses lack, at most
    agrees(of(result, "in_course"), 2 * (2 / 7 * 5 + 5 / 7 * 7), 0.03 + first_week / 13)


def test_a_service_that_is_always_full_gives_the_hours_it_is_open():
    """Three places, more children than they can take, courses of a day of exponential law: 3 x 5/7 a day; below 3 %."""
    result = replicated(with_weekends({"places": 3, "course": {"length": exponential("1d")}}, "6/d", 150), 262, 20)
    agrees(of(result, "started") / DAYS_A_YEAR, 3 * 5 / 7, 0.03)


def test_places_that_are_taken_for_a_working_week_start_one_child_a_week_each():
    """Courses of five working days that begin as the week opens are over as it closes: 3 places, 150 weeks, 450 starts."""
    result = replicated(with_weekends({"places": 3, "course": {"length": "5d"}, "opening_list": 9}, "6/d", 150), 263, 2)
    span = kept_end(result) / DAY / DAYS_A_YEAR
    last = 3  # as the period ends, on a Monday
    assert (of(result, "started") * span).tolist() == pytest.approx([3 * 150 + last] * 2)


# Posts that fall vacant


def test_the_share_of_posts_that_are_filled_is_the_stay_over_stay_and_recruitment():
    """Ten posts, people stay 200 days and are replaced in 50: 80 % of the hours are there, courses fill them; below 3 %."""
    stay, recruit = {"law": "gamma", "mean": "200d", "cv": 0.7}, {"law": "lognormal", "mean": "50d", "cv": 1.2}
    nurse = {"fte": 10, "turnover": {"stay": stay, "recruit": recruit}}
    clinic = {"staff": {"nurse": nurse}, "course": {"length": "30d", "hours": 37.5}}
    result = replicated(scenario({"clinic": clinic}, "0.2/d", 8, "10d"), 271, 40)
    series = result.series[result.series.week >= 0]
    agrees(series.groupby("replication").capacity.mean() / 375, 0.8, 0.03)
    # 0.2 x 30 = 6 of about 8 posts: whoever comes is served in the end
    agrees(of(result, "hours") / 37.5, 6.0, 0.04)


# Hidden need, and need that comes back


def test_hidden_children_are_found_before_the_need_passes_in_proportion_to_the_rates():
    """Found at 3 a year, passing at 2: three fifths are found; half-width below 3 %."""
    need = {"need": {"seek": 0.0, "remission": "2/y"}}
    doors = {"school": {"share": 1.0, "to": "clinic", "finds": {"rate": "3/y"}}}
    clinic = {"places": "endless", "course": {"length": "1d"}}
    built = trinn.load(
        {"name": "hidden", "period": {"warmup": "2y", "length": "4y"}, "needs": need, "doors": doors,
         "demand": {"children": {"rate": "1/d"}}, "services": {"clinic": clinic}}
    )  # fmt: skip
    result = replicated(built, 281, 40)
    agrees(area(result, "found") / DAYS_A_YEAR, 3 / 5, 0.03)
    agrees(area(result, "left_unhelped") / DAYS_A_YEAR, 2 / 5, 0.03)
    agrees(of(result, "children_in") / DAYS_A_YEAR, 3 / 5, 0.03)


def test_a_need_that_comes_back_after_every_recovery_makes_episodes_of_geometric_number():
    """Three in five recover and come back, the others do neither: 1 / (1 - 0.6) = 2.5 episodes a child; below 3 %."""
    outcomes = {"matched": {"recovered": 0.6, "unchanged": 0.4}}
    clinic = {"places": "endless", "course": {"length": exponential("5d")}, "outcomes": outcomes}
    built = scenario({"clinic": clinic}, "1/d", 4, "1y", needs={"need": {"relapse": "12/y"}})
    result = replicated(built, 282, 40)
    agrees(of(result, "children_in") / DAYS_A_YEAR, 2.5, 0.03)
    agrees(area(result, "relapsed") / DAYS_A_YEAR, 1.5, 0.04)
    agrees(of(result, "in_course"), 2.5 * 5, 0.03)


# Known waits that keep children away


@cache
def balking_run():
    clinic = {"places": 3, "course": {"length": exponential("1d")}, "balking": [{"over": "0s", "share": 0.5}]}
    return replicated(scenario({"clinic": clinic}, "3/d", 4), 291, 40)


def test_those_who_balk_at_any_known_wait_are_as_many_as_the_chain_says():
    """M/M/3 offered 3 a day, half do not join while the last who started had waited: balking, list, waits; below 3 to 9 %."""
    balked, queue, waits = balking(3, 1, 3, 0.5)
    result = balking_run()
    agrees(of(result, "balked") / of(result, "children_in"), balked, 0.04)
    agrees(of(result, "waiting"), queue, 0.09)
    agrees(of(result, "waited"), waits, 0.03)
    agrees(of(result, "in_course"), 3 * (1 - balked), 0.04)


# The checks themselves can fail


def test_a_check_of_a_mechanism_refuses_a_theory_that_is_a_tenth_off():
    """The values that agree with the chains, the groups and the offered wait do not agree with 0.9 or 1.1 times these."""
    rises = worsening_run()
    lower, _ = rising_lists(LOW, HIGH, RISE, 1.0, 2)
    for values, theory, control in (
        (lower_on_the_list(rises, worsened_or_started), lower, busy(rises, LOW + HIGH)),
        (of(tandem_run(0, 221, 8), "ending_waits"), 0.2, None),
        (of(group_run(), "wait_started"), 0.75, None),
        (of(patience_run("uneven"), "gave_up_share"), offered_wait(6, 1, 5, stats.gamma(0.25, scale=8).sf)[0], None),
        (of(balking_run(), "waiting"), balking(3, 1, 3, 0.5)[1], None),
    ):
        agrees(values, theory, 0.1, control)
        for wrong in (0.9 * theory, 1.1 * theory):
            with pytest.raises(AssertionError, match="by theory"):
                agrees(values, wrong, 0.1, control)
