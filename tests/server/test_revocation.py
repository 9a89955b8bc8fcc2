"""Revoked tokens over HTTP: every worker denies them within a second, and says how it stands."""

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Serve
from tests.forge import ISSUER, claims, compact
from tests.processes import COMMAND, Process, Server, until
from tests.redisserver import KEY, RedisServer
from tests.server.reloading import Start as Changed
from tests.server.reloading import start
from tests.settings import standard, token, write

__all__ = ["start"]

REVOKED = (401, "token_revoked")
PASSES = (200, None)
AWAY = (503, "keys_unavailable")
# So many answers in a row, each over a connection of its own, that every worker gave some.
IN_A_ROW = 24


def answer(service: Server, text: str) -> tuple[int, str | None]:
    """Return the status and the reason code of one answer."""
    found = service.ask(target="/p/open", token=text)
    return found.status, json.loads(found.body)["code"] if found.body else None


def everywhere(service: Server, text: str, expected: tuple[int, str | None]) -> None:
    """Wait until every worker answers so."""

    def in_a_row() -> bool:
        return all(answer(service, text) == expected for _ in range(IN_A_ROW))

    until(in_a_row, f"every worker answers {expected}")


def ready(service: Server) -> tuple[int, dict[str, Any]]:
    """Return what /readyz says."""
    found = service.ask(target="/readyz")
    return found.status, json.loads(found.body)


def write_list(path: Path, entries: Iterable[dict[str, object]]) -> None:
    """Replace a file of revoked tokens as a whole."""
    other = path.with_suffix(".new")
    other.write_text(json.dumps({"revoked": list(entries)}))
    other.rename(path)


def put(service: Server, path: Path, *entries: dict[str, object]) -> None:
    """Revoke these and one more, by which it is seen that every worker has the new file."""
    mark = str(time.monotonic_ns())
    write_list(path, [*entries, {"jti": mark}])
    everywhere(service, compact("ES256", claims(jti=mark), {}), REVOKED)


@pytest.fixture(scope="module")
def by_file(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> tuple[Server, Path]:
    """Two workers and their file, in which nothing is revoked."""
    path = tmp_path_factory.mktemp("revoked") / "revoked.json"
    write_list(path, [])
    return serve(workers=2, revocation={"file": str(path)}), path


GOOD = token(jti="good")
FUTURE, PAST = 3_900_000_000, 1_000_000_000
BY_FILE: dict[str, tuple[dict[str, object], str, bool]] = {
    "jti": ({"jti": "a"}, token(jti="a"), True),
    "another jti": ({"jti": "a"}, token(jti="b"), False),
    "no jti": ({"jti": "a"}, token(jti=...), False),
    "sub": ({"sub": "user-2"}, token(sub="user-2"), True),
    "kid": ({"kid": "a"}, token(), True),
    "no kid": ({"kid": "a"}, compact("ES256", claims(), {}), True),
    "another kid": ({"kid": "b"}, token(), False),
    "of this issuer": ({"sub": "user-2", "iss": ISSUER}, token(sub="user-2"), True),
    "of another issuer": ({"sub": "user-2", "iss": "https://other"}, token(sub="user-2"), False),
    "not yet ended": ({"jti": "a", "expires": FUTURE}, token(jti="a"), True),
    "ended": ({"jti": "a", "expires": PAST}, token(jti="a"), False),
    "issued before": (
        {"sub": "user-2", "issued_before": 1_700_000_001},
        token(sub="user-2", iat=1_700_000_000),
        True,
    ),
    "issued later": (
        {"sub": "user-2", "issued_before": 1_700_000_000},
        token(sub="user-2", iat=1_700_000_000),
        False,
    ),
    "issued nobody knows when": (
        {"sub": "user-2", "issued_before": 1_700_000_000},
        token(sub="user-2", iat=...),
        True,
    ),
}


@pytest.mark.parametrize("entry, text, is_revoked", BY_FILE.values(), ids=BY_FILE)
def test_by_file(
    by_file: tuple[Server, Path],
    entry: dict[str, object],
    text: str,
    is_revoked: bool,  # noqa: FBT001 - a column
) -> None:
    """What an entry names is denied by every worker, though it passed before; nothing else is."""
    service, path = by_file
    put(service, path)
    assert {answer(service, text) for _ in range(IN_A_ROW)} == {PASSES}
    put(service, path, entry)
    assert {answer(service, text) for _ in range(IN_A_ROW)} == {REVOKED if is_revoked else PASSES}
    put(service, path)
    # After an entry for the key, which is also that of the mark, the mark tells nothing.
    everywhere(service, text, PASSES)


def test_denial(by_file: tuple[Server, Path]) -> None:
    """A revoked token's answer says so as every bad token's does (RFC 6750 section 3.1)."""
    service, path = by_file
    put(service, path, {"jti": "a"})
    found = service.ask(target="/p/open", token=token(jti="a"))
    assert 'error="invalid_token"' in (found.get("www-authenticate") or "")
    assert "token_revoked" in (found.get("www-authenticate") or "")
    assert service.ask(target="/p/open", token=GOOD).status == 200


def test_a_bad_file_changes_nothing(by_file: tuple[Server, Path]) -> None:
    """What it said last holds, which readiness and metrics say, until it is good again."""
    service, path = by_file
    put(service, path, {"jti": "a"})
    path.write_text('{"revoked": [{"jti"')
    until(
        lambda: ready(service) == (200, {"status": "ready", "revocation": {"file": "last known"}}),
        "it says so",
    )
    until(lambda: metric(service, "age_seconds", "file") > 2, "the age grows")
    assert metric(service, "refresh_total", "file", result="failure") >= 1
    assert service.metric('jwtfast_revocations{source="file"}') == 2
    assert {answer(service, token(jti="a")) for _ in range(IN_A_ROW)} == {REVOKED}
    assert {answer(service, GOOD) for _ in range(IN_A_ROW)} == {PASSES}
    path.unlink()
    assert {answer(service, token(jti="a")) for _ in range(IN_A_ROW)} == {REVOKED}
    put(service, path, {"jti": "b"})
    assert {answer(service, token(jti="a")) for _ in range(IN_A_ROW)} == {PASSES}
    assert answer(service, token(jti="b")) == REVOKED
    until(lambda: ready(service) == (200, {"status": "ready"}), "all is well")


def metric(service: Server, name: str, source: str, **labels: str) -> float:
    """Return a metric of a source."""
    given = sorted((labels | {"source": source}).items())
    text = ",".join(f'{label}="{value}"' for label, value in given)
    found = service.metric(f"jwtfast_revocation_{name}{{{text}}}")
    assert found is not None
    return found


Start = Callable[..., Server]


@pytest.fixture
def by_redis(serve: Serve, redis: RedisServer) -> Start:
    """Start two workers that ask this Redis; wait until both know what is revoked."""

    def start(**more: object) -> Server:
        redis.ask("SADD", KEY, "start")
        service = serve(workers=2, revocation={"redis": {"url": redis.url} | more})
        everywhere(service, token(jti="start"), REVOKED)
        return service

    return start


def test_by_redis(redis: RedisServer, by_redis: Start) -> None:
    """What is added is denied by every worker, what is taken away passes again."""
    service = by_redis()
    revoked = token(jti="a")
    for _ in range(3):
        everywhere(service, revoked, PASSES)
        redis.ask("SADD", KEY, "a")
        everywhere(service, revoked, REVOKED)
        assert answer(service, GOOD) == PASSES
        redis.ask("FLUSHDB")
    everywhere(service, revoked, PASSES)
    redis.ask("ZADD", KEY, time.time() + 3600, "a")
    everywhere(service, revoked, REVOKED)
    until(lambda: service.metric('jwtfast_revocations{source="redis"}') == 1, "it is counted")
    assert metric(service, "age_seconds", "redis") < 60
    assert metric(service, "refresh_total", "redis", result="success") > 0


@pytest.mark.parametrize("harm", ["hung", "ended"])
@pytest.mark.parametrize("when_away", ["deny", "last_known"])
def test_away(redis: RedisServer, by_redis: Start, when_away: str, harm: str) -> None:
    """While Redis is away it is as chosen, which readiness and metrics tell; then all is well."""
    service = by_redis(when_away=when_away)
    redis.ask("SADD", KEY, "a")
    everywhere(service, token(jti="a"), REVOKED)
    (redis.hang if harm == "hung" else redis.stop)()
    if when_away == "deny":
        everywhere(service, GOOD, AWAY)
        told = {"status": "revocations not available", "revocation": {"redis": "away"}}
        until(lambda: ready(service) == (503, told), "it is not ready")
        assert answer(service, token(jti="a")) == AWAY
        assert service.ask(target="/p/open").status == 401
    else:
        told = {"status": "ready", "revocation": {"redis": "last known"}}
        until(lambda: ready(service) == (200, told), "it says so")
        assert {answer(service, GOOD) for _ in range(IN_A_ROW)} == {PASSES}
        assert {answer(service, token(jti="a")) for _ in range(IN_A_ROW)} == {REVOKED}
    assert metric(service, "age_seconds", "redis") > 1
    until(lambda: metric(service, "refresh_total", "redis", result="failure") > 0, "it counts")
    if harm == "hung":
        redis.resume()
    else:
        redis.start()
        redis.ask("SADD", KEY, "a")
    everywhere(service, GOOD, PASSES)
    everywhere(service, token(jti="a"), REVOKED)
    until(lambda: ready(service) == (200, {"status": "ready"}), "all is well")


def test_file_and_redis(serve: Serve, redis: RedisServer, tmp_path: Path) -> None:
    """Either may revoke; while Redis is away none passes, whatever the file says."""
    path = tmp_path / "revoked.json"
    write_list(path, [{"jti": "a"}])
    redis.ask("SADD", KEY, "b")
    service = serve(workers=2, revocation={"file": str(path), "redis": {"url": redis.url}})
    everywhere(service, token(jti="a"), REVOKED)
    everywhere(service, token(jti="b"), REVOKED)
    everywhere(service, GOOD, PASSES)
    redis.stop()
    everywhere(service, GOOD, AWAY)
    write_list(path, [])
    redis.start()
    everywhere(service, token(jti="a"), PASSES)
    until(lambda: ready(service) == (200, {"status": "ready"}), "all is well")


def test_a_changed_configuration(start: Changed, redis: RedisServer, tmp_path: Path) -> None:
    """A source comes and goes with the configuration, without a restart or a refused request."""
    path = tmp_path / "revoked.json"
    write_list(path, [{"jti": "a"}])
    redis.ask("SADD", KEY, "b")
    service = start(workers=2)
    for section, revoked in [
        ({"file": str(path)}, "a"),
        ({"file": str(path), "redis": {"url": redis.url}}, "b"),
        ({"redis": {"url": redis.url, "when_away": "last_known"}}, "b"),
    ]:
        service.change(workers=2, revocation=section)
        everywhere(service, token(jti=revoked), REVOKED)
        assert answer(service, GOOD) == PASSES
    everywhere(service, token(jti="a"), PASSES)
    redis.ask("SADD", KEY, "a")
    everywhere(service, token(jti="a"), REVOKED)
    service.change(workers=2)
    everywhere(service, token(jti="b"), PASSES)
    assert ready(service) == (200, {"status": "ready"})


def test_a_bad_file_at_the_start(tmp_path: Path) -> None:
    """Nothing is served; the place in the configuration is told, and what is wrong with it."""
    (tmp_path / "revoked.json").write_text('{"revoked": [{"jti": "a", "sub": "b"}]}')
    config = write(tmp_path / "jwtfast.yaml", standard(revocation={"file": "revoked.json"}))
    process = Process([*COMMAND, "serve", "--config", str(config)], tmp_path / "output")
    assert process.wait() == 2
    assert b"revocation.file: " in process.output
    assert b"revoked[0]: expected exactly one of jti, sub, kid" in process.output
