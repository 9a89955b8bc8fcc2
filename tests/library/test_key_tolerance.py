"""Key documents as providers write them: what is read all the same, and what stays refused."""

import base64
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

import jwtfast
from tests.forge import AUDIENCE, ISSUER, NOW, encode, public_jwk
from tests.issuers.keys import pair, signature

CURVES: dict[str, tuple[str, ec.EllipticCurve, hashes.HashAlgorithm, int]] = {
    "P-256": ("ES256", ec.SECP256R1(), hashes.SHA256(), 32),
    "P-384": ("ES384", ec.SECP384R1(), hashes.SHA384(), 48),
    "P-521": ("ES512", ec.SECP521R1(), hashes.SHA512(), 66),
    "secp256k1": ("ES256K", ec.SECP256K1(), hashes.SHA256(), 32),
}
CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 60}
EC = public_jwk("ES256", alg="ES256", kid="good")
RSA = {"kid": "rsa", **pair("first").jwk()}


@cache
def short(curve: str, name: str) -> ec.EllipticCurvePrivateKey:
    """Return the first key whose coordinate begins with a zero byte."""
    _, of, _, length = CURVES[curve]
    number = 1
    while True:
        private = ec.derive_private_key(number, of)
        if getattr(private.public_key().public_numbers(), name) >> (8 * (length - 1)) == 0:
            return private
        number += 1


def token(curve: str, private: ec.EllipticCurvePrivateKey, kid: str) -> str:
    """Return a good token of an EC key."""
    algorithm, _, digest, length = CURVES[curve]
    head = encode(json.dumps({"alg": algorithm, "kid": kid}).encode())
    message = f"{head}.{encode(json.dumps(CLAIMS).encode())}"
    numbers = decode_dss_signature(private.sign(message.encode(), ec.ECDSA(digest)))
    return f"{message}.{encode(b''.join(one.to_bytes(length, 'big') for one in numbers))}"


def verified(keys: jwtfast.KeySet, text: str) -> bool:
    """Whether a token passes; any denial but for its signature or key is a failure of the test."""
    judge = jwtfast.Verifier(keys, issuer=ISSUER, audience=AUDIENCE)
    try:
        return bool(judge.verify(text, now=NOW))
    except (jwtfast.InvalidSignatureError, jwtfast.UnknownKeyError):
        return False


def loaded(*entries: object, remote: bool) -> jwtfast.KeySet:
    """Read a JWKS as a URL is read, or as a file is."""
    return jwtfast.KeySet.from_jwks(
        json.dumps({"keys": entries}), remote=remote, skip_broken=not remote
    )


WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "padded": base64.urlsafe_b64encode,
    "standard": base64.b64encode,
    "standard without padding": lambda data: base64.b64encode(data).rstrip(b"="),
    "usual": lambda data: base64.urlsafe_b64encode(data).rstrip(b"="),
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("zeros", ["dropped", "full", "one too many"])
@pytest.mark.parametrize("name", ["x", "y"])
@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("remote", [False, True])
def test_coordinates(curve: str, name: str, zeros: str, written: str, remote: bool) -> None:  # noqa: FBT001
    """A number of a public key is the same with its zeros or without, in any base64."""
    private = short(curve, name)
    length = CURVES[curve][3]
    jwk: dict[str, Any] = {"kty": "EC", "crv": curve, "kid": "k"}
    for member in ("x", "y"):
        full = getattr(private.public_key().public_numbers(), member).to_bytes(length, "big")
        data = {"dropped": full.lstrip(b"\0"), "full": full, "one too many": b"\0" + full}[zeros]
        jwk[member] = WRITTEN[written](data).decode()
    keys = loaded(jwk, remote=remote)
    assert keys.skipped == ()
    assert verified(keys, token(curve, private, "k"))
    other = ec.derive_private_key(987654321, CURVES[curve][1])
    assert not verified(keys, token(curve, other, "k"))


@pytest.mark.parametrize("written", WRITTEN)
def test_numbers_of_rsa(written: str) -> None:
    """The modulus, too."""
    data = base64.urlsafe_b64decode(RSA["n"] + "==")
    keys = loaded(RSA | {"n": WRITTEN[written](data).decode()}, remote=True)
    assert keys.skipped == ()


def _point(change: bytes, name: str = "x") -> dict[str, str]:
    return EC | {name: encode(change), "kid": "bad"}


BROKEN: dict[str, object] = {
    "empty coordinate": _point(b""),
    "a byte less at the end": _point(base64.urlsafe_b64decode(EC["x"] + "=")[:-1]),
    "two zeros too many": _point(b"\0\0" + base64.urlsafe_b64decode(EC["x"] + "=")),
    "one byte too many": _point(b"\1" + base64.urlsafe_b64decode(EC["x"] + "=")),
    "the point of the origin": EC | {"x": "AA", "y": "AA", "kid": "bad"},
    "half padded": EC | {"x": EC["x"] + "==", "kid": "bad"},
    "much padded": EC | {"x": EC["x"] + "=====", "kid": "bad"},
    "mixed alphabets": RSA | {"n": "-+" + RSA["n"][2:], "kid": "bad"},
    "a space": EC | {"x": " " + EC["x"], "kid": "bad"},
    "alg of a number": EC | {"alg": 1, "kid": "bad"},
    "use of a number": EC | {"use": 1, "kid": "bad"},
    "kty null": EC | {"kty": None, "kid": "bad"},
    "x null": EC | {"x": None, "kid": "bad"},
    "x5c empty": {"kty": "RSA", "x5c": [], "kid": "bad"},
    "x5c of a text": {"kty": "RSA", "x5c": RSA["x5c"][0], "kid": "bad"},
    "x5c of a broken certificate": {"kty": "RSA", "x5c": ["MIIB"], "kid": "bad"},
    "x5c of another type": {"kty": "EC", "x5c": RSA["x5c"], "kid": "bad"},
    "x5c with half a key": {"kty": "RSA", "n": RSA["n"], "x5c": RSA["x5c"], "kid": "bad"},
    "x5c of another curve": {**pair("ec-first").jwk(), "crv": "P-384", "x": None, "kid": "bad"},
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("remote", [False, True])
def test_what_stays_refused(what: str, remote: bool) -> None:  # noqa: FBT001
    """An entry that is really wrong is left out and told as broken; the one beside it serves."""
    keys = loaded(EC, BROKEN[what], remote=remote)
    assert [one.kid for one in keys] == ["good"]
    assert (len(keys.skipped), keys.broken) == (1, keys.skipped)


def test_private_members_stay_strict() -> None:
    """The tolerance is for what is published."""
    for name in ("ES256", "HS256"):
        jwk = public_jwk(name, alg=name)
        member = "x" if "x" in jwk else "k"
        secret = {"d": "AA"} if member == "x" else {}
        with pytest.raises(jwtfast.InvalidKeyError, match="base64url without padding"):
            jwtfast.Key.from_jwk({**jwk, **secret, member: jwk[member] + "="})


def test_members_that_are_null() -> None:
    """They are members that are not there."""
    nulls = {"alg": None, "use": None, "key_ops": None, "x5c": None}
    keys = loaded({**EC, **nulls}, {**RSA, **nulls}, remote=True)
    assert ([one.kid for one in keys], keys.skipped) == (["good", "rsa"], ())
    assert [one.algorithm for one in keys] == [None, None]


@pytest.mark.parametrize("name", ["first", "ec-first"])
def test_certificate_alone(name: str) -> None:
    """An entry with a certificate and no numbers is its public key; `alg` and `use` still count."""
    whole = pair(name).jwk() | {"kid": "k"}
    alone = {member: whole[member] for member in ("kty", "x5c", "kid")}
    algorithm = "RS256" if whole["kty"] == "RSA" else "ES256"
    head = encode(json.dumps({"alg": algorithm, "kid": "k"}).encode())
    message = f"{head}.{encode(json.dumps(CLAIMS).encode())}"
    keys = loaded(alone, remote=True)
    for signer, expected in ((name, True), (name.replace("first", "other"), False)):
        signed = encode(signature(algorithm, message.encode(), signer))
        assert verified(keys, f"{message}.{signed}") is expected
    assert not loaded(EC, alone | {"use": "enc"}, remote=True).broken
    assert len(loaded(EC, alone | {"use": "enc"}, remote=True)) == 1


@pytest.mark.parametrize(
    "entry",
    [
        '{"kty":"EC","kty":"EC"}',
        '{"kid":"a","k\\u0069d":"b"}',
        '{"x":{"a":1,"a":2}}',
        '[{"a":1,"a":2}]',
    ],
)
@pytest.mark.parametrize("remote", [False, True])
def test_duplicate_member_in_an_entry(entry: str, remote: bool) -> None:  # noqa: FBT001
    """It costs the entry alone; a library's own set is refused."""
    text = f'{{"keys": [{json.dumps(EC)}, {entry}, {json.dumps(RSA)}]}}'
    keys = jwtfast.KeySet.from_jwks(text, remote=remote, skip_broken=True)
    assert [one.kid for one in keys] == ["good", "rsa"]
    assert keys.broken == ("keys[1]: a member name stands twice",)
    with pytest.raises(jwtfast.InvalidKeyError, match="a member name stands twice"):
        jwtfast.KeySet.from_jwks(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"keys": [%s], "keys": [%s]}',
        '{"a": 1, "keys": [%s, %s], "a": 2}',
        '{"a": {"b":1,"b":2}, "keys": [%s,%s]}',
    ],
)
def test_duplicate_member_elsewhere(text: str) -> None:
    """A document that says two things is none."""
    with pytest.raises(jwtfast.InvalidKeyError, match="a member name stands twice"):
        jwtfast.KeySet.from_jwks(text % (json.dumps(EC), json.dumps(RSA)), remote=True)


def _certificate(name: str) -> str:
    return pair(name).certificate.public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize("first", ["first", "keys"])
def test_pem_by_kid(remote: bool, first: str) -> None:  # noqa: FBT001
    """An object of PEM texts by kid is a set: public keys and certificates, each by its name."""
    document = {first: _certificate("first"), "ec": pair("ec-first").public_pem}
    keys = jwtfast.KeySet.from_jwks(json.dumps(document), remote=remote)
    assert [(one.kid, one.is_symmetric) for one in keys] == [(first, False), ("ec", False)]
    for kid, signer, expected in (("ec", "ec-first", True), ("ec", "ec-other", False)):
        head = encode(json.dumps({"alg": "ES256", "kid": kid}).encode())
        message = f"{head}.{encode(json.dumps(CLAIMS).encode())}"
        signed = encode(signature("ES256", message.encode(), signer))
        assert verified(keys, f"{message}.{signed}") is expected


def _private() -> str:
    private = pair("ec-first").private
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize("what", ["private", "cut off", "two"])
def test_pem_by_kid_that_is_broken(what: str) -> None:
    """It costs its own entry."""
    good = _certificate("first")
    pem = {"private": _private(), "cut off": "-----BEGIN X", "two": good * 2}[what]
    document = {"bad": pem, "k" * 300: good, "good": good}
    keys = jwtfast.KeySet.from_jwks(document, remote=True)
    assert ([one.kid for one in keys], len(keys.broken)) == (["good"], 2)
    told = " ".join(keys.skipped)
    assert not [line for line in pem.splitlines()[1:-1] if line in told]


@pytest.mark.parametrize(
    "document",
    [{"a": 1}, {"a": "b"}, {"a": "-----BEGIN", "b": {}}, {"keys": "b"}, {}, {"keys": {"a": "b"}}],
)
def test_what_is_neither(document: dict[str, object]) -> None:
    """An object that is neither a JWKS nor all PEM is refused, with both forms told."""
    mixed = {"pem": _certificate("first"), **document} if document else {}
    for one in (document, mixed):
        with pytest.raises(jwtfast.InvalidKeyError, match="or an object of PEM texts"):
            jwtfast.KeySet.from_jwks(one, remote=True)


def test_pem_by_kid_twice() -> None:
    """Of a name that stands twice neither counts."""
    pem = json.dumps(_certificate("first"))
    with pytest.raises(jwtfast.InvalidKeyError, match="a member name stands twice"):
        jwtfast.KeySet.from_jwks(f'{{"a": {pem}, "a": {pem}}}', remote=True)


@pytest.mark.parametrize("uses", [None, ["sig"], ["sig", "jwt-svid"], ["jwt-svid"]])
def test_uses(uses: list[str] | None) -> None:
    """A key for one of the uses is taken, and one that names none."""
    entries = [EC | {"use": use, "kid": use} for use in ("sig", "jwt-svid", "x509-svid", "enc")]
    keys = jwtfast.KeySet.from_jwks({"keys": [*entries, EC]}, remote=True, uses=uses)
    assert [one.kid for one in keys] == [*(uses or ["sig"]), "good"]
    assert keys.broken == ()


def test_key_ops_ignored() -> None:
    """With the option a key is taken whatever its operations are; `use` still counts."""
    entries = [
        EC | {"key_ops": ["encrypt", "sign"], "kid": "a"},
        EC | {"key_ops": ["sign"], "use": "enc", "kid": "b"},
    ]
    keys = jwtfast.KeySet.from_jwks({"keys": [*entries, EC]}, remote=True, ignore_key_ops=True)
    assert [one.kid for one in keys] == ["a", "good"]
    strict = jwtfast.KeySet.from_jwks({"keys": [*entries, EC]}, remote=True)
    assert [one.kid for one in strict] == ["good"]
