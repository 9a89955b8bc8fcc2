"""The edges of HTTP behind every proxy: framing, sizes, probers; inherited by each one's tests."""

from typing import ClassVar

import pytest

from tests.proxies.echo import Echo
from tests.proxies.every import bearer
from tests.wire import Address, Connection, ask, raw_request

__all__ = ["EveryEdge"]

_PROBERS = (
    "",
    "GoogleHC/1.0",
    "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)",
    "kube-probe/1.34",
    "ELB-HealthChecker/2.0",
    "Amazon-Route53-Health-Check-Service (ref 1; report http://amzn.to/1)",
    "Envoy/HC",
    "HAProxy",
    "NGINX",
    "jwtfast",
)
_HEALTH = ("/", "/healthz", "/readyz", "/ping", "/ready", "/metrics", "/validate", "/p/anyone")
_NO_HTTP = {400, 422, 501}


class EveryEdge:
    """The tests; `proxy` asks for the policy `default`, `routed` for the one that routes choose."""

    no_room: ClassVar[set[int]] = {400, 414, 431}
    """How the proxy refuses what it has no room for; never by 5xx, as if we were broken."""

    @pytest.mark.parametrize("agent", _PROBERS)
    def test_a_prober_is_nobody(self, proxy: Address, application: Echo, agent: str) -> None:
        """No User-Agent passes, at no path that looks like health (CVE-2026-34457)."""
        for target in _HEALTH:
            assert ask(proxy, "GET", target, [("User-Agent", agent)]).status == 401
        assert application.take() == []

    def test_pipelining(self, proxy: Address, application: Echo) -> None:
        """Requests with and without a token, with and without a body, sent at once: each its own.

        A proxy may end the connection instead; then what was not answered was not done either.
        """
        four = (
            (200, raw_request("POST", "/good", [bearer()], b"body")),
            (401, raw_request("POST", "/bad", [], b"GET /inner HTTP/1.1\r\n\r\n")),
            (200, raw_request("GET", "/good", [bearer()])),
            (401, raw_request("GET", "/bad")),
        )
        with Connection(proxy) as connection:
            connection.send(b"".join(data for _, data in four) * 5)
            statuses = [connection.answer().status for _ in range(20)]

        assert statuses == [status for status, _ in four] * 5
        seen = application.take()
        assert [(one.method, one.target) for one in seen] == [
            ("POST", "/good"),
            ("GET", "/good"),
        ] * 5
        assert [one.body for one in seen] == [b"body", b""] * 5

    @pytest.mark.parametrize("length", [0, 5, 1000])
    @pytest.mark.parametrize("token", [[], [bearer()]], ids=["nobody", "somebody"])
    @pytest.mark.parametrize(
        "coding", ["chunked", "Chunked", "identity, chunked", "xchunked", "chunked, identity"]
    )
    def test_two_framings(
        self,
        proxy: Address,
        application: Echo,
        length: int,
        token: list[tuple[str, str]],
        coding: str,
    ) -> None:
        """What follows a request with Content-Length and Transfer-Encoding does not ride on it.

        Whether it is a body or a request, it does not reach the application without a token.
        """
        both = [("Transfer-Encoding", coding), ("Content-Length", str(length))]
        with Connection(proxy) as connection:
            first = raw_request("POST", "/first", [*both, *token])
            connection.send(first + b"0\r\n\r\n" + raw_request("GET", "/smuggled"))
            assert connection.answer().status in {200 if token else 401} | _NO_HTTP
        targets = [one.target for one in application.take()]
        assert targets in ([], ["/first"] if token else [])

    @pytest.mark.parametrize("kibibytes", [8, 16, 32, 64])
    def test_large_headers(self, proxy: Address, application: Echo, kibibytes: int) -> None:
        """One header of 8 KiB passes; a larger one may be refused, and lets nobody in."""
        large = ("X-Large", "a" * (kibibytes << 10))

        assert ask(proxy, "GET", "/", [large]).status in {401} | self.no_room
        assert application.take() == []
        status = ask(proxy, "GET", "/", [large, bearer()]).status
        assert status in ({200} if kibibytes == 8 else {200} | self.no_room)
        assert len(application.take()) == (status == 200)

    @pytest.mark.parametrize("kibibytes", [4, 16, 32, 56, 64])
    def test_long_targets(self, routed: Address, application: Echo, kibibytes: int) -> None:
        """A path or a query of 4 KiB passes; a longer one may be refused (ingress-nginx #10203)."""
        for target in ("/" + "a" * (kibibytes << 10), "/a?" + "b" * (kibibytes << 10)):
            assert ask(routed, "GET", target).status in {401} | self.no_room
            assert application.take() == []
            status = ask(routed, "GET", target, [bearer()]).status
            assert status in ({200} if kibibytes == 4 else {200} | self.no_room)
            assert len(application.take()) == (status == 200)
