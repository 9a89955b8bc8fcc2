"""How many tokens are revoked in all workers, and how fresh that is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from jwtfast_server.revocation.revocations import Revocations
from jwtfast_server.source_metrics import SourceReport, SourceTotals

__all__ = ["RevocationReport", "RevocationsCollector"]

_SUFFIX: Final = ".revocations"


class RevocationReport:
    """The file of one worker."""

    def __init__(self, directory: Path, revocations: Revocations) -> None:
        """Write into `directory` how these sources are."""
        self._report = SourceReport(directory, _SUFFIX)
        self._revocations = revocations

    def write(self) -> None:
        """Write it, where there is news."""
        sources = self._revocations.sources
        fresh = {name: [source.freshness] for name, source in sources.items()}
        self._report.write(fresh, self._revocations.retired)


class RevocationsCollector(Collector):
    """Reads the files at each scrape; after the workers were asked to write them."""

    def __init__(self, directory: Path) -> None:
        """Read from `directory`."""
        self._directory = directory

    def collect(self) -> Iterator[Metric]:
        """Make the families: of several workers, the one with the oldest, or the most, counts."""
        totals = SourceTotals.read(self._directory, _SUFFIX)
        entries = GaugeMetricFamily(
            "jwtfast_revocations", "Entries of a list of revoked tokens.", labels=("source",)
        )
        for name, count in sorted(totals.entries.items()):
            entries.add_metric((name,), count)
        yield entries
        age = GaugeMetricFamily(
            "jwtfast_revocation_age_seconds",
            "Since when a list was not confirmed by its source; +Inf where it never came.",
            labels=("source",),
        )
        for name, seconds in sorted(totals.ages.items()):
            age.add_metric((name,), seconds)
        yield age
        looks = CounterMetricFamily(
            "jwtfast_revocation_refresh",
            "Looks at a source of revoked tokens, by result.",
            labels=("source", "result"),
        )
        for label, count in sorted(totals.counts.items()):
            looks.add_metric(label, count)
        yield looks
