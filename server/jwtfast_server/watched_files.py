"""Whether a file is still what it was: by its content, which no link, clock or network hides."""

import stat
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final

__all__ = ["Fingerprints", "fingerprint", "fingerprints"]

_MOST_BYTES: Final = 1 << 20
"""More is read of no file of a configuration."""

Fingerprints = dict[str, str | None]
"""By absolute path, what `fingerprint` said of it."""


def fingerprint(path: str | Path) -> str | None:
    """What stands for the content of a file; None where there is none that can be read again.

    A pipe cannot, and to open one may block.
    """
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            return None
        with Path(path).open("rb") as file:
            return blake2b(file.read(_MOST_BYTES + 1), digest_size=16).hexdigest()
    except OSError:
        return None


def fingerprints(paths: Iterable[str]) -> Fingerprints:
    """The fingerprint of each."""
    return {path: fingerprint(path) for path in paths}
