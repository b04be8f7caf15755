"""What is done to proposals on the table: named, copied, changed one number or one lever at a time. Data in, data out.

A number that is moved is one change, ``address=value``, and there is one for each address; single changes come before the
levers, so that a lever acts on top of the number that was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError

from dashboard import numbers
from dashboard.changed import changed_since, value
from dashboard.dials import Dial, now, same_address, shown, written
from dashboard.evidence import lever_words
from dashboard.texts import Language, date_text, text
from dashboard.work import MOST_CHANGES, MOST_PROPOSALS, Proposal, Work, base_of, proposed
from scenarios.addresses import is_change
from scenarios.errors import Fault, TrinnError
from scenarios.levers import Wanted, wanted

LONGEST_NAME = 60


@dataclass(frozen=True)
class Told:
    """Something a proposal changes, as it is read."""

    words: str
    change: str
    """As the proposal holds it; empty where it is one of several that a lever makes."""


# -- proposals ----------------------------------------------------------------------------------------------------------


def added(work: Work, changes: Sequence[str], language: Language, like: str = "") -> Work:
    """One proposal more, at the end.

    Args:
        work: what is on the table.
        changes: of the new proposal.
        language: of its name.
        like: the proposal that it is a copy of; empty for a copy of today.

    Raises:
        TrinnError: when there is no room for another.
    """
    if len(work.proposals) >= MOST_PROPOSALS:
        raise TrinnError(text("proposals_full", language, most=MOST_PROPOSALS))
    made = Proposal(name=_free_name(work, language, like), changes=tuple(changes))
    return _with(work, (*work.proposals, made))


def without(work: Work, index: int) -> Work:
    """One proposal less."""
    return _with(work, tuple(each for number, each in enumerate(work.proposals) if number != index))


def renamed(work: Work, index: int, name: str, language: Language) -> Work:
    """A proposal under another name.

    Raises:
        TrinnError: when the name is empty, too long, or taken.
    """
    bare = " ".join(name.split())
    if not bare:
        raise TrinnError(text("proposals_name_missing", language))
    if len(bare) > LONGEST_NAME:
        raise TrinnError(text("proposals_name_long", language, most=LONGEST_NAME))
    made = work.proposals[index].model_copy(update={"name": bare})
    try:
        return _with(work, (*work.proposals[:index], made, *work.proposals[index + 1 :]))
    except TrinnError:
        raise TrinnError(text("proposals_name_taken", language, name=bare)) from None


def changed_to(work: Work, index: int, changes: Sequence[str], language: Language) -> Work:
    """The work with other changes in one proposal, once they are known to fit.

    Raises:
        TrinnError: when they do not, with every fault.
    """
    if len(changes) > MOST_CHANGES:
        raise TrinnError(text("proposals_many_changes", language, most=MOST_CHANGES))
    old = work.proposals[index]
    try:
        made = Proposal(name=old.name, changes=tuple(changes))
    except ValidationError as error:
        raise TrinnError(Fault(each["msg"]) for each in error.errors()) from None
    new = _with(work, (*work.proposals[:index], made, *work.proposals[index + 1 :]))
    proposed(new, made)
    return new


def _with(work: Work, proposals: tuple[Proposal, ...]) -> Work:
    """Pydantic's copies are not checked: this one is."""
    try:
        return Work(**{name: getattr(work, name) for name in Work.model_fields} | {"proposals": proposals})
    except ValidationError as error:
        raise TrinnError(Fault(each["msg"]) for each in error.errors()) from None


def _free_name(work: Work, language: Language, like: str) -> str:
    """``Forslag 2``, or ``Flere psykologer (kopi)``, whichever number is free."""
    taken = {proposal.name.casefold() for proposal in work.proposals}
    for number in range(1, 2 * MOST_PROPOSALS + 2):
        if like:
            last = text("proposals_copied" if number == 1 else "proposals_copied_again", language, number=number)
            name = f"{like[: LONGEST_NAME - len(last)]}{last}"
        else:
            name = text("proposals_new_name", language, number=number)
        if name.casefold() not in taken:
            break
    return name


# -- one number ---------------------------------------------------------------------------------------------------------


def moved(changes: Sequence[str], dial: Dial, to: float) -> tuple[str, ...]:
    """The changes with a number moved: one change for its address, none where it is as today."""
    found = with_number(changes, dial.address, None if abs(to - dial.today) < 1e-9 else written(to))
    if dial.other:
        rest = None if abs(to - dial.today) < 1e-9 else written(dial.total - to)
        found = with_number(found, dial.other, rest)
    return found


def with_number(changes: Sequence[str], address: str, to: str | None) -> tuple[str, ...]:
    """The changes with ``address=to`` in place of all others of the address; without any where it is None."""
    kept = [change for change in changes if not same_address(change, address)]
    if to is None:
        return tuple(kept)
    single = [change for change in kept if is_change(change)]
    return (*single, f"{address}={to}", *(change for change in kept if not is_change(change)))


def less(changes: Sequence[str], change: str) -> tuple[str, ...]:
    """The changes without one of them."""
    found = list(changes)
    if change in found:
        found.remove(change)
    return tuple(found)


# -- levers -------------------------------------------------------------------------------------------------------------


def lever_word(item: Wanted) -> str:
    """``capa:kind*0.5@2028-01-01``, as :func:`scenarios.levers.wanted` reads it."""
    kind = f":{item.kind}" if item.kind else ""
    part = "" if item.intensity == 1 else f"*{item.intensity:.2f}".rstrip("0").rstrip(".")
    since = "" if item.since == "start" else f"@{item.since}"
    return f"{item.name}{kind}{part}{since}"


def on(changes: Sequence[str]) -> dict[str, Wanted]:
    """The levers among changes, by name, as they are put on; what is no lever any more is left out."""
    found = {}
    for change in changes:
        if not is_change(change):
            try:
                item = wanted(change)
            except TrinnError:
                continue
            found[item.name] = item
    return found


def with_lever(changes: Sequence[str], item: Wanted) -> tuple[str, ...]:
    """The changes with a lever put on, in the place where it was on already, else last."""
    word, found, there = lever_word(item), list[str](), False
    for change in changes:
        if _is_lever(change, item.name):
            if not there:
                found.append(word)
            there = True
        else:
            found.append(change)
    return tuple(found if there else [*found, word])


def without_lever(changes: Sequence[str], name: str) -> tuple[str, ...]:
    """The changes with a lever taken off."""
    return tuple(change for change in changes if not _is_lever(change, name))


def _is_lever(change: str, name: str) -> bool:
    return not is_change(change) and name in on([change])


def lever_sentence(item: Wanted, language: Language) -> str:
    """``CAPA (Dine Muligheter), 50 %, fra 1. jan. 2028``."""
    label = f"{item.name}:{item.kind}" if item.kind else item.name
    parts = [lever_words(label, language)]
    if item.intensity != 1:
        parts.append(numbers.percent(item.intensity, language))
    parts.append(since_words(item.since, language))
    return ", ".join(parts)


def since_words(since: date | str, language: Language) -> str:
    """From when a lever acts, in words."""
    if isinstance(since, date):
        return text("since_date", language, date=date_text(since, language))
    if since in ("start", "beginning"):
        return text(f"proposals_since_{since}", language)
    return text("proposals_since_later", language, time=since.removeprefix("start+"))


# -- in words -----------------------------------------------------------------------------------------------------------


def told(work: Work, proposal: Proposal, dials: Sequence[Dial], language: Language) -> list[Told]:
    """What a proposal changes, a sentence each: numbers from what to what, then levers by their names.

    Raises:
        TrinnError: when it does not fit what is there.
    """
    base, scenario = base_of(work), proposed(work, proposal)
    found: list[Told] = []
    spoken: set[str] = set()
    for dial in dials:
        single = [change for change in proposal.changes if is_change(change) and same_address(change, dial.address)]
        if single:
            to = shown(now(proposal.changes, dial), dial, language, unit=True)
            words = text("proposals_told", language, what=dial.short, old=shown(dial.today, dial, language), new=to)
            found.append(Told(words, single[0]))
            spoken |= {c for c in proposal.changes if same_address(c, dial.address) or same_address(c, dial.other)}
    others = [change for change in proposal.changes if is_change(change) and change not in spoken]
    if others:
        for item in changed_since(base, scenario, language):
            own = [change for change in others if _is_about(change, item.address)]
            if item.lever == text("own_change", language) and own:
                values = {"old": item.old, "new": item.new}
                found.append(Told(text("proposals_told", language, what=item.words, **values), own[0]))
                spoken |= set(own)
        found += [Told(change, change) for change in others if change not in spoken]
    for change in proposal.changes:
        if not is_change(change):
            found.append(Told(lever_sentence(wanted(change), language), change))
    return found


def _is_about(change: str, address: str) -> bool:
    """Whether a change with an address as it was written set a value of this address."""
    return same_address(change, address.rpartition("/")[2]) or same_address(change, address)


__all__ = [
    "Told",
    "added",
    "changed_to",
    "less",
    "lever_sentence",
    "lever_word",
    "moved",
    "on",
    "renamed",
    "since_words",
    "told",
    "value",
    "with_lever",
    "with_number",
    "without",
    "without_lever",
]
