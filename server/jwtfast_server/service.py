"""Today's gate, and everything about the service that is not on the path of a decision."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from jwtfast import Decision, Gate
from jwtfast_server import metrics
from jwtfast_server.answers import TEXT, Page, bodies, statuses
from jwtfast_server.config import Settings
from jwtfast_server.counters import Counters
from jwtfast_server.log import DecisionLog, error_fields

__all__ = ["DRAINING", "Current", "Service"]

DRAINING: Final = "draining"
"""The file that the main process makes in the run directory once it was told to stop."""

_MOST_PLACES: Final = 1000

Headers = Sequence[Sequence[str | bytes]]


class Current(NamedTuple):
    """One gate's call, and the request headers it wants: swapped together, as one reference."""

    decide: Callable[[str | None, str, str | bytes, Headers], Decision]
    names: tuple[str, ...]
    raw_names: tuple[bytes, ...]
    failed: Callable[[], Decision]


class Service:
    """What one worker serves."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        """Build the gate from settings that were already found good.

        Args:
            settings: the settings, the same in every worker.
            directory: what the workers of one server share; see `launch`.
        """
        self._settings = settings
        self._directory = directory
        self._log = structlog.get_logger()
        self._statuses = statuses(settings)
        self._registry = metrics.exposition(directory, self._statuses, settings.interface)
        self._places_told: set[tuple[object, ...]] = set()
        self.legacy: Final = settings.mode == "legacy"
        self.bodies: Final = bodies(settings)
        self.unreadable: Final = _unreadable(settings)
        self.decisions: Final = DecisionLog(settings.log.decisions)
        self.pages: Final[dict[str, Callable[[], Page]]] = {
            "/healthz": lambda: Page.of(200, TEXT, b"OK"),
            "/readyz": self._ready,
        }
        if settings.metrics.listen is None:
            self.pages["/metrics"] = self._metrics
        keys = settings.key_sets()
        gate = Gate(settings.gate_settings(), keys)
        self._counters = Counters(directory, gate)
        self._without_keys: tuple[str, ...] = ()
        self.current: Current
        self._publish(gate, tuple(name for name, key_set in keys.items() if not key_set))

    def replace(self, gate: Gate, without_keys: tuple[str, ...] = ()) -> None:
        """Let a new gate decide from the next request on; what was counted stays counted."""
        if self._counters.fits(gate):
            self._counters.adopt(gate)
        else:
            self._counters.flush()
            self._counters = Counters(self._directory, gate)
        self._publish(gate, without_keys)

    def flush(self) -> None:
        """Let the other workers see what this one counted."""
        self._counters.flush()

    def _publish(self, gate: Gate, without_keys: tuple[str, ...]) -> None:
        names = gate.request_headers
        raw_names = tuple(name.encode() for name in names)
        self._without_keys = without_keys
        self.current = Current(gate.decide, names, raw_names, gate.internal_error)

    def failed(self, error: BaseException) -> Page:
        """The answer when we made a mistake: never 200; counted, and told once per place."""
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = (type(error), frame and (frame.tb_frame.f_code.co_filename, frame.tb_lineno))
        if place not in self._places_told and len(self._places_told) < _MOST_PLACES:
            self._places_told.add(place)
            self._log.error("internal error", **error_fields(error))
        decision = self.current.failed()
        body = self.bodies[decision.status, decision.code]
        return Page(decision.status, decision.headers, body)

    def wrong_method(self) -> Page:
        """The answer of that service to anything but GET."""
        self._counters.count_event("method_not_allowed")
        return Page(405, [("allow", "GET")], b"")

    def page(self, path: str) -> Page:
        """The answer for any path that is not decided."""
        make = self.pages.get(path)
        return make() if make else Page.of(404, TEXT, b"not found\n")

    def _ready(self) -> Page:
        if (self._directory / DRAINING).exists():
            return Page.json(503, {"status": "draining"})
        if self._without_keys:
            return Page.json(503, {"status": "no usable keys", "issuers": self._without_keys})
        return Page.json(200, {"status": "ready"})

    def _metrics(self) -> Page:
        return Page.of(200, CONTENT_TYPE_LATEST, generate_latest(self._registry))


def _unreadable(settings: Settings) -> dict[str, bytes]:
    """By header, what stands for a value that a front door cannot read: no good token."""
    found: dict[str, bytes] = {}
    for source in settings.token.sources:
        if source.header:
            found[source.header.lower()] = f"{source.scheme or ''} \xff".encode("latin-1")
        elif source.cookie:
            found["cookie"] = found.get("cookie", b"") + f"{source.cookie}=\xff;".encode("latin-1")
    return found
