"""One way in for every scenario: a place, a library example, a file or a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from scenarios.errors import TrinnError
from scenarios.levers import checked
from scenarios.places import find
from scenarios.preset import Detail, for_place
from scenarios.reading import Document, read_file, read_text, validate
from scenarios.resolve import merged
from scenarios.schema import Scenario


def load(source: str | Path | Mapping[str, Any] | Scenario, *, detail: Detail = "neighbour") -> Scenario:
    """A scenario, checked.

    Args:
        source: the name or number of a Norwegian municipality, Oslo district or BUP catchment, ``norge``, the name of a
            library example, the path of a YAML file, or a mapping of the same content. A file or mapping may name another
            under ``base`` and state only what differs.
        detail: ``full`` simulates the neighbours of a municipality too, instead of their referrals only.

    Raises:
        TrinnError: with every fault, each with file, line and field.
    """
    if isinstance(source, Scenario):
        return checked(source)
    if isinstance(source, Mapping):
        return _built(Document(dict(source)), detail)
    if isinstance(source, Path) or _is_path(source):
        return _built(read_file(Path(source)), detail)
    if source in examples():
        return _built(_example(source), detail)
    document = for_place(find(source), detail)
    return checked(validate(Scenario, document), document)


def examples() -> tuple[str, ...]:
    """Names of the library's example scenarios, in order."""
    folder = files("scenarios") / "library" / "examples"
    return tuple(sorted(e.name.removesuffix(".yaml") for e in folder.iterdir() if e.name.endswith(".yaml")))


def _example(name: str) -> Document:
    path = files("scenarios") / "library" / "examples" / f"{name}.yaml"
    return read_text(path.read_text("utf-8"), f"{name}.yaml")


def _is_path(source: str) -> bool:
    return source.lower().endswith((".yaml", ".yml")) or "/" in source or "\\" in source


def _built(document: Document, detail: Detail) -> Scenario:
    """The scenario of a document, laid over its base if it names one."""
    data = document.data
    if "base" in data:
        base = data["base"]
        if not isinstance(base, str | Mapping):
            raise TrinnError(document.fault(("base",), "must be a place, an example, a file or a mapping"))
        if isinstance(base, str) and _is_path(base) and document.file:
            base = Path(document.file).parent / base
        over = {key: value for key, value in data.items() if key != "base"}
        document = Document(merged(_base(base, document, detail).plain(), over), document.file, document.lines)
    return checked(validate(Scenario, document), document)


def _base(base: Any, document: Document, detail: Detail) -> Scenario:
    if isinstance(base, Path) and document.file and base.resolve() == Path(document.file).resolve():
        raise TrinnError(document.fault(("base",), "is the file itself"))
    try:
        return load(base, detail=detail)
    except RecursionError:
        raise TrinnError(document.fault(("base",), "leads round in a circle")) from None
