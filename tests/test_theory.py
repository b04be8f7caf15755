"""Queueing theory through the public face: the library's example files are loaded, run, and held to the textbooks.

Every check compares a mean over independent replications of pinned seeds with a formula that is computed here. It passes when
the two are within the half-width of the mean, and only if that half-width is no more than the share of the theory that the test
states: a check that could not see an error of that size is itself a failure. The half-width is four standard errors, and where
replications are few the t value that is as rare as four standard errors of a normal law.

The formulas are held to the values of the project's notes on methods (section 2), which were found apart from this program.
"""

from __future__ import annotations

from functools import cache
from math import exp, factorial, log, sqrt

import numpy as np
import pytest
from scipy import integrate, sparse, stats

from scenarios.load import load
from scenarios.units import DAY, YEAR
from sim.records import Kind
from sim.replicate import run

CHANCE = 2 * stats.norm.sf(4)
"""How often a right program fails one check with a fresh seed: one in 16 000."""
DAYS_A_YEAR = YEAR / DAY


# How a check is made


def rare(freedom):
    """The t value that is as rare as four standard errors of a normal law."""
    return float(stats.t.isf(CHANCE / 2, freedom))


def estimate(values):
    """(mean, half-width) of one value a replication."""
    values = np.asarray(values, dtype=np.float64)
    return float(values.mean()), rare(len(values) - 1) * float(values.std(ddof=1)) / sqrt(len(values))


def controlled(values, control, known):
    """(mean, half-width) of values whose chance part is partly seen in a control of known mean (Lavenberg and Welch 1981).

    A regression on the control, read off at its known mean: half as many replications give the same width.
    """
    y, x = np.asarray(values, dtype=np.float64), np.asarray(control, dtype=np.float64)
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread
    residual = y - y.mean() - slope * (x - x.mean())
    error = sqrt(float((residual**2).sum()) / (len(y) - 2) * (1 / len(y) + (x.mean() - known) ** 2 / spread))
    return float(y.mean() - slope * (x.mean() - known)), rare(len(y) - 2) * error


def agrees(values, theory, within, control=None):
    """Hold the mean of one value a replication to the theory.

    ``within``: the largest half-width, as a share of the theory. ``control``: (values, known mean) of a control, if any.
    """
    seen, half = estimate(values) if control is None else controlled(values, *control)
    assert half <= within * abs(theory), f"half-width {half:.4g} is above {within:.1%} of {theory:.6g}: too little is simulated"
    assert abs(seen - theory) <= half, f"{seen:.6g} ± {half:.4g} seen, {theory:.6g} by theory"


def varied(example, *changes, **over):
    """An example with other settings, and with changes that hold from the beginning of the warm-up."""
    return load({"base": example, "changes": [{"set": change, "from": "beginning"} for change in changes]} | over)


def replicated(scenario, seed, replications=40, record="weekly"):
    return run(scenario, replications=replications, seed=seed, workers=1, record=record)


def of(result, measure, service="clinic"):
    """A measure of a service, one value a replication."""
    table = result.measures
    return table[(table.service == service) & (table.measure == measure)].value.to_numpy()


def busy(result, load_offered, service="clinic"):
    """The control most queues have: the mean number in course, which is the offered load."""
    return of(result, "in_course", service), load_offered


# Runs that more than one test reads


@cache
def loss_run():
    return replicated(varied("loss", period={"warmup": "30d", "length": "5y"}), seed=101)


@cache
def quiet_run():
    """Five places at rho 0.7."""
    return replicated(varied("one_service", "demand.children.rate=3.5/d", period={"warmup": "90d", "length": "8y"}), seed=104)


@cache
def impatient_run():
    return replicated(varied("impatience", period={"warmup": "30d", "length": "3y"}), seed=141)


# The formulas


def erlang_b(a, c):
    """Share turned away of an M/M/c/c with offered load a (Erlang 1917): B_n = a B_(n-1) / (n + a B_(n-1))."""
    blocked = 1.0
    for n in range(1, c + 1):
        blocked = a * blocked / (n + a * blocked)
    return blocked


def erlang_c(lam, mu, c):
    """P(wait > 0), mean wait and mean list of an M/M/c (Erlang 1917; Gross and Harris, Fundamentals of Queueing Theory)."""
    a = lam / mu
    blocked = erlang_b(a, c)
    waits = c * blocked / (c - a * (1 - blocked))
    wait = waits / (c * mu - lam)
    return waits, wait, lam * wait


def pollaczek_khinchine(rho, mean, cv):
    """Mean wait of an M/G/1 (Pollaczek 1930, Khinchine 1932): rho (1 + cv^2) / 2 x E[S] / (1 - rho)."""
    return rho * (1 + cv**2) / 2 * mean / (1 - rho)


def erlang_a(lam, mu, theta, c):
    """(share who give up, mean list, P(wait > 0)) of an M/M/c with exponential patience (Palm 1957), by birth and death."""
    weight, weights = 1.0, [1.0]
    for n in range(1, c + 2000):
        weight *= lam / (min(n, c) * mu + max(n - c, 0) * theta)
        weights.append(weight)
    law = np.asarray(weights) / sum(weights)
    queue = float(np.dot(law, np.maximum(np.arange(len(law)) - c, 0)))
    return theta * queue / lam, queue, float(law[c:].sum())


def erlang_a_served_wait(lam, mu, theta, c):
    """Mean wait of those who are served in an M/M/c with exponential patience (Garnett, Mandelbaum and Reiman 2002).

    A child who meets n others ahead on the list of c busy places starts after n + 1 exits of rates c mu + k theta (k = n..0),
    during each of which it gives up with hazard theta: E[W; served] is summed over n with the law of what an arrival meets.
    """
    weight, weights = 1.0, [1.0]
    for n in range(1, c + 400):
        weight *= lam / (min(n, c) * mu + max(n - c, 0) * theta)
        weights.append(weight)
    law = np.asarray(weights) / sum(weights)
    served, waited = float(law[:c].sum()), 0.0
    stays, time = 1.0, 0.0  # P(served) and mean time given served, for somebody with n ahead
    for n in range(400):
        rate = c * mu + (n + 1) * theta  # the next exit: a course ends, one of n ahead gives up, or oneself does
        stays *= (rate - theta) / rate
        time += 1 / rate
        served += float(law[c + n]) * stays
        waited += float(law[c + n]) * stays * time
    return waited / served


def priority_waits(rates, mu, c):
    """Mean wait by priority of a non-preemptive M/M/c with one law of service (Cobham 1954; Kella and Yechiali 1985)."""
    base = erlang_c(sum(rates), mu, c)[0] / (c * mu)
    waits, above = [], 0.0
    for rate in rates:
        here = above + rate / (c * mu)
        waits.append(base / ((1 - above) * (1 - here)))
        above = here
    return waits


def jackson(gamma, routing, mu, c):
    """(arrival rate, mean number) by node of an open network (Jackson 1957): lam = (I - P')^-1 gamma, nodes as M/M/c."""
    lam = np.linalg.solve(np.eye(len(gamma)) - np.asarray(routing).T, np.asarray(gamma))
    return lam, [erlang_c(rate, m, k)[2] + rate / m for rate, m, k in zip(lam, mu, c, strict=True)]


def endless_mean(t, rate, swing, period, mean, survival):
    """Mean number in an M(t)/G/inf at time t (Eick, Massey and Whitt 1993): the integral of rate(t - u) P(S > u) du."""
    turn = 2 * np.pi / period
    cosine = integrate.quad(lambda u: np.cos(turn * u) * survival(u), 0, 60 * mean, limit=500)[0]
    sine = integrate.quad(lambda u: np.sin(turn * u) * survival(u), 0, 60 * mean, limit=500)[0]
    return rate * mean + swing * (np.sin(turn * t) * cosine - np.cos(turn * t) * sine)


def lognormal_survival(mean, cv):
    sigma = sqrt(log(1 + cv**2))
    return stats.lognorm(sigma, scale=mean * exp(-(sigma**2) / 2)).sf


@cache
def loaded_law(lam, mu, c, first, time, most=600):
    """The law of the number in an M/M/c at a time, from a known number (Kolmogorov's forward equations)."""
    n = np.arange(most + 1)
    up, down = np.where(n < most, lam, 0.0), np.minimum(n, c) * mu
    forward = sparse.diags([up[:-1], -(up + down), down[1:]], [-1, 0, 1], format="csc")
    start = np.zeros(most + 1)
    start[first] = 1.0
    return sparse.linalg.expm_multiply(forward * time, start)


def loaded_list(lam, mu, c, first, time):
    """Mean number on the list of an M/M/c at a time, from ``first`` children on the first day, the c who start included."""
    law = loaded_law(lam, mu, c, first, time)
    return float(law @ np.maximum(np.arange(len(law)) - c, 0))


# The formulas against the values of the notes on methods


def test_the_formulas_give_the_known_values_of_single_services():
    """Erlang B, C and A, Pollaczek-Khinchine and priorities, to the digits of methods.md, section 2."""
    assert erlang_b(5, 5) == pytest.approx(0.284867821331, abs=1e-12)
    assert erlang_b(20, 25) == pytest.approx(0.050221777891, abs=1e-12)
    assert erlang_c(4.5, 1, 5) == pytest.approx((0.762493220733, 1.524986441466, 6.862438986596), abs=1e-11)
    assert [erlang_c(0.9 * c, 1, c)[1] for c in (1, 2, 10)] == pytest.approx([9, 4.263157894737, 0.668731524108], abs=1e-11)
    assert [pollaczek_khinchine(0.8, 1, sqrt(v)) for v in (0, 0.5, 1, 2.25)] == pytest.approx([2, 3, 4, 6.5])
    assert erlang_a(6, 1, 0.5, 5) == pytest.approx((0.226386610005, 2.716639320061, 0.802838464577), abs=1e-11)
    assert erlang_a_served_wait(6, 1, 0.5, 5) == pytest.approx(0.452165741169, abs=1e-11)
    assert priority_waits((1, 1.5, 2), 1, 5) == pytest.approx([0.190623305183, 0.381246610366, 3.049972882932], abs=1e-11)


def test_erlang_b_by_recursion_is_erlang_b_by_its_sum():
    """The recursion and the definition a^c/c! / sum a^n/n! agree."""
    assert erlang_b(5, 5) == pytest.approx(5**5 / factorial(5) / sum(5**n / factorial(n) for n in range(6)))


GAMMA, MU, PLACES = (1.0, 0.5, 0.0), (1.0, 0.9, 0.8), (3, 3, 2)
ROUTING = ((0.1, 0.5, 0.2), (0.1, 0.2, 0.3), (0.0, 0.1, 0.1))


def test_the_formulas_give_the_known_values_of_networks_and_of_time():
    """Jackson, M(t)/G/inf and the loaded list, to the digits of methods.md, section 2."""
    lam, number = jackson(GAMMA, ROUTING, MU, PLACES)
    assert lam == pytest.approx([1.280487804878, 1.524390243902, 0.792682926829], abs=1e-11)
    assert number == pytest.approx([1.403003404642, 2.096528955104, 1.313167709132], abs=1e-11)
    assert sum(number) / sum(GAMMA) == pytest.approx(3.208466712585, abs=1e-11)
    known = {0: 21.845669691895, 3: 35.191207904556, 6: 38.154330308105, 9: 24.808792095444}
    for t, value in known.items():
        assert endless_mean(t, 10, 6, 12, 3, lambda u: np.exp(-u / 3)) == pytest.approx(value, abs=1e-6)
    wide = lognormal_survival(3, 1.0)
    assert [endless_mean(t, 10, 6, 12, 3, wide) for t in (0, 3)] == pytest.approx([21.713130650036, 36.561571951009], abs=1e-6)
    assert [loaded_list(4.5, 1, 5, 105, t) for t in (40, 200)] == pytest.approx([80.000105211, 19.885183003], abs=1e-5)


# The check itself can fail


def test_a_check_refuses_a_theory_that_is_a_tenth_off():
    """The same simulated values that agree with Erlang B, C and A do not agree with 0.9 or 1.1 times what these say."""
    quiet = quiet_run()
    for values, theory, control in (
        (of(loss_run(), "refused_share"), erlang_b(5, 5), None),
        (of(quiet, "waited"), erlang_c(3.5, 1, 5)[0], busy(quiet, 3.5)),
        (of(quiet, "waiting"), erlang_c(3.5, 1, 5)[2], busy(quiet, 3.5)),
        (of(impatient_run(), "gave_up_share"), erlang_a(6, 1, 0.5, 5)[0], None),
    ):
        agrees(values, theory, 0.1, control)
        for wrong in (0.9 * theory, 1.1 * theory):
            with pytest.raises(AssertionError, match="by theory"):
                agrees(values, wrong, 0.1, control)


def test_a_check_refuses_to_speak_from_too_little():
    """Three short replications of a busy service are no test of its mean list, however near they come."""
    result = replicated(varied("one_service", period={"length": "60d"}), seed=5, replications=3)
    with pytest.raises(AssertionError, match="too little is simulated"):
        agrees(of(result, "waiting"), erlang_c(4.5, 1, 5)[2], within=0.1)


def test_a_control_narrows_an_interval_and_keeps_what_it_holds():
    """Of 2000 means of 40 correlated pairs the controlled interval of 95 % holds the truth in 93 to 97 %, and is narrower."""
    random = np.random.default_rng(1)
    x = random.standard_normal((2000, 40))
    y = 3 + 0.8 * x + 0.6 * random.standard_normal((2000, 40))
    wide = stats.t.isf(0.025, 38) / rare(38)  # the same interval at 95 %
    found = [controlled(b, a, 0.0) for a, b in zip(x, y, strict=True)]
    held = np.mean([abs(mean - 3) <= half * wide for mean, half in found])
    assert 0.93 < held < 0.97
    assert np.mean([half for _, half in found]) < 0.7 * np.mean([estimate(b)[1] for b in y])


# One service


def check_loss(result, a, c, within):
    blocked = erlang_b(a, c)
    agrees(of(result, "refused_share"), blocked, within)
    agrees(of(result, "in_course"), a * (1 - blocked), within)
    assert not of(result, "waiting").any(), "nobody ever stands on a list of no length"


def test_a_list_of_no_length_turns_away_the_share_of_erlang_b():
    """M/M/5/5, a = 5: the share refused and the mean number in course, half-widths below 3 % (Erlang 1917)."""
    check_loss(loss_run(), 5, 5, within=0.03)


def test_the_loss_share_does_not_depend_on_the_law_of_the_courses():
    """M/G/5/5 is insensitive: fixed courses of the same mean lose the same share (Sevastyanov 1957), half-width below 3 %."""
    check_loss(replicated(varied("loss", "clinic.course.length=1d", period={"length": "3y"}), 102, 30), 5, 5, within=0.03)


@pytest.mark.slow
def test_a_wide_loss_system_turns_away_the_share_of_erlang_b():
    """M/M/25/25, a = 20: a share of 5.02 %, half-width below 4 %."""
    check_loss(replicated(varied("loss", "clinic.places=25", "demand.children.rate=20/d"), seed=103), 20, 25, within=0.04)


def check_waits(result, lam, mu, c, within):
    """The mean number in course by itself, the rest with it as a control."""
    waits, wait, queue = erlang_c(lam, mu, c)
    offered = busy(result, lam / mu)
    agrees(offered[0], lam / mu, within)
    agrees(of(result, "waited"), waits, within, offered)
    agrees(of(result, "wait_list_started"), wait, within, offered)
    agrees(of(result, "waiting"), queue, within, offered)


def test_waits_for_five_places_are_those_of_erlang_c():
    """M/M/5 at rho 0.7: P(W > 0), mean wait, mean list and mean number in course, half-widths below 8 % (Erlang 1917)."""
    check_waits(quiet_run(), 3.5, 1, 5, within=0.08)


@pytest.mark.slow
def test_waits_in_heavy_traffic_are_those_of_erlang_c():
    """M/M/5 at rho 0.9, as the example stands: half-widths below 5 % of 1.525 days and 6.862 children."""
    check_waits(replicated(varied("one_service", period={"length": "60y"}), seed=105), 4.5, 1, 5, within=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("c", "years", "within"), [(1, 95, 0.12), (2, 95, 0.09), (10, 40, 0.06)])
def test_waits_for_any_number_of_places_are_those_of_erlang_c(c, years, within):
    """M/M/c at rho 0.9 and 1, 2 and 10 places: half-widths below 12, 9 and 6 %."""
    changes = (f"clinic.places={c}", f"demand.children.rate={0.9 * c:g}/d")
    result = replicated(varied("one_service", *changes, period={"warmup": "3y", "length": f"{years}y"}), seed=106 + c)
    check_waits(result, 0.9 * c, 1, c, within)


def check_one_place(law, cv, rho, years, seed, within):
    """At a service with one place, by Pollaczek and Khinchine."""
    length = "1d" if law == "fixed" else {"law": law, "mean": "1d", "cv": cv}
    scenario = load(
        {
            "base": "general_service",
            "period": {"warmup": "1y", "length": f"{years}y"},
            "demand": {"children": {"rate": f"{rho}/d"}},
            "services": {"clinic": {"course": {"length": length}}},
        }
    )
    result = replicated(scenario, seed)
    wait = pollaczek_khinchine(rho, 1.0, cv)
    offered = busy(result, rho)
    agrees(offered[0], rho, within)
    agrees(of(result, "waited"), rho, within)
    agrees(of(result, "wait_list_started"), wait, within, offered)
    agrees(of(result, "waiting"), rho * wait, within, offered)


@pytest.mark.parametrize(
    ("law", "cv", "years", "within"),
    [("fixed", 0.0, 10, 0.07), ("gamma", 0.5, 10, 0.07), ("lognormal", 1.0, 15, 0.08), ("gamma", 1.5, 15, 0.08),
     ("gamma", 2.0, 20, 0.09)],
)  # fmt: skip
def test_the_wait_for_one_place_grows_with_the_square_of_the_variation(law, cv, years, within):
    """M/G/1 at rho 0.5, cv 0 to 2: mean wait, mean list, share who wait; half-widths below 7 to 9 % (Pollaczek-Khinchine)."""
    check_one_place(law, cv, 0.5, years, 120, within)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("law", "cv", "within"),
    [("fixed", 0.0, 0.05), ("gamma", 0.5, 0.05), ("gamma", 1.0, 0.06), ("gamma", 1.5, 0.07), ("gamma", 2.0, 0.08),
     ("lognormal", 0.5, 0.05), ("lognormal", 1.0, 0.06), ("lognormal", 1.5, 0.10), ("lognormal", 2.0, 0.15)],
)  # fmt: skip
def test_the_wait_for_one_busy_place_grows_with_the_square_of_the_variation(law, cv, within):
    """M/G/1 at rho 0.8, cv 0 to 2: half-widths below 5 to 15 %, of means from 2 to 10 days."""
    check_one_place(law, cv, 0.8, 90, 121, within)


def check_endless(survival, law, seed, within, replications, years):
    """The mean number in course at four moments of the cycle, and its variance: the law is Poisson, so the two are equal."""
    course = {"services": {"clinic": {"course": {"length": law}}}}
    result = replicated(varied("endless", period={"length": f"{years}y"}, **course), seed, replications)
    series = result.series[result.series.week >= 0]
    agrees(of(result, "in_course"), 30.0, within)
    spread = []
    for day in (0, 3, 6, 9):  # weeks of seven days meet every day of a cycle of twelve
        here = series[series.week * 7 % 12 == day]
        theory = endless_mean(day, 10, 6, 12, 3, survival)
        agrees(here.groupby("replication").in_course.mean(), theory, within)
        spread.append(((here.in_course - theory) ** 2 / theory).groupby(here.replication).mean())
    agrees(np.mean(spread, axis=0), 1.0, 5 * within)


def test_children_in_endless_service_follow_the_waves_of_demand():
    """M(t)/M/inf, 10 + 6 sin(2 pi t / 12) a day, 3 days: mean and variance at four moments, half-widths of means below 5 %."""
    law = {"law": "exponential", "mean": "3d"}
    check_endless(lambda u: np.exp(-u / 3), law, seed=131, within=0.05, replications=40, years=3)


@pytest.mark.slow
def test_children_in_endless_service_with_uneven_courses_follow_the_waves_of_demand():
    """M(t)/G/inf with lognormal courses of cv 1: half-widths below 2 % (Eick, Massey and Whitt 1993)."""
    law = {"law": "lognormal", "mean": "3d", "cv": 1.0}
    check_endless(lognormal_survival(3, 1.0), law, seed=132, within=0.02, replications=40, years=25)


def test_impatient_children_leave_and_wait_as_erlang_a_says():
    """M/M/5 with patience of 2 days, 6 a day: share who give up, mean list, wait of the served; half-widths below 5 %."""
    result = impatient_run()
    gave_up, queue, waits = erlang_a(6, 1, 0.5, 5)
    agrees(of(result, "gave_up_share"), gave_up, 0.05)
    agrees(of(result, "waiting"), queue, 0.05)
    agrees(of(result, "wait_list_started"), erlang_a_served_wait(6, 1, 0.5, 5), 0.05)
    agrees(of(result, "wait_list_left"), queue / 6, 0.05)
    agrees(of(result, "in_course"), 6 * (1 - gave_up), 0.05)
    # whoever gave up had to wait; nobody gives up in the instant of coming
    met = of(result, "waited") * of(result, "started") + of(result, "gave_up")
    agrees(met / of(result, "children_in"), waits, 0.05)


def waits_by_need(result):
    """Mean wait on the list in days of those who started in the period: replication x need."""
    rows = []
    for kept in result.replications:
        starts = kept.log.of(Kind.STARTED)
        starts = starts.where(starts.time >= 0)
        days = (starts.time - starts.since) / DAY
        rows.append(np.bincount(starts.need, days) / np.bincount(starts.need))
    return np.asarray(rows)


def check_priorities(scenario, rates, seeds, replications, within):
    """Runs of several seeds, one after the other: all records of all of them at once would fill the memory."""
    seen, in_course = [], []
    for seed in seeds:
        result = replicated(scenario, seed, replications, record="log")
        assert result.plans[0].needs.names == ("severe", "moderate", "mild")
        seen.append(waits_by_need(result))
        in_course.append(of(result, "in_course"))
    waits, control = np.concatenate(seen), (np.concatenate(in_course), sum(rates))
    for need, theory in enumerate(priority_waits(rates, 1, 5)):
        agrees(waits[:, need], theory, within, control)


def test_the_more_severe_wait_less_as_the_theory_of_priorities_says():
    """Non-preemptive M/M/5 with three priorities at rho 0.7: mean wait of each, half-widths below 9 % (Cobham 1954)."""
    rates = tuple(3.5 / 4.5 * rate for rate in (1, 1.5, 2))
    quiet = varied("priorities", "demand.children.rate=3.5/d", period={"warmup": "90d", "length": "5y"})
    check_priorities(quiet, rates, seeds=[151], replications=40, within=0.09)


@pytest.mark.slow
def test_priorities_in_heavy_traffic_are_those_of_the_theory():
    """The example as it stands, rho 0.9: 0.191, 0.381 and 3.050 days, half-widths below 7 %."""
    busy_for_long = varied("priorities", period={"length": "40y"})
    check_priorities(busy_for_long, (1, 1.5, 2), seeds=range(1520, 1528), replications=5, within=0.07)


def test_the_table_of_events_tells_the_waits_that_the_records_tell():
    """``result.events`` gives the same mean wait by need as the records it is made from, to rounding."""
    result = replicated(varied("priorities", period={"length": "90d", "warmup": "0s"}), 153, replications=1, record="log")
    starts = result.events(0).query("kind == 'started'")
    assert starts.groupby("need").wait_days.mean()[["severe", "moderate", "mild"]].to_list() == pytest.approx(
        waits_by_need(result)[0].tolist()
    )


# Networks


def check_network(scenario, gamma, routing, mu, places, seed, within):
    result = replicated(scenario, seed)
    lam, number = jackson(gamma, routing, mu, places)
    total = np.zeros(len(result.replications))
    for service, rate, mean, each in zip(scenario.services, lam, number, mu, strict=True):
        inside = of(result, "waiting", service) + of(result, "in_course", service)
        agrees(of(result, "children_in", service), rate * DAYS_A_YEAR, within)
        agrees(inside, mean, within, busy(result, rate / each, service))
        total += inside
    agrees(total / sum(gamma), sum(number) / sum(gamma), within)  # mean time from coming to leaving, by Little's law


def test_two_services_in_tandem_with_a_way_back_are_a_jackson_network():
    """1.5 a day, a quarter come back: 2 a day at each service, three places each; half-widths below 5 % (Jackson 1957)."""
    check_network(load("tandem"), (1.5, 0), ((0, 1), (0.25, 0)), (1, 1), (3, 3), seed=161, within=0.05)


def test_three_services_with_many_ways_are_a_jackson_network():
    """The network of methods.md: arrival rates and numbers of three services; half-widths below 5 % (Jackson 1957)."""
    check_network(load("jackson"), GAMMA, ROUTING, MU, PLACES, seed=162, within=0.05)


@pytest.mark.slow
def test_three_services_with_many_ways_are_a_jackson_network_to_two_percent():
    """The same network for 50 years a replication: half-widths below 2 %."""
    check_network(varied("jackson", period={"length": "50y"}), GAMMA, ROUTING, MU, PLACES, seed=163, within=0.02)


# From a list that is there on the first day


def test_a_list_to_begin_with_falls_as_the_forward_equations_say():
    """M/M/5, 4.5 a day, 105 on the first day: the list at weeks 3, 6 and 12, by Kolmogorov's forward equations.

    Half-widths below 5, 7 and 11 %. The control is how many came in the twelve weeks, of known mean.
    """
    result = replicated(varied("loaded_list", period={"length": "12w"}), seed=171, replications=240)
    came = of(result, "children_in"), 4.5 * DAYS_A_YEAR
    for week, within in ((3, 0.05), (6, 0.07), (12, 0.11)):
        here = result.series[result.series.week == week]
        agrees(here.waiting, loaded_list(4.5, 1, 5, 105, 7 * week), within, came)


@pytest.mark.slow
@pytest.mark.parametrize(("days", "known", "within"), [(40, 80.000105211, 0.03), (200, 19.885183003, 0.15)])
def test_the_list_to_begin_with_after_40_and_200_days(days, known, within):
    """E Q(40) = 80.000 and E Q(200) = 19.885 children on the list (methods.md), on 1000 replications."""
    result = replicated(varied("loaded_list", period={"length": f"{days}d"}), seed=172, replications=1000)
    came = of(result, "children_in"), 4.5 * DAYS_A_YEAR
    assert loaded_list(4.5, 1, 5, 105, days) == pytest.approx(known, abs=1e-5)
    agrees(of(result, "waiting_end"), known, within, came)


# Little's law


@pytest.mark.parametrize("example", ["one_service", "impatience", "loss", "priorities", "general_service"])
def test_children_on_the_list_are_arrivals_times_wait(example):
    """Little (1961): mean list = rate x mean wait, for every single run and to rounding.

    From an empty start and with those still waiting counted up to the end, it is an identity of the path and no estimate.
    """
    result = replicated(varied(example, period={"warmup": "0s", "length": "2y"}), 181, replications=3, record="log")
    span = (2 * YEAR + 1) / DAY
    listed, wait = of(result, "waiting"), of(result, "wait_list_all")
    came = np.asarray([len(kept.log.of(Kind.JOINED)) for kept in result.replications])
    assert min(came) > 300
    assert listed == pytest.approx(came / span * wait, rel=1e-9)


def test_little_s_law_holds_for_waits_that_began_before_the_period():
    """With a warm-up the edges differ by what is under way: mean list and rate x wait agree within 0.2 %."""
    result = impatient_run()
    ratio = of(result, "waiting") / (of(result, "children_in") / DAYS_A_YEAR * of(result, "wait_list_left"))
    agrees(ratio, 1.0, within=0.002)
