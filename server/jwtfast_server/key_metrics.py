"""How fresh the keys of all workers are."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jwtfast.jwks import RemoteKeySet, Status
from jwtfast_server.source_metrics import Freshness, SourceReport, SourceTotals

__all__ = ["KeyReport", "KeysCollector"]

_SUFFIX: Final = ".keys"


class Keys(Protocol):
    """What a report reads of `KeyRefresh`."""

    @property
    def sources(self) -> Mapping[str, Sequence[RemoteKeySet]]:
        """By issuer, the sources that change."""

    def age(self, source: RemoteKeySet) -> float | None:
        """Since when the keys of it that are served were not confirmed; None where none are."""

    @property
    def retired(self) -> Mapping[tuple[str, str], int]:
        """By issuer and result, the refreshes of sources that are no more."""


class KeyReport:
    """The file of one worker."""

    def __init__(self, directory: Path, keys: Keys) -> None:
        """Write into `directory` how these keys are."""
        self._report = SourceReport(directory, _SUFFIX)
        self._keys = keys

    def write(self) -> None:
        """Write it, where there is news."""
        fresh = {
            issuer: [_freshness(source.status, self._keys.age(source)) for source in sources]
            for issuer, sources in self._keys.sources.items()
        }
        self._report.write(fresh, self._keys.retired)


def _freshness(status: Status, age: float | None) -> Freshness:
    return Freshness(age, status.succeeded, status.failed)


class KeysCollector(Collector):
    """Reads the files at each scrape; after the workers were asked to write them."""

    def __init__(self, directory: Path) -> None:
        """Read from `directory`."""
        self._directory = directory

    def collect(self) -> Iterator[Metric]:
        """Make the families: the age is that of the worker with the oldest keys."""
        totals = SourceTotals.read(self._directory, _SUFFIX)
        age = GaugeMetricFamily(
            "jwtfast_keys_age_seconds",
            "Since when an issuer's keys were not confirmed; +Inf where they never came.",
            labels=("issuer",),
        )
        for issuer, seconds in sorted(totals.ages.items()):
            age.add_metric((issuer,), seconds)
        yield age
        refreshes = CounterMetricFamily(
            "jwtfast_keys_refresh",
            "Refreshes of an issuer's keys, by result.",
            labels=("issuer", "result"),
        )
        for label, count in sorted(totals.counts.items()):
            refreshes.add_metric(label, count)
        yield refreshes
