"""The frame of a run: its clock, its records, its draws, and the plan that holds, in the form the engine reads fastest."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop
from struct import Struct
from typing import Any

import numpy as np
import simpy

from sim.children import OPENING_CASE, Cohort
from sim.draws import OWN, PURPOSES, Columns, Ints, stream
from sim.endless import endless
from sim.laws import FIRST, LAST, SECOND, clock_table, look_up_all
from sim.order import MOST_CHILDREN, MOST_EVENTS, OF_PLACES
from sim.plan import Option, Plan, Terms
from sim.records import COLUMNS, Log
from sim.state import Child, Moment, Stay, Totals, Trajectory
from sim.uses import Uses, is_cut, places_of, uses

FIRST_COME, SEVERITY_ONLY, DEADLINE_ONLY = (0,), (1,), (2,)
MOST_TERMS = 64
"""Different sets of terms up to which first visits are looked up for all children at once."""

pack = Struct(f"{len(COLUMNS)}q").pack
"""One record as bytes."""


def _is_odd(terms: Terms) -> bool:
    return is_cut(terms) or any((terms.dose, terms.party, terms.stretches[0].dropout))


class Clock(simpy.Environment):
    """SimPy's environment, with its queue in sight: what happens next is asked twice an event."""

    def __init__(self, begin: int) -> None:
        super().__init__(initial_time=begin)
        self.queue: list[Any] = self._queue
        # the queue is never empty while the run lasts: something always comes after the last second
        self.schedule(self.event(), 0, 1 << 62)  # type: ignore[arg-type]

    def run_through(self, last: int) -> None:
        """Process every event up to and including a second: SimPy's own step, without a call for each."""
        queue = self.queue
        while queue[0][0] <= last:
            self._now, _, _, event = heappop(queue)
            callbacks, event.callbacks = event.callbacks, None
            for callback in callbacks:
                callback(event)
            if not event._ok and not hasattr(event, "_defused"):
                raise event._value
        self._now = last + 1


class Frame:
    """What a run knows and how it writes; the story itself is :class:`sim.engine.Run`."""

    def __init__(self, plans: Sequence[Plan], cohort: Cohort) -> None:
        if len(cohort) >= MOST_CHILDREN:
            raise RuntimeError(f"{len(cohort)} children are more than the engine numbers ({MOST_CHILDREN})")
        self.plans = plans
        self.shape = plans[0].shape
        self.end = self.shape.end
        self.env = Clock(self.shape.begin)
        self.queue = self.env.queue
        self.events = 0
        self.rows = bytearray()
        self.write = self.rows.extend
        self.keys = cohort.key
        self.draw = Columns(cohort.key)
        self.size = len(cohort)
        columns = (cohort.time, cohort.area, cohort.born, cohort.need, cohort.to, cohort.stream, cohort.group, cohort.waited)
        self.times, self.areas, self.born, self.first_need, self.to, self.streams, self.people, self.waited = (
            np.ascontiguousarray(column).data for column in columns
        )
        self.own = {name: stream(name) for name in OWN}
        self.seek_stream, self.door_stream, self.door_delay = self.own["seek"], self.own["door"], self.own["door delay"]
        self.remit_stream, self.worsen_stream = self.own["remission"], self.own["worsening"]
        self.travel_stream, self.lost_stream = self.own["handover"], self.own["lost"]
        self.purpose = {name: [stream(name, service) for service in self.shape.services] for name in PURPOSES}
        self.thresholds: list[int] = clock_table().tolist()
        self._look_ahead(uses(plans))
        self._start_counting()
        self.take(plans[0])

    def _look_ahead(self, used: Uses) -> None:
        """Which mechanisms the run uses at all, where every event asks."""
        self.used = used
        self.finding_used, self.clocks_used, self.relapse_used = used.finding_used, used.clocks_used, used.relapse_used
        self.excluding_used, self.helpers_used, self.hold_used = used.excluding_used, used.helpers_used, used.hold_used
        self.coordination_used, self.mapping_used = used.coordination_used, used.mapping_used
        self.papers_matter, self.travel_matters = used.papers_matter, used.travel_matters
        self.start_matters, self.arrival_matters, self.rare = used.start_matters, used.arrival_matters, used.rare
        self.ever_cut = used.ever_cut
        self.midway_used = OPENING_CASE in self.streams

    def _start_counting(self) -> None:
        places, pools = len(self.shape.places), len(self.shape.pools)
        self.waiting = [0] * places
        self.entered = [0] * places
        self.left = [0] * places
        self.changed = [self.shape.begin] * places
        self.waiting_area = [0] * places
        self.helped = [0] * places
        self.course_area = [0] * places
        self.committed = [0] * pools
        self.capacity = [0] * pools
        self.known = [0] * places
        """By place: the known wait, that of the last who started."""
        self.coming = [0] * places
        """By place: on their way from an ending that waited for room."""
        self.staffed: dict[int, int] = {}
        """Capacity of the pools whose people come and go."""
        self.ended: set[int] = set()
        """Places whose grant has ended."""
        self.pools_of: list[list[int]] = [[] for _ in self.shape.places]
        for pool, (place, _) in enumerate(self.shape.pools):
            self.pools_of[place].append(pool)
        self.limited: dict[int, list[Stay]] = {place: [] for place, limited in enumerate(self.used.limited) if limited}

    def take(self, plan: Plan) -> None:
        """Let a plan hold from now on."""
        self.plan = plan
        self.needs = plan.needs
        self.terms: tuple[Terms, ...] = plan.terms
        self.options: tuple[Option, ...] = plan.options
        self.offers = plan.offers
        self.capacity[:] = plan.capacity
        for pool, capacity in self.staffed.items():
            self.capacity[pool] = capacity
        for place in self.ended:
            for pool in self.pools_of[place]:
                self.capacity[pool] = 0
        self.is_open = [terms.open and place not in self.ended for place, terms in enumerate(plan.terms)]
        number = {id(terms): i for i, terms in enumerate({id(t): t for t in plan.terms}.values())}
        each = list({id(t): t for t in plan.terms}.values())
        stretches = [tuple((s.length.tolist(), s.dropout) for s in terms.stretches) for terms in each]
        self.stretches = [stretches[number[id(terms)]] for terms in plan.terms]
        few = len(each) <= MOST_TERMS
        lengths = [self._first(terms, "length", terms.stretches[0].length) if few else None for terms in each]
        patience = [self._first_patience(terms) if few else None for terms in each]
        self.first_length = [lengths[number[id(terms)]] for terms in plan.terms]
        self.first_patience = [patience[number[id(terms)]] for terms in plan.terms]
        places = places_of(plan, self.used)
        self.alone = [place.alone for place in places]
        self.ordinary = [place.ordinary for place in places]
        self.easy = [len(places) == 1 and plan.terms[places[0]].party is None for places in self.shape.groups]
        self.easiest = [easy and self.ordinary[places[0]] for easy, places in zip(self.easy, self.shape.groups, strict=True)]
        """By group: one list with pools of its own, from which children start one by one."""
        self.direct = [place.direct for place in places]
        odd = [_is_odd(terms) for terms in each]
        self.odd = [odd[number[id(terms)]] for terms in plan.terms]
        """By place: the length of a course's first phase is not all there is to say about its end."""
        self.cuts = [place.cuts for place in places]
        """By place: closures, birthdays, bodily causes or a helper who sees more may move the end of a phase."""
        self.plain = [terms.order == FIRST_COME for terms in plan.terms]
        self.by_severity = [terms.order == SEVERITY_ONLY for terms in plan.terms]
        self.by_deadline = [terms.order == DEADLINE_ONLY for terms in plan.terms]
        self.gate = [place.gate for place in places]
        self.route_streams = self.purpose["route"]
        self.simple = [place.simple for place in places]

    def _first_patience(self, terms: Terms) -> memoryview | None:
        """Only where it is the same for every severity: need is not known before."""
        if not terms.patience or terms.patience[0] is None or any(t is not terms.patience[0] for t in terms.patience):
            return None
        return self._first(terms, "patience", terms.patience[0])

    def _first(self, terms: Terms, purpose: str, table: Ints) -> memoryview:
        """The duration of every child's first visit, should it come to that."""
        return look_up_all(table, self.draw.column(self.purpose[purpose][terms.service])).data

    def now(self) -> int:
        """The second it is."""
        return int(self.env.now)

    def schedule(self, event: Moment, kind: int, child: Child, delay: int) -> None:
        """Let an event of a child come after so many seconds."""
        child.ordinal = ordinal = child.ordinal + 1
        if ordinal >= MOST_EVENTS:
            rows = np.frombuffer(self.rows, dtype=np.int64).reshape(-1, len(COLUMNS))
            raise endless(self.plan, rows, child.row, self.now())
        self.events += 1
        self.env.schedule(event, kind + (child.row << 16) + ordinal, delay)  # type: ignore[arg-type]

    def schedule_for(self, place: int, event: Moment, kind: int, delay: int) -> None:
        """Let an event of a place come after so many seconds: after those of children of the same kind."""
        self.events += 1
        self.env.schedule(event, kind + OF_PLACES + place, delay)  # type: ignore[arg-type]

    def quantile(self, stay: Stay, purpose: str) -> int:
        """The draw of a child for a purpose at the service of a stay."""
        streams = self.purpose[purpose]
        return self.draw(stay.child.row, streams[self.terms[stay.place].service], stay.number - 1)

    def threshold(self, row: int, purpose: int, ordinal: int) -> int:
        """The threshold of a clock."""
        quantile = self.draw(row, purpose, ordinal)
        index = quantile >> FIRST
        if index == LAST:
            index = LAST + ((quantile >> SECOND) & LAST)
        return self.thresholds[index]

    def finished(self) -> Trajectory:
        """What came of it."""
        stop = self.end + 1
        for place in range(len(self.shape.places)):
            self.waiting_area[place] += self.waiting[place] * (stop - self.changed[place])
            self.course_area[place] += self.helped[place] * stop
        rows = np.frombuffer(self.rows, dtype=np.int64).reshape(-1, len(COLUMNS))
        return Trajectory(
            Log(rows), Totals(self.entered, self.left, self.waiting_area, self.course_area, self.committed), self.events
        )
