"""Files of nginx-subrequest-auth-jwt, read and served: the verdicts that service gave."""

from pathlib import Path
from typing import Final

import pytest

import jwtfast
from jwtfast_server.config import Settings
from jwtfast_server.keygen import generate
from tests.configs import load_text

NOW: Final = 1_000_000
KEY = generate("ES256", "a")
FIRST = generate("RS256", "b")
SIGNER = jwtfast.Key.from_pem(KEY.private["private.pem"], algorithm="ES256", kid="a")


def block(pem: str) -> str:
    """A PEM as it stands in the file."""
    return "".join(f"      {line}" for line in pem.splitlines(keepends=True))


KEYS: Final = f"""\
validationKeys:
  - type: rsaPublicKey
    key: |
{block(FIRST.public["public.pem"])}  - type: ecPublicKey
    key: |
{block(KEY.public["public.pem"])}"""
STATIC: Final = """\
claimsSource: static
claims:
  - group: [developers, admins]
    location: [hq]
  - realm.access: [1, yes]
"""


def status(settings: Settings, claims: dict[str, object], query: str = "") -> int:
    """The status of the answer to a token with these claims."""
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets())
    headers = [("authorization", f"Bearer {jwtfast.encode(claims, SIGNER)}")]
    decision = gate.decide(None, "GET", query, headers, now=NOW)
    assert decision.headers == []
    return decision.status


@pytest.mark.parametrize("typ,expected", [("JWT", 200), ("at+jwt", 200), ("logout+jwt", 401)])
def test_types(tmp_path: Path, typ: str, expected: int) -> None:
    """A token of another purpose than access does not pass, as it did there."""
    settings = load_text(tmp_path, KEYS + STATIC)
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets())
    bearer = jwtfast.encode(GOOD, SIGNER, headers={"typ": typ})
    decision = gate.decide(None, "GET", "", [("authorization", f"Bearer {bearer}")], now=NOW)
    assert (decision.status, decision.headers) == (expected, [])


GOOD: Final[dict[str, object]] = {"group": "admins", "location": "hq"}


@pytest.mark.parametrize(
    "claims,expected",
    [
        (GOOD, 200),
        ({"group": ["x", "developers"], "location": ["hq"]}, 200),
        ({"realm.access": "1"}, 200),
        ({"realm.access": "yes"}, 200),
        ({"realm.access": 1}, 401),
        ({"realm": {"access": "1"}}, 401),
        ({"group": "admins"}, 401),
        ({"group": "admins", "location": "away"}, 401),
        ({"group": "Admins", "location": "hq"}, 401),
        ({"group": 7, "location": "hq"}, 401),
        ({}, 401),
        # No `exp` is fine there; one that has passed is not, and there is no leeway.
        (GOOD | {"exp": NOW + 1}, 200),
        (GOOD | {"exp": NOW}, 401),
        (GOOD | {"nbf": NOW + 1}, 401),
        # Issuer and audience were never looked at.
        (GOOD | {"iss": "https://anyone", "aud": ["anything"]}, 200),
        # That service took these three; a token in milliseconds never expires there.
        (GOOD | {"exp": (NOW + 1) * 1_000_000}, 401),
        (GOOD | {"cnf": {"jkt": "x"}}, 401),
        (GOOD | {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}, 401),
    ],
    ids=str,
)
def test_static(tmp_path: Path, claims: dict[str, object], expected: int) -> None:
    """A token passes with any one of the sets, whole; everything else is a 401 without headers."""
    assert status(load_text(tmp_path, KEYS + STATIC), claims) == expected


@pytest.mark.parametrize(
    "query,expected",
    [
        ("claims_group=admins", 200),
        ("claims_group=x&claims_group=admins", 200),
        ("claims_group=admins&claims_location=hq", 200),
        ("claims_group=admins&claims_location=away", 401),
        ("claims_other=x", 401),
        ("", 401),
        ("group=admins", 401),
        ("claims_group=admins&other=x", 200),
    ],
)
def test_query(tmp_path: Path, query: str, expected: int) -> None:
    """Every claim that the query names must have one of its values, and it must name one."""
    settings = load_text(tmp_path, f"{KEYS}claimsSource: queryString\n")
    assert status(settings, GOOD, query) == expected
