"""Reloads the configuration: when a file of it changes, and when SIGHUP asks for it.

The main process alone loads, and publishes nothing but settings that were found good as a whole;
the workers follow, see `published`. What is wrong is logged and counted, and changes nothing.

Files are looked at again and again, by their content. Notifications of the kernel would come
sooner, but not for every file: not over NFS, not always through the layers of a container, and
for the swapped links of a Kubernetes volume only to who watches every folder on the way.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from time import sleep
from typing import Final, Literal

import structlog

from jwtfast_server import log
from jwtfast_server.config import Place, Problem, Settings, SettingsError
from jwtfast_server.published import publish
from jwtfast_server.reload_metrics import ReloadCount
from jwtfast_server.run_directory import DRAINING
from jwtfast_server.watched_files import Fingerprints, fingerprints

__all__ = ["Reload"]

_LOOK_EVERY_S: Final = 0.5
_SETTLE_S: Final = 0.2
_MOST_SETTLING: Final = 5
_LONGEST_S: Final = 5.0
_FIXED: Final = ("listen", "tls", "workers", "interface", "metrics")
"""The settings that the processes are started with."""

Load = Callable[[], Settings]
Unfit = Callable[[Settings], str | None]
Event = Literal["asked", "ended"]


class Reload:
    """Keeps what a server serves equal to its configuration."""

    def __init__(
        self, settings: Settings, load: Load, unfit: Unfit, room: int, directory: Path
    ) -> None:
        """Publish the first settings.

        Args:
            settings: what was loaded for the start.
            load: loads again in the same way; raises SettingsError.
            unfit: why settings that are good cannot be served in this process, None if they can.
            room: how long a token may be, in bytes, for the buffers of this start.
            directory: what the processes of one server share.
        """
        self.settings = settings
        """What is served."""
        self._load = load
        self._unfit = unfit
        self._room = room
        self._fixed = _fixed(settings)
        self._directory = directory
        self._log = structlog.get_logger()
        self._count = ReloadCount(directory)
        self._seen = settings.files
        # Its `put` may be called by a signal handler, whatever that interrupts.
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._working = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="reload", daemon=True)
        publish(directory, settings)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def ask(self) -> None:
        """Reload now, whether or not anything changed; may be called by a signal handler."""
        self._events.put("asked")

    def close(self) -> None:
        """Watch no more."""
        self._events.put("ended")
        if self._thread.is_alive():
            self._thread.join(_LONGEST_S)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep it from working meanwhile: a process forked now would inherit locks half-way."""
        got = self._working.acquire(timeout=_LONGEST_S)
        try:
            yield
        finally:
            if got:
                self._working.release()

    def _run(self) -> None:
        while (event := self._next()) != "ended" and not (self._directory / DRAINING).exists():
            if event == "asked" or fingerprints(self._seen) != self._seen:
                found = self._settled()
                with self._working:
                    self._reload(found)

    def _next(self) -> Event | None:
        """What was asked for; None when it is time to look."""
        try:
            return self._events.get(timeout=_LOOK_EVERY_S if self.settings.reload.watch else None)
        except Empty:
            return None

    def _settled(self) -> Fingerprints:
        """What the files are once nobody writes to them, so that a burst is one change."""
        found = fingerprints(self._seen)
        for _ in range(_MOST_SETTLING if found != self._seen else 0):
            sleep(_SETTLE_S)
            before, found = found, fingerprints(self._seen)
            if found == before:
                break
        return found

    def _reload(self, found: Fingerprints) -> None:
        try:
            settings = self._good()
            publish(self._directory, settings)
        except SettingsError as error:
            self._fail(list(map(str, error.problems)))
            # A file that only the new configuration names may put it right.
            self._seen = found | error.files
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the watch
            self._fail([], **log.error_fields(error))
            self._seen = found
        else:
            self._seen, before = settings.files, self.settings
            self.settings = settings
            log.configure(settings.log.level)
            for note in settings.notes:
                if note not in before.notes:
                    self._log.warning("configuration", note=note)
            self._log.info("configuration reloaded", source=settings.source)
            self._count.add("success")

    def _fail(self, problems: list[str], **fields: object) -> None:
        self._log.error(
            "configuration not reloaded: what was good before is served",
            problems=problems,
            **fields,
        )
        self._count.add("failure")

    def _good(self) -> Settings:
        """Load what can be served now: what needs a restart stays as it is.

        Raises:
            SettingsError: with everything that is wrong.
        """
        loaded, served = self._load(), self.settings
        if (loaded.mode, loaded.fork) != (served.mode, served.fork):
            raise _refused(loaded, "expected the format of the start: the other needs a restart")
        found = _fixed(loaded)
        kept = [name for name in _FIXED if found[name] != self._fixed[name]]
        if loaded.max_token_bytes > self._room:
            kept.append("max_token_bytes")
        settings = loaded.model_copy(update={name: getattr(served, name) for name in kept})
        if reason := self._unfit(settings):
            raise _refused(loaded, reason)
        if kept:
            self._log.warning("configuration: needs a restart", keys=kept)
        return settings


def _refused(settings: Settings, reason: str) -> SettingsError:
    return SettingsError([Problem(Place(settings.source), reason)], settings.files)


def _fixed(settings: Settings) -> dict[str, object]:
    """What only a restart can change, by its key."""
    found: dict[str, object] = {name: getattr(settings, name) for name in _FIXED}
    if settings.tls is not None:
        # Read once by each worker that starts, and by nobody later.
        files = (settings.tls.cert, settings.tls.key)
        found["tls"] = tuple((file, settings.files.get(file)) for file in files)
    return found
