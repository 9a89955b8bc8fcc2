"""The directory that the processes of one server share, and how files come to be in it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["DRAINING", "run_directory", "write_whole"]

DRAINING: Final = "draining"
"""The file that the main process makes once it was told to stop."""


@contextmanager
def run_directory() -> Iterator[Path]:
    """Make one, for this user alone; in memory, where the system has such a place."""
    memory = Path("/dev/shm")  # noqa: S108 - a name nobody can guess is made in it
    parent = memory if os.access(memory, os.W_OK | os.X_OK) else None
    directory = Path(tempfile.mkdtemp(prefix=f"jwtfast-{os.getpid()}-", dir=parent))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 under another name first: nobody ever reads half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).rename(path)
