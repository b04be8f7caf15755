"""Waiting lists and pools: who stands where, who is first, and who starts when hours are free."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from heapq import heappop, heappush

from simpy.events import Event

from scenarios.units import DAY
from sim.children import Cohort
from sim.frame import DECISION, LEAVING, SERVING, Frame, pack
from sim.laws import look_up
from sim.plan import Plan, Terms
from sim.records import Kind
from sim.rules import REFUSED
from sim.state import CLOSED, LISTED, Moment, Stay

JOINED, TURNED_AWAY = int(Kind.JOINED), int(Kind.REFUSED)


class Lists(Frame):
    """The lists of every place, ordered, and the serving of them: last in each second, once, until nothing more starts."""

    def __init__(self, plans: Sequence[Plan], cohort: Cohort) -> None:
        super().__init__(plans, cohort)
        self.lists: list[list[tuple[tuple[int, ...], int, int, Stay]]] = [[] for _ in self.shape.places]
        self.limited: dict[int, list[Stay]] = {
            place: [] for plan in plans for place, terms in enumerate(plan.terms) if terms.length is not None
        }
        self.expected: list[dict[int, Stay]] = [{} for _ in self.shape.places]
        """By place and child: under review, or on the list before the first appointment."""
        self.touched: set[int] = set()
        self.serving = False
        self.on_ready = (self._be_ready,)
        self.on_patience = (self._give_up,)
        self.on_deadline = (self._breach,)
        self.on_serving = (self._serve_now,)

    @abstractmethod
    def _start(self, stay: Stay, option: int, now: int, at_once: bool = False) -> None:
        """Help starts."""

    @abstractmethod
    def _go_on(self, stay: Stay, ending: int) -> None:
        """Where a child goes after a stay."""

    @abstractmethod
    def _give_up(self, event: Event) -> None:
        """Patience runs out."""

    @abstractmethod
    def _breach(self, event: Event) -> None:
        """A deadline passes."""

    def _join(self, stay: Stay, now: int, urgent: bool = False, ready: bool = False) -> None:
        """On to the list. ``urgent`` starts at once; ``ready`` may be called in from now, whatever the service's notice."""
        child, place = stay.child, stay.place
        terms = self.terms[place]
        was_reviewed = terms.review is not None and not (stay.urgent or urgent)
        stay.status = LISTED
        stay.since = now
        stay.urgent = stay.urgent or urgent
        self.waiting_area[place] += self.waiting[place] * (now - self.changed[place])
        self.changed[place] = now
        self.waiting[place] += 1
        self.write(pack(now, JOINED, child.row, place, stay.number, now, stay.received, 0, child.need))
        if stay.urgent:
            self._start(stay, self._urgent_option(place), now)
            return
        if place in self.limited:
            self.limited[place].append(stay)
            self.touched.add(self.shape.group_of[place])
        if terms.due is not None:
            self._set_deadline(stay, terms, now)
        if terms.patience is not None:
            first = self.first_patience[place]
            if first is None or stay.number > 1:
                delay = look_up(terms.patience, self.quantile(stay, "patience"))
            else:
                delay = first[child.row]
            if now + delay <= self.shape.end:
                self.schedule(Moment(self.on_patience, stay), LEAVING, child, delay)
        if was_reviewed and terms.review is not None and not ready:
            delay = look_up(terms.review.lead, self.quantile(stay, "lead"))
            if stay.deadline is not None:  # the first appointment is set with the deadline in view
                delay = max(1, min(delay, (stay.deadline - now) // 2))
            self.schedule(Moment(self.on_ready, stay), DECISION, child, delay)
        else:
            self._enlist(stay)

    def _set_deadline(self, stay: Stay, terms: Terms, now: int) -> None:
        """The individual deadline, within the law's outer limit, from referral received."""
        due = terms.due
        assert due is not None
        latest = None if due.outer is None else int(due.outer[stay.received // DAY - self.shape.first_day])
        own = due.by_severity[self.needs.severity[stay.child.need]]
        if own is not None:
            latest = stay.received + own if latest is None else min(latest, stay.received + own)
        stay.deadline = latest
        if latest is not None and latest < self.shape.end:  # the latest second itself is still in time
            self.schedule(Moment(self.on_deadline, stay), LEAVING, stay.child, max(0, latest + 1 - now))

    def _be_ready(self, event: Event) -> None:
        stay: Stay = event._value
        self.expected[stay.place].pop(stay.child.row, None)
        if stay.status == LISTED:
            self._enlist(stay)
            self._settle()

    def _enlist(self, stay: Stay) -> None:
        """Into the list by its order; an entry whose key is no longer the stay's is stale."""
        terms, since, row = self.terms[stay.place], stay.since, stay.child.row
        if terms.order == 0:
            key: tuple[int, ...] = (since, row)
        elif terms.order == 1:
            key = (-self.needs.severity[stay.child.need], since, row)
        elif terms.order == 2:
            key = (self.shape.end * 2 if stay.deadline is None else stay.deadline, since, row)
        else:
            key = (stay.received, since, row)
        stay.key = key
        heappush(self.lists[stay.place], (key, row, stay.number, stay))
        self.touched.add(self.shape.group_of[stay.place])

    def _reorder(self, place: int) -> None:
        """Put a list in its new order."""
        stays = {id(stay): stay for key, _, _, stay in self.lists[place] if stay.status == LISTED and stay.key == key}
        self.lists[place].clear()
        for stay in stays.values():
            self._enlist(stay)

    def _leave_list(self, stay: Stay, kind: int, detail: int) -> None:
        """Off the list without a start."""
        now, place = self.now(), stay.place
        self._off_list(place, now)
        self.write(pack(now, kind, stay.child.row, place, stay.number, stay.since, stay.received, detail, stay.child.need))
        self._close_stay(stay)

    def _off_list(self, place: int, now: int) -> None:
        self.waiting_area[place] += self.waiting[place] * (now - self.changed[place])
        self.changed[place] = now
        self.waiting[place] -= 1

    def _close_stay(self, stay: Stay) -> None:
        stay.status = CLOSED
        self.left[stay.place] += 1
        del stay.child.stays[stay.place]

    # -- serving ------------------------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Serve the touched lists now if nothing else happens in this second, else when all else is done."""
        env = self.env
        if not self.touched or self.serving:
            return
        if self.queue[0][0] > env.now:
            self._serve()
        else:
            self.serving = True
            self.events += 1
            env.schedule(Moment(self.on_serving, None), SERVING, 0)  # type: ignore[arg-type]

    def _serve_now(self, event: Event) -> None:
        self.serving = False
        if self.queue[0][0] > self.env.now:
            self._serve()
        else:
            self._settle()

    def _serve(self) -> None:
        touched, groups = self.touched, self.shape.groups
        while touched:
            group = min(touched)
            touched.discard(group)
            places = groups[group]
            if len(places) == 1:
                self._serve_place(places[0])
            else:
                self._serve_group(places)
            for place in places:
                if place in self.limited:
                    self._turn_away(place)

    def _head(self, place: int) -> Stay | None:
        """The first who still waits; stale entries are dropped."""
        heap = self.lists[place]
        while heap:
            key, _, _, stay = heap[0]
            if stay.status == LISTED and stay.key == key:
                return stay
            heappop(heap)
        return None

    def _serve_place(self, place: int) -> None:
        """One list with pools of its own: the head starts while there is room for it."""
        now = self.now()
        while (stay := self._head(place)) is not None:
            option = self._option_with_room(place)
            if option is None:
                return
            heappop(self.lists[place])
            self._start(stay, option, now)

    def _serve_group(self, places: tuple[int, ...]) -> None:
        """Lists that share pools: heads in one order; a head that lacks hours of a pool closes it to those behind."""
        now = self.now()
        closed: set[int] = set()
        alike = len({self.terms[place].order for place in places}) == 1  # keys of unlike orders cannot be compared
        started = True
        while started:
            started = False
            heads = [
                (self.terms[p].weight, s.key if alike else (s.since,), s.since, s.child.row, s)
                for p in places
                if (s := self._head(p))
            ]
            for *_, stay in sorted(heads, key=lambda head: head[:4]):
                option = self._option_with_room(stay.place, closed)
                if option is not None:
                    heappop(self.lists[stay.place])
                    self._start(stay, option, now)
                    started = True
                    break
                for number in self.offers[stay.place][0]:
                    closed.update(p for p, amount in self.options[number] if self.capacity[p] - self.committed[p] < amount)

    def _option_with_room(self, place: int, closed: set[int] | None = None) -> int | None:
        capacity, committed = self.capacity, self.committed
        for number in self.offers[place][0]:
            for pool, amount in self.options[number]:
                if capacity[pool] - committed[pool] < amount or (closed and pool in closed):
                    break
            else:
                return number
        return None

    def _urgent_option(self, place: int) -> int:
        """Hours for a child who starts whatever the room: those that are free, else the first choice."""
        free = self._option_with_room(place)
        return self.offers[place][0][0] if free is None else free

    def _turn_away(self, place: int) -> None:
        """Those beyond the list's length go, the last who joined first."""
        length = self.terms[place].length
        joined = self.limited[place]
        if length is not None:
            while self.waiting[place] > length and joined:
                stay = joined.pop()
                if stay.status == LISTED:
                    self._leave_list(stay, TURNED_AWAY, 0)
                    self._go_on(stay, REFUSED)
        if not self.waiting[place]:
            joined.clear()
