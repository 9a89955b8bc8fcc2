"""Reloads the configuration: when a file of it changes, and when SIGHUP asks for it.

The main process alone loads, and publishes nothing but settings that were found good as a whole;
the workers follow, see `published`. What is wrong is logged and counted, and changes nothing. Nor
does what may be the beginning of a file only, see `changes`, until SIGHUP says that it is meant.

Files are looked at again and again, by their content. Notifications of the kernel would come
sooner, but not for every file: not over NFS, not always through the layers of a container, and
for the swapped links of a Kubernetes volume only to who watches every folder on the way.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Final, Literal

import structlog

from jwtfast_server import log
from jwtfast_server.changes.doubts import doubts
from jwtfast_server.changes.end_mark import NO_END
from jwtfast_server.changes.settling import Settling
from jwtfast_server.changes.written import ends_as_before
from jwtfast_server.config import Place, Problem, Settings, SettingsError
from jwtfast_server.masking import told
from jwtfast_server.published import publish
from jwtfast_server.reload_metrics import ReloadCount
from jwtfast_server.run_directory import DRAINING
from jwtfast_server.watched_files import Fingerprints, Look, contents, looks

__all__ = ["Reload"]

_LOOK_EVERY_S: Final = 0.5
_SETTLE_S: Final = 0.1
_MOST_SETTLING: Final = 10
_TELL_AFTER_S: Final = 30.0
_MOST_TOLD: Final = 100
_LONGEST_TOLD: Final = 1000
_LONGEST_S: Final = 5.0
_FIXED: Final = ("listen", "tls", "workers", "interface", "metrics")
"""The settings that the processes are started with."""

Load = Callable[[], Settings]
Unfit = Callable[[Settings], str | None]
Event = Literal["asked", "ended"]
# No content has it: such a file is a change until it was looked at for a while.
_UNREAD: Final = "unread"


class Reload:
    """Keeps what a server serves equal to its configuration."""

    def __init__(
        self,
        settings: Settings,
        load: Load,
        unfit: Unfit,
        room: int,
        directory: Path,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Publish the first settings.

        Args:
            settings: what was loaded for the start.
            load: loads again in the same way; raises SettingsError.
            unfit: why settings that are good cannot be served in this process, None if they can.
            room: how long a token may be, in bytes, for the buffers of this start.
            directory: what the processes of one server share.
            clock: seconds that never go back.
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
        self._clock = clock
        # What the last load read; and how the files were then, in place of which others may come.
        self._seen = dict(settings.files)
        self._looks = looks(self._seen)
        self._change: Settling | None = None
        self._told = 0.0
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

    def flush(self) -> None:
        """Write how often it was reloaded, where there was no room for it."""
        self._count.write()

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
            if event == "asked":
                self.load(confirmed=True)
            else:
                self.look()

    def _next(self) -> Event | None:
        """What was asked for; None when it is time to look."""
        wait = _LOOK_EVERY_S if self._change is None else _SETTLE_S
        try:
            return self._events.get(timeout=wait if self.settings.reload.watch else None)
        except Empty:
            return None

    def look(self) -> None:
        """Look at the files, and load once a change of them is complete."""
        found = looks(self._seen)
        if contents(found) == self._seen:
            # Written back as it was, or not written at all.
            self._change, self._looks = None, found
            return
        if self._change is None:
            self._change, self._told = Settling(self._looks, self._clock), self._clock()
        if self._change.is_over(found):
            self.load(found)
        elif self._clock() - self._told >= _TELL_AFTER_S:
            self._told = self._clock()
            changed = [path for path, one in found.items() if one.content != self._seen[path]]
            self._log.warning("files are written to all the time: not reloaded", files=changed)

    def load(self, found: dict[str, Look] | None = None, *, confirmed: bool = False) -> None:
        """Load, and serve what is good.

        Args:
            found: how the files are, where they must be so still.
            confirmed: that somebody says that they are whole.
        """
        found = found or self._at_rest()
        with self._working:
            self._reload(found, confirmed=confirmed)

    def _at_rest(self) -> dict[str, Look]:
        """How the files are once nobody writes to them; they are not waited for for long."""
        found = looks(self._seen)
        for _ in range(_MOST_SETTLING if contents(found) != self._seen else 0):
            sleep(_SETTLE_S)
            before, found = found, looks(self._seen)
            if found == before:
                break
        return found

    def _reload(self, found: dict[str, Look], *, confirmed: bool) -> None:
        try:
            loaded = self._load()
            if not confirmed and self._is_other(loaded, found):
                return
            settings = self._good(loaded)
            reasons = [] if confirmed else doubts(self.settings, loaded)
            if not reasons:
                if not confirmed and self._may_go_on(loaded):
                    return
                publish(self._directory, settings)
        except SettingsError as error:
            self._fail(list(map(str, error.problems)))
            # A file that only the new configuration names may put it right.
            self._read(found, contents(found) | error.files)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the watch
            self._fail([], **log.error_fields(error))
            self._read(found, contents(found))
        else:
            self._read(found, loaded.files)
            if reasons:
                self._hold(reasons)
            else:
                self._follow(settings)

    def _is_other(self, loaded: Settings, found: dict[str, Look]) -> bool:
        """Whether what was read is not what was the same for a while: that is waited for."""
        files = loaded.files
        if all(path in found and found[path].content == files[path] for path in files):
            return looks(found) != found
        # Those that nobody looked at before are watched from now on.
        self._seen |= dict.fromkeys(files.keys() - found.keys(), _UNREAD)
        return True

    def _may_go_on(self, loaded: Settings) -> bool:
        """Whether the text may be followed by more, and has time for that."""
        is_whole = ends_as_before(self.settings.written, loaded.written)
        return not is_whole and self._change is not None and self._change.doubt()

    def _read(self, found: dict[str, Look], files: Fingerprints) -> None:
        """Wait for the next change of these files."""
        self._seen = dict(files)
        self._looks = found | looks(files.keys() - found.keys())
        self._change = None

    def _hold(self, reasons: list[str]) -> None:
        self._log.error(
            "configuration held: it may be cut off, and what was good before is served; "
            "end it with a line `...`, or confirm it with SIGHUP",
            reasons=told(reasons, _MOST_TOLD, _LONGEST_TOLD),
        )
        self._count.add("held")

    def _follow(self, settings: Settings) -> None:
        before, self.settings = self.settings, settings
        log.configure(settings.log.level)
        new = [note for note in settings.notes if note not in before.notes]
        for note in told(new, _MOST_TOLD, _LONGEST_TOLD):
            self._log.warning("configuration", note=note)
        self._log.info("configuration reloaded", source=settings.source)
        self._count.add("success")

    def _fail(self, problems: list[str], **fields: object) -> None:
        self._log.error(
            "configuration not reloaded: what was good before is served",
            problems=told(problems, _MOST_TOLD, _LONGEST_TOLD),
            **fields,
        )
        self._count.add("failure")

    def _good(self, loaded: Settings) -> Settings:
        """What can be served now: what needs a restart stays as it is.

        Raises:
            SettingsError: with everything that is wrong.
        """
        served = self.settings
        if served.reload.require_end and not loaded.written.ends:
            # It may be the key itself that was cut off.
            raise _refused(loaded, NO_END)
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
