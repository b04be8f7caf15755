"""What may be asked of a ladder, and what is said of the rest."""

import pytest

from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.load import load
from scenarios.units import WEEK
from sim.experiments.targets import parse_target
from sim.replicate import run


@pytest.fixture(scope="module")
def place():
    return load("3413")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wait_to_first_contact(low_threshold) <= 14d", ("wait_started", "low_threshold", 0, "<=", 14.0)),
        ("wait_to_first_contact( role:low_threshold )<=2w", ("wait_started", "low_threshold", 0, "<=", 14.0)),
        ("share_started_within(bup, 35d) >= 0.8", ("share_started_within", "bup", 5, ">=", 0.8)),
        ("share_started_within(step:red,13w) >= 80%", ("share_started_within", "bup", 13, ">=", 0.8)),
        ("wait_90(bup) <= 60", ("wait_90", "bup", 0, "<=", 60.0)),
        ("helped_within_13_weeks >= 50 %", ("helped_within_13_weeks", "", 0, ">=", 0.5)),
        ("never_helped <= 0.2", ("never_helped", "", 0, "<=", 0.2)),
        ("crises <= 5", ("crises", "", 0, "<=", 5.0)),
    ],
)
def test_a_target_means_what_it_says(place, text, expected):
    target = parse_target(text, place)
    assert (target.measure, target.service, target.weeks, target.op, target.value) == expected


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "is not a target such as"),
        ("wait", "is not a target such as"),
        ("wait_started(bup) < 3", "is not a target such as"),
        ("wait_started(bup) <= -3", "is not a target such as"),
        ("wait_started(bop) <= 3d", 'there is no service "bop"; did you mean "bup"'),
        ("wait_startet(bup) <= 3d", 'there is no measure "wait_startet" of a service; did you mean "wait_started"'),
        ("wait_started(role:gp) <= 3d", 'this ladder has no service of role "gp"'),
        ("wait_to_first_contact <= 3d", "wait_to_first_contact is about a service"),
        ("share_started_within(bup) >= 0.8", "takes a service and a time"),
        ("share_started_within(bup, 10d) >= 0.8", "takes whole weeks, from 7d to 182d"),
        ("share_started_within(bup, 400d) >= 0.8", "takes whole weeks, from 7d to 182d"),
        ("share_started_within(bup, 35d) >= 80", "a share is at most 1 .got 80.; write 80% for per cent"),
        ("wait_started(bup, 3d) <= 3d", "only share_started_within takes a time"),
        ("wait_started(bup) <= 30%", "is counted in days, not in per cent"),
        ("rejected_share(bup) <= 3d", "is counted in share, not in time"),
    ],
)
def test_what_is_no_target_is_refused_with_a_way_out(place, text, rule):
    with pytest.raises(TrinnError, match=rule):
        parse_target(text, place)


def test_a_share_started_within_is_what_the_records_say():
    """Counted by hand: of the referrals of the focal area and time, those whose course began within the weeks."""
    scenario = apply(load("3413"), "period.warmup=60d", "period.length=2y")
    result = run(scenario, replications=2, record="log")
    services, end = result.plans[0].shape.services, result.plans[0].shape.end
    target = parse_target("share_started_within(bup, 35d) >= 0.5", scenario)
    for replication in result.replications:
        events = result.events(replication.number)
        here = events[(events.service == "bup") & (events.area == "stange")]
        came = here[(here.kind == "referred") & (here.time >= 0) & (here.time < end - 26 * WEEK)]
        started = here[(here.kind == "started") & (here.time - here.received <= 5 * WEEK)]
        within = came.merge(started, on=["child", "stay"])
        assert len(came) > 50
        assert 0 < len(within) < len(came)
        assert target.of(replication, services) == len(within) / len(came)
