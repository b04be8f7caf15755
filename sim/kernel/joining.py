"""Reaching a service, compiled: on to the list, into review, or into a course at once; and what is offered beside one."""

from __future__ import annotations

from scenarios.units import DAY
from sim.children import NO_AGE, OPENING
from sim.compiled import inner
from sim.kernel.clocks import FOR_EVER
from sim.kernel.courses import start, start_urgently
from sim.kernel.frame import (
    is_quiet,
    look_up,
    need_of,
    of_service,
    of_stay,
    place_for,
    room,
    schedule_stay,
    terms_of,
    touch,
    write,
)
from sim.kernel.lists import (
    await_patience,
    can_rise,
    count_waiting,
    enlist,
    leave_list,
    open_stay,
    rank_anew,
    set_deadline,
    severity_of,
    stay_at,
    wait_to_rise,
)
from sim.kernel.pools import pool_at
from sim.kernel.rules import birthday, put_off
from sim.kernel.ways import go_on, takes
from sim.kernel.words import (
    B_SHARE,
    B_SIZE,
    B_STEPS,
    B_TO,
    BALK,
    BE_READY,
    BESIDE,
    BIRTHDAY_COMES,
    C_BORN,
    C_FIRST,
    C_LAST,
    C_NEED,
    C_ROW,
    C_STREAM,
    C_VISITS,
    C_WAITED,
    CONSENT,
    DECIDE,
    DUE_DAYS,
    END,
    FIRST_DAY,
    FREE_NODE,
    I_OVER,
    I_REVIEW,
    I_SHARE,
    I_TO,
    I_TO_COUNT,
    LEAD,
    LOOK_ELSEWHERE,
    N_STEP,
    NOW,
    O_CAPACITY,
    O_COMMITTED,
    OFFERS,
    OFFERS_COUNT,
    P_JOINED_FIRST,
    P_JOINED_LAST,
    P_KNOWN,
    P_LIMITED,
    P_NUMBER,
    P_ORDINARY,
    P_SERVICE,
    P_SIMPLE,
    P_SIMPLE_AMOUNT,
    P_SIMPLE_POOL,
    P_TERMS,
    P_WAITING,
    PAPERS_MATTER,
    Q_NEXT,
    Q_SIZE,
    Q_STAY,
    REVIEW,
    S_CHILD,
    S_DEADLINE,
    S_FRONT,
    S_MAPPED,
    S_MIDWAY,
    S_NEXT,
    S_NUMBER,
    S_ORIGIN,
    S_PLACE,
    S_RECEIVED,
    S_REVIEWS,
    S_SERIAL,
    S_SINCE,
    S_STATUS,
    S_URGENT,
    SWITCH,
    T_AT_ONCE,
    T_BALKING,
    T_BALKING_COUNT,
    T_BESIDE,
    T_BESIDE_COUNT,
    T_DUE,
    T_REVIEW,
    T_RISES,
    T_SERVICE,
    T_SWITCH,
    T_WAITS_UNTIL,
    TOUCHED_COUNT,
    V_CONSENT,
    V_DUE,
    V_LEAD,
    V_LENGTH,
)
from sim.lists import REVIEWS as MOST_REVIEWS
from sim.order import DECISION, LEAVING
from sim.records import Kind
from sim.rules import BALKED
from sim.state import LISTED, REVIEWED

JOINED, REFERRED, WENT_AWAY, SWITCHED = (int(kind) for kind in (Kind.JOINED, Kind.REFERRED, Kind.BALKED, Kind.SWITCHED))
STAYS, ELSEWHERE = -1, 0
"""Of whoever joins a list: it stays, or it is dealt with; else the place it switches to."""


@inner
def join(m, s, urgent, ready):
    """On to the list; gives the place that the child switches to instead, or 0.

    ``urgent`` starts at once; ``ready`` may be called in from now, whatever the service's notice.
    """
    p = m[s + S_PLACE]
    t = m[p + P_TERMS]
    urgent = urgent or m[s + S_URGENT] != 0
    was_reviewed = m[t + T_REVIEW] != 0 and not urgent
    m[s + S_STATUS] = LISTED
    m[s + S_SINCE] = m[NOW]
    m[s + S_URGENT] = 1 if urgent else 0
    count_waiting(m, p, 1)
    c = m[s + S_CHILD]
    write(m, JOINED, m[c + C_ROW], m[p + P_NUMBER], m[s + S_NUMBER], m[NOW], m[s + S_RECEIVED], 0, m[c + C_NEED])
    if urgent:
        start_urgently(m, s)
        return 0
    if not m[p + P_ORDINARY]:
        instead = special(m, s, t, ready)
        if instead != STAYS:
            return instead
    if m[p + P_LIMITED]:
        stand_in_line(m, s)
    if m[t + T_DUE]:
        set_deadline(m, s, m[t + T_DUE])
    await_patience(m, s, t)
    if was_reviewed and not ready:
        delay = look_up(m, m[m[t + T_REVIEW] + V_LEAD], of_stay(m, s, LEAD))
        if m[s + S_DEADLINE] != FOR_EVER:
            delay = max(1, min(delay, (m[s + S_DEADLINE] - m[NOW]) // 2))
        schedule_stay(m, DECISION, s, delay, BE_READY)
    else:
        enlist(m, s)
    return 0


@inner
def stand_in_line(m, s):
    """In a list of limited length: the last in it is turned away first."""
    p = m[s + S_PLACE]
    node = room(m, FREE_NODE, Q_NEXT, Q_SIZE)
    m[node + Q_STAY] = s | m[s + S_SERIAL] << 40
    m[node + Q_NEXT] = 0  # the one before it
    if not m[p + P_JOINED_LAST]:
        m[p + P_JOINED_FIRST] = node
        m[p + P_JOINED_LAST] = node
    elif m[s + S_FRONT]:
        m[m[p + P_JOINED_FIRST] + Q_NEXT] = node
        m[p + P_JOINED_FIRST] = node
    else:
        m[node + Q_NEXT] = m[p + P_JOINED_LAST]
        m[p + P_JOINED_LAST] = node
    touch(m, p)


@inner
def special(m, s, t, ready):
    """Starts at once for its severity; or the known wait is too long: it does not stay, or goes to a service like this.

    Whoever is ``ready`` does not ask: already on the list on the first day, or first on it by the way that stood open.
    """
    c = m[s + S_CHILD]
    if m[t + T_AT_ONCE] >> severity_of(m, c) & 1:
        m[s + S_URGENT] = 1
        start_urgently(m, s)
        return ELSEWHERE
    if m[t + T_RISES] and can_rise(m, s):
        wait_to_rise(m, s, t)
    known = m[m[s + S_PLACE] + P_KNOWN]
    if m[t + T_BALKING_COUNT] and not ready:
        if of_stay(m, s, BALK) < put_off(m, m[t + T_BALKING], m[t + T_BALKING_COUNT], known):
            leave_list(m, s, WENT_AWAY, known)
            go_on(m, s, BALKED)
            return ELSEWHERE
    if m[t + T_SWITCH]:
        if not ready:
            other = switches(m, s, t, 0)
            if other:
                return other
        if m[m[t + T_SWITCH] + I_REVIEW]:
            review_wait(m, s, t, 1)
    return STAYS


@inner
def switches(m, s, t, review):
    """Off the list to where the known wait is shorter, if it is too long here: that place, or 0."""
    switch, c, known = m[t + T_SWITCH], m[s + S_CHILD], m[m[s + S_PLACE] + P_KNOWN]
    if switch == 0 or known <= m[switch + I_OVER]:
        return 0
    ordinal = (m[s + S_NUMBER] - 1) * MOST_REVIEWS + min(review, MOST_REVIEWS - 1)
    if of_service(m, c, t, SWITCH, ordinal) >= m[switch + I_SHARE]:
        return 0
    for at in range(m[switch + I_TO], m[switch + I_TO] + m[switch + I_TO_COUNT]):
        p = place_for(m, c, m[at])
        if takes(m, p, c) and not stay_at(m, c, p) and m[p + P_KNOWN] < known:
            leave_list(m, s, SWITCHED, m[p + P_NUMBER])
            return p
    return 0


@inner
def review_wait(m, s, t, number):
    """Till those who have waited long are asked again."""
    m[s + S_REVIEWS] = number
    schedule_stay(m, LEAVING, s, m[m[t + T_SWITCH] + I_REVIEW], LOOK_ELSEWHERE)


@inner
def await_birthday(m, s, t):
    """The birthday that takes a child off the list or out of the review."""
    born = m[m[s + S_CHILD] + C_BORN]
    if born != NO_AGE:
        delay = birthday(born, m[t + T_WAITS_UNTIL]) - m[NOW]
        if delay <= m[END] - m[NOW]:
            schedule_stay(m, LEAVING, s, max(0, delay), BIRTHDAY_COMES)


@inner
def visits_at(m, c, service):
    """Where the child's stays at a service are counted, and after them its rejections there."""
    return c + C_VISITS + 2 * service


@inner
def come(m, c, p, received, urgent, sender, mapped):
    """The child reaches a service, and goes on from it at once to another like it as long as the wait there is shorter."""
    s = enter(m, c, p, received, urgent, sender, mapped)
    while s:
        p = m[s + S_REVIEWS]  # put there by `enter`
        s = enter(m, c, p, m[s + S_RECEIVED], False, -1, m[s + S_MAPPED])


@inner
def go_elsewhere(m, s, p):
    """A child that has left a list goes to another place (0: it has not)."""
    if p:
        come(m, m[s + S_CHILD], p, m[s + S_RECEIVED], False, -1, m[s + S_MAPPED])


@inner
def enter(m, c, p, received, urgent, sender, mapped):
    """It starts at once, joins the list, or has its referral reviewed first. Gives the stay of a child that switches, or 0."""
    t = m[p + P_TERMS]
    visits = visits_at(m, c, m[p + P_SERVICE])
    m[visits] += 1
    s = open_stay(m, c, p, m[visits], received, 1 if urgent else 0)
    if m[p + P_SIMPLE] >= 0 and not urgent and not m[p + P_WAITING] and not m[TOUCHED_COUNT]:
        pool = pool_at(m, m[p + P_SIMPLE_POOL])
        if m[pool + O_COMMITTED] + m[p + P_SIMPLE_AMOUNT] <= m[pool + O_CAPACITY] and is_quiet(m):
            # what serving the lists would do: nobody waits, there is room, and nothing else happens in this second
            write(m, JOINED, m[c + C_ROW], m[p + P_NUMBER], m[visits], m[NOW], received, 0, m[c + C_NEED])
            start(m, s, m[p + P_SIMPLE], True)
            return 0
    if m[t + T_WAITS_UNTIL]:
        await_birthday(m, s, t)
    review = m[t + T_REVIEW]
    if review == 0:
        return noted(m, s, join(m, s, False, False))
    write(m, REFERRED, m[c + C_ROW], m[p + P_NUMBER], m[visits], m[NOW], received, m[visits + 1], m[c + C_NEED])
    if urgent:
        return noted(m, s, join(m, s, False, False))
    if m[PAPERS_MATTER]:
        m[s + S_ORIGIN] = sender
        m[s + S_MAPPED] = mapped
    consent = 0
    if m[review + V_CONSENT]:
        consent = look_up(m, m[review + V_CONSENT], of_stay(m, s, CONSENT))
    delay = look_up(m, m[review + V_LENGTH], of_stay(m, s, REVIEW))
    if m[review + V_DUE]:
        day = min((m[NOW] + consent) // DAY - m[FIRST_DAY], m[DUE_DAYS] - 1)
        delay = max(1, min(delay, m[m[review + V_DUE] + day] - m[NOW] - consent))
    schedule_stay(m, DECISION, s, consent + delay, DECIDE)
    return 0


@inner
def noted(m, s, other):
    """The stay of a child that goes to another place, which is noted in it; 0 where it does not."""
    if other == 0:
        return 0
    m[s + S_REVIEWS] = other
    return s


@inner
def be_there(m, c, p):
    """One of those already here on the first day, on the list or in a course: reviewed before, if the service reviews."""
    t = m[p + P_TERMS]
    m[visits_at(m, c, m[p + P_SERVICE])] = 1
    received = m[NOW] - m[c + C_WAITED]
    s = open_stay(m, c, p, 1, received, 0)
    if m[t + T_WAITS_UNTIL]:
        await_birthday(m, s, t)
    place = m[p + P_NUMBER]
    if m[t + T_REVIEW]:
        write(m, REFERRED, m[c + C_ROW], place, 1, m[NOW], received, OPENING, m[c + C_NEED])
    if m[c + C_STREAM] == OPENING:
        join(m, s, False, True)
        return
    m[s + S_MIDWAY] = 1
    m[s + S_STATUS] = LISTED
    count_waiting(m, p, 1)
    write(m, JOINED, m[c + C_ROW], place, 1, m[NOW], received, 0, m[c + C_NEED])
    start_urgently(m, s)


@inner
def come_back(m, c, p):
    """By the open way: first on the list, without door and review."""
    t = m[p + P_TERMS]
    visits = visits_at(m, c, m[p + P_SERVICE])
    m[visits] += 1
    s = open_stay(m, c, p, m[visits], m[NOW], 0)
    m[s + S_FRONT] = 1
    if m[t + T_WAITS_UNTIL]:
        await_birthday(m, s, t)
    join(m, s, False, True)


@inner
def hurry(m, s):
    """Whoever waits here starts at once, over capacity if need be."""
    if m[s + S_STATUS] == LISTED:
        m[s + S_URGENT] = 1
        start_urgently(m, s)
    elif m[s + S_STATUS] == REVIEWED:
        join(m, s, True, False)


@inner
def offer(m):
    """Help beside the courses that have just started is offered, and beside those that start by it, before anything else."""
    while m[OFFERS_COUNT]:
        at = m[OFFERS] + m[OFFERS_COUNT] - 2
        s, number = m[at], m[at + 1]
        c, t = m[s + S_CHILD], terms_of(m, s)
        if number >= m[t + T_BESIDE_COUNT]:
            m[OFFERS_COUNT] -= 2
            continue
        m[at + 1] = number + 1
        beside = m[t + T_BESIDE] + number * B_SIZE
        p = place_for(m, c, m[beside + B_TO])
        step = m[need_of(m, c) + N_STEP]
        if (step < 0 or m[beside + B_STEPS] >> step & 1) and p and not stay_at(m, c, p) and takes(m, p, c):
            if of_service(m, c, t, BESIDE, (m[s + S_NUMBER] - 1) * 8 + number) < m[beside + B_SHARE]:
                come(m, c, p, m[NOW], False, m[t + T_SERVICE], 1)


@inner
def see_anew(m, c):
    """The need has changed: so may the place in the order of a list, and for some needs a start at once."""
    last, s = m[c + C_LAST], m[c + C_FIRST]
    while s:
        following = m[s + S_NEXT] if s != last else 0  # those who come meanwhile are seen as they are
        rank_anew(m, s)
        if m[s + S_STATUS] == LISTED and m[terms_of(m, s) + T_AT_ONCE] >> severity_of(m, c) & 1:
            hurry(m, s)
            offer(m)
        s = following
