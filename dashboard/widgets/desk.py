"""The proposal that is being edited: which it is, how a change gets into it, and what is said where one does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.proposing import changed_to
from dashboard.session import here
from dashboard.widgets.running import put_error
from dashboard.widgets.showing import plain
from dashboard.work import Work
from scenarios.errors import TrinnError

PAGE = "proposals"


@dataclass
class Desk:
    """What the page of proposals keeps for a visitor."""

    editing: int = 0
    """Which proposal, by its place."""
    refused: TrinnError | None = None
    """What did not fit, of what was asked last."""
    where: str = ""
    """Where on the page it was asked."""
    while_: Work | None = None
    """What was on the table then: with other work it is said no longer."""


def desk() -> Desk:
    """The visitor's."""
    kept = here().kept
    if not isinstance(kept.get(PAGE), Desk):
        kept[PAGE] = Desk()
    found: Desk = kept[PAGE]
    found.editing = max(0, min(found.editing, len(here().work.proposals) - 1))
    return found


def attempt(make: Callable[[], Work], where: str) -> bool:
    """Put on the table what ``make`` gives; where it does not fit, all stays as it was and the fault is kept to be said.

    Args:
        make: gives the new work, or raises TrinnError.
        where: the place on the page that :func:`put_refused` is called for.

    Returns:
        Whether it did fit.
    """
    session, found = here(), desk()
    found.refused = None
    try:
        session.change(make())
    except TrinnError as error:
        found.refused, found.where, found.while_ = error, where, session.work
        return False
    return True


def change(changes: Sequence[str], where: str) -> bool:
    """Give the edited proposal other changes, if they fit."""
    work, index = here().work, desk().editing
    return attempt(lambda: changed_to(work, index, changes, here().language), where)


def on_change(changes: Sequence[str], where: str) -> None:
    """The same, for a button."""
    change(changes, where)


def put_refused(where: str, plainly: bool = False) -> None:
    """Say what did not fit, if that was asked here.

    Args:
        where: as it was given to :func:`attempt`.
        plainly: the fault is a sentence of the page's own, and not one of the model's.
    """
    found = desk()
    if found.refused is None or found.where != where or found.while_ != here().work:
        return
    if plainly:
        st.error(plain(str(found.refused)), icon=":material/report:")
    else:
        put_error(found.refused, here().language)
