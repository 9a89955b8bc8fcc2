"""Rounds of turns: in its turn a server is started, asked, warmed, measured and asked again."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from statistics import median
from typing import Any, Final

from benches.http.contenders import CACHE_TOKENS
from benches.http.load import Load, LoadError, Stream, pinned
from benches.http.machine import busy_share
from benches.http.open_loop import Constant, Latencies
from benches.http.plan import Cell, Options, Setup, setups
from benches.http.servers import FailedError, Target, behind_nginx, running, wrong_answers
from benches.http.tokens import pool, zipf_order

__all__ = ["Row", "constant", "run", "spread"]

_HALF: Final = 0.5


def spread(values: Sequence[float]) -> float:
    """How far the rounds are apart, as a share of their median."""
    middle = median(values) if values else 0.0
    return (max(values) - min(values)) / middle if middle else 0.0


@dataclass
class Row:
    """A cell and what its rounds gave."""

    cell: Cell
    rates: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    """The share of the time that the first server core worked; 1 where it was the limit."""
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
            "generator_late_p99": median(self.late) if self.late else None,
            "rates": self.rates,
            "problems": self.problems,
        }


def run(planned: Sequence[Cell], options: Options, tell: Callable[[str], None]) -> list[Row]:
    """Measure every cell in every round; a row with problems has no rate."""
    rows = {cell: Row(cell) for cell in planned}
    for number in range(options.rounds):
        for setup, its in setups(planned, number):
            turn = [rows[cell] for cell in its]
            tell(f"round {number + 1}: {setup.contender.name}, {setup.algorithm}")
            _turn(setup, turn, options)
            for problem in sorted({one for row in turn for one in row.problems}):
                tell(f"  {setup.contender.name} is wrong: {problem}")
    return list(rows.values())


def _turn(setup: Setup, turn: Sequence[Row], options: Options) -> None:
    try:
        with ExitStack() as stack:
            target = stack.enter_context(
                running(setup.contender, setup.algorithm, setup.cores, setup.workers)
            )
            if setup.behind_nginx:
                target = stack.enter_context(behind_nginx(target, setup.load_cores))
            problems = wrong_answers(target, through_proxy=setup.behind_nginx)
            if not problems:
                _measure(target, setup, turn, options)
                problems = wrong_answers(target, through_proxy=setup.behind_nginx)
    except (FailedError, LoadError) as error:
        problems = [str(error)]
    for row in turn:
        row.problems += [problem for problem in problems if problem not in row.problems]


def _measure(target: Target, setup: Setup, turn: Sequence[Row], options: Options) -> None:
    tokens = pool(setup.algorithm, options.new_tokens)
    used = 1
    for number, row in enumerate(turn):
        cell = row.cell
        load = Load(
            cell.connections, options.seconds, setup.load_cores, setup.load_threads, cell.keepalive
        )
        stream = Stream(tokens, 1)
        if cell.tokens == "zipf":
            stream = Stream(tokens, CACHE_TOKENS, order=zipf_order(CACHE_TOKENS))
        if number == 0:
            # Before new tokens this warms up the code and the connections, not the cache.
            warm = replace(load, seconds=options.warm_up).run(target.url, stream)
            row.problems += warm.complaints(new_tokens=False)
        if cell.constant_rate:
            _at_half(target, row, load, stream)
            continue
        new = cell.tokens == "new"
        if new:
            # At least two, so that going round is noticed.
            used = min(used, options.new_tokens - 2)
            stream = Stream(tokens, options.new_tokens - used, used)
        with busy_share(setup.cores.split(",")[0]) as busy:
            measured = load.run(target.url, stream)
        used += measured.requests + cell.connections
        row.problems += measured.complaints(new_tokens=new)
        row.rates.append(measured.rate)
        row.p50.append(measured.p50)
        row.p99.append(measured.p99)
        row.busy.append(busy.share)


def _at_half(target: Target, row: Row, load: Load, stream: Stream) -> None:
    """Find out how much it can do, then measure at half of that."""
    most = load.run(target.url, stream)
    row.problems += most.complaints(new_tokens=False)
    rate = most.rate * _HALF
    if row.problems or not rate:
        return
    requests = max(1, int(rate * load.seconds))
    found = constant(target, stream, requests, rate, load.connections, load.cores)
    row.problems += found.complaints(rate)
    row.rates.append(found.rate)
    row.p50.append(found.p50)
    row.p99.append(found.p99)
    row.late.append(found.late_p99)


def constant(
    target: Target,
    stream: Stream,
    requests: int,
    rate: float | None,
    connections: int,
    cores: str,
) -> Latencies:
    """Send at a constant rate, from a process on the load generator's core.

    Raises:
        LoadError: the generator failed.
    """
    asked = Constant(
        host=target.host,
        port=target.port,
        target=target.target,
        tokens=str(stream.tokens),
        count=stream.count,
        requests=requests,
        rate=rate,
        connections=connections,
    )
    command = [sys.executable, "-m", "benches.http.open_loop", json.dumps(asdict(asked))]
    ended = subprocess.run(pinned(command, cores), capture_output=True, text=True, check=False)
    if ended.returncode:
        raise LoadError(f"the open loop ended with {ended.returncode}: {ended.stderr[-300:]}")
    return Latencies(**json.loads(ended.stdout))
