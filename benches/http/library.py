"""The library beside others, without HTTP: `benches/test_library.py` and what it left."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benches.http.load import LoadError, pinned
from benches.http.plan import LOAD_CORE

__all__ = ["measure", "read", "write"]

_BENCH: Final = Path(__file__).parents[1] / "test_library.py"
_FILE: Final = _BENCH.parent / "results" / "library.json"

Record = Mapping[str, Any]


def measure() -> Record:
    """Run it on one core, which writes its results; see `read`.

    Raises:
        LoadError: it failed.
    """
    command = [sys.executable, "-m", "pytest", str(_BENCH), "--quiet"]
    command += ["--benchmark-enable", "--benchmark-only", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        pinned(command, LOAD_CORE),
        capture_output=True,
        text=True,
        check=False,
        cwd=_BENCH.parents[1],
    )
    if ended.returncode:
        raise LoadError(f"the library's bench failed: {ended.stdout.strip()[-300:]}")
    return read()


def read() -> Record:
    """Seconds by algorithm and library, and `raw` those of the bare signature; empty where none."""
    content: Record = json.loads(_FILE.read_text()) if _FILE.is_file() else {}
    return content


def write(content: Record) -> Path:
    """Keep the medians of several runs, where each of them has left its own; the path."""
    _FILE.write_text(json.dumps(content, indent=2) + "\n")
    return _FILE
