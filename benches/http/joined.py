"""Several runs as one result: of each figure the median over the runs."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final

from benches.http.rows import spread

__all__ = ["JoinError", "joined", "middle"]

_CELL: Final = (
    *("group", "contender", "role", "algorithm", "tokens", "connections", "keepalive"),
    "workers",
)
"""What makes a row the same one in every run."""

_FIGURES: Final = ("rate", "p50", "p99", "busy", "cpu_us", "generator_late_p99")
_SAME: Final = ("processor", "cores", "kernel", "python")

Record = Mapping[str, Any]


class JoinError(Exception):
    """These runs are not runs of the same thing; the text says why."""


def middle(values: Sequence[float | None]) -> float | None:
    """The median over the runs; None where one of them has nothing."""
    known = [value for value in values if value is not None]
    return median(known) if known and len(known) == len(values) else None


def joined(runs: Sequence[Record]) -> dict[str, Any]:
    """What is reported of runs, as `runs.measure` gives them; of one run what it has itself.

    Raises:
        JoinError: they differ in machine, versions, method or cells.
    """
    first = runs[0]
    for run in runs[1:]:
        _compare(first, run)
    of_run = [run["rows"] for run in runs]
    return {
        **{key: first[key] for key in ("command", "machine", "versions", "method")},
        "runs": [
            {"when": run["machine"]["when"], "load_before": run["machine"]["load_before"]}
            for run in runs
        ],
        "rows": [_row(its) for its in zip(*of_run, strict=True)],
        "memory": _memory([run["memory"] for run in runs]),
        "verdict": middle([run["verdict"] for run in runs]),
        "library": _library([run["library"] or {} for run in runs]),
    }


def _compare(first: Record, run: Record) -> None:
    for name in ("versions", "method"):
        if run[name] != first[name]:
            raise JoinError(f"the runs differ in {name}: {first[name]} and {run[name]}")
    machines = [{key: one["machine"][key] for key in _SAME} for one in (first, run)]
    if machines[0] != machines[1]:
        raise JoinError(f"the runs are of two machines: {machines[0]} and {machines[1]}")
    cells = [[[row[key] for key in _CELL] for row in one["rows"]] for one in (first, run)]
    if cells[0] != cells[1]:
        raise JoinError("the runs measured different cells")


def _row(its: Sequence[Record]) -> dict[str, Any]:
    """A row of every run: who was wrong in one of them has no figures."""
    if len(its) == 1:
        return dict(its[0])
    problems = list(dict.fromkeys(problem for row in its for problem in row["problems"]))
    rates = [row["rate"] for row in its]
    found = {name: None if problems else middle([row[name] for row in its]) for name in _FIGURES}
    return {
        **{key: its[0][key] for key in _CELL},
        **found,
        "spread": None if found["rate"] is None else spread(rates),
        "rates": rates,
        "problems": problems,
    }


def _memory(memories: Sequence[Record | None]) -> dict[str, Any] | None:
    known = [memory for memory in memories if memory is not None]
    if not known or len(known) < len(memories):
        return None
    figures = [name for name in known[0] if name != "problems"]
    problems = list(dict.fromkeys(problem for memory in known for problem in memory["problems"]))
    # Bytes and tokens stay whole.
    found = {name: int(median(memory[name] for memory in known)) for name in figures}
    return {**found, "problems": problems}


def _library(libraries: Sequence[Record]) -> dict[str, dict[str, float]]:
    """What all runs have."""
    return {
        algorithm: {
            name: median(one[algorithm][name] for one in libraries)
            for name in its
            if all(name in one.get(algorithm, {}) for one in libraries)
        }
        for algorithm, its in libraries[0].items()
    }
