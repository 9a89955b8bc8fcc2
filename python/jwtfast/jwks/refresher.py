"""One background thread that does one thing, one at a time: when it is due, or when asked to."""

import logging
import threading
from collections.abc import Callable
from math import inf

__all__ = ["Refresher"]

_log = logging.getLogger("jwtfast.jwks")
_CLOSING_S = 1.0
_AFTER_A_BUG_S = 60.0


class Refresher:
    """Runs `work` at once, then whenever its last run said, and soon after each `ask`."""

    def __init__(self, work: Callable[[bool], float], clock: Callable[[], float]) -> None:
        """Prepare, without a thread yet.

        Args:
            work: takes whether it was asked for; returns when, by the clock, to run again.
            clock: seconds that never go back.
        """
        self._work = work
        self._clock = clock
        self._ended = False
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget a thread that is not in this process, and the lock that it may have held."""
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._asked = False
        self._begun = self._done = 0
        self._due = -inf

    @property
    def is_started(self) -> bool:
        """Whether there is a thread in this process, or no more need of one."""
        return self._ended or self._thread is not None

    def start(self) -> None:
        """Start the thread, where there is none yet."""
        with self._condition:
            if not self.is_started:
                thread = threading.Thread(target=self._run, name="jwtfast-jwks", daemon=True)
                thread.start()
                self._thread = thread

    def ask(self) -> int:
        """Ask for a run that begins after this moment; returns its number, for `wait`.

        All who ask while one runs share the next.
        """
        with self._condition:
            self._asked = True
            self._condition.notify_all()
            number = self._begun + 1
        self.start()
        return number

    def wait(self, number: int, timeout: float | None = None) -> bool:
        """Wait until that run is done; returns whether it is. Inside a run: at once."""
        with self._condition:
            if self._thread is not threading.current_thread():
                self._condition.wait_for(lambda: self._ended or self._done >= number, timeout)
            return self._done >= number

    def end(self) -> None:
        """Run no more, once the run of this moment is done."""
        with self._condition:
            self._ended = True
            self._condition.notify_all()

    def join(self) -> None:
        """Wait a little for the end."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_CLOSING_S)

    def _run(self) -> None:
        while (asked := self._turn()) is not None:
            try:
                due = self._work(asked)
            except Exception as error:  # noqa: BLE001 - a bug must not end all refreshes
                # Without its text, which may have anything in it.
                _log.error("a mistake of ours in a refresh: %s", type(error).__name__)
                due = self._clock() + _AFTER_A_BUG_S
            with self._condition:
                self._due = due
                self._done = self._begun
                self._condition.notify_all()

    def _turn(self) -> bool | None:
        """Wait for the next run; returns whether it was asked for, None to end."""
        with self._condition:
            while not (self._ended or self._asked):
                left = self._due - self._clock()
                if left <= 0:
                    break
                self._condition.wait(min(left, threading.TIMEOUT_MAX))
            if self._ended:
                return None
            asked, self._asked = self._asked, False
            self._begun += 1
            return asked
