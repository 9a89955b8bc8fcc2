"""Whether a list of revoked tokens may be relied on, whatever happens to its source."""

import threading
from collections.abc import Iterator

import pytest
import structlog

from jwtfast_server.revocation.source import AWAY_AFTER_S, LOOK_EVERY_S, Source, SourceError
from tests.clock import Clock
from tests.processes import until

EMPTY = b'{"revoked": []}'


class Told(Source):
    """A source that does as it is told."""

    def __init__(self, clock: Clock, *, denies_when_away: bool = True) -> None:
        """Begin with nothing wrong."""
        super().__init__("redis", denies_when_away=denies_when_away, clock=clock)
        self.error: BaseException | None = None
        self.hangs = threading.Event()
        self.hangs.set()
        self.looks = 0
        self.released = threading.Event()

    def look(self) -> None:
        """Hang, fail, or say that there is nothing."""
        self.looks += 1
        self.hangs.wait()
        if self.error is not None:
            raise self.error
        self.revoked.replace(EMPTY)

    def release(self) -> None:
        """Remember it."""
        self.released.set()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is moved."""
    return Clock()


@pytest.fixture
def source(clock: Clock) -> Iterator[Told]:
    """A source that denies when it is away."""
    source = Told(clock)
    yield source
    source.close()


def relied_on(source: Source) -> tuple[str, bool]:
    """Return the state as it is told, and whether tokens pass."""
    source.judge()
    return source.state, source.revoked.available


@pytest.mark.parametrize("denies", [True, False])
def test_never_loaded(clock: Clock, denies: bool) -> None:  # noqa: FBT001 - a column
    """Before a source said anything no token passes, however long that takes."""
    source = Told(clock, denies_when_away=denies)
    assert relied_on(source) == ("never loaded", False)
    source.error = SourceError("no")
    source.check()
    clock.advance(1e6)
    assert relied_on(source) == ("never loaded", False)
    assert source.freshness.age is None
    source.error = None
    source.check()
    assert relied_on(source) == ("current", True)
    assert source.freshness.age == 0


@pytest.mark.parametrize("denies", [True, False])
@pytest.mark.parametrize("error", [SourceError("no"), RuntimeError("no"), MemoryError()])
def test_away(clock: Clock, denies: bool, error: Exception) -> None:  # noqa: FBT001 - a column
    """Two seconds are borne; then no token passes, or what was said last holds; then all is well.

    A mistake of ours is no other failure than one of the source.
    """
    source = Told(clock, denies_when_away=denies)
    source.check()
    source.error = error
    clock.advance(AWAY_AFTER_S - 0.1)
    source.check()
    assert relied_on(source) == ("current", True)
    clock.advance(0.2)
    source.check()
    assert relied_on(source) == (("away", False) if denies else ("last known", True))
    assert source.freshness.age == pytest.approx(AWAY_AFTER_S + 0.1)
    source.error = None
    source.check()
    assert relied_on(source) == ("current", True)
    assert (source.freshness.succeeded, source.freshness.failed) == (2, 2)


def test_a_long_look(source: Told, clock: Clock) -> None:
    """A source that answers part by part is not away; one that fails each time at the end is."""
    source.check()
    for _ in range(5):
        clock.advance(AWAY_AFTER_S / 2)
        source.hear()
        assert relied_on(source) == ("current", True)
    source.error = SourceError("too large")
    source.check()
    assert relied_on(source) == ("away", False)
    source.hear()
    assert relied_on(source) == ("away", False)


def test_each_change_is_told_once(source: Told) -> None:
    """A failure when it begins and when it becomes another one, and its end; nothing in between."""
    with structlog.testing.capture_logs() as lines:
        for error in ("a", "a", "b", "b", None, None, "a"):
            source.error = None if error is None else SourceError(error)
            source.check()
    told = [(line["event"], line.get("message"), line["source"]) for line in lines]
    failed, again = "revocations not confirmed", "revocations confirmed again"
    assert told == [
        (failed, "a", "redis"),
        (failed, "b", "redis"),
        (again, None, "redis"),
        (failed, "a", "redis"),
    ]


def test_pauses(source: Told) -> None:
    """Four looks a second, fewer while they fail, and never less than one."""
    assert source.check() == LOOK_EVERY_S
    source.error = SourceError("no")
    assert [source.check() for _ in range(20)] == [0.5] + [1.0] * 19
    source.error = None
    assert source.check() == LOOK_EVERY_S


def test_a_look_that_never_ends(source: Told, clock: Clock) -> None:
    """No token passes any more, though the thread that looks can say nothing."""
    source.start()
    source.wait(20)
    assert source.revoked.available
    source.hangs.clear()
    looks = source.looks
    until(lambda: source.looks > looks, "it looks")
    clock.advance(AWAY_AFTER_S)
    until(lambda: not source.revoked.available, "no token passes")
    source.hangs.set()
    until(lambda: source.revoked.available, "tokens pass")


def test_a_mistake_does_not_end_the_looks(source: Told) -> None:
    """Whatever a look raises, the next one comes."""
    source.error = RecursionError()
    source.start()
    until(lambda: source.looks >= 3, "it looks on")
    source.error = None
    until(lambda: source.revoked.available, "tokens pass")


def test_the_end(source: Told) -> None:
    """After `close` no thread of it is left, and what was opened is let go."""

    def threads() -> set[str]:
        return {one.name for one in threading.enumerate() if one.name.startswith("revocation-")}

    source.start()
    assert threads() == {"revocation-redis", "revocation-redis-guard"}
    source.close()
    assert source.released.wait(20)
    until(lambda: not threads(), "its threads end")
