"""What is asked of a ladder: ``wait_to_first_contact(low_threshold) <= 14d``, ``share_started_within(bup, 35d) >= 0.8``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scenarios.errors import Fault, TrinnError, nearest
from scenarios.naming import services_that
from scenarios.schema import Scenario
from scenarios.units import DAY, WEEK, parse_duration
from sim.fold import ALL
from sim.measures import MEASURES
from sim.result import Replication
from sim.tally import FOLLOW_WEEKS

FIRST_CONTACT, WITHIN = "wait_to_first_contact", "share_started_within"
_TARGET = re.compile(
    r"\s*(?P<name>\w{1,60})\s*(?:\(\s*(?P<service>[\w:]{1,80})\s*(?:,\s*(?P<within>[\w.]{1,20})\s*)?\))?\s*(?P<op><=|>=)\s*"
    r"(?P<value>[0-9]{1,12}(?:\.[0-9]{1,9})?)\s*(?P<unit>%|min|h|d|w|y)?\s*"
)
_EXAMPLE = 'such as "wait_to_first_contact(low_threshold) <= 14d" or "share_started_within(bup, 35d) >= 0.8"'


@dataclass(frozen=True)
class Target:
    """A measure that must come to a value or pass it."""

    text: str
    measure: str
    """Of the registry (:data:`sim.measures.MEASURES`), or ``share_started_within``."""
    service: str
    """Empty: the area's."""
    weeks: int
    """With ``share_started_within``."""
    op: Literal["<=", ">="]
    value: float
    """In the measure's own unit: days, shares, children a year."""

    @property
    def unit(self) -> str:
        """Of its values."""
        return "share" if self.measure == WITHIN else MEASURES["service" if self.service else "area", self.measure].unit

    def of(self, replication: Replication, services: tuple[str, ...]) -> float:
        """What one replication has; NaN where it is not defined."""
        if self.measure == WITHIN:
            return float(replication.folded.waits[services.index(self.service), self.weeks])
        return float(replication.folded.values.get((ALL, self.service, ALL, self.measure), np.nan))

    def margin(self, value: float) -> float:
        """How far a value is on the right side; below 0 on the wrong one."""
        return self.value - value if self.op == "<=" else value - self.value


def parse_target(text: str, scenario: Scenario) -> Target:
    """A target taken apart.

    ``wait_to_first_contact(service)`` is the mean wait in days of those who started in the period, from referral received
    (or from coming to a service without review) to the start; emergencies are out. ``share_started_within(service, 35d)`` is
    the share of all who were referred or came in the period, early enough to be followed for 26 weeks, who had started within
    so many whole weeks: those who gave up or were rejected stay in the denominator. Any measure of the registry may be named.

    Raises:
        TrinnError: when it is not a target, or names what is not there.
    """
    match = _TARGET.fullmatch(text)
    if match is None:
        raise TrinnError(Fault(f"is not a target {_EXAMPLE}", place=text.strip()[:80] or "a target"))
    name, where, op = match["name"], match["service"] or "", match["op"]
    service = services_that(scenario, where, text)[0] if ":" in where else where
    if service and service not in scenario.services:
        raise TrinnError(Fault(f'there is no service "{service}"{nearest(service, sorted(scenario.services))}', place=text))
    weeks, measure = 0, "wait_started" if name == FIRST_CONTACT else name
    if name in (FIRST_CONTACT, WITHIN) and not service:
        raise TrinnError(Fault(f"{name} is about a service: {_EXAMPLE}", place=text))
    if name == WITHIN:
        weeks = _weeks(match["within"], text)
    elif match["within"]:
        raise TrinnError(Fault(f"only {WITHIN} takes a time after the service", place=text))
    elif ("service" if service else "area", measure) not in MEASURES:
        known = [FIRST_CONTACT, WITHIN, *sorted({each for _, each in MEASURES})]
        of = "a service" if service else "an area"
        raise TrinnError(Fault(f'there is no measure "{name}" of {of}{nearest(name, known)}', place=text))
    unit = "share" if name == WITHIN else MEASURES["service" if service else "area", measure].unit
    return Target(text.strip(), measure, service, weeks, "<=" if op == "<=" else ">=", _value(match, unit, text))


def _weeks(within: str | None, text: str) -> int:
    try:
        seconds = parse_duration(within)
    except ValueError as fault:
        raise TrinnError(Fault(f"{WITHIN} takes a service and a time: {fault}", place=text)) from None
    if seconds % WEEK or not 0 < seconds <= FOLLOW_WEEKS * WEEK:
        rule = f"takes whole weeks, from 7d to {FOLLOW_WEEKS * 7}d (got {within})"
        raise TrinnError(Fault(f"{WITHIN} {rule}", place=text))
    return seconds // WEEK


def _value(match: re.Match[str], unit: str, text: str) -> float:
    number, written = float(match["value"]), match["unit"]
    if written == "%":
        if unit != "share":
            raise TrinnError(Fault(f"is counted in {unit}, not in per cent", place=text))
        return number / 100
    if written:
        if unit != "days":
            raise TrinnError(Fault(f"is counted in {unit}, not in time", place=text))
        return parse_duration(f"{match['value']}{written}") / DAY
    if unit == "share" and number > 1:
        raise TrinnError(Fault(f"a share is at most 1 (got {number:g}); write {number:g}% for per cent", place=text))
    return number
