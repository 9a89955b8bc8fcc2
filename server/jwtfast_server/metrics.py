"""Prometheus metrics: what all workers counted, under the names of DESIGN section 9."""

import platform
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from math import isclose
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

import jwtfast
from jwtfast_server.counters import Totals
from jwtfast_server.flusher import Flusher
from jwtfast_server.key_metrics import KeysCollector
from jwtfast_server.process_metrics import ProcessCollector
from jwtfast_server.reload_metrics import ReloadsCollector
from jwtfast_server.revocation.metrics import RevocationsCollector
from jwtfast_server.token_cache import CacheCollector

__all__ = ["Statuses", "WorkersCollector", "exposition"]

_LEGACY_BOUNDS: Final = tuple(1e-7 * 3**power for power in range(6))
_LEGACY_STATUSES: Final = (200, 401, 405, 500)
_DENIALS: Final = frozenset({"deny", "error"})


Statuses = Callable[[], Mapping[str, int]]
"""Says the status of each reason code, by the settings of this moment."""


class WorkersCollector(Collector):
    """What all workers of one server counted, read at each scrape."""

    def __init__(self, directory: Path, statuses: Statuses, build: Mapping[str, str]) -> None:
        """Read from `directory`."""
        self._directory = directory
        self._statuses = statuses
        self._build = build

    def collect(self) -> Iterator[Metric]:
        """Read all files, and make the families of DESIGN section 9."""
        Flusher.flush_all(self._directory)
        totals = Totals.read(self._directory)
        standard = [bound for bound in totals.buckets if not _is_legacy(bound)]
        legacy = [bound for bound in totals.buckets if _is_legacy(bound)]
        yield _decisions(totals)
        yield _histogram(
            "jwtfast_decision_seconds",
            "How long decisions took, from the request's headers to the verdict.",
            standard,
            totals,
        )
        build = GaugeMetricFamily("jwtfast_build_info", "What runs.", labels=tuple(self._build))
        build.add_metric(tuple(self._build.values()), 1)
        yield build
        yield self._requests(totals)
        yield _histogram(
            "nginx_subrequest_auth_jwt_token_validation_time_seconds",
            "The same, under the name that nginx-subrequest-auth-jwt gave it.",
            legacy,
            totals,
        )

    def _requests(self, totals: Totals) -> Metric:
        statuses = self._statuses()
        counts = Counter(dict.fromkeys(_LEGACY_STATUSES, 0))
        for (_, result, reason), count in totals.decisions.items():
            denied = reason and result in _DENIALS
            counts[statuses[reason] if denied else HTTPStatus.OK] += count
        counts[HTTPStatus.METHOD_NOT_ALLOWED] += totals.events["method_not_allowed"]
        family = CounterMetricFamily(
            "http_requests",
            "Requests to be decided, by the status of their answer.",
            labels=("status",),
        )
        for status, count in sorted(counts.items()):
            if count or status in _LEGACY_STATUSES:
                family.add_metric((str(int(status)),), count)
        return family


def _decisions(totals: Totals) -> Metric:
    family = CounterMetricFamily(
        "jwtfast_decisions",
        "Decisions, by policy, result and reason.",
        labels=("policy", "result", "reason"),
    )
    for label, count in sorted(totals.decisions.items()):
        family.add_metric(label, count)
    return family


def _is_legacy(bound: float) -> bool:
    return any(isclose(bound, legacy, rel_tol=1e-6) for legacy in _LEGACY_BOUNDS)


def _histogram(name: str, text: str, bounds: Sequence[float], totals: Totals) -> Metric:
    """Cumulate the buckets; those of other bounds fall into the next higher one."""
    buckets = [
        (f"{bound:g}", sum(count for upper, count in totals.buckets.items() if upper <= bound))
        for bound in sorted(bounds)
    ]
    buckets.append(("+Inf", totals.buckets.total() + totals.slower))
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=totals.nanoseconds / 1e9)


def exposition(directory: Path, statuses: Statuses, interface: str) -> CollectorRegistry:
    """The registry to scrape for everything counted in `directory`."""
    registry = CollectorRegistry()
    build = {
        "version": jwtfast.__version__,
        "python": platform.python_version(),
        "interface": interface,
    }
    registry.register(WorkersCollector(directory, statuses, build))
    registry.register(KeysCollector(directory))
    registry.register(ReloadsCollector(directory))
    registry.register(RevocationsCollector(directory))
    registry.register(CacheCollector(directory))
    registry.register(ProcessCollector(directory))
    return registry
