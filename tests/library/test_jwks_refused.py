"""Keys that come and cannot be used: a refresh that failed, whatever was fetched."""

import logging
from collections.abc import Callable, Collection

import pytest

import jwtfast
from jwtfast.jwks import RemoteKeySet
from tests.clock import Clock, idle
from tests.keyserver import KeyServer, answer, jwks

Make = Callable[..., RemoteKeySet]
MAX_STALE = 1000.0


def refusing(refused: Collection[str]) -> Callable[[RemoteKeySet], None]:
    """Return what cannot use a set with one of these kids."""

    def on_change(remote: RemoteKeySet) -> None:
        try:
            found = {key.kid for key in remote.keys}
        except jwtfast.KeysUnavailableError:
            return
        if found & {*refused}:
            raise jwtfast.InvalidKeyError("these cannot be used")

    return on_change


def kids(keys: RemoteKeySet) -> list[str | None]:
    """Return the ids of today's keys; none where there are none."""
    try:
        return [key.kid for key in keys.keys]
    except jwtfast.KeysUnavailableError:
        return []


def test_the_keys_of_before_grow_old(issuer: KeyServer, remote: Make, clock: Clock) -> None:
    """They serve on, as old as they are, and no longer than `max_stale`."""
    keys = remote(issuer.url(), on_change=refusing("b"), max_stale=MAX_STALE)
    assert keys.refresh()
    issuer.pages["/jwks"] = jwks("b")
    for failed in range(1, 4):
        clock.advance(300)
        keys.refresh()
        assert (kids(keys), keys.status.result) == (["a"], "refused")
        assert keys.status.failed >= failed
        assert keys.status.age == 300 * failed
        assert keys.status.succeeded == 1
    clock.advance(101)
    assert kids(keys) == []
    assert "these cannot be used" in keys._state.why_none()


def test_keys_that_never_were_of_use(issuer: KeyServer, remote: Make) -> None:
    """Nothing serves, and there is no age."""
    keys = remote(issuer.url(), on_change=refusing("a"))
    assert not keys.refresh()
    assert (kids(keys), keys.status.age, keys.status.result) == ([], None, "refused")


@pytest.mark.parametrize("etag", ["", '"1"'])
def test_not_modified(issuer: KeyServer, remote: Make, etag: str) -> None:
    """The server's "not changed" is about what was refused: it does not confirm the keys before."""
    keys = remote(issuer.url(), on_change=refusing("b"))
    assert keys.refresh()
    issuer.pages["/jwks"] = jwks("b", etag=etag)
    assert not keys.refresh()
    if etag:
        issuer.pages["/jwks"] = answer(b"", 304)
    for _ in range(3):
        assert not keys.refresh()
        assert (kids(keys), keys.status.result) == (["a"], "refused")
    assert keys.status.succeeded == 1


def test_it_is_asked_again(issuer: KeyServer, remote: Make) -> None:
    """What could not be used may be, later: each refresh asks, with the same keys too."""
    refused = ["b"]
    keys = remote(issuer.url(), on_change=refusing(refused))
    assert keys.refresh()
    issuer.pages["/jwks"] = jwks("b", etag='"1"')
    assert not keys.refresh()
    issuer.pages["/jwks"] = answer(b"", 304)
    refused.clear()
    assert keys.refresh()
    assert (kids(keys), keys.status.result, keys.status.age) == (["b"], "changed", 0)


def test_offered_again(issuer: KeyServer, remote: Make) -> None:
    """Who cannot use them any more has them offered anew, though they are as they were."""
    refused: list[str] = []
    keys = remote(issuer.url(), on_change=refusing(refused))
    assert keys.refresh()
    refused.append("a")
    assert keys.refresh()
    keys.offer_again()
    assert not keys.refresh()
    assert keys.status.result == "refused"


def test_the_end_is_told_again(issuer: KeyServer, remote: Make, clock: Clock) -> None:
    """Where keys are too old and that cannot be taken in, it is told until it is."""
    ends: list[float] = []

    def on_change(it: RemoteKeySet) -> None:
        if not kids(it):
            ends.append(clock())
            if len(ends) < 3:
                raise RuntimeError

    keys = remote(issuer.url(), on_change=on_change, max_stale=MAX_STALE, every=900)
    assert keys.refresh()
    issuer.pages["/jwks"] = answer(b"", 500)
    clock.advance(MAX_STALE + 1)
    while len(ends) < 3:
        done = keys._refresher._done
        clock.advance(1.5)
        idle(keys, done + 1)
    clock.advance(10)
    assert not keys.refresh()
    assert len(ends) == 3


def test_a_reason_is_told_once_and_short(
    issuer: KeyServer, remote: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """However often it comes, and whatever a set is full of."""
    caplog.set_level(logging.INFO, "jwtfast.jwks")

    def on_change(_: RemoteKeySet) -> None:
        raise jwtfast.InvalidKeyError("x" * 100_000)

    keys = remote(issuer.url(), on_change=on_change)
    for _ in range(3):
        keys.refresh()
    (record,) = caplog.records
    assert len(record.getMessage()) < 1000


def bad_entries() -> bytes:
    """Return a JWKS of nearly 1 MiB in which one key can be used."""
    count = (1 << 20) // 60
    bad = ", ".join(f'{{"kty": "none", "kid": "{index:020d}"}}' for index in range(count))
    return answer(jwks("a").partition(b"\r\n\r\n")[2].replace(b"[", b"[%s, " % bad.encode()))


def test_a_set_full_of_what_cannot_be_used(
    issuer: KeyServer, remote: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """The first entries that were left out are told, and how many more there are."""
    issuer.pages["/jwks"] = bad_entries()
    caplog.set_level("INFO")
    keys = remote(issuer.url())
    assert keys.refresh()
    assert len(keys.status.skipped) > 10_000
    _, record = caplog.records
    assert record.levelname == "INFO"
    assert len(record.getMessage()) < 3000
    assert record.getMessage().endswith(f"; and {len(keys.status.skipped) - 10} more")


def test_a_redirect_to_a_long_address(issuer: KeyServer, remote: Make) -> None:
    """What a server says is no longer in a log than what we say."""
    issuer.pages["/jwks"] = answer(b"", 302, location="https://elsewhere.example/" + "x" * 20_000)
    keys = remote(issuer.url())
    assert not keys.refresh()
    assert len(keys.status.error or "") < 600
