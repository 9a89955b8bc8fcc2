"""How Redis is reached: users and passwords, TLS, sockets, databases; and servers that fail."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from jwtfast_server.config_revocation import RedisSet
from jwtfast_server.revocation import redis as module
from jwtfast_server.revocation.redis import RevokedSet
from tests.keyserver import pems
from tests.packaging.environment import ROOT
from tests.processes import free_port, until
from tests.redisserver import KEY, SERVERS, RedisServer

PASSWORD = "hunter22 @:/%ä"
QUOTED = "hunter22%20%40%3A%2F%25%C3%A4"
# What docs/revocation.md tells to permit.
ACL = "-@all +watch +multi +exec +type +scard +sscan +zcard +zscan ~jwtfast:revoked"
PERMITTED = ["on", f">{PASSWORD}", *ACL.split()]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no server that hangs."""
    monkeypatch.setattr(module, "_TIMEOUT_S", 20.0)


@contextmanager
def looked(url: str, password: str | None = None, **more: str) -> Iterator[RevokedSet]:
    """Return a source that has looked once."""
    source = RevokedSet(RedisSet.model_validate({"url": url} | more), password)
    try:
        source.check()
        yield source
    finally:
        source.release()


def problem(url: str, password: str | None = None, **more: str) -> str:
    """Return what a look says is wrong; never a password."""
    with structlog.testing.capture_logs() as lines, looked(url, password, **more) as source:
        assert source.state == "never loaded"
        assert not source.revoked.available
    (line,) = lines
    assert "hunter22" not in str(lines)
    return str(line["message"])


@pytest.fixture(params=SERVERS)
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    """A server with a password, one revoked token, and a user who may only read the set."""
    with RedisServer(tmp_path / "redis", request.param, requirepass=PASSWORD) as server:
        server.ask("SADD", KEY, "a")
        server.ask("ACL", "SETUSER", "jwtfast", *PERMITTED)
        yield server


def test_password(guarded: RedisServer) -> None:
    """In the URL, with its special characters quoted, or beside it."""
    host = f"127.0.0.1:{guarded.port}"
    with looked(f"redis://:{QUOTED}@{host}") as source:
        assert source.freshness.entries == 1
    with looked(guarded.url, PASSWORD) as source:
        assert source.freshness.entries == 1


@pytest.mark.parametrize("kind", ["SADD", "ZADD"])
def test_few_permissions(guarded: RedisServer, kind: str) -> None:
    """Both kinds of set are read, and read again, with no more than the page says."""
    assert ACL in (ROOT / "docs" / "revocation.md").read_text()
    url = f"redis://jwtfast@127.0.0.1:{guarded.port}"
    guarded.ask("DEL", KEY)
    for member in ("a", "b"):
        guarded.ask(kind, KEY, *(["inf"] if kind == "ZADD" else []), member)
        if member == "a":
            source = RevokedSet(RedisSet(url=url), PASSWORD)
        source.check()
    assert (source.freshness.entries, source.freshness.failed) == (2, 0)
    source.release()
    assert [entry[b"reason"] for entry in guarded.ask("ACL", "LOG")] == []


@pytest.mark.parametrize(
    "user, password, rights, sentence",
    [
        ("", None, [], "the server refuses the user or the password"),
        ("", "hunter22-wrong", [], "the server refuses the user or the password"),
        ("jwtfast@", "hunter22-wrong", [], "the server refuses the user or the password"),
        ("nobody@", PASSWORD, [], "the server refuses the user or the password"),
        ("jwtfast@", PASSWORD, ["-watch"], "the server does not let this user ask"),
        ("jwtfast@", PASSWORD, ["-sscan"], "the server does not let this user ask"),
        ("jwtfast@", PASSWORD, ["resetkeys", "~other"], "the server does not let this user ask"),
        ("jwtfast@", PASSWORD, ["off"], "the server refuses the user or the password"),
    ],
)
def test_not_let_in(
    guarded: RedisServer, user: str, password: str | None, rights: list[str], sentence: str
) -> None:
    """It is told which of the two it is; no token passes."""
    if rights:
        guarded.ask("ACL", "SETUSER", "jwtfast", *rights)
    where = f"redis://127.0.0.1:{guarded.port}/0, key {KEY}:"
    assert problem(f"redis://{user}127.0.0.1:{guarded.port}", password) == f"{where} {sentence}"


def test_a_password_that_is_not_asked_for(redis: RedisServer) -> None:
    """A server without one refuses it; nothing of it is told."""
    sentence = problem(redis.url, "hunter22")
    assert sentence.endswith("the server refuses the user or the password")


def test_unix_socket_and_database(redis: RedisServer) -> None:
    """Over a socket, in any database, which another one does not see."""
    redis.ask("SADD", KEY, "a")
    redis.ask("MOVE", KEY, 3)
    for url, entries in [
        (f"unix://{redis.socket}?db=3", 1),
        (f"unix://{redis.socket}", 0),
        (f"redis://localhost:{redis.port}/3", 1),
        (redis.url, 0),
    ]:
        with looked(url) as source:
            assert source.freshness.entries == entries
    assert problem(f"redis://127.0.0.1:{redis.port}/99").endswith("answers with an error")


@pytest.fixture(params=SERVERS)
def encrypted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of a server with TLS, and the certificate to trust."""
    port = free_port()
    trusted, _ = pems(tmp_path, "localhost")
    pair = str(tmp_path / "server.pem")
    options = {"tls-port": str(port), "tls-cert-file": pair, "tls-key-file": pair}
    options |= {"tls-auth-clients": "no"}
    with RedisServer(tmp_path / "redis", request.param, **options):
        yield port, trusted


def test_tls(encrypted: tuple[int, Path]) -> None:
    """Under the given certificates, for the name that was asked for, and only so."""
    port, trusted = encrypted
    with looked(f"rediss://localhost:{port}", ca_file=str(trusted)) as source:
        assert source.state == "current"
    strange = "the server's certificate is not trusted: "
    assert strange in problem(f"rediss://localhost:{port}")
    assert strange in problem(f"rediss://127.0.0.1:{port}", ca_file=str(trusted))
    assert problem(f"redis://localhost:{port}")


def test_nobody_there() -> None:
    """It is told why, for a port and for a path."""
    assert problem(f"redis://127.0.0.1:{free_port()}").endswith(
        "cannot be reached: Connection refused"
    )
    assert problem("unix:///nowhere/redis.sock").endswith(
        "cannot be reached: No such file or directory"
    )


@pytest.mark.parametrize(
    "said, sentence",
    [
        (b"HTTP/1.1 400 hunter22\r\n\r\n", "what answers is no Redis"),
        (b"-ERR hunter22\r\n", "the server answers with an error"),
        (b"-MISCONF hunter22\r\n", "the server answers MISCONF"),
        (b"-LOADING hunter22\r\n", "the server is still loading"),
        (b"", "the server closed the connection"),
    ],
)
def test_other_answers(said: bytes, sentence: str) -> None:
    """Whatever a server says is told in our words: it may repeat a password."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as connection:
                connection.recv(1000)
                connection.sendall(said)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}"
        assert problem(url, "hunter22").endswith(f"key {KEY}: {sentence}")
        serving.join()


def test_a_server_that_hangs(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up after its time, and looked at again over new connections."""
    redis.ask("SADD", KEY, "a")
    monkeypatch.setattr(module, "_TIMEOUT_S", 1.0)
    with looked(redis.url) as source:
        redis.hang()
        started = time.monotonic()
        source.check()
        assert time.monotonic() - started < 10
        assert source.freshness.failed == 1
        source.check()
        redis.resume()
        source.check()
        assert (source.freshness.failed, source.freshness.succeeded) == (2, 2)


def test_connections_that_were_cut(redis: RedisServer) -> None:
    """What was said meanwhile is read, though no watch saw it."""
    with looked(redis.url) as source:
        redis.ask("CLIENT", "KILL", "TYPE", "normal")
        redis.ask("SADD", KEY, "a")
        source.check()
        source.check()
        assert source.freshness.entries == 1
        redis.stop()
        source.check()
        redis.start()
        source.check()
        assert source.freshness.entries == 0
        assert source.state == "current"


def test_no_connection_is_left(redis: RedisServer) -> None:
    """Two connections a source, whatever happens; none when it is released."""

    def connections() -> int:
        told: bytes = redis.ask("CLIENT", "LIST", "TYPE", "normal")
        return told.count(b"\n") - 1

    with looked(redis.url) as source:
        until(lambda: connections() == 2, "two connections")
        redis.ask("SET", KEY, "wrong")
        for _ in range(3):
            source.check()
        redis.ask("DEL", KEY)
        for _ in range(3):
            source.check()
        until(lambda: connections() == 2, "two connections")
    until(lambda: connections() == 0, "no connection")
