"""The whole country against the published figures: ``python -m calibration.national`` prints the table of docs/national.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import Field

from scenarios.levers import apply
from scenarios.load import load
from scenarios.reading import read_text
from scenarios.schema import Label, Model
from sim.fold import ALL
from sim.replicate import run
from sim.result import Result

CHILDREN = 1000
SEED = 1


class Target(Model):
    """A published figure."""

    label: Label
    published: float
    least: float
    most: float
    """How near the model must come."""
    year: str
    unit: Literal["per_1000", "share", "days"]
    source: str = Field(min_length=10)


@dataclass(frozen=True)
class Held:
    """A published figure and the model's."""

    target: Target
    model: float

    @property
    def near(self) -> bool:
        """Whether the model comes as near as it must."""
        return self.target.least <= self.model <= self.target.most


@cache
def targets() -> dict[str, Target]:
    """The published figures by name."""
    text = (files("calibration") / "national.yaml").read_text(encoding="utf-8")
    return {name: Target.model_validate(data) for name, data in read_text(text, "national.yaml").data.items()}


def country(warmup: str = "4y", length: str = "1y") -> Result:
    """One replication of all 21 catchments with the default numbers; about a minute."""
    scenario = apply(load("norge"), f"period.warmup={warmup}", f"period.length={length}")
    return run(scenario, name="Norge", replications=1, seed=SEED, record="weekly", workers=1)


def held(result: Result) -> dict[str, Held]:
    """The model's figure beside each published one."""
    values = result.replications[0].folded.values
    scenario = result.scenario
    children = sum(scenario.areas[area].children_0_17 for area in scenario.focal_areas)

    def of(measure: str) -> float:
        return values[ALL, "bup", ALL, measure]

    read: dict[str, Callable[[], float]] = {
        "referrals_received": lambda: of("referrals"),
        "given_the_right": lambda: of("referrals") - of("rejected"),
        "rejected_share": lambda: of("rejected_share"),
        "in_courses": lambda: of("in_course"),
        "patients": lambda: of("patients"),
        "mean_wait": lambda: of("wait_started"),
    }
    return {
        name: Held(target, read[name]() * (CHILDREN / children if target.unit == "per_1000" else 1))
        for name, target in targets().items()
    }


def table(figures: dict[str, Held]) -> str:
    """Model against published, as Markdown."""
    rows = [
        "| figure | published | year | model | must lie within | source |",
        "|---|---|---|---|---|---|",
    ]
    for item in figures.values():
        target = item.target
        digits = ".0%" if target.unit == "share" else ".1f"
        within = f"{target.least:{digits}} to {target.most:{digits}}"
        model = f"{item.model:{digits}}" + ("" if item.near else " (outside)")
        row = (target.label.en, f"{target.published:{digits}}", target.year, model, within, target.source)
        rows.append("| " + " | ".join(row) + " |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table(held(country())))
