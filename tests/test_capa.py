"""CAPA: the published arithmetic, clinics that must come out as it says, and what the lever does to a Norwegian BUP."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from calibration.capa import (
    GOING_ON,
    WEEKS,
    choice_clinic,
    hours_of_a_partnership,
    multiplier,
    new_partnerships,
    partnership_clinic,
    partnerships_wanted,
)
from scenarios.changes import resolved
from scenarios.levers import apply
from scenarios.load import load
from scenarios.schema import ENDINGS, Scenario
from scenarios.setting import look_up
from scenarios.units import DAY
from sim.fold import ALL
from sim.records import Kind, Log
from sim.replicate import Engine, run

QUARTER = WEEKS * 7 * DAY
CLINICIANS = 91
"""So many that the hours of a week, and the courses they are enough for, are whole."""


def events(scenario: Scenario, seed: int = 1, engine: Engine = "compiled") -> pd.DataFrame:
    return run(scenario, replications=1, seed=seed, engine=engine).events(0)


def starts(log: pd.DataFrame, service: str) -> pd.DataFrame:
    return log[(log.kind == "started") & (log.service == service)]


# -- the arithmetic -------------------------------------------------------------------------------------------------------


def test_the_multiplier_is_three():
    """2 appointments a half-day x 11.25 usable weeks a quarter / 7.5 appointments."""
    assert multiplier() == 3.0


def test_eleven_hours_a_week_are_nine_point_four_new_partnerships_a_quarter():
    """11 / 3.5 x 3, and 0.86 for each weekly hour."""
    assert round(new_partnerships(11.0), 1) == 9.4
    assert round(new_partnerships(1.0), 2) == 0.86


def test_a_weekly_referral_asks_for_eight_to_nine_new_partnerships_a_quarter():
    """The published rule of thumb, from 66-70 % of choice appointments that go on."""
    least, most = partnerships_wanted(1.0)
    assert 8 <= least < most <= 9.1


def test_hours_and_multiplier_say_the_same():
    """All usable hours of a quarter over those one partnership takes."""
    assert new_partnerships(11.0) == pytest.approx(11.0 * 11.25 / hours_of_a_partnership())


# -- clinics built with the numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["compiled", "simpy"])
def test_a_clinic_starts_as_many_new_partnerships_as_the_arithmetic_says(engine):
    """Thirteen rounds of 7.5 weeks are seven and a half quarters: exactly 7.5 x 9.43 for each clinician."""
    log = starts(events(partnership_clinic(CLINICIANS, 11.0, waiting=7000, days=682), engine=engine), "partnership")
    assert len(log) == pytest.approx(7.5 * CLINICIANS * new_partnerships(11.0), abs=1e-6)


def test_a_clinic_in_its_stride_starts_as_many_in_each_quarter():
    """With courses somewhere in the middle on the first day: within four standard errors of where in the middle they are."""
    courses = round(CLINICIANS * 11.0 * 11.25 / 13 / 1.75)
    log = events(partnership_clinic(CLINICIANS, 11.0, waiting=7000, days=728, under_way=courses))
    quarters = np.bincount(starts(log, "partnership").time // QUARTER)[1:8]
    share = 91 / 52.5 % 1
    chance = 4 * np.sqrt(courses * share * (1 - share))
    assert quarters == pytest.approx(CLINICIANS * new_partnerships(11.0), abs=chance)


def test_two_thirds_of_the_first_talks_go_on():
    """66-70 %, within four standard errors; the posts are enough for all of them, and the queue moves nowhere."""
    log = events(choice_clinic(hours_a_week=130.0, accepted_a_week=10.0, going_on=0.68, years=8))
    talks, partnerships = starts(log, "choice"), starts(log, "partnership")
    chance = 4 * np.sqrt(0.68 * 0.32 / len(talks))
    assert chance < 0.04
    assert GOING_ON[0] - chance < len(partnerships) / len(talks) < GOING_ON[1] + chance
    assert talks.wait_days.mean() < 1
    assert partnerships.wait_days.mean() < 1


def test_with_too_few_hours_for_partnership_the_queue_moves_inwards():
    """The same posts: first talks take their hours first, and those who go on wait. What is left is the arithmetic's."""
    enough, short = (events(choice_clinic(hours, 10.0, 0.68)) for hours in (130.0, 90.0))
    wait = {
        name: tuple(starts(log, service).wait_days.mean() for service in ("choice", "partnership"))
        for name, log in (("enough", enough), ("short", short))
    }
    assert wait["short"][0] < 14
    assert wait["short"][1] > 60
    assert wait["short"][1] > 20 * wait["enough"][1]
    counted = short[short.time >= 0]
    weeks = 156
    talks, partnerships = (len(starts(counted, service)) for service in ("choice", "partnership"))
    left = 90.0 * weeks - talks * hours_of_a_partnership() / 7.5
    assert partnerships == pytest.approx(left / hours_of_a_partnership(), rel=0.03)


# -- the lever ------------------------------------------------------------------------------------------------------------


@cache
def with_capa() -> tuple[Log, ...]:
    """Records of a municipality, and the neighbours it shares BUP with, where BUP has had CAPA from the beginning."""
    result = run(apply(load("3413"), "period.warmup=1y", "period.length=3y", "capa@beginning"), replications=4, seed=1)
    return tuple(replication.log for replication in result.replications if replication.log)


def decided(log: Log) -> tuple[Log, Log]:
    """Referrals given the right, and rejected, in the period."""
    yes, no = (log.of(kind) for kind in (Kind.ACCEPTED, Kind.REJECTED))
    return yes.where(yes.time >= 0), no.where(no.time >= 0)


def first_talks(log: Log) -> tuple[int, int]:
    """Courses at BUP that went on after the first talk, and those that ended there, of those that began in the period."""
    assessed, ended = log.of(Kind.ASSESSED), log.of(Kind.ENDED)
    ended = ended.where(ended.place == assessed.place[0])
    left = ended.where((ended.detail == ENDINGS.index("dropped_out")) & ~np.isin(stays(ended), stays(assessed)))
    return sum(assessed.since >= 0), sum(left.since >= 0)


def stays(log: Log) -> np.ndarray:
    """What tells one stay of one child from every other."""
    return (log.child << 20) + log.stay


def test_the_lever_lets_two_thirds_go_on_from_the_first_talk():
    """66-70 % of choice appointments, within four standard errors."""
    went_on, left = (sum(each) for each in zip(*map(first_talks, with_capa()), strict=True))
    chance = 4 * np.sqrt(0.68 * 0.32 / (went_on + left))
    assert chance < 0.03
    assert GOING_ON[0] - chance < went_on / (went_on + left) < GOING_ON[1] + chance


def test_the_lever_comes_out_at_the_published_share_of_rejections():
    """11 % at UNN in 2019; without the lever it is the country's 22 %."""
    yes, no = (sum(map(len, each)) for each in zip(*map(decided, with_capa()), strict=True))
    assert 0.10 < no / (yes + no) < 0.12


def test_with_the_lever_a_referral_is_decided_within_a_day():
    """The aim is to review referrals daily."""
    for log in with_capa():
        for outcome in decided(log):
            assert len(outcome) > 100
            assert (outcome.time - outcome.received).max() <= DAY


def test_the_lever_gives_no_posts_and_a_whole_course_takes_as_many_appointments_as_before():
    """No free lunch: what was assessment is done in treatment. Hours are saved only where a child leaves."""
    base = load("3413")
    more = resolved(apply(base, "capa@beginning"))
    for pool in ("clinician", "psychologist"):
        assert look_up(more, f"bup.{pool}.fte") == look_up(base, f"bup.{pool}.fte")
    assert appointments(more) == appointments(base)


def appointments(scenario: Scenario) -> float:
    """Of a whole course at BUP, the first ones and all."""
    return sum(float(look_up(scenario, f"bup.{phase}.sessions")[0]) for phase in ("assessment", "course"))


def test_more_are_offered_something_and_fewer_are_rejected_without_any_offer():
    """What counts: the offer rate up, not only the rejection rate down."""
    base = apply(load("3413"), "period.warmup=1y", "period.length=2y")
    found = {}
    for name, scenario in (("base", base), ("capa", apply(base, "capa@beginning"))):
        result = run(scenario, replications=12, seed=1)
        found[name] = {
            measure: np.asarray([each.folded.values[ALL, "", ALL, measure] for each in result.replications])
            for measure in ("offer_within_13_weeks", "rejected_without_offer")
        }
    assert (found["capa"]["offer_within_13_weeks"] - found["base"]["offer_within_13_weeks"]).mean() > 0.05
    assert (found["capa"]["rejected_without_offer"] - found["base"]["rejected_without_offer"]).mean() < -5
