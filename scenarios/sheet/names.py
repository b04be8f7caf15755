"""Whether a text names a person, or tells of one child: by common names and by how they are put.

It errs in both directions: what it finds is refused, and what it does not find is still never shown back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

from scenarios.reading import read_text
from scenarios.sheet.identity import clean

_WORD = re.compile(r"[^\W\d_]+(?:['’.\-][^\W\d_]+)*\.?")
_TYPICAL = re.compile(r"(?:sen|ssen|son|sson|dottir|rud|stad|land|heim|haug|sæter|seter|gård|gaard|ness|ski|wicz|ova|oglu)$")
_CHILD = re.compile(
    r"\b(?:gutt|gut|jente|boy|girl)\b[^.;|]{0,12}?\b(?:på |aged? |of )?\d{1,2} ?(?:år|års|åring|years?|yrs?)\b"
    r"|\b\d{1,2}[ \-]?(?:år|års|åring|years?|year[ \-]old)\b[ ,]{0,3}(?:gammel )?(?:gutt|gut|jente|boy|girl)\b"
    r"|\b(?:gutt|jente|boy|girl)[ ,]{0,2}\(?\d{1,2}\)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?:barn|barnet|elev|pasient|bruker|klient|gutt|jente|child|pupil|patient|client|boy|girl|case|sak|henvisning|referral)"
    r"\s*(?:nr\.?|no\.?|nummer|number|#)?\s*(?:\d{1,5}|[a-zæøå])\.?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Lists:
    first: frozenset[str]
    both: frozenset[str]
    """First names that are ordinary words too."""
    surnames: frozenset[str]
    institutions: frozenset[str]
    certain: frozenset[str]
    likely: frozenset[str]
    counts: frozenset[str]
    not_persons: tuple[str, ...]


@cache
def _lists() -> _Lists:
    text = (files("scenarios") / "sheet" / "personal.yaml").read_text(encoding="utf-8")
    data = read_text(text, "personal.yaml").data
    words = {key: frozenset(data[key].split()) for key in ("first_names", "both", "surnames", "institutions")}
    heads = {
        key: frozenset(each.strip() for each in data[key].split("|")) for key in ("heads_certain", "heads_likely", "counts")
    }
    return _Lists(
        words["first_names"], words["both"], words["surnames"], words["institutions"],
        heads["heads_certain"], heads["heads_likely"], heads["counts"],
        tuple(each.strip() for each in data["not_persons"].split("|")),
    )  # fmt: skip


@lru_cache(maxsize=20_000)
def has_name(text: str) -> bool:
    """Whether a text names a person: a first name and a surname, in either order."""
    text = clean(text)
    for phrase in _lists().not_persons:
        text = re.sub(re.escape(phrase), "|", text, flags=re.IGNORECASE)
    found = list(_WORD.finditer(text))
    gaps = [text[a.end() : b.start()] for a, b in pairwise(found)]
    tokens = [match[0] for match in found]
    for index in range(len(tokens) - 1):
        if gaps[index].strip() == "" and _named(tokens, gaps, index):
            return True
        if gaps[index].strip() == "," and _is_surname(tokens[index]) and is_first_name(tokens[index + 1]):
            return True
        if gaps[index].strip() == "" and _reversed(tokens, index):
            return True
    return False


def _named(tokens: list[str], gaps: list[str], index: int) -> bool:
    """Whether a person's name begins at a word: a first name, more of them or initials, and a surname."""
    first = tokens[index].casefold()
    if not is_first_name(first):
        return False
    last = index + 1
    while last < min(len(tokens) - 1, index + 3) and gaps[last].strip() == "" and tokens[last][:1].isupper():
        if not (is_first_name(tokens[last]) or len(tokens[last].rstrip(".")) == 1):
            break
        last += 1
    surname = tokens[last]
    if _is_institution(surname) or any(_is_institution(each) for each in _following(tokens, gaps, last)):
        return False
    if first in _lists().both:
        return tokens[index][:1].isupper() and surname[:1].isupper() and _is_surname(surname)
    capital = tokens[index][:1].isupper() and surname[:1].isupper() and len(surname.rstrip(".")) > 1
    return capital or surname.casefold() in _lists().surnames


def _reversed(tokens: list[str], index: int) -> bool:
    """``Nordmann Kari``, as registers write it."""
    surname, first = tokens[index], tokens[index + 1]
    sure = surname.casefold() in _lists().surnames and is_first_name(first) and first.casefold() not in _lists().both
    alone = len(tokens) <= index + 3 and not any(_is_institution(each) for each in tokens)
    return sure and alone and surname[:1].isupper() and first[:1].isupper()


def _following(tokens: list[str], gaps: list[str], last: int) -> list[str]:
    """The next two words of the same phrase."""
    after = []
    for index in range(last, min(last + 2, len(tokens) - 1)):
        if gaps[index].strip(" -") != "":
            break
        after.append(tokens[index + 1])
    return after


def _is_institution(word: str) -> bool:
    return word.casefold().rstrip(".") in _lists().institutions


def _is_surname(word: str) -> bool:
    plain = word.casefold()
    return plain in _lists().surnames or bool(_TYPICAL.search(plain))


def is_first_name(word: str) -> bool:
    """Whether a word is a common first name; a double one counts if both of its parts are."""
    plain = word.casefold()
    return plain in _lists().first or ("-" in plain and all(part in _lists().first for part in plain.split("-")))


@lru_cache(maxsize=20_000)
def is_given_alone(text: str) -> bool:
    """Whether a whole text is a first name, maybe with an initial: ``Kari`` or ``Kari N.``"""
    match = re.fullmatch(r"([^\W\d_]+(?:-[^\W\d_]+)?)(?: [A-ZÆØÅ]\.?)?", clean(text).strip())
    return bool(match and match[1][:1].isupper() and is_first_name(match[1]) and match[1].casefold() not in _lists().both)


@lru_cache(maxsize=20_000)
def has_child(text: str) -> bool:
    """Whether a text tells of one child: ``jente 14 år``."""
    return bool(_CHILD.search(clean(text)))


@lru_cache(maxsize=20_000)
def is_numbered_child(text: str) -> bool:
    """Whether a whole text stands for one child: ``Barn 7``."""
    return bool(_NUMBERED.fullmatch(clean(text).strip()))


def _head(text: str) -> str:
    return " ".join(clean(text).casefold().strip(" :*?").replace("_", " ").split())


def is_certain_head(text: str) -> bool:
    """Whether a column of this head holds persons."""
    return len(text) <= 60 and _head(text) in _lists().certain


def is_likely_head(text: str) -> bool:
    """Whether a column of this head may be one of a register of persons."""
    return len(text) <= 60 and _head(text) in _lists().likely


def is_count_head(text: str) -> bool:
    """Whether a column of this head counts, and so a row is no person; a year is one too."""
    words = _head(text).split()
    return any(word in _lists().counts for word in words) or bool(re.fullmatch(r"(?:19|20)\d\d", _head(text)))
