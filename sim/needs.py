"""Needs: they arise, seek help, pass, worsen, are found and come back."""

from __future__ import annotations

from collections.abc import Sequence

from simpy.events import Event

from sim.children import NO_AGE, OPENING, Cohort
from sim.courses import LEFT_GROWN, LEFT_RECOVERED, LEFT_REMITTED, LEFT_UNHELPED
from sim.frame import pack
from sim.laws import look_up
from sim.order import ARRIVAL, HAZARD, REACHING
from sim.plan import FROM_DOOR, FROM_STREAM, NOWHERE, Plan
from sim.records import Kind
from sim.reviews import Reviews
from sim.rules import AGED_OUT, admits, birthday, pick, pick_among, pick_rate, put_off, time_left, used_up
from sim.state import HELD, HELPED, LISTED, NEVER, NO_PAPERS, REVIEWED, Child, Moment, Stay
from sim.ways import DISCOURAGED, NO_SEEKING, NO_WAY, PUT_OFF

AROSE, SOUGHT, WITHOUT_HELP, WITHDREW, REMITTED, WORSENED, CRISIS, LEFT, RELAPSED, FOUND = (
    int(kind)
    for kind in (Kind.AROSE, Kind.SOUGHT, Kind.WITHOUT_HELP, Kind.WITHDREW, Kind.REMITTED, Kind.WORSENED, Kind.CRISIS,
                 Kind.LEFT, Kind.RELAPSED, Kind.FOUND)
)  # fmt: skip


class Needs(Reviews):
    """Children and what they need, with nobody, on lists, in courses and after them."""

    def __init__(self, plans: Sequence[Plan], cohort: Cohort) -> None:
        super().__init__(plans, cohort)
        self.rates_change = self.used.rates_change
        self.findable = self.used.findable
        self.untreated: dict[int, Child] = {}
        """Whose clocks run or stand untreated, by row; kept only where a phase changes the rates."""
        self.hidden: dict[int, int] = {}
        """Whom nobody knows of, by row: what is left of the threshold to being found; -1: not drawn yet."""
        self.times_hidden: dict[int, int] = {}
        """Thresholds drawn so far, by row."""
        self.on_arrival = (self._arise,)
        self.on_hazard = (self._clock_rings,)
        self.on_relapse = (self._relapse,)
        self.on_grown = (self._grow_up,)

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
        if self.arrival_matters:
            self._note_arrival(child, now)
            if child.gone:
                return
        if self.clocks_used:
            self._start_clocks(child, now)
        to = self.to[row]
        if to < 0:
            self._seek(child, now)
            return
        place = self.shape.place_at[child.area][to]
        if self._takes(place, child, now):
            if self.streams[row] <= OPENING:
                self._be_there(child, place, now)
            elif self.papers_matter:
                stream = self.streams[row]
                mapped = not self.mapping_used or self.draw(row, self.own["mapped"], -1) < self.plan.stream_maps[stream]
                self._come(child, place, now, now, False, (FROM_STREAM - stream, mapped))
            else:
                self._come(child, place, now, now, False, NO_PAPERS)
            if self.touched:
                self._settle()
        else:
            self._be_without(child, now, NO_WAY)

    def _note_arrival(self, child: Child, now: int) -> None:
        """When the ladder is left for good, and whether the cause is bodily."""
        if self.shape.leaves_at:
            self._await_leaving(child, now)
        if self.draw(child.row, self.own["somatic"], 0) < self.needs.somatic[child.need]:
            self.somatic.add(child.row)

    # -- seeking --------------------------------------------------------------------------------------------------------------

    def _seek(self, child: Child, now: int) -> None:
        """The child looks for a door, or does not."""
        ordinal, row, plan = child.seeks, child.row, self.plan
        child.seeks += 1
        people = self.people[row]
        if self.draw(row, self.seek_stream, ordinal) >= self.needs.seek[child.need] or (
            people >= 0 and self.draw(row, self.own["people seek"], ordinal) >= plan.people_seek[people]
        ):
            self._be_without(child, now, NO_SEEKING)
            return
        if child.rejections and self.draw(row, self.own["discouraged"], ordinal) >= plan.after_rejection:
            self._be_without(child, now, DISCOURAGED)
            return
        door = pick(plan.doors, 0, len(plan.doors), self.draw(row, self.door_stream, ordinal))
        if plan.another_door and not self._leads_on(child, door, now):
            door = self._another_door(child, door, ordinal, now)
        self._turn_to(child, door, ordinal, now)

    def _turn_to(self, child: Child, door: int, ordinal: int, now: int, found: bool = False) -> bool:
        """Through a door, unless its service is known to be overrun. True where the child is on its way."""
        row, plan = child.row, self.plan
        route = plan.door_routes[door]
        place = self._target(child, route, now) if self._may_use(child, door, now) else NOWHERE
        quiet = plan.door_quiet[door]
        if (
            quiet
            and place != NOWHERE
            and self.draw(row, self.own["quiet"], ordinal) < put_off(quiet, 0, len(quiet), self.known[place])
        ):
            if not found:
                self._be_without(child, now, PUT_OFF)
            return False
        if found and place == NOWHERE:
            return False
        if not found:
            self.write(pack(now, SOUGHT, row, NOWHERE, 0, child.since, now, door, child.need))
        if place == NOWHERE:
            self._be_without(child, now, NO_WAY)
            return False
        delay = look_up(route.delay, self.draw(row, self.door_delay, ordinal))
        child.ways += 1
        if self.finding_used:
            self._come_forward(child, now)
        mapped = not self.mapping_used or self.draw(row, self.own["mapped"], -2 - ordinal) < plan.door_maps[door]
        value = (child, place, route, now, False, (FROM_DOOR - door, mapped))
        self.schedule(Moment(self.on_reaching, value), REACHING, child, delay)
        return True

    def _may_use(self, child: Child, door: int, now: int) -> bool:
        """Whether a door is for the child's age, and for it as one of its group."""
        ages = self.plan.door_ages[door]
        if ages is not None and child.born != NO_AGE and not admits(*ages, child.born, now):
            return False
        people = self.people[child.row]
        if people < 0 or not self.plan.door_people:
            return True
        return self.draw(child.row, self.own["access door"], door) < self.plan.door_people[door][people]

    def _leads_on(self, child: Child, door: int, now: int) -> bool:
        return self._may_use(child, door, now) and self._target(child, self.plan.door_routes[door], now) != NOWHERE

    def _another_door(self, child: Child, door: int, ordinal: int, now: int) -> int:
        """A door that leads somewhere here, for some of those whose own does not."""
        plan, row = self.plan, child.row
        if self.draw(row, self.own["another door"], ordinal) >= plan.another_door:
            return door
        usable = sum(1 << number for number in plan.doors[1::2] if self._leads_on(child, number, now))
        other = pick_among(plan.doors, 0, len(plan.doors), usable, self.draw(row, self.own["another door which"], ordinal))
        return door if other < 0 else other

    def _be_without(self, child: Child, now: int, why: int) -> None:
        """Nobody helps and nowhere to wait: without help while the need lasts, or out of the model."""
        if child.gone or child.stays or child.ways:
            return
        if self._untreated_needs_matter(child):
            self.write(pack(now, WITHOUT_HELP, child.row, NOWHERE, 0, now, now, why, child.need))
            if self.finding_used and child.row not in self.hidden:
                self._stop_clocks(child, now)
                self.hidden[child.row] = -1
            self._start_clocks(child, now)
        else:
            self._leave(child, now, LEFT_UNHELPED)

    def _untreated_needs_matter(self, child: Child) -> bool:
        if self.shape.neighbours[child.area]:
            return False
        if self.finding_used and self.findable[child.area]:
            return True
        return bool(self.needs.remission[child.need] or self.needs.worsening[child.need])

    # -- leaving and coming back ----------------------------------------------------------------------------------------------

    def _leave(self, child: Child, now: int, why: int) -> None:
        """The need is over, or the child goes out of sight. What is open closes; courses that run go on to their end."""
        child.gone = True
        if self.clocks_used:
            self._stop_clocks(child, now)
            self.hidden.pop(child.row, None)
        for stay in list(child.stays.values()) if child.stays else ():
            if stay.status == LISTED:
                self._leave_list(stay, WITHDREW, 0)
            elif stay.status == REVIEWED:
                self._withdraw(stay, now)
        self.write(pack(now, LEFT, child.row, NOWHERE, 0, child.since, child.since, why, child.need))
        if self.relapse_used and why == LEFT_RECOVERED:
            self._await_relapse(child, now)

    def _withdraw(self, stay: Stay, now: int) -> None:
        """Out of the review, undecided."""
        child = stay.child
        self.write(pack(now, WITHDREW, child.row, stay.place, stay.number, stay.since, stay.received, 1, child.need))
        self._close_stay(stay)

    def _await_leaving(self, child: Child, now: int) -> None:
        if child.born != NO_AGE:
            delay = birthday(child.born, self.shape.leaves_at) - now
            if delay <= 0:
                self._leave(child, now, LEFT_GROWN)
            elif delay <= self.shape.end - now:
                self.schedule(Moment(self.on_grown, child), HAZARD, child, delay)

    def _grow_up(self, event: Event) -> None:
        """The birthday at which the ladder is left for good, courses and all."""
        child: Child = event._value
        if child.gone:
            return
        now, child.gone = self.now(), True
        for stay in list(child.stays.values()):
            if stay.status in (HELPED, HELD):
                stay.callbacks, stay.ending = (), AGED_OUT
                self._give_back(stay)
                self._end(stay, now)
                self.touched.add(self.shape.group_of[stay.place])
        self._leave(child, now, LEFT_GROWN)
        if self.touched:
            self._settle()

    def _await_relapse(self, child: Child, now: int) -> None:
        rate = self.needs.relapse[child.need]
        if rate:
            delay = max(1, time_left(self.threshold(child.row, self.own["relapse"], child.episodes), rate))
            if delay <= self.shape.end - now:
                self.schedule(Moment(self.on_relapse, child), HAZARD, child, delay)

    def _relapse(self, event: Event) -> None:
        """The need comes back: by the way that stands open, or looking for a door anew."""
        child: Child = event._value
        now, row = self.now(), child.row
        if self.shape.leaves_at and child.born != NO_AGE and birthday(child.born, self.shape.leaves_at) <= now:
            return
        self._change_need(child, self.needs.relapses_to[child.need])
        child.gone = False
        child.since = now
        place, until = self.way_back.pop(row, (NOWHERE, now))
        if now > until or place in child.stays or not self._takes(place, child, now):
            place = NOWHERE
        self.write(pack(now, RELAPSED, row, NOWHERE, 0, now, now, place, child.need))
        if self.clocks_used:
            self._start_clocks(child, now)
        if place != NOWHERE:
            self._come_back(child, place, now)
        elif self.to[row] >= 0 and not self.plan.doors:
            home = self.shape.place_at[child.area][self.to[row]]
            if home not in child.stays and self._takes(home, child, now):
                self._come(child, home, now, now, False, (FROM_STREAM - max(0, self.streams[row]), True))
            else:
                self._be_without(child, now, NO_WAY)
        elif self.plan.doors:
            self._seek(child, now)
        else:
            self._be_without(child, now, NO_WAY)
        if self.touched:
            self._settle()

    def _come_back(self, child: Child, place: int, now: int) -> None:
        """By the open way: first on the list, without door and review."""
        terms = self.terms[place]
        number = child.visits.get(terms.service, 0) + 1
        child.visits[terms.service] = number
        stay = child.stays[place] = Stay(child, place, number, now, now, False)
        stay.front = True
        self.entered[place] += 1
        if terms.waits_until:
            self._await_birthday(stay, terms, now)
        self._join(stay, now, ready=True)

    # -- clocks ---------------------------------------------------------------------------------------------------------------

    def _start_clocks(self, child: Child, now: int) -> None:
        """Remission and worsening run while no course does; being found, while nobody knows of the child."""
        if child.courses or child.gone or child.clock_since >= self.shape.begin:
            return
        if self.rates_change:
            self.untreated[child.row] = child
        remission, worsening = self.needs.remission[child.need], self.needs.worsening[child.need]
        finding = self._finding(child) if self.hidden else 0
        if not remission and not worsening and not finding:
            return
        if child.remit < 0:
            child.remit = self.threshold(child.row, self.remit_stream, child.episodes)
            child.worsen = self.threshold(child.row, self.worsen_stream, child.episodes)
        child.clock_since = now
        child.clock += 1
        times = [t for t in (time_left(child.remit, remission), time_left(child.worsen, worsening)) if t >= 0]
        if finding:
            if self.hidden[child.row] < 0:
                nth = self.times_hidden[child.row] = self.times_hidden.get(child.row, 0) + 1
                self.hidden[child.row] = self.threshold(child.row, self.own["finding"], nth)
            times.append(time_left(self.hidden[child.row], finding))
        delay = max(1, min(times))
        if now + delay <= self.shape.end:
            self.schedule(Moment(self.on_hazard, (child, child.clock)), HAZARD, child, delay)

    def _finding(self, child: Child) -> int:
        """The rate at which a child whom nobody knows of is found."""
        if child.row not in self.hidden or not self.plan.finds:
            return 0
        return sum(self.plan.finds[child.area][::2])

    def _stop_clocks(self, child: Child, now: int) -> None:
        if self.rates_change:
            self.untreated.pop(child.row, None)
        if child.clock_since < self.shape.begin:
            return
        run = now - child.clock_since
        child.remit = used_up(child.remit, self.needs.remission[child.need], run)
        child.worsen = used_up(child.worsen, self.needs.worsening[child.need], run)
        if self.hidden and (left := self.hidden.get(child.row, -1)) >= 0:
            self.hidden[child.row] = used_up(left, self._finding(child), run)
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
        elif self.hidden.get(child.row, -1) == 0:
            self._be_found(child, now)
        else:  # rates changed with a phase: look again
            self._start_clocks(child, now)
        if self.touched:
            self._settle()

    def _be_found(self, child: Child, now: int) -> None:
        """Somebody sees that the child needs help: through the door of whoever saw it, unless that is overrun."""
        row = child.row
        rates = self.plan.finds[child.area] if self.plan.finds else ()
        self.hidden[row] = -1
        if rates:
            quantile = self.draw(row, self.own["found by"], self.times_hidden[row])
            door = pick_rate(rates, 0, len(rates), sum(rates[::2]), quantile)
            ordinal = child.seeks
            child.seeks += 1
            if self._turn_to(child, door, ordinal, now, found=True):
                self.write(pack(now, FOUND, row, NOWHERE, 0, child.since, now, door, child.need))
        self._start_clocks(child, now)

    def _come_forward(self, child: Child, now: int) -> None:
        if child.row in self.hidden:
            self._stop_clocks(child, now)
            del self.hidden[child.row]
            self._start_clocks(child, now)

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
        self._see_anew(child, now)
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
