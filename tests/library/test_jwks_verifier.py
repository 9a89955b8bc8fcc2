"""`RemoteKeySet.verifier`: tokens judged by the keys of the moment, whatever strangers send."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

import jwtfast
from jwtfast.jwks import RemoteKeySet, RemoteVerifier
from tests.clock import Clock, idle
from tests.forge import AUDIENCE, ISSUER, claims, compact, public_jwk
from tests.keyserver import DEADLINE, KeyServer, answer, entry, jwks, signed

Make = Callable[..., RemoteKeySet]


def unknown(kid: object) -> str:
    """Return a token of a stranger with a `kid` that no set has."""
    return compact("ES256", claims(), {"kid": f"unknown-{kid}"}, "strangers")


@pytest.fixture
def keys(issuer: KeyServer, remote: Make) -> RemoteKeySet:
    """A set with key `a`."""
    keys = remote(issuer.url()).start()
    idle(keys, 1)
    return keys


@pytest.fixture
def judge(keys: RemoteKeySet) -> RemoteVerifier:
    """A verifier with it."""
    return keys.verifier(wait=DEADLINE, issuer=ISSUER, audience=AUDIENCE)


@pytest.mark.parametrize(
    "settings",
    [
        {"leeway": 301},
        {"leeway": float("nan")},
        {"max_lifetime": 0},
        {"algorithms": []},
        {"algorithms": ["none"]},
        {"issuer": []},
        {"token_types": []},
    ],
    ids=str,
)
def test_settings_are_checked_before_there_are_keys(
    remote: Make, settings: dict[str, object]
) -> None:
    """What no keys could put right is the caller's mistake at once, and no outage later."""
    unused = remote("https://issuer.invalid/jwks")
    with pytest.raises(ValueError, match=next(iter(settings)).removesuffix("s")):
        unused.verifier(**settings)  # type: ignore[arg-type]
    unused.verifier(issuer=ISSUER, algorithms=["ES256"], allow_bound=True, require_exp=False)


def verdict(judge: RemoteVerifier, token: str | bytes) -> str:
    """Return `accepted`, or the code of the error."""
    try:
        judge.verify(token)
    except jwtfast.JWTError as error:
        return error.code
    return "accepted"


def test_verifies(judge: RemoteVerifier) -> None:
    """It has the methods, settings and errors of a `Verifier`, for text and bytes."""
    token = signed("a")
    assert judge.verify(token)["sub"] == "user-1"
    assert judge.verify(token.encode())["sub"] == "user-1"
    assert judge.verify_jws(token).startswith(b"{")
    assert [verdict(judge, signed("a", aud="x")), verdict(judge, signed("a", iss="x"))] == [
        "wrong_audience",
        "wrong_issuer",
    ]
    with pytest.raises(jwtfast.TokenExpiredError):
        judge.verify(token, now=5e9)
    first, second = judge.verify_many([token, "x"])
    assert isinstance(first, dict)
    assert isinstance(second, jwtfast.MalformedTokenError)


def test_new_key(issuer: KeyServer, judge: RemoteVerifier) -> None:
    """A token of a key that is new waits for the one fetch it leads to, and passes."""
    issuer.pages["/jwks"] = jwks("a", "b")
    assert [verdict(judge, signed(kid)) for kid in ("b", "a")] == ["accepted"] * 2
    assert issuer.count() == 2


def test_new_algorithm(issuer: KeyServer, keys: RemoteKeySet, clock: Clock) -> None:
    """A new key may be the first of its algorithm; asking for it has the same window."""
    judge = keys.verifier(wait=DEADLINE, issuer=ISSUER, audience=AUDIENCE)
    token = compact("RS256", claims(), {"kid": "r"})
    assert [verdict(judge, token) for _ in range(9)] == ["algorithm_not_allowed"] * 9
    assert issuer.count() == 2
    rsa = public_jwk("RS256", kid="r", alg="RS256")
    issuer.pages["/jwks"] = answer(json.dumps({"keys": [entry("a"), rsa]}).encode())
    clock.advance(30)
    assert [verdict(judge, token), verdict(judge, signed("a"))] == ["accepted"] * 2


def test_removed_key(issuer: KeyServer, keys: RemoteKeySet, judge: RemoteVerifier) -> None:
    """After one refresh a removed key's tokens pass no more."""
    assert verdict(judge, signed("a")) == "accepted"
    issuer.pages["/jwks"] = jwks("b")
    assert keys.refresh()
    assert [verdict(judge, signed(kid)) for kid in ("a", "b")] == ["unknown_key", "accepted"]


def test_without_waiting(issuer: KeyServer, keys: RemoteKeySet) -> None:
    """With `wait=0` an unknown kid fails at once; the fetch goes on in the background."""
    answers = threading.Event()
    issuer.pages["/jwks"] = lambda *_: jwks("a", "b") if answers.wait(DEADLINE) else b""
    judge = keys.verifier(wait=0, issuer=ISSUER, audience=AUDIENCE)
    assert verdict(judge, signed("b")) == "unknown_key"
    answers.set()
    idle(keys, 2)
    assert verdict(judge, signed("b")) == "accepted"


def test_waits_no_longer_than_told(issuer: KeyServer, keys: RemoteKeySet) -> None:
    """A slow server costs the one token that waits so long, and no other."""
    ends = threading.Event()
    issuer.pages["/jwks"] = lambda *_: b"x" * ends.wait(DEADLINE)
    judge = keys.verifier(wait=0.05, issuer=ISSUER, audience=AUDIENCE)
    started = time.monotonic()
    assert verdict(judge, unknown(1)) == "unknown_key"
    assert 0.04 < time.monotonic() - started < 2
    started = time.monotonic()
    assert [verdict(judge, unknown(2)) for _ in range(20)] == ["unknown_key"] * 20
    assert time.monotonic() - started < 0.5
    ends.set()


@pytest.mark.parametrize(
    "new", [signed("b"), compact("RS256", claims(), {"kid": "r"})], ids=["kid", "algorithm"]
)
def test_many_ask_without_waiting(issuer: KeyServer, keys: RemoteKeySet, new: str) -> None:
    """`verify_many` leads to a fetch, too, and does not wait for it."""
    rsa = public_jwk("RS256", kid="r", alg="RS256")
    issuer.pages["/jwks"] = answer(json.dumps({"keys": [entry("a"), entry("b"), rsa]}).encode())
    judge = keys.verifier(issuer=ISSUER, audience=AUDIENCE)
    result = judge.verify_many([new, signed("a"), "x"])
    assert [isinstance(one, dict) for one in result] == [False, True, False]
    idle(keys, 2)
    assert all(isinstance(one, dict) for one in judge.verify_many([new, signed("a")]))


def test_storm(issuer: KeyServer, keys: RemoteKeySet, clock: Clock) -> None:
    """10,000 random kids: one fetch a window at most, and no good token fails meanwhile."""
    judge = keys.verifier(wait=0, issuer=ISSUER, audience=AUDIENCE)
    good, before = signed("a"), keys.keys
    stop = threading.Event()

    def verify_good() -> list[str]:
        verdicts = []
        while not stop.is_set():
            verdicts.append(verdict(judge, good))
        return verdicts

    def storm(start: int) -> set[str]:
        return {verdict(judge, unknown(kid)) for kid in range(start, start + 1250)}

    with ThreadPoolExecutor(6) as pool:
        steady = [pool.submit(verify_good) for _ in range(2)]
        for window in range(2):
            found = pool.map(storm, range(window * 5000, window * 5000 + 5000, 1250))
            assert set().union(*found) == {"unknown_key"}
            idle(keys, 2 + window)
            assert issuer.count() == 2 + window
            clock.advance(30)
        stop.set()
        verdicts = [one for future in steady for one in future.result(DEADLINE)]
    assert set(verdicts) == {"accepted"}
    assert keys.keys is before
    assert len(keys._unknown) <= 1024


def test_storm_at_a_server_that_is_down(
    issuer: KeyServer, keys: RemoteKeySet, clock: Clock
) -> None:
    """Failures that strangers cause neither put off nor bring forward the scheduled refresh."""
    due = keys._due
    issuer.pages["/jwks"] = answer(b"", 500)
    for window in range(8):
        assert keys.unknown_kid(f"kid-{window}")
        assert not any(keys.unknown_kid(f"kid-{window}-{i}") for i in range(100))
        idle(keys, 2 + window)
        clock.advance(30)
    assert (issuer.count(), keys._due) == (9, due)
    issuer.pages["/jwks"] = jwks("b")
    clock.advance(due - clock())
    idle(keys, 10)
    assert [key.kid for key in keys.keys] == ["b"]


def test_same_stranger(issuer: KeyServer, keys: RemoteKeySet, clock: Clock) -> None:
    """One client that keeps sending one bad token leads to fewer fetches than windows."""
    judge = keys.verifier(wait=DEADLINE, issuer=ISSUER, audience=AUDIENCE)
    token = unknown("same")
    for _ in range(4):
        assert verdict(judge, token) == "unknown_key"
        assert verdict(judge, token.encode()) == "unknown_key"
        clock.advance(30)
    # The first load, then at 0, 30 and 90 s, but not at 60.
    assert issuer.count() == 4


def test_other_errors_ask_for_nothing(issuer: KeyServer, judge: RemoteVerifier) -> None:
    """Only a key that is not there is a reason to fetch."""
    forged = compact("ES256", claims(), {"kid": "a"}, "strangers")
    verdicts = [verdict(judge, token) for token in (forged, "x", signed("a", exp=1))]
    assert verdicts == ["invalid_signature", "malformed_token", "token_expired"]
    assert issuer.count() == 1


def test_no_keys(issuer: KeyServer, remote: Make, clock: Clock) -> None:
    """Without keys, or with keys too old, no token is judged."""
    issuer.pages["/jwks"] = answer(b"", 500)
    keys = remote(issuer.url(), max_stale=100)
    judge = keys.verifier(issuer=ISSUER, audience=AUDIENCE)
    assert verdict(judge, signed("a")) == "keys_unavailable"
    issuer.pages["/jwks"] = jwks("a")
    assert keys.refresh()
    assert verdict(judge, signed("a")) == "accepted"
    issuer.pages["/jwks"] = answer(b"", 500)
    clock.advance(101)
    assert verdict(judge, signed("a")) == "keys_unavailable"


def test_settings_that_the_keys_cannot_serve(keys: RemoteKeySet) -> None:
    """Where no key of a set fits the algorithms asked for, the keys are as good as none."""
    judge = keys.verifier(algorithms=["RS256"], audience=AUDIENCE)
    with pytest.raises(jwtfast.KeysUnavailableError, match="algorithms names none that the keys"):
        judge.verify(signed("a"))


def test_kids_of_any_kind(keys: RemoteKeySet) -> None:
    """Text, bytes, lone surrogates and nothing at all are taken."""
    assert keys.unknown_kid("\ud800")
    assert not keys.unknown_kid(b"x" * 1_000_000)
    assert not keys.unknown_kid()


def test_never_blocks(issuer: KeyServer, keys: RemoteKeySet) -> None:
    """To signal an unknown kid takes no time, whatever the server does."""
    ends = threading.Event()
    issuer.pages["/jwks"] = lambda *_: b"x" * ends.wait(DEADLINE)
    started = time.monotonic()
    assert [keys.unknown_kid(str(kid)) for kid in range(10_000)].count(True) == 1
    assert time.monotonic() - started < 2
    ends.set()
