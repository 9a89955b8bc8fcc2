"""One source of revoked tokens in one worker: what it said last, and how it is doing."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from time import monotonic
from typing import Final, Literal

import structlog

import jwtfast
from jwtfast_server.source_metrics import Freshness

__all__ = ["AWAY_AFTER_S", "LOOK_EVERY_S", "Source", "SourceError", "State"]

LOOK_EVERY_S: Final = 0.25
"""From one look to the next; with the time that a look takes, well below the promised second."""

AWAY_AFTER_S: Final = 2.0
"""A source that was not heard of for so long is away."""

_LONGEST_PAUSE_S: Final = 1.0

State = Literal["current", "last known", "away", "never loaded"]


class SourceError(Exception):
    """What was asked for did not come; the text says why, without secrets."""


class Source(ABC):
    """Keeps one list of revoked tokens as its source says, from a thread of its own.

    `look` runs in that thread alone; everything else may be asked from any.
    """

    def __init__(
        self,
        name: str,
        *,
        denies_when_away: bool,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Begin with a list that nobody may rely on.

        Args:
            name: what metrics and logs call it.
            denies_when_away: whether no token passes while it is away; otherwise what it said
                last holds. Before it said anything, none passes either way.
            clock: seconds that never go back.
        """
        self.name: Final = name
        self.revoked: Final = jwtfast.RevocationList()
        self.revoked.available = False
        self._denies_when_away = denies_when_away
        self._clock = clock
        self._log = structlog.get_logger()
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._looked = threading.Event()
        self._confirmed: float | None = None
        self._heard = 0.0
        self._error: str | None = None
        self._succeeded = self._failed = self._failures = 0

    @abstractmethod
    def look(self) -> None:
        """Make the list what the source says at this moment.

        Raises:
            SourceError: where it cannot be had.
        """

    def start(self) -> None:
        """Look from now on."""
        name = f"revocation-{self.name}"
        threading.Thread(target=self._run, name=name, daemon=True).start()
        if self._denies_when_away:
            # A look may hang where no timeout reaches, as in the lookup of a name.
            threading.Thread(target=self._guard, name=f"{name}-guard", daemon=True).start()

    def close(self) -> None:
        """Look no more, after the look of this moment."""
        self._closing.set()

    def release(self) -> None:  # noqa: B027 - most have nothing
        """Let go of what was opened to look, after the last look."""

    def wait(self, timeout: float) -> None:
        """Wait for the first look, which may have failed."""
        self._looked.wait(timeout)

    def check(self) -> float:
        """Look once; returns the seconds until the next time."""
        try:
            self.look()
            self._confirm()
        except SourceError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - a bug is a failure like any other
            self._fail(f"a mistake of ours: {type(error).__name__}")
        self.judge()
        self._looked.set()
        return min(LOOK_EVERY_S * (1 << min(self._failures, 8)), _LONGEST_PAUSE_S)

    def judge(self) -> None:
        """Let tokens pass, or not, by how long ago the source was heard of."""
        with self._lock:
            self.revoked.available = self.state in {"current", "last known"}

    @property
    def state(self) -> State:
        """Whether its list may be relied on, and why."""
        if self._confirmed is None:
            return "never loaded"
        if self._clock() - max(self._confirmed, self._heard) < AWAY_AFTER_S:
            return "current"
        return "away" if self._denies_when_away else "last known"

    @property
    def freshness(self) -> Freshness:
        """Its numbers, for the metrics."""
        confirmed = self._confirmed
        return Freshness(
            age=None if confirmed is None else self._clock() - confirmed,
            succeeded=self._succeeded,
            failed=self._failed,
            entries=len(self.revoked),
        )

    def hear(self) -> None:
        """Say that the source answers, while a long look goes on."""
        if self._error is None:
            self._heard = self._clock()

    def _run(self) -> None:
        pause = 0.0
        while not self._closing.wait(pause):
            pause = self.check()
        self.release()

    def _guard(self) -> None:
        while not self._closing.wait(LOOK_EVERY_S):
            self.judge()

    def _confirm(self) -> None:
        self._confirmed = self._clock()
        self._succeeded += 1
        self._failures = 0
        if self._error is not None:
            self._error = None
            self._log.info("revocations confirmed again", source=self.name)

    def _fail(self, sentence: str) -> None:
        self._heard = 0.0
        self._failed += 1
        self._failures += 1
        if self._error != sentence:
            self._error = sentence
            self._log.warning("revocations not confirmed", source=self.name, message=sentence)
