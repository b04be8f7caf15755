"""The whole country with the default numbers comes out near the published figures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from calibration.national import Held, country, held, table, targets

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
