"""Figures: the same bytes for the same table, ids that do not clash, alternatives in words, nothing small drawn as it is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from xml.etree import ElementTree

import pandas as pd
import pytest
from dashboard_examples import clinics, renamed, towns

from dashboard import charts
from dashboard.charts import Alternative, Part
from dashboard.figures import figures

SVG = "{http://www.w3.org/2000/svg}"
SAYS = Alternative("A title", "What <it> says", "Whose staffing")


def lists(height: float) -> pd.DataFrame:
    rows = [
        (scenario, replication, date(2027, 1, 4) + timedelta(weeks=week), "clinic", height + replication)
        for scenario in ("today", "more")
        for replication in range(5)
        for week in range(60)
    ]
    return pd.DataFrame(rows, columns=["scenario", "replication", "date", "service", "waiting"])


def drawn(height: float) -> str:
    return charts.waiting_lists(lists(height), {"clinic": "Clinic"}, date(2027, 3, 1), "one", SAYS, "en").svg()


def test_the_same_table_gives_the_same_bytes() -> None:
    assert drawn(8) == drawn(8)


def test_two_heights_under_5_give_the_same_picture() -> None:
    """What is suppressed in the tables cannot be read off the figure."""
    flat = lists(1).assign(waiting=1.0)
    other = lists(1).assign(waiting=3.0)
    one, two = (
        charts.waiting_lists(table, {"clinic": "Clinic"}, date(2027, 3, 1), "one", SAYS, "en").svg() for table in (flat, other)
    )
    assert one == two


def test_a_figure_is_an_image_with_title_and_description() -> None:
    root = ElementTree.fromstring(drawn(8))
    assert root.get("role") == "img"
    named = {element.get("id"): element.text for element in root.iter() if element.tag in (f"{SVG}title", f"{SVG}desc")}
    assert [named[part] for part in (root.get("aria-labelledby") or "").split()] == ["A title", "What <it> says Whose staffing"]
    assert "Whose staffing" in "".join(element.text or "" for element in root.iter(f"{SVG}text"))


def test_ids_stand_under_the_prefix_and_every_reference_is_met() -> None:
    svg = drawn(8)
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    assert all(name == "one" or name.startswith("one-") for name in ids)
    used = [*re.findall(r'href="#([^"]+)"', svg), *re.findall(r"url\(#([^)]+)\)", svg)]
    assert used
    assert set(used) <= set(ids)


def test_scenarios_differ_in_dash_and_in_a_label_not_in_colour_alone() -> None:
    svg = drawn(8)
    assert "stroke-dasharray" in svg
    texts = [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert {"today", "more"} <= set(texts)


def contrast(colour: str) -> float:
    """Against white, by WCAG 2.1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


@pytest.mark.parametrize("colour", [*charts.COLOURS, charts.INK, charts.FAINT])
def test_words_and_lines_stand_out_from_white(colour: str) -> None:
    assert contrast(colour) >= 4.5


def test_a_name_is_a_name_and_no_formula() -> None:
    table = lists(8).replace({"more": "$x_1$ <b>"})
    svg = charts.waiting_lists(table, {"clinic": "$y$ & co"}, date(2027, 3, 1), "one", SAYS, "en").svg()
    texts = {element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")}
    assert {"$x_1$ <b>", "$y$ & co"} <= texts


def test_parts_under_5_are_not_drawn() -> None:
    blocks = {"Leave": [Part("left_done", "done"), Part("left_remitted", "passed")]}

    def picture(small: float) -> str:
        rows = [(name, way, value) for name in ("a", "b") for way, value in (("left_done", 40.0), ("left_remitted", small))]
        table = pd.DataFrame(rows, columns=["scenario", "way", "value"])
        root = ElementTree.fromstring(charts.leaving(table, blocks, "p", SAYS, "en").svg())
        return " ".join(element.text or "" for element in root.iter(f"{SVG}text"))

    assert " 4 " not in picture(4.0)
    assert " 6 " in picture(6.0)


@pytest.mark.parametrize("language", ["nb", "en"])
def test_every_figure_of_a_comparison_says_its_numbers_in_words_and_in_a_table(language: str) -> None:
    found = figures(towns(), language)  # type: ignore[arg-type]
    assert [figure.prefix for figure in found] == ["waiting", "waits", "leaving"]
    for figure in found:
        assert figure.svg
        assert re.search(r"\d", figure.alternative.description)
        assert figure.tables
        assert figure.alternative.whose in figure.svg.replace("&#x27;", "'")


def test_a_list_with_under_5_children_is_named_and_not_drawn() -> None:
    roomy = replace(clinics(), results={name: clinics().results[name] for name in ("today", "more")})
    waiting = figures(roomy, "en")[0]
    assert waiting.svg == ""
    assert "Clinic" in waiting.notes[0]


def test_figures_take_hostile_names() -> None:
    hostile = renamed(towns(), {"flere": '<script>alert("1")</script>'})
    for figure in figures(hostile, "nb"):
        ElementTree.fromstring(figure.svg)
        assert "<script" not in figure.svg
