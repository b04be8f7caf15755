"""Asking the runner from a page: an answer at once where it can be had, then surer ones, with progress and a way to stop."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import streamlit as st

from dashboard.jobs import Job, Question, stages_for
from dashboard.numbers import whole
from dashboard.runner import LimitError, Progress, runner
from dashboard.session import Session, here
from dashboard.texts import Language, text
from dashboard.widgets.showing import rest_on
from dashboard.work import Work, command_of, scenarios_of
from scenarios.errors import TrinnError
from scenarios.schema import Scenario

PATIENCE = 0.9
"""Seconds that the page itself waits for the first answer, so that most answers come with the page."""
BUSY = 4.0
"""The same where more wait than there are workers: a page that is drawn twice for one answer makes everybody wait longer."""
TICK = 0.4
"""Seconds between two looks at how far it has come, while there is nothing to show yet."""
LATER = 1.0
"""Seconds between two looks while an answer that stands gets surer."""
FEW = 10
"""Under so many possible futures nothing is said of how sure it is."""


def question_of(work: Work, language: Language, by: Sequence[str] = ()) -> Question:
    """What the work on the table asks.

    Raises:
        TrinnError: when a place or a change does not fit.
    """
    command = shlex.join(command_of(work, language))
    return Question(scenarios_of(work, language), work.seed, stages_for(work.futures), tuple(by), command)


def question_about(scenarios: dict[str, Scenario], work: Work, by: Sequence[str] = ()) -> Question:
    """A page's own scenarios, the first of them the base, with the seed and the futures of the work."""
    return Question(scenarios, work.seed, stages_for(work.futures), tuple(by))


def answer(question: Question, page: str) -> Job | None:
    """Ask, show how far it has come, and give what there is to show: the job, or the one before it while this has nothing.

    A page shows ``job.comparison`` or ``job.results`` of what it gets, and nothing where it gets None: then what went
    wrong, or that it runs, has been said.
    """
    session = here()
    language = session.language
    try:
        job = session.ask(question)
    except LimitError as limit:
        st.error(text(limit.key, language, **limit.values), icon=":material/block:")
        return None
    job.wait(job.question.stages[0], PATIENCE)
    if runner().busy:
        job.wait(job.question.stages[0], BUSY - PATIENCE)
    if job.error:
        put_error(job.error, language)
        return None
    if job.fault:
        st.error(text("running_fault", language, code=job.fault), icon=":material/error:")
        return None
    if not job.finished or job.partial:
        _progress(job, session)
    note = st.empty()  # always drawn, so that no note of an earlier answer can stay where Streamlit loses the end of a page
    if job.shown >= 1 and (job.shown >= FEW or job.cancelled or job.finished):
        session.answered[page] = job
        if 0 < job.shown < FEW:
            note.warning(text("running_few", language, futures=whole(job.shown, language)))
        return job
    earlier = session.answered.get(page)
    if earlier is not None and not job.cancelled:
        note.warning(text("running_stale", language), icon=":material/history:")
        rest_on(earlier.question.scenarios.values())
        return earlier
    return None


def is_stale(job: Job | None) -> bool:
    """Whether what is shown answers an earlier question."""
    return job is not None and job is not here().job


def _progress(job: Job, session: Session) -> None:
    """How far it has come, with a way to stop; looked at again and again until there is more to show."""
    language = session.language
    seen = (job.shown, job.finished)

    every = LATER if job.shown else TICK

    @st.fragment(run_every=None if job.finished or job.cancelled else every)
    def shown() -> None:
        if (job.shown, job.finished) != seen:
            st.rerun()
        if job.cancelled:
            st.warning(text("running_stopped", language, done=whole(job.shown, language)))
            st.button(text("running_again", language), on_click=session.ask_again, key="running_again")
            return
        progress = runner().progress(job)
        bar, stop = st.columns([5, 1], vertical_alignment="center")
        bar.progress(min(1.0, progress.done / progress.wanted), text=_words(progress, language))
        if stop.button(text("running_stop", language), key="running_stop", width="stretch"):
            job.cancel()
            st.rerun()

    shown()


def _words(progress: Progress, language: Language) -> str:
    if progress.place:
        return text("running_queue", language, place=progress.place)
    words = text("running_progress", language, done=progress.done, wanted=progress.wanted)
    if progress.seconds_left is None:
        return words
    return f"{words}, {text('running_left', language, seconds=max(1, round(progress.seconds_left)))}"


def put_error(error: TrinnError, language: Language) -> None:
    """What is wrong with the input, every fault on a line of its own; names stay text."""
    st.error(text("running_input", language), icon=":material/report:")
    st.code("\n".join(str(fault) for fault in error.faults), language=None, wrap_lines=True)
