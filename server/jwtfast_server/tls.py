"""The certificate and key of the listener, looked at before anything starts.

granian reads PKCS#1, SEC1 and PKCS#8 alike. But with a key that it cannot use, its workers panic
one after the other, and for an encrypted one OpenSSL asks the terminal: both are told here.
"""

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from jwtfast_server.changes.regular import read_regular

__all__ = ["CertificateError", "check"]

_CURVES = ("secp256r1", "secp384r1")
_LEAST_RSA_BITS = 2048
_MOST_BYTES = 1 << 20


class CertificateError(Exception):
    """The certificate and key cannot be served with; the text says which file, and why."""


def check(certificate: str, key: str) -> None:
    """Find out whether TLS can be served with these PEM files.

    Args:
        certificate: the file of the certificate, followed by its chain.
        key: the file of its private key: PKCS#1, SEC1 or PKCS#8, not encrypted.

    Raises:
        CertificateError: where it cannot.
    """
    try:
        chain = x509.load_pem_x509_certificates(_read(certificate))
    except ValueError as error:
        raise CertificateError(
            f"{certificate}: expected certificates in PEM, found none"
        ) from error
    private = _private_key(key)
    if chain[0].public_key() != private.public_key():
        raise CertificateError(f"{key}: expected the key of the first certificate in {certificate}")


def _read(path: str) -> bytes:
    try:
        content = read_regular(Path(path), _MOST_BYTES)
    except OSError as error:
        raise CertificateError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise CertificateError(f"{path}: is larger than {_MOST_BYTES >> 20} MiB")
    return content


def _private_key(path: str) -> PrivateKeyTypes:
    try:
        key = load_pem_private_key(_read(path), password=None)
    except TypeError as error:
        raise CertificateError(f"{path}: expected a key that is not encrypted") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError(f"{path}: expected a private key in PEM, found none") from error
    match key:
        case rsa.RSAPrivateKey() if key.key_size >= _LEAST_RSA_BITS:
            return key
        case ec.EllipticCurvePrivateKey() if key.curve.name in _CURVES:
            return key
        case ed25519.Ed25519PrivateKey():
            return key
        case _:
            usable = f"RSA from {_LEAST_RSA_BITS} bits, P-256, P-384 or Ed25519"
            raise CertificateError(
                f"{path}: expected a key of a kind that TLS is served with: {usable}"
            )
