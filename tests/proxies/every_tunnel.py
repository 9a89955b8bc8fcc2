"""One decision for each request behind every proxy: no tunnel but websockets; inherited by each."""

import itertools
from typing import ClassVar

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection

from tests.proxies.echo import Echo
from tests.proxies.every import bearer
from tests.proxies.http2 import Http2, request_headers
from tests.proxies.tunnels import frame
from tests.proxies.upgrades import CONNECTS, SETTINGS, UPGRADES, VALUES, WEBSOCKET
from tests.wire import Address, Answer, Connection, raw_request

__all__ = ["EveryTunnel"]

Headers = list[tuple[str, str]]

_LOWER = [("sec-websocket-version", "13")]

_SMUGGLED = raw_request("GET", "/smuggled")


class EveryTunnel:
    """The tests; `proxy` takes HTTP/1.1, `multiplexed` takes HTTP/2, both ask for one policy."""

    websockets_over_http2: ClassVar[bool] = False
    """Whether the proxy takes extended CONNECT (RFC 8441)."""

    @pytest.mark.parametrize("connection,values", UPGRADES)
    def test_an_upgrade(
        self, proxy: Address, application: Echo, connection: list[str], values: list[str]
    ) -> None:
        """No second request rides on the first one's decision, whatever the application offers."""
        application.tunnels = True
        asked = [("Connection", one) for one in connection] + [("Upgrade", one) for one in values]
        statuses = {(): {400, 401, 403, 404}, (bearer(),): {101, 200, 400, 403, 404}}
        for early, given in itertools.product((False, True), statuses):
            with Connection(proxy) as client:
                method = "POST" if early else "GET"
                first = raw_request(method, "/first", [*asked, SETTINGS, *WEBSOCKET[1:], *given])
                client.send(first + _SMUGGLED if early else first)
                answer = client.answer()
                assert answer.status in statuses[given]
                _ride(client, answer)
            _nothing_rode(application, "/first")

    @pytest.mark.parametrize("target", CONNECTS)
    @pytest.mark.parametrize("extra", [[], [("Content-Length", "0")], [("Upgrade", "h2c")]])
    def test_connect(
        self,
        proxy: Address,
        untold: Address,
        application: Echo,
        target: str,
        extra: Headers,
    ) -> None:
        """CONNECT never reaches the application, with a good token either."""
        application.tunnels = True
        for address, given in itertools.product((proxy, untold), ([bearer()], [])):
            with Connection(address) as client:
                client.send(raw_request("CONNECT", target, [*extra, *given]))
                answer = client.answer()
                assert 400 <= answer.status < 500 or answer.status == 501
                client.send(_SMUGGLED)
            assert application.take() == []

    @pytest.mark.parametrize(
        "protocol,authority",
        [
            *((None, authority) for authority in ("auth.example", "a.example:443", "127.0.0.1:1")),
            *(
                (protocol, "auth.example")
                for protocol in ("websocket", "h2c", "connect-udp", "x", "")
            ),
        ],
    )
    def test_connect_over_http2(
        self, multiplexed: tuple[str, int], application: Echo, protocol: str | None, authority: str
    ) -> None:
        """Nor does it over HTTP/2; extended CONNECT makes a websocket or nothing (RFC 8441)."""
        application.tunnels = True
        plain = [(":method", "CONNECT"), (":authority", authority)]
        rest = [(":scheme", "http"), (":path", "/first")]
        extended = [] if protocol is None else [*rest, (":protocol", protocol)]
        for given in ([bearer()], []):
            with Http2(multiplexed) as client:
                client.settled()
                lower = [(name.lower(), value) for name, value in [*WEBSOCKET[2:], *given]]
                stream = client.send([*plain, *extended, *lower], end=False)
                client.data(stream, _SMUGGLED)
                answer = client.answered(stream)
            heard = application.take()
            assert [one.target for one in heard] in ([], ["/first"] if given else [])
            assert heard or answer.status == 0 or answer.status >= 400
            upgrades = ([], ["websocket"]) if protocol == "websocket" else ([],)
            assert all(one.method == "GET" and one.all("upgrade") in upgrades for one in heard)

    def test_a_websocket_over_http2(self, multiplexed: tuple[str, int], application: Echo) -> None:
        """Where the proxy offers it: with a good token, as who that says, and both ways."""
        application.tunnels = True
        extended = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http")]
        extended += [(":path", "/socket"), (":authority", "auth.example"), *_LOWER]
        with Http2(multiplexed) as client:
            client.settled()
            assert client.connects == self.websockets_over_http2
            if not client.connects:
                return
            refused = client.answered(client.send(extended, end=False))
            assert (refused.status, application.take()) == (401, [])
            stream = client.send([*extended, (bearer()[0].lower(), bearer()[1])], end=False)
            assert client.answered(stream).status == 200
            client.data(stream, frame(b"hello"))
            assert client.some(stream) == b"\x81\x05hello"
        [seen] = application.take()
        assert (seen.method, seen.all("upgrade")) == ("GET", ["websocket"])
        assert seen.all("x-user") == ["user-1"]

    @pytest.mark.parametrize("values", VALUES)
    def test_an_upgrade_over_http2(
        self, multiplexed: tuple[str, int], application: Echo, values: list[str]
    ) -> None:
        """Headers of one hop are none of HTTP/2 (RFC 9113 8.2.2): refused or left out."""
        application.tunnels = True
        asked = [("connection", "Upgrade, HTTP2-Settings"), SETTINGS]
        asked += [("upgrade", value) for value in values]
        with Http2(multiplexed) as client:
            given = request_headers("GET", "/first", [*asked, bearer()])
            answer = client.ask(given)
        assert answer.status in {0, 200, 400, 403}
        _nothing_rode(application, "/first", upgrades=[[]])

    @pytest.mark.parametrize(
        "connection,upgrade",
        [
            ("Upgrade", "websocket"),
            ("keep-alive, Upgrade", "websocket"),
            ("upgrade", "WebSocket"),
            ("Upgrade, X-User, X-Groups", "websocket"),
            ("x-user,upgrade", "websocket"),
        ],
    )
    def test_a_websocket(
        self, sockets: Address, application: Echo, connection: str, upgrade: str
    ) -> None:
        """It passes with a good token, as who that says, and its frames pass both ways."""
        application.tunnels = True
        asked = [("Connection", connection), ("Upgrade", upgrade), *WEBSOCKET[1:]]
        with Connection(sockets) as client:
            client.send(raw_request("GET", "/socket?a=b", [*asked, bearer(groups=["dev"])]))
            answer = client.answer()
            assert answer.status == 101
            assert answer.get("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
            client.send(frame(b"hello") + frame(b"again"))
            assert client.take(14) == b"\x81\x05hello\x81\x05again"
        [seen] = application.take()
        assert (seen.method, seen.target) == ("GET", "/socket?a=b")
        assert (seen.all("x-user"), seen.all("x-groups")) == (["user-1"], ["dev"])
        assert "x-user" not in ",".join(seen.all("connection")).lower()

        for given, status in (([], 401), ([bearer(sub="mallory")], 403), ([bearer(exp=1)], 401)):
            with Connection(sockets) as client:
                client.send(raw_request("GET", "/socket", [*asked, *given]))
                assert client.answer().status == status
        assert application.take() == []

    @pytest.mark.parametrize("status", [200, 400, 404, 426])
    @pytest.mark.parametrize("early", [False, True], ids=["later", "at-once"])
    def test_a_websocket_that_the_application_refuses(
        self,
        sockets: Address,
        application: Echo,
        status: int,
        early: bool,  # noqa: FBT001 # a parameter of the test
    ) -> None:
        """What comes after it is no part of it, and does not reach the application by it."""
        application.status = status
        with Connection(sockets) as client:
            first = raw_request("GET", "/first", [("Connection", "Upgrade"), *WEBSOCKET, bearer()])
            client.send(first + _SMUGGLED if early else first)
            assert client.answer().status == status
            if not early:
                client.send(_SMUGGLED)
            else:
                client.end()
            assert client.ended() in {0, 401, 499}
        assert [one.target for one in application.take()] == ["/first"]

    def test_one_decision_for_each_request(self, proxy: Address, application: Echo) -> None:
        """Pipelined and one after the other, with another token each time, in any order."""
        tokens = {200: [bearer()], 401: [], 403: [bearer(sub="mallory")]}
        orders = [*itertools.permutations(tokens), (200, 200, 401), (401, 200, 200)]
        with Connection(proxy) as client:
            for order in orders:
                client.send(b"".join(raw_request("GET", f"/{one}", tokens[one]) for one in order))
                assert tuple(client.answer().status for _ in order) == order
            for status in itertools.chain(*orders):
                client.send(raw_request("POST", f"/{status}", tokens[status], b"body"))
                assert client.answer().status == status
        assert {one.target for one in application.take()} == {"/200"}

    def test_one_decision_for_each_stream(
        self, multiplexed: tuple[str, int], application: Echo
    ) -> None:
        """Forty streams of one connection, all open at once, each with its own token or none."""
        tokens = {200: [bearer()], 401: [], 403: [bearer(sub="mallory")]}
        wanted = [status for status, _ in zip(itertools.cycle(tokens), range(40), strict=False)]
        with Http2(multiplexed) as client:
            client.settled()
            streams = [
                client.send(request_headers("POST", f"/{one}", tokens[one]), end=False)
                for one in wanted
            ]
            for stream in reversed(streams):
                client.data(stream, b"body", end=True)
            assert [client.answer(stream).status for stream in streams] == wanted
        seen = application.take()
        assert {one.target for one in seen} == {"/200"}
        assert {one.body for one in seen} == {b"body"}


def _ride(client: Connection, answer: Answer) -> None:
    """Send a request without a token through what was opened, and wait for the end."""
    if answer.status != 101:
        return
    if answer.get("upgrade") in {"h2c", "h2"}:
        http2 = H2Connection(H2Configuration())
        http2.initiate_upgrade_connection()
        client.send(http2.data_to_send())
        http2.send_headers(3, request_headers("GET", "/smuggled"), end_stream=True)
        client.send(http2.data_to_send())
    else:
        client.send(_SMUGGLED)
    client.end()
    client.drained()


def _nothing_rode(application: Echo, first: str, upgrades: list[list[str]] | None = None) -> None:
    seen = application.take()
    assert {one.target for one in seen} <= {first}
    for one in seen:
        assert one.all("upgrade") in ([[], ["websocket"]] if upgrades is None else upgrades)
        assert one.all("http2-settings") == []
        connection = {token.strip().lower() for token in ",".join(one.all("connection")).split(",")}
        assert connection <= {"", "upgrade", "keep-alive", "close"}
