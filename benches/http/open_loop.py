"""A constant rate, whatever the server does: latency counts from when a request was due.

A closed loop waits for a slow server and so does not see how slow it is for those who come in the
meantime. Here the n-th request is due n/rate seconds after the start; it is sent over the next free
connection, and where none is free it waits, which counts. One thread spins on a core of its own,
as timers are too coarse; how late it was itself is measured too.

    python -m benches.http.open_loop '{"host": ..., "port": ..., ...}'
"""

import gc
import json
import re
import select
import socket
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

__all__ = ["Constant", "Latencies", "measure", "quantile"]

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_OK: Final = b"HTTP/1.1 200"
_PATIENCE_S: Final = 10.0
_EVENTS: Final = 64
_HELD: Final = 0.9
"""The share of the wanted rate that must come back for the latencies to be of that rate."""


@dataclass(frozen=True)
class Constant:
    """What is sent, as it is given to the generator's process."""

    host: str
    port: int
    target: str
    tokens: str
    """A file of tokens, one a line."""
    count: int
    """How many of them are sent in turn."""
    requests: int
    rate: float | None
    """Requests a second; None for as fast as the answers come."""
    connections: int


@dataclass(frozen=True)
class Latencies:
    """What came back; latencies in seconds, from when the request was due."""

    requests: int
    seconds: float
    wrong: int
    """Answers that were not 200."""
    broken: int
    """Connections that ended, and requests without an answer."""
    p50: float
    p99: float
    p999: float
    late_p99: float
    """How late the generator was with a request that had a free connection."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds

    def complaints(self, wanted: float) -> list[str]:
        """Why this does not count, if it does not."""
        found = []
        if self.wrong:
            found.append(f"{self.wrong} answers were not 200")
        if self.broken:
            found.append(f"{self.broken} requests had no answer")
        if self.rate < _HELD * wanted:
            late = f"; the generator itself was {self.late_p99 * 1e3:.1f} ms late (p99)"
            found.append(f"{self.rate:.0f} a second came back of {wanted:.0f}{late}")
        return found


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which that share of the values is; 0 where there is none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def whole(data: bytes) -> bool:
    """Whether these bytes are at least one whole answer."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return False
    length = _LENGTH.search(head)
    if length:
        return len(body) >= int(length[1])
    return not _CHUNKED.search(head) or body.endswith(b"0\r\n\r\n")


class _Generator:
    """One run."""

    def __init__(self, constant: Constant, requests: Sequence[bytes]) -> None:
        self._address = constant.host, constant.port
        self._requests = requests
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        # For each connection when it became free, in the order in which they did.
        self._free: deque[tuple[int, float]] = deque()
        self._due: dict[int, float] = {}
        self._pending: dict[int, bytes] = {}
        self.latencies: list[float] = []
        self.late: list[float] = []
        self.wrong = self.broken = 0
        for _ in range(constant.connections):
            self._connect()

    def _connect(self) -> None:
        opened = socket.create_connection(self._address, timeout=_PATIENCE_S)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened.settimeout(0)
        number = opened.fileno()
        self._sockets[number] = opened
        self._epoll.register(number, select.EPOLLIN)
        self._free.append((number, 0.0))

    def close(self) -> None:
        """Close all connections."""
        self._epoll.close()
        for opened in self._sockets.values():
            opened.close()

    def _again(self, number: int) -> None:
        """Open a connection in place of one that ended; a request it had is lost."""
        if self._due.pop(number, None) is not None:
            self.broken += 1
        else:
            self._free = deque(free for free in self._free if free[0] != number)
        self._epoll.unregister(number)
        self._sockets.pop(number).close()
        self._pending.pop(number, None)
        self._connect()

    def run(self, total: int, rate: float | None) -> float:
        """Send that many; the seconds until the last answer."""
        requests, count = self._requests, len(self._requests)
        sent, gap = 0, 0.0 if rate is None else 1 / rate
        begin = last = perf_counter()
        while sent < total or self._due:
            now = perf_counter()
            while self._free and sent < total and (due := begin + sent * gap) <= now:
                number, since = self._free.popleft()
                self._due[number] = now if rate is None else due
                self.late.append(now - max(due, since))
                try:
                    self._sockets[number].send(requests[sent % count])
                except OSError:
                    self._again(number)
                sent += 1
                now = perf_counter()
            events = self._epoll.poll(0, _EVENTS)
            for number, _ in events:
                self._receive(number)
            if events:
                last = perf_counter()
            elif perf_counter() - last > _PATIENCE_S:
                self.broken += len(self._due)
                break
        return last - begin

    def _receive(self, number: int) -> None:
        try:
            data = self._sockets[number].recv(65536)
        except OSError:
            data = b""
        now = perf_counter()
        if not data or number not in self._due:
            self._again(number)
            return
        if number in self._pending:
            data = self._pending.pop(number) + data
        if not whole(data):
            self._pending[number] = data
            return
        self.latencies.append(now - self._due.pop(number))
        self.wrong += not data.startswith(_OK)
        self._free.append((number, now))


def measure(constant: Constant) -> Latencies:
    """Send what is asked for, in this process."""
    head = f"GET {constant.target} HTTP/1.1\r\nHost: {constant.host}\r\nAuthorization: Bearer "
    with Path(constant.tokens).open() as file:
        tokens = [next(file).strip() for _ in range(constant.count)]
    requests = [f"{head}{token}\r\n\r\n".encode() for token in tokens]
    generator = _Generator(constant, requests)
    gc.disable()
    try:
        seconds = generator.run(constant.requests, constant.rate)
    finally:
        gc.enable()
        generator.close()
    latencies, late = sorted(generator.latencies), sorted(generator.late)
    return Latencies(
        requests=len(latencies),
        seconds=seconds,
        wrong=generator.wrong,
        broken=generator.broken,
        p50=quantile(latencies, 0.5),
        p99=quantile(latencies, 0.99),
        p999=quantile(latencies, 0.999),
        late_p99=quantile(late, 0.99),
    )


if __name__ == "__main__":
    print(json.dumps(asdict(measure(Constant(**json.loads(sys.argv[1]))))))
