"""What a source of keys is asked with, beside the request itself: headers, and a bearer token."""

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from urllib3.util import Url

from jwtfast.jwks.address import is_loopback, same_origin
from jwtfast.jwks.fetch import FetchError

__all__ = ["Credentials"]

_MOST_BYTES: Final = 1 << 16
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,8190}[\x21-\x7e])?")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_OURS: Final = re.compile(
    "accept|accept-encoding|connection|content-length|content-type|expect|host|if-modified-since"
    "|if-none-match|keep-alive|proxy-authorization|proxy-connection|range|te|trailer"
    "|transfer-encoding|upgrade|user-agent"
)
"""What a request sets itself, or what would change its meaning."""


@dataclass(frozen=True)
class Credentials:
    """Headers for one host alone, and a file with a bearer token, which is read for each request.

    None of it is told in errors or logs.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    bearer_token_file: str | None = None

    def __post_init__(self) -> None:
        """Refuse headers that cannot be sent, or that are not for the caller to choose.

        Raises:
            ValueError: naming the header, never its value.
        """
        names = [name.lower() for name in self.headers]
        if len(set(names)) < len(names):
            raise ValueError("headers names one twice")
        for name, value in self.headers.items():
            if not _NAME.fullmatch(name):
                raise ValueError("headers has a name that no header can have")
            if _OURS.fullmatch(name.lower()):
                raise ValueError(f"headers must not have {name}, which the request sets itself")
            if not _VALUE.fullmatch(value):
                raise ValueError(f"the value of {name} must be visible ASCII, without line breaks")
        if self.bearer_token_file is not None and "authorization" in names:
            raise ValueError("Authorization must not stand beside bearer_token_file")

    def __bool__(self) -> bool:
        return bool(self.headers) or self.bearer_token_file is not None

    def check(self, url: Url) -> None:
        """Refuse to send them where anybody on the way could read them.

        Raises:
            ValueError: where the URL is http and leads to another machine, or has a user.
        """
        if self and url.scheme != "https" and not is_loopback(url):
            raise ValueError("credentials are sent by https:// only, or to this machine")
        if url.auth is not None and (
            self.bearer_token_file or "authorization" in map(str.lower, self.headers)
        ):
            raise ValueError("a user in the URL must not stand beside another Authorization")

    def for_url(self, url: Url, origin: Url) -> dict[str, str]:
        """The headers for a URL: none where its scheme, host or port is not that of `origin`.

        Raises:
            FetchError: where the file with the token cannot be read.
        """
        if not self or not same_origin(url, origin):
            return {}
        found = dict(self.headers)
        if self.bearer_token_file is not None:
            found["Authorization"] = f"Bearer {self._token(self.bearer_token_file)}"
        return found

    def _token(self, file: str) -> str:
        try:
            data = _read(file)
        except OSError as error:
            reason = error.strerror or "cannot be read"
            raise FetchError(f"the bearer token file {file}: {reason}") from None
        token = data.decode("latin-1").strip("\r\n")
        if len(data) > _MOST_BYTES or not _TOKEN.fullmatch(token):
            raise FetchError(f"the bearer token file {file}: holds no token")
        return token


def _read(file: str) -> bytes:
    # To open a pipe would otherwise wait for who writes into it.
    opened = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(opened, "rb") as stream:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise OSError(0, "is no regular file")
        return stream.read(_MOST_BYTES + 1)
