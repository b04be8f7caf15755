"""For each lever: what must move, which way, and why, on a scenario where theory is clear; and what must stay as it is.

Here the doors, municipal treatment and what lies before or outside; the rest in ``lever_cases_b.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PLACE = "3413"
"""Stange with national average staffing, as the documents' municipalities are before anything is put on."""
SHORT = ("period.warmup=1y", "period.length=2y")
SOUGHT = ("sought_help",)
"""Who seeks help for the first time: the same children, unless hidden needs are found or more of them seek."""


@dataclass(frozen=True)
class Case:
    """A direction that follows from the mechanism."""

    lever: str
    """As it is put on; from the beginning where it says nothing else."""
    measure: str
    """``measure`` of the area, or ``service.measure``."""
    way: Literal["up", "down"]
    why: str
    after: tuple[str, ...] = ()
    """Changes that lie under the lever and under the base, so that it has something to act on."""
    needs_differ: bool = False
    """Only levers that act before need arises may change how many needs arise."""
    untouched: tuple[str, ...] = ()
    """Measures that are the same to the bit in every replication."""
    replications: int = 12


CASES = (
    # doors and low-threshold services
    Case("school_health", "found", "up", "more nurses see hidden needs"),
    Case("school_health", "school_health.load", "down", "more hours for hardly more children"),
    Case("school_health", "lost_in_handover", "up", "more children are sent on, and the ways on are as unsafe as before"),
    Case(
        "youth_health_station",
        "low_threshold.children_in",
        "down",
        "the young who seek help themselves go there",
        untouched=SOUGHT,
    ),
    Case("youth_health_station", "helped_within_13_weeks", "down", "a nurse is often not the right help: one more on the way"),
    Case("ung_arena", "low_threshold.waited", "down", "12-25 go to a service of their own"),
    Case("ung_arena", "found", "up", "an open door is found"),
    Case("ung_arena", "never_helped", "down", "an open door is found, and has no list"),
    Case("stangehjelpa", "low_threshold.children_in", "up", "more seek help there themselves"),
    Case("stangehjelpa", "municipal_team.children_in", "down", "the house follows up its own"),
    Case("stangehjelpa", "lost_in_handover", "down", "the same helpers go on", replications=24),
    Case("stangehjelpa", "low_threshold.hours", "up", "it takes more of the house's hours", replications=6),
    Case("oslohjelpa", "low_threshold.children_in", "down", "0-6 go to a service of their own", untouched=SOUGHT),
    Case("lavterskelteam_tromso", "low_threshold.load", "down", "four posts more", untouched=SOUGHT),
    Case("lavterskelteam_tromso", "bup.referrals", "down", "the team's own decision skips the review"),
    Case("lavterskelteam_tromso", "bup.load", "up", "those who skip the review take BUP's hours all the same", replications=24),
    Case("mottaksenhet_asker", "gp.children_in", "down", "fewer are passed round by the GP", untouched=SOUGHT),
    Case("mottaksenhet_asker", "right_help_within_26_weeks", "up", "whoever maps sees the right step"),
    Case("mottaksenhet_asker", "helped_within_13_weeks", "down", "mapping is one more stop on the way"),
    Case("digital_first", "found", "up", "some who seek nobody use a chat"),
    Case("digital_first", "low_threshold.wait_started", "up", "the chat takes hours, and some go on from it"),
    Case(
        "rask_psykisk_helsehjelp",
        "low_threshold.children_in",
        "down",
        "16 and over have a service of their own",
        untouched=SOUGHT,
    ),
    Case("school_psychologist", "found", "up", "a psychologist at school sees hidden needs"),
    Case("school_psychologist", "municipal_team.children_in", "up", "whom the psychologist finds comes to the team"),
    Case("bup_in_school", "found", "up", "an open door at school"),
    Case("bup_in_school", "bup.load", "up", "the hours are taken from BUP"),
    Case("outreach", "found", "up", "help where the young are"),
    Case("outreach", "low_threshold.hours", "up", "courses held outside take travel"),
    Case("attendance_team", "found", "up", "home visits"),
    Case("attendance_team", "municipal_team.hours", "up", "more children, and courses held at home take travel"),
    Case("parent_support", "low_threshold.children_in", "down", "the youngest go to groups", untouched=SOUGHT),
    Case(
        "open_return",
        "low_threshold.wait_started",
        "up",
        "longer courses and fewer who drop out hold the hours, with the same staff",
        untouched=SOUGHT,
    ),
    Case(
        "open_return",
        "school_health.children_in",
        "down",
        "a relapse comes straight back, past the door",
        ("needs[*].relapse=0.5/y",),
        replications=24,
    ),
    # municipal treatment
    Case("family_house", "lost_in_handover", "down", "safer handovers inside the municipality", untouched=SOUGHT),
    Case("family_house", "municipal_team.load", "up", "joint meetings take hours"),
    Case(
        "municipal_mental_health_team",
        "municipal_team.wait_started",
        "down",
        "more posts",
        ("municipal_team.staff.*.fte*=0.7",),
        untouched=SOUGHT,
    ),
    Case("psychologists_2_per_20000", "low_threshold.wait_started", "down", "more posts", untouched=SOUGHT),
    Case("psychologist_supervises", "municipal_team.load", "up", "hours move out of cases", untouched=SOUGHT),
    Case("psychologist_supervises", "right_help_within_26_weeks", "up", "the supervised see the right step more often"),
    Case("bup_guidance", "bup.load", "up", "BUP's hours move out of cases", untouched=SOUGHT),
    Case("bup_guidance", "right_help_within_26_weeks", "up", "the guided see the right step, and earlier that more is needed"),
    Case("intermunicipal_service", "municipal_team.hours", "up", "the helpers travel", untouched=SOUGHT),
    Case(
        "temporary_project@start",
        "low_threshold.wait_started",
        "down",
        "a service beside it for two years",
        untouched=SOUGHT,
        replications=24,
    ),
    Case(
        "temporary_project:yearly@start",
        "low_threshold.load",
        "down",
        "a service beside it while the grant lasts",
        untouched=SOUGHT,
    ),
    # before need arises, and outside
    Case("yam", "needs", "down", "fewer needs at 13-17", needs_differ=True),
    Case("yam", "never_helped", "down", "more of those with short needs seek help", needs_differ=True),
    Case("early_intervention", "needs", "down", "fewer needs among the youngest", needs_differ=True),
    Case("poverty_relief", "needs", "down", "fewer needs at all ages", needs_differ=True),
    Case("staff_retention", "bup.load", "down", "fewer posts stand empty", untouched=SOUGHT, replications=24),
    Case(
        "ettervern",
        "long_term.children_in",
        "up",
        "child welfare sends the severe straight on",
        untouched=SOUGHT,
        replications=24,
    ),
    Case(
        "ettervern",
        "lost_in_handover",
        "down",
        "fewer are lost from child welfare",
        ("child_welfare.routes[*].lost*=3",),
        replications=24,
    ),
    Case(
        "adult_handover",
        "lost_in_handover",
        "down",
        "somebody on the other side",
        ("bup.routes[to:long_term].lost=0.5",),
        untouched=SOUGHT,
        replications=24,
    ),
    Case("adult_handover", "bup.load", "up", "joint meetings take hours"),
    Case(
        "adult_handover",
        "long_term.children_in",
        "up",
        "whoever turns 18 on BUP's list has a way on",
        ("bup.waits_until=18", "bup.clinician.fte*=0.7"),
        replications=24,
    ),
)
