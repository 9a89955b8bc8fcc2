"""Where the imitations answer: every https host of theirs, behind a proxy on loopback.

The proxy takes CONNECT and ends TLS itself, with a certificate for all hosts of a CA of its own:
so the documents have the URLs of the real ones, and nothing leaves this machine.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.issuers.imitation import NAMES, Imitation
from tests.keyserver import KeyServer, Request, answer, pems, read_request

__all__ = ["World", "opened"]

_END: Final = b""


class World:
    """The hosts of all imitations; `stands` is the one that answers now."""

    def __init__(self, directory: Path) -> None:
        """Make the certificate of all hosts."""
        everybody = [Imitation(name) for name in NAMES]
        hosts = set[str]().union(*(one.hosts for one in everybody if one.has_remote_keys))
        names = sorted({host.partition(":")[0] for host in hosts})
        self.ca_file, self._tls = pems(directory, *names)
        self.server = KeyServer(dict.fromkeys(hosts, self._tunnel))
        self.stands: Imitation | None = None
        self.asked: list[str] = []

    def _tunnel(self, connection: socket.socket, request: Request) -> bytes:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with self._ended(connection) as inside:
            if found := read_request(inside):
                host = request.target.removesuffix(":443")
                inside.sendall(self._answer(f"https://{host}{found.target}", found))
        return _END

    def _ended(self, connection: socket.socket) -> ssl.SSLSocket:
        return self._tls.wrap_socket(connection, server_side=True)

    def _answer(self, url: str, request: Request) -> bytes:
        self.asked.append(url)
        stands = self.stands
        if stands is None:
            return answer(b"nobody is here", 503)
        bearer = stands.data.get("bearer")
        if bearer and request.headers.get("authorization") != f"Bearer {bearer}":
            return answer(b"{}", 401)
        page = stands.pages().get(url)
        return answer(b"no such page", 404) if page is None else answer(page)


@contextmanager
def opened(directory: Path) -> Iterator[World]:
    """A world that answers."""
    world = World(directory)
    with world.server:
        yield world
