"""The run itself, compiled: one event after the other, until the end or until whoever runs it wants to look up."""

from __future__ import annotations

from sim.compiled import entry, inner
from sim.kernel.frame import (
    drop_first,
    give_room,
    is_quiet,
    look_up,
    of_stay,
    open_bucket,
    place_for,
    push,
    schedule_stay,
    terms_of,
    touch,
    write,
    write_child,
    write_stay,
)
from sim.kernel.joining import come, go_elsewhere, hurry, offer, review_wait, switches
from sim.kernel.lists import (
    await_meeting,
    can_rise,
    close_stay,
    enlist,
    leave_list,
    may_be_over,
    rank_anew,
    stay_at,
    tidy,
    wait_to_rise,
)
from sim.kernel.phases import change_phase, depart, end_grant, hold_phase, staff, turn_calendar
from sim.kernel.pools import give
from sim.kernel.reviews import decide, meet
from sim.kernel.seeking import arise, clock_rings, grow_up, new_child, relapse
from sim.kernel.serving import end_stretch, release, serve, settle
from sim.kernel.ways import be_without, go_on, takes, target
from sim.kernel.words import (
    ADDRESS,
    BE_READY,
    BIRTHDAY_COMES,
    C_GONE,
    C_NEED,
    C_ROW,
    C_TASKS,
    C_WAYS,
    CALENDAR_CLOSES,
    CALENDAR_OPENS,
    CLOCK_RINGS,
    CLOSED_STAYS,
    DEADLINE_PASSES,
    DECIDE,
    DEPART,
    END,
    EVENT_SIZE,
    EVENTS,
    FREE_WAY,
    FREE_WORK,
    GONE_CHILDREN,
    GROW_UP,
    GUARANTEE_PASSES,
    HEAP,
    HEAP_COUNT,
    HOLD_ENDS,
    HOLD_USED,
    I_REVIEW,
    K_BEGAN,
    K_CHILD,
    K_NEXT,
    K_OPTION,
    K_PLACE,
    K_TAKEN,
    KNOWN_COUNT,
    KNOWN_EVENTS,
    MEET,
    MEETING_OF_PLACE,
    NEXT_ROW,
    NEXT_TIME,
    NOW,
    O_PLACE,
    O_SIZE,
    OVERFLOW,
    OVERFLOW_COMES,
    OVERFLOW_DELAY,
    P_COMING,
    P_GATE,
    P_GATE_AT,
    P_NUMBER,
    P_WAITING,
    PATIENCE_ENDS,
    PHASE,
    PHASE_CHANGE,
    POOLS,
    R_HOLD,
    R_URGENT,
    REACH,
    RECORD_COUNT,
    RELAPSE,
    RISES,
    S_CHILD,
    S_MAPPED,
    S_PENDING,
    S_RAISED,
    S_RECEIVED,
    S_REVIEWS,
    S_SERIAL,
    S_STATUS,
    SERVE,
    SERVING_DUE,
    SIZE,
    STAFF,
    STARTED,
    STRETCH_ENDS,
    T_DUE,
    T_RISES,
    T_SWITCH,
    TASK_ENDS,
    TOUCHED_COUNT,
    U_DELAY,
    U_OVERFLOW,
    U_PRICE,
    U_SHARE,
    W_BEGAN,
    W_CHILD,
    W_LOST,
    W_MAPPED,
    W_NEXT,
    W_PLACE,
    W_ROUTE,
    W_SENDER,
)
from sim.lists import FOR_EVER
from sim.order import ARRIVAL, LEAVING
from sim.pointer import words_of
from sim.records import Kind
from sim.rules import AGED_OUT, GAVE_UP
from sim.state import HELD, LISTED, REVIEWED
from sim.ways import LOST_ON_WAY, NO_WAY

GIVEN_UP, BREACHED, OVERFLOWED, RAISED, GREW_UP, LOST, TASK_DONE = (
    int(kind) for kind in (Kind.GAVE_UP, Kind.BREACHED, Kind.OVERFLOWED, Kind.RAISED, Kind.AGED_OUT, Kind.LOST, Kind.TASK_DONE)
)
OVER, GOES_ON = range(2)
"""What :func:`advance` gives."""


@entry
def advance(array, keys, times, areas, born, needs, to, streams, people, waited, records, events):
    """Run on until the end, or until so many records are written or so many events have passed.

    Args:
        array: everything (:mod:`sim.kernel.words`).
        keys, times, areas, born, needs, to, streams, people, waited: columns of the cohort, int64.
        records, events: after how many to come back.
    """
    m = words_of(array)
    last = m[END]
    if not m[STARTED]:
        hold_phase(m, m[PHASE])
        for known in range(m[KNOWN_EVENTS], m[KNOWN_EVENTS] + m[KNOWN_COUNT] * EVENT_SIZE, EVENT_SIZE):
            push(m, m[known], m[known + 1], m[known + 2], m[known + 3])
        m[STARTED] = 1
    while True:
        if m[CLOSED_STAYS] or m[GONE_CHILDREN]:
            tidy(m)
        if m[RECORD_COUNT] >= records or events <= 0:
            return GOES_ON
        events -= 1
        if m[HEAP_COUNT] == 1:
            open_bucket(m)
        heap, row = m[HEAP], m[NEXT_ROW]
        at = m[heap]
        if m[NEXT_TIME] < at or (m[NEXT_TIME] == at and ARRIVAL + (row << 16) < m[heap + 1]):
            if m[NEXT_TIME] > last:
                return OVER
            m[NOW] = m[NEXT_TIME]
            m[EVENTS] += 1
            m[NEXT_ROW] = row + 1
            m[NEXT_TIME] = times[row + 1] if row + 1 < m[SIZE] else FOR_EVER
            arise(
                m,
                new_child(
                    m, row, keys[row], areas[row], born[row], needs[row], to[row], streams[row], people[row], waited[row]
                ),
            )
        else:
            if at > last:
                return OVER
            m[NOW] = at
            key, what, about = m[heap + 1], m[heap + 2], m[heap + 3]
            drop_first(m)
            if what == SERVE:
                m[SERVING_DUE] = 0
                if is_quiet(m):
                    serve(m)
            else:
                happen(m, key, what, about)
        if m[TOUCHED_COUNT]:
            settle(m)


@inner
def happen(m, key, what, about):
    """One event: of a stay, a child, a place, or from outside."""
    if STRETCH_ENDS <= what <= HOLD_ENDS or PATIENCE_ENDS <= what <= BIRTHDAY_COMES or what in (BE_READY, DECIDE, MEET):
        s = about & ADDRESS
        if m[s + S_SERIAL] == about >> 40:
            happen_to_stay(m, s, key, what)
    elif what == REACH:
        reach(m, about)
    elif what in (CLOCK_RINGS, RELAPSE, GROW_UP):
        c = about & ADDRESS
        if m[c + C_ROW] == (key >> 16) & 0xFFFFFF:
            if what == CLOCK_RINGS:
                clock_rings(m, c, about >> 40)
            elif what == RELAPSE:
                relapse(m, c)
            else:
                grow_up(m, c)
    elif what == TASK_ENDS:
        finish_task(m, about)
    elif what == MEETING_OF_PLACE:
        hold_meeting(m, about)
    elif what == PHASE_CHANGE:
        change_phase(m, about)
    elif what == CALENDAR_OPENS:
        turn_calendar(m, about, False)
    elif what == CALENDAR_CLOSES:
        turn_calendar(m, about, True)
    elif what == STAFF:
        staff(m, m[about], m[about + 1])
    elif what == DEPART:
        depart(m, m[about], m[about + 1], m[about + 2])
    else:
        end_grant(m, about)


@inner
def happen_to_stay(m, s, key, what):
    """One event of a stay that is not over."""
    if what == STRETCH_ENDS:
        if m[s + S_PENDING] == key:
            end_stretch(m, s)
    elif what == DECIDE:
        decide(m, s)
        offer(m)
    elif what == MEET:
        meet(m, s)
        offer(m)
    elif what == HOLD_ENDS:
        if m[s + S_STATUS] == HELD:
            release(m, s)
    elif what == BIRTHDAY_COMES:
        grow_out(m, s)
    elif m[s + S_STATUS] == LISTED:
        happen_on_list(m, s, what)


@inner
def happen_on_list(m, s, what):
    """What waiting brings."""
    if what == PATIENCE_ENDS:
        leave_list(m, s, GIVEN_UP, 0)
        go_on(m, s, GAVE_UP)
    elif what == BE_READY:
        enlist(m, s)
    elif what == DEADLINE_PASSES:
        note_breach(m, s, 0)
    elif what == GUARANTEE_PASSES:
        note_breach(m, s, 1)
    elif what == OVERFLOW_COMES:
        overflow(m, s)
        offer(m)
    elif what == RISES:
        rise(m, s)
    else:
        look_elsewhere(m, s)
        offer(m)


@inner
def note_breach(m, s, which):
    """Another provider is turned to after the first deadline that is broken; it is the same draw after the second."""
    write_stay(m, BREACHED, s, which)
    due = m[terms_of(m, s) + T_DUE]
    if due == 0 or m[due + U_OVERFLOW] < 0 or of_stay(m, s, OVERFLOW) >= m[due + U_SHARE]:
        return
    schedule_stay(m, LEAVING, s, look_up(m, m[due + U_DELAY], of_stay(m, s, OVERFLOW_DELAY)), OVERFLOW_COMES)


@inner
def overflow(m, s):
    """To another provider, if it takes the child."""
    due, c = m[terms_of(m, s) + T_DUE], m[s + S_CHILD]
    if due == 0 or m[due + U_OVERFLOW] < 0:
        return
    p = place_for(m, c, m[due + U_OVERFLOW])
    if takes(m, p, c) and not stay_at(m, c, p):
        leave_list(m, s, OVERFLOWED, m[due + U_PRICE])
        come(m, c, p, m[s + S_RECEIVED], False, -1, m[s + S_MAPPED])


@inner
def rise(m, s):
    """Having waited so long, the child counts as more severe."""
    t = terms_of(m, s)
    if not m[t + T_RISES] or not can_rise(m, s):
        return
    m[s + S_RAISED] += 1
    write_stay(m, RAISED, s, m[s + S_RAISED])
    rank_anew(m, s)
    if can_rise(m, s):
        wait_to_rise(m, s, t)


@inner
def look_elsewhere(m, s):
    """A dated review of those who have waited long."""
    t, number = terms_of(m, s), m[s + S_REVIEWS]
    if not m[t + T_SWITCH] or not m[m[t + T_SWITCH] + I_REVIEW]:
        return
    p = switches(m, s, t, number)
    if p:
        go_elsewhere(m, s, p)
    else:
        review_wait(m, s, t, number + 1)


@inner
def grow_out(m, s):
    """A birthday takes the child off the list or out of the review."""
    if m[s + S_STATUS] == LISTED:
        leave_list(m, s, GREW_UP, 0)
    elif m[s + S_STATUS] == REVIEWED:
        write_stay(m, GREW_UP, s, 1)
        close_stay(m, s)
    else:
        return
    go_on(m, s, AGED_OUT)


@inner
def reach(m, way):
    """A child reaches a service, or is lost on the way."""
    c, p, route = m[way + W_CHILD], m[way + W_PLACE], m[way + W_ROUTE]
    began, lost, sender, mapped = m[way + W_BEGAN], m[way + W_LOST], m[way + W_SENDER], m[way + W_MAPPED]
    give_room(m, FREE_WAY, W_NEXT, way)
    m[c + C_WAYS] -= 1
    if m[HOLD_USED] and m[route + R_HOLD]:
        m[p + P_COMING] -= 1
        touch(m, p)
    if m[c + C_GONE]:
        may_be_over(m, c)
        return
    if lost:
        write_child(m, LOST, c, began, began, m[p + P_NUMBER])
        be_without(m, c, LOST_ON_WAY)
        return
    if not takes(m, p, c):
        p = target(m, c, route)
    if p == 0:
        be_without(m, c, NO_WAY)
        return
    s = stay_at(m, c, p)
    if s == 0:
        come(m, c, p, m[NOW], m[route + R_URGENT] != 0, sender, mapped)
    elif m[route + R_URGENT]:
        hurry(m, s)
    offer(m)


@inner
def finish_task(m, task):
    """The week of a single piece of work is over."""
    c, option = m[task + K_CHILD], m[task + K_TAKEN]
    give(m, option)
    for at in range(option + 1, option + 1 + 2 * m[option], 2):
        touch(m, m[m[POOLS] + m[at] * O_SIZE + O_PLACE])
    began = m[task + K_BEGAN]
    write(m, TASK_DONE, m[c + C_ROW], m[task + K_PLACE], 0, began, began, m[task + K_OPTION], m[c + C_NEED])
    give_room(m, FREE_WORK, K_NEXT, task)
    m[c + C_TASKS] -= 1
    may_be_over(m, c)


@inner
def hold_meeting(m, p):
    """Places are given out, and at the next set moment again, as long as anybody waits."""
    if m[p + P_GATE_AT] == m[NOW]:
        m[p + P_GATE_AT] = FOR_EVER
    if m[p + P_WAITING] and m[p + P_GATE]:
        await_meeting(m, p, m[NOW] + 1)
    touch(m, p)
