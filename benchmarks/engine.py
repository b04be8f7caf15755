"""Children and events a second of the engines, as ratios to other programs measured in the same run.

    python -m benchmarks.engine [--quick] [--write]

First a network that every program can express (:mod:`benchmarks.six_services`): our engines against SimPy, Ciw and salabim, and
against a plain C program that writes the same records byte for byte. Then the Norwegian ladder (:mod:`benchmarks.ladders`): a
comparison for a municipality, a run of the country. Every program is warmed up once and runs in a process of its own; times are
medians, and what is asked for is stated as ratios where it can be.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from benchmarks import ladders, plain_c, six_services
from benchmarks.measuring import machine
from benchmarks.tables import of_targets

RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    """Print the table; with ``--write`` also into benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes and few repeats")
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    arguments = parser.parse_args()
    text = report(arguments.quick)
    print(text)
    if arguments.write:
        RESULTS.write_text(text + "\n", encoding="utf-8")


def report(quick: bool) -> str:
    """The whole table, as Markdown."""
    began = time.perf_counter()
    sections = [six_services.compile_time(quick)]
    compiled = time.perf_counter()
    sections += [*six_services.sections(quick), *ladders.sections(quick)]
    minutes = [seconds / 60 for seconds in (time.perf_counter() - compiled, compiled - began)]
    compiler = plain_c.compiler()
    lines = [
        "# The engine measured",
        "",
        f"`python -m benchmarks.engine --{'quick' if quick else 'write'}`, {minutes[0]:.1f} minutes and {minutes[1]:.1f} of",
        f"compiling. {machine()},",
        f"{'gcc ' + compiler if compiler else 'no gcc'}. Times are medians of one run, each program in a process of its own",
        "and warmed up once: read the ratios.",
        "",
        *of_targets(sections),
    ]
    for section in sections:
        lines += ["", f"## {section.title}", "", *section.lines]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
