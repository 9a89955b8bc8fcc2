"""Lets the workers of one server write what they counted, so that any process can sum it."""

import os
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Final

import structlog

from jwtfast_server.log import error_fields
from jwtfast_server.seldom import Seldom

__all__ = ["Flusher"]

_SUFFIX: Final = ".flush"
_FLUSH_EVERY_S: Final = 0.5


class Flusher(threading.Thread):
    """Writes when a scrape asks over the worker's socket, and regularly.

    A directory that is full, or a process without another file to open, ends neither: what could
    not be written is written as soon as it can be, and is told once a minute.
    """

    def __init__(self, directory: Path, parts: Iterable[Callable[[], None]]) -> None:
        """Write into `directory`, each part for itself."""
        super().__init__(name="metrics", daemon=True)
        self._path = directory / f"{os.getpid()}{_SUFFIX}"
        self._parts = tuple(parts)
        self._seldom = Seldom()
        self._socket: socket.socket | None = None

    def run(self) -> None:
        """Flush for as long as the process lives."""
        while True:
            try:
                asking = self._asking()
            except OSError as error:
                self._tell(error)
                sleep(_FLUSH_EVERY_S)
                asking = None
            try:
                self.flush()
            finally:
                if asking is not None:
                    # That it is closed is the answer.
                    asking.close()

    def flush(self) -> None:
        """Write all that can be written now."""
        for part in self._parts:
            try:
                part()
            except FileNotFoundError:
                pass  # The directory goes with the server, and a worker may outlive it a moment.
            except Exception as error:  # noqa: BLE001 - the others may do better, and so may this
                self._tell(error)

    def _asking(self) -> socket.socket | None:
        """The next one that asks, None where nobody does for a while."""
        if self._socket is None:
            listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                listening.bind(str(self._path))
                listening.listen()
            except FileNotFoundError:
                listening.close()
                sleep(_FLUSH_EVERY_S)
                return None
            except OSError:
                listening.close()
                raise
            listening.settimeout(_FLUSH_EVERY_S)
            self._socket = listening
        with suppress(TimeoutError):
            return self._socket.accept()[0]
        return None

    def _tell(self, error: BaseException) -> None:
        if times := self._seldom.now():
            structlog.get_logger().error("metrics not written", times=times, **error_fields(error))

    @staticmethod
    def flush_all(directory: Path) -> None:
        """Have every worker of a run directory flush, and wait for it."""
        for path in directory.glob("*" + _SUFFIX):
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
                asked.settimeout(_FLUSH_EVERY_S)
                asked.connect(str(path))
                asked.recv(1)
