"""A whole service of an imitated provider, asked over HTTP: what a worker fetches serves."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.issuers.imitation import Imitation
from tests.issuers.running import file_of
from tests.issuers.world import World
from tests.processes import Server, free_port, until

Start = Callable[[Imitation, str], Server]


@pytest.fixture
def start(world: World, tmp_path: Path) -> Iterator[Start]:
    """Serve a provider's preset behind one interface; it must end well."""
    started: list[Server] = []

    def serve(one: Imitation, interface: str) -> Server:
        world.stands = one
        port = free_port()
        file = file_of(one.data["preset"], one, world, tmp_path)
        listen = ("--listen", f"127.0.0.1:{port}", "--workers", "1", "--interface", interface)
        command = ["serve", "--config", str(file), *listen]
        started.append(Server(command, tmp_path / "service", ("127.0.0.1", port)))
        return started[-1]

    yield serve
    assert [server.stop() for server in started] == [0] * len(started)


@pytest.mark.parametrize(
    "name,interface", [("entra-v2", "asgi"), ("keycloak", "rsgi"), ("google", "wsgi")]
)
def test_served(start: Start, name: str, interface: str) -> None:
    """Good, wrong and rotated tokens get from a running service what they get from its gate."""
    one = Imitation(name, now=int(time.time()) - 5)
    server = start(one, interface)
    good = server.ask(token=one.token())
    told = {header.lower(): value for header, value in good.headers}
    assert good.status == 200
    assert one.data["identity"].items() <= told.items()
    wrong = one.data["wrong"]["tenant"]
    assert server.ask(token=one.token(wrong["claims"])).status == int(wrong["answer"][:3])
    assert server.ask(token=one.token({"exp": one.now - 400})).status == 401

    one.rotated = True
    after = one.token(key="rotated")
    until(lambda: server.ask(token=after).status == 200, "the new key was fetched")
    assert server.ask(token=one.token()).status == 401
