"""Threat: one issuer's key, or one kind of token, taken for another's.

`iss` selects the key set and a `kid` counts only within it; `typ` may be limited to a list
(RFC 8725 sections 3.8, 3.10 and 3.11).
"""

import pytest

import jwtfast
from tests.forge import claims, compact, public_jwk
from tests.verdict import ACCEPTED, decide, gate_issuer, gate_settings, verdict, verifier

A, B = "https://a.example", "https://b.example"


def keys_of(owner: str) -> jwtfast.KeySet:
    """Return a set of one key, always with the same id."""
    chosen = public_jwk("ES256", "ours" if owner == "a" else "strangers", alg="ES256", kid="key")
    return jwtfast.KeySet.from_jwks({"keys": [chosen]})


@pytest.fixture(scope="module")
def gate() -> jwtfast.Gate:
    """Return a gate with two issuers whose keys share a kid, and policies for each and both."""
    issuers = [gate_issuer("a", issuer=A), gate_issuer("b", issuer=B)]
    policies = {
        "default": {"issuers": ["a", "b"]},
        "a": {"issuers": ["a"]},
        "b": {"issuers": ["b"]},
    }
    settings = gate_settings(issuers=issuers, policies=policies)
    return jwtfast.Gate(settings, {"a": keys_of("a"), "b": keys_of("b")})


@pytest.mark.parametrize("policy", ["default", "a", "b"])
@pytest.mark.parametrize("says, signs", [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")])
@pytest.mark.parametrize("kid", ["key", None])
def test_one_kid_two_issuers(
    gate: jwtfast.Gate, says: str, signs: str, policy: str, kid: str | None
) -> None:
    """A token passes if the issuer that it names signed it and the policy lists that issuer."""
    header = {} if kid is None else {"kid": kid}
    issuer = {"a": A, "b": B}[says]
    owner = "ours" if signs == "a" else "strangers"
    token = compact("ES256", claims(iss=issuer), header, owner)  # type: ignore[arg-type]
    listed = policy in {"default", says}
    expected = (200, None) if listed and says == signs else (401, "invalid_signature")
    if not listed and signs == policy:
        expected = (401, "wrong_issuer")
    assert decide(gate, {"authorization": [f"Bearer {token}"]}, policy) == expected


@pytest.mark.parametrize("issuer", ["https://c.example", "", A + "/", A.upper(), ...])
def test_unknown_issuer(gate: jwtfast.Gate, issuer: object) -> None:
    """A token of no listed issuer is refused, though one of the keys would verify it."""
    token = compact("ES256", claims(iss=issuer), {"kid": "key"})
    status, code = decide(gate, {"authorization": [f"Bearer {token}"]})
    assert status == 401
    assert code == ("missing_claim" if issuer is ... else "wrong_issuer")


@pytest.mark.parametrize(
    "allowed, typ, expected",
    [
        (["at+jwt"], "at+jwt", ACCEPTED),
        (["at+jwt"], "AT+JWT", ACCEPTED),
        (["at+jwt"], "application/at+jwt", ACCEPTED),
        (["at+jwt"], "Application/At+Jwt", ACCEPTED),
        (["application/at+jwt"], "at+jwt", ACCEPTED),
        (["at+jwt", "JWT"], "jwt", ACCEPTED),
        (["at+jwt"], "JWT", "wrong_token_type"),
        (["at+jwt"], "dpop+jwt", "wrong_token_type"),
        (["at+jwt"], "logout+jwt", "wrong_token_type"),
        (["at+jwt"], "at+jwt ", "wrong_token_type"),
        (["at+jwt"], "", "wrong_token_type"),
        (["at+jwt"], "application/", "wrong_token_type"),
        (["at+jwt"], "application/application/at+jwt", "wrong_token_type"),
        (["at+jwt"], "text/at+jwt", "wrong_token_type"),
        (["at+jwt"], ..., "wrong_token_type"),
        (["JWT"], "\u017dWT", "wrong_token_type"),
        (None, "anything", ACCEPTED),
        (None, ..., ACCEPTED),
    ],
)
def test_token_types(allowed: list[str] | None, typ: object, expected: str) -> None:
    """Where types are listed a token says one of them, in any case, short or as a media type."""
    header: dict[str, object] = {} if typ is ... else {"typ": typ}
    judge = verifier(token_types=allowed)
    assert verdict(compact("HS256", header=header), judge) == expected


def test_algorithms_belong_to_an_issuer() -> None:
    """An algorithm that one issuer allows is not allowed for another."""
    issuers = [
        gate_issuer("a", issuer=A, algorithms=["ES256"]),
        gate_issuer("b", issuer=B, algorithms=["RS256"]),
    ]
    policies = {"default": {"issuers": ["a", "b"]}}
    rsa = jwtfast.KeySet([jwtfast.Key.from_jwk(public_jwk("RS256"))])
    gate = jwtfast.Gate(
        gate_settings(issuers=issuers, policies=policies), {"a": keys_of("a"), "b": rsa}
    )
    tokens = [compact(name, claims(iss=iss)) for name in ("ES256", "RS256") for iss in (A, B)]
    assert [decide(gate, {"authorization": [f"Bearer {token}"]}) for token in tokens] == [
        (200, None),
        (401, "algorithm_not_allowed"),
        (401, "algorithm_not_allowed"),
        (200, None),
    ]
