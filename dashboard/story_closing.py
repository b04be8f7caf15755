"""How a child's story went: what help came and when, how long the child waited, and where it is in the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dashboard.story_records import CLOSES_A_STAY
from dashboard.story_words import IN_COURSE, Record, Words
from sim.records import Kind


def closing_of(own: Sequence[Record], words: Words) -> Iterator[str]:
    """What help came and when, the time on lists, and where the child is in the end."""
    end = words.shape.end + 1
    gone = next((r.time for r in reversed(own) if r.kind is Kind.LEFT), None)
    if any(r.kind is Kind.RELAPSED and gone is not None and r.time >= gone for r in own):
        gone = None
    yield _help(own, words, end if gone is None else gone)
    waited = _on_lists(own, end)
    yield words.say("on_lists", total=words.span(waited)) if waited else words.say("no_lists")
    last = max(r.time for r in own if r.kind in (Kind.LEFT, Kind.ENDED)) if gone is not None else 0
    yield words.say("over", date=words.date(last)) if gone is not None else _still(own, words)


def _help(own: Sequence[Record], words: Words, until: int) -> str:
    """What help came, when, and how long it took from when somebody first asked."""
    asked = [r.time if r.kind in (Kind.SOUGHT, Kind.FOUND) else r.received for r in own
             if r.kind in (Kind.SOUGHT, Kind.FOUND, Kind.REFERRED, Kind.JOINED)]  # fmt: skip
    starts = [r for r in own if r.kind is Kind.STARTED]
    helping = next((r for r in starts if words.plan.terms[r.place].step != 0), None)
    if helping is not None:
        if own[0].kind is Kind.AROSE and own[0].detail == IN_COURSE and helping.time == own[0].time:
            return words.say("helped_midway", place=words.service(helping.place))
        wait = words.span(helping.time - min(asked))
        return words.say("helped", date=words.date(helping.time), place=words.service(helping.place), wait=wait)
    if not asked:
        return words.say("never_asked")
    wait = words.span(until - min(asked))
    if starts:
        return words.say("only_door", places=words.services_of(r.place for r in starts), wait=wait)
    return words.say("never_helped", wait=wait)


def _on_lists(own: Sequence[Record], end: int) -> int:
    """Seconds on at least one waiting list."""
    joined: dict[tuple[int, int], int] = {}
    spans: list[tuple[int, int]] = []
    for record in own:
        stay = (record.place, record.stay)
        if record.kind is Kind.JOINED:
            joined[stay] = record.time
        elif (record.kind in CLOSES_A_STAY or record.kind is Kind.STARTED) and stay in joined:
            spans.append((joined.pop(stay), record.time))
    spans += [(since, end) for since in joined.values()]
    total, reached = 0, -(1 << 62)
    for first, last in sorted(spans):
        total += max(0, last - max(first, reached))
        reached = max(reached, last)
    return total


def _still(own: Sequence[Record], words: Words) -> str:
    """Where a child is that has not left when the period ends."""
    where: dict[tuple[int, int], str] = {}
    states: Mapping[Kind, str] = {Kind.REFERRED: "in_review", Kind.JOINED: "on_list", Kind.STARTED: "in_course"}
    for record in own:
        if record.kind in states:
            where[record.place, record.stay] = states[record.kind]
        elif record.kind in CLOSES_A_STAY:
            where.pop((record.place, record.stay), None)
    state = next((state for state in reversed(list(states.values())) if state in where.values()), "nowhere")
    places = words.services_of(place for (place, _), found in where.items() if found == state)
    return words.say(f"still_{state}", date=words.date(words.shape.end), places=places)
