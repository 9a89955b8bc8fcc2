"""Key material is no HMAC secret, whatever it was wrapped in on its way; random bytes are one."""

import base64
import itertools
import json
import random
import string
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat

import jwtfast
from tests.forge import ASYMMETRIC, encode, json_bytes, private_jwk, public_jwk
from tests.forge.token import certificate, private_key, public_key

PLAIN: Final = serialization.NoEncryption()
SPKI: Final = PublicFormat.SubjectPublicKeyInfo
KINDS: Final = ("RS256", "ES256", "ES384", "ES512", "ES256K", "EdDSA")
NEWLINE: Final = b"\n"


def keys() -> dict[str, bytes]:
    """Return a key in every form that it is written in."""
    found: dict[str, bytes] = {}
    for name in KINDS:
        public, private = public_key(name), private_key(name)
        jwk = public_jwk(name)
        found |= {
            f"{name} SPKI": public.public_bytes(Encoding.PEM, SPKI),
            f"{name} SPKI DER": public.public_bytes(Encoding.DER, SPKI),
            f"{name} PKCS8": private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PLAIN),
            f"{name} PKCS8 DER": private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, PLAIN),
            f"{name} certificate": certificate(name),
            f"{name} certificate DER": x509.load_pem_x509_certificate(
                certificate(name)
            ).public_bytes(Encoding.DER),
            f"{name} JWK": json_bytes(jwk),
            f"{name} JWKs": json_bytes([jwk]),  # type: ignore[arg-type]
            f"{name} JWKS": json_bytes({"keys": [jwk]}),
        }
        if name != "ES256K":
            ssh = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
            found |= {f"{name} SSH": ssh, f"{name} SSH blob": base64.b64decode(ssh.split()[1])}
        if name.startswith("ES"):
            point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            found |= {f"{name} point": point, f"{name} coordinates": point[1:]}
    rsa = public_key("RS256")
    request = x509.CertificateSigningRequestBuilder(x509.Name([]))
    return found | {
        "PKCS1": rsa.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "PKCS1 DER": rsa.public_bytes(Encoding.DER, PublicFormat.PKCS1),
        "request": request.sign(private_key("RS256"), hashes.SHA256()).public_bytes(Encoding.PEM),
        "secret JWK": json_bytes(private_jwk("HS256")),
        "secret JWKs": json_bytes([private_jwk("HS256")]),  # type: ignore[arg-type]
    }


ALL: Final = keys()


def mapped(first: bytes, before: bytes = b"", after: bytes = b"") -> Callable[[bytes], bytes]:
    """Return a wrapping that writes something before and after."""
    return lambda key: first + before + key + after


TEXT: Final[dict[str, Callable[[bytes], bytes]]] = {
    "byte order mark": mapped(b"\xef\xbb\xbf"),
    "two marks": mapped(b"\xef\xbb\xbf\xef\xbb\xbf"),
    "blank lines": mapped(b"\r\n\n \t\x0b\x0c"),
    "mark behind blanks": mapped(b"\n \xef\xbb\xbf\n"),
    "no-break space": mapped("\u00a0".encode()),
    "zero-width space": mapped("\u200b".encode()),
    "blanks behind": mapped(b"", b"", b" \r\n\n\0"),
    "CRLF": lambda key: key.replace(b"\n", b"\r\n"),
    "CR": lambda key: key.replace(b"\n", b"\r"),
    "UTF-16": lambda key: key.decode().encode("utf-16"),
    "UTF-16LE": lambda key: key.decode().encode("utf-16-le"),
    "UTF-16BE": lambda key: key.decode().encode("utf-16-be"),
    "UTF-32": lambda key: key.decode().encode("utf-32"),
    "double quotes": mapped(b'"', b"", b'"\n'),
    "single quotes": mapped(b"'", b"", b"'"),
    "JSON text": lambda key: json.dumps(key.decode()).encode(),
    "JSON text of escapes": lambda key: (
        '"' + "".join(f"\\u{ord(one):04x}" for one in key.decode()) + '"'
    ).encode(),
    "in JSON": lambda key: json.dumps({"key": [{"value": key.decode()}]}).encode(),
    "Python bytes": lambda key: repr(key).encode(),
    "percent": lambda key: quote(key, safe="").encode(),
    "comment": mapped(b"# the key of production\n"),
    "comments": mapped(b"// one\n/* two */\n"),
}
"""What happens to text."""

BYTES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "as it is": mapped(b""),
    "base64": base64.b64encode,
    "base64 without padding": lambda key: base64.b64encode(key).rstrip(b"="),
    "base64url": base64.urlsafe_b64encode,
    "base64 in lines": base64.encodebytes,
    "base64 twice": lambda key: base64.b64encode(base64.b64encode(key)),
    "base64 in lines with CRLF": lambda key: base64.encodebytes(key).replace(b"\n", b"\r\n"),
    "base64 with a comment": lambda key: b"# key: public\n" + base64.encodebytes(key),
    "base64 behind a name": lambda key: b"JWT_KEY=" + base64.b64encode(key),
    "base64 in a variable": lambda key: b'export KEY="' + base64.b64encode(key) + b'"',
    "base64 in YAML": lambda key: b"key: " + base64.encodebytes(key),
    "base64 in a URL": lambda key: b"data:application/x-x509;base64," + base64.b64encode(key),
    "hex behind a name": lambda key: b"key = " + key.hex().encode(),
    "hex": lambda key: key.hex().encode(),
    "HEX": lambda key: key.hex().upper().encode(),
    "hex with colons": lambda key: key.hex(":").encode(),
    "hex with 0x": lambda key: b"0x" + key.hex().encode(),
    "hex of bytes": lambda key: ", ".join(f"0x{byte:02x}" for byte in key).encode(),
    "a line feed behind": lambda key: key + NEWLINE,
}
"""What happens to any bytes."""


def is_text(key: bytes) -> bool:
    """Say whether bytes are ASCII."""
    return key.isascii() and b"\0" not in key


def from_secret(secret: bytes) -> jwtfast.Key:
    """Return a key of a secret."""
    return jwtfast.Key.from_secret(secret, algorithm="HS256", allow_weak_hmac=True)


def from_jwk(secret: bytes) -> jwtfast.Key:
    """Return a key of a secret in a JWK."""
    jwk = {"kty": "oct", "k": encode(secret), "alg": "HS256"}
    return jwtfast.Key.from_jwk(jwk, allow_weak_hmac=True)


def refused(secret: bytes) -> bool:
    """Say whether bytes are refused as a secret, and as the secret of a JWK."""
    answers = set()
    for load in (from_secret, from_jwk):
        try:
            load(secret)
        except jwtfast.InvalidKeyError as error:
            answers.add("was given as an HMAC secret" in str(error))
        else:
            answers.add(False)
    assert len(answers) == 1
    return answers.pop()


@pytest.mark.parametrize("form", ALL)
def test_key_material_in_any_wrapping(form: str) -> None:
    """A key in every form, with everything that copying does to it, is refused."""
    key = ALL[form]
    wrappings = BYTES | (TEXT if is_text(key) else {})
    passed = [name for name, wrap in wrappings.items() if not refused(wrap(key))]
    assert passed == []


@pytest.mark.parametrize("form", ["RS256 SPKI", "ES256 JWKs", "EdDSA SPKI DER", "ES256 SSH"])
def test_two_wrappings(form: str) -> None:
    """So is one that was wrapped twice, each way inside each other."""
    key = ALL[form]
    inner = BYTES | (TEXT if is_text(key) else {})
    passed = []
    for (one, first), (two, second) in itertools.product(inner.items(), (BYTES | TEXT).items()):
        wrapped = first(key)
        if (two in BYTES or is_text(wrapped)) and not refused(second(wrapped)):
            passed.append((one, two))
    assert passed == []


@pytest.mark.parametrize(
    "text",
    [
        b'[{"kty":"RSA","n":"AQAB","e":"AQAB"},]',
        b'{"kty":"RSA","kty":"RSA"}',
        b"{'kty': 'RSA', 'n': 'x'}",
        b"kty: RSA\nn: AQAB\n",
        b"- kty: EC\n  crv: P-256\n",
        b'{"kty" :"EC","x":',
        b'{"a":1,"kty":"OKP"}/* comment */',
        b'{"keys":[]}',
        b'[{"keys":[]}]',
        b'["a",[[{"kty":1}]]]',
        b'{"set":{"keys":[1]}}',
        b"MIIB\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN PUBLIC KEY-----",
        b"-----begin public key-----\nMIIB",
        b"-- BEGIN CERTIFICATE --",
        b"PuTTY-User-Key-File-3: ssh-ed25519\n",
        b"<RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue>",
        b"host.example ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB",
        b'command="x",no-pty ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI',
        b"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5",
    ],
)
def test_texts_that_read_like_keys(text: bytes) -> None:
    """Broken, cut and foreign spellings of keys are refused too."""
    assert refused(text)
    assert refused(text.ljust(64))
    assert refused(base64.b64encode(text.ljust(64)))


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
def test_a_certificate_that_was_cut(algorithm: str) -> None:
    """The beginning of a key's DER, where its type is told, is as public as the whole."""
    der = public_key(algorithm).public_bytes(Encoding.DER, SPKI)
    assert refused(der[:-2])
    assert refused(base64.b64encode(der[:-2]))


def test_random_bytes_are_secrets() -> None:
    """Nothing that was made by chance is taken for a key: bytes, hex, base64, words."""
    chance = random.Random(7518)  # noqa: S311 - to be repeated
    for _ in range(3000):
        secret = chance.randbytes(chance.choice([32, 48, 64, 65, 97, 128, 256]))
        forms = [secret, secret.hex().encode(), base64.b64encode(secret)]
        forms += [base64.urlsafe_b64encode(secret), base64.encodebytes(secret)]
        assert [refused(form) for form in forms] == [False] * 5
    words = "".join(chance.choices(string.ascii_letters + string.digits + " -_", k=64)).encode()
    for text in (
        words,
        b"the beginning -- begin -- and the end of it -- end here",
        b'{"password": "x"}' * 3,
    ):
        assert not refused(text)
