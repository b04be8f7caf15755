"""How much each step needs, as it is read: for a terminal, and for programs."""

from __future__ import annotations

from dataclasses import asdict
from math import isnan
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard import numbers
from dashboard.output import Form, put_console, put_plain, put_rows
from dashboard.tables import service_name
from dashboard.texts import Language, chosen, joined, text
from dashboard.whose import staffing_words
from scenarios.errors import one_line
from sim.experiments.required import Needed, Required
from sim.experiments.sizing import CONFIRM, Reached

if TYPE_CHECKING:
    from rich.console import Console

_HEADS = ("service", "now", "need", "more", "range")


def put_required(found: Required, form: Form | None, language: Language) -> None:
    """The answer on standard output."""
    if form == "json":
        put_plain(exported_required(found, language), form)
    elif form == "csv":
        put_rows(exported_required(found, language)["needed"], form, language)
    else:
        put_console(lambda console: print_required(found, console, language))


def exported_required(found: Required, language: Language) -> dict[str, Any]:
    """The answer for programs."""
    return {
        "place": chosen(found.scenario.name, language),
        "whose_staffing": found.scenario.staffing,
        "confidence": found.confidence,
        "unit": found.unit,
        "seed": found.seed,
        "enough": found.enough,
        "needed": [
            {
                "service": each.post.service,
                "pool": each.post.pool,
                "now": each.post.now,
                "needed": each.units,
                "more": round(each.more, 2),
                "low": each.low,
                "high": each.high,
                "one_less_fails": found.fails_with_less.get(each.post.service),
            }
            for each in found.needed
        ],
        "today": [_plain(each) for each in found.today],
        "reached": [_plain(each) for each in found.reached],
        "bottlenecks": [
            {"target": each.target.text, "best": each.best, "elsewhere": list(each.elsewhere)} for each in found.bottlenecks
        ],
        "kroner_a_year": {payer or "": cost for payer, cost in found.cost.items()},
        "range_from": [number.key for number in found.moved_by],
    }


def _plain(each: Reached) -> dict[str, Any]:
    values = asdict(each)
    return {
        "target": each.target.text,
        "mean": None if isnan(values["mean"]) else each.mean,
        "bound": None if isnan(values["bound"]) else each.bound,
        "met": each.met,
    }


def print_required(found: Required, console: Console, language: Language) -> None:
    """Print what each service needs, how sure it is, what it costs, and what no posts can do."""
    from rich.table import Table
    from rich.text import Text

    def say(words: str, style: str = "") -> None:
        console.print(Text(one_line(words.replace("\u00a0", " ")), style=style))

    say(text("required_title", language, place=chosen(found.scenario.name, language)), "bold")
    say(staffing_words((found.scenario,), language), "bold")
    say(text("required_level", language))
    console.print()
    table = Table(box=None, pad_edge=False)
    for number, head in enumerate((text("required_targets", language), *_target_heads(language), "")):
        table.add_column(head, justify="right" if number in (1, 2) else "left")
    for cells in target_rows(found, language):
        table.add_row(*(Text(one_line(cell.replace("\u00a0", " "))) for cell in cells))
    console.print(table)
    for line in stuck_lines(found, language):
        say(line)
    if found.needed:
        console.print()
        _table(found, console, language)
        for line in about_lines(found, language):
            say(line)
    say(text("not_forecast_short", language))


def _target_heads(language: Language) -> tuple[str, ...]:
    return tuple(text(f"required_{word}", language) for word in ("today", "then"))


def target_table(found: Required, language: Language) -> pd.DataFrame:
    """The targets, today and with what is needed."""
    heads = (text("required_targets", language), *_target_heads(language), text("required_head_met", language))
    return pd.DataFrame(target_rows(found, language), columns=list(heads))


def target_rows(found: Required, language: Language) -> list[tuple[str, ...]]:
    """Target, today, with what is needed, and whether that holds."""
    then = {each.target: each for each in found.reached}
    rows: list[tuple[str, ...]] = []
    for each in found.today:
        last = then.get(each.target)
        met = text("required_met" if last is not None and last.met else "required_unmet", language)
        rows.append((each.target.text, _value(each, language), _value(last, language) if last else "–", met))
    return rows


def stuck_lines(found: Required, language: Language) -> list[str]:
    """What no amount of posts can do, and what stops it."""
    lines = []
    for stuck in found.bottlenecks:
        best = numbers.with_unit(stuck.best, stuck.target.unit, language)
        lines.append(text("required_stuck", language, target=stuck.target.text, best=best))
        names = [_whose(found, name, language) for name in stuck.elsewhere]
        words = text("required_elsewhere", language, services=joined(names, language)) if names else ""
        lines.append(words or text("required_not_posts", language))
    return lines


def needed_table(found: Required, language: Language) -> pd.DataFrame:
    """What each service has and needs, with the range from the assumptions."""
    rows = [(_name(found, each, language), *_numbers(each, language)) for each in found.needed]
    return pd.DataFrame(rows, columns=[text(f"required_{head}", language) for head in _HEADS])


def _whose(found: Required, name: str, language: Language) -> str:
    """A service, or a pool of one."""
    service, _, pool = name.partition(".")
    words = service_name(found.scenario, service, language)
    label = found.scenario.services[service].staff[pool].name if pool else None
    return f"{words}, {chosen(label, language) if label else pool}" if pool else words


def _value(each: Reached, language: Language) -> str:
    return "–" if isnan(each.mean) else numbers.with_unit(each.mean, each.target.unit, language)


def _table(found: Required, console: Console, language: Language) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for number, word in enumerate(_HEADS):
        table.add_column(text(f"required_{word}", language), justify="right" if number else "left")
    for cells in needed_table(found, language).itertuples(index=False, name=None):
        table.add_row(*(Text(one_line(cell.replace("\u00a0", " "))) for cell in cells))
    console.print(table)


def _name(found: Required, each: Needed, language: Language) -> str:
    name = service_name(found.scenario, each.post.service, language)
    if not each.post.pool:
        return f"{name} ({text('required_places', language)})"
    pool = found.scenario.services[each.post.service].staff[each.post.pool].name
    return f"{name}, {chosen(pool, language) if pool else each.post.pool} ({text('required_posts', language)})"


def _numbers(each: Needed, language: Language) -> tuple[str, ...]:
    def one(value: float) -> str:
        return numbers.decimal(round(value, 2), language)

    more = f"{'+' if each.more > 0 else '−' if each.more < 0 else ''}{one(abs(each.more))}"
    ends = [text("required_no_end", language) if end is None else one(end) for end in (each.low, each.high)]
    span = text("range", language, low=ends[0], high=ends[1]) if ends[0] != ends[1] else ends[0]
    return one(each.post.now), one(each.units), more, span


def about_lines(found: Required, language: Language) -> list[str]:
    """How sure the answer is, what its range is made of, what it costs and whose it is."""
    lines = []
    sure = [service_name(found.scenario, name, language) for name, fails in found.fails_with_less.items() if fails]
    share = numbers.percent(found.confidence, language)
    services = joined(sure, language) or "–"
    lines.append(text("required_confidence", language, share=share, number=CONFIRM, services=services))
    if found.moved_by:
        lines.append(text("required_moved", language, numbers=joined([number.key for number in found.moved_by], language)))
    parts = []
    for payer, cost in found.cost.items():
        who = text(f"payer_{payer or 'none'}", language)
        if cost is None:
            parts.append(text("required_cost_unknown", language, payer=who))
        else:
            parts.append(text("required_cost_part", language, amount=numbers.whole(round(cost, -3), language), payer=who))
    lines.append(
        text("required_cost", language, parts=joined(parts, language)) if parts else text("required_cost_none", language)
    )
    shared = [each.post.service for each in found.needed if found.scenario.services[each.post.service].shared]
    if shared and len(found.scenario.areas) > 1:
        names = joined([service_name(found.scenario, name, language) for name in shared], language)
        lines.append(text("required_shared", language, services=names))
    if any(each.more < 0 for each in found.needed):
        lines.append(text("required_spare", language))
    return lines
