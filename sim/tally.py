"""Records counted as they come, compiled: integer sums from which every measure, series and wait is reckoned.

A chunk of records is taken in order and forgotten. What is kept lies in one array of 64-bit integers: a thing - a child, a
place, a pool - is a row of words in it and is spoken of by the address of its first word, ``m[child + C_SOUGHT]``. Address 0 is
nothing. Two more arrays grow with the run: ``waits``, one word for each ordinary start in the window, and ``notes``, three
words for what a later record of the same child will decide. Python lays the array out and reads it (:mod:`sim.fold`); which
sums a measure is made of says :mod:`sim.tally_measures`, and every measure is defined, slowly and readably, in
:mod:`sim.area_measures` and :mod:`sim.service_measures`.

Seconds are counted from the start date. What is counted "in the window" leaves out the warm-up and, of joins and starts, those
who were in their courses on the first day.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from scenarios.units import WEEK, YEAR
from sim.compiled import entry, inner
from sim.draws import Ints
from sim.identities import FROM_LIST
from sim.records import COLUMNS, Kind
from sim.view import FOLLOWED

TIME, KIND, CHILD, PLACE, STAY, SINCE, RECEIVED, DETAIL, NEED = range(len(COLUMNS))
NEVER = -(1 << 62)
"""A second at which nothing has happened."""
DONE = NEVER + 1
"""In ``C_OFFER``: the first referral has been followed to its end, or is not followed."""
FOLLOW_WEEKS = 26
"""Weeks of waiting that the distribution of waits covers."""
FOLLOWED_TWICE = FOLLOW_WEEKS * WEEK
"""How long a child is followed for it, and for the right help."""

# -- the head: the run as a whole ----------------------------------------------------------------------------------------------

(_NOTHING, END, SERVICES, ROW, NEEDS, PLACES, POOLS, POOL_COUNT, LAST_PHASE, PHASES, YEARS, SPAN, WEEKLY, WEEK_COUNT, WITHIN,
 CHILDREN, CHILD_COUNT, CHILD_SIZE, TABLE, POINT, BUCKET, WAITS, NOTES, OVER_POOL, OVER_SECOND, PARTS, PART_COUNT,
 HEAD_SIZE) = range(28)  # fmt: skip
"""``END``: the first second after the window. ``TABLE``: where in a child's words those of the table of children begin, or 0.
``POINT``: the second of the weekly point that what happens now is seen at, and ``BUCKET`` the address of its counts."""

# -- a phase, a place, a pool --------------------------------------------------------------------------------------------------

(F_AT, F_OPTIONS, F_SIZE) = range(3)
"""A phase: from which second it holds, and where the addresses of its options stand. An option: how many pools it takes from,
then for each the pool's address and the units."""
(L_SERVICE, L_HELPS, L_REVIEWED, L_STEP, L_ENTERED, L_LEFT, L_FRESH, L_BACK, L_LISTED, L_LISTED_TIME, L_HELPED, L_HELPED_TIME,
 L_SIZE) = range(13)  # fmt: skip
"""A place, with what is counted of all children: entered and left; joined without a referral, and come back by an open way; on
the list now, and the seconds of leaving it minus those of joining it; likewise courses."""
(O_NUMBER, O_COLUMN, O_WEIGHT, O_LEVEL, O_CAPACITY, O_SINCE, O_TAKEN, O_HAD, O_BEYOND, O_SUSPECT, O_EXCUSED, O_SIZE) = range(12)
"""A pool: its hours in the weekly counts (-1: they are not told) and how many sixtieths of an hour a unit is; committed and
capacity now, in units, since which second of the window, and unit-seconds of it so far: committed, capacity, beyond it;
the second at which it was over its capacity without a record of it so far, and the second of the last such record."""

# -- a child -------------------------------------------------------------------------------------------------------------------

(C_WHO, C_SOUGHT, C_FIRST, C_NEXT, C_RIGHT, C_LAST, C_OFFER, C_MOVES, C_NOTES, C_SLOTS) = range(10)
"""Who it is (below); the second it first sought help; of starts of help: the first, the first and the first on the right step
since it sought, and the last; its first referral, until an offer answers it; its handovers since help (below); what is noted of
it (below). Then a word for each service: the stay there (below). Last, if asked for, its line of the table of children."""
WAS_LISTED, WAS_HELPED, HAD_START, CAME_EARLY, PASSED = 1, 2, 4, 8, 16
"""In ``C_WHO``: already on a list, or in a course, on the first day; some course has started; the need arose in the window,
early enough to be followed; it passed by itself in the window."""
TO, CELL = 8, 24
"""In ``C_WHO``: above these bits the service it came to plus one, and the address of the sums of children like it (0: none)."""
MOVED = 6
"""In ``C_MOVES``: the second of the last handover above these bits; below, three bits each, how many before it and in it."""
MANY = 4
"""Handovers are counted so far."""
STAY_BITS = (1 << 16) - 1
"""In the word of a service: the number of the last stay that began with a referral."""
REFERRED_EARLY, HELD_NOW = 1 << 16, 1 << 17
"""That referral came in the window, early enough for its wait to be followed; the ending waits for room."""
NEXT_YEAR, OPTION = 18, 30
"""Above these bits: the first year in which a course is not yet counted, 12 bits; and the address of the option it holds."""
YEAR_BITS = (1 << 12) - 1
(T_SOUGHT, T_HELP, T_COURSES, T_REJECTIONS, T_HANDOVERS, T_WORSENED, T_LEAVINGS, T_ENDED, T_SIZE) = range(9)
"""A line of the table of children, of neighbours too: the second it first sought help or was referred, and that of the first
start of help; counts; how often it has left more than come back; how it left last."""
OF_HELP, OF_RIGHT_HELP = 1, 2
"""What a note before the child sought help says of a start; 0 is a need that worsened."""
NO_HELP_YET, NO_REFERRAL_YET = 1, 2
"""What a note of a rejection still waits for; above these two bits the service."""
HEADS = 31
"""In ``C_NOTES``: notes of rejections below these bits, those before the child sought help above."""
WAIT_BITS = 36
"""In ``waits``: seconds below, the address of the sums above."""

# -- sums of children alike at a service, and after the last service at none ---------------------------------------------------

KINDS = len(Kind) + 1
"""Sums that count records have the numbers of their kinds."""
(ENTERED, WRONG, WARM, ALONE, AGAIN_FOLLOWED, AGAIN, ORDINARY, ORDINARY_WAIT, LIST_WAIT, WAITED, REVIEWED, REVIEWED_WAIT, OFF,
 OFF_WAIT, LISTED, LISTED_SINCE, LIST_AREA, COURSE_AREA, HELD_AREA, BROKEN, PROMISES, COST, NEW_NEEDS, RECOVERED, REMITTED,
 FINISHED, UNHELPED, WORSE, THIRD, SOUGHT, HELP_FOLLOWED, HELP_WITHIN, RIGHT_FOLLOWED, RIGHT_WITHIN, OFFER_FOLLOWED,
 OFFER_WITHIN, EARLY, NEVER_HELPED, WAITED_FIRST, FIRST_WAIT, PATIENTS) = range(KINDS, KINDS + 41)  # fmt: skip
"""Before these: how many records of each kind, in the window. From ``PATIENTS`` on, by year: how many children more have a
course in it than in the year before."""
(W_REFERRED, W_JOINED, W_REFERRED_STARTED) = range(3)
W_JOINED_STARTED = W_REFERRED_STARTED + FOLLOW_WEEKS + 1
W_SIZE = W_JOINED_STARTED + FOLLOW_WEEKS + 1
"""The waits of a service: referred, and joined, early enough to be followed; of either, started in so many weeks."""
(S_WAITING, S_HELPED, S_COMMITTED, S_CAPACITY, S_SIZE) = range(5)
"""What a week changed, by service: children on the list and in courses; sixtieths of an hour committed and of capacity."""

(AROSE, SOUGHT_DOOR, REFERRED, ACCEPTED, REJECTED, JOINED, STARTED, ASSESSED, ENDED, GAVE_UP, REFUSED, WITHDREW, BREACHED,
 OVERFLOWED, HANDED_OVER, WORSENED, CRISIS, LEFT, OVERLOADED, CAPACITY, BALKED, SWITCHED, AGED_OUT, HELD, RELAPSED, TASK,
 TASK_DONE, GROUP_STARTED, GROUP_ENDED) = (
    int(kind) for kind in (
        Kind.AROSE, Kind.SOUGHT, Kind.REFERRED, Kind.ACCEPTED, Kind.REJECTED, Kind.JOINED, Kind.STARTED, Kind.ASSESSED,
        Kind.ENDED, Kind.GAVE_UP, Kind.REFUSED, Kind.WITHDREW, Kind.BREACHED, Kind.OVERFLOWED, Kind.HANDED_OVER, Kind.WORSENED,
        Kind.CRISIS, Kind.LEFT, Kind.OVERLOADED, Kind.CAPACITY, Kind.BALKED, Kind.SWITCHED, Kind.AGED_OUT, Kind.HELD,
        Kind.RELAPSED, Kind.TASK, Kind.TASK_DONE, Kind.GROUP_STARTED, Kind.GROUP_ENDED,
    )
)  # fmt: skip
LEFT_RECOVERED, LEFT_REMITTED, LEFT_DONE = range(3)


F = TypeVar("F", bound=Callable[..., Any])


def lean(compiled: F) -> F:
    """No references to arrays are counted, since nothing is made or freed here: half the time would go into it."""
    compiled.targetoptions["_nrt"] = False  # type: ignore[attr-defined]
    return compiled


def part(function: F) -> F:
    """Compiled into the very place where it is called: passing three arrays takes longer than most of these functions."""
    compiled = lean(inner(function))
    compiled.targetoptions["forceinline"] = True  # type: ignore[attr-defined]
    return compiled


@lean
@entry
def add(m: Ints, waits: Ints, notes: Ints, rows: Ints) -> None:
    """Count a chunk of records. ``waits`` has room for a word more for each of them, ``notes`` for three."""
    for i in range(rows.shape[0]):
        time, kind, child, place = rows[i, TIME], rows[i, KIND], rows[i, CHILD], rows[i, PLACE]
        while time > m[POINT]:
            next_week(m)
        if kind in (CAPACITY, OVERLOADED):
            of_pool(m, time, kind, m[POOLS] + place * O_SIZE, rows[i, DETAIL])
        elif kind in (TASK, GROUP_STARTED):
            take(m, time, option_at(m, time, rows[i, DETAIL]), 1)
        elif kind in (TASK_DONE, GROUP_ENDED):
            take(m, time, option_at(m, rows[i, SINCE], rows[i, DETAIL]), -1)
        elif child >= 0:
            c = m[CHILDREN] + child * m[CHILD_SIZE]
            if m[TABLE]:
                tell(m, time, kind, c, place, rows[i, DETAIL])
            if place < 0:
                elsewhere(m, notes, time, kind, c, rows[i, DETAIL])
            else:
                at_place(m, waits, notes, time, kind, c, m[PLACES] + place * L_SIZE, rows[i, STAY], rows[i, SINCE],
                         rows[i, RECEIVED], rows[i, DETAIL], rows[i, NEED])  # fmt: skip


@lean
@entry
def close(m: Ints, band: Ints, group: Ints) -> None:
    """After the last record: what is known of a child only now. ``band`` and ``group`` are columns of the cohort."""
    for number in range(m[POOL_COUNT]):
        until(m, m[POOLS] + number * O_SIZE, m[END])
    for child in range(m[CHILD_COUNT]):
        c = m[CHILDREN] + child * m[CHILD_SIZE]
        cell = m[c + C_WHO] >> CELL
        if cell:
            sum_up(m, c, cell, cell + m[SERVICES] * m[ROW], band[child], group[child])


# -- weeks, pools and their hours ----------------------------------------------------------------------------------------------


@part
def next_week(m: Ints) -> None:
    """What happens from now on is seen a week later; what happens after the last point is not seen."""
    m[BUCKET] += m[SERVICES] * S_SIZE
    last = m[WEEKLY] + m[WEEK_COUNT] * m[SERVICES] * S_SIZE
    m[POINT] = m[POINT] + WEEK if m[BUCKET] < last else -NEVER


@part
def of_pool(m: Ints, time: int, kind: int, pool: int, detail: int) -> None:
    """The capacity is another, or a record says that more than it is committed."""
    if kind == OVERLOADED:
        m[pool + O_EXCUSED] = time
        if m[pool + O_SUSPECT] == time:
            m[pool + O_SUSPECT] = NEVER
        return
    until(m, pool, time)
    if m[pool + O_COLUMN] >= 0:
        m[m[BUCKET] + m[pool + O_COLUMN] + S_CAPACITY] += (detail - m[pool + O_CAPACITY]) * m[pool + O_WEIGHT]
    m[pool + O_CAPACITY] = detail


@part
def until(m: Ints, pool: int, time: int) -> None:
    """What a pool had and gave until a second; the warm-up does not count."""
    span = time - m[pool + O_SINCE]
    if span > 0:
        level, capacity = m[pool + O_LEVEL], m[pool + O_CAPACITY]
        m[pool + O_TAKEN] += level * span
        m[pool + O_HAD] += capacity * span
        if level > capacity:
            m[pool + O_BEYOND] += (level - capacity) * span
        m[pool + O_SINCE] = time


@part
def option_at(m: Ints, time: int, number: int) -> int:
    """The option of this number in the phase that held at a second."""
    phase = m[LAST_PHASE]
    while phase > m[PHASES] and m[phase + F_AT] > time:
        phase -= F_SIZE
    return m[m[phase + F_OPTIONS] + number]  # type: ignore[no-any-return]


@part
def take(m: Ints, time: int, option: int, sign: int) -> None:
    """Hours are taken, or with a sign of -1 given back."""
    for at in range(option + 1, option + 1 + 2 * m[option], 2):
        pool, units = m[at], sign * m[at + 1]
        until(m, pool, time)
        m[pool + O_LEVEL] += units
        if m[pool + O_COLUMN] >= 0:
            m[m[BUCKET] + m[pool + O_COLUMN] + S_COMMITTED] += units * m[pool + O_WEIGHT]
        if units > 0 and m[pool + O_LEVEL] > m[pool + O_CAPACITY] and m[pool + O_EXCUSED] != time:
            suspect(m, pool, time)


@part
def suspect(m: Ints, pool: int, time: int) -> None:
    """Over its capacity: a record of this second must say so. The first that none does is kept."""
    before = m[pool + O_SUSPECT]
    if before != NEVER and before != time and m[OVER_POOL] < 0:
        m[OVER_POOL] = m[pool + O_NUMBER]
        m[OVER_SECOND] = before
    m[pool + O_SUSPECT] = time


# -- notes: what a later record of the child decides ---------------------------------------------------------------------------


@part
def note(m: Ints, notes: Ints, following: int, time: int, what: int) -> int:
    """Write a note in front of others; its address."""
    at = m[NOTES]
    m[NOTES] += 3
    notes[at] = time
    notes[at + 1] = what
    notes[at + 2] = following
    return at  # type: ignore[no-any-return]


@part
def note_rejection(m: Ints, notes: Ints, c: int, time: int, what: int) -> None:
    """A rejection that help, or a new referral, may follow."""
    early = m[c + C_NOTES] >> HEADS
    m[c + C_NOTES] = (early << HEADS) | note(m, notes, m[c + C_NOTES] & ((1 << HEADS) - 1), time, what)


@part
def note_early(m: Ints, notes: Ints, c: int, time: int, what: int) -> None:
    """What happened before the child was known to have sought help."""
    rejected = m[c + C_NOTES] & ((1 << HEADS) - 1)
    m[c + C_NOTES] = (note(m, notes, m[c + C_NOTES] >> HEADS, time, what) << HEADS) | rejected


@part
def answer(m: Ints, notes: Ints, c: int, cell: int, time: int, answered: int, service: int) -> None:
    """Help starts, or a new referral comes to a service: rejections that waited for it wait no longer."""
    before, at = 0, m[c + C_NOTES] & ((1 << HEADS) - 1)
    while at:
        rejected, what, following = notes[at], notes[at + 1], notes[at + 2]
        sums = cell + (what >> 2) * m[ROW]
        if answered == NO_HELP_YET and what & NO_HELP_YET:
            what -= NO_HELP_YET
            if time <= rejected + FOLLOWED:
                m[sums + ALONE] -= 1
        elif answered == NO_REFERRAL_YET and what & NO_REFERRAL_YET and what >> 2 == service and time > rejected:
            what -= NO_REFERRAL_YET
            if time <= rejected + 1 + YEAR:
                m[sums + AGAIN] += 1
        notes[at + 1] = what
        if what & 3:
            before = at
        elif before:
            notes[before + 2] = following
        else:
            m[c + C_NOTES] = ((m[c + C_NOTES] >> HEADS) << HEADS) | following
        at = following


@part
def seek(m: Ints, notes: Ints, c: int, elsewhere_sums: int, time: int) -> None:
    """The child sought help at a second, which may be earlier than what was known: a referral may have been carried over."""
    if m[c + C_SOUGHT] != NEVER and m[c + C_SOUGHT] <= time:
        return
    m[c + C_SOUGHT] = time
    before, at = 0, m[c + C_NOTES] >> HEADS
    while at:
        when, what, following = notes[at], notes[at + 1], notes[at + 2]
        if when >= time:
            if what & OF_HELP:
                if m[c + C_NEXT] == NEVER or when < m[c + C_NEXT]:
                    m[c + C_NEXT] = when
                if what & OF_RIGHT_HELP and (m[c + C_RIGHT] == NEVER or when < m[c + C_RIGHT]):
                    m[c + C_RIGHT] = when
            else:
                m[elsewhere_sums + WORSE] += 1
            if before:
                notes[before + 2] = following
            else:
                m[c + C_NOTES] = (following << HEADS) | (m[c + C_NOTES] & ((1 << HEADS) - 1))
        else:
            before = at
        at = following


# -- records of a child at no place --------------------------------------------------------------------------------------------


@part
def elsewhere(m: Ints, notes: Ints, time: int, kind: int, c: int, detail: int) -> None:
    """Needs that arise, pass, worsen and come back; doors; ways lost."""
    if kind == RELAPSED and detail >= 0:
        m[m[PLACES] + detail * L_SIZE + L_BACK] += 1
    cell = m[c + C_WHO] >> CELL
    if not cell:
        return
    sums = cell + m[SERVICES] * m[ROW]
    if kind == SOUGHT_DOOR:
        seek(m, notes, c, sums, time)
    if time < 0:
        return
    m[sums + kind] += 1
    if kind == AROSE:
        if detail >= 0:
            m[sums + NEW_NEEDS] += 1
            if time < m[END] - FOLLOWED:
                m[c + C_WHO] |= CAME_EARLY
    elif kind == LEFT:
        if detail == LEFT_RECOVERED:
            m[sums + RECOVERED] += 1
        elif detail == LEFT_DONE:
            m[sums + FINISHED] += 1
        elif detail == LEFT_REMITTED:
            m[sums + REMITTED] += 1
            m[c + C_WHO] |= PASSED
    elif kind == WORSENED:
        if m[c + C_SOUGHT] == NEVER:
            note_early(m, notes, c, time, 0)
        else:
            m[sums + WORSE] += 1


# -- records of a child at a place ---------------------------------------------------------------------------------------------


@part
def at_place(
    m: Ints, waits: Ints, notes: Ints, time: int, kind: int, c: int, place: int, stay: int, since: int, received: int,
    detail: int, need: int,
) -> None:  # fmt: skip
    """What the kinds have in common, then each of them."""
    service, cell = m[place + L_SERVICE], m[c + C_WHO] >> CELL
    slot = c + C_SLOTS + service
    sums = cell + service * m[ROW]
    week = m[BUCKET] + service * S_SIZE
    midway = (
        m[c + C_WHO] & WAS_HELPED != 0 and stay == 1 and (m[c + C_WHO] >> TO) & STAY_BITS == service + 1
        and (kind in (JOINED, STARTED))
    )  # fmt: skip
    inside = time >= 0 and not midway
    if cell and inside and not (kind == REFERRED and detail < 0):
        m[sums + kind] += 1
    if kind == JOINED:
        joined(m, time, c, place, slot, stay, cell, sums, week, inside)
    elif kind == STARTED:
        started(m, waits, notes, time, c, place, slot, stay, since, received, detail, need, cell, sums, week, inside)
    elif kind == ENDED:
        ended(m, time, place, slot, cell, sums, week)
    elif kind == ASSESSED:
        take(m, time, m[slot] >> OPTION, -1)
        hold(m, slot, option_at(m, time, detail))
        take(m, time, m[slot] >> OPTION, 1)
    elif kind == REFERRED:
        referred(m, notes, time, c, place, slot, stay, received, detail, cell, service)
    elif kind == REJECTED:
        m[place + L_LEFT] += 1
        if cell and inside:
            rejected(m, notes, time, c, detail, sums, service)
    elif kind == ACCEPTED:
        if cell:
            offer(m, c, cell, time)
    elif kind == HANDED_OVER:
        if cell:
            move(m, time, c, cell)
    elif kind == HELD:
        if cell and not m[slot] & HELD_NOW:
            m[slot] |= HELD_NOW
            m[sums + HELD_AREA] += left_of(m, time)
    elif kind == BREACHED:
        if cell and inside and detail <= 1:
            m[sums + (BROKEN if detail == 0 else PROMISES)] += 1
    elif kind in (WITHDREW, AGED_OUT):
        m[place + L_LEFT] += 1
        if detail == FROM_LIST:
            off_list(m, time, place, since, cell, sums, week, inside)
    elif kind in (GAVE_UP, REFUSED, OVERFLOWED, BALKED, SWITCHED):
        m[place + L_LEFT] += 1
        off_list(m, time, place, since, cell, sums, week, inside)
        if kind == OVERFLOWED and cell and inside:
            m[sums + COST] += detail


@part
def left_of(m: Ints, time: int) -> int:
    """Seconds of the window from a second on."""
    return m[END] - max(time, 0)  # type: ignore[no-any-return]


@part
def hold(m: Ints, slot: int, option: int) -> None:
    """The hours that the course holds from now on."""
    m[slot] = (m[slot] & ((1 << OPTION) - 1)) | (option << OPTION)


@part
def joined(
    m: Ints, time: int, c: int, place: int, slot: int, stay: int, cell: int, sums: int, week: int, inside: bool
) -> None:  # fmt: skip
    """On to the list."""
    m[place + L_LISTED] += 1
    m[place + L_LISTED_TIME] -= time
    if m[slot] & STAY_BITS != stay:
        m[place + L_ENTERED] += 1
        m[place + L_FRESH] += 1
    if cell:
        m[week + S_WAITING] += 1
        m[sums + LISTED] += 1
        m[sums + LISTED_SINCE] += time
        m[sums + LIST_AREA] += left_of(m, time)
        if inside:
            if time > 0 or not m[c + C_WHO] & WAS_LISTED:
                m[sums + ENTERED] += 1
            if time < m[END] - FOLLOWED_TWICE:
                m[m[WITHIN] + m[place + L_SERVICE] * W_SIZE + W_JOINED] += 1


@part
def off_list(m: Ints, time: int, place: int, since: int, cell: int, sums: int, week: int, inside: bool) -> None:
    """Off the list, with or without help."""
    m[place + L_LISTED] -= 1
    m[place + L_LISTED_TIME] += time
    if cell:
        m[week + S_WAITING] -= 1
        m[sums + LISTED] -= 1
        m[sums + LISTED_SINCE] -= since
        m[sums + LIST_AREA] -= left_of(m, time)
        if inside:
            m[sums + OFF] += 1
            m[sums + OFF_WAIT] += time - since


@part
def started(
    m: Ints, waits: Ints, notes: Ints, time: int, c: int, place: int, slot: int, stay: int, since: int, received: int,
    detail: int, need: int, cell: int, sums: int, week: int, inside: bool,
) -> None:  # fmt: skip
    """Help starts."""
    off_list(m, time, place, since, cell, sums, week, inside)
    m[place + L_HELPED] += 1
    m[place + L_HELPED_TIME] -= time
    option = option_at(m, time, detail >> 1)
    hold(m, slot, option)
    take(m, time, option, 1)
    if not cell:
        return
    m[c + C_WHO] |= HAD_START
    m[week + S_HELPED] += 1
    m[sums + COURSE_AREA] += left_of(m, time)
    begin_year(m, slot, sums, time)
    if inside:
        m[sums + LIST_WAIT] += time - since
        if time > since:
            m[sums + WAITED] += 1
        if detail & 1 == 0:
            m[sums + ORDINARY] += 1
            m[sums + ORDINARY_WAIT] += time - received
            waits[m[WAITS]] = (sums << WAIT_BITS) | (time - received)
            m[WAITS] += 1
            if m[place + L_REVIEWED]:
                m[sums + REVIEWED] += 1
                m[sums + REVIEWED_WAIT] += time - received
    started_within(m, place, slot, stay, since, time - received, inside or time < 0)
    if m[place + L_HELPS]:
        helped(m, notes, time, c, cell, m[place + L_STEP] >= m[m[NEEDS] + need])


@part
def started_within(m: Ints, place: int, slot: int, stay: int, since: int, wait: int, new: bool) -> None:
    """In so many weeks, if the stay began in the window, early enough to be followed."""
    week = (wait + WEEK - 1) // WEEK if wait > 0 else 0
    if week <= FOLLOW_WEEKS:
        within = m[WITHIN] + m[place + L_SERVICE] * W_SIZE + week
        if m[slot] & REFERRED_EARLY and m[slot] & STAY_BITS == stay:
            m[within + W_REFERRED_STARTED] += 1
        if new and 0 <= since < m[END] - FOLLOWED_TWICE:
            m[within + W_JOINED_STARTED] += 1


@part
def begin_year(m: Ints, slot: int, sums: int, time: int) -> None:
    """A course starts: from this year on the child has one, where it is not counted yet."""
    year = (m[slot] >> NEXT_YEAR) & YEAR_BITS
    if time > 0:
        year = min(max(year, time // m[SPAN]), m[YEARS])
    m[sums + PATIENTS + year] += 1
    set_year(m, slot, year)


@part
def end_year(m: Ints, slot: int, sums: int, time: int) -> None:
    """It ends: this year is the last."""
    year = (m[slot] >> NEXT_YEAR) & YEAR_BITS
    if time >= 0:
        year = max(year, min(time // m[SPAN] + 1, m[YEARS]))
    m[sums + PATIENTS + year] -= 1
    set_year(m, slot, year)


@part
def set_year(m: Ints, slot: int, year: int) -> None:
    """The first year not yet counted."""
    m[slot] = (m[slot] & ~(YEAR_BITS << NEXT_YEAR)) | (year << NEXT_YEAR)


@part
def ended(m: Ints, time: int, place: int, slot: int, cell: int, sums: int, week: int) -> None:
    """A course ends."""
    m[place + L_LEFT] += 1
    m[place + L_HELPED] -= 1
    m[place + L_HELPED_TIME] += time
    take(m, time, m[slot] >> OPTION, -1)
    if cell:
        m[week + S_HELPED] -= 1
        m[sums + COURSE_AREA] -= left_of(m, time)
        end_year(m, slot, sums, time)
        if m[slot] & HELD_NOW:
            m[slot] -= HELD_NOW
            m[sums + HELD_AREA] -= left_of(m, time)


@part
def referred(
    m: Ints, notes: Ints, time: int, c: int, place: int, slot: int, stay: int, received: int, detail: int, cell: int,
    service: int,
) -> None:  # fmt: skip
    """A referral is received; of those on a list or in a course on the first day it was long ago."""
    m[place + L_ENTERED] += 1
    early = detail >= 0 and 0 <= time < m[END] - FOLLOWED_TWICE
    m[slot] = (m[slot] & ~(STAY_BITS | REFERRED_EARLY)) | stay | (REFERRED_EARLY if early else 0)
    if not cell or detail < 0:
        return
    if early:
        m[m[WITHIN] + service * W_SIZE + W_REFERRED] += 1
    seek(m, notes, c, cell + m[SERVICES] * m[ROW], received)
    answer(m, notes, c, cell, time, NO_REFERRAL_YET, service)
    if m[c + C_OFFER] == NEVER:
        m[c + C_OFFER] = DONE
        if 0 <= time < m[END] - FOLLOWED:
            m[cell + m[SERVICES] * m[ROW] + OFFER_FOLLOWED] += 1
            m[c + C_OFFER] = time
            if m[c + C_LAST] == time:  # help that started in this very second is an offer
                offer(m, c, cell, time)


@part
def offer(m: Ints, c: int, cell: int, time: int) -> None:
    """The right to help is given, or help starts: an answer to the first referral."""
    if m[c + C_OFFER] > DONE:
        if time <= m[c + C_OFFER] + FOLLOWED:
            m[cell + m[SERVICES] * m[ROW] + OFFER_WITHIN] += 1
        m[c + C_OFFER] = DONE


@part
def rejected(m: Ints, notes: Ints, time: int, c: int, detail: int, sums: int, service: int) -> None:
    """A referral is rejected in the window."""
    if detail // 100 % 10 == 1:
        m[sums + WRONG] += 1
    if detail // 1000 == 1:
        m[sums + WARM] += 1
    awaits = 0
    if time < m[END] - FOLLOWED and m[c + C_LAST] != time:  # help that started in this very second follows it
        m[sums + ALONE] += 1
        awaits |= NO_HELP_YET
    if time < m[END] - YEAR:
        m[sums + AGAIN_FOLLOWED] += 1
        awaits |= NO_REFERRAL_YET
    if awaits:
        note_rejection(m, notes, c, time, (service << 2) | awaits)


@part
def helped(m: Ints, notes: Ints, time: int, c: int, cell: int, right: bool) -> None:
    """Help starts that is more than a door; ``right``: on the right step for the need, or above it."""
    m[c + C_LAST] = time
    if m[c + C_FIRST] == NEVER:
        m[c + C_FIRST] = time
    if m[c + C_SOUGHT] == NEVER:
        note_early(m, notes, c, time, OF_HELP | OF_RIGHT_HELP if right else OF_HELP)
    else:
        if m[c + C_NEXT] == NEVER:
            m[c + C_NEXT] = time
        if right and m[c + C_RIGHT] == NEVER:
            m[c + C_RIGHT] = time
    offer(m, c, cell, time)
    answer(m, notes, c, cell, time, NO_HELP_YET, 0)
    stand_still(m, time, c, cell)


@part
def move(m: Ints, time: int, c: int, cell: int) -> None:
    """A handover begins: the third since help, or since the child came, sends it around."""
    word = m[c + C_MOVES]
    before, now = (word >> 3) & 7, word & 7
    if word >> MOVED != time:
        before, now = min(before + now, MANY), 0
    if before + now == 2 and time >= 0:
        m[cell + m[SERVICES] * m[ROW] + THIRD] += 1
    m[c + C_MOVES] = (time << MOVED) | (before << 3) | min(now + 1, MANY)


@part
def stand_still(m: Ints, time: int, c: int, cell: int) -> None:
    """Help starts: handovers before it do not count. Within a second it comes before them, whatever was written first."""
    word = m[c + C_MOVES]
    before, now = (word >> 3) & 7, word & 7
    if word >> MOVED != time:
        m[c + C_MOVES] = time << MOVED
        return
    if time >= 0 and before < 3 <= before + now and now < 3:
        m[cell + m[SERVICES] * m[ROW] + THIRD] -= 1
    elif time >= 0 and before >= 3 and now >= 3:
        m[cell + m[SERVICES] * m[ROW] + THIRD] += 1
    m[c + C_MOVES] = (time << MOVED) | now


# -- children ------------------------------------------------------------------------------------------------------------------


@part
def tell(m: Ints, time: int, kind: int, c: int, place: int, detail: int) -> None:
    """The child's line of the table of children."""
    t = c + m[TABLE]
    if kind in (SOUGHT_DOOR, REFERRED):
        if m[t + T_SOUGHT] == NEVER:
            m[t + T_SOUGHT] = time
    elif kind == STARTED:
        if m[m[PLACES] + place * L_SIZE + L_HELPS]:
            m[t + T_COURSES] += 1
            if m[t + T_HELP] == NEVER:
                m[t + T_HELP] = time
    elif kind == REJECTED:
        m[t + T_REJECTIONS] += 1
    elif kind == HANDED_OVER:
        m[t + T_HANDOVERS] += 1
    elif kind in (WORSENED, CRISIS):
        m[t + T_WORSENED] += 1
    elif kind == LEFT:
        m[t + T_LEAVINGS] += 1
        m[t + T_ENDED] = detail
    elif kind == RELAPSED:
        m[t + T_LEAVINGS] -= 1


@part
def sum_up(m: Ints, c: int, cell: int, sums: int, band: int, group: int) -> None:
    """What a child adds to the sums of those like it, now that nothing more will happen to it."""
    who = m[c + C_WHO]
    if who & CAME_EARLY:
        m[sums + EARLY] += 1
        if not who & HAD_START:
            m[sums + NEVER_HELPED] += 1
    if who & PASSED and not who & HAD_START:
        m[sums + UNHELPED] += 1
    sought = m[c + C_SOUGHT]
    if sought == NEVER:
        return
    first, following = m[c + C_FIRST], m[c + C_NEXT]
    if first >= 0 and first >= sought:
        m[sums + WAITED_FIRST] += 1
        m[sums + FIRST_WAIT] += first - sought
    if sought < 0:
        return
    m[sums + SOUGHT] += 1
    if sought < m[END] - FOLLOWED:
        in_time = following != NEVER and following <= sought + FOLLOWED
        m[sums + HELP_FOLLOWED] += 1
        m[sums + HELP_WITHIN] += in_time
        parts = cell + m[PARTS]
        if band >= 0:
            m[parts + 2 * band] += 1
            m[parts + 2 * band + 1] += in_time
        if group >= 0:
            at = parts + 2 * (m[PART_COUNT] + group)
            m[at] += 1
            m[at + 1] += in_time
    if sought < m[END] - FOLLOWED_TWICE:
        right = m[c + C_RIGHT]
        m[sums + RIGHT_FOLLOWED] += 1
        m[sums + RIGHT_WITHIN] += right != NEVER and right <= sought + FOLLOWED_TWICE
