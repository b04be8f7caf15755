"""What the model has been held to: theory, a published system, and published figures of the country."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from calibration.murch import published
from calibration.national import Held, targets
from scenarios.reading import read_text
from scenarios.schema import Label, Model


class Check(Model):
    """A test that holds the model to something that is known."""

    test: str
    """Its file and name."""
    what: Label


class Holding(Model):
    """What stands in held.yaml."""

    checks: tuple[Check, ...]
    national: dict[str, float]
    """The model's figure beside each published one."""
    fitted: tuple[str, ...]
    """Those that numbers of the model were set to."""


@dataclass(frozen=True)
class Queues:
    """The queues of the published system: how many there are, and how many of ours lie outside the tolerance."""

    all: int
    apart: int


@cache
def holding() -> Holding:
    """What the model has been held to."""
    text = (files("dashboard") / "held.yaml").read_text(encoding="utf-8")
    return Holding.model_validate(read_text(text, "held.yaml").data)


def national() -> dict[str, Held]:
    """The model's figure beside each published one, by name."""
    return {name: Held(target, holding().national[name]) for name, target in targets().items()}


def off(item: Held) -> float:
    """How far the model is from the published figure, as a share of it."""
    return (item.model - item.target.published) / item.target.published


def queues() -> Queues:
    """The published queues."""
    every = [queue for services in published().queues.values() for windows in services.values() for queue in windows.values()]
    return Queues(len(every), sum(bool(queue.apart) for queue in every))
