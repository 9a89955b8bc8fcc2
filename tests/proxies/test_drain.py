"""Two services behind the real NGINX, restarted one after the other while clients ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.load import Case, Load
from tests.processes import Server, free_port
from tests.proxies.conftest import RunNginx
from tests.proxies.proxy import filled
from tests.proxies.test_nginx import with_addresses
from tests.proxies.test_rotation import APPLICATION
from tests.settings import standard, token, write
from tests.wire import Address

ROUNDS = 2
BETWEEN = 1000
CASES = [
    Case("good", 200, user="user-1", token=token()),
    Case("also good", 200, user="user-2", token=token(sub="user-2")),
    Case("no token", 401),
    Case("expired", 401, code="token_expired", token=token(exp=1)),
    Case("refused", 403, token=token(sub="mallory")),
]
PASSED = 'http_requests_total{status="200"}'


class Replica:
    """One of the services; it comes back at its own address."""

    def __init__(self, directory: Path) -> None:
        """Start it."""
        self.port = free_port()
        self._directory = directory
        self._starts = 0
        directory.mkdir()
        self._config = write(
            directory / "jwtfast.yaml", standard(listen=f"127.0.0.1:{self.port}", workers=1)
        )
        self.server = self.start()

    def start(self) -> Server:
        """Start it, again or for the first time."""
        self._starts += 1
        directory = self._directory / str(self._starts)
        arguments = ["serve", "--config", str(self._config)]
        self.server = Server(arguments, directory, ("127.0.0.1", self.port))
        return self.server


@pytest.fixture
def nginx(run_nginx: RunNginx, recipes: Path, replicas: list[Replica]) -> Address:
    """NGINX with the recipe and both services, as docs/proxies/nginx.md says."""
    recipe = (recipes / "nginx" / "jwtfast.conf").read_text()
    application = f"127.0.0.1:{free_port()}"
    both = "; server ".join(f"127.0.0.1:{one.port} max_fails=0" for one in replicas)
    listen = "listen 127.0.0.1:PORT;"
    echoing = {listen: f"{listen} add_header X-Request $http_x_request always;"}
    config = filled(with_addresses(recipe, both, application), echoing)
    return run_nginx(config + APPLICATION.replace("ADDRESS", application))


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[list[Replica]]:
    """Two services; whichever they are at the end, they end well."""
    both = [Replica(tmp_path / name) for name in ("first", "second")]
    yield both
    assert [replica.server.stop() for replica in both] == [0, 0]


def test_no_request_is_lost(nginx: Address, replicas: list[Replica], tmp_path: Path) -> None:
    """Whatever is under way while a service stops is answered by it, or by the other; rightly."""
    with Load(nginx, tmp_path / "load", CASES) as load:
        for _ in range(ROUNDS):
            for replica in replicas:
                load.await_answers(load.answered + BETWEEN)
                assert replica.server.metric(PASSED), "it was not asked"
                assert replica.server.stop() == 0
                load.await_answers(load.answered + BETWEEN)
                replica.start()
        answers = load.stop()
    assert answers.total >= ROUNDS * 4 * BETWEEN
    assert answers.passed > ROUNDS * BETWEEN
