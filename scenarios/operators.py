"""What an operator makes of a value: numbers, durations, rates, texts and lists; all of the way, or a stretch of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from scenarios.addresses import Set
from scenarios.errors import Fault, TrinnError
from scenarios.reading import read_text
from scenarios.units import format_duration, format_rate, parse_duration, parse_rate
from scenarios.values import measured

_PER_1000 = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,20})?)\s*/\s*1000")
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?")
THERE = "..."
"""In a list: what stood there before."""

Named = Callable[[Any], Any]
"""Puts the services of a role or step in place of the words that name them."""


def is_number(text: str) -> bool:
    """Whether a value is a number, a duration, a rate or so many per 1000: what can be gone a part of the way."""
    return bool(_NUMBER.fullmatch(text) or _PER_1000.fullmatch(text)) or measured(text) is not None


def adds_to(text: str) -> bool:
    """Whether a value is a list that keeps what stood there before: a relative change, however often it is made."""
    return text.startswith("[") and THERE in (part.strip() for part in text.strip("[]").split(","))


def operate(old: Any, change: Set, children: int | None, named: Named) -> Any:
    """The new value.

    Args:
        old: what stands there, as a file would state it.
        change: the operator, the value and the stretch.
        children: children 0-17 of the place, for a value per 1000; None where there is no place.
        named: see :data:`Named`.

    Raises:
        TrinnError: when the operator or the value does not fit what stands there.
    """
    value = change.value
    if per := _PER_1000.fullmatch(value):
        if children is None:
            raise TrinnError(Fault("a value per 1000 children needs a service", place=change.text))
        value = f"{round(float(per[1]) * children / 1000, 2)}"
    if change.op in ("=", ":="):
        return _moved(old, _listed(named(_scalar(value, old, change)), old), change)
    if isinstance(old, list) and change.op == "+=":
        added = named(_scalar(value, None, change))
        return [*old, *(_in_part(entry, change.moves[1]) for entry in (added if isinstance(added, list) else [added]))]
    begin, end = change.moves
    sign = change.op[0]
    if isinstance(old, str):
        return _operate_text(old, sign, value, change)
    if isinstance(old, bool) or not isinstance(old, int | float) or not _NUMBER.fullmatch(value):
        rule = f'"{change.op}" needs numbers (there stands {old!r}, the value is "{value[:40]}")'
        raise TrinnError(Fault(rule, place=change.text))
    by = _stretch(sign, float(value), begin, end)
    result = _arithmetic(float(old), sign, by)
    return int(result) if isinstance(old, int) and result.is_integer() else result


def adds_share(change: Set) -> bool:
    """Whether it adds entries to a list, some of them with a share: of a part of it the share is a part."""
    return change.op == "+=" and bool(re.search(r"[{,]\s*share\s*:", change.value))


def _in_part(entry: Any, end: float) -> Any:
    """An entry for a list, with the part of its share that is put on."""
    share = entry.get("share") if isinstance(entry, dict) else None
    if end == 1.0 or not isinstance(share, int | float):
        return entry
    return entry | {"share": round(share * end, 10)}


def _stretch(sign: str, value: float, begin: float, end: float) -> float:
    """What is added or multiplied with on a stretch of the way: a factor grows in a straight line."""
    if (begin, end) == (0.0, 1.0):
        return value
    return (1 + end * (value - 1)) / (1 + begin * (value - 1)) if sign == "*" else value * (end - begin)


def _moved(old: Any, new: Any, change: Set) -> Any:
    """``new``, or the point on the way there that the stretch ends at."""
    begin, end = change.moves
    if end == 1.0 or isinstance(old, bool) or isinstance(new, bool):
        return new
    share = (end - begin) / (1 - begin)
    if isinstance(old, int | float) and isinstance(new, int | float):
        result = round(old + share * (new - old), 10)
        return round(result) if isinstance(old, int) and isinstance(new, int) else result
    if isinstance(old, str) and isinstance(new, str):
        for parse, spelled in _MEASURES:
            try:
                start, goal = float(parse(old)), float(parse(new))
            except ValueError:
                continue
            return spelled(start + share * (goal - start))
    return new


def _duration(seconds: float) -> str:
    return format_duration(round(seconds))


def _rate(per_year: float) -> str:
    return format_rate(round(per_year, 10))


_MEASURES: tuple[tuple[Callable[[Any], float], Callable[[float], str]], ...] = (
    (parse_duration, _duration),
    (parse_rate, _rate),
)
"""How durations and rates are read and written."""


def _operate_text(old: str, sign: str, value: str, change: Set) -> str:
    """A duration or a rate, changed."""
    begin, end = change.moves
    for parse, spelled in _MEASURES:
        try:
            start = float(parse(old))
        except ValueError:
            continue
        try:
            if sign == "*" and not _NUMBER.fullmatch(value):
                raise ValueError("must be a number")
            by = _stretch(sign, float(value) if sign == "*" else float(parse(value)), begin, end)
            result = _arithmetic(start, sign, by)
            if result < 0:
                raise ValueError("it would fall below 0")
            return spelled(result)
        except ValueError as fault:
            raise TrinnError(Fault(f'"{value[:40]}" does not fit "{old}": {fault}', place=change.text)) from None
    raise TrinnError(Fault(f'"{change.op}" needs a number, a duration or a rate (there stands "{old}")', place=change.text))


def _arithmetic(old: float, sign: str, value: float) -> float:
    result = old * value if sign == "*" else old + value if sign == "+" else old - value
    return round(result, 10)


def _scalar(text: str, old: Any, change: Set) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if text in ("none", "null"):
        return None
    if text.startswith("{") or re.match(r"\[\s*\{", text):
        return _flow(text, change)
    if (isinstance(old, list) and not _NUMBER.fullmatch(text)) or (text.startswith("[") and text.endswith("]")):
        return [_scalar(part.strip(), None, change) for part in text.strip("[]").split(",") if part.strip()]
    if _NUMBER.fullmatch(text):
        number = float(text)
        return int(number) if number == int(number) and "." not in text and "e" not in text.lower() else number
    return text


def _flow(text: str, change: Set) -> Any:
    """A mapping, or a list of them, written on one line."""
    try:
        value = read_text(f"value: {text}").data["value"]
    except TrinnError as error:
        rule = error.faults[0].rule
        raise TrinnError(Fault(f"the value {rule}", place=change.text)) from None
    if not value:
        raise TrinnError(Fault("the value is an empty mapping: it would change nothing", place=change.text))
    return value


def _listed(new: Any, old: Any) -> Any:
    """A list in which ``...`` stands for what was there."""
    if not isinstance(new, list) or THERE not in new:
        return new
    before: Sequence[Any] = old if isinstance(old, list) else []
    at = new.index(THERE)
    kept = [entry for entry in before if entry not in new]
    return [*new[:at], *kept, *new[at + 1 :]]
