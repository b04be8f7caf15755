"""Start: a finished answer, and one's own municipality a choice away."""

from __future__ import annotations

import streamlit as st

from dashboard.beginning import fewer_rejections, more_psychologists, with_proposal
from dashboard.choosing import moved_to, offer_of, offers
from dashboard.comparison import Comparison
from dashboard.jobs import Job
from dashboard.pictures import Picture
from dashboard.pictures.waiting import waiting_lists
from dashboard.session import Session, here, is_example
from dashboard.texts import Language, chosen, joined, text
from dashboard.today import waits_words
from dashboard.verdicts import verdict_words
from dashboard.widgets.moving import go_to
from dashboard.widgets.running import answer, put_error, question_of
from dashboard.widgets.showing import plain, put_picture, put_whose
from dashboard.widgets.verdict import put_limits
from dashboard.work import MOST_PROPOSALS, Proposal
from scenarios.errors import TrinnError
from sim.result import Result

_PAGE = "start"


def draw() -> None:
    """Draw the page."""
    session = here()
    language = session.language
    st.title(text("start_title", language))
    above = st.container()
    _put_choice(session)
    below = st.container()
    try:
        question = question_of(session.work, language)
    except TrinnError as error:
        with above:
            put_error(error, language)
        _put_cards(session)
        return
    with above:
        job = answer(question, _PAGE)
        if job is not None:
            _put_answer(session, job)
    if job is not None:
        with below:
            _put_chart(session, job)
            put_limits(next(iter(job.question.scenarios.values())), language)
    with below:
        _put_next(session)
    _put_cards(session)


# -- the answer ---------------------------------------------------------------------------------------------------------


def _put_answer(session: Session, job: Job) -> None:
    """The sentence that answers the question, before anything else."""
    language = session.language
    comparison = job.comparison
    base = next(iter(job.question.scenarios.values()))
    if is_example(session.work):
        st.caption(plain(text("start_example", language)))
    else:
        st.caption(plain(text("start_about", language, place=chosen(base.name, language))))
    if comparison is None:
        result = next(iter(job.results.values()), None)
        if result is not None:
            st.markdown(f"## {text('start_today_head', language)}")
            st.markdown(f"**{plain(waits_words(result, language))}**")
            st.info(plain(text("start_no_proposal", language)), icon=":material/add:")
    else:
        for name in comparison.others:
            words = verdict_words(comparison, name, language)
            st.markdown(f"## {plain(text('start_verdict', language, name=name, title=words.title))}")
            st.markdown(f"**{plain(words.sentence)}**")
            if words.notes:
                st.markdown("\n".join(f"* {plain(note)}" for note in words.notes))
    put_whose(job.question.scenarios.values())


def _put_chart(session: Session, job: Job) -> None:
    """The waiting list that the proposals change most."""
    key = (_PAGE, tuple(job.digests), job.shown, tuple(job.question.scenarios), session.language)
    kept = session.kept.setdefault(_PAGE, {})
    if kept.get("chart_of") != key:
        kept["chart_of"], kept["chart"] = key, _chart(job, session.language)
    picture = kept["chart"]
    if picture is None:
        st.info(plain(text("start_no_list", session.language)))
    else:
        put_picture(picture, f"{_PAGE}_waiting")


def _chart(job: Job, language: Language) -> Picture | None:
    comparison = job.comparison or _alone(job)
    if comparison is None:
        return None
    pictures = {picture.name.removeprefix("waiting_"): picture for picture in waiting_lists(comparison, language)}
    return pictures[max(pictures, key=lambda service: _moved(comparison, service))] if pictures else None


def _alone(job: Job) -> Comparison | None:
    """Today with nothing beside it, so that the figures of comparisons can draw it."""
    return Comparison(job.results) if job.results else None


def _moved(comparison: Comparison, service: str) -> tuple[float, float]:
    """How much the list of a service differs between today and the proposals; then how long it is."""
    key = ("all", service, "all", "waiting")
    lists = [_list(result, key) for result in comparison.results.values()]
    return round(max(abs(each - lists[0]) for each in lists), 1), lists[0]


def _list(result: Result, key: tuple[str, str, str, str]) -> float:
    found = [replication.folded.values.get(key, 0.0) for replication in result.replications]
    return sum(found) / len(found)


# -- the place ----------------------------------------------------------------------------------------------------------


def _put_choice(session: Session) -> None:
    """One's own municipality by name: the first thing that is offered."""
    language = session.language
    known = {offer.place: offer.words for offer in offers(language)}
    here_ = offer_of(session.work.place, language)
    now = here_.place if here_ is not None and not is_example(session.work) else None
    key = f"{_PAGE}_place_{now or ''}_{language}"

    def choose() -> None:
        _choose(session, st.session_state[key])

    st.selectbox(
        text("start_choose", language),
        list(known),
        index=None if now is None else list(known).index(now),
        format_func=known.__getitem__,
        placeholder=text("start_placeholder", language),
        help=text("start_choose_help", language),
        key=key,
        on_change=choose,
        filter_mode="contains",
    )
    for kind, said in session.kept.setdefault(_PAGE, {}).get("said", {}).get(session.work.place, ()):
        (st.warning if kind == "warning" else st.error)(plain(said), icon=":material/info:")


def _choose(session: Session, place: str | None) -> None:
    if not place:
        return
    language = session.language
    try:
        moved = moved_to(session.work, place)
    except TrinnError as error:
        session.kept.setdefault(_PAGE, {})["said"] = {session.work.place: [("error", str(error))]}
        return
    said = []
    if moved.left_out:
        names = joined([f"«{name}»" if language == "nb" else f"“{name}”" for name in moved.left_out], language)
        said.append(("warning", text("start_left_out", language, names=names)))
    if moved.own_gone:
        said.append(("warning", text("start_own_gone", language)))
    session.kept.setdefault(_PAGE, {})["said"] = {place: said}
    session.change(moved.work)
    session.answered.clear()  # no page shows one place's numbers under another's name, not even as old ones


# -- what next ----------------------------------------------------------------------------------------------------------


def _put_next(session: Session) -> None:
    """The one thing to do next."""
    language = session.language
    own = bool(session.work.own)
    if st.button(
        text("start_compare" if own else "start_own", language),
        type="primary",
        icon=":material/arrow_forward:",
        key=f"{_PAGE}_next",
    ):
        go_to("compare" if own else "services", language)


def _put_cards(session: Session) -> None:
    language = session.language
    st.markdown(f"## {text('start_more', language)}")
    try:
        ready = {
            "psychologists": more_psychologists(session.work, language),
            "rejections": fewer_rejections(session.work, language),
        }
    except TrinnError:
        ready = {}
    cards = st.columns(3)
    for card, (key, proposal) in zip(cards, ready.items(), strict=False):
        with card.container(border=True, height="stretch"):
            _put_card(session, key, proposal)
    with cards[-1].container(border=True, height="stretch"):
        st.markdown(f"**{text('start_card_own', language)}**")
        st.markdown(text("start_card_own_about", language))
        if st.button(text("start_card_own_go", language), key=f"{_PAGE}_card_own"):
            go_to("services", language)


def _put_card(session: Session, key: str, proposal: Proposal | None) -> None:
    language = session.language
    at_bup = proposal is not None and proposal.name == text("start_more_at_bup", language)
    title = f"start_card_{key}_bup" if at_bup else f"start_card_{key}"
    st.markdown(f"**{text(title, language)}**")
    if proposal is None:
        st.markdown(text("start_card_nobody", language))
        return
    st.markdown(text(f"start_card_{key}_about", language))
    wanted = with_proposal(session.work, proposal, session.work.proposals if is_example(session.work) else ())
    if wanted is None:
        st.markdown(plain(text("start_full", language, most=MOST_PROPOSALS)))
    if st.button(text("start_card_try", language), key=f"{_PAGE}_card_{key}", disabled=wanted is None) and wanted is not None:
        session.change(wanted)
        go_to("compare", language)
