"""What it was measured on: processor, kernel, versions, and who else was working."""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from benches.http.contenders import MissingError, program

__all__ = ["Busy", "about", "busy_share", "versions"]

_PACKAGES: Final = ("jwtfast", "granian", "uvloop", "uvicorn", "httptools", "PyJWT", "cryptography")
_PROGRAMS: Final = {
    "nginx": ["-v"],
    "envoy": ["--version"],
    "wrk": ["-v"],
}
_VERSION: Final = re.compile(r"\d+\.\d+(?:\.\d+)?")
_IDLE: Final = (3, 4)
"""Where in a line of /proc/stat the idle ticks and those of waiting for disks are."""


@dataclass
class Busy:
    """The share of a time that a core was at work, known once the time is over."""

    share: float = 0.0


def _ticks(core: str) -> tuple[int, int]:
    """Ticks at work, and all ticks, of a core since the machine started."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *numbers = line.split()
        if name == f"cpu{core}":
            ticks = [int(number) for number in numbers[:8]]
            return sum(ticks) - sum(ticks[index] for index in _IDLE), sum(ticks)
    return 0, 0


@contextmanager
def busy_share(core: str) -> Iterator[Busy]:
    """Watch a core until the end of the block."""
    found, begin = Busy(), _ticks(core)
    yield found
    at_work, total = (now - then for now, then in zip(_ticks(core), begin, strict=True))
    found.share = at_work / total if total else 0.0


def _processor() -> str:
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def about() -> dict[str, Any]:
    """The machine, and its load before anything was started."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _said(command: Sequence[str]) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    found = _VERSION.search(ended.stdout + ended.stderr)
    return found[0] if found else "unknown"


def versions() -> dict[str, str]:
    """Of everything that takes part; what is missing is not in it."""
    found = {"Python": sys.version.split()[0]}
    for package in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    for name, arguments in _PROGRAMS.items():
        with suppress(MissingError):
            found[name] = _said([program(name), *arguments])
    return found
