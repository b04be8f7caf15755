"""The frame of a compiled run: draws, events in order, lists in order, and what is written down."""

from __future__ import annotations

import numpy as np

from sim.compiled import inner
from sim.draws import _M1, _M2
from sim.draws import GOLDEN as _GOLDEN
from sim.kernel.words import (
    A_NEIGHBOUR,
    A_SIZE,
    ADDRESS,
    AREAS,
    BEGIN,
    BUCKET,
    BUCKETS,
    C_AREA,
    C_KEY,
    C_NEED,
    C_ORDINAL,
    C_ROW,
    CLOCK_TABLE,
    END,
    EVENT_SIZE,
    EVENTS,
    FAULT,
    FAULT_ROW,
    FREE_EVENT,
    FREE_NODE,
    H_NEEDS,
    H_OPTIONS,
    HEAP,
    HEAP_COUNT,
    HEAP_MOST,
    L_ABOUT,
    L_AT,
    L_KEY,
    L_NEXT,
    L_SIZE,
    L_WHAT,
    LAST_BUCKET,
    LINE,
    MORE_ROOM,
    MOST,
    N_SIZE,
    NEXT_TIME,
    NOW,
    OWN_STREAMS,
    P_GROUP,
    P_NUMBER,
    P_TERMS,
    PHASE,
    PLACE_AT,
    Q_DOWN,
    Q_NEXT,
    Q_NUMBER,
    Q_ROW,
    Q_SIZE,
    Q_STAY,
    RECORD_COUNT,
    RECORD_MOST,
    RECORD_SIZE,
    RECORDS,
    S_CHILD,
    S_NUMBER,
    S_PLACE,
    S_RECEIVED,
    S_SERIAL,
    S_SINCE,
    SERVICE_COUNT,
    SHIFT,
    T_STREAMS,
    TOO_MANY_EVENTS,
    TOP,
    TOUCHED,
    TOUCHED_COUNT,
)
from sim.laws import FIRST, LAST, SECOND
from sim.order import MOST_EVENTS, OF_PLACES
from sim.pointer import prefetch

GOLDEN, FIRST_MIX, SECOND_MIX = np.uint64(_GOLDEN), np.uint64(_M1), np.uint64(_M2)
SHIFT_30, SHIFT_27, SHIFT_31, SHIFT_1 = (np.uint64(bits) for bits in (30, 27, 31, 1))


# -- draws ---------------------------------------------------------------------------------------------------------------------


@inner
def draw(key, purpose, ordinal):
    """:func:`sim.draws.draw`."""
    x = (np.uint64(key) ^ np.uint64(purpose)) + np.uint64(ordinal + 1) * GOLDEN
    x = (x ^ (x >> SHIFT_30)) * FIRST_MIX
    x = (x ^ (x >> SHIFT_27)) * SECOND_MIX
    return np.int64((x ^ (x >> SHIFT_31)) >> SHIFT_1)


@inner
def look_up(m, table, quantile):
    """:func:`sim.laws.look_up`."""
    index = quantile >> FIRST
    if index == LAST:
        index = LAST + ((quantile >> SECOND) & LAST)
    return m[table + index]


@inner
def of_child(m, c, purpose, ordinal):
    """The draw of a child for a purpose of its own."""
    return draw(m[c + C_KEY], m[m[OWN_STREAMS] + purpose], ordinal)


@inner
def of_service(m, c, t, purpose, ordinal):
    """The draw of a child for a purpose at the service of these terms."""
    return draw(m[c + C_KEY], m[m[t + T_STREAMS] + purpose], ordinal)


@inner
def of_stay(m, s, purpose):
    """The draw of a child for a purpose at the service of a stay."""
    return of_service(m, m[s + S_CHILD], m[m[s + S_PLACE] + P_TERMS], purpose, m[s + S_NUMBER] - 1)


@inner
def threshold(m, c, purpose, ordinal):
    """The threshold of a clock of a child."""
    return look_up(m, m[CLOCK_TABLE], of_child(m, c, purpose, ordinal))


# -- the plan ------------------------------------------------------------------------------------------------------------------


@inner
def need_of(m, c):
    """Where the child's need stands in the phase that holds."""
    return m[m[PHASE] + H_NEEDS] + m[c + C_NEED] * N_SIZE


@inner
def terms_of(m, s):
    """The terms of the place of a stay."""
    return m[m[s + S_PLACE] + P_TERMS]


@inner
def option_at(m, number):
    """The hours of an option: how many pools, and each with its amount."""
    return m[m[m[PHASE] + H_OPTIONS] + number]


@inner
def is_neighbour(m, c):
    """Whether the child lives in a neighbouring area that is not simulated in full."""
    return m[m[AREAS] + m[c + C_AREA] * A_SIZE + A_NEIGHBOUR] != 0


@inner
def place_for(m, c, service):
    """Where the child's area has a service; 0: nowhere."""
    return m[m[PLACE_AT] + m[c + C_AREA] * m[SERVICE_COUNT] + service]


# -- records -------------------------------------------------------------------------------------------------------------------


@inner
def write(m, kind, child, place, stay, since, received, detail, need):
    """Write down a record of this second."""
    count = m[RECORD_COUNT]
    if count >= m[RECORD_MOST]:
        m[FAULT] = MORE_ROOM
        raise MemoryError
    m[RECORD_COUNT] = count + 1
    at = m[RECORDS] + count * RECORD_SIZE
    m[at] = m[NOW]
    m[at + 1] = kind
    m[at + 2] = child
    m[at + 3] = place
    m[at + 4] = stay
    m[at + 5] = since
    m[at + 6] = received
    m[at + 7] = detail
    m[at + 8] = need


@inner
def write_stay(m, kind, s, detail):
    """A record of a stay, with its child's need as it is."""
    c = m[s + S_CHILD]
    place = m[m[s + S_PLACE] + P_NUMBER]
    write(m, kind, m[c + C_ROW], place, m[s + S_NUMBER], m[s + S_SINCE], m[s + S_RECEIVED], detail, m[c + C_NEED])


@inner
def write_child(m, kind, c, since, received, detail):
    """A record of a child that is about no service."""
    write(m, kind, m[c + C_ROW], -1, 0, since, received, detail, m[c + C_NEED])


# -- events --------------------------------------------------------------------------------------------------------------------
#
# Those of the bucket of time that is under way stand in a binary heap, those of later ones unsorted in their buckets: so the
# heap stays small, however many events lie ahead, and most of them are touched twice only.


@inner
def push(m, at, key, what, about):
    """Let an event come at a second; ``key`` orders those of one second. What comes after the end never comes."""
    if at > m[END]:
        return
    bucket = (at - m[BEGIN]) >> m[SHIFT]
    if bucket <= m[BUCKET]:
        push_now(m, at, key, what, about)
        return
    event, here = room(m, FREE_EVENT, L_NEXT, L_SIZE), m[BUCKETS] + bucket
    m[event + L_AT] = at
    m[event + L_KEY] = key
    m[event + L_WHAT] = what
    m[event + L_ABOUT] = about
    m[event + L_NEXT] = m[here]
    m[here] = event


@inner
def open_bucket(m):
    """Nothing is left in the heap: the events of the next bucket that has any, as far as the next child to arise."""
    bucket, last = m[BUCKET], m[LAST_BUCKET]
    if m[NEXT_TIME] <= m[END]:
        last = (m[NEXT_TIME] - m[BEGIN]) >> m[SHIFT]
    while bucket < last:
        bucket += 1
        here = m[BUCKETS] + bucket
        event = m[here]
        if event:
            m[here] = 0
            while event:
                following = m[event + L_NEXT]
                about = m[event + L_ABOUT] & ADDRESS
                prefetch(m, about)  # it is asked for soon, and may lie far away
                prefetch(m, about + LINE)
                push_now(m, m[event + L_AT], m[event + L_KEY], m[event + L_WHAT], m[event + L_ABOUT])
                give_room(m, FREE_EVENT, L_NEXT, event)
                event = following
            break
    m[BUCKET] = bucket


@inner
def push_now(m, at, key, what, about):
    """Into the heap."""
    count = m[HEAP_COUNT]
    if count >= m[HEAP_MOST]:
        m[FAULT] = MORE_ROOM
        raise MemoryError
    m[HEAP_COUNT] = count + 1
    heap = m[HEAP]
    while count > 0:
        above = (count - 1) >> 1
        here = heap + above * EVENT_SIZE
        if m[here] < at or (m[here] == at and m[here + 1] <= key):
            break
        there = heap + count * EVENT_SIZE
        m[there] = m[here]
        m[there + 1] = m[here + 1]
        m[there + 2] = m[here + 2]
        m[there + 3] = m[here + 3]
        count = above
    here = heap + count * EVENT_SIZE
    m[here] = at
    m[here + 1] = key
    m[here + 2] = what
    m[here + 3] = about


@inner
def drop_first(m):
    """Take the first event out."""
    count = m[HEAP_COUNT] - 1
    m[HEAP_COUNT] = count
    heap = m[HEAP]
    last = heap + count * EVENT_SIZE
    at, key = m[last], m[last + 1]
    hole, below = 0, 1
    while below < count:
        here = heap + below * EVENT_SIZE
        if below + 1 < count:
            beside = here + EVENT_SIZE
            if m[beside] < m[here] or (m[beside] == m[here] and m[beside + 1] < m[here + 1]):
                here = beside
                below += 1
        if at < m[here] or (at == m[here] and key <= m[here + 1]):
            break
        there = heap + hole * EVENT_SIZE
        m[there] = m[here]
        m[there + 1] = m[here + 1]
        m[there + 2] = m[here + 2]
        m[there + 3] = m[here + 3]
        hole = below
        below = 2 * hole + 1
    there = heap + hole * EVENT_SIZE
    m[there] = at
    m[there + 1] = key
    m[there + 2] = m[last + 2]
    m[there + 3] = m[last + 3]


@inner
def is_quiet(m):
    """Whether nothing else happens in this second."""
    return m[m[HEAP]] > m[NOW] and m[NEXT_TIME] > m[NOW]


@inner
def schedule(m, kind, c, delay, what, about):
    """Let an event of a child come after so many seconds; gives its key."""
    ordinal = m[c + C_ORDINAL] + 1
    m[c + C_ORDINAL] = ordinal
    if ordinal >= MOST_EVENTS:
        m[FAULT] = TOO_MANY_EVENTS
        m[FAULT_ROW] = m[c + C_ROW]
        raise RuntimeError
    m[EVENTS] += 1
    key = kind + (m[c + C_ROW] << 16) + ordinal
    push(m, m[NOW] + delay, key, what, about)
    return key


@inner
def schedule_for(m, p, kind, delay, what):
    """Let an event of a place come after so many seconds."""
    m[EVENTS] += 1
    push(m, m[NOW] + delay, kind + OF_PLACES + m[p + P_NUMBER], what, p)


@inner
def schedule_stay(m, kind, s, delay, what):
    """Let an event of a stay come, as long as it is this stay."""
    return schedule(m, kind, m[s + S_CHILD], delay, what, s | m[s + S_SERIAL] << 40)


# -- room ----------------------------------------------------------------------------------------------------------------------


@inner
def room(m, free, following, size):
    """Words for one more thing: those of one that is over, or new ones."""
    at = m[free]
    if at:
        m[free] = m[at + following]
        return at
    return new_room(m, TOP, MOST, size)


@inner
def new_room(m, top, most, size):
    """Words that nothing has used yet."""
    at = m[top]
    if at + size > m[most]:
        m[FAULT] = MORE_ROOM
        raise MemoryError
    m[top] = at + size
    return at


@inner
def give_room(m, free, following, at):
    """They may be used for another."""
    m[at + following] = m[free]
    m[free] = at


# -- lists in order: pairing heaps (Fredman, Sedgewick, Sleator and Tarjan 1986) -----------------------------------------------


@inner
def is_before(m, one, other):
    """Whether a node comes before another: by the words of their keys, then child and stay."""
    for word in range(Q_NUMBER + 1):
        if m[one + word] != m[other + word]:
            return m[one + word] < m[other + word]
    return False


@inner
def meld(m, one, other):
    """Two lists as one."""
    if one == 0:
        return other
    if other == 0:
        return one
    if is_before(m, other, one):
        one, other = other, one
    m[other + Q_NEXT] = m[one + Q_DOWN]
    m[one + Q_DOWN] = other
    return one


@inner
def without_first(m, root):
    """What is left of a list without its first: its children joined in pairs, and the pairs from the last to the first."""
    here, pairs = m[root + Q_DOWN], 0
    while here:
        beside = m[here + Q_NEXT]
        following = 0
        m[here + Q_NEXT] = 0
        if beside:
            following = m[beside + Q_NEXT]
            m[beside + Q_NEXT] = 0
        joined = meld(m, here, beside)
        m[joined + Q_NEXT] = pairs
        pairs = joined
        here = following
    left = 0
    while pairs:
        following = m[pairs + Q_NEXT]
        m[pairs + Q_NEXT] = 0
        left = meld(m, left, pairs)
        pairs = following
    m[root + Q_DOWN] = 0
    return left


@inner
def new_node(m):
    """A node with nothing in its key yet."""
    node = room(m, FREE_NODE, Q_NEXT, Q_SIZE)
    for word in range(Q_SIZE):
        m[node + word] = 0
    return node


@inner
def node_for(m, s):
    """A node for a stay, its key still to be filled in."""
    node = new_node(m)
    m[node + Q_ROW] = m[m[s + S_CHILD] + C_ROW]
    m[node + Q_NUMBER] = m[s + S_NUMBER]
    m[node + Q_STAY] = s | m[s + S_SERIAL] << 40
    return node


@inner
def stay_of(m, node):
    """The stay of a node; 0 where it is over."""
    s = m[node + Q_STAY] & ADDRESS
    return s if m[s + S_SERIAL] == m[node + Q_STAY] >> 40 else 0


@inner
def forget(m, node):
    """A node is not used any longer."""
    give_room(m, FREE_NODE, Q_NEXT, node)


# -- which lists are to be served ----------------------------------------------------------------------------------------------


@inner
def touch(m, p):
    """The list of a place, and of those that share its pools, is to be looked at."""
    group = m[p + P_GROUP]
    at, bit = m[TOUCHED] + (group >> 5), 1 << (group & 31)
    if not m[at] & bit:
        m[at] |= bit
        m[TOUCHED_COUNT] += 1


@inner
def first_touched(m):
    """The first group of places that is to be served, which is then not any longer."""
    at = m[TOUCHED]
    while m[at] == 0:
        at += 1
    word, bit = m[at], 0
    while not word >> bit & 1:
        bit += 1
    m[at] = word & ~(1 << bit)
    m[TOUCHED_COUNT] -= 1
    return ((at - m[TOUCHED]) << 5) + bit
