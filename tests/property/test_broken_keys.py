"""Keys with noise in them: taken or refused with a sentence, never a panic or another error."""

import base64
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat

import jwtfast
from tests.forge import ASYMMETRIC, compact, key_name, private_jwk, public_jwk
from tests.forge.token import certificate, private_key, public_key
from tests.verdict import ACCEPTED, verdict, verifier

ROUNDS = 400
TYPES = ["RS256", "ES256", "ES384", "ES512", "ES256K", "EdDSA"]
PLAIN = serialization.NoEncryption()
VALUES: list[Any] = [None, True, 0, -1, 1.5, "", "A", "AA", "=", "\0", "\u00e9", [], {}, ["verify"]]


def noise(chance: random.Random, data: bytes) -> bytes:
    """Change, add or take away a few bytes."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(out))
        match chance.randrange(4):
            case 0:
                out[place] = chance.randrange(256)
            case 1:
                out[place] ^= 1 << chance.randrange(8)
            case 2:
                out[place:place] = chance.randbytes(chance.randint(1, 3))
            case _:
                del out[place : place + chance.randint(1, 3)]
        if not out:
            out = bytearray(b"\0")
    return bytes(out)


def armoured(label: str, der: bytes) -> bytes:
    """Return DER as PEM."""
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n".encode()


def ders(algorithm: str) -> dict[str, bytes]:
    """Return a key in every DER form it has, by PEM label."""
    public, private = public_key(algorithm), private_key(algorithm)
    forms = {
        "PUBLIC KEY": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "PRIVATE KEY": private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, PLAIN),
        "CERTIFICATE": base64.b64decode(b"".join(certificate(algorithm).splitlines()[1:-1])),
    }
    traditional = PrivateFormat.TraditionalOpenSSL
    if key_name(algorithm) == "RSA":
        forms["RSA PUBLIC KEY"] = public.public_bytes(Encoding.DER, PublicFormat.PKCS1)
        forms["RSA PRIVATE KEY"] = private.private_bytes(Encoding.DER, traditional, PLAIN)
    elif key_name(algorithm) != "Ed25519":
        forms["EC PRIVATE KEY"] = private.private_bytes(Encoding.DER, traditional, PLAIN)
    return forms


def load(read: Callable[[], jwtfast.Key]) -> jwtfast.Key | None:
    """Return the key, or None where it is refused with a sentence."""
    try:
        return read()
    except jwtfast.InvalidKeyError as error:
        if not str(error):
            raise
        return None


@pytest.mark.parametrize("algorithm", TYPES)
def test_der(algorithm: str) -> None:
    """DER with noise in it is refused, or is a key that still does not crash a check."""
    chance = random.Random(algorithm)  # noqa: S311 - nothing depends on it but repetition
    token = compact(algorithm)
    for label, der in ders(algorithm).items():
        for _ in range(ROUNDS):
            pem = armoured(label, noise(chance, der))
            key = load(lambda pem=pem: jwtfast.Key.from_pem(pem))  # type: ignore[misc]
            if key is not None and algorithm in key.algorithms:
                assert verdict(token, verifier(keys=key)) in {ACCEPTED, "invalid_signature"}


@pytest.mark.parametrize("algorithm", TYPES)
def test_pem(algorithm: str) -> None:
    """PEM text with noise in it is refused or read, whatever the noise is."""
    chance = random.Random(algorithm)  # noqa: S311 - nothing depends on it but repetition
    for label, der in ders(algorithm).items():
        good = armoured(label, der)
        for _ in range(ROUNDS):
            pem = noise(chance, good)
            load(lambda pem=pem: jwtfast.Key.from_pem(pem))  # type: ignore[misc]


@pytest.mark.parametrize("algorithm", ["HS256", *TYPES])
def test_jwk(algorithm: str) -> None:
    """A JWK with a member of any other value is refused or read; so is its text with noise."""
    chance = random.Random(algorithm)  # noqa: S311 - nothing depends on it but repetition
    good: dict[str, Any] = {
        **private_jwk(algorithm),
        "alg": algorithm,
        "kid": "k",
        "use": "sig",
        "key_ops": ["sign", "verify"],
    }
    for member in good:
        for value in VALUES:
            load(lambda m=member, v=value: jwtfast.Key.from_jwk({**good, m: v}))  # type: ignore[misc]
            without = {name: found for name, found in good.items() if name != member}
            load(lambda jwk=without: jwtfast.Key.from_jwk(jwk))  # type: ignore[misc]
    text = json.dumps(good).encode()
    for _ in range(ROUNDS):
        spoilt = noise(chance, text)
        load(lambda t=spoilt: jwtfast.Key.from_jwk(t))  # type: ignore[misc]


def test_jwks() -> None:
    """A set of keys with noise in its text is refused, or holds the keys that are left."""
    chance = random.Random(0)  # noqa: S311 - nothing depends on it but repetition
    entries = [public_jwk(name, alg=name, kid=name) for name in ASYMMETRIC]
    text = json.dumps({"keys": entries}).encode()
    for remote in (False, True):
        for _ in range(ROUNDS):
            try:
                keys = jwtfast.KeySet.from_jwks(noise(chance, text), remote=remote)
            except jwtfast.InvalidKeyError as error:
                if not str(error):
                    raise
            else:
                assert len(keys) + len(keys.skipped) <= len(ASYMMETRIC)
