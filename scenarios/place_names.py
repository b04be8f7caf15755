"""Finding a place by any of its names: any spelling, number or official name, with or without "BUP" or "kommune"."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import cache
from itertools import permutations, product
from typing import Final

from scenarios.errors import TrinnError
from scenarios.places import ASCII, COUNTIES, Area, Place, catchment_of, catchments, country, places, plain

_LONGEST_NAME: Final = 60  # characters; every accepted spelling is shorter


_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # Unicode categories


_WAYS_TO_WRITE: Final = {"æ": ("æ", "ae", "a"), "ø": ("ø", "o", "oe"), "å": ("å", "a", "aa")}


# Words that say which kind of area is meant, before or after its name.
_BEFORE: Final = {"bup": "catchment", "helse": "catchment", "catchment": "catchment", "bydel": "district"}


_AFTER: Final = {
    **dict.fromkeys(("bup", "hf", "as", "catchment"), "catchment"),
    **dict.fromkeys(("kommune", "municipality"), "municipality"),
    **dict.fromkeys(("bydel", "district"), "district"),
}


# The hospital trusts' names beside the catchments' own: as Ukom 2022 and SKDE write them, with or without an "i".
_TRUSTS: Final = {
    "ahus": ("Akershus", "Akershus universitetssykehus"),
    "diakonhjemmet": ("Diakonhjemmet sykehus",),
    "finnmark": ("Finnmarkssykehuset",),
    "helgeland": ("Helgelandssykehuset",),
    "innlandet": ("Sykehuset Innlandet",),
    "lovisenberg": ("Lovisenberg sykehus", "Lovisenberg diakonale sykehus"),
    "nordland": ("Nordlandssykehuset",),
    "ostfold": ("Sykehuset Østfold", "Sykehuset i Østfold"),
    "ous": ("Oslo universitetssykehus",),
    "sorlandet": ("Sørlandet sykehus",),
    "st_olavs": ("St. Olav", "St. Olavs hospital"),
    "telemark": ("Sykehuset Telemark", "Sykehuset i Telemark"),
    "unn": ("Universitetssykehuset Nord-Norge", "Universitetssykehuset i Nord-Norge"),
    "vestfold": ("Sykehuset Vestfold", "Sykehuset i Vestfold"),
}


# Further official names, as SKDE's own table of municipalities writes them.
_FURTHER_NAMES: Final = {"1841": "Fuossko", "5425": "Omasvuono", "5426": "Kaivuono", "5436": "Porsanki"}


def find(name: str) -> Area:
    """The municipality, district of Oslo, catchment or country that a person means by ``name``.

    Understood are the name, the Sami name, SSB's number of 2021 with or without its leading zero, the slug and the
    label, in any case, with spaces, hyphens or underscores, with æ ø å or ae/a, o/oe, a/aa. The county of 2021 may
    follow the name: "Våler (Viken)".

    A bare name that a place and a catchment share ("Bergen", "Stavanger") means the place; "BUP Bergen", "Bergen BUP",
    "Helse Bergen" and "Bergen catchment" mean the catchment. "Nordland", "Innlandet" and "Møre og Romsdal" are
    catchments: counties are not known here. "Stange kommune" is only ever a municipality, "bydel Frogner" only a
    district.

    Raises TrinnError, with what was probably meant, for a name nobody has, and for one that several places have:
    "Våler", "Herøy", and "Oslo", which has its districts only.
    """
    written = plain(_checked(name))
    wanted, bare = _wanted(written)
    named = _index().get(bare, ())
    found = _meant(_index().get(written, ())) or _meant(named, wanted)
    if len(found) == 1:
        return found[0]
    shown = _short(name.strip())
    if found:
        listed = ", ".join(map(_told_apart, found))
        raise TrinnError(f'"{shown}" can mean {len(found)} places: {listed}; choose one of them')
    raise TrinnError(f'no {wanted or "place"} called "{shown}"{_hint(bare, wanted, named)}')


@cache
def _index() -> dict[str, tuple[Area, ...]]:
    """Every accepted spelling, plain, with the areas it can mean."""
    index: dict[str, tuple[Area, ...]] = {}
    for area, spellings in _spellings():
        for key in {way for spelling in spellings for way in _ways_to_write(plain(spelling))}:
            index[key] = (*index.get(key, ()), area)
    return index


def _spellings() -> Iterable[tuple[Area, list[str]]]:
    yield country(), ["Norge", "Noreg", "Norway", "0"]
    for place in places():
        yield place, _place_spellings(place)
    for catchment in catchments():
        yield catchment, [catchment.name, catchment.id, *_TRUSTS.get(catchment.id, ())]
        if any(place.kind == "district" for place in catchment.members):
            yield catchment, ["BUP Oslo"]


def _place_spellings(place: Place) -> list[str]:
    name, number = place.name, place.number
    names = [text for text in (name, place.other_name, _FURTHER_NAMES.get(number)) if text]
    together = [" ".join(some) for count in range(len(names)) for some in permutations(names, count + 1)]
    numbers = [number, number.lstrip("0"), f"{number} {name}", place.label, _told_apart(place), place.id]
    oslo = [f"Oslo {name}", "Oslo", "Oslo kommune", "0301", "301"] if place.kind == "district" else []
    return [*together, *numbers, f"{name} {place.county}", *oslo]


def _ways_to_write(plain: str) -> Iterable[str]:
    if plain.isascii():
        return [plain]
    return map("".join, product(*(_WAYS_TO_WRITE.get(letter, (letter,)) for letter in plain)))


def _checked(name: object) -> str:
    """The name without the spaces around it. Raises TrinnError for what can be no name at all."""
    if not isinstance(name, str):
        raise TrinnError(f'a place is named by a text, a number in quotes too: "3413" (got {type(name).__name__})')
    name = name.strip()
    if not name:
        raise TrinnError('the name of the place is empty; write for example "Stange", "3413" or "BUP Innlandet"')
    if len(name) > _LONGEST_NAME:
        raise TrinnError(f"the name of a place has at most {_LONGEST_NAME} letters (got {len(name)})")
    for letter in name:
        if unicodedata.category(letter) in _INVISIBLE:
            raise TrinnError(f"the name of the place has an invisible character in it (U+{ord(letter):04X})")
    return name


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def _wanted(plain: str) -> tuple[str, str]:
    """The kind of area the words ask for ("" when they do not say), and the words without those that say it."""
    wanted, words = "", plain.split()
    while len(words) > 1:
        if (kind := _BEFORE.get(words[0], "")) and wanted in ("", kind):
            words = words[1:]
        elif (kind := _AFTER.get(words[-1], "")) and wanted in ("", kind):
            words = words[:-1]
        else:
            break
        wanted = kind
    return wanted, " ".join(words)


def _kind(area: Area) -> str:
    return area.kind if isinstance(area, Place) else type(area).__name__.lower()


def _meant(areas: Iterable[Area], wanted: str = "") -> tuple[Area, ...]:
    """Those of the wanted kind; where it is not said, a place goes before its catchment."""
    fitting = tuple(area for area in areas if wanted in ("", _kind(area)))
    return tuple(area for area in fitting if isinstance(area, Place)) or fitting


def _told_apart(area: Area) -> str:
    """``Våler (3018, BUP Østfold)``."""
    return f"{area.name} ({area.number}, {catchment_of(area).label})" if isinstance(area, Place) else area.label


def _quoted(area: Area) -> str:
    return f'"{area.name}" ({area.number})' if isinstance(area, Place) else f'"{area.label}"'


def _hint(bare: str, wanted: str, named: Sequence[Area]) -> str:
    """What may have been meant: the areas of another kind with just this name, or those with the nearest names."""
    if bare.removesuffix(" fylke") in {plain(county) for county in COUNTIES.values()}:
        return ": it is a county; take a municipality, a district of Oslo or a catchment of BUP"
    if named:
        return f"; did you mean {' or '.join(map(_told_apart, named))}?"
    if bare.isdecimal():
        return "; the numbers are SSB's of 1 January 2021"
    names = {name: meant for name, areas in _simple_names().items() if (meant := _meant(areas, wanted))}
    near = _nearest(bare.translate(ASCII), list(names))
    return f"; did you mean {' or '.join(_quoted(area) for name in near for area in names[name])}?" if near else ""


def _nearest(word: str, known: Sequence[str]) -> list[str]:
    """The three nearest names at most; the distant ones only where none is near."""
    return get_close_matches(word, known, cutoff=0.75) or get_close_matches(word, known, cutoff=0.6)


@cache
def _simple_names() -> dict[str, tuple[Area, ...]]:
    """The areas by their own names in ASCII, for the search for the nearest."""
    names: dict[str, tuple[Area, ...]] = {}
    areas: tuple[Area, ...] = (*places(), *catchments(), country())
    for area in areas:
        other = area.other_name if isinstance(area, Place) else ""
        for key in {plain(name).translate(ASCII) for name in (area.name, other) if name}:
            names[key] = (*names.get(key, ()), area)
    return names
