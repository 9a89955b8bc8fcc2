"""Threat: a token that says "understand this or refuse me" and is not refused.

CVE-2025-59420, CVE-2026-32597. No critical extension is supported, so `crit` in any shape
refuses the token (RFC 7515 section 4.1.11), and so does `b64` other than true (RFC 7797).
"""

import json

import pytest

from tests.forge import ALGORITHMS, claims, compact
from tests.verdict import ACCEPTED, verdict

REFUSED = "unsupported_critical_header"
CRITICALS = [
    "[]",
    '["exp"]',
    '["alg"]',
    '["b64"]',
    '["b64","b64"]',
    '["http://example.com/UNDEFINED"]',
    '[""]',
    "[null]",
    "[1]",
    "[[]]",
    "[{}]",
    "null",
    "true",
    "false",
    "0",
    "1.5",
    '""',
    '"exp"',
    "{}",
    '{"exp":true}',
]
UNENCODED = ["false", "null", "0", "1", '""', '"true"', '"false"', "[]", "[true]", "{}"]


def header(algorithm: str, members: str) -> bytes:
    """Return the text of a header with more members."""
    return f'{{"alg":"{algorithm}",{members}}}'.encode()


@pytest.mark.parametrize("critical", CRITICALS)
@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
def test_crit_in_any_shape(algorithm: str, critical: str) -> None:
    """A token with `crit` is refused, whatever its value and however well it is signed."""
    for members in (
        f'"crit":{critical}',
        f'"crit":{critical},"b64":true',
        f'"crit":{critical},"exp":1,"http://example.com/UNDEFINED":true',
        f'"\\u0063rit":{critical}',
    ):
        token = compact(algorithm, header=header(algorithm, members))
        assert verdict(token, algorithm) == REFUSED


@pytest.mark.parametrize("value", UNENCODED)
def test_b64_other_than_true(value: str) -> None:
    """An unencoded payload is never looked at, with `crit` or without."""
    for members in (f'"b64":{value}', f'"b64":{value},"crit":["b64"]', f'"\\u006264":{value}'):
        assert verdict(compact("HS256", header=header("HS256", members))) == REFUSED


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_b64_true_is_the_default(algorithm: str) -> None:
    """`b64: true` without `crit` says nothing new, and passes."""
    assert verdict(compact(algorithm, header={"b64": True}), algorithm) == ACCEPTED


def test_detached_unencoded_payload() -> None:
    """A payload left out, as RFC 7797 has it, is refused for its header."""
    head, _, signature = compact("HS256", header={"b64": False, "crit": ["b64"]}).split(".")
    assert verdict(f"{head}..{signature}") == REFUSED


def test_crit_is_found_before_the_key_is_looked_for() -> None:
    """The header decides before algorithm, key and signature have their say."""
    headers = [{"crit": ["x"], "alg": "none"}, {"crit": ["x"], "kid": "unknown"}]
    tokens = [compact("HS256", header=json.dumps(h).encode()) for h in headers[:1]]
    tokens.append(compact("HS256", header=headers[1], owner="strangers"))
    assert [verdict(token) for token in tokens] == [REFUSED, REFUSED]


@pytest.mark.parametrize("name", ["CRIT", "crit ", "critical", "B64", "b64 ", "zip", "exp", "url"])
def test_other_members_are_ignored(name: str) -> None:
    """Members that are not understood and not critical are ignored (RFC 7515 section 4)."""
    assert verdict(compact("HS256", header={name: ["b64"]})) == ACCEPTED


def test_crit_among_the_claims_is_a_claim() -> None:
    """Only the header is asked for critical extensions."""
    assert verdict(compact("HS256", claims(crit=["b64"], b64=False))) == ACCEPTED
