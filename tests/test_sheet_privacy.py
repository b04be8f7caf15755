"""Only counts, no persons: what is refused, what must pass, and that a message never says what stood there.

All identity numbers here are invented: their control digits are worked out, and their days of birth are of nobody.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl.comments import Comment
from sheet_examples import ABOUT_PLACE, LISTS, STAFF, faults, faults_of, filled, repacked, template

from scenarios.errors import TrinnError
from scenarios.load import load
from scenarios.places import places
from scenarios.sheet.identity import has_birth, has_identity, is_identity, is_valid
from scenarios.sheet.names import has_child, has_name
from scenarios.sheet.words import LANGUAGES, in_language, words

WEIGHTS = ((3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2))


def identity(day: str, number: int) -> str:
    """An invented identity number with right control digits."""
    digits = f"{day}{number:03d}"
    for weights in WEIGHTS:
        rest = -sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        if rest == 10:
            return identity(day, number + 1)
        digits += str(rest)
    return digits


ORDINARY, D_NUMBER, TEST_PERSON = identity("310112", 501), identity("410112", 601), identity("318112", 551)
LOST_ZERO = identity("010512", 520)


def refused(found: list[str], *secret: object) -> str:
    """The one message, which says that only counts are wanted and nothing of what stood there."""
    assert len(found) == 1, found
    assert "bare antall, ikke personer" in found[0] or "only counts, no persons" in found[0]
    for each in secret:
        assert str(each) not in found[0]
    return found[0]


@pytest.mark.parametrize("number", [ORDINARY, D_NUMBER, TEST_PERSON, "99999999999", "12345678901"])
@pytest.mark.parametrize("spelled", ["{0}", "{1} {2}", "{1}-{2}", "fnr {0}.", "{1}\u00a0{2}", "{1}\u2009{2}", "x{0}y"])
def test_eleven_digits_are_an_identity_number(number: str, spelled: str) -> None:
    text = spelled.format(number, number[:6], number[6:])
    assert has_identity(text) or (number in ("99999999999", "12345678901") and number not in text)


@pytest.mark.parametrize(
    "text",
    [
        f"{ORDINARY[:2]} {ORDINARY[2:4]} {ORDINARY[4:6]} {ORDINARY[6:]}",
        f"{ORDINARY[:2]}.{ORDINARY[2:4]}.{ORDINARY[4:6]} {ORDINARY[6:]}",
        f"{ORDINARY[:6]} {ORDINARY[6:9]} {ORDINARY[9:]}",
        f"{ORDINARY[:6]}  {ORDINARY[6:]}",
        "".join(chr(0xFF10 + int(digit)) for digit in ORDINARY),
        "".join(chr(0x0660 + int(digit)) for digit in ORDINARY),
        "\u200b".join(ORDINARY),
        f"12,{ORDINARY}",
    ],
)
def test_no_spelling_hides_an_identity_number(text: str) -> None:
    assert has_identity(text)


@pytest.mark.parametrize(
    "text",
    [
        "999 888 777",
        "999888777",
        "NO 999 888 777 MVA",
        "+47 22 33 44 55",
        "004722334455",
        "912 34 567",
        "4,5",
        "0,33333333333",
        "0.33333333333",
        "1250.12345678901",
        "2026-12-31",
        "31.12.2026 123 barn",
        "per 31.12.2026: 1234",
        "07459",
        "IS-24/8",
        "2020 2021 2022 2023",
        "1 250",
        "12 345 678",
        "KOSTRA K232 2020-2026",
        "0301 Oslo",
        "{00000000-0001-0000-0000-000000000000}",
        "1.1.2026-31.12.2026",
        "tlf. 22 33 44 55 / 66 77 88 99",
    ],
)
def test_counts_codes_dates_and_telephones_are_no_identity_numbers(text: str) -> None:
    assert not has_identity(text)
    assert not has_birth(text)
    assert not has_name(text)


@pytest.mark.parametrize("number", [0.1, 1 / 3, 4.5, 1250, 999888777, 22334455, 4722334455, 2_000_000, -5, 1e15, 123456789012])
def test_numbers_of_a_sheet_pass(number: float) -> None:
    assert not is_identity(number)


def test_a_number_cell_with_eleven_digits_is_refused_also_when_its_first_zero_is_lost() -> None:
    assert is_valid(LOST_ZERO)
    assert LOST_ZERO.startswith("0")
    assert is_identity(int(LOST_ZERO))
    assert is_identity(float(ORDINARY))


@pytest.mark.parametrize(
    "text",
    [
        "Kari Nordmann",
        "Ola Hansen",
        "kari hansen",
        "NORDMANN, KARI",
        "Hansen Ola",
        "Anne-Lise B. Aas",
        "Mohammed Ali Hassan",
        "Spør Kari Nordmann om dette",
        "Per Lund",
        "Liv Solberg",
        "Fatima Khan (psykolog)",
        "Kari\u00a0Nordmann",
        "Åse Bø",
        "barn av Ingrid Moen",
        "Nguyen, Linh og Kari Berg",
    ],
)
def test_names_of_persons_are_known(text: str) -> None:
    assert has_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "Familiens hus",
        "Stangehjelpa",
        "Ung Arena",
        "Psykisk helseteam",
        "Helsestasjon for ungdom",
        "Marte Meo",
        "Nic Waal",
        "Lovisenberg Diakonale Sykehus",
        "Martina Hansens Hospital",
        "Olav Duun videregående skole",
        "Øvre Romerike",
        "Stine Sofies Stiftelse",
        "Per Desember 2026",
        "per 1. januar",
        "Liv og helse",
        "Rask psykisk helsehjelp",
        "FACT-Ung",
        "Barnevern",
        "Odd Fellow",
        "vet ikke",
        "Mental Helse Ungdom",
        "R-BUP Øst og Sør",
        "Kirkens Bymisjon",
        "St. Olavs hospital",
        "Alle Sammen",
        "Telemark Sykehus",
        "Nordre Follo",
        "Jo Mere Jo Bedre",
        "Ask Gard",
        "Vest Agder",
        "Barne- og ungdomspsykiatrisk poliklinikk Jæren",
        "Helse Nord-Trøndelag",
    ],
)
def test_services_methods_and_institutions_are_no_persons(text: str) -> None:
    assert not has_name(text)


def test_no_place_and_no_text_of_the_template_is_a_person() -> None:
    for place in places():
        for text in (place.name, place.label, place.other_name, f"BUP {place.name}", f"{place.name} kommune"):
            assert not has_name(text), text
            assert not has_identity(text), text
    for both in words().values():
        for language in LANGUAGES:
            text = in_language(both, language)
            assert not any(test(text) for test in (has_name, has_identity, has_birth, has_child)), text


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("født 12.03.2012", True),
        ("f. 12.3.12", True),
        ("Fødselsdato: 2012-03-12", True),
        ("born 12 March 2012", True),
        ("dob 12/03/2012", True),
        ("født 120312", True),
        ("f.eks. 12.3.2026", False),
        ("fra 1.1.2026", False),
        ("telt 12.03.2026", False),
        ("fødselsdatoer skal ikke stå her", False),
        ("født i Hamar", False),
    ],
)
def test_birth_dates_are_told_from_other_dates(text: str, born: bool) -> None:
    assert has_birth(text) == born


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("jente 14 år", True),
        ("gutt på 9 år", True),
        ("14 år gammel gutt", True),
        ("girl, aged 14 years", True),
        ("Jente (15)", True),
        ("jenter 13–17 år", False),
        ("gutter og jenter", False),
        ("barn 6–12 år", False),
        ("14-åringer", False),
        ("12 år", False),
    ],
)
def test_what_tells_of_one_child_is_told_from_groups(text: str, one: bool) -> None:
    assert has_child(text) == one


# -- in workbooks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "cell"),
    [
        ({f"{STAFF}!D9": ORDINARY}, "Årsverk!D9"),
        ({f"{STAFF}!D9": int(ORDINARY)}, "Årsverk!D9"),
        ({f"{STAFF}!D9": int(LOST_ZERO)}, "Årsverk!D9"),
        ({f"{LISTS}!B7": f"{ORDINARY[:6]} {ORDINARY[6:]}"}, "Egne lister!B7"),
        ({f"{STAFF}!B25": "Kari Nordmann"}, "Årsverk!B25"),
        ({f"{STAFF}!Z99": "Ola Hansen"}, "Årsverk!Z99"),
        ({"Notater!A1": "jente 14 år, henvist av fastlege"}, "Notater!A1"),
        ({"Notater!C3": "født 12.03.2012"}, "Notater!C3"),
        ({"Ark9!A1": ORDINARY[:6], "Ark9!B1": ORDINARY[6:]}, "Ark9!A1"),
        ({f"{STAFF}!D9": f'="{ORDINARY}"'}, "Årsverk!D9"),
        ({f"{ABOUT_PLACE}!B5": "Kari Nordmann"}, "Sted!B5"),
    ],
)
def test_a_person_anywhere_is_refused_with_the_cell_and_without_the_content(tmp_path: Path, cells: dict, cell: str) -> None:
    message = refused(
        faults(tmp_path, cells), ORDINARY, LOST_ZERO, ORDINARY[:6], "Nordmann", "Kari", "Hansen", "jente", "12.03"
    )
    assert cell in message
    assert "staff.xlsx" in message


def test_an_english_workbook_is_refused_in_english(tmp_path: Path) -> None:
    message = refused(faults(tmp_path, {"Staff!D9": ORDINARY}, "en"), ORDINARY)
    assert message.startswith(f"{tmp_path}/staff.xlsx: only counts, no persons: Staff!D9")


def test_hidden_sheets_rows_comments_and_names_of_sheets_are_read_too(tmp_path: Path) -> None:
    def hide(book) -> None:
        book.create_sheet("Skjult")["A1"] = ORDINARY
        book["Skjult"].sheet_state = "veryHidden"

    assert "Skjult!A1" in refused(faults(tmp_path, {}, change=hide), ORDINARY)

    def comment(book) -> None:
        book[STAFF]["C6"].comment = Comment(f"gjelder {ORDINARY}", "Kari Nordmann")

    assert "kommentaren til C6" in refused(faults(tmp_path, {}, change=comment), ORDINARY, "Nordmann")

    def rename(book) -> None:
        book.create_sheet("Kari Nordmann")["A1"] = 5

    message = refused(faults(tmp_path, {}, change=rename), "Kari", "Nordmann")
    assert "navnet på ark 7" in message

    def properties(book) -> None:
        book.properties.keywords = ORDINARY

    assert "dokumentegenskapene" in refused(faults(tmp_path, {}, change=properties), ORDINARY)


def test_whoever_saved_the_file_or_wrote_a_comment_is_no_fault(tmp_path: Path) -> None:
    def sign(book) -> None:
        book.properties.creator = book.properties.lastModifiedBy = "Kari Nordmann"
        book[STAFF]["C6"].comment = Comment("Kari Nordmann:\ntallet er fra KOSTRA", "Kari Nordmann")

    assert faults(tmp_path, {f"{STAFF}!D9": 2}, change=sign) == []
    assert "Nordmann" not in repr(load(tmp_path / "staff.xlsx"))


def test_texts_outside_the_cells_are_read_too(tmp_path: Path) -> None:
    def box(parts: dict[str, bytes]) -> None:
        parts["xl/drawings/drawing1.xml"] = (
            b'<xdr:wsDr xmlns:xdr="x" xmlns:a="a"><a:p><a:r><a:t>Kari </a:t></a:r><a:r><a:t>Nordmann</a:t></a:r></a:p>'
            b"</xdr:wsDr>"
        )

    def pivot(parts: dict[str, bytes]) -> None:
        parts["xl/pivotCache/pivotCacheRecords1.xml"] = f'<r><s v="x"/><n v="{ORDINARY}"/></r>'.encode()

    def orphan(parts: dict[str, bytes]) -> None:
        parts["xl/sharedStrings.xml"] = f"<sst><si><r><t>{ORDINARY[:6]}</t></r><r><t>{ORDINARY[6:]}</t></r></si></sst>".encode()

    for change in (box, pivot, orphan):
        file = tmp_path / "staff.xlsx"
        file.write_bytes(repacked(template(), change))
        assert "utenfor cellene" in refused(faults_of(file), ORDINARY, "Nordmann")


def test_marks_that_programs_put_on_files_are_nobodys_number(tmp_path: Path) -> None:
    def mark(parts: dict[str, bytes]) -> None:
        parts["docMetadata/LabelInfo.xml"] = b'<a><b name="MSIP_Label_12345678-1234-1234-1234-12345678901a"/></a>'
        parts["customXml/item1.xml"] = b"<a><id>0x01010012345678901F99</id><UserInfo>Kari Nordmann</UserInfo></a>"
        parts["xl/drawings/vmlDrawing1.vml"] = b"<xml><v:shape style='width:108pt'><div>a<br>b</div></v:shape></xml>"

    file = tmp_path / "staff.xlsx"
    file.write_bytes(repacked(template(), mark))
    assert faults_of(file) == []

    def hide(parts: dict[str, bytes]) -> None:
        parts["customXml/item1.xml"] = f"<a><id>{ORDINARY}</id></a>".encode()

    def box(parts: dict[str, bytes]) -> None:
        parts["xl/drawings/vmlDrawing1.vml"] = b"<xml><div><font>Kari</font> <font>Nordmann</font><br></div></xml>"

    for change in (hide, box):
        file.write_bytes(repacked(template(), change))
        refused(faults_of(file), ORDINARY, "Nordmann")


def test_a_list_of_municipalities_is_no_list_of_first_names(tmp_path: Path) -> None:
    names = [place.name for place in places()]
    assert faults(tmp_path, {f"Kommuner!A{row}": name for row, name in enumerate(names, 1)}) == []


def rows_of(sheet: str, *rows: tuple[object, ...]) -> dict[str, object]:
    return {
        f"{sheet}!{'ABCDEFGH'[column]}{row}": value for row, values in enumerate(rows, 1) for column, value in enumerate(values)
    }


@pytest.mark.parametrize(
    "rows",
    [
        (("Fødselsnummer", "Venter siden"), ("x", 3)),
        (("Navn", "Alder", "Diagnose"), ("KN", 14, "angst"), ("OH", 9, "adhd")),
        (("Fødselsdato", "Uker"), (date(2012, 3, 12), 4)),
        (("Elev", "Klasse", "Kjønn"), ("a", "7b", "j"), ("b", "9a", "g")),
        (("Uker",), (date(2012, 3, 12),), (date(2009, 11, 2),), (date(2015, 6, 29),)),
        (("Uker",), ("12.03.2012",), ("02.11.2009",), ("29.06.2015",)),
        (("x",), (120312,), (21109,), (290615,), (170713,), (90508,)),
        (("Barn 1", 4), ("Barn 2", 9), ("Barn 3", 2)),
        (("Kari", 4), ("Ola", 9), ("Ingrid", 2)),
        (("Initialer", "Uker"), ("KN", 3)),
    ],
)
def test_a_row_per_child_is_refused_on_any_sheet(tmp_path: Path, rows: tuple[tuple[object, ...], ...]) -> None:
    refused(faults(tmp_path, rows_of("Liste", *rows)), "Kari", "Ola", "angst", "2012", "120312", "KN")


@pytest.mark.parametrize(
    "rows",
    [
        (("Måned", "Nye"), (date(2026, 1, 1), 12), (date(2026, 2, 1), 9), (date(2026, 3, 1), 14)),
        (("Telt", "Venter"), (date(2026, 1, 31), 12), (date(2026, 2, 28), 9), (date(2026, 3, 31), 14)),
        (("Uke fra", "Nye"), (date(2026, 1, 5), 2), (date(2026, 1, 12), 3), (date(2026, 1, 19), 1), (date(2026, 1, 26), 5)),
        (("Alder", "Kjønn", "Antall"), ("0-5", "gutter", 12), ("6-12", "jenter", 40)),
        (("region", "kjønn", "alder", "2026"), ("3403 Hamar", "Menn", "0-5 år", 700)),
        (("Kommune", "Årsverk"), ("0301 Oslo", 40.5), ("3403 Hamar", 4.5)),
        (
            ("Tjeneste", "Org.nr.", "Telefon"),
            ("Familiens hus", 999888777, "22 33 44 55"),
            ("Ung Arena", "999 888 777", 22334455),
        ),
        (("Skole", "Elever"), ("Ener ungdomsskole", 300), ("Ajer ungdomsskole", 280)),
        (("Oppdatert", datetime(2026, 11, 12, 9, 30)),),
        (("Innbyggere",), (10512,), (12345,), (11875,), (31012,), (20999,)),
        (("KOSTRA", "kode"), ("K232", 1), ("K233", 2)),
        (("Fødselsnummer skal ikke stå her",),),
    ],
)
def test_a_sheet_of_counts_passes(tmp_path: Path, rows: tuple[tuple[object, ...], ...]) -> None:
    assert faults(tmp_path, rows_of("Mine tall", *rows)) == []


def test_dates_of_counts_and_grants_are_no_birth_dates(tmp_path: Path) -> None:
    cells = {f"{STAFF}!D{row}": 2 for row in (5, 8, 9, 10, 11)}
    days = (date(2027, 8, 15), "3.2.2028", "31.12.2026", date(2028, 5, 9), "17. mai 2028")
    cells |= {f"{STAFF}!N{row}": day for row, day in zip((5, 8, 9, 10, 11), days, strict=True)}
    cells |= {f"{LISTS}!D{row}": day for row, day in zip((5, 8, 9), ("1.11.2026", "4.11.2026", "12.11.2026"), strict=True)}
    assert faults(tmp_path, cells) == []


def test_a_date_that_can_be_no_count_is_asked_about_without_being_shown(tmp_path: Path) -> None:
    found = faults(tmp_path, {f"{LISTS}!D8": "12.03.2012", f"{STAFF}!D9": date(2012, 3, 12)})
    assert len(found) == 2
    assert not any("2012" in each for each in found)


def test_no_text_of_a_cell_is_ever_shown_back_by_a_fault(tmp_path: Path) -> None:
    """A name that no list knows must not be repeated either."""
    secret = "Thorvaldine Grøtvik"
    found = faults(tmp_path, {f"{STAFF}!{column}9": secret for column in "ABCDEFMNO"} | {f"{LISTS}!B8": secret})
    assert found
    assert not any("Thorvaldine" in each or "Grøtvik" in each for each in found)


def test_the_message_is_one_however_many_there_are(tmp_path: Path) -> None:
    with pytest.raises(TrinnError, match=r"\(og \d+ til\)") as error:
        load(filled(tmp_path, {f"Liste!A{row}": ORDINARY for row in range(1, 200)}))
    assert len(error.value.faults) == 1
    assert len(str(error.value)) < 800
