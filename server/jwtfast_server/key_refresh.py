"""Keys that change while a worker runs: a new gate with them, beside the old one, then swapped.

Fetching, reading and building happen in threads of their own; requests only ever see a gate.
"""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

import jwtfast
from jwtfast.jwks import FetchError, Loaded, RemoteKeySet
from jwtfast.jwks.deadline import Deadline
from jwtfast_server.config import Settings
from jwtfast_server.config_models import Issuer
from jwtfast_server.keysources import KeyMaterial, remote

__all__ = ["FileSource", "KeyRefresh"]

_LOOK_EVERY_S: Final = 1.0
_FOR_EVER_S: Final = 1e9
_MOST_BYTES: Final = 1 << 20

Swap = Callable[[jwtfast.Gate, tuple[str, ...]], None]


class FileSource:
    """A JWKS file, read again when it is another file or was written to.

    What counts is the file behind all links, so a Kubernetes volume is seen to change, too.
    """

    def __init__(self, material: KeyMaterial) -> None:
        """Watch the file that this material was read from."""
        self._path = Path(material.file or "")
        self._material = material
        self._seen: tuple[int, ...] | None = None

    @property
    def name(self) -> str:
        """The path."""
        return str(self._path)

    def load(self, _: Deadline) -> Loaded:
        """Read it, where it changed."""
        try:
            with self._path.open("rb") as file:
                found = os.fstat(file.fileno())
                seen = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
                if seen == self._seen:
                    return Loaded(None)
                content = file.read(_MOST_BYTES + 1)
        except OSError as error:
            raise FetchError(f"{self.name} cannot be read: {error.strerror}") from error
        if len(content) > _MOST_BYTES:
            raise FetchError(f"{self.name} is larger than {_MOST_BYTES >> 20} MiB")
        try:
            keys = jwtfast.KeySet.from_jwks(content, allow_weak_hmac=self._material.allow_weak_hmac)
        except jwtfast.InvalidKeyError as error:
            raise FetchError(f"{self.name}: {error}") from error
        self._seen = seen
        return Loaded(keys)


@dataclass(frozen=True)
class _Part:
    """One source of an issuer: keys that were there at load, and keys that come later."""

    given: tuple[jwtfast.Key, ...]
    remote: RemoteKeySet | None = None

    def today(self) -> tuple[jwtfast.Key, ...]:
        if self.remote is not None:
            try:
                return tuple(self.remote.keys)
            except jwtfast.KeysUnavailableError:
                pass
        return self.given


class KeyRefresh:
    """Keeps the keys of one worker fresh."""

    def __init__(self, settings: Settings, swap: Swap) -> None:
        """Prepare, without fetching yet.

        Args:
            settings: the settings.
            swap: takes a new gate, and the issuers that it has no keys of.
        """
        self._settings = settings
        self._swap = swap
        self._log = structlog.get_logger()
        self._lock = threading.Lock()
        self._parts = {
            issuer.name: tuple(self._parts_of(issuer, settings.material[issuer.name]))
            for issuer in settings.issuers
        }
        self.sources: Final = {
            name: sources
            for name, parts in self._parts.items()
            if (sources := tuple(part.remote for part in parts if part.remote is not None))
        }
        """By issuer, the sources that change."""
        self._asked_by = {
            name: tuple(one for issuer in policy.issuers for one in self.sources.get(issuer, ()))
            for name, policy in settings.policies.items()
        }
        self._last: dict[str, jwtfast.KeySet | None] = {}
        self._started = False

    def start(self) -> None:
        """Begin to fetch and to watch; from now on there may be swaps."""
        self._started = True
        for sources in self.sources.values():
            for source in sources:
                source.start()

    def close(self) -> None:
        """Fetch and watch no more."""
        for sources in self.sources.values():
            for source in sources:
                source.close()

    def gate(self) -> tuple[jwtfast.Gate, tuple[str, ...]]:
        """A gate with the keys of this moment, and the issuers that it has none of."""
        keys = {name: self._keys_of(name) for name in self._parts}
        gate = self._gate(keys)
        self._last = keys
        return gate, tuple(name for name, found in keys.items() if found is None)

    def unknown_key(self, policy: str) -> None:
        """Say that a token of a policy names a key that is not here; never waits."""
        for source in self._asked_by.get(policy, ()):
            source.unknown_kid()

    def _parts_of(self, issuer: Issuer, material: tuple[KeyMaterial, ...]) -> Iterator[_Part]:
        read = iter(material)
        refresh = issuer.refresh
        for source in issuer.keys:
            if source.is_remote:
                fetched = remote(
                    source,
                    issuer.issuer,
                    every=refresh.every,
                    cooldown=refresh.cooldown,
                    max_stale=refresh.max_stale,
                    timeout=refresh.timeout,
                    ca_file=refresh.ca_file,
                    on_change=self._rebuild,
                )
                yield _Part((), fetched)
                continue
            held = next(read)
            given = tuple(held.keys()[0])
            yield _Part(given, self._watched(held) if held.file else None)

    def _watched(self, material: KeyMaterial) -> RemoteKeySet | None:
        if not self._settings.reload.watch:
            return None
        return RemoteKeySet(
            FileSource(material),
            every=_LOOK_EVERY_S,
            cooldown=_LOOK_EVERY_S,
            max_stale=_FOR_EVER_S,
            on_change=self._rebuild,
        )

    def _rebuild(self, _: RemoteKeySet) -> None:
        """Build a gate with the keys of this moment, and let it decide from now on."""
        with self._lock:
            self._swap(*self.gate())

    def _keys_of(self, name: str) -> jwtfast.KeySet | None:
        """The keys of all sources of an issuer; of two keys with one kid, the first."""
        keys: list[jwtfast.Key] = []
        kids: set[str] = set()
        for part in self._parts[name]:
            # To look at a remote set would start it.
            found = part.today() if self._started else part.given
            keys += [key for key in found if key.kid is None or key.kid not in kids]
            kids = {key.kid for key in keys if key.kid is not None}
        try:
            return jwtfast.KeySet(keys) if keys else None
        except jwtfast.InvalidKeyError as error:
            self._log.error("keys cannot be used together", issuer=name, message=str(error))
            return self._last.get(name)

    def _gate(self, keys: dict[str, jwtfast.KeySet | None]) -> jwtfast.Gate:
        """A gate; an issuer that allows no algorithm of its keys is left without keys."""
        settings = self._settings.gate_settings()
        try:
            return jwtfast.Gate(settings, keys)
        except jwtfast.ConfigError as error:
            paths = [path for path, _ in error.errors]
            for index, issuer in enumerate(self._settings.issuers):
                if any(path.startswith(f"issuers[{index}].") for path in paths):
                    keys[issuer.name] = None
                    self._log.error("keys cannot be used", issuer=issuer.name, message=str(error))
            return jwtfast.Gate(settings, keys)
