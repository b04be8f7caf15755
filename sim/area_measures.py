"""What is read off the children of an area as a whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scenarios.schema import BANDS
from scenarios.units import WEEK
from sim.plan import NO_STEP
from sim.records import Kind
from sim.service_measures import left_alone, still_waiting
from sim.view import (
    FOLLOWED,
    NOT_DEFINED,
    View,
    first_of,
    followed_yearly,
    lowest_share,
    mean_days,
    mean_hours,
    next_within,
    share,
    sum_of,
)

HIGHER_THAN_ANY = 9
"""The step of a service of no stated step: it is right for every need."""


def needs(view: View) -> float:
    """Needs that arise, a year."""
    log = view.of(Kind.AROSE)
    return view.a_year(sum_of(log.detail >= 0))


def sought(view: View) -> float:
    """Children who first seek help, a year."""
    _, time = view.first_sought
    return view.a_year(sum_of(time >= 0))


def wait_to_help(view: View) -> float:
    """From first seeking help to the first start of help, for those whose first start falls in the window."""
    child, sought = view.first_sought
    starts = view.helping_starts()
    who, first = first_of(starts.child, starts.time)
    both = np.isin(who, child) & (first >= 0)
    since = sought[np.searchsorted(child, who[both])]
    waits = (first[both] - since)[first[both] >= since]
    return mean_days(sum_of(waits), len(waits))


def helped_share(view: View) -> float:
    """Share helped within 13 weeks of first seeking help."""
    helped = view.helped_within[1]
    return share(sum_of(helped), len(helped))


def right_help(view: View) -> float:
    """Of those who first sought help in the window: help on the right step for the need started in 26 weeks."""
    span = 26 * WEEK
    child, sought = view.first_sought
    follow = (sought >= 0) & (sought < view.end - span)
    starts = view.helping_starts()
    need_step = np.asarray(view.plan.needs.step)
    step = np.asarray([HIGHER_THAN_ANY if terms.step == NO_STEP else terms.step for terms in view.plan.terms])
    right = starts.where(step[starts.place] >= need_step[starts.need])
    helped = next_within(right.child, right.time, child[follow], sought[follow], span)
    return share(sum_of(helped), len(helped))


def offer(view: View) -> float:
    """Of those referred in the window (first referral): given the right, or help started by anyone, within 13 weeks."""
    referred = view.referred(inside=False)
    child, time = first_of(referred.child, referred.time)
    follow = (time >= 0) & (time < view.end - FOLLOWED)
    starts, accepted = view.helping_starts(), view.of(Kind.ACCEPTED, inside=False)
    who = np.concatenate([starts.child, accepted.child])
    when = np.concatenate([starts.time, accepted.time])
    offered = next_within(who, when, child[follow], time[follow], FOLLOWED)
    return share(sum_of(offered), len(offered))


def never_helped(view: View) -> float:
    """Of the needs that arose in the window, early enough to be followed: no course of any kind, doors included."""
    starts = np.unique(view.of(Kind.STARTED, inside=False).child)
    arose = view.of(Kind.AROSE)
    early = arose.where((arose.time < view.end - FOLLOWED) & (arose.detail >= 0))
    return share(sum_of(~np.isin(early.child, starts)), len(early))


def lost(view: View) -> float:
    """Handovers in which a child is lost, a year."""
    return view.a_year(len(view.of(Kind.LOST)))


def worsened(view: View) -> float:
    """Worsened after having sought help, while nobody helped."""
    worse = view.of(Kind.WORSENED)
    child, sought = view.first_sought
    at = np.searchsorted(child, worse.child)
    known = at < len(child)
    known[known] &= child[at[known]] == worse.child[known]
    known[known] &= sought[at[known]] <= worse.time[known]
    return view.a_year(sum_of(known))


def crises(view: View) -> float:
    """Severe needs that became a crisis while untreated, a year."""
    return view.a_year(len(view.of(Kind.CRISIS)))


def breaches(view: View) -> float:
    """The law's deadlines that passed on a list, a year."""
    return view.a_year(sum_of(view.of(Kind.BREACHED).detail == 0))


def sent_around(view: View) -> float:
    """Third transfers without help in between."""
    moves, starts = view.of(Kind.HANDED_OVER, inside=False), view.helping_starts()
    child = np.concatenate([moves.child, starts.child])
    time = np.concatenate([moves.time, starts.time])
    move = np.concatenate([np.ones(len(moves), dtype=bool), np.zeros(len(starts), dtype=bool)])
    order = np.lexsort((move, time, child))
    child, time, move = child[order], time[order], move[order]
    if not len(child):
        return 0.0
    fresh = ~move
    fresh[1:] |= child[1:] != child[:-1]
    fresh[0] = True
    block = np.cumsum(fresh)
    so_far = np.cumsum(move)
    before = np.concatenate([[0], so_far])[np.flatnonzero(fresh)][block - 1]
    third = move & (so_far - before == 3)
    return view.a_year(sum_of(third & (time >= 0)))


def worst_group(view: View) -> float:
    """The lowest share helped within 13 weeks of any age band, or group of children, with enough of them in it."""
    child, helped = view.helped_within
    band, people = view.cohort.band[child], view.cohort.group[child]
    parts = [band == b for b in range(len(BANDS))] + [people == p for p in range(len(view.shape.people))]
    return lowest_share((sum_of(helped[part]), sum_of(part)) for part in parts)


def overload_all(view: View) -> float:
    """Hours a week beyond capacity, over all services."""
    beyond = view.pool_seconds[2]
    return mean_hours(sum(beyond.values()), view.end) if beyond else NOT_DEFINED


def still_at_end(view: View) -> float:
    """Children on any list at the end."""
    return float(sum(len(still_waiting(view, service)) for service in range(len(view.shape.services))))


def wait_right_given(view: View) -> float:
    """National waiting time: referral received to start of help, ordinary starts at services with referral review."""
    reviewed = np.asarray([terms.review is not None for terms in view.plan.terms])
    starts = view.of(Kind.STARTED)
    starts = starts.where(reviewed[starts.place] & (starts.detail % 2 == 0))
    return mean_days(sum_of(starts.time - starts.received), len(starts))


def rejected_alone(view: View) -> float:
    """Rejections without an offer within 13 weeks, over all services that review, a year."""
    reviewed = {terms.service for terms in view.plan.terms if terms.review is not None}
    return followed_yearly(sum(left_alone(view, service) for service in reviewed), view.end) if reviewed else NOT_DEFINED


def left_recovered(view: View) -> float:
    """Children whose help ended their need, a year."""
    return view.a_year(_left(view, 0))


def left_done(view: View) -> float:
    """Left at the end of a course that states no outcomes."""
    return view.a_year(_left(view, 2))


def left_remitted(view: View) -> float:
    """The need passed by itself in a child whom somebody had begun to help."""
    return view.a_year(_left(view, 1) - _passed_unhelped(view))


def left_unhelped(view: View) -> float:
    """The need passed by itself in a child for whom no course of any kind ever started."""
    return view.a_year(_passed_unhelped(view))


def gave_up_all(view: View) -> float:
    """Children who gave up waiting, over all services, a year."""
    return view.a_year(len(view.of(Kind.GAVE_UP)))


def rejected_all(view: View) -> float:
    """Rejections over all services, a year."""
    return view.a_year(len(view.of(Kind.REJECTED)))


def a_year(kind: Kind) -> Callable[[View], float]:
    """How often something happens, a year."""

    def fold(view: View) -> float:
        return view.a_year(len(view.of(kind)))

    return fold


def _left(view: View, way: int) -> int:
    return sum_of(view.of(Kind.LEFT).detail == way)


def _passed_unhelped(view: View) -> int:
    left = view.of(Kind.LEFT)
    left = left.where(left.detail == 1)
    return sum_of(~np.isin(left.child, view.of(Kind.STARTED, inside=False).child))
