"""Making a server quick before anybody comes: the machine code, the first answer, and a collector out of the way; and giving
back the memory of pages that were drawn, as soon as nobody waits for anything.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import subprocess
import sys
import threading
import time
from importlib import import_module

from dashboard.views.all import PAGES
from sim.compiled import cache_folder, is_kept
from sim.kernel.events import advance
from sim.tally import add, close

STILL = 10.0
"""Seconds between two looks at whether there is memory to give back."""
_LOG = logging.getLogger("trinn.dashboard")
_COMPILING = threading.Lock()
_COMPILE = ("-m", "trinn", "run", "loss", "--replications", "1", "--workers", "1")


def compile_engine() -> None:
    """The machine code, where there is none yet, made by a process of its own; whoever needs it meanwhile waits for it.

    Compiling makes millions of objects, and while it does nobody's page gets on. Where nothing can be kept, the server has to
    compile for itself.
    """
    if cache_folder() is None:
        return
    with _COMPILING:
        if all(map(is_kept, (advance, add, close))):
            return
        done = subprocess.run([sys.executable, *_COMPILE], check=False, capture_output=True, text=True)
        if done.returncode:
            _LOG.warning("the engine could not be compiled by itself: %s", done.stderr[-2000:])


def make_ready() -> None:
    """Compile the engine, answer what most ask first, bring the pages, and then what only some of them need."""
    from dashboard.runner import runner
    from dashboard.session import EXAMPLES
    from dashboard.widgets.running import question_of
    from scenarios.load import load
    from sim.replicate import run

    try:
        compile_engine()
        runner().ask(question_of(EXAMPLES["nb"], "nb"))  # by processes of their own, while this one reads on
        for page in PAGES:
            import_module(f"dashboard.views.{page}")
        run(load("loss"), replications=1, workers=1)  # brings the machine code, for stories and searches
        spare_the_collector()
        threading.Thread(target=_tidy, name="trinn-tidy", daemon=True).start()
    except Exception:  # the pages say what is wrong when they ask for it themselves
        _LOG.exception("the first answer could not be made ready")


def spare_the_collector() -> None:
    """What lives as long as the server is not looked through again.

    A million objects of libraries and machine code cost a quarter of a second each time, while nobody's page gets on.
    """
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Collect what pages have left in circles, and hand free memory to the system where its library can be told to."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
    if trim is not None:
        trim(0)


def _tidy() -> None:
    """Nobody is kept waiting by it: it comes only when nothing runs, and once for whatever was asked since."""
    from dashboard.runner import runner

    tidied = 0
    while True:
        time.sleep(STILL)
        asked, still = runner().asked, runner().still
        if still and asked != tidied:
            give_back()
            tidied = asked
