"""HTTP/1.1 by hand: exact bytes out, and answers as they came."""

import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self, TypeAlias

__all__ = ["Address", "Answer", "Connection", "ask", "raw_request"]

Address: TypeAlias = tuple[str, int] | Path
"""A host and a port, or the path of a Unix socket."""
Text: TypeAlias = str | bytes

_TIMEOUT = 10.0


def _bytes(text: Text) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


@dataclass(frozen=True)
class Answer:
    """A status, the headers in order with names in lower case, and the body."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for found, value in self.headers if found == name]

    def get(self, name: str) -> str | None:
        """The only value of a header, None where it did not come."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None


def raw_request(
    method: Text = "GET",
    target: Text = "/validate",
    headers: Iterable[tuple[Text, Text]] = (),
    body: bytes = b"",
) -> bytes:
    """The bytes of one request; a body brings its Content-Length."""
    lines = [_bytes(method) + b" " + _bytes(target) + b" HTTP/1.1", b"Host: auth.example"]
    lines += [_bytes(name) + b": " + _bytes(value) for name, value in headers]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])


def _connect(address: Address) -> socket.socket:
    if not isinstance(address, Path):
        return socket.create_connection(address, timeout=_TIMEOUT)
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(_TIMEOUT)
    try:
        client.connect(str(address))
    except OSError:
        client.close()
        raise
    return client


class Connection:
    """One connection, over which requests and answers go as the test says."""

    def __init__(self, address: Address, tls: ssl.SSLContext | None = None) -> None:
        """Connect."""
        self.socket = _connect(address)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket)
        self._pending = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are; a server may answer and hang up before it has read them all."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def _more(self) -> bytes:
        return self.socket.recv(65536)

    def closed_by_peer(self) -> bool:
        """Whether the server ends the connection without another byte."""
        try:
            return not self._pending and not self._more()
        except ConnectionResetError:
            return True

    def answer(self, *, to_head: bool = False) -> Answer:
        """Read one answer."""
        while b"\r\n\r\n" not in self._pending:
            data = self._more()
            assert data, f"the connection ended after {self._pending!r}"
            self._pending += data
        head, _, self._pending = self._pending.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = [(name.lower(), value.strip()) for name, _, value in _split(lines)]
        answer = Answer(int(first.split(" ")[1]), headers)
        length = 0 if to_head else int(answer.get("content-length") or 0)
        chunked = answer.get("transfer-encoding") == "chunked"
        body = self._chunks() if chunked and not to_head else self._take(length)
        return Answer(answer.status, headers, body)

    def end(self) -> None:
        """Say that no more is sent."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def ended(self) -> int:
        """The status of one more answer, 0 where the connection ended without one."""
        with suppress(ConnectionResetError):
            self._pending += b"" if self._pending else self._more()
        return self.answer().status if self._pending else 0

    def drained(self) -> bytes:
        """Everything that still comes, until the connection ends."""
        with suppress(ConnectionResetError):
            while data := self._more():
                self._pending += data
        return self._pending

    def take(self, length: int) -> bytes:
        """So many bytes, without a look at what they are."""
        return self._take(length)

    def _take(self, length: int) -> bytes:
        while len(self._pending) < length:
            data = self._more()
            assert data, "the connection ended within a body"
            self._pending += data
        taken, self._pending = self._pending[:length], self._pending[length:]
        return taken

    def _chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self._pending:
                self._pending += self._more()
            size, _, self._pending = self._pending.partition(b"\r\n")
            chunk = self._take(int(size, 16) + 2)[:-2]
            if not chunk:
                return body
            body += chunk


def _split(lines: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    return (line.partition(":") for line in lines)


def ask(
    address: Address,
    method: Text = "GET",
    target: Text = "/validate",
    headers: Iterable[tuple[Text, Text]] = (),
    body: bytes = b"",
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Send one request over a connection of its own, and read its answer."""
    with Connection(address, tls) as connection:
        connection.send(raw_request(method, target, headers, body))
        return connection.answer(to_head=method == "HEAD")
