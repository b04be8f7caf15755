"""The reference engine, on SimPy: the story of the ladder, event by event.

It draws nothing: every chance is an addressed quantile of the child (:mod:`sim.draws`), every decision a rule
(:mod:`sim.rules`). So the same phases and the same cohort give the same records in any process. The story is told in rooms,
each knowing those before it: :mod:`sim.frame` (clock, draws, records), :mod:`sim.lists` (who waits, who is first),
:mod:`sim.courses` (help), :mod:`sim.ways` (handovers), :mod:`sim.reviews` (referral review), :mod:`sim.needs` (children), and
here the run itself: its phases, its staff, what opens and closes.

Order of work within one second: :mod:`sim.order`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import simpy
from simpy.events import Event

from sim.calendar import is_closed
from sim.children import Cohort
from sim.frame import pack
from sim.laws import hazard_of
from sim.lists import TURNED_AWAY
from sim.needs import Needs
from sim.order import ARRIVAL, CLOSURES, PHASE, SUPPLIES
from sim.plan import Plan
from sim.records import Kind
from sim.rules import REFUSED
from sim.state import LISTED, REVIEWED, Moment, Trajectory
from sim.supply import NONE, Supply

OVERLOADED, CAPACITY, CLOSED, REOPENED = (int(kind) for kind in (Kind.OVERLOADED, Kind.CAPACITY, Kind.CLOSED, Kind.REOPENED))
PAUSED, GRANT_ENDED = range(2)


def simulate(
    plans: Sequence[Plan],
    cohort: Cohort,
    processes: Sequence[Callable[[simpy.Environment, Run], Any]] = (),
    supply: Supply = NONE,
) -> Trajectory:
    """Run one replication.

    Args:
        plans: the phases, from :func:`sim.build.phases`.
        cohort: the children, from :func:`sim.cohort.draw_cohort`.
        processes: a researcher's own generator functions, each called with the environment and the run.
        supply: who leaves and who is hired, from :func:`sim.supply.draw_supply`.

    Raises:
        RuntimeError: when something nobody handles goes wrong, with child and time.
    """
    run = Run(plans, cohort, supply)
    for process in processes:
        run.env.process(process(run.env, run))
    with _without_collector():
        return run.go()


@contextmanager
def _without_collector() -> Iterator[None]:
    """No garbage collection while the engine runs: its objects form no circles that outlive a stay."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class Run(Needs):
    """One replication under way."""

    def __init__(self, plans: Sequence[Plan], cohort: Cohort, supply: Supply = NONE) -> None:
        super().__init__(plans, cohort)
        self.supply = supply

    def go(self) -> Trajectory:
        """From the beginning of the warm-up to the end of the period."""
        env, begin = self.env, self.shape.begin
        for number, plan in enumerate(self.plans[1:]):
            env.schedule(Moment((self._change_phase,), plan), PHASE + number, plan.at - begin)  # type: ignore[arg-type]
        self._plan_closures()
        self._plan_supply()
        if self.size:
            env.schedule(Moment(self.on_arrival, 0), ARRIVAL, self.times[0] - begin)  # type: ignore[arg-type]
        try:
            env.run_through(self.end)
        except (ArithmeticError, LookupError, TypeError, AttributeError, AssertionError) as fault:
            raise RuntimeError(f"the run stopped at second {env.now}, after {self.events} events: {fault!r}") from fault
        return self.finished()

    # -- phases ---------------------------------------------------------------------------------------------------------------

    def _change_phase(self, event: Event) -> None:
        before, now = self.plan, self.now()
        running = sorted(self.untreated.values(), key=lambda child: child.row)
        for child in running:  # clocks are used up at the old rates so far, and go on at the new ones
            self._stop_clocks(child, now)
        had = list(self.capacity)
        self.take(event._value)
        for child in running:
            self._start_clocks(child, now)
        for pool in range(len(had)):
            if self.capacity[pool] != had[pool]:
                self._note_capacity(pool, now)
        for place, terms in enumerate(self.terms):
            self._pause(place, terms.calendar >= 0 and is_closed(self.hours[terms.calendar], now), now)
            if before.terms[place].open and not terms.open:
                self._close(place)
            elif before.terms[place].order != terms.order:
                self._reorder(place)
            if self.gate[place] and self.waiting[place]:
                self._await_meeting(place, now)
        self.touched.update(range(len(self.shape.groups)))
        self._settle()

    def _note_capacity(self, pool: int, now: int) -> None:
        capacity = self.capacity[pool]
        self.write(pack(now, CAPACITY, -1, pool, 0, now, now, capacity, -1))
        if self.committed[pool] > capacity:
            over = self.committed[pool] - capacity
            self.write(pack(now, OVERLOADED, -1, pool, 0, now, now, over, -1))

    def _close(self, place: int) -> None:
        """A service closes: whoever waits for it is sent on; courses that run keep their terms."""
        waiting = {id(stay): stay for *_, stay in self.lists[place]} | {id(s): s for s in self.expected[place].values()}
        for stay in sorted(waiting.values(), key=lambda stay: (stay.since, stay.child.row)):
            if stay.status == REVIEWED:
                self._withdraw(stay, self.now())
                self._go_on(stay, REFUSED)
            elif stay.status == LISTED:
                self._leave_list(stay, TURNED_AWAY, 1)
                self._go_on(stay, REFUSED)
        self.expected[place].clear()
        for stay in self.holding.pop(place, ()):
            self._look_again(stay)

    # -- planned closures -----------------------------------------------------------------------------------------------------

    def _plan_closures(self) -> None:
        """Every edge of every calendar in use is an event; a run that begins within a closure begins closed."""
        begin, used = self.shape.begin, {terms.calendar for plan in self.plans for terms in plan.terms}
        for calendar, closures in enumerate(self.shape.closures):
            if calendar not in used:
                continue
            edges = [(at, closes) for closure in closures for at, closes in zip(closure, (True, False), strict=True)]
            for at, closes in edges:
                if begin < at <= self.end:
                    event = Moment((self._turn_calendar,), (calendar, closes))
                    self.env.schedule(event, PHASE + CLOSURES + calendar, at - begin)  # type: ignore[arg-type]
            if is_closed(self.hours[calendar], begin):
                for place, terms in enumerate(self.terms):
                    if terms.calendar == calendar:
                        self._pause(place, True, begin)

    def _turn_calendar(self, event: Event) -> None:
        calendar, closes = event._value
        now = self.now()
        for place, terms in enumerate(self.terms):
            if terms.calendar == calendar:
                self._pause(place, closes, now)
        self._settle()

    def _pause(self, place: int, closed: bool, now: int) -> None:
        """Nobody is called in while a service is closed as planned; its courses have reckoned with it."""
        if self.paused[place] == closed:
            return
        self.paused[place] = closed
        self.write(pack(now, CLOSED if closed else REOPENED, -1, place, 0, now, now, PAUSED, -1))
        if not closed:
            self.touched.add(self.shape.group_of[place])

    # -- posts and grants -----------------------------------------------------------------------------------------------------

    def _plan_supply(self) -> None:
        """Those who leave and those who are hired do not ask who waits: all of it is known beforehand."""
        begin, number = self.shape.begin, 0
        for at, pool, capacity in self.supply.capacity:
            self.staffed.setdefault(pool, capacity)
            if at <= begin:
                self.staffed[pool] = self.capacity[pool] = capacity
                self.write(pack(begin, CAPACITY, -1, pool, 0, begin, begin, capacity, -1))
                continue
            number += 1
            self._schedule_supply(Moment((self._staff,), (pool, capacity)), number, at)
        for at, pool, share in self.supply.departures:
            number += 1
            self._schedule_supply(Moment((self._depart,), (pool, hazard_of(share))), number, at)
        for at, place in self.supply.ends:
            number += 1
            self._schedule_supply(Moment((self._end_grant,), place), number, at)

    def _schedule_supply(self, event: Moment, number: int, at: int) -> None:
        if self.shape.begin <= at <= self.end:
            self.env.schedule(event, PHASE + SUPPLIES + number, at - self.shape.begin)  # type: ignore[arg-type]

    def _staff(self, event: Event) -> None:
        pool, capacity = event._value
        self.staffed[pool] = capacity
        if self.shape.pools[pool][0] in self.ended or self.capacity[pool] == capacity:
            return
        self.capacity[pool] = capacity
        self._note_capacity(pool, self.now())
        self.touched.add(self.shape.group_of[self.shape.pools[pool][0]])
        self._settle()

    def _depart(self, event: Event) -> None:
        pool, hazard = event._value
        post = self.plan.posts[pool] if self.plan.posts else None
        if post is not None and post.breaks:
            self._change_helpers(pool, hazard, post.breaks, self.now())
            if self.touched:
                self._settle()

    def _end_grant(self, event: Event) -> None:
        """What a service lived on does not come again: it closes, and its posts with it."""
        place, now = event._value, self.now()
        if place in self.ended:
            return
        self.ended.add(place)
        self.is_open[place] = False
        self.write(pack(now, CLOSED, -1, place, 0, now, now, GRANT_ENDED, -1))
        for pool in self.pools_of[place]:
            if self.capacity[pool]:
                self.capacity[pool] = 0
                self._note_capacity(pool, now)
        self._close(place)
        self.touched.add(self.shape.group_of[place])
        self._settle()
