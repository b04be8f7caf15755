"""Which scenario a workbook starts from, and by which name it is found again."""

from __future__ import annotations

from scenarios.errors import TrinnError
from scenarios.load import load
from scenarios.places import places
from scenarios.schema import Scenario
from scenarios.sheet.package import is_sheet
from scenarios.sheet.vocabulary import focal_area


def named_source(place: str) -> tuple[Scenario, str]:
    """The scenario of a place, and how its workbook names it: with name and number where they mean the same.

    Raises:
        TrinnError: when there is no such place, or it is no municipality or city district.
    """
    if is_sheet(place) or place.lower().endswith((".yaml", ".yml")) or "/" in place or "\\" in place:
        raise TrinnError(f'a workbook is written for a place by its name or number, such as stange (got "{place[:80]}")')
    scenario = load(place)
    focal_area(scenario)
    label = next((known.label for known in places() if known.id == scenario.place), "")
    return (scenario, label) if label and load(label) == scenario else (scenario, place.strip())
