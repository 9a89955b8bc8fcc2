"""How fresh the sources of all workers are, in a file of each worker that any of them can sum."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, Final

import orjson

from jwtfast_server.run_directory import write_whole

__all__ = ["Freshness", "SourceReport", "SourceTotals", "lives"]

_RESULTS: Final = ("success", "failure")


@dataclass(frozen=True)
class Freshness:
    """How one source of one worker is doing."""

    age: float | None
    """Seconds since what it holds was last confirmed; None where it never was."""
    succeeded: int
    failed: int
    """How many looks there were of each."""
    entries: int = 0
    """How much it holds."""


class SourceReport:
    """The file of one worker."""

    def __init__(self, directory: Path, suffix: str) -> None:
        """Write into `directory`, where each kind of sources has a suffix of its own."""
        self._path = directory / f"{os.getpid()}{suffix}"
        self._written: object = None

    def write(
        self,
        sources: Mapping[str, Sequence[Freshness]],
        retired: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        """Write how the sources are, where there is news.

        Args:
            sources: by name, those of this moment.
            retired: by name and result, the looks of sources that are no more.
        """
        counts = Counter(retired or {})
        for name, found in sources.items():
            counts[name, "success"] += sum(one.succeeded for one in found)
            counts[name, "failure"] += sum(one.failed for one in found)
        news = (set(sources), dict(counts))
        if not counts or news == self._written:
            return
        now = monotonic()
        content: dict[str, dict[str, Any]] = {}
        for (name, result), count in counts.items():
            content.setdefault(name, {"since": [], "entries": 0} | dict.fromkeys(_RESULTS, 0))
            content[name][result] = count
        for name, found in sources.items():
            # The monotonic clock is the same in all processes of a machine.
            since = [None if one.age is None else now - one.age for one in found]
            content[name] |= {"since": since, "entries": sum(one.entries for one in found)}
        write_whole(self._path, orjson.dumps(content))
        self._written = news


@dataclass
class SourceTotals:
    """What the files of all workers say together."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By name and result, of dead workers too."""
    ages: dict[str, float] = field(default_factory=dict)
    """By name, of the living worker with the oldest."""
    entries: dict[str, int] = field(default_factory=dict)
    """By name, of the living worker with the most."""

    @classmethod
    def read(cls, directory: Path, suffix: str) -> "SourceTotals":
        """Read all files of a kind."""
        totals = cls()
        for path in sorted(directory.glob("*" + suffix)):
            content: dict[str, dict[str, Any]] = orjson.loads(path.read_bytes())
            alive = lives(int(path.stem))
            for name, found in content.items():
                for result in _RESULTS:
                    totals.counts[name, result] += found[result]
                if alive and found["since"]:
                    oldest = max(_age(since) for since in found["since"])
                    totals.ages[name] = max(oldest, totals.ages.get(name, 0.0))
                    totals.entries[name] = max(found["entries"], totals.entries.get(name, 0))
        return totals


def _age(since: float | None) -> float:
    return inf if since is None else max(0.0, monotonic() - since)


def lives(pid: int) -> bool:
    """Whether there is a process of this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
