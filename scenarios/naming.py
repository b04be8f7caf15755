"""Services by what they are: ``role:treatment`` and ``step:orange`` in place of names, so that one lever fits any ladder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from scenarios.addresses import Pick, Set
from scenarios.errors import Fault, TrinnError
from scenarios.schema import Scenario

_SELECTOR = re.compile(r"(?P<what>role|step):(?P<which>\w+)(?P<optional>\?)?(?:\.(?P<pool>\w+))?")
_KINDS = ("role:", "step:")


def services_that(scenario: Scenario, selector: str, place: str = "") -> tuple[str, ...]:
    """The services of ``role:X`` or ``step:X``, in the ladder's order.

    Raises:
        TrinnError: when there is none.
    """
    found = _of(scenario, selector)
    if not found:
        what, _, which = selector.partition(":")
        raise TrinnError(Fault(f'this ladder has no service of {what} "{which[:40]}"', place=place))
    return found


def _of(scenario: Scenario, selector: str) -> tuple[str, ...]:
    what, _, which = selector.partition(":")
    return tuple(name for name, service in scenario.services.items() if getattr(service, what) == which)


def fitting(scenario: Scenario, change: Set) -> Mapping[str, Sequence[str]]:
    """What the words in a change's conditions stand for."""
    words = {word for part in change.path if isinstance(part, Pick) for _, word, _ in part.conditions}
    return {word: services_that(scenario, word, change.text) for word in words if word.startswith(_KINDS)}


def named(scenario: Scenario, value: Any, place: str = "") -> Any:
    """A value with every ``role:X``, ``step:X`` and ``role:X.pool`` replaced by names.

    In a list they become all the services, elsewhere the first. With ``?`` at the end (``role:treatment?``) one that the
    ladder lacks is left out.

    Raises:
        TrinnError: when there is no such service.
    """
    if isinstance(value, Mapping):
        return {_first(scenario, key, place): named(scenario, each, place) for key, each in value.items()}
    if isinstance(value, list | tuple):
        found: list[Any] = []
        for each in value:
            new = _names(scenario, each, place) if _is_selector(each) else [named(scenario, each, place)]
            found += [name for name in new if isinstance(name, dict) or name not in found]
        return found
    if _is_selector(value):
        found = _names(scenario, value, place)
        return found[0] if found else None
    return value


def _is_selector(value: Any) -> bool:
    return isinstance(value, str) and _SELECTOR.fullmatch(value) is not None


def _first(scenario: Scenario, key: Any, place: str) -> Any:
    return services_key[0] if _is_selector(key) and (services_key := _names(scenario, key, place)) else key


def _names(scenario: Scenario, text: str, place: str) -> list[str]:
    match = _SELECTOR.fullmatch(text)
    assert match is not None
    selector = f"{match['what']}:{match['which']}"
    services = _of(scenario, selector) if match["optional"] else services_that(scenario, selector, place)
    return [f"{name}.{match['pool']}" for name in services] if match["pool"] else list(services)
