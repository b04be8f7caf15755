"""Decisions and handovers, mechanism by mechanism: each alone, a few children worked out by hand, to the second."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from timelines import CHILD, KIND, NEED, SINCE, STAY, Coming, going, key_where, ladder, pool_of, tell

from scenarios.levers import apply
from scenarios.load import load
from scenarios.resolve import merged
from scenarios.schema import REASONS, STEPS
from scenarios.units import DAY, WEEK
from sim.build import phases
from sim.cohort import draw_cohort
from sim.engine import simulate
from sim.identities import check
from sim.records import Kind
from sim.rules import DONE, DROPPED_OUT, RECOVERED, STEPPED_UP, UNCHANGED
from sim.supply import Supply

YELLOW, ORANGE, RED, DARK_RED = (STEPS.index(step) for step in ("yellow", "orange", "red", "dark_red"))
FORMAL_ERROR, INFORMATION_MISSING, TOO_MILD = (REASONS.index(r) for r in ("formal_error", "information_missing", "too_mild"))
WRONG, WARM = 100, 1000
"""In the detail of a rejection."""
NEEDS = {"red": {"step": "red"}, "yellow": {"step": "yellow"}}


def reviewing(length="2000s", intake=None, services=None, doors=None, demand=None, **clinic):
    """A red clinic that reviews referrals in ten seconds and takes whoever it takes for red."""
    stated = {"review": "10s", "accept": {"red": 1.0}} | (intake or {})
    service = {"step": "red", "places": 9, "intake": stated, "course": {"length": "100s"}} | clinic
    more = ({"demand": demand} if demand else {}) | ({"doors": doors} if doors else {})
    return ladder({"clinic": service} | (services or {}), length=length, needs=NEEDS, **more)


def decided(told, child=None):
    """(second, kind, child, detail) of the decisions."""
    return [
        (second, kind, row, detail)
        for second, kind, row, _, detail in told.detailed("accepted", "rejected", "met", child=child)
    ]  # fmt: skip


# Consent


def test_the_review_begins_when_consent_has_been_sought():
    told = tell(reviewing(intake={"consent": "50s"}), 0)
    assert told.story() == [
        (0, "arose", 0, ""),
        (0, "referred", 0, "clinic"),
        (60, "accepted", 0, "clinic"),
        (60, "joined", 0, "clinic"),
        (61, "started", 0, "clinic"),
        *going(161, 0),
    ]


@pytest.mark.parametrize(("consent", "due"), [(None, 15 * DAY - 1), ("3d", 18 * DAY - 1), ("5d", 19 * DAY - 1)])
def test_the_days_of_the_law_are_counted_from_when_consent_is_there(consent, due):
    """Received on Monday 4 January: ten working days end on the 18th; from Thursday on the 21st; from Saturday on the 22nd."""
    intake = {"review": "60d", "within_working_days": 10} | ({"consent": consent} if consent else {})
    assert decided(tell(reviewing("90d", intake), 0)) == [(due, "accepted", 0, RED)]


# Who may refer


def referring(names):
    """The clinic is reached from two streams of demand, two doors and two services."""
    away = {"step": "yellow", "places": "endless", "course": {"length": "20s"}, "routes": [{"to": "clinic"}]}
    ways = {"a": "clinic", "b": "clinic", "c": "school", "d": "team"}
    demand = {name: {"rate": "1/y", "to": to} for name, to in ways.items()} | {"looking": {"rate": "1/y"}}
    doors = {name: {"share": 0.5, "to": "clinic"} for name in ("front", "side")}
    return reviewing(intake={"referrers": names}, services={"school": away, "team": away}, demand=demand, doors=doors)


FRONT, SIDE = key_where(("door", "", 0, 0.5)), key_where(("door", "", 0.5, 1))
COMERS = (
    Coming(0, stream="a"),
    Coming(0, stream="b"),
    Coming(0, "school", stream="c"),
    Coming(0, "team", stream="d"),
    Coming(0, None, key=FRONT, stream="looking"),
    Coming(0, None, key=SIDE, stream="looking"),
)


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (["a"], {0}),
        (["a", "school"], {0, 2}),
        (["b", "team", "side"], {1, 3, 5}),
        (["front"], {4}),
        (["a", "b", "school", "team", "front", "side"], {0, 1, 2, 3, 4, 5}),
    ],
)
def test_a_referral_by_whoever_may_not_refer_is_a_formal_error(names, taken):
    """Streams are decided at 10, doors a second later, services after their course of 20 and a second on the way."""
    told = tell(referring(names), *COMERS)
    when = {0: 10, 1: 10, 2: 31, 3: 31, 4: 11, 5: 11}
    expected = [
        (when[child], "accepted" if child in taken else "rejected", child, RED if child in taken else FORMAL_ERROR + WRONG)
        for child in sorted(when, key=lambda child: (when[child], child))
    ]
    assert decided(told) == expected


# Referrals that are not complete


def test_a_share_of_incomplete_referrals_is_sent_back_whatever_the_need():
    """Half are returned: the draw decides. A complete referral is taken whatever the draw."""
    back, through = key_where(("returned", "clinic", 0, 0.5)), key_where(("returned", "clinic", 0.5, 1))
    demand = {"known": {"rate": "1/y", "to": "clinic"}, "unknown": {"rate": "1/y", "to": "clinic", "maps": 0.0}}
    scenario = reviewing(intake={"incomplete": {"returned": 0.5}}, demand=demand)
    cohort = [Coming(0, key=key, stream=name) for name in demand for key in (back, through)]
    assert decided(tell(scenario, *cohort)) == [
        (10, "accepted", 0, RED),
        (10, "accepted", 1, RED),
        (10, "rejected", 2, INFORMATION_MISSING + WRONG),
        (10, "accepted", 3, RED),
    ]


def test_the_reviewer_sees_less_in_an_incomplete_referral():
    """Accuracy 1 if complete, 0 if not: taken for the step below or above by the draw, rejected as too mild or otherwise."""
    low, high = key_where(("judge", "clinic", 0, 0.5)), key_where(("judge", "clinic", 0.5, 1))
    demand = {"known": {"rate": "1/y", "to": "clinic"}, "unknown": {"rate": "1/y", "to": "clinic", "maps": 0.0}}
    intake = {"incomplete": {"accuracy": 0.0}, "reasons": {"other_service_responsible": 1.0}}
    cohort = [Coming(0, key=key, stream=name) for name in demand for key in (low, high)]
    assert decided(tell(reviewing(intake=intake, demand=demand), *cohort)) == [
        (10, "accepted", 0, RED),
        (10, "accepted", 1, RED),
        (10, "rejected", 2, TOO_MILD + WRONG),
        (10, "rejected", 3, REASONS.index("other_service_responsible") + WRONG),
    ]


@pytest.mark.parametrize(
    ("way", "maps", "kept", "draws", "complete"),
    [
        ("stream", 0.5, 1.0, [("mapped", "", 0, 0.5, -1)], True),
        ("stream", 0.5, 1.0, [("mapped", "", 0.5, 1, -1)], False),
        ("door", 0.5, 1.0, [("mapped", "", 0, 0.5, -2)], True),
        ("door", 0.5, 1.0, [("mapped", "", 0.5, 1, -2)], False),
        ("service", 0.5, 1.0, [("mapped", "", 0, 0.5)], True),
        ("service", 0.5, 1.0, [("mapped", "", 0.5, 1)], False),
        ("service", 0.5, 0.5, [("mapped", "", 0, 0.5), ("kept", "", 0, 0.5)], True),
        ("service", 0.5, 0.5, [("mapped", "", 0, 0.5), ("kept", "", 0.5, 1)], False),
        ("service", 1.0, 0.0, [], False),
        ("service", 1.0, 1.0, [], True),
    ],
)
def test_a_child_is_mapped_by_whoever_sends_it_and_what_is_known_may_be_lost_on_the_way(way, maps, kept, draws, complete):
    """All incomplete referrals are returned: whether the child is taken says whether its referral was complete."""
    route = [{"to": "clinic", "kept": kept}]
    school = {"step": "yellow", "places": "endless", "course": {"length": "20s"}, "maps": maps, "routes": route}
    demand = {"straight": {"to": "clinic", "maps": maps}, "in": {"to": "school"}, "looking": {}}
    scenario = reviewing(
        intake={"incomplete": {"returned": 1.0}},
        services={"school": school},
        demand={name: {"rate": "1/y"} | fields for name, fields in demand.items()},
        doors={"front": {"share": 1.0, "to": "clinic", "maps": maps}},
    )
    entry = {"stream": ("clinic", "straight"), "door": (None, "looking"), "service": ("school", "in")}[way]
    child = Coming(0, entry[0], key=key_where(*draws), stream=entry[1])
    assert [kind for _, kind, *_ in decided(tell(scenario, child))] == ["accepted" if complete else "rejected"]


# A threshold that tightens


def tightening(accept=0.9, least=0.5):
    intake = {"accept": {"red": accept}, "tightens": {"every": 2, "by": 0.2, "least": least}}
    return reviewing(intake=intake, places=0)


@pytest.mark.parametrize(
    ("draw", "most"),
    [(0.85, 2), (0.65, 4), (0.55, 4), (0.45, 99)],
)
def test_the_threshold_falls_with_the_list_to_its_least(draw, most):
    """0.9 with none or one on the list, 0.7 with two or three, 0.5 from four on: whoever is drawn at so much is taken until
    the list is so long."""
    key = key_where(("accept", "clinic", draw, draw + 0.01))
    for waiting in (0, 1, 2, 3, 4, 5, 8):
        others = [Coming(0, key=key_where(("accept", "clinic", 0, 0.4)))] * waiting
        told = tell(tightening(), *others, Coming(100, key=key))
        kinds = [kind for _, kind, _, _ in decided(told, child=waiting)]
        assert kinds == ["accepted" if waiting < most else "rejected"], waiting


@pytest.mark.parametrize("waiting", [0, 8])
def test_a_least_above_the_threshold_raises_nothing(waiting):
    """0.3 and a least of 0.5: a draw of 0.4 is rejected, however short the list."""
    others = [Coming(0, key=key_where(("accept", "clinic", 0, 0.2)))] * waiting
    told = tell(tightening(accept=0.3), *others, Coming(100, key=key_where(("accept", "clinic", 0.4, 0.41))))
    assert decided(told, child=waiting) == [(110, "rejected", waiting, INFORMATION_MISSING + WRONG)]


# Meetings


def meeting(paper=0.0, about="doubtful", length="2000s", intake=None, services=None, **fields):
    """On paper the reviewer never sees the right step; only red is taken."""
    stated = {"about": about, "delay": "50s"} | fields
    return reviewing(length, {"accuracy": paper, "meeting": stated} | (intake or {}), services)


LOW = key_where(("judge", "clinic", 0, 0.5), ("meet", "clinic", 0, 0.5))
"""Taken for the step below where accuracy is 0."""


def test_a_doubtful_referral_is_decided_in_the_meeting():
    """Rejected on paper at 10; met at 60, seen for what it is, taken."""
    told = tell(meeting(), Coming(0, key=LOW))
    assert told.story()[1:5] == [
        (0, "referred", 0, "clinic"),
        (60, "met", 0, "clinic"),
        (60, "accepted", 0, "clinic"),
        (60, "joined", 0, "clinic"),
    ]
    assert decided(told) == [(60, "met", 0, RED), (60, "accepted", 0, RED)]
    assert {row[SINCE] for row in told.rows.tolist() if row[KIND] in (Kind.MET, Kind.ACCEPTED)} == {0}, "since the review began"


def test_whoever_is_taken_on_paper_needs_no_meeting_unless_all_have_one():
    """Paper sees right, the meeting never does: without a doubt it is taken at 10; if all are met, rejected at 60."""
    child = Coming(0, key=LOW)
    assert decided(tell(meeting(1.0, accuracy=0.0), child)) == [(10, "accepted", 0, RED)]
    assert decided(tell(meeting(1.0, "all", accuracy=0.0), child)) == [
        (60, "met", 0, ORANGE),
        (60, "rejected", 0, TOO_MILD + WRONG),
    ]


@pytest.mark.parametrize(("paper", "about"), [(0.0, "doubtful"), (0.0, "all"), (1.0, "all")])
def test_without_consent_the_paper_decides_there_and_then(paper, about):
    """Half consent. Without: a record of it, and the paper's decision, in the second of the paper decision."""
    yes = key_where(("meet_consent", "clinic", 0, 0.5), ("judge", "clinic", 0, 0.5))
    no = key_where(("meet_consent", "clinic", 0.5, 1), ("judge", "clinic", 0, 0.5))
    told = tell(meeting(paper, about, consent=0.5), Coming(0, key=yes), Coming(0, key=no))
    by_paper = (10, "accepted", 1, RED) if paper else (10, "rejected", 1, TOO_MILD + WRONG)
    assert decided(told) == [(10, "met", 1, -1), by_paper, (60, "met", 0, RED), (60, "accepted", 0, RED)]


@pytest.mark.parametrize(("delay", "met"), [("1s", 7), ("6d", 7), ("518401s", 14), ("13d", 14)])
def test_meetings_are_held_at_their_dates(delay, met):
    """Paper at 1 d, meetings every week: the first after the delay, on the second if it falls on it."""
    told = tell(meeting(length="30d", intake={"review": "1d"}, delay=delay, every="7d"), Coming(0, key=LOW))
    assert decided(told) == [(met * DAY, "met", 0, RED), (met * DAY, "accepted", 0, RED)]


@pytest.mark.parametrize(("accuracy", "taken"), [(1.0, True), (0.6, True), (0.4, False)])
def test_how_well_the_meeting_sees_decides(accuracy, taken):
    key = key_where(("judge", "clinic", 0, 0.5), ("meet", "clinic", 0.5, 0.51))
    outcome = decided(tell(meeting(accuracy=accuracy), Coming(0, key=key)))[-1]
    assert outcome[1] == ("accepted" if taken else "rejected")


def test_a_formal_error_comes_to_no_meeting():
    school = {"places": "endless", "course": {"length": "1s"}, "routes": [{"to": "clinic"}]}
    scenario = meeting(intake={"referrers": ["school"]}, services={"school": school})
    assert decided(tell(scenario, Coming(0, key=LOW))) == [(10, "rejected", 0, FORMAL_ERROR + WRONG)]


@pytest.mark.parametrize("seeking", [False, True])
def test_a_service_that_closes_calls_off_its_meetings_and_reviews(seeking):
    """Closed at 2 d: whoever seeks consent, is under review or waits for a meeting goes where the refused go."""
    school = {"places": "endless", "course": {"length": "1d"}}
    stated = {"review": "1d", "accept": {"red": 1.0}, "accuracy": 0.0, "meeting": {"delay": "9d"}}
    if seeking:
        stated["consent"] = "9d"
    clinic = {"step": "red", "places": 9, "intake": stated, "course": {"length": "1d"}}
    clinic["routes"] = [{"to": "school", "after": "refused", "delay": "1h"}]
    scenario = apply(ladder({"clinic": clinic, "school": school}, "30d", needs=NEEDS), "clinic.open=false@2027-01-06")
    told = tell(scenario, Coming(0, key=LOW))
    assert told.detailed("withdrew", "handed_over", "met", "accepted", "rejected") == [
        (2 * DAY, "withdrew", 0, "clinic", 1),
        (2 * DAY, "handed_over", 0, "school", 0),
    ]


def test_a_meeting_that_has_been_called_is_held_though_nobody_consents_any_more():
    """Called at 10 seconds for 9 d; from 2 d on nobody consents, and the paper decides for those who come then."""
    scenario = apply(meeting(length="30d", delay="9d"), "clinic.intake.meeting.consent=0.0@2027-01-06")
    told = tell(scenario, Coming(0, key=LOW), Coming(5 * DAY, key=LOW))
    assert decided(told) == [
        (5 * DAY + 10, "met", 1, -1),
        (5 * DAY + 10, "rejected", 1, TOO_MILD + WRONG),
        (9 * DAY + 10, "met", 0, RED),
        (9 * DAY + 10, "accepted", 0, RED),
    ]


# Hours for decisions


def working(services=None, **intake):
    """Hours for one course of ten a week, or for the work with decisions."""
    staff = {"worker": {"fte": 1, "weekly_hours": 10}}
    service = {"step": "red", "staff": staff, "course": {"length": "10d", "hours": 10}}
    clinic = service | {"intake": {"review": "1d", "accept": {"red": 1.0}} | intake}
    return ladder({"clinic": clinic} | (services or {}), "60d", needs=NEEDS)


def test_a_review_takes_its_hours_for_a_week_and_the_course_waits_for_them():
    """Five of ten hours from the decision at 1 d to 8 d: the course of ten starts then, not a second after the decision."""
    told = tell(working(hours={"worker": 5}), 0)
    option = told.plans[0].offers[0][0][0] + 1
    assert told.plans[0].options[option] == ((0, 300),)
    assert told.detailed() == [
        (0, "arose", 0, "", 0),
        (0, "referred", 0, "clinic", 0),
        (DAY, "task", 0, "clinic", option),
        (DAY, "accepted", 0, "clinic", RED),
        (DAY, "joined", 0, "clinic", 0),
        (8 * DAY, "task_done", 0, "clinic", option),
        (8 * DAY, "started", 0, "clinic", 0),
        (18 * DAY, "ended", 0, "clinic", DONE),
        (18 * DAY, "left", 0, "", 2),
    ]


def test_the_hours_of_a_rejection_are_spent_too_and_more_than_there_are_is_written_down():
    """A course runs; the review of the second, at 3 d, takes its hours over capacity, until 10 d."""
    scenario = working(hours={"worker": 5})
    told = tell(scenario, 0, Coming(7 * DAY + 10, need="yellow"))
    assert told.story("task", "overloaded", "rejected", "task_done", "started") == [
        (DAY, "task", 0, "clinic"),
        (8 * DAY, "task_done", 0, "clinic"),
        (8 * DAY, "started", 0, "clinic"),
        (8 * DAY + 10, "task", 1, "clinic"),
        (8 * DAY + 10, "overloaded", 1, "clinic.worker"),
        (8 * DAY + 10, "rejected", 1, "clinic"),
        (15 * DAY + 10, "task_done", 1, "clinic"),
    ]


def test_a_meeting_takes_its_hours_when_it_is_held_and_only_for_those_who_come():
    """Paper at 1 d without hours, meeting at 2 d with ten: the course starts when they are free again, at 9 d."""
    scenario = working(meeting={"about": "all", "delay": "1d", "hours": {"worker": 10}, "consent": 0.5})
    yes, no = key_where(("meet_consent", "clinic", 0, 0.5)), key_where(("meet_consent", "clinic", 0.5, 1))
    assert tell(scenario, Coming(0, key=yes)).story("met", "task", "task_done", "started") == [
        (2 * DAY, "met", 0, "clinic"),
        (2 * DAY, "task", 0, "clinic"),
        (9 * DAY, "task_done", 0, "clinic"),
        (9 * DAY, "started", 0, "clinic"),
    ]
    assert not tell(scenario, Coming(0, key=no)).story("task")


def test_a_week_of_work_that_a_phase_falls_into_gives_back_what_it_took():
    """Five hours from 1 d; from 4 d on a review takes two: five come back at 8 d, and two are taken by the next one."""
    scenario = apply(
        working(hours={"worker": 5}), "clinic.intake.hours.worker=2@2027-01-08", "clinic.worker.fte=1.5@2027-01-08"
    )
    told = tell(scenario, Coming(0, need="yellow"), Coming(5 * DAY, need="yellow"), Coming(20 * DAY))
    assert told.story("task", "task_done", "started") == [
        (DAY, "task", 0, "clinic"),
        (6 * DAY, "task", 1, "clinic"),
        (8 * DAY, "task_done", 0, "clinic"),
        (13 * DAY, "task_done", 1, "clinic"),
        (21 * DAY, "task", 2, "clinic"),
        (21 * DAY + 1, "started", 2, "clinic"),
        (28 * DAY, "task_done", 2, "clinic"),
    ]


def test_the_hours_of_another_service_are_taken_there():
    ward = {"staff": {"nurse": {"fte": 1, "weekly_hours": 10}}, "course": {"length": "1d", "hours": 9}}
    told = tell(working({"ward": ward}, hours={"worker": 1, "ward.nurse": 2}), 0, (2 * DAY, "ward"))
    task = told.detailed("task")[0][4]
    assert dict(told.plans[0].options[task]) == {pool_of(told, "clinic.worker"): 60, pool_of(told, "ward.nurse"): 120}
    assert [record for record in told.story("started") if record[3] == "ward"] == [(8 * DAY, "started", 1, "ward")]


# After a rejection


def again(intake=None, warm=True):
    """Rejected children go to the school for twenty seconds and are referred again."""
    school = {"step": "yellow", "places": "endless", "course": {"length": "20s"}, "routes": [{"to": "clinic", "delay": "5s"}]}
    return reviewing(
        intake={"accept": {"red": 0.0}} | (intake or {}),
        services={"school": school},
        routes=[{"to": "school", "after": "rejected", "warm": warm, "delay": "7s"}],
    )


def test_a_warm_rejection_hands_over_and_the_second_referral_is_accepted_again():
    """Rejected at 10, handed over warmly, at the school from 17 to 37, referred again at 42 as one rejected before."""
    told = tell(again({"accept_again": 1.0}), 0)
    assert told.detailed()[1:11] == [
        (0, "referred", 0, "clinic", 0),
        (10, "rejected", 0, "clinic", INFORMATION_MISSING + WRONG + WARM),
        (10, "handed_over", 0, "school", 0),
        (17, "joined", 0, "school", 0),
        (17, "started", 0, "school", 2 * told.plans[0].offers[1][0][0]),
        (37, "ended", 0, "school", DONE),
        (37, "handed_over", 0, "clinic", 1),
        (42, "referred", 0, "clinic", 1),
        (52, "accepted", 0, "clinic", RED),
        (52, "joined", 0, "clinic", 0),
    ]


def test_a_rejection_without_a_warm_handover_says_so():
    assert decided(tell(again(warm=False), 0))[0] == (10, "rejected", 0, INFORMATION_MISSING + WRONG)


@pytest.mark.parametrize(("accept", "least", "taken"), [(0.0, 0.5, False), (0.0, 0.7, True), (0.9, 0.0, True)])
def test_accepted_again_is_a_least_probability(accept, least, taken):
    """The second draw of the child here is 0.6: taken below the greater of the two."""
    key = key_where(("accept", "clinic", 0.95, 1), ("accept", "clinic", 0.6, 0.61, 1))
    told = tell(again({"accept": {"red": accept}, "accept_again": least}), Coming(0, key=key))
    assert [kind for _, kind, *_ in decided(told)][:2] == ["rejected", "accepted" if taken else "rejected"]


# A late step up


def stepping(length="2000s", **more):
    first = {
        "step": "yellow",
        "places": 1,
        "course": {"length": "100s"},
        "steps_up": "30s",
        "routes": [{"to": "clinic", "after": "stepped_up", "delay": "5s"}],
    }
    clinic = {"step": "red", "places": 9, "course": {"length": "100s"}}
    return ladder({"school": first | more, "clinic": clinic}, length, needs=NEEDS)


def test_what_is_above_the_service_is_seen_in_mid_course_and_the_child_goes_on():
    """Red at a yellow service: seen after 30 seconds, to the very second; the place is free for the next."""
    told = tell(stepping(), Coming(0, "school"), Coming(10, "school", need="yellow"))
    assert told.detailed(but=("arose", "joined")) == [
        (0, "started", 0, "school", 0),
        (30, "ended", 0, "school", STEPPED_UP),
        (30, "handed_over", 0, "clinic", 0),
        (30, "started", 1, "school", 0),
        (35, "started", 0, "clinic", 2),
        (130, "ended", 1, "school", DONE),
        (130, "left", 1, "", 2),
        (135, "ended", 0, "clinic", DONE),
        (135, "left", 0, "", 2),
    ]


@pytest.mark.parametrize(
    ("seen", "end"), [("99s", (99, STEPPED_UP)), ("100s", (100, DONE)), ("500s", (100, DONE)), ("1s", (1, STEPPED_UP))]
)
def test_a_course_that_is_over_first_ends_as_it_would(seen, end):
    told = tell(stepping(steps_up=seen), Coming(0, "school"))
    assert told.detailed("ended")[0] == (end[0], "ended", 0, "school", end[1])


def test_it_is_seen_so_long_after_the_start_whichever_phase_that_is_in():
    """Assessment of 20: seen at 30, ten seconds into the rest; with 40 in the assessment."""
    for length, assessed in (("20s", [20]), ("40s", [])):
        told = tell(stepping(assessment={"length": length}), Coming(0, "school"))
        assert [second for second, *_ in told.story("assessed")] == assessed
        assert told.detailed("ended")[0] == (30, "ended", 0, "school", STEPPED_UP)


def test_it_is_seen_at_second_0_as_at_any_other():
    """Begun ten days before the start date and seen after ten: in the second half of the course, at 0."""
    scenario = stepping("30d", assessment={"length": "5d"}, course={"length": "10d"}, steps_up="10d")
    scenario = load(scenario.plain() | {"period": {"start": "2027-01-04", "warmup": "20d", "length": "30d"}})
    assert tell(scenario, Coming(-10 * DAY, "school")).detailed("ended")[0] == (0, "ended", 0, "school", STEPPED_UP)


# Outcomes of single needs


def test_a_need_may_have_outcomes_of_its_own_in_place_of_both():
    """At a yellow service: yellow matched and unchanged, red below and unchanged, blue (red too) recovers."""
    outcomes = {"matched": {"unchanged": 1.0}, "by_need": {"blue": {"recovered": 1.0}}}
    service = {"step": "yellow", "places": 9, "course": {"length": "100s"}, "outcomes": outcomes}
    scenario = ladder({"clinic": service}, needs=NEEDS | {"blue": {"step": "red"}})
    told = tell(scenario, *(Coming(0, need=need) for need in ("red", "yellow", "blue")))
    assert [detail for *_, detail in told.detailed("ended")] == [UNCHANGED, UNCHANGED, RECOVERED]


# Another round


def test_another_round_at_the_same_service_is_a_new_stay_behind_those_who_wait():
    """Unchanged the first time, recovered the second: the draws of the second stay are its own."""
    key = key_where(("outcome", "clinic", 0.5, 1), ("outcome", "clinic", 0, 0.5, 1))
    done = key_where(("outcome", "clinic", 0, 0.5))
    service = {"places": 1, "course": {"length": "100s"}, "outcomes": {"matched": {"recovered": 0.5, "unchanged": 0.5}}}
    scenario = ladder({"clinic": service | {"routes": [{"to": "clinic", "after": "unchanged", "delay": "10s"}]}})
    told = tell(scenario, Coming(0, key=key), Coming(50, key=done))
    assert told.detailed(but=("arose",)) == [
        (0, "joined", 0, "clinic", 0),
        (0, "started", 0, "clinic", 0),
        (50, "joined", 1, "clinic", 0),
        (100, "ended", 0, "clinic", UNCHANGED),
        (100, "handed_over", 0, "clinic", 0),
        (100, "started", 1, "clinic", 0),
        (110, "joined", 0, "clinic", 0),
        (200, "ended", 1, "clinic", RECOVERED),
        (200, "left", 1, "", 0),
        (200, "started", 0, "clinic", 0),
        (300, "ended", 0, "clinic", RECOVERED),
        (300, "left", 0, "", 0),
    ]
    assert [row[STAY] for row in told.rows.tolist() if row[KIND] == Kind.ENDED] == [1, 1, 2]


# Courses side by side


def beside(first="100s", second="150s", steps=("red", "yellow"), outcomes=None):
    """A course at the clinic with one at the school beside it; each makes a red need yellow, and a yellow one nothing."""
    better = {"outcomes": {"matched": {"improved": 1.0}}}
    services = {
        "clinic": {"places": 1, "course": {"length": first}, "alongside": [{"to": "school"}]} | better,
        "school": {"places": 1, "course": {"length": second}} | better,
    }
    for name, step in zip(services, steps, strict=True):
        services[name] |= {"step": step} if step else {}
    if outcomes:
        services["clinic"]["outcomes"] = {"matched": outcomes}
    return ladder(services, needs={"red": {"step": "red", "improves_to": "yellow"}, "yellow": {"step": "yellow"}})


def endings(told):
    """(second, place, ending, need before) of the courses."""
    place = {number: name for number, (_, name) in enumerate(told.plans[0].shape.places)}
    return [
        (row[0], told.plans[0].shape.services[place[row[3]]], row[7], row[NEED])
        for row in told.rows.tolist()
        if row[KIND] == Kind.ENDED
    ]


def test_the_lower_course_changes_nothing_while_the_better_one_runs():
    """School over at 50 with the clinic's running: unchanged. The clinic's, at 100, improves the need."""
    told = tell(beside(second="50s"), 0)
    assert endings(told) == [(50, "school", UNCHANGED, 0), (100, "clinic", 2, 0)]


def test_the_better_course_counts_and_the_other_counts_after_it():
    """The clinic's over at 100 improves red to yellow; the school's at 150 ends what is left."""
    assert endings(tell(beside(), 0)) == [(100, "clinic", 2, 0), (150, "school", RECOVERED, 1)]


def test_courses_on_one_step_both_count():
    """Neither is the better: the first that is over improves the need, the other ends it."""
    assert endings(tell(beside(second="50s", steps=("red", "red")), 0)) == [(50, "school", 2, 0), (100, "clinic", RECOVERED, 1)]


def test_what_follows_waits_for_the_last_course():
    """Nothing follows from the first end; from the last one the route does."""
    source = beside(outcomes={"unchanged": 1.0}).plain()
    source["services"]["school"]["outcomes"] = {"matched": {"unchanged": 1.0}}
    for name in ("clinic", "school"):
        source["services"][name]["routes"] = [{"to": "after", "after": "unchanged", "delay": "5s"}]
    source["services"]["after"] = {"places": 1, "course": {"length": "10s"}}
    assert tell(load(source), 0).story("handed_over") == [(150, "handed_over", 0, "after")]


# Hours of handovers


POST = {"fte": 1, "weekly_hours": 10}


def handing(route, length="60d", **more):
    """From the first service to the second, each of one post."""
    services = {
        "first": {"staff": {"worker": POST}, "course": {"length": "1d", "hours": 10}, "routes": [{"to": "second"} | route]},
        "second": {"staff": {"nurse": POST}, "course": {"length": "1d", "hours": 10}},
    }
    return ladder(services, length, **more)


def test_a_handover_takes_hours_on_both_sides_for_a_week():
    """Ended at 1 d: five hours of either, until 8 d. Neither the next course at the first nor the child's own at the second
    starts before."""
    told = tell(handing({"hours": {"worker": 5, "second.nurse": 5}, "delay": "2d"}), (0, "first"), (10, "first"))
    task = told.detailed("task")[0][4]
    assert dict(told.plans[0].options[task]) == {pool_of(told, "first.worker"): 300, pool_of(told, "second.nurse"): 300}
    assert told.moves()[:7] == [
        (0, "started", 0, "first"),
        (DAY, "ended", 0, "first"),
        (DAY, "handed_over", 0, "second"),
        (DAY, "task", 0, "second"),
        (8 * DAY, "task_done", 0, "second"),
        (8 * DAY, "started", 1, "first"),
        (8 * DAY, "started", 0, "second"),
    ]


def test_a_handover_in_a_crisis_takes_its_hours():
    """Who receives the child spends five hours on it, for a week from the crisis."""
    source = handing({}).plain()
    source["needs"] = {"wild": {"worsening": "1/d", "worsens_to": "crisis"}}
    source["crisis"] = {"to": "second", "urgent": True, "hours": {"second.nurse": 5}}
    source["services"]["first"] = {"places": 0, "course": {"length": "1d"}, "routes": [{"to": "second"}]}
    told = tell(load(source), (0, "first"))
    (second, *_), *_ = told.story("crisis")
    assert told.story("crisis", "handed_over", "task", "task_done")[:3] == [
        (second, "crisis", 0, ""),
        (second, "handed_over", 0, "second"),
        (second, "task", 0, "second"),
    ]
    assert (second + WEEK, "task_done", 0, "second") in told.story("task_done")
    assert told.plans[0].options[told.detailed("task")[0][4]] == ((pool_of(told, "second.nurse"), 300),)


# Somebody who follows the child


def followed(coordination, lost=0.0, **more):
    """Three services in a row, 100 seconds on the way between."""
    names = ["first", "second", "third"]
    services = {
        name: {"places": 9, "step": "red", "course": {"length": "10s"}, "routes": [{"to": to, "delay": "100s", "lost": lost}]}
        for name, to in pairwise(names)
    }
    services["third"] = {"staff": {"nurse": {"fte": 9, "weekly_hours": 10}}, "course": {"length": "10s", "hours": 1}}
    return ladder(services | more, needs=NEEDS, coordination=coordination)


YES, NO = key_where(("coordinator", "", 0, 0.5)), key_where(("coordinator", "", 0.5, 1))


def test_who_is_followed_is_known_at_the_first_handover_and_moves_faster_at_every_one():
    """Half are followed, half the way: one record of it, before the first handover; the other child takes its 100 seconds."""
    told = tell(followed({"share": 0.5, "delay": 0.5}), Coming(0, "first", key=YES), Coming(0, "first", key=NO))
    assert told.story("coordinated", "handed_over", "left") == [
        (10, "coordinated", 0, ""),
        (10, "handed_over", 0, "second"),
        (10, "handed_over", 1, "second"),
        (70, "handed_over", 0, "third"),
        (120, "handed_over", 1, "third"),
        (130, "left", 0, ""),
        (230, "left", 1, ""),
    ]


def test_only_for_needs_of_some_steps_as_they_are_when_the_child_first_moves():
    told = tell(followed({"share": 1.0, "steps": "red"}), Coming(0, "first"), Coming(0, "first", need="yellow"))
    assert told.story("coordinated") == [(10, "coordinated", 0, "")]


@pytest.mark.parametrize(
    ("draw", "is_followed", "arrives"), [(0.3, True, True), (0.3, False, False), (0.1, True, False), (0.5, False, True)]
)
def test_fewer_of_them_are_lost(draw, is_followed, arrives):
    """Of others 0.4 are lost on each of the two ways, of them 0.2."""
    coordinator = ("coordinator", "", 0, 0.5) if is_followed else ("coordinator", "", 0.5, 1)
    key = key_where(coordinator, ("lost", "", draw, draw + 0.01), ("lost", "", 0.9, 1, 1))
    told = tell(followed({"share": 0.5, "lost": 0.5}, lost=0.4), Coming(0, "first", key=key))
    last = (230, "left", 0, "", 2) if arrives else (110, "left", 0, "", 4)
    assert told.detailed("lost", "left") == ([] if arrives else [(110, "lost", 0, "", 1)]) + [last]


def test_each_handover_takes_the_hours_of_whoever_follows():
    """Two handovers, two pieces of work at the nurse's pool; none for the child nobody follows."""
    scenario = followed({"share": 0.5, "hours": {"third.nurse": 2}})
    told = tell(scenario, Coming(0, "first", key=YES), Coming(0, "first", key=NO))
    assert told.story("task") == [(10, "task", 0, "second"), (120, "task", 0, "third")]
    assert told.plans[0].options[told.detailed("task")[0][4]] == ((pool_of(told, "third.nurse"), 120),)


def test_the_hours_of_whoever_follows_stand_beside_those_of_groups():
    """A group service in the same ladder: its members still take nothing, the task its hours."""
    group = {"staff": {"leader": POST}, "course": {"length": "10s", "hours": 1, "group": {"size": 2}}}
    scenario = followed({"share": 0.5, "hours": {"third.nurse": 2}}, circle=group)
    told = tell(scenario, Coming(0, "first", key=YES), (0, "circle"), (0, "circle"))
    assert told.plans[0].options[told.plans[0].member] == ()
    assert told.story("task", "group_started")[0] == (0, "group_started", -1, "circle")
    assert len(told.story("task")) == 2


@pytest.mark.parametrize(("key", "kind"), [(YES, "accepted"), (NO, "rejected")])
def test_what_is_known_always_comes_with_a_child_who_is_followed(key, kind):
    """The handover keeps nothing, and whatever is incomplete is returned."""
    school = {"places": 9, "course": {"length": "10s"}, "routes": [{"to": "clinic", "kept": 0.0}]}
    source = reviewing(intake={"incomplete": {"returned": 1.0}}, services={"school": school}).plain()
    told = tell(load(source | {"coordination": {"share": 0.5}}), Coming(0, "school", key=key))
    assert [decision for _, decision, *_ in decided(told)] == [kind]


# Endings that wait for room


def holding(at_most="1000s", places=1, delay="5s", first=1, second="300s", length="3000s", **more):
    """From the first service, 100 seconds, to the second; an ending waits there for room here."""
    services = held_services(at_most, places, delay, first, second, **more)
    return ladder(services, length)


def held_services(at_most="1000s", places=1, delay="5s", first=1, second="300s", route=None, target=None, origin=None):
    way = {"to": "second", "delay": delay, "hold": {"at_most": at_most}} | (route or {})
    return {
        "first": {"places": first, "course": {"length": "100s"}, "routes": [way]} | (origin or {}),
        "second": {"places": places, "course": {"length": second}} | (target or {}),
    }


def test_an_ending_waits_for_room_and_keeps_its_place():
    """Over at 100, the second full until 300: the place at the first stays taken, and both are free at 300."""
    told = tell(holding(), (0, "second"), (0, "first"), (10, "first"))
    assert told.detailed(but=("arose", "joined"))[:9] == [
        (0, "started", 1, "first", 0),
        (0, "started", 0, "second", 2),
        (100, "held", 1, "first", 1),
        (300, "ended", 0, "second", DONE),
        (300, "left", 0, "", 2),
        (300, "ended", 1, "first", DONE),
        (300, "handed_over", 1, "second", 0),
        (300, "started", 2, "first", 0),
        (305, "started", 1, "second", 2),
    ]
    assert next(row[SINCE] for row in told.rows.tolist() if row[KIND] == Kind.ENDED and row[CHILD] == 1) == 0


def test_room_that_there_is_holds_nobody():
    told = tell(holding(places=2), (0, "second"), (0, "first"))
    assert not told.story("held")
    assert told.story("started")[-1] == (105, "started", 1, "second")


def test_it_waits_no_longer_than_it_may():
    """50 seconds: the ending is at 150, and the child waits its turn on the list of the second."""
    told = tell(holding("50s"), (0, "second"), (0, "first"), (10, "first"))
    assert told.moves()[:9] == [
        (0, "started", 1, "first"),
        (0, "started", 0, "second"),
        (100, "held", 1, "first"),
        (150, "ended", 1, "first"),
        (150, "handed_over", 1, "second"),
        (150, "started", 2, "first"),
        (250, "held", 2, "first"),
        *going(300, 0, "second"),
    ]
    assert (300, "started", 1, "second") in told.moves()


def test_the_first_held_is_the_first_released():
    """Three places at the first, held at 100, 110 and 120; the second has room at 300, 305 + 300 and so on."""
    told = tell(holding("3000s", first=3, length="6000s"), (0, "second"), (0, "first"), (10, "first"), (20, "first"))
    assert told.story("held") == [(100, "held", 1, "first"), (110, "held", 2, "first"), (120, "held", 3, "first")]
    assert [record for record in told.story("ended") if record[3] == "first"] == [
        (300, "ended", 1, "first"),
        (605, "ended", 2, "first"),
        (910, "ended", 3, "first"),
    ]


def test_two_rooms_free_at_once_let_two_come_though_the_first_is_still_on_the_way():
    """Both places of the second are free at 300, the way takes 50: both endings are at 300."""
    told = tell(holding(places=2, first=2, delay="50s"), (0, "second"), (0, "second"), (0, "first"), (0, "first"))
    assert [record for record in told.story("ended") if record[3] == "first"] == [
        (300, "ended", 2, "first"),
        (300, "ended", 3, "first"),
    ]


def test_whoever_is_on_the_way_has_the_room():
    """One place free at 300, the way takes 50: the second held does not come for the same room, though the list is empty."""
    told = tell(holding(places=1, first=2, delay="50s"), (0, "second"), (0, "first"), (0, "first"))
    assert [record for record in told.story("ended") if record[3] == "first"] == [
        (300, "ended", 1, "first"),
        (650, "ended", 2, "first"),
    ]


def test_a_list_with_a_place_left_is_room():
    """Length 1: the first goes on to the list at once, the next is held until that one starts at 300."""
    told = tell(holding(first=2, target={"waiting_list": {"length": 1}}), (0, "second"), (0, "first"), (10, "first"))
    assert told.story("held", "ended", "refused")[:4] == [
        (100, "ended", 1, "first"),
        (110, "held", 2, "first"),
        (300, "ended", 0, "second"),
        (300, "ended", 2, "first"),
    ]


def test_whoever_gives_up_leaves_a_place_on_the_list_to_the_first_held():
    """The one on the list from 105 on has patience for 150 seconds: at 255 the held one may come."""
    target = {"waiting_list": {"length": 1}, "patience": "150s"}
    told = tell(holding(first=2, second="1000s", target=target), (0, "second"), (0, "first"), (10, "first"))
    assert told.story("held", "gave_up", "ended")[:4] == [
        (100, "ended", 1, "first"),
        (110, "held", 2, "first"),
        (255, "gave_up", 1, "second"),
        (255, "ended", 2, "first"),
    ]


def test_a_loss_system_is_held_for_and_never_refuses_whoever_was_held():
    told = tell(holding(target={"waiting_list": {"length": 0}}), (0, "second"), (0, "first"))
    assert told.story("held", "refused", "started")[2:] == [(100, "held", 1, "first"), (305, "started", 1, "second")]


def test_a_service_with_meetings_has_room_on_its_list_for_as_many_as_it_can_take():
    """One place, given out every hour: the child goes on to wait for the meeting, the next is held."""
    scenario = holding("5000s", first=2, length="9000s", target={"waiting_list": {"every": "1h"}})
    assert tell(scenario, (0, "first"), (10, "first")).story("held", "ended", "started") == [
        (0, "started", 0, "first"),
        (10, "started", 1, "first"),
        (100, "ended", 0, "first"),
        (110, "held", 1, "first"),
        (3600, "started", 0, "second"),
        (3900, "ended", 0, "second"),
        (3900, "ended", 1, "first"),
        (7200, "started", 1, "second"),
        (7500, "ended", 1, "second"),
    ]


def test_a_group_has_room_for_all_its_members():
    """A group of two forms at the second: both children go on, and start together."""
    staff = {"leader": POST}
    group = {"staff": staff, "course": {"length": "300s", "hours": 10, "group": {"size": 2}}}
    told = tell(ladder(held_services(first=2) | {"second": group}), (0, "first"), (10, "first"))
    assert not told.story("held")
    assert [record for record in told.story("started") if record[3] == "second"] == [
        (115, "started", 0, "second"),
        (115, "started", 1, "second"),
    ]


def test_a_planned_closure_is_no_room_and_its_end_is():
    """The second closed on the third day, everything in days: held from 2 d, released as it reopens."""
    services = held_services("20d", 1, "1h", 1, "1d", target={"calendar": "one"}, origin={"course": {"length": "2d"}})
    scenario = ladder(services, "30d", calendars={"one": {"dates": [["2027-01-06", "2027-01-06"]]}})
    assert tell(scenario, (10, "first")).story("held", "ended")[:2] == [
        (2 * DAY + 10, "held", 0, "first"),
        (3 * DAY, "ended", 0, "first"),
    ]


@pytest.mark.parametrize(
    ("to", "third", "ends", "goes"),
    [
        (["second"], {}, 4 * DAY, ""),
        (["second", "third"], {"places": 1}, 4 * DAY, "third"),
        (["second", "third"], {"places": 0}, 22 * DAY, "third"),
    ],
)
def test_a_target_that_closes_is_waited_for_no_longer(to, third, ends, goes):
    """Held at 2 d for the second, which closes at 4 d: the ending is then, or waits for the next service of the route,
    no longer than 20 days in all."""
    services = held_services("20d", 1, "1h", 1, "25d", route={"to": to}, origin={"course": {"length": "2d"}})
    services["third"] = {"places": 1, "course": {"length": "1d"}} | third
    scenario = apply(ladder(services, "40d"), "second.open=false@2027-01-08")
    told = tell(scenario, (0, "second"), (0, "first"))
    assert told.story("ended", child=1)[0] == (ends, "ended", 1, "first")
    held = [(second, detail) for second, *_, detail in told.detailed("held")]
    assert held == [(2 * DAY, 1)] + ([(4 * DAY, 2)] if ends > 4 * DAY else [])
    assert told.story("handed_over") == ([(ends, "handed_over", 1, goes)] if goes else [])


def test_services_that_hold_each_other_come_free_when_one_may_wait_no_longer():
    """Each full with a child who waits for the other: the one who has waited 500 first goes, and lets the other in."""
    way = {"delay": "5s", "hold": {"at_most": "500s"}}
    services = {
        "one": {"places": 1, "course": {"length": "100s"}, "routes": [{"to": "two"} | way]},
        "two": {"places": 1, "course": {"length": "200s"}, "routes": [{"to": "one"} | way]},
    }
    told = tell(ladder(services, "900s"), (0, "one"), (0, "two"))
    assert told.story("held", "ended", "started") == [
        (0, "started", 0, "one"),
        (0, "started", 1, "two"),
        (100, "held", 0, "one"),
        (200, "held", 1, "two"),
        (600, "ended", 0, "one"),
        (600, "ended", 1, "two"),
        (605, "started", 1, "one"),
        (605, "started", 0, "two"),
        (705, "held", 1, "one"),
        (805, "held", 0, "two"),
    ]


def test_whoever_is_lost_on_the_way_leaves_the_room_to_the_next():
    """Let come at 300 and lost at 350: the next held comes then."""
    gone, there = key_where(("lost", "", 0, 0.5)), key_where(("lost", "", 0.5, 1))
    scenario = holding(places=1, first=2, delay="50s", route={"lost": 0.5})
    told = tell(scenario, (0, "second"), Coming(0, "first", key=gone), Coming(0, "first", key=there))
    assert told.story("lost", "ended")[1:4] == [
        (300, "ended", 1, "first"),
        (350, "lost", 1, ""),
        (350, "ended", 2, "first"),
    ]


def test_a_step_up_waits_for_room_too():
    """Seen at 30 and held until 300, with the ending that was seen."""
    services = held_services(route={"after": "stepped_up"}, origin={"step": "yellow", "steps_up": "30s"})
    told = tell(ladder(services, needs=NEEDS), (0, "second"), (0, "first"))
    assert told.detailed("held", "ended", child=1)[:2] == [
        (30, "held", 1, "first", 1),
        (300, "ended", 1, "first", STEPPED_UP),
    ]


def test_a_post_that_is_filled_is_room():
    """The second without anybody until 500: the ending waits for the post, and a place kept is a place kept."""
    services = held_services() | {"second": {"staff": {"nurse": POST}, "course": {"length": "300s", "hours": 10}}}
    told = tell(ladder(services), (0, "first"), supply=Supply(((0, 1, 0), (500, 1, 600)), (), ()))
    assert told.story("held", "ended")[:2] == [(100, "held", 0, "first"), (500, "ended", 0, "first")]


def test_only_those_who_take_the_way_are_held():
    """The route is for those who are unchanged: whoever has recovered leaves at once, though the second is full."""
    outcomes = {"outcomes": {"matched": {"recovered": 0.5, "unchanged": 0.5}}}
    well, ill = key_where(("outcome", "first", 0, 0.5)), key_where(("outcome", "first", 0.5, 1))
    told = tell(holding(origin=outcomes), (0, "second"), Coming(0, "first", key=well), Coming(10, "first", key=ill))
    assert told.story("held", "ended")[:2] == [(100, "ended", 1, "first"), (200, "held", 2, "first")]


def test_a_held_child_has_one_ending_decided_when_it_was_over():
    """Dropped out at its second and held: the ending is still that."""
    key = key_where(("dropout_at", "first", 0.5, 0.51))
    origin = {"course": {"length": "100s", "dropout": 1.0}}
    told = tell(holding(route={"after": "dropped_out"}, origin=origin), (0, "second"), Coming(0, "first", key=key))
    assert told.detailed("held", "ended")[::2] == [(50, "held", 1, "first", 1), (300, "ended", 1, "first", DROPPED_OUT)]


# Lost, and urgent


def test_whoever_is_lost_is_without_help_when_it_should_have_arrived():
    """The record names the place it was meant for; with a need that lasts untreated the child stays, without help."""
    gone = key_where(("lost", "", 0, 0.5), ("remission", "", 0.99, 1))
    services = {
        "first": {"places": 1, "course": {"length": "100s"}, "routes": [{"to": "second", "delay": "30s", "lost": 0.5}]},
        "second": {"places": 1, "course": {"length": "10s"}},
    }
    scenario = ladder(services, needs={"need": {"remission": "0.1/y"}})
    there = key_where(("lost", "", 0.5, 1))
    told = tell(scenario, Coming(0, "first", key=gone), Coming(0, "first", key=there))
    assert told.detailed(child=0)[3:] == [
        (100, "ended", 0, "first", DONE),
        (100, "handed_over", 0, "second", 0),
        (130, "lost", 0, "", 1),
        (130, "without_help", 0, "", 2),
    ]
    assert told.story("started", child=1)[-1] == (230, "started", 1, "second")


def test_an_urgent_handover_passes_review_and_list():
    """Referred, joined and started in the second it arrives, over capacity; another's review takes its ten seconds."""
    ward = {"step": "yellow", "places": 9, "course": {"length": "5s"}, "routes": [{"to": "clinic", "urgent": True}]}
    scenario = reviewing(services={"ward": ward}, places=1, intake={"accept": {}})
    told = tell(scenario, (0, "ward"), (0, "ward"), Coming(0, "clinic"))
    assert [record for record in told.story(but=("left", "ended")) if record[3].startswith("clinic")] == [
        (0, "referred", 2, "clinic"),
        (5, "handed_over", 0, "clinic"),
        (5, "handed_over", 1, "clinic"),
        (6, "referred", 0, "clinic"),
        (6, "joined", 0, "clinic"),
        (6, "started", 0, "clinic"),
        (6, "referred", 1, "clinic"),
        (6, "joined", 1, "clinic"),
        (6, "started", 1, "clinic"),
        (6, "overloaded", 1, "clinic.places"),
        (10, "rejected", 2, "clinic"),
    ]
    assert [detail % 2 for *_, place, detail in told.detailed("started") if place == "clinic"] == [1, 1]


# Neutral by default, and nobody else's business


BUSY = {
    "name": "busy",
    "period": {"start": "2027-01-04", "warmup": "30d", "length": "200d"},
    "needs": {
        "mild": {"severity": "mild", "step": "yellow", "remission": "1/y", "worsening": "1/y", "worsens_to": "severe"},
        "severe": {"severity": "severe", "step": "red", "improves_to": "mild"},
        "calm": {"severity": "moderate", "step": "red"},
    },
    "demand": {
        "children": {"rate": "1/d", "mix": {"mild": 0.6, "severe": 0.4}, "to": "school"},
        "straight": {"rate": "0.3/d", "mix": {"mild": 0.4, "severe": 0.6}, "to": "clinic"},
        "others": {"rate": "1/d", "mix": {"calm": 1.0}, "to": "other"},
        "looking": {"rate": "0.5/d", "mix": {"mild": 0.6, "severe": 0.4}},
    },
    "doors": {"front": {"share": 0.5, "to": "school"}, "side": {"share": 0.5, "to": "clinic", "delay": "1d"}},
    "services": {
        "school": {
            "step": "yellow",
            "places": 12,
            "course": {"length": {"law": "gamma", "mean": "10d", "cv": 0.5}, "dropout": 0.1},
            "outcomes": {"matched": {"recovered": 0.5, "improved": 0.2, "unchanged": 0.3}, "below": {"unchanged": 1.0}},
            "accuracy": 0.8,
            "routes": [{"to": "clinic", "steps": ["red", "dark_red"], "delay": "3d", "lost": 0.2}],
        },
        "clinic": {
            "step": "red",
            "staff": {"a": {"fte": 1}, "b": {"fte": 0.5}},
            "waiting_list": {"order": "severity"},
            "intake": {
                "review": {"law": "gamma", "mean": "5d", "cv": 0.5},
                "accept": {"yellow": 0.3, "orange": 0.5, "red": 0.9, "dark_red": 1.0},
                "accuracy": 0.8,
                "lead": "2d",
            },
            "course": {"sessions": 5, "interval": "7d", "cv": 0.5, "hours": [{"a": 3.0}, {"b": 3.0}], "dropout": 0.2},
            "outcomes": {"matched": {"recovered": 0.5, "improved": 0.2, "unchanged": 0.3}},
            "routes": [{"to": "school", "after": ["improved", "rejected"], "share": 0.5, "delay": "7d", "warm": True}],
        },
        "other": {
            "step": "red",
            "staff": {"c": {"fte": 1}},
            "course": {"sessions": 5, "interval": "7d", "cv": 0.5, "hours": 3.0, "dropout": 0.2},
            "outcomes": {"matched": {"recovered": 0.5, "improved": 0.2, "unchanged": 0.3}},
        },
    },
}


def busy(patch=None):
    return load(merged(BUSY, patch or {}))


def intake(**fields):
    return {"services": {"clinic": {"intake": fields}}}


def route(service="school", **fields):
    """The first route of a service with something more."""
    return {"services": {service: {"routes": [BUSY["services"][service]["routes"][0] | fields]}}}


def ran(scenario, seed=1):
    plans = phases(scenario)
    cohort = draw_cohort(scenario, plans, seed, 0)
    trajectory = simulate(plans, cohort)
    check(plans, trajectory)
    return cohort, trajectory.log


ALIKE = BUSY["services"]["clinic"]["outcomes"]["matched"]
NEUTRAL = {
    "referrers": intake(referrers=["school", "clinic", "other", "front", "side", "children", "straight", "looking"]),
    "incomplete": intake(incomplete={"returned": 0.0, "accuracy": 0.8}),
    "incomplete, all known": intake(incomplete={"returned": 1.0, "accuracy": 0.0}),
    "tightens by nothing": intake(tightens={"every": 1, "by": 0.0}),
    "tightens for a list that never is": intake(tightens={"every": 1000, "by": 1.0}),
    "accept_again": intake(accept_again=0.0),
    "hours": intake(hours={"a": 0.0}),
    "steps_up": {"services": {"clinic": {"steps_up": "1d"}}},
    "by_need": {"services": {"clinic": {"outcomes": {"by_need": {"mild": ALIKE}}}}},
    "route hours": route("clinic", hours={"a": 0.0}),
    "kept": route(kept=0.0),
    "maps": {"services": {"school": {"maps": 0.0}}, "demand": {"straight": {"maps": 0.0}}, "doors": {"side": {"maps": 0.0}}},
    "coordination of nobody": {"coordination": {"share": 0.0, "delay": 0.1, "lost": 0.0}},
    "hold for endless": route("clinic", hold={"at_most": "90d"}, after=["improved"])
    | {"services": {"school": {"places": 10**6}, "clinic": {"routes": [
        BUSY["services"]["clinic"]["routes"][0] | {"hold": {"at_most": "90d"}, "after": ["improved"]}]}}},
}  # fmt: skip
"""Changes that must change no byte. ``kept`` and ``maps`` are asked for nowhere here."""


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_neutral_value_changes_no_byte(name):
    base = {}
    if name == "hold for endless":
        base = merged(route("clinic", after=["improved"]), {"services": {"school": {"places": 10**6}}})
    assert ran(busy(NEUTRAL[name]))[1].rows.tobytes() == ran(busy(base))[1].rows.tobytes()


def test_meetings_that_nobody_needs_change_no_byte():
    sure = intake(accept=dict.fromkeys(("yellow", "orange", "red", "dark_red"), 1.0))
    with_meetings = merged(sure, intake(meeting={"delay": "10d", "hours": {"a": 5}, "accuracy": 0.0}))
    assert ran(busy(with_meetings))[1].rows.tobytes() == ran(busy(sure))[1].rows.tobytes()


def test_being_followed_without_effect_only_leaves_its_record():
    """Everybody followed, no quicker and no safer: the same rows but for those that say so."""
    _, before = ran(busy())
    _, after = ran(busy({"coordination": {"share": 1.0}}))
    assert len(after.of(Kind.COORDINATED)) > 50
    assert after.rows[after.kind != Kind.COORDINATED].tobytes() == before.rows.tobytes()


ON = {
    "consent": intake(consent="10d"),
    "referrers": intake(referrers=["school"]),
    "returned": merged(intake(incomplete={"returned": 0.5}), {"demand": {"straight": {"maps": 0.5}}}),
    "accuracy": merged(intake(incomplete={"accuracy": 0.2}), {"services": {"school": {"maps": 0.5}}}),
    "kept": merged(intake(incomplete={"returned": 0.5}), route(kept=0.5)),
    "tightens": intake(tightens={"every": 2, "by": 0.2, "least": 0.1}),
    "meeting": intake(meeting={"delay": "5d", "consent": 0.8, "hours": {"a": 2}}),
    "meetings": intake(meeting={"about": "all", "every": "7d", "accuracy": 0.9}),
    "hours": intake(hours={"a": 3.0}),
    "accept_again": intake(accept_again=1.0),
    "steps_up": {"services": {"school": {"steps_up": "4d"}}},
    "by_need": {"services": {"school": {"outcomes": {"by_need": {"severe": {"improved": 1.0}}}}}},
    "route hours": route(hours={"clinic.a": 2.0, "clinic.b": 1.0}),
    "coordination": {"coordination": {"share": 0.5, "delay": 0.5, "lost": 0.1, "hours": {"clinic.a": 1.0}}},
    "hold": route(hold={"at_most": "30d"}),
    "lost": route(lost=0.6),
    "urgent": route(urgent=True),
}


@pytest.mark.parametrize("name", ON)
def test_switched_on_it_changes_no_record_of_those_it_does_not_concern(name):
    """Children of a service that shares nothing with the others have the same rows, but for the numbers of options."""
    (cohort, before), (_, after) = ran(busy()), ran(busy(ON[name]))
    assert before.rows.tobytes() != after.rows.tobytes()
    others = np.flatnonzero(cohort.stream == 2)
    assert len(others) > 100
    rows = [log.rows[np.isin(log.child, others)] for log in (before, after)]
    assert rows[0].tobytes() == rows[1].tobytes()


def uncoupled(patch=None):
    """The busy ladder with room for all: what one child does is nothing to another."""
    room = {"services": {"school": {"places": 10**6}, "clinic": {"staff": {"a": {"fte": 5000.0}}}}}
    return busy(merged(room, patch or {}))


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("returned", (Kind.REJECTED,)),
        ("steps_up", (Kind.ENDED,)),
        ("lost", (Kind.LOST,)),
        ("coordination", (Kind.COORDINATED, Kind.LOST)),
        ("accept_again", (Kind.ACCEPTED,)),
        ("by_need", (Kind.ENDED,)),
    ],
)
def test_without_coupling_only_the_children_it_concerns_differ(name, kinds):
    """Whoever differs has, in its own story, a record of the mechanism that it had not before."""
    (cohort, before), (_, after) = ran(uncoupled()), ran(uncoupled(ON[name]))
    differing = 0
    for child in range(len(cohort)):
        rows = [log.rows[log.child == child] for log in (before, after)]
        if rows[0].tobytes() == rows[1].tobytes():
            continue
        differing += 1
        first = next((i for i, (a, b) in enumerate(zip(*rows, strict=False)) if (a != b).any()), min(map(len, rows)))
        concerned = {int(k) for r in rows for k in r[first : first + 1, KIND]}
        assert concerned & {int(kind) for kind in kinds}, child
    assert 0 < differing < len(cohort) / 2


# Direction, on one small run with common random numbers


def count(scenario, kind, detail=None, place=None):
    log = ran(scenario)[1].of(kind)
    mask = np.ones(len(log), bool) if detail is None else detail(log.detail)
    return int((mask if place is None else mask & (log.place == place)).sum())


def rising(values, strictly=True):
    assert values == sorted(values)
    assert not strictly or values[-1] > values[0]


def test_more_returned_more_rejected_for_missing_information():
    unknown = {"demand": {"straight": {"maps": 0.0}}}
    rising(
        [
            count(busy(merged(unknown, intake(incomplete={"returned": share}))), Kind.REJECTED, lambda d: d % 100 == 1)
            for share in (0.0, 0.4, 0.8)
        ]
    )


def is_wrong(detail):
    return detail // WRONG % 10 == 1


def test_a_worse_view_of_incomplete_referrals_makes_more_wrong_rejections():
    unknown = {"demand": {"straight": {"maps": 0.0}}, "services": {"school": {"maps": 0.0}}, "doors": {"side": {"maps": 0.0}}}
    strict = merged(unknown, intake(accept={"yellow": 0.0, "orange": 0.0, "red": 1.0, "dark_red": 1.0}))
    views = [merged(strict, intake(incomplete={"accuracy": accuracy})) for accuracy in (1.0, 0.5, 0.0)]
    rising([count(busy(view), Kind.REJECTED, is_wrong) for view in views])


def test_a_sharper_tightening_rejects_more():
    rising(
        [count(busy(intake(tightens={"every": 3, "by": by})), Kind.REJECTED) for by in (0.0, 0.1, 0.3)],
    )


def test_meetings_about_doubtful_ones_save_children_from_wrong_rejections():
    strict = intake(accept={"red": 1.0, "dark_red": 1.0, "yellow": 0.0, "orange": 0.0})
    wrong = [
        count(uncoupled(merged(strict, patch)), Kind.REJECTED, is_wrong)
        for patch in (intake(meeting={}), intake(meeting={"consent": 0.5}), {})
    ]
    rising(wrong)
    assert wrong[0] == 0


def test_more_coordination_fewer_lost():
    rising([count(uncoupled({"coordination": {"share": share, "lost": 0.0}}), Kind.LOST) for share in (1.0, 0.5, 0.0)])


def test_more_hours_for_decisions_leave_fewer_starts():
    rising([count(busy(intake(hours={"a": hours})), Kind.STARTED, place=1) for hours in (15.0, 6.0, 0.0)])


def test_a_longer_hold_keeps_more_places_and_starts_fewer_at_the_first_service():
    held = [busy(merged({"services": {"clinic": {"intake": None, "staff": {"a": {"fte": 0.3}, "b": {"fte": 0.1}}}}},
                        {} if most is None else route(hold={"at_most": most}))) for most in ("200d", "20d", None)]  # fmt: skip
    rising([count(scenario, Kind.STARTED, place=0) for scenario in held])
    assert count(held[0], Kind.HELD) > 10


def test_a_sharper_eye_steps_up_more():
    rising(
        [
            count(uncoupled({"services": {"school": {"steps_up": law}}}), Kind.ENDED, lambda d: d == STEPPED_UP)
            for law in ("90d", "12d", "8d", "1d")
        ]
    )
