"""Fixtures for all tests that need a running service."""

from collections.abc import Callable, Iterator

import pytest

from tests.processes import Server, free_port
from tests.settings import standard, write

Serve = Callable[..., Server]


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start services: `serve(interface="rsgi", ...)`, changes to `tests.settings.standard`.

    Whatever still runs at the end is stopped, and must end well.
    """
    started: list[Server] = []

    def start(arguments: tuple[str, ...] = (), **changes: object) -> Server:
        directory = tmp_path_factory.mktemp("service")
        port = free_port()
        address = ("127.0.0.1", port)
        path = write(directory / "jwtfast.yaml", standard(listen=f"127.0.0.1:{port}", **changes))
        server = Server(["serve", "--config", str(path), *arguments], directory, address)
        started.append(server)
        return server

    yield start
    statuses = [server.stop() for server in started]
    assert statuses == [0] * len(started)
