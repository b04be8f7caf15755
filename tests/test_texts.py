"""The catalogue: both languages, the same placeholders, and the words that planners read."""

from __future__ import annotations

import re
from datetime import date
from importlib.resources import files
from string import Formatter
from typing import get_args, get_type_hints

import pytest

from dashboard.texts import catalogue, date_text, joined, text
from dashboard.verdicts import OUTSIDE
from sim.compare import Caution
from sim.measures import MEASURES

KEYS = sorted(catalogue())


def placeholders(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None}


@pytest.mark.parametrize("key", KEYS)
def test_both_languages_say_it_with_the_same_placeholders(key: str) -> None:
    label = catalogue()[key]
    assert label.nb.strip()
    assert label.en.strip()
    assert placeholders(label.nb) == placeholders(label.en)


@pytest.mark.parametrize("key", KEYS)
def test_no_text_says_significant_or_calls_a_replication_forlop(key: str) -> None:
    label = catalogue()[key]
    assert "signifikant" not in label.nb.lower()
    assert "signific" not in label.en.lower()
    assert "forløp" not in label.nb.lower()
    assert "replication" not in label.en.lower()


def test_every_unit_of_the_registry_has_its_words() -> None:
    for unit in {measure.unit for measure in MEASURES.values()}:
        for form in ("unit", "one"):
            assert f"{form}_{unit}" in KEYS


def test_every_judged_measure_has_a_clause_for_better_and_for_worse() -> None:
    for measure in MEASURES.values():
        if measure.per == "area" and (measure.headline or measure.guard):
            assert {f"better_{measure.name}", f"worse_{measure.name}"} <= set(KEYS)


def test_every_caution_has_its_words() -> None:
    for kind in get_args(get_type_hints(Caution)["kind"]):
        assert f"caution_{kind}" in KEYS


def test_everything_outside_the_model_is_named() -> None:
    assert all(f"outside_{name}" in KEYS for name in OUTSIDE)


def test_keys_of_the_template_exist() -> None:
    template = (files("dashboard") / "templates" / "report.html.j2").read_text(encoding="utf-8")
    assert set(re.findall(r"""\bt\(["'](\w+)["']""", template)) <= set(KEYS)


def test_a_missing_text_and_a_missing_value_are_faults() -> None:
    with pytest.raises(KeyError, match="no_such_text"):
        text("no_such_text", "nb")
    with pytest.raises(KeyError, match="total"):
        text("of_futures", "nb", number=1)


def test_a_list_is_joined_and_a_date_is_written_as_people_do() -> None:
    assert joined([], "nb") == ""
    assert joined(["a"], "nb") == "a"
    assert joined(["a", "b", "c"], "nb") == "a, b og c"
    assert joined(["a", "b"], "en") == "a and b"
    assert date_text(date(2027, 1, 4), "nb") == "4. jan. 2027"
    assert date_text(date(2027, 1, 4), "en") == "4 Jan 2027"
