"""Scrapes of `/metrics`: decisions do not wait for them, and what scrapes too much is bounded."""

import os
import select
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from jwtfast_server.listen import Endpoint
from jwtfast_server.scrapes import Scrapes, listening_at
from tests.conftest import Serve
from tests.processes import free_port, until
from tests.server.conftest import DOORS
from tests.settings import token
from tests.wire import Connection, ask, raw_request

GOOD = [("Authorization", f"Bearer {token()}")]


@pytest.mark.parametrize("interface", DOORS)
def test_a_scrape_holds_up_no_decision(serve: Serve, interface: str) -> None:
    """While one waits for a worker and the main process, which stand still, others decide."""
    service = serve(interface=interface, workers=2)
    still = max(service.workers)
    with ExitStack() as stack:
        connections = [stack.enter_context(Connection(service.address)) for _ in range(16)]
        for stopped in (still, service.popen.pid):
            os.kill(stopped, signal.SIGSTOP)
            stack.callback(os.kill, stopped, signal.SIGCONT)
        for connection in connections:
            connection.send(raw_request(headers=GOOD))
        sockets = {connection.socket: connection for connection in connections}
        live: list[Connection] = []

        def both() -> bool:
            live.extend(sockets.pop(one) for one in select.select([*sockets], [], [], 0.1)[0])
            return len(live) >= 2

        until(both, "two connections to the worker that runs")
        assert [connection.answer().status for connection in live[:2]] == [200, 200]
        scraping, deciding = live[:2]
        scraping.send(raw_request(target="/metrics"))
        for _ in range(50):
            deciding.send(raw_request(headers=GOOD))
            assert deciding.answer().status == 200
        assert not select.select([scraping.socket], [], [], 0)[0]
        for stopped in (still, service.popen.pid):
            os.kill(stopped, signal.SIGCONT)
        assert scraping.answer().status in {200, 503}


class Slow(Collector):
    """A metric that is made when the test says so."""

    def __init__(self) -> None:
        """Count how often it was made."""
        self.made = 0
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def describe(self) -> list[Metric]:
        """Nothing, in order not to be made beforehand."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Make it."""
        self.begun.release()
        assert self.go_on.acquire(timeout=20)
        self.made += 1
        family = CounterMetricFamily("made", "How often.")
        family.add_metric((), self.made)
        yield family


def test_scrapes_share_a_page(tmp_path: Path) -> None:
    """Those that ask while one is made share the next one: it was begun after they asked."""
    slow, registry = Slow(), CollectorRegistry()
    registry.register(slow)
    Scrapes(tmp_path, registry, None).start()
    with ExitStack() as stack:
        asking = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(11)]
        for number, one in enumerate(asking):
            one.settimeout(20)
            one.connect(str(tmp_path / "scrape"))
            if number == 0:
                assert slow.begun.acquire(timeout=20)
        slow.go_on.release(5)
        pages = [one.recv(65536) for one in asking]

    assert b"made_total 1.0" in pages[0]
    # The kernel may hand over the last of them a little later.
    assert slow.made <= 3


@pytest.fixture
def listener(tmp_path: Path) -> tuple[str, int]:
    """An HTTP listener for scrapes."""
    port = free_port()
    listening = listening_at(Endpoint("127.0.0.1", port))
    Scrapes(tmp_path, CollectorRegistry(), listening).start()
    return "127.0.0.1", port


@pytest.mark.parametrize(
    "sent", [b"", b"G", b"GET /metrics HTTP/1.1\r\n", b"\r\n", b"\x16\x03\x01"]
)
def test_silent_scrapers_are_closed(listener: tuple[str, int], sent: bytes) -> None:
    """A thread for none of them; they end, and meanwhile others are answered."""
    before = threading.active_count()
    with ExitStack() as stack:
        clients = [stack.enter_context(Connection(listener)) for _ in range(50)]
        for client in clients:
            client.send(sent)
        for _ in range(10):
            assert ask(listener, target="/metrics").status == 200
        assert threading.active_count() <= before + 1
        assert all(client.closed_by_peer() for client in clients)


def test_too_many_scrapers(listener: tuple[str, int]) -> None:
    """They are closed at once; who comes after them is answered."""
    with ExitStack() as stack:
        clients = [stack.enter_context(Connection(listener)) for _ in range(200)]
        ended = [client for client in clients if client.closed_by_peer()]
        assert len(ended) == 200

    assert ask(listener, target="/metrics").status == 200


def test_headers_without_end(listener: tuple[str, int]) -> None:
    """They are cut off before they take memory."""
    with Connection(listener) as client:
        client.send(b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 100_000)
        assert client.closed_by_peer()


METHODS = [("GET", 200), ("HEAD", 200), ("POST", 405), ("OPTIONS", 200)]


@pytest.mark.parametrize("method,status", METHODS)
def test_methods(listener: tuple[str, int], method: str, status: int) -> None:
    """As the official client answers them, and HEAD as GET."""
    with closing(Connection(listener).socket) as client:
        client.sendall(raw_request(method, "/metrics"))
        answer = b""
        while data := client.recv(65536):
            answer += data

    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    # The page of a registry without metrics is empty.
    assert (body == b"") == (method != "POST")


def test_formats(serve: Serve) -> None:
    """OpenMetrics where it is asked for, compressed where that is."""
    port = free_port()
    serve(metrics={"listen": f"127.0.0.1:{port}"})
    wanted = [
        ("Accept", "application/openmetrics-text; version=1.0.0"),
        ("Accept-Encoding", "gzip"),
    ]
    answer = ask(("127.0.0.1", port), target="/metrics", headers=wanted)

    assert (answer.get("content-type") or "").startswith("application/openmetrics-text")
    assert answer.get("content-encoding") == "gzip"
    assert answer.body[:2] == b"\x1f\x8b"
