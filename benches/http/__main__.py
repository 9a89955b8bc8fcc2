"""The command: `python -m benches.http [--quick] [--only warm,new] [--peer NAME=URL]`."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from benches.command import chosen_of, tell
from benches.http import memory, verdict
from benches.http.contenders import CACHE_TOKENS, Contender, peer
from benches.http.load import LoadError
from benches.http.machine import about, versions
from benches.http.plan import GROUPS, QUICK, Options, cells
from benches.http.plots import draw
from benches.http.report import RESULTS, method, results, text, write
from benches.http.rounds import run
from benches.http.servers import FailedError
from benches.http.targets import judged, read_library
from benches.http.tokens import pool, write_keys

ALL: Final = ("verdict", *GROUPS, "memory")
PARTIAL: Final = Path(__file__).parents[2] / "target" / "bench-http" / "results"
"""Where the results of a quick or partial run go: those that are committed are of whole ones."""

_BUSY: Final = 0.5
_COUNT: Final = click.IntRange(CACHE_TOKENS)
_DIRECTORY: Final = click.Path(path_type=Path, file_okay=False)


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
@click.option("--only", callback=chosen_of(ALL), metavar="NAMES", help=f"Of {','.join(ALL)}.")
@click.option("--peer", "peers", multiple=True, callback=_peers, metavar="NAME=URL")
@click.option("--rounds", type=click.IntRange(1), help="Default: 3, with --quick 1.")
@click.option("--seconds", type=click.IntRange(1), help="Of each figure; default: 2, quick 1.")
@click.option("--new-tokens", type=_COUNT, help="How many; default: 150000, quick 100000.")
@click.option("--out", type=_DIRECTORY, help="Default: benches/results, for a part of it target/.")
@click.option("--write-keys", type=_DIRECTORY, is_eager=True, expose_value=False, callback=_keys)
def main(
    *,
    quick: bool,
    only: list[str],
    peers: list[Contender],
    rounds: int | None,
    seconds: int | None,
    new_tokens: int | None,
    out: Path | None,
) -> None:
    """Compare jwtfast over HTTP with its ceiling, its limit and its peers.

    A peer of your own runs already, on core 0, and is given as NAME=URL. --write-keys DIR writes
    the keys that it needs, and a good token for each algorithm, and does nothing else.
    """
    options = QUICK if quick else Options()
    options = replace(
        options,
        groups=only,
        peers=peers,
        rounds=rounds or options.rounds,
        seconds=seconds or options.seconds,
        new_tokens=new_tokens or options.new_tokens,
    )
    found: dict[str, Any] = {
        "command": " ".join(["python -m benches.http", *sys.argv[1:]]),
        "machine": about(),
        "versions": versions(),
        "method": method(options),
    }
    if found["machine"]["load_before"] > _BUSY:
        tell(f"others are working here: load {found['machine']['load_before']:.1f}")
    for algorithm in options.algorithms:
        tell(f"tokens: {algorithm}")
        pool(algorithm, options.new_tokens)
    rows = []
    planned = cells(options)
    for group in GROUPS:
        its = [cell for cell in planned if cell.group == group]
        if its:
            tell(f"{group}: {GROUPS[group]}")
            rows += [row.record() for row in run(its, options, tell)]
    remembered = _memory() if "memory" in only else None
    lines = judged(
        rows, remembered, _verdict(options) if "verdict" in only else None, read_library()
    )
    print(text(rows, remembered, lines))
    content = results(found, rows, remembered, lines)
    directory = out or (PARTIAL if quick or set(only) != set(ALL) else RESULTS)
    for path in [*write(content, lines, directory), *draw(rows, directory)]:
        tell(f"written: {path}")
    if any(row["rate"] is None for row in rows):
        tell("some were wrong or did not run: see the table")


def _memory() -> dict[str, Any] | None:
    tell("memory: 100,000 tokens")
    try:
        return memory.measure().record()
    except (FailedError, LoadError) as error:
        tell(f"  {error}")
        return None


def _verdict(options: Options) -> float | None:
    tell("verdict: a decision without HTTP")
    try:
        return verdict.measure(options.main)
    except LoadError as error:
        tell(f"  {error}")
        return None


if __name__ == "__main__":
    main()
