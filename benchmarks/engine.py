"""Children and events a second of the engine, as ratios to other programs measured in the same run.

    python -m benchmarks.engine [--quick]

First a network that every program can express (six services shaped like a ladder, patience, urgent children first), at
5 000 and at 500 000 children; then the Norwegian ladder for a municipality, a catchment and the country. Rates are
medians; every program is warmed up once and runs in a process of its own, so that none pays for another's memory.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.peers import SIX_SERVICES, Network, plain, run_ciw, run_idiomatic, scaled
from scenarios.load import load
from scenarios.schema import Scenario
from sim.build import phases
from sim.cohort import draw_cohort
from sim.engine import simulate

SMALL, LARGE = 5_000, 500_000


def as_scenario(network: Network, days: int) -> Scenario:
    """The network as a scenario of so many days."""
    names = [service.name for service in network.services]
    mix = {"urgent": network.urgent_share, "ordinary": 1 - network.urgent_share}
    services: dict[str, Any] = {}
    for row, service in zip(network.routing, network.services, strict=True):
        services[service.name] = {
            "places": service.places,
            "waiting_list": {"order": "severity"},
            "course": {"length": {"law": "exponential", "mean": f"{service.mean_days}d"}},
            "routes": [{"to": to, "share": share} for to, share in zip(names, row, strict=True) if share],
        }
        if service.patience_days:
            services[service.name]["patience"] = {"law": "exponential", "mean": f"{service.patience_days}d"}
    return load(
        {
            "name": "six services",
            "period": {"length": f"{days}d"},
            "needs": {"urgent": {"severity": "severe"}, "ordinary": {"severity": "mild"}},
            "demand": {
                name: {"to": name, "rate": f"{rate}/d", "mix": mix}
                for name, rate in zip(names, network.arrivals_per_day, strict=True)
                if rate
            },
            "services": services,
        }
    )


def common(children: int) -> Network:
    """The six services, with so much demand and so many places that the children come within some 5 000 days."""
    return scaled(SIX_SERVICES, max(1, children // SMALL))


def prepare(program: str, children: int) -> Callable[[], tuple[int, int | None]]:
    """What is timed, ready to be called: it returns (children, events)."""
    if program == "idiomatic":
        network = common(children)
        return lambda: tuple(run_idiomatic(network, children)[:2])  # type: ignore[return-value]
    if program in ("ciw", "trinn, Markovian"):
        jackson = plain(common(children))
        if program == "ciw":
            return lambda: tuple(run_ciw(jackson, children)[:2])  # type: ignore[return-value]
        return ladder(as_scenario(jackson, SMALL))
    if program == "trinn":
        return ladder(as_scenario(common(children), SMALL))
    return ladder(load(program))


def ladder(scenario: Scenario) -> Callable[[], tuple[int, int | None]]:
    """A run of our engine; the plan and the cohort are drawn inside the clock, as the others draw inside theirs."""

    def timed() -> tuple[int, int | None]:
        plans = phases(scenario)
        cohort = draw_cohort(scenario, plans, 1, 0)
        return len(cohort), simulate(plans, cohort).events

    return timed


def measure(program: str, children: int, repeats: int) -> dict[str, float]:
    """In this process: the median rate, and the memory that a run adds for each child."""
    call = prepare(program, children)
    if children <= SMALL or program not in ("idiomatic", "trinn"):
        prepare(program, min(children, SMALL))() if children > SMALL else call()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rates, events = [], []
    for _ in range(repeats):
        began = time.perf_counter()
        done, processed = call()
        seconds = time.perf_counter() - began
        rates.append(done / seconds)
        events.append((processed or 0) / seconds)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return {
        "children": done,
        "rate": statistics.median(rates),
        "events": statistics.median(events),
        "bytes": grown / done,
        "records": _records(program, children) if program.startswith("trinn") or children == 0 else 0,
    }


def _records(program: str, children: int) -> float:
    """Bytes of event records a child: they are what a run is for, and are counted apart."""
    scenario = load(program) if children == 0 else as_scenario(common(min(children, SMALL)), SMALL)
    if children == 0 and program == "norge":
        scenario = load("fonna")
    plans = phases(scenario)
    cohort = draw_cohort(scenario, plans, 1, 0)
    return simulate(plans, cohort).log.rows.nbytes / len(cohort)


def apart(program: str, children: int, repeats: int) -> dict[str, float]:
    """:func:`measure` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.engine", "--one", program, str(children), str(repeats)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def main() -> None:
    """Print the table; with ``--write`` also into benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    parser.add_argument("--one", nargs=3, metavar=("PROGRAM", "CHILDREN", "REPEATS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        program, children, repeats = arguments.one
        print(json.dumps(measure(program, int(children), int(repeats))))
        return
    text = report(arguments.quick)
    print(text)
    if arguments.write:
        (Path(__file__).parent / "RESULTS.md").write_text(text + "\n", encoding="utf-8")


def report(quick: bool) -> str:
    """The whole table, as Markdown."""
    lines = [
        "# The engine measured",
        "",
        f"`python -m benchmarks.engine --write`, Python {platform.python_version()}, {platform.machine()}, two cores. Rates",
        "are medians of one run on a noisy machine: read the ratios. Drawing the children is inside the clock for all.",
        "",
        "## The same six services, with patience and urgent children",
        "",
        "| program | children | children a second | events a second | ours / theirs |",
        "|---|---|---|---|---|",
    ]
    sizes = ((SMALL, 5),) if quick else ((SMALL, 5), (LARGE, 1))
    rates: dict[tuple[str, int], dict[str, float]] = {}
    for children, repeats in sizes:
        for program in ("trinn", "idiomatic"):
            rates[program, children] = apart(program, children, repeats)
    for (program, children), found in rates.items():
        ratio = rates["trinn", children]["rate"] / found["rate"]
        name = "Trinn, SimPy engine" if program == "trinn" else "idiomatic SimPy"
        row = (name, f"{found['children']:.0f}", f"{found['rate']:,.0f}", f"{found['events']:,.0f}", f"{ratio:.1f}")
        lines.append("| " + " | ".join(row) + " |")
    if not quick:
        fall = rates["trinn", SMALL]["rate"] / rates["trinn", LARGE]["rate"]
        lines += ["", f"From {SMALL} to {LARGE} children our rate falls by a factor {fall:.1f}."]
        large = rates["trinn", LARGE]
        rest = large["bytes"] - large["records"]
        lines.append(f"Memory at {LARGE}: {rest:,.0f} bytes a child beside {large['records']:,.0f} of records.")
    lines += _against_ciw()
    lines += [
        "",
        "## The Norwegian ladder",
        "",
        "| place | children | children a second | events a second | bytes a child beside records |",
        "|---|---|---|---|---|",
    ]
    for place in ("stange", "fonna") if quick else ("stange", "fonna", "norge"):
        found = apart(place, 0, 1 if place == "norge" else 3)
        rest = found["bytes"] - found["records"]
        lines.append(
            f"| {place} | {found['children']:.0f} | {found['rate']:,.0f} | {found['events']:,.0f} | {max(0, rest):,.0f} |"
        )
    return "\n".join(lines)


def _against_ciw() -> list[str]:
    ours, ciw = apart("trinn, Markovian", SMALL, 3), apart("ciw", SMALL, 3)
    return [
        "",
        "## M/M/c services only (no patience, nobody urgent), against Ciw",
        "",
        "| program | children a second | ours / theirs |",
        "|---|---|---|",
        f"| Trinn, SimPy engine | {ours['rate']:,.0f} | 1.0 |",
        f"| Ciw | {ciw['rate']:,.0f} | {ours['rate'] / ciw['rate']:.1f} |",
    ]


if __name__ == "__main__":
    main()
