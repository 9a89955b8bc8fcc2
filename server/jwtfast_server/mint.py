"""Tokens from the command line, for tests and first steps."""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

import jwtfast
from jwtfast_server.values import seconds_of

__all__ = ["assignments", "claims_from", "duration", "registered", "signing_key", "timed"]

_HOUR = 3600


def signing_key(content: bytes, algorithm: str | None, kid: str | None) -> jwtfast.Key:
    """The key in a file: a PEM, a JWK, a JWKS (by `kid`, or its only key), or an HMAC secret.

    Raises:
        jwtfast.InvalidKeyError: where there is none, or it does not fit the algorithm.
    """
    if content.lstrip().startswith(b"-----BEGIN"):
        return jwtfast.Key.from_pem(content, algorithm=algorithm, kid=kid)
    jwk = _json_object(content)
    if jwk is not None:
        keys = jwk.get("keys", [jwk])
        if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
            raise jwtfast.InvalidKeyError("expected a JWKS whose keys are a list of JWKs")
        found = [key for key in keys if kid is None or key.get("kid", kid) == kid]
        if len(found) != 1:
            message = f"expected one key{f' with kid {kid!r}' if kid else ''}, found {len(found)}"
            raise jwtfast.InvalidKeyError(message)
        chosen = {"alg": algorithm, "kid": kid}
        return jwtfast.Key.from_jwk(found[0] | {k: v for k, v in chosen.items() if v})
    if algorithm is None:
        raise jwtfast.InvalidKeyError("neither PEM nor JWK: an HMAC secret needs --algorithm")
    secret = content.removesuffix(b"\n").removesuffix(b"\r")
    return jwtfast.Key.from_secret(secret, algorithm=algorithm, kid=kid)


def assignments(texts: Iterable[str]) -> dict[str, Any]:
    """`name=value` texts as a mapping; a value is JSON where it parses, otherwise text.

    Raises:
        ValueError: where a text has no name or no equals sign.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise ValueError("expected NAME=VALUE")
        try:
            values[name] = _json(value)
        except ValueError:
            values[name] = value
    return values


def claims_from(content: bytes) -> dict[str, Any]:
    """The claims in a JSON file.

    Raises:
        ValueError: where it is not a JSON object.
    """
    claims = _json_object(content)
    if claims is None:
        raise ValueError("expected a JSON object of claims")
    return claims


def duration(text: str) -> float:
    """Seconds in `1h`, or `-1h` for a token that has expired.

    Raises:
        ValueError: where it is no duration.
    """
    seconds = seconds_of(text.removeprefix("-"))
    if seconds is None:
        raise ValueError("expected a duration such as 1h, 90s or -1h")
    return -seconds if text.startswith("-") else seconds


def registered(iss: str | None, sub: str | None, aud: Sequence[str]) -> dict[str, Any]:
    """The claims that have options of their own; one audience needs no list."""
    claims = {"iss": iss, "sub": sub, "aud": aud[0] if len(aud) == 1 else list(aud) or None}
    return {name: value for name, value in claims.items() if value is not None}


def timed(
    claims: dict[str, Any], expires_in: float | None, now: float | None = None
) -> dict[str, Any]:
    """Add `iat` and `exp` in whole seconds; what the claims say themselves stays.

    Args:
        claims: the claims so far.
        expires_in: seconds from now; None is an hour, for claims without `exp`.
        now: seconds since 1970; the system's clock where None.
    """
    today = int(time.time() if now is None else now)
    expires = today + int(_HOUR if expires_in is None else expires_in)
    # A token that has expired was issued before it did.
    times = {"iat": today if expires > today else expires - _HOUR, "exp": expires}
    if expires_in is None:
        return times | claims
    return times | claims | {"exp": expires}


def _json_object(content: bytes) -> dict[str, Any] | None:
    try:
        value = _json(content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _json(text: str | bytes) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON value; integers keep their digits, which orjson rounds beyond 64 bits.

    Raises:
        ValueError: where it is none, NaN and Infinity too.
    """
    orjson.loads(text)
    return json.loads(text)
