"""The commands of docs/proxies/checklist.md, run with NGINX's recipe, print what the page says."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.processes import Process, Server, free_port, until
from tests.proxies.conftest import RunNginx, ServeConfig
from tests.proxies.proxy import missing
from tests.proxies.test_nginx import with_addresses
from tests.settings import token
from tests.wire import ask


class Page(NamedTuple):
    """The application that the page shows, and by line what its commands print."""

    application: str
    lines: dict[int, list[tuple[str, str]]]


def read() -> Page:
    """The page."""
    text = (Path(__file__).parents[2] / "docs" / "proxies" / "checklist.md").read_text()
    [application] = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    items = re.findall(r"^(\d+)\. .*?^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = {
        int(number): re.findall(r"^\$ (.*)\n((?:[^$].*\n)+)", block, re.MULTILINE)
        for number, block in items
    }
    return Page(application, lines)


PAGE = read()


class Running(NamedTuple):
    """What the commands need, and the service that the last one is without."""

    env: dict[str, str]
    auth: Server


@pytest.fixture(scope="module")
def running(
    run_nginx: RunNginx,
    recipes: Path,
    serve_config: ServeConfig,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Running]:
    """NGINX, jwtfast and the page's application."""
    if shutil.which("curl") is None:
        missing("curl is not installed: on Debian, apt install curl")
    directory, port = tmp_path_factory.mktemp("checklist"), free_port()
    (directory / "echo.py").write_text(PAGE.application)
    process = Process([sys.executable, str(directory / "echo.py"), str(port)], directory)
    auth = serve_config({})
    recipe = (recipes / "nginx" / "jwtfast.conf").read_text()
    nginx = run_nginx(with_addresses(recipe, "{}:{}".format(*auth.host_port), f"127.0.0.1:{port}"))
    assert isinstance(nginx, tuple)
    env = {"PROXY": "http://{}:{}".format(*nginx), "TOKEN": token(), "NO_PROXY": "*"}
    bearer = [("Authorization", f"Bearer {token()}")]
    until(lambda: ask(nginx, "GET", "/page", bearer).status == 200, "the application answers")
    yield Running(os.environ | env, auth)
    process.stop()


def test_there_are_twelve() -> None:
    """Twelve lines, each with a command."""
    assert list(PAGE.lines) == list(range(1, 13))
    assert all(PAGE.lines.values())


@pytest.mark.parametrize("number", PAGE.lines)
def test_a_line(running: Running, number: int) -> None:
    """Each command prints what the page says; the last one with jwtfast stopped."""
    if number == max(PAGE.lines):
        running.auth.stop()
    for command, printed in PAGE.lines[number]:
        done = subprocess.run(
            ["bash", "-c", command], env=running.env, capture_output=True, text=True, check=False
        )
        assert done.stdout.replace("\r", "").strip() == printed.strip(), command
