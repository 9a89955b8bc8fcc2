"""The command: `python -m benches.profile [--out DIR]`."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import click

from benches.command import tell
from benches.http.machine import about, versions
from benches.profile.module import FailedError, built
from benches.profile.page import METHOD, RESULTS, counting, records, summary, write
from benches.profile.paths import DECIDE, PATHS
from benches.profile.runs import counted, valgrind
from benches.tables import aligned

_DIRECTORY: Final = click.Path(path_type=Path, file_okay=False)
_TAKING_PART: Final = ("Python", "jwtfast", "granian")


def _version(program: str) -> str:
    ended = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return ended.stdout.strip().removeprefix("valgrind-")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--out", type=_DIRECTORY, default=RESULTS, help="Default: benches/results.")
def main(out: Path) -> None:
    """Count the instructions of one request on each path, by what they are for.

    Needs valgrind. Takes about two minutes on one core; a busy machine does not change what is
    counted.
    """
    try:
        version = _version(valgrind())
        tell("the native module, and one that counts no decisions")
        module, uncounting = built()
        tell("all paths under callgrind")
        found = counted(module, PATHS)
        tell(f"{DECIDE.name} alone, without counting")
        uncounted = counted(uncounting, [DECIDE])[DECIDE.name]
    except FailedError as error:
        raise click.ClickException(str(error)) from None
    of = versions()
    told = {
        "command": " ".join(["python -m benches.profile", *sys.argv[1:]]),
        "machine": about(),
        "versions": {name: of[name] for name in _TAKING_PART} | {"valgrind": version},
        "method": METHOD,
        "metrics": counting(found[DECIDE.name], uncounted),
    }
    rows = records(found)
    print("\n".join(aligned(summary(rows))))
    for path in write(told, rows, out):
        tell(f"written: {path}")


if __name__ == "__main__":
    main()
