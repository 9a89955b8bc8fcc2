"""Addresses of the configuration."""

import socket

import pytest
from pydantic import ValidationError

from jwtfast_server.address import Address


@pytest.mark.parametrize(
    "text,host,port,unix",
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080, None),
        ("localhost:1", "localhost", 1, None),
        ("[::1]:65535", "::1", 65535, None),
        ("[fe80::1%eth0]:80", "fe80::1%eth0", 80, None),
        ("unix:/run/jwtfast.sock", "", 0, "/run/jwtfast.sock"),
        ("unix:/run/x?mode=0660", "", 0, "/run/x"),
        ("unix:/run/x?group=www-data", "", 0, "/run/x"),
        ("unix:/run/x?mode=0600&group=33", "", 0, "/run/x"),
    ],
)
def test_address(text: str, host: str, port: int, unix: str | None) -> None:
    """An address is read into its parts, and written as it was read."""
    address = Address.model_validate(text)
    assert (address.host, address.port, address.unix) == (host, port, unix)
    assert str(address) == text
    assert Address.model_validate_json(address.model_dump_json()) == address


@pytest.mark.parametrize(
    "dual_stack,host",
    [(True, "::"), (False, "0.0.0.0")],  # noqa: S104 - compared with, not bound
)
def test_address_without_host(
    monkeypatch: pytest.MonkeyPatch, dual_stack: object, host: str
) -> None:
    """`:8080` is every address, those of IPv6 where the machine has it."""
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: dual_stack)
    assert Address.model_validate(":8080").host == host


@pytest.mark.parametrize(
    "value",
    [
        "8080",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:٨٠",
        "127.0.0.1:-1",
        "::1:8080",
        "http://127.0.0.1:8080",
        "a b:80",
        "unix:",
        "unix:relative.sock",
        "unix:/" + "x" * 107,
        "unix:/x?",
        "unix:/x?mode=",
        "unix:/x?mode=8888",
        "unix:/x?mode=66",
        "unix:/x?mode=01777",
        "unix:/x?mode=-660",
        "unix:/x?mode=0o660",
        "unix:/x?mode=660&mode=600",
        "unix:/x?group=",
        "unix:/x?group=a b",
        "unix:/x?group=-a",
        "unix:/x?owner=root",
        "unix:/x?mode=0660&",
        "",
        8081,
        None,
        {"host": "127.0.0.1", "port": 1},
    ],
)
def test_no_address(value: object) -> None:
    """Anything else is refused with the forms there are."""
    with pytest.raises(
        ValidationError, match=r"expected (an address such as|unix: and|unix:/path, and)"
    ):
        Address.model_validate(value)


def test_access_to_a_unix_socket() -> None:
    """Mode and group stand behind its path; the mode with or without its zero."""
    address = Address.model_validate("unix:/run/x?mode=660&group=www-data")

    assert (address.unix, address.mode, address.group) == ("/run/x", 0o660, "www-data")
    assert str(address) == "unix:/run/x?mode=0660&group=www-data"
