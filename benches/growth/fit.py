"""How cost grows with n: a base, so much for each doubling, so much for each item.

A logarithm and a straight line are fitted together, so that what is left for the line is what the
logarithm cannot explain. No coefficient may be negative: more never makes a decision cheaper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log2
from typing import Final, TypeAlias

__all__ = ["MOST_UNEXPLAINED", "Growth", "Points", "at_most_logarithmic", "fit", "slope"]

Points: TypeAlias = Sequence[tuple[int, float]]
"""n and what it costs, in any unit; each n is at least 1, each cost above 0."""

MOST_UNEXPLAINED: Final = 0.25
"""The share of the cost at the largest n that may lie above the logarithm.

Tables that outgrow the processor's caches cost steps that no logarithm follows; with 1 to 10,000
entries they stay below this. A scan of 10,000 entries at 0.1 ns each does not, beside 1 us.
"""

_TINY: Final = 1e-12

Row: TypeAlias = list[float]


@dataclass(frozen=True)
class Growth:
    """A fitted curve, in the unit of the costs."""

    base: float
    per_doubling: float
    per_item: float

    def at(self, n: int) -> float:
        """What n costs by the curve."""
        return self.logarithm(n) + self.per_item * n

    def logarithm(self, n: int) -> float:
        """That without the straight part."""
        return self.base + self.per_doubling * log2(n)


def _solved(matrix: list[Row], right: Row) -> Row | None:
    """The solution of a small system of equations; None where it has not exactly one."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(rows[row][column]))
        if abs(rows[pivot][column]) < _TINY:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for other in range(size):
            if other != column:
                factor = rows[other][column]
                pairs = zip(rows[other], rows[column], strict=True)
                rows[other] = [value - factor * own for value, own in pairs]
    return [row[-1] for row in rows]


def _least_squares(table: Sequence[Row]) -> Row | None:
    """The factors of the columns that come nearest to 1 in every row."""
    columns = list(zip(*table, strict=True))
    matrix = [
        [sum(a * b for a, b in zip(one, other, strict=True)) for other in columns]
        for one in columns
    ]
    return _solved(matrix, [sum(column) for column in columns])


def fit(points: Points) -> Growth:
    """The curve whose relative errors are smallest.

    Raises:
        ValueError: fewer than three sizes, or a size or a cost that cannot be.
    """
    if len({n for n, _ in points}) < 3 or any(n < 1 or cost <= 0 for n, cost in points):
        raise ValueError("expected costs above 0 for at least three sizes from 1")
    largest = max(n for n, _ in points)
    # Divided by the cost, every point counts alike; n as a share of the largest keeps digits.
    table = [[1 / cost, log2(n) / cost, n / largest / cost] for n, cost in points]
    best, error = [0.0, 0.0, 0.0], float("inf")
    for chosen in (c for size in (1, 2, 3) for c in combinations(range(3), size)):
        factors = _least_squares([[row[column] for column in chosen] for row in table])
        if factors is None or min(factors) < 0:
            continue
        all_three = [0.0, 0.0, 0.0]
        for column, factor in zip(chosen, factors, strict=True):
            all_three[column] = factor
        squares = sum(
            (sum(a * b for a, b in zip(row, all_three, strict=True)) - 1) ** 2 for row in table
        )
        # More columns must be worth it: otherwise what is constant would grow by rounding.
        if squares < error - _TINY:
            best, error = all_three, squares
    return Growth(best[0], best[1], best[2] / largest)


def at_most_logarithmic(points: Points) -> bool:
    """Whether what the logarithm cannot explain is a small part of the cost at the largest n.

    Raises:
        ValueError: as `fit`.
    """
    n, cost = max(points)
    return 1 - fit(points).logarithm(n) / cost <= MOST_UNEXPLAINED


def slope(points: Points) -> float:
    """What each item more costs, from the smallest n to the largest."""
    (fewest, low), (most, high) = min(points), max(points)
    return (high - low) / (most - fewest)
