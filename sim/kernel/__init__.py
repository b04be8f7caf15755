"""The compiled engine: a second scheduler over the same phases, cohort and rules, with the same records to the last bit.

The story is the one that :mod:`sim.engine` tells; the rooms have the same names, and what is decided stands in :mod:`sim.rules`
for both. Here everything lives in one array of integers (:mod:`sim.kernel.words`), which Python lays out
(:mod:`sim.kernel.arena`) and machine code works on in slices, so that whoever runs it can look up in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from sim.children import Cohort
from sim.compiled import COMPILING, is_kept, note
from sim.draws import Ints
from sim.endless import endless
from sim.kernel.arena import CHUNK, KEPT_AT_ONCE, Arena, Layout, lay_out
from sim.kernel.events import GOES_ON, advance
from sim.kernel.words import (
    EVENTS,
    FAULT,
    FAULT_ROW,
    MORE_ROOM,
    NO_OPTION,
    NOW,
    O_COMMITTED,
    O_SIZE,
    P_CHANGED,
    P_COURSE_AREA,
    P_ENTERED,
    P_HELPED,
    P_LEFT,
    P_SIZE,
    P_WAITING,
    P_WAITING_AREA,
    PLACES,
    POOLS,
    RECORD_COUNT,
    RECORD_SIZE,
    RECORDS,
    TOO_MANY_EVENTS,
)
from sim.order import MOST_CHILDREN
from sim.plan import Plan
from sim.records import Log
from sim.state import Totals, Trajectory
from sim.supply import NONE, Supply

MOST_EVENTS_IN_A_SLICE = 200_000
"""Events after which machine code comes back, whatever it has written: some hundredths of a second."""
MANY_RECORDS = 24
"""Of a child: room for so many is set aside; what is never touched takes no memory."""
MOST_ROOM = 4**5
"""So many times the usual room a run may take; whether there is that much memory is another matter."""
Take = Callable[[Ints], None]
"""Called with each chunk of records, int64 of shape (records, 9), in order; it must not keep them."""


class Kernel:
    """The compiled engine for the phases of a run, ready for one replication after the other."""

    def __init__(self, plans: Sequence[Plan], layout: Layout | None = None) -> None:
        """``layout``: that of another kernel for the same phases."""
        self.plans = plans
        self.arena = Arena(layout or lay_out(plans))
        self.room = 1
        """So many times the usual room: more for children who go from place to place again and again."""

    def run(
        self,
        cohort: Cohort,
        supply: Supply = NONE,
        take: Take | None = None,
        pulse: Callable[[], None] | None = None,
    ) -> Trajectory:
        """Run one replication.

        Args:
            cohort: the children, from :func:`sim.cohort.draw_cohort`.
            supply: who leaves and who is hired, from :func:`sim.supply.draw_supply`.
            take: gets the records chunk by chunk; without it they are kept.
            pulse: called between slices, some ten times a second or more; what it raises ends the run.

        Raises:
            EndlessRunError: when a child has more events than any story holds.
            MemoryError: when there is not enough memory.
        """
        if len(cohort) >= MOST_CHILDREN:
            raise RuntimeError(f"{len(cohort)} children are more than the engine numbers ({MOST_CHILDREN})")
        if not is_kept(advance):
            note(COMPILING)
        passed = handed = 0
        chunk = KEPT_AT_ONCE if take is None else CHUNK
        kept = _room_for(MANY_RECORDS * len(cohort) if take is None else 0)
        m = self.arena.prepare(cohort, supply, chunk, self.room)
        given = (cohort.key.view(np.int64), cohort.time, cohort.area, cohort.born, cohort.need, cohort.to, cohort.stream,
                 cohort.group, cohort.waited)  # fmt: skip
        columns = [np.ascontiguousarray(column) for column in given]
        goes_on, run_on = GOES_ON, cast(Any, advance)
        while goes_on == GOES_ON:
            try:
                goes_on = run_on(m, *columns, chunk, MOST_EVENTS_IN_A_SLICE)
            except (RuntimeError, MemoryError) as fault:
                if m[FAULT] != MORE_ROOM or self.room == MOST_ROOM:
                    raise self._explained(fault) from None
                self.room *= 4  # from the beginning, in more room: what has been handed out is not handed out again
                m = self.arena.prepare(cohort, supply, chunk, self.room)
                passed = 0
                continue
            if pulse is not None:
                pulse()
            count = int(m[RECORD_COUNT])
            if take is not None or count >= chunk or goes_on != GOES_ON:
                at = int(m[RECORDS])
                rows = m[at : at + count * RECORD_SIZE].reshape(count, RECORD_SIZE)
                m[RECORD_COUNT] = 0
                if take is None:
                    if passed + count > len(kept):
                        before, kept = kept, _room_for(2 * (passed + count))
                        kept[:passed] = before[:passed]
                    kept[passed : passed + count] = rows
                elif passed + count > handed:
                    take(rows[max(0, handed - passed) :])
                passed += count
                handed = max(handed, passed)
        return Trajectory(Log(kept[: 0 if take else passed]), self._totals(), int(m[EVENTS]))

    def _explained(self, fault: Exception) -> Exception:
        m = self.arena.words
        if m[FAULT] == TOO_MANY_EVENTS:
            at = int(m[RECORDS])
            rows = m[at : at + int(m[RECORD_COUNT]) * RECORD_SIZE].reshape(-1, RECORD_SIZE)
            return endless(self.plans[0], rows, int(m[FAULT_ROW]), int(m[NOW]))
        if m[FAULT] == NO_OPTION:
            return RuntimeError(
                f"the run stopped at second {m[NOW]}: no hours for the rest of the course of child {m[FAULT_ROW]}"
            )
        return fault

    def _totals(self) -> Totals:
        m, shape = self.arena.words, self.plans[0].shape
        stop = shape.end + 1
        begin = int(m[PLACES])
        places = m[begin : begin + len(shape.places) * P_SIZE].reshape(-1, P_SIZE)
        waiting_area = places[:, P_WAITING_AREA] + places[:, P_WAITING] * (stop - places[:, P_CHANGED])
        course_area = places[:, P_COURSE_AREA] + places[:, P_HELPED] * stop
        begin = int(m[POOLS])
        pools = m[begin : begin + len(shape.pools) * O_SIZE].reshape(-1, O_SIZE)
        return Totals(
            places[:, P_ENTERED].tolist(),
            places[:, P_LEFT].tolist(),
            waiting_area.tolist(),
            course_area.tolist(),
            pools[:, O_COMMITTED].tolist(),
        )


def _room_for(records: int) -> Ints:
    return np.empty((records, RECORD_SIZE), dtype=np.int64)


def simulate_compiled(plans: Sequence[Plan], cohort: Cohort, supply: Supply = NONE, take: Take | None = None) -> Trajectory:
    """Run one replication; see :meth:`Kernel.run`."""
    return Kernel(plans).run(cohort, supply, take)
