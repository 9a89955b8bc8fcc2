"""Discovery: an issuer's metadata says where its keys are, and must be that issuer's own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jwtfast.jwks import RemoteKeySet
from tests.keyserver import KeyServer, answer, jwks, pems

Make = Callable[..., RemoteKeySet]

OPENID = "/.well-known/openid-configuration"
OAUTH = "/.well-known/oauth-authorization-server"


def metadata(server: KeyServer, **changes: object) -> bytes:
    """Return the answer with an issuer's metadata, changed; `...` takes a member away."""
    whole = {"issuer": server.url(""), "jwks_uri": server.url("/jwks")} | changes
    return answer(json.dumps({key: one for key, one in whole.items() if one is not ...}).encode())


def test_openid(issuer: KeyServer, remote: Make) -> None:
    """OpenID Connect Discovery is asked first; RFC 8414 only where it has nothing."""
    issuer.pages[OPENID] = metadata(issuer)
    keys = remote(issuer.url(""), discover=True)
    assert keys.refresh()
    assert [key.kid for key in keys.keys] == ["a"]
    assert [request.target for request in issuer.requests] == [OPENID, "/jwks"]
    assert keys.name == issuer.url("")


@pytest.mark.parametrize("path", ["", "/realms/a", "/realms/a/"])
@pytest.mark.parametrize("absent", [None, answer(b"<html>"), answer(b"[]"), answer(b"", 503)])
def test_rfc_8414(issuer: KeyServer, remote: Make, path: str, absent: bytes | None) -> None:
    """Where OpenID's place has no metadata, RFC 8414's is asked, inserted before the path."""
    places = path.rstrip("/") + OPENID, OAUTH + path.rstrip("/")
    issuer.pages[places[1]] = metadata(issuer, issuer=issuer.url(path))
    if absent:
        issuer.pages[places[0]] = absent
    assert remote(issuer.url(path), discover=True).refresh()
    assert [request.target for request in issuer.requests] == [*places, "/jwks"]


@pytest.mark.parametrize(
    "change",
    ["/", "/a", "?", "#", " ", None, ..., 1, ["x"], "upper"],
)
def test_another_issuer(issuer: KeyServer, remote: Make, change: object) -> None:
    """Metadata that names another issuer, be it by one character, is refused at once."""
    found = issuer.url("") + change if isinstance(change, str) else change
    if change == "upper":
        found = issuer.url("").upper()
    issuer.pages[OPENID] = metadata(issuer, issuer=found)
    issuer.pages[OAUTH] = metadata(issuer)
    keys = remote(issuer.url(""), discover=True)
    assert not keys.refresh()
    error = str(keys.status.error)
    assert error.startswith(f"{issuer.url(OPENID)} is the metadata of another issuer: it says ")
    assert f"expected '{issuer.url('')}'" in error
    assert ("differ in the slash at the end alone" in error) == (change == "/")
    assert [request.target for request in issuer.requests] == [OPENID]


@pytest.mark.parametrize("uri", [..., None, 1, "", "/jwks", "http://10.0.0.1/jwks", "file:///jwks"])
def test_bad_jwks_uri(issuer: KeyServer, remote: Make, uri: object) -> None:
    """The URL of the keys is held to the same rules, and named where it does not keep them."""
    issuer.pages[OPENID] = metadata(issuer, jwks_uri=uri)
    keys = remote(issuer.url(""), discover=True)
    assert not keys.refresh()
    assert "jwks_uri" in str(keys.status.error)
    assert len(issuer.requests) == 1


def test_jwks_uri_with_a_user(issuer: KeyServer, remote: Make) -> None:
    """Credentials come from the configuration, never from metadata."""
    uri = issuer.url(host="me:hidden@127.0.0.1")
    issuer.pages[OPENID] = metadata(issuer, jwks_uri=uri)
    keys = remote(issuer.url(""), discover=True)
    assert not keys.refresh()
    assert "must not have a user" in str(keys.status.error)
    assert "hidden" not in str(keys.status.error)


def test_jwks_uri_of_another_host(issuer: KeyServer, remote: Make) -> None:
    """Keys may be elsewhere: the metadata was trusted to say where."""
    with KeyServer({"/keys": jwks("b")}) as other:
        issuer.pages[OPENID] = metadata(issuer, jwks_uri=other.url("/keys"))
        keys = remote(issuer.url(""), discover=True)
        assert keys.refresh()
        assert [key.kid for key in keys.keys] == ["b"]


def test_no_downgrade(issuer: KeyServer, remote: Make, tmp_path: Path) -> None:
    """Metadata that came over https cannot lead to http, even on this machine."""
    ca_file, context = pems(tmp_path, "localhost")
    with KeyServer(tls=context) as server:
        name = server.url("", host="localhost")
        server.pages[OPENID] = metadata(server, issuer=name, jwks_uri=issuer.url())
        keys = remote(name, discover=True, ca_file=str(ca_file))
        assert not keys.refresh()
        assert "must begin with https://" in str(keys.status.error)
        server.pages[OPENID] = metadata(server, issuer=name, jwks_uri=server.url(host="localhost"))
        server.pages["/jwks"] = jwks("a")
        assert keys.refresh()
    assert issuer.requests == []


def test_no_metadata(issuer: KeyServer, remote: Make) -> None:
    """Where neither place has metadata, both are told."""
    keys = remote(issuer.url(""), discover=True)
    assert not keys.refresh()
    assert keys.status.error == (
        f"{issuer.url(OPENID)} answered with status 404; "
        f"{issuer.url(OAUTH)} answered with status 404"
    )


def test_deep_metadata(issuer: KeyServer, remote: Make) -> None:
    """JSON that nests too deep is a wrong answer, not a bug."""
    issuer.pages[OPENID] = answer(b"[" * 500_000)
    keys = remote(issuer.url(""), discover=True)
    assert not keys.refresh()
    assert f"{issuer.url(OPENID)} answered with something that is not JSON" in str(
        keys.status.error
    )


def test_keys_move(issuer: KeyServer, remote: Make) -> None:
    """When the metadata names another place, the keys come from there, with no ETag of the old."""
    issuer.pages |= {OPENID: metadata(issuer), "/jwks": jwks("a", etag='"1"')}
    keys = remote(issuer.url(""), discover=True)
    assert keys.refresh()
    issuer.pages |= {OPENID: metadata(issuer, jwks_uri=issuer.url("/new")), "/new": jwks("b")}
    assert keys.refresh()
    assert [key.kid for key in keys.keys] == ["b"]
    assert "if-none-match" not in issuer.requests[-1].headers


def test_metadata_elsewhere(issuer: KeyServer, remote: Make) -> None:
    """Where its place is given, it alone is asked, and must name the issuer still."""
    place = issuer.url("/inside/metadata")
    issuer.pages["/inside/metadata"] = metadata(issuer, issuer="accounts.example")
    keys = remote("accounts.example", discover=True, metadata_url=place)
    assert keys.refresh()
    assert keys.name == "accounts.example"
    assert [request.target for request in issuer.requests] == ["/inside/metadata", "/jwks"]
    issuer.pages["/inside/metadata"] = metadata(issuer)
    assert not keys.refresh()
    assert "is the metadata of another issuer" in str(keys.status.error)


def test_a_name_is_told_safely(issuer: KeyServer, remote: Make) -> None:
    """A long name, or one with controls, is cut and escaped in the error."""
    issuer.pages[OPENID] = metadata(issuer, issuer="\n\u202e" + "x" * 5000)
    keys = remote(issuer.url(""), discover=True)
    assert not keys.refresh()
    assert str(keys.status.error).isprintable()
    assert len(str(keys.status.error)) < 600
