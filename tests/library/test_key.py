"""`Key`: one key from PEM, JWK or secret, bound to what it may verify."""

import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat

import jwtfast
from tests.forge import (
    ALGORITHMS,
    ASYMMETRIC,
    SYMMETRIC,
    compact,
    decode,
    encode,
    key_name,
    private_jwk,
    public_jwk,
)
from tests.forge.token import certificate, private_key, public_key
from tests.verdict import ACCEPTED, verdict, verifier

RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
BY_TYPE = {
    "RSA": RSA,
    "P-256": ("ES256",),
    "P-384": ("ES384",),
    "P-521": ("ES512",),
    "secp256k1": ("ES256K",),
    "Ed25519": ("EdDSA", "Ed25519"),
    "oct": SYMMETRIC,
}
PLAIN = serialization.NoEncryption()


def bound(algorithm: str) -> tuple[str, ...]:
    """Return what a key bound to one algorithm allows."""
    return BY_TYPE["Ed25519"] if key_name(algorithm) == "Ed25519" else (algorithm,)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_jwk_without_alg(algorithm: str) -> None:
    """A key without `alg` is bound by its type alone."""
    key = jwtfast.Key.from_jwk(public_jwk(algorithm))
    assert (key.algorithm, key.algorithms, key.kid) == (None, BY_TYPE[key_name(algorithm)], None)
    assert verdict(compact(algorithm), verifier(keys=key)) == ACCEPTED


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_jwk_with_alg(algorithm: str) -> None:
    """A key with `alg` is bound to it, and `kid` is read."""
    jwk = public_jwk(algorithm, alg=algorithm, kid="k", use="sig")
    for form in (jwk, json.dumps(jwk), json.dumps(jwk).encode()):
        key = jwtfast.Key.from_jwk(form)
        assert (key.algorithm, key.algorithms, key.kid) == (algorithm, bound(algorithm), "k")
        assert verdict(compact(algorithm), verifier(keys=key)) == ACCEPTED


def pem(form: str, algorithm: str) -> bytes:
    """Return our key for an algorithm as PEM of one form."""
    public, private = public_key(algorithm), private_key(algorithm)
    spki = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    match form:
        case "crlf":
            return spki.replace(b"\n", b"\r\n")
        case "certificate":
            return certificate(algorithm)
        case "pkcs1":
            return public.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
        case "pkcs8":
            return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN)
        case "traditional":
            return private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, PLAIN)
        case _:
            return spki


FORMS = [
    *((form, name) for form in ("spki", "crlf", "certificate", "pkcs8") for name in ASYMMETRIC),
    *(("pkcs1", name) for name in RSA),
    *(("traditional", name) for name in ASYMMETRIC if key_name(name) != "Ed25519"),
]


@pytest.mark.parametrize("form, algorithm", FORMS)
def test_pem(form: str, algorithm: str) -> None:
    """SPKI, PKCS#1, SEC 1, PKCS#8 and certificates are read, with the algorithm asked for."""
    text = pem(form, algorithm)
    for given in (text, text.decode()):
        key = jwtfast.Key.from_pem(given, algorithm=algorithm, kid="k")
        assert (key.algorithm, key.algorithms, key.kid) == (algorithm, bound(algorithm), "k")
        assert (key.is_private, key.is_symmetric) == (form in {"pkcs8", "traditional"}, False)
        assert verdict(compact(algorithm), verifier(keys=key)) == ACCEPTED


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_pem_without_algorithm(algorithm: str) -> None:
    """A PEM without an algorithm is bound by its type alone."""
    key = jwtfast.Key.from_pem(pem("spki", algorithm))
    assert (key.algorithm, key.algorithms) == (None, BY_TYPE[key_name(algorithm)])


@pytest.mark.parametrize("named", ALGORITHMS)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "ES512", "ES256K", "EdDSA"])
def test_algorithm_must_fit_the_key(algorithm: str, named: str) -> None:
    """A key is not bound to an algorithm of another type or curve, in PEM or JWK."""
    text = pem("spki", algorithm)
    if key_name(named) == key_name(algorithm):
        assert jwtfast.Key.from_pem(text, algorithm=named).algorithm == named
        return
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.Key.from_pem(text, algorithm=named)
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.Key.from_jwk(public_jwk(algorithm, alg=named))


def pem_of(key: dsa.DSAPublicKey | ed448.Ed448PublicKey | x25519.X25519PublicKey) -> bytes:
    """Return a public key as SPKI in PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def bad_pems() -> dict[str, bytes]:
    """Return PEM texts that hold no usable key."""
    spki = public_key("ES256").public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    other = ec.generate_private_key(ec.SECP224R1()).public_key()
    secret = private_key("RS256").private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    return {
        "empty": b"",
        "no pem": b"no key at all",
        "not utf-8": b"\xff\xfe",
        "no end": spki.replace(b"END", b"DNE"),
        "bad base64": spki.replace(b"M", b"!", 1),
        "cut": b"-----BEGIN PUBLIC KEY-----\nMFkwEwYH\n-----END PUBLIC KEY-----\n",
        "empty block": b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        "wrong label": spki.replace(b"PUBLIC KEY", b"CERTIFICATE"),
        "other label": spki.replace(b"PUBLIC KEY", b"DH PARAMETERS"),
        "two keys": spki + spki,
        "P-224": other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "Ed448": pem_of(ed448.Ed448PrivateKey.generate().public_key()),
        "X25519": pem_of(x25519.X25519PrivateKey.generate().public_key()),
        "encrypted": secret,
        "jwk": json.dumps(public_jwk("ES256")).encode(),
    }


@pytest.mark.parametrize("form", bad_pems())
def test_bad_pem(form: str) -> None:
    """A PEM that holds no usable key is refused with a sentence, and its content is not told."""
    text = bad_pems()[form]
    with pytest.raises(jwtfast.InvalidKeyError) as caught:
        jwtfast.Key.from_pem(text)
    assert str(caught.value)
    lines = text.decode("latin-1").splitlines()
    assert not [line for line in lines if len(line) > 20 and line in str(caught.value)]


GOOD_EC = public_jwk("ES256")
GOOD_RSA = public_jwk("RS256")
BAD_JWKS = {
    "no object": "[]",
    "a string": '"key"',
    "no json": "{",
    "empty": "{}",
    "no kty": json.dumps({"crv": "P-256", "x": GOOD_EC["x"], "y": GOOD_EC["y"]}),
    "kty of another type": json.dumps({**GOOD_EC, "kty": 1}),
    "kty in lower case": json.dumps({**GOOD_EC, "kty": "ec"}),
    "unknown kty": json.dumps({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}),
    "unknown crv": json.dumps({**GOOD_EC, "crv": "P-224"}),
    "no crv": json.dumps({name: GOOD_EC[name] for name in ("kty", "x", "y")}),
    "no y": json.dumps({name: GOOD_EC[name] for name in ("kty", "crv", "x")}),
    "null x": json.dumps({**GOOD_EC, "x": None}),
    "no n": json.dumps({"kty": "RSA", "e": "AQAB"}),
    "no e": json.dumps({"kty": "RSA", "n": GOOD_RSA["n"]}),
    "no k": json.dumps({"kty": "oct", "alg": "HS256"}),
    "k with padding": json.dumps({"kty": "oct", "alg": "HS256", "k": encode(b"s" * 32) + "="}),
    "unknown alg": json.dumps({**GOOD_RSA, "alg": "RSA-OAEP"}),
    "alg none": json.dumps({**GOOD_RSA, "alg": "none"}),
    "alg of another type": json.dumps({**GOOD_RSA, "alg": ["RS256"]}),
    "kid of another type": json.dumps({**GOOD_RSA, "kid": 1}),
    "use enc": json.dumps({**GOOD_RSA, "use": "enc"}),
    "use of another type": json.dumps({**GOOD_RSA, "use": ["sig"]}),
    "key_ops without verify": json.dumps({**GOOD_RSA, "key_ops": ["encrypt"]}),
    "key_ops empty": json.dumps({**GOOD_RSA, "key_ops": []}),
    "key_ops of another type": json.dumps({**GOOD_RSA, "key_ops": "verify"}),
    "X25519": json.dumps({"kty": "OKP", "crv": "X25519", "x": encode(bytes(range(32)))}),
    "Ed448": json.dumps({"kty": "OKP", "crv": "Ed448", "x": encode(bytes(57))}),
    "member twice": json.dumps(GOOD_RSA)[:-1] + ',"e":"AQAB"}',
}


@pytest.mark.parametrize("form", BAD_JWKS)
def test_bad_jwk(form: str) -> None:
    """A JWK that cannot verify signatures is refused."""
    with pytest.raises(jwtfast.InvalidKeyError) as caught:
        jwtfast.Key.from_jwk(BAD_JWKS[form])
    assert str(caught.value)


def test_jwk_for_verifying() -> None:
    """`use: sig`, and `key_ops` with `verify`, are what a public key should say."""
    for members in ({"use": "sig"}, {"key_ops": ["verify"]}, {"key_ops": ["encrypt", "verify"]}):
        key = jwtfast.Key.from_jwk({**GOOD_RSA, **members})
        assert key.algorithms == RSA
    private = jwtfast.Key.from_jwk({**private_jwk("ES256"), "key_ops": ["sign"]})
    assert private.is_private is True


@pytest.mark.parametrize("algorithm", SYMMETRIC)
def test_secret(algorithm: str) -> None:
    """A secret is octets, or the UTF-8 of a text; it can sign, and has no public half."""
    text = "s" * 63 + "\u00e9"
    keys = [
        jwtfast.Key.from_secret(secret, algorithm=algorithm, kid="k")
        for secret in (text, text.encode())
    ]
    token = jwtfast.encode({"exp": 4_000_000_000}, keys[0])
    relaxed = verifier(keys=keys[1], issuer=None, audience=None)
    assert verdict(token, relaxed) == ACCEPTED
    for key in keys:
        assert (key.algorithm, key.algorithms, key.kid) == (algorithm, (algorithm,), "k")
        assert (key.is_symmetric, key.is_private) == (True, True)
        with pytest.raises(jwtfast.InvalidKeyError):
            key.public_jwk()


@pytest.mark.parametrize("algorithm", [*ASYMMETRIC, "none", "", "hs256", "HS224"])
def test_secret_for_hmac_only(algorithm: str) -> None:
    """A secret is for HS256, HS384 and HS512 alone."""
    with pytest.raises(ValueError, match=r"algorithm|HS256"):
        jwtfast.Key.from_secret(b"s" * 64, algorithm=algorithm)


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_public_jwk(algorithm: str) -> None:
    """The public half of a private key is a JWK that verifies, without a private member."""
    key = jwtfast.Key.from_jwk(private_jwk(algorithm, alg=algorithm, kid="k"))
    assert key.is_private is True
    half = key.public_jwk()
    expected = public_jwk(algorithm, alg=algorithm, kid="k")
    assert {name: half.get(name) for name in expected} == expected
    assert set(half) - set(expected) <= {"use"}
    again = jwtfast.Key.from_jwk(half)
    assert (again.is_private, again.public_jwk()) == (False, half)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_private_half_must_fit(algorithm: str) -> None:
    """A private member that belongs to another public key is refused."""
    ours, theirs = private_jwk(algorithm), private_jwk(algorithm, "strangers")
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.Key.from_jwk({**ours, "d": theirs["d"]})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_repr_tells_no_secret(algorithm: str) -> None:
    """What a key looks like in a log has no part of it that must stay secret."""
    jwk = private_jwk(algorithm, alg=algorithm, kid="k")
    key = jwtfast.Key.from_jwk(jwk)
    secrets = [jwk[name] for name in ("d", "p", "q", "dp", "dq", "qi", "k") if name in jwk]
    shown = repr(key) + str(key)
    assert not [secret for secret in secrets if secret in shown or str(decode(secret)) in shown]


def test_keys_do_not_change() -> None:
    """A key's properties cannot be set, and its class cannot be extended."""
    key = jwtfast.Key.from_jwk(GOOD_EC)
    with pytest.raises(AttributeError):
        key.kid = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        type("Child", (jwtfast.Key,), {})
    with pytest.raises(TypeError):
        jwtfast.Key()


def test_certificates_are_keys_only() -> None:
    """A certificate's dates and issuer are not judged: its public key is what was configured."""
    parsed = x509.load_pem_x509_certificate(certificate("ES256"))
    assert isinstance(parsed.signature_hash_algorithm, hashes.SHA256)
    assert parsed.not_valid_after_utc.year == 2001
    assert jwtfast.Key.from_pem(certificate("ES256")).algorithms == ("ES256",)
