"""How much all identity headers of an answer may take together: what a proxy's buffer holds."""

import itertools
from typing import Final

import pytest

import jwtfast
from jwtfast import Decision
from tests.conftest import Serve
from tests.forge import NOW, claims, compact
from tests.processes import Server
from tests.server.conftest import DOORS
from tests.settings import token
from tests.verdict import gate_settings, key
from tests.wire import Connection, raw_request

KEYS: Final = {"corp": jwtfast.KeySet([key("HS256")])}
IDENTITY: Final = {"X-A": "a", "X-B": "b", "X-C": "c", "X-D": {"claim": "d", "as": "csv"}}
GATE: Final = jwtfast.Gate(
    gate_settings(policies={"default": {"issuers": ["corp"], "identity": IDENTITY}}), KEYS
)
SUM: Final = 7168


def decided(**changes: object) -> Decision:
    """Return the decision on a token with these claims."""
    bearer = f"Bearer {compact('HS256', claims(**changes))}"
    return GATE.decide(None, "GET", "", [("authorization", bearer)], now=NOW)


@pytest.mark.parametrize("lengths", [(2900, 2900, 2900), (3072, 3072, 3072), (3072, 3072, 1000)])
def test_the_sum_is_bounded(lengths: tuple[int, ...]) -> None:
    """More than 7 KiB of identity headers is a 403 that names the longest, and the sum."""
    values = {name: name * length for name, length in zip("abc", lengths, strict=True)}
    decision = decided(**values)
    size = sum(len("x-a: \r\n") + length for length in (*lengths, 0))
    assert size > SUM
    assert (decision.status, decision.code) == (403, "invalid_claim")
    assert decision.detail == (
        f"The claim for the header x-a is the longest of headers that take {size} bytes together, "
        f"and may take {SUM}."
    )


def test_the_sum_to_the_byte() -> None:
    """Names, values, colons and line ends count; what just fits passes."""
    room = SUM - 4 * len("x-a: \r\n") - 3072 - 3000
    assert decided(a="a" * 3072, b="b" * 3000, c="c" * room).status == 200
    decision = decided(a="a" * 3072, b="b" * 3000, c="c" * room, d="d")
    assert decision.status == 403
    assert "x-a" in str(decision.detail)


def test_the_sum_may_be_set() -> None:
    """Where proxies have more room or less, `max_identity_bytes` says so."""
    policies = {"default": {"issuers": ["corp"], "identity": {"X-A": "a", "X-B": "b"}}}
    found = []
    for limit in (1024, 7168, 16384):
        document = gate_settings(policies=policies, max_identity_bytes=limit)
        of = jwtfast.Gate(document, KEYS)
        for length in (400, 600, 3072):
            bearer = f"Bearer {compact('HS256', claims(a='a' * length, b='b' * length))}"
            decision = of.decide(None, "GET", "", [("authorization", bearer)], now=NOW)
            found.append(decision.status)
    assert found == [200, 403, 403, 200, 200, 200, 200, 200, 200]


def test_names_that_take_the_room_alone() -> None:
    """Headers whose names leave no room for a claim are told when the gate is built."""
    identity = {f"X-{'n' * 60}-{number}": "sub" for number in range(120)}
    policies = {"default": {"issuers": ["corp"], "identity": identity}}
    with pytest.raises(jwtfast.ConfigError, match=r"policies\.default\.identity: .*7168"):
        jwtfast.Gate(gate_settings(policies=policies), KEYS)


@pytest.mark.parametrize("count, named", [(1, True), (100, True), (600, False), (5000, False)])
def test_a_challenge_fits_too(count: int, named: bool) -> None:  # noqa: FBT001
    """A denial names the scopes that it asks for, but for more than a proxy's buffer holds."""
    scopes = [f"scope-{number}" for number in range(count)]
    policies = {"default": {"issuers": ["corp"], "require": [{"scope": scopes}]}}
    of = jwtfast.Gate(gate_settings(policies=policies), KEYS)
    bearer = [("authorization", f"Bearer {compact('HS256')}")]
    decision = of.decide(None, "GET", "", bearer, now=NOW)
    challenge = dict(decision.headers)["www-authenticate"]
    assert decision.code == "policy_denied"
    assert 'error="insufficient_scope"' in challenge
    assert (f'scope="{" ".join(scopes)}"' in challenge) == named
    assert sum(len(name) + len(value) + 4 for name, value in decision.headers) < 6144


def test_headers_of_the_query_count(serve: Serve) -> None:
    """What the query of the subrequest asks for stands in the same answer."""
    server = serve(query_overrides=True, policies=POLICIES)
    bearer = token(a="a" * 3000, b="b" * 3000, c="c" * 3000)
    assert server.ask("GET", "/validate?headers_x-c=c", token=bearer).status == 403
    assert server.ask("GET", "/validate?headers_x-c=sub", token=bearer).status == 200


POLICIES: Final = {
    "default": {"issuers": ["corp"], "identity": {"X-A": "a", "X-B": "b"}},
    "three": {"issuers": ["corp"], "identity": {"X-A": "a", "X-B": "b", "X-C": "c"}},
}


@pytest.fixture(scope="module", params=DOORS)
def server(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """A service with identity headers, once behind each front door."""
    return serve(interface=request.param, policies=POLICIES)


def test_heads_fit_into_a_buffer_of_nginx(server: Server) -> None:
    """Whatever a token holds, an answer's head is below 8 KiB to the last byte."""
    sizes = []
    with Connection(server.address) as connection:
        for lengths in itertools.product((0, 1000, 2000, 2900, 3072), repeat=3):
            values = {name: name * length for name, length in zip("abc", lengths, strict=True)}
            bearer = [("Authorization", f"Bearer {token(**values)}")]  # type: ignore[arg-type]
            # Twice again, so that answers that are kept come too.
            for _ in range(3):
                connection.send(raw_request("GET", "/p/three", bearer))
                answer = connection.answer()
                assert answer.status == (200 if sum(lengths) + 21 <= SUM else 403)
                head = sum(len(name) + len(value) + 4 for name, value in answer.headers)
                sizes.append(head + len("HTTP/1.1 200 OK\r\n\r\n"))
    assert 7168 < max(sizes) <= 8192 - 512
