"""Real HAProxy with the recipe that users copy: `server/deploy/haproxy/`."""

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
from tests.proxies.every_route import EveryRoute
from tests.proxies.every_tunnel import EveryTunnel
from tests.proxies.places import PlacedSweep, matchers
from tests.proxies.proxy import Start, filled, found, switched_on
from tests.wire import Address, ask

# What its own matchers take a request for.
_LAST = "    default_backend application\n"
_PLACES = (
    "    http-request set-header x-place other\n"
    + matchers("    http-request set-header x-place {name} if {{ path,url_dec {prefix} }}\n")
    + matchers(
        "    http-request set-header x-place {name} if {{ path,url_dec -m beg {prefix}/ }}\n"
    )
    + "    http-request set-header x-place admin if { req.hdr(host),host_only -i admin.example }\n"
)

RunHAProxy = Callable[..., Address]
"""Starts HAProxy with jwtfast at an address, and with a changed script where one is given."""


@pytest.fixture(scope="module")
def script(recipes: Path) -> str:
    """The Lua script, word for word."""
    return (recipes / "haproxy" / "jwtfast.lua").read_text()


@pytest.fixture(scope="module")
def behind(
    recipes: Path,
    script: str,
    start: Start,
    _application: Echo,
    tmp_path_factory: pytest.TempPathFactory,
) -> RunHAProxy:
    """Start HAProxy with the recipe, its addresses and the script's place filled in."""
    binary = found("haproxy", "on Debian, apt install haproxy")
    recipe = (recipes / "haproxy" / "haproxy.cfg").read_text()

    def run(
        auth: str,
        path: str = "/p/default",
        *,
        clears_token: bool = False,
        script: str = script,
        http2: bool = False,
        places: bool = False,
    ) -> Address:
        directory = tmp_path_factory.mktemp("haproxy")
        port, inner = free_port(), free_port()
        filling = {
            "/etc/haproxy/jwtfast.lua": str(directory / "jwtfast.lua"),
            "bind :8000": f"bind 127.0.0.1:{port}" + " proto h2" * http2,
            "lua.jwtfast 127.0.0.1:8079": f"lua.jwtfast 127.0.0.1:{inner}",
            " /p/default ": f" {path} ",
            "bind 127.0.0.1:8079": f"bind 127.0.0.1:{inner}",
            "server jwtfast 127.0.0.1:8080": f"server jwtfast {auth}",
            "server application 127.0.0.1:3000": f"server application {_application.address}",
        }
        (directory / "jwtfast.lua").write_text(script)
        config = directory / "haproxy.cfg"
        line = "http-request del-header authorization"
        chosen = switched_on(recipe, line) if clears_token else recipe
        if places:
            chosen = filled(chosen, {_LAST: _PLACES + _LAST})
        config.write_text(filled(chosen, filling))
        # In the foreground, one process.
        return start([binary, "-db", "-f", str(config)], directory, port)

    return run


class TestHAProxy(EveryProxy):
    """Every case of every proxy."""

    without_jwtfast = (503, 503)


class TestHAProxyEdges(EveryEdge):
    """Every case of the edges."""


class TestHAProxyPreflights(EveryPreflight):
    """Every case of CORS preflights."""


class TestHAProxyRoutes(EveryRoute):
    """Every case of routes."""


class TestHAProxyBytes(EveryByte):
    """Every byte in every place."""


class TestHAProxyAliases(EveryAlias):
    """Every case of header names."""

    drops_trailers = False


class TestHAProxySweep(PlacedSweep):
    """Very many requests, judged by its own matchers too."""


class TestHAProxyTunnels(EveryTunnel):
    """Every case of tunnels."""

    websockets_over_http2 = True


def test_the_check_is_the_one_that_is_documented(behind: RunHAProxy, application: Echo) -> None:
    """GET without a body, and exactly these headers."""
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
        "user-agent": "HAProxy",
        "accept": "*/*",
        "authorization": given[0][1],
        "cookie": "a=b",
        "x-original-method": "PUT",
        "x-original-uri": "/page?a=b",
        "x-original-host": "auth.example",
    }
    assert len(application.take()) == 1


@pytest.mark.parametrize(
    "place", ["local answer =", "txn.http:req_del_header", "txn:set_var"], ids=["ask", "in", "end"]
)
def test_an_error_in_the_script_lets_nobody_in(
    behind: RunHAProxy, script: str, auth: Server, application: Echo, place: str
) -> None:
    """HAProxy goes on after an error in Lua: the line after it in the recipe does not."""
    broken = filled(script, {place: f'error("broken") {place}'})
    proxy = behind("{}:{}".format(*auth.host_port), script=broken)

    assert ask(proxy, "GET", "/", [bearer()]).status == 503
    assert application.take() == []
