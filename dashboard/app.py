"""The dashboard's script: menu, language, what stands around every page. ``trinn dashboard`` starts it."""

from __future__ import annotations

from importlib.resources import files

import streamlit as st

from dashboard.delivery import hand_over
from dashboard.headers import language_script
from dashboard.session import Session, here, link, show_address
from dashboard.texts import LANGUAGES, Language, chosen, text
from dashboard.views.all import PAGES
from dashboard.widgets.moving import page_of
from dashboard.widgets.showing import plain, put_foot
from dashboard.work import base_of
from scenarios.errors import TrinnError

# Where the keyboard is: Streamlit tints links so faintly that it is hardly seen. (A text of its own here would be on the page.)
_FOCUS = """<style>
:is(a, button, summary, [role="slider"], [role="tab"], [role="radio"], [role="option"]):focus-visible
{ outline: 3px solid #0B5E8A !important; outline-offset: 1px; border-radius: 2px; }
main:focus-visible { outline: 3px solid #0B5E8A !important; outline-offset: -3px; }
</style>"""
_NAMES: dict[Language, str] = {"nb": "Norsk", "en": "English"}


def main() -> None:
    """Draw the page that was asked for."""
    session = here()
    st.set_page_config(
        page_title=text("app_title", session.language),
        page_icon=str(files("dashboard") / "static" / "icon.svg"),
        layout="wide",
    )
    _put_language(session)
    page = st.navigation([page_of(key, session.language) for key in PAGES])
    _put_sidebar(session)
    if session.problem:
        st.warning(text("app_link_problem", session.language), icon=":material/link_off:")
        st.code(session.problem, language=None, wrap_lines=True)
    show_address()
    page.run()
    put_foot()
    hand_over()


def _put_language(session: Session) -> None:
    def choose() -> None:
        session.read_in(st.session_state["app_language"])

    with st.sidebar:
        st.segmented_control(
            text("app_language", session.language),
            LANGUAGES,
            format_func=_NAMES.__getitem__,
            default=session.language,
            required=True,
            key="app_language",
            on_change=choose,
        )
    st.html(_FOCUS)
    st.html(language_script(session.language), unsafe_allow_javascript=True)


def _put_sidebar(session: Session) -> None:
    language = session.language
    with st.sidebar:
        try:
            place = chosen(base_of(session.work).name, language)
        except TrinnError:
            place = session.work.place
        st.markdown(plain(text("app_place", language, place=place)), help=text("app_place_help", language))
        st.button(
            text("app_undo", language),
            icon=":material/undo:",
            disabled=not session.before,
            help=text("app_undo_help", language),
            on_click=session.undo,
            key="app_undo",
        )
        with st.expander(text("app_link", language), icon=":material/link:"):
            st.caption(text("app_link_about", language))
            st.code(link(), language=None, wrap_lines=True)


main()
