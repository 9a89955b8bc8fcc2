"""Lines on their way to stderr: none is waited for, none is lost in silence."""

import fcntl
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress

import orjson
import pytest
import structlog

from jwtfast_server import log
from jwtfast_server.log_writer import LogWriter, Stderr
from tests.processes import until
from tests.settings import token

LINE = b"a" * 99 + b"\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe with room for 4 KiB: its reader's end, its writer's end."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, 1031, 4096)
    yield reader, writer
    for end in (reader, writer):
        with suppress(OSError):
            os.close(end)


def test_lines_come_in_order(pipe: tuple[int, int]) -> None:
    """All of them, with nothing between."""
    writer = LogWriter(pipe[1])
    for number in range(100):
        writer.write(b"%d\n" % number)
    writer.drain(20)

    assert os.read(pipe[0], 4096).split() == [b"%d" % number for number in range(100)]
    assert writer.dropped == 0


def test_what_does_not_fit_is_dropped_and_told(pipe: tuple[int, int]) -> None:
    """Nobody waits; a line tells of it once there is room again."""
    writer = LogWriter(pipe[1], most_bytes=10_000)
    for _ in range(1000):
        writer.write(LINE)
    dropped = writer.dropped
    # Those in the pipe, and those that wait.
    assert 800 <= dropped <= 900
    found = b""
    while b"log lines dropped" not in found:
        found += os.read(pipe[0], 4096)

    *lines, told = found.splitlines()
    assert len(lines) == 1000 - dropped
    assert orjson.loads(told)["count"] == dropped
    writer.write(LINE)
    assert os.read(pipe[0], 4096) == LINE
    assert writer.dropped == dropped


def test_a_descriptor_that_does_not_block(pipe: tuple[int, int]) -> None:
    """Somebody else may have set it so: it is waited for in the writer's thread."""
    os.set_blocking(pipe[1], False)
    writer = LogWriter(pipe[1])
    for _ in range(200):
        writer.write(LINE)
    found = b""
    while len(found) < 200 * len(LINE):
        found += os.read(pipe[0], 4096)

    assert found == LINE * 200


def test_nobody_can_read(pipe: tuple[int, int]) -> None:
    """A pipe without a reader loses lines, and ends nothing."""
    writer = LogWriter(pipe[1])
    os.close(pipe[0])
    for _ in range(10):
        writer.write(LINE)
    writer.drain(20)

    # The line that would tell it is lost, too.
    assert writer.dropped >= 10


def test_the_end_is_bounded(pipe: tuple[int, int]) -> None:
    """Where nobody reads, the last lines are not waited for."""
    writer = LogWriter(pipe[1])
    for _ in range(100):
        writer.write(LINE)
    writer.drain(0.01)

    # Its thread goes on, and must not write where the next test has its pipe.
    found = b""
    while len(found) < 100 * len(LINE):
        found += os.read(pipe[0], 4096)


def test_a_fork(pipe: tuple[int, int]) -> None:
    """The child writes its own lines and none of its parent's, whose lock it does not inherit."""
    writer = LogWriter(pipe[1])
    for _ in range(100):
        writer.write(LINE)
    with writer._lock:
        child = os.fork()
        if child == 0:
            # Where it waits for that lock, it waits for ever.
            signal.alarm(20)
            writer.write(b"the child\n")
            writer.drain(20)
            os._exit(writer.dropped)
    os.set_blocking(pipe[0], False)
    found = bytearray()

    def ended() -> bool:
        with suppress(BlockingIOError):
            found.extend(os.read(pipe[0], 4096))
        return found.count(b"\n") == 101

    until(ended, "the lines of both")
    assert os.waitpid(child, 0)[1] == 0
    assert found.count(b"the child\n") == 1


def test_tracebacks_are_json() -> None:
    """Whatever is written to stderr as text, and without what may be a token."""
    lines: list[bytes] = []
    stderr = Stderr(lines.append)
    traceback.print_exception(ValueError(token()), file=stderr)
    print("no end yet", end="", file=stderr)

    found = [orjson.loads(line) for line in lines]
    assert found[-1]["line"] == "ValueError: [cut]"
    assert {line["level"] for line in found} == {"error"}


def test_what_ends_a_thread_is_json() -> None:
    """One line for an uncaught exception, in a thread too."""

    def fail() -> None:
        raise ValueError(f"bad {token()}")

    with log.taking_over(), structlog.testing.capture_logs() as lines:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        assert isinstance(sys.stderr, Stderr)
    until(lambda: not isinstance(sys.stderr, Stderr), "stderr is as before")

    [line] = lines
    assert (line["event"], line["error"], line["message"]) == (
        "uncaught exception",
        "ValueError",
        "bad [cut]",
    )
