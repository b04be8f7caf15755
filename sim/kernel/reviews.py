"""Referral review, compiled: decided on paper or in a meeting, given the right or rejected."""

from __future__ import annotations

from sim.compiled import inner
from sim.kernel.frame import look_up, need_of, of_service, of_stay, schedule_stay, terms_of, write_stay
from sim.kernel.joining import go_elsewhere, join, visits_at
from sim.kernel.lists import close_stay
from sim.kernel.pools import work
from sim.kernel.rules import accepts, next_date, perceive, pick, reason, tightened, wrongly_rejected
from sim.kernel.ways import follow, route_after
from sim.kernel.words import (
    ACCEPT,
    ACCESS,
    C_NEED,
    C_PEOPLE,
    C_REJECTED,
    H_PEOPLE_ACCEPT,
    JUDGE,
    M_ACCURACY,
    M_CONSENT,
    M_DELAY,
    M_DOUBTFUL,
    M_EVERY,
    M_TASKS,
    MEET,
    MEET_CONSENT,
    MEET_DELAY,
    MEETING,
    N_STEP,
    NOW,
    P_SERVICE,
    P_WAITING,
    PHASE,
    R_WARM,
    REASON,
    RETURNED,
    S_CHILD,
    S_MAPPED,
    S_NUMBER,
    S_ORIGIN,
    S_PLACE,
    S_STATUS,
    S_TAKEN_FOR,
    T_REVIEW,
    T_STEP,
    V_ACCEPT,
    V_ACCURACY,
    V_ACCURACY_UNMAPPED,
    V_AGAIN,
    V_BY,
    V_EVERY,
    V_LEAST,
    V_MEETING,
    V_REASONS,
    V_REASONS_COUNT,
    V_REFERRERS,
    V_REFERRERS_COUNT,
    V_RETURNED,
    V_TASKS,
)
from sim.order import DECISION
from sim.records import Kind
from sim.reviews import NO_CONSENT
from sim.rules import FORMAL_ERROR, INFORMATION_MISSING, REJECTED
from sim.state import REVIEWED

ACCEPTED, REJECTION, MET = int(Kind.ACCEPTED), int(Kind.REJECTED), int(Kind.MET)
NO_REASON = -1


@inner
def decide(m, s):
    """The decision on paper, or whether there will be a meeting."""
    if m[s + S_STATUS] != REVIEWED:
        return
    review = m[terms_of(m, s) + T_REVIEW]
    if review == 0:  # the review was done away with meanwhile
        go_elsewhere(m, s, join(m, s, False, False))
    else:
        judge(m, s, review)


@inner
def judge(m, s, review):
    """By whom it comes from, what it says, and what it is taken for."""
    c = m[s + S_CHILD]
    work(m, c, m[s + S_PLACE], m[review + V_TASKS])
    if m[review + V_REFERRERS] and m[s + S_ORIGIN] != -1 and not may_refer(m, review, m[s + S_ORIGIN]):
        reject(m, s, review, 0, FORMAL_ERROR)
        return
    if not m[s + S_MAPPED] and of_stay(m, s, RETURNED) < m[review + V_RETURNED]:
        reject(m, s, review, 0, INFORMATION_MISSING)
        return
    taken_for = seen(m, s, JUDGE, m[review + V_ACCURACY] if m[s + S_MAPPED] else m[review + V_ACCURACY_UNMAPPED])
    accepted = is_accepted(m, s, review, taken_for)
    meeting = m[review + V_MEETING]
    if meeting and not (accepted and m[meeting + M_DOUBTFUL]):
        call_meeting(m, s, review, meeting, taken_for)
    else:
        conclude(m, s, review, accepted, taken_for)


@inner
def may_refer(m, review, origin):
    """Whether the service takes referrals from there."""
    for at in range(m[review + V_REFERRERS], m[review + V_REFERRERS] + m[review + V_REFERRERS_COUNT]):
        if m[at] == origin:
            return True
    return False


@inner
def seen(m, s, purpose, accuracy):
    """The step a reviewer takes the need for."""
    step = m[need_of(m, m[s + S_CHILD]) + N_STEP]
    if step < 0:
        return max(m[terms_of(m, s) + T_STEP], 0)
    return perceive(step, of_stay(m, s, purpose), accuracy)


@inner
def is_accepted(m, s, review, taken_for):
    """Whether the right to help is given."""
    c, p = m[s + S_CHILD], m[s + S_PLACE]
    bound = accepts(m[review + V_ACCEPT + taken_for], m[review + V_AGAIN], m[visits_at(m, c, m[p + P_SERVICE]) + 1])
    bound = tightened(bound, m[review + V_EVERY], m[review + V_BY], m[review + V_LEAST], m[p + P_WAITING])
    if of_stay(m, s, ACCEPT) >= bound:
        return False
    people = m[c + C_PEOPLE]
    return people < 0 or of_stay(m, s, ACCESS) < m[m[m[PHASE] + H_PEOPLE_ACCEPT] + people]


@inner
def conclude(m, s, review, accepted, taken_for):
    """The right is given, or the referral is rejected."""
    if accepted:
        write_stay(m, ACCEPTED, s, taken_for)
        go_elsewhere(m, s, join(m, s, False, False))
    else:
        reject(m, s, review, taken_for, NO_REASON)


@inner
def call_meeting(m, s, review, meeting, taken_for):
    """A meeting with those who know the child, if the family consents."""
    m[s + S_TAKEN_FOR] = taken_for
    if of_stay(m, s, MEET_CONSENT) >= m[meeting + M_CONSENT]:
        write_stay(m, MET, s, NO_CONSENT)
        conclude(m, s, review, is_accepted(m, s, review, taken_for), taken_for)
        return
    at = m[NOW] + look_up(m, m[meeting + M_DELAY], of_stay(m, s, MEET_DELAY))
    if m[meeting + M_EVERY]:
        at = next_date(at, m[meeting + M_EVERY])
    schedule_stay(m, DECISION, s, at - m[NOW], MEET)


@inner
def meet(m, s):
    """The meeting is held, unless meetings were done away with: then the paper decides."""
    if m[s + S_STATUS] != REVIEWED:
        return
    review = m[terms_of(m, s) + T_REVIEW]
    if review == 0:
        go_elsewhere(m, s, join(m, s, False, False))
        return
    meeting, taken_for = m[review + V_MEETING], m[s + S_TAKEN_FOR]
    if meeting:
        taken_for = seen(m, s, MEETING, m[meeting + M_ACCURACY])
        write_stay(m, MET, s, taken_for)
        work(m, m[s + S_CHILD], m[s + S_PLACE], m[meeting + M_TASKS])
    conclude(m, s, review, is_accepted(m, s, review, taken_for), taken_for)


@inner
def reject(m, s, review, taken_for, why):
    """The referral is rejected, for a stated reason or (``NO_REASON``) for one that is drawn."""
    c, p, t = m[s + S_CHILD], m[s + S_PLACE], terms_of(m, s)
    if why == NO_REASON:
        drawn = pick(m, m[review + V_REASONS], m[review + V_REASONS_COUNT], of_service(m, c, t, REASON, m[s + S_NUMBER] - 1))
        why = reason(taken_for, m[t + T_STEP], drawn)
    wrong = 1 if wrongly_rejected(m[need_of(m, c) + N_STEP], m[t + T_STEP]) else 0
    route = route_after(m, s, REJECTED, m[c + C_NEED])
    warm = 1 if route and m[route + R_WARM] else 0
    write_stay(m, REJECTION, s, why + 100 * wrong + 1000 * warm)
    m[visits_at(m, c, m[p + P_SERVICE]) + 1] += 1
    m[c + C_REJECTED] = 1
    close_stay(m, s)
    follow(m, s, route, False)
