"""Any byte in anything that is sent on, behind every proxy; inherited by each one's tests."""

from typing import ClassVar

import pytest

from tests.proxies.echo import Echo
from tests.proxies.every import bearer
from tests.proxies.http2 import Http2, request_headers
from tests.wire import Address, Connection

__all__ = ["BYTES", "PLACES", "EveryByte"]

PLACES = (
    "authorization",
    "cookie",
    "origin",
    "access-control-request-method",
    "host",
    "path",
    "query",
    "user-agent",
    "x-other",
)
"""What a client says and a proxy sends on, to jwtfast or to the application."""

BYTES = [
    bytes([byte])
    for byte in (*range(32), *b" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", *range(127, 256, 16), 255)
    if byte not in b"\n"
]
"""Every control character and mark, and some of what is no ASCII."""


class EveryByte:
    """The tests; `routed` asks /validate by HTTP/1.1, `multiplexed` one policy by HTTP/2."""

    faults: ClassVar[frozenset[tuple[str, int]]] = frozenset()
    """By place, a status that the proxy's own page tells of beside 400 and a verdict."""

    @pytest.mark.parametrize("place", PLACES)
    def test_any_byte(self, routed: Address, application: Echo, place: str) -> None:
        """The client's bytes are the client's fault: never a 5xx, and nobody gets in by them."""
        for byte in BYTES:
            for value in (byte, b"a" + byte + b"b"):
                with Connection(routed) as client:
                    client.send(_request(place, value))
                    status = client.answer().status
                assert status in {400, 401, 403} or (place, status) in self.faults, value
                assert application.take() == []
                with Connection(routed) as client:
                    client.send(_request(place, value, *bearer()))
                    assert (status := client.answer().status) < 500, value
                assert len(application.take()) == (status == 200)

    @pytest.mark.parametrize("place", PLACES)
    def test_any_byte_over_http2(
        self, multiplexed: tuple[str, int], application: Echo, place: str
    ) -> None:
        """The same over HTTP/2, where a proxy may also refuse the stream or the connection."""
        for byte in BYTES[::3]:
            for given, expected in (
                ([bearer()], {0, 200, 400, 401, 403}),
                ([], {0, 400, 401, 403}),
            ):
                with Http2(multiplexed) as client:
                    status = client.ask(_headers(place, b"a" + byte + b"b", given)).status
                assert status in expected, byte
                assert len(application.take()) == (status == 200)


def _request(place: str, value: bytes, *authorization: str) -> bytes:
    target = {"path": b"/" + value, "query": b"/a?b=" + value}.get(place, b"/a")
    lines = [b"GET " + target + b" HTTP/1.1"]
    lines += [b"Host: " + (value if place == "host" else b"auth.example")]
    lines += [b"Connection: close"]
    if place not in {"path", "query", "host"}:
        lines += [place.encode() + b": " + value]
    if authorization:
        lines += [": ".join(authorization).encode()]
    return b"\r\n".join([*lines, b"", b""])


def _headers(
    place: str, value: bytes, given: list[tuple[str, str]]
) -> list[tuple[str | bytes, str | bytes]]:
    target = {"path": b"/" + value, "query": b"/a?b=" + value}.get(place, b"/a")
    authority = value if place == "host" else b"auth.example"
    others = [] if place in {"path", "query", "host"} else [(place, value)]
    return request_headers("GET", target, [*others, *given], authority)
