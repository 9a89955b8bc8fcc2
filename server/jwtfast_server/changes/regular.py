"""Reads files that are files: nothing waits for the other end of a pipe, or reads a device."""

import os
import stat
from errno import EISDIR
from pathlib import Path
from typing import IO

__all__ = ["open_regular", "read_regular"]


def open_regular(path: Path) -> IO[bytes]:
    """Open a regular file for reading.

    Raises:
        OSError: where it cannot be opened, or is something else; `strerror` says what.
    """
    # To open a pipe would otherwise wait for who writes into it.
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    mode = os.fstat(opened).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(opened, "rb")
    os.close(opened)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
    raise OSError(0, "is a pipe, a socket or a device, not a regular file")


def read_regular(path: Path, most_bytes: int) -> bytes:
    """The content of a regular file: one byte more than allowed where there is more.

    Raises:
        OSError: as `open_regular`.
    """
    with open_regular(path) as file:
        return file.read(most_bytes + 1)
