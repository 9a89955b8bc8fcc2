"""Where the configuration names files beside those that keys are in."""

from typing import Any, Final

from jwtfast_server.problems import KeyPath

__all__ = ["is_read_anew", "named_files"]

_REVOKED: Final[KeyPath] = ("revocation", "file")
_FILES: Final[tuple[KeyPath, ...]] = (
    ("tls", "cert"),
    ("tls", "key"),
    _REVOKED,
    ("revocation", "redis", "ca_file"),
    ("revocation", "redis", "password_file"),
)


def named_files(data: dict[str, Any]) -> tuple[KeyPath, ...]:
    """Where files are named, or could be."""
    return (*_FILES, *_ca_files(data), *_token_files(data))


def is_read_anew(path: KeyPath) -> bool:
    """Whether a change of the file needs no reload: it is read whenever it is needed."""
    return path == _REVOKED or path[-1] == "bearer_token_file"


def _ca_files(data: dict[str, Any]) -> list[KeyPath]:
    """Where issuers name the certificates that their key servers are trusted by."""
    issuers = data.get("issuers")
    return [
        ("issuers", index, "refresh", "ca_file")
        for index, issuer in enumerate(issuers if isinstance(issuers, list) else ())
        if isinstance(issuer, dict)
    ]


def _token_files(data: dict[str, Any]) -> list[KeyPath]:
    """Where key sources name the bearer tokens that they are fetched with."""
    found: list[KeyPath] = []
    issuers = data.get("issuers")
    for index, issuer in enumerate(issuers if isinstance(issuers, list) else ()):
        keys = issuer.get("keys") if isinstance(issuer, dict) else None
        path: KeyPath = ("issuers", index, "keys")
        if isinstance(keys, dict):
            found.append((*path, "bearer_token_file"))
        elif isinstance(keys, list):
            found += [(*path, place, "bearer_token_file") for place in range(len(keys))]
    return found
