"""Numbers as people type them: "4,5", "4.5" and "1 200" are understood, and what can be read in two ways is asked about."""

from __future__ import annotations

import re
import unicodedata

from dashboard import numbers
from dashboard.texts import Language, text
from scenarios.errors import TrinnError
from scenarios.sheet.answers import UnfitError, answer_of
from scenarios.sheet.columns import Column
from scenarios.sheet.identity import clean
from scenarios.sheet.workbook import Cell

MOST = 1e15
"""No number is larger."""
LONGEST = 40
"""Characters of what is shown back of something that is no number."""
_DECIMAL_POINT = re.compile(r"[+-]?\d{1,15}\.\d{1,15}")
_THOUSANDS_OR_DECIMALS = {"nb": re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}"), "en": re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")}
"""The other language's sign of decimals before three figures: it may stand between thousands."""
_ANY = Column("number", "number", low=-MOST, high=MOST)


def number_of(words: str, language: Language) -> float:
    """The number that somebody typed, read by the rules of the workbook's cells, and in English with a point before decimals.

    Raises:
        TrinnError: when it is none, or can be read in two ways.
    """
    bare = words.strip()
    if not bare:
        raise TrinnError(text("entering_missing", language))
    told = f"{bare[: LONGEST - 1]}…" if len(bare) > LONGEST else bare
    plain = clean(bare)
    if language == "en" and _DECIMAL_POINT.fullmatch(plain):
        return float(plain) + 0.0  # no -0
    if _THOUSANDS_OR_DECIMALS[language].fullmatch(plain):
        raise TrinnError(text("entering_ambiguous", language, words=told))
    try:
        found = None if _fraction(bare) else answer_of(Cell(bare, bare), _ANY, None, language)
    except UnfitError:
        found = None
    if not isinstance(found, int | float):
        raise TrinnError(text("entering_not_a_number", language, words=told))
    return float(found) + 0.0


def number_within(words: str, language: Language, low: float, high: float) -> float:
    """The same, and between two limits.

    Raises:
        TrinnError: also when it is outside them.
    """
    found = number_of(words, language)
    if not low <= found <= high:
        limits = {"low": numbers.decimal(low, language), "high": numbers.decimal(high, language)}
        raise TrinnError(text("entering_outside", language, **limits, found=numbers.decimal(found, language)))
    return found


def written(value: float, language: Language) -> str:
    """A number as a field shows it: :func:`number_of` reads the same back, to six decimals."""
    digits = f"{value:.6f}".rstrip("0").rstrip(".")
    return digits.replace(".", ",") if language == "nb" else digits


def _fraction(words: str) -> bool:
    """Whether it holds a raised or broken figure such as ² or ½, which would be read as something else."""
    return any(unicodedata.category(letter) == "No" for letter in words)
