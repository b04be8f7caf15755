"""The template: it opens, it asks for what a municipality has in hand, it writes no formula, and unchanged it is the place."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from sheet_examples import PLACE, template

from scenarios.errors import TrinnError
from scenarios.load import load
from scenarios.schema import Label
from scenarios.sheet.columns import TABLES
from scenarios.sheet.starting import named_source
from scenarios.sheet.template import RISKY, put, write_template
from scenarios.sheet.words import LANGUAGES, Language, say, words
from sim.build import phases


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_template_that_nobody_has_filled_in_is_the_scenario_of_its_place(tmp_path: Path, language: Language) -> None:
    file = tmp_path / "staff.xlsx"
    file.write_bytes(template(language))
    base = load(PLACE)
    assert load(file) == base
    assert load(str(file), detail="full") == load(PLACE, detail="full")
    assert [plan.capacity for plan in phases(load(file))] == [plan.capacity for plan in phases(base)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_asks_for_every_column_and_explains_it_in_its_language(language: Language) -> None:
    book = load_workbook(BytesIO(template(language)))
    for table in TABLES:
        sheet = book[say(f"sheet_{table.key}", language)]
        assert [cell.value for cell in sheet[4]] == [say(f"head_{column.key}", language) for column in table.columns]
        prompted = {str(area) for rule in sheet.data_validations.dataValidation for area in rule.sqref.ranges if rule.prompt}
        assert len(prompted) == len(table.answers)
    assert say("about_lines", language).splitlines()[0] in [cell.value for cell in book.worksheets[0]["A"]]


def test_every_answer_has_a_drop_down_that_offers_not_to_know_and_stands_open() -> None:
    book = load_workbook(BytesIO(template("nb")))
    for table in TABLES:
        sheet = book[say(f"sheet_{table.key}", "nb")]
        assert sheet.protection.sheet
        assert not sheet.protection.password
        for rule in sheet.data_validations.dataValidation:
            listed, _, area = rule.formula1.partition("!")
            options = [cell.value for row in book[listed.strip("'")][area.replace("$", "")] for cell in row]
            assert options[-1] == "vet ikke"
        for column, cell in zip(table.columns, sheet[5], strict=True):
            assert cell.protection.locked == (column.kind == "locked")


def test_the_sources_of_the_numbers_stand_beside_them() -> None:
    book = load_workbook(BytesIO(template("nb")))
    text = " ".join(str(cell.value) for row in book["Årsverk"].iter_rows() for cell in row)
    for source in ("KOSTRA", "IS-24/8", "KOSTRA barnevern", "PPTs egen liste"):
        assert source in text
    assert "SSB" in " ".join(str(cell.value) for row in book["Sted"].iter_rows() for cell in row)


@pytest.mark.parametrize("begin", RISKY)
def test_a_text_is_never_written_as_a_formula(begin: str) -> None:
    book = Workbook()
    cell = book.worksheets[0]["A1"]
    put(cell, f"{begin}cmd|' /C calc'!A0")
    assert cell.data_type == "s"
    assert cell.quotePrefix
    stream = BytesIO()
    book.save(stream)
    again = load_workbook(stream).worksheets[0]["A1"]
    assert again.data_type == "s"
    assert again.quotePrefix


def test_names_that_begin_like_formulas_stay_texts_in_the_template(tmp_path: Path) -> None:
    base, source = named_source(PLACE)
    services = dict(base.services)
    services["low_threshold"] = services["low_threshold"].model_copy(update={"name": Label(nb='=HYPERLINK("x")', en="@x")})
    area = base.areas["hamar"].model_copy(update={"name": "+Hamar"})
    odd = base.model_copy(update={"services": services, "areas": {**base.areas, "hamar": area}})
    for language in LANGUAGES:
        write_template(odd, source, tmp_path / "odd.xlsx", language)
        book = load_workbook(tmp_path / "odd.xlsx")
        cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
        risky = [cell for cell in cells if isinstance(cell.value, str) and cell.value.startswith(RISKY)]
        assert risky
        assert all(cell.quotePrefix for cell in risky)


@pytest.mark.parametrize("place", ["innlandet", "norge", "one_service", "loss"])
def test_only_one_municipality_or_district_has_a_template(place: str) -> None:
    with pytest.raises(TrinnError, match="for one municipality or city district"):
        named_source(place)


@pytest.mark.parametrize("place", ["own.yaml", "staff.xlsx", "../x.yml"])
def test_a_file_has_no_template(place: str) -> None:
    with pytest.raises(TrinnError, match="is written for a place by its name"):
        named_source(place)


def test_a_place_that_means_the_same_is_named_in_full() -> None:
    assert named_source(PLACE)[1] == "Hamar (3403)"
    assert named_source("gamle_oslo")[0].place == "gamle_oslo"


@pytest.mark.parametrize("key", sorted(words()))
def test_every_text_is_in_both_languages_with_the_same_placeholders(key: str) -> None:
    from string import Formatter

    both = words()[key]
    found = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (both.nb, both.en)]
    assert found[0] == found[1]
    assert both.nb.strip()
    assert both.en.strip()
