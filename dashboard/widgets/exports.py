"""Files of a comparison, made only when somebody asks for one, and named as partial while they are."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import comparing
from dashboard.comparison import Comparison
from dashboard.jobs import Job
from dashboard.session import here
from dashboard.tables import exported
from dashboard.texts import text
from dashboard.widgets.showing import csv_of
from dashboard.work import Work

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def put_exports(job: Job, comparison: Comparison, work: Work) -> None:
    """The report, the Word document, the workbook, JSON and CSV of what is shown."""
    language = here().language
    shown = comparing.as_shown(comparison, work, language, job.wanted)
    partial = comparison.replications < job.wanted

    def word() -> bytes:
        from dashboard.word import word_bytes  # half a second to import

        return word_bytes(shown, language)

    def excel() -> bytes:
        from dashboard.excel import excel_bytes

        return excel_bytes(shown, language)

    kinds: tuple[tuple[str, str, str, Callable[[], bytes]], ...] = (
        ("report", "html", "text/html", lambda: comparing.html_bytes(shown, language)),
        ("word", "docx", _WORD, word),
        ("excel", "xlsx", _EXCEL, excel),
        ("numbers", "csv", "text/csv", lambda: csv_of(exported(shown, language), language)),
        ("work", "json", "application/json", lambda: comparing.json_bytes(shown, work, language, partial)),
    )
    if partial:
        st.warning(text("compare_partial", language, done=comparison.replications, wanted=job.wanted))
    with st.container(horizontal=True):
        for kind, ending, mime, make in kinds:
            st.download_button(
                text(f"compare_save_{kind}", language),
                make,
                file_name=comparing.file_name(kind, ending, comparison, job.wanted, language),
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"compare_save_{kind}",
            )
