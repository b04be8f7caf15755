"""Whether a run fits into memory: asked before it begins, since a machine that runs out of it helps nobody."""

from __future__ import annotations

import psutil

from scenarios.errors import TrinnError
from scenarios.units import YEAR
from sim.source import Source

BYTES = {"log": 2400, "children": 1300, "weekly": 900}
"""What a child takes while its replication runs, by what is kept of it: measured on Norway's ladder, rounded up
(``python -m benchmarks.engine``)."""
KEPT = {"log": 1200, "children": 400, "weekly": 0}
"""And what is kept of it afterwards."""
IN_SIMPY = 2500
"""What it takes beside, in objects of the SimPy engine."""
SAFE = 0.9
"""Of what is free, so much is used."""


def expected_children(source: Source) -> float:
    """About how many children come in one replication; never fewer than half of them."""
    years = (source.end - source.begin + 1) / YEAR
    points = float(source.strips.height.sum()) * years
    return points + sum(one.size for one in source.lists)


def check_memory(source: Source, record: str, engine: str, replications: int, workers: int) -> None:
    """Refuse a run that would not fit.

    Args:
        source: of its children.
        record: what is kept, as for :func:`sim.replicate.run`.
        engine: ``compiled`` or ``simpy``.
        replications: how many are kept in the end.
        workers: how many run at once.

    Raises:
        TrinnError: with the estimate, and what to change.
    """
    children = expected_children(source)
    running = BYTES[record] + (IN_SIMPY if engine == "simpy" else 0)
    needed = children * (running * min(workers, replications) + KEPT[record] * replications)
    free = psutil.virtual_memory().available * SAFE
    if needed > free:
        ways = ["fewer replications", "a shorter period or warm-up"]
        if workers > 1:
            ways.insert(0, "workers=1")
        if record != "weekly":
            ways.insert(0, 'record="weekly"')
        raise TrinnError(
            f"about {children:,.0f} children would come in each replication, which takes some {needed / 1e9:,.1f} GB of "
            f"memory, and {free / 1e9:,.1f} GB are free: use {', '.join(ways[:-1])} or {ways[-1]}"
        )
