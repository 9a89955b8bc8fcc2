"""Key pairs of the imitations, generated once a run, as the JWK members, PEM or X.509 of them."""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from tests.forge import encode

__all__ = ["FILLED", "Pair", "pair", "signature"]

FILLED: Final = "$"
"""What stands in an entry of a key document for a value of the key."""


class Pair:
    """One key pair: RSA with 2048 bits, or on P-256."""

    def __init__(self, name: str) -> None:
        """Generate it."""
        self.private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
        if name.startswith("ec-"):
            self.private = ec.generate_private_key(ec.SECP256R1())
        else:
            self.private = rsa.generate_private_key(65537, 2048)

    def entry(self, template: Mapping[str, Any]) -> dict[str, Any]:
        """Return an entry of a key document, in the order of its template."""
        members = {name: value for name, value in template.items() if name != FILLED}
        return {
            name: self._members[name] if value == FILLED else value
            for name, value in members.items()
        }

    def jwk(self) -> dict[str, Any]:
        """Return the public key as a JWK with its certificate."""
        kind = {"kty": "RSA"} if "n" in self._members else {"kty": "EC", "crv": "P-256"}
        return kind | self._members

    @cached_property
    def public_pem(self) -> str:
        """The public key as PEM (SPKI)."""
        public = self.private.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @cached_property
    def certificate(self) -> x509.Certificate:
        """A certificate of its own."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an imitation")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            issuer_name=name,
            subject_name=name,
            public_key=self.private.public_key(),
            serial_number=1,
            not_valid_before=now - timedelta(days=1),
            not_valid_after=now + timedelta(days=30),
        )
        return builder.sign(self.private, hashes.SHA256())

    @cached_property
    def _members(self) -> dict[str, Any]:
        der = self.certificate.public_bytes(Encoding.DER)
        sha1 = self.certificate.fingerprint(hashes.SHA1())  # noqa: S303 - x5t is that
        numbers = self.private.public_key().public_numbers()
        found: dict[str, Any] = {
            "x5c": [base64.b64encode(der).decode()],
            "x5t": encode(sha1),
            "x5t#S256": encode(self.certificate.fingerprint(hashes.SHA256())),
        }
        if isinstance(numbers, rsa.RSAPublicNumbers):
            size = (numbers.n.bit_length() + 7) // 8
            return found | {"n": encode(numbers.n.to_bytes(size, "big")), "e": "AQAB"}
        found |= {"x": encode(numbers.x.to_bytes(32, "big"))}
        return found | {"y": encode(numbers.y.to_bytes(32, "big"))}


@cache
def pair(name: str) -> Pair:
    """Return the key pair of a name; `ec-...` is one on P-256."""
    return Pair(name)


def signature(algorithm: str, message: bytes, name: str, secret: str | None = None) -> bytes:
    """Sign as RS256, ES256 or HS256; HMAC without a secret takes the public key for one."""
    private = pair(name).private
    if algorithm == "HS256":
        key = pair(name).public_pem if secret is None else secret
        return hmac.digest(key.encode(), message, "sha256")
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(message, padding.PKCS1v15(), hashes.SHA256())
    numbers = decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA256())))
    return b"".join(number.to_bytes(32, "big") for number in numbers)
