"""The native module built for the profile: as it is released, but with its symbol names.

It is built from a copy of the tree and with a target folder of its own: cargo would give a module
that was built here to whoever builds next. The first build there takes some minutes.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

__all__ = ["COUNTS", "COUNTS_IN", "ROOT", "STORE", "FailedError", "built"]

ROOT: Final = Path(__file__).parents[2]
STORE: Final = ROOT / "target" / "profile"

COUNTS_IN: Final = "rust/core/src/gate.rs"
COUNTS: Final = "self.counters.count(decision.policy, decision.reason, took);"
"""The one place where a decision is counted."""

_DOES_NOT: Final = "let _ = (decision, took);"
_TREE: Final = STORE / "tree"
_TARGET: Final = STORE / "target"
_TOLD: Final = 2000


class FailedError(Exception):
    """The profile could not be made; the text says why."""


def built() -> tuple[Path, Path]:
    """Build the tree's native module, and once more so that it counts no decisions; their paths.

    Raises:
        FailedError: it does not build, or decisions are counted elsewhere now.
    """
    shutil.rmtree(_TREE, ignore_errors=True)
    # With the time of now: cargo takes a file older than its last build for unchanged.
    copy = shutil.copyfile
    shutil.copytree(ROOT / "rust", _TREE / "rust", copy_function=copy)
    for name in ("Cargo.toml", "Cargo.lock"):
        copy(ROOT / name, _TREE / name)
    path = _TREE / COUNTS_IN
    text = path.read_text()
    if text.count(COUNTS) != 1:
        raise FailedError(f"{COUNTS_IN} does not count decisions as {Path(__file__).name} says")
    counted = _built("counted.so")
    path.write_text(text.replace(COUNTS, _DOES_NOT))
    return counted, _built("uncounted.so")


def _built(name: str) -> Path:
    environment = {
        "CARGO_TARGET_DIR": str(_TARGET),
        "PYO3_PYTHON": sys.executable,
        "PYO3_BUILD_EXTENSION_MODULE": "1",
    }
    command = ["cargo", "build", "--release", "--locked", "--quiet", "--package", "jwtfast-python"]
    try:
        ended = subprocess.run(
            command,
            cwd=_TREE,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise FailedError("cargo is not installed: see README.md for what a build needs") from None
    if ended.returncode:
        raise FailedError(f"the native module does not build: {ended.stderr[-_TOLD:]}")
    module = STORE / name
    shutil.copyfile(_TARGET / "release" / "lib_core.so", module)
    return module
