"""Any number of a scenario in a text cell: chosen by name, or by its address."""

from __future__ import annotations

import streamlit as st

from dashboard.any_number import Standing, known, standing, stated
from dashboard.dials import written
from dashboard.proposing import with_number
from dashboard.session import here
from dashboard.texts import Language, text
from dashboard.widgets.desk import change, put_refused
from dashboard.widgets.entering import number_cell
from dashboard.widgets.running import put_error
from dashboard.widgets.showing import plain
from dashboard.work import Proposal
from scenarios.errors import TrinnError

_MOST = 1e9


def put_any_number(proposal: Proposal) -> None:
    """Choose a number, see what stands there today, and write another.

    Raises:
        TrinnError: when the place is not known, or its own numbers do not fit.
    """
    language, work = here().language, here().work
    st.caption(text("proposals_more_about", language))
    names = known(work, language)
    choosing, writing = st.columns(2, vertical_alignment="bottom")
    chosen = choosing.selectbox(
        text("proposals_more_number", language),
        tuple(names),
        index=None,
        format_func=lambda address: names.get(address, address),
        placeholder=text("proposals_more_none", language),
        key="proposals_more_number",
    )
    address = writing.text_input(
        text("proposals_more_address", language),
        placeholder=text("proposals_more_address_example", language),
        key="proposals_more_address",
        autocomplete="off",
    )
    wanted = address.strip() or chosen
    if not wanted:
        return
    try:
        found = standing(work, wanted)
    except TrinnError as error:
        put_error(error, language)
        return
    put_refused("more")
    _put_cell(found, names.get(found.address, found.address), proposal, language)


def _put_cell(found: Standing, name: str, proposal: Proposal, language: Language) -> None:
    key = f"proposals_any_{found.address}"
    set_to = stated(proposal.changes, found.address)
    if found.number is not None and _is_number(set_to):
        number_cell(
            name,
            found.number if set_to is None else float(set_to),
            key,
            -_MOST,
            _MOST,
            today=found.number,
            then=lambda to: _set(proposal, found.address, None if to == found.number else written(to)),
        )
        return
    if len(found.values) > 1:
        st.caption(plain(text("proposals_more_several", language, values=found.words(language))))
    st.markdown(f"**{plain(name)}**")
    field = f"{key}_words"
    st.text_input(
        plain(text("proposals_more_words", language, today=found.words(language))),
        value=set_to or "",
        key=field,
        autocomplete="off",
        on_change=lambda: _set(proposal, found.address, str(st.session_state[field]).strip() or None),
    )


def _is_number(words: str | None) -> bool:
    if words is None:
        return True
    try:
        float(words)
    except ValueError:
        return False
    return True


def _set(proposal: Proposal, address: str, to: str | None) -> None:
    change(with_number(proposal.changes, address, to), "more")
