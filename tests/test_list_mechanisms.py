"""What waiting lists can do, one mechanism at a time: a timeline by hand, a direction, and nobody else touched by it."""

from __future__ import annotations

import numpy as np
import pytest
from timelines import (
    CHILD,
    DETAIL,
    KIND,
    RECEIVED,
    SINCE,
    TIME,
    Coming,
    coming,
    going,
    key_ringing_after,
    key_where,
    ladder,
    quantile,
    tell,
)

from scenarios.levers import apply
from scenarios.load import load
from scenarios.schema import Law
from scenarios.units import DAY, HOUR
from sim.build import phases
from sim.children import OPENING, OPENING_CASE
from sim.cohort import draw_cohort
from sim.draws import ONE
from sim.engine import simulate
from sim.identities import check
from sim.laws import look_up, residual, table
from sim.midway import dropouts_midway, midway
from sim.records import Kind
from sim.rules import DONE, DROPPED_OUT

NEEDS = {"moderate": {}, "mild": {"severity": "mild"}, "severe": {"severity": "severe"}}
A_HUNDRED = {"length": "100s"}


def clinic(others=None, length="2000s", needs=NEEDS, scenario=None, **service):
    """One place, courses of 100 seconds, and what is said of the clinic."""
    services = {"clinic": {"places": 1, "course": A_HUNDRED} | service} | (others or {})
    return ladder(services, length=length, needs=needs, **(scenario or {}))


def starts(told):
    """Who starts, in order."""
    return [child for _, _, child, _ in told.story("started")]


def open_to_all():
    return {"places": "endless", "course": {"length": "40s"}}


# Order


def on_the_list(second=0, need="moderate", waited=0):
    """Already on the list on the first day."""
    return Coming(second, "clinic", need, waited=waited, stream=OPENING)


IN_DEADLINE = {"by_severity": {"mild": "700s", "moderate": "700s", "severe": "700s"}}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["severity", "deadline"], [2, 1, 0]),
        (["severity", "referral"], [2, 1, 0]),
        (["severity", "first_come"], [2, 0, 1]),
        (["severity"], [2, 0, 1]),
        (["deadline", "severity"], [1, 0, 2]),
        (["deadline", "first_come"], [1, 0, 2]),
        (["referral"], [1, 0, 2]),
        (["first_come"], [0, 1, 2]),
        (["first_come", "severity"], [2, 0, 1]),
        (["first_come", "deadline"], [1, 0, 2]),
    ],
)
def test_the_next_order_decides_between_those_alike_in_the_one_before(order, expected):
    """On the list at 0: a moderate one of 10 seconds, a moderate one of 50, a severe one of none. One place."""
    scenario = clinic(waiting_list={"order": order}, deadline=IN_DEADLINE)
    told = tell(scenario, on_the_list(waited=10), on_the_list(waited=50), on_the_list(need="severe"))
    assert told.story("started") == [(100 * nth, "started", child, "clinic") for nth, child in enumerate(expected)]


@pytest.mark.parametrize(("order", "expected"), [(["first_come", "severity"], [0, 1, 2, 3]), (["severity"], [0, 3, 1, 2])])
def test_first_come_stated_first_comes_before_all_else(order, expected):
    """Mild at 10, moderate at 20, severe at 30: by severity only those of one second change places."""
    scenario = clinic(waiting_list={"order": order})
    assert (
        starts(tell(scenario, 0, Coming(10, need="moderate"), Coming(20, need="moderate"), Coming(30, need="severe")))
        == expected
    )


def test_whoever_has_no_deadline_comes_after_all_who_have_one():
    """A deadline of 40 days in a run of 10: it is still before none at all."""
    scenario = clinic(
        length="10d", course={"length": "1d"}, waiting_list={"order": "deadline"}, deadline={"by_severity": {"mild": "40d"}}
    )
    told = tell(scenario, 0, Coming(10, need="severe"), Coming(20, need="mild"))
    assert starts(told) == [0, 2, 1]


def sharing(first, second):
    """Two services with hours for one course between them; the lists have orders of their own."""
    course, staff = {"length": "10d", "hours": {"clinic.worker": 10, "leader": 1}}, {"fte": 1, "weekly_hours": 10}
    services = {
        "clinic": {"staff": {"worker": staff}, "waiting_list": {"order": first}, "course": course | {"hours": 10}},
        "annex": {"staff": {"leader": staff}, "waiting_list": {"order": second}, "course": course},
    }
    return ladder(services, length="60d", needs=NEEDS)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("severity", "first_come", [0, 2, 3, 1]),  # unlike: between lists the one who joined first, within them their own
        ("severity", "severity", [0, 3, 2, 1]),  # alike: one order over both
        ("first_come", "first_come", [0, 1, 2, 3]),
        ("severity", ["severity", "referral"], [0, 2, 3, 1]),
    ],
)
def test_lists_of_different_orders_share_a_pool(first, second, expected):
    """Waiting for the hours of one: mild at 10 and severe at 30 in the clinic, moderate at 20 in the annex."""
    children = (Coming(10, need="mild"), Coming(20, "annex", "moderate"), Coming(30, need="severe"))
    told = tell(sharing(first, second), 0, *children)
    assert [(second, child) for second, _, child, _ in told.story("started")] == [
        (10 * DAY * nth, child) for nth, child in enumerate(expected)
    ]


# Rising


def test_a_wait_that_lasts_lifts_a_child_by_one_severity():
    """Mild since 10 counts as moderate from 95 and came first; the moderate one of 20 counts as severe from 105, in vain."""
    scenario = clinic(waiting_list={"order": "severity", "rises": "85s"})
    children = (0, Coming(10, need="mild"), Coming(20, need="moderate"))
    told = tell(scenario, *children)
    assert told.detailed(but=("arose", "joined", "ended", "left")) == [
        (0, "started", 0, "clinic", 0),
        (95, "raised", 1, "clinic", 1),
        (100, "started", 1, "clinic", 0),
        (105, "raised", 2, "clinic", 1),
        (200, "started", 2, "clinic", 0),
    ]
    assert starts(tell(clinic(waiting_list={"order": "severity"}), *children)) == [0, 2, 1]


def test_nobody_rises_above_severe():
    """Nobody can start: mild rises twice, moderate once, severe never."""
    scenario = clinic(places=0, waiting_list={"order": "severity", "rises": "85s"})
    told = tell(scenario, Coming(0, need="mild"), Coming(1, need="moderate"), Coming(2, need="severe"))
    assert told.detailed("raised") == [
        (85, "raised", 0, "clinic", 1),
        (86, "raised", 1, "clinic", 1),
        (170, "raised", 0, "clinic", 2),
    ]


def test_each_rise_has_a_draw_of_its_own():
    law = Law(law="exponential", mean="60s")
    scenario = clinic(places=0, waiting_list={"order": "severity", "rises": law.plain()})
    told = tell(scenario, Coming(0, need="mild", key=77))
    first, second = (look_up(table(law), quantile(77, "rise", "clinic", nth)) for nth in (0, 1))
    assert told.story("raised") == [(first, "raised", 0, "clinic"), (first + second, "raised", 0, "clinic")]


# Worsening while on a list

WORSENING = {
    "calm": {},
    "falling": {"severity": "mild", "worsening": "0.01/s", "worsens_to": "fallen"},
    "fallen": {"severity": "severe"},
}
PER_YEAR = 0.01 * 31557600


def falling(second, seconds, to="clinic"):
    """A mild child whose need is severe so many seconds later."""
    return Coming(second, to, "falling", key=key_ringing_after(seconds, "worsening", PER_YEAR))


@pytest.mark.parametrize(("order", "expected"), [(["severity", "first_come"], [0, 2, 1]), (["first_come"], [0, 1, 2])])
def test_a_need_that_worsens_moves_a_child_up_only_where_severity_counts(order, expected):
    scenario = clinic(needs=WORSENING, waiting_list={"order": order})
    assert starts(tell(scenario, Coming(0, need="calm"), Coming(10, need="calm"), falling(20, 40))) == expected


def test_a_need_that_another_course_has_made_worse_moves_the_child_up():
    """In the ward's course from 5, which ends at 45 and makes it worse; on the clinic's list since 5: severe, it is next."""
    ward = {
        "places": "endless",
        "course": {"length": "40s"},
        "outcomes": {"matched": {"worse": 1.0}},
        "alongside": [{"to": "clinic"}],
    }
    scenario = clinic({"ward": ward}, needs=WORSENING, waiting_list={"order": "severity"})
    told = tell(scenario, Coming(0, need="calm"), Coming(2, need="calm"), Coming(5, "ward", "falling"))
    assert told.story("ended", "started") == [
        (0, "started", 0, "clinic"),
        (5, "started", 2, "ward"),
        (45, "ended", 2, "ward"),
        (100, "ended", 0, "clinic"),
        (100, "started", 2, "clinic"),
        (200, "ended", 2, "clinic"),
        (200, "started", 1, "clinic"),
        (300, "ended", 1, "clinic"),
    ]


def test_a_child_who_is_ranked_anew_is_one_child_still():
    """Severe stays severe when it worsens: it has one place on the list, and is no group of two."""
    needs = {"bad": {"severity": "severe", "worsening": "0.01/s", "worsens_to": "worse"}, "worse": {"severity": "severe"}}
    scenario = clinic(needs=needs, waiting_list={"order": "severity"}, course={"length": "100s", "group": {"size": 2}})
    first = Coming(0, key=key_ringing_after(40, "worsening", PER_YEAR))
    told = tell(scenario, first, Coming(60, need="worse"))
    assert told.story("worsened", "group_started", "started") == [
        (40, "worsened", 0, ""),
        (60, "group_started", -1, "clinic"),
        (60, "started", 0, "clinic"),
        (60, "started", 1, "clinic"),
    ]


# At once


def test_the_severe_start_at_once_over_capacity():
    """The place is taken and one is waiting: the severe child of 20 starts all the same, and the next waits for both ends."""
    told = tell(clinic(needs=NEEDS, waiting_list={"at_once": ["severe"]}), 0, 10, Coming(20, need="severe"))
    assert told.detailed(but=("arose", "joined", "left")) == [
        (0, "started", 0, "clinic", 0),
        (20, "started", 2, "clinic", 1),
        (20, "overloaded", 2, "clinic.places", 1),
        (100, "ended", 0, "clinic", 0),
        (120, "ended", 2, "clinic", 0),
        (120, "started", 1, "clinic", 0),
        (220, "ended", 1, "clinic", 0),
    ]


def test_whoever_becomes_severe_while_waiting_starts_at_once():
    """Also before the first appointment, which is set for a fortnight later; still under review it waits for the decision."""
    told = tell(clinic(needs=WORSENING, waiting_list={"at_once": ["severe"]}), Coming(0, need="calm"), falling(10, 40))
    assert told.story("worsened", "started", "overloaded") == [
        (0, "started", 0, "clinic"),
        (50, "worsened", 1, ""),
        (50, "started", 1, "clinic"),
        (50, "overloaded", 1, "clinic.places"),
    ]
    intake = {"review": "30s", "accept": {"green": 1.0}, "lead": "500s"}
    reviewed = clinic(needs=WORSENING, intake=intake, waiting_list={"at_once": ["severe"]})
    assert tell(reviewed, falling(10, 40)).story("joined", "worsened", "started") == [
        (40, "joined", 0, "clinic"),
        (50, "worsened", 0, ""),
        (50, "started", 0, "clinic"),
    ]
    assert tell(reviewed, falling(10, 20)).story("joined", "worsened", "started") == [
        (30, "worsened", 0, ""),
        (40, "joined", 0, "clinic"),
        (40, "started", 0, "clinic"),
    ]


def test_a_course_elsewhere_that_makes_worse_is_followed_at_once():
    ward = {
        "places": "endless",
        "course": {"length": "40s"},
        "outcomes": {"matched": {"worse": 1.0}},
        "alongside": [{"to": "clinic"}],
    }
    scenario = clinic({"ward": ward}, needs=WORSENING, places=0, waiting_list={"at_once": ["severe"]})
    assert tell(scenario, Coming(5, "ward", "falling")).story("started", "overloaded") == [
        (5, "started", 0, "ward"),
        (45, "started", 0, "clinic"),
        (45, "overloaded", 0, "clinic.places"),
    ]


# Meetings at which places are given out


def test_places_are_given_out_at_the_meeting_and_not_between_two():
    """Meetings every three hours, two places. The third child waits for the third meeting though a place is free from seven."""
    scenario = clinic(places=2, waiting_list={"every": "3h"}, course={"length": "4h"}, length="1d")
    told = tell(scenario, 10, 20, 30, 6 * HOUR, 9 * HOUR + 1)
    assert told.moves() == [
        (3 * HOUR, "started", 0, "clinic"),
        (3 * HOUR, "started", 1, "clinic"),
        *going(7 * HOUR, 0),
        *going(7 * HOUR, 1),
        (9 * HOUR, "started", 2, "clinic"),
        (9 * HOUR, "started", 3, "clinic"),
        *going(13 * HOUR, 2),
        *going(13 * HOUR, 3),
        (15 * HOUR, "started", 4, "clinic"),
        *going(19 * HOUR, 4),
    ]


def test_meetings_count_from_the_start_date_also_before_it_and_take_whoever_comes_in_their_second():
    """A warm-up of ten hours: meetings at -9, -6, -3 and 0; a child of the very second is still in time."""
    period = {"start": "2027-01-04", "warmup": "10h", "length": "4h"}
    scenario = clinic(places=9, waiting_list={"every": "3h"}, scenario={"period": period})
    told = tell(scenario, -10 * HOUR, -9 * HOUR, -9 * HOUR + 1, -6 * HOUR, 0, 1, 3 * HOUR)
    assert [second / HOUR for second, _, _, _ in told.story("started")] == [-9, -9, -6, -6, 0, 3, 3]


def test_whoever_may_be_called_in_from_the_second_of_the_meeting_is_in_time():
    """Decided after one hour and callable two later, at three: the meeting of that second comes after it."""
    intake = {"review": "1h", "accept": {"green": 1.0}, "lead": "2h"}
    told = tell(clinic(intake=intake, waiting_list={"every": "3h"}, length="1d"), 0, 1)
    assert told.story("started") == [(3 * HOUR, "started", 0, "clinic"), (6 * HOUR, "started", 1, "clinic")]


def test_meetings_held_more_often_from_a_date_on_are_held_then():
    """Every ten days; from the fifth day on every three: the child of the second day starts on the seventh."""
    scenario = clinic(length="30d", course={"length": "1d"}, waiting_list={"every": "10d"})
    assert tell(scenario, DAY).story("started") == [(10 * DAY, "started", 0, "clinic")]
    often = apply(scenario, "clinic.waiting_list.every=3d@2027-01-08")
    assert tell(often, DAY, 7 * DAY).story("started") == [(6 * DAY, "started", 0, "clinic"), (9 * DAY, "started", 1, "clinic")]
    seldom = apply(
        clinic(length="30d", course={"length": "1d"}, waiting_list={"every": "3d"}), "clinic.waiting_list.every=10d@2027-01-06"
    )
    assert tell(seldom, 2 * DAY + 1, 12 * DAY).story("started") == [
        (10 * DAY, "started", 0, "clinic"),
        (20 * DAY, "started", 1, "clinic"),
    ]


# Another service of the same step

QUEUE = (0, 10, 20)
"""Start at 0, 100 and 200: the known wait is 90 from 100 on, and 180 from 200 on."""


def test_whoever_joins_a_list_with_a_long_known_wait_goes_to_another_service():
    """At 110 the known wait is 90, above 50, and none in the annex: the referral goes along with its date."""
    scenario = clinic({"annex": open_to_all()}, waiting_list={"switch": {"to": "annex", "over": "50s"}})
    told = tell(scenario, *QUEUE, 100, 110)
    assert told.detailed(child=4) == [
        (110, "arose", 4, "", 0),
        (110, "joined", 4, "clinic", 0),
        (110, "switched", 4, "clinic", 1),
        (110, "joined", 4, "annex", 0),
        (110, "started", 4, "annex", 2),
        (150, "ended", 4, "annex", 0),
        (150, "left", 4, "", 2),
    ]
    # the child of 100 came before the start of that second was known
    assert [child for _, _, child, _ in told.story("switched")] == [4]


def in_hours(switch, annex=None):
    """The same in hours: courses of ten, and those of the annex of four."""
    services = {"annex": annex or {"places": "endless", "course": {"length": "4h"}}}
    return clinic(services, course={"length": "10h"}, waiting_list={"switch": {"to": "annex"} | switch}, length="4d")


HOURS = (0, HOUR, 2 * HOUR)
"""Start at 0, 10 and 20 hours: the known wait is 9 hours from the tenth on."""


def test_those_who_have_waited_are_asked_again_and_again():
    """Reviewed at 5, 8 and 11 hours after joining at 2: only then is the known wait long. The date received goes along."""
    told = tell(in_hours({"over": "5h", "review": "3h"}), *HOURS)
    assert told.story("switched", "started") == [
        (0, "started", 0, "clinic"),
        (10 * HOUR, "started", 1, "clinic"),
        (11 * HOUR, "switched", 2, "clinic"),
        (11 * HOUR, "started", 2, "annex"),
    ]
    assert told.rows[told.rows[:, KIND] == Kind.STARTED][2, [SINCE, RECEIVED]].tolist() == [11 * HOUR, 2 * HOUR]


@pytest.mark.parametrize(
    ("switch", "annex"),
    [
        ({"over": "90s"}, {}),  # not longer than that
        ({"over": "50s", "share": 0.0}, {}),
        ({"over": "50s"}, {"ages": [5, 6], "open": False}),
        ({"over": "50s"}, {"places": 0}),  # see below: the wait there is as long
    ],
)
def test_nobody_switches_without_reason_or_to_where_it_takes_no_less(switch, annex):
    annex = open_to_all() | annex
    scenario = clinic({"annex": annex}, waiting_list={"switch": {"to": "annex"} | switch})
    children = (*QUEUE, (20, "annex"), 110)
    told = tell(scenario, *sorted(children, key=lambda c: c if isinstance(c, int) else c[0]))
    if annex["places"] == 0:  # a wait of which nobody knows is none: so somebody does go
        assert len(told.story("switched")) == 1
    else:
        assert not told.story("switched")


def test_nobody_switches_to_where_the_known_wait_is_as_long():
    """Both lists have the same children at the same seconds."""
    scenario = in_hours({"over": "5h", "review": "1h"}, annex={"places": 1, "course": {"length": "10h"}})
    told = tell(scenario, *(child for second in HOURS for child in (second, (second, "annex"))), 11 * HOUR)
    assert not told.story("switched")


def test_of_those_it_concerns_a_share_switches_by_a_draw_for_each_review():
    """Half: not on joining after 11 hours, not at the review of 14, but at that of 17."""
    key = key_where(("switch", "clinic", 0.5, 1.0, 0), ("switch", "clinic", 0.5, 1.0, 1), ("switch", "clinic", 0.0, 0.5, 2))
    patient = key_where(*(("switch", "clinic", 0.5, 1.0, nth) for nth in range(12)))
    scenario = in_hours({"over": "5h", "review": "3h", "share": 0.5})
    told = tell(scenario, 0, HOUR, Coming(2 * HOUR, key=patient), Coming(11 * HOUR, key=key))
    assert told.story("switched") == [(17 * HOUR, "switched", 3, "clinic")]


# Balking


def test_a_long_known_wait_keeps_children_from_joining():
    """Half stay away above 50, all above 150. Of two at 110 (known wait 90) one stays; at 210 (180) nobody does."""
    balking = [{"over": "50s", "share": 0.5}, {"over": "150s", "share": 1.0}]
    other = {"private": open_to_all()}
    routes = [{"to": "private", "after": "balked", "delay": "5s"}]
    shy, keen = key_where(("balk", "clinic", 0.0, 0.5)), key_where(("balk", "clinic", 0.5, 1.0))
    scenario = clinic(other, balking=balking, routes=routes)
    told = tell(scenario, *QUEUE, Coming(110, key=shy), Coming(110, key=keen), Coming(210, key=keen + 10**9))
    assert told.detailed("balked") == [(110, "balked", 3, "clinic", 90), (210, "balked", 5, "clinic", 180)]
    assert told.story(child=3) == [
        *coming(110, 3),
        (110, "balked", 3, "clinic"),
        (110, "handed_over", 3, "private"),
        (115, "joined", 3, "private"),
        (115, "started", 3, "private"),
        *going(155, 3, "private"),
    ]
    assert told.story("started", child=4) == [(300, "started", 4, "clinic")]


def test_the_wait_that_is_known_is_that_of_the_last_who_started():
    """After a wait of 90 one of none: the child of 310 finds no queue, and the one of 320 joins again."""
    scenario = clinic(balking=[{"over": "50s", "share": 1.0}])
    told = tell(scenario, 0, 10, 210, 220)
    assert told.detailed("balked") == [(210, "balked", 2, "clinic", 90), (220, "balked", 3, "clinic", 90)]
    told = tell(clinic(balking=[{"over": "90s", "share": 1.0}]), 0, 10, 210, 220)
    assert not told.story("balked")


def test_those_already_on_the_list_on_the_first_day_stay_on_it():
    """A warm-up has made the known wait long: it keeps newcomers away, and nobody who was there before."""
    scenario = clinic(
        balking=[{"over": "50s", "share": 1.0}],
        waiting_list={"switch": {"to": "annex", "over": "50s"}},
        others={"annex": open_to_all()},
        scenario={"period": {"start": "2027-01-04", "warmup": "500s", "length": "900s"}},
    )
    told = tell(scenario, -400, -390, on_the_list(), 1)
    assert told.story("balked", "switched", "started") == [
        (-400, "started", 0, "clinic"),
        (-300, "started", 1, "clinic"),
        (0, "started", 2, "clinic"),
        (100, "started", 3, "clinic"),
    ]
    told = tell(scenario, -400, -390, 0)
    assert told.story("balked") == [(0, "balked", 2, "clinic")]


def test_a_caseload_that_begins_with_the_run_makes_no_wait_known():
    """The known wait of the warm-up holds on until somebody starts who has waited."""
    scenario = clinic(
        places=2,
        balking=[{"over": "50s", "share": 1.0}],
        scenario={"period": {"start": "2027-01-04", "warmup": "500s", "length": "900s"}},
    )
    case = Coming(0, stream=OPENING_CASE)
    assert tell(scenario, -400, -399, -390, case, 1).detailed("balked") == [(1, "balked", 4, "clinic", 90)]


# Patience


def test_patience_by_severity_and_where_those_go_who_lose_it():
    """The severe wait 30 seconds, others 100; two thirds go to a private practice, the rest to the ward; nobody is lost."""
    routes = [
        {"to": "private", "after": "gave_up", "share": 0.5, "delay": "5s"},
        {"to": "ward", "after": "gave_up", "share": 0.5, "delay": "7s"},
    ]
    scenario = clinic(
        {"private": open_to_all(), "ward": open_to_all()},
        places=0,
        patience="100s",
        patience_by_severity={"severe": "30s"},
        routes=routes,
    )
    low, high = key_where(("route", "clinic", 0.0, 0.5)), key_where(("route", "clinic", 0.5, 1.0))
    told = tell(
        scenario,
        Coming(0, need="severe", key=low),
        Coming(1, need="mild", key=high),
        Coming(2, need="moderate", key=low + 10**9),
    )
    assert told.story("gave_up", "handed_over")[:5] == [
        (30, "gave_up", 0, "clinic"),
        (30, "handed_over", 0, "private"),
        (101, "gave_up", 1, "clinic"),
        (101, "handed_over", 1, "ward"),
        (102, "gave_up", 2, "clinic"),
    ]
    assert told.story("started")[:2] == [(35, "started", 0, "private"), (108, "started", 1, "ward")]


def test_patience_stated_for_one_severity_is_for_ever_for_the_others():
    told = tell(clinic(places=0, patience_by_severity={"severe": "30s"}), 0, Coming(1, need="severe"), Coming(2, need="mild"))
    assert told.story("gave_up") == [(31, "gave_up", 1, "clinic")]


def test_the_severity_that_counts_for_patience_is_that_of_joining():
    """Mild with a patience of 200 from second 10, severe from 50 on: it gives up at 210."""
    scenario = clinic(needs=WORSENING, places=0, patience_by_severity={"mild": "200s", "severe": "5s"})
    assert tell(scenario, falling(10, 40)).story("worsened", "gave_up") == [
        (50, "worsened", 0, ""),
        (210, "gave_up", 0, "clinic"),
    ]


def test_a_crisis_is_a_way_out_for_those_who_give_up():
    """Those who lose patience go to the ward as urgent, into a full service."""
    scenario = clinic(
        {"ward": {"places": 0, "course": A_HUNDRED}},
        places=0,
        patience="50s",
        routes=[{"to": "ward", "after": "gave_up", "urgent": True}],
    )
    assert tell(scenario, 0).moves() == [
        (50, "gave_up", 0, "clinic"),
        (50, "handed_over", 0, "ward"),
        (51, "started", 0, "ward"),
        (51, "overloaded", 0, "ward.places"),
        *going(151, 0, "ward"),
    ]


def test_a_first_appointment_of_an_earlier_stay_says_nothing_about_the_one_under_review():
    """Callable from day 30, gave up on day 13, under review again from day 23: closing on day 31 sends that referral back."""
    intake = {"review": "10d", "accept": {"green": 1.0}, "lead": "20d"}
    routes = [{"to": "clinic", "after": "gave_up", "delay": "10d"}]
    scenario = clinic(length="90d", intake=intake, patience="3d", routes=routes, closes="2027-02-04")
    assert tell(scenario, 0).story("referred", "gave_up", "withdrew", "accepted") == [
        (0, "referred", 0, "clinic"),
        (10 * DAY, "accepted", 0, "clinic"),
        (13 * DAY, "gave_up", 0, "clinic"),
        (23 * DAY, "referred", 0, "clinic"),
        (31 * DAY, "withdrew", 0, "clinic"),
    ]


# Deadlines and guarantees


def due(law="100s", share=1.0, **more):
    """A deadline of so many seconds with another provider who takes over ten seconds after it is broken."""
    overflow = {"to": "other", "share": share, "price": 5000, "delay": "10s"}
    return {"by_severity": {"moderate": law}, "overflow": overflow} | more


@pytest.mark.parametrize(
    ("deadline", "expected"),
    [
        (due(guarantee="60s"), [(61, "breached", 1), (71, "overflowed", 5000)]),
        (due(guarantee="60s", share=0.0), [(61, "breached", 1), (101, "breached", 0)]),
        (due(guarantee="60s", overflow=None), [(61, "breached", 1), (101, "breached", 0)]),
        (due(), [(101, "breached", 0), (111, "overflowed", 5000)]),
        (due(guarantee="95s"), [(96, "breached", 1), (101, "breached", 0), (106, "overflowed", 5000)]),
        (due(guarantee="300s"), [(101, "breached", 0), (111, "overflowed", 5000)]),  # weaker than the law's
        ({"guarantee": "60s"}, [(61, "breached", 1)]),
    ],
)
def test_a_guarantee_is_a_deadline_of_its_own_and_another_provider_is_paid_once(deadline, expected):
    """Received at 0, nobody can start: which deadlines are broken when, and when the other takes over at what price."""
    told = tell(clinic({"other": open_to_all()}, places=0, deadline=deadline), 0)
    assert [(second, kind, detail) for second, kind, _, _, detail in told.detailed("breached", "overflowed")] == expected
    taken_over = any(kind == "overflowed" for _, kind, _ in expected)
    assert told.story("started") == ([(expected[-1][0], "started", 0, "other")] if taken_over else [])


def test_a_start_in_the_last_second_keeps_the_guarantee():
    scenario = clinic(deadline={"guarantee": "90s"})
    assert not tell(scenario, 0, 10).story("breached")
    assert tell(clinic(deadline={"guarantee": "89s"}), 0, 10).story("breached") == [(100, "breached", 1, "clinic")]


def test_a_guarantee_sets_the_order_and_the_first_appointment():
    """By deadline: 60 for whoever is severe comes from the guarantee; the lead is cut to half of the time left to it."""
    intake = {"review": "20s", "accept": {"green": 1.0}, "lead": "500s"}
    told = tell(clinic(intake=intake, deadline={"by_severity": {"moderate": "300s"}, "guarantee": "100s"}), 0)
    assert told.story("started") == [(60, "started", 0, "clinic")]
    told = tell(clinic(intake=intake, deadline={"by_severity": {"moderate": "300s"}}), 0)
    assert told.story("started") == [(160, "started", 0, "clinic")]


# Those who are there on the first day


def drawn(scenario, seed=1, number=0):
    """A run with the children the scenario draws."""
    plans = phases(scenario)
    cohort = draw_cohort(scenario, plans, seed, number)
    trajectory = simulate(plans, cohort)
    check(plans, trajectory)
    return cohort, trajectory.log


ALMOST_NOBODY = {"demand": {"children": {"rate": "0.0001/y", "to": "clinic"}}}


def test_those_on_the_list_have_waited_since_their_referral():
    """Three of 70 seconds on the first day, one place: national waits of 70, 170 and, past the deadline, none."""
    scenario = clinic(
        opening_list=3,
        opening_waited="70s",
        intake={"review": "30s", "accept": {"green": 0.0}},
        deadline={"by_severity": {"moderate": "200s"}, "guarantee": "65s"},
        scenario=ALMOST_NOBODY,
    )
    _, log = drawn(scenario)
    told = log.rows[:, [TIME, KIND, CHILD, DETAIL]].tolist()
    assert told == [
        [0, Kind.AROSE, 0, -1], [0, Kind.REFERRED, 0, -1], [0, Kind.JOINED, 0, 0], [0, Kind.BREACHED, 0, 1],
        [0, Kind.AROSE, 1, -1], [0, Kind.REFERRED, 1, -1], [0, Kind.JOINED, 1, 0], [0, Kind.BREACHED, 1, 1],
        [0, Kind.AROSE, 2, -1], [0, Kind.REFERRED, 2, -1], [0, Kind.JOINED, 2, 0], [0, Kind.BREACHED, 2, 1],
        [0, Kind.STARTED, 0, 0],
        [100, Kind.ENDED, 0, 0], [100, Kind.LEFT, 0, 2], [100, Kind.STARTED, 1, 0],
        [131, Kind.BREACHED, 2, 0],
        [200, Kind.ENDED, 1, 0], [200, Kind.LEFT, 1, 2], [200, Kind.STARTED, 2, 0],
        [300, Kind.ENDED, 2, 0], [300, Kind.LEFT, 2, 2],
    ]  # fmt: skip
    started_ = log.of(Kind.STARTED)
    assert (started_.time - started_.received).tolist() == [70, 170, 270]
    assert (started_.time - started_.since).tolist() == [0, 100, 200]


def test_the_law_s_days_of_those_who_waited_before_the_run_count_from_their_referral():
    """Ten working days from Monday 4 January are over with the 18th; of a child referred 10 days before, 10 days earlier."""
    scenario = clinic(
        length="30d",
        places=0,
        opening_list=1,
        deadline={"working_days": 10},
        opening_waited="10d",
        scenario=ALMOST_NOBODY,
    )
    _, log = drawn(scenario)
    assert log.of(Kind.BREACHED).time.tolist() == [5 * DAY]
    _, log = drawn(apply(scenario, "clinic.opening_waited=60d"))
    assert log.of(Kind.BREACHED).time.tolist() == [0]


def test_what_is_left_of_courses_that_run_on_the_first_day():
    """Two cases of a gamma length: each ends when its draw of what is left says."""
    length = Law(law="gamma", mean="300s", cv=0.6)
    scenario = clinic(places=2, course={"length": length.plain()}, opening_cases=2, scenario=ALMOST_NOBODY)
    cohort, log = drawn(scenario)
    left = [look_up(residual(table(length)), quantile(int(key), "length", "clinic")) for key in cohort.key]
    assert log.of(Kind.STARTED).rows[:, [TIME, DETAIL]].tolist() == [[0, 0], [0, 0]]
    assert sorted(log.of(Kind.ENDED).time.tolist()) == sorted(left)
    assert log.of(Kind.AROSE).detail.tolist() == [OPENING_CASE] * 2


def test_cases_are_in_their_assessment_or_past_it_by_how_long_each_lasts():
    """A quarter of the time of 100 + 300: 'opening' below 0.25 is in the assessment, with all of the course still to come."""
    scenario = clinic(
        places="endless", assessment={"length": "100s"}, course={"length": "300s"}, opening_cases=400, scenario=ALMOST_NOBODY
    )
    cohort, log = drawn(scenario)
    quantiles = np.asarray([quantile(int(key), "opening", "clinic") for key in cohort.key]) / ONE
    assessed, ended = log.of(Kind.ASSESSED), log.of(Kind.ENDED)
    past = set(assessed.child[assessed.time == 0].tolist())
    assert past == set(np.flatnonzero(quantiles >= 0.25).tolist())
    assert 0.7 < len(past) / 400 < 0.8
    at = dict(zip(assessed.child.tolist(), assessed.time.tolist(), strict=True))
    for child, time in zip(ended.child.tolist(), ended.time.tolist(), strict=True):
        key = int(cohort.key[child])
        if child in past:
            assert time == look_up(residual(table(Law.model_validate("300s"))), quantile(key, "rest", "clinic"))
        else:
            assert at[child] == look_up(residual(table(Law.model_validate("100s"))), quantile(key, "length", "clinic"))
            assert time == at[child] + 300


def test_who_drops_out_of_a_course_that_runs_on_the_first_day():
    """Who drops out is met half as often: a half is a third of those met midway, four fifths two thirds. Fixed lengths."""
    assert dropouts_midway(ONE // 2) == ONE // 3
    assert midway(ONE // 4) == ONE // 2
    scenario = clinic(
        places="endless",
        assessment={"length": "100s", "dropout": 0.5},
        course={"length": "300s", "dropout": 0.8},
        opening_cases=300,
        scenario=ALMOST_NOBODY,
    )
    cohort, log = drawn(scenario)
    assessed, ended = log.of(Kind.ASSESSED), log.of(Kind.ENDED)
    at = dict(zip(assessed.child.tolist(), assessed.time.tolist(), strict=True))
    over = {
        child: (time, ending)
        for child, time, ending in zip(ended.child.tolist(), ended.time.tolist(), ended.detail, strict=True)
    }
    for child, key in enumerate(cohort.key.tolist()):
        # of the time there, 100 x 0.75 is in the assessment and 0.5 x 300 x 0.6 after it: five elevenths and six
        stretch = int(quantile(key, "opening", "clinic") / ONE >= 5 / 11)
        length = Law.model_validate(("100s", "300s")[stretch])
        left = look_up(residual(table(length)), quantile(key, ("length", "rest")[stretch], "clinic"))
        if quantile(key, "dropout", "clinic", stretch) / ONE < (1 / 3, 2 / 3)[stretch]:
            left = max(1, int(left * (quantile(key, "dropout_at", "clinic", stretch) / ONE) ** 0.5 + 1e-6))
            assert over[child] == (left, DROPPED_OUT)
        elif stretch:
            assert over[child] == (left, DONE)
        else:
            assert at[child] == left
        assert (at.get(child) == 0) == bool(stretch)


def in_course_at(log, days):
    """How many courses run at the end of these days."""
    begun, over = log.of(Kind.STARTED).time, log.of(Kind.ENDED).time
    return np.asarray([(begun <= day * DAY).sum() - (over <= day * DAY).sum() for day in days])


@pytest.mark.parametrize(
    ("cases", "course"),
    [
        (400, {"course": {"length": {"law": "exponential", "mean": "20d"}}}),
        (
            600,
            {
                "assessment": {"length": {"law": "gamma", "mean": "10d", "cv": 0.5}},
                "course": {"length": {"law": "lognormal", "mean": "20d", "cv": 0.8}},
            },
        ),
        (
            394,  # 20 x (10 x 0.85 + 0.7 x 20 x 0.8): dropping out halves what is lost of a phase
            {
                "assessment": {"length": {"law": "gamma", "mean": "10d", "cv": 0.5}, "dropout": 0.3},
                "course": {"length": {"law": "lognormal", "mean": "20d", "cv": 0.8}, "dropout": 0.4},
            },
        ),
    ],
)
def test_a_run_that_begins_with_the_caseload_it_would_have_keeps_it(cases, course):
    """20 children a day: 20 x length in courses at any time; each of five runs, at ten moments, within noise."""
    source = {
        "name": "steady",
        "period": {"start": "2027-01-04", "length": "100d"},
        "demand": {"children": {"rate": "20/d", "to": "clinic"}},
        "services": {"clinic": {"places": "endless", "opening_cases": cases} | course},
    }
    days = (1, 3, 6, 10, 15, 20, 30, 40, 60, 90)
    runs = 5
    counted = np.mean([in_course_at(drawn(load(source), seed)[1], days) for seed in range(runs)], axis=0)
    assert np.abs(counted - cases).max() < 4.5 * np.sqrt(cases / runs)
    empty = load(source | {"services": {"clinic": source["services"]["clinic"] | {"opening_cases": 0}}})
    assert in_course_at(drawn(empty)[1], days)[3] < 0.7 * cases, "the same check finds a run that begins empty"


def test_the_needs_of_those_who_are_there_are_in_their_own_mix():
    scenario = clinic(
        places=20, opening_list=20, opening_cases=20, opening_mix={"mild": 0.5, "severe": 0.5}, scenario=ALMOST_NOBODY
    )
    _, log = drawn(scenario)
    arose = log.of(Kind.AROSE)
    for state in (OPENING, OPENING_CASE):
        assert set(arose.need[arose.detail == state].tolist()) == {1, 2}
    assert len(arose) == 40


def test_a_list_that_is_longer_than_it_may_be_turns_the_last_away():
    scenario = clinic(places=1, opening_list=4, waiting_list={"length": 2}, scenario=ALMOST_NOBODY)
    _, log = drawn(scenario)
    assert log.of(Kind.REFUSED).rows[:, [TIME, CHILD]].tolist() == [[0, 3]]


# One mechanism, and nobody else

SEVERITIES = {
    "mild": {"severity": "mild"},
    "moderate": {},
    "severe": {"severity": "severe"},
    "theirs": {"severity": "moderate"},
}
TOWN = {
    "name": "town",
    "period": {"start": "2027-01-04", "warmup": "100d", "length": "300d"},
    "needs": SEVERITIES,
    "demand": {
        "here": {"rate": "1/d", "mix": {"mild": 0.4, "moderate": 0.4, "severe": 0.2}, "to": "clinic"},
        "there": {"rate": "1/d", "mix": {"theirs": 1.0}, "to": "far"},
        "beside": {"rate": "0.2/d", "mix": {"moderate": 1.0}, "to": "annex"},
    },
    "services": {
        "clinic": {
            "places": 9,
            "waiting_list": {"order": "severity"},
            "patience": {"law": "exponential", "mean": "40d"},
            "deadline": {"by_severity": {"severe": "10d"}},
            "course": {"length": {"law": "gamma", "mean": "10d", "cv": 0.7}},
        },
        "annex": {"places": 6, "course": {"length": {"law": "gamma", "mean": "10d", "cv": 0.7}}},
        "far": {
            "places": 10,
            "waiting_list": {"order": ["severity", "first_come"]},
            "patience": {"law": "exponential", "mean": "30d"},
            "course": {"length": {"law": "gamma", "mean": "10d", "cv": 0.7}},
        },
    },
}


def town(**of_the_clinic):
    """Two services that have nothing to do with each other, and one more that takes over; the clinic as stated."""
    clinic_ = TOWN["services"]["clinic"]
    waiting = clinic_["waiting_list"] | of_the_clinic.pop("waiting_list", {})
    deadline = clinic_["deadline"] | of_the_clinic.pop("deadline", {})
    changed = clinic_ | {"waiting_list": waiting, "deadline": deadline} | of_the_clinic
    return load(TOWN | {"services": TOWN["services"] | {"clinic": changed}})


NEUTRAL = {
    "no rise within the run": {"waiting_list": {"rises": "90y"}},
    "nobody at once": {"waiting_list": {"at_once": []}},
    "no switch within any wait": {"waiting_list": {"switch": {"to": "annex", "over": "90y", "review": "7d"}}},
    "a switch for nobody": {"waiting_list": {"switch": {"to": "annex", "over": "0s", "review": "7d", "share": 0.0}}},
    "no balking within any wait": {"balking": [{"over": "90y", "share": 1.0}]},
    "balking of nobody": {"balking": [{"over": "0s", "share": 0.0}]},
    "the same patience by severity": {"patience_by_severity": {"severe": {"law": "exponential", "mean": "40d"}}},
    "first come after severity": {"waiting_list": {"order": ["severity", "first_come"]}},
    "a guarantee beyond the run": {"deadline": {"guarantee": "90y"}},
    "nobody there": {"opening_list": 0, "opening_cases": 0, "opening_waited": "30d", "opening_mix": {"severe": 1.0}},
    "a list longer than any": {"waiting_list": {"length": 10**6}},
}
AT_WORK = {
    "rises": {"waiting_list": {"rises": {"law": "exponential", "mean": "5d"}}},
    "at once": {"waiting_list": {"at_once": ["severe"]}},
    "every": {"waiting_list": {"every": "7d"}},
    "switch": {"waiting_list": {"switch": {"to": "annex", "over": "2d", "review": "3d", "share": 0.5}}},
    "balking": {"balking": [{"over": "2d", "share": 0.5}]},
    "patience by severity": {"patience_by_severity": {"severe": {"law": "exponential", "mean": "5d"}}},
    "order": {"waiting_list": {"order": ["deadline", "first_come"]}},
    "guarantee": {"deadline": {"guarantee": "5d", "overflow": {"to": "annex", "price": 1000, "share": 0.5}}},
    "opening list": {"opening_list": 30, "opening_waited": {"law": "exponential", "mean": "30d"}},
    "opening cases": {"opening_cases": 9},
    "length": {"waiting_list": {"length": 3}},
}


def rows_by_key(scenario):
    """The records with each child's key in place of its row."""
    cohort, log = drawn(scenario)
    rows = log.rows.copy()
    keys = np.where(rows[:, CHILD] >= 0, cohort.key[rows[:, CHILD]].astype(np.int64), -1)
    rows[:, CHILD] = keys
    return cohort, rows


@pytest.fixture(scope="module")
def quiet_town():
    return rows_by_key(town())


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_mechanism_that_is_not_used_changes_no_byte(name, quiet_town):
    assert rows_by_key(town(**NEUTRAL[name]))[1].tobytes() == quiet_town[1].tobytes()


@pytest.mark.parametrize("name", AT_WORK)
def test_a_mechanism_at_work_in_one_service_leaves_the_children_of_another_as_they_were(name, quiet_town):
    cohort, before = quiet_town
    _, after = rows_by_key(town(**AT_WORK[name]))
    theirs = cohort.key[cohort.stream == 1].astype(np.int64)
    assert len(theirs) > 300
    there = [rows[np.isin(rows[:, CHILD], theirs)] for rows in (before, after)]
    assert there[0].tobytes() == there[1].tobytes()
    assert before.tobytes() != after.tobytes()


# Directions


def mean_wait(scenario, need):
    """Of those with this need who started at the clinic in the period."""
    _, log = drawn(scenario)
    begun = log.of(Kind.STARTED)
    number = list(scenario.needs).index(need)
    here = (begun.place == 0) & (begun.need == number) & (begun.time >= 0)
    return float((begun.time - begun.since)[here].mean())


def count(scenario, *kinds):
    _, log = drawn(scenario)
    return len(log.of(*kinds).where(log.of(*kinds).time >= 0))


def at_reviews(scenario):
    """How many switch at a dated review."""
    switched = drawn(scenario)[1].of(Kind.SWITCHED)
    assert (switched.time == switched.since).any()
    return int((switched.time > switched.since).sum())


def test_directions_of_the_list():
    """The same children: who gains and who loses by each mechanism, and more of it moves more."""
    plain = town()
    assert mean_wait(plain, "severe") < mean_wait(plain, "moderate") < mean_wait(plain, "mild")
    rising = [mean_wait(town(waiting_list={"rises": law}), "mild") for law in ("3d", "10d", "90y")]
    assert rising[0] < rising[1] < rising[2]
    assert mean_wait(town(waiting_list={"at_once": ["severe"]}), "severe") == 0
    assert (
        mean_wait(town(waiting_list={"every": "14d"}), "severe")
        > mean_wait(town(waiting_list={"every": "7d"}), "severe")
        > 3 * DAY
    )
    balked = [count(town(balking=[{"over": "2d", "share": share}]), Kind.BALKED) for share in (0.1, 0.5)]
    assert 0 < balked[0] < balked[1]
    switched = [
        at_reviews(town(waiting_list={"switch": {"to": "annex", "over": "2d", "review": review}})) for review in (None, "1d")
    ]
    assert switched[0] == 0 < switched[1]
    broken = [count(town(deadline={"guarantee": promise}), Kind.BREACHED) for promise in ("30d", "5d")]
    assert broken[0] < broken[1]
    gave_up = [
        count(town(patience_by_severity={"mild": {"law": "exponential", "mean": mean}}), Kind.GAVE_UP) for mean in ("40d", "5d")
    ]
    assert gave_up[0] < gave_up[1]
