"""What must hold of every ladder that can be written down: thousands of them, each mechanism on or off, made at random.

A ladder is a mapping as a file would state it; the few that the checker refuses are passed over. Half of them keep a coarse
clock, on which children come and courses end on whole days, so that nearly all that happens meets something else in its second.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some

from scenarios.errors import TrinnError
from scenarios.load import load
from scenarios.units import DAY, YEAR
from sim.build import phases
from sim.children import NO_AGE, OPENING, OPENING_CASE
from sim.cohort import draw_cohort
from sim.compare import compare
from sim.engine import simulate
from sim.fold import fold
from sim.identities import check
from sim.measures import MEASURES
from sim.records import COLUMNS, Kind
from sim.result import children_table
from sim.supply import draw_supply

TIME, KIND, CHILD, PLACE, STAY, SINCE, RECEIVED, DETAIL, NEED = range(len(COLUMNS))
START = date(2027, 1, 4)
QUICK = settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))


# Any ladder


def exponential(mean, **more):
    return {"law": "exponential", "mean": mean, **more}


BRIEF = ("1s", "1d", "2d", exponential("1d"), exponential("1d", grid="1d"), {"law": "observed", "values": ["1h", "1d", "3d"]})
COURSES = (
    "1d", "3d", "7d", exponential("6d"), exponential("6d", grid="1d"), {"law": "gamma", "mean": "8d", "cv": 0.7},
    {"law": "lognormal", "mean": "5d", "cv": 1.5}, {"law": "observed", "values": ["1d", "2d", "9d"], "weights": [1, 2, 1]},
    {"law": "uniform", "low": "1d", "high": "12d", "grid": "1d"}, {"law": "uniform", "low": "0s", "high": "9d"},
)  # fmt: skip
WAITS = (
    "2d", "7d", exponential("10d"), exponential("10d", grid="1d"), {"law": "gamma", "mean": "9d", "cv": 2.0},
    {"law": "lognormal", "mean": "12d", "cv": 0.5, "grid": "1d"}, {"law": "observed", "values": ["0s", "5d", "20d"]},
)  # fmt: skip
ORDERS = ("first_come", "severity", "deadline", "referral")
SEVERITIES = ("mild", "moderate", "severe")
STEPS = ("green", "yellow", "orange", "red", "dark_red")
SHARES = (0.0, 0.2, 0.5, 0.8, 1.0)
DAYS = ("2027-01-04", "2027-01-14", "2027-02-01", "2027-02-10")
OUTCOMES = (
    {"recovered": 0.4, "improved": 0.2, "unchanged": 0.2, "worse": 0.2},
    {"recovered": 1.0},
    {"improved": 0.5, "unchanged": 0.5},
    {"worse": 0.5, "recovered": 0.5},
)
ENDED = ("improved", "unchanged", "worse", "done", "dropped_out", "stepped_up", "aged_out")
NOT_STARTED = ("rejected", "gave_up", "refused", "balked")


class Choices:
    """Draws of hypothesis in few words; the first of several and "no" are the simplest."""

    def __init__(self, draw):
        self.draw = draw

    def on(self, percent=35):
        return self.draw(some.integers(0, 99)) >= 100 - percent

    def of(self, *these):
        return these[self.draw(some.integers(0, len(these) - 1))]

    def number(self, low, high):
        return self.draw(some.integers(low, high))

    def some_of(self, these, percent=40):
        return [each for each in these if self.on(percent)]

    def lay(self, where, name, make, percent=30):
        if self.on(percent):
            where[name] = make()


class Making:
    """A ladder in the making: what its parts must know of each other."""

    def __init__(self, draw, most=4):
        self.pick = Choices(draw)
        pick = self.pick
        self.names = ["one", "two", "three", "four"][: pick.number(1, most)]
        self.wide = most > 1 and pick.on(25)
        self.shared = {name: self.wide and pick.on(50) for name in self.names}
        self.steps = {name: pick.of(None, "orange", "yellow", "red") for name in self.names}
        self.kinds = {name: pick.of("places", "places", "staff", "staff", "endless") for name in self.names}
        self.relapses, self.somatic, self.crisis = pick.on(30), pick.on(20), pick.on(30)
        self.calendars, self.market = pick.on(30), False
        self.pools = {name: self._pools(name) for name in self.names}

    def _pools(self, name):
        """Posts of a service, by name, and the ceilings and rooms beside them."""
        if self.kinds[name] != "staff":
            return {}
        pick = self.pick
        pools = {"nurse": {"fte": pick.of(1.0, 0.5, 2.0)}}
        for extra in pick.some_of(("doctor",), 30):
            pools[extra] = {"fte": 1.0}
        for pool in pools.values():
            pick.lay(pool, "absent", lambda: pick.of(0.1, 0.3), 15)
            pick.lay(pool, "work", lambda: {"meetings": 5}, 15)
            if pick.on(25):
                pool["turnover"] = {"stay": pick.of(exponential("60d"), "30d"), "breaks": pick.of(0.0, 0.5, 1.0)}
                if pick.on(30):
                    self.market = pool["turnover"]["market"] = "county"
                else:
                    pool["turnover"]["recruit"] = pick.of(exponential("20d"), "1s", "10d")
        if pick.on(20):
            pools["ceiling"] = pick.of({"cases": 3}, {"cases_per_fte": {"nurse": 4}})
        if pick.on(15):
            pools["room"] = {"rooms": 1, "weekly_hours": 20}
        return pools

    def workers(self):
        """Pools that a single piece of work may be taken from, by anybody: ``service.pool`` that every area finds."""
        return [f"{name}.nurse" for name in self.names if self.kinds[name] == "staff"]

    def tasks(self, percent=15):
        workers = self.workers()
        return {self.pick.of(*workers): self.pick.of(1, 20)} if workers and self.pick.on(percent) else {}

    def other(self, name):
        others = [n for n in self.names if n != name]
        return self.pick.of(*others) if others else None

    # -- parts ----------------------------------------------------------------------------------------------------------------

    def needs(self):
        pick, made = self.pick, {}
        for number, severity in enumerate(SEVERITIES):
            need = {"severity": severity, "step": pick.of("orange", "yellow", "red", None)}
            if need["step"] is None:
                del need["step"]
            pick.lay(need, "remission", lambda: pick.of("3/y", "20/y"))
            if number < 2 and pick.on(35):
                need |= {"worsening": pick.of("4/y", "30/y"), "worsens_to": SEVERITIES[number + 1]}
            elif number == 2 and self.crisis and pick.on(70):
                need |= {"worsening": pick.of("4/y", "30/y"), "worsens_to": "crisis"}
            if number and pick.on(50):
                need["improves_to"] = SEVERITIES[number - 1]
            pick.lay(need, "seek", lambda: pick.of(*SHARES[1:]), 20)
            if self.relapses:
                need["relapse"] = pick.of("20/y", "2/y")
                pick.lay(need, "relapses_to", lambda: pick.of(*SEVERITIES))
            if self.somatic:
                need["somatic"] = pick.of(0.3, 1.0)
            made[severity] = need
        return made

    def service(self, name):
        pick, kind = self.pick, self.kinds[name]
        service = {"course": self.course(name)}
        if kind == "staff":
            service["staff"] = self.pools[name]
        else:
            service["places"] = pick.of(1, 2, 4, 1 if "group" in service["course"] else 0) if kind == "places" else "endless"
        if self.shared[name]:
            service["shared"] = True
        if self.steps[name]:
            service["step"] = self.steps[name]
            pick.lay(service, "steps_up", lambda: pick.of(*WAITS), 25)
        self.helping(name, service)
        self.listing(name, service)
        self.reviewing(name, service)
        self.opening(service)
        self.leading(name, service)
        self.ages(service)
        return service

    def course(self, name):
        pick, course = self.pick, {}
        if pick.on(75):
            course["length"] = pick.of(*COURSES)
        else:
            course |= {"sessions": pick.of(3, 1), "interval": pick.of("4d", "7d"), "cv": pick.of(0.0, 0.8)}
            pick.lay(course, "missed", lambda: 0.2, 20)
            pick.lay(course, "cancelled", lambda: 0.2, 20)
        if pools := self.pools[name]:
            first = {"nurse": 4, **{pool: 1 for pool in ("ceiling", "room") if pool in pools}}
            course["hours"] = [first, {"doctor": 4}] if "doctor" in pools else [first]
            lenders = [n for n in self.names if n != name and self.kinds[n] == "staff"]
            if lenders and pick.on(30):
                lender = pick.of(*lenders)
                if self.shared[name] and not self.shared[lender]:
                    course["hours"] = [*course["hours"], {f"north/{lender}.nurse": 2}]
                else:
                    course["hours"] = [*course["hours"], {f"{lender}.nurse": 2}]
        pick.lay(course, "dropout", lambda: pick.of(0.3, 1.0), 25)
        if pick.on(20):
            size = pick.of(2, 3)
            course["group"] = {"size": size}
            pick.lay(course["group"], "least", lambda: pick.number(1, size))
            pick.lay(course["group"], "every", lambda: pick.of("7d", "2d"))
        return course

    def helping(self, name, service):
        pick, course = self.pick, service["course"]
        if "group" not in course:
            if pick.on(25):
                service["assessment"] = {"length": pick.of(*COURSES)}
                if "hours" in course:
                    service["assessment"]["hours"] = [{pool: 7 if amount > 1 else 1 for pool, amount in option.items()}
                                                      for option in course["hours"]]  # fmt: skip
                pick.lay(service["assessment"], "dropout", lambda: pick.of(0.3, 1.0))
            if (to := self.other(name)) and pick.on(20):
                service["alongside"] = [{"to": to, "share": pick.of(1.0, 0.5)}]
        if pick.on(60):
            service["outcomes"] = {"matched": pick.of(*OUTCOMES)}
            pick.lay(service["outcomes"], "below", lambda: pick.of(*OUTCOMES))
            pick.lay(service["outcomes"], "by_need", lambda: {"moderate": pick.of(*OUTCOMES)})
            pick.lay(service["outcomes"], "dose", lambda: True)
        if (to := self.other(name)) and pick.on(20) and "alongside" not in service:
            service["excludes"] = [to]
        if self.somatic:
            service["somatic_check"] = pick.of(0.5, 1.0)
        if self.relapses:
            pick.lay(service, "open_return", lambda: pick.of("100d", "5d"), 50)

    def listing(self, name, service):
        pick, listing, group = self.pick, {}, service["course"].get("group")
        order = [pick.of(*ORDERS), *pick.some_of(("referral", "severity"), 15)]
        order = list(dict.fromkeys(order))
        if pick.on(30) or "deadline" in order:
            deadline = {}
            pick.lay(deadline, "working_days", lambda: pick.of(5, 0))
            pick.lay(deadline, "guarantee", lambda: pick.of("4d", "0s"))
            deadline["by_severity"] = {s: pick.of("3d", "10d") for s in pick.some_of(SEVERITIES)}
            if not any(deadline.values()) and "guarantee" not in deadline:
                deadline["guarantee"] = "6d"
            if (to := self.other(name)) and pick.on(50):
                deadline["overflow"] = {"to": to, "share": pick.of(*SHARES[1:]), "price": 10, "delay": pick.of(*BRIEF)}
            service["deadline"] = deadline
        if pick.on(50) or order != ["first_come"]:
            listing["order"] = order
        if "severity" in order:
            pick.lay(listing, "rises", lambda: pick.of(*WAITS[:-1]), 40)
        pick.lay(listing, "at_once", lambda: pick.of(["severe"], ["moderate", "severe"]), 20)
        if not group:
            pick.lay(listing, "every", lambda: pick.of("7d", "1d", "36h"), 20)
        same = [n for n in self.names if n != name and self.steps[n] == self.steps[name]]
        if same and pick.on(30):
            listing["switch"] = {"to": pick.of(*same), "over": pick.of("1d", "0s", "6d"), "share": pick.of(1.0, 0.5)}
            pick.lay(listing["switch"], "review", lambda: pick.of("3d", "1d"))
        if pick.on(25):
            least = group["size"] if group else 1 if "every" in listing else 0
            listing["length"] = least + pick.of(0, 1, 4)
        if listing:
            service["waiting_list"] = listing
        pick.lay(service, "patience", lambda: pick.of(*WAITS), 35)
        if pick.on(20):
            service["patience_by_severity"] = {s: pick.of(*WAITS) for s in pick.some_of(SEVERITIES)}
        if pick.on(20):
            service["balking"] = [{"over": "0s", "share": pick.of(*SHARES[1:])}, {"over": "5d", "share": pick.of(*SHARES)}]

    def reviewing(self, name, service):
        pick = self.pick
        if not pick.on(35):
            return
        intake = {"review": pick.of(*BRIEF, *WAITS), "accept": {step: pick.of(0.8, 0.3, 1.0) for step in STEPS}}
        pick.lay(intake, "accuracy", lambda: pick.of(0.5, 0.0))
        pick.lay(intake, "lead", lambda: pick.of(*BRIEF), 50)
        pick.lay(intake, "within_working_days", lambda: pick.of(1, 0, 10))
        pick.lay(intake, "accept_again", lambda: pick.of(*SHARES))
        pick.lay(intake, "reasons", lambda: {"information_missing": 0.5, "other_service_responsible": 0.5})
        pick.lay(intake, "consent", lambda: pick.of(*BRIEF))
        pick.lay(intake, "incomplete", lambda: {"returned": pick.of(*SHARES), "accuracy": 0.5})
        pick.lay(intake, "tightens", lambda: {"every": pick.of(1, 3), "by": 0.2, "least": pick.of(0.0, 0.5)})
        if pick.on(30):
            meeting = {"about": pick.of("doubtful", "all"), "consent": pick.of(1.0, 0.5), "delay": pick.of(*BRIEF)}
            pick.lay(meeting, "every", lambda: pick.of("7d", "1d"))
            pick.lay(meeting, "accuracy", lambda: pick.of(*SHARES))
            meeting["hours"] = self.tasks(40)
            intake["meeting"] = meeting
        intake["hours"] = self.tasks(30)
        service["intake"] = intake
        if pick.on(15):
            intake["referrers"] = [f"to_{name}", *pick.some_of([n for n in self.names if n != name])]

    def opening(self, service):
        pick = self.pick
        if pick.on(30):
            service["opening_list"] = pick.of(3, 1, 10)
            pick.lay(service, "opening_waited", lambda: pick.of(*WAITS), 50)
        if pick.on(25):
            cases = pick.of(2, 1, 5)
            places = service.get("places", 9)
            service["opening_cases"] = min(cases, places) if isinstance(places, int) else cases
        if service.get("opening_list") or service.get("opening_cases"):
            pick.lay(service, "opening_mix", lambda: {"moderate": 0.5, "severe": 0.5}, 50)

    def leading(self, name, service):
        pick, routes = self.pick, []
        has = ["gave_up", "refused", "balked", *(["rejected"] if "intake" in service else [])]
        for after in (*ENDED, *has):
            if not pick.on(30):
                continue
            route = {"to": pick.of(*self.names), "after": after, "share": pick.of(1.0, 0.6), "delay": pick.of(*BRIEF)}
            if len(self.names) > 1 and pick.on(20):
                route["to"] = [pick.of(*self.names), pick.of(*self.names)]
            pick.lay(route, "lost", lambda: pick.of(0.3, 1.0), 20)
            pick.lay(route, "kept", lambda: pick.of(*SHARES), 15)
            pick.lay(route, "steps", lambda: pick.of("orange", "red"), 15)
            pick.lay(route, "urgent", lambda: True, 15)
            if after not in NOT_STARTED and not route.get("urgent") and self.kinds[name] != "endless" and pick.on(35):
                route["hold"] = {"at_most": pick.of("3d", "20d", "1s")}
            if after == "rejected":
                pick.lay(route, "warm", lambda: True)
            route["hours"] = self.tasks()
            routes.append(route)
        if routes:
            service["routes"] = routes

    def ages(self, service):
        pick = self.pick
        pick.lay(service, "ages", lambda: pick.of([0, 17], [6, 15], [13, 25]), 20)
        pick.lay(service, "waits_until", lambda: pick.of(17, 15, 18), 15)
        pick.lay(service, "ends_at", lambda: pick.of(18, 19), 15)
        if self.calendars:
            pick.lay(service, "calendar", lambda: pick.of("school", "odd"), 50)
        if pick.on(10):
            service["opens"] = pick.of(*DAYS)
        if pick.on(10):
            service["closes"] = pick.of("2027-02-11", "2027-03-01")
        elif pick.on(10):
            service["grant"] = {"until": pick.of("2027-01-25", "2027-02-01"), "ends": pick.of(1.0, 0.5)}
            service.pop("opens", None)
        pick.lay(service, "accuracy", lambda: pick.of(0.5, 0.0), 20)
        pick.lay(service, "maps", lambda: pick.of(0.5, 0.0), 15)
        pick.lay(service, "weight", lambda: pick.of(1, 2), 20)

    def doors(self):
        pick, doors = self.pick, {}
        if not pick.on(45):
            return {}
        for name, share in (("school", 0.6), ("gp", 0.4)):
            door = {"share": share, "to": pick.of(*self.names), "delay": pick.of(*BRIEF)}
            pick.lay(door, "ages", lambda: pick.of([6, 15], [0, 17]), 20)
            pick.lay(door, "quiet", lambda: [{"over": "0s", "share": pick.of(*SHARES[1:])}])
            pick.lay(door, "finds", lambda: {"rate": pick.of("2/y", "30/y")})
            pick.lay(door, "maps", lambda: pick.of(*SHARES))
            if self.groups:
                pick.lay(door, "groups", lambda: {"poor": pick.of(*SHARES)})
            doors[name] = door
        return doors

    def demand(self, doors):
        pick, mix = self.pick, {"mild": 0.3, "moderate": 0.4, "severe": 0.3}
        streams = {}
        for name in self.names:
            stream = {"rate": pick.of("0.5/d", "0.1/d", "1.5/d"), "to": name, "mix": mix}
            if pick.on(50):
                stream |= {"per_1000": {"6-12": pick.of(10, 40), "13-17": pick.of(40, 100)}}
                del stream["rate"]
                pick.lay(stream, "trend_by_age", lambda: {"13-17": 0.5}, 10)
            pick.lay(stream, "maps", lambda: pick.of(*SHARES), 20)
            pick.lay(stream, "season", lambda: pick.of({"amplitude": 0.8, "period": "14d"}, {"months": [0, 2] * 6}), 10)
            pick.lay(stream, "trend", lambda: pick.of(0.5, -0.5), 10)
            pick.lay(stream, "mix_trend", lambda: {"severe": 1.0}, 10)
            streams[f"to_{name}"] = stream
        if doors:
            streams["seeking"] = {"per_1000": {"13-17": 100, "0-5": 20}, "mix": mix}
        common = [name for name in self.names if self.shared[name]]
        if common and pick.on(60):
            streams["from_afar"] = {"per_1000": {"6-12": 30}, "areas": "neighbour", "to": pick.of(*common), "mix": mix}
        return streams

    def places(self, groups):
        here = {"0-5": 500, "6-12": 1000, "13-17": 1000}
        if not self.wide:
            return {"here": {"children": here}}
        wide = {"north": {"children": here}, "south": {"children": here}, "far": {"children": here, "detail": "neighbour"}}
        if groups and self.pick.on(50):
            wide["south"]["groups"] = {"poor": 0.6}
        own = [name for name in self.names if not self.shared[name]]
        if own and self.pick.on(40):
            different = self.pick.of({"patience": "2d"}, {"accuracy": 0.6}, {"open": False}, {"ages": [0, 20]})
            wide["south"]["services"] = {self.pick.of(*own): different}
        return wide

    def changes(self, services, doors):
        """Dated changes of all sorts, of which those are taken that concern what is there."""
        pick, made = self.pick, []
        for _ in range(pick.number(0, 3)):
            name = pick.of(*self.names)
            service, can = services[name], ["open=false", "open=true", "course.dropout=0.5", "patience=3d", "weight=3"]
            listing = service.get("waiting_list", {})
            can += ["waiting_list.length=5", "waiting_list.order=severity", "waiting_list.order=first_come", "balking=[]"]
            can += ["waiting_list.at_once=[mild]", "excludes=[]", "calendar=none", "patience=none"]
            can += ["accuracy=0.7", "ends_at=17", "waits_until=16", "routes=[]", "alongside=[]", "closes=2027-02-20"]
            if "deadline" in service:
                can += ["deadline.guarantee=2d", "deadline.overflow=none"]
            if "group" not in service["course"]:
                can += ["waiting_list.every=5d"]
            if "every" in listing:
                can += ["waiting_list.every=none"]
            if isinstance(service.get("places"), int):
                can += ["places=2", "places=6", "places=0"]
            if "staff" in service:
                can += ["nurse.fte*=2", "nurse.fte*=0.3", "nurse.fte+=1"]
            if "intake" in service:
                can += ["intake=none", "intake.accept.orange=1", "intake.review=1d", "intake.meeting=none"]
            if "length" in service["course"]:
                can += ["course.length=2d", "course.length=15d"]
            made.append({"set": f"{name}.{pick.of(*can)}", "from": pick.of(*DAYS[1:], "2027-01-20")})
        if pick.on(20):
            made.append({"set": pick.of("needs.mild.remission=9/y", "needs.severe.worsening=0/y"), "from": pick.of(*DAYS)})
        if doors and pick.on(20):
            can = ["seeking.another_door=0.7", *(["doors.gp.finds.rate=5/y"] if "finds" in doors["gp"] else [])]
            made.append({"set": pick.of(*can), "from": pick.of(*DAYS)})
        return made

    def whole(self):
        pick = self.pick
        self.groups = {"poor": {"share": 0.3, "risk": 2.0, "seek": 0.7, "accept": 0.8}} if pick.on(25) else {}
        doors = self.doors()
        services = {name: self.service(name) for name in self.names}
        beside = {frozenset((name, other["to"])) for name in self.names for other in services[name].get("alongside", ())}
        for name, service in services.items():
            if frozenset((name, *service.get("excludes", ()))) in beside:
                del service["excludes"]
        made = {
            "name": "any",
            "period": {
                "start": str(START),
                "warmup": pick.of("0s", "10d"),
                "length": pick.of("40d", "80d"),
            },
            "needs": self.needs(),
            "demand": self.demand(doors),
            "services": services,
            "areas": self.places(self.groups),
        }
        if self.groups:
            made["groups"] = self.groups
        if doors:
            made["doors"] = doors
            pick.lay(made, "seeking", lambda: {"another_door": pick.of(*SHARES), "after_rejection": pick.of(*SHARES)}, 50)
        if self.crisis:
            made["crisis"] = {
                "to": pick.of(*self.names),
                "urgent": pick.on(50),
                "delay": pick.of(*BRIEF),
                "hours": self.tasks(),
            }
        if self.calendars:
            made["calendars"] = {
                "school": {"dates": [["2027-01-18", "2027-01-24"], ["2027-02-15", "2027-02-21"]], "public_holidays": True},
                "odd": {"yearly": [["12-25", "01-06"], ["01-08", "01-08"], ["02-01", "02-02"]]},
            }
        if self.market:
            made["labour_markets"] = {"county": {"hires": pick.of("12/y", "200/y")}}
        if pick.on(20):
            made["coordination"] = {
                "share": pick.of(0.5, 1.0),
                "delay": pick.of(1.0, 0.3),
                "lost": 0.5,
                "hours": self.tasks(40),
            }
        pick.lay(made, "leaves_at", lambda: pick.of(18, 16), 20)
        if self.wide:
            pick.lay(made, "focus", lambda: ["north"])
        if changes := self.changes(services, doors):
            made["changes"] = changes
        return made


@some.composite
def ladders(draw):
    """Any ladder, with every mechanism on or off."""
    return Making(draw).whole()


# What is checked of each


ON_LIST = {Kind.JOINED, Kind.BREACHED, Kind.RAISED}
IN_COURSE = {Kind.STARTED, Kind.ASSESSED, Kind.HELPER_CHANGED}
BEFORE = {
    Kind.REFERRED: {None},
    Kind.MET: {Kind.REFERRED},
    Kind.ACCEPTED: {Kind.REFERRED, Kind.MET},
    Kind.REJECTED: {Kind.REFERRED, Kind.MET},
    Kind.JOINED: {None, Kind.REFERRED, Kind.ACCEPTED},
    Kind.BREACHED: ON_LIST,
    Kind.RAISED: ON_LIST,
    Kind.STARTED: ON_LIST,
    Kind.GAVE_UP: ON_LIST,
    Kind.REFUSED: ON_LIST,
    Kind.OVERFLOWED: ON_LIST,
    Kind.BALKED: {Kind.JOINED},
    Kind.SWITCHED: ON_LIST,
    Kind.WITHDREW: ON_LIST | {Kind.REFERRED},
    Kind.AGED_OUT: ON_LIST | {Kind.REFERRED},
    Kind.ASSESSED: IN_COURSE,
    Kind.HELPER_CHANGED: IN_COURSE,
    Kind.HELD: IN_COURSE | {Kind.HELD},
    Kind.SOMATIC: {Kind.STARTED},
    Kind.ENDED: IN_COURSE | {Kind.HELD, Kind.SOMATIC},
}
"""Which record of a stay may stand right before which."""
OVER = {Kind.REJECTED, Kind.GAVE_UP, Kind.REFUSED, Kind.OVERFLOWED, Kind.BALKED, Kind.SWITCHED, Kind.WITHDREW, Kind.AGED_OUT,
        Kind.ENDED}  # fmt: skip
BEGINS = {Kind.REFERRED, Kind.JOINED, Kind.STARTED, Kind.ASSESSED}
AFTER_LEAVING = {Kind.ENDED, Kind.ASSESSED, Kind.HELPER_CHANGED, Kind.TASK_DONE, Kind.OVERLOADED}
"""What may still be written of a child who has left: courses that run go on to their end, and so does work for it."""
ON_THE_WAY = {Kind.HANDED_OVER, Kind.SOUGHT, Kind.FOUND}
LONGEST_WAY = 20 * DAY
"""No handover takes longer here (but for one in 16 million of exponential law)."""


def simulated(source, seed, coarse=False):
    """One replication of a ladder, checked by the identities; on a coarse clock children come at the beginning of a day."""
    try:
        scenario = load(source)
    except TrinnError:
        assume(False)
    plans = phases(scenario)
    cohort = cohort_of(scenario, plans, seed, coarse)
    try:
        trajectory = simulate(plans, cohort, supply=draw_supply(plans, seed, 0))
    except RuntimeError as fault:  # a circle of children sent on at once, which the engine refuses to follow for ever
        assume("the run cannot end" not in str(fault))
        raise
    check(plans, trajectory)
    return scenario, plans, cohort, trajectory.log


def cohort_of(scenario, plans, seed, coarse):
    cohort = draw_cohort(scenario, plans, seed, 0)
    return replace(cohort, time=cohort.time // DAY * DAY) if coarse else cohort


def was_there(shape, cohort, row):
    """Whether a start is of a child already in its course on the first day."""
    child, place = row[CHILD], row[PLACE]
    return cohort.stream[child] == OPENING_CASE and row[STAY] == 1 and cohort.to[child] == shape.places[place][1]


class Story:
    """The records of a run, followed one by one."""

    def __init__(self, scenario, plans, cohort, log):
        self.scenario, self.plans, self.shape, self.cohort = scenario, plans, plans[0].shape, cohort
        self.rows = log.rows.tolist()
        self.last = {}
        self.began = {}
        self.open = defaultdict(set)
        self.running = defaultdict(set)
        self.gone, self.leavings, self.returns = {}, defaultdict(int), defaultdict(int)
        self.latest, self.set_out = {}, defaultdict(lambda: self.shape.begin - LONGEST_WAY)
        names = list(scenario.services)
        self.excludes = {
            frozenset((names.index(name), names.index(other)))
            for name, service in scenario.services.items() for other in service.excludes
        }  # fmt: skip

    def service(self, place):
        return self.shape.places[place][1]

    def follow(self):
        now = self.shape.begin
        for number, row in enumerate(self.rows):
            assert row[TIME] >= now, f"{row}: back in time"
            now, kind, child = row[TIME], Kind(row[KIND]), row[CHILD]
            if child < 0:
                continue
            self.of_child(row, kind, child)
            if kind in BEFORE:
                self.of_stay(row, kind, (child, row[PLACE], row[STAY]))
            if kind == Kind.STARTED:
                self.start(number, row)
        self.nobody_is_forgotten()

    def of_child(self, row, kind, child):
        if child in self.gone:
            assert kind in AFTER_LEAVING | {Kind.RELAPSED}, f"{row}: {kind.name} of a child who left at {self.gone[child]}"
        if kind == Kind.LEFT:
            self.gone[child] = row[TIME]
            self.leavings[child] += 1
            assert self.leavings[child] == self.returns[child] + 1, f"{row}: left more often than it came"
            listed = [key for key in self.open[child] if self.last[key] not in IN_COURSE | {Kind.HELD}]
            assert not listed, f"{row}: left, and still on the list of {listed}"
        elif kind == Kind.RELAPSED:
            assert child in self.gone, f"{row}: comes back and never left"
            del self.gone[child]
            self.returns[child] += 1
        if kind in ON_THE_WAY | OVER | BEGINS | {Kind.LEFT, Kind.WITHOUT_HELP, Kind.RELAPSED, Kind.LOST}:
            self.latest[child] = kind
        if kind in ON_THE_WAY:
            self.set_out[child] = row[TIME]

    def of_stay(self, row, kind, key):
        last = self.last.get(key)
        assert last in BEFORE[kind], f"{row}: {kind.name} after {last and last.name}"
        if last is None:
            assert all(other[1] != key[1] for other in self.open[key[0]]), f"{row}: twice at one service"
            self.open[key[0]].add(key)
        if kind == Kind.JOINED:
            assert row[SINCE] == row[TIME], f"{row}: joined, since another second"
        elif kind != Kind.REFERRED:
            assert row[SINCE] == self.began[key], f"{row}: since {row[SINCE]}, and that began at {self.began[key]}"
        if kind in BEGINS:
            self.began[key] = row[TIME]
        self.last[key] = kind
        if kind in OVER:
            self.open[key[0]].discard(key)
            self.running[key[0]].discard(self.service(key[1]))

    def start(self, number, row):
        child, service = row[CHILD], self.service(row[PLACE])
        for other in self.running[child]:
            assert frozenset((service, other)) not in self.excludes, f"{row}: beside a course that excludes it"
        self.running[child].add(service)
        if row[DETAIL] % 2 or was_there(self.shape, self.cohort, row):
            return
        after = self.rows[number + 1] if number + 1 < len(self.rows) else None
        beyond = after and after[KIND] == Kind.OVERLOADED and after[CHILD] == child
        assert not beyond, f"{row}: an ordinary start without the hours: {after}"

    def nobody_is_forgotten(self):
        """Whoever has not left is somewhere: at a service, on the way to one, or known to be without help."""
        for child, latest in self.latest.items():
            if child not in self.gone and not self.open[child] and self.set_out[child] < self.shape.end - LONGEST_WAY:
                assert latest in ON_THE_WAY | {Kind.WITHOUT_HELP}, f"child {child} is nowhere after {latest.name}"


def check_places(scenario, plans, cohort, log):
    """Nobody starts who should not, where nothing is changed at a date."""
    shape = plans[0].shape
    for service_number, (name, service) in enumerate(scenario.services.items()):
        here = np.asarray([s == service_number for _, s in shape.places])
        starts = log.of(Kind.STARTED)
        starts = starts.where(here[starts.place] & (starts.detail % 2 == 0))
        starts = starts.where(np.asarray([not was_there(shape, cohort, row) for row in starts.rows.tolist()], dtype=bool))
        group = service.course.group
        every = (group.every if group else None) or service.waiting_list.every
        if every:
            assert not (starts.time % every).any(), f"{name}: starts between meetings"
        if service.waits_until:
            born = cohort.born[starts.child]
            grown = (born != NO_AGE) & (born + service.waits_until * YEAR < starts.time)
            assert not grown.any(), f"{name}: starts after the birthday"
        if service.calendar:
            closed = shape.closures[list(scenario.calendars).index(service.calendar)]
            assert not any(((starts.time >= a) & (starts.time < b)).any() for a, b in closed), f"{name}: starts while closed"
        for word, day, late in (("opens", service.opens, False), ("closes", service.closes, True)):
            if day is not None and day > START - timedelta(seconds=scenario.period.warmup):
                at = (day - START).days * DAY
                joins = log.of(Kind.JOINED)
                joins = joins.where(here[joins.place])
                wrong = joins.time >= at if late else joins.time < at
                assert not wrong.any(), f"{name} {word} on {day}: {joins.rows[wrong][:1]}"


def check_groups_and_holds(scenario, plans, cohort, log):
    """Groups are as large as they may be, and no ending waits longer than it may, where nothing is changed at a date."""
    services, shape, first, held = list(scenario.services.values()), plans[0].shape, {}, {}
    sizes, alone, number = {}, set(), {}
    for row in log.rows.tolist():
        kind, place, key = row[KIND], row[PLACE], (row[CHILD], row[PLACE], row[STAY])
        if kind == Kind.GROUP_STARTED:
            number[place] = row[STAY]
        elif kind == Kind.STARTED and services[shape.places[place][1]].course.group:
            sizes[place, number[place]] = sizes.get((place, number[place]), 0) + 1
            if row[DETAIL] % 2 or was_there(shape, cohort, row):
                alone.add((place, number[place]))
        elif kind == Kind.HELD:
            first.setdefault(key, row[TIME])
        elif kind == Kind.ENDED and key in first:
            held[key] = row[TIME] - first.pop(key)
    for (place, which), size in sizes.items():
        group = services[shape.places[place][1]].course.group
        least = group.least or (1 if group.every else group.size)
        if (place, which) in alone:
            least = most = 1
        else:
            most = group.size
        assert least <= size <= most, f"group {which} at {shape.places[place]}: {size} in it"
    for (child, place, _), waited in held.items():
        longest = max(route.hold.at_most for route in services[shape.places[place][1]].routes if route.hold)
        assert waited <= longest, f"child {child} is held for {waited} seconds, and {longest} is the most"


def check_measures(scenario, plans, cohort, log):
    """Every measure is a number that it can be; how many hold their hours is counted again from the records."""
    folded = fold(plans, cohort, log, ("area", "group"))
    for (area, service, group, name), value in folded.values.items():
        measure = MEASURES["service" if service else "area", name]
        if not np.isnan(value):
            assert value >= 0, f"{area}/{service}/{group} {name}: {value}"
            assert measure.unit != "share" or name == "load" or value <= 1 + 1e-9, f"{area}/{service}/{group} {name}: {value}"
    end, shape = plans[0].shape.end + 1, plans[0].shape
    held, first = defaultdict(float), {}
    for time, kind, child, place, stay, *_ in log.rows.tolist():
        key = (child, place, stay)
        if kind == Kind.HELD:
            first.setdefault(key, time)
        elif kind == Kind.ENDED and key in first:
            held[shape.places[place][1]] += max(time, 0) - max(first.pop(key), 0)
    for (_, place, _), time in first.items():
        held[shape.places[place][1]] += end - max(time, 0)
    for number, name in enumerate(scenario.services):
        for area in (
            {a for a, s, _, m in folded.values if s == name and m == "ending_waits"} if "far" not in scenario.areas else ()
        ):
            assert abs(folded.values[area, name, "all", "ending_waits"] - held[number] / end) < 1e-9, (
                f"{name}: {held[number] / end} held"
            )
    children_table(log, cohort, plans[0])


FORTY_DAYS = {"name": "found", "period": {"start": str(START), "length": "40d"}}
FOUND = {
    "a change leaves fewer choices of hours, and a group began before it": {
        "demand": {"to_one": {"rate": "1/d", "to": "one"}},
        "services": {
            "one": {
                "staff": {"nurse": {"fte": 1.0}},
                "course": {"length": "3d", "hours": 4},
                "routes": [{"to": "two", "hours": {"nurse": 2}}],
            },
            "two": {"places": 2, "opening_cases": 2, "course": {"length": "9d", "group": {"size": 3}}},
        },
        "changes": [{"set": "one.routes=[]", "from": "2027-01-20"}],
    },
    "an ending waits anew where what it waited for closes": {
        "demand": {f"to_{name}": {"rate": "2/d", "to": name} for name in ("one", "two", "three")},
        "services": {
            "one": {
                "places": 5,
                "course": {"length": "1d"},
                "routes": [{"to": ["two", "three"], "after": "done", "hold": {"at_most": "30d"}}],
            },
            "two": {"places": 1, "course": {"length": "30d"}, "closes": "2027-01-14"},
            "three": {"places": 1, "course": {"length": "30d"}},
        },
    },
    "a child past the birthday is offered help alongside": {
        "demand": {"to_one": {"per_1000": {"13-17": 60}, "to": "one"}},
        "areas": {"here": {"children": {"13-17": 1000}}},
        "services": {
            "one": {"places": 1, "course": {"length": "1d"}, "alongside": [{"to": "two"}]},
            "two": {"places": "endless", "course": {"length": "4d"}, "waits_until": 17},
        },
    },
    "the rank of a child falls and rises again on the list of a group": {
        "period": {"start": str(START), "length": "80d"},
        "needs": {"mild": {"severity": "mild"}, "moderate": {"severity": "moderate", "improves_to": "mild"}},
        "demand": {"to_two": {"rate": "1/d", "to": "two", "mix": {"moderate": 1.0}}},
        "services": {
            "one": {
                "places": 2,
                "waiting_list": {"order": "severity", "rises": "7d"},
                "course": {"length": "21d", "group": {"size": 3, "least": 3, "every": "7d"}},
            },
            "two": {
                "places": "endless",
                "course": {"length": "4d"},
                "alongside": [{"to": "one"}],
                "outcomes": {"matched": {"improved": 1.0}},
            },
        },
    },
}
"""What was found wrong once, as small as it could be made."""


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_wrong_once_is_right(name):
    for seed in range(3):
        check_any(FORTY_DAYS | FOUND[name], seed, coarse=False)


def check_any(source, seed, coarse):
    scenario, plans, cohort, log = simulated(source, seed, coarse)
    Story(scenario, plans, cohort, log).follow()
    if not scenario.changes:
        check_places(scenario, plans, cohort, log)
        check_groups_and_holds(scenario, plans, cohort, log)
    check_measures(scenario, plans, cohort, log)


@given(source=ladders(), seed=some.integers(0, 100), coarse=some.booleans())
@QUICK
def test_any_ladder_tells_a_story_that_makes_sense(source, seed, coarse):
    check_any(source, seed, coarse)


@pytest.mark.slow
@given(source=ladders(), seed=some.integers(0, 10_000), coarse=some.booleans())
@LONG
def test_a_great_many_ladders_tell_stories_that_make_sense(source, seed, coarse):
    check_any(source, seed, coarse)


# Who is first


@some.composite
def single(draw):
    """A ladder of one service with one choice of hours, and nothing changed at a date; a review calls in a second after it."""
    made = Making(draw, most=1).whole()
    service = made["services"]["one"]
    made.pop("changes", None)
    service.get("intake", {}).pop("lead", None)
    if "working_days" in service.get("deadline", {}):
        service["deadline"] = {"guarantee": "6d"}
    for phase in ("assessment", "course"):
        if "hours" in service.get(phase, {}):
            service[phase]["hours"] = service[phase]["hours"][:1]
    service.get("staff", {}).pop("doctor", None)
    return made


class Line:
    """The list of a single service, followed from the records."""

    def __init__(self, scenario, plans, cohort, log):
        self.service, self.needs, self.cohort = scenario.services["one"], plans[0].needs, cohort
        self.order, self.due = self.service.waiting_list.order, self.service.deadline
        self.rows = log.rows.tolist()
        self.waiting, self.front, self.inside = {}, set(), 0

    def key(self, child):
        at = self.waiting[child]
        if at["front"]:
            return (0, at["since"], child)
        ranks = {
            "first_come": at["since"],
            "severity": -min(2, at["severity"] + at["raised"]),
            "deadline": at["deadline"],
            "referral": at["received"],
        }
        return (1, *[ranks[order] for order in self.order], at["since"], child)

    def deadline(self, severity, received):
        if self.due is None:
            return 1 << 62
        own = self.due.by_severity.get(SEVERITIES[severity])
        return min((received + each for each in (own, self.due.guarantee) if each is not None), default=1 << 62)

    def ready(self, child, now):
        at = self.waiting[child]
        return at["ready"] or at["since"] < now

    def follow(self):
        for row, after in pairwise([*self.rows, None]):
            self.take(row)
            if after is None or after[TIME] > row[TIME]:
                self.nobody_waits_for_nothing(row[TIME])

    def take(self, row):
        kind, child = Kind(row[KIND]), row[CHILD]
        if kind == Kind.RELAPSED and row[DETAIL] >= 0:
            self.front.add(child)
        elif kind == Kind.JOINED:
            severity = self.needs.severity[row[NEED]]
            opening = self.cohort.stream[child] <= OPENING and row[STAY] == 1
            front = child in self.front
            self.front.discard(child)
            self.waiting[child] = {
                "since": row[TIME], "received": row[RECEIVED], "severity": severity, "raised": 0, "front": front,
                "deadline": self.deadline(severity, row[RECEIVED]), "ready": front or opening or self.service.intake is None,
            }  # fmt: skip
        elif kind == Kind.WORSENED and child in self.waiting:
            self.waiting[child]["severity"] = self.needs.severity[row[NEED]]
        elif kind == Kind.RAISED:
            self.waiting[child]["raised"] = row[DETAIL]
        elif kind == Kind.STARTED:
            self.inside += 1
            midway = self.cohort.stream[child] == OPENING_CASE and row[STAY] == 1
            if not (row[DETAIL] % 2 or midway):
                own = self.key(child)
                passed = [c for c in self.waiting if c != child and self.ready(c, row[TIME]) and self.key(c) < own]
                assert not passed, f"{row}: {passed} were before it"
            del self.waiting[child]
        elif kind == Kind.ENDED:
            self.inside -= 1
        elif kind in OVER and kind != Kind.REJECTED:
            self.waiting.pop(child, None)

    def nobody_waits_for_nothing(self, now):
        """At the end of a second with a place free nobody who may be called in still waits."""
        service = self.service
        special = service.course.group or service.waiting_list.every or service.calendar or service.opens or service.grant
        if special or not isinstance(service.places, int) or self.inside >= service.places:
            return
        left = [child for child in self.waiting if self.ready(child, now)]
        assert not left, f"{left} wait at {now}, and {self.inside} of {service.places} places are taken"


def check_line(source, seed, coarse):
    Line(*simulated(source, seed, coarse)).follow()


@given(source=single(), seed=some.integers(0, 100), coarse=some.booleans())
@QUICK
def test_nobody_passes_anybody_on_a_list_and_nobody_waits_while_there_is_room(source, seed, coarse):
    check_line(source, seed, coarse)


@pytest.mark.slow
@given(source=single(), seed=some.integers(0, 10_000), coarse=some.booleans())
@LONG
def test_nobody_passes_anybody_on_a_great_many_lists(source, seed, coarse):
    check_line(source, seed, coarse)


# More room


@some.composite
def queues(draw):
    """One service, first come first served, that nobody leaves and where nothing but help changes a need."""
    making = Making(draw, most=1)
    making.relapses = making.somatic = making.crisis = making.market = False
    making.kinds["one"] = making.pick.of("places", "staff")
    making.pools["one"] = {"nurse": {"fte": 1.0}} if making.kinds["one"] == "staff" else {}
    made = making.whole()
    full = made["services"]["one"]
    full["course"].pop("group", None)
    kept = (
        "course",
        "assessment",
        "staff",
        "places",
        "opening_list",
        "opening_cases",
        "calendar",
        "ends_at",
        "steps_up",
        "step",
    )
    made["services"]["one"] = {word: full[word] for word in kept if word in full}
    if full.get("waiting_list", {}).get("every"):
        made["services"]["one"]["waiting_list"] = {"every": full["waiting_list"]["every"]}
    made["needs"] = {name: {"severity": name, "step": "orange"} for name in SEVERITIES}
    made["demand"] = {"to_one": made["demand"]["to_one"]}
    for word in ("changes", "doors", "seeking", "leaves_at", "coordination"):
        made.pop(word, None)
    return made


def check_more_room(source, seed, coarse):
    """Whoever starts at all starts no later with another place, or another half of a post, and nobody then does not start."""
    started = []
    for more in (0, 1):
        service = dict(source["services"]["one"])
        if "places" in service:
            service["places"] += more
        else:
            service["staff"] = {"nurse": {"fte": 1.0 + more / 2}}
        _, _, cohort, log = simulated({**source, "services": {"one": service}}, seed, coarse)
        starts = log.of(Kind.STARTED)
        started.append(dict(zip(cohort.key[starts.child].tolist(), starts.time.tolist(), strict=True)))
    few, many = started
    later = {key: (few[key], many.get(key)) for key in few if many.get(key, 1 << 62) > few[key]}
    assert not later, f"{len(later)} of {len(few)} start later with more room: {list(later.values())[:3]}"


@given(source=queues(), seed=some.integers(0, 100), coarse=some.booleans())
@QUICK
def test_more_room_lengthens_nobody_s_wait_where_nobody_leaves(source, seed, coarse):
    check_more_room(source, seed, coarse)


@pytest.mark.slow
@given(source=queues(), seed=some.integers(0, 10_000), coarse=some.booleans())
@LONG
def test_more_room_lengthens_nobody_s_wait_in_a_great_many_queues(source, seed, coarse):
    check_more_room(source, seed, coarse)


# What changes nothing


def neutral_of_all(source):
    """(what, the ladder with it): mechanisms stated so that they do nothing, for the ladder as a whole."""
    if "coordination" not in source:
        yield "coordination", {"coordination": {"share": 0.0, "delay": 0.5}}
    if "groups" not in source:
        yield "a group of nobody", {"groups": {"nobody": {"share": 0.0, "risk": 3.0, "seek": 0.0}}}
    if "leaves_at" not in source:
        yield "leaves at", {"leaves_at": 99}
    if "crisis" not in source:
        yield "a crisis nobody comes to", {"crisis": {"to": "one", "urgent": True}}
    if not source.get("doors"):
        yield "seeking", {"seeking": {"another_door": 1.0, "after_rejection": 0.0}}
    for name, door in source.get("doors", {}).items():
        over = {word: value for word, value in (("quiet", [{"over": "0s", "share": 0.0}]), ("finds", {"rate": "0/y"}))
                if word not in door}  # fmt: skip
        yield f"{name}: {sorted(over)}", {"doors": {name: over}}
    for name, stream in source["demand"].items():
        over = {"trend": stream.get("trend", 0.0)}
        if "trend_by_age" not in stream:
            over["trend_by_age"] = dict.fromkeys(stream.get("per_1000", ()), 0.0)
        if "season" not in stream:
            over["season"] = {"months": [1] * 12}
        yield f"{name}: no trend", {"demand": {name: over}}
    yield "a change to what is", {"changes": [*source.get("changes", ()), {"set": "period_marker", "from": "2027-01-25"}]}


def neutral_of(source, name, service):
    """The same for one of its services."""
    listing, course = service.get("waiting_list", {}), service["course"]
    far = {"far": {"dates": [["2045-01-01", "2045-12-31"]]}}
    others = [other for other in source["services"] if other != name]
    stated = {
        "balking": [{"over": "0s", "share": 0.0}], "waits_until": 98, "ends_at": 99, "patience": "100y", "calendar": "far",
        "grant": {"until": "2027-03-05", "ends": 0.0}, "maps": 1.0, "accuracy": 1.0, "routes": [],
    }  # fmt: skip
    if "deadline" not in listing.get("order", ()):
        stated["deadline"] = {"guarantee": "99y"}
    if service.get("step"):
        stated["steps_up"] = "99y"
    if others and not course.get("group") and not any(name in (n, *s.get("excludes", ())) for n, s in source["services"].items()
                                                      if "excludes" in s):  # fmt: skip
        stated["alongside"] = [{"to": others[0], "share": 0.0}]
    for word, value in stated.items():
        if word in service or (word == "patience" and "patience_by_severity" in service):
            continue
        yield word, {word: value}, far if word == "calendar" else {}
    if "length" not in listing:
        yield "length", {"waiting_list": {"length": 10**6}}, {}
    same = [other for other in others if source["services"][other].get("step") == service.get("step")]
    if same and "switch" not in listing:
        yield "switch", {"waiting_list": {"switch": {"to": same[0], "over": "99y", "review": "2d"}}}, {}
        yield "switch of none", {"waiting_list": {"switch": {"to": same[0], "over": "0s", "review": "2d", "share": 0.0}}}, {}
    if "severity" in listing.get("order", ()) and "rises" not in listing:
        yield "rises", {"waiting_list": {"rises": "99y"}}, {}
    if "intake" in service:
        everybody = [*source["services"], *source.get("doors", {}), *source["demand"]]
        for word, value in (("incomplete", {"returned": 0.0}), ("tightens", {"every": 1, "by": 0.0}), ("accept_again", 0.0),
                            ("referrers", everybody)):  # fmt: skip
            if word not in service["intake"]:
                yield f"intake {word}", {"intake": {word: value}}, {}
    if "outcomes" in service and "by_need" not in service["outcomes"] and "below" not in service["outcomes"]:
        yield "by need", {"outcomes": {"by_need": {"mild": service["outcomes"]["matched"]}}}, {}
    if service.get("places") != "endless":
        held = {"to": others[0] if others else name, "after": "done", "share": 0.0, "hold": {"at_most": "9d"}}
        yield "a way nobody takes", {"routes": [*service.get("routes", ()), held]}, {}


def laid(base, over):
    """``over`` on top of ``base``, mapping by mapping."""
    return base | {k: laid(base[k], v) if isinstance(v, dict) and isinstance(base.get(k), dict) else v for k, v in over.items()}


def marked(source):
    """A dated change that sets what is already so."""
    for change in source.get("changes", ()):
        if change["set"] == "period_marker":
            weight = source["services"]["one"].get("weight", 0)
            change["set"] = f"one.weight={weight}"
            if any(other["set"].startswith("one.weight") for other in source["changes"] if other is not change):
                source["changes"].remove(change)
            break
    return source


def bytes_of(source, seed, coarse):
    return simulated(source, seed, coarse)[3].rows.tobytes()


def check_neutral(source, seed, coarse, which):
    """One thing of all that the ladder does not use, stated so that it does nothing; and every default spelled out."""
    scenario, _, _, log = simulated(source, seed, coarse)
    before = log.rows.tobytes()
    assert bytes_of(source, seed, coarse) == before, "the same seed gives other bytes"
    assert bytes_of(scenario.plain(full=True), seed, coarse) == before, "every default spelled out gives other bytes"
    neutral = [(what, marked(laid(source, over))) for what, over in neutral_of_all(source)]
    for name, service in source["services"].items():
        for what, over, more in neutral_of(source, name, service):
            neutral.append(
                (f"{name}: {what}", laid(source, {"services": {name: over}} | ({"calendars": more} if more else {})))
            )
    what, stated = neutral[which % len(neutral)]
    try:
        load(stated)
    except TrinnError:
        assume(False)
    assert bytes_of(stated, seed, coarse) == before, f"{what}: stated so that it does nothing, and it does"


@given(source=ladders(), seed=some.integers(0, 100), coarse=some.booleans(), which=some.integers(0, 99))
@QUICK
def test_what_is_stated_so_that_it_does_nothing_changes_no_byte(source, seed, coarse, which):
    check_neutral(source, seed, coarse, which)


@pytest.mark.slow
@given(source=ladders(), seed=some.integers(0, 10_000), coarse=some.booleans(), which=some.integers(0, 99))
@LONG
def test_nothing_stated_so_that_it_does_nothing_changes_a_byte_in_a_great_many_ladders(source, seed, coarse, which):
    check_neutral(source, seed, coarse, which)


def check_one_more(source, seed, coarse):
    """Children with a need of their own at an endless service of their own: everybody else's records are the same bytes."""
    aside = {"services": {"aside": {"places": "endless", "course": {"length": "1d"}}}, "needs": {"calm": {}},
             "demand": {"to_aside": {"rate": "1/y", "to": "aside", "mix": {"calm": 1.0}}}}  # fmt: skip
    _, plans, cohort, log = simulated(laid(source, aside), seed, coarse)
    assume(len(cohort) > 1)
    random = np.random.default_rng(seed)
    after = np.sort(random.integers(1, len(cohort), 3))
    own = {"key": random.integers(1, 1 << 62, 3), "time": cohort.time[after - 1], "need": 3, "band": -1, "born": NO_AGE,
           "area": list(plans[0].shape.neighbours).index(False), "to": plans[0].shape.services.index("aside"),
           "stream": plans[0].shape.streams.index("to_aside"), "group": -1, "waited": 0}  # fmt: skip
    more = replace(cohort, **{name: np.insert(getattr(cohort, name), after, value) for name, value in own.items()})
    told = simulate(plans, more, supply=draw_supply(plans, seed, 0))
    check(plans, told)
    new_row = np.delete(np.arange(len(more)), after + np.arange(3))
    rows = told.log.rows[~np.isin(told.log.child, after + np.arange(3))]
    before = log.rows.copy()
    theirs = before[:, CHILD] >= 0
    before[theirs, CHILD] = new_row[before[theirs, CHILD]]
    differs = np.flatnonzero((before != rows).any(axis=1))[:1] if len(before) == len(rows) else []
    assert before.tobytes() == rows.tobytes(), (
        f"{len(before)} records, {len(rows)} with more: {before[differs]} {rows[differs]}"
    )


@given(source=ladders(), seed=some.integers(0, 100), coarse=some.booleans())
@QUICK
def test_children_who_use_no_capacity_change_nobody_else_s_records(source, seed, coarse):
    check_one_more(source, seed, coarse)


@pytest.mark.slow
@given(source=ladders(), seed=some.integers(0, 10_000), coarse=some.booleans())
@LONG
def test_children_who_use_no_capacity_change_nobody_else_s_records_in_a_great_many_ladders(source, seed, coarse):
    check_one_more(source, seed, coarse)


# Scenarios side by side


def check_any_order(source, seed, coarse=False):
    """Compared in another order, each scenario has the same measures and series, and a difference only another sign."""
    try:
        more = load(laid(source, {"demand": {"to_one": {"maps": 0.4}}, "areas": {}}))
        built = {"base": load(source), "more": more, "same": load(source)}
    except TrinnError:
        assume(False)
    try:
        first = compare(built, replications=2, seed=seed, workers=1)
    except RuntimeError as fault:
        assume("the run cannot end" not in str(fault))
        raise
    other = compare({name: built[name] for name in ("more", "same", "base")}, replications=2, seed=seed, workers=1)
    for name in built:
        for word in ("measures", "series"):
            here, there = getattr(first.results[name], word), getattr(other.results[name], word)
            assert here.equals(there), f"{word} of {name} differ with the order"
    one, two = first.table, other.table
    one, two = one[one.scenario == "more"], two[two.scenario == "base"]
    np.testing.assert_array_equal(one.difference.to_numpy(), -two.difference.to_numpy())
    same = first.table[first.table.scenario == "same"]
    assert not np.nan_to_num(same.difference).any(), "the same scenario differs from itself"


@given(source=ladders(), seed=some.integers(0, 100))
@settings(QUICK, max_examples=8)
def test_the_order_of_the_scenarios_compared_changes_no_number(source, seed):
    check_any_order(source, seed)


@pytest.mark.slow
@given(source=ladders(), seed=some.integers(0, 10_000))
@settings(LONG, max_examples=150)
def test_the_order_of_the_scenarios_compared_changes_no_number_in_a_great_many_ladders(source, seed):
    check_any_order(source, seed)
