"""Which URLs may be fetched, which may be followed, and how they are told without credentials."""

import ipaddress
from urllib.parse import urljoin

from urllib3.exceptions import LocationValueError
from urllib3.util import Url, parse_url

__all__ = ["checked", "follows", "is_loopback", "same_origin", "shown", "well_known"]

_PORTS = {"http": 80, "https": 443}


def checked(text: str, what: str, *, allow_http: bool = False) -> Url:
    """Read a URL that keys may be fetched from: https, or http on this machine.

    Args:
        text: the URL.
        what: what it is, for the error.
        allow_http: take http to any host.

    Raises:
        ValueError: where it is none; the text has no credentials in it.
    """
    try:
        url = parse_url(text)
    except LocationValueError:
        # Its text has the whole URL in it.
        raise ValueError(f"{what} is not a URL") from None
    if url.scheme not in _PORTS or not url.host:
        raise ValueError(f"{what} must begin with https:// and have a host")
    if url.fragment is not None:
        raise ValueError(f"{what} must not have a fragment (#)")
    if url.scheme == "http" and not allow_http and not is_loopback(url):
        raise ValueError(f"{what} must begin with https:// (http://{url.host}/): see allow_http")
    return url


def is_loopback(url: Url) -> bool:
    """Whether a URL leads to this machine."""
    host = url.host or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def shown(url: Url) -> str:
    """Return a URL for logs and errors, without user, password and query."""
    # A password with a slash in it ends the host, and is in the path.
    path = url.path if "@" not in (url.path or "") else "/..."
    return Url(url.scheme, None, url.host, url.port, path).url


def follows(old: Url, location: str) -> Url:
    """Read where a redirect leads: the same host and port, or from http to https of that host.

    Raises:
        ValueError: where it leads elsewhere.
    """
    try:
        new = parse_url(urljoin(old._replace(auth=None).url, location))
    except ValueError:
        raise ValueError("redirected to something that is not a URL") from None
    place = (new.scheme, new.host, _port(new))
    secured = ("https", old.host, _PORTS["https"])
    if new.auth is not None or place not in {(old.scheme, old.host, _port(old)), secured}:
        raise ValueError(f"redirected to another host or a weaker scheme: {shown(new)}")
    return new._replace(auth=old.auth, fragment=None)


def same_origin(one: Url, other: Url) -> bool:
    """Whether scheme, host and port are the same (RFC 6454 section 5)."""
    return (one.scheme, one.host, _port(one)) == (other.scheme, other.host, _port(other))


def _port(url: Url) -> int | None:
    return url.port or _PORTS.get(url.scheme or "")


def well_known(issuer: Url) -> tuple[Url, Url]:
    """Where an issuer's metadata may be, in the order to ask.

    First OpenID Connect Discovery 1.0 section 4, which appends to the issuer's path, then
    RFC 8414 section 3.1, which inserts before it.
    """
    path = (issuer.path or "").rstrip("/")
    return (
        issuer._replace(path=f"{path}/.well-known/openid-configuration"),
        issuer._replace(path=f"/.well-known/oauth-authorization-server{path}"),
    )
