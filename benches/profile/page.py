"""The profile as JSON to keep and as a page to read."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benches.profile.callgrind import Costs
from benches.profile.groups import SIGNATURE, group, grouped
from benches.profile.paths import DECIDE, PATHS, Profiled
from benches.tables import Table, pipes

__all__ = ["METHOD", "RESULTS", "counting", "markdown", "records", "summary", "write"]

RESULTS: Final = Path(__file__).parents[1] / "results"

METHOD: Final = {
    "counted": "instructions, by callgrind (Valgrind), in one process: 2 N requests less N, over "
    "N; they are the same on a busy machine, and no time is measured",
    "module": "built with the settings of the release, its symbol names kept",
    "groups": "by the function that an instruction is in. Link-time optimisation inlines much: "
    "what was inlined counts for the function that it went into. granian's module has no names",
    "metrics": "a second build in which a decision is not counted, all else alike: metrics cannot "
    "be switched off. The time of a decision is taken in both: a log wants it too. Three of the "
    "instructions are atomic additions, which take as long as some twenty others each",
    "signature": "valgrind's processor has no ADX, SHA or AVX-512 instructions, which AWS-LC uses "
    "where there are any: the signature takes fewer instructions outside. An ES256 signature is "
    "another one in every run, and takes a little more or less",
    "clock": "reading it is a system call under valgrind, and the kernel's part of it is not "
    "counted; outside it is some 20 to 50 ns in the vDSO",
    "doors": "called with what granian puts around them, their answers taken by stand-ins: "
    "neither HTTP nor the event loop is in it",
    "scopes": "those of ASGI and RSGI are granian's own objects, from one real request; a WSGI "
    "environ is written as granian writes it, with the variables of a nearly empty environment",
    "settings": "one issuer, one rule, one identity header, and a token in one header, as in the "
    "HTTP comparison",
}

_LARGEST: Final = 12
_KEPT: Final = 60
_NAME: Final = 90

Record = Mapping[str, Any]


def records(found: Mapping[str, Costs]) -> Sequence[Record]:
    """Of each path: its total, its groups, and its largest functions, in instructions."""
    return [_record(path, found[path.name]) for path in PATHS]


def _record(path: Profiled, costs: Costs) -> Record:
    largest = sorted(costs.items(), key=lambda item: -item[1])[:_KEPT]
    return {
        "name": path.name,
        "title": path.title,
        "baseline": path.baseline,
        "decides": path.decides,
        "instructions": round(sum(costs.values())),
        "groups": {name: round(cost) for name, cost in grouped(costs).items()},
        "functions": [
            {
                "instructions": round(cost),
                "group": group(function),
                "object": function.object,
                "name": function.name,
            }
            for function, cost in largest
        ],
    }


def _baseline(record: Record, rows: Sequence[Record]) -> Record | None:
    return next((row for row in rows if row["name"] == record["baseline"]), None)


def summary(rows: Sequence[Record]) -> Table:
    """A line for each path that is compared: total, baseline, and what most of the rest is."""
    table = [["path", "instructions", "baseline", "above it", "most of it"]]
    for record in rows:
        if (baseline := _baseline(record, rows)) is None:
            continue
        rest = _above(record, baseline)
        most = sorted(rest.items(), key=lambda item: -item[1])[:3]
        table.append(
            [
                record["name"],
                f"{record['instructions']:,}",
                f"{baseline['instructions']:,}",
                f"{record['instructions'] - baseline['instructions']:,}",
                ", ".join(f"{name} {cost:,}" for name, cost in most),
            ]
        )
    return table


def _above(record: Record, baseline: Record) -> dict[str, int]:
    """By group, the instructions above those of the baseline."""
    own, theirs = record["groups"], baseline["groups"]
    return {name: cost - theirs.get(name, 0) for name, cost in own.items()}


def _group_table(record: Record, baseline: Record) -> Table:
    rest = _above(record, baseline)
    table = [["group", "instructions", "share", "baseline", "above it"]]
    for name, cost in sorted(record["groups"].items(), key=lambda item: -item[1]):
        share = cost / record["instructions"]
        theirs = baseline["groups"].get(name, 0)
        table.append([name, f"{cost:,}", f"{share:.1%}", f"{theirs:,}", f"{rest[name]:,}"])
    return table


def _function_table(record: Record) -> Table:
    table = [["function", "group", "instructions"]]
    for function in record["functions"][:_LARGEST]:
        name = f"`{function['name'][:_NAME]}`"
        table.append([name, function["group"], f"{function['instructions']:,}"])
    return table


def counting(counted: Costs, uncounted: Costs) -> Record:
    """What counting takes of `DECIDE`, from the profile and from one of a build without it."""
    total, without = round(sum(counted.values())), round(sum(uncounted.values()))
    return {"instructions": total, "without": without, "counting": total - without}


def _counting(found: Record, rows: Sequence[Record]) -> Iterator[str]:
    yield (
        f"`{DECIDE.name}` takes {found['instructions']:,} instructions, and "
        f"{found['without']:,} in a build in which a decision is not counted: "
        f"counting is {found['counting']:,}. The share of that in each path:"
    )
    yield ""
    table = [["path", "instructions", "share"]]
    for row in rows:
        if row["decides"]:
            total = row["instructions"]
            table.append([row["name"], f"{total:,}", f"{found['counting'] / total:.2%}"])
    yield from pipes(table)


def _signatures(rows: Sequence[Record]) -> Table:
    table = [["path", "instructions", "signature", "its share", "all else"]]
    for row in rows:
        if cost := row["groups"].get(SIGNATURE):
            total = row["instructions"]
            cells = [f"{total:,}", f"{cost:,}", f"{cost / total:.1%}", f"{total - cost:,}"]
            table.append([row["name"], *cells])
    return table


def markdown(about: Record, rows: Sequence[Record]) -> str:
    """The page."""
    parts = ["# Where the instructions go", "", f"Made by `{about['command']}`.", ""]
    parts += [*pipes(summary(rows)), ""]
    parts += ["## New tokens: the signature's share", "", *pipes(_signatures(rows)), ""]
    parts += ["## What metrics cost", "", *_counting(about["metrics"], rows), ""]
    for record in rows:
        if baseline := _baseline(record, rows):
            parts += [f"## {record['name']}: {record['title']}", ""]
            parts += [f"The baseline is {baseline['title']}.", ""]
            parts += [*pipes(_group_table(record, baseline)), ""]
            parts += [*pipes(_function_table(record)), ""]
    for title in ("machine", "versions", "method"):
        parts += [f"## {title}", ""]
        parts += [f"- {key.replace('_', ' ')}: {value}" for key, value in about[title].items()]
        parts.append("")
    return "\n".join(parts)


def write(about: Record, rows: Sequence[Record], directory: Path) -> Sequence[Path]:
    """Write `profile.json` and `profile.md`; their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    data, page = directory / "profile.json", directory / "profile.md"
    data.write_text(json.dumps({**about, "paths": rows}, indent=2) + "\n")
    page.write_text(markdown(about, rows))
    return [data, page]
