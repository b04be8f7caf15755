"""Programs to compare speed with: the same network as a textbook would write it in SimPy, in salabim and in Ciw.

All take a Network and a number of children, and draw with generators of their own, so they agree in distribution and not child
by child. The caller measures the time; building the model is inside it, importing is not. Times are days.

What is the same: Poisson arrivals, exponential courses, exponential patience, urgent children first on every list
without interrupting anybody, routing by a matrix, one record per event or visit. What differs: SimPy and salabim stop when the
last of the given number of children has left, Ciw when so many have left and others still are inside.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Generator, Sequence
from itertools import accumulate
from math import inf
from typing import Any, NamedTuple

import ciw  # type: ignore[import-untyped]
import numpy as np
import salabim  # type: ignore[import-untyped]
import simpy

from benchmarks.network import Network, Service

URGENT, ORDINARY = 0, 1  # the lower number is served first, in SimPy and in Ciw


class Outcome(NamedTuple):
    """Children who have left; events processed, None if the program does not say; records in the program's own form."""

    children: int
    events: int | None
    records: list[Any]


class Record(NamedTuple):
    """What happened to a child at a service: joined, started, ended or gave up."""

    child: int
    service: str
    kind: str
    day: float


def run_idiomatic(network: Network, arrivals: int, seed: int = 1) -> Outcome:
    """An idiomatic SimPy program: a process per child, a PriorityResource per service, scalar draws, a list of records.

    Where the textbook form is slow for no good reason, the faster one is taken: bisect on cumulated probabilities and
    not ``rng.choice``, tuples and not dictionaries. ``events`` is what SimPy scheduled, patience that was not needed
    included, since a timeout cannot be cancelled.
    """
    env = simpy.Environment()
    rng = np.random.default_rng(seed)
    resources = [simpy.PriorityResource(env, capacity=service.places) for service in network.services]
    routes = [list(accumulate(row)) for row in network.routing]
    records: list[Record] = []
    env.process(_arrivals(env, network, arrivals, resources, routes, rng, records))
    env.run()
    return Outcome(arrivals, next(env._eid), records)


def _arrivals(
    env: simpy.Environment,
    network: Network,
    arrivals: int,
    resources: Sequence[simpy.PriorityResource],
    routes: Sequence[Sequence[float]],
    rng: np.random.Generator,
    records: list[Record],
) -> Generator[simpy.Event, Any, None]:
    """Let the children in, one after the other, each at its door."""
    doors = list(accumulate(network.arrivals_per_day))
    for number in range(arrivals):
        yield env.timeout(rng.exponential(1 / doors[-1]))
        door = bisect(doors, rng.random() * doors[-1])
        priority = URGENT if rng.random() < network.urgent_share else ORDINARY
        env.process(_child(env, number, door, priority, network, resources, routes, rng, records))


def _child(
    env: simpy.Environment,
    number: int,
    place: int,
    priority: int,
    network: Network,
    resources: Sequence[simpy.PriorityResource],
    routes: Sequence[Sequence[float]],
    rng: np.random.Generator,
    records: list[Record],
) -> Generator[simpy.Event, Any, None]:
    """One child's way through the ladder, from the door until it leaves or gives up."""
    while place < len(network.services):
        service = network.services[place]
        with resources[place].request(priority=priority) as request:
            records.append(Record(number, service.name, "joined", env.now))
            if service.patience_days is None:
                yield request
            else:
                result = yield request | env.timeout(rng.exponential(service.patience_days))
                if request not in result:
                    records.append(Record(number, service.name, "gave up", env.now))
                    return
            records.append(Record(number, service.name, "started", env.now))
            yield env.timeout(rng.exponential(service.mean_days))
            records.append(Record(number, service.name, "ended", env.now))
        place = bisect(routes[place], rng.random())  # beyond the last service: leaves


def run_ciw(network: Network, arrivals: int, seed: int = 1) -> Outcome:
    """The same network in Ciw 3: children of two classes, urgent and ordinary, until ``arrivals`` of them have left.

    ``records`` are Ciw's own, one per visit or giving up. Ciw draws from its one global state, which is seeded here.
    """
    shares = {"ordinary": 1 - network.urgent_share, "urgent": network.urgent_share}
    classes = [name for name, share in shares.items() if share > 0]
    ranks = {name: rank for rank, name in enumerate(sorted(classes, reverse=True))}  # Ciw counts from 0, urgent first
    courses = [ciw.dists.Exponential(1 / service.mean_days) for service in network.services]
    patience = [_patience(service) for service in network.services]
    ciw.seed(seed)
    simulation = ciw.Simulation(
        ciw.create_network(
            arrival_distributions={
                name: [ciw.dists.Exponential(rate * shares[name]) if rate else None for rate in network.arrivals_per_day]
                for name in classes
            },
            service_distributions=dict.fromkeys(classes, courses),
            reneging_time_distributions=dict.fromkeys(classes, patience),
            number_of_servers=[service.places for service in network.services],
            routing={name: [list(map(float, row)) for row in network.routing] for name in classes},
            priority_classes=ranks,
        )
    )
    simulation.simulate_until_max_customers(arrivals, method="Finish")
    return Outcome(simulation.nodes[-1].number_of_individuals, None, simulation.get_all_records())


def _patience(service: Service) -> ciw.dists.Exponential | None:
    """How long a child waits before it gives up, as Ciw wants it."""
    return None if service.patience_days is None else ciw.dists.Exponential(1 / service.patience_days)


def run_salabim(network: Network, arrivals: int, seed: int = 1) -> Outcome:
    """The same network in salabim: a component per child, a resource per service, generators, scalar draws from NumPy.

    Its monitors are as it makes them: without them it is no faster. More than half of its time goes to making components, whose
    signatures salabim inspects for each child, and there is no way to ask it not to.
    """
    env = salabim.Environment(trace=False, random_seed=seed, yieldless=False)
    run = _SalabimRun(
        env,
        network,
        [salabim.Resource(service.name, capacity=service.places, env=env) for service in network.services],
        [list(accumulate(row)) for row in network.routing],
        np.random.default_rng(seed),
        [],
    )
    _SalabimArrivals(env=env, run=run, arrivals=arrivals)
    env.run()
    return Outcome(arrivals, None, run.records)


class _SalabimRun(NamedTuple):
    env: Any
    network: Network
    resources: list[Any]
    routes: list[list[float]]
    rng: np.random.Generator
    records: list[Any]


class _SalabimArrivals(salabim.Component):  # type: ignore[misc]
    """Let the children in, one after the other, each at its door."""

    def setup(self, run: _SalabimRun, arrivals: int) -> None:
        self.run, self.arrivals = run, arrivals

    def process(self) -> Generator[Any, Any, None]:
        run, doors = self.run, list(accumulate(self.run.network.arrivals_per_day))
        for number in range(self.arrivals):
            yield self.hold(run.rng.exponential(1 / doors[-1]))
            door = bisect(doors, run.rng.random() * doors[-1])
            urgency = URGENT if run.rng.random() < run.network.urgent_share else ORDINARY
            _SalabimChild(env=run.env, run=run, number=number, door=door, urgency=urgency)


class _SalabimChild(salabim.Component):  # type: ignore[misc]
    """One child's way through the ladder, from the door until it leaves or gives up."""

    def setup(self, run: _SalabimRun, number: int, door: int, urgency: int) -> None:
        self.run, self.number, self.door, self.urgency = run, number, door, urgency

    def process(self) -> Generator[Any, Any, None]:
        run, number, place = self.run, self.number, self.door
        env, services = run.env, run.network.services
        while place < len(services):
            service = services[place]
            run.records.append(Record(number, service.name, "joined", env.now()))
            wanted = (run.resources[place], 1, self.urgency)
            if service.patience_days is None:
                yield self.request(wanted)
            else:
                yield self.request(wanted, fail_delay=run.rng.exponential(service.patience_days))
                if self.failed():
                    run.records.append(Record(number, service.name, "gave up", env.now()))
                    return
            run.records.append(Record(number, service.name, "started", env.now()))
            yield self.hold(run.rng.exponential(service.mean_days))
            self.release()
            run.records.append(Record(number, service.name, "ended", env.now()))
            place = bisect(run.routes[place], run.rng.random())  # beyond the last service: leaves


def waits_of_started(network: Network, outcome: Outcome, joined_before: float = inf) -> dict[str, np.ndarray]:
    """Days from joining to starting, per service, in order of starting, from the records of any of the programs.

    ``joined_before``: only of those who joined before this day, so that nobody is left out for starting late.
    """
    waits: dict[str, list[float]] = {service.name: [] for service in network.services}
    joined: dict[tuple[int, str], float] = {}
    for record in outcome.records:
        if not isinstance(record, Record):
            if record.record_type == "service" and record.arrival_date < joined_before:
                waits[network.services[record.node - 1].name].append(record.waiting_time)
        elif record.kind == "joined":
            joined[record.child, record.service] = record.day
        elif record.kind == "started" and (since := joined[record.child, record.service]) < joined_before:
            waits[record.service].append(record.day - since)
    return {name: np.array(days) for name, days in waits.items()}
