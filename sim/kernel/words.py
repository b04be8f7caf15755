"""Where everything lies: the words of the one array that the compiled engine works on.

The array holds 64-bit integers. A thing - a child, a stay, a place - is a row of words in it, and is spoken of by its address,
the index of its first word: ``m[child + NEED]``. Address 0 is nothing at all. Fields of one kind of thing share a prefix.
"""

from __future__ import annotations

from sim.draws import OWN, PURPOSES

# -- the head of the array: the run as a whole ---------------------------------------------------------------------------------

(_NOTHING, NOW, BEGIN, END, EVENTS, FAULT, FAULT_ROW, NEXT_ROW, NEXT_TIME, SIZE, SERVING_DUE, TOUCHED_COUNT, SERVED,
 HEAP, HEAP_COUNT, HEAP_MOST, BUCKETS, BUCKET, LAST_BUCKET, SHIFT, KNOWN_EVENTS, KNOWN_COUNT,
 FREE_EVENT, RECORDS, RECORD_COUNT, RECORD_MOST, OFFERS, OFFERS_COUNT, OFFERS_MOST,
 FREE_CHILD, FREE_STAY, FREE_NODE, FREE_WAY, FREE_WORK, FREE_PARTY, CLOSED_STAYS, GONE_CHILDREN, TOP, MOST,
 CHILDREN_BEGIN, CHILDREN_TOP, CHILDREN_MOST, STAYS_BEGIN, STAYS_TOP, STAYS_MOST,
 PHASE, PLACES, PLACE_COUNT, POOLS, POOL_COUNT, GROUPS, GROUP_COUNT, TOUCHED, TOUCHED_WORDS, SERVICE_COUNT, AREAS, PLACE_AT,
 OWN_STREAMS, CLOCK_TABLE, CALENDARS, LEAVES_AT, FIRST_DAY, DUE_DAYS, CHILD_SIZE, OPENINGS, OPENING_COUNT, PHASE_COUNT,
 FINDING_USED, CLOCKS_USED, RELAPSE_USED, SOMATIC_USED, KNOWN_USED, EXCLUDING_USED, HELPERS_USED, COORDINATION_USED,
 ORIGIN_USED, MAPPING_USED, HOLD_USED, PAPERS_MATTER, TRAVEL_MATTERS, START_MATTERS, MIDWAY_USED, ARRIVAL_MATTERS, RARE,
 RATES_CHANGE, STARTED, HEAD_SIZE) = range(87)  # fmt: skip

# -- the plan: a phase and what it holds ---------------------------------------------------------------------------------------

(H_AT, H_NUMBER, H_NEEDS, H_TERMS, H_CAPACITY, H_OPTIONS, H_OFFERS, H_DOORS, H_DOORS_COUNT, H_DOOR, H_CRISIS, H_STREAM_MAPS,
 H_FINDS, H_ANOTHER_DOOR, H_AFTER_REJECTION, H_PEOPLE_SEEK, H_PEOPLE_ACCEPT, H_FOLLOWS, H_FOLLOWS_STEPS, H_FOLLOWS_TASKS,
 H_COORDINATED, H_BREAKS, H_MEMBER, H_FLAGS, H_EASY, H_SIZE) = range(26)  # fmt: skip
(N_SEVERITY, N_STEP, N_REMISSION, N_WORSENING, N_WORSE, N_BETTER, N_SEEK, N_RELAPSE, N_RELAPSES_TO, N_SOMATIC,
 N_SIZE) = range(11)  # fmt: skip
(D_ROUTE, D_LOW, D_HIGH, D_QUIET, D_QUIET_COUNT, D_MAPS, D_PEOPLE, D_SIZE) = range(8)
(R_TO, R_TO_COUNT, R_DELAY, R_FIXED, R_LOST, R_URGENT, R_WARM, R_KEPT, R_TASKS, R_HOLD, R_NUMBER, R_SIZE) = range(12)
(T_SERVICE, T_STREAMS, T_STEP, T_LOW, T_HIGH, T_OPEN, T_ORDER_COUNT, T_ORDER, _T1, _T2, _T3, T_RISES, T_AT_ONCE, T_EVERY,
 T_SWITCH, T_LENGTH, T_WEIGHT, T_PATIENCE, _T4, _T5, T_BALKING, T_BALKING_COUNT, T_WAITS_UNTIL, T_ENDS_AT, T_EXCLUDES,
 T_EXCLUDES_COUNT, T_STEPS_UP, T_OPEN_RETURN, T_MAPS, T_SOMATIC_CHECK, T_PARTY_SIZE, T_PARTY_LEAST, T_GATE, T_CALENDAR,
 T_REVIEW, T_DUE, T_ACCURACY, T_STRETCHES, T_STRETCH, _T6, _T7, _T8, _T9, _T10, _T11, _T12, T_MATCHED, T_MATCHED_COUNT, T_BELOW,
 T_BELOW_COUNT, T_BY_NEED, T_DOSE, T_ROUTES, T_ROUTES_COUNT, T_CHOICES, T_BLIND, T_BESIDE, T_BESIDE_COUNT,
 T_SIZE) = range(59)  # fmt: skip
(X_LENGTH, X_DROPOUT, X_REST, X_DROPOUT_MIDWAY, X_SIZE) = range(5)
"""A stretch of a course, in the terms."""
(V_LENGTH, V_DUE, V_ACCEPT, _V1, _V2, _V3, _V4, V_AGAIN, V_ACCURACY, V_REASONS, V_REASONS_COUNT, V_LEAD, V_CONSENT, V_REFERRERS,
 V_REFERRERS_COUNT, V_RETURNED, V_ACCURACY_UNMAPPED, V_EVERY, V_BY, V_LEAST, V_MEETING, V_TASKS, V_PLAIN,
 V_SIZE) = range(24)  # fmt: skip
"""A referral review."""
(M_DOUBTFUL, M_CONSENT, M_DELAY, M_EVERY, M_ACCURACY, M_TASKS, M_SIZE) = range(7)
"""A meeting."""
(U_OUTER, U_BY_SEVERITY, _U1, _U2, U_GUARANTEE, U_PRICE, U_OVERFLOW, U_SHARE, U_DELAY, U_SIZE) = range(10)
"""A deadline."""
(I_TO, I_TO_COUNT, I_OVER, I_REVIEW, I_SHARE, I_SIZE) = range(6)
"""A switch to another service."""
(B_TO, B_SHARE, B_STEPS, B_SIZE) = range(4)
"""Help beside."""
(A_NEIGHBOUR, A_FINDABLE, A_SIZE) = range(3)
"""An area."""
(E_COUNT, E_BEGINS, E_ENDS, E_CLOSED, E_WORKED, E_SIZE) = range(6)
"""A calendar: addresses of what :class:`sim.calendar.Hours` holds."""

# -- what changes while the run goes on ----------------------------------------------------------------------------------------

(P_NUMBER, P_SERVICE, P_TERMS, P_OPEN, P_FIRST, P_SECOND, P_GROUP, P_GATE, P_ALONE, P_ORDINARY, P_SIMPLE, P_SIMPLE_POOL,
 P_SIMPLE_AMOUNT, P_DIRECT, P_CUTS, P_ORDER, P_WAITING, P_ENTERED, P_LEFT, P_CHANGED, P_WAITING_AREA, P_HELPED, P_COURSE_AREA,
 P_KNOWN, P_COMING, P_ENDED, P_PAUSED, P_GATE_AT, P_LIST, P_LIMITED, P_JOINED_FIRST, P_JOINED_LAST, P_HOLDING, P_HELD_FIRST,
 P_HELD_LAST, P_GROUPS_STARTED, P_EVER_CUT, P_SHORT, P_SIZE) = range(39)  # fmt: skip
(O_COMMITTED, O_CAPACITY, O_STAFFED, O_DEPARTED, O_HELPED, O_CLOSED, O_PLACE, O_HAD, O_SIZE) = range(9)
"""A pool."""
PHASE_FIELDS = tuple(range(P_GATE, P_ORDER + 1))
"""Of a place: what a phase says of it beside its terms and offers; in this order in ``H_FLAGS``."""
(G_PLACES, G_PLACES_COUNT, G_EASY, G_SIZE) = range(4)
"""Places that share pools."""
(C_ROW, C_KEY, C_NEED, C_GONE, C_ORDINAL, C_COURSES, C_FIRST, C_LAST,
 C_AREA, C_BORN, C_SINCE, C_PEOPLE, C_WAYS, C_TRAVELS, C_SEEKS, C_REJECTED,
 C_CLOCK, C_CLOCK_SINCE, C_EPISODES, C_REMIT, C_WORSEN, C_UNTREATED, C_HIDDEN, C_TIMES_HIDDEN,
 C_STREAM, C_TO, C_WAITED, C_FOLLOWED, C_SOMATIC, C_BACK_PLACE, C_BACK_UNTIL, C_TASKS, C_RELAPSES, C_LEAVING, C_NEXT, C_OPENING,
 C_VISITS) = range(37)  # fmt: skip
"""A child; from ``C_VISITS`` on, for each service the stays and the rejections so far."""
(S_SERIAL, S_STATUS, S_CHILD, S_PLACE, S_PENDING, S_NUMBER, S_SINCE, S_RECEIVED,
 S_URGENT, S_OPTION, S_TAKEN, S_STRETCH, S_NEXT, S_CUT, S_ENDING, S_NODE,
 S_DEADLINE, S_ORIGIN, S_MAPPED, S_FRONT, S_PARKED, S_RAISED, S_TAKEN_FOR, S_PLANNED,
 S_SEEN_AT, S_HELPERS, S_MIDWAY, S_SOMATIC, S_PARTY, S_REVIEWS, _S1, _S2, S_SIZE) = range(33)  # fmt: skip
"""A stay. What is asked of it at once stands together, in one line of the processor's cache; likewise for children."""
LINE = 8
"""Words in such a line."""
(Q_KEY, _Q1, _Q2, _Q3, _Q4, _Q5, Q_ROW, Q_NUMBER, Q_STAY, Q_DOWN, Q_NEXT, Q_SIZE) = range(12)
"""A node of a list in order (a pairing heap)."""
KEY_WORDS = 6
(W_CHILD, W_PLACE, W_ROUTE, W_BEGAN, W_LOST, W_SENDER, W_MAPPED, W_NEXT, W_SIZE) = range(9)
"""A child on its way."""
(K_CHILD, K_PLACE, K_OPTION, K_TAKEN, K_BEGAN, K_NEXT, K_SIZE) = range(7)
"""A single piece of work."""
(Y_NUMBER, Y_PLACE, Y_OPTION, Y_TAKEN, Y_LENGTH, Y_SINCE, Y_LEFT, Y_NEXT, Y_SIZE) = range(9)
"""A group course."""
(L_AT, L_KEY, L_WHAT, L_ABOUT, L_NEXT, L_SIZE) = range(6)
"""An event of a later bucket."""
EVENT_SIZE = L_NEXT
"""An event of the heap: its second, its key, what it is, and what it is about."""
RECORD_SIZE = 9

# -- kinds of events -----------------------------------------------------------------------------------------------------------

(PHASE_CHANGE, CALENDAR_OPENS, CALENDAR_CLOSES, STAFF, DEPART, GRANT_ENDS, STRETCH_ENDS, HOLD_ENDS, TASK_ENDS, CLOCK_RINGS,
 RELAPSE, GROW_UP, PATIENCE_ENDS, DEADLINE_PASSES, GUARANTEE_PASSES, OVERFLOW_COMES, RISES, LOOK_ELSEWHERE, BIRTHDAY_COMES,
 REACH, BE_READY, MEETING_OF_PLACE, DECIDE, MEET, SERVE) = range(25)  # fmt: skip

# -- what went wrong -----------------------------------------------------------------------------------------------------------

(SOUND, MORE_ROOM, TOO_MANY_EVENTS, NO_OPTION) = range(4)
"""``FAULT``: nothing; the array is too small; a child has had too many events; a phase has no hours like those of another."""

ADDRESS = (1 << 40) - 1
"""What an event is about: an address, and above it a number that says whether it is still that thing."""
SERIAL = (1 << 23) - 1

(LENGTH, REST, DROPOUT, DROPOUT_AT, OUTCOME, ROUTE, PERCEIVE, PATIENCE, REVIEW, LEAD, ACCEPT, REASON, JUDGE, OVERFLOW,
 OVERFLOW_DELAY, BESIDE, BALK, SWITCH, RISE, STEPS_UP, SOMATIC_CHECK, CONSENT, RETURNED, ACCESS, MEETING, MEET_CONSENT,
 MEET_DELAY, HELPER, BREAK, DOSE, OPENING_DRAW) = range(len(PURPOSES))  # fmt: skip
PURPOSE_COUNT = len(PURPOSES)
(SEEK, DOOR, DOOR_DELAY, REMISSION, WORSENING, HANDOVER, LOST_WAY, PEOPLE_SEEK, DISCOURAGED_WAY, ANOTHER_DOOR,
 ANOTHER_DOOR_WHICH, ACCESS_DOOR, QUIET, FINDING, FOUND_BY, RELAPSE_DRAW, COORDINATOR, KEPT, MAPPED,
 SOMATIC) = range(len(OWN))  # fmt: skip
