"""What the rounds say: each variant beside `serve` in the same round, and which to take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from statistics import median
from typing import Any, Final

from benches.http.rows import spread
from benches.knobs.measure import Row
from benches.knobs.plan import Door, Level, Variant

__all__ = ["Beside", "Verdict", "beside", "judged", "record"]

_LEAST_NOISE: Final = 0.02
_WORSE_P99: Final = 1.2
"""A rate that is bought with a p99 this much longer is no better."""


@dataclass(frozen=True)
class Beside:
    """A variant under one load, beside `serve` as it is."""

    rate: float
    """Answers a second, the median of the rounds."""
    p99: float
    """Seconds, the median of the rounds."""
    ratio: float
    """Its rate over that of `serve` in the same round, the median of the rounds."""
    ratios: tuple[float, ...]
    """One a round."""
    p99_ratio: float
    """As `ratio`, of the p99: below 1 is better."""
    spread: float
    """How far the rounds' rates are apart, as a share of their median."""


@dataclass(frozen=True)
class Verdict:
    """What is to be taken for a door."""

    door: Door
    noise: float
    """A ratio this far from 1, or less, says nothing."""
    taken: tuple[tuple[str, int | str], ...]
    """The settings that are better than those of `serve`, best of each first tried alone."""

    @property
    def together(self) -> Variant | None:
        """All of them at once; None where `serve` has the best already."""
        return Variant(self.door, self.taken) if self.taken else None


def _over(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    return tuple(one / other for one, other in zip(ours, theirs, strict=True))


def beside(row: Row, base: Row) -> dict[Level, Beside]:
    """A variant under each of its loads; empty where one of the two has problems."""
    if row.problems or base.problems:
        return {}
    found = {}
    for level, rates in row.rates.items():
        ratios = _over(rates, base.rates[level])
        found[level] = Beside(
            rate=median(rates),
            p99=median(row.p99[level]),
            ratio=median(ratios),
            ratios=ratios,
            p99_ratio=median(_over(row.p99[level], base.p99[level])),
            spread=spread(rates),
        )
    return found


def _mean(ratios: Sequence[float]) -> float:
    return prod(ratios) ** (1 / len(ratios))


def _is_better(found: Mapping[Level, Beside], noise: float) -> bool:
    """Faster over all loads, slower under none, and no later with the last of a hundred."""
    ratios = [one.ratio for one in found.values()]
    return (
        bool(ratios)
        and _mean(ratios) > 1 + noise
        and min(ratios) >= 1 - noise
        and _mean([one.p99_ratio for one in found.values()]) <= _WORSE_P99
    )


def judged(door: Door, rows: Sequence[Row]) -> Verdict:
    """Which settings to take, from the rows of a door, of which the first is `serve` as it is."""
    base = rows[0]
    best: dict[str, tuple[float, int | str]] = {}
    its = [one for row in rows if row.variant.again for one in beside(row, base).values()]
    noise = max([_LEAST_NOISE, *(abs(one.ratio - 1) for one in its)])
    if not its:
        # Nobody knows how much is noise.
        return Verdict(door, noise, ())
    for row in rows[1:]:
        found = beside(row, base)
        if _is_better(found, noise) and not row.variant.again:
            [(name, value)] = row.variant.changes
            gain = _mean([one.ratio for one in found.values()])
            best[name] = max(best.get(name, (0.0, "")), (gain, value), key=lambda one: one[0])
    return Verdict(door, noise, tuple((name, value) for name, (_, value) in best.items()))


def record(row: Row, base: Row) -> dict[str, Any]:
    """What the results keep of a row."""
    found = beside(row, base)
    return {
        "door": row.variant.door,
        "name": row.variant.name,
        "changes": row.variant.settings,
        "problems": row.problems,
        "loads": [
            {
                "connections": level.connections,
                "keepalive": level.keepalive,
                "rate": one.rate,
                "p99": one.p99,
                "ratio": one.ratio,
                "p99_ratio": one.p99_ratio,
                "spread": one.spread,
                "rates": row.rates[level],
                "p99s": row.p99[level],
                "ratios": list(one.ratios),
            }
            for level, one in found.items()
        ],
    }
