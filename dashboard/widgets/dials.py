"""The sliders of a proposal: real units, today's value in the label, and each turn a single change."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.dials import GROUPS, Dial, dials_of, label, now, shown, stops
from dashboard.proposing import moved
from dashboard.session import here
from dashboard.texts import Language, text
from dashboard.widgets.desk import change, put_refused
from dashboard.widgets.showing import plain
from dashboard.work import Proposal


def put_dials(proposal: Proposal) -> None:
    """Every slider that this place's ladder has, in groups.

    Raises:
        TrinnError: when the place is not known, or its own numbers do not fit.
    """
    language = here().language
    dials = dials_of(here().work, language)
    for group in GROUPS:
        some = [dial for dial in dials if dial.group == group]
        if not some:
            continue
        st.markdown(f"### {text(f'proposals_group_{group}', language)}")
        st.caption(text(f"proposals_group_{group}_about", language))
        put_refused(f"dials_{group}")
        for first in range(0, len(some), 2):  # row by row, so that a narrow screen and the keyboard meet them in order
            for column, dial in zip(st.columns(2, gap="medium"), some[first : first + 2], strict=False):
                with column:
                    _put_dial(dial, proposal.changes, language)


def _put_dial(dial: Dial, changes: Sequence[str], language: Language) -> None:
    here_ = now(changes, dial)
    places = stops(dial, here_)
    key = f"proposals_dial_{dial.address}"
    _follow(key, here_, places)

    def turned() -> None:
        to = float(st.session_state[key])
        if change(moved(changes, dial, to), f"dials_{dial.group}"):
            st.session_state[f"{key}_origin"] = to, places
        else:
            st.session_state[f"{key}_origin"] = None

    st.select_slider(
        plain(label(dial, language)),
        places,
        format_func=lambda value: shown(float(value), dial, language),
        key=key,
        on_change=turned,
    )


def _follow(key: str, value: float, places: tuple[float, ...]) -> None:
    """Put the slider where the number stands, unless it is the slider itself that has put it there."""
    origin = f"{key}_origin"
    if key not in st.session_state or st.session_state.get(origin) != (value, places):
        st.session_state[key] = value
        st.session_state[origin] = value, places
