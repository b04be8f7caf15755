"""Numbers and dates that belong to one person: Norwegian national identity numbers, D-numbers, birth dates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_ELEVEN, _TEN = 11, 10
_RUN = re.compile(r"\d+")
_SIX_FIVE = re.compile(r"(?<!\d)(\d{6})[\s.\-/_:]{1,3}(\d{5})(?!\d)")
_GROUPS = re.compile(r"\d+(?:[\s.\-/_:,]{1,3}\d+)+")
_WEIGHTS = ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))
_MONTHS = (0, 40, 80, 65)
"""What is added to the month in numbers of test persons and of those without a number of their own."""
_BORN = re.compile(
    r"\b(?:født|fødd|fodt|fødselsdato|fødselsdag|f\.? ?dato|f\.|born|b\.|dob|date of birth|birth ?date)\W{0,3}(?:den |on |i )?"
    r"(?:\d{1,2}\s?[./ \-]\s?(?:\d{1,2}|[a-zæøå]{3,9})\.?\s?[./ \-]\s?\d{2,4}|\d{4}-\d{2}-\d{2}|\d{6}(?!\d)|\d{8}(?!\d))",
    re.IGNORECASE,
)


@lru_cache(maxsize=20_000)
def clean(text: str) -> str:
    """The text with ordinary digits, spaces and hyphens, and without characters that nobody sees."""
    letters = []
    for letter in unicodedata.normalize("NFKC", text):
        kind = unicodedata.category(letter)
        if kind == "Nd":
            letters.append(str(unicodedata.digit(letter)))
        elif kind == "Pd" or letter == "−":
            letters.append("-")
        elif kind in ("Zs", "Zl", "Zp") or letter in "\t\r\n":
            letters.append(" ")
        elif kind != "Cf":
            letters.append(letter)
    return "".join(letters)


def has_identity(text: str) -> bool:
    """Whether a text holds eleven digits in a row, or eleven in groups that begin with a day of birth."""
    text = clean(text)
    for run in _RUN.finditer(text):
        if len(run[0]) == _ELEVEN and (not _is_decimal(text, run.start()) or is_valid(run[0])):
            return True
    if any(_is_day(first) for first, _ in _SIX_FIVE.findall(text)):
        return True
    return any(is_valid(digits) for digits in _joined(text))


def _is_decimal(text: str, start: int) -> bool:
    """Whether the digits from ``start`` on are the decimals of a number."""
    return start >= 2 and text[start - 1] in ".," and text[start - 2].isdigit()


def _joined(text: str) -> Iterator[str]:
    """Every eleven digits that neighbouring groups of digits make up together and that begin with a day of birth."""
    for match in _GROUPS.finditer(text):
        groups = _RUN.findall(match[0])
        for first in range(len(groups)):
            digits = ""
            for group in groups[first : first + _ELEVEN]:
                digits += group
                if len(digits) >= _ELEVEN:
                    break
            if len(digits) == _ELEVEN and _is_day(digits):
                yield digits


def is_identity(number: float) -> bool:
    """Whether a number cell is an identity number: eleven digits, or ten where the first zero has been lost."""
    if not float(number).is_integer() and abs(number) < 10**_TEN:
        return False
    digits = str(int(abs(number)))
    return len(digits) == _ELEVEN or (len(digits) == _TEN and is_valid("0" + digits))


def is_valid(digits: str) -> bool:
    """Whether eleven digits begin with a day of birth and end with the right two control digits."""
    if len(digits) != _ELEVEN or not _is_day(digits[:6]):
        return False
    return all(
        sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11 == 0 for weights in _WEIGHTS
    )


def _is_day(digits: str) -> bool:
    """Whether six digits can be a day of birth, of a D-number and of a test person too."""
    day, month = int(digits[:2]), int(digits[2:4])
    return (1 <= day <= 31 or 41 <= day <= 71) and any(1 <= month - added <= 12 for added in _MONTHS)


def is_split(first: str, second: str) -> bool:
    """Whether two neighbouring cells are the two parts of an identity number; leading zeros may be lost."""
    if not (first.isdigit() and second.isdigit() and 5 <= len(first) <= 6 and 3 <= len(second) <= 5):
        return False
    return is_valid(first.zfill(6) + second.zfill(5))


def has_birth(text: str) -> bool:
    """Whether a text says when somebody was born."""
    return bool(_BORN.search(clean(text)))
