"""Threat: a verdict that was cached for one policy, issuer, time or text used for another.

A token is found by its whole text, and only for the gate that verified it. Times and revocation are
checked on every hit, the policy on every hit of a token that came less than three times; after that
its answer is kept, for one policy alone. What did not verify is never kept.
"""

import pytest

import jwtfast
from tests.forge import NOW, claims, compact, public_jwk
from tests.verdict import ACCEPTED, decide, gate_issuer, gate_settings, key, verdict, verifier

POLICIES = {
    "default": {"issuers": ["corp"], "identity": {"X-User": "sub"}},
    "admin": {"issuers": ["corp"], "require": [{"claim": "groups", "any": ["admin"]}]},
    "partner": {"issuers": ["partner"]},
    "both": {"issuers": ["corp", "partner"]},
}


def keys_of(owner: str) -> jwtfast.KeySet:
    """The one key of an issuer, with the kid that both have."""
    chosen = public_jwk("ES256", "ours" if owner == "corp" else "strangers", alg="ES256", kid="a")
    return jwtfast.KeySet.from_jwks({"keys": [chosen]})


def gate(
    cache: jwtfast.TokenCache | None, corp: jwtfast.KeySet | None = None, **changes: object
) -> jwtfast.Gate:
    """A gate with two issuers and four policies."""
    issuers = [
        gate_issuer("corp", **changes),
        gate_issuer("partner", issuer="https://partner.example"),
    ]
    keys = {"corp": corp or keys_of("corp"), "partner": keys_of("partner")}
    return jwtfast.Gate(gate_settings(issuers=issuers, policies=POLICIES), keys, cache=cache)


def sent(token: str) -> dict[str, list[str | bytes]]:
    """A request's headers."""
    return {"authorization": [f"Bearer {token}"]}


OFTEN = 4
"""How often a token must come at least, for its answer to be kept and found."""

TOKENS = {
    "admin": compact("ES256", claims(groups=["admin"]), {"kid": "a"}),
    "user": compact("ES256", claims(groups=["dev"]), {"kid": "a"}),
    "partner": compact("ES256", claims(iss="https://partner.example"), {"kid": "a"}, "strangers"),
    "forged": compact("ES256", claims(groups=["admin"]), {"kid": "a"}, "strangers"),
    "expired": compact("ES256", claims(exp=NOW), {"kid": "a"}),
}


# The smallest one keeps one answer, so that each one is in the way of all others.
@pytest.mark.parametrize("max_bytes", [1 << 16, 1 << 20])
def test_one_token_and_every_policy_interleaved(max_bytes: int) -> None:
    """Each answer is that of a gate without a cache, whatever was asked before."""
    cache = jwtfast.TokenCache(max_bytes)
    cached, plain = gate(cache), gate(None)
    order = [(name, policy) for name in TOKENS for policy in POLICIES]
    for shift in range(len(order)):
        for name, policy in order[shift:] + order[:shift]:
            headers = [("authorization", f"Bearer {TOKENS[name]}")]
            answers = [one.decide(policy, "GET", "", headers, now=NOW) for one in (cached, plain)]
            found, expected = [(one.status, one.code, one.headers) for one in answers]
            assert found == expected, (name, policy)
    assert cache.hits > 100
    assert len(cache) == 3


def test_only_what_verified_is_kept() -> None:
    """Forged and expired tokens are never found, however often they come."""
    cache = jwtfast.TokenCache(1 << 20)
    judge = gate(cache)
    for name in ("forged", "expired"):
        for _ in range(3):
            assert decide(judge, sent(TOKENS[name]))[0] == 401
    assert (len(cache), cache.hits, cache.misses) == (0, 0, 6)


def test_a_removed_key() -> None:
    """What verified with yesterday's keys is no hit for the gate of today."""
    cache = jwtfast.TokenCache(1 << 20)
    before, after = gate(cache), gate(cache, keys_of("partner"))
    headers = sent(TOKENS["user"])
    for _ in range(3):
        assert decide(before, headers) == (200, None)
        assert decide(after, headers) == (401, "invalid_signature")


def test_other_settings() -> None:
    """Nor what verified with other settings of the same issuer."""
    cache = jwtfast.TokenCache(1 << 20)
    headers = sent(TOKENS["user"])
    first, other, short = (
        gate(cache),
        gate(cache, audiences=["other"]),
        gate(cache, max_lifetime=1),
    )
    for _ in range(OFTEN):
        assert decide(first, headers) == (200, None)
        assert decide(other, headers) == (401, "wrong_audience")
        assert decide(short, headers) == (401, "token_lifetime_too_long")


@pytest.mark.parametrize("times", [1, OFTEN])
@pytest.mark.parametrize("change", ["first", "payload", "last", "cut", "longer"])
def test_a_text_that_is_almost_the_same(change: str, times: int) -> None:
    """A token that was kept does not let any other text pass, nor does its answer."""
    cache = jwtfast.TokenCache(1 << 20)
    judge = gate(cache)
    token = TOKENS["user"]
    for _ in range(times):
        assert decide(judge, sent(token)) == (200, None)
    header, payload, signature = token.split(".")
    other = compact("ES256", claims(groups=["dev"], sub="root"), {"kid": "a"}).split(".")[1]
    edited = {
        "first": f"{header[:-1]}{'A' if header[-1] != 'A' else 'B'}.{payload}.{signature}",
        "payload": f"{header}.{other}.{signature}",
        "last": f"{token[:-1]}{'A' if token[-1] != 'A' else 'Q'}",
        "cut": token[1:],
        "longer": f"{token}A",
    }[change]
    assert decide(judge, sent(edited))[0] == 401
    assert cache.hits == times - 1


def test_the_time_of_a_hit() -> None:
    """A verifier that keeps tokens finds each one expired at its second, and valid before."""
    judge = verifier("ES256", cache_bytes=1 << 20)
    token = compact("ES256", claims(exp=NOW + 60, nbf=NOW, iat=NOW))
    expected = {
        NOW: ACCEPTED,
        NOW + 59.5: ACCEPTED,
        NOW + 60: "token_expired",
        NOW + 3600: "token_expired",
        NOW - 3600: "token_not_yet_valid",
        -1.0: "token_not_yet_valid",
    }
    for _ in range(2):
        for now, found in expected.items():
            assert verdict(token, judge, now=now) == found


def test_the_time_of_an_answer_that_was_kept() -> None:
    """It ends at the second of the token's end, as the token does."""
    judge = gate(jwtfast.TokenCache(1 << 20))
    token = compact("ES256", claims(exp=NOW + 60, nbf=NOW, iat=NOW), {"kid": "a"})
    headers = [("authorization", f"Bearer {token}")]
    for _ in range(OFTEN):
        for now, code in {
            NOW: None,
            NOW + 59.5: None,
            NOW + 60: "token_expired",
            NOW - 1: "token_not_yet_valid",
        }.items():
            assert judge.decide(None, "GET", "", headers, now=now).code == code


def test_what_the_query_asks_for() -> None:
    """It is asked of every request, whatever the token's answer to another query was."""
    cache = jwtfast.TokenCache(1 << 20)
    settings = gate_settings(query_overrides={"claims": True, "regexp": False, "headers": False})
    judge = jwtfast.Gate(settings, {"corp": keys_of("corp")}, cache=cache)
    headers = sent(TOKENS["user"])
    for _ in range(OFTEN):
        assert decide(judge, headers) == (200, None)
        assert decide(judge, headers, query="claims_groups=dev") == (200, None)
        assert decide(judge, headers, query="claims_groups=admin") == (403, "policy_denied")


def test_claims_of_a_hit_are_new_objects() -> None:
    """What a caller does with the claims does not change what the next one gets."""
    judge = jwtfast.Verifier(key("ES256"), audience=jwtfast.ANY, cache_bytes=1 << 20)
    token = compact("ES256", claims(groups=["dev"]))
    first = judge.verify(token, now=NOW)
    first["groups"].append("admin")
    first["sub"] = "root"
    assert judge.verify(token, now=NOW) == claims(groups=["dev"])
    assert judge.verify_many([token] * 40, now=NOW) == [claims(groups=["dev"])] * 40
