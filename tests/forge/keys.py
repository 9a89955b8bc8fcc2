"""Fixed keys of every type, in two sets: ours, and those of strangers."""

import json
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

Owner: TypeAlias = Literal["ours", "strangers"]

_TYPES: Final = {
    "HS256": "oct",
    "HS384": "oct",
    "HS512": "oct",
    "RS256": "RSA",
    "RS384": "RSA",
    "RS512": "RSA",
    "PS256": "RSA",
    "PS384": "RSA",
    "PS512": "RSA",
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "ES256K": "secp256k1",
    "EdDSA": "Ed25519",
    "Ed25519": "Ed25519",
}
_PUBLIC: Final = ("kty", "crv", "n", "e", "x", "y", "k")

ALGORITHMS: Final = tuple(_TYPES)
SYMMETRIC: Final = ("HS256", "HS384", "HS512")
ASYMMETRIC: Final = tuple(name for name in ALGORITHMS if name not in SYMMETRIC)


def key_name(algorithm: str) -> str:
    """Return the type or curve of the keys that an algorithm takes."""
    return _TYPES[algorithm]


@cache
def _sets() -> dict[str, dict[str, dict[str, str]]]:
    path = Path(__file__).parents[1] / "vectors" / "keys.json"
    content: dict[str, dict[str, dict[str, str]]] = json.loads(path.read_text())
    return content


def private_jwk(algorithm: str, owner: Owner = "ours", /, **members: str) -> dict[str, str]:
    """Return the signing key for an algorithm as a JWK without `alg` and `kid`, plus `members`."""
    return {**_sets()[owner][_TYPES[algorithm]], **members}


def public_jwk(algorithm: str, owner: Owner = "ours", /, **members: str) -> dict[str, str]:
    """Return the key that verifies (for HMAC the secret) as a JWK, plus `members`."""
    key = _sets()[owner][_TYPES[algorithm]]
    return {**{name: key[name] for name in _PUBLIC if name in key}, **members}
