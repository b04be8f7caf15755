"""Proposals: up to four changes of what there is today, and the answer to the one that is being edited."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from dashboard.changed import changed_since
from dashboard.choosing import laid_under
from dashboard.dials import Dial, dials_of
from dashboard.jobs import Job
from dashboard.numbers import whole
from dashboard.proposing import added, less, renamed, told, without
from dashboard.session import Session, here
from dashboard.texts import Language, chosen, text
from dashboard.uploads import read_upload
from dashboard.verdicts import cautions
from dashboard.widgets.any_number import put_any_number
from dashboard.widgets.desk import attempt, desk, on_change, put_refused
from dashboard.widgets.dials import put_dials
from dashboard.widgets.levers import put_levers
from dashboard.widgets.running import answer, put_error, question_of
from dashboard.widgets.showing import plain, put_whose
from dashboard.widgets.verdict import put_limits, put_verdict
from dashboard.work import MOST_PROPOSALS, Proposal, Work, base_of, proposed, to_json
from scenarios.addresses import is_change
from scenarios.errors import TrinnError

LARGEST_FILE = 1
"""Megabytes of a file that is uploaded."""


def draw() -> None:
    """Draw the page."""
    session = here()
    language = session.language
    st.title(text("proposals_title", language))
    st.markdown(text("proposals_lead", language, most=MOST_PROPOSALS))
    try:
        dials = dials_of(session.work, language)
    except TrinnError as error:
        put_error(error, language)
        _put_files(session.work, language)
        return
    _begin(session)
    answered = st.container()
    if session.work.proposals:
        _put_cards(session.work, dials, language)
        _put_editor(session.work, language)
    else:
        st.info(text("proposals_none", language), icon=":material/edit_note:")
        st.button(
            text("proposals_first", language), type="primary", icon=":material/add:", key="proposals_first", on_click=_add
        )
    _put_files(session.work, language)
    if session.work.proposals:
        put_limits(base_of(session.work), language)
        with answered:
            _put_answer(session.work, language)


def _begin(session: Session) -> None:
    """Let the runner begin while the page is drawn; what is wrong with the question is said where the answer belongs."""
    if session.work.proposals:
        with suppress(TrinnError):
            session.ask(question_of(session.work, session.language))


# -- the answer ---------------------------------------------------------------------------------------------------------


def _put_answer(work: Work, language: Language) -> None:
    """The verdict on the proposal that is being edited. It is asked for last, so that everything else stands at once."""
    name = work.proposals[desk().editing].name
    put_whose([base_of(work)])
    try:
        question = question_of(work, language)
    except TrinnError as error:
        put_error(error, language)
        return
    words, progress = st.container(border=True), st.container()
    with progress:
        job = answer(question, "proposals")
    with words:
        _put_words(job, name, language)


def _put_words(job: Job | None, name: str, language: Language) -> None:
    comparison = job.comparison if job is not None else None
    if comparison is None or name not in comparison.others:
        st.markdown(f"## {plain(name)}")
        st.markdown(text("proposals_not_yet", language))
        return
    put_verdict(comparison, name, language)
    for caution in cautions(comparison, language):
        st.markdown(f":material/warning: {plain(caution)}")
    st.caption(text("proposals_futures", language, futures=whole(comparison.replications, language)))


# -- cards --------------------------------------------------------------------------------------------------------------


def _put_cards(work: Work, dials: tuple[Dial, ...], language: Language) -> None:
    st.markdown(f"## {text('proposals_yours', language)}")
    put_refused("cards", plainly=True)
    columns = st.columns(2, gap="medium")
    for index, proposal in enumerate(work.proposals):
        with columns[index % 2], st.container(border=True):
            _put_card(work, index, proposal, dials, language)
    full = len(work.proposals) >= MOST_PROPOSALS
    if full:
        st.caption(text("proposals_full", language, most=MOST_PROPOSALS))
    st.button(text("proposals_new", language), icon=":material/add:", disabled=full, key="proposals_new", on_click=_add)


def _put_card(work: Work, index: int, proposal: Proposal, dials: tuple[Dial, ...], language: Language) -> None:
    key = _following(f"proposals_name_{index}", proposal.name)
    st.text_input(
        text("proposals_name", language, number=index + 1),
        key=key,
        max_chars=60,
        autocomplete="off",
        on_change=_rename,
        args=(index, key),
    )
    put_refused(key, plainly=True)
    _put_told(work, proposal, dials, language)
    editing = index == desk().editing
    with st.container(horizontal=True):
        st.button(
            text("proposals_editing" if editing else "proposals_edit", language),
            icon=":material/edit:",
            disabled=editing,
            key=f"proposals_edit_{index}",
            on_click=_edit,
            args=(index,),
        )
        st.button(
            text("proposals_copy", language),
            icon=":material/content_copy:",
            disabled=len(work.proposals) >= MOST_PROPOSALS,
            key=f"proposals_copy_{index}",
            on_click=_add,
            args=(index,),
        )
        st.button(
            text("proposals_delete", language),
            icon=":material/delete:",
            key=f"proposals_delete_{index}",
            on_click=_delete,
            args=(index,),
        )


def _put_told(work: Work, proposal: Proposal, dials: tuple[Dial, ...], language: Language) -> None:
    """What it changes, a sentence each. Where it does not fit what is there any more, every change as it is written."""
    try:
        lines = [each.words for each in told(work, proposal, dials, language)]
    except TrinnError:
        lines = list(proposal.changes)
    if lines:
        st.markdown("\n".join(f"- {plain(line)}" for line in lines))
    else:
        st.caption(text("proposals_nothing", language))


def _following(key: str, value: str) -> str:
    """The field's key, with the field showing the value when that has changed elsewhere."""
    origin = f"{key}_origin"
    if key not in st.session_state or st.session_state.get(origin) != value:
        st.session_state[key] = st.session_state[origin] = value
    return key


def _add(like: int | None = None) -> None:
    session = here()
    copied = session.work.proposals[like] if like is not None else None
    changes, name = (copied.changes, copied.name) if copied else ((), "")
    if attempt(lambda: added(session.work, changes, session.language, name), "cards"):
        desk().editing = len(session.work.proposals) - 1


def _rename(index: int, key: str) -> None:
    session = here()
    attempt(lambda: renamed(session.work, index, str(st.session_state[key]), session.language), key)
    st.session_state[f"{key}_origin"] = None


def _delete(index: int) -> None:
    session, found = here(), desk()
    attempt(lambda: without(session.work, index), "cards")
    if found.editing > index:
        found.editing -= 1


def _edit(index: int) -> None:
    desk().editing = index


# -- the one that is edited ---------------------------------------------------------------------------------------------


def _put_editor(work: Work, language: Language) -> None:
    proposal = work.proposals[desk().editing]
    st.markdown(f"## {plain(text('proposals_change', language, name=proposal.name))}")
    put_dials(proposal)
    st.markdown(f"## {text('proposals_levers', language)}")
    st.caption(text("proposals_levers_about", language))
    put_levers(proposal)
    st.markdown(f"## {text('proposals_more', language)}")
    _put_singles(work, proposal, language)
    opened = st.expander(text("proposals_more_number", language), key="proposals_more", on_change="rerun")
    if opened.open:
        with opened:
            put_any_number(proposal)
    whole_list = st.expander(text("proposals_all_changes", language), key="proposals_all", on_change="rerun")
    if whole_list.open:
        with whole_list:
            _put_all(work, proposal, language)


def _put_singles(work: Work, proposal: Proposal, language: Language) -> None:
    """Single changes, each with a way to take it off: those too that have no slider."""
    singles = [item for item in proposal.changes if is_change(item)]
    if not singles:
        return
    put_refused("singles")
    try:
        words = {each.change: each.words for each in told(work, proposal, dials_of(work, language), language)}
    except TrinnError:
        words = {}
    st.markdown(f"### {text('proposals_single', language)}")
    for number, single in enumerate(singles):
        said, away = st.columns([5, 1], vertical_alignment="center")
        said.markdown(plain(words.get(single, single)))
        away.button(
            text("proposals_take_away", language),
            help=plain(single),
            key=f"proposals_away_{number}",
            on_click=on_change,
            args=(less(proposal.changes, single), "singles"),
            width="stretch",
        )


def _put_all(work: Work, proposal: Proposal, language: Language) -> None:
    try:
        found = changed_since(base_of(work), proposed(work, proposal), language)
    except TrinnError as error:
        put_error(error, language)
        return
    if not found:
        st.caption(text("proposals_nothing", language))
    rows = [
        f"- {plain(each.words)}: {plain(each.old)} → {plain(each.new)} ({plain(each.since)}, {plain(each.lever)})"
        for each in found
    ]
    st.markdown("\n".join(rows))


# -- files --------------------------------------------------------------------------------------------------------------


def _put_files(work: Work, language: Language) -> None:
    st.divider()
    st.download_button(
        text("proposals_download", language),
        to_json(work),
        file_name="trinn.json",
        mime="application/json",
        icon=":material/download:",
        on_click="ignore",
        key="proposals_download",
    )
    with st.expander(text("proposals_upload", language), icon=":material/upload_file:"):
        st.markdown(text("proposals_upload_about", language))
        st.file_uploader(
            text("proposals_upload_file", language),
            type=["json"],
            max_upload_size=LARGEST_FILE,
            key="proposals_file",
            on_change=_read,
        )
        _put_read(language)


def _put_read(language: Language) -> None:
    found = desk()
    if found.where == "file" and found.refused is not None and found.while_ == here().work:
        st.error(text("proposals_upload_refused", language), icon=":material/report:")
        st.code("\n".join(str(fault) for fault in found.refused.faults), language=None, wrap_lines=True)
    elif st.session_state.get("proposals_file") is not None and found.where == "file":
        try:
            place = chosen(base_of(here().work).name, language)
        except TrinnError:
            place = here().work.place
        words = text("proposals_uploaded", language, place=place, number=len(here().work.proposals))
        st.success(plain(words), icon=":material/check:")


def _read() -> None:
    file = st.session_state.get("proposals_file")
    if file is not None:
        desk().where = "file"
        session = here()
        if attempt(lambda: laid_under(session.work, read_upload(file.name, file.getvalue(), session.language)).work, "file"):
            desk().editing = 0
