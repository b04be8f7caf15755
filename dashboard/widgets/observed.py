"""What really happened, uploaded as counts: read without trust, laid over the bands, and set beside them in a table."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard.comparison import Comparison
from dashboard.observed import Observed, beside, observed_template, read_observed
from dashboard.session import here
from dashboard.texts import text
from dashboard.widgets.showing import plain, put_table
from scenarios.errors import TrinnError
from scenarios.schema import Scenario

LARGEST = 1
"""Megabytes of a file."""
_KEPT = "compare_observed"
_FILE = "compare_observed_file"


@dataclass
class Seen:
    """What a visitor has uploaded: it stays with the session, and goes with it."""

    place: str = ""
    """Of the work it was uploaded for; with another place it is forgotten."""
    observed: Observed | None = None
    fault: TrinnError | None = None


def observed_here() -> Observed | None:
    """What was uploaded for the place on the table."""
    return _seen().observed


def _seen() -> Seen:
    session = here()
    found = session.kept.get(_KEPT)
    if not isinstance(found, Seen) or found.place != session.work.place:
        found = session.kept[_KEPT] = Seen(session.work.place)
    return found


def put_observed(comparison: Comparison) -> None:
    """Where counts are uploaded, what was wrong with them, and what they say beside the model."""
    language = here().language
    scenario = comparison.base.scenario
    with st.expander(text("compare_observed", language), icon=":material/fact_check:"):
        st.markdown(text("compare_observed_about", language))
        st.warning(text("compare_observed_counts", language), icon=":material/privacy_tip:")
        st.download_button(
            text("compare_observed_template", language),
            lambda: observed_template(scenario, language),
            file_name=f"trinn_{text('compare_file_observed', language)}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="compare_observed_template",
        )
        st.file_uploader(
            text("compare_observed_upload", language),
            type=["csv", "txt"],
            max_upload_size=LARGEST,
            key=_FILE,
            on_change=_read,
            args=(scenario,),
        )
        _put_read(comparison)


def _put_read(comparison: Comparison) -> None:
    language, seen = here().language, _seen()
    if seen.fault is not None:
        st.error(text("compare_observed_refused", language), icon=":material/report:")
        st.code("\n".join(str(fault) for fault in seen.fault.faults), language=None, wrap_lines=True)
    if seen.observed is None:
        return
    both = beside(seen.observed, comparison, language)
    st.markdown(f"**{plain(both.sentence)}**")
    put_table(both.table, text("compare_observed", language))
    for note in (*seen.observed.notes, *both.notes):
        st.caption(plain(note))
    st.button(text("compare_observed_away", language), icon=":material/delete:", key="compare_observed_away", on_click=_forget)


def _read(scenario: Scenario) -> None:
    seen, file = _seen(), st.session_state.get(_FILE)
    seen.observed = seen.fault = None
    if file is None:
        return
    try:
        seen.observed = read_observed(file.getvalue(), scenario, here().language)
    except TrinnError as fault:
        seen.fault = fault


def _forget() -> None:
    seen = _seen()
    seen.observed = seen.fault = None
