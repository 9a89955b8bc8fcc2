"""A real Redis or Valkey on loopback, started, hung, emptied and ended as a test says."""

import contextlib
import shutil
import signal
from pathlib import Path
from typing import Any, Final, Self, cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.processes import Process, free_port, until
from tests.proxies.proxy import found

__all__ = ["KEY", "SERVERS", "RedisServer"]

SERVERS: Final = [
    name for name in ("redis-server", "valkey-server") if shutil.which(name, path=None)
] or ["redis-server"]
"""Those that are installed; the one that must be, where neither is."""

KEY: Final = "jwtfast:revoked"


class RedisServer:
    """One server, on a port and on a Unix socket; it keeps nothing on disk."""

    def __init__(self, directory: Path, name: str, **options: str) -> None:
        """Prepare a server; `tls_port="1"` is its option `tls-port`."""
        self.port = free_port()
        self.socket = directory / "redis.sock"
        self.password = options.get("requirepass")
        self._directory = directory
        given = {"save": "", "bind": "127.0.0.1", "port": str(self.port)}
        given |= {"unixsocket": str(self.socket), "dir": str(directory)} | options
        self._command = [found(name, "install it, as `make proxies` does")]
        for option, value in given.items():
            self._command += [f"--{option.replace('_', '-')}", value]
        self._process: Process | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it is, without a password."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._process = Process(self._command, self._directory)
        until(self._answers, f"{self._command[0]} answers")

    def stop(self) -> None:
        """End it, hung or not."""
        if self._process is not None:
            self.resume()
            self._process.stop()
            self._process = None

    def hang(self) -> None:
        """Let it answer nothing more, while connections still stand and are still taken."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it answer again."""
        self._signal(signal.SIGCONT)

    def ask(self, *command: object) -> Any:  # noqa: ANN401 - whatever a command answers
        """Send one command, over a connection of its own; what it answers."""
        client = redis.Redis(
            port=self.port,
            password=self.password,
            socket_timeout=10,
            retry=Retry(NoBackoff(), 0),
            driver_info=None,
        )
        with client:
            return cast("Any", client).execute_command(*command)

    def calls(self, command: str) -> int:
        """How often a command was called since the start."""
        statistics: dict[str, dict[str, int]] = self.ask("INFO", "commandstats")
        return statistics.get(f"cmdstat_{command}", {"calls": 0})["calls"]

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.popen.send_signal(number)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.popen.poll() is None, self._process.output.decode()
        with contextlib.suppress(redis.ConnectionError):
            return bool(self.ask("PING"))
        return False
