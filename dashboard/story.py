"""One invented child's story in words: what happened when, and how it went.

A story is words only; how it is shown is for others (:mod:`dashboard.story_terminal`). Each story carries its stamp: the child
is invented, nothing is forecast, and no individual risk is stated. :mod:`dashboard.story_twin` sets two side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from string import hexdigits

import numpy as np

from dashboard.story_closing import closing_of
from dashboard.story_records import records_of, told_of
from dashboard.story_words import Told, Words, is_wrong
from dashboard.texts import Language, chosen, text
from dashboard.whose import staffing_words
from scenarios.errors import Fault, TrinnError
from scenarios.schema import Scenario
from scenarios.units import YEAR
from sim.children import NO_AGE, Cohort
from sim.plan import Plan
from sim.records import Log
from sim.result import Replication, Result

IDENTITY = 16
"""Digits of a child's identity."""


@dataclass(frozen=True)
class Sentence:
    """What happened to the child in one second at one service."""

    day: date
    when: str
    """The date in words."""
    place: str
    """The service; empty where it is no service's doing."""
    text: str
    kinds: tuple[str, ...]
    """The kinds of records it tells."""


@dataclass(frozen=True)
class Story:
    """What happened to one invented child."""

    stamp: str
    """To be shown wherever a part of the story is shown."""
    title: str
    origin: str
    """Which scenario, row and seed it is from."""
    notes: tuple[str, ...]
    """Whose staffing it is, what belongs to the warm-up, and what a wrong rejection means."""
    sentences: tuple[Sentence, ...]
    closing: tuple[str, ...]
    """What help came, when, how long the child waited, and where it is in the end."""


def story(result: Result, child: int | str, language: Language = "nb", replication: int = 0) -> Story:
    """The story of one invented child of a run.

    Args:
        result: a run that kept its records (``record="log"``).
        child: row of the cohort (the row of ``result.children()``), or the identity that ``result.events()`` shows.
        language: ``nb`` or ``en``.
        replication: which possible future.

    Raises:
        TrinnError: when the run kept no records, or has no such child.
    """
    found = kept(result, replication)
    assert found.cohort is not None
    assert found.log is not None
    row = row_of(found.cohort, child, replication)
    told = tell(result.scenario, result.plans, found.cohort, found.log, row, language)
    return replace(told, origin=_origin(result, replication, row, found.cohort, language))


def tell(scenario: Scenario, plans: Sequence[Plan], cohort: Cohort, log: Log, row: int, language: Language) -> Story:
    """The story of the child in a row of the cohort, from the records of one replication.

    Raises:
        TrinnError: when the records know no such child.
    """
    words = Words(scenario, plans[0], language)
    records = records_of(log, row)
    own = [record for record in records if record.child == row]
    if not own:
        rule = f"never entered: no record speaks of the child in row {row}; take another row, trinn run --events lists who did"
        raise TrinnError(Fault(rule, place="child"))
    notes = [staffing_words([scenario], language)]
    if own[0].time < 0:
        notes.append(words.say("warm_up", date=words.date(0)))
    if any(is_wrong(record) for record in own):
        notes.append(words.say("wrong"))
    sentences = _sentences(told_of(records, own), words)
    return Story(
        words.say("stamp"), _title(words, cohort, row), "", tuple(notes), tuple(sentences), tuple(closing_of(own, words))
    )


def kept(result: Result, replication: int) -> Replication:
    """A replication whose records and children were kept. Raises TrinnError where there is none."""
    found = [one for one in result.replications if one.number == replication]
    if not found:
        raise TrinnError(f"there is no replication {replication} (0 to {len(result.replications) - 1})")
    if found[0].log is None or found[0].cohort is None:
        raise TrinnError('the run did not keep its log: use record="log"')
    return found[0]


def row_of(cohort: Cohort, child: int | str, replication: int) -> int:
    """The row of a child that is named by row or identity. Raises TrinnError where there is none."""
    name = str(child)
    row = int(name) if name.isascii() and name.isdecimal() and len(name) < IDENTITY else row_with(cohort, name)
    if row is None or row >= len(cohort):
        rows = f"the children of replication {replication} have rows {f'0 to {len(cohort) - 1}' if len(cohort) else '(none)'}"
        rule = f"must be a row of the cohort, or an identity as the events show it; {rows} (got {name[:60]!r})"
        raise TrinnError(Fault(rule, place="child"))
    return row


def row_with(cohort: Cohort, identity: str) -> int | None:
    """The row of the child with an identity; None where there is none."""
    if len(identity) != IDENTITY or not set(identity) <= set(hexdigits):
        return None
    found = np.flatnonzero(cohort.key == np.uint64(int(identity, 16)))
    return int(found[0]) if len(found) else None


def identity_of(cohort: Cohort, row: int) -> str:
    """The identity of a child, as :meth:`Result.events` shows it."""
    return f"{int(cohort.key[row]):016x}"


def _origin(result: Result, replication: int, row: int, cohort: Cohort, language: Language) -> str:
    name = chosen(result.scenario.name, language)
    values = {"row": row, "number": replication, "seed": result.seed, "identity": identity_of(cohort, row)}
    return text("story_origin", language, scenario=name, **values)


def _title(words: Words, cohort: Cohort, row: int) -> str:
    area = words.scenario.areas[words.shape.areas[int(cohort.area[row])]].name
    born = int(cohort.born[row])
    age = "" if born == NO_AGE else words.say("age", years=(int(cohort.time[row]) - born) // YEAR)
    about = ", ".join(part for part in (age, area) if part)
    return words.say("title", about=about) if about else words.say("title_plain")


def _sentences(told: Iterator[Told], words: Words) -> list[Sentence]:
    """One for each second and service: what follows in the same second is said in the same breath."""
    found: list[tuple[int, Sentence]] = []
    for item in told:
        record, place = item.record, words.where(item.record)
        said, kind = words.sentence(item), record.kind.name.lower()
        if found and found[-1][0] == record.time and place in ("", found[-1][1].place):
            before = found[-1][1]
            found[-1] = record.time, replace(before, text=f"{before.text} {said}", kinds=(*before.kinds, kind))
        else:
            day = words.day(record.time)
            found.append((record.time, Sentence(day, words.date(record.time), place, said, (kind,))))
    return [sentence for _, sentence in found]
