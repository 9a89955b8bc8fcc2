"""Routes behind the real NGINX: what jwtfast reads in a path is what NGINX reads in it."""

import itertools
import json
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import pytest

from tests.conftest import Serve
from tests.processes import Server, until
from tests.proxies.conftest import RunNginx
from tests.proxies.echo import Echo
from tests.proxies.test_nginx import with_addresses
from tests.routed import BEARER, original_request
from tests.settings import standard, token
from tests.wire import Address, Connection, ask

ROUTES = [
    {"host": "admin.example.com", "policy": "admin"},
    {"path": "/open", "policy": "guest"},
    {"path": "/read", "methods": ["GET"], "policy": "guest"},
    {"path": "/", "policy": "default"},
]
HEADS: Final = ("/open", "/x", "/OPEN", "/%6fpen", "")
MIDDLES: Final = (
    *("", "/", "//", "/.", "/..", "/...", "/.;", "/..;", "/%2e", "/%2e%2e", "/.%2e", "/%2E."),
    *(
        "/%252e%252e",
        "%2f",
        "%2f..",
        "%2F%2e%2e",
        "%5c",
        "%5c..",
        "\\",
        "\\..",
        "/..\\",
        ";",
        ";a=b",
    ),
    *(
        ";/..",
        "%3b",
        "%3b/..",
        "%00",
        "%00/..",
        "%0a",
        "%0d%0a",
        "%20",
        "%09",
        "+",
        "%",
        "%2",
        "%zz",
    ),
    *("#", "#/..", "%23", "%23/..", "?", "?/..", "%3f", "%3f/..", "%25", "%252f", "%25%32%66"),
    *(
        "%c0%ae%c0%ae",
        "%c0%af",
        "%e0%80%af",
        "%ff",
        "\xff",
        "\xc3\xa9",
        "%c3%a9",
        "%u002e",
        "%ef%bc%8f",
    ),
    *(":", "@", "@x", "&", "=", "~", "/~", "*", "'", "%22", "|", "^", "`", "{}", "<>", ",", "."),
)
TAILS: Final = ("", "/", "/x", "/../x", "/..%2fx", "/%2e%2e/x", "/open", "/../open", "?a=/../x")


class Nginx(NamedTuple):
    """Where it is, and where it says what it made of each request."""

    address: Address
    log: Path

    def normalised(self, wanted: set[str]) -> dict[str, str]:
        """By the number of a request, its `$uri`, once all those wanted are told."""

        def told() -> dict[str, str]:
            lines = self.log.read_text(encoding="latin-1").split("\n")[:-1]
            pairs = (json.loads(line, strict=False) for line in lines)
            return {pair["number"]: pair["uri"] for pair in pairs}

        until(lambda: wanted <= told().keys(), "NGINX logged every request")
        return told()


@pytest.fixture(scope="module")
def routed(serve: Serve) -> Server:
    """The service with routes, where nobody needs a token under /open."""
    guest = {"issuers": ["corp"], "optional": True}
    return serve(
        routes=ROUTES,
        original_request=original_request("X-Original-URI", host_header="X-Original-Host"),
        policies=standard()["policies"] | {"guest": guest},
    )


@pytest.fixture(scope="module")
def nginx(
    run_nginx: RunNginx,
    recipes: Path,
    routed: Server,
    _application: Echo,
    tmp_path_factory: pytest.TempPathFactory,
) -> Nginx:
    """NGINX with the recipe as it is, and a log of what it made of each path."""
    log = tmp_path_factory.mktemp("log") / "uri"
    recipe = (recipes / "nginx" / "jwtfast.conf").read_text()
    recipe = with_addresses(recipe, "{}:{}".format(*routed.host_port), _application.address)
    logged = '{"number":"$http_x_number","uri":"$uri"}'
    logging = f"underscores_in_headers off;\n    access_log {log} normalised;"
    recipe = recipe.replace("underscores_in_headers off;", logging)
    address = run_nginx(f"log_format normalised escape=json '{logged}';\n{recipe}")
    return Nginx(address, log)


def test_allowed_means_allowed_as_nginx_reads_it(nginx: Nginx) -> None:
    """A path that passes without a token is under /open for NGINX too, however it was written."""
    middles = sorted({*MIDDLES, *(f"/{middle}" for middle in MIDDLES)})
    targets = {"".join(three) for three in itertools.product(HEADS, middles, TAILS)}
    # Several oddities in one path; the same ones each time.
    chance = Random(20261123)  # noqa: S311 - no secret
    for _ in range(2000):
        parts = chance.choices((*middles, *TAILS, "/open", "x"), k=chance.randint(2, 5))
        targets.add(chance.choice(HEADS) + "".join(parts))
    targets = {target for target in targets if target.startswith("/")}
    passed: dict[str, str] = {}
    for number, target in enumerate(sorted(targets)):
        answer = ask(nginx.address, "GET", target, [("X-Number", str(number))])
        assert answer.status in {200, 400, 401, 403}, (target, answer)
        if answer.status == 200:
            passed[str(number)] = target
    normalised = nginx.normalised(set(passed))

    wrong = {target: normalised[number] for number, target in passed.items()}
    wrong = {raw: uri for raw, uri in wrong.items() if uri != "/open" and uri[:6] != "/open/"}
    assert wrong == {}
    for plain in ("/open", "/open/", "/open/x", "/%6fpen/x", "/open/open", "/open/%c3%a9"):
        assert plain in passed.values()
    for odd in ("/open/../x", "/open/%2e%2e/x", "/open%2f..%2fx", "/open;/../x", "/open%00"):
        assert odd not in passed.values()


@pytest.mark.parametrize(
    "target", ["http://admin.example.com/open", "https://admin.example.com/open", "/open"]
)
@pytest.mark.parametrize("host", ["admin.example.com", "a.example.com", "admin.example.com:80"])
def test_the_host_is_the_one_that_nginx_serves(nginx: Nginx, target: str, host: str) -> None:
    """A host in the request line outweighs the Host header for NGINX, so it must for the route."""
    data = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    admin = "admin" in target or "admin" in host

    assert status_of(nginx.address, data) == (401 if admin else 200)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "forged",
    [
        [],
        [("X-Original-Method", "GET")],
        [("X-Original-URL", "http://a.example.com/open")],
        [("X-Original-URL", "http://a.example.com/open"), ("X-Original-Method", "GET")],
        [("X_Original_URL", "/open"), ("X-Original-URI", "/open"), ("X-Forwarded-Uri", "/open")],
        [("X-HTTP-Method-Override", "GET"), ("X-Forwarded-Host", "a.example.com")],
    ],
)
def test_a_client_tells_nothing(nginx: Nginx, method: str, forged: list[tuple[str, str]]) -> None:
    """Path and method are those that NGINX saw, whatever its client calls them."""
    read = ask(nginx.address, method, "/read", forged).status

    assert read == (200 if method == "GET" else 401)
    assert ask(nginx.address, method, "/x", forged).status == 401
    assert ask(nginx.address, method, "/open", forged).status == 200


def test_policies_by_host(nginx: Nginx) -> None:
    """A token that the default policy takes may not do for the admin host."""
    nobody = ("Authorization", f"Bearer {token()}")
    for host, bearer, status in (
        ("admin.example.com", BEARER, 200),
        ("admin.example.com", nobody, 403),
        ("a.example.com", nobody, 200),
    ):
        data = (
            f"GET /x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{': '.join(bearer)}\r\n\r\n"
        )
        assert status_of(nginx.address, data) == status


def status_of(address: Address, data: str) -> int:
    """The status of the answer to these very bytes."""
    with Connection(address) as connection:
        connection.send(data.encode())
        return connection.answer().status
