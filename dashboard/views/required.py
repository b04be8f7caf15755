"""How much is needed: posts of each service for a wait that is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from dashboard.jobs import digest_of
from dashboard.pictures.needed import needed_picture
from dashboard.required import about_lines, needed_table, stuck_lines, target_table
from dashboard.session import Session, here
from dashboard.tables import presented_run, service_name
from dashboard.tasks import Said
from dashboard.texts import Language, joined, text
from dashboard.widgets.running import answer, put_error, question_about
from dashboard.widgets.showing import plain, put_download, put_picture, put_table, put_whose
from dashboard.widgets.tasks import outcome, start
from dashboard.widgets.verdict import put_limits
from dashboard.work import scenarios_of
from scenarios.changes import resolved
from scenarios.errors import TrinnError
from scenarios.schema import Scenario
from sim.experiments.required import Required, required
from sim.experiments.store import Memory

PAGE = "required"
WEEKS = (1, 2, 3, 4, 6, 8, 13, 26)
SHARES = (50, 60, 70, 80, 90)
WITHIN = (35, 65, 91)
"""Days: five weeks, the longest deadline in weeks rounded down, and a quarter."""


def draw() -> None:
    """Draw the page."""
    session = here()
    language = session.language
    st.title(text("app_required", language))
    try:
        scenarios = scenarios_of(session.work, language)
    except TrinnError as error:
        put_error(error, language)
        return
    st.markdown(text("required_page_lead", language))
    name, scenario = _which(scenarios, language)
    put_whose([scenario])
    targets = _targets(scenario, session, language)
    key = f"{digest_of(scenario, session.work.seed)} {targets}"
    st.button(
        text("required_page_ask", language),
        type="primary",
        disabled=not targets,
        key="required_ask",
        on_click=start,
        args=(PAGE, key, _work(scenario, targets, session)),
    )
    st.caption(text("required_page_time", language))
    found = outcome(PAGE, key, "searching")
    if isinstance(found, Required):
        _put(found, language)
    else:
        _put_today(name, scenario, session, language)
    put_limits(scenario, language)


def _which(scenarios: Mapping[str, Scenario], language: Language) -> tuple[str, Scenario]:
    """Today, or a proposal."""
    if len(scenarios) == 1:
        return next(iter(scenarios.items()))
    chosen = st.segmented_control(
        text("required_page_of", language), list(scenarios), default=next(iter(scenarios)), required=True, key="required_of"
    )
    name = chosen if chosen in scenarios else next(iter(scenarios))
    return name, scenarios[name]


def _targets(scenario: Scenario, session: Session, language: Language) -> tuple[str, ...]:
    """What is wished, as the command writes it."""
    ladder = resolved(scenario)
    open_now = [
        name
        for name, service in ladder.services.items()
        if service.open and service.role != "door" and (service.staff or isinstance(service.places, int))
    ]
    first = [name for name in open_now if ladder.services[name].role == "low_threshold"] or open_now[:1]
    last = [name for name in open_now if ladder.services[name].role == "specialist"] or open_now[-1:]
    found = []
    left, right = st.columns(2)
    with left:
        wished = st.checkbox(text("required_page_wait", language), value=True, key="required_wait")
        service = _service(open_now, first, scenario, "required_first", language)
        weeks = st.select_slider(text("required_page_weeks", language), WEEKS, value=2, key="required_weeks")
        if wished and service:
            found.append(f"wait_to_first_contact({service}) <= {7 * weeks}d")
    with right:
        wished = st.checkbox(text("required_page_share", language), value=True, key="required_share")
        service = _service(open_now, last, scenario, "required_last", language)
        days = st.segmented_control(
            text("required_page_days", language), WITHIN, default=91, required=True, key="required_days"
        )
        share = st.select_slider(text("required_page_least", language), SHARES, value=70, key="required_least")
        if wished and service:
            found.append(f"share_started_within({service}, {days or 91}d) >= {share / 100:g}")
    return tuple(found)


def _service(names: list[str], preferred: list[str], scenario: Scenario, key: str, language: Language) -> str | None:
    if not names:
        return None
    return st.selectbox(
        text("required_service", language),
        names,
        index=names.index(preferred[0]) if preferred else 0,
        format_func=lambda name: service_name(scenario, name, language),
        key=key,
    )


def _work(scenario: Scenario, targets: tuple[str, ...], session: Session) -> Callable[[Said], Any]:
    kept = session.kept.setdefault("required_parts", {})
    folder = kept.setdefault((digest_of(scenario, session.work.seed), targets), Memory())
    seed = session.work.seed

    def work(said: Said) -> Required:
        return required(scenario, targets, seed=seed, folder=folder, progress=lambda part, runs: said(part, runs, 0))

    return work


def _put(found: Required, language: Language) -> None:
    st.markdown(f"## {plain(_sentence(found, language))}")
    for line in stuck_lines(found, language):
        st.warning(plain(line))
    table = needed_table(found, language)
    if len(table):
        put_picture(needed_picture(found, language), "required_posts")
    st.markdown(f"### {text('required_targets', language)}")
    put_table(target_table(found, language), text("required_targets", language))
    put_download(table, "required", "required_table")
    st.markdown("\n".join(f"- {plain(line)}" for line in (text("required_level", language), *about_lines(found, language))))


def _sentence(found: Required, language: Language) -> str:
    more = [each for each in found.needed if each.more > 0]
    if found.bottlenecks:
        return text("required_page_cannot", language)
    if not more:
        return text("required_page_enough", language)
    parts = [
        text(
            "required_page_part",
            language,
            service=service_name(found.scenario, each.post.service, language),
            now=row[1],
            need=row[2],
        )
        for each, row in zip(found.needed, needed_table(found, language).itertuples(index=False, name=None), strict=True)
        if each.more > 0
    ]
    return text("required_page_needs", language, parts=joined(parts, language))


def _put_today(name: str, scenario: Scenario, session: Session, language: Language) -> None:
    """How it is now, as long as nothing has been asked."""
    try:
        job = answer(question_about({name: scenario}, session.work), PAGE)
    except TrinnError as error:
        put_error(error, language)
        return
    if job is None or not job.results:
        return
    result = next(iter(job.results.values()))
    st.markdown(f"## {plain(text('required_page_now', language, name=next(iter(job.results))))}")
    shown = presented_run(result, language)
    if not len(shown):
        return
    waits = shown[shown["main"] & shown["measure"].isin(("wait_started", "wait_90", "waiting_end", "load"))]
    table = waits[["service", "label", "unit", "mean", "band"]]
    table.columns = [
        text(key, language) for key in ("head_service", "head_measure", "head_unit", "head_value", "run_head_spread")
    ]
    put_table(table, text("required_page_now", language, name=name))
