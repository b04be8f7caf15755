"""What matters most: which of the numbers that nobody knows for certain the conclusion hangs on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.evidence import evidence_groups, of_scenarios, summary
from dashboard.jobs import digest_of
from dashboard.pictures.tornado import tornado
from dashboard.sensitivity import left_out_lines, measure_line, turning_lines, verdict_word, work_line
from dashboard.session import Session, here
from dashboard.tasks import Said
from dashboard.texts import Language, text
from dashboard.widgets.running import put_error
from dashboard.widgets.showing import plain, put_picture, put_table, put_whose
from dashboard.widgets.tasks import outcome, start
from dashboard.widgets.verdict import put_limits
from dashboard.work import scenarios_of
from scenarios.errors import TrinnError
from scenarios.schema import Scenario
from sim.experiments.sensitivity import Sensitivity, Settings, sensitivity
from sim.experiments.store import Memory

PAGE = "matters"
QUICK = Settings(walks=4, replications=2, points=32, top=3, futures=10)
"""A first impression: a minute or so."""
THOROUGH = Settings()
"""As the command does it."""


def draw() -> None:
    """Draw the page."""
    session = here()
    language = session.language
    st.title(text("app_matters", language))
    try:
        scenarios = scenarios_of(session.work, language)
    except TrinnError as error:
        put_error(error, language)
        return
    st.markdown(text("matters_lead", language))
    put_whose(scenarios.values())
    names = list(scenarios)
    if len(names) > 1:
        _put_question(names, scenarios, session, language)
    else:
        st.info(text("matters_no_proposal", language))
    _put_evidence(list(scenarios.values()), language)
    put_limits(scenarios[names[0]], language)


def _put_question(names: list[str], scenarios: dict[str, Scenario], session: Session, language: Language) -> None:
    proposal = names[1]
    if len(names) > 2:
        chosen = st.segmented_control(
            text("head_scenario", language), names[1:], default=names[1], required=True, key="matters_of"
        )
        proposal = chosen if chosen in scenarios else names[1]
    depth = {"quick": QUICK, "thorough": THOROUGH}
    how = st.segmented_control(
        text("matters_depth", language),
        list(depth),
        format_func=lambda name: text(f"matters_{name}", language),
        default="quick",
        required=True,
        key="matters_depth",
    )
    settings = depth.get(str(how), QUICK)
    pair = {names[0]: scenarios[names[0]], proposal: scenarios[proposal]}
    key = " ".join([*(digest_of(scenario, session.work.seed) for scenario in pair.values()), *pair, repr(settings)])
    st.button(
        text("matters_ask", language),
        type="primary",
        key="matters_ask",
        on_click=start,
        args=(PAGE, key, _work(pair, settings, key, session)),
    )
    found = outcome(PAGE, key, "sensitivity_part")
    if isinstance(found, Sensitivity):
        _put(found, language)


def _work(pair: dict[str, Scenario], settings: Settings, key: str, session: Session) -> Callable[[Said], Any]:
    store = session.kept.setdefault("matters_parts", {}).setdefault(key, Memory())
    seed = session.work.seed

    def work(said: Said) -> Sensitivity:
        return sensitivity(pair, settings=settings, seed=seed, workers=1, store=store, progress=said)

    return work


def _put(found: Sensitivity, language: Language) -> None:
    verdict = verdict_word(found.verdict, language)
    key = "matters_turns" if found.turnings else "matters_holds"
    st.markdown(f"## {plain(text(key, language, verdict=verdict, number=len(found.turnings)))}")
    st.markdown("\n".join(f"- {plain(line)}" for line in turning_lines(found, language)))
    for place, measure in enumerate(found.measures):
        picture = tornado(found, measure, language)
        if picture is not None:
            put_picture(picture, f"matters_{place}")
        st.caption(plain(measure_line(found, place, language)))
    with st.expander(text("matters_left_out", language)):
        lines = [*left_out_lines(found, language), text("sensitivity_heads", language), work_line(found, language)]
        st.markdown("\n".join(f"- {plain(line)}" for line in lines))


def _put_evidence(scenarios: list[Scenario], language: Language) -> None:
    """What the result rests on, whether or not anything has been moved."""
    found = of_scenarios(scenarios)
    st.markdown(f"## {text('rests_title', language)}")
    st.markdown(plain(summary(found, language)))
    heads = [text(key, language) for key in ("head_key", "evidence_head_value", "head_range", "head_source")]
    for number, group in enumerate(evidence_groups(found, scenarios, language)):
        with st.expander(plain(text("evidence_show", language, grade=group.title))):
            rows = [
                (f"{row.subject}: {row.words}", row.value, row.range, f"{row.source} {row.note}".strip()) for row in group.rows
            ]
            put_table(pd.DataFrame(rows, columns=heads), f"{group.title} ({number + 1})")
