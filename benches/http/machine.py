"""What it was measured on: processor, kernel, versions, who worked there and for how long."""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from benches.http.contenders import MissingError, program

__all__ = ["Busy", "about", "busy_share", "cpu_seconds", "digest", "ticks_of", "tree", "versions"]

_PACKAGES: Final = ("jwtfast", "granian", "uvloop", "uvicorn", "httptools", "PyJWT", "cryptography")
_BUILT: Final = ("jwtfast", "jwtfast_server")
"""Their versions stay the same while they are worked on."""

_PROGRAMS: Final = {
    "nginx": ["-v"],
    "envoy": ["--version"],
    "wrk": ["-v"],
}
_VERSION: Final = re.compile(r"\d+\.\d+(?:\.\d+)?")
_IDLE: Final = (3, 4)
"""Where in a line of /proc/stat the idle ticks and those of waiting for disks are."""

_ROOT: Final = Path(__file__).parents[2]

_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_AT_WORK: Final = slice(11, 13)
"""Where in /proc/PID/stat, behind the name, the ticks in user and in system mode are."""


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


def tree(process: int) -> list[int]:
    """The ids of a process and of all below it; empty where it is gone."""
    try:
        children = [path.read_text() for path in Path(f"/proc/{process}/task").glob("*/children")]
    except OSError:
        # It ended, or a thread of it did, while it was looked at.
        children = []
    below = [one for text in children for child in text.split() for one in tree(int(child))]
    return [process, *below] if Path(f"/proc/{process}").exists() else []


def ticks_of(stat: str) -> int:
    """The ticks of all threads of a process, from what /proc/PID/stat says."""
    # A name may have spaces and brackets in it.
    fields = stat.rpartition(")")[2].split()
    return sum(int(field) for field in fields[_AT_WORK])


def cpu_seconds(process: int) -> float:
    """The CPU time that a process and all that live below it have used, to 10 ms each."""
    ticks = 0
    for one in tree(process):
        with suppress(OSError):
            ticks += ticks_of(Path(f"/proc/{one}/stat").read_text())
    return ticks / _TICKS_A_SECOND


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


def digest(folders: Iterable[Path]) -> str:
    """Twelve digits that change with any Python or native module in these folders."""
    found = sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".so"}:
                found.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
                found.update(path.read_bytes())
    return found.hexdigest()[:12]


def _profile_guided() -> bool:
    """Whether the native module is the one that `make native-pgo` left."""
    modules = list((_ROOT / "python" / "jwtfast").glob("_core*.so"))
    told = _ROOT / "target" / "profile-guided"
    known = told.read_text() if told.is_file() else ""
    return any(sha256(module.read_bytes()).hexdigest() in known for module in modules)


def versions() -> dict[str, str]:
    """Of everything that takes part, and of what we built; what is missing is not in it."""
    specs = [find_spec(name) for name in _BUILT]
    places = [place for spec in specs if spec for place in spec.submodule_search_locations or ()]
    build = digest(map(Path, places)) + (", profile-guided" if _profile_guided() else "")
    found = {"Python": sys.version.split()[0], "build": build}
    for package in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    for name, arguments in _PROGRAMS.items():
        with suppress(MissingError):
            found[name] = _said([program(name), *arguments])
    return found
