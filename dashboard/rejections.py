"""Rejections for health trusts: where rejected children come from and why, what became of them, and what it costs whom.

Everything is counted in a few possible futures (:mod:`dashboard.rejected`) and shown by the rules of :mod:`dashboard.numbers`.
"Wrong" is always by the need that the model has invented: it follows from an assumed accuracy and says nothing about a clinic.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cache
from math import isnan, nan
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from dashboard import numbers
from dashboard.charts import INK
from dashboard.jobs import digest_of
from dashboard.pictures.picture import Picture
from dashboard.rejected import BECAME, LEAST_FUTURES, WITHIN, Followed, follow, futures_of
from dashboard.rejection_variants import rejection_variants, variant_about, variant_name, variant_of, variants_shown
from dashboard.tables import service_name
from dashboard.texts import Language, chosen, joined, sentence, text
from dashboard.verdicts import outside
from dashboard.whose import staffing_words
from scenarios.schema import REASONS, STEPS, Scenario
from scenarios.sources import told as sources_told
from sim.view import FEWEST

STATED_HOURS = 1.5
"""Office hours for each referral at one clinic before it changed its review: used where a scenario states none."""
STATED_SOURCE = "unn_capa"
KEPT = 24
"""Followed scenarios that are remembered."""
FLOW_COLOURS = {"right": "#5B6770", "wrong": "#B3471D"}
BECAME_COLOUR = "#0B5E8A"

YEARLY = "children a year"
RARE = 1.0
"""Children a year; senders and doors with fewer stand together."""
LEAST_HOURS = 0.05
"""For each rejection; what rounds to nothing is left out."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rejections:
    """What the page of rejections shows."""

    sentence: str
    """The answer, numbers first."""
    told: tuple[str, ...]
    """What has to stand beside it."""
    senders: Picture
    """Who had sent the referral."""
    doors: Picture
    """By which door the children had come in."""
    areas: Picture | None
    """By municipality, in order of name; None where there is one, or where they may not stand beside each other."""
    reasons: Picture
    """Why, and how many of them were wrong by the model."""
    crossed: Picture
    """Who had sent it, by reason."""
    offers: Picture
    """Right and wrong by the model, with and without an offer afterwards."""
    became: Picture
    """What came first in the 12 months after."""
    after: Picture
    """Everything that happened in them: a child may be in several rows."""
    costs: Picture
    """Hours and kroner, and who pays."""
    within: Picture
    """The share of those referred with an offer from anyone within so many weeks."""
    deadlines: Picture
    """Deadlines that passed, and what Helfo means."""

    @property
    def parts(self) -> tuple[Picture, ...]:
        """The tables in the order in which they are read."""
        found = (getattr(self, field.name) for field in fields(self))
        return tuple(part for part in found if isinstance(part, Picture))


def rejections(followed: Followed, language: Language, review_hours: float | None = None) -> Rejections:
    """Everything about the rejections of a scenario, as it is shown.

    Args:
        followed: from :func:`dashboard.rejected.follow`.
        language: of the words.
        review_hours: hours that assessing a referral takes, as the reader states them; None: as the scenario states them, and
            where it states none, those of one clinic.
    """
    shown = _Shown(followed, language)
    return Rejections(
        sentence=shown.sentence(),
        told=told(followed.scenario, language),
        senders=shown.senders(),
        doors=shown.doors(),
        areas=shown.areas(),
        reasons=shown.reasons(),
        crossed=shown.crossed(),
        offers=shown.offers(),
        became=shown.became(),
        after=shown.after(),
        costs=shown.costs(review_hours),
        within=shown.within(),
        deadlines=shown.deadlines(),
    )


def told(scenario: Scenario, language: Language) -> tuple[str, ...]:
    """What has to stand wherever rejections are shown: whose staffing, what "wrong" means, what the numbers cannot say."""
    sentences = [staffing_words([scenario], language)]
    sentences += [text(f"rejections_told_{what}", language) for what in ("wrong", "formal", "rank", "children")]
    if any(area.detail != "full" for area in scenario.areas.values()):
        sentences.append(text("rejections_told_neighbours", language))
    if not municipalities_shown(scenario):
        sentences.append(text("areas_left_out", language))
    sentences.append(text("rejections_told_outside", language, outside=outside(scenario, language)))
    return tuple(sentences)


def municipalities_shown(scenario: Scenario) -> bool:
    """Whether the municipalities may stand beside each other: only with staffing of their own; true where there is just one."""
    return scenario.staffing == "own" or len(scenario.focal_areas) < 2


# -- reckoning -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cost:
    """Of a rejection, on average."""

    what: str
    payer: str
    hours: float
    kroner: float
    """NaN where no price is stated."""


class _Shown:
    """The tables of one scenario in one language."""

    def __init__(self, followed: Followed, language: Language) -> None:
        self.followed, self.language, self.scenario = followed, language, followed.scenario
        self.all = followed.rejections
        self.traced = self.all[self.all["followed"]]
        self.early = self.all[self.all["early"]]

    def say(self, key: str, **values: object) -> str:
        return text(f"rejections_{key}", self.language, **values)

    def tally(self, rows: pd.DataFrame) -> Floats:
        """How many, future by future."""
        return np.bincount(rows["future"], minlength=self.followed.futures).astype(np.float64)

    def yearly(self, rows: pd.DataFrame, traced: bool = False) -> Floats:
        """How many a year, future by future; of those that can be followed, a year of the time in which they were rejected."""
        span = self.followed.followed_years if traced else self.followed.years
        return self.tally(rows) / span if span > 0 else np.full(self.followed.futures, nan)

    def count(self, values: Floats) -> tuple[str, str]:
        """(mean, 8 of 10 futures) as cells."""
        mean = float(np.mean(values))
        if isnan(mean):
            return text("not_measured", self.language), text("nothing", self.language)
        return numbers.shown(mean, YEARLY, self.language), self.band(values, YEARLY)

    def band(self, values: Floats, unit: str) -> str:
        known = values[~np.isnan(values)]
        few = len(known) < LEAST_FUTURES or numbers.is_small(float(np.mean(known)), unit)
        if few:
            return text("nothing", self.language)
        ends = [numbers.shown(float(np.quantile(known, at)), unit, self.language) for at in (0.1, 0.9)]
        return ends[0] if ends[0] == ends[1] else text("range", self.language, low=ends[0], high=ends[1])

    def share_of(self, part: pd.DataFrame, whole: pd.DataFrame, traced: bool = False) -> float:
        """The mean of the shares of the futures, as the measures have it; NaN where either is too small to be shown."""
        of, total = self.tally(part), self.tally(whole)
        if total.mean() < FEWEST or numbers.is_small(float(self.yearly(part, traced).mean()), YEARLY):
            return nan
        return float(np.mean(of[total > 0] / total[total > 0]))

    def share(self, part: pd.DataFrame, whole: pd.DataFrame, traced: bool = False) -> str:
        """The share as a cell. Where the part is under 5 a year only what 5 would be is said, so that nobody reckons back."""
        value = self.share_of(part, whole, traced)
        if not isnan(value):
            return numbers.shown(value, "share", self.language)
        most = float(self.yearly(whole, traced).mean())
        if self.tally(whole).mean() < FEWEST or most < 2 * numbers.SMALL:
            return text("few_children", self.language)
        return text("under", self.language, number=numbers.percent(numbers.SMALL / most, self.language))

    def picture(self, name: str, alt: str, rows: Iterable[Sequence[str]], heads: Sequence[str], **values: object) -> Picture:
        """A table with its title and how it is read."""
        table = pd.DataFrame(list(rows), columns=[self.say(head) for head in heads])
        how = self.say(f"{name}_how", **values)
        futures = self.say("futures", futures=self.followed.futures)
        return Picture(f"rejections_{name}", self.say(f"{name}_title"), alt, table, f"{how} {futures}".strip())

    # -- the sentence ----------------------------------------------------------------------------------------------------

    @property
    def few(self) -> bool:
        """Whether there are too few rejections in the whole period to say what became of them."""
        return not len(self.all) or float(self.tally(self.all).mean()) < FEWEST

    def sentence(self) -> str:
        if not self.followed.reviewed:
            return self.say("sentence_nobody")
        yearly = self.yearly(self.all)
        mean, band = self.count(yearly)
        decided = numbers.shown(float(self.followed.counts["decided"].mean()) / self.followed.years, YEARLY, self.language)
        if self.few or numbers.is_small(float(yearly.mean()), YEARLY):
            return self.say("sentence_few", rejected=mean, decided=decided)
        said = [self.say("sentence", rejected=mean, decided=decided, band=band)]
        alone = self.share_of(self.early[self.early["alone"]], self.early)
        wrong = self.share_of(self.all[self.all["wrong"]], self.all)
        said += [] if isnan(alone) else [self.say("sentence_alone", share=numbers.percent(alone, self.language))]
        said += [] if isnan(wrong) else [self.say("sentence_wrong", share=numbers.percent(wrong, self.language))]
        return " ".join(said)

    # -- where from and why ----------------------------------------------------------------------------------------------

    def grouped(self, column: str, named: Mapping[str, str]) -> list[tuple[str, pd.DataFrame]]:
        """The rejections of each of several, in their order; those with less than a child a year stand together at the end."""
        parts = [(name, self.all[self.all[column] == key]) for key, name in named.items()]
        rare = [part for _, part in parts if float(self.yearly(part).mean()) < RARE]
        if len(rare) < 2:
            return parts
        often = [(name, part) for name, part in parts if float(self.yearly(part).mean()) >= RARE]
        return [*often, (self.say("others"), pd.concat(rare))]

    def rows_by(self, column: str, named: Mapping[str, str]) -> list[tuple[str, ...]]:
        """A row for each of several."""
        return [
            (name, *self.count(self.yearly(part)), self.share(part, self.all), self.share(part[part["wrong"]], part))
            for name, part in self.grouped(column, named)
        ]

    def largest(self, column: str, named: Mapping[str, str]) -> str:
        """The largest of several, in words."""
        sizes = {name: float(self.yearly(self.all[self.all[column] == key]).mean()) for key, name in named.items()}
        name = max(sizes, key=lambda each: sizes[each], default="")
        if not name or numbers.is_small(sizes[name], YEARLY):
            return self.say("all_small")
        return self.say("largest", name=name, number=numbers.whole(sizes[name], self.language))

    def sent_by(self) -> dict[str, str]:
        """The services that had sent a rejected child, lowest step first, and what each is called; last those nobody sent."""
        services = self.scenario.services
        step = {name: STEPS.index(each.step) if each.step else len(STEPS) for name, each in services.items()}
        found = {
            name: service_name(self.scenario, name, self.language) for name in sorted(services, key=lambda name: step[name])
        }
        there = set(self.all["sender"])
        return {name: words for name, words in found.items() if name in there} | (
            {"": self.say("sent_by_nobody")} if "" in there else {}
        )

    def senders(self) -> Picture:
        heads = ("head_sender", "head_yearly", "head_band", "head_share", "head_wrong")
        named = self.sent_by()
        return self.picture("senders", self.largest("sender", named), self.rows_by("sender", named), heads)

    def doors(self) -> Picture:
        there = set(self.all["door"])
        named = {door: self.door_name(door) for door in (*self.scenario.doors, "") if door in there}
        heads = ("head_door", "head_yearly", "head_band", "head_share", "head_wrong")
        return self.picture("doors", self.largest("door", named), self.rows_by("door", named), heads)

    def door_name(self, door: str) -> str:
        if not door:
            return self.say("no_door")
        label = self.scenario.doors[door].name
        return sentence(chosen(label, self.language) if label else door)

    def areas(self) -> Picture | None:
        if len(self.scenario.focal_areas) < 2 or not municipalities_shown(self.scenario):
            return None
        keys = sorted(self.scenario.focal_areas, key=lambda area: (self.scenario.areas[area].name or area).casefold())
        names = [self.scenario.areas[area].name or area for area in keys]
        rows = [
            (name, *self.count(self.yearly(self.all[self.all["area"] == key]))) for key, name in zip(keys, names, strict=True)
        ]
        return self.picture("areas", self.say("areas_words"), rows, ("head_area", "head_yearly", "head_band"))

    def reasons(self) -> Picture:
        named = {reason: self.say(f"reason_{reason}") for reason in REASONS}
        heads = ("head_reason", "head_yearly", "head_band", "head_share", "head_wrong")
        return self.picture("reasons", self.largest("reason", named), self.rows_by("reason", named), heads)

    def crossed(self) -> Picture:
        rows = []
        for name, here in self.grouped("sender", self.sent_by()):
            rows.append((name, *(self.count(self.yearly(here[here["reason"] == reason]))[0] for reason in REASONS)))
        heads = ("head_sender", *(f"reason_{reason}" for reason in REASONS))
        return self.picture("crossed", self.say("crossed_words"), rows, heads)

    # -- what became of them ---------------------------------------------------------------------------------------------

    def offers(self) -> Picture:
        rows = []
        sides = {"all": self.all, "right": self.all[~self.all["wrong"]], "wrong": self.all[self.all["wrong"]]}
        for name, here in (*sides.items(), ("warm", self.all[self.all["warm"]])):
            early = here[here["early"]]
            shares = (self.share(early[early["alone"] == alone], early) for alone in (False, True))
            rows.append((self.say(f"offers_{name}"), *self.count(self.yearly(here)), *shares))
        heads = ("head_rejections", "head_yearly", "head_band", "head_with", "head_without")
        return self.picture("offers", self.offers_words(), rows, heads)

    def offers_words(self) -> str:
        wrong = self.early[self.early["wrong"]]
        value = self.share_of(wrong[wrong["alone"]], wrong)
        return self.say("too_few") if isnan(value) else self.say("offers_words", share=numbers.percent(value, self.language))

    def became(self) -> Picture:
        rows = []
        for what in BECAME:
            here = self.traced[self.traced["became"] == what]
            share = self.share(here, self.traced, traced=True)
            rows.append((self.say(f"became_{what}"), *self.count(self.yearly(here, traced=True)), share))
        heads = ("head_first", "head_yearly", "head_band", "head_share")
        plain = self.picture("became", self.became_words(), rows, heads)
        return replace(plain, echarts=self.flow(plain.alt))

    def became_words(self) -> str:
        """What is large enough to be said."""
        said = []
        for what in BECAME:
            value = self.share_of(self.traced[self.traced["became"] == what], self.traced, traced=True)
            if not isnan(value):
                name = self.say(f"became_{what}")
                share = numbers.percent(value, self.language)
                said.append(self.say("became_part", what=f"{name[:1].lower()}{name[1:]}", share=share))
        return self.say("became_words", parts=joined(said, self.language)) if said else self.say("too_few")

    def flow(self, words: str) -> dict[str, Any] | None:
        """From right and wrong by the model to what came first, as a Sankey without ways of under five children a year."""
        links, ends = [], dict[str, str]()
        for what in BECAME:
            for side in FLOW_COLOURS:
                here = self.traced[(self.traced["became"] == what) & (self.traced["wrong"] == (side == "wrong"))]
                size = float(self.yearly(here, traced=True).mean())
                if not numbers.is_small(size, YEARLY):
                    source, target = self.say(f"offers_{side}"), self.say(f"became_{what}")
                    links.append({"source": source, "target": target, "value": round(size)})
                    ends |= {source: FLOW_COLOURS[side], target: BECAME_COLOUR}
        if not links:
            return None
        sources = {link["source"] for link in links}
        nodes = [
            {"name": name, "itemStyle": {"color": colour}, "label": {"position": "right" if name in sources else "left"}}
            for name, colour in ends.items()
        ]
        series = {
            "type": "sankey", "data": nodes, "links": links, "nodeGap": 14, "nodeWidth": 16, "left": 8, "right": 8, "top": 12,
            "bottom": 12, "draggable": False, "emphasis": {"focus": "adjacency"},
            "lineStyle": {"color": "gradient", "opacity": 0.35, "curveness": 0.5},
            "label": {"color": INK, "fontSize": 12, "textBorderColor": "#FFFFFF", "textBorderWidth": 3},
        }  # fmt: skip
        described = {"enabled": True, "label": {"description": words}}
        return {"animation": False, "aria": described, "tooltip": {"trigger": "item"}, "series": [series]}

    def after(self) -> Picture:
        traced, rows = self.traced, []
        contact = traced[traced["contact"]]
        again = traced[traced["again"]]
        for what, part, whole in (
            ("helped", traced[traced["helped"]], traced),
            ("seen", traced[traced["seen"]], traced),
            ("again", again, traced),
            ("taken", again[again["taken"]], again),
            ("lost", traced[traced["lost"]], traced),
            ("worse", traced[traced["worse"]], traced),
            ("worse_then", contact[contact["worse_then"]], contact),
            ("none", traced[~traced["contact"]], traced),
        ):
            share = self.share(part, whole, traced=True)
            rows.append((self.say(f"after_{what}"), *self.count(self.yearly(part, traced=True)), share))
        value = self.share_of(again, traced, traced=True)
        words = self.say("too_few") if isnan(value) else self.say("after_words", again=numbers.percent(value, self.language))
        return self.picture("after", words, rows, ("head_after", "head_yearly", "head_band", "head_of"))

    # -- what it costs ---------------------------------------------------------------------------------------------------

    def costs(self, review_hours: float | None) -> Picture:
        payer, price = self.followed.review
        hours = numbers.decimal(STATED_HOURS if review_hours is None else review_hours, self.language)
        if review_hours is not None:
            basis = self.say("costs_own", hours=hours)
        elif (self.followed.hours["what"] == "review").any():
            basis = self.say("costs_stated")
        else:
            basis = self.say("costs_assumed", hours=hours, source=sources_told(STATED_SOURCE))
        hour = self.say("no_price") if isnan(price) else self.kroner(price, 10)
        heads = ("head_cost", "head_payer", "head_hours", "head_kroner", "head_kroner_year")
        rows = [] if self.few else [self.cost_row(cost) for cost in self.all_costs(review_hours) if cost.hours >= LEAST_HOURS]
        words = self.say("costs_words", payer=text(f"payer_{payer}", self.language)) if rows else self.say("too_few")
        return self.picture("costs", words, rows, heads, basis=basis, price=hour)

    def all_costs(self, review_hours: float | None) -> list[_Cost]:
        """For each rejection on average, by what it goes to and who pays."""
        payer, price = self.followed.review
        found = self.parted("review", len(self.all)) if review_hours is None else []
        if not found:
            hours = STATED_HOURS if review_hours is None else review_hours
            what = "review" if review_hours is not None else "review_assumed"
            found = [_Cost(what, payer, hours, hours * price)]
        costs = [*found, *self.parted("handover", len(self.all))]
        if self.tally(self.traced).mean() >= FEWEST:
            again = float(self.traced["again"].mean())
            costs += [_Cost("again", cost.payer, cost.hours * again, cost.kroner * again) for cost in found]
            costs += self.parted("help", len(self.traced))
        return costs

    def parted(self, what: str, size: int) -> list[_Cost]:
        """Hours that the records hold, over so many rejections, by who pays."""
        here = self.followed.hours[self.followed.hours["what"] == what]
        return [
            _Cost(what, str(payer), part["hours"].sum() / size, part["kroner"].sum(skipna=False) / size)
            for payer, part in here.groupby("payer", sort=True)
        ]

    def cost_row(self, cost: _Cost) -> tuple[str, ...]:
        """A cost as it is shown."""
        yearly = cost.kroner * float(self.yearly(self.all).mean())
        unknown = self.say("no_price")
        return (
            self.say(f"cost_{cost.what}"),
            sentence(text(f"payer_{cost.payer}", self.language)),
            numbers.decimal(round(cost.hours, 1), self.language),
            unknown if isnan(cost.kroner) else self.kroner(cost.kroner, 10),
            unknown if isnan(cost.kroner) else self.kroner(yearly, 1000),
        )

    def kroner(self, value: float, step: int) -> str:
        """So many kroner, to the nearest ten or thousand; what is less than one is said to be so."""
        number = numbers.whole(max(step, round(value / step) * step), self.language)
        return number if value >= step / 2 else text("under", self.language, number=number)

    # -- offers and deadlines --------------------------------------------------------------------------------------------

    def within(self) -> Picture:
        rows, middle = [], nan
        for at, weeks in enumerate(WITHIN):
            shares, size = self.followed.offers[:, at], float(self.followed.referred[:, at].mean())
            known = shares[~np.isnan(shares)]
            if size < FEWEST or not len(known):
                few = text("few_children", self.language)
                rows.append((self.say("weeks", weeks=weeks), few, text("nothing", self.language)))
                continue
            mean = float(known.mean())
            middle = mean if weeks == 13 else middle
            rows.append((self.say("weeks", weeks=weeks), numbers.percent(mean, self.language), self.band(known, "share")))
        words = self.say("too_few") if isnan(middle) else self.say("within_words", share=numbers.percent(middle, self.language))
        return self.picture("within", words, rows, ("head_within", "head_offer", "head_band"))

    def deadlines(self) -> Picture:
        counts, years = self.followed.counts, self.followed.years
        breaches, overflowed = (counts[name].to_numpy(dtype=np.float64) / years for name in ("breaches", "overflowed"))
        cost = float(counts["overflow_cost"].mean()) / years
        small = numbers.is_small(float(overflowed.mean()), YEARLY)
        kroner = self.say("cost_small") if small else self.say("kroner", number=self.kroner(cost, 1000))
        rows = [
            (self.say("deadlines_breaches"), *self.count(breaches)),
            (self.say("deadlines_overflowed"), *self.count(overflowed)),
            (self.say("deadlines_cost"), kroner, text("nothing", self.language)),
        ]
        words = self.say("deadlines_words", breaches=rows[0][1], overflowed=rows[1][1])
        each = self.followed.overflow
        price = self.say("no_overflow")
        if each is not None:
            payer = text(f"payer_{each.payer}", self.language)
            price = self.say("overflow", price=numbers.whole(each.kroner, self.language), payer=payer)
        return self.picture("deadlines", words, rows, ("head_what", "head_a_year", "head_band"), price=price)


# -- beside the page -----------------------------------------------------------------------------------------------------


class _Following:
    """One thread follows, so that a page never waits and the computer is never taken by it; what was followed is remembered."""

    def __init__(self) -> None:
        self._one = ThreadPoolExecutor(1, thread_name_prefix="trinn-rejected")
        self._lock = Lock()
        self._known: OrderedDict[str, Future[Followed]] = OrderedDict()

    def ask(self, scenario: Scenario, seed: int) -> Future[Followed]:
        key = digest_of(scenario, seed)
        with self._lock:
            if key not in self._known:
                self._known[key] = self._one.submit(follow, scenario, seed)
            self._known.move_to_end(key)
            while len(self._known) > KEPT:
                _, old = self._known.popitem(last=False)
                old.cancel()
            return self._known[key]


@cache
def _following() -> _Following:
    return _Following()


def followed_of(scenario: Scenario, seed: int = 1) -> Future[Followed]:
    """A scenario's rejected children, followed or about to be: a page asks again and again and gets the same."""
    return _following().ask(scenario, seed)


__all__ = [
    "STATED_HOURS", "Followed", "Rejections", "follow", "followed_of", "futures_of", "municipalities_shown",
    "rejection_variants", "rejections", "told", "variant_about", "variant_name", "variant_of", "variants_shown",
]  # fmt: skip
