"""What is asked for by people who wait: answers that come soon and get surer, and are stopped in a moment.

A job asks for scenarios on the same children. The runner (:mod:`dashboard.runner`) fills it, a possible future at a time;
whoever asked reads it meanwhile, from any thread.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from weakref import WeakValueDictionary

import sim.compare
from dashboard.comparison import Comparison
from scenarios.changes import differences
from scenarios.errors import TrinnError
from scenarios.resolve import ByIdentity
from scenarios.schema import Scenario
from sim.replicate import Made, result_of
from sim.result import Replication, Result

STAGES = (10, 40, 100)
"""Possible futures after which an answer is shown."""
NEIGHBOUR = 0.15
"""What a neighbour's child counts of one that is simulated in full."""


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
    known = _contents.get(scenario)
    content = known if known is not None else _contents.keep(scenario, blake2b(scenario.model_dump_json().encode()).digest())
    return blake2b(content + f" {seed} {by}".encode(), digest_size=16).hexdigest()


_contents: ByIdentity[Scenario, bytes] = ByIdentity()
"""Digests of what scenarios hold: pages ask for the same ones again and again."""


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
    _made: dict[str, Made] = field(default_factory=dict)
    _turn: float = 0.0
    """On the runner's clock: whoever has the earliest comes first."""
    _used: float = 0.0
    """Seconds of workers."""
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
        if any(digest not in self._made for digest in self.digests):
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
            of = (self.digests, tuple(self.question.scenarios), self.question.by, self.question.command, shown)
            known = _comparisons.get(of)
            if known is None:
                known = _comparisons[of] = self._compared(shown)
            self._shown = shown, known
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
            name: result_of(scenario, name, self.question.seed, self._made[digest].plans, [done[n] for n in range(shown)])
            for (name, scenario), digest, done in zip(self.question.scenarios.items(), self.digests, self._done, strict=True)
        }

    def _compared(self, shown: int) -> Comparison:
        results = self._resulted(shown)
        changes = {name: differences(scenario) for name, scenario in self.question.scenarios.items()}
        plain = sim.compare.Comparison(results, self.question.by, command=self.question.command, changes=changes)
        return Comparison(**{each.name: getattr(plain, each.name) for each in fields(plain)})

    def cancel(self) -> None:
        """End it as soon as the engine looks up; what is finished stays."""
        self.cancelled = True


_comparisons: WeakValueDictionary[tuple[object, ...], Comparison] = WeakValueDictionary()
"""What is shown to anybody now, by all that it depends on: many look at the same first example."""
