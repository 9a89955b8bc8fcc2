"""WSGI in granian's worker: pages that take their time are made beside the thread that decides.

granian calls a WSGI application from one thread, and its own wrapper of the application sends what
that returns. This one stands in its place: for a path that waits, another thread does the same. It
also leaves out the process's environment, which granian's copies under every request.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

from granian.wsgi import Response

__all__ = ["beside_decisions"]

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
