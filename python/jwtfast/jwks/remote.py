"""`RemoteKeySet`: keys that are fetched and kept fresh beside whatever needs them."""

import hashlib
import logging
import os
import threading
import weakref
from types import TracebackType
from typing import Self, Unpack

from jwtfast import JWTError, KeySet, KeysUnavailableError
from jwtfast.jwks.deadline import Deadline
from jwtfast.jwks.options import Options, Resolved
from jwtfast.jwks.refresher import Refresher
from jwtfast.jwks.schedule import Schedule, UnknownKids
from jwtfast.jwks.source import DiscoverySource, FetchError, JwksSource, Source
from jwtfast.jwks.state import State, Status
from jwtfast.jwks.verifier import RemoteVerifier, VerifierSettings

__all__ = ["RemoteKeySet"]

_log = logging.getLogger("jwtfast.jwks")
_A_MOMENT = 0.001
_AFTER_A_BUG_S = 1.0


class RemoteKeySet:
    """The keys of a JWKS URL, refreshed by a thread of their own; safe to share between threads.

    The thread starts with `start`, `with`, or the first look at `keys`, in a forked child anew.
    """

    def __init__(self, source: str | Source, **options: Unpack[Options]) -> None:
        """Prepare, without fetching yet.

        Args:
            source: the JWKS URL, https or on this machine; or an object that loads keys.
            options: see `Options`.

        Raises:
            ValueError: where keys cannot be fetched from that URL, or an option cannot be.
        """
        self._options = given = Resolved(**options)
        if isinstance(source, str):
            source = JwksSource(source, given.reading())
        self._source = source
        self._state = State(source.name, given.max_stale, given.clock)
        self._schedule = Schedule(given.every, given.cooldown, given.max_stale, given.chance)
        self._unknown = UnknownKids(given.cooldown, given.every)
        self._due = given.clock()
        self._told: KeySet | None = None
        self._deadline: Deadline | None = None
        self._lock = threading.Lock()
        self._refresher = Refresher(self._work, given.clock)
        _living.add(self)

    @classmethod
    def discover(
        cls, issuer: str, *, metadata_url: str | None = None, **options: Unpack[Options]
    ) -> Self:
        """Prepare for an issuer whose metadata says where its keys are.

        OpenID Connect Discovery 1.0 is asked first, then RFC 8414. The metadata's `issuer` must
        be exactly the one given.

        Args:
            issuer: the issuer's name, a URL unless `metadata_url` is given.
            metadata_url: where its metadata is instead, the whole URL.
            options: see `Options`.

        Raises:
            ValueError: as the constructor.
        """
        given = Resolved(**options)
        source = DiscoverySource(issuer, given.reading(), metadata_url)
        return cls(source, **options)

    @property
    def name(self) -> str:
        """Where the keys come from, without credentials."""
        return self._source.name

    @property
    def keys(self) -> KeySet:
        """The keys of today; the same object as long as they are the same.

        Raises:
            jwtfast.KeysUnavailableError: where they never came, or are older than `max_stale`.
        """
        if not self._refresher.is_started:
            self._refresher.start()
        keys = self._state.keys
        if keys is None:
            raise KeysUnavailableError(self._state.why_none())
        return keys

    @property
    def status(self) -> Status:
        """How it is doing at this moment."""
        return self._state.status

    def inherit(self, other: "RemoteKeySet") -> None:
        """Begin with the keys that another set of the same source holds; call it before `start`."""
        self._state.inherit(other._state)  # noqa: SLF001 - of this class

    def start(self) -> Self:
        """Begin to fetch, in the background."""
        self._refresher.start()
        return self

    def close(self) -> None:
        """Fetch no more; the keys that are there serve until they are too old."""
        self._refresher.end()
        if deadline := self._deadline:
            deadline.cut()
        self._refresher.join()

    def __enter__(self) -> Self:
        """Start, and wait for the first fetch, which may have failed."""
        self.start()
        self._refresher.wait(1, self._options.timeout)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def refresh(self, *, wait: bool = True, timeout: float | None = None) -> bool:
        """Fetch now, whatever the schedule says.

        Args:
            wait: wait until it is done.
            timeout: for so many seconds at most.

        Returns:
            Whether a fetch that began after this call succeeded; False where not waited for.
        """
        number = self._refresher.ask()
        return wait and self._refresher.wait(number, timeout) and self.status.error is None

    def unknown_kid(self, kid: str | bytes | None = None) -> bool:
        """Say that a token names a key that is not here; never waits.

        At most one such call in a `cooldown` leads to a fetch.

        Args:
            kid: the `kid`, or whatever stands for it (the token's first part); one that asked
                before asks less often.

        Returns:
            Whether it leads to a fetch.
        """
        return self.ask_for(kid) is not None

    def ask_for(self, kid: str | bytes | None = None) -> int | None:
        """As `unknown_kid`; returns what to give to `arrived`, None where it leads to nothing."""
        now = self._options.clock()
        if self._unknown.is_shut(now):
            return None
        data = kid.encode("utf-8", "surrogatepass") if isinstance(kid, str) else kid
        digest = None if data is None else hashlib.blake2b(data, digest_size=16).digest()
        with self._lock:
            permitted = self._unknown.permits(now, digest)
        return self._refresher.ask() if permitted else None

    def arrived(self, number: int, timeout: float) -> bool:
        """Wait, so many seconds at most, for the fetch that `ask_for` gave; whether it is done."""
        return self._refresher.wait(number, timeout)

    def verifier(
        self, *, wait: float = 1.0, **settings: Unpack[VerifierSettings]
    ) -> RemoteVerifier:
        """Make a verifier that always uses the keys of today.

        Args:
            wait: for how many seconds, at most, a token with an unknown `kid` may wait for the
                one fetch that it leads to; 0 where nothing may wait, as in an event loop.
            settings: as for `jwtfast.Verifier`.
        """
        return RemoteVerifier(self, wait, settings)

    def _work(self, asked: bool) -> float:  # noqa: FBT001 - called by the refresher alone
        """Refresh where it is time to; returns when to look again."""
        due = self._options.clock() >= self._due
        if asked or due:
            wait = self._refresh(due=due)
            if wait is not None:
                self._due = self._options.clock() + wait
        if self._state.keys is None and self._told is not None:
            self._tell_end()
        until = self._state.serves_until
        if until is None or until < self._options.clock():
            return self._due
        return min(self._due, until + _A_MOMENT)

    def _refresh(self, *, due: bool) -> float | None:
        """Fetch once; returns how long to wait for the next time, None as long as before."""
        begin = self._options.clock()
        try:
            with Deadline(self._options.timeout) as self._deadline:
                loaded = self._source.load(self._deadline)
            self._state.take(loaded)
            if self._is_handed_over():
                self._state.confirm()
                return self._schedule.after_success(loaded.max_age)
        except FetchError as error:
            self._state.fail(str(error))
        except Exception as error:  # noqa: BLE001 - a bug is a failure like any other
            self._state.fail(f"{self.name}: a mistake of ours: {type(error).__name__}")
        finally:
            self._deadline = None
            self._state.took(self._options.clock() - begin)
        # What was asked for has a budget of its own: its failures do not put off the schedule.
        return self._schedule.after_failure() if due else None

    def _is_handed_over(self) -> bool:
        """Whether what uses the keys took those of this moment; refuses them where it did not."""
        keys = self._state.keys
        if keys is None or keys is self._told:
            return True
        try:
            if self._options.on_change:
                self._options.on_change(self)
        except JWTError as error:
            self._state.refuse(f"{self.name}: {error}")
            return False
        except BaseException as error:  # noqa: BLE001 - a panic in Rust is no Exception
            _log.exception("on_change failed")
            self._state.refuse(f"{self.name}: on_change failed: {type(error).__name__}")
            return False
        _log.info("%s: %d keys", self.name, len(keys))
        self._told = keys
        return True

    def _tell_end(self) -> None:
        _log.error("%s: its keys are too old and serve no more", self.name)
        try:
            if self._options.on_change:
                self._options.on_change(self)
        except Exception:  # noqa: BLE001 - the next refresh must still come
            _log.exception("on_change failed")
            # The next run is soon: whoever uses these keys must not do so for ever.
            self._due = min(self._due, self._options.clock() + _AFTER_A_BUG_S)
            return
        self._told = None

    def offer_again(self) -> None:
        """Fetch now, and call `on_change` though the keys are as before: they were not of use."""
        self._told = None
        self._refresher.ask()

    def _begin_anew(self) -> None:
        """In a forked child: no thread of the parent is here, and its connections are its own."""
        self._lock = threading.Lock()
        self._deadline = None
        self._refresher.begin_anew()


_living: weakref.WeakSet[RemoteKeySet] = weakref.WeakSet()


def _after_fork() -> None:
    for remote in list(_living):
        remote._begin_anew()  # noqa: SLF001 - of this module


os.register_at_fork(after_in_child=_after_fork)
