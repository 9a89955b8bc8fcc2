"""A small upstream that answers what it was asked, and remembers it."""

import contextlib
import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.proxies.tunnels import opened

__all__ = ["Echo", "Seen", "echo"]


@dataclass(frozen=True)
class Seen:
    """One request as it arrived; header names in lower case."""

    method: str
    target: str
    version: str
    headers: list[tuple[str, str]]
    body: bytes
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for found, value in self.headers if found == name]


class Echo:
    """Everything that arrived, in order, and how it is answered."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        """Listen on an address of the server's own."""
        self.address = f"127.0.0.1:{server.server_port}"
        self.seen: list[Seen] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.tunnels = False

    def heard(self, method: str, target: str, headers: list[tuple[str, str]]) -> None:
        """Remember a request that came through a tunnel."""
        self.seen.append(Seen(method, target, "tunnel", headers, b""))

    def take(self) -> list[Seen]:
        """What arrived since the last time."""
        seen, self.seen = self.seen, []
        return seen


# The proxies have limits of their own, which the tests look at; this one is in the way.
vars(http.client)["_MAXHEADERS"] = 1000


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one segment: otherwise each answer waits for a delayed acknowledgement.
    wbufsize = -1
    echo: Echo

    def __getattr__(self, name: str) -> object:
        """Answer every method: `http.server` looks for `do_GET` and its kin."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def handle(self) -> None:
        """Answer until the connection ends; HAProxy resets those that it no longer needs."""
        with contextlib.suppress(ConnectionResetError):
            super().handle()

    def _answer(self) -> None:
        body, trailers = self._body()
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        seen = Seen(self.command, self.path, self.request_version, headers, body, trailers)
        self.echo.seen.append(seen)
        if self.echo.tunnels and opened(self, self.echo.heard):
            return
        self.send_response(self.echo.status)
        for name, value in {"Content-Length": "4", **self.echo.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"echo")

    def _body(self) -> tuple[bytes, list[tuple[str, str]]]:
        if "chunked" not in (self.headers.get("transfer-encoding") or "").lower():
            return self.rfile.read(int(self.headers.get("content-length") or 0)), []
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        trailers = http.client.parse_headers(self.rfile)
        return body, [(name.lower(), value) for name, value in trailers.items()]

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def echo() -> Iterator[Echo]:
    """Serve on a free port, in a thread."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        handler.echo = Echo(server)  # type: ignore[attr-defined] # made just above
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield handler.echo  # type: ignore[attr-defined] # as above
        finally:
            server.shutdown()
            thread.join()
