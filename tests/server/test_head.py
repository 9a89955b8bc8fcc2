"""HEAD: the headers of GET, and not a byte of its body, whatever is spoken."""

import contextlib
import ssl
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from tests.http2 import Http2
from tests.processes import Server, free_port
from tests.server.certificates import write_pair
from tests.server.conftest import DOORS
from tests.settings import standard, token, write
from tests.wire import Answer, Connection, raw_request

AWAY = "gone"
# By what is asked for: the target, the token, and the status of the answer.
ASKED: dict[str, tuple[str, str | None, int]] = {
    "passes": ("/validate", token(), 200),
    "no token": ("/validate", None, 401),
    "bad token": ("/validate", "nonsense", 401),
    "policy says no": ("/validate", token(sub="mallory"), 403),
    "other policy": ("/p/admin/x", token(), 403),
    "no such policy": ("/p/unknown", token(), 403),
    "no keys": (f"/p/{AWAY}", token(iss="https://gone.example"), 503),
    "health": ("/healthz", None, 200),
    "readiness": ("/readyz", None, 503),
    "metrics": ("/metrics", None, 200),
    "no such path": ("/x", token(), 404),
    "nearly a path": ("/validate/", token(), 404),
}


class Spoken(NamedTuple):
    """A service, and how it is spoken to."""

    server: Server
    tls: ssl.SSLContext | None
    http_2: bool

    def ask(self, method: str, target: str, bearer: str | None) -> Answer:
        """Ask over a connection of its own; after HEAD, once more over the same."""
        headers = [("Authorization", f"Bearer {bearer}")] if bearer else []
        if self.http_2:
            with Http2(self.server.address, self.tls) as client:
                answer = client.ask(method, target, headers)
                assert client.ask("GET", "/validate").status == 401
                return answer
        with Connection(self.server.address, self.tls) as connection:
            connection.send(raw_request(method, target, headers))
            answer = connection.answer(to_head=method == "HEAD")
            if answer.get("connection") == "close":
                assert connection.closed_by_peer()
            else:
                connection.send(raw_request())
                assert connection.answer().status == 401
            return answer


@pytest.fixture(scope="module", params=DOORS)
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], tuple[Server, ssl.SSLContext]]]:
    """A service in clear and one over TLS, one of whose issuers never had keys."""
    directory = tmp_path_factory.mktemp("head")
    cert, key = write_pair(directory, "SEC1 P-256")
    config = standard(interface=request.param)
    gone = {"jwks_url": f"http://127.0.0.1:{free_port()}/jwks"}
    config["issuers"].append(
        {"name": AWAY, "issuer": "https://gone.example", "audiences": "any", "keys": gone}
    )
    config["policies"][AWAY] = {"issuers": [AWAY]}
    started: dict[str, Server] = {}
    tls = ssl.create_default_context(cafile=cert)
    tls.check_hostname = False

    class Unready(Server):
        """One that answers, and is not ready."""

        def is_ready(self) -> bool:
            """Whether it answers."""
            assert self.popen.poll() is None, "it ended"
            with contextlib.suppress(OSError):
                return self.ask(target="/healthz").status == 200
            return False

    def start(scheme: str) -> tuple[Server, ssl.SSLContext]:
        over_tls = scheme == "https"
        if scheme not in started:
            listen = ("127.0.0.1", free_port())
            config["listen"] = f"127.0.0.1:{listen[1]}"
            config["tls"] = {"cert": str(cert), "key": str(key)} if over_tls else None
            path = write(directory / f"{scheme}.yaml", config)
            client = tls if over_tls else None
            arguments = ["serve", "--config", str(path)]
            started[scheme] = Unready(arguments, directory / scheme, listen, tls=client)
        return started[scheme], tls

    yield start
    for server in started.values():
        assert server.stop() == 0


@pytest.fixture(params=["HTTP/1.1", "HTTP/2", "HTTP/1.1 over TLS", "HTTP/2 over TLS"])
def spoken(
    request: pytest.FixtureRequest, servers: Callable[[str], tuple[Server, ssl.SSLContext]]
) -> Spoken:
    """The service as it is spoken to."""
    http_2, over_tls = "HTTP/2" in request.param, "TLS" in request.param
    server, tls = servers("https" if over_tls else "http")
    tls.set_alpn_protocols(["h2" if http_2 else "http/1.1"])
    return Spoken(server, tls if over_tls else None, http_2)


@pytest.mark.parametrize("target,bearer,status", ASKED.values(), ids=ASKED)
def test_head_is_get_without_its_body(
    spoken: Spoken, target: str, bearer: str | None, status: int
) -> None:
    """The same status and headers, a length that is GET's where there is one, and no body."""
    # The second time, the answer may be a ready-made one.
    for _ in range(2):
        get, head = spoken.ask("GET", target, bearer), spoken.ask("HEAD", target, bearer)

        assert (get.status, head.status) == (status, status)
        assert head.body == b""
        length = head.get("content-length")
        if target == "/metrics":
            assert int(length or 0) > 1000
        else:
            assert length == str(len(get.body)) or (length is None and not get.body)
        for name in ("www-authenticate", "content-type", "cache-control", "x-user"):
            assert head.all(name) == get.all(name)
