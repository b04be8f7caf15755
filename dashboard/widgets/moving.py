"""Going from one page to another."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard.texts import Language, text
from dashboard.views.all import drawing


def page_of(key: str, language: Language) -> StreamlitPage:
    """A page as the menu has it. Streamlit knows pages by their address, so that one made anew is the same page."""
    first = key == "start"
    return st.Page(drawing(key), title=text(f"app_{key}", language), url_path=None if first else key, default=first)


def go_to(key: str, language: Language) -> NoReturn:
    """Leave this page for another."""
    st.switch_page(page_of(key, language))
