"""What is read off a run: one registry of measures, each a fold over the event records of one replication.

Waits are defined apart for those who started, for all who left the list, and for all including those still waiting, and
never mixed. The window is the period after the start date; what happened in the warm-up only counts as history. What each is
called and means, in both languages, stands in ``measures.yaml``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from scenarios.reading import read_text
from scenarios.schema import Label
from sim import area_measures as area
from sim import service_measures as service
from sim.records import Kind

Unit = Literal["children a year", "children", "days", "share", "hours a week", "times a year", "kroner a year"]
Better = Literal["lower", "higher", "neither"]


@dataclass(frozen=True)
class Measure:
    """One thing that is read off."""

    name: str
    per: Literal["service", "area"]
    unit: Unit
    better: Better
    fold: Callable[..., float]
    guard: bool = False
    """A proposal is not called better while this one is worse."""
    headline: bool = False
    """What "better" is about."""
    least: float = 0.0
    """Of a headline: the smallest mean difference that makes a verdict, in its unit. Common random numbers find differences
    that nobody would notice."""
    of: Literal["all", "listed", "reviewed", "staffed"] = "all"
    """For services: which ones it says something about."""

    @property
    def label(self) -> Label:
        """What it is called."""
        return _texts()[self.per, self.name][0]

    @property
    def about(self) -> Label:
        """Who, from which clock start to which stop, and how those still waiting count."""
        return _texts()[self.per, self.name][1]


@cache
def _texts() -> dict[tuple[str, str], tuple[Label, Label]]:
    path = files("sim") / "measures.yaml"
    data = read_text(path.read_text(encoding="utf-8"), "measures.yaml").data
    return {
        (per, name): (Label(**texts["label"]), Label(**texts["about"]))
        for per, measures in data.items()
        for name, texts in measures.items()
    }


_MEASURES = (
    Measure("needs", "area", "children a year", "neither", area.needs),
    Measure("sought_help", "area", "children a year", "neither", area.sought),
    Measure("wait_to_help", "area", "days", "lower", area.wait_to_help, headline=True, least=1.0),
    Measure("helped_within_13_weeks", "area", "share", "higher", area.helped_share, headline=True, least=0.01),
    Measure("right_help_within_26_weeks", "area", "share", "higher", area.right_help, headline=True, least=0.01),
    Measure("wait_after_referral", "area", "days", "lower", area.wait_right_given, headline=True, least=1.0),
    Measure("offer_within_13_weeks", "area", "share", "higher", area.offer),
    Measure("waiting_at_end", "area", "children", "lower", area.still_at_end),
    Measure("never_helped", "area", "share", "lower", area.never_helped, guard=True),
    Measure("lost_in_handover", "area", "children a year", "lower", area.lost, guard=True),
    Measure("rejected_without_offer", "area", "children a year", "lower", area.rejected_alone, guard=True),
    Measure("worsened_waiting", "area", "children a year", "lower", area.worsened, guard=True),
    Measure("crises", "area", "times a year", "lower", area.crises, guard=True),
    Measure("deadline_breaches", "area", "children a year", "lower", area.breaches, guard=True),
    Measure("overload", "area", "hours a week", "lower", area.overload_all, guard=True),
    Measure("worst_off_group", "area", "share", "higher", area.worst_group, guard=True),
    Measure("sent_around", "area", "children a year", "lower", area.sent_around),
    Measure("left_recovered", "area", "children a year", "neither", area.left_recovered),
    Measure("left_done", "area", "children a year", "neither", area.left_done),
    Measure("left_remitted", "area", "children a year", "neither", area.left_remitted),
    Measure("left_unhelped", "area", "children a year", "neither", area.left_unhelped),
    Measure("gave_up_all", "area", "children a year", "neither", area.gave_up_all),
    Measure("rejected_all", "area", "children a year", "neither", area.rejected_all),
    Measure("found", "area", "children a year", "neither", area.a_year(Kind.FOUND)),
    Measure("relapsed", "area", "children a year", "lower", area.a_year(Kind.RELAPSED)),
    Measure("aged_out", "area", "children a year", "lower", area.a_year(Kind.AGED_OUT)),
    Measure("helper_changes", "area", "times a year", "lower", area.a_year(Kind.HELPER_CHANGED)),
    Measure("somatic_found", "area", "children a year", "neither", area.a_year(Kind.SOMATIC)),
    Measure("children_in", "service", "children a year", "neither", service.entered),
    Measure("referrals", "service", "children a year", "neither", service.referrals, of="reviewed"),
    Measure("accepted", "service", "children a year", "neither", service.a_year(Kind.ACCEPTED), of="reviewed"),
    Measure("rejected", "service", "children a year", "neither", service.a_year(Kind.REJECTED), of="reviewed"),
    Measure("rejected_share", "service", "share", "neither", service.rejected_share, of="reviewed"),
    Measure("rejected_wrong", "service", "children a year", "lower", service.wrong, of="reviewed"),
    Measure("rejected_warm", "service", "children a year", "neither", service.warm, of="reviewed"),
    Measure("rejected_alone", "service", "children a year", "lower", service.rejected_without_offer, of="reviewed"),
    Measure("rereferred", "service", "share", "neither", service.rereferred, of="reviewed"),
    Measure("started", "service", "children a year", "neither", service.a_year(Kind.STARTED)),
    Measure("wait_started", "service", "days", "lower", service.wait_started, of="listed"),
    Measure("wait_90", "service", "days", "lower", service.wait_90, of="listed"),
    Measure("wait_list_started", "service", "days", "lower", service.wait_on_list, of="listed"),
    Measure("wait_list_left", "service", "days", "neither", service.wait_left, of="listed"),
    Measure("wait_list_all", "service", "days", "lower", service.wait_so_far, of="listed"),
    Measure("waited", "service", "share", "lower", service.waited, of="listed"),
    Measure("waiting", "service", "children", "lower", service.waiting, of="listed"),
    Measure("waiting_end", "service", "children", "lower", service.waiting_end, of="listed"),
    Measure("gave_up", "service", "children a year", "lower", service.a_year(Kind.GAVE_UP), of="listed"),
    Measure("gave_up_share", "service", "share", "lower", service.share_off_list(Kind.GAVE_UP), of="listed"),
    Measure("refused_share", "service", "share", "lower", service.share_off_list(Kind.REFUSED), of="listed"),
    Measure("balked", "service", "children a year", "lower", service.a_year(Kind.BALKED), of="listed"),
    Measure("switched", "service", "children a year", "neither", service.a_year(Kind.SWITCHED), of="listed"),
    Measure("breaches", "service", "children a year", "lower", service.breaches, of="listed"),
    Measure("guarantee_breaches", "service", "children a year", "lower", service.broken_guarantees, of="listed"),
    Measure("overflowed", "service", "children a year", "neither", service.a_year(Kind.OVERFLOWED), of="listed"),
    Measure("overflow_cost", "service", "kroner a year", "lower", service.overflow_cost, of="listed"),
    Measure("ending_waits", "service", "children", "lower", service.held),
    Measure("in_course", "service", "children", "neither", service.in_course),
    Measure("patients", "service", "children a year", "neither", service.patients),
    Measure("load", "service", "share", "neither", service.load, of="staffed"),
    Measure("hours", "service", "hours a week", "neither", service.hours, of="staffed"),
    Measure("overload_hours", "service", "hours a week", "lower", service.overload, of="staffed"),
)

MEASURES: dict[tuple[str, str], Measure] = {(measure.per, measure.name): measure for measure in _MEASURES}
"""The registry, by (``area`` or ``service``, name)."""
