"""What remembered tokens cost: time to find one among n, and memory.

Each function runs in a process of its own, so that its memory is only its own.
"""

import os
import random
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final

import jwtfast
from benches.growth.inputs import bearer, gate, keys, minimal
from benches.growth.measure import Timed, WrongError, cost, summary
from benches.http.memory import resident

__all__ = ["SERIES", "Full", "Held", "find", "full"]

SERIES: Final = "one of them at random"

_ROOM: Final = 4 << 30
_BATCH: Final = 2000
_WARM_UP: Final = 2000


@dataclass(frozen=True)
class Held:
    """A cache that holds so many tokens."""

    tokens: int
    token_bytes: int
    """The length of one token."""
    counted: int
    """Bytes that the cache says it takes."""
    resident: int
    """Bytes that the process grew by."""


@dataclass(frozen=True)
class Full:
    """A cache that more tokens were given to than it has room for."""

    max_bytes: int
    given: int
    kept: int
    counted: int
    resident: int


class _Filled:
    """A gate with a cache, filled with different tokens."""

    def __init__(self, max_bytes: int) -> None:
        self.cache = jwtfast.TokenCache(max_bytes)
        its_gate = gate(keys("HS256"), self.cache)
        self.decide = partial(its_gate.decide, None, "GET", b"")
        # What an allocator takes once, it took before the first token was kept.
        uncached = partial(gate(keys("HS256")).decide, None, "GET", b"")
        for number in range(_WARM_UP):
            _must_pass(uncached(bearer(minimal(number))))
        self._begin = resident(os.getpid())

    def give(self, number: int) -> None:
        _must_pass(self.decide(bearer(minimal(number))))

    @property
    def growth(self) -> int:
        return resident(os.getpid()) - self._begin


def _must_pass(decision: jwtfast.Decision) -> None:
    if decision.status != 200:
        raise WrongError(f"a good token got {decision!r}")


def find(tokens: int, rounds: int) -> tuple[Timed, Held]:
    """Fill a cache with so many tokens, then ask for some at random.

    Raises:
        WrongError: a token did not pass, or was not found again.
    """
    filled = _Filled(_ROOM)
    for number in range(tokens):
        filled.give(number)
    held = Held(tokens, len(minimal(0)), filled.cache.bytes, filled.growth)
    draw = random.Random(1)  # noqa: S311 - the same draws in every run, no secret
    costs = []
    for _ in range(rounds):
        # Signed anew, a token lies in the processor's cache as it does when it came by network.
        numbers = draw.choices(range(tokens), k=_BATCH)
        batch = [bearer(minimal(number)) for number in numbers]
        before = filled.cache.hits
        costs.append(cost(filled.decide, batch))
        if filled.cache.hits - before != _BATCH:
            raise WrongError(f"of {tokens} tokens, some were forgotten")
    return summary(SERIES, tokens, costs), held


def full(max_bytes: int) -> Full:
    """Give a cache so many tokens that it has forgotten as many as it holds.

    Raises:
        WrongError: a token did not pass, or the cache says that it took more than it may.
    """
    filled = _Filled(max_bytes)
    given = 0
    for number in count():
        filled.give(number)
        given = number + 1
        # What comes again reaches the main queue: both queues are filled.
        if number % 3 == 0:
            filled.give(number)
        if given % _BATCH == 0 and given >= 2 * len(filled.cache):
            break
    if filled.cache.bytes > max_bytes:
        raise WrongError(f"{filled.cache.bytes} bytes in a cache of {max_bytes}")
    return Full(max_bytes, given, len(filled.cache), filled.cache.bytes, filled.growth)
