"""What is shown of a text that may be a secret: enough to find it again, and nothing to guess by.

A secret may stand where its name belongs: in `secret_env` instead of the variable that holds it,
in `secret_file` instead of the file, and even in place of a key.
"""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = [
    "KNOWN_KEYS",
    "SECRET_FILES",
    "masked",
    "shown_file",
    "shown_key",
    "shown_kid",
    "shown_variable",
    "told",
]

SECRET_FILES: Final = frozenset(
    {"secret_file", "secret_base64_file", "password_file", "bearer_token_file"}
)
"""The settings that name a file with a secret."""

_MOST_SHOWN: Final = 4
_SHORT: Final = 3
_SHORT_VARIABLE: Final = re.compile(r"[A-Z_]{1,7}")
_LONGEST_NAME: Final = 40
_LONGEST_WITHOUT_DOT: Final = 16
"""A file's name that is longer may be what belongs into the file."""
# An id is short, or the thumbprint of a key (RFC 7638), which nobody writes by hand.
_LONGEST_KID: Final = 24

_MOST_TOLD: Final = 10
_LONGEST_TOLD: Final = 200
_LONGEST_KEY: Final = 200

_SECTIONS: Final = frozenset({"keys", "redis", "validationKeys"})
_JWK: Final = "kty k n e x y d p q dp dq qi crv alg use kid key_ops ext x5c x5t x5u x5t#S256 oth"
_PLACES: Final = (
    "pem pem_file jwk jwks jwks_file secret secret_env secret_file "
    "secret_base64_env secret_base64_file jwks_url discovery algorithm "
    "allow_weak_hmac allow_http bearer_token_file headers ignore_key_ops keys type key url "
    "password_env password_file ca_file when_away"
)
KNOWN_KEYS: Final = frozenset(f"{_JWK} {_PLACES}".split())
"""What may stand as a key where secrets are; anything else may be one."""


def masked(text: str) -> str:
    """A text by its first characters and its length."""
    if len(text) <= _SHORT:
        return text
    return f"{text[: min(_MOST_SHOWN, len(text) // 4)]}... ({len(text)} characters)"


def shown_file(place: str, directory: Path, name: str) -> str:
    """A file's path as far as it may be told.

    Args:
        place: the setting that names it.
        directory: what the name starts from.
        name: what is written there.
    """
    last = Path(name).name
    is_name = len(last) <= _LONGEST_NAME if "." in last else len(name) <= _LONGEST_WITHOUT_DOT
    if place not in SECRET_FILES and is_name:
        return str(directory / name)
    return masked(name) if Path(name).is_absolute() else f"{directory}/{masked(name)}"


def shown_key(part: str | int, before: tuple[str | int, ...]) -> str | int:
    """A part of a key path as it may be told, after those before it."""
    if isinstance(part, int):
        return part
    if _SECTIONS.isdisjoint(before):
        return part if len(part) <= _LONGEST_KEY else masked(part)
    # A slip of the pen is told as it is.
    return part if difflib.get_close_matches(part, KNOWN_KEYS, n=1) else masked(part)


def shown_kid(kid: str) -> str:
    """A key's id that is configured, as far as it may be told."""
    return kid if len(kid) <= _LONGEST_KID else masked(kid)


def shown_variable(name: str) -> str:
    """A variable's name as far as it may be told: a short one in capitals is no secret."""
    return name if _SHORT_VARIABLE.fullmatch(name) else masked(name)


def told(entries: Sequence[str], most: int = _MOST_TOLD, longest: int = _LONGEST_TOLD) -> list[str]:
    """The first of many sentences, each cut to what a line holds; and how many more there are."""
    found = [one if len(one) <= longest else f"{one[:longest]}..." for one in entries[:most]]
    more = len(entries) - most
    return found + ([f"and {more} more"] if more > 0 else [])
