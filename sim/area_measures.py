"""What is read off the children of an area as a whole."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scenarios.schema import BANDS
from scenarios.units import DAY, WEEK
from sim.records import Kind
from sim.service_measures import rejected_without_offer, still_waiting
from sim.view import FEWEST, FOLLOWED, NOT_DEFINED, View, first_of, mean, next_within


def needs(view: View) -> float:
    """Needs that arise, a year."""
    log = view.of(Kind.AROSE)
    return float(np.sum(log.detail >= 0)) / view.years


def sought(view: View) -> float:
    """Children who first seek help, a year."""
    _, time = view.first_sought
    return float(np.sum(time >= 0)) / view.years


def wait_to_help(view: View) -> float:
    """From first seeking help to the first start of help, for those whose first start falls in the window."""
    child, sought = view.first_sought
    starts = view.helping_starts()
    who, first = first_of(starts.child, starts.time)
    both = np.isin(who, child) & (first >= 0)
    since = sought[np.searchsorted(child, who[both])]
    waits = (first[both] - since)[first[both] >= since]
    return mean(waits / DAY)


def helped_share(view: View) -> float:
    """Share helped within 13 weeks of first seeking help."""
    return mean(view.helped_within[1])


def right_help(view: View) -> float:
    """Of those who first sought help in the window: help on the right step for the need started in 26 weeks."""
    span = 26 * WEEK
    child, sought = view.first_sought
    follow = (sought >= 0) & (sought < view.end - span)
    starts = view.helping_starts()
    need_step = np.asarray([-1 if step is None else step for step in view.plan.needs.step])
    step = np.asarray([9 if terms.step is None else terms.step for terms in view.plan.terms])
    right = starts.where(step[starts.place] >= need_step[starts.need])
    return mean(next_within(right.child, right.time, child[follow], sought[follow], span))


def offer(view: View) -> float:
    """Of those referred in the window (first referral): given the right, or help started by anyone, within 13 weeks."""
    referred = view.referred(inside=False)
    child, time = first_of(referred.child, referred.time)
    follow = (time >= 0) & (time < view.end - FOLLOWED)
    starts, accepted = view.helping_starts(), view.of(Kind.ACCEPTED, inside=False)
    who = np.concatenate([starts.child, accepted.child])
    when = np.concatenate([starts.time, accepted.time])
    return mean(next_within(who, when, child[follow], time[follow], FOLLOWED))


def never_helped(view: View) -> float:
    """Of the needs that arose in the window, early enough to be followed: no course of any kind, doors included."""
    starts = np.unique(view.of(Kind.STARTED, inside=False).child)
    arose = view.of(Kind.AROSE)
    early = arose.where((arose.time < view.end - FOLLOWED) & (arose.detail >= 0))
    return mean(~np.isin(early.child, starts))


def lost(view: View) -> float:
    """Handovers in which a child is lost, a year."""
    return len(view.of(Kind.LOST)) / view.years


def worsened(view: View) -> float:
    """Worsened after having sought help, while nobody helped."""
    worse = view.of(Kind.WORSENED)
    child, sought = view.first_sought
    at = np.searchsorted(child, worse.child)
    known = at < len(child)
    known[known] &= child[at[known]] == worse.child[known]
    known[known] &= sought[at[known]] <= worse.time[known]
    return float(np.sum(known)) / view.years


def crises(view: View) -> float:
    """Severe needs that became a crisis while untreated, a year."""
    return len(view.of(Kind.CRISIS)) / view.years


def breaches(view: View) -> float:
    """The law's deadlines that passed on a list, a year."""
    return float(np.sum(view.of(Kind.BREACHED).detail == 0)) / view.years


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
    return float(np.sum(third & (time >= 0))) / view.years


def worst_group(view: View) -> float:
    """The lowest share helped within 13 weeks of any age band, or group of children, with enough of them in it."""
    child, helped = view.helped_within
    band, people = view.cohort.band[child], view.cohort.group[child]
    parts = [band == b for b in range(len(BANDS))] + [people == p for p in range(len(view.shape.people))]
    shares = [float(np.mean(helped[part])) for part in parts if np.sum(part) >= FEWEST]
    return min(shares) if shares else NOT_DEFINED


def overload_all(view: View) -> float:
    """Hours a week beyond capacity, over all services."""
    return float(sum(view.hours[2].values())) if view.hours[2] else NOT_DEFINED


def still_at_end(view: View) -> float:
    """Children on any list at the end."""
    return float(sum(len(still_waiting(view, service)) for service in range(len(view.shape.services))))


def wait_right_given(view: View) -> float:
    """National waiting time: referral received to start of help, ordinary starts at services with referral review."""
    reviewed = np.asarray([terms.review is not None for terms in view.plan.terms])
    starts = view.of(Kind.STARTED)
    starts = starts.where(reviewed[starts.place] & (starts.detail % 2 == 0))
    return mean((starts.time - starts.received) / DAY)


def rejected_alone(view: View) -> float:
    """Rejections without an offer within 13 weeks, over all services that review, a year."""
    reviewed = {terms.service for terms in view.plan.terms if terms.review is not None}
    return sum(rejected_without_offer(view, service) for service in reviewed) if reviewed else NOT_DEFINED


def left_recovered(view: View) -> float:
    """Children whose help ended their need, a year."""
    return _left(view, 0)


def left_done(view: View) -> float:
    """Left at the end of a course that states no outcomes."""
    return _left(view, 2)


def left_remitted(view: View) -> float:
    """The need passed by itself in a child whom somebody had begun to help."""
    return _left(view, 1) - left_unhelped(view)


def left_unhelped(view: View) -> float:
    """The need passed by itself in a child for whom no course of any kind ever started."""
    left = view.of(Kind.LEFT)
    left = left.where(left.detail == 1)
    return float(np.sum(~np.isin(left.child, view.of(Kind.STARTED, inside=False).child))) / view.years


def gave_up_all(view: View) -> float:
    """Children who gave up waiting, over all services, a year."""
    return len(view.of(Kind.GAVE_UP)) / view.years


def rejected_all(view: View) -> float:
    """Rejections over all services, a year."""
    return len(view.of(Kind.REJECTED)) / view.years


def a_year(kind: Kind) -> Callable[[View], float]:
    """How often something happens, a year."""

    def fold(view: View) -> float:
        return len(view.of(kind)) / view.years

    return fold


def _left(view: View, way: int) -> float:
    return float(np.sum(view.of(Kind.LEFT).detail == way)) / view.years
