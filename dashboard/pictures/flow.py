"""Children on their way through the services: who goes from where to where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard import numbers
from dashboard.charts import INK
from dashboard.pictures.picture import Picture
from dashboard.tables import service_name
from dashboard.texts import Language, chosen, joined, text
from scenarios.errors import TrinnError
from scenarios.schema import STEPS, Scenario
from scenarios.units import YEAR
from sim.plan import Plan
from sim.records import Kind
from sim.result import Result

STEP_COLOURS = {
    "green": "#2F6B3C",
    "yellow": "#8A6D00",
    "orange": "#B3471D",
    "red": "#A61B2B",
    "dark_red": "#6E1423",
}
"""Dark enough for white letters and against white."""
OTHER = "#5B6770"
LEFT = ("recovered", "remitted", "done", "outside", "without_help", "somatic", "grown_up")
_ENDS = (Kind.LEFT, Kind.GAVE_UP, Kind.LOST, Kind.REJECTED, Kind.WITHOUT_HELP)


@dataclass(frozen=True)
class Way:
    """From one station to another, and how many children a year."""

    source: str
    target: str
    children: float


def ways(result: Result) -> tuple[Way, ...]:
    """How many children a year went which way in the counted period, mean over replications; focal areas only.

    Stations are ``door:``, ``service:`` and ``end:`` with a name behind; ``end:again`` stands for those who seek help anew.

    Raises:
        TrinnError: when the run did not keep its records (``record="log"``).
    """
    plan = result.plans[0]
    years = (plan.shape.end + 1) / YEAR
    counted: Counter[tuple[str, str]] = Counter()
    for replication in result.replications:
        if replication.log is None or replication.cohort is None:
            raise TrinnError('the run did not keep its records: use record="log"')
        log = replication.log
        kinds = (Kind.SOUGHT, Kind.REFERRED, Kind.JOINED, Kind.STARTED, *_ENDS)
        focal = np.isin(np.asarray(replication.cohort.area)[np.maximum(log.child, 0)], _focal(plan, result.scenario))
        rows = np.flatnonzero((log.time <= plan.shape.end) & (log.child >= 0) & np.isin(log.kind, kinds) & focal)
        rows = rows[np.lexsort((rows, log.child[rows]))]
        columns = (getattr(log, name)[rows].tolist() for name in ("time", "child", "kind", "place", "detail"))
        counted.update(step for time, step in _steps(zip(*columns, strict=True), plan) if time >= 0)
    share = years * len(result.replications)
    return tuple(Way(source, target, number / share) for (source, target), number in sorted(counted.items()))


def _focal(plan: Plan, scenario: Scenario) -> list[int]:
    return [number for number, area in enumerate(plan.shape.areas) if area in scenario.focal_areas]


def _steps(rows: Iterable[tuple[int, ...]], plan: Plan) -> Iterator[tuple[int, tuple[str, str]]]:
    """Each step of each child from one station to the next, with its second."""
    shape = plan.shape
    last, station = -1, ""
    for time, child, kind, place, detail in rows:
        if child != last:
            last, station = child, ""
        if kind == Kind.SOUGHT:
            if station:
                yield time, (station, "end:again")
            station = f"door:{shape.doors[detail]}"
        elif kind in (Kind.REFERRED, Kind.JOINED, Kind.STARTED):
            name = f"service:{shape.services[shape.places[place][1]]}"
            if station != name:
                yield time, (station or "door:referred", name)
                station = name
        elif station:
            yield time, (station, _end(kind, place, detail, plan))
            station = ""


def _end(kind: int, place: int, detail: int, plan: Plan) -> str:
    """Where a child goes that goes to no service."""
    if kind == Kind.REJECTED:
        return f"end:rejected:{plan.shape.services[plan.shape.places[place][1]]}"
    if kind == Kind.LEFT:
        return f"end:left_{LEFT[detail]}"
    if kind == Kind.WITHOUT_HELP:
        return "end:left_without_help"
    return "end:gave_up" if kind == Kind.GAVE_UP else "end:lost"


def flow(result: Result, scenario_name: str, language: Language) -> Picture:
    """The ladder with children flowing, as a Sankey and as a table from – to."""
    scenario = result.scenario
    found = [way for way in ways(result) if way.children >= numbers.SMALL]
    order = {name: number for number, name in enumerate(_order(scenario))}
    forward, back = [], Counter[str]()
    for way in found:
        if way.source.startswith("service:") and way.target.startswith("service:") and order[way.target] <= order[way.source]:
            back[way.source] += way.children  # type: ignore[assignment]
        else:
            forward.append(way)
    forward += [Way(source, "end:again", children) for source, children in back.items()]
    title = text("pictures_flow_title", language, scenario=scenario_name)
    how = text("pictures_flow_how", language, futures=len(result.replications))
    heads = [text(f"pictures_{head}", language) for head in ("from", "to", "children_a_year")]
    named = sorted(found, key=lambda way: -way.children)
    table = pd.DataFrame(
        [
            (*(name_of(station, scenario, language) for station in (w.source, w.target)), numbers.whole(w.children, language))
            for w in named
        ],
        columns=heads,
    )
    if not named:
        return Picture("flow", title, text("pictures_flow_none", language), table, how)
    most = [
        text(
            "pictures_flow_way",
            language,
            source=name_of(way.source, scenario, language),
            target=name_of(way.target, scenario, language),
            number=numbers.whole(way.children, language),
        )
        for way in named[:3]
    ]
    words = text("pictures_flow_words", language, ways=joined(most, language))
    return Picture("flow", title, words, table, how, echarts=_options(forward, scenario, language, words))


def name_of(station: str, scenario: Scenario, language: Language) -> str:
    """What a station is called."""
    kind, _, name = station.partition(":")
    if kind == "service":
        return service_name(scenario, name, language)
    if kind == "door":
        door = scenario.doors.get(name)
        words = chosen(door.name, language) if door is not None and door.name else name
        return text("pictures_referred", language) if name == "referred" else text("pictures_door", language, door=words)
    what, _, service = name.partition(":")
    if service:
        return text(f"pictures_{what}", language, service=service_name(scenario, service, language))
    return text(f"pictures_{what}", language)


def _order(scenario: Scenario) -> list[str]:
    """The services, lowest step first."""
    steps = {name: STEPS.index(service.step) if service.step else len(STEPS) for name, service in scenario.services.items()}
    return [f"service:{name}" for name in sorted(scenario.services, key=lambda name: steps[name])]


def _options(found: list[Way], scenario: Scenario, language: Language, words: str) -> dict[str, object]:
    merged: Counter[tuple[str, str]] = Counter()
    for way in found:
        merged[way.source, way.target] += way.children  # type: ignore[assignment]
    stations = list(dict.fromkeys(name for pair in merged for name in pair))
    onward = {source for source, _ in merged}  # the others stand at the right edge
    nodes = []
    for station in stations:
        kind, _, name = station.partition(":")
        step = scenario.services[name].step if kind == "service" else None
        nodes.append(
            {
                "name": name_of(station, scenario, language),
                "itemStyle": {"color": STEP_COLOURS.get(step or "", OTHER)},
                "label": {"position": "right" if station in onward else "left"},
            }
        )
    links = [
        {"source": name_of(a, scenario, language), "target": name_of(b, scenario, language), "value": round(value)}
        for (a, b), value in merged.items()
    ]
    series = {
        "type": "sankey", "data": nodes, "links": links, "nodeAlign": "justify", "nodeGap": 14, "nodeWidth": 16,
        "left": 8, "right": 8, "top": 12, "bottom": 12, "draggable": False, "emphasis": {"focus": "adjacency"},
        "lineStyle": {"color": "gradient", "opacity": 0.35, "curveness": 0.5},
        "label": {"color": INK, "fontSize": 12, "textBorderColor": "#FFFFFF", "textBorderWidth": 3},
    }  # fmt: skip
    return {
        "animation": False,
        "aria": {"enabled": True, "label": {"description": words}},
        "tooltip": {"trigger": "item"},
        "series": [series],
    }
