"""What must be true behind every proxy: one table of cases, inherited by each proxy's tests."""

import socket
from typing import ClassVar

import pytest

from tests.forge import claims, compact
from tests.processes import Server, free_port
from tests.proxies.echo import Echo, echo
from tests.proxies.proxy import Behind
from tests.settings import KID
from tests.wire import Address, Connection, ask, raw_request

__all__ = ["METHODS", "ODD", "EveryProxy", "bearer"]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND")

# The policy `anyone` lets in whoever comes: no path may lead there.
ODD = (
    "//",
    "/..",
    "/a/../b",
    "/../anyone/a",
    "/../../p/anyone/a",
    "//p/anyone",
    "/%2e%2e/anyone/a",
    "/..%2fanyone",
    "/..;/anyone",
    "/a%2fb",
    "/a%5cb",
    "/a;b",
    "/%ff",
    "/%00",
    "/?%00",
    "/a?b=../c&claims_sub=user-1",
    "/a?b=c?d=//e",
    "/" + "a" * 4096,
    "/a?" + "b" * 4096,
    "http://other.example/a",
    "/a#b",
    "/\xe9",
)


def bearer(**changes: object) -> tuple[str, str]:
    """The header with a token that the policy lets pass, its claims changed."""
    return "Authorization", f"Bearer {compact('ES256', claims(**changes), {'kid': KID})}"


class EveryProxy:
    """The tests; a proxy's own class says how it is started and where it differs."""

    without_jwtfast: ClassVar[tuple[int, int]]
    """What the client gets while nobody is at jwtfast's address, and while it says nothing."""

    tells_why: ClassVar[bool] = True
    """Whether a 403 of jwtfast reaches the client with its headers and its body."""

    def test_a_good_token_reaches_the_application(self, proxy: Address, application: Echo) -> None:
        """200, with who it is in the identity headers, and the request as it was."""
        authorization = bearer(groups=["dev", "ops"])
        answer = ask(proxy, "GET", "/some/page?a=b", [authorization, ("X-Other", "as it was")])

        assert (answer.status, answer.body) == (200, b"echo")
        [seen] = application.take()
        assert (seen.method, seen.target) == ("GET", "/some/page?a=b")
        assert (seen.all("x-user"), seen.all("x-groups")) == (["user-1"], ["dev,ops"])
        assert seen.all("authorization") == [authorization[1]]
        assert seen.all("x-other") == ["as it was"]

    def test_a_token_of_the_other_issuer(self, proxy: Address, application: Echo) -> None:
        """The same policy takes both issuers, each with its own keys and audience."""
        partner = claims(iss="https://partner.example", aud="partner-api", sub="user-2")
        good = compact("EdDSA", partner, {"kid": KID})

        assert ask(proxy, "GET", "/", [("Authorization", f"Bearer {good}")]).status == 200
        [seen] = application.take()
        assert seen.all("x-user") == ["user-2"]
        assert ask(proxy, "GET", "/", [bearer(iss="https://partner.example")]).status == 401

    @pytest.mark.parametrize(
        "given,code",
        [
            ([], None),
            ([("Authorization", "Bearer nonsense")], "malformed_token"),
            ([bearer(exp=1)], "token_expired"),
        ],
        ids=["none", "bad", "expired"],
    )
    def test_a_401_reaches_the_client(
        self, proxy: Address, application: Echo, given: list[tuple[str, str]], code: str | None
    ) -> None:
        """With its challenge; the application hears nothing."""
        answer = ask(proxy, "GET", "/", given)

        assert answer.status == 401
        challenge = answer.get("www-authenticate") or ""
        assert challenge.startswith('Bearer realm="api"')
        assert (code is None) == ("error" not in challenge)
        assert (code or "") in challenge
        assert application.take() == []

    def test_a_403_reaches_the_client(self, proxy: Address, application: Echo) -> None:
        """A good token that the policy refuses; the reason comes with it where the proxy can."""
        answer = ask(proxy, "GET", "/", [bearer(sub="mallory")])

        assert answer.status == 403
        assert (answer.get("content-type") == "application/problem+json") == self.tells_why
        assert (b'"code":"policy_denied"' in answer.body) == self.tells_why
        challenge = answer.get("www-authenticate") or ""
        assert ("insufficient_scope" in challenge) == self.tells_why
        assert application.take() == []

    @pytest.mark.parametrize(
        "connection", ["keep-alive", "X-User", "X-Groups, X-User", "keep-alive, x-user"]
    )
    def test_a_forged_identity_never_passes(
        self, proxy: Address, application: Echo, connection: str
    ) -> None:
        """Replaced, or dropped or empty where the token says nothing, whatever the spelling.

        Nor can a client have the true one taken away, as a header of one hop (RFC 9110 7.6.1).
        """
        names = ("X-User", "x-user", "X_User", "x_user", "X-GROUPS", "X_Groups", "x_groups")
        forged = [(name, "root") for name in names]
        answer = ask(proxy, "GET", "/", [("Connection", connection), *forged, bearer()])

        assert answer.status == 200
        [seen] = application.take()
        assert seen.all("x-user") == ["user-1"]
        assert seen.all("x-groups") in ([], [""])
        assert not {"x_user", "x_groups"} & {name for name, _ in seen.headers}
        assert "root" not in {value for _, value in seen.headers}

    def test_a_policy_that_says_less(self, behind: Behind, auth: Server, application: Echo) -> None:
        """A forged header does not pass either where the policy asked for does not set it."""
        proxy = behind("{}:{}".format(*auth.host_port), "/p/admin")

        assert ask(proxy, "GET", "/", [bearer(), ("X-Groups", "admin")]).status == 403
        good = bearer(groups=["admin"])
        assert (
            ask(proxy, "GET", "/", [good, ("X-Groups", "root"), ("X-User", "root")]).status == 200
        )
        [seen] = application.take()
        assert seen.all("x-user") == ["user-1"]
        assert seen.all("x-groups") in ([], [""])

    @pytest.mark.parametrize("method", METHODS)
    def test_the_method_is_the_clients(
        self, proxy: Address, application: Echo, method: str
    ) -> None:
        """It reaches the application with a good token; without one nothing does."""
        for given in ([], [("Authorization", "Bearer nonsense")], [("Origin", "https://a")]):
            assert ask(proxy, method, "/", given).status == 401
        assert application.take() == []

        assert ask(proxy, method, "/", [bearer()]).status == 200
        assert [seen.method for seen in application.take()] == [method]

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
    def test_a_body_reaches_the_application(
        self, proxy: Address, application: Echo, method: str
    ) -> None:
        """The body goes past jwtfast to the application, whole."""
        body = bytes(range(256)) * 1024

        assert ask(proxy, method, "/upload", [bearer()], body).status == 200
        [seen] = application.take()
        assert (seen.method, seen.body) == (method, body)
        assert ask(proxy, method, "/upload", body=b"x" * 100).status == 401
        assert application.take() == []

    @pytest.mark.parametrize("target", ODD, ids=lambda target: target[:20])
    def test_an_odd_path(self, untold: Address, application: Echo, target: str) -> None:
        """It lets nobody in, and a good token never gets a 5xx for it."""
        assert ask(untold, "GET", target).status in {400, 401}
        assert application.take() == []

        status = ask(untold, "GET", target, [bearer()]).status
        # 400 is the proxy's own, which sees no HTTP.
        assert status in {200, 400}
        assert len(application.take()) == (status == 200)

    def test_an_asterisk_for_a_path(self, proxy: Address, application: Echo) -> None:
        """`OPTIONS *` without a token does not pass either; Caddy answers it with an empty 200."""
        assert ask(proxy, "OPTIONS", "*").status in {200, 400, 401, 403, 404}
        assert application.take() == []
        # 403 where jwtfast is asked about it: it is no path.
        assert ask(proxy, "OPTIONS", "*", [bearer()]).status in {200, 400, 403, 404}

    @pytest.mark.parametrize("size", [8, 16])
    def test_a_large_token(self, proxy: Address, application: Echo, size: int) -> None:
        """8 KiB, and nearly jwtfast's limit, pass; with one byte of it changed they do not."""
        room = (size << 10) * 3 // 4 - 330
        name, large = bearer(padding="x" * room)
        assert (size << 10) - 300 < len(large) < size << 10

        assert ask(proxy, "GET", "/", [(name, large)]).status == 200
        assert len(application.take()) == 1
        other = "B" if large[-9] == "A" else "A"
        assert ask(proxy, "GET", "/", [(name, large[:-9] + other + large[-8:])]).status == 401
        assert application.take() == []

    def test_large_identity_headers(self, proxy: Address, application: Echo) -> None:
        """Groups of nearly 3 KiB, jwtfast's limit, reach the application whole."""
        groups = [f"group-{number:03}" for number in range(300)]

        assert ask(proxy, "GET", "/", [bearer(groups=groups)]).status == 200
        [seen] = application.take()
        assert seen.all("x-groups") == [",".join(groups)]

    def test_many_headers(self, proxy: Address, application: Echo) -> None:
        """More than jwtfast or the proxy takes: refused with a 4xx at most, never an opening."""
        for number in (60, 150, 500):
            many = [(f"X-{index}", "a") for index in range(number)]
            assert ask(proxy, "GET", "/", many).status in {400, 401, 431}
            assert application.take() == []
            status = ask(proxy, "GET", "/", [*many, bearer()]).status
            assert status in ({200} if number == 60 else {200, 400, 431})
            assert len(application.take()) == (status == 200)

    def test_two_tokens(self, proxy: Address, application: Echo) -> None:
        """Two Authorization headers never pass, though one of them is good."""
        for second in (bearer(), ("Authorization", "Bearer x"), ("authorization", "Basic YTpi")):
            for given in ([bearer(), second], [second, bearer()]):
                assert ask(proxy, "GET", "/", given).status in {400, 401}
        assert application.take() == []

    def test_any_byte_in_the_token(self, proxy: Address, application: Echo) -> None:
        """401 for each, never a 5xx; 400 where the proxy itself sees no HTTP."""
        good = bearer()[1].encode()
        for byte in range(256):
            # Space and tab around a value, and the end of the line, do not belong to it.
            if byte in b" \t\r\n":
                continue
            for value in (good + bytes([byte]), good[:50] + bytes([byte]) + good[50:]):
                assert ask(proxy, "GET", "/", [("Authorization", value)]).status in {400, 401}, byte
        assert application.take() == []

    def test_the_token_can_be_kept_from_the_application(
        self, behind: Behind, auth: Server, application: Echo
    ) -> None:
        """By the recipe's own line: the application hears who it is, not how that was shown."""
        proxy = behind("{}:{}".format(*auth.host_port), clears_token=True)

        assert ask(proxy, "GET", "/", [bearer(groups=["dev"])]).status == 200
        [seen] = application.take()
        assert (seen.all("x-user"), seen.all("x-groups")) == (["user-1"], ["dev"])
        assert "authorization" not in {name for name, _ in seen.headers}
        assert ask(proxy, "GET", "/").status == 401
        assert application.take() == []

    def test_keepalive(self, proxy: Address, application: Echo) -> None:
        """Fifty requests over one connection, each with its own answer."""
        with Connection(proxy) as connection:
            for number in range(25):
                connection.send(raw_request("POST", f"/{number}", [bearer()], b"body"))
                assert connection.answer().status == 200
                connection.send(raw_request("GET", f"/{number}"))
                assert connection.answer().status == 401
        seen = application.take()
        assert [one.body for one in seen] == [b"body"] * 25
        assert [one.target for one in seen] == [f"/{number}" for number in range(25)]

    def test_nothing_passes_without_jwtfast(self, behind: Behind, application: Echo) -> None:
        """Nobody answers at its address, or somebody who never says a word."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            ports = (free_port(), silent.getsockname()[1])
            for port, status in zip(ports, self.without_jwtfast, strict=True):
                proxy = behind(f"127.0.0.1:{port}")
                for given in ([], [bearer()]):
                    assert ask(proxy, "GET", "/", given).status == status
        assert application.take() == []

    @pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
    def test_only_a_yes_is_a_yes(self, behind: Behind, application: Echo, status: int) -> None:
        """Whatever else comes from jwtfast's address, nobody passes, with whatever identity."""
        with echo() as stranger:
            stranger.status = status
            stranger.headers = {"X-User": "root", "Location": "/"}
            proxy = behind(stranger.address)
            assert ask(proxy, "GET", "/", [bearer()]).status >= 300
            assert len(stranger.take()) >= 1
        assert application.take() == []
