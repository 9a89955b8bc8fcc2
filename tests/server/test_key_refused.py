"""Failures after a fetch: they count as failed refreshes, and no key serves longer for them."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import structlog

import jwtfast
from jwtfast import Gate, KeySet
from jwtfast_server.config import Settings, load
from jwtfast_server.key_refresh import KeyRefresh
from jwtfast_server.service import Service
from tests.clock import Clock
from tests.forge import AUDIENCE, ISSUER, public_jwk
from tests.keyserver import KeyServer, answer, entry, jwks, signed
from tests.settings import standard, write

MAX_STALE = 3600


def nameless(count: int, *kids: str) -> bytes:
    """Return an answer with keys without a kid, and some that have one."""
    keys = [public_jwk("ES256", "strangers") for _ in range(count)]
    for key in keys:
        key.pop("kid", None)
    named = [entry(kid) for kid in kids]
    return answer(json.dumps({"keys": [*keys, *named]}).encode())


def other_algorithm(kid: str = "b") -> bytes:
    """Return an answer with a key that the issuer does not allow."""
    return answer(json.dumps({"keys": [public_jwk("RS256", kid=kid, alg="RS256")]}).encode())


@pytest.fixture
def keyserver() -> Iterator[KeyServer]:
    """A server with key `a` at /one and `c` at /two."""
    with KeyServer({"/one": jwks("a"), "/two": jwks("b")}) as server:
        yield server


class Worker:
    """The keys of a worker, under a clock that is moved by hand."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        """Fetch them once."""
        self.clock = Clock()
        self.service = Service(settings, directory)
        self.keys = self.service.keys
        for source in self.sources:
            for part in (source._options, source._state):
                object.__setattr__(
                    part, "clock" if part is source._options else "_clock", self.clock
                )
            source._refresher._clock = self.clock
        self.keys._started = True
        self.refresh()

    @property
    def sources(self) -> list[jwtfast.jwks.RemoteKeySet]:
        """Where they come from."""
        return [one for found in self.keys.sources.values() for one in found]

    def refresh(self) -> list[bool]:
        """Refresh each; whether it went well."""
        return [source.refresh() for source in self.sources]

    def status(self, kid: str) -> int:
        """The status that a token gets."""
        headers = [("authorization", f"Bearer {signed(kid)}")]
        gate = self.service.current.gate
        return gate.decide(None, "GET", b"", headers, peer="127.0.0.1").status

    @property
    def ready(self) -> int:
        """What `/readyz` says."""
        return self.service.page("/readyz").status


Make = Callable[..., Worker]


@pytest.fixture
def worker(tmp_path: Path, keyserver: KeyServer) -> Iterator[Make]:
    """Make workers with keys of two URLs."""
    made: list[Worker] = []

    def make(*targets: str, **changes: object) -> Worker:
        issuer = {
            "name": "corp",
            "issuer": ISSUER,
            "audiences": [AUDIENCE],
            "keys": [{"jwks_url": keyserver.url(target)} for target in targets],
            "algorithms": ["ES256"],
            "refresh": {"every": "300s", "max_stale": MAX_STALE},
        }
        config = standard(issuers=[issuer | changes], policies={"default": {"issuers": ["corp"]}})
        found = Worker(load(write(tmp_path / "jwtfast.yaml", config), env={}), tmp_path)
        made.append(found)
        return found

    with structlog.testing.capture_logs():
        yield make
    for one in made:
        one.keys.close()


# What a key server says after key `a`, at one URL or at two; none of it can be used.
AFTER: Mapping[str, Mapping[str, bytes]] = {
    "too many without a kid, in one set": {"/one": nameless(20)},
    "too many without a kid, in two sets": {"/one": nameless(12), "/two": nameless(12)},
    "no algorithm that is allowed": {"/one": other_algorithm(), "/two": other_algorithm("c")},
    "secrets alone": {"/one": answer(b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}')},
    "no keys": {"/one": answer(b'{"keys": []}')},
    "no JWKS": {"/one": answer(b'{"a": []}')},
    "no JSON": {"/one": answer(b"keys")},
}


@pytest.mark.parametrize(
    "after, targets",
    [(after, ("/one", "/two")) for after in AFTER]
    + [(after, ("/one",)) for after in AFTER if "two" not in after],
)
def test_a_withdrawn_key(
    keyserver: KeyServer, worker: Make, after: str, targets: tuple[str, ...]
) -> None:
    """It serves while the refresh fails, counted, and its age grows; at `max_stale` it is gone."""
    one = worker(*targets)
    assert (one.status("a"), one.ready) == (200, 200)
    keyserver.pages |= AFTER[after]
    one.clock.advance(10)
    results = one.refresh()
    failing = [source for source, good in zip(one.sources, results, strict=True) if not good]
    assert failing
    for source in failing:
        assert source.status.failed >= 1
        assert one.keys.age(source) == 10
    one.clock.advance(MAX_STALE)
    one.refresh()
    assert one.status("a") in {401, 503}
    if one.keys.refused or len(targets) == 1:
        assert one.ready == 503
    keyserver.pages |= {"/one": jwks("a"), "/two": jwks("b")}
    one.refresh()
    one.refresh()
    assert (one.status("a"), one.ready) == (200, 200)


def test_two_sets_that_cannot_stand_together(keyserver: KeyServer, worker: Make) -> None:
    """The one that came first serves; the other is told, refused, and not ready when it is old."""
    one = worker("/one", "/two")
    keyserver.pages |= {"/one": nameless(12), "/two": nameless(12)}
    one.clock.advance(10)
    assert one.refresh() == [True, False]
    assert [one.status(kid) for kid in "ab"] == [401, 200]
    assert one.ready == 200
    one.clock.advance(MAX_STALE)
    assert one.refresh() == [True, False]
    assert one.status("b") in {200, 401}
    assert one.keys.refused == ("corp",)
    assert one.ready == 503
    assert [one.keys.age(source) for source in one.sources] == [0, None]


def test_a_set_that_cannot_stand_beside_the_other_from_the_start(
    keyserver: KeyServer, worker: Make
) -> None:
    """It never had keys that serve: not ready, without an age, and counted."""
    keyserver.pages |= {"/one": nameless(12), "/two": nameless(12)}
    one = worker("/one", "/two")
    assert one.refresh() == [True, False]
    assert (one.ready, [one.keys.age(source) for source in one.sources]) == (503, [0, None])


def test_not_modified_does_not_confirm(keyserver: KeyServer, worker: Make) -> None:
    """A server that says "not changed" speaks of the set that was refused."""
    one = worker("/one")
    body = json.dumps({"keys": [public_jwk("RS256", kid="b", alg="RS256")]}).encode()
    keyserver.pages["/one"] = answer(body, etag='"1"')
    one.clock.advance(10)
    one.refresh()
    keyserver.pages["/one"] = answer(b"", 304)
    one.clock.advance(MAX_STALE)
    one.refresh()
    assert (one.status("a"), one.ready) == (503, 503)


def test_one_kid_in_two_places(keyserver: KeyServer, worker: Make) -> None:
    """The first place counts while it has the kid; a key that both withdrew is gone."""
    one = worker("/one", "/two")
    strange = answer(json.dumps({"keys": [entry("b", kid="a")]}).encode())
    keyserver.pages |= {"/one": strange, "/two": jwks("a")}
    one.refresh()
    assert one.status("a") == 401
    keyserver.pages |= {"/one": jwks("b"), "/two": jwks("a")}
    one.refresh()
    assert [one.status(kid) for kid in "ab"] == [200, 200]
    keyserver.pages |= {"/one": jwks("b"), "/two": jwks("b")}
    one.refresh()
    assert [one.status(kid) for kid in "ab"] == [401, 200]


@pytest.mark.parametrize("fails", ["build", "swap"])
def test_a_gate_that_cannot_be_made(
    keyserver: KeyServer, worker: Make, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    """A mistake of ours, or a full disk, is a failed refresh; what is too old goes with time."""
    one = worker("/one")
    real = getattr(one.keys, f"_{fails}")

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(one.keys, f"_{fails}", broken)
    keyserver.pages["/one"] = jwks("b")
    one.clock.advance(10)
    assert one.refresh() == [False]
    (source,) = one.sources
    assert (one.keys.age(source), one.status("a")) == (10, 200)
    one.clock.advance(MAX_STALE)
    monkeypatch.setattr(one.keys, f"_{fails}", real)
    one.refresh()
    assert [one.status(kid) for kid in "ab"] == [401, 200]


def test_a_reload_that_keys_do_not_fit(worker: Make, tmp_path: Path) -> None:
    """Other algorithms leave an issuer without keys at once: no age, failures, and back again."""
    one = worker("/one")

    def reload(*algorithms: str) -> None:
        config: dict[str, Any] = json.loads((tmp_path / "jwtfast.yaml").read_text())
        config["issuers"][0]["algorithms"] = algorithms
        one.keys.reload(load(write(tmp_path / "other.yaml", config), env={}))

    reload("RS256")
    assert (one.status("a"), one.ready) == (503, 503)
    (source,) = one.sources
    assert not source.refresh()
    assert one.keys.age(source) is None
    reload("ES256")
    source.refresh()
    assert (one.status("a"), one.ready, one.keys.age(source)) == (200, 200, 0)


def test_another_issuer_is_not_touched(keyserver: KeyServer, tmp_path: Path) -> None:
    """Keys of one that cannot be used are no reason to refuse those of the other."""
    built: list[Mapping[str, KeySet | None]] = []

    def build(settings: bytes, keys: Mapping[str, KeySet | None]) -> Gate:
        gate = Gate(settings, keys)
        built.append(dict(keys))
        return gate

    issuers = [
        {
            "name": name,
            "issuer": f"https://{name}.example",
            "audiences": "any",
            "algorithms": [algorithm],
            "keys": {"jwks_url": keyserver.url(target)},
        }
        for name, algorithm, target in (("bad", "RS256", "/one"), ("good", "ES256", "/two"))
    ]
    config = standard(issuers=issuers, policies={"default": {"issuers": ["bad", "good"]}})
    settings = load(write(tmp_path / "jwtfast.yaml", config), env={})
    with structlog.testing.capture_logs():
        keys = KeyRefresh(settings, lambda *_: None, build)
        keys.gate()
        keys.start()
        (bad,), (good,) = keys.sources["bad"], keys.sources["good"]
        assert [bad.refresh(), good.refresh()] == [False, True]
        keys.close()
    assert built[-1]["bad"] is None
    assert built[-1]["good"] is not None
