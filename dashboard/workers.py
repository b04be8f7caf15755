"""Processes that run possible futures, one for each core, so that pages are drawn while the engine runs.

Threads of the server would share one interpreter with every page: with ten planners at once, 1.2 of two cores were used.
Two hundred thousand bytes a future go from process to process in half a millisecond, where a future takes forty.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from dashboard.warm import compile_engine
from scenarios.errors import TrinnError
from sim.replicate import Cohorts, Made, Prepared
from sim.result import Replication

LOOK = 0.05
"""Seconds between two looks at whether what is run is still wanted."""
PREPARED = 10
"""Scenarios that a worker keeps ready to run: 17 MB each in a municipality."""
COHORTS = 60
"""Cohorts that a worker keeps, of 1.4 MB in a municipality: sliders mostly move what meets the same children."""
GENTLE = 5
"""How much workers step back for the pages, as the system counts it."""


@dataclass(frozen=True)
class Order:
    """One possible future that is to be run."""

    digest: str
    """Names the scenario, the seed and the parts that are counted."""
    number: int
    seed: int
    by: tuple[str, ...]
    made: Made | None = None
    """Of the scenario; only where the worker has not got it yet."""


class WorkerError(Exception):
    """A worker failed at what it was given, or died of it: a fault of ours, or of the machine."""


_UNKNOWN = "unknown"
_STOP = "stop"


class Worker:
    """A process that runs possible futures, one at a time, for the one thread that has it. It begins with the first."""

    def __init__(self) -> None:
        self._process: Any = None
        self._line: Connection | None = None

    def replicate(
        self, made: Made, seed: int, by: tuple[str, ...], digest: str, number: int, look: Callable[[], None]
    ) -> Replication:
        """Replication ``number`` of a scenario: the same bytes as :func:`sim.replicate.run` gives.

        Args:
            made: of the scenario; it is sent once.
            seed, by: as there.
            digest: what names the three.
            number: of the replication.
            look: called many times a second; what it raises ends the run within a moment.

        Raises:
            TrinnError: what the user can put right.
            WorkerError: a fault; the next order finds a worker again.
        """
        order = Order(digest, number, seed, by)
        found = self._asked(order, look)
        if found == _UNKNOWN:
            found = self._asked(replace(order, made=made), look)
        if isinstance(found, Replication):
            return found
        if isinstance(found, TrinnError):
            raise found
        raise WorkerError(found)

    def end(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.join(5)
        if self._line is not None:
            self._line.close()
        self._process = self._line = None

    def _asked(self, order: Order, look: Callable[[], None]) -> Any:
        line = self._begun()
        try:
            line.send(order)
            while not line.poll(LOOK):
                self._heard(look, line)
            return line.recv()
        except (EOFError, OSError) as gone:
            code = self._process.exitcode
            self.end()
            raise WorkerError(f"a worker ended by itself (exit code {code})") from gone

    @staticmethod
    def _heard(look: Callable[[], None], line: Connection) -> None:
        try:
            look()
        except BaseException:
            line.send(_STOP)
            line.recv()  # it finished just now, or it stops: either way it has said one thing
            raise

    def _begun(self) -> Connection:
        if self._process is not None and not self._process.is_alive():
            self.end()  # it died while nobody had use of it
        if self._line is None:
            from joblib.externals.loky.backend.context import get_context  # it never imports the server's script again

            compile_engine()
            with _BEGINNING:
                context = get_context("loky")
                self._line, theirs = context.Pipe()
                self._process = context.Process(target=serve, args=(theirs,), name="trinn-worker", daemon=True)
                self._process.start()
                theirs.close()
        return self._line


_BEGINNING = threading.Lock()
"""Processes are started one at a time: what one inherits must not be another's."""


# -- in the process -----------------------------------------------------------------------------------------------------


class _StoppedError(Exception):
    """What is run is not wanted any longer."""


def serve(line: Connection) -> None:
    """What a worker does until its server has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever interrupts the server ends it, and it its workers
    if hasattr(os, "nice"):
        os.nice(GENTLE)
    ready: OrderedDict[str, Prepared] = OrderedDict()
    cohorts = Cohorts(COHORTS)

    def look() -> None:
        if line.poll():
            line.recv()
            raise _StoppedError

    with suppress(EOFError, OSError):
        while True:
            order = line.recv()
            if isinstance(order, Order):
                line.send(_ran(order, ready, cohorts, look))


def _ran(order: Order, ready: OrderedDict[str, Prepared], cohorts: Cohorts, look: Callable[[], None]) -> Any:
    """The replication, or what hindered it."""
    try:
        if order.digest not in ready:
            if order.made is None:
                return _UNKNOWN
            ready[order.digest] = Prepared(order.made, order.seed, order.by, cohorts)
            while len(ready) > PREPARED:
                ready.popitem(last=False)
        ready.move_to_end(order.digest)
        return ready[order.digest].replicate(order.number, look)
    except TrinnError as error:
        return error
    except _StoppedError:
        return _STOP
    except (EOFError, OSError):
        raise
    except Exception:  # the server logs it, and goes on
        return traceback.format_exc()
