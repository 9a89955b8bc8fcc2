"""Routes: host, path and method of the original request choose the policy."""

import pytest

from tests.conftest import Serve
from tests.processes import Server
from tests.routed import BEARER, REFUSED, code_of, original_request, policy_of
from tests.settings import token

ROUTES = [
    {"host": "admin.example.com", "policy": "admin"},
    {"path": "/public/", "methods": ["GET"], "policy": "open"},
    {"path": "/api/*/status", "policy": "open"},
    {"host": "*.example.com", "path": "/", "policy": "default"},
]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get")


@pytest.fixture(scope="module", params=["asgi", "rsgi"])
def routed(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """The service with routes; WSGI cannot tell the headers apart, and refuses to start."""
    return serve(interface=request.param, routes=ROUTES, original_request=original_request())


def told(url: str, method: str = "GET") -> list[tuple[str, str]]:
    """What a proxy sends of its client's request."""
    return [("X-Original-URL", url), ("X-Original-Method", method)]


@pytest.mark.parametrize(
    "method,url,policy",
    [
        ("GET", "https://admin.example.com/public/x", "admin"),
        ("GET", "http://ADMIN.Example.com.:8443/", "admin"),
        ("GET", "http://a.example.com/public/x", "open"),
        ("GET", "http://a.example.com/public/", "open"),
        ("GET", "http://a.example.com/%70ublic/x", "open"),
        ("GET", "http://[::1]/public/x", "open"),
        ("HEAD", "http://a.example.com/public/x", "default"),
        ("POST", "http://a.example.com/public/x", "default"),
        ("GET", "http://a.example.com/public", "open"),
        ("GET", "http://a.example.com/Public/x", "default"),
        ("GET", "http://a.example.com/x?/public/x", "default"),
        ("GET", "http://a.example.com/x?next=http://admin.example.com/", "default"),
        ("GET", "http://other.org/api/v1/status", "open"),
        ("DELETE", "http://other.org/api/v1/status", "open"),
        ("GET", "http://a.b.example.com/api/v1/v2/status", "default"),
    ],
)
def test_the_first_route_that_fits(routed: Server, method: str, url: str, policy: str) -> None:
    """Host without case, port and final dot; path by whole segments; the query never counts."""
    confirmed = ("X-Auth-Request-Redirect", "/" + url.split("/", 3)[3])
    answer = routed.ask(headers=[BEARER, *told(url, method), confirmed])

    assert policy_of(answer) == policy


@pytest.mark.parametrize(
    "url", ["http://other.org/", "http://example.com/", "http://admin.example.com.evil.org/"]
)
def test_no_route(routed: Server, url: str) -> None:
    """What no route fits is refused, with the best of tokens."""
    assert code_of(routed.ask(headers=[BEARER, *told(url)])) == (403, "no_policy")


@pytest.mark.parametrize("method", METHODS)
def test_no_method_is_exempt(routed: Server, method: str) -> None:
    """Without a token every method is refused, the subrequest's and the original one, OPTIONS too.

    A preflight's headers change nothing.
    """
    preflight = [("Origin", "https://x"), ("Access-Control-Request-Method", "GET")]
    headers = [*told("http://a.example.com/x", method), *preflight]

    assert code_of(routed.ask("GET", headers=headers)) == (401, "missing_token")
    if method not in {"HEAD", "CONNECT"}:
        assert code_of(routed.ask(method, headers=headers)) == (401, "missing_token")


@pytest.mark.parametrize("method", METHODS[1:])
def test_only_the_listed_methods(routed: Server, method: str) -> None:
    """A route for GET takes nothing else, not even HEAD or `get`."""
    url = "http://a.example.com/public/x"

    assert policy_of(routed.ask(headers=[BEARER, *told(url, method)])) == "default"


@pytest.mark.parametrize(
    "name", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method", "X-Forwarded-Method"]
)
def test_no_method_override(routed: Server, name: str) -> None:
    """Only the configured header tells the method; a client's override is nothing."""
    url = "http://a.example.com/public/x"
    post = [BEARER, *told(url, "POST"), (name, "GET")]
    read = [BEARER, *told(url, "GET"), (name, "POST")]

    assert policy_of(routed.ask(headers=post)) == "default"
    assert policy_of(routed.ask(headers=read)) == "open"
    assert policy_of(routed.ask(target="/validate?_method=GET", headers=post)) == "default"


def test_a_method_that_is_not_told(routed: Server) -> None:
    """It is not the subrequest's own: an auth_request of NGINX is a GET whatever was sent."""
    headers = [BEARER, ("X-Original-URL", "http://a.example.com/public/x")]

    for method in ("GET", "POST"):
        assert code_of(routed.ask(method, headers=headers)) == REFUSED


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_the_method_of_the_subrequest(serve: Serve, interface: str) -> None:
    """It counts where the proxy is said to ask with its client's own, and no header's then."""
    own = original_request(method_header="subrequest")
    server = serve(interface=interface, routes=ROUTES, original_request=own)
    headers = [BEARER, ("X-Original-URL", "http://a.example.com/public/x")]

    for more in ([], [("X-Original-Method", "GET")], [("subrequest", "GET")]):
        assert policy_of(server.ask("GET", headers=[*headers, *more])) == "open"
        assert policy_of(server.ask("POST", headers=[*headers, *more])) == "default"


def test_the_proxy_tells_nothing(routed: Server) -> None:
    """Without the original request there is no route, and no policy that would do instead."""
    assert code_of(routed.ask(headers=[BEARER])) == REFUSED


@pytest.mark.parametrize("target", ["/p/admin", "/p/admin/", "/p/admin/public/x", "/p/admin?a=b"])
def test_a_policy_in_the_path(routed: Server, target: str) -> None:
    """It is the policy whatever the routes say, and whatever follows its name."""
    headers = told("http://a.example.com/public/x")
    nobody = ("Authorization", f"Bearer {token()}")

    assert policy_of(routed.ask(target=target, headers=[BEARER, *headers])) == "admin"
    assert code_of(routed.ask(target=target, headers=[nobody, *headers])) == (403, "policy_denied")


@pytest.mark.parametrize("target", ["/p/", "/p/none", "/p/ADMIN", "/p//admin"])
def test_a_policy_that_does_not_exist(routed: Server, target: str) -> None:
    """It is no policy, never the next best one."""
    assert code_of(routed.ask(target=target, headers=[BEARER])) == (403, "no_policy")
