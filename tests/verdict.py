"""What jwtfast says of a token, as one word: `accepted` or the reason code."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

import jwtfast
from tests.forge import AUDIENCE, ISSUER, NOW, public_jwk

ACCEPTED: Final = "accepted"


def key(algorithm: str, kid: str | None = None) -> jwtfast.Key:
    """Return our key, bound to one algorithm."""
    jwk = public_jwk(algorithm, alg=algorithm)
    return jwtfast.Key.from_jwk(jwk if kid is None else {**jwk, "kid": kid})


def verifier(algorithm: str = "HS256", /, **changes: object) -> jwtfast.Verifier:
    """Return a verifier with our key, issuer and audience, and other settings as given."""
    settings = {"keys": key(algorithm), "issuer": ISSUER, "audience": AUDIENCE, **changes}
    return jwtfast.Verifier(**settings)  # type: ignore[arg-type]


def verdict(token: str | bytes, by: str | jwtfast.Verifier = "HS256", *, now: float = NOW) -> str:
    """Return `accepted`, or the code of the error that `verify` raises."""
    judge = verifier(by) if isinstance(by, str) else by
    try:
        judge.verify(token, now=now)
    except jwtfast.TokenError as error:
        return error.code
    return ACCEPTED


def gate_settings(**changes: object) -> bytes:
    """Return settings of a gate with one issuer and one policy, with other members as given."""
    settings: dict[str, object] = {
        "mode": "standard",
        "realm": "api",
        "unavailable_status": 503,
        "max_token_bytes": 16384,
        "issuers": [gate_issuer("corp")],
        "token": [{"header": "Authorization", "scheme": "Bearer"}],
        "policies": {"default": {"issuers": ["corp"]}},
    }
    return json.dumps({**settings, **changes}).encode()


def gate_issuer(name: str, **changes: object) -> Mapping[str, object]:
    """Return an issuer's settings, ours unless changed."""
    return {
        "name": name,
        "issuer": ISSUER,
        "algorithms": None,
        "audiences": [AUDIENCE],
        "leeway": 0,
        "max_lifetime": None,
        "token_types": None,
        **changes,
    }


def decide(
    gate: jwtfast.Gate,
    headers: Mapping[str, Sequence[str | bytes]],
    policy: str | None = None,
    query: str | bytes = "",
) -> tuple[int, str | None]:
    """Return the status and the reason code of a gate's decision."""
    sent = [(name, value) for name, values in headers.items() for value in values]
    decision = gate.decide(policy, "GET", query, sent, peer="unix", now=NOW)
    return decision.status, decision.code
