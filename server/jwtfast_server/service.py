"""Today's gate, and everything about the service that is not on the path of a decision."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple, Protocol

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from jwtfast import Decision, Gate
from jwtfast_server import metrics
from jwtfast_server.answers import TEXT, Page, bodies, statuses
from jwtfast_server.config import Settings
from jwtfast_server.counters import Counters
from jwtfast_server.key_metrics import KeyReport
from jwtfast_server.key_refresh import KeyRefresh
from jwtfast_server.log import DecisionLog, error_fields

__all__ = ["DRAINING", "Current", "Service"]

DRAINING: Final = "draining"
"""The file that the main process makes in the run directory once it was told to stop."""

_MOST_PLACES: Final = 1000
# An issuer's first key of another algorithm is one that the keys of today do not allow.
_MAY_BE_NEW: Final = frozenset({"unknown_key", "algorithm_not_allowed"})

Headers = Sequence[Sequence[str | bytes]]


class Decide(Protocol):
    """The call of a gate, see `jwtfast.Gate.decide`."""

    def __call__(
        self,
        policy: str | None,
        method: str,
        query: str | bytes,
        headers: Headers,
        /,
        *,
        peer: str | None = None,
    ) -> Decision:
        """Decide on one request."""


class Current(NamedTuple):
    """One gate's call, and what of a request it wants: swapped together, as one reference."""

    decide: Decide
    names: tuple[str, ...]
    raw_names: tuple[bytes, ...]
    failed: Callable[[], Decision]
    needs_peer: bool
    """Whether the call must be told who connected; not over a Unix socket, where nobody can say."""


class _Decisions(DecisionLog):
    """The log of decisions, which also tells of keys that nobody knows."""

    def __init__(
        self, mode: Literal["none", "denied", "all"], unknown_key: Callable[[str], None]
    ) -> None:
        super().__init__(mode)
        self._unknown_key = unknown_key

    def write(self, decision: Decision, method: str, started: float) -> None:
        """Write one decision; where its key may be new, say so to the policy's key sources."""
        if decision.code in _MAY_BE_NEW:
            self._unknown_key(decision.policy)
        super().write(decision, method, started)


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
        self.methods: Final = settings.methods
        self.bodies: Final = bodies(settings)
        self.unreadable: Final = _unreadable(settings)
        self.keys: Final = KeyRefresh(settings, self.replace)
        self._key_report = KeyReport(directory, self.keys.sources)
        self.decisions: Final = _Decisions(settings.log.decisions, self.keys.unknown_key)
        self.pages: Final[dict[str, Callable[[], Page]]] = {
            "/healthz": lambda: Page.of(200, TEXT, b"OK"),
            "/readyz": self._ready,
        }
        if settings.metrics.listen is None:
            self.pages["/metrics"] = self._metrics
        gate, without_keys = self.keys.gate()
        self._counters = Counters(directory, gate)
        self._without_keys: tuple[str, ...] = ()
        self.current: Current
        self._publish(gate, without_keys)

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
        self._key_report.write()

    def _publish(self, gate: Gate, without_keys: tuple[str, ...]) -> None:
        names = gate.request_headers
        raw_names = tuple(name.encode() for name in names)
        self._without_keys = without_keys
        needs_peer = gate.needs_peer and self._settings.listen.unix is None
        self.current = Current(gate.decide, names, raw_names, gate.internal_error, needs_peer)

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
        """The answer of the services that we replace to any other method than theirs."""
        self._counters.count_event("method_not_allowed")
        return Page(405, [("allow", ", ".join(self.methods))], b"")

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
