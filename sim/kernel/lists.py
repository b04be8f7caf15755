"""Waiting lists, compiled: who stands where, and who leaves without a start."""

from __future__ import annotations

from scenarios.units import DAY
from sim.compiled import inner
from sim.kernel.clocks import FOR_EVER
from sim.kernel.frame import (
    forget,
    look_up,
    meld,
    need_of,
    new_room,
    node_for,
    of_service,
    of_stay,
    schedule_for,
    schedule_stay,
    terms_of,
    touch,
    without_first,
    write_stay,
)
from sim.kernel.rules import next_date
from sim.kernel.words import (
    ADDRESS,
    C_FIRST,
    C_GONE,
    C_LAST,
    C_LEAVING,
    C_NEXT,
    C_RELAPSES,
    C_ROW,
    C_TASKS,
    C_WAYS,
    CLOSED_STAYS,
    DEADLINE_PASSES,
    END,
    EXCLUDING_USED,
    FIRST_DAY,
    FREE_CHILD,
    FREE_STAY,
    GONE_CHILDREN,
    GUARANTEE_PASSES,
    KEY_WORDS,
    MEETING_OF_PLACE,
    N_SEVERITY,
    NOW,
    P_CHANGED,
    P_ENTERED,
    P_GATE,
    P_GATE_AT,
    P_HOLDING,
    P_LEFT,
    P_LIST,
    P_SERVICE,
    P_WAITING,
    P_WAITING_AREA,
    PATIENCE,
    PATIENCE_ENDS,
    Q_ROW,
    Q_STAY,
    RISE,
    RISES,
    S_CHILD,
    S_CUT,
    S_DEADLINE,
    S_ENDING,
    S_FRONT,
    S_MAPPED,
    S_NEXT,
    S_NODE,
    S_NUMBER,
    S_ORIGIN,
    S_PARKED,
    S_PLACE,
    S_RAISED,
    S_RECEIVED,
    S_SEEN_AT,
    S_SERIAL,
    S_SINCE,
    S_SIZE,
    S_STATUS,
    S_URGENT,
    SERIAL,
    STAYS_MOST,
    STAYS_TOP,
    T_EXCLUDES,
    T_EXCLUDES_COUNT,
    T_ORDER,
    T_ORDER_COUNT,
    T_PATIENCE,
    T_RISES,
    U_BY_SEVERITY,
    U_GUARANTEE,
    U_OUTER,
)
from sim.order import DECISION, LEAVING
from sim.state import CLOSED, HELD, HELPED, LISTED, NEVER, REVIEWED

FIRST_COME, SEVERITY, BY_DEADLINE, REFERRAL = range(4)
FRONT = -(1 << 62)
"""Before every other key."""
MOST_SEVERE = 2


# -- stays ---------------------------------------------------------------------------------------------------------------------


@inner
def stay_at(m, c, p):
    """The child's open stay at a place; 0: none."""
    s = m[c + C_FIRST]
    while s and m[s + S_PLACE] != p:
        s = m[s + S_NEXT]
    return s


@inner
def open_stay(m, c, p, number, received, urgent):
    """A child begins to be at a place."""
    s = m[FREE_STAY]
    if s:
        m[FREE_STAY] = m[s + S_NEXT]
    else:
        s = new_room(m, STAYS_TOP, STAYS_MOST, S_SIZE)
        m[s + S_SERIAL] = 0
    for field in range(S_SERIAL + 1, S_SIZE):
        m[s + field] = 0
    m[s + S_STATUS] = REVIEWED
    m[s + S_CHILD] = c
    m[s + S_PLACE] = p
    m[s + S_NUMBER] = number
    m[s + S_SINCE] = m[NOW]
    m[s + S_RECEIVED] = received
    m[s + S_URGENT] = urgent
    m[s + S_CUT] = -1
    m[s + S_ENDING] = -1
    m[s + S_DEADLINE] = FOR_EVER
    m[s + S_ORIGIN] = -1
    m[s + S_MAPPED] = 1
    m[s + S_SEEN_AT] = NEVER
    if m[c + C_LAST]:
        m[m[c + C_LAST] + S_NEXT] = s
    else:
        m[c + C_FIRST] = s
    m[c + C_LAST] = s
    m[p + P_ENTERED] += 1
    return s


@inner
def close_stay(m, s):
    """The stay is over. Its words are kept till the event is over: whoever closes it may still ask."""
    m[s + S_STATUS] = CLOSED
    m[m[s + S_PLACE] + P_LEFT] += 1
    c = m[s + S_CHILD]
    before, here = 0, m[c + C_FIRST]
    while here != s:
        before, here = here, m[here + S_NEXT]
    if before:
        m[before + S_NEXT] = m[s + S_NEXT]
    else:
        m[c + C_FIRST] = m[s + S_NEXT]
    if m[c + C_LAST] == s:
        m[c + C_LAST] = before
    m[s + S_NEXT] = m[CLOSED_STAYS]
    m[CLOSED_STAYS] = s


@inner
def tidy(m):
    """After an event: the words of what is over may be used again. Whoever still points at it sees another serial."""
    s = m[CLOSED_STAYS]
    while s:
        following = m[s + S_NEXT]
        m[s + S_SERIAL] = (m[s + S_SERIAL] + 1) & SERIAL
        m[s + S_NEXT] = m[FREE_STAY]
        m[FREE_STAY] = s
        s = following
    m[CLOSED_STAYS] = 0
    c = m[GONE_CHILDREN]
    while c:
        following = m[c + C_NEXT]
        m[c + C_LEAVING] = 0
        if m[c + C_GONE] and not m[c + C_FIRST] and not m[c + C_WAYS] and not m[c + C_TASKS] and not m[c + C_RELAPSES]:
            m[c + C_ROW] = -1
            m[c + C_NEXT] = m[FREE_CHILD]
            m[FREE_CHILD] = c
        c = following
    m[GONE_CHILDREN] = 0


@inner
def may_be_over(m, c):
    """The child may need no words any longer: looked at when the event is over."""
    if m[c + C_GONE] and not m[c + C_LEAVING]:
        m[c + C_LEAVING] = 1
        m[c + C_NEXT] = m[GONE_CHILDREN]
        m[GONE_CHILDREN] = c


# -- order ---------------------------------------------------------------------------------------------------------------------


@inner
def severity_of(m, c):
    """The severity of the child's need."""
    return m[need_of(m, c) + N_SEVERITY]


@inner
def rank(m, s, by):
    """Where a stay stands by one of the orders of a list."""
    if by == FIRST_COME:
        return m[s + S_SINCE]
    if by == SEVERITY:
        return -min(MOST_SEVERE, severity_of(m, m[s + S_CHILD]) + m[s + S_RAISED])
    if by == BY_DEADLINE:
        return m[s + S_DEADLINE]
    return m[s + S_RECEIVED]


@inner
def keyed(m, s):
    """A node with the key of a stay."""
    node, word, t = node_for(m, s), 0, terms_of(m, s)
    if m[s + S_FRONT]:
        m[node] = FRONT
        word = 1
    else:
        for word in range(m[t + T_ORDER_COUNT]):
            m[node + word] = rank(m, s, m[t + T_ORDER + word])
        word = m[t + T_ORDER_COUNT]
    m[node + word] = m[s + S_SINCE]
    m[node + word + 1] = m[node + Q_ROW]
    return node


@inner
def put_on_list(m, s, node):
    """Into the list at its place; a node that is no longer the stay's is stale."""
    p = m[s + S_PLACE]
    m[s + S_NODE] = node
    m[p + P_LIST] = meld(m, m[p + P_LIST], node)
    if m[p + P_GATE]:
        await_meeting(m, p, m[NOW])
    touch(m, p)


@inner
def enlist(m, s):
    """Into the list by its order."""
    put_on_list(m, s, keyed(m, s))


@inner
def await_meeting(m, p, since):
    """Places are given out at set moments only: at the next one from a second on the list is looked at."""
    at = next_date(since, m[p + P_GATE])
    if at < m[p + P_GATE_AT]:
        m[p + P_GATE_AT] = at
        schedule_for(m, p, DECISION, at - m[NOW], MEETING_OF_PLACE)


@inner
def by_severity(m, t):
    """Whether severity has a say in the order."""
    for at in range(t + T_ORDER, t + T_ORDER + m[t + T_ORDER_COUNT]):
        if m[at] == SEVERITY:
            return True
    return False


@inner
def rank_anew(m, s):
    """The need or the wait has changed: so may the place in the order."""
    if m[s + S_STATUS] != LISTED or not m[s + S_NODE] or not by_severity(m, terms_of(m, s)):
        return
    node, before = keyed(m, s), m[s + S_NODE]
    for word in range(KEY_WORDS):
        if m[node + word] != m[before + word]:
            put_on_list(m, s, node)
            return
    forget(m, node)


@inner
def can_rise(m, s):
    """Not beyond the most severe."""
    return severity_of(m, m[s + S_CHILD]) + m[s + S_RAISED] < MOST_SEVERE


@inner
def wait_to_rise(m, s, t):
    """Till the wait has given one severity more."""
    ordinal = (m[s + S_NUMBER] - 1) * (MOST_SEVERE + 1) + m[s + S_RAISED]
    delay = look_up(m, m[t + T_RISES], of_service(m, m[s + S_CHILD], t, RISE, ordinal))
    schedule_stay(m, LEAVING, s, delay, RISES)


# -- deadlines -----------------------------------------------------------------------------------------------------------------


@inner
def set_deadline(m, s, due):
    """The individual deadline, within the law's outer limit, from referral received; a guarantee may be stricter."""
    latest, received = FOR_EVER, m[s + S_RECEIVED]
    if m[due + U_OUTER]:
        day = received // DAY - m[FIRST_DAY]
        latest = m[m[due + U_OUTER] + max(0, day)] + min(0, day) * DAY
    own = m[due + U_BY_SEVERITY + severity_of(m, m[s + S_CHILD])]
    if own >= 0:
        latest = min(latest, received + own)
    m[s + S_DEADLINE] = latest
    if latest < m[END]:
        schedule_stay(m, LEAVING, s, max(0, latest + 1 - m[NOW]), DEADLINE_PASSES)
    if m[due + U_GUARANTEE] >= 0:
        promised = received + m[due + U_GUARANTEE]
        if promised < m[END]:
            schedule_stay(m, LEAVING, s, max(0, promised + 1 - m[NOW]), GUARANTEE_PASSES)
        m[s + S_DEADLINE] = min(latest, promised)


@inner
def await_patience(m, s, t):
    """How long the child waits before giving up; for ever is longer than any run."""
    table = m[t + T_PATIENCE + severity_of(m, m[s + S_CHILD])]
    if table:
        delay = look_up(m, table, of_stay(m, s, PATIENCE))
        if delay <= m[END] - m[NOW]:
            schedule_stay(m, LEAVING, s, delay, PATIENCE_ENDS)


# -- leaving -------------------------------------------------------------------------------------------------------------------


@inner
def count_waiting(m, p, change):
    """One more or one fewer waits."""
    m[p + P_WAITING_AREA] += m[p + P_WAITING] * (m[NOW] - m[p + P_CHANGED])
    m[p + P_CHANGED] = m[NOW]
    m[p + P_WAITING] += change


@inner
def off_list(m, p):
    """One fewer waits: an ending that waited for room may come."""
    count_waiting(m, p, -1)
    if m[p + P_HOLDING]:
        touch(m, p)


@inner
def leave_list(m, s, kind, detail):
    """Off the list without a start."""
    off_list(m, m[s + S_PLACE])
    write_stay(m, kind, s, detail)
    close_stay(m, s)


# -- courses that exclude others -----------------------------------------------------------------------------------------------


@inner
def is_excluded(m, s):
    """Whether a course runs that cannot run beside one here."""
    t = terms_of(m, s)
    if not m[t + T_EXCLUDES_COUNT]:
        return False
    other = m[m[s + S_CHILD] + C_FIRST]
    while other:
        if m[other + S_STATUS] == HELPED or m[other + S_STATUS] == HELD:
            service = m[m[other + S_PLACE] + P_SERVICE]
            for at in range(m[t + T_EXCLUDES], m[t + T_EXCLUDES] + m[t + T_EXCLUDES_COUNT]):
                if m[at] == service:
                    return True
        other = m[other + S_NEXT]
    return False


@inner
def park(m, s):
    """Not to be called in till the course that excludes this one has ended."""
    m[s + S_PARKED] = 1


@inner
def head(m, p):
    """The node of the first who still waits and may be called in; stale ones are dropped. 0: nobody."""
    while m[p + P_LIST]:
        node = m[p + P_LIST]
        s = node_stay(m, node)
        if s:
            if not m[EXCLUDING_USED] or not is_excluded(m, s):
                return node
            park(m, s)
            m[s + S_NODE] = 0
        drop_head(m, p)
    return 0


@inner
def node_stay(m, node):
    """The stay of a node, if it still waits here; 0: the node is stale."""
    s = m[node + Q_STAY] & ADDRESS
    if m[s + S_SERIAL] == m[node + Q_STAY] >> 40 and m[s + S_STATUS] == LISTED and m[s + S_NODE] == node:
        return s
    return 0


@inner
def drop_head(m, p):
    """The first node goes."""
    node = m[p + P_LIST]
    m[p + P_LIST] = without_first(m, node)
    forget(m, node)
