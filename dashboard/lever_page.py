"""`trinn show lever capa`: one lever as people read it; and which levers a scenario has on, since when and why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from dashboard import numbers
from dashboard.evidence import evidence_rows, shown_value
from dashboard.texts import Language, chosen, date_text, joined, sentence, text
from scenarios.changes import when
from scenarios.described import PutOn, preset_of
from scenarios.errors import TrinnError, one_line
from scenarios.evidence import numbers as numbers_of
from scenarios.levers import Cost, Lever, LeverChange, apply, levers
from scenarios.load import load
from scenarios.naming import named, services_that
from scenarios.schema import Scenario
from scenarios.sources import ids, told
from scenarios.units import format_duration

if TYPE_CHECKING:
    from rich.console import Console

LADDER = "etnedal"
"""Any place will do: the services that a lever chooses by step or role are named as the national ladder names them."""
EXAMPLE = "3413"


@dataclass(frozen=True)
class LeverNumber:
    """One number that a lever sets, as it is read."""

    words: str
    value: str
    range: str
    grade: str
    sources: tuple[str, ...]
    """Ids of the library's sources, or words."""
    note: str
    learned: bool
    change: str


@dataclass(frozen=True)
class OnNow:
    """A lever that a scenario has on."""

    lever: str
    since: str
    words: str


@cache
def _ladder() -> Scenario:
    return load(LADDER)


def lever_numbers(asked: str, lever: Lever, language: Language, kind: str = "") -> tuple[LeverNumber, ...]:
    """The numbers that a lever sets, those of what it adds to the ladder first.

    Args:
        asked: the lever as it is asked for, by name or path.
        lever: the same.
        language: ``nb`` or ``en``.
        kind: of a kind's own changes only; empty for what all kinds do.

    Raises:
        TrinnError: when it does not fit the national ladder.
    """
    scenario = apply(_ladder(), f"{asked}:{kind}@beginning" if kind else f"{asked}@beginning")
    changes: Sequence[LeverChange] = lever.kinds[kind].changes if kind else lever.changes
    of_change = {change.set: change for change in changes}
    wanted = [
        replace(number, address=_as_named(number.address))
        for number in numbers_of(scenario)
        if number.lever and (number.change in of_change or not (number.change or kind or number.address not in lever.evidence))
    ]
    return tuple(
        LeverNumber(
            words=f"{row.subject}: {row.words}",
            value=row.value,
            range=row.range,
            grade=row.grade,
            sources=ids(row.number.source),
            note=row.note,
            learned=of_change[row.number.change].learned if row.number.change else False,
            change=row.number.change,
        )
        for row in evidence_rows(wanted, [scenario], language)
    )


def _as_named(address: str) -> str:
    """An address with the service of the national ladder in place of a role or step that only one service has."""
    for selector in dict.fromkeys(re.findall(r"(?:role|step):\w+", address)):
        services = services_that(_ladder(), selector)
        address = address.replace(selector, services[0]) if len(services) == 1 else address
    return address


def cost_words(cost: Cost, language: Language) -> str:
    """``Helseforetaket: 2,5 timer per første samtale (samtale, notat og telefon)``."""
    amounts = []
    if cost.fte is not None:
        number, _, per = str(cost.fte).partition("/")
        key = "lever_cost_fte_1000" if per else "lever_cost_fte"
        amounts.append(text(key, language, number=shown_value(float(number), language)))
    if cost.hours is not None:
        amounts.append(text("lever_cost_hours", language, number=shown_value(cost.hours, language)))
    if cost.kroner is not None:
        amounts.append(text("lever_cost_kroner", language, number=numbers.decimal(cost.kroner, language)))
    amount = joined(amounts, language)
    if cost.per is not None:
        amount = text("lever_cost_per", language, amount=amount, per=chosen(cost.per, language))
    pool = f" · {_pool_words(cost.pool, language)}" if cost.pool else ""
    what = f"{amount} ({chosen(cost.what, language)})" if amount else chosen(cost.what, language)
    payer = sentence(text(f"payer_{cost.payer}", language))
    return text("lever_cost_line", language, payer=payer, what=what + pool)


def _pool_words(pool: str, language: Language) -> str:
    """``BUP, behandler`` for ``role:specialist.clinician``, as the national ladder names them."""
    name = pool
    with suppress(TrinnError):
        name = str(named(_ladder(), pool) or pool)
    service, _, post = name.partition(".")
    known = _ladder().services.get(service)
    if known is None:
        return name.replace("_", " ")
    words = chosen(known.name, language) if known.name else service
    found = known.staff.get(post)
    return words if not post else f"{words}, {chosen(found.name, language) if found and found.name else post}"


def on_now(scenario: Scenario, source: str, language: Language) -> tuple[OnNow, ...]:
    """The levers that a scenario has on, in order, since when, and why where its preset says so.

    Args:
        scenario: as it was loaded.
        source: the name it was loaded by.
        language: ``nb`` or ``en``.
    """
    preset = preset_of(source)
    why: Mapping[str, PutOn] = {item.name: item for item in preset.levers} if preset else {}
    found = []
    for label in dict.fromkeys(change.lever for change in scenario.changes if change.lever):
        name = label.partition(":")[0]
        lever = levers().get(name)
        since = _since([when(change, scenario) for change in scenario.changes if change.lever == label], scenario, language)
        on = text("lever_on", language, name=chosen(lever.name, language) if lever else name, lever=label, since=since)
        item = why.get(name)
        if item is not None and item.why is not None:
            on = text("lever_on_why", language, on=on, why=chosen(item.why, language))
        if item is not None and item.source:
            on = text("lever_on_source", language, on=on, source="; ".join(told(each) for each in item.source))
        found.append(OnNow(label, since, on))
    return tuple(found)


def _since(days: Sequence[date], scenario: Scenario, language: Language) -> str:
    first = min(days)
    if first == date.min:
        return text("since_beginning", language)
    if first == scenario.period.start:
        return text("since_start", language)
    return text("since_date", language, date=date_text(first, language))


def print_lever(asked: str, name: str, lever: Lever, console: Console, language: Language) -> None:
    """The page of one lever.

    Args:
        asked: the lever as it is asked for, by name or path.
        name: what it is called.
        lever: the same.
        console: where to.
        language: ``nb`` or ``en``.
    """
    from rich.padding import Padding
    from rich.text import Text

    def say(words: str, style: str = "", indent: int = 0) -> None:
        console.print(Padding(Text(one_line(words).replace("\u00a0", " "), style=style), (0, 0, 0, indent)))

    def head(key: str) -> None:
        console.print()
        say(text(key, language), "bold")

    say(f"{chosen(lever.name, language)} ({name})", "bold")
    if lever.table:
        say(text(f"lever_table_{lever.table}", language))
    say(text("lever_grade", language, grade=text(f"grade_{lever.grade}", language)))
    console.print()
    say(chosen(lever.about, language))
    for key, label in (("lever_mechanism", lever.mechanism), ("lever_suits", lever.suits)):
        if label:
            head(key)
            say(chosen(label, language))
    if lever.presupposes:
        head("lever_presupposes")
        for needed in lever.presupposes:
            say(f"- {chosen(needed.say, language)}")
    head("lever_costs")
    for cost in lever.costs:
        say(f"- {cost_words(cost, language)}")
    if not lever.costs:
        say(text("lever_costs_nothing", language))
    head("lever_numbers")
    time = shown_value(format_duration(lever.learning), language)
    say(text("lever_learning", language, time=time) if lever.learning else text("lever_at_once", language))
    cited = _print_changes(asked, lever, console, language)
    head("lever_sources")
    for number, source in enumerate(cited, start=1):
        say(f"[{number}] {told(source)}")
    head("lever_how")
    for command, key in ways_to_put_on(asked, lever):
        say(f"{command}   # {text(key, language)}")


def ways_to_put_on(asked: str, lever: Lever) -> tuple[tuple[str, str], ...]:
    """Commands that put a lever on, each with the key of what it means."""
    start = f"trinn compare {EXAMPLE} --with"
    if lever.table == "organisation":
        return ((f"{start} {asked}@beginning", "lever_how_beginning"),)
    kinds = [(f"{start} {asked}:{kind}", "lever_how_kind") for kind in list(lever.kinds)[1:2]]
    return (
        (f"{start} {asked}", "lever_how_today"),
        *kinds,
        (f'{start} "{asked}*0.5"', "lever_how_part"),
        (f"{start} {asked}@2028-01-01", "lever_how_date"),
        (f"{start} {asked}@beginning", "lever_how_beginning"),
    )


def _print_changes(asked: str, lever: Lever, console: Console, language: Language) -> tuple[str, ...]:
    """What a lever changes: its numbers in a table, those of each kind under it, then what is no number.

    Returns the sources in the order of the numbers they are cited by.
    """
    from rich.text import Text

    try:
        found = {kind: lever_numbers(asked, lever, language, kind) for kind in ("", *lever.kinds)}
    except TrinnError:
        found = {}
        console.print(Text(text("lever_no_ladder", language)))
    added = [_called(name, piece, language) for section in lever.adds.values() for name, piece in section.items()]
    if added:
        console.print(Text(text("lever_adds", language, names=joined(added, language))))
    cited = tuple(
        dict.fromkeys([*lever.source, *(source for rows in found.values() for row in rows for source in row.sources)])
    )
    _print_table(found.get("", ()), cited, console, language)
    for kind, content in lever.kinds.items():
        console.print(Text(text("lever_kind", language, kind=kind, name=chosen(content.name, language)), style="italic"))
        _print_table(found.get(kind, ()), cited, console, language)
    told_of = {number.change for rows in found.values() for number in rows}
    every = [*lever.changes, *(change for content in lever.kinds.values() for change in content.changes)]
    rest = [change for change in every if change.set not in told_of]
    if rest:
        console.print(Text(text("lever_other", language), style="italic"))
        for change in rest:
            console.print(Text(one_line(change.set)))
    return cited


def _called(name: str, piece: Mapping[str, object], language: Language) -> str:
    label = piece.get("name")
    return str(label[language]) if isinstance(label, Mapping) else str(label or name)


def _print_table(rows: Sequence[LeverNumber], cited: Sequence[str], console: Console, language: Language) -> None:
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), expand=True)
    for head, ratio in (("head_key", 5), ("evidence_head_value", 3), ("head_range", 3), ("head_grade", 2), ("head_source", 6)):
        table.add_column(text(head, language), overflow="fold", ratio=ratio)
    for row in rows:
        marks = "".join(f"[{cited.index(source) + 1}]" for source in row.sources)
        note = f"{marks} {row.note}".strip()
        cells = (row.words + (" *" if row.learned else ""), row.value, row.range, row.grade, note)
        table.add_row(*(Text(one_line(cell).replace("\u00a0", " ")) for cell in cells))
    console.print(table)
