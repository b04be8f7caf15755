"""For each lever between municipality and BUP, of coordination, and for the long-lasting and acute: what must move, and why;
what it costs; and what must stay as it is."""

from __future__ import annotations

from lever_cases import SOUGHT, Case

ELSEWHERE = (
    *SOUGHT,
    "wait_to_help",
    "lost_in_handover",
    "left_recovered",
    "never_helped",
    "bup.started",
    "municipal_team.started",
)
"""What a lever that only takes hours of one door leaves as it is, where that door has room."""

CASES = (
    # between municipality and BUP
    Case(
        "referral_pathways",
        "rejected_all",
        "down",
        "municipal referrals are right a little more often",
        untouched=SOUGHT,
        replications=24,
    ),
    Case("referral_pathways", "bup.load", "up", "the meetings take hours", untouched=SOUGHT),
    Case("mapping_first", "rejected_all", "down", "referrals are complete and right more often", untouched=SOUGHT),
    Case("mapping_first", "wait_to_help", "up", "mapping takes time"),
    Case("mapping_first", "school_health.hours", "up", "mapping takes the nurses' hours"),
    Case("dialogue_intake", "rejected_without_offer", "down", "a no is followed by a warm handover", untouched=SOUGHT),
    Case("dialogue_intake", "bup.rejected_wrong", "down", "a meeting sees the right step more often than paper"),
    Case("dialogue_intake", "bup.load", "up", "meetings take hours, and more are given the right"),
    Case("dialogue_intake", "municipal_team.load", "up", "meetings take hours, and whoever gets a no comes there"),
    Case("intake_outside", "rejected_without_offer", "down", "a no is followed up in the district", untouched=SOUGHT),
    Case("intake_outside", "wait_after_referral", "up", "consent and meetings take time"),
    Case("intake_outside", "bup.overload_hours", "up", "meetings take BUP's hours when they are held"),
    Case(
        "intake_outside", "municipal_team.load", "up", "meetings take the district's hours, and whoever gets a no comes there"
    ),
    Case("capa", "wait_after_referral", "down", "a daily review, and a first talk by phone invitation", untouched=SOUGHT),
    Case("capa", "bup.rejected_share", "down", "some who were rejected become one talk"),
    Case("capa", "bup.started", "up", "more are seen"),
    Case("capa", "bup.load", "down", "one in three leaves after the first talk"),
    Case("capa", "crises", "up", "some of those who leave after the first talk needed more", replications=24),
    Case("see_everyone", "bup.rejected_share", "down", "nobody is rejected on paper", untouched=SOUGHT),
    Case("see_everyone", "bup.load", "up", "those who would be rejected are assessed"),
    Case(
        "see_everyone",
        "bup.wait_list_started",
        "up",
        "more courses with the same staff: the stated halving does not follow by itself",
    ),
    Case("gp_channel", "bup.referrals", "down", "GPs send more to the municipality", untouched=SOUGHT),
    Case("gp_channel", "municipal_team.load", "up", "the municipality gets them"),
    Case("rejection_duty", "offer_within_13_weeks", "up", "the rejected come onto the municipality's list", untouched=SOUGHT),
    Case("rejection_duty", "municipal_team.load", "up", "it takes hours there"),
    Case("national_pathway", "bup.load", "up", "coordination takes hours", untouched=SOUGHT),
    Case("waiting_guarantee", "bup.wait_started", "down", "a nearer deadline shortens the notice", untouched=SOUGHT),
    Case("waiting_guarantee", "bup.load", "up", "who starts sooner takes hours sooner, and no hours are added"),
    Case("appeal", "bup.referrals", "up", "some rejected come again", untouched=SOUGHT),
    Case("appeal", "bup.load", "up", "an appeal takes hours, and so does whoever gets in"),
    # coordination
    Case("coordinator", "lost_in_handover", "down", "somebody follows the child", untouched=SOUGHT, replications=24),
    Case("coordinator", "municipal_team.hours", "up", "coordination costs hours"),
    Case("coordinator:barnekoordinator", "municipal_team.hours", "up", "coordination costs hours", untouched=SOUGHT),
    Case("coordinator:forlopskoordinator", "lost_in_handover", "down", "somebody follows the child", untouched=SOUGHT),
    Case("coordinator:forlopskoordinator", "bup.hours", "up", "coordination costs BUP's hours"),
    Case("coordinator:individuell_plan", "lost_in_handover", "down", "a plan follows the child", untouched=SOUGHT),
    Case("bti_relay", "lost_in_handover", "down", "the holder sees that the child arrives", untouched=SOUGHT),
    Case("bti_relay", "school_health.load", "up", "the log takes hours"),
    Case(
        "bti_relay:level_0",
        "school_health.load",
        "up",
        "concern takes time, and changes nothing else",
        untouched=ELSEWHERE,
    ),
    Case("bti_relay:level_2", "lost_in_handover", "down", "several services use the log", untouched=SOUGHT),
    Case("bti_relay:level_2", "low_threshold.load", "up", "the log takes hours there too"),
    Case("bti_relay:level_3", "lost_in_handover", "down", "BUP too", untouched=SOUGHT),
    Case("bti_relay:level_3", "bup.load", "up", "the log takes hours of BUP too"),
    Case("team_around_pupil", "found", "up", "teachers and nurses look together"),
    Case("team_around_pupil", "school_health.load", "up", "the meetings take hours, and so do those who are found"),
    Case("welfare_lab", "lost_in_handover", "down", "everybody around one family", untouched=SOUGHT, replications=24),
    Case("welfare_lab", "municipal_team.hours", "up", "each handover takes many hours"),
    # long-lasting, severe, acute
    Case("fact_ung", "long_term.load", "down", "more posts"),
    Case("fact_ung", "long_term.children_in", "up", "those who drop out of BUP are sought out"),
    Case("fact_ung", "long_term.hours", "up", "more children, and travel"),
    Case("fact_ung", "found", "up", "outreach"),
    Case("stillasbyggerne", "bup.referrals", "down", "children in care have somebody of their own", untouched=SOUGHT),
    Case("ambit", "long_term.load", "up", "team meetings take hours", untouched=SOUGHT),
    Case("acute_team", "bup.in_course", "down", "crises of over-13s go to the team"),
    Case("acute_team", "bup.waited", "up", "crises come to BUP by way of the team and are reviewed: fewer start at once"),
    Case(
        "safety_plan",
        "lost_in_handover",
        "down",
        "fewer are lost after BUP",
        ("bup.routes[after!rejected].lost=0.5",),
        untouched=SOUGHT,
    ),
    Case("safety_plan", "bup.load", "up", "the plan takes an hour"),
    # organisations: where to start from
    Case("no_low_threshold", "municipal_team.children_in", "up", "those who would have gone there go to whoever is left"),
    Case("gp_only", "bup.referrals", "up", "there is nobody else to send to"),
)
