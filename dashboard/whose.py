"""Whose staffing a result rests on, in the sentence that stands on every table, figure and page."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.texts import Language, chosen, joined, text
from scenarios.resolve import averages
from scenarios.schema import Label, Scenario


def staffing_words(scenarios: Iterable[Scenario], language: Language) -> str:
    """The sentence for scenarios that stand side by side: that of the least own staffing among them."""
    shown = list(scenarios)
    for kind in ("national_average", "partly_own", "own"):
        alike = [scenario for scenario in shown if scenario.staffing == kind]
        if alike and kind == "partly_own":
            return text("staffing_partly_own", language, posts=average_posts(alike[0], language))
        if alike:
            return text(f"staffing_{kind}", language)
    return ""


def average_posts(scenario: Scenario, language: Language) -> str:
    """The services whose posts are national averages; with the professions where only some of them are."""
    by_service: dict[str, list[str]] = {}
    for address in averages(scenario):
        service, _, pool = address.partition(".")
        by_service.setdefault(service, []).append(pool)
    parts = []
    for service, pools in by_service.items():
        content = scenario.services[service]
        name = _name(content.name, service, language)
        if len(pools) < len(content.staff):
            some = joined([_name(content.staff[pool].name, pool, language) for pool in pools], language)
            name = text("staffing_post", language, service=name, pools=some)
        parts.append(name)
    return joined(parts, language) or text("staffing_some", language)


def _name(label: Label | None, fallback: str, language: Language) -> str:
    return chosen(label, language) if label else fallback
