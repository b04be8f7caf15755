"""The network that every program can express: six services shaped like a ladder, patience, urgent children first.

Times are days. :func:`as_scenario` says it in our own words; :mod:`benchmarks.peers` tells it to other programs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scenarios.load import load
from scenarios.schema import Scenario


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


def sized(children: int, days: int) -> Network:
    """The six services, scaled so that about so many children come in so many days."""
    return scaled(SIX_SERVICES, max(1, round(children / days)))


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


def as_scenario(network: Network, days: int) -> Scenario:
    """The network as a scenario of so many days."""
    names = [service.name for service in network.services]
    mix = {"urgent": network.urgent_share, "ordinary": 1 - network.urgent_share}
    services: dict[str, Any] = {}
    for row, service in zip(network.routing, network.services, strict=True):
        services[service.name] = {
            "places": service.places,
            "waiting_list": {"order": "severity"},
            "course": {"length": {"law": "exponential", "mean": f"{service.mean_days}d"}},
            "routes": [{"to": to, "share": share} for to, share in zip(names, row, strict=True) if share],
        }
        if service.patience_days:
            services[service.name]["patience"] = {"law": "exponential", "mean": f"{service.patience_days}d"}
    return load(
        {
            "name": "six services",
            "period": {"length": f"{days}d"},
            "needs": {"urgent": {"severity": "severe"}, "ordinary": {"severity": "mild"}},
            "demand": {
                name: {"to": name, "rate": f"{rate}/d", "mix": mix}
                for name, rate in zip(names, network.arrivals_per_day, strict=True)
                if rate
            },
            "services": services,
        }
    )
