"""Running replications: the same children under a scenario, one replication at a time or several at once."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from scenarios.errors import TrinnError
from scenarios.schema import Scenario
from sim.build import phases
from sim.cohort import draw_cohort
from sim.engine import simulate
from sim.fold import fold
from sim.identities import check
from sim.plan import Plan
from sim.result import Replication, Result, children_table
from sim.supply import draw_supply

Record = Literal["log", "children", "weekly"]
Progress = Callable[[int], None]
"""Called with how many more replications are done."""

MOST_REPLICATIONS = 100_000
WORTH_A_POOL = 3.0
"""Seconds of remaining work below which starting worker processes does not pay."""


@dataclass(frozen=True)
class _Task:
    scenario: Scenario
    seed: int
    numbers: tuple[int, ...]
    by: tuple[str, ...]
    record: Record


def run(
    scenario: Scenario,
    *,
    name: str = "",
    replications: int = 20,
    seed: int = 1,
    engine: str = "simpy",
    workers: int | None = None,
    record: Record = "log",
    by: Sequence[str] = (),
    progress: Progress | None = None,
) -> Result:
    """Simulate a scenario.

    Args:
        scenario: from :func:`scenarios.load.load`.
        name: what the results are called; the scenario's own name if empty.
        replications: possible futures; the unit of inference.
        seed: whole number; the same scenario, seed and version give the same bytes.
        engine: ``simpy``.
        workers: processes. None: as many as there are cores, where the work is long enough to pay for them.
        record: what is kept of each replication: ``log`` (all event records), ``children`` (one row a child) or ``weekly``
            (measures and series only). It changes no number.
        by: ``area`` and ``group`` add measures for each.
        progress: called as replications finish.

    Raises:
        TrinnError: on arguments outside their range.
    """
    _check_arguments(replications, seed, engine, workers, record, by)
    plans = phases(scenario)
    tasks = _Task(scenario, seed, tuple(range(replications)), tuple(by), record)
    done = []
    for item in _all(tasks, plans, workers):
        done.append(item)
        if progress:
            progress(1)
    done.sort(key=lambda item: item.number)
    return Result(scenario, name or scenario.name.en, seed, engine, trinn_version(), plans, tuple(done))


def trinn_version() -> str:
    """The installed version of the toolkit."""
    try:
        return version("trinn")
    except PackageNotFoundError:
        return "unknown"


def _check_arguments(replications: int, seed: int, engine: str, workers: int | None, record: str, by: Sequence[str]) -> None:
    for word, value, low, high in (
        ("replications", replications, 1, MOST_REPLICATIONS),
        ("seed", seed, 0, 2**63 - 1),
        ("workers", 1 if workers is None else workers, 1, 1024),
    ):
        if type(value) is not int or not low <= value <= high:  # a bool is no number here
            raise TrinnError(f"{word}: must be a whole number from {low} to {high} (got {value!r})")
    if engine != "simpy":
        raise TrinnError(f'engine: must be "simpy" (got {engine!r})')
    if record not in ("log", "children", "weekly"):
        raise TrinnError(f'record: must be "log", "children" or "weekly" (got {record!r})')
    if unknown := [word for word in by if word not in ("area", "group")]:
        raise TrinnError(f'by: must be "area" and "group" (got {unknown[0]!r})')


def one(plans: Sequence[Plan], task: _Task, number: int) -> Replication:
    """One replication, checked against its identities."""
    cohort = draw_cohort(task.scenario, plans, task.seed, number)
    trajectory = simulate(plans, cohort, supply=draw_supply(plans, task.seed, number))
    check(plans, trajectory)
    folded = fold(plans, cohort, trajectory.log, task.by)
    if task.record == "log":
        return Replication(number, folded, len(cohort), trajectory.log, cohort)
    table = children_table(trajectory.log, cohort, plans[0]) if task.record == "children" else None
    return Replication(number, folded, len(cohort), table=table)


def _several(task: _Task) -> list[Replication]:
    """What a worker process does."""
    plans = phases(task.scenario)
    return [one(plans, task, number) for number in task.numbers]


def _all(task: _Task, plans: Sequence[Plan], workers: int | None) -> Iterator[Replication]:
    """Replications as they finish, in any order."""
    wanted = workers if workers is not None else (os.cpu_count() or 1)
    numbers = list(task.numbers)
    began = time.perf_counter()
    while numbers and (wanted == 1 or workers is None):
        yield one(plans, task, numbers.pop(0))
        each = (time.perf_counter() - began) / (len(task.numbers) - len(numbers))
        if wanted > 1 and each * len(numbers) > WORTH_A_POOL:
            break
    if numbers:
        yield from _in_processes(task, numbers, min(wanted, len(numbers)))


def _in_processes(task: _Task, numbers: list[int], workers: int) -> Iterator[Replication]:
    from joblib import Parallel, delayed

    size = max(1, min(20, len(numbers) // (workers * 4)))
    chunks = [tuple(numbers[i : i + size]) for i in range(0, len(numbers), size)]
    tasks = [_Task(task.scenario, task.seed, chunk, task.by, task.record) for chunk in chunks]
    # whoever interrupts a run knows that work was cancelled
    warnings.filterwarnings("ignore", ".*tasks which were still being processed", UserWarning)
    pool = Parallel(n_jobs=workers, return_as="generator_unordered", max_nbytes=None)
    _start_trackers()
    with _interrupts_held():
        results = pool(delayed(_several)(item) for item in tasks)
    for finished in results:
        yield from finished


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C waits. Processes that start meanwhile never see it: it is for their parent, which ends them without a word."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_trackers() -> None:
    """The processes that tidy up after workers: they let Ctrl-C through again once they run, so they are started first."""
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as loky_tracker

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if main else None
    try:
        resource_tracker.ensure_running()
        loky_tracker.ensure_running()
    finally:
        if main:
            signal.signal(signal.SIGINT, before)
