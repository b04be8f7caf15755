"""What each mechanism costs: time per child with it on, as a ratio to the same ladder with everything off.

    python -m benchmarks.mechanisms [PLACE] [--rounds 7] [--write]

The ladder is the Norwegian one of a municipality. Base and mechanism take turns in one process, and a ratio is the median over
the rounds: read the ratios, not the seconds. Mechanisms that bring more help (relapses, hidden needs found) cost more because
more happens: the second ratio is per event.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scenarios.load import load
from scenarios.resolve import merged
from scenarios.schema import Scenario
from sim.build import phases
from sim.cohort import draw_cohort
from sim.engine import simulate
from sim.supply import draw_supply

MEAN_30 = {"law": "exponential", "mean": "30d"}
TURNOVER = {"stay": {"law": "exponential", "mean": "4y"}, "recruit": {"law": "gamma", "mean": "20w", "cv": 0.5}, "breaks": 0.1}
MUNICIPAL = ("low_threshold", "municipal_team")


def _services(names: tuple[str, ...], over: Mapping[str, Any]) -> dict[str, Any]:
    return {"services": {name: dict(over) for name in names}}


def _needs(scenario: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return {"needs": {name: dict(over) for name in scenario["needs"]}}


def _staff(base: Mapping[str, Any], names: tuple[str, ...], over: Mapping[str, Any]) -> dict[str, Any]:
    return {"services": {name: {"staff": {pool: dict(over) for pool in base["services"][name]["staff"]}} for name in names}}


def _routes(base: Mapping[str, Any], name: str, **over: Any) -> dict[str, Any]:
    """Laid over the routes after courses."""
    routes = base["services"][name]["routes"]
    after = [route if "rejected" in str(route.get("after")) or "gave_up" in str(route.get("after")) else dict(route) | over
             for route in routes]  # fmt: skip
    return {"services": {name: {"routes": after}}}


def mechanisms(base: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is laid over the ladder for each mechanism, by its name."""
    every = tuple(name for name, service in base["services"].items() if service.get("staff"))
    pool = next(iter(base["services"]["municipal_team"]["staff"]))
    return {
        "groups of children": {"groups": {"low_income": {"share": 0.12, "risk": 2.5, "seek": 0.9, "accept": 0.95}}},
        "season and trends": {"demand": {n: {"season": {"amplitude": 0.3}, "trend": 0.02} for n in base["demand"]}},
        "another door, quiet doors": {
            "seeking": {"another_door": 0.5, "after_rejection": 0.8},
            "doors": {name: {"quiet": [{"over": "30d", "share": 0.3}]} for name in base["doors"]},
        },
        "hidden need found": {"doors": {name: {"finds": {"rate": "0.2/y"}} for name in base["doors"]}},
        "relapse and open return": merged(_needs(base, {"relapse": "0.1/y"}), _services(MUNICIPAL, {"open_return": "1y"})),
        "bodily causes": merged(_needs(base, {"somatic": 0.02}), _services(("gp", "bup"), {"somatic_check": 0.7})),
        "birthdays": {"leaves_at": 26, "services": {"bup": {"waits_until": 18, "ends_at": 23}}},
        "orders combined, rising": _services(
            MUNICIPAL, {"waiting_list": {"order": ["severity", "first_come"], "rises": "60d"}}
        ),
        "fixed meetings": _services(MUNICIPAL, {"waiting_list": {"every": "7d"}}),
        "balking": _services(MUNICIPAL, {"balking": [{"over": "30d", "share": 0.2}]}),
        "patience by severity": _services(MUNICIPAL, {"patience_by_severity": {"mild": "120d", "severe": "1y"}}),
        "guarantee": {"services": {"bup": {"deadline": {"guarantee": "42d"}}}},
        "planned closures": merged(
            {"calendars": {"school": {"public_holidays": True, "yearly": [["07-01", "07-31"]]}}},
            _services(every, {"calendar": "school"}),
        ),
        "turnover, changes of helper": _staff(base, every, {"turnover": TURNOVER}),
        "late step-up": _services(MUNICIPAL, {"steps_up": {"law": "exponential", "mean": "120d"}}),
        "dose": {"services": {"bup": {"outcomes": {"dose": True}}}},
        "consent, meetings with hours": {
            "services": {
                "bup": {
                    "intake": {
                        "consent": "7d",
                        "hours": {"clinician": 0.5},
                        "incomplete": {"returned": 0.1, "accuracy": 0.7},
                        "tightens": {"every": 50, "by": 0.02},
                        "meeting": {"delay": "5d", "every": "14d", "accuracy": 0.95, "consent": 0.9, "hours": {"clinician": 1}},
                    }
                }
            }
        },
        "hours of handovers": _routes(base, "municipal_team", hours={pool: 1.0}, kept=0.8),
        "coordinator": {"coordination": {"share": 0.2, "delay": 0.5, "lost": 0.3, "hours": {f"municipal_team.{pool}": 2.0}}},
        "endings held": _routes(base, "bup", hold={"at_most": "60d"}),
    }


def together(base: Mapping[str, Any]) -> dict[str, Any]:
    """Everything on at once."""
    result: dict[str, Any] = {}
    for over in mechanisms(base).values():
        result = merged(result, over)
    return result


def prepared(data: Mapping[str, Any]) -> Any:
    """A run of the ladder, ready to be timed: (children, events) and its seconds."""
    scenario: Scenario = load(dict(data))
    plans = phases(scenario)
    cohort = draw_cohort(scenario, plans, 1, 0)
    supply = draw_supply(plans, 1, 0)

    def timed() -> tuple[int, int, float]:
        began = time.process_time()
        trajectory = simulate(plans, cohort, supply=supply)
        return len(cohort), trajectory.events, time.process_time() - began

    return timed


def report(place: str, rounds: int) -> str:
    """The table, as Markdown."""
    base = load(place).plain()
    base_run = prepared(base)
    rows = [("nothing on, measured twice", base_run)]
    rows += [(name, prepared(merged(base, over))) for name, over in mechanisms(base).items()]
    rows.append(("all of them", prepared(merged(base, together(base)))))
    lines = [
        f"Ladder: {place}, one replication, medians of {rounds} rounds in turn with the same ladder with everything off.",
        "",
        "| mechanism on | children | time a child, ratio | time an event, ratio |",
        "|---|---|---|---|",
    ]
    for name, run in rows:
        by_child, by_event = [], []
        for _ in range(rounds):
            children, events, seconds = base_run()
            here_children, here_events, here_seconds = run()
            by_child.append((here_seconds / here_children) / (seconds / children))
            by_event.append((here_seconds / here_events) / (seconds / events))
        lines.append(f"| {name} | {here_children} | {statistics.median(by_child):.2f} | {statistics.median(by_event):.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table; with ``--write`` also into benchmarks/MECHANISMS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", nargs="?", default="3413")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="write benchmarks/MECHANISMS.md")
    arguments = parser.parse_args()
    text = report(arguments.place, arguments.rounds)
    print(text)
    if arguments.write:
        head = "# What each mechanism costs\n\n`python -m benchmarks.mechanisms --write`.\n\n"
        (Path(__file__).parent / "MECHANISMS.md").write_text(head + text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
