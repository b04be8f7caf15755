"""Levers of the library on a page: those a proposal has on, with how much and from when, and all there are to put on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

from dashboard import numbers
from dashboard.lever_cards import GROUPS, Card, card_of, cards, first_wanted, lacks, lacks_of, moments, on_today
from dashboard.proposing import lever_word, on, since_words, with_lever, without_lever
from dashboard.session import here
from dashboard.texts import Language, text
from dashboard.widgets.desk import change, desk, on_change, put_refused
from dashboard.widgets.showing import plain
from dashboard.work import Proposal, base_of
from scenarios.errors import TrinnError
from scenarios.levers import Wanted, levers

_ALL = "all"
PARTS = tuple(number / 20 for number in range(21))
"""How much of a lever may be put on."""


def put_levers(proposal: Proposal) -> None:
    """The levers that the proposal has on, and the library."""
    language = here().language
    put_refused("levers")
    items = on(proposal.changes)
    if items:
        _put_on(proposal, items, language)
    st.markdown(f"### {text('proposals_levers_library', language)}")
    chosen_group, search = st.columns([3, 2], vertical_alignment="bottom")
    with chosen_group:
        group = st.selectbox(
            text("proposals_levers_group", language),
            (_ALL, *GROUPS),
            index=1 + GROUPS.index("municipal"),
            format_func=lambda key: text("proposals_levers_all" if key == _ALL else f"lever_table_{key}", language),
            key="proposals_levers_group",
        )
    with search:
        words = st.text_input(
            text("proposals_levers_search", language),
            placeholder=text("proposals_levers_search_example", language),
            key="proposals_levers_search",
            autocomplete="off",
        )
    found = cards(language, "" if words.strip() or group == _ALL else str(group), words)
    st.caption(text("proposals_levers_found", language, number=len(found)))
    today = on_today(base_of(here().work))
    for card in found:
        _put_card(card, proposal, card.name in items, card.name in today, language)


def _put_card(card: Card, proposal: Proposal, is_on: bool, is_today: bool, language: Language) -> None:
    """A lever of the library; what it holds is looked up when it is opened."""
    state = "proposals_lever_on" if is_on else "proposals_lever_today" if is_today else ""
    label = " · ".join([card.title, card.grade, *([text(state, language)] if state else [])])
    opened = st.expander(plain(label), key=f"proposals_lever_{card.name}", on_change="rerun")
    if not opened.open:
        return
    with opened:
        st.button(
            text("proposals_lever_put_on", language),
            disabled=is_on or is_today,
            icon=":material/add:",
            key=f"proposals_put_on_{card.name}",
            on_click=_put_on_one,
            args=(proposal.changes, card.name),
        )
        put_about(card, language)
        _put_lacking(lacks(here().work, proposal.changes, card.name, language), language)


def put_about(card: Card, language: Language) -> None:
    """What a lever is, how it acts, what it costs and what it rests on."""
    st.markdown(plain(card.about))
    for key, words in (("lever_mechanism", card.mechanism), ("lever_suits", card.suits)):
        if words:
            st.markdown(f"**{text(key, language)}** {plain(words)}")
    costs = card.costs or (text("lever_costs_nothing", language),)
    st.markdown(f"**{text('lever_costs', language)}**\n" + "\n".join(f"- {plain(cost)}" for cost in costs))
    st.markdown(f"**{text('lever_grade', language, grade=card.grade)}**")
    st.markdown(f"**{text('lever_sources', language)}**\n" + "\n".join(f"- {plain(source)}" for source in card.sources))


def _put_lacking(said: Sequence[str], language: Language) -> None:
    if said:
        lines = "\n".join(f"- {plain(each)}" for each in said)
        st.warning(f"**{text('proposals_lever_lacking', language)}**\n\n{lines}", icon=":material/warning:")


def _put_on(proposal: Proposal, items: dict[str, Wanted], language: Language) -> None:
    st.markdown(f"### {text('proposals_levers_on', language)}")
    try:
        lacking = lacks_of(here().work, desk().editing, language)
    except TrinnError:  # said at the top of the page: something else has changed under the proposal
        lacking = {}
    for name, item in items.items():
        with st.container(border=True):
            _put_one_on(proposal, item, card_of(name, levers()[name], language), language)
            _put_lacking(lacking.get(name, ()), language)


def _put_one_on(proposal: Proposal, item: Wanted, card: Card, language: Language) -> None:
    """A lever that is on: how much of it, which variant, from when."""
    head, off = st.columns([4, 1], vertical_alignment="center")
    head.markdown(f"**{plain(card.title)}** · {plain(text('lever_grade', language, grade=card.grade))}")
    off.button(
        text("proposals_lever_take_off", language),
        icon=":material/remove:",
        key=f"proposals_take_off_{card.name}",
        on_click=on_change,
        args=(without_lever(proposal.changes, item.name), "levers"),
        width="stretch",
    )
    columns = st.columns(3 if card.kinds else 2, gap="medium")
    part = item.intensity
    with columns[0]:
        places = PARTS if part in PARTS else tuple(sorted({*PARTS, part}))
        key = _following(f"proposals_part_{card.name}", part, places)
        st.select_slider(
            text("proposals_lever_part", language),
            places,
            format_func=lambda value: numbers.percent(float(value), language),
            key=key,
            on_change=_changed,
            args=(proposal.changes, item, key, "intensity"),
        )
    with columns[1]:
        days = moments(here().work, item.since)
        key = _following(f"proposals_since_{card.name}", item.since, days)
        st.selectbox(
            text("proposals_lever_since", language),
            days,
            format_func=lambda day: since_words(day, language),
            key=key,
            on_change=_changed,
            args=(proposal.changes, item, key, "since"),
        )
    if card.kinds:
        with columns[2]:
            kind = item.kind or next(iter(card.kinds))
            key = _following(f"proposals_kind_{card.name}", kind, tuple(card.kinds))
            st.selectbox(
                text("proposals_lever_kind", language),
                tuple(card.kinds),
                format_func=card.kinds.__getitem__,
                key=key,
                on_change=_changed,
                args=(proposal.changes, item, key, "kind"),
            )
    if card.costs:
        st.caption(" · ".join(plain(cost) for cost in card.costs))


def _put_on_one(changes: Sequence[str], name: str) -> None:
    change(with_lever(changes, first_wanted(name)), "levers")


def _changed(changes: Sequence[str], item: Wanted, key: str, field: str) -> None:
    """What was chosen of a lever that is on."""
    value: Any = st.session_state[key]
    if field == "intensity":
        value = float(value)
    new = replace(item, **{field: value})
    if not change(with_lever(changes, new), "levers") or lever_word(new) == lever_word(item):
        st.session_state[f"{key}_origin"] = None


def _following(key: str, value: float | str | date, places: tuple[Any, ...]) -> str:
    """The widget's key, with the widget showing what the proposal holds."""
    origin = f"{key}_origin"
    if key not in st.session_state or st.session_state.get(origin) != (value, places):
        st.session_state[key] = value
        st.session_state[origin] = value, places
    return key
