"""What is read off a run, against timelines worked by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from scenarios.load import load
from scenarios.units import DAY, WEEK
from sim.build import phases
from sim.cohort import NO_AGE, NO_BAND, Cohort
from sim.engine import simulate
from sim.fold import ALL, Folded, fold
from sim.identities import check
from sim.measures import MEASURES
from sim.output_analysis import MINIMUM_REPLICATIONS
from sim.records import Kind
from sim.replicate import run


def ladder(**services: dict[str, Any]) -> dict[str, Any]:
    """A ladder of these services, ten days long, that children enter at the first of them."""
    first = next(iter(services))
    return {
        "name": "by hand",
        "period": {"length": "10d"},
        "demand": {"children": {"to": first, "rate": "1/d"}},
        "services": services,
    }


def folded(document: dict[str, Any], *arrivals: float, needs: tuple[int, ...] = ()) -> Folded:
    """The run of children who arrive on these days, with these needs, folded."""
    plans = phases(load(document))
    size = len(arrivals)
    zeros = np.zeros(size, dtype=np.int64)
    cohort = Cohort(
        key=np.arange(1, size + 1, dtype=np.uint64),
        time=(np.asarray(arrivals) * DAY).astype(np.int64),
        area=zeros,
        band=zeros + NO_BAND,
        born=zeros + NO_AGE,
        need=np.asarray(needs or [0] * size, dtype=np.int64),
        to=zeros,
        stream=zeros,
        group=zeros - 1,
        waited=zeros,
    )
    trajectory = simulate(plans, cohort)
    check(plans, trajectory)
    return fold(plans, cohort, trajectory.log)


def at(result: Folded, service: str, measure: str) -> float:
    """One measure of a service."""
    return result.values[ALL, service, ALL, measure]


ONE_PLACE = ladder(clinic={"places": 1, "course": {"length": "2d"}})


def test_waits_and_lists_of_three_children_at_one_place() -> None:
    """Children come on days 0, 1 and 2 and stay two days each: they start on days 0, 2 and 4, and wait 0, 1 and 2 days."""
    result = folded(ONE_PLACE, 0, 1, 2)
    assert at(result, "clinic", "wait_started") == pytest.approx(1.0)
    assert at(result, "clinic", "wait_90") == pytest.approx(2.0)
    assert at(result, "clinic", "waited") == pytest.approx(2 / 3)
    assert at(result, "clinic", "waiting") == pytest.approx(3 / 10, rel=1e-5)
    assert at(result, "clinic", "in_course") == pytest.approx(6 / 10, rel=1e-5)
    assert at(result, "clinic", "load") == pytest.approx(6 / 10, rel=1e-5)
    assert at(result, "clinic", "waiting_end") == 0
    assert at(result, "clinic", "started") == pytest.approx(3 * 36.525, rel=1e-5)


def test_children_who_still_wait_count_where_they_should_and_nowhere_else() -> None:
    """A course longer than the period leaves two waiting: the wait of those who started is 0, with the waiting it is not."""
    result = folded(ladder(clinic={"places": 1, "course": {"length": "99d"}}), 0, 4, 6)
    assert at(result, "clinic", "wait_started") == 0
    assert at(result, "clinic", "wait_list_left") == 0
    assert at(result, "clinic", "wait_list_all") == pytest.approx((0 + 6 + 4) / 3, rel=1e-5)
    assert at(result, "clinic", "waiting_end") == 2
    assert result.values[ALL, "", ALL, "waiting_at_end"] == 2


def test_a_measure_that_nobody_gives_a_value_is_not_defined() -> None:
    """No start: no wait of those who started, and not a wait of 0."""
    result = folded(ladder(clinic={"places": 0, "course": {"length": "2d"}}), 1)
    assert np.isnan(at(result, "clinic", "wait_started"))
    assert np.isnan(at(result, "clinic", "load"))
    assert at(result, "clinic", "waiting_end") == 1


def test_giving_up_and_full_lists_have_their_shares() -> None:
    """One place, room for one to wait, patience of a day: the second waits and gives up, the third meets a full list."""
    clinic = {"places": 1, "patience": "1d", "waiting_list": {"length": 1}, "course": {"length": "5d"}}
    result = folded(ladder(clinic=clinic), 0, 1, 1.5)
    assert at(result, "clinic", "gave_up_share") == pytest.approx(1 / 3)
    assert at(result, "clinic", "refused_share") == pytest.approx(1 / 3)
    assert at(result, "clinic", "wait_list_left") == pytest.approx(1 / 3)


def test_shares_of_rejections_and_offers() -> None:
    """Everybody is rejected as too mild: a share of 1, none of them wrong, and no offer from anyone."""
    document = ladder(
        bup={
            "places": 1,
            "step": "red",
            "intake": {"review": "1d", "accept": {"red": 1.0}},
            "course": {"length": "2d"},
        }
    )
    document["needs"] = {"mild": {"severity": "mild", "step": "yellow"}, "severe": {"severity": "severe", "step": "red"}}
    document["period"] = {"length": "200d"}
    result = folded(document, 0, 1, 2, needs=(0, 0, 1))
    assert at(result, "bup", "rejected_share") == pytest.approx(2 / 3)
    assert at(result, "bup", "rejected_wrong") == 0
    assert at(result, "bup", "referrals") == pytest.approx(3 / 200 * 365.25)
    assert result.values[ALL, "", ALL, "offer_within_13_weeks"] == pytest.approx(1 / 3)
    span = (200 * DAY + 1 - 13 * WEEK) / (365.25 * DAY)
    assert at(result, "bup", "rejected_alone") == pytest.approx(2 / span)


def test_a_rejection_of_a_child_who_needed_the_service_is_wrong_by_the_model() -> None:
    """Nobody is accepted: the child on the red step was rejected wrongly, the one on the yellow step was not."""
    document = ladder(bup={"places": 1, "step": "red", "intake": {"review": "1d", "accept": {}}, "course": {"length": "2d"}})
    document["needs"] = {"mild": {"severity": "mild", "step": "yellow"}, "severe": {"severity": "severe", "step": "red"}}
    result = folded(document, 0, 1, needs=(0, 1))
    assert at(result, "bup", "rejected_wrong") == pytest.approx(36.525, rel=1e-5)
    assert at(result, "bup", "rejected") == pytest.approx(2 * 36.525, rel=1e-5)


def test_the_wait_of_a_referral_runs_from_the_day_it_was_received() -> None:
    """Reviewed for three days, then a free place: three days of waiting by the national definition, none on the list."""
    document = ladder(bup={"places": 1, "intake": {"review": "3d", "accept": {"green": 1.0}}, "course": {"length": "2d"}})
    result = folded(document, 0)
    assert at(result, "bup", "wait_started") == pytest.approx(3, abs=1e-4)
    assert at(result, "bup", "wait_list_started") == pytest.approx(0, abs=1e-4)
    assert result.values[ALL, "", ALL, "wait_after_referral"] == pytest.approx(3, abs=1e-4)


def test_overload_is_hours_beyond_capacity() -> None:
    """Two places become one on day 4 while two courses run to day 6: one place too many for two of ten days."""
    document = ladder(clinic={"places": 2, "course": {"length": "6d"}})
    document["changes"] = [{"set": "clinic.places=1", "from": "2027-01-08"}]
    result = folded(document, 0, 0)
    assert at(result, "clinic", "overload_hours") == pytest.approx(0.2, rel=1e-4)
    assert at(result, "clinic", "load") == pytest.approx(12 / (2 * 4 + 1 * 6), rel=1e-4)


def test_the_weekly_series_shows_lists_courses_and_hours_of_the_day() -> None:
    """On day 7 one child is in the course and one waits; capacity is the one place."""
    document = ladder(clinic={"places": 1, "course": {"length": "9d"}})
    result = folded(document, 0, 6)
    assert result.series[1, 0].tolist() == [1.0, 1.0, 1.0, 1.0]


def test_the_share_started_counts_those_who_never_started() -> None:
    """Of two children one starts at once and one gives up: half have started, however long one follows them."""
    clinic = {"places": 1, "patience": "1d", "course": {"length": "300d"}}
    document = ladder(clinic=clinic)
    document["period"] = {"length": "365d"}
    result = folded(document, 0, 1)
    assert result.waits[0].tolist() == [0.5] * 27


def test_third_transfer_without_help_makes_a_child_sent_around() -> None:
    """Four doors in a row and no help: the third handover counts once; with help in between it does not."""
    door = {"places": "endless", "step": "green", "course": {"length": "1h"}}
    names = ("one", "two", "three", "four")
    services = {name: door | ({"routes": [{"to": following}]}) for name, following in pairwise(names)}
    document = ladder(**services, four=door)
    assert folded(document, 0).values[ALL, "", ALL, "sent_around"] == pytest.approx(36.525, rel=1e-5)
    document["services"]["two"] = document["services"]["two"] | {"step": "orange"}
    assert folded(document, 0).values[ALL, "", ALL, "sent_around"] == 0


def test_every_measure_is_told_in_both_languages() -> None:
    """Name and definition of each measure, in Norwegian and in English."""
    for measure in MEASURES.values():
        for label in (measure.label, measure.about):
            assert label.nb.strip()
            assert label.en.strip()


def test_guards_are_those_that_must_not_get_worse() -> None:
    """The guard measures are the ones the domain names."""
    guards = {measure.name for measure in MEASURES.values() if measure.guard}
    assert guards == {
        "never_helped",
        "lost_in_handover",
        "rejected_without_offer",
        "worsened_waiting",
        "crises",
        "deadline_breaches",
        "overload",
        "worst_off_group",
    }
    assert MINIMUM_REPLICATIONS == 10


def test_staff_that_an_area_states_for_itself_is_the_staff_it_has() -> None:
    """The scenario's clinic has two posts, this area's version three: the area's capacity is three posts' hours."""
    document = ladder(clinic={"staff": {"therapist": {"fte": 2}}, "course": {"length": "7d", "hours": 5}})
    document["areas"] = {"here": {"services": {"clinic": {"staff": {"therapist": {"fte": 3}}}}}}
    plans = phases(load(document))
    assert plans[0].capacity == (3 * 2250,)


def test_children_already_on_a_list_are_no_new_needs_and_are_not_reviewed_again() -> None:
    """Three are waiting on the first day: they start at once where there is room, and nobody was referred."""
    document = ladder(bup={"places": 2, "opening_list": 3, "course": {"length": "2d"},
                           "intake": {"review": "3d", "accept": {"green": 1.0}}})  # fmt: skip
    document["demand"]["children"]["rate"] = "0/d"
    result = run(load(document), replications=1, workers=1, record="log")
    values = result.replications[0].folded.values
    assert values[ALL, "bup", ALL, "referrals"] == 0
    assert values[ALL, "", ALL, "needs"] == 0
    assert values[ALL, "bup", ALL, "wait_started"] == pytest.approx(2 / 3)
    assert result.events(0)["detail"].tolist()[0] == "already waiting"


def test_services_that_share_a_pool_are_served_in_the_order_of_their_weight() -> None:
    """One post for two services, each course taking all of it: whoever is free first serves the lighter weight first."""
    course = {"sessions": 2, "interval": "1d"}
    document = ladder(
        team={"weight": 2, "staff": {"post": {"fte": 1, "weekly_hours": 7}}, "course": course | {"hours": 1}},
        school={"weight": 1, "course": course | {"hours": {"team.post": 1}}},
    )
    document["demand"]["others"] = {"to": "school", "rate": "1/d"}
    plans = phases(load(document))
    assert plans[0].shape.groups == ((0, 1),)
    zeros = np.zeros(3, dtype=np.int64)
    cohort = Cohort(np.arange(1, 4, dtype=np.uint64), np.asarray([0, 3600, 7200]), zeros, zeros + NO_BAND, zeros + NO_AGE,
                    zeros, np.asarray([0, 0, 1]), zeros, zeros - 1, zeros)  # fmt: skip
    trajectory = simulate(plans, cohort)
    check(plans, trajectory)
    starts = trajectory.log.of(Kind.STARTED)
    assert starts.child.tolist() == [0, 2, 1]
    assert (starts.time // DAY).tolist() == [0, 2, 4]
