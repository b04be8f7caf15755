"""Handing a page over whole. Streamlit hands what a page's thread draws to the server's loop piece by piece; where a part of
the page is asked for again just when the thread has ended, it drops what the loop has not taken in yet, and the reader is left
with half a page. So a page ends only when the loop has taken in all of it.
"""

from __future__ import annotations

import asyncio
import threading

LONGEST = 3.0
"""Seconds that a page waits for the loop."""

_loops: list[asyncio.AbstractEventLoop] = []
"""The server's loop, once it runs; none where pages are tested without a server."""


def served_by(loop: asyncio.AbstractEventLoop) -> None:
    """Say which loop takes in what pages draw."""
    _loops[:] = [loop]


def hand_over() -> None:
    """Wait until the loop has taken in all that this thread has drawn."""
    if _loops and _loops[0].is_running():
        taken = threading.Event()
        _loops[0].call_soon_threadsafe(taken.set)
        taken.wait(LONGEST)
