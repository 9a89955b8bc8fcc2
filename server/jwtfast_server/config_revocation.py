"""The section of jwtfast.yaml about tokens that pass no more, and where Redis is."""

import ipaddress
import re
from typing import Annotated, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from jwtfast_server.keysources import Variable
from jwtfast_server.values import FileName, Section, expected

__all__ = ["RedisPlace", "RedisSet", "Revocation"]

_PORT = 6379
_DATABASE = re.compile(r"[0-9]{1,5}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?", re.ASCII)
_PASSWORDS = ("password_env", "password_file")


class RedisPlace(NamedTuple):
    """What a URL says: a host and a port, or the path of a Unix socket; and who asks."""

    tls: bool
    host: str
    port: int
    path: str
    database: int
    username: str | None
    password: str | None

    def __str__(self) -> str:
        """The URL for logs and reports, without user and password."""
        if self.path:
            return f"unix://{self.path}?db={self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"redis{'s' if self.tls else ''}://{host}:{self.port}/{self.database}"

    @property
    def is_exposed(self) -> bool:
        """Whether somebody on the way could read and change what is said."""
        if self.tls or self.path:
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host != "localhost"

    @classmethod
    def of(cls, url: str) -> "RedisPlace":
        """Read a URL; it says where, and nothing about how, such as without certificates.

        Raises:
            ValueError: where it is none; never with its text, which may hold a password.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or _PORT
        except ValueError:
            raise ValueError from None
        path = ""
        if parts.scheme == "unix":
            path, database = unquote(parts.path), parts.query.removeprefix("db=")
            good = len(path) > 1 and not host
        else:
            database = parts.path.removeprefix("/")
            good = parts.scheme in {"redis", "rediss"} and _HOST.fullmatch(host) is not None
            good = good and not parts.query
        if not (good and url.isprintable() and not parts.fragment):
            raise ValueError
        if not _DATABASE.fullmatch(database or "0"):
            raise ValueError
        return cls(
            tls=parts.scheme == "rediss",
            host=host,
            port=port,
            path=path,
            database=int(database or "0"),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )


def _url(value: str) -> str:
    try:
        RedisPlace.of(value)
    except ValueError:
        forms = "redis://host:6379/0, rediss://host:6379/0 or unix:///run/redis.sock?db=0"
        raise expected(f"a URL such as {forms}, and no other parameters") from None
    return value


class RedisSet(Section):
    """A set of revoked `jti` in Redis or Valkey."""

    url: Annotated[str, AfterValidator(_url)] = Field(
        repr=False, description="`redis://host:6379/0`, `rediss://...` or `unix:///path?db=0`"
    )
    key: Annotated[str, Field(min_length=1, max_length=512)] = Field(
        "jwtfast:revoked", description="the key of the set, or of the sorted set"
    )
    password_env: Variable | None = Field(None, description="a variable that holds the password")
    password_file: FileName | None = Field(None, description="a file that holds the password")
    ca_file: FileName | None = Field(
        None, description="PEM certificates to trust instead of the system's"
    )
    when_away: Literal["deny", "last_known"] = Field(
        "deny", description="what holds while it does not answer: no token passes, or what it said"
    )

    @model_validator(mode="after")
    def _fits_the_url(self) -> "RedisSet":
        place = self.place
        given = [name for name in _PASSWORDS if getattr(self, name) is not None]
        given += ["url"] if place.password else []
        if len(given) > 1:
            message = f"expected the password in one place, found it in {' and '.join(given)}"
            raise PydanticCustomError("rule", "{message}", {"message": message})
        if self.ca_file and not place.tls:
            raise PydanticCustomError("rule", "ca_file belongs to a rediss:// URL only")
        return self

    @property
    def place(self) -> RedisPlace:
        """What the URL says."""
        return RedisPlace.of(self.url)


class Revocation(Section):
    """Tokens that pass no more, from a file, from Redis or Valkey, or from both."""

    file: FileName | None = Field(
        None, description="a JSON file, by `jti`, `sub` and `kid`; always watched"
    )
    redis: RedisSet | None = Field(None, description="a set of `jti` in Redis or Valkey")

    @model_validator(mode="after")
    def _any_source(self) -> "Revocation":
        if self.file is None and self.redis is None:
            raise PydanticCustomError("rule", "expected file, redis or both, found none")
        return self
