"""One possible future, week by week: optional, moved by the reader, and never without saying that it is one of many."""

from __future__ import annotations

import streamlit as st

from dashboard.animation import FUTURES, SECONDS, Animation, animation, course_of, drawn, week_table, week_words
from dashboard.jobs import Job
from dashboard.session import here
from dashboard.texts import Language, joined, text
from dashboard.widgets.showing import plain, put_table

WEEK = "animation_week"
"""The slider's key."""


def put_animation(job: Job, language: Language | None = None) -> None:
    """Today and one proposal in a single possible future. Nothing is made or moves before the reader asks for it.

    Args:
        job: what was asked for; any with a possible future that is finished.
        language: the reader's, if it is not the session's.
    """
    language = language or here().language
    if job.shown < 1:
        return
    st.markdown(f"### {plain(text('animation_title', language))}")
    if st.toggle(text("animation_show", language), key="animation_show"):
        _put_future(job, language)


@st.fragment
def _put_future(job: Job, language: Language) -> None:
    results = job.results
    st.warning(text("animation_warning", language), icon=":material/casino:")
    base, *others = results
    left, right = st.columns(2)
    future = left.selectbox(
        text("animation_future", language),
        range(1, min(job.shown, FUTURES) + 1),
        format_func=lambda number: text("animation_future_option", language, number=number),
        key="animation_future",
    )
    if len(others) > 1:
        others = [right.selectbox(text("animation_proposal", language), others, format_func=plain, key="animation_proposal")]
    _put_weeks(animation({name: results[name] for name in (base, *others)}, future, language), language)


def _put_weeks(shown: Animation, language: Language) -> None:
    key = f"{WEEK}_{shown.last}"

    def step(by: int) -> None:
        st.session_state[key] = min(max(st.session_state[key] + by, 0), shown.last)

    week = st.slider(text("animation_slider", language), 0, shown.last, key=key)
    with st.container(horizontal=True):
        st.button(text("animation_before", language), key="animation_before", disabled=week == 0, on_click=step, args=(-1,))
        st.button(text("animation_next", language), key="animation_next", disabled=week == shown.last, on_click=step, args=(1,))
        seconds = round(len(shown.days) * SECONDS)
        moving = st.toggle(
            text("animation_move", language, seconds=seconds), key="animation_move", help=text("animation_move_help", language)
        )
    st.html(drawn(shown, week, language, moving))
    st.caption(plain(text("animation_about", language)))
    if shown.left_out:
        st.caption(plain(text("animation_left_out", language, services=joined(list(shown.left_out), language))))
    with st.expander(text("animation_table", language)):
        put_table(week_table(shown, week, language), week_words(shown, week, language))
        if moving and shown.lists:
            put_table(course_of(shown, language), text("animation_course", language))
