"""Courses: help starts, goes on, and ends; alone or in a group, with one helper or another."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from heapq import heappop, heappush

from simpy.events import Event

from scenarios.units import WEEK
from sim.calendar import finish, hours_of, worked
from sim.children import NO_AGE, Cohort
from sim.frame import pack
from sim.laws import look_up
from sim.lists import Lists
from sim.midway import dropouts_midway, is_past_assessment, midway
from sim.order import COURSE
from sim.plan import NOTHING, NOWHERE, Plan, Route, Terms
from sim.records import Kind
from sim.rules import (
    AGED_OUT,
    DONE,
    DROPPED_OUT,
    IMPROVED,
    RECOVERED,
    STEPPED_UP,
    UNCHANGED,
    WORSE,
    birthday,
    is_match,
    part,
    pick,
)
from sim.state import CLOSED, HELD, HELPED, NEVER, Child, Moment, Stay, Together

STARTED, ASSESSED, ENDED, OVERLOADED, WAITS_FOR_ROOM, HELPER_CHANGED, BODILY, TASK, TASK_DONE, GROUP_STARTED, GROUP_ENDED = (
    int(kind)
    for kind in (Kind.STARTED, Kind.ASSESSED, Kind.ENDED, Kind.OVERLOADED, Kind.HELD, Kind.HELPER_CHANGED, Kind.SOMATIC,
                 Kind.TASK, Kind.TASK_DONE, Kind.GROUP_STARTED, Kind.GROUP_ENDED)
)  # fmt: skip
LEFT_RECOVERED, LEFT_REMITTED, LEFT_DONE, LEFT_OUTSIDE, LEFT_UNHELPED, LEFT_SOMATIC, LEFT_GROWN = range(7)
POOLS = 1 << 10
CHANGES = 1 << 8
"""Changes of helper in a stay: more of them repeat draws."""


class Courses(Lists):
    """Help under way: it holds its hours until it ends."""

    def __init__(self, plans: Sequence[Plan], cohort: Cohort) -> None:
        super().__init__(plans, cohort)
        self.hours = [hours_of(closures) for closures in self.shape.closures]
        """By calendar: the working time of its services."""
        self.groups_started = [0] * len(self.shape.places)
        self.departed = [0] * len(self.shape.pools)
        """By pool: the hazard of losing one's helper so far, in ``laws.UNIT``s."""
        self.helped_by: list[list[tuple[int, int, int, int, Stay]]] = [[] for _ in self.shape.pools]
        """By pool: courses in order of the hazard at which their helper leaves."""
        self.somatic: set[int] = set()
        """Children with a bodily cause that nobody has found."""
        self.way_back: dict[int, tuple[int, int]] = {}
        """By child: (place, last second) at which a way back stands open."""
        self.on_course = (self._end_stretch,)
        self.on_task_done = (self._finish_task,)
        self.on_hold_end = (self._wait_no_longer,)

    @abstractmethod
    def _leave(self, child: Child, now: int, why: int) -> None:
        """The need is over, or the child goes out of sight."""

    @abstractmethod
    def _start_clocks(self, child: Child, now: int) -> None:
        """Remission and worsening run while no course does."""

    @abstractmethod
    def _stop_clocks(self, child: Child, now: int) -> None:
        """They stand while help goes on."""

    @abstractmethod
    def _change_need(self, child: Child, need: int) -> None:
        """The child's need is another from now on."""

    @abstractmethod
    def _see_anew(self, child: Child, now: int) -> None:
        """Whoever waits elsewhere is seen with the need as it is now."""

    @abstractmethod
    def _route_after(self, stay: Stay, ending: int, need: int) -> Route | None:
        """Where a child with this need goes after a stay."""

    @abstractmethod
    def _follow(self, stay: Stay, route: Route | None, now: int, done: bool = False) -> None:
        """The child goes on, or has nowhere to go."""

    @abstractmethod
    def _target(self, child: Child, route: Route, now: int) -> int:
        """The first service of a route that takes the child."""

    # -- starting -------------------------------------------------------------------------------------------------------------

    def _start(self, stay: Stay, option: int, now: int, at_once: bool = False) -> None:
        """Help starts: the hours are committed until the course ends. ``at_once``: the child never stood on the list."""
        child, place = stay.child, stay.place
        if not at_once:
            self._off_list(place, now)
        detail = option * 2 + stay.urgent
        self.write(pack(now, STARTED, child.row, place, stay.number, stay.since, stay.received, detail, child.need))
        if self.start_matters:
            self._note_start(stay, option, now)
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
        if self.midway_used and stay.midway:
            self._begin_midway(stay, now)
        elif first is None or stay.number > 1:
            self._begin_stretch(stay, look_up(self.stretches[place][0][0], self.quantile(stay, "length")))
        elif self.odd[place]:
            self._begin_stretch(stay, first[child.row])
        else:
            stay.callbacks = self.on_course
            self.schedule(stay, COURSE, child, first[child.row])
        if self.terms[place].beside:
            self._offer_beside(stay, now)

    def _note_start(self, stay: Stay, option: int, now: int) -> None:
        """The wait that is known from now on, and who helps. Those in their courses on the first day did not wait now."""
        if not stay.midway:
            self.known[stay.place] = now - stay.since
        if self.helpers_used:
            for pool, _ in self.options[option]:
                self._have_helper(stay, pool)

    def _start_together(self, members: list[Stay], option: int, now: int) -> None:
        """A group course: it holds the hours for all, and lasts as long as the first member's draw says."""
        place = members[0].place
        self.groups_started[place] += 1
        first = members[0]
        length = look_up(self.stretches[place][0][0], self.quantile(first, "length"))
        taken = self.options[option]
        party = Together(self.groups_started[place], place, option, taken, length, now, len(members))
        self.write(pack(now, GROUP_STARTED, -1, place, party.number, now, now, option, -1))
        for pool, amount in taken:
            self.committed[pool] += amount
            if self.committed[pool] > self.capacity[pool]:
                self._note_overload(first, pool, now)
        for stay in members:
            stay.party = party
        for stay in members:
            self._start(stay, self.plan.member, now)

    def _note_overload(self, stay: Stay, pool: int, now: int) -> None:
        over = self.committed[pool] - self.capacity[pool]
        self.write(pack(now, OVERLOADED, stay.child.row, pool, stay.number, now, now, over, stay.child.need))

    def _begin_stretch(self, stay: Stay, length: int) -> None:
        """A phase of the course: what ends it first?"""
        place = stay.place
        if self.rare:
            if stay.party is not None:
                length = stay.party.length
            stay.planned = length
        dropout = self.stretches[place][stay.stretch][1]
        if dropout:
            row, service = stay.child.row, self.terms[place].service
            ordinal = (stay.number - 1) * 2 + stay.stretch
            bound = dropouts_midway(dropout) if stay.midway else dropout
            if self.draw(row, self.purpose["dropout"][service], ordinal) < bound:
                stay.cut = DROPPED_OUT
                at = self.draw(row, self.purpose["dropout_at"][service], ordinal)
                length = part(length, midway(at) if stay.midway else at)
        if self.cuts[place]:
            length = self._cut_short(stay, self.terms[place], length)
        stay.callbacks = self.on_course
        self.schedule(stay, COURSE, stay.child, length)

    def _cut_short(self, stay: Stay, terms: Terms, length: int) -> int:
        """Planned closures lengthen a phase; a helper who sees that more is needed, or a birthday, ends it."""
        now, child = self.now(), stay.child
        if self.somatic and self._looks_for_cause(stay, terms):
            stay.somatic, stay.cut = True, DONE
            return 1
        if terms.calendar >= 0:
            length = finish(self.hours[terms.calendar], now, length) - now
        if terms.steps_up is not None and not is_match(terms.step, self.needs.step[child.need]):
            if stay.seen_at == NEVER:
                stay.seen_at = now + look_up(terms.steps_up, self.quantile(stay, "steps_up"))
            if stay.seen_at - now < length:
                stay.cut, length = STEPPED_UP, max(1, stay.seen_at - now)
        if terms.ends_at and child.born != NO_AGE:
            left = birthday(child.born, terms.ends_at) - now
            if left < length:
                stay.cut, length = AGED_OUT, max(1, left)
        return length

    def _offer_beside(self, stay: Stay, now: int) -> None:
        child, streams = stay.child, self.purpose["beside"]
        step, service = self.needs.step[child.need], self.terms[stay.place].service
        for number, beside in enumerate(self.terms[stay.place].beside):
            place = self.shape.place_at[child.area][beside.to]
            fits = step < 0 or beside.steps >> step & 1
            if fits and place not in child.stays and self._takes(place, child, now):
                quantile = self.draw(child.row, streams[service], (stay.number - 1) * 8 + number)
                if quantile < beside.share:
                    self._come(child, place, now, now, False, (service, True))

    def _begin_midway(self, stay: Stay, now: int) -> None:
        """One of those already in a course on the first day: what is left of it."""
        place = stay.place
        stretches = self.terms[place].stretches
        if len(stretches) == 2 and is_past_assessment(*stretches, self.quantile(stay, "opening")):
            self._give_back(stay)
            self._continue(stay, now)
            return
        length = look_up(stretches[0].rest, self.quantile(stay, "length"))
        if stay.party is not None:
            stay.party.length = length
        self._begin_stretch(stay, length)
        stay.midway = False

    # -- ending ---------------------------------------------------------------------------------------------------------------

    def _end_stretch(self, stay: Stay) -> None:
        now, place = self.env.now, stay.place
        over = stay.stretch + 1 == len(self.stretches[place]) or (self.ever_cut[place] and stay.cut >= 0)
        if over and self.hold_used and self._is_held(stay, now):  # type: ignore[arg-type]
            return
        committed = self.committed
        for pool, amount in stay.taken:
            committed[pool] -= amount
        if over:
            self._end(stay, now)  # type: ignore[arg-type]
        else:
            self._continue(stay, now)  # type: ignore[arg-type]
        if self.waiting[place] or not self.alone[place]:
            if self.direct[place] and not self.touched and self.queue[0][0] > now:
                self._serve_place(place)
            else:
                self.touched.add(self.shape.group_of[place])
        if self.touched:
            self._settle()

    def _looks_for_cause(self, stay: Stay, terms: Terms) -> bool:
        """Whether a bodily cause is found as the course starts; of a course that runs on the first day that is long ago."""
        if stay.stretch or stay.midway or stay.child.row not in self.somatic:
            return False
        return self.quantile(stay, "somatic_check") < terms.somatic_check

    def _give_back(self, stay: Stay) -> None:
        """The hours it holds are free."""
        committed = self.committed
        for pool, amount in stay.taken:
            committed[pool] -= amount

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
        length = self.terms[place].stretches[1].rest if stay.midway else self.stretches[place][1][0]
        self._begin_stretch(stay, look_up(length, self.quantile(stay, "rest")))

    def _end(self, stay: Stay, now: int) -> None:
        child, place = stay.child, stay.place
        self.course_area[place] += now
        self.helped[place] -= 1
        child.courses -= 1
        need = child.need
        if self.rare or (self.ever_cut[place] and stay.cut >= 0):
            ending = self._ending(stay)
            if stay.somatic and not child.gone:
                self.write(pack(now, BODILY, child.row, place, stay.number, stay.since, stay.received, 0, need))
        elif child.gone:
            ending = RECOVERED
        else:
            ending = self._outcome(stay) if self.terms[place].matched else DONE
            if ending == IMPROVED and self.needs.better[need] is None:
                ending = RECOVERED
        self.write(pack(now, ENDED, child.row, place, stay.number, stay.since, stay.received, ending, need))
        stay.status = CLOSED
        self.left[place] += 1
        del child.stays[place]
        gained = self._leave_behind(stay, ending, now) if self.rare else ending
        if child.gone:
            return
        if gained == RECOVERED:
            self._leave(child, now, LEFT_RECOVERED)
            return
        if gained in (IMPROVED, WORSE):
            changed = self.needs.better[need] if gained == IMPROVED else self.needs.worse[need]
            if changed is not None:
                self._change_need(child, changed)
                if child.stays:
                    self._see_anew(child, now)
        if self.clocks_used:
            self._start_clocks(child, now)
        if not child.courses:  # else another course goes on
            self._follow(stay, self._route_after(stay, ending, child.need), now, done=ending == DONE)

    def _leave_behind(self, stay: Stay, ending: int, now: int) -> int:
        """What the end of a course means for its group, what it excluded and the way back; and what it did for the need."""
        child, place = stay.child, stay.place
        if stay.party is not None:
            self._leave_group(stay.party, now)
        if child.gone:
            return ending
        if self.terms[place].open_return:
            self.way_back[child.row] = (place, now + self.terms[place].open_return)
        if self.excluding_used:
            self._bring_back(child, now)
        gained = self._gained(stay, ending, now)
        if stay.somatic and gained != RECOVERED:
            self._leave(child, now, LEFT_SOMATIC)
        return gained

    def _leave_group(self, party: Together, now: int) -> None:
        """The hours are free when the last member has left."""
        party.left -= 1
        if party.left:
            return
        for pool, amount in party.taken:
            self.committed[pool] -= amount
        self.write(pack(now, GROUP_ENDED, -1, party.place, party.number, party.since, party.since, party.option, -1))
        self.touched.add(self.shape.group_of[party.place])

    def _ending(self, stay: Stay) -> int:
        if stay.child.gone:
            return AGED_OUT if stay.ending == AGED_OUT else RECOVERED
        if stay.ending >= 0:  # decided when it began to wait for room
            return stay.ending
        if stay.cut >= 0:
            return stay.cut
        ending = self._outcome(stay) if self.terms[stay.place].matched else DONE
        return RECOVERED if ending == IMPROVED and self.needs.better[stay.child.need] is None else ending

    def _outcome(self, stay: Stay) -> int:
        """How a course ends; where a better matching one still runs, or the cause is bodily, this one changes nothing."""
        terms, child = self.terms[stay.place], stay.child
        if child.courses and any(
            other.status == HELPED and max(self.terms[other.place].step, 0) > max(terms.step, 0)
            for other in child.stays.values()
            if other is not stay
        ):
            return UNCHANGED
        if self.somatic and child.row in self.somatic:
            return UNCHANGED
        if terms.by_need and terms.by_need[child.need]:
            chances = terms.by_need[child.need]
        else:
            chances = terms.matched if is_match(terms.step, self.needs.step[child.need]) else terms.below
        return pick(chances, 0, len(chances), self.quantile(stay, "outcome"))

    def _gained(self, stay: Stay, ending: int, now: int) -> int:
        """What the course did for the need: its ending, or what whoever dropped out had had of it by then."""
        terms = self.terms[stay.place]
        if ending != DROPPED_OUT or not terms.dose or stay.stretch + 1 < len(self.stretches[stay.place]):
            return ending  # no part of it, or no treatment yet
        had = now - stay.since if terms.calendar < 0 else worked(self.hours[terms.calendar], stay.since, now)
        if part(stay.planned, self.quantile(stay, "dose")) > had:
            return ending
        outcome = self._outcome(stay)
        return RECOVERED if outcome == IMPROVED and self.needs.better[stay.child.need] is None else outcome

    # -- endings that wait for room elsewhere ---------------------------------------------------------------------------------

    def _is_held(self, stay: Stay, now: int) -> bool:
        """Whether the ending waits: the next service has no room, and the route says that it may."""
        child = stay.child
        if child.gone or child.courses > 1 or stay.somatic:
            return False
        ending = self._ending(stay)
        if ending == RECOVERED:
            return False
        need = (
            self.needs.better[child.need] if ending == IMPROVED else self.needs.worse[child.need] if ending == WORSE else None
        )
        route = self._route_after(stay, ending, child.need if need is None else need)
        if route is None or not route.hold:
            return False
        place = self._target(child, route, now)
        if place == NOWHERE or place in child.stays or self._has_room(place):
            return False
        stay.ending = ending
        stay.status = HELD  # its hours stay taken, and `since` is still when the course began
        self.write(pack(now, WAITS_FOR_ROOM, child.row, stay.place, stay.number, stay.since, stay.received, place, child.need))
        self.holding.setdefault(place, []).append(stay)
        self.schedule(Moment(self.on_hold_end, stay), COURSE, child, route.hold)
        return True

    def _wait_no_longer(self, event: Event) -> None:
        stay: Stay = event._value
        if stay.status == HELD:
            self._release(stay)
            if self.touched:
                self._settle()

    def _look_again(self, stay: Stay) -> None:
        """What an ending waited for has closed: it waits for another service of its route, no longer than before, or ends."""
        if stay.status == HELD:
            stay.status = HELPED
            if not self._is_held(stay, self.now()):
                self._release(stay)

    def _release(self, stay: Stay) -> None:
        self._give_back(stay)
        self._end(stay, self.now())
        self.touched.add(self.shape.group_of[stay.place])

    # -- helpers who leave ----------------------------------------------------------------------------------------------------

    def _have_helper(self, stay: Stay, pool: int) -> None:
        """A helper of this pool, until as many have left as the draw says."""
        ordinal = (stay.number - 1) * CHANGES + min(stay.helpers, CHANGES - 1)
        service, row = self.terms[stay.place].service, stay.child.row
        leaves = self.departed[pool] + self.threshold(row, self.purpose["helper"][service], ordinal * POOLS + pool % POOLS)
        heappush(self.helped_by[pool], (leaves, row, stay.place, stay.number, stay))

    def _change_helpers(self, pool: int, hazard: int, breaks: int, now: int) -> None:
        """A post falls vacant: its share of the pool's courses gets another helper, and some children drop out for it."""
        self.departed[pool] += hazard
        courses, left = self.helped_by[pool], []
        while courses and courses[0][0] <= self.departed[pool]:
            left.append(heappop(courses)[1:])
        for row, place, number, stay in sorted(left, key=lambda entry: entry[:3]):
            if stay.status != HELPED or all(taken != pool for taken, _ in stay.taken):
                continue
            service, child = self.terms[place].service, stay.child
            ordinal = (number - 1) * CHANGES + min(stay.helpers, CHANGES - 1)
            stay.helpers += 1
            broken = self.draw(row, self.purpose["break"][service], ordinal) < breaks
            self.write(pack(now, HELPER_CHANGED, row, place, number, stay.since, stay.received, int(broken), child.need))
            if broken:
                stay.callbacks = ()  # the end that was planned
                stay.cut = DROPPED_OUT
                self._give_back(stay)
                self._end(stay, now)
                self.touched.add(self.shape.group_of[place])
            else:
                self._have_helper(stay, pool)

    # -- single pieces of work ------------------------------------------------------------------------------------------------

    def _work(self, child: Child, place: int, tasks: tuple[int, ...], now: int) -> None:
        """Hours for a review, a meeting or a handover, taken within a week, over capacity if need be."""
        option = tasks[child.area] if tasks else NOTHING
        if option == NOTHING:
            return
        taken = self.options[option]
        self.write(pack(now, TASK, child.row, place, 0, now, now, option, child.need))
        for pool, amount in taken:
            self.committed[pool] += amount
            if self.committed[pool] > self.capacity[pool]:
                over = self.committed[pool] - self.capacity[pool]
                self.write(pack(now, OVERLOADED, child.row, pool, 0, now, now, over, child.need))
        self.schedule(Moment(self.on_task_done, (child, place, option, taken, now)), COURSE, child, WEEK)

    def _finish_task(self, event: Event) -> None:
        child, place, option, taken, began = event._value
        now = self.now()
        for pool, amount in taken:
            self.committed[pool] -= amount
            self.touched.add(self.shape.group_of[self.shape.pools[pool][0]])
        self.write(pack(now, TASK_DONE, child.row, place, 0, began, began, option, child.need))
        self._settle()
