"""What the workers of one server counted, in files that any of them can sum.

A gate counts in its own memory. Each worker writes what its gates counted into a file of its own,
whenever a scrape asks it to and twice a second, and a scrape sums all files. So a decision pays
nothing, a scrape is exact, and what a dead worker counted stays.

A file says what it holds: 8 bytes of magic, the length of the JSON header as a little-endian u64,
the header (padded to a multiple of 8), then the counters, u64 in the machine's byte order.
"""

import mmap
import os
import tempfile
import threading
from array import array
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from pathlib import Path
from typing import Final

import orjson

import jwtfast

__all__ = ["EVENTS", "Counters", "Totals"]

EVENTS: Final = ("method_not_allowed",)
"""What the front door counts itself, since no gate sees it."""

_MAGIC: Final = b"jwtfast1"
_SUFFIX: Final = ".counters"

Label = tuple[str, str, str]
"""Policy, result and reason of a decision."""


class _Group:
    """What gates of the same labels counted together: by label, then by how long it took."""

    def __init__(self, labels: list[Label], bounds: tuple[float, ...]) -> None:
        self.labels, self.bounds = labels, bounds
        # Beside each label and bound: those that took longer, and the nanoseconds of all.
        self.folded = array("Q", bytes(8 * (len(labels) + len(bounds) + 2)))
        self.gates: list[jwtfast.Gate] = []

    def fits(self, gate: jwtfast.Gate) -> bool:
        return (gate.counter_labels, gate.bucket_bounds) == (self.labels, self.bounds)

    def counts(self) -> "array[int]":
        return reduce(_sum, self.gates, self.folded)

    def retire(self, keep: list[jwtfast.Gate]) -> None:
        """Let go of gates that decide no more, and keep what they counted."""
        for gate in [gate for gate in self.gates if gate not in keep]:
            self.folded = _sum(self.folded, gate)
            self.gates.remove(gate)


class Counters:
    """One file: what the gates of one worker counted, those of other labels before, too.

    Of a gate that decides no more, the counts are kept and nothing else: a label that was never
    counted goes with it.
    """

    def __init__(self, directory: Path, gate: jwtfast.Gate) -> None:
        """Make the file in `directory`."""
        self._directory = directory
        self._path: Path | None = None
        self._lock = threading.Lock()
        self._events = dict.fromkeys(EVENTS, 0)
        self._past = _Group([], gate.bucket_bounds)
        self._groups = [_Group(gate.counter_labels, gate.bucket_bounds)]
        self._groups[0].gates.append(gate)
        self._live = [gate]
        self._slots: memoryview | None = None
        with suppress(OSError):
            self._lay_out()

    def fits(self, gate: jwtfast.Gate) -> bool:
        """Whether a gate counts what the gate of today counts."""
        return self._groups[-1].fits(gate)

    def adopt(self, gate: jwtfast.Gate) -> None:
        """Let another gate count on."""
        with self._lock:
            # The gate before may still be deciding on a request; the one before that is not.
            self._live = [self._live[-1], gate]
            if not self.fits(gate):
                self._groups.append(_Group(gate.counter_labels, gate.bucket_bounds))
                self._slots = None
            self._groups[-1].gates.append(gate)
            for group in self._groups:
                group.retire(self._live)
            ended = [group for group in self._groups if not group.gates]
            if ended:
                self._past = _merged([self._past, *ended])
                self._groups = [group for group in self._groups if group.gates]
                self._slots = None
            if self._slots is None:
                with suppress(OSError):  # The file of before stays; `flush` tries again.
                    self._lay_out()

    def count_event(self, event: str) -> None:
        """Count one of `EVENTS`."""
        with self._lock:
            self._events[event] += 1

    def flush(self) -> None:
        """Write what the gates counted so far.

        Raises:
            OSError: where there is no room for that; nothing is lost, and the next time it is tried
                again.
        """
        with self._lock:
            if self._slots is None:
                self._lay_out()
            else:
                self._slots[:] = self._counts()

    def _lay_out(self) -> None:
        """Write the file anew, for the labels of today, in the place of the one before."""
        labels = [label for group in self._all() for label in group.labels]
        bounds = self._past.bounds
        header = orjson.dumps({"labels": labels, "bounds": bounds, "events": EVENTS})
        header += b" " * (-len(header) % 8)
        content = _MAGIC + len(header).to_bytes(8, "little") + header
        # Written whole under another name first: a scrape never sees half a file, nor two.
        handle, name = tempfile.mkstemp(dir=self._directory)
        try:
            with os.fdopen(handle, "w+b") as file:
                file.write(content + self._counts().tobytes())
                file.flush()
                slots = memoryview(mmap.mmap(file.fileno(), 0))[len(content) :].cast("Q")
            self._path = Path(name).rename(self._path or name + _SUFFIX)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._slots = slots

    def _counts(self) -> "array[int]":
        """All there is to write: labels by group, durations of all groups, events."""
        tail = len(self._past.bounds) + 2
        counts = [group.counts() for group in self._all()]
        found = array("Q")
        for each in counts:
            found.extend(each[:-tail])
        found.extend(map(sum, zip(*(each[-tail:] for each in counts), strict=True)))
        found.extend(self._events.values())
        return found

    def _all(self) -> list[_Group]:
        return [self._past, *self._groups]


def _merged(groups: list[_Group]) -> _Group:
    """One group of several whose gates are gone, without the labels that were never counted."""
    decisions: Counter[Label] = Counter()
    for group in groups:
        for label, count in zip(group.labels, group.folded, strict=False):
            if count:
                decisions[label] += count
    merged = _Group(list(decisions), groups[0].bounds)
    tail = len(merged.bounds) + 2
    durations = map(sum, zip(*(group.folded[-tail:] for group in groups), strict=True))
    merged.folded = array("Q", [*decisions.values(), *durations])
    return merged


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
