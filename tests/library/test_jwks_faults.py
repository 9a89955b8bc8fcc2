"""A key server that is down, slow, huge or wrong: told in a sentence, and the good keys stay."""

import contextlib
import gzip
import json
import socket
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

import jwtfast
from jwtfast.jwks import RemoteKeySet
from tests.keyserver import KeyServer, Page, Request, answer, entry, jwks, signed
from tests.processes import free_port

Make = Callable[..., RemoteKeySet]

SET = json.dumps({"keys": [entry("a")]}).encode()
MIB = 1 << 20


def drip(start: bytes, piece: bytes) -> Page:
    """Return a page that sends a piece again and again, until the client is gone."""

    def page(connection: socket.socket, _: Request) -> bytes:
        connection.sendall(start)
        connection.settimeout(0.02)
        for _step in range(1000):
            connection.sendall(piece)
            with contextlib.suppress(TimeoutError):
                if not connection.recv(1):
                    break
        return b""

    return page


def silence(connection: socket.socket, _: Request) -> bytes:
    """Say nothing until the client is gone."""
    connection.recv(1)
    return b""


def endless(connection: socket.socket, _: Request) -> bytes:
    """Send chunks without an end."""
    connection.sendall(b"HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n")
    with contextlib.suppress(OSError):
        for _step in range(1000):
            connection.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")
    return b""


TEXT = "HTTP/1.1 200 X\r\n"
FAULTS: dict[str, tuple[Page, str]] = {
    "500": (answer(SET, 500), "answered with status 500"),
    "404": (answer(SET, 404), "answered with status 404"),
    "204": (answer(b"", 204), "answered with status 204"),
    "304 unasked": (answer(b"", 304), "answered with status 304"),
    "empty": (answer(b""), "answered with nothing"),
    "blank": (answer(b" \n"), "answered with nothing"),
    "HTML": (answer(b"<!DOCTYPE html><html>"), "answered with HTML or XML, not with JSON"),
    "HTML after blanks": (answer(b"\n <html>"), "answered with HTML or XML, not with JSON"),
    "not JSON": (answer(b"keys"), "the JWKS cannot be read: it is not JSON"),
    "cut JSON": (answer(SET[:-9]), "the JWKS cannot be read"),
    "other JSON": (answer(b"{}"), "the JWKS has no keys array"),
    "no keys": (answer(b'{"keys": []}'), "there is no key that can be used"),
    "no usable key": (answer(b'{"keys": [{"kty": "X"}]}'), "there is no key that can be used"),
    "huge": (answer(SET + b" " * MIB), "answered with more than 1 MiB"),
    "a byte too large": (
        answer(SET + b" " * (MIB + 1 - len(SET))),
        "answered with more than 1 MiB",
    ),
    "endless": (endless, "answered with more than 1 MiB"),
    "gzip bomb": (
        answer(gzip.compress(SET + bytes(64 * MIB)), content_encoding="gzip"),
        "answered with more than 1 MiB",
    ),
    "cut gzip": (answer(gzip.compress(SET)[:-9], content_encoding="gzip"), "broken gzip"),
    "no gzip": (answer(SET, content_encoding="gzip"), "broken gzip"),
    "other coding": (answer(SET, content_encoding="br"), "a Content-Encoding that was not asked"),
    "two codings": (answer(SET, content_encoding="gzip, gzip"), "a Content-Encoding that was not"),
    "cut body": (answer(SET, content_length="99999"), "broke off its answer"),
    "no HTTP": (b"220 mail.example ESMTP\r\n", "broke off its answer, or does not speak HTTP"),
    "nothing": (b"", "broke off its answer, or does not speak HTTP"),
    "many headers": (TEXT.encode() + b"a: b\r\n" * 2000 + b"\r\n", "does not speak HTTP"),
    "long header": (TEXT.encode() + b"a: " + bytes(MIB), "does not speak HTTP"),
}
SLOW: dict[str, Page] = {
    "silent": silence,
    "dripping first line": drip(b"HTTP/1.1 200 ", b"X"),
    "dripping headers": drip(TEXT.encode(), b"a: b\r\n"[:1]),
    "dripping body": drip(answer(b"", content_length="1000"), b" "),
    "dripping body without a length": drip(answer(b"", content_length=""), b" "),
    "dripping chunks": drip(TEXT.encode() + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "dripping redirects": drip(b"HTTP/1.1 302 X\r\nlocation: /jwks\r\n", b"a"),
}


@pytest.fixture
def server() -> Iterator[KeyServer]:
    """A server without a page."""
    with KeyServer() as server:
        yield server


def check_kept(server: KeyServer, keys: RemoteKeySet, page: Page, sentence: str) -> None:
    """First the fault alone, then after a good answer, then good again."""
    server.pages["/jwks"] = page
    assert not keys.refresh()
    assert (keys.status.result, keys.status.age) == ("failed", None)
    assert str(keys.status.error).startswith(server.url())
    assert sentence in str(keys.status.error)
    with pytest.raises(jwtfast.KeysUnavailableError, match="were never loaded: ") as caught:
        _ = keys.keys
    assert str(keys.status.error) in str(caught.value)
    server.pages["/jwks"] = jwks("a")
    assert keys.refresh()
    good = keys.keys
    server.pages["/jwks"] = page
    assert not keys.refresh()
    assert keys.keys is good
    assert sentence in str(keys.status.error)
    server.pages["/jwks"] = jwks("b")
    assert keys.refresh()
    assert ([key.kid for key in keys.keys], keys.status.error) == (["b"], None)


@pytest.mark.parametrize("fault", FAULTS)
def test_fault(server: KeyServer, remote: Make, fault: str) -> None:
    """Each fault is told with its place, and takes no good key away; what is right then counts."""
    page, sentence = FAULTS[fault]
    check_kept(server, remote(server.url()), page, sentence)


@pytest.mark.parametrize("fault", SLOW)
def test_slow(server: KeyServer, remote: Make, fault: str) -> None:
    """However the time is spent, a refresh ends with the timeout."""
    keys = remote(server.url(), timeout=0.3)
    server.pages["/jwks"] = SLOW[fault]
    started = time.monotonic()
    assert not keys.refresh()
    assert 0.25 < time.monotonic() - started < 2
    assert keys.status.error == f"{server.url()} did not answer within 0.3 s"
    server.pages["/jwks"] = jwks("a")
    assert keys.refresh()


def test_down(remote: Make) -> None:
    """A port that nobody listens on is told as such."""
    keys = remote(f"http://127.0.0.1:{free_port()}/jwks")
    assert not keys.refresh()
    assert "/jwks cannot be reached: Connection refused" in str(keys.status.error)


def test_no_such_host(remote: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without an address is told as such."""

    def no_address(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_address)
    keys = remote("https://issuer.invalid/jwks")
    assert not keys.refresh()
    assert keys.status.error == (
        "https://issuer.invalid/jwks cannot be found: the host's name has no address"
    )


def test_a_dead_address_does_not_cost_the_others(
    issuer: KeyServer, remote: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a name has several addresses, the next is tried within the same time."""
    dead = ("127.0.0.1", free_port())
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in (dead, issuer.address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert remote(issuer.url(host="localhost")).refresh()


def test_a_silent_address_does_not_cost_the_others(
    issuer: KeyServer, remote: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that never answers takes its share of the time, not all of it."""
    with socket.socket() as silent, contextlib.ExitStack() as stack:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        # More than its queue takes: who comes next hears nothing.
        for _ in range(4):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(silent.getsockname())
        addresses = (silent.getsockname(), issuer.address)
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", one) for one in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        keys = remote(issuer.url(host="localhost"), timeout=2)
        started = time.monotonic()
        assert keys.refresh()
        assert 0.9 < time.monotonic() - started < 2


def test_a_bomb_takes_no_memory(server: KeyServer, remote: Make) -> None:
    """What is packed is unpacked to no more than is allowed."""
    server.pages["/jwks"] = answer(gzip.compress(bytes(256 * MIB)), content_encoding="gzip")
    keys = remote(server.url())
    tracemalloc.start()
    try:
        assert not keys.refresh()
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


def test_gzip_that_nobody_asked_for(server: KeyServer, remote: Make) -> None:
    """Identity is asked for; a server that packs all the same is understood."""
    server.pages["/jwks"] = answer(gzip.compress(SET), content_encoding="gzip")
    keys = remote(server.url())
    assert keys.refresh()
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_largest_answer(server: KeyServer, remote: Make) -> None:
    """1 MiB, to the byte, is taken."""
    server.pages["/jwks"] = answer(SET + b" " * (MIB - len(SET)))
    assert remote(server.url()).refresh()


def test_one_bad_entry(server: KeyServer, remote: Make, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be used is left out and told once per change; the keys beside it serve."""
    odd = {"kty": "AKP", "kid": "new"}
    broken = entry("x") | {"x": "AA"}
    secret = {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "kid": "s"}
    body = json.dumps({"keys": [odd, broken, secret, entry("a")]}).encode()
    server.pages["/jwks"] = answer(body)
    keys = remote(server.url())
    with caplog.at_level("WARNING"):
        assert [keys.refresh() for _ in range(3)] == [True] * 3
    assert keys.verifier(audience="api").verify(signed("a"))["sub"] == "user-1"
    assert len(keys.status.skipped) == 3
    assert [record.getMessage() for record in caplog.records] == [
        f"{server.url()}: left out {'; '.join(keys.status.skipped)}"
    ]
    server.pages["/jwks"] = jwks("a")
    assert keys.refresh()
    assert not keys.status.skipped
