"""Threat: two members of one name, of which the checker reads one and the upstream the other.

RFC 7519 section 4 lets a parser refuse them or take the last; here they are refused at any depth,
with names compared after their escapes are read.
"""

import pytest

from tests.forge import claims, compact, json_bytes
from tests.verdict import ACCEPTED, verdict

CLAIMS = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "", "a b", "\u00e9"]
HEADERS = ["alg", "kid", "typ", "cty", "x", ""]
NESTED = [
    '"a":{"b":1,"b":1}',
    '"a":{"b":1,"c":2,"b":3}',
    '"a":[{"b":1,"b":2}]',
    '"a":[[{"b":{"c":1,"c":2}}]]',
    '"a":{"b":{"c":{"d":1,"\\u0064":2}}}',
    '"a":{"":1,"":2}',
    '"a":{"\\u00e9":1,"\u00e9":2}',
    '"a":{"\\ud83d\\ude00":1,"\U0001f600":2}',
    '"a":{"\\/":1,"/":2}',
    '"a":{"\\u0000":1,"\\u0000":2}',
    '"a":{"\\n":1,"\\u000a":2}',
    '"a":{"\\u000A":1,"\\u000a":2}',
    '"a":{' + ",".join(f'"m{i}":0' for i in range(100)) + ',"m0":0}',
]


def escaped(name: str) -> str:
    """Write every character of a name as an escape."""
    return "".join(f"\\u{ord(letter):04x}" for letter in name)


def with_members(good: bytes, members: str) -> list[bytes]:
    """Put members at the end and at the beginning of an object's text."""
    return [good[:-1] + b"," + members.encode() + b"}", b"{" + members.encode() + b"," + good[1:]]


@pytest.mark.parametrize("name", CLAIMS)
def test_claim_twice(name: str) -> None:
    """A claim that comes twice is refused, with the same value too, and written by escapes."""
    good = json_bytes(claims(**{name: claims().get(name, "read")}))
    for value in ('"read"', "4000000000", "null"):
        for written in (name, escaped(name)):
            for payload in with_members(good, f'"{written}":{value}'):
                assert verdict(compact("HS256", payload)) == "malformed_token"


@pytest.mark.parametrize("name", HEADERS)
def test_header_member_twice(name: str) -> None:
    """A header member that comes twice is refused, though both say the same."""
    good = json_bytes({"alg": "HS256", "kid": "a", "typ": "JWT", "cty": "JWT", "x": "1", "": "1"})
    for value in ('"HS256"', '"JWT"', '"1"', "null"):
        for written in (name, escaped(name)):
            for header in with_members(good, f'"{written}":{value}'):
                assert verdict(compact("HS256", header=header)) == "malformed_token"


@pytest.mark.parametrize("member", NESTED)
def test_nested(member: str) -> None:
    """Duplicates are refused at every depth, in the header and in the payload."""
    for payload in with_members(json_bytes(claims()), member):
        assert verdict(compact("HS256", payload)) == "malformed_token"
    for header in with_members(b'{"alg":"HS256"}', member):
        assert verdict(compact("HS256", header=header)) == "malformed_token"


def test_a_name_may_come_again_elsewhere() -> None:
    """One name in several objects, or as a value, is no duplicate; neither is another case."""
    extra = {
        "a": {"a": {"a": "a"}},
        "list": [{"sub": 1}, {"sub": 2}],
        "exp ": 1,
        "Exp": 1,
        "e\u0301": 1,
        "\u00e9": 1,
        "many": {f"m{i}": {f"m{i}": 0} for i in range(100)},
    }
    token = compact("HS256", claims(**extra), header={"a": {"a": 1}, "ALG": "none"})
    assert verdict(token) == ACCEPTED
