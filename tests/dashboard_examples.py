"""Small comparisons that the tests of the dashboard share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from dashboard.comparison import Comparison, compare
from scenarios.levers import apply
from scenarios.load import load
from scenarios.schema import Scenario
from sim.compare import Verdict

CLINIC: dict[str, Any] = {
    "name": "x",
    "period": {"length": "1y", "warmup": "100d"},
    "demand": {"c": {"to": "clinic", "rate": "1/d"}},
    "services": {"clinic": {"places": 5, "course": {"length": {"law": "exponential", "mean": "4d"}}}},
}
"""One service, five places: children wait some hours."""

TOWN: dict[str, Any] = {
    "name": {"nb": "Byen", "en": "The town"},
    "staffing": "national_average",
    "period": {"length": "1y", "warmup": "200d"},
    "needs": {"need": {"severity": "moderate", "step": "red", "remission": "0.2/y"}},
    "demand": {"c": {"rate": "1/d"}},
    "doors": {"gp": {"share": 1.0, "to": "gp"}},
    "services": {
        "gp": {
            "name": {"nb": "fastlege", "en": "GP"},
            "step": "green",
            "role": "door",
            "places": "endless",
            "course": {"length": "7d"},
            "routes": [{"to": "bup", "after": ["done"]}],
        },
        "bup": {
            "name": "BUP",
            "step": "red",
            "role": "specialist",
            "staff": {"psychologist": {"fte": 1.6}},
            "patience": {"law": "exponential", "mean": "60d"},
            "intake": {"review": "5d", "accept": {"red": 0.8}},
            "course": {"length": {"law": "exponential", "mean": "60d"}, "hours": 1.6},
            "outcomes": {"matched": {"recovered": 0.8, "unchanged": 0.2}},
        },
    },
    "evidence": {"bup.psychologist.fte": {"grade": "assumed", "source": "a guess", "low": 1, "high": 3}},
}
"""A door, a review with rejections and a list that is too long: every table and figure has something to show."""


@cache
def clinic() -> Scenario:
    """The smallest ladder."""
    return load(CLINIC)


@cache
def town() -> Scenario:
    """The smallest ladder that has everything the report shows."""
    return load(TOWN)


@cache
def clinics(replications: int = 12) -> Comparison:
    """A place more, a place fewer, nothing changed."""
    base = clinic()
    proposals = {"more": apply(base, "clinic.places+=1"), "fewer": apply(base, "clinic.places-=1"), "same": base}
    return compare({"today": base, **proposals}, replications=replications, workers=1)


@cache
def towns(replications: int = 12, by: tuple[str, ...] = ()) -> Comparison:
    """Half as many psychologists again."""
    base = town()
    more = apply(base, "bup.psychologist.fte+=1")
    return compare({"i dag": base, "flere": more}, replications=replications, workers=1, by=by, command="trinn compare town")


def with_verdicts(comparison: Comparison, **changes: Any) -> Comparison:
    """A copy in which every verdict is changed by hand."""
    copy = replace(comparison)
    verdicts = {name: replace(verdict, **changes) for name, verdict in comparison.verdicts.items()}
    copy.__dict__["verdicts"] = verdicts
    return copy


def renamed(comparison: Comparison, names: Mapping[str, str]) -> Comparison:
    """The same results under other names."""
    results = {names.get(name, name): replace(r, name=names.get(name, name)) for name, r in comparison.results.items()}
    changes = {names.get(name, name): items for name, items in comparison.changes.items()}
    return replace(comparison, results=results, changes=changes)


__all__ = ["CLINIC", "TOWN", "Verdict", "clinic", "clinics", "renamed", "town", "towns", "with_verdicts"]
