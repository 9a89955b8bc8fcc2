"""What the service would answer to a token, for `jwtfast check --token`; it is never printed."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from jwtfast import _core
from jwtfast_server.config import Settings
from jwtfast_server.rehearsal import Rehearsal

__all__ = ["header_of", "request_headers", "token_record", "token_text"]

Header = tuple[str, str]


def header_of(text: str) -> Header:
    """A header as it is written on the command line, `Name: value`.

    Raises:
        ValueError: where it is none.
    """
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or not text.isprintable():
        raise ValueError("expected a header, such as 'X-Name: value'")
    return name.strip().lower(), value.strip()


def request_headers(settings: Settings, token: str, url: tuple[str, str] | None) -> list[Header]:
    """The headers of a subrequest with a token in the first place that is looked at.

    Args:
        settings: the settings.
        token: the token; empty for none.
        url: the original request's method and URL, where they are given.

    Raises:
        ValueError: where nothing can be told in that place.
    """
    headers: list[Header] = []
    method, target = url or ("", "")
    place = settings.token.sources[0]
    if token and place.header:
        scheme = f"{place.scheme} " if place.scheme else ""
        headers.append((place.header.lower(), f"{scheme}{token}"))
    elif token and place.cookie:
        headers.append(("cookie", f"{place.cookie}={token}"))
    elif token:
        if not url:
            raise ValueError("the token is looked for in the query of a URL: give one with --route")
        target += f"{'&' if '?' in target else '?'}{place.query}={token}"
    return headers + (_original(settings, method, target) if url else [])


def _original(settings: Settings, method: str, url: str) -> list[Header]:
    """The headers by which the proxy tells its client's request."""
    original = settings.original_request
    if original is None:
        raise ValueError(
            "the file does not say how the original request is told: leave out --route"
        )
    parts = urlsplit(url)
    path = url.partition(parts.netloc)[2] if parts.netloc else url
    found: list[Header] = [(original.uri_header, url if original.is_composed else path)]
    if original.host_header and parts.netloc:
        found.append((original.host_header, parts.netloc))
    if original.is_confirmed:
        found.append((str(original.confirm_header), path))
    if original.method_header and original.method_header != "subrequest":
        found.append((original.method_header, method))
    return [(name.lower(), value) for name, value in found]


def token_record(
    rehearsal: Rehearsal,
    headers: Sequence[Header],
    policy: str | None,
    method: str = "GET",
) -> dict[str, Any]:
    """The decision on a request, for `--json`; who asks is taken for a trusted proxy."""
    decision = rehearsal.gate.decide(policy, method, "", headers, peer="unix")
    sentences = {code: sentence for code, _, sentence in _core.reasons()}
    code = decision.code
    return {
        "status": decision.status,
        "code": code,
        "why": None if code is None else decision.detail or sentences[code],
        "shadow": decision.status == HTTPStatus.OK and code is not None,
        "policy": decision.policy or None,
        "headers": [list(header) for header in decision.headers],
    }


def token_text(record: dict[str, Any]) -> str:
    """The decision, a line for itself and for each header."""
    head = str(record["status"])
    if record["code"] is None:
        head += ": passes"
    else:
        head += ": passes in shadow mode; it would be" if record["shadow"] else ":"
        head += f" {record['code']}: {record['why']}"
    lines = [head, f"  policy {record['policy'] or 'none'}"]
    return "\n".join([*lines, *(f"  {name}: {value}" for name, value in record["headers"])])
