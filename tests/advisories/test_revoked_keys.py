"""Threat: a token of a revoked key that does not say so, or says something else.

What its header calls the key is the sender's word: the key that verified is what is revoked.
"""

import base64
import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest

import jwtfast
from tests.forge import ISSUER, NOW, claims, compact, public_jwk
from tests.forge.keys import Owner
from tests.verdict import decide, gate_issuer, gate_settings

REVOKED: Final = (401, "token_revoked")
PASSES: Final = (200, None)
ELSEWHERE: Final = "https://other.example"

Keys = Sequence[tuple[Owner, str | None]]


def thumbprint(jwk: Mapping[str, str]) -> str:
    """Return the name that a public key has by itself (RFC 7638)."""
    names = {"RSA": "e kty n", "EC": "crv kty x y", "OKP": "crv kty x"}[jwk["kty"]]
    text = json.dumps({name: jwk[name] for name in names.split()}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def key(algorithm: str, owner: Owner, kid: str | None) -> jwtfast.Key:
    """Return a key, with a kid or without one."""
    named = {} if kid is None else {"kid": kid}
    return jwtfast.Key.from_jwk(public_jwk(algorithm, owner, alg=algorithm, **named))


def revoking(*entries: Mapping[str, Any]) -> jwtfast.RevocationList:
    """Return a list of these entries."""
    revoked = jwtfast.RevocationList()
    revoked.replace(json.dumps({"revoked": entries}).encode())
    return revoked


def gate(
    keys: Sequence[jwtfast.Key],
    revoked: jwtfast.RevocationList,
    *,
    cached: bool,
    issuers: Sequence[Mapping[str, object]] = (),
) -> jwtfast.Gate:
    """Return a gate whose issuers all have these keys."""
    issuers = issuers or [gate_issuer("corp")]
    names = [str(issuer["name"]) for issuer in issuers]
    settings = gate_settings(issuers=issuers, policies={"default": {"issuers": names}})
    cache = jwtfast.TokenCache(1 << 20) if cached else None
    sets = {name: jwtfast.KeySet(list(keys)) for name in names}
    return jwtfast.Gate(settings, sets, revocation=[revoked], cache=cache)


def verdicts(judge: jwtfast.Gate, token: str) -> set[tuple[int, str | None]]:
    """Return every verdict on a token that comes again and again."""
    return {decide(judge, {"authorization": [f"Bearer {token}"]}) for _ in range(4)}


def signed(algorithm: str, owner: Owner, kid: str | None, **changes: object) -> str:
    """Return a token of an owner's key, whose header calls the key as given."""
    header = {} if kid is None else {"kid": kid}
    return compact(algorithm, claims(**changes), header, owner)


SETS: Final[Mapping[str, Keys]] = {
    "two names": [("ours", "a"), ("strangers", "b")],
    "a name and none": [("ours", "a"), ("strangers", None)],
    "none and a name": [("ours", None), ("strangers", "b")],
    "no names": [("ours", None), ("strangers", None)],
    "one key under two names": [("ours", "a"), ("ours", "b")],
    "one key with a name and without": [("ours", "a"), ("ours", None)],
    "one key without a name and with": [("ours", None), ("ours", "b")],
}


@pytest.mark.parametrize("cached", [True, False], ids=["cached", "not cached"])
@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA", "HS256"])
@pytest.mark.parametrize("keys", SETS.values(), ids=SETS)
def test_every_header(keys: Keys, algorithm: str, *, cached: bool) -> None:
    """A revoked key verifies nothing, whatever tokens call it; the other keys go on."""
    loaded = [key(algorithm, owner, kid) for owner, kid in keys]
    for revoked in ("a", "b"):
        open_judge = gate(loaded, revoking(), cached=cached)
        judge = gate(loaded, revoking({"kid": revoked}), cached=cached)
        owners: tuple[Owner, ...] = ("ours", "strangers")
        for owner, kid in itertools.product(owners, (None, "a", "b", "c", "")):
            token = signed(algorithm, owner, kid)
            before = verdicts(open_judge, token)
            if before != {PASSES}:
                assert verdicts(judge, token) == before
                continue
            # Its own word against itself is taken, too.
            names = {kid, *(name for other, name in keys if other == owner)}
            expected = REVOKED if revoked in names else PASSES
            assert verdicts(judge, token) == {expected}, (owner, kid, revoked)


@pytest.mark.parametrize("cached", [True, False], ids=["cached", "not cached"])
@pytest.mark.parametrize("algorithm", ["ES256", "ES512", "RS256", "PS384", "EdDSA", "ES256K"])
@pytest.mark.parametrize("kid", [None, "a"])
def test_a_thumbprint_is_a_name(algorithm: str, kid: str | None, *, cached: bool) -> None:
    """A public key can be revoked by what it is, which one without a kid needs."""
    name = thumbprint(public_jwk(algorithm))
    judge = gate([key(algorithm, "ours", kid)], revoking({"kid": name}), cached=cached)
    assert verdicts(judge, signed(algorithm, "ours", kid)) == {REVOKED}
    assert verdicts(judge, signed(algorithm, "ours", None)) == {REVOKED}

    other = gate([key(algorithm, "strangers", kid)], revoking({"kid": name}), cached=cached)
    assert verdicts(other, signed(algorithm, "strangers", None)) == {PASSES}


@pytest.mark.parametrize("cached", [True, False], ids=["cached", "not cached"])
def test_one_kid_for_two_algorithms(*, cached: bool) -> None:
    """Both keys of that kid are revoked."""
    keys = [key("ES256", "ours", "a"), key("RS256", "ours", "a")]
    judge = gate(keys, revoking({"kid": "a"}), cached=cached)
    for algorithm, kid in itertools.product(("ES256", "RS256"), ("a", None)):
        assert verdicts(judge, signed(algorithm, "ours", kid)) == {REVOKED}


@pytest.mark.parametrize("cached", [True, False], ids=["cached", "not cached"])
@pytest.mark.parametrize("kid", ["a", None])
def test_one_kid_of_two_issuers(kid: str | None, *, cached: bool) -> None:
    """With `iss`, the key of that issuer alone is revoked; without, that of both."""
    issuers = [gate_issuer("corp"), gate_issuer("partner", issuer=ELSEWHERE)]
    keys = [key("ES256", "ours", "a")]
    both = gate(keys, revoking({"kid": "a"}), cached=cached, issuers=issuers)
    one = gate(keys, revoking({"kid": "a", "iss": ELSEWHERE}), cached=cached, issuers=issuers)
    for iss, expected in ((ISSUER, PASSES), (ELSEWHERE, REVOKED)):
        token = signed("ES256", "ours", kid, iss=iss)
        assert verdicts(both, token) == {REVOKED}
        assert verdicts(one, token) == {expected}


@pytest.mark.parametrize("cached", [True, False], ids=["cached", "not cached"])
@pytest.mark.parametrize("kid", ["a", None])
@pytest.mark.parametrize("iss", [ISSUER, ELSEWHERE, "", ...])
def test_an_iss_that_is_not_compared(iss: object, kid: str | None, *, cached: bool) -> None:
    """It is the word of whoever has the key, and keeps no key from being revoked."""
    issuers = [gate_issuer("corp", issuer=None)]
    keys = [key("ES256", "ours", "a")]
    judge = gate(keys, revoking({"kid": "a", "iss": ISSUER}), cached=cached, issuers=issuers)
    assert verdicts(judge, signed("ES256", "ours", kid, iss=iss)) == {REVOKED}


@pytest.mark.parametrize("leeway", [0, 30, 300])
@pytest.mark.parametrize("cached", [True, False], ids=["cached", "not cached"])
@pytest.mark.parametrize(
    "entry", [{"jti": "t1"}, {"sub": "user-1"}, {"kid": "a"}], ids=lambda entry: next(iter(entry))
)
def test_an_entry_outlives_its_token(entry: dict[str, str], leeway: int, *, cached: bool) -> None:
    """With the token's `exp` as its end, it holds for as long as leeway lets the token pass."""
    exp = NOW + 10
    settings = gate_settings(issuers=[gate_issuer("corp", leeway=leeway)])
    keys = {"corp": jwtfast.KeySet([key("ES256", "ours", "a")])}
    cache = jwtfast.TokenCache(1 << 20) if cached else None
    ours = revoking({**entry, "expires": exp})
    judge = jwtfast.Gate(settings, keys, revocation=[ours], cache=cache)
    open_judge = jwtfast.Gate(settings, keys)
    bearer = signed("ES256", "ours", None, exp=exp, sub="user-1", jti="t1")
    later = signed("ES256", "ours", None, exp=exp + 1000, sub="user-1", jti="t1")

    def code(gate: jwtfast.Gate, token: str, now: float) -> str | None:
        headers = [("authorization", f"Bearer {token}")]
        return gate.decide(None, "GET", "", headers, now=now).code

    ends = exp + leeway
    for now in (NOW, exp - 1, exp, ends - 1, ends - 0.001, ends, ends + 1):
        for _ in range(3):
            passes = code(open_judge, bearer, now) is None
            assert passes == (now < ends)
            assert code(judge, bearer, now) == ("token_revoked" if passes else "token_expired")
            # An entry that says too early an end is no entry for ever.
            assert code(judge, later, now) == ("token_revoked" if passes else None)
