"""Two engines, one trajectory: the compiled engine writes what the SimPy engine writes, to the last bit.

Every shipped example, lever and a selection of places; thousands of ladders made at random, each mechanism on or off, half of
them on a coarse clock; and all timelines worked out by hand, since ``timelines.tell`` runs both. Where the engines part, the
message says at which record, and what stood around it (:mod:`sim.agreement`).
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from contextlib import suppress
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some
from test_properties import Choices, cohort_of, ladders, queues, single
from timelines import ENGINES, Coming, key_where, ladder, pool_of, tell, these

from calibration import murch
from scenarios.errors import TrinnError
from scenarios.levers import apply, levers
from scenarios.load import examples, load
from scenarios.places import catchments, places
from scenarios.schema import ENDINGS, REASONS, STEPS
from scenarios.units import DAY, YEAR
from sim import kernel as kernel_module
from sim.agreement import first_difference
from sim.build import phases
from sim.children import NO_AGE
from sim.cohort import draw_cohort
from sim.courses import LEFT_RECOVERED
from sim.draws import ONE, SURE
from sim.endless import EndlessRunError
from sim.engine import simulate
from sim.kernel import MOST_ROOM, Kernel, simulate_compiled
from sim.kernel.arena import Room
from sim.laws import FOR_SURE, hazard_of
from sim.records import COLUMNS, Kind, Log
from sim.state import Trajectory
from sim.supply import NONE, Supply, draw_supply

ROOT = Path(__file__).parent.parent
DRAWN = random.Random(2027).sample(places(), 40)
IN_CI = 8
"""Of these places; the others take a second each, and are run with the slow tests."""
CHANGES = (
    "bup.psychologist.fte+=1",
    "bup.psychologist.fte-=2@2027-03-01",
    "bup.waiting_list.order=severity@2027-05-03",
    "bup.open=false@2027-09-01",
    "bup.patience=30d",
    "municipal_team.open=false@2027-01-05",
)
FEW = settings(max_examples=600, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
FEWER = settings(FEW, max_examples=100)
MANY = settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))


# What is compared


def agree(plans, cohort, supply=NONE):
    """Run both engines, and fail where they differ; gives the trajectory. Of a run that cannot end both say the same."""
    runs = [ended(lambda: simulate(plans, cohort, supply=supply)), ended(lambda: simulate_compiled(plans, cohort, supply))]
    if not all(isinstance(run, Trajectory) for run in runs):
        assert runs[0] == runs[1]
        return None
    same(plans, *runs)
    return runs[0]


def ended(run):
    """What came of a run, or why there was no end to it."""
    try:
        return run()
    except EndlessRunError as fault:
        return str(fault)


def same(plans, one, other, names=ENGINES):
    """Fail where two trajectories differ."""
    difference = first_difference(plans, one, other, names)
    if difference is not None:
        pytest.fail(difference, pytrace=False)


def drawn(scenario, seed=1, replication=0):
    """Phases, children and supply of one replication."""
    plans = phases(scenario)
    return plans, draw_cohort(scenario, plans, seed, replication), draw_supply(plans, seed, replication)


def brief(source, warmup="60d", length="120d", start=None):
    """A shipped scenario for a part of its time, with the changes that lie before its end."""
    whole = load(source).plain()
    first = date.fromisoformat(str(start or whole["period"]["start"]))
    end = first + timedelta(days=int(length.rstrip("d")))
    changes = [change for change in whole.get("changes", ()) if date.fromisoformat(str(change.get("from", first))) < end]
    return load(whole | {"period": {"start": first, "warmup": warmup, "length": length}, "changes": changes})


# What is shipped


@pytest.mark.parametrize("name", [name for name in examples() if name != "murch2021"])
def test_the_engines_agree_on_every_example(name):
    agree(*drawn(load(name)))


@pytest.mark.parametrize("replication", [0, 1])
def test_the_engines_agree_on_a_part_of_the_published_system(replication):
    """From a month before fewer come to a month after far more do."""
    scenario = brief("murch2021", "30d", "100d", start="2020-03-20")
    assert len(phases(scenario)) > 2
    agree(*drawn(scenario, 3, replication))


def test_the_engines_agree_on_the_published_intervention():
    """From a month before it to two months after."""
    scenario = brief(murch.scenario("intervention_two"), "30d", "60d", start="2020-05-01")
    assert len(phases(scenario)) > 1
    agree(*drawn(scenario))


@pytest.mark.slow
@pytest.mark.parametrize("stack", ["baseline", "intervention_two"])
def test_the_engines_agree_on_the_whole_published_system(stack):
    agree(*drawn(murch.scenario(stack), 4, 7))


ALONE = [f"{name}:{kind}" if kind else name for name, lever in levers().items() for kind in (lever.kinds or ("",))]


@pytest.mark.parametrize("lever", ALONE)
def test_the_engines_agree_with_every_lever(lever):
    """Half of them as they are learned, half as if they had always been there."""
    when = "@beginning" if ALONE.index(lever) % 2 else ""
    agree(*drawn(apply(brief("etnedal", "60d", "200d"), f"{lever}{when}"), ALONE.index(lever)))


@pytest.mark.parametrize("number", range(6))
def test_the_engines_agree_with_levers_stacked(number):
    """Each sixth lever, those left out that set what another has set."""
    scenario, stacked = brief("etnedal", "60d", "200d"), 0
    for name in list(levers())[number::6]:
        with suppress(TrinnError):
            scenario, stacked = apply(scenario, name), stacked + 1
    assert stacked > 5
    agree(*drawn(scenario, number))


@pytest.mark.slow
@pytest.mark.parametrize("place", ["3413", "etnedal", "stange", "tromso"])
@pytest.mark.parametrize("lever", [(), *((name,) for name in levers()), *((name, CHANGES[0]) for name in levers())])
def test_the_engines_agree_with_every_lever_and_stacks_of_two(place, lever):
    try:
        scenario = apply(load(place), *lever)
    except TrinnError:  # the place has it already, or the two set the same
        return
    agree(*drawn(scenario))


@pytest.mark.parametrize("change", CHANGES)
def test_the_engines_agree_on_single_changes_some_at_a_date(change):
    agree(*drawn(apply(brief("etnedal", "200d", "300d"), change), 2))


def test_the_engines_agree_on_many_changes_at_once():
    scenario = apply(brief("3413", "200d", "300d"), *CHANGES)
    assert len(phases(scenario)) > 4
    agree(*drawn(scenario, 5, 1))


@pytest.mark.parametrize("place", DRAWN[:IN_CI], ids=lambda place: place.id)
def test_the_engines_agree_on_places(place):
    agree(*drawn(brief(place.number, "200d", "365d")))


@pytest.mark.slow
@pytest.mark.parametrize("place", DRAWN, ids=lambda place: place.id)
def test_the_engines_agree_on_the_whole_period_of_many_places(place):
    agree(*drawn(load(place.number), 6, 2))


def test_the_engines_agree_on_a_whole_catchment():
    smallest = min(catchments(), key=lambda catchment: catchment.inhabitants)
    scenario = brief(smallest.label, "60d", "120d")
    assert sum(area.detail == "full" for area in scenario.areas.values()) > 1
    agree(*drawn(scenario))


def test_the_engines_agree_where_neighbours_are_simulated_in_full():
    agree(*drawn(brief(load("etnedal", detail="full"), "30d", "60d")))


@pytest.mark.parametrize("length", ["30d", pytest.param("365d", marks=pytest.mark.slow)])
def test_the_engines_agree_on_the_whole_country(length):
    agree(*drawn(brief("norge", "30d", length)))


# Any ladder


def on_whole_days(source):
    """The same ladder with every duration and every drawn time in whole days, so that nearly all that happens coincides."""
    if isinstance(source, dict):
        made = {word: on_whole_days(value) for word, value in source.items()}
        drawn_from = ("exponential", "gamma", "lognormal", "uniform")
        return made | {"grid": "1d"} if made.get("law") in drawn_from else made
    if isinstance(source, list):
        return [on_whole_days(each) for each in source]
    return {"1s": "1d", "1h": "1d", "36h": "2d"}.get(source, source) if isinstance(source, str) else source


def crowded(pick, source):
    """The same ladder with many children and few hours, which services lend each other, some of them before others."""
    services, staffed = dict(source["services"]), [n for n, s in source["services"].items() if "staff" in s]
    for name in staffed:
        course, lender = services[name]["course"], pick.of(*staffed)
        if lender != name and len(course["hours"]) == 1 and "assessment" not in services[name]:
            services[name] = services[name] | {"course": course | {"hours": [*course["hours"], {f"{lender}.nurse": 2}]}}
    services = {name: service | {"weight": pick.of(1, 2, 3)} for name, service in services.items()}
    more = {"rate": pick.of("2/d", "5/d")}
    demand = {name: stream | more if "rate" in stream else stream for name, stream in source["demand"].items()}
    made = source | {"services": services, "demand": demand}
    return source if fitting(made) is None else made


LATER = (
    "open=false", "open=true", "patience=3d", "weight=2", "waiting_list.order=severity", "waiting_list.length=1",
    "waiting_list.order=first_come", "routes=[]", "calendar=none", "waiting_list.rises=2d", "waiting_list.at_once=[severe]",
    "excludes=[]", "intake=none", "intake.meeting=none", "course.dropout=1", "waiting_list.switch=none", "steps_up=none",
    "alongside=[]", "deadline=none", "open_return=9d", "somatic_check=0", "course.group.least=1", "maps=0.2", "ages=[0, 13]",
    "course.length=1d", "waiting_list.every=none", "waiting_list.every=5d",
)  # fmt: skip
DATES = ("2027-01-04", "2027-01-05", "2026-12-25", "2026-12-26", "2027-01-14", "2027-02-12", "2027-03-24")
"""First and last days of the warm-up and of the periods among them."""


@some.composite
def cases(draw, kind=None):
    """A ladder, its children and its supply: what both engines are given."""
    source, pick = draw(ladders() if kind is None else kind), Choices(draw)
    if pick.on(30):
        source = on_whole_days(source)
    if pick.on(40):
        source = crowded(pick, source)
    if pick.on(10):
        source["period"] |= {"warmup": pick.of("0s", "1d", "1s"), "length": pick.of("1d", "1s", "9d")}
    if pick.on(30):
        later = [{"set": f"{pick.of(*source['services'])}.{pick.of(*LATER)}", "from": pick.of(*DATES)} for _ in range(3)]
        source["changes"] = [*source.get("changes", ()), *later]
    scenario = fitting(source)
    assume(scenario is not None)
    plans = phases(scenario)
    cohort = cohort_of(scenario, plans, pick.number(0, 10_000), pick.on(50))
    return plans, some_of(pick, plans[0].shape, cohort), supply_of(pick, plans)


def fitting(source):
    """A ladder without those of its changes that do not fit it; None where it does not fit by itself."""
    while True:
        try:
            return load(source)
        except TrinnError:
            if not source.get("changes"):
                return None
            source = source | {"changes": source["changes"][:-1]}


def some_of(pick, shape, cohort):
    """The children, or only one, or nobody; some with no age, at one moment, or in the very last second."""
    if pick.on(10):
        few = pick.of(1, 0, 2)
        return replace(cohort, **{field.name: getattr(cohort, field.name)[:few] for field in fields(cohort)})
    if pick.on(10):
        cohort = replace(cohort, born=np.full(len(cohort), NO_AGE))
    if pick.on(10):
        at = pick.of(shape.begin, shape.end, (shape.begin + shape.end) // 2 // DAY * DAY)
        return replace(cohort, time=np.sort(np.where(cohort.stream < 0, cohort.time, at)))
    if pick.on(10):
        late = cohort.time > shape.begin + (shape.end - shape.begin) * 3 // 4
        return replace(cohort, time=np.where(late, shape.end, cohort.time))
    return cohort


def supply_of(pick, plans):
    """Drawn, none, or stated by hand: anything at any second, before the beginning and after the end too."""
    kind = pick.of("drawn", "drawn", "none", "by hand", "by hand")
    if kind != "by hand":
        return NONE if kind == "none" else draw_supply(plans, pick.number(0, 10_000), 0)
    shape = plans[0].shape
    pools, there = range(len(shape.pools)), range(len(shape.places))
    edges = (shape.begin - DAY, shape.begin, shape.begin + 1, shape.end, shape.end + 1)

    def when():
        second = shape.begin + (shape.end - shape.begin) * pick.number(0, 100) // 100
        return pick.of(second, second // DAY * DAY, *edges)

    capacity = [(when(), pick.of(*pools), pick.of(0, 1, 2, 30, 1000)) for _ in range(pick.number(0, 5)) if pools]
    shares = (ONE, ONE // 2, 1, ONE // 8, SURE)
    departures = [(when(), pick.of(*pools), pick.of(*shares)) for _ in range(pick.number(0, 5)) if pools]
    ends = [(when(), pick.of(*there)) for _ in range(pick.of(0, 0, 1, 2))]
    return Supply(tuple(sorted(capacity)), tuple(sorted(departures)), tuple(sorted(ends)))


@given(case=cases())
@FEW
def test_the_engines_agree_on_any_ladder(case):
    agree(*case)


@given(case=some.one_of(cases(single()), cases(queues())))
@settings(FEW, max_examples=200)
def test_the_engines_agree_on_ladders_of_one_service(case):
    agree(*case)


@pytest.mark.slow
@given(case=cases())
@MANY
def test_the_engines_agree_on_a_great_many_ladders(case):
    agree(*case)


@pytest.mark.slow
@given(case=some.one_of(cases(single()), cases(queues())))
@MANY
def test_the_engines_agree_on_a_great_many_ladders_of_one_service(case):
    agree(*case)


# However a run is cut


def in_parts(kernel, cohort, supply):
    """A run whose records are handed out in chunks, put together again."""
    chunks = [np.zeros((0, len(COLUMNS)), np.int64)]
    run = kernel.run(cohort, supply, take=lambda rows: chunks.append(rows.copy()))
    return replace(run, log=Log(np.concatenate(chunks)))


def check_cuts(case, events, records, room):
    """In slices of so many events, chunks of so many records, and at first with hardly any room."""
    plans, cohort, supply = case
    kernel = Kernel(plans)
    whole = ended(lambda: kernel.run(cohort, supply))
    assume(isinstance(whole, Trajectory))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kernel_module, "MOST_EVENTS_IN_A_SLICE", events)
        patched.setattr(kernel_module, "CHUNK", records)
        patched.setattr(kernel_module, "KEPT_AT_ONCE", records)
        if room:
            patched.setattr(
                Room, "sizes", property(lambda self: tuple(n * self.factor for n in (room, 12 * room, 12 * room, 99 * room)))
            )
        names = ("whole", "in parts")
        same(plans, whole, in_parts(Kernel(plans, kernel.arena.layout), cohort, supply), names)
        same(plans, whole, Kernel(plans, kernel.arena.layout).run(cohort, supply), names)
    other = replace(cohort, key=cohort.key[::-1].copy())
    kernel.run(other, NONE)
    same(plans, whole, kernel.run(cohort, supply), ("before", "after another"))


CUTS = {
    "events": some.sampled_from([1, 7, 100]),
    "records": some.sampled_from([1, 5, 64, 1000]),
    "room": some.sampled_from([0, 7]),
}


@given(case=cases(), **CUTS)
@FEWER
def test_a_run_does_not_depend_on_where_it_is_cut(case, events, records, room):
    check_cuts(case, events, records, room)


@pytest.mark.slow
@given(case=cases(), **CUTS)
@settings(MANY, max_examples=500)
def test_no_run_depends_on_where_it_is_cut(case, events, records, room):
    check_cuts(case, events, records, room)


def test_more_room_is_taken_without_handing_anything_out_twice(monkeypatch):
    plans, cohort, supply = drawn(brief("etnedal", "60d", "200d"))
    whole = simulate(plans, cohort, supply=supply)
    monkeypatch.setattr(Room, "sizes", property(lambda self: tuple(n * self.factor for n in (50, 400, 2000, 1500))))
    kernel = Kernel(plans)
    same(plans, whole, in_parts(kernel, cohort, supply), ("SimPy", "in little room"))
    assert 1 < kernel.room < MOST_ROOM
    had = kernel.room
    same(plans, whole, kernel.run(cohort, supply), ("SimPy", "again"))
    assert kernel.room == had


def test_where_no_room_is_enough_the_run_says_so(monkeypatch):
    plans, cohort, supply = drawn(load("tandem"))
    monkeypatch.setattr(Room, "sizes", property(lambda self: (1, 1, 1, 1)))
    with pytest.raises(MemoryError, match=r"^$"):
        Kernel(plans).run(cohort, supply)


def test_replications_do_not_depend_on_those_run_before_on_the_same_kernel():
    scenario = brief("etnedal", "60d", "200d")
    plans = phases(scenario)
    given_to = {n: (draw_cohort(scenario, plans, 1, n), draw_supply(plans, 1, n)) for n in range(4)}
    alone = {n: simulate(plans, cohort, supply=supply) for n, (cohort, supply) in given_to.items()}
    kernel = Kernel(plans)
    for n in (2, 0, 0, 3, 1, 2):
        same(plans, alone[n], kernel.run(*given_to[n]))


IN_A_PROCESS = """
import sys
sys.path.insert(0, "tests")
from test_engines import brief, digest, drawn
from sim.engine import simulate
from sim.kernel import simulate_compiled
plans, cohort, supply = drawn(brief("etnedal", "60d", "200d"), 8)
print(digest(simulate(plans, cohort, supply=supply)), digest(simulate_compiled(plans, cohort, supply)))
"""


def digest(run):
    """Everything that came of a run, in few letters."""
    return hashlib.sha256(run.log.rows.tobytes() + repr((run.totals, run.events)).encode()).hexdigest()


def test_another_process_writes_the_same_bytes():
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", IN_A_PROCESS]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=True)
    here = agree(*drawn(brief("etnedal", "60d", "200d"), 8))
    assert done.stdout.split() == [digest(here)] * 2


# Differences found, and put right


def test_courses_under_way_on_the_first_day_are_met_midway_by_both():
    """The compiled engine ran them from their beginning: it was never told that there were any."""
    service = {"places": 9, "course": {"length": {"law": "exponential", "mean": "20d"}}, "opening_cases": 9}
    scenario = ladder({"clinic": service | {"assessment": {"length": "10d"}}}, length="60d")
    told = agree(*drawn(scenario))
    assert len(told.log.of(Kind.ENDED)) > 2


def test_a_run_that_begins_within_two_closures_begins_closed_calendar_by_calendar():
    """The compiled engine wrote them down in the order of the places."""
    services = {name: {"places": 1, "course": {"length": "5d"}, "calendar": calendar} for name, calendar in
                (("one", "late"), ("two", "early"), ("three", "late"))}  # fmt: skip
    calendars = {name: {"dates": [["2027-01-01", "2027-01-10"]]} for name in ("early", "late")}
    told = tell(ladder(services, length="30d", calendars=calendars), (0, "two"), (0, "one"))
    assert told.story("closed") == [(0, "closed", -1, place) for place in ("two", "one", "three")]


def circle(**more):
    """Two services that send children to each other for ever, without help: each of them stands in the lists once a second."""
    there = {"places": 0, "waiting_list": {"order": "severity"}, "course": {"length": "1d"}, "waits_until": 10}
    routes = {a: [{"to": b, "after": "aged_out", "delay": "1s"} | more] for a, b in (("one", "two"), ("two", "one"))}
    return ladder({name: there | {"routes": routes[name]} for name in routes}, length="20d")


def test_what_is_left_in_the_lists_by_those_who_go_round_needs_more_room():
    """The compiled engine was out of memory before it could say that the run cannot end."""
    plans = phases(circle())
    cohort = these(plans, *(Coming(0, "one", born=-12 * YEAR) for _ in range(3)))
    assert agree(plans, cohort) is None
    with pytest.raises(EndlessRunError, match=r"child 0 has had 65536 events, and goes round in one, two"):
        simulate_compiled(plans, cohort)


def test_a_circle_through_an_overrun_service_is_named_by_its_services():
    """Where a pool runs over, the place of the record is a pool: taken for a place, it was another or none."""
    overrun = {"places": 0, "course": {"length": "1s"}}
    ways = {
        a: {"routes": [{"to": b, "delay": "1s", "urgent": True}]} for a, b in (("start", "one"), ("one", "two"), ("two", "one"))
    }
    start = {"places": "endless", "course": {"length": "1s"}} | ways["start"]
    plans = phases(ladder({"start": start, **{name: overrun | ways[name] for name in ("one", "two")}}, length="20d"))
    cohort = these(plans, Coming(0, "start"))
    assert agree(plans, cohort) is None
    with pytest.raises(EndlessRunError, match=r"goes round in one, two \(ended, handed_over, joined, overloaded, started\)"):
        simulate(plans, cohort)


def test_whoever_is_hurried_once_nothing_excludes_any_longer_starts_once():
    """Both engines: put off by a course that excluded it, then started at once, it was started again as that course ended."""
    refusing = {"places": 0, "waiting_list": {"length": 0}, "course": {"length": "1d"}}
    services = {
        "two": {"places": 5, "course": {"length": "30d"}, "alongside": [{"to": "slow"}, {"to": "fast"}]},
        "slow": refusing | {"routes": [{"to": "one", "after": "refused", "delay": "1d"}]},
        "fast": refusing | {"routes": [{"to": "one", "after": "refused", "delay": "10d", "urgent": True}]},
        "one": {"places": 5, "course": {"length": "40d"}, "excludes": ["two"]},
    }
    told = tell(apply(ladder(services, length="100d"), "one.excludes=[]@2027-01-08"), Coming(0, "two"))
    assert told.story("started", "ended") == [
        (0, "started", 0, "two"),
        (10 * DAY, "started", 0, "one"),
        (30 * DAY, "ended", 0, "two"),
        (50 * DAY, "ended", 0, "one"),
    ]


def test_a_share_that_is_all_but_one_is_a_hazard_too():
    """Both engines: 1 minus a share, as a float, was 0 where the share was not quite 1."""
    assert hazard_of(ONE) == hazard_of(SURE) == FOR_SURE
    assert 0 < hazard_of(ONE // 2) < hazard_of(ONE - (1 << 12)) < FOR_SURE
    staff = {"worker": {"fte": 1, "weekly_hours": 10, "turnover": {"stay": "9y", "recruit": "1s", "breaks": 1.0}}}
    scenario = ladder({"clinic": {"staff": staff, "course": {"length": "20d", "hours": 4}}}, length="30d")
    supply = Supply((), ((5 * DAY, pool_of(phases(scenario), "clinic.worker"), SURE),), ())
    assert tell(scenario, 0, supply=supply).story("helper_changed", "ended") == [
        (5 * DAY, "helper_changed", 0, "clinic"),
        (5 * DAY, "ended", 0, "clinic"),
    ]


# Where generated ladders seldom come: a kernel broken here would hardly be noticed by them


def test_a_meeting_that_is_done_away_with_while_it_is_waited_for_leaves_what_the_paper_said():
    intake = {"review": "1d", "accept": {"red": 1.0, "yellow": 0.0}, "meeting": {"about": "all", "delay": "10d"}}
    clinic = {"step": "red", "places": 1, "course": {"length": "5d"}, "intake": intake}
    scenario = ladder({"clinic": clinic}, length="40d", needs={"red": {"step": "red"}, "yellow": {"step": "yellow"}})
    told = tell(apply(scenario, "clinic.intake.meeting=none@2027-01-09"), Coming(0, need="red"), Coming(0, need="yellow"))
    assert told.detailed("met", "accepted", "rejected") == [
        (11 * DAY, "accepted", 0, "clinic", STEPS.index("red")),
        (11 * DAY, "rejected", 1, "clinic", REASONS.index("too_mild")),
    ]


def test_whose_doctor_was_there_for_the_assessment_only_does_not_notice_that_the_doctor_leaves():
    post = {"fte": 1, "weekly_hours": 40, "turnover": {"stay": "9y", "recruit": "1s", "breaks": 1.0}}
    phase = {"length": "10d", "hours": {"nurse": 4}}
    clinic = {
        "staff": {"nurse": post, "doctor": post},
        "course": phase,
        "assessment": phase | {"hours": {"nurse": 4, "doctor": 4}},
    }
    scenario = ladder({"clinic": clinic}, length="40d")
    supply = Supply((), ((15 * DAY, pool_of(phases(scenario), "clinic.doctor"), ONE),), ())
    assert tell(scenario, 0, 6 * DAY, supply=supply).story("helper_changed", "ended") == [
        (15 * DAY, "helper_changed", 1, "clinic"),
        (15 * DAY, "ended", 1, "clinic"),
        (20 * DAY, "ended", 0, "clinic"),
    ]


def test_whoever_drops_out_in_the_very_second_of_the_dose_has_had_it():
    """Of a course of two seconds everybody who drops out has had one, and nobody needs more than one."""
    course = {"length": "2s", "dropout": 1.0}
    clinic = {"places": 1, "course": course, "outcomes": {"matched": {"recovered": 1.0}, "dose": True}}
    assert tell(ladder({"clinic": clinic}), 0).detailed("ended", "left") == [
        (1, "ended", 0, "clinic", ENDINGS.index("dropped_out")),
        (1, "left", 0, "", LEFT_RECOVERED),
    ]


def beside(*services, length="15d"):
    """A service that offers help at others beside its course."""
    return {"places": 9, "course": {"length": length}, "alongside": [{"to": name} for name in services]}


def test_two_who_waited_for_the_same_course_to_end_start_in_the_order_of_the_places():
    """Both are put off by the course beside them; the one that came last, to the first place, starts first."""
    put_off = {"places": 1, "course": {"length": "5d"}, "excludes": ["middle"], "waiting_list": {"at_once": ["moderate"]}}
    middle, further = beside("further", length="20d"), beside("two", "one", length="40d")
    told = tell(ladder({"one": put_off, "middle": middle, "further": further, "two": put_off}, length="60d"), (0, "middle"))
    assert told.story("joined")[-2:] == [(0, "joined", 0, "two"), (0, "joined", 0, "one")]
    assert told.story("started")[-2:] == [(20 * DAY, "started", 0, "one"), (20 * DAY, "started", 0, "two")]


def test_a_way_back_that_was_shut_when_it_was_needed_is_not_open_later():
    """The clinic is shut when the need comes back first; when it comes back again its way back is used up."""
    quick = {"places": 9, "course": {"length": "1d"}}
    outcomes = {"matched": {"unchanged": 1.0}, "by_need": {"mild": {"recovered": 1.0}}}
    clinic = quick | {"outcomes": {"matched": {"recovered": 1.0}}, "open_return": "300d"}
    school = quick | {"outcomes": outcomes, "routes": [{"to": "clinic", "after": "unchanged", "delay": "1s"}]}
    needs = {"severe": {"relapse": "36.5/y", "relapses_to": "mild"}, "mild": {"relapse": "36.5/y"}}
    scenario = ladder({"school": school, "clinic": clinic}, length="90d", needs=needs)
    shut = apply(scenario, "clinic.open=false@2027-01-08", "clinic.open=true@2027-01-26")
    key = key_where(("relapse", "", 0.64, 0.77, 0), ("relapse", "", 0.78, 0.94, 1))
    told = tell(shut, Coming(0, "school", need="severe", key=key))
    assert [place for _, _, _, place in told.story("started")[:4]] == ["school", "clinic", "school", "school"]
    back = told.detailed("relapsed")[:2]
    assert [place for *_, place in back] == [-1, -1]
    assert 4 * DAY < back[0][0] < 22 * DAY < back[1][0]


def test_another_provider_where_the_child_is_already_is_no_way_out():
    waits = {"places": 0, "course": {"length": "5d"}, "deadline": {"guarantee": "5d", "overflow": {"to": "other", "price": 10}}}
    services = {"first": beside("clinic", "other"), "clinic": waits, "other": {"places": 9, "course": {"length": "20d"}}}
    told = tell(ladder(services, length="20d"), (0, "first"))
    assert told.story("breached", "overflowed") == [(5 * DAY + 1, "breached", 0, "clinic")]


def test_the_heaviest_list_comes_last_of_those_that_share_hours():
    """The first child of the lighter list starts before those of the other who have waited longer."""
    post = {"staff": {"nurse": {"fte": 1, "weekly_hours": 10}}}
    course = {"length": "10d", "hours": {"one.nurse": 10}}
    services = {
        "one": post | {"course": course | {"hours": {"nurse": 10}}, "weight": 2},
        "two": {"staff": {"nurse": {"fte": 1}}, "course": course | {"hours": {"one.nurse": 10, "nurse": 1}}, "weight": 1},
    }
    told = tell(ladder(services, length="60d"), (0, "one"), (10, "one"), (20, "two"))
    assert told.story("started") == [
        (0, "started", 0, "one"),
        (10 * DAY, "started", 2, "two"),
        (20 * DAY, "started", 1, "one"),
    ]


# What is said where two runs differ


def two_alike():
    plans = phases(ladder({"clinic": {"places": 1, "course": {"length": "100s"}}}))
    cohort = these(plans, 0, 10, 20)
    return plans, simulate(plans, cohort), simulate_compiled(plans, cohort)


def test_of_two_that_agree_nothing_is_said():
    assert first_difference(*two_alike()) is None


def test_the_first_record_that_differs_is_told_with_what_stands_around_it():
    plans, one, other = two_alike()
    rows = other.log.rows.copy()
    at = int(np.flatnonzero(rows[:, COLUMNS.index("kind")] == Kind.STARTED)[1])
    rows[at, COLUMNS.index("child")] = 2
    said = first_difference(plans, one, replace(other, log=Log(rows)), ENGINES)
    assert said.startswith(f"record {at} differs (SimPy has {len(one.log)} records, compiled {len(rows)})")
    started = "100 (day 0, 00:01:40) started: child {} at here/clinic [0] (stay 1, since 10, received 10, detail 0, need)"
    assert said.count(started.format(1)) == 2
    assert said.count(started.format(2)) == 2
    for line in (
        "  child 1 until then:",
        "  child 2 until then:",
        "    then, SimPy: ",
        "    at the end, compiled: entered 3, left 3",
    ):
        assert line in said
    assert "here/clinic [0] before it, in both: 2 on the list, 0 in courses" in said


def test_a_run_that_stops_short_is_told_of_too():
    plans, one, other = two_alike()
    said = first_difference(plans, one, replace(other, log=Log(other.log.rows[:-1])))
    assert f"record {len(one.log) - 1} differs" in said
    assert "  from it on, other:\n    (nothing)" in said


def test_totals_and_events_that_differ_are_named():
    plans, one, other = two_alike()
    totals = replace(other.totals, left=[7], committed=[1])
    said = first_difference(plans, one, replace(other, totals=totals, events=3), ENGINES)
    assert "left of here/clinic: 3 with SimPy, 7 with compiled" in said
    assert "committed of here/clinic.places: 0 with SimPy, 1 with compiled" in said
    assert "with SimPy, 3 with compiled" in said.splitlines()[-1]
    other_type = replace(other, log=Log(other.log.rows.astype(np.int32)))
    assert first_difference(plans, one, other_type) == "records of one are int64, those of other int32"
