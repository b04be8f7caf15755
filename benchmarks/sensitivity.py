"""How long `trinn sensitivity` takes: a lever on a middle-sized municipality, with thirty uncertain numbers and with all.

    python -m benchmarks.sensitivity [PLACE LEVER] [--numbers 30]

The question is asked in a process of its own, with the machine code already there and nothing kept from
before. Where other work
shares the machine, read the processor seconds: most of the work runs in as many processes as there are cores.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from benchmarks.measuring import apart, machine, processor_seconds

PLACE, LEVER = "stange", "capa"
NUMBERS = 30


def answered(place: str, lever: str, most: int) -> dict[str, Any]:
    """Seconds for one question, of the clock and of the processor, by part. ``most``: how many numbers are
    uncertain; 0: all."""
    from joblib.externals.loky import get_reusable_executor

    from scenarios.evidence import UNCERTAIN, numbers
    from scenarios.levers import apply
    from scenarios.load import load
    from sim.experiments.sensitivity import sensitivity
    from sim.replicate import run

    base = load(place)
    proposal = apply(base, lever)
    run(base, replications=1, record="weekly")  # compiling, if need be, is not what is measured
    movable = [number for number in numbers(proposal) if not number.fixed and number.grade in UNCERTAIN]
    of_levers = [number for number in movable if number.lever]
    others = [number for number in movable if not number.lever]
    wanted = max(0, most - len(of_levers)) if most else len(others)
    step = len(others) / max(1, wanted)
    kept = {others[int(place * step)].key for place in range(min(wanted, len(others)))} | {n.key for n in of_levers}
    scenarios = {
        name: scenario.model_copy(update={"evidence": {key: item for key, item in scenario.evidence.items() if key in kept}})
        for name, scenario in (("today", base), (lever, proposal))
    }
    parts: dict[str, float] = {}
    last = [time.perf_counter()]

    def said(part: str, done: int, total: int) -> None:
        now = time.perf_counter()
        parts[part] = parts.get(part, 0.0) + now - last[0]
        last[0] = now

    began, before = time.perf_counter(), processor_seconds()
    found = sensitivity(scenarios, progress=said)
    clock = time.perf_counter() - began
    get_reusable_executor().shutdown(wait=True)  # only then are its seconds counted
    return {
        "clock": clock,
        "processor": processor_seconds() - before,
        "parts": parts,
        "numbers": len(found.moved) + sum(each.why == "unused" for each in found.left_out),
        "moved": len(found.moved),
        "ranked": len({each.number.key for each in found.influences if each.rank is not None}),
        "turns": [each.number.key for each in found.turnings],
    }


def main() -> None:
    """Ask twice, and print what it took."""
    from benchmarks import sensitivity  # by its name: another process finds it there

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", nargs="?", default=PLACE)
    parser.add_argument("lever", nargs="?", default=LEVER)
    parser.add_argument("--numbers", type=int, nargs="*", default=[NUMBERS, 0], help="how many are uncertain; 0 for all")
    arguments = parser.parse_args()
    print(machine())
    for most in arguments.numbers:
        found = apart(sensitivity.answered, place=arguments.place, lever=arguments.lever, most=most)
        meant = " (at most 120 are meant)" if most == NUMBERS else ""
        print(f"{arguments.place} {arguments.lever}, {found['numbers']} uncertain numbers, {found['moved']} of them can matter")
        print(f"  {found['clock']:.1f} s of the clock, {found['processor']:.1f} s of the processor{meant}")
        print("  " + ", ".join(f"{part} {seconds:.1f} s" for part, seconds in found["parts"].items()))
        print(f"  ranked: {found['ranked']}; turn the conclusion: {', '.join(found['turns']) or 'none'}")


if __name__ == "__main__":
    main()
