"""What a cell answers: numbers, shares, counts, dates and choices, as Norwegians and others write them.

Where it can be read in two ways it is asked about, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from difflib import get_close_matches

from scenarios.places import plain
from scenarios.sheet.columns import Column
from scenarios.sheet.identity import clean
from scenarios.sheet.vocabulary import Choices
from scenarios.sheet.words import Language, is_unknown, say
from scenarios.sheet.workbook import Cell

FEW = 5
"""Counts of children below this are not told apart."""
FEW_MEAN = 2
"""What a model takes for a count of 1 to 4."""


class UnfitError(ValueError):
    """An answer that does not fit: the words say what is wrong."""


@dataclass(frozen=True)
class Few:
    """A count of children from 1 to 4."""


@dataclass(frozen=True)
class Part:
    """A share where a number was asked for, from 0 to 1: absence in per cent of the filled posts."""

    share: float


Answer = float | int | date | str | Few | Part
"""Shares are from 0 to 1, weeks and days in days, a choice its key."""

_THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?!\d)")
_NUMBER = re.compile(r"([+-]?)(\d{1,15}(?:[.,]\d{1,15})*)\s*(.*)")
_UNITS = {
    "fte": ("årsverk", "åv", "fte", "stilling", "stillinger", "stk"),
    "count": ("barn", "stk", "children", "personer", "henvisninger", "saker"),
    "people": ("innbyggere", "inhabitants", "barn", "personer"),
    "number": ("samtaler", "timer", "ganger", "sessions"),
    "year": (),
}
_DAYS = {
    **dict.fromkeys(("dag", "dager", "d", "day", "days"), 1.0),
    **dict.fromkeys(("uke", "uker", "u", "w", "week", "weeks"), 7.0),
    **dict.fromkeys(("måned", "måneder", "mnd", "month", "months"), 365.25 / 12),
    **dict.fromkeys(("år", "year", "years"), 365.25),
}
_PER_CENT = ("%", "prosent", "percent", "per cent", "pst")
_FEW = re.compile(r"(?:<|≤|under|færre enn|mindre enn|fewer than|less than|below) ?(\d+)", re.IGNORECASE)
_DAY_FIRST = re.compile(r"(\d{1,2})\s?[./\- ]\s?(\d{1,2})\s?[./\- ]\s?(\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[ T]00:00(?::00)?)?")
_NAMED = re.compile(r"(\d{1,2})(?:\.|st|nd|rd|th)?\s?(?:of )?([a-zæøå]{3,9})\.?,?\s?(\d{4})", re.IGNORECASE)
_MONTHS = (
    ("januar", "january", "jan"), ("februar", "february", "feb"), ("mars", "march", "mar"), ("april", "apr"), ("mai", "may"),
    ("juni", "june", "jun"), ("juli", "july", "jul"), ("august", "aug"), ("september", "sept", "sep"),
    ("oktober", "october", "okt", "oct"), ("november", "nov"), ("desember", "december", "des", "dec"),
)  # fmt: skip


def answer_of(cell: Cell | None, column: Column, choices: Choices | None, language: Language) -> Answer | None:
    """What a cell answers; None for "don't know" and for nothing.

    Args:
        cell: as it was read; None where there is none.
        column: what is asked.
        choices: of a closed list.
        language: of the workbook: it decides what ``31/12`` and ``1,5`` mean.

    Raises:
        UnfitError: when it is no answer to the question.
    """
    if cell is None or (isinstance(cell.value, str) and is_unknown(clean(cell.value))):
        return None
    if cell.value is None:
        raise UnfitError(say("no_value", language))
    if cell.error:
        raise UnfitError(say("formula_error", language, found=cell.raw[:12] if cell.raw.startswith("#") else "#"))
    if column.kind == "choice":
        return _choice(cell, choices, language)
    if column.kind == "date":
        return _date(cell, language)
    if isinstance(cell.value, date | time):
        raise UnfitError(say("date_in_number", language))
    if column.kind == "share":
        return _within(_share(cell, language), column, language, cell)
    if column.kind in ("count", "people", "year"):
        return _count(cell, column, language)
    if column.kind in ("weeks", "days"):
        return _wait(cell, column, language)
    return _within(_number(cell, column.kind, language), column, language, cell)


def found_in(cell: Cell, language: Language) -> str:
    """What was found, as a message may say it: numbers as they are; of a text only how long it is, for it may be a name."""
    if isinstance(cell.value, bool):
        return say("found_truth", language)
    if isinstance(cell.value, int | float):
        return f"{100 * cell.value:.12g} %" if cell.percent else f"{cell.value:.12g}"
    if isinstance(cell.value, date | time):
        return say("found_date", language)
    text = clean(str(cell.value)).strip()
    if len(text) <= 20 and re.fullmatch(r"[\d\s.,%/+\-<>~]*", text):
        return say("found_text", language, text=text)
    return say("found_length", language, number=len(text))


def _choice(cell: Cell, choices: Choices | None, language: Language) -> str:
    assert choices is not None
    text = clean(cell.value).strip() if isinstance(cell.value, str) else ""
    key = choices.key(text) if text else None
    if key is not None:
        return key
    near = choices.nearest(text) if text else None
    shown = None if near is None else getattr(choices.shown[near], language)
    hint = "" if shown is None else say("did_you_mean", language, word=shown)
    raise UnfitError(say("bad_choice", language, found=found_in(cell, language), hint=hint))


def _parts(cell: Cell, kind: str, language: Language, bad: str) -> tuple[float, str]:
    """The number of a cell, and what stands behind it."""
    if isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
        return float(cell.value), ""
    text = clean(cell.value).strip() if isinstance(cell.value, str) else ""
    text = _THOUSANDS.sub(lambda match: match[0].replace(" ", ""), text)
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise UnfitError(say(bad, language, found=found_in(cell, language)))
    sign, digits, unit = match[1], match[2], match[3].strip().rstrip(".").casefold()
    value = _decimal(digits, kind, language)
    if value is None:
        raise UnfitError(say("ambiguous_number", language, found=found_in(cell, language)))
    return (-value if sign == "-" else value), unit


def _decimal(digits: str, kind: str, language: Language) -> float | None:
    """A number with one decimal sign or with separators of thousands; None where it can be either."""
    points, commas = digits.count("."), digits.count(",")
    if not points and not commas:
        return float(digits)
    last = max(digits.rfind("."), digits.rfind(","))
    if points and commas:
        whole, decimals = re.sub("[.,]", "", digits[:last]), digits[last + 1 :]
        one_kind = digits[last] not in digits[:last]
        return float(f"{whole}.{decimals}") if one_kind and _in_threes(digits[:last]) else None
    if points + commas > 1:
        return float(re.sub("[.,]", "", digits)) if _in_threes(digits) else None
    whole, decimals = digits[:last], digits[last + 1 :]
    thousands = len(decimals) == 3 and 1 <= len(whole) <= 3 and whole.strip("0") != ""
    own = digits[last] == "," and language == "nb" and kind not in ("count", "people", "year")
    return None if thousands and not own else float(f"{whole}.{decimals}")


def _in_threes(digits: str) -> bool:
    groups = re.split("[.,]", digits)
    return 1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])


def _number(cell: Cell, kind: str, language: Language) -> float:
    value, unit = _parts(cell, kind, language, "bad_number")
    if unit and unit not in _UNITS.get(kind, ()):
        raise UnfitError(say("bad_number", language, found=found_in(cell, language)))
    return value


def share_of(cell: Cell, language: Language) -> float | None:
    """A share if a cell is one in per cent, from 0 to 1; None for a plain number."""
    if isinstance(cell.value, str):
        return _share(cell, language) if any(word in clean(cell.value).casefold() for word in _PER_CENT) else None
    return _share(cell, language) if cell.percent else None


def _share(cell: Cell, language: Language) -> float:
    value, unit = _parts(cell, "share", language, "bad_share")
    if unit and unit not in _PER_CENT:
        raise UnfitError(say("bad_share", language, found=found_in(cell, language)))
    stated = bool(unit) or cell.percent
    if cell.percent and not isinstance(cell.value, str):
        value *= 100
    if not stated and 0 < value <= 1:
        percent = f"{value * 100:.10g} %".replace(".", "," if language == "nb" else ".")
        raise UnfitError(say("ambiguous_share", language, found=found_in(cell, language), percent=percent))
    if not 0 <= value <= 100:
        raise UnfitError(say("bad_share", language, found=found_in(cell, language)))
    return round(value / 100, 10)


def _count(cell: Cell, column: Column, language: Language) -> int | Few:
    bad = "bad_count" if column.kind == "count" else "bad_number"
    if column.kind == "count" and isinstance(cell.value, str):
        few = _FEW.fullmatch(clean(cell.value).strip().replace("≤ ", "≤").replace("< ", "<"))
        if few is not None and 2 <= int(few[1][:4]) <= FEW:
            return Few()
    value, unit = _parts(cell, column.kind, language, bad)
    if not value.is_integer() or (unit and unit not in _UNITS.get(column.kind, ())):
        raise UnfitError(say(bad, language, found=found_in(cell, language)))
    value = _within(value, column, language, cell)
    return Few() if column.kind == "count" and 0 < value < FEW else int(value)


def _wait(cell: Cell, column: Column, language: Language) -> float:
    """A wait in days, of so many weeks or days unless another unit stands behind it."""
    value, unit = _parts(cell, column.kind, language, "bad_number")
    if unit and unit not in _DAYS:
        raise UnfitError(say("bad_number", language, found=found_in(cell, language)))
    each = 7.0 if column.kind == "weeks" else 1.0
    days = value * _DAYS.get(unit, each)
    _within(days / each, column, language, cell)
    return days


def _within(value: float, column: Column, language: Language, cell: Cell) -> float:
    if not column.low <= value <= column.high:
        low, high = (f"{limit:,.10g}".replace(",", " ") for limit in (column.low, column.high))
        if column.kind == "share":
            low, high = (f"{limit * 100:.10g} %" for limit in (column.low, column.high))
        raise UnfitError(say("out_of_range", language, low=low, high=high, found=found_in(cell, language)))
    return value


def _date(cell: Cell, language: Language) -> date:
    if isinstance(cell.value, date):
        return cell.value
    if isinstance(cell.value, str):
        day = day_in(clean(cell.value).strip(), language)
        if day is not None:
            return day
        if language == "en" and day_in(clean(cell.value).strip(), "nb") is not None:
            raise UnfitError(say("ambiguous_date", language))
    raise UnfitError(say("bad_date", language, found=found_in(cell, language)))


def day_in(text: str, language: Language) -> date | None:
    """The day that a whole text is. In Norwegian the day stands first; in English it is read only where it must be the day."""
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    if match := _NAMED.fullmatch(text):
        month = _month(match[2])
        return None if month is None else _day(int(match[3]), month, int(match[1]))
    if match := _DAY_FIRST.fullmatch(text):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        year += 2000 if year < 100 else 0
        if second > 12 >= first:
            first, second = second, first
        elif "/" in text and language == "en" and first <= 12 and first != second:
            return None
        return _day(year, second, first)
    return None


def _month(name: str) -> int | None:
    plain_name = plain(name)
    for number, names in enumerate(_MONTHS, 1):
        if plain_name in names:
            return number
    near = get_close_matches(plain_name, [names[0] for names in _MONTHS] + [names[-1] for names in _MONTHS], n=1, cutoff=0.85)
    return next((number for number, names in enumerate(_MONTHS, 1) if near and near[0] in names), None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
