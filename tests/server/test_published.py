"""Settings on their way from the main process to its workers."""

import threading
from pathlib import Path

import pytest

from jwtfast_server import published
from jwtfast_server.config import Settings
from jwtfast_server.main_process import _Interrupt
from jwtfast_server.published import Follower, publish
from jwtfast_server.run_directory import DRAINING
from tests.processes import until


def test_the_newest_counts(tmp_path: Path, settings: Settings) -> None:
    """They arrive whole, secrets too; a follower is called for each one that is new to it."""
    publish(tmp_path, settings)
    follower = Follower(tmp_path)
    assert follower.read() == settings
    seen: list[str] = []
    follower.start(lambda given: seen.append(given.realm))
    for realm in ("second", "third"):
        publish(tmp_path, settings.model_copy(update={"realm": realm}))
        until(lambda: seen[-1:] == [realm], realm)  # noqa: B023 - used at once
    assert seen == ["second", "third"]
    (tmp_path / DRAINING).touch()


def test_a_mistake_of_ours(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again, since what is published must be served in the end."""
    monkeypatch.setattr(published, "_AFTER_A_BUG_S", 0.0)
    publish(tmp_path, settings)
    follower = Follower(tmp_path)
    follower.read()
    done = threading.Event()
    tries: list[Settings] = []

    def reload(given: Settings) -> None:
        tries.append(given)
        if len(tries) < 3:
            raise FileNotFoundError
        done.set()

    follower.start(reload)
    publish(tmp_path, settings.model_copy(update={"realm": "second"}))
    assert done.wait(20)
    assert [given.realm for given in tries] == ["second"] * 3
    (tmp_path / DRAINING).touch()


def test_an_interrupt_before_the_wait() -> None:
    """It is not lost: the wait ends at once, and once only until it is cleared and set again."""
    interrupt = _Interrupt()
    interrupt.set()
    interrupt.set()
    interrupt.wait()
    interrupt.clear()
    timer = threading.Timer(0.01, interrupt.set)
    timer.start()
    interrupt.wait()
    timer.join()
