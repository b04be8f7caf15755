"""Sizes of services, tried out on the same children: what each candidate comes to, and the smallest that meets its targets.

Candidates are run once each, under common random numbers, with their posts in place from the beginning of the warm-up. A
target is met when the one-sided t bound of its mean over the replications lies on the right side. Services are grown until
their targets are met, then cut unit by unit as far as all targets hold. Nothing is taken to be monotone: relief on one step
can lengthen the wait on another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil, isnan, sqrt
from typing import Literal

import numpy as np
from scipy.special import stdtrit

from scenarios.costs import costs
from scenarios.errors import Fault, TrinnError
from scenarios.resolve import catchments_of, children_of, fte_of, kind_of, service_of
from scenarios.schema import Change, Scenario, Service
from sim.experiments.store import Kept
from sim.experiments.targets import Target
from sim.replicate import run_together

Unit = Literal["post", "tenth"]
Progress = Callable[[str, int], None]
"""Called with what is worked at (``growing``, ``cutting``, ``confirming``, ``range``) and how many candidates have been run."""
SEARCH, CONFIRM = 12, 40
"""Replications of a candidate while searching, and of the winner on fresh children."""
FRESH = 1_000_003
"""Added to the seed for fresh children."""
MOST = 8
"""A service is grown to so many times what it has (and by at least as many units), and no further."""


@dataclass(frozen=True)
class Post:
    """What is looked for at one service: the size of its largest pool, or its places."""

    service: str
    pool: str
    """Empty: places."""
    address: str
    now: float
    others: float
    """Full-time equivalents of the service's other pools, which stay."""


@dataclass(frozen=True)
class Reached:
    """What a target comes to."""

    target: Target
    mean: float
    bound: float
    """The one-sided bound that must lie on the right side."""

    @property
    def met(self) -> bool:
        """Whether it is met with the confidence asked for."""
        return not isnan(self.bound) and self.target.margin(self.bound) >= 0


@dataclass(frozen=True)
class Bottleneck:
    """A target that its own service cannot meet, however much it has."""

    target: Target
    best: float
    """The mean with as much as was tried."""
    elsewhere: tuple[str, ...]
    """Services whose growth would bring it nearer, or ``service.pool`` of another profession at its own; empty: it is no matter
    of posts (a delay, or a decision)."""


def posts_of(scenario: Scenario, targets: Sequence[Target]) -> tuple[Post, ...]:
    """What may be sized: at the services that targets name, or at all where a target names none."""
    named = list(dict.fromkeys(target.service for target in targets))
    wanted = [name for name in scenario.services if name in named or "" in named]
    posts = [post for name in wanted if (post := largest_of(scenario, name)) is not None]
    if not posts:
        raise TrinnError(Fault("has neither posts nor a number of places: there is nothing to size", place=", ".join(wanted)))
    return tuple(posts)


def largest_of(scenario: Scenario, name: str) -> Post | None:
    """The largest pool of a service, or its places."""
    return max(pools_of(scenario, name), key=lambda post: post.now, default=None)


def pools_of(scenario: Scenario, name: str) -> tuple[Post, ...]:
    """All that could be more of at a service: each of its pools, or its places."""
    area = scenario.focal_areas[0]
    shared = scenario.services[name].shared
    home = scenario.areas[area].catchment if shared else area
    service = service_of(scenario, name, catchments_of(scenario)[home] if shared else scenario.areas[area])
    prefix = f"{home}/" if len(scenario.areas) > 1 else ""
    if not service.open:
        return ()
    if isinstance(service.places, int):
        return (Post(name, "", f"{prefix}{name}.places", float(service.places), 0.0),)
    sizes = _sizes(scenario, service, home, shared)
    total = sum(sizes.values())
    return tuple(Post(name, pool, f"{prefix}{name}.{pool}.fte", size, total - size) for pool, size in sizes.items())


def _sizes(scenario: Scenario, service: Service, home: str, shared: bool) -> dict[str, float]:
    children = children_of(scenario, home, shared)
    return {name: fte_of(pool, children) for name, pool in service.staff.items() if kind_of(pool) == "posts"}


Sizes = tuple[float, ...]


class Search:
    """Candidates, run once each."""

    def __init__(
        self,
        scenario: Scenario,
        targets: tuple[Target, ...],
        posts: tuple[Post, ...],
        confidence: float,
        unit: Unit,
        seed: int,
        replications: int,
        progress: Progress | None,
        folder: Kept | None,
    ) -> None:
        self.scenario, self.targets, self.posts = scenario, targets, posts
        self.confidence, self.unit, self.seed, self.replications = confidence, unit, seed, replications
        self.progress, self.folder = progress, folder
        self.known: dict[tuple[Sizes, int, int], list[list[float]]] = {}
        self.runs, self.doing = 0, "growing"

    def about(
        self,
        *,
        scenario: Scenario | None = None,
        targets: tuple[Target, ...] | None = None,
        posts: tuple[Post, ...] | None = None,
        replications: int | None = None,
    ) -> Search:
        """The same search about something else; it counts on from here."""
        other = Search(
            scenario or self.scenario,
            self.targets if targets is None else targets,
            self.posts if posts is None else posts,
            self.confidence,
            self.unit,
            self.seed,
            replications or self.replications,
            self.progress,
            self.folder,
        )
        other.runs, other.doing = self.runs, self.doing
        return other

    def step(self, number: int) -> float:
        """One unit of a post."""
        return 0.1 if self.unit == "tenth" and self.posts[number].pool else 1.0

    def values(self, sizes: Sizes, seed: int | None = None, replications: int | None = None) -> list[list[float]]:
        """By target, one value a replication."""
        key = (tuple(round(size, 4) for size in sizes), seed or self.seed, replications or self.replications)
        if key not in self.known:
            words = repr((key, [post.address for post in self.posts], self.targets, self.scenario.model_dump_json()))
            name = blake2b(words.encode(), digest_size=12).hexdigest()
            kept = self.folder.get(name) if self.folder else None
            if not _sound(kept, len(self.targets), key[2]):
                kept = self._run(*key)
                if self.folder is not None:
                    self.folder.put(name, kept)
            self.known[key] = [[float("nan") if each is None else each for each in row] for row in kept or ()]
            self.runs += 1
            if self.progress:
                self.progress(self.doing, self.runs)
        return self.known[key]

    def _run(self, sizes: Sizes, seed: int, replications: int) -> list[list[float | None]]:
        changes = tuple(
            Change.model_validate({"set": f"{post.address}={_written(size)}", "from": "beginning"})
            for post, size in zip(self.posts, sizes, strict=True)
        )  # also where it is today's: in a range, a number that is moved may be of these very posts
        staffed = self.scenario.model_copy(update={"changes": (*self.scenario.changes, *changes)})
        result = run_together({"": staffed}, replications, seed, "compiled", None, "weekly", ())[""]
        services = result.plans[0].shape.services
        rows = [[target.of(each, services) for each in result.replications] for target in self.targets]
        return [[None if isnan(value) else value for value in row] for row in rows]

    def reached(self, sizes: Sizes, seed: int | None = None, replications: int | None = None) -> tuple[Reached, ...]:
        """What each target comes to."""
        rows = self.values(sizes, seed, replications)
        return tuple(_reached(target, row, self.confidence) for target, row in zip(self.targets, rows, strict=True))

    def meets(self, sizes: Sizes) -> bool:
        """Whether every target is met. A size below 0 meets none."""
        return min(sizes) >= 0 and all(each.met for each in self.reached(sizes))

    def holds(self, sizes: Sizes) -> bool:
        """Whether every target is met on fresh children too."""
        return min(sizes) >= 0 and all(each.met for each in self.reached(sizes, self.seed + FRESH, CONFIRM))

    # -- the search -----------------------------------------------------------------------------------------------------

    def answer(self) -> tuple[Sizes, tuple[Bottleneck, ...]]:
        """The smallest sizes found, or what no size can do."""
        self.doing = "growing"
        best = sizes = tuple(post.now for post in self.posts)
        top = tuple(self._top(number) for number in range(len(self.posts)))
        if not self.meets(best):
            grown = self._grown(sizes, top)
            if not self.meets(grown):
                return grown, self._bottlenecks(grown, top)
            best = grown
        self.doing = "cutting"
        return self._cut(best), ()

    def _top(self, number: int) -> float:
        post, step = self.posts[number], self.step(number)
        return _on_grid(max(MOST * post.now, post.now + MOST * max(step, 0.5)), post.now, step)

    def _grown(self, sizes: Sizes, top: Sizes) -> Sizes:
        """Each service whose target is not met doubles what it has been given, until all are met or it is at its top."""
        for _ in range(24):
            failing = {each.target.service for each in self.reached(sizes) if not each.met}
            if not failing:
                return sizes
            concerned = [n for n, post in enumerate(self.posts) if "" in failing or post.service in failing]
            concerned = [n for n in concerned if sizes[n] < top[n]] or [n for n in range(len(sizes)) if sizes[n] < top[n]]
            if not concerned:
                return sizes
            grown = list(sizes)
            for n in concerned:
                added = max(sizes[n] - self.posts[n].now, self.step(n) / 2, 0.05 * self.posts[n].now)
                grown[n] = min(top[n], _on_grid(sizes[n] + added, self.posts[n].now, self.step(n)))
            sizes = tuple(grown)
        return sizes

    def _cut(self, sizes: Sizes) -> Sizes:
        """As little as holds: each service as far down as the others allow, the dearest first, until none can give more."""
        order = sorted(range(len(sizes)), key=lambda n: -self._price(n) * sizes[n])
        while True:
            before = sizes
            for n in order:
                sizes = self._lowest(sizes, n)
            sizes = self._exchanged(sizes)
            if sizes == before:
                return sizes

    def _lowest(self, sizes: Sizes, n: int) -> Sizes:
        """By halving, then unit by unit: the wait need not fall steadily with the posts."""
        step, low, high = self.step(n), 0.0, sizes[n]
        while high - low > step * 1.01:
            middle = high - step * max(1, round((high - low) / (2 * step)))
            if middle > 0 and self.meets(_with(sizes, n, middle)):
                high = middle
            else:
                low = max(middle, 0.0)
        sizes = _with(sizes, n, high)
        while sizes[n] > step and self.meets(one_less(sizes, n, step)):
            sizes = one_less(sizes, n, step)
        return sizes

    def _exchanged(self, sizes: Sizes) -> Sizes:
        """One more here for two fewer there, where that is cheaper."""
        for give in range(len(sizes)):
            for take in range(len(sizes)):
                cheaper = 2 * self._price(give) * self.step(give) > self._price(take) * self.step(take)
                if give != take and cheaper and sizes[give] > 2 * self.step(give):
                    other = _with(one_less(sizes, give, 2 * self.step(give)), take, sizes[take] + self.step(take))
                    if self.meets(other):
                        return other
        return sizes

    def _price(self, n: int) -> float:
        """Kroner a year for a post where they are all stated, else 1."""
        stated = {(row.service, row.pool): row.price for row in costs(self.scenario)}
        prices = [stated.get((post.service, post.pool)) for post in self.posts]
        price = prices[n]
        return 1.0 if price is None or None in prices else price / 1e6

    def confirmed(self, sizes: Sizes) -> tuple[Sizes, tuple[Reached, ...]]:
        """The winner on fresh children; it grows by single units until it holds there too."""
        self.doing = "confirming"
        for _ in range(20):
            reached = self.reached(sizes, self.seed + FRESH, CONFIRM)
            failing = {each.target.service for each in reached if not each.met}
            if not failing:
                break
            concerned = [n for n, post in enumerate(self.posts) if post.service in failing or "" in failing]
            for n in concerned or range(len(sizes)):
                sizes = _with(sizes, n, sizes[n] + self.step(n))
        return sizes, self.reached(sizes, self.seed + FRESH, CONFIRM)

    def _bottlenecks(self, grown: Sizes, top: Sizes) -> tuple[Bottleneck, ...]:
        """What each failing target still comes to, and which other services would bring it nearer."""
        found = []
        searched = {post.address for post in self.posts}
        others = [post for name in self.scenario.services for post in pools_of(self.scenario, name)]
        others = [post for post in others if post.address not in searched]
        for each in self.reached(grown):
            if each.met:
                continue
            nearer = []
            for post in others:
                wider = self.about(targets=(each.target,), posts=(*self.posts, post))
                more = wider.reached((*grown, _on_grid(4 * post.now + 2, post.now, 1.0)))[0]
                gained = each.target.margin(more.mean) - each.target.margin(each.mean)
                if more.met or gained > 0.05 * abs(each.target.margin(each.mean)):
                    own = post.service in {sized.service for sized in self.posts}
                    nearer.append((gained, f"{post.service}.{post.pool}" if own else post.service))
            names = dict.fromkeys(name for _, name in sorted(nearer, reverse=True))
            found.append(Bottleneck(each.target, each.mean, tuple(names)))
        return tuple(found)


def _reached(target: Target, row: Sequence[float], confidence: float) -> Reached:
    values = np.asarray([value for value in row if not isnan(value)])
    if len(values) < 2:
        return Reached(target, float(values.mean()) if len(values) else float("nan"), float("nan"))
    half = float(stdtrit(len(values) - 1, confidence)) * float(values.std(ddof=1)) / sqrt(len(values))
    mean = float(values.mean())
    return Reached(target, mean, mean + half if target.op == "<=" else mean - half)


def _on_grid(size: float, now: float, step: float) -> float:
    """The smallest size that is not below and lies on the grid of today's plus or minus whole units."""
    return round(now + ceil((size - now) / step - 1e-9) * step, 4)


def _with(sizes: Sizes, n: int, size: float) -> Sizes:
    return tuple(round(size, 4) if index == n else each for index, each in enumerate(sizes))


def one_less(sizes: Sizes, n: int, step: float) -> Sizes:
    """One unit less of one service."""
    return _with(sizes, n, sizes[n] - step)


def _written(size: float) -> str:
    return str(int(size)) if float(size).is_integer() else f"{size:.4f}".rstrip("0")


def _sound(kept: object, targets: int, replications: int) -> bool:
    return isinstance(kept, list) and len(kept) == targets and all(isinstance(r, list) and len(r) == replications for r in kept)
