"""Presets: places as the documents described them, and examples; each says which levers are on, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Any

from pydantic import BeforeValidator

from scenarios.errors import TrinnError
from scenarios.place_names import find
from scenarios.places import Area, Place, plain, slug
from scenarios.reading import Document, read_text, validate
from scenarios.schema import Label, Model
from scenarios.values import one_or_more


class PutOn(Model):
    """A lever that a scenario file puts on."""

    lever: str
    """As levers are put on: ``capa@beginning``."""
    why: Label | None = None
    source: Annotated[tuple[str, ...], BeforeValidator(one_or_more)] = ()
    """Where it says so: ids of the library's sources."""

    @property
    def name(self) -> str:
        """The lever's name, without kind, share and date."""
        return self.lever.partition("@")[0].partition("*")[0].partition(":")[0].strip()


@dataclass(frozen=True)
class Preset:
    """A named scenario of the library."""

    name: str
    title: Label
    about: Label
    """What it is, without the reasons for its levers."""
    levers: tuple[PutOn, ...]
    document: Document
    place: str = ""
    """Number of the place that it describes; empty for an example."""


def put_on_by(document: Document) -> tuple[PutOn, ...]:
    """The levers that a scenario file names: each its name alone, or with the reason why it is on.

    Raises:
        TrinnError: with the place of what cannot be read.
    """
    listed = document.data.get("levers", [])
    if not isinstance(listed, list):
        raise TrinnError(document.fault(("levers",), "must be a list of levers, such as [capa, family_house@2028-01-01]"))
    found = []
    for index, item in enumerate(listed):
        if isinstance(item, str):
            found.append(PutOn(lever=item))
            continue
        if not isinstance(item, Mapping):
            rule = "must be a list of levers, such as [capa, family_house@2028-01-01]"
            raise TrinnError(document.fault(("levers",), rule))
        found.append(validate(PutOn, Document(dict(item), document.file, document.lines), ("levers", index)))
    return tuple(found)


@cache
def presets() -> dict[str, Preset]:
    """The library's presets by name, in order of name."""
    folder = files("scenarios") / "library" / "presets"
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            name = entry.name.removesuffix(".yaml")
            found[name] = _preset(name, read_text(entry.read_text("utf-8"), entry.name))
    return found


def _preset(name: str, document: Document) -> Preset:
    base = document.data.get("base")
    place = base if isinstance(base, str) and base.isdecimal() else ""
    title, about = (Label.model_validate(document.data[key]) for key in ("name", "about"))
    return Preset(name, title, about, put_on_by(document), document, place)


def preset_of(source: str) -> Preset | None:
    """The preset that a name means, if any: an example's own name, or that of a place that is described.

    A place is meant as described under any of its names; by its number (``5401``, ``Tromsø (5401)``) it is meant as any other
    place: the national ladder, and nothing else.
    """
    known = presets().get(slug(source)) if source.strip() and plain(source) else None
    if known is not None and not known.place:
        return known
    if any(letter.isdecimal() for letter in source):
        return None
    try:
        place: Area = find(source)
    except TrinnError:
        return None
    found = presets().get(place.id) if isinstance(place, Place) else None
    return found if found is not None and found.place else None


def with_reasons(about: Label | None, reasons: Mapping[str, tuple[Label, Label]]) -> dict[str, Any]:
    """What a scenario is about, with the reasons for its levers after it: (name, why) by lever."""
    texts = {}
    for language in ("nb", "en"):
        told = [f"{getattr(name, language)}: {getattr(why, language)}" for name, why in reasons.values()]
        texts[language] = " ".join([*([getattr(about, language)] if about else []), *told])
    return texts
