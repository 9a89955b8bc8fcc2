"""Logs: JSON lines on stderr, never a token, never a claim that was not verified."""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, Literal

import orjson
import structlog

from jwtfast import Decision

__all__ = ["DecisionLog", "configure", "error_fields", "granian_formatter", "granian_logging"]

Decisions = Literal["none", "denied", "all"]

# A client chooses its method, and may write a token there: only these are told by name.
_METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
)
# What an exception's text may have taken from a request is cut: a token is one long word.
_LONG_WORD: Final = re.compile(r"[^\s'\"]{24,}")
_DENIED_PER_SECOND: Final = 50


def _json(value: object, **_: object) -> bytes:
    return orjson.dumps(value, default=str)


def _processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def configure(level: str) -> None:
    """Send the log of this process to stderr, from `level` (debug ... critical) on."""
    structlog.configure(
        processors=[*_processors(), structlog.processors.JSONRenderer(serializer=_json)],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
    )
    # The library logs by the standard module, as libraries do.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(granian_formatter())
    library = logging.getLogger("jwtfast")
    library.handlers[:] = [handler]
    library.propagate = False
    library.setLevel(level.upper())


def granian_formatter() -> logging.Formatter:
    """Make granian's own records look like ours; named by `granian_logging`."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_processors(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(serializer=lambda value, **_: _json(value).decode()),
        ],
    )


def granian_logging() -> dict[str, Any]:
    """The dictConfig for granian in the main process and in the workers; no access log."""
    return {
        "formatters": {"json": {"()": "jwtfast_server.log.granian_formatter"}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
    }


def error_fields(error: BaseException) -> dict[str, object]:
    """An exception as fields: its type, its text without long words, its stack without values."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "message": _LONG_WORD.sub("[cut]", str(error)),
        "frames": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


class DecisionLog:
    """Writes decisions; when denials come in floods, it counts what it leaves out and says so."""

    def __init__(
        self,
        mode: Decisions,
        *,
        per_second: int = _DENIED_PER_SECOND,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Write none, the denied ones (at most so many per second), or all of them."""
        self._log = structlog.get_logger()
        self.writes_allowed = mode == "all"
        self._per_second = {"none": 0, "denied": per_second, "all": sys.maxsize}[mode]
        self._writes_denied = mode != "none"
        self._clock = clock
        self._lock = threading.Lock()
        self._second = clock()
        self._room = self._per_second
        self._left_out = 0

    def write(self, decision: Decision, method: str) -> None:
        """Write one decision.

        Args:
            decision: what the gate said.
            method: the request's method.
        """
        if not self._writes_denied or not self._has_room():
            return
        self._log.info(
            "decision",
            policy=decision.policy,
            code=decision.code,
            status=decision.status,
            method=method if method in _METHODS else "other",
            duration_us=round(decision.seconds * 1e6, 1),
            # Which header, claim or option, where the code does not say it.
            **({"detail": decision.detail} if decision.detail else {}),
        )

    def _has_room(self) -> bool:
        with self._lock:
            now = self._clock()
            if now - self._second >= 1.0:
                self._tell_left_out()
                self._second, self._room = now, self._per_second
            if self._room > 0:
                self._room -= 1
                return True
            self._left_out += 1
            if self._left_out == 1:
                timer = threading.Timer(1.0, self.flush)
                timer.daemon = True
                timer.start()
            return False

    def flush(self) -> None:
        """Say now how many decisions were left out since it was last said."""
        with self._lock:
            self._tell_left_out()

    def _tell_left_out(self) -> None:
        if self._left_out:
            self._log.warning("decisions left out", count=self._left_out)
            self._left_out = 0
