"""The services as a table: who works there, how many children come, where they are sent, and what each number rests on."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import pandas as pd

from dashboard import numbers
from dashboard.evidence import source_words
from dashboard.staffing import Post
from dashboard.tables import ladder_order, rests_on_few, service_name
from dashboard.texts import Language, joined, sentence, text
from dashboard.today import mean_of
from scenarios.changes import resolved
from scenarios.evidence import Number
from scenarios.evidence import numbers as numbers_of
from scenarios.resolve import catchments_of, service_of
from scenarios.schema import Scenario, Service
from sim.fold import ALL
from sim.result import Result

WEEKS_A_YEAR = 365.25 / 7
HEADS = ("step", "service", "fte", "year", "week", "onward", "rejected", "dropout", "evidence")


def rows_of(result: Result, posts: Sequence[Post], language: Language) -> pd.DataFrame:
    """One row a service, lowest step first; every cell a text, under heads in the reader's language."""
    scenario = result.scenario
    now = resolved(scenario, scenario.period.start)
    found = numbers_of(scenario)
    rows = []
    for name in ladder_order(result):
        here = service_at_start(now, name)
        if not here.open and not any(post.service == name for post in posts):
            continue
        coming = mean_of(result, name, "children_in")
        cells = {
            "step": text(f"services_step_{here.step}", language) if here.step else text("nothing", language),
            "service": service_name(now, name, language),
            "fte": _fte(here, [post for post in posts if post.service == name], language),
            "year": numbers.shown(coming, "children a year", language),
            "week": _a_week(coming, language),
            "onward": _onward(now, here, language),
            "rejected": _rejected(result, here, name, language),
            "dropout": numbers.percent(here.course.dropout, language) if here.course.dropout else text("nothing", language),
            "evidence": _evidence(found, name, here, [post for post in posts if post.service == name], language),
        }
        rows.append([cells[head] for head in HEADS])
    return pd.DataFrame(rows, columns=[text(f"services_head_{head}", language) for head in HEADS])


def service_at_start(now: Scenario, name: str) -> Service:
    """A service as the first focal area, or its catchment, has it."""
    area = now.areas[now.focal_areas[0]]
    return service_of(now, name, catchments_of(now)[area.catchment] if now.services[name].shared else area)


def _fte(here: Service, posts: Sequence[Post], language: Language) -> str:
    if here.places is not None:
        endless = here.places == "endless"
        return text("services_endless" if endless else "services_places", language, number=here.places)
    if not posts:
        return text("services_each_place", language)
    return numbers.decimal(round(sum(post.fte for post in posts), 2), language)


def _a_week(coming: float, language: Language) -> str:
    """Whole children a week; a dash where there are under five a year."""
    if isnan(coming) or coming < numbers.SMALL:
        return text("nothing", language)
    if coming < WEEKS_A_YEAR / 2:
        return text("under", language, number=1)
    return numbers.whole(coming / WEEKS_A_YEAR, language)


def _onward(now: Scenario, here: Service, language: Language) -> str:
    """Where children are sent on to, with the shares that are stated: from the least to the most over needs and endings."""
    shares: dict[str, list[float]] = {}
    for route in here.routes:
        first = next((target for target in route.to if target in now.services and service_at_start(now, target).open), None)
        if first is not None and service_at_start(now, first) is not here and route.share > 0:
            shares.setdefault(first, []).append(route.share)
    parts = [f"{service_name(now, target, language)} {_range(found, language)}" for target, found in shares.items()]
    return "; ".join(parts) or text("nothing", language)


def _range(shares: Sequence[float], language: Language) -> str:
    low, high = numbers.percent(min(shares), language), numbers.percent(max(shares), language)
    if low == high:
        return low
    return text("range", language, low=low.removesuffix("%").strip(), high=high)


def _rejected(result: Result, here: Service, name: str, language: Language) -> str:
    if here.intake is None:
        return text("nothing", language)
    if rests_on_few(result, (ALL, name, ALL, "rejected_share")):
        return text("few_children", language)
    return numbers.shown(mean_of(result, name, "rejected_share"), "share", language)


def _evidence(found: Sequence[Number], name: str, here: Service, posts: Sequence[Post], language: Language) -> str:
    """What the posts, the ways on and the drop-outs rest on, each with its source or "assumed"."""
    parts = []
    if posts:
        own = [post for post in posts if not post.average]
        if len(own) < len(posts):
            parts.append(_rests(text("services_rests_posts", language), _about(found, name, ".fte_per_1000"), language))
        if own:
            parts.append(text("services_rests_own", language, what=joined([post.pool_words for post in own], language)))
    if here.routes:
        parts.append(_rests(text("services_rests_onward", language), _about(found, name, ".share"), language))
    if here.intake is not None:
        parts.append(_rests(text("services_rests_rejected", language), _about(found, name, ".intake.accept"), language))
    if here.course.dropout:
        parts.append(_rests(text("services_rests_dropout", language), _about(found, name, ".course.dropout"), language))
    return ". ".join(sentence(part) for part in parts) or text("nothing", language)


def _about(found: Sequence[Number], name: str, what: str) -> list[Number]:
    """The numbers of a service, the exact ones where there are some, else those that stand for all services."""
    exact = [n for n in found if n.address.startswith((f"services.{name}.", f"{name}.")) and what in n.address and not n.lever]
    return exact or [n for n in found if n.address.startswith("services[*]") and what in n.address and not n.lever]


def _rests(what: str, found: Sequence[Number], language: Language) -> str:
    """``årsverk: publisert (Helsedirektoratet 2022)``; ``antakelse`` where nobody has a source."""
    said = []
    for number in found:
        grade = text("services_assumption" if number.grade == "assumed" else f"grade_{number.grade}", language)
        words = grade if number.grade in ("assumed", "own") else f"{grade} ({source_words(number.source)})"
        if words not in said:
            said.append(words)
    return f"{what}: {joined(said or [text('services_assumption', language)], language)}"
