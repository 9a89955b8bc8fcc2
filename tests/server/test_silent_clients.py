"""Connections that keep a worker waiting, in every state that one can be in: each of them ends."""

import contextlib
import select
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection

from tests.processes import Server, free_port
from tests.server.certificates import write_pair
from tests.server.conftest import DOORS
from tests.settings import standard, token, write
from tests.wire import Connection, raw_request

GOOD = [("Authorization", f"Bearer {token()}")]
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
PING = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00"
_DRIP_EVERY_S = 0.5
# A little more than twice the header timeout is the longest; the machine may be busy.
_DEADLINE_S = 60.0


def http_2(*, ends: bool) -> bytes:
    """A request of HTTP/2, with or without the end of its stream."""
    client = H2Connection(H2Configuration(client_side=True))
    client.initiate_connection()
    headers = [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "auth.example"),
        (":path", "/validate"),
        *((name.lower(), value) for name, value in GOOD),
    ]
    client.send_headers(1, headers, end_stream=ends)
    return client.data_to_send()


REQUEST = raw_request(headers=GOOD)
# What is sent at once, and what then trickles in.
SILENT: dict[str, tuple[bytes, bytes]] = {
    "nothing": (b"", b""),
    "the first byte of a preface": (b"P", b""),
    "a preface, byte by byte": (b"", PREFACE * 9),
    "half a preface": (PREFACE[:14], b""),
    "all of a preface but a byte": (PREFACE[:-1], b""),
    "a preface": (PREFACE, b""),
    "a preface and settings": (PREFACE + SETTINGS, b""),
    "half a frame": (PREFACE + SETTINGS + PING[:5], b""),
    "frames, byte by byte": (
        PREFACE + SETTINGS,
        b"\x00\x3f\x00\x01\x04\x00\x00\x00\x01" + b"a" * 99,
    ),
    "a method that begins like a preface": (b"PRI /validate HTTP/1.1\r\n", b""),
    "half a method": (b"GE", b""),
    "half a request line": (b"GET /valid", b""),
    "a request line": (b"GET /validate HTTP/1.1\r\n", b""),
    "half a header": (REQUEST[:50], b""),
    "headers but for their end": (REQUEST[:-2], b""),
    "headers, byte by byte": (REQUEST[:30], b"a" * 99),
    "empty lines, one by one": (b"\r\n", b"\r\n" * 50),
    "a request, answered": (REQUEST, b""),
    "a body that does not come": (raw_request("POST", headers=[("Content-Length", "9")]), b""),
    "a request of HTTP/2, answered": (http_2(ends=True), b""),
    "a stream that stays open": (http_2(ends=False), b""),
}
HANDSHAKE: dict[str, tuple[bytes, bytes]] = {
    "nothing before TLS": (b"", b""),
    "a byte of TLS": (b"\x16", b""),
    "half a TLS record": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b""),
    "a TLS record, byte by byte": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"a" * 99),
}


class Client:
    """A connection that sends a little, and then waits for its end."""

    def __init__(
        self, server: Server, tls: ssl.SSLContext | None, at_once: bytes, then: bytes
    ) -> None:
        """Connect, and send what is sent at once."""
        self.connection = Connection(server.address, tls)
        self.connection.send(at_once)
        self._then = then
        self._sent = time.monotonic()
        self.connection.socket.setblocking(False)
        self.closed = False

    def look(self) -> None:
        """Read what came, and send the next byte where it is time to."""
        try:
            with contextlib.suppress(ssl.SSLWantReadError, BlockingIOError):
                while self.connection.socket.recv(65536):
                    pass
                self.closed = True
            if self._then and time.monotonic() - self._sent > _DRIP_EVERY_S:
                self._sent = time.monotonic()
                self.connection.socket.send(self._then[:1])
                self._then = self._then[1:]
        except (OSError, ssl.SSLError):
            self.closed = True


class Reluctant(Client):
    """A connection that asks for more and more, and never reads an answer."""

    def __init__(self, server: Server) -> None:
        """Connect, and ask until nothing more is taken."""
        super().__init__(server, None, b"", b"")
        self._poll = select.poll()
        self._poll.register(self.connection.socket, select.POLLRDHUP)
        request = raw_request(headers=[("X-Padding", "a" * 100)])
        with contextlib.suppress(BlockingIOError, ConnectionError):
            for _ in range(200_000):
                self.connection.socket.send(request)

    def look(self) -> None:
        """See whether the connection has ended, without reading."""
        self.closed = bool(self._poll.poll(0))


def all_end(server: Server, clients: dict[str, Client]) -> None:
    """Wait for the end of each, and see that others are answered meanwhile."""
    end = time.monotonic() + _DEADLINE_S
    with contextlib.ExitStack() as stack:
        for client in clients.values():
            stack.enter_context(client.connection)
        while left := [name for name, client in clients.items() if not client.closed]:
            assert time.monotonic() < end, f"still open: {left}"
            assert server.ask(token=token()).status == 200
            # Unlike `select`, it takes the numbers that a process with many files has.
            poll = select.poll()
            for name in left:
                poll.register(clients[name].connection.socket, select.POLLIN)
            poll.poll(200)
            for name in left:
                clients[name].look()


@pytest.fixture(params=DOORS)
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a service behind each door, on the address that the test wants."""
    started: list[Server] = []

    def start(
        listen: str = "", *, client_tls: ssl.SSLContext | None = None, **changes: object
    ) -> Server:
        listen = listen or f"127.0.0.1:{free_port()}"
        host, _, port = listen.rpartition(":")
        config = standard(listen=listen, interface=request.param, **changes)
        path = write(tmp_path / "jwtfast.yaml", config)
        address = Path(port) if host == "unix" else (host, int(port))
        server = Server(["serve", "--config", str(path)], tmp_path / "s", address, tls=client_tls)
        started.append(server)
        return server

    yield start
    for server in started:
        assert server.stop() == 0


def test_in_clear(start: Callable[..., Server]) -> None:
    """Every state of HTTP/1 and HTTP/2 ends, with its client silent or slow."""
    server = start()
    clients: dict[str, Client] = {
        name: Client(server, None, *bytes_sent) for name, bytes_sent in SILENT.items()
    }
    clients["requests without end, answers unread"] = Reluctant(server)

    all_end(server, clients)


def test_over_tls(start: Callable[..., Server], tmp_path: Path) -> None:
    """The same within TLS, and before its handshake is through."""
    cert, key = write_pair(tmp_path, "SEC1 P-256")
    tls = ssl.create_default_context(cafile=cert)
    tls.check_hostname = False
    server = start(client_tls=tls, tls={"cert": str(cert), "key": str(key)})
    clients = {name: Client(server, tls, *bytes_sent) for name, bytes_sent in SILENT.items()}
    clients |= {name: Client(server, None, *bytes_sent) for name, bytes_sent in HANDSHAKE.items()}

    all_end(server, clients)


def test_over_a_unix_socket(start: Callable[..., Server], tmp_path: Path) -> None:
    """The same where the kernel tells less."""
    server = start(f"unix:{tmp_path / 'x.sock'}")
    clients: dict[str, Client] = {
        name: Client(server, None, *bytes_sent) for name, bytes_sent in SILENT.items()
    }
    clients["requests without end, answers unread"] = Reluctant(server)

    all_end(server, clients)


@pytest.mark.usefixtures("many_files")
def test_a_thousand(start: Callable[..., Server]) -> None:
    """As many as that keep nobody else from an answer, and all of them end."""
    server = start()
    beginnings = (b"", b"P", PREFACE, REQUEST[:40])

    all_end(server, {str(n): Client(server, None, beginnings[n % 4], b"") for n in range(1000)})
