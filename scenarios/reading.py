"""Reading a YAML file into plain data, with the line of every value, and without trusting the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from scenarios.errors import Fault, TrinnError, nearest

LARGEST = 2_000_000
"""Bytes of the largest scenario file that is read."""
MOST_VALUES = 200_000
"""Values of the largest document, anchors expanded."""
DEEPEST = 60
"""Levels of nesting."""

Path_ = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


@dataclass
class Document:
    """Plain data and where each value of it stands."""

    data: Any
    file: str = ""
    lines: dict[Path_, int] = field(default_factory=dict)

    def place(self, path: Path_) -> str:
        """``file:line`` of the value at ``path``, or of the nearest value around it."""
        for length in range(len(path), -1, -1):
            line = self.lines.get(path[:length])
            if line is not None:
                return f"{self.file}:{line}" if self.file else f"line {line}"
        return self.file

    def fault(self, path: Path_, rule: str) -> Fault:
        """A fault at ``path``."""
        return Fault(rule, dotted(path), self.place(path))


def dotted(path: Path_) -> str:
    """``services.bup.routes[0].to`` for a path."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read_file(path: Path) -> Document:
    """The document of a YAML file.

    Raises:
        TrinnError: when it cannot be read, is too large, is not YAML or is not a mapping.
    """
    name = str(path)
    try:
        if path.is_dir():
            raise TrinnError(Fault("is a directory, not a scenario file", place=name))
        if not path.is_file():
            raise TrinnError(Fault("is not an ordinary file", place=name))
        with path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
        if len(raw) > LARGEST:
            rule = f"is {path.stat().st_size:,} bytes; a scenario file is at most {LARGEST:,}".replace(",", " ")
            raise TrinnError(Fault(rule, place=name))
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise TrinnError(Fault(f"is not UTF-8 text (byte {fault.start})", place=name)) from None
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise TrinnError(Fault(f"cannot be read: {reason}", place=name)) from None
    return read_text(text, name)


def read_text(text: str, file: str = "") -> Document:
    """The document of a YAML text. Raises :class:`TrinnError` as :func:`read_file` does."""
    try:
        node = YAML(typ="safe", pure=True).compose(StringIO(text))
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        place = f"{file}:{mark.line + 1}" if mark else file
        raise TrinnError(Fault(f"is not valid YAML: {fault.problem or fault.context}", place=place)) from None
    except (YAMLError, ValueError) as fault:
        raise TrinnError(Fault(f"is not valid YAML: {str(fault).splitlines()[0]}", place=file)) from None
    except RecursionError:
        raise TrinnError(Fault(f"is nested deeper than {DEEPEST} levels", place=file)) from None
    if not isinstance(node, MappingNode):
        found = "nothing" if node is None else "a list" if isinstance(node, SequenceNode) else "a single value"
        raise TrinnError(Fault(f"must be a mapping of names to values (got {found})", place=file))
    return _Builder(file).document(node)


class _Builder:
    """Turns nodes into data, counting, so that anchors that expand without end are stopped."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.values = 0
        self.lines: dict[Path_, int] = {}
        self.faults: list[Fault] = []
        self.scalars = YAML(typ="safe", pure=True).constructor

    def document(self, node: MappingNode) -> Document:
        data = self.build(node, ())
        if self.faults:
            raise TrinnError(self.faults)
        return Document(data, self.file, self.lines)

    def build(self, node: Node, path: Path_) -> Any:
        line = node.start_mark.line + 1
        self.values += 1
        if self.values > MOST_VALUES:
            self._stop(line, f"expands to more than {MOST_VALUES:,} values".replace(",", " "))
        if len(path) > DEEPEST:
            self._stop(line, f"is nested deeper than {DEEPEST} levels")
        self.lines.setdefault(path, line)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: Path_) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else None
            if name is None or key.tag == "tag:yaml.org,2002:merge":
                self._note(key, path, "keys must be plain names, without << merges")
            elif name in data:
                self._note(key, (*path, name), "stands twice")
            else:
                self.lines[(*path, name)] = key.start_mark.line + 1
                data[name] = self.build(value, (*path, name))
        return data

    def _scalar(self, node: Node, path: Path_) -> Any:
        try:
            value = self.scalars.construct_object(node, deep=True)
        except (YAMLError, ValueError):
            self._note(node, path, f"cannot be understood: {str(node.value)[:40]!r}")
            return None
        finally:
            self.scalars.constructed_objects.clear()
        return value.decode("latin-1") if isinstance(value, bytes) else value

    def _note(self, node: Node, path: Path_, rule: str) -> None:
        self.faults.append(Fault(rule, dotted(path), f"{self.file}:{node.start_mark.line + 1}"))

    def _stop(self, line: int, rule: str) -> None:
        raise TrinnError(Fault(rule, place=f"{self.file}:{line}"))


def validate(model: type[M], document: Document) -> M:
    """The document as a model.

    Raises:
        TrinnError: with every fault of the document, each with its line and field.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        faults = [_fault(document, model, detail) for detail in error.errors(include_url=False)]
        raise TrinnError(dict.fromkeys(faults)) from None
    except RecursionError:
        raise TrinnError(Fault(f"is nested deeper than {DEEPEST} levels", place=document.file)) from None


def _fault(document: Document, model: type[BaseModel], detail: ErrorDetails) -> Fault:
    path = _real(document.data, detail["loc"])
    found = detail["input"]
    kind, said = detail["type"], detail["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        allowed = _fields(model, path[:-1])
        return document.fault(path, f'unknown key "{str(path[-1])[:60]}"{nearest(str(path[-1]), allowed)}')
    if kind == "missing":
        return document.fault(path, "is missing")
    if kind == "value_error" and "(got" in said:
        return document.fault(path, said)
    rule = said[0].lower() + said[1:]
    rule = rule.removeprefix("input should be ").removeprefix("a valid ")
    rule = {"tuple": "a list", "dictionary": "a mapping"}.get(rule, rule)
    if not rule.startswith("must"):
        rule = "must be " + rule if detail["msg"].startswith("Input should be") else rule
    return document.fault(path, f"{rule} (got {_short(found)})")


def _short(value: Any) -> str:
    text = "a mapping" if isinstance(value, Mapping) else "a list" if isinstance(value, list | tuple) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _real(data: Any, loc: tuple[str | int, ...]) -> Path_:
    """The part of an error's location that stands in the document: pydantic adds names of union members."""
    path: list[str | int] = []
    for index, part in enumerate(loc):
        if isinstance(data, Mapping) and part in data:
            data = data[part]
        elif isinstance(data, list | tuple) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif index < len(loc) - 1 or not isinstance(data, Mapping) or part == "[key]":
            continue
        path.append(part)
    return tuple(path)


def _fields(model: type[BaseModel], path: Path_) -> list[str]:
    """Names allowed in the model that stands at ``path``."""
    here: Any = model
    for part in path:
        if get_origin(here) in (dict, tuple):
            here = _inner(here)
        elif isinstance(here, type) and issubclass(here, BaseModel) and part in here.model_fields:
            here = here.model_fields[str(part)].annotation
            here = here if get_origin(here) in (dict, tuple) else _inner(here)
    return sorted(here.model_fields) if isinstance(here, type) and issubclass(here, BaseModel) else []


def _inner(annotation: Any) -> Any:
    """The model inside ``dict[..., Model]``, ``tuple[Model, ...]`` or ``Model | None``."""
    while not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        arguments = [a for a in getattr(annotation, "__args__", ()) if a not in (type(None), Ellipsis)]
        models = [a for a in arguments if isinstance(a, type) and issubclass(a, BaseModel)] or arguments[-1:]
        if not models:
            return None
        annotation = models[0]
    return annotation
