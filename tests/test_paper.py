"""The Word document and the workbook say what the page says, and nothing in them is anything but text and numbers."""

import re
import zipfile
from io import BytesIO

import docx
import openpyxl
import pytest
from dashboard_examples import town
from docx.oxml.ns import qn
from lxml import html as markup

from dashboard.comparison import compare
from dashboard.excel import excel_bytes
from dashboard.report import html
from dashboard.tables import cells, exported, main_keys, rows_of
from dashboard.texts import text
from dashboard.verdicts import verdict_words, whose_staffing
from dashboard.word import word_bytes
from scenarios.errors import TrinnError, one_line
from scenarios.levers import apply

NAME = '=HYPERLINK("x") <b>flere</b>'


@pytest.fixture(scope="module")
def comparison():
    base = town()
    return compare({"I dag": base, NAME: apply(base, "bup.psychologist.fte+=1")}, replications=10)


@pytest.fixture(scope="module", params=["nb", "en"])
def language(request):
    return request.param


@pytest.fixture(scope="module")
def document(comparison, language):
    return word_bytes(comparison, language)


@pytest.fixture(scope="module")
def workbook(comparison, language):
    return excel_bytes(comparison, language)


def words_of(found):
    return re.sub(r"\W+", " ", " ".join(found)).split()


def paragraphs(paper):
    """Everything that stands in the document, in its order."""
    for element in paper.element.body.iter(qn("w:p")):
        yield "".join(
            part.text or "" if part.tag == qn("w:t") else " " for part in element.iter(qn("w:t"), qn("w:br"), qn("w:cr"))
        )


def test_the_document_holds_every_word_of_the_page_in_the_same_order(comparison, language, document):
    page = markup.document_fromstring(html(comparison, language)).find(".//main")
    for gone in page.xpath(".//svg"):
        gone.drop_tree()
    for edge in page.xpath(".//*"):
        edge.text, edge.tail = f" {edge.text or ''}", f" {edge.tail or ''}"
    assert words_of(paragraphs(docx.Document(BytesIO(document)))) == words_of(page.itertext())


def test_the_document_is_one_that_everybody_can_read(language, comparison, document):
    paper = docx.Document(BytesIO(document))
    styles = [paragraph.style.name for paragraph in paper.paragraphs]
    assert styles[0] == "Title"
    assert styles.count("Heading 1") >= 6
    figures = list(paper.element.body.iter(qn("wp:docPr")))
    assert figures
    assert all(len(figure.get("descr")) > 40 for figure in figures)
    for table in paper.tables:
        assert table._tbl.tr_lst[0].trPr.find(qn("w:tblHeader")) is not None
    assert {each.get(qn("w:val")) for each in paper.styles.element.iter(qn("w:lang"))} == {
        {"nb": "nb-NO", "en": "en-GB"}[language]
    }
    assert paper.core_properties.title
    footer = paper.sections[0].footer.paragraphs[0].text
    assert whose_staffing(comparison, language) in footer
    assert text("not_forecast_short", language) in footer


def test_the_same_comparison_gives_the_same_bytes(comparison, language, document, workbook):
    assert word_bytes(comparison, language) == document
    assert excel_bytes(comparison, language) == workbook


def test_nothing_in_the_workbook_is_a_formula_or_a_link(workbook):
    with zipfile.ZipFile(BytesIO(workbook)) as archive:
        for name in archive.namelist():
            content = archive.read(name).decode()
            assert "<f>" not in content
            assert "<hyperlink" not in content
            assert "externalLink" not in content
    book = openpyxl.load_workbook(BytesIO(workbook))
    found = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == NAME]
    assert found
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in found)


def test_the_workbook_begins_with_the_answer_and_whose_staffing(comparison, language, workbook):
    book = openpyxl.load_workbook(BytesIO(workbook))
    first = [row[0].value for row in book.worksheets[0].iter_rows() if row[0].value]
    words = verdict_words(comparison, NAME, language)
    assert words.title in first[0]
    assert first[1] == one_line(words.sentence)
    assert whose_staffing(comparison, language) in first
    for sheet in book.worksheets[1:]:
        assert sheet["A1"].value == whose_staffing(comparison, language)
        assert sheet.freeze_panes == "A3"


def test_the_main_numbers_are_those_of_the_report(comparison, language, workbook):
    sheet = openpyxl.load_workbook(BytesIO(workbook))[text("excel_main", language)]
    shown = [tuple(cell.value or "" for cell in row[4:]) for row in sheet.iter_rows(min_row=3)]
    rows = rows_of(comparison, main_keys(comparison.base), NAME)
    assert shown == [tuple(cells(row, language).values()) for row in rows]


def test_numbers_are_numbers_and_what_may_not_be_shown_is_empty(comparison, language, workbook):
    sheet = openpyxl.load_workbook(BytesIO(workbook))[text("excel_all", language)]
    heads = [cell.value for cell in sheet[2]]
    table = exported(comparison, language)
    found = set()
    for name in ("base_mean", "mean", "difference", "low", "high"):
        values = [row[heads.index(name)].value for row in sheet.iter_rows(min_row=3)]
        assert values == list(table[name])
        found |= {type(value) for value in values}
    assert found == {int, float, type(None)}


@pytest.mark.parametrize(
    ("ending", "begins"), [(".docx", b"PK"), (".xlsx", b"PK"), (".html", b"<!DOCTYPE html>"), ("", b"<!DOCTYPE html>")]
)
def test_the_ending_of_the_name_says_what_is_written(comparison, tmp_path, ending, begins):
    path = tmp_path / "new" / f"report{ending}"
    comparison.report(path, "en")
    assert path.read_bytes().startswith(begins)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_cannot_be_written_leaves_nothing(comparison, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TrinnError, match=r"report\.docx"):
        comparison.report(tmp_path / "file" / "report.docx")
    assert (tmp_path / "file").read_bytes() == b""
