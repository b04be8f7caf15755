"""For each lever of the library: what must move, which way, and why, on a scenario where theory is clear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PLACE = "3413"
"""Stange with national average staffing, as the documents' municipalities are before anything is put on."""
SHORT = ("period.warmup=1y", "period.length=2y")


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


CASES = (
    # doors and low-threshold services
    Case("school_health", "found", "up", "more nurses see hidden needs"),
    Case("school_health", "school_health.load", "down", "more hours for hardly more children"),
    Case("youth_health_station", "low_threshold.children_in", "down", "young people who seek help themselves go there first"),
    Case("ung_arena", "low_threshold.waited", "down", "12-25 go to a service of their own"),
    Case("ung_arena", "found", "up", "an open door is found"),
    Case("stangehjelpa", "low_threshold.children_in", "up", "more seek help there themselves"),
    Case("oslohjelpa", "low_threshold.children_in", "down", "0-6 go to a service of their own"),
    Case("lavterskelteam_tromso", "low_threshold.load", "down", "four posts more"),
    Case("lavterskelteam_tromso", "bup.referrals", "down", "the team's own decision skips the review"),
    Case("mottaksenhet_asker", "gp.children_in", "down", "fewer are passed round by the GP"),
    Case("digital_first", "found", "up", "some who seek nobody use a chat"),
    Case("rask_psykisk_helsehjelp", "low_threshold.children_in", "down", "16 and over go to a service of their own"),
    Case("school_psychologist", "found", "up", "a psychologist at school sees hidden needs"),
    Case("bup_in_school", "found", "up", "an open door at school"),
    Case("bup_in_school", "bup.load", "up", "the hours are taken from BUP"),
    Case("outreach", "found", "up", "help where the young are"),
    Case("attendance_team", "found", "up", "home visits"),
    Case("parent_support", "low_threshold.children_in", "down", "the youngest go to groups"),
    Case(
        "open_return",
        "low_threshold.wait_started",
        "up",
        "longer courses and fewer who drop out hold the hours, with the same staff",
    ),
    # municipal treatment
    Case("family_house", "lost_in_handover", "down", "shorter and safer handovers inside the municipality"),
    Case("family_house", "municipal_team.load", "up", "joint meetings take hours"),
    Case("municipal_mental_health_team", "municipal_team.wait_started", "down", "more posts"),
    Case("psychologists_2_per_20000", "low_threshold.wait_started", "down", "more posts"),
    Case("psychologist_supervises", "municipal_team.load", "up", "hours move out of cases"),
    Case("psychologist_supervises", "right_help_within_26_weeks", "up", "the supervised see the right step more often"),
    Case("bup_guidance", "bup.load", "up", "BUP's hours move out of cases"),
    Case("intermunicipal_service", "municipal_team.hours", "up", "the helpers travel"),
    Case("temporary_project@start", "low_threshold.waiting", "down", "posts for two years"),
    # between municipality and BUP
    Case("referral_pathways", "rejected_all", "down", "municipal referrals are right a little more often"),
    Case("mapping_first", "rejected_all", "down", "referrals are complete and right more often"),
    Case("mapping_first", "wait_to_help", "up", "mapping takes time and nurses' hours"),
    Case("dialogue_intake", "rejected_without_offer", "down", "a no is followed by a warm handover"),
    Case("dialogue_intake", "bup.load", "up", "meetings take hours"),
    Case("intake_outside", "rejected_without_offer", "down", "a no is followed up in the district"),
    Case("intake_outside", "wait_after_referral", "up", "consent and meetings take time"),
    Case("capa", "wait_after_referral", "down", "a daily review, and a first talk by phone invitation"),
    Case("capa", "bup.rejected_share", "down", "some who were rejected become one talk"),
    Case("see_everyone", "bup.rejected_share", "down", "nobody is rejected on paper"),
    Case(
        "see_everyone",
        "bup.wait_started",
        "up",
        "more courses with the same staff: the stated halving does not follow by itself",
    ),
    Case("gp_channel", "bup.referrals", "down", "GPs send more to the municipality"),
    Case("rejection_duty", "offer_within_13_weeks", "up", "the rejected come onto the municipality's list"),
    Case("rejection_duty", "municipal_team.load", "up", "it takes hours there"),
    Case("national_pathway", "bup.load", "up", "coordination takes hours"),
    Case("waiting_guarantee", "bup.wait_started", "down", "a nearer deadline shortens the notice"),
    Case("appeal", "bup.referrals", "up", "some rejected come again"),
    # coordination
    Case("coordinator", "lost_in_handover", "down", "somebody follows the child"),
    Case("coordinator:barnekoordinator", "municipal_team.hours", "up", "coordination costs hours"),
    Case("coordinator:forlopskoordinator", "lost_in_handover", "down", "somebody follows the child"),
    Case("coordinator:individuell_plan", "lost_in_handover", "down", "a plan follows the child"),
    Case("bti_relay", "lost_in_handover", "down", "what is known comes along"),
    Case("bti_relay:level_0", "school_health.load", "up", "concern takes time, and changes nothing else"),
    Case("bti_relay:level_2", "lost_in_handover", "down", "several services use the log"),
    Case("bti_relay:level_3", "lost_in_handover", "down", "BUP too"),
    Case("team_around_pupil", "found", "up", "teachers and nurses look together"),
    Case("welfare_lab", "lost_in_handover", "down", "everybody around one family"),
    # long-lasting, severe, acute
    Case("fact_ung", "long_term.load", "down", "more posts"),
    Case("fact_ung", "found", "up", "outreach"),
    Case("stillasbyggerne", "bup.referrals", "down", "children in care have somebody of their own"),
    Case("ambit", "long_term.load", "up", "team meetings take hours"),
    Case("acute_team", "bup.in_course", "down", "crises of over-13s go to the team"),
    Case("safety_plan", "lost_in_handover", "down", "fewer are lost after BUP", ("bup.routes[after!rejected].lost=0.5",)),
    Case("safety_plan", "bup.load", "up", "the plan takes an hour"),
    # before need arises, and outside
    Case("yam", "needs", "down", "fewer needs at 13-17", needs_differ=True),
    Case("early_intervention", "needs", "down", "fewer needs among the youngest", needs_differ=True),
    Case("poverty_relief", "needs", "down", "fewer needs at all ages", needs_differ=True),
    Case("staff_retention", "bup.load", "down", "fewer posts stand empty"),
    Case("ettervern", "long_term.children_in", "up", "child welfare sends the severe straight on"),
    Case("adult_handover", "lost_in_handover", "down", "somebody on the other side", ("bup.routes[to:long_term].lost=0.5",)),
    Case("adult_handover", "bup.load", "up", "joint meetings take hours"),
    # organisations: where to start from
    Case("no_low_threshold", "municipal_team.children_in", "up", "those who would have gone there go to whoever is left"),
    Case("gp_only", "bup.referrals", "up", "there is nobody else to send to"),
)
