"""Real proxies in front of a real service and a small upstream."""

import contextlib
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Serve
from tests.processes import Process, Server, free_port, until
from tests.proxies.echo import Echo, echo
from tests.wire import Address

__all__ = ["RunNginx"]

RunNginx = Callable[[str], Address]
"""Starts NGINX with what is inside `http { }`; `PORT` in it becomes the port to ask."""

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
    """The real NGINX; where it is missing, a failure in CI and a skip elsewhere."""
    path = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if path is None:
        reason = "nginx is not installed: on Debian, apt install nginx-light"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def run_nginx(nginx_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunNginx]:
    """Start NGINX; it is stopped at the end, and must not have crashed."""
    started: list[Process] = []

    def run(http: str) -> Address:
        directory = tmp_path_factory.mktemp("nginx")
        port = free_port()
        config = directory / "nginx.conf"
        config.write_text(_MAIN.format(http=http.replace("PORT", str(port))))
        command = [nginx_binary, "-e", "stderr", "-p", str(directory), "-c", str(config)]
        process = Process(command, directory)
        started.append(process)
        until(lambda: _listens(process, port), f"NGINX on port {port}")
        return "127.0.0.1", port

    yield run
    statuses = [process.stop() for process in started]
    assert statuses == [0] * len(started)


def _listens(process: Process, port: int) -> bool:
    assert process.popen.poll() is None, process.output.decode()
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


@pytest.fixture(scope="session")
def _application() -> Iterator[Echo]:
    with echo() as upstream:
        yield upstream


@pytest.fixture
def application(_application: Echo) -> Echo:
    """The application behind the proxies; it has seen nothing yet."""
    _application.take()
    return _application


@pytest.fixture(scope="session")
def auth(serve: Serve) -> Server:
    """The service that the proxies ask."""
    return serve(max_token_bytes="16KiB")


@pytest.fixture(scope="session")
def recipes() -> Path:
    """The folder of the proxy recipes that users copy."""
    return Path(__file__).parents[2] / "server" / "deploy"
