"""The one family of errors a user meets: every fault with its place, the rule, what was found and the way out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

_LONGEST, _MOST = 100, 1000  # of a name, and of names allowed: looking for the nearest beyond them takes too long


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and where.

    ``place`` is a file with a line, a command or an address; ``field`` is the path inside it. Both may be empty.
    """

    rule: str
    field: str = ""
    place: str = ""

    def __str__(self) -> str:
        where = " | ".join(part for part in (self.place, self.field) if part)
        return one_line(f"{where}: {self.rule}" if where else self.rule)


def one_line(text: str) -> str:
    """The text with control and other invisible characters spelled out: what came from a file cannot steer a terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class TrinnError(Exception):
    """Something the user can put right. Holds every fault that was found, not only the first."""

    def __init__(self, faults: Fault | str | Iterable[Fault]) -> None:
        if isinstance(faults, str):
            faults = Fault(faults)
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[TrinnError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)  # so that a worker process can hand it over


def nearest(name: str, allowed: Sequence[str], count: int = 3) -> str:
    """A clause that names the allowed words nearest to ``name``: '; did you mean "bup"?', or the allowed ones if none is."""
    short = len(name) <= _LONGEST and len(allowed) <= _MOST
    close = get_close_matches(name.lower(), allowed, n=count, cutoff=0.6) if short else []
    if close:
        return "; did you mean " + " or ".join(f'"{word}"' for word in close) + "?"
    if 0 < len(allowed) <= 12:
        return "; allowed: " + ", ".join(sorted(allowed))
    return ""
