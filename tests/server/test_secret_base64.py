"""HMAC secrets that are kept in base64, in a variable or a file."""

import base64
from pathlib import Path

import pytest

import jwtfast
from tests.configs import load_text, problems_of
from tests.server.test_remote_sources import with_keys

SECRET = b"\xfb\xff\xfe" * 11
WRITTEN = {
    "standard": base64.b64encode(SECRET),
    "url": base64.urlsafe_b64encode(SECRET),
    "unpadded": base64.b64encode(SECRET[:32]).rstrip(b"="),
    "padded": base64.urlsafe_b64encode(SECRET[:32]),
    "with a line end": base64.b64encode(SECRET) + b"\r\n",
}
BROKEN = {
    "mixed alphabets": b"-+" + base64.b64encode(SECRET)[2:],
    "a space": base64.b64encode(SECRET) + b" x",
    "no base64": b"hunter22!" * 5,
    "a character too many": base64.b64encode(SECRET) + b"A",
    "other last bits": base64.b64encode(b"a" * 32).replace(b"E=", b"F="),
    "nothing": b"=",
}


def keys(place: str) -> str:
    """Return the minimal file with a secret at a place."""
    value = "JWT_SECRET" if place.endswith("env") else "secret"
    return with_keys(f"{{{place}: {value}, algorithm: HS256}}")


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("place", ["secret_base64_env", "secret_base64_file"])
def test_secret(tmp_path: Path, written: str, place: str) -> None:
    """The key is of the bytes, not of their text."""
    text = WRITTEN[written]
    (tmp_path / "secret").write_bytes(text)
    settings = load_text(tmp_path, keys(place), env={"JWT_SECRET": text.decode()})
    found = settings.key_sets()["corp"]
    assert found is not None
    size = 32 if "padded" in written else len(SECRET)
    ours = jwtfast.Key.from_secret(SECRET[:size], algorithm="HS256")
    token = jwtfast.encode({"exp": 2**33}, ours)
    assert jwtfast.Verifier(found, issuer=None, audience=None).verify(token) == {"exp": 2**33}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("place", ["secret_base64_env", "secret_base64_file"])
def test_broken(tmp_path: Path, what: str, place: str) -> None:
    """It is told with its place, and not shown."""
    text = BROKEN[what]
    (tmp_path / "secret").write_bytes(text)
    found = problems_of(tmp_path, keys(place), env={"JWT_SECRET": text.decode()})
    sentence = "what it names is not a secret in base64, of either alphabet"
    assert found == [f"jwtfast.yaml:4: issuers[0].keys.{place}: {sentence}"]


def test_a_public_key_in_base64(tmp_path: Path) -> None:
    """What must not be a secret is none in base64 either."""
    body = b"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7"
    pem = b"-----BEGIN PUBLIC KEY-----\n" + body + b"\n-----END PUBLIC KEY-----\n"
    (tmp_path / "secret").write_bytes(base64.b64encode(pem))
    (found,) = problems_of(tmp_path, keys("secret_base64_file"))
    assert "given as an HMAC secret" in found
