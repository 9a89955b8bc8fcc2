"""A revocation lasts as long as its token, through the leeway of its issuer: file and Redis."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import jwtfast
from jwtfast_server.config_revocation import RedisSet
from jwtfast_server.revocation.file import RevokedFile
from jwtfast_server.revocation.redis import RevokedSet
from jwtfast_server.revocation.source import Source
from tests.forge import claims, compact
from tests.redisserver import KEY, RedisServer
from tests.verdict import gate_issuer, gate_settings, key

Revoke = Callable[[dict[str, float]], Source]


@pytest.fixture
def by_file(tmp_path: Path) -> Revoke:
    """Revoke tokens in a file, each with its `exp`."""

    def revoke(tokens: dict[str, float]) -> Source:
        path = tmp_path / "revoked.json"
        entries = [{"jti": jti, "expires": exp} for jti, exp in tokens.items()]
        path.write_text(json.dumps({"revoked": entries}))
        return RevokedFile(str(path))

    return revoke


@pytest.fixture
def by_redis(redis: RedisServer) -> Iterator[Revoke]:
    """Revoke tokens in a sorted set, each with its `exp` as the score."""
    sources: list[Source] = []

    def revoke(tokens: dict[str, float]) -> Source:
        redis.ask("DEL", KEY)
        redis.ask("ZADD", KEY, *(part for jti, exp in tokens.items() for part in (exp, jti)))
        sources.append(RevokedSet(RedisSet(url=redis.url), None))
        return sources[-1]

    yield revoke
    for source in sources:
        source.release()


CACHED = pytest.mark.parametrize("cached", [True, False], ids=["cached", "not cached"])
LEEWAY = pytest.mark.parametrize("leeway", [0, 30, 300])


@CACHED
@LEEWAY
def test_by_file(by_file: Revoke, leeway: int, *, cached: bool) -> None:
    """No token that was revoked with its `exp` ever passes, however late it comes."""
    through_the_leeway(by_file, leeway, cached=cached)


@CACHED
@LEEWAY
def test_by_redis(by_redis: Revoke, leeway: int, *, cached: bool) -> None:
    """Nor does one that Redis knows with its `exp`."""
    through_the_leeway(by_redis, leeway, cached=cached)


def through_the_leeway(revoke: Revoke, leeway: int, *, cached: bool) -> None:
    """Revoke tokens of many ages, and ask about them until they have ended."""
    now = time.time()
    # Some have ended when the source is looked at first, and may pass still; none so nearly that
    # a slow machine could tell.
    ages = [-3600.0, -1.0, -0.25, 0.0, 0.25, 1.0, 29.0, 31.0, 200.0, 301.0, 3600.0]
    tokens = {f"t{index}": now - age for index, age in enumerate(ages)}
    source = revoke(tokens)
    source.check()
    assert source.state == "current"
    settings = gate_settings(issuers=[gate_issuer("corp", leeway=leeway)])
    keys = {"corp": jwtfast.KeySet([key("ES256")])}
    cache = jwtfast.TokenCache(1 << 20) if cached else None
    judge = jwtfast.Gate(settings, keys, revocation=[source.revoked], cache=cache)

    for jti, exp in tokens.items():
        bearer = compact("ES256", claims(jti=jti, exp=exp, iat=now - 7200))
        headers = [("authorization", f"Bearer {bearer}")]
        for moment in (now, exp - 1, exp, exp + leeway - 0.001, exp + leeway, exp + leeway + 1):
            if moment < now:
                continue
            code = "token_revoked" if moment - leeway < exp else "token_expired"
            codes = {judge.decide(None, "GET", "", headers, now=moment).code for _ in range(3)}
            assert codes == {code}, (jti, moment - exp)
