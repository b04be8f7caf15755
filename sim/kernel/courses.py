"""Courses, compiled: help starts, goes on, and what ends a phase of it first."""

from __future__ import annotations

from sim.children import NO_AGE
from sim.compiled import inner
from sim.courses import CHANGES
from sim.courses import POOLS as MOST_POOLS
from sim.kernel.clocks import stop_clocks
from sim.kernel.frame import (
    look_up,
    meld,
    need_of,
    node_for,
    of_service,
    of_stay,
    option_at,
    room,
    schedule,
    terms_of,
    write,
    write_stay,
)
from sim.kernel.lists import is_excluded, off_list, park
from sim.kernel.pools import give_back, pool_at, take, urgent_option
from sim.kernel.rules import birthday, is_match, times
from sim.kernel.words import (
    C_BORN,
    C_COURSES,
    C_NEED,
    C_OPENING,
    C_ROW,
    C_SOMATIC,
    CALENDARS,
    CLOCK_TABLE,
    CLOCKS_USED,
    DROPOUT,
    DROPOUT_AT,
    E_BEGINS,
    E_CLOSED,
    E_COUNT,
    E_ENDS,
    E_SIZE,
    E_WORKED,
    EXCLUDING_USED,
    FAULT,
    FAULT_ROW,
    FREE_PARTY,
    H_MEMBER,
    H_NUMBER,
    HELPER,
    HELPERS_USED,
    LENGTH,
    MIDWAY_USED,
    MORE_ROOM,
    N_STEP,
    NO_OPTION,
    NOW,
    O_DEPARTED,
    O_HELPED,
    OFFERS,
    OFFERS_COUNT,
    OFFERS_MOST,
    P_COURSE_AREA,
    P_CUTS,
    P_FIRST,
    P_GROUPS_STARTED,
    P_HELPED,
    P_KNOWN,
    P_NUMBER,
    P_SECOND,
    P_TERMS,
    PHASE,
    RARE,
    REST,
    S_CHILD,
    S_CUT,
    S_HELPERS,
    S_MIDWAY,
    S_NODE,
    S_NUMBER,
    S_OPTION,
    S_PARKED,
    S_PARTY,
    S_PENDING,
    S_PLACE,
    S_PLANNED,
    S_SEEN_AT,
    S_SERIAL,
    S_SINCE,
    S_SOMATIC,
    S_STATUS,
    S_STRETCH,
    S_TAKEN,
    S_URGENT,
    SOMATIC_CHECK,
    START_MATTERS,
    STEPS_UP,
    STRETCH_ENDS,
    T_BESIDE_COUNT,
    T_CALENDAR,
    T_ENDS_AT,
    T_PARTY_SIZE,
    T_SOMATIC_CHECK,
    T_STEP,
    T_STEPS_UP,
    T_STRETCH,
    T_STRETCHES,
    X_DROPOUT,
    X_DROPOUT_MIDWAY,
    X_LENGTH,
    X_REST,
    X_SIZE,
    Y_LEFT,
    Y_LENGTH,
    Y_NEXT,
    Y_NUMBER,
    Y_OPTION,
    Y_PLACE,
    Y_SINCE,
    Y_SIZE,
    Y_TAKEN,
)
from sim.order import COURSE
from sim.records import Kind
from sim.rules import AGED_OUT, DONE, DROPPED_OUT, STEPPED_UP
from sim.state import HELPED, NEVER

STARTED, ASSESSED, GROUP_STARTED = int(Kind.STARTED), int(Kind.ASSESSED), int(Kind.GROUP_STARTED)


# -- working time --------------------------------------------------------------------------------------------------------------


@inner
def above(m, at, count, value):
    """How many of the numbers in order are at most ``value``."""
    low, high = 0, count
    while low < high:
        middle = (low + high) >> 1
        if m[at + middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def reading(m, hours, now):
    """Of a clock that stands still while closed."""
    begun = above(m, m[hours + E_BEGINS], m[hours + E_COUNT], now)
    if begun and now < m[m[hours + E_ENDS] + begun - 1]:
        return m[m[hours + E_WORKED] + begun - 1]
    return now - m[m[hours + E_CLOSED] + begun]


@inner
def finish(m, hours, now, length):
    """:func:`sim.calendar.finish`."""
    then = reading(m, hours, now) + length
    return then + m[m[hours + E_CLOSED] + above(m, m[hours + E_WORKED], m[hours + E_COUNT], then - 1)]


@inner
def is_closed(m, hours, now):
    """:func:`sim.calendar.is_closed`."""
    begun = above(m, m[hours + E_BEGINS], m[hours + E_COUNT], now)
    return begun > 0 and now < m[m[hours + E_ENDS] + begun - 1]


@inner
def calendar_at(m, number):
    """Where a calendar stands."""
    return m[CALENDARS] + number * E_SIZE


# -- starting ------------------------------------------------------------------------------------------------------------------


@inner
def start(m, s, number, at_once):
    """Help starts: the hours are committed until the course ends. What it offers beside is left to :func:`joining.offer`."""
    c, p = m[s + S_CHILD], m[s + S_PLACE]
    t = m[p + P_TERMS]
    if not at_once:
        off_list(m, p)
    write_stay(m, STARTED, s, number * 2 + m[s + S_URGENT])
    option = option_at(m, number)
    if m[START_MATTERS]:
        note_start(m, s, option)
    m[p + P_COURSE_AREA] -= m[NOW]
    m[p + P_HELPED] += 1
    m[s + S_STATUS] = HELPED
    m[s + S_SINCE] = m[NOW]
    m[s + S_OPTION] = number
    m[s + S_TAKEN] = option
    m[s + S_NODE] = 0
    take(m, option, m[c + C_ROW], m[s + S_NUMBER], m[c + C_NEED])
    if m[CLOCKS_USED] and not m[c + C_COURSES]:
        stop_clocks(m, c)
    m[c + C_COURSES] += 1
    if m[MIDWAY_USED] and m[s + S_MIDWAY]:
        begin_midway(m, s)
    else:
        begin_stretch(m, s, look_up(m, m[t + T_STRETCH + X_LENGTH], of_stay(m, s, LENGTH)))
    if m[t + T_BESIDE_COUNT]:
        count = m[OFFERS_COUNT]
        if count + 2 > m[OFFERS_MOST]:
            m[FAULT] = MORE_ROOM
            raise MemoryError
        m[m[OFFERS] + count] = s
        m[m[OFFERS] + count + 1] = 0
        m[OFFERS_COUNT] = count + 2


@inner
def note_start(m, s, option):
    """The wait that is known from now on, and who helps. Those in their courses on the first day did not wait now."""
    if not m[s + S_MIDWAY]:
        m[m[s + S_PLACE] + P_KNOWN] = m[NOW] - m[s + S_SINCE]
    if m[HELPERS_USED]:
        for at in range(option + 1, option + 1 + 2 * m[option], 2):
            have_helper(m, s, m[at])


@inner
def have_helper(m, s, number):
    """A helper of this pool, until as many have left as the draw says."""
    c, p, pool = m[s + S_CHILD], m[s + S_PLACE], pool_at(m, number)
    ordinal = (m[s + S_NUMBER] - 1) * CHANGES + min(m[s + S_HELPERS], CHANGES - 1)
    quantile = of_service(m, c, m[p + P_TERMS], HELPER, ordinal * MOST_POOLS + number % MOST_POOLS)
    node = node_for(m, s)
    m[node] = m[pool + O_DEPARTED] + look_up(m, m[CLOCK_TABLE], quantile)
    m[node + 1] = m[c + C_ROW]
    m[node + 2] = m[p + P_NUMBER]
    m[node + 3] = m[s + S_NUMBER]
    m[pool + O_HELPED] = meld(m, m[pool + O_HELPED], node)


@inner
def begin_group(m, s, number, members):
    """A group course begins: it holds the hours for all, and lasts as long as its first member's draw says."""
    p = m[s + S_PLACE]
    m[p + P_GROUPS_STARTED] += 1
    party, option = room(m, FREE_PARTY, Y_NEXT, Y_SIZE), option_at(m, number)
    m[party + Y_NUMBER] = m[p + P_GROUPS_STARTED]
    m[party + Y_PLACE] = p
    m[party + Y_OPTION] = number
    m[party + Y_TAKEN] = option
    m[party + Y_LENGTH] = look_up(m, m[m[p + P_TERMS] + T_STRETCH + X_LENGTH], of_stay(m, s, LENGTH))
    m[party + Y_SINCE] = m[NOW]
    m[party + Y_LEFT] = members
    write(m, GROUP_STARTED, -1, m[p + P_NUMBER], m[party + Y_NUMBER], m[NOW], m[NOW], number, -1)
    c = m[s + S_CHILD]
    take(m, option, m[c + C_ROW], m[s + S_NUMBER], m[c + C_NEED])
    return party


@inner
def start_urgently(m, s):
    """At once, over capacity if need be; only a course that excludes this one is waited for."""
    p = m[s + S_PLACE]
    if m[EXCLUDING_USED]:
        if is_excluded(m, s):
            park(m, s)
            return
        m[s + S_PARKED] = 0
    if m[m[p + P_TERMS] + T_PARTY_SIZE]:
        m[s + S_PARTY] = begin_group(m, s, urgent_option(m, p), 1)
        start(m, s, m[m[PHASE] + H_MEMBER], False)
    else:
        start(m, s, urgent_option(m, p), False)


# -- what ends a phase first ---------------------------------------------------------------------------------------------------


@inner
def begin_stretch(m, s, length):
    """A phase of the course: what ends it first?"""
    c, p = m[s + S_CHILD], m[s + S_PLACE]
    t = m[p + P_TERMS]
    if m[RARE]:
        if m[s + S_PARTY]:
            length = m[m[s + S_PARTY] + Y_LENGTH]
        m[s + S_PLANNED] = length
    stretch = t + T_STRETCH + m[s + S_STRETCH] * X_SIZE
    if m[stretch + X_DROPOUT]:
        ordinal = (m[s + S_NUMBER] - 1) * 2 + m[s + S_STRETCH]
        bound = m[stretch + X_DROPOUT_MIDWAY] if m[s + S_MIDWAY] else m[stretch + X_DROPOUT]
        if of_service(m, c, t, DROPOUT, ordinal) < bound:
            m[s + S_CUT] = DROPPED_OUT
            if m[s + S_MIDWAY]:
                quantile = m[m[c + C_OPENING] + m[s + S_STRETCH]]
            else:
                quantile = of_service(m, c, t, DROPOUT_AT, ordinal)
            length = max(1, times(length, quantile))
    if m[p + P_CUTS]:
        length = cut_short(m, s, t, length)
    about = s | m[s + S_SERIAL] << 40
    m[s + S_PENDING] = schedule(m, COURSE, c, length, STRETCH_ENDS, about)


@inner
def cut_short(m, s, t, length):
    """Planned closures lengthen a phase; a helper who sees that more is needed, or a birthday, ends it."""
    c = m[s + S_CHILD]
    if m[c + C_SOMATIC] and looks_for_cause(m, s, t):
        m[s + S_SOMATIC] = 1
        m[s + S_CUT] = DONE
        return 1
    if m[t + T_CALENDAR] >= 0:
        length = finish(m, calendar_at(m, m[t + T_CALENDAR]), m[NOW], length) - m[NOW]
    if m[t + T_STEPS_UP] and not is_match(m[t + T_STEP], m[need_of(m, c) + N_STEP]):
        if m[s + S_SEEN_AT] == NEVER:
            m[s + S_SEEN_AT] = m[NOW] + look_up(m, m[t + T_STEPS_UP], of_stay(m, s, STEPS_UP))
        if m[s + S_SEEN_AT] - m[NOW] < length:
            m[s + S_CUT] = STEPPED_UP
            length = max(1, m[s + S_SEEN_AT] - m[NOW])
    if m[t + T_ENDS_AT] and m[c + C_BORN] != NO_AGE:
        left = birthday(m[c + C_BORN], m[t + T_ENDS_AT]) - m[NOW]
        if left < length:
            m[s + S_CUT] = AGED_OUT
            length = max(1, left)
    return length


@inner
def looks_for_cause(m, s, t):
    """Whether a bodily cause is found as the course starts; of a course that runs on the first day that is long ago."""
    if m[s + S_STRETCH] or m[s + S_MIDWAY]:
        return False
    return of_stay(m, s, SOMATIC_CHECK) < m[t + T_SOMATIC_CHECK]


@inner
def begin_midway(m, s):
    """One of those already in a course on the first day: what is left of it."""
    t = terms_of(m, s)
    opening = m[m[s + S_CHILD] + C_OPENING]
    if m[t + T_STRETCHES] == 2 and m[opening + 2 + m[m[PHASE] + H_NUMBER]]:
        give_back(m, s)
        go_further(m, s)
        return
    length = look_up(m, m[t + T_STRETCH + X_REST], of_stay(m, s, LENGTH))
    if m[s + S_PARTY]:
        m[m[s + S_PARTY] + Y_LENGTH] = length
    begin_stretch(m, s, length)
    m[s + S_MIDWAY] = 0


@inner
def go_further(m, s):
    """From assessment to the rest of the course, in the same pools."""
    c, p = m[s + S_CHILD], m[s + S_PLACE]
    first, number = m[p + P_FIRST], -1
    for nth in range(1, m[first] + 1):
        if m[first + nth] == m[s + S_OPTION]:
            number = m[m[p + P_SECOND] + nth]
            break
    if number < 0:
        m[FAULT] = NO_OPTION
        m[FAULT_ROW] = m[c + C_ROW]
        raise RuntimeError
    write_stay(m, ASSESSED, s, number)
    m[s + S_SINCE] = m[NOW]
    m[s + S_STRETCH] = 1
    m[s + S_OPTION] = number
    m[s + S_TAKEN] = option_at(m, number)
    take(m, m[s + S_TAKEN], m[c + C_ROW], m[s + S_NUMBER], m[c + C_NEED])
    stretch = m[p + P_TERMS] + T_STRETCH + X_SIZE
    table = m[stretch + X_REST] if m[s + S_MIDWAY] else m[stretch + X_LENGTH]
    begin_stretch(m, s, look_up(m, table, of_stay(m, s, REST)))
