"""Threat: a token that was revoked is still accepted, since it verifies or was seen before.

Every list is asked about every token that verifies, found in the cache or not.
"""

import json
from typing import Any

import pytest

import jwtfast
from tests.forge import NOW, claims, compact
from tests.verdict import decide, gate_settings, key

KID = "k1"
CLAIMS = claims(sub="user-1", jti="t1", iat=NOW - 60)
HEADERS = {"authorization": [f"Bearer {compact('ES256', CLAIMS, {'kid': KID})}"]}
REVOKED = (401, "token_revoked")


def document(*entries: dict[str, Any]) -> bytes:
    """The document of these entries."""
    return json.dumps({"revoked": entries}).encode()


def gate(*lists: jwtfast.RevocationList, cached: bool = True) -> jwtfast.Gate:
    """A gate that asks these lists."""
    cache = jwtfast.TokenCache(1 << 20) if cached else None
    keys = {"corp": jwtfast.KeySet([key("ES256", KID)])}
    return jwtfast.Gate(gate_settings(), keys, revocation=lists, cache=cache)


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize(
    "entry, revoked",
    [
        ({"jti": "t1"}, True),
        ({"jti": "t2"}, False),
        ({"sub": "user-1"}, True),
        ({"sub": "t1"}, False),
        ({"kid": KID}, True),
        ({"kid": "k2"}, False),
        ({"sub": "user-1", "iss": CLAIMS["iss"]}, True),
        ({"sub": "user-1", "iss": "https://other.example"}, False),
        ({"sub": "user-1", "issued_before": NOW}, True),
        ({"sub": "user-1", "issued_before": NOW - 60}, False),
        ({"jti": "t1", "expires": NOW + 1}, True),
        ({"jti": "t1", "expires": NOW}, False),
    ],
)
def test_entries(entry: dict[str, Any], *, revoked: bool, cached: bool) -> None:
    """An entry stops the tokens that it names, from the next request on, and no others."""
    entries = jwtfast.RevocationList()
    judge = gate(entries, cached=cached)
    # Often enough for its answer to be kept.
    for _ in range(4):
        assert decide(judge, HEADERS) == (200, None)
    entries.replace(document(entry))
    assert decide(judge, HEADERS) == (REVOKED if revoked else (200, None))
    entries.replace(document())
    assert decide(judge, HEADERS) == (200, None)


def test_each_of_several_lists_counts() -> None:
    """One list that names the token is enough."""
    one, other = jwtfast.RevocationList(), jwtfast.RevocationList()
    judge = gate(one, other)
    other.replace(document({"jti": "t1"}))
    assert decide(judge, HEADERS) == REVOKED


def test_a_list_that_cannot_be_relied_on() -> None:
    """While nobody knows what is revoked, good tokens get the unavailable status, bad ones 401."""
    entries = jwtfast.RevocationList()
    judge = gate(entries)
    assert decide(judge, HEADERS) == (200, None)
    entries.available = False
    assert decide(judge, HEADERS) == (503, "keys_unavailable")
    assert decide(judge, {"authorization": ["Bearer x"]}) == (401, "malformed_token")
    entries.available = True
    assert decide(judge, HEADERS) == (200, None)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"revoked": {}}',
        b'{"revoked": ["t1"]}',
        b'{"revoked": [{}]}',
        b'{"revoked": [{"jti": "a", "sub": "b"}]}',
        b'{"revoked": [{"jti": 1}]}',
        b'{"revoked": [{"jti": "a", "until": 1}]}',
        b'{"revoked": [{"jti": "a", "expires": "tomorrow"}]}',
        b'{"revoked": [{"jti": "a", "expires": -1}]}',
    ],
)
def test_a_bad_document_changes_nothing(text: bytes) -> None:
    """It is refused whole, and what was revoked before stays revoked."""
    entries = jwtfast.RevocationList()
    entries.replace(document({"jti": "t1"}))
    with pytest.raises(jwtfast.ConfigError):
        entries.replace(text)
    assert len(entries) == 1
    assert decide(gate(entries), HEADERS) == REVOKED
