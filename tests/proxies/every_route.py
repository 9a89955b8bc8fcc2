"""Routes behind every proxy that can tell the original request: one table, inherited by each."""

import pytest

from tests.forge import claims, compact
from tests.proxies.echo import Echo
from tests.proxies.every import ODD, bearer
from tests.proxies.http2 import Http2, request_headers
from tests.settings import KID
from tests.wire import Address, Connection, ask

__all__ = ["AMBIGUOUS", "POLICIES", "ROUTES", "SPLITTING", "TOKENS", "EveryRoute"]

_PARTNER = claims(iss="https://partner.example", aud="partner-api", sub="user-7")
TOKENS = {
    "none": [],
    "user": [bearer()],
    "admin": [bearer(sub="user-9", groups=["admin"])],
    "partner": [("Authorization", f"Bearer {compact('EdDSA', _PARTNER, {'kid': KID})}")],
}
"""By who sends it, the token of a request."""

POLICIES = {
    "default": (401, 200, 403, 403),
    "admin": (401, 403, 200, 401),
    "partner": (401, 401, 401, 200),
    "anyone": (200, 200, 200, 200),
}
"""By policy of jwtfast.yaml, what each of `TOKENS` gets: no two policies answer alike."""

ROUTES = [
    ("GET", "/", "default"),
    ("GET", "/some/page?next=/public/x", "default"),
    ("GET", "/admin/x", "admin"),
    ("DELETE", "/admin/", "admin"),
    ("GET", "/%61dmin/x", "admin"),
    ("GET", "/admin", "admin"),
    ("GET", "/administrator", "default"),
    ("GET", "/ADMIN/x", "default"),
    ("PUT", "/partner/x?a=b", "partner"),
    ("OPTIONS", "/partner/x", "partner"),
    ("GET", "/public/x", "anyone"),
    ("GET", "/public/a/b?c=//d/../e", "anyone"),
    ("HEAD", "/public/x", "default"),
    ("POST", "/public/x", "default"),
    ("OPTIONS", "/public/x", "default"),
]
"""Method, target and the policy that the routes of jwtfast.yaml give it."""

# What a client might say to be taken for another request.
_FORGED = [
    ("X-Original-URL", "http://auth.example/public/x"),
    ("X-Original-Method", "GET"),
    ("X-Original-URI", "/public/x"),
    ("X-Original-Host", "auth.example"),
    ("X-Forwarded-Uri", "/public/x"),
    ("X-Forwarded-Host", "auth.example"),
    ("X-Forwarded-Method", "GET"),
    ("X-Rewrite-URL", "/public/x"),
    ("X-HTTP-Method-Override", "GET"),
    ("X_Original_URL", "/public/x"),
    ("Forwarded", "host=auth.example"),
]

# Under /public for one reader and elsewhere for the next.
AMBIGUOUS = [
    "/public/../admin/x",
    "/public/./x",
    "/public/%2e%2e/admin/x",
    "/public/..;/admin/x",
    "/public/%2e%2e%2fadmin",
    "/public%2f..%2fadmin",
    "/public/x%5c..%5cadmin",
    "/public//admin",
    "//public/x",
    "/public/x;a=b",
    "/public/%00",
    "/public/%252e%252e/admin",
]

SPLITTING = (
    *("auth.example?", "auth.example/public/x?", "auth.example#", "auth.example/public/x#"),
    *("auth.example?/public/x?", "a@auth.example/public/x?", "auth.example:80/public/x?"),
    *("auth.example\\public", "auth.example/public/x;", "auth.example/public/x%3f", "?"),
)
"""Hosts that end, or begin a path of their own, where host and URI are put together."""


class EveryRoute:
    """The tests; `routed` is the proxy, which asks /validate."""

    @pytest.mark.parametrize("method,target,policy", ROUTES)
    def test_the_original_request_chooses(
        self, routed: Address, application: Echo, method: str, target: str, policy: str
    ) -> None:
        """Each kind of token gets the answer of that policy, and no other policy's."""
        answers = [ask(routed, method, target, token).status for token in TOKENS.values()]

        assert tuple(answers) == POLICIES[policy]
        seen = application.take()
        assert [(one.method, one.target) for one in seen] == [(method, target)] * answers.count(200)

    @pytest.mark.parametrize(
        "host", ["admin.example", "ADMIN.example", "admin.example:80", "admin.example."]
    )
    @pytest.mark.parametrize("target", ["/", "/public/x", "/partner/x"])
    def test_the_host_chooses(
        self, routed: Address, application: Echo, host: str, target: str
    ) -> None:
        """The first route is one of a host, whatever the path."""
        answers = [status_of(routed, target, host, token) for token in TOKENS.values()]

        assert tuple(answers) == POLICIES["admin"]
        assert len(application.take()) == 1

    @pytest.mark.parametrize("target", ["/", "/admin/x", "/partner/x"])
    def test_a_client_tells_nothing(self, routed: Address, application: Echo, target: str) -> None:
        """Nobody comes in by what he calls his request, alone or all at once, once or twice."""
        for forged in (*([one] for one in _FORGED), _FORGED, [*_FORGED, *_FORGED]):
            assert ask(routed, "POST", target, forged).status == 401
        assert ask(routed, "POST", "/public/x", _FORGED).status == 401
        assert application.take() == []

    @pytest.mark.parametrize("first", ["admin.example", "auth.example"])
    @pytest.mark.parametrize("second", ["admin.example", "auth.example"])
    def test_two_hosts(self, routed: Address, application: Echo, first: str, second: str) -> None:
        """A host in the request line outweighs Host, for the route too, or the proxy refuses."""
        status = status_of(routed, f"http://{first}/public/x", second, [])
        heard = [one.all("host") for one in application.take()]

        expected = 401 if first == "admin.example" else 200
        assert status in ({expected} if first == second else {expected, 400})
        assert heard == ([[first]] if status == 200 else [])

    @pytest.mark.parametrize("host", SPLITTING)
    def test_a_host_is_no_path(self, routed: Address, application: Echo, host: str) -> None:
        """What a client writes after its host never becomes the path that is decided on."""

        def reached() -> list[str]:
            # HAProxy passes a whole URL on as it is.
            targets = (one.target.removeprefix("http://") for one in application.take())
            return [target[target.index("/") :] for target in targets]

        for target in ("/admin/x", f"http://{host}/admin/x"):
            for second in (host, "auth.example"):
                status_of(routed, target, second, [])
        assert [path for path in reached() if not path.startswith("/public/")] == []
        for second in (host, "auth.example"):
            status_of(routed, f"http://{host}/admin/x", second, [bearer()])
            status_of(routed, "/admin/x", second, [bearer()])
        assert [path for path in reached() if not path.startswith(("/public/", "/?"))] == []

    @pytest.mark.parametrize("host", SPLITTING)
    def test_a_host_is_no_path_over_http2(
        self, routed_http2: tuple[str, int], application: Echo, host: str
    ) -> None:
        """Nor in `:authority`, nor in a Host beside it."""
        none: list[tuple[str, str]] = []
        both = [(host, [("host", "auth.example")]), ("auth.example", [("host", host)])]
        for authority, given in ((host, none), *both):
            for target in ("/admin/x", "/", "/partner/x"):
                with Http2(routed_http2) as client:
                    status = client.ask(request_headers("GET", target, given, authority)).status
                assert status in {0, 200, 400, 401, 403, 404, 421}
                # HAProxy reads `:authority` and `:path` as one URL, tells jwtfast what it reads,
                # and the application gets the same.
                heard = [one.target[:8] for one in application.take()]
                assert heard == ["/public/"] * (status == 200)

    @pytest.mark.parametrize("target", AMBIGUOUS)
    def test_an_ambiguous_path(self, routed: Address, application: Echo, target: str) -> None:
        """What two servers could read differently is refused, with and without a token."""
        for token in TOKENS.values():
            assert ask(routed, "GET", target, token).status in {400, 403}
        assert application.take() == []

    @pytest.mark.parametrize("target", ODD, ids=lambda target: target[:20])
    def test_an_odd_path(self, routed: Address, application: Echo, target: str) -> None:
        """It lets nobody in without a token, and nobody gets a 5xx for it."""
        assert ask(routed, "GET", target).status in {400, 401, 403}
        assert application.take() == []
        assert ask(routed, "GET", target, [bearer()]).status in {200, 400, 403}


def status_of(address: Address, target: str, host: str, headers: list[tuple[str, str]]) -> int:
    """The status of the answer to a GET with this very target and Host."""
    given = "".join(f"{name}: {value}\r\n" for name, value in headers)
    with Connection(address) as connection:
        connection.send(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{given}\r\n".encode())
        return connection.answer().status
