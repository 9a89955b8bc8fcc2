"""Keys that change while the service runs: fetched and watched by each worker, off the requests."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.forge import AUDIENCE, ISSUER, claims, compact, public_jwk
from tests.keyserver import KeyServer, answer, entry, jwks, signed
from tests.processes import Server, free_port, until
from tests.settings import standard, write
from tests.wire import Connection, raw_request

OPENID = "/.well-known/openid-configuration"


class Alive(Server):
    """A service that is waited for until it lives, ready or not."""

    def is_ready(self) -> bool:
        """Whether it answers at all."""
        try:
            return self.ask(target="/healthz").status == 200
        except OSError:
            assert self.popen.poll() is None, "it ended"
            return False


Run = Callable[..., Alive]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Start services of some issuers, each with a policy of its name."""
    started: list[Alive] = []

    def start(*issuers: dict[str, Any], workers: int = 1, **changes: object) -> Alive:
        directory = tmp_path / str(len(started))
        directory.mkdir()
        port = free_port()
        policies = {one["name"]: {"issuers": [one["name"]]} for one in issuers}
        policies["default"] = {"issuers": [issuers[0]["name"]]}
        config = standard(
            listen=f"127.0.0.1:{port}",
            workers=workers,
            issuers=list(issuers),
            policies=policies,
            **changes,
        )
        path = write(directory / "jwtfast.yaml", config)
        service = Alive(["serve", "--config", str(path)], directory, ("127.0.0.1", port))
        started.append(service)
        return service

    yield start
    assert [service.stop() for service in started] == [0] * len(started)


def issued(keys: object, name: str = "corp", **refresh: object) -> dict[str, Any]:
    """Return an issuer with these keys, refreshed every second unless it is said otherwise."""
    timing = {"every": "1s", "cooldown": "1s", "timeout": "1s"} | refresh
    return {
        "name": name,
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "keys": keys,
        "refresh": timing,
    }


def status(service: Server, token: str, policy: str = "corp") -> int:
    """Return the status that a token gets."""
    return service.ask(target=f"/p/{policy}", token=token).status


def ready(service: Server) -> tuple[int, object]:
    """Return what `/readyz` says."""
    found = service.ask(target="/readyz")
    return found.status, json.loads(found.body).get("issuers")


@pytest.fixture
def keyserver() -> Iterator[KeyServer]:
    """A server with key `a` at /jwks."""
    with KeyServer({"/jwks": jwks("a")}) as server:
        yield server


def test_rotation(keyserver: KeyServer, run: Run) -> None:
    """A new key works without a restart; a removed one stops within one refresh."""
    service = run(issued({"jwks_url": keyserver.url()}))
    until(lambda: ready(service) == (200, None), "ready")
    assert [status(service, signed(kid)) for kid in "ab"] == [200, 401]
    keyserver.pages["/jwks"] = jwks("a", "b")
    until(lambda: status(service, signed("b")) == 200, "the new key works")
    assert status(service, signed("a")) == 200
    keyserver.pages["/jwks"] = jwks("b")
    fetched = keyserver.count()
    until(lambda: status(service, signed("a")) == 401, "the removed key stops")
    assert keyserver.count() <= fetched + 2
    assert status(service, signed("b")) == 200


def test_unknown_key_brings_a_refresh(keyserver: KeyServer, run: Run) -> None:
    """A token of a new key has it fetched long before the next scheduled refresh."""
    service = run(issued({"jwks_url": keyserver.url()}, every="7d"))
    until(lambda: status(service, signed("a")) == 200, "loaded")
    assert keyserver.count() == 1
    keyserver.pages["/jwks"] = jwks("a", "b")
    until(lambda: status(service, signed("b")) == 200, "the new key works")
    assert keyserver.count() == 2


def test_first_key_of_an_algorithm(keyserver: KeyServer, run: Run) -> None:
    """When an issuer moves to another algorithm, its new key is fetched as soon."""
    service = run(issued({"jwks_url": keyserver.url()}, every="7d"))
    until(lambda: status(service, signed("a")) == 200, "loaded")
    rsa = public_jwk("RS256", kid="r", alg="RS256")
    keyserver.pages["/jwks"] = answer(json.dumps({"keys": [rsa]}).encode())
    token = compact("RS256", claims(), {"kid": "r"})
    until(lambda: status(service, token) == 200, "the new key works")
    assert (status(service, signed("a")), keyserver.count()) == (401, 2)


def test_never_loaded(keyserver: KeyServer, run: Run) -> None:
    """Until an issuer's keys came, it is 503 and not ready, which says which; then all is well."""
    keyserver.pages["/jwks"] = answer(b"", 500)
    service = run(issued({"jwks_url": keyserver.url()}))
    until(lambda: keyserver.count() >= 3, "it tries again")
    assert ready(service) == (503, ["corp"])
    denied = service.ask(token=signed("a"))
    assert (denied.status, json.loads(denied.body)["code"]) == (503, "keys_unavailable")
    assert service.ask().status == 401
    assert service.metric('jwtfast_keys_age_seconds{issuer="corp"}') == float("inf")
    assert (service.metric('jwtfast_keys_refresh_total{issuer="corp",result="failure"}') or 0) >= 2
    told = [line for line in service.log if "keys not refreshed" in str(line.get("event"))]
    assert [(line["level"], line["event"]) for line in told] == [
        ("warning", f"keys not refreshed: {keyserver.url()} answered with status 500")
    ]
    keyserver.pages["/jwks"] = jwks("a")
    until(lambda: ready(service) == (200, None), "ready")
    assert status(service, signed("a")) == 200
    assert (service.metric('jwtfast_keys_age_seconds{issuer="corp"}') or 0) < 5
    assert (service.metric('jwtfast_keys_refresh_total{issuer="corp",result="success"}') or 0) >= 1


def test_silent_server(keyserver: KeyServer, run: Run) -> None:
    """A key server that never answers does not keep the service from starting, nor from others."""
    keyserver.pages["/jwks"] = lambda connection, _: connection.recv(1)
    given = {"jwks": {"keys": [entry("b")]}}
    service = run(issued({"jwks_url": keyserver.url()}), issued(given, "other"))
    keyserver.await_count(1)
    assert [status(service, signed("b"), name) for name in ("corp", "other")] == [503, 200]
    assert ready(service) == (503, ["corp"])


def test_one_issuer_goes_down(keyserver: KeyServer, run: Run) -> None:
    """Its last good keys serve until `max_stale`, then 503; the other never notices."""
    with KeyServer({"/jwks": jwks("b")}) as other:
        service = run(
            issued({"jwks_url": keyserver.url()}, max_stale="3s"),
            issued({"jwks_url": other.url()}, "other"),
        )
        until(lambda: ready(service) == (200, None), "ready")
        keyserver.pages["/jwks"] = answer(b"<html>")
        count = keyserver.count()
        until(lambda: keyserver.count() > count, "it was asked again")
        assert status(service, signed("a")) == 200
        seen = set()

        def stale() -> bool:
            seen.add(status(service, signed("b"), "other"))
            return status(service, signed("a")) == 503

        until(stale, "too old")
        assert (seen, ready(service)) == ({200}, (503, ["corp"]))
        keyserver.pages["/jwks"] = jwks("a")
        until(lambda: status(service, signed("a")) == 200, "back")


def test_sets_that_cannot_stand_together(keyserver: KeyServer, run: Run) -> None:
    """A withdrawn key ends: the refresh counts as failed, and with `max_stale` it is not ready."""
    keyserver.pages["/two"] = jwks("b")
    urls = [{"jwks_url": keyserver.url(target)} for target in ("/jwks", "/two")]
    service = run(issued(urls, max_stale="4s"))
    until(lambda: [status(service, signed(kid)) for kid in "ab"] == [200, 200], "loaded")
    nameless = [public_jwk("ES256", "strangers") for _ in range(12)]
    for key in nameless:
        key.pop("kid", None)
    for target in ("/jwks", "/two"):
        keyserver.pages[target] = answer(json.dumps({"keys": nameless}).encode())
    until(lambda: ready(service) == (503, ["corp"]), "too old")
    assert status(service, signed("a")) == 401
    assert (service.metric('jwtfast_keys_refresh_total{issuer="corp",result="failure"}') or 0) >= 1
    # Metrics are flushed a little later than the gate is swapped.
    age = 'jwtfast_keys_age_seconds{issuer="corp"}'
    until(lambda: service.metric(age) == float("inf"), "its keys have no age")
    keyserver.pages |= {"/jwks": jwks("a"), "/two": jwks("b")}
    until(lambda: status(service, signed("a")) == 200, "back")
    until(lambda: ready(service) == (200, None), "ready")


def test_storm(keyserver: KeyServer, run: Run) -> None:
    """10,000 random kids: at most one fetch a window a worker, and no good token fails."""
    workers = 2
    service = run(issued({"jwks_url": keyserver.url()}, every="1h", cooldown="1h"), workers=workers)
    until(lambda: keyserver.count() == workers, "each worker fetched")
    until(lambda: all(status(service, signed("a")) == 200 for _ in range(20)), "loaded")
    good = raw_request(headers=[("Authorization", f"Bearer {signed('a')}")])
    header = compact("ES256", claims(), {"kid": "x"}, "strangers").partition(".")[2]
    statuses = []
    for _ in range(4):
        # Each connection meets one of the workers.
        with Connection(service.address) as connection:
            for step in range(25):
                for kid in range(100):
                    token = compact("ES256", b"{}", {"kid": f"{step}-{kid}"}).partition(".")[0]
                    bad = [("Authorization", f"Bearer {token}.{header}")]
                    connection.send(raw_request(headers=bad))
                    assert connection.answer().status == 401
                connection.send(good)
                statuses.append(connection.answer().status)
    assert statuses == [200] * 100
    assert workers < keyserver.count() <= 2 * workers
    reason = 'jwtfast_decisions_total{policy="default",reason="unknown_key",result="deny"}'
    assert service.metric(reason) == 10_000


def test_discovery(keyserver: KeyServer, run: Run) -> None:
    """The issuer's metadata says where its keys are, and a token's `iss` is that issuer."""
    name = keyserver.url("")
    metadata = {"issuer": name, "jwks_uri": keyserver.url()}
    keyserver.pages[OPENID] = answer(json.dumps(metadata).encode())
    service = run(issued({"discovery": True}) | {"issuer": name})
    until(lambda: ready(service) == (200, None), "ready")
    assert [status(service, signed("a", iss=iss)) for iss in (name, ISSUER)] == [200, 401]


@pytest.mark.parametrize("workers", [1, 2])
def test_file(run: Run, tmp_path: Path, workers: int) -> None:
    """A JWKS file is watched, through the symlinks of a Kubernetes volume, too."""
    for kid in "ab":
        (tmp_path / kid).mkdir()
        (tmp_path / kid / "jwks.json").write_text(json.dumps({"keys": [entry(kid)]}))
    data = tmp_path / "..data"
    data.symlink_to("a")
    path = tmp_path / "jwks.json"
    path.symlink_to("..data/jwks.json")
    service = run(issued({"jwks_file": str(path)}), workers=workers)

    def all_say(*expected: int) -> bool:
        return all(
            [status(service, signed(kid)) for kid in "ab"] == list(expected) for _ in range(20)
        )

    assert all_say(200, 401)
    (tmp_path / "new").symlink_to("b")
    (tmp_path / "new").rename(data)
    until(lambda: all_say(401, 200), "the other volume counts")
    (tmp_path / "b" / "jwks.json").write_text("{")
    until(lambda: any("jwks_file" in str(line.get("problems")) for line in service.log), "told")
    assert all_say(401, 200)
    (tmp_path / "b" / "jwks.json").write_text(json.dumps({"keys": [entry("a"), entry("b")]}))
    until(lambda: all_say(200, 200), "both count")
    assert ready(service) == (200, None)


def test_file_that_is_not_watched(run: Run, tmp_path: Path) -> None:
    """With `reload: {watch: false}` nothing looks at it again."""
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [entry("a")]}))
    service = run(issued({"jwks_file": str(path)}), reload={"watch": False})
    assert service.metric('jwtfast_keys_age_seconds{issuer="corp"}') is None
    assert status(service, signed("a")) == 200
