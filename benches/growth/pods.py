"""How many cores and pods a rate takes, from what was measured over HTTP.

A request whose token is remembered takes 1 / hot of a core's second, another one 1 / new. With a
hit rate of h a core answers 1 / (h / hot + (1 - h) / new) a second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from benches.http.rows import figure

__all__ = ["CORES_A_POD", "USED", "Rates", "mixed", "pods", "rates", "scaling"]

USED: Final = (0.6, 0.5)
"""The share of a core's most that is planned with: beyond it one request in a hundred waits."""

CORES_A_POD: Final = 4

_OURS: Final = "jwtfast wsgi"
_CONNECTIONS: Final = 64

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Rates:
    """Answers a second of one worker on one core; None where that was not measured."""

    algorithm: str
    hot: float | None
    """One token, always remembered."""
    zipf: float | None
    """100,000 users, the n-th most popular comes 1/n as often; default cache."""
    new: float | None
    """No token comes twice."""

    def at(self, hit_rate: float) -> float | None:
        """With so many of the tokens remembered."""
        return mixed(self.hot, self.new, hit_rate) if self.hot and self.new else None


def mixed(hot: float, new: float, hit_rate: float) -> float:
    """Answers a second where a share of the tokens is remembered: times add up, rates do not."""
    return 1 / (hit_rate / hot + (1 - hit_rate) / new)


def pods(
    rate: float, a_core: float, used: float, cores: int = CORES_A_POD, scaling: float = 1
) -> int:
    """How many pods answer so many requests a second.

    Args:
        rate: requests a second of all clients.
        a_core: answers a second of one worker alone, at its most.
        used: the share of that to plan with.
        cores: of a pod, with a worker each.
        scaling: what a worker gives beside others, as a share of what it gives alone.
    """
    return ceil(rate / (cores * a_core * used * scaling))


def _rate(rows: Sequence[Record], group: str, algorithm: str) -> float | None:
    where = {"group": group, "algorithm": algorithm, "contender": _OURS}
    return figure(rows, "rate", where | {"connections": _CONNECTIONS})


def rates(rows: Sequence[Record]) -> list[Rates]:
    """Those of every algorithm that the HTTP comparison measured."""
    names = dict.fromkeys(row["algorithm"] for row in rows if row["group"] in {"warm", "new"})
    return [
        Rates(name, *(_rate(rows, group, name) for group in ("warm", "zipf", "new")))
        for name in names
    ]


def scaling(rows: Sequence[Record]) -> float | None:
    """What each of two workers gives for a CPU second, as a share of one alone; one hot token.

    By CPU seconds, as the load generator takes its part of both cores while it is measured.
    """
    where = {"group": "workers", "tokens": "hot"}
    one, two = (figure(rows, "cpu_us", where | {"workers": workers}) for workers in (1, 2))
    return min(1.0, one / two) if one and two else None
