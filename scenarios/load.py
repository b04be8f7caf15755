"""One way in for every scenario: a place, a library example, a file or a mapping."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenarios.check import check
from scenarios.checked import checked
from scenarios.described import preset_of, put_on_by, with_reasons
from scenarios.errors import TrinnError
from scenarios.levers import Lever, apply, find_lever, lever_of
from scenarios.place_names import find
from scenarios.preset import Detail, for_place, on_the_ladder
from scenarios.reading import Document, Path_, read_file, read_text, validate
from scenarios.resolve import merged
from scenarios.schema import Label, Scenario
from scenarios.sheet.package import is_sheet

MOST_BASES = 10
"""Files or mappings that may lie on top of each other."""


def load(source: str | Path | Mapping[str, Any] | Scenario, *, detail: Detail = "neighbour") -> Scenario:
    """A scenario, checked.

    Args:
        source: the name or number of a Norwegian municipality, Oslo district or BUP catchment, ``norge``, the name of a
            library example or preset, the path of a YAML file or of a workbook, or a mapping of the same content. A
            file or mapping may name another under ``base`` and state only what differs. A municipality that the documents
            describe is meant as they describe it under its name (``tromso``), and without that under its number (``5401``).
        detail: ``full`` simulates the neighbours of a municipality too, instead of their referrals only.

    Raises:
        TrinnError: with every fault, each with file, line and field.
    """
    if detail not in ("neighbour", "full"):
        raise TrinnError(f'detail: must be "neighbour" or "full" (got {detail!r})')
    return _load(source, detail, ())


def load_file(path: Path) -> Scenario | Lever:
    """What a YAML file or a workbook holds: a scenario, or a lever if it says how sure one can be of it (``grade``).

    Raises:
        TrinnError: with every fault, each with file, line and field.
    """
    if is_sheet(path):
        return _of_sheet(path, "neighbour", ())
    document = read_file(path)
    return lever_of(document) if "grade" in document.data else _built(document, "neighbour", (str(path),))


def _load(source: Any, detail: Detail, trail: tuple[str, ...]) -> Scenario:
    """``trail``: the files and mappings that lie on top of it."""
    if isinstance(source, Scenario):
        return checked(source)
    if isinstance(source, Mapping):
        return _built(Document(dict(source)), detail, (*trail, "a mapping"))
    if isinstance(source, str | Path) and is_sheet(source):
        return _of_sheet(Path(source), detail, trail)
    if isinstance(source, Path) or (isinstance(source, str) and _is_path(source)):
        return _built(read_file(Path(source)), detail, (*trail, str(source)))
    if isinstance(source, str) and source in examples():
        return _built(_example(source), detail, (*trail, source))
    if not isinstance(source, str):
        kind = type(source).__name__
        raise TrinnError(f'a scenario is a name, the path of a file, or a mapping; a number in quotes too: "3413" (got {kind})')
    if (preset := preset_of(source)) is not None:
        document = preset.document if "base" in preset.document.data else on_the_ladder(preset.document, detail)
        return _built(document, detail, (*trail, source))
    document = for_place(find(source), detail)
    return checked(validate(Scenario, document), document)


def _of_sheet(path: Path, detail: Detail, trail: tuple[str, ...]) -> Scenario:
    """A filled-in workbook, laid over the scenario of its place."""
    from scenarios.sheet.document import open_sheet, sheet_document  # half of the commands do without

    sheet, trail = open_sheet(path), (*trail, str(path))
    return _built(sheet_document(sheet, _base(sheet.start, detail, trail)), detail, trail)


def examples() -> tuple[str, ...]:
    """Names of the library's example scenarios, in order."""
    folder = files("scenarios") / "library" / "examples"
    return tuple(sorted(e.name.removesuffix(".yaml") for e in folder.iterdir() if e.name.endswith(".yaml")))


def _example(name: str) -> Document:
    path = files("scenarios") / "library" / "examples" / f"{name}.yaml"
    return read_text(path.read_text("utf-8"), f"{name}.yaml")


def _is_path(source: str) -> bool:
    return source.lower().endswith((".yaml", ".yml")) or (("/" in source or "\\" in source) and Path(source).exists())


def _built(document: Document, detail: Detail, trail: tuple[str, ...]) -> Scenario:
    """The scenario of a document, laid over its base if it names one, with the levers it names; changes add to the base's."""
    over = {key: value for key, value in document.data.items() if key not in ("base", "levers")}
    data, lines, inherited = over, document.lines, frozenset[str]()
    if "base" in document.data:
        base = _base(document, detail, trail)
        own = over.get("evidence")
        inherited = frozenset(base.evidence.keys() - (own if isinstance(own, Mapping) else {}))
        data = merged(base.plain(), over)
        if base.changes and isinstance(over.get("changes"), list):
            data["changes"] = [*base.plain()["changes"], *over["changes"]]
            lines = {_after(path, len(base.changes)): line for path, line in lines.items()}
    laid = replace(document, data=data, lines=lines)
    scenario = validate(Scenario, laid)
    try:
        scenario = checked(scenario, laid, inherited)
    except ValidationError:  # a change of the base met a fault of the file, which is said with its line
        check(scenario.model_copy(update={"changes": ()}), laid)
        raise
    return _with_levers(scenario, document) if "levers" in document.data else scenario


def _after(path: Path_, number: int) -> Path_:
    """Where a change of the file stands after so many of its base."""
    if len(path) > 1 and path[0] == "changes" and isinstance(path[1], int):
        return ("changes", path[1] + number, *path[2:])
    return path


def _with_levers(scenario: Scenario, document: Document) -> Scenario:
    """The levers that a file names put on, and why in what the scenario is about."""
    reasons = {}
    for index, item in enumerate(put_on_by(document)):
        try:
            scenario = apply(scenario, item.lever)
            if item.why is not None:
                reasons[item.name] = find_lever(item.name)[1].name, item.why
        except TrinnError as error:
            place = document.place(("levers", index))
            raise TrinnError(
                replace(fault, place=place, rule=f"{item.lever}: {fault.rule}") for fault in error.faults
            ) from None
    if not reasons:
        return scenario
    return scenario.model_copy(update={"about": Label.model_validate(with_reasons(scenario.about, reasons))})


def _base(document: Document, detail: Detail, trail: tuple[str, ...]) -> Scenario:
    base = document.data["base"]
    if not isinstance(base, str | Path | Mapping | Scenario):
        raise TrinnError(document.fault(("base",), "must be a place, an example, a file or a mapping"))
    if isinstance(base, str) and (base.lower().endswith((".yaml", ".yml")) or is_sheet(base)):
        base = Path(document.file).parent / base if document.file else Path(base)
        if os.path.realpath(base) in [os.path.realpath(file) for file in trail]:
            raise TrinnError(document.fault(("base",), f"leads round in a circle: {' on '.join(trail)} on {base}"))
    if len(trail) >= MOST_BASES:
        raise TrinnError(document.fault(("base",), f"more than {MOST_BASES} files lie on top of each other"))
    try:
        return _load(base, detail, trail)
    except TrinnError as error:
        unplaced = {fault: document.fault(("base",), fault.rule) for fault in error.faults if not (fault.place or fault.field)}
        raise TrinnError(unplaced.get(fault, fault) for fault in error.faults) from None
