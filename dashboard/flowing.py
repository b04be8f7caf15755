"""The picture of children on their way through the services: it needs all that happened in a few futures, and is made beside
the pages. The page that wants one asks again and again; whoever asks for the same gets the same.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Lock

from dashboard.jobs import digest_of
from dashboard.pictures import Picture
from dashboard.pictures.flow import flow
from dashboard.texts import Language
from scenarios.schema import Scenario
from sim.replicate import run

MOST_CHILDREN = 20_000
"""Children of a run, all its futures together: a picture needs no more, and records take memory."""
MOST_FUTURES = 4
KEPT = 40
"""Pictures that are remembered."""


def futures_of(scenario: Scenario) -> int:
    """How many possible futures the picture is made of: fewer of a large place."""
    children = sum(scenario.areas[name].children_0_17 for name in scenario.focal_areas)
    return max(1, min(MOST_FUTURES, MOST_CHILDREN // max(1, children)))


def _drawn(scenario: Scenario, name: str, seed: int, language: Language) -> Picture:
    return flow(run(scenario, replications=futures_of(scenario), seed=seed, record="log", workers=1), name, language)


class _Pictures:
    """One thread draws, so that pictures never take more than their turn of the computer."""

    def __init__(self) -> None:
        self._one = ThreadPoolExecutor(1, thread_name_prefix="trinn-flow")
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, str, str], Future[Picture]] = OrderedDict()

    def ask(self, scenario: Scenario, name: str, seed: int, language: Language) -> Future[Picture]:
        key = digest_of(scenario, seed), name, language
        with self._lock:
            if key not in self._known:
                self._known[key] = self._one.submit(_drawn, scenario, name, seed, language)
            self._known.move_to_end(key)
            while len(self._known) > KEPT:
                _, old = self._known.popitem(last=False)
                old.cancel()
            return self._known[key]


@cache
def _pictures() -> _Pictures:
    return _Pictures()


def flow_of(scenario: Scenario, name: str, seed: int, language: Language) -> Future[Picture]:
    """The picture of a scenario, under way or done.

    Args:
        scenario: whose children they are.
        name: what the scenario is called.
        seed: of the run.
        language: of the words.
    """
    return _pictures().ask(scenario, name, seed, language)
