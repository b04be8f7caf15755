"""The report as a Word document for council papers: what stands on the page, in the same words and the same order.

It is made from the page itself, so that the two cannot say different things.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from lxml import html as markup

from dashboard.figures import Illustration, figures
from dashboard.packing import packed
from dashboard.report import page
from dashboard.texts import Language, text
from sim.compare import Comparison

HEADINGS = {"h2": 1, "h3": 2, "summary": 3}
"""Elements of the page, by the level of their heading."""
SIZES = {"Normal": 10.5, "Title": 22, "Heading 1": 15, "Heading 2": 12.5, "Heading 3": 11, "Caption": 9}
"""Points, by style."""
SHADE, HEAD, RULE = "F2F5F7", "E3E7EA", "8A959D"
INK = RGBColor(0x10, 0x14, 0x18)
WIDTH = Cm(16.5)
"""Of the text, and of a figure."""
_LOCALE = {"nb": "nb-NO", "en": "en-GB"}


def word_bytes(comparison: Comparison, language: Language) -> bytes:
    """The report as the bytes of a ``.docx`` file."""
    drawn = figures(comparison, language)
    whole = markup.document_fromstring(page(comparison, drawn, language))
    paper = _blank(language)
    main = whole.find(".//main")
    _Writer(paper, {figure.prefix: figure for figure in drawn}).put(main)
    title = " ".join(whole.findtext(".//h1", "").split())
    properties = paper.core_properties
    properties.title, properties.author, properties.language = title, "Trinn", _LOCALE[language]
    _footer(paper, comparison, language)
    stream = BytesIO()
    paper.save(stream)
    return packed(stream.getvalue())


class _Writer:
    """Goes through the page and writes what it meets."""

    def __init__(self, paper: Document, drawn: Mapping[str, Illustration]) -> None:
        self.paper, self.drawn = paper, drawn

    def put(self, element: Any) -> None:
        """Everything inside an element, in order."""
        for child in element:
            if not isinstance(child.tag, str):
                continue
            write = getattr(self, f"_{child.tag}", None)
            if write is not None:
                write(child)
            elif child.tag in HEADINGS:
                self.paper.add_heading(_words(child), HEADINGS[child.tag])
            else:
                self.put(child)

    def _h1(self, element: Any) -> None:
        self.paper.add_heading(_words(element), 0)

    def _p(self, element: Any) -> None:
        paragraph = self.paper.add_paragraph()
        _runs(paragraph, element)
        if "whose" in (element.getparent().get("class") or ""):
            _shade(paragraph, SHADE)

    def _ul(self, element: Any) -> None:
        for item in element.iter("li"):
            _runs(self.paper.add_paragraph(style="List Bullet"), item)

    def _dl(self, element: Any) -> None:
        for item in element:
            if item.tag == "dt":
                paragraph = self.paper.add_paragraph()
                paragraph.paragraph_format.keep_with_next = True
                paragraph.paragraph_format.space_after = Pt(0)
                paragraph.add_run(_words(item)).bold = True
            elif item.tag == "dd":
                self.paper.add_paragraph(_words(item))

    def _pre(self, element: Any) -> None:
        run = self.paper.add_paragraph().add_run(element.text_content().rstrip("\n"))  # its line ends become line breaks
        run.font.name, run.font.size = "Consolas", Pt(7.5)

    def _figure(self, element: Any) -> None:
        figure = self.drawn[element.find("svg").get("id")]
        assert figure.drawing is not None
        paragraph = self.paper.add_paragraph()
        picture = paragraph.add_run().add_picture(BytesIO(figure.drawing.png()), width=WIDTH)
        about = picture._inline.docPr
        about.set("title", figure.alternative.title)
        about.set("descr", f"{figure.alternative.description} {figure.alternative.whose}".strip())
        if (caption := element.find("figcaption")) is not None:
            self.paper.add_paragraph(_words(caption), style="Caption")

    def _table(self, element: Any) -> None:
        caption = element.find("caption")
        said = self.paper.add_paragraph(style="Caption")
        said.paragraph_format.keep_with_next = True
        _runs(said, caption)
        lines = list(element.iter("tr"))
        wide = max(sum(int(cell.get("colspan", "1")) for cell in line) for line in lines)
        heads = len(list(element.find("thead")))
        table = self.paper.add_table(rows=len(lines), cols=wide, style="Table Grid")
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.LEFT, True
        for number, (line, row) in enumerate(zip(lines, table._tbl.tr_lst, strict=True)):
            if number < heads:
                _repeated(row)
            _whole(row)
            cells = list(row.tc_lst)
            for source in line:
                cell, *rest = cells[: int(source.get("colspan", "1"))]
                del cells[: 1 + len(rest)]
                for spare in rest:
                    row.remove(spare)
                if rest:
                    cell.grid_span = 1 + len(rest)
                head = number < heads or bool(rest)
                _runs(_Cell(cell, table).paragraphs[0], source, bold=source.tag == "th" and head, size=8)
                if head:
                    _fill(cell, HEAD)
        self.paper.add_paragraph()


def _words(element: Any) -> str:
    return " ".join(element.text_content().split())


def _runs(paragraph: Paragraph, element: Any, bold: bool = False, size: float | None = None) -> None:
    """The text of an element, with its bold parts and line breaks."""
    for words, strong, broken in _parts(element):
        if broken:
            paragraph.add_run().add_break()
        run = paragraph.add_run(words)
        run.bold = True if strong or bold else None
        if size is not None:
            run.font.size = Pt(size)
    paragraph.paragraph_format.space_after = Pt(2 if size is not None else 6)


def _parts(element: Any) -> Iterable[tuple[str, bool, bool]]:
    """(text, bold, after a line break)."""
    found: list[tuple[str, bool, bool]] = []

    def take(words: str | None, strong: bool, broken: bool) -> None:
        if words and words.strip():
            found.append((_tidy(words, first=not found or broken), strong, broken))

    def walk(inside: Any, strong: bool, broken: bool) -> None:
        take(inside.text, strong, broken)
        for child in inside:
            if child.tag == "br":
                take(child.tail, strong, True)
                broken = not (child.tail and child.tail.strip())
                continue
            walk(child, strong or child.tag == "strong" or "word" in (child.get("class") or "").split(), broken)
            broken = False
            take(child.tail, strong, False)

    walk(element, False, False)
    return found


def _tidy(words: str, first: bool) -> str:
    bare = " ".join(words.split())
    before = " " if words[:1].isspace() and not first else ""
    return f"{before}{bare}{' ' if words[-1:].isspace() else ''}"


def _blank(language: Language) -> Document:
    """An A4 document with our letters, in the reader's language."""
    paper = docx.Document()
    section = paper.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.25)
    section.top_margin = section.bottom_margin = Cm(2)
    for name, size in (
        ("Normal", 10.5),
        ("Title", 22),
        ("Heading 1", 15),
        ("Heading 2", 12.5),
        ("Heading 3", 11),
        ("Caption", 9),
    ):
        style: Any = paper.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = "Calibri", Pt(size), INK
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:hAnsi"), "Calibri")
    normal: Any = paper.styles["Normal"]
    said = OxmlElement("w:lang")
    said.set(qn("w:val"), _LOCALE[language])
    normal.element.get_or_add_rPr().append(said)
    for said in paper.styles.element.iter(qn("w:lang")):
        said.set(qn("w:val"), _LOCALE[language])
    return paper


def _footer(paper: Document, comparison: Comparison, language: Language) -> None:
    """Whose staffing it is, and the number of the page, on every page."""
    from dashboard.verdicts import whose_staffing

    words = f"{whose_staffing(comparison, language)} {text('not_forecast_short', language)}  "
    paragraph = paper.sections[0].footer.paragraphs[0]
    paragraph.add_run(words).font.size = Pt(8)
    run = paragraph.add_run()
    run.font.size = Pt(8)
    for kind, code in (("begin", None), (None, "PAGE"), ("end", None)):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = code
        run._r.append(part)


def _repeated(row: Any) -> None:
    """The row stands at the top of every page that the table reaches, and is read as its head."""
    row.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _whole(row: Any) -> None:
    """No page ends inside the row."""
    row.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def _fill(cell: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    cell.get_or_add_tcPr().append(shade)


def _shade(paragraph: Paragraph, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    paragraph._p.get_or_add_pPr().append(shade)
