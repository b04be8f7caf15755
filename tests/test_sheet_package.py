"""Hostile and broken files: each is one fault with a way out, found fast; nothing is run, and nothing grows without bound."""

from __future__ import annotations

import struct
import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from sheet_examples import PLACE, STAFF, faults_of, filled, in_sheet, repacked, template

from scenarios.errors import TrinnError
from scenarios.load import load, load_file
from scenarios.sheet import package, workbook
from scenarios.sheet.package import Package, is_sheet
from scenarios.sheet.workbook import read_workbook

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def one(tmp_path: Path, data: bytes, name: str = "staff.xlsx") -> str:
    """The one fault of a file."""
    file = tmp_path / name
    file.write_bytes(data)
    found = faults_of(file)
    assert len(found) == 1, found
    assert found[0].startswith(f"{file}")
    return found[0]


def zipped(**parts: bytes) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("staff.xlsx", b"", "is empty"),
        ("staff.xlsx", b"a;b\n1;2\n", "is plain text, not a workbook: fill in the workbook"),
        ("staff.csv", b"a;b\n1;2\n", "is plain text, not a workbook"),
        ("staff.xlsx", OLE, "is an old Excel workbook"),
        ("staff.xls", OLE, "is an old Excel workbook"),
        ("staff.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "is protected with a password"),
        ("~$staff.xlsx", b"\x05Kari\x00" * 20, "is the lock file of a workbook that is open"),
        ("staff.xlsx", b"\x89PNG\x00\x00" * 50, "is not a workbook"),
        ("staff.xlsx", b"PK\x03\x04" + bytes(100), "is damaged"),
        ("staff.xlsx", zipped(**{"a.xml": b"<a/>"}), "is not a workbook"),
        ("staff.xlsx", zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "is an OpenDocument sheet"),
        ("staff.xlsx", zipped(**{"[Content_Types].xml": b"<a/>", "xl/workbook.bin": b""}), "is a binary workbook"),
        ("staff.xlsx", zipped(**{"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/"}), "is damaged"),
    ],
)
def test_what_is_no_workbook_is_said_in_a_sentence_with_the_way_out(tmp_path: Path, name: str, data: bytes, rule: str) -> None:
    assert rule in one(tmp_path, data, name)


@pytest.mark.parametrize("name", ["staff.xlsm", "staff.xltx", "staff.ods", "staff.xlsb", "staff.XLSM"])
def test_other_kinds_of_workbook_are_named(tmp_path: Path, name: str) -> None:
    assert is_sheet(name)
    assert "save it as an Excel workbook (.xlsx)" in one(tmp_path, template(), name)


def test_a_workbook_that_is_not_there_a_folder_and_a_locked_one(tmp_path: Path) -> None:
    with pytest.raises(TrinnError, match=r"gone\.xlsx: does not exist; trinn template PLACE FILE\.xlsx writes one"):
        load(tmp_path / "gone.xlsx")
    (tmp_path / "folder.xlsx").mkdir()
    with pytest.raises(TrinnError, match="is a directory"):
        load(tmp_path / "folder.xlsx")


def test_macros_are_refused(tmp_path: Path) -> None:
    def project(parts: dict[str, bytes]) -> None:
        parts["xl/vbaProject.bin"] = b"x"

    def types(parts: dict[str, bytes]) -> None:
        parts["[Content_Types].xml"] = (
            parts["[Content_Types].xml"]
            .replace(b"spreadsheetml.sheet.main+xml", b"sheet.macroEnabled.main+xml")
            .replace(b"vnd.openxmlformats-officedocument.sheet.macroEnabled", b"vnd.ms-excel.sheet.macroEnabled")
        )

    for change in (project, types):
        assert "holds macros" in one(tmp_path, repacked(template(), change))


def test_files_inside_the_file_are_refused(tmp_path: Path) -> None:
    def embed(parts: dict[str, bytes]) -> None:
        parts["xl/embeddings/oleObject1.bin"] = b"x"

    assert "holds other files or objects inside it" in one(tmp_path, repacked(template(), embed))


def test_pictures_and_printer_settings_are_left_alone(tmp_path: Path) -> None:
    def add(parts: dict[str, bytes]) -> None:
        parts["xl/media/image1.png"] = b"\x89PNG"
        parts["xl/printerSettings/printerSettings1.bin"] = b"x"

    file = tmp_path / "staff.xlsx"
    file.write_bytes(repacked(template(), add))
    assert load(file) == load(PLACE)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    def grow(parts: dict[str, bytes]) -> None:
        parts["xl/worksheets/sheet9.xml"] = b"<a>" + b" " * (package.MOST_XML + 10) + b"</a>"

    data = repacked(template(), grow)
    assert len(data) < 100_000
    assert "unpacks to more than 30 000 000 bytes" in one(tmp_path, data)


def test_a_zip_that_lies_about_its_sizes_is_damaged(tmp_path: Path) -> None:
    data = bytearray(repacked(template(), lambda parts: None))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    assert "is damaged" in one(tmp_path, bytes(data))


def test_too_many_parts_and_two_of_one_name(tmp_path: Path) -> None:
    assert "holds more than 1000 parts" in one(
        tmp_path, repacked(template(), lambda p: p.update({f"x{n}.xml": b"" for n in range(1100)}))
    )
    assert "two of its parts have one name" in one(
        tmp_path, repacked(template(), lambda p: p.update({"XL/workbook.xml": p["xl/workbook.xml"]}))
    )


def test_a_file_of_many_megabytes_is_not_read(tmp_path: Path) -> None:
    assert "is more than 5 000 000 bytes" in one(tmp_path, b"PK" + bytes(package.LARGEST))


@pytest.mark.parametrize(
    "bomb",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>',
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>',
        b"<a>" * 5000 + b"</a>" * 5000,
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "ha">]><a>&b;</a>'.encode("utf-16"),
        b"<a><b></a>",
    ],
)
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/comments1.xml", "xl/worksheets/sheet3.xml", "docProps/core.xml"])
def test_entity_bombs_and_other_broken_xml_are_damage(tmp_path: Path, bomb: bytes, part: str) -> None:
    assert "is damaged" in one(tmp_path, repacked(template(), lambda parts: parts.update({part: bomb})))


def test_cells_far_out_and_huge_merges_cost_nothing(tmp_path: Path) -> None:
    """A merge or a link over the whole sheet is one element: nothing is laid out."""
    data = in_sheet(
        template(),
        3,
        "</sheetData>",
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
        '<mergeCells><mergeCell ref="A60:XFD1048576"/></mergeCells>',
    )
    file = tmp_path / "staff.xlsx"
    file.write_bytes(data)
    (note,) = load(file).entered
    assert note.cell == "Årsverk!XFD1048576"


def test_far_too_many_cells_are_refused() -> None:
    rows = b"".join(b'<row r="%d">%s</row>' % (row, b"<c><v>1</v></c>" * 1000) for row in range(1, 102))
    parts = {
        "xl/workbook.xml": b'<workbook><sheets><sheet name="a" id="r"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": b'<R><Relationship Id="r" Type="x/worksheet" Target="worksheets/sheet1.xml"/></R>',
        "xl/worksheets/sheet1.xml": b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>",
    }
    with pytest.raises(TrinnError, match="has more than 100000 cells"):
        read_workbook(Package("a.xlsx", parts))


def test_a_text_that_is_referred_to_many_times_does_not_multiply() -> None:
    text = b"x" * 30_000
    parts = {
        "xl/workbook.xml": b'<workbook><sheets><sheet name="a" id="r"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": b'<R><Relationship Id="r" Type="x/worksheet" Target="worksheets/sheet1.xml"/>'
        b'<Relationship Id="s" Type="x/sharedStrings" Target="sharedStrings.xml"/></R>',
        "xl/sharedStrings.xml": b"<sst><si><t>" + text + b"</t></si></sst>",
        "xl/worksheets/sheet1.xml": b"<worksheet><sheetData>" + b'<c t="s"><v>0</v></c>' * 5000 + b"</sheetData></worksheet>",
    }
    with pytest.raises(TrinnError, match="far too much text"):
        read_workbook(Package("a.xlsx", parts))


def test_too_many_sheets_are_refused() -> None:
    sheets = b'<sheet name="a" id="r"/>' * (workbook.MOST_SHEETS + 1)
    with pytest.raises(TrinnError, match="has more than 60 sheets"):
        read_workbook(Package("a.xlsx", {"xl/workbook.xml": b"<workbook><sheets>" + sheets + b"</sheets></workbook>"}))


def test_links_to_other_workbooks_are_never_followed(tmp_path: Path) -> None:
    def link(parts: dict[str, bytes]) -> None:
        parts["xl/externalLinks/externalLink1.xml"] = (
            b"<externalLink><sheetData><row><cell r='A1'><v>4</v></cell></row></sheetData></externalLink>"
        )
        parts["xl/externalLinks/_rels/externalLink1.xml.rels"] = (
            b'<R><Relationship Id="a" TargetMode="External" Target="file:///nowhere/other.xlsx" Type="x/externalLinkPath"/></R>'
        )

    data = in_sheet(
        repacked(template(), link),
        3,
        r'<c r="D9"([^>]*?) t="inlineStr"><is><t>vet ikke</t></is></c>',
        r'<c r="D9"\1><f>[1]Ark1!A1</f><v>3.5</v></c>',
    )
    file = tmp_path / "staff.xlsx"
    file.write_bytes(data)
    assert load(file).areas["hamar"].services["low_threshold"]["staff"]["psychologist"]["fte"] == 3.5


def test_the_stored_answer_of_a_formula_is_read_and_a_formula_without_one_is_asked_about(tmp_path: Path) -> None:
    pattern = r'<c r="D9"([^>]*?) t="inlineStr"><is><t>vet ikke</t></is></c>'
    file = tmp_path / "staff.xlsx"
    for cell, rule in (
        (r'<c r="D9"\1><f>1+1</f></c>', "Årsverk!D9: er en formel uten lagret svar"),
        (r'<c r="D9"\1 t="e"><f>1/0</f><v>#DIV/0!</v></c>', "Årsverk!D9: er en formel som gir feil (#DIV/0!)"),
        (r'<c r="D9"\1 t="b"><v>1</v></c>', "Årsverk!D9: må være et tall som 4,5"),
        (r'<c r="D9"\1><f>1+1</f><v>2</v></c>', ""),
    ):
        file.write_bytes(in_sheet(template(), 3, pattern, cell))
        found = faults_of(file)
        assert len(found) == bool(rule)
        assert not rule or rule in found[0]
    staff = load(file).areas["hamar"].services["low_threshold"]["staff"]
    assert staff == {"psychologist": {"fte": 2.0}}


def test_a_formula_that_openpyxl_writes_has_no_answer_yet(tmp_path: Path) -> None:
    (fault,) = faults_of(filled(tmp_path, {f"{STAFF}!D9": "=1+1"}))
    assert "uten lagret svar" in fault


def test_days_counted_from_1904_are_the_same_days(tmp_path: Path) -> None:
    book = load_workbook(BytesIO(template()))
    book.epoch = CALENDAR_MAC_1904
    book[STAFF]["D9"], book[STAFF]["N9"] = 2, date(2027, 12, 31)
    book.save(tmp_path / "staff.xlsx")
    assert [str(change.since) for change in load(tmp_path / "staff.xlsx").changes] == ["2028-01-01"]


def test_validate_takes_a_workbook_and_the_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "STAFF.XLSX").write_bytes(template())
    assert load_file(tmp_path / "STAFF.XLSX") == load(PLACE)


def test_a_scenario_file_may_lie_on_top_of_a_workbook(tmp_path: Path) -> None:
    filled(tmp_path, {f"{STAFF}!D9": 2})
    (tmp_path / "more.yaml").write_text("base: staff.xlsx\nperiod: {length: 52w}\n", encoding="utf-8")
    more = load(tmp_path / "more.yaml")
    assert more.period.length == 52 * 7 * 86400
    assert more.staffing == "partly_own"


@settings(max_examples=60)
@given(st.data())
def test_bytes_changed_at_random_are_read_or_refused_and_never_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    raw = bytearray(template())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.mktemp("random") / "staff.xlsx"
    file.write_bytes(bytes(raw[: data.draw(st.integers(len(raw) // 2, len(raw)))] if data.draw(st.booleans()) else raw))
    faults_of(file)
