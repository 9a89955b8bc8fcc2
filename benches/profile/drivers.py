"""Front doors called as granian calls them, without HTTP around them.

Around a door is the Python that granian puts around it. What a door answers goes to stand-ins that
keep the last of it, where granian would write it to a connection.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias

from granian import _futures, asgi, rsgi, wsgi
from granian.constants import Interfaces

from benches.profile import scopes

__all__ = ["DRIVERS", "Answer", "Call", "Door", "Driver"]

Door: TypeAlias = Callable[..., Any]
Call: TypeAlias = Callable[[], object]

Answer: TypeAlias = tuple[int, list[tuple[str, str]]]
"""Status and headers."""

Driver: TypeAlias = Callable[[Door, str], tuple[Call, Callable[[], Answer]]]
"""From a door and a token: one request through the door, and what the last one was answered."""

# What granian 2.8 wraps a WSGI, an ASGI and an RSGI application with; it has no types.
_around_wsgi: Any = wsgi._callback_wrapper
_around_asgi: Any = asgi._callback_wrapper
_around_rsgi: Any = rsgi._callback_wrapper
_watched: Any = _futures._future_watcher_wrapper
_OPTIONS: Final = {"url_path_prefix": None}


class _Protocol:
    """Where a door answers to, and who is told when it has."""

    def __init__(self, scope: object = None) -> None:
        self.scope = scope
        self.proto = self
        self._status = 0
        self._headers: Any = ()
        self._failure: BaseException | None = None
        loop = asyncio.new_event_loop()
        self._sent: asyncio.Future[None] = loop.create_future()
        self._sent.set_result(None)
        loop.close()

    def response_bytes(self, status: int, headers: object, _body: bytes) -> None:
        """Answer as WSGI or RSGI."""
        self._status, self._headers = status, headers

    def response_empty(self, status: int, headers: object) -> None:
        """Answer as RSGI."""
        self._status, self._headers = status, headers

    def receive(self) -> None:
        """Read as ASGI, which nothing here does."""
        raise AssertionError("a body was read")

    def send(self, message: Mapping[str, Any]) -> Awaitable[None]:
        """Answer as ASGI; what is to be awaited is done already."""
        if "status" in message:
            self._status, self._headers = message["status"], message["headers"]
        return self._sent

    def done(self) -> None:
        """Hear that the application returned."""

    def err(self, error: BaseException) -> None:
        """Hear what it raised."""
        self._failure = error

    def answer(self) -> Answer:
        """The last answer as text; raises what the application raised."""
        if self._failure is not None:
            raise self._failure
        return self._status, [(_text(name), _text(value)) for name, value in self._headers]


def _text(octets: str | bytes) -> str:
    return octets if isinstance(octets, str) else octets.decode()


def _wsgi(door: Door, token: str) -> tuple[Call, Callable[[], Answer]]:
    protocol, environ = _Protocol(), scopes.environ(token)
    runner = _around_wsgi(door, _OPTIONS)
    return lambda: runner(protocol, environ), protocol.answer


def _asgi(door: Door, token: str) -> tuple[Call, Callable[[], Answer]]:
    watcher = _Protocol(scopes.scope(Interfaces.ASGINL, token))
    application = _watched(_around_asgi(door, _OPTIONS, {}))
    return lambda: _run(application(watcher)), watcher.answer


def _rsgi(door: Door, token: str) -> tuple[Call, Callable[[], Answer]]:
    watcher = _Protocol(scopes.scope(Interfaces.RSGI, token))
    application = _watched(_around_rsgi(door))
    return lambda: _run(application(watcher)), watcher.answer


def _run(coroutine: Any) -> None:  # noqa: ANN401 - granian's, which has no types
    """Run to the end, at once: nothing here has to wait."""
    for _ in coroutine.__await__():
        raise AssertionError("a door waited")


DRIVERS: Final[Mapping[str, Driver]] = {"wsgi": _wsgi, "asgi": _asgi, "rsgi": _rsgi}
