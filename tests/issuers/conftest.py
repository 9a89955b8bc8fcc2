"""The world of the imitations, and services that ask it."""

from collections.abc import Iterator

import pytest

from tests.issuers.world import World, opened


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All hosts, and this process asking them through their proxy."""
    with (
        opened(tmp_path_factory.mktemp("world")) as world,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name in ("http_proxy", "all_proxy", "no_proxy"):
            environment.delenv(name, raising=False)
            environment.delenv(name.upper(), raising=False)
        for name in ("https_proxy", "HTTPS_PROXY"):
            environment.setenv(name, world.server.url(""))
        yield world
