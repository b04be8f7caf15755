"""The couplings that the documents describe come out of the model: two municipalities of 8 000 children share one BUP.

Nothing is put in: each test changes one thing in one place and looks for what the documents say follows elsewhere. Every
comparison is on the same children, replication by replication, and holds beyond its 95 per cent interval.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from scenarios.changes import resolved
from scenarios.checked import checked
from scenarios.levers import apply
from scenarios.preset import on_the_ladder
from scenarios.reading import Document, validate
from scenarios.resolve import capacity_of, service_of
from scenarios.schema import SEVERITIES, Scenario
from scenarios.units import DAY, YEAR
from sim.fold import ALL
from sim.output_analysis import mean_interval
from sim.records import COLUMNS, Kind
from sim.replicate import run

CHILDREN = {"0-5": 2500, "6-12": 3200, "13-17": 2300, "18-25": 3900}
NORTH, SOUTH = "north", "south"
CLOSED = (
    "north/low_threshold.open=false",
    "north/municipal_team.open=false",
    "north/gp.routes[to:municipal_team].to=[municipal_team, bup]",
)
"""One municipality without steps 2 and 3: the GP refers to BUP those whom it would have sent there."""
TIGHTENS = "bup.intake.tightens={every: 20, by: 0.03, least: 0.5}"
"""A threshold that follows the list: observed practice, assumed, never to be proposed."""
REPLICATIONS = 16


def two(*changes: str) -> Scenario:
    """Two municipalities alike on the national ladder, with changes that hold from the beginning."""
    areas = {name: {"name": name, "catchment": "shared", "children": CHILDREN} for name in (NORTH, SOUTH)}
    period = {"start": "2027-01-04", "warmup": "3y", "length": "3y"}
    put = [{"set": change, "from": "beginning"} for change in changes]
    own = {"name": "Two that share a BUP", "areas": areas, "catchments": {"shared": {}}, "period": period, "changes": put}
    document = on_the_ladder(Document(own))
    return checked(validate(Scenario, document), document)


@cache
def values(*changes: str, lever: str = "") -> dict[tuple[str, str, str, str], np.ndarray]:
    """Every measure, one value a replication, by area and for both."""
    scenario = two(*changes)
    result = run(apply(scenario, lever) if lever else scenario, replications=REPLICATIONS, seed=1, workers=1, by=("area",),
                 record="weekly")  # fmt: skip
    folded = [replication.folded.values for replication in result.replications]
    return {key: np.asarray([each[key] for each in folded]) for key in folded[0]}


@cache
def records(*changes: str) -> tuple[pd.DataFrame, ...]:
    """The records of some kinds of the first replications, with the names of services and needs."""
    result = run(two(*changes), replications=REPLICATIONS, seed=1, workers=1, record="log")
    shape, needs = result.plans[0].shape, np.asarray(result.plans[0].needs.names)
    services = np.asarray([shape.services[service] for _, service in shape.places])
    found = []
    for replication in result.replications:
        kept = replication.log.of(Kind.REFERRED, Kind.STARTED, Kind.ENDED)
        table = pd.DataFrame(kept.rows, columns=list(COLUMNS))
        found.append(table.assign(service=services[table.place], need=needs[table.need]))
    return tuple(found)


def moves(one, other, measure: str, area: str = ALL) -> float:
    """How much a measure (of an area, or ``service.measure``) moves; 0 where its interval holds 0."""
    service, _, name = measure.rpartition(".")
    interval = mean_interval(other[area, service, ALL, name] - one[area, service, ALL, name])
    return interval.mean if interval.excludes_zero else 0.0


# -- one municipality's missing step is everybody's queue -------------------------------------------------------------------


def test_a_municipality_without_steps_two_and_three_refers_more_to_bup():
    """By more than half as many again; the neighbour refers as before."""
    base, closed = values(), values(*CLOSED)
    assert moves(base, closed, "bup.referrals", NORTH) > 0.5 * base[NORTH, "bup", ALL, "referrals"].mean()
    south = closed[SOUTH, "bup", ALL, "referrals"] - base[SOUTH, "bup", ALL, "referrals"]
    assert abs(south.mean()) < 0.01 * base[SOUTH, "bup", ALL, "referrals"].mean()


@pytest.mark.parametrize("area", [NORTH, SOUTH])
def test_then_children_of_both_wait_longer_for_bup(area):
    base, closed = values(), values(*CLOSED)
    assert moves(base, closed, "bup.wait_started", area) > 14
    assert moves(base, closed, "bup.waiting", area) > 0


def test_then_more_of_its_children_are_rejected():
    """Those who would have been helped on steps 2 and 3 are rejected at step 4, and stand without an offer."""
    base, closed = values(), values(*CLOSED)
    assert moves(base, closed, "bup.rejected_share", NORTH) > 0.03
    assert moves(base, closed, "rejected_without_offer", NORTH) > 0


@pytest.mark.parametrize("area", [NORTH, SOUTH])
def test_then_children_of_both_are_rejected_more_where_the_threshold_follows_the_list(area):
    """The neighbour's children meet a stricter BUP only if it is stricter when its list is long; else they only wait."""
    base, closed = values(TIGHTENS), values(TIGHTENS, *CLOSED)
    assert moves(base, closed, "bup.rejected_share", area) > 0.03
    assert moves(base, closed, "bup.rejected", area) > 0


def test_by_right_and_not_by_queue_the_neighbours_children_are_rejected_no_more():
    """The right depends on need: with the threshold of the law the neighbour's share of rejections stays within a point."""
    base, closed = values(), values(*CLOSED)
    assert abs(closed[SOUTH, "bup", ALL, "rejected_share"].mean() - base[SOUTH, "bup", ALL, "rejected_share"].mean()) < 0.01


# -- the rejected come back sicker ------------------------------------------------------------------------------------------


def severity(needs: pd.Series) -> pd.Series:
    """0 mild, 1 moderate, 2 severe."""
    return needs.str.partition("_")[0].map(SEVERITIES.index)


def returned(told: pd.DataFrame) -> pd.DataFrame:
    """Children referred to BUP again after a rejection: their need at the first referral and when they came back."""
    referred = told[(told.kind == Kind.REFERRED) & (told.service == "bup")]
    first = referred[referred.detail == 0].drop_duplicates("child").set_index("child")
    back = referred[referred.detail >= 1].drop_duplicates("child").set_index("child")
    return pd.DataFrame({"first": first.need, "back": back.need}).dropna()


def test_rejected_children_come_back_with_higher_severity():
    """Each child beside itself: when it comes back and when it was first referred."""
    sicker = [severity(each.back).mean() - severity(each["first"]).mean() for each in map(returned, records())]
    interval = mean_interval(np.asarray(sicker))
    assert interval.excludes_zero
    assert interval.mean > 0.03
    worse = sum(int((severity(each.back) > severity(each["first"])).sum()) for each in map(returned, records()))
    better = sum(int((severity(each.back) < severity(each["first"])).sum()) for each in map(returned, records()))
    assert worse > 3 * better


def test_the_sickest_need_specialist_help_for_longer():
    """What a rejection costs BUP later: who starts there with a severe and long need has help for longer in all, since the
    long-term team goes on where BUP ends. A single course at BUP is as long for every need: nobody has numbers by need."""
    longer = []
    for told in records():
        courses = told[(told.kind == Kind.ENDED) & told.service.isin(["bup", "long_term", "helfo"])]
        days = ((courses.time - courses.since) / DAY).groupby(courses.child).sum()
        starts = told[(told.kind == Kind.STARTED) & (told.service == "bup") & (told.time < YEAR)].drop_duplicates("child")
        helped = days.reindex(starts.child).groupby(starts.need.to_numpy()).mean()
        longer.append(helped["severe_long"] - helped["mild_long"])
    interval = mean_interval(np.asarray(longer))
    assert interval.excludes_zero
    assert interval.mean > 60


# -- between services -------------------------------------------------------------------------------------------------------

COORDINATED = "coordinator:barnekoordinator@beginning"


def test_a_coordinator_lowers_losses_in_handovers_and_costs_hours():
    base, more = values(), values(lever=COORDINATED)
    assert moves(base, more, "lost_in_handover") < 0
    assert moves(base, more, "municipal_team.hours") > 0


SUPERVISED = "psychologist_supervises@beginning"


def test_supervision_moves_hours_from_cases():
    """The psychologists of the municipal team have fewer hours for children, so that it starts fewer courses."""
    base = two()
    more = resolved(apply(base, SUPERVISED))
    before, after = (
        capacity_of(service_of(one, "municipal_team", one.areas[NORTH]), one.areas[NORTH].children_0_17) for one in (base, more)
    )
    assert after["psychologist"] < 0.9 * before["psychologist"]
    assert after["therapist"] == before["therapist"]
    assert moves(values(), values(lever=SUPERVISED), "municipal_team.started") < 0


def test_supervision_raises_the_accuracy_of_the_others():
    """The supervised see the right step more often, and more children get the right help, with fewer hours for cases."""
    base = two()
    more = resolved(apply(base, SUPERVISED))
    assert more.areas[NORTH].services["school_health"]["accuracy"] > base.services["school_health"].accuracy
    assert moves(values(), values(lever=SUPERVISED), "right_help_within_26_weeks") > 0


HELD = "bup.routes[to:municipal_team,steps:orange].hold={at_most: 26w}"


def test_endings_that_wait_for_the_municipality_raise_the_list_of_bup():
    """BUP hesitates to end where the municipality has no room for the follow-up, and so blocks its own capacity."""
    base, held = values(), values(HELD)
    assert held[ALL, "bup", ALL, "ending_waits"].mean() > 1
    assert moves(base, held, "bup.waiting") > 0
    assert moves(base, held, "bup.wait_started") > 0


# -- money helps only where people can be hired -----------------------------------------------------------------------------


def hiring(time: str) -> tuple[str, ...]:
    """So long does BUP take to fill a psychologist's post; each of them gives 21 hours a week, so that nothing is rounded."""
    whole = ("fte=11", "weeks_a_year=52", "child_share=0.56", f"turnover.recruit={time}")
    return tuple(f"bup.psychologist.{change}" for change in whole)


FIVE_MORE = "bup.psychologist.fte+=5"


def test_a_post_that_cannot_be_filled_changes_nothing():
    """Five posts that nobody takes in the period: every record is what it was, to the bit."""
    base = two(*hiring("40y"))
    empty, added = (run(each, replications=2, seed=1, workers=1, record="log") for each in (base, apply(base, FIVE_MORE)))
    for one, other in zip(empty.replications, added.replications, strict=True):
        assert one.log.rows.tobytes() == other.log.rows.tobytes()


def test_a_post_helps_from_the_day_it_is_filled():
    """Added on the first day and filled a year later: not one record differs before that, and the wait is shorter after."""
    base = two(*hiring("1y"))
    without, added = (
        run(each, replications=REPLICATIONS, seed=1, workers=1, record="log") for each in (base, apply(base, FIVE_MORE))
    )
    for one, other in zip(without.replications, added.replications, strict=True):
        before, after = (each.log.rows[each.log.time < YEAR] for each in (one, other))
        assert before.tobytes() == after.tobytes()
    waits = [
        np.asarray([each.folded.values[ALL, "bup", ALL, "wait_started"] for each in result.replications])
        for result in (without, added)
    ]
    interval = mean_interval(waits[1] - waits[0])
    assert interval.excludes_zero
    assert interval.mean < 0
