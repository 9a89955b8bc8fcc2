"""Revoked tokens in a file that is looked at four times a second."""

from functools import partial
from pathlib import Path
from typing import Final

import jwtfast
from jwtfast_server.revocation.source import Source, SourceError
from jwtfast_server.watched_file import UnreadableError, WatchedFile

__all__ = ["RevokedFile", "watched"]

_MOST_BYTES: Final = 64 << 20
_MOST_TOLD: Final = 10


def watched(path: Path, revoked: jwtfast.RevocationList) -> WatchedFile:
    """A file, each good content of which goes into a list."""
    return WatchedFile(path, _MOST_BYTES, partial(_replace, revoked))


def _replace(revoked: jwtfast.RevocationList, document: bytes) -> None:
    try:
        revoked.replace(document)
    except jwtfast.ConfigError as error:
        told = [f"{path}: {text}" if path else text for path, text in error.errors[:_MOST_TOLD]]
        more = len(error.errors) - len(told)
        raise ValueError("; ".join([*told, *([f"and {more} more"] if more else [])])) from None


class RevokedFile(Source):
    """One file; where it is bad or gone, what it said last holds."""

    def __init__(self, path: str) -> None:
        """Watch a file, without looking yet."""
        super().__init__("file", denies_when_away=False)
        self._file = watched(Path(path), self.revoked)

    def look(self) -> None:
        """Read it, where it changed."""
        try:
            self._file.look()
        except UnreadableError as error:
            raise SourceError(str(error)) from error
