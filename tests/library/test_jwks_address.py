"""Which URLs are fetched from and followed, and that no credentials are ever told."""

import base64
import logging
from collections.abc import Callable

import pytest
from urllib3.util import parse_url

import jwtfast
from jwtfast.jwks import RemoteKeySet
from jwtfast.jwks.address import checked, follows, shown, well_known
from tests.keyserver import KeyServer, answer, jwks

Make = Callable[..., RemoteKeySet]


@pytest.mark.parametrize(
    "url",
    [
        "https://issuer.example/jwks",
        "HTTPS://issuer.example:8443/jwks?a=b",
        "https://user:word@issuer.example/jwks",
        "http://localhost/jwks",
        "http://localhost:8080",
        "http://127.0.0.1:8080/jwks",
        "http://127.1.2.3/",
        "http://[::1]:8080/jwks",
    ],
)
def test_fetched_from(url: str) -> None:
    """Any https URL, and http to this machine."""
    assert RemoteKeySet(url).status.result == "never"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "issuer.example/jwks",
        "//issuer.example/jwks",
        "/jwks",
        "file:///etc/passwd",
        "ftp://issuer.example/jwks",
        "https://",
        "https:///jwks",
        "https://issuer.example:99999/",
        "https://issuer.example/jwks#key",
        "https://[::1/jwks",
        "http://issuer.example/jwks",
        "http://10.0.0.1/jwks",
        "http://localhost.example/jwks",
        "http://127.0.0.1.example/jwks",
        "http://127.0.0.1@issuer.example/jwks",
        "http://0.0.0.0/jwks",
    ],
)
@pytest.mark.parametrize("make", [RemoteKeySet, RemoteKeySet.discover])
def test_refused(make: Callable[[str], RemoteKeySet], url: str) -> None:
    """Anything else is the caller's mistake, at once."""
    with pytest.raises(ValueError, match=r"the JWKS URL|the issuer"):
        make(url)


def test_allow_http() -> None:
    """http to another host is taken when it is asked for by name, and nothing else with it."""
    assert RemoteKeySet("http://issuer.example/jwks", allow_http=True).name
    with pytest.raises(ValueError, match="must begin with https"):
        RemoteKeySet("ftp://issuer.example/jwks", allow_http=True)


@pytest.mark.parametrize("url", ["https://issuer.example/?a=b", "https://me@issuer.example/"])
def test_refused_issuers(url: str) -> None:
    """An issuer has no query (OpenID Connect Discovery 1.0 section 3), and no user."""
    with pytest.raises(ValueError, match="neither a query nor a user"):
        RemoteKeySet.discover(url)


OLD = "http://issuer.example:8080/a/jwks"


@pytest.mark.parametrize(
    "old, location, new",
    [
        (OLD, "/b", "http://issuer.example:8080/b"),
        (OLD, "b?c=d#e", "http://issuer.example:8080/a/b?c=d"),
        (OLD, "http://ISSUER.example:8080/b", "http://issuer.example:8080/b"),
        (OLD, "https://issuer.example/b", "https://issuer.example/b"),
        (OLD, "https://issuer.example:443/b", "https://issuer.example:443/b"),
        (
            "https://issuer.example/a",
            "https://issuer.example:443/b",
            "https://issuer.example:443/b",
        ),
        ("https://issuer.example/a", "//issuer.example/b", "https://issuer.example/b"),
        (OLD, "http://issuer.example/b", None),
        (OLD, "https://issuer.example:8080/b", None),
        (OLD, "http://other.example:8080/b", None),
        (OLD, "//other.example:8080/b", None),
        (OLD, "http://issuer.example:8080@other.example/b", None),
        (OLD, "http://me@issuer.example:8080/b", None),
        (OLD, "\\\\other.example/b", "http://issuer.example:8080/a/%5C%5Cother.example/b"),
        (OLD, "http://issuer.example.:8080/b", None),
        (OLD, "file:///etc/passwd", None),
        (OLD, "http://[::1/", None),
        ("https://issuer.example/a", "http://issuer.example/b", None),
        ("https://issuer.example/a", "http://issuer.example:443/b", None),
        ("https://issuer.example/a", "https://issuer.example:444/b", None),
    ],
)
def test_followed(old: str, location: str, new: str | None) -> None:
    """A redirect stays with its host and port, or goes from http to https of that host."""
    if new is None:
        with pytest.raises(ValueError, match="redirected to"):
            follows(parse_url(old), location)
    else:
        assert follows(parse_url(old), location).url == new


@pytest.mark.parametrize(
    "issuer, openid, oauth",
    [
        ("", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"),
        ("/", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"),
        (
            "/realms/a",
            "/realms/a/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/realms/a",
        ),
        (
            "/realms/a/",
            "/realms/a/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server/realms/a",
        ),
    ],
)
def test_well_known(issuer: str, openid: str, oauth: str) -> None:
    """OpenID Connect appends to the issuer's path, RFC 8414 section 3.1 inserts before it."""
    host = "https://issuer.example:8443"
    places = well_known(checked(host + issuer, "the issuer"))
    assert [place.url for place in places] == [host + openid, host + oauth]


def test_redirect_within_the_host(issuer: KeyServer, remote: Make) -> None:
    """Three redirects are followed, a fourth is not."""
    for step in range(5):
        issuer.pages[f"/{step}"] = answer(b"", 302, location=f"/{step + 1}")
    issuer.pages["/4"] = jwks("a")
    assert remote(issuer.url("/1")).refresh()
    keys = remote(issuer.url("/0"))
    assert not keys.refresh()
    assert keys.status.error == f"{issuer.url('/0')} redirected more than 3 times"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_to_another_host(issuer: KeyServer, remote: Make, status: int) -> None:
    """It is refused, and the other host hears nothing."""
    with KeyServer({"/jwks": jwks("b")}) as other:
        issuer.pages["/jwks"] = answer(b"", status, location=other.url() + "?code=hidden")
        keys = remote(issuer.url())
        assert not keys.refresh()
        assert other.requests == []
        assert keys.status.error == (
            f"{issuer.url()} redirected to another host or a weaker scheme: {other.url()}"
        )


def test_redirect_without_a_location(issuer: KeyServer, remote: Make) -> None:
    """It is a wrong answer like any other."""
    issuer.pages["/jwks"] = answer(b"", 302)
    assert not remote(issuer.url()).refresh()


def test_credentials_are_sent(issuer: KeyServer, remote: Make) -> None:
    """User and password of the URL go into the request, also after a redirect."""
    issuer.pages["/jwks"] = answer(b"", 302, location="/there")
    issuer.pages["/there"] = jwks("a")
    assert remote(issuer.url(host="me:p%40ss@127.0.0.1")).refresh()
    expected = "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert [one.headers.get("authorization") for one in issuer.requests] == [expected] * 2


@pytest.mark.parametrize(
    "page",
    [
        answer(b"", 500),
        answer(b"<html>"),
        answer(b"{}"),
        answer(b"", 302, location="http://hidden:hidden@other.example/?hidden"),
        b"",
        jwks("a"),
    ],
)
def test_credentials_are_not_told(
    issuer: KeyServer, remote: Make, caplog: pytest.LogCaptureFixture, page: bytes
) -> None:
    """Neither in errors nor in logs is a user, a password or a query."""
    issuer.pages["/jwks?token=hidden"] = page
    caplog.set_level(logging.DEBUG, "jwtfast")
    keys = remote(issuer.url("/jwks?token=hidden", host="hidden:hidden@127.0.0.1"))
    keys.refresh()
    try:
        _ = keys.keys
    except jwtfast.KeysUnavailableError as error:
        told = str(error)
    else:
        told = ""
    assert len(issuer.requests) == 1
    assert "hidden" not in told + caplog.text + str(keys.status) + keys.name


@pytest.mark.parametrize("host", ["[", "issuer.example:x", "exa mple:99999"])
def test_credentials_of_a_bad_url_are_not_told(host: str) -> None:
    """The error about a URL that cannot be read does not repeat it."""
    with pytest.raises(ValueError, match="JWKS URL") as caught:
        RemoteKeySet(f"https://me:hidden@{host}/")
    assert "hidden" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_shown() -> None:
    """What is told of a URL: scheme, host, port and path."""
    url = parse_url("https://me:hidden@issuer.example:8443/jwks?hidden#hidden")
    assert shown(url) == "https://issuer.example:8443/jwks"
