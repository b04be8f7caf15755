"""Two programs to compare speed with: the same network as a textbook would write it in SimPy, and in Ciw.

Both take a Network and a number of children, and both draw with generators of their own, so they agree in distribution
and not child by child. The caller measures the time; building the model is inside it, importing is not. Times are days.

What is the same: Poisson arrivals, exponential courses, exponential patience, urgent children first on every list
without interrupting anybody, routing by a matrix, one record per event or visit. What differs: SimPy stops when the
last of the given number of children has left, Ciw when so many have left and others still are inside.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, NamedTuple

import ciw
import numpy as np
import simpy

URGENT, ORDINARY = 0, 1  # the lower number is served first, in SimPy and in Ciw


@dataclass(frozen=True)
class Service:
    """One service: how many children at a time, the mean course, and the mean patience (None: they wait for ever)."""

    name: str
    places: int
    mean_days: float
    patience_days: float | None = None


@dataclass(frozen=True)
class Network:
    """Services, children a day who enter at each, and where they go next; what a routing row lacks of 1 leaves."""

    services: tuple[Service, ...]
    arrivals_per_day: tuple[float, ...]
    routing: tuple[tuple[float, ...], ...]
    urgent_share: float = 0.0

    def __post_init__(self) -> None:
        """Refuse tables of the wrong size, and rows that send out more than they get."""
        size = len(self.services)
        if {len(self.arrivals_per_day), len(self.routing), *map(len, self.routing)} != {size}:
            raise ValueError(f"arrivals and routing need {size} entries, one per service")
        if any(min(row) < 0 or sum(row) > 1 + 1e-12 for row in self.routing):
            raise ValueError("routing rows hold probabilities that sum to at most 1")


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


# A ladder with one child a day. Loads are .75 to .87 (see loads), a third of the children visit more than one service.
SIX_SERVICES = Network(
    services=(
        Service("gp", places=4, mean_days=7.5),
        Service("low_threshold", places=15, mean_days=28.0, patience_days=60.0),
        Service("municipal_team", places=15, mean_days=56.0, patience_days=90.0),
        Service("family_centre", places=5, mean_days=42.0),
        Service("bup", places=27, mean_days=98.0, patience_days=180.0),
        Service("long_term_team", places=7, mean_days=182.0),
    ),
    arrivals_per_day=(0.40, 0.38, 0.09, 0.05, 0.08, 0.0),
    routing=(
        (0.0, 0.11, 0.10, 0.03, 0.20, 0.00),
        (0.0, 0.00, 0.16, 0.05, 0.05, 0.00),
        (0.0, 0.06, 0.00, 0.05, 0.18, 0.02),
        (0.0, 0.03, 0.08, 0.00, 0.05, 0.00),
        (0.0, 0.03, 0.09, 0.02, 0.00, 0.12),
        (0.0, 0.05, 0.10, 0.00, 0.05, 0.00),
    ),
    urgent_share=0.1,
)


def plain(network: Network) -> Network:
    """The same network without urgency and without giving up: an open Jackson network, known in closed form."""
    return replace(
        network,
        services=tuple(replace(service, patience_days=None) for service in network.services),
        urgent_share=0.0,
    )


def scaled(network: Network, factor: int) -> Network:
    """``factor`` times the arrivals and the places: more children in the same time, at the same load (waits shrink)."""
    if factor != int(factor) or factor < 1:
        raise ValueError(f"places must stay whole: factor must be a whole number from 1 (got {factor})")
    return replace(
        network,
        services=tuple(replace(service, places=service.places * int(factor)) for service in network.services),
        arrivals_per_day=tuple(rate * factor for rate in network.arrivals_per_day),
    )


def horizon_days(network: Network, children: int) -> float:
    """The days in which so many children are expected: the other way to more children, with the same places."""
    return children / sum(network.arrivals_per_day)


def visits_per_day(network: Network) -> np.ndarray:
    """Arrivals at each service from outside and from the others: the traffic equations (Jackson 1957)."""
    return np.linalg.solve(np.eye(len(network.services)) - np.transpose(network.routing), network.arrivals_per_day)


def loads(network: Network) -> dict[str, float]:
    """Offered load per place of each service, were nobody to give up; below 1 the network is stable."""
    return {
        service.name: float(visits * service.mean_days / service.places)
        for service, visits in zip(network.services, visits_per_day(network), strict=True)
    }


def share_with_more_visits(network: Network) -> float:
    """The share of children who visit more than one service, were nobody to give up."""
    entering = np.array(network.arrivals_per_day)
    return float(entering @ np.sum(network.routing, axis=1) / entering.sum())


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


def waits_of_started(network: Network, outcome: Outcome) -> dict[str, np.ndarray]:
    """Days from joining to starting, per service, in order of starting, from the records of either program."""
    waits: dict[str, list[float]] = {service.name: [] for service in network.services}
    joined: dict[tuple[int, str], float] = {}
    for record in outcome.records:
        if not isinstance(record, Record):
            if record.record_type == "service":
                waits[network.services[record.node - 1].name].append(record.waiting_time)
        elif record.kind == "joined":
            joined[record.child, record.service] = record.day
        elif record.kind == "started":
            waits[record.service].append(record.day - joined[record.child, record.service])
    return {name: np.array(days) for name, days in waits.items()}
