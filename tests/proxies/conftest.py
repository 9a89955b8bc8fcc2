"""Real proxies in front of a real service and a small upstream."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Serve
from tests.processes import Process, Server, free_port
from tests.proxies.echo import Echo, echo
from tests.proxies.php import PHP, php
from tests.proxies.proxy import Behind, Start, found, started
from tests.wire import Address

__all__ = ["COMPOSED", "CONFIG", "FORWARDED", "RunNginx", "ServeConfig", "StartNginx"]

pytest.register_assert_rewrite(
    "tests.proxies.contract",
    "tests.proxies.every",
    "tests.proxies.every_alias",
    "tests.proxies.every_byte",
    "tests.proxies.every_edge",
    "tests.proxies.every_preflight",
    "tests.proxies.every_route",
    "tests.proxies.every_sweep",
    "tests.proxies.every_tunnel",
    "tests.proxies.places",
)

CONFIG = Path(__file__).with_name("jwtfast.yaml")
FORWARDED = {
    "JWTFAST_ORIGINAL_REQUEST__URI_HEADER": "X-Forwarded-Uri",
    "JWTFAST_ORIGINAL_REQUEST__HOST_HEADER": "X-Forwarded-Host",
}
"""What the same file needs behind Traefik, which tells the request by headers of its own."""
COMPOSED = {
    "JWTFAST_ORIGINAL_REQUEST": "{uri_header: X-Original-URL, "
    "confirm_header: X-Auth-Request-Redirect, trusted_proxies: [127.0.0.1]}"
}
"""What it needs behind ingress-nginx, which tells host and URI in one URL."""

ServeConfig = Callable[[Mapping[str, str]], Server]
"""Starts the service with the file of all proxies and with variables."""
RunNginx = Callable[[str], Address]
"""Starts NGINX with what is inside `http { }`; `PORT` in it becomes the port to ask."""
StartNginx = Callable[[str], AbstractContextManager[Address]]
"""The same, but it is stopped at the end of the block."""

_MAIN = """
daemon off;
master_process off;
error_log stderr warn;
pid nginx.pid;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {http}
}}
"""


@pytest.fixture(scope="session")
def nginx_binary() -> str:
    """The real NGINX."""
    return found("nginx", "on Debian, apt install nginx-light")


@pytest.fixture(scope="session")
def start() -> Iterator[Start]:
    """Start proxies; they are stopped at the end, and must not have crashed."""
    processes: list[Process] = []

    def run(
        command: Sequence[str], directory: Path, port: int, env: Mapping[str, str] | None = None
    ) -> Address:
        processes.append(started(command, directory, port, env))
        return "127.0.0.1", port

    yield run
    # HAProxy cleans up and then ends by the signal itself.
    assert {process.stop() for process in processes} <= {0, -signal.SIGTERM}


@pytest.fixture(scope="module")
def proxy(behind: Behind, auth: Server) -> Address:
    """The proxy of a test module, in front of the service and the application."""
    return behind("{}:{}".format(*auth.host_port))


@pytest.fixture(scope="module")
def multiplexed(behind: Behind, auth: Server) -> Address:
    """The proxy, taking HTTP/2 by prior knowledge, as it would over TLS."""
    return behind("{}:{}".format(*auth.host_port), http2=True)


@pytest.fixture(scope="module")
def sockets(proxy: Address) -> Address:
    """The proxy that lets websockets pass; where its recipe must be told so, another one."""
    return proxy


@pytest.fixture(scope="module")
def untold(behind: Behind, serve: Serve, config: dict[str, Any]) -> Address:
    """The proxy in front of a service that does not ask whose request it is."""
    told = {"routes", "original_request"}
    auth = serve(**{name: value for name, value in config.items() if name not in told})
    return behind("{}:{}".format(*auth.host_port))


@pytest.fixture(scope="module")
def routed(behind: Behind, auth: Server) -> Address:
    """The proxy with its recipe for routes: the original request chooses the policy."""
    return behind("{}:{}".format(*auth.host_port), "/validate")


@pytest.fixture(scope="module")
def routed_http2(behind: Behind, auth: Server) -> Address:
    """The same, taking HTTP/2 by prior knowledge."""
    return behind("{}:{}".format(*auth.host_port), "/validate", http2=True)


def _nginx_command(binary: str, directory: Path, http: str) -> tuple[list[str], int]:
    port = free_port()
    config = directory / "nginx.conf"
    config.write_text(_MAIN.format(http=http.replace("PORT", str(port))))
    return [binary, "-e", "stderr", "-p", str(directory), "-c", str(config)], port


@pytest.fixture(scope="session")
def run_nginx(
    nginx_binary: str, start: Start, tmp_path_factory: pytest.TempPathFactory
) -> RunNginx:
    """Start NGINX."""

    def run(http: str) -> Address:
        directory = tmp_path_factory.mktemp("nginx")
        command, port = _nginx_command(nginx_binary, directory, http)
        return start(command, directory, port)

    return run


@pytest.fixture(scope="session")
def start_nginx(nginx_binary: str, tmp_path_factory: pytest.TempPathFactory) -> StartNginx:
    """Start NGINX for a while: for tests that need very many."""

    @contextmanager
    def run(http: str) -> Iterator[Address]:
        directory = tmp_path_factory.mktemp("nginx")
        command, port = _nginx_command(nginx_binary, directory, http)
        process = started(command, directory, port)
        try:
            yield "127.0.0.1", port
        finally:
            assert process.stop() == 0

    return run


@pytest.fixture(scope="session")
def _application() -> Iterator[Echo]:
    with echo() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def real_php(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PHP]:
    """PHP that tells what its `$_SERVER` holds."""
    with php(tmp_path_factory.mktemp("php")) as server:
        yield server


@pytest.fixture
def application(_application: Echo) -> Echo:
    """The application behind the proxies; it has seen nothing yet."""
    _application.take()
    _application.status, _application.headers, _application.tunnels = 200, {}, False
    return _application


@pytest.fixture(scope="session")
def config() -> dict[str, Any]:
    """What jwtfast is told behind every proxy: two issuers, four policies, routes."""
    found: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    return found


@pytest.fixture(scope="session")
def policy_headers(config: dict[str, Any]) -> set[str]:
    """The identity headers of the policy that the recipes ask for."""
    return set(config["policies"]["default"]["identity"])


@pytest.fixture(scope="session")
def auth(serve: Serve, config: dict[str, Any]) -> Server:
    """The service that the proxies ask."""
    return serve(**config)


@pytest.fixture(scope="session")
def serve_config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeConfig]:
    """Start services with the file of all proxies as it stands; they must end well."""
    servers: list[Server] = []

    def run(env: Mapping[str, str]) -> Server:
        address = ("127.0.0.1", free_port())
        listen = ["--listen", "{}:{}".format(*address), "--workers", "1"]
        arguments = ["serve", "--config", str(CONFIG), *listen]
        directory = tmp_path_factory.mktemp("served")
        servers.append(Server(arguments, directory, address, env=os.environ | env))
        return servers[-1]

    yield run
    assert [server.stop() for server in servers] == [0] * len(servers)


@pytest.fixture(scope="session")
def recipes() -> Path:
    """The folder of the proxy recipes that users copy."""
    return Path(__file__).parents[2] / "server" / "deploy"
