"""Addressed draws: an address - seed, replication, child, purpose, place, ordinal - is turned into an integer quantile.

Each (child, purpose, place) is the seed of its own SplitMix64 sequence, and the ordinal is the position in it (Steele, Lea and
Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA; the mixing constants are Stafford's variant 13). So no
draw depends on the order of events, nothing is drawn ahead, and one more child changes nobody else's draws.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import numpy.typing as npt

BITS = 63
ONE = 1 << BITS
"""Quantiles are integers in [0, ONE)."""
SURE = ONE - 1
"""The limit of a probability of 1: it fits 64 bits with a sign, and misses one quantile in 2**63."""
_MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
_M1 = 0xBF58476D1CE4E5B9
_M2 = 0x94D049BB133111EB


PURPOSES = ("length", "rest", "dropout", "dropout_at", "outcome", "route", "perceive", "patience", "review", "lead", "accept",
            "reason", "judge", "overflow", "overflow_delay", "beside", "balk", "switch", "rise", "steps_up", "somatic_check",
            "consent", "returned", "access", "meet", "meet_consent", "meet_delay", "helper", "break", "dose",
            "opening")  # fmt: skip
"""What is drawn for a child at a service."""
OWN = ("seek", "door", "door delay", "remission", "worsening", "handover", "lost", "people seek", "discouraged", "another door",
       "another door which", "access door", "quiet", "finding", "found by", "relapse", "coordinator", "kept", "mapped",
       "somatic")  # fmt: skip
"""What is drawn for a child wherever it is."""

UInts = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]


def stream(purpose: str, place: str = "") -> int:
    """The 64-bit number of a purpose at a place: a stable digest of the two words."""
    return int.from_bytes(blake2b(f"{purpose}\n{place}".encode(), digest_size=8).digest(), "little")


def mix(x: int) -> int:
    """SplitMix64's output function on one 64-bit integer."""
    x = ((x ^ (x >> 30)) * _M1) & _MASK
    x = ((x ^ (x >> 27)) * _M2) & _MASK
    return x ^ (x >> 31)


def mix_all(x: UInts) -> UInts:
    """:func:`mix` on an array; gives the same integers."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(_M1)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(_M2)
    result: UInts = x ^ (x >> np.uint64(31))
    return result


def draw(key: int, purpose: int, ordinal: int = 0) -> int:
    """The quantile at an address: an integer in [0, ``ONE``).

    Args:
        key: of the child (or post, or group), which holds seed and replication.
        purpose: from :func:`stream`.
        ordinal: how many draws of this purpose came before at this place.
    """
    return mix(((key ^ purpose) + (ordinal + 1) * GOLDEN) & _MASK) >> 1


def draw_all(keys: UInts, purpose: int, ordinal: int = 0) -> Ints:
    """:func:`draw` for a column of keys."""
    return (mix_all((keys ^ np.uint64(purpose)) + np.uint64(((ordinal + 1) * GOLDEN) & _MASK)) >> np.uint64(1)).astype(np.int64)


def root(seed: int, replication: int) -> int:
    """The key everything in one replication descends from."""
    return mix((mix((seed + GOLDEN) & _MASK) ^ stream("replication")) + replication * GOLDEN & _MASK)


def limit(probability: float) -> int:
    """The integer below which a quantile counts as a yes."""
    return min(SURE, max(0, round(probability * ONE)))


class Columns:
    """The draws of one cohort, one at a time, faster for addresses that many children use.

    The value at an address is the same whether it is computed alone or in a column: a column is only a cache, made for an
    address once enough children have used it.
    """

    def __init__(self, keys: UInts) -> None:
        self._array = keys
        self._keys: list[int] | memoryview = keys.data
        self._columns: dict[int, memoryview] = {}
        self._uses: dict[int, int] = {}
        self._worth = max(64, len(keys) // 32)

    def column(self, purpose: int) -> Ints:
        """The first draw of every child for a purpose."""
        return draw_all(self._array, purpose)

    def __call__(self, row: int, purpose: int, ordinal: int = 0) -> int:
        """The draw of the child in ``row``."""
        address = purpose + ordinal
        column = self._columns.get(address)
        if column is not None:
            value: int = column[row]
            return value
        uses = self._uses.get(address, 0) + 1
        self._uses[address] = uses
        if uses > self._worth:
            self._columns[address] = draw_all(self._array, purpose, ordinal).data
        return draw(self._keys[row], purpose, ordinal)
