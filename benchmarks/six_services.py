"""The rows of the six services: our engines against other programs, against plain C, and against ourselves at other sizes."""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks import plain_c
from benchmarks.measuring import Found, apart, median_seconds, peak_bytes, seconds_of
from benchmarks.network import Network, as_scenario, plain, sized
from benchmarks.tables import Section, Target, at_least, at_most, missing, table, without
from scenarios.units import DAY
from sim.build import phases
from sim.cohort import draw_cohort
from sim.engine import simulate
from sim.records import Kind
from sim.state import Trajectory

DAYS = 5_000
"""Of the network of one child a day; more children come in the same time, to as many more places."""
CURVE_DAYS = 1_000
SMALL, MIDDLE = 5_000, 50_000
FOLLOWED = 0.8
"""Of the days: who joins later may not start before the end, and is left out of the mean waits."""
SIGMAS = 4.0
"""Mean waits further apart than this are another network."""
OWN_REPLICATIONS = 40

Engine = Callable[..., Trajectory]


# -- tasks: each runs in a process of its own -----------------------------------------------------------------------------


def engine_named(name: str) -> Engine:
    """``simpy`` or ``compiled``; the second is imported only when it is asked for.

    Raises:
        ImportError: where there is no compiled engine.
    """
    if name == "simpy":
        return simulate
    from sim.kernel import simulate_compiled

    engine: Engine = simulate_compiled
    return engine


def network_of(children: int, markovian: bool = False, days: int = DAYS) -> Network:
    """The six services for so many children; ``markovian`` without patience and urgency, as every program can express them."""
    network = sized(children, days)
    return plain(network) if markovian else network


def our_run(engine: str, children: int, repeats: int, days: int = DAYS, markovian: bool = False) -> Found:
    """Median seconds of one of our engines: alone, with plan and children drawn inside the clock, and without keeping records.

    ``bytes`` is what a run adds to the memory for each child, beside its records.
    """
    run = engine_named(engine)
    scenario = as_scenario(network_of(children, markovian, days), days)
    small = as_scenario(network_of(min(children, SMALL), markovian, days), days)
    for warm in (small, scenario) if children <= MIDDLE and engine == "compiled" else (small,):
        plans = phases(warm)
        run(plans, draw_cohort(warm, plans, 1, 0))
    before = peak_bytes()
    alone, drawing = [], []
    for _ in range(repeats):
        began = time.perf_counter()
        plans = phases(scenario)
        cohort = draw_cohort(scenario, plans, 1, 0)
        drawn = time.perf_counter()
        trajectory = run(plans, cohort)
        alone.append(time.perf_counter() - drawn)
        drawing.append(drawn - began)
        events, size, records = trajectory.events, len(cohort), trajectory.log.rows.nbytes
        grown = peak_bytes() - before
        del trajectory
    found = {"children": size, "events": events, "record_bytes": records / size, "bytes": max(0, grown - records) / size}
    whole = [one + other for one, other in zip(alone, drawing, strict=True)]
    found |= {name: statistics.median(each) for name, each in (("alone", alone), ("drawing", drawing), ("whole", whole))}
    if engine == "compiled":
        found["handing_on"] = median_seconds(lambda: run(plans, cohort, take=lambda _: None), repeats)
    return found


def c_run(children: int, repeats: int, days: int = DAYS, check: bool = False) -> Found:
    """Median seconds of the plain C program by its own clock; with ``check``, whether its records are those of our engines."""
    if plain_c.compiler() is None:
        return {"missing": "gcc"}
    scenario = as_scenario(network_of(children, days=days), days)
    plans = phases(scenario)
    cohort = draw_cohort(scenario, plans, 1, 0)
    with tempfile.TemporaryDirectory() as folder:
        program = plain_c.build(Path(folder))
        timed, rows = plain_c.run_c(program, plans[0], cohort, Path(folder), repeats + 1)
    found: Found = {"children": len(cohort), "alone": statistics.median(one.seconds for one in timed[1:])}
    found |= {"events": timed[0].events, "records": timed[0].records}
    if check:
        ours = rows.tobytes()
        found["same"] = {name: run(plans, cohort).log.rows.tobytes() == ours for name, run in _engines().items()}
    return found


def _engines() -> dict[str, Engine]:
    """The engines that are here."""
    try:
        return {"simpy": simulate, "compiled": engine_named("compiled")}
    except ImportError:
        return {"simpy": simulate}


def peer_run(program: str, children: int, repeats: int, markovian: bool = False, days: int = DAYS) -> Found:
    """Median seconds of another program, and its mean waits in each run: every run has a seed of its own."""
    from benchmarks import peers

    run = {"idiomatic": peers.run_idiomatic, "ciw": peers.run_ciw, "salabim": peers.run_salabim}[program]
    network = network_of(children, markovian, days)
    run(network_of(min(children, SMALL), markovian, days), min(children, SMALL) // 5, 99)
    seconds, waits = [], []
    for seed in range(1, repeats + 1):
        began = time.perf_counter()
        outcome = run(network, children, seed)
        seconds.append(time.perf_counter() - began)
        found = peers.waits_of_started(network, outcome, FOLLOWED * days)
        waits.append([float(each.mean()) if len(each) else math.nan for each in found.values()])
    return {"children": outcome.children, "events": outcome.events, "whole": statistics.median(seconds), "waits": waits}


def own_waits(replications: int, children: int = SMALL, markovian: bool = True, days: int = DAYS) -> Found:
    """Mean waits of our own engine, by replication and service: what the other programs' are held against."""
    scenario = as_scenario(network_of(children, markovian, days), days)
    plans = phases(scenario)
    waits = []
    for number in range(replications):
        log = simulate(plans, draw_cohort(scenario, plans, 1, number)).log
        started = log.of(Kind.STARTED)
        started = started.where(started.since < FOLLOWED * days * DAY)
        waited = (started.time - started.since) / DAY
        waits.append([float(waited[started.place == place].mean()) for place in range(len(plans[0].shape.places))])
    return {"waits": waits}


def compiling() -> Found:
    """Seconds until the compiled engine is there and has run once, in a new process: importing it, and its first run."""
    scenario = as_scenario(network_of(DAYS), 10)
    plans = phases(scenario)
    cohort = draw_cohort(scenario, plans, 1, 0)
    began = time.perf_counter()
    run = engine_named("compiled")
    imported = time.perf_counter() - began
    return {"importing": imported, "first": seconds_of(lambda: run(plans, cohort))}


# -- rows -----------------------------------------------------------------------------------------------------------------


def sections(quick: bool) -> list[Section]:
    """Rows 1 to 4, and the curve."""
    compiled = apart(our_run, engine="compiled", children=MIDDLE, repeats=15)
    return [
        _against_simpy(compiled, quick),
        _against_c(compiled),
        _against_networks(quick),
        _curve(quick),
    ]


def compile_time(quick: bool) -> Section:
    """What compiling costs whoever comes first; ``quick`` only what it costs everybody after."""
    title = "Compiling"
    if quick:
        kept = apart(compiling)
        lines = [missing(kept) or f"From the cache: {_first(kept)}."]
        return Section(title, tuple(lines))
    with tempfile.TemporaryDirectory() as folder:
        new, kept = (apart(compiling, {"TRINN_CACHE": folder}) for _ in range(2))
    if away := missing(new, kept):
        return Section(title, (away,))
    lines = [f"Outside every clock below. With nothing kept: {_first(new)}. From the cache: {_first(kept)}."]
    return Section(title, tuple(lines))


def _first(found: Found) -> str:
    return f"{found['importing']:.1f} s to import, {found['first']:.1f} s until the first run is over"


def _against_simpy(compiled: Found, quick: bool) -> Section:
    """Rows 1 and 2."""
    repeats = 1 if quick else 3
    own = apart(our_run, engine="simpy", children=MIDDLE, repeats=repeats)
    idiomatic = apart(peer_run, program="idiomatic", children=MIDDLE, repeats=repeats)
    rows = [
        _row("Trinn, compiled", compiled),
        _row("Trinn, SimPy engine", own),
        _row("idiomatic SimPy", idiomatic),
    ]
    head = ("program", "children", "children a second", "the same, plan and children at hand", "events a second")
    targets = [
        _ratio(f"compiled / idiomatic SimPy, {MIDDLE} children, plan and children drawn inside both clocks", 100, compiled,
               idiomatic, "whole"),
        _ratio(f"compiled / our SimPy engine, {MIDDLE} children, plan and children at hand", 25, compiled, own, "alone"),
    ]  # fmt: skip
    lines = table(head, rows)
    if not missing(compiled, own):
        lines += ["", f"Drawn inside both clocks, compiled / our SimPy engine is {_speed(compiled, own, 'whole'):.3g}."]
    return Section("The same six services, with patience and urgent children", tuple(lines), tuple(targets))


def _row(name: str, found: Found) -> tuple[str, ...]:
    if missing(found):
        return (name, missing(found), "-", "-", "-")
    rate = {word: f"{found['children'] / found[word]:,.0f}" if word in found else "-" for word in ("whole", "alone")}
    events = f"{found['events'] / found['whole']:,.0f}" if found["events"] else "-"
    return (name, str(found["children"]), rate["whole"], rate["alone"], events)


def _speed(ours: Found, theirs: Found, clock: str) -> float:
    """How many times as many children a second."""
    return float(ours["children"] / ours[clock] / (theirs["children"] / theirs[clock]))


def _ratio(what: str, wanted: float, ours: Found, theirs: Found, clock: str) -> Target:
    if missing(ours, theirs):
        return without(what, f"at least {wanted:g} x", ours, theirs)
    return at_least(what, wanted, _speed(ours, theirs, clock))


def _against_c(compiled: Found) -> Section:
    """Row 3."""
    what = f"compiled / plain C, {MIDDLE} children, identical records, plan and children at hand"
    found = apart(c_run, children=MIDDLE, repeats=15, check=True)
    lines = [
        "`benchmarks/six_services.c` knows this network only; it gets the same children, tables and draws, and writes the same",
        "records. Both clocks begin with plan and children in memory and end with all records in memory.",
        "",
    ]
    if missing(found):
        return Section("Against plain C", (*lines, f"{missing(found)}."), (without(what, "at least 0.5 x", found),))
    version = plain_c.compiler()
    rate = found["children"] / found["alone"]
    rows = [
        (f"C (gcc {version} {' '.join(plain_c.FLAGS)})", f"{rate:,.0f}", f"{found['records'] / found['alone']:,.0f}", "1.00")
    ]
    if not missing(compiled):
        for name, clock in (("Trinn, compiled", "alone"), ("the same, plan and children drawn inside its clock", "whole")):
            records = compiled["record_bytes"] / 72 * compiled["children"] / compiled[clock]
            ours = compiled["children"] / compiled[clock]
            rows.append((name, f"{ours:,.0f}", f"{records:,.0f}", f"{ours / rate:.2f}"))
    lines += table(("program", "children a second", "records a second", "its rate / C's"), rows)
    names = {"simpy": "our SimPy engine", "compiled": "the compiled engine"}
    lines += ["", *(f"Records of C and {names[name]}: {_same(same)}." for name, same in found["same"].items())]
    target = _ratio(what, 0.5, compiled, found, "alone")
    identical = all(found["same"].values())
    return Section(
        "Against plain C", tuple(lines), (target if identical else without(what, "at least 0.5 x", {"missing": "identity"}),)
    )


def _same(same: bool) -> str:
    return "identical, byte for byte" if same else "**not identical**"


def _against_networks(quick: bool) -> Section:
    """Row 4."""
    repeats = 2 if quick else 5
    ours = apart(our_run, engine="compiled", children=SMALL, repeats=25, markovian=True)
    own = apart(our_run, engine="simpy", children=SMALL, repeats=3, markovian=True)
    others = {name: apart(peer_run, program=name, children=SMALL, repeats=repeats, markovian=True)
              for name in ("idiomatic", "ciw", "salabim")}  # fmt: skip
    names = {"idiomatic": "idiomatic SimPy", "ciw": "Ciw", "salabim": "salabim"}
    head = ("program", "children", "children a second", "the same, plan and children at hand", "events a second")
    rows = [_row("Trinn, compiled", ours), _row("Trinn, SimPy engine", own)]
    rows += [_row(names[name], found) for name, found in others.items()]
    what = f"M/M/c services, {SMALL} children, plan and children drawn inside both clocks"
    targets = [
        _ratio(f"compiled / {names[name]}, {what}", wanted, ours, others[name], "whole")
        for name, wanted in (("ciw", 250), ("salabim", 800))
    ]
    lines = table(head, rows)
    if not missing(ours):
        ratios = (f"{names[name]} {ours['children'] / ours['alone'] / (found['children'] / found['whole']):,.0f}"
                  for name, found in others.items() if not missing(found))  # fmt: skip
        lines += ["", f"With plan and children at hand for ours alone the ratios are: {', '.join(ratios)}."]
    lines += ["", *_agreement(own_waits(OWN_REPLICATIONS // 2 if quick else OWN_REPLICATIONS)["waits"], others, names)]
    return Section("M/M/c services only (no patience, nobody urgent), against network simulators", tuple(lines), tuple(targets))


def _agreement(own: list[list[float]], others: Mapping[str, Found], names: Mapping[str, str]) -> list[str]:
    """Mean waits of every program, and how far they lie from ours in standard errors."""
    found = {name: each["waits"] for name, each in others.items() if not missing(each)}
    services = [service.name for service in network_of(SMALL).services]
    rows, furthest = [], 0.0
    for number, service in enumerate(services):
        cells = [f"{np.mean([run[number] for run in own]):.1f}"]
        for waits in found.values():
            away = sigmas([run[number] for run in own], [run[number] for run in waits])
            furthest = max(furthest, abs(away))
            cells.append(f"{np.nanmean([run[number] for run in waits]):.1f} ({away:+.1f})")
        rows.append((service, *cells))
    lines = [
        f"Mean wait in days of those who joined in the first {FOLLOWED:.0%} of the days; in brackets, standard errors from",
        "ours, of log(1 + days). The runs are short for loads this high: waits differ much from run to run.",
        "",
    ]
    lines += table(
        ("service", f"Trinn, {len(own)} runs", *(f"{names[name]}, {len(w)} runs" for name, w in found.items())), rows
    )
    word = "agree" if furthest < SIGMAS else "**do not agree**"
    return [*lines, "", f"The programs {word}: the furthest mean lies {furthest:.1f} standard errors away."]


def sigmas(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Standard errors between the mean waits of two programs, one wait a run; the spread is taken from ours, which are more.

    Of log(1 + days): mean waits of single runs are so skewed that of four runs one in ten would seem another network.
    """
    here, there = ([math.log1p(value) for value in each if not math.isnan(value)] for each in (ours, theirs))
    error = statistics.stdev(here) * math.sqrt(1 / len(here) + 1 / len(there))
    return (statistics.mean(there) - statistics.mean(here)) / error


def _curve(quick: bool) -> Section:
    """Row 7."""
    sizes = {1_000: 51, 10_000: 21, 100_000: 7} | ({} if quick else {1_000_000: 3})
    ours = {size: apart(our_run, engine="compiled", children=size, repeats=n, days=CURVE_DAYS) for size, n in sizes.items()}
    theirs = {size: apart(c_run, children=size, repeats=n, days=CURVE_DAYS) for size, n in sizes.items()}
    largest = max(sizes)
    rows: list[tuple[str, ...]] = []
    what = f"cost a child from 1 000 to {largest} children, the most that it ever grows"
    for size in sizes:
        found, other = ours[size], theirs[size]
        c = "-" if missing(other) else _nanoseconds(other, "alone")
        if missing(found):
            rows.append((str(size), missing(found), "-", "-", "-", c))
            continue
        each = [_nanoseconds(found, clock) for clock in ("alone", "handing_on", "drawing")]
        rows.append((str(found["children"]), f"{found['events'] / found['children']:.2f}", *each, c))
    head = (
        "children",
        "events a child",
        "engine, records kept",
        "engine, records handed on",
        "plan and children",
        "C, records kept",
    )
    lines = ["Nanoseconds a child. The days stay the same; arrivals and places grow.", "", *table(head, rows)]
    if missing(*ours.values()):
        return Section("Cost a child by the number of children", tuple(lines), (without(what, "at most 2 x", *ours.values()),))
    growth = _growth(ours, "alone")
    lines += ["", f"It grows {growth:.2f} times; without keeping the records {_growth(ours, 'handing_on'):.2f} times"]
    lines[-1] += "." if missing(*theirs.values()) else f", and plain C {_growth(theirs, 'alone'):.2f} times."
    lines += [
        "What bends it bends plain C too: the heap of events and the children no longer fit the inner caches, and every new",
        "page that the records fill is asked for from the system.",
    ]
    last = ours[largest]
    lines.append(f"Memory at {largest}: {last['bytes']:,.0f} bytes a child beside {last['record_bytes']:,.0f} of records.")
    return Section("Cost a child by the number of children", tuple(lines), (at_most(what, 2, growth, "x"),))


def _nanoseconds(found: Found, clock: str) -> str:
    return f"{found[clock] / found['children'] * 1e9:,.0f}"


def _growth(found: Mapping[int, Found], clock: str) -> float:
    """The most that the cost a child ever grows from one size to a larger one."""
    each = [found[size][clock] / found[size]["children"] for size in sorted(found)]
    return float(max(later / earlier for number, earlier in enumerate(each) for later in each[number + 1 :]))
