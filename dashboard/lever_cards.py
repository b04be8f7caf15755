"""The levers of the library as cards: found by group and words, with what each is, rests on, costs and presupposes here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import get_args

from dashboard.lever_page import cost_words
from dashboard.proposing import lever_word
from dashboard.texts import Language, chosen, text
from dashboard.work import Work, base_of, proposed
from scenarios.errors import TrinnError
from scenarios.levers import Lever, Table, Wanted, apply, levers
from scenarios.presupposed import lacking
from scenarios.schema import Scenario
from scenarios.sources import told

GROUPS: tuple[str, ...] = get_args(Table)
"""The groups of arrangements, in the library's order."""


@dataclass(frozen=True)
class Card:
    """A lever as it is read."""

    name: str
    title: str
    group: str
    grade: str
    about: str
    mechanism: str
    suits: str
    sources: tuple[str, ...]
    costs: tuple[str, ...]
    kinds: dict[str, str]
    """What each variant is called, by its name."""


def cards(language: Language, group: str = "", search: str = "") -> tuple[Card, ...]:
    """The levers of a group, or of all, that hold every word of a search; in the library's order of groups, then by title."""
    words = search.casefold().split()
    found = [
        card
        for card in _cards(language)
        if (not group or card.group == group) and all(word in _searched(card) for word in words)
    ]
    return tuple(found)


@lru_cache(maxsize=4)
def _cards(language: Language) -> tuple[Card, ...]:
    found = [card_of(name, lever, language) for name, lever in levers().items()]
    return tuple(
        sorted(found, key=lambda card: (GROUPS.index(card.group) if card.group else len(GROUPS), card.title.casefold()))
    )


def card_of(name: str, lever: Lever, language: Language) -> Card:
    """One lever as it is read."""
    return Card(
        name=name,
        title=chosen(lever.name, language),
        group=lever.table or "",
        grade=text(f"grade_{lever.grade}", language),
        about=chosen(lever.about, language),
        mechanism=chosen(lever.mechanism, language) if lever.mechanism else "",
        suits=chosen(lever.suits, language) if lever.suits else "",
        sources=tuple(told(source) for source in lever.source),
        costs=tuple(cost_words(cost, language) for cost in lever.costs),
        kinds={kind: chosen(content.name, language) for kind, content in lever.kinds.items()},
    )


def _searched(card: Card) -> str:
    return " ".join((card.name, card.title, card.about, card.mechanism, card.suits, *card.costs)).casefold()


def on_today(scenario: Scenario) -> frozenset[str]:
    """The levers that are on where nothing is proposed."""
    return frozenset(change.lever.partition(":")[0] for change in scenario.changes if change.lever)


def first_wanted(name: str) -> Wanted:
    """A lever as it is first put on: all of it from today; another organisation from the beginning."""
    lever = levers()[name]
    return Wanted(name, lever, since="beginning" if lever.table == "organisation" else "start")


def lacks(work: Work, changes: Sequence[str], name: str, language: Language) -> tuple[str, ...]:
    """What a lever presupposes and this place lacks, or nobody can see in a model.

    Args:
        work: what is on the table.
        changes: of the proposal, with the lever or without it.
        name: of the lever.
        language: ``nb`` or ``en``.
    """
    base = base_of(work)
    word = lever_word(first_wanted(name))
    for stack in ((*changes, word), (word,)):
        try:
            scenario = apply(base, *dict.fromkeys(stack))
        except TrinnError:
            continue
        return tuple(chosen(each.say, language) for each in lacking(scenario) if each.lever == name)
    return tuple(chosen(each.say, language) for each in levers()[name].presupposes)


def lacks_of(work: Work, index: int, language: Language) -> dict[str, tuple[str, ...]]:
    """The same of every lever that a proposal has on, by name."""
    found: dict[str, tuple[str, ...]] = {}
    for each in lacking(proposed(work, work.proposals[index])):
        found[each.lever] = (*found.get(each.lever, ()), chosen(each.say, language))
    return found


def moments(work: Work, here: date | str) -> tuple[date | str, ...]:
    """From when a lever may act: the beginning, today, each quarter of the period after it, and what is set already."""
    period = base_of(work).period
    end = period.start + timedelta(seconds=period.length)
    found: list[date | str] = ["beginning", "start"]
    for year in range(period.start.year, end.year + 1):
        found += [day for month in (1, 4, 7, 10) if period.start < (day := date(year, month, 1)) < end]
    return tuple(found if here in found else [*found, here])
