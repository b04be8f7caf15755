"""Any number of a scenario by its address: which there are names for, and what stands there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dashboard.changed import value
from dashboard.dials import same_address
from dashboard.evidence import evidence_rows
from dashboard.texts import Language
from dashboard.work import Work, base_of
from scenarios.addresses import parse_change
from scenarios.changes import resolved
from scenarios.errors import TrinnError
from scenarios.evidence import numbers as numbers_of
from scenarios.schema import Scenario
from scenarios.setting import look_up


@dataclass(frozen=True)
class Standing:
    """What stands at an address today."""

    address: str
    values: tuple[Any, ...]
    """Each different one once."""

    @property
    def number(self) -> float | None:
        """The number, where there is one and it is one: a duration such as ``14d`` is a text."""
        only = self.values[0] if len(self.values) == 1 else None
        return float(only) if isinstance(only, int | float) and not isinstance(only, bool) else None

    def words(self, language: Language) -> str:
        """As it is read; the first few where they differ."""
        shown = [value(each, language) for each in self.values[:4]]
        return ", ".join(shown) + ("…" if len(self.values) > len(shown) else "")


def standing(work: Work, address: str) -> Standing:
    """What stands at an address on the start date, before anything is proposed.

    Raises:
        TrinnError: when the address leads nowhere.
    """
    base = base_of(work)
    found = look_up(resolved(base, base.period.start), address.strip())
    different: list[Any] = []
    for each in found:
        if each not in different:
            different.append(each)
    return Standing(address.strip(), tuple(different))


def known(work: Work, language: Language) -> dict[str, str]:
    """The numbers that have names, by address, in the order of the alphabet.

    Raises:
        TrinnError: when the place is not known, or its own numbers do not fit.
    """
    return _known(_Same(base_of(work)), language)


class _Same:
    """A scenario as a key of a cache: the work's base is one object for as long as it stays the same."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def __hash__(self) -> int:
        return id(self.scenario)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.scenario is self.scenario


@lru_cache(maxsize=32)
def _known(base: _Same, language: Language) -> dict[str, str]:
    scenario = base.scenario
    now = resolved(scenario, scenario.period.start)
    found: dict[str, str] = {}
    for row in evidence_rows([number for number in numbers_of(scenario) if not number.change], [scenario], language):
        with suppress(TrinnError):
            values = look_up(now, row.number.address)
            if all(isinstance(each, int | float | str) for each in values):
                found[row.number.address] = f"{row.subject}: {row.words}"
    return dict(sorted(found.items(), key=lambda item: item[1].casefold()))


def stated(changes: Sequence[str], address: str) -> str | None:
    """What a proposal's single change sets at an address; None where none does, or not with ``=``."""
    for change in reversed(changes):
        if same_address(change, address):
            parsed = parse_change(change)
            return parsed.value if parsed.op in ("=", ":=") else None
    return None
