"""Threat: a token that brings its own key, or says where to fetch one.

`jwk`, `jku`, `x5u`, `x5c` (CVE-2018-0114, CVE-2026-27962) are ignored, and nothing is fetched.
"""

import socket
from collections.abc import Iterator

import pytest

from tests.forge import compact, public_jwk
from tests.verdict import ACCEPTED, verdict

ALGORITHMS = ["HS256", "RS256", "ES256", "EdDSA"]


@pytest.fixture
def canary() -> Iterator[socket.socket]:
    """Listen where the tokens point to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


def key_headers(algorithm: str, port: int) -> list[dict[str, object]]:
    """Return headers that offer a stranger's key in every way there is."""
    url = f"http://127.0.0.1:{port}/keys"
    jwk = public_jwk(algorithm, "strangers", alg=algorithm, kid="stranger")
    return [
        {"jwk": jwk},
        {"jwk": jwk, "kid": "stranger"},
        {"jku": url},
        {"jku": url, "kid": "stranger"},
        {"x5u": url},
        {"x5c": ["MIIB"]},
        {"x5t": "stranger", "x5t#S256": "stranger"},
        {"jwk": jwk, "jku": url, "x5u": url, "x5c": ["MIIB"]},
        {"jwk": None, "jku": 1, "x5u": [], "x5c": {}},
    ]


def nobody_called(listener: socket.socket) -> bool:
    """Say that no connection waits to be accepted."""
    try:
        caller, _ = listener.accept()
    except BlockingIOError:
        return True
    caller.close()
    return False


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_offered_keys_are_not_used(algorithm: str, canary: socket.socket) -> None:
    """A stranger's token is refused whatever key it offers, and nobody asks for that key."""
    port = canary.getsockname()[1]
    headers = key_headers(algorithm, port)
    verdicts = [verdict(compact(algorithm, None, h, "strangers"), algorithm) for h in headers]
    assert verdicts == ["invalid_signature"] * len(headers)
    assert nobody_called(canary)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_offered_keys_do_no_harm(algorithm: str, canary: socket.socket) -> None:
    """A good token may carry these members: they are ignored, and nobody asks for the key."""
    port = canary.getsockname()[1]
    headers = key_headers(algorithm, port)
    assert [verdict(compact(algorithm, None, h), algorithm) for h in headers] == [ACCEPTED] * len(
        headers
    )
    assert nobody_called(canary)


def test_the_canary_sings(canary: socket.socket) -> None:
    """The listener does see a connection, so its silence means something."""
    with socket.create_connection(canary.getsockname()):
        assert not nobody_called(canary)
