"""Ways between services: routes, handovers and who follows the child on them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from simpy.events import Event

from scenarios.units import DAY
from sim.children import NO_AGE, OPENING, Cohort
from sim.courses import LEFT_DONE, LEFT_OUTSIDE, Courses
from sim.frame import pack
from sim.laws import look_up
from sim.order import DECISION, REACHING
from sim.plan import NOWHERE, Plan, Route
from sim.records import Kind
from sim.rules import DONE, REFUSED, admits, perceive, pick
from sim.state import LISTED, NO_PAPERS, REVIEWED, Child, Moment, Papers, Stay

HANDED_OVER, LOST, REFERRED, JOINED, COORDINATED = (
    int(kind) for kind in (Kind.HANDED_OVER, Kind.LOST, Kind.REFERRED, Kind.JOINED, Kind.COORDINATED)
)
NO_SEEKING, NO_WAY, LOST_ON_WAY, PUT_OFF, DISCOURAGED = range(5)


class Ways(Courses):
    """Children on their way from one service to the next."""

    def __init__(self, plans: Sequence[Plan], cohort: Cohort) -> None:
        super().__init__(plans, cohort)
        self.followed: dict[int, bool] = {}
        """By child: whether somebody follows it; known from its first handover on."""
        self.on_reaching = (self._reach,)
        self.on_decision = (self._decide,)

    @abstractmethod
    def _decide(self, event: Event) -> None:
        """A referral is decided."""

    @abstractmethod
    def _be_without(self, child: Child, now: int, why: int) -> None:
        """Nobody helps and nowhere to wait."""

    @abstractmethod
    def _come_forward(self, child: Child, now: int) -> None:
        """Somebody knows of the child from now on."""

    def _takes(self, place: int, child: Child, now: int) -> bool:
        if place < 0 or not self.is_open[place]:
            return False
        ages = self.terms[place].ages
        return ages is None or child.born == NO_AGE or admits(*ages, child.born, now)

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
        if self.travel_matters:
            route = self._set_out(child, place, route, now)
        self.write(pack(now, HANDED_OVER, child.row, place, 0, now, now, origin, child.need))
        if self.travel_matters:
            self._work(child, place, route.tasks, now)
            self.coming[place] += bool(route.hold)
        delay = route.fixed or look_up(route.delay, self.draw(child.row, self.travel_stream, ordinal))
        lost = route.lost > 0 and self.draw(child.row, self.lost_stream, ordinal) < route.lost
        papers = NO_PAPERS
        if self.papers_matter:
            mapped = not self.mapping_used or self._is_mapped(child, origin, route, ordinal)
            sender = origin if origin < 0 else self.terms[origin].service
            papers = (sender, mapped)
        self.schedule(Moment(self.on_reaching, (child, place, route, now, lost, papers)), REACHING, child, delay)

    def _set_out(self, child: Child, place: int, route: Route, now: int) -> Route:
        """Somebody knows of the child, and somebody may follow it: then the way is another."""
        if self.finding_used:
            self._come_forward(child, now)
        if not self.coordination_used or not self._is_followed(child, now):
            return route
        assert self.plan.coordinator is not None
        self._work(child, place, self.plan.coordinator.tasks, now)
        return self.plan.coordinated[route.number]

    def _is_followed(self, child: Child, now: int) -> bool:
        """Whether somebody follows the child from service to service; decided at its first handover."""
        row, follows = child.row, self.plan.coordinator
        if follows is None:
            return False
        if row not in self.followed:
            step = self.needs.step[child.need]
            concerns = step < 0 or follows.steps >> step & 1
            self.followed[row] = bool(concerns) and self.draw(row, self.own["coordinator"], 0) < follows.share
            if self.followed[row]:
                self.write(pack(now, COORDINATED, row, NOWHERE, 0, now, now, 0, child.need))
        return self.followed[row]

    def _is_mapped(self, child: Child, origin: int, route: Route, ordinal: int) -> bool:
        """Whether what is known of the child is known to the service that sends it, and comes along."""
        if origin >= 0 and self.draw(child.row, self.own["mapped"], ordinal) >= self.terms[origin].maps:
            return False
        return self.draw(child.row, self.own["kept"], ordinal) < route.kept

    def _reach(self, event: Event) -> None:
        child, place, route, began, lost, papers = event._value
        child.ways -= 1
        if self.hold_used and route.hold:
            self.coming[place] -= 1
            self.touched.add(self.shape.group_of[place])
        if child.gone:
            if self.touched:
                self._settle()
            return
        now = self.now()
        if lost:
            self.write(pack(now, LOST, child.row, NOWHERE, 0, began, began, place, child.need))
            self._be_without(child, now, LOST_ON_WAY)
        else:
            if not self._takes(place, child, now):
                place = self._target(child, route, now)
            if place == NOWHERE:
                self._be_without(child, now, NO_WAY)
            elif place not in child.stays:
                self._come(child, place, now, now, route.urgent, papers)
            elif route.urgent:
                self._hurry(child.stays[place], now)
        if self.touched:
            self._settle()

    def _hurry(self, stay: Stay, now: int) -> None:
        """Whoever waits here starts at once, over capacity if need be."""
        if stay.status == LISTED:
            stay.urgent = True
            self._start_urgently(stay, now)
        elif stay.status == REVIEWED:
            self._join(stay, now, urgent=True)

    def _see_anew(self, child: Child, now: int) -> None:
        """The need has changed: so may the place in the order of a list, and for some needs a start at once."""
        for stay in list(child.stays.values()):
            self._rank_anew(stay)
            if stay.status == LISTED and self.terms[stay.place].at_once >> self.needs.severity[child.need] & 1:
                self._hurry(stay, now)

    def _come(self, child: Child, place: int, now: int, received: int, urgent: bool, papers: Papers) -> None:
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
        if terms.waits_until:
            self._await_birthday(stay, terms, now)
        if terms.review is None:
            self._join(stay, now)
            return
        before = child.rejections.get(terms.service, 0)
        self.write(pack(now, REFERRED, child.row, place, number, now, received, before, child.need))
        if urgent:
            self._join(stay, now)
            return
        if self.papers_matter:
            stay.origin, stay.mapped = papers
        self.expected[place][child.row] = stay
        review, consent = terms.review, 0
        if review.consent is not None:
            consent = look_up(review.consent, self.quantile(stay, "consent"))
        delay = look_up(review.length, self.quantile(stay, "review"))
        if review.due is not None:  # the days of the law run from when the review may begin
            day = min((now + consent) // DAY - self.shape.first_day, len(review.due) - 1)
            delay = max(1, min(delay, int(review.due[day]) - now - consent))
        self.schedule(Moment(self.on_decision, stay), DECISION, child, consent + delay)

    def _be_there(self, child: Child, place: int, now: int) -> None:
        """One of those already here on the first day, on the list or in a course: reviewed before, if the service reviews."""
        terms, row = self.terms[place], child.row
        child.visits[terms.service] = 1
        received = now - self.waited[row]
        stay = child.stays[place] = Stay(child, place, 1, received, now, False)
        self.entered[place] += 1
        if terms.waits_until:
            self._await_birthday(stay, terms, now)
        if terms.review is not None:
            self.write(pack(now, REFERRED, row, place, 1, now, received, OPENING, child.need))
        if self.streams[row] == OPENING:
            self._join(stay, now, ready=True)
            return
        stay.midway = True
        stay.status = LISTED
        self.waiting_area[place] += self.waiting[place] * (now - self.changed[place])
        self.changed[place] = now
        self.waiting[place] += 1
        self.write(pack(now, JOINED, row, place, 1, now, received, 0, child.need))
        self._start_urgently(stay, now)  # whatever the room: they are in their courses

    # -- where to -------------------------------------------------------------------------------------------------------------

    def _route_after(self, stay: Stay, ending: int, need: int) -> Route | None:
        terms = self.terms[stay.place]
        if not terms.routes:
            return None
        step = self.needs.step[need]
        seen = 0 if step < 0 or terms.blind else perceive(step, self.quantile(stay, "perceive"), terms.accuracy)
        choices = terms.choices[ending * 5 + seen]
        if not choices:
            return None
        number = pick(choices, 0, len(choices), self.draw(stay.child.row, self.route_streams[terms.service], stay.number - 1))
        return None if number < 0 else terms.routes[number]

    def _go_on(self, stay: Stay, ending: int) -> None:
        """Where a child goes after a stay."""
        child = stay.child
        if child.courses and ending != REFUSED:
            return  # another course goes on
        self._follow(stay, self._route_after(stay, ending, child.need), self.now(), done=ending == DONE)

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
