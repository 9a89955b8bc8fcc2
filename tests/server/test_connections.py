"""Which connections are closed because they keep a worker waiting, and which never are."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from jwtfast_server import connections
from jwtfast_server.connections import Connections
from tests.processes import until


class Pair(NamedTuple):
    """Both ends of a connection in this process."""

    server: socket.socket
    client: socket.socket


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket that listens, here."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


@pytest.fixture
def pair(listening: socket.socket) -> Iterator[Pair]:
    """A connection to it."""
    with socket.create_connection(listening.getsockname()) as client:
        server, _ = listening.accept()
        with server:
            yield Pair(server, client)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every connection be overdue."""
    monkeypatch.setattr(connections, "HEADER_TIMEOUT_S", 0)


def port(listening: socket.socket) -> int:
    """The port of a listening socket."""
    number: int = listening.getsockname()[1]
    return number


def is_open(end: socket.socket) -> bool:
    """Whether the other end is still there, without reading what it sent."""
    end.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        return end.recv(1, socket.MSG_PEEK) != b""
    return True


def test_a_new_connection_stays(listening: socket.socket, pair: Pair) -> None:
    """It has its time."""
    Connections(port(listening)).look()

    assert is_open(pair.client)


@pytest.mark.usefixtures("at_once")
def test_an_overdue_connection_ends(listening: socket.socket, pair: Pair) -> None:
    """By an orderly end, both ways; the one who listens stays."""
    watch = Connections(port(listening))
    watch.look()

    assert watch.closed == 1
    assert not is_open(pair.client)
    with socket.create_connection(listening.getsockname()):
        pass


@pytest.mark.usefixtures("at_once", "pair")
def test_connections_of_our_own_stay(listening: socket.socket) -> None:
    """What this process asks others for (keys, revocations) is not its clients'."""
    with (
        socket.create_server(("127.0.0.1", 0)) as elsewhere,
        socket.create_connection(elsewhere.getsockname()) as ours,
        elsewhere.accept()[0] as theirs,
    ):
        Connections(port(listening)).look()
        assert is_open(ours)
        assert is_open(theirs)


def test_what_just_came_is_answered_first() -> None:
    """A request on a connection that was idle until now is no reason to close it."""
    overdue = connections.Overdue(sent_ms=5_001, received_ms=0)
    assert not overdue.now
    assert connections.Overdue(sent_ms=5_001, received_ms=2_000).now
    assert connections.Overdue(sent_ms=10_000, received_ms=0).now
    assert not connections.Overdue(sent_ms=4_999, received_ms=9_999).now


def fill(end: socket.socket) -> None:
    """Send until no more fits."""
    end.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            end.send(b"a" * 65536)


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_answers_that_nobody_reads(
    kind: str, listening: socket.socket, pair: Pair, tmp_path: Path
) -> None:
    """They end once they were waiting at each of ten looks; those that are read do not."""
    with contextlib.ExitStack() as stack:
        watch = Connections(port(listening))
        if kind == "unix":
            path = tmp_path / "x.sock"
            unix = stack.enter_context(socket.socket(socket.AF_UNIX))
            unix.bind(str(path))
            unix.listen()
            client = stack.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(path))
            pair = Pair(stack.enter_context(unix.accept()[0]), client)
            watch = Connections(0, path)
        fill(pair.server)
        for _ in range(9):
            watch.look()
        assert watch.closed == 0
        pair.client.setblocking(False)

        def drained() -> bool:
            with contextlib.suppress(BlockingIOError):
                while pair.client.recv(1 << 20):
                    pass
            watch.look()
            return not watch.stuck

        until(drained, "nothing waits")
        fill(pair.server)
        for _ in range(9):
            watch.look()
        assert watch.closed == 0
        watch.look()
        assert watch.closed == 1
        with pytest.raises(OSError, match=r"pipe|reset"):
            pair.server.send(b"a")


def test_numbers_that_are_no_connections(listening: socket.socket, tmp_path: Path) -> None:
    """Files, pipes and sockets of other kinds are left alone."""
    with (
        (tmp_path / "file").open("wb"),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
    ):
        Connections(port(listening)).look()
        Connections(0, tmp_path / "x.sock").look()
