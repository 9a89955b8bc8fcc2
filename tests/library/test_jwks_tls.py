"""TLS: who is trusted, and the way through a proxy."""

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jwtfast.jwks import RemoteKeySet
from tests.keyserver import KeyServer, Request, answer, jwks, pems

Make = Callable[..., RemoteKeySet]


@pytest.fixture
def trusted(tmp_path: Path) -> Iterator[tuple[KeyServer, str]]:
    """A server for `localhost` and `issuer.test` over TLS, and the file of its CA."""
    ca_file, context = pems(tmp_path, "localhost", "issuer.test")
    with KeyServer({"/jwks": jwks("a")}, tls=context) as server:
        yield server, str(ca_file)


def test_own_ca(trusted: tuple[KeyServer, str], remote: Make) -> None:
    """With the CA's file its servers are trusted."""
    server, ca_file = trusted
    assert remote(server.url(host="localhost"), ca_file=ca_file).refresh()


def test_unknown_ca(trusted: tuple[KeyServer, str], remote: Make) -> None:
    """Without it they are not, and nothing is asked."""
    server, _ = trusted
    keys = remote(server.url(host="localhost"))
    assert not keys.refresh()
    assert "cannot be trusted: TLS: " in str(keys.status.error)
    assert server.requests == []


def test_own_ca_replaces_the_systems(
    trusted: tuple[KeyServer, str], remote: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whom the system trusts counts for nothing beside a CA file of its own."""
    server, ca_file = trusted
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    assert remote(server.url(host="localhost")).refresh()
    other = tmp_path / "other"
    other.mkdir()
    assert not remote(server.url(host="localhost"), ca_file=str(pems(other, "x")[0])).refresh()


def test_wrong_host(trusted: tuple[KeyServer, str], remote: Make) -> None:
    """A certificate for another name is refused."""
    server, ca_file = trusted
    keys = remote(server.url(host="127.0.0.1"), ca_file=ca_file)
    assert not keys.refresh()
    assert "IP address mismatch" in str(keys.status.error)


@pytest.mark.parametrize("content, reason", [(None, "No such file"), ("x", "no certificates")])
def test_bad_ca_file(
    trusted: tuple[KeyServer, str], remote: Make, tmp_path: Path, content: str | None, reason: str
) -> None:
    """A CA file that cannot be read is told, and read again the next time."""
    server, ca_file = trusted
    path = tmp_path / "mine.pem"
    if content:
        path.write_text(content)
    keys = remote(server.url(host="localhost"), ca_file=str(path))
    assert not keys.refresh()
    assert f"the CA file {path}: " in str(keys.status.error)
    assert reason in str(keys.status.error)
    path.write_bytes(Path(ca_file).read_bytes())
    assert keys.refresh()


def test_silent_handshake(remote: Make) -> None:
    """A server that never answers the handshake costs no more than the timeout."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        keys = remote(f"https://localhost:{silent.getsockname()[1]}/", timeout=0.3)
        started = time.monotonic()
        assert not keys.refresh()
        assert time.monotonic() - started < 2
        assert "did not answer within 0.3 s" in str(keys.status.error)


def test_no_downgrade(trusted: tuple[KeyServer, str], issuer: KeyServer, remote: Make) -> None:
    """From https nothing leads to http, even on this machine."""
    server, ca_file = trusted
    server.pages["/jwks"] = answer(b"", 302, location=issuer.url(host="localhost"))
    assert not remote(server.url(host="localhost"), ca_file=ca_file).refresh()
    assert issuer.requests == []


class Proxy(KeyServer):
    """A proxy that leads every tunnel to one address."""

    def lead_to(self, address: tuple[str, int]) -> None:
        """Take CONNECT for `issuer.test`, whatever the port."""

        def tunnel(connection: socket.socket, _: Request) -> bytes:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with socket.create_connection(address) as onward:
                back = threading.Thread(target=_copy, args=(onward, connection))
                back.start()
                _copy(connection, onward)
                back.join()
            return b""

        self.pages["issuer.test:8443"] = tunnel


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


URL = "https://issuer.test:8443/jwks"


def test_proxy(
    trusted: tuple[KeyServer, str], remote: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTPS_PROXY is used, with its credentials, and TLS goes through it to the server."""
    server, ca_file = trusted
    with Proxy() as proxy:
        proxy.lead_to(server.address)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url("", host="me:p%40ss@127.0.0.1"))
        assert remote(URL, ca_file=ca_file).refresh()
        expected = "Basic " + base64.b64encode(b"me:p@ss").decode()
        assert [one.headers["proxy-authorization"] for one in proxy.requests] == [expected]
        assert "proxy-authorization" not in server.requests[0].headers
        # The certificate counts as without a proxy.
        assert not remote(URL).refresh()


def test_proxy_that_refuses(remote: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told that the proxy is in the way, without its credentials."""
    with KeyServer() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url("", host="me:hidden@127.0.0.1"))
        keys = remote(URL)
        assert not keys.refresh()
    assert keys.status.error == f"{URL} cannot be reached through the proxy of the environment"


@pytest.mark.parametrize("value", ["socks5://127.0.0.1:1", "http://", "http://["])
def test_bad_proxy(remote: Make, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A proxy that cannot be used is told, and never gone around."""
    monkeypatch.setenv("HTTPS_PROXY", value)
    keys = remote(URL)
    assert not keys.refresh()
    assert "the proxy of the environment" in str(keys.status.error)


def test_silent_proxy(remote: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that drips costs no more than the timeout."""

    def drip(connection: socket.socket, _: Request) -> bytes:
        connection.settimeout(0.02)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _step in range(1000):
            connection.sendall(b"a")
            try:
                if not connection.recv(1):
                    break
            except TimeoutError:
                continue
        return b""

    with KeyServer({"issuer.test:8443": drip}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url(""))
        keys = remote(URL, timeout=0.3)
        started = time.monotonic()
        assert not keys.refresh()
        assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "no_proxy", ["issuer.test", ".test", "*", "issuer.test:8443", "other.example, issuer.test"]
)
def test_no_proxy(
    trusted: tuple[KeyServer, str], remote: Make, monkeypatch: pytest.MonkeyPatch, no_proxy: str
) -> None:
    """NO_PROXY leads around it."""
    server, ca_file = trusted
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", server.address)]
    with KeyServer() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", no_proxy)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        assert remote(URL, ca_file=ca_file).refresh()
        assert proxy.requests == []


def test_no_proxy_to_this_machine(
    issuer: KeyServer, remote: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy is somewhere else: what is on this machine is reached directly."""
    with KeyServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url(""))
        assert remote(issuer.url()).refresh()
        assert proxy.requests == []
