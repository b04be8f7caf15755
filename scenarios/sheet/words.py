"""The words of the workbook and of what is said about it, in both languages."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

from scenarios.places import plain
from scenarios.reading import read_text
from scenarios.schema import Label

Language = Literal["nb", "en"]
LANGUAGES: tuple[Language, ...] = ("nb", "en")

LONGEST_HEAD = 200
"""Longer texts are no heads and no names of sheets."""
UNKNOWN = frozenset(
    plain(word)
    for word in (
        "vet ikke", "vet ikkje", "veit ikke", "veit ikkje", "ukjent", "ikke kjent", "ikkje kjent", "usikker",
        "don't know", "dont know", "do not know", "don t know", "unknown", "not known",
    )
)  # fmt: skip
"""Answers that mean the default, plain; a question mark and a cell without text mean it too."""


@cache
def words() -> dict[str, Label]:
    """Every text by key, in both languages."""
    text = (files("scenarios") / "sheet" / "words.yaml").read_text(encoding="utf-8")
    return {key: Label.model_validate(both) for key, both in read_text(text, "words.yaml").data.items()}


def say(key: str, language: Language, **values: object) -> str:
    """The text of a key in one language, its placeholders filled in.

    Raises:
        KeyError: when there is no such text, or a placeholder has no value.
    """
    return in_language(words()[key], language).format(**values)


def label(key: str, **values: object) -> Label:
    """The text of a key in both languages."""
    return Label(nb=say(key, "nb", **values), en=say(key, "en", **values))


def in_language(label: Label, language: Language) -> str:
    """A label in one of its languages."""
    return label.nb if language == "nb" else label.en


def is_unknown(text: str) -> bool:
    """Whether an answer says that nobody knows, or nothing."""
    return plain(text) in UNKNOWN or not text.strip(" ?\u00a0\t\r\n")


@cache
def _plain_words() -> dict[str, frozenset[str]]:
    return {key: frozenset(plain(in_language(both, language)) for language in LANGUAGES) for key, both in words().items()}


def same(text: str, key: str) -> bool:
    """Whether a text is that of a key, in either language and however it is spaced."""
    return len(text) < LONGEST_HEAD and plain(text) in _plain_words()[key]


def number_text(value: float, language: Language) -> str:
    """A number as it is written in the language: ``4,5`` or ``4.5``."""
    text = f"{round(value, 4):.10g}"
    return text.replace(".", ",") if language == "nb" else text
