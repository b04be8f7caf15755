"""Showing a picture with its table, and the sentences that stand on every page."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd
import streamlit as st

from dashboard.pictures import Picture
from dashboard.session import here
from dashboard.texts import Language, text
from dashboard.whose import staffing_words
from scenarios.schema import Scenario

_BULLET = re.compile(r"^(\s*\d{0,9})([.)+-])(?=\s|$)", re.MULTILINE)
"""What would begin a list: ``4. september`` is a date."""
_COLON = re.compile(r":(?=\S)")
"""What may begin an icon or a colour. Before a space it is a colon, and screen readers would say what keeps it one."""
_WHOSE = "whose"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def put_picture(picture: Picture, key: str) -> None:
    """A figure with its title, how it is read, and its numbers in a plain table under it, to be downloaded.

    Args:
        picture: what is shown.
        key: names it among the figures of a page.
    """
    language = here().language
    st.markdown(f"### {plain(picture.title)}")
    if picture.echarts is not None:
        st.echarts_chart(picture.echarts, alt=picture.alt, key=f"{key}_chart")
    elif picture.chart is not None:
        st.altair_chart(picture.chart, width="stretch", alt=picture.alt, key=f"{key}_chart")
    st.caption(plain(picture.alt))
    with st.expander(text("picture_table", language)):
        put_table(picture.table, picture.title)
        put_download(picture.table, picture.name, key)
    if picture.how:
        with st.expander(text("picture_how", language)):
            st.markdown(plain(picture.how))


def put_table(table: pd.DataFrame, alt: str) -> None:
    """A small table as plain HTML, so that every screen reader and the keyboard reach it."""
    st.table(table.map(lambda cell: plain(cell) if isinstance(cell, str) else cell), hide_index=True, alt=alt)


def put_download(table: pd.DataFrame, name: str, key: str) -> None:
    """A button that saves the table as the spreadsheet programs of the reader's country read it."""
    language, whose = here().language, here().kept.get(_WHOSE, "")
    st.download_button(
        text("picture_download", language),
        csv_of(resting(table, whose, language), language),
        file_name=f"trinn_{name}.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"{key}_download",
    )


def resting(table: pd.DataFrame, whose: str, language: Language) -> pd.DataFrame:
    """A table that leaves its page, with what its numbers rest on in every row."""
    return table.assign(**{text("picture_whose", language): whose}) if whose else table


def csv_of(table: pd.DataFrame, language: Language) -> bytes:
    """A table as CSV: semicolons and decimal commas in Norwegian. No text in it is ever read as a formula."""
    norwegian = language == "nb"
    safe = table.map(_harmless).rename(columns=_harmless)
    words: str = safe.to_csv(
        index=False, sep=";" if norwegian else ",", decimal="," if norwegian else ".", lineterminator="\r\n"
    )
    return words.encode("utf-8-sig")


def _harmless(cell: object) -> object:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it; a signed number stays one."""
    if not isinstance(cell, str) or not cell.startswith(_FORMULA):
        return cell
    bare = cell[1:].replace("\u202f", "").replace("\u00a0", "").replace(" ", "").replace(",", ".").rstrip("%")
    return cell if cell[0] in "+-" and bare.replace(".", "", 1).isdigit() else f"'{cell}"


def plain(words: str) -> str:
    """Words as text: what Markdown and HTML would take for markup is shown as it stands, a date at the beginning too."""
    safe = _COLON.sub(r"\:", "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|$~&!" else letter for letter in words))
    return _BULLET.sub(r"\1\\\2", safe)


def put_whose(scenarios: Iterable[Scenario]) -> None:
    """Whose staffing everything on the page rests on, and that it is no forecast."""
    st.info(rest_on(scenarios), icon=":material/info:")


def rest_on(scenarios: Iterable[Scenario]) -> str:
    """Whose staffing it is, in words, which from here on also go with every table that is saved from the page."""
    session = here()
    words = f"{staffing_words(scenarios, session.language)} {text('not_forecast_short', session.language)}"
    session.kept[_WHOSE] = words
    return words


def put_foot() -> None:
    """What stands at the end of every page."""
    st.divider()
    st.caption(text("app_foot", here().language))
