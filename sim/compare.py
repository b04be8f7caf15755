"""Comparing scenarios on the same children: paired differences, and what may be said about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.changes import Applied, differences
from scenarios.errors import TrinnError
from scenarios.presupposed import Lacking, lacking
from scenarios.schema import Scenario
from scenarios.units import YEAR
from sim.fold import ALL, SERIES, weeks
from sim.measures import MEASURES, Measure
from sim.output_analysis import MINIMUM_REPLICATIONS, Paired, mean_interval, paired, warm_up_too_short
from sim.replicate import Engine, Progress, Pulse, Record, run_together
from sim.result import Result
from sim.view import FEWEST

Word = Literal["better", "worse", "mixed", "unclear", "same", "too_few"]
Floats = npt.NDArray[np.float64]
LEAST_DRIFT = 0.1
"""Of a list or of courses: the share by which the level must move in the period to be called unsettled."""
HUNDREDTH = 22
"""Minutes a week: a hundredth of a post. What a lever moves below that, from one task to another, is no fewer posts."""


@dataclass(frozen=True)
class Verdict:
    """What may be said of a proposal against the base.

    ``better``: some headline measure is better beyond noise, and none of the headline or guard measures is worse.
    ``worse``: the other way round. ``mixed``: both. ``unclear``: no difference beyond noise. ``same``: not one number differs.
    ``too_few``: fewer replications than anything can be said on.
    """

    word: Word
    better: tuple[str, ...]
    """Headline and guard measures that are better beyond noise."""
    worse: tuple[str, ...]
    fewer_posts: bool
    """Some post is smaller than in the base: the model cannot show that a cut is safe."""


@dataclass(frozen=True)
class Caution:
    """Something the reader must know before believing the numbers."""

    kind: Literal["few_replications", "warm_up", "never_settles", "national_average", "partly_own", "no_warm_up", "presupposes"]
    subject: str = ""
    number: int = 0


@dataclass(frozen=True)
class Comparison:
    """Scenarios run on the same children; the first is the base."""

    results: Mapping[str, Result]
    by: tuple[str, ...] = ()
    level: float = 0.95
    command: str = ""
    """The command that repeats it."""
    wanted: int = 0
    """Replications that were asked for, where these are the first of more: whoever reads it must know."""
    changes: Mapping[str, tuple[Applied, ...]] = field(default_factory=dict)

    @property
    def base(self) -> Result:
        """What the others are compared with."""
        return next(iter(self.results.values()))

    @property
    def others(self) -> dict[str, Result]:
        """The proposals, by name."""
        return dict(list(self.results.items())[1:])

    @property
    def replications(self) -> int:
        """How many possible futures."""
        return len(self.base.replications)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a measure and proposal.

        Columns: area, service, group, measure, unit, better, scenario, base_mean, mean, difference, low and high (the
        paired 95 % interval), half_width, share_better, share_worse (of replications), direction, events, n. A group
        with fewer than 20 events is not compared: its direction is ``too few``.
        """
        rows = []
        for key in self.base.replications[0].folded.values:
            area, service, group, name = key
            measure = MEASURES["service" if service else "area", name]
            for other in self.others:
                rows.append((area, service, group, name, measure.unit, measure.better, other, *self.numbers(key, other)))
        columns = ["area", "service", "group", "measure", "unit", "better", "scenario", "base_mean", "mean", "difference",
                   "low", "high", "half_width", "share_better", "share_worse", "direction", "n"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def means(self) -> pd.DataFrame:
        """One row a measure and scenario: area, service, group, measure, unit, scenario, mean, half_width, n."""
        rows = []
        for key in self.base.replications[0].folded.values:
            for name, result in self.results.items():
                interval = mean_interval(self.values(result, key), self.level)
                unit = MEASURES["service" if key[1] else "area", key[3]].unit
                rows.append((*key, unit, name, interval.mean, interval.half_width, interval.n))
        return pd.DataFrame(
            rows, columns=["area", "service", "group", "measure", "unit", "scenario", "mean", "half_width", "n"]
        )

    def values(self, result: Result, key: tuple[str, str, str, str]) -> Floats:
        """A measure, one value a replication; NaN where it is not defined."""
        return np.asarray([r.folded.values.get(key, np.nan) for r in result.replications])

    def pair(self, key: tuple[str, str, str, str], other: str, comparisons: int = 1) -> Paired:
        """The paired comparison of one measure."""
        measure = MEASURES["service" if key[1] else "area", key[3]]
        base, changed = self.values(self.base, key), self.values(self.results[other], key)
        return paired(base, changed, measure.better, self.level, comparisons)

    def numbers(self, key: tuple[str, str, str, str], other: str) -> tuple[Any, ...]:
        """The columns of :attr:`table` from ``base_mean`` on, of one measure and proposal: pages ask for a few of hundreds."""
        if (key, other) not in self._numbered:
            self._numbered[key, other] = self._numbers(key, other)
        return self._numbered[key, other]

    @cached_property
    def _numbered(self) -> dict[tuple[tuple[str, str, str, str], str], tuple[Any, ...]]:
        return {}

    def _numbers(self, key: tuple[str, str, str, str], other: str) -> tuple[Any, ...]:
        pair = self.pair(key, other)
        base, changed = self.values(self.base, key), self.values(self.results[other], key)
        both = ~(np.isnan(base) | np.isnan(changed))
        means = (float(v[both].mean()) if both.any() else float("nan") for v in (base, changed))
        difference = pair.difference
        few = key[2] != ALL and not self._enough(key[0], key[2])
        direction = "too few" if few else pair.direction
        return (*means, difference.mean, difference.low, difference.high, difference.half_width, pair.better, pair.worse,
                direction, difference.n)  # fmt: skip

    def _enough(self, area: str, group: str) -> bool:
        years = (self.base.plans[0].shape.end + 1) / YEAR
        return bool(np.nanmean(self.values(self.base, (area, "", group, "sought_help"))) * years >= FEWEST)

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """What may be said of each proposal.

        Headline measures count as better only beyond an interval widened for their number and that of the proposals
        (Bonferroni); anything counts as worse beyond its own interval. Both lean to caution. A headline counts only from a
        day, or a hundredth of the children, on; a guard from the least difference beyond noise.
        """
        return {name: self._verdict(name) for name in self.others}

    def _verdict(self, name: str) -> Verdict:
        judged = [m for m in MEASURES.values() if m.per == "area" and (m.headline or m.guard)]
        judged = [m for m in judged if (ALL, "", ALL, m.name) in self.base.replications[0].folded.values]
        headlines = [m for m in judged if m.headline]
        comparisons = max(1, len(headlines) * len(self.others))
        better, worse = [], []
        for measure in judged:
            key = (ALL, "", ALL, measure.name)
            if abs(self.pair(key, name).difference.mean) < measure.least:
                continue
            if self.pair(key, name).direction == "worse":
                worse.append(measure)
            elif self.pair(key, name, comparisons).direction == "better":
                better.append(measure)
        word = self._word(name, better, worse, judged)
        return Verdict(word, tuple(m.name for m in better), tuple(m.name for m in worse), self._fewer_posts(name))

    def _word(self, name: str, better: Sequence[Measure], worse: Sequence[Measure], judged: Sequence[Measure]) -> Word:
        if self.replications < MINIMUM_REPLICATIONS:
            return "too_few"
        pairs = [self.pair((ALL, "", ALL, m.name), name) for m in judged]
        if all(pair.identical or pair.difference.n == 0 for pair in pairs):
            return "same"
        if worse:
            return "mixed" if better else "worse"
        return "better" if any(m.headline for m in better) else "unclear"

    def _fewer_posts(self, name: str) -> bool:
        base, other = self.base.plans[-1], self.results[name].plans[-1]
        if base.shape.pools != other.shape.pools:
            return False
        least = [HUNDREDTH if kind in ("posts", "rooms") else 1 for kind in base.shape.kinds]
        return any(old - new >= few for old, new, few in zip(base.capacity, other.capacity, least, strict=True))

    @cached_property
    def cautions(self) -> tuple[Caution, ...]:
        """What the reader must know: whose staffing, too few replications, a warm-up that was too short."""
        found = []
        staffing = {result.scenario.staffing for result in self.results.values()}
        if "national_average" in staffing:
            found.append(Caution("national_average"))
        elif "partly_own" in staffing:
            found.append(Caution("partly_own"))
        for result in self.others.values():
            already = set(found)
            found += [new for new in map(_presupposed, lacking(result.scenario)) if new not in already]
        if self.replications < MINIMUM_REPLICATIONS:
            found.append(Caution("few_replications", number=MINIMUM_REPLICATIONS))
        return (*found, *settling(self.base))


def _presupposed(lack: Lacking) -> Caution:
    return Caution("presupposes", lack.lever, lack.number)


def settling(result: Result) -> tuple[Caution, ...]:
    """Services whose lists or courses had not settled when the period began.

    MSER-5 on the mean weekly series points at them; one is named only if the level before the point it settles at (in the
    period) and after it differ beyond noise over the replications, and by more than a tenth: MSER alone takes slow waves for
    a start, and enough replications find a drift that nobody would notice.
    """
    if any(service.opening_list for service in result.scenario.services.values()):
        return ()  # a run from a loaded list is meant to move
    warm_up = int(np.sum(weeks(result.plans[0]) < 0))
    found: dict[str, Caution] = {}
    for column in (SERIES.index("waiting"), SERIES.index("in_course")):
        for number, service in enumerate(result.plans[0].shape.services):
            series = np.asarray([replication.folded.series[:, number, column] for replication in result.replications])
            if series.mean(axis=0).max() >= 1:
                for unsettled in warm_up_too_short({service: series.mean(axis=0)}, warm_up):
                    if _moves(series, warm_up, unsettled.weeks):
                        kind: Literal["never_settles", "warm_up"] = "never_settles" if unsettled.weeks is None else "warm_up"
                        found.setdefault(service, Caution(kind, service, unsettled.weeks or 0))
    return tuple(found.values())


def _moves(series: Floats, begin: int, settles: int | None) -> bool:
    """Whether the level in the period before a series settles (its first half, if it never does) differs from that after."""
    cut = (begin + series.shape[1]) // 2 if settles is None else settles
    before, after = series[:, begin:cut], series[:, cut:]
    if not before.size or not after.size:
        return False
    difference = mean_interval(before.mean(axis=1) - after.mean(axis=1))
    if abs(difference.mean) < LEAST_DRIFT * max(before.mean(), after.mean()):
        return False
    return difference.half_width is None or difference.excludes_zero


def compare(
    scenarios: Mapping[str, Scenario],
    *,
    replications: int = 50,
    seed: int = 1,
    engine: Engine = "compiled",
    workers: int | None = None,
    record: Record = "weekly",
    by: Sequence[str] = (),
    progress: Progress | None = None,
    pulse: Pulse | None = None,
    command: str = "",
) -> Comparison:
    """Run scenarios on the same children and compare each with the first.

    Args:
        scenarios: name to scenario; the first is the base.
        replications, seed, engine, workers, record, by, progress, pulse: as in :func:`sim.replicate.run`.
        command: what to print as the command that repeats it.

    Raises:
        TrinnError: when there are fewer than two scenarios, or their periods differ.
    """
    if len(scenarios) < 2:
        raise TrinnError("a comparison needs a base and at least one proposal")
    periods = {name: scenario.period.plain(full=True) for name, scenario in scenarios.items()}
    first = next(iter(periods.values()))
    if different := [name for name, period in periods.items() if period != first]:
        raise TrinnError(f'"{different[0]}" has another period than the base: scenarios are compared over the same time')
    results = run_together(scenarios, replications, seed, engine, workers, record, by, progress, pulse)
    changes = {name: differences(scenario) for name, scenario in scenarios.items()}
    return Comparison(results, tuple(by), command=command, changes=changes)
