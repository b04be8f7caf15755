"""A small grid of scenarios for researchers: what is asked, the tidy table that comes out, and the words that repeat it."""

from __future__ import annotations

import itertools
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import pandas as pd

from dashboard.comparison import Comparison
from dashboard.entering import number_of
from dashboard.jobs import digest_of
from dashboard.tables import exported
from dashboard.texts import Language, text
from dashboard.work import Work
from scenarios.addresses import is_change
from scenarios.errors import Fault, TrinnError
from scenarios.levers import apply
from scenarios.schema import Scenario

MOST_AXES, MOST_CELLS = 4, 24
NUMBERS = ("base_mean", "mean", "difference", "low", "high", "half_width", "share_better")


@dataclass(frozen=True)
class Axis:
    """One address and the values it takes."""

    address: str
    values: tuple[str, ...]


def axes_of(words: str, language: Language) -> tuple[Axis, ...]:
    """The axes of a grid, one a line: ``bup.psychologist.fte: 4; 5; 6,5``.

    Raises:
        TrinnError: with every line that is none, and when the grid is too large.
    """
    axes, faults = [], list[Fault]()
    for number, line in enumerate(words.splitlines(), start=1):
        if not line.strip():
            continue
        address, _, rest = line.partition(":")
        values = tuple(_value(part, language) for part in rest.split(";") if part.strip())
        place = text("research_line", language, number=number)
        if not address.strip() or not values or not is_change(f"{address.strip()}={values[0]}"):
            faults.append(Fault(text("research_not_axis", language, words=line.strip()[:60]), place=place))
        elif len(set(values)) < len(values):
            faults.append(Fault(text("research_twice", language, address=address.strip()[:60]), place=place))
        else:
            axes.append(Axis(address.strip(), values))
    named = [axis.address for axis in axes]
    faults += [Fault(text("research_twice", language, address=name[:60])) for name in set(named) if named.count(name) > 1]
    cells = len(list(itertools.product(*(axis.values for axis in axes))))
    if not faults and (len(axes) > MOST_AXES or cells > MOST_CELLS):
        faults.append(Fault(text("research_too_many", language, axes=MOST_AXES, cells=MOST_CELLS, found=cells)))
    if faults:
        raise TrinnError(faults)
    return tuple(axes)


def _value(words: str, language: Language) -> str:
    """A number as a scenario states it; anything else as it stands."""
    try:
        return f"{number_of(words, language):.12g}"
    except TrinnError:
        return words.strip()


def cells_of(axes: Sequence[Axis]) -> dict[str, tuple[str, ...]]:
    """The changes of each cell by its name; nothing without axes."""
    if not axes:
        return {}
    found = {}
    for values in itertools.product(*(axis.values for axis in axes)):
        changes = tuple(f"{axis.address}={value}" for axis, value in zip(axes, values, strict=True))
        found[" ".join(changes)] = changes
    return found


def scenarios_of_cells(base: Scenario, cells: Mapping[str, Sequence[str]], today: str) -> dict[str, Scenario]:
    """The base, then each cell.

    Raises:
        TrinnError: with the faults of every cell.
    """
    found, faults = {today: base}, list[Fault]()
    for name, changes in cells.items():
        try:
            found[name] = apply(base, *changes)
        except TrinnError as error:
            faults += error.faults
    if faults:
        raise TrinnError(dict.fromkeys(faults))
    return found


def tidy(comparison: Comparison, axes: Sequence[Axis], language: Language) -> pd.DataFrame:
    """One row for each cell and measure against the base, with a column for each axis and what it takes to repeat it."""
    table = exported(comparison, language)
    cells = cells_of(axes)
    for place, axis in enumerate(axes):
        values = {name: changes[place].removeprefix(f"{axis.address}=") for name, changes in cells.items()}
        table.insert(place, axis.address, table["scenario"].map(values))
    for column in NUMBERS:
        table[column] = pd.to_numeric(table[column])
    digests = {name: digest_of(result.scenario, result.seed) for name, result in comparison.results.items()}
    base = comparison.base
    return table.assign(seed=base.seed, version=base.version, engine=base.engine, content=table["scenario"].map(digests))


def parquet_bytes(table: pd.DataFrame) -> bytes:
    """The table as the bytes of a Parquet file."""
    stream = BytesIO()
    table.astype({name: str for name in table.columns if table[name].dtype == object}).to_parquet(stream, index=False)
    return stream.getvalue()


def command_of_grid(work: Work, axes: Sequence[Axis], language: Language) -> str:
    """The command that prints the same; empty where own numbers need a file."""
    if work.own or work.today or not axes:
        return ""
    words = ["trinn", "compare", work.place]
    for name, changes in cells_of(axes).items():
        words += ["--scenario", f"{name.replace('=', ' ').replace(',', ' ')}={','.join(changes)}"]
    return shlex.join([*words, "--replications", str(work.futures), "--seed", str(work.seed), "--language", language])


def snippet_of_grid(work: Work, axes: Sequence[Axis], today: str) -> str:
    """A piece of Python that runs the same grid and has its table."""
    base = f"trinn.load({{'base': {work.place!r}, **{_python(work.own)}}})" if work.own else f"trinn.load({work.place!r})"
    lines = ["import trinn", "", f"base = {base}"]
    if work.today:
        lines.append(f"base = trinn.apply(base, *{list(work.today)!r})")
    lines += [
        f"cells = {_python({name: list(changes) for name, changes in cells_of(axes).items()})}",
        f"scenarios = {{{today!r}: base}} | {{name: trinn.apply(base, *changes) for name, changes in cells.items()}}",
        f"comparison = trinn.compare(scenarios, replications={work.futures}, seed={work.seed})",
        "table = comparison.table",
    ]
    return "\n".join(lines) + "\n"


def _python(data: object) -> str:
    """What JSON can hold, as Python writes it."""
    return repr(json.loads(json.dumps(data)))
