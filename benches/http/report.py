"""The results as text: a table to read, Markdown and JSON to keep."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from benches.http import floor
from benches.http.plan import GROUPS, Options
from benches.http.targets import Line
from benches.tables import Table, aligned, pipes

__all__ = ["RESULTS", "markdown", "method", "results", "text", "write"]

RESULTS: Final = Path(__file__).parents[1] / "results"

_REFERENCE: Final = "jwtfast wsgi"

Record = Mapping[str, Any]

_FLOOR: Final = "what is left of each answer: no service on granian is below its floor"
_LOAD: Final = ("contender", "algorithm", "connections")
_FIGURES: Final = (
    *("answers/s", "of jwtfast wsgi", "p50 ms", "p99 ms", "spread", "core busy"),
    "CPU us",
)


def method(options: Options) -> dict[str, Any]:
    """How it was measured, in the words of the results."""
    return {
        "cores": "the server on core 0, the load generator on core 1; `workers` shares its cores",
        "rounds": options.rounds,
        "seconds": options.seconds,
        "warm_up_seconds": options.warm_up,
        "figures": "medians over the rounds of a run, and then over the runs",
        "spread": "(max - min) / median over the runs; of one run alone over its rounds",
        "ratios": "taken within each run; the median over the runs (least to most) is judged",
        "order": "a server is started anew in every round, and the rounds take turns",
        "answers": "good and bad tokens around each turn, the status of every answer in it",
        "closed_loop": "wrk, one thread a core; a connection sends once it has its answer",
        "open_loop": "due times at a constant rate; latency from when a request was due",
        "envoy": "jwt_authn answers itself, without identity; its cache has room for 100,000",
        "jwtfast": "default settings, one policy with one rule and one identity header",
        "new_tokens": "sent once to a server, which is started anew before they run out",
        "library": "benches/test_library.py on core 1 in each whole run; raw: the last cargo bench",
        "busy": "the share of its time that the server's core was at work, with all its load",
        "cpu": "user and system time of the server's own processes over its answers; CPU us",
        "two_workers_beside_their_load": "answers a second; wrk takes its part of the same cores",
        "two_workers_by_cpu_seconds": "2 x CPU us with one worker / CPU us with two: what two "
        "cores would answer of what one would, had they nothing else to do",
        "floor": "1 / rate of bare granian wsgi, one hot token, and the bare signature in aws-lc",
    }


def results(found: Record, lines: Sequence[Line]) -> dict[str, Any]:
    """All that is kept, as JSON has it.

    Args:
        found: see `joined.joined`.
        lines: see `targets.judged`.
    """
    floors = floor.floors(found["rows"], found["library"])
    return {
        **found,
        "targets": [line.record() | {"verdict": line.verdict} for line in lines],
        "floors": [one.record() for one in floors],
    }


def _ratio(row: Record, rows: Sequence[Record]) -> str:
    """This rate over that of our default door under the same load."""
    keys = ("group", "algorithm", "tokens", "connections", "keepalive", "workers")
    for other in rows:
        if other["contender"] == _REFERENCE and all(other[key] == row[key] for key in keys):
            return f"{row['rate'] / other['rate']:.2f}x" if other["rate"] else "-"
    return "-"


def _line(row: Record, rows: Sequence[Record]) -> list[str]:
    name = row["contender"] + (f", {row['workers']} workers" if row["workers"] > 1 else "")
    load = [name, row["algorithm"], str(row["connections"])]
    if row["rate"] is None:
        return [*load, "WRONG", *["-"] * (len(_FIGURES) - 1)]
    busy = "-" if row["busy"] is None else f"{row['busy']:.0%}"
    cpu = "-" if row["cpu_us"] is None else f"{row['cpu_us']:.1f}"
    return [
        *load,
        f"{row['rate']:,.0f}",
        _ratio(row, rows),
        f"{row['p50'] * 1e3:.2f}",
        f"{row['p99'] * 1e3:.2f}",
        f"{row['spread']:.0%}",
        busy,
        cpu,
    ]


def _tables(rows: Sequence[Record]) -> Iterator[tuple[str, Table]]:
    for (group, tokens), members in groupby(rows, lambda row: (row["group"], row["tokens"])):
        title = f"{group}: {GROUPS[group]}"
        if group == "workers":
            title += f"; {tokens} tokens"
        yield title, [[*_LOAD, *_FIGURES], *(_line(row, rows) for row in members)]


def _problems(rows: Sequence[Record], memory: Record | None) -> list[str]:
    """What was wrong, each once."""
    found = [
        f"{row['contender']}, {row['algorithm']}: {problem}"
        for row in rows
        for problem in row["problems"]
    ]
    return list(dict.fromkeys([*found, *(memory["problems"] if memory else [])]))


def _target_table(lines: Sequence[Line]) -> Table:
    head = ["promise", "target", "measured", "ratio", "verdict"]
    rows = [[line.what, line.target, line.measured, line.shown, line.verdict] for line in lines]
    return [head, *rows]


def _floors(found: Record) -> Iterator[tuple[str, Table]]:
    if floors := floor.floors(found["rows"], found["library"]):
        yield _FLOOR, floor.table(floors)


def text(found: Record, lines: Sequence[Line]) -> str:
    """The tables for a terminal; of `joined.joined` or `results`."""
    parts = []
    tables = [*_tables(found["rows"]), *_floors(found), ("targets", _target_table(lines))]
    for title, table in tables:
        parts += ["", title, *aligned(table)]
    wrong = _problems(found["rows"], found["memory"])
    return "\n".join([*parts, *(["", "wrong", *wrong] if wrong else [])])


def markdown(found: Record, lines: Sequence[Line]) -> str:
    """The tables as a page, with machine, versions and method."""
    made = f"Made by `{found['command']}`"
    if len(found["runs"]) > 1:
        made += f": medians of {len(found['runs'])} runs"
    parts = ["# The HTTP comparison", "", f"{made}.", ""]
    for title, table in [("Targets", _target_table(lines)), *_floors(found)]:
        parts += [f"## {title}", "", *pipes(table), ""]
    for title, table in _tables(found["rows"]):
        parts += [f"## {title}", "", *pipes(table), ""]
    if wrong := _problems(found["rows"], found["memory"]):
        parts += ["## wrong", "", *(f"- {problem}" for problem in wrong), ""]
    for title in ("machine", "versions", "method"):
        parts += [f"## {title}", ""]
        parts += [f"- {key.replace('_', ' ')}: {value}" for key, value in found[title].items()]
        parts.append("")
    parts += ["## runs", ""]
    parts += [f"- {run['when']}, load before it {run['load_before']:.2f}" for run in found["runs"]]
    return "\n".join([*parts, ""])


def write(found: Record, lines: Sequence[Line], directory: Path) -> list[Path]:
    """Write `http.json` and `http.md`; their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    data, page = directory / "http.json", directory / "http.md"
    data.write_text(json.dumps(results(found, lines), indent=2) + "\n")
    page.write_text(markdown(found, lines))
    return [data, page]
