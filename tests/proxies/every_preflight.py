"""CORS preflights behind every proxy: one table of cases, inherited by each proxy's tests."""

from typing import ClassVar

import pytest

from tests.processes import Server
from tests.proxies.echo import Echo
from tests.proxies.every import bearer
from tests.proxies.every_route import TOKENS
from tests.proxies.proxy import Behind
from tests.wire import Address, ask

__all__ = ["NO_PREFLIGHTS", "PREFLIGHT", "EveryPreflight"]

_ORIGIN = ("Origin", "https://app.example")
_WANTED = ("Access-Control-Request-Method", "PUT")
PREFLIGHT = [_ORIGIN, _WANTED, ("Access-Control-Request-Headers", "authorization")]
"""What a browser sends before it sends a request with a token."""

NO_PREFLIGHTS = [
    ("OPTIONS", "/partner/x", []),
    ("OPTIONS", "/partner/x", [_ORIGIN]),
    ("OPTIONS", "/partner/x", [_WANTED]),
    ("OPTIONS", "/partner/x", [("X-Origin", "https://app.example"), _WANTED]),
    *((method, "/partner/x", PREFLIGHT) for method in ("GET", "HEAD", "POST", "PUT", "DELETE")),
    ("POST", "/partner/x", [*PREFLIGHT, ("X-HTTP-Method-Override", "OPTIONS")]),
    ("POST", "/partner/x", [*PREFLIGHT, ("X-Original-Method", "OPTIONS")]),
    ("POST", "/partner/x", [*PREFLIGHT, ("X-Forwarded-Method", "OPTIONS")]),
    ("OPTIONS", "/", PREFLIGHT),
    ("OPTIONS", "/admin/x", PREFLIGHT),
    ("OPTIONS", "/public/x", PREFLIGHT),
    ("OPTIONS", "/x?/partner/x", PREFLIGHT),
]
"""Method, target and headers without a token that are none, or not where a policy asks for it."""


class EveryPreflight:
    """The tests; `routed` is the proxy, which asks /validate; the policy `partner` lets them in."""

    for_a_control_byte: ClassVar[frozenset[int]] = frozenset({200, 400, 401})
    """What the client gets for one in a header that the proxy passes on."""

    def test_a_preflight_passes(self, routed: Address, application: Echo) -> None:
        """It reaches the application as the browser sent it, and as nobody's."""
        given = [*PREFLIGHT, ("X-User", "root"), ("Cookie", "session=x")]

        assert ask(routed, "OPTIONS", "/partner/x?a=b", given).status == 200
        [seen] = application.take()
        assert (seen.method, seen.target) == ("OPTIONS", "/partner/x?a=b")
        assert [(name, seen.all(name.lower())) for name, _ in PREFLIGHT] == [
            (name, [value]) for name, value in PREFLIGHT
        ]
        assert seen.all("x-user") in ([], [""])

    @pytest.mark.parametrize("method,target,headers", NO_PREFLIGHTS)
    def test_nothing_else_passes(
        self,
        routed: Address,
        application: Echo,
        method: str,
        target: str,
        headers: list[tuple[str, str]],
    ) -> None:
        """Neither another request to that policy nor a preflight to another one."""
        assert ask(routed, method, target, headers).status == 401
        assert application.take() == []

    def test_a_policy_in_the_path(self, behind: Behind, auth: Server, application: Echo) -> None:
        """Where the proxy names the policy, its preflights pass, and nothing else does."""
        proxy = behind("{}:{}".format(*auth.host_port), "/p/partner")

        assert ask(proxy, "OPTIONS", "/x", PREFLIGHT).status == 200
        assert len(application.take()) == 1
        for method, headers in (("OPTIONS", []), ("GET", PREFLIGHT), ("POST", PREFLIGHT)):
            assert ask(proxy, method, "/x", headers).status == 401
        assert application.take() == []

    def test_a_token_is_never_overlooked(self, routed: Address, application: Echo) -> None:
        """A preflight with a token is decided on by it, as any other request."""
        statuses = {
            name: ask(routed, "OPTIONS", "/partner/x", [*PREFLIGHT, *token]).status
            for name, token in TOKENS.items()
        }
        assert statuses == {"none": 200, "user": 401, "admin": 401, "partner": 200}
        assert [one.all("x-user") for one in application.take()] in (
            [[], ["user-7"]],
            [[""], ["user-7"]],
        )
        for bad in ([bearer(exp=1)], [("Authorization", "Bearer x")], [*TOKENS["partner"] * 2]):
            assert ask(routed, "OPTIONS", "/partner/x", [*PREFLIGHT, *bad]).status in {400, 401}
        assert application.take() == []

    @pytest.mark.parametrize("name", ["Origin", "Access-Control-Request-Method"])
    def test_any_byte(self, routed: Address, application: Echo, name: str) -> None:
        """Whatever stands in these headers, the answer is the proxy's 400 or a verdict."""
        others = [header for header in PREFLIGHT if header[0] != name]
        for byte in set(range(256)) - set(b"\r\n"):
            odd = (name, b"GET" + bytes([byte]) + b"x")
            expected = {200, 400, 401} if byte in range(32, 127) else self.for_a_control_byte
            status = ask(routed, "OPTIONS", "/partner/x", [*others, odd]).status
            assert status in expected, byte
            assert len(application.take()) == (status == 200)
            assert ask(routed, "OPTIONS", "/", [*others, odd]).status in expected - {200}, byte
            assert application.take() == []
