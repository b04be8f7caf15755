"""The reference engine, on SimPy: the story of the ladder, event by event.

It draws nothing: every chance is an addressed quantile of the child (:mod:`sim.draws`), every decision a rule
(:mod:`sim.rules`). So the same phases and the same cohort give the same records in any process.

Order of work within one second, by (kind, child, ordinal); what an event creates for the same second joins those still to
be done:

1. a researcher's own processes (SimPy priorities 0 and 1)
2. ``PHASE`` changes of phase: capacity, opening and closing, routes
3. ``COURSE`` ends of courses and of their phases
4. ``HAZARD`` needs that pass or worsen while untreated
5. ``LEAVING`` patience that runs out, deadlines that pass
6. ``ARRIVAL`` needs that arise
7. ``REACHING`` children who reach a service: referrals, handovers, doors
8. ``DECISION`` referral decisions, and children who may be called in from now
9. ``SERVING`` the lists whose hours or children changed are served once, in plan order, until nothing more starts
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import simpy
from simpy.events import Event

from scenarios.units import DAY
from sim.children import NO_AGE, OPENING, Cohort
from sim.frame import ARRIVAL, COURSE, DECISION, HAZARD, LEAVING, PHASE, REACHING, pack
from sim.laws import look_up
from sim.lists import Lists
from sim.plan import NOWHERE, Plan, Route
from sim.records import Kind
from sim.rules import (
    DONE,
    DROPPED_OUT,
    GAVE_UP,
    IMPROVED,
    RECOVERED,
    REFUSED,
    REJECTED,
    UNCHANGED,
    WORSE,
    accepts,
    admits,
    is_match,
    part,
    perceive,
    pick,
    reason,
    time_left,
    wrongly_rejected,
)
from sim.state import CLOSED, HELPED, LISTED, NEVER, REVIEWED, Child, Moment, Stay, Trajectory

NO_SEEKING, NO_WAY, LOST_ON_WAY = range(3)
LEFT_RECOVERED, LEFT_REMITTED, LEFT_DONE, LEFT_OUTSIDE, LEFT_UNHELPED = range(5)

(AROSE, SOUGHT, WITHOUT_HELP, REFERRED, ACCEPTED, REJECTION, JOINED, STARTED, ASSESSED, ENDED, GIVEN_UP, TURNED_AWAY,
 WITHDREW, BREACHED, OVERFLOWED, HANDED_OVER, LOST, REMITTED, WORSENED, CRISIS, LEFT, OVERLOADED,
 CAPACITY) = (int(kind) for kind in Kind)  # fmt: skip


def simulate(
    plans: Sequence[Plan], cohort: Cohort, processes: Sequence[Callable[[simpy.Environment, Run], Any]] = ()
) -> Trajectory:
    """Run one replication.

    Args:
        plans: the phases, from :func:`sim.build.phases`.
        cohort: the children, from :func:`sim.cohort.draw_cohort`.
        processes: a researcher's own generator functions, each called with the environment and the run.

    Raises:
        RuntimeError: when something nobody handles goes wrong, with child and time.
    """
    run = Run(plans, cohort)
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


class Run(Lists):
    """One replication under way."""

    def __init__(self, plans: Sequence[Plan], cohort: Cohort) -> None:
        super().__init__(plans, cohort)
        hazards = {(plan.needs.remission, plan.needs.worsening) for plan in plans}
        self.rates_change = len(hazards) > 1
        self.untreated: dict[int, Child] = {}
        """Whose clocks run or stand untreated, by row; kept only where a phase changes the rates."""
        self.on_phase = (self._change_phase,)
        self.on_arrival = (self._arise,)
        self.on_reaching = (self._reach,)
        self.on_decision = (self._decide,)
        self.on_course = (self._end_stretch,)
        self.on_hazard = (self._clock_rings,)
        self.on_overflow = (self._overflow,)

    def go(self) -> Trajectory:
        """From the beginning of the warm-up to the end of the period."""
        env, begin = self.env, self.shape.begin
        for number, plan in enumerate(self.plans[1:]):
            env.schedule(Moment(self.on_phase, plan), PHASE + number, plan.at - begin)  # type: ignore[arg-type]
        if self.size:
            env.schedule(Moment(self.on_arrival, 0), ARRIVAL, self.times[0] - begin)  # type: ignore[arg-type]
        try:
            env.run_through(self.end)
        except (ArithmeticError, LookupError, TypeError, AttributeError, AssertionError) as fault:
            raise RuntimeError(f"the run stopped at second {env.now}, after {self.events} events: {fault!r}") from fault
        return self.finished()

    # -- phases -------------------------------------------------------------------------------------------------------------

    def _change_phase(self, event: Event) -> None:
        before, now = self.plan, self.now()
        running = sorted(self.untreated.values(), key=lambda child: child.row)
        for child in running:  # clocks are used up at the old rates so far, and go on at the new ones
            self._stop_clocks(child, now)
        self.take(event._value)
        for child in running:
            self._start_clocks(child, now)
        for pool, capacity in enumerate(self.capacity):
            if capacity != before.capacity[pool]:
                self.write(pack(now, CAPACITY, -1, pool, 0, now, now, capacity, -1))
                if self.committed[pool] > capacity:
                    over = self.committed[pool] - capacity
                    self.write(pack(now, OVERLOADED, -1, pool, 0, now, now, over, -1))
        for place, terms in enumerate(self.terms):
            if before.terms[place].open and not terms.open:
                self._close(place)
            elif before.terms[place].order != terms.order:
                self._reorder(place)
        self.touched.update(range(len(self.shape.groups)))
        self._settle()

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

    def _withdraw(self, stay: Stay, now: int) -> None:
        """Out of the review, undecided."""
        child = stay.child
        self.write(pack(now, WITHDREW, child.row, stay.place, stay.number, stay.since, stay.received, 1, child.need))
        self._close_stay(stay)

    # -- needs --------------------------------------------------------------------------------------------------------------

    def _arise(self, event: Event) -> None:
        row: int = event._value
        now = self.times[row]
        self.events += 1
        following = row + 1
        if following < self.size:  # the one event of arrivals goes from child to child
            event.callbacks = self.on_arrival  # type: ignore[assignment]
            event._value = following
            self.env.schedule(event, ARRIVAL + (following << 16), self.times[following] - now)  # type: ignore[arg-type]
        child = Child(row, self.areas[row], self.born[row], self.first_need[row], now)
        self.write(pack(now, AROSE, row, NOWHERE, 0, now, now, self.streams[row], child.need))
        if self.clocks_used:
            self._start_clocks(child, now)
        to = self.to[row]
        if to < 0:
            self._seek(child, now)
            return
        place = self.shape.place_at[child.area][to]
        if self._takes(place, child, now):
            if self.streams[row] == OPENING:
                self._be_there(child, place, now)
            else:
                self._come(child, place, now, now, False)
            if self.touched:
                self._settle()
        else:
            self._be_without(child, now, NO_WAY)

    def _seek(self, child: Child, now: int) -> None:
        """The child looks for a door, or does not."""
        ordinal = child.seeks
        child.seeks += 1
        if self.draw(child.row, self.seek_stream, ordinal) >= self.needs.seek[child.need]:
            self._be_without(child, now, NO_SEEKING)
            return
        door = pick(self.plan.doors, self.draw(child.row, self.door_stream, ordinal))
        self.write(pack(now, SOUGHT, child.row, NOWHERE, 0, child.since, now, door, child.need))
        route = self.plan.door_routes[door]
        delay = look_up(route.delay, self.draw(child.row, self.door_delay, ordinal))
        place = self._target(child, route, now)
        if place == NOWHERE:
            self._be_without(child, now, NO_WAY)
            return
        child.ways += 1
        self.schedule(Moment(self.on_reaching, (child, place, route, now, False)), REACHING, child, delay)

    def _be_without(self, child: Child, now: int, why: int) -> None:
        """Nobody helps and nowhere to wait: without help while the need lasts, or out of the model."""
        if child.gone or child.stays or child.ways:
            return
        if self._untreated_needs_matter(child):
            self.write(pack(now, WITHOUT_HELP, child.row, NOWHERE, 0, now, now, why, child.need))
            self._start_clocks(child, now)
        else:
            self._leave(child, now, LEFT_UNHELPED)

    def _untreated_needs_matter(self, child: Child) -> bool:
        if self.shape.neighbours[child.area]:
            return False
        return bool(self.needs.remission[child.need] or self.needs.worsening[child.need])

    def _leave(self, child: Child, now: int, why: int) -> None:
        """The need is over, or the child goes out of sight. What is open closes; courses that run go on to their end."""
        child.gone = True
        if self.clocks_used:
            self._stop_clocks(child, now)
        for stay in list(child.stays.values()) if child.stays else ():
            if stay.status == LISTED:
                self._leave_list(stay, WITHDREW, 0)
            elif stay.status == REVIEWED:
                self._withdraw(stay, now)
        self.write(pack(now, LEFT, child.row, NOWHERE, 0, child.since, child.since, why, child.need))

    def _start_clocks(self, child: Child, now: int) -> None:
        """Remission and worsening run while no course does."""
        if child.courses or child.gone or child.clock_since >= self.shape.begin:
            return
        if self.rates_change:
            self.untreated[child.row] = child
        remission, worsening = self.needs.remission[child.need], self.needs.worsening[child.need]
        if not remission and not worsening:
            return
        if child.remit < 0:
            child.remit = self.threshold(child.row, self.remit_stream, child.episodes)
            child.worsen = self.threshold(child.row, self.worsen_stream, child.episodes)
        child.clock_since = now
        child.clock += 1
        times = [t for t in (time_left(child.remit, remission), time_left(child.worsen, worsening)) if t >= 0]
        delay = max(1, min(times))
        if now + delay <= self.shape.end:
            self.schedule(Moment(self.on_hazard, (child, child.clock)), HAZARD, child, delay)

    def _stop_clocks(self, child: Child, now: int) -> None:
        if self.rates_change:
            self.untreated.pop(child.row, None)
        if child.clock_since < self.shape.begin:
            return
        run = now - child.clock_since
        child.remit = max(0, child.remit - run * self.needs.remission[child.need])
        child.worsen = max(0, child.worsen - run * self.needs.worsening[child.need])
        child.clock_since = NEVER
        child.clock += 1

    def _change_need(self, child: Child, need: int) -> None:
        child.need = need
        child.episodes += 1
        child.remit = child.worsen = -1

    def _clock_rings(self, event: Event) -> None:
        child, version = event._value
        if child.clock != version or child.gone:
            return
        now = self.now()
        self._stop_clocks(child, now)
        if child.remit == 0 and self.needs.remission[child.need]:
            self.write(pack(now, REMITTED, child.row, NOWHERE, 0, child.since, child.since, 0, child.need))
            self._leave(child, now, LEFT_REMITTED)
        elif child.worsen == 0 and self.needs.worsening[child.need]:
            self._worsen(child, now)
        else:  # rates changed with a phase: look again
            self._start_clocks(child, now)
        if self.touched:
            self._settle()

    def _worsen(self, child: Child, now: int) -> None:
        """One level up: seen anew on lists by severity, seeking help again if nobody helps; at the top a crisis."""
        before = child.need
        worse = self.needs.worse[before]
        if worse is None:
            self.write(pack(now, CRISIS, child.row, NOWHERE, 0, child.since, child.since, 0, before))
            self._change_need(child, before)
            self._start_clocks(child, now)
            self._send_in_crisis(child, now)
            return
        self._change_need(child, worse)
        self.write(pack(now, WORSENED, child.row, NOWHERE, 0, child.since, child.since, before, worse))
        self._start_clocks(child, now)
        for stay in child.stays.values():
            if stay.status == LISTED and self.terms[stay.place].order == 1 and stay.key:
                self._enlist(stay)
        if not child.stays and not child.ways and not self.shape.neighbours[child.area] and self.plan.doors:
            self._seek(child, now)

    def _send_in_crisis(self, child: Child, now: int) -> None:
        route = self.plan.crisis
        place = NOWHERE if route is None else self._target(child, route, now)
        if route is None or place == NOWHERE:
            return
        if place not in child.stays:
            self._travel(child, place, NOWHERE, route, now)
        elif route.urgent:
            self._hurry(child.stays[place], now)

    def _hurry(self, stay: Stay, now: int) -> None:
        """Whoever waits here starts at once, over capacity if need be."""
        if stay.status == LISTED:
            stay.urgent = True
            self._start(stay, self._urgent_option(stay.place), now)
        elif stay.status == REVIEWED:
            self._join(stay, now, urgent=True)

    # -- ways between services ----------------------------------------------------------------------------------------------

    def _takes(self, place: int, child: Child, now: int) -> bool:
        if place < 0:
            return False
        terms = self.terms[place]
        return terms.open and (terms.ages is None or admits(terms.ages, child.born, now, NO_AGE))

    def _target(self, child: Child, route: Route, now: int) -> int:
        """The first service of the route that is open here and takes the child's age."""
        at = self.shape.place_at[child.area]
        for service in route.to:
            if self._takes(at[service], child, now):
                return at[service]
        return NOWHERE

    def _travel(self, child: Child, place: int, origin: int, route: Route, now: int) -> None:
        """A handover begins."""
        ordinal = child.travels
        child.travels += 1
        child.ways += 1
        self.write(pack(now, HANDED_OVER, child.row, place, 0, now, now, origin, child.need))
        delay = route.fixed or look_up(route.delay, self.draw(child.row, self.travel_stream, ordinal))
        lost = route.lost > 0 and self.draw(child.row, self.lost_stream, ordinal) < route.lost
        self.schedule(Moment(self.on_reaching, (child, place, route, now, lost)), REACHING, child, delay)

    def _reach(self, event: Event) -> None:
        child, place, route, began, lost = event._value
        child.ways -= 1
        if child.gone:
            return
        now = self.now()
        if lost:
            self.write(pack(now, LOST, child.row, NOWHERE, 0, began, began, place, child.need))
            self._be_without(child, now, LOST_ON_WAY)
            return
        if not self._takes(place, child, now):
            place = self._target(child, route, now)
        if place == NOWHERE:
            self._be_without(child, now, NO_WAY)
        elif place not in child.stays:
            self._come(child, place, now, now, route.urgent)
        elif route.urgent:
            self._hurry(child.stays[place], now)
        if self.touched:
            self._settle()

    def _come(self, child: Child, place: int, now: int, received: int, urgent: bool) -> None:
        """The child reaches a service: it starts at once, joins the list, or has its referral reviewed first."""
        terms = self.terms[place]
        number = child.visits.get(terms.service, 0) + 1
        child.visits[terms.service] = number
        stay = Stay(child, place, number, received, now, urgent)
        child.stays[place] = stay
        self.entered[place] += 1
        simple = self.simple[place]
        if simple is not None and not urgent and not self.waiting[place] and not self.touched:
            option, pool, amount = simple
            if self.committed[pool] + amount <= self.capacity[pool] and self.queue[0][0] > now:
                # what serving the lists would do: nobody waits, there is room, and nothing else happens in this second
                self.write(pack(now, JOINED, child.row, place, number, now, received, 0, child.need))
                self._start(stay, option, now, at_once=True)
                return
        if terms.review is None:
            self._join(stay, now)
            return
        self.write(
            pack(now, REFERRED, child.row, place, number, now, received, child.rejections.get(terms.service, 0), child.need)
        )
        if urgent:
            self._join(stay, now)
            return
        self.expected[place][child.row] = stay
        delay = look_up(terms.review.length, self.quantile(stay, "review"))
        if terms.review.due is not None:
            delay = max(1, min(delay, int(terms.review.due[now // DAY - self.shape.first_day]) - now))
        self.schedule(Moment(self.on_decision, stay), DECISION, child, delay)

    def _be_there(self, child: Child, place: int, now: int) -> None:
        """One of those already on the list on the first day: reviewed before, if the service reviews at all."""
        terms = self.terms[place]
        child.visits[terms.service] = 1
        stay = child.stays[place] = Stay(child, place, 1, now, now, False)
        self.entered[place] += 1
        if terms.review is not None:
            self.write(pack(now, REFERRED, child.row, place, 1, now, now, OPENING, child.need))
        self._join(stay, now, ready=True)

    # -- referral review ----------------------------------------------------------------------------------------------------

    def _decide(self, event: Event) -> None:
        stay: Stay = event._value
        if stay.status != REVIEWED:
            return
        now, child, place = self.now(), stay.child, stay.place
        terms = self.terms[place]
        review = terms.review
        if review is None:  # the review was done away with meanwhile
            self._join(stay, now)
        else:
            step = self.needs.step[child.need]
            taken_for = terms.step if step is None else perceive(step, self.quantile(stay, "judge"), review.accuracy)
            bound = accepts(review.accept, review.accept_again, taken_for or 0, child.rejections.get(terms.service, 0))
            if self.quantile(stay, "accept") < bound:
                self.write(
                    pack(
                        now,
                        ACCEPTED,
                        child.row,
                        place,
                        stay.number,
                        stay.since,
                        stay.received,
                        taken_for or 0,
                        child.need,
                    )
                )
                self._join(stay, now)
            else:
                self._reject(stay, taken_for or 0, now)
        if self.touched:
            self._settle()

    def _reject(self, stay: Stay, taken_for: int, now: int) -> None:
        child, terms = stay.child, self.terms[stay.place]
        assert terms.review is not None
        why = reason(terms.review.reasons, taken_for, terms.step, self.quantile(stay, "reason"))
        wrong = wrongly_rejected(self.needs.step[child.need], terms.step)
        route = self._route_after(stay, REJECTED)
        detail = why + 100 * wrong + 1000 * bool(route and route.warm)
        self.write(pack(now, REJECTION, child.row, stay.place, stay.number, stay.since, stay.received, detail, child.need))
        child.rejections[terms.service] = child.rejections.get(terms.service, 0) + 1
        self.expected[stay.place].pop(child.row, None)
        self._close_stay(stay)
        self._follow(stay, route, now)

    # -- leaving a list ------------------------------------------------------------------------------------------------------

    def _give_up(self, event: Event) -> None:
        stay: Stay = event._value
        if stay.status == LISTED:
            self._leave_list(stay, GIVEN_UP, 0)
            self._go_on(stay, GAVE_UP)
            if self.touched:
                self._settle()

    def _breach(self, event: Event) -> None:
        """The deadline passes: the trust turns to another provider for some."""
        stay: Stay = event._value
        if stay.status != LISTED:
            return
        now, child = self.now(), stay.child
        self.write(pack(now, BREACHED, child.row, stay.place, stay.number, stay.since, stay.received, 0, child.need))
        due = self.terms[stay.place].due
        if due is None or due.overflow is None or self.quantile(stay, "overflow") >= due.share:
            return
        delay = look_up(due.delay, self.quantile(stay, "overflow_delay"))
        self.schedule(Moment(self.on_overflow, stay), LEAVING, child, delay)

    def _overflow(self, event: Event) -> None:
        stay: Stay = event._value
        due = self.terms[stay.place].due
        if stay.status != LISTED or due is None or due.overflow is None:
            return
        place = self.shape.place_at[stay.child.area][due.overflow]
        if self._takes(place, stay.child, self.now()) and place not in stay.child.stays:
            self._leave_list(stay, OVERFLOWED, 0)
            self._come(stay.child, place, self.now(), stay.received, False)
            if self.touched:
                self._settle()

    # -- courses ------------------------------------------------------------------------------------------------------------

    def _start(self, stay: Stay, option: int, now: int, at_once: bool = False) -> None:
        """Help starts: the hours are committed until the course ends. ``at_once``: the child never stood on the list."""
        child, place = stay.child, stay.place
        if not at_once:
            self._off_list(place, now)
        detail = option * 2 + stay.urgent
        self.write(pack(now, STARTED, child.row, place, stay.number, stay.since, stay.received, detail, child.need))
        self.course_area[place] -= now
        self.helped[place] += 1
        stay.status = HELPED
        stay.since = now
        stay.option = option
        stay.taken = taken = self.options[option]
        committed, capacity = self.committed, self.capacity
        for pool, amount in taken:
            committed[pool] += amount
            if committed[pool] > capacity[pool]:
                self._note_overload(stay, pool, now)
        if self.clocks_used and not child.courses:
            self._stop_clocks(child, now)
        child.courses += 1
        first = self.first_length[place]
        if first is None or stay.number > 1:
            self._begin_stretch(stay, look_up(self.stretches[place][0][0], self.quantile(stay, "length")))
        elif self.stretches[place][0][1]:
            self._begin_stretch(stay, first[child.row])
        else:
            stay.callbacks = self.on_course
            self.schedule(stay, COURSE, child, first[child.row])
        if self.terms[place].beside:
            self._offer_beside(stay, now)

    def _note_overload(self, stay: Stay, pool: int, now: int) -> None:
        over = self.committed[pool] - self.capacity[pool]
        self.write(pack(now, OVERLOADED, stay.child.row, pool, stay.number, now, now, over, stay.child.need))

    def _begin_stretch(self, stay: Stay, length: int) -> None:
        dropout = self.stretches[stay.place][stay.stretch][1]
        if dropout:
            row, service = stay.child.row, self.terms[stay.place].service
            ordinal = (stay.number - 1) * 2 + stay.stretch
            stay.dropped = self.draw(row, self.purpose["dropout"][service], ordinal) < dropout
            if stay.dropped:
                length = part(length, self.draw(row, self.purpose["dropout_at"][service], ordinal))
        stay.callbacks = self.on_course
        self.schedule(stay, COURSE, stay.child, length)

    def _offer_beside(self, stay: Stay, now: int) -> None:
        child, streams = stay.child, self.purpose["beside"]
        step = self.needs.step[child.need]
        for number, beside in enumerate(self.terms[stay.place].beside):
            place = self.shape.place_at[child.area][beside.to]
            fits = step is None or beside.steps >> step & 1
            if fits and place not in child.stays and self._takes(place, child, now):
                quantile = self.draw(child.row, streams[self.terms[stay.place].service], (stay.number - 1) * 8 + number)
                if quantile < beside.share:
                    self._come(child, place, now, now, False)

    def _end_stretch(self, stay: Stay) -> None:
        now, place = self.env.now, stay.place
        committed = self.committed
        for pool, amount in stay.taken:
            committed[pool] -= amount
        if stay.dropped or stay.stretch + 1 == len(self.stretches[place]):
            self._end(stay, now)  # type: ignore[arg-type]
        else:
            self._continue(stay, now)  # type: ignore[arg-type]
        if self.waiting[place] or not self.alone[place]:
            if self.alone[place] and place not in self.limited and not self.touched and self.queue[0][0] > now:
                self._serve_place(place)
            else:
                self.touched.add(self.shape.group_of[place])
        if self.touched:
            self._settle()

    def _continue(self, stay: Stay, now: int) -> None:
        """From assessment to the rest of the course, in the same pools."""
        place = stay.place
        option = self.offers[place][1][self.offers[place][0].index(stay.option)]
        self.write(pack(now, ASSESSED, stay.child.row, place, stay.number, stay.since, stay.received, option, stay.child.need))
        stay.since = now
        stay.stretch = 1
        stay.option = option
        stay.taken = self.options[option]
        for pool, amount in stay.taken:
            self.committed[pool] += amount
            if self.committed[pool] > self.capacity[pool]:
                self._note_overload(stay, pool, now)
        self._begin_stretch(stay, look_up(self.stretches[place][1][0], self.quantile(stay, "rest")))

    def _end(self, stay: Stay, now: int) -> None:
        child, place = stay.child, stay.place
        self.course_area[place] += now
        self.helped[place] -= 1
        child.courses -= 1
        need = child.need
        if child.gone:
            ending = RECOVERED
        elif stay.dropped:
            ending = DROPPED_OUT
        else:
            ending = self._outcome(stay) if self.terms[place].matched else DONE
        if ending == IMPROVED and self.needs.better[need] is None:
            ending = RECOVERED
        self.write(pack(now, ENDED, child.row, place, stay.number, stay.since, stay.received, ending, need))
        stay.status = CLOSED
        self.left[place] += 1
        del child.stays[place]
        if child.gone:
            return
        if ending == RECOVERED:
            self._leave(child, now, LEFT_RECOVERED)
            return
        if ending != DONE:
            changed = self.needs.better[need] if ending == IMPROVED else self.needs.worse[need] if ending == WORSE else None
            if changed is not None:
                self._change_need(child, changed)
        if self.clocks_used:
            self._start_clocks(child, now)
        if not child.courses:  # else another course goes on
            self._follow(stay, self._route_after(stay, ending), now, done=ending == DONE)

    def _outcome(self, stay: Stay) -> int:
        """How a course ends; where a better matching one still runs, this one changes nothing."""
        terms, child = self.terms[stay.place], stay.child
        if child.courses and any(
            other.status == HELPED and (self.terms[other.place].step or 0) > (terms.step or 0)
            for other in child.stays.values()
            if other is not stay
        ):
            return UNCHANGED
        matched = is_match(terms.step, self.needs.step[child.need])
        return pick(terms.matched if matched else terms.below, self.quantile(stay, "outcome"))

    def _route_after(self, stay: Stay, ending: int) -> Route | None:
        terms, child = self.terms[stay.place], stay.child
        if not terms.routes:
            return None
        step = self.needs.step[child.need]
        seen = 0 if step is None or terms.blind else perceive(step, self.quantile(stay, "perceive"), terms.accuracy)
        choices = terms.choices[ending * 5 + seen]
        if not choices:
            return None
        quantile = self.draw(child.row, self.route_streams[terms.service], stay.number - 1)
        for bound, number in choices:
            if quantile < bound:
                return terms.routes[number]
        return None

    def _go_on(self, stay: Stay, ending: int) -> None:
        """Where a child goes after a stay."""
        child = stay.child
        if child.courses and ending != REFUSED:
            return  # another course goes on
        self._follow(stay, self._route_after(stay, ending), self.now(), done=ending == DONE)

    def _follow(self, stay: Stay, route: Route | None, now: int, done: bool = False) -> None:
        child = stay.child
        if route is not None:
            place = self._target(child, route, now)
            if place == NOWHERE and self.shape.neighbours[child.area]:
                self._leave(child, now, LEFT_OUTSIDE)
                return
            if place != NOWHERE and place not in child.stays:
                self._travel(child, place, stay.place, route, now)
                return
        if child.stays or child.ways:
            return
        if done and route is None:
            self._leave(child, now, LEFT_DONE)
        elif self.shape.neighbours[child.area]:
            self._leave(child, now, LEFT_OUTSIDE)
        else:
            self._be_without(child, now, NO_WAY)
