"""The one array that a compiled run works on: the plan laid out in it, once for a scenario, and room for all that changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sim.calendar import Hours, hours_of, is_closed
from sim.children import OPENING_CASE, Cohort
from sim.draws import BITS, OWN, PURPOSES, Ints, draw, stream
from sim.engine import PAUSED
from sim.kernel.words import (
    AREAS,
    ARRIVAL_MATTERS,
    BEGIN,
    BUCKET,
    BUCKETS,
    C_VISITS,
    CALENDAR_CLOSES,
    CALENDAR_OPENS,
    CALENDARS,
    CHILD_SIZE,
    CHILDREN_BEGIN,
    CHILDREN_MOST,
    CHILDREN_TOP,
    CLOCK_TABLE,
    CLOCKS_USED,
    COORDINATION_USED,
    DEPART,
    DUE_DAYS,
    END,
    EVENT_SIZE,
    EXCLUDING_USED,
    FINDING_USED,
    FIRST_DAY,
    G_PLACES,
    G_PLACES_COUNT,
    G_SIZE,
    GRANT_ENDS,
    GROUP_COUNT,
    GROUPS,
    H_AFTER_REJECTION,
    H_ANOTHER_DOOR,
    H_AT,
    H_BREAKS,
    H_CAPACITY,
    H_COORDINATED,
    H_CRISIS,
    H_DOOR,
    H_DOORS,
    H_DOORS_COUNT,
    H_EASY,
    H_FINDS,
    H_FLAGS,
    H_FOLLOWS,
    H_FOLLOWS_STEPS,
    H_FOLLOWS_TASKS,
    H_MEMBER,
    H_NEEDS,
    H_NUMBER,
    H_OFFERS,
    H_OPTIONS,
    H_PEOPLE_ACCEPT,
    H_PEOPLE_SEEK,
    H_SIZE,
    H_STREAM_MAPS,
    H_TERMS,
    HEAD_SIZE,
    HEAP,
    HEAP_COUNT,
    HEAP_MOST,
    HELPERS_USED,
    HOLD_USED,
    KNOWN_COUNT,
    KNOWN_EVENTS,
    KNOWN_USED,
    LAST_BUCKET,
    LEAVES_AT,
    LINE,
    MAPPING_USED,
    MIDWAY_USED,
    MOST,
    NEXT_TIME,
    NOW,
    O_PLACE,
    O_SIZE,
    O_STAFFED,
    OFFERS,
    OFFERS_MOST,
    OPENINGS,
    ORIGIN_USED,
    OWN_STREAMS,
    P_CHANGED,
    P_EVER_CUT,
    P_GATE_AT,
    P_GROUP,
    P_LIMITED,
    P_NUMBER,
    P_PAUSED,
    P_SERVICE,
    P_SIZE,
    PAPERS_MATTER,
    PHASE,
    PHASE_CHANGE,
    PHASE_COUNT,
    PLACE_AT,
    PLACE_COUNT,
    PLACES,
    POOL_COUNT,
    POOLS,
    RARE,
    RATES_CHANGE,
    RECORD_COUNT,
    RECORD_MOST,
    RECORD_SIZE,
    RECORDS,
    RELAPSE_USED,
    S_SIZE,
    SERVICE_COUNT,
    SHIFT,
    SIZE,
    SOMATIC_USED,
    STAFF,
    START_MATTERS,
    STAYS_BEGIN,
    STAYS_MOST,
    STAYS_TOP,
    T_ACCURACY,
    T_AT_ONCE,
    T_BALKING,
    T_BALKING_COUNT,
    T_BELOW,
    T_BELOW_COUNT,
    T_BESIDE,
    T_BESIDE_COUNT,
    T_BLIND,
    T_BY_NEED,
    T_CALENDAR,
    T_CHOICES,
    T_DOSE,
    T_DUE,
    T_ENDS_AT,
    T_EVERY,
    T_EXCLUDES,
    T_EXCLUDES_COUNT,
    T_HIGH,
    T_LENGTH,
    T_LOW,
    T_MAPS,
    T_MATCHED,
    T_MATCHED_COUNT,
    T_OPEN,
    T_OPEN_RETURN,
    T_ORDER,
    T_ORDER_COUNT,
    T_PARTY_LEAST,
    T_PARTY_SIZE,
    T_PATIENCE,
    T_REVIEW,
    T_RISES,
    T_ROUTES,
    T_ROUTES_COUNT,
    T_SERVICE,
    T_SIZE,
    T_SOMATIC_CHECK,
    T_STEP,
    T_STEPS_UP,
    T_STREAMS,
    T_STRETCH,
    T_STRETCHES,
    T_SWITCH,
    T_WAITS_UNTIL,
    T_WEIGHT,
    TOP,
    TOUCHED,
    TRAVEL_MATTERS,
    X_SIZE,
)
from sim.laws import FOR_SURE, clock_table, hazard_of
from sim.midway import dropouts_midway, is_past_assessment, midway
from sim.order import CLOSURES, SUPPLIES
from sim.order import PHASE as PHASE_KIND
from sim.plan import Beside, Due, Meeting, Plan, Review, Route, Shape, Stretch, Switch, Tasks, Terms
from sim.records import Kind
from sim.supply import Supply
from sim.uses import PlaceUse, places_of, uses

FOR_EVER = 1 << 62
MOST_DOORS = 62
"""Doors are looked at as bits of one number."""
CHUNK = 4096
"""Records after which the engine hands them out, where they are not kept."""
KEPT_AT_ONCE = 1 << 15
"""The same where they are."""
FEW = 4
"""Children to a bucket of time: a bucket holds some events for each."""
_WRAP = 1 << 64


class _Words:
    """Words one after the other, and where each lot of them begins."""

    def __init__(self, begin: int) -> None:
        self.parts: list[Ints] = []
        self.end = begin
        self.known: dict[int, tuple[object, int]] = {}

    def add(self, words: Iterable[int] | Ints) -> int:
        """Lay words down; gives their address."""
        part = words if isinstance(words, np.ndarray) else np.asarray(list(words), dtype=np.int64)
        at, self.end = self.end, self.end + len(part)
        self.parts.append(part)
        return at

    def once(self, thing: object, words: Iterable[int] | Ints) -> int:
        """The same, but once for every object."""
        if id(thing) not in self.known:
            self.known[id(thing)] = thing, self.add(words)
        return self.known[id(thing)][1]

    def at(self, thing: object) -> int | None:
        """Where an object was laid down, if it was."""
        return self.known[id(thing)][1] if id(thing) in self.known else None


@dataclass(frozen=True)
class Layout:
    """The part of the array that does not depend on the replication."""

    plans: Sequence[Plan]
    words: Ints
    changing: int
    """So many words at its beginning change in a run; the others never do."""
    places: int
    """Where the places stand."""
    child_size: int
    events: tuple[tuple[int, int, int, int], ...]
    """Second, key, what and about: of phases and planned closures."""
    paused: tuple[int, ...]
    """Places that are closed as planned when the run begins."""


def lay_out(plans: Sequence[Plan]) -> Layout:
    """Lay out the phases of a run.

    Raises:
        RuntimeError: when there are more doors than bits in a number.
    """
    return _Layouting(plans).laid()


class _Layouting:
    """A plan on its way into words."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.plans, self.shape, self.used = plans, plans[0].shape, uses(plans)
        if len(self.shape.doors) > MOST_DOORS:
            raise RuntimeError(f"{len(self.shape.doors)} doors are more than the compiled engine can look at ({MOST_DOORS})")
        places, pools, groups = len(self.shape.places), len(self.shape.pools), len(self.shape.groups)
        self.places_at = HEAD_SIZE
        self.pools_at = self.places_at + places * P_SIZE
        self.groups_at = self.pools_at + pools * O_SIZE
        self.touched_at = self.groups_at + groups * G_SIZE
        self.changing = self.touched_at + groups // 32 + 1
        self.words = _Words(self.changing)
        self.orders: dict[tuple[int, ...], int] = {}
        self.streams: list[int] = []

    def laid(self) -> Layout:
        words, shape = self.words, self.shape
        self.streams = [words.add(_signed(stream(name, service)) for name in PURPOSES) for service in shape.services]
        hours = [hours_of(closures) for closures in shape.closures]
        head = self._head(hours)
        phases = tuple(self._phase(plan, number) for number, plan in enumerate(self.plans))
        head[PHASE] = phases[0]
        begin = np.concatenate(
            [head, self._places(), self._pools(), self._groups(), np.zeros(len(shape.groups) // 32 + 1, np.int64)]
        )
        assert len(begin) == self.changing
        closed = [calendar for calendar, one in enumerate(hours) if is_closed(one, shape.begin)]
        first = self.plans[0].terms
        return Layout(
            self.plans,
            np.concatenate([begin, *words.parts]),
            self.changing,
            self.places_at,
            _child_size(shape),
            tuple(self._events(phases)),
            tuple(place for calendar in closed for place, terms in enumerate(first) if terms.calendar == calendar),
        )

    # -- what stands at the beginning ---------------------------------------------------------------------------------------

    def _head(self, hours: Sequence[Hours]) -> Ints:
        words, shape = self.words, self.shape
        head = np.zeros(HEAD_SIZE, dtype=np.int64)
        head[BEGIN], head[END], head[NOW] = shape.begin, shape.end, shape.begin
        head[PLACES], head[PLACE_COUNT] = self.places_at, len(shape.places)
        head[POOLS], head[POOL_COUNT] = self.pools_at, len(shape.pools)
        head[GROUPS], head[GROUP_COUNT], head[TOUCHED] = self.groups_at, len(shape.groups), self.touched_at
        head[SERVICE_COUNT] = len(shape.services)
        head[AREAS] = words.add(
            word for pair in zip(shape.neighbours, self.used.findable, strict=True) for word in map(int, pair)
        )
        head[PLACE_AT] = words.add(self._place(place) for here in shape.place_at for place in here)
        head[OWN_STREAMS] = words.add(_signed(stream(name)) for name in OWN)
        head[CLOCK_TABLE] = words.add(clock_table())
        lists = [(len(one.begins), *map(words.add, (one.begins, one.ends, one.closed, one.worked))) for one in hours]
        head[CALENDARS] = words.add(word for calendar in lists for word in calendar)
        head[LEAVES_AT], head[FIRST_DAY] = shape.leaves_at, shape.first_day
        head[DUE_DAYS] = shape.end // (24 * 3600) + 1 - shape.first_day + 1
        head[CHILD_SIZE], head[PHASE_COUNT] = _child_size(shape), len(self.plans)
        used = self.used
        head[FINDING_USED], head[CLOCKS_USED], head[RELAPSE_USED] = used.finding_used, used.clocks_used, used.relapse_used
        head[SOMATIC_USED], head[KNOWN_USED], head[EXCLUDING_USED] = used.somatic_used, used.known_used, used.excluding_used
        head[HELPERS_USED], head[COORDINATION_USED] = used.helpers_used, used.coordination_used
        head[ORIGIN_USED], head[MAPPING_USED], head[HOLD_USED] = used.origin_used, used.mapping_used, used.hold_used
        head[PAPERS_MATTER], head[TRAVEL_MATTERS] = used.papers_matter, used.travel_matters
        head[START_MATTERS], head[ARRIVAL_MATTERS] = used.start_matters, used.arrival_matters
        head[RARE], head[RATES_CHANGE] = used.rare, used.rates_change
        return head

    def _place(self, number: int) -> int:
        return 0 if number < 0 else self.places_at + number * P_SIZE

    def _places(self) -> Ints:
        shape = self.shape
        places = np.zeros((len(shape.places), P_SIZE), dtype=np.int64)
        for number, (_, service) in enumerate(shape.places):
            place = places[number]
            place[P_NUMBER], place[P_SERVICE], place[P_GROUP] = number, service, shape.group_of[number]
            place[P_CHANGED], place[P_GATE_AT] = shape.begin, FOR_EVER
            place[P_LIMITED], place[P_EVER_CUT] = self.used.limited[number], self.used.ever_cut[number]
        return places.ravel()

    def _pools(self) -> Ints:
        pools = np.zeros((len(self.shape.pools), O_SIZE), dtype=np.int64)
        for number, (place, _) in enumerate(self.shape.pools):
            pools[number, O_PLACE], pools[number, O_STAFFED] = self._place(place), -1
        return pools.ravel()

    def _groups(self) -> Ints:
        groups = np.zeros((len(self.shape.groups), G_SIZE), dtype=np.int64)
        at = self.groups_at + 0
        assert at
        for number, places in enumerate(self.shape.groups):
            groups[number, G_PLACES], groups[number, G_PLACES_COUNT] = self.group_lists[number], len(places)
        return groups.ravel()

    # -- phases -------------------------------------------------------------------------------------------------------------

    def _phase(self, plan: Plan, number: int) -> int:
        words, shape = self.words, self.shape
        if number == 0:
            self.group_lists = [words.add(map(self._place, places)) for places in shape.groups]
        phase = np.zeros(H_SIZE, dtype=np.int64)
        phase[H_AT], phase[H_NUMBER] = plan.at, number
        phase[H_NEEDS] = self._needs(plan)
        phase[H_TERMS] = words.add(self._terms(terms) for terms in plan.terms)
        phase[H_CAPACITY] = words.add(plan.capacity)
        phase[H_OPTIONS] = words.add(
            words.add((len(option), *(word for pair in option for word in pair))) for option in plan.options
        )
        phase[H_OFFERS] = words.add(self._offers(offers) for offers in plan.offers)
        phase[H_DOORS], phase[H_DOORS_COUNT] = words.add(plan.doors), len(plan.doors)
        phase[H_DOOR] = words.add(word for door in range(len(shape.doors)) for word in self._door(plan, door))
        phase[H_CRISIS] = 0 if plan.crisis is None else self._route(plan.crisis)
        phase[H_STREAM_MAPS] = words.add(plan.stream_maps)
        phase[H_FINDS] = words.add(words.add((len(rates), *rates)) for rates in plan.finds) if plan.finds else 0
        phase[H_ANOTHER_DOOR], phase[H_AFTER_REJECTION] = plan.another_door, plan.after_rejection
        phase[H_PEOPLE_SEEK], phase[H_PEOPLE_ACCEPT] = words.add(plan.people_seek), words.add(plan.people_accept)
        phase[H_FOLLOWS] = -1
        if plan.coordinator is not None:
            phase[H_FOLLOWS], phase[H_FOLLOWS_STEPS] = plan.coordinator.share, plan.coordinator.steps
            phase[H_FOLLOWS_TASKS] = self._tasks(plan.coordinator.tasks)
        phase[H_COORDINATED] = words.add(self._route(route) for route in plan.coordinated)
        posts = plan.posts or (None,) * len(shape.pools)
        phase[H_BREAKS] = words.add(0 if post is None else post.breaks for post in posts)
        phase[H_MEMBER] = plan.member
        uses_of = places_of(plan, self.used)
        flags = (word for use, terms in zip(uses_of, plan.terms, strict=True) for word in self._flags(use, terms))
        phase[H_FLAGS] = words.add(flags)
        phase[H_EASY] = words.add(int(len(places) == 1 and plan.terms[places[0]].party is None) for places in shape.groups)
        return words.add(phase)

    def _flags(self, use: PlaceUse, terms: Terms) -> tuple[int, ...]:
        """In the order of ``PHASE_FIELDS``."""
        simple = use.simple or (-1, 0, 0)
        order = self.orders.setdefault(terms.order, len(self.orders))
        return (use.gate, int(use.alone), int(use.ordinary), *simple, int(use.direct), int(use.cuts), order)

    def _needs(self, plan: Plan) -> int:
        needs = plan.needs
        worse, better = (tuple(-1 if one is None else one for one in to) for to in (needs.worse, needs.better))
        columns = (needs.severity, needs.step, needs.remission, needs.worsening, worse, better, needs.seek, needs.relapse,
                   needs.relapses_to, needs.somatic)  # fmt: skip
        return self.words.add(word for need in zip(*columns, strict=True) for word in need)

    def _offers(self, offers: Sequence[Sequence[int]]) -> int:
        lists = [self.words.add((len(numbers), *numbers)) for numbers in offers]
        return self.words.add((lists[0], lists[-1] if len(lists) > 1 else 0))

    def _door(self, plan: Plan, number: int) -> tuple[int, ...]:
        low, high = plan.door_ages[number] or (-1, -1)
        quiet = plan.door_quiet[number]
        people = self.words.add(plan.door_people[number]) if plan.door_people else 0
        route = self._route(plan.door_routes[number])
        return (route, low, high, self.words.add(quiet), len(quiet), plan.door_maps[number], people)

    def _table(self, table: Ints | None) -> int:
        return 0 if table is None else self.words.once(table, table)

    def _tasks(self, tasks: Tasks) -> int:
        return self.words.once(tasks, tasks) if tasks else 0

    def _route(self, route: Route) -> int:
        known = self.words.at(route)
        if known is not None:
            return known
        to, delay, tasks = self.words.add(route.to), self._table(route.delay), self._tasks(route.tasks)
        return self.words.once(
            route,
            (to, len(route.to), delay, route.fixed, route.lost, int(route.urgent), int(route.warm), route.kept, tasks,
             route.hold, route.number),
        )  # fmt: skip

    # -- terms --------------------------------------------------------------------------------------------------------------

    def _terms(self, terms: Terms) -> int:
        known = self.words.at(terms)
        if known is not None:
            return known
        t = np.zeros(T_SIZE, dtype=np.int64)
        t[T_SERVICE], t[T_STREAMS], t[T_STEP], t[T_OPEN] = terms.service, self.streams[terms.service], terms.step, terms.open
        t[T_LOW], t[T_HIGH] = terms.ages or (-1, -1)
        t[T_ORDER_COUNT] = len(terms.order)
        t[T_ORDER : T_ORDER + len(terms.order)] = terms.order
        self._waiting(terms, t)
        self._help(terms, t)
        self._after(terms, t)
        return self.words.once(terms, t)

    def _waiting(self, terms: Terms, t: Ints) -> None:
        words = self.words
        t[T_RISES], t[T_AT_ONCE], t[T_EVERY] = self._table(terms.rises), terms.at_once, terms.every
        t[T_SWITCH] = 0 if terms.switch is None else self._switch(terms.switch)
        t[T_LENGTH], t[T_WEIGHT] = -1 if terms.length is None else terms.length, terms.weight
        t[T_PATIENCE : T_PATIENCE + len(terms.patience)] = [self._table(table) for table in terms.patience]
        t[T_BALKING], t[T_BALKING_COUNT] = words.add(terms.balking), len(terms.balking)
        t[T_WAITS_UNTIL] = terms.waits_until
        t[T_REVIEW] = 0 if terms.review is None else self._review(terms.review)
        t[T_DUE] = 0 if terms.due is None else self._due(terms.due)

    def _help(self, terms: Terms, t: Ints) -> None:
        words = self.words
        t[T_ENDS_AT], t[T_STEPS_UP], t[T_SOMATIC_CHECK] = terms.ends_at, self._table(terms.steps_up), terms.somatic_check
        t[T_EXCLUDES], t[T_EXCLUDES_COUNT] = words.add(terms.excludes), len(terms.excludes)
        if terms.party is not None:
            t[T_PARTY_SIZE], t[T_PARTY_LEAST] = terms.party.size, terms.party.least
        t[T_CALENDAR], t[T_STRETCHES] = terms.calendar, len(terms.stretches)
        for number, stretch in enumerate(terms.stretches):
            at = T_STRETCH + number * X_SIZE
            t[at : at + X_SIZE] = self._stretch(stretch)
        t[T_BESIDE] = words.add(word for beside in terms.beside for word in _beside(beside))
        t[T_BESIDE_COUNT] = len(terms.beside)

    def _after(self, terms: Terms, t: Ints) -> None:
        words = self.words
        t[T_OPEN_RETURN], t[T_MAPS], t[T_ACCURACY] = terms.open_return, terms.maps, terms.accuracy
        t[T_MATCHED], t[T_MATCHED_COUNT] = words.add(terms.matched), len(terms.matched)
        t[T_BELOW], t[T_BELOW_COUNT] = words.add(terms.below), len(terms.below)
        t[T_BY_NEED] = self._lists(terms.by_need) if terms.by_need else 0
        t[T_DOSE], t[T_BLIND] = terms.dose, terms.blind
        t[T_ROUTES], t[T_ROUTES_COUNT] = words.add(self._route(route) for route in terms.routes), len(terms.routes)
        t[T_CHOICES] = self._lists(terms.choices)

    def _lists(self, lists: Iterable[Sequence[int]]) -> int:
        """Address and length of each of several rows of words."""
        return self.words.add(word for row in lists for word in (self.words.add(row), len(row)))

    def _stretch(self, stretch: Stretch) -> tuple[int, ...]:
        midways = dropouts_midway(stretch.dropout) if stretch.dropout else 0
        return (self._table(stretch.length), stretch.dropout, self._table(stretch.rest), midways)

    def _switch(self, switch: Switch) -> int:
        return self.words.add((self.words.add(switch.to), len(switch.to), switch.over, switch.review, switch.share))

    def _review(self, review: Review) -> int:
        words = self.words
        referrers = sorted(review.referrers) if review.referrers is not None else None
        return words.add(
            (
                self._table(review.length),
                self._table(review.due),
                *review.accept,
                review.accept_again,
                review.accuracy,
                words.add(review.reasons),
                len(review.reasons),
                self._table(review.lead),
                self._table(review.consent),
                0 if referrers is None else words.add(referrers),
                0 if referrers is None else len(referrers),
                review.returned,
                review.accuracy_unmapped,
                *review.tightens,
                0 if review.meeting is None else self._meeting(review.meeting),
                self._tasks(review.tasks),
                int(review.plain),
            )
        )

    def _meeting(self, meeting: Meeting) -> int:
        tasks = self._tasks(meeting.tasks)
        delay = self._table(meeting.delay)
        return self.words.add((int(meeting.doubtful), meeting.consent, delay, meeting.every, meeting.accuracy, tasks))

    def _due(self, due: Due) -> int:
        own = (-1 if one is None else one for one in due.by_severity)
        guarantee, overflow = (-1 if one is None else one for one in (due.guarantee, due.overflow))
        outer, delay = self._table(due.outer), self._table(due.delay)
        return self.words.add((outer, *own, guarantee, due.price, overflow, due.share, delay))

    # -- what is known to come ----------------------------------------------------------------------------------------------

    def _events(self, phases: Sequence[int]) -> Iterable[tuple[int, int, int, int]]:
        shape = self.shape
        for number, (plan, phase) in enumerate(zip(self.plans[1:], phases[1:], strict=True)):
            yield plan.at, PHASE_KIND + number, PHASE_CHANGE, phase
        in_use = {terms.calendar for plan in self.plans for terms in plan.terms}
        for calendar, closures in enumerate(shape.closures):
            for begins, ends in closures if calendar in in_use else ():
                for at, what in ((begins, CALENDAR_CLOSES), (ends, CALENDAR_OPENS)):
                    if shape.begin < at <= shape.end:
                        yield at, PHASE_KIND + CLOSURES + calendar, what, calendar


def _child_size(shape: Shape) -> int:
    """Words of a child, in whole lines of the processor's cache."""
    return -(-(C_VISITS + 2 * len(shape.services)) // LINE) * LINE


def _beside(beside: Beside) -> tuple[int, ...]:
    return (beside.to, beside.share, beside.steps)


def _signed(number: int) -> int:
    """A 64-bit number without a sign as the one with a sign of the same bits."""
    return number - _WRAP if number >> BITS else number


# -- a replication -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Room:
    """How much of everything fits. Memory that is never touched costs nothing: there is plenty of each."""

    children: int
    factor: int = 1

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """Stays, events, records beyond a chunk, and words for everything else."""
        n = self.children * self.factor + 4096 * self.factor
        return 4 * n, 8 * n, 8 * n + 65536 * self.factor, 64 * n


class Arena:
    """The array, used for one replication after the other."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.words: Ints = np.zeros(0, dtype=np.int64)
        self.size = 0
        self.filled = False

    def prepare(self, cohort: Cohort, supply: Supply, chunk: int, factor: int = 1) -> Ints:
        """Make it ready for a replication. ``factor``: so many times the usual room.

        Raises:
            MemoryError: when there is not enough memory.
        """
        layout, shape = self.layout, self.layout.plans[0].shape
        openings = _openings(layout.plans, cohort)
        supplies, staffed = _supplies(shape, supply)
        begin, groups = len(layout.words), len(shape.groups)
        stays, events, records, rest = Room(len(cohort), factor).sizes
        records += chunk + 8 * (len(shape.places) + len(shape.pools))
        records += 4 * len(supply.capacity)
        rest += 64 * (groups + len(shape.places))
        shift = max(0, ((shape.end - shape.begin) * FEW // (len(cohort) + 1024)).bit_length() - 1)
        buckets = ((shape.end - shape.begin) >> shift) + 1
        known = sorted([*layout.events, *_supply_events(shape, supply, begin + len(openings), layout.places)])
        at = {}
        end = begin
        for name, size in (  # children and stays begin at a line of the processor's cache
            ("openings", len(openings)), ("supplies", len(supplies)), ("known", len(known) * EVENT_SIZE),
            ("buckets", buckets), ("offers", 4096), ("heap", events * EVENT_SIZE),
            ("records", records * RECORD_SIZE), ("children", (len(cohort) + 1) * layout.child_size + LINE),
            ("stays", stays * S_SIZE + LINE), ("rest", rest),
        ):  # fmt: skip
            at[name] = end
            end += size
        if end > self.size:
            self.words = np.empty(end, dtype=np.int64)
            self.words[:begin] = layout.words
            self.size = end
        m = self.words
        m[: layout.changing] = layout.words[: layout.changing]
        m[at["openings"] : at["openings"] + len(openings)] = openings
        m[at["supplies"] : at["supplies"] + len(supplies)] = supplies
        m[SIZE], m[NEXT_TIME] = len(cohort), int(cohort.time[0]) if len(cohort) else FOR_EVER
        m[OPENINGS], m[MIDWAY_USED] = at["openings"], len(openings) > 0
        m[OFFERS], m[OFFERS_MOST] = at["offers"], 4096
        m[HEAP], m[HEAP_MOST], m[HEAP_COUNT] = at["heap"], events, 1
        m[at["heap"] : at["heap"] + EVENT_SIZE] = (FOR_EVER, 0, 0, 0)  # so that there is always one
        m[BUCKETS], m[BUCKET], m[LAST_BUCKET], m[SHIFT] = at["buckets"], -1, buckets - 1, shift
        m[at["buckets"] : at["buckets"] + buckets] = 0
        m[KNOWN_EVENTS], m[KNOWN_COUNT] = at["known"], len(known)
        m[at["known"] : at["known"] + len(known) * EVENT_SIZE] = np.asarray(known, dtype=np.int64).ravel()
        m[RECORDS], m[RECORD_MOST] = at["records"], records
        aligned = -(m.ctypes.data // m.itemsize) % LINE
        children, stays = (at[name] + (aligned - at[name]) % LINE for name in ("children", "stays"))
        m[CHILDREN_BEGIN] = m[CHILDREN_TOP] = children
        m[CHILDREN_MOST] = at["stays"]
        m[STAYS_BEGIN] = m[STAYS_TOP] = stays
        m[STAYS_MOST] = at["rest"]
        m[TOP], m[MOST] = at["rest"], self.size
        self._begin(supply, staffed)
        return m

    def _begin(self, supply: Supply, staffed: dict[int, int]) -> None:
        """What holds from the first second on, and is written down in it."""
        m, layout, shape = self.words, self.layout, self.layout.plans[0].shape
        rows = []
        for place in layout.paused:
            m[int(m[PLACES]) + place * P_SIZE + P_PAUSED] = 1
            rows.append((shape.begin, int(Kind.CLOSED), -1, place, 0, shape.begin, shape.begin, PAUSED, -1))
        for at, pool, capacity in supply.capacity:
            if at <= shape.begin:
                rows.append((shape.begin, int(Kind.CAPACITY), -1, pool, 0, shape.begin, shape.begin, capacity, -1))
        first = {pool for at, pool, _ in supply.capacity if at <= shape.begin}
        for pool, capacity in staffed.items():
            m[int(m[POOLS]) + pool * O_SIZE + O_STAFFED] = capacity if pool in first else -2 - capacity
        at = int(m[RECORDS])
        m[at : at + len(rows) * RECORD_SIZE] = np.asarray(rows, dtype=np.int64).ravel()
        m[RECORD_COUNT] = len(rows)


def _openings(plans: Sequence[Plan], cohort: Cohort) -> Ints:
    """For each child in a course on the first day: when it would drop out of either phase, and by phase of the run whether it
    is past the assessment."""
    rows = np.flatnonzero(cohort.stream == OPENING_CASE)
    words: list[int] = []
    services = plans[0].shape.services
    for row in rows.tolist():
        key, service = int(cohort.key[row]), int(cohort.to[row])
        name = services[service]
        words += (midway(draw(key, stream("dropout_at", name), stretch)) for stretch in (0, 1))
        quantile = draw(key, stream("opening", name))
        place = plans[0].shape.place_at[int(cohort.area[row])][service]
        for plan in plans:
            stretches = plan.terms[place].stretches if place >= 0 else ()
            words.append(int(len(stretches) == 2 and is_past_assessment(*stretches, quantile)))
    return np.asarray(words, dtype=np.int64)


def _supplies(shape: Shape, supply: Supply) -> tuple[Ints, dict[int, int]]:
    """What happens to posts, three words each: pool, capacity or hazard, whether everybody leaves; and the first capacities."""
    words: list[int] = []
    staffed: dict[int, int] = {}
    for at, pool, capacity in supply.capacity:
        staffed.setdefault(pool, capacity)
        if at <= shape.begin:
            staffed[pool] = capacity
        else:
            words += (pool, capacity, 0)
    for _, pool, share in supply.departures:
        hazard = hazard_of(share)
        words += (pool, 0, 1) if hazard >= FOR_SURE else (pool, hazard, 0)
    return np.asarray(words, dtype=np.int64), staffed


def _supply_events(shape: Shape, supply: Supply, supplies: int, places: int) -> Iterable[tuple[int, int, int, int]]:
    """When all that happens."""
    later = [(at, STAFF) for at, _, _ in supply.capacity if at > shape.begin] + [(at, DEPART) for at, _, _ in supply.departures]
    number = 0
    for at, what in later:
        number += 1
        if shape.begin <= at <= shape.end:
            yield at, PHASE_KIND + SUPPLIES + number, what, supplies + (number - 1) * 3
    for at, place in supply.ends:
        number += 1
        if shape.begin <= at <= shape.end:
            yield at, PHASE_KIND + SUPPLIES + number, GRANT_ENDS, places + place * P_SIZE
