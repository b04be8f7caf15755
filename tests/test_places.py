"""The table of places, its sums, and what a person may write to mean one of them."""

import csv
import unicodedata
from collections import Counter
from dataclasses import replace
from importlib import resources
from itertools import pairwise

import pytest

from scenarios import place_names
from scenarios import places as module
from scenarios.errors import TrinnError
from scenarios.place_names import find
from scenarios.places import AGE_BANDS, COUNTIES, Catchment, Place, catchment_of, catchments, country, places

NORWAY_CHILDREN_0_17 = 1_111_690  # SSB table 07459, 1 January 2021
NORWAY_INHABITANTS = 5_391_369  # the same
UNKNOWN_DISTRICT = "030199"
COLUMNS = ("inhabitants", "age_0_5", "age_6_12", "age_13_17", "age_18_25")
DOUBLED = {"Herøy", "Våler"}
SHORT = str.maketrans({"æ": "a", "ø": "o", "å": "a", "Æ": "A", "Ø": "O", "Å": "A"})
LONG = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa"})
SWEDISH = str.maketrans("æøÆØ", "äöÄÖ")


def library_rows(name):
    """The rows of one table in the library of places."""
    table = resources.files("scenarios") / "library" / "places" / name
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


def source_counts():
    """The counts of each row in the table, by number, in the order of COLUMNS."""
    return {row["number"]: [int(row[column]) for column in COLUMNS] for row in library_rows("areas.csv")}


def counts(place):
    return [place.inhabitants, *place.children]


def written(name):
    """The ways a name can be written that must all mean the same."""
    for text in (name, name.translate(SHORT), name.translate(LONG), name.translate(SWEDISH)):
        yield from (text, text.lower(), text.upper(), f"  {text}\t", text.replace(" ", "_"), text.replace("-", " "))
        yield text.replace(" ", "-").replace(".", "")
    yield unicodedata.normalize("NFD", name)
    yield unicodedata.normalize("NFD", name.upper())


def message_of(name):
    with pytest.raises(TrinnError, match=r"\S") as caught:
        find(name)
    return str(caught.value)


# The table


def test_the_sums_are_norways_to_the_child():
    assert sum(place.children_0_17 for place in places()) == NORWAY_CHILDREN_0_17
    assert sum(catchment.children_0_17 for catchment in catchments()) == NORWAY_CHILDREN_0_17
    assert sum(place.inhabitants for place in places()) == NORWAY_INHABITANTS
    assert sum(catchment.inhabitants for catchment in catchments()) == NORWAY_INHABITANTS
    assert (country().children_0_17, country().inhabitants) == (NORWAY_CHILDREN_0_17, NORWAY_INHABITANTS)
    assert country().children == (343_764, 448_573, 319_353, 535_299)
    assert len(AGE_BANDS) == len(country().children)


def test_there_are_355_municipalities_17_districts_and_21_catchments():
    assert Counter(place.kind for place in places()) == {"municipality": 355, "district": 17}
    assert len(catchments()) == 21
    assert country().members == places()


def test_numbers_slugs_and_labels_are_unique_and_ascii_slugs():
    for names in (
        [place.number for place in places()],
        [place.id for place in places()],
        [place.label for place in places()],
        [catchment.id for catchment in catchments()],
        [catchment.label for catchment in catchments()],
    ):
        assert len(set(names)) == len(names)
    for area in (*places(), *catchments()):
        assert area.id.isascii()
        assert area.id.replace("_", "").isalnum()
        assert area.id == area.id.lower()


def test_only_the_doubled_names_carry_their_number_in_the_slug():
    names = Counter(place.name for place in places())
    assert {name for name, bearers in names.items() if bearers > 1} == DOUBLED
    assert {place.id for place in places() if place.id.endswith(place.number)} == {
        "heroy_1515",
        "heroy_1818",
        "valer_3018",
        "valer_3419",
    }
    slugs = {place.number: place.id for place in places()}
    assert [slugs[number] for number in ("3413", "030101", "030104", "3811", "4219")] == [
        "stange",
        "gamle_oslo",
        "st_hanshaugen",
        "faerder",
        "evje_og_hornnes",
    ]


def test_a_place_as_it_stands_in_the_source():
    assert find("Stange") == Place("3413", "Stange", "", "innlandet", 21_072, (1366, 1735, 1167, 1849), "municipality")
    assert find("Stange").children_0_17 == 4268
    assert find("Tana").other_name == "Deatnu"
    assert find("Stange").county == "Innlandet"


def test_every_place_lies_in_exactly_one_catchment():
    members = [place for catchment in catchments() for place in catchment.members]
    assert Counter(members) == Counter(places())
    for catchment in catchments():
        assert all(catchment_of(place) is catchment for place in catchment.members)


def test_a_place_of_an_unknown_catchment_is_an_error():
    with pytest.raises(TrinnError, match='no catchment has the id "viken"'):
        catchment_of(replace(places()[0], catchment="viken"))


def test_no_count_is_negative_and_no_age_band_holds_more_than_all():
    for place in places():
        assert min(counts(place)) >= 0
        assert sum(place.children) < place.inhabitants
        assert place.number[:2] in COUNTIES


def test_the_doubled_names_lie_in_their_own_catchments():
    """The join by name had put the second bearer of each name where the first one is."""
    assert {number: find(number).catchment for number in ("3018", "3419", "1515", "1818")} == {
        "3018": "ostfold",
        "3419": "innlandet",
        "1515": "more_og_romsdal",
        "1818": "helgeland",
    }


def test_the_catchments_hold_as_many_children_as_skde_says_within_two_percent():
    published = {row["catchment"]: float(row["children_0_17"]) for row in library_rows("skde_children_0_17.csv")}
    assert len(published) == 21
    assert {find(f"BUP {name}") for name in published} == set(catchments())
    for name, children in published.items():
        assert find(f"BUP {name}").children_0_17 == pytest.approx(children, rel=0.02)


def test_the_corrected_catchments_fit_within_one_percent():
    published = {row["catchment"]: float(row["children_0_17"]) for row in library_rows("skde_children_0_17.csv")}
    for name in ("Innlandet", "Østfold", "Møre og Romsdal", "Helgeland"):
        assert find(f"BUP {name}").children_0_17 == pytest.approx(published[name], rel=0.01)


def test_the_persons_of_no_known_district_are_shared_out_to_the_last():
    source = source_counts()
    unknown = source.pop(UNKNOWN_DISTRICT)
    assert unknown == [2218, 102, 168, 88, 127]
    assert {place.number for place in places()} == set(source)
    added = {place.number: [a - b for a, b in zip(counts(place), source[place.number], strict=True)] for place in places()}
    districts = [place.number for place in places() if place.kind == "district"]
    assert [sum(column) for column in zip(*(added[number] for number in districts), strict=True)] == unknown
    assert all(not any(extra) for number, extra in added.items() if number not in districts)


def test_every_district_gets_its_proportion_rounded_up_or_down():
    source = source_counts()
    unknown = source.pop(UNKNOWN_DISTRICT)
    districts = [place for place in places() if place.kind == "district"]
    for column, total in enumerate(unknown):
        held = sum(source[district.number][column] for district in districts)
        for district in districts:
            before = source[district.number][column]
            assert abs(counts(district)[column] - before - total * before / held) < 1


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (2, [1, 1, 1], [1, 1, 0]),
        (7, [0, 5, 2], [0, 5, 2]),
        (5, [9, 1, 6], [3, 0, 2]),
        (0, [3, 4], [0, 0]),
    ],
)
def test_largest_remainder_by_hand(total, weights, shares):
    assert module._largest_remainder(total, weights) == shares


def test_places_catchments_and_members_are_ordered_by_the_norwegian_alphabet():
    assert [places()[0].name, places()[-1].name] == ["Alna", "Åsnes"]
    assert " ".join(catchment.id for catchment in catchments()) == (
        "ahus bergen diakonhjemmet finnmark fonna forde helgeland innlandet lovisenberg more_og_romsdal nord_trondelag "
        "nordland ous st_olavs stavanger sorlandet telemark unn vestfold vestre_viken ostfold"
    )
    order = {letter: rank for rank, letter in enumerate(" abcdefghijklmnopqrstuvwxyzæøå")}
    for area in (country(), *catchments()):
        names = [place.name.lower().translate(str.maketrans("-ü", " u", ".")) for place in area.members]
        assert all([order[x] for x in a] <= [order[x] for x in b] for a, b in pairwise(names))
    doubled = [place.number for place in places() if place.name in DOUBLED]
    assert doubled == ["1515", "1818", "3018", "3419"]


# Finding


def test_every_place_is_found_by_name_number_slug_and_label():
    for place in places():
        for text in (place.number, place.number.lstrip("0"), place.id, place.label, f"{place.number} {place.name}"):
            assert find(text) is place
        assert find(f"{place.name} ({place.county})") is place
        assert find(f"{place.name} ({place.number}, {catchment_of(place).label})") is place
        if place.name not in DOUBLED:
            assert find(place.name) is place


def test_every_catchment_is_found_by_name_slug_and_label():
    for catchment in catchments():
        name = catchment.name
        sure = (f"bup {catchment.id}", f"bup {name}", f"{name} BUP", f"Helse {name}", f"Helse {name} HF")
        for text in (catchment.label, *sure, f"{name} catchment", f"catchment {name}", f"bup_{catchment.id}"):
            assert find(text) is catchment
        if name not in {"Bergen", "Stavanger"}:
            assert find(name) is catchment
            assert find(catchment.id) is catchment


def test_case_spaces_hyphens_and_letters_do_not_matter():
    for place in places():
        for text in written(place.name):
            if place.name not in DOUBLED:
                assert find(text) is place, text
        for text in written(place.label):
            assert find(text) is place, text
    for catchment in catchments():
        for text in written(catchment.label):
            assert find(text) is catchment, text


def test_other_official_names_are_known_alone_and_beside_the_norwegian_one():
    others = [place for place in places() if place.other_name]
    assert len(others) == 12
    for place in others:
        for text in written(place.other_name):
            assert find(text) is place, text
        for text in (f"{place.other_name} - {place.name}", f"{place.name}/{place.other_name}"):
            assert find(text) is place
    assert find("Gáivuotna – Kåfjord – Kaivuono").number == "5426"
    assert find("Porsáŋgu").number == "5436"
    assert find("Fauske - Fuossko").number == "1841"


def test_words_that_say_the_kind():
    for place in places():
        words = ("{} kommune", "{} municipality") if place.kind == "municipality" else ("bydel {}", "{} bydel", "Oslo {}")
        for form in words:
            if place.name not in DOUBLED:
                assert find(form.format(place.name)) is place
    assert find("Deatnu kommune").number == "5441"


@pytest.mark.parametrize("name", ["Bergen", "Stavanger"])
def test_a_bare_name_means_the_municipality_and_not_its_catchment(name):
    assert isinstance(find(name), Place)
    assert isinstance(find(f"{name} kommune"), Place)
    assert isinstance(find(f"BUP {name}"), Catchment)


def test_only_the_documented_spellings_mean_more_than_one_thing():
    """A new name in the table must not make an old one ambiguous unseen."""
    several = {text for text, areas in place_names._index().items() if len(areas) > 1}
    doubled = {"herøy", "heroy", "heroey", "våler", "valer", "vaaler"}
    assert several == {"bergen", "stavanger", *doubled, "oslo", "oslo kommune", "0301", "301", "bup oslo"}


@pytest.mark.parametrize(
    ("name", "catchment"),
    [
        ("Akershus", "ahus"),
        ("Ahus", "ahus"),
        ("BUP Akershus", "ahus"),
        ("Akershus universitetssykehus HF", "ahus"),
        ("UNN", "unn"),
        ("Universitetssykehuset Nord-Norge HF", "unn"),
        ("St. Olav", "st_olavs"),
        ("st olavs", "st_olavs"),
        ("St.Olavs", "st_olavs"),
        ("St. Olavs Hospital HF", "st_olavs"),
        ("OUS", "ous"),
        ("Oslo universitetssykehus", "ous"),
        ("Finnmarkssykehuset HF", "finnmark"),
        ("Nordlandssykehuset HF", "nordland"),
        ("Helgelandssykehuset HF", "helgeland"),
        ("Helse Møre og Romsdal HF", "more_og_romsdal"),
        ("Møre & Romsdal", "more_og_romsdal"),
        ("Helse Nord-Trøndelag HF", "nord_trondelag"),
        ("Lovisenberg diakonale sykehus AS", "lovisenberg"),
        ("Diakonhjemmet sykehus AS", "diakonhjemmet"),
        ("Sykehuset Innlandet HF", "innlandet"),
        ("Sykehuset Østfold HF", "ostfold"),
        ("Sørlandet sykehus HF", "sorlandet"),
        ("Sykehuset i Vestfold HF", "vestfold"),
        ("Sykehuset Telemark HF", "telemark"),
        ("Vestre Viken HF", "vestre_viken"),
        ("fonna bup", "fonna"),
        ("helse fonna", "fonna"),
    ],
)
def test_the_names_of_the_trusts_mean_their_catchments(name, catchment):
    found = find(name)
    assert isinstance(found, Catchment)
    assert found.id == catchment


@pytest.mark.parametrize("name", ["Norge", "norway", "NOREG", " norge ", "0"])
def test_the_whole_country(name):
    assert find(name) is country()
    assert country().label == "Norge"


# Names that do not do


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("stnge", 'no place called "stnge"; did you mean "Stange" (3413)?'),
        ("Bergn", 'no place called "Bergn"; did you mean "Bergen" (4601)?'),
        ("tromsoo", 'no place called "tromsoo"; did you mean "Tromsø" (5401)?'),
        ("deatno", 'no place called "deatno"; did you mean "Tana" (5441)?'),
        ("innlandt", 'no place called "innlandt"; did you mean "BUP Innlandet"?'),
        ("bup innlandt", 'no catchment called "bup innlandt"; did you mean "BUP Innlandet"?'),
        ("bup stavangr", 'no catchment called "bup stavangr"; did you mean "BUP Stavanger"?'),
        ("bydel frognr", 'no district called "bydel frognr"; did you mean "Frogner" (030105)?'),
        ("valar", 'no place called "valar"; did you mean "Våler" (3018) or "Våler" (3419)?'),
        ("bup stange", 'no catchment called "bup stange"; did you mean Stange (3413, BUP Innlandet)?'),
        (
            "frogner kommune",
            'no municipality called "frogner kommune"; did you mean Frogner (030105, BUP Diakonhjemmet)?',
        ),
        ("3101", 'no place called "3101"; the numbers are SSB\'s of 1 January 2021'),
        ("030199", 'no place called "030199"; the numbers are SSB\'s of 1 January 2021'),
        ("00", 'no place called "00"; the numbers are SSB\'s of 1 January 2021'),
        ("kommune", 'no place called "kommune"'),
        ("!!!", 'no place called "!!!"'),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(name, told):
    assert message_of(name) == told


def test_one_letter_left_out_still_leads_to_the_place():
    for place in places():
        wrong = place.name[:4] + place.name[5:]
        if len(wrong) >= 5:
            assert f"({place.number})" in message_of(wrong), wrong


@pytest.mark.parametrize("name", ["Viken", "Vestfold og Telemark", "Troms og Finnmark", "Nordland fylke"])
def test_a_county_is_told_to_be_one(name):
    assert f'no place called "{name}": it is a county' in message_of(name)


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("Våler", "Våler (3018, BUP Østfold), Våler (3419, BUP Innlandet)"),
        ("vaaler kommune", "Våler (3018, BUP Østfold), Våler (3419, BUP Innlandet)"),
        ("HERØY", "Herøy (1515, BUP Møre og Romsdal), Herøy (1818, BUP Helgeland)"),
    ],
)
def test_a_doubled_name_is_answered_with_both_places(name, candidates):
    assert message_of(name) == f'"{name}" can mean 2 places: {candidates}; choose one of them'


@pytest.mark.parametrize("name", ["Oslo", "oslo kommune", "0301", "bydel oslo"])
def test_oslo_is_answered_with_its_districts(name):
    told = message_of(name)
    assert told.startswith(f'"{name}" can mean 17 places: Alna (030112, BUP Ahus), ')
    assert all(place.name in told for place in places() if place.kind == "district")


def test_bup_oslo_is_answered_with_the_catchments_that_hold_districts():
    candidates = "BUP Ahus, BUP Diakonhjemmet, BUP Lovisenberg, BUP OUS"
    assert message_of("BUP Oslo") == f'"BUP Oslo" can mean 4 places: {candidates}; choose one of them'


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "the name of the place is empty"),
        ("  \t\n", "the name of the place is empty"),
        ("\x07", r"invisible character in it \(U\+0007\)"),
        ("Stange\x00", r"invisible character in it \(U\+0000\)"),
        ("Sør\u00advaranger", r"invisible character in it \(U\+00AD\)"),
        ("\ud800", r"invisible character in it \(U\+D800\)"),
        ("Stange" * 1000, r"at most 60 letters \(got 6000\)"),
        (3413, r'a number in quotes too: "3413" \(got int\)'),
        (None, r"\(got NoneType\)"),
    ],
)
def test_what_can_be_no_name_gets_a_short_clear_answer(name, told):
    with pytest.raises(TrinnError, match=told) as caught:
        find(name)
    assert len(str(caught.value)) < 120
    assert str(caught.value).isprintable()


def test_no_answer_repeats_more_than_sixty_characters():
    assert f'"{"x" * 60}"' in message_of("x" * 60)
    assert "xx" not in message_of("x" * 61)
