"""The original request: told by one header, once, by a trusted peer, without doubt; or refused."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import Serve
from tests.processes import Server, free_port
from tests.routed import AMBIGUOUS, BEARER, REFUSED, code_of, original_request, policy_of
from tests.settings import standard, write
from tests.wire import Address

ROUTES = [
    {"host": "admin.example.com", "policy": "admin"},
    {"path": "/open", "policy": "open"},
    {"path": "/", "policy": "default"},
]
SOURCES = ("X-Original-URL", "X-Original-URI", "X-Forwarded-Uri")
BESIDE: Final = {"X-Forwarded-Uri": [("X-Forwarded-Host", "a.example.com")]}


def service_for(serve: Serve, uri_header: str) -> Server:
    """The service that believes one source; routes by host where it has a header for that."""
    routes = ROUTES if uri_header in BESIDE else ROUTES[1:]
    return serve(routes=routes, original_request=original_request(uri_header))


@pytest.fixture(scope="module")
def services(serve: Serve) -> dict[str, Server]:
    """By source, the service that believes it."""
    return {name: service_for(serve, name) for name in SOURCES}


@pytest.fixture(scope="module", params=SOURCES)
def source(request: pytest.FixtureRequest) -> str:
    """The header that is believed."""
    return str(request.param)


@pytest.fixture(scope="module")
def believing(services: dict[str, Server], source: str) -> Server:
    """The service that believes it."""
    return services[source]


def plain(source: str, target: str) -> list[tuple[str, str]]:
    """A request told well."""
    return [BEARER, (source, target), *BESIDE.get(source, ())]


def test_told_well(believing: Server, source: str) -> None:
    """A path, with and without a query, is routed; the header's name has no case."""
    for target, policy in {"/open": "open", "/open/x?a=//b/../c": "open", "/x": "default"}.items():
        assert policy_of(believing.ask(headers=plain(source, target))) == policy
        lower = [(name.lower(), value) for name, value in plain(source, target)]
        assert policy_of(believing.ask(headers=lower)) == policy


@pytest.mark.parametrize("target", AMBIGUOUS)
def test_ambiguous(believing: Server, source: str, target: str) -> None:
    """What two servers could read differently is refused before anything is matched."""
    assert code_of(believing.ask(headers=plain(source, target))) == REFUSED


@pytest.mark.parametrize("value", [b"/open\xff", "/open/é".encode(), b"/open\t/x"])
def test_bytes_that_are_not_ascii(believing: Server, source: str, value: bytes) -> None:
    """A URI is ASCII; anything else is refused, not replaced."""
    headers = [BEARER, (source, value), *BESIDE.get(source, ())]

    assert code_of(believing.ask(headers=headers)) == REFUSED


TARGETS = ["/open", "/x", "http://admin.example.com/", "/open/../x", "", "/open, /x"]


@pytest.mark.parametrize("first,second", list(itertools.product(TARGETS, TARGETS)))
def test_told_twice(believing: Server, source: str, first: str, second: str) -> None:
    """Two values are refused whatever they are, the same one twice too, however they are spelt."""
    for name in (source, source.lower(), source.upper()):
        headers = [*plain(source, first), (name, second)]
        assert code_of(believing.ask(headers=headers)) == REFUSED


@pytest.mark.parametrize("target", ["/open", "http://admin.example.com/", "/open/../x", ""])
def test_only_one_source(believing: Server, source: str, target: str) -> None:
    """The other headers are nobody's business: they neither steer nor stand in."""
    names = [*SOURCES, "X-Rewrite-URL", "X_Original_URL", "X_Forwarded_Uri", "Forwarded", "Referer"]
    others = [(name, target) for name in names if name != source]
    others.append(("X-Original-Host", "admin.example.com"))

    for other in [*([one] for one in others), others]:
        assert policy_of(believing.ask(headers=[*plain(source, "/x"), *other])) == "default"
        beside = BESIDE.get(source, ())
        assert code_of(believing.ask(headers=[BEARER, *beside, *other])) == REFUSED


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["a.example.com", "admin.example.com"],
        ["a.example.com", "a.example.com"],
        ["a.example.com, admin.example.com"],
        ["a.example.com/open"],
        ["user@a.example.com"],
        ["a.example.com:x"],
        ["http://a.example.com"],
        ["a b"],
        ["."],
        ["a.."],
        ["[::1"],
        [b"\xff"],
    ],
)
def test_forged_hosts(services: dict[str, Server], hosts: list[str | bytes]) -> None:
    """X-Forwarded-Host must come once, with a host and nothing else."""
    headers: list[tuple[str, str | bytes]] = [BEARER, ("X-Forwarded-Uri", "/open")]
    headers += [("X-Forwarded-Host", host) for host in hosts]

    assert code_of(services["X-Forwarded-Uri"].ask(headers=headers)) == REFUSED


def test_a_host_told_twice(services: dict[str, Server]) -> None:
    """A whole URL beside X-Forwarded-Host names two hosts."""
    headers = plain("X-Forwarded-Uri", "http://a.example.com/open")

    assert code_of(services["X-Forwarded-Uri"].ask(headers=headers)) == REFUSED


def test_the_forwarded_host(services: dict[str, Server]) -> None:
    """Its host chooses the route, without its port; the subrequest's own Host never does."""
    server = services["X-Forwarded-Uri"]
    headers = [BEARER, ("X-Forwarded-Uri", "/open")]

    for host in ("admin.example.com", "Admin.Example.Com:443"):
        assert policy_of(server.ask(headers=[*headers, ("X-Forwarded-Host", host)])) == "admin"
    other = [("X-Forwarded-Host", "auth.example"), ("X-Original-Host", "admin.example.com")]
    assert policy_of(server.ask(headers=[*headers, *other])) == "open"


@pytest.mark.parametrize(
    "methods",
    [["GET", "POST"], ["GET", "GET"], [b"\xff"], [""], ["GET POST"], ["GET, POST"]],
    ids=["two", "one twice", "bytes", "none", "a space", "joined"],
)
def test_forged_methods(believing: Server, source: str, methods: list[str | bytes]) -> None:
    """The method is told once, or refused."""
    name = "X-Forwarded-Method" if source == "X-Forwarded-Uri" else "X-Original-Method"
    headers: list[tuple[str, str | bytes]] = [*plain(source, "/open")]
    headers += [(name, method) for method in methods]

    assert code_of(believing.ask(headers=headers)) == REFUSED


CLAIMS_TO_BE_A_PROXY = [
    ("X-Forwarded-For", "10.0.0.1"),
    ("X-Real-IP", "10.0.0.1"),
    ("Forwarded", "for=10.0.0.1"),
    ("X-Client-IP", "10.0.0.1"),
    ("CF-Connecting-IP", "10.0.0.1"),
]


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_an_untrusted_peer(serve: Serve, interface: str) -> None:
    """Who is not trusted may tell nothing: not by a forged address, nor at a policy's path."""
    told = original_request(trusted_proxies=["10.0.0.0/8", "::1", "fe80::/10"])
    server = serve(routes=ROUTES[1:], original_request=told, interface=interface)
    headers = plain("X-Original-URL", "/open")

    for forged in [[], *([one] for one in CLAIMS_TO_BE_A_PROXY), CLAIMS_TO_BE_A_PROXY]:
        for target in ("/validate", "/p/open"):
            assert code_of(server.ask(target=target, headers=[*headers, *forged])) == REFUSED
    assert policy_of(server.ask(target="/p/open", headers=[BEARER])) == "open"


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
@pytest.mark.parametrize("trusted", ["127.0.0.0/8", "127.0.0.1"])
def test_a_trusted_peer(serve: Serve, interface: str, trusted: str) -> None:
    """The same request from a trusted one; a client's own address, told by it, changes nothing."""
    told = original_request(trusted_proxies=["10.0.0.0/8", trusted])
    server = serve(routes=ROUTES[1:], original_request=told, interface=interface)
    headers = [*plain("X-Original-URL", "/open"), ("X-Forwarded-For", "203.0.113.7")]

    assert policy_of(server.ask(headers=headers)) == "open"


@contextmanager
def served(directory: Path, listen: str, address: Address, **changes: object) -> Iterator[Server]:
    """The service at an address of its own kind, stopped whatever happens."""
    path = write(directory / "jwtfast.yaml", standard(listen=listen, routes=ROUTES[1:], **changes))
    server = Server(["serve", "--config", str(path)], directory, address)
    try:
        yield server
    finally:
        assert server.stop() == 0


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
@pytest.mark.parametrize("trusted,passes", [("127.0.0.1", True), ("::1", False)])
def test_ipv4_on_a_dual_stack_listener(
    tmp_path: Path, interface: str, trusted: str, *, passes: bool
) -> None:
    """There an IPv4 peer looks like ::ffff:127.0.0.1, and is the same peer."""
    port = free_port()
    changes = {
        "interface": interface,
        "original_request": original_request(trusted_proxies=[trusted]),
    }
    with served(tmp_path, f"[::]:{port}", ("127.0.0.1", port), **changes) as server:
        answer = server.ask(headers=plain("X-Original-URL", "/open"))
        assert policy_of(answer) == "open" if passes else code_of(answer) == REFUSED


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_a_unix_socket(tmp_path: Path, interface: str) -> None:
    """Whoever may open the socket may tell; what is ambiguous is refused there too."""
    socket = tmp_path / "x.sock"
    changes = {
        "interface": interface,
        "original_request": original_request(trusted_proxies=["10.0.0.1"]),
    }
    with served(tmp_path, f"unix:{socket}", socket, **changes) as server:
        assert policy_of(server.ask(headers=plain("X-Original-URL", "/open"))) == "open"
        assert code_of(server.ask(headers=plain("X-Original-URL", "/open/../x"))) == REFUSED


def test_wsgi_is_refused(tmp_path: Path) -> None:
    """WSGI cannot tell X-Original-URL from X_Original_URL: the service does not start with it."""
    config = standard(
        listen=f"127.0.0.1:{free_port()}",
        interface="wsgi",
        routes=ROUTES,
        original_request=original_request(),
    )
    path = write(tmp_path / "jwtfast.yaml", config)
    with pytest.raises(AssertionError, match="interface wsgi cannot be used"):
        Server(["serve", "--config", str(path)], tmp_path, ("127.0.0.1", 9))
