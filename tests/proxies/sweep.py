"""What the sweeps send, how it is sent, and every path that some server could read in one."""

import itertools
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, Self
from urllib.parse import unquote

from h2.exceptions import ProtocolError

from tests.proxies.http2 import Http2, request_headers
from tests.wire import Address, Connection

__all__ = ["Case", "Client", "hosts", "identity_names", "paths", "readings", "told_names"]

Given = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Case:
    """One request: its version is 1.0, 1.1 or 2."""

    version: str
    method: str
    target: bytes
    host: bytes | None
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def http1(self) -> bytes:
        """Its bytes for HTTP/1."""
        lines = [f"{self.method} ".encode() + self.target + f" HTTP/{self.version}".encode()]
        lines += [] if self.host is None else [b"Host: " + self.host]
        lines += [name + b": " + value for name, value in self.headers]
        return b"\r\n".join([*lines, b"", b""])


class Client:
    """Connections that are kept as long as the proxy keeps them."""

    def __init__(self, http1: Address, http2: tuple[str, int]) -> None:
        """Connect later."""
        self._addresses = (http1, http2)
        self._http1: Connection | None = None
        self._http2: Http2 | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        for one in (self._http1, self._http2):
            if one is not None:
                one.socket.close()
        self._http1 = self._http2 = None

    def status(self, case: Case) -> int:
        """The status of the answer; 0 where there is none."""
        # A kept connection may end at any time: asked once more on a new one.
        for new in (False, True):
            if new:
                self._close()
            try:
                return self._over_http2(case) if case.version == "2" else self._over_http1(case)
            except (AssertionError, OSError, ProtocolError):
                continue
        self._close()
        return 0

    def _over_http1(self, case: Case) -> int:
        if self._http1 is None:
            self._http1 = Connection(self._addresses[0])
        self._http1.send(case.http1())
        answer = self._http1.answer(to_head=case.method == "HEAD")
        # The proxy takes the rest of a bad request for another one.
        ended = answer.get("connection") == "close" or case.version == "1.0"
        if ended or answer.status == 400:
            self._http1.socket.close()
            self._http1 = None
        return answer.status

    def _over_http2(self, case: Case) -> int:
        if self._http2 is None:
            self._http2 = Http2(self._addresses[1])
        headers = request_headers(case.method, case.target, case.headers, case.host or b"")
        status = self._http2.ask(headers).status
        if not status:
            self._http2.socket.close()
            self._http2 = None
        return status


_VERSIONS: Final = ("1.1", "1.1", "1.1", "1.0", "2")
_HOSTS: Final = (b"auth.example", b"admin.example", b"auth.example:80", b"[::1]", b"a.b")
_TAILS: Final = (
    b"?",
    b"#",
    b"/public/x?",
    b"/public/x#",
    b"/public/",
    b"@auth.example",
    b":80",
    b".",
    b"",
)
_TARGETS: Final = (b"/admin/x", b"/page", b"/public/x", b"/", b"/partner/x?/public/x")


def _one_more(chance: Random, text: bytes, number: int) -> bytes:
    """The text with a byte more or another one: each byte in turn, at each place in turn."""
    byte = bytes([number % 256])
    if byte in b"\r\n" and chance.random() < 0.9:  # they only end the line
        byte = b"?"
    at = (number // 256) % (len(text) + 1)
    return text[:at] + byte + text[at + chance.randint(0, 1) :]


def hosts(chance: Random) -> Iterator[Case]:
    """Every byte at every place of a host, in Host and in the request line; and what follows it."""
    for number in itertools.count():
        base = chance.choice(_HOSTS)
        odd = _one_more(chance, base, number) if number % 3 else base
        odd += chance.choice(_TAILS) if chance.random() < 0.5 else b""  # a half
        target, version = chance.choice(_TARGETS), chance.choice(_VERSIONS)
        form = chance.randint(0, 3) if version != "2" else 0
        whole = chance.choice((b"http://", b"https://", b"HTTP://")) + odd + target
        plain: bytes | None = chance.choice(_HOSTS)
        if form == 3 and version == "1.0":  # the last form
            plain = None
        method = chance.choice(("GET", "GET", "POST", "HEAD"))
        match form:
            case 0:
                yield Case(version, method, target, odd)
            case 1:
                yield Case(version, method, whole, odd)
            case _:
                yield Case(version, method, whole, plain)


_PARTS: Final = (
    *(b"/", b"//", b"/.", b"/..", b"/..;", b"/%2e", b"/%2e%2e", b"/.%2e", b"%2f", b"%2F..", b"%5c"),
    *(b"\\", b"\\..", b";", b";a=b", b"%3b", b"%00", b"%0a", b"%09", b"%20", b"%", b"%zz", b"#"),
    *(b"%23", b"?", b"%3f", b"%25", b"%252f", b"%252e%252e", b"%c0%ae", b"%c0%af", b"%ff", b"\xff"),
    *(
        b"/public",
        b"/public/",
        b"/admin",
        b"/admin/",
        b"public",
        b"x",
        b"/x",
        b"/PUBLIC",
        b"/%70ublic",
    ),
    *(b"%ef%bc%8f", b"%u002f", b"+", b"~", b"@", b":", b"*", b"'", b"|", b"^", b"{}", b",", b"."),
)


def paths(chance: Random) -> Iterator[Case]:
    """Every byte at every place of a path, raw and escaped; and every mixture of odd parts."""
    bases = (b"/public/x", b"/public/../admin/x", b"/admin/x", b"/x/public/", b"/public")
    for number in itertools.count():
        base = chance.choice(bases)
        match number % 4:
            case 0:
                target = _one_more(chance, base, number // 4)
            case 1:
                at = (number // 1024) % (len(base) + 1)
                escape = b"%%%02x" % (number // 4 % 256)
                target = base[:at] + escape + base[at + chance.randint(0, 1) :]
            case 2:
                target = b"/public" + b"".join(chance.choices(_PARTS, k=chance.randint(1, 5)))
            case _:
                target = b"".join(chance.choices(_PARTS, k=chance.randint(1, 6)))
        whole = b"http://auth.example" if chance.randint(0, 9) == 0 else b""
        version, method = chance.choice(_VERSIONS), chance.choice(("GET", "GET", "GET", "POST"))
        yield Case(version, method, whole + (target or b"/"), b"auth.example")


def _named(chance: Random, name: bytes, number: int) -> bytes:
    odd = _one_more(chance, name, number)
    if chance.randint(0, 3) == 0:
        odd = odd.replace(b"-", bytes([number % 256]))
    return b"".join(
        chance.choice((one, one.swapcase())) for one in map(bytes, zip(odd, strict=True))
    )


def identity_names(chance: Random, token: list[tuple[str, str]]) -> Iterator[Case]:
    """Names like those of identity headers, with a good token before, between or behind them."""
    good = [(name.encode(), value.encode()) for name, value in token]
    for number in itertools.count():
        name = chance.choice((b"X-User", b"X-Groups", b"X_User", b"HTTP_X_USER"))
        names = [_named(chance, name, number + step * 7) for step in range(chance.randint(1, 2))]
        given = [(one, b"root") for one in [*names, *chance.choice(([], [name]))]]
        listed = [(b"Connection", b"keep-alive, " + names[0])]
        headers = [*good, *given, *(listed if chance.randint(0, 9) == 0 else [])]
        chance.shuffle(headers)
        version = chance.choice(("1.1", "1.1", "1.1", "2"))
        yield Case(version, "GET", b"/page", b"auth.example", tuple(headers))


def told_names(chance: Random) -> Iterator[Case]:
    """Names like those that tell the original request, from somebody without a token."""
    told = {
        b"X-Original-URI": b"/public/x",
        b"X-Original-URL": b"http://auth.example/public/x",
        b"X-Original-Method": b"GET",
        b"X-Original-Host": b"auth.example",
        b"X-Forwarded-Uri": b"/public/x",
        b"X-Forwarded-Method": b"GET",
        b"X-Forwarded-Host": b"auth.example",
        b"X-Auth-Request-Redirect": b"/public/x",
        b"X-Rewrite-URL": b"/public/x",
        b"X-HTTP-Method-Override": b"GET",
    }
    for number in itertools.count():
        chosen = chance.sample(sorted(told), k=chance.randint(1, 3))
        headers = [(_named(chance, name, number), told[name]) for name in chosen]
        headers += [(name, told[name]) for name in chosen if chance.randint(0, 1)]
        target, method = chance.choice(
            ((b"/admin/x", "GET"), (b"/public/x", "POST"), (b"/page", "GET"), (b"/public/x", "GET"))
        )
        host = chance.choice((b"auth.example", b"auth.example", b"admin.example"))
        yield Case(chance.choice(("1.1", "1.1", "2")), method, target, host, tuple(headers))


def readings(path: str) -> set[str]:
    """The paths that servers read: decoded once and twice, cut, with slashes turned and merged."""
    found = {unquote(path, "latin-1"), unquote(unquote(path, "latin-1"), "latin-1")}
    found |= {one.replace("\\", "/") for one in found}
    found |= {"/".join(part.partition(";")[0] for part in one.split("/")) for one in found}
    found |= {one.partition(mark)[0] for one in found for mark in "\0?#;"}
    return found | {posixpath.normpath(one) for one in found if one.startswith("/")}
