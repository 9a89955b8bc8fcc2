"""The directory that the processes of a server share is full: for a moment, and nothing ends."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.processes import COMMAND, Server, free_port, until
from tests.server.conftest import DOORS
from tests.settings import standard, token, write

# A directory of its own in place of /dev/shm, for this process and its children alone.
SMALL = 'mount -t tmpfs -o size=512k small /dev/shm && exec "$@"'
INSIDE = ["unshare", "--mount", "sh", "-c", SMALL, "sh"]


def may_mount() -> bool:
    """Whether this test may mount something that nobody else sees."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*INSIDE, "true"], check=False, capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not may_mount(), reason="mounting is not allowed here")


class Small(Server):
    """A service with half a mebibyte to share."""

    @property
    def shared(self) -> Path:
        """What its processes see as /dev/shm."""
        return Path(f"/proc/{self.popen.pid}/root/dev/shm")

    def fill(self) -> None:
        """Leave no room."""
        with contextlib.suppress(OSError), (self.shared / "filler").open("wb", 0) as file:
            while True:
                file.write(b"a" * 4096)

    def empty(self) -> None:
        """Give the room back."""
        (self.shared / "filler").unlink()

    def said(self, event: str) -> bool:
        """Whether it logged that."""
        return any(line["event"] == event for line in self.log)


@pytest.fixture(params=DOORS)
def small(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Small]:
    """One behind each door."""
    port = free_port()
    config = standard(listen=f"127.0.0.1:{port}", workers=2, interface=request.param)
    path = write(tmp_path / "jwtfast.yaml", config)
    arguments = ["serve", "--config", str(path)]
    server = Small(arguments, tmp_path / "s", ("127.0.0.1", port), command=[*INSIDE, *COMMAND])
    yield server
    server.stop()


def test_a_full_directory(small: Small, tmp_path: Path) -> None:
    """Decisions, reports, reloads, new workers and the stop outlive it; all is well afterwards."""
    path = tmp_path / "jwtfast.yaml"
    small.fill()
    assert [small.ask(token=token(jti=str(n))).status for n in range(20)] == [200] * 20
    until(lambda: small.said("metrics not written"), "it tells of the metrics")
    assert small.ask(target="/metrics").status == 200
    victim = min(small.workers)
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(set(small.workers) - {victim}) == 2, "two workers again")
    config = orjson.loads(path.read_bytes())
    write(path, config | {"realm": "new"})
    until(lambda: any("not reloaded" in str(line["event"]) for line in small.log), "no reload")
    assert [small.ask(token=token(jti=str(n))).status for n in range(20)] == [200] * 20
    small.empty()

    def realm() -> bool:
        return 'realm="new"' in (small.ask().get("www-authenticate") or "")

    until(realm, "the reload is made up for")
    before = small.metric("jwtfast_cache_misses_total") or 0
    for number in range(100, 110):
        small.ask(token=token(jti=str(number)))
    until(
        lambda: (small.metric("jwtfast_cache_misses_total") or 0) >= before + 10,
        "metrics go on",
    )
    reloads = 'jwtfast_config_reloads_total{result="success"}'
    until(lambda: small.metric(reloads) == 1, "it is counted")
    leftovers = [one for one in small.shared.rglob("tmp*") if not one.suffix]
    assert leftovers == []


def test_a_stop_while_full(small: Small) -> None:
    """It is a good one."""
    small.fill()
    assert small.ask(token=token()).status == 200

    assert small.stop() == 0


def test_every_line_is_json(small: Small) -> None:
    """What goes wrong meanwhile is told as all the rest is."""
    small.fill()
    small.ask(token=token())
    until(lambda: small.said("metrics not written"), "it tells of the metrics")
    small.stop()

    for line in small.output.splitlines():
        assert re.match(rb"\{.*\}$", line), line
