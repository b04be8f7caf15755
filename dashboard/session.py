"""What one visitor has before them: the only room that knows the keys of Streamlit's session state."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from dashboard.jobs import Job, Question
from dashboard.runner import runner
from dashboard.tasks import line
from dashboard.texts import LANGUAGES, Language, chosen
from dashboard.work import Proposal, Work, from_link, to_link
from scenarios.errors import TrinnError
from scenarios.levers import find_lever

MOST_STEPS_BACK = 50
"""Steps that can be undone."""
_EXAMPLE = "psychologists_2_per_20000"
EXAMPLES: dict[Language, Work] = {
    language: Work(
        place="stange", proposals=(Proposal(name=chosen(find_lever(_EXAMPLE)[1].name, language), changes=(_EXAMPLE,)),)
    )
    for language in LANGUAGES
}
"""What lies on the table before anything has been chosen, by the reader's language."""
_STATE = "trinn"


@dataclass
class Session:
    """A visitor's table."""

    language: Language
    work: Work
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    before: list[Work] = field(default_factory=list)
    """What undoing goes back to, the last at the end."""
    job: Job | None = None
    """What was asked for last."""
    answered: dict[str, Job] = field(default_factory=dict)
    """By page, the last job that had something to show: it is shown, as stale, until the next has."""
    problem: str = ""
    """What was wrong with the link that was opened."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What a page keeps for itself, by the page's name."""

    def change(self, work: Work) -> None:
        """Put other work on the table; the old can be got back."""
        if work != self.work:
            self.before = [*self.before, self.work][-MOST_STEPS_BACK:]
            self._lay(work)

    def read_in(self, language: Language) -> None:
        """Go on in another language; an example that is still untouched goes along."""
        if self.work == EXAMPLES[self.language]:
            self.work = EXAMPLES[language]
        self.language = language

    def undo(self) -> None:
        """Go back one step."""
        if self.before:
            self._lay(self.before.pop())

    def _lay(self, work: Work) -> None:
        """Another place's answer is never shown, not even as stale."""
        if work.place != self.work.place:
            self.answered.clear()
        self.work = work

    def ask(self, question: Question) -> Job:
        """The job of a question: the one that runs or ran already, or a new one, which ends the one before.

        Raises:
            LimitError: when a limit of the server is met.
        """
        if self.job is None or not _alike(self.job.question, question):
            self.job = runner().ask(question, self.id)
        return self.job

    def ask_again(self) -> None:
        """Forget the job, so that the question is asked anew: it was stopped, and is wanted after all."""
        self.job = None


def _alike(one: Question, other: Question) -> bool:
    return (
        list(one.scenarios) == list(other.scenarios)
        and one.stages == other.stages
        and one.digests == other.digests
        and one.by == other.by
    )


def is_example(work: Work) -> bool:
    """Whether nothing has been chosen yet."""
    return work in EXAMPLES.values()


def here() -> Session:
    """The session of the visitor whose page is being drawn."""
    if _STATE not in st.session_state:
        st.session_state[_STATE] = _begun(st.query_params.to_dict())
        _leaving(st.session_state[_STATE].id)
    found = st.session_state[_STATE]
    assert isinstance(found, Session)
    return found


def _begun(query: Mapping[str, str]) -> Session:
    language = query.get("lang", "")
    if language not in ("nb", "en"):
        language = _browsers_language()
    language_: Language = "en" if language == "en" else "nb"
    if "s" not in query:
        return Session(language_, EXAMPLES[language_])
    try:
        return Session(language_, from_link(query["s"]))
    except TrinnError as error:
        return Session(language_, EXAMPLES[language_], problem=str(error))


def _browsers_language() -> str:
    """Norwegian unless the browser asks for something that is not Scandinavian."""
    asked = (st.context.locale or "nb").lower()
    return "nb" if asked[:2] in ("nb", "no", "nn", "da", "sv") else "en"


def _leaving(session: str) -> None:
    """When the visitor has gone, what was asked for is not run any longer."""

    @st.cache_resource(scope="session", on_release=lambda _: _gone(session))
    def _held(_id: str) -> str:
        return _id

    _held(session)


def _gone(session: str) -> None:
    runner().cancel_all(session)
    line().cancel_all(session)


def show_address() -> None:
    """Let the browser's address bar hold the work and the language, so that reloading loses nothing."""
    session = here()
    wanted = {"lang": session.language} | ({"s": to_link(session.work)} if not is_example(session.work) else {})
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def link() -> str:
    """The address that opens the same work, on the same server, in the reader's language."""
    session = here()
    address = (st.context.url or "").partition("?")[0]
    return f"{address}?{urlencode({'lang': session.language, 's': to_link(session.work)})}"
