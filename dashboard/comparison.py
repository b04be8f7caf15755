"""The comparison that users hold: what :mod:`sim.compare` gives, with a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import sim.compare
from dashboard.texts import Language
from scenarios.schema import Scenario
from sim.replicate import Engine, Progress, Pulse, Record


@dataclass(frozen=True)
class Comparison(sim.compare.Comparison):
    """Scenarios run on the same children; the first is the base."""

    def report(self, path: str | Path, language: Language = "nb") -> None:
        """Write the report: a page that opens without a network, a Word document or a workbook, by the ending of the name.

        Raises:
            TrinnError: when the file cannot be written.
        """
        from dashboard.report import write  # matplotlib takes half a second to import

        write(self, path, language)


def compare(
    scenarios: Mapping[str, Scenario],
    *,
    replications: int = 50,
    seed: int = 1,
    engine: Engine = "compiled",
    workers: int | None = None,
    record: Record = "weekly",
    by: Sequence[str] = (),
    progress: Progress | None = None,
    pulse: Pulse | None = None,
    command: str = "",
) -> Comparison:
    """Run scenarios on the same children and compare each with the first. See :func:`sim.compare.compare`."""
    plain = sim.compare.compare(
        scenarios,
        replications=replications,
        seed=seed,
        engine=engine,
        workers=workers,
        record=record,
        by=by,
        progress=progress,
        pulse=pulse,
        command=command,
    )
    return Comparison(**{field.name: getattr(plain, field.name) for field in fields(plain)})
