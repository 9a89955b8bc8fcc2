"""What is told once a minute, however often it happens."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

__all__ = ["Seldom"]

_EVERY_S: Final = 60.0


class Seldom:
    """Says when to tell again, and how often it was kept quiet since."""

    def __init__(self, every: float = _EVERY_S, clock: Callable[[], float] = monotonic) -> None:
        """Tell at most once in so many seconds."""
        self._every = every
        self._clock = clock
        self._lock = threading.Lock()
        self._next = float("-inf")
        self._quiet = 0

    def now(self) -> int | None:
        """How often it happened since it was last told, this time included; None: not now."""
        with self._lock:
            self._quiet += 1
            now = self._clock()
            if now < self._next:
                return None
            self._next = now + self._every
            told, self._quiet = self._quiet, 0
            return told
