"""A run: everything once. It is kept as it was measured, to be put together with others."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from benches.http import library, memory, verdict
from benches.http.load import LoadError
from benches.http.machine import versions
from benches.http.plan import GROUPS, Options, cells
from benches.http.report import method
from benches.http.rounds import Rounds
from benches.http.servers import FailedError
from benches.http.tokens import ALGORITHMS

__all__ = ["PARTS", "Record", "keep", "measure", "read"]

PARTS: Final = ("library", "verdict", *GROUPS, "memory")
"""What a whole run measures, by its names for `--only`."""

Record = Mapping[str, Any]
Tell = Callable[[str], None]
_T = TypeVar("_T")


def measure(options: Options, command: str, machine: Record, tell: Tell) -> dict[str, Any]:
    """Measure what the options ask for; what was not measured is None.

    Args:
        options: what, and how long.
        command: what was called, for the results.
        machine: see `machine.about`; taken before anything else was done.
        tell: is given a line now and then.
    """
    parts = options.groups
    found: dict[str, Any] = {
        "command": command,
        "machine": machine,
        "versions": versions(),
        "method": method(options),
        "whole": set(parts) == set(PARTS) and set(options.algorithms) == set(ALGORITHMS),
        "library": library.read(),
    }
    if "library" in parts:
        tell("library: one verification, beside other libraries")
        found["library"] = _tried(library.measure, tell)
    found["verdict"] = None
    if "verdict" in parts:
        tell("verdict: a decision without HTTP")
        found["verdict"] = _tried(lambda: verdict.measure(options.main), tell)
    found["rows"] = []
    planned = cells(options)
    rounds = Rounds(options, tell)
    for group, what in GROUPS.items():
        its = [cell for cell in planned if cell.group == group]
        if its:
            tell(f"{group}: {what}")
            found["rows"] += [row.record() for row in rounds.rows(its)]
    found["memory"] = None
    if "memory" in parts:
        tell("memory: 100,000 tokens")
        found["memory"] = _tried(lambda: memory.measure().record(), tell)
    return found


def _tried(measured: Callable[[], _T], tell: Tell) -> _T | None:
    try:
        return measured()
    except (FailedError, LoadError) as error:
        tell(f"  {error}")
        return None


def keep(run: Record, directory: Path) -> Path:
    """Write a run to a file of its own, named by when it began; its path."""
    directory.mkdir(parents=True, exist_ok=True)
    name = run["machine"]["when"].partition("+")[0].replace("-", "").replace(":", "")
    path = directory / f"{name}.json"
    path.write_text(json.dumps(run, indent=1) + "\n")
    return path


def read(paths: Sequence[Path]) -> list[Record]:
    """Runs that were kept: those of the files, and of all files of the directories, by time."""
    files = [
        file
        for path in paths
        for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])
    ]
    runs: list[Record] = [json.loads(file.read_text()) for file in files]
    return sorted(runs, key=lambda run: str(run["machine"]["when"]))
