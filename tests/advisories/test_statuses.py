"""Threat: an answer that the proxy takes for something else (ingress-nginx #9131).

A gate answers 200, 401, 403 or its unavailable status, and every reason has one of them. The HTTP
side of this row is in `tests/server`.
"""

import json

import pytest

import jwtfast
from tests.forge import claims, compact
from tests.verdict import decide, gate_settings, key

STATUSES = {
    "missing_token": 401,
    "multiple_tokens": 401,
    "token_too_large": 401,
    "malformed_token": 401,
    "unsupported_critical_header": 401,
    "algorithm_not_allowed": 401,
    "unknown_key": 401,
    "invalid_signature": 401,
    "token_expired": 401,
    "token_not_yet_valid": 401,
    "token_issued_in_future": 401,
    "token_lifetime_too_long": 401,
    "invalid_claim": 401,
    "missing_claim": 401,
    "wrong_issuer": 401,
    "wrong_audience": 401,
    "wrong_token_type": 401,
    "token_revoked": 401,
    "policy_denied": 403,
    "no_policy": 403,
    "bad_original_request": 403,
    "keys_unavailable": 0,
    "internal_error": 0,
}
"""Each reason's status, where 0 stands for the configured unavailable status."""


def test_every_reason_has_its_status() -> None:
    """No reason is missing, none is new, and each has the status that the design gives it."""
    assert {code: status for code, status, _ in jwtfast.reasons()} == STATUSES


def denials() -> dict[str, dict[str, list[str | bytes]]]:
    """Return a request for each reason that a request alone can bring about."""
    tokens = {
        "token_too_large": "a" * 20_000,
        "malformed_token": "a.b",
        "unsupported_critical_header": compact("HS256", header={"crit": ["x"]}),
        "algorithm_not_allowed": compact("HS256", header={"alg": "none"}),
        "unknown_key": compact("HS256", header={"kid": "x" * 257}),
        "invalid_signature": compact("HS256", owner="strangers"),
        "token_expired": compact("HS256", claims(exp=1)),
        "token_not_yet_valid": compact("HS256", claims(nbf=3_000_000_000)),
        "token_issued_in_future": compact("HS256", claims(iat=3_000_000_000)),
        "invalid_claim": compact("HS256", claims(sub=1)),
        "missing_claim": compact("HS256", claims(exp=...)),
        "wrong_issuer": compact("HS256", claims(iss="other")),
        "wrong_audience": compact("HS256", claims(aud="other")),
    }
    requests: dict[str, dict[str, list[str | bytes]]] = {
        code: {"authorization": [f"Bearer {token}"]} for code, token in tokens.items()
    }
    requests["missing_token"] = {}
    requests["multiple_tokens"] = {"authorization": ["Bearer a", "Bearer b"]}
    return requests


@pytest.mark.parametrize("unavailable", [503, 403])
@pytest.mark.parametrize("code", denials())
def test_denials(code: str, unavailable: int) -> None:
    """A refused request gets its reason's status, and nothing of the token is told."""
    keys = {"corp": jwtfast.KeySet([key("HS256")])}
    gate = jwtfast.Gate(gate_settings(unavailable_status=unavailable), keys)
    assert decide(gate, denials()[code]) == (STATUSES[code], code)


@pytest.mark.parametrize("unavailable", [503, 403])
def test_no_keys(unavailable: int) -> None:
    """Without keys every token gets the unavailable status, and no token is still 401."""
    gate = jwtfast.Gate(gate_settings(unavailable_status=unavailable), {"corp": None})
    good: dict[str, list[str | bytes]] = {"authorization": [f"Bearer {compact('HS256')}"]}
    assert [decide(gate, good), decide(gate, {})] == [
        (unavailable, "keys_unavailable"),
        (401, "missing_token"),
    ]


def test_unknown_policy() -> None:
    """A policy that does not exist is 403, with a good token too."""
    gate = jwtfast.Gate(gate_settings(), {"corp": jwtfast.KeySet([key("HS256")])})
    good: dict[str, list[str | bytes]] = {"authorization": [f"Bearer {compact('HS256')}"]}
    assert decide(gate, good, policy="absent") == (403, "no_policy")


@pytest.mark.parametrize("status", [200, 204, 302, 400, 404, 500, 599, 0, -1])
def test_unavailable_status_is_503_or_403(status: int) -> None:
    """No other unavailable status can be configured, least of all one that passes."""
    settings = json.loads(gate_settings())
    settings["unavailable_status"] = status
    with pytest.raises(jwtfast.ConfigError):
        jwtfast.Gate(json.dumps(settings).encode(), {"corp": None})
