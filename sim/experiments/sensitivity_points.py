"""Running a base and a proposal with uncertain numbers somewhere in their ranges: many times over, kept as it goes."""

from __future__ import annotations

import json
import os
import pickle
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from scenarios.evidence import Cut, Number, placed
from scenarios.schema import Scenario
from sim.build import phases
from sim.compare import Comparison
from sim.compiled import digest
from sim.replicate import WORTH_A_POOL, interrupts_held, run_together, start_trackers, trinn_version
from sim.source import source_of

Floats = npt.NDArray[np.float64]
T = TypeVar("T")
Found = TypeVar("Found")
Key = tuple[str, str, str, str]
"""(area, service, group, measure), as in a replication's values."""


class Store(Protocol):
    """Where what is done is kept, so that an interrupted question goes on where it stopped."""

    def get(self, key: str) -> Any | None:
        """What was put under a key, or None."""

    def put(self, key: str, data: Any) -> None:
        """Keep something that JSON can hold."""


@dataclass(frozen=True)
class Question:
    """Two scenarios, the numbers that may lie elsewhere, and what is read off."""

    base: Scenario
    proposal: Scenario
    names: tuple[str, str]
    numbers: tuple[Number, ...]
    measures: tuple[Key, ...]

    @cached_property
    def digest(self) -> str:
        """Of everything that an answer depends on, but for the point."""
        said = [
            trinn_version(),
            digest(),
            self.base.plain(),
            self.proposal.plain(),
            self.names,
            [(n.key, n.address, n.lever, n.low, n.high, n.factor) for n in self.numbers],
            self.measures,
        ]
        return blake2b(json.dumps(said, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Point:
    """Where the numbers stand, and on which children it is run."""

    positions: tuple[tuple[int, float], ...]
    """(index of the number, position in its range); those left out stand where the scenario has them."""
    replications: int
    seed: int
    judged: bool = False
    """Whether the verdict is wanted too."""

    def key(self, question: Question) -> str:
        """Its name among what is kept."""
        said = [question.digest, self.positions, self.replications, self.seed, self.judged]
        return blake2b(json.dumps(said).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Answer:
    """What came out at a point."""

    base: Floats
    """(measures, replications)."""
    other: Floats
    word: str
    """The verdict; empty where none was wanted."""
    cuts: tuple[Cut, ...]

    @property
    def difference(self) -> Floats:
        """Proposal minus base, on the same children: (measures, replications)."""
        return self.other - self.base


def seed_of(seed: int, *words: str | int) -> int:
    """A seed of its own for a part of an experiment."""
    said = json.dumps([seed, *words]).encode()
    return int.from_bytes(blake2b(said, digest_size=8).digest(), "little") >> 1


def answers(
    question: Question,
    points: Sequence[Point],
    workers: int | None,
    store: Store | None,
    done: Callable[[int], None],
) -> list[Answer]:
    """The answers of points, in their order; ``done`` hears how many replications each took."""
    found: dict[int, Answer] = {}
    missing = []
    for number, point in enumerate(points):
        kept = store.get(point.key(question)) if store is not None else None
        if kept is None:
            missing.append(number)
        else:
            found[number] = _read(kept)
            done(point.replications)
    for number, written in _asked(question, [points[number] for number in missing], workers):
        point = points[missing[number]]
        if store is not None:
            store.put(point.key(question), written)
        found[missing[number]] = _read(written)
        done(point.replications)
    return [found[number] for number in range(len(points))]


def _asked(question: Question, points: Sequence[Point], workers: int | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """(index, written answer) as they are done, in any order."""
    yield from _spread(question, _ask, points, workers)


def without_effect(question: Question, workers: int | None, done: Callable[[int], None]) -> tuple[bool, ...]:
    """By number: whether both scenarios are the same to the engine at both of its ends. It cannot matter then."""
    items = range(len(question.numbers))
    found = {}
    for number, same in _spread(question, _without_effect, items, workers):
        found[number] = same
        done(len(found))
    return tuple(found[number] for number in items)


def _spread(
    question: Question, function: Callable[[Question, T], Found], items: Sequence[T], workers: int | None
) -> Iterator[tuple[int, Found]]:
    """(index, what a function finds) as it is done, in any order; in processes where enough work is left to pay for them."""
    wanted = workers if workers is not None else (os.cpu_count() or 1)
    left = list(enumerate(items))
    while left:
        began = time.perf_counter()
        number, item = left.pop(0)
        yield number, function(question, item)
        if wanted > 1 and (time.perf_counter() - began) * len(left) > WORTH_A_POOL:
            yield from _in_processes(question, function, left, min(wanted, len(left)))
            return


def _in_processes(
    question: Question, function: Callable[[Question, T], Found], items: Sequence[tuple[int, T]], workers: int
) -> Iterator[tuple[int, Found]]:
    """Half of a short run is Python, which threads would do one after the other."""
    from joblib import Parallel, delayed

    warnings.filterwarnings("ignore", ".*tasks which were still being processed", UserWarning)
    with tempfile.TemporaryDirectory(prefix="trinn-") as folder:
        file = Path(folder) / question.digest
        file.write_bytes(pickle.dumps(question))
        pool = Parallel(n_jobs=workers, return_as="generator_unordered", max_nbytes=None)
        start_trackers()
        with interrupts_held():
            results = pool(delayed(_for)(str(file), function, number, item) for number, item in items)
        yield from results


def _for(file: str, function: Callable[[Question, T], Found], number: int, item: T) -> tuple[int, Found]:
    """What a worker process does."""
    return number, function(_question(file), item)


@lru_cache(maxsize=1)
def _question(file: str) -> Question:
    """Read once by each worker."""
    found = pickle.loads(Path(file).read_bytes())
    assert isinstance(found, Question)
    return found


def _ask(question: Question, point: Point) -> dict[str, Any]:
    """One point, as it is kept."""
    base, proposal, cuts = at(question, point.positions)
    names = question.names
    results = run_together({names[0]: base, names[1]: proposal}, point.replications, point.seed, "compiled", 1, "weekly", ())
    values = [
        [[_written(r.folded.values.get(key, np.nan)) for r in results[name].replications] for key in question.measures]
        for name in names
    ]
    word = Comparison(results).verdicts[names[1]].word if point.judged else ""
    return {"base": values[0], "other": values[1], "word": word, "cuts": [[c.key, c.address, c.wanted, c.got] for c in cuts]}


def _written(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _read(kept: dict[str, Any]) -> Answer:
    base, other = (np.asarray([[np.nan if v is None else v for v in row] for row in kept[part]]) for part in ("base", "other"))
    return Answer(base, other, str(kept["word"]), tuple(Cut(*cut) for cut in kept["cuts"]))


def at(question: Question, positions: Sequence[tuple[int, float]]) -> tuple[Scenario, Scenario, tuple[Cut, ...]]:
    """The base and the proposal with numbers at positions, and what was cut."""
    wanted = [(question.numbers[number], position) for number, position in positions]
    one, other = placed(question.base, wanted), placed(question.proposal, wanted)
    return one.bare, other.bare, tuple(dict.fromkeys((*one.cuts, *other.cuts)))


def _without_effect(question: Question, number: int) -> bool:
    for scenario in (question.base, question.proposal):
        low, high = (placed(scenario, [(question.numbers[number], end)]).bare for end in (0.0, 1.0))
        if not _alike(_seen(low), _seen(high)):
            return False
    return True


def _seen(scenario: Scenario) -> tuple[Any, ...]:
    """All that a run is made of."""
    plans = phases(scenario)
    return plans, source_of(scenario, plans).key


def _alike(one: Any, other: Any) -> bool:
    """Whether two pieces of plans are equal, tables of numbers and all."""
    if one is other:
        return True
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and np.array_equal(one, other)
    if is_dataclass(one) and type(one) is type(other):
        return all(_alike(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, tuple | list) and type(one) is type(other):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other)
