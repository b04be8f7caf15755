"""What was changed, in words: old → new, with the date and the lever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard import numbers
from dashboard.tables import service_name
from dashboard.texts import Language, chosen, date_text, has_text, text
from scenarios.changes import Applied, differences
from scenarios.levers import levers
from scenarios.schema import Scenario, Service
from sim.compare import Comparison


@dataclass(frozen=True)
class Changed:
    """A value that was changed, as it is read."""

    address: str
    words: str
    """What the address names, where there are words for it."""
    old: str
    new: str
    since: str
    lever: str


def changed(comparison: Comparison, name: str, language: Language) -> list[Changed]:
    """Every value that the base's changes set; of a proposal, every one that it sets beyond the base."""
    scenario = comparison.results[name].scenario
    return [_changed(item, scenario, language) for item in proposed(comparison, name)]


def changed_since(base: Scenario, scenario: Scenario, language: Language) -> list[Changed]:
    """Every value that a scenario's changes set beyond those that its base's set likewise."""
    before = differences(base)
    return [_changed(item, scenario, language) for item in differences(scenario) if item not in before]


def proposed(comparison: Comparison, name: str) -> tuple[Applied, ...]:
    """What a scenario's changes set; of a proposal without what the base's set likewise."""
    base = comparison.changes.get(comparison.base.name, ()) if name != comparison.base.name else ()
    return tuple(item for item in comparison.changes.get(name, ()) if item not in base)


def _changed(item: Applied, scenario: Scenario, language: Language) -> Changed:
    since = text("changed_beginning", language) if isinstance(item.since, str) else date_text(item.since, language)
    words = _words(item.address, scenario, language)
    return Changed(item.address, words, value(item.old, language), value(item.new, language), since, _lever(item, language))


def _lever(item: Applied, language: Language) -> str:
    if not item.lever:
        return text("own_change", language)
    name, _, kind = item.lever.partition(":")
    if name not in levers():
        return item.lever
    words = chosen(levers()[name].name, language)
    return f"{words}: {chosen(levers()[name].kinds[kind].name, language)}" if kind in levers()[name].kinds else words


def _words(address: str, scenario: Scenario, language: Language) -> str:
    """``Lavterskeltilbud, psykolog: årsverk`` for ``stange/low_threshold.psychologist.fte``; else the address itself."""
    holder, _, path = address.rpartition("/")
    first, _, rest = path.partition(".")
    field = rest.rpartition(".")[2]
    if first not in scenario.services or not has_text(f"field_{field}"):
        return address
    service, parts = scenario.services[first], {"service": service_name(scenario, first, language)}
    parts["field"] = text(f"field_{field}", language)
    pool = rest.removeprefix("staff.").partition(".")[0]
    key = "changed_pool" if pool in service.staff else "changed_words"
    words = text(key, language, **parts, pool=_pool(service, pool, language))
    return text("changed_in_area", language, area=_holder(holder, scenario), words=words) if holder else words


def _pool(service: Service, pool: str, language: Language) -> str:
    named = service.staff[pool].name if pool in service.staff else None
    return chosen(named, language) if named else pool


def _holder(name: str, scenario: Scenario) -> str:
    home = scenario.areas.get(name) or scenario.catchments.get(name)
    return home.name or name if home else name


def value(given: Any, language: Language) -> str:
    """A value as a reader writes it."""
    if given is None or given == "":
        return text("none_stated", language)
    if isinstance(given, bool):
        return text("yes" if given else "no", language)
    if isinstance(given, int | float):
        return numbers.decimal(float(given), language)
    if isinstance(given, list | tuple):
        return ", ".join(value(part, language) for part in given)
    return str(given)
