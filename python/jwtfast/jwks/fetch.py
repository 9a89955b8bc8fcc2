"""One document over HTTP: bounded in time and size, from where it was asked for alone."""

import re
import socket
import ssl
import urllib.request
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, make_headers
from urllib3.exceptions import HTTPError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as HTTPTimeoutError
from urllib3.util import Url, parse_url

import jwtfast
from jwtfast.jwks.address import follows, is_loopback, shown
from jwtfast.jwks.deadline import Deadline, TimedHTTPPool, TimedHTTPSPool

__all__ = ["MOST_BYTES", "Answer", "AnswerError", "FetchError", "fetch"]

MOST_BYTES: Final = 1 << 20
"""How large a document may be, packed or unpacked."""

_MOST_REDIRECTS: Final = 3
_CHUNK: Final = 1 << 16
_LONGEST_ETAG: Final = 256
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_AGE: Final = re.compile(r"(?:^|[,\s])max-age=\"?(\d{1,9})", re.IGNORECASE)
_HEADERS: Final = {
    "Accept": "application/jwk-set+json, application/json",
    "Accept-Encoding": "identity",
    "User-Agent": f"jwtfast/{jwtfast.__version__}",
}


class FetchError(Exception):
    """What was asked for did not come; the text says why, without credentials."""


class AnswerError(FetchError):
    """The server answered, but not with what was asked for."""


@dataclass(frozen=True)
class Answer:
    """A document, or the word that it did not change."""

    body: bytes | None
    """None where the server says that it is the one of the given ETag."""
    etag: str | None
    max_age: float | None
    """For how many seconds it holds, by the server's word."""


def fetch(
    url: Url,
    deadline: Deadline,
    *,
    ca_file: str | None = None,
    etag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Fetch a document, through the proxy of the environment where there is one.

    Args:
        url: where it is.
        deadline: until when all of it must be there.
        ca_file: PEM certificates to trust instead of the system's.
        etag: of the document that is there already.
        headers: credentials for this URL; they do not follow a redirect.

    Raises:
        AnswerError: where something else was answered.
        FetchError: where nothing was, or too late.
    """
    try:
        return _fetch(url, deadline, ca_file, etag, headers or {})
    except FetchError as error:
        raise type(error)(f"{shown(url)} {error}") from None


def _fetch(
    url: Url,
    deadline: Deadline,
    ca_file: str | None,
    etag: str | None,
    headers: Mapping[str, str],
) -> Answer:
    for _ in range(_MOST_REDIRECTS + 1):
        with _pools(url, ca_file) as pools:
            given = {**headers, **({"If-None-Match": etag} if etag else {})}
            response = _ask(pools, url, deadline, given)
            try:
                if response.status not in _REDIRECTS:
                    return _answer(response, deadline, etag)
                url = follows(url, response.headers.get("Location", ""))
                headers = {}
            except ValueError as error:
                raise AnswerError(str(error)) from None
            finally:
                response.close()
    raise AnswerError(f"redirected more than {_MOST_REDIRECTS} times")


def _pools(url: Url, ca_file: str | None) -> PoolManager:
    proxy = _proxy(url)
    context = _context(ca_file) if "https" in {url.scheme, proxy and proxy.scheme} else None
    if proxy is None:
        pools = PoolManager(ssl_context=context)
    else:
        headers = make_headers(proxy_basic_auth=unquote(proxy.auth)) if proxy.auth else None
        pools = ProxyManager(proxy.url, proxy_headers=headers, ssl_context=context)
    pools.pool_classes_by_scheme = {"http": TimedHTTPPool, "https": TimedHTTPSPool}
    return pools


def _context(ca_file: str | None) -> ssl.SSLContext:
    try:
        # To open a pipe would wait for who writes into it.
        if ca_file is not None and Path(ca_file).exists() and not Path(ca_file).is_file():
            raise FetchError(f"cannot be asked: the CA file {ca_file}: is no regular file")
        # Anew each time: a CA file may have been renewed.
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        reason = "holds no certificates in PEM"
    except OSError as error:
        reason = error.strerror or "cannot be read"
    raise FetchError(f"cannot be asked: the CA file {ca_file}: {reason}")


def _proxy(url: Url) -> Url | None:
    """The proxy that HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY name; none to loopback."""
    if is_loopback(url) or urllib.request.proxy_bypass(url.netloc or ""):
        return None
    proxies = urllib.request.getproxies()
    text = proxies.get(url.scheme or "") or proxies.get("all")
    if not text:
        return None
    try:
        proxy = parse_url(text if "://" in text else f"http://{text}")
    except ValueError:
        raise FetchError("cannot be asked: the proxy of the environment is not a URL") from None
    if proxy.scheme not in {"http", "https"} or not proxy.host:
        raise FetchError("cannot be asked: the proxy of the environment must be an http:// URL")
    return proxy


def _ask(
    pools: PoolManager, url: Url, deadline: Deadline, headers: Mapping[str, str]
) -> BaseHTTPResponse:
    given = {**_HEADERS, **headers}
    if url.auth:
        given |= make_headers(basic_auth=unquote(url.auth))
    try:
        pools.connection_from_url(url.url).conn_kw["deadline"] = deadline
        return pools.urlopen(
            "GET",
            url._replace(auth=None).url,
            headers=given,
            timeout=deadline.left,
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
    except (HTTPError, OSError, ValueError) as error:
        raise FetchError(_sentence(error, deadline)) from None


def _answer(response: BaseHTTPResponse, deadline: Deadline, etag: str | None) -> Answer:
    headers = response.headers
    if response.status == HTTPStatus.NOT_MODIFIED and etag is not None:
        return Answer(None, etag, _max_age(headers))
    if response.status != HTTPStatus.OK:
        raise AnswerError(f"answered with status {response.status}")
    body = _unpacked(_body(response, deadline), headers.get("Content-Encoding", ""))
    if not body.strip():
        raise AnswerError("answered with nothing")
    if body.lstrip()[:1] == b"<":
        raise AnswerError("answered with HTML or XML, not with JSON")
    given = headers.get("ETag", "")
    return Answer(body, given if 0 < len(given) <= _LONGEST_ETAG else None, _max_age(headers))


def _body(response: BaseHTTPResponse, deadline: Deadline) -> bytes:
    chunks = []
    room = MOST_BYTES
    try:
        while chunk := response.read(_CHUNK, decode_content=False):
            chunks.append(chunk)
            room -= len(chunk)
            if room < 0:
                raise AnswerError(f"answered with more than {MOST_BYTES >> 20} MiB")
    except (HTTPError, OSError) as error:
        raise FetchError(_sentence(error, deadline)) from None
    if deadline.passed:
        # Without a Content-Length, a connection that was cut looks like the end.
        raise FetchError(_sentence(TimeoutError(), deadline))
    return b"".join(chunks)


def _unpacked(body: bytes, encoding: str) -> bytes:
    """Unpack what some servers pack without being asked to, to no more than is allowed."""
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
            try:
                unpacked = unpacker.decompress(body, MOST_BYTES + 1)
            except zlib.error:
                raise AnswerError("answered with broken gzip") from None
            if len(unpacked) > MOST_BYTES:
                raise AnswerError(f"answered with more than {MOST_BYTES >> 20} MiB")
            if not unpacker.eof:
                raise AnswerError("answered with broken gzip")
            return unpacked
        case _:
            raise AnswerError("answered with a Content-Encoding that was not asked for")


def _max_age(headers: Mapping[str, str]) -> float | None:
    """How long an answer stays fresh (RFC 9111 section 4.2), less its time on the way."""
    found = _MAX_AGE.search(headers.get("Cache-Control", ""))
    if found is None:
        return None
    age = headers.get("Age", "")
    return max(0.0, float(found[1]) - (float(age) if re.fullmatch(r"\d{1,9}", age) else 0.0))


def _sentence(error: Exception, deadline: Deadline) -> str:
    """Say what went wrong; urllib3's own text has URLs in it."""
    if deadline.passed or isinstance(error, HTTPTimeoutError | TimeoutError):
        return f"did not answer within {deadline.seconds:g} s"
    if isinstance(error, ProxyError):
        return "cannot be reached through the proxy of the environment"
    if isinstance(error, SSLError):
        cause = error.args[0] if error.args else None
        message = getattr(cause, "verify_message", "") or getattr(cause, "reason", "") or "failed"
        return f"cannot be trusted: TLS: {message}"
    cause = error.args[-1] if error.args and isinstance(error.args[-1], OSError) else error
    if isinstance(cause, socket.gaierror):
        return "cannot be found: the host's name has no address"
    if isinstance(cause, OSError) and cause.strerror:
        return f"cannot be reached: {cause.strerror}"
    return "broke off its answer, or does not speak HTTP"
