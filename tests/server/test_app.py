"""The front doors when we make mistakes: never a pass, never a traceback, never silence."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final, cast

import pytest
import structlog

from jwtfast._core import Door
from jwtfast_server.app import Application, wsgi_is_safe
from jwtfast_server.config import load
from jwtfast_server.service import Service
from tests.settings import standard, token, write

Answer = tuple[int, dict[str, str], bytes]
GOOD = f"Bearer {token()}"
EXPIRED = f"Bearer {token(exp=1)}"
ORIGINAL: Final = "http://a.example.com/x"


class Panic(BaseException):
    """As pyo3 raises a panic of Rust."""


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """The standard service."""
    return Service(load(write(tmp_path / "jwtfast.yaml", standard()), env={}), tmp_path)


@pytest.fixture
def routed(tmp_path: Path) -> Service:
    """One that believes two addresses what the original request was."""
    original = {
        "uri_header": "X-Original-URL",
        "trusted_proxies": ["127.0.0.1", "::1", "10.0.0.1"],
    }
    routes = [{"path": "/", "policy": "default"}]
    config = standard(original_request=original, routes=routes)
    return Service(load(write(tmp_path / "jwtfast.yaml", config), env={}), tmp_path)


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    """What is logged meanwhile."""
    with structlog.testing.capture_logs() as captured:
        yield captured


def ask_asgi(
    service: Service,
    fail_on: int = 0,
    peer: str = "127.0.0.1",
    bearer: str = GOOD,
    method: str = "GET",
) -> Answer:
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
        "method": method,
        "raw_path": b"/validate",
        "query_string": b"",
        "client": (peer, "40000" if peer else "0"),
        "headers": [
            (b"host", b"x"),
            (b"authorization", bearer.encode()),
            (b"x-original-url", ORIGINAL.encode()),
        ],
    }

    async def run() -> None:
        await Application(service)(scope, receive, send)

    asyncio.run(run())
    start, body = messages[-2:]
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, body["body"]


class RsgiRequest:
    """Scope, headers and protocol in one."""

    path = "/validate"
    query_string = ""

    def __init__(self, client: str, bearer: str, method: str) -> None:
        self.answer: Answer
        self.method = method
        self.client = client
        self.headers = self
        self._sent = {"authorization": bearer, "x-original-url": ORIGINAL}

    def __contains__(self, name: str) -> bool:
        """Whether it came."""
        return name in self._sent

    def get(self, name: str) -> str | None:
        """The first value."""
        return self._sent.get(name)

    def get_all(self, name: str) -> list[str]:
        """All values."""
        return [self._sent[name]] if name in self else []

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Keep the answer."""
        self.answer = status, dict(headers), b""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Keep the answer."""
        self.answer = status, dict(headers), body


def ask_rsgi(
    service: Service, peer: str = "127.0.0.1", bearer: str = GOOD, method: str = "GET"
) -> Answer:
    """Ask by RSGI."""
    client = f"[{peer}]:40000" if ":" in peer else peer and f"{peer}:40000"
    request = RsgiRequest(client, bearer, method)

    async def run() -> None:
        await Application(service).__rsgi__(request, request)

    asyncio.run(run())
    return request.answer


def ask_wsgi(
    service: Service, peer: str = "127.0.0.1", bearer: str = GOOD, method: str = "GET"
) -> Answer:
    """Ask by WSGI."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(line: str, headers: list[tuple[str, str]]) -> None:
        started.append((line, headers))

    environ = {
        "PATH_INFO": "/validate",
        "REQUEST_METHOD": method,
        "QUERY_STRING": "",
        "HTTP_AUTHORIZATION": bearer,
        # As no server writes it: WSGI is not served with headers like this one.
        "HTTP_X-ORIGINAL-URL": ORIGINAL,
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


class Broken:
    """A door that raises."""

    def __init__(self, mistake: type[BaseException]) -> None:
        self._mistake = mistake

    def asgi(self, _scope: object) -> None:
        """Raise, with a token in the text."""
        raise self._mistake(GOOD)

    rsgi = wsgi = asgi


@pytest.mark.parametrize("ask", DOORS)
@pytest.mark.parametrize("mistake", [ValueError, Panic, KeyError, RecursionError])
def test_the_gate_fails(
    service: Service,
    lines: list[MutableMapping[str, Any]],
    ask: Callable[[Service], Answer],
    mistake: type[BaseException],
) -> None:
    """503 with a reason; logged with its place, without the token that is in its text."""
    service.current = service.current._replace(door=cast("Door", Broken(mistake)))
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
def test_head_when_the_gate_fails(service: Service, ask: Callable[..., Answer]) -> None:
    """As everywhere, its length and no body."""
    service.current = service.current._replace(door=cast("Door", Broken(ValueError)))
    _, _, body = ask(service)
    status, headers, nothing = ask(service, method="HEAD")

    assert (status, headers["content-length"], nothing) == (503, str(len(body)), b"")


@pytest.mark.parametrize("ask", DOORS)
def test_a_denial_without_a_body(service: Service, ask: Callable[..., Answer]) -> None:
    """A decision that the front door does not know is no pass, and no other denial."""
    assert ask(service, bearer=EXPIRED)[0] == 401
    door = Door(
        service.current.gate,
        bodies={},
        lines={},
        unreadable={},
        methods=None,
        over_unix=False,
        tells_allowed=False,
    )
    service.current = service.current._replace(door=door)

    assert ask(service, bearer=EXPIRED)[0] == 503


@pytest.mark.parametrize("ask", DOORS)
def test_the_peer_is_told(routed: Service, ask: Callable[..., Answer]) -> None:
    """A gate that asks is told the address that the connection came from."""
    answers = {
        peer: ask(routed, peer=peer)[0]
        for peer in ("127.0.0.1", "::1", "::ffff:10.0.0.1", "127.0.0.2", "::2", "10.0.0.2")
    }

    assert answers == {
        **dict.fromkeys(("127.0.0.1", "::1", "::ffff:10.0.0.1"), 200),
        **dict.fromkeys(("127.0.0.2", "::2", "10.0.0.2"), 403),
    }


@pytest.mark.parametrize("ask", DOORS)
def test_a_peer_that_nobody_knows(routed: Service, ask: Callable[..., Answer]) -> None:
    """An empty address is no Unix socket's where the service listens on TCP: it is not believed."""
    assert ask(routed, peer="")[0] == 503


@pytest.mark.parametrize("ask", DOORS)
def test_answers_of_two_tokens(service: Service, ask: Callable[..., Answer]) -> None:
    """Answers are kept ready-made: each token has its own, whatever came between."""
    others = [
        f"Bearer {token(sub=sub, jti=str(n))}" for n in range(3) for sub in ("user-1", "user-2")
    ]
    expected = [(200, sub) for _ in range(3) for sub in ("user-1", "user-2")]

    for _ in range(4):
        answers = [ask(service, bearer=bearer) for bearer in others]
        assert [(status, headers.get("x-user")) for status, headers, _ in answers] == expected
        assert ask(service, bearer=EXPIRED)[0] == 401


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
