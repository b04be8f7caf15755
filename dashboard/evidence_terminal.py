"""`trinn show evidence`: the table of what a result rests on, for a terminal and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.evidence import as_mapping, evidence_groups, exported_evidence, of_scenarios, summary
from dashboard.output import Form, put_console, put_plain, put_rows
from dashboard.texts import Language, chosen, text
from dashboard.whose import staffing_words
from scenarios.errors import one_line
from scenarios.schema import Scenario

if TYPE_CHECKING:
    from rich.console import Console


def put_evidence(scenario: Scenario, form: Form | None, language: Language) -> None:
    """What a result of a scenario rests on, on standard output."""
    found = of_scenarios([scenario])
    if form == "json":
        whose = {"scenario": chosen(scenario.name, language), "whose_staffing": scenario.staffing}
        put_plain({**whose, **as_mapping(found, [scenario], language)}, form)
    elif form == "csv":
        put_rows(exported_evidence(found, [scenario], language), form, language)
    else:
        put_console(lambda console: print_evidence(scenario, console, language), piped_width=160)


def print_evidence(scenario: Scenario, console: Console, language: Language) -> None:
    """The summary, then the numbers by grade, the surest first."""
    from rich.table import Table
    from rich.text import Text

    found = of_scenarios([scenario])
    console.print(Text(text("evidence_title", language, name=chosen(scenario.name, language)), style="bold"))
    console.print(Text(staffing_words([scenario], language), style="bold"))
    console.print(Text(summary(found, language)))
    for group in evidence_groups(found, [scenario], language):
        console.print()
        console.print(Text(group.title, style="bold"))
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), expand=True)
        table.add_column(text("head_key", language), overflow="fold", ratio=4)
        table.add_column(text("evidence_head_value", language), overflow="fold", ratio=2)
        table.add_column(text("head_range", language), overflow="fold", ratio=2)
        table.add_column(text("head_source", language), overflow="fold", ratio=6)
        for row in group.rows:
            words = f"{row.subject}: {row.words}" + (f" ({row.lever})" if row.lever and row.lever != row.subject else "")
            source = " · ".join(part for part in (row.source, row.note) if part)
            cells = (words, row.value, row.range, source)
            table.add_row(*(Text(one_line(cell).replace("\u00a0", " ")) for cell in cells))
        console.print(table)
    if any(number.low is not None for number in found):
        console.print()
        console.print(Text(text("evidence_ranges", language)))
