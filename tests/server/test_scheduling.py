"""The slices of CPU time that a worker's threads ask for."""

import ctypes
import os
import platform
import re
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jwtfast_server.scheduling import ask_for_short_slices
from tests.conftest import Serve
from tests.processes import until

ATTRIBUTES = struct.Struct("=IIQiIQQQ")
SLICE_NS = 100_000
MACHINE = {"x86_64": 315, "aarch64": 275}.get(platform.machine())
RELEASE = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))

pytestmark = pytest.mark.skipif(
    platform.system() != "Linux" or MACHINE is None, reason="Linux on x86-64 and arm64 alone"
)
NEW_ENOUGH = pytest.mark.skipif(RELEASE < (6, 12), reason="Linux before 6.12 takes no notice")


@pytest.fixture(scope="module", autouse=True)
def allowed() -> None:
    """Some sandboxes let nobody ask."""
    answers: list[int] = []

    def run() -> None:
        attributes = ATTRIBUTES.pack(ATTRIBUTES.size, 0, 0, 0, 0, SLICE_NS, 0, 0)
        number = (MACHINE or 0) - 1
        answers.append(ctypes.CDLL(None).syscall(number, 0, attributes, 0))

    in_a_thread(run)
    if answers != [0]:
        pytest.skip("sched_setattr(2) is forbidden here")


def told(thread: int = 0) -> tuple[int, int, int]:
    """Policy, nice value and slice (nanoseconds) of a thread, by sched_getattr(2)."""
    buffer = ctypes.create_string_buffer(ATTRIBUTES.size)
    assert ctypes.CDLL(None).syscall(MACHINE, thread, buffer, ATTRIBUTES.size, 0) == 0
    _, policy, _, nice, _, slice_ns, _, _ = ATTRIBUTES.unpack(buffer.raw)
    return policy, nice, slice_ns


def in_a_thread(run: Callable[[], object]) -> None:
    """Run something in a thread of its own: what it changes ends with it."""
    failed: list[BaseException] = []

    def guarded() -> None:
        try:
            run()
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


@NEW_ENOUGH
def test_a_thread_and_those_it_starts() -> None:
    """The shortest slice, and nothing else changes."""

    def run() -> None:
        before = told()
        assert ask_for_short_slices()
        assert told() == (*before[:2], SLICE_NS)
        in_a_thread(lambda: inherited.append(told()))

    inherited: list[Any] = []
    in_a_thread(run)
    assert inherited[0][2] == SLICE_NS


def test_a_nice_thread_stays_nice() -> None:
    """Whoever started it so wanted it so."""

    def run() -> None:
        os.setpriority(os.PRIO_PROCESS, 0, 5)
        assert ask_for_short_slices()
        assert told()[:2] == (os.SCHED_OTHER, 5)

    in_a_thread(run)


def test_another_policy_stays() -> None:
    """It was chosen by somebody who knows the machine."""

    def run() -> None:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        before = told()
        assert not ask_for_short_slices()
        assert told() == before

    in_a_thread(run)


@NEW_ENOUGH
@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
def test_all_threads_of_a_worker(serve: Serve, interface: str) -> None:
    """granian's too: none of them interrupts another."""
    main = serve(interface=interface).popen.pid
    found: dict[int, list[int]] = {}

    def told_of_workers() -> bool:
        workers = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for worker in map(int, workers):
            threads = [int(path.name) for path in Path(f"/proc/{worker}/task").iterdir()]
            found[worker] = [told(thread)[2] for thread in threads]
        return any(SLICE_NS in slices for slices in found.values())

    until(told_of_workers, "a worker's threads have their slices")
    slices = next(slices for slices in found.values() if SLICE_NS in slices)
    assert set(slices) == {SLICE_NS}
