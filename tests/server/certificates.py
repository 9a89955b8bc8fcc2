"""Certificates and keys for TLS, made for the tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

__all__ = ["KEYS", "write_pair"]

_TRADITIONAL = PrivateFormat.TraditionalOpenSSL
_PKCS8 = PrivateFormat.PKCS8


def _weak_rsa() -> CertificateIssuerPrivateKeyTypes:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - to see it refused


KEYS: dict[str, tuple[Callable[[], CertificateIssuerPrivateKeyTypes], PrivateFormat]] = {
    "PKCS#1": (lambda: rsa.generate_private_key(65537, 2048), _TRADITIONAL),
    "PKCS#8 RSA": (lambda: rsa.generate_private_key(65537, 2048), _PKCS8),
    "SEC1 P-256": (lambda: ec.generate_private_key(ec.SECP256R1()), _TRADITIONAL),
    "SEC1 P-384": (lambda: ec.generate_private_key(ec.SECP384R1()), _TRADITIONAL),
    "PKCS#8 P-256": (lambda: ec.generate_private_key(ec.SECP256R1()), _PKCS8),
    "PKCS#8 Ed25519": (ed25519.Ed25519PrivateKey.generate, _PKCS8),
    "SEC1 P-521": (lambda: ec.generate_private_key(ec.SECP521R1()), _TRADITIONAL),
    "RSA 1024": (_weak_rsa, _PKCS8),
}
"""How to make a key, and the form it is written in."""


def write_pair(directory: Path, kind: str, password: bytes | None = None) -> tuple[Path, Path]:
    """Write a certificate for localhost and its key of one of `KEYS`."""
    make, form = KEYS[kind]
    key = make()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    stem = kind.replace(" ", "_").replace("#", "")
    cert_path, key_path = directory / f"{stem}.crt", directory / f"{stem}.key"
    cert_path.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_path.write_bytes(key.private_bytes(Encoding.PEM, form, encryption))
    return cert_path, key_path
