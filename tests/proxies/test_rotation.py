"""The keys of a real OpenID provider change while clients ask through the real NGINX.

SOAK_REQUESTS says how many requests each test sends at least.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any, Final

import pytest

from tests.forge import decode, encode, json_bytes
from tests.load import Case, Load
from tests.processes import Server, free_port, until
from tests.provider import Provider, claim
from tests.proxies.conftest import RunNginx
from tests.proxies.proxy import filled
from tests.proxies.test_nginx import with_addresses
from tests.settings import standard, write
from tests.wire import Address

REQUESTS: Final = int(os.environ.get("SOAK_REQUESTS", "10000"))
LEAST_ROTATIONS: Final = 2
BETWEEN_STEPS: Final = 500
LONGEST: Final = 180 + REQUESTS / 100

APPLICATION: Final = """
server {
    listen ADDRESS;
    location / {
        add_header X-Seen-User $http_x_user;
        return 200;
    }
}
"""


@dataclass(frozen=True)
class Generation:
    """Keys of the provider, and tokens that they signed."""

    kids: tuple[str, str]
    good: list[Case]
    bad: list[Case]

    @property
    def removed(self) -> list[Case]:
        """What was good, once the keys are removed."""
        return [
            Case(f"removed, {case.name}", 401, code="unknown_key", token=case.token)
            for case in self.good
        ]


def kids(number: int) -> tuple[str, str]:
    """The names of a generation's keys; the provider begins with the first."""
    return f"es-{number}", f"rs-{number}"


def issued(provider: Provider, service: Server, number: int) -> Generation:
    """Get tokens of the keys that sign now, good ones and bad ones of every kind."""
    tokens = [provider.access_token(algorithm) for algorithm in ("ES256", "RS256") * 10]
    expired = provider.access_token(ttl=1)
    until(lambda: service.ask(token=expired).status == 401, "expired")
    header, claims, signature = tokens[0].split(".")
    bad = [
        ("token_expired", expired),
        ("wrong_audience", provider.access_token(audience="other.example")),
        ("wrong_token_type", provider.id_token()),
        ("invalid_signature", f"{header}.{changed(claims, sub='root')}.{signature}"),
        ("invalid_signature", f"{header}.{claims}.{tokens[2].split('.')[2]}"),
        ("unknown_key", f"{changed(header, kid='nobody')}.{claims}.{signature}"),
    ]
    return Generation(
        kids(number),
        [
            Case(f"good {number}", 200, user=str(claim(token, "jti")), token=token)
            for token in tokens
        ],
        [
            Case("no token", 401),
            *(Case(f"{code} {number}", 401, code=code, token=token) for code, token in bad),
        ],
    )


def changed(part: str, **members: str) -> str:
    """A header or claims with other members."""
    return encode(json_bytes(json.loads(decode(part)) | members))


def await_refresh(service: Server) -> None:
    """Wait until every worker decides by keys that it asked for after this moment.

    The age is that of the worker with the oldest keys. The first that come may have been asked for
    before; the second were not; and when the third came, a worker decides by the second.
    """
    for _ in range(3):
        until(partial(came_after, service, monotonic()), "fresh keys everywhere")


def came_after(service: Server, moment: float) -> bool:
    """Whether the keys of every worker came after a moment."""
    age = service.metric('jwtfast_keys_age_seconds{issuer="corp"}')
    return age is not None and monotonic() - age > moment


def rotate(load: Load, provider: Provider, service: Server, old: Generation) -> Generation:
    """Take every step that a provider takes from one generation of keys to the next."""
    number = int(old.kids[0].removeprefix("es-")) + 1
    provider.rotate(*old.kids, *kids(number))
    await_refresh(service)
    provider.rotate(*kids(number), *old.kids)
    new = issued(provider, service, number)
    for sent in (old.good + old.bad + new.good, new.good + new.bad):
        load.send(sent)
        load.await_answers(load.answered + BETWEEN_STEPS)
    provider.rotate(*kids(number))
    await_refresh(service)
    load.send(new.good + new.bad + old.removed)
    load.await_answers(load.answered + BETWEEN_STEPS)
    return new


def reloaded(service: Server, result: str = "success") -> float:
    """How often the configuration was reloaded."""
    return service.metric(f'jwtfast_config_reloads_total{{result="{result}"}}') or 0


def reload(service: Server, path: Path, config: dict[str, Any]) -> None:
    """Change the configuration, and wait until it is served."""
    count = reloaded(service)
    write(path, config)
    service.popen.send_signal(signal.SIGHUP)
    until(lambda: reloaded(service) == count + 1, "reloaded")
    realm = f'Bearer realm="{config["realm"]}"'
    until(lambda: service.ask().get("www-authenticate") == realm, "the other realm")


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    """The provider with the keys of the first generation."""
    with Provider(tmp_path / "provider") as provider:
        yield provider


@pytest.fixture
def config(provider: Provider) -> dict[str, Any]:
    """Two workers that ask the provider for its keys every second."""
    return standard(
        listen=f"127.0.0.1:{free_port()}",
        workers=2,
        realm="api",
        reload={"watch": False},
        **provider.trusted(),
    )


@pytest.fixture
def path(tmp_path: Path, config: dict[str, Any]) -> Path:
    """The file of the configuration."""
    return write(tmp_path / "jwtfast.yaml", config)


@pytest.fixture
def service(config: dict[str, Any], path: Path, tmp_path: Path) -> Iterator[Server]:
    """The service."""
    host, _, port = config["listen"].partition(":")
    service = Server(["serve", "--config", str(path)], tmp_path / "service", (host, int(port)))
    yield service
    assert service.stop() == 0


@pytest.fixture
def nginx(run_nginx: RunNginx, recipes: Path, service: Server) -> Address:
    """NGINX with the recipe, which echoes a request's number; the application is its own."""
    recipe = (recipes / "nginx" / "jwtfast.conf").read_text()
    application = f"127.0.0.1:{free_port()}"
    config = with_addresses(recipe, "{}:{}".format(*service.host_port), application)
    listen = "listen 127.0.0.1:PORT;"
    echoing = filled(config, {listen: f"{listen} add_header X-Request $http_x_request always;"})
    return run_nginx(echoing + APPLICATION.replace("ADDRESS", application))


@pytest.fixture
def generation(provider: Provider, service: Server) -> Generation:
    """The tokens of the provider's first keys."""
    return issued(provider, service, 1)


@pytest.fixture
def load(nginx: Address, generation: Generation, tmp_path: Path) -> Iterator[Load]:
    """Clients that ask with them, good and bad."""
    with Load(nginx, tmp_path / "load", generation.good + generation.bad) as load:
        load.await_answers(BETWEEN_STEPS)
        yield load


def rotated(load: Load, provider: Provider, service: Server, generation: Generation) -> str:
    """Rotate until there were enough requests; the figures, of which none is of a wrong answer."""
    rotations = 0
    while rotations < LEAST_ROTATIONS or load.answered < REQUESTS:
        generation = rotate(load, provider, service, generation)
        rotations += 1
    answers = load.stop()
    return (
        f"{answers.total} answers, {answers.passed} of them 200, none wrong; {rotations} rotations"
    )


@pytest.mark.timeout(LONGEST)
def test_rotation(load: Load, provider: Provider, service: Server, generation: Generation) -> None:
    """Every good token passes and no bad one, at every moment of several rotations."""
    sys.stdout.write(f"{rotated(load, provider, service, generation)}\n")


@pytest.mark.timeout(LONGEST)
def test_reload(
    load: Load,
    provider: Provider,
    service: Server,
    generation: Generation,
    path: Path,
    config: dict[str, Any],
) -> None:
    """The same while the configuration changes every second, and with it who fetches the keys."""
    other = config | {"realm": "other"} | provider.trusted(max_stale="1h")
    rotating = Event()

    def reloads() -> int:
        count = 0
        while not rotating.wait(1):
            reload(service, path, other if count % 2 == 0 else config)
            count += 1
        return count

    with ThreadPoolExecutor(1) as pool:
        counted = pool.submit(reloads)
        try:
            figures = rotated(load, provider, service, generation)
        finally:
            rotating.set()
    assert (reloaded(service), reloaded(service, "failure")) == (counted.result(), 0)
    sys.stdout.write(f"{figures}; {counted.result()} reloads\n")
