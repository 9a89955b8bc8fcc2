"""What the commands of the benchmarks share: progress on stderr, and the choice of what to run."""

import sys
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

import click

__all__ = ["chosen_of", "tell"]

_BEGIN: Final = monotonic()


def tell(line: str) -> None:
    """Print a line with the seconds since the start."""
    print(f"[{monotonic() - _BEGIN:6.1f} s] {line}", file=sys.stderr, flush=True)


def chosen_of(
    known: Sequence[str],
) -> Callable[[click.Context, click.Parameter, str | None], list[str]]:
    """A click callback: the names of an option such as `a,b`, all where it is not given."""

    def callback(
        _context: click.Context, _parameter: click.Parameter, value: str | None
    ) -> list[str]:
        chosen = list(known) if value is None else value.split(",")
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise click.BadParameter(f"{', '.join(unknown)}: expected {', '.join(known)}")
        return chosen

    return callback
