"""Revoked tokens in a set of Redis or Valkey: read whole when it changed, and only then.

Whether it changed is what WATCH tells: EXEC after it answers nothing where anyone touched the
key, by whatever command, by its expiry or by emptying the database. A watch ends with that
answer, so there are two connections: the next watch begins before the last one ends, and no
change falls between them. The set is read after the next watch began, which sees what changes
meanwhile. A look costs the server three small commands, whatever the size of the set.
"""

import re
import ssl
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, Final, Protocol, cast

import orjson
from redis import Connection, SSLConnection, UnixDomainSocketConnection, exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from jwtfast_server.config_revocation import RedisPlace, RedisSet
from jwtfast_server.revocation.source import Source, SourceError

__all__ = ["RevokedSet"]

_TIMEOUT_S: Final = 1.0
_MOST_MEMBERS: Final = 1_000_000
_MOST_BYTES: Final = 64 << 20
_AT_ONCE: Final = 5000
# Later than any time that a list takes: for ever.
_LAST_TIME: Final = 9e15
# For so long an issuer may take a token beyond its `exp`.
_MOST_LEEWAY_S: Final = 300
_COMMANDS: Final = {b"set": ("SCARD", "SSCAN"), b"zset": ("ZCARD", "ZSCAN")}
_CODE: Final = re.compile(r"[A-Z]{3,}\b")
_SENTENCES: Final[dict[type[Exception], str]] = {
    exceptions.AuthenticationError: "the server refuses the user or the password",
    exceptions.AuthorizationError: "the server refuses the user or the password",
    exceptions.BusyLoadingError: "the server is still loading",
    exceptions.InvalidResponse: "what answers is no Redis",
    exceptions.NoPermissionError: "the server does not let this user ask",
    exceptions.TimeoutError: f"no answer within {_TIMEOUT_S:g} s",
}


class Link(Protocol):
    """What is used of redis-py's connections."""

    def connect(self) -> None:
        """Connect, and tell who asks and for which database."""

    def disconnect(self) -> None:
        """Hang up."""

    def pack_commands(self, commands: list[tuple[object, ...]]) -> list[bytes]:
        """The bytes of commands."""

    def send_packed_command(self, command: list[bytes]) -> None:
        """Send them."""

    def read_response(self) -> Any:  # noqa: ANN401 - what a command answers
        """The next answer; an error is raised."""


class RevokedSet(Source):
    """The `jti` in one set; in a sorted set each with its token's `exp`, in seconds since 1970."""

    def __init__(self, redis: RedisSet, password: str | None) -> None:
        """Prepare, without connecting yet.

        Args:
            redis: where the set is.
            password: where it is not in the URL.
        """
        super().__init__("redis", denies_when_away=redis.when_away == "deny")
        self._name = f"{redis.place}, key {redis.key}:"
        self._key = redis.key
        self._link = partial(_link, redis.place, password or redis.place.password, redis.ca_file)
        self._spare: Link | None = None
        self._watching: Link | None = None
        self._left_out = 0

    def look(self) -> None:
        """Read the set, where it changed."""
        try:
            self._look()
        except exceptions.RedisError as error:
            self.release()
            raise SourceError(f"{self._name} {_sentence(error)}") from error
        except BaseException:
            # Whatever it was: the next look shall not believe that all was read.
            self.release()
            raise

    def _look(self) -> None:
        last, fresh = self._watching, self._spare or self._link()
        self._spare = fresh
        _ask(fresh, ("WATCH", self._key))
        if last is not None and _is_as_it_was(last):
            self._watching, self._spare = fresh, last
            return
        self._watching, self._spare = fresh, last or self._link()
        self._read(self._spare)

    def release(self) -> None:
        """Hang up."""
        for link in (self._spare, self._watching):
            if link is not None:
                link.disconnect()
        self._spare = self._watching = None

    def _read(self, link: Link) -> None:
        self._left_out, before = 0, self._left_out
        chunks = [orjson.dumps(entries)[1:-1] for entries in self._entries(link)]
        self.revoked.replace(b'{"revoked":[' + b",".join(filter(None, chunks)) + b"]}")
        if self._left_out != before:
            self._log.warning("revocations left out: not UTF-8", count=self._left_out)

    def _entries(self, link: Link) -> Iterator[list[dict[str, object]]]:
        """The set as entries of a list, some at a time; one may come twice."""
        kind = _ask(link, ("TYPE", self._key))
        if kind == b"none":
            return
        if kind not in _COMMANDS:
            raise SourceError(f"{self._name} holds neither a set nor a sorted set")
        count, scan = _COMMANDS[kind]
        if _ask(link, (count, self._key)) > _MOST_MEMBERS:
            raise SourceError(f"{self._name} holds more than {_MOST_MEMBERS} members")
        cursor, size = b"0", 0
        while True:
            cursor, members = _ask(link, (scan, self._key, cursor, "COUNT", _AT_ONCE))
            self.hear()
            size += sum(map(len, members))
            if size > _MOST_BYTES:
                raise SourceError(f"{self._name} holds more than {_MOST_BYTES >> 20} MiB")
            yield list(self._timed(members) if kind == b"zset" else self._lasting(members))
            if cursor == b"0":
                return

    def _lasting(self, members: list[bytes]) -> Iterator[dict[str, object]]:
        for member in members:
            jti = self._text(member)
            if jti is not None:
                yield {"jti": jti}

    def _timed(self, members: list[bytes]) -> Iterator[dict[str, object]]:
        # Those that count no more for any issuer; the list itself knows the leeway of each.
        ended = time.time() - _MOST_LEEWAY_S
        for member, score in zip(members[::2], map(float, members[1::2]), strict=True):
            jti = self._text(member) if score > ended else None
            if jti is not None:
                yield {"jti": jti, "expires": score if score < _LAST_TIME else None}

    def _text(self, member: bytes) -> str | None:
        """A member as a `jti`; no token has one that is not UTF-8."""
        try:
            return member.decode()
        except UnicodeDecodeError:
            self._left_out += 1
            return None


def _link(place: RedisPlace, password: str | None, ca_file: str | None) -> Link:
    """Connect; no retries, no commands but ours, and RESP2, which every server speaks."""
    options: dict[str, Any] = {
        "db": place.database,
        "username": place.username,
        "password": password,
        "socket_timeout": _TIMEOUT_S,
        "socket_connect_timeout": _TIMEOUT_S,
        "retry": Retry(NoBackoff(), 0),
        "driver_info": None,
        "protocol": 2,
    }
    kind: Any = Connection
    if place.path:
        kind = UnixDomainSocketConnection
        options["path"] = place.path
    else:
        options |= {"host": place.host, "port": place.port}
    if place.tls:
        kind = SSLConnection
        options |= {"ssl_ca_certs": ca_file, "ssl_min_version": ssl.TLSVersion.TLSv1_2}
    link = cast("Link", kind(**options))
    link.connect()
    return link


def _ask(link: Link, *commands: tuple[object, ...]) -> Any:  # noqa: ANN401 - what it answers
    """Send commands in one packet; what the last of them answers."""
    link.send_packed_command(link.pack_commands(list(commands)))
    return [link.read_response() for _ in commands][-1]


def _is_as_it_was(watching: Link) -> bool:
    """End a watch; whether the key was not touched since it began."""
    return _ask(watching, ("MULTI",), ("EXEC",)) is not None


def _sentence(error: exceptions.RedisError) -> str:
    """What is wrong, never in the server's words, which may repeat a password."""
    cause = error.__context__
    known = next((text for kind, text in _SENTENCES.items() if isinstance(error, kind)), None)
    if known is not None:
        return known
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {cause.verify_message}"
    if isinstance(cause, OSError):
        return f"cannot be reached: {cause.strerror or type(cause).__name__}"
    if isinstance(error, exceptions.ConnectionError):
        return "the server closed the connection"
    code = _CODE.match(str(error))
    return f"the server answers {code[0] if code else 'with an error'}"
