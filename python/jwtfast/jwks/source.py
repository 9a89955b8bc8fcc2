"""Where keys come from: a JWKS URL, or an issuer whose metadata names one."""

import json
from dataclasses import dataclass, field
from typing import Any, Protocol

from urllib3.util import Url

from jwtfast import InvalidKeyError, KeySet
from jwtfast.jwks.address import checked, shown, well_known
from jwtfast.jwks.credentials import Credentials
from jwtfast.jwks.deadline import Deadline
from jwtfast.jwks.fetch import Answer, AnswerError, FetchError, fetch

__all__ = ["DiscoverySource", "FetchError", "JwksSource", "Loaded", "Reading", "Source"]


_SHOWN = 300
"""A name that is longer is cut, where it is told."""


@dataclass(frozen=True)
class Loaded:
    """What a source had."""

    keys: KeySet | None
    """None: what it had before holds still."""
    max_age: float | None = None
    """For how many seconds it holds, where the source says so."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a source's documents are asked for and read; see `Options`."""

    ca_file: str | None = None
    allow_http: bool = False
    credentials: Credentials = field(default_factory=Credentials)
    uses: tuple[str, ...] | None = None
    ignore_key_ops: bool = False


class Source(Protocol):
    """Something that keys can be loaded from, again and again, by one thread at a time."""

    @property
    def name(self) -> str:
        """What it is called in logs and errors; without credentials."""

    def load(self, deadline: Deadline) -> Loaded:
        """Load the keys.

        Raises:
            FetchError: where there are none that can be used; the text says why.
        """


class JwksSource:
    """A JWKS (RFC 7517 section 5) at a URL."""

    def __init__(self, url: str, reading: Reading) -> None:
        """Check the URL.

        Raises:
            ValueError: where keys cannot be fetched from it.
        """
        self._url = checked(url, "the JWKS URL", allow_http=reading.allow_http)
        reading.credentials.check(self._url)
        self._document = _Document(reading, self._url)

    @property
    def name(self) -> str:
        """The URL, without user, password and query."""
        return shown(self._url)

    def load(self, deadline: Deadline) -> Loaded:
        """Fetch the set; with its ETag, once there was one."""
        return self._document.load(self._url, deadline)


class DiscoverySource:
    """An issuer with metadata: OpenID Connect Discovery 1.0, or RFC 8414."""

    def __init__(self, issuer: str, reading: Reading, metadata_url: str | None = None) -> None:
        """Check the issuer, which the metadata must repeat byte by byte, wherever it is.

        Raises:
            ValueError: where it is no URL that metadata can be fetched from.
        """
        what = "the issuer" if metadata_url is None else "the metadata's URL"
        url = checked(metadata_url or issuer, what, allow_http=reading.allow_http)
        if url.query is not None or url.auth is not None:
            raise ValueError(f"{what} must have neither a query nor a user")
        self._issuer = issuer
        self._places = well_known(url) if metadata_url is None else [url]
        reading.credentials.check(url)
        self._reading = reading
        self._document = _Document(reading, url)

    @property
    def name(self) -> str:
        """The issuer."""
        return self._issuer

    def load(self, deadline: Deadline) -> Loaded:
        """Fetch the metadata, then the set that it names."""
        return self._document.load(self._jwks_uri(deadline), deadline)

    def _jwks_uri(self, deadline: Deadline) -> Url:
        failures = []
        for place in self._places:
            try:
                metadata = _json_object(self._fetched(place, deadline), place)
            except AnswerError as error:
                failures.append(str(error))
                continue
            return self._named_by(metadata, place)
        raise AnswerError("; ".join(failures))

    def _fetched(self, place: Url, deadline: Deadline) -> Answer:
        reading = self._reading
        headers = reading.credentials.for_url(place, self._places[0])
        return fetch(place, deadline, ca_file=reading.ca_file, headers=headers)

    def _named_by(self, metadata: dict[str, Any], place: Url) -> Url:
        if metadata.get("issuer") != self._issuer:
            raise FetchError(
                f"{shown(place)} is the metadata of another issuer: "
                + _difference(metadata.get("issuer"), self._issuer)
            )
        uri = metadata.get("jwks_uri")
        if not isinstance(uri, str):
            raise FetchError(f"{shown(place)} has no jwks_uri")
        try:
            url = checked(uri, "its jwks_uri", allow_http=self._reading.allow_http)
        except ValueError as error:
            raise FetchError(f"{shown(place)}: {error}") from None
        if url.auth is not None:
            raise FetchError(f"{shown(place)}: its jwks_uri must not have a user")
        if place.scheme == "https" and url.scheme != "https":
            raise FetchError(f"{shown(place)}: its jwks_uri must begin with https://")
        return url


class _Document:
    """The JWKS as it was fetched last."""

    def __init__(self, reading: Reading, origin: Url) -> None:
        self._reading = reading
        self._origin = origin
        self._known: tuple[Url, str] | None = None

    def load(self, url: Url, deadline: Deadline) -> Loaded:
        etag = self._known[1] if self._known and self._known[0] == url else None
        reading = self._reading
        headers = reading.credentials.for_url(url, self._origin)
        answer = fetch(url, deadline, ca_file=reading.ca_file, etag=etag, headers=headers)
        if answer.body is None:
            return Loaded(None, answer.max_age)
        try:
            keys = KeySet.from_jwks(
                answer.body,
                remote=True,
                uses=reading.uses,
                ignore_key_ops=reading.ignore_key_ops,
            )
        except InvalidKeyError as error:
            raise AnswerError(f"{shown(url)}: {error}") from None
        # Of a good set only: a bad one must not become what did not change.
        self._known = (url, answer.etag) if answer.etag else None
        return Loaded(keys, answer.max_age)


def _difference(found: object, wanted: str) -> str:
    """Both names, and what is easily overlooked between them."""
    text = f"it says {ascii(found)[:_SHOWN]}, expected {wanted!r}"
    if isinstance(found, str) and found.removesuffix("/") == wanted.removesuffix("/"):
        text += "; they differ in the slash at the end alone"
    return text


def _json_object(answer: Answer, url: Url) -> dict[str, Any]:
    try:
        value = json.loads(answer.body or b"")
    except (ValueError, RecursionError):
        raise AnswerError(f"{shown(url)} answered with something that is not JSON") from None
    if not isinstance(value, dict):
        raise AnswerError(f"{shown(url)} answered with JSON that is not an object")
    return value
