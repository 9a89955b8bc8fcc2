"""The paths run under callgrind, with a native module that has its symbol names."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from benches.http.contenders import MissingError, program
from benches.profile.callgrind import Costs, difference, parsed
from benches.profile.counted import MARK, parts
from benches.profile.groups import OURS
from benches.profile.module import ROOT, STORE, FailedError
from benches.profile.paths import Profiled

__all__ = ["counted", "valgrind"]

_TIMEOUT: Final = 1200
_TOLD: Final = 2000


def valgrind() -> str:
    """The path of valgrind.

    Raises:
        FailedError: it is not installed.
    """
    try:
        return program("valgrind")
    except MissingError as error:
        raise FailedError(f"{error}: on Debian, apt install valgrind") from None


def _installed(module: Path) -> Path:
    """A folder for Python's path: the library of the tree with this native module."""
    library = ROOT / "python" / "jwtfast"
    package = STORE / "library" / "jwtfast"
    shutil.rmtree(package, ignore_errors=True)
    package.mkdir(parents=True)
    for path in library.iterdir():
        if path.suffix != ".so":
            (package / path.name).symlink_to(path)
    # Not a link: callgrind would name what it points to.
    shutil.copy2(module, package / f"{OURS}so")
    return package.parent


def counted(module: Path, paths: Sequence[Profiled]) -> Mapping[str, Costs]:
    """What one request of each of these paths takes, by the path's name.

    Args:
        module: the native module, with its symbol names.
        paths: those that are run.

    Raises:
        FailedError: a path is broken, or the module has no symbol names.
    """
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, (_installed(module), ROOT, ROOT / "server"))),
        # The same tables with the same collisions in every run.
        "PYTHONHASHSEED": "0",
    }
    with tempfile.TemporaryDirectory(prefix="jwtfast-callgrind-") as name:
        out = Path(name) / "out"
        command = [valgrind(), "--tool=callgrind", f"--callgrind-out-file={out}"]
        command += [f"--dump-before={MARK}", "--compress-strings=no", "--compress-pos=no"]
        command += [sys.executable, "-m", "benches.profile.counted"]
        command += [path.name for path in paths]
        ended = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True,
            timeout=_TIMEOUT, check=False,
        )  # fmt: skip
        if ended.returncode:
            raise FailedError(f"the paths do not run: {ended.stderr[-_TOLD:]}")
        return dict(_read(out, paths))


def _read(out: Path, paths: Sequence[Profiled]) -> Iterator[tuple[str, Costs]]:
    """The dumps in their order: one of what made ready, then those of each path."""
    number = 1
    for path in paths:
        number += len(parts(path))
        once, twice = (_costs(out, number - 1), _costs(out, number))
        yield path.name, difference(twice, once, path.requests)


def _costs(out: Path, number: int) -> Costs:
    with out.with_name(f"{out.name}.{number}").open(errors="replace") as lines:
        found = parsed(lines)
    ours = [function.name for function in found if function.object.startswith(OURS)]
    if ours and not any("::" in name for name in ours):
        raise FailedError("the native module has no symbol names")
    return found
