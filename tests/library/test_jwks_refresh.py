"""`RemoteKeySet`: keys come, change, go and grow old; one fetch at a time, beside everything."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

import jwtfast
from jwtfast.jwks import RemoteKeySet
from tests.clock import Clock, idle
from tests.keyserver import DEADLINE, KeyServer, answer, jwks

Make = Callable[..., RemoteKeySet]


def kids(keys: RemoteKeySet) -> list[str | None]:
    """Return the ids of today's keys."""
    return [key.kid for key in keys.keys]


def test_nothing_happens_before_start(issuer: KeyServer, remote: Make) -> None:
    """To make one neither fetches nor starts a thread."""
    before = threading.active_count()
    keys = remote(issuer.url())
    assert (keys.status.result, keys.status.age, threading.active_count()) == (
        "never",
        None,
        before,
    )
    assert issuer.requests == []


def test_never_loaded(issuer: KeyServer, remote: Make) -> None:
    """The first look at the keys starts to fetch and does not wait for it."""
    answers = threading.Event()
    issuer.pages["/jwks"] = lambda *_: jwks("a") if answers.wait(DEADLINE) else b""
    keys = remote(issuer.url())
    with pytest.raises(jwtfast.KeysUnavailableError, match="were never loaded: they were not"):
        _ = keys.keys
    answers.set()
    idle(keys, 1)
    assert kids(keys) == ["a"]


def test_with(issuer: KeyServer) -> None:
    """`with` waits for the first fetch, and ends the thread."""
    with RemoteKeySet(issuer.url()) as keys:
        assert kids(keys) == ["a"]
        thread = keys._refresher._thread
        assert thread is not None
        assert thread.daemon
    thread.join(DEADLINE)
    assert not thread.is_alive()
    assert kids(keys) == ["a"]
    assert not keys.refresh()
    assert issuer.count() == 1


def test_rotation(issuer: KeyServer, remote: Make, clock: Clock) -> None:
    """At the next scheduled refresh a new key works and a removed one is gone."""
    keys = remote(issuer.url()).start()
    idle(keys, 1)
    seen = [kids(keys)]
    for run, now in enumerate([("a", "b"), ("b",)], 2):
        issuer.pages["/jwks"] = jwks(*now)
        clock.advance(331)
        idle(keys, run)
        seen.append(kids(keys))
    assert seen == [["a"], ["a", "b"], ["b"]]
    assert issuer.count() == 3


def test_schedule(issuer: KeyServer, remote: Make, clock: Clock) -> None:
    """Before its time nothing is fetched; max-age shortens it, less what Age says."""
    issuer.pages["/jwks"] = jwks("a", cache_control='public, max-age="1000", x', age="100")
    keys = remote(issuer.url(), every=5000).start()
    idle(keys, 1)
    for seconds in (331, 400):
        clock.advance(seconds)
        assert keys._refresher._due > clock()
    assert issuer.count() == 1
    clock.advance(260)
    issuer.await_count(2)
    idle(keys, 2)


@pytest.mark.parametrize(
    "value",
    ["no-cache", "no-store", "s-maxage=9", "max-age=", "max-age=x", "x-max-age=9", "max-age=-9"],
)
def test_other_cache_control(issuer: KeyServer, remote: Make, clock: Clock, value: str) -> None:
    """What is no max-age leaves `every` as it is."""
    issuer.pages["/jwks"] = jwks("a", cache_control=value)
    keys = remote(issuer.url())
    assert keys.refresh()
    assert 270 <= keys._due - clock() <= 330


def test_etag(issuer: KeyServer, remote: Make) -> None:
    """What did not change is not sent again: same set, renewed age, no change told."""
    issuer.pages["/jwks"] = jwks("a", etag='W/"1"')
    changes: list[RemoteKeySet] = []
    keys = remote(issuer.url(), on_change=changes.append)
    assert keys.refresh()
    first = keys.keys
    issuer.pages["/jwks"] = answer(b"", 304, cache_control="max-age=60")
    assert keys.refresh()
    assert issuer.requests[-1].headers["if-none-match"] == 'W/"1"'
    assert keys.keys is first
    assert (keys.status.result, len(changes)) == ("unchanged", 1)
    issuer.pages["/jwks"] = jwks("b", etag='"2"')
    assert keys.refresh()
    assert keys.refresh()
    assert issuer.requests[-1].headers["if-none-match"] == '"2"'
    assert len(changes) == 2
    issuer.pages["/jwks"] = jwks("a")
    assert keys.refresh()
    assert keys.refresh()
    assert "if-none-match" not in issuer.requests[-1].headers


def test_etag_of_a_bad_set(issuer: KeyServer, remote: Make) -> None:
    """The ETag of what could not be used is forgotten: it must not come to count as unchanged."""
    keys = remote(issuer.url())
    for page in (answer(b"{}", etag='"bad"'), jwks("a"), answer(b"{}", etag='"bad"'), jwks("a")):
        issuer.pages["/jwks"] = page
        keys.refresh()
    assert [one.headers.get("if-none-match") for one in issuer.requests] == [None] * 4


def test_same_keys(issuer: KeyServer, remote: Make) -> None:
    """The same keys in other words are the same set, so that nothing is built anew."""
    changes: list[RemoteKeySet] = []
    keys = remote(issuer.url(), on_change=changes.append)
    assert keys.refresh()
    first = keys.keys
    issuer.pages["/jwks"] = jwks("a").replace(b'"keys": [', b'"keys":[ ')
    assert keys.refresh()
    assert (keys.keys is first, len(changes), keys.status.result) == (True, 1, "unchanged")


def test_stale(issuer: KeyServer, remote: Make, clock: Clock) -> None:
    """The last good keys serve until `max_stale`, to the second, and no longer; then again."""
    told: list[bool] = []
    keys = remote(issuer.url(), on_change=lambda it: told.append(it.status.age == 0))
    assert keys.refresh()
    issuer.pages["/jwks"] = answer(b"", 500)
    assert not keys.refresh()
    clock.advance(86400)
    assert (kids(keys), keys.status.age) == (["a"], 86400)
    clock.advance(1)
    with pytest.raises(jwtfast.KeysUnavailableError, match=r"too old: .* status 500"):
        _ = keys.keys
    keys.refresh()
    assert told == [True, False]
    issuer.pages["/jwks"] = jwks("a")
    assert keys.refresh()
    assert (kids(keys), told) == (["a"], [True, False, True])


def test_stale_is_told_without_a_fetch(issuer: KeyServer, remote: Make, clock: Clock) -> None:
    """`on_change` hears of the end of the keys when it comes, not at the next fetch."""
    ended = threading.Event()

    def on_change(it: RemoteKeySet) -> None:
        if (it.status.age or 0) > 1000:
            ended.set()

    keys = remote(issuer.url(), max_stale=1000, on_change=on_change).start()
    idle(keys, 1)
    ends = clock() + 1000
    issuer.pages["/jwks"] = answer(b"", 500)
    run = 1
    while keys._due <= ends:
        clock.advance(keys._due - clock())
        run += 1
        idle(keys, run)
    fetched = issuer.count()
    clock.advance(ends - clock() + 0.01)
    assert ended.wait(DEADLINE)
    assert issuer.count() == fetched


def test_failures_back_off(issuer: KeyServer, remote: Make, clock: Clock) -> None:
    """After a failure it is tried again soon, then less and less often."""
    issuer.pages["/jwks"] = answer(b"", 500)
    keys = remote(issuer.url()).start()
    waits = []
    for run in range(1, 12):
        idle(keys, run)
        waits.append(keys._due - clock())
        clock.advance(waits[-1])
    expected = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert all(0.9 * e <= w <= 1.1 * e for w, e in zip(waits, expected, strict=True))


def test_single_flight(issuer: KeyServer, remote: Make) -> None:
    """However many ask meanwhile, one fetch runs at a time, and all of them share the next."""
    at_once = 0
    most = 0
    lock = threading.Lock()
    goes_on = threading.Event()

    def page(*_: object) -> bytes:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        assert goes_on.wait(DEADLINE)
        with lock:
            at_once -= 1
        return jwks("a")

    issuer.pages["/jwks"] = page
    keys = remote(issuer.url()).start()
    issuer.await_count(1)
    with ThreadPoolExecutor(32) as pool:
        waiting = [pool.submit(keys.refresh) for _ in range(32)]
        for _ in range(1000):
            keys.refresh(wait=False)
            keys.start()
        goes_on.set()
        assert [one.result(DEADLINE) for one in waiting] == [True] * 32
    assert most == 1
    # 32 threads that begin to ask after the second has begun may bring a third.
    assert 2 <= issuer.count() <= 3


def test_refresh_waits_no_longer_than_told(issuer: KeyServer, remote: Make) -> None:
    """With a timeout it comes back without an answer; without waiting, at once."""
    goes_on = threading.Event()
    issuer.pages["/jwks"] = lambda *_: jwks("a") if goes_on.wait(DEADLINE) else b""
    keys = remote(issuer.url())
    assert (keys.refresh(timeout=0.01), keys.refresh(wait=False)) == (False, False)
    goes_on.set()
    assert keys.refresh()


def test_close_ends_a_fetch(issuer: KeyServer) -> None:
    """Whoever closes does not wait for a slow server."""
    issuer.pages["/jwks"] = lambda connection, _: connection.recv(1)
    keys = RemoteKeySet(issuer.url(), timeout=60).start()
    issuer.await_count(1)
    keys.close()
    thread = keys._refresher._thread
    assert thread is not None
    assert not thread.is_alive()
