"""Rejected referrals followed onward: who sent them, why they were rejected, and what became of the children afterwards.

The weekly tally has no way back from a child's help to its rejection, so a few possible futures are run with all records, one
after the other, and only what is asked for here is kept of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from scenarios.changes import resolved
from scenarios.resolve import catchments_of, children_of, fte_of, kind_of, service_of
from scenarios.schema import REASONS, Pool, Scenario
from scenarios.units import WEEK, YEAR
from sim.build import phases
from sim.cohort import draw
from sim.draws import Ints
from sim.kernel import Kernel
from sim.plan import Shape
from sim.records import COLUMNS, Kind, Log
from sim.source import source_of
from sim.supply import draw_supply
from sim.view import FOLLOWED, View, first_of, next_within

MOST_FUTURES = 20
LEAST_FUTURES = 10
"""Under so many nothing is said of how much futures differ."""
MOST_CHILDREN = 400_000
"""Children 0-17 times futures of one run: some seconds."""
NEIGHBOUR = 0.15
"""What a neighbour's child counts of one that is simulated in full."""
WITHIN = (4, 8, 13, 26)
"""Weeks in which an offer is looked for."""
BECAME = ("help", "again", "door", "list", "lost", "passed", "left", "nobody")
"""What came first in the year after a rejection: help elsewhere, a new referral, somebody at a door, a list on which nothing
started; else lost in a handover, the need passed, the child left, or nothing at all."""
UNKNOWN_PAYER = "none"
"""As the texts have it: ``payer_none``."""
NEVER = np.iinfo(np.int64).max
_KINDS = (
    Kind.SOUGHT, Kind.REFERRED, Kind.ACCEPTED, Kind.REJECTED, Kind.JOINED, Kind.STARTED, Kind.ASSESSED, Kind.ENDED,
    Kind.HANDED_OVER, Kind.LOST, Kind.REMITTED, Kind.WORSENED, Kind.CRISIS, Kind.LEFT, Kind.BREACHED, Kind.OVERFLOWED,
    Kind.TASK,
)  # fmt: skip
_CONCERN = (Kind.REFERRED, Kind.REJECTED, Kind.BREACHED, Kind.OVERFLOWED)
"""Children without any of these are looked at no further."""

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class Price(NamedTuple):
    """Who pays, and how many kroner."""

    payer: str
    """As the texts have it behind ``payer_``."""
    kroner: float
    """NaN where it is not stated."""


@dataclass(frozen=True)
class Followed:
    """A few possible futures, with every rejected referral of the focal areas."""

    scenario: Scenario
    seed: int
    futures: int
    years: float
    """Length of the counted period."""
    followed_years: float
    """Length of its part from which a rejection can be followed for 12 months."""
    rejections: pd.DataFrame
    """One row a rejected referral of an invented child: future, area, door, sender, service, reason, wrong, warm; early (it can
    be followed for 13 weeks), alone (nobody started help in them); followed (for 12 months), became (of ``BECAME``), and
    within 12 months: helped, seen, again, taken (a new referral was given the right), lost, contact, worse (the need worsened),
    worse_then (it was worse at the next contact)."""
    hours: pd.DataFrame
    """Staff hours: rejection (row above), payer, what (``review``, ``handover``, ``help`` elsewhere within 12 months, of those
    followed), hours, kroner (NaN where no price is stated)."""
    counts: pd.DataFrame
    """One row a future: referrals, decided, breaches, overflowed, overflow_cost, each in the whole period."""
    offers: Floats
    """Future x ``WITHIN``: share of those referred for the first time with an offer from anyone within so many weeks."""
    referred: Floats
    """The same: how many it is a share of."""
    reviewed: tuple[str, ...]
    """The services that review referrals."""
    review: Price
    """Of an hour there."""
    overflow: Price | None
    """Of another provider after a breach; None where there is none."""


def futures_of(scenario: Scenario) -> int:
    """How many possible futures are followed: fewer of a large catchment."""
    children = sum(area.children_0_17 * (1.0 if area.detail == "full" else NEIGHBOUR) for area in scenario.areas.values())
    return max(LEAST_FUTURES, min(MOST_FUTURES, int(MOST_CHILDREN // max(1.0, children))))


def reviewing(scenario: Scenario) -> list[str]:
    """The services that review referrals, as they stand on the start date."""
    now = resolved(scenario, scenario.period.start)
    return [name for name, service in now.services.items() if service.open and service.intake is not None]


def follow(scenario: Scenario, seed: int = 1, futures: int | None = None, pulse: Callable[[], None] | None = None) -> Followed:
    """Run a few possible futures and follow the rejected: the same children and events as any other run has.

    Args:
        scenario: what is run.
        seed: of the children.
        futures: how many; by default as :func:`futures_of` says.
        pulse: called several times a second; what it raises ends the run.
    """
    number = futures_of(scenario) if futures is None else futures
    plans = phases(scenario)
    source, kernel = source_of(scenario, plans), Kernel(plans)
    shape = plans[0].shape
    focal, wanted = np.asarray(shape.focal, dtype=bool), np.zeros(len(Kind) + 1, dtype=bool)
    wanted[list(_KINDS)] = True
    prices = _prices(scenario, shape)
    found = []
    for future in range(number):
        cohort = draw(source, seed, future)
        chunks: list[Ints] = []

        def take(rows: Ints, here: Bools = focal[cohort.area], chunks: list[Ints] = chunks) -> None:
            some = rows[wanted[rows[:, 1]]]
            chunks.append(some[here[some[:, 2]]])

        kernel.run(cohort, draw_supply(plans, seed, future), take, pulse)
        rows = np.concatenate(chunks) if chunks else np.empty((0, len(COLUMNS)), dtype=np.int64)
        concerned = np.zeros(len(cohort), dtype=bool)  # most children are never referred
        concerned[rows[np.isin(rows[:, 1], _CONCERN), 2]] = True
        rows = rows[concerned[rows[:, 2]]]
        found.append(_Future(View(plans, cohort, Log(rows)), prices))
    end = shape.end + 1
    before = np.cumsum([0, *(len(one.rejections) for one in found)])
    return Followed(
        scenario=scenario,
        seed=seed,
        futures=number,
        years=end / YEAR,
        followed_years=max(0.0, (end - YEAR) / YEAR),
        rejections=pd.concat([one.rejections.assign(future=at) for at, one in enumerate(found)], ignore_index=True),
        hours=pd.concat(
            [one.hours.assign(rejection=one.hours["rejection"] + first) for first, one in zip(before, found, strict=False)],
            ignore_index=True,
        ),
        counts=pd.DataFrame([one.counts for one in found]),
        offers=np.asarray([one.offers for one in found]),
        referred=np.asarray([one.referred for one in found]),
        reviewed=tuple(reviewing(scenario)),
        review=review_price(scenario),
        overflow=overflow_price(scenario),
    )


# -- one future ---------------------------------------------------------------------------------------------------------------


class _Future:
    """What is read off one possible future."""

    def __init__(self, view: View, prices: Sequence[Price]) -> None:
        self.view, self.shape, self.prices = view, view.shape, prices
        self.log = view.of(Kind.REJECTED)
        self.service = view.place_service[self.log.place]
        self.rejections = self._rejections()
        self.hours = self._hours()
        self.counts = self._counts()
        shares = list(self._offers())
        self.offers, self.referred = [share for share, _ in shares], [size for _, size in shares]

    def _rejections(self) -> pd.DataFrame:
        log, view, shape = self.log, self.view, self.shape
        door, sender = self._origins()
        early = log.time < view.end - FOLLOWED
        starts = view.helping_starts()
        return pd.DataFrame(
            {
                "future": np.zeros(len(log), dtype=np.int64),
                "area": _named(shape.areas, view.cohort.area[log.child]),
                "door": _named(shape.doors, door),
                "sender": _named(shape.services, sender),
                "service": _named(shape.services, self.service),
                "reason": _named(REASONS, log.detail % 100),
                "wrong": log.detail // 100 % 10 == 1,
                "warm": log.detail >= 1000,
                "early": early,
                "alone": early & ~next_within(starts.child, starts.time, log.child, log.time, FOLLOWED),
                "followed": log.time < view.end - YEAR,
                **self._after(),
            }
        )

    def _origins(self) -> tuple[Ints, Ints]:
        """The last door that each rejected child had sought, and the service that had sent it; -1: none."""
        log, sought = self.log, self.view.of(Kind.SOUGHT, inside=False)
        door = _picked(sought.detail, _last(sought, log.child, log.received))
        ways = self.view.of(Kind.HANDED_OVER, inside=False)
        ways = ways.where(ways.place >= 0)
        # a child may be on two ways at once: only the one that leads here
        here = Log(np.column_stack([ways.rows[:, :2], self._key(ways.child, ways.place), ways.rows[:, 3:]]))
        origin = _picked(here.detail, _last(here, self._key(log.child, log.place), log.received))
        sender = np.where(origin >= 0, self.view.place_service[origin], -1)
        return door, sender

    def _key(self, child: Ints, place: Ints) -> Ints:
        return child * len(self.shape.places) + place

    def _after(self) -> dict[str, npt.NDArray[np.generic]]:
        """What happened in the year after each rejection."""
        log, view = self.log, self.view
        last = log.time + YEAR
        starts = view.of(Kind.STARTED, inside=False)
        elsewhere = [view.place_service[starts.place] != service for service in range(len(self.shape.services))]
        helped = seen = listed = again = taken = refused = np.full(len(log), NEVER)
        for service in np.unique(self.service):
            mine = self.service == service
            other = starts.where(elsewhere[service])
            helps = view.helps[other.place]
            joined = view.of(Kind.JOINED, inside=False)
            joined = joined.where(view.place_service[joined.place] != service)
            yes, no = (view.of(kind, int(service), inside=False) for kind in (Kind.ACCEPTED, Kind.REJECTED))
            helped = np.where(mine, self._next(other.where(helps)), helped)
            seen = np.where(mine, self._next(other.where(~helps)), seen)
            listed = np.where(mine, self._next(joined), listed)
            again = np.where(mine, self._next(view.referred(int(service), inside=False), 1), again)
            taken, refused = np.where(mine, self._next(yes, 1), taken), np.where(mine, self._next(no, 1), refused)
        worse = self._next(view.log.of(Kind.WORSENED, Kind.CRISIS))
        lost, passed, left = (self._next(view.of(kind, inside=False)) for kind in (Kind.LOST, Kind.REMITTED, Kind.LEFT))
        contact = np.minimum(np.minimum(helped, seen), again)
        times = np.stack([helped, again, seen])
        first = np.argmin(times, axis=0)
        otherwise = [time <= last for time in (listed, lost, passed, left)]
        choice = np.select([contact <= last, *otherwise], [first, 3, 4, 5, 6], 7)
        return {
            "became": _named(BECAME, choice),
            "helped": helped <= last,
            "seen": seen <= last,
            "again": again <= last,
            "taken": (taken <= last) & (again <= last) & (taken < refused),
            "lost": lost <= last,
            "contact": contact <= last,
            "worse": worse <= last,
            "worse_then": (contact <= last) & (worse <= contact),
        }

    def _next(self, log: Log, later: int = 0) -> Ints:
        """When each rejected child next has one of these records, from the second of its rejection on or so much later."""
        return _picked(log.time, _following(log, self.log.child, self.log.time + later), NEVER)

    # -- hours ----------------------------------------------------------------------------------------------------------------

    def _hours(self) -> pd.DataFrame:
        rows: list[tuple[int, str, str, float, float]] = []
        for what, rejection, option, weeks in (*self._tasks(), *self._help()):
            if rejection < 0 or not 0 <= option < len(self.view.plan.options):
                continue
            for pool, amount in self.view.plan.options[option]:
                if self.shape.kinds[pool] == "posts":
                    payer, price = self.prices[pool]
                    hours = amount / 60 * weeks
                    rows.append((rejection, payer, what, hours, hours * price))
        table = pd.DataFrame(rows, columns=["rejection", "payer", "what", "hours", "kroner"])
        return table.astype({"rejection": np.int64, "hours": np.float64, "kroner": np.float64})

    def _tasks(self) -> Iterator[tuple[str, int, int, float]]:
        """Hours of the review and its meeting, and of the handover that follows: each is taken within a week."""
        log, tasks = self.log, self.view.of(Kind.TASK, inside=False)
        at = _following(log, tasks.child, tasks.time)
        for row, rejection in enumerate(at.tolist()):
            if rejection < 0:
                continue
            same = tasks.place[row] == log.place[rejection]
            if same and tasks.time[row] >= log.received[rejection]:
                yield "review", rejection, int(tasks.detail[row]), 1.0
            elif not same and tasks.time[row] == log.time[rejection]:
                yield "handover", rejection, int(tasks.detail[row]), 1.0

    def _help(self) -> Iterator[tuple[str, int, int, float]]:
        """Hours of courses elsewhere in the year after, until the next rejection if there is one."""
        log, view = self.log, self.view
        starts = view.of(Kind.STARTED, inside=False)
        starts = starts.where(np.isin(starts.child, log.child))
        before = _last(log, starts.child, starts.time)
        keep = before >= 0
        keep[keep] &= view.place_service[starts.place[keep]] != self.service[before[keep]]
        keep[keep] &= starts.time[keep] < log.time[before[keep]] + YEAR
        keep[keep] &= log.time[before[keep]] < view.end - YEAR
        starts, before = starts.where(keep), before[keep]
        over = self._when(Kind.ENDED, starts)[0]
        turned, option = self._when(Kind.ASSESSED, starts)
        last = np.minimum(over, log.time[before] + YEAR)
        for row, rejection in enumerate(before.tolist()):
            change = min(int(turned[row]), int(last[row]))
            yield "help", rejection, int(starts.detail[row]) // 2, max(0, change - int(starts.time[row])) / WEEK
            if turned[row] < last[row]:
                yield "help", rejection, int(option[row]), (int(last[row]) - int(turned[row])) / WEEK

    def _when(self, kind: Kind, starts: Log) -> tuple[Ints, Ints]:
        """When something happened in these very stays, and its detail."""
        found = self.view.of(kind, inside=False)
        keyed = Log(np.column_stack([found.rows[:, :2], self._key(found.child, found.place), found.rows[:, 3:]]))
        at = _following(keyed, self._key(starts.child, starts.place), starts.time)
        return _picked(found.time, at, NEVER), _picked(found.detail, at)

    # -- the whole ------------------------------------------------------------------------------------------------------------

    def _counts(self) -> dict[str, float]:
        view = self.view
        over = view.of(Kind.OVERFLOWED)
        return {
            "referrals": len(view.referred()),
            "decided": len(self.log) + len(view.of(Kind.ACCEPTED)),
            "breaches": int((view.of(Kind.BREACHED).detail == 0).sum()),
            "overflowed": len(over),
            "overflow_cost": int(over.detail.sum()),
        }

    def _offers(self) -> Iterator[tuple[float, int]]:
        """As the measure of offers within 13 weeks, for other spans too."""
        view = self.view
        referred, starts, accepted = view.referred(inside=False), view.helping_starts(), view.of(Kind.ACCEPTED, inside=False)
        child, time = first_of(referred.child, referred.time)
        who, when = (np.concatenate([getattr(starts, column), getattr(accepted, column)]) for column in ("child", "time"))
        for weeks in WITHIN:
            early = (time >= 0) & (time < view.end - weeks * WEEK)
            offered = next_within(who, when, child[early], time[early], weeks * WEEK)
            yield (float(offered.mean()) if early.any() else nan), int(early.sum())


def _named(names: Sequence[str], numbers: Ints) -> npt.NDArray[np.object_]:
    """Names by number; empty for -1."""
    return np.asarray([*names, ""], dtype=object)[numbers]


def _picked(values: Ints, rows: Ints, otherwise: int = -1) -> Ints:
    """The values of these rows; something else where the row is -1."""
    found = np.full(len(rows), otherwise, dtype=np.int64)
    found[rows >= 0] = values[rows[rows >= 0]]
    return found


def _sortable(child: Ints, time: Ints) -> Ints:
    """One number for (child, time) in that order: seconds stay far below 2**37."""
    return (child << 38) + time + (1 << 37)


def _following(log: Log, who: Ints, since: Ints) -> Ints:
    """Each child's first row of a log at or after a moment; -1: none."""
    keys = _sortable(log.child, log.time)
    order = np.argsort(keys, kind="stable")
    at = np.searchsorted(keys[order], _sortable(who, since))
    return _same(log, who, order, at)


def _last(log: Log, who: Ints, until: Ints) -> Ints:
    """Each child's last row of a log at or before a moment; -1: none."""
    keys = _sortable(log.child, log.time)
    order = np.argsort(keys, kind="stable")
    at = np.searchsorted(keys[order], _sortable(who, until), side="right") - 1
    return _same(log, who, order, at)


def _same(log: Log, who: Ints, order: Ints, at: Ints) -> Ints:
    inside = (at >= 0) & (at < len(log))
    rows = np.full(len(who), -1, dtype=np.int64)
    rows[inside] = order[at[inside]]
    inside[inside] &= log.child[rows[inside]] == who[inside]
    rows[~inside] = -1
    return rows


# -- prices -------------------------------------------------------------------------------------------------------------------


def hour_price(pool: Pool) -> float:
    """What a working hour of a post costs: a full post's price over the hours worked in a year; NaN where none is stated."""
    return nan if pool.price is None else pool.price / (pool.weekly_hours * pool.weeks_a_year)


def review_price(scenario: Scenario) -> Price:
    """Who pays for the posts of the services that review, and what an hour of theirs costs on average."""
    now = resolved(scenario, scenario.period.start)
    catchments, weights, sums, payers = catchments_of(now), 0.0, 0.0, list[str]()
    for name in reviewing(scenario):
        for area in now.focal_areas:
            shared, home = now.services[name].shared, now.areas[area].catchment
            service = service_of(now, name, catchments[home] if shared else now.areas[area])
            children = children_of(now, home if shared else area, shared)
            for pool in service.staff.values():
                if kind_of(pool) == "posts" and pool.price is not None:
                    fte = fte_of(pool, children)
                    weights, sums = weights + fte, sums + fte * hour_price(pool)
                    payers.append(pool.payer or UNKNOWN_PAYER)
    payer = max(dict.fromkeys(payers), key=payers.count, default=UNKNOWN_PAYER)
    return Price(payer, sums / weights if weights else nan)


def overflow_price(scenario: Scenario) -> Price | None:
    """What another provider after a breach costs for each child, paid like the posts of the service that was late."""
    now = resolved(scenario, scenario.period.start)
    catchments, home = catchments_of(now), now.areas[now.focal_areas[0]]
    for name, service in now.services.items():
        here = service_of(now, name, catchments[home.catchment] if service.shared else home)
        if here.open and here.deadline is not None and here.deadline.overflow is not None:
            payers = [pool.payer for pool in here.staff.values() if pool.payer]
            return Price(payers[0] if payers else UNKNOWN_PAYER, here.deadline.overflow.price)
    return None


def _prices(scenario: Scenario, shape: Shape) -> list[Price]:
    """By pool of the plan."""
    now = resolved(scenario, scenario.period.start)
    catchments, found = catchments_of(now), list[Price]()
    for place, name in shape.pools:
        (holder, number), shared = shape.places[place], shape.shared[place]
        service = service_of(now, shape.services[number], catchments[holder] if shared else now.areas[holder])
        pool = service.staff.get(name)
        found.append(Price(UNKNOWN_PAYER, nan) if pool is None else Price(pool.payer or UNKNOWN_PAYER, hour_price(pool)))
    return found


__all__ = [
    "BECAME", "LEAST_FUTURES", "MOST_FUTURES", "UNKNOWN_PAYER", "WITHIN", "Followed", "Price", "follow", "futures_of",
    "hour_price", "overflow_price", "review_price", "reviewing",
]  # fmt: skip
