"""The library's sources: what a number's ``evidence`` refers to."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import Field

from scenarios.reading import read_text
from scenarios.schema import Model

Kind = Literal["law", "guidance", "statistics", "research", "report", "interviews", "appeal", "news", "model", "assumption"]
"""What a source is, which says how much it can carry: interviews and appeals are what somebody says."""


class Source(Model):
    """Where a number is from."""

    title: str = Field(min_length=5)
    year: str = Field(min_length=4)
    """The year the figures are of, or "not stated"."""
    kind: Kind | None = None
    address: str = ""
    """Where the public finds it: a web address, a doi, or chapter and verse of a law."""


@cache
def sources() -> dict[str, Source]:
    """Every source of the library, by the id that evidence names."""
    path = files("scenarios") / "library" / "sources.yaml"
    data = read_text(path.read_text(encoding="utf-8"), "sources.yaml").data
    return {name: Source.model_validate(content) for name, content in data.items()}


def ids(source: str) -> tuple[str, ...]:
    """The ids of what an entry of evidence names, where it names several between commas."""
    return tuple(part for word in source.split(",") if (part := word.strip()))


def told(source: str) -> str:
    """Sources as people read them: title and year of the library's, else the words that were given."""
    named = ids(source)
    if not named or not all(name in sources() for name in named):
        return source
    return "; ".join(f"{sources()[name].title} ({sources()[name].year})" for name in named)
