"""Choosing a place by name: what is offered, and what becomes of the work on the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from dashboard.texts import Language, chosen, text
from dashboard.work import Proposal, Work, base_of, proposed
from scenarios.described import preset_of, presets
from scenarios.errors import TrinnError
from scenarios.place_names import find
from scenarios.places import Catchment, Place, alphabetical, catchments, places


@dataclass(frozen=True)
class Offer:
    """A place that can be chosen."""

    place: str
    """As :attr:`dashboard.work.Work.place` has it."""
    words: str
    """What it is called in the list."""


@lru_cache(maxsize=2)
def offers(language: Language) -> tuple[Offer, ...]:
    """Every municipality and city district by name in the Norwegian alphabet, each as the documents described it right after
    it; then the catchments by name, and the library's made-up examples. Never ordered by how anybody does."""
    described = {preset.place: preset for preset in presets().values() if preset.place}
    names = Counter(place.name for place in places())
    found = []
    for place in places():
        name = f"{place.name} ({place.county})" if names[place.name] > 1 else place.name
        if place.kind == "district":
            name = text("start_district", language, name=place.name)
        if place.number not in described:
            found.append(Offer(place.id, name))
            continue
        found.append(Offer(place.number, name))
        found.append(Offer(described[place.number].name, text("start_described", language, name=place.name)))
    for catchment in sorted(catchments(), key=lambda each: alphabetical(each.name)):
        found.append(Offer(catchment.label, text("start_catchment", language, name=catchment.name)))
    found += [Offer(preset.name, chosen(preset.title, language)) for preset in presets().values() if not preset.place]
    return tuple(found)


def offer_of(place: str, language: Language) -> Offer | None:
    """The offer that a place means, under whichever of its names; None for what is not offered, such as the whole country."""
    wanted = _meant(place)
    return next((offer for offer in offers(language) if _meant(offer.place) == wanted), None) if wanted else None


@lru_cache(maxsize=2048)
def _meant(place: str) -> tuple[str, str] | None:
    """What a name loads: a preset, or a place on the plain ladder."""
    preset = preset_of(place)
    if preset is not None:
        return "preset", preset.name
    try:
        area = find(place)
    except TrinnError:
        return None
    if isinstance(area, Place):
        return "place", area.number
    return ("catchment", area.id) if isinstance(area, Catchment) else None


@dataclass(frozen=True)
class Moved:
    """The work after something was put under its proposals."""

    work: Work
    left_out: tuple[str, ...]
    """Names of the proposals that do not fit there."""
    own_gone: bool
    """Whether own numbers were put aside: they belong to the place before."""


def moved_to(work: Work, place: str) -> Moved:
    """The work at another place, with the proposals that fit there. Own numbers stay behind.

    Raises:
        TrinnError: when there is no such place.
    """
    if work.place == place:
        return Moved(work, (), False)
    there = work.model_copy(update={"place": place, "own": {}, "today": (), "proposals": ()})
    base_of(there)
    kept, left_out = fitting(there, work.proposals)
    return Moved(kept, left_out, bool(work.own or work.today))


def laid_under(work: Work, brought: Work) -> Moved:
    """The work with the place and own numbers of a file, under the proposals of the table that fit; a file that brings
    proposals of its own takes the place of all."""
    if brought.proposals:
        return Moved(brought, (), False)
    there = work.model_copy(update={"place": brought.place, "own": brought.own, "today": brought.today, "proposals": ()})
    kept, left_out = fitting(there, work.proposals)
    return Moved(kept, left_out, False)


def fitting(work: Work, proposals: Iterable[Proposal]) -> tuple[Work, tuple[str, ...]]:
    """The work with those of the proposals that fit what is there, and the names of the others."""
    kept, left_out = list[Proposal](), list[str]()
    for proposal in proposals:
        try:
            proposed(work, proposal)
            kept.append(proposal)
        except TrinnError:
            left_out.append(proposal.name)
    return work.model_copy(update={"proposals": tuple(kept)}), tuple(left_out)
