"""Reading a YAML file into plain data, with the line of every value, and without trusting the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.composer import ComposerError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from scenarios.errors import Fault, TrinnError, nearest

LARGEST = 1_000_000
"""Bytes of the largest scenario file that is read (reading them takes ten seconds)."""
MOST_VALUES = 200_000
"""Values of the largest document, anchors expanded."""
DEEPEST = 60
"""Levels of nesting."""
MOST_HINTS = 100
"""Faults of one document for which the nearest valid name is looked up."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_TAG = "tag:yaml.org,2002:"
_TAGS: dict[type[Node], tuple[str, ...]] = {
    ScalarNode: tuple(_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp")),
    SequenceNode: (_TAG + "seq",),
    MappingNode: (_TAG + "map",),
}

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
        line = self.line(path)
        if line is None:
            return self.file
        return f"{self.file}:{line}" if self.file else f"line {line}"

    def line(self, path: Path_) -> int | None:
        """The line of the value at ``path``, or of the nearest value around it; None where no part of it is in the file."""
        return next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), None)

    def fault(self, path: Path_, rule: str) -> Fault:
        """A fault at ``path``."""
        return Fault(rule, dotted(path), self.place(path))


def dotted(path: Path_) -> str:
    """``services.bup.routes[0].to`` for a path."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def path_of(text: str) -> Path_:
    """The path that :func:`dotted` spells so."""
    return tuple(int(number) if number else name for number, name in re.findall(r"\[(\d+)\]|([^.\[\]]+)", text))


def read_file(path: Path) -> Document:
    """The document of a YAML file.

    Raises:
        TrinnError: when it cannot be read, is too large, is not YAML or is not a mapping.
    """
    name = str(path)
    try:
        if path.is_dir():
            raise TrinnError(Fault("is a directory, not a scenario file", place=name))
        if not path.exists():
            raise TrinnError(Fault(f"does not exist{_neighbours(path)}", place=name))
        if not path.is_file():
            raise TrinnError(Fault("is not an ordinary file", place=name))
        with path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
        if len(raw) > LARGEST:
            size = max(path.stat().st_size, len(raw))
            rule = f"is {size:,} bytes; a scenario file is at most {LARGEST:,}".replace(",", " ")
            raise TrinnError(Fault(rule, place=name))
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise TrinnError(Fault(f"cannot be read: {reason}", place=name)) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = raw[: fault.start].count(b"\n") + 1
        raise TrinnError(Fault(f"is not UTF-8 text (byte {fault.start + 1})", place=f"{name}:{line}")) from None
    return read_text(text, name)


def _neighbours(path: Path) -> str:
    """The nearest names of the YAML files beside a file that does not exist."""
    try:
        beside = sorted(p.name for p in path.parent.iterdir() if p.suffix in (".yaml", ".yml"))
    except OSError:
        return ""
    hint = nearest(path.name, beside)
    return hint if hint.startswith("; did") else ""


def read_text(text: str, file: str = "") -> Document:
    """The document of a YAML text. Raises :class:`TrinnError` as :func:`read_file` does."""
    if odd := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        rule = f"holds a character that no text has (U+{ord(odd[0]):04X})"
        raise TrinnError(Fault(rule, place=f"{file}:{line}" if file else f"line {line}"))
    try:
        node = YAML(typ="safe", pure=True).compose(StringIO(text))
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        place = f"{file}:{mark.line + 1}" if mark else file
        said = "it holds several documents (---)" if isinstance(fault, ComposerError) and "another" in fault.problem else ""
        raise TrinnError(Fault(f"is not valid YAML: {said or fault.problem or fault.context}", place=place)) from None
    except (YAMLError, ValueError) as fault:
        raise TrinnError(Fault(f"is not valid YAML: {str(fault).splitlines()[0]}", place=file)) from None
    except RecursionError:
        raise TrinnError(Fault(f"is nested deeper than {DEEPEST} levels", place=file)) from None
    if not isinstance(node, MappingNode):
        found = "nothing" if _is_empty(node) else "a list" if isinstance(node, SequenceNode) else "a single value"
        raise TrinnError(Fault(f"must be a mapping of names to values (got {found})", place=file))
    return _Builder(file).document(node)


def _is_empty(node: Node | None) -> bool:
    return node is None or (isinstance(node, ScalarNode) and node.value == "")


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
        if node.tag not in _TAGS[type(node)]:
            tag = str(node.tag).replace(_TAG, "!!")[:60]
            self._note(node, path, f"tags are not allowed here (got {tag})")
            return None
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
            return self.scalars.construct_object(node, deep=True)
        except (YAMLError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
            what = "is not a date that exists" if node.tag == _TAG + "timestamp" else "cannot be understood"
            self._note(node, path, f'{what}: "{str(node.value)[:40]}"')
            return None
        finally:
            self.scalars.constructed_objects.clear()

    def _note(self, node: Node, path: Path_, rule: str) -> None:
        self.faults.append(Fault(rule, dotted(path), f"{self.file}:{node.start_mark.line + 1}"))

    def _stop(self, line: int, rule: str) -> None:
        raise TrinnError(Fault(rule, place=f"{self.file}:{line}"))


def validate(model: type[M], document: Document, here: Path_ = ()) -> M:
    """The document as a model.

    Args:
        model: what it should be.
        document: the data.
        here: where the data stands in a larger document, whose lines ``document`` has.

    Raises:
        TrinnError: with every fault of the document, each with its line and field, in the order of the file.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        found = [
            _broken_rule(document.data, model, detail, number < MOST_HINTS)
            for number, detail in enumerate(error.errors(include_url=False))
        ]
        found = [((*here, *path), rule) for path, rule in found]
        found.sort(key=lambda item: document.line(item[0]) or 0)
        raise TrinnError(dict.fromkeys(document.fault(path, rule) for path, rule in found)) from None
    except RecursionError:
        raise TrinnError(document.fault(here, f"is nested deeper than {DEEPEST} levels")) from None


_NUMBER, _WHOLE, _TEXT, _MAPPING, _LIST = (
    "must be " + what for what in ("a number", "a whole number", "a text", "a mapping", "a list")
)
_DATE, _TRUTH = "must be a date such as 2027-01-04", "must be true or false"
_PLAIN = {
    **dict.fromkeys(("float_type", "float_parsing"), _NUMBER),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("bool_type", "bool_parsing"), _TRUTH),
    **dict.fromkeys(("string_type", "string_unicode"), _TEXT),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type", "mapping_type"), _MAPPING),
    **dict.fromkeys(("tuple_type", "list_type", "iterable_type"), _LIST),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_inexact", "date_from_datetime_parsing"), _DATE),
    "string_pattern_mismatch": "must be a name of a-z, 0-9 and _ that begins with a letter and has at most 60 characters",
    "finite_number": "must be a finite number",
    "greater_than_equal": "must be ≥ {ge}",
    "greater_than": "must be > {gt}",
    "less_than_equal": "must be ≤ {le}",
    "less_than": "must be < {lt}",
    "too_short": "must hold at least {min_length}",
    "too_long": "must hold at most {max_length}",
    "invalid_key": "keys must be texts",
    "recursion_loop": "contains itself",
}
"""What pydantic finds, in words for people."""
_SHORT_FORMS = {"Label": "must be a text, or one text in nb and one in en", "Law": 'must be a duration such as "14d", or a law'}
"""What may stand in place of a mapping, by model."""


def _broken_rule(data: Any, model: type[BaseModel], detail: ErrorDetails, hint: bool) -> tuple[Path_, str]:
    """Where something is wrong and what, from what pydantic says of it."""
    path = _real(data, detail["loc"])
    kind, found, details = detail["type"], detail["input"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return path, f'unknown key "{str(path[-1])[:60]}"{nearest(str(path[-1]), _fields(model, path[:-1])) if hint else ""}'
    if kind == "missing":
        return path, "is missing"
    if kind == "value_error":
        rule = detail["msg"].removeprefix("Value error, ")
    elif kind == "literal_error":
        rule = "must be " + details["expected"].replace("'", '"')
        if hint and isinstance(found, str) and (near := nearest(found, re.findall('"([^"]*)"', rule), 1)).startswith("; did"):
            return path, f"{rule} (got {_short(found)}){near}"
    else:
        said = detail["msg"][0].lower() + detail["msg"][1:]
        rule = _PLAIN[kind].format(**{name: _limit(value) for name, value in details.items()}) if kind in _PLAIN else said
        rule = _SHORT_FORMS.get(details.get("class_name", ""), rule)
    return path, rule if "(got" in rule or (
        kind == "value_error" and isinstance(found, Mapping)
    ) else f"{rule} (got {_short(found)})"


def _limit(value: Any) -> str:
    return f"{value:,.15g}".replace(",", " ") if isinstance(value, int | float) else str(value)


def _short(value: Any) -> str:
    """A value as a file would state it, cut to a readable length."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple | set | frozenset):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    try:
        text = f'"{value}"' if isinstance(value, str) else str(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= 60 else text[:57] + "..."


def _real(data: Any, loc: tuple[str | int, ...]) -> Path_:
    """The part of an error's location that stands in the document: pydantic adds names of union members."""
    path: list[str | int] = []
    for index, part in enumerate(loc):
        inside = isinstance(part, int) and part < len(data) if isinstance(data, list | tuple) else False
        if inside or (isinstance(data, Mapping) and part in data):
            data = data[part]
        elif index < len(loc) - 1 or not (isinstance(data, Mapping) or isinstance(part, int)) or part == "[key]":
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
