"""Waiting lists and pools: who stands where, who is first, and who starts when hours are free."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from heapq import heappop, heappush

from simpy.events import Event

from scenarios.units import DAY
from sim.children import NO_AGE, Cohort
from sim.frame import Frame, pack
from sim.laws import look_up
from sim.order import DECISION, LEAVING, SERVING
from sim.plan import NOWHERE, Due, Plan, Terms
from sim.records import Kind
from sim.rules import AGED_OUT, BALKED, GAVE_UP, REFUSED, birthday, has_room, next_date, put_off
from sim.state import CLOSED, HELD, HELPED, LISTED, REVIEWED, Child, Moment, Papers, Stay

JOINED, TURNED_AWAY, GIVEN_UP, BREACHED, OVERFLOWED, WENT_AWAY, SWITCHED, RAISED, GREW_UP = (
    int(kind)
    for kind in (Kind.JOINED, Kind.REFUSED, Kind.GAVE_UP, Kind.BREACHED, Kind.OVERFLOWED, Kind.BALKED, Kind.SWITCHED,
                 Kind.RAISED, Kind.AGED_OUT)
)  # fmt: skip
FIRST_COME, SEVERITY, DEADLINE, REFERRAL = range(4)
FRONT = -(1 << 62)
"""Before every other key."""
FOR_EVER = 1 << 62
MOST_SEVERE = 2
REVIEWS = 1 << 10
"""Draws of a stay at its dated reviews: more of them repeat none."""


class Lists(Frame):
    """The lists of every place, ordered, and the serving of them: last in each second, once, until nothing more starts."""

    def __init__(self, plans: Sequence[Plan], cohort: Cohort) -> None:
        super().__init__(plans, cohort)
        self.lists: list[list[tuple[tuple[int, ...], int, int, Stay]]] = [[] for _ in self.shape.places]
        self.expected: list[dict[int, Stay]] = [{} for _ in self.shape.places]
        """By place and child: under review, or on the list before the first appointment or while another course excludes it."""
        self.touched: set[int] = set()
        self.serving = False
        self.paused = [False] * len(self.shape.places)
        """By place: closed as planned."""
        self.gates: dict[int, int] = {}
        """By place: the second of the next meeting in the queue."""
        self.holding: dict[int, list[Stay]] = {}
        """By place: endings elsewhere that wait for room here, the first first."""
        self.on_ready = (self._be_ready,)
        self.on_patience = (self._give_up,)
        self.on_deadline = (self._breach,)
        self.on_guarantee = (self._break_guarantee,)
        self.on_overflow = (self._overflow,)
        self.on_serving = (self._serve_now,)
        self.on_gate = (self._hold_meeting,)
        self.on_rise = (self._rise,)
        self.on_switch = (self._look_elsewhere,)
        self.on_birthday = (self._grow_out,)

    @abstractmethod
    def _start(self, stay: Stay, option: int, now: int, at_once: bool = False) -> None:
        """Help starts."""

    @abstractmethod
    def _start_together(self, members: list[Stay], option: int, now: int) -> None:
        """A group course starts."""

    @abstractmethod
    def _release(self, stay: Stay) -> None:
        """An ending need not wait any longer."""

    @abstractmethod
    def _go_on(self, stay: Stay, ending: int) -> None:
        """Where a child goes after a stay."""

    @abstractmethod
    def _takes(self, place: int, child: Child, now: int) -> bool:
        """Whether a place is open and takes the child."""

    @abstractmethod
    def _come(self, child: Child, place: int, now: int, received: int, urgent: bool, papers: Papers) -> None:
        """The child reaches a service."""

    # -- joining --------------------------------------------------------------------------------------------------------------

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
            self._start_urgently(stay, now)
            return
        if not self.ordinary[place] and self._is_special(stay, terms, now, ready):
            return
        if place in self.limited:
            joined = self.limited[place]
            joined.insert(0 if stay.front else len(joined), stay)  # the last in it is turned away first
            self.touched.add(self.shape.group_of[place])
        if terms.due is not None:
            self._set_deadline(stay, terms.due, now)
        if terms.patience:
            first = self.first_patience[place]
            delay = self._patience(stay, terms) if first is None or stay.number > 1 else first[child.row]
            if now + delay <= self.shape.end:
                self.schedule(Moment(self.on_patience, stay), LEAVING, child, delay)
        if was_reviewed and terms.review is not None and not ready:
            delay = look_up(terms.review.lead, self.quantile(stay, "lead"))
            if stay.deadline is not None:  # the first appointment is set with the deadline in view
                delay = max(1, min(delay, (stay.deadline - now) // 2))
            self.schedule(Moment(self.on_ready, stay), DECISION, child, delay)
        else:
            self._enlist(stay)

    def _start_urgently(self, stay: Stay, now: int) -> None:
        """At once, over capacity if need be; only a course that excludes this one is waited for."""
        if self.excluding_used:
            if self._is_excluded(stay):
                self._park(stay)
                return
            stay.parked = False  # what excluded it may do so no longer from some date on
        if self.terms[stay.place].party is not None:
            self._start_together([stay], self._urgent_option(stay.place), now)
        else:
            self._start(stay, self._urgent_option(stay.place), now)

    def _is_special(self, stay: Stay, terms: Terms, now: int, ready: bool) -> bool:
        """Starts at once for its severity; or the known wait is too long: it does not stay, or goes to a service like this.

        Whoever is ``ready`` does not ask: already on the list on the first day, or first on it by the way that stood open.
        """
        if terms.at_once >> self.needs.severity[stay.child.need] & 1:
            stay.urgent = True
            self._start_urgently(stay, now)
            return True
        if terms.rises is not None and self._can_rise(stay):
            self._wait_to_rise(stay, terms)
        known = self.known[stay.place]
        if terms.balking and not ready and self.quantile(stay, "balk") < put_off(terms.balking, 0, len(terms.balking), known):
            self._leave_list(stay, WENT_AWAY, known)
            self._go_on(stay, BALKED)
            return True
        if terms.switch is not None:
            if not ready and self._switches(stay, terms, 0):
                return True
            if terms.switch.review:
                self._review_wait(stay, terms, 1)
        return False

    def _patience(self, stay: Stay, terms: Terms) -> int:
        """How long the child waits before giving up; for ever is longer than any run."""
        patience = terms.patience[self.needs.severity[stay.child.need]]
        return FOR_EVER if patience is None else look_up(patience, self.quantile(stay, "patience"))

    def _set_deadline(self, stay: Stay, due: Due, now: int) -> None:
        """The individual deadline, within the law's outer limit, from referral received; a guarantee may be stricter."""
        latest = None
        if due.outer is not None:
            day = stay.received // DAY - self.shape.first_day
            latest = int(due.outer[max(0, day)]) + min(0, day) * DAY  # received before the run begins: as its first day
        own = due.by_severity[self.needs.severity[stay.child.need]]
        if own is not None:
            latest = stay.received + own if latest is None else min(latest, stay.received + own)
        stay.deadline = latest
        if latest is not None and latest < self.shape.end:  # the latest second itself is still in time
            self.schedule(Moment(self.on_deadline, stay), LEAVING, stay.child, max(0, latest + 1 - now))
        if due.guarantee is not None:
            promised = stay.received + due.guarantee
            if promised < self.shape.end:
                self.schedule(Moment(self.on_guarantee, stay), LEAVING, stay.child, max(0, promised + 1 - now))
            stay.deadline = promised if latest is None else min(latest, promised)

    def _be_ready(self, event: Event) -> None:
        stay: Stay = event._value
        if self.expected[stay.place].get(stay.child.row) is stay:
            del self.expected[stay.place][stay.child.row]
        if stay.status == LISTED:
            self._enlist(stay)
            self._settle()

    # -- order ----------------------------------------------------------------------------------------------------------------

    def _enlist(self, stay: Stay) -> None:
        """Into the list by its order; an entry whose key is no longer the stay's is stale."""
        place, row = stay.place, stay.child.row
        if self.plain[place] and not stay.front:
            key: tuple[int, ...] = (stay.since, row)
        elif self.by_severity[place] and not stay.front and not stay.raised:
            key = (-self.needs.severity[stay.child.need], stay.since, row)
        elif self.by_deadline[place] and not stay.front:
            key = (FOR_EVER if stay.deadline is None else stay.deadline, stay.since, row)
        else:
            key = self._key(stay)
        stay.key = key
        heappush(self.lists[place], (key, row, stay.number, stay))
        if self.gate[place]:
            self._await_meeting(place, self.now())
        self.touched.add(self.shape.group_of[place])

    def _key(self, stay: Stay) -> tuple[int, ...]:
        row = stay.child.row
        if stay.front:
            return (FRONT, stay.since, row)
        order = self.terms[stay.place].order
        return (*[self._rank(stay, by) for by in order], stay.since, row)

    def _rank(self, stay: Stay, by: int) -> int:
        if by == FIRST_COME:
            return stay.since
        if by == SEVERITY:
            return -min(MOST_SEVERE, self.needs.severity[stay.child.need] + stay.raised)
        if by == DEADLINE:
            return FOR_EVER if stay.deadline is None else stay.deadline
        return stay.received

    def _rank_anew(self, stay: Stay) -> None:
        """The need or the wait has changed: so may the place in the order."""
        if stay.status == LISTED and stay.key and SEVERITY in self.terms[stay.place].order and self._key(stay) != stay.key:
            self._enlist(stay)

    def _reorder(self, place: int) -> None:
        """Put a list in its new order."""
        stays = {id(stay): stay for key, _, _, stay in self.lists[place] if stay.status == LISTED and stay.key == key}
        self.lists[place].clear()
        for stay in stays.values():
            self._enlist(stay)

    def _can_rise(self, stay: Stay) -> bool:
        """Not beyond the most severe."""
        return self.needs.severity[stay.child.need] + stay.raised < MOST_SEVERE

    def _wait_to_rise(self, stay: Stay, terms: Terms) -> None:
        assert terms.rises is not None
        streams, ordinal = self.purpose["rise"], (stay.number - 1) * (MOST_SEVERE + 1) + stay.raised
        delay = look_up(terms.rises, self.draw(stay.child.row, streams[terms.service], ordinal))
        self.schedule(Moment(self.on_rise, stay), LEAVING, stay.child, delay)

    def _rise(self, event: Event) -> None:
        """Having waited so long, the child counts as more severe."""
        stay: Stay = event._value
        terms = self.terms[stay.place]
        if stay.status != LISTED or terms.rises is None or not self._can_rise(stay):
            return
        now, child = self.now(), stay.child
        stay.raised += 1
        self.write(pack(now, RAISED, child.row, stay.place, stay.number, stay.since, stay.received, stay.raised, child.need))
        self._rank_anew(stay)
        if self._can_rise(stay):
            self._wait_to_rise(stay, terms)
        if self.touched:
            self._settle()

    # -- leaving --------------------------------------------------------------------------------------------------------------

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
        if self.hold_used and place in self.holding:
            self.touched.add(self.shape.group_of[place])

    def _close_stay(self, stay: Stay) -> None:
        stay.status = CLOSED
        self.left[stay.place] += 1
        del stay.child.stays[stay.place]

    def _give_up(self, event: Event) -> None:
        stay: Stay = event._value
        if stay.status == LISTED:
            self._leave_list(stay, GIVEN_UP, 0)
            self._go_on(stay, GAVE_UP)
            if self.touched:
                self._settle()

    def _breach(self, event: Event) -> None:
        """The law's deadline passes: the trust turns to another provider for some."""
        stay: Stay = event._value
        if stay.status == LISTED:
            self._note_breach(stay, 0)

    def _break_guarantee(self, event: Event) -> None:
        """A stricter promise than the law's is broken."""
        stay: Stay = event._value
        if stay.status == LISTED:
            self._note_breach(stay, 1)

    def _note_breach(self, stay: Stay, which: int) -> None:
        """Another provider is turned to after the first that is broken; it is the same draw after the second."""
        now, child = self.now(), stay.child
        self.write(pack(now, BREACHED, child.row, stay.place, stay.number, stay.since, stay.received, which, child.need))
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
        child, now = stay.child, self.now()
        place = self.shape.place_at[child.area][due.overflow]
        if self._takes(place, child, now) and place not in child.stays:
            self._leave_list(stay, OVERFLOWED, due.price)
            self._come(child, place, now, stay.received, False, (NOWHERE, stay.mapped))
            if self.touched:
                self._settle()

    def _await_birthday(self, stay: Stay, terms: Terms, now: int) -> None:
        """The birthday that takes a child off the list or out of the review."""
        if stay.child.born != NO_AGE:
            delay = birthday(stay.child.born, terms.waits_until) - now
            if delay <= self.shape.end - now:
                self.schedule(Moment(self.on_birthday, stay), LEAVING, stay.child, max(0, delay))

    def _grow_out(self, event: Event) -> None:
        stay: Stay = event._value
        child = stay.child
        if stay.status == LISTED:
            self._leave_list(stay, GREW_UP, 0)
        elif stay.status == REVIEWED:
            row = (self.now(), GREW_UP, child.row, stay.place, stay.number, stay.since, stay.received, 1, child.need)
            self.write(pack(*row))
            self.expected[stay.place].pop(child.row, None)
            self._close_stay(stay)
        else:
            return
        self._go_on(stay, AGED_OUT)
        if self.touched:
            self._settle()

    # -- another service of the same step -------------------------------------------------------------------------------------

    def _switches(self, stay: Stay, terms: Terms, review: int) -> bool:
        """To where the known wait is shorter, if it is too long here."""
        switch, child, now = terms.switch, stay.child, self.now()
        if switch is None or self.known[stay.place] <= switch.over:
            return False
        ordinal = (stay.number - 1) * REVIEWS + min(review, REVIEWS - 1)
        if self.draw(child.row, self.purpose["switch"][terms.service], ordinal) >= switch.share:
            return False
        at = self.shape.place_at[child.area]
        for service in switch.to:
            place = at[service]
            if self._takes(place, child, now) and place not in child.stays and self.known[place] < self.known[stay.place]:
                self._leave_list(stay, SWITCHED, place)
                self._come(child, place, now, stay.received, False, (NOWHERE, stay.mapped))
                return True
        return False

    def _review_wait(self, stay: Stay, terms: Terms, number: int) -> None:
        assert terms.switch is not None
        self.schedule(Moment(self.on_switch, (stay, number)), LEAVING, stay.child, terms.switch.review)

    def _look_elsewhere(self, event: Event) -> None:
        """A dated review of those who have waited long."""
        stay, number = event._value
        terms = self.terms[stay.place]
        if stay.status != LISTED or terms.switch is None or not terms.switch.review:
            return
        if not self._switches(stay, terms, number):
            self._review_wait(stay, terms, number + 1)
        if self.touched:
            self._settle()

    # -- serving --------------------------------------------------------------------------------------------------------------

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

    def _await_meeting(self, place: int, since: int) -> None:
        """Places are given out at set moments only: at the next one from a second on the list is looked at."""
        at = next_date(since, self.gate[place])
        if at < self.gates.get(place, FOR_EVER):
            self.gates[place] = at
            self.schedule_for(place, Moment(self.on_gate, place), DECISION, at - self.now())

    def _hold_meeting(self, event: Event) -> None:
        place, now = event._value, self.now()
        if self.gates.get(place) == now:
            del self.gates[place]
        if self.waiting[place] and self.gate[place]:
            self._await_meeting(place, now + 1)
        self.touched.add(self.shape.group_of[place])
        self._settle()

    def _serve(self) -> None:
        touched, groups = self.touched, self.shape.groups
        while touched:
            if self.queue[0][0] <= self.env.now:  # whoever came alongside just now may have to leave the list first
                self._settle()
                return
            group = min(touched)
            touched.discard(group)
            places = groups[group]
            if self.easiest[group]:
                self._serve_place(places[0])
            elif self.easy[group]:
                if self._calls_in(places[0], self.now()):
                    self._serve_place(places[0])
            else:
                self._serve_group(places)
            for place in places:
                if place in self.limited:
                    self._turn_away(place)
                if self.hold_used and place in self.holding:
                    self._let_come(place)

    def _head(self, place: int) -> Stay | None:
        """The first who still waits and may be called in; stale entries are dropped."""
        heap = self.lists[place]
        while heap:
            key, _, _, stay = heap[0]
            if stay.status == LISTED and stay.key == key:
                if not self.excluding_used or not self._is_excluded(stay):
                    return stay
                self._park(stay)
                stay.key = ()
            heappop(heap)
        return None

    def _park(self, stay: Stay) -> None:
        """Not to be called in till the course that excludes this one has ended."""
        stay.parked = True
        self.expected[stay.place][stay.child.row] = stay

    def _is_excluded(self, stay: Stay) -> bool:
        """Whether a course runs that cannot run beside one here."""
        excludes = self.terms[stay.place].excludes
        return bool(excludes) and any(
            other.status in (HELPED, HELD) and self.terms[other.place].service in excludes
            for other in stay.child.stays.values()
        )

    def _bring_back(self, child: Child, now: int) -> None:
        """A course has ended: what it excluded may start."""
        for stay in sorted(child.stays.values(), key=lambda stay: stay.place):
            if stay.parked and not self._is_excluded(stay):
                stay.parked = False
                self.expected[stay.place].pop(child.row, None)
                if stay.urgent:
                    self._start_urgently(stay, now)
                else:
                    self._enlist(stay)

    def _serve_place(self, place: int) -> None:
        """One list with pools of its own: the head starts while there is room for it."""
        now = self.now()
        while (stay := self._head(place)) is not None:
            option = self._option_with_room(place)
            if option is None:
                return
            heappop(self.lists[place])
            self._start(stay, option, now)

    def _calls_in(self, place: int, now: int) -> bool:
        """Whether children are called in at this moment."""
        gate = self.gate[place]
        return not self.paused[place] and (not gate or now % gate == 0)

    def _serve_group(self, places: tuple[int, ...]) -> None:
        """Lists that share pools: heads in one order; a head that lacks hours of a pool closes it to those behind."""
        now = self.now()
        closed: set[int] = set()
        short: set[int] = set()  # group courses for which there are too few
        alike = len({self.terms[place].order for place in places}) == 1  # keys of unlike orders cannot be compared
        started = True
        while started:
            if self.queue[0][0] <= now:  # likewise
                self.touched.add(self.shape.group_of[places[0]])
                return
            started = False
            heads = [
                (self.terms[p].weight, s.key if alike and not s.front else (FRONT if s.front else s.since,), s.since, row, s)
                for p in places
                if p not in short and self._calls_in(p, now) and (s := self._head(p)) and (row := s.child.row) >= 0
            ]
            for *_, stay in sorted(heads, key=lambda head: head[:4]):
                option = self._option_with_room(stay.place, closed)
                if option is None:
                    for number in self.offers[stay.place][0]:
                        closed.update(p for p, amount in self.options[number] if self.capacity[p] - self.committed[p] < amount)
                    continue
                started = True
                if self.terms[stay.place].party is None:
                    heappop(self.lists[stay.place])
                    self._start(stay, option, now)
                elif not self._gather(stay.place, option, now):
                    short.add(stay.place)
                break

    def _gather(self, place: int, option: int, now: int) -> bool:
        """A group from the head of the list, if there are enough for one."""
        party, heap = self.terms[place].party, self.lists[place]
        assert party is not None
        members: list[Stay] = []
        while len(members) < party.size and (stay := self._head(place)) is not None:
            heappop(heap)
            if not members or members[-1] is not stay:  # its rank rose and fell again: it stands in the list twice
                members.append(stay)
        if len(members) < party.least:
            for stay in members:
                heappush(heap, (stay.key, stay.child.row, stay.number, stay))
            return False
        self._start_together(members, option, now)
        return True

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

    # -- endings that wait for room here --------------------------------------------------------------------------------------

    def _has_room(self, place: int) -> bool:
        free = 0 if self.paused[place] else max(self._free(option) for option in self.offers[place][0])
        party = self.terms[place].party
        if party is not None:
            free *= party.size
        length = self.terms[place].length
        return has_room(free, self.waiting[place] + self.coming[place], -1 if length is None else length)

    def _free(self, number: int) -> int:
        """How many courses there are hours for, by one choice of them."""
        option = self.options[number]
        return min(((self.capacity[pool] - self.committed[pool]) // amount for pool, amount in option), default=FOR_EVER)

    def _let_come(self, place: int) -> None:
        held = self.holding[place]
        while held and (held[0].status != HELD or self._has_room(place)):
            stay = held.pop(0)
            if stay.status == HELD:
                self._release(stay)
        if not held:
            del self.holding[place]
