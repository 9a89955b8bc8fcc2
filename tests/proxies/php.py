"""Real PHP behind FastCGI: what `$_SERVER` holds for the headers that reached an application."""

import contextlib
import itertools
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from tests.processes import Process, until
from tests.proxies.proxy import found

__all__ = ["PHP", "php"]

_SCRIPT = "<?php echo json_encode($_SERVER, JSON_INVALID_UTF8_SUBSTITUTE);"
_BEGIN, _PARAMS, _STDIN, _STDOUT, _END = 1, 4, 5, 6, 3


class PHP:
    """A php-cgi that listens on a Unix socket, and its script."""

    def __init__(self, directory: Path) -> None:
        """Name the places of both."""
        self.path = directory / "php.sock"
        self.script = directory / "server.php"
        self.script.write_text(_SCRIPT)

    def server(self, headers: Iterable[tuple[str, str]], dash: str = "-") -> dict[str, str]:
        """`$_SERVER` for these headers, their names made variables as RFC 3875 4.1.18 says.

        That names no other character than `-`; servers that take every odd one for it (lighttpd,
        httpd 2.2) are meant by `dash`.
        """
        variables = [
            ("SCRIPT_FILENAME", str(self.script)),
            ("REQUEST_METHOD", "GET"),
            ("REDIRECT_STATUS", "200"),
        ]
        variables += [("HTTP_" + _variable(name, dash), value) for name, value in headers]
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(self.path))
            params = b"".join(itertools.starmap(_pair, variables))
            records = [(_BEGIN, struct.pack("!HB5x", 1, 0)), (_PARAMS, params)]
            records += [(_PARAMS, b""), (_STDIN, b"")]
            client.sendall(b"".join(itertools.starmap(_record, records)))
            answer = b"".join(_stdout(client))
        document: dict[str, str] = orjson.loads(answer.partition(b"\r\n\r\n")[2])
        return document


def _variable(name: str, dash: str) -> str:
    return "".join("_" if one in dash else one for one in name.upper())


def _pair(name: str, value: str) -> bytes:
    parts = [text.encode("latin-1") for text in (name, value)]
    sizes = [
        bytes([len(one)]) if len(one) < 128 else struct.pack("!I", len(one) | 1 << 31)
        for one in parts
    ]
    return b"".join([*sizes, *parts])


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content


def _stdout(client: socket.socket) -> Iterator[bytes]:
    with client.makefile("rb") as stream:
        while True:
            _, kind, _, length, padding = struct.unpack("!BBHHBx", stream.read(8))
            content = stream.read(length + padding)[:length]
            if kind == _END:
                return
            if kind == _STDOUT:
                yield content


@contextlib.contextmanager
def php(directory: Path) -> Iterator[PHP]:
    """Serve until the end of the tests."""
    server = PHP(directory)
    binary = found("php-cgi", "on Debian, apt install php-cgi")
    # Alone, and for any number of requests.
    env = os.environ | {"PHP_FCGI_CHILDREN": "0", "PHP_FCGI_MAX_REQUESTS": "0"}
    process = Process([binary, "-n", "-b", str(server.path)], directory, env)
    try:
        until(server.path.exists, "php-cgi listens")
        yield server
    finally:
        process.stop()
