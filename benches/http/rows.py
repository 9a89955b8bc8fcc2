"""One line of the table: a cell, and what was measured of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benches.http.plan import Cell

__all__ = ["Row", "figure", "spread"]


def spread(values: Sequence[float]) -> float:
    """How far values are apart, as a share of their median."""
    middle = median(values) if values else 0.0
    return (max(values) - min(values)) / middle if middle else 0.0


def figure(rows: Sequence[Mapping[str, Any]], name: str, wanted: Mapping[str, Any]) -> float | None:
    """A figure of the first row (see `Row.record`) that is as wanted; None where there is none."""
    for row in rows:
        if all(row[key] == wanted[key] for key in wanted):
            found: float | None = row[name]
            return found
    return None


@dataclass
class Row:
    """A cell and what its rounds gave."""

    cell: Cell
    rates: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    """The share of the time that the first server core worked; 1 where it was the limit."""
    cpu_us: list[float] = field(default_factory=list)
    """CPU time of the server's processes, in microseconds an answer; none of a --peer."""
    late: list[float] = field(default_factory=list)
    """How late the generator of a constant rate was itself, p99 in seconds."""
    problems: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float | None:
        """The median of the rounds, answers a second; None where an answer was wrong."""
        return median(self.rates) if self.rates and not self.problems else None

    def record(self) -> dict[str, Any]:
        """What the results keep of it."""
        cell, setup = self.cell, self.cell.setup
        good = bool(self.rates) and not self.problems
        return {
            "group": cell.group,
            "contender": setup.contender.name,
            "role": setup.contender.role,
            "algorithm": setup.algorithm,
            "tokens": cell.tokens,
            "connections": cell.connections,
            "keepalive": cell.keepalive,
            "workers": setup.workers,
            "rate": self.rate,
            "p50": median(self.p50) if good else None,
            "p99": median(self.p99) if good else None,
            "spread": spread(self.rates) if good else None,
            "busy": median(self.busy) if good and self.busy else None,
            "cpu_us": median(self.cpu_us) if good and self.cpu_us else None,
            "generator_late_p99": median(self.late) if self.late else None,
            "rates": self.rates,
            "problems": self.problems,
        }
