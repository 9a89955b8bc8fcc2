"""Gateway API's HTTPExternalAuth as a contract: what a Gateway sends with our recipe.

Written down from GEP-1494: only Host, method, path, Content-Length and Authorization are sure.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.processes import Server
from tests.proxies.contract import Contract, Given, Subrequest, request
from tests.proxies.every import bearer
from tests.wire import Connection


@pytest.fixture(scope="module")
def filtered(recipes: Path) -> dict[str, Any]:
    """The filter's settings over HTTP in the HTTPRoute that users copy."""
    route = yaml.safe_load((recipes / "gateway-api" / "httproute.yaml").read_text())
    [rule] = route["spec"]["rules"]
    [only] = rule["filters"]
    assert (only["type"], only["externalAuth"]["protocol"]) == ("ExternalAuth", "HTTP")
    found: dict[str, Any] = only["externalAuth"]["http"]
    return found


@pytest.fixture(scope="module")
def subrequest(filtered: dict[str, Any]) -> Subrequest:
    """The client's method, the prefix and the client's path, and the headers that are sure."""
    allowed = {"authorization", *(name.lower() for name in filtered["allowedHeaders"])}

    def sent(method: str, target: str, given: list[Given]) -> bytes:
        headers = [(name, value) for name, value in given if name.lower() in allowed]
        first = [("Host", "app.example.com"), ("Content-Length", "0")]
        return request(method, filtered["path"] + target, [*first, *headers])

    return sent


class TestGatewayAPI(Contract):
    """Every case of every contract."""


def test_a_forged_identity_is_replaced(filtered: dict[str, Any], policy_headers: set[str]) -> None:
    """The recipe names every identity header, and no other header of ours goes upstream."""
    assert set(filtered["allowedResponseHeaders"]) == policy_headers


def test_an_empty_list_would_do_no_harm(auth: Server, subrequest: Subrequest) -> None:
    """It copies every header of a 200 upstream: none of them is a framing header or a cookie."""
    with Connection(auth.address) as connection:
        connection.send(subrequest("GET", "/", [bearer()]))
        names = {name for name, _ in connection.answer().headers}
    assert names <= {"x-user", "x-groups", "cache-control", "content-length", "server", "date"}
