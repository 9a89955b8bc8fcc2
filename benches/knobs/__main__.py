"""The command: `python -m benches.knobs [--quick] [--doors wsgi,asgi] [--knobs http,loop]`."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from benches.command import chosen_of, tell
from benches.http.machine import about, versions
from benches.http.servers import FailedError
from benches.knobs.measure import run, settings_of
from benches.knobs.plan import (
    CONNECTIONS,
    DOORS,
    KNOBS,
    QUICK,
    STANDARD_DOORS,
    Door,
    Options,
    Variant,
    variants,
)
from benches.knobs.report import RESULTS, Found, method, text, write
from benches.knobs.verdict import judged

PARTIAL: Final = Path(__file__).parents[2] / "target" / "bench-knobs"
"""Where the results of a quick or partial run go: those that are committed are of whole ones."""

_BUSY: Final = 0.5
_NAMES: Final = [knob.name for knob in KNOBS]
_LEVELS: Final = [str(connections) for connections in CONNECTIONS]
_COUNT: Final = click.IntRange(1)


def measured(options: Options) -> list[Found]:
    """Measure all doors: first one setting at a time, then the best of each together.

    Raises:
        FailedError: `serve` did not start.
    """
    has = {door: settings_of(door) for door in options.doors}
    planned = [one for door in options.doors for one in variants(door, has[door], options)]
    tell(f"{len(planned)} servers a round, one setting changed in each")
    rows = run(planned, options, tell)
    doors = []
    for door in options.doors:
        its = [row for row in rows if row.variant.door == door]
        doors.append(Found(has[door], its, judged(door, its)))
    both = [
        one
        for found in doors
        if found.verdict.together
        for one in (Variant(found.verdict.door), found.verdict.together)
    ]
    if both:
        tell("the best of each together")
        rows = run(both, options, tell)
        for found in doors:
            found.together = [row for row in rows if row.variant.door == found.verdict.door]
    return doors


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="64 connections, one round: within a minute.")
@click.option(
    "--doors",
    callback=chosen_of(DOORS),
    default=",".join(STANDARD_DOORS),
    show_default=True,
    help=f"Of {','.join(DOORS)}.",
)
@click.option("--knobs", callback=chosen_of(_NAMES), help=f"Of {','.join(_NAMES)}.")
@click.option("--connections", callback=chosen_of(_LEVELS), help=f"Of {','.join(_LEVELS)}.")
@click.option("--rounds", type=_COUNT, help="Default: 3, with --quick 1.")
@click.option("--seconds", type=_COUNT, help="Of each figure; default: 1.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Default: benches/results, for a part of it target/.",
)
def main(
    *,
    quick: bool,
    doors: Sequence[Door],
    knobs: list[str],
    connections: list[str],
    rounds: int | None,
    seconds: int | None,
    out: Path | None,
) -> None:
    """Measure what granian's settings are worth to `jwtfast serve`, behind each front door."""
    options = QUICK if quick else Options()
    whole = (
        not quick
        and set(doors) >= set(STANDARD_DOORS)
        and knobs == _NAMES
        and connections == _LEVELS
    )
    options = replace(
        options,
        doors=doors,
        knobs=knobs,
        connections=options.connections if quick else [int(one) for one in connections],
        rounds=rounds or options.rounds,
        seconds=seconds or options.seconds,
    )
    found: dict[str, Any] = {
        "command": " ".join(["python -m benches.knobs", *sys.argv[1:]]),
        "machine": about(),
        "versions": versions(),
        "method": method(options),
    }
    if found["machine"]["load_before"] > _BUSY:
        tell(f"others are working here: load {found['machine']['load_before']:.1f}")
    try:
        measured_doors = measured(options)
    except FailedError as error:
        raise click.ClickException(str(error)) from None
    print(text(measured_doors))
    for path in write(found, measured_doors, out or (RESULTS if whole else PARTIAL)):
        tell(f"written: {path}")
    if any(row.problems for door in measured_doors for row in [*door.rows, *door.together]):
        tell("some were wrong or did not run: see the table")


if __name__ == "__main__":
    main()
