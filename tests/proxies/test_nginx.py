"""Real NGINX with the recipe that users copy: `server/deploy/nginx/jwtfast.conf`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.proxies.conftest import RunNginx
from tests.proxies.echo import Echo
from tests.proxies.every import EveryProxy
from tests.proxies.every_alias import EveryAlias
from tests.proxies.every_byte import EveryByte
from tests.proxies.every_edge import EveryEdge
from tests.proxies.every_preflight import EveryPreflight
from tests.proxies.every_route import EveryRoute
from tests.proxies.every_tunnel import EveryTunnel
from tests.proxies.proxy import Behind, filled, switched_on
from tests.settings import token
from tests.wire import Address, Answer, Connection, ask, raw_request

Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def recipe(recipes: Path) -> str:
    """The recipe, word for word."""
    return (recipes / "nginx" / "jwtfast.conf").read_text()


def with_addresses(recipe: str, auth: str, application: str) -> str:
    """The recipe with its three addresses filled in, as a user would."""
    return filled(
        recipe,
        {
            "listen 80;": "listen 127.0.0.1:PORT;",
            "server 127.0.0.1:8080;": f"server {auth};",
            "server 127.0.0.1:3000;": f"server {application};",
        },
    )


@pytest.fixture(scope="module")
def behind(run_nginx: RunNginx, recipe: str, _application: Echo) -> Behind:
    """Start NGINX with the recipe."""

    def run(
        auth: str, path: str = "/p/default", *, clears_token: bool = False, http2: bool = False
    ) -> Address:
        asked = filled(recipe, {"http://jwtfast/validate;": f"http://jwtfast{path};"})
        if clears_token:
            asked = switched_on(asked, 'proxy_set_header Authorization "";')
        config = with_addresses(asked, auth, _application.address)
        return run_nginx(
            config.replace("127.0.0.1:PORT", "127.0.0.1:PORT http2") if http2 else config
        )

    return run


@pytest.fixture(scope="module")
def nginx(proxy: Address) -> Address:
    """NGINX in front of the service and the application."""
    return proxy


class TestNGINX(EveryProxy):
    """Every case of every proxy."""

    without_jwtfast = (500, 500)
    tells_why = False


class TestNGINXEdges(EveryEdge):
    """Every case of the edges."""


class TestNGINXPreflights(EveryPreflight):
    """Every case of CORS preflights."""


class TestNGINXRoutes(EveryRoute):
    """Every case of routes."""


class TestNGINXBytes(EveryByte):
    """Every byte in every place."""


class TestNGINXAliases(EveryAlias):
    """Every case of header names."""


class TestNGINXTunnels(EveryTunnel):
    """Every case of tunnels."""


@pytest.fixture
def visit(nginx: Address) -> Ask:
    """Ask NGINX, with a token or without."""

    def visit(
        method: str = "GET",
        target: str = "/some/page?a=b",
        *headers: tuple[str, str | bytes],
        bearer: str | None = None,
        body: bytes = b"",
    ) -> Answer:
        given = [] if bearer is None else [("Authorization", f"Bearer {bearer}")]
        return ask(nginx, method, target, [*given, *headers], body)

    return visit


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PROPFIND"])
def test_no_method_is_exempt(visit: Ask, application: Echo, method: str) -> None:
    """Without a token nothing passes."""
    # NGINX itself refuses TRACE.
    assert visit(method, "/").status in ({405} if method == "TRACE" else {401})
    assert application.take() == []


def test_the_auth_location_is_not_reachable(visit: Ask, application: Echo) -> None:
    """A client cannot ask the internal location."""
    assert visit("GET", "/_jwtfast", bearer=token()).status == 404
    assert application.take() == []


def test_a_token_beyond_the_limit(visit: Ask) -> None:
    """Just above jwtfast's limit: 401 from jwtfast, as NGINX still has room."""
    answer = visit(bearer=token(padding="x" * (16 << 10)))

    assert answer.status == 401
    assert "token_too_large" in (answer.get("www-authenticate") or "")


def test_any_byte_in_the_token(visit: Ask, application: Echo) -> None:
    """401 for each, never a 500; 400 where NGINX itself sees no HTTP."""
    good = f"Bearer {token()}".encode()
    for byte in range(1, 256):
        # Space and tab around a value, and the end of the line, do not belong to it.
        if byte in b" \t\r\n":
            continue
        answer = visit("GET", "/", ("Authorization", good + bytes([byte])))
        assert answer.status == 401, byte
    assert visit("GET", "/", ("Authorization", good + b"\0")).status == 400
    assert application.take() == []


def test_odd_requests(visit: Ask, untold: Address, application: Echo) -> None:
    """Odd paths, many headers, any bytes elsewhere: decided by the token alone.

    Paths matter where jwtfast asks for them, see the routes.
    """
    bearer = [("Authorization", f"Bearer {token()}")]
    many = [(f"X-{number}", "a") for number in range(150)]
    odd: list[tuple[str, str | bytes]] = [("X-Odd", bytes([byte])) for byte in (1, 9, 127, 255)]
    for target in ("/a/%2e%2e/b", "/a//b", "/a;b", "/%ff", "/é", "/?%00", "/a%2fb"):
        assert ask(untold, "GET", target).status == 401
        assert ask(untold, "GET", target, bearer).status == 200, target
    assert visit("GET", "/", *many, bearer=token()).status == 200
    assert visit("GET", "/", *odd, bearer=token()).status == 200
    assert len(application.take()) == 9


def test_keepalive(nginx: Address, application: Echo) -> None:
    """Many requests over one connection, good and bad in turn, with and without a body."""
    bearer = [("Authorization", f"Bearer {token()}")]
    with Connection(nginx) as connection:
        for number in range(50):
            connection.send(raw_request("POST", f"/{number}", bearer, b"body"))
            assert connection.answer().status == 200
            connection.send(raw_request("POST", f"/{number}", body=b"body"))
            assert connection.answer().status == 401
    assert [seen.body for seen in application.take()] == [b"body"] * 50
