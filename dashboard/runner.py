"""The runner: who of those who wait is served next, by workers that run possible futures.

Each worker takes the next possible future of the job whose turn it is: first answers in the order they were asked for; long
ones, and those that only make an answer surer, by shares, so that nobody waits for all the others. What has been run is kept
until whoever asked for it has gone.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from functools import cache

import psutil

from dashboard.jobs import Job, Question
from dashboard.workers import Worker
from scenarios.errors import TrinnError
from sim.replicate import Made, made_of
from sim.result import Replication

MOST_WORK = 60_000_000
"""Children 0-17 times scenarios times possible futures that one job may ask for: some five minutes of two cores."""
MOST_JOBS = 40
"""Jobs that may wait or run at once."""
LEAST_MEMORY = 400_000_000
"""Bytes that must be free before another job is taken."""
REMEMBERED = 3000
"""Replications kept, the last used ones: 0.13 MB each in a municipality."""
MADE = 64
"""Scenarios whose plans are kept."""
AT_ONCE = 1.0
"""Seconds of one core that a job may take for its first answer as its turn comes; what is more counts against it."""
SURER = 20.0
"""How much more a second counts that only makes an answer surer: so much less of the machine it gets."""
_LOG = logging.getLogger("trinn.dashboard")


class LimitError(TrinnError):
    """A limit of the server is met; ``key`` is the text that says which, and ``values`` what stands in it."""

    def __init__(self, key: str, **values: int) -> None:
        self.key, self.values = key, values
        super().__init__(f"{key} {values}")


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


class _StoppedError(Exception):
    """The job was cancelled."""


class Runner:
    """Workers that take possible futures from the jobs in turn: a thread each, which has a process."""

    def __init__(self, workers: int | None = None) -> None:
        self._lock = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._clock = 0.0
        """Moves on by what the workers do, divided by all who wait for it."""
        self._known: OrderedDict[tuple[str, int], tuple[Replication, set[str]]] = OrderedDict()
        """Replications, and the sessions that had use of each."""
        self._made: OrderedDict[str, Made] = OrderedDict()
        self.asked = 0
        """How many jobs there have been."""
        self.workers = workers or os.cpu_count() or 1
        for number in range(self.workers):
            threading.Thread(target=self._work, args=(Worker(),), name=f"trinn-{number}", daemon=True).start()

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
            job._turn = self._clock
            if job._pending and psutil.virtual_memory().available < LEAST_MEMORY:
                raise LimitError("limit_memory")
            self._jobs.append(job)
            self.asked += 1
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

    @property
    def still(self) -> bool:
        """Whether nothing is run or waits to be."""
        with self._lock:
            return not any(job._running or _waits(job) for job in self._jobs)

    @property
    def busy(self) -> bool:
        """Whether more wait for a first answer than there are workers."""
        with self._lock:
            return sum(1 for job in self._jobs if _waits(job) and not _surer(job, job._pending[0][1])) > self.workers

    def cancel_all(self, session: str) -> None:
        """Cancel whatever a session has asked for, and forget what only it had use of: it is gone."""
        with self._lock:
            for job in self._jobs:
                if job.session == session:
                    job.cancel()
            for key, (_, users) in list(self._known.items()):
                users.discard(session)
                if not users:
                    del self._known[key]
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
                    job._done[which][number] = known[0]
                    self._remember(digest, number, known[0], job.session)
        job._parts = len(job._pending)

    def _remember(self, digest: str, number: int, replication: Replication, session: str) -> None:
        self._known.setdefault((digest, number), (replication, set()))[1].add(session)
        self._known.move_to_end((digest, number))
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _work(self, worker: Worker) -> None:
        while True:
            with self._lock:
                job = self._next()
                while job is None:
                    self._lock.wait()
                    job = self._next()
                part = job._pending.popleft() if job._pending and not job.cancelled else None
                job._running += 1
                job.began = job.began if job.began is not None else time.monotonic()
            self._one(worker, job, part)

    def _next(self) -> Job | None:
        """The job whose turn it is; those with nothing left to begin leave the line."""
        found = None
        for _ in range(len(self._jobs)):
            job = self._jobs.popleft()
            wanted = job.error is None and not job.fault and not job.cancelled and (job._pending or not job._made)
            if wanted and (found is None or job._turn < found._turn):
                found = job
            if wanted or job._running:
                self._jobs.append(job)
            else:
                job.finished = True
        return found

    def _charge(self, job: Job, number: int, seconds: float) -> None:
        """A worker has spent so long on a possible future of a job.

        First answers are charged only for what they take beyond :data:`AT_ONCE`, so that they come in the order in which they
        were asked for: to serve all of them a little at a time would make every one as late as the last.
        """
        if _surer(job, number):
            job._turn += SURER * seconds
        else:
            job._turn += max(0.0, min(seconds, job._used + seconds - AT_ONCE))
        job._used += seconds
        if job._pending and _surer(job, job._pending[0][1]):  # behind all who wait for a first answer now
            job._turn = max(job._turn, self._clock)
        waiting = [other for other in self._jobs if _waits(other)]
        shares = sum(1 / SURER if _surer(other, other._pending[0][1]) else 1.0 for other in waiting)
        self._clock += seconds / (shares or 1.0)

    def _one(self, worker: Worker, job: Job, part: tuple[int, int] | None) -> None:
        try:
            self._make(job)
            if part is not None:
                which, number = part
                digest, question = job.digests[which], job.question
                began = time.monotonic()
                replication = worker.replicate(
                    job._made[digest], question.seed, question.by, digest, number, lambda: _look(job)
                )
                with self._lock:
                    self._charge(job, number, time.monotonic() - began)
                    job._done[which][number] = replication
                    self._remember(digest, number, replication, job.session)
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

    def _make(self, job: Job) -> None:
        """Plans of every scenario of a job, made once: what is shown is told by them."""
        for digest, scenario in zip(job.digests, job.question.scenarios.values(), strict=True):
            if digest in job._made:
                continue
            with self._lock:
                known = self._made.get(digest)
            made = made_of(scenario) if known is None else known
            with self._lock:
                job._made[digest] = self._made[digest] = made
                self._made.move_to_end(digest)
                while len(self._made) > MADE:
                    self._made.popitem(last=False)


def _waits(job: Job) -> bool:
    """Whether something of it is still to be begun."""
    return bool(job._pending) and not job.cancelled


def _surer(job: Job, number: int) -> bool:
    """Whether a possible future only makes an answer surer that is there already."""
    return number >= job.question.stages[0]


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
