"""Gateway API's HTTPExternalAuth as a contract: what a Gateway sends with our recipe.

Written down from GEP-1494: only Host, method, path, Content-Length and Authorization are sure.
"""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.processes import Server
from tests.proxies.contract import Contract, Given, Subrequest, request
from tests.proxies.every import bearer
from tests.proxies.every_preflight import NO_PREFLIGHTS, PREFLIGHT
from tests.proxies.every_route import POLICIES, TOKENS
from tests.proxies.proxy import switched_on
from tests.wire import Connection


@pytest.fixture(scope="module")
def recipe(recipes: Path) -> str:
    """The HTTPRoute that users copy."""
    return (recipes / "gateway-api" / "httproute.yaml").read_text()


@pytest.fixture(scope="module")
def filtered(recipe: str) -> dict[str, Any]:
    """The filter's settings over HTTP in the HTTPRoute."""
    [rule] = yaml.safe_load(recipe)["spec"]["rules"]
    [only] = rule["filters"]
    assert (only["type"], only["externalAuth"]["protocol"]) == ("ExternalAuth", "HTTP")
    found: dict[str, Any] = only["externalAuth"]["http"]
    return found


def asked(
    filtered: dict[str, Any], policy: str, method: str, target: str, given: list[Given]
) -> bytes:
    """The client's method, the prefix and the client's path, and the headers that are sure."""
    allowed = {"authorization", *(name.lower() for name in filtered["allowedHeaders"])}
    headers = [(name, value) for name, value in given if name.lower() in allowed]
    first = [("Host", "app.example.com"), ("Content-Length", "0")]
    path = filtered["path"].replace("default", policy)
    return request(method, path + target, [*first, *headers])


@pytest.fixture(scope="module")
def subrequest(filtered: dict[str, Any]) -> Subrequest:
    """What the recipe makes a Gateway send."""
    return partial(asked, filtered, "default")


class TestGatewayAPI(Contract):
    """Every case of every contract."""


def test_a_forged_identity_is_replaced(filtered: dict[str, Any], policy_headers: set[str]) -> None:
    """The recipe names every identity header, and no other header of ours goes upstream."""
    assert set(filtered["allowedResponseHeaders"]) == policy_headers


@pytest.mark.parametrize("policy", POLICIES)
def test_a_rule_with_a_policy_of_its_own(
    auth: Server, filtered: dict[str, Any], policy: str
) -> None:
    """Nothing tells of the original request, so each rule names its policy in `path`."""
    with Connection(auth.address) as connection:
        for token, status in zip(TOKENS.values(), POLICIES[policy], strict=True):
            connection.send(asked(filtered, policy, "GET", "/public/x", token))
            assert connection.answer().status == status


@pytest.mark.parametrize(
    "method,headers",
    [
        ("OPTIONS", PREFLIGHT),
        *((method, headers) for method, at, headers in NO_PREFLIGHTS if at == "/partner/x"),
    ],
)
def test_preflights(
    auth: Server, filtered: dict[str, Any], method: str, headers: list[Given]
) -> None:
    """With the headers of the recipe a preflight is known as one, where the policy asks for it."""
    passes = (method, headers) == ("OPTIONS", PREFLIGHT)
    for policy, status in (("partner", 200 if passes else 401), ("default", 401)):
        with Connection(auth.address) as connection:
            connection.send(asked(filtered, policy, method, "/partner/x", headers))
            assert connection.answer(to_head=method == "HEAD").status == status


def removed(recipe: str) -> set[str]:
    """The headers that are removed from what the application gets, after jwtfast was asked."""
    [rule] = yaml.safe_load(recipe)["spec"]["rules"]
    assert [one["type"] for one in rule["filters"]] == ["ExternalAuth"]
    [backend] = rule["backendRefs"]
    [only] = backend["filters"]
    names: list[str] = only["requestHeaderModifier"]["remove"]
    # What the API takes.
    assert len(names) <= 16
    return set(names)


def test_the_token_can_be_kept_from_the_application(recipe: str) -> None:
    """By a filter of the backend, which no Gateway may run before those of the rule."""
    assert "Authorization" in removed(switched_on(recipe, "- Authorization"))


def test_aliases_are_removed(recipe: str, policy_headers: set[str]) -> None:
    """Those that PHP takes for an identity header, and never the header itself."""
    aliases = {name.replace("-", odd) for name in policy_headers for odd in "_."}
    assert removed(recipe) == aliases


def test_an_empty_list_would_do_no_harm(auth: Server, subrequest: Subrequest) -> None:
    """It copies every header of a 200 upstream: none of them is a framing header or a cookie."""
    with Connection(auth.address) as connection:
        connection.send(subrequest("GET", "/", [bearer()]))
        names = {name for name, _ in connection.answer().headers}
    assert names <= {"x-user", "x-groups", "cache-control", "content-length", "server", "date"}
