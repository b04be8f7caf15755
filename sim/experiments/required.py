"""How much each step needs: the fewest posts that meet targets, with a stated confidence.

Posts stand from the beginning of the warm-up: this is a question about a level, not about a hiring plan. The smallest sizes are
found on one set of children (:mod:`sim.experiments.sizing`); the winner is run again on fresh ones, since its own flatter it,
and grows until it holds there too. On the same fresh children each service with one unit less is shown to fail, or not to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import isnan

from scenarios.changes import resolved
from scenarios.costs import costs
from scenarios.errors import TrinnError
from scenarios.evidence import Number, numbers
from scenarios.evidence_placing import with_number
from scenarios.schema import Scenario
from scenarios.values import Payer
from sim.experiments.sizing import SEARCH, Bottleneck, Post, Progress, Reached, Search, Sizes, Unit, one_less, posts_of
from sim.experiments.store import Kept, users_folder
from sim.experiments.targets import Target, parse_target
from sim.replicate import trinn_version

MOST_MOVED = 6
"""Assumed numbers that the range is made of: those that move the targets most."""


@dataclass(frozen=True)
class Needed:
    """What one service needs."""

    post: Post
    units: float
    """Full-time equivalents of the pool, or places, that meet the targets."""
    low: float | None
    high: float | None
    """The same with the assumed numbers at their kindest and at their hardest; None where they were not asked for, or where
    no amount is enough."""

    @property
    def more(self) -> float:
        """What is missing today; below 0 what could be spared by these targets alone."""
        return self.units - self.post.now


@dataclass(frozen=True)
class Required:
    """The answer."""

    scenario: Scenario
    targets: tuple[Target, ...]
    today: tuple[Reached, ...]
    needed: tuple[Needed, ...]
    reached: tuple[Reached, ...]
    """On fresh children."""
    fails_with_less: Mapping[str, bool]
    """By service: whether one unit less fails a target, on the same fresh children. False: the search asked for it, and they
    do not."""
    bottlenecks: tuple[Bottleneck, ...]
    cost: Mapping[Payer | None, float | None]
    """Kroner a year for what is missing, by payer; None where no price is stated."""
    moved_by: tuple[Number, ...]
    """The assumed numbers that the range is made of."""
    confidence: float
    unit: Unit
    replications: int
    seed: int
    runs: int
    """Candidates that were run."""

    @property
    def enough(self) -> bool:
        """Whether every target is met on fresh children."""
        return not self.bottlenecks and all(each.met for each in self.reached)


def required(
    scenario: Scenario,
    targets: Sequence[str],
    *,
    confidence: float = 0.9,
    unit: Unit = "post",
    seed: int = 1,
    replications: int = SEARCH,
    assumed: bool = True,
    progress: Progress | None = None,
    fresh: bool = False,
    folder: Kept | None = None,
) -> Required:
    """The fewest posts at each service named in the targets that meet them all.

    Args:
        scenario: one focal area. Its changes and levers are in place from the beginning, learned: as it stands at the end.
        targets: see :func:`sim.experiments.targets.parse_target`.
        confidence: of the one-sided bound on each target's mean, from 0.5 to 0.999.
        unit: whole posts on top of a whole number, or tenths. Places are always whole.
        seed, replications: of the search; the winner is run on fresh children too.
        assumed: also give the range from the assumed numbers.
        progress: see :data:`sim.experiments.sizing.Progress`.
        fresh: forget what an interrupted run of the same question has left.
        folder: where candidates are kept; by default a folder of the user's, named by question and version.

    Raises:
        TrinnError: on arguments that do not fit, and when there is no post to find.
    """
    if len(scenario.focal_areas) != 1:
        raise TrinnError(f"how much is needed is asked for one area at a time (this has {len(scenario.focal_areas)})")
    if not 0.5 <= confidence <= 0.999:
        raise TrinnError(f"confidence: must be from 0.5 to 0.999 (got {confidence:g})")
    if not targets:
        raise TrinnError('state at least one target, such as "wait_to_first_contact(low_threshold) <= 14d"')
    words = f"{scenario.model_dump_json()} {targets} {confidence} {unit} {seed} {replications} {trinn_version()}"
    scenario = resolved(scenario)
    asked = tuple(parse_target(text, scenario) for text in targets)
    posts = posts_of(scenario, asked)
    if folder is None:  # one that holds nothing yet is one
        folder = users_folder(f"required-{blake2b(words.encode(), digest_size=12).hexdigest()}")
    if fresh and folder is not None:
        folder.forget()
    search = Search(scenario, asked, posts, confidence, unit, seed, replications, progress, folder)
    today = search.reached(tuple(post.now for post in posts))
    found, bottlenecks = search.answer()
    if bottlenecks:  # what cannot be met is said; the rest is still answered
        stuck = {each.target for each in bottlenecks}
        left = tuple(target for target in asked if target not in stuck)
        posts = posts_of(scenario, left) if left else ()
        search = search.about(targets=left, posts=posts)
        found = search.answer()[0] if left else ()
    confirmed, reached = search.confirmed(found) if found else ((), ())
    less = {post.service: not search.holds(one_less(confirmed, n, search.step(n))) for n, post in enumerate(posts)}
    ranges, moved = _ranges(search, confirmed) if assumed and confirmed else ([(None, None)] * len(posts), ())
    needed = tuple(
        Needed(post, round(units, 2), low, high) for post, units, (low, high) in zip(posts, confirmed, ranges, strict=True)
    )
    cost = _cost(scenario, needed)
    if folder is not None:
        folder.forget()
    return Required(scenario, asked, today, needed, reached, less, bottlenecks, cost, moved, confidence, unit, replications,
                    seed, search.runs)  # fmt: skip


def _ranges(search: Search, sizes: Sizes) -> tuple[list[tuple[float | None, float | None]], tuple[Number, ...]]:
    """The same search with the assumed numbers that matter most at their kindest, and at their hardest, ends together."""
    search.doing = "range"
    services = {post.service for post in search.posts}
    movable = [n for n in numbers(search.scenario) if n.grade == "assumed" and n.low is not None and _near(n, services)]
    there = _margin(search, None, sizes)
    effects = []
    for number in movable:
        high = _margin(search, number, sizes)
        if there is not None and high is not None:
            effects.append((abs(high - there), number, high > there))
    effects.sort(key=lambda item: (-item[0], item[1].key))
    strongest = [item for item in effects[:MOST_MOVED] if item[0] > 0]
    found: list[list[float | None]] = []
    for kind in (True, False):
        scenario = search.scenario
        for _, number, higher_helps in strongest:
            scenario = _moved(scenario, number, 1.0 if higher_helps == kind else 0.0) or scenario
        other = search.about(scenario=scenario, replications=max(4, search.replications // 2))
        answer, stuck = other.answer()
        search.runs = other.runs
        found.append([None] * len(sizes) if stuck else list(answer))
    each = zip(found[0], found[1], sizes, strict=True)
    return [_in_order(kind, hard, size) for kind, hard, size in each], tuple(number for _, number, _ in strongest)


def _near(number: Number, services: set[str]) -> bool:
    """Whether a number is of the ladder as a whole, of its children, or of the services in question."""
    parts = number.address.split(".")
    return not number.lever and (parts[0] != "services" or parts[1] in services)


def _in_order(kind: float | None, hard: float | None, size: float) -> tuple[float | None, float | None]:
    """None at an end where no amount is enough."""
    if kind is None or hard is None:
        return kind, hard
    return round(min(kind, hard, size), 2), round(max(kind, hard, size), 2)


def _margin(search: Search, number: Number | None, sizes: Sizes) -> float | None:
    """The mean margin of the targets, in shares of their values, with a number at its high end, over a few replications."""
    scenario = search.scenario if number is None else _moved(search.scenario, number, 1.0)
    if scenario is None:
        return None
    other = search.about(scenario=scenario, replications=2)
    rows = other.reached(sizes)
    search.runs = other.runs
    margins = [each.target.margin(each.mean) / (abs(each.target.value) or 1.0) for each in rows]
    return None if any(isnan(margin) for margin in margins) else sum(margins) / len(margins)


def _moved(scenario: Scenario, number: Number, position: float) -> Scenario | None:
    try:
        return with_number(scenario, number, position)
    except TrinnError:
        return None


def _cost(scenario: Scenario, needed: Sequence[Needed]) -> dict[Payer | None, float | None]:
    """Kroner a year for what is missing."""
    rows = {(row.service, row.pool): row for row in costs(scenario)}
    found: dict[Payer | None, float | None] = {}
    for each in needed:
        row = rows.get((each.post.service, each.post.pool))
        if each.more <= 0 or not each.post.pool:
            continue
        payer, price = (row.payer, row.price) if row is not None else (None, None)
        before = found.get(payer, 0.0)
        found[payer] = None if price is None or before is None else before + each.more * price
    return found
