"""What was read of a workbook, in words: cell by cell what it set, and what was read and not used."""

from __future__ import annotations

from scenarios.schema import Scenario
from scenarios.sheet.words import Language, in_language, say


def shown_back(scenario: Scenario, language: Language) -> tuple[str, ...]:
    """A line for each cell that was filled in; none where the scenario is from no workbook."""
    lines = []
    for entry in scenario.entered:
        parts = {"cell": entry.cell, "what": in_language(entry.what, language), "value": in_language(entry.value, language)}
        if entry.why is None:
            lines.append(say("read_used", language, **parts, to=entry.to))
        else:
            lines.append(say("read_unused", language, **parts, why=in_language(entry.why, language)))
    return tuple(lines)
