"""Keys that change while a worker runs: a new gate with them, beside the old one, then swapped.

Fetching and building happen in threads of their own; requests only ever see a gate.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import Final

import structlog

import jwtfast
from jwtfast.jwks import RemoteKeySet
from jwtfast_server.config import Settings
from jwtfast_server.config_models import Issuer, Refresh
from jwtfast_server.keysources import KeyMaterial, KeySource, remote

__all__ = ["KeyRefresh"]

_FIRST_FETCH_S: Final = 5.0
"""For how long, at most, a reload waits for keys that are fetched from elsewhere now."""

Swap = Callable[[Settings, jwtfast.Gate, tuple[str, ...]], None]
Build = Callable[[bytes, Mapping[str, jwtfast.KeySet | None]], jwtfast.Gate]
Part = tuple[jwtfast.Key, ...] | RemoteKeySet
"""The keys of one source, or what fetches them."""
Identity = tuple[str, str | None, Refresh, KeySource]
"""Issuer's name, its `iss`, its timing and its source: all that makes a source fetch as it does."""


class _Sources:
    """The key sources of all issuers, under some settings."""

    def __init__(
        self,
        settings: Settings,
        on_change: Callable[[RemoteKeySet], None],
        before: Mapping[Identity, RemoteKeySet],
    ) -> None:
        """Take over from `before` what fetches the same in the same way."""
        self.settings: Final = settings
        self.remotes: Final[dict[Identity, RemoteKeySet]] = {}
        self._on_change = on_change
        self._before = before
        self.parts: Final = {
            issuer.name: tuple(self._parts_of(issuer, settings.material[issuer.name]))
            for issuer in settings.issuers
        }
        self.by_issuer: Final = {
            name: fetched
            for name, parts in self.parts.items()
            if (fetched := tuple(part for part in parts if isinstance(part, RemoteKeySet)))
        }
        self.by_policy: Final = {
            name: tuple(one for issuer in policy.issuers for one in self.by_issuer.get(issuer, ()))
            for name, policy in settings.policies.items()
        }

    def _parts_of(self, issuer: Issuer, material: tuple[KeyMaterial, ...]) -> Iterator[Part]:
        read = iter(material)
        for source in issuer.keys:
            yield self._remote(issuer, source) if source.is_remote else tuple(next(read).keys()[0])

    def _remote(self, issuer: Issuer, source: KeySource) -> RemoteKeySet:
        refresh = issuer.refresh
        identity = (issuer.name, issuer.issuer, refresh, source)
        found = self._before.get(identity)
        if found is None:
            found = remote(
                source,
                issuer.issuer,
                every=refresh.every,
                cooldown=refresh.cooldown,
                max_stale=refresh.max_stale,
                timeout=refresh.timeout,
                ca_file=refresh.ca_file,
                on_change=self._on_change,
            )
            # Timing alone is no reason to lose good keys while their server is away.
            for (*place, _, of), other in self._before.items():
                if (*place, of) == (issuer.name, issuer.issuer, source):
                    found.inherit(other)
        return self.remotes.setdefault(identity, found)


class KeyRefresh:
    """Keeps the keys of one worker fresh."""

    def __init__(self, settings: Settings, swap: Swap, build: Build = jwtfast.Gate) -> None:
        """Prepare, without fetching yet.

        Args:
            settings: the settings.
            swap: takes settings, a new gate of them, and the issuers that it has no keys of.
            build: makes a gate of its settings and its keys.
        """
        self._swap = swap
        self._build = build
        self._log = structlog.get_logger()
        self._lock = threading.Lock()
        self._today = _Sources(settings, self._rebuild, {})
        self._last: dict[str, jwtfast.KeySet | None] = {}
        self._started = False
        self.retired: Final = Counter[tuple[str, str]]()
        """By issuer and result, the refreshes of sources that are no more."""

    @property
    def sources(self) -> Mapping[str, tuple[RemoteKeySet, ...]]:
        """By issuer, the sources that change."""
        return self._today.by_issuer

    def start(self) -> None:
        """Begin to fetch; from now on there may be swaps."""
        self._started = True
        for source in self._today.remotes.values():
            source.start()

    def close(self) -> None:
        """Fetch no more."""
        for source in self._today.remotes.values():
            source.close()

    def reload(self, settings: Settings) -> None:
        """Go over to other settings with one swap; what is fetched as before stays.

        Sources that are new are waited for, a little, so that no issuer is without keys meanwhile.
        """
        before = self._today
        coming = _Sources(settings, self._rebuild, before.remotes)
        self._fetch_first([one for key, one in coming.remotes.items() if key not in before.remotes])
        with self._lock:
            self._last = {}
            built = self._built(coming)
            self._today = coming
            self._swap(settings, *built)
        for (issuer, *_), source in before.remotes.items():
            if source not in coming.remotes.values():
                source.close()
                self.retired[issuer, "success"] += source.status.succeeded
                self.retired[issuer, "failure"] += source.status.failed

    def gate(self) -> tuple[jwtfast.Gate, tuple[str, ...]]:
        """A gate with the keys of this moment, and the issuers that it has none of."""
        return self._built(self._today)

    def unknown_key(self, policy: str) -> None:
        """Say that a token of a policy names a key that is not here; never waits."""
        for source in self._today.by_policy.get(policy, ()):
            source.unknown_kid()

    def _fetch_first(self, sources: list[RemoteKeySet]) -> None:
        if self._started:
            end = monotonic() + _FIRST_FETCH_S
            for source in sources:
                source.start()
            for source in sources:
                # Its first run: done, or failed.
                source.arrived(1, max(0.0, end - monotonic()))

    def _rebuild(self, source: RemoteKeySet) -> None:
        """Build a gate with the keys of this moment, and let it decide from now on."""
        with self._lock:
            # One that a reload still waits for, or took away, says nothing about today's gate.
            if source in self._today.remotes.values():
                self._swap(self._today.settings, *self.gate())

    def _built(self, sources: _Sources) -> tuple[jwtfast.Gate, tuple[str, ...]]:
        keys = {name: self._keys_of(name, parts) for name, parts in sources.parts.items()}
        gate = self._gate(sources.settings, keys)
        self._last = keys
        return gate, tuple(name for name, found in keys.items() if found is None)

    def _keys_of(self, name: str, parts: tuple[Part, ...]) -> jwtfast.KeySet | None:
        """The keys of all sources of an issuer; of two keys with one kid, the first."""
        keys: list[jwtfast.Key] = []
        kids: set[str] = set()
        for part in parts:
            found = self._fetched(part) if isinstance(part, RemoteKeySet) else part
            keys += [key for key in found if key.kid is None or key.kid not in kids]
            kids = {key.kid for key in keys if key.kid is not None}
        try:
            return jwtfast.KeySet(keys) if keys else None
        except jwtfast.InvalidKeyError as error:
            self._log.error("keys cannot be used together", issuer=name, message=str(error))
            return self._last.get(name)

    def _fetched(self, source: RemoteKeySet) -> tuple[jwtfast.Key, ...]:
        try:
            # To look at them would start it.
            return tuple(source.keys) if self._started else ()
        except jwtfast.KeysUnavailableError:
            return ()

    def _gate(self, settings: Settings, keys: dict[str, jwtfast.KeySet | None]) -> jwtfast.Gate:
        """A gate; an issuer that allows no algorithm of its keys is left without keys."""
        compiled = settings.gate_settings()
        try:
            return self._build(compiled, keys)
        except jwtfast.ConfigError as error:
            paths = [path for path, _ in error.errors]
            for index, issuer in enumerate(settings.issuers):
                if any(path.startswith(f"issuers[{index}].") for path in paths):
                    keys[issuer.name] = None
                    self._log.error("keys cannot be used", issuer=issuer.name, message=str(error))
            return self._build(compiled, keys)
