"""Who needs help and how it is found, one mechanism at a time: a timeline by hand, a direction, and nobody else touched."""

from __future__ import annotations

import random
from datetime import date

import numpy as np
import pytest
import test_list_mechanisms
from timelines import (
    CHILD,
    DETAIL,
    KIND,
    NEED,
    TIME,
    Coming,
    drawn,
    key_ringing_after,
    key_where,
    ladder,
    tell,
)

from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.load import load
from scenarios.units import DAY, YEAR
from sim.build import phases
from sim.children import OPENING_CASE
from sim.cohort import draw_cohort
from sim.draws import draw, stream
from sim.engine import simulate
from sim.identities import check
from sim.laws import clock_table, hazard, look_up
from sim.records import Kind
from sim.rules import AGED_OUT

FAST = 0.01 * YEAR
"""A hazard of 0.01 a second, a year."""
A_HUNDRED = {"course": {"length": "100s"}}
ENDLESS = {"places": "endless", **A_HUNDRED}
RECOVERS = {"outcomes": {"matched": {"recovered": 1.0}}}
STAYS = {"outcomes": {"matched": {"unchanged": 1.0}}}
LASTING = {"remission": "1/y"}
"""A need whose clocks run, but not within a few hours."""


def seeking(to=None, need=None, second=0, **more):
    """A child who seeks a door."""
    return Coming(second, to, need, **more)


def aged(years, second=0, to="clinic", at=0, **more):
    """A child who is so many years old at a second (``at``), and comes at another."""
    return Coming(second, to, born=at - years * YEAR, **more)


def rings(key, purpose, rate, ordinal=0):
    """After how many seconds a clock rings at a hazard (a year)."""
    return -(-look_up(clock_table(), draw(key, stream(purpose), ordinal)) // hazard(rate))


# Groups of children

GROUPS = {"groups": {"poor": {"share": 0.3}, "rich": {"share": 0.1}}}


def with_groups(**of_the_poor):
    return {"groups": {"poor": {"share": 0.3} | of_the_poor, "rich": {"share": 0.1}}}


def test_a_group_may_seek_help_less_than_others():
    """Half of the poor do not: of three alike in every draw the one of no group and the one of another group seek."""
    doors = {"gp": {"share": 1.0, "to": "clinic"}}
    scenario = ladder({"clinic": ENDLESS}, needs={"need": LASTING}, doors=doors, **with_groups(seek=0.5))
    low, high = key_where(("people seek", "", 0.0, 0.5)), key_where(("people seek", "", 0.5, 1.0))
    alike = (seeking(key=high), seeking(key=high, group=1), seeking(key=high, group=0), seeking(key=low, group=0))
    told = tell(scenario, *alike)
    assert told.detailed("without_help") == [(0, "without_help", 2, "", 0)]
    assert [child for _, _, child, _ in told.story("sought")] == [0, 1, 3]


def test_a_group_may_be_given_the_right_less_than_others():
    """Everybody is accepted, but of the poor only half."""
    clinic = ENDLESS | {"intake": {"review": "10s", "accept": {"green": 1.0}}}
    scenario = ladder({"clinic": clinic}, **with_groups(accept=0.5))
    low, high = key_where(("access", "clinic", 0.0, 0.5)), key_where(("access", "clinic", 0.5, 1.0))
    told = tell(
        scenario, Coming(0, key=low, group=0), Coming(1, key=high, group=0), Coming(2, key=high, group=1), Coming(3, key=high)
    )
    assert told.story("accepted", "rejected") == [
        (10, "accepted", 0, "clinic"),
        (11, "rejected", 1, "clinic"),
        (12, "accepted", 2, "clinic"),
        (13, "accepted", 3, "clinic"),
    ]


def test_a_door_may_be_open_to_a_part_of_a_group():
    """Half of the poor can use the digital door; the others find that it leads nowhere, whoever it would be for."""
    doors = {"digital": {"share": 1.0, "to": "clinic", "groups": {"poor": 0.5}}}
    scenario = ladder({"clinic": ENDLESS}, needs={"need": LASTING}, doors=doors, **GROUPS)
    low, high = key_where(("access door", "", 0.0, 0.5)), key_where(("access door", "", 0.5, 1.0))
    told = tell(scenario, seeking(key=low, group=0), seeking(key=high, group=0), seeking(key=high, group=1), seeking(key=high))
    assert told.detailed("without_help") == [(0, "without_help", 1, "", 1)]
    assert [child for _, _, child, _ in told.story("started")] == [0, 2, 3]


def area(**groups):
    return {"children": {"6-12": 10_000}, "groups": groups}


def test_an_area_with_more_children_at_risk_has_more_needs():
    """A tenth with three times the risk has 3 / 1.2 of the mean; an area where they are half has more needs than the other."""
    source = {
        "name": "risk",
        "period": {"start": "2027-01-04", "length": "1y"},
        "groups": {"poor": {"share": 0.1, "risk": 3.0}},
        "demand": {"all": {"per_1000": {"6-12": 100}, "to": "clinic"}},
        "areas": {"north": area(), "south": area(poor=0.5)},
        "services": {"clinic": ENDLESS},
    }
    cohort, log = run(load(source))
    assert len(log.of(Kind.AROSE)) == len(cohort)
    number = {(a, g): int(((cohort.area == a) & (cohort.group == g)).sum()) for a in (0, 1) for g in (-1, 0)}
    for (where, group), expected in {(0, 0): 250, (0, -1): 750, (1, 0): 1250, (1, -1): 1000 * 0.5 / 1.2}.items():
        assert abs(number[where, group] - expected) < 4.5 * np.sqrt(expected)


# Trends and seasons


def run(scenario, seed=1):
    """The children that the scenario draws, and what becomes of them."""
    plans = phases(scenario)
    cohort = draw_cohort(scenario, plans, seed, 0)
    trajectory = simulate(plans, cohort)
    check(plans, trajectory)
    return cohort, trajectory.log


def schoolchildren(length="3y", **demand):
    stated = {"per_1000": {"6-12": 50, "13-17": 50}, "mix": {"mild": 0.5, "severe": 0.5}, "to": "clinic"} | demand
    return load(
        {
            "name": "school",
            "period": {"start": "2027-01-04", "length": length},
            "needs": {"mild": {"severity": "mild"}, "severe": {"severity": "severe"}},
            "demand": {"all": stated},
            "areas": {"here": {"children": {"6-12": 10_000, "13-17": 10_000}}},
            "services": {"clinic": ENDLESS},
        }
    )


def test_a_trend_of_an_age_band_brings_more_of_it_year_by_year_and_leaves_the_other_band():
    before, _ = run(schoolchildren())
    after, log = run(schoolchildren(trend_by_age={"13-17": 0.4}))
    young = [cohort.key[cohort.band == 1].tolist() for cohort in (before, after)]
    assert young[0] == young[1]
    year = log.of(Kind.AROSE).time // YEAR
    assert [int(((after.band == 2) & (year == y)).sum()) for y in range(3)] == pytest.approx([600, 840, 1170], rel=0.12)
    same = run(schoolchildren(trend_by_age={"13-17": 0.0}))
    assert same[0].key.tolist() == before.key.tolist()


def test_a_trend_within_the_mix_makes_needs_severe_and_nobody_more():
    before, log = run(schoolchildren())
    after, grown = run(schoolchildren(mix_trend={"severe": 1.0}))
    assert before.key.tolist() == after.key.tolist()
    changed = before.need != after.need
    assert (after.need[changed] == 1).all()
    shares = [float((after.need[after.time // YEAR == year] == 1).mean()) for year in range(3)]
    assert shares == pytest.approx([0.585, 0.738, 0.849], abs=0.05)
    # whoever keeps the need keeps every record
    for child in np.flatnonzero(~changed)[:50]:
        assert log.rows[log.child == child].tobytes() == grown.rows[grown.child == child].tobytes()


def test_a_school_year_has_no_needs_in_july_and_months_alike_are_none_at_all():
    months = [1.2, 1.2, 1.2, 1.2, 1.2, 0.8, 0.0, 0.8, 1.2, 1.2, 1.0, 1.0]
    _, log = run(schoolchildren(season={"months": months}))
    _, even = run(schoolchildren())
    of = [np.bincount([month(t) for t in found.of(Kind.AROSE).time.tolist()], minlength=13) for found in (log, even)]
    assert of[0][7] == 0 < of[1][7]
    assert of[0][3] > of[1][3]
    assert run(schoolchildren(season={"months": [1.0] * 12}))[1].rows.tobytes() == even.rows.tobytes()


def month(second):
    return date.fromordinal(date(2027, 1, 4).toordinal() + second // DAY).month


# Doors

TWO_DOORS = {"school": {"share": 0.6, "to": "clinic", "ages": [6, 12]}, "gp": {"share": 0.4, "to": "clinic", "delay": "9s"}}


def test_a_door_is_for_those_of_its_ages():
    """At the school's door: the child of 12 goes in, that of 13 and that of 5 find nothing; one of no stated age does."""
    scenario = ladder({"clinic": ENDLESS}, needs={"need": LASTING}, doors=TWO_DOORS)
    key = key_where(("door", "", 0.0, 0.6))
    children = (aged(12, to=None), aged(13, to=None), aged(5, to=None), seeking(), aged(13, to=None, at=1))
    told = tell(scenario, *(Coming(0, None, born=child.born, key=key) for child in children))
    assert told.detailed("sought", "without_help") == [
        (0, "sought", 0, "", 0),
        (0, "sought", 1, "", 0),
        (0, "without_help", 1, "", 1),
        (0, "sought", 2, "", 0),
        (0, "without_help", 2, "", 1),
        (0, "sought", 3, "", 0),
        (0, "sought", 4, "", 0),  # thirteen a second later
    ]
    assert told.story("started") == [(1, "started", child, "clinic") for child in (0, 3, 4)]


def test_another_door_is_tried_by_a_share_of_those_whose_own_leads_nowhere():
    """Half of them: by the GP's door, the only one that leads somewhere; those whose own door does stay with it."""
    scenario = ladder({"clinic": ENDLESS}, needs={"need": LASTING}, doors=TWO_DOORS, seeking={"another_door": 0.5})
    at_school = ("door", "", 0.0, 0.6)
    tries, stays = key_where(at_school, ("another door", "", 0.0, 0.5)), key_where(at_school, ("another door", "", 0.5, 1.0))
    told = tell(scenario, aged(15, to=None, key=tries), aged(15, to=None, key=stays), aged(9, to=None, key=tries))
    assert told.detailed("sought", "without_help", "started") == [
        (0, "sought", 0, "", 1),
        (0, "sought", 1, "", 0),
        (0, "without_help", 1, "", 1),
        (0, "sought", 2, "", 0),
        (1, "started", 2, "clinic", 0),
        (9, "started", 0, "clinic", 0),
    ]


def test_other_doors_are_tried_in_proportion_to_their_shares():
    """Doors of 0.5 (nowhere), 0.1 and 0.4: of those who try another a fifth take the second."""
    doors = {
        "closed": {"share": 0.5, "to": "later"},
        "gp": {"share": 0.1, "to": "clinic"},
        "school": {"share": 0.4, "to": "clinic"},
    }
    scenario = ladder({"clinic": ENDLESS, "later": ENDLESS | {"open": False}}, doors=doors, seeking={"another_door": 1.0})
    a, b = (key_where(("door", "", 0.0, 0.5), ("another door which", "", *at)) for at in ((0.15, 0.2), (0.2, 0.25)))
    told = tell(scenario, seeking(key=a), seeking(key=b))
    assert told.detailed("sought") == [(0, "sought", 0, "", 1), (0, "sought", 1, "", 2)]


FALLING = {"falling": {"worsening": "0.01/s", "worsens_to": "fallen"}, "fallen": {"severity": "severe", "remission": "1/y"}}


@pytest.mark.parametrize(("after_rejection", "last"), [(1.0, (40, "sought", 0)), (0.0, (40, "without_help", 4))])
def test_a_rejection_discourages_from_seeking_again(after_rejection, last):
    """Sought at 0, rejected at 11, worse at 40: it seeks again, or does not for that reason."""
    clinic = ENDLESS | {"intake": {"review": "10s", "accept": {"green": 0.0}}}
    doors = {"gp": {"share": 1.0, "to": "clinic"}}
    scenario = ladder({"clinic": clinic}, needs=FALLING, doors=doors, seeking={"after_rejection": after_rejection})
    told = tell(scenario, seeking(key=key_ringing_after(40, "worsening", FAST)))
    assert [(t, kind, detail) for t, kind, _, _, detail in told.detailed("sought", "without_help", "rejected")][:4] == [
        (0, "sought", 0),
        (11, "rejected", 1),
        (11, "without_help", 1),
        last,
    ]


def test_whoever_was_never_rejected_is_not_discouraged():
    doors = {"gp": {"share": 1.0, "to": "clinic"}}
    clinic = ENDLESS | {"intake": {"review": "10s", "accept": {"green": 0.0}}}
    scenario = ladder({"clinic": clinic, "ward": ENDLESS}, needs=FALLING, doors=doors, seeking={"after_rejection": 0.0})
    told = tell(scenario, seeking())
    assert told.story("sought") == [(0, "sought", 0, "")]


def test_a_service_that_is_overrun_is_spoken_of_less():
    """Known waits of 90 from 100 on: half of those who would come through the school's door do not; the GP's is as ever."""
    doors = {
        "school": {"share": 0.5, "to": "clinic", "quiet": [{"over": "50s", "share": 0.5}]},
        "gp": {"share": 0.5, "to": "clinic"},
    }
    scenario = ladder({"clinic": {"places": 1, **A_HUNDRED}}, needs={"need": LASTING}, doors=doors)
    off, on = (key_where(("door", "", 0.0, 0.5), ("quiet", "", *at)) for at in ((0.0, 0.5), (0.5, 1.0)))
    gp = key_where(("door", "", 0.5, 1.0), ("quiet", "", 0.0, 0.5))
    told = tell(scenario, 0, 10, *(seeking(second=second, key=key) for second in (99, 101) for key in (off, on, gp)))
    assert told.detailed("sought", "without_help") == [
        (99, "sought", 2, "", 0),
        (99, "sought", 3, "", 0),
        (99, "sought", 4, "", 1),
        (101, "without_help", 5, "", 3),
        (101, "sought", 6, "", 0),
        (101, "sought", 7, "", 1),
    ]


# Hidden need that is found

SHY = {"need": {"seek": 0.0}}


def finding(finds=None, needs=SHY, length="2000s", door=None, clinic=ENDLESS, **more):
    """A door that finds 0.01 a second of those nobody knows of."""
    doors = {"health": {"share": 1.0, "to": "clinic", "delay": "5s", "finds": finds or {"rate": "0.01/s"}} | (door or {})}
    return ladder({"clinic": clinic}, length=length, needs=needs, doors=doors, **more)


def found_after(seconds, ordinal=1, **at):
    return seeking(key=key_ringing_after(seconds, "finding", FAST, ordinal), **at)


def test_a_hidden_need_is_found_when_its_clock_rings_and_the_child_goes_through_that_door():
    told = tell(finding(), found_after(40, second=10))
    assert told.detailed() == [
        (10, "arose", 0, "", 0),
        (10, "without_help", 0, "", 0),
        (50, "found", 0, "", 0),
        (55, "joined", 0, "clinic", 0),
        (55, "started", 0, "clinic", 0),
        (155, "ended", 0, "clinic", 0),
        (155, "left", 0, "", 2),
    ]


@pytest.mark.parametrize(("fte", "factor"), [(2, 1.0), (1, 0.5), (3, 1.5), (4, 2.0), (9, 2.0)])
def test_what_is_found_follows_the_staff_behind_the_door_up_to_a_limit(fte, factor):
    """The rate holds at 2 posts for 1000 children; at most twice as much is found."""
    clinic = {"staff": {"nurse": {"fte": fte}}, "course": {"length": "100s", "hours": 1}}
    areas = {"here": {"children": {"6-12": 600, "13-17": 400, "18-25": 5000}}}
    scenario = finding({"rate": "0.01/s", "at": 2.0, "most": 2.0}, clinic=clinic, areas=areas, length="900s")
    key = key_ringing_after(40, "finding", FAST, 1)
    told = tell(scenario, seeking(key=key))
    assert told.story("found") == [(rings(key, "finding", FAST * factor, 1), "found", 0, "")]


def test_staff_that_comes_at_a_date_finds_more_from_then_on():
    """A tenth of the rate until the third day, all of it from then: what is left of the threshold goes at the new rate."""
    clinic = {"staff": {"nurse": {"fte": 0.2}}, "course": {"length": "100s", "hours": 1}}
    areas = {"here": {"children": {"6-12": 1000}}}
    finds = {"rate": "1/d", "at": 2.0, "most": 2.0}
    scenario = apply(finding(finds, clinic=clinic, areas=areas, length="90d"), "clinic.nurse.fte=2@2027-01-06")
    key = key_where(("finding", "", 0.6, 0.65, 1))
    threshold = look_up(clock_table(), draw(key, stream("finding"), 1))
    slow, fast = hazard(YEAR / DAY * 0.1), hazard(YEAR / DAY)
    told = tell(scenario, seeking(key=key))
    assert told.story("found") == [(2 * DAY - (slow * 2 * DAY - threshold) // fast, "found", 0, "")]


@pytest.mark.parametrize("need", [{"seek": 0.0}, {"seek": 0.0, "remission": "0.01/y"}])
def test_a_door_that_opens_brings_out_the_need_that_was_there_before(need):
    """The service opens on the fifth day: whoever was hidden from the first day on is found 40 seconds later."""
    scenario = finding(needs={"need": need}, clinic=ENDLESS | {"opens": "2027-01-08"}, length="90d")
    assert tell(scenario, found_after(40)).story("found", "joined") == [
        (4 * DAY + 40, "found", 0, ""),
        (4 * DAY + 45, "joined", 0, "clinic"),
    ]


def test_a_service_that_closes_finds_nobody_any_more():
    scenario = finding({"rate": "1/d"}, clinic=ENDLESS | {"closes": "2027-01-08"}, length="90d")
    early, late = key_where(("finding", "", 0.1, 0.9, 1)), key_where(("finding", "", 0.99, 1.0, 1))
    told = tell(scenario, seeking(key=early), seeking(key=late))
    assert [child for _, _, child, _ in told.story("found")] == [0]


def test_clocks_of_the_need_run_on_while_it_is_hidden_and_after_it_is_found():
    """Found at 40; waits for a place that never comes, and has passed at 70: whoever passes first is never found."""
    needs = {"need": {"seek": 0.0, "remission": "0.01/s"}}
    both = key_both(("finding", 40, 1), ("remission", 70, 0))
    scenario = finding(needs=needs, clinic={"places": 0, **A_HUNDRED})
    assert tell(scenario, seeking(key=both)).story(but=("arose", "without_help")) == [
        (40, "found", 0, ""),
        (45, "joined", 0, "clinic"),
        (70, "remitted", 0, ""),
        (70, "withdrew", 0, "clinic"),
        (70, "left", 0, ""),
    ]
    first = key_both(("finding", 40, 1), ("remission", 30, 0))
    assert tell(scenario, seeking(key=first)).story("found", "remitted", "left") == [
        (30, "remitted", 0, ""),
        (30, "left", 0, ""),
    ]


def key_both(*wanted):
    """A key whose clocks ring within so many seconds of 0.01 a second: (purpose, seconds, ordinal), to the second."""
    tables = [(stream(purpose), seconds, ordinal) for purpose, seconds, ordinal in wanted]
    per_second = hazard(FAST)
    for key in range(1000, 3_000_000):
        if all(-(-look_up(clock_table(), draw(key, at, ordinal)) // per_second) == seconds for at, seconds, ordinal in tables):
            return key
    raise AssertionError(f"no key rings so: {wanted}")


def test_worsening_stops_no_search_and_may_bring_the_child_to_seek():
    """Worse at 30, it does not seek, and is found at 40 all the same; where the worse need seeks, it does so at 30."""
    needs = {"need": {"seek": 0.0, "worsening": "0.01/s", "worsens_to": "worse"}, "worse": {"seek": 0.0}}
    key = key_both(("finding", 40, 1), ("worsening", 30, 0))
    told = tell(finding(needs=needs), seeking(key=key))
    assert told.detailed("worsened", "without_help", "found", "sought") == [
        (0, "without_help", 0, "", 0),
        (30, "worsened", 0, "", 0),
        (30, "without_help", 0, "", 0),
        (40, "found", 0, "", 0),
    ]
    seeks = tell(finding(needs=needs | {"worse": {"seek": 1.0}}), seeking(key=key))
    assert seeks.story("found", "sought", "joined") == [(30, "sought", 0, ""), (35, "joined", 0, "clinic")]


def test_whoever_is_put_off_stays_hidden_and_may_be_found_later():
    """Found at 150 when the known wait is 90: half are put off. The next clock rings 60 later, and then it is not."""
    clinic = {"places": 1, **A_HUNDRED}
    scenario = finding(clinic=clinic, door={"quiet": [{"over": "50s", "share": 0.5}]})
    per_second = hazard(FAST)
    for key in range(1000, 3_000_000):
        first, second = (-(-look_up(clock_table(), draw(key, stream("finding"), nth)) // per_second) for nth in (1, 2))
        if 130 < first < 190 and second == 60 and drawn(key, "quiet", ordinal=1) < 0.5 <= drawn(key, "quiet", ordinal=2):
            break
    told = tell(scenario, seeking(key=key), Coming(0, key=5), Coming(10, key=6))
    assert told.story("found", "joined", child=0) == [(first + 60, "found", 0, ""), (first + 65, "joined", 0, "clinic")]


def test_whoever_is_too_old_for_the_door_is_not_found_by_it():
    key = key_ringing_after(40, "finding", FAST, 1)
    told = tell(finding(door={"ages": [6, 12]}), aged(9, to=None, key=key), aged(15, to=None, key=key))
    assert [child for _, _, child, _ in told.story("found")] == [0]


def test_of_several_doors_one_finds_by_its_part_of_the_rates():
    """0.001 and 0.003 a second: together 0.004; a quarter through the first."""
    doors = {
        "health": {"share": 1.0, "to": "clinic", "finds": {"rate": "0.001/s"}},
        "school": {"share": 0.0, "to": "clinic", "finds": {"rate": "0.003/s"}},
    }
    scenario = ladder({"clinic": ENDLESS}, needs=SHY, doors=doors)
    low, high = (key_where(("found by", "", *at, 1), ("finding", "", 0.2, 0.3, 1)) for at in ((0.2, 0.25), (0.25, 0.3)))
    told = tell(scenario, seeking(key=low), seeking(key=high))
    expected = [(rings(key, "finding", 0.004 * YEAR, 1), "found", child, "", child) for child, key in enumerate((low, high))]
    assert told.detailed("found") == sorted(expected)


def test_a_child_lost_in_a_handover_is_hidden_and_found():
    """Lost on the way from the clinic at 101; found 40 later."""
    clinic = ENDLESS | STAYS | {"routes": [{"to": "clinic", "lost": 1.0}]}
    told = tell(finding(needs={"need": {}}, clinic=clinic), Coming(0, key=key_ringing_after(40, "finding", FAST, 1)))
    assert told.story("lost", "found", "joined")[:4] == [
        (0, "joined", 0, "clinic"),
        (101, "lost", 0, ""),
        (141, "found", 0, ""),
        (146, "joined", 0, "clinic"),
    ]


# Needs that come back

RELAPSING = {"needs": {"need": {"relapse": "0.01/s"}}}


def relapsing_after(seconds, second=0, **more):
    return Coming(second, key=key_ringing_after(seconds, "relapse", FAST), **more)


def test_a_need_that_help_has_ended_comes_back_and_seeks_a_door():
    """Recovered at 100, back at 140 as another need, through the GP's door within 7 seconds."""
    needs = {"need": {"relapse": "0.01/s", "relapses_to": "worse"}, "worse": {"severity": "severe"}}
    scenario = ladder({"clinic": ENDLESS | RECOVERS}, needs=needs, doors={"gp": {"share": 1.0, "to": "clinic", "delay": "7s"}})
    told = tell(scenario, relapsing_after(40))
    assert told.detailed() == [
        (0, "arose", 0, "", 0),
        (0, "joined", 0, "clinic", 0),
        (0, "started", 0, "clinic", 0),
        (100, "ended", 0, "clinic", 1),
        (100, "left", 0, "", 0),
        (140, "relapsed", 0, "", -1),
        (140, "sought", 0, "", 0),
        (147, "joined", 0, "clinic", 0),
        (147, "started", 0, "clinic", 0),
        (247, "ended", 0, "clinic", 1),
        (247, "left", 0, "", 0),
    ]
    assert told.rows[-6:, NEED].tolist() == [1] * 6


def test_without_doors_a_need_comes_back_to_where_it_first_came_and_each_time_anew():
    """The same need by default: it comes back by a clock of its own after each recovery."""
    scenario = ladder({"clinic": ENDLESS | RECOVERS}, **RELAPSING, length="9000s")
    key = key_ringing_after(40, "relapse", FAST)
    second = rings(key, "relapse", FAST, 1)
    told = tell(scenario, Coming(0, key=key))
    assert told.story("relapsed", "started")[:4] == [
        (0, "started", 0, "clinic"),
        (140, "relapsed", 0, ""),
        (140, "started", 0, "clinic"),
        (240 + second, "relapsed", 0, ""),
    ]


@pytest.mark.parametrize(
    ("clinic", "need"),
    [
        (ENDLESS, {}),  # done, with no outcome stated
        ({"places": 0, **A_HUNDRED}, {"remission": "0.01/s"}),  # passed by itself
        ({"places": 0, "patience": "50s", **A_HUNDRED}, {}),  # gave up
    ],
)
def test_only_what_help_has_ended_comes_back(clinic, need):
    scenario = ladder({"clinic": clinic}, needs={"need": {"relapse": "0.01/s"} | need})
    told = tell(scenario, relapsing_after(40))
    assert told.story("left")
    assert not told.story("relapsed")


def returning(open_return="60s", **clinic):
    """One place; whoever has been helped may come back for so long."""
    service = {"places": 1, **A_HUNDRED, **RECOVERS, "open_return": open_return} | clinic
    return ladder({"clinic": service}, doors={"gp": {"share": 1.0, "to": "clinic", "delay": "7s"}}, **RELAPSING)


def test_by_the_open_way_back_a_child_is_first_on_the_list_without_door_and_review():
    """Back at 140 of 160: before the child of 10, who has been on the list since its review; after the one in a course."""
    scenario = returning(intake={"review": "30s", "accept": {"green": 1.0}, "lead": "1s"}, waiting_list={"order": "severity"})
    never = key_where(("relapse", "", 0.99999, 1.0))
    told = tell(scenario, relapsing_after(40), Coming(10, key=never), Coming(12, key=never + 1, need="need"))
    story = told.detailed("relapsed", "sought", "referred", "accepted", "joined", "started", child=0)
    assert story[:7] == [
        (0, "referred", 0, "clinic", 0),
        (30, "accepted", 0, "clinic", 0),
        (30, "joined", 0, "clinic", 0),
        (31, "started", 0, "clinic", 0),
        (171, "relapsed", 0, "", 0),
        (171, "joined", 0, "clinic", 0),
        (231, "started", 0, "clinic", 0),
    ]
    assert [child for _, _, child, _ in told.story("started")][:4] == [0, 1, 0, 2]


@pytest.mark.parametrize(("open_return", "comes_back"), [("40s", True), ("39s", False)])
def test_the_way_back_is_open_through_its_last_second(open_return, comes_back):
    told = tell(returning(open_return), relapsing_after(40))
    assert told.detailed("relapsed", "sought")[:1] == [(140, "relapsed", 0, "", 0 if comes_back else -1)]
    assert told.story("joined")[1] == (140 if comes_back else 147, "joined", 0, "clinic")
    assert (told.story("sought")[0][0] == 140) is not comes_back


def test_a_way_back_to_a_service_that_has_closed_is_none():
    day = {"needs": {"need": {"relapse": "1/d"}}, "length": "40d"}
    service = ENDLESS | RECOVERS | {"open_return": "30d"}
    scenario = ladder({"clinic": service | {"closes": "2027-01-05"}, "other": service}, **day)
    scenario = load(scenario.plain() | {"doors": {"gp": {"share": 1.0, "to": ["clinic", "other"]}}})
    key = key_where(("relapse", "", 0.8, 0.9))
    told = tell(scenario, Coming(0, key=key))
    assert told.detailed("relapsed")[0][4] == -1
    assert told.story("joined")[1][3] == "other"


def test_whoever_comes_back_is_not_the_one_turned_away_from_a_full_list():
    """A list of one: the child who waits on it goes, though it came before."""
    never = key_where(("relapse", "", 0.99999, 1.0))
    told = tell(returning(waiting_list={"length": 1}), relapsing_after(40), Coming(50, key=never), Coming(110, key=never + 1))
    assert told.story("refused", "started", "relapsed")[:5] == [
        (0, "started", 0, "clinic"),
        (100, "started", 1, "clinic"),
        (140, "relapsed", 0, ""),
        (140, "refused", 2, "clinic"),
        (200, "started", 0, "clinic"),
    ]


def test_a_full_known_wait_does_not_keep_away_whoever_is_first_on_the_list():
    """Known wait 90 from 100 on: newcomers balk, the returning child does not."""
    never = key_where(("relapse", "", 0.99999, 1.0))
    scenario = returning(balking=[{"over": "50s", "share": 1.0}])
    told = tell(scenario, relapsing_after(40), Coming(10, key=never), Coming(150, key=never + 1))
    assert told.story("balked", "relapsed", "started")[:5] == [
        (0, "started", 0, "clinic"),
        (100, "started", 1, "clinic"),
        (140, "relapsed", 0, ""),
        (150, "balked", 2, "clinic"),
        (200, "started", 0, "clinic"),
    ]


# Bodily causes


def test_no_course_ends_a_need_with_a_bodily_cause_before_somebody_has_looked():
    """Everybody recovers at the school, but this child does not; at the clinic the cause is found as the course starts."""
    school = ENDLESS | RECOVERS | {"routes": [{"to": "clinic", "delay": "3s"}]}
    clinic = {"places": 1, **A_HUNDRED, **RECOVERS, "assessment": {"length": "50s"}, "somatic_check": 0.5}
    scenario = ladder({"school": school, "clinic": clinic}, needs={"need": {"somatic": 0.5}})
    bodily, other = ("somatic", "", 0.0, 0.5), ("somatic", "", 0.5, 1.0)
    seen, missed = ("somatic_check", "clinic", 0.0, 0.5), ("somatic_check", "clinic", 0.5, 1.0)
    found, healthy, unseen = key_where(bodily, seen), key_where(other, seen), key_where(bodily, missed)
    told = tell(scenario, Coming(0, "school", key=found), Coming(0, "school", key=healthy), Coming(300, key=unseen))
    assert told.detailed(child=0) == [
        (0, "arose", 0, "", 0),
        (0, "joined", 0, "school", 0),
        (0, "started", 0, "school", 0),
        (100, "ended", 0, "school", 3),
        (100, "handed_over", 0, "clinic", 0),
        (103, "joined", 0, "clinic", 0),
        (103, "started", 0, "clinic", 2),
        (104, "somatic", 0, "clinic", 0),
        (104, "ended", 0, "clinic", 0),
        (104, "left", 0, "", 5),
    ]
    assert told.detailed("ended", "left", child=1) == [(100, "ended", 1, "school", 1), (100, "left", 1, "", 0)]
    assert told.detailed("assessed", "ended", "somatic", child=2) == [
        (350, "assessed", 2, "clinic", 2),
        (450, "ended", 2, "clinic", 3),
    ]


def test_whoever_is_in_a_course_on_the_first_day_was_looked_at_when_it_started():
    clinic = ENDLESS | {"somatic_check": 1.0} | STAYS
    scenario = ladder({"clinic": clinic}, needs={"need": {"somatic": 1.0}})
    told = tell(scenario, Coming(0, stream=OPENING_CASE), Coming(1))
    assert [child for _, _, child, _ in told.story("somatic")] == [1]


# Birthdays


def test_at_a_birthday_a_child_leaves_the_ladder_for_good():
    """18 at second 50: on the list, under review, in a course (its place is the next one's), and on the way."""
    services = {
        "clinic": {"places": 1, **A_HUNDRED},
        "reviewed": ENDLESS | {"intake": {"review": "90s", "accept": {"green": 1.0}}},
        "ward": ENDLESS | {"routes": [{"to": "clinic", "delay": "30s"}], "course": {"length": "40s"}},
    }
    scenario = ladder(services, leaves_at=18)
    told = tell(
        scenario,
        aged(18, at=50),
        aged(18, at=50, second=1),
        aged(9, second=2),
        aged(18, at=50, second=3, to="reviewed"),
        aged(18, at=50, second=4, to="ward"),
        aged(18, at=50, second=50),
        Coming(60),
    )
    assert told.detailed(but=("arose", "joined")) == [
        (0, "started", 0, "clinic", 0),
        (3, "referred", 3, "reviewed", 0),
        (4, "started", 4, "ward", 4),
        (44, "ended", 4, "ward", 0),
        (44, "handed_over", 4, "clinic", 2),
        (50, "ended", 0, "clinic", AGED_OUT),
        (50, "left", 0, "", 6),
        (50, "withdrew", 1, "clinic", 0),
        (50, "left", 1, "", 6),
        (50, "withdrew", 3, "reviewed", 1),
        (50, "left", 3, "", 6),
        (50, "left", 4, "", 6),
        (50, "left", 5, "", 6),
        (50, "started", 2, "clinic", 0),
        (150, "ended", 2, "clinic", 0),
        (150, "left", 2, "", 2),
        (150, "started", 6, "clinic", 0),
        (250, "ended", 6, "clinic", 0),
        (250, "left", 6, "", 2),
    ]
    assert told.story(child=5) == [(50, "arose", 5, ""), (50, "left", 5, "")]


def test_nothing_comes_back_after_the_ladder_has_been_left():
    """Recovered at 100 and back at 140, unless 18 by then; back at 140 and 18 at 150."""
    scenario = ladder({"clinic": ENDLESS | RECOVERS}, **RELAPSING, leaves_at=18)
    key = key_ringing_after(40, "relapse", FAST)
    assert not tell(scenario, aged(18, at=140, key=key)).story("relapsed")
    told = tell(scenario, aged(18, at=150, key=key))
    assert told.detailed("relapsed", "ended", "left") == [
        (100, "ended", 0, "clinic", 1),
        (100, "left", 0, "", 0),
        (140, "relapsed", 0, "", -1),
        (150, "ended", 0, "clinic", AGED_OUT),
        (150, "left", 0, "", 6),
    ]


ADULT = {"adult": ENDLESS | {"ages": [18, 99]}}


def children_only(**clinic):
    """A service for children of 0-17, who must have started by 18, and one for adults."""
    routes = [{"to": "adult", "after": "aged_out", "delay": "5s"}]
    return ladder({"clinic": {"places": 1, **A_HUNDRED, "ages": [0, 17], "waits_until": 18, "routes": routes} | clinic} | ADULT)


def test_a_birthday_takes_a_child_off_the_list_to_an_adult_service():
    """18 at 50, and one at 100, the second in which a place is free: too late. One of no stated age waits on."""
    told = tell(children_only(), 0, aged(18, at=50, second=1), aged(18, at=100, second=2), 3)
    assert told.detailed(but=("arose", "joined")) == [
        (0, "started", 0, "clinic", 0),
        (50, "aged_out", 1, "clinic", 0),
        (50, "handed_over", 1, "adult", 0),
        (55, "started", 1, "adult", 2),
        (100, "ended", 0, "clinic", 0),
        (100, "left", 0, "", 2),
        (100, "aged_out", 2, "clinic", 0),
        (100, "handed_over", 2, "adult", 0),
        (100, "started", 3, "clinic", 0),
        (105, "started", 2, "adult", 2),
        (155, "ended", 1, "adult", 0),
        (155, "left", 1, "", 2),
        (200, "ended", 3, "clinic", 0),
        (200, "left", 3, "", 2),
        (205, "ended", 2, "adult", 0),
        (205, "left", 2, "", 2),
    ]


def test_a_birthday_takes_a_child_out_of_the_review():
    scenario = children_only(intake={"review": "60s", "accept": {"green": 1.0}})
    told = tell(scenario, aged(18, at=50), aged(18, at=61, second=0), aged(18, at=62, second=0))
    assert told.detailed("accepted", "aged_out", "started") == [
        (50, "aged_out", 0, "clinic", 1),
        (55, "started", 0, "adult", 2),
        (60, "accepted", 1, "clinic", 0),
        (60, "accepted", 2, "clinic", 0),
        (61, "aged_out", 1, "clinic", 0),
        (61, "started", 2, "clinic", 0),
        (66, "started", 1, "adult", 2),
    ]


def test_whoever_has_started_by_the_birthday_stays_and_whoever_is_past_it_is_off_the_list_at_once():
    told = tell(children_only(ages=None), aged(18, at=50), aged(19, second=1))
    assert told.detailed("ended", "aged_out") == [
        (1, "aged_out", 1, "clinic", 0),
        (100, "ended", 0, "clinic", 0),
        (106, "ended", 1, "adult", 0),
    ]


def test_the_birthday_holds_for_whoever_comes_back_by_the_open_way_too():
    """Back at 140 and first on the list, 18 at 160, and the place is taken until 200."""
    clinic = {"places": 1, **A_HUNDRED, **RECOVERS, "waits_until": 18, "open_return": "60s"}
    scenario = ladder({"clinic": clinic}, **RELAPSING)
    never = key_where(("relapse", "", 0.99999, 1.0))
    told = tell(scenario, aged(18, at=160, key=key_ringing_after(40, "relapse", FAST)), Coming(10, key=never))
    assert told.story("relapsed", "aged_out")[:2] == [(140, "relapsed", 0, ""), (160, "aged_out", 0, "clinic")]


def test_a_birthday_ends_a_course_and_its_assessment():
    """23 at 30 (in the assessment), at 70 (in the course), at 100 (the end as planned)."""
    clinic = ENDLESS | {"assessment": {"length": "40s"}, "course": {"length": "60s"}, "ends_at": 23}
    scenario = ladder({"clinic": clinic | {"routes": [{"to": "adult", "after": "aged_out", "delay": "5s"}]}} | ADULT)
    told = tell(scenario, aged(23, at=30), aged(23, at=70), aged(23, at=100), 0)
    assert told.detailed("ended", "assessed", "joined", but=())[4:] == [
        (30, "ended", 0, "clinic", AGED_OUT),
        (35, "joined", 0, "adult", 0),
        (40, "assessed", 1, "clinic", 1),
        (40, "assessed", 2, "clinic", 1),
        (40, "assessed", 3, "clinic", 1),
        (70, "ended", 1, "clinic", AGED_OUT),
        (75, "joined", 1, "adult", 0),
        (100, "ended", 2, "clinic", 0),
        (100, "ended", 3, "clinic", 0),
        (135, "ended", 0, "adult", 0),
        (175, "ended", 1, "adult", 0),
    ]


# One mechanism, and nobody else

PLAIN = {
    "places": 8,
    "patience": {"law": "exponential", "mean": "60d"},
    "course": {"length": {"law": "gamma", "mean": "20d", "cv": 0.7}},
}
TOWN = {
    "name": "town",
    "period": {"start": "2027-01-04", "warmup": "100d", "length": "500d"},
    "needs": {
        "mild": {"severity": "mild", "seek": 0.6, "remission": "1/y", "worsening": "1/y", "worsens_to": "severe"},
        "severe": {"severity": "severe", "seek": 0.8, "remission": "0.5/y"},
        "theirs": {},
    },
    "groups": {"poor": {"share": 0.3}},
    "demand": {
        "here": {"per_1000": {"6-12": 30, "13-17": 50}, "mix": {"mild": 0.6, "severe": 0.4}},
        "there": {"per_1000": {"0-5": 60}, "mix": {"theirs": 1.0}, "to": "far"},
    },
    "doors": {"school": {"share": 0.7, "to": "clinic", "delay": "2d"}, "gp": {"share": 0.3, "to": ["clinic", "adult"]}},
    "areas": {"here": {"children": {"0-5": 3000, "6-12": 4000, "13-17": 3000}}},
    "services": {
        "clinic": PLAIN
        | {"outcomes": {"matched": {"recovered": 0.6, "unchanged": 0.4}}, "intake": {"review": "5d", "accept": {"green": 0.7}}},
        "adult": PLAIN | {"ages": [14, 25]},
        "far": {"places": 12, "course": {"length": {"law": "gamma", "mean": "20d", "cv": 0.7}}},
    },
}


def laid(base, over):
    """``over`` laid on ``base``, mapping by mapping."""
    return {
        key: laid(base[key], over[key])
        if isinstance(base.get(key), dict) and isinstance(over.get(key), dict)
        else over.get(key, base.get(key))
        for key in {**base, **over}
    }


def town(**over):
    return load(laid(TOWN, over))


NEUTRAL = {
    "groups": {"groups": {"poor": {"risk": 1.0, "seek": 1.0, "accept": 1.0}}, "doors": {"school": {"groups": {"poor": 1.0}}}},
    "ages of a door": {"doors": {"school": {"ages": [0, 25]}}},
    "another door": {"seeking": {"another_door": 0.0}},
    "after a rejection": {"seeking": {"after_rejection": 1.0}},
    "quiet over nothing": {"doors": {"school": {"quiet": [{"over": "90y", "share": 1.0}]}}},
    "quiet for nobody": {"doors": {"school": {"quiet": [{"over": "0s", "share": 0.0}]}}},
    "finding nobody": {"doors": {"school": {"finds": {"rate": "0/y"}}}},
    "no relapse": {"needs": {"mild": {"relapse": "0/y", "relapses_to": "severe"}}},
    "leaving at an age nobody reaches": {"leaves_at": 99},
    "waiting until an age nobody reaches": {"services": {"clinic": {"waits_until": 99, "ends_at": 99}}},
    "no trend": {"demand": {"here": {"trend_by_age": {"6-12": 0.0}, "mix_trend": {"mild": 0.0}}}},
    "no season": {"demand": {"here": {"season": {"months": [1.0] * 12}}}},
}
AT_WORK = {
    "seek": {"groups": {"poor": {"seek": 0.5}}},
    "accept": {"groups": {"poor": {"accept": 0.5}}},
    "access": {"doors": {"school": {"groups": {"poor": 0.3}}}},
    "ages of a door": {"doors": {"school": {"ages": [6, 12]}}},
    "another door": {"doors": {"school": {"ages": [6, 12]}}, "seeking": {"another_door": 0.7}},
    "after a rejection": {"seeking": {"after_rejection": 0.3}},
    "quiet": {"doors": {"school": {"quiet": [{"over": "10d", "share": 0.5}]}}},
    "finds": {"doors": {"school": {"finds": {"rate": "1/y"}}}},
    "relapse": {"needs": {"mild": {"relapse": "2/y"}, "severe": {"relapse": "2/y"}}},
    "open return": {
        "needs": {"mild": {"relapse": "2/y"}, "severe": {"relapse": "2/y"}},
        "services": {"clinic": {"open_return": "180d"}},
    },
    "somatic": {"needs": {"mild": {"somatic": 0.3}}, "services": {"clinic": {"somatic_check": 0.5}}},
    "leaves": {"leaves_at": 16},
    "waits until": {
        "services": {"clinic": {"ages": [0, 15], "waits_until": 16, "routes": [{"to": "adult", "after": "aged_out"}]}}
    },
    "ends at": {"services": {"clinic": {"ends_at": 16}}},
    "trend by age": {"demand": {"here": {"trend_by_age": {"13-17": 0.5}}}},
    "mix trend": {"demand": {"here": {"mix_trend": {"severe": 0.9}}}},
    "season": {"demand": {"here": {"season": {"months": [1.1] * 6 + [0.0] + [1.1] * 5}}}},
}


def by_key(scenario):
    """The cohort, and the records with each child's key in place of its row."""
    cohort, log = run(scenario)
    rows = log.rows.copy()
    rows[:, CHILD] = np.where(rows[:, CHILD] >= 0, cohort.key[rows[:, CHILD]].astype(np.int64), -1)
    return cohort, rows


@pytest.fixture(scope="module")
def plain_town():
    return by_key(town())


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_mechanism_that_is_not_used_changes_no_byte(name, plain_town):
    assert by_key(town(**NEUTRAL[name]))[1].tobytes() == plain_town[1].tobytes()


@pytest.mark.parametrize("name", AT_WORK)
def test_a_mechanism_at_work_leaves_the_children_of_another_need_and_service_as_they_were(name, plain_town):
    cohort, before = plain_town
    _, after = by_key(town(**AT_WORK[name]))
    theirs = cohort.key[cohort.stream == 1].astype(np.int64)
    assert len(theirs) > 200
    there = [rows[np.isin(rows[:, CHILD], theirs)] for rows in (before, after)]
    assert there[0].tobytes() == there[1].tobytes()
    assert before.tobytes() != after.tobytes()


# Directions


def count(kind, detail=None, since=0, **over):
    """So many records of a kind in the period."""
    _, rows = by_key(town(**over))
    mask = (rows[:, KIND] == kind) & (rows[:, TIME] >= since)
    return int((mask & (rows[:, DETAIL] == detail)).sum() if detail is not None else mask.sum())


def test_directions_of_seeking():
    seek = [count(Kind.SOUGHT, groups={"poor": {"seek": share}}) for share in (1.0, 0.5, 0.1)]
    assert seek[0] > seek[1] > seek[2]
    accept = [count(Kind.ACCEPTED, groups={"poor": {"accept": share}}) for share in (1.0, 0.5, 0.1)]
    assert accept[0] > accept[1] > accept[2]
    nowhere = [count(Kind.WITHOUT_HELP, 1, doors={"school": {"groups": {"poor": share}}}) for share in (1.0, 0.5, 0.1)]
    assert nowhere[0] < nowhere[1] < nowhere[2]
    narrow = {"school": {"ages": [6, 12]}}
    other = [count(Kind.WITHOUT_HELP, 1, doors=narrow, seeking={"another_door": share}) for share in (0.0, 0.5, 1.0)]
    assert other[0] > other[1] > other[2]
    put_off = [count(Kind.WITHOUT_HELP, 3, doors={"school": {"quiet": [{"over": "10d", "share": s}]}}) for s in (0.2, 0.8)]
    assert 0 < put_off[0] < put_off[1]
    discouraged = [count(Kind.WITHOUT_HELP, 4, seeking={"after_rejection": share}) for share in (0.8, 0.1)]
    assert 0 < discouraged[0] < discouraged[1]


def test_directions_of_finding_and_coming_back():
    found = [count(Kind.FOUND, doors={"school": {"finds": {"rate": rate}}}) for rate in ("0.2/y", "1/y", "4/y")]
    assert 0 < found[0] < found[1] < found[2]
    back = [count(Kind.RELAPSED, needs={"mild": {"relapse": rate}}) for rate in ("0.5/y", "2/y")]
    assert 0 < back[0] < back[1]
    relapse = {"mild": {"relapse": "2/y"}, "severe": {"relapse": "2/y"}}
    straight = [count(Kind.RELAPSED, 0, needs=relapse, services={"clinic": {"open_return": span}}) for span in ("30d", "360d")]
    assert 0 < straight[0] < straight[1]
    causes = [
        count(Kind.SOMATIC, needs={"mild": {"somatic": 0.5}}, services={"clinic": {"somatic_check": s}}) for s in (0.1, 0.9)
    ]
    assert 0 < causes[0] < causes[1]


def test_a_service_that_opens_behind_a_door_that_finds_brings_out_hidden_need():
    """More posts find more; before the day the door opens nobody is found, and soon after it more than in a later month."""
    staff = {"staff": {"nurse": {"fte": 3}}, "places": None, "course": {"length": "10d", "hours": 1}}
    half = 250 * DAY
    doors = {"school": {"to": "nurse", "finds": {"rate": "1/y", "at": 0.3}}}

    def of(fte, opens):
        nurse = staff | {"staff": {"nurse": {"fte": fte}}, "opens": opens}
        return by_key(town(doors=doors, services={"nurse": {k: v for k, v in nurse.items() if v is not None}}))[1]

    rows = of(3.0, "2027-09-11")
    at = rows[rows[:, KIND] == Kind.FOUND][:, TIME]
    assert at.min() >= half
    first, later = (((at >= half + month * 30 * DAY) & (at < half + (month + 1) * 30 * DAY)).sum() for month in (0, 7))
    assert first > 1.3 * later
    few, more = ((of(fte, "2020-01-01")[:, KIND] == Kind.FOUND).sum() for fte in (1.5, 3.0))
    assert few < more


def test_directions_of_birthdays():
    left = [count(Kind.LEFT, 6, leaves_at=years) for years in (17, 15)]
    assert 0 < left[0] < left[1]
    off = [
        count(Kind.AGED_OUT, services={"clinic": {"places": places, "ages": [0, 15], "waits_until": 16}}) for places in (10, 4)
    ]
    assert 0 < off[0] < off[1]
    ended = [count(Kind.ENDED, AGED_OUT, services={"clinic": {"ends_at": years}}) for years in (99, 16)]
    assert ended[0] == 0 < ended[1]


# Any combination of the mechanisms, on lists too

OF_LISTS = {name: {"services": {"clinic": over}} for name, over in test_list_mechanisms.AT_WORK.items() if name != "order"}
MORE = {
    "at once and rising": {
        "services": {"clinic": {"waiting_list": {"order": "severity", "at_once": ["severe"], "rises": "20d"}}}
    },
    "a group": {"services": {"clinic": {"course": {"length": "20d", "group": {"size": 3, "least": 2}}}}},
    "alongside, and worse": {
        "services": {
            "annex": {"alongside": [{"to": "clinic", "share": 0.5}], "outcomes": {"matched": {"worse": 0.5, "recovered": 0.5}}}
        }
    },
    "a crisis": {
        "crisis": {"to": "clinic", "urgent": True, "delay": "1d"},
        "needs": {"severe": {"worsening": "1/y", "worsens_to": "crisis"}},
    },
    "an assessment": {"services": {"clinic": {"assessment": {"length": "5d", "dropout": 0.2}}}},
    "a summer": {
        "calendars": {"school": {"yearly": [["06-20", "08-15"]], "public_holidays": True}},
        "services": {"clinic": {"calendar": "school"}},
    },
}
LATER = (
    "clinic.open=false",
    "clinic.places=2",
    "clinic.waiting_list.every=3d",
    "clinic.waiting_list.order=severity",
    "annex.open=false",
    "needs.mild.remission=3/y",
)
ONWARD = {"to": "annex", "after": ["gave_up", "rejected", "unchanged", "balked"], "delay": "3d", "share": 0.5}


def any_town(number):
    """Some of all the mechanisms, some of them changed at a date; None where they do not fit together."""
    choose = random.Random(number)
    every = {f"{kind} {name}": over for kind, group in enumerate((AT_WORK, OF_LISTS, MORE)) for name, over in group.items()}
    source = laid(TOWN, {"services": {"annex": PLAIN | {"places": 5}, "clinic": {"routes": [ONWARD]}}})
    for name in choose.sample(sorted(every), choose.randint(2, 9)):
        source = laid(source, every[name])
    source["period"] = {"start": "2027-01-04", "warmup": "100d", "length": "250d"}
    if choose.random() < 0.4:
        source["changes"] = [{"set": choose.choice(LATER), "from": "2027-04-01"}]
    try:
        return load(source)
    except TrinnError:
        return None


def check_any_town(number):
    """The identities hold, and what becomes of each child makes sense."""
    scenario = any_town(number)
    if scenario is None:
        return False
    _, log = run(scenario, number)
    grown, last_left = set(), {}
    for time, kind, child, _, _, _, _, detail, _ in log.rows.tolist():
        assert child not in grown or kind in (Kind.TASK_DONE, Kind.OVERLOADED), f"{number}: {Kind(kind).name} at {time}"
        if kind == Kind.LEFT:
            last_left[child] = detail
            if detail == 6:
                grown.add(child)
        if kind == Kind.RELAPSED:
            assert last_left.pop(child) == 0, f"{number}: only what help has ended comes back"
        if kind in (Kind.SOUGHT, Kind.FOUND, Kind.JOINED, Kind.STARTED):
            assert child not in last_left, f"{number}: {Kind(kind).name} at {time} of a child who had left"
    return True


def test_identities_hold_for_some_combinations():
    assert sum(check_any_town(number) for number in range(40)) > 12


@pytest.mark.slow
def test_identities_hold_for_a_great_many_combinations():
    assert sum(check_any_town(number) for number in range(1000, 2200)) > 400
