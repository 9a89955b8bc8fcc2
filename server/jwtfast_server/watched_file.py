"""A file that is read again when it is another file, or was written to."""

import os
import stat
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Final

__all__ = ["UnreadableError", "WatchedFile"]

# File systems tell times in steps: what was written so shortly ago may be written to once more
# without another time.
_STEP_NS: Final = 100_000_000


class UnreadableError(Exception):
    """A file does not hold what it should; the text says which file, and why."""


class WatchedFile:
    """One file, looked at as often as its owner likes, read where it changed.

    What counts is the file behind all links, so a Kubernetes volume is seen to change, too. It
    may be large: unlike `watched_files`, this does not read all of it to see whether it changed.
    """

    def __init__(self, path: Path, most_bytes: int, take: Callable[[bytes], None]) -> None:
        """Watch a file.

        Args:
            path: where it is.
            most_bytes: how large it may be; a multiple of 1 MiB.
            take: is given its content, or raises ValueError with what is wrong with that.
        """
        self._path = path
        self._most_bytes = most_bytes
        self._take = take
        self._seen: tuple[int, ...] | None = None
        self._digest: bytes | None = None
        self._problem: str | None = None

    def look(self) -> None:
        """Hand over its content, where that is not what the last look found.

        Raises:
            UnreadableError: where it cannot be used; at every look, as long as that is so.
        """
        try:
            content = self._changed()
        except OSError as error:
            self._seen = None
            raise UnreadableError(f"{self._path} cannot be read: {error.strerror}") from error
        if content is not None:
            digest = blake2b(content).digest()
            if digest != self._digest:
                self._digest = digest
                self._problem = self._taken(content)
        if self._problem is not None:
            raise UnreadableError(f"{self._path} {self._problem}")

    def _changed(self) -> bytes | None:
        """Its content, None where it is as it was; a byte more than it may have where it has."""
        # A pipe would otherwise wait for its other end.
        with os.fdopen(os.open(self._path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            found = os.fstat(file.fileno())
            seen = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
            if seen == self._seen:
                return None
            if not stat.S_ISREG(found.st_mode):
                raise UnreadableError(f"{self._path} is no file")
            content = file.read(self._most_bytes + 1)
        self._seen = None if abs(time.time_ns() - found.st_mtime_ns) < _STEP_NS else seen
        return content

    def _taken(self, content: bytes) -> str | None:
        """What is wrong with the content."""
        if len(content) > self._most_bytes:
            return f"is larger than {self._most_bytes >> 20} MiB"
        try:
            self._take(content)
        except ValueError as error:
            return f"cannot be used: {error}"
        return None
