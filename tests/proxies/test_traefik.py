"""Traefik's ForwardAuth as a contract: what it sends with our recipe, and what comes back.

Traefik itself is not at hand; its side is written down here from its documentation and source.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.processes import Server
from tests.proxies.contract import Contract, Given, Subrequest, request
from tests.wire import Connection


@pytest.fixture(scope="module")
def recipe(recipes: Path) -> dict[str, Any]:
    """The dynamic configuration that users copy."""
    found: dict[str, Any] = yaml.safe_load((recipes / "traefik" / "jwtfast.yaml").read_text())
    return found["http"]  # type: ignore[no-any-return] # a part of YAML


@pytest.fixture(scope="module")
def subrequest(recipe: dict[str, Any]) -> Subrequest:
    """A GET with what the client is allowed to send, and who asked for what."""
    middleware = recipe["middlewares"]["jwtfast"]["forwardAuth"]
    host, _, path = middleware["address"].removeprefix("http://").partition("/")
    allowed = {name.lower() for name in middleware["authRequestHeaders"]}

    def sent(method: str, target: str, given: list[Given]) -> bytes:
        headers = [
            *((name, value) for name, value in given if name.lower() in allowed),
            ("Accept-Encoding", "gzip"),
            ("X-Forwarded-For", "192.0.2.1"),
            ("X-Forwarded-Host", "app.example.com"),
            ("X-Forwarded-Method", method),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-Uri", target),
        ]
        first = [("Host", host), ("User-Agent", "Go-http-client/1.1")]
        return request("GET", f"/{path}", [*first, *headers])

    return sent


class TestTraefik(Contract):
    """Every case of every contract."""


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
    assert dropped == {name.replace("-", "_"): "" for name in policy_headers}
    assert recipe["routers"]["application"]["middlewares"] == ["no-aliases", "jwtfast"]


def test_the_clients_own_forwarded_headers_are_not_believed(recipe: dict[str, Any]) -> None:
    """Else a client would choose which method and path are decided on."""
    assert recipe["middlewares"]["jwtfast"]["forwardAuth"]["trustForwardHeader"] is False
