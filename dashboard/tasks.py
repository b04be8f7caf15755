"""Work of minutes beside the pages: one piece at a time on the whole server, so that everybody's sliders stay quick.

A piece says how far it has come by calling what it is given; that call is also where it ends when nobody wants it any longer.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import psutil

from dashboard.runner import LEAST_MEMORY, LimitError
from dashboard.warm import compile_engine
from scenarios.errors import TrinnError

MOST_IN_LINE = 8
"""Pieces of work that may wait or run."""
KEPT = 12
"""Answers that are remembered, the last used ones."""
GENTLE = 10
"""How much the work steps back for others, as the system counts it."""
Said = Callable[[str, int, int], None]
"""Told what is worked at, how much of it is done, and how much there is; 0: nobody knows."""
_LOG = logging.getLogger("trinn.dashboard")


class _StoppedError(BaseException):
    """The work is not wanted any longer. No ``Exception``: nothing on its way may take it for a fault."""


@dataclass
class Task:
    """A piece of work. Read it from any thread."""

    key: Hashable
    """What was asked: the same question is the same piece of work."""
    session: str
    work: Callable[[Said], Any]
    part: str = ""
    done: int = 0
    wanted: int = 0
    began: float | None = None
    result: Any = None
    error: TrinnError | None = None
    fault: str = ""
    """The code of a fault of ours, as the log has it."""
    cancelled: bool = False
    finished: bool = False
    _over: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """End it the next time it says how far it has come."""
        self.cancelled = True

    def wait(self, seconds: float) -> None:
        """Wait until it has ended, or the time is over."""
        self._over.wait(seconds)

    @property
    def seconds(self) -> float:
        """How long it has run."""
        return 0.0 if self.began is None else time.monotonic() - self.began

    def _said(self, part: str, done: int, wanted: int) -> None:
        self.part, self.done, self.wanted = part, done, wanted
        if self.cancelled:
            raise _StoppedError


class Line:
    """The line of work of a server."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._waiting: deque[Task] = deque()
        self._running: Task | None = None
        self._known: dict[Hashable, Task] = {}
        threading.Thread(target=self._serve, name="trinn-task", daemon=True).start()

    def ask(self, key: Hashable, session: str, work: Callable[[Said], Any]) -> Task:
        """Do a piece of work, unless its answer is known. What the session asked for before is ended.

        Raises:
            LimitError: when the line is too long or memory is short.
        """
        with self._lock:
            known = self._known.get(key)
            if known is not None and not (known.cancelled or known.error or known.fault):
                self._known[key] = self._known.pop(key)
                return known
            for other in self._all():
                if other.session == session:
                    other.cancel()
            if sum(not other.cancelled for other in self._all()) >= MOST_IN_LINE:
                raise LimitError("limit_queue")
            if psutil.virtual_memory().available < LEAST_MEMORY:
                raise LimitError("limit_memory")
            task = Task(key, session, work)
            self._known[key] = task
            while len(self._known) > KEPT:
                self._known.pop(next(iter(self._known)))
            self._waiting.append(task)
            self._lock.notify_all()
        return task

    def known(self, key: Hashable) -> Task | None:
        """The piece of work of a question that was asked before."""
        with self._lock:
            return self._known.get(key)

    def before(self, task: Task) -> int:
        """How many pieces of work are there before one; 0: it runs, or is over."""
        with self._lock:
            if task not in self._waiting:
                return 0
            place = sum(not other.cancelled for other in list(self._waiting)[: self._waiting.index(task)])
            return place + (self._running is not None)

    def cancel_all(self, session: str) -> None:
        """End whatever a session has asked for: it is gone."""
        with self._lock:
            for task in self._all():
                if task.session == session:
                    task.cancel()

    def _all(self) -> list[Task]:
        return [*self._waiting, *([self._running] if self._running is not None else [])]

    def _serve(self) -> None:
        with suppress(AttributeError, OSError):  # threads that this one starts step back as far
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), GENTLE)
        while True:
            with self._lock:
                while not self._waiting:
                    self._running = None
                    self._lock.wait()
                task = self._running = self._waiting.popleft()
            if not task.cancelled:
                _do(task)
            task.finished = True
            task._over.set()


def _do(task: Task) -> None:
    task.began = time.monotonic()
    try:
        compile_engine()
        task.result = task.work(task._said)
    except _StoppedError:
        pass
    except TrinnError as error:
        task.error = error
    except Exception:  # whatever it is must not end the thread that serves everybody
        task.fault = secrets.token_hex(2).upper()
        _LOG.exception("fault %s", task.fault)


_BEGINNING = threading.Lock()


def line() -> Line:
    """The server's."""
    with _BEGINNING:  # two visitors who come first together get the same one
        return _line()


@cache
def _line() -> Line:
    return Line()
