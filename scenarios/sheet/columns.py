"""The tables of the workbook: which columns each has, and what may stand in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["choice", "fte", "share", "count", "number", "weeks", "days", "date", "year", "people", "text", "locked"]
"""What an answer is. A ``choice`` is from a closed list, ``fte`` full-time equivalents, ``share`` per cent, ``count`` a number
of children, ``people`` a number of inhabitants, ``locked`` no answer at all."""


@dataclass(frozen=True)
class Column:
    """A column by its key: its head is the text ``head_KEY``."""

    key: str
    kind: Kind
    width: int = 13
    low: float = 0.0
    high: float = 1e6


@dataclass(frozen=True)
class Table:
    """A sheet with a table: its name is the text ``sheet_KEY``."""

    key: str
    columns: tuple[Column, ...]
    spare: int
    """Free rows below the ready ones."""

    def column(self, key: str) -> Column:
        """The column of a key."""
        return next(column for column in self.columns if column.key == key)

    @property
    def answers(self) -> tuple[Column, ...]:
        """The columns that a planner fills in."""
        return tuple(column for column in self.columns if column.kind != "locked")


AGES = ("ages_0_5", "ages_6_12", "ages_13_17", "ages_18_25")
"""The columns of age shares, in the order of the age bands."""
TASKS = ("cases", "supervision", "system")
"""The columns that say what the hours go to."""
REFERRERS = ("from_gp", "from_psychologist", "from_child_welfare", "from_others")

PLACE = Table(
    "place",
    (
        Column("question", "locked", 34),
        Column("answer", "text", 26),
        Column("default", "locked", 30),
        Column("source", "locked", 110),
    ),
    spare=0,
)
STAFF = Table(
    "staff",
    (
        Column("service", "choice", 44),
        Column("profession", "choice", 28),
        Column("agreed", "fte", high=10_000),
        Column("filled", "fte", high=10_000),
        Column("absent", "fte", 14, high=10_000),
        *(Column(key, "share", high=1) for key in AGES),
        *(Column(key, "share", high=1) for key in TASKS),
        Column("funding", "choice", 26),
        Column("funded_until", "date", 16),
        Column("employer", "choice", 22),
        Column("default", "locked", 50),
        Column("source", "locked", 60),
    ),
    spare=24,
)
LISTS = Table(
    "lists",
    (
        Column("service", "choice", 34),
        Column("contacts", "count", 14),
        Column("waiting", "count", 14),
        Column("counted", "date", 14),
        Column("longest", "weeks", 14, high=1000),
        Column("started", "count", 16),
        Column("ended", "count", 16),
        Column("in_courses", "count", 14),
        Column("sessions", "number", 14, low=0.1, high=1000),
        Column("missed", "share", 12, high=0.95),
        Column("source", "locked", 40),
    ),
    spare=6,
)
TRUST = Table(
    "trust",
    (
        Column("about", "choice", 34),
        Column("year", "year", 10, low=2000, high=2100),
        *(Column(key, "count", 16) for key in REFERRERS),
        Column("rejected", "count"),
        Column("mean_wait", "days", 16, high=3650),
        Column("waiting", "count", 14),
        Column("counted", "date", 14),
        Column("in_treatment", "count", 16),
    ),
    spare=0,
)
TABLES = (STAFF, LISTS, TRUST)

QUESTIONS = ("place", "format", "start", "0_5", "6_12", "13_17", "18_25")
"""The rows of the sheet of the place: each question is the text ``ask_KEY``."""
FORMAT = 1
"""The version of the template."""
