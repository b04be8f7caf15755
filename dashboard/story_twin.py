"""The same invented child in two scenarios, side by side in order of dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from dashboard.story import IDENTITY, Sentence, Story, identity_of, kept, row_of, row_with, story
from dashboard.texts import Language, text
from scenarios.errors import TrinnError
from sim.result import Result


@dataclass(frozen=True)
class Row:
    """What happened on one day in the two scenarios; None where nothing did."""

    when: str
    left: Sentence | None
    right: Sentence | None

    @property
    def differs(self) -> bool:
        """Whether the two sides say something else."""
        return (
            self.left is None or self.right is None or (self.left.place, self.left.text) != (self.right.place, self.right.text)
        )


@dataclass(frozen=True)
class Twin:
    """The same invented child in two scenarios, in order of dates."""

    stamp: str
    title: str
    names: tuple[str, str]
    stories: tuple[Story | None, Story | None]
    """None where the need never arose."""
    origin: str
    notes: tuple[str, ...]
    rows: tuple[Row, ...]
    closing: tuple[str, ...]


def twin(base: Result, other: Result, child: int | str, language: Language = "nb", command: str = "trinn compare") -> Twin:
    """The same invented child in two scenarios of one seed, from the first possible future.

    Args:
        base: a run that kept its records.
        other: a run of the same seed.
        child: row of the base's cohort, or an identity, which may be that of a child of ``other`` alone.
        language: ``nb`` or ``en``.
        command: what compares the two scenarios over many possible futures.

    Raises:
        TrinnError: when neither has such a child, or the seeds differ.
    """
    if base.seed != other.seed:
        raise TrinnError(f"a child is the same only under the same seed (got {base.seed} and {other.seed})")
    cohorts = [kept(result, 0).cohort for result in (base, other)]
    assert cohorts[0] is not None
    assert cohorts[1] is not None
    identity = (
        child if isinstance(child, str) and len(child) == IDENTITY else identity_of(cohorts[0], row_of(cohorts[0], child, 0))
    )
    known = [row_with(cohort, identity) is not None for cohort in cohorts if cohort is not None]
    if not any(known):
        row_of(cohorts[0], identity, 0)  # says what is wrong
    left, right = (story(result, identity, language) if has else None for result, has in zip((base, other), known, strict=True))
    return _twin((base.name, other.name), left, right, language, command)


def _twin(names: tuple[str, str], left: Story | None, right: Story | None, language: Language, command: str) -> Twin:
    stories = [one for one in (left, right) if one is not None]
    closing = []
    for name, one in zip(names, (left, right), strict=True):
        said = text("story_twin_never", language, scenario=name) if one is None else ""
        closing.append(said or text("story_twin_side", language, scenario=name, words=" ".join(one.closing if one else ())))
    rows = tuple(_rows(left.sentences if left else (), right.sentences if right else ()))
    if not any(row.differs for row in rows):
        closing.append(text("story_twin_same", language))
    closing.append(text("story_twin_proof", language, command=command))
    notes = tuple(dict.fromkeys(note for one in stories for note in one.notes))
    title = text("story_twin_title", language)
    return Twin(stories[0].stamp, title, names, (left, right), stories[0].origin, notes, rows, tuple(closing))


def _rows(left: Sequence[Sentence], right: Sequence[Sentence]) -> Iterator[Row]:
    """Day by day; what happened on the same day stands side by side, in order."""
    for day in sorted({sentence.day for sentence in (*left, *right)}):
        sides = ([sentence for sentence in side if sentence.day == day] for side in (left, right))
        for one, other in zip_longest(*sides):
            yield Row((one or other).when, one, other)
