"""Compiling with numba, from a cache that is never stale.

numba's own cache looks at the file of the function that is called and not at what that function calls, so that a changed rule
would be answered by old machine code. Here the folder of the cache is named by a digest of every file that is compiled, of
Python, numba, llvmlite and numpy, and of the processor: whatever changes, the folder is another.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import llvmlite.binding
import numba

CACHE_VARIABLE = "TRINN_CACHE"
"""Environment variable: where compiled code is kept, in place of the user's cache folder; ``off`` keeps none."""
SOURCES = ("draws.py", "laws.py", "plan.py", "records.py", "rules.py", "compiled.py", "arena.py", "kernel.py", "tally.py")
"""Files whose code is compiled, or whose numbers are compiled in."""
COMPILING = {
    "nb": "Trinn oversetter motoren sin til maskinkode. Det tar et minutt eller to, og gjøres én gang for hver versjon.",
    "en": "Trinn compiles its engine. This takes a minute or two, and is done once for each version.",
}
NOT_KEPT = {
    "nb": "Maskinkoden kan ikke tas vare på i {folder}: den oversettes på nytt hver gang. Velg en annen mappe med TRINN_CACHE.",
    "en": "The machine code cannot be kept in {folder}: it is compiled again every time. Choose another folder with TRINN_CACHE.",
}

F = TypeVar("F", bound=Callable[..., Any])


def inner(function: F) -> F:
    """Compile a function that only compiled functions call: it lives in the machine code of its callers.

    Floats, where there are any, are reckoned in the order written: no ``fastmath``, no fused multiply and add.
    """
    compiled: F = numba.njit(error_model="numpy", nogil=True)(function)
    return compiled


def entry(function: F) -> F:
    """Compile a function that Python calls, and keep its machine code between processes where that can be done."""
    compiled = numba.njit(error_model="numpy", nogil=True)(function)
    folder = cache_folder()
    if folder is not None:
        before = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(folder)  # read once, here: other users of numba keep theirs
        try:
            compiled.enable_caching()
        finally:
            numba.config.CACHE_DIR = before
    result: F = compiled
    return result


def is_kept(function: Any) -> bool:
    """Whether the machine code of an :func:`entry` is there already, in this process or in the cache."""
    if function.signatures:
        return True
    folder = cache_folder()
    name = function.py_func.__name__
    return folder is not None and any(folder.rglob(f"*.{name}-*.nbc"))


@cache
def digest() -> str:
    """What the cache folder is called: of everything that decides the machine code."""
    found = blake2b(digest_size=10)
    here = Path(__file__).parent
    for name in SOURCES:
        path = here / name
        found.update(path.read_bytes() if path.exists() else b"")
    words = (platform.python_version(), *(version(package) for package in ("numba", "llvmlite", "numpy")),
             llvmlite.binding.get_host_cpu_name(), platform.machine())  # fmt: skip
    found.update("\n".join(words).encode())
    return found.hexdigest()


@cache
def cache_folder() -> Path | None:
    """The folder of the machine code, made if need be; None where nothing can be written. Old folders are left alone."""
    stated = os.environ.get(CACHE_VARIABLE, "")
    if stated == "off":
        return None
    folder = (Path(stated) if stated else _users_cache() / "trinn") / digest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        note(NOT_KEPT, folder=str(folder))
        return None
    return folder


def _users_cache() -> Path:
    if sys.platform == "win32" and "LOCALAPPDATA" in os.environ:
        return Path(os.environ["LOCALAPPDATA"])
    stated = os.environ.get("XDG_CACHE_HOME", "")
    return Path(stated) if stated else Path(os.path.expanduser("~")) / ".cache"


def note(text: dict[str, str], **values: str) -> None:
    """A line on standard error, in the language of the environment."""
    stated = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    language = "nb" if next((word for word in stated if word), "").lower().startswith(("nb", "nn", "no")) else "en"
    print(text[language].format(**values), file=sys.stderr, flush=True)
