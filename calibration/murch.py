"""A published system against its published queues: ``python -m calibration.murch`` prints the tables of docs/murch2021.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from scenarios.levers import apply
from scenarios.load import load
from scenarios.reading import read_text
from scenarios.schema import Model, Scenario
from scenarios.units import DAY
from sim.output_analysis import Interval, mean_interval
from sim.records import Kind
from sim.replicate import run
from sim.result import Result
from sim.view import View

SEEDS = range(1, 25)
"""Of the replications on the page."""

Stack = Literal["baseline", "intervention_two"]
Window = Literal["pre", "during", "post"]
Floats = npt.NDArray[np.float64]
Pair = tuple[float, float]


class Queue(Model):
    """A mean number waiting: the published one, and that of an independent re-run of the same rules."""

    published: float
    again: float | None = None
    apart: str = ""
    """Why ours lies outside the tolerance. Empty: it does not."""


class Published(Model):
    """What is published, and what our scenario is made from (murch.yaml)."""

    windows: dict[Window, tuple[int, int]]
    """First and last day, counted from 1."""
    tolerance: dict[Window, float]
    """How near ours must come, as a share of the published figure …"""
    least: float
    """… or in children, whichever is more."""
    leaving: dict[str, Pair]
    """p2 and p3 of the daily probability of leaving, 1 - 1 / (1 + (x / p3) ** p2) after x days on the list."""
    stays: dict[str, Pair]
    """Mean and standard deviation of the logarithm of lognormal stays, in days."""
    queues: dict[Stack, dict[str, dict[Window, Queue]]] = Field(min_length=1)
    waits: dict[str, dict[Window, float]]
    """Mean days on the list of all who leave it, called in or not."""


@dataclass(frozen=True)
class Daily:
    """One replication by service (row) and day since the beginning (column, the first is day 1).

    ``waiting``: on the list at the end of the day. ``left``: who left the list that day, called in or not. ``waited``: the sum
    of the whole days they had waited.
    """

    services: tuple[str, ...]
    waiting: Floats
    left: Floats
    waited: Floats


@dataclass(frozen=True)
class Held:
    """A published queue and ours."""

    stack: Stack
    service: str
    window: Window
    queue: Queue
    ours: Interval

    @property
    def most(self) -> float:
        """How far from the published figure ours may be."""
        return max(published().least, published().tolerance[self.window] * self.queue.published)

    @property
    def near(self) -> bool:
        """Whether ours comes as near as it must."""
        return abs(self.ours.mean - self.queue.published) <= self.most


@cache
def published() -> Published:
    """The published figures."""
    text = (files("calibration") / "murch.yaml").read_text(encoding="utf-8")
    return Published.model_validate(read_text(text, "murch.yaml").data)


def scenario(stack: Stack = "baseline") -> Scenario:
    """The example, or the example with their second intervention put on."""
    base = load("murch2021")
    if stack == "baseline":
        return base
    with as_file(files("calibration") / "murch_intervention_two.yaml") as lever:
        return apply(base, str(lever))


def daily(result: Result, replication: int = 0) -> Daily:
    """The queues of one replication day by day, as the authors count them: after the last who joins that day.

    Children who join in the course of a day count as having joined on it: a wait is the number of midnights passed.
    """
    kept = result.replications[replication]
    if kept.log is None or kept.cohort is None:
        raise ValueError('the run did not keep its records: use record="log"')
    view = View(result.plans, kept.cohort, kept.log)
    begin = view.shape.begin
    days = (view.end - begin) // DAY
    rows = [np.zeros((len(view.shape.services), days)) for _ in range(3)]
    for number in range(len(view.shape.services)):
        joins = _day(view.of(Kind.JOINED, number, inside=False).time, begin)
        off = view.off_list(number, inside=False)
        leaves = _day(np.concatenate([log.time for log in off]), begin)
        waits = leaves - _day(np.concatenate([log.since for log in off]), begin)
        came, left = (np.bincount(day, minlength=days)[:days] for day in (joins, leaves))
        rows[0][number] = np.cumsum(came - left)
        rows[1][number] = left
        rows[2][number] = np.bincount(leaves, weights=waits, minlength=days)[:days]
    return Daily(view.shape.services, *rows)


def _day(seconds: npt.NDArray[np.int64], begin: int) -> npt.NDArray[np.int64]:
    """The day in which each second lies, from 0."""
    return (seconds - begin) // DAY


def again(scenario: Scenario, seeds: Sequence[int] = SEEDS, workers: int = -1) -> list[Daily]:
    """One replication a seed, folded where it is run: its records are too many to keep. Half a minute of a processor each.

    ``workers``: processes; -1 as many as there are cores.
    """
    from joblib import Parallel, delayed

    done = Parallel(n_jobs=workers)(delayed(_one)(scenario, seed) for seed in seeds)
    return [item for item in done if item is not None]


def _one(scenario: Scenario, seed: int) -> Daily:
    return daily(run(scenario, replications=1, seed=seed, workers=1, record="log"))


def _slice(window: Window) -> slice:
    first, last = published().windows[window]
    return slice(first - 1, last)


def held(stack: Stack, runs: Sequence[Daily]) -> Iterator[Held]:
    """Our mean queue beside each published one."""
    for service, windows in published().queues[stack].items():
        for window, queue in windows.items():
            ours = [item.waiting[item.services.index(service), _slice(window)].mean() for item in runs]
            yield Held(stack, service, window, queue, mean_interval(ours))


def waits(runs: Sequence[Daily]) -> Iterator[tuple[str, Window, float, float]]:
    """(service, window, published, ours): mean days on the list of all who left it in the window."""
    for service, windows in published().waits.items():
        for window, figure in windows.items():
            row, days = runs[0].services.index(service), _slice(window)
            sums = [(item.waited[row, days].sum(), item.left[row, days].sum()) for item in runs]
            yield service, window, figure, float(sum(waited for waited, _ in sums) / sum(left for _, left in sums))


def table(figures: Sequence[Held]) -> str:
    """Published, re-run and ours, as Markdown; ± is the 95 % half-width of our mean."""
    rows = [
        "| service | days | published | re-run | ours | ± | difference | allowed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for item in figures:
        queue, ours = item.queue, item.ours
        share = (ours.mean - queue.published) / queue.published
        row = (
            item.service,
            item.window,
            f"{queue.published:g}",
            "" if queue.again is None else f"{queue.again:g}",
            f"{ours.mean:.1f}",
            "" if ours.half_width is None else f"{ours.half_width:.1f}",
            f"{ours.mean - queue.published:+.1f} ({share:+.1%})",
            f"± {item.most:.1f}" + ("" if item.near else " (outside)"),
        )
        rows.append("| " + " | ".join(row) + " |")
    return "\n".join(rows)


def wait_table(runs: Sequence[Daily]) -> str:
    """Published and our mean waits, as Markdown."""
    rows = ["| service | days | published | ours |", "|---|---|---|---|"]
    rows += [f"| {service} | {window} | {figure:g} | {ours:.1f} |" for service, window, figure, ours in waits(runs)]
    return "\n".join(rows)


def page() -> str:
    """Every table of docs/murch2021.md: 24 minutes of a processor."""
    base, two = again(scenario()), again(scenario("intervention_two"))
    tables = (table([*held("baseline", base)]), table([*held("intervention_two", two)]), wait_table(base))
    return "\n\n".join(tables)


if __name__ == "__main__":
    print(page())
