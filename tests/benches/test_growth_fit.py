"""Whether growth is at most logarithmic, told from costs that were made up."""

import random
from collections.abc import Callable
from math import log2, sqrt

import pytest

from benches.growth.fit import at_most_logarithmic, fit, slope

SIZES = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)

Curve = Callable[[int], float]


def costs(
    curve: Curve, noise: float = 0.0, sizes: tuple[int, ...] = SIZES
) -> list[tuple[int, float]]:
    """The points of a curve, each off by at most a share of itself; the same in every run."""
    source = random.Random(1)  # noqa: S311 - the same noise in every run, no secret
    return [(n, curve(n) * (1 + source.uniform(-noise, noise))) for n in sizes]


SLOW: dict[str, Curve] = {
    "constant": lambda _n: 900.0,
    "falling": lambda n: 900.0 - 20 * log2(n),
    "logarithmic": lambda n: 600 + 50 * log2(n),
    "mostly logarithmic": lambda n: 100 + 400 * log2(n),
    "a table that outgrows two caches": lambda n: 900 + 150 * (n > 200) + 200 * (n > 5000),
}
FAST: dict[str, Curve] = {
    "a scan of a tenth of a nanosecond each": lambda n: 900 + 0.1 * n,
    "a scan of a nanosecond each": lambda n: 900 + n,
    "linear alone": lambda n: 50.0 * n,
    "a root": lambda n: 100 * sqrt(n),
    "a root beside a base": lambda n: 900 + 20 * sqrt(n),
    "n log n": lambda n: 100 + n * log2(n + 1),
    "quadratic": lambda n: 900 + n * n / 100,
    "a cliff at the end": lambda n: 900 + (1e6 if n > 500 else 0),
}


@pytest.mark.parametrize("noise", [0.0, 0.05])
@pytest.mark.parametrize("name", SLOW)
def test_what_is_at_most_logarithmic_passes(name: str, noise: float) -> None:
    """Also where each point is off by some percent, and where caches make steps."""
    assert at_most_logarithmic(costs(SLOW[name], noise))


@pytest.mark.parametrize("noise", [0.0, 0.05])
@pytest.mark.parametrize("name", FAST)
def test_what_is_worse_does_not(name: str, noise: float) -> None:
    """However small each step is beside the base."""
    assert not at_most_logarithmic(costs(FAST[name], noise))


@pytest.mark.parametrize("name", [*SLOW, *FAST])
def test_few_sizes_are_enough(name: str) -> None:
    """A quick run says the same of clear cases."""
    points = costs({**SLOW, **FAST}[name], sizes=(1, 100, 1000, 10_000))
    assert at_most_logarithmic(points) == (name in SLOW)


def test_the_fit_finds_the_curve_that_made_the_points() -> None:
    """Base, doubling and item, each from all three together."""
    found = fit(costs(lambda n: 700 + 30 * log2(n) + 2 * n))
    assert (found.base, found.per_doubling, found.per_item) == pytest.approx((700, 30, 2))
    assert found.at(1024) == pytest.approx(700 + 300 + 2048)
    assert found.logarithm(1024) == pytest.approx(1000)


def test_nothing_is_fitted_below_zero() -> None:
    """More items make nothing cheaper: noise that falls is taken for a constant."""
    found = fit([(1, 100.0), (10, 90.0), (100, 95.0), (1000, 80.0)])
    assert (found.per_doubling, found.per_item) == (0, 0)
    assert 80 < found.base < 100


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(1, 1.0), (2, 1.0)],
        [(1, 1.0)] * 3,
        [(0, 1.0), (1, 1.0), (2, 1.0)],
        [(1, 0.0), (2, 1.0), (3, 1.0)],
    ],
)
def test_points_that_say_nothing_are_refused(points: list[tuple[int, float]]) -> None:
    """Three sizes at least, and no cost of nothing."""
    with pytest.raises(ValueError, match="three sizes"):
        fit(points)


def test_the_slope_is_between_the_ends() -> None:
    """Whatever the order of the points."""
    assert slope([(1000, 2998.0), (1, 1000.0), (10, 5.0)]) == 2
