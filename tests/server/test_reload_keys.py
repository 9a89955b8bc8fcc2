"""Keys that are fetched, under a configuration that changes: kept, awaited, and given up."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jwtfast import Gate
from jwtfast_server.config import Settings, load
from jwtfast_server.key_refresh import KeyRefresh
from tests.forge import AUDIENCE, ISSUER
from tests.keyserver import KeyServer, answer, jwks, signed
from tests.processes import until
from tests.server.reloading import Start, start
from tests.settings import standard, write

__all__ = ["start"]

OPEN = {"default": {"issuers": ["corp"]}}


@pytest.fixture
def keyserver() -> Iterator[KeyServer]:
    """A server with key `a` at /jwks and `b` at /other."""
    with KeyServer({"/jwks": jwks("a"), "/other": jwks("b")}) as server:
        yield server


def fetched(url: str, **changes: object) -> list[dict[str, Any]]:
    """Return one issuer whose keys are behind a URL, fetched once and then not soon again."""
    issuer = {
        "name": "corp",
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "keys": {"jwks_url": url},
        "refresh": {"every": "7d", "cooldown": "1h", "timeout": "5s"},
    }
    return [issuer | changes]


def test_fetched_keys_stay(keyserver: KeyServer, start: Start) -> None:
    """What is fetched as before is not fetched again: keys serve on, their server gone or not."""
    service = start(issuers=fetched(keyserver.url()), policies=OPEN)
    assert service.ask(token=signed("a")).status == 200
    keyserver.pages["/jwks"] = answer(b"", 500)
    rule = {"claim": "sub", "any": ["nobody"]}
    changed = {"default": {"issuers": ["corp"], "require": [rule]}}
    service.change(issuers=fetched(keyserver.url(), audiences="any"), policies=changed)
    seen = set()

    def denied() -> bool:
        seen.add(service.ask(token=signed("a")).status)
        return 403 in seen

    until(denied, "the rule counts")
    assert seen == {200, 403}
    assert service.ask(target="/readyz").status == 200
    assert keyserver.count() == 1


def test_other_timing(keyserver: KeyServer, start: Start) -> None:
    """Keys of the same place are not lost with their timing, though their server is away."""
    service = start(issuers=fetched(keyserver.url()), policies=OPEN)
    assert service.ask(token=signed("a")).status == 200
    keyserver.pages["/jwks"] = answer(b"", 500)
    rule = {"claim": "sub", "any": ["nobody"]}
    changed = {"default": {"issuers": ["corp"], "require": [rule]}}
    slower = {"every": "6d", "cooldown": "1h", "timeout": "5s"}
    service.change(issuers=fetched(keyserver.url(), refresh=slower), policies=changed)
    service.await_statuses(403, signed("a"))
    assert service.ask(target="/readyz").status == 200
    assert keyserver.count() > 1


def test_other_keys_are_waited_for(keyserver: KeyServer, start: Start) -> None:
    """While keys come slowly from elsewhere, the old ones serve: nobody sees an issuer without."""
    service = start(issuers=fetched(keyserver.url()), policies=OPEN)
    asked, go_on = threading.Event(), threading.Event()

    def slow(*_: object) -> bytes:
        asked.set()
        assert go_on.wait(10)
        return jwks("b")

    keyserver.pages["/other"] = slow
    service.change(issuers=fetched(keyserver.url("/other")), policies=OPEN)
    assert asked.wait(20)
    assert [service.ask(token=signed(kid)).status for kid in "ab"] == [200, 401]
    go_on.set()
    seen = set()

    def changed() -> bool:
        seen.add(service.ask(target="/readyz").status)
        seen.add(service.ask(token=signed("a")).status)
        return 401 in seen

    until(changed, "the other keys count")
    assert seen == {200, 401}
    assert service.ask(token=signed("b")).status == 200


def test_keys_that_do_not_come(keyserver: KeyServer, start: Start) -> None:
    """A key server that fails holds nothing up: the new configuration says 503 until it answers."""
    service = start(issuers=fetched(keyserver.url()), policies=OPEN)
    keyserver.pages["/other"] = answer(b"", 500)
    service.change(issuers=fetched(keyserver.url("/other")), policies=OPEN)
    service.await_statuses(503, signed("a"))
    keyserver.pages["/other"] = jwks("b")
    service.await_statuses(200, signed("b"))


class Swaps(list[tuple[Settings, Gate, tuple[str, ...]]]):
    """Every swap that was asked for."""

    def __call__(self, settings: Settings, gate: Gate, without_keys: tuple[str, ...]) -> None:
        """Swap."""
        self.append((settings, gate, without_keys))


def test_sources_that_are_no_more(keyserver: KeyServer, tmp_path: Path) -> None:
    """They fetch no more, what they counted is kept, and their late word changes no gate."""

    def settings(target: str) -> Settings:
        config = standard(issuers=fetched(keyserver.url(target)), policies=OPEN)
        return load(write(tmp_path / "jwtfast.yaml", config), env={})

    swaps = Swaps()
    keys = KeyRefresh(settings("/jwks"), swaps)
    keys.start()
    (before,) = keys.sources["corp"]
    until(lambda: len(swaps) == 1, "fetched")
    other = settings("/other")
    keys.reload(other)
    assert [swap[0] is other for swap in swaps] == [False, True]
    assert swaps[-1][2] == ()
    assert keys.sources["corp"] != (before,)
    assert keys.retired["corp", "success"] == 1
    keyserver.pages["/jwks"] = jwks("a", "b")
    assert not before.refresh()
    assert (keyserver.count(), len(swaps)) == (1, 2)
    again = settings("/other")
    (kept,) = keys.sources["corp"]
    keys.reload(again)
    assert keys.sources["corp"] == (kept,)
    assert keyserver.count("/other") == 1
    keys.close()
