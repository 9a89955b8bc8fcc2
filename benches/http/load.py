"""wrk on a core of its own: what is sent, and what came back."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["Load", "LoadError", "Measured", "Stream", "pinned"]

_SCRIPT: Final = Path(__file__).with_name("stream.lua")
_TIMEOUT: Final = "10s"
# Reading the tokens comes before the clock starts.
_START_S: Final = 60.0


class LoadError(Exception):
    """The load generator itself failed; the text says how."""


def pinned(command: Sequence[str], cores: str) -> list[str]:
    """The command, kept on the cores of a list like `0,1`."""
    return ["taskset", "--cpu-list", cores, *command]


@dataclass(frozen=True)
class Stream:
    """Which tokens are sent, and in which order."""

    tokens: Path
    """A file of tokens of one length, one a line; see `tokens.pool`."""
    count: int
    """How many of them."""
    first: int = 0
    """The number of the first of them in the file."""
    order: Path | None = None
    """Numbers below `count`; None for one after the other."""


@dataclass(frozen=True)
class Measured:
    """One run of one load."""

    requests: int
    seconds: float
    p50: float
    """Seconds."""
    p99: float
    """Seconds."""
    wrong: int = 0
    """Answers whose status was not 200."""
    other_status: int = 0
    """The highest status among them."""
    broken: int = 0
    """Connections that were refused or broke, and answers that did not come in time."""
    rounds: int = 0
    """How often the tokens were used up and sent again."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds

    def complaints(self, *, new_tokens: bool) -> list[str]:
        """Why this does not count, if it does not.

        Args:
            new_tokens: whether no token was to be sent twice.
        """
        found = []
        if not self.requests:
            found.append("no answer came")
        if self.wrong:
            found.append(f"{self.wrong} answers were not 200 but {self.other_status} or lower")
        if self.broken:
            found.append(f"{self.broken} connections broke or got no answer")
        if new_tokens and self.rounds:
            found.append("it was faster than there were new tokens: raise --new-tokens")
        return found


@dataclass(frozen=True)
class Load:
    """A closed loop: each connection sends as soon as it has its answer."""

    connections: int
    seconds: int
    """Whole ones, as wrk takes no others."""
    cores: str
    threads: int = 1
    keepalive: bool = True

    def run(self, url: str, stream: Stream) -> Measured:
        """Send a stream to a URL and count.

        Raises:
            LoadError: wrk is missing, or said something else than a result.
        """
        wrk = ["wrk", "--latency", "--timeout", _TIMEOUT, "--script", str(_SCRIPT)]
        wrk += ["--duration", f"{self.seconds}s"]
        wrk += ["--threads", str(self.threads), "--connections", str(self.connections), url, "--"]
        wrk += [str(stream.tokens), str(stream.first), str(stream.count)]
        wrk += [str(stream.order or "line"), "keep" if self.keepalive else "close"]
        command = pinned([*wrk, str(self.threads)], self.cores)
        limit = self.seconds + _START_S
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=limit)  # noqa: PLW1510 - told below
        except FileNotFoundError as error:
            raise LoadError(f"{error.filename} is not installed") from None
        except subprocess.TimeoutExpired:
            raise LoadError(f"wrk did not end within {limit:.0f} s") from None
        try:
            return _measured(json.loads(ended.stdout.strip().splitlines()[-1]))
        except (IndexError, KeyError, ValueError):
            said = (ended.stderr or ended.stdout).strip()[-300:]
            raise LoadError(f"wrk ended with {ended.returncode}: {said}") from None


def _measured(counted: dict[str, int]) -> Measured:
    return Measured(
        requests=counted["requests"],
        seconds=counted["microseconds"] / 1e6,
        p50=counted["p50_us"] / 1e6,
        p99=counted["p99_us"] / 1e6,
        wrong=counted["wrong"],
        other_status=counted["other_status"],
        broken=counted["broken"] + counted["timeouts"],
        rounds=counted["rounds"],
    )
