"""What the benchmarks compare with does the same work: plain C record by record, other programs in their means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import plain_c
from benchmarks.network import SIX_SERVICES, as_scenario, scaled
from benchmarks.six_services import SIGMAS, own_waits, peer_run, sigmas
from scenarios.load import load
from sim.build import phases
from sim.children import Cohort
from sim.cohort import draw_cohort
from sim.draws import Ints
from sim.engine import simulate
from sim.plan import Plan, Terms

HOUR, DAY, WEEK = 3_600, 86_400, 604_800


def up(seconds: Ints, step: int) -> Ints:
    """Up to whole steps."""
    return -(-seconds // step) * step


def coarse(plan: Plan, cohort: Cohort, step: int) -> tuple[Plan, Cohort]:
    """The same in whole steps of time, so that many events come in one second and their order counts."""

    def terms(old: Terms) -> Terms:
        patience = (up(old.patience[0], step),) * len(old.patience) if old.patience and old.patience[0] is not None else ()
        return replace(
            old,
            patience=patience,
            stretches=tuple(replace(stretch, length=up(stretch.length, step)) for stretch in old.stretches),
            routes=tuple(replace(route, fixed=step) for route in old.routes),
        )

    time = np.minimum(up(cohort.time, step), plan.shape.end)
    return replace(plan, terms=tuple(terms(old) for old in plan.terms)), replace(cohort, time=time)


@pytest.mark.skipif(plain_c.compiler() is None, reason="gcc is not installed")
@pytest.mark.parametrize(("factor", "step"), [(1, 1), (1, HOUR), (1, DAY), (5, DAY), (5, WEEK)])
def test_plain_c_writes_the_records_of_our_engine(factor: int, step: int, tmp_path: Path) -> None:
    """Byte for byte: only so is its rate a measure of ours. In whole weeks nearly every second holds many events."""
    scenario = as_scenario(scaled(SIX_SERVICES, factor), 600)
    (plan,) = phases(scenario)
    plan, cohort = coarse(plan, draw_cohort(scenario, [plan], 7, 0), step)
    timed, rows = plain_c.run_c(plain_c.build(tmp_path), plan, cohort, tmp_path)
    log = simulate([plan], cohort).log
    assert len(log) > 4 * len(cohort) > 1_000
    assert rows.tobytes() == log.rows.tobytes()
    assert timed[0].records == len(log)


@pytest.mark.parametrize("example", ["jackson", "stange"])
def test_plain_c_is_fed_no_network_that_it_does_not_know(example: str) -> None:
    """It would simulate something else, and fast."""
    scenario = load(example)
    plans = phases(scenario)
    with pytest.raises(ValueError, match="the C program knows only"):
        plain_c.flat(plans[0], draw_cohort(scenario, plans, 1, 0))


CHILDREN, RUNS, OWN_RUNS = 1_500, 4, 30
OTHERS = [("idiomatic", False), ("idiomatic", True), ("ciw", False), ("ciw", True), ("salabim", False), ("salabim", True)]


def furthest(ours: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]) -> float:
    """Of the mean waits of all services: the most standard errors between two programs."""
    return max(abs(sigmas(*([run[place] for run in each] for each in (ours, theirs)))) for place in range(len(ours[0])))


@pytest.mark.parametrize(("program", "markovian"), OTHERS)
def test_other_programs_wait_as_ours(program: str, markovian: bool) -> None:
    """With and without patience and urgency, at every service."""
    ours = own_waits(OWN_RUNS, CHILDREN, markovian, days=CHILDREN)["waits"]
    theirs = peer_run(program, CHILDREN, RUNS, markovian, days=CHILDREN)["waits"]
    assert furthest(ours, theirs) < SIGMAS


def test_another_network_is_seen() -> None:
    """Patience that nobody has, in one of the two programs."""
    ours = own_waits(OWN_RUNS, CHILDREN, markovian=False, days=CHILDREN)["waits"]
    theirs = peer_run("idiomatic", CHILDREN, 5 * RUNS, markovian=True, days=CHILDREN)["waits"]
    assert furthest(ours, theirs) > SIGMAS
