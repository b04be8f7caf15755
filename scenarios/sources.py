"""The library's sources: what a number's ``evidence`` refers to."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from scenarios.reading import read_text
from scenarios.schema import Model


class Source(Model):
    """Where a number is from."""

    title: str
    year: str
    """The year the figures are of, or "not stated"."""


@cache
def sources() -> dict[str, Source]:
    """Every source of the library, by the id that evidence names."""
    path = files("scenarios") / "library" / "sources.yaml"
    data = read_text(path.read_text(encoding="utf-8"), "sources.yaml").data
    return {name: Source.model_validate(content) for name, content in data.items()}


def told(source: str) -> str:
    """A source as people read it: title and year of one of the library, else the words that were given."""
    known = sources().get(source)
    return source if known is None else f"{known.title} ({known.year})"
