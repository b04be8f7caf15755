"""How a change is written: an address, an operator, a value and a date; and which entries an address picks.

An address is a path of names and of ``[..]``: a number (``routes[0]``), ``[*]`` for every entry, or conditions on the entries
(``routes[after:rejected,to:gp]``): a field is equal to the word, or has it in its list; ``!`` in place of ``:`` means that it
is not and has it not. A name ``*`` is every entry too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from scenarios.errors import Fault, TrinnError, nearest
from scenarios.reading import Path_

OPERATORS = ("+=", "-=", "*=", ":=", "=")
_CHANGE = re.compile(
    r"\s*(?:(?P<area>[^/\s=\[{]{1,80})/)?(?P<path>[\w:!.\[\]*,-]{1,200}?)\s*(?P<op>\+=|-=|\*=|:=|=)\s*(?P<value>[^@\s](?:[^@]{0,599}?[^@\s])?)"
    r"\s*(?:@\s*(?P<date>\S{1,20}))?\s*"
)
_NAME, _INSIDE = r"(?:[\w:-]+|\*)", r"\[(?:[0-9]{1,6}|\*|[a-z_]+[:!][a-z0-9_:?-]+(?:,[a-z_]+[:!][a-z0-9_:?-]+)*)\]"
_CONDITION = re.compile(r"([a-z_]+)([:!])(.+)")
_PATH = re.compile(rf"{_NAME}(?:\.{_NAME}|{_INSIDE})*")
_PARTS = re.compile(r"\[([^\]]+)\]|([^.\[\]]+)")
_ROUTE_AFTER = ("done", "improved", "unchanged", "worse", "stepped_up")


@dataclass(frozen=True)
class Pick:
    """Entries of a list or a mapping: those that fit every condition (field, word, whether); all where there is none."""

    conditions: tuple[tuple[str, str, bool], ...] = ()

    def __str__(self) -> str:
        return ",".join(f"{field}{':' if has else '!'}{word}" for field, word, has in self.conditions) or "*"


Part = str | int | Pick


@dataclass(frozen=True)
class Set:
    """A change taken apart."""

    text: str
    area: str | None
    path: tuple[Part, ...]
    op: str
    value: str
    since: date | None = None
    moves: tuple[float, float] = (0.0, 1.0)
    """Which stretch of the whole change this one makes."""


@lru_cache(maxsize=4096)
def parse_change(text: str) -> Set:
    """A change taken apart. Raises :class:`TrinnError` when it is not one."""
    match = _CHANGE.fullmatch(text)
    if match is None or not _PATH.fullmatch(match["path"]):
        rule = "is not a change: write an address, an operator and a value, such as bup.psychologist.fte+=1"
        raise TrinnError(Fault(rule, place=_named(text)))
    path = tuple(_part(inside, name) for inside, name in _PARTS.findall(match["path"]))
    since = None
    if match["date"]:
        try:
            since = date.fromisoformat(match["date"])
        except ValueError:
            raise TrinnError(Fault(f'"{match["date"]}" is not a date such as 2028-01-01', place=_named(text))) from None
    return Set(_named(text), match["area"], path, match["op"], match["value"].strip(), since)


def _part(inside: str, name: str) -> Part:
    if name:
        return Pick() if name == "*" else name
    if inside.isdecimal():
        return int(inside)
    if inside == "*":
        return Pick()
    return Pick(tuple((match[1], match[3], match[2] == ":") for match in map(_CONDITION.fullmatch, inside.split(",")) if match))


def _named(text: str) -> str:
    """A change as messages name it."""
    return text.strip()[:80] or "a change"


def is_change(text: str) -> bool:
    """Whether a text reads as a change rather than as the name of a lever."""
    return "=" in text


def dotted(path: Sequence[Part]) -> str:
    """An address as it is written."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int | Pick) else f".{part}" if text else part
    return text


def concrete(data: Any, path: Sequence[Part], fitting: Mapping[str, Sequence[str]], place: str) -> Iterator[Path_]:
    """Every path without picks that a path with them means in ``data``.

    Args:
        data: what the path leads into, every default spelled out.
        path: from the top of ``data``.
        fitting: what stands for several words in a condition (``role:treatment``: the services of that role).
        place: the change, for messages.

    Raises:
        TrinnError: when a pick finds nothing.
    """
    at = next((depth for depth, part in enumerate(path) if isinstance(part, Pick)), None)
    if at is None:
        yield tuple(part for part in path if not isinstance(part, Pick))
        return
    before, pick = tuple(part for part in path[:at] if not isinstance(part, Pick)), path[at]
    assert isinstance(pick, Pick)
    holder = data
    for part in before:
        inside = (isinstance(holder, Mapping) and part in holder) or (
            isinstance(holder, list) and isinstance(part, int) and part < len(holder)
        )
        if not inside:
            known = sorted(map(str, holder)) if isinstance(holder, Mapping) else []
            raise TrinnError(Fault(f'there is no "{str(part)[:60]}" here{nearest(str(part), known)}', dotted(before), place))
        holder = holder[part]
    found = 0
    for key, entry in _entries(holder):
        if all(_fits(entry, field, fitting.get(word, (word,))) == has for field, word, has in pick.conditions):
            found += 1
            yield from concrete(data, (*before, key, *path[at + 1 :]), fitting, place)
    if not found:
        what = "has no entries" if not pick.conditions else f"has no entry with {pick}"
        raise TrinnError(Fault(f"picks nothing: {dotted(before) or 'it'} {what}", place=place))


def _entries(holder: Any) -> list[tuple[str | int, Any]]:
    if isinstance(holder, Mapping):
        return list(holder.items())
    return list(enumerate(holder)) if isinstance(holder, list) else []


def _fits(entry: Any, field: str, words: Sequence[str]) -> bool:
    if not isinstance(entry, Mapping):
        return False
    value = entry.get(field)
    if field == "after" and value is None and "to" in entry:
        value = _ROUTE_AFTER
    held = [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
    return any(word in held for word in words)
