"""What must never mislead, rule by rule: on every page, in links and in every file that leaves it, in both languages."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from functools import cache

import docx
import openpyxl
import pandas as pd
import pytest
from dashboard_examples import towns, with_verdicts
from streamlit.testing.v1 import AppTest

from dashboard import comparing, tasks
from dashboard.excel import excel_bytes
from dashboard.numbers import SMALL
from dashboard.session import Session
from dashboard.staffing import stated
from dashboard.tables import exported
from dashboard.texts import LANGUAGES, catalogue, text
from dashboard.verdicts import limits, outside, verdict_words
from dashboard.views.all import PAGES
from dashboard.whose import staffing_words
from dashboard.widgets.showing import csv_of, resting
from dashboard.word import word_bytes
from dashboard.work import Proposal, Work, base_of, from_link, scenarios_of, to_link
from sim.measures import MEASURES

TODAY = ("period.warmup=26w", "period.length=1y")
WORK = Work(place="etnedal", today=TODAY, proposals=(Proposal(name="Flere", changes=("bup.psychologist.fte-=1",)),), futures=10)
OWN = stated(WORK, {("etnedal", "municipal_team", "psychologist"): 4.5}, "nb")
RESULTS = ("start", "services", "proposals", "compare", "rejections", "required")
"""Pages that show what the model gives, with nothing asked for but the page."""


@cache
def drawn(page: str, language: str, own: bool = False) -> AppTest:
    """A page with everything there that it asks for by itself."""
    at = AppTest.from_string(f"from dashboard.views.{page} import draw\nfrom dashboard.widgets.showing import put_foot\n"
                             "draw()\nput_foot()\n", default_timeout=120)  # fmt: skip
    held = Session(language, OWN if own else WORK)
    at.session_state["trinn"] = held
    for _ in range(20):
        at.run()
        busy = [each for each in held.kept.values() if isinstance(each, tasks.Task) and not each.finished]
        for each in busy:
            each.wait(120)
        if held.job is not None:
            held.job.wait(held.job.wanted, 60)
        if not busy and (held.job is None or held.job.finished):
            break
    at.run()
    assert not at.exception
    return at


def words_of(at: AppTest) -> str:
    """All there is to read on a page."""
    blocks = (at.title, at.markdown, at.caption, at.info, at.warning, at.error, at.code, at.success, at.subheader)
    words = [str(each.value) for block in blocks for each in block]
    words += [re.sub("<[^>]+>", " ", each.proto.body) for each in at.get("html")]
    words += [str(cell) for table in at.table for cell in table.value.to_numpy().ravel()]
    return "\n".join(words).replace("\\", "")


@cache
def files(language: str) -> dict[str, str]:
    """Every kind of file of a comparison, as the text that is in it."""
    comparison = comparing.as_shown(towns(), WORK, language, towns().replications)
    paper = docx.Document(io.BytesIO(word_bytes(comparison, language)))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    book = openpyxl.load_workbook(io.BytesIO(excel_bytes(comparison, language)))
    page = re.sub("<[^>]+>", " ", comparing.html_bytes(comparison, language).decode())
    return {
        "html": page,
        "docx": "\n".join([*(paragraph.text for paragraph in paper.paragraphs), *cells]),
        "xlsx": "\n".join(str(cell) for sheet in book for row in sheet.values for cell in row if cell is not None),
        "csv": csv_of(exported(comparison, language), language).decode("utf-8-sig"),
        "json": comparing.json_bytes(comparison, WORK, language, partial=False).decode(),
    }


# -- whose staffing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_whose_staffing_it_is_and_that_it_is_no_forecast(page, language):
    words = words_of(drawn(page, language))
    assert staffing_words([base_of(WORK)], language) in words
    assert text("app_foot", language) in words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", RESULTS)
def test_own_numbers_change_what_is_said_and_never_more_than_they_should(page, language):
    """One service's own posts make it partly own: what is still an average is named."""
    words = words_of(drawn(page, language, own=True))
    said = staffing_words([base_of(OWN)], language)
    assert said != staffing_words([base_of(WORK)], language)
    assert said in words
    assert staffing_words([base_of(WORK)], language) not in words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["html", "docx", "xlsx", "csv", "json"])
def test_every_file_says_whose_staffing_it_is(kind, language):
    comparison = towns()
    found = files(language)[kind]
    if kind == "csv":
        rows = list(csv.DictReader(io.StringIO(found), delimiter=";" if language == "nb" else ","))
        assert {row["staffing"] for row in rows} == {text("staffing_short_national_average", language)}
    elif kind == "json":
        assert json.loads(found)["whose_staffing"] == "national_average"
    else:
        assert staffing_words([result.scenario for result in comparison.results.values()], language) in " ".join(found.split())


def test_a_table_that_is_saved_from_a_page_says_what_its_numbers_rest_on():
    """The page keeps the words for its buttons, and every row of the file holds them."""
    words = drawn("services", "nb").session_state["trinn"].kept["whose"]
    assert words == f"{staffing_words([base_of(WORK)], 'nb')} {text('not_forecast_short', 'nb')}"
    table = resting(pd.DataFrame({"tjeneste": ["BUP", "PPT"], "uker": [4.5, 2.0]}), words, "nb")
    lines = csv_of(table, "nb").decode("utf-8-sig").splitlines()
    assert lines[0] == f"tjeneste;uker;{text('picture_whose', 'nb')}"
    assert all(words in line for line in lines[1:])
    assert len(lines) == 3


@pytest.mark.parametrize("work", [WORK, OWN])
def test_a_link_opens_with_the_same_words(work):
    again = from_link(to_link(work))
    assert again == work
    assert staffing_words(scenarios_of(again, "nb").values(), "nb") == staffing_words(scenarios_of(work, "nb").values(), "nb")


# -- better, mixed, cuts ------------------------------------------------------------------------------------------------


GUARDS = sorted({name for (_, name), measure in MEASURES.items() if measure.guard})
assert len(GUARDS) == 8  # never helped, lost, rejected, worsened, crises, deadlines, overload, worst-off group


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("guard", [guard for guard in GUARDS if guard != "worst_off_group"])  # the town has no groups
def test_what_is_worse_for_some_is_mixed_with_both_sides_in_one_sentence(guard, language):
    """Whatever guard measure is worse: the title never says better, and the sentence holds the other side."""
    better = verdict_words(with_verdicts(towns(), word="better", better=("wait_to_help",), worse=()), "flere", language)
    mixed = verdict_words(with_verdicts(towns(), word="mixed", better=("wait_to_help",), worse=(guard,)), "flere", language)
    assert better.title == text("verdict_better", language)
    assert mixed.title == text("verdict_mixed", language)
    assert mixed.sentence.count(".") == 1
    assert {"nb": ", men ", "en": ", but "}[language] in mixed.sentence


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", ["start", "proposals", "compare"])
def test_a_cut_is_said_to_be_unproven_wherever_its_verdict_stands(page, language):
    assert text("cut_not_safe", language) in words_of(drawn(page, language))


# -- small numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_count_from_one_to_four_leaves_in_a_file(language):
    """Counts of children of a year: in the CSV and the JSON as they stand, so in all that is made of the same rows."""
    table = exported(towns(), language)
    counts = table[table["unit"].str.contains("child", na=False)]
    assert len(counts)
    for column in ("base_mean", "mean"):
        values = [float(value) for value in counts[column] if value is not None]
        assert values
        assert not [value for value in values if 0 < value < SMALL]
    assert all("," not in str(value) and "." not in str(value) for value in counts["shown"] if str(value).isdigit())


# -- invented children, what is outside ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["html", "docx", "xlsx"])
def test_a_report_says_what_it_is_not_and_what_is_outside(kind, language):
    found = " ".join(files(language)[kind].split())
    for line in limits(towns().base.scenario, language):
        assert line in found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_is_outside(page, language):
    assert text("limit_outside", language, things=outside(base_of(WORK), language)) in words_of(drawn(page, language))


DENIED = ("about_rule_death", "story_stamp")
"""Texts that say that the model does not."""
FORBIDDEN = {
    "nb": ("selvmord", "suicid", "liv spart", "spare liv", "redde liv", "individuell risiko", "garanter"),
    "en": ("suicid", "lives saved", "save lives", "individual risk", "guarantee"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_promises_or_speaks_of_lives_and_single_children(language):
    for key, words in catalogue().items():
        if key in DENIED:
            continue
        low = getattr(words, language).casefold()
        assert not [each for each in FORBIDDEN[language] if each in low], key


def test_files_are_those_of_office_programs():
    """The text above was read off real files, not off nothing."""
    for language in LANGUAGES:
        assert all(len(found) > 1000 for found in files(language).values())
        assert zipfile.is_zipfile(io.BytesIO(word_bytes(towns(), language)))
