"""Asking for work of minutes from a page: how far it has come, a way to stop, and its result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.session import here
from dashboard.tasks import Said, Task, line
from dashboard.texts import Language, has_text, text
from dashboard.widgets.running import put_error
from scenarios.errors import TrinnError

TICK = 0.7
"""Seconds between two looks at how far it has come."""
PATIENCE = 0.4
"""Seconds that the page itself waits."""


def start(page: str, key: str, work: Callable[[Said], Any]) -> None:
    """Ask for a piece of work: for the ``on_click`` of a button.

    Args:
        page: which asks; it is told the task by :func:`outcome`.
        key: what is asked: all that the answer depends on.
        work: does it, and tells how far it has come.
    """
    session = here()
    try:
        session.kept[page] = line().ask((page, key), session.id, work)
    except TrinnError as limit:
        session.kept[page] = limit


def outcome(page: str, key: str, parts: str) -> Any | None:
    """The result of what a page has asked for, or None; what there is to say of it is said.

    Args:
        page: which asked.
        key: what it would ask now: the result of another question is not shown.
        parts: what the keys of the parts' texts begin with.
    """
    session = here()
    language = session.language
    task = session.kept.get(page)
    if isinstance(task, TrinnError):
        session.kept.pop(page)
        _put_limit(task, language)
        return None
    if not isinstance(task, Task) or task.key != (page, key):
        task = line().known((page, key))
        if task is None:
            return None
        session.kept[page] = task
    task.wait(PATIENCE)
    if task.error:
        put_error(task.error, language)
    elif task.fault:
        st.error(text("running_fault", language, code=task.fault), icon=":material/error:")
    elif task.cancelled:
        st.warning(text("tasks_stopped", language))
    elif task.finished:
        return task.result
    else:
        _put_progress(task, parts, language)
    return None


def _put_limit(limit: TrinnError, language: Language) -> None:
    values = getattr(limit, "values", {})
    key = getattr(limit, "key", "")
    if has_text(key):
        st.error(text(key, language, **values), icon=":material/block:")
    else:
        put_error(limit, language)


def _put_progress(task: Task, parts: str, language: Language) -> None:
    @st.fragment(run_every=TICK)
    def shown() -> None:
        if task.finished or task.cancelled:
            st.rerun()
        bar, stop = st.columns([5, 1], vertical_alignment="center")
        bar.progress(_share(task), text=_words(task, parts, language))
        if stop.button(text("tasks_stop", language), key=f"tasks_stop_{parts}", width="stretch"):
            task.cancel()
            st.rerun()

    shown()


def _share(task: Task) -> float:
    return min(1.0, task.done / task.wanted) if task.wanted else 0.0


def _words(task: Task, parts: str, language: Language) -> str:
    if place := line().before(task):
        return text("tasks_waiting", language, place=place)
    key = f"{parts}_{task.part}"
    part = text(key, language, runs=task.done) if has_text(key) else text("tasks_begun", language)
    if task.wanted:
        part = text("tasks_of", language, part=part, done=task.done, wanted=task.wanted)
    return text("tasks_running", language, part=part, seconds=round(task.seconds))
