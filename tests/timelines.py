"""A few children by hand: what the tests of single mechanisms share. Every run is checked against the identities.

And every one is run by both engines, which must agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenarios.load import load
from sim.agreement import first_difference
from sim.build import phases
from sim.children import NO_AGE, NO_BAND, NO_GROUP, Cohort
from sim.draws import ONE, draw, stream
from sim.engine import simulate
from sim.identities import check
from sim.kernel import simulate_compiled
from sim.laws import clock_table, hazard, look_up
from sim.records import COLUMNS, Kind
from sim.state import Trajectory
from sim.supply import NONE

TIME, KIND, CHILD, PLACE, STAY, SINCE, RECEIVED, DETAIL, NEED = range(len(COLUMNS))
ENGINES = ("SimPy", "compiled")
POOLED = (Kind.OVERLOADED, Kind.CAPACITY)
"""Kinds whose place is a pool."""


def ladder(services, length="2000s", **more):
    """A scenario of these services, with one stream of demand to each, of the service's name; children come by hand."""
    data = {"name": "by hand", "period": {"start": "2027-01-04", "length": length}, "services": services}
    streams = {name: {"rate": "1/y", "to": name} for name in services}
    return load(data | {"demand": streams} | more)


@dataclass(frozen=True)
class Coming:
    """One child: when the need arises, what it is, and the service entered (None: a door is sought)."""

    second: int
    to: str | None = "clinic"
    need: str | None = None
    key: int | None = None
    born: int = NO_AGE
    waited: int = 0
    group: int = NO_GROUP
    stream: int | str | None = None


def these(plans, *children):
    """A cohort by hand, in order of time. A child is a second (at ``clinic``), (second, service), or a :class:`Coming`."""
    shape, needs = plans[0].shape, plans[0].needs.names
    stated = [c if isinstance(c, Coming) else Coming(*c) if isinstance(c, tuple) else Coming(c) for c in children]
    whole = {"area": np.zeros(len(stated), np.int64), "band": np.full(len(stated), NO_BAND, np.int64)}

    def column(values):
        return np.asarray(list(values), dtype=np.int64)

    def number(child):
        if isinstance(child.stream, int):
            return child.stream
        name = child.stream or child.to
        return shape.streams.index(name) if name in shape.streams else 0

    return Cohort(
        key=np.asarray([child.key or row for row, child in enumerate(stated, start=1)], dtype=np.uint64),
        time=column(child.second for child in stated),
        born=column(child.born for child in stated),
        need=column(0 if child.need is None else needs.index(child.need) for child in stated),
        to=column(-1 if child.to is None else shape.services.index(child.to) for child in stated),
        stream=column(number(child) for child in stated),
        group=column(child.group for child in stated),
        waited=column(child.waited for child in stated),
        **whole,
    )


@dataclass(frozen=True)
class Told:
    """What came of a run by hand."""

    plans: tuple
    trajectory: Trajectory

    @property
    def rows(self):
        """The records as they were written."""
        return self.trajectory.log.rows

    def story(self, *kinds, but=(), child=None):
        """(second, kind, child, place) of the records of these kinds, or of all but some; of one child if asked."""
        return [record[:4] for record in self.detailed(*kinds, but=but, child=child)]

    def detailed(self, *kinds, but=(), child=None):
        """(second, kind, child, place, detail) likewise."""
        found = []
        for row in self.rows.tolist():
            kind = Kind(row[KIND]).name.lower()
            if (not kinds or kind in kinds) and kind not in but and child in (None, row[CHILD]):
                found.append((row[TIME], kind, row[CHILD], self.place(row), row[DETAIL]))
        return found

    def moves(self, child=None):
        """The story without arrivals: neither ``arose`` nor ``joined``."""
        return self.story(but=("arose", "joined"), child=child)

    def place(self, row):
        """The service of a record, or the pool as ``service.pool``."""
        shape = self.plans[0].shape
        if row[PLACE] < 0:
            return ""
        if row[KIND] in POOLED:
            place, pool = shape.pools[row[PLACE]]
            return f"{shape.services[shape.places[place][1]]}.{pool}"
        return shape.services[shape.places[row[PLACE]][1]]

    def of(self, *children):
        """The rows of some children, without their numbers: what happened to them, byte for byte."""
        rows = self.rows[np.isin(self.rows[:, CHILD], children)]
        return rows.tobytes()


def tell(scenario, *children, supply=NONE):
    """Run these children through a scenario, with both engines: every timeline holds for both."""
    plans = phases(scenario)
    cohort = these(plans, *children)
    trajectory = simulate(plans, cohort, supply=supply)
    check(plans, trajectory)
    difference = first_difference(plans, trajectory, simulate_compiled(plans, cohort, supply), ENGINES)
    assert difference is None, difference
    return Told(plans, trajectory)


def coming(second, child, place="clinic"):
    """The two records of a child who arises and joins a list."""
    return [(second, "arose", child, ""), (second, "joined", child, place)]


def started(second, child, place="clinic"):
    """The three records of a child who arises and starts in the same second, nobody else being there."""
    return [*coming(second, child, place), (second, "started", child, place)]


def going(second, child, place="clinic"):
    """The two records of a child whose course ends and who leaves."""
    return [(second, "ended", child, place), (second, "left", child, "")]


def key_where(*wanted, but=()):
    """The first key whose draws lie where they should.

    Args:
        wanted: (purpose, service or "", low, high) or, with the ordinal of the draw, (purpose, service, low, high, ordinal).
        but: keys that others have.
    """
    streams = [(stream(w[0], w[1]) if w[1] else stream(w[0]), w[2], w[3], w[4] if len(w) > 4 else 0) for w in wanted]
    for key in range(1000, 1_000_000):
        if key not in but and all(low <= draw(key, at, ordinal) / ONE < high for at, low, high, ordinal in streams):
            return key
    raise AssertionError(f"no key below 1 000 000 has {wanted}")


def drawn(key, purpose, service="", ordinal=0):
    """The quantile of a child, between 0 and 1."""
    return draw(key, stream(purpose, service) if service else stream(purpose), ordinal) / ONE


def quantile(key, purpose, service="", ordinal=0):
    """The quantile of a child as the engine has it: a whole number."""
    return draw(key, stream(purpose, service) if service else stream(purpose), ordinal)


def key_ringing_after(seconds, purpose, rate, ordinal=0):
    """A key whose first (or a later) clock of a hazard (a year) rings after so many seconds."""
    per_second = hazard(rate)
    for key in range(1000, 1_000_000):
        if -(-look_up(clock_table(), draw(key, stream(purpose), ordinal)) // per_second) == seconds:
            return key
    raise AssertionError(f"no key below 1 000 000 rings after {seconds}")


def pool_of(told_or_plans, name):
    """The number of a pool, by ``service.pool``."""
    shape = (told_or_plans.plans if isinstance(told_or_plans, Told) else told_or_plans)[0].shape
    service, _, pool = name.partition(".")
    wanted = [i for i, (place, here) in enumerate(shape.pools) if here == pool and named(shape, place) == service]
    return wanted[0]


def named(shape, place):
    """The service of a place."""
    return shape.services[shape.places[place][1]]
