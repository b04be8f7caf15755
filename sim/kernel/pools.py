"""Hours, compiled: what is taken, what is given back, and single pieces of work."""

from __future__ import annotations

from scenarios.units import WEEK
from sim.compiled import inner
from sim.kernel.frame import option_at, room, schedule, write
from sim.kernel.words import (
    C_AREA,
    C_NEED,
    C_ROW,
    C_TASKS,
    FREE_WORK,
    K_BEGAN,
    K_CHILD,
    K_NEXT,
    K_OPTION,
    K_PLACE,
    K_SIZE,
    K_TAKEN,
    NOW,
    O_CAPACITY,
    O_CLOSED,
    O_COMMITTED,
    O_SIZE,
    P_FIRST,
    P_NUMBER,
    POOLS,
    S_TAKEN,
    TASK_ENDS,
)
from sim.order import COURSE
from sim.records import Kind

OVERLOADED, TASK = int(Kind.OVERLOADED), int(Kind.TASK)


@inner
def pool_at(m, number):
    """Where a pool stands."""
    return m[POOLS] + number * O_SIZE


@inner
def take(m, option, row, stay, need):
    """Hours are taken, over capacity if need be: then it is written down."""
    for at in range(option + 1, option + 1 + 2 * m[option], 2):
        pool = pool_at(m, m[at])
        m[pool + O_COMMITTED] += m[at + 1]
        over = m[pool + O_COMMITTED] - m[pool + O_CAPACITY]
        if over > 0:
            write(m, OVERLOADED, row, m[at], stay, m[NOW], m[NOW], over, need)


@inner
def give(m, option):
    """Hours are free."""
    for at in range(option + 1, option + 1 + 2 * m[option], 2):
        m[pool_at(m, m[at]) + O_COMMITTED] -= m[at + 1]


@inner
def give_back(m, s):
    """The hours that a stay holds are free."""
    give(m, m[s + S_TAKEN])


@inner
def has_hours(m, option, closed):
    """Whether an option's hours are free; in pools closed in this serving (``closed`` its number, 0: none) they are not."""
    for at in range(option + 1, option + 1 + 2 * m[option], 2):
        pool = pool_at(m, m[at])
        if m[pool + O_CAPACITY] - m[pool + O_COMMITTED] < m[at + 1] or (closed and m[pool + O_CLOSED] == closed):
            return False
    return True


@inner
def option_with_room(m, p, closed):
    """The first option of a place with room; -1: none."""
    offers = m[p + P_FIRST]
    for at in range(offers + 1, offers + 1 + m[offers]):
        if has_hours(m, option_at(m, m[at]), closed):
            return m[at]
    return -1


@inner
def urgent_option(m, p):
    """Hours for a child who starts whatever the room: those that are free, else the first choice."""
    free = option_with_room(m, p, 0)
    return m[m[p + P_FIRST] + 1] if free < 0 else free


@inner
def work(m, c, p, tasks):
    """Hours for a review, a meeting or a handover, taken within a week, over capacity if need be."""
    number = m[tasks + m[c + C_AREA]] if tasks else -1
    if number < 0:
        return
    option, place, row = option_at(m, number), m[p + P_NUMBER], m[c + C_ROW]
    write(m, TASK, row, place, 0, m[NOW], m[NOW], number, m[c + C_NEED])
    take(m, option, row, 0, m[c + C_NEED])
    task = room(m, FREE_WORK, K_NEXT, K_SIZE)
    m[task + K_CHILD] = c
    m[task + K_PLACE] = place
    m[task + K_OPTION] = number
    m[task + K_TAKEN] = option
    m[task + K_BEGAN] = m[NOW]
    m[c + C_TASKS] += 1
    schedule(m, COURSE, c, WEEK, TASK_ENDS, task)
