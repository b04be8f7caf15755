"""How long people wait for the dashboard, and what they cost the server, beside the budgets.

    python -m benchmarks.dashboard

Server and visitors share the machine, as when a planner runs it at their own desk.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

import psutil

from benchmarks.measuring import machine
from benchmarks.visitor import Visitor, visiting
from dashboard.session import EXAMPLES
from dashboard.texts import text
from dashboard.views.all import PAGES
from dashboard.warm import STILL
from dashboard.work import Proposal, Work, to_link

STALE = text("running_stale", "nb")
COMPUTED = text("proposals_futures", "nb", futures="|").split("|")[0].rstrip()
"""What stands under a verdict: the bar of progress speaks of possible futures too."""
TEN = ("stange", "etnedal", "tromso", "gjesdal", "faerder", "etnedal", "grimstad", "orkland", "stange", "haugesund")
"""Where ten planners are who move sliders at once."""
BUDGETS = {"load": 3.0, "ready": 2.0, "paint": 4.0, "moved": 1.0, "page": 300_000, "idle": 2_000_000}
"""Seconds four times, then bytes."""


def work_at(place: str) -> Work:
    """Two psychologists more in a place."""
    return Work(place=place, proposals=(Proposal(name="Forslag", changes=("psychologists_2_per_20000",)),))


@contextmanager
def serving() -> Iterator[tuple[str, psutil.Process, float]]:
    """A server of its own: its address, its process and the seconds until it answered."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "trinn", "dashboard", "--port", str(port)], stderr=subprocess.DEVNULL)
    address = f"http://localhost:{port}"
    try:
        while True:
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                    break
            except OSError:
                if process.poll() is not None:
                    raise
                time.sleep(0.02)
        yield address, psutil.Process(process.pid), time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(20)


def answered(visitor: Visitor, since: int = 0) -> bool:
    """Whether the page, as it was drawn after a run, shows a verdict on what was asked last."""
    words = visitor.words(since)
    return STALE not in words and COMPUTED in words


@asynccontextmanager
async def planner(address: str, place: str) -> AsyncIterator[Visitor]:
    """Somebody with a proposal on the table, whose page has its first answer."""
    query = f"lang=nb&s={quote(to_link(work_at(place)))}"
    async with visiting(address, "proposals", query) as visitor:
        await visitor.until(answered, 120)
        yield visitor


@dataclass
class Moves:
    """What one planner saw while moving sliders."""

    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


async def moving(visitor: Visitor, moves: Moves, chance: random.Random, until: float, pause: float) -> None:
    """Move a slider to another value, wait for the answer, look at it; again until the time is over."""
    now: dict[str, str] = {}
    while time.monotonic() < until:
        sliders = [each for each in visitor.elements("slider") if not each.disabled and len(each.options) > 1]
        slider = chance.choice(sliders)
        stands = now.get(slider.id, slider.options[int(slider.default[0])])
        value = now[slider.id] = chance.choice([option for option in slider.options if option != stands])
        run = visitor.run
        began = time.perf_counter()
        await visitor.move(slider.id, [value])
        try:
            await visitor.until(lambda one, run=run: answered(one, run), 60)  # type: ignore[misc]
        except TimeoutError:
            moves.faults.append(f"no answer to {slider.label} = {value}: {visitor.words()[-300:]}")
            return
        moves.seconds.append(time.perf_counter() - began)
        moves.faults += [each.body for each in visitor.elements("exception")]
        await asyncio.sleep(pause * (0.5 + chance.random()))


async def load(address: str, places: Sequence[str], seconds: float, pause: float = 1.0) -> list[Moves]:
    """So many planners at once, one for each place, who move sliders for a time."""

    async def one(number: int, place: str) -> Moves:
        moves = Moves()
        async with planner(address, place) as visitor:
            await moving(visitor, moves, random.Random(number), time.monotonic() + seconds, pause)
        return moves

    return list(await asyncio.gather(*(one(number, place) for number, place in enumerate(places))))


async def bytes_of_pages(address: str) -> dict[str, int]:
    """What the server sends for each page, the files of the browser's part not counted."""
    found = {}
    for page in PAGES:
        async with visiting(address, "" if page == "start" else page, "lang=nb") as visitor:
            await asyncio.sleep(3)
            found[page] = visitor.received
    return found


async def bytes_of_idle(address: str, process: psutil.Process, visitors: int = 20) -> float:
    """Memory for each further visitor who looks at the first page and does nothing, once the server has tidied up."""
    async with visiting(address, "", "lang=nb"):
        await asyncio.sleep(2.5 * STILL)
        before = process.memory_info().rss
        open_pages = [visiting(address, "", "lang=nb") for _ in range(visitors)]
        for page in open_pages:
            await page.__aenter__()
        await asyncio.sleep(2.5 * STILL)
        after = process.memory_info().rss
        for page in open_pages:
            await page.__aexit__(None, None, None)
    return (after - before) / visitors


def first_paint(address: str) -> float:
    """Seconds until a browser that was never there shows the first verdict."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(locale="nb-NO").new_page()
        began = time.perf_counter()
        page.goto(address)
        page.wait_for_selector("h1")
        page.get_by_role("heading", level=2, name=EXAMPLES["nb"].proposals[0].name).wait_for()
        took = time.perf_counter() - began
        browser.close()
    return took


def main() -> None:
    """Measure, and say how it stands to the budgets."""
    print(machine())
    with serving() as (address, process, ready):
        print(f"server ready: {ready:.1f} s (budget {BUDGETS['ready']:.0f})")
        paints = [first_paint(address) for _ in range(3)]
        usual = statistics.median(paints)
        print(f"first verdict in a cold browser: {paints[0]:.1f} s, usually {usual:.1f} s (budget {BUDGETS['paint']:.0f})")
        for place in ("stange", "tromso"):
            moves = asyncio.run(load(address, [place], 40))[0]
            middle, last = statistics.median(moves.seconds), sorted(moves.seconds)[int(0.95 * len(moves.seconds))]
            said = f"{middle:.2f} s in the middle, 95 % under {last:.2f} s (budget {BUDGETS['moved']:.0f} in the middle)"
            print(f"a moved slider to a new verdict, {place}, {len(moves.seconds)} times: {said} {moves.faults}")
        together = asyncio.run(load(address, TEN, 60))
        waits = sorted(second for each in together for second in each.seconds)
        last, faults = waits[int(0.95 * len(waits))], [fault for each in together for fault in each.faults]
        said = f"{statistics.median(waits):.1f} s in the middle, 95 % under {last:.1f} s (budget {BUDGETS['load']:.0f})"
        print(f"the same with ten planners for a minute, {len(waits)} times: {said} {faults}")
        time.sleep(45)  # those who left are let go of, and their memory given back
        for page, size in asyncio.run(bytes_of_pages(address)).items():
            print(f"page {page}: {size / 1000:.0f} kB (budget {BUDGETS['page'] / 1000:.0f})")
        idle = asyncio.run(bytes_of_idle(address, process))
        for worker in process.children(recursive=True):
            if worker.memory_info().rss > 100e6:
                print(f"a worker: {worker.memory_info().rss / 1e6:.0f} MB")
        print(f"the server itself: {process.memory_info().rss / 1e6:.0f} MB")
        print(f"an idle visitor: {idle / 1e6:.1f} MB (budget {BUDGETS['idle'] / 1e6:.0f})")


if __name__ == "__main__":
    main()
