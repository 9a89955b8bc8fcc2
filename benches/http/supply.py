"""New tokens: how many there are, and which of them a server has not seen yet.

A token is new to a server once. So that none comes twice, a server that has seen too many of them
is started anew, and whether the load generator went round all the same is seen in each figure.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benches.http.contenders import CACHE_TOKENS
from benches.http.load import Measured, Stream

__all__ = ["Supply", "enough"]

_A_SECOND: Final = {"RS256": 75_000, "ES256": 50_000, "EdDSA": 50_000, "HS256": 200_000}
"""Twice and more what a core answers: RS256 takes 0.8 ms to sign, HS256 0.01."""

_SECONDS: Final = 2
"""At least; so that short runs use what longer ones have signed."""

_MORE: Final = 1.5
"""How much faster one figure of a server may be than the one before."""


def enough(algorithm: str, seconds: int) -> int:
    """How many tokens one figure takes at the very most, and what Zipf draws from."""
    return max(CACHE_TOKENS, _A_SECOND[algorithm] * max(seconds, _SECONDS))


@dataclass
class Supply:
    """Those of a pool that one server has not seen."""

    count: int
    """All that the pool has."""
    used: int = 1
    """How many were sent, from the first one on; it is the hot one."""
    most: int = 0
    """How many one figure took."""

    @property
    def lasts(self) -> bool:
        """Whether there are enough for one more figure, by those that were measured."""
        return self.count - self.used >= max(2, _MORE * self.most)

    def stream(self, tokens: Path) -> Stream:
        """All that are left of a pool's file; at least two, so that going round is noticed."""
        first = max(0, min(self.used, self.count - 2))
        return Stream(tokens, self.count - first, first)

    def took(self, measured: Measured, connections: int, threads: int) -> None:
        """Count what was sent: the answers, and one that may be under way on each connection."""
        sent = measured.requests + connections
        self.most = max(self.most, sent)
        # Several threads send from several places.
        self.used = self.used + sent if threads == 1 else self.count
