"""A row of 64-bit integers as machine code sees it best: an address, and nothing beside it.

An array brings its shape, strides and owner along into every call, and is asked at every access whether the index counts from
the end. ``words[at]`` of a :class:`Words` is one load. Nothing checks that the index lies within: that is for whoever lays the
array out.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.extending import intrinsic, lower_builtin, models, register_model
from numba.core.typing.templates import AbstractTemplate, infer_global, signature


class Words(types.Type):
    """The type, as numba knows it."""

    def __init__(self) -> None:
        super().__init__(name="Words")


WORDS = Words()


@register_model(Words)
class _WordsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, ir.PointerType(ir.IntType(64)))


def _words_of(typing_context: Any, array: Any) -> Any:
    """The words of a one-dimensional, contiguous int64 array, which must outlive them."""

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return context.make_array(sig.args[0])(context, builder, arguments[0]).data

    assert array == types.Array(types.int64, 1, "C"), array
    return signature(WORDS, array), generate


words_of: Any = intrinsic(_words_of)
"""The words of an array, in compiled code: ``words_of(array)``."""


@infer_global(operator.getitem)
class _Get(AbstractTemplate):
    def generic(self, arguments: Any, keywords: Any) -> Any:
        words, at = arguments
        if isinstance(words, Words) and isinstance(at, types.Integer):
            return signature(types.int64, words, types.int64)
        return None


@infer_global(operator.setitem)
class _Set(AbstractTemplate):
    def generic(self, arguments: Any, keywords: Any) -> Any:
        words, at, _ = arguments
        if isinstance(words, Words) and isinstance(at, types.Integer):
            return signature(types.none, words, types.int64, types.int64)
        return None


@lower_builtin(operator.getitem, Words, types.int64)
def _get(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
    words, at = arguments
    return builder.load(cgutils.gep(builder, words, at))


@lower_builtin(operator.setitem, Words, types.int64, types.int64)
def _set(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
    words, at, value = arguments
    builder.store(value, cgutils.gep(builder, words, at))
    return context.get_dummy_value()


def _prefetch(typing_context: Any, words: Any, at: Any) -> Any:
    """Let the processor fetch a word that will be asked for soon."""

    def generate(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        pointer = cgutils.gep(builder, *arguments)
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, flag, flag, flag])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", (pointer.type,), kind)
        builder.call(fetch, [pointer, flag(1), flag(3), flag(1)])  # to write, to keep, data
        return context.get_dummy_value()

    return signature(types.none, words, types.int64), generate


prefetch: Any = intrinsic(_prefetch)
"""In compiled code, ``prefetch(words, at)``."""
