"""Gates, key sets and requests of any size."""

import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Final, TypeAlias

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import jwtfast
from benches.growth.measure import Case
from benches.http.tokens import KID, ROLE, token, user
from tests.forge import AUDIENCE, ISSUER, private_jwk, public_jwk
from tests.verdict import gate_issuer, gate_settings

__all__ = [
    "CORP",
    "ORIGINAL",
    "POLICY",
    "Headers",
    "Request",
    "bearer",
    "case",
    "ec_keys",
    "gate",
    "hs256_keys",
    "issuers",
    "keys",
    "minimal",
    "sized",
    "to_default",
]

Headers: TypeAlias = list[tuple[bytes, bytes]]

CORP: Final = "corp"
POLICY: Final[Mapping[str, object]] = {"issuers": [CORP], "identity": {"X-User": "sub"}}
ORIGINAL: Final = {"uri_header": "X-Original-URL", "trusted_proxies": ["127.0.0.0/8"]}

_PEER: Final = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """What is asked, and what must be answered."""

    headers: Headers
    user: str | None
    """Who is let through; None where nobody is."""
    code: str | None = None
    """Why not."""

    def is_right(self, decision: jwtfast.Decision) -> bool:
        """Status, reason and identity."""
        if self.user is None:
            return decision.status in {401, 403} and decision.code == self.code
        told = dict(decision.headers).get("x-user")
        return (decision.status, decision.code, told) == (200, None, self.user)


def bearer(text: str, *more: tuple[bytes, bytes]) -> Headers:
    """The headers of a request with this token."""
    return [(b"authorization", b"Bearer " + text.encode()), *more]


def keys(algorithm: str) -> jwtfast.KeySet:
    """The one key that the tokens of the HTTP comparison are signed with."""
    return jwtfast.KeySet.from_jwks({"keys": [public_jwk(algorithm, alg=algorithm, kid=KID)]})


def gate(
    key_set: jwtfast.KeySet,
    store: jwtfast.TokenCache | None = None,
    policy: Mapping[str, object] = POLICY,
    **changes: object,
) -> jwtfast.Gate:
    """A gate with one issuer and this default policy, its other settings as given."""
    settings = gate_settings(**{"policies": {"default": policy}, **changes})
    return jwtfast.Gate(settings, {CORP: key_set}, cache=store)


def issuers(count: int) -> list[Mapping[str, object]]:
    """So many issuers; the tokens' own is the last."""
    others = [
        gate_issuer(f"corp-{number}", issuer=f"https://login-{number:04}.example")
        for number in range(count - 1)
    ]
    return [*others, gate_issuer(CORP)]


def to_default(routes: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Routes that lead to the default policy."""
    return [{**route, "policy": "default"} for route in routes]


def case(
    series: str,
    n: int,
    its_gate: jwtfast.Gate,
    requests: Sequence[Request],
    policy: str | None = None,
) -> Case:
    """Decide on requests in turn."""
    decide = partial(its_gate.decide, policy, "GET", b"")
    if its_gate.needs_peer:
        decide = partial(decide, peer=_PEER)
    headers = [request.headers for request in requests]
    return Case(series, n, decide, headers, lambda found, index: requests[index].is_right(found))


def sized(algorithm: str, size: int) -> str:
    """A token of about so many bytes, and not more: with the groups of a user who has many."""
    groups: list[str] = []
    text = token(algorithm, 0)
    while True:
        # Four characters for three bytes, and some for the list itself.
        more = (size - 24 - len(text)) * 3 // 4 // len('"group-00000",')
        if more < 1:
            return text
        groups += [f"group-{len(groups) + number:05}" for number in range(more)]
        text = token(algorithm, 0, groups=groups)


def hs256_keys(count: int) -> list[jwtfast.Key]:
    """So many secrets, each with its kid."""
    return [
        jwtfast.Key.from_secret(secrets.token_bytes(32), algorithm="HS256", kid=f"key-{number:06}")
        for number in range(count)
    ]


def ec_keys(count: int) -> list[jwtfast.Key]:
    """So many private keys for ES256, each with its kid."""
    return [_ec_key(f"key-{number:06}") for number in range(count)]


def _ec_key(kid: str) -> jwtfast.Key:
    private = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = f"-----BEGIN PRIVATE KEY-----\n{b64encode(private).decode()}\n-----END PRIVATE KEY-----"
    return jwtfast.Key.from_pem(pem, algorithm="ES256", kid=kid)


def minimal(number: int) -> str:
    """The n-th user's HS256 token, with the claims that a service needs; quickly made."""
    return jwtfast.encode(
        b'{"iss":"%s","aud":"%s","sub":"%s","jti":"%06d","role":"%s",'
        b'"iat":1700000000,"nbf":1700000000,"exp":4000000000}'
        % (ISSUER.encode(), AUDIENCE.encode(), user(number).encode(), number, ROLE.encode()),
        _minimal_key(),
    )


@cache
def _minimal_key() -> jwtfast.Key:
    return jwtfast.Key.from_jwk(private_jwk("HS256", alg="HS256", kid=KID))
