"""Clocks of untreated needs, compiled: remission, worsening, and being found."""

from __future__ import annotations

from sim.compiled import inner
from sim.kernel.frame import need_of, schedule, threshold
from sim.kernel.rules import time_left, used_up
from sim.kernel.words import (
    BEGIN,
    C_AREA,
    C_CLOCK,
    C_CLOCK_SINCE,
    C_COURSES,
    C_EPISODES,
    C_GONE,
    C_HIDDEN,
    C_NEED,
    C_REMIT,
    C_TIMES_HIDDEN,
    C_UNTREATED,
    C_WORSEN,
    CLOCK_RINGS,
    END,
    FINDING,
    FINDING_USED,
    H_FINDS,
    N_REMISSION,
    N_WORSENING,
    NOW,
    PHASE,
    RATES_CHANGE,
    REMISSION,
    SERIAL,
    WORSENING,
)
from sim.order import HAZARD
from sim.state import NEVER

KNOWN, NOT_DRAWN = -2, -1
"""In ``C_HIDDEN``: somebody knows of the child; the threshold to being found is not drawn yet."""
FOR_EVER = 1 << 62


@inner
def finding(m, c):
    """The rate at which a child whom nobody knows of is found."""
    finds = m[m[PHASE] + H_FINDS]
    if m[c + C_HIDDEN] == KNOWN or finds == 0:
        return 0
    at = m[finds + m[c + C_AREA]]
    total = 0
    for here in range(at + 1, at + 1 + m[at], 2):
        total += m[here]
    return total


@inner
def start_clocks(m, c):
    """Remission and worsening run while no course does; being found, while nobody knows of the child."""
    if m[c + C_COURSES] or m[c + C_GONE] or m[c + C_CLOCK_SINCE] >= m[BEGIN]:
        return
    if m[RATES_CHANGE]:
        m[c + C_UNTREATED] = 1
    need = need_of(m, c)
    remission, worsening = m[need + N_REMISSION], m[need + N_WORSENING]
    found = finding(m, c) if m[FINDING_USED] else 0
    if not remission and not worsening and not found:
        return
    if m[c + C_REMIT] < 0:
        m[c + C_REMIT] = threshold(m, c, REMISSION, m[c + C_EPISODES])
        m[c + C_WORSEN] = threshold(m, c, WORSENING, m[c + C_EPISODES])
    m[c + C_CLOCK_SINCE] = m[NOW]
    m[c + C_CLOCK] += 1
    delay = FOR_EVER
    left = time_left(m[c + C_REMIT], remission)
    if left >= 0:
        delay = left
    left = time_left(m[c + C_WORSEN], worsening)
    if left >= 0:
        delay = min(delay, left)
    if found:
        if m[c + C_HIDDEN] < 0:
            m[c + C_TIMES_HIDDEN] += 1
            m[c + C_HIDDEN] = threshold(m, c, FINDING, m[c + C_TIMES_HIDDEN])
        delay = min(delay, time_left(m[c + C_HIDDEN], found))
    delay = max(1, delay)
    if delay <= m[END] - m[NOW]:
        schedule(m, HAZARD, c, delay, CLOCK_RINGS, c | (m[c + C_CLOCK] & SERIAL) << 40)


@inner
def stop_clocks(m, c):
    """They stand while help goes on."""
    m[c + C_UNTREATED] = 0
    if m[c + C_CLOCK_SINCE] < m[BEGIN]:
        return
    run = m[NOW] - m[c + C_CLOCK_SINCE]
    need = need_of(m, c)
    m[c + C_REMIT] = used_up(m[c + C_REMIT], m[need + N_REMISSION], run)
    m[c + C_WORSEN] = used_up(m[c + C_WORSEN], m[need + N_WORSENING], run)
    if m[c + C_HIDDEN] >= 0:
        m[c + C_HIDDEN] = used_up(m[c + C_HIDDEN], finding(m, c), run)
    m[c + C_CLOCK_SINCE] = NEVER
    m[c + C_CLOCK] += 1


@inner
def change_need(m, c, need):
    """The child's need is another from now on."""
    m[c + C_NEED] = need
    m[c + C_EPISODES] += 1
    m[c + C_REMIT] = -1
    m[c + C_WORSEN] = -1


@inner
def come_forward(m, c):
    """Somebody knows of the child from now on."""
    if m[c + C_HIDDEN] != KNOWN:
        stop_clocks(m, c)
        m[c + C_HIDDEN] = KNOWN
        start_clocks(m, c)
