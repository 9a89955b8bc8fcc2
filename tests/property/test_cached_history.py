"""A cache of verified tokens changes no verdict: not by order, not by policy, not by the clock.

The peer whose cached verdict was taken for another policy's is Oathkeeper (GHSA-4mq7-pvjg-xp2r).
"""

import random
from collections.abc import Iterator
from typing import Final, TypeAlias

import pytest

import jwtfast
from tests.forge import AUDIENCE, NOW, claims, compact, public_jwk
from tests.property.corpus import samples
from tests.verdict import gate_issuer, gate_settings, key

COUNT: Final = 3_000
SEED: Final = 8725
HOUR: Final = 3600.0
# Before and after, far before and far after, before 1970: as a clock that somebody sets.
CLOCK: Final = (NOW, NOW - HOUR, NOW + HOUR, NOW, -HOUR, 0.0, 2.0**53, NOW + 1, NOW - 1, NOW)
POLICIES: Final = ("default", "somebody", "lenient", "partner", "everyone")

Verdict: TypeAlias = tuple[int, str | None, str, list[tuple[str, str]]]
"""Status, reason code, policy and headers."""


def judge(cache: jwtfast.TokenCache | None, jwk: dict[str, str] | None = None) -> jwtfast.Gate:
    """A gate of three issuers and five policies, no two of which say the same of every token."""
    issuers = [
        gate_issuer("corp"),
        gate_issuer("lenient", issuer="https://lenient.example", leeway=HOUR / 12),
        gate_issuer("partner", issuer="https://partner.example", audiences=["partner"]),
    ]
    identity = {"X-User": "sub"}
    policies = {
        "default": {"issuers": ["corp"], "identity": identity},
        "somebody": {
            "issuers": ["corp", "lenient"],
            "require": [{"claim": "sub", "any": ["user-2"]}],
        },
        "lenient": {"issuers": ["lenient"], "identity": identity},
        "partner": {"issuers": ["partner"], "identity": identity},
        "everyone": {"issuers": ["corp", "lenient", "partner"], "optional": True},
    }
    ours = key("ES256") if jwk is None else jwtfast.Key.from_jwk(jwk)
    sets = {str(one["name"]): jwtfast.KeySet([ours]) for one in issuers}
    return jwtfast.Gate(gate_settings(issuers=issuers, policies=policies), sets, cache=cache)


def ask(gate: jwtfast.Gate, token: str, policy: str, now: float = NOW) -> Verdict:
    """What a gate says of a token."""
    sent = [("authorization", f"Bearer {token}")]
    decision = gate.decide(policy, "GET", "", sent, now=now)
    return decision.status, decision.code, decision.policy, decision.headers


@pytest.fixture(scope="module")
def tokens() -> list[str]:
    """Good tokens of each issuer, with several subjects and times, and every kind of bad ones."""
    bad = [one.token for one in samples(COUNT, SEED) if one.algorithm == "ES256"]
    bad = [token for token in bad if len(token) < 16_000 and token.strip() == token]
    issuers = (claims()["iss"], "https://lenient.example", "https://partner.example")
    good = [
        compact("ES256", claims(iss=iss, aud=aud, sub=sub, exp=exp))
        for iss in issuers
        for aud in (AUDIENCE, "partner")
        for sub in ("user-1", "user-2")
        for exp in (NOW + 2, NOW + HOUR - 1, NOW + HOUR * 2)
    ]
    return [*good, *bad]


def questions(tokens: list[str], seed: int) -> Iterator[tuple[str, str]]:
    """Each token for each policy, and a good many of them again and again, in any order."""
    chance = random.Random(seed)  # noqa: S311 - nothing depends on it but repetition
    pairs = [(token, policy) for token in tokens for policy in POLICIES] * 2
    chance.shuffle(pairs)
    yield from pairs


@pytest.mark.parametrize("room", [1 << 26, 1 << 14, 0], ids=["all", "few", "none"])
def test_no_verdict_differs(tokens: list[str], room: int) -> None:
    """With room for all, for few, for none: what a gate says is what one without a cache says."""
    cache = jwtfast.TokenCache(room)
    cached, plain = judge(cache), judge(None)
    statuses = set()
    for token, policy in questions(tokens, 1):
        expected = ask(plain, token, policy)
        assert ask(cached, token, policy) == expected
        statuses.add((policy, expected[0]))
    assert (cache.hits > len(tokens)) == (room == 1 << 26)
    assert {policy for policy, status in statuses if status == 200} == set(POLICIES)
    assert {("default", 401), ("somebody", 403), ("partner", 401)} <= statuses


def test_no_clock_matters(tokens: list[str]) -> None:
    """However the clock jumps between two asks: a token that was kept is judged by the time."""
    cache = jwtfast.TokenCache(1 << 26)
    cached, plain = judge(cache), judge(None)
    codes = set()
    for now in CLOCK:
        for token, policy in questions(tokens[:120], 2):
            expected = ask(plain, token, policy, now)
            assert ask(cached, token, policy, now) == expected
            codes.add(expected[1])
    assert cache.hits
    assert {None, "token_expired", "token_issued_in_future", "wrong_audience"} <= codes


def test_a_forged_token_is_never_a_hit(tokens: list[str]) -> None:
    """Whatever does not verify is verified again, each time it comes."""
    cache = jwtfast.TokenCache(1 << 26)
    gate = judge(cache)
    bad = [token for token in tokens if ask(judge(None), token, "default")[0] == 401]
    kept = compact("ES256")
    assert ask(gate, kept, "default")[0] == 200
    head, body, signature = kept.split(".")
    forged = [f"{head}.{body}.{signature[:-4]}AAAA", f"{head}.{body[:-4]}AAAA.{signature}"]
    for token in [*bad, *forged] * 3:
        assert ask(gate, token, "default")[0] == 401
    assert (cache.hits, len(cache)) == (0, 1)


def test_two_gates_share_no_verdict() -> None:
    """One cache, two key sets in turn: a token is good for the gate that has its key, only."""
    cache = jwtfast.TokenCache(1 << 26)
    ours, theirs = judge(cache), judge(cache, public_jwk("ES256", "strangers", alg="ES256"))
    tokens = compact("ES256"), compact("ES256", owner="strangers")
    for _ in range(5):
        for policy in ("default", "everyone"):
            assert [ask(ours, token, policy)[0] for token in tokens] == [200, 401]
            assert [ask(theirs, token, policy)[0] for token in tokens] == [401, 200]
