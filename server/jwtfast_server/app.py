"""The granian application: one service behind an ASGI, an RSGI and a WSGI front door.

ASGI alone hands over every byte of every header value: RSGI leaves out values with bytes above
0x7F, and WSGI merges headers whose names differ in `-` and `_` only. WSGI is the fastest of them.
What can be done about it is done here; what cannot is told in `docs/decisions/`.

No body is read, so a connection on which one was announced ends with the answer: hyper would take
the next request that a proxy sends over it for this body (NGINX announces bodies it does not send).

Where a gate asks who sent a request, it is told the address that the connection came from and no
header's: an empty one, which granian gives for Unix sockets only, raises instead of being trusted.
"""

from asyncio import CancelledError, to_thread
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeAlias

from jwtfast_server.answers import Page
from jwtfast_server.service import Service

__all__ = ["Application", "wsgi_is_safe"]

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
AsgiDoor: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
StartResponse: TypeAlias = Callable[[str, list[tuple[str, str]]], object]
WsgiDoor: TypeAlias = Callable[[Mapping[str, str], StartResponse], Iterable[bytes]]

VALIDATE: Final = "/validate"
POLICY: Final = "/p/"
_OK: Final = 200
_OPAQUE: Final = b"\xff"
# They announce a body: what a gate must be told of every request.
_FRAMING: Final = ("content-length", "transfer-encoding")


class _WsgiNames(dict[str, str]):
    """By header, where WSGI puts it; each is made once."""

    def __missing__(self, name: str) -> str:
        self[name] = made = f"HTTP_{name.upper()}"
        return made


_WSGI_NAMES: Final = _WsgiNames()


class RsgiHeaders(Protocol):
    """The request headers as granian's RSGI gives them."""

    def __contains__(self, name: str) -> bool:
        """Whether a header came, readable or not."""

    def get(self, name: str) -> str | None:
        """The first value, None if it is not readable."""

    def get_all(self, name: str) -> list[str]:
        """All values that are readable."""


class RsgiScope(Protocol):
    """What this application reads of an RSGI scope."""

    method: str
    path: str
    query_string: str
    client: str
    headers: RsgiHeaders


class RsgiProtocol(Protocol):
    """What this application uses of an RSGI protocol."""

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Answer without a body."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer with a body."""


RsgiDoor: TypeAlias = Callable[[RsgiScope, RsgiProtocol], Awaitable[None]]


class Application:
    """One service, answering whichever interface granian speaks."""

    def __init__(self, service: Service) -> None:
        """Make the three front doors of a service."""
        self.asgi: Final = _asgi_door(service)
        self.__rsgi__: Final = _rsgi_door(service)
        self.wsgi: Final = _wsgi_door(service)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer as ASGI."""
        return self.asgi(scope, receive, send)

    def door(self, interface: str) -> AsgiDoor | RsgiDoor | WsgiDoor:
        """The bare callable for an interface: asgi, rsgi or wsgi."""
        doors: dict[str, AsgiDoor | RsgiDoor | WsgiDoor]
        doors = {"asgi": self.asgi, "rsgi": self.__rsgi__, "wsgi": self.wsgi}
        return doors[interface]


def _asgi_door(service: Service) -> AsgiDoor:
    legacy = service.legacy
    methods = service.methods
    validate, prefix = VALIDATE.encode(), POLICY.encode()

    async def send_page(page: Page, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in page.headers]
        await send({"type": "http.response.start", "status": page.status, "headers": headers})
        await send({"type": "http.response.body", "body": page.body})

    async def door(scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            path = scope["raw_path"]
            method = scope["method"]
            if path == validate:
                if legacy and method not in methods:
                    return await send_page(service.wrong_method(), send)
                policy, query = None, scope["query_string"]
            elif path.startswith(prefix) and not legacy:
                policy, query = path[3:].partition(b"/")[0].decode("latin-1"), b""
            else:
                # Off the event loop: a scrape waits for all workers.
                return await send_page(await to_thread(service.page, path.decode("latin-1")), send)
            decide, _, needs_peer, bodies, _, decisions, _ = service.current
            headers = scope["headers"]
            if needs_peer:
                decision = decide(policy, method, query, headers, peer=scope["client"][0])
            else:
                decision = decide(policy, method, query, headers)
            code = decision.code
            status = decision.status
            # In shadow mode there is a code, but the answer is 200.
            body = b"" if status == _OK else bodies[status, code]
            ready = decision.raw_headers
            await send({"type": "http.response.start", "status": status, "headers": ready})
            await send({"type": "http.response.body", "body": body})
        except (CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - a panic in Rust is no Exception
            return await send_page(service.failed(error), send)
        if code is not None or decisions.writes_allowed:
            decisions.write(decision, method)
        return None

    return door


def _rsgi_door(service: Service) -> RsgiDoor:
    legacy = service.legacy
    methods = service.methods

    async def door(scope: RsgiScope, protocol: RsgiProtocol) -> None:
        try:
            path = scope.path
            method = scope.method
            if path == VALIDATE:
                if legacy and method not in methods:
                    return protocol.response_bytes(*service.wrong_method())
                policy, query = None, scope.query_string
            elif path.startswith(POLICY) and not legacy:
                policy, query = path[3:].partition("/")[0], ""
            else:
                # Off the event loop: a scrape waits for all workers.
                return protocol.response_bytes(*await to_thread(service.page, path))
            decide, names, needs_peer, bodies, unreadable, decisions, _ = service.current
            headers = _rsgi_headers(scope.headers, names, unreadable)
            if needs_peer:
                decision = decide(policy, method, query, headers, peer=_rsgi_peer(scope.client))
            else:
                decision = decide(policy, method, query, headers)
            code = decision.code
            status = decision.status
            ready = decision.headers
            if status == _OK:
                protocol.response_empty(status, ready)
            else:
                protocol.response_bytes(status, ready, bodies[status, code])
        except (CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - a panic in Rust is no Exception
            return protocol.response_bytes(*service.failed(error))
        if code is not None or decisions.writes_allowed:
            decisions.write(decision, method)
        return None

    return door


def _rsgi_headers(
    sent: RsgiHeaders, names: Iterable[str], unreadable: Mapping[str, bytes]
) -> list[tuple[str, str | bytes]]:
    """All values of these headers; for one that RSGI left out, a value that is no good token.

    RSGI does not say that it left out a value behind a readable one: that one is lost.
    """
    headers: list[tuple[str, str | bytes]] = []
    for name in names:
        values = sent.get_all(name)
        for value in values:
            headers.append((name, value))  # noqa: PERF401 - a comprehension costs more for one value
        if sent.get(name) is None and (values or name in sent):
            headers.append((name, unreadable.get(name, _OPAQUE)))
    headers += [(name, sent.get(name) or "") for name in _FRAMING if name in sent]
    return headers


def _rsgi_peer(client: str) -> str:
    """The address without its port: of `10.0.0.1:80`, or of `[fe80::1%2]:80`."""
    return client.rpartition(":")[0].strip("[]").partition("%")[0]


def wsgi_is_safe(names: Iterable[str]) -> bool:
    """Whether WSGI can tell these headers apart from others, and their values from each other."""
    return all("-" not in name and "_" not in name and name != "cookie" for name in names)


def _wsgi_door(service: Service) -> WsgiDoor:
    legacy = service.legacy
    methods = service.methods
    lines = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

    def send_page(page: Page, start_response: StartResponse) -> list[bytes]:
        start_response(lines[page.status], page.headers)
        return [page.body]

    def door(environ: Mapping[str, str], start_response: StartResponse) -> list[bytes]:
        try:
            path = environ["PATH_INFO"]
            method = environ["REQUEST_METHOD"]
            if path == VALIDATE:
                if legacy and method not in methods:
                    return send_page(service.wrong_method(), start_response)
                sent = environ["QUERY_STRING"]
                policy, query = None, sent.encode("latin-1") if sent else b""
            elif path.startswith(POLICY) and not legacy:
                policy, query = path[3:].partition("/")[0], b""
            else:
                return send_page(service.page(path), start_response)
            decide, names, needs_peer, bodies, unreadable, decisions, _ = service.current
            headers = _wsgi_headers(environ, names, unreadable)
            if needs_peer:
                decision = decide(policy, method, query, headers, peer=environ["REMOTE_ADDR"])
            else:
                decision = decide(policy, method, query, headers)
            code = decision.code
            status = decision.status
            body = [] if status == _OK else [bodies[status, code]]
            start_response(lines[status], decision.headers)
        except BaseException as error:  # noqa: BLE001 - a panic in Rust is no Exception
            return send_page(service.failed(error), start_response)
        if code is not None or decisions.writes_allowed:
            decisions.write(decision, method)
        return body

    return door


def _wsgi_headers(
    environ: Mapping[str, str], names: Iterable[str], unreadable: Mapping[str, bytes]
) -> list[tuple[str, str | bytes]]:
    """All values of headers that are `wsgi_is_safe`: joined by commas, which no token has.

    A value that is not ASCII arrives empty.
    """
    headers: list[tuple[str, str | bytes]] = []
    for name in names:
        joined = environ.get(_WSGI_NAMES[name])
        if joined is None:
            continue
        if joined and "," not in joined:
            headers.append((name, joined))
            continue
        opaque = unreadable.get(name, _OPAQUE)
        headers += [(name, value or opaque) for value in joined.split(",")]
    if "CONTENT_LENGTH" in environ:
        headers.append(("content-length", environ["CONTENT_LENGTH"]))
    if "HTTP_TRANSFER_ENCODING" in environ:
        headers.append(("transfer-encoding", ""))
    return headers
