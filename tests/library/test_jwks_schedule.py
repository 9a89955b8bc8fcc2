"""When to fetch again: jitter, backoff, `max-age` and the window for unknown kids."""

import random

import pytest

from jwtfast.jwks import RemoteKeySet
from jwtfast.jwks.schedule import Schedule, UnknownKids

DAY = 86400.0


def schedule(every: float = 300.0, max_stale: float = DAY, seed: int = 1) -> Schedule:
    """Return a schedule with chance that is none."""
    return Schedule(every, 30, max_stale, random.Random(seed))  # noqa: S311 - jitter is no secret


def test_jitter() -> None:
    """A wait is off by up to 10 % either way, and uses that room."""
    waits = [schedule(seed=seed).after_success(None) for seed in range(1000)]
    assert 270 <= min(waits) < 273
    assert 327 < max(waits) <= 330
    assert 297 < sum(waits) / len(waits) < 303


def test_workers_do_not_ask_at_once() -> None:
    """Every set has its own jitter."""
    sets = [RemoteKeySet("https://issuer.example/") for _ in range(9)]
    assert len({one._schedule.after_success(None) for one in sets}) == 9


@pytest.mark.parametrize(
    "max_age, wait",
    [(None, 300), (0, 30), (29, 30), (31, 31), (299, 299), (301, 300), (3600, 300), (1e9, 300)],
)
def test_max_age(max_age: float | None, wait: float) -> None:
    """A server's max-age shortens a wait, down to the cooldown; it never makes one longer."""
    waits = [schedule(seed=seed).after_success(max_age) for seed in range(200)]
    assert 0.9 * wait <= min(waits) < 0.92 * wait
    assert 1.08 * wait < max(waits) <= 1.1 * wait


def test_backoff() -> None:
    """Failures in a row wait 1, 2, 4 ... seconds, never more than `every`; a success ends it."""
    waits = schedule()
    found = [waits.after_failure() for _ in range(2000)]
    expected = [1, 2, 4, 8, 16, 32, 64, 128, 256] + [300] * 1991
    assert all(0.9 * e <= f <= 1.1 * e for f, e in zip(found, expected, strict=True))
    waits.after_success(None)
    assert waits.after_failure() <= 1.1


@pytest.mark.parametrize("max_age", [None, 3600])
def test_less_than_max_stale(max_age: float | None) -> None:
    """A wait leaves time for a second try before the keys are too old."""
    assert all(
        schedule(max_stale=60, seed=seed).after_success(max_age) <= 30 for seed in range(100)
    )


def test_window() -> None:
    """One asks in a window, whoever it is; the next when it is over."""
    unknown = UnknownKids(30, 300)
    asked = [unknown.permits(now, b"%d" % now) for now in range(100)]
    assert [now for now, permitted in enumerate(asked) if permitted] == [0, 30, 60, 90]
    assert [unknown.is_shut(now) for now in (100, 119.9, 120)] == [True, True, False]


def test_one_kid_asks_less_and_less() -> None:
    """The same kid again and again waits twice as long each time, up to `every`."""
    unknown = UnknownKids(30, 300)
    asked = [now for now in range(2000) if unknown.permits(now, b"a")]
    assert asked == [0, 30, 90, 210, 450, 750, 1050, 1350, 1650, 1950]


def test_one_kid_does_not_stand_in_for_others() -> None:
    """While one kid waits, another, or one without a name, may ask at the next window."""
    unknown = UnknownKids(30, 300)
    for now in (0, 30):
        assert unknown.permits(now, b"a")
    assert not unknown.permits(60, b"a")
    assert unknown.permits(60, b"b")
    assert unknown.permits(90)
    assert unknown.permits(120)


def test_memory_is_bounded() -> None:
    """However many kids ask, the last 1024 that were let through are remembered."""
    unknown = UnknownKids(1, 10_000)
    assert all(unknown.permits(now, b"%d" % now) for now in range(5000))
    assert len(unknown) == 1024
    refused = UnknownKids(1000, 10_000)
    assert [refused.permits(1, b"%d" % kid) for kid in range(5000)].count(True) == 1
    assert len(refused) == 1


@pytest.mark.parametrize("option", ["every", "cooldown", "max_stale", "timeout"])
@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_times_that_are_none(option: str, seconds: float) -> None:
    """A time must be some seconds."""
    with pytest.raises(ValueError, match=f"{option} must be a number of seconds above 0"):
        RemoteKeySet("https://issuer.example/", **{option: seconds})  # type: ignore[arg-type]
