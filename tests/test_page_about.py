"""About: what is said of the model is true, and is read off the package itself."""

from __future__ import annotations

import ast
import re
from importlib.resources import files
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import sim.experiments.required
from calibration.murch import published
from dashboard.evidence import of_scenarios, summary
from dashboard.held import Holding, holding, national, off, queues
from dashboard.numbers import whole
from dashboard.runner import MOST_JOBS, MOST_WORK
from dashboard.serve import LARGEST_UPLOAD, settings
from dashboard.session import Session
from dashboard.texts import LANGUAGES, catalogue, chosen, text
from dashboard.verdicts import outside
from dashboard.views import about
from dashboard.whose import staffing_words
from dashboard.work import FUTURES, MOST_PROPOSALS, Proposal, Work, base_of, scenarios_of
from scenarios.errors import TrinnError
from scenarios.load import load
from scenarios.reading import read_text
from scenarios.sources import Kind, sources
from sim.experiments.store import Memory
from sim.measures import MEASURES
from sim.replicate import trinn_version

ROOT = Path(__file__).parent.parent
WORK = Work(place="etnedal", proposals=(Proposal(name="Flere", changes=("psychologists_2_per_20000",)),), futures=10)


def drawn(language, work=WORK):
    """The page alone, for what lies on the table."""

    def script():
        from dashboard.views.about import draw

        draw()

    at = AppTest.from_function(script, default_timeout=60)
    at.session_state["trinn"] = Session(language, work)
    at.run()
    assert not at.exception
    return at


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request):
    at = drawn(request.param)
    return request.param, at, seen(at)


def seen(at):
    """Everything there is to read outside the tables, without what keeps Markdown from taking it for markup."""
    kinds = (at.markdown, at.header, at.title, at.info, at.warning, at.error, at.caption, at.code)
    return " ".join(each.value for kind in kinds for each in kind).replace("\\", "")


def tables(at):
    return [table.value for table in at.table]


# -- what it says -------------------------------------------------------------------------------------------------------


def test_every_text_of_the_page_is_on_the_page(page):
    """None is forgotten; those with values are looked for up to the first value."""
    language, at, words = page
    words += " ".join(expander.label for expander in at.expander)
    words += " ".join(str(cell) for table in tables(at) for cell in (*table.columns, *table.to_numpy().ravel()))
    words += " ".join(table.proto.alt for table in at.table)
    own = read_text((files("dashboard") / "words" / "about.yaml").read_text(encoding="utf-8"), "about.yaml").data
    shown = [key for key in own if not key.startswith("about_kind_") and key != "about_quoted"]
    assert [key for key in shown if chosen(catalogue()[key], language).partition("{")[0].strip() not in words] == []


def test_headings_go_down_one_step_at_a_time(page):
    _, at, _ = page
    assert len(at.title) == 1
    assert [header.anchor for header in at.header] == re.findall(r"\]\(#(\w+)\)", " ".join(each.value for each in at.markdown))
    assert {each.value[:4] for each in at.markdown if each.value.startswith("#")} == {"### "}


def test_what_the_model_is_not_is_what_the_report_says(page):
    language, _, words = page
    base = base_of(WORK)
    for key in ("limit_forecast", "limit_single", "limit_small", "limit_cut", "limit_rejections"):
        assert text(key, language) in words
    assert text("limit_outside", language, things=outside(base, language)) in words
    assert staffing_words(scenarios_of(WORK, language).values(), language) in words
    assert text("not_forecast_short", language) in words


def test_better_names_every_guard_measure(page):
    language, _, words = page
    guards = [chosen(measure.label, language) for measure in MEASURES.values() if measure.per == "area" and measure.guard]
    rule = next(line for line in words.split("* ") if line.startswith(text("about_rule_better", language, guards="")[:40]))
    assert len(guards) == 8
    assert all(guard[1:] in rule for guard in guards)


def test_the_evidence_is_that_of_the_place_and_its_proposals(page):
    language, at, words = page
    found = of_scenarios(list(scenarios_of(WORK, language).values()))
    assert summary(found, language) in words
    rows = sum(len(table) for table in tables(at) if text("head_key", language) in table.columns)
    assert rows == len(found)
    other = of_scenarios([base_of(WORK)])
    assert len(other) < len(found)  # the proposal brings a number of its own


def test_every_source_of_a_number_is_listed_with_where_it_is_found(page):
    language, at, _ = page
    listed = next(table for table in tables(at) if text("about_source_address", language) in table.columns)
    titles = set(listed[text("head_source", language)].map(lambda cell: cell.replace("\\", "")))
    names = {name for number in of_scenarios(list(scenarios_of(WORK, language).values())) for name in number.source.split(", ")}
    assert {sources()[name].title for name in names if name in sources()} <= titles
    addresses = " ".join(listed[text("about_source_address", language)]).replace("\\", "")
    assert "https://analyser.skde.no/" in addresses


def test_every_kind_of_source_has_its_words():
    assert all(f"about_kind_{kind}" in catalogue() for kind in Kind.__args__)


def test_the_version_and_how_to_cite_it(page):
    _, _, words = page
    assert trinn_version() in words
    cited = f"{about.AUTHORS} ({about.YEAR}). {about.TITLE} (version {trinn_version()})."
    assert cited in words
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f'title: "{about.TITLE}"' in cff
    assert f"name: {about.AUTHORS}" in cff
    assert f"date-released: {about.YEAR}-" in cff
    assert f'license = "{about.LICENCE}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_limits_are_those_of_the_server(page):
    language, _, words = page
    for number in (MOST_WORK, MOST_JOBS, LARGEST_UPLOAD, FUTURES[0], FUTURES[-1], MOST_PROPOSALS, MOST_WORK // 200):
        assert whole(number, language) in words
    seconds = settings("", 0, ())["server.disconnectedSessionTTL"]
    assert text("about_privacy_stored", language, seconds=seconds) in words


@pytest.mark.parametrize("language", LANGUAGES)
def test_work_that_does_not_fit_is_said_and_the_rest_of_the_page_stands(language, monkeypatch):
    def faulty(*_):
        raise TrinnError("the place is gone")

    monkeypatch.setattr(about, "scenarios_of", faulty)
    at = drawn(language)
    assert "the place is gone" in at.code[0].value
    assert len(at.header) == 9


# -- it is true ---------------------------------------------------------------------------------------------------------


def test_every_check_that_is_named_is_a_test_of_ours():
    for check in holding().checks:
        file, _, name = check.test.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, check.test


def test_the_country_is_as_the_documentation_has_it():
    """Figure for figure docs/national.md, which a test holds to a run."""
    documented = (ROOT / "docs" / "national.md").read_text(encoding="utf-8")
    rows = {cells[0]: cells for line in documented.splitlines() if (cells := line.strip("| ").split(" | ")) and len(cells) > 4}
    assert set(holding().national) == set(national())
    for item in national().values():
        shown = f"{item.model:.0%}" if item.target.unit == "share" else f"{item.model:.1f}"
        assert rows[item.target.label.en][3] == shown


def test_what_was_fitted_is_what_the_documentation_says():
    documented = " ".join((ROOT / "docs" / "national.md").read_text(encoding="utf-8").split())
    assert "Three of these were fitted: the level of new needs (to the referrals), the acceptance by step" in documented
    assert "(to the share rejected) and BUP's posts per 1000 (to the mean wait" in documented
    assert holding().fitted == ("referrals_received", "rejected_share", "mean_wait")


def test_the_queues_of_the_published_system_are_as_the_documentation_has_them():
    documented = (ROOT / "docs" / "murch2021.md").read_text(encoding="utf-8")
    assert queues().apart == documented.count("(outside)")
    assert queues().all == sum(len(windows) for services in published().queues.values() for windows in services.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_table_of_the_country_says_what_misses(language):
    table = about.national_table(language)
    worst = max(national().values(), key=lambda item: abs(off(item)))
    row = table[table.iloc[:, 0] == chosen(worst.target.label, language)].iloc[0]
    assert row[text("about_head_off", language)] == ("\u22129 %" if language == "nb" else "\u22129%")
    fitted = table[text("about_head_fitted", language)] == text("yes", language)
    assert fitted.sum() == len(holding().fitted)


def test_a_holding_without_a_language_is_refused():
    with pytest.raises(ValueError, match="en"):
        Holding.model_validate({"checks": [{"test": "a", "what": {"nb": "b"}}], "national": {}, "fitted": []})


def test_the_english_words_of_the_statement_are_streamlit_s():
    """Each stands in what the browser is sent; a word that goes away must leave the list."""
    scripts = files("streamlit") / "static" / "static" / "js"
    sent = "".join(each.read_text(encoding="utf-8") for each in scripts.iterdir() if each.name.endswith(".js"))
    assert [
        word for word in about.ENGLISH if word.removesuffix("apply") not in sent
    ] == []  # what Enter does has a word of its own


def test_how_much_is_needed_writes_nothing_to_disk_when_it_is_given_a_place_in_memory(monkeypatch):
    """The privacy note: an empty place is one too."""

    def stored(_):
        raise AssertionError("a folder on disk was asked for")

    class ReachedError(Exception):
        pass

    def search(*arguments):
        raise ReachedError(type(arguments[-1]).__name__)

    monkeypatch.setattr(sim.experiments.required, "users_folder", stored)
    monkeypatch.setattr(sim.experiments.required, "Search", search)
    with pytest.raises(ReachedError, match="Memory"):
        sim.experiments.required.required(load("etnedal"), ["wait_to_first_contact(low_threshold) <= 14d"], folder=Memory())


# -- the word list ------------------------------------------------------------------------------------------------------


def test_every_word_of_the_list_is_explained_and_stands_in_order(page):
    language, at, _ = page
    shown = next(table for table in tables(at) if text("about_term_means", language) in table.columns)
    words = about.terms(language)
    assert len(shown) == len(words) > 30
    assert len({word for word, _ in words}) == len(words)
    assert all(len(meaning) > 10 for _, meaning in words)
    assert all(f"{key}_means" in catalogue() for key in catalogue() if key.startswith("term_") and not key.endswith("_means"))


def test_norwegian_letters_come_last():
    words = [word for word, _ in about.terms("nb")]
    assert words.index("årsverk") == len(words) - 1
    assert words[0] == "antatt tall"


@pytest.mark.parametrize(
    "word", ["årsverk", "venteliste", "avslag", "frist og fristbrudd", "mulig framtid", "vaktmål", "oppvarming", "utredning"]
)
def test_the_words_that_pages_use_are_explained(word):
    assert word in [each for each, _ in about.terms("nb")]
