"""Ways between services and out of the ladder, compiled: routes, handovers, who follows the child, who is without help."""

from __future__ import annotations

from sim.children import NO_AGE
from sim.compiled import inner
from sim.courses import LEFT_DONE, LEFT_OUTSIDE, LEFT_RECOVERED, LEFT_UNHELPED
from sim.kernel.clocks import KNOWN, NOT_DRAWN, come_forward, start_clocks, stop_clocks
from sim.kernel.frame import (
    is_neighbour,
    look_up,
    need_of,
    of_child,
    of_service,
    place_for,
    room,
    schedule,
    terms_of,
    threshold,
    write,
    write_child,
    write_stay,
)
from sim.kernel.lists import close_stay, leave_list, may_be_over, stay_at
from sim.kernel.pools import work
from sim.kernel.rules import admits, perceive, pick, time_left
from sim.kernel.words import (
    A_FINDABLE,
    A_NEIGHBOUR,
    A_SIZE,
    AREAS,
    C_AREA,
    C_BORN,
    C_COURSES,
    C_EPISODES,
    C_FIRST,
    C_FOLLOWED,
    C_GONE,
    C_HIDDEN,
    C_NEED,
    C_RELAPSES,
    C_ROW,
    C_SINCE,
    C_TRAVELS,
    C_WAYS,
    CLOCKS_USED,
    COORDINATION_USED,
    COORDINATOR,
    END,
    FINDING_USED,
    FREE_WAY,
    H_COORDINATED,
    H_FOLLOWS,
    H_FOLLOWS_STEPS,
    H_FOLLOWS_TASKS,
    H_NEEDS,
    HANDOVER,
    KEPT,
    LOST_WAY,
    MAPPED,
    MAPPING_USED,
    N_RELAPSE,
    N_REMISSION,
    N_SIZE,
    N_STEP,
    N_WORSENING,
    NOW,
    P_COMING,
    P_NUMBER,
    P_OPEN,
    P_SERVICE,
    P_TERMS,
    PAPERS_MATTER,
    PERCEIVE,
    PHASE,
    R_DELAY,
    R_FIXED,
    R_HOLD,
    R_KEPT,
    R_LOST,
    R_NUMBER,
    R_TASKS,
    R_TO,
    R_TO_COUNT,
    REACH,
    RELAPSE,
    RELAPSE_DRAW,
    RELAPSE_USED,
    ROUTE,
    S_CHILD,
    S_NEXT,
    S_NUMBER,
    S_PLACE,
    S_STATUS,
    T_ACCURACY,
    T_BLIND,
    T_CHOICES,
    T_HIGH,
    T_LOW,
    T_MAPS,
    T_ROUTES,
    T_ROUTES_COUNT,
    TRAVEL_MATTERS,
    W_BEGAN,
    W_CHILD,
    W_LOST,
    W_MAPPED,
    W_NEXT,
    W_PLACE,
    W_ROUTE,
    W_SENDER,
    W_SIZE,
)
from sim.order import HAZARD, REACHING
from sim.records import Kind
from sim.rules import DONE, REFUSED
from sim.state import LISTED, REVIEWED
from sim.ways import NO_WAY

HANDED_OVER, COORDINATED, WITHDREW, LEFT, WITHOUT_HELP = (
    int(kind) for kind in (Kind.HANDED_OVER, Kind.COORDINATED, Kind.WITHDREW, Kind.LEFT, Kind.WITHOUT_HELP)
)
STEPS = 5


# -- which services take the child ---------------------------------------------------------------------------------------------


@inner
def takes(m, p, c):
    """Whether a place (0: none) is open and takes the child."""
    if p == 0 or not m[p + P_OPEN]:
        return False
    t = m[p + P_TERMS]
    return m[t + T_LOW] < 0 or m[c + C_BORN] == NO_AGE or admits(m[t + T_LOW], m[t + T_HIGH], m[c + C_BORN], m[NOW])


@inner
def target(m, c, route):
    """The first service of the route that is open here and takes the child's age; 0: none."""
    for at in range(m[route + R_TO], m[route + R_TO] + m[route + R_TO_COUNT]):
        p = place_for(m, c, m[at])
        if takes(m, p, c):
            return p
    return 0


@inner
def route_after(m, s, ending, need):
    """The route of a child with this need after a stay; 0: none."""
    t = terms_of(m, s)
    if not m[t + T_ROUTES_COUNT]:
        return 0
    c, ordinal = m[s + S_CHILD], m[s + S_NUMBER] - 1
    seen = 0
    step = m[m[m[PHASE] + H_NEEDS] + need * N_SIZE + N_STEP]
    if step >= 0 and not m[t + T_BLIND]:
        seen = perceive(step, of_service(m, c, t, PERCEIVE, ordinal), m[t + T_ACCURACY])
    choices = m[t + T_CHOICES] + (ending * STEPS + seen) * 2
    if not m[choices + 1]:
        return 0
    number = pick(m, m[choices], m[choices + 1], of_service(m, c, t, ROUTE, ordinal))
    return 0 if number < 0 else m[m[t + T_ROUTES] + number]


# -- leaving -------------------------------------------------------------------------------------------------------------------


@inner
def withdraw(m, s):
    """Out of the review, undecided."""
    write_stay(m, WITHDREW, s, 1)
    close_stay(m, s)


@inner
def leave(m, c, why):
    """The need is over, or the child goes out of sight. What is open closes; courses that run go on to their end."""
    m[c + C_GONE] = 1
    if m[CLOCKS_USED]:
        stop_clocks(m, c)
        m[c + C_HIDDEN] = KNOWN
    s = m[c + C_FIRST]
    while s:
        following = m[s + S_NEXT]
        if m[s + S_STATUS] == LISTED:
            leave_list(m, s, WITHDREW, 0)
        elif m[s + S_STATUS] == REVIEWED:
            withdraw(m, s)
        s = following
    write_child(m, LEFT, c, m[c + C_SINCE], m[c + C_SINCE], why)
    if m[RELAPSE_USED] and why == LEFT_RECOVERED:
        await_relapse(m, c)
    may_be_over(m, c)


@inner
def await_relapse(m, c):
    """Till the need comes back, if it does."""
    rate = m[need_of(m, c) + N_RELAPSE]
    if rate:
        delay = max(1, time_left(threshold(m, c, RELAPSE_DRAW, m[c + C_EPISODES]), rate))
        if delay <= m[END] - m[NOW]:
            m[c + C_RELAPSES] += 1
            schedule(m, HAZARD, c, delay, RELAPSE, c)


@inner
def be_without(m, c, why):
    """Nobody helps and nowhere to wait: without help while the need lasts, or out of the model."""
    if m[c + C_GONE] or m[c + C_FIRST] or m[c + C_WAYS]:
        return
    if untreated_needs_matter(m, c):
        write_child(m, WITHOUT_HELP, c, m[NOW], m[NOW], why)
        if m[FINDING_USED] and m[c + C_HIDDEN] == KNOWN:
            stop_clocks(m, c)
            m[c + C_HIDDEN] = NOT_DRAWN
        start_clocks(m, c)
    else:
        leave(m, c, LEFT_UNHELPED)


@inner
def untreated_needs_matter(m, c):
    """Whether anything may still happen to a child whom nobody helps."""
    area = m[AREAS] + m[c + C_AREA] * A_SIZE
    if m[area + A_NEIGHBOUR]:
        return False
    if m[FINDING_USED] and m[area + A_FINDABLE]:
        return True
    need = need_of(m, c)
    return m[need + N_REMISSION] != 0 or m[need + N_WORSENING] != 0


# -- handovers -----------------------------------------------------------------------------------------------------------------


@inner
def is_followed(m, c):
    """Whether somebody follows the child from service to service; decided at its first handover."""
    follows = m[m[PHASE] + H_FOLLOWS]
    if follows < 0:
        return False
    if m[c + C_FOLLOWED] < 0:
        step = m[need_of(m, c) + N_STEP]
        concerns = step < 0 or m[m[PHASE] + H_FOLLOWS_STEPS] >> step & 1
        m[c + C_FOLLOWED] = 1 if concerns and of_child(m, c, COORDINATOR, 0) < follows else 0
        if m[c + C_FOLLOWED]:
            write_child(m, COORDINATED, c, m[NOW], m[NOW], 0)
    return m[c + C_FOLLOWED] == 1


@inner
def set_out(m, c, p, route):
    """Somebody knows of the child, and somebody may follow it: then the way is another."""
    if m[FINDING_USED]:
        come_forward(m, c)
    if not m[COORDINATION_USED] or not is_followed(m, c):
        return route
    work(m, c, p, m[m[PHASE] + H_FOLLOWS_TASKS])
    return m[m[m[PHASE] + H_COORDINATED] + m[route + R_NUMBER]]


@inner
def is_mapped(m, c, origin, route, ordinal):
    """Whether what is known of the child is known to the service that sends it, and comes along."""
    if origin and of_child(m, c, MAPPED, ordinal) >= m[m[origin + P_TERMS] + T_MAPS]:
        return False
    return of_child(m, c, KEPT, ordinal) < m[route + R_KEPT]


@inner
def on_the_way(m, c, p, route, lost, sender, mapped, delay):
    """The child reaches a place after so many seconds."""
    way = room(m, FREE_WAY, W_NEXT, W_SIZE)
    m[way + W_CHILD] = c
    m[way + W_PLACE] = p
    m[way + W_ROUTE] = route
    m[way + W_BEGAN] = m[NOW]
    m[way + W_LOST] = lost
    m[way + W_SENDER] = sender
    m[way + W_MAPPED] = mapped
    schedule(m, REACHING, c, delay, REACH, way)


@inner
def travel(m, c, p, origin, route):
    """A handover begins; ``origin`` 0: from no service."""
    ordinal = m[c + C_TRAVELS]
    m[c + C_TRAVELS] += 1
    m[c + C_WAYS] += 1
    if m[TRAVEL_MATTERS]:
        route = set_out(m, c, p, route)
    came = m[origin + P_NUMBER] if origin else -1
    write(m, HANDED_OVER, m[c + C_ROW], m[p + P_NUMBER], 0, m[NOW], m[NOW], came, m[c + C_NEED])
    if m[TRAVEL_MATTERS]:
        work(m, c, p, m[route + R_TASKS])
        if m[route + R_HOLD]:
            m[p + P_COMING] += 1
    delay = m[route + R_FIXED]
    if delay == 0:
        delay = look_up(m, m[route + R_DELAY], of_child(m, c, HANDOVER, ordinal))
    lost = 1 if m[route + R_LOST] > 0 and of_child(m, c, LOST_WAY, ordinal) < m[route + R_LOST] else 0
    sender, mapped = -1, 1
    if m[PAPERS_MATTER]:
        mapped = 1 if not m[MAPPING_USED] or is_mapped(m, c, origin, route, ordinal) else 0
        sender = m[origin + P_SERVICE] if origin else -1
    on_the_way(m, c, p, route, lost, sender, mapped, delay)


@inner
def go_on(m, s, ending):
    """Where a child goes after a stay."""
    c = m[s + S_CHILD]
    if m[c + C_COURSES] and ending != REFUSED:
        return
    follow(m, s, route_after(m, s, ending, m[c + C_NEED]), ending == DONE)


@inner
def follow(m, s, route, done):
    """The child goes on by a route (0: none), or has nowhere to go."""
    c = m[s + S_CHILD]
    if route:
        p = target(m, c, route)
        if p == 0 and is_neighbour(m, c):
            leave(m, c, LEFT_OUTSIDE)
            return
        if p and not stay_at(m, c, p):
            travel(m, c, p, m[s + S_PLACE], route)
            return
    if m[c + C_FIRST] or m[c + C_WAYS]:
        return
    if done and route == 0:
        leave(m, c, LEFT_DONE)
    elif is_neighbour(m, c):
        leave(m, c, LEFT_OUTSIDE)
    else:
        be_without(m, c, NO_WAY)
