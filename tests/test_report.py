"""The report: self-contained, the same bytes, both languages, whose staffing everywhere, names as text, verdicts in words."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from dashboard_examples import clinics, renamed, towns, with_verdicts

from dashboard.comparison import Comparison, compare
from dashboard.report import html, write
from dashboard.texts import LANGUAGES, Language
from dashboard.verdicts import Words, caution_words, cautions, limits, verdict_words
from scenarios.errors import TrinnError
from scenarios.levers import apply
from scenarios.load import load
from sim.compare import Caution

WHOSE = {
    "nb": "Bemanningen er et landsgjennomsnitt, ikke denne kommunens.",
    "en": "The staffing is a national average, not this municipality&#39;s.",
}
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Elements of a page in order, and whether they close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, *tags: str) -> list[tuple[str, dict[str, str | None]]]:
        return [item for item in self.found if item[0] in tags]


@pytest.fixture(scope="session")
def stange() -> Comparison:
    base = load("stange")
    more = apply(base, "bup.psychologist.fte+=5")
    return compare({"i dag": base, "BUP +5": more}, replications=2, workers=1, by=("group",))


@pytest.fixture(scope="session", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Language:
    return request.param


@pytest.fixture(scope="session")
def page(language: Language) -> str:
    return html(towns(), language)


def test_nothing_is_fetched_from_anywhere(page: str) -> None:
    addresses = set(re.findall(r"\w+://[^\s\"'<>)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    found = Page(page)
    assert not found.all("script", "link", "iframe", "object", "embed", "img", "base", "form")
    assert "@import" not in page
    for _, attributes in found.found:
        assert not {"src", "srcset", "action", "onload", "onclick"} & set(attributes)
        for name in ("href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith("#")
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]+)\)", page))


def test_the_page_is_well_formed_with_its_language_and_headings_in_order(page: str, language: Language) -> None:
    found = Page(page)
    assert found.open == []
    assert found.all("html")[0][1]["lang"] == language
    levels = [int(tag[1]) for tag, _ in found.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in found.found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_table_has_a_caption_and_heads_with_a_scope(page: str) -> None:
    found = Page(page)
    assert len(found.all("table")) == len(found.all("caption"))
    assert all(attributes.get("scope") in ("col", "row", "rowgroup") for _, attributes in found.all("th"))


def test_every_figure_has_an_alternative_with_numbers(page: str) -> None:
    images = [attributes for tag, attributes in Page(page).all("svg") if attributes.get("role") == "img"]
    assert len(images) == 3
    for attributes in images:
        assert attributes["aria-labelledby"]
    for words in re.findall(r"<desc[^>]*>(.*?)</desc>", page, flags=re.DOTALL):
        assert re.search(r"\d", words)


def test_whose_staffing_stands_on_every_table_figure_and_end(page: str, language: Language) -> None:
    for part in re.findall(r"<table.*?</table>", page, flags=re.DOTALL):
        grades = "antatt" if language == "nb" else "assumed"
        assert WHOSE[language] in part or grades in part.lower()
    for part in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
        assert WHOSE[language].replace("&#39;", "&#x27;") in part
    assert WHOSE[language] in page[: page.index("<h2>")]
    assert WHOSE[language] in page[page.index("<footer>") :]


def test_the_page_says_what_it_is_not_what_is_outside_and_how_to_repeat_it(page: str, language: Language) -> None:
    for words in {
        "nb": (
            "Dette er ikke en prognose",
            "enkeltbarn",
            "døgnbehandling",
            "rus",
            "unge 18–25 år",
            "trinn compare town",
            "Frø",
        ),
        "en": ("This is not a forecast", "single child", "inpatient care", "substance use", "ages 18–25", "trinn compare town"),
    }[language]:
        assert words in page
    assert "bup.psychologist.fte" in page
    assert "1,6 → 2,6" in page if language == "nb" else "1.6 → 2.6" in page
    assert "services:" in page


def test_the_same_comparison_gives_the_same_bytes(tmp_path: Path, language: Language) -> None:
    one, two = tmp_path / "one.html", tmp_path / "two.html"
    write(towns(), one, language)
    again = compare(
        {name: result.scenario for name, result in towns().results.items()},
        replications=12,
        workers=2,
        command="trinn compare town",
    )
    again.report(two, language)
    assert one.read_bytes() == two.read_bytes()


def test_names_are_shown_as_text() -> None:
    hostile = renamed(towns(), {"flere": '<script>alert("1")</script>', "i dag": "\"><img src=x onerror='1'>"})
    words = html(hostile, "nb")
    found = Page(words)
    assert not found.all("script", "img")
    assert "&lt;script&gt;" in words


def test_small_counts_are_never_shown() -> None:
    """The tiny clinic has under one child on its list: no cell of that row may hold another number than its futures."""
    words = html(clinics(), "en")
    row = next(row for row in re.findall(r"<tr.*?</tr>", words, flags=re.DOTALL) if "Waiting, on average" in row)
    values = re.findall(r"<td[^>]*>(.*?)</td>", row)
    assert values[:5] == ["under 5", "under 5", "fewer", "–", "–"]


def test_a_real_place_in_both_languages(stange: Comparison, tmp_path: Path) -> None:
    for language in LANGUAGES:
        target = tmp_path / "new" / f"{language}.html"
        stange.report(target, language)
        words = target.read_text(encoding="utf-8")
        assert Page(words).open == []
        assert WHOSE[language] in words
        assert "nan" not in re.sub(r"<[^>]+>", " ", words).lower().split()


# -- writing ------------------------------------------------------------------------------------------------------------


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrinnError, match="is a directory"):
        write(towns(), tmp_path, "en")


def test_a_path_through_a_file_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(TrinnError, match="cannot be written"):
        write(towns(), tmp_path / "file" / "report.html", "en")
    with pytest.raises(TrinnError, match="cannot be written"):
        write(towns(), "bad\0name.html", "en")
    assert os.listdir(tmp_path) == ["file"]


def test_folders_are_made_and_no_draft_is_left(tmp_path: Path) -> None:
    write(towns(), tmp_path / "a" / "b" / "r.html", "nb")
    assert os.listdir(tmp_path / "a" / "b") == ["r.html"]


def test_an_unknown_language_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrinnError, match='language: must be "nb" or "en"'):
        write(towns(), tmp_path / "r.html", "sv")  # type: ignore[arg-type]


# -- verdicts in words --------------------------------------------------------------------------------------------------


def said(language: Language = "nb", **changes: object) -> Words:
    return verdict_words(with_verdicts(towns(), **changes), "flere", language)


def test_better_is_said_with_numbers_first() -> None:
    words = said(word="better", better=("wait_to_help",), worse=())
    assert re.match(
        r"I \d+ av 12 mulige framtider venter barna kortere på første hjelp \(fra \d+ til \d+.dager", words.sentence
    )
    assert "trolig" in words.sentence
    assert words.title == "Bedre enn i dag"


def test_worse_is_said_with_numbers_first() -> None:
    words = said("en", word="worse", better=(), worse=("never_helped", "crises"))
    assert re.match(r"In \d+ of 12 possible futures more children are never helped", words.sentence)
    assert any("Also worse: crises" in note for note in words.notes)


def test_mixed_has_both_sides_in_one_sentence() -> None:
    words = said(word="mixed", better=("wait_to_help",), worse=("rejected_without_offer",))
    assert words.sentence.count(".") == 1
    assert ", men " in words.sentence
    assert "venter barna kortere" in words.sentence
    assert "får flere barn avslag" in words.sentence


def test_unclear_says_that_it_is_too_small_to_say() -> None:
    words = said(word="unclear", better=(), worse=())
    assert re.match(r"I \d+ av 12 mulige framtider", words.sentence)
    assert "for liten forskjell til å si noe sikkert" in words.sentence


def test_same_and_too_few() -> None:
    assert "I 12 av 12 mulige framtider" in said(word="same", better=(), worse=()).sentence
    assert "12 mulige framtider er for få" in said(word="too_few", better=(), worse=()).sentence


def test_a_ladder_without_the_main_measures_is_not_judged() -> None:
    words = verdict_words(with_verdicts(clinics(), word="unclear"), "more", "en")
    assert words.title == "Not judged"


def test_fewer_posts_are_never_safe() -> None:
    assert "modellen kan ikke vise at et kutt er trygt" in " ".join(said(fewer_posts=True).notes)
    assert verdict_words(clinics(), "fewer", "en").notes[-1].endswith("the model cannot show that a cut is safe.")


def test_waits_that_fall_while_more_give_up_are_said_to() -> None:
    """More patience in the base means that more give up with the change, and those who start have waited less."""
    mapping = {
        "name": "x",
        "period": {"length": "1y", "warmup": "100d"},
        "demand": {"c": {"to": "clinic", "rate": "2/d"}},
        "services": {
            "clinic": {
                "places": 5,
                "patience": {"law": "exponential", "mean": "60d"},
                "course": {"length": {"law": "exponential", "mean": "4d"}},
            }
        },
    }
    base = load(mapping)
    both = compare({"today": base, "less": apply(base, "clinic.patience.mean=5d")}, replications=10, workers=1)
    assert any("Waits also fall when children give up" in note for note in verdict_words(both, "less", "en").notes)


def test_cautions_in_words_name_the_service() -> None:
    scenario = towns().base.scenario
    assert "BUP" in caution_words(Caution("never_settles", "bup"), scenario, "nb")
    assert "30 uker" in caution_words(Caution("warm_up", "bup", 30), scenario, "nb")
    assert "landsgjennomsnitt" in caution_words(Caution("national_average"), scenario, "nb")
    assert any("Fewer than 10" in words for words in cautions(clinics(3), "en"))


def test_limits_list_what_is_assumed() -> None:
    assert any("bup.psychologist.fte" in words for words in limits(towns().base.scenario, "nb"))
    assert any("som antatt" in words for words in limits(clinics().base.scenario, "nb"))


def test_a_comparison_is_still_one(language: Language) -> None:
    assert isinstance(towns(), Comparison)
    assert towns().replications == 12
    assert set(towns().others) == {"flere"}
