"""A record in words: one sentence for each kind, in the names the scenario gives to services, doors and needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

from dashboard import numbers
from dashboard.texts import Language, chosen, joined, text
from scenarios.changes import dates, resolved
from scenarios.resolve import catchments_of, service_of
from scenarios.schema import ENDINGS, REASONS, STEPS, Area, Catchment, Label, Scenario, Service
from scenarios.units import DAY, HOUR, MINUTE, WEEK
from sim.plan import Plan
from sim.records import Kind

CODES: dict[Kind, tuple[str, ...]] = {
    Kind.WITHOUT_HELP: ("not_sought", "no_way", "lost", "known_wait", "discouraged"),
    Kind.ENDED: ENDINGS,
    Kind.REFUSED: ("full", "closed"),
    Kind.WITHDREW: ("list", "review"),
    Kind.BREACHED: ("law", "guarantee"),
    Kind.LEFT: ("recovered", "remitted", "done", "outside", "without_help", "somatic", "grown_up"),
    Kind.AGED_OUT: ("list", "review"),
    Kind.HELPER_CHANGED: ("stays", "drops_out"),
    Kind.CLOSED: ("planned", "grant"),
}
"""Kinds whose ``detail`` is a code, with the words that a code's sentence is found by."""
POOLS = (Kind.OVERLOADED, Kind.CAPACITY)
"""Kinds whose ``place`` is a pool."""
WRONG, WARM = 100, 1000
"""Added to the reason in ``detail`` of ``rejected``."""
WAITING, IN_COURSE = -1, -2
"""In ``detail`` of ``arose``: where the child already is on the first day."""


class Record(NamedTuple):
    """One line of a log; see :data:`sim.records.COLUMNS`."""

    time: int
    kind: Kind
    child: int
    place: int
    stay: int
    since: int
    received: int
    detail: int
    need: int


class Told(NamedTuple):
    """A record that is told, and what the records before it say about it."""

    record: Record
    lasted: int = 0
    """Of a course that ends: seconds since it started, assessment and all."""
    way: int = 0
    """Of an arrival: seconds since a door was sought or the handover began."""
    opening: int = 0
    """Of a course that starts as the child is first seen: ``WAITING`` or ``IN_COURSE`` where it was there already."""


def is_wrong(record: Record) -> bool:
    """Whether a rejection is wrong by the model."""
    return record.kind is Kind.REJECTED and record.detail % WARM >= WRONG


class Words:
    """The words of one scenario in one language."""

    def __init__(self, scenario: Scenario, plan: Plan, language: Language) -> None:
        self.scenario = resolved(scenario, dates(scenario)[0])
        self.plan, self.shape, self.language = plan, plan.shape, language
        self.homes: dict[str, Area | Catchment] = {**catchments_of(self.scenario), **self.scenario.areas}
        self.services: dict[int, Service] = {}

    # -- names ----------------------------------------------------------------------------------------------------------

    def say(self, key: str, **values: object) -> str:
        """A text of the story."""
        return text(f"story_{key}", self.language, **values)

    def day(self, second: int) -> date:
        """The day a second belongs to."""
        return self.shape.start + timedelta(days=second // DAY)

    def date(self, second: int) -> str:
        """``4. januar 2027``."""
        day = self.day(second)
        return self.say("date", day=day.day, month=self.say(f"month_{day.month}"), year=day.year)

    def span(self, seconds: int) -> str:
        """``6 dager``, ``11 uker``: days up to two weeks, then whole weeks."""
        days = int(seconds / DAY + 0.5)
        if seconds < DAY or days == 1:
            return self.say("no_days" if seconds < DAY else "day")
        if days < 14:
            return self.say("days", number=days)
        return self.say("weeks", number=numbers.whole(int(seconds / WEEK + 0.5), self.language))

    def service(self, place: int) -> str:
        """What the service of a place is called."""
        return self._name(self._service(place).name, self.shape.services[self.shape.places[place][1]])

    def where(self, record: Record) -> str:
        """The service a record speaks of, with a capital first; empty where it speaks of none."""
        place = record.place
        if record.kind is Kind.HANDED_OVER:
            place = record.detail
        elif record.kind in POOLS:
            place = self.shape.pools[place][0]
        name = self.service(place) if place >= 0 else ""
        return name[:1].upper() + name[1:]

    def need(self, number: int) -> str:
        """``moderat og langvarig``."""
        need = self.scenario.needs[self.plan.needs.names[number]]
        if need.name:
            return self._name(need.name, "")
        return self.say("need", severity=self.say(f"severity_{need.severity}"), duration=self.say(f"duration_{need.duration}"))

    def services_of(self, places: Iterable[int]) -> str:
        """What the services of several places are called, each once."""
        return joined([self.service(place) for place in dict.fromkeys(places)], self.language)

    def _service(self, place: int) -> Service:
        if place not in self.services:
            holder, number = self.shape.places[place]
            self.services[place] = service_of(self.scenario, self.shape.services[number], self.homes[holder])
        return self.services[place]

    def _name(self, label: Label | None, name: str) -> str:
        return chosen(label, self.language) if label else name.replace("_", " ")

    def _door(self, number: int) -> str:
        name = self.shape.doors[number]
        return self._name(self.scenario.doors[name].name, name)

    def _step(self, number: int) -> str:
        return self.say(f"step_{STEPS[number]}")

    def _pool(self, pool: int) -> str:
        place, name = self.shape.pools[pool]
        staff = self._service(place).staff
        return self._name(staff[name].name if name in staff else None, name)

    def _helpers(self, option: int) -> str:
        """The professions whose hours a piece of work takes; rooms, places and ceilings are nobody."""
        if not 0 <= option < len(self.plan.options):
            return ""
        pools = [pool for pool, _ in self.plan.options[option] if self._is_staff(pool)]
        return joined([self._pool(pool) for pool in pools], self.language)

    def _is_staff(self, pool: int) -> bool:
        place, name = self.shape.pools[pool]
        staff = self._service(place).staff.get(name)
        return staff is not None and (staff.fte is not None or staff.fte_per_1000 is not None)

    def _amount(self, pool: int, units: int) -> str:
        """Minutes a week of posts and rooms as hours; places and ceilings as a number."""
        place, name = self.shape.pools[pool]
        staff = self._service(place).staff.get(name)
        if staff is None or staff.cases is not None or staff.cases_per_fte:
            amount = self.say("place") if units == 1 else self.say("places", number=numbers.whole(units, self.language))
        else:
            hours = round(units * MINUTE / HOUR, 1)
            unit = text("one_hours a week" if hours == 1 else "unit_hours a week", self.language)
            amount = f"{numbers.decimal(hours, self.language)} {unit}"
        return amount if staff is None else self.say("of_pool", amount=amount, pool=self._pool(pool))

    # -- sentences ------------------------------------------------------------------------------------------------------

    def sentence(self, told: Told) -> str:
        """What a record says: one sentence or a few."""
        record = told.record
        key, values = self._special(told)
        values |= {"wait": self.span(record.time - record.since), "total": self.span(record.time - record.received)}
        values |= {"lasted": self.span(told.lasted), "need": self.need(record.need) if record.need >= 0 else ""}
        first = self.say("_".join(part for part in (record.kind.name.lower(), key) if part), **values)
        return " ".join([first, *self._more(told)])

    def _special(self, told: Told) -> tuple[str, dict[str, Any]]:
        """The end of the sentence's key, and the values that only this kind has."""
        record, detail = told.record, told.record.detail
        if record.kind in CODES:
            return CODES[record.kind][detail], {}
        match record.kind:
            case Kind.AROSE:
                return {WAITING: "waiting", IN_COURSE: "in_course"}.get(detail, ""), {}
            case Kind.SOUGHT | Kind.FOUND:
                return "", {"door": self._door(detail)}
            case Kind.REFERRED:
                return "before" if detail < 0 else "again" if detail else "", {"count": detail}
            case Kind.ACCEPTED | Kind.MET:
                return self._judged(record)
            case Kind.REJECTED:
                return "", {"reason": self.say(f"reason_{REASONS[detail % WRONG]}")}
            case Kind.STARTED:
                return self._how_started(told), {}
            case Kind.OVERFLOWED:
                return "price" if detail > 0 else "", {"price": numbers.whole(detail, self.language)}
            case Kind.HANDED_OVER:
                return "" if detail >= 0 else "nowhere", {"to": self.service(record.place)}
            case _:
                return self._less_common(record)

    def _less_common(self, record: Record) -> tuple[str, dict[str, Any]]:
        detail = record.detail
        match record.kind:
            case Kind.LOST | Kind.HELD:
                return "", {"to": self.service(detail)}
            case Kind.SWITCHED:
                return "at_once" if record.time == record.since else "", {"to": self.service(detail)}
            case Kind.RELAPSED:
                return ("open", {"to": self.service(detail)}) if detail >= 0 else ("", {})
            case Kind.WORSENED:
                return "", {"before": self.need(detail)}
            case Kind.BALKED:
                return "", {"known": self.span(detail)}
            case Kind.RAISED:
                return "", {"count": detail}
            case Kind.TASK | Kind.TASK_DONE:
                helpers = self._helpers(detail)
                return "by" if helpers else "", {"helpers": helpers}
            case Kind.OVERLOADED | Kind.CAPACITY:
                return "", {"amount": self._amount(record.place, detail)}
            case _:
                return "", {}

    def _judged(self, record: Record) -> tuple[str, dict[str, Any]]:
        """The step that a need is taken for, where the scenario's needs have one."""
        if record.detail < 0:
            return "no_consent", {}
        if record.need < 0 or self.plan.needs.step[record.need] < 0:
            return "", {}
        return "step", {"step": self._step(record.detail)}

    def _how_started(self, told: Told) -> str:
        record = told.record
        waited = record.time > record.since
        if told.opening:
            return "midway" if told.opening == IN_COURSE else "first_day"
        if record.detail % 2:
            return "urgent_waited" if waited else "urgent"
        return "" if waited else "no_wait"

    def _more(self, told: Told) -> list[str]:
        """What is added to an arrival, a rejection or a start."""
        record, detail = told.record, told.record.detail
        more = [self.say("way", way=self.span(told.way))] if told.way >= DAY else []
        if record.kind is Kind.REJECTED:
            more += [self.say("rejected_wrong")] if is_wrong(record) else []
            more += [self.say("rejected_warm")] if detail >= WARM else []
        if record.kind is not Kind.STARTED:
            return more
        waited, total = self.span(record.time - record.since), self.span(record.time - record.received)
        if waited != total:
            more.append(self.say("started_total", total=total))
        if detail // 2 == self.plan.member:
            more.append(self.say("started_group"))
        elif helpers := self._helpers(detail // 2):
            more.append(self.say("started_by", helpers=helpers))
        return more
