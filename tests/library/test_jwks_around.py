"""`RemoteKeySet` beside its keys: logs, callbacks, sources of one's own, forks."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

import jwtfast
from jwtfast.jwks import FetchError, Loaded, RemoteKeySet
from jwtfast.jwks.deadline import Deadline
from tests.clock import idle
from tests.keyserver import DEADLINE, KeyServer, answer, entry, jwks

Make = Callable[..., RemoteKeySet]


def kids(keys: RemoteKeySet) -> list[str | None]:
    """Return the ids of today's keys."""
    return [key.kid for key in keys.keys]


def test_on_change_fails(issuer: KeyServer, remote: Make, caplog: pytest.LogCaptureFixture) -> None:
    """The refresh failed: it is logged, and tried again at the next one, until it goes well."""
    calls = []

    def on_change(it: RemoteKeySet) -> None:
        assert not it.refresh(), "inside the thread it cannot be waited for"
        calls.append(it)
        if len(calls) < 3:
            raise RuntimeError("of the caller")

    keys = remote(issuer.url(), on_change=on_change)
    # The one that was asked for inside is a refresh, too.
    found = [keys.refresh() for _ in range(5)]
    assert (found[0], found[-1]) == (False, True)
    told = [record.getMessage() for record in caplog.records]
    sentence = f"keys not refreshed: {keys.name}: on_change failed: RuntimeError"
    assert told == ["on_change failed", sentence, "on_change failed"]
    assert keys.status.failed == 2
    assert len(calls) == 3


def test_logs_once_per_change(
    issuer: KeyServer, remote: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """A state is logged when it begins, not at every refresh."""
    caplog.set_level(logging.INFO, "jwtfast.jwks")
    keys = remote(issuer.url())
    bad, ugly, good = answer(b"", 500), answer(b"<html>"), jwks("a")
    for page in (good, good, bad, bad, bad, ugly, good, good, jwks("a", "b")):
        issuer.pages["/jwks"] = page
        keys.refresh()
    name = issuer.url()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", f"{name}: 1 keys"),
        ("WARNING", f"keys not refreshed: {name} answered with status 500"),
        ("WARNING", f"keys not refreshed: {name} answered with HTML or XML, not with JSON"),
        ("INFO", f"{name} answers again"),
        ("INFO", f"{name}: 2 keys"),
    ]
    assert {record.name for record in caplog.records} == {"jwtfast.jwks"}
    assert (keys.status.succeeded, keys.status.failed) == (5, 4)


class Odd:
    """A source of one's own, which raises or returns what it is told."""

    name = "odd"

    def __init__(self) -> None:
        """Begin with nothing."""
        self.next: Loaded | Exception = Loaded(None)

    def load(self, deadline: Deadline) -> Loaded:
        """Load it."""
        assert not deadline.passed
        if isinstance(self.next, Exception):
            raise self.next
        return self.next


def test_own_source(remote: Make) -> None:
    """Keys can come from anything that loads them; a bug in it is a failure like any other."""
    source = Odd()
    keys = remote(source)
    assert not keys.refresh()
    assert keys.status.error == "odd says that nothing changed, but there is nothing yet"
    source.next = Loaded(jwtfast.KeySet.from_jwks({"keys": [entry("a")]}))
    assert keys.refresh()
    source.next = FetchError("odd is away")
    assert not keys.refresh()
    assert keys.status.error == "odd is away"
    source.next = RuntimeError("a token, for instance")
    assert not keys.refresh()
    assert keys.status.error == "odd: a mistake of ours: RuntimeError"
    assert kids(keys) == ["a"]


def test_fork(issuer: KeyServer, remote: Make) -> None:
    """A child has the keys of its parent, and refreshes by a thread of its own."""
    keys = remote(issuer.url(), timeout=5).start()
    idle(keys, 1)
    issuer.pages["/jwks"] = jwks("b")
    held, forked = threading.Event(), threading.Event()

    def hold() -> None:
        with keys._refresher._condition, keys._lock:
            held.set()
            forked.wait(DEADLINE)

    # The worst moment: a thread that will not be in the child holds every lock.
    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(DEADLINE)
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(DEADLINE))
        try:
            good = kids(keys) == ["a"] and keys.refresh(timeout=DEADLINE) and kids(keys) == ["b"]
            good = keys.unknown_kid() and good
            keys.close()
            os._exit(0 if good else 1)
        finally:
            os._exit(2)
    forked.set()
    holder.join()
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert kids(keys) == ["a"]


def test_without_urllib3() -> None:
    """Where the extra is not installed, the import says how to install it."""
    code = "import sys; sys.modules['urllib3'] = None; import jwtfast; import jwtfast.jwks"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        'ImportError: jwtfast.jwks needs urllib3: pip install "jwtfast[jwks]"'
    )
