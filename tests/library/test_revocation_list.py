"""`RevocationList`: a large content comes and goes beside decisions, never amid one."""

import json
import statistics
import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

import jwtfast
from tests.forge import claims, compact
from tests.verdict import decide, gate_settings, key

MANY = 500_000
EMPTY = b'{"revoked": []}'
HEADERS = {"authorization": [f"Bearer {compact('ES256', claims(jti='t1'))}"]}
ROUNDS = 3


@pytest.fixture(scope="module")
def large() -> bytes:
    """Return a list that takes a while to make and to free."""
    return json.dumps({"revoked": [{"jti": f"token-{number}"} for number in range(MANY)]}).encode()


def judge(revoked: jwtfast.RevocationList) -> jwtfast.Gate:
    """Return a gate that asks this list."""
    keys = {"corp": jwtfast.KeySet([key("ES256")])}
    cache = jwtfast.TokenCache(1 << 20)
    return jwtfast.Gate(gate_settings(), keys, revocation=[revoked], cache=cache)


def longest_halt(gate: jwtfast.Gate, change: Callable[[], object]) -> float:
    """Decide while a thread makes a change; return the longest halt as a share of the change."""
    begun = threading.Event()
    start = end = 0.0

    def run() -> None:
        nonlocal start, end
        start = time.perf_counter()
        begun.set()
        change()
        end = time.perf_counter()

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait()
    longest, last = 0.0, start
    while thread.is_alive():
        assert decide(gate, HEADERS) == (200, None)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    thread.join()
    return max(longest, end - last) / (end - start)


def test_decisions_go_on(large: bytes) -> None:
    """While half a million entries come, are exchanged and go, no decision waits for them."""
    revoked = jwtfast.RevocationList()
    gate = judge(revoked)
    halts: dict[str, list[float]] = {"in": [], "over": [], "out": []}
    for _ in range(ROUNDS):
        for change, found in halts.items():
            document = EMPTY if change == "out" else large
            found.append(longest_halt(gate, partial(revoked.replace, document)))
    # One that waits for the change waits for nearly all of it.
    waited = {change for change, found in halts.items() if statistics.median(found) > 0.5}
    assert waited == set(), halts


def test_a_list_that_nobody_needs_any_more(large: bytes) -> None:
    """The last to let go of a large list, a reload's old gate say, does not free it itself."""
    shares = []
    for _ in range(ROUNDS):
        revoked = jwtfast.RevocationList()
        revoked.replace(large)
        start = time.perf_counter()
        revoked.replace(EMPTY)
        freed = time.perf_counter() - start
        revoked.replace(large)
        gate = judge(revoked)
        del revoked
        start = time.perf_counter()
        del gate
        shares.append((time.perf_counter() - start) / freed)
    assert statistics.median(shares) < 0.5
