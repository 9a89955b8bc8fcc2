"""Files beside the configuration that are cut off: none of them is taken for a whole one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

import jwtfast
from jwtfast_server.keysources import KeyMaterial
from jwtfast_server.revocation.file import watched
from jwtfast_server.watched_file import UnreadableError
from jwtfast_server.watched_files import look
from tests.configs import JWKS, PEM
from tests.server.certificates import write_pair

REVOKED: Final = json.dumps(
    {"revoked": [{"jti": "a"}, {"sub": "b", "issued_before": 1790000000}, {"kid": "c"}]}
)


def keys_of(kind: str) -> Callable[[bytes], int]:
    """Return what counts the keys of a key source."""

    def count(content: bytes) -> int:
        return len(KeyMaterial.model_validate({"kind": kind, "content": content}).keys()[0])

    return count


@pytest.mark.parametrize(
    "kind, text", [("jwks", JWKS), ("jwk", json.dumps(json.loads(JWKS)["keys"][0])), ("pem", PEM)]
)
def test_keys(kind: str, text: str) -> None:
    """Cut at any byte, a JWKS, a JWK and a PEM are no keys; but for the end of their last line."""
    count, whole = keys_of(kind), text.rstrip("\n")
    for end in range(len(whole)):
        with pytest.raises(jwtfast.InvalidKeyError):
            count(whole[:end].encode())
    assert count(whole.encode()) == 1


def test_a_chain(tmp_path: Path) -> None:
    """Of several PEMs, what is cut off after the first gives no other key than that one."""
    from cryptography import x509  # noqa: PLC0415

    cert, _ = write_pair(tmp_path, "SEC1 P-256")
    first = x509.load_pem_x509_certificate(cert.read_bytes()).public_bytes(Encoding.PEM)
    for end in range(len(first) * 2):
        try:
            found = KeyMaterial.model_validate(
                {"kind": "pem", "content": (first * 2)[:end], "algorithm": "ES256"}
            ).keys()[0]
        except jwtfast.InvalidKeyError:
            continue
        assert [key.public_jwk() for key in found] == [
            jwtfast.Key.from_pem(first, algorithm="ES256").public_jwk()
        ]


def test_a_list_of_revoked_tokens(tmp_path: Path) -> None:
    """Cut at any byte, and empty, it is told, and every token stays revoked."""
    path, revoked = tmp_path / "revoked.json", jwtfast.RevocationList()
    path.write_text(REVOKED)
    file = watched(path, revoked)
    file.look()
    for end in range(len(REVOKED)):
        path.write_text(REVOKED[:end])
        with pytest.raises(UnreadableError):
            file.look()
        assert len(revoked) == 3
    path.write_text(REVOKED + "\n")
    file.look()
    assert len(revoked) == 3


@pytest.mark.parametrize("text", [JWKS, PEM, REVOKED, "a: 1\n...\n", '{"a": "}"}'])
def test_what_ends_by_itself(tmp_path: Path, text: str) -> None:
    """Only the whole looks so; or, inside of JSON, what is no JSON yet."""
    path = tmp_path / "file"
    whole = text.rstrip("\n")
    for end in range(len(whole)):
        path.write_text(whole[:end])
        if look(path).ends:
            with pytest.raises(ValueError, match=r"\w"):
                json.loads(whole[:end])
    path.write_text(text)
    assert look(path).ends
