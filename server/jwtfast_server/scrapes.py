"""`/metrics`, made in the main process: the workers decide meanwhile.

Whoever asks shares what is made: a page that was begun after somebody asked is as exact for him as
one of his own. A worker asks over a Unix socket in the run directory; `metrics.listen` has an HTTP
listener here, with a bound on its connections and on what each may take.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, generate_latest, make_wsgi_app

from jwtfast_server.listen import Endpoint
from jwtfast_server.log import error_fields

__all__ = ["Scrapes", "listening_at", "scraped"]

_FILE: Final = "scrape"
_LONGEST_S: Final = 5.0
_MOST_HEADERS: Final = 16_384
_MOST_CONNECTIONS: Final = 64

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def scraped(directory: Path) -> bytes:
    """Ask the main process for the page.

    Raises:
        OSError: where it does not answer.
    """
    found = bytearray()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(_LONGEST_S)
        asking.connect(str(directory / _FILE))
        while data := asking.recv(1 << 20):
            found += data
    return bytes(found)


class Scrapes(threading.Thread):
    """Answers scrapes from a thread of its own, one after the other."""

    def __init__(
        self, directory: Path, registry: CollectorRegistry, listening: socket.socket | None
    ) -> None:
        """Answer the workers of a run directory, and HTTP over a socket that listens already."""
        super().__init__(name="scrapes", daemon=True)
        self._registry = registry
        self._http = make_wsgi_app(registry)
        self._listening = listening
        self._unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._unix.bind(str(directory / _FILE))
        self._unix.listen(_MOST_CONNECTIONS)
        self._making = ThreadPoolExecutor(1, thread_name_prefix="scrape")
        self._next: asyncio.Future[bytes] | None = None
        self._open = 0

    def run(self) -> None:
        """Answer for as long as the process lives."""
        asyncio.run(self._run())

    async def _run(self) -> None:
        servers = [await asyncio.start_unix_server(self._bounded(self._page), sock=self._unix)]
        if self._listening is not None:
            serve = self._bounded(self._answer)
            servers.append(
                await asyncio.start_server(serve, sock=self._listening, limit=_MOST_HEADERS)
            )
        await asyncio.gather(*(server.serve_forever() for server in servers))

    def _bounded(self, serve: Serve) -> Serve:
        """Serve no more than so many at a time, and none of them for longer than so."""

        async def bounded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._open += 1
            # All is sent before the end.
            writer.transport.set_write_buffer_limits(0)
            try:
                if self._open <= _MOST_CONNECTIONS:
                    async with asyncio.timeout(_LONGEST_S):
                        await serve(reader, writer)
                        await writer.drain()
            except (TimeoutError, OSError, EOFError, asyncio.LimitOverrunError):
                writer.transport.abort()
            except Exception as error:  # noqa: BLE001 - the next one may be answered
                structlog.get_logger().error("no metrics", **error_fields(error))
            finally:
                self._open -= 1
                # A worker that was started meanwhile holds it, too: closing alone ends nothing.
                with suppress(OSError):
                    writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
                writer.close()

        return bounded

    async def _page(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send the page alone, to a worker."""
        if self._next is None:
            loop = asyncio.get_running_loop()
            self._next = loop.run_in_executor(self._making, self._make, loop)
        writer.write(await asyncio.shield(self._next))

    def _make(self, loop: asyncio.AbstractEventLoop) -> bytes:
        # Whoever asks from now on gets the next one.
        begun = threading.Event()

        def begin() -> None:
            self._next = None
            begun.set()

        loop.call_soon_threadsafe(begin)
        begun.wait()
        return generate_latest(self._registry)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request of HTTP/1, whatever its path."""
        head = await reader.readuntil(b"\r\n\r\n")
        loop = asyncio.get_running_loop()
        writer.write(await loop.run_in_executor(self._making, self._response, head))

    def _response(self, head: bytes) -> bytes:
        first, *lines = head.decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        path, _, query = rest.partition(" ")[0].partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET" if method == "HEAD" else method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "wsgi.input": BytesIO(),
        }
        for line in lines:
            name, _, value = line.partition(":")
            environ["HTTP_" + name.upper().replace("-", "_")] = value.strip()
        started: list[str] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> None:
            started.append(f"HTTP/1.1 {status}")
            started.extend(f"{name}: {value}" for name, value in headers)

        body = b"".join(self._http(environ, start_response))
        started += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        return "\r\n".join(started).encode("latin-1") + (b"" if method == "HEAD" else body)


def listening_at(scrape: Endpoint) -> socket.socket:
    """A socket for `metrics.listen`."""
    family = socket.AF_INET6 if ":" in scrape.host else socket.AF_INET
    return socket.create_server((scrape.host, scrape.port), family=family)
