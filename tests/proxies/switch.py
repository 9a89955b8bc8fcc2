"""What stands at jwtfast's address: jwtfast, somebody who answers 503, somebody silent, nobody."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from tests.wire import Address

__all__ = ["Mode", "Switch", "switch"]

Mode: TypeAlias = Literal["up", "503", "silent", "away"]

_ANSWER = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nX-User: root\r\n\r\n"


class Switch:
    """A port whose answer is chosen while a proxy runs."""

    def __init__(self, to: Address) -> None:
        """Lead to a service at first."""
        self._to = to
        self._mode: Mode = "up"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._accept()

    @property
    def address(self) -> str:
        """Where the proxy asks."""
        return f"127.0.0.1:{self._port}"

    def turn(self, mode: Mode) -> None:
        """Answer this way from now on; connections that were kept are gone."""
        was, self._mode = self._mode, mode
        if mode == "away":
            # Also wakes who waits in accept.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        elif was == "away":
            self._listener = socket.create_server(("127.0.0.1", self._port))
            self._accept()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _accept(self) -> None:
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._open.append(client)
            if self._mode == "up":
                service = socket.create_connection(self._to)  # type: ignore[arg-type] # no Unix socket
                self._open.append(service)
                for source, target in ((client, service), (service, client)):
                    threading.Thread(target=_pump, args=(source, target), daemon=True).start()
            elif self._mode == "503":
                threading.Thread(target=_refuse, args=(client,), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _refuse(client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := client.recv(65536):
            if data.endswith(b"\r\n\r\n"):
                client.sendall(_ANSWER)


@contextmanager
def switch(to: Address) -> Iterator[Switch]:
    """Stand before a service, and be gone at the end."""
    one = Switch(to)
    try:
        yield one
    finally:
        if one._mode != "away":  # of this module
            one.turn("away")
