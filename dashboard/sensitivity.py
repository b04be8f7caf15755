"""What a difference depends on, as it is read: for a terminal, and for programs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from math import isnan
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard import numbers
from dashboard.evidence import at_words, lever_words, named, range_words, shown_value
from dashboard.output import Form, put_console, put_plain, put_text
from dashboard.tables import service_name
from dashboard.texts import Language, chosen, text
from dashboard.whose import staffing_words
from scenarios.errors import one_line
from scenarios.evidence import Number
from scenarios.schema import Scenario
from sim.experiments.sensitivity import Influence, Sensitivity, Turning, measure_of, spelled_key
from sim.experiments.sensitivity_points import Key

if TYPE_CHECKING:
    from rich.console import Console

MOST_NAMED = 6
"""Numbers that are left out are named up to so many; all stand in the JSON."""


def put_sensitivity(found: Sensitivity, form: Form | None, language: Language) -> None:
    """What a difference depends on, on standard output."""
    if form == "json":
        put_plain(exported_sensitivity(found, language), form)
    elif form == "csv":
        put_text(found.table.to_csv(index=False, lineterminator="\n"))
    else:
        put_console(lambda console: print_sensitivity(found, console, language), piped_width=140)


def print_sensitivity(found: Sensitivity, console: Console, language: Language) -> None:
    """Print the ranking of each measure, what turns the conclusion round, and what was not moved."""
    from rich.text import Text

    def say(words: str, style: str = "") -> None:
        console.print(Text(one_line(words.replace("\u00a0", " ")), style=style))

    base, proposal = found.names
    say(text("sensitivity_title", language, base=base, proposal=proposal), "bold")
    say(staffing_words((found.base, found.proposal), language), "bold")
    say(text("sensitivity_now", language, verdict=verdict_word(found.verdict, language)))
    say(text("sensitivity_about", language, moved=len(found.moved), base=base, proposal=proposal))
    for place, key in enumerate(found.measures):
        console.print()
        say(measure_line(found, place, language), "bold")
        _table(found, found.of(key), console, language)
        fit = next((fit for fit in found.fits if fit.measure == key), None)
        if fit is not None:
            shares = {"explained": numbers.percent(fit.explained, language), "noise": numbers.percent(fit.noise, language)}
            say(text("sensitivity_fit", language, **shares))
        if unsure := [each for each in found.of(key) if each.rank is None]:
            say(text("sensitivity_noise", language, number=len(unsure)))
    console.print()
    say(text("sensitivity_turn_title", language), "bold")
    for line in turning_lines(found, language):
        say(line)
    console.print()
    for line in left_out_lines(found, language):
        say(line)
    say(text("sensitivity_heads", language))
    say(work_line(found, language))
    say(text("limit_forecast", language))


def work_line(found: Sensitivity, language: Language) -> str:
    """How much was run."""
    how = found.settings
    return text(
        "sensitivity_work",
        language,
        walks=how.walks,
        each=how.replications,
        points=how.points,
        futures=how.futures,
        seed=found.seed,
    )


def verdict_word(word: str, language: Language) -> str:
    """A verdict in a few words."""
    return text(f"verdict_{word}", language)


def measure_line(found: Sensitivity, place: int, language: Language) -> str:
    """A measure as the numbers stand: from what to what."""
    key = found.measures[place]
    unit = measure_of(key).unit
    old, new = (numbers.shown(value, unit, language) for value in found.means[place])
    interval = found.differences[place]
    difference = text("not_measured", language) if isnan(interval.mean) else amount(interval.mean, unit, language, signed=True)
    words = measure_words(found.base, key, language)
    unit_words = numbers.unit_name(unit, language)
    return text("sensitivity_measure", language, measure=words, unit=unit_words, old=old, new=new, difference=difference)


def measure_words(scenario: Scenario, key: tuple[str, str, str, str], language: Language) -> str:
    """What a measure is called, with its service."""
    label = chosen(measure_of(key).label, language)
    return f"{service_name(scenario, key[1], language)}: {label}" if key[1] else label


def amount(value: float, unit: str, language: Language, signed: bool = False) -> str:
    """A size with two figures, in the unit of the reader: shares in per cent."""
    size = abs(value) * (100 if unit == "share" else 1)
    words = numbers.decimal(float(f"{size:.2g}") if size >= 0.01 else 0.0, language)
    sign = "" if not signed or words == "0" else "+" if value > 0 else numbers.MINUS
    return sign + words


def number_words(number: Number, scenario: Scenario, language: Language) -> str:
    """What a number is, in words: ``BUP: psykolog: årsverk``, with the lever that it is of."""
    subject, words = named(number, [scenario], language)
    lever = lever_words(number.lever, language)
    return f"{subject}: {words}" + (f" ({lever})" if lever and lever != subject else "")


def now_words(number: Number, language: Language) -> str:
    """Where a number stands."""
    if number.factor:
        return at_words(number, 1.0, language)
    return at_words(number, number.values[0], language)


def _table(found: Sensitivity, influences: Sequence[Influence], console: Console, language: Language) -> None:
    from rich.table import Table
    from rich.text import Text

    ranked = [each for each in influences if each.rank is not None]
    if not ranked:
        console.print(Text(text("sensitivity_no_rank", language)))
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    shown = ranking(found, influences[0].measure, language)
    for number, head in enumerate(shown.columns):
        if number == 1:
            table.add_column(head, overflow="fold", ratio=1)
        else:
            table.add_column(head, justify="right")
    for cells in shown.itertuples(index=False, name=None):
        table.add_row(*(Text(cell.replace("\u00a0", " ")) for cell in cells))
    console.print(table)


def ranking(found: Sensitivity, measure: Key, language: Language) -> pd.DataFrame:
    """The numbers that can be told from noise, the one that moves the difference most first."""
    heads = ["sensitivity_head_rank", "head_key", "sensitivity_head_now", "head_range"]
    heads += ("sensitivity_head_effect", "sensitivity_head_size", "sensitivity_head_first", "sensitivity_head_total")
    rows = []
    for each in (each for each in found.of(measure) if each.rank is not None):
        unit, effect = measure_of(each.measure).unit, each.effect
        moved = text(
            "sensitivity_plus_minus",
            language,
            number=amount(effect.mean, unit, language, signed=True),
            error=amount(effect.error, unit, language),
        )
        rows.append(
            (
                str(each.rank),
                number_words(each.number, found.proposal, language),
                now_words(each.number, language),
                range_words(each.number, language),
                moved,
                amount(effect.size, unit, language),
                _share(None if each.index is None else (each.index.first, each.index.first_error), language),
                _share(None if each.index is None else (each.index.total, each.index.total_error), language),
            )
        )
    return pd.DataFrame(rows, columns=[text(head, language) for head in heads])


def _share(share: tuple[float, float] | None, language: Language) -> str:
    if share is None:
        return text("nothing", language)
    number, error = (numbers.whole(max(0.0, part) * 100, language) for part in share)
    return text("percent", language, number=text("sensitivity_plus_minus", language, number=number, error=error))


def turning_lines(found: Sensitivity, language: Language) -> list[str]:
    """Which numbers turn the conclusion round, and where."""
    if not found.searched:
        return [text("sensitivity_no_rank", language)]
    lines = [_turning_line(found, turning, language) for turning in found.turnings]
    lines = lines or [text("sensitivity_turn_none", language, number=len(found.searched))]
    return [*lines, text("sensitivity_turn_note", language, futures=found.settings.futures)]


def _turning_line(found: Sensitivity, turning: Turning, language: Language) -> str:
    number = turning.number
    low, high = (at_words(number, end, language) for end in turning.between)
    values: dict[str, object] = {
        "number": number_words(number, found.proposal, language),
        "value": at_words(number, turning.value, language),
        "low": low,
        "high": high,
        "now": now_words(number, language),
    }
    if turning.measure is not None:
        return text("sensitivity_turn_sign", language, **values, measure=measure_words(found.base, turning.measure, language))
    before, after = (verdict_word(word, language) for word in (turning.before, turning.after))
    return text("sensitivity_turn_verdict", language, **values, before=before, after=after)


def left_out_lines(found: Sensitivity, language: Language) -> list[str]:
    """What was not moved, and why; and what had to be cut."""
    lines = []
    if found.left_out:
        lines.append(text("sensitivity_left_out", language, number=len(found.left_out)))
    for why in ("unused", "no_range", "unlike"):
        which = [number_words(each.number, found.proposal, language) for each in found.left_out if each.why == why]
        if which:
            more = [f"… (+{len(which) - MOST_NAMED})"] if len(which) > MOST_NAMED else []
            lines.append(text(f"sensitivity_why_{why}", language, numbers=", ".join([*which[:MOST_NAMED], *more])))
    if found.cuts:
        lines.append(text("sensitivity_cuts", language))
    for cut in found.cuts[:MOST_NAMED]:
        wanted = shown_value(cut.wanted, language)
        got = text("sensitivity_cut_nothing", language) if cut.got is None else shown_value(cut.got, language)
        lines.append(text("sensitivity_cut", language, number=cut.key, address=cut.address, wanted=wanted, got=got))
    return lines


def exported_sensitivity(found: Sensitivity, language: Language) -> dict[str, Any]:
    """All of it for programs. Missing is None; shares are from 0 to 1."""
    measures = [
        {
            "measure": spelled_key(key),
            "label": measure_words(found.base, key, language),
            "unit": measure_of(key).unit,
            "base_mean": _known(found.means[place][0]),
            "mean": _known(found.means[place][1]),
            "difference": _known(found.differences[place].mean),
            "low": _known(found.differences[place].low),
            "high": _known(found.differences[place].high),
        }
        for place, key in enumerate(found.measures)
    ]
    fits = {spelled_key(fit.measure): {"explained": fit.explained, "noise": fit.noise} for fit in found.fits}
    table = found.table.astype(object)
    turnings = [
        {
            "number": turning.number.key,
            "measure": None if turning.measure is None else spelled_key(turning.measure),
            "value": turning.value,
            "between": list(turning.between),
            "before": turning.before,
            "after": turning.after,
            "words": _turning_line(found, turning, language),
        }
        for turning in found.turnings
    ]
    return {
        "base": found.names[0],
        "proposal": found.names[1],
        "whose_staffing": found.base.staffing,
        "verdict": found.verdict,
        "measures": measures,
        "fits": fits,
        "numbers": table.where(table.notna(), None).to_dict("records"),
        "turnings": turnings,
        "left_out": [{"number": each.number.key, "why": each.why} for each in found.left_out],
        "cuts": [asdict(cut) for cut in found.cuts],
        "settings": asdict(found.settings),
        "seed": found.seed,
        "version": found.version,
    }


def _known(value: float | None) -> float | None:
    return None if value is None or isnan(value) else value


@contextmanager
def parts_bar(language: Language) -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar on the terminal for each part of the work; nothing where standard error is not one."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def said(part: str, done: int, total: int) -> None:
            if part not in tasks:
                tasks[part] = bar.add_task(text(f"sensitivity_part_{part}", language), total=total)
            bar.update(tasks[part], completed=done, total=total)

        yield said
