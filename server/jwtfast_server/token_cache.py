"""The worker's store of verified tokens, and what the caches of all workers did."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jwtfast import TokenCache
from jwtfast_server.run_directory import write_whole
from jwtfast_server.source_metrics import lives

__all__ = ["CacheCollector", "WorkerCache"]

_SUFFIX: Final = ".cache"


class WorkerCache:
    """The store of one worker; it outlives gates, and is made anew where its size changes."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        """Write what it does into `directory`; 0 bytes turn it off."""
        self._path = directory / f"{os.getpid()}{_SUFFIX}"
        self._max_bytes = max_bytes
        self._written: dict[str, int] = {}
        self._retired = Counter(hits=0, misses=0)
        self.store: TokenCache | None = _store(max_bytes)

    def resize(self, max_bytes: int) -> None:
        """Take another size from now on; what was counted stays counted."""
        if max_bytes == self._max_bytes:
            return
        if self.store is not None:
            self._retired.update(hits=self.store.hits, misses=self.store.misses)
        self._max_bytes, self.store = max_bytes, _store(max_bytes)

    def write(self) -> None:
        """Write what it did, where there is news."""
        found = dict(self._retired, bytes=0)
        if self.store is not None:
            found["hits"] += self.store.hits
            found["misses"] += self.store.misses
            found["bytes"] = self.store.bytes
        if found != self._written:
            write_whole(self._path, orjson.dumps(found))
            self._written = found


def _store(max_bytes: int) -> TokenCache | None:
    return TokenCache(max_bytes) if max_bytes else None


class CacheCollector(Collector):
    """Reads the files at each scrape; after the workers were asked to write them."""

    def __init__(self, directory: Path) -> None:
        """Read from `directory`."""
        self._directory = directory

    def collect(self) -> Iterator[Metric]:
        """Make the families; what a dead worker kept is gone, what it counted is not."""
        totals = Counter(hits=0, misses=0, bytes=0)
        for path in sorted(self._directory.glob("*" + _SUFFIX)):
            found: dict[str, int] = orjson.loads(path.read_bytes())
            if not lives(int(path.stem)):
                found["bytes"] = 0
            totals.update(found)
        for name, text in (
            ("hits", "Tokens that had been verified before."),
            ("misses", "Tokens that were not in the cache."),
        ):
            family = CounterMetricFamily(f"jwtfast_cache_{name}", text)
            family.add_metric((), totals[name])
            yield family
        size = GaugeMetricFamily("jwtfast_cache_bytes", "What the caches of all workers take.")
        size.add_metric((), totals["bytes"])
        yield size
