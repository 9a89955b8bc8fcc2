"""Credentials of a source of keys: sent to its own host alone, read anew, and never told."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jwtfast.jwks import RemoteKeySet
from tests.keyserver import KeyServer, answer, jwks

Make = Callable[..., RemoteKeySet]
SECRET = "hunter22-of-the-pod"


def sent(server: KeyServer, target: str = "/jwks") -> list[tuple[str | None, str | None]]:
    """Return what each request for a target had of them."""
    return [
        (request.headers.get("authorization"), request.headers.get("x-api-key"))
        for request in server.requests
        if request.target == target
    ]


@pytest.fixture
def token(tmp_path: Path) -> Path:
    """A file with a token."""
    path = tmp_path / "token"
    path.write_text(f"{SECRET}\n")
    return path


def test_token_is_read_anew(issuer: KeyServer, remote: Make, token: Path) -> None:
    """Each request has the token of its moment, a renewed symbolic link's too."""
    issuer.pages["/jwks"] = jwks("a")
    link = token.with_name("link")
    link.symlink_to(token)
    keys = remote(issuer.url(), bearer_token_file=str(link), headers={"X-Api-Key": "k 1"})
    assert keys.refresh()
    renewed = token.with_name("renewed")
    renewed.write_text("another")
    link.unlink()
    link.symlink_to(renewed)
    assert keys.refresh()
    assert sent(issuer) == [(f"Bearer {SECRET}", "k 1"), ("Bearer another", "k 1")]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect(issuer: KeyServer, remote: Make, token: Path, status: int) -> None:
    """They do not follow a redirect, not even one on the same host."""
    issuer.pages |= {"/jwks": answer(b"", status, location="/other"), "/other": jwks("a")}
    keys = remote(issuer.url(), bearer_token_file=str(token), headers={"x-api-key": "k"})
    assert keys.refresh()
    assert sent(issuer) == [(f"Bearer {SECRET}", "k")]
    assert sent(issuer, "/other") == [(None, None)]


@pytest.mark.parametrize("own", [True, False])
def test_discovery(issuer: KeyServer, token: Path, own: bool) -> None:  # noqa: FBT001
    """Metadata and keys of one host are asked for with them; keys elsewhere without."""
    url = issuer.url("", host="127.0.0.1")
    with KeyServer({"/keys": jwks("a")}) as other:
        there = issuer if own else other
        issuer.pages |= {
            "/keys": jwks("a"),
            "/.well-known/openid-configuration": answer(
                f'{{"issuer": "{url}", "jwks_uri": "{there.url("/keys")}"}}'.encode()
            ),
        }
        with RemoteKeySet.discover(url, bearer_token_file=str(token)) as keys:
            assert keys.refresh()
        assert set(sent(issuer, "/.well-known/openid-configuration")) == {
            (f"Bearer {SECRET}", None)
        }
        expected = (f"Bearer {SECRET}", None) if own else (None, None)
        assert set(sent(there, "/keys")) == {expected}


def _instead(path: Path, make: Callable[[Path], None]) -> None:
    path.unlink()
    make(path)


FILES: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "empty": lambda path: path.write_text(""),
    "blank": lambda path: path.write_text("\n"),
    "two lines": lambda path: path.write_text(f"{SECRET}\r\nX-Admin: {SECRET}"),
    "a space inside": lambda path: path.write_text(f"{SECRET} {SECRET}"),
    "no ASCII": lambda path: path.write_text(f"{SECRET}ö"),
    "too long": lambda path: path.write_text("x" * 70_000),
    "a directory": lambda path: _instead(path, Path.mkdir),
    "a pipe": lambda path: _instead(path, os.mkfifo),
}


@pytest.mark.parametrize("what", FILES)
def test_token_that_cannot_be_read(
    issuer: KeyServer, remote: Make, token: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is asked for, the refresh fails with the file's name, and the token is not told."""
    caplog.set_level(logging.DEBUG)
    issuer.pages["/jwks"] = jwks("a")
    keys = remote(issuer.url(), bearer_token_file=str(token))
    assert keys.refresh()
    FILES[what](token)
    assert not keys.refresh()
    assert len(sent(issuer)) == 1
    assert f"the bearer token file {token}" in (keys.status.error or "")
    assert len(keys.keys) == 1
    assert "hunter22" not in caplog.text + (keys.status.error or "") + repr(vars(keys))


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"headers": {"Host": SECRET}}, "headers must not have Host"),
        ({"headers": {"if-none-match": SECRET}}, "headers must not have if-none-match"),
        ({"headers": {"Transfer-Encoding": SECRET}}, "headers must not have Transfer-Encoding"),
        ({"headers": {"X-A": "a", "x-a": SECRET}}, "headers names one twice"),
        ({"headers": {"X A": SECRET}}, "headers has a name that no header can have"),
        ({"headers": {"X-A": f"{SECRET}\r\nX-B: 1"}}, "the value of X-A must be visible"),
        ({"headers": {"X-A": ""}}, "the value of X-A must be visible"),
        ({"headers": {"X-A": f"{SECRET} "}}, "the value of X-A must be visible"),
        ({"headers": {"X-A": f"{SECRET}ö"}}, "the value of X-A must be visible"),
        (
            {"headers": {"authorization": SECRET}, "bearer_token_file": "t"},
            "Authorization must not stand beside bearer_token_file",
        ),
    ],
)
def test_headers_that_cannot_be(options: dict[str, Any], sentence: str) -> None:
    """They are refused at once, without their value."""
    with pytest.raises(ValueError, match=sentence) as caught:
        RemoteKeySet("https://keys.example/", **options)
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("options", [{"headers": {"X-A": "a"}}, {"bearer_token_file": "t"}])
def test_never_in_clear(options: dict[str, Any]) -> None:
    """They are not sent where anybody on the way could read them."""
    for make in (RemoteKeySet, RemoteKeySet.discover):
        with pytest.raises(ValueError, match="credentials are sent by https:// only"):
            make("http://keys.example/", allow_http=True, **options)
    with pytest.raises(ValueError, match="a user in the URL must not stand beside"):
        RemoteKeySet("https://me:pw@keys.example/", bearer_token_file="t")
