"""What a key says of its purpose only takes away, and a key more takes no other away."""

from collections.abc import Mapping
from typing import Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import jwtfast
from tests.forge import AUDIENCE, compact, public_jwk
from tests.forge.token import public_key
from tests.verdict import ACCEPTED, verdict

JWK: Final = public_jwk("RS256")
RESTRICTED_KEYS: Final[list[dict[str, object]]] = [
    {"alg": "RS256"},
    {"alg": "PS512"},
    {"alg": "RSA-OAEP"},
    {"use": "sig"},
    {"use": "enc"},
    {"key_ops": []},
    {"key_ops": ["verify"]},
    {"key_ops": ["encrypt"]},
    {"kid": "a"},
    {"kid": ""},
    {"kid": "a", "alg": "RS256", "use": "sig"},
    {"x5t": "x", "x5u": "https://issuer.invalid/"},
]
"""Members of a JWK that say what it is for."""


@pytest.mark.parametrize("members", RESTRICTED_KEYS, ids=str)
def test_a_member_of_a_key_only_takes_away(members: dict[str, object]) -> None:
    """A key that says more of its purpose verifies the same tokens or fewer."""
    tokens = [
        compact(algorithm, header=header)
        for algorithm in ("RS256", "RS512", "PS256", "PS512", "ES256")
        for header in ({}, {"kid": "a"}, {"kid": "b"}, {"kid": ""})
    ]

    def passing(jwk: Mapping[str, object]) -> set[str]:
        try:
            keys = jwtfast.KeySet.from_jwks({"keys": [jwk]})
        except jwtfast.InvalidKeyError:
            return set()
        judge = jwtfast.Verifier(keys, audience=AUDIENCE)
        return {token for token in tokens if verdict(token, judge) == ACCEPTED}

    assert passing(JWK | members) <= passing(JWK)
    pem = public_key("RS256").public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    loose = set(jwtfast.Key.from_pem(pem).algorithms)
    assert set(jwtfast.Key.from_pem(pem, algorithm="PS384", kid="a").algorithms) < loose


@pytest.mark.parametrize("remote", [False, True])
def test_one_more_key_takes_no_other_away(remote: bool) -> None:  # noqa: FBT001
    """A set with one more key verifies what it verified, and nothing that no key of it signed."""
    one = public_jwk("ES256", kid="a", alg="ES256")
    more = public_jwk("RS256", kid="b", alg="RS256")
    for entries in (
        [one],
        [one, more],
        [one, {"kty": "x"}],
        [one, more, {"kty": "EC", "use": "enc"}],
    ):
        keys = jwtfast.KeySet.from_jwks({"keys": entries}, remote=remote)
        judge = jwtfast.Verifier(keys, audience=AUDIENCE)
        assert verdict(compact("ES256", header={"kid": "a"}), judge) == ACCEPTED
        assert verdict(compact("ES256", header={"kid": "a"}, owner="strangers"), judge) != ACCEPTED
        passes = verdict(compact("RS256", header={"kid": "b"}), judge) == ACCEPTED
        assert passes == (more in entries)
