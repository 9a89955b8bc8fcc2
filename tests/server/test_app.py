"""The front doors when we make mistakes: never a pass, never a traceback, never silence."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog

from jwtfast import Decision
from jwtfast_server.app import Application, RsgiHeaders, wsgi_is_safe
from jwtfast_server.config import load
from jwtfast_server.service import Service
from tests.settings import standard, token, write

Answer = tuple[int, dict[str, str], bytes]
GOOD = f"Bearer {token()}"


class Panic(BaseException):
    """As pyo3 raises a panic of Rust."""


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """The standard service."""
    return Service(load(write(tmp_path / "jwtfast.yaml", standard()), env={}), tmp_path)


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged meanwhile."""
    with structlog.testing.capture_logs() as captured:
        yield captured


def ask_asgi(service: Service, fail_on: int = 0, peer: str = "127.0.0.1") -> Answer:
    """Ask by ASGI; the n-th message that is sent can fail."""
    messages: list[Mapping[str, Any]] = []
    sent = 0

    async def send(message: Mapping[str, Any]) -> None:
        nonlocal sent
        sent += 1
        if sent == fail_on:
            raise RuntimeError("cannot send")
        messages.append(message)

    async def receive() -> Mapping[str, Any]:
        raise AssertionError("the body is never read")

    scope = {
        "type": "http",
        "method": "GET",
        "raw_path": b"/validate",
        "query_string": b"",
        "client": (peer, "40000" if peer else "0"),
        "headers": [(b"host", b"x"), (b"authorization", GOOD.encode())],
    }

    async def run() -> None:
        await Application(service)(scope, receive, send)

    asyncio.run(run())
    start, body = messages[-2:]
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, body["body"]


class RsgiRequest:
    """Scope, headers and protocol in one."""

    method = "GET"
    path = "/validate"
    query_string = ""

    def __init__(self, client: str) -> None:
        self.answer: Answer
        self.client = client
        self.headers: RsgiHeaders = self

    def __contains__(self, name: str) -> bool:
        """Only one came."""
        return name == "authorization"

    def get(self, name: str) -> str | None:
        """The first value."""
        return GOOD if name in self else None

    def get_all(self, name: str) -> list[str]:
        """All values."""
        return [GOOD] if name in self else []

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Keep the answer."""
        self.answer = status, dict(headers), b""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Keep the answer."""
        self.answer = status, dict(headers), body


def ask_rsgi(service: Service, peer: str = "127.0.0.1") -> Answer:
    """Ask by RSGI."""
    request = RsgiRequest(f"[{peer}]:40000" if ":" in peer else peer and f"{peer}:40000")

    async def run() -> None:
        await Application(service).__rsgi__(request, request)

    asyncio.run(run())
    return request.answer


def ask_wsgi(service: Service, peer: str = "127.0.0.1") -> Answer:
    """Ask by WSGI."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(line: str, headers: list[tuple[str, str]]) -> None:
        started.append((line, headers))

    environ = {
        "PATH_INFO": "/validate",
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": "",
        "HTTP_AUTHORIZATION": GOOD,
        "REMOTE_ADDR": peer,
    }
    body = b"".join(Application(service).wsgi(environ, start_response))
    line, headers = started[-1]
    return int(line.split(" ")[0]), dict(headers), body


DOORS = [ask_asgi, ask_rsgi, ask_wsgi]


@pytest.mark.parametrize("ask", DOORS)
def test_a_pass(service: Service, ask: Callable[[Service], Answer]) -> None:
    """Nothing wrong: these tests do reach the gate."""
    status, headers, body = ask(service)

    assert (status, headers["x-user"], body) == (200, "user-1", b"")


@pytest.mark.parametrize("ask", DOORS)
@pytest.mark.parametrize("mistake", [ValueError, Panic, KeyError, RecursionError])
def test_the_gate_fails(
    service: Service,
    lines: list[MutableMapping[str, Any]],
    ask: Callable[[Service], Answer],
    mistake: type[BaseException],
) -> None:
    """503 with a reason; logged with its place, without the token that is in its text."""

    def broken(*_: object, **__: object) -> Decision:
        raise mistake(GOOD)

    service.current = service.current._replace(decide=broken)
    status, headers, body = ask(service)

    assert status == 503
    assert headers == {
        "cache-control": "no-store",
        "connection": "close",
        "content-type": "application/problem+json",
    }
    assert json.loads(body)["code"] == "internal_error"
    assert [line["event"] for line in lines] == ["internal error"]
    assert token() not in str(lines)


@pytest.mark.parametrize("ask", DOORS)
def test_a_code_without_a_body(service: Service, ask: Callable[[Service], Answer]) -> None:
    """A decision that the front door does not know is no pass."""
    odd = SimpleNamespace(status=418, code="teapot", policy="", headers=[], raw_headers=[])
    service.current = service.current._replace(decide=lambda *_, **__: cast("Decision", odd))

    assert ask(service)[0] == 503


@pytest.mark.parametrize("ask", DOORS)
@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:10.0.0.1"])
def test_the_peer_is_told(service: Service, ask: Callable[..., Answer], peer: str) -> None:
    """A gate that asks is told the connection's address, alone; one that does not is told none."""
    told: list[object] = []
    decide = service.current.decide

    def listen(*arguments: Any, **named: Any) -> Decision:  # noqa: ANN401
        told.append(named)
        return decide(*arguments, **named)

    for needs_peer in (False, True):
        service.current = service.current._replace(decide=listen, needs_peer=needs_peer)
        assert ask(service, peer=peer)[0] == 200
    assert told == [{}, {"peer": peer}]


@pytest.mark.parametrize("ask", DOORS)
def test_a_peer_that_nobody_knows(service: Service, ask: Callable[..., Answer]) -> None:
    """An empty address is no Unix socket's where the service listens on TCP: it is not believed."""
    service.current = service.current._replace(needs_peer=True)

    assert ask(service, peer="")[0] == 503


def test_a_header_that_granian_refuses(
    service: Service, lines: list[MutableMapping[str, Any]]
) -> None:
    """granian's ASGI raises at the first message: the answer is 503 instead."""
    status, _, body = ask_asgi(service, fail_on=1)

    assert (status, json.loads(body)["code"]) == (503, "internal_error")
    assert [line["event"] for line in lines] == ["internal error"]


def test_which_headers_wsgi_tells_apart() -> None:
    """A dash may have been an underscore, and cookies are joined."""
    assert wsgi_is_safe(["authorization"])
    for name in ("x-token", "x_token", "cookie"):
        assert not wsgi_is_safe(["authorization", name])
