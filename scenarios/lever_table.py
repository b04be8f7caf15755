"""`docs/levers.md`: every lever of the library in a table, made from the levers themselves and from the tests of direction.

``python -m scenarios.lever_table`` prints it, ``--write`` writes it.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from scenarios.levers import Cost, Lever, LeverChange, Table, levers
from scenarios.sources import ids, sources
from scenarios.units import format_duration

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "levers.md"
TESTS = ROOT / "tests"
TITLES: dict[str, str] = {
    "doors": "Doors and low-threshold services (yellow)",
    "municipal": "Municipal treatment (orange)",
    "between": "Between municipality and BUP",
    "coordination": "Coordination",
    "long_lasting": "Long-lasting and severe (dark red), and acute",
    "before": "Before need arises (green), and outside",
    "organisation": "Organisation: where to start from",
}
INTRODUCTION = """# Levers

Every arrangement that the documents describe, as the library has it (`scenarios/library/levers/`). This page is made from
the levers by `python -m scenarios.lever_table --write`, and a test holds it to them. `trinn show lever capa` tells one of
them in words, in Norwegian or English.

**Numbers** are changes as scenarios write them; `*` marks those that come in four steps over the time it takes to learn.
After each stand its grade, the range that sensitivity analysis tries (of the value as it is written; after × of a factor)
and its source. Grades: published (statistics or research), stated (one informant or one organisation says it), calibrated,
assumed. **Direction** is what a test holds the lever to on a scenario where theory is clear
([tests/test_levers.py](../tests/test_levers.py)): the measure that must go up (↑) or down (↓) beyond chance, and why. Other
tests see to it that no lever touches an outcome, and that at no intensity each of them changes nothing. Most figures are
from before the changes of 2023: each source below has its year.
"""


def page(cases: Sequence[Any]) -> str:
    """The whole page.

    Args:
        cases: the tests of direction, with ``lever``, ``measure``, ``way`` and ``why``.
    """
    by_lever: dict[str, list[Any]] = {}
    for case in cases:
        by_lever.setdefault(case.lever.partition("@")[0].partition(":")[0], []).append(case)
    parts = [INTRODUCTION]
    cited: dict[str, None] = {}
    for table in get_args(Table):
        found = {name: lever for name, lever in levers().items() if lever.table == table}
        if found:
            parts.append(_table(TITLES[table], found, by_lever))
            cited |= dict.fromkeys(source for lever in found.values() for source in _sources(lever))
    parts.append(_cited(cited))
    return "\n".join(parts)


def _table(title: str, found: Mapping[str, Lever], cases: Mapping[str, Sequence[Any]]) -> str:
    head = "| lever | mechanism | numbers | costs, and who pays | presupposes | direction | source |"
    rows = [_row(name, lever, cases.get(name, ())) for name, lever in found.items()]
    return "\n".join([f"## {title}", "", head, "|" + "---|" * 7, *rows, ""])


def _row(name: str, lever: Lever, cases: Sequence[Any]) -> str:
    learning = f"<br>takes {format_duration(lever.learning)} to learn" if lever.learning else ""
    suits = f"<br>suits: {lever.suits.en}" if lever.suits else ""
    cells = (
        f"`{name}`<br>{lever.name.en}<br>**{lever.grade}**{learning}{suits}",
        lever.mechanism.en if lever.mechanism else "",
        _lines(_numbers(lever)),
        _lines(map(_cost, lever.costs)) or "nothing in the model",
        _lines(needed.say.en for needed in lever.presupposes),
        _lines(map(_direction, cases)) or "none",
        ", ".join(f"`{source}`" for source in lever.source),
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _lines(parts: Iterable[str]) -> str:
    return "<br>".join(parts)


def _numbers(lever: Lever) -> list[str]:
    found = [_change(change) for change in lever.changes]
    for name, kind in lever.kinds.items():
        found += [f"*kind `{name}`* ({kind.name.en}):", *(_change(change) for change in kind.changes)]
    for section, things in lever.adds.items():
        for name, piece in things.items():
            like = f" like `{piece['like']}`" if "like" in piece else ""
            found.append(f"adds `{section}.{name}`{like}")
    for address, item in lever.evidence.items():
        found.append(f"`{address}` {_rests(item.grade, item.low, item.high, item.source, item.factor)}")
    return found


def _change(change: LeverChange) -> str:
    learned = " \\*" if change.learned else ""
    since = f" from `{change.since}`" if change.since != "start" else ""
    rests = f" {_rests(change.grade, change.low, change.high, change.source)}" if change.grade else ""
    return f"`{change.set}`{learned}{since}{rests}"


def _rests(grade: str, low: float | str | None, high: float | str | None, source: str, factor: bool = False) -> str:
    """``assumed 0.5 to 1 (balanced_set)``."""
    span = "" if low is None else f" {'× ' if factor else ''}{_plain(low)} to {_plain(high)}"
    return f"{grade}{span}" + (f" ({source})" if source else "")


def _plain(value: float | str | None) -> str:
    return f"{value:g}" if isinstance(value, float | int) else str(value)


def _cost(cost: Cost) -> str:
    amounts = [f"{cost.fte} FTE"] if cost.fte is not None else []
    amounts += [f"{_plain(cost.hours)} hours"] if cost.hours is not None else []
    amounts += [f"{_plain(cost.kroner)} kroner a year"] if cost.kroner is not None else []
    amount = " and ".join(amounts) + (f" per {cost.per.en}" if cost.per and amounts else "")
    pool = f" `{cost.pool}`" if cost.pool else ""
    return f"{cost.payer.replace('_', ' ')}: {amount}{pool} ({cost.what.en})".replace(":  (", ": (")


def _direction(case: Any) -> str:
    arrow = {"up": "↑", "down": "↓"}[case.way]
    return f"`{case.measure}` {arrow} {case.why}" + (f" (`{case.lever}`)" if ":" in case.lever else "")


def _sources(lever: Lever) -> list[str]:
    every = [*lever.changes, *(change for kind in lever.kinds.values() for change in kind.changes)]
    named = [source for change in every for source in ids(change.source)]
    return [*lever.source, *named, *(source for item in lever.evidence.values() for source in ids(item.source))]


def _cited(cited: Iterable[str]) -> str:
    known = sources()
    rows = [
        f"| `{name}` | {known[name].title.replace('|', chr(92) + '|')} | {known[name].year} |"
        for name in sorted(cited)
        if name in known
    ]
    return "\n".join(["## Sources", "", "| id | source | year |", "|---|---|---|", *rows, ""])


def direction_cases(folder: Path = TESTS) -> tuple[Any, ...]:
    """The tests of direction, which stand among the tests: ``CASES`` of every file ``lever_cases*.py``."""
    sys.path.insert(0, str(folder))  # they import one another
    try:
        names = sorted(file.stem for file in folder.glob("lever_cases*.py"))
        return tuple(case for name in names for case in importlib.import_module(name).CASES)
    finally:
        sys.path.remove(str(folder))


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="write docs/levers.md")
    text = page(direction_cases())
    if parser.parse_args().write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
