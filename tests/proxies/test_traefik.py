"""Traefik's ForwardAuth as a contract: what it sends with our recipe, and what comes back.

Traefik itself is not at hand; its side is written down here from its documentation and source.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.processes import Server
from tests.proxies.conftest import FORWARDED, ServeConfig
from tests.proxies.contract import Contract, Given, Subrequest, request
from tests.proxies.every_alias import ODD_BYTES, TOLD, aliases
from tests.proxies.every_preflight import NO_PREFLIGHTS, PREFLIGHT
from tests.proxies.every_route import POLICIES, ROUTES, TOKENS
from tests.proxies.proxy import switched_on
from tests.wire import Connection

_HOST = "app.example.com"


@pytest.fixture(scope="module")
def text(recipes: Path) -> str:
    """The dynamic configuration that users copy."""
    return (recipes / "traefik" / "jwtfast.yaml").read_text()


@pytest.fixture(scope="module")
def recipe(text: str) -> dict[str, Any]:
    """What is in it."""
    return yaml.safe_load(text)["http"]  # type: ignore[no-any-return] # a part of YAML


def forwarded(
    recipe: dict[str, Any], path: str, method: str, target: str, given: list[Given], host: str
) -> bytes:
    """A GET with what the client is allowed to send, and who asked for what."""
    middleware = recipe["middlewares"]["jwtfast"]["forwardAuth"]
    allowed = {name.lower() for name in middleware["authRequestHeaders"]}
    headers = [
        ("Host", "127.0.0.1:8080"),
        ("User-Agent", "Go-http-client/1.1"),
        *((name, value) for name, value in given if name.lower() in allowed),
        ("Accept-Encoding", "gzip"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Host", host),
        ("X-Forwarded-Method", method),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Uri", target),
    ]
    return request("GET", path, headers)


@pytest.fixture(scope="module")
def subrequest(recipe: dict[str, Any]) -> Subrequest:
    """What the recipe makes Traefik send."""
    address = recipe["middlewares"]["jwtfast"]["forwardAuth"]["address"]
    path = address.removeprefix("http://127.0.0.1:8080")

    def sent(method: str, target: str, given: list[Given]) -> bytes:
        return forwarded(recipe, path, method, target, given, _HOST)

    return sent


@pytest.fixture(scope="module")
def forwarding(serve_config: ServeConfig) -> Server:
    """The service with the file of all proxies, told by variables how Traefik tells it."""
    return serve_config(FORWARDED)


class TestTraefik(Contract):
    """Every case of every contract."""


@pytest.mark.parametrize("method,target,policy", ROUTES)
def test_the_original_request_chooses(
    forwarding: Server, recipe: dict[str, Any], method: str, target: str, policy: str
) -> None:
    """At /validate, with X-Forwarded-Uri, -Host and -Method: the routes of all the proxies."""
    for host, expected in ((_HOST, POLICIES[policy]), ("admin.example", POLICIES["admin"])):
        with Connection(forwarding.address) as connection:
            for token, status in zip(TOKENS.values(), expected, strict=True):
                connection.send(forwarded(recipe, "/validate", method, target, token, host))
                assert connection.answer().status == status


@pytest.mark.parametrize(
    "method,target,headers", [("OPTIONS", "/partner/x", PREFLIGHT), *NO_PREFLIGHTS]
)
def test_preflights(
    forwarding: Server, recipe: dict[str, Any], method: str, target: str, headers: list[Given]
) -> None:
    """With the headers of the recipe a preflight is known as one, and nothing else is."""
    with Connection(forwarding.address) as connection:
        connection.send(forwarded(recipe, "/validate", method, target, headers, _HOST))
        answer = connection.answer()
    passes = (method, target, headers) not in NO_PREFLIGHTS
    assert (answer.status, answer.get("x-user")) == ((200, "") if passes else (401, None))


def test_the_answer_is_fit_for_the_client(auth: Server, subrequest: Subrequest) -> None:
    """Traefik hands a denial over as it is: it says what it is, and is stored nowhere."""
    with Connection(auth.address) as connection:
        connection.send(subrequest("GET", "/", []))
        answer = connection.answer()
    assert answer.get("content-type") == "application/problem+json"
    assert answer.get("cache-control") == "no-store"
    assert b'"code":"missing_token"' in answer.body
    assert answer.get("location") is None


def test_a_forged_identity_is_replaced(recipe: dict[str, Any], policy_headers: set[str]) -> None:
    """The recipe names every identity header: Traefik drops the client's; and its alias too."""
    middlewares = recipe["middlewares"]
    assert set(middlewares["jwtfast"]["forwardAuth"]["authResponseHeaders"]) == policy_headers
    dropped = middlewares["no-aliases"]["headers"]["customRequestHeaders"]
    assert dropped == {name.replace("-", odd): "" for name in policy_headers for odd in ODD_BYTES}
    for router in recipe["routers"].values():
        assert router["middlewares"][1:] == ["no-aliases", "jwtfast"]


@pytest.mark.parametrize("name", TOLD)
def test_no_alias_tells_the_original_request(
    forwarding: Server, recipe: dict[str, Any], name: str
) -> None:
    """Neither does Traefik send a client's own, nor does jwtfast take another name for its own."""
    for alias in aliases(name):
        for value in ("/public/x", "auth.example", "GET", "http://auth.example/public/x"):
            asked = forwarded(recipe, "/validate", "POST", "/public/x", [(alias, value)], _HOST)
            assert alias.encode() not in asked
            with_alias = asked.replace(b"\r\n\r\n", f"\r\n{alias}: {value}\r\n\r\n".encode())
            with Connection(forwarding.address) as connection:
                connection.send(with_alias)
                assert connection.answer().status == 401


def test_the_token_can_be_kept_from_the_application(
    text: str, auth: Server, subrequest: Subrequest, policy_headers: set[str]
) -> None:
    """Traefik drops what it would copy; jwtfast must never answer with an Authorization then."""
    line = "authResponseHeaders: [X-User, X-Groups]"
    changed = switched_on(text, line.replace("]", ", Authorization]"), instead_of=line)
    copied = yaml.safe_load(changed)["http"]["middlewares"]["jwtfast"]["forwardAuth"]
    assert set(copied["authResponseHeaders"]) == {*policy_headers, "Authorization"}
    with Connection(auth.address) as connection:
        for token, status in zip(TOKENS.values(), POLICIES["default"], strict=True):
            connection.send(subrequest("GET", "/", token))
            answer = connection.answer()
            assert (answer.status, answer.get("authorization")) == (status, None)


def test_the_clients_own_forwarded_headers_are_not_believed(recipe: dict[str, Any]) -> None:
    """Else a client would choose which method and path are decided on."""
    assert recipe["middlewares"]["jwtfast"]["forwardAuth"]["trustForwardHeader"] is False
