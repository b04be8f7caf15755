"""Needs, compiled: they arise, seek help, pass, worsen, are found and come back."""

from __future__ import annotations

from sim.children import NO_AGE, OPENING, OPENING_CASE
from sim.compiled import inner
from sim.courses import LEFT_GROWN, LEFT_REMITTED
from sim.kernel.clocks import KNOWN, NOT_DRAWN, change_need, come_forward, start_clocks, stop_clocks
from sim.kernel.frame import is_neighbour, look_up, need_of, new_room, of_child, place_for, schedule, touch, write_child
from sim.kernel.joining import be_there, come, come_back, hurry, offer, see_anew
from sim.kernel.lists import may_be_over, stay_at
from sim.kernel.pools import give_back
from sim.kernel.rules import admits, birthday, pick, pick_among, pick_rate, put_off
from sim.kernel.serving import end
from sim.kernel.ways import be_without, leave, on_the_way, takes, target, travel
from sim.kernel.words import (
    ACCESS_DOOR,
    ANOTHER_DOOR,
    ANOTHER_DOOR_WHICH,
    ARRIVAL_MATTERS,
    C_AREA,
    C_BACK_PLACE,
    C_BACK_UNTIL,
    C_BORN,
    C_CLOCK,
    C_CLOCK_SINCE,
    C_FIRST,
    C_FOLLOWED,
    C_GONE,
    C_HIDDEN,
    C_KEY,
    C_NEED,
    C_NEXT,
    C_OPENING,
    C_PEOPLE,
    C_REJECTED,
    C_RELAPSES,
    C_REMIT,
    C_ROW,
    C_SEEKS,
    C_SINCE,
    C_SOMATIC,
    C_STREAM,
    C_TIMES_HIDDEN,
    C_TO,
    C_WAITED,
    C_WAYS,
    C_WORSEN,
    CHILD_SIZE,
    CHILDREN_MOST,
    CHILDREN_TOP,
    CLOCKS_USED,
    D_HIGH,
    D_LOW,
    D_MAPS,
    D_PEOPLE,
    D_QUIET,
    D_QUIET_COUNT,
    D_ROUTE,
    D_SIZE,
    DISCOURAGED_WAY,
    DOOR,
    DOOR_DELAY,
    END,
    FINDING_USED,
    FOUND_BY,
    FREE_CHILD,
    GROW_UP,
    H_AFTER_REJECTION,
    H_ANOTHER_DOOR,
    H_CRISIS,
    H_DOOR,
    H_DOORS,
    H_DOORS_COUNT,
    H_FINDS,
    H_PEOPLE_SEEK,
    H_STREAM_MAPS,
    LEAVES_AT,
    MAPPED,
    MAPPING_USED,
    N_RELAPSES_TO,
    N_REMISSION,
    N_SEEK,
    N_SOMATIC,
    N_WORSE,
    N_WORSENING,
    NOW,
    OPENING_COUNT,
    OPENINGS,
    P_KNOWN,
    P_NUMBER,
    PAPERS_MATTER,
    PEOPLE_SEEK,
    PHASE,
    PHASE_COUNT,
    QUIET,
    R_DELAY,
    R_URGENT,
    S_ENDING,
    S_NEXT,
    S_PENDING,
    S_PLACE,
    S_STATUS,
    SEEK,
    SERIAL,
    SOMATIC,
)
from sim.needs import AROSE, CRISIS, FOUND, RELAPSED, REMITTED, SOUGHT, WORSENED
from sim.order import HAZARD
from sim.plan import FROM_DOOR, FROM_STREAM
from sim.rules import AGED_OUT
from sim.state import HELD, HELPED, NEVER
from sim.ways import DISCOURAGED, NO_SEEKING, NO_WAY, PUT_OFF


@inner
def new_child(m, row, key, area, born, need, to, stream, people, waited):
    """A child, as its need arises."""
    c = m[FREE_CHILD]
    if c:
        m[FREE_CHILD] = m[c + C_NEXT]
    else:
        c = new_room(m, CHILDREN_TOP, CHILDREN_MOST, m[CHILD_SIZE])
    for field in range(m[CHILD_SIZE]):
        m[c + field] = 0
    m[c + C_ROW] = row
    m[c + C_KEY] = key
    m[c + C_AREA] = area
    m[c + C_BORN] = born
    m[c + C_NEED] = need
    m[c + C_SINCE] = m[NOW]
    m[c + C_PEOPLE] = people
    m[c + C_STREAM] = stream
    m[c + C_TO] = to
    m[c + C_WAITED] = waited
    m[c + C_CLOCK_SINCE] = NEVER
    m[c + C_REMIT] = -1
    m[c + C_WORSEN] = -1
    m[c + C_FOLLOWED] = -1
    m[c + C_HIDDEN] = KNOWN
    if stream == OPENING_CASE:  # they arise in the order of their rows
        m[c + C_OPENING] = m[OPENINGS] + m[OPENING_COUNT] * (2 + m[PHASE_COUNT])
        m[OPENING_COUNT] += 1
    return c


@inner
def arise(m, c):
    """A need arises."""
    write_child(m, AROSE, c, m[NOW], m[NOW], m[c + C_STREAM])
    if m[ARRIVAL_MATTERS]:
        note_arrival(m, c)
        if m[c + C_GONE]:
            return
    if m[CLOCKS_USED]:
        start_clocks(m, c)
    if m[c + C_TO] < 0:
        seek(m, c)
        return
    p = place_for(m, c, m[c + C_TO])
    if not takes(m, p, c):
        be_without(m, c, NO_WAY)
        return
    stream = m[c + C_STREAM]
    if stream <= OPENING:
        be_there(m, c, p)
    elif m[PAPERS_MATTER]:
        mapped = 1
        if m[MAPPING_USED] and of_child(m, c, MAPPED, -1) >= m[m[m[PHASE] + H_STREAM_MAPS] + stream]:
            mapped = 0
        come(m, c, p, m[NOW], False, FROM_STREAM - stream, mapped)
    else:
        come(m, c, p, m[NOW], False, -1, 1)
    offer(m)


@inner
def note_arrival(m, c):
    """When the ladder is left for good, and whether the cause is bodily."""
    if m[LEAVES_AT] and m[c + C_BORN] != NO_AGE:
        delay = birthday(m[c + C_BORN], m[LEAVES_AT]) - m[NOW]
        if delay <= 0:
            leave(m, c, LEFT_GROWN)
        elif delay <= m[END] - m[NOW]:
            schedule(m, HAZARD, c, delay, GROW_UP, c)
    if of_child(m, c, SOMATIC, 0) < m[need_of(m, c) + N_SOMATIC]:
        m[c + C_SOMATIC] = 1


# -- seeking -------------------------------------------------------------------------------------------------------------------


@inner
def seek(m, c):
    """The child looks for a door, or does not."""
    phase, ordinal, people = m[PHASE], m[c + C_SEEKS], m[c + C_PEOPLE]
    m[c + C_SEEKS] += 1
    if of_child(m, c, SEEK, ordinal) >= m[need_of(m, c) + N_SEEK] or (
        people >= 0 and of_child(m, c, PEOPLE_SEEK, ordinal) >= m[m[phase + H_PEOPLE_SEEK] + people]
    ):
        be_without(m, c, NO_SEEKING)
        return
    if m[c + C_REJECTED] and of_child(m, c, DISCOURAGED_WAY, ordinal) >= m[phase + H_AFTER_REJECTION]:
        be_without(m, c, DISCOURAGED)
        return
    door = pick(m, m[phase + H_DOORS], m[phase + H_DOORS_COUNT], of_child(m, c, DOOR, ordinal))
    if m[phase + H_ANOTHER_DOOR] and not leads_on(m, c, door):
        door = another_door(m, c, door, ordinal)
    turn_to(m, c, door, ordinal, False)


@inner
def door_at(m, door):
    """Where a door stands in the phase that holds."""
    return m[m[PHASE] + H_DOOR] + door * D_SIZE


@inner
def turn_to(m, c, number, ordinal, found):
    """Through a door, unless its service is known to be overrun. True where the child is on its way."""
    door = door_at(m, number)
    route = m[door + D_ROUTE]
    p = target(m, c, route) if may_use(m, c, number) else 0
    quiet = m[door + D_QUIET_COUNT]
    if quiet and p and of_child(m, c, QUIET, ordinal) < put_off(m, m[door + D_QUIET], quiet, m[p + P_KNOWN]):
        if not found:
            be_without(m, c, PUT_OFF)
        return False
    if found and p == 0:
        return False
    if not found:
        write_child(m, SOUGHT, c, m[c + C_SINCE], m[NOW], number)
    if p == 0:
        be_without(m, c, NO_WAY)
        return False
    delay = look_up(m, m[route + R_DELAY], of_child(m, c, DOOR_DELAY, ordinal))
    m[c + C_WAYS] += 1
    if m[FINDING_USED]:
        come_forward(m, c)
    mapped = 1
    if m[MAPPING_USED] and of_child(m, c, MAPPED, -2 - ordinal) >= m[door + D_MAPS]:
        mapped = 0
    on_the_way(m, c, p, route, 0, FROM_DOOR - number, mapped, delay)
    return True


@inner
def may_use(m, c, number):
    """Whether a door is for the child's age, and for it as one of its group."""
    door, people = door_at(m, number), m[c + C_PEOPLE]
    if (
        m[door + D_LOW] >= 0
        and m[c + C_BORN] != NO_AGE
        and not admits(m[door + D_LOW], m[door + D_HIGH], m[c + C_BORN], m[NOW])
    ):
        return False
    if people < 0 or not m[door + D_PEOPLE]:
        return True
    return of_child(m, c, ACCESS_DOOR, number) < m[m[door + D_PEOPLE] + people]


@inner
def leads_on(m, c, number):
    """Whether a door leads the child anywhere."""
    return may_use(m, c, number) and target(m, c, m[door_at(m, number) + D_ROUTE]) != 0


@inner
def another_door(m, c, door, ordinal):
    """A door that leads somewhere here, for some of those whose own does not."""
    phase = m[PHASE]
    if of_child(m, c, ANOTHER_DOOR, ordinal) >= m[phase + H_ANOTHER_DOOR]:
        return door
    doors, count, usable = m[phase + H_DOORS], m[phase + H_DOORS_COUNT], 0
    for at in range(doors + 1, doors + 1 + count, 2):
        if leads_on(m, c, m[at]):
            usable |= 1 << m[at]
    other = pick_among(m, doors, count, usable, of_child(m, c, ANOTHER_DOOR_WHICH, ordinal))
    return door if other < 0 else other


# -- leaving and coming back ---------------------------------------------------------------------------------------------------


@inner
def grow_up(m, c):
    """The birthday at which the ladder is left for good, courses and all."""
    if m[c + C_GONE]:
        return
    m[c + C_GONE] = 1
    s = m[c + C_FIRST]
    while s:
        following = m[s + S_NEXT]
        if m[s + S_STATUS] == HELPED or m[s + S_STATUS] == HELD:
            m[s + S_PENDING] = 0
            m[s + S_ENDING] = AGED_OUT
            give_back(m, s)
            end(m, s)
            touch(m, m[s + S_PLACE])
        s = following
    leave(m, c, LEFT_GROWN)


@inner
def relapse(m, c):
    """The need comes back: by the way that stands open, or looking for a door anew."""
    m[c + C_RELAPSES] -= 1
    if m[LEAVES_AT] and m[c + C_BORN] != NO_AGE and birthday(m[c + C_BORN], m[LEAVES_AT]) <= m[NOW]:
        may_be_over(m, c)
        return
    change_need(m, c, m[need_of(m, c) + N_RELAPSES_TO])
    m[c + C_GONE] = 0
    m[c + C_SINCE] = m[NOW]
    p = m[c + C_BACK_PLACE]
    m[c + C_BACK_PLACE] = 0
    if p and (m[NOW] > m[c + C_BACK_UNTIL] or stay_at(m, c, p) or not takes(m, p, c)):
        p = 0
    write_child(m, RELAPSED, c, m[NOW], m[NOW], m[p + P_NUMBER] if p else -1)
    if m[CLOCKS_USED]:
        start_clocks(m, c)
    doors = m[m[PHASE] + H_DOORS_COUNT]
    if p:
        come_back(m, c, p)
        offer(m)
    elif m[c + C_TO] >= 0 and not doors:
        home = place_for(m, c, m[c + C_TO])
        if not (home and stay_at(m, c, home)) and takes(m, home, c):
            come(m, c, home, m[NOW], False, FROM_STREAM - max(0, m[c + C_STREAM]), 1)
            offer(m)
        else:
            be_without(m, c, NO_WAY)
    elif doors:
        seek(m, c)
    else:
        be_without(m, c, NO_WAY)


# -- clocks --------------------------------------------------------------------------------------------------------------------


@inner
def clock_rings(m, c, version):
    """A need passes, worsens or is found; or the rates have changed since the clock was set."""
    if m[c + C_CLOCK] & SERIAL != version or m[c + C_GONE]:
        return
    stop_clocks(m, c)
    need = need_of(m, c)
    if m[c + C_REMIT] == 0 and m[need + N_REMISSION]:
        write_child(m, REMITTED, c, m[c + C_SINCE], m[c + C_SINCE], 0)
        leave(m, c, LEFT_REMITTED)
    elif m[c + C_WORSEN] == 0 and m[need + N_WORSENING]:
        worsen(m, c)
    elif m[c + C_HIDDEN] == 0:
        be_found(m, c)
    else:
        start_clocks(m, c)


@inner
def be_found(m, c):
    """Somebody sees that the child needs help: through the door of whoever saw it, unless that is overrun."""
    m[c + C_HIDDEN] = NOT_DRAWN
    finds = m[m[PHASE] + H_FINDS]
    rates = m[finds + m[c + C_AREA]] if finds else 0
    if rates and m[rates]:
        total = 0
        for at in range(rates + 1, rates + 1 + m[rates], 2):
            total += m[at]
        door = pick_rate(m, rates + 1, m[rates], total, of_child(m, c, FOUND_BY, m[c + C_TIMES_HIDDEN]))
        ordinal = m[c + C_SEEKS]
        m[c + C_SEEKS] += 1
        if turn_to(m, c, door, ordinal, True):
            write_child(m, FOUND, c, m[c + C_SINCE], m[NOW], door)
    start_clocks(m, c)


@inner
def worsen(m, c):
    """One level up: seen anew on lists by severity, seeking help again if nobody helps; at the top a crisis."""
    before = m[c + C_NEED]
    worse = m[need_of(m, c) + N_WORSE]
    if worse < 0:
        write_child(m, CRISIS, c, m[c + C_SINCE], m[c + C_SINCE], 0)
        change_need(m, c, before)
        start_clocks(m, c)
        send_in_crisis(m, c)
        return
    change_need(m, c, worse)
    write_child(m, WORSENED, c, m[c + C_SINCE], m[c + C_SINCE], before)
    start_clocks(m, c)
    see_anew(m, c)
    if not m[c + C_FIRST] and not m[c + C_WAYS] and not is_neighbour(m, c) and m[m[PHASE] + H_DOORS_COUNT]:
        seek(m, c)


@inner
def send_in_crisis(m, c):
    """To wherever a crisis is taken."""
    route = m[m[PHASE] + H_CRISIS]
    p = target(m, c, route) if route else 0
    if p == 0:
        return
    s = stay_at(m, c, p)
    if s == 0:
        travel(m, c, p, 0, route)
    elif m[route + R_URGENT]:
        hurry(m, s)
        offer(m)
