"""Logs: JSON lines on stderr, never a token, never a claim that was not verified.

They are written by `log_writer`: nobody who logs waits for who reads. While a server runs, all that
its processes would write to stderr passes there, as JSON: see `taking_over`.
"""

import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final, Literal

import orjson
import structlog

from jwtfast import Decision
from jwtfast_server.log_writer import Stderr, writer
from jwtfast_server.long_words import without_long_words

__all__ = [
    "DecisionLog",
    "Handler",
    "configure",
    "drain",
    "error_fields",
    "granian_logging",
    "take_over",
    "taking_over",
]

Decisions = Literal["none", "denied", "all"]

# A client chooses its method, and may write a token there: only these are told by name.
_METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
)
_DENIED_PER_SECOND: Final = 50
_LAST_LINES_S: Final = 1.0


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
        logger_factory=lambda *_: _Lines(),
    )
    # Libraries log by the standard module: our own from that level on, others when it is serious.
    handler = Handler()
    logging.captureWarnings(capture=True)
    library = logging.getLogger("jwtfast")
    library.setLevel(level.upper())
    library.propagate = False
    for logger in (library, logging.getLogger()):
        others = [one for one in logger.handlers if not isinstance(one, Handler)]
        logger.handlers[:] = [*others, handler]


class _Lines:
    """Hands rendered lines to the writer; unlike structlog's own without a lock, for forks."""

    def msg(self, line: bytes | str) -> None:
        """Write one, of whatever renderer."""
        writer.write((line if isinstance(line, bytes) else line.encode()) + b"\n")

    debug = info = warning = error = critical = msg


def take_over() -> None:
    """Let what Python writes to stderr come as JSON: text by lines, an exception as one."""
    sys.stderr = Stderr(writer.write)
    sys.excepthook = lambda _, error, __: _uncaught(error)
    threading.excepthook = lambda given: _uncaught(given.exc_value)
    sys.unraisablehook = lambda given: _uncaught(given.exc_value)


@contextmanager
def taking_over() -> Iterator[None]:
    """The same for a while, and its last lines at the end."""
    before = sys.stderr, sys.excepthook, threading.excepthook, sys.unraisablehook
    take_over()
    try:
        yield
    finally:
        sys.stderr, sys.excepthook, threading.excepthook, sys.unraisablehook = before
        drain()


def drain() -> None:
    """Let the last lines be written, as far as somebody reads them."""
    writer.drain(_LAST_LINES_S)


def _uncaught(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit):
        structlog.get_logger().error("uncaught exception", **error_fields(error))


class Handler(logging.Handler):
    """Makes records of the standard module look like ours; named by `granian_logging`."""

    def __init__(self) -> None:
        """Take all that its logger takes."""
        super().__init__()
        self.setFormatter(_formatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        writer.write(self.format(record).encode(errors="replace") + b"\n")


def _formatter() -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_processors(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _without_traceback,
            structlog.processors.JSONRenderer(serializer=lambda value, **_: _json(value).decode()),
        ],
    )


def _without_traceback(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    found = event.pop("exc_info", None)
    error = found[1] if isinstance(found, tuple) else None
    return event if error is None else {**event, **error_fields(error)}


def granian_logging() -> dict[str, Any]:
    """The dictConfig for granian in the main process and in the workers; no access log."""
    return {
        "formatters": {},
        "handlers": {"stderr": {"class": "jwtfast_server.log.Handler"}},
        "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
    }


def error_fields(error: BaseException) -> dict[str, object]:
    """An exception as fields: its type, its text without long words, its stack without values."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "message": without_long_words(str(error)),
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
