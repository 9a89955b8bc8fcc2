"""Fixtures of the tests of remote key sets: a server, a clock, and sets that are closed."""

from collections.abc import Callable, Iterator
from typing import Unpack

import pytest

from jwtfast.jwks import Options, RemoteKeySet
from tests.clock import Clock
from tests.keyserver import KeyServer, jwks

Make = Callable[..., RemoteKeySet]


@pytest.fixture
def issuer() -> Iterator[KeyServer]:
    """A server with key `a` at /jwks."""
    with KeyServer({"/jwks": jwks("a")}) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    """A clock to move by hand."""
    return Clock()


@pytest.fixture
def remote(clock: Clock) -> Iterator[Make]:
    """Make remote key sets by the clock of the test: `remote(url, ...)`."""
    made: list[RemoteKeySet] = []

    def make(
        url: str,
        *,
        discover: bool = False,
        metadata_url: str | None = None,
        **options: Unpack[Options],
    ) -> RemoteKeySet:
        options.setdefault("clock", clock)
        if discover:
            keys = RemoteKeySet.discover(url, metadata_url=metadata_url, **options)
        else:
            keys = RemoteKeySet(url, **options)
        clock.wakes(keys)
        made.append(keys)
        return keys

    yield make
    for keys in made:
        keys.close()
