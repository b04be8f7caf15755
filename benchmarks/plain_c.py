"""The plain C program of the six services: built here, fed here, and its records read back.

It knows this one network and nothing else (``six_services.c``). It gets the same children and the same quantile tables as our
engines and draws by the same addresses, so its records are theirs, byte for byte: what remains to compare is speed.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.children import Cohort
from sim.draws import SURE, Ints, stream
from sim.plan import Plan, Terms
from sim.records import COLUMNS
from sim.rules import DONE

SOURCE = Path(__file__).parent / "six_services.c"
FLAGS = ("-O3", "-march=native")
SERVICES = 6
MOST_ROUTES = 8


class Timed(NamedTuple):
    """One repeat."""

    seconds: float
    events: int
    records: int


def compiler() -> str | None:
    """What the compiler calls itself; None where there is none."""
    if shutil.which("gcc") is None:
        return None
    return subprocess.run(["gcc", "-dumpfullversion"], check=True, capture_output=True, text=True).stdout.strip()


def build(folder: Path) -> Path:
    """The program, compiled into a folder."""
    program = folder / "six_services"
    subprocess.run(["gcc", *FLAGS, "-std=gnu11", "-Wall", "-Wextra", "-o", str(program), str(SOURCE)], check=True)
    return program


def run_c(program: Path, plan: Plan, cohort: Cohort, folder: Path, repeats: int = 1) -> tuple[list[Timed], Ints]:
    """Run it so many times on the same children: what its own clock says, and the records of the last run."""
    given, found = folder / "network.bin", folder / "records.bin"
    flat(plan, cohort).tofile(given)
    command = [str(program), str(given), str(found), str(repeats)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    each = [[int(word) for word in line.split()] for line in lines]
    timed = [Timed(nanoseconds / 1e9, events, records) for nanoseconds, events, records in each]
    return timed, np.fromfile(found, dtype=np.int64).reshape(-1, len(COLUMNS))


def flat(plan: Plan, cohort: Cohort) -> Ints:
    """Network and children as the whole numbers that ``read_network`` in the C source reads, in its order."""
    shape, needs = plan.shape, plan.needs
    parts: list[Sequence[int] | Ints] = [[shape.begin, shape.end, len(cohort), len(needs.names)]]
    for place in range(len(shape.places)):
        parts += _service(plan, place)
    _demand(len(shape.places) == SERVICES, "six services")
    _demand(len(shape.areas) == 1 and not plan.doors and bool((cohort.to >= 0).all()), "one area, and no doors")
    _demand(not any((*needs.remission, *needs.worsening, *needs.relapse, *needs.somatic)), "needs that stay as they are")
    _demand(all(step < 0 for step in needs.step), "needs without steps")
    parts += [needs.severity, cohort.key.view(np.int64), cohort.time, cohort.need, cohort.to, cohort.stream]
    return np.concatenate([np.asarray(part, dtype=np.int64) for part in parts])


def _service(plan: Plan, place: int) -> list[Sequence[int] | Ints]:
    terms, shape = plan.terms[place], plan.shape
    _demand(_is_plain(terms) and shape.groups[place] == (place,), "services with nothing but a list, a course and routes")
    _demand(len(plan.offers[place]) == 1 and len(plan.offers[place][0]) == 1, "one way to take a place")
    option = plan.offers[place][0][0]
    _demand(plan.options[option] == ((place, 1),) and shape.pools[place][0] == place, "one place a child")
    patience = terms.patience[0] if terms.patience else None
    _demand(not terms.patience or all(other is patience for other in terms.patience), "one patience for all")
    words = terms.choices[DONE * 5]
    _demand(len(words) <= 2 * MOST_ROUTES, f"at most {MOST_ROUTES} routes")
    routes = [terms.routes[number] for number in words[1::2]]
    _demand(
        all(route.fixed and not (route.lost or route.urgent or route.hold or route.tasks) for route in routes), "fixed delays"
    )
    name = shape.services[terms.service]
    streams = [stream(purpose, name) for purpose in ("length", "patience", "route")]
    head = [plan.capacity[place], option, int(patience is not None), len(routes), *map(_signed, streams)]
    ways = [number for limit, route in zip(words[::2], routes, strict=True) for number in (limit, route.to[0], route.fixed)]
    length = terms.stretches[0].length
    return [head, ways, length, length if patience is None else patience]


def _is_plain(terms: Terms) -> bool:
    """Whether a service has nothing that the C program does not know."""
    lists = (terms.rises, terms.at_once, terms.every, terms.switch, terms.length, terms.balking, terms.waits_until)
    courses = (terms.ends_at, terms.excludes, terms.steps_up, terms.open_return, terms.somatic_check, terms.party, terms.beside)
    rest = (terms.review, terms.due, terms.matched, terms.below, terms.by_need, terms.dose, terms.ages, terms.calendar >= 0)
    one_course = len(terms.stretches) == 1 and not terms.stretches[0].dropout
    return terms.open and terms.order == (1,) and one_course and not any((*lists, *courses, *rest)) and terms.accuracy >= SURE


def _signed(number: int) -> int:
    """The same 64 bits, read with a sign."""
    return number - (1 << 64) if number >> 63 else number


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"the C program knows only {what}")
