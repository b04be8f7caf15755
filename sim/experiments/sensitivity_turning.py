"""Which numbers, somewhere in their range, turn the conclusion round: the sign of a difference, or the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sim.experiments.sensitivity_points import Answer, Floats, Point, seed_of
from sim.output_analysis import mean_interval

SCAN = (0.0, 0.5, 1.0)
"""Where each number is looked at first."""
HALVINGS = 3
"""And how often the stretch on which the conclusion turns is halved."""
ON_FRESH_CHILDREN = 2
"""A turn counts only if it is there again on so many times as many other children."""

Ask = Callable[[Sequence[Point]], list[Answer]]


@dataclass(frozen=True)
class Turn:
    """A number that turns a conclusion round."""

    number: int
    """Its index in the question."""
    what: Literal["sign", "verdict"]
    measure: int
    """Index of the measure whose difference turns; -1 for the verdict."""
    position: float
    """In its range, about where."""
    low: float
    """Between here and ``high``."""
    high: float
    before: str
    """As things stand: ``+`` or ``-``, or the verdict."""
    after: str


@dataclass(frozen=True)
class _Seen:
    """What was seen at a position, of one conclusion."""

    position: float
    mean: float
    word: str


def sign(values: Floats, least: float) -> str:
    """``+`` or ``-`` where a difference is decided beyond noise and large enough to be noticed; else empty."""
    interval = mean_interval(values)
    if not interval.excludes_zero or abs(interval.mean) < least:
        return ""
    return "+" if interval.mean > 0 else "-"


def turns(
    numbers: Sequence[tuple[int, float | None]],
    now: Answer,
    least: Sequence[float],
    replications: int,
    seed: int,
    ask: Ask,
) -> tuple[Turn, ...]:
    """The turns of some numbers, each moved alone.

    Args:
        numbers: (index, where it stands); None where that cannot be said.
        now: the answer with all numbers where they stand, on the children of ``seed``.
        least: by measure: the smallest difference that counts.
        replications: children of so many replications are run at each position; the same at all.
        seed: of them.
        ask: answers points.
    """
    points = [_point(number, position, replications, seed) for number, _ in numbers for position in SCAN]
    found = ask(points)
    searches = []
    for index, (number, here) in enumerate(numbers):
        scanned = list(zip(SCAN, found[index * len(SCAN) : (index + 1) * len(SCAN)], strict=True))
        for measure in (*range(len(least)), -1):
            search = _search(number, here, measure, now, scanned, least)
            if search is not None:
                searches.append(search)
    for _ in range(HALVINGS):
        middles = [_point(s.number, s.middle, replications, seed) for s in searches]
        for search, answer in zip(searches, ask(middles), strict=True):
            search.narrow(_seen(search.middle, answer, search.measure, least))
    return _confirmed(searches, replications * ON_FRESH_CHILDREN, seed_of(seed, "fresh"), least, ask)


def _point(number: int | None, position: float, replications: int, seed: int) -> Point:
    positions = () if number is None else ((number, position),)
    return Point(positions, replications, seed, judged=True)


def _seen(position: float, answer: Answer, measure: int, least: Sequence[float]) -> _Seen:
    if measure < 0:
        return _Seen(position, 0.0, answer.word)
    values = answer.difference[measure]
    return _Seen(position, float(np.nanmean(values)) if not np.isnan(values).all() else 0.0, sign(values, least[measure]))


class _Search:
    """A stretch on which a conclusion turns, made shorter."""

    def __init__(self, number: int, measure: int, before: str, near: _Seen, far: _Seen) -> None:
        self.number, self.measure, self.before = number, measure, before
        self.near, self.far = near, far
        self.first = far
        """Where it was seen to turn before the stretch was made shorter: at the short one's end it has only just turned."""

    @property
    def middle(self) -> float:
        return (self.near.position + self.far.position) / 2

    def narrow(self, seen: _Seen) -> None:
        if _turned(self.measure, self.before, seen.word):
            self.far = seen
        else:
            self.near = seen

    @property
    def root(self) -> float:
        """Where the straight line between the two ends crosses nothing; their middle where it does not."""
        near, far = self.near, self.far
        if near.mean * far.mean >= 0:
            return self.middle
        return near.position + (far.position - near.position) * near.mean / (near.mean - far.mean)

    def turn(self) -> Turn:
        ends = sorted((self.near.position, self.far.position))
        what: Literal["sign", "verdict"] = "verdict" if self.measure < 0 else "sign"
        return Turn(self.number, what, self.measure, self.root, ends[0], ends[1], self.before, self.first.word)


def _turned(measure: int, before: str, word: str) -> bool:
    return word != before if measure < 0 else bool(word) and word != before


def _search(
    number: int,
    here: float | None,
    measure: int,
    now: Answer,
    scanned: Sequence[tuple[float, Answer]],
    least: Sequence[float],
) -> _Search | None:
    """The stretch nearest to where the number stands on which the conclusion turns, if there is one."""
    today = _seen(0.5 if here is None else here, now, measure, least)
    if not today.word:
        return None
    seen = [_seen(position, answer, measure, least) for position, answer in scanned]
    best: _Search | None = None
    for way in (sorted(seen, key=lambda s: s.position), sorted(seen, key=lambda s: -s.position)):
        up = way[0].position < way[-1].position
        beyond = [s for s in way if (s.position > today.position if up else s.position < today.position)]
        near = today
        for far in beyond:
            if _turned(measure, today.word, far.word):
                if best is None or abs(far.position - today.position) < abs(best.far.position - today.position):
                    best = _Search(number, measure, today.word, near, far)
                break
            near = far
    return best


def _confirmed(searches: Sequence[_Search], replications: int, seed: int, least: Sequence[float], ask: Ask) -> tuple[Turn, ...]:
    """Those that are there again on other children, on whom today's conclusion holds too."""
    if not searches:
        return ()
    today, *found = ask(
        [_point(None, 0.0, replications, seed), *(_point(s.number, s.first.position, replications, seed) for s in searches)]
    )
    kept = []
    for search, answer in zip(searches, found, strict=True):
        before = _seen(0.0, today, search.measure, least).word
        after = _seen(0.0, answer, search.measure, least).word
        if before == search.before and after == search.first.word:
            kept.append(search.turn())
    return tuple(kept)
