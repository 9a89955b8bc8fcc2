"""CORS preflights: those that a policy asks for pass without a token, and nothing beside them."""

from pathlib import Path

import pytest

from tests.conftest import Serve
from tests.processes import Server, free_port
from tests.routed import REFUSED, code_of, original_request
from tests.settings import standard, token, write

ORIGIN = ("Origin", "https://app.example")
WANTED = ("Access-Control-Request-Method", "PUT")
PREFLIGHT = [ORIGIN, WANTED]
METHODS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "TRACE",
    "PROPFIND",
    "options",
    "OPTION",
)
MISSING = (401, "missing_token")
URL = ("X-Original-URL", "http://a.example/cors/x")

POLICIES = standard()["policies"] | {
    "cors": {
        "issuers": ["corp"],
        "require": [{"claim": "groups", "any": ["admin"]}],
        "identity": {"X-User": "sub", "X-Groups": {"claim": "groups", "as": "csv"}},
        "preflight": True,
    },
    "guest": {"issuers": ["corp"], "optional": True, "preflight": True},
}
TOKEN = {"from": [{"header": "Authorization", "scheme": "Bearer"}, {"cookie": "session"}]}
ROUTES = [{"path": "/cors/", "policy": "cors"}, {"path": "/", "policy": "default"}]


@pytest.fixture(scope="module", params=["asgi", "rsgi"])
def asked(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """The service that hears nothing of an original request: the subrequest's method counts."""
    return serve(interface=request.param, policies=POLICIES, token=TOKEN)


@pytest.fixture(scope="module", params=["asgi", "rsgi"])
def told(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """The service that goes by the original request."""
    query = {"from": [*TOKEN["from"], {"query": "access_token"}]}
    return serve(
        interface=request.param,
        policies=POLICIES,
        token=query,
        routes=ROUTES,
        original_request=original_request(),
    )


def test_it_passes_as_nobody(asked: Server) -> None:
    """200, and the identity headers are there and empty."""
    for more in ([], [("Access-Control-Request-Headers", "authorization")], [("Cookie", "a=b")]):
        answer = asked.ask("OPTIONS", "/p/cors/any/path", [*PREFLIGHT, *more])

        assert (answer.status, answer.body) == (200, b"")
        assert (answer.all("x-user"), answer.all("x-groups")) == ([""], [""])
        assert answer.get("cache-control") == "no-store"
        assert answer.get("www-authenticate") is None


@pytest.mark.parametrize("policy", ["default", "admin", "open"])
def test_only_where_a_policy_asks(asked: Server, policy: str) -> None:
    """Everywhere else it is a request without a token."""
    answer = asked.ask("OPTIONS", f"/p/{policy}/cors/p/cors", PREFLIGHT)

    assert code_of(answer) == MISSING
    assert code_of(asked.ask("OPTIONS", "/validate", PREFLIGHT)) == MISSING


@pytest.mark.parametrize("method", METHODS)
def test_only_by_its_method(asked: Server, method: str) -> None:
    """No other method with these headers, and no header that names the method."""
    override = [
        (name, "OPTIONS")
        for name in ("X-HTTP-Method-Override", "X-Original-Method", "X-Forwarded-Method")
    ]
    for headers in (PREFLIGHT, [*PREFLIGHT, *override]):
        answer = asked.ask(method, "/p/cors", headers)
        assert answer.status == 401
        assert answer.get("www-authenticate") == 'Bearer realm="api"'


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [ORIGIN],
        [WANTED],
        [ORIGIN, ORIGIN, WANTED],
        [ORIGIN, WANTED, WANTED],
        [ORIGIN, ("origin", "null"), WANTED],
        [("Origin", ""), WANTED],
        [ORIGIN, ("Access-Control-Request-Method", "")],
        [("Origin_", "https://app.example"), WANTED],
        [ORIGIN, ("Access_Control_Request_Method", "PUT")],
        [ORIGIN, ("Access-Control-Request-Headers", "authorization")],
        [("Referer", "https://app.example"), WANTED],
    ],
)
def test_only_with_both_headers(asked: Server, headers: list[tuple[str, str]]) -> None:
    """Each of them once and not empty: anything else is an OPTIONS without a token."""
    assert code_of(asked.ask("OPTIONS", "/p/cors", headers)) == MISSING


@pytest.mark.parametrize(
    "given,expected",
    [
        ([("Authorization", "Bearer x")], (401, "malformed_token")),
        ([("Authorization", f"Bearer {token(exp=1)}")], (401, "token_expired")),
        ([("Authorization", f"Bearer {token(owner='strangers')}")], (401, "invalid_signature")),
        ([("Authorization", f"Bearer {token()}")], (403, "policy_denied")),
        ([("Authorization", f"Bearer {token()}")] * 2, (401, "multiple_tokens")),
        ([("Cookie", "session=x")], (401, "malformed_token")),
        ([("Cookie", f"session={token(exp=1)}")], (401, "token_expired")),
        (
            [("Authorization", "Bearer x"), ("Cookie", f"session={token(groups=['admin'])}")],
            (401, "multiple_tokens"),
        ),
    ],
)
@pytest.mark.parametrize("policy", ["cors", "guest"])
def test_a_token_is_never_overlooked(
    asked: Server, policy: str, given: list[tuple[str, str]], expected: tuple[int, str]
) -> None:
    """A bad one fails, one that the policy refuses is refused, as in any other request."""
    answer = asked.ask("OPTIONS", f"/p/{policy}", [*PREFLIGHT, *given])

    if (policy, expected) == ("guest", (403, "policy_denied")):
        assert answer.status == 200
    else:
        assert code_of(answer) == expected


def test_a_good_token_is_somebody(asked: Server) -> None:
    """Who sends one with a preflight is who he is."""
    answer = asked.ask("OPTIONS", "/p/cors", PREFLIGHT, token=token(groups=["admin"]))

    assert (answer.status, answer.get("x-user"), answer.get("x-groups")) == (200, "user-1", "admin")


def test_the_original_method_counts(told: Server) -> None:
    """Where the proxy tells it, and not the subrequest's own; where it does not, its own."""
    original = "X-Original-Method"

    for method in ("GET", "OPTIONS", "HEAD"):
        passed = told.ask(method, headers=[*PREFLIGHT, URL, (original, "OPTIONS")])
        assert (passed.status, passed.get("x-user")) == (200, "")
    assert told.ask("OPTIONS", headers=[*PREFLIGHT, URL]).status == 200
    for other in (*METHODS, "", "OPTIONS, GET"):
        answer = told.ask("OPTIONS", headers=[*PREFLIGHT, URL, (original, other)])
        assert code_of(answer) in {MISSING, REFUSED}
    assert code_of(told.ask(headers=[*PREFLIGHT, URL])) == MISSING


def test_the_original_request_must_be_told_well(told: Server) -> None:
    """A method alone is not believed; one that comes twice, or a path in doubt, is refused."""
    method = ("X-Original-Method", "OPTIONS")

    assert code_of(told.ask(target="/p/cors", headers=[*PREFLIGHT, method])) == MISSING
    assert code_of(told.ask("OPTIONS", headers=[*PREFLIGHT, method])) == REFUSED
    assert code_of(told.ask(headers=[*PREFLIGHT, URL, method, method])) == REFUSED
    assert code_of(told.ask(headers=[*PREFLIGHT, URL, URL, method])) == REFUSED
    doubt = ("X-Original-URL", "http://a.example/cors/../x")
    assert code_of(told.ask(headers=[*PREFLIGHT, doubt, method])) == REFUSED


def test_routes_choose_first(told: Server) -> None:
    """A preflight to another route is a request without a token; the query names no route."""
    method = ("X-Original-Method", "OPTIONS")
    for path in ("/", "/corsx", "/x?/cors/x", "/CORS/x"):
        url = ("X-Original-URL", f"http://a.example{path}")
        confirmed = ("X-Auth-Request-Redirect", path)
        assert code_of(told.ask(headers=[*PREFLIGHT, url, method, confirmed])) == MISSING


def test_a_token_in_the_query_is_not_overlooked(told: Server) -> None:
    """A bad one in the original query fails, though the rest is a preflight."""
    method = ("X-Original-Method", "OPTIONS")
    url = ("X-Original-URL", "http://a.example/cors/x?access_token=nonsense")

    assert code_of(told.ask(headers=[*PREFLIGHT, url, method])) == (401, "malformed_token")


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_an_untrusted_peer_tells_no_method(serve: Serve, interface: str) -> None:
    """Who may not tell the original request makes no preflight of his own."""
    server = serve(
        interface=interface,
        policies=POLICIES,
        original_request=original_request(trusted_proxies=["10.0.0.0/8"]),
    )
    headers = [*PREFLIGHT, URL, ("X-Original-Method", "OPTIONS")]

    assert code_of(server.ask(target="/p/cors", headers=headers)) == REFUSED


def test_wsgi_is_refused(tmp_path: Path) -> None:
    """WSGI cannot tell Access-Control-Request-Method from Access_Control_Request_Method."""
    config = standard(listen=f"127.0.0.1:{free_port()}", interface="wsgi", policies=POLICIES)
    path = write(tmp_path / "jwtfast.yaml", config)
    with pytest.raises(AssertionError, match="interface wsgi cannot be used"):
        Server(["serve", "--config", str(path)], tmp_path, ("127.0.0.1", 9))
