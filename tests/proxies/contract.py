"""What must be true of jwtfast's answers to a proxy that is not at hand: one table of cases."""

from collections.abc import Callable, Iterable
from typing import TypeAlias

import pytest

from tests.processes import Server
from tests.proxies.every import METHODS, ODD, bearer
from tests.wire import Connection

__all__ = ["Contract", "Given", "Subrequest", "request"]

Given: TypeAlias = tuple[str, str]
"""One header."""
Subrequest: TypeAlias = Callable[[str, str, list[Given]], bytes]
"""What the proxy sends to jwtfast for a client's method, target and headers, byte by byte."""


def request(method: str, target: str, headers: Iterable[Given]) -> bytes:
    """The bytes of a request without a body."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Contract:
    """The tests; each proxy's module says what it sends, in a fixture `subrequest`."""

    @pytest.mark.parametrize("method", METHODS)
    def test_whatever_the_method(self, auth: Server, subrequest: Subrequest, method: str) -> None:
        """200 with every identity header, also the empty one; 401 with a challenge; 403."""
        with Connection(auth.address) as connection:
            for given, status in (([bearer()], 200), ([], 401), ([bearer(sub="mallory")], 403)):
                sent = subrequest(method, "/page?a=b", given)
                connection.send(sent)
                answer = connection.answer(to_head=sent.startswith(b"HEAD "))
                assert answer.status == status
                challenge = answer.get("www-authenticate") or ""
                assert challenge.startswith("Bearer realm=") == (status != 200)
                who = (answer.all("x-user"), answer.all("x-groups"))
                assert who == ((["user-1"], [""]) if status == 200 else ([], []))

    @pytest.mark.parametrize("target", [*ODD, "*"], ids=lambda target: target[:20])
    def test_an_odd_path(self, auth: Server, subrequest: Subrequest, target: str) -> None:
        """The token alone decides; 400 only where the target is no HTTP."""
        no_http = any(not "!" <= character <= "~" or character == "#" for character in target)
        for given, status in (([], 401), ([bearer()], 200)):
            with Connection(auth.address) as connection:
                connection.send(subrequest("GET", target, given))
                assert connection.answer().status in ({400, status} if no_http else {status})

    def test_two_tokens(self, auth: Server, subrequest: Subrequest) -> None:
        """Two Authorization headers are 401, though both are good."""
        with Connection(auth.address) as connection:
            connection.send(subrequest("GET", "/", [bearer(), bearer()]))
            answer = connection.answer()
        assert answer.status == 401
        assert "multiple_tokens" in (answer.get("www-authenticate") or "")

    def test_a_large_token(self, auth: Server, subrequest: Subrequest) -> None:
        """A token of 8 KiB passes."""
        with Connection(auth.address) as connection:
            connection.send(subrequest("GET", "/", [bearer(padding="x" * 6000)]))
            assert connection.answer().status == 200

    def test_keepalive(self, auth: Server, subrequest: Subrequest) -> None:
        """Fifty requests over one connection, sent at once, each with its own answer."""
        good, none = subrequest("GET", "/", [bearer()]), subrequest("PUT", "/", [])
        with Connection(auth.address) as connection:
            connection.send((good + none) * 25)
            assert [connection.answer().status for _ in range(50)] == [200, 401] * 25
