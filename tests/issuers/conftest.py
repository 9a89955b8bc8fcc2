"""The world of the imitations, and services that ask it."""

from collections.abc import Iterator

import pytest

from tests.issuers.world import World, opened


@pytest.fixture(scope="session")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All hosts."""
    with opened(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest.fixture(scope="module")
def world(hosts: World) -> Iterator[World]:
    """All hosts, and this process asking them through their proxy, until the module ends."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("http_proxy", "all_proxy", "no_proxy"):
            environment.delenv(name, raising=False)
            environment.delenv(name.upper(), raising=False)
        for name in ("https_proxy", "HTTPS_PROXY"):
            environment.setenv(name, hosts.server.url(""))
        yield hosts
