"""What a `Verifier` may be told, and how each setting decides."""

from datetime import timedelta

import pytest

import jwtfast
from tests.forge import AUDIENCE, ISSUER, NOW, claims, compact
from tests.verdict import ACCEPTED, verdict, verifier


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({}, ACCEPTED),
        ({"issuer": None}, ACCEPTED),
        ({"issuer": "other"}, "wrong_issuer"),
        ({"issuer": ["other", ISSUER]}, ACCEPTED),
        ({"issuer": ["other"]}, "wrong_issuer"),
        ({"audience": "other"}, "wrong_audience"),
        ({"audience": ["other", AUDIENCE]}, ACCEPTED),
        ({"audience": None}, "wrong_audience"),
        ({"audience": jwtfast.ANY}, ACCEPTED),
        ({"algorithms": ["HS256"]}, ACCEPTED),
        ({"algorithms": ["HS256", "ES256"]}, ACCEPTED),
        ({"require": ("exp", "iat", "sub", "jti")}, ACCEPTED),
        ({"require": ("email",)}, "missing_claim"),
        ({"require": ()}, ACCEPTED),
        ({"token_types": ["JWT"]}, "wrong_token_type"),
        ({"max_lifetime": 2_300_000_000}, ACCEPTED),
        ({"max_lifetime": 2_299_999_999}, "token_lifetime_too_long"),
        ({"max_lifetime": timedelta(seconds=2_300_000_000)}, ACCEPTED),
        ({"max_lifetime": timedelta(days=1)}, "token_lifetime_too_long"),
        ({"max_token_bytes": 100}, "token_too_large"),
    ],
)
def test_settings(changes: dict[str, object], expected: str) -> None:
    """Each setting decides as it says about one good token."""
    assert verdict(compact("HS256"), verifier(**changes)) == expected


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "iat", "sub", "email"])
def test_required_claims(name: str) -> None:
    """A claim that is asked for is there; `exp` and, with an issuer, `iss` always are."""
    token = compact("HS256", claims(**{name: ...}))
    asked = verifier(require=("exp", name))
    assert verdict(token, asked) == "missing_claim"
    expected = "missing_claim" if name in {"iss", "exp"} else ACCEPTED
    assert verdict(token) == ("missing_claim" if name == "aud" else expected)


def test_without_issuer_and_audience() -> None:
    """A verifier that asks for nothing takes a token that says nothing."""
    bare = verifier(issuer=None, audience=None, require_exp=False)
    assert [verdict(compact("HS256", body), bare) for body in (b"{}", b" {\t}\r\n")] == [
        ACCEPTED
    ] * 2
    assert verdict(compact("HS256", {"aud": []}), bare) == "wrong_audience"


def test_max_lifetime_needs_iat() -> None:
    """A lifetime is from `iat` to `exp`, so both must be there."""
    judge = verifier(max_lifetime=3600)
    bodies = [
        claims(iat=NOW, exp=NOW + 3600),
        claims(iat=NOW, exp=NOW + 3601),
        claims(iat=..., exp=NOW + 1),
        claims(iat=NOW, exp=...),
    ]
    assert [verdict(compact("HS256", body), judge) for body in bodies] == [
        ACCEPTED,
        "token_lifetime_too_long",
        "missing_claim",
        "missing_claim",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"leeway": -1},
        {"leeway": float("nan")},
        {"leeway": float("inf")},
        {"leeway": {"exp": 301}},
        {"leeway": {"nbf": -1}},
        {"leeway": {"iat": float("nan")}},
        {"leeway": {"aud": 1}},
        {"leeway": {1: 1}},
        {"max_lifetime": -1},
        {"max_lifetime": float("nan")},
        {"algorithms": []},
        {"algorithms": ["none"]},
        {"algorithms": ["hs256"]},
        {"algorithms": ["ES256"]},
        {"issuer": []},
        {"audience": []},
        {"token_types": []},
    ],
    ids=str,
)
def test_settings_that_make_no_sense(changes: dict[str, object]) -> None:
    """A setting that could only mislead is refused when the verifier is made."""
    with pytest.raises(ValueError, match=r"\w"):
        verifier(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"keys": "secret"},
        {"keys": None},
        {"issuer": 1},
        {"audience": 1},
        {"algorithms": "HS256"},
        {"leeway": "1"},
        {"leeway": {"exp": "1"}},
        {"leeway": {"exp": None}},
        {"require": "exp"},
    ],
    ids=str,
)
def test_settings_of_another_type(changes: dict[str, object]) -> None:
    """A setting of another type is the caller's mistake; one text is no list of texts."""
    with pytest.raises(TypeError):
        verifier(**changes)


@pytest.mark.parametrize("leeway", [0, 30, 30.5, timedelta(seconds=30)])
def test_leeway(leeway: float | timedelta) -> None:
    """Leeway is in seconds or a span of time, and is given on both sides."""
    seconds = leeway.total_seconds() if isinstance(leeway, timedelta) else leeway
    judge = verifier(leeway=leeway)
    inside = compact("HS256", claims(exp=NOW - seconds + 1, nbf=NOW + seconds, iat=NOW + seconds))
    late = compact("HS256", claims(exp=NOW - seconds))
    early = compact("HS256", claims(nbf=NOW + seconds + 1))
    assert [verdict(token, judge) for token in (inside, late, early)] == [
        ACCEPTED,
        "token_expired",
        "token_not_yet_valid",
    ]


@pytest.mark.parametrize("now", [-1.0, 0.0, 2.0**60, float("nan"), float("inf"), -float("inf")])
def test_clocks_that_are_wrong(now: float) -> None:
    """A clock that is before every token, after them, or no number never lets an old one pass."""
    token = compact("HS256", claims(nbf=1, iat=1))
    try:
        verifier().verify(token, now=now)
    except (jwtfast.TokenError, ValueError):
        return
    pytest.fail(f"accepted at {now}")
