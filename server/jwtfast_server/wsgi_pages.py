"""WSGI in granian's worker: pages that take their time are made beside the thread that decides.

granian calls a WSGI application from one thread, and its own wrapper of the application sends what
that returns. This one stands in its place: for a path that waits, another thread does the same. It
also leaves out the process's environment, which granian's copies under every request.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, Protocol

from granian.server import mp
from granian.wsgi import Response

__all__ = ["beside_decisions", "stand_in"]

_THREADS: Final = 4


class WsgiProtocol(Protocol):
    """What granian hands over beside the request; may be used from any thread, once."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer."""


Application = Callable[[dict[str, Any], Response], Iterable[bytes]]


def beside_decisions(
    waits: Callable[[str], bool], application: Application, *_granians: object
) -> Callable[[WsgiProtocol, dict[str, Any]], None]:
    """Wrap an application as granian wants it.

    Args:
        waits: whether the answer for a path takes its time.
        application: what answers.
    """
    others = ThreadPoolExecutor(_THREADS, thread_name_prefix="page")

    def answer(protocol: WsgiProtocol, environ: dict[str, Any]) -> None:
        response = Response()  # type: ignore[no-untyped-call] # granian's
        body = b"".join(application(environ, response))
        protocol.response_bytes(response.status, response.headers, body)

    def called(protocol: WsgiProtocol, environ: dict[str, Any]) -> None:
        if waits(environ["PATH_INFO"]):
            others.submit(answer, protocol, environ)
        else:
            answer(protocol, environ)

    return called


def stand_in(waits: Callable[[str], bool]) -> None:
    """Wrap what this process serves so, in place of granian's own wrapper.

    Raises:
        RuntimeError: where this granian has another one, which would go on as before.
    """
    if not hasattr(mp, "_wsgi_call_wrap"):
        raise RuntimeError("this granian cannot be used with interface wsgi: use asgi")
    mp._wsgi_call_wrap = partial(  # noqa: SLF001 - it has no public way
        beside_decisions, waits
    )
