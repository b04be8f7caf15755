"""What is said of today alone, with no proposal beside it: how long children wait, and where more come than can be helped.

Everything is read off the model's own runs: lists, hours and those who give up. Nothing is worked out beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Literal

import numpy as np

from dashboard import numbers
from dashboard.tables import ladder_order, rests_on_few, service_name, years
from dashboard.texts import Language, sentence, text
from sim.fold import ALL, SERIES, weeks
from sim.output_analysis import MINIMUM_REPLICATIONS, mean_interval
from sim.result import Result
from sim.view import FEWEST

FULL = 0.95
"""Hours that are taken, of those there are: with so many the list cannot shrink."""
MANY = 0.10
"""Of those on a list, who give up: fewer come into a course than come to the list."""
WEEKS = 26
"""The first and the last of the period, between which a list grows or does not."""
LEAST_GROWTH = 0.10
"""Of the list at first; less is not called growth."""


@dataclass(frozen=True)
class Crowded:
    """A service to which more children come than it can help."""

    service: str
    kind: Literal["growing", "giving_up", "full"]
    words: str


def waits_words(result: Result, language: Language) -> str:
    """How long children wait today and how many are helped in time, in one sentence."""
    wait, share = (mean_of(result, "", name) for name in ("wait_to_help", "helped_within_13_weeks"))
    seeking = mean_of(result, "", "sought_help")
    if isnan(wait) or isnan(share) or seeking * years(result) < FEWEST:
        return text("start_today_few", language)
    days, helped = numbers.with_unit(wait, "days", language), numbers.percent(share, language)
    return text("start_today", language, wait=days, share=helped)


def crowded(result: Result, language: Language) -> tuple[Crowded, ...]:
    """The services to which more children come than they can help, lowest step first."""
    found = (_crowded(result, service, language) for service in ladder_order(result))
    return tuple(each for each in found if each is not None)


def _crowded(result: Result, service: str, language: Language) -> Crowded | None:
    name = service_name(result.scenario, service, language)
    ends = _growth(result, service)
    if ends is not None:
        first, last = (numbers.shown(end, "children", language) for end in ends)
        return _said(service, "growing", language, name=name, first=first, last=last)
    load = mean_of(result, service, "load")
    if isnan(load) or load < FULL:
        return None
    key = (ALL, service, ALL, "gave_up_share")
    share = mean_of(result, service, "gave_up_share")
    if share >= MANY and not rests_on_few(result, key):
        return _said(service, "giving_up", language, name=name, share=numbers.percent(share, language))
    return _said(service, "full", language, name=name, hours=min(100, round(100 * load)))


def _said(service: str, kind: Literal["growing", "giving_up", "full"], language: Language, **values: object) -> Crowded:
    return Crowded(service, kind, sentence(text(f"services_crowded_{kind}", language, **values)))


def _growth(result: Result, service: str) -> tuple[float, float] | None:
    """The list in the first and the last half year, where it grows beyond noise and by more than a few children."""
    counted = weeks(result.plans[0]) >= 0
    number = list(result.plans[0].shape.services).index(service)
    lists = np.stack([each.folded.series[counted, number, SERIES.index("waiting")] for each in result.replications])
    if lists.shape[1] < 2 * WEEKS or len(lists) < MINIMUM_REPLICATIONS:
        return None
    first, last = lists[:, :WEEKS].mean(axis=1), lists[:, -WEEKS:].mean(axis=1)
    growth = mean_interval(last - first)
    enough = growth.mean >= max(numbers.SMALL, LEAST_GROWTH * float(first.mean()))
    return (float(first.mean()), float(last.mean())) if enough and growth.excludes_zero else None


def mean_of(result: Result, service: str, measure: str) -> float:
    """Mean over the possible futures in which it is defined; NaN where it is in none."""
    found = [r.folded.values.get((ALL, service, ALL, measure), float("nan")) for r in result.replications]
    known = [value for value in found if not isnan(value)]
    return sum(known) / len(known) if known else float("nan")
