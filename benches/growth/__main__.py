"""The command: `python -m benches.growth [--quick] [--only keys,routes] [--page]`."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from benches.command import chosen_of, tell
from benches.growth import cached, offline, page, popularity, series, workers
from benches.growth.measure import fresh, pinned, timed
from benches.growth.plots import draw
from benches.growth.report import curve, judged, method, text, write
from benches.growth.series import Group
from benches.http.machine import about, versions
from benches.http.report import RESULTS

CURVES: Final[Mapping[str, Group]] = {**series.GROUPS, **offline.GROUPS}
ALL: Final = (*CURVES, "cached", "full", "hits", "workers")
PARTIAL: Final = Path(__file__).parents[2] / "target" / "bench-growth"
"""Where the results of a quick or partial run go: those that are committed are of whole ones."""

ROUNDS: Final = 25
FEW_ROUNDS: Final = 7
CACHED: Final = tuple(10**power for power in range(7))
FEW_CACHED: Final = (1, 1000, 30_000)
FULL: Final = tuple(size << 20 for size in (16, 64, 256))
FEW_FULL: Final = (16 << 20,)
USERS: Final = (1000, 10_000, 100_000, 1_000_000)
FEW_USERS: Final = (1000, 30_000)


def curves(names: list[str], *, quick: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    """Time the groups of these names, one after the other, and what is in the cache."""
    found: dict[str, Any] = {}
    for name, group in CURVES.items():
        if name not in names:
            continue
        tell(f"{name}: {group.title}")
        with pinned():
            sizes = group.few if quick else group.sizes
            cases = [case for size in sizes for case in group.cases(size)]
            costs = timed(cases, min(FEW_ROUNDS, group.rounds) if quick else group.rounds)
            found[name] = curve(group.title, group.axis, costs, bound=group.bound)
    return found


def memory(names: list[str], *, quick: bool, tell: Callable[[str], None]) -> dict[str, Any]:
    """Time and weigh what is remembered."""
    found: dict[str, Any] = {}
    if "cached" in names:
        pairs = []
        for tokens in FEW_CACHED if quick else CACHED:
            tell(f"cached: {tokens:,} tokens")
            pairs.append(fresh(cached.find, tokens, FEW_ROUNDS if quick else ROUNDS))
        found["found"] = curve("cached tokens", "tokens", [its for its, _ in pairs])
        found["held"] = [asdict(held) for _, held in pairs]
    if "full" in names:
        for size in FEW_FULL if quick else FULL:
            tell(f"full: {size >> 20} MiB")
            found.setdefault("full", []).append(asdict(fresh(cached.full, size)))
    if "hits" in names:
        for users in FEW_USERS if quick else USERS:
            tell(f"hits: {users:,} users")
            hits = fresh(popularity.hit_rates, users, FEW_FULL if quick else FULL)
            found.setdefault("hits", []).extend(asdict(one) for one in hits)
    if "workers" in names:
        tell("workers: one and two")
        both = workers.measure(1 if quick else 5, 0.3 if quick else 1.0)
        found["workers"] = [asdict(one) for one in both]
    return found


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="Few sizes and rounds: within a minute.")
@click.option("--only", callback=chosen_of(ALL), metavar="NAMES", help=f"Of {','.join(ALL)}.")
@click.option("--page", "only_page", is_flag=True, help="Measure nothing, write docs/capacity.md.")
def main(*, quick: bool, only: list[str], only_page: bool) -> None:
    """Measure how the cost of a decision grows, without HTTP.

    A whole run writes benches/results/growth.json and growth.png, and from all results the marked
    parts of docs/capacity.md; a quick or partial one writes target/bench-growth/.
    """
    if not only_page:
        content = {
            "command": " ".join(["python -m benches.growth", *sys.argv[1:]]),
            "machine": about(),
            "versions": versions(),
            "method": method(FEW_ROUNDS if quick else ROUNDS),
            "curves": curves(only, quick=quick, tell=tell),
            **memory(only, quick=quick, tell=tell),
        }
        content["targets"] = [line.record() | {"verdict": line.verdict} for line in judged(content)]
        print(text(content))
        whole = not quick and set(only) == set(ALL)
        directory = RESULTS if whole else PARTIAL
        for path in [write(content, directory), draw(content, directory)]:
            tell(f"written: {path}")
        if not whole:
            return
    tell(f"written: {page.rewrite()}")


if __name__ == "__main__":
    main()
