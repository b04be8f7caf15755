"""Where the children live: Norway's municipalities, Oslo's districts and the 21 catchments of BUP, found by name.

Source: SSB table 07459 (inhabitants, 1 January 2021) and the catchments of SKDE Helseatlas; what was corrected stands
in ``library/places/README.md``. All counts are whole persons. The table is read at the first call, not at the import.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
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

_CHILD_BANDS: Final = 3  # the bands 0-5, 6-12 and 13-17; 18-25 is not a child
_UNKNOWN_DISTRICT: Final = "030199"  # SSB "Uoppgitt bydel Oslo"
_DOUBLED: Final = frozenset({"Herøy", "Våler"})  # two municipalities each: the slug carries the number
_LETTERS: Final = str.maketrans({"ä": "æ", "ö": "ø", "đ": "d", "ŋ": "n", "ŧ": "t", "&": " og "})  # others, mostly Sami
ASCII: Final = str.maketrans({"æ": "ae", "ø": "o", "å": "a"})
_ALPHABET: Final = str.maketrans("æøå", "{|}")  # the three characters that follow z: Norwegian order


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
        return slug(self.name) + (f"_{self.number}" if self.name in _DOUBLED else "")

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
    return tuple(sorted(rows.values(), key=lambda place: (alphabetical(place.name), place.number)))


@cache
def catchments() -> tuple[Catchment, ...]:
    """The 21 catchments of BUP, by name in the Norwegian alphabet. Together they hold every place once."""
    names = {row["bup_catchment"] for row in _rows()} - {""}  # persons in no known district have no catchment
    members: dict[str, list[Place]] = {}
    for place in places():
        members.setdefault(place.catchment, []).append(place)
    return tuple(Catchment(slug(name), name, tuple(members[slug(name)])) for name in sorted(names, key=alphabetical))


@cache
def country() -> Country:
    """Norway, the sum of all places."""
    return Country("norge", "0", "Norge", places())


def catchment_of(place: Place) -> Catchment:
    """The BUP catchment a place lies in. Raises TrinnError for a place whose catchment is not in the table."""
    for catchment in catchments():
        if catchment.id == place.catchment:
            return catchment
    raise TrinnError(f'no catchment has the id "{place.catchment[:60]}"')


@cache
def _rows() -> tuple[dict[str, str], ...]:
    table = resources.files("scenarios") / "library" / "places" / "areas.csv"
    return tuple(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


def _place(row: dict[str, str]) -> Place:
    return Place(
        number=row["number"],
        name=row["name"],
        other_name=row["sami_or_other_name"],
        catchment=slug(row["bup_catchment"]),
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


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Lower-case words with one space between, without accents and marks; of the special letters only æ ø å stay."""
    letters = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    if not letters.isascii():
        split = "".join(letter if letter == "å" else unicodedata.normalize("NFD", letter) for letter in letters)
        letters = "".join(letter for letter in split if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[\W_]", " ", letters).split())


def slug(name: str) -> str:
    """The name as an identifier: ASCII, lower_snake_case."""
    return plain(name).translate(ASCII).replace(" ", "_")


def alphabetical(name: str) -> str:
    """A key that sorts names by the Norwegian alphabet."""
    return plain(name).translate(_ALPHABET)
