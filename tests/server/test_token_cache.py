"""The cache of verified tokens, as it is seen from outside."""

import re

import pytest

from tests.conftest import Serve
from tests.forge import claims
from tests.processes import Server
from tests.settings import token


def metric(server: Server, name: str) -> int:
    """The value of a metric without labels."""
    text = server.ask(target="/metrics").body.decode()
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found, text
    return int(float(found[1]))


def test_metrics(serve: Serve) -> None:
    """A token is a miss and then a hit, in each worker; a bad one is never a hit."""
    server = serve(workers=1)
    good, bad = token(), token(exp=1)
    names = ("jwtfast_cache_hits_total", "jwtfast_cache_misses_total", "jwtfast_cache_bytes")
    assert [metric(server, name) for name in names] == [0, 0, 0]

    for _ in range(3):
        assert server.ask(token=good).status == 200
        assert server.ask(token=bad).status == 401
    assert [metric(server, name) for name in names[:2]] == [2, 4]
    assert metric(server, names[2]) > len(good)


def test_off(serve: Serve) -> None:
    """With 0 bytes nothing is kept, and the answers are the same."""
    server = serve(cache={"max_bytes": 0})
    for _ in range(2):
        assert server.ask(token=token()).status == 200
        assert server.ask().status == 401
    assert metric(server, "jwtfast_cache_hits_total") == 0
    assert metric(server, "jwtfast_cache_bytes") == 0


@pytest.mark.parametrize("size", ["64MiB", "0"])
def test_one_token_and_two_policies(serve: Serve, size: str) -> None:
    """What one policy allows another one still denies, however often and in whatever order."""
    policies = {
        "default": {"issuers": ["corp"], "identity": {"X-User": "sub"}},
        "admin": {"issuers": ["corp"], "require": [{"claim": "groups", "any": ["admin"]}]},
    }
    server = serve(policies=policies, cache={"max_bytes": size})
    one, other = token(groups=["admin"]), token(groups=["dev"], sub="user-2")
    for _ in range(3):
        assert server.ask(target="/p/admin", token=one).status == 200
        assert server.ask(target="/p/admin", token=other).status == 403
        answers = [server.ask(token=one), server.ask(token=other)]
        assert [answer.get("x-user") for answer in answers] == [claims()["sub"], "user-2"]
