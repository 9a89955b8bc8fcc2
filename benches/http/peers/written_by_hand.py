"""What a user writes today: an ASGI application with PyJWT, the key read once at the start.

It does what jwtfast is asked for in the comparison: signature, issuer, audience and times, one
claim, and the subject as a header. Its settings are `BENCH_ALGORITHM` and `BENCH_JWKS`, a file.
"""

import json
import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import jwt

from tests.forge import AUDIENCE, ISSUER

__all__ = ["application"]

_ALGORITHMS: Final = [os.environ["BENCH_ALGORITHM"]]
_KEY: Final = jwt.PyJWK(json.loads(Path(os.environ["BENCH_JWKS"]).read_bytes())["keys"][0])
_BEARER: Final = b"Bearer "


def _decide(headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes]:
    """Status and subject."""
    values = [value for name, value in headers if name == b"authorization"]
    if len(values) != 1 or not values[0].startswith(_BEARER):
        return 401, b""
    token = values[0].removeprefix(_BEARER)
    try:
        claims = jwt.decode(
            token,
            _KEY,
            _ALGORITHMS,
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": ["exp"]},
        )
    except jwt.InvalidTokenError:
        return 401, b""
    if claims.get("role") != "staff":
        return 403, b""
    return 200, claims["sub"].encode()


async def application(
    scope: Mapping[str, Any],
    _receive: Callable[[], Awaitable[Mapping[str, Any]]],
    send: Callable[[Mapping[str, Any]], Awaitable[None]],
) -> None:
    """Answer one request."""
    status, subject = _decide(scope["headers"])
    headers = [(b"x-user", subject), (b"cache-control", b"no-store"), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
