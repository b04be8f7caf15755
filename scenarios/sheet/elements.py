"""XML, element by element, without trusting it: no document types, so no entities; bounded depth; names without prefixes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.parsers import expat

DEEPEST = 100


class BrokenError(ValueError):
    """A part that no spreadsheet program would have written."""


Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def walk(data: bytes, start: Start, end: End, text: Text) -> None:
    """Call ``start(name, attributes)``, ``end(name)`` and ``text(words)`` for everything in an XML part, in order.

    Raises:
        BrokenError: when it is not well-formed UTF-8 XML, declares a document type, or is nested too deep.
    """
    depth = 0
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise BrokenError("nested too deep")
        start(local(name), {local(key): value for key, value in attributes.items()})

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(local(name))

    def refused(*_: object) -> None:
        raise BrokenError("declares a document type")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = opened, closed, text
    parser.StartDoctypeDeclHandler = refused
    parser.EntityDeclHandler = refused
    try:
        parser.Parse(data, True)
    except expat.ExpatError as fault:
        raise BrokenError("not well-formed") from fault


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]
