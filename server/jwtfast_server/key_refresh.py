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
from jwtfast_server.config_issuer import Issuer, Refresh
from jwtfast_server.keysources import KeyMaterial, KeySource, remote

__all__ = ["KeyRefresh"]

_FIRST_FETCH_S: Final = 5.0
"""For how long, at most, a reload waits for keys that are fetched from elsewhere now."""
_LONGEST: Final = 500

Swap = Callable[[Settings, jwtfast.Gate, tuple[str, ...]], None]
Build = Callable[[bytes, Mapping[str, jwtfast.KeySet | None]], jwtfast.Gate]
Keys = dict[str, jwtfast.KeySet | None]
"""By issuer's name."""
Part = tuple[jwtfast.Key, ...] | RemoteKeySet
"""The keys of one source, or what fetches them."""
Identity = tuple[str, tuple[str, ...] | None, Refresh, KeySource]
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
                issuer.url,
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
        # What today's gate has: of each source, and of each issuer.
        self._taken: dict[RemoteKeySet, jwtfast.KeySet | None] = {}
        self._last: Keys = {}
        self._started = False
        self.retired: Final = Counter[tuple[str, str]]()
        """By issuer and result, the refreshes of sources that are no more."""

    @property
    def sources(self) -> Mapping[str, tuple[RemoteKeySet, ...]]:
        """By issuer, the sources that change."""
        return self._today.by_issuer

    @property
    def refused(self) -> tuple[str, ...]:
        """The issuers with a source whose keys came and cannot be used, and that has no others."""
        return tuple(
            name
            for name, sources in self._today.by_issuer.items()
            if any(self._has_none(source) for source in sources)
        )

    def age(self, source: RemoteKeySet) -> float | None:
        """Since when the keys that are served of a source were not confirmed; None without any."""
        return None if self._has_none(source) else source.status.age

    def _has_none(self, source: RemoteKeySet) -> bool:
        return source.status.result == "refused" and self._taken.get(source) is None

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
            taken = {
                source: self._taken.get(source) if key in before.remotes else self._fetched(source)
                for key, source in coming.remotes.items()
            }
            gate, keys, useless = self._built(coming, taken)
            self._today, self._last = coming, keys
            self._taken = taken | dict.fromkeys(useless)
            self._swap(settings, gate, _without(keys))
        for source in useless:
            source.offer_again()
        for (issuer, *_), source in before.remotes.items():
            if source not in coming.remotes.values():
                source.close()
                self.retired[issuer, "success"] += source.status.succeeded
                self.retired[issuer, "failure"] += source.status.failed

    def gate(self) -> tuple[jwtfast.Gate, tuple[str, ...]]:
        """A gate with the keys of this moment, and the issuers that it has none of."""
        gate, keys, _ = self._built(self._today, self._taken)
        self._last = keys
        return gate, _without(keys)

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
        """Build a gate with the keys that a source has now, and let it decide from now on.

        Raises:
            jwtfast.InvalidKeyError, jwtfast.ConfigError: where they cannot be used, beside the
                others or at all. The source then goes on with those of before, as old as they are.
        """
        with self._lock:
            today = self._today
            # One that a reload still waits for, or took away, says nothing about today's gate.
            if source not in today.remotes.values():
                return
            found = self._fetched(source)
            taken = self._taken | {source: found}
            (name,) = [name for name, sources in today.by_issuer.items() if source in sources]
            keys: Keys = self._last | {name: None}
            compiled = today.settings.gate_settings()
            try:
                keys[name] = _keys_of(today.parts[name], taken)
                gate = self._build(compiled, keys)
            except (jwtfast.InvalidKeyError, jwtfast.ConfigError):
                if found is not None:
                    raise
                # What is too old goes, whatever that leaves.
                keys[name] = None
                gate = self._build(compiled, keys)
            self._swap(today.settings, gate, _without(keys))
            self._taken, self._last = taken, keys

    def _fetched(self, source: RemoteKeySet) -> jwtfast.KeySet | None:
        try:
            # To look at them would start it.
            return source.keys if self._started else None
        except jwtfast.KeysUnavailableError:
            return None

    def _built(
        self, sources: _Sources, taken: Mapping[RemoteKeySet, jwtfast.KeySet | None]
    ) -> tuple[jwtfast.Gate, Keys, list[RemoteKeySet]]:
        """A gate, its keys, and the sources whose keys it cannot use: their issuers have none."""
        settings = sources.settings
        compiled = settings.gate_settings()
        keys: Keys = {}
        useless: list[RemoteKeySet] = []

        def without(name: str, error: jwtfast.JWTError) -> None:
            keys[name] = None
            useless.extend(sources.by_issuer.get(name, ()))
            self._log.error("keys cannot be used", issuer=name, message=str(error)[:_LONGEST])

        for name, parts in sources.parts.items():
            try:
                keys[name] = _keys_of(parts, taken)
            except jwtfast.InvalidKeyError as error:
                without(name, error)
        try:
            return self._build(compiled, keys), keys, useless
        except jwtfast.ConfigError as error:
            paths = [path for path, _ in error.errors]
            for index, issuer in enumerate(settings.issuers):
                if any(path.startswith(f"issuers[{index}].") for path in paths):
                    without(issuer.name, error)
            return self._build(compiled, keys), keys, useless


def _keys_of(
    parts: tuple[Part, ...], taken: Mapping[RemoteKeySet, jwtfast.KeySet | None]
) -> jwtfast.KeySet | None:
    """The keys of all sources of an issuer; of two keys with one kid, the first.

    Raises:
        jwtfast.InvalidKeyError: where they cannot stand together.
    """
    keys: list[jwtfast.Key] = []
    names: set[tuple[str | None, bool]] = set()
    for part in parts:
        found = (taken.get(part) or ()) if isinstance(part, RemoteKeySet) else part
        keys += [key for key in found if key.kid is None or _name(key) not in names]
        names = {_name(key) for key in keys}
    # Whether both kinds may stand together was seen when the settings were read.
    return jwtfast.KeySet(keys, mixed=True) if keys else None


def _name(key: jwtfast.Key) -> tuple[str | None, bool]:
    """A secret and a public key of one kid are never taken for each other."""
    return key.kid, key.is_symmetric


def _without(keys: Keys) -> tuple[str, ...]:
    return tuple(name for name, found in keys.items() if found is None)
