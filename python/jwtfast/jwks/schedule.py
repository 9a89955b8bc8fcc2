"""When to fetch again: pure arithmetic, time and chance come in."""

import random
from collections import OrderedDict
from typing import Final

__all__ = ["Schedule", "UnknownKids"]

JITTER: Final = 0.1
"""How far a wait may be off, either way, so that many workers do not ask at once."""

_FIRST_RETRY: Final = 1.0
_MOST_DOUBLINGS: Final = 30


class Schedule:
    """How long to wait after a success, and after each failure in a row."""

    def __init__(
        self, every: float, cooldown: float, max_stale: float, chance: random.Random
    ) -> None:
        """Wait at most `every` seconds, and always less than `max_stale`.

        A server's `max-age` makes a wait shorter, down to `cooldown`, and never longer: a key that
        was withdrawn is to be gone within `every`, whatever its server says.
        """
        self._every = every
        self._least = min(cooldown, every)
        # Half of it, so that one failure does not yet cost the keys.
        self._most = max_stale / 2 / (1 + JITTER)
        self._chance = chance
        self._failures = 0

    def after_success(self, max_age: float | None) -> float:
        """Seconds until the next fetch."""
        self._failures = 0
        wait = self._every
        if max_age is not None:
            wait = min(max(max_age, self._least), wait)
        return self._jittered(wait)

    def after_failure(self) -> float:
        """Seconds until the next try: 1, 2, 4, ... and never more than `every`."""
        wait = _FIRST_RETRY * 2 ** min(self._failures, _MOST_DOUBLINGS)
        self._failures += 1
        return self._jittered(min(wait, self._every))

    def _jittered(self, wait: float) -> float:
        return min(wait, self._most) * self._chance.uniform(1 - JITTER, 1 + JITTER)


class UnknownKids:
    """Whether an unknown `kid` is worth a fetch: at most one a window, whoever asks.

    A `kid` that asked before waits longer each time, up to `longest`: one client with an old
    token is no reason to fetch at every window.
    """

    def __init__(self, cooldown: float, longest: float, capacity: int = 1024) -> None:
        """Open a window every `cooldown` seconds; remember the last `capacity` that asked."""
        self._cooldown = cooldown
        self._longest = max(cooldown, longest)
        self._capacity = capacity
        self._opens = float("-inf")
        self._asked: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._asked)

    def is_shut(self, now: float) -> bool:
        """Whether nobody may ask at this time; cheap, and safe without a lock."""
        return now < self._opens

    def permits(self, now: float, kid: bytes | None = None) -> bool:
        """Ask for a fetch.

        Args:
            now: monotonic seconds.
            kid: what stands for the `kid`; not remembered where None.
        """
        if now < self._opens:
            return False
        if kid is not None and not self._may_ask_again(kid, now):
            return False
        self._opens = now + self._cooldown
        return True

    def _may_ask_again(self, kid: bytes, now: float) -> bool:
        again, wait = self._asked.get(kid, (now, self._cooldown))
        if now < again:
            return False
        self._asked[kid] = (now + wait, min(2 * wait, self._longest))
        self._asked.move_to_end(kid)
        if len(self._asked) > self._capacity:
            self._asked.popitem(last=False)
        return True
