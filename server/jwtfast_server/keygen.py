"""New keys: a private key as PKCS#8, its public half as PEM and JWKS; or an HMAC secret."""

import os
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

import jwtfast

__all__ = ["NewKey", "from_private_pem", "generate", "write", "write_file"]

_RSA_BITS = 2048
_CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
    "ES256K": ec.SECP256K1(),
}
# What a thumbprint is made of (RFC 7638 section 3.2).
_THUMBPRINT = ("crv", "e", "kty", "n", "x", "y")


@dataclass(frozen=True)
class NewKey:
    """A key and its files: name to content, those that must stay private, and the rest."""

    algorithm: str
    kid: str | None
    private: dict[str, str]
    public: dict[str, str]


def generate(algorithm: str, kid: str | None = None) -> NewKey:
    """Make a key for one algorithm; its kid is its thumbprint (RFC 7638) where none is given."""
    if algorithm.startswith("HS"):
        # As many random octets as the hash has (RFC 7518 section 3.2), written as text.
        secret = secrets.token_urlsafe(int(algorithm.removeprefix("HS")) // 8)
        return NewKey(algorithm, kid, {"secret.txt": secret}, {})
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    if algorithm in _CURVES:
        key = ec.generate_private_key(_CURVES[algorithm])
    elif algorithm.startswith("Ed"):
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return from_private_pem(pem, algorithm, kid)


def from_private_pem(pem: bytes, algorithm: str, kid: str | None = None) -> NewKey:
    """The files of a private key that exists already.

    Raises:
        ValueError: where it is not a private key as PEM.
        jwtfast.InvalidKeyError: where it does not fit the algorithm.
    """
    public = serialization.load_pem_private_key(pem, password=None).public_key()
    public_pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    members: dict[str, str] = jwtfast.Key.from_pem(public_pem, algorithm=algorithm).public_jwk()
    kid = kid or _thumbprint(members)
    jwk = members | {"kid": kid, "alg": algorithm, "use": "sig"}
    return NewKey(
        algorithm,
        kid,
        {"private.pem": pem.decode()},
        {"public.pem": public_pem.decode(), "jwks.json": _json({"keys": [jwk]})},
    )


def write(key: NewKey, directory: Path, *, force: bool = False) -> list[Path]:
    """Write the key's files, the private ones readable by their owner only.

    Raises:
        FileExistsError: where one of them is there already and `force` is not given; then
            none was written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = {directory / name: text for name, text in (key.private | key.public).items()}
    for path in files:
        if path.exists() and not force:
            raise FileExistsError(path)
    for path, text in files.items():
        write_file(path, text, private=path.name in key.private)
    return list(files)


def write_file(path: Path, text: str, *, private: bool) -> None:
    """Replace a file whole: a reader sees the old text or the new, and never with a wider mode."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    new.replace(path)


def _thumbprint(jwk: dict[str, str]) -> str:
    members = {name: jwk[name] for name in _THUMBPRINT if name in jwk}
    digest = sha256(orjson.dumps(members, option=orjson.OPT_SORT_KEYS)).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n"
