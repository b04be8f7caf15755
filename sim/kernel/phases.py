"""What comes from outside, compiled: phases, planned closures, posts that are filled or fall vacant, grants that end."""

from __future__ import annotations

from sim.compiled import inner
from sim.engine import GRANT_ENDED, PAUSED
from sim.kernel.clocks import start_clocks, stop_clocks
from sim.kernel.courses import calendar_at, is_closed
from sim.kernel.frame import forget, meld, new_node, node_for, stay_of, touch, without_first, write
from sim.kernel.lists import await_meeting, drop_head, enlist, leave_list, node_stay
from sim.kernel.pools import pool_at
from sim.kernel.serving import TURNED_AWAY, change_helpers, look_again
from sim.kernel.ways import go_on, withdraw
from sim.kernel.words import (
    C_ROW,
    C_UNTREATED,
    CHILD_SIZE,
    CHILDREN_BEGIN,
    CHILDREN_TOP,
    G_EASY,
    G_SIZE,
    GROUP_COUNT,
    GROUPS,
    H_BREAKS,
    H_CAPACITY,
    H_EASY,
    H_FLAGS,
    H_OFFERS,
    H_TERMS,
    NOW,
    O_CAPACITY,
    O_COMMITTED,
    O_HAD,
    O_PLACE,
    O_STAFFED,
    P_ENDED,
    P_FIRST,
    P_GATE,
    P_HELD_FIRST,
    P_HELD_LAST,
    P_HOLDING,
    P_LIST,
    P_NUMBER,
    P_OPEN,
    P_ORDER,
    P_PAUSED,
    P_SECOND,
    P_SIZE,
    P_TERMS,
    P_WAITING,
    PHASE,
    PLACE_COUNT,
    PLACES,
    POOL_COUNT,
    Q_DOWN,
    Q_NEXT,
    Q_ROW,
    Q_STAY,
    RATES_CHANGE,
    S_PLACE,
    S_SINCE,
    S_SIZE,
    S_STATUS,
    STAYS_BEGIN,
    STAYS_TOP,
    T_CALENDAR,
    T_OPEN,
    T_ORDER,
    T_ORDER_COUNT,
)
from sim.records import Kind
from sim.rules import REFUSED
from sim.state import LISTED, REVIEWED

OVERLOADED, CAPACITY, CLOSED, REOPENED = (int(kind) for kind in (Kind.OVERLOADED, Kind.CAPACITY, Kind.CLOSED, Kind.REOPENED))


@inner
def place_at(m, number):
    """Where a place stands."""
    return m[PLACES] + number * P_SIZE


@inner
def hold_phase(m, phase):
    """Let a phase hold from now on."""
    m[PHASE] = phase
    for number in range(m[PLACE_COUNT]):
        p = place_at(m, number)
        t = m[m[phase + H_TERMS] + number]
        m[p + P_TERMS] = t
        m[p + P_OPEN] = 1 if m[t + T_OPEN] and not m[p + P_ENDED] else 0
        offers = m[m[phase + H_OFFERS] + number]
        m[p + P_FIRST] = m[offers]
        m[p + P_SECOND] = m[offers + 1]
        flags = m[phase + H_FLAGS] + number * (P_ORDER - P_GATE + 1)
        for nth in range(P_ORDER - P_GATE + 1):
            m[p + P_GATE + nth] = m[flags + nth]
    for number in range(m[POOL_COUNT]):
        pool = pool_at(m, number)
        m[pool + O_CAPACITY] = m[m[phase + H_CAPACITY] + number]
        if m[pool + O_STAFFED] >= 0:
            m[pool + O_CAPACITY] = m[pool + O_STAFFED]
        elif m[pool + O_STAFFED] < -1:  # known from the beginning, and of use from the next phase on
            m[pool + O_STAFFED] = -2 - m[pool + O_STAFFED]
        if m[m[pool + O_PLACE] + P_ENDED]:
            m[pool + O_CAPACITY] = 0
    for number in range(m[GROUP_COUNT]):
        m[m[GROUPS] + number * G_SIZE + G_EASY] = m[m[phase + H_EASY] + number]


@inner
def change_phase(m, phase):
    """Another phase holds from now on: the state stays, courses that run keep their terms."""
    before, running = m[PHASE], untreated(m)
    here = running
    while here:  # clocks are used up at the old rates so far, and go on at the new ones
        stop_clocks(m, m[here + Q_STAY])
        here = m[here + Q_DOWN]
    for number in range(m[POOL_COUNT]):
        pool = pool_at(m, number)
        m[pool + O_HAD] = m[pool + O_CAPACITY]
    hold_phase(m, phase)
    while running:
        start_clocks(m, m[running + Q_STAY])
        here = running
        running = m[here + Q_DOWN]
        forget(m, here)
    for number in range(m[POOL_COUNT]):
        pool = pool_at(m, number)
        if m[pool + O_CAPACITY] != m[pool + O_HAD]:
            note_capacity(m, number)
    for number in range(m[PLACE_COUNT]):
        p = place_at(m, number)
        old, t = m[m[before + H_TERMS] + number], m[p + P_TERMS]
        calendar = m[t + T_CALENDAR]
        pause(m, p, calendar >= 0 and is_closed(m, calendar_at(m, calendar), m[NOW]))
        if m[old + T_OPEN] and not m[t + T_OPEN]:
            close(m, p)
        elif not same_order(m, old, t):
            reorder(m, p)
        if m[p + P_GATE] and m[p + P_WAITING]:
            await_meeting(m, p, m[NOW])
    for number in range(m[PLACE_COUNT]):
        touch(m, place_at(m, number))


@inner
def same_order(m, one, other):
    """Whether two lists stand in the same order."""
    if m[one + T_ORDER_COUNT] != m[other + T_ORDER_COUNT]:
        return False
    for nth in range(m[one + T_ORDER_COUNT]):
        if m[one + T_ORDER + nth] != m[other + T_ORDER + nth]:
            return False
    return True


@inner
def untreated(m):
    """Whose clocks run or stand untreated, in order of their rows, as nodes strung on ``Q_DOWN``."""
    found, size = 0, m[CHILD_SIZE]
    if m[RATES_CHANGE]:
        for c in range(m[CHILDREN_BEGIN], m[CHILDREN_TOP], size):
            if m[c + C_ROW] >= 0 and m[c + C_UNTREATED]:
                node = node_for_child(m, c)
                found = meld(m, found, node)
    first, last = 0, 0
    while found:
        node = found
        found = without_first(m, node)
        m[node + Q_DOWN] = 0
        if last:
            m[last + Q_DOWN] = node
        else:
            first = node
        last = node
    return first


@inner
def node_for_child(m, c):
    """A node for a child, in the order of rows."""
    node = new_node(m)
    m[node + Q_ROW] = m[c + C_ROW]
    m[node + Q_STAY] = c
    return node


@inner
def note_capacity(m, number):
    """A pool's capacity has changed; it may be too small now for what runs."""
    pool = pool_at(m, number)
    capacity = m[pool + O_CAPACITY]
    write(m, CAPACITY, -1, number, 0, m[NOW], m[NOW], capacity, -1)
    if m[pool + O_COMMITTED] > capacity:
        write(m, OVERLOADED, -1, number, 0, m[NOW], m[NOW], m[pool + O_COMMITTED] - capacity, -1)


@inner
def close(m, p):
    """A service closes: whoever waits for it is sent on; courses that run keep their terms."""
    waiting = 0
    for s in range(m[STAYS_BEGIN], m[STAYS_TOP], S_SIZE):
        if m[s + S_PLACE] == p and (m[s + S_STATUS] == LISTED or m[s + S_STATUS] == REVIEWED):
            node = node_for(m, s)
            m[node] = m[s + S_SINCE]
            waiting = meld(m, waiting, node)
    while waiting:
        node = waiting
        waiting = without_first(m, node)
        s = stay_of(m, node)
        forget(m, node)
        if s == 0:
            continue
        if m[s + S_STATUS] == REVIEWED:
            withdraw(m, s)
            go_on(m, s, REFUSED)
        elif m[s + S_STATUS] == LISTED:
            leave_list(m, s, TURNED_AWAY, 1)
            go_on(m, s, REFUSED)
    held = m[p + P_HELD_FIRST]
    m[p + P_HELD_FIRST] = 0
    m[p + P_HELD_LAST] = 0
    m[p + P_HOLDING] = 0
    while held:
        s, following = stay_of(m, held), m[held + Q_NEXT]
        forget(m, held)
        if s:
            look_again(m, s)
        held = following


@inner
def reorder(m, p):
    """Put a list in its new order."""
    stays = 0
    while m[p + P_LIST]:
        node = m[p + P_LIST]
        s = node_stay(m, node)
        if s:
            m[p + P_LIST] = without_first(m, node)
            m[node + Q_NEXT] = stays
            stays = node
        else:
            drop_head(m, p)
    while stays:
        s, following = node_stay(m, stays), m[stays + Q_NEXT]
        forget(m, stays)
        enlist(m, s)
        stays = following


@inner
def turn_calendar(m, number, closes):
    """A planned closure begins or ends."""
    for nth in range(m[PLACE_COUNT]):
        p = place_at(m, nth)
        if m[m[p + P_TERMS] + T_CALENDAR] == number:
            pause(m, p, closes)


@inner
def pause(m, p, closed):
    """Nobody is called in while a service is closed as planned; its courses have reckoned with it."""
    if (m[p + P_PAUSED] != 0) == closed:
        return
    m[p + P_PAUSED] = 1 if closed else 0
    write(m, CLOSED if closed else REOPENED, -1, m[p + P_NUMBER], 0, m[NOW], m[NOW], PAUSED, -1)
    if not closed:
        touch(m, p)


@inner
def staff(m, number, capacity):
    """Posts are filled or fall vacant."""
    pool = pool_at(m, number)
    m[pool + O_STAFFED] = capacity
    p = m[pool + O_PLACE]
    if m[p + P_ENDED] or m[pool + O_CAPACITY] == capacity:
        return
    m[pool + O_CAPACITY] = capacity
    note_capacity(m, number)
    touch(m, p)


@inner
def depart(m, number, hazard, everybody):
    """Somebody leaves, and with them the helper of some courses."""
    breaks = m[m[m[PHASE] + H_BREAKS] + number]
    if breaks:
        change_helpers(m, number, hazard, everybody != 0, breaks)


@inner
def end_grant(m, p):
    """What a service lived on does not come again: it closes, and its posts with it."""
    if m[p + P_ENDED]:
        return
    m[p + P_ENDED] = 1
    m[p + P_OPEN] = 0
    write(m, CLOSED, -1, m[p + P_NUMBER], 0, m[NOW], m[NOW], GRANT_ENDED, -1)
    for number in range(m[POOL_COUNT]):
        pool = pool_at(m, number)
        if m[pool + O_PLACE] == p and m[pool + O_CAPACITY]:
            m[pool + O_CAPACITY] = 0
            note_capacity(m, number)
    close(m, p)
    touch(m, p)
