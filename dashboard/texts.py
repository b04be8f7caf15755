"""Everything people read, in both languages: one catalogue from a few files, looked up by key."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

from scenarios.reading import read_text
from scenarios.schema import Label

Language = Literal["nb", "en"]
LANGUAGES: tuple[Language, ...] = ("nb", "en")
FILES = ("texts.yaml", "story.yaml")
WORDS = "words"
"""Folder of the files that hold the words of one page each."""


@cache
def catalogue() -> dict[str, Label]:
    """Every text by key, in both languages."""
    folder, data = files("dashboard"), dict[str, object]()
    pages = sorted(
        (entry for entry in (folder / WORDS).iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name
    )
    for entry in [*(folder / name for name in FILES), *pages]:
        more = read_text(entry.read_text(encoding="utf-8"), entry.name).data
        if twice := sorted(data.keys() & more.keys()):
            raise ValueError(f'{entry.name}: "{twice[0]}" stands in another file already')
        data |= more
    return {key: Label.model_validate(texts) for key, texts in data.items()}


def text(key: str, language: Language, **values: object) -> str:
    """The text of a key, with its placeholders filled in.

    Raises:
        KeyError: when there is no such text, or a placeholder has no value.
    """
    return chosen(catalogue()[key], language).format(**values)


def chosen(label: Label, language: Language) -> str:
    """A label in one of its languages."""
    return label.nb if language == "nb" else label.en


def has_text(key: str) -> bool:
    """Whether there is a text of this key."""
    return key in catalogue()


def joined(parts: list[str], language: Language) -> str:
    """``a, b og c``."""
    if len(parts) < 2:
        return "".join(parts)
    return text("list_and", language, first=", ".join(parts[:-1]), last=parts[-1])


def date_text(day: date, language: Language) -> str:
    """``4. jan. 2027``."""
    return text("date", language, day=day.day, month=text(f"month_{day.month}", language), year=day.year)


def sentence(words: str) -> str:
    """The words with a capital first."""
    return words[:1].upper() + words[1:]
