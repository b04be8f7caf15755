"""The Norwegian ladder put on a place: its children, its neighbours, and national average staffing."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal

from scenarios.places import Catchment, Country, Place, catchment_of, catchments
from scenarios.reading import Document, read_text
from scenarios.resolve import merged
from scenarios.schema import BANDS

Detail = Literal["neighbour", "full"]


@cache
def _norway() -> Document:
    path = files("scenarios") / "library" / "norway.yaml"
    return read_text(path.read_text(encoding="utf-8"), "norway.yaml")


def for_place(place: Place | Catchment | Country, detail: Detail = "neighbour") -> Document:
    """The base scenario of a place, as a document to validate.

    A municipality or district is simulated in full with its share of its BUP. The rest of the catchment is a neighbour
    that enters at BUP referral, or is simulated too with ``detail="full"``.
    """
    base = _norway()
    data = dict(base.data)
    if isinstance(place, Place):
        whole = catchment_of(place)
        areas = {place.id: _area(place, whole)}
        others = [member for member in whole.members if member.id != place.id]
        if detail == "full":
            areas |= {member.id: _area(member, whole) for member in others}
        elif others:
            areas[f"rest_of_{whole.id}"] = _neighbour(others, whole)
        shown = [whole]
        data |= {"name": place.name, "place": place.id, "focus": [place.id]}
    else:
        shown = list(catchments()) if isinstance(place, Country) else [place]
        areas = {member.id: _area(member, whole) for whole in shown for member in whole.members}
        if not isinstance(place, Country):
            data |= {"name": f"BUP {place.name}", "place": place.id}
        else:
            data["place"] = "norge"
    data["areas"] = areas
    data["catchments"] = {whole.id: {"name": whole.name} for whole in shown}
    return Document(_without_neighbours(data), base.file, base.lines)


def on_the_ladder(over: Document, detail: Detail = "neighbour") -> Document:
    """A document laid over the Norwegian ladder that brings its own areas, in place of those of the library.

    Args:
        over: ``areas``, ``catchments`` and whatever else differs.
        detail: ``full`` simulates the neighbours among its areas too.
    """
    base = _norway()
    data = merged(base.data, over.data)
    if detail == "full":
        data["areas"] = {name: dict(area) | {"detail": "full"} for name, area in data["areas"].items()}
    return Document(_without_neighbours(data), over.file, over.lines)


def _without_neighbours(data: dict[str, Any]) -> dict[str, Any]:
    """The ladder of a place; where nobody is a neighbour, without the demand of neighbours."""
    if any(area.get("detail") == "neighbour" for area in data["areas"].values()):
        return data
    gone = tuple(f"demand.{name}." for name, d in data["demand"].items() if d.get("areas") == "neighbour")
    demand = {name: d for name, d in data["demand"].items() if d.get("areas") != "neighbour"}
    evidence = {key: e for key, e in data.get("evidence", {}).items() if not key.startswith(gone)}
    return data | {"demand": demand, "evidence": evidence}


def _area(place: Place, whole: Catchment) -> dict[str, Any]:
    return {
        "name": place.name,
        "number": place.number,
        "catchment": whole.id,
        "children": dict(zip(BANDS, place.children, strict=True)),
        "detail": "full",
    }


def _neighbour(others: list[Place], whole: Catchment) -> dict[str, Any]:
    children = [sum(place.children[band] for place in others) for band in range(len(BANDS))]
    return {
        "name": f"BUP {whole.name}",
        "catchment": whole.id,
        "children": dict(zip(BANDS, children, strict=True)),
        "detail": "neighbour",
    }
