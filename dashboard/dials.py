"""The main numbers that a proposal turns, as this ladder has them: posts, who gets in, who is sent on, sessions a child."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from math import floor
from typing import Literal

from dashboard import numbers
from dashboard.tables import service_name
from dashboard.texts import Language, chosen, text
from dashboard.work import Work, base_of
from scenarios.addresses import dotted, is_change, parse_change
from scenarios.changes import resolved
from scenarios.errors import TrinnError
from scenarios.resolve import kind_of
from scenarios.schema import STEPS, Scenario
from scenarios.setting import look_up

Unit = Literal["fte", "share", "sessions"]
Group = Literal["staff", "rejections", "help"]
GROUPS: tuple[Group, ...] = ("staff", "rejections", "help")
"""In the order in which they are shown."""
DOUBTFUL = ("yellow", "orange", "red")
"""The steps at which an intake may well decide otherwise."""
_MOST = 90
"""Places that a slider may stand at, about: a keyboard must get through them."""
_STEPS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0)


@dataclass(frozen=True)
class Dial:
    """A number with a slider of its own."""

    address: str
    group: Group
    unit: Unit
    words: str
    """What it is called beside the slider."""
    short: str
    """And in a sentence that says what it was changed to."""
    today: float
    options: tuple[float, ...]
    """Where the slider may stand; today's value is one of them."""
    other: str = ""
    """The address of what gives way, so that both keep their sum."""
    total: float = 0.0


def dials_of(work: Work, language: Language) -> tuple[Dial, ...]:
    """The sliders of a place, lowest step first. A ladder without a thing has no slider for it.

    Raises:
        TrinnError: when the place is not known, or its own numbers do not fit.
    """
    base = base_of(work)
    return _dials(_Same(base), language)


class _Same:
    """A scenario as a key of a cache: the work's base is one object for as long as it stays the same."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def __hash__(self) -> int:
        return id(self.scenario)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.scenario is self.scenario


@lru_cache(maxsize=64)
def _dials(base: _Same, language: Language) -> tuple[Dial, ...]:
    scenario = resolved(base.scenario, base.scenario.period.start)
    order = sorted(scenario.services, key=lambda name: _rung(scenario, name))
    found = [*_posts(scenario, order, language), *_intake(scenario, order, language)]
    found += [*_direct(scenario, order, language), *_sessions(scenario, order, language)]
    return tuple(found)


def _rung(scenario: Scenario, service: str) -> int:
    step = scenario.services[service].step
    return STEPS.index(step) if step else len(STEPS)


def _number(scenario: Scenario, address: str) -> float | None:
    """What stands at an address in all the places it is about; None where nothing does, or not the same everywhere."""
    with suppress(TrinnError):
        found = set(look_up(scenario, address))
        if len(found) == 1 and isinstance(only := found.pop(), int | float) and not isinstance(only, bool):
            return float(only)
    return None


def _is_open(scenario: Scenario, service: str) -> bool:
    with suppress(TrinnError):
        return any(look_up(scenario, f"{service}.open"))
    return False


def _posts(scenario: Scenario, order: Sequence[str], language: Language) -> Iterator[Dial]:
    for name in order:
        service = scenario.services[name]
        for pool, content in service.staff.items():
            address = f"{name}.{pool}.fte"
            today = _number(scenario, address)
            if kind_of(content) != "posts" or today is None or not _is_open(scenario, name):
                continue
            words = {"service": service_name(scenario, name, language), "pool": _called(content.name, pool, language)}
            short = text("proposals_dial_fte", language, **words)
            full = text("proposals_dial_shared", language, words=short) if service.shared else short
            yield Dial(address, "staff", "fte", full, short, today, _options(today, max(2 * today, 3.0)))


def _called(label: object, fallback: str, language: Language) -> str:
    return str(chosen(label, language)) if label else fallback  # type: ignore[arg-type]


def _intake(scenario: Scenario, order: Sequence[str], language: Language) -> Iterator[Dial]:
    for name in order:
        if scenario.services[name].intake is None:
            continue
        service = service_name(scenario, name, language)
        for step in DOUBTFUL:
            today = _number(scenario, f"{name}.intake.accept.{step}")
            if today is not None:
                words = text("proposals_dial_accept", language, service=service, step=text(f"proposals_step_{step}", language))
                yield _share(f"{name}.intake.accept.{step}", "rejections", words, today, 1.0)
        for address in (f"{name}.routes[after:rejected,to:role:treatment].share",):
            today = _number(scenario, address)
            if today is not None:
                most = today + 1 - sum(route.share for route in scenario.services[name].routes if "rejected" in route.after)
                words = text("proposals_dial_followed", language, service=service)
                yield _share(address, "rejections", words, today, min(1.0, most))


def _direct(scenario: Scenario, order: Sequence[str], language: Language) -> Iterator[Dial]:
    """Who sends children with a need in the middle straight to the specialist, past a treatment that the municipality has."""
    for name in order:
        straight = f"{name}.routes[steps:orange,to:role:specialist,to!role:treatment].share"
        past = f"{name}.routes[steps:orange,to:role:treatment].share"
        today, other = _number(scenario, straight), _number(scenario, past)
        if today is None or other is None:
            continue
        words = text("proposals_dial_direct", language, service=service_name(scenario, name, language))
        dial = _share(straight, "rejections", words, today, today + other)
        yield replace(dial, other=past, total=round(today + other, 10))


def _sessions(scenario: Scenario, order: Sequence[str], language: Language) -> Iterator[Dial]:
    for name in order:
        service = scenario.services[name]
        today = _number(scenario, f"{name}.course.sessions")
        if today is None or not service.staff or not _is_open(scenario, name):
            continue
        words = text("proposals_dial_sessions", language, service=service_name(scenario, name, language))
        options = _options(today, max(2 * today, 6.0), least=1.0, finest=0.5)
        yield Dial(f"{name}.course.sessions", "help", "sessions", words, words, today, options)


def _share(address: str, group: Group, words: str, today: float, most: float) -> Dial:
    options = {round(number * 0.05, 2) for number in range(floor(most / 0.05 + 1e-9) + 1)} | {today}
    return Dial(address, group, "share", words, words, today, tuple(sorted(options)))


def _options(today: float, most: float, least: float = 0.0, finest: float = 0.1) -> tuple[float, ...]:
    """Round numbers from the least to the most, and today's as it is."""
    step = next(step for step in _STEPS if step >= finest and (most <= _MOST * step or step == _STEPS[-1]))
    count = floor((most - least) / step + 1e-9)
    return tuple(sorted({round(least + number * step, 4) for number in range(count + 1)} | {today}))


# -- where it stands ----------------------------------------------------------------------------------------------------


def same_address(change: str, address: str) -> bool:
    """Whether a single change, which holds from the start, is about an address."""
    if not address or not is_change(change):
        return False
    try:
        one, other = parse_change(change), parse_change(f"{address}=0")
    except TrinnError:
        return False
    return one.since is None and (one.area, _plain(dotted(one.path))) == (other.area, _plain(dotted(other.path)))


def _plain(path: str) -> str:
    """One spelling of an address that may be written in several ways."""
    bare = path.removeprefix("services.")
    return bare.replace(".staff.", ".", 1)


def now(changes: Sequence[str], dial: Dial) -> float:
    """The number as a proposal's single changes leave it; what levers do comes on top."""
    here = dial.today
    for change in changes:
        if not same_address(change, dial.address):
            continue
        parsed = parse_change(change)
        with suppress(ValueError):
            by = float(parsed.value)
            here = {"=": by, ":=": by, "+=": here + by, "-=": here - by, "*=": here * by}[parsed.op]
    return round(here, 6)


def stops(dial: Dial, here: float) -> tuple[float, ...]:
    """Where the slider may stand, where it stands included: a file may have set another number."""
    return dial.options if here in dial.options else tuple(sorted({*dial.options, here}))


def written(number: float) -> str:
    """A number as a change states it."""
    return f"{number:.6f}".rstrip("0").rstrip(".") or "0"


def shown(number: float, dial: Dial, language: Language, unit: bool = False) -> str:
    """A number as a slider shows it; in a sentence with its unit."""
    if dial.unit == "share":
        return text("percent", language, number=numbers.decimal(round(100 * number, 2), language))
    bare = numbers.decimal(round(number, 4), language)
    return f"{bare}{numbers.SPACE}{text(f'proposals_unit_{dial.unit}', language)}" if unit else bare


def label(dial: Dial, language: Language) -> str:
    """What stands beside the slider, with today's number."""
    return text("proposals_dial_today", language, words=dial.words, today=shown(dial.today, dial, language, unit=True))
