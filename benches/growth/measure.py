"""Cases that are checked, then timed in turns: medians of rounds that go through all of them."""

import gc
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from statistics import quantiles
from time import perf_counter_ns
from typing import Any, Final, ParamSpec, TypeVar

from benches.http.plan import SERVER_CORE

__all__ = ["CORE", "Case", "Timed", "WrongError", "cost", "fresh", "pinned", "summary", "timed"]

CORE: Final = int(SERVER_CORE)
"""Where everything is timed."""

_BATCH_NS: Final = 1_500_000
"""A batch takes at least so long: far above reading the clock, far below a time slice."""

P = ParamSpec("P")
T = TypeVar("T")


class WrongError(Exception):
    """A case gave another answer than it should; it is not timed."""


@dataclass(frozen=True)
class Case:
    """One point of one curve."""

    series: str
    n: int
    call: Callable[[Any], object]
    items: Sequence[Any]
    """What it is called with, in turn."""
    check: Callable[[Any, int], bool]
    """Whether what came back for the item of this index is right."""

    def prepare(self) -> Sequence[Any]:
        """Check every answer; a batch that is long enough to be timed.

        Raises:
            WrongError: an answer is not the expected one.
        """
        for index, item in enumerate(self.items):
            answer = self.call(item)
            if not self.check(answer, index):
                raise WrongError(f"{self.series}, n = {self.n}, item {index} got {answer!r}")
        taken = cost(self.call, self.items) * len(self.items)
        return list(self.items) * max(1, round(_BATCH_NS / taken))


@dataclass(frozen=True)
class Timed:
    """What a case costs."""

    series: str
    n: int
    nanoseconds: float
    """The median of the rounds."""
    least: float
    """The fastest round: what others do on the machine can only add to it."""
    spread: float
    """From the first to the third quartile, as a share of the median."""


def cost(call: Callable[[Any], object], items: Sequence[Any]) -> float:
    """Nanoseconds of one call, the loop in C around it included (about 20 ns)."""
    begin = perf_counter_ns()
    deque(map(call, items), maxlen=0)
    return (perf_counter_ns() - begin) / len(items)


def summary(series: str, n: int, costs: Sequence[float]) -> Timed:
    """The median of at least two rounds and how far they are apart."""
    low, middle, high = quantiles(costs, n=4, method="inclusive")
    return Timed(series, n, middle, min(costs), (high - low) / middle)


def timed(cases: Sequence[Case], rounds: int) -> list[Timed]:
    """Check all cases, then time them in turns; one that drifts drifts for all.

    Raises:
        WrongError: as `Case.prepare`.
    """
    batches = [case.prepare() for case in cases]
    costs: list[list[float]] = [[] for _ in cases]
    with _no_collection():
        for number in range(rounds):
            turns = list(zip(cases, batches, costs, strict=True))
            for case, batch, found in turns[::-1] if number % 2 else turns:
                found.append(cost(case.call, batch))
    return [summary(case.series, case.n, found) for case, found in zip(cases, costs, strict=True)]


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def pinned(core: int = CORE) -> Iterator[None]:
    """Run on one core until the end of the block."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core} & before or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def fresh(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a function gives in a new process on one core, whose memory nobody used before."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process, pinned():
        return process.submit(function, *args, **kwargs).result()
