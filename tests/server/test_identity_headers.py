"""Claims in response headers, over the wire: whatever a token holds, nothing else is injected."""

import base64
import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Serve
from tests.processes import Server
from tests.server.conftest import DOORS
from tests.settings import token
from tests.wire import Connection, raw_request

FORMS: Final = ("text", "csv", "csv_percent", "sf_list", "json", "base64")
LIMIT: Final = 3072
HEADS: Final = {
    200: {"x-out", "cache-control", "content-length", "server", "date"},
    403: {
        *("www-authenticate", "content-type", "cache-control"),
        *("content-length", "server", "date"),
    },
}
NASTY: Final[tuple[object, ...]] = (
    "",
    "a",
    "a b",
    " a",
    "a ",
    "\t",
    "a\tb",
    "a,b",
    "a\r\nX-Admin: 1",
    "a\nX-Admin: 1",
    "a\rX-Admin: 1",
    "a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    "a\r\n X-Folded: 1",
    "a\0b",
    "a\x0bb",
    "\x7f",
    "\x85",
    "\u2028X-Admin: 1",
    "\uff0d\uff0a",
    "é",
    "e\u0301",
    "😀",
    "\ufeff",
    "a" * LIMIT,
    "a" * (LIMIT + 1),
    "é" * LIMIT,
    '"\\' * 100,
    ["a", "b"],
    ["a,b"],
    ["a\r\nX-Admin: 1", "b"],
    [[]],
    [],
    {},
    {"a\r\nX-Admin: 1": 1},
    {"a": ["\n"]},
    True,
    None,
    0,
    -1.5e-300,
    2**53,
)
Claim = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@pytest.fixture(scope="module", params=DOORS)
def connection(request: pytest.FixtureRequest, serve: Serve) -> Iterator[Connection]:
    """One connection, over which everything goes: what is injected would be seen by the next."""
    named = {form: {"claim": "x", "as": form} for form in FORMS[1:]}
    policies = {
        form: {"issuers": ["corp"], "identity": {"X-Out": named.get(form, "x")}} for form in FORMS
    }
    server: Server = serve(
        interface=request.param, policies={**policies, "default": {"issuers": ["corp"]}}
    )
    with Connection(server.address) as opened:
        yield opened


def sent(connection: Connection, form: str, claim: object) -> str | None:
    """The header that carries a claim, None where it is refused; nothing else may come."""
    bearer = [("Authorization", f"Bearer {token(x=claim)}")]
    connection.send(raw_request("GET", f"/p/{form}", bearer))
    answer = connection.answer()
    assert answer.status in HEADS, answer
    names = [name for name, _ in answer.headers]
    assert len(names) == len(set(names))
    assert set(names) <= HEADS[answer.status]
    if answer.status == 403:
        assert json.loads(answer.body)["code"] == "invalid_claim"
        return None
    value = answer.get("x-out")
    assert value is not None
    assert value.isascii()
    assert value == "" or value.isprintable()
    return value


def check(connection: Connection, claim: object) -> None:
    """A claim is told in each form as it is, or is refused."""
    value = sent(connection, "text", claim)
    if isinstance(claim, str):
        assert value in {claim, None}
        clean = claim.isascii() and claim.isprintable() and claim == claim.strip()
        assert (value is not None) == (clean and len(claim) <= LIMIT)
    value = sent(connection, "csv", claim)
    if isinstance(claim, list) and claim and all(isinstance(one, str) for one in claim):
        assert value is None or value.split(",") == claim
    value = sent(connection, "csv_percent", claim)
    if isinstance(claim, list) and claim and all(isinstance(one, str) for one in claim):
        assert value is None or [unquote(one) for one in value.split(",")] == claim
    value = sent(connection, "sf_list", claim)
    assert value is None or value == "" or value[0] == value[-1] == '"'
    value = sent(connection, "json", claim)
    # null is told as an absent claim is.
    assert value is None or (json.loads(value) if value else None) == claim
    value = sent(connection, "base64", claim)
    if isinstance(claim, str):
        assert value is None or base64.b64decode(value, validate=True).decode() == claim
        assert (value is not None) == (-(-len(claim.encode()) // 3) * 4 <= LIMIT)


@pytest.mark.parametrize(
    "claim", NASTY, ids=[ascii(claim)[:24] + str(len(ascii(claim))) for claim in NASTY]
)
def test_nasty_claims(connection: Connection, claim: object) -> None:
    """Line ends, NUL, other characters, other types, and more than there is room for."""
    check(connection, claim)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(claim=Claim)
def test_any_claim(connection: Connection, claim: object) -> None:
    """200 with this one header and its true value, or 403 `invalid_claim`; never anything else."""
    check(connection, claim)
