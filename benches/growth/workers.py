"""How many decisions a second one process makes, and two on two cores at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from statistics import median
from time import perf_counter
from typing import Final

import jwtfast
from benches.growth.inputs import Request, bearer, gate, keys
from benches.growth.measure import WrongError, cost, pinned
from benches.http.plan import LOAD_CORE, SERVER_CORE
from benches.http.tokens import HOT, token, user

__all__ = ["KINDS", "Workers", "measure"]

KINDS: Final = ("from the cache", "ES256, new")

_CORES: Final = (int(SERVER_CORE), int(LOAD_CORE))
_PATIENCE_S: Final = 60


@dataclass(frozen=True)
class Workers:
    """Decisions a second of all processes together; medians of the rounds."""

    kind: str
    one: float
    two: float

    @property
    def ratio(self) -> float:
        """Two over one."""
        return self.two / self.one


def _work(core: int, kind: str, seconds: float, begin: Barrier, results: "Queue[float]") -> None:
    """Decide until the time is over; how many a second."""
    algorithm, cached = ("HS256", True) if kind == KINDS[0] else ("ES256", False)
    its_gate = gate(keys(algorithm), jwtfast.TokenCache(1 << 20) if cached else None)
    request = Request(bearer(token(algorithm, HOT)), user(HOT))
    decide = partial(its_gate.decide, None, "GET", b"")
    if not request.is_right(decide(request.headers)):
        raise WrongError(f"{kind}: a good token did not pass")
    batch = [request.headers] * max(1, int(2e6 / cost(decide, [request.headers] * 100)))
    with pinned(core):
        begin.wait(_PATIENCE_S)
        start, calls = perf_counter(), 0
        while (passed := perf_counter() - start) < seconds:
            cost(decide, batch)
            calls += len(batch)
        results.put(calls / passed)


def _together(kind: str, cores: Sequence[int], seconds: float) -> float:
    context = get_context("spawn")
    begin = context.Barrier(len(cores))
    results: Queue[float] = context.Queue()
    processes = [
        context.Process(target=_work, args=(core, kind, seconds, begin, results)) for core in cores
    ]
    for process in processes:
        process.start()
    try:
        return sum(results.get(timeout=_PATIENCE_S) for _ in processes)
    finally:
        for process in processes:
            process.join(_PATIENCE_S)


def measure(rounds: int, seconds: float) -> list[Workers]:
    """One and two in turns."""
    found = []
    for kind in KINDS:
        rates: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(rounds):
            for count, its in rates.items():
                its.append(_together(kind, _CORES[:count], seconds))
        found.append(Workers(kind, median(rates[1]), median(rates[2])))
    return found
