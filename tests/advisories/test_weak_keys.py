"""Threat: keys that are too short, malformed, or not points of their curve.

What is too weak is refused when it is loaded; `allow_weak_hmac` is the only way round, and it is
for HMAC alone.
"""

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import jwtfast
from tests.forge import SYMMETRIC, compact, decode, encode, public_jwk
from tests.verdict import ACCEPTED, verdict, verifier

HASH_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
PRIMES = {
    "P-256": 2**256 - 2**224 + 2**192 + 2**96 - 1,
    "P-384": 2**384 - 2**128 - 2**96 + 2**32 - 1,
    "P-521": 2**521 - 1,
    "secp256k1": 2**256 - 2**32 - 977,
}
CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "secp256k1": "ES256K"}


def number(value: int, width: int = 0) -> str:
    """Return a number as JWKs write it (RFC 7518 section 2)."""
    return encode(value.to_bytes(width or (value.bit_length() + 7) // 8 or 1, "big"))


def loads(jwk: dict[str, str]) -> bool:
    """Say whether a JWK is taken as a key, alone and in a set alike."""
    alone = set_of_one = True
    try:
        jwtfast.Key.from_jwk(jwk)
    except jwtfast.InvalidKeyError:
        alone = False
    try:
        jwtfast.KeySet.from_jwks({"keys": [jwk]})
    except jwtfast.InvalidKeyError:
        set_of_one = False
    assert alone == set_of_one
    return alone


@pytest.mark.parametrize("algorithm", SYMMETRIC)
def test_secret_shorter_than_its_hash(algorithm: str) -> None:
    """A secret has at least as many octets as the hash (RFC 7518 section 3.2)."""
    least = HASH_BYTES[algorithm]
    for size, good in [(least, True), (least - 1, False), (1, False)]:
        secret = bytes(range(1, size + 1))
        assert loads({"kty": "oct", "alg": algorithm, "k": encode(secret)}) is good
        if good:
            jwtfast.Key.from_secret(secret, algorithm=algorithm)
        else:
            with pytest.raises(jwtfast.InvalidKeyError):
                jwtfast.Key.from_secret(secret, algorithm=algorithm)


def test_short_secret_without_alg_takes_short_hashes_only() -> None:
    """A secret that is not bound by name allows the algorithms it is long enough for."""
    allowed = {
        size: jwtfast.Key.from_jwk({"kty": "oct", "k": encode(b"s" * size)}).algorithms
        for size in (32, 47, 48, 63, 64)
    }
    assert allowed == {
        32: ("HS256",),
        47: ("HS256",),
        48: ("HS256", "HS384"),
        63: ("HS256", "HS384"),
        64: ("HS256", "HS384", "HS512"),
    }


@pytest.mark.parametrize("algorithm", SYMMETRIC)
def test_allow_weak_hmac_is_the_named_way_round(algorithm: str) -> None:
    """With `allow_weak_hmac` a short secret is taken, and still binds to its algorithm."""
    short = jwtfast.Key.from_secret(b"short", algorithm=algorithm, allow_weak_hmac=True)
    jwk = {"kty": "oct", "alg": algorithm, "k": encode(b"short")}
    same = jwtfast.Key.from_jwk(jwk, allow_weak_hmac=True)
    several = jwtfast.KeySet.from_jwks({"keys": [jwk]}, allow_weak_hmac=True)
    assert [k.algorithms for k in (short, same, *several)] == [(algorithm,)] * 3


@pytest.mark.parametrize("algorithm", SYMMETRIC)
@pytest.mark.parametrize("weak", [False, True])
def test_empty_secret(algorithm: str, weak: bool) -> None:  # noqa: FBT001
    """An empty secret is refused, whatever is allowed."""
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.Key.from_secret(b"", algorithm=algorithm, allow_weak_hmac=weak)
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.Key.from_jwk({"kty": "oct", "alg": algorithm, "k": ""}, allow_weak_hmac=weak)


@pytest.mark.parametrize(
    "bits, good",
    [
        (512, False),
        (1024, False),
        (2047, False),
        (2048, True),
        (4096, True),
        (8192, True),
        (8193, False),
        (16384, False),
    ],
)
def test_rsa_modulus(bits: int, good: bool) -> None:  # noqa: FBT001
    """An RSA modulus has 2048 to 8192 bits."""
    modulus = (1 << (bits - 1)) | (0xC0FFEE << (bits // 2)) | 1
    assert loads({"kty": "RSA", "n": number(modulus), "e": "AQAB"}) is good


@pytest.mark.parametrize("bits", [1024, 2047])
def test_rsa_modulus_in_pem(bits: int) -> None:
    """A short modulus is refused in a PEM too."""
    key = rsa.generate_private_key(65537, bits) if bits == 1024 else None
    numbers = rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) | (0xC0FFEE << (bits // 2)) | 1)
    public = key.public_key() if key else numbers.public_key()
    for form in (
        serialization.PublicFormat.SubjectPublicKeyInfo,
        serialization.PublicFormat.PKCS1,
    ):
        pem = public.public_bytes(serialization.Encoding.PEM, form)
        with pytest.raises(jwtfast.InvalidKeyError):
            jwtfast.Key.from_pem(pem)


@pytest.mark.parametrize(
    "exponent, good",
    [
        (0, False),
        (1, False),
        (2, False),
        (3, True),
        (4, False),
        (17, True),
        (65536, False),
        (65537, True),
        (2**33 + 1, False),
        (2**64 + 1, False),
    ],
)
def test_rsa_exponent(exponent: int, good: bool) -> None:  # noqa: FBT001
    """An RSA exponent is odd, at least 3, and of at most 33 bits."""
    jwk = {**public_jwk("RS256"), "e": number(exponent)}
    assert loads(jwk) is good


def test_even_rsa_modulus() -> None:
    """An even modulus is no product of two odd primes."""
    modulus = int.from_bytes(decode(public_jwk("RS256")["n"]), "big")
    assert loads({"kty": "RSA", "n": number(modulus - 1), "e": "AQAB"}) is False


@pytest.mark.parametrize("curve", CURVES)
def test_points_off_the_curve(curve: str) -> None:
    """A point that does not solve its curve's equation is refused, and so is the origin."""
    good = public_jwk(CURVES[curve])
    width = len(decode(good["x"]))
    x, y = (int.from_bytes(decode(good[name]), "big") for name in ("x", "y"))
    points = {
        "good": (x, y),
        "mirrored": (x, PRIMES[curve] - y),
        "y off by one": (x, y ^ 1),
        "x off by one": (x ^ 1, y),
        "swapped": (y, x),
        "origin": (0, 0),
        "ones": (1, 1),
    }
    taken = {
        name: loads({**good, "x": number(px, width), "y": number(py, width)})
        for name, (px, py) in points.items()
    }
    assert taken == {name: name in {"good", "mirrored"} for name in points}


@pytest.mark.parametrize("curve", CURVES)
def test_coordinates_of_another_width_or_range(curve: str) -> None:
    """A coordinate is a number below its field's prime, with at most one zero before it."""
    good = public_jwk(CURVES[curve])
    x = decode(good["x"])
    reduced = int.from_bytes(x, "big") + PRIMES[curve]
    wide = reduced.to_bytes(len(x) + 1, "big").removeprefix(b"\0")
    changed = [b"\0\0" + x, x[1:], x + b"\0", b"", x + x, wide]
    # Where the first byte is a zero, to drop it changes nothing.
    expected = [False, x[0] == 0, False, False, False, False]
    assert [loads({**good, "x": encode(value)}) for value in changed] == expected
    assert loads({**good, "x": encode(b"\0" + x)})


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("named", CURVES)
def test_wrong_curve(named: str, curve: str) -> None:
    """A point of one curve is none of another, and an `alg` fits one curve only."""
    jwk = {**public_jwk(CURVES[curve]), "crv": named}
    assert loads(jwk) is (named == curve)
    bound = {**public_jwk(CURVES[curve]), "alg": CURVES[named]}
    assert loads(bound) is (named == curve)


def test_ed25519_points() -> None:
    """An Ed25519 key has 32 octets."""
    good = decode(public_jwk("EdDSA")["x"])
    taken = {
        len(x): loads({"kty": "OKP", "crv": "Ed25519", "x": encode(x)})
        for x in (good, good[:31], good + b"\0", b"")
    }
    assert taken == {32: True, 31: False, 33: False, 0: False}


@pytest.mark.parametrize(
    "point",
    [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "0200000000000000000000000000000000000000000000000000000000000000",
    ],
)
def test_ed25519_points_of_small_order(point: str) -> None:
    """A point of small order, under which one signature holds for many messages, is no key."""
    assert loads({"kty": "OKP", "crv": "Ed25519", "x": encode(bytes.fromhex(point))}) is False


@pytest.mark.parametrize("member", ["n", "e"])
def test_members_are_base64_of_one_alphabet(member: str) -> None:
    """Wrong padding, line breaks and mixed alphabets are refused in a JWK's numbers."""
    good = public_jwk("RS256")
    padded = base64.urlsafe_b64encode(decode(good[member])).decode() + "="
    spoilt = [padded, good[member] + "\n", "-_+/" + good[member][4:], ""]
    assert [loads({**good, member: text}) for text in spoilt] == [False] * 4


def test_a_weak_secret_still_verifies() -> None:
    """The way round leads to a key that works like any other."""
    short = jwtfast.Key.from_secret(b"short", algorithm="HS256", allow_weak_hmac=True)
    token = jwtfast.encode({"exp": 4_000_000_000}, short)
    relaxed = verifier(keys=short, issuer=None, audience=None)
    assert [verdict(token, relaxed), verdict(compact("HS256"), relaxed)] == [
        ACCEPTED,
        "invalid_signature",
    ]
