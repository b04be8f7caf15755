"""The serving of lists and the ending of courses, compiled: each makes room for the other."""

from __future__ import annotations

from sim.compiled import inner
from sim.courses import CHANGES, LEFT_RECOVERED, LEFT_SOMATIC
from sim.kernel.clocks import FOR_EVER, change_need, start_clocks
from sim.kernel.courses import begin_group, calendar_at, go_further, have_helper, reading, start, start_urgently
from sim.kernel.frame import (
    first_touched,
    forget,
    give_room,
    is_quiet,
    meld,
    need_of,
    node_for,
    of_service,
    of_stay,
    option_at,
    push,
    room,
    schedule_stay,
    stay_of,
    terms_of,
    touch,
    without_first,
    write,
    write_stay,
)
from sim.kernel.joining import offer, see_anew
from sim.kernel.lists import (
    FRONT,
    close_stay,
    drop_head,
    enlist,
    head,
    is_excluded,
    leave_list,
    may_be_over,
    node_stay,
    stay_at,
)
from sim.kernel.pools import give, give_back, option_with_room, pool_at
from sim.kernel.rules import has_room as rule_has_room
from sim.kernel.rules import is_match, pick, times
from sim.kernel.ways import follow, go_on, leave, route_after, target
from sim.kernel.words import (
    ADDRESS,
    BREAK,
    C_BACK_PLACE,
    C_BACK_UNTIL,
    C_COURSES,
    C_FIRST,
    C_GONE,
    C_NEED,
    C_SOMATIC,
    CLOCKS_USED,
    DOSE,
    EVENTS,
    EXCLUDING_USED,
    FREE_NODE,
    FREE_PARTY,
    G_EASY,
    G_PLACES,
    G_PLACES_COUNT,
    G_SIZE,
    GROUPS,
    H_MEMBER,
    HOLD_ENDS,
    HOLD_USED,
    N_BETTER,
    N_STEP,
    N_WORSE,
    NOW,
    O_CAPACITY,
    O_CLOSED,
    O_COMMITTED,
    O_DEPARTED,
    O_HELPED,
    OUTCOME,
    P_ALONE,
    P_COMING,
    P_COURSE_AREA,
    P_DIRECT,
    P_EVER_CUT,
    P_FIRST,
    P_GATE,
    P_HELD_FIRST,
    P_HELD_LAST,
    P_HELPED,
    P_HOLDING,
    P_JOINED_FIRST,
    P_JOINED_LAST,
    P_LIMITED,
    P_LIST,
    P_NUMBER,
    P_ORDER,
    P_PAUSED,
    P_SHORT,
    P_TERMS,
    P_WAITING,
    PHASE,
    Q_NEXT,
    Q_NUMBER,
    Q_ROW,
    Q_SIZE,
    Q_STAY,
    R_HOLD,
    RARE,
    S_CHILD,
    S_CUT,
    S_ENDING,
    S_FRONT,
    S_HELPERS,
    S_NEXT,
    S_NUMBER,
    S_PARKED,
    S_PARTY,
    S_PENDING,
    S_PLACE,
    S_PLANNED,
    S_SERIAL,
    S_SINCE,
    S_SOMATIC,
    S_STATUS,
    S_STRETCH,
    S_TAKEN,
    S_URGENT,
    SERVE,
    SERVED,
    SERVING_DUE,
    T_BELOW,
    T_BELOW_COUNT,
    T_BY_NEED,
    T_CALENDAR,
    T_DOSE,
    T_LENGTH,
    T_MATCHED,
    T_MATCHED_COUNT,
    T_OPEN_RETURN,
    T_ORDER_COUNT,
    T_PARTY_LEAST,
    T_PARTY_SIZE,
    T_STEP,
    T_STRETCHES,
    T_WEIGHT,
    TOUCHED_COUNT,
    Y_LEFT,
    Y_NEXT,
    Y_NUMBER,
    Y_OPTION,
    Y_PLACE,
    Y_SINCE,
    Y_TAKEN,
)
from sim.order import COURSE, SERVING
from sim.records import Kind
from sim.rules import AGED_OUT, DONE, DROPPED_OUT, IMPROVED, RECOVERED, REFUSED, UNCHANGED, WORSE
from sim.state import HELD, HELPED, LISTED

ENDED, TURNED_AWAY, WAITS_FOR_ROOM, HELPER_CHANGED, BODILY, GROUP_ENDED = (
    int(kind) for kind in (Kind.ENDED, Kind.REFUSED, Kind.HELD, Kind.HELPER_CHANGED, Kind.SOMATIC, Kind.GROUP_ENDED)
)


# -- serving -------------------------------------------------------------------------------------------------------------------


@inner
def settle(m):
    """Serve the touched lists now if nothing else happens in this second, else when all else is done."""
    if not m[TOUCHED_COUNT] or m[SERVING_DUE]:
        return
    if is_quiet(m):
        serve(m)
    else:
        serve_later(m)


@inner
def serve_later(m):
    """When all else of this second is done."""
    if not m[SERVING_DUE]:
        m[SERVING_DUE] = 1
        m[EVENTS] += 1
        push(m, m[NOW], SERVING, SERVE, 0)


@inner
def serve(m):
    """Every list whose hours or children have changed, in the order of the plan."""
    while m[TOUCHED_COUNT]:
        if not is_quiet(m):
            serve_later(m)
            return
        group = m[GROUPS] + first_touched(m) * G_SIZE
        places, count = m[group + G_PLACES], m[group + G_PLACES_COUNT]
        if m[group + G_EASY]:
            if calls_in(m, m[places]):
                serve_place(m, m[places])
        else:
            serve_group(m, places, count)
        for at in range(places, places + count):
            if m[m[at] + P_LIMITED]:
                turn_away(m, m[at])
            if m[m[at] + P_HOLDING]:
                let_come(m, m[at])


@inner
def calls_in(m, p):
    """Whether children are called in at this moment."""
    gate = m[p + P_GATE]
    return not m[p + P_PAUSED] and (gate == 0 or m[NOW] % gate == 0)


@inner
def serve_place(m, p):
    """One list with pools of its own: the head starts while there is room for it."""
    node = head(m, p)
    while node:
        option = option_with_room(m, p, 0)
        if option < 0:
            return
        s = node_stay(m, node)
        drop_head(m, p)
        start(m, s, option, False)
        offer(m)
        node = head(m, p)


@inner
def serve_group(m, places, count):
    """Lists that share pools: heads in one order; a head that lacks hours of a pool closes it to those behind."""
    m[SERVED] += 1
    serving = m[SERVED]
    alike = True
    for at in range(places + 1, places + count):
        alike = alike and m[m[at] + P_ORDER] == m[m[places] + P_ORDER]
    for at in range(places, places + count):
        m[m[at] + P_SHORT] = 0
    started = True
    while started:
        if not is_quiet(m):
            touch(m, m[places])
            return
        started = False
        heads = heads_in_order(m, places, count, alike)
        while heads:
            s = m[heads + Q_STAY]
            heads = next_head(m, heads)
            if started:
                continue
            p = m[s + S_PLACE]
            option = option_with_room(m, p, serving)
            if option < 0:
                close_short_pools(m, p, serving)
                continue
            started = True
            if m[m[p + P_TERMS] + T_PARTY_SIZE]:
                if not gather(m, p, option):
                    m[p + P_SHORT] = 1
            else:
                drop_head(m, p)
                start(m, s, option, False)
                offer(m)


@inner
def heads_in_order(m, places, count, alike):
    """The heads of lists, as a list in order of weight, key, time of joining and child."""
    heads = 0
    for at in range(places, places + count):
        p = m[at]
        if m[p + P_SHORT] or not calls_in(m, p):
            continue
        first = head(m, p)
        if first:
            s = node_stay(m, first)
            node = node_for(m, s)
            m[node + Q_STAY] = s
            m[node + Q_ROW] = 0
            m[node + Q_NUMBER] = p
            # weight, then what is left of the key: of lists in unlike orders only the time of joining
            m[node] = m[m[p + P_TERMS] + T_WEIGHT]
            if m[s + S_FRONT]:
                m[node + 1] = FRONT
            elif alike:
                for word in range(m[m[p + P_TERMS] + T_ORDER_COUNT]):
                    m[node + 1 + word] = m[first + word]
                word = m[m[p + P_TERMS] + T_ORDER_COUNT]
                if word == 4:
                    m[node + 1 + word] = m[s + S_SINCE]
                    m[node + Q_ROW] = m[first + Q_ROW]
                else:
                    m[node + 1 + word] = m[s + S_SINCE]
                    m[node + 2 + word] = m[first + Q_ROW]
                heads = meld(m, heads, node)
                continue
            m[node + 2] = m[s + S_SINCE]
            m[node + 3] = m[first + Q_ROW]
            if not m[s + S_FRONT]:
                m[node + 1] = m[s + S_SINCE]
            heads = meld(m, heads, node)
    return heads


@inner
def next_head(m, heads):
    """The list without its first."""
    left = without_first(m, heads)
    forget(m, heads)
    return left


@inner
def close_short_pools(m, p, serving):
    """Pools that lack hours for a head are closed to those behind it."""
    offers = m[p + P_FIRST]
    for at in range(offers + 1, offers + 1 + m[offers]):
        option = option_at(m, m[at])
        for here in range(option + 1, option + 1 + 2 * m[option], 2):
            pool = pool_at(m, m[here])
            if m[pool + O_CAPACITY] - m[pool + O_COMMITTED] < m[here + 1]:
                m[pool + O_CLOSED] = serving


@inner
def gather(m, p, option):
    """A group from the head of the list, if there are enough for one."""
    t = m[p + P_TERMS]
    members, last, count = 0, 0, 0
    while count < m[t + T_PARTY_SIZE]:
        node = head(m, p)
        if node == 0:
            break
        m[p + P_LIST] = without_first(m, node)
        m[node + Q_NEXT] = 0
        if last:
            m[last + Q_NEXT] = node
        else:
            members = node
        last = node
        count += 1
    if count < m[t + T_PARTY_LEAST]:
        while members:
            following = m[members + Q_NEXT]
            m[members + Q_NEXT] = 0
            m[p + P_LIST] = meld(m, m[p + P_LIST], members)
            members = following
        return False
    party, member = begin_group(m, node_stay(m, members), option, count), members
    while member:
        m[node_stay(m, member) + S_PARTY] = party
        member = m[member + Q_NEXT]
    while members:
        s, following = node_stay(m, members), m[members + Q_NEXT]
        forget(m, members)
        start(m, s, m[m[PHASE] + H_MEMBER], False)
        offer(m)
        members = following
    return True


@inner
def turn_away(m, p):
    """Those beyond the list's length go, the last who joined first."""
    length = m[m[p + P_TERMS] + T_LENGTH]
    if length >= 0:
        while m[p + P_WAITING] > length and m[p + P_JOINED_LAST]:
            s = last_in_line(m, p)
            if s and m[s + S_STATUS] == LISTED:
                leave_list(m, s, TURNED_AWAY, 0)
                go_on(m, s, REFUSED)
    if not m[p + P_WAITING]:
        while m[p + P_JOINED_LAST]:
            last_in_line(m, p)


@inner
def last_in_line(m, p):
    """The last who joined, who does not stand there any longer; 0: it has gone already."""
    node = m[p + P_JOINED_LAST]
    m[p + P_JOINED_LAST] = m[node + Q_NEXT]
    if not m[p + P_JOINED_LAST]:
        m[p + P_JOINED_FIRST] = 0
    s = stay_of(m, node)
    forget(m, node)
    return s


# -- endings that wait for room ------------------------------------------------------------------------------------------------


@inner
def has_room(m, p):
    """Whether an ending elsewhere may send its child here."""
    t, free = m[p + P_TERMS], 0
    if not m[p + P_PAUSED]:
        offers = m[p + P_FIRST]
        for at in range(offers + 1, offers + 1 + m[offers]):
            option = option_at(m, m[at])
            here = FOR_EVER
            for slot in range(option + 1, option + 1 + 2 * m[option], 2):
                pool = pool_at(m, m[slot])
                here = min(here, (m[pool + O_CAPACITY] - m[pool + O_COMMITTED]) // m[slot + 1])
            free = here if at == offers + 1 else max(free, here)
    if m[t + T_PARTY_SIZE] and free < FOR_EVER:
        free *= m[t + T_PARTY_SIZE]
    return rule_has_room(free, m[p + P_WAITING] + m[p + P_COMING], m[t + T_LENGTH])


@inner
def let_come(m, p):
    """Endings elsewhere come to be, the first first, while there is room here."""
    while m[p + P_HELD_FIRST]:
        s = stay_of(m, m[p + P_HELD_FIRST])
        held = s != 0 and m[s + S_STATUS] == HELD
        if held and not has_room(m, p):
            return
        drop_held(m, p)
        if held:
            release(m, s)
    m[p + P_HOLDING] = 0


@inner
def drop_held(m, p):
    """The first of those who wait for room here waits no longer."""
    node = m[p + P_HELD_FIRST]
    m[p + P_HELD_FIRST] = m[node + Q_NEXT]
    if not m[p + P_HELD_FIRST]:
        m[p + P_HELD_LAST] = 0
    forget(m, node)


@inner
def hold(m, s, p, length):
    """The ending of a stay waits for room at a place; its hours stay taken."""
    m[s + S_STATUS] = HELD
    write_stay(m, WAITS_FOR_ROOM, s, m[p + P_NUMBER])
    node = room(m, FREE_NODE, Q_NEXT, Q_SIZE)
    m[node + Q_STAY] = s | m[s + S_SERIAL] << 40
    m[node + Q_NEXT] = 0
    if m[p + P_HELD_LAST]:
        m[m[p + P_HELD_LAST] + Q_NEXT] = node
    else:
        m[p + P_HELD_FIRST] = node
    m[p + P_HELD_LAST] = node
    m[p + P_HOLDING] = 1
    schedule_stay(m, COURSE, s, length, HOLD_ENDS)


@inner
def is_held(m, s):
    """Whether the ending waits: the next service has no room, and the route says that it may."""
    c = m[s + S_CHILD]
    if m[c + C_GONE] or m[c + C_COURSES] > 1 or m[s + S_SOMATIC]:
        return False
    ending = ending_of(m, s)
    if ending == RECOVERED:
        return False
    need, changed = need_of(m, c), -1
    if ending == IMPROVED:
        changed = m[need + N_BETTER]
    elif ending == WORSE:
        changed = m[need + N_WORSE]
    route = route_after(m, s, ending, m[c + C_NEED] if changed < 0 else changed)
    if route == 0 or not m[route + R_HOLD]:
        return False
    p = target(m, c, route)
    if p == 0 or stay_at(m, c, p) or has_room(m, p):
        return False
    m[s + S_ENDING] = ending
    hold(m, s, p, m[route + R_HOLD])
    return True


@inner
def look_again(m, s):
    """What an ending waited for has closed: it waits for another service of its route, no longer than before, or ends."""
    if m[s + S_STATUS] == HELD:
        m[s + S_STATUS] = HELPED
        if not is_held(m, s):
            release(m, s)


@inner
def release(m, s):
    """An ending need not wait any longer."""
    p = m[s + S_PLACE]
    give_back(m, s)
    end(m, s)
    touch(m, p)


# -- ending --------------------------------------------------------------------------------------------------------------------


@inner
def end_stretch(m, s):
    """A phase of a course is over."""
    p = m[s + S_PLACE]
    over = m[s + S_STRETCH] + 1 == m[m[p + P_TERMS] + T_STRETCHES] or (m[p + P_EVER_CUT] and m[s + S_CUT] >= 0)
    if over and m[HOLD_USED] and is_held(m, s):
        return
    give_back(m, s)
    if over:
        end(m, s)
    else:
        go_further(m, s)
    if m[p + P_WAITING] or not m[p + P_ALONE]:
        if m[p + P_DIRECT] and not m[TOUCHED_COUNT] and is_quiet(m):
            serve_place(m, p)
        else:
            touch(m, p)
    settle(m)


@inner
def end(m, s):
    """A course is over; its hours have been given back."""
    c, p = m[s + S_CHILD], m[s + S_PLACE]
    m[p + P_COURSE_AREA] += m[NOW]
    m[p + P_HELPED] -= 1
    m[c + C_COURSES] -= 1
    need = need_of(m, c)
    ending = ending_of(m, s)
    if m[s + S_SOMATIC] and not m[c + C_GONE]:
        write_stay(m, BODILY, s, 0)
    write_stay(m, ENDED, s, ending)
    close_stay(m, s)
    gained = leave_behind(m, s, ending) if m[RARE] else ending
    if m[c + C_GONE]:
        may_be_over(m, c)
        return
    if gained == RECOVERED:
        leave(m, c, LEFT_RECOVERED)
        return
    if gained == IMPROVED or gained == WORSE:
        changed = m[need + N_BETTER] if gained == IMPROVED else m[need + N_WORSE]
        if changed >= 0:
            change_need(m, c, changed)
            if m[c + C_FIRST]:
                see_anew(m, c)
    if m[CLOCKS_USED]:
        start_clocks(m, c)
    if not m[c + C_COURSES]:
        follow(m, s, route_after(m, s, ending, m[c + C_NEED]), ending == DONE)


@inner
def leave_behind(m, s, ending):
    """What the end of a course means for its group, what it excluded and the way back; and what it did for the need."""
    c, t = m[s + S_CHILD], terms_of(m, s)
    if m[s + S_PARTY]:
        leave_group(m, m[s + S_PARTY])
    if m[c + C_GONE]:
        return ending
    if m[t + T_OPEN_RETURN]:
        m[c + C_BACK_PLACE] = m[s + S_PLACE]
        m[c + C_BACK_UNTIL] = m[NOW] + m[t + T_OPEN_RETURN]
    if m[EXCLUDING_USED]:
        bring_back(m, c)
    gained = gain(m, s, ending)
    if m[s + S_SOMATIC] and gained != RECOVERED:
        leave(m, c, LEFT_SOMATIC)
    return gained


@inner
def leave_group(m, party):
    """The hours are free when the last member has left."""
    m[party + Y_LEFT] -= 1
    if m[party + Y_LEFT]:
        return
    give(m, m[party + Y_TAKEN])
    p, since = m[party + Y_PLACE], m[party + Y_SINCE]
    write(m, GROUP_ENDED, -1, m[p + P_NUMBER], m[party + Y_NUMBER], since, since, m[party + Y_OPTION], -1)
    touch(m, p)
    give_room(m, FREE_PARTY, Y_NEXT, party)


@inner
def bring_back(m, c):
    """A course has ended: what it excluded may start, in the order of the places."""
    parked, s = 0, m[c + C_FIRST]
    while s:
        if m[s + S_PARKED]:
            node = node_for(m, s)
            m[node] = m[m[s + S_PLACE] + P_NUMBER]
            parked = meld(m, parked, node)
        s = m[s + S_NEXT]
    while parked:
        s = m[parked + Q_STAY] & ADDRESS
        left = without_first(m, parked)
        forget(m, parked)
        parked = left
        if m[s + S_PARKED] and not is_excluded(m, s):
            m[s + S_PARKED] = 0
            if m[s + S_URGENT]:
                start_urgently(m, s)
                offer(m)
            else:
                enlist(m, s)


@inner
def ending_of(m, s):
    """How a course ends."""
    c = m[s + S_CHILD]
    if m[c + C_GONE]:
        return AGED_OUT if m[s + S_ENDING] == AGED_OUT else RECOVERED
    if m[s + S_ENDING] >= 0:
        return m[s + S_ENDING]
    if m[s + S_CUT] >= 0:
        return m[s + S_CUT]
    if not m[terms_of(m, s) + T_MATCHED_COUNT]:
        return DONE
    return at_best(m, c, outcome(m, s))


@inner
def at_best(m, c, ending):
    """Whoever improves from the mildest need has recovered."""
    return RECOVERED if ending == IMPROVED and m[need_of(m, c) + N_BETTER] < 0 else ending


@inner
def outcome(m, s):
    """How a course ends; where a better matching one still runs, or the cause is bodily, this one changes nothing."""
    c, t = m[s + S_CHILD], terms_of(m, s)
    if m[c + C_COURSES]:
        other = m[c + C_FIRST]
        while other:
            if other != s and m[other + S_STATUS] == HELPED and max(m[terms_of(m, other) + T_STEP], 0) > max(m[t + T_STEP], 0):
                return UNCHANGED
            other = m[other + S_NEXT]
    if m[c + C_SOMATIC]:
        return UNCHANGED
    quantile = of_stay(m, s, OUTCOME)
    if m[t + T_BY_NEED]:
        here = m[t + T_BY_NEED] + 2 * m[c + C_NEED]
        if m[here + 1]:
            return pick(m, m[here], m[here + 1], quantile)
    if is_match(m[t + T_STEP], m[need_of(m, c) + N_STEP]):
        return pick(m, m[t + T_MATCHED], m[t + T_MATCHED_COUNT], quantile)
    return pick(m, m[t + T_BELOW], m[t + T_BELOW_COUNT], quantile)


@inner
def gain(m, s, ending):
    """What the course did for the need: its ending, or what whoever dropped out had had of it by then."""
    t = terms_of(m, s)
    if ending != DROPPED_OUT or not m[t + T_DOSE] or m[s + S_STRETCH] + 1 < m[t + T_STRETCHES]:
        return ending
    had = m[NOW] - m[s + S_SINCE]
    if m[t + T_CALENDAR] >= 0:
        hours = calendar_at(m, m[t + T_CALENDAR])
        had = reading(m, hours, m[NOW]) - reading(m, hours, m[s + S_SINCE])
    if max(1, times(m[s + S_PLANNED], of_stay(m, s, DOSE))) > had:
        return ending
    return at_best(m, m[s + S_CHILD], outcome(m, s))


# -- helpers who leave ---------------------------------------------------------------------------------------------------------


@inner
def change_helpers(m, number, hazard, everybody, breaks):
    """A post falls vacant: its share of the pool's courses gets another helper, and some children drop out for it."""
    pool = pool_at(m, number)
    if not everybody:
        m[pool + O_DEPARTED] += hazard
    left = 0
    while m[pool + O_HELPED] and (everybody or m[m[pool + O_HELPED]] <= m[pool + O_DEPARTED]):
        node = m[pool + O_HELPED]
        m[pool + O_HELPED] = without_first(m, node)
        m[node] = 0  # in the order of child, place and stay from now on
        m[node + Q_NEXT] = 0
        left = meld(m, left, node)
    while left:
        node = left
        left = without_first(m, node)
        s = stay_of(m, node)
        forget(m, node)
        if s and m[s + S_STATUS] == HELPED and holds(m, s, number):
            change_helper(m, s, number, breaks)


@inner
def holds(m, s, number):
    """Whether a stay holds hours of a pool."""
    option = m[s + S_TAKEN]
    for at in range(option + 1, option + 1 + 2 * m[option], 2):
        if m[at] == number:
            return True
    return False


@inner
def change_helper(m, s, number, breaks):
    """One course gets another helper, or its child drops out for it."""
    c, p = m[s + S_CHILD], m[s + S_PLACE]
    ordinal = (m[s + S_NUMBER] - 1) * CHANGES + min(m[s + S_HELPERS], CHANGES - 1)
    m[s + S_HELPERS] += 1
    broken = 1 if of_service(m, c, m[p + P_TERMS], BREAK, ordinal) < breaks else 0
    write_stay(m, HELPER_CHANGED, s, broken)
    if broken:
        m[s + S_PENDING] = 0
        m[s + S_CUT] = DROPPED_OUT
        give_back(m, s)
        end(m, s)
        touch(m, p)
    else:
        have_helper(m, s, number)
