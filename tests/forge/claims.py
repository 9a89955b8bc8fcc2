"""The claims of a good token, and JSON text with members in any order and number."""

import json
from collections.abc import Mapping
from typing import Final

NOW: Final = 1_800_000_000
"""The time that tests verify at, in seconds since 1970; handed in, never read from a clock."""

ISSUER: Final = "https://issuer.example"
AUDIENCE: Final = "api"


def claims(**changes: object) -> dict[str, object]:
    """Return the claims of a good token, changed; a change to `...` takes the claim away."""
    good: dict[str, object] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "user-1",
        "jti": "token-1",
        "iat": 1_700_000_000,
        "nbf": 1_700_000_000,
        "exp": 4_000_000_000,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def json_bytes(value: bytes | Mapping[str, object]) -> bytes:
    """Return compact JSON text; bytes are taken as they are, valid or not."""
    if isinstance(value, bytes):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
