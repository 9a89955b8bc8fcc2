"""The granian application: one service behind an ASGI, an RSGI and a WSGI front door.

ASGI alone hands over every byte of every header value: RSGI leaves out values with bytes above
0x7F, and WSGI merges headers whose names differ in `-` and `_` only. WSGI is the fastest of them.
What can be done about it is done in `jwtfast._core.Door`, which reads a request and makes the
answer; what cannot is told in `docs/decisions/`.

No body is read, so a connection on which one was announced ends with the answer: hyper would take
the next request that a proxy sends over it for this body (NGINX announces bodies it does not send).

Where a gate asks who sent a request, it is told the address that the connection came from and no
header's: an empty one, which granian gives for Unix sockets only, raises instead of being trusted.
"""

from asyncio import CancelledError, to_thread
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, Protocol, TypeAlias
from urllib.parse import unquote_to_bytes

from jwtfast_server.answers import LINES, Page
from jwtfast_server.service import Service

__all__ = ["Application", "wsgi_is_safe"]


class RsgiScope(Protocol):
    """What is read here of an RSGI scope; `jwtfast._core.Door` reads the rest."""

    method: str
    path: str


class RsgiProtocol(Protocol):
    """What this application uses of an RSGI protocol."""

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        """Answer without a body."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer with a body."""


Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
AsgiDoor: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
RsgiDoor: TypeAlias = Callable[[RsgiScope, RsgiProtocol], Awaitable[None]]
StartResponse: TypeAlias = Callable[[str, list[tuple[str, str]]], object]
WsgiDoor: TypeAlias = Callable[[dict[str, str], StartResponse], Iterable[bytes]]


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


async def _page(service: Service, path: str) -> Page:
    """The page of a path; the event loop does not wait for it."""
    if service.waits(path):
        return await to_thread(service.page, path)
    return service.page(path)


def _asgi_door(service: Service) -> AsgiDoor:
    async def send_page(page: Page, scope: Scope, send: Send) -> None:
        page = page.to(scope["method"])
        headers = [(name.encode(), value.encode()) for name, value in page.headers]
        await send({"type": "http.response.start", "status": page.status, "headers": headers})
        await send({"type": "http.response.body", "body": page.body})

    async def door(scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            current = service.current
            answer = current.door.asgi(scope)
            if answer is None:
                path = unquote_to_bytes(scope["raw_path"]).decode("latin-1")
                page = await _page(service, path)
                return await send_page(page, scope, send)
            start, end, decision = answer
            await send(start)
            await send(end)
        except (CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - a panic in Rust is no Exception
            return await send_page(service.failed(error), scope, send)
        if decision is not None:
            path = scope["raw_path"].decode("latin-1")
            current.decisions.answered(decision, scope["method"], path)
        return None

    return door


def _rsgi_door(service: Service) -> RsgiDoor:
    async def door(scope: RsgiScope, protocol: RsgiProtocol) -> None:
        try:
            current = service.current
            answer = current.door.rsgi(scope)
            if answer is None:
                page = await _page(service, scope.path)
                return protocol.response_bytes(*page.to(scope.method))
            status, headers, body, decision = answer
            if body is None:
                protocol.response_empty(status, headers)
            else:
                protocol.response_bytes(status, headers, body)
        except (CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - a panic in Rust is no Exception
            return protocol.response_bytes(*service.failed(error).to(scope.method))
        if decision is not None:
            current.decisions.answered(decision, scope.method, scope.path)
        return None

    return door


def _wsgi_door(service: Service) -> WsgiDoor:
    def send_page(
        page: Page, environ: dict[str, str], start_response: StartResponse
    ) -> list[bytes]:
        page = page.to(environ["REQUEST_METHOD"])
        start_response(LINES[page.status], page.headers)
        return [page.body]

    def door(environ: dict[str, str], start_response: StartResponse) -> list[bytes]:
        try:
            current = service.current
            answer = current.door.wsgi(environ)
            if answer is None:
                return send_page(service.page(environ["PATH_INFO"]), environ, start_response)
            line, headers, body, decision = answer
            start_response(line, headers)
        except BaseException as error:  # noqa: BLE001 - a panic in Rust is no Exception
            return send_page(service.failed(error), environ, start_response)
        if decision is not None:
            method = environ["REQUEST_METHOD"]
            current.decisions.answered(decision, method, environ["PATH_INFO"])
        return body

    return door


def wsgi_is_safe(names: Iterable[str]) -> bool:
    """Whether WSGI can tell these headers apart from others, and their values from each other."""
    return all("-" not in name and "_" not in name and name != "cookie" for name in names)
