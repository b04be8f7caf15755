"""What is read off one service."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from scenarios.units import YEAR
from sim.children import OPENING
from sim.draws import Ints
from sim.records import Kind
from sim.view import (
    FOLLOWED,
    NOT_DEFINED,
    View,
    days_of_ninetieth,
    followed_yearly,
    mean_days,
    mean_of_years,
    next_within,
    share,
    sum_of,
    whole_years,
)


def a_year(kind: Kind) -> Callable[[View, int], float]:
    """Records of a kind at a service, a year."""
    return lambda view, service: view.a_year(len(view.of(kind, service)))


def referrals(view: View, service: int) -> float:
    """Referrals received, a year."""
    return view.a_year(len(view.referred(service)))


def entered(view: View, service: int) -> float:
    """Children who joined the list or were referred, a year."""
    joins, referred = view.of(Kind.JOINED, service), view.referred(service)
    joins = joins.where((view.cohort.stream[joins.child] != OPENING) | (joins.time > 0))
    return view.a_year(max(len(joins), len(referred)))


def wait_started(view: View, service: int) -> float:
    """Days from received to start, of ordinary starts."""
    starts = view.of(Kind.STARTED, service)
    ordinary = starts.where(starts.detail % 2 == 0)
    return mean_days(sum_of(ordinary.time - ordinary.received), len(ordinary))


def wait_on_list(view: View, service: int) -> float:
    """Days on the list, of those who started."""
    starts = view.of(Kind.STARTED, service)
    return mean_days(sum_of(starts.time - starts.since), len(starts))


def wait_left(view: View, service: int) -> float:
    """Days on the list, of all who left it."""
    gone = view.off_list(service)
    return mean_days(sum(sum_of(log.time - log.since) for log in gone), sum(len(log) for log in gone))


def wait_so_far(view: View, service: int) -> float:
    """Those who left the list in the window and, up to now, those who still wait."""
    gone = view.off_list(service)
    still = still_waiting(view, service)
    waits = sum(sum_of(log.time - log.since) for log in gone) + sum_of(view.end - still)
    return mean_days(waits, sum(len(log) for log in gone) + len(still))


def still_waiting(view: View, service: int) -> Ints:
    """When each of those on the list at the end joined it."""
    joins = view.of(Kind.JOINED, service, inside=False)
    keys = (joins.child << 20) + joins.stay
    gone = np.concatenate([(log.child << 20) + log.stay for log in view.off_list(service, inside=False)])
    return joins.time[~np.isin(keys, gone)]


def waited(view: View, service: int) -> float:
    """Share of starts that were not at once."""
    starts = view.of(Kind.STARTED, service)
    return share(sum_of(starts.time > starts.since), len(starts))


def wait_90(view: View, service: int) -> float:
    """Days within which nine in ten ordinary starts took place."""
    starts = view.of(Kind.STARTED, service)
    ordinary = starts.where(starts.detail % 2 == 0)
    return days_of_ninetieth(np.sort(ordinary.time - ordinary.received))


def waiting(view: View, service: int) -> float:
    """Children on the list, a time average."""
    return view.area_under(view.of(Kind.JOINED, service, False), view.off_list(service, False))


def waiting_end(view: View, service: int) -> float:
    """Children on the list at the end."""
    return float(len(still_waiting(view, service)))


def in_course(view: View, service: int) -> float:
    """Children in a course, a time average."""
    return view.area_under(view.of(Kind.STARTED, service, False), [view.of(Kind.ENDED, service, False)])


def share_off_list(kind: Kind) -> Callable[[View, int], float]:
    """Of all who left the list, the share who did so in this way."""

    def fold(view: View, service: int) -> float:
        total = sum(len(log) for log in view.off_list(service))
        return share(len(view.of(kind, service)), total)

    return fold


def rejected_share(view: View, service: int) -> float:
    """Rejections of all decisions."""
    no, yes = len(view.of(Kind.REJECTED, service)), len(view.of(Kind.ACCEPTED, service))
    return share(no, no + yes)


def wrong(view: View, service: int) -> float:
    """Rejections of children who needed the service by the model, a year."""
    return view.a_year(sum_of(view.of(Kind.REJECTED, service).detail // 100 % 10 == 1))


def warm(view: View, service: int) -> float:
    """Rejections with a warm handover, a year."""
    return view.a_year(sum_of(view.of(Kind.REJECTED, service).detail // 1000 == 1))


def rejected_without_offer(view: View, service: int) -> float:
    """Rejections, early enough to be followed, after which nobody started help within 13 weeks; a year."""
    return followed_yearly(left_alone(view, service), view.end)


def left_alone(view: View, service: int) -> int:
    """The same, in the whole window."""
    log = view.of(Kind.REJECTED, service)
    log = log.where(log.time < view.end - FOLLOWED)
    starts = view.helping_starts()
    return sum_of(~next_within(starts.child, starts.time, log.child, log.time, FOLLOWED))


def rereferred(view: View, service: int) -> float:
    """Share of rejections followed by a new referral within a year."""
    log = view.of(Kind.REJECTED, service)
    log = log.where(log.time < view.end - YEAR)
    again = view.referred(service, inside=False)
    return share(sum_of(next_within(again.child, again.time, log.child, log.time + 1, YEAR)), len(log))


def patients(view: View, service: int) -> float:
    """Children with a course under way at some moment, a mean over the whole years of the window."""
    years = whole_years(view.end)
    span = min(YEAR, view.end)
    starts, ends = view.of(Kind.STARTED, service, False), view.of(Kind.ENDED, service, False)
    finish = dict(zip(((ends.child << 20) + ends.stay).tolist(), ends.time.tolist(), strict=True))
    stop = np.asarray([finish.get(key, view.end) for key in ((starts.child << 20) + starts.stay).tolist()], dtype=np.int64)
    counts = [len(np.unique(starts.child[(starts.time < (year + 1) * span) & (stop >= year * span)])) for year in range(years)]
    return mean_of_years(sum(counts), view.end)


def load(view: View, service: int) -> float:
    """Committed hours of capacity."""
    taken, capacity, _ = view.hours
    return taken[service] / capacity[service] if capacity.get(service) else NOT_DEFINED


def hours(view: View, service: int) -> float:
    """Hours a week committed."""
    return view.hours[0].get(service, NOT_DEFINED)


def overload(view: View, service: int) -> float:
    """Hours a week committed beyond capacity."""
    return view.hours[2].get(service, NOT_DEFINED)


def breaches(view: View, service: int) -> float:
    """The law's deadlines that passed on the list, a year."""
    return view.a_year(sum_of(view.of(Kind.BREACHED, service).detail == 0))


def broken_guarantees(view: View, service: int) -> float:
    """Stricter guarantees that were broken, a year."""
    return view.a_year(sum_of(view.of(Kind.BREACHED, service).detail == 1))


def overflow_cost(view: View, service: int) -> float:
    """What offers bought elsewhere after a breach cost, in kroner a year."""
    return view.a_year(sum_of(view.of(Kind.OVERFLOWED, service).detail))


def held(view: View, service: int) -> float:
    """Children whose course is over but who hold their hours while the next service has no room, a time average."""
    begun, ended = view.of(Kind.HELD, service, False), view.of(Kind.ENDED, service, False)
    keys, first = np.unique((begun.child << 20) + begun.stay, return_index=True)  # held anew where what it waits for closes
    over = ended.where(np.isin((ended.child << 20) + ended.stay, keys))
    return view.area_under(begun.where(first), [over])
