"""The results as text: tables to read, Markdown and JSON to keep."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benches.http.plan import LOAD_CORE, SERVER_CORE
from benches.knobs.measure import ALGORITHM, Row
from benches.knobs.plan import AGAIN, NOT_MEASURED, Level, Options, Settings
from benches.knobs.verdict import Beside, Verdict, beside, record
from benches.tables import Table, aligned, pipes

__all__ = ["RESULTS", "Found", "markdown", "method", "results", "text", "write"]

RESULTS: Final = Path(__file__).parents[1] / "results"


class Found:
    """All that was measured behind one door."""

    def __init__(self, has: Settings, rows: Sequence[Row], verdict: Verdict) -> None:
        """Nothing is measured together yet.

        Args:
            has: what `serve` has.
            rows: as it is, and with one setting changed at a time.
            verdict: what they say.
        """
        self.has = has
        self.rows = rows
        self.verdict = verdict
        self.together: Sequence[Row] = ()
        """As it is, and with all that was taken, in rounds of their own."""


def method(options: Options) -> dict[str, Any]:
    """How it was measured, in the words of the results."""
    return {
        "cores": f"one worker on core {SERVER_CORE}, the load generator on core {LOAD_CORE}",
        "tokens": f"one hot {ALGORITHM} token, a policy with one rule and one identity header",
        "server": "as `serve` starts it, with the named arguments of granian's server replaced; "
        "granian's own attributes are read back, and what it did not take does not count",
        "rounds": options.rounds,
        "seconds": options.seconds,
        "warm_up_seconds": options.warm_up,
        "order": "a server is started anew in every round, and the rounds take turns door by door",
        "figures": "answers a second and p99: medians of the rounds; +-: (max - min) / median",
        "ratio": "its rate over that of `serve` as it is in the same round: the median, and in "
        "brackets the lowest and the highest",
        "answers": "good and bad tokens around each turn, the status of every answer in it",
        "closed_loop": "wrk, one thread; a connection sends once it has its answer",
        "noise": f"how far `{AGAIN}` is from `serve` at most, and 2 % at least",
        "taken": "of each setting the value with the highest mean ratio over all loads, if that "
        "is above the noise, no load's ratio is below it, and the mean p99 not 1.2x as long",
    }


def _cells(found: Beside | None) -> list[str]:
    if found is None:
        return ["-", "-"]
    ratios = f"{min(found.ratios):.2f} to {max(found.ratios):.2f}"
    return [
        f"{found.rate:,.0f} +-{found.spread:.0%}, {found.p99 * 1e3:.1f} ms",
        f"{found.ratio:.2f}x ({ratios})",
    ]


def _table(rows: Sequence[Row], has: Settings) -> Table:
    base = rows[0]
    levels = list(dict.fromkeys(level for row in rows for level in row.rates))
    table = [["setting", "serve has", "tried", *_heads(levels)]]
    for row in rows:
        changes = row.variant.settings
        names = ", ".join(changes) or row.variant.name
        values = [", ".join(str(of[name]) for name in changes) or "-" for of in (has, changes)]
        found = beside(row, base)
        cells = [cell for level in levels for cell in _cells(found.get(level))]
        if row.problems:
            cells[:1] = ["WRONG"]
        table.append([names, *values, *cells])
    return table


def _heads(levels: Sequence[Level]) -> Iterator[str]:
    for level in levels:
        yield f"{level.name}: answers/s, p99"
        yield "ratio"


def _sentence(found: Found) -> str:
    verdict = found.verdict
    what = ", ".join(f"{name} {value}" for name, value in verdict.taken)
    if not what:
        return (
            f"Nothing is faster than what `serve` has by more than the noise, {verdict.noise:.1%}."
        )
    return f"Faster by more than the noise, {verdict.noise:.1%}: {what}."


def _parts(doors: Sequence[Found]) -> Iterator[tuple[str, str, Table]]:
    """Title, sentence and table of each part."""
    for found in doors:
        door = found.verdict.door
        yield f"{door}: one setting at a time", _sentence(found), _table(found.rows, found.has)
        if found.together:
            sentence = "All of them at once, in rounds of their own."
            yield f"{door}: together", sentence, _table(found.together, found.has)


def _problems(doors: Sequence[Found]) -> list[str]:
    return [
        f"{row.variant.door}, {row.variant.name}: {problem}"
        for found in doors
        for row in [*found.rows, *found.together]
        for problem in row.problems
    ]


def text(doors: Sequence[Found]) -> str:
    """The tables for a terminal."""
    lines: list[str] = []
    for title, sentence, table in _parts(doors):
        lines += ["", title, *aligned(table), sentence]
    wrong = _problems(doors)
    return "\n".join([*lines, *(["", "wrong", *wrong] if wrong else [])])


def results(about: Mapping[str, Any], doors: Sequence[Found]) -> dict[str, Any]:
    """All that is kept, as JSON has it."""
    return {
        **about,
        "doors": [
            {
                "door": found.verdict.door,
                "serve_has": found.has,
                "noise": found.verdict.noise,
                "taken": dict(found.verdict.taken),
                "rows": [record(row, found.rows[0]) for row in found.rows],
                "together": [record(row, found.together[0]) for row in found.together],
            }
            for found in doors
        ],
        "not_measured": NOT_MEASURED,
    }


def markdown(about: Mapping[str, Any], doors: Sequence[Found]) -> str:
    """The tables as a page, with machine, versions and method."""
    lines = ["# granian's settings", "", f"Made by `{about['command']}`.", ""]
    for title, sentence, table in _parts(doors):
        lines += [f"## {title}", "", sentence, "", *pipes(table), ""]
    if wrong := _problems(doors):
        lines += ["## wrong", "", *(f"- {problem}" for problem in wrong), ""]
    lines += ["## not measured", ""]
    lines += [f"- {name}: {why}" for name, why in NOT_MEASURED.items()]
    for title in ("machine", "versions", "method"):
        lines += ["", f"## {title}", ""]
        lines += [f"- {key.replace('_', ' ')}: {value}" for key, value in about[title].items()]
    return "\n".join([*lines, ""])


def write(about: Mapping[str, Any], doors: Sequence[Found], directory: Path) -> list[Path]:
    """Write `knobs.json` and `knobs.md`; their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    data, page = directory / "knobs.json", directory / "knobs.md"
    data.write_text(json.dumps(results(about, doors), indent=2) + "\n")
    page.write_text(markdown(about, doors))
    return [data, page]
