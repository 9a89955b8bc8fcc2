"""`jwtfast serve`, but for some of granian's settings.

python -m benches.knobs.server '{"blocking_threads": 2}' serve --config jwtfast.yaml

Everything else is as `serve` has it: its application, its main process, its other settings. Before
the workers start, what granian then has goes to standard output, in a line for `told`.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from granian.constants import HTTPModes, Loops, RuntimeModes, TaskImpl

from benches.knobs.plan import Settings, Value
from jwtfast_server import cli, launch
from jwtfast_server.listen import Endpoint
from jwtfast_server.main_process import MainProcess
from jwtfast_server.reload import Reload

__all__ = ["TYPES", "changed", "told"]

TYPES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "backlog": int,
    "backpressure": int,
    "blocking_threads": int,
    "http": HTTPModes,
    "http1_settings.pipeline_flush": bool,
    "loop": Loops,
    "runtime_blocking_threads": int,
    "runtime_mode": RuntimeModes,
    "runtime_threads": int,
    "task_impl": TaskImpl,
}
"""The settings that can be changed, and what granian wants each as."""

_PREFIX: Final = b"granian has "


def changed(options: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The arguments of granian's server with some of them changed.

    Raises:
        KeyError: a setting is not in `TYPES`.
    """
    found = dict(options)
    for name, value in settings.items():
        typed = TYPES[name](value)
        group, dot, field = name.partition(".")
        found[group] = replace(found[group], **{field: typed}) if dot else typed
    return found


def told(output: bytes) -> Settings:
    """What a server has, from what it wrote; empty where it said nothing."""
    for line in output.splitlines():
        if line.startswith(_PREFIX):
            found: dict[str, Value] = json.loads(line.removeprefix(_PREFIX))
            return found
    return {}


class _Tuned(MainProcess):
    def __init__(
        self,
        settings: Settings,
        directory: Path,
        reload: Reload,
        listen: Endpoint,
        **options: Any,  # noqa: ANN401 - granian's own
    ) -> None:
        super().__init__(directory, reload, listen, **changed(options, settings))
        # By then granian has made up its mind about what was `auto`.
        self.on_startup(self._tell)

    def _tell(self) -> None:
        has = {name: attrgetter(name)(self) for name in TYPES}
        sys.stdout.buffer.write(_PREFIX + json.dumps(has).encode() + b"\n")
        sys.stdout.buffer.flush()


def main() -> None:
    """Serve with what the first argument changes; the others are those of `jwtfast`."""
    settings: Settings = json.loads(sys.argv[1])
    with patch.object(launch, "MainProcess", partial(_Tuned, settings)):
        cli.main(sys.argv[2:])


if __name__ == "__main__":
    main()
