"""Where to listen: an address of the configuration."""

import re
import socket
from typing import Final

from pydantic import GetJsonSchemaHandler, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from jwtfast_server.values import Section, expected

__all__ = ["Address"]

_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.%a-z]+\]", re.ASCII)
_MODE: Final = re.compile(r"0?[0-7]{3}", re.ASCII)
_GROUP: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,31}", re.ASCII)
_HIGHEST_PORT: Final = 65535
# What a sockaddr_un holds on Linux, without its final NUL.
_LONGEST_SOCKET_PATH: Final = 107


class Address(Section):
    """Where to listen: a host and a port, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    unix: str | None = None
    mode: int | None = None
    group: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: object) -> object:
        """Take `host:port`, `:8080` (all addresses), `[::1]:8080` or `unix:/path`.

        The path may be followed by `?mode=0660&group=www-data`, or by one of both.
        """
        if not isinstance(value, str):
            raise _address_error()
        if value.startswith("unix:"):
            return _unix(value.removeprefix("unix:"))
        host, colon, port = value.rpartition(":")
        if not colon or not port.isascii() or not port.isdigit() or int(port) > _HIGHEST_PORT:
            raise _address_error()
        if not host:
            return {"host": _every_address(), "port": int(port)}
        if not _HOST.fullmatch(host):
            raise _address_error()
        return {"host": host.strip("[]"), "port": int(port)}

    @model_serializer
    def _text(self) -> str:
        """The form it is read from."""
        return str(self)

    def __str__(self) -> str:
        """`host:port`, `[host]:port` or `unix:/path?mode=0660&group=www-data`."""
        if self.unix is not None:
            mode = [] if self.mode is None else [f"mode={self.mode:04o}"]
            access = [*mode, *([] if self.group is None else [f"group={self.group}"])]
            return "?".join(filter(None, (f"unix:{self.unix}", "&".join(access))))
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """It is written as text."""
        examples = ["0.0.0.0:8080", ":8080", "[::1]:8080", "unix:/run/jwtfast.sock"]
        examples.append("unix:/run/jwtfast.sock?mode=0660&group=www-data")
        return {"type": "string", "examples": examples, "x-kind": "an address"}


def _unix(text: str) -> dict[str, object]:
    path, _, access = text.partition("?")
    if not path.startswith("/") or len(path.encode()) > _LONGEST_SOCKET_PATH:
        raise expected(f"unix: and an absolute path of at most {_LONGEST_SOCKET_PATH} bytes")
    found: dict[str, object] = {"unix": path}
    for part in access.split("&") if "?" in text else ():
        name, _, value = part.partition("=")
        if name == "mode" and name not in found and _MODE.fullmatch(value):
            found[name] = int(value, 8)
        elif name == "group" and name not in found and _GROUP.fullmatch(value):
            found[name] = value
        else:
            raise expected(
                "unix:/path, and after it ?mode= with three octal digits such as 0660, "
                "?group= with the name of a group, or both joined by &"
            )
    return found


def _address_error() -> PydanticCustomError:
    return expected(
        "an address such as 127.0.0.1:8080, :8080, [::1]:8080 or unix:/run/jwtfast.sock"
    )


def _every_address() -> str:
    """All addresses, IPv6 too where the machine has it (as Go means `:8080`)."""
    return "::" if socket.has_dualstack_ipv6() else "0.0.0.0"  # noqa: S104 - asked for
