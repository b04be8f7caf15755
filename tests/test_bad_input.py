"""Bad input is one TrinnError that names every fault with file, line and field, and is found fast."""

import copy
import os
import re
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenarios import reading
from scenarios.addresses import parse_change
from scenarios.errors import Fault, TrinnError, nearest, one_line
from scenarios.levers import apply, find_lever
from scenarios.load import load, load_file
from sim.build import phases

LADDER = """\
name: Clinic
period: {start: 2027-01-04, warmup: 30d, length: 90d}
needs:
  mild: {severity: mild, remission: 0.5/y}
  severe: {severity: severe, worsening: 0.1/y, worsens_to: crisis}
demand:
  children:
    per_1000: {0-5: 10, 6-12: 20}
    mix: {mild: 0.7, severe: 0.3}
doors:
  school: {share: 0.4, to: [clinic, team]}
  gp: {share: 0.6, to: clinic, delay: 3d}
services:
  clinic:
    step: yellow
    staff:
      nurse: {fte: 2.0, weekly_hours: 35}
      psychologist: {fte_per_1000: 0.5}
    patience: {law: exponential, mean: 90d}
    course:
      sessions: 5
      interval: 14d
      hours: [{nurse: 1.0}, {psychologist: 1.0}]
    outcomes:
      matched: {recovered: 0.6, unchanged: 0.4}
    routes:
      - {to: team, after: unchanged, share: 0.5, delay: 7d, lost: 0.1}
  team:
    step: red
    shared: true
    places: 4
    ages: [0, 17]
    course: {length: {law: gamma, mean: 60d, cv: 0.5}}
crisis: {to: team, urgent: true}
areas:
  north:
    catchment: c
    children: {0-5: 900, 6-12: 1000}
  south:
    catchment: c
    children: {0-5: 500, 6-12: 700}
    services:
      clinic:
        staff:
          nurse: {fte: 1.0}
evidence:
  clinic.nurse.fte: {grade: own}
"""


def faults_of(text, tmp_path, name="it.yaml"):
    """Every fault of a scenario file, as (line, field, rule)."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TrinnError, match=re.escape(str(path))) as caught:
        load(path)
    found = []
    for fault in caught.value.faults:
        file, _, line = fault.place.partition(f"{path}:")
        assert file in ("", str(path))
        found.append((int(line) if line else None, fault.field, fault.rule))
        assert "\n" not in str(fault)
        assert not re.search(r"(?i)input should|pydantic|tuple|dictionary|valid integer|none is not", fault.rule), fault.rule
    return found


def line_of(text):
    """The line of the ladder that holds a text."""
    return LADDER[: LADDER.index(text)].count("\n") + 1


def test_the_ladder_itself_is_sound(tmp_path):
    path = tmp_path / "it.yaml"
    path.write_text(LADDER, encoding="utf-8")
    assert len(phases(load(path))) == 1


def test_a_ladder_of_every_mechanism_is_sound(tmp_path):
    path = tmp_path / "it.yaml"
    path.write_text(WHOLE, encoding="utf-8")
    assert len(phases(load(path))) == 2  # before and after the clinic closes


# -- one fault: what is replaced, by what, on which field, and what is said ---------------------------------------------

FAULTS = [
    # unknown keys
    ("warmup: 30d", "warm_up: 30d", "period.warm_up", 'unknown key "warm_up"; did you mean "warmup"?'),
    ("    patience:", "    patiense:", "services.clinic.patiense", 'unknown key "patiense"; did you mean "patience"'),
    ("crisis: {to: team", "crisis: {two: x, to: team", "crisis.two", 'unknown key "two"; did you mean "to"?'),
    ("  north:\n", "  north:\n    chidren: {}\n", "areas.north.chidren", 'unknown key "chidren"; did you mean "children"?'),
    ("0-5: 10,", "0-6: 10,", "demand.children.per_1000.0-6", 'must be "0-5", "6-12", "13-17" or "18-25" (got "0-6")'),
    ("recovered: 0.6", "recoverd: 0.6", "services.clinic.outcomes.matched.recoverd", 'did you mean "recovered"?'),
    # wrong types
    ("fte: 2.0", "fte: true", "services.clinic.staff.nurse.fte", "must be a number (got true)"),
    ("fte: 2.0", 'fte: "2"', "services.clinic.staff.nurse.fte", 'must be a number (got "2")'),
    ("fte: 2.0", "fte: [1]", "services.clinic.staff.nurse.fte", "must be a number (got a list of 1)"),
    ("fte: 2.0", "fte: {a: 1}", "services.clinic.staff.nurse.fte", "must be a number (got a mapping)"),
    ("places: 4", "places: 4.5", "services.team.places", 'must be a whole number of places or "endless" (got 4.5)'),
    ("places: 4", "places: true", "services.team.places", 'must be a whole number of places or "endless" (got true)'),
    ("places: 4", "places: -1", "services.team.places", 'must be a whole number of places or "endless" (got -1)'),
    ("interval: 14d", "interval: 14", "services.clinic.course.interval", 'must be a duration such as "14d"'),
    ("interval: 14d", "interval: 2 weeks", "services.clinic.course.interval", '(got "2 weeks")'),
    ("interval: 14d", "interval: -14d", "services.clinic.course.interval", '(got "-14d")'),
    ("interval: 14d", "interval: 0d", "services.clinic.course", "interval must be above 0"),
    ("mean: 90d", "mean: 90", "services.clinic.patience.mean", "must be a duration"),
    ("remission: 0.5/y", "remission: 0.5", "needs.mild.remission", 'must be a rate such as "4.5/d"'),
    ("remission: 0.5/y", "remission: 1e999999999/y", "needs.mild.remission", "must be a rate"),
    ("shared: true", "shared: 7", "services.team.shared", "must be true or false (got 7)"),
    (
        "step: red",
        "step: rde",
        "services.team.step",
        'must be "green", "yellow", "orange", "red" or "dark_red" (got "rde"); did',
    ),
    ("to: clinic, delay", "to: {a: 1}, delay", "doors.gp.to", "must be a list (got a mapping)"),
    ("[clinic, team]", "[]", "doors.school.to", "must hold at least 1"),
    ("[clinic, team]", "[Clinic]", "doors.school.to[0]", "must be a name of a-z, 0-9 and _"),
    ("ages: [0, 17]", "ages: [0]", "services.team.ages[1]", "is missing"),
    ("ages: [0, 17]", "ages: [0, 17, 18]", "services.team.ages", "must hold at most 2"),
    ("ages: [0, 17]", "ages: 17", "services.team.ages", "must be a list (got 17)"),
    ("ages: [0, 17]", "ages: [18, 17]", "services.team.ages", "the first year must not be above the last"),
    ("delay: 3d", "delay: 3", "doors.gp.delay", 'must be a duration such as "14d", or a law (got 3)'),
    ("areas:\n", "areas: 3\nareas_:\n", "areas", "must be a mapping (got 3)"),
    ("name: Clinic", "name: [a]", "name", "must be a text, or one text in nb and one in en (got a list of 1)"),
    ("name: Clinic", "name: {nb: A}", "name.en", "is missing"),
    (
        "law: exponential, mean: 90d",
        "law: exponential",
        "services.clinic.patience",
        'law "exponential" takes mean (got nothing)',
    ),
    # numbers
    ("fte: 2.0", "fte: -2", "services.clinic.staff.nurse.fte", "must be ≥ 0 (got -2)"),
    ("fte: 2.0", "fte: .nan", "services.clinic.staff.nurse.fte", "must be a finite number (got nan)"),
    ("fte: 2.0", "fte: .inf", "services.clinic.staff.nurse.fte", "must be a finite number (got inf)"),
    ("fte: 2.0", "fte: -.inf", "services.clinic.staff.nurse.fte", "must be a finite number (got -inf)"),
    ("fte: 2.0", "fte: 1e400", "services.clinic.staff.nurse.fte", "must be a finite number (got inf)"),
    ("fte: 2.0", "fte: 1e30", "services.clinic.staff.nurse.fte", "must be ≤ 1 000 000 000 (got 1e+30)"),
    ("fte: 2.0", "fte: " + "9" * 400, "services.clinic.staff.nurse.fte", "must be"),
    ("fte: 2.0", "fte: " + "9" * 5000, "services.clinic.staff.nurse.fte", "cannot be understood"),
    ("fte: 2.0", "fte: 0x" + "f" * 5000, "services.clinic.staff.nurse.fte", "(got a number of thousands of digits)"),
    ("share: 0.4", "share: 1.4", "doors.school.share", "must be ≤ 1 (got 1.4)"),
    ("cv: 0.5", "cv: 0", "services.team.course.length.cv", "must be > 0 (got 0)"),
    ("0-5: 900,", "0-5: 900.5,", "areas.north.children.0-5", "must be a whole number (got 900.5)"),
    # dates
    ("start: 2027-01-04", "start: 2027-02-30", "period.start", 'is not a date that exists: "2027-02-30"'),
    ("start: 2027-01-04", "start: 2027-13-01", "period.start", 'is not a date that exists: "2027-13-01"'),
    ("start: 2027-01-04", "start: tomorrow", "period.start", 'must be a date such as 2027-01-04 (got "tomorrow")'),
    ("start: 2027-01-04", "start: 2027", "period.start", "must be a date such as 2027-01-04 (got 2027)"),
    ("start: 2027-01-04", "start: 0", "period.start", "must be a date such as 2027-01-04 (got 0)"),
    ("start: 2027-01-04", "start: 0001-01-01", "period.start", "must lie between 1950 and 2150"),
    ("start: 2027-01-04", "start: 9999-12-31", "period.start", "must lie between 1950 and 2150"),
    ("warmup: 30d", "warmup: -30d", "period.warmup", "must be a duration"),
    ("warmup: 30d", "warmup: 200y", "period.warmup", 'must be at most 100 years (got "200y")'),
    ("length: 90d}", "length: 0d}", "period.length", "must be above 0"),
    # what must fit together
    (
        "{to: team, after",
        "{to: tema, after",
        "services.clinic.routes[0].to",
        'there is no service "tema"; did you mean "team"?',
    ),
    ("to: clinic, delay", "to: clinik, delay", "doors.gp.to", 'there is no service "clinik"; did you mean "clinic"?'),
    ("crisis: {to: team", "crisis: {to: x", "crisis.to", 'there is no service "x"; allowed: clinic, team'),
    ("severe: 0.3}", "sever: 0.3}", "demand.children.mix.sever", 'there is no need "sever"; did you mean "severe"?'),
    ("worsens_to: crisis", "worsens_to: dead", "needs.severe.worsens_to", 'there is no need "dead"'),
    ("worsens_to: crisis", "severity: severe", "needs.severe.severity", "stands twice"),
    ("severe: 0.3}", "severe: 0.4}", "demand.children.mix", "shares must sum to 1 (got 1.1)"),
    ("share: 0.4", "share: 0.3", "doors", "shares must sum to 1 (got 0.9)"),
    ("recovered: 0.6", "recovered: 0.7", "services.clinic.outcomes.matched", "shares must sum to 1 (got 1.1)"),
    (
        "    routes:\n",
        "    routes:\n      - {to: team, after: unchanged, share: 0.6}\n",
        "services.clinic.routes",
        "shares sum to 1.1 for a child after unchanged on green: at most 1",
    ),
    (
        "  team:\n    step: red",
        "  lost:\n    places: 1\n    course: {length: 1d}\n  team:\n    step: red",
        "services.lost",
        "nobody can reach it: no demand, door or route leads here",
    ),
    ("hours: [{nurse: 1.0}, {p", "hours: [{nurze: 1.0}, {p", "services.clinic.course.hours", 'there is no pool "nurze" here'),
    (
        "hours: [{nurse: 1.0}, {psychologist: 1.0}]",
        "hours: 1",
        "services.clinic.course.hours",
        "say which pool the hours are from",
    ),
    (
        "hours: [{nurse: 1.0}, {psychologist: 1.0}]",
        "hours: {nurse: 90.0}",
        "areas.south.services.clinic",
        "a course needs 2700 minutes a week of nurse, and there are only 2100 of nurse: it can never start",
    ),
    ("fte: 2.0,", "fte: 2.0, fte_per_1000: 1,", "services.clinic.staff.nurse", "give either fte or fte_per_1000"),
    ("places: 4", "places: 4\n    staff: {a: {fte: 1}}", "services.team", "give either places"),
    (
        "    sessions: 5\n",
        "    sessions: 5\n      length: 3d\n",
        "services.clinic.course",
        "give either length, or sessions and interval",
    ),
    ("      sessions: 5\n", "", "services.clinic.course", "give either length, or sessions and interval"),
    (
        "sessions: 5\n      interval: 14d",
        "sessions: 1000\n      interval: 90y",
        "services.clinic.course",
        "more than 100 years",
    ),
    ("{0-5: 500, 6-12: 700}", "{}", "areas.south.children", "the population is empty"),
    ("{0-5: 500, 6-12: 700}", "{0-5: 0}", "areas.south.children", "the population is empty"),
    ("{0-5: 10, 6-12: 20}", "{0-5: 0, 6-12: 0}", "demand", "nobody ever comes: every rate is 0"),
    ("6-12: 20}", "6-12: 1000000000}", "period.length", "children in each replication (the most is 16 000 000)"),
    ("    places: 4", "    places: 4\n    opening_list: 99000000", "period.length", "the most is 16 000 000"),
    ("remission: 0.5/y", "remission: 99/s", "needs.mild.remission", "must be at most 1/s"),
    ("step: red", "step: red\n    deadline: {working_days: 1000000}", "services.team.deadline.working_days", "must be ≤ 2600"),
    ("areas:\n", "focus: [east]\nareas:\n", "focus[0]", '"east" is not an area simulated in full'),
    ("evidence:\n", "catchments: {d: {}}\nevidence:\n", "catchments.d", "no area belongs to this catchment"),
    (
        "  clinic.nurse.fte:",
        "  clinic.nurze.fte:",
        "evidence.clinic.nurze.fte",
        "is about nothing: clinic has no pool or field",
    ),
    ("grade: own", "grade: sure", "evidence.clinic.nurse.fte.grade", 'must be "published", "stated"'),
    ("{severity: mild,", "{severity: mild, worsening: 1/y,", "needs.mild.worsens_to", "the need has a worsening rate"),
    ("{severity: mild,", "{severity: mild, improves_to: mld,", "needs.mild.improves_to", 'there is no need "mld"'),
    (
        "unchanged: 0.4}\n",
        "unchanged: 0.4}\n      below: {recovered: 0.9}\n",
        "services.clinic.outcomes.below",
        "shares must sum to 1 (got 0.9)",
    ),
    # differences in one area
    ("nurse: {fte: 1.0}", "nurse: {fte: -1.0}", "areas.south.services.clinic.staff.nurse.fte", "must be ≥ 0 (got -1.0)"),
    ("nurse: {fte: 1.0}", "nurse: {ftee: 1.0}", "areas.south.services.clinic.staff.nurse.ftee", 'did you mean "fte"'),
    (
        "nurse: {fte: 1.0}",
        "nurze: {fte: 1.0}\n        courze: {}",
        "areas.south.services.clinic.courze",
        'did you mean "course"?',
    ),
    (
        "        staff:\n          nurse: {fte: 1.0}",
        "        shared: true",
        "areas.south.services.clinic.shared",
        "is the same everywhere",
    ),
    (
        "        staff:\n          nurse: {fte: 1.0}",
        "        outcomes: {matched: {recovered: 0.9}}",
        "areas.south.services.clinic.outcomes.matched",
        "shares must sum to 1 (got 1.3)",
    ),
    (
        "        staff:\n          nurse: {fte: 1.0}",
        "        routes: [{to: tema}]",
        "areas.south.services.clinic.routes[0].to",
        'there is no service "tema"; did you mean "team"?',
    ),
    ("      clinic:\n        staff", "      clinik:\n        staff", "areas.south.services.clinik", 'did you mean "clinic"?'),
    ("      clinic:\n        staff", "      team:\n        staff", "areas.south.services.team", "team belongs to a catchment"),
]


ELSEWHERE = {
    "demand": "demand:",
    "doors": "doors:",
    "period.length": "period:",
    "services.clinic": "  clinic:",
    "services.clinic.course": "    course:",
    "services.clinic.course.hours": "      hours:",
    "services.team": "  team:",
    "areas.south.services.clinic": "      clinic:",
}
"""How the line begins of a fault that is about more than what was changed."""


@pytest.mark.parametrize(("old", "new", "field", "rule"), FAULTS)
def test_a_fault_is_named_with_its_line_and_field(old, new, field, rule, tmp_path):
    assert old in LADDER
    text = LADDER.replace(old, new, 1)
    found = [line for line, where, said in faults_of(text, tmp_path) if where == field and rule in said]
    assert len(found) == 1
    if field in ELSEWHERE:
        assert text.splitlines()[found[0] - 1].startswith(ELSEWHERE[field])
    else:
        assert line_of(old) <= found[0] <= line_of(old) + new.count("\n")


# -- what mechanisms need of each other: every one of them in one ladder -------------------------------------------------

WHOLE = """\
name: Every mechanism
period: {start: 2027-01-04, warmup: 30d, length: 90d}
needs:
  mild: {severity: mild, step: yellow, relapse: 0.3/y, relapses_to: mild, somatic: 0.1}
  severe: {severity: severe, step: red, remission: 0.1/y}
groups:
  poor: {share: 0.2, risk: 3.0}
  refugee: {share: 0.1, risk: 1.5}
demand:
  children:
    per_1000: {0-5: 10, 6-12: 20}
    mix: {mild: 0.7, severe: 0.3}
    mix_trend: {severe: 0.05}
    trend_by_age: {6-12: 0.02}
  sent: {rate: 5/y, to: clinic, maps: 0.5}
doors:
  nurse:
    share: 0.6
    to: [clinic, team]
    finds: {rate: 0.2/y, at: 1.5}
    quiet: [{over: 60d, share: 0.2}, {over: 120d, share: 0.5}]
  chat: {share: 0.4, to: clinic, ages: [6, 17], groups: {refugee: 0.5}}
services:
  clinic:
    step: yellow
    calendar: july
    opens: 2026-01-01
    closes: 2027-03-01
    grant: {until: 2028-01-01, ends: 0.2}
    travel: 0.5
    staff:
      counsellor: {fte: 4.0, turnover: {stay: 3y, market: local}}
      caseload: {cases_per_fte: {counsellor: 20}}
      room: {rooms: 3}
    waiting_list:
      order: [severity, first_come]
      rises: 90d
      every: 7d
      switch: {to: course, over: 30d, review: 14d}
    balking: [{over: 90d, share: 0.1}, {over: 180d, share: 0.3}]
    steps_up: 60d
    excludes: [course]
    open_return: 1y
    somatic_check: 0.5
    opening_list: 3
    opening_cases: 5
    opening_mix: {mild: 0.5, severe: 0.5}
    course: {sessions: 6, interval: 14d, hours: {counsellor: 1.0, caseload: 1, room: 1.0}}
    outcomes:
      matched: {recovered: 0.6, unchanged: 0.4}
      by_need: {severe: {unchanged: 1.0}}
    routes:
      - {to: team, after: [unchanged, stepped_up], hold: {at_most: 30d}, hours: {counsellor: 0.5, team.doctor: 0.25}}
      - {to: course, after: [gave_up, balked], delay: 1d}
  course:
    step: yellow
    staff: {leader: {fte: 1.0}}
    waiting_list: {length: 20}
    course: {sessions: 8, interval: 7d, hours: [{leader: 2.0}, {clinic.counsellor: 2.0}], group: {size: 8, least: 4}}
  ward:
    step: red
    places: 4
    opening_cases: 2
    course: {length: 60d}
  team:
    step: red
    shared: true
    ages: [0, 17]
    waits_until: 18
    ends_at: 21
    staff: {doctor: {fte: 3.0}, secretary: {fte: 1.0}}
    waiting_list: {order: deadline}
    intake:
      review: 5d
      accept: {red: 0.9}
      referrers: [clinic, nurse, sent]
      hours: {secretary: 0.5}
      meeting: {every: 7d, hours: {doctor: 0.5, clinic.counsellor: 0.5}}
      tightens: {every: 10, by: 0.05}
    deadline: {working_days: 65, overflow: {to: elsewhere, price: 100000}}
    assessment: {sessions: 3, interval: 7d, hours: {doctor: 2.0}}
    course: {sessions: 10, interval: 14d, hours: {doctor: 2.0}}
    alongside: [{to: clinic, share: 0.1}]
    routes: [{to: ward, share: 0.1}]
  elsewhere:
    step: red
    shared: true
    places: endless
    course: {length: 90d}
coordination: {share: 0.5, hours: {clinic.counsellor: 1.0}}
calendars:
  july: {public_holidays: true, yearly: [[07-01, 07-31], [12-24, 01-02]], dates: [[2027-02-01, 2027-02-05]]}
labour_markets:
  local: {hires: 4/y}
leaves_at: 25
areas:
  north: {catchment: c, children: {0-5: 900, 6-12: 1000}, groups: {poor: 0.4}}
  south:
    catchment: c
    children: {0-5: 500, 6-12: 700}
"""

TOGETHER = [
    # names that exist nowhere
    (
        "groups: {refugee: 0.5}",
        "groups: {refugees: 0.5}",
        "doors.chat.groups.refugees",
        'no group "refugees"; did you mean "refugee"?',
    ),
    ("groups: {poor: 0.4}", "groups: {por: 0.4}", "areas.north.groups.por", 'there is no group "por"; did you mean "poor"?'),
    ("switch: {to: course", "switch: {to: curse", "services.clinic.waiting_list.switch.to", 'there is no service "curse"'),
    (
        "excludes: [course]",
        "excludes: [cours]",
        "services.clinic.excludes[0]",
        'there is no service "cours"; did you mean "course"?',
    ),
    (
        "[clinic, nurse, sent]",
        "[clinic, nurze, sent]",
        "services.team.intake.referrers[1]",
        'there is no service, door or stream of demand "nurze"; did you mean "nurse"?',
    ),
    ("relapses_to: mild", "relapses_to: mld", "needs.mild.relapses_to", 'there is no need "mld"; did you mean "mild"?'),
    ("mix_trend: {severe", "mix_trend: {sever", "demand.children.mix_trend.sever", 'there is no need "sever"'),
    ("opening_mix: {mild", "opening_mix: {mld", "services.clinic.opening_mix.mld", 'there is no need "mld"'),
    ("by_need: {severe", "by_need: {sever", "services.clinic.outcomes.by_need.sever", 'there is no need "sever"'),
    ("calendar: july", "calendar: juli", "services.clinic.calendar", 'there is no calendar "juli"; did you mean "july"?'),
    (
        "market: local}}",
        "market: lokal}}",
        "services.clinic.staff.counsellor.turnover.market",
        'there is no labour market "lokal"; did you mean "local"?',
    ),
    (
        "{counsellor: 20}",
        "{counselor: 20}",
        "services.clinic.staff.caseload.cases_per_fte.counselor",
        'there is no pool "counselor" here; did you mean "counsellor"?',
    ),
    ("alongside: [{to: clinic", "alongside: [{to: clinik", "services.team.alongside[0].to", 'there is no service "clinik"'),
    ("to: clinic, maps", "to: clinik, maps", "demand.sent.to", 'there is no service "clinik"; did you mean "clinic"?'),
    # pools of single pieces of work
    (
        "hours: {counsellor: 0.5,",
        "hours: {counselor: 0.5,",
        "services.clinic.routes[0].hours",
        'there is no pool "counselor" here',
    ),
    ("team.doctor: 0.25", "team.docter: 0.25", "services.clinic.routes[0].hours", 'there is no pool "team.docter": write'),
    (
        "hours: {counsellor: 0.5, team.doctor: 0.25}",
        "hours: 0.5",
        "services.clinic.routes[0].hours",
        "say which pool the hours",
    ),
    ("{secretary: 0.5}", "{secretry: 0.5}", "services.team.intake.hours", 'there is no pool "secretry" here; did you mean'),
    ("hours: {doctor: 0.5,", "hours: {docter: 0.5,", "services.team.intake.meeting.hours", 'there is no pool "docter" here'),
    (
        "{clinic.counsellor: 1.0}",
        "{counsellor: 1.0}",
        "coordination.hours",
        "say which pool the hours are from, as service.pool",
    ),
    ("{clinic.counsellor: 1.0}", "1.0", "coordination.hours", "say which pool the hours are from, as service.pool"),
    ("{clinic.counsellor: 1.0}", "{clinic.nobody: 1.0}", "coordination.hours", 'there is no pool "clinic.nobody"'),
    ("coordination:", "crisis: {to: ward, hours: 1.0}\ncoordination:", "crisis.hours", "as service.pool"),
    (
        "course: {length: 60d}",
        "course: {length: 60d}\n    routes: [{to: elsewhere, hours: 1}]",
        "services.ward.routes[0].hours",
        "as service.pool: there is no staff here",
    ),
    (
        "hours: {counsellor: 0.5,",
        "hours: {caseload: 1,",
        "services.clinic.routes[0].hours",
        '"caseload" is a ceiling of cases and has',
    ),
    (
        "{secretary: 0.5}",
        "{clinic.caseload: 1}",
        "services.team.intake.hours",
        '"clinic.caseload" is a ceiling of cases and has',
    ),
    ("hours: {doctor: 0.5,", "hours: {clinic.caseload: 1,", "services.team.intake.meeting.hours", "is a ceiling of cases"),
    ("{clinic.counsellor: 1.0}", "{clinic.caseload: 1.0}", "coordination.hours", "is a ceiling of cases and has no hours"),
    # pools of courses
    (
        "7d, hours: {doctor: 2.0}}\n",
        "7d, hours: [{doctor: 2.0}, {doctor: 3.0}]}\n",
        "services.team.assessment.hours",
        "must have as many alternatives as the course, in the same order",
    ),
    (
        "7d, hours: {doctor: 2.0}",
        "7d, hours: {docter: 2.0}",
        "services.team.assessment.hours",
        'there is no pool "docter" here',
    ),
    (
        "{counsellor: 1.0, caseload: 1, room: 1.0}",
        "{counsellor: 0, caseload: 0, room: 0}",
        "services.clinic.course.hours",
        "a course must take some hours from some pool",
    ),
    ("caseload: 1,", "caseload: 0.5,", "services.clinic.course.hours", "takes whole cases of caseload (got 0.5)"),
    ("{clinic.counsellor: 2.0}]", "{clinic.caseload: 1}]", "services.course.course.hours", "on the cases of another service"),
    (
        "{fte: 1.0}}\n    waiting_list: {order",
        "{cases: 3}}\n    waiting_list: {order",
        "services.team.intake.hours",
        "is a ceiling",
    ),
    (
        "room: {rooms: 3}",
        "room: {}",
        "services.clinic.staff.room",
        "give either fte or fte_per_1000; where there are no posts cases, cases_per_fte or rooms",
    ),
    (
        "room: {rooms: 3}",
        "room: {rooms: 3}\n      idle: {fte: 1.0}",
        "services.clinic.staff.idle",
        "is never used: no course, task or ceiling names it",
    ),
    (
        "      hours: {secretary: 0.5}\n",
        "",
        "services.team.staff.secretary",
        "is never used: no course, task or ceiling names it",
    ),
    (
        "cases_per_fte: {counsellor: 20}",
        "cases_per_fte: {room: 20}",
        "services.clinic.staff.caseload.cases_per_fte.room",
        "no posts",
    ),
    (
        "cases_per_fte: {counsellor: 20}",
        "cases_per_fte: {caseload: 20}",
        "services.clinic.staff.caseload.cases_per_fte.caseload",
        '"caseload" has no posts to follow',
    ),
    (
        "cases_per_fte: {counsellor: 20}",
        "cases_per_fte: {counsellor: 0.1}",
        "areas.north.services.clinic",
        "1 case of caseload and 30 minutes a week of room, and there are only 9000 of counsellor and 0 of caseload",
    ),
    (
        "assessment: {sessions: 3, interval: 7d, hours: {doctor: 2.0}}",
        "assessment: {sessions: 3, interval: 7d, hours: {doctor: 0.5}}",
        "services.team.course.hours",
        "takes 60 minutes a week of doctor, the assessment 30: never more later",
    ),
    # turnover and labour markets
    ("stay: 3y", "stay: 0d", "services.clinic.staff.counsellor.turnover.stay", "must be above 0"),
    ("stay: 3y, market: local", "stay: 3y", "services.clinic.staff.counsellor.turnover", "give either recruit or market"),
    (
        "hires: 4/y",
        "hires: 0/y",
        "labour_markets.local.hires",
        "must be above 0: a post that falls vacant would never be filled",
    ),
    ("hires: 4/y", "hires: 2/s", "labour_markets.local.hires", "must be at most 1/s"),
    (
        "places: 4",
        "places: 4\n    staff: {porter: {fte: 1.0, turnover: {stay: 1y, recruit: 90d}}}",
        "services.ward",
        'give either places (a number or "endless") or staff',
    ),
    # shares
    ("share: 0.2, risk", "share: 0.95, risk", "groups", "shares sum to 1.05: at most 1, for each child belongs to one group"),
    ("groups: {poor: 0.4}", "groups: {poor: 0.91}", "areas.north.groups", "shares sum to 1.01: at most 1"),
    (
        "poor: {share: 0.2, risk: 3.0}\n  refugee: {share: 0.1, risk: 1.5}",
        "poor: {share: 0.5, risk: 0}\n  refugee: {share: 0.5, risk: 0}",
        "groups",
        "nobody is left to have the needs: give a group a risk above 0",
    ),
    ("opening_mix: {mild: 0.5", "opening_mix: {mild: 0.6", "services.clinic.opening_mix", "shares must sum to 1 (got 1.1)"),
    ("{unchanged: 1.0}}", "{unchanged: 0.9}}", "services.clinic.outcomes.by_need.severe", "shares must sum to 1 (got 0.9)"),
    ("{unchanged: 1.0}}", "{}}", "services.clinic.outcomes.by_need.severe", "shares must sum to 1 (got 0)"),
    (
        "accept: {red: 0.9}",
        "accept: {red: 0.9}\n      reasons: {formal_error: 0.5}",
        "services.team.intake.reasons",
        "shares must sum to 1 (got 0.5)",
    ),
    # group courses
    (
        "group: {size: 8, least: 4}}",
        "group: {size: 8, least: 4}}\n    assessment: {length: 1d, hours: [{leader: 9.0}, {clinic.counsellor: 9.0}]}",
        "services.course.course.group",
        "a group course has no assessment",
    ),
    (
        "interval: 7d, hours: {doctor",
        "interval: 7d, group: {size: 2}, hours: {doctor",
        "services.team.assessment.group",
        "of one child",
    ),
    (
        "group: {size: 8, least: 4}}",
        "group: {size: 8, least: 4}}\n    alongside: [{to: ward}]",
        "services.course.course.group",
        "a group course has no help alongside",
    ),
    (
        "places: 4\n    opening_cases: 2\n    course: {length: 60d",
        "places: 0\n    course: {group: {size: 3}, length: 60d",
        "services.ward.course.group",
        "can never start: the service has no places",
    ),
    ("least: 4", "least: 9", "services.course.course.group", "least must not be above size (got 9 and 8)"),
    ("least: 4", "least: 4, every: 0d", "services.course.course.group", "every must be above 0"),
    ("{length: 20}", "{length: 2}", "services.course.waiting_list.length", "must be at least 3, for so many wait for a group"),
    # lists
    ("order: deadline", "order: [deadline, deadline]", "services.team.waiting_list.order", "names one order twice"),
    ("order: [severity, first_come]", "order: deadline", "services.clinic.waiting_list.order", "and the service has none"),
    (
        "order: [severity, first_come]",
        "order: first_come",
        "services.clinic.waiting_list.rises",
        "the order does not ask for severity",
    ),
    ("rises: 90d", "rises: 0d", "services.clinic.waiting_list.rises", "must be above 0"),
    ("rises: 90d", "rises: {law: uniform, low: 0d, high: 0d}", "services.clinic.waiting_list.rises", "must be above 0"),
    (
        "      every: 7d\n",
        "      every: 0d\n",
        "services.clinic.waiting_list.every",
        "must be above 0; left out, places are given",
    ),
    (
        "      every: 7d\n",
        "      every: 7d\n      length: 0\n",
        "services.clinic.waiting_list.length",
        "leaves nobody for the meetings",
    ),
    (
        "review: 14d",
        "review: 0d",
        "services.clinic.waiting_list.switch.review",
        "must be above 0; left out, the switch is tried",
    ),
    ("meeting: {every: 7d", "meeting: {every: 0d", "services.team.intake.meeting.every", "must be above 0; left out, there is"),
    ("meeting: {every: 7d", "meeting: {every: 1min", "services.team.intake.meeting.every", "must be at least 1h (got 1min)"),
    ("{over: 180d", "{over: 80d", "services.clinic.balking[1].over", "state known waits in rising order (got 80d after 90d)"),
    ("{over: 180d", "{over: 90d", "services.clinic.balking[1].over", "must be longer than the one before"),
    ("{over: 120d", "{over: 60d", "doors.nurse.quiet[1].over", "must be longer than the one before"),
    (
        "{to: course, over: 30d",
        "{to: clinic, over: 30d",
        "services.clinic.waiting_list.switch.to",
        "clinic is the service itself",
    ),
    (
        "{to: course, over: 30d",
        "{to: ward, over: 30d",
        "services.clinic.waiting_list.switch.to",
        "ward is on red, clinic on yellow",
    ),
    # deadlines
    (
        "review: 5d",
        "review: 5d\n      within_working_days: 9999",
        "services.team.intake.within_working_days",
        "must be ≤ 2600 (got 9999)",
    ),
    ("{working_days: 65, overflow", "{overflow", "services.team.deadline", "is a deadline policy without deadlines"),
    (
        "{working_days: 65, overflow",
        "{overflow",
        "services.team.deadline.overflow",
        "follows when a deadline is broken, and there is none",
    ),
    (
        "deadline: {working_days: 65, overflow: {to: elsewhere, price: 100000}}",
        "deadline: {}",
        "services.team.deadline",
        "without deadlines",
    ),
    (", price: 100000", "", "services.team.deadline.overflow.price", "is missing"),
    ("{to: elsewhere, price", "{to: team, price", "services.team.deadline.overflow.to", "is the service itself"),
    # opening and closing
    ("closes: 2027-03-01", "closes: 2026-01-01", "services.clinic.closes", "must be after opens, 2026-01-01 (got 2026-01-01)"),
    ("until: 2028-01-01", "until: 2025-12-31", "services.clinic.grant.until", "must be after opens, 2026-01-01: it would end"),
    (
        "[2027-02-01, 2027-02-05]",
        "[2027-02-05, 2027-02-01]",
        "calendars.july.dates[0]",
        "the first day must not be after the last",
    ),
    (
        "[07-01, 07-31]",
        "[02-28, 02-30]",
        "calendars.july.yearly[0][1]",
        'must be a day that a year has, such as "07-01" (got "02-30")',
    ),
    ("[07-01, 07-31]", "[04-31, 05-02]", "calendars.july.yearly[0][0]", '(got "04-31")'),
    ("[07-01, 07-31]", "[01-01, 12-31]", "calendars.july.yearly", "closes every day of the year"),
    ("[07-01, 07-31]", "[01-03, 12-23]", "calendars.july.yearly", "closes every day of the year"),
    ("[2027-02-01, 2027-02-05]", "[2026-12-05, 2027-04-03]", "calendars.july.dates", "closes every day of the run"),
    (
        "{public_holidays: true, yearly: [[07-01, 07-31], [12-24, 01-02]], dates: [[2027-02-01, 2027-02-05]]}",
        "{}",
        "calendars.july",
        "closes nothing: state public_holidays, yearly or dates",
    ),
    # holding on, and what cannot run together
    ("hold: {at_most: 30d}", "hold: {}", "services.clinic.routes[0].hold.at_most", "is missing"),
    ("hold: {at_most: 30d}", "hold: {at_most: 0d}", "services.clinic.routes[0].hold.at_most", "must be above 0"),
    (
        "hold: {at_most: 30d}",
        "urgent: true, hold: {at_most: 30d}",
        "services.clinic.routes[0].hold",
        "whoever is urgent starts at once",
    ),
    (
        "balked], delay: 1d",
        "balked], hold: {at_most: 1d}",
        "services.clinic.routes[1].hold",
        "holds nothing: no course ends after gave_up or balked",
    ),
    (
        "course: {length: 90d}",
        "course: {length: 90d}\n    routes: [{to: team, hold: {at_most: 9d}}]",
        "services.elsewhere.routes[0].hold",
        "holds nothing: the service has endless places",
    ),
    ("coordination:", "crisis: {to: ward, hold: {at_most: 1d}}\ncoordination:", "crisis.hold", "no course ends in a crisis"),
    ("coordination:", "crisis: {to: ward, share: 0.5}\ncoordination:", "crisis.share", "every crisis goes this way"),
    ("  refugee: {share", "  all: {share", "groups.all", "is the word for all children together"),
    ("excludes: [course]", "excludes: [clinic]", "services.clinic.excludes[0]", "is the service itself"),
    (
        "excludes: [course]",
        "excludes: [team]",
        "services.clinic.excludes[0]",
        "clinic and team exclude each other, and one is offered",
    ),
    ("ends_at: 21", "ends_at: 21\n    excludes: [clinic]", "services.team.excludes[0]", "team and clinic exclude each other"),
    ("step: yellow\n    calendar", "calendar", "services.clinic.steps_up", "no need is above a service without a step"),
    # ages
    ("ages: [6, 17]", "ages: [17, 6]", "doors.chat.ages", "the first year must not be above the last (got 17 and 6)"),
    (
        "[0, 17]\n    waits_until: 18",
        "[13, 17]\n    waits_until: 13",
        "services.team.waits_until",
        "must be above 13, the age from which",
    ),
    ("ends_at: 21", "ends_at: 0", "services.team.ends_at", "must be above 0, the age from which"),
    ("ends_at: 21", "ends_at: 17", "services.team.ends_at", "must not be below waits_until"),
    ("leaves_at: 25", "leaves_at: 0", "leaves_at", "must be above 0, the age from which clinic takes children (got 0)"),
    ("places: 4", "places: 4\n    ages: [18, 25]", None, None),
    ("leaves_at: 25", "leaves_at: 0", "leaves_at", "the age from which team takes children"),
    # needs that end and come back
    ("relapse: 0.3/y", "relapse: 2/s", "needs.mild.relapse", "must be at most 1/s"),
    (", somatic: 0.1", "", "services.clinic.somatic_check", "finds nothing: no need has a bodily cause"),
    ("    somatic_check: 0.5\n", "", "needs.mild.somatic", "such a child never gets well: no service looks for a bodily cause"),
    # who comes
    ("at: 1.5", "at: 0", "doors.nurse.finds.at", "must be above 0: the rate holds at this staffing"),
    ("{rate: 0.2/y, at", "{rate: 2/s, at", "doors.nurse.finds.rate", "must be at most 1/s"),
    (
        "to: [clinic, team]\n",
        "to: ward\n",
        "doors.nurse.finds.at",
        "follows the staff behind the door, and ward has no posts",
    ),
    ("{0-5: 500, 6-12: 700}", "{18-25: 700}", "areas.south.children", "nobody is 0-17 here: doors.X.finds.at counts per 1000"),
    ("trend_by_age: {6-12", "trend_by_age: {13-17", "demand.children.trend_by_age.13-17", "no rate is stated for 13-17"),
    ("    mix: {mild: 0.7, severe: 0.3}\n", "", "demand.children.mix_trend", "changes nothing: state the mix that it moves"),
    ("mix: {mild: 0.7, severe: 0.3}", "mix: {mild: 1.0}", "demand.children.mix_trend.severe", '"severe" is not in the mix'),
    ("{rate: 5/y, to: clinic, maps: 0.5}", "{rate: 5/y, maps: 0.5}", "demand.sent.maps", "counts only with to:"),
    ("opening_cases: 2", "opening_cases: 5", "services.ward.opening_cases", "must not be more than the places, 4 (got 5)"),
    ("opening_cases: 5", "opening_cases: 99000000", "period.length", "children in each replication (the most is 16 000 000)"),
    ("trend_by_age: {6-12: 0.02}", "trend_by_age: {6-12: 1}", None, None),
]
"""As in ``FAULTS``; without a field the change must be welcome."""


def rid(text):
    return re.sub(r"\s+", " ", text)[:60]


@pytest.mark.parametrize(
    ("old", "new", "field", "rule"), TOGETHER, ids=[rid(f"{new} {field}") for _, new, field, _ in TOGETHER]
)
def test_what_does_not_fit_another_mechanism_is_named_with_its_line_and_field(old, new, field, rule, tmp_path):
    assert old in WHOLE
    text = WHOLE.replace(old, new, 1)
    if field is None:
        load(reading.read_text(text).data)
        return
    found = [line for line, where, said in faults_of(text, tmp_path) if where == field and rule in said]
    assert len(found) == 1
    stated = reading.read_text(text).line(reading.path_of(field))
    assert found == [stated]


def test_all_faults_of_a_file_are_one_error_in_the_order_of_the_file(tmp_path):
    text = LADDER
    for old, new in (
        ("warmup: 30d", "warmup: 30"),
        ("fte: 2.0", "fte: -1"),
        ("share: 0.4", "share: x"),
        ("places: 4", "plases: 4"),
    ):
        text = text.replace(old, new, 1)
    found = faults_of(text, tmp_path)
    assert [f[:2] for f in found] == [
        (2, "period.warmup"),
        (11, "doors.school.share"),
        (17, "services.clinic.staff.nurse.fte"),
        (31, "services.team.plases"),
    ]


def test_faults_of_how_parts_fit_are_all_listed_too(tmp_path):
    text = LADDER
    for old, new in (
        ("severe: 0.3}", "severe: 0.4}"),
        ("{to: team, after", "{to: tema, after"),
        ("ages: [0, 17]", "ages: [9, 1]"),
    ):
        text = text.replace(old, new, 1)
    assert [f[1] for f in faults_of(text, tmp_path)] == [
        "demand.children.mix",
        "services.clinic.routes[0].to",
        "services.team.ages",
    ]


def test_faults_of_many_mechanisms_are_one_error_in_the_order_of_the_file(tmp_path):
    changes = (
        ("poor: {share: 0.2", "poor: {share: 0.95"),
        ("mix_trend: {severe", "mix_trend: {sever"),
        ("at: 1.5", "at: 0"),
        ("until: 2028-01-01", "until: 2025-12-31"),
        ("stay: 3y", "stay: 0d"),
        ("cases_per_fte: {counsellor", "cases_per_fte: {room"),
        ("order: [severity, first_come]", "order: [deadline]"),
        ("excludes: [course]", "excludes: [team]"),
        ("caseload: 1,", "caseload: 0.5,"),
        ("{at_most: 30d}", "{at_most: 0d}"),
        ("least: 4}}", "least: 4}}\n    alongside: [{to: ward}]"),
        ("opening_cases: 2", "opening_cases: 5"),
        ("ends_at: 21", "ends_at: 17"),
        ("referrers: [clinic,", "referrers: [clinik,"),
        ("{working_days: 65, overflow", "{overflow"),
        ("{clinic.counsellor: 1.0}", "{clinic.caseload: 1.0}"),
        ("[07-01, 07-31]", "[02-28, 02-30]"),
        ("hires: 4/y", "hires: 0/y"),
        ("groups: {poor: 0.4}", "groups: {por: 0.4}"),
    )
    text = WHOLE
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    found = faults_of(text, tmp_path)
    assert [field for _, field, _ in found] == [
        "groups",
        "demand.children.mix_trend.sever",
        "doors.nurse.finds.at",
        "services.clinic.grant.until",
        "services.clinic.staff.counsellor.turnover.stay",
        "services.clinic.staff.caseload.cases_per_fte.room",
        "services.clinic.waiting_list.order",
        "services.clinic.waiting_list.rises",
        "services.clinic.excludes[0]",
        "services.clinic.course.hours",
        "services.clinic.routes[0].hold.at_most",
        "services.course.course.group",
        "services.ward.opening_cases",
        "services.team.ends_at",
        "services.team.intake.referrers[0]",
        "services.team.deadline",
        "services.team.deadline.overflow",
        "coordination.hours",
        "calendars.july.yearly[0][1]",
        "labour_markets.local.hires",
        "areas.north.groups.por",
        "areas.north.groups",
    ]
    lines = [line for line, _, _ in found]
    assert lines == sorted(lines)
    assert lines == [reading.read_text(text).line(reading.path_of(field)) for _, field, _ in found]


def test_what_is_wrong_everywhere_is_not_said_again_where_a_service_differs(tmp_path):
    text = WHOLE.replace("rises: 90d", "rises: 0d") + "    services: {clinic: {weight: 1}}\n"
    assert [field for _, field, _ in faults_of(text, tmp_path)] == ["services.clinic.waiting_list.rises"]
    text = WHOLE + "    services: {clinic: {waiting_list: {rises: 0d}}}\n"
    assert [field for _, field, _ in faults_of(text, tmp_path)] == ["areas.south.services.clinic.waiting_list.rises"]


def test_faults_of_areas_do_not_hide_those_of_services(tmp_path):
    text = WHOLE.replace("rises: 90d", "rises: 0d") + "    services: {clinik: {weight: 1}}\nfocus: [east]\n"
    assert [field for _, field, _ in faults_of(text, tmp_path)] == [
        "services.clinic.waiting_list.rises",
        "areas.south.services.clinik",
        "focus[0]",
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ("labour_markets.local.hires=5/y", "labour_markets"),
        ("calendars.july.public_holidays=false", "calendars"),
        ("leaves_at=23", "leaves_at"),
    ],
)
def test_what_is_one_for_a_whole_run_cannot_change_on_a_date(change, field):
    scenario = load(reading.read_text(WHOLE).data)
    with pytest.raises(TrinnError, match=f"{field}: cannot change on a date, only from the beginning"):
        apply(scenario, f"{change}@2027-02-01")


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"services": {}}, "services", "must hold at least one service"),
        ({"needs": {}}, "needs", "must hold at least one need"),
        ({"demand": {}}, "demand", "must hold at least one stream of children"),
        ({"areas": {}}, "areas", "must hold at least one area with detail: full"),
        ({"areas": {"north": {"detail": "neighbour"}}}, "areas", "must hold at least one area with detail: full"),
        ({"doors": {}}, "demand.children", "says no service (to:), and the scenario has no doors"),
        ({"crisis": None}, "needs.severe.worsens_to", 'leads to "crisis": say under crisis where such a child goes'),
    ],
)
def test_a_ladder_without_a_part_that_it_needs_is_refused(change, field, rule):
    with pytest.raises(TrinnError, match=r"must|says|leads") as caught:
        load({**DATA, "evidence": {}, **change})
    assert (field, rule) in [(fault.field, fault.rule) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("stream", "field", "rule"),
    [
        ({"rate": "1/d", "per_1000": {"0-5": 1}}, "", "give either rate or per_1000"),
        ({"to": "clinic"}, "", "give either rate or per_1000"),
        ({"per_1000": {"0-5": 1}, "areas": "neighbour"}, "", "of neighbours must go straight to a shared service (to:)"),
        ({"rate": "1/d", "areas": "neighbour", "to": "team"}, ".rate", "of neighbours is given per 1000 children (per_1000)"),
        (
            {"per_1000": {"0-5": 1}, "areas": "neighbour", "to": "clinic"},
            ".to",
            "neighbours enter at shared services, and clinic is not shared",
        ),
    ],
)
def test_a_stream_of_children_says_how_many_and_whereto(stream, field, rule):
    with pytest.raises(TrinnError, match=re.escape(rule)) as caught:
        load({**DATA, "demand": {**DATA["demand"], "other": stream}})
    assert [(fault.field, fault.rule) for fault in caught.value.faults] == [(f"demand.other{field}", rule)]


def test_words_of_the_schema_are_no_names_of_services_and_pools(tmp_path):
    text = (
        LADDER.replace("  team:\n    step", "  doors:\n    step")
        .replace("team", "doors")
        .replace("nurse: {fte: 2", "course: {fte: 2")
    )
    found = [(field, rule) for _, field, rule in faults_of(text, tmp_path)]
    assert ("services.doors", '"doors" is a word of its own in a scenario: call the service something else') in found
    assert ("services.clinic.staff.course", '"course" is a word of its own in a service: call the pool something else') in found


def test_a_missing_part_is_named_without_a_false_line(tmp_path):
    assert faults_of("name: A\n", tmp_path) == [(None, field, "is missing") for field in ("period", "demand", "services")]


# -- files that are no scenario files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "rule"),
    [
        (b"", None, "must be a mapping of names to values (got nothing)"),
        (b"# nothing\n", None, "(got nothing)"),
        (b"---\n", None, "(got nothing)"),
        (b"- a\n- b\n", None, "(got a list)"),
        (b"just words\n", None, "(got a single value)"),
        (b"name: A\n\tperiod: b\n", 2, "is not valid YAML"),
        (b"name: A\nperiod: {a: 1\nneeds: b\n", 3, "is not valid YAML"),
        (b"name: 'A\n", 2, "is not valid YAML"),
        (b"name: A\n---\nname: B\n", 2, "is not valid YAML: it holds several documents (---)"),
        (b"name: A\nperiod: {start: \xff\xfe}\n", 2, "is not UTF-8 text (byte 25)"),
        ("name: A\n".encode("utf-16"), 1, "is not UTF-8 text"),
        (b"name: A\x00\n", 1, "holds a character that no text has (U+0000)"),
        (b"name: A\nabout: \x1b[31m\n", 2, "holds a character that no text has (U+001B)"),
        (bytes(range(256)), 2, "is not UTF-8 text"),
        (b"\x7fELF" + b"\x00" * 100, 1, "holds a character that no text has"),
        (b"name: A\nname: B\n", 2, "stands twice"),
        (b"base: &a {name: A}\n<<: *a\n", 2, "keys must be plain names, without << merges"),
        (b"name: A\n? [a, b]\n: c\n", 2, "keys must be plain names"),
        (b"name: !!python/object/apply:os.system [ls]\n", 1, "tags are not allowed here"),
        (b"name: !!python/name:os.system\n", 1, "tags are not allowed here"),
        (b"name: !mine {a: b}\n", 1, "tags are not allowed here (got !mine)"),
        (b"name: !!binary aGVp\n", 1, "tags are not allowed here (got !!binary)"),
        (b"name: !!set {a, b}\n", 1, "tags are not allowed here (got !!set)"),
        (b"name: !!int x\n", 1, "cannot be understood"),
        (b"name: !!float\n", 1, "cannot be understood"),
        (b"name: *nobody\n", 1, "is not valid YAML"),
        (b"name: &a [*a]\n", 1, "is nested deeper than 60 levels"),
        (b"name: &a {a: *a, b: *a}\n", 1, "is nested deeper than 60 levels"),
        (b"name: " + b"[" * 100 + b"]" * 100 + b"\n", 1, "is nested deeper than 60 levels"),
        (b"name: " + b"[" * 100_000 + b"\n", None, "is nested deeper than 60 levels"),
        (b"name: " + b"{a: " * 50_000 + b"\n", None, "is nested deeper than 60 levels"),
        (b"%YAML 9.9\n---\nname: A\n", None, "is not valid YAML"),
    ],
)
def test_what_is_no_scenario_file_is_said_in_one_line(content, line, rule, tmp_path):
    path = tmp_path / "it.yaml"
    path.write_bytes(content)
    with pytest.raises(TrinnError, match=re.escape(rule)) as caught:
        load(path)
    place = caught.value.faults[0].place
    assert place == (str(path) if line is None else f"{path}:{line}") or line is None
    assert "\n" not in str(caught.value.faults[0])


def test_anchors_that_expand_without_end_are_stopped_at_once(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    before = time.perf_counter()
    path = tmp_path / "it.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(TrinnError, match="expands to more than 200 000 values") as caught:
        load(path)
    assert caught.value.faults[0].place.startswith(f"{path}:")
    assert time.perf_counter() - before < 20


def test_anchors_that_are_used_in_reason_are_welcome(tmp_path):
    path = tmp_path / "it.yaml"
    text = LADDER.replace("{0-5: 900, 6-12: 1000}", "&children {0-5: 900, 6-12: 1000}").replace(
        "{0-5: 500, 6-12: 700}", "*children"
    )
    path.write_text(text, encoding="utf-8")
    assert load(path).areas["south"].children == {"0-5": 900, "6-12": 1000}


def test_a_file_of_50_megabytes_is_refused_without_being_read(tmp_path):
    path = tmp_path / "big.yaml"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)
    before = time.perf_counter()
    with pytest.raises(TrinnError, match="is 50 000 000 bytes; a scenario file is at most 1 000 000"):
        load(path)
    assert time.perf_counter() - before < 1


def test_a_long_list_of_faults_is_found_in_reasonable_time(tmp_path):
    path = tmp_path / "it.yaml"
    path.write_text(LADDER + "".join(f"clinik{n}: 1\n" for n in range(3000)), encoding="utf-8")
    before = time.perf_counter()
    with pytest.raises(TrinnError, match='unknown key "clinik2999"') as caught:
        load(path)
    assert len(caught.value.faults) == 3000
    assert time.perf_counter() - before < 30


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero", "/proc/self/mem"])
def test_a_device_is_no_scenario_file(path, tmp_path):
    link = tmp_path / "it.yaml"
    link.symlink_to(path)
    with pytest.raises(TrinnError, match=r"is not an ordinary file|cannot be read|must be a mapping"):
        load(link)


def test_a_pipe_is_not_waited_for(tmp_path):
    path = tmp_path / "it.yaml"
    os.mkfifo(path)
    with pytest.raises(TrinnError, match="is not an ordinary file"):
        load(path)


def test_a_directory_a_missing_file_and_an_impossible_name_are_said(tmp_path):
    (tmp_path / "stange.yaml").write_text("", encoding="utf-8")
    with pytest.raises(TrinnError, match="is a directory, not a scenario file"):
        load(tmp_path)
    with pytest.raises(TrinnError, match=r'stagne.yaml: does not exist; did you mean "stange.yaml"\?'):
        load(tmp_path / "stagne.yaml")
    with pytest.raises(TrinnError, match="File name too long"):
        load(tmp_path / ("x" * 300 + ".yaml"))
    with pytest.raises(TrinnError, match="does not exist"):
        load("a\0b.yaml")
    with pytest.raises(TrinnError, match="does not exist"):
        find_lever(str(tmp_path / "lever.yaml"))


def test_a_file_that_may_not_be_read_is_said(tmp_path, monkeypatch):
    path = tmp_path / "it.yaml"
    path.write_text(LADDER, encoding="utf-8")
    path.chmod(0)
    if os.geteuid() == 0:  # root may read everything

        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(TrinnError, match=re.escape(f"{path}: cannot be read: Permission denied")):
        load(path)


def test_windows_line_ends_and_a_byte_order_mark_are_accepted(tmp_path):
    path, plain = tmp_path / "it.yaml", tmp_path / "plain.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + LADDER.replace("\n", "\r\n").encode())
    plain.write_text(LADDER, encoding="utf-8")
    assert load(path) == load(plain)
    path.write_bytes(b"\xef\xbb\xbf" + LADDER.replace("fte: 2.0", "fte: -2").replace("\n", "\r\n").encode())
    with pytest.raises(TrinnError, match=r"it.yaml:17 \| services.clinic.staff.nurse.fte: must be"):
        load(path)


def test_a_name_may_hold_anything_a_person_can_write(tmp_path):
    path = tmp_path / "it.yaml"
    path.write_text(LADDER.replace("name: Clinic", "name: <script>alert(1)</script> & 'æøå'"), encoding="utf-8")
    assert load(path).name.nb == "<script>alert(1)</script> & 'æøå'"


def test_a_huge_text_is_cut_in_the_message(tmp_path):
    found = faults_of(LADDER.replace("fte: 2.0", f"fte: {'x' * 500_000}"), tmp_path)
    assert len(found) == 1
    assert len(found[0][2]) < 200


def test_what_came_from_a_file_cannot_steer_a_terminal():
    fault = Fault('unknown key "\x1b[2J\u202e"', "a\nb", "file\r:1")
    assert str(fault) == 'file\\r:1 | a\\nb: unknown key "\\x1b[2J\\u202e"'
    assert one_line("æøå – ≥") == "æøå – ≥"


def test_looking_for_the_nearest_name_never_takes_long():
    before = time.perf_counter()
    assert nearest("x" * 100_000, ["a", "b"]) == "; allowed: a, b"
    assert nearest("abc", [f"name{n}" for n in range(100_000)]) == ""
    assert time.perf_counter() - before < 1


# -- bases and levers ---------------------------------------------------------------------------------------------------


def test_a_base_that_leads_round_in_a_circle_is_said(tmp_path):
    for here, there in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{here}.yaml").write_text(f"name: {here}\nbase: {there}.yaml\n", encoding="utf-8")
    with pytest.raises(TrinnError, match=r"c.yaml:2 \| base: leads round in a circle"):
        load(tmp_path / "a.yaml")
    (tmp_path / "self.yaml").write_text("base: self.yaml\n", encoding="utf-8")
    with pytest.raises(TrinnError, match=r"self.yaml:1 \| base: leads round in a circle"):
        load(tmp_path / "self.yaml")


def test_too_many_bases_are_said(tmp_path):
    (tmp_path / "f0.yaml").write_text(LADDER, encoding="utf-8")
    for number in range(1, 15):
        (tmp_path / f"f{number}.yaml").write_text(f"name: n\nbase: f{number - 1}.yaml\n", encoding="utf-8")
    assert load(tmp_path / "f5.yaml").name.nb == "n"
    with pytest.raises(TrinnError, match="more than 10 files lie on top of each other"):
        load(tmp_path / "f14.yaml")
    circle = {"name": "x"}
    circle["base"] = circle
    with pytest.raises(TrinnError, match="more than 10 files lie on top of each other"):
        load(circle)


@pytest.mark.parametrize(
    ("base", "rule"),
    [
        ("stagne", 'no place called "stagne"; did you mean "Stange"'),
        ("3413", "must be a place, an example, a file or a mapping"),
        ("[a]", "must be a place, an example, a file or a mapping"),
        ("none.yaml", "does not exist"),
    ],
)
def test_a_base_that_is_not_there_is_named_with_its_line(base, rule, tmp_path):
    path = tmp_path / "it.yaml"
    path.write_text(f"name: A\nbase: {base}\n", encoding="utf-8")
    with pytest.raises(TrinnError, match=re.escape(rule)) as caught:
        load(path)
    assert str(tmp_path) in str(caught.value)
    if rule != "does not exist":
        assert f"{path}:2 | base: " in str(caught.value)


def test_a_fault_laid_over_a_base_has_the_line_of_the_file(tmp_path):
    path = tmp_path / "it.yaml"
    path.write_text(
        "base: stange\nareas:\n  stange:\n    services:\n      low_threshold: {staff: {nurze: {fte: -1}}}\n", encoding="utf-8"
    )
    with pytest.raises(TrinnError, match=r"it.yaml:5 \| areas.stange.services.low_threshold.staff.nurze.fte: must be ≥ 0"):
        load(path)


def test_faults_of_a_lever_file_have_their_lines(tmp_path):
    path = tmp_path / "lever.yaml"
    text = "name: L\nabout: A\ngrade: sure\nsource: 3\nchanges:\n"
    text += "  - {set: 'a.b=1', form: 2028-01-01}\n  - {set: 'a.b=1', from: soon}\n"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TrinnError, match=r"lever.yaml:3 \| grade: must be") as caught:
        load_file(path)
    places = [(fault.place.rpartition(":")[2], fault.field) for fault in caught.value.faults]
    assert places == [("3", "grade"), ("4", "source"), ("6", "changes[0].form"), ("7", "changes[1].from")]


def test_a_change_in_a_file_that_does_not_fit_has_its_line(tmp_path):
    path = tmp_path / "it.yaml"
    path.write_text(LADDER + "changes:\n  - set: clinic.nurse.fte+=1\n  - set: clinic.nurze.fte+=1\n", encoding="utf-8")
    end = LADDER.count("\n")
    with pytest.raises(TrinnError, match=rf'it.yaml:{end + 3} \| changes\[1\].set: .* clinic has no pool or field "nurze"'):
        load(path)
    path.write_text(LADDER + "changes:\n  - set: nonsense\n", encoding="utf-8")
    with pytest.raises(TrinnError, match=rf"it.yaml:{end + 2} \| changes\[0\].set: nonsense: is not a change"):
        load(path)


# -- what is no scenario at all -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [3413, None, 3.5, True, ["stange"], b"stange", date(2027, 1, 1), object()])
def test_what_can_be_no_scenario_is_said(source):
    with pytest.raises(TrinnError, match="a scenario is a name, the path of a file, or a mapping"):
        load(source)


@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {1: 2},
        {"name": {1, 2}},
        {"name": "A", "period": object(), "demand": [], "services": None},
        {"name": float("nan")},
        {("a",): "b"},
    ],
)
def test_a_mapping_with_odd_content_is_a_trinn_error(mapping):
    with pytest.raises(TrinnError, match=r"is missing|must be"):
        load(mapping)


def test_a_mapping_that_contains_itself_is_a_trinn_error():
    circle = {"name": "A", "period": {"length": "1d"}, "demand": {}, "services": {}}
    circle["services"]["a"] = circle
    with pytest.raises(TrinnError, match="services"):
        load(circle)
    circle["areas"] = {"here": {"services": {"a": circle}}}
    with pytest.raises(TrinnError, match="services"):
        load(circle)


def test_an_unknown_detail_is_said():
    with pytest.raises(TrinnError, match='detail: must be "neighbour" or "full"'):
        load("stange", detail="half")


# -- fuzzing ------------------------------------------------------------------------------------------------------------

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([10**9, 10**10, 10**400, -1, 2**63]),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["0d", "1s", "14d", "100y", "1e9/s", "1/y", "clinic", "team", "endless", "2027-02-30", "start", "*", "<<", ""]
    ),
    st.dates(),
    st.just([]),
    st.just({}),
    st.lists(st.sampled_from(["clinic", "red", 1, None]), max_size=3),
    st.dictionaries(st.sampled_from(["fte", "to", "law", "mean", "nb", "clinic"]), st.integers(-1, 5), max_size=2),
)
DATA = reading.read_text(LADDER).data
LADDERS = {"ladder": DATA, "every mechanism": reading.read_text(WHOLE).data}


def spots(data, path=()):
    """The path of every value."""
    yield path
    if isinstance(data, dict):
        for key, value in data.items():
            yield from spots(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from spots(value, (*path, index))


SPOTS = {name: [path for path in spots(data) if path] for name, data in LADDERS.items()}


@pytest.mark.parametrize("name", LADDERS)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_mutation_of_a_scenario_raises_anything_but_a_trinn_error(name, data):
    mutant = copy.deepcopy(LADDERS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(SPOTS[name]))
        here = mutant
        for part in way:
            inside = part in here if isinstance(here, dict) else isinstance(here, list) and part in range(len(here))
            here = here[part] if inside else None
        if isinstance(here, dict):
            if data.draw(st.booleans()):
                here[last] = data.draw(VALUES)
            elif data.draw(st.booleans()):
                here[data.draw(st.text(max_size=5))] = here.pop(last, None)
            else:
                here.pop(last, None)
        elif isinstance(here, list) and isinstance(last, int) and last < len(here):
            here[last] = data.draw(VALUES)
    try:
        scenario = load(mutant)
    except TrinnError:
        return
    else:
        assert load(scenario.plain()) == scenario
        if sum(area.children_0_17 for area in scenario.areas.values()) < 10**6:
            phases(scenario)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(LADDER) - 1), st.integers(0, 20), st.text(max_size=12))
def test_no_mutation_of_a_text_raises_anything_but_a_trinn_error(start, length, inserted):
    try:
        document = reading.read_text(LADDER[:start] + inserted + LADDER[start + length :], "it.yaml")
        load(document.data)
    except TrinnError:
        return


ADDRESSES = (
    st.sampled_from(
        [
            "clinic",
            "team",
            "nurse",
            "fte",
            "course",
            "hours",
            "[0]",
            "[9]",
            "areas",
            "north",
            "services",
            "period",
            "length",
            "staff",
        ]
    )
    | st.sampled_from(
        [
            "*/",
            "north/",
            "c/",
            "step:red",
            "role:x",
            "routes",
            "share",
            "patience",
            "mean",
            "demand",
            "children",
            "mix",
            "mild",
            "0-5",
        ],
    )
    | st.sampled_from(
        ["open", "ages", "needs", "start", "focus", "name", "changes", "evidence", "crisis", "doors", "gp", "delay", "detail"]
    )
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(ADDRESSES, min_size=1, max_size=5),
    st.sampled_from(["=", "+=", "-=", "*=", ""]),
    st.one_of(
        st.sampled_from(
            ["1", "-1", "0.5", "1e99", "1e999", "nan", "inf", "14d", "none", "true", "[a,b]", "[0,17]", "1/y", "3/1000"]
        ),
        st.text(max_size=10),
    ),
    st.sampled_from(["", "@2027-02-01", "@2027-02-30", "@2099-01-01", "@1900-01-01", "@start"]),
)
def test_no_change_raises_anything_but_a_trinn_error(parts, operator, value, when):
    text = ".".join(parts).replace("/.", "/").replace(".[", "[") + operator + value + when
    try:
        scenario = apply(FUZZED, text)
    except TrinnError:
        return
    else:
        phases(scenario)
        assert load(scenario.plain()) == scenario


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_no_text_as_a_change_raises_anything_but_a_trinn_error(text):
    try:
        change = parse_change(text)
    except TrinnError:
        return
    else:
        assert change.op in text


FUZZED = load(DATA)


def test_a_change_of_a_hundred_thousand_letters_is_refused_at_once():
    before = time.perf_counter()
    for text in (
        "a" * 100_000,
        "a." * 50_000 + "=1",
        "a=" + " " * 100_000,
        "a=" + "1" * 100_000,
        "=" * 100_000,
        " " * 100_000 + "a",
    ):
        with pytest.raises(TrinnError, match=r"is not a change|no service or field|is a word"):
            apply(FUZZED, text if "=" in text else text + "=1" if text.strip("a ") else text + "=")
    assert time.perf_counter() - before < 5


def test_recursion_is_left_as_it_was():
    assert sys.getrecursionlimit() >= 1000
