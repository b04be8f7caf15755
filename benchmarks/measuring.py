"""A piece of work measured in a process of its own, so that none pays for another's memory, imports or compiling.

A task is a function of a module that takes and returns what JSON can hold. :func:`apart` calls it in a new process::

    apart(peer_run, program="ciw", children=5000, repeats=3)
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Found = dict[str, Any]
"""What a task found; only ``missing``, with a name, where something that it needs is not there."""
Task = Callable[..., Found]
HANDED = "measures"
"""The part that functions handed to a timed one belong to: an engine hands its records to what measures them."""


def apart(task: Task, environment: Mapping[str, str] | None = None, **arguments: Any) -> Found:
    """What a task finds in a process of its own. ``environment`` is laid over that of this process."""
    command = [sys.executable, "-m", "benchmarks.measuring", task.__module__, task.__name__, json.dumps(arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}, check=False)
    if done.returncode:
        raise RuntimeError(f"{task.__name__}({arguments}) failed")
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


def seconds_of(call: Callable[[], Any]) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def median_seconds(call: Callable[[], Any], repeats: int) -> float:
    """The median over so many calls."""
    return statistics.median(seconds_of(call) for _ in range(repeats))


def peak_bytes() -> int:
    """The most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def machine() -> str:
    """Processor, cores and versions, without any name of this machine."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    words = [f"{_processor()}, {cores} cores", f"Python {platform.python_version()}"]
    for package in ("numpy", "numba", "simpy", "ciw", "salabim"):
        try:
            words.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            words.append(f"no {package}")
    return ", ".join(words)


def _processor() -> str:
    """What the processor calls itself, where the system says so."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{named[0]} ({platform.machine()})" if named else platform.machine()


class Stopwatch:
    """Seconds spent in named parts of a program, each without the parts that it calls; outside any clock of ours."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inner: list[float] = []

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, its time added to that of a part. Functions handed to it are timed as ``HANDED``."""

        @wraps(function)
        def wrapped(*arguments: Any, **named: Any) -> Any:
            arguments = tuple(self._handed(argument) for argument in arguments)
            named = {name: self._handed(argument) for name, argument in named.items()}
            self._inner.append(0.0)
            began = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                took = time.perf_counter() - began
                self.seconds[part] = self.seconds.get(part, 0.0) + took - self._inner.pop()
                if self._inner:
                    self._inner[-1] += took

        return wrapped

    def _handed(self, argument: Any) -> Any:
        return self.timed(HANDED, argument) if callable(argument) else argument

    @contextmanager
    def watching(self, parts: Mapping[str, Sequence[str]]) -> Iterator[None]:
        """Time the functions of each part (``module:function`` or ``module:Class.method``), whatever modules call them.

        Functions that do not exist are passed over: engines and folds come and go.
        """
        changed = [(part, *held) for part, names in parts.items() for name in names for held in _held(name)]
        for part, function, holder, word in changed:
            setattr(holder, word, self.timed(part, function))
        try:
            yield
        finally:
            for _, function, holder, word in changed:
                setattr(holder, word, function)


def _held(name: str) -> list[tuple[Callable[..., Any], Any, str]]:
    """A function, and each place that has it and under which name: modules of ours, or the class of a method."""
    module, _, path = name.partition(":")
    outer, _, word = path.rpartition(".")
    try:
        home = importlib.import_module(module)
    except ImportError:
        return []
    if outer:
        owner = getattr(home, outer, None)
        return [(getattr(owner, word), owner, word)] if hasattr(owner, word) else []
    function = getattr(home, word, None)
    ours = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in ("sim", "scenarios", "dashboard")]
    return [
        (function, module, word)
        for module in ours
        for word, value in list(vars(module).items())
        if function and value is function
    ]


def main() -> None:
    """Run one task and print what it found as JSON, last."""
    module, name, arguments = sys.argv[1:]
    try:
        found = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    except ImportError as fault:
        found = {"missing": fault.name or str(fault)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()


def processor_seconds() -> float:
    """Processor seconds of this process and its finished children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
