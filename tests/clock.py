"""A clock to move by hand, and waiting for what it sets going."""

import threading
from collections.abc import Callable
from typing import Final

from jwtfast.jwks import RemoteKeySet
from tests.keyserver import DEADLINE

__all__ = ["Clock", "idle"]

_BEGINNING: Final = 1000.0


class Clock:
    """A monotonic clock that stands still until it is moved; it wakes who waits by it."""

    def __init__(self) -> None:
        """Begin somewhere."""
        self._now = _BEGINNING
        self._conditions: list[Callable[[], threading.Condition]] = []

    def __call__(self) -> float:
        """Return the seconds of this clock."""
        return self._now

    def wakes(self, remote: RemoteKeySet) -> None:
        """Wake the thread of this set whenever time goes by."""
        self._conditions.append(lambda: remote._refresher._condition)

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self._now += seconds
        for condition in self._conditions:
            with condition() as _:
                condition().notify_all()


def idle(remote: RemoteKeySet, runs: int) -> None:
    """Wait until a set's thread did so many runs."""
    assert remote._refresher.wait(runs, DEADLINE), f"there were not {runs} runs"
