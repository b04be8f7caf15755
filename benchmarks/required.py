"""How long `trinn required` takes: two targets on a middle-sized municipality.

    python -m benchmarks.required [PLACE] [--targets "..." ...]

Each question runs in a process of its own, with the machine code already there and nothing kept from before. Where other work
shares the machine, read the processor seconds: the work runs in one process, and its threads share what they can.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from typing import Any

from benchmarks.measuring import apart, machine, processor_seconds

PLACE = "stange"
QUESTIONS = (
    ("wait_to_first_contact(low_threshold) <= 14d", "share_started_within(bup, 35d) >= 0.8"),
    ("wait_to_first_contact(low_threshold) <= 14d", "share_started_within(bup, 91d) >= 0.7"),
)
"""One that no posts can meet, and one that they can."""


def answered(place: str, targets: list[str]) -> dict[str, Any]:
    """Seconds for one question, of the clock and of the processor, and what the parts of the search took."""
    from scenarios.load import load
    from sim.experiments.required import required
    from sim.replicate import run

    scenario = load(place)
    run(scenario, replications=1, record="weekly")  # compiling, if need be, is not what is measured
    parts: defaultdict[str, float] = defaultdict(float)
    candidates, last = Counter[str](), [processor_seconds()]

    def said(part: str, _: int) -> None:
        now = processor_seconds()
        parts[part] += now - last[0]
        candidates[part] += 1
        last[0] = now

    began, before = time.perf_counter(), processor_seconds()
    found = required(scenario, targets, unit="tenth", progress=said, fresh=True)
    return {
        "clock": time.perf_counter() - began,
        "processor": processor_seconds() - before,
        "candidates": dict(candidates),
        "parts": dict(parts),
        "needed": {each.post.service: [each.post.now, each.units, each.low, each.high] for each in found.needed},
        "stuck": [each.target.text for each in found.bottlenecks],
    }


def main() -> None:
    """Ask the questions, and print what each took."""
    from benchmarks import required  # by its name: another process finds it there

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", nargs="?", default=PLACE)
    parser.add_argument("--targets", nargs="+", help="one question, in place of the two")
    arguments = parser.parse_args()
    print(machine())
    for targets in (arguments.targets,) if arguments.targets else QUESTIONS:
        found = apart(required.answered, place=arguments.place, targets=list(targets))
        print(" and ".join(targets))
        print(f"  {found['clock']:.1f} s of the clock, {found['processor']:.1f} s of the processor (at most 60 are meant)")
        for part, seconds in found["parts"].items():
            print(f"  {part}: {found['candidates'][part]} candidates, {seconds:.1f} s")
        print(f"  needed (now, needed, low, high): {found['needed']}; met by no posts: {found['stuck'] or 'none'}")


if __name__ == "__main__":
    main()
