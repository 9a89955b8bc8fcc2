"""Servers that run for one turn: started on their cores, asked, stopped."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from benches.http.contenders import Command, Contender, MissingError, Site, nginx_config
from benches.http.load import pinned
from benches.http.tokens import HOT, bad_tokens, token, user
from tests.processes import Process, free_port, until
from tests.proxies.proxy import filled
from tests.wire import Answer, ask

__all__ = ["FailedError", "Target", "behind_nginx", "running", "wrong_answers"]

_START_S: Final = 30.0
_PROBES: Final = 3
_RECIPE: Final = Path(__file__).parents[2] / "server" / "deploy" / "nginx" / "jwtfast.conf"


class FailedError(Exception):
    """A server did not start, or ended; the text says why."""


@dataclass(frozen=True)
class Target:
    """A server that runs, and what may be expected of it."""

    contender: Contender
    algorithm: str
    host: str
    port: int
    target: str
    process: Process | None = None

    @property
    def url(self) -> str:
        """What the load generator is given."""
        return f"http://{self.host}:{self.port}{self.target}"

    def ask(self, given: str | None) -> Answer:
        """One request with a token, or without one."""
        headers = [] if given is None else [("Authorization", f"Bearer {given}")]
        return ask((self.host, self.port), "GET", self.target, headers)


@contextmanager
def _started(command: Command, site: Site, cores: str, what: str) -> Iterator[Process]:
    arguments, added = command
    environment: Mapping[str, str] = {**os.environ, **added}
    process = Process(pinned(arguments, cores), site.directory / "run", environment)
    try:
        try:
            until(lambda: _listens(process, site.port), f"{what} listens", _START_S)
        except AssertionError as error:
            said = process.output.decode(errors="replace").split("\n")
            last = next((line for line in reversed(said) if line.strip()), str(error))
            raise FailedError(f"{what} did not start: {last[:300]}") from None
        yield process
    finally:
        # Some end by the signal itself, so the status says nothing; `wait` kills what stays.
        process.stop()


def _listens(process: Process, port: int) -> bool:
    assert process.popen.poll() is None, "it ended"
    with contextlib.suppress(OSError):
        # A whole exchange, as granian listens before its worker answers; any status will do.
        ask(("127.0.0.1", port), "GET", "/validate")
        return True
    return False


@contextmanager
def running(contender: Contender, algorithm: str, cores: str, workers: int = 1) -> Iterator[Target]:
    """Run a contender on cores of its own until the end of the block.

    Raises:
        FailedError: it is not installed, did not start, or is not where it was said to be.
    """
    if contender.url is not None:
        parts = urlsplit(contender.url)
        host, port = parts.hostname or "127.0.0.1", parts.port or 80
        yield Target(contender, algorithm, host, port, contender.target)
        return
    assert contender.prepare is not None
    with tempfile.TemporaryDirectory(prefix="jwtfast-bench-") as name:
        site = Site(Path(name), free_port(), algorithm, workers)
        try:
            command = contender.prepare(site)
        except MissingError as error:
            raise FailedError(str(error)) from None
        with _started(command, site, cores, contender.name) as process:
            yield Target(contender, algorithm, "127.0.0.1", site.port, contender.target, process)


@contextmanager
def behind_nginx(auth: Target, cores: str) -> Iterator[Target]:
    """NGINX with our own recipe, asking a server for each request; the application is a file."""
    with tempfile.TemporaryDirectory(prefix="jwtfast-bench-") as name:
        site = Site(Path(name), free_port(), auth.algorithm)
        site.write("page", "page")
        places = {
            "listen 80;": f"listen {site.address} backlog=4096;",
            "server 127.0.0.1:8080;": f"server {auth.host}:{auth.port};",
            "http://jwtfast/validate": f"http://jwtfast{auth.target}",
            "proxy_pass http://$jwtfast_application;": f"root {name}; try_files /page =404;",
        }
        try:
            command = nginx_config(site, filled(_RECIPE.read_text(), places))
        except MissingError as error:
            raise FailedError(str(error)) from None
        with _started(command, site, cores, "nginx") as process:
            yield Target(auth.contender, auth.algorithm, "127.0.0.1", site.port, "/", process)


def wrong_answers(target: Target, *, through_proxy: bool = False) -> list[str]:
    """What a server answers otherwise than it must, each in a sentence; empty where all is right.

    A good token must pass, with its owner's name where the server tells it, and bad ones must not
    where it looks at them. Everything is asked more than once: a cache must not change an answer.
    """
    contender = target.contender
    found = []
    for _ in range(_PROBES):
        try:
            found += _wrong_pass(target, identity=contender.identity and not through_proxy)
            if contender.checks:
                found += _wrong_denials(target)
        except (OSError, AssertionError, ValueError, IndexError) as error:
            found.append(f"it gave no HTTP answer: {type(error).__name__} {error}")
        if found:
            break
    return found


def _wrong_pass(target: Target, *, identity: bool) -> list[str]:
    answer = target.ask(token(target.algorithm, HOT))
    if answer.status != 200:
        return [f"a good {target.algorithm} token got {answer.status}"]
    if identity and answer.all("x-user") != [user(HOT)]:
        return [f"a good token's owner was told as {answer.all('x-user')}"]
    return []


def _wrong_denials(target: Target) -> list[str]:
    return [
        f"{what} got {status}"
        for what, given in bad_tokens(target.algorithm).items()
        if (status := target.ask(given).status) not in {401, 403}
    ]
