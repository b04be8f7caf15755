"""Running for people who wait: one runner for a server, jobs that answer soon and get surer, cancelled in a moment.

A job asks for scenarios on the same children. Worker threads take possible futures job by job in turn, so that a long job does
not keep a short one waiting; the compiled engine lets other threads run beside it. What has been run is remembered.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from hashlib import blake2b

import psutil

import sim.compare
from dashboard.comparison import Comparison
from dashboard.warm import compile_engine
from scenarios.changes import differences
from scenarios.errors import TrinnError
from scenarios.schema import Scenario
from sim.replicate import Prepared
from sim.result import Replication, Result

STAGES = (10, 40, 100)
"""Possible futures after which an answer is shown."""
MOST_WORK = 60_000_000
"""Children 0-17 times scenarios times possible futures that one job may ask for: some five minutes of two cores."""
NEIGHBOUR = 0.15
"""What a neighbour's child counts of one that is simulated in full."""
MOST_JOBS = 40
"""Jobs that may wait or run at once."""
LEAST_MEMORY = 400_000_000
"""Bytes that must be free before another job is taken."""
REMEMBERED = 6000
"""Replications kept, the last used ones."""
PREPARED = 24
"""Scenarios kept ready to run."""
_LOG = logging.getLogger("trinn.dashboard")


class LimitError(TrinnError):
    """A limit of the server is met; ``key`` is the text that says which, and ``values`` what stands in it."""

    def __init__(self, key: str, **values: int) -> None:
        self.key, self.values = key, values
        super().__init__(f"{key} {values}")


@dataclass(frozen=True)
class Question:
    """What is to be run: the first scenario is the base."""

    scenarios: Mapping[str, Scenario]
    seed: int = 1
    stages: tuple[int, ...] = STAGES
    by: tuple[str, ...] = ()
    command: str = ""

    @property
    def digests(self) -> tuple[str, ...]:
        """What names each scenario's replications."""
        return tuple(digest_of(scenario, self.seed, self.by) for scenario in self.scenarios.values())

    @property
    def work(self) -> int:
        """Children 0-17 times scenarios times possible futures; of neighbours only those who come to BUP count."""
        areas = [area for scenario in self.scenarios.values() for area in scenario.areas.values()]
        children = sum(area.children_0_17 * (1.0 if area.detail == "full" else NEIGHBOUR) for area in areas)
        return round(children) * self.stages[-1]


def stages_for(futures: int) -> tuple[int, ...]:
    """After how many possible futures an answer is shown, when so many are wanted."""
    return (*(stage for stage in STAGES if stage < futures), futures)


def digest_of(scenario: Scenario, seed: int, by: tuple[str, ...] = ()) -> str:
    """What names a scenario's replications: its content, the seed and the parts that are counted."""
    words = f"{scenario.model_dump_json()} {seed} {by}"
    return blake2b(words.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Progress:
    """How far a job has come."""

    done: int
    """Possible futures that are finished for every scenario."""
    wanted: int
    place: int
    """How many jobs were there before it; 0: it is running."""
    seconds_left: float | None
    """None as long as nobody can tell."""


@dataclass
class Job:
    """Something that was asked for. Read it from any thread."""

    question: Question
    session: str
    digests: tuple[str, ...]
    asked: float = field(default_factory=time.monotonic)
    began: float | None = None
    error: TrinnError | None = None
    fault: str = ""
    """The code of a fault of ours, as the log has it."""
    cancelled: bool = False
    finished: bool = False
    _done: list[dict[int, Replication]] = field(default_factory=list)
    _pending: deque[tuple[int, int]] = field(default_factory=deque)
    _running: int = 0
    _parts: int = 0
    """How many runs it takes that nobody had made before."""
    _prepared: dict[str, Prepared] = field(default_factory=dict)
    _shown: tuple[int, Comparison] | None = None
    _results: tuple[int, dict[str, Result]] | None = None
    _news: threading.Condition = field(default_factory=threading.Condition)
    """Told whenever a possible future is finished, and when the job ends."""

    @property
    def done(self) -> int:
        """Possible futures, from the first, that are finished for every scenario."""
        number = 0
        while all(number in replications for replications in self._done):
            number += 1
            if not self._done:
                return 0
        return number

    @property
    def wanted(self) -> int:
        """Possible futures asked for."""
        return self.question.stages[-1]

    @property
    def partial(self) -> bool:
        """Whether less is shown than was asked for."""
        return self.shown < self.wanted

    @property
    def shown(self) -> int:
        """Possible futures in :attr:`comparison`: the last stage that is done, or all that were when it was stopped."""
        if any(digest not in self._prepared for digest in self.digests):
            return 0
        done = self.done
        if self.cancelled:
            return done
        return max((stage for stage in self.question.stages if stage <= done), default=0)

    @property
    def comparison(self) -> Comparison | None:
        """What is finished so far; None before the first stage, and where there is no proposal to compare."""
        shown = self.shown
        if shown < 2 or len(self._done) < 2:
            return None
        if self._shown is None or self._shown[0] != shown:
            self._shown = shown, self._compared(shown)
        return self._shown[1]

    @property
    def results(self) -> dict[str, Result]:
        """What is finished so far by scenario, also where there is nothing to compare; empty before the first stage."""
        shown = self.shown
        if shown < 1:
            return {}
        if self._results is None or self._results[0] != shown:
            self._results = shown, self._resulted(shown)
        return self._results[1]

    def wait(self, futures: int, seconds: float) -> None:
        """Wait until so many possible futures are there, the job has ended, or the time is over."""
        end = time.monotonic() + seconds
        with self._news:
            while (self.done < futures or not self.shown) and not (self.finished or self.error or self.fault or self.cancelled):
                left = end - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    return

    def _resulted(self, shown: int) -> dict[str, Result]:
        return {
            name: self._prepared[digest].result(name, [done[number] for number in range(shown)])
            for (name, _), digest, done in zip(self.question.scenarios.items(), self.digests, self._done, strict=True)
        }

    def _compared(self, shown: int) -> Comparison:
        results = self._resulted(shown)
        changes = {name: differences(scenario) for name, scenario in self.question.scenarios.items()}
        plain = sim.compare.Comparison(results, self.question.by, command=self.question.command, changes=changes)
        return Comparison(**{each.name: getattr(plain, each.name) for each in fields(plain)})

    def cancel(self) -> None:
        """End it as soon as the engine looks up; what is finished stays."""
        self.cancelled = True


class _StoppedError(Exception):
    """The job was cancelled."""


class Runner:
    """Worker threads that take possible futures from the jobs in turn."""

    def __init__(self, threads: int | None = None) -> None:
        self._lock = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._known: OrderedDict[tuple[str, int], Replication] = OrderedDict()
        self._ready: OrderedDict[str, list[Prepared]] = OrderedDict()
        self._threads = [
            threading.Thread(target=self._work, name=f"trinn-{number}", daemon=True)
            for number in range(threads or os.cpu_count() or 1)
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, question: Question, session: str = "") -> Job:
        """Run something. A session's earlier jobs are cancelled: only the last question matters.

        Raises:
            LimitError: when it is too much, the line is too long, or memory is short.
        """
        if question.work > MOST_WORK:
            children = question.work // question.stages[-1]
            raise LimitError("limit_work", children=children, futures=question.stages[-1])
        job = Job(question, session, question.digests)
        with self._lock:
            for other in self._jobs:
                if session and other.session == session:
                    other.cancel()
            if sum(not other.cancelled for other in self._jobs) >= MOST_JOBS:
                raise LimitError("limit_queue")
            self._take_known(job)
            if job._pending and psutil.virtual_memory().available < LEAST_MEMORY:
                raise LimitError("limit_memory")
            self._jobs.append(job)
            self._lock.notify_all()
        return job

    def progress(self, job: Job) -> Progress:
        """How far a job has come, and how many wait before it."""
        with self._lock:
            active = [other for other in self._jobs if not (other.cancelled or other.finished)]
            before = active.index(job) if job in active and job.began is None else 0
            left = len(job._pending) + job._running
        done = job.done
        passed = time.monotonic() - job.began if job.began is not None else 0.0
        ran = job._parts - left
        seconds = passed * left / ran if passed > 0.2 and ran > 0 and left else None
        return Progress(done, job.wanted, before, seconds)

    def cancel_all(self, session: str) -> None:
        """Cancel whatever a session has asked for: it is gone."""
        with self._lock:
            for job in self._jobs:
                if job.session == session:
                    job.cancel()
            self._lock.notify_all()

    def _take_known(self, job: Job) -> None:
        """What was run before need not run again."""
        job._done = [{} for _ in job.digests]
        for number in range(job.wanted):
            for which, digest in enumerate(job.digests):
                known = self._known.get((digest, number))
                if known is None:
                    job._pending.append((which, number))
                else:
                    self._known.move_to_end((digest, number))
                    job._done[which][number] = known
        job._parts = len(job._pending)

    def _work(self) -> None:
        while True:
            with self._lock:
                job = self._next()
                while job is None:
                    self._lock.wait()
                    job = self._next()
                part = job._pending.popleft() if job._pending and not job.cancelled else None
                job._running += 1
                job.began = job.began if job.began is not None else time.monotonic()
            self._one(job, part)

    def _next(self) -> Job | None:
        """The job whose turn it is; those with nothing left to begin leave the line."""
        for _ in range(len(self._jobs)):
            job = self._jobs.popleft()
            if job.error is None and not job.fault and not job.cancelled and (job._pending or not job._prepared):
                self._jobs.append(job)
                return job
            if job._running:
                self._jobs.append(job)
            else:
                job.finished = True
        return None

    def _one(self, job: Job, part: tuple[int, int] | None) -> None:
        try:
            self._prepare(job)
            if part is not None:
                which, number = part
                digest = job.digests[which]
                prepared = self._lend(job, digest)
                try:
                    replication = prepared.replicate(number, lambda: _look(job))
                finally:
                    self._give_back(digest, prepared)
                with self._lock:
                    job._done[which][number] = replication
                    self._known[digest, number] = replication
                    while len(self._known) > REMEMBERED:
                        self._known.popitem(last=False)
        except _StoppedError:
            pass
        except TrinnError as error:
            job.error = error
        except Exception:  # whatever it is must not end the thread that serves everybody
            job.fault = secrets.token_hex(2).upper()
            _LOG.exception("fault %s", job.fault)
        finally:
            with self._lock:
                job._running -= 1
                if not job._running and (job.cancelled or job.error or job.fault or not job._pending):
                    job.finished = True
                self._lock.notify_all()
            with job._news:
                job._news.notify_all()

    def _prepare(self, job: Job) -> None:
        """Plans of every scenario of a job, made once."""
        with _PREPARING:
            compile_engine()
            for digest, scenario in zip(job.digests, job.question.scenarios.values(), strict=True):
                _look(job)
                if digest not in job._prepared:
                    with self._lock:
                        ready = self._ready.get(digest)
                    job._prepared[digest] = ready[0] if ready else Prepared(scenario, job.question.seed, job.question.by)
                    self._give_back(digest, job._prepared[digest] if not ready else None)

    def _lend(self, job: Job, digest: str) -> Prepared:
        with self._lock:
            free = self._ready.get(digest, [])
            if free:
                return free.pop()
        with _PREPARING:
            return job._prepared[digest].another()

    def _give_back(self, digest: str, prepared: Prepared | None) -> None:
        with self._lock:
            free = self._ready.setdefault(digest, [])
            if prepared is not None and len(free) < len(self._threads):
                free.append(prepared)
            self._ready.move_to_end(digest)
            while len(self._ready) > PREPARED:
                self._ready.popitem(last=False)


_PREPARING = threading.Lock()
"""Plans are built by one thread at a time."""


def _look(job: Job) -> None:
    if job.cancelled:
        raise _StoppedError


_BEGINNING = threading.Lock()


def runner() -> Runner:
    """The server's runner."""
    with _BEGINNING:  # two visitors who come first together get the same one
        return _runner()


@cache
def _runner() -> Runner:
    return Runner()
