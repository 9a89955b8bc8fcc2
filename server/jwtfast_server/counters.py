"""What the workers of one server counted, in files that any of them can sum.

A gate counts in its own memory. Each worker writes what its gates counted into a file of its own,
whenever a scrape asks it to and twice a second, and a scrape sums all files. So a decision pays
nothing, a scrape is exact, and what a dead worker counted stays.

A file says what it holds: 8 bytes of magic, the length of the JSON header as a little-endian u64,
the header (padded to a multiple of 8), then the counters, u64 in the machine's byte order.
"""

import mmap
import os
import socket
import tempfile
import threading
from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from pathlib import Path
from typing import Final

import orjson

import jwtfast

__all__ = ["EVENTS", "Counters", "Flusher", "Totals"]

EVENTS: Final = ("method_not_allowed",)
"""What the front door counts itself, since no gate sees it."""

_MAGIC: Final = b"jwtfast1"
_SUFFIX: Final = ".counters"
_SOCKET_SUFFIX: Final = ".flush"
_FLUSH_EVERY_S: Final = 0.5

Label = tuple[str, str, str]
"""Policy, result and reason of a decision."""


class Counters:
    """One file: what the gates of one worker counted, as long as their labels are the same."""

    def __init__(self, directory: Path, gate: jwtfast.Gate) -> None:
        """Make the file in `directory`."""
        self._labels, self._bounds = gate.counter_labels, gate.bucket_bounds
        header = orjson.dumps({"labels": self._labels, "bounds": self._bounds, "events": EVENTS})
        header += b" " * (-len(header) % 8)
        content = _MAGIC + len(header).to_bytes(8, "little") + header
        length = len(self._labels) + len(self._bounds) + 2
        # Written whole under another name first: a scrape never sees half a file.
        handle, name = tempfile.mkstemp(dir=directory)
        with os.fdopen(handle, "w+b") as file:
            file.write(content + bytes(8 * (length + len(EVENTS))))
            file.flush()
            slots = memoryview(mmap.mmap(file.fileno(), 0))[len(content) :].cast("Q")
        Path(name).rename(name + _SUFFIX)
        self._decisions, self._events = slots[:length], slots[length:]
        self._folded = array("Q", bytes(8 * length))
        self._gates = [gate]
        self._lock = threading.Lock()

    def fits(self, gate: jwtfast.Gate) -> bool:
        """Whether another gate counts the same things."""
        return (gate.counter_labels, gate.bucket_bounds) == (self._labels, self._bounds)

    def adopt(self, gate: jwtfast.Gate) -> None:
        """Let another gate that fits count on."""
        with self._lock:
            # The gate before may still be deciding on a request; the one before that is not.
            if len(self._gates) > 1:
                self._folded = _sum(self._folded, self._gates.pop(0))
            self._gates.append(gate)

    def count_event(self, event: str) -> None:
        """Count one of `EVENTS`."""
        with self._lock:
            self._events[EVENTS.index(event)] += 1

    def flush(self) -> None:
        """Write what the gates counted so far."""
        with self._lock:
            self._decisions[:] = reduce(_sum, self._gates, self._folded)


class Flusher(threading.Thread):
    """Lets a worker write what it counted: when a scrape asks over its socket, and regularly."""

    def __init__(self, directory: Path, flush: Callable[[], None]) -> None:
        """Listen in `directory`, to call `flush`."""
        super().__init__(name="metrics", daemon=True)
        self._flush = flush
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(directory / f"{os.getpid()}{_SOCKET_SUFFIX}"))
        self._socket.listen()
        self._socket.settimeout(_FLUSH_EVERY_S)

    def run(self) -> None:
        """Flush for as long as the process lives."""
        while True:
            with suppress(TimeoutError):
                asking, _ = self._socket.accept()
                with asking:
                    # That it is closed is the answer.
                    self._flush()
                continue
            self._flush()

    @staticmethod
    def flush_all(directory: Path) -> None:
        """Have every worker of a run directory flush, and wait for it."""
        for path in directory.glob("*" + _SOCKET_SUFFIX):
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
                asked.settimeout(_FLUSH_EVERY_S)
                asked.connect(str(path))
                asked.recv(1)


def _sum(counts: "array[int]", gate: jwtfast.Gate) -> "array[int]":
    return array("Q", map(add, counts, array("Q", gate.counts())))


@dataclass
class Totals:
    """The sums over all files."""

    decisions: Counter[Label] = field(default_factory=Counter)
    buckets: Counter[float] = field(default_factory=Counter)
    slower: int = 0
    nanoseconds: int = 0
    events: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(EVENTS, 0)))

    @classmethod
    def read(cls, directory: Path) -> "Totals":
        """Sum what all workers counted, dead ones too."""
        totals = cls()
        for path in sorted(directory.glob("*" + _SUFFIX)):
            totals._add(path.read_bytes())
        return totals

    def _add(self, content: bytes) -> None:
        start = 16 + int.from_bytes(content[8:16], "little")
        header = orjson.loads(content[16:start])
        slots = iter(array("Q", content[start:]))
        # An explicit 0 keeps a label that was never counted.
        for policy, result, reason in header["labels"]:
            self.decisions[policy, result, reason] += next(slots)
        for bound in header["bounds"]:
            self.buckets[bound] += next(slots)
        self.slower += next(slots)
        self.nanoseconds += next(slots)
        for event in header["events"]:
            self.events[event] += next(slots)
