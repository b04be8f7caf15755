"""What a lever gives a ladder that it lacks: services like others that are there, and doors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenarios.errors import Fault, TrinnError
from scenarios.naming import named, services_that
from scenarios.reading import Document, validate
from scenarios.resolve import merged
from scenarios.schema import Evidence, Scenario
from scenarios.setting import stands

Pieces = Mapping[str, Mapping[str, Mapping[str, Any]]]
LIKE = "like"


def added(scenario: Scenario, lever: str, adds: Pieces, evidence: Mapping[str, Evidence]) -> Scenario:
    """The scenario with a lever's services and doors; the services are closed everywhere, until a change opens them.

    Raises:
        TrinnError: when the ladder has one of that name, or lacks what the new one is like or leads to.
    """
    if not adds:
        return scenario
    data = scenario.plain()
    inherited: dict[str, Evidence] = {}
    for section, things in adds.items():
        known = dict(data.get(section, {}))
        for name, stated in things.items():
            if name in known:
                rule = f'the ladder has "{name}" already: the lever {lever} cannot add it'
                raise TrinnError(Fault(rule, f"{section}.{name}", lever))
            place = f"{lever}: {section}.{name}"
            piece = named(scenario, {key: value for key, value in stated.items() if key != LIKE}, place)
            if section == "services":
                piece, rests = _like(scenario, data, name, stated, piece, place)
                inherited |= rests
            known[name] = piece
        data[section] = known
    whole = validate(Scenario, Document(data, lever))
    there = {key: each for key, each in inherited.items() if _stands(whole.model_copy(update={"changes": ()}), key)}
    return whole.model_copy(update={"evidence": {**scenario.evidence, **there, **evidence}})


def _stands(scenario: Scenario, address: str) -> bool:
    try:
        stands(scenario, address)
    except TrinnError:
        return False
    return True


def _like(
    scenario: Scenario, data: Mapping[str, Any], name: str, stated: Mapping[str, Any], piece: dict[str, Any], place: str
) -> tuple[dict[str, Any], dict[str, Evidence]]:
    """A new service as a file would state it, with what its model's numbers rest on where it does not state its own."""
    model = stated.get(LIKE)
    if model is None:
        return piece | {"open": False}, {}
    model = services_that(scenario, str(model), place)[0] if ":" in str(model) else str(model)
    if model not in scenario.services:
        raise TrinnError(Fault(f'there is no service "{model}" that it could be like', place=place))
    inherited = {
        f"services.{name}.{key.removeprefix(f'services.{model}.')}": each
        for key, each in scenario.evidence.items()
        if key.startswith(f"services.{model}.") and not _states(piece, key.split(".")[2:])
    }
    template = {key: value for key, value in data["services"][model].items() if key not in ("opening_list", "opening_cases")}
    return merged(template, piece) | {"open": False}, inherited


def _states(piece: Any, path: list[str]) -> bool:
    """Whether a piece says something about a path of its own."""
    for part in path:
        if not isinstance(piece, Mapping):
            return True
        if part not in piece:
            return False
        piece = piece[part]
    return True
