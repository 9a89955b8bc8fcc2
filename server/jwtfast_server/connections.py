"""Closes the connections that keep a worker waiting, whatever they wait in.

hyper gives a client 5 seconds for the headers of an HTTP/1 request. It sets no time for what comes
before: which version is spoken is read first, a TLS handshake comes before that, and an HTTP/2
connection needs no request at all. Nor does it end a connection whose client never reads. Those are
found here, from what Linux knows of each socket, once a second.

Whoever was sent nothing for the header timeout has had no answer for so long, and is closed: at
once where nothing arrived of late either, after twice the time where bytes still trickle in. A
request that just arrived is safe: it is answered long before.
"""

import os
import socket
import struct
import threading
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import ioctl
from pathlib import Path
from time import sleep
from typing import Final, NamedTuple

import structlog

from jwtfast_server.log import error_fields

__all__ = ["HEADER_TIMEOUT_S", "Connections", "Overdue"]

HEADER_TIMEOUT_S: Final = 5
"""How long a client may take for a request, and how long a connection may be idle."""

_LOOK_EVERY_S: Final = 1.0
_AFTER_A_BUG_S: Final = 5.0
_FOLDER: Final = "/proc/self/fd"
_MS: Final = 1000
# What arrived so lately may be a request that is being answered.
_LATELY_MS: Final = 2 * _MS
_STUCK_LOOKS: Final = 2 * HEADER_TIMEOUT_S
# Others are served between two slices of this work.
_SLICE: Final = 100
_BETWEEN_SLICES_S: Final = 0.001

_TCP_INFO_BYTES: Final = 148
_STATE: Final = struct.Struct("=B")
_TIMES: Final = struct.Struct("=IxxxxI")
"""tcpi_last_data_sent and tcpi_last_data_recv: milliseconds since, or since it was accepted."""
_TIMES_AT: Final = 44
_NOT_SENT: Final = struct.Struct("=I")
_NOT_SENT_AT: Final = 144
_LISTENING: Final = 10
_SO_COOKIE: Final = 57
_TIOCOUTQ: Final = 0x5411


class Overdue(NamedTuple):
    """How long ago a connection was last used; where it never was: how long ago it was accepted."""

    sent_ms: int
    received_ms: int

    @property
    def now(self) -> bool:
        """Whether it had its time."""
        timeout = HEADER_TIMEOUT_S * _MS
        idle = self.sent_ms >= timeout and self.received_ms >= min(timeout, _LATELY_MS)
        return idle or self.sent_ms >= 2 * timeout


class _Seen(NamedTuple):
    """One connection at one moment."""

    stuck: bool
    """Whether something waits for the client to read."""
    overdue: bool


class Connections(threading.Thread):
    """Looks at the connections that were accepted at one address by this process."""

    def __init__(self, port: int, path: Path | None = None) -> None:
        """Watch over a TCP port, or over the Unix socket at a path."""
        super().__init__(name="connections", daemon=True)
        self._port = port
        self._path = None if path is None else str(path)
        self.stuck: dict[bytes, int] = {}
        """By the kernel's number of a connection, at how many looks nobody had read."""
        self.closed = 0
        """How many were closed here."""

    def run(self) -> None:
        """Look for as long as the process lives."""
        while True:
            sleep(_LOOK_EVERY_S)
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the next look may do better
                structlog.get_logger().error("connections not watched", **error_fields(error))
                sleep(_AFTER_A_BUG_S)

    def look(self) -> None:
        """Close what is overdue now."""
        stuck: dict[bytes, int] = {}
        descriptors = os.listdir(_FOLDER)  # noqa: PTH208 - numbers, no paths
        for number, descriptor in enumerate(map(int, descriptors)):
            if number % _SLICE == _SLICE - 1:
                sleep(_BETWEEN_SLICES_S)
            with suppress(OSError):
                self._look_at(descriptor, stuck)
        self.stuck = stuck

    def _look_at(self, descriptor: int, stuck: dict[bytes, int]) -> None:
        seen = self._seen(descriptor)
        if not seen.overdue and not seen.stuck:
            return
        # From here on it stays what it is, even where its number is given to another one.
        with _owned(os.dup(descriptor)) as connection:
            if not self._is_ours(connection):
                return
            seen = self._seen(connection.fileno())
            overdue = seen.overdue
            if seen.stuck:
                cookie = connection.getsockopt(socket.SOL_SOCKET, _SO_COOKIE, 8)
                stuck[cookie] = self.stuck.get(cookie, 0) + 1
                overdue = overdue or stuck[cookie] >= _STUCK_LOOKS
                # What nobody reads is not kept for them by the kernel either.
                if overdue:
                    at_once = struct.pack("ii", 1, 0)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            if overdue:
                connection.shutdown(socket.SHUT_RDWR)
                self.closed += 1

    def _seen(self, descriptor: int) -> _Seen:
        """What the kernel knows; raises OSError for what is no such connection."""
        if self._path is not None:
            waiting = array("i", [0])
            ioctl(descriptor, _TIOCOUTQ, waiting)
            return _Seen(stuck=waiting[0] > 0, overdue=False)
        with _borrowed(descriptor) as connection:
            info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        sent, received = _TIMES.unpack_from(info, _TIMES_AT)
        if _STATE.unpack_from(info)[0] == _LISTENING:
            return _Seen(stuck=False, overdue=False)
        return _Seen(
            stuck=_NOT_SENT.unpack_from(info, _NOT_SENT_AT)[0] > 0,
            overdue=Overdue(sent, received).now,
        )

    def _is_ours(self, connection: socket.socket) -> bool:
        """Whether it was accepted here: what this process asks others for is never closed."""
        name = connection.getsockname()
        return bool(name == self._path if self._path is not None else name[1] == self._port)


@contextmanager
def _borrowed(descriptor: int) -> Iterator[socket.socket]:
    """A descriptor that stays open."""
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, descriptor)
    try:
        yield connection
    finally:
        connection.detach()


@contextmanager
def _owned(descriptor: int) -> Iterator[socket.socket]:
    """A descriptor of our own, of whatever family it is; raises OSError for what is no socket."""
    try:
        connection = socket.socket(fileno=descriptor)
    except OSError:
        os.close(descriptor)
        raise
    with connection:
        yield connection
