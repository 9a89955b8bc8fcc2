"""Each time in a token has a leeway of its own, to the second, cached or not."""

import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import pytest

import jwtfast
from tests.forge import NOW, claims, compact
from tests.verdict import ACCEPTED, gate_issuer, gate_settings, key, verdict, verifier

CODES: Final = {
    "exp": "token_expired",
    "nbf": "token_not_yet_valid",
    "iat": "token_issued_in_future",
}
LEEWAYS: Final[list[Mapping[str, float]]] = [
    {},
    {"exp": 5},
    {"nbf": 20},
    {"iat": 40},
    {"exp": 0, "nbf": 30, "iat": 30},
    {"exp": 5, "nbf": 20, "iat": 300},
    {"exp": 300, "nbf": 0.5, "iat": 0},
]


Ask = Callable[[str, float], str]


def by_verifier(leeway: Mapping[str, float], *, cached: bool) -> Ask:
    """Ask the library."""
    judge = verifier(leeway=leeway, cache_bytes=1 << 20 if cached else 0)
    return lambda token, now: verdict(token, judge, now=now)


def by_gate(leeway: Mapping[str, float], *, cached: bool) -> Ask:
    """Ask a gate."""
    cache = jwtfast.TokenCache(1 << 20) if cached else None
    settings = gate_settings(issuers=[gate_issuer("corp", leeway=leeway)])
    gate = jwtfast.Gate(settings, {"corp": jwtfast.KeySet([key("HS256")])}, cache=cache)

    def ask(token: str, now: float) -> str:
        headers = [("authorization", f"Bearer {token}")]
        return gate.decide(None, "GET", "", headers, now=now).code or ACCEPTED

    return ask


@pytest.mark.parametrize("leeway", LEEWAYS, ids=str)
@pytest.mark.parametrize("cached", [False, True], ids=["not cached", "cached"])
@pytest.mark.parametrize("asking", [by_verifier, by_gate])
@pytest.mark.parametrize("claim", CODES)
def test_each_to_its_second(
    asking: Callable[..., Ask], leeway: Mapping[str, float], claim: str, *, cached: bool
) -> None:
    """A time is compared with its own leeway, none where none is named, each time a token comes."""
    own = leeway.get(claim, 0)
    ask = asking(leeway, cached=cached)
    token = compact("HS256", claims(**{"exp": NOW + 9000, claim: NOW}))
    if claim == "exp":
        good, bad = math.nextafter(NOW + own, 0), NOW + own
    else:
        good, bad = NOW - own, math.nextafter(NOW - own, 0)
    # Kept in between, where it is: a later or an earlier moment is judged again.
    for moment, expected in [(good, ACCEPTED)] * 3 + [(bad, CODES[claim]), (good, ACCEPTED)] * 2:
        assert ask(token, moment) == expected


def test_one_for_all() -> None:
    """A number or a span of time is the leeway of all three."""
    for leeway in (30, timedelta(seconds=30), dict.fromkeys(CODES, timedelta(seconds=30))):
        judge = verifier(leeway=leeway)
        inside = compact("HS256", claims(exp=NOW - 29, nbf=NOW + 30, iat=NOW + 30))
        assert verdict(inside, judge) == ACCEPTED
        for claim, moment in {"exp": NOW - 30, "nbf": NOW + 31, "iat": NOW + 31}.items():
            assert verdict(compact("HS256", claims(**{claim: moment})), judge) == CODES[claim]


@pytest.mark.parametrize("claim", CODES)
@pytest.mark.parametrize("seconds", [-1, 300.001, 1e12])
def test_each_has_its_limit(claim: str, seconds: float) -> None:
    """None of the three is more than five minutes, whoever sets it, and the error names it."""
    document = gate_settings(issuers=[gate_issuer("corp", leeway={claim: seconds})])
    with pytest.raises(jwtfast.ConfigError) as found:
        jwtfast.Gate(document, {"corp": jwtfast.KeySet([key("HS256")])})
    assert found.value.errors == [
        (f"issuers[0].leeway.{claim}", "expected from 0 to at most 300 seconds")
    ]
    with pytest.raises(ValueError, match=f"leeway of {claim}"):
        verifier(leeway={claim: seconds})


@pytest.mark.parametrize("leeway", [{"exp": 0, "aud": 1}, {"exp": None}, {"exp": "1"}], ids=str)
def test_a_gate_takes_nothing_else(leeway: Mapping[str, object]) -> None:
    """Another name, or no number, is refused where a gate is built."""
    document = gate_settings(issuers=[gate_issuer("corp", leeway=leeway)])
    with pytest.raises(jwtfast.ConfigError):
        jwtfast.Gate(document, {"corp": jwtfast.KeySet([key("HS256")])})


@pytest.mark.parametrize("cached", [False, True], ids=["not cached", "cached"])
def test_revoked_through_its_own(*, cached: bool) -> None:
    """A revocation lasts through the leeway of `exp`, be that of the others longer or shorter."""
    for leeway in ({"exp": 60, "nbf": 0, "iat": 0}, {"exp": 5, "nbf": 300, "iat": 300}):
        revoked = jwtfast.RevocationList()
        revoked.replace(b'{"revoked": [{"jti": "t1", "expires": %d}]}' % NOW)
        settings = gate_settings(issuers=[gate_issuer("corp", leeway=leeway)])
        keys = {"corp": jwtfast.KeySet([key("HS256")])}
        cache = jwtfast.TokenCache(1 << 20) if cached else None
        gate = jwtfast.Gate(settings, keys, revocation=[revoked], cache=cache)
        ending = compact("HS256", claims(jti="t1", exp=NOW))
        lasting = compact("HS256", claims(jti="t1", exp=NOW + 9000))
        for late, codes in {
            0: ("token_revoked", "token_revoked"),
            leeway["exp"] - 0.001: ("token_revoked", "token_revoked"),
            leeway["exp"]: ("token_expired", None),
        }.items():
            for token, code in zip((ending, lasting), codes, strict=True):
                headers = [("authorization", f"Bearer {token}")]
                for _ in range(3):
                    decision = gate.decide(None, "GET", "", headers, now=NOW + late)
                    assert decision.code == code
