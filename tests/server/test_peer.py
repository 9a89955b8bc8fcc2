"""Whose word is taken for the original request: nobody's whose place is not told."""

import pytest

import jwtfast
from tests.verdict import gate_settings, key

POLICIES = {"default": {"issuers": ["corp"]}, "guest": {"issuers": ["corp"], "optional": True}}
TOLD = [("x-original-uri", "/public")]
BAD = (403, "bad_original_request")


@pytest.fixture(scope="module")
def gate() -> jwtfast.Gate:
    """A gate whose guests are told by their path, by two proxies."""
    settings = gate_settings(
        policies=POLICIES,
        routes=[{"path": "/public", "policy": "guest"}, {"path": "/", "policy": "default"}],
        original_request={
            "uri_header": "X-Original-URI",
            "trusted_proxies": ["127.0.0.1", "10.0.0.0/8", "fd00::/8"],
        },
    )
    return jwtfast.Gate(settings, {"corp": jwtfast.KeySet([key("HS256")])})


def answer(
    gate: jwtfast.Gate, policy: str | None, peer: str | None = None
) -> tuple[int, str | None]:
    """The answer to a request that tells an original one."""
    decision = gate.decide(policy, "GET", "", TOLD, peer=peer)
    return decision.status, decision.code


@pytest.mark.parametrize("policy", [None, "guest"])
def test_a_peer_that_is_not_told(gate: jwtfast.Gate, policy: str | None) -> None:
    """Leaving the peer out opens nothing, at a policy's own path neither."""
    decision = gate.decide(policy, "GET", "", TOLD)
    assert (decision.status, decision.code) == BAD
    assert answer(gate, policy, peer=None) == BAD


@pytest.mark.parametrize(
    "peer,passes",
    [
        ("unix", True),
        ("127.0.0.1", True),
        ("::ffff:127.0.0.1", True),
        ("10.1.2.3", True),
        ("fd00::1", True),
        ("127.0.0.2", False),
        ("::1", False),
    ],
)
def test_a_peer_that_is_told(gate: jwtfast.Gate, peer: str, *, passes: bool) -> None:
    """A Unix socket is told by its name, everybody else by an address."""
    assert answer(gate, None, peer=peer) == ((200, None) if passes else BAD)


@pytest.mark.parametrize(
    "peer", ["", "UNIX", "unix:", "localhost", "127.0.0.1:80", "[::1]", "/run/x"]
)
def test_what_is_no_peer(gate: jwtfast.Gate, peer: str) -> None:
    """A caller's mistake is an error, never somebody who is trusted."""
    with pytest.raises(ValueError, match="peer is not an IP address"):
        answer(gate, None, peer=peer)


def test_nothing_told() -> None:
    """A gate that hears of no original request asks for no peer."""
    gate = jwtfast.Gate(gate_settings(policies=POLICIES), {"corp": jwtfast.KeySet([key("HS256")])})
    assert not gate.needs_peer
    assert answer(gate, "guest") == (200, None)
