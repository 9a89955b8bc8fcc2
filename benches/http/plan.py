"""What is measured: groups of cells, each cell one line of the table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from benches.http.contenders import CACHE_TOKENS, OURS, STANDARD, Contender
from benches.http.supply import enough
from benches.http.tokens import ALGORITHMS

__all__ = [
    "GROUPS",
    "LOAD_CORE",
    "QUICK",
    "SERVER_CORE",
    "Cell",
    "Options",
    "Setup",
    "Tokens",
    "cells",
    "setups",
]

Tokens: TypeAlias = Literal["hot", "zipf", "new"]

SERVER_CORE: Final = "0"
LOAD_CORE: Final = "1"
CONNECTIONS: Final = (16, 64, 256)
_MIDDLE: Final = 64

GROUPS: Final = {
    "warm": "one hot token",
    "zipf": "100,000 tokens, the n-th most popular comes 1/n as often",
    "new": "every token new",
    "connections": "one hot token, every request over a new connection",
    "nginx": "one hot token, through NGINX with auth_request on the load generator's core",
    "openloop": "one hot token at a constant rate, half of what it can do",
    "workers": "one worker and its load on one core, two workers and theirs on two",
}
"""Each group of cells and what is special about it; the other things of a run have no cells."""


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    rounds: int = 2
    seconds: int = 2
    warm_up: int = 1
    algorithms: Sequence[str] = ALGORITHMS
    connections: Sequence[int] = CONNECTIONS
    groups: Sequence[str] = tuple(GROUPS)
    peers: Sequence[Contender] = ()
    new_tokens: int | None = None
    """How many tokens there are of each algorithm; None for as many as are enough."""

    def tokens(self, algorithm: str) -> int:
        """How many there are; what Zipf draws from is among them.

        A server of ours is started anew when it has seen them, a peer that runs already is not.
        """
        if self.new_tokens is not None:
            return self.new_tokens
        one = enough(algorithm, self.seconds)
        return CACHE_TOKENS + one * self.rounds if self.peers else one

    @property
    def main(self) -> str:
        """The algorithm that is measured in full."""
        return self.algorithms[0]


QUICK: Final = Options(rounds=1, seconds=1, algorithms=("ES256",), connections=(_MIDDLE,))
"""Enough to see that everything works; no figures to keep."""


@dataclass(frozen=True)
class Setup:
    """A server as it runs for one turn."""

    contender: Contender
    algorithm: str
    workers: int = 1
    cores: str = SERVER_CORE
    load_cores: str = LOAD_CORE
    behind_nginx: bool = False

    @property
    def load_threads(self) -> int:
        """One for each core of the load generator."""
        return len(self.load_cores.split(","))


@dataclass(frozen=True)
class Cell:
    """One line of the table."""

    group: str
    setup: Setup
    tokens: Tokens = "hot"
    connections: int = _MIDDLE
    keepalive: bool = field(default=True)
    constant_rate: bool = field(default=False)


def _named(*names: str) -> list[Contender]:
    found = {contender.name: contender for contender in STANDARD}
    return [found[name] for name in names]


_OURS: Final = _named("jwtfast wsgi")[0]
_CACHING: Final = _named("jwtfast wsgi", "jwtfast asgi", "envoy, cache")
_CHECKING: Final = _named("jwtfast wsgi", "jwtfast asgi", "envoy", "uvicorn, PyJWT")
_AUTH: Final = _named(
    *("jwtfast wsgi", "jwtfast asgi", "bare granian wsgi", "bare granian asgi"),
    *("envoy, cache", "uvicorn, PyJWT"),
)


def _warm(options: Options) -> Iterator[Cell]:
    for contender in (*STANDARD, *options.peers):
        for connections in options.connections:
            yield Cell("warm", Setup(contender, options.main), connections=connections)
    for algorithm in options.algorithms[1:]:
        for contender in (
            *_named("jwtfast wsgi", "envoy, cache", "uvicorn, PyJWT"),
            *options.peers,
        ):
            yield Cell("warm", Setup(contender, algorithm))


def _zipf(options: Options) -> Iterator[Cell]:
    for algorithm in options.algorithms:
        # Who remembers nothing has no other work than with new tokens.
        for contender in (*_CACHING, *options.peers):
            yield Cell("zipf", Setup(contender, algorithm), "zipf")


def _new(options: Options) -> Iterator[Cell]:
    for algorithm in options.algorithms:
        # The two that the targets speak of are measured in full.
        full = algorithm in {"RS256", "ES256"}
        for contender in (*_CHECKING, *options.peers):
            for connections in options.connections if full else (_MIDDLE,):
                yield Cell("new", Setup(contender, algorithm), "new", connections)


def _connections(options: Options) -> Iterator[Cell]:
    for contender in (*_AUTH, *_named("nginx return 200"), *options.peers):
        yield Cell("connections", Setup(contender, options.main), keepalive=False)


def _nginx(options: Options) -> Iterator[Cell]:
    for contender in (*_AUTH, *options.peers):
        yield Cell("nginx", Setup(contender, options.main, behind_nginx=True))


def _openloop(options: Options) -> Iterator[Cell]:
    for contender in (*OURS, *_named("envoy, cache", "envoy"), *options.peers):
        yield Cell("openloop", Setup(contender, options.main), constant_rate=True)


def _workers(options: Options) -> Iterator[Cell]:
    both = f"{SERVER_CORE},{LOAD_CORE}"
    one = Setup(_OURS, options.main, 1, SERVER_CORE, SERVER_CORE)
    two = Setup(_OURS, options.main, 2, both, both)
    tokens: Tokens
    for tokens in ("hot", "new"):
        for setup in (one, two):
            yield Cell("workers", setup, tokens)


_MAKERS: Final = {
    "warm": _warm,
    "zipf": _zipf,
    "new": _new,
    "connections": _connections,
    "nginx": _nginx,
    "openloop": _openloop,
    "workers": _workers,
}


def cells(options: Options) -> list[Cell]:
    """Everything that is to be measured, in the order of the table."""
    return [cell for name in _MAKERS if name in options.groups for cell in _MAKERS[name](options)]


def setups(planned: Sequence[Cell], number: int) -> list[tuple[Setup, list[Cell]]]:
    """One round: each server once, with all of its cells.

    Every round begins with another server and goes the other way round than the one before, so
    that a machine that gets slower or faster does so for all.
    """
    found: dict[Setup, list[Cell]] = {}
    for cell in planned:
        found.setdefault(cell.setup, []).append(cell)
    turns = list(found.items())
    begin = number * (len(turns) // 3 + 1) % len(turns) if turns else 0
    turns = turns[begin:] + turns[:begin]
    return turns[::-1] if number % 2 else turns
