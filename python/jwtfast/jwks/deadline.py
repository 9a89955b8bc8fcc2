"""One time limit for a whole fetch: connecting, handshake, headers and body together.

The timeouts of sockets count from byte to byte, so a server that drips holds them open for ever.
Here a timer cuts the connection when the time is over, whatever it is waiting for. Only the
lookup of a host's name cannot be cut: the resolver has limits of its own.
"""

import socket
import threading
import time
from typing import Any, Self

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

__all__ = ["Deadline", "TimedHTTPPool", "TimedHTTPSPool"]


class Deadline:
    """The end of a fetch, and the connections that end with it."""

    def __init__(self, seconds: float) -> None:
        """Begin to count when entered."""
        self.seconds = seconds
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._cut = False
        self._timer = threading.Timer(seconds, self.cut)
        self._timer.name, self._timer.daemon = "jwtfast-jwks-deadline", True

    def __enter__(self) -> Self:
        self._end = time.monotonic() + self.seconds
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()

    @property
    def passed(self) -> bool:
        """Whether the time is over, or the fetch was given up."""
        return self._cut or time.monotonic() >= self._end

    @property
    def left(self) -> float:
        """Seconds that are left, never nothing: a socket takes 0 for no waiting at all."""
        return max(0.001, self._end - time.monotonic())

    def cut(self) -> None:
        """End every connection now."""
        with self._lock:
            self._cut = True
            for watched in self._sockets:
                _shut(watched)

    def connect(self, host: str, port: int) -> socket.socket:
        """Open a connection that this deadline ends; each address gets its share of the time.

        Raises:
            OSError: where none of the host's addresses answers.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        failure = OSError("no address")
        for index, (family, kind, protocol, _, address) in enumerate(found):
            opened = socket.socket(family, kind, protocol)
            opened.settimeout(self.left / (len(found) - index))
            try:
                opened.connect(address)
            except OSError as error:
                opened.close()
                failure = error
                if self.passed:
                    break
                continue
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.settimeout(self.left)
            self._watch(opened)
            return opened
        raise failure

    def _watch(self, opened: socket.socket) -> None:
        # A handle of its own: TLS takes the other one over, and may close it meanwhile.
        handle = opened.dup()
        with self._lock:
            self._sockets.append(handle)
            if self._cut:
                _shut(handle)


def _shut(watched: socket.socket) -> None:
    try:
        watched.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # It ended already.


class _Timed(HTTPConnection):
    def __init__(self, *args: Any, deadline: Deadline, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self._deadline = deadline

    def _new_conn(self) -> socket.socket:
        # The place that urllib3's own SOCKS support overrides, too.
        return self._deadline.connect(self._dns_host, self.port or self.default_port)


class _TimedTLS(_Timed, HTTPSConnection):
    pass


class TimedHTTPPool(HTTPConnectionPool):
    """Connections that take a deadline, in `conn_kw`."""

    ConnectionCls = _Timed


class TimedHTTPSPool(HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _TimedTLS
