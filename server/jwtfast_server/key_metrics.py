"""How fresh the keys of all workers are, in a file of each worker that any of them can sum."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, Final

import orjson
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jwtfast.jwks import RemoteKeySet

__all__ = ["KeyReport", "KeysCollector"]

_SUFFIX: Final = ".keys"


class KeyReport:
    """The file of one worker."""

    def __init__(self, directory: Path, sources: Mapping[str, Sequence[RemoteKeySet]]) -> None:
        """Write into `directory`; `sources` has those of each issuer."""
        self._path = directory / f"{os.getpid()}{_SUFFIX}"
        self._directory = directory
        self._sources = sources
        self._written: object = None

    def write(self) -> None:
        """Write how the sources are, where there is news."""
        found = {
            name: [source.status for source in sources] for name, sources in self._sources.items()
        }
        news = [(one.succeeded, one.failed) for statuses in found.values() for one in statuses]
        if news in ([], self._written):
            return
        now = monotonic()
        content = {
            name: {
                # The monotonic clock is the same in all processes of a machine.
                "since": [None if one.age is None else now - one.age for one in statuses],
                "success": sum(one.succeeded for one in statuses),
                "failure": sum(one.failed for one in statuses),
            }
            for name, statuses in found.items()
        }
        # Written whole under another name first: a scrape never sees half a file.
        handle, name = tempfile.mkstemp(dir=self._directory)
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps(content))
        Path(name).rename(self._path)
        self._written = news


class KeysCollector(Collector):
    """Reads the files at each scrape; after the workers were asked to write them."""

    def __init__(self, directory: Path) -> None:
        """Read from `directory`."""
        self._directory = directory

    def collect(self) -> Iterator[Metric]:
        """Make the families: the age is that of the worker with the oldest keys."""
        ages: dict[str, float] = {}
        counts: Counter[tuple[str, str]] = Counter()
        for path in sorted(self._directory.glob("*" + _SUFFIX)):
            content: dict[str, dict[str, Any]] = orjson.loads(path.read_bytes())
            for issuer, found in content.items():
                for result in ("success", "failure"):
                    counts[issuer, result] += found[result]
                if _lives(int(path.stem)):
                    oldest = max(_age(since) for since in found["since"])
                    ages[issuer] = max(oldest, ages.get(issuer, 0.0))
        age = GaugeMetricFamily(
            "jwtfast_keys_age_seconds",
            "Since when an issuer's keys were not confirmed; +Inf where they never came.",
            labels=("issuer",),
        )
        for issuer, seconds in sorted(ages.items()):
            age.add_metric((issuer,), seconds)
        yield age
        refreshes = CounterMetricFamily(
            "jwtfast_keys_refresh",
            "Refreshes of an issuer's keys, by result.",
            labels=("issuer", "result"),
        )
        for label, count in sorted(counts.items()):
            refreshes.add_metric(label, count)
        yield refreshes


def _age(since: float | None) -> float:
    return inf if since is None else max(0.0, monotonic() - since)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
