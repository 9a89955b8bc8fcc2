"""The results: what is kept, what is promised of them, and a table to read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benches.growth.fit import at_most_logarithmic, slope
from benches.growth.measure import Timed
from benches.http.targets import Line
from benches.tables import aligned

__all__ = ["OVER_LIMIT", "all_curves", "curve", "duration", "judged", "method", "text", "write"]

OVER_LIMIT: Final = 1.1
"""How far a process may grow beyond `cache.max_bytes`."""

Record = Mapping[str, Any]


def method(rounds: int) -> dict[str, Any]:
    """How it was measured, in the words of the results."""
    return {
        "where": "in one process on core 0, by the library's own Gate, without HTTP",
        "answers": "every answer is compared with the expected one before its case is timed",
        "rounds": rounds,
        "figures": "medians over rounds that go through all cases of a plot in turns",
        "growth": "judged by the fastest rounds, to which others on the machine added least",
        "includes": "the call from Python, and about 20 ns for the loop around it",
        "logarithmic": "at the largest n at most a quarter of the cost is above a + b log2 n",
        "memory": "in a new process; resident bytes beyond those before the first token",
    }


def curve(title: str, axis: str, found: Sequence[Timed], *, bound: bool = False) -> dict[str, Any]:
    """What the results keep of a plot; `bound` where no curve may be worse than logarithmic."""
    names = dict.fromkeys(one.series for one in found)
    return {
        "title": title,
        "axis": axis,
        "bound": bound,
        "series": {name: _series([one for one in found if one.series == name]) for name in names},
    }


def _series(found: Sequence[Timed]) -> dict[str, Any]:
    points = [(one.n, one.least) for one in found]
    return {
        "n": [one.n for one in found],
        "nanoseconds": [round(one.nanoseconds, 1) for one in found],
        "least": [round(one.least, 1) for one in found],
        "spread": [round(one.spread, 3) for one in found],
        "each_more": round(slope(points), 3),
        "at_most_logarithmic": at_most_logarithmic(points),
    }


def all_curves(content: Record) -> Iterator[Record]:
    """Those of the groups, and that of the cached tokens."""
    yield from content["curves"].values()
    if "found" in content:
        yield content["found"]


def judged(content: Record) -> list[Line]:
    """What is promised about growth, each beside what was measured."""
    lines = []
    for group in content["curves"].values():
        for name, its in group["series"].items() if group["bound"] else ():
            low, high = its["nanoseconds"][0], its["nanoseconds"][-1]
            what = f"{group['title']}: {name}, {its['n'][0]:,} to {its['n'][-1]:,}"
            measured = f"{duration(low)} to {duration(high)}"
            holds = its["at_most_logarithmic"]
            lines.append(Line(what, "at most logarithmic", measured, high / low, holds))
    for one in content.get("full", ()):
        ratio = one["resident"] / one["max_bytes"]
        what = f"growth of a process with a full cache of {one['max_bytes'] >> 20} MiB"
        measured = f"{one['resident'] / 2**20:.1f} MiB"
        lines.append(Line(what, f"<= {OVER_LIMIT:g}x", measured, ratio, ratio <= OVER_LIMIT))
    return lines


def duration(nanoseconds: float) -> str:
    """With three digits, in the unit that fits."""
    for unit, factor in (("ns", 1), ("us", 1e3), ("ms", 1e6)):
        if nanoseconds < 999.5 * factor:
            return f"{nanoseconds / factor:.3g} {unit}"
    return f"{nanoseconds / 1e9:.3g} s"


def text(content: Record) -> str:
    """The tables for a terminal."""
    parts = []
    for group in all_curves(content):
        table = [[group["axis"], "from", "to", "least", "most", "each more", "logarithmic"]]
        for name, its in group["series"].items():
            low, high = its["nanoseconds"][0], its["nanoseconds"][-1]
            more = duration(its["each_more"]) if its["each_more"] >= 0.01 else "-"
            holds = "yes" if its["at_most_logarithmic"] else "no"
            ends = [f"{its['n'][0]:,}", f"{its['n'][-1]:,}", duration(low), duration(high)]
            table.append([name, *ends, more, holds])
        parts += ["", group["title"], *aligned(table)]
    for name in ("held", "full", "hits", "workers"):
        if rows := content.get(name):
            cells = [
                [f"{cell:.6g}" if isinstance(cell, float) else str(cell) for cell in row.values()]
                for row in rows
            ]
            parts += ["", name, *aligned([list(rows[0]), *cells])]
    table = [["promise", "target", "measured", "ratio", "verdict"]]
    for line in judged(content):
        table.append([line.what, line.target, line.measured, f"{line.ratio:.2f}", line.verdict])
    return "\n".join([*parts, "", "targets", *aligned(table)])


def write(content: Record, directory: Path) -> Path:
    """Write `growth.json`; its path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "growth.json"
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path
