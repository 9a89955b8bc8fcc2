"""Threat: a claim of the wrong type that some comparison lets through.

CVE-2024-53861 (`iss` as a part of a list), CVE-2025-53826's kin (an `exp` that never ends, as one
in milliseconds does not for 50,000 years).
Every registered claim has one type, whether or not anything is compared with it.
"""

import json
import math

import pytest

import jwtfast
from tests.forge import AUDIENCE, ISSUER, NOW, claims, compact
from tests.verdict import ACCEPTED, verdict, verifier

INVALID = "invalid_claim"
LAST = 10**11

TYPES = [
    "null",
    "true",
    "false",
    "[]",
    "[1]",
    "[null]",
    '[["api"]]',
    '["api",1]',
    "{}",
    '{"api":1}',
]
"""Values that no registered claim may have."""

NUMBERS = {
    "-1": INVALID,
    "-0.5": INVALID,
    "-1e400": INVALID,
    "1e400": INVALID,
    str(LAST + 1): INVALID,
    "100000000000.001": INVALID,
    "1.00000000001e11": INVALID,
    # The same moments in milliseconds, microseconds and nanoseconds.
    str(NOW * 1000): INVALID,
    f"{NOW * 1000}.5": INVALID,
    "1.8e12": INVALID,
    str(NOW * 10**6): INVALID,
    str(NOW * 10**9): INVALID,
    str(2**53): INVALID,
    "1e16": INVALID,
    str(2**63): INVALID,
    str(2**64): INVALID,
    str(-(2**63) - 1): INVALID,
    "1" + "0" * 400: INVALID,
}
"""Numbers that no time claim may be."""

TIMES = ["0", "1", "1.5", "1e3", str(LAST), "100000000000.0", "1e11"]
"""Numbers that every time claim may be, from long ago to the very last."""

STRINGS = ['""', '"1"', '"4000000000"', '"NaN"', '"text"']


def signed(name: str, text: str) -> str:
    """Return a good token in which one claim has a value given as JSON text."""
    good = json.dumps(claims(**{name: "PLACE"}))
    return compact("HS256", good.replace('"PLACE"', text).encode())


@pytest.mark.parametrize("name", ["exp", "nbf", "iat", "iss", "sub", "jti", "aud"])
@pytest.mark.parametrize("text", TYPES)
def test_wrong_type(name: str, text: str) -> None:
    """Null, booleans, arrays and objects are refused, and arrays of other than strings in `aud`."""
    expected = "wrong_audience" if (name, text) == ("aud", "[]") else INVALID
    assert verdict(signed(name, text)) == expected
    unasked = verifier(issuer=None, audience=jwtfast.ANY, require_exp=False)
    expected = ACCEPTED if (name, text) == ("aud", "[]") else INVALID
    assert verdict(signed(name, text), unasked) == expected


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("text", [*NUMBERS, *STRINGS])
def test_times_are_numbers_in_range(name: str, text: str) -> None:
    """A time is a number of seconds from 0 to 10^11, never of milliseconds, and never a string."""
    assert verdict(signed(name, text)) == INVALID


@pytest.mark.parametrize("name", ["iss", "sub", "jti", "aud"])
@pytest.mark.parametrize("text", ["0", "1", "-1", "1.5", "1e400", str(2**64)])
def test_names_are_no_numbers(name: str, text: str) -> None:
    """A number is refused where a string belongs, however large it is."""
    assert verdict(signed(name, text)) == INVALID


@pytest.mark.parametrize("text", TIMES)
def test_times_in_range_are_compared(text: str) -> None:
    """Each number in range means a time: past or to come."""
    past = float(text) < NOW
    assert [verdict(signed(name, text)) for name in ("exp", "nbf", "iat")] == [
        "token_expired" if past else ACCEPTED,
        ACCEPTED if past else "token_not_yet_valid",
        ACCEPTED if past else "token_issued_in_future",
    ]


@pytest.mark.parametrize("text", STRINGS)
def test_strings_are_compared(text: str) -> None:
    """Any string is a possible name, the empty one too; only ours passes where one is asked for."""
    names = ("iss", "sub", "jti", "aud")
    assert [verdict(signed(name, text)) for name in names] == [
        "wrong_issuer",
        ACCEPTED,
        ACCEPTED,
        "wrong_audience",
    ]


@pytest.mark.parametrize("name", ["alg", "kid", "typ", "cty"])
@pytest.mark.parametrize("text", [*TYPES, '["JWT"]', "0", "1", "-1", "1.5", str(2**64), "1e400"])
def test_header_members_are_strings(name: str, text: str) -> None:
    """`alg`, `kid`, `typ` and `cty` are strings, null is none."""
    members = {"alg": '"HS256"', name: text}
    header = "{" + ",".join(f'"{member}":{value}' for member, value in members.items()) + "}"
    assert verdict(compact("HS256", header=header.encode())) == "malformed_token"


@pytest.mark.parametrize(
    "issuer",
    [
        [ISSUER],
        [ISSUER, "other"],
        ISSUER[:-1],
        ISSUER + "/",
        ISSUER.upper(),
        " " + ISSUER,
        ISSUER + "\x00",
        {"0": ISSUER},
    ],
)
def test_issuer_is_no_part_of_anything(issuer: object) -> None:
    """An issuer is the whole string: no prefix, no list that has it, no other case."""
    expected = "wrong_issuer" if isinstance(issuer, str) else INVALID
    several = verifier(issuer=[ISSUER, "https://other.example"])
    token = compact("HS256", claims(iss=issuer))
    assert [verdict(token), verdict(token, several)] == [expected, expected]


@pytest.mark.parametrize(
    "audience, expected",
    [
        (AUDIENCE, ACCEPTED),
        ([AUDIENCE], ACCEPTED),
        (["other", AUDIENCE], ACCEPTED),
        ([AUDIENCE, AUDIENCE], ACCEPTED),
        (["other"], "wrong_audience"),
        (AUDIENCE[:-1], "wrong_audience"),
        (AUDIENCE + "2", "wrong_audience"),
        (AUDIENCE.upper(), "wrong_audience"),
        ("other api", "wrong_audience"),
        ([["api"], "api"], INVALID),
        (["api", None], INVALID),
    ],
)
def test_audience_is_one_of_ours(audience: object, expected: str) -> None:
    """One whole element of `aud` is ours, and no element is anything but a string."""
    assert verdict(compact("HS256", claims(aud=audience))) == expected


@pytest.mark.parametrize("leeway", [0, 0.5, 30])
def test_expired_at_the_very_second(leeway: float) -> None:
    """`exp` equal to now, less the leeway, has expired; any later time has not."""
    judge = verifier(leeway=leeway)
    token = compact("HS256", claims(exp=NOW))
    before = math.nextafter(NOW + leeway, 0)
    verdicts = [verdict(token, judge, now=now) for now in (before, NOW + leeway)]
    assert verdicts == [ACCEPTED, "token_expired"]


@pytest.mark.parametrize("leeway", [0, 0.5, 30])
@pytest.mark.parametrize(
    "name, code", [("nbf", "token_not_yet_valid"), ("iat", "token_issued_in_future")]
)
def test_valid_from_the_very_second(name: str, code: str, leeway: float) -> None:
    """`nbf` and `iat` equal to now, plus the leeway, have come; any earlier now is too early."""
    judge = verifier(leeway=leeway)
    token = compact("HS256", claims(**{name: NOW}))
    before = math.nextafter(NOW - leeway, 0)
    verdicts = [verdict(token, judge, now=now) for now in (before, NOW - leeway)]
    assert verdicts == [code, ACCEPTED]
