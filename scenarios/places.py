"""Where the children live: Norway's municipalities, Oslo's districts and the 21 catchments of BUP, found by name.

Source: SSB table 07459 (inhabitants, 1 January 2021) and the catchments of SKDE Helseatlas; what was corrected stands
in ``library/places/README.md``. All counts are whole persons. The table is read at the first call, not at the import.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib import resources
from itertools import permutations, product
from typing import Final, Literal, TypeAlias

from scenarios.errors import TrinnError

AGE_BANDS: Final = ("0-5", "6-12", "13-17", "18-25")
"""The age bands of ``children``, in years, both ends included."""

Bands: TypeAlias = tuple[int, int, int, int]
"""Persons in each of ``AGE_BANDS``."""

COUNTIES: Final = {
    "03": "Oslo",
    "11": "Rogaland",
    "15": "Møre og Romsdal",
    "18": "Nordland",
    "30": "Viken",
    "34": "Innlandet",
    "38": "Vestfold og Telemark",
    "42": "Agder",
    "46": "Vestland",
    "50": "Trøndelag",
    "54": "Troms og Finnmark",
}
"""The counties of 2021 by the first two figures of a place's number."""

_LONGEST_NAME: Final = 60  # characters; every accepted spelling is shorter
_CHILD_BANDS: Final = 3  # the bands 0-5, 6-12 and 13-17; 18-25 is not a child
_UNKNOWN_DISTRICT: Final = "030199"  # SSB "Uoppgitt bydel Oslo"
_DOUBLED: Final = frozenset({"Herøy", "Våler"})  # two municipalities each: the slug carries the number
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # Unicode categories
_LETTERS: Final = str.maketrans({"ä": "æ", "ö": "ø", "đ": "d", "ŋ": "n", "ŧ": "t", "&": " og "})  # others, mostly Sami
_ASCII: Final = str.maketrans({"æ": "ae", "ø": "o", "å": "a"})
_ALPHABET: Final = str.maketrans("æøå", "{|}")  # the three characters that follow z: Norwegian order
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


@dataclass(frozen=True)
class Place:
    """One municipality (borders of 2021) or one district of Oslo.

    ``number`` is SSB's, with its leading zero; ``other_name`` the Sami name where the table has one, else ``""``;
    ``catchment`` the id of its BUP catchment; ``children`` the persons in each of ``AGE_BANDS``.
    """

    number: str
    name: str
    other_name: str
    catchment: str
    inhabitants: int
    children: Bands
    kind: Literal["municipality", "district"]

    @property
    def id(self) -> str:
        """An ASCII slug, unique among places: ``stange``, ``gamle_oslo``, ``valer_3018``."""
        return _slug(self.name) + (f"_{self.number}" if self.name in _DOUBLED else "")

    @property
    def county(self) -> str:
        """The name of its county in 2021."""
        return COUNTIES[self.number[:2]]

    @property
    def label(self) -> str:
        """A name for the screen that no other place shares: ``Stange (3413)``. ``find`` understands it."""
        return f"{self.name} ({self.number})"

    @property
    def children_0_17(self) -> int:
        """Children from 0 to 17 years."""
        return sum(self.children[:_CHILD_BANDS])


class _Group:
    """What a catchment and the country share: the sums over their members."""

    members: tuple[Place, ...]

    @property
    def inhabitants(self) -> int:
        """Persons of all ages."""
        return sum(place.inhabitants for place in self.members)

    @property
    def children(self) -> Bands:
        """Persons in each of ``AGE_BANDS``."""
        return _bands([sum(band) for band in zip(*(place.children for place in self.members), strict=True)])

    @property
    def children_0_17(self) -> int:
        """Children from 0 to 17 years."""
        return sum(self.children[:_CHILD_BANDS])


@dataclass(frozen=True)
class Catchment(_Group):
    """The area one BUP answers for; ``members`` are ordered by name. ``id`` is unique among catchments only."""

    id: str
    name: str
    members: tuple[Place, ...]

    @property
    def label(self) -> str:
        """A name for the screen that no place shares: ``BUP Innlandet``. ``find`` understands it."""
        return f"BUP {self.name}"


@dataclass(frozen=True)
class Country(_Group):
    """Norway as a whole; ``members`` are all places, ordered by name."""

    id: str
    number: str
    name: str
    members: tuple[Place, ...]

    @property
    def label(self) -> str:
        """A name for the screen. ``find`` understands it."""
        return self.name


Area: TypeAlias = Place | Catchment | Country


@cache
def places() -> tuple[Place, ...]:
    """The 355 municipalities outside Oslo and Oslo's 17 districts, by name in the Norwegian alphabet, then by number.

    The persons SSB could place in Oslo but in no district are shared out over the districts, so the sums are Norway's.
    """
    rows = {row["number"]: _place(row) for row in _rows()}
    unknown = rows.pop(_UNKNOWN_DISTRICT)
    districts = _share_out(unknown, [place for place in rows.values() if place.kind == "district"])
    rows |= {district.number: district for district in districts}
    return tuple(sorted(rows.values(), key=lambda place: (_alphabetical(place.name), place.number)))


@cache
def catchments() -> tuple[Catchment, ...]:
    """The 21 catchments of BUP, by name in the Norwegian alphabet. Together they hold every place once."""
    names = {row["bup_catchment"] for row in _rows()} - {""}  # persons in no known district have no catchment
    return tuple(
        Catchment(_slug(name), name, tuple(place for place in places() if place.catchment == _slug(name)))
        for name in sorted(names, key=_alphabetical)
    )


@cache
def country() -> Country:
    """Norway, the sum of all places."""
    return Country("norge", "0", "Norge", places())


def catchment_of(place: Place) -> Catchment:
    """The BUP catchment a place lies in. Raises TrinnError for a place whose catchment is not in the table."""
    for catchment in catchments():
        if catchment.id == place.catchment:
            return catchment
    raise TrinnError(f'no catchment has the id "{_short(place.catchment)}"')


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
    plain = _plain(_checked(name))
    wanted, bare = _wanted(plain)
    named = _index().get(bare, ())
    found = _meant(_index().get(plain, ())) or _meant(named, wanted)
    if len(found) == 1:
        return found[0]
    shown = _short(name.strip())
    if found:
        listed = ", ".join(map(_told_apart, found))
        raise TrinnError(f'"{shown}" can mean {len(found)} places: {listed}; choose one of them')
    raise TrinnError(f'no {wanted or "place"} called "{shown}"{_hint(bare, wanted, named)}')


@cache
def _rows() -> tuple[dict[str, str], ...]:
    table = resources.files("scenarios") / "library" / "places" / "areas.csv"
    return tuple(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


def _place(row: dict[str, str]) -> Place:
    return Place(
        number=row["number"],
        name=row["name"],
        other_name=row["sami_or_other_name"],
        catchment=_slug(row["bup_catchment"]),
        inhabitants=int(row["inhabitants"]),
        children=_bands([int(row["age_" + band.replace("-", "_")]) for band in AGE_BANDS]),
        kind="district" if row["number"].startswith("0301") else "municipality",
    )


def _share_out(unknown: Place, districts: Sequence[Place]) -> list[Place]:
    """The districts with the persons of ``unknown`` added, band by band, in proportion to those they have."""
    bands = zip(unknown.children, zip(*(district.children for district in districts), strict=True), strict=True)
    extra_children = zip(*(_largest_remainder(total, held) for total, held in bands), strict=True)
    extra_persons = _largest_remainder(unknown.inhabitants, [district.inhabitants for district in districts])
    return [
        replace(
            district,
            inhabitants=district.inhabitants + persons,
            children=_bands([held + extra for held, extra in zip(district.children, children, strict=True)]),
        )
        for district, persons, children in zip(districts, extra_persons, extra_children, strict=True)
    ]


def _largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Whole shares of ``total`` that sum to it; among equal remainders the first one gets the odd unit."""
    whole = [total * weight // sum(weights) for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % sum(weights)))
    for i in by_remainder[: total - sum(whole)]:
        whole[i] += 1
    return whole


def _bands(counts: Sequence[int]) -> Bands:
    youngest, middle, oldest, grown = counts
    return youngest, middle, oldest, grown


@cache
def _index() -> dict[str, tuple[Area, ...]]:
    """Every accepted spelling, plain, with the areas it can mean."""
    index: dict[str, tuple[Area, ...]] = {}
    for area, spellings in _spellings():
        for key in {way for spelling in spellings for way in _ways_to_write(_plain(spelling))}:
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


def _plain(text: str) -> str:
    """Lower-case words with one space between, without accents and marks; of the special letters only æ ø å stay."""
    letters = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    if not letters.isascii():
        split = "".join(letter if letter == "å" else unicodedata.normalize("NFD", letter) for letter in letters)
        letters = "".join(letter for letter in split if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[\W_]", " ", letters).split())


def _slug(name: str) -> str:
    return _plain(name).translate(_ASCII).replace(" ", "_")


def _alphabetical(name: str) -> str:
    return _plain(name).translate(_ALPHABET)


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
    if bare.removesuffix(" fylke") in {_plain(county) for county in COUNTIES.values()}:
        return ": it is a county; take a municipality, a district of Oslo or a catchment of BUP"
    if named:
        return f"; did you mean {' or '.join(map(_told_apart, named))}?"
    if bare.isdecimal():
        return "; the numbers are SSB's of 1 January 2021"
    names = {name: meant for name, areas in _simple_names().items() if (meant := _meant(areas, wanted))}
    near = _nearest(bare.translate(_ASCII), list(names))
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
        for key in {_plain(name).translate(_ASCII) for name in (area.name, other) if name}:
            names[key] = (*names.get(key, ()), area)
    return names
