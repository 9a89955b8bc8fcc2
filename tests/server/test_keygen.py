"""New keys: what is written can be read back, and is private where it must be."""

import stat
from pathlib import Path

import orjson
import pytest

import jwtfast
from jwtfast_server.keygen import from_private_pem, generate, write, write_file


@pytest.mark.parametrize("algorithm", [name for name in jwtfast.ALGORITHMS if name[:2] != "HS"])
def test_asymmetric(algorithm: str) -> None:
    """What the private PEM signs, both the public PEM and the JWKS verify; kid and alg are told."""
    key = generate(algorithm)
    private = jwtfast.Key.from_pem(key.private["private.pem"], algorithm=algorithm, kid=key.kid)
    token = jwtfast.encode({"sub": "alice"}, private)
    public = jwtfast.Key.from_pem(key.public["public.pem"], algorithm=algorithm)
    jwks = jwtfast.KeySet.from_jwks(key.public["jwks.json"])
    for keys in (jwtfast.KeySet([public]), jwks):
        assert jwtfast.Verifier(keys, require_exp=False).verify(token) == {"sub": "alice"}
    (entry,) = orjson.loads(key.public["jwks.json"])["keys"]
    assert (entry["kid"], entry["alg"], entry["use"]) == (key.kid, algorithm, "sig")
    assert "d" not in entry
    assert not public.is_private
    assert key.private["private.pem"].startswith("-----BEGIN PRIVATE KEY-----")


@pytest.mark.parametrize("algorithm,least", [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_secret(algorithm: str, least: int) -> None:
    """A secret is long enough for its hash, private, and never the same twice."""
    first, second = generate(algorithm), generate(algorithm)
    assert first.public == {}
    assert len(first.private["secret.txt"]) >= least
    assert first != second
    jwtfast.Key.from_secret(first.private["secret.txt"], algorithm=algorithm)


def test_thumbprint() -> None:
    """Without a kid, a key is called by its thumbprint (the example of RFC 7638 section 3.1)."""
    from jwtfast_server.keygen import _thumbprint  # noqa: PLC0415

    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECP"
        "ebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY"
        "368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0f"
        "M4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    jwk = {"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
    assert _thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_same_key_again() -> None:
    """The files of a private key are the same each time they are made from it."""
    key = generate("ES256", "a")
    assert from_private_pem(key.private["private.pem"].encode(), "ES256", "a") == key


def test_modes(tmp_path: Path) -> None:
    """Private files are their owner's alone; the others may be read."""
    write(generate("ES256"), tmp_path / "new" / "keys")
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) & 0o077
        for path in (tmp_path / "new" / "keys").iterdir()
    }
    assert set(modes) == {"private.pem", "public.pem", "jwks.json"}
    assert modes["private.pem"] == 0


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Where one of the files is there, none is written; with force, all are."""
    (tmp_path / "jwks.json").write_text("mine")
    with pytest.raises(FileExistsError, match=r"jwks\.json"):
        write(generate("ES256"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["jwks.json"]
    write(generate("ES256"), tmp_path, force=True)
    assert (tmp_path / "jwks.json").read_text() != "mine"


def test_wide_mode_does_not_stay(tmp_path: Path) -> None:
    """A private file that replaces a readable one is not readable."""
    path = tmp_path / "private.pem"
    path.write_text("old")
    path.chmod(0o644)
    write_file(path, "new", private=True)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", 0o600)
