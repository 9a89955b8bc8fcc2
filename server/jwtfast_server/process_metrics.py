"""What each process counts beside its decisions, in a file of its own that any of them can sum."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import orjson
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from jwtfast_server.run_directory import write_whole

__all__ = ["ProcessCollector", "ProcessReport"]

_SUFFIX: Final = ".process"
_FAMILIES: Final = {
    "connections_closed": "Connections closed because their client kept a worker waiting.",
    "log_lines_dropped": "Lines of the log that were lost because nobody read fast enough.",
    "unknown_paths": "Requests for paths that are not served: 404, or 403 for no such policy.",
}


class ProcessReport:
    """The file of one process."""

    def __init__(self, directory: Path, counts: Mapping[str, Callable[[], int]]) -> None:
        """Write into `directory` what these functions say, by the names of the families."""
        self._path = directory / f"{os.getpid()}{_SUFFIX}"
        self._counts = counts
        self._written: dict[str, int] = {}

    def write(self) -> None:
        """Write it, where there is news."""
        found = {name: count() for name, count in self._counts.items()}
        if any(found.values()) and found != self._written:
            write_whole(self._path, orjson.dumps(found))
            self._written = found


class ProcessCollector(Collector):
    """Reads the files at each scrape; after the workers were asked to write them."""

    def __init__(self, directory: Path) -> None:
        """Read from `directory`."""
        self._directory = directory

    def collect(self) -> Iterator[Metric]:
        """Make the families; what a dead process counted stays."""
        totals = Counter(dict.fromkeys(_FAMILIES, 0))
        for path in sorted(self._directory.glob("*" + _SUFFIX)):
            totals.update(orjson.loads(path.read_bytes()))
        for name, text in _FAMILIES.items():
            family = CounterMetricFamily(f"jwtfast_{name}", text)
            family.add_metric((), totals[name])
            yield family
