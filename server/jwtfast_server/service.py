"""Today's gate, and everything about the service that is not on the path of a decision."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

import structlog
from prometheus_client import CONTENT_TYPE_LATEST

from jwtfast import Decision, Gate, KeySet
from jwtfast._core import Door
from jwtfast_server import log
from jwtfast_server.answers import CLOSE, LINES, TEXT, Page, bodies
from jwtfast_server.config import Settings
from jwtfast_server.counters import Counters
from jwtfast_server.key_metrics import KeyReport
from jwtfast_server.key_refresh import KeyRefresh
from jwtfast_server.log import DecisionLog, error_fields
from jwtfast_server.revocation.metrics import RevocationReport
from jwtfast_server.revocation.revocations import Revocations
from jwtfast_server.run_directory import DRAINING
from jwtfast_server.scrapes import scraped
from jwtfast_server.token_cache import WorkerCache
from jwtfast_server.unknown_paths import UnknownPaths

__all__ = ["Current", "Service"]

_MOST_PLACES: Final = 1000
# An issuer's first key of another algorithm is one that the keys of today do not allow.
_MAY_BE_NEW: Final = frozenset({"unknown_key", "algorithm_not_allowed"})


class Current(NamedTuple):
    """One gate behind its door, and all that goes with it: swapped together, as one reference."""

    gate: Gate
    door: Door
    bodies: Mapping[tuple[int, str | None], bytes]
    """By status and reason code, the body of a denial."""
    decisions: "_Decisions"


class _Decisions(DecisionLog):
    """The log of decisions, which also tells of keys and of policies that nobody knows."""

    def __init__(
        self,
        mode: Literal["none", "denied", "all"],
        unknown_key: Callable[[str], None],
        unknown_path: Callable[[str], None],
    ) -> None:
        super().__init__(mode)
        self._unknown_key = unknown_key
        self._unknown_path = unknown_path

    def answered(self, decision: Decision, method: str, path: str) -> None:
        """Write one decision; where its key may be new, say so to the policy's key sources."""
        if decision.code in _MAY_BE_NEW:
            self._unknown_key(decision.policy)
        elif decision.code == "no_policy" and path != "/validate":
            self._unknown_path(path)
        self.write(decision, method)


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
        self._places_told: set[tuple[object, ...]] = set()
        self.legacy: Final = settings.mode == "legacy"
        self.methods: Final = settings.methods
        self.revocations: Final = Revocations(settings)
        self._cache = WorkerCache(directory, settings.cache.max_bytes)
        self.keys: Final = KeyRefresh(settings, self.replace, self._gate)
        self._key_report = KeyReport(directory, self.keys)
        self._revocation_report = RevocationReport(directory, self.revocations)
        self.pages: Final[dict[str, Callable[[], Page]]] = {
            "/healthz": lambda: Page.of(200, TEXT, b"OK"),
            "/readyz": self._ready,
        }
        if settings.metrics.listen is None:
            self.pages["/metrics"] = self._metrics
        if self.legacy:
            # Other methods are decided on.
            self.pages["/validate"] = self._wrong_method
        self._counters: Counters | None = None
        self.counted: Final = (
            self._flush_counters,
            self._key_report.write,
            self._revocation_report.write,
            self._cache.write,
        )
        """What writes for the other workers what this one counted, each for itself."""
        self._without_keys: tuple[str, ...] = ()
        self.unknown_paths: Final = UnknownPaths(
            self.pages, lambda: () if self.legacy else self._settings.policies
        )
        self._follow(settings)
        self.current: Current
        self.replace(settings, *self.keys.gate())

    def reload(self, settings: Settings) -> None:
        """Serve other settings that were already found good, of the same mode.

        Waits a little for keys that are fetched from elsewhere now; the caller is a thread of its
        own, and the only one that reloads.
        """
        log.configure(settings.log.level)
        self._cache.resize(settings.cache.max_bytes)
        with self.revocations.following(settings):
            self.keys.reload(settings)

    def replace(self, settings: Settings, gate: Gate, without_keys: tuple[str, ...] = ()) -> None:
        """Let a new gate decide from the next request on; what was counted stays counted.

        Args:
            settings: what the gate was built from.
            gate: the gate.
            without_keys: the issuers that it has no keys of.
        """
        if settings is not self._settings:
            self._follow(settings)
        self._count(gate)
        self._without_keys = without_keys
        door = Door(
            gate,
            bodies=self._bodies,
            lines=LINES,
            unreadable=self._unreadable,
            methods=self.methods if self.legacy else None,
            over_unix=settings.listen.unix is not None,
            tells_allowed=self._decisions.writes_allowed,
        )
        self.current = Current(gate, door, self._bodies, self._decisions)

    def flush(self) -> None:
        """Let the other workers see what this one counted."""
        for part in self.counted:
            part()

    def _flush_counters(self) -> None:
        if self._counters:
            self._counters.flush()

    def _gate(self, settings: bytes, keys: Mapping[str, KeySet | None]) -> Gate:
        """Build a gate; what outlives one is handed to each of them here."""
        return Gate(settings, keys, revocation=self.revocations.lists, cache=self._cache.store)

    def _follow(self, settings: Settings) -> None:
        """Make what depends on the settings alone, for the gates that are built from them."""
        self._settings = settings
        self._bodies = bodies(settings)
        self._unreadable = _unreadable(settings)
        self._decisions = _Decisions(
            settings.log.decisions, self.keys.unknown_key, self.unknown_paths.came
        )

    def _count(self, gate: Gate) -> None:
        """Let a gate count on where the one before it ends."""
        if self._counters is None:
            self._counters = Counters(self._directory, gate)
        else:
            self._counters.adopt(gate)

    def failed(self, error: BaseException) -> Page:
        """The answer when we made a mistake: never 200; counted, and told once per place."""
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = (type(error), frame and (frame.tb_frame.f_code.co_filename, frame.tb_lineno))
        if place not in self._places_told and len(self._places_told) < _MOST_PLACES:
            self._places_told.add(place)
            self._log.error("internal error", **error_fields(error))
        current = self.current
        decision = current.gate.internal_error()
        body = current.bodies[decision.status, decision.code]
        return Page(decision.status, decision.headers, body)

    def _wrong_method(self) -> Page:
        """The answer of the services that we replace to any other method than theirs."""
        if self._counters:
            self._counters.count_event("method_not_allowed")
        return Page(405, [("allow", ", ".join(self.methods)), CLOSE], b"")

    def page(self, path: str) -> Page:
        """The answer for any path that is not decided."""
        make = self.pages.get(path)
        if make:
            return make()
        self.unknown_paths.came(path)
        return Page.of(404, TEXT, b"not found\n")

    def _ready(self) -> Page:
        if (self._directory / DRAINING).exists():
            return Page.json(503, {"status": "draining"})
        lacking = dict.fromkeys((*self._without_keys, *self.keys.refused))
        if lacking:
            return Page.json(503, {"status": "no usable keys", "issuers": list(lacking)})
        states = self.revocations.states
        if not {"away", "never loaded"}.isdisjoint(states.values()):
            return Page.json(503, {"status": "revocations not available", "revocation": states})
        if "last known" in states.values():
            return Page.json(200, {"status": "ready", "revocation": states})
        return Page.json(200, {"status": "ready"})

    def waits(self, path: str) -> bool:
        """Whether the page of a path takes its time: whoever decides must not make it."""
        return path == "/metrics" and path in self.pages

    def _metrics(self) -> Page:
        try:
            return Page.of(200, CONTENT_TYPE_LATEST, scraped(self._directory))
        except OSError:
            return Page.of(503, TEXT, b"the main process does not answer\n")


def _unreadable(settings: Settings) -> dict[str, bytes]:
    """By header, what stands for a value that a front door cannot read: no good token."""
    found: dict[str, bytes] = {}
    for source in settings.token.sources:
        if source.header:
            found[source.header.lower()] = f"{source.scheme or ''} \xff".encode("latin-1")
        elif source.cookie:
            found["cookie"] = found.get("cookie", b"") + f"{source.cookie}=\xff;".encode("latin-1")
    return found
