"""The command: `python -m benches.http [--quick] [--runs 3] [--only warm,new] [--join DIR]`."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import click

from benches.command import chosen_of, tell
from benches.http import library, runs
from benches.http.contenders import CACHE_TOKENS, Contender, peer
from benches.http.joined import JoinError, joined
from benches.http.machine import about
from benches.http.plan import QUICK, Options
from benches.http.report import RESULTS, text, write
from benches.http.targets import judged
from benches.http.tokens import pool, write_keys

STORE: Final = Path(__file__).parents[2] / "target" / "bench-http"
PARTIAL: Final = STORE / "results"
"""Where the results of a quick or partial run go: those that are committed are of whole ones."""

_BUSY: Final = 0.5
_COUNT: Final = click.IntRange(CACHE_TOKENS)
_DIRECTORY: Final = click.Path(path_type=Path, file_okay=False)
_RUNS: Final = click.Path(path_type=Path, exists=True)


def _peers(_context: object, _parameter: object, values: Sequence[str]) -> list[Contender]:
    found = []
    for value in values:
        name, equals, url = value.partition("=")
        if not (name and equals and url.startswith("http://")):
            raise click.BadParameter(f"{value!r} is not NAME=http://HOST:PORT/PATH")
        found.append(peer(name, url))
    return found


def _keys(context: click.Context, _parameter: object, directory: Path | None) -> None:
    if directory is not None:
        print("\n".join(str(path) for path in write_keys(directory)))
        context.exit()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="ES256, 64 connections, one round: within 3 minutes.")
@click.option("--only", callback=chosen_of(runs.PARTS), help=f"Of {','.join(runs.PARTS)}.")
@click.option("--peer", "peers", multiple=True, callback=_peers, metavar="NAME=URL")
@click.option("--runs", "count", type=click.IntRange(1), default=1, help="How often; default: 1.")
@click.option("--join", multiple=True, type=_RUNS, help="Measure nothing: runs that were kept.")
@click.option("--rounds", type=click.IntRange(1), help="Of each run; default: 2, with --quick 1.")
@click.option("--seconds", type=click.IntRange(1), help="Of each figure; default: 2, quick 1.")
@click.option("--new-tokens", type=_COUNT, help="Of each algorithm; default: as many as it takes.")
@click.option("--out", type=_DIRECTORY, help="Default: benches/results, for a part of it target/.")
@click.option("--write-keys", type=_DIRECTORY, is_eager=True, expose_value=False, callback=_keys)
def main(
    *,
    quick: bool,
    only: list[str],
    peers: list[Contender],
    count: int,
    join: Sequence[Path],
    out: Path | None,
    **figures: int | None,
) -> None:
    """Compare jwtfast over HTTP with its ceiling, its limit and its peers.

    Each run is kept in target/bench-http/runs/ (or runs/ of --out) as soon as it is done; --join
    takes such files, or directories of them, and makes the results of them together.

    A peer of your own runs already, on core 0, and is given as NAME=URL. It is to be started anew
    before each run, as a token is new to it but once. --write-keys DIR writes the keys that it
    needs, and a good token for each algorithm, and does nothing else.
    """
    if peers and count > 1:
        raise click.UsageError("a --peer is started anew before each run: make one, then --join")
    if join:
        _report(runs.read(join), out)
        return
    options = QUICK if quick else Options()
    given: dict[str, Any] = {name: value for name, value in figures.items() if value is not None}
    # What the library takes is in the results of the last whole run.
    short = quick and set(only) == set(runs.PARTS)
    groups = [name for name in only if not (short and name == "library")]
    options = replace(options, groups=groups, peers=peers, **given)
    _report(_made(options, count, (out or STORE) / "runs"), out)


def _made(options: Options, count: int, directory: Path) -> list[runs.Record]:
    """Runs, each kept as soon as it is done."""
    machine = about()
    if machine["load_before"] > _BUSY:
        tell(f"others are working here: load {machine['load_before']:.1f}")
    for algorithm in options.algorithms:
        tell(f"tokens: {algorithm}, {options.tokens(algorithm):,}")
        pool(algorithm, options.tokens(algorithm))
    command = " ".join(["python -m benches.http", *sys.argv[1:]])
    found: list[runs.Record] = []
    for number in range(count):
        tell(f"run {number + 1} of {count}")
        found.append(runs.measure(options, command, machine, tell))
        tell(f"kept: {runs.keep(found[-1], directory)}")
        machine = about()
    return found


def _report(found: Sequence[runs.Record], out: Path | None) -> None:
    """Print and write the results of runs together."""
    if not found:
        raise click.UsageError("there is no run to --join")
    try:
        together, lines = joined(found), judged(found)
    except JoinError as error:
        raise click.ClickException(str(error)) from None
    print(text(together, lines))
    directory = out or (RESULTS if all(run["whole"] for run in found) else PARTIAL)
    paths = [*write(together, lines, directory), *_drawn(together["rows"], directory)]
    if directory == RESULTS:
        paths.append(library.write(together["library"]))
    for path in paths:
        tell(f"written: {path}")
    if any(row["rate"] is None for row in together["rows"]):
        tell("some were wrong or did not run: see the table")


def _drawn(rows: Sequence[runs.Record], directory: Path) -> list[Path]:
    """The plots; nothing else needs matplotlib, which the tests do without."""
    if find_spec("matplotlib") is None:
        tell("not drawn: matplotlib is not installed")
        return []
    paths: list[Path] = import_module("benches.http.plots").draw(rows, directory)
    return paths


if __name__ == "__main__":
    main()
