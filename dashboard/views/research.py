"""Research: a small grid of scenarios, its tidy table, and the words that repeat it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import numbers
from dashboard.entering import number_within
from dashboard.research import (
    MOST_AXES,
    MOST_CELLS,
    Axis,
    axes_of,
    cells_of,
    command_of_grid,
    parquet_bytes,
    scenarios_of_cells,
    snippet_of_grid,
    tidy,
)
from dashboard.session import Session, here
from dashboard.texts import Language, text
from dashboard.widgets.running import answer, put_error, question_about
from dashboard.widgets.showing import csv_of, plain, put_table, put_whose
from dashboard.widgets.verdict import put_limits
from dashboard.work import FUTURES, base_of
from scenarios.errors import TrinnError

PAGE = "research"
SHOWN = 40
"""Rows on the page; files hold all."""
MOST_SEED = 2**31
COLUMNS = ("scenario", "service", "label", "unit", "base_mean", "mean", "difference", "half_width", "shown")


def draw() -> None:
    """Draw the page."""
    session = here()
    language = session.language
    st.title(text("app_research", language))
    st.markdown(text("research_lead", language))
    _put_settings(session, language)
    words = st.text_area(
        text("research_axes", language),
        value=session.kept.get("research_axes", text("research_example", language)),
        help=text("research_axes_help", language, axes=MOST_AXES, cells=MOST_CELLS),
        key="research_axes",
        max_chars=4000,
    )
    session.kept["research_axes"] = words
    try:
        axes = axes_of(words, language)
        scenarios = scenarios_of_cells(base_of(session.work), cells_of(axes), text("today", language))
    except TrinnError as error:
        put_error(error, language)
        return
    put_whose(scenarios.values())
    work = session.work
    st.caption(text("research_cells", language, cells=len(scenarios) - 1, futures=work.futures, seed=work.seed))
    if len(scenarios) > 1:
        job = answer(question_about(scenarios, work), PAGE)
        if job is not None and job.comparison is not None:
            if job.partial:
                st.warning(text("research_partial", language, done=job.shown, wanted=job.wanted))
            _put_tables(tidy(job.comparison, axes, language), language)
    _put_repeating(session, axes, language)
    put_limits(base_of(session.work), language)


def _put_settings(session: Session, language: Language) -> None:
    """How many futures and which seed: of the whole work, so that links and files hold them."""
    left, right = st.columns(2)
    key, origin = "research_futures", "research_futures_origin"
    if st.session_state.get(origin) != session.work.futures or key not in st.session_state:
        st.session_state[key] = st.session_state[origin] = session.work.futures

    def choose() -> None:
        session.change(session.work.model_copy(update={"futures": int(st.session_state[key])}))

    options = tuple(sorted({*FUTURES, session.work.futures}))
    shown = left.selectbox(
        text("research_futures", language),
        options,
        format_func=lambda number: numbers.whole(number, language),
        key=key,
        on_change=choose,
    )
    assert shown is not None

    def seeded() -> None:
        try:
            seed = round(number_within(str(st.session_state["research_seed"]), language, 0, MOST_SEED))
        except TrinnError:
            return
        session.change(session.work.model_copy(update={"seed": seed}))

    if st.session_state.get("research_seed_origin") != session.work.seed or "research_seed" not in st.session_state:
        st.session_state["research_seed"] = str(session.work.seed)
        st.session_state["research_seed_origin"] = session.work.seed
    words = right.text_input(text("research_seed", language), key="research_seed", on_change=seeded, autocomplete="off")
    try:
        number_within(words, language, 0, MOST_SEED)
    except TrinnError as error:
        right.error(plain(str(error)), icon=":material/error:")


def _put_tables(table: pd.DataFrame, language: Language) -> None:
    st.markdown(f"## {text('research_table', language)}")
    measures = list(dict.fromkeys(table["label"]))
    chosen = st.multiselect(
        text("research_measures", language), measures, default=measures[:3], key="research_measures", placeholder="…"
    )
    kept = table[table["label"].isin(chosen or measures)]
    shown = kept[[*COLUMNS]].head(SHOWN)
    put_table(shown.astype(object).where(shown.notna(), ""), text("research_table", language))
    if len(kept) > SHOWN:
        st.caption(text("research_shown", language, shown=SHOWN, rows=len(kept)))
    left, right = st.columns(2)
    left.download_button(
        text("research_csv", language), lambda: csv_of(kept, language), file_name="trinn_grid.csv", mime="text/csv",
        on_click="ignore", key="research_csv",
    )  # fmt: skip
    right.download_button(
        text("research_parquet", language), lambda: parquet_bytes(kept), file_name="trinn_grid.parquet",
        mime="application/vnd.apache.parquet", on_click="ignore", key="research_parquet",
    )  # fmt: skip
    st.caption(text("research_precision", language))


def _put_repeating(session: Session, axes: Sequence[Axis], language: Language) -> None:
    with st.expander(text("research_command", language)):
        command = command_of_grid(session.work, axes, language)
        if command:
            st.code(command, language="bash", wrap_lines=True)
        else:
            st.markdown(text("research_no_command", language))
    with st.expander(text("research_python", language)):
        st.code(snippet_of_grid(session.work, axes, text("today", language)), language="python", wrap_lines=True)
