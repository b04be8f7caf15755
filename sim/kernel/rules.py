"""The decisions of :mod:`sim.rules`, compiled: the very same functions, calling each other as machine code."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from sim import rules
from sim.compiled import inner


def _compiled() -> dict[str, Any]:
    """Every function of the rules, with the compiled ones for its globals."""
    found: dict[str, Any] = dict(vars(rules))
    for name, function in vars(rules).items():
        if isinstance(function, FunctionType) and function.__module__ == rules.__name__:
            found[name] = inner(FunctionType(function.__code__, found, name))
    return found


_RULES = _compiled()
(accepts, admits, birthday, has_room, is_match, next_date, part, perceive, pick, pick_among, pick_rate, put_off, reason,
 tightened, time_left, times, used_up, wrongly_rejected) = (
    _RULES[name]
    for name in ("accepts", "admits", "birthday", "has_room", "is_match", "next_date", "part", "perceive", "pick", "pick_among",
                 "pick_rate", "put_off", "reason", "tightened", "time_left", "times", "used_up", "wrongly_rejected")
)  # fmt: skip
