"""The ceiling: granian with applications that look at nothing and answer what jwtfast answers.

The same status, the same headers and the same empty body, from threads with the same slices of CPU
time: what is left between these and jwtfast is jwtfast. A test holds the two answers against each
other.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from jwtfast_server.scheduling import ask_for_short_slices

__all__ = ["asgi", "rsgi", "wsgi"]

# granian imports this before it starts the other threads of a worker, and they inherit it.
ask_for_short_slices()

_HEADERS: Final = [("X-User", "user-000000"), ("Cache-Control", "no-store")]
_RAW_HEADERS: Final = [(name.lower().encode(), value.encode()) for name, value in _HEADERS]
_START: Final = {"type": "http.response.start", "status": 200, "headers": _RAW_HEADERS}
_BODY: Final = {"type": "http.response.body", "body": b""}


async def asgi(
    _scope: Mapping[str, Any],
    _receive: Callable[[], Awaitable[Mapping[str, Any]]],
    send: Callable[[Mapping[str, Any]], Awaitable[None]],
) -> None:
    """Answer as ASGI."""
    await send(_START)
    await send(_BODY)


class _Protocol(Protocol):
    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None: ...


async def rsgi(_scope: object, protocol: _Protocol) -> None:
    """Answer as RSGI."""
    protocol.response_empty(200, _HEADERS)


def wsgi(
    _environ: Mapping[str, str], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    """Answer as WSGI."""
    start_response("200 OK", _HEADERS)
    return []
