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
import numba.core.types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

CACHE_VARIABLE = "TRINN_CACHE"
"""Environment variable: where compiled code is kept, in place of the user's cache folder; ``off`` keeps none."""
SOURCES = ("*.py", "kernel/*.py", "../scenarios/units.py", "../scenarios/values.py")
"""Files whose code is compiled, or whose numbers may be compiled in. Of the scenarios only words and units: a test holds the
files that are compiled to it."""
COMPILING = {
    "nb": "Trinn oversetter motoren sin til maskinkode. Det tar et minutt eller to, og gjøres én gang for hver versjon.",
    "en": "Trinn compiles its engine. This takes a minute or two, and is done once for each version.",
}
NOT_KEPT = {
    "nb": "Maskinkoden kan ikke tas vare på i {folder}: den oversettes på nytt hver gang. Velg en annen med TRINN_CACHE.",
    "en": "The machine code cannot be kept in {folder}: it is compiled again every time. Choose another with TRINN_CACHE.",
}

F = TypeVar("F", bound=Callable[..., Any])
_EXACT = {"error_model": "numpy", "nogil": True}
"""Floats, where there are any, are reckoned in the order written: no ``fastmath``, and so no fused multiply and add."""


class _NoEnvironment:
    """Of numba's code generator what it takes to finish a part: it has no Python objects at hand."""

    @staticmethod
    def set_env(name: str, environment: Any) -> None:
        """A part is never run by itself."""


class _Part(JITCodeLibrary):
    """The code of one function, as it stands: neither linked with what it calls, nor optimised, nor made machine code.

    numba would do all that for every function with all that it calls, and again for each that calls it: minutes in place of
    seconds. It is done once, for the :class:`_Whole`.
    """

    def __init__(self, codegen: Any, name: str) -> None:
        super().__init__(codegen, name)
        self.needs: list[Any] = []

    @property
    def codegen(self) -> Any:
        return _NoEnvironment

    def add_linking_library(self, library: Any) -> None:
        self.needs.append(library)

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()
        return 0


class _Whole(JITCodeLibrary):
    """The code of an entry with that of every part it needs, however far down."""

    def __init__(self, codegen: Any, name: str) -> None:
        super().__init__(codegen, name)
        self.linked: set[int] = set()

    def add_linking_library(self, library: Any) -> None:
        if id(library) in self.linked:
            return
        self.linked.add(id(library))
        super().add_linking_library(library)
        for needed in library.needs if isinstance(library, _Part) else ():
            self.add_linking_library(needed)


class _Lowering(NativeLowering):
    library: type[JITCodeLibrary]

    def run_pass(self, state: Any) -> bool:
        state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return bool(super().run_pass(state))


@register_pass(mutates_CFG=True, analysis_only=False)
class _LowerPart(_Lowering):
    _name = "lower_part"
    library = _Part


@register_pass(mutates_CFG=True, analysis_only=False)
class _LowerWhole(_Lowering):
    _name = "lower_whole"
    library = _Whole


class _PartCompiler(CompilerBase):
    """numba's own way, but for where the code goes."""

    lowering: type[_Lowering] = _LowerPart

    def define_pipelines(self) -> list[Any]:
        manager = DefaultPassBuilder.define_nopython_pipeline(self.state)
        manager.passes = [(self.lowering if one is NativeLowering else one, why) for one, why in manager.passes]
        manager.finalize()
        return [manager]


class _WholeCompiler(_PartCompiler):
    lowering = _LowerWhole


def inner(function: F) -> F:
    """Compile a function that only compiled functions call: it lives in the machine code of its callers."""
    compiled = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, pipeline_class=_PartCompiler, **_EXACT)(function)
    template = compiled.get_call_template

    def without_literals(args: Any, keywords: Any) -> Any:
        """One version of a function for all numbers: numba would compile it anew for every constant it is called with."""
        unliteral: Any = numba.core.types.unliteral
        return template(tuple(map(unliteral, args)), {word: unliteral(value) for word, value in keywords.items()})

    compiled.get_call_template = without_literals
    result: F = compiled
    return result


def entry(function: F) -> F:
    """Compile a function that Python calls, and keep its machine code between processes where that can be done."""
    compiled = numba.njit(no_cfunc_wrapper=True, pipeline_class=_WholeCompiler, **_EXACT)(function)
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
    for path in sorted(path for name in SOURCES for path in here.glob(name)):
        found.update(path.read_bytes())
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
