"""Starting from today's lists: only where everybody's list and caseload is known, for half of them would be filled twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from scenarios.resolve import staffing
from scenarios.schema import Label, Scenario
from scenarios.sheet import vocabulary
from scenarios.sheet.columns import LISTS, TRUST, Table
from scenarios.sheet.reading import Given, Row
from scenarios.sheet.words import in_language, say, words
from scenarios.sheet.writing import Mapped, Path_
from scenarios.units import DAY, format_duration

_What = Callable[[Row, Table, str], Label]
_KEYS = ("waiting", "counted", "longest", "in_courses")


def start_from_lists(out: Mapped, what: _What) -> None:
    """Set lists and caseloads where the planner has answered "yes" to it; else keep them to be shown back."""
    answer = out.read.questions.get("start")
    rows = {str(row.value("service")): row for row in out.read.rows.get(LISTS.key, [])}
    if answer is None or answer.value != "yes":
        if answer is not None:
            out.unused(answer, words()["ask_start"], "why_warmup")
        for service, row in rows.items():
            why = "why_warmup" if service in out.now.services else "why_other_service"
            for key in _KEYS:
                if key in row.answers:
                    out.unused(row.answers[key], what(row, LISTS, key), why)
        return
    trust = {str(row.value("about")): row for row in out.read.rows.get(TRUST.key, [])}
    counted: list[Given] = []
    set_already: set[str] = set()
    for service in dict.fromkeys(str(post["service"]) for post in staffing(out.now)):
        shared = out.now.services[service].shared
        if shared and out.now.services[service].role != "specialist":
            continue
        found = trust.get(vocabulary.CATCHMENT) if shared else rows.get(service)
        _service(out, service, found, TRUST if shared else LISTS, answer, what)
        set_already.add(service)
        if found is not None and "counted" in found.answers:
            counted.append(found.answers["counted"])
    for service, row in rows.items():
        for key in _KEYS:
            if key in row.answers and row.answers[key] not in out.seen and service not in set_already:
                out.unused(row.answers[key], what(row, LISTS, key), "why_no_staff")
    _start(out, counted, answer)


def _service(out: Mapped, service: str, row: Row | None, table: Table, answer: Given, what: _What) -> None:
    kind = "catchments" if out.now.services[service].shared else "areas"
    path: Path_ = (kind, out.holder(service), "services", service)
    courses = "in_treatment" if table is TRUST else "in_courses"
    missing = [key for key in ("waiting", courses) if row is None or key not in row.answers]
    language = out.read.language
    if row is None or missing:
        heads = ", ".join(in_language(words()[f"head_{key}"], language) for key in missing)
        name = in_language(vocabulary.service_label(out.now, service), language)
        where = answer.cell if row is None else row.cells[missing[0]]
        out.read.fault(where, say("needs_lists", language, what=heads, service=name))
        return
    out.set((*path, "opening_list"), row.value("waiting"), [row.answers["waiting"]], what(row, table, "waiting"))
    out.set((*path, "opening_cases"), row.value(courses), [row.answers[courses]], what(row, table, courses))
    out.put((*path, "opening_mix"), _mix(out.now, service), row.answers["waiting"])
    key, times = ("mean_wait", 2.0) if table is TRUST else ("longest", 1.0)
    if row.number_of(key):
        longest = format_duration(round((row.number_of(key) or 0.0) * times) * DAY)
        given = row.answers[key]
        law = {"law": "uniform", "low": "0d", "high": longest}
        out.set((*path, "opening_waited"), law, [given], what(row, table, key), graded=False)


def _mix(scenario: Scenario, service: str) -> dict[str, float]:
    """The needs that the service is right for, as often as they arise; all needs where it is right for none."""
    demand = next(iter(scenario.demand.values()))
    mix = demand.mix or {next(iter(scenario.needs)): 1.0}
    step = scenario.services[service].step
    own = {name: share for name, share in mix.items() if scenario.needs[name].step == step and share} or mix
    total = sum(own.values())
    shares = {name: round(share / total, 6) for name, share in own.items()}
    first = next(iter(shares))
    return shares | {first: round(shares[first] + 1 - sum(shares.values()), 6)}


def _start(out: Mapped, counted: list[Given], answer: Given) -> None:
    """The run begins on the day of the counts, with the lists as they are: without a warm-up."""
    days: dict[Any, Given] = {given.value: given for given in counted}
    if len(days) > 1:
        cells = ", ".join(given.cell for given in counted)
        out.read.fault(answer.cell, say("dates_differ", out.read.language, cells=cells))
        return
    out.set(("period", "warmup"), "0d", [answer], words()["ask_start"], graded=False)
    for day, given in days.items():
        assert isinstance(day, date)
        out.set(("period", "start"), day.isoformat(), [given], words()["head_counted"], graded=False)
        out.seen += counted
