"""A service whose log nobody reads: decisions do not wait, and what was lost is counted."""

import fcntl
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.processes import COMMAND, free_port, until
from tests.server.conftest import DOORS
from tests.settings import standard, token, write
from tests.wire import Connection, ask, raw_request

_DENIALS = 5000
_F_SETPIPE_SZ = 1031


class Muted:
    """A service whose stderr is a pipe that the test reads when it likes."""

    def __init__(self, directory: Path, **changes: object) -> None:
        """Start it, and wait until it is ready."""
        self.everything = changes["log"] == EVERYTHING
        self.address = ("127.0.0.1", free_port())
        config = standard(listen=f"127.0.0.1:{self.address[1]}", **changes)
        path = write(directory / "jwtfast.yaml", config)
        self._end, stderr = os.pipe()
        fcntl.fcntl(stderr, _F_SETPIPE_SZ, 4096)
        command = [*COMMAND, "serve", "--config", str(path)]
        self.popen = subprocess.Popen(command, stderr=stderr, start_new_session=True)
        os.close(stderr)
        try:
            until(self._answers, "it answers")
        except AssertionError:
            self.close()
            raise

    def _answers(self) -> bool:
        try:
            return ask(self.address, target="/readyz").status == 200
        except OSError:
            return False

    def lines(self, awaited: bytes) -> list[dict[str, Any]]:
        """Start to read, wait for a text, and end the service; all of its lines, which are JSON."""
        found = bytearray()

        def read() -> None:
            while data := os.read(self._end, 65536):
                found.extend(data)

        reading = threading.Thread(target=read)
        reading.start()
        until(lambda: awaited in found, "the awaited line")
        self.popen.send_signal(signal.SIGTERM)
        assert self.popen.wait(20) == 0
        reading.join()
        return [orjson.loads(line) for line in bytes(found).splitlines()]

    def metric(self, name: str) -> float:
        """The sum of a metric."""
        page = ask(self.address, target="/metrics").body.decode().splitlines()
        return sum(
            float(line.split()[-1]) for line in page if line.split("{")[0].split()[0] == name
        )

    def close(self) -> None:
        """End it, however it is."""
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        os.close(self._end)


EVERYTHING = {"decisions": "all", "level": "debug"}
MUTED = [(door, mode) for door in DOORS for mode in ("denied", "all")]


@pytest.fixture(params=MUTED, ids="-".join)
def muted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Muted]:
    """One behind each door, that tells denials or every decision."""
    door, mode = request.param
    service = Muted(tmp_path, interface=door, log={**EVERYTHING, "decisions": mode})
    yield service
    service.close()


def test_decisions_do_not_wait(muted: Muted) -> None:
    """5,000 denials are answered, told or not, and a good token too."""
    request = raw_request(headers=[("Authorization", f"Bearer {token(exp=1)}")])
    with Connection(muted.address) as connection:
        for _ in range(_DENIALS):
            connection.send(request)
            assert connection.answer().status == 401
    assert ask(muted.address, headers=[("Authorization", f"Bearer {token()}")]).status == 200

    lines = muted.lines(b"listening")
    assert all(line["level"] and line["timestamp"] for line in lines)


def test_what_was_lost_is_told(muted: Muted) -> None:
    """Once somebody reads again, a line says how much; the metric counts it meanwhile."""
    long = raw_request(headers=[("Authorization", "Bearer nonsense")])
    with Connection(muted.address) as connection:
        while muted.everything and not muted.metric("jwtfast_log_lines_dropped_total"):
            for _ in range(100):
                connection.send(long)
                assert connection.answer().status == 401

    if muted.everything:
        lost = muted.metric("jwtfast_log_lines_dropped_total")
        lines = muted.lines(b"log lines dropped")
        assert sum(line.get("count", 0) for line in lines) >= lost


def test_the_end_does_not_wait(muted: Muted) -> None:
    """A stop takes its time, and no longer, while nobody reads."""
    request = raw_request(headers=[("Authorization", "Bearer nonsense")])
    with Connection(muted.address) as connection:
        for _ in range(200):
            connection.send(request)
            assert connection.answer().status == 401
    muted.popen.send_signal(signal.SIGTERM)

    assert muted.popen.wait(20) == 0
