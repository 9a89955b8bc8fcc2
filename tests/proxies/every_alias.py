"""Every other spelling of an identity header behind every proxy; inherited by each one's tests."""

import itertools
import string
from typing import ClassVar

import pytest

from tests.proxies.echo import Echo, Seen
from tests.proxies.every import bearer
from tests.proxies.http2 import Http2, request_headers
from tests.proxies.php import PHP
from tests.wire import Address, Connection, ask, raw_request

__all__ = ["ALIASES", "IDENTITY", "LISTS", "ODD_BYTES", "TOLD", "EveryAlias", "aliases"]

IDENTITY = ("X-User", "X-Groups")
"""The identity headers of the policy that is asked for."""

TOLD = (
    "X-Original-URI",
    "X-Original-Host",
    "X-Original-Method",
    "X-Original-URL",
    "X-Forwarded-Uri",
    "X-Forwarded-Host",
    "X-Forwarded-Method",
)
"""The headers that tell the original request."""

ODD_BYTES = "".join(sorted(set("!#$%&'*+.^_`|~")))
"""What may stand in a header's name beside letters, digits and `-` (RFC 9110 5.6.2)."""

# What no name may have, but some servers take: the request is refused or the header is gone.
_NO_TOKEN = '[](){}<>@,;\\"/?= \t\x00\x01\x7f\x80\xff'

_EVERY = string.punctuation + string.whitespace + "\x00\x01\x7f\x80\xff"
"""For the loosest server: whatever is no letter and no digit becomes an underscore."""


def aliases(name: str, odd: str = ODD_BYTES) -> list[str]:
    """The name with each odd character in place of `-`, beside it, before and behind all."""
    swapped = [name.replace("-", one) for one in odd]
    mixed = [name.replace("-", one, 1).swapcase() for one in odd]
    beside = [name.replace("-", one + "-") for one in odd[:3]]
    return [*swapped, *mixed, *beside]


ALIASES = [alias for name in IDENTITY for alias in aliases(name)]
"""Names that some application takes for an identity header."""

LISTS = [
    "X-User",
    "x-user",
    "X-USER, X-Groups",
    "close, X-User",
    "keep-alive, x-user,x-groups",
    "X-User, keep-alive",
    ", X-User,",
    "X-Original-URI, X-Original-Host, X-Original-Method",
    "X-User\t, close",
    "upgrade, X-User",
    "te, X-User",
]
"""Values of Connection and its kin that name what the next hop should drop."""


class EveryAlias:
    """The tests; `proxy` asks for one policy by HTTP/1.1, `multiplexed` by HTTP/2."""

    drops_trailers: ClassVar[bool] = True
    """Whether a request with trailers reaches the application without them, or not at all."""

    @pytest.mark.parametrize("odd", ODD_BYTES)
    def test_an_alias(self, proxy: Address, application: Echo, real_php: PHP, odd: str) -> None:
        """Behind each character that a name may have, jwtfast alone says who it is, to PHP too."""
        for name in IDENTITY:
            for alias in aliases(name, odd):
                given = [(alias, "root"), bearer(groups=["dev"]), (alias.lower(), "root")]
                status = ask(proxy, "GET", "/", given).status
                assert status in {200, 400}, alias
                _only_ours(application.take(), real_php, status)

    def test_all_at_once(self, proxy: Address, application: Echo, real_php: PHP) -> None:
        """With the true name between them, and without a value for the groups."""
        for aliased in (ALIASES[:30], ALIASES[30:]):
            given = [*((alias, "root") for alias in aliased), ("X-User", "root"), bearer()]
            status = ask(proxy, "GET", "/", given).status
            assert status in {200, 400}
            _only_ours(application.take(), real_php, status, groups="")

    @pytest.mark.parametrize("odd", _NO_TOKEN)
    def test_no_name(self, proxy: Address, application: Echo, real_php: PHP, odd: str) -> None:
        """What is no name at all is refused, or does not reach the application."""
        for name in IDENTITY:
            given = [(name.replace("-", odd), "root"), bearer(groups=["dev"])]
            status = ask(proxy, "GET", "/", given).status
            assert status in {200, 400}
            _only_ours(application.take(), real_php, status)

    @pytest.mark.parametrize("odd", [*ODD_BYTES, *_NO_TOKEN])
    def test_over_http2(
        self, multiplexed: tuple[str, int], application: Echo, real_php: PHP, odd: str
    ) -> None:
        """The same names over HTTP/2, where a name ends at no character of its own."""
        for name in IDENTITY:
            given = [(name.replace("-", odd), "root"), bearer(groups=["dev"])]
            with Http2(multiplexed) as client:
                status = client.ask(request_headers("GET", "/", given)).status
            assert status in {0, 200, 400}
            _only_ours(application.take(), real_php, status)

    @pytest.mark.parametrize(
        "lines",
        [
            b"X-User: root\r\n X-Groups: root\r\n",
            b"X-Other: a\r\n X-User: root\r\n",
            b"X-Other: a\r\n\tX-User: root\r\n",
            b" X-User: root\r\n",
            b"X-User : root\r\n",
            b"X-User\t: root\r\n",
            b"X-User\x00: root\r\n",
            b"X-Other: a\nX-User: root\r\n",
            b"X-Other: a\rX-User: root\r\n",
            b"X-User: root\r\nx-user: root\r\nX-USER: root\r\n",
            b"X-User:root\r\nX-User:\r\n",
            b"X-User:\r\n root\r\n",
            b":X-User: root\r\n",
            b": root\r\n",
        ],
    )
    def test_odd_lines(
        self, proxy: Address, application: Echo, real_php: PHP, lines: bytes
    ) -> None:
        """Folded lines, blanks before the colon, bare line ends, one name in three spellings."""
        authorization = "{}: {}\r\n".format(*bearer(groups=["dev"])).encode()
        with Connection(proxy) as client:
            head = b"GET / HTTP/1.1\r\nHost: auth.example\r\n"
            client.send(head + lines + authorization + b"\r\n")
            status = client.answer().status
        # 403: folded into Host, it is no host.
        assert status in {200, 400, 403}
        _only_ours(application.take(), real_php, status)

    @pytest.mark.parametrize("value", LISTS)
    @pytest.mark.parametrize(
        "name", ["Connection", "Proxy-Connection", "Keep-Alive", "TE", "Trailer"]
    )
    def test_a_header_of_one_hop(
        self, proxy: Address, application: Echo, name: str, value: str
    ) -> None:
        """What it names is not dropped here, and not named to the next hop either."""
        for given in ([(name, value)], [(name, "close"), (name, value)]):
            status = ask(proxy, "GET", "/", [*given, bearer(groups=["dev"])]).status
            assert status in {200, 400}
            heard = application.take()
            assert len(heard) == (status == 200)
            for seen in heard:
                assert (seen.all("x-user"), seen.all("x-groups")) == (["user-1"], ["dev"])
                # To announce a trailer that does not come means nothing to anybody.
                if name != "Trailer":
                    assert "x-" not in ",".join(seen.all(name.lower())).lower()
        assert ask(proxy, "GET", "/", [(name, value)]).status in {400, 401}
        assert application.take() == []

    @pytest.mark.parametrize("announced", [[], [("Trailer", "X-User, X-Groups")]])
    @pytest.mark.parametrize("size", [0, 4, 100_000])
    @pytest.mark.parametrize("name", ["X-User", "X_User"])
    def test_trailers(
        self,
        proxy: Address,
        application: Echo,
        announced: list[tuple[str, str]],
        size: int,
        name: str,
    ) -> None:
        """None reaches the application, at once or later; nor does a request that ends in them."""
        body = b"%x\r\n%s\r\n" % (size, b"x" * size) if size else b""
        chunked = [("Transfer-Encoding", "chunked"), *announced, bearer()]
        for parts in ((body + b"0\r\n",), (body, b"0\r\n")):
            end = f"{name}: root\r\n\r\n".encode()
            with Connection(proxy) as client:
                client.send(raw_request("POST", "/", chunked))
                for part in (*parts, end):
                    client.send(part)
                status = client.ended()
            self._no_trailers(application, status, size)

    @pytest.mark.parametrize("size", [0, 4, 60_000])
    def test_trailers_over_http2(
        self, multiplexed: tuple[str, int], application: Echo, size: int
    ) -> None:
        """Nor do those of HTTP/2, which need no announcement."""
        for name in (b"x-user", b"X-User", b"x_user"):
            with Http2(multiplexed) as client:
                stream = client.send(request_headers("POST", "/", [bearer()]), end=False)
                if size:
                    client.data(stream, b"x" * size)
                client.trailers(stream, [(name, "root")])
                status = client.answer(stream).status
            self._no_trailers(application, status, size)

    def _no_trailers(self, application: Echo, status: int, size: int) -> None:
        heard = application.take()
        assert status in ({0, 200, 400} if self.drops_trailers else {0, 400})
        assert len(heard) == (status == 200)
        for seen in heard:
            assert (seen.trailers, len(seen.body)) == ([], size)
            assert seen.all("x-user") == ["user-1"]

    def test_a_body_without_trailers(
        self, proxy: Address, multiplexed: tuple[str, int], application: Echo
    ) -> None:
        """It passes, of known length and of unknown one, small and large, by both versions."""
        for size in (1, 4, 60_000):
            chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (size, b"x" * size)
            chunked = raw_request("POST", "/", [("Transfer-Encoding", "chunked"), bearer()])
            for first, rest in ((chunked + chunk, b""), (chunked, chunk)):
                with Connection(proxy) as client:
                    client.send(first)
                    client.send(rest)
                    assert client.answer().status == 200
            assert ask(proxy, "POST", "/", [bearer()], b"x" * size).status == 200
            with Http2(multiplexed) as client:
                stream = client.send(request_headers("POST", "/", [bearer()]), end=False)
                client.data(stream, b"x" * size, end=True)
                assert client.answer(stream).status == 200
            assert [one.body for one in application.take()] == [b"x" * size] * 4

    @pytest.mark.parametrize("name", TOLD)
    def test_what_tells_the_original_request(
        self, routed: Address, application: Echo, name: str
    ) -> None:
        """No spelling of it chooses the policy: the public path opens nothing else."""
        told = {"uri": "/public/x", "host": "auth.example", "method": "GET"}
        value = told.get(name.rpartition("-")[2].lower(), "http://auth.example/public/x")
        for alias in (name, *aliases(name)):
            for target, method in (("/admin/x", "GET"), ("/public/x", "POST")):
                given = [(alias, value), (alias.lower(), value)]
                assert ask(routed, method, target, given).status in {400, 401}, alias
        assert application.take() == []


def _only_ours(heard: list[Seen], real_php: PHP, status: int, groups: str = "dev") -> None:
    assert len(heard) == (status == 200)
    for seen in heard:
        assert "root" not in {value for _, value in seen.headers}
        expected = ("user-1", groups or None)
        for headers, dash in itertools.product((seen.headers, seen.headers[::-1]), ("-", _EVERY)):
            server = real_php.server(headers, dash)
            found = (server.get("HTTP_X_USER"), server.get("HTTP_X_GROUPS") or None)
            assert found == expected
