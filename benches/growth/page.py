"""The marked parts of docs/capacity.md, from `benches/results/`.

`python -m benches.growth --page` writes them. What was not measured yet says so.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from benches.growth.breaks import breaks
from benches.growth.pods import CORES_A_POD, USED, Rates, mixed, pods, rates, scaling
from benches.growth.report import all_curves, duration
from benches.http.report import RESULTS
from benches.tables import pipes

__all__ = ["FILE", "PARTS", "read", "rewrite", "with_parts"]

FILE: Final = Path(__file__).parents[2] / "docs" / "capacity.md"
MILLION: Final = 1_000_000

_MARKED: Final = re.compile(r"(<!-- ([a-z]+), by [^>]* -->\n).*?(<!-- end -->\n)", re.DOTALL)
_MISSING: Final = "Not measured yet: `{}` does."
_HTTP: Final = "make bench-http"
_GROWTH: Final = "make bench-growth"
_MEBIBYTE: Final = 1 << 20

Record = Mapping[str, Any]
Lines = Iterator[str]


def read(name: str, directory: Path = RESULTS) -> Record:
    """What a bench left; nothing where it never ran."""
    path = directory / f"{name}.json"
    content: Record = json.loads(path.read_text()) if path.is_file() else {}
    return content


def rewrite() -> Path:
    """Write today's figures into the page; its path."""
    FILE.write_text(with_parts(FILE.read_text(), read("growth"), read("http")))
    return FILE


def with_parts(page: str, growth: Record, http: Record) -> str:
    """The page with what these results say between its marks.

    Raises:
        KeyError: a mark names no part.
    """

    def part(found: re.Match[str]) -> str:
        text = "\n".join(PARTS[found[2]](growth, http))
        return f"{found[1]}\n{text}\n\n{found[3]}"

    return _MARKED.sub(part, page)


def _origin(growth: Record, http: Record) -> Lines:
    for found, command in ((growth, _GROWTH), (http, _HTTP)):
        if found:
            machine = found["machine"]
            yield (
                f"- `{found['command']}` on {machine['when'][:10]}: {machine['processor']}, "
                f"{machine['cores']} cores, Linux {machine['kernel']}, Python "
                f"{machine['python']}, load before it {machine['load_before']:.1f}"
            )
        else:
            yield f"- {_MISSING.format(command)}"


def _each(found: list[Rates], wanted: str) -> list[str]:
    values = [getattr(one, wanted) for one in found]
    return [f"{value:,.0f}" if value else "-" for value in values]


def _rates(_growth: Record, http: Record) -> Lines:
    """A core's answers a second."""
    found = rates(http.get("rows", ()))
    if not found:
        yield _MISSING.format(_HTTP)
        return
    table = [["tokens", *(one.algorithm for one in found)]]
    table.append(["one hot token", *_each(found, "hot")])
    table.append(["100,000 users, Zipf, default cache", *_each(found, "zipf")])
    for hit_rate in (0.9, 0.5):
        values = [one.at(hit_rate) for one in found]
        cells = [f"{value:,.0f}" if value else "-" for value in values]
        table.append([f"{hit_rate:.0%} remembered, by the formula", *cells])
    table.append(["every token new", *_each(found, "new")])
    yield from pipes(table)


def _pods(_growth: Record, http: Record) -> Lines:
    """Cores and pods for a million a second."""
    rows = http.get("rows", ())
    found = rates(rows)
    if not found:
        yield _MISSING.format(_HTTP)
        return
    beside = scaling(rows)
    its = 1.0 if beside is None else beside
    if beside is None:
        yield "Scaling was not measured yet and is taken as 1.\n"
    else:
        yield f"A worker beside another one gives {its:.2f} of what it gives alone: `scaling`.\n"
    head = ["algorithm", "tokens", "a core, at most", "cores at 100 %"]
    table = [[*head, *(f"pods of {CORES_A_POD} cores at {used:.0%}" for used in USED)]]
    for one in found:
        for name, a_core in (("hot", one.hot), ("Zipf", one.zipf), ("all new", one.new)):
            if a_core:
                counts = [pods(MILLION, a_core, used, scaling=its) for used in USED]
                cores = pods(MILLION, a_core, 1, cores=1, scaling=its)
                cells = [f"{a_core:,.0f}", f"{cores:,}", *(f"{count:,}" for count in counts)]
                table.append([one.algorithm, name, *cells])
    yield from pipes(table)


def _hits(growth: Record, _http: Record) -> Lines:
    """Hit rates by users and size."""
    found = growth.get("hits")
    if not found:
        yield _MISSING.format(_GROWTH)
        return
    sizes = sorted({one["max_bytes"] for one in found})
    table = [["users", "popularity", *(f"{size // _MEBIBYTE} MiB" for size in sizes)]]
    for users, popularity in dict.fromkeys((one["users"], one["popularity"]) for one in found):
        its = {
            one["max_bytes"]: one["hit_rate"]
            for one in found
            if (one["users"], one["popularity"]) == (users, popularity)
        }
        table.append([f"{users:,}", popularity, *(f"{its[size]:.1%}" for size in sizes)])
    yield from pipes(table)


def _memory(growth: Record, http: Record) -> Lines:
    """Bytes of tokens, of full caches and of a worker."""
    if not growth.get("held") or not growth.get("full"):
        yield _MISSING.format(_GROWTH)
        return
    table = [["tokens in the cache", "each, as the cache counts", "each, resident", "together"]]
    for one in growth["held"]:
        if one["tokens"] >= 1000:
            each = [f"{one[name] / one['tokens']:,.0f} bytes" for name in ("counted", "resident")]
            together = f"{one['resident'] / _MEBIBYTE:,.1f} MiB"
            table.append([f"{one['tokens']:,}", *each, together])
    yield f"With tokens of {growth['held'][0]['token_bytes']} bytes:\n"
    yield from pipes(table)
    table = [["`cache.max_bytes`", "tokens that stay", "the process grows by", "of the limit"]]
    for one in growth["full"]:
        limit, grown = (one[name] / _MEBIBYTE for name in ("max_bytes", "resident"))
        table.append(
            [f"{limit:.0f} MiB", f"{one['kept']:,}", f"{grown:.1f} MiB", f"{grown / limit:.2f}"]
        )
    yield ""
    yield from pipes(table)
    if memory := http.get("memory"):
        yield (
            f"\nA worker without a cache takes {memory['without'] / _MEBIBYTE:,.0f} MiB; with "
            f"{memory['tokens']:,} tokens of {memory['token_bytes']} bytes in a roomy cache "
            f"{memory['roomy'] / _MEBIBYTE:,.0f} MiB."
        )


def _growth(growth: Record, _http: Record) -> Lines:
    """Every curve, from its least to its most."""
    if not growth:
        yield _MISSING.format(_GROWTH)
        return
    table = [["what grows", "curve", "from", "to", "each more", "at most logarithmic"]]
    for group in all_curves(growth):
        for name, its in group["series"].items():
            ends = [f"{duration(its['nanoseconds'][end])} at {its['n'][end]:,}" for end in (0, -1)]
            more = duration(its["each_more"]) if its["each_more"] >= 0.01 else "-"
            holds = "yes" if its["at_most_logarithmic"] else "no"
            table.append([group["title"], name, *ends, more, holds])
    yield from pipes(table)
    if found := growth.get("workers"):
        told = [f"{one['two'] / one['one']:.2f} ({one['kind']})" for one in found]
        yield ""
        yield f"Two processes on two cores decide so many times as often as one: {', '.join(told)}."


def _example(_growth: Record, http: Record) -> Lines:
    """The formula with figures."""
    known = [one for one in rates(http.get("rows", ())) if one.hot and one.new]
    if not known:
        yield _MISSING.format(_HTTP)
        return
    one = next((found for found in known if found.algorithm == "ES256"), known[0])
    hot, new = one.hot or 0.0, one.new or 0.0
    a_core = mixed(hot, new, 0.9)
    its = scaling(http["rows"]) or 1.0
    count = pods(MILLION, a_core, USED[1], scaling=its)
    yield (
        f"With {one.algorithm} and nine of ten tokens remembered: 1 / (0.9 / {hot:,.0f} + 0.1 / "
        f"{new:,.0f}) = {a_core:,.0f} a second and core, and 1,000,000 / ({CORES_A_POD} x "
        f"{a_core:,.0f} x {USED[1]} x {its:.2f}) = {count} pods of {CORES_A_POD} cores."
    )


PARTS: Final[Mapping[str, Callable[[Record, Record], Lines]]] = {
    "origin": _origin,
    "rates": _rates,
    "pods": _pods,
    "example": _example,
    "hits": _hits,
    "memory": _memory,
    "growth": _growth,
    "breaks": breaks,
}
"""What is written between each mark, by its name."""
