"""What must fit together in a scenario, beyond the form of each field. Every fault is reported, not only the first."""

from __future__ import annotations

from scenarios.check_areas import areas, said_once, variants_of
from scenarios.check_children import children
from scenarios.check_lists import lists
from scenarios.check_names import names
from scenarios.check_room import sizes, too_small
from scenarios.check_shares import shares
from scenarios.check_staff import staff, whose_staffing
from scenarios.check_time import times
from scenarios.check_ways import reach, ways
from scenarios.errors import TrinnError
from scenarios.reading import Document
from scenarios.schema import Scenario

_TOGETHER = (names, shares, children, lists, staff, sizes, ways, times)
"""Checks that stand on their own: each can be made whatever the others find."""


def check(scenario: Scenario, document: Document | None = None) -> None:
    """Refuse a scenario whose parts do not fit together.

    Raises:
        TrinnError: with every fault and its place.
    """
    document = document or Document(None)
    misplaced = [*areas(scenario)]
    variants, different = variants_of(scenario)
    found = [*misplaced, *different, *(fault for one in _TOGETHER for fault in one(scenario, variants))]
    if not (misplaced or any(names(scenario, variants))):
        found += reach(scenario, variants)
    if not (misplaced or different):
        found += too_small(scenario)
    found += [] if found else whose_staffing(scenario)
    if found:
        found = sorted(said_once(found), key=lambda item: document.line(item[0]) or 0)
        raise TrinnError(dict.fromkeys(document.fault(path, rule) for path, rule in found))


def structure(scenario: Scenario) -> dict[str, object]:
    """What a ladder is made of, by address: what stays as it is through a run."""
    made: dict[str, object] = {
        word: tuple(getattr(scenario, word)) for word in ("needs", "groups", "demand", "doors", "services", "focus")
    }
    made |= {word: getattr(scenario, word) for word in ("calendars", "labour_markets", "leaves_at")}
    for name, area in scenario.areas.items():
        made[f"areas.{name}.detail"], made[f"areas.{name}.catchment"] = area.detail, area.catchment
    for here, name, service in variants_of(scenario)[0]:
        pools = tuple(service.staff) if service.places is None else "endless" if service.places == "endless" else "places"
        if len(here) == 2 or pools != made[f"{name}.staff"]:
            made[f"{here[1]}/{name}.staff" if len(here) > 2 else f"{name}.staff"] = pools
    return made
