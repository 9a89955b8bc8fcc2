"""`encode`: claims signed into a compact JWS, which other libraries read."""

import json
import warnings

import joserfc.errors
import jwt
import pytest
from joserfc import jws
from joserfc.jwk import import_key

import jwtfast
from tests.forge import (
    ALGORITHMS,
    ASYMMETRIC,
    NOW,
    claims,
    decode,
    key_name,
    private_jwk,
    public_jwk,
)
from tests.verdict import verifier


def signer(algorithm: str, **members: str) -> jwtfast.Key:
    """Return our signing key, bound to one algorithm."""
    return jwtfast.Key.from_jwk({**private_jwk(algorithm), "alg": algorithm, **members})


def parts(token: str) -> tuple[dict[str, object], bytes]:
    """Return a token's header and payload, unverified."""
    head, body, _ = token.split(".")
    return json.loads(decode(head)), decode(body)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_other_libraries_verify_it(algorithm: str) -> None:
    """Joserfc and, but for the name Ed25519, PyJWT verify what was signed here."""
    token = jwtfast.encode(claims(), signer(algorithm))
    registry = jws.JWSRegistry(algorithms=[algorithm])
    with warnings.catch_warnings(action="ignore", category=joserfc.errors.SecurityWarning):
        read = jws.deserialize_compact(
            token, import_key({**public_jwk(algorithm)}), registry=registry
        )
    assert json.loads(read.payload or b"") == claims()
    if algorithm != "Ed25519":
        key = jwt.PyJWK(public_jwk(algorithm, alg=algorithm))
        assert jwt.decode(token, key, algorithms=[algorithm], audience="api") == claims()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_it_verifies_here(algorithm: str) -> None:
    """What was signed here verifies here, with the signing key and with its public half."""
    token = jwtfast.encode(claims(), signer(algorithm))
    assert verifier(algorithm).verify(token, now=NOW) == claims()
    assert verifier(keys=signer(algorithm)).verify(token, now=NOW) == claims()


def test_header() -> None:
    """The header has `alg`, `typ` and the key's `kid`, and what was given beside them."""
    plain = jwtfast.encode({}, signer("ES256"))
    named = jwtfast.encode({}, signer("ES256", kid="k"), {"x": [1], "typ": "at+jwt"})
    without = jwtfast.encode({}, signer("ES256", kid="k"), {"typ": None, "kid": None})
    assert [parts(token)[0] for token in (plain, named, without)] == [
        {"alg": "ES256", "typ": "JWT"},
        {"alg": "ES256", "typ": "at+jwt", "kid": "k", "x": [1]},
        {"alg": "ES256"},
    ]


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_alg_chooses_among_the_keys_algorithms(algorithm: str) -> None:
    """A key that its type alone binds signs with the `alg` that the header asks for."""
    key = jwtfast.Key.from_jwk(private_jwk(algorithm))
    token = jwtfast.encode(claims(), key, {"alg": algorithm})
    assert parts(token)[0]["alg"] == algorithm
    assert verifier(algorithm).verify(token, now=NOW) == claims()


@pytest.mark.parametrize("asked", [*ALGORITHMS, "none", "", "es256"])
def test_alg_beyond_the_key(asked: str) -> None:
    """An `alg` that the key does not have is refused."""
    if key_name("ES256") == "P-256" and asked == "ES256":
        assert jwtfast.encode({}, signer("ES256"), {"alg": asked})
        return
    with pytest.raises(ValueError, match=r"algorithm"):
        jwtfast.encode({}, signer("ES256"), {"alg": asked})


def test_bytes_are_signed_as_they_are() -> None:
    """Payload bytes are no JSON of ours: they are signed unchanged."""
    payload = b' {"b":1,\n"a":2}\xff'
    token = jwtfast.encode(payload, signer("EdDSA"))
    assert parts(token)[1] == payload
    assert verifier("EdDSA").verify_jws(token) == payload


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -1,
        1.5,
        2**64 - 1,
        -(2**63),
        10**40,
        1e300,
        "",
        '\u00e9\U0001f600"\\\n\0',
        [],
        {},
        [1, [2, {"a": None}]],
        {"": {"b": [True, False]}},
        (1, 2),
    ],
    ids=ascii,
)
def test_claims_of_every_type(value: object) -> None:
    """Each JSON value reads back equal with Python's own parser."""
    token = jwtfast.encode({"x": value}, signer("HS256"))
    expected = json.loads(json.dumps({"x": value}))
    assert json.loads(parts(token)[1]) == expected


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -float("inf"), object(), b"bytes", {1, 2}, "\ud800"],
    ids=ascii,
)
def test_claims_that_json_does_not_have(value: object) -> None:
    """What JSON cannot say is refused: no NaN, no bytes, no half characters."""
    with pytest.raises((TypeError, ValueError)):
        jwtfast.encode({"x": value}, signer("HS256"))
    with pytest.raises((TypeError, ValueError)):
        jwtfast.encode({}, signer("HS256"), {"x": value})


def test_claims_nested_too_deep() -> None:
    """What a verifier here would refuse for its depth, or Python cannot walk, is not signed."""
    deep: object = 0
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises((ValueError, RecursionError)):
        jwtfast.encode({"x": deep}, signer("HS256"))
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises((ValueError, RecursionError)):
        jwtfast.encode({"x": loop}, signer("HS256"))


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_public_keys_do_not_sign(algorithm: str) -> None:
    """A public key cannot sign."""
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.encode({}, jwtfast.Key.from_jwk(public_jwk(algorithm)))


@pytest.mark.parametrize(
    "arguments", [("text", None), (None, None), ([], None), ({}, "x"), ({}, [])]
)
def test_other_types_are_a_type_error(arguments: tuple[object, object]) -> None:
    """Claims and headers are mappings, a payload is bytes."""
    body, header = arguments
    with pytest.raises(TypeError):
        jwtfast.encode(body, signer("HS256"), header)  # type: ignore[arg-type]


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "ES256K"])
def test_ecdsa_signatures_have_their_width(algorithm: str) -> None:
    """R and s are as wide as the order, leading zeros and all."""
    key = signer(algorithm)
    width = {"ES256": 64, "ES384": 96, "ES512": 132, "ES256K": 64}[algorithm]
    sizes = {len(decode(jwtfast.encode({}, key).rpartition(".")[2])) for _ in range(300)}
    assert sizes == {width}
