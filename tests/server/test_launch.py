"""Starting, stopping and what happens in between: signals, workers, sockets, exit status."""

import os
import signal
import socket
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Serve
from tests.processes import COMMAND, Process, Server, free_port, until
from tests.server.certificates import write_pair
from tests.settings import standard, token, write
from tests.wire import Connection, raw_request

GOOD = [("Authorization", f"Bearer {token()}")]
LOOKING = {"default": {"issuers": ["corp"], "request_headers": ["Accept"]}}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[object]:
    """Start a service of a test's own, which stops it itself."""
    started: list[Server] = []

    def start(listen: str, *, tls: ssl.SSLContext | None = None, **changes: object) -> Server:
        path = write(tmp_path / "jwtfast.yaml", standard(listen=listen, **changes))
        host, _, port = listen.rpartition(":")
        address = Path(port) if host == "unix" else (host, int(port))
        arguments = ["serve", "--config", str(path)]
        started.append(Server(arguments, tmp_path / str(len(started)), address, tls=tls))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def refused(tmp_path: Path, **changes: object) -> str:
    """Start what cannot start: one line on stderr, status 2; the line."""
    path = write(tmp_path / "bad.yaml", standard(**changes))
    process = Process([*COMMAND, "serve", "--config", str(path)], tmp_path / "refused")
    assert process.wait() == 2
    line = process.output.decode()
    assert line.count("\n") == 1
    return line.rstrip()


def run_directories(server: Server) -> list[Path]:
    """What the processes of a server share."""
    places = (Path("/dev/shm"), Path(os.environ.get("TMPDIR", "/tmp")))
    return [path for place in places for path in place.glob(f"jwtfast-{server.popen.pid}-*")]


@pytest.mark.parametrize("interface", ["asgi", "rsgi", "wsgi"])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_stop(start: Serve, interface: str, signum: int) -> None:
    """Status 0, nothing left behind, no line that tells of trouble."""
    server = start(f"127.0.0.1:{free_port()}", interface=interface, workers=2)
    assert server.ask(token=token()).status == 200
    assert run_directories(server) != []

    assert server.stop(signum) == 0
    assert run_directories(server) == []
    quiet = {
        "listening",
        "decision",
        "interface rsgi hides header values that are not ASCII; use asgi",
    }
    assert {str(line["event"]) for line in server.log} <= quiet


def test_a_stop_while_starting(tmp_path: Path) -> None:
    """Wherever the start has come to, it ends at once: no worker is waited for in vain."""
    config = standard(listen=f"127.0.0.1:{free_port()}", workers=4)
    path = write(tmp_path / "jwtfast.yaml", config)
    for number in range(5):
        process = Process([*COMMAND, "serve", "--config", str(path)], tmp_path / str(number))
        until(lambda: len(process.workers) > number % 4, "workers")  # noqa: B023 - used at once
        assert process.stop() == 0
        assert b"Killing" not in process.output
        assert b"Traceback" not in process.output


def test_ctrl_c(start: Serve) -> None:
    """A terminal sends it to the whole group at once."""
    server = start(f"127.0.0.1:{free_port()}", workers=2)
    os.killpg(server.popen.pid, signal.SIGINT)

    assert server.wait() == 0
    assert "Unexpected" not in server.output.decode()


def test_a_request_in_flight_is_answered(start: Serve) -> None:
    """A request that has begun when the stop comes gets its answer, and the last one."""
    server = start(f"127.0.0.1:{free_port()}")
    request = raw_request(headers=GOOD)
    with Connection(server.address) as begun, Connection(server.address) as idle:
        begun.send(request[:40])
        idle.send(request)
        assert idle.answer().status == 200
        server.popen.send_signal(signal.SIGTERM)
        # The idle connection ends: from here on the worker is stopping.
        assert idle.closed_by_peer()
        begun.send(request[40:])
        answer = begun.answer()
        assert (answer.status, answer.get("connection")) == (200, "close")
        assert begun.closed_by_peer()

    assert server.wait() == 0


def test_stop_is_bounded(start: Serve) -> None:
    """A client that never finishes its request does not keep the service from ending."""
    server = start(f"127.0.0.1:{free_port()}")
    with Connection(server.address) as begun:
        begun.send(raw_request()[:40])
        assert server.stop() == 0


def test_a_port_in_use(start: Serve, tmp_path: Path) -> None:
    """By another jwtfast too, though granian would share it: one line, status 2."""
    listen = f"127.0.0.1:{free_port()}"
    server = start(listen)

    line = refused(tmp_path, listen=listen)
    assert line.startswith(f"jwtfast: {listen} is in use")
    assert server.ask(token=token()).status == 200


@pytest.mark.parametrize(
    "changes,line",
    [
        (
            {"listen": "192.0.2.1:80"},
            "192.0.2.1:80 cannot be used: it is no address of this machine",
        ),
        ({"listen": "no-such-host.invalid:80"}, "no-such-host.invalid:80 cannot be used: "),
        ({"listen": "unix:/no/such/x.sock"}, "unix:/no/such/x.sock cannot be used: "),
        ({"metrics": {"listen": "192.0.2.1:80"}}, "192.0.2.1:80 cannot be used: "),
        ({"metrics": {"listen": "unix:/tmp/x"}}, "unix:/tmp/x cannot be used for metrics"),
        (
            {"interface": "wsgi", "token": {"from": [{"header": "X-Token"}]}},
            "interface wsgi cannot be used: ",
        ),
        (
            {"interface": "wsgi", "policies": LOOKING},
            "interface wsgi cannot be used with request_headers: it hides some of the values of a",
        ),
        (
            {"interface": "rsgi", "policies": LOOKING},
            "interface rsgi cannot be used with request_headers: it hides some of the values of a",
        ),
    ],
)
def test_what_cannot_be_served(tmp_path: Path, changes: dict[str, object], line: str) -> None:
    """It is told before anything starts."""
    given = {"listen": f"127.0.0.1:{free_port()}"} | changes

    assert refused(tmp_path, **given).startswith(f"jwtfast: {line}")


def test_tls_that_cannot_be_served(tmp_path: Path) -> None:
    """The file is named."""
    cert, key = write_pair(tmp_path, "PKCS#8 RSA", b"password")
    tls = {"cert": str(cert), "key": str(key)}

    line = refused(tmp_path, listen=f"127.0.0.1:{free_port()}", tls=tls)
    assert line == f"jwtfast: {key}: expected a key that is not encrypted"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls(tmp_path: Path, version: ssl.TLSVersion) -> None:
    """TLS 1.2 and 1.3 are spoken."""
    cert, key = write_pair(tmp_path, "SEC1 P-256")
    client = ssl.create_default_context(cafile=cert)
    client.check_hostname = False
    client.minimum_version = client.maximum_version = version
    tls = {"cert": str(cert), "key": str(key)}
    path = write(
        tmp_path / "tls.yaml", standard(listen=f"127.0.0.1:{(port := free_port())}", tls=tls)
    )
    server = Server(
        ["serve", "--config", str(path)], tmp_path / "tls", ("127.0.0.1", port), tls=client
    )

    assert server.ask(token=token()).status == 200
    assert server.ask().status == 401
    assert server.stop() == 0


def test_a_unix_socket(start: Serve, tmp_path: Path) -> None:
    """Served, taken away at the end; one that a crash left is replaced, and workers may die."""
    path = tmp_path / "jwtfast.sock"
    server = start(f"unix:{path}", workers=2)
    assert server.ask(token=token()).status == 200
    server.popen.kill()
    server.wait()
    assert path.exists()
    until(lambda: not _listens(path), "nobody listens")

    again = start(f"unix:{path}")
    assert again.ask(token=token()).status == 200
    assert again.stop() == 0
    assert not path.exists()


@pytest.mark.parametrize(
    "access,mode,group",
    [("?mode=0660", 0o660, None), ("?mode=600&group=1", 0o600, 1), ("?group=1", 0o755, 1)],
)
def test_access_to_a_unix_socket(tmp_path: Path, access: str, mode: int, group: int | None) -> None:
    """Its mode and group are those of the configuration; without a mode the umask leaves one."""
    if group is not None and os.geteuid() != 0:
        pytest.skip("only root gives a file to any group")
    path = tmp_path / "jwtfast.sock"
    config = standard(listen=f"unix:{path}{access}")
    file = write(tmp_path / "jwtfast.yaml", config)
    before = os.umask(0o022)
    server = Server(["serve", "--config", str(file)], tmp_path / "u", path)
    os.umask(before)
    found = path.stat()

    assert stat.S_IMODE(found.st_mode) == mode
    assert found.st_gid == (os.getegid() if group is None else group)
    assert server.ask(token=token()).status == 200
    assert server.stop() == 0
    assert not path.exists()


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def test_a_worker_that_dies_is_replaced(start: Serve) -> None:
    """The others serve meanwhile, and the stop is still a good one."""
    server = start(f"127.0.0.1:{free_port()}", workers=2)
    before = set(server.workers)
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(set(server.workers) - {victim}) == 2, "two workers again")
    until(server.is_ready, "ready")

    assert server.ask(token=token()).status == 200
    assert server.stop() == 0


def test_workers_end_with_their_parent(start: Serve) -> None:
    """A main process that is killed leaves nobody on its port."""
    port = free_port()
    server = start(f"127.0.0.1:{port}", workers=2)
    workers = server.workers
    assert len(workers) == 2
    server.popen.kill()
    server.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "the workers ended")
    assert run_directories(server) == []

    assert start(f"127.0.0.1:{port}").ask(token=token()).status == 200


@pytest.mark.usefixtures("many_files")
def test_slow_and_idle_clients(start: Serve) -> None:
    """1,000 of them keep nobody from being served, and are closed after 5 seconds."""
    server = start(f"127.0.0.1:{free_port()}")
    clients = [Connection(server.address) for _ in range(1000)]
    for index, client in enumerate(clients):
        # Half of them stop within a request, half have had an answer.
        client.send(raw_request()[:40] if index % 2 else raw_request(headers=GOOD))
    for client in clients[::2]:
        assert client.answer().status == 200
    for _ in range(100):
        assert server.ask(token=token()).status == 200

    assert all(client.closed_by_peer() for client in clients)
    for client in clients:
        client.socket.close()


def test_http_2(start: Serve) -> None:
    """A client that begins with HTTP/2, as Envoy may, is understood on the same port."""
    httpx = pytest.importorskip("httpx")
    server = start(f"127.0.0.1:{free_port()}")
    host, port = server.host_port
    with httpx.Client(http1=False, http2=True, trust_env=False) as client:
        url = f"http://{host}:{port}"
        passed = client.get(f"{url}/validate", headers=dict(GOOD))
        twice = client.get(f"{url}/p/open/x", headers=[*GOOD, *GOOD])
        posted = client.post(f"{url}/validate", content=b"x" * 100_000)

    assert (passed.http_version, passed.status_code) == ("HTTP/2", 200)
    assert passed.headers["x-user"] == "user-1"
    assert (twice.status_code, twice.json()["code"]) == (401, "multiple_tokens")
    assert posted.status_code == 401
