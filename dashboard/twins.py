"""A few invented children's stories today and with a proposal, side by side: run and told beside the pages.

Of the children who sought help, only some have another story with the proposal; those are the ones that are told, in the
order of the cohort, and how many they are is told too. The records are let go at once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from threading import Lock

import pandas as pd

from dashboard.jobs import digest_of
from dashboard.story_twin import Twin, twin
from dashboard.texts import Language
from scenarios.schema import Scenario
from sim.replicate import run
from sim.result import Result

TOLD = 12
"""Children whose stories are told."""
KEPT = 12
"""Pairs of scenarios that are remembered."""


@dataclass(frozen=True)
class Twins:
    """Stories of children, each today and with a proposal."""

    twins: tuple[Twin, ...]
    sought: int
    """Children of the place who sought help in the counted period of the first possible future."""
    different: int
    """Those of them whom help reached at another time or whose story ended otherwise."""


def _tell(scenarios: Mapping[str, Scenario], seed: int, language: Language, command: str) -> Twins:
    base, other = (run(one, name=name, replications=1, seed=seed, record="log", workers=1) for name, one in scenarios.items())
    both = _side_by_side(base, other)
    different = both[(both["first_help"].fillna(-1) != both["first_help_2"].fillna(-1)) | (both["ended"] != both["ended_2"])]
    found = tuple(twin(base, other, str(child), language, command) for child in different["child"].head(TOLD))
    return Twins(found, len(both), len(different))


def _side_by_side(base: Result, other: Result) -> pd.DataFrame:
    """The children of the focal areas who sought help in the counted period today, with what the proposal made of them."""
    today = base.children(0)
    today = today[(today["sought"] >= 0) & today["area"].isin(base.scenario.focal_areas)]
    return today.merge(other.children(0)[["child", "first_help", "ended"]], on="child", suffixes=("", "_2"))


class _Stories:
    """One thread tells, so that stories never take more than their turn of the computer."""

    def __init__(self) -> None:
        self._one = ThreadPoolExecutor(1, thread_name_prefix="trinn-twins")
        self._lock = Lock()
        self._known: OrderedDict[tuple[object, ...], Future[Twins]] = OrderedDict()

    def ask(self, scenarios: Mapping[str, Scenario], seed: int, language: Language, command: str) -> Future[Twins]:
        key = (*scenarios, *(digest_of(one, seed) for one in scenarios.values()), language)
        with self._lock:
            if key not in self._known:
                self._known[key] = self._one.submit(_tell, scenarios, seed, language, command)
            self._known.move_to_end(key)
            while len(self._known) > KEPT:
                _, old = self._known.popitem(last=False)
                old.cancel()
            return self._known[key]


@cache
def _stories() -> _Stories:
    return _Stories()


def twins_of(scenarios: Mapping[str, Scenario], seed: int, language: Language, command: str) -> Future[Twins]:
    """The stories of two scenarios, under way or done.

    Args:
        scenarios: today and one proposal, by name.
        seed: of the run.
        language: of the words.
        command: what compares the two over many possible futures.
    """
    return _stories().ask(scenarios, seed, language, command)
