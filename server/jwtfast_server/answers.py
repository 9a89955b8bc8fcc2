"""What is sent for each reason code: its status, and its body, made once."""

from http import HTTPStatus
from typing import Final, NamedTuple

import orjson

from jwtfast import _core
from jwtfast_server.config import Settings

__all__ = ["CLOSE", "JSON", "LINES", "TEXT", "Page", "bodies", "statuses"]

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"


LINES: Final = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
"""By status, the line that begins an answer (without the version)."""

CLOSE: Final = ("connection", "close")
"""For every answer that no gate gave: who knows whether a body was announced with the request."""


class Page(NamedTuple):
    """An answer that no gate gave."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, status: int, content_type: str, body: bytes) -> "Page":
        """An answer that is never stored."""
        headers = [("content-type", content_type), ("cache-control", "no-store"), CLOSE]
        return cls(status, headers, body)

    def to(self, method: str) -> "Page":
        """The same without its body where the method is HEAD; its length stays."""
        if method != "HEAD":
            return self
        length = ("content-length", str(len(self.body)))
        return self._replace(headers=[*self.headers, length], body=b"")

    @classmethod
    def json(cls, status: int, value: object) -> "Page":
        """An answer in JSON."""
        return cls.of(status, JSON, orjson.dumps(value))


def statuses(settings: Settings) -> dict[str, int]:
    """By reason code, the status of a denial under these settings."""
    found = {code: status or settings.unavailable_status for code, status, _ in _core.reasons()}
    if settings.mode == "legacy":
        # That service knows no 403.
        found |= {code: 401 for code, status in found.items() if status == HTTPStatus.FORBIDDEN}
    return found


def bodies(settings: Settings) -> dict[tuple[int, str | None], bytes]:
    """By status and reason code, the body of a denial (RFC 9457); all empty in legacy mode."""
    # A claim that cannot be sent is an `invalid_claim` with 403, so codes alone are not enough.
    denials = {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus(settings.unavailable_status),
    }
    legacy = settings.mode == "legacy"
    return {
        (status, code): b"" if legacy else _problem(status, code, sentence)
        for status in denials
        for code, _, sentence in _core.reasons()
    }


def _problem(status: HTTPStatus, code: str, sentence: str) -> bytes:
    return orjson.dumps(
        {"title": status.phrase, "status": status.value, "code": code, "detail": sentence}
    )
