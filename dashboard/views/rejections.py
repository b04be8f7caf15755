"""Rejections, for those who run the specialist service: whose, why, what became of them, what they cost, what changes them."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboard.entering import number_within
from dashboard.pictures import Picture
from dashboard.rejected import Followed, reviewing
from dashboard.rejection_variants import rejection_variants, variant_about, variant_name, variants_shown
from dashboard.rejections import Rejections, followed_of, rejections
from dashboard.session import Session, here
from dashboard.texts import Language, text
from dashboard.widgets.later import put_later
from dashboard.widgets.running import answer, put_error, question_about
from dashboard.widgets.showing import plain, put_download, put_picture, put_table, put_whose
from dashboard.widgets.verdict import put_limits
from dashboard.work import scenarios_of
from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.schema import Scenario

PAGE = "rejections"


def draw() -> None:
    """Draw the page."""
    session = here()
    language = session.language
    st.title(text("app_rejections", language))
    try:
        scenarios = scenarios_of(session.work, language)
    except TrinnError as error:
        put_error(error, language)
        return
    name, scenario = _which(scenarios, language)
    put_whose([scenario])
    if not reviewing(scenario):
        st.info(text("rejections_page_none", language))
        return
    hours = _hours(language)
    put_later(followed_of(scenario, session.work.seed), partial(_put, hours=hours, language=language))
    st.markdown(f"## {text('rejections_page_what_if', language)}")
    st.markdown(text("rejections_page_what_if_about", language))
    _put_variants(name, scenario, session, language)
    put_limits(scenario, language)


def _which(scenarios: dict[str, Scenario], language: Language) -> tuple[str, Scenario]:
    """Today, or a proposal."""
    if len(scenarios) == 1:
        return next(iter(scenarios.items()))
    label, names = text("required_page_of", language), list(scenarios)
    chosen = st.segmented_control(label, names, default=names[0], required=True, key="rejections_of")
    name = chosen if chosen in scenarios else names[0]
    return name, scenarios[name]


def _hours(language: Language) -> float | None:
    """What assessing a referral takes, where the reader knows better than the sources."""
    words = st.text_input(
        text("rejections_page_hours", language),
        key="rejections_hours",
        placeholder=text("rejections_page_hours_none", language),
        help=text("rejections_page_hours_help", language),
    )
    if not words.strip():
        return None
    try:
        return number_within(words, language, 0.0, 100.0)
    except TrinnError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


def _put(followed: Followed, hours: float | None, language: Language) -> None:
    found = rejections(followed, language, hours)
    st.markdown(f"## {plain(found.sentence)}")
    _put_parts(found)
    with st.expander(text("rejections_page_told", language), expanded=True):
        st.markdown("\n".join(f"- {plain(line)}" for line in found.told))


def _put_parts(found: Rejections) -> None:
    for number, part in enumerate(found.parts):
        if part.chart is not None or part.echarts is not None:
            put_picture(part, f"rejections_{number}")
        else:
            _put_plain(part, f"rejections_{number}")


def _put_plain(part: Picture, key: str) -> None:
    """A part that is a table and no figure."""
    st.markdown(f"### {plain(part.title)}")
    st.markdown(plain(part.alt))
    if len(part.table):
        put_table(part.table, part.title)
        put_download(part.table, part.name, key)
    if part.how:
        st.caption(plain(part.how))


def _put_variants(name: str, scenario: Scenario, session: Session, language: Language) -> None:
    """What happens when the threshold, the intake or the municipal steps change: each beside today, verdict first."""
    variants = rejection_variants(scenario)
    if not variants:
        st.info(text("rejections_page_no_variant", language))
        return
    chosen = st.pills(
        text("rejections_page_variant", language),
        list(variants),
        format_func=lambda variant: variant_name(variant, language),
        default=next(iter(variants)),
        required=True,
        key="rejections_variant",
    )
    variant = str(chosen) if chosen in variants else next(iter(variants))
    st.caption(plain(variant_about(variant, language)))
    try:
        pair = {name: scenario, variant_name(variant, language): apply(scenario, *variants[variant])}
        job = answer(question_about(pair, session.work), PAGE)
    except TrinnError as error:
        put_error(error, language)
        return
    if job is None or job.comparison is None:
        return
    for number, part in enumerate(variants_shown(job.comparison, language)):
        _put_plain(part, f"rejections_variant_{number}")
