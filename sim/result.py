"""What a run gives back: measures, weekly series, event records and children, as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from scenarios.errors import TrinnError
from scenarios.schema import BANDS, ENDINGS, REASONS, STEPS, Scenario
from scenarios.units import DAY, YEAR
from sim.children import NO_AGE, Cohort
from sim.draws import Ints
from sim.fold import SERIES, Fates, Folded, weeks
from sim.measures import MEASURES
from sim.plan import Plan
from sim.records import Kind, Log
from sim.tally import NEVER


@dataclass(frozen=True)
class Replication:
    """One replication: what was folded and, if kept, its records and children."""

    number: int
    folded: Folded
    children: int
    log: Log | None = None
    cohort: Cohort | None = None
    table: pd.DataFrame | None = None


@dataclass(frozen=True)
class Result:
    """A run: its replications, and what is needed to repeat it."""

    scenario: Scenario
    name: str
    seed: int
    engine: str
    version: str
    plans: Sequence[Plan] = field(repr=False)
    replications: tuple[Replication, ...] = field(repr=False)

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Tidy: scenario, replication, area, service, group, measure, unit, value."""
        rows = [
            (self.name, replication.number, area, service, group, measure, _unit(service, measure), value)
            for replication in self.replications
            for (area, service, group, measure), value in replication.folded.values.items()
        ]
        return pd.DataFrame(rows, columns=["scenario", "replication", "area", "service", "group", "measure", "unit", "value"])

    @cached_property
    def series(self) -> pd.DataFrame:
        """Weekly: scenario, replication, week, date, service, waiting, in_course, hours_committed, capacity.

        Week 0 is the start date. Children are those of the focal areas; hours are of the whole services.
        """
        points = weeks(self.plans[0])
        start = self.scenario.period.start
        week = points // (7 * DAY)
        dates = [start + timedelta(weeks=int(number)) for number in week]
        services = self.plans[0].shape.services
        frames = []
        for replication in self.replications:
            for number, service in enumerate(services):
                values = replication.folded.series[:, number, :]
                frame = pd.DataFrame(values, columns=list(SERIES))
                head: dict[str, Any] = {
                    "scenario": self.name,
                    "replication": replication.number,
                    "week": week,
                    "date": dates,
                    "service": service,
                }
                for position, (column, content) in enumerate(head.items()):
                    frame.insert(position, column, content)
                frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def events(self, replication: int = 0) -> pd.DataFrame:
        """The event records of one replication: names and dates beside the seconds.

        Columns: time (seconds since the start date), date, kind, child (its identity), area, service, stay, since, received,
        wait_days, detail, need. The children are invented.

        Raises:
            TrinnError: when the run did not keep its records (``record="log"``).
        """
        kept = self._kept(replication)
        assert kept.log is not None
        assert kept.cohort is not None
        return _events(kept.log, kept.cohort, self.plans[0])

    def children(self, replication: int = 0) -> pd.DataFrame:
        """One row an invented child of one replication: attributes, waits, help received, how it ended.

        Raises:
            TrinnError: when the run kept neither records nor children.
        """
        kept = self._kept(replication, "children")
        if kept.table is not None:
            return kept.table
        assert kept.log is not None
        assert kept.cohort is not None
        return children_table(kept.log, kept.cohort, self.plans[0])

    def _kept(self, number: int, what: str = "log") -> Replication:
        for replication in self.replications:
            if replication.number == number:
                if replication.log is None and (what == "log" or replication.table is None):
                    raise TrinnError(f'the run did not keep its {what}: use record="{what}"')
                return replication
        raise TrinnError(f"there is no replication {number} (0 to {len(self.replications) - 1})")


def _unit(service: str, measure: str) -> str:
    return MEASURES["service" if service else "area", measure].unit


def _moment(plan: Plan, seconds: Any) -> list[datetime]:
    start = datetime.combine(plan.shape.start, datetime.min.time())
    return [start + timedelta(seconds=int(second)) for second in seconds]


WITHOUT = ("did not seek help", "no way on", "lost in a handover", "put off by the known wait", "discouraged by a rejection")
LEFT = ("recovered", "remitted", "done", "outside", "without help", "somatic care", "grown up")


def _events(log: Log, cohort: Cohort, plan: Plan) -> pd.DataFrame:
    shape = plan.shape
    pools = np.isin(log.kind, (Kind.OVERLOADED, Kind.CAPACITY))
    child = log.child
    service = ["" if place < 0 else shape.services[shape.places[place][1]] for place in np.where(pools, -1, log.place)]
    for row in np.flatnonzero(pools):
        place, name = shape.pools[log.place[row]]
        service[row] = f"{shape.services[shape.places[place][1]]}.{name}"
    area = [shape.areas[cohort.area[row]] if row >= 0 else "" for row in child]
    return pd.DataFrame(
        {
            "time": log.time,
            "date": _moment(plan, log.time),
            "kind": [Kind(kind).name.lower() for kind in log.kind],
            "child": [f"{cohort.key[row]:016x}" if row >= 0 else "" for row in child],
            "area": area,
            "service": service,
            "stay": log.stay,
            "since": log.since,
            "received": log.received,
            "wait_days": (log.time - log.since) / DAY,
            "detail": [_detail(kind, detail, plan) for kind, detail in zip(log.kind, log.detail, strict=True)],
            "need": [plan.needs.names[need] if need >= 0 else "" for need in log.need],
        }
    )


def _detail(kind: int, detail: int, plan: Plan) -> str:
    """What the detail of a record says, in words."""
    shape = plan.shape
    match kind:
        case Kind.AROSE:
            return shape.streams[detail] if detail >= 0 else ("already waiting", "already in a course")[-1 - detail]
        case Kind.SOUGHT | Kind.FOUND:
            return shape.doors[detail]
        case Kind.WITHOUT_HELP:
            return WITHOUT[detail]
        case Kind.ACCEPTED:
            return f"taken for {STEPS[detail]}"
        case Kind.MET:
            return f"taken for {STEPS[detail]}" if detail >= 0 else "no consent"
        case Kind.BREACHED:
            return ("", "guarantee")[detail]
        case Kind.HELPER_CHANGED:
            return ("", "dropped out")[detail]
        case Kind.CLOSED:
            return ("planned closure", "grant ended")[detail]
        case Kind.REJECTED:
            words = [
                REASONS[detail % 100],
                "wrong by the model" if detail // 100 % 10 else "",
                "warm" if detail >= 1000 else "",
            ]
            return ", ".join(word for word in words if word)
        case Kind.STARTED:
            return "urgent" if detail % 2 else ""
        case Kind.ENDED:
            return ENDINGS[detail]
        case Kind.REFUSED:
            return ("list full", "closed")[detail]
        case Kind.HANDED_OVER | Kind.LOST | Kind.SWITCHED | Kind.HELD | Kind.RELAPSED:
            return shape.services[shape.places[detail][1]] if detail >= 0 else ""
        case Kind.WORSENED:
            return f"from {plan.needs.names[detail]}"
        case Kind.LEFT:
            return LEFT[detail]
        case Kind.OVERLOADED | Kind.CAPACITY | Kind.REFERRED | Kind.OVERFLOWED | Kind.RAISED | Kind.BALKED:
            return str(detail)
        case _:
            return ""


def children_table(log: Log, cohort: Cohort, plan: Plan) -> pd.DataFrame:
    """One row an invented child; times in seconds since the start date, missing where it did not happen."""
    size = len(cohort)
    helps = np.asarray([terms.step != 0 for terms in plan.terms], dtype=bool)
    starts = log.of(Kind.STARTED)
    help_starts = starts.where(helps[starts.place])
    left = log.of(Kind.LEFT)
    ended = np.full(size, -1, dtype=np.int64)
    back = log.of(Kind.RELAPSED)
    ended[left.child] = left.detail  # of several times the last
    times = np.bincount(left.child, minlength=size) - np.bincount(back.child, minlength=size)
    ended[times == 0] = -1
    fates = Fates(
        sought=_first(log.of(Kind.SOUGHT, Kind.REFERRED), size),
        first_help=_first(help_starts, size),
        courses=np.bincount(help_starts.child, minlength=size),
        rejections=np.bincount(log.of(Kind.REJECTED).child, minlength=size),
        handovers=np.bincount(log.of(Kind.HANDED_OVER).child, minlength=size),
        worsened=np.bincount(log.of(Kind.WORSENED, Kind.CRISIS).child, minlength=size),
        ended=ended,
    )
    return table_of(fates, cohort, plan)


def table_of(fates: Fates, cohort: Cohort, plan: Plan) -> pd.DataFrame:
    """:func:`children_table` from what became of each child."""
    age = [None if b == NO_AGE else float(t - b) / YEAR for t, b in zip(cohort.time, cohort.born, strict=True)]
    sought, helped = _second(fates.sought), _second(fates.first_help)
    return pd.DataFrame(
        {
            "child": [f"{key:016x}" for key in cohort.key],
            "area": [plan.shape.areas[i] for i in cohort.area],
            "group": [BANDS[i] if i >= 0 else "" for i in cohort.band],
            "people": [plan.shape.people[i] if i >= 0 else "" for i in cohort.group],
            "age": pd.array(age, dtype="Float64"),
            "need": [plan.needs.names[i] for i in cohort.need],
            "arose": cohort.time,
            "sought": sought,
            "first_help": helped,
            "wait_days": (helped - sought) / DAY,
            "courses": fates.courses,
            "rejections": fates.rejections,
            "handovers": fates.handovers,
            "worsened": fates.worsened,
            "ended": np.asarray([*LEFT, "still here"], dtype=object)[fates.ended],
        }
    )


def _first(log: Log, size: int) -> Ints:
    first = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(first, log.child, log.time)
    first[first == np.iinfo(np.int64).max] = NEVER
    return first


def _second(first: Ints) -> Any:
    never = first == NEVER
    return pd.arrays.IntegerArray(np.where(never, 0, first), never)
