"""What several tests of the server start from."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from jwtfast import Gate
from jwtfast_server import launch
from jwtfast_server.config import Settings, load
from tests.conftest import Serve
from tests.processes import Server
from tests.redisserver import SERVERS, RedisServer
from tests.settings import standard, write

DOORS = ("asgi", "rsgi", "wsgi")


@pytest.fixture(scope="session", params=DOORS)
def service(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """The standard service, once behind each front door."""
    return serve(interface=request.param)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The standard settings."""
    return load(write(tmp_path / "jwtfast.yaml", standard()), env={})


@pytest.fixture
def gate(settings: Settings) -> Gate:
    """A gate of these settings."""
    return Gate(settings.gate_settings(), settings.key_sets())


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """What was served, instead of serving it; serving ends with status 7."""
    settings: list[Settings] = []

    def serve(given: Settings, _load: object) -> int:
        settings.append(given)
        return 7

    monkeypatch.setattr(launch, "serve", serve)
    return settings


@pytest.fixture(params=SERVERS)
def redis(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    """An empty Redis; an empty Valkey too, where it is installed."""
    with RedisServer(tmp_path / "redis", request.param) as server:
        yield server


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process open more files than a shell allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
