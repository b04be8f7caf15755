"""How numbers are shown: one set of rules for the terminal, the report, CSV and JSON.

Children, days and hours are whole numbers, shares whole percent. Counts under 5 are shown as "under 5", and a difference from
or to such a count only as its direction. A difference whose interval holds 0 is said to be too small to say. Waits and shares
that rest on fewer than 20 events in the whole period are not shown. What is suppressed in the text is missing in the exports.
"""

from __future__ import annotations

from math import floor, isnan, nan

from dashboard.texts import Language, text

SMALL = 5
"""Counts below it are shown as "under 5" (Small numbers, in the domain's rules)."""
MINUS = "\u2212"
SPACE = "\u00a0"
"""Between thousands, and between a number and its unit: never broken over two lines."""
COUNTS = frozenset({"children a year", "children", "times a year"})


def is_small(value: float, unit: str) -> bool:
    """Whether a value is a count too small to be shown."""
    return unit in COUNTS and value < SMALL


def rounded(value: float, unit: str) -> float:
    """As it is shown: a share to whole percent, everything else to whole numbers; halves away from 0. NaN stays NaN."""
    if isnan(value):
        return nan
    steps = 100 if unit == "share" else 1
    size = floor(abs(value) * steps + 0.5 + 1e-9) / steps
    return (-size if value < 0 else size) + 0.0


def whole(value: float, language: Language) -> str:
    """A whole number with a space (Norwegian) or a comma (English) between thousands, and a typographic minus."""
    digits = f"{abs(round(value)):,}".replace(",", SPACE if language == "nb" else ",")
    return (MINUS if round(value) < 0 else "") + digits


def decimal(value: float, language: Language) -> str:
    """A number as it was entered, such as a post: no rounding beyond four figures, decimal comma in Norwegian."""
    digits = f"{abs(value):,.4f}".rstrip("0").rstrip(".")
    if language == "nb":
        digits = digits.replace(",", SPACE).replace(".", ",")
    return (MINUS if value < 0 else "") + digits


def shown(value: float, unit: str, language: Language) -> str:
    """A value for a table: ``66``, ``21 %``, ``under 5``, ``not measured``."""
    if isnan(value):
        return text("not_measured", language)
    if is_small(value, unit):
        return text("under", language, number=SMALL)
    size = rounded(value, unit)
    if size == 0 and value != 0:
        return text("under", language, number=_with_sign_of_share(1, unit, language))
    return _plain(size, unit, language)


def with_unit(value: float, unit: str, language: Language) -> str:
    """A value in a sentence: ``66 dager``, ``21 %``, ``under 5 barn i året``."""
    if unit == "share" or isnan(value):
        return shown(value, unit, language)
    one = rounded(value, unit) == 1 and not is_small(value, unit)
    return f"{shown(value, unit, language)}{SPACE}{text(('one_' if one else 'unit_') + unit, language)}"


def unit_name(unit: str, language: Language) -> str:
    """What the numbers of a row count."""
    return text(f"unit_{unit}", language)


def shown_difference(value: float, unit: str, language: Language) -> str:
    """A difference, with its sign: ``−9``, ``+3 %-poeng``, ``under 1`` where it rounds to nothing."""
    size = rounded(value, unit)
    if size == 0:
        return text("under", language, number=1)
    return ("+" if size > 0 else MINUS) + _points(abs(size), unit, language, of_share=True)


def size_of(value: float, unit: str, language: Language) -> str:
    """The size of a difference in a sentence, without its sign: ``9 dager``, ``3 %-poeng``, ``4`` of what is counted."""
    number = bare_size(value, unit, language)
    if unit == "share":
        return text("percent_points", language, number=number)
    if unit in COUNTS:
        return number
    return f"{number}{SPACE}{text(('one_' if rounded(abs(value), unit) <= 1 else 'unit_') + unit, language)}"


def bare_size(value: float, unit: str, language: Language) -> str:
    """The size of a difference without sign and unit."""
    size = rounded(abs(value), unit) * (100 if unit == "share" else 1)
    return whole(size, language) if size else text("under", language, number=1)


def one_of(unit: str, language: Language) -> str:
    """One of what is counted: ``1 dag``, ``1 %-poeng``."""
    return _points(1, unit, language) if unit == "share" else f"1{SPACE}{text('one_' + unit, language)}"


def with_unit_of(number: int, unit: str, language: Language) -> str:
    """A whole number with its unit: ``5 barn i året``."""
    return f"{whole(number, language)}{SPACE}{unit_name(unit, language)}"


def shown_interval(low: float, high: float, unit: str, language: Language) -> str:
    """An interval of differences: ``−11 til −6``."""
    if isnan(low) or isnan(high):
        return text("nothing", language)
    ends = [rounded(end, unit) * (100 if unit == "share" else 1) for end in (low, high)]
    if ends[0] == ends[1] == 0:
        return text("under" if low > 0 or high < 0 else "around_0", language, number=1)
    return text("range", language, low=_signed(ends[0], language), high=_signed(ends[1], language))


def shown_half_width(value: float, unit: str, language: Language) -> str:
    """Half of an interval's width: ``2``, ``under 1``."""
    if isnan(value):
        return text("nothing", language)
    size = rounded(value, unit) * (100 if unit == "share" else 1)
    return whole(size, language) if size else text("under", language, number=1)


def shown_futures(share: float | None, n: int, language: Language) -> str:
    """A share of the possible futures, as a count: ``18 av 20``."""
    if share is None or isnan(share):
        return text("nothing", language)
    return text("of_futures", language, number=round(share * n), total=n)


def _signed(value: float, language: Language) -> str:
    return ("+" if value > 0 else "") + whole(value, language)


def _plain(size: float, unit: str, language: Language) -> str:
    return _with_sign_of_share(size * 100 if unit == "share" else size, unit, language)


def _with_sign_of_share(number: float, unit: str, language: Language) -> str:
    words = whole(number, language)
    return text("percent", language, number=words) if unit == "share" else words


def _points(number: float, unit: str, language: Language, of_share: bool = False) -> str:
    words = whole(number * 100 if of_share and unit == "share" else number, language)
    return text("percent_points", language, number=words) if unit == "share" else words


def percent(value: float, language: Language) -> str:
    """A share in whole percent."""
    return _plain(rounded(value, "share"), "share", language)
