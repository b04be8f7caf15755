"""Who leaves, who is hired, and which grants end: known before the run begins, since none of it asks who waits.

A pool of posts is cut into posts of one full-time equivalent, the last one smaller. Each is filled and vacant in turn, by draws
of its own, addressed by its service, pool and number: more posts change nobody below. Vacancies that a labour market fills
stand in one queue, the longest vacant first; who is hired there depends on every post of the market, and on nothing else.

Order within a second: changed plans, posts and parts of posts filled by their own recruitment, hires, departures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np
import numpy.typing as npt

from scenarios.resolve import ByIdentity
from sim.calendar import day_of, seconds, that_day
from sim.draws import ONE, Ints, draw, limit, mix, root, stream
from sim.laws import BINS, UNIT, clock_table, look_up, residual, total
from sim.plan import Plan, Post, Shape
from sim.rules import time_left

WHOLE = 100
"""Hundredths of a full post."""
_STATE, _REST, _STAY, _RECRUIT, _ADDED, _QUEUE, _HIRE, _GRANT = (
    stream(word) for word in ("state", "rest of post", "stay", "recruit", "added", "queue", "hire", "grant")
)
_PHASE, _FILLED, _HIRED, _LEFT = range(4)
Floats = npt.NDArray[np.float64]
_Event = tuple[int, int, int, int, int, int]
"""(second, what, and of a post: pool, number, part, turn)."""


@dataclass(frozen=True)
class Supply:
    """What happens to staff and services from outside, in one replication."""

    capacity: tuple[tuple[int, int, int], ...]
    """(second, pool, capacity) of the pools whose people come and go, in this order; the first at the beginning, then only
    when it changes. It holds over :attr:`sim.plan.Plan.capacity`, in every phase."""
    departures: tuple[tuple[int, int, int], ...]
    """(second, pool, limit): the share of the pool's courses whose helper leaves."""
    ends: tuple[tuple[int, int], ...]
    """(second, place): its grant ends, and it is closed from then on."""


NONE = Supply((), (), ())
"""Everybody stays, and no grant ends."""


def draw_supply(plans: Sequence[Plan], seed: int, replication: int) -> Supply:
    """The staffing of one replication.

    Args:
        plans: the phases of a run, from :func:`sim.build.phases`.
        seed, replication: whole numbers; the same pair gives every post the same draws in every scenario.
    """
    base = root(seed, replication)
    lasting = [plan for plan, later in zip(plans, [*plans[1:], None], strict=True) if later is None or later.at > plan.at]
    capacity, departures = _Staffing(lasting, base).run() if any(plan.posts for plan in lasting) else ((), ())
    ends = tuple(sorted(_grants(lasting, base))) if any(plan.grants for plan in lasting) else ()
    return Supply(capacity, departures, ends)


@dataclass(slots=True)
class _Seat:
    """A post, filled or vacant."""

    pool: int
    number: int
    key: int
    size: int = 0
    """Hundredths agreed; 0: it does not exist."""
    filled: bool = False
    turn: int = 0
    """Grows whenever the post changes hands: what was to happen in an earlier turn is void."""
    stays: int = 0
    recruits: int = 0
    parts: int = 0
    pending: dict[int, int] = field(default_factory=dict)
    """By number of the part: hundredths added to the post that nobody is hired for yet."""

    @property
    def present(self) -> int:
        """Hundredths at work."""
        if not self.filled:
            return 0
        return self.size - sum(self.pending.values()) if self.pending else self.size


class _Staffing:
    """Posts as they are filled and fall vacant."""

    def __init__(self, plans: Sequence[Plan], base: int) -> None:
        self.plans, self.base, self.shape = plans, base, plans[0].shape
        self.pools = [p for p in range(len(self.shape.pools)) if any(plan.posts and plan.posts[p] for plan in plans)]
        self.posts: dict[int, Post | None] = dict.fromkeys(self.pools)
        self.hundredths = dict.fromkeys(self.pools, 0)
        self.full = dict.fromkeys(self.pools, 0)
        self.present = dict.fromkeys(self.pools, 0)
        """Hundredths at work."""
        self.seats: dict[int, list[_Seat]] = {pool: [] for pool in self.pools}
        self.events: list[_Event] = [(plan.at, _PHASE, number, 0, 0, 0) for number, plan in enumerate(plans)]
        self.queues: list[list[tuple[int, int, int, int, int]]] = [[] for _ in self.shape.markets]
        """By market: vacancies (since, pool, number, part, turn); void ones stay until they come up."""
        self.hires = [0] * len(self.shape.markets)
        self.used_up = [0] * len(self.shape.markets)
        self.touched: set[int] = set()
        self.known: dict[int, int] = {}
        self.capacity: list[tuple[int, int, int]] = []
        self.departures: list[tuple[int, int, int]] = []
        self.rests: dict[int, Ints] = {}
        self.streams = _streams.get(self.shape) or _streams.keep(self.shape, {})

    def run(self) -> tuple[tuple[tuple[int, int, int], ...], tuple[tuple[int, int, int], ...]]:
        """From the beginning of the warm-up to the end of the period."""
        for market in range(len(self.shape.markets)):
            self._next_hire(market)
        while self.events and self.events[0][0] <= self.shape.end:
            now, what, first, number, part, turn = heappop(self.events)
            if what == _PHASE:
                self._change(self.plans[first], now)
            elif what == _FILLED:
                self._fill(self.seats[first][number], part, turn, now)
            elif what == _HIRED:
                self._hire(first, now)
                self._next_hire(first)
            else:
                self._leave(self.seats[first][number], turn, now)
            if not self.events or self.events[0][0] > now:
                self._write(now)
        return tuple(self.capacity), tuple(self.departures)

    def _write(self, now: int) -> None:
        for pool in sorted(self.touched) if len(self.touched) > 1 else self.touched:
            capacity = self._capacity(pool)
            if self.known.get(pool) != capacity:
                self.known[pool] = capacity
                self.capacity.append((now, pool, capacity))
        self.touched.clear()

    def _capacity(self, pool: int) -> int:
        """The filled share of the whole pool's capacity, to the nearest minute and half a minute up."""
        whole, agreed = self.full[pool], self.hundredths[pool]
        if self.posts[pool] is None or not agreed:
            return whole
        return (2 * whole * self.present[pool] + agreed) // (2 * agreed)

    # -- plans --------------------------------------------------------------------------------------------------------------

    def _change(self, plan: Plan, now: int) -> None:
        """Posts are added, cut or opened to a market as a plan begins to hold."""
        fresh: list[_Seat] = []
        for pool in self.pools:
            before, post = self.posts[pool], plan.posts[pool] if plan.posts else None
            self.posts[pool], self.full[pool] = post, plan.capacity[pool]
            agreed = post.hundredths if post is not None and plan.capacity[pool] else 0
            self.hundredths[pool] = agreed
            self.touched.add(pool)
            for number in range(max(len(self.seats[pool]), -(-agreed // WHOLE))):
                seat, size = self._seat(pool, number), min(WHOLE, max(0, agreed - WHOLE * number))
                if size < seat.size:
                    _cut(seat, size)
                elif size > seat.size and before is None:
                    seat.size = size
                    fresh.append(seat)
                elif size > seat.size:
                    self._grow(seat, size, now)
            if before is not None and post is not None and before.market != post.market:
                self._announce_again(pool, now)
        self._settle(fresh, now)
        for pool, seats in self.seats.items():
            self.present[pool] = sum(seat.present for seat in seats)

    def _seat(self, pool: int, number: int) -> _Seat:
        seats = self.seats[pool]
        if number == len(seats):
            if (pool, number) not in self.streams:
                self.streams[pool, number] = _stream_of(self.shape, pool, number)
            seats.append(_Seat(pool, number, mix(self.base ^ self.streams[pool, number])))
        return seats[number]

    def _grow(self, seat: _Seat, size: int, now: int) -> None:
        """A post that is new, or larger: what is added is vacant first."""
        if not seat.size:
            seat.size = size
            self._announce(seat, 0, now)
            return
        seat.parts += 1
        seat.pending[seat.parts] = size - seat.size
        seat.size = size
        self._announce(seat, seat.parts, now)

    def _announce_again(self, pool: int, now: int) -> None:
        """What stands vacant is filled in another way from now on."""
        for seat in self.seats[pool]:
            if seat.size and not seat.filled:
                seat.turn += 1
                self._announce(seat, 0, now)
            for part, size in list(seat.pending.items()):
                del seat.pending[part]
                seat.parts += 1
                seat.pending[seat.parts] = size
                self._announce(seat, seat.parts, now)

    # -- the first day ------------------------------------------------------------------------------------------------------

    def _settle(self, seats: Sequence[_Seat], now: int) -> None:
        """Posts in the state they are met in at any moment, in the long run."""
        load = {market: self._load(market, seats) for market in range(len(self.shape.markets))}
        filled = {seat.pool: self._filled(self._post(seat), load) for seat in {seat.pool: seat for seat in seats}.values()}
        for seat in seats:
            post = self._post(seat)
            quantile = draw(seat.key, _REST)
            if draw(seat.key, _STATE) < filled[seat.pool]:
                seat.filled = True
                self._push(now + look_up(self._rest(post.stay), quantile), _LEFT, seat, 0)
            elif post.market >= 0:
                long_ago = now - 1 - (draw(seat.key, _QUEUE) >> 32)  # in any order, before whoever leaves from now on
                heappush(self.queues[post.market], (long_ago, seat.pool, seat.number, 0, seat.turn))
            else:
                assert post.recruit is not None
                self._push(now + look_up(self._rest(post.recruit), quantile), _FILLED, seat, 0)

    def _filled(self, post: Post, load: Mapping[int, float]) -> int:
        """The limit of a post being filled in the long run."""
        stay = total(post.stay)
        if post.market < 0:
            assert post.recruit is not None
            return ONE * stay // (stay + total(post.recruit))
        rate = self.shape.markets[post.market]
        return limit(1 / (1 + load[post.market] * _ratio(rate, post))) if rate else 0

    def _load(self, market: int, seats: Sequence[_Seat]) -> float:
        """How hard a market is pressed: given it, each post is vacant by itself, with odds of so many times its ratio.

        Posts that wait for hires at a steady rate are a closed network of two stations, of product form whatever the law of
        the stays (Baskett, Chandy, Muntz and Palacios 1975). The chance of n of them vacant has the factor n!, which is the
        integral of u^n exp(-u): so the vacancies are independent given u, of density exp(-u) times the product of 1 + u ratio.
        """
        rate = self.shape.markets[market]
        ratios = [_ratio(rate, post) for seat in seats if (post := self._post(seat)).market == market and rate]
        if not ratios:
            return 0.0
        ratio, count = np.unique(ratios, return_counts=True)
        u = _grid(ratio, number := count.astype(np.float64))
        height = _log_density(u, ratio, number)
        height = np.exp(height - height.max())
        below = np.concatenate([[0.0], np.cumsum(height[1:] + height[:-1])])
        quantile = draw(mix(self.base ^ stream("market", str(market))), _STATE) / ONE
        return float(np.interp(quantile * below[-1], below, u))

    def _rest(self, table: Ints) -> Ints:
        if id(table) not in self.rests:
            self.rests[id(table)] = residual(table)
        return self.rests[id(table)]

    # -- events -------------------------------------------------------------------------------------------------------------

    def _post(self, seat: _Seat) -> Post:
        post = self.posts[seat.pool]
        assert post is not None
        return post

    def _push(self, second: int, what: int, seat: _Seat, part: int) -> None:
        heappush(self.events, (second, what, seat.pool, seat.number, part, seat.turn))

    def _announce(self, seat: _Seat, part: int, now: int) -> None:
        """A post, or a part added to it, is vacant from now on."""
        post = self._post(seat)
        if post.market >= 0:
            heappush(self.queues[post.market], (now, seat.pool, seat.number, part, seat.turn))
            return
        assert post.recruit is not None
        quantile = draw(seat.key, _ADDED, part) if part else draw(seat.key, _RECRUIT, seat.recruits)
        seat.recruits += not part
        self._push(now + look_up(post.recruit, quantile), _FILLED, seat, part)

    def _is_vacant(self, seat: _Seat, part: int, turn: int) -> bool:
        return part in seat.pending if part else seat.size > 0 and not seat.filled and turn == seat.turn

    def _fill(self, seat: _Seat, part: int, turn: int, now: int) -> None:
        if not self._is_vacant(seat, part, turn):
            return
        self.touched.add(seat.pool)
        before = seat.present
        if part:
            del seat.pending[part]
        else:
            seat.filled = True
            quantile = draw(seat.key, _STAY, seat.stays)
            seat.stays += 1
            self._push(now + look_up(self._post(seat).stay, quantile), _LEFT, seat, 0)
        self.present[seat.pool] += seat.present - before

    def _leave(self, seat: _Seat, turn: int, now: int) -> None:
        if turn != seat.turn:
            return
        here = seat.present
        self.departures.append((now, seat.pool, here * ONE // self.present[seat.pool]))
        self.present[seat.pool] -= here
        self.touched.add(seat.pool)
        seat.filled = False
        seat.turn += 1
        self._announce(seat, 0, now)

    def _next_hire(self, market: int) -> None:
        """The next who looks for a post; with all thresholds added up first, rounding to seconds does not add up."""
        rate = self.shape.markets[market]
        if not rate:
            return
        key = mix(self.base ^ stream("market", str(market)))
        self.used_up[market] += look_up(clock_table(), draw(key, _HIRE, self.hires[market]))
        self.hires[market] += 1
        heappush(self.events, (self.shape.begin + time_left(self.used_up[market], rate), _HIRED, market, 0, 0, 0))

    def _hire(self, market: int, now: int) -> None:
        """The longest vacant gets whoever comes; where nothing is vacant, nobody is hired."""
        queue = self.queues[market]
        while queue:
            _, pool, number, part, turn = heappop(queue)
            seat, post = self.seats[pool][number], self.posts[pool]
            if post is not None and post.market == market and self._is_vacant(seat, part, turn):
                self._fill(seat, part, turn, now)
                return


_streams: ByIdentity[Shape, dict[tuple[int, int], int]] = ByIdentity()
"""By pool and number of a post: its stream, the same in all replications."""


def _stream_of(shape: Shape, pool: int, number: int) -> int:
    place, name = shape.pools[pool]
    holder, service = shape.places[place]
    return stream("post", f"{holder}/{shape.services[service]}/{name}/{number}")


def _cut(seat: _Seat, size: int) -> None:
    """A post grows smaller or goes: first the parts that nobody has been hired for. Nobody's helper is said to leave."""
    surplus = seat.size - size
    for part in sorted(seat.pending, reverse=True):
        gone = min(surplus, seat.pending[part])
        surplus -= gone
        seat.pending[part] -= gone
        if not seat.pending[part]:
            del seat.pending[part]
    seat.size = size
    if not size:
        seat.filled = False
        seat.turn += 1


def _ratio(rate: int, post: Post) -> float:
    """Mean time between two hires of a market over the mean stay in a post."""
    return UNIT * BINS**2 / (rate * total(post.stay))


def _log_density(u: Floats, ratio: Floats, count: Floats) -> Floats:
    result: Floats = np.log1p(u[:, None] * ratio) @ count - u
    return result


def _grid(ratio: Floats, count: Floats, points: int = 4097, negligible: float = 40.0) -> Floats:
    """Points over all of a density with one peak that is not negligible beside it."""

    def at(u: float) -> float:
        return float(_log_density(np.asarray([u]), ratio, count)[0])

    low, high = 0.0, float(count.sum())
    for _ in range(60):  # the slope falls: it is 0 at the peak, which lies below the number of posts
        middle = (low + high) / 2
        rising = float(count @ (ratio / (1 + middle * ratio))) > 1
        low, high = (middle, high) if rising else (low, middle)
    peak, span = low, 1.0
    while at(peak + span) > at(peak) - negligible or (span < peak and at(peak - span) > at(peak) - negligible):
        span *= 2
    grid: Floats = np.linspace(max(0.0, peak - span), peak + span, points)
    return grid


def _grants(plans: Sequence[Plan], base: int) -> Iterator[tuple[int, int]]:
    """Places whose grant ends, each once: on the first day without it or on the same day of a later year."""
    shape = plans[0].shape
    until = [plan.at for plan in plans[1:]] + [shape.end + 1]
    for place, (holder, service) in enumerate(shape.places):
        key = mix(base ^ stream("grant", f"{holder}/{shape.services[service]}"))
        days = (
            (second, draw(key, _GRANT, year) < grant.ends)
            for plan, stop in zip(plans, until, strict=True)
            if plan.grants and (grant := plan.grants[place]) is not None
            for year in range(day_of(grant.first, shape.start).year, day_of(shape.end, shape.start).year + 1)
            if plan.at <= (second := _anniversary(grant.first, year, plan)) < stop
        )
        ended = next((second for second, ends in days if ends), None)
        if ended is not None:
            yield ended, place


def _anniversary(first: int, year: int, plan: Plan) -> int:
    """The second that a year's day like the first one begins."""
    start = plan.shape.start
    return seconds(that_day(year, f"{day_of(first, start):%m-%d}"), start)
