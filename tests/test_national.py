"""The whole country with the default numbers comes out near the published figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from calibration.national import Held, country, held, table, targets
from scenarios.load import examples, load
from scenarios.sources import sources

DOCS = Path(__file__).parent.parent / "docs" / "national.md"


@pytest.fixture(scope="module")
def figures() -> dict[str, Held]:
    """One replication of Norway: four years of warm-up and one that counts; about a minute."""
    return held(country())


@pytest.mark.parametrize("name", sorted(targets()))
def test_norway_lands_near_the_published_figure(figures: dict[str, Held], name: str) -> None:
    """Within the published figures' own spread, or 15 % either way."""
    item = figures[name]
    assert item.target.least <= item.model <= item.target.most


def test_the_page_in_the_documentation_shows_these_very_numbers(figures: dict[str, Held]) -> None:
    """docs/national.md holds the table that ``python -m calibration.national`` prints, and the README its figures."""
    assert table(figures) in DOCS.read_text(encoding="utf-8")


def test_every_target_states_source_year_and_tolerance() -> None:
    """A published figure without year or source cannot be held against anything."""
    for target in targets().values():
        assert re.search(r"20\d\d", target.year)
        assert target.least < target.published < target.most


def test_the_readme_shows_the_same_figures(figures: dict[str, Held]) -> None:
    """Figure, published, year and model stand in the README as in docs/national.md."""
    readme = (DOCS.parent.parent / "README.md").read_text(encoding="utf-8")
    for line in table(figures).splitlines()[2:]:
        assert " | ".join(line.strip("| ").split(" | ")[:4]) in readme


def test_what_the_national_numbers_rest_on_is_in_the_list_of_sources() -> None:
    """Every source that the evidence of norway.yaml names is one of the library's, and the other way round."""
    named = {item.source for item in load("stange").evidence.values()}
    assert named <= set(sources())
    of_examples = {item.source for name in examples() for item in load(name).evidence.values()}
    assert of_examples <= set(sources())
    assert set(sources()) - named - of_examples <= {"ssb_07459"}  # the places' own


def test_assumed_numbers_have_a_range() -> None:
    """A number that is assumed says how low and how high it might be, unless it is a law or a mix."""
    for address, item in load("stange").evidence.items():
        if item.grade == "assumed" and not address.endswith(("mix", "by_severity")):
            assert item.low is not None, address
            assert item.high is not None, address
            assert item.low < item.high
