"""A field for one number, which takes decimals as people write them and says at the field what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import numbers
from dashboard.entering import number_within, written
from dashboard.session import here
from dashboard.texts import Language, text
from dashboard.widgets.showing import plain
from scenarios.errors import TrinnError

FAR = 3
"""Times more, or less, than today: somebody may have put the comma in the wrong place."""


def number_cell(
    label: str,
    value: float,
    key: str,
    low: float,
    high: float,
    today: float | None = None,
    unit: str = "",
    then: Callable[[float], None] | None = None,
    called: str = "entering_today",
) -> float | None:
    """A field for a number. What stands in it follows the value when that changes elsewhere (undo, a link, another page).

    Args:
        label: what the number is; plain text.
        value: what it is now.
        key: names the field; begins with the page's name.
        low: the least it may be.
        high: the most it may be.
        today: what it is today: the change is said under the field.
        unit: what it counts, such as "årsverk"; may be typed too.
        then: called with a sound new number before the page is drawn again: the place for ``session.change``.
        called: the text that says what ``today`` is, where it is not today's number; has ``label`` and ``today``.

    Returns:
        The number, or None where what stands in the field is none: then the fault has been said under it.
    """
    language = here().language
    _follow(key, value, language)

    def entered() -> None:
        try:
            found = _read(str(st.session_state[key]), unit, language, low, high)
        except TrinnError:
            return
        if then is not None and found != value:
            then(found)

    if today is not None:
        label = text(called, language, label=label, today=_with_unit(today, unit, language))
    elif unit:
        label = f"{label} ({unit})"
    st.text_input(plain(label), key=key, on_change=entered, autocomplete="off")
    with st.container():  # always there, so that the fields below keep their place on the page and the keyboard its focus
        try:
            found = _read(str(st.session_state[key]), unit, language, low, high)
        except TrinnError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return None
        if today is not None and found != today:
            _put_change(found, today, unit, language)
    return found


def _follow(key: str, value: float, language: Language) -> None:
    """Put the value into the field, unless the field stands for it already and holds what was typed since."""
    origin = f"{key}_origin"
    if key not in st.session_state or st.session_state.get(origin) != (value, language):
        st.session_state[key] = written(value, language)
        st.session_state[origin] = value, language


def _read(words: str, unit: str, language: Language, low: float, high: float) -> float:
    bare = words.strip()
    if unit and bare.casefold().endswith(unit.casefold()):
        bare = bare[: -len(unit)]
    return number_within(bare, language, low, high)


def _with_unit(value: float, unit: str, language: Language) -> str:
    words = numbers.decimal(value, language)
    return f"{words}{numbers.SPACE}{unit}" if unit else words


def _put_change(found: float, today: float, unit: str, language: Language) -> None:
    old, new = numbers.decimal(today, language), _with_unit(found, unit, language)
    st.caption(plain(text("entering_changed", language, old=old, new=new)))
    if today > 0 and (found > FAR * today or found < today / FAR):
        key = "entering_large" if found > today else "entering_small"
        st.warning(plain(text(key, language, old=_with_unit(today, unit, language))), icon=":material/help:")
