"""Tokens from the command line: which key, which claims, which times."""

import orjson
import pytest

import jwtfast
from jwtfast_server.keygen import generate
from jwtfast_server.mint import assignments, claims_from, duration, registered, signing_key, timed
from tests.forge.keys import private_jwk

PEM = generate("ES256").private["private.pem"].encode()
JWK = orjson.dumps(private_jwk("ES256", kid="a"))
JWKS = orjson.dumps({"keys": [private_jwk("ES256", kid="a"), private_jwk("ES384", kid="b")]})
ONE = orjson.dumps({"keys": [private_jwk("ES384", kid="b")]})
SECRET = b"an-hmac-secret-of-at-least-32-octets"


@pytest.mark.parametrize(
    "content,algorithm,kid,expected",
    [
        (PEM, None, None, (None, "ES256")),
        (PEM, "ES256", "x", ("x", "ES256")),
        (b"\n" + PEM, None, None, (None, "ES256")),
        (JWK, None, None, ("a", "ES256")),
        (JWK, "ES256", "a", ("a", "ES256")),
        (JWKS, None, "b", ("b", "ES384")),
        (ONE, None, None, ("b", "ES384")),
        (SECRET, "HS256", None, (None, "HS256")),
        (SECRET + b"\n", "HS256", "s", ("s", "HS256")),
    ],
)
def test_signing_key(
    content: bytes, algorithm: str | None, kid: str | None, expected: tuple[str | None, str]
) -> None:
    """A file is recognised by what it holds, and can sign."""
    key = signing_key(content, algorithm, kid)
    assert (key.kid, key.algorithms[0]) == expected
    assert jwtfast.encode({}, key).count(".") == 2


@pytest.mark.parametrize(
    "content,algorithm,kid,message",
    [
        (PEM, "RS256", None, ""),
        (JWKS, None, None, "expected one key, found 2"),
        (JWKS, None, "c", "expected one key with kid 'c', found 0"),
        (b'{"keys": 3}', None, None, "expected a JWKS whose keys are a list of JWKs"),
        (b'{"keys": [3]}', None, None, "expected a JWKS whose keys are a list of JWKs"),
        (SECRET, None, None, "neither PEM nor JWK: an HMAC secret needs --algorithm"),
        (b"short", "HS256", None, ""),
        (SECRET, "ES256", None, ""),
    ],
)
def test_no_signing_key(
    content: bytes, algorithm: str | None, kid: str | None, message: str
) -> None:
    """A file without the key asked for is refused, and its text is not told."""
    with pytest.raises(jwtfast.InvalidKeyError) as raised:
        signing_key(content, algorithm, kid)
    assert message in str(raised.value)
    assert SECRET.decode() not in str(raised.value)


@pytest.mark.parametrize(
    "text,value",
    [
        ("a=x", "x"),
        ("a=", ""),
        ("a=1", 1),
        ("a=007", "007"),
        ("a=1000000000000000000000000000001", 10**30 + 1),
        ("a=[-18446744073709551617]", [-(2**64) - 1]),
        ("a=true", True),
        ('a=["x","y"]', ["x", "y"]),
        ('a={"b":null}', {"b": None}),
        ('a="1"', "1"),
        ("a=x=y", "x=y"),
        ("a=NaN", "NaN"),
    ],
)
def test_assignments(text: str, value: object) -> None:
    """A value is JSON where it is, otherwise text."""
    assert assignments([text]) == {"a": value}


@pytest.mark.parametrize("text", ["a", "=a", ""])
def test_no_assignment(text: str) -> None:
    """Without a name or an equals sign it is a mistake."""
    with pytest.raises(ValueError, match="NAME=VALUE"):
        assignments([text])


@pytest.mark.parametrize("content", [b"[]", b"x", b"", b'{"a": NaN}', b"\xff"])
def test_no_claims(content: bytes) -> None:
    """A file of claims is a JSON object."""
    with pytest.raises(ValueError, match="a JSON object of claims"):
        claims_from(content)


@pytest.mark.parametrize(
    "text,seconds", [("1h", 3600), ("-1h", -3600), ("90", 90), ("-0.5s", -0.5)]
)
def test_duration(text: str, seconds: float) -> None:
    """A duration may lie in the past."""
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "-", "--1h", "soon", "1h-"])
def test_no_duration(text: str) -> None:
    """Anything else is none."""
    with pytest.raises(ValueError, match="expected a duration"):
        duration(text)


@pytest.mark.parametrize(
    "aud,expected", [((), {}), (("a",), {"aud": "a"}), (("a", "b"), {"aud": ["a", "b"]})]
)
def test_registered(aud: tuple[str, ...], expected: dict[str, object]) -> None:
    """One audience stands alone, several in a list; what is not given is absent."""
    assert registered(None, "s", aud) == {"sub": "s"} | expected


@pytest.mark.parametrize(
    "claims,expires_in,expected",
    [
        ({}, None, {"iat": 1000, "exp": 4600}),
        ({}, 60, {"iat": 1000, "exp": 1060}),
        ({}, -60, {"iat": 940 - 3600, "exp": 940}),
        ({"exp": 5}, None, {"iat": 1000, "exp": 5}),
        ({"exp": 5}, 60, {"iat": 1000, "exp": 1060}),
        ({"iat": 5}, 60, {"iat": 5, "exp": 1060}),
    ],
)
def test_timed(claims: dict[str, int], expires_in: float | None, expected: dict[str, int]) -> None:
    """An hour by default; what the claims say stays, unless a duration is given."""
    assert timed(claims, expires_in, now=1000.9) == expected
