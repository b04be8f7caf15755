"""What the benchmark prints: sections of Markdown, each with the targets that it speaks to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.measuring import Found


@dataclass(frozen=True)
class Target:
    """Something that was asked for, and what was found."""

    what: str
    wanted: str
    found: str
    met: bool | None
    """None: it could not be measured; ``found`` says why."""


@dataclass(frozen=True)
class Section:
    """A heading, the lines under it, and the targets."""

    title: str
    lines: tuple[str, ...]
    targets: tuple[Target, ...] = ()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown."""
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]


def at_least(what: str, wanted: float, found: float, unit: str = "x") -> Target:
    """A ratio that must not be smaller."""
    return Target(what, f"at least {wanted:g} {unit}", f"{found:,.3g} {unit}", found >= wanted)


def at_most(what: str, wanted: float, found: float, unit: str) -> Target:
    """A number that must not be larger."""
    return Target(what, f"at most {wanted:g} {unit}", f"{found:.3g} {unit}", found <= wanted)


def without(what: str, wanted: str, *found: Found) -> Target:
    """A target that nothing can be said about, since something is missing."""
    return Target(what, wanted, f"not measured: {missing(*found)}", None)


def missing(*found: Found) -> str:
    """What is missing, in words; empty if nothing is."""
    names = sorted({each["missing"] for each in found if "missing" in each})
    return f"no {' and no '.join(names)} here" if names else ""


def of_targets(sections: Iterable[Section]) -> list[str]:
    """The targets of all sections as one table."""
    words = {True: "yes", False: "**no**", None: "-"}
    rows = [(t.what, t.found, t.wanted, words[t.met]) for section in sections for t in section.targets]
    return table(("", "found", "target", "met"), rows)
