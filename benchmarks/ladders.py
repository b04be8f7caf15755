"""The rows of the Norwegian ladder: a comparison for a municipality, a run of the country, and both engines at three sizes."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

import trinn
from benchmarks.measuring import Found, Stopwatch, apart, peak_bytes, seconds_of
from benchmarks.six_services import engine_named
from benchmarks.tables import Section, Target, at_most, missing, table, without
from scenarios.places import places
from scenarios.schema import Scenario
from sim.build import phases
from sim.cohort import draw_cohort
from sim.supply import draw_supply

PLACE, COUNTRY = "3413", "norge"
CHANGES = (
    "psychologists_2_per_20000",
    "bup.psychologist.fte+=1",
    "low_threshold.counsellor.fte+=1",
    "municipal_team.therapist.fte+=1",
)
REPLICATIONS = 100
SPLIT_REPLICATIONS = 20
PARTS = {
    "plan": ("sim.build:phases", "sim.kernel.arena:lay_out"),
    "children": ("sim.cohort:draw_cohort", "sim.cohort:draw", "sim.source:source_of"),
    "posts": ("sim.supply:draw_supply",),
    "engine": ("sim.engine:simulate", "sim.kernel:Kernel.run"),
    "identities": ("sim.identities:check",),
    "measures": ("sim.fold:Folding.__init__", "sim.fold:Folding.finish", "sim.fold:Folding.check"),
}
"""What is timed apart from each other inside a comparison; what is handed to an engine counts as measures."""
MEASURING = ("measures", "comparison")


# -- tasks: each runs in a process of its own -----------------------------------------------------------------------------


def _five(place: str) -> dict[str, Scenario]:
    """A place as it is and four proposals, over five years after the warm-up as shipped."""
    base = trinn.load({"base": place, "period": {"length": "5y"}})
    return {"today": base} | {change: trinn.apply(base, change) for change in CHANGES}


def _compare(scenarios: dict[str, Scenario], replications: int, workers: int) -> Any:
    """What a user waits for: the runs, the tables, and what may be said."""
    both = trinn.compare(scenarios, replications=replications, seed=1, engine="compiled", record="weekly", workers=workers)
    _say(both)
    return both


def _say(both: Any) -> None:
    """Everything that a comparison reckons from its replications."""
    _ = both.table, both.means, both.verdicts, both.cautions


def comparison(place: str, replications: int, repeats: int, workers: int = 2) -> Found:
    """Seconds of a whole comparison: the first in a process (its workers start), and the median of those after it."""
    engine_named("compiled")
    scenarios = _five(place)
    base = scenarios["today"]
    plans = phases(base)
    cohort = draw_cohort(base, plans, 1, 0)
    neighbours = int(np.asarray(plans[0].shape.neighbours)[cohort.area].sum())
    first = seconds_of(lambda: _compare(scenarios, replications, workers))
    again = statistics.median(seconds_of(lambda: _compare(scenarios, replications, workers)) for _ in range(repeats))
    years = (plans[0].shape.end - plans[0].shape.begin + 1) / (365.25 * 86400)
    found = {"first": first, "again": again, "children": len(cohort), "neighbours": neighbours, "years": years}
    return {**found, "scenarios": len(scenarios), "peak": peak_bytes()}


def split(place: str, replications: int) -> Found:
    """Seconds of the parts of a comparison on one core, measured part by part; ``rest`` is what no part owns."""
    engine_named("compiled")
    scenarios = _five(place)
    _compare(scenarios, 2, 1)
    watch = Stopwatch()
    began = time.perf_counter()
    with watch.watching(PARTS):
        both = trinn.compare(scenarios, replications=replications, seed=1, engine="compiled", record="weekly", workers=1)
        watch.timed("comparison", _say)(both)
    return _shares(watch, time.perf_counter() - began)


def country(place: str, repeats: int) -> Found:
    """One replication of five years after two of warm-up: seconds, peak memory and, in a last run, the parts."""
    engine_named("compiled")
    small = trinn.load(PLACE)
    trinn.run(small, replications=1, engine="compiled", record="weekly", workers=1)
    began = time.perf_counter()
    scenario = trinn.load({"base": place, "period": {"warmup": "2y", "length": "5y"}})
    loading = time.perf_counter() - began
    results: list[Any] = []

    def once() -> None:
        results[:] = [trinn.run(scenario, replications=1, seed=1, engine="compiled", record="weekly", workers=1)]

    seconds = statistics.median(seconds_of(once) for _ in range(repeats))
    peak = peak_bytes()
    watch = Stopwatch()
    began = time.perf_counter()
    with watch.watching(PARTS):
        once()
    parts = _shares(watch, time.perf_counter() - began)
    shape = results[0].plans[0].shape
    areas = {"areas": len(shape.areas), "places": len(shape.places)}
    return {"seconds": seconds, "peak": peak, "loading": loading, "parts": parts, **areas}


def _shares(watch: Stopwatch, total: float) -> Found:
    found = {part: watch.seconds.get(part, 0.0) for part in (*PARTS, "comparison")}
    return {**found, "rest": total - sum(found.values()), "total": total}


def ladder_run(place: str, engine: str, repeats: int) -> Found:
    """Median seconds of one replication as shipped, all records kept, plan and children drawn inside the clock."""
    run = engine_named(engine)
    scenario = trinn.load(place)
    small = scenario if place == PLACE else trinn.load(PLACE)
    plans = phases(small)
    run(plans, draw_cohort(small, plans, 1, 0))
    before = peak_bytes()
    alone, whole = [], []
    for _ in range(repeats):
        began = time.perf_counter()
        plans = phases(scenario)
        cohort, supply = draw_cohort(scenario, plans, 1, 0), draw_supply(plans, 1, 0)
        drawn = time.perf_counter()
        trajectory = run(plans, cohort, supply=supply)
        ended = time.perf_counter()
        alone.append(ended - drawn)
        whole.append(ended - began)
        records, events = trajectory.log.rows.nbytes, trajectory.events
        grown = peak_bytes() - before
        del trajectory
    children = len(cohort)
    found = {"children": children, "events": events, "record_bytes": records / children}
    found |= {"bytes": max(0, grown - records) / children}
    return found | {"alone": statistics.median(alone), "whole": statistics.median(whole)}


# -- rows -----------------------------------------------------------------------------------------------------------------


def sections(quick: bool) -> list[Section]:
    """Rows 5, 6 and 8, and both engines on the ladder."""
    return [_municipality(quick), _country(quick), _both_engines(quick)]


def _municipality(quick: bool) -> Section:
    """Rows 5 and 8."""
    replications = 20 if quick else REPLICATIONS
    found = apart(comparison, place=PLACE, replications=replications, repeats=1 if quick else 3)
    parts = apart(split, place=PLACE, replications=5 if quick else SPLIT_REPLICATIONS)
    what = f"five scenarios x {replications} replications of {PLACE}, 5 years after the warm-up, two cores"
    title = "A municipality: five scenarios compared"
    if missing(found, parts):
        targets = (
            without(what, "at most 6 s", found, parts),
            without("share of drawing the children in it", "at most 20 %", found, parts),
            without("share of measures and comparison in it", "at most 30 %", found, parts),
        )
        return Section(title, (f"{missing(found, parts)}.",), targets)
    place = next(place for place in places() if place.number == PLACE)
    total = parts["total"]
    measuring = sum(parts[part] for part in MEASURING)
    lines = [
        f"{place.name}, {place.inhabitants:,} inhabitants: today and four proposals through `trinn.compare`, {replications}",
        f'replications each, two threads, `record="weekly"`, with tables and verdicts. {found["children"]} children in a',
        f"replication of {found['years']:.0f} years, warm-up included, {found['neighbours']} of them of the neighbours in its",
        "catchment.",
        f"{found['again']:.1f} s; the first time in a process, with its imports, {found['first']:.1f} s. "
        f"{found['scenarios'] * replications / found['again']:,.0f} replications a second.",
        "",
        "Where the time goes, on one core:",
        "",
        *_split_table(parts),
    ]
    targets = (
        at_most(what, 6, found["again"], "s"),
        at_most("share of drawing the children in it", 20, 100 * parts["children"] / total, "%"),
        at_most("share of measures and comparison in it", 30, 100 * measuring / total, "%"),
    )
    return Section(title, tuple(lines), targets)


def _split_table(parts: Found) -> list[str]:
    names = [part for part in (*PARTS, "comparison", "rest") if parts[part] or part in ("children", "engine", "measures")]
    shares = [f"{100 * parts[part] / parts['total']:.1f} %" for part in names]
    return table(("part", *names), [("share", *shares), ("seconds", *(f"{parts[part]:.2f}" for part in names))])


def _country(quick: bool) -> Section:
    """Row 6."""
    found = apart(country, place=COUNTRY, repeats=1 if quick else 3)
    what = "one replication of Norway, 5 years after 2 of warm-up, weekly"
    title = "The country"
    if missing(found):
        targets: tuple[Target, ...] = (without(what, "at most 5 s", found), without("its memory", "at most 2 GB", found))
        return Section(title, (f"{missing(found)}.",), targets)
    lines = [
        f"{found['areas']} municipalities and districts, {found['places']} services. {found['seconds']:.1f} s and "
        f"{found['peak'] / 1e9:.2f} GB at most in a process of its own;",
        f"reading and checking the scenario before that takes {found['loading']:.1f} s.",
        "",
        *_split_table(found["parts"]),
    ]
    targets = (at_most(what, 5, found["seconds"], "s"), at_most("its memory", 2, found["peak"] / 1e9, "GB"))
    return Section(title, tuple(lines), targets)


def _both_engines(quick: bool) -> Section:
    """One replication as shipped, at three sizes."""
    rows = []
    for place in (PLACE, "fonna") if quick else (PLACE, "fonna", COUNTRY):
        for engine in ("compiled", "simpy"):
            large = place == COUNTRY
            found = apart(ladder_run, place=place, engine=engine, repeats=1 if large and engine == "simpy" else 3)
            if missing(found):
                rows.append((place, engine, missing(found), *["-"] * 5))
                continue
            size = found["children"]
            rates = (size / found["whole"], size / found["alone"], found["events"] / found["alone"])
            numbers = (*rates, found["bytes"], found["record_bytes"])
            rows.append((place, engine, str(size), *(f"{number:,.0f}" for number in numbers)))
    head = ("place", "engine", "children", "children a second", "the same, plan and children at hand", "events a second",
            "bytes a child beside records", "bytes of records a child")  # fmt: skip
    return Section("The Norwegian ladder as shipped, all records kept", tuple(table(head, rows)))
