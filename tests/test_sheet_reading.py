"""What a clumsy planner writes: decimal commas, thousands, dates, per cent, "vet ikke"; every fault at once, with its cell."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sheet_examples import ABOUT_PLACE, LISTS, PLACE, STAFF, TRUST, faults, faults_of, filled, read, row_of

from scenarios.load import load
from scenarios.sheet.answers import Few, UnfitError, answer_of, day_in
from scenarios.sheet.columns import Column
from scenarios.sheet.words import UNKNOWN, Language, is_unknown
from scenarios.sheet.workbook import Cell, address, spot_of

FTE, SHARE, COUNT = Column("filled", "fte", high=10_000), Column("cases", "share", high=1), Column("waiting", "count")
PEOPLE, WEEKS, DAY = Column("0_5", "people"), Column("longest", "weeks", high=1000), Column("counted", "date")


def answer(value: Any, column: Column, language: Language = "nb", percent: bool = False) -> Any:
    return answer_of(Cell(value, str(value), percent=percent), column, None, language)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4,5", 4.5),
        ("4.5", 4.5),
        (" 4,5 ", 4.5),
        ("4", 4.0),
        (4, 4.0),
        (4.5, 4.5),
        ("4,5 årsverk", 4.5),
        ("0,25", 0.25),
        ("0.125", 0.125),
        ("1 250,5", 1250.5),
        ("1\u00a0250,5", 1250.5),
        ("1\u202f250.5", 1250.5),
        ("1.250,5", 1250.5),
        ("1,250.5", 1250.5),
        ("1,125", 1.125),
        ("+2", 2.0),
        ("４,５", 4.5),
        ("2,5 FTE", 2.5),
        ("0", 0.0),
    ],
)
def test_numbers_as_norwegians_write_them(text: Any, value: float) -> None:
    assert answer(text, FTE) == value


@pytest.mark.parametrize(
    ("text", "value"), [("4.5", 4.5), ("4,5", 4.5), ("1,250.5", 1250.5), ("1,234,567.5", None), ("2.50", 2.5)]
)
def test_numbers_as_the_english_write_them(text: str, value: float | None) -> None:
    if value is None:
        with pytest.raises(UnfitError, match="must be from 0 to 10 000"):
            answer(text, FTE, "en")
    else:
        assert answer(text, FTE, "en") == value


@pytest.mark.parametrize(
    ("text", "language"), [("1.250", "nb"), ("1,250", "en"), ("1.250", "en"), ("1.2,3.4", "nb"), ("1.25.3", "nb")]
)
def test_what_can_be_read_in_two_ways_is_asked_about(text: str, language: Language) -> None:
    with pytest.raises(UnfitError, match=r"to måter|two ways"):
        answer(text, FTE, language)


@pytest.mark.parametrize(
    "value", ["ca. 5", "5-6", "fem", "-", "4,5,", "1e3", "4 5", "½", "=4", True, "5 %", "inf", "nan", "0x10", "-2", "1/2"]
)
def test_what_is_no_number_is_a_fault(value: Any) -> None:
    with pytest.raises(UnfitError, match=r"må være|to måter"):
        answer(value, FTE)


@pytest.mark.parametrize("value", [date(2027, 5, 4), datetime(2027, 5, 4), time(4, 5)])
def test_a_number_that_the_spreadsheet_has_made_a_date_of_says_so(value: Any) -> None:
    with pytest.raises(UnfitError, match=r"er en dato, ikke et tall: regneark gjør 4\.5 om til en dato"):
        answer(value, FTE)


@pytest.mark.parametrize(
    ("value", "percent", "share"),
    [
        ("60 %", False, 0.6),
        ("60%", False, 0.6),
        ("60", False, 0.6),
        (60, False, 0.6),
        (0.6, True, 0.6),
        (1, True, 1.0),
        ("7,5 prosent", False, 0.075),
        ("0,5 %", False, 0.005),
        (0, False, 0.0),
        ("100", False, 1.0),
        (2, False, 0.02),
    ],
)
def test_shares_are_per_cent(value: Any, percent: bool, share: float) -> None:
    assert answer(value, SHARE, percent=percent) == pytest.approx(share)


@pytest.mark.parametrize("value", [0.6, "0,6", 1, "1", 0.07])
def test_a_share_between_0_and_1_without_a_per_cent_sign_is_asked_about(value: Any) -> None:
    with pytest.raises(UnfitError, match=r"uten prosenttegn .*: skriv \d+ % hvis"):
        answer(value, SHARE)


@pytest.mark.parametrize(("value", "percent"), [(60, True), ("140 %", False), (-5, False), ("60 årsverk", False)])
def test_a_share_is_from_0_to_100_per_cent(value: Any, percent: bool) -> None:
    with pytest.raises(UnfitError, match="må være prosent fra 0 til 100"):
        answer(value, SHARE, percent=percent)


@pytest.mark.parametrize("value", [1, 4, "3", "under 5", "<5", "< 5", "færre enn 5", "fewer than 5", "3 barn"])
def test_counts_of_children_under_5_are_not_told_apart(value: Any) -> None:
    assert answer(value, COUNT) == Few()


def test_counts_are_whole() -> None:
    assert answer("1 250", COUNT) == 1250
    assert answer(0, COUNT) == 0
    assert answer(5, COUNT) == 5
    assert answer(3, PEOPLE) == 3  # inhabitants are public
    for value in (4.5, "4,5", "1.250", -3, "under 500"):
        with pytest.raises(UnfitError, match=r"må være|to måter"):
            answer(value, COUNT)


@pytest.mark.parametrize(
    ("value", "days"), [(20, 140), ("20", 140), ("20 uker", 140), ("140 dager", 140), ("2,5", 17.5), ("3 måneder", 91.3125)]
)
def test_waits_are_in_weeks_unless_they_say_otherwise(value: Any, days: float) -> None:
    assert answer(value, WEEKS) == pytest.approx(days)


@pytest.mark.parametrize(
    "text",
    [
        "31.12.2026",
        "31.12.26",
        "31/12/2026",
        "31-12-2026",
        "2026-12-31",
        "31. desember 2026",
        "31 desember 2026",
        "31. des. 2026",
        "31 December 2026",
        "31st of December 2026",
        "12/31/2026",
        "2026-12-31 00:00:00",
        "31. 12. 2026",
        " 31.12.2026 ",
    ],
)
def test_dates_as_people_write_them(text: str) -> None:
    assert answer(text, DAY) == date(2026, 12, 31)
    assert answer(text, DAY, "en") == date(2026, 12, 31)
    assert answer(date(2026, 12, 31), DAY) == date(2026, 12, 31)


def test_day_and_month_that_may_change_places_are_read_in_norwegian_and_asked_about_in_english() -> None:
    assert answer("3/4/2027", DAY) == date(2027, 4, 3)
    assert answer("3.4.2027", DAY, "en") == date(2027, 4, 3)
    with pytest.raises(UnfitError, match="can be two dates"):
        answer("3/4/2027", DAY, "en")


@pytest.mark.parametrize(
    "value", ["31.02.2027", "2026", "desember 2026", 46022, "31.12", "snart", "32.1.2027", "13.13.2027", True]
)
def test_what_is_no_date_is_a_fault(value: Any) -> None:
    with pytest.raises(UnfitError, match=r"må være en dato som 31\.12\.2026"):
        answer(value, DAY)


@pytest.mark.parametrize(
    "text",
    [
        "vet ikke",
        "Vet ikke",
        "VET IKKE ",
        "vet  ikke",
        "ukjent",
        "don't know",
        "don’t know",
        "unknown",
        "?",
        "",
        "  ",
        "veit ikkje",
        "\u00a0",
    ],
)
@pytest.mark.parametrize("column", [FTE, SHARE, COUNT, PEOPLE, WEEKS, DAY, Column("service", "choice")])
def test_every_cell_accepts_that_nobody_knows(text: str, column: Column) -> None:
    assert answer(text, column) is None
    assert answer_of(None, column, None, "nb") is None


def test_the_words_for_not_knowing_are_plain() -> None:
    assert all(is_unknown(word) for word in UNKNOWN)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_any_date_is_read_as_it_is_written(day: date) -> None:
    assert (
        day_in(f"{day:%d.%m.%Y}", "nb")
        == day_in(f"{day.day}.{day.month}.{day:%y}", "nb")
        == day_in(day.isoformat(), "en")
        == day
    )


@given(st.integers(1, 1_048_576), st.integers(1, 16384))
def test_addresses_of_cells_are_read_as_they_are_written(row: int, column: int) -> None:
    assert spot_of(address((row, column))) == (row, column)


@given(st.text(max_size=40))
def test_any_text_is_an_answer_or_unfit(text: str) -> None:
    for column in (FTE, SHARE, COUNT, PEOPLE, WEEKS, DAY):
        for language in ("nb", "en"):
            with suppress(UnfitError):
                answer(text, column, language)


# -- whole workbooks ----------------------------------------------------------------------------------------------------


def test_every_fault_is_told_at_once_with_file_cell_rule_what_was_found_and_the_way_out(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        {
            f"{ABOUT_PLACE}!B8": "mange",
            f"{STAFF}!D5": "ca. 5",
            f"{STAFF}!F8": "0,6",
            f"{STAFF}!N9": "31.02.2027",
            f"{STAFF}!D30": 4,
            f"{LISTS}!C8": 4.5,
            f"{LISTS}!J8": "140 %",
            f"{TRUST}!C5": "under 5000",
        },
    )
    file = str(tmp_path / "staff.xlsx")
    assert [each.split(":")[0].removeprefix(f"{file} | ") for each in found] == [
        "Sted!B8",
        "Årsverk!D5",
        "Årsverk!F8",
        "Årsverk!N9",
        "Årsverk!A30",
        "Egne lister!C8",
        "Egne lister!J8",
        "Fra helseforetaket!C5",
    ]
    assert found[1] == f"{file} | Årsverk!D5: må være et tall som 4,5 eller «vet ikke» (fant en tekst på 5 tegn)"
    assert (
        found[2]
        == f"{file} | Årsverk!F8: er en andel mellom 0 og 1 uten prosenttegn (fant «0,6»): skriv 60 % hvis dere mener det"
    )
    assert found[4] == f"{file} | Årsverk!A30: raden har tall, men ingen tjeneste: velg en fra lista"


def test_the_faults_of_an_english_workbook_are_in_english(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, {"Staff!D5": "about 5"}, "en")
    assert (
        fault.endswith("""Staff!D5: must be a number such as 4.5, or "don't know" (found a text of 7 characters)""")
        or "found" in fault
    )
    assert "must be a number such as 4.5" in fault


def test_a_choice_that_is_nearly_right_is_hinted_at(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, {f"{STAFF}!A30": "lavterskeltilbudet", f"{STAFF}!D30": 2, f"{STAFF}!B30": "psykolog"})
    assert "Årsverk!A30: må være et av valgene i lista" in fault
    assert "mente dere «lavterskeltilbud»?" in fault


@pytest.mark.parametrize(
    "text", ["lavterskeltilbud", "Lavterskeltilbud ", "low-threshold service", "low_threshold", "LAVTERSKELTILBUD"]
)
def test_choices_are_known_in_either_language_and_any_case(tmp_path: Path, text: str) -> None:
    scenario = read(tmp_path, {f"{STAFF}!A30": text, f"{STAFF}!B30": "Psykolog", f"{STAFF}!D30": "2,5"})
    assert scenario.areas["hamar"].services["low_threshold"]["staff"] == {"psychologist": {"fte": 2.5}}


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({f"{STAFF}!C9": 2, f"{STAFF}!D9": 3}, "Årsverk!D9: flere besatte årsverk enn avtalte (3 og 2)"),
        ({f"{STAFF}!D9": 2, f"{STAFF}!E9": 3}, "Årsverk!E9: mer fravær enn besatte årsverk (3 og 2)"),
        ({f"{STAFF}!E9": 3}, "Årsverk!E9: fravær (3) kan ikke brukes når raden ikke har besatte årsverk"),
        ({f"{STAFF}!D9": 2, f"{STAFF}!J9": "80", f"{STAFF}!K9": 0.3}, "Årsverk!J9:L9: summerer til 110 %"),
        ({f"{STAFF}!D9": 2, **{f"{STAFF}!{c}9": 0.2 for c in "FGHI"}}, "Årsverk!F9:I9: summerer til 80 %"),
        ({f"{STAFF}!D9": 2, f"{STAFF}!F9": 0.8, f"{STAFF}!G9": 0.3}, "Årsverk!F9:I9: summerer til 110 %"),
        (
            {f"{LISTS}!A12": "lavterskeltilbud", f"{LISTS}!B12": 9, f"{LISTS}!B8": 12},
            "Egne lister!A12: står også i Egne lister!A8",
        ),
        (
            {f"{TRUST}!A5": "vet ikke", f"{TRUST}!C5": 12},
            "Fra helseforetaket!A5: raden har tall, men sier ikke hva den gjelder",
        ),
        ({f"{STAFF}!D9": 20_000}, "Årsverk!D9: må være fra 0 til 10 000 (fant 20000)"),
        ({f"{ABOUT_PLACE}!B5": "vet ikke"}, "Sted!B5: stedet mangler"),
        ({f"{ABOUT_PLACE}!B5": "Hammer"}, "Sted!B5: no place called"),
        ({f"{ABOUT_PLACE}!B5": "other.xlsx"}, "Sted!B5: stedet mangler"),
        ({f"{ABOUT_PLACE}!B5": "../own.yaml"}, "Sted!B5: stedet mangler"),
        ({f"{ABOUT_PLACE}!B5": "norge"}, "a workbook is for one municipality or city district"),
        ({f"{ABOUT_PLACE}!B6": 9}, "Sted!B6: malens versjon er ukjent"),
        ({f"{STAFF}!D9": 0.001, f"{STAFF}!D8": 0}, "Årsverk!"),
    ],
)
def test_what_does_not_fit_together_is_told_with_its_cell(tmp_path: Path, cells: dict[str, Any], rule: str) -> None:
    (fault,) = faults(tmp_path, cells)
    assert rule in fault


def test_a_sheet_or_a_column_that_is_gone_is_told(tmp_path: Path) -> None:
    def remove(book) -> None:
        del book[LISTS]
        book[STAFF]["D4"] = "Noe annet"

    found = faults(tmp_path, {}, change=remove)
    assert any("arket har ikke overskriftene fra malen: Besatte årsverk" in each for each in found)
    assert any("arket «Egne lister» mangler eller har fått et annet navn" in each for each in found)

    def rename(book) -> None:
        book[ABOUT_PLACE].title = "Stedet"

    (fault,) = faults(tmp_path, {}, change=rename)
    assert "arket «Sted» mangler" in fault


def test_columns_and_rows_may_be_moved(tmp_path: Path) -> None:
    def move(book) -> None:
        sheet = book[STAFF]
        sheet.insert_cols(3)
        sheet.insert_rows(2, 3)
        sheet["E12"] = 2.5

    scenario = read(tmp_path, {}, change=move)
    assert scenario.areas["hamar"].services["low_threshold"]["staff"] == {"psychologist": {"fte": 2.5}}
    assert scenario.entered[0].cell == "Årsverk!E12"


def test_what_stands_outside_the_tables_is_named_and_not_read(tmp_path: Path) -> None:
    scenario = read(tmp_path, {f"{STAFF}!R9": "husk", f"{ABOUT_PLACE}!G3": 4, "Egne notater!A1": 17, f"{STAFF}!D9": 2})
    beside = {entry.cell: entry for entry in scenario.entered if not entry.to}
    assert beside.keys() == {"Sted!G3", "Årsverk!R9", "Egne notater"}
    assert all(entry.value.nb == "ikke vist" for entry in beside.values())
    assert "husk" not in repr(scenario)


def test_merged_cells_hold_what_stands_first(tmp_path: Path) -> None:
    def merge(book) -> None:
        book[STAFF]["A30"], book[STAFF]["B30"], book[STAFF]["D30"], book[STAFF]["D31"] = "lavterskeltilbud", "psykolog", 2, 3
        book[STAFF].merge_cells("A30:A31")

    (fault,) = faults(tmp_path, {}, change=merge)
    assert "Årsverk!A31: raden har tall, men ingen tjeneste" in fault


def test_an_answer_given_in_the_english_template_means_the_same(tmp_path: Path) -> None:
    row = row_of("en", "Staff", "low-threshold service", "psychologist")
    english = read(
        tmp_path, {f"Staff!D{row}": "2.5", f"Staff!N{row}": "31.12.2027", f"Staff!J{row}": 0.7}, "en", _per_cent(f"J{row}")
    )
    norwegian = read(tmp_path, {f"{STAFF}!D{row}": "2,5", f"{STAFF}!N{row}": "31.12.2027", f"{STAFF}!J{row}": "70 %"})
    assert english.model_copy(update={"entered": ()}) == norwegian.model_copy(update={"entered": ()})


def _per_cent(cell: str):
    def change(book) -> None:
        assert "%" in book["Staff"][cell].number_format

    return change


def test_it_is_the_same_whatever_program_saved_it(tmp_path: Path) -> None:
    file = filled(tmp_path, {f"{STAFF}!D9": 2.5, f"{LISTS}!D8": date(2026, 11, 1), f"{LISTS}!C8": 12})
    once = load(file)
    load_workbook(file).save(file)
    assert load(file) == once
    assert load(once.plain()) == once
    assert faults_of(file) == []
    assert once.period == load(PLACE).period
