"""Real servers as subprocesses: started, waited for, stopped by their own id, and read out."""

import contextlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import orjson

from tests.wire import Address, Answer, Text, ask

__all__ = ["COMMAND", "FORK_COMMAND", "LEGACY_COMMAND", "Process", "Server", "free_port", "until"]

COMMAND: Final = [sys.executable, "-m", "jwtfast_server"]
FORK_COMMAND: Final = [
    sys.executable,
    "-c",
    "from jwtfast_server.cli import legacy_fork_main; legacy_fork_main()",
]
LEGACY_COMMAND: Final = [str(Path(sys.executable).with_name("nginx-subrequest-auth-jwt"))]
_DEADLINE: Final = 20.0
_TOKEN: Final = re.compile(rb"eyJ[A-Za-z0-9_-]{8,}")


def free_port() -> int:
    """A port that nothing listens on, at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def until(condition: Callable[[], bool], what: str, deadline: float = _DEADLINE) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + deadline
    pause = 0.002
    while not condition():
        assert time.monotonic() < end, f"after {deadline} s still not: {what}"
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


class Process:
    """A subprocess whose output goes to files."""

    def __init__(
        self, command: Sequence[str], directory: Path, env: Mapping[str, str] | None = None
    ) -> None:
        """Start it in a directory of its own."""
        directory.mkdir(parents=True, exist_ok=True)
        self._stdout, self._stderr = directory / "stdout", directory / "stderr"
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self.popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env=env,
                # A group of its own, as a shell gives it: a test can send Ctrl-C to all of it.
                start_new_session=True,
            )

    @property
    def output(self) -> bytes:
        """Everything it wrote so far."""
        return self._stdout.read_bytes() + self._stderr.read_bytes()

    @property
    def log(self) -> list[dict[str, object]]:
        """The JSON lines it wrote to stderr so far, whole ones only."""
        lines = self._stderr.read_bytes().split(b"\n")[:-1]
        return [orjson.loads(line) for line in lines if line.startswith(b"{")]

    @property
    def workers(self) -> list[int]:
        """The process ids of its workers."""
        pid = self.popen.pid
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def wait(self) -> int:
        """Wait for its end; its exit status."""
        try:
            return self.popen.wait(_DEADLINE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            raise

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Ask it to end, and wait; its exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(signum)
        return self.wait()


class Server(Process):
    """A jwtfast service."""

    def __init__(
        self,
        arguments: Sequence[str],
        directory: Path,
        address: Address,
        *,
        command: Sequence[str] = COMMAND,
        tls: ssl.SSLContext | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Start it, and wait until it is ready."""
        super().__init__([*command, *arguments], directory, env)
        self.address = address
        self._tls = tls
        try:
            until(self.is_ready, f"ready at {address}")
        except AssertionError:
            self.popen.kill()
            raise AssertionError(self.output.decode(errors="replace")) from None

    @property
    def host_port(self) -> tuple[str, int]:
        """Its address, where that is no Unix socket."""
        assert isinstance(self.address, tuple)
        return self.address

    def is_ready(self) -> bool:
        """Whether it says that it is ready."""
        assert self.popen.poll() is None, "it ended"
        with contextlib.suppress(OSError):
            return self.ask(target="/readyz").status == 200
        return False

    def ask(
        self,
        method: Text = "GET",
        target: Text = "/validate",
        headers: Sequence[tuple[Text, Text]] = (),
        body: bytes = b"",
        token: str | None = None,
    ) -> Answer:
        """Send one request over a connection of its own."""
        given = [] if token is None else [("Authorization", f"Bearer {token}")]
        return ask(self.address, method, target, [*given, *headers], body, self._tls)

    def metric(self, name: str) -> float | None:
        """The value of a metric, its labels as they are written; None where it is not there."""
        lines = self.ask(target="/metrics").body.decode().splitlines()
        values = [line.rpartition(" ")[2] for line in lines if line.startswith(name + " ")]
        return float(values[0]) if values else None

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Stop it; nothing that it wrote may have a traceback or a token in it."""
        status = super().stop(signum)
        assert b"Traceback" not in self.output
        assert b"panicked" not in self.output
        assert not _TOKEN.search(self.output), "a token was logged"
        return status
