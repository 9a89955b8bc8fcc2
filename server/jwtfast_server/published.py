"""The settings of the moment, handed by the main process to its workers through a file.

A worker that is started later begins with the newest. The file has secrets in it, and is for this
user alone.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import sleep
from typing import Final

import structlog

from jwtfast_server.config import Settings
from jwtfast_server.log import error_fields
from jwtfast_server.run_directory import DRAINING, write_whole

__all__ = ["Follower", "publish"]

_FILE: Final = "settings"
_LOOK_EVERY_S: Final = 0.2
_AFTER_A_BUG_S: Final = 5.0


_newest: Final[dict[Path, Settings]] = {}
_publishing: Final = threading.Lock()


def publish(directory: Path, settings: Settings) -> None:
    """Let every worker of a run directory go over to these settings.

    Where there is no room for them, those of before are served on, and these as soon as there is.

    Raises:
        OSError: where there is no room for the first ones.
    """
    path = directory / _FILE
    try:
        with _publishing:
            _newest[directory] = settings
            write_whole(path, settings.to_json())
    except OSError as error:
        if not path.exists():
            raise
        structlog.get_logger().error("not reloaded yet: no room", **error_fields(error))
        threading.Thread(
            target=_publish_later, args=(directory, settings), name="publish", daemon=True
        ).start()


def _publish_later(directory: Path, settings: Settings) -> None:
    """Try again until there is room, or others were published, or the server has ended."""
    while directory.exists():
        sleep(_LOOK_EVERY_S)
        with _publishing, suppress(OSError):
            if _newest[directory] is settings:
                write_whole(directory / _FILE, settings.to_json())
            return


class Follower:
    """A worker's view of what is published."""

    def __init__(self, directory: Path) -> None:
        """Read from `directory`."""
        self._path = directory / _FILE
        self._draining = directory / DRAINING
        self._seen: object = None

    def read(self) -> Settings:
        """The newest settings."""
        with self._path.open("rb") as file:
            self._seen = _identity(os.fstat(file.fileno()))
            return Settings.from_json(file.read())

    def start(self, reload: Callable[[Settings], None]) -> None:
        """Call `reload` from a thread of its own whenever others are published."""
        threading.Thread(target=self._run, args=(reload,), name="reload", daemon=True).start()

    def _run(self, reload: Callable[[Settings], None]) -> None:
        while not self._draining.exists():
            sleep(_LOOK_EVERY_S)
            try:
                found = _identity(self._path.stat())
            except FileNotFoundError:
                return  # The server has ended.
            except OSError as error:
                structlog.get_logger().error("not reloaded", **error_fields(error))
                sleep(_AFTER_A_BUG_S)
                continue
            if found == self._seen:
                continue
            try:
                reload(self.read())
            except Exception as error:  # noqa: BLE001 - the gate of before serves on
                structlog.get_logger().error("not reloaded", **error_fields(error))
                self._seen = None
                sleep(_AFTER_A_BUG_S)


def _identity(found: os.stat_result) -> object:
    """What two files that replace each other never share."""
    return found.st_ino, found.st_mtime_ns
