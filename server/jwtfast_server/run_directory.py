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

_LEAST_ROOM: Final = 256 << 10


@contextmanager
def run_directory() -> Iterator[Path]:
    """Make one, for this user alone; in memory, where the system has such a place with room.

    Raises:
        OSError: where there is no place.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a name nobody can guess is made in it
    try:
        directory = _made_in(memory)
    except OSError:
        directory = _made_in(None)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _made_in(parent: Path | None) -> Path:
    directory = Path(tempfile.mkdtemp(prefix=f"jwtfast-{os.getpid()}-", dir=parent))
    try:
        write_whole(directory / "room", bytes(_LEAST_ROOM))
        (directory / "room").unlink()
    except OSError:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    return directory


def write_whole(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 under another name first: nobody ever reads half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).rename(path)
    except OSError:
        # In a full directory it would take the room that is missing.
        Path(name).unlink(missing_ok=True)
        raise
