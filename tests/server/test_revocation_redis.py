"""A set of revoked `jti` in a real Redis: what it means, and that every change of it is seen."""

import time
from collections.abc import Callable, Iterator

import pytest
import structlog

import jwtfast
from jwtfast_server.config import Settings
from jwtfast_server.config_revocation import RedisSet
from jwtfast_server.revocation import redis as module
from jwtfast_server.revocation.redis import RevokedSet
from tests.processes import until
from tests.redisserver import KEY, RedisServer
from tests.settings import token

Verdict = Callable[[str], str | None]
SOON = int(time.time()) + 3600


@pytest.fixture
def source(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RevokedSet]:
    """What keeps a list as this Redis says; it looks when the test says so, patiently."""
    monkeypatch.setattr(module, "_TIMEOUT_S", 20.0)
    source = RevokedSet(RedisSet(url=redis.url), None)
    yield source
    source.release()


@pytest.fixture
def verdict(source: RevokedSet, settings: Settings) -> Verdict:
    """Say what a token with a `jti` gets: its reason code, or None."""
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets(), revocation=(source.revoked,))

    def decide(jti: str) -> str | None:
        bearer = [("authorization", f"Bearer {token(jti=jti)}")]
        return gate.decide("open", "GET", "", bearer).code

    return decide


def test_nothing_there(source: RevokedSet, verdict: Verdict) -> None:
    """No token passes before the first look; no key is an empty set, and then tokens pass."""
    assert (verdict("a"), source.state) == ("keys_unavailable", "never loaded")
    source.check()
    assert (verdict("a"), source.state, len(source.revoked)) == (None, "current", 0)


def test_a_set_is_for_ever(redis: RedisServer, source: RevokedSet, verdict: Verdict) -> None:
    """Its members, whatever characters they have, and nothing else."""
    names = ["a", "b" * 1000, 'ä☃ \n"\\', "0"]
    redis.ask("SADD", KEY, *names)
    source.check()
    assert [verdict(name) for name in names] == ["token_revoked"] * 4
    assert [verdict(name) for name in ("A", "", "ab")] == [None] * 3


def test_a_sorted_set_ends(redis: RedisServer, source: RevokedSet, verdict: Verdict) -> None:
    """Each member until its score, in seconds since 1970; those that have ended count no more."""
    redis.ask("ZADD", KEY, SOON, "soon", "inf", "ever", 1e300, "huge", 1000, "gone", -1, "before")
    soon = time.time() + 1.5
    redis.ask("ZADD", KEY, soon, "now")
    source.check()
    named = [verdict(name) for name in ("soon", "ever", "huge", "gone", "before")]
    assert named == ["token_revoked"] * 3 + [None] * 2
    assert len(source.revoked) == 4
    until(lambda: time.time() > soon, "the time of `now`")
    assert [verdict(name) for name in ("soon", "now")] == ["token_revoked", None]


CHANGES: dict[str, list[tuple[object, ...]]] = {
    "added": [("SADD", KEY, "new")],
    "removed": [("SREM", KEY, "old")],
    "taken at random": [("SPOP", KEY)],
    "deleted": [("DEL", KEY)],
    "unlinked": [("UNLINK", KEY)],
    "renamed away": [("RENAME", KEY, "elsewhere")],
    "renamed over": [("SADD", "other", "new"), ("RENAME", "other", KEY)],
    "copied over": [("SADD", "other", "new"), ("COPY", "other", KEY, "REPLACE")],
    "stored": [("SADD", "other", "new"), ("SUNIONSTORE", KEY, KEY, "other")],
    "in a script": [("EVAL", "redis.call('SADD', KEYS[1], 'new')", 1, KEY)],
    "moved to another database": [("MOVE", KEY, 1)],
    "databases swapped": [("SWAPDB", 0, 1)],
    "database emptied": [("FLUSHDB",)],
    "all emptied": [("FLUSHALL", "ASYNC")],
    "another kind": [("DEL", KEY), ("ZADD", KEY, SOON, "new")],
    "back and forth": [("SREM", KEY, "old"), ("SADD", KEY, "old", "new")],
}


@pytest.mark.parametrize("commands", CHANGES.values(), ids=CHANGES)
def test_every_change_is_seen(
    redis: RedisServer,
    source: RevokedSet,
    verdict: Verdict,
    commands: list[tuple[object, ...]],
) -> None:
    """By the next look, however the change was made, and whichever connection watched."""
    for looks in (1, 2):
        redis.ask("FLUSHALL")
        redis.ask("SADD", KEY, "old")
        for _ in range(looks):
            source.check()
        assert verdict("old") == "token_revoked"
        for command in commands:
            redis.ask(*command)
        expected = sorted(redis.ask("SMEMBERS", KEY)) if commands[-1][0] != "ZADD" else [b"new"]
        source.check()
        found = [name for name in (b"new", b"old") if verdict(name.decode())]
        assert found == expected


def test_expiry_of_the_key_is_seen(
    redis: RedisServer, source: RevokedSet, verdict: Verdict
) -> None:
    """A key that ends by its own time to live revokes nothing any more."""
    redis.ask("SADD", KEY, "a")
    redis.ask("PEXPIRE", KEY, 1500)
    source.check()
    assert verdict("a") == "token_revoked"

    def ended() -> bool:
        source.check()
        return verdict("a") is None

    until(ended, "the end of the key is seen")


def test_a_change_during_a_look(
    redis: RedisServer, source: RevokedSet, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes while the set is read is seen by the next look at the latest."""
    redis.ask("SADD", KEY, *range(1000))
    # A set of integers comes as a whole: from here on there is no second answer.
    with monkeypatch.context() as patch:
        patch.setattr(source, "hear", lambda: redis.ask("SADD", KEY, "meanwhile"))
        source.check()
    source.check()
    assert verdict("meanwhile") == "token_revoked"


def test_unchanged_costs_nothing(redis: RedisServer, source: RevokedSet) -> None:
    """A large set comes in parts, once; from then on looks read nothing, and stay few commands."""
    many = 100_000
    for start in range(0, many, 10_000):
        redis.ask("SADD", KEY, *(f"token-{number}" for number in range(start, start + 10_000)))
    source.check()
    assert source.freshness.entries == many
    parts, watches = redis.calls("sscan"), redis.calls("watch")
    assert parts >= 10
    for _ in range(10):
        source.check()
    assert redis.calls("sscan") == parts
    assert redis.calls("watch") == watches + 10
    assert redis.calls("smembers") == 0
    assert (source.freshness.succeeded, source.freshness.failed) == (11, 0)


@pytest.mark.parametrize(
    "commands, sentence",
    [
        ([("SET", KEY, "a")], "holds neither a set nor a sorted set"),
        ([("HSET", KEY, "a", "b")], "holds neither a set nor a sorted set"),
        ([("SADD", KEY, *range(11))], "holds more than 10 members"),
        ([("ZADD", KEY, *(part for n in range(11) for part in (n, n)))], "more than 10 members"),
        ([("SADD", KEY, "x" * ((1 << 20) + 1))], "holds more than 1 MiB"),
    ],
)
def test_what_cannot_be_used(
    redis: RedisServer,
    source: RevokedSet,
    verdict: Verdict,
    monkeypatch: pytest.MonkeyPatch,
    commands: list[tuple[object, ...]],
    sentence: str,
) -> None:
    """It is told once, what held before holds for now, and all is well when it is put right."""
    monkeypatch.setattr(module, "_MOST_MEMBERS", 10)
    monkeypatch.setattr(module, "_MOST_BYTES", 1 << 20)
    redis.ask("SADD", KEY, "a")
    source.check()
    redis.ask("DEL", KEY)
    for command in commands:
        redis.ask(*command)
    with structlog.testing.capture_logs() as lines:
        pauses = [source.check() for _ in range(4)]
    assert [line["event"] for line in lines] == ["revocations not confirmed"]
    assert sentence in lines[0]["message"]
    assert verdict("a") == "token_revoked"
    assert pauses == sorted(pauses)
    assert pauses[-1] <= 1
    redis.ask("DEL", KEY)
    source.check()
    assert (verdict("a"), source.state) == (None, "current")


def test_bytes_that_no_token_has(redis: RedisServer, source: RevokedSet, verdict: Verdict) -> None:
    """A member that is not UTF-8 is left out, and told once; the others count."""
    redis.ask("SADD", KEY, b"\xff", "a")
    with structlog.testing.capture_logs() as lines:
        source.check()
        redis.ask("SADD", KEY, "b")
        source.check()
    assert [line["event"] for line in lines] == ["revocations left out: not UTF-8"]
    assert [verdict(name) for name in "ab"] == ["token_revoked"] * 2
