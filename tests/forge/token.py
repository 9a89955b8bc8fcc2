"""Compact JWS (RFC 7515) made with `cryptography` alone, so that nothing about it is checked."""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from tests.forge.claims import claims, json_bytes
from tests.forge.keys import Owner, key_name, private_jwk

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_HASHES: Final = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_CURVES: Final[dict[str, tuple[ec.EllipticCurve, int]]] = {
    "P-256": (ec.SECP256R1(), 32),
    "P-384": (ec.SECP384R1(), 48),
    "P-521": (ec.SECP521R1(), 66),
    "secp256k1": (ec.SECP256K1(), 32),
}


def encode(data: bytes) -> str:
    """Return base64url without padding (RFC 7515 appendix C)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the octets of unpadded base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(text: str) -> int:
    return int.from_bytes(decode(text), "big")


@cache
def _rsa_key(owner: Owner) -> rsa.RSAPrivateKey:
    jwk = {
        name: _number(value) for name, value in private_jwk("RS256", owner).items() if name != "kty"
    }
    public = rsa.RSAPublicNumbers(jwk["e"], jwk["n"])
    return rsa.RSAPrivateNumbers(
        jwk["p"], jwk["q"], jwk["d"], jwk["dp"], jwk["dq"], jwk["qi"], public
    ).private_key()


@cache
def _ec_key(algorithm: str, owner: Owner) -> ec.EllipticCurvePrivateKey:
    curve, _ = _CURVES[key_name(algorithm)]
    return ec.derive_private_key(_number(private_jwk(algorithm, owner)["d"]), curve)


@cache
def _ed25519_key(owner: Owner) -> ed25519.Ed25519PrivateKey:
    seed = decode(private_jwk("EdDSA", owner)["d"])
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed)


def private_key(algorithm: str, owner: Owner = "ours") -> PrivateKey:
    """Return the private key for an asymmetric algorithm."""
    match key_name(algorithm):
        case "RSA":
            return _rsa_key(owner)
        case "Ed25519":
            return _ed25519_key(owner)
        case _:
            return _ec_key(algorithm, owner)


def public_key(
    algorithm: str, owner: Owner = "ours"
) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey:
    """Return the public key for an asymmetric algorithm."""
    return private_key(algorithm, owner).public_key()


@cache
def certificate(algorithm: str) -> bytes:
    """Return a self-signed X.509 certificate in PEM, long expired."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jwtfast test")])
    begin = datetime(2000, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=public_key(algorithm),
        serial_number=1,
        not_valid_before=begin,
        not_valid_after=begin + timedelta(days=400),
    )
    chosen = None if key_name(algorithm) == "Ed25519" else hashes.SHA256()
    signed = builder.sign(private_key(algorithm), chosen)
    return signed.public_bytes(serialization.Encoding.PEM)


def sign(algorithm: str, message: bytes, owner: Owner = "ours") -> bytes:
    """Return the JWS signature of `message` (RFC 7518 section 3, RFC 8037, RFC 8812)."""
    if algorithm in {"EdDSA", "Ed25519"}:
        return _ed25519_key(owner).sign(message)
    chosen = _HASHES[algorithm[2:5]]
    match algorithm[:2]:
        case "HS":
            return hmac.digest(decode(private_jwk(algorithm, owner)["k"]), message, chosen.name)
        case "RS":
            return _rsa_key(owner).sign(message, padding.PKCS1v15(), chosen)
        case "PS":
            pss = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
            return _rsa_key(owner).sign(message, pss, chosen)
        case _:
            der = _ec_key(algorithm, owner).sign(
                message, ec.ECDSA(chosen, deterministic_signing=True)
            )
            width = _CURVES[key_name(algorithm)][1]
            return b"".join(part.to_bytes(width, "big") for part in decode_dss_signature(der))


def compact(
    algorithm: str,
    payload: bytes | Mapping[str, object] | None = None,
    header: bytes | Mapping[str, object] | None = None,
    owner: Owner = "ours",
) -> str:
    """Return a compact JWS signed with `algorithm`, whatever its header and payload say.

    Args:
        algorithm: what to sign with, and the header's `alg` unless the header says otherwise.
        payload: claims or raw bytes; the claims of a good token where None.
        header: members beside `alg`, or the header's raw bytes.
        owner: whose key signs.
    """
    head = header if isinstance(header, bytes) else {"alg": algorithm, **(header or {})}
    body = claims() if payload is None else payload
    message = f"{encode(json_bytes(head))}.{encode(json_bytes(body))}"
    return f"{message}.{encode(sign(algorithm, message.encode(), owner))}"
