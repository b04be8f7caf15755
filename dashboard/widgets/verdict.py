"""The answer in words: what may be said of a proposal, with what belongs to it."""

from __future__ import annotations

import streamlit as st

from dashboard.texts import Language, text
from dashboard.verdicts import limits, verdict_words
from dashboard.widgets.showing import plain
from scenarios.schema import Scenario
from sim.compare import Comparison

_ICONS = {
    "better": ":material/trending_up:",
    "worse": ":material/trending_down:",
    "mixed": ":material/compare_arrows:",
    "unclear": ":material/remove:",
    "same": ":material/drag_handle:",
    "too_few": ":material/hourglass_empty:",
}
"""Beside the words, never in place of them."""


def put_verdict(comparison: Comparison, proposal: str, language: Language, notes: bool = True) -> None:
    """The verdict on a proposal as a heading, its sentence, and its notes.

    Args:
        comparison: what it is read off.
        proposal: which.
        language: ``nb`` or ``en``.
        notes: also what belongs to it; a cut is always said to be unproven.
    """
    words = verdict_words(comparison, proposal, language)
    icon = _ICONS[comparison.verdicts[proposal].word]
    st.markdown(f"## {icon} {plain(proposal)}: {plain(words.title)}")
    st.markdown(plain(words.sentence))
    shown = words.notes if notes else ()
    if shown:
        st.markdown("\n".join(f"- {plain(note)}" for note in shown))


def put_limits(scenario: Scenario, language: Language) -> None:
    """What the results are not, and what they leave out."""
    with st.expander(text("compare_limits", language), icon=":material/rule:"):
        st.markdown("\n".join(f"- {plain(line)}" for line in limits(scenario, language)))
