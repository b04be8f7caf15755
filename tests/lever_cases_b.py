"""For each lever between municipality and BUP, of coordination, and for the long-lasting and acute: what must move, and why."""

from __future__ import annotations

from lever_cases import Case

CASES = (
    # between municipality and BUP
    Case("referral_pathways", "rejected_all", "down", "municipal referrals are right a little more often", replications=24),
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
    # organisations: where to start from
    Case("no_low_threshold", "municipal_team.children_in", "up", "those who would have gone there go to whoever is left"),
    Case("gp_only", "bup.referrals", "up", "there is nobody else to send to"),
)
