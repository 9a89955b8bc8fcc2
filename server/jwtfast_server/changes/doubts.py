"""What speaks against serving settings that were found in changed files: they may be cut off."""

from collections.abc import Iterator

from jwtfast_server.changes import written
from jwtfast_server.config import Settings

__all__ = ["doubts"]


def doubts(served: Settings, found: Settings) -> list[str]:
    """Why the files may be the beginning of others; nothing where they are whole."""
    return [*written.doubts(served.written, found.written), *_shorter_secrets(served, found)]


def _shorter_secrets(served: Settings, found: Settings) -> Iterator[str]:
    """Secrets that lost their end are secrets too, but easier to guess."""
    for name, material in found.material.items():
        before = [one.content for one in served.material.get(name, ()) if one.kind == "secret"]
        now = [one.content for one in material if one.kind == "secret"]
        fresh = [secret for secret in now if secret not in before]
        if before and fresh and min(map(len, fresh)) < min(map(len, before)):
            yield f"a secret of the issuer {name} is shorter than those before"
