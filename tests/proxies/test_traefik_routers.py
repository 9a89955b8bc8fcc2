"""Which router of the recipe Traefik takes for a request, and what its middlewares leave of it.

Traefik itself is not at hand: rules, priorities and the headers middleware are written down here
from its documentation.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.proxies.upgrades import CONNECTS, UPGRADES, WEBSOCKET

Given = tuple[str, str]

_TERM = re.compile(r"(!?)(\w+)\((.*)\)$")


@pytest.fixture(scope="module")
def recipe(recipes: Path) -> dict[str, Any]:
    """The dynamic configuration that users copy."""
    text = (recipes / "traefik" / "jwtfast.yaml").read_text()
    return yaml.safe_load(text)["http"]  # type: ignore[no-any-return] # a part of YAML


def _holds(term: str, method: str, host: str, headers: list[Given]) -> bool:
    found = _TERM.match(term)
    assert found, term
    inverted, function, arguments = found.groups()
    values = re.findall("`([^`]*)`", arguments)
    match function:
        case "Host":
            holds = host == values[0]
        case "Method":
            holds = method == values[0]
        case "HeaderRegexp":
            named = [value for name, value in headers if name.lower() == values[0].lower()]
            holds = any(re.search(values[1], value) for value in named)
        case _:
            pytest.fail(f"{function} is not known here")
    return bool(holds) != bool(inverted)


def passed_on(
    recipe: dict[str, Any], method: str, headers: list[Given], host: str = "app.example.com"
) -> list[Given] | None:
    """What the application gets of the headers; None where no router takes the request."""
    by_priority = sorted(recipe["routers"].values(), key=lambda one: -len(one["rule"]))
    for router in by_priority:
        if all(_holds(term, method, host, headers) for term in router["rule"].split(" && ")):
            for name in router["middlewares"]:
                changes = recipe["middlewares"][name].get("headers", {}).get("customRequestHeaders")
                for header, value in (changes or {}).items():
                    headers = [one for one in headers if one[0].lower() != header.lower()]
                    headers += [(header, value)] if value else []
            return headers
    return None


@pytest.mark.parametrize("connection,values", UPGRADES)
def test_an_upgrade(recipe: dict[str, Any], connection: list[str], values: list[str]) -> None:
    """At most one word of it is left: websocket."""
    given = [("Connection", one) for one in connection] + [("Upgrade", one) for one in values]
    left = passed_on(recipe, "GET", [*given, ("HTTP2-Settings", "AAMAAABk")])
    assert left is not None
    upgrades = [value for name, value in left if name.lower() == "upgrade"]
    assert upgrades in ([], ["websocket"])
    assert (upgrades == []) or "websocket" in [value.lower() for value in values]
    assert "http2-settings" not in {name.lower() for name, _ in left}


@pytest.mark.parametrize("target", CONNECTS)
def test_connect(recipe: dict[str, Any], target: str) -> None:
    """No router takes it, whatever else it says; Traefik answers 404 by itself."""
    for headers in ([], WEBSOCKET, [("X-Target", target)]):
        assert passed_on(recipe, "CONNECT", headers) is None


@pytest.mark.parametrize("upgrade", ["websocket", "WebSocket", "WEBSOCKET"])
def test_a_websocket(recipe: dict[str, Any], upgrade: str) -> None:
    """It passes, through the same middlewares."""
    left = passed_on(recipe, "GET", [("Connection", "Upgrade"), ("Upgrade", upgrade)])
    assert left == [("Connection", "Upgrade"), ("Upgrade", "websocket")]


def test_every_router_asks(recipe: dict[str, Any]) -> None:
    """Each ends in jwtfast, and another host has none."""
    assert {router["middlewares"][-1] for router in recipe["routers"].values()} == {"jwtfast"}
    assert passed_on(recipe, "GET", [], host="other.example") is None


def test_the_entry_point(recipes: Path) -> None:
    """It drops every alias, and believes no client's X-Forwarded-... or Connection."""
    static = yaml.safe_load((recipes / "traefik" / "traefik.yaml").read_text())
    point = static["entryPoints"]["web"]
    assert point["http"]["aliasHeadersStrategy"] == "delete"
    assert point["forwardedHeaders"] == {"insecure": False, "trustedIPs": [], "connection": []}
