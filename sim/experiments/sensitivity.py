"""Which of the numbers that nobody knows for certain move the difference between a proposal and the base, and by how much.

Screening first (:mod:`sim.experiments.morris`): every number from many places, so that what does not matter is out. Then
variance-based indices of the few that do (:mod:`sim.experiments.sensitivity_indices`). Then a search along the range of each of
them for where the conclusion would turn round (:mod:`sim.experiments.sensitivity_turning`). What is looked at is always the
paired difference: proposal minus base on the same children.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from scenarios.errors import Fault, TrinnError, nearest
from scenarios.evidence import UNCERTAIN, Cut, Number, numbers
from scenarios.schema import Grade, Scenario
from sim.compare import Comparison, Word
from sim.experiments import morris, sensitivity_indices
from sim.experiments.sensitivity_points import Answer, Floats, Key, Point, Question, Store, answers, seed_of, without_effect
from sim.experiments.sensitivity_turning import Turn, sign, turns
from sim.fold import ALL
from sim.measures import MEASURES, Measure
from sim.output_analysis import MINIMUM_REPLICATIONS, Interval, mean_interval
from sim.replicate import run_together, trinn_version

SIMPLE = "wait_list_started"
"""What is looked at where a ladder has no doors: the headline measures are of children who seek help through one."""
_SPELLED = re.compile(r"\s*(?P<name>\w+)\s*(?:\(\s*(?P<service>\w+)\s*\))?\s*")

Progress = Callable[[str, int, int], None]
"""Called with the part that is worked at (``unused``, ``screening``, ``indices``, ``turning``), how much of it is done, and how
much there is."""


@dataclass(frozen=True)
class Settings:
    """How much is run. Replications are of base and proposal together."""

    walks: int = 8
    """Places from which each number is moved, in screening."""
    replications: int = 4
    """At each point of screening, and at each of the indices' points."""
    points: int = 128
    """For the indices: a power of 2."""
    top: int = 5
    """Numbers that get indices and are searched for where they turn the conclusion."""
    futures: int = 20
    """Replications that a conclusion rests on."""


@dataclass(frozen=True)
class LeftOut:
    """A number that is not moved."""

    number: Number
    why: str
    """``no_range``, ``unlike`` (see :class:`scenarios.evidence.Number`), or ``unused``: both scenarios are the same to the
    engine wherever it stands."""


@dataclass(frozen=True)
class Influence:
    """How much one number moves the difference in one measure, when it goes over its whole range; in the measure's unit."""

    number: Number
    measure: Key
    rank: int | None
    """From 1; None for what cannot be told from noise."""
    effect: morris.Effect
    index: sensitivity_indices.Index | None
    """Shares of the variance; None where none were worked out."""


@dataclass(frozen=True)
class Fit:
    """How well the indices of a measure are known."""

    measure: Key
    explained: float
    noise: float
    deviation: float


@dataclass(frozen=True)
class Turning:
    """A number that turns a conclusion round, inside its range."""

    number: Number
    measure: Key | None
    """None: the verdict turns."""
    value: float | str
    """About where, as its range is written."""
    between: tuple[float | str, float | str]
    before: str
    after: str


@dataclass(frozen=True)
class Sensitivity:
    """What a comparison depends on."""

    names: tuple[str, str]
    base: Scenario
    proposal: Scenario
    measures: tuple[Key, ...]
    verdict: Word
    """As the numbers stand."""
    differences: tuple[Interval, ...]
    """By measure, as the numbers stand."""
    means: tuple[tuple[float, float], ...]
    """By measure: of the base and of the proposal, as the numbers stand."""
    moved: tuple[Number, ...]
    """In the order of importance: by the largest share that a number has of all effects on any of the measures."""
    influences: tuple[Influence, ...]
    """By measure, and in each the largest first; what is noise comes last."""
    fits: tuple[Fit, ...]
    turnings: tuple[Turning, ...]
    searched: tuple[Number, ...]
    """The numbers that were searched for where they turn a conclusion."""
    left_out: tuple[LeftOut, ...]
    cuts: tuple[Cut, ...]
    settings: Settings
    seed: int
    version: str

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a number and measure.

        Columns: measure, service, unit, rank (missing where it cannot be told from noise), number, lever, grade, low, high,
        effect (mean over the range, with its sign), size (root mean square, without noise), spread, error (of effect), p,
        first, first_error, total, total_error (shares of the variance; missing where none were worked out).
        """
        rows = [_row(each) for each in self.influences]
        columns = ["measure", "service", "unit", "rank", "number", "lever", "grade", "low", "high", "effect", "size", "spread",
                   "error", "p", "first", "first_error", "total", "total_error"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def of(self, measure: Key) -> tuple[Influence, ...]:
        """The numbers by how much they move one measure, those that are noise last."""
        return tuple(each for each in self.influences if each.measure == measure)


def _row(each: Influence) -> tuple[object, ...]:
    number, effect, index = each.number, each.effect, each.index
    shares = (None,) * 4 if index is None else (index.first, index.first_error, index.total, index.total_error)
    head = (each.measure[3], each.measure[1], measure_of(each.measure).unit, each.rank)
    about = (number.key, number.lever, number.grade, number.low, number.high)
    return (*head, *about, effect.mean, effect.size, effect.spread, effect.error, effect.p, *shares)


def sensitivity(
    scenarios: Mapping[str, Scenario],
    *,
    measures: Sequence[str] = (),
    grades: Sequence[Grade] = UNCERTAIN,
    settings: Settings = Settings(),
    seed: int = 1,
    workers: int | None = None,
    store: Store | None = None,
    progress: Progress | None = None,
) -> Sensitivity:
    """What the difference between a proposal and the base depends on.

    Args:
        scenarios: name to scenario: the base, then one proposal.
        measures: which differences: of the area (``wait_after_referral``) or of a service (``wait_started(bup)``). None: the
            headline measures.
        grades: how sure the numbers are that are moved.
        settings: how much is run.
        seed: the same question, seed and version give the same answer, however often it was interrupted.
        workers: threads; None: as many as there are cores.
        store: where parts that are done are kept.
        progress: told how far it has come.

    Raises:
        TrinnError: on arguments outside their range, and measures that the ladder does not have.
    """
    names, base, proposal = _two(scenarios)
    _check(settings, seed)
    keys = _keys(base, measures)
    said = progress or (lambda *_: None)
    wanted = _either(numbers(base), numbers(proposal))
    uncertain = [number for number in wanted if number.grade in grades]
    left_out = [LeftOut(number, number.fixed) for number in uncertain if number.fixed]
    movable = tuple(number for number in uncertain if not number.fixed)
    whether = Question(base, proposal, names, movable, keys)
    unused = without_effect(whether, workers, lambda done: said("unused", done, len(movable)))
    left_out += [LeftOut(number, "unused") for number, no in zip(movable, unused, strict=True) if no]
    moved = tuple(number for number, no in zip(movable, unused, strict=True) if not no)
    question = Question(base, proposal, names, moved, keys)
    return _Work(question, settings, seed, workers, store, said).done(tuple(left_out))


class _Work:
    """The parts of one question, in order."""

    def __init__(
        self, question: Question, settings: Settings, seed: int, workers: int | None, store: Store | None, said: Progress
    ) -> None:
        self.question, self.settings, self.seed = question, settings, seed
        self.workers, self.store, self.said = workers, store, said
        self.cuts: dict[Cut, None] = {}
        self.count, self.total = 0, 0

    def ask(self, part: str, points: Sequence[Point]) -> list[Answer]:
        """The answers of some points."""
        self.total += sum(point.replications for point in points)

        def done(replications: int) -> None:
            self.count += replications
            self.said(part, self.count, self.total)

        found = answers(self.question, points, self.workers, self.store, done)
        self.cuts |= dict.fromkeys(cut for answer in found for cut in answer.cuts)
        return found

    def begin(self) -> None:
        """A new part."""
        self.count = self.total = 0

    def done(self, left_out: tuple[LeftOut, ...]) -> Sensitivity:
        """All parts."""
        question = self.question
        futures, of_turns = self.settings.futures, seed_of(self.seed, "turning")
        now = self.ask("screening", [Point((), futures, of_turns, judged=True)])[0]
        effects = self._screened()
        ranked, order = _ranked(effects, len(question.numbers))
        top = [number for number in order if any(number in of for of in ranked)][: self.settings.top]
        indices = self._indices(top)
        order = _by_variance(ranked, order, top, indices)
        turned = self._turned(top, now, of_turns)
        influences = []
        for which, key in enumerate(question.measures):
            places = {number: rank + 1 for rank, number in enumerate(ranked[which])}
            rest = [number for number in order if number not in places]
            for number in (*ranked[which], *rest):
                found = indices[which] if indices else None
                index = found.each[top.index(number)] if found is not None and number in top else None
                effect = effects[which][number]
                influences.append(Influence(question.numbers[number], key, places.get(number), effect, index))
        fits = [
            Fit(key, found.explained, found.noise, found.deviation)
            for key, found in zip(question.measures, indices, strict=False)
            if found is not None
        ]
        return Sensitivity(
            names=question.names,
            base=question.base,
            proposal=question.proposal,
            measures=question.measures,
            verdict=_word(now.word),
            differences=tuple(mean_interval(row) for row in now.difference),
            means=tuple((_mean(one), _mean(other)) for one, other in zip(now.base, now.other, strict=True)),
            moved=tuple(question.numbers[number] for number in order),
            influences=tuple(influences),
            fits=tuple(fits),
            turnings=tuple(_turning(question, turn) for turn in turned),
            searched=tuple(question.numbers[number] for number in top),
            left_out=left_out,
            cuts=tuple(self.cuts),
            settings=self.settings,
            seed=self.seed,
            version=trinn_version(),
        )

    def _screened(self) -> list[tuple[morris.Effect, ...]]:
        """By measure: the effect of each number. Numbers that look like noise in the first walks are not walked further."""
        self.begin()
        measures = range(len(self.question.measures))
        everybody = list(range(len(self.question.numbers)))
        if not everybody:
            return [() for _ in measures]
        first = max(2, self.settings.walks * 3 // 8)
        done = self._walked(everybody, first, "first")
        early = [[morris.effect(rows) for rows in done[which]] for which in measures]
        kept = [number for number in everybody if any(early[which][number].p <= morris.FUTILE for which in measures)]
        if kept and self.settings.walks > first:
            more = self._walked(kept, self.settings.walks - first, "more")
        found = []
        for which in measures:
            rows = list(done[which])
            for index, number in enumerate(kept if self.settings.walks > first else ()):
                rows[number] = np.concatenate([rows[number], more[which, index]])
            found.append(tuple(map(morris.effect, rows)))
        return found

    def _walked(self, moved: Sequence[int], walks: int, part: str) -> Floats:
        """What each step of walks of some numbers did: (measures, numbers, walks, replications). The others stay put."""
        design = morris.trajectories(walks, len(moved), seed_of(self.seed, "walks", part))
        replications = self.settings.replications
        points = [
            Point(_placing(moved, place), replications, seed_of(self.seed, "walk", part, walk))
            for walk in range(walks)
            for place in design.points[walk]
        ]
        outputs = np.asarray([answer.difference for answer in self.ask("screening", points)])
        shape = (walks, len(moved) + 1, replications)
        measures = range(len(self.question.measures))
        return np.stack([morris.differences(design, outputs[:, which].reshape(shape)) for which in measures])

    def _indices(self, top: Sequence[int]) -> list[sensitivity_indices.Indices | None]:
        """By measure, of the numbers at the top; the others stand where they stand."""
        self.begin()
        if not top:
            return []
        design = sensitivity_indices.design(len(top), self.settings.points, seed_of(self.seed, "design"))
        points = [
            Point(
                tuple(zip(top, map(float, place), strict=True)),
                self.settings.replications,
                seed_of(self.seed, "design", number),
            )
            for number, place in enumerate(design)
        ]
        outputs = np.asarray([answer.difference for answer in self.ask("indices", points)])
        seed = seed_of(self.seed, "indices")
        return [sensitivity_indices.indices(design, outputs[:, which], seed) for which in range(len(self.question.measures))]

    def _turned(self, top: Sequence[int], now: Answer, seed: int) -> tuple[Turn, ...]:
        self.begin()
        if not top or self.settings.futures < MINIMUM_REPLICATIONS:
            return ()
        where = [(number, self.question.numbers[number].position) for number in top]
        least = [measure_of(key).least for key in self.question.measures]
        return turns(where, now, least, self.settings.futures, seed, lambda points: self.ask("turning", points))


def _placing(top: Sequence[int], place: Floats) -> tuple[tuple[int, float], ...]:
    return tuple((number, float(position)) for number, position in zip(top, place, strict=True))


def _mean(values: Floats) -> float:
    return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")


def _word(word: str) -> Word:
    return word  # type: ignore[return-value]  # as sim.compare wrote it


def _turning(question: Question, turn: Turn) -> Turning:
    number = question.numbers[turn.number]
    measure = question.measures[turn.measure] if turn.measure >= 0 else None
    return Turning(
        number, measure, number.at(turn.position), (number.at(turn.low), number.at(turn.high)), turn.before, turn.after
    )


def _ranked(effects: Sequence[Sequence[morris.Effect]], count: int) -> tuple[list[list[int]], list[int]]:
    """By measure: the numbers beyond noise, the largest first; and all numbers in order of importance."""
    ranked, share = [], np.zeros(count)
    for of in effects:
        passed = [number for number, yes in enumerate(morris.beyond_noise(of)) if yes]
        ranked.append(sorted(passed, key=lambda number: -of[number].size))
        total = sum(of[number].size ** 2 for number in passed)
        for number in passed:
            share[number] = max(share[number], of[number].size ** 2 / total)
    doubt = [min((of[number].p for of in effects), default=1.0) for number in range(count)]
    return ranked, sorted(range(count), key=lambda number: (-share[number], doubt[number], number))


def _by_variance(
    ranked: list[list[int]], order: list[int], top: Sequence[int], indices: Sequence[sensitivity_indices.Indices | None]
) -> list[int]:
    """Ranks by the share of the variance where that is known, in place; and the order of importance with it."""
    most = dict.fromkeys(top, 0.0)
    for which, found in enumerate(indices):
        if found is None:
            continue
        total = {number: found.each[place].total for place, number in enumerate(top)}
        sure = {number for place, number in enumerate(top) if found.each[place].total > 2 * found.each[place].total_error}
        first = sorted((sure | set(ranked[which])) & set(top), key=lambda number: -total[number])
        ranked[which] = [*first, *(number for number in ranked[which] if number not in first)]
        most = {number: max(most[number], total[number]) for number in top}
    return [*sorted(top, key=lambda number: -most[number]), *(number for number in order if number not in most)]


# -- the question -------------------------------------------------------------------------------------------------------


def _two(scenarios: Mapping[str, Scenario]) -> tuple[tuple[str, str], Scenario, Scenario]:
    if len(scenarios) != 2:
        raise TrinnError(f"sensitivity sets one proposal against the base (got {len(scenarios)} scenarios)")
    (first, base), (second, proposal) = scenarios.items()
    if base.period != proposal.period:
        raise TrinnError(f'"{second}" has another period than the base: scenarios are compared over the same time')
    return (first, second), base, proposal


def _either(base: Sequence[Number], proposal: Sequence[Number]) -> tuple[Number, ...]:
    """The numbers of the base, and those that only the proposal has."""
    known = {number.key for number in base}
    return (*base, *(number for number in proposal if number.key not in known))


def _check(settings: Settings, seed: int) -> None:
    for word, value, low, high in (
        ("walks", settings.walks, 2, 1000),
        ("replications", settings.replications, 2, 10_000),
        ("points", settings.points, 32, 2**14),
        ("top", settings.top, 1, 50),
        ("futures", settings.futures, MINIMUM_REPLICATIONS, 100_000),
        ("seed", seed, 0, 2**63 - 1),
    ):
        if type(value) is not int or not low <= value <= high:
            raise TrinnError(f"{word}: must be a whole number from {low} to {high} (got {value!r})")
    if settings.points & (settings.points - 1):
        raise TrinnError(f"points: must be a power of 2, such as 128 (got {settings.points})")


def _keys(base: Scenario, wanted: Sequence[str]) -> tuple[Key, ...]:
    """The measures, as they stand in a replication's values."""
    results = run_together({"base": base}, 1, 0, "compiled", 1, "weekly", ())
    there = [key for key in results["base"].replications[0].folded.values if key[0] == ALL and key[2] == ALL]
    if wanted:
        return tuple(dict.fromkeys(_key(text, there) for text in wanted))
    headlines = [key for key in there if base.doors and not key[1] and measure_of(key).headline]
    found = headlines or [key for key in there if key[3] == SIMPLE]
    if not found:
        raise TrinnError("this ladder has none of the main measures: name one, such as in_course(service)")
    return tuple(found)


def _key(text: str, there: Sequence[Key]) -> Key:
    match = _SPELLED.fullmatch(text)
    key = (ALL, match["service"] or "", ALL, match["name"]) if match else None
    if key is None or key not in there:
        known = [spelled_key(key) for key in there]
        raise TrinnError(Fault(f'there is no measure "{text[:60]}"{nearest(text, known)}', field="measure"))
    return key


def spelled_key(key: Key) -> str:
    """A measure as it is asked for: ``wait_after_referral``, ``wait_started(bup)``."""
    return f"{key[3]}({key[1]})" if key[1] else key[3]


def measure_of(key: Key) -> Measure:
    """The measure of a key."""
    return MEASURES["service" if key[1] else "area", key[3]]


__all__ = [
    "Comparison",
    "Fit",
    "Influence",
    "LeftOut",
    "Progress",
    "Sensitivity",
    "Settings",
    "Turning",
    "measure_of",
    "sensitivity",
    "sign",
    "spelled_key",
]
