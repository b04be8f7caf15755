"""The workbook on the command line: written, filled in, validated, run and compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sheet_examples import PLACE, STAFF

import trinn


def command(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    with pytest.raises(SystemExit, match=r"[0-9]") as end:
        trinn.main(words)
    out, err = capsys.readouterr()
    return int(str(end.value.code)), out, err


@pytest.fixture
def sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    file = tmp_path / "staff.xlsx"
    assert command(capsys, "template", PLACE, str(file), "--language", "nb") == (0, "", f"Mal: {file}\n")
    book = load_workbook(file)
    book[STAFF]["D9"] = "2,5"
    book[STAFF]["O9"] = "kommunen"
    book.save(file)
    return file


def test_a_workbook_that_is_there_is_not_overwritten_unless_that_is_asked_for(
    sheet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sheet.read_bytes()
    code, _, err = command(capsys, "template", PLACE, str(sheet))
    assert (code, sheet.read_bytes()) == (2, before)
    assert "is there already, and may be filled in" in err
    assert command(capsys, "template", PLACE, str(sheet), "--overwrite", "--language", "en")[0] == 0
    assert load_workbook(sheet).sheetnames[0] == "Explanation"
    assert [path.name for path in sheet.parent.iterdir()] == [sheet.name]


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ((PLACE, "staff.csv"), "the name of a workbook ends with .xlsx"),
        (("norge", "staff.xlsx"), "for one municipality or city district"),
        (("own.yaml", "staff.xlsx"), "is written for a place"),
        (("nowhere_at_all", "staff.xlsx"), "no place called"),
    ],
)
def test_what_cannot_be_written_is_said(
    words: tuple[str, ...], rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = command(capsys, "template", *words)
    assert code == 2
    assert rule in err
    assert list(tmp_path.iterdir()) == []


def test_validate_says_whose_each_post_is_and_what_became_of_every_cell(
    sheet: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "nb_NO.UTF-8")
    code, out, err = command(capsys, "validate", str(sheet))
    assert (code, err) == (0, "")
    assert "Bemanning: delvis egne tall." in out
    assert f"{sheet}:   low_threshold.psychologist: 2.5 årsverk\n" in out
    assert "low_threshold.counsellor: 0.93 årsverk, landsgjennomsnitt\n" in out
    assert "Årsverk!D9: lavterskeltilbud, psykolog, Besatte årsverk: 2,5 → hamar/low_threshold.psychologist.fte\n" in out
    assert "Årsverk!O9: lavterskeltilbud, psykolog, Arbeidsgiver: kommunen (lest, ikke brukt: modellen har ingen plass" in out


def test_show_says_it_too_and_what_it_shows_is_a_scenario_file(
    sheet: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = command(capsys, "show", str(sheet), "--language", "en")
    assert code == 0
    assert "# Staffing: partly own numbers. What is marked national average is NOT the place's own." in out
    (tmp_path / "own.yaml").write_text(out, encoding="utf-8")
    assert trinn.load(tmp_path / "own.yaml") == trinn.load(sheet)
    shown = json.loads(command(capsys, "show", str(sheet), "--json")[1])
    assert shown["whose_staffing"] == "partly_own"


def test_run_and_compare_take_a_workbook_and_say_whose_staffing(sheet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = command(capsys, "run", str(sheet), "--replications", "2", "--language", "nb")
    assert code == 0
    assert " ".join(out.split()).count("Bemanningen er bare delvis stedets egne tall.") == 2
    report = sheet.parent / "report.html"
    words = ("--with", "low_threshold.psychologist.fte+=1", "--replications", "2", "--language", "en", "--report", str(report))
    code, out, _ = command(capsys, "compare", str(sheet), *words)
    assert code == 0
    said = "only partly the place's own numbers"
    assert said in " ".join(out.split())
    page = report.read_text(encoding="utf-8").replace("&#39;", "'")
    assert page.count(said) > 3
    assert "low-threshold service (counsellor)" in page
    data = json.loads(command(capsys, "run", str(sheet), "--replications", "2", "--json", "--language", "en")[1])
    assert data["whose_staffing"] == "partly_own"
    assert {row["staffing"] for row in data["measures"]} == {"partly national average"}


def test_faults_are_one_a_line_with_exit_code_2(sheet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = load_workbook(sheet)
    book[STAFF]["D8"], book[STAFF]["D10"] = "ca. 5", "fem"
    book.save(sheet)
    for words in (("validate",), ("run",), ("show",)):
        code, out, err = command(capsys, *words, str(sheet))
        assert (code, out) == (2, "")
        assert [line.split(" ")[2] for line in err.splitlines()] == ["Årsverk!D8:", "Årsverk!D10:"]
