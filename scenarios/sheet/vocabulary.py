"""What may be chosen in the workbook of a scenario: services, professions, payers, and which pool a profession belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from scenarios.errors import TrinnError
from scenarios.places import plain
from scenarios.resolve import catchments_of, kind_of, mean_of, service_of
from scenarios.schema import Label, Pool, Scenario, Service
from scenarios.sheet.words import LANGUAGES, in_language, label, words
from scenarios.values import Payer

NOT_ASKED = ("gp", "overflow", "private", "adult")
"""Roles, or names, of services that the workbook does not ask about."""
OTHER_SERVICE = "other_service"
AREA, CATCHMENT = "area", "catchment"
PAYERS: Mapping[str, Payer] = {
    "fund_municipality": "municipality",
    "fund_grant": "grant",
    "fund_health_trust": "health_trust",
    "fund_state": "state",
}
EMPLOYERS = ("employ_municipality", "employ_health_trust", "employ_intermunicipal", "employ_other")


@dataclass(frozen=True)
class Choices:
    """A closed list: what is shown of each key, and every spelling that means it."""

    shown: Mapping[str, Label]
    further: Mapping[str, tuple[str, ...]]

    def key(self, text: str) -> str | None:
        """The key that a text means; None for one that means none."""
        return self._spellings().get(plain(text))

    def nearest(self, text: str) -> str | None:
        """The choice that is probably meant by a text."""
        known = self._spellings()
        near = get_close_matches(plain(text)[:80], list(known), n=1, cutoff=0.7)
        return known[near[0]] if near else None

    def _spellings(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, shown in self.shown.items():
            for text in (*(in_language(shown, language) for language in LANGUAGES), *self.further.get(key, ())):
                found.setdefault(plain(text), key)
        return found


def of_words(keys: Iterable[str]) -> Choices:
    """The choices whose texts stand among the words."""
    return Choices({key: words()[key] for key in keys}, {})


def focal_area(scenario: Scenario) -> str:
    """The one municipality or district that a workbook is about.

    Raises:
        TrinnError: when the scenario has several, or is of no place.
    """
    if not scenario.place or len(scenario.focal_areas) != 1:
        raise TrinnError("a workbook is for one municipality or city district, such as stange or gamle_oslo")
    return scenario.focal_areas[0]


def service_here(scenario: Scenario, name: str) -> Service:
    """A service as the focal area, or its catchment, has it."""
    area = scenario.areas[focal_area(scenario)]
    return service_of(scenario, name, catchments_of(scenario)[area.catchment] if scenario.services[name].shared else area)


def posts_here(scenario: Scenario, name: str) -> dict[str, Pool]:
    """The pools of a service that are posts, as the focal area or its catchment has them."""
    return {pool: content for pool, content in service_here(scenario, name).staff.items() if kind_of(content) == "posts"}


def asked_services(scenario: Scenario) -> tuple[str, ...]:
    """The services of which the workbook asks."""
    return tuple(name for name, service in scenario.services.items() if service.role not in NOT_ASKED and name not in NOT_ASKED)


def service_label(scenario: Scenario, name: str) -> Label:
    """What a service is called in the workbook."""
    service = scenario.services[name]
    own = service.name or Label(nb=name, en=name)
    if not service.shared:
        return own
    both = label("whole_catchment", service="{service}")
    return Label(nb=both.nb.replace("{service}", own.nb), en=both.en.replace("{service}", own.en))


def services(scenario: Scenario, *, shared: bool, other: bool) -> Choices:
    """The services to choose from.

    Args:
        scenario: the workbook's scenario.
        shared: those of the catchment too.
        other: with a choice for services that the model does not have.
    """
    names = [name for name in asked_services(scenario) if shared or not scenario.services[name].shared]
    shown = {name: service_label(scenario, name) for name in names}
    alike = [text.nb for text in shown.values()]
    shown = {name: _numbered(text, name) if alike.count(text.nb) > 1 else text for name, text in shown.items()}
    bare = {name: _bare(scenario.services[name], name) for name in names}
    return Choices(shown | ({OTHER_SERVICE: words()[OTHER_SERVICE]} if other else {}), bare)


def _numbered(text: Label, name: str) -> Label:
    return Label(nb=f"{text.nb} [{name}]", en=f"{text.en} [{name}]")


def _bare(service: Service, name: str) -> tuple[str, ...]:
    return (name, service.name.nb, service.name.en) if service.name else (name,)


def pool_label(pool: Pool, name: str) -> Label:
    """What the staff of a pool are called."""
    return pool.name or Label(nb=name, en=name)


def professions(scenario: Scenario) -> Choices:
    """The professions to choose from: those of the ladder's pools, and the usual ones."""
    usual = {key: text for key, text in words().items() if key.startswith("profession_")}
    shown, taken = dict(usual), {plain(text.nb) for text in usual.values()}
    for service in asked_services(scenario):
        for name, pool in posts_here(scenario, service).items():
            text = pool_label(pool, name)
            if plain(text.nb) not in taken:
                taken.add(plain(text.nb))
                shown[f"pool_{service}_{name}"] = text
    return Choices(shown, {})


def pool_of(scenario: Scenario, service: str, profession: str) -> str | None:
    """The pool that the posts of a profession belong to; None where the service has no posts.

    The pool of that name; else psychologists among psychologists, and all others among the others.
    """
    pools = posts_here(scenario, service)
    if not pools:
        return None
    wanted = professions(scenario).shown[profession]
    for name, pool in pools.items():
        if plain(pool_label(pool, name).nb) == plain(wanted.nb):
            return name
    psychologist = "psykolog" in plain(wanted.nb)
    alike = [name for name, pool in pools.items() if ("psykolog" in plain(pool_label(pool, name).nb)) == psychologist]
    return alike[0] if alike else next(iter(pools))


def trust_rows(scenario: Scenario) -> Choices:
    """The rows of what the trust reports: the municipality, and the whole catchment."""
    area = scenario.areas[focal_area(scenario)]
    name = catchments_of(scenario)[area.catchment].name or area.catchment
    here, whole = area.name or focal_area(scenario), f"BUP {name}"
    shown = {AREA: Label(nb=here, en=here), CATCHMENT: Label(nb=whole, en=whole)}
    return Choices(shown, {AREA: (focal_area(scenario),), CATCHMENT: (area.catchment,)})


def in_place(content: Pool) -> float:
    """The share of the posts that somebody is in, on average: the rest stand vacant between two people.

    The ladder's shares of hours are of all posts, so they are raised by it; those of a planner are of the filled ones.
    """
    turnover = content.turnover
    if turnover is None or turnover.recruit is None:
        return 1.0
    stay, recruit = mean_of(turnover.stay), mean_of(turnover.recruit)
    return stay / (stay + recruit) if stay > 0 else 1.0


def usual_cases(content: Pool) -> float:
    """The share of the hours of filled posts that goes to single cases, where a planner does not say."""
    return content.child_share * (1 - sum(content.work.values()) / content.weekly_hours) * in_place(content)
