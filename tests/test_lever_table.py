"""The page of all levers is made from them and is current; and each lever is told in words, in both languages."""

from __future__ import annotations

import json
import re
from io import StringIO

import pytest
from rich.console import Console
from test_cli import command

from dashboard.lever_page import lever_numbers, print_lever, ways_to_put_on
from dashboard.texts import LANGUAGES, catalogue
from scenarios.lever_table import PAGE, TITLES, direction_cases, page
from scenarios.levers import Lever, apply, levers, wanted
from scenarios.load import load
from scenarios.operators import is_number
from scenarios.sources import sources

WIDE = 400


def told(name: str, language: str) -> str:
    """The page of a lever, wide enough that nothing is folded but its table."""
    out = StringIO()
    print_lever(name, name, levers()[name], Console(file=out, width=WIDE, color_system=None), language)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


# -- docs/levers.md ---------------------------------------------------------------------------------------------------------


def test_the_page_of_levers_is_current():
    """Else: python -m scenarios.lever_table --write."""
    assert PAGE.read_text(encoding="utf-8") == page(direction_cases())


def rows() -> dict[str, list[str]]:
    """The cells of each lever on the page."""
    found = [line for line in page(direction_cases()).splitlines() if re.match(r"\| `\w+`<br>", line)]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in found]
    return {cell[0].split("`")[1]: cell for cell in cells}


def test_every_lever_has_a_row_with_its_mechanism_numbers_costs_conditions_direction_and_source():
    assert set(rows()) == set(levers())
    for name, cells in rows().items():
        assert len(cells) == 7, name
        assert cells[1], name
        assert cells[6], name
        assert f"**{levers()[name].grade}**" in cells[0]
    assert set(TITLES) == {lever.table for lever in levers().values()}


def test_every_number_stands_in_the_row_with_its_grade_and_range():
    for name, cells in rows().items():
        for change in levers()[name].changes:
            assert f"`{change.set}`".replace("|", "\\|") in cells[2], name
            if change.grade and change.low is not None and is_number(change.set.rpartition("=")[2]):
                assert re.search(rf"{re.escape(change.set)}`[^<]* {change.grade} [^<]* to ", cells[2]), (name, change.set)


def test_every_test_of_direction_stands_beside_its_lever():
    for case in direction_cases():
        name = wanted(case.lever).name
        arrow = {"up": "↑", "down": "↓"}[case.way]
        assert f"`{case.measure}` {arrow} {case.why}" in rows()[name][5].replace("\\|", "|")


def test_only_what_is_the_average_has_no_direction():
    """The two other organisations have theirs in tests/test_presets.py."""
    organised = {"own_unit", "family_house_organisation", "other_organisation"}
    assert {name for name, cells in rows().items() if cells[5] == "none"} <= organised


def test_every_source_that_the_page_names_stands_at_its_end():
    text = page(direction_cases())
    for lever in levers().values():
        for source in lever.source:
            assert f"| `{source}` | " in text
            assert source in sources()


# -- one lever in words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", levers())
def test_a_lever_is_told_in_both_languages(name, language):
    """Whom it suits, what it needs, what it costs and who pays, and each number; nothing of the other language."""
    lever, text = levers()[name], told(name, language)
    labels = [lever.name, lever.about, lever.mechanism, lever.suits]
    labels += [needed.say for needed in lever.presupposes] + [cost.what for cost in lever.costs]
    for label in labels:
        words = label.nb if language == "nb" else label.en
        assert " ".join(words.split()) in " ".join(text.split())
    grade = catalogue()[f"grade_{lever.grade}"]
    assert (grade.nb if language == "nb" else grade.en) in text
    for source in lever.source:
        assert sources()[source].title in " ".join(text.split())
    assert f"trinn compare 3413 --with {name}" in text
    assert ("Koster, og hvem betaler" in text) == (language == "nb")


@pytest.mark.parametrize("name", levers())
def test_every_number_of_a_lever_is_told_with_its_grade(name):
    lever = levers()[name]
    for kind in ("", *lever.kinds):
        changes = lever.kinds[kind].changes if kind else lever.changes
        stated = {change.set for change in changes if change.grade and is_number(change.set.rpartition("=")[2])}
        rows = lever_numbers(name, lever, "en", kind)
        assert stated <= {row.change for row in rows}
        assert {row.change for row in rows if row.learned} <= {change.set for change in changes if change.learned}
        assert all(row.grade and row.value for row in rows)


@pytest.mark.parametrize("name", levers())
def test_what_is_said_to_put_a_lever_on_puts_it_on(name):
    base = load("3413")
    for line, _ in ways_to_put_on(name, levers()[name]):
        what = line.removeprefix("trinn compare 3413 --with ").strip('"')
        assert wanted(what).name == name
        assert apply(base, what) is not base


def test_a_planner_reads_a_lever_in_words_and_a_program_reads_data():
    code, out, _ = command("show", "lever", "capa", "--language", "nb")
    assert code == 0
    assert out.startswith("CAPA (Dine Muligheter) (capa)\nMellom kommune og BUP\n")
    assert "BUP: inntak" in out
    _, out, _ = command("show", "lever", "capa", "--json")
    shown = json.loads(out)
    assert shown.pop("lever") == "capa"
    assert Lever.model_validate(shown) == levers()["capa"]


def test_a_lever_of_ones_own_is_told_too(tmp_path):
    """By the path of its file; without a table, without costs, and if need be for another ladder than the Norwegian."""
    file = tmp_path / "mine.yaml"
    content = "name: Mine\nabout: More\ngrade: assumed\nsource: me\nchanges:\n  - {{set: {change}, {rests}}}\n"  # noqa: E501, RUF100
    content = content.replace("{rests}", "grade: assumed, source: me, low: 1, high: 3")
    file.write_text(content.format(change="bup.psychologist.fte+=2"), encoding="utf-8")
    code, out, _ = command("show", "lever", str(file))
    assert code == 0
    assert re.search(r"\+ 2 +1 to 3 +assumed +\[1\]", out)
    assert "No new costs in the model." in out
    file.write_text(content.format(change="clinic.places+=2"), encoding="utf-8")
    code, out, _ = command("show", "lever", str(file))
    assert code == 0
    assert "It does not fit the Norwegian ladder" in out
    assert "clinic.places+=2" in out


def test_the_list_of_levers_has_table_grade_and_name():
    _, out, _ = command("list", "levers", "--json")
    listed = {row["name"]: row for row in json.loads(out)}
    assert set(listed) == set(levers())
    assert listed["capa"] == {
        "name": "capa",
        "table": "between",
        "grade": levers()["capa"].grade,
        "about": levers()["capa"].name.en,
    }
