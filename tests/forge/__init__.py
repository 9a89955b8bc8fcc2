"""Tokens made by hand: any header bytes and any payload bytes under a true signature."""

from tests.forge.claims import AUDIENCE, ISSUER, NOW, claims, json_bytes
from tests.forge.keys import ALGORITHMS, ASYMMETRIC, SYMMETRIC, key_name, private_jwk, public_jwk
from tests.forge.token import compact, decode, encode, sign

__all__ = [
    "ALGORITHMS",
    "ASYMMETRIC",
    "AUDIENCE",
    "ISSUER",
    "NOW",
    "SYMMETRIC",
    "claims",
    "compact",
    "decode",
    "encode",
    "json_bytes",
    "key_name",
    "private_jwk",
    "public_jwk",
    "sign",
]
