"""The compiled fold: equal, with ``==``, to the measures as they are defined over a whole log, however the records come."""

from __future__ import annotations

import gc
import subprocess
import sys
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as some
from test_properties import LONG, QUICK, ladders, simulated

from scenarios.load import examples, load
from scenarios.units import DAY, WEEK, YEAR
from sim import fold as fold_module
from sim import tally
from sim.build import phases
from sim.children import OPENING_CASE, Cohort
from sim.cohort import draw_cohort
from sim.engine import simulate
from sim.fold import ALL, Folding, fold, fold_by_view
from sim.measures import MEASURES
from sim.records import COLUMNS, Kind, Log
from sim.supply import draw_supply
from sim.tally import NEVER
from sim.tally_measures import AREA, SERVICE

TIME, KIND, CHILD, PLACE, STAY, SINCE, RECEIVED, DETAIL, NEED = range(len(COLUMNS))
BOTH = ("area", "group")


def ran(source, seed=1):
    """One replication of a scenario."""
    scenario = load(source)
    plans = phases(scenario)
    cohort = draw_cohort(scenario, plans, seed, 0)
    return plans, cohort, simulate(plans, cohort, supply=draw_supply(plans, seed, 0))


def chunked(plans, cohort, log, by, sizes, children=False):
    """A replication taken in chunks of these lengths, over and over."""
    found, at, turn = Folding(plans, cohort, by, children), 0, 0
    while at < len(log):
        size = sizes[turn % len(sizes)]
        chunk = log.rows[at : at + size].copy()
        found.take(chunk)
        chunk[:] = -7  # whoever kept it would notice
        at, turn = at + size, turn + 1
    return found


def assert_same(one, two):
    """Equal keys in equal order and equal numbers, where NaN is NaN."""
    assert list(one.values) == list(two.values)
    differ = {key: (value, two.values[key]) for key, value in one.values.items()
              if not (value == two.values[key] or (np.isnan(value) and np.isnan(two.values[key])))}  # fmt: skip
    assert not differ, f"{len(differ)} differ: {list(differ.items())[:5]}"
    np.testing.assert_array_equal(one.series, two.series)
    np.testing.assert_array_equal(one.waits, two.waits)


def fates_by_log(plans, size, log):
    """What became of each child, from the whole log."""
    helps = np.asarray([terms.step != 0 for terms in plans[0].terms])
    starts = log.of(Kind.STARTED)
    help_starts = starts.where(helps[starts.place])

    def first(records):
        found = np.full(size, np.iinfo(np.int64).max)
        np.minimum.at(found, records.child, records.time)
        return np.where(found == np.iinfo(np.int64).max, NEVER, found)

    def count(records):
        return np.bincount(records.child, minlength=size)

    left = log.of(Kind.LEFT)
    ended = np.full(size, -1)
    ended[left.child] = left.detail
    ended[count(left) == count(log.of(Kind.RELAPSED))] = -1
    return {
        "sought": first(log.of(Kind.SOUGHT, Kind.REFERRED)),
        "first_help": first(help_starts),
        "courses": count(help_starts),
        "rejections": count(log.of(Kind.REJECTED)),
        "handovers": count(log.of(Kind.HANDED_OVER)),
        "worsened": count(log.of(Kind.WORSENED, Kind.CRISIS)),
        "ended": ended,
    }


def check_fold(plans, cohort, trajectory, sizes=(7, 64, 1, 1000), by=BOTH):
    """The compiled fold of a replication is its fold by definition; streamed, it finds the identities kept."""
    log = trajectory.log
    defined = fold_by_view(plans, cohort, log, by)
    assert_same(defined, fold(plans, cohort, log, by))
    found = chunked(plans, cohort, log, by, sizes, children=True)
    assert_same(defined, found.finish())
    found.check(trajectory.totals)
    fates = found.children()
    for name, column in fates_by_log(plans, len(cohort), log).items():
        np.testing.assert_array_equal(getattr(fates, name), column, err_msg=name)
    # the sums kept apart by area, band and group add up to those of all
    assert {key: value for key, value in defined.values.items() if key[0] == key[2] == ALL}.keys() == fold(
        plans, cohort, log
    ).values.keys()


# Examples, places, any ladder


@pytest.mark.parametrize("name", [name for name in examples() if name != "murch2021"])
def test_an_example_folds_as_defined(name):
    check_fold(*ran(name))


RICH = {
    "name": "rich",
    "period": {"start": "2027-01-04", "warmup": "1y", "length": "2.5y"},
    "needs": {
        "mild": {"severity": "mild", "step": "yellow", "remission": "1/y", "worsening": "0.5/y", "worsens_to": "severe"},
        "severe": {"severity": "severe", "step": "red", "improves_to": "mild", "relapse": "0.5/y"},
    },
    "groups": {"poor": {"share": 0.3, "risk": 2.0, "seek": 0.7, "accept": 0.8}},
    "areas": {
        "north": {"children": {"0-5": 300, "6-12": 900, "13-17": 900}},
        "south": {"children": {"0-5": 300, "6-12": 500, "13-17": 900}, "groups": {"poor": 0.6}},
        "far": {"children": {"13-17": 3000}, "detail": "neighbour"},
    },
    "doors": {"school": {"share": 0.6, "to": "nurse", "delay": "2d"}, "gp": {"share": 0.4, "to": "clinic", "delay": "5d"}},
    "demand": {
        "needs": {"per_1000": {"0-5": 20, "6-12": 40, "13-17": 120}, "mix": {"mild": 0.7, "severe": 0.3}},
        "far": {"per_1000": {"13-17": 20}, "areas": "neighbour", "to": "clinic", "mix": {"severe": 1.0}},
    },
    "services": {
        "nurse": {
            "step": "green",
            "staff": {"nurse": {"fte": 0.5, "turnover": {"stay": "1y", "recruit": "60d", "breaks": 0.5}}},
            "waiting_list": {"length": 30},
            "course": {"sessions": 3, "interval": "7d", "hours": {"nurse": 2}},
            "patience": {"law": "exponential", "mean": "60d"},
            "opening_list": 20,
            "outcomes": {"matched": {"recovered": 0.5, "unchanged": 0.5}},
            "routes": [{"to": "clinic", "after": ["unchanged", "gave_up"], "share": 0.8, "delay": "3d", "lost": 0.1}],
        },
        "clinic": {
            "shared": True,
            "step": "red",
            "intake": {"review": "8d", "accept": {"red": 0.9, "yellow": 0.4}, "accuracy": 0.8},
            "staff": {"therapist": {"fte": 1.5}, "room": {"rooms": 4, "weekly_hours": 37}},
            "assessment": {"length": "30d", "hours": {"therapist": 2, "room": 2}},
            "course": {"length": {"law": "gamma", "mean": "150d", "cv": 0.7}, "hours": {"therapist": 1, "room": 1}},
            "deadline": {
                "by_severity": {"severe": "30d", "mild": "40d"},
                "guarantee": "20d",
                "overflow": {"to": "private", "share": 0.3, "price": 1000, "delay": "5d"},
            },
            "opening_list": 15,
            "opening_cases": 25,
            "outcomes": {"matched": {"recovered": 0.5, "improved": 0.3, "unchanged": 0.2}},
            "routes": [
                {"to": "nurse", "after": "rejected", "delay": "5d", "warm": True},
                {"to": "nurse", "after": "improved", "delay": "5d"},
                {"to": "group", "after": "unchanged", "hold": {"at_most": "20d"}},
            ],
        },
        "private": {
            "step": "red",
            "places": "endless",
            "intake": {"review": "2d", "accept": {"red": 1.0, "yellow": 1.0}},
            "course": {"length": "90d"},
        },
        "group": {"step": "orange", "places": 1, "course": {"length": "60d", "group": {"size": 4, "least": 2, "every": "30d"}}},
    },
    "changes": [
        {"set": "clinic.therapist.fte*=0.7", "from": "2027-09-01"},
        {"set": "clinic.assessment.hours[0].therapist=3", "from": "2028-02-01"},
        {"set": "group.places=2", "from": "2028-02-01"},
    ],
}
"""Warm-up, opening lists and cases, neighbours, groups of children and of help, changes at dates, staff who come and go."""


@pytest.mark.parametrize("seed", [1, 2])
def test_a_rich_ladder_folds_as_defined(seed):
    check_fold(*ran(RICH, seed))


@pytest.mark.parametrize("place", ["stange", "etnedal"])
def test_a_place_folds_as_defined(place):
    source = {"base": place, "period": {"warmup": "1y", "length": "2y"}}
    check_fold(*ran(source), sizes=(4096,))


def test_the_examples_have_everything_to_fold():
    """Otherwise equal folds would say little: nearly every measure has a value other than 0 somewhere here."""
    plans, cohort, trajectory = ran(RICH)
    told = {key[3] for key, value in fold(plans, cohort, trajectory.log, BOTH).values.items() if value > 0}
    assert {name for _, name in MEASURES} - told <= {"found", "somatic_found", "aged_out", "balked", "switched", "crises"}


@pytest.mark.parametrize("size", [1, 7, 4096, 10**9])
def test_chunks_of_any_length_give_the_same(size):
    plans, cohort, trajectory = ran(RICH)
    found = chunked(plans, cohort, trajectory.log, BOTH, (size, 0, size), children=True)
    assert_same(fold(plans, cohort, trajectory.log, BOTH), found.finish())
    found.check(trajectory.totals)


def check_any(source, seed, coarse, sizes):
    _, plans, cohort, _ = simulated(source, seed, coarse)
    trajectory = simulate(plans, cohort, supply=draw_supply(plans, seed, 0))
    check_fold(plans, cohort, trajectory, sizes)
    for end in LONG_WINDOWS:
        longer, log = stretched(plans, trajectory.log, end)
        assert_same(fold_by_view(longer, cohort, log, BOTH), chunked(longer, cohort, log, BOTH, sizes).finish())


LONG_WINDOWS = (13 * WEEK + 40 * DAY, YEAR + 20 * DAY, 2 * YEAR + 5 * DAY)


def stretched(plans, log, end):
    """The same story told more slowly: many measures follow a child for longer than these ladders last."""
    had = plans[0].shape.end
    assert end >= had, "seconds must stay apart"
    rows = log.rows.copy()
    rows[:, (TIME, SINCE, RECEIVED)] = rows[:, (TIME, SINCE, RECEIVED)] * end // had
    shape = replace(plans[0].shape, begin=plans[0].shape.begin * end // had, end=end)
    return [replace(plan, at=plan.at * end // had, shape=shape) for plan in plans], Log(rows)


SIZES = some.lists(some.integers(1, 300), min_size=1, max_size=3)


@given(source=ladders(), seed=some.integers(0, 100), coarse=some.booleans(), sizes=SIZES)
@QUICK
def test_any_ladder_folds_as_defined(source, seed, coarse, sizes):
    check_any(source, seed, coarse, sizes)


@pytest.mark.slow
@given(source=ladders(), seed=some.integers(0, 10_000), coarse=some.booleans(), sizes=SIZES)
@with_settings(LONG, max_examples=1000)
def test_a_great_many_ladders_fold_as_defined(source, seed, coarse, sizes):
    check_any(source, seed, coarse, sizes)


# Made-up records: everything at the very edge of what is followed, and much in one second


SMALL = {
    "name": "small",
    "period": {"start": "2027-01-04", "warmup": "200d", "length": "900d"},
    "needs": {
        "mild": {"severity": "mild", "step": "yellow"},
        "severe": {"severity": "severe", "step": "orange"},
        "other": {"severity": "mild"},
    },
    "groups": {"poor": {"share": 0.3}, "rich": {"share": 0.1}},
    "areas": {
        "north": {"children": {"6-12": 900}},
        "south": {"children": {"6-12": 900}},
        "far": {"children": {"6-12": 900}, "detail": "neighbour"},
    },
    "demand": {f"to_{name}": {"per_1000": {"6-12": 1}, "to": name} for name in ("door", "clinic", "help")},
    "services": {
        "door": {"step": "green", "places": "endless", "course": {"length": "1d"}},
        "clinic": {
            "shared": True,
            "step": "orange",
            "places": 2,
            "intake": {"review": "1d", "accept": {"orange": 1.0}},
            "course": {"length": "1d"},
        },
        "help": {"staff": {"nurse": {"fte": 1}}, "course": {"length": "1d", "hours": 3}},
    },
    "changes": [
        {"set": "help.course.hours[0].nurse=5", "from": "2027-08-01"},
        {"set": "clinic.places=1", "from": "2028-02-01"},
    ],
}
DOOR, CLINIC, HELP = range(3)
WAYS_OFF = (Kind.STARTED, Kind.STARTED, Kind.STARTED, Kind.GAVE_UP, Kind.REFUSED, Kind.OVERFLOWED, Kind.BALKED, Kind.SWITCHED,
            Kind.WITHDREW, Kind.AGED_OUT)  # fmt: skip


class MadeUp:
    """Records of one child as no engine would write them, but such that stays begin before they end."""

    def __init__(self, plans, random, child, stream, to, area, need):
        self.plans, self.random, self.child, self.need = plans, random, child, need
        self.place = plans[0].shape.place_at[area]
        self.rows, self.stays, self.left, self.task = [], {}, False, None
        self.state, self.since, self.received = {}, {}, {}
        end = plans[0].shape.end + 1
        edges = [plans[0].shape.begin, -1, 0, *(end - span for span in (13 * WEEK, 26 * WEEK, YEAR))]
        self.now = int(max(plans[0].shape.begin, random.choice(edges) + random.integers(-1, 2)))
        self.write(Kind.AROSE, -1, stream)
        if stream < 0:
            self.join(to)
        if stream == OPENING_CASE:
            self.off(to, Kind.STARTED)

    def write(self, kind, place, detail=0, stay=0, since=None, received=None):
        since = self.now if since is None else since
        received = since if received is None else received
        self.rows.append((self.now, int(kind), self.child, place, stay, since, received, int(detail), self.need))

    def at(self, service, kind, detail=0):
        """A record of the stay at a service."""
        here = (self.stays[service], self.since.get(service, self.now), self.received[service])
        self.write(kind, self.place[service], detail, *here)

    def refer(self, service):
        self.stays[service] = self.stays.get(service, 0) + 1
        carried = int(self.random.choice([0, 0, 0, 1, DAY, 13 * WEEK]))
        self.received[service] = self.now - carried
        self.since[service] = self.now
        self.at(service, Kind.REFERRED, self.random.choice([0, 0, 0, 1, -1]))
        self.state[service] = "review"

    def join(self, service):
        if self.state.get(service) != "review":
            self.stays[service] = self.stays.get(service, 0) + 1
            self.received[service] = self.now - int(self.random.choice([0, 0, 5]))
        self.since[service] = self.now
        self.at(service, Kind.JOINED)
        self.state[service] = "list"

    def off(self, service, kind):
        option = next(p for p in reversed(self.plans) if p.at <= self.now or p is self.plans[0]).offers[self.place[service]][0][
            0
        ]
        detail = {Kind.STARTED: 2 * option + int(self.random.random() < 0.2), Kind.OVERFLOWED: 7}.get(kind, 0)
        self.at(service, kind, detail)
        self.state[service] = "course" if kind == Kind.STARTED else None
        if kind == Kind.STARTED:
            self.since[service] = self.now

    def go_on(self):
        """Whatever comes next, now or at an edge from now."""
        random = self.random
        edges = (0, 0, 0, 1, DAY, 90 * DAY, 13 * WEEK, 26 * WEEK, YEAR, YEAR + 1)
        self.now += max(0, int(random.choice(edges)) + int(random.integers(-1, 2)) * int(random.random() < 0.5))
        service = int(random.choice([number for number, place in enumerate(self.place) if place >= 0]))
        state, what = self.state.get(service), random.random()
        if what < 0.05 and self.place[HELP] >= 0:
            self.work()
        elif what < 0.1:
            self.write(Kind.SOUGHT, -1)
        elif what < 0.3:
            self.write(Kind.HANDED_OVER, self.place[service])
        elif what < 0.36:
            self.write(random.choice([Kind.WORSENED, Kind.CRISIS, Kind.LOST, Kind.FOUND]), -1)
        elif what < 0.38 and not self.left:
            self.left = True
            self.write(Kind.LEFT, -1, random.integers(0, 6))
        elif state == "review":
            self.decide(service)
        elif state == "list":
            if what < 0.5:
                self.at(service, Kind.BREACHED, random.integers(0, 2))
            else:
                self.off(service, WAYS_OFF[random.integers(0, len(WAYS_OFF))])
        elif state == "course":
            kind = random.choice([Kind.HELD, Kind.HELPER_CHANGED, Kind.SOMATIC, Kind.ENDED, Kind.ENDED, Kind.ENDED])
            self.at(service, kind)
            if kind == Kind.ENDED:
                self.state[service] = None
        elif service == CLINIC and what < 0.9:
            self.refer(service)
        else:
            self.join(service)

    def work(self):
        """A task, begun or over; in between it may be another phase, in which as many hours are more."""
        option = self.plans[0].offers[self.place[HELP]][0][0]
        if self.task is None:
            self.write(Kind.TASK, self.place[HELP], option)
            self.task = self.now
        else:
            self.write(Kind.TASK_DONE, self.place[HELP], option, since=self.task)
            self.task = None

    def decide(self, service):
        what = self.random.random()
        if what < 0.6:
            self.at(service, Kind.REJECTED, self.random.choice([0, 1, 100, 103, 1000, 1101]))
            self.state[service] = None
        elif what < 0.7:
            self.at(service, self.random.choice([Kind.WITHDREW, Kind.AGED_OUT]), 1)
            self.state[service] = None
        else:
            self.at(service, Kind.ACCEPTED)
            if what < 0.95:
                self.join(service)


def made_up(plans, seed, children=30):
    """(cohort, log) of children of all sorts."""
    random = np.random.default_rng(seed)
    shape = plans[0].shape
    columns = {"band": random.integers(-1, 4, children), "group": random.integers(-1, 2, children),
               "need": random.integers(0, 3, children), "stream": random.choice([0, 0, 0, -1, -2], children),
               "area": random.integers(0, len(shape.areas), children)}  # fmt: skip
    columns["area"] = np.where(random.random(children) < 0.8, columns["area"], 0)
    columns["to"] = np.full(children, CLINIC)
    rows = []
    for child in range(children):
        one = MadeUp(plans, random, child, *(int(columns[name][child]) for name in ("stream", "to", "area", "need")))
        while one.now <= shape.end and len(one.rows) < 60:
            rows.append(one.rows)
            one.rows = []
            one.go_on()
    rows = [row for some_rows in rows for row in some_rows if row[TIME] <= shape.end]
    rows.sort(key=lambda row: row[TIME])
    log = Log(np.asarray(rows, dtype=np.int64).reshape(-1, len(COLUMNS)))
    zeros = np.zeros(children, dtype=np.int64)
    cohort = Cohort(key=zeros.astype(np.uint64), time=zeros, born=zeros, waited=zeros, **columns)
    return cohort, log


def test_made_up_records_fold_as_defined():
    plans = phases(load(SMALL))
    for seed in range(300):
        by = BOTH if seed < 15 else ()
        cohort, log = made_up(plans, seed)
        defined = fold_by_view(plans, cohort, log, by)
        assert_same(defined, chunked(plans, cohort, log, by, (1, 5, 40)).finish())


def test_handovers_and_starts_of_one_second_count_in_any_order_written():
    """Every story of eight steps, each a handover, a start of help, or a day that passes; a child for each."""
    plans = phases(load(SMALL))
    stories = list(product("hsd", repeat=8))
    rows = []
    for child, story in enumerate(stories):
        now = 0
        for stay, step in enumerate(story, start=1):
            now += DAY * (step == "d")
            if step != "d":
                kind, place, detail = (Kind.HANDED_OVER, 0, 0) if step == "h" else (Kind.STARTED, HELP, 6)
                rows.append((now, int(kind), child, place, stay * (step == "s"), now, now, detail, 0))
    rows.sort(key=lambda row: row[TIME])
    zeros = np.zeros(len(stories), dtype=np.int64)
    cohort, log = Cohort(zeros.astype(np.uint64), *[zeros] * 9), Log(np.asarray(rows, dtype=np.int64))
    key = (ALL, "", ALL, "sent_around")
    assert fold(plans, cohort, log).values[key] == fold_by_view(plans, cohort, log).values[key] > 0


def test_who_comes_back_by_an_open_way_enters_without_a_referral():
    """The second stay at a service that reviews, after a first that was referred."""
    plans, cohort, trajectory = ran(
        {
            "name": "back",
            "period": {"start": "2027-01-04", "length": "3y"},
            "needs": {"need": {"severity": "mild", "relapse": "2/y"}},
            "demand": {"needs": {"rate": "1/d", "to": "clinic"}},
            "services": {
                "clinic": {
                    "places": "endless",
                    "intake": {"review": "1d", "accept": {"green": 1.0}},
                    "course": {"length": "10d"},
                    "outcomes": {"matched": {"recovered": 1.0}},
                    "open_return": "1y",
                }
            },
        }
    )
    assert (trajectory.log.of(Kind.RELAPSED).detail >= 0).sum() > 100
    check_fold(plans, cohort, trajectory)


# The rest of the interface


def test_every_measure_has_its_sums():
    assert {("area", name) for name in AREA} | {("service", name) for name in SERVICE} == set(MEASURES)


def test_no_records_fold_to_a_run_in_which_nothing_happens():
    plans, cohort, trajectory = ran("one_service")
    nothing = Log(trajectory.log.rows[:0])
    found = Folding(plans, cohort)
    found.take(nothing.rows)
    assert_same(fold_by_view(plans, cohort, nothing), found.finish())
    nobody = replace(cohort, **{name: column[:0] for name, column in vars(cohort).items()})
    assert_same(fold_by_view(plans, nobody, nothing, BOTH), fold(plans, nobody, nothing, BOTH))


def test_any_kind_of_array_is_taken_and_none_is_changed():
    """Records that may not be written to, in another order in memory or between others, are the same records."""
    plans, cohort, trajectory = ran("one_service")
    rows = trajectory.log.rows
    expected = fold(plans, cohort, trajectory.log)
    locked = rows.copy()
    locked.setflags(write=False)
    between = np.repeat(rows, 2, axis=0)[::2]
    for same in (locked, np.asfortranarray(rows), between):
        found = Folding(plans, cohort)
        found.take(same)
        assert_same(expected, found.finish())
    assert len(tally.add.signatures) == 1, "compiled more than once"
    assert np.array_equal(locked, rows)


@pytest.mark.parametrize("piece", [1, 50])
def test_room_is_made_for_what_records_leave_behind(monkeypatch, piece):
    """Far more than there is room for at first."""
    plans, cohort, trajectory = ran(RICH)
    expected = fold(plans, cohort, trajectory.log)
    monkeypatch.setattr(fold_module, "PIECE", piece)
    found = Folding(plans, cohort)
    found.take(trajectory.log.rows)
    assert_same(expected, found.finish())
    assert min(found._words[tally.WAITS], found._words[tally.NOTES] // 3) > piece


def test_a_fold_is_over_when_it_is_finished():
    plans, cohort, trajectory = ran("one_service")
    found = Folding(plans, cohort)
    found.take(trajectory.log.rows)
    assert_same(found.finish(), found.finish())
    with pytest.raises(RuntimeError, match="after the last"):
        found.take(trajectory.log.rows)
    with pytest.raises(ValueError, match="not followed"):
        found.children()


def test_children_take_little_memory():
    """Bytes a child while a ladder of eight services is folded, records and all."""
    plans, cohort, trajectory = ran({"base": "stange", "period": {"warmup": "1y", "length": "3y"}})
    found = Folding(plans, cohort)
    found.take(trajectory.log.rows)
    eight = found._children.shape[1] - len(plans[0].shape.services) + 8
    assert eight * 8 + found._words[tally.WAITS] * 8 / len(cohort) + found._words[tally.NOTES] * 8 / len(cohort) < 150


def test_what_is_known_of_a_plan_is_made_once_and_forgotten_with_it():
    plans, cohort, _ = ran("one_service")
    first, second = Folding(plans, cohort), Folding(plans, cohort)
    assert first._layout is second._layout
    assert Folding(plans, cohort, ("area",))._layout is not first._layout
    key = next(key for key, (_, layout) in fold_module._layouts.items() if layout is first._layout)
    del plans
    gc.collect()
    assert key not in fold_module._layouts


def test_the_face_brings_no_compiler_and_nothing_is_compiled_on_import():
    told = "import sys, trinn; assert 'numba' not in sys.modules; from sim import tally; assert not tally.add.signatures"
    subprocess.run([sys.executable, "-c", told], check=True)
