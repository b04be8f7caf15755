"""What a run uses at all: what none of its phases does costs an engine nothing. Both engines ask here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.plan import Plan, Terms


@dataclass(frozen=True)
class Uses:
    """Which mechanisms any phase of a run uses."""

    finding_used: bool
    clocks_used: bool
    relapse_used: bool
    somatic_used: bool
    known_used: bool
    excluding_used: bool
    helpers_used: bool
    coordination_used: bool
    origin_used: bool
    mapping_used: bool
    hold_used: bool
    papers_matter: bool
    travel_matters: bool
    start_matters: bool
    arrival_matters: bool
    rare: bool
    """Whether the end of a course may mean more than its outcome."""
    rates_change: bool
    """Whether a phase changes the rates of clocks."""
    awaited: tuple[bool, ...]
    """By place: whether endings elsewhere may wait for room here."""
    ever_cut: tuple[bool, ...]
    """By place: whether anything but its length may ever end a course."""
    limited: tuple[bool, ...]
    """By place: whether its list ever has a limited length."""
    findable: tuple[bool, ...]
    """By area: whether hidden need is ever found there."""


def uses(plans: Sequence[Plan]) -> Uses:
    """What the phases of a run use."""
    shape = plans[0].shape
    every = [terms for plan in plans for terms in {id(t): t for t in plan.terms}.values()]
    routes = [r for plan in plans for r in (*plan.door_routes, *([plan.crisis] if plan.crisis else []))]
    routes += [route for terms in every for route in terms.routes]
    held = {service for route in routes if route.hold for service in route.to}
    finding = any(any(plan.finds) for plan in plans)
    somatic = any(any(plan.needs.somatic) for plan in plans)
    known = any(t.balking or t.switch for t in every) or any(any(plan.door_quiet) for plan in plans)
    excluding = any(terms.excludes for terms in every)
    helpers = any(post is not None and post.breaks for plan in plans for post in plan.posts)
    coordination = any(plan.coordinator for plan in plans)
    origin = any(t.review and t.review.referrers is not None for t in every)
    mapping = any(t.review and (t.review.returned or t.review.accuracy_unmapped != t.review.accuracy) for t in every)
    rare = (
        bool(shape.leaves_at) or somatic or excluding or helpers or bool(held)
        or any(t.open_return or t.dose or t.party for t in every)
    )  # fmt: skip
    cut = {id(t): may_be_cut(t) for t in every}
    return Uses(
        finding_used=finding,
        clocks_used=finding or any(any(plan.needs.remission) or any(plan.needs.worsening) for plan in plans),
        relapse_used=any(any(plan.needs.relapse) for plan in plans),
        somatic_used=somatic,
        known_used=known,
        excluding_used=excluding,
        helpers_used=helpers,
        coordination_used=coordination,
        origin_used=origin,
        mapping_used=mapping,
        hold_used=bool(held),
        papers_matter=origin or mapping,
        travel_matters=finding or coordination or bool(held) or any(route.tasks for route in routes),
        start_matters=known or helpers,
        arrival_matters=bool(shape.leaves_at) or somatic,
        rare=rare,
        rates_change=len({(plan.needs.remission, plan.needs.worsening, plan.finds) for plan in plans}) > 1,
        awaited=tuple(service in held for _, service in shape.places),
        ever_cut=tuple(rare or any(cut[id(plan.terms[place])] for plan in plans) for place in range(len(shape.places))),
        limited=tuple(any(plan.terms[place].length is not None for plan in plans) for place in range(len(shape.places))),
        findable=tuple(any(p.finds and p.finds[area] for p in plans) for area in range(len(shape.areas))),
    )


def is_ordinary(terms: Terms) -> bool:
    """Whether nothing about a list calls for more than serving the head while there is room."""
    special = (terms.rises is not None, terms.at_once, terms.every, terms.switch, terms.balking, terms.waits_until,
               terms.excludes, terms.party, terms.calendar >= 0)  # fmt: skip
    return not any(special)


def is_cut(terms: Terms) -> bool:
    """Whether closures, birthdays, bodily causes or a helper who sees more may move the end of a phase of a course."""
    return bool(terms.ends_at or terms.somatic_check) or terms.steps_up is not None or terms.calendar >= 0


def may_be_cut(terms: Terms) -> bool:
    """Whether anything but its length may end a phase of a course."""
    return is_cut(terms) or any(stretch.dropout for stretch in terms.stretches)


@dataclass(frozen=True)
class PlaceUse:
    """What a phase says of a place, ready for whoever asks at every event."""

    gate: int
    """Seconds between the moments at which places are given out; 0: at any time."""
    alone: bool
    """It shares no pool, and no ending waits for room in it."""
    ordinary: bool
    simple: tuple[int, int, int] | None
    """(option, pool, amount) where children may enter without ceremony: one pool of its own, nothing beside."""
    direct: bool
    """Its list may be served at once when a course ends."""
    cuts: bool


def places_of(plan: Plan, used: Uses) -> tuple[PlaceUse, ...]:
    """What a phase says of each place."""
    shape, known = plan.shape, {id(t): (is_ordinary(t), is_cut(t)) for t in plan.terms}
    found = []
    for place, terms in enumerate(plan.terms):
        ordinary, cuts = known[id(terms)]
        ordinary = ordinary and not used.awaited[place]
        alone = len(shape.groups[shape.group_of[place]]) == 1 and not used.awaited[place]
        offers, simple = plan.offers[place][0], None
        if terms.review is None and not terms.beside and len(offers) == 1 and alone and ordinary:
            option = plan.options[offers[0]]
            simple = (offers[0], *option[0]) if len(option) == 1 else None
        gate = (terms.party.every if terms.party else 0) or terms.every
        found.append(PlaceUse(gate, alone, ordinary, simple, alone and ordinary and not used.limited[place], cuts))
    return tuple(found)
