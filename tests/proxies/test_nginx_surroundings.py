"""NGINX's recipe within surroundings that set each directive otherwise: what is inherited."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.processes import Server
from tests.proxies.conftest import StartNginx
from tests.proxies.echo import Echo, echo
from tests.proxies.every import bearer
from tests.proxies.proxy import filled
from tests.proxies.surroundings import BY_TIMEOUT, SURROUNDINGS, Surrounding
from tests.proxies.switch import Mode, Switch, switch
from tests.proxies.test_nginx import with_addresses
from tests.wire import Address, Connection, raw_request

# README's own lines are few: once each.
CASES = [
    *(("recipe", one, level) for one in SURROUNDINGS for level in one.levels),
    *(("README", one, one.levels[0]) for one in SURROUNDINGS if one.levels[0] != "below"),
]
IDS = [f"{text}-{one.name}-{level}" for text, one, level in CASES]
# With a password too: where one of two is enough, the application must not be reached by it.
_BASIC = ("Authorization", "Basic dXNlcjpwYXNz")
TOKENS = {
    "good": [bearer()],
    "none": [],
    "bad": [("Authorization", "Bearer nonsense")],
    "denied": [bearer(sub="mallory")],
    "basic": [_BASIC],
}
# As a body: what would be the next request, were it sent without its length.
_BODY = raw_request("GET", "/p/anyone") * 2

Within = Callable[..., AbstractContextManager[Address]]
"""Runs NGINX with a recipe within a surrounding at a level, asking jwtfast at an address."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What NGINX serves by itself."""
    directory = tmp_path_factory.mktemp("files")
    (directory / "sorry.html").write_text("sorry")
    (directory / "index.html").write_text("index")
    (directory / "users").write_text("user:{PLAIN}pass\n")
    return directory


@pytest.fixture(scope="module")
def texts(recipes: Path) -> dict[str, str]:
    """The recipe, and what README shows of it, with the recipe's places for addresses."""
    readme = (recipes.parents[1] / "README.md").read_text()
    [shown] = re.findall(r"^```nginx\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    return {"recipe": (recipes / "nginx" / "jwtfast.conf").read_text(), "README": shown}


@pytest.fixture(scope="module")
def within(
    start_nginx: StartNginx, texts: dict[str, str], files: Path, _application: Echo
) -> Within:
    """Run NGINX with the recipe in a surrounding."""

    @contextmanager
    def run(
        text: str, around: Surrounding, level: str, auth: str, timeout: str = "2s"
    ) -> Iterator[Address]:
        lines = {"http": "", "server": "", "below": "", level: around.lines}
        places = {
            "http://jwtfast/validate;": "http://jwtfast/p/default;",
            "listen 80;": f"listen 80; {lines['server']} {around.beside}",
            "auth_request /_jwtfast;": f"{lines['below']} auth_request /_jwtfast;",
        }
        recipe = filled(texts[text], places)
        recipe = with_addresses(recipe, auth, _application.address)
        recipe = recipe.replace("_timeout 2s;", f"_timeout {timeout};")
        whole = f"{around.before}\n{lines['http']}\n{recipe}"
        with start_nginx(whole.replace("FILES", str(files))) as address:
            yield address

    return run


@pytest.fixture(scope="module")
def switched(auth: Server) -> Iterator[Switch]:
    """What stands at jwtfast's address."""
    with switch(auth.address) as one:
        yield one


def send(nginx: Address, phase: str, *names: str) -> list[int]:
    """What the client gets for each of these tokens, all asked at once, with a body that asks."""
    connections = [Connection(nginx) for _ in names]
    for connection, name in zip(connections, names, strict=True):
        given = [("X-Case", f"{phase} {name}"), *TOKENS[name]]
        connection.send(raw_request("POST", f"/{name}", given, _BODY))
    found = [connection.answer().status for connection in connections]
    for connection in connections:
        connection.socket.close()
    return found


def reached(application: Echo) -> set[str]:
    """Which cases the application heard of, in whatever form; or the question itself."""
    seen = application.take()
    return {
        " ".join(one.all("x-case")) if "_jwtfast" not in one.target else one.target for one in seen
    }


@pytest.mark.parametrize("text,around,level", CASES, ids=IDS)
def test_jwtfast_decides(
    within: Within,
    switched: Switch,
    application: Echo,
    text: str,
    around: Surrounding,
    level: str,
) -> None:
    """Only a good token reaches the application, and nothing does while jwtfast is away or ill."""
    switched.turn("up")
    with within(text, around, level, switched.address) as nginx:
        good = send(nginx, "up", "good")
        send(nginx, "up", "none", "bad", "denied", "basic")
        good += send(nginx, "up", "good")
        assert around.loses or good == [200, 200]
        modes: tuple[Mode, ...] = ("503", "away")
        for mode in modes:
            switched.turn(mode)
            send(nginx, mode, *TOKENS)
    assert reached(application) <= {"up good"}


@pytest.mark.parametrize("text", ["recipe", "README"])
@pytest.mark.parametrize("around", BY_TIMEOUT, ids=lambda around: around.name)
def test_nothing_passes_a_silent_one(
    within: Within, application: Echo, around: Surrounding, text: str
) -> None:
    """Where an answer never comes, nothing reaches the application either."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        auth = f"127.0.0.1:{silent.getsockname()[1]}"
        with within(text, around, around.levels[0], auth, "100ms") as nginx:
            send(nginx, "silent", *TOKENS)
    assert reached(application) == set()


@pytest.mark.parametrize("text", ["recipe", "README"])
@pytest.mark.parametrize("body", [r'"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"', "$request_body"])
def test_jwtfast_hears_one_request(within: Within, application: Echo, text: str, body: str) -> None:
    """A body that is inherited would be the next request to it, as the question has no length."""
    around = Surrounding("a body", f"proxy_set_body {body};")
    with echo() as recorder:
        recorder.status = 403
        with within(text, around, "http", recorder.address) as nginx:
            for name in TOKENS:
                assert send(nginx, "body", name) == [403]
                assert [(one.target, one.body) for one in recorder.take()] == [("/p/default", b"")]
    assert reached(application) == set()


def test_the_address_that_asks(within: Within, auth: Server, application: Echo) -> None:
    """It is the one that jwtfast trusts, whatever the application is asked from."""
    around = Surrounding("another address", "proxy_bind 127.0.0.2;")
    with within("recipe", around, "http", "{}:{}".format(*auth.host_port)) as nginx:
        assert send(nginx, "up", "good", "none") == [200, 401]
    assert reached(application) == {"up good"}
