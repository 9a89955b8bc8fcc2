"""What runs under callgrind: some of the paths, with a mark behind each part of them.

    python -m benches.profile.counted NAME ...

A mark is the call of a C function that nothing else calls. Callgrind is told to write down what it
counted, and to begin anew, before each call of that function.
"""

import os
import sys
import tempfile
from collections.abc import Collection
from itertools import repeat
from pathlib import Path
from typing import Final

from benches.profile.paths import PATHS, Profiled, calls

__all__ = ["MARK", "parts"]

MARK: Final = "sched_get_priority_min"
"""The C function; `_mark` is Python's name for it."""

_WARM_UP: Final = 100
"""Requests after which the token is cached and the interpreter knows its way."""


def parts(path: Profiled) -> tuple[int, ...]:
    """The requests before each mark of a path: not counted, N, and 2 N."""
    return _WARM_UP, path.requests, 2 * path.requests


def _mark() -> None:
    os.sched_get_priority_min(os.SCHED_OTHER)


def main(names: Collection[str]) -> None:
    """Run the paths of these names, in the order of `PATHS`."""
    with tempfile.TemporaryDirectory(prefix="jwtfast-profile-") as name:
        made = calls(Path(name))
        # What is before the first part was only made ready.
        _mark()
        for path in (path for path in PATHS if path.name in names):
            call = made[path.name]
            for count in parts(path):
                for _ in repeat(None, count):
                    call()
                _mark()


if __name__ == "__main__":
    main(sys.argv[1:])
