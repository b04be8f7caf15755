"""Running replications: the same children under one scenario or several, one replication at a time or several at once."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from queue import SimpleQueue
from typing import Literal

from scenarios.errors import TrinnError
from scenarios.schema import Scenario
from sim.build import phases
from sim.children import Cohort
from sim.cohort import draw
from sim.fold import Folding
from sim.kernel import Kernel
from sim.kernel.arena import Layout
from sim.memory import check_memory
from sim.plan import Plan
from sim.result import Replication, Result, table_of
from sim.source import Source, source_of
from sim.state import Trajectory
from sim.supply import draw_supply

Engine = Literal["compiled", "simpy"]
Record = Literal["log", "children", "weekly"]
Progress = Callable[[int], None]
"""Called with how many more replications are done."""
Pulse = Callable[[], None]
"""Called several times a second while the compiled engine runs; what it raises ends the run."""

MOST_REPLICATIONS = 100_000
WORTH_A_POOL = 3.0
"""Seconds of remaining work below which starting worker processes does not pay."""
WORTH_THREADS = 0.1
"""Seconds of remaining work below which threads do not pay."""


@dataclass(frozen=True)
class _Task:
    """Replications of scenarios that are run on the same children."""

    scenarios: tuple[Scenario, ...]
    seed: int
    numbers: tuple[int, ...]
    by: tuple[str, ...]
    record: Record
    engine: Engine


def run(
    scenario: Scenario,
    *,
    name: str = "",
    replications: int = 20,
    seed: int = 1,
    engine: Engine = "compiled",
    workers: int | None = None,
    record: Record = "log",
    by: Sequence[str] = (),
    progress: Progress | None = None,
    pulse: Pulse | None = None,
) -> Result:
    """Simulate a scenario.

    Args:
        scenario: from :func:`scenarios.load.load`.
        name: what the results are called; the scenario's own name if empty.
        replications: possible futures; the unit of inference.
        seed: whole number; the same scenario, seed and version give the same bytes.
        engine: ``compiled``, or ``simpy`` for the reference. Both give the same bytes; the first is some fifty times faster,
            the second is where a researcher's own processes run (:func:`sim.engine.simulate`).
        workers: threads of the compiled engine, processes of the other. None: as many as there are cores, where the work is
            long enough to pay for them.
        record: what is kept of each replication: ``log`` (all event records), ``children`` (one row a child) or ``weekly``
            (measures and series only). It changes no number.
        by: ``area`` and ``group`` add measures for each.
        progress: called as replications finish.
        pulse: called several times a second while the compiled engine runs, from any thread; what it raises ends the run.

    Raises:
        TrinnError: on arguments outside their range, and when the run would not fit into memory.
    """
    name = name or scenario.name.en
    options = (replications, seed, engine, workers, record, by, progress, pulse)
    return run_together({name: scenario}, *options)[name]


def run_together(
    scenarios: Mapping[str, Scenario],
    replications: int,
    seed: int,
    engine: Engine,
    workers: int | None,
    record: Record,
    by: Sequence[str],
    progress: Progress | None = None,
    pulse: Pulse | None = None,
) -> dict[str, Result]:
    """Simulate several scenarios, replication by replication: those with the same demand share the children drawn for it.

    Args and errors are those of :func:`run`.
    """
    _check_arguments(replications, seed, engine, workers, record, by)
    task = _Task(tuple(scenarios.values()), seed, tuple(range(replications)), tuple(by), record, engine)
    bench = _Bench(task, [made_of(scenario) for scenario in task.scenarios], [None] * len(task.scenarios))
    for number, source in enumerate(bench.sources):
        check_memory(source, record, engine, replications * (len(scenarios) if number == 0 else 1), _wanted(workers))
    done: list[list[Replication]] = []
    for items in _all(task, bench, workers, pulse):
        done.append(items)
        if progress:
            progress(len(items))
    done.sort(key=lambda items: items[0].number)
    each = (tuple(column) for column in zip(*done, strict=True))
    return {
        name: Result(scenario, name, seed, engine, trinn_version(), plans, replications_of)
        for (name, scenario), plans, replications_of in zip(scenarios.items(), bench.plans, each, strict=True)
    }


@cache
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
    if engine not in ("compiled", "simpy"):
        raise TrinnError(f'engine: must be "compiled" or "simpy" (got {engine!r})')
    if record not in ("log", "children", "weekly"):
        raise TrinnError(f'record: must be "log", "children" or "weekly" (got {record!r})')
    if unknown := [word for word in by if word not in ("area", "group")]:
        raise TrinnError(f'by: must be "area" and "group" (got {unknown[0]!r})')


# -- one replication ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """What is made of a scenario once for all its replications, and can be handed to another process."""

    plans: tuple[Plan, ...]
    source: Source


def made_of(scenario: Scenario) -> Made:
    """The plans of a scenario, and the source of its children.

    Raises:
        TrinnError: when no plan can be made of it.
    """
    plans = phases(scenario)
    return Made(plans, source_of(scenario, plans))


class _Bench:
    """Everything that is made once for all replications: one thread works at it at a time."""

    def __init__(self, task: _Task, made: Sequence[Made], layouts: Sequence[Layout | None]) -> None:
        """``layouts``: by scenario that of another kernel for the same phases."""
        self.task = task
        self.plans = [each.plans for each in made]
        self.sources = [each.source for each in made]
        if task.engine == "compiled":
            self.kernels = [Kernel(each.plans, layout) for each, layout in zip(made, layouts, strict=True)]

    def another(self) -> _Bench:
        """One for another thread: what never changes is shared."""
        made = [Made(*both) for both in zip(self.plans, self.sources, strict=True)]
        return _Bench(self.task, made, [kernel.arena.layout for kernel in self.kernels])

    def replicate(self, number: int, pulse: Pulse | None, cohorts: Cohorts | None = None) -> list[Replication]:
        """One replication of every scenario."""
        cohorts = Cohorts(len(self.sources)) if cohorts is None else cohorts
        seed = self.task.seed
        return [
            self._one(which, number, cohorts.drawn(source, seed, number), pulse) for which, source in enumerate(self.sources)
        ]

    def _one(self, which: int, number: int, cohort: Cohort, pulse: Pulse | None) -> Replication:
        task, plans = self.task, self.plans[which]
        folding = Folding(plans, cohort, task.by, children=task.record == "children")
        trajectory = self._trajectory(which, number, cohort, folding, pulse)
        folded = folding.finish()
        folding.check(trajectory.totals)
        if task.record == "log":
            return Replication(number, folded, len(cohort), trajectory.log, cohort)
        table = table_of(folding.children(), cohort, plans[0]) if task.record == "children" else None
        return Replication(number, folded, len(cohort), table=table)

    def _trajectory(self, which: int, number: int, cohort: Cohort, folding: Folding, pulse: Pulse | None) -> Trajectory:
        task, plans = self.task, self.plans[which]
        supply = draw_supply(plans, task.seed, number)
        if task.engine == "compiled" and task.record != "log":
            return self.kernels[which].run(cohort, supply, folding.take, pulse)
        if task.engine == "compiled":
            trajectory = self.kernels[which].run(cohort, supply, None, pulse)
        else:
            from sim.engine import simulate

            trajectory = simulate(plans, cohort, supply=supply)
        folding.take(trajectory.log.rows)
        return trajectory


class Cohorts:
    """The children that were drawn last, for the next scenario that meets the same ones. For one thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[tuple[bytes, int, int], Cohort] = OrderedDict()

    def drawn(self, source: Source, seed: int, number: int) -> Cohort:
        """The children of a replication, drawn now or before."""
        key = (source.key, seed, number)
        if key not in self._known:
            self._known[key] = draw(source, seed, number)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


class Prepared:
    """A scenario made ready to run, one replication at a time, for whoever wants results as they come. For one thread."""

    def __init__(self, made: Made, seed: int = 1, by: Sequence[str] = (), cohorts: Cohorts | None = None) -> None:
        """``made``: of the scenario; ``cohorts``: those that may be used again.

        Raises:
            TrinnError: on arguments outside their range.
        """
        _check_arguments(1, seed, "compiled", None, "weekly", by)
        self._bench = _Bench(_Task((), seed, (), tuple(by), "weekly", "compiled"), [made], [None])
        self._cohorts = cohorts

    def replicate(self, number: int, pulse: Pulse | None = None) -> Replication:
        """Replication ``number``: the same children and numbers as :func:`run` gives."""
        return self._bench.replicate(number, pulse, self._cohorts)[0]


def result_of(scenario: Scenario, name: str, seed: int, plans: Sequence[Plan], replications: Sequence[Replication]) -> Result:
    """Replications that were run one by one with the compiled engine, as a result."""
    return Result(scenario, name, seed, "compiled", trinn_version(), plans, tuple(replications))


# -- all of them --------------------------------------------------------------------------------------------------------------


def _wanted(workers: int | None) -> int:
    return workers if workers is not None else (os.cpu_count() or 1)


def _all(task: _Task, bench: _Bench, workers: int | None, pulse: Pulse | None) -> Iterator[list[Replication]]:
    """Replications as they finish, in any order."""
    wanted, worth = _wanted(workers), WORTH_THREADS if task.engine == "compiled" else WORTH_A_POOL
    numbers = list(task.numbers)
    while numbers and (wanted == 1 or workers is None):
        began = time.perf_counter()
        yield bench.replicate(numbers.pop(0), pulse)
        if wanted > 1 and (time.perf_counter() - began) * len(numbers) > worth:
            break
    if numbers and task.engine == "compiled":
        yield from _in_threads(task, bench, numbers, min(wanted, len(numbers)), pulse)
    elif numbers:
        yield from _in_processes(task, numbers, min(wanted, len(numbers)))


class _StoppedError(Exception):
    """Somebody else has ended the run."""


def _in_threads(
    task: _Task, bench: _Bench, numbers: Sequence[int], workers: int, pulse: Pulse | None
) -> Iterator[list[Replication]]:
    """The machine code lets other threads run beside it: no second process has to start, and nothing is sent between them."""
    stop, benches = threading.Event(), SimpleQueue[_Bench]()

    def beat() -> None:
        if stop.is_set():
            raise _StoppedError
        if pulse is not None:
            pulse()

    def work(number: int) -> list[Replication]:
        mine = benches.get()
        try:
            return mine.replicate(number, beat)
        finally:
            benches.put(mine)

    for number in range(workers):
        benches.put(bench if number == 0 else bench.another())
    pool = ThreadPoolExecutor(workers)
    try:
        for finished in as_completed([pool.submit(work, number) for number in numbers]):
            yield finished.result()
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _several(task: _Task) -> list[list[Replication]]:
    """What a worker process does."""
    bench = _Bench(task, [made_of(scenario) for scenario in task.scenarios], [None] * len(task.scenarios))
    return [bench.replicate(number, None) for number in task.numbers]


def _in_processes(task: _Task, numbers: list[int], workers: int) -> Iterator[list[Replication]]:
    from joblib import Parallel, delayed

    size = max(1, min(20, len(numbers) // (workers * 4)))
    chunks = [tuple(numbers[i : i + size]) for i in range(0, len(numbers), size)]
    tasks = [_Task(task.scenarios, task.seed, chunk, task.by, task.record, task.engine) for chunk in chunks]
    # whoever interrupts a run knows that work was cancelled
    warnings.filterwarnings("ignore", ".*tasks which were still being processed", UserWarning)
    pool = Parallel(n_jobs=workers, return_as="generator_unordered", max_nbytes=None)
    start_trackers()
    with interrupts_held():
        results = pool(delayed(_several)(item) for item in tasks)
    for finished in results:
        yield from finished


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Ctrl-C waits. Processes that start meanwhile never see it: it is for their parent, which ends them without a word."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_trackers() -> None:
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
