"""An address is resolved and looked at before anything starts."""

import errno
import socket
from pathlib import Path

import pytest

from jwtfast_server.address import Address
from jwtfast_server.listen import Endpoint, ListenError, endpoint
from tests.processes import free_port


def address(text: str) -> Address:
    """An address as the configuration reads it."""
    return Address.model_validate(text)


def test_names_are_resolved() -> None:
    """granian takes IP addresses only."""
    port = free_port()

    assert endpoint(address(f"localhost:{port}")).host in {"127.0.0.1", "::1"}
    assert endpoint(address(f"127.0.0.1:{port}")) == Endpoint("127.0.0.1", port)


def test_in_use() -> None:
    """Also by a server that lets others bind the same port, as granian does."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        name = f"127.0.0.1:{other.getsockname()[1]}"

        with pytest.raises(ListenError, match=f"{name} is in use"):
            endpoint(address(name))


def test_a_port_that_was_just_left_is_free() -> None:
    """Connections in TIME_WAIT do not keep a restart from listening."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        name = server.getsockname()
        with socket.create_connection(name) as client:
            accepted, _ = server.accept()
            accepted.close()
            assert client.recv(1) == b""

    assert endpoint(address(f"127.0.0.1:{name[1]}")).port == name[1]


@pytest.mark.parametrize(
    "name,reason",
    [
        ("192.0.2.1:8080", "no address of this machine"),
        ("no-such-host.invalid:8080", "the host name is unknown"),
        ("unix:/no/such/directory/x.sock", "its directory does not exist"),
    ],
)
def test_addresses_that_cannot_be(name: str, reason: str) -> None:
    """The text names the address, and says why."""
    with pytest.raises(ListenError, match=f"{name} cannot be used: .*{reason}"):
        endpoint(address(name))


def test_permission_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the system does not allow is told as such; tests may run as root, so it is feigned."""

    def bind(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("socket.socket.bind", bind)

    with pytest.raises(ListenError, match=r"127\.0\.0\.1:80 cannot be used: permission denied"):
        endpoint(address("127.0.0.1:80"))


def test_unix_sockets(tmp_path: Path) -> None:
    """A socket left behind goes; one in use, and any other file, stays."""
    path = tmp_path / "x.sock"
    name = f"unix:{path}"

    assert endpoint(address(name)) == Endpoint("", 0, path)
    assert not path.exists()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        with pytest.raises(ListenError, match="is in use"):
            endpoint(address(name))
    assert path.exists()
    assert endpoint(address(name)) == Endpoint("", 0, path)
    path.write_text("precious")
    with pytest.raises(ListenError, match="a file that is no socket is there"):
        endpoint(address(name))
    assert path.read_text() == "precious"


def test_a_group_that_is_not_there(tmp_path: Path) -> None:
    """It is told before anything starts, and nothing is left behind."""
    path = tmp_path / "x.sock"
    with pytest.raises(ListenError, match="the group is unknown"):
        endpoint(address(f"unix:{path}?group=no-such-group"))
    assert not path.exists()


def test_a_group_that_may_not_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is one that this user is not in."""

    def chown(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.chown", chown)
    path = tmp_path / "x.sock"
    with pytest.raises(ListenError, match="its group and mode cannot be set: Operation not"):
        endpoint(address(f"unix:{path}?group=0"))
    assert not path.exists()
