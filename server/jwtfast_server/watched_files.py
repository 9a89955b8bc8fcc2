"""Whether a file is still what it was: by its content, which no link, clock or network hides."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from os import fstat
from pathlib import Path
from typing import Final, NamedTuple

from jwtfast_server.changes.regular import open_regular

__all__ = ["Fingerprints", "Look", "contents", "fingerprint", "fingerprints", "look", "looks"]

_MOST_BYTES: Final = 1 << 20
"""More is read of no file of a configuration."""

Fingerprints = dict[str, str | None]
"""By absolute path, what `fingerprint` said of it."""


class Look(NamedTuple):
    """What one look at a file found."""

    content: str | None = None
    """What stands for its content; None where there is none that can be read again."""
    file: tuple[int, int] | None = None
    """Which file it is behind all links: one that is written in place stays the same."""
    written: tuple[int, int] | None = None
    """How long it is, and when it was last written."""
    ends: bool = False
    """Whether its content ends as nothing does that is cut off."""


def look(path: str | Path) -> Look:
    """Look at a file."""
    try:
        with open_regular(Path(path)) as file:
            found = fstat(file.fileno())
            content = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError):
        return Look()
    return Look(
        blake2b(content, digest_size=16).hexdigest(),
        (found.st_dev, found.st_ino),
        (found.st_size, found.st_mtime_ns),
        _ends(content.strip()),
    )


def _ends(content: bytes) -> bool:
    """Whether a text ends by itself: JSON, PEM, and YAML with its mark."""
    if content.startswith(b"{"):
        return content.endswith(b"}")
    last = content.rpartition(b"\n")[2].rstrip()
    return last == b"..." or (last.startswith(b"-----END ") and last.endswith(b"-----"))


def looks(paths: Iterable[str]) -> dict[str, Look]:
    """A look at each."""
    return {path: look(path) for path in paths}


def contents(found: Mapping[str, Look]) -> Fingerprints:
    """What stands for the content of each."""
    return {path: one.content for path, one in found.items()}


def fingerprint(path: str | Path) -> str | None:
    """What stands for the content of a file; None where there is none that can be read again."""
    return look(path).content


def fingerprints(paths: Iterable[str]) -> Fingerprints:
    """The fingerprint of each."""
    return contents(looks(paths))
