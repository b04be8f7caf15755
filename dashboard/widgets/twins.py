"""Two stories of the same invented child, side by side as a plain table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import numbers
from dashboard.session import here
from dashboard.story import Sentence
from dashboard.story_twin import Twin
from dashboard.texts import Language, text
from dashboard.twins import Twins, twins_of
from dashboard.widgets.later import put_later
from dashboard.widgets.showing import plain, put_table
from scenarios.schema import Scenario

DIFFERENT = "≠"
"""Stands before a line that differs, as on the terminal."""


def put_twins(base: tuple[str, Scenario], proposal: tuple[str, Scenario], seed: int, command: str) -> None:
    """Stories of children today and with a proposal, one child at a time.

    Args:
        base: name and scenario.
        proposal: name and scenario.
        seed: of the possible future.
        command: what compares the two over many.
    """
    language = here().language
    st.caption(text("compare_twins_about", language))
    future = twins_of(dict([base, proposal]), seed, language, command)
    put_later(future, lambda found: _put(found, language))


def _put(found: Twins, language: Language) -> None:
    if not found.twins:
        st.info(text("compare_twins_none", language), icon=":material/info:")
        return
    kept = here().kept
    at = int(kept.get("compare_twin", 0)) % len(found.twins)
    amounts = [numbers.shown(float(number), "children", language) for number in (found.different, found.sought)]
    st.markdown(plain(text("compare_twins_number", language, different=amounts[0], sought=amounts[1])))

    def other(by: int) -> None:
        kept["compare_twin"] = (at + by) % len(found.twins)

    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(text("compare_twins_before", language), key="compare_twins_before", on_click=other, args=(-1,))
        st.button(text("compare_twins_next", language), key="compare_twins_next", on_click=other, args=(1,))
        st.markdown(text("compare_twins_at", language, number=at + 1, total=len(found.twins)))
    put_twin(found.twins[at], language)


def put_twin(told: Twin, language: Language) -> None:
    """One child's two stories, under the stamp that it is invented."""
    st.warning(plain(told.stamp), icon=":material/child_care:")
    st.markdown(f"**{plain(told.title)}**")
    for note in (told.origin, *told.notes):
        st.caption(plain(note))
    mark = text("compare_twins_differs", language)
    table = pd.DataFrame(
        [
            (row.when, DIFFERENT if row.differs else "", _words(row.left, language), _words(row.right, language))
            for row in told.rows
        ],
        columns=[text("head_date", language), mark, *told.names],
    )
    put_table(table, told.title)
    st.markdown("\n".join(f"- {plain(line)}" for line in told.closing))
    st.caption(plain(told.stamp))


def _words(sentence: Sentence | None, language: Language) -> str:
    if sentence is None:
        return text("nothing", language)
    return text("story_line", language, place=sentence.place, words=sentence.text) if sentence.place else sentence.text
