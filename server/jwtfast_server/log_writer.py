"""Lines on their way to stderr, written by a thread of its own: nobody waits for who reads them.

A line that finds no room among those that wait is dropped and counted, and a line says so once the
others are through.
"""

import io
import os
import select
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from queue import SimpleQueue
from time import monotonic, sleep
from typing import Final

import orjson

from jwtfast_server.long_words import without_long_words

__all__ = ["LogWriter", "Stderr", "writer"]

_MOST_BYTES: Final = 256 << 10
_LOOK_EVERY_S: Final = 0.005
_STDERR: Final = 2


class LogWriter:
    """A queue of lines, of 256 KiB at most, and the thread that writes them."""

    def __init__(self, descriptor: int = _STDERR, most_bytes: int = _MOST_BYTES) -> None:
        """Write to a file descriptor."""
        self._descriptor = descriptor
        self._most_bytes = most_bytes
        self.dropped = 0
        """How many lines were lost in this process."""
        self._begin()
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin(self) -> None:
        # The same thread may come again: a signal handler that logs.
        self._lock = threading.RLock()
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._waiting = 0
        self._told = self.dropped
        self._thread: threading.Thread | None = None

    def _begin_anew(self) -> None:
        """In a new process: what waits is the other's, and so is its thread."""
        self.dropped = 0
        self._begin()

    def write(self, line: bytes) -> None:
        """Take one line, with its end; never waits."""
        with self._lock:
            if self._waiting + len(line) > self._most_bytes:
                self.dropped += 1
                return
            self._waiting += len(line)
            self._lines.put(line)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Nothing: lines are written as soon as they can be."""

    def drain(self, seconds: float) -> None:
        """Wait until all is written, but no longer than so."""
        end = monotonic() + seconds
        while self._waiting and monotonic() < end:
            sleep(_LOOK_EVERY_S)

    def _run(self) -> None:
        while True:
            line = self._lines.get()
            self._out(line)
            with self._lock:
                self._waiting -= len(line)
                through = not self._waiting
                lost, self._told = (
                    self.dropped - self._told,
                    self.dropped if through else self._told,
                )
            if through and lost:
                self._out(_line("warning", "log lines dropped", count=lost))

    def _out(self, line: bytes) -> None:
        left = memoryview(line)
        while left:
            try:
                left = left[os.write(self._descriptor, left) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except OSError:
                # There is nobody to tell, but who looks at the metrics.
                self.dropped += 1
                return


def _line(level: str, event: str, **fields: object) -> bytes:
    """A line as structlog writes it, where it cannot be asked."""
    timestamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return orjson.dumps({**fields, "event": event, "level": level, "timestamp": timestamp}) + b"\n"


class Stderr(io.TextIOBase):
    """Stands for `sys.stderr`: each line of text, of a traceback too, becomes one of the log.

    Long words are cut: they may be tokens.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        """Hand lines to `write`."""
        self._write = write
        self._begun = ""

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, text: str) -> int:
        """Take text; what has no end yet waits for it."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in filter(str.strip, lines):
            self._write(_line("error", "stderr", line=without_long_words(line)))
        return len(text)


writer: Final = LogWriter()
"""The one of this process."""
