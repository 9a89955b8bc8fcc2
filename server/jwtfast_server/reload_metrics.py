"""How often the configuration was reloaded: counted by the main process, shown by any worker."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

import orjson
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from jwtfast_server.run_directory import write_whole

__all__ = ["ReloadCount", "ReloadsCollector"]

_FILE: Final = "reloads"
Result = Literal["success", "failure", "held"]
_RESULTS: Final = ("success", "failure", "held")


class ReloadCount:
    """The file that they are counted in."""

    def __init__(self, directory: Path) -> None:
        """Make it in `directory`, with zeros."""
        self._path = directory / _FILE
        self._counts = dict.fromkeys(_RESULTS, 0)
        self._written: dict[str, int] = {}
        self.write()

    def add(self, result: Result) -> None:
        """Count one."""
        self._counts[result] += 1
        with suppress(OSError):
            self.write()

    def write(self) -> None:
        """Write them, where there is news; raises OSError where there is no room."""
        found = dict(self._counts)
        if found != self._written:
            write_whole(self._path, orjson.dumps(found))
            self._written = found


class ReloadsCollector(Collector):
    """Reads the file at each scrape."""

    def __init__(self, directory: Path) -> None:
        """Read from `directory`."""
        self._path = directory / _FILE

    def collect(self) -> Iterator[Metric]:
        """Make the family; every result is there from the start."""
        try:
            counts: dict[str, int] = orjson.loads(self._path.read_bytes())
        except FileNotFoundError:
            counts = {}
        family = CounterMetricFamily(
            "jwtfast_config_reloads",
            "Reloads of the configuration, by result; one that failed or is held changes nothing.",
            labels=("result",),
        )
        for result in _RESULTS:
            family.add_metric((result,), counts.get(result, 0))
        yield family
