"""Rounds of turns: in its turn a server is started, asked, warmed, measured and asked again."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from benches.http.contenders import CACHE_TOKENS
from benches.http.load import Load, LoadError, Stream, pinned
from benches.http.machine import busy_share, cpu_seconds
from benches.http.open_loop import Constant, Latencies
from benches.http.plan import Cell, Options, Setup, setups
from benches.http.rows import Row
from benches.http.servers import FailedError, Target, behind_nginx, running, wrong_answers
from benches.http.supply import Supply
from benches.http.tokens import pool, zipf_order

__all__ = ["Rounds", "constant"]

_HALF: Final = 0.5


@dataclass
class Rounds:
    """What all turns of a run share."""

    options: Options
    tell: Callable[[str], None]
    _seen: dict[tuple[str, str], Supply] = field(default_factory=dict)
    """What peers that run already have left, by name and algorithm: nobody starts them anew."""

    def rows(self, planned: Sequence[Cell]) -> list[Row]:
        """Measure every cell in every round; a row with problems has no rate."""
        rows = {cell: Row(cell) for cell in planned}
        for number in range(self.options.rounds):
            for setup, its in setups(planned, number):
                turn = [rows[cell] for cell in its]
                self.tell(f"round {number + 1}: {setup.contender.name}, {setup.algorithm}")
                self._turn(setup, turn)
                for problem in sorted({one for row in turn for one in row.problems}):
                    self.tell(f"  {setup.contender.name} is wrong: {problem}")
        return list(rows.values())

    def _turn(self, setup: Setup, turn: Sequence[Row]) -> None:
        left = list(turn)
        problems: list[str] = []
        try:
            while left and not problems:
                problems = self._start(setup, left)
        except (FailedError, LoadError) as error:
            problems = [str(error)]
        for row in turn:
            row.problems += [problem for problem in problems if problem not in row.problems]

    def _start(self, setup: Setup, left: list[Row]) -> list[str]:
        """Start a server and measure what is left of its turn, as far as its new tokens last."""
        with ExitStack() as stack:
            server = stack.enter_context(
                running(setup.contender, setup.algorithm, setup.cores, setup.workers)
            )
            target = server
            if setup.behind_nginx:
                target = stack.enter_context(behind_nginx(server, setup.load_cores))
            problems = wrong_answers(target, through_proxy=setup.behind_nginx)
            if problems:
                return problems
            process = None if server.process is None else server.process.popen.pid
            start = _Start(target, process, setup, self.options, self._supply(setup))
            start.warm_up(left[0])
            start.measure(left.pop(0))
            while left and (left[0].cell.tokens != "new" or start.supply.lasts):
                start.measure(left.pop(0))
            return wrong_answers(target, through_proxy=setup.behind_nginx)

    def _supply(self, setup: Setup) -> Supply:
        count = self.options.tokens(setup.algorithm)
        if setup.contender.url is None:
            return Supply(count)
        # Where Zipf is measured, it has been sent what that draws from.
        used = CACHE_TOKENS if "zipf" in self.options.groups else 1
        key = setup.contender.name, setup.algorithm
        return self._seen.setdefault(key, Supply(count, used))


@dataclass(frozen=True)
class _Start:
    """A server that was started, until it is stopped."""

    target: Target
    process: int | None
    """The server's own, whatever stands before it; None where it ran already."""
    setup: Setup
    options: Options
    supply: Supply

    @property
    def _tokens(self) -> Path:
        return pool(self.setup.algorithm, self.options.tokens(self.setup.algorithm))

    def _load(self, cell: Cell) -> Load:
        seconds, setup = self.options.seconds, self.setup
        return Load(cell.connections, seconds, setup.load_cores, setup.load_threads, cell.keepalive)

    def _stream(self, cell: Cell) -> Stream:
        if cell.tokens == "zipf":
            return Stream(self._tokens, CACHE_TOKENS, order=zipf_order(CACHE_TOKENS))
        return Stream(self._tokens, 1)

    def warm_up(self, row: Row) -> None:
        """Before new tokens this warms up the code and the connections, not the cache."""
        load = replace(self._load(row.cell), seconds=self.options.warm_up)
        warm = load.run(self.target.url, self._stream(row.cell))
        row.problems += warm.complaints(new_tokens=False)

    def _cpu(self) -> float:
        return 0.0 if self.process is None else cpu_seconds(self.process)

    def measure(self, row: Row) -> None:
        """One figure of one cell."""
        cell, load = row.cell, self._load(row.cell)
        if cell.constant_rate:
            self._at_half(row, load)
            return
        new = cell.tokens == "new"
        stream = self.supply.stream(self._tokens) if new else self._stream(cell)
        before = self._cpu()
        with busy_share(self.setup.cores.split(",")[0]) as busy:
            measured = load.run(self.target.url, stream)
        used = self._cpu() - before
        if new:
            self.supply.took(measured, cell.connections, load.threads)
        row.problems += measured.complaints(new_tokens=new)
        row.busy.append(busy.share)
        self._keep(row, measured.requests, used)
        row.rates.append(measured.rate)
        row.p50.append(measured.p50)
        row.p99.append(measured.p99)

    def _at_half(self, row: Row, load: Load) -> None:
        """Find out how much it can do, then measure at half of that."""
        stream = self._stream(row.cell)
        most = load.run(self.target.url, stream)
        row.problems += most.complaints(new_tokens=False)
        rate = most.rate * _HALF
        if row.problems or not rate:
            return
        requests = max(1, int(rate * load.seconds))
        before = self._cpu()
        found = constant(self.target, stream, requests, rate, load.connections, load.cores)
        self._keep(row, found.requests, self._cpu() - before)
        row.problems += found.complaints(rate)
        row.rates.append(found.rate)
        row.p50.append(found.p50)
        row.p99.append(found.p99)
        row.late.append(found.late_p99)

    def _keep(self, row: Row, answers: int, cpu: float) -> None:
        if self.process is not None and answers:
            row.cpu_us.append(cpu / answers * 1e6)


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
