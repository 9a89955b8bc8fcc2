"""A gate as a worker has it, in one process and for one command: each source is asked once."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import structlog

import jwtfast
from jwtfast.jwks import RemoteKeySet, Status
from jwtfast_server.config import Settings
from jwtfast_server.key_refresh import KeyRefresh
from jwtfast_server.revocation.revocations import Revocations

__all__ = ["Asked", "Rehearsal"]

_MORE_S: Final = 5.0
"""What a source may take beyond its own timeout, until it is said not to have answered."""


@dataclass(frozen=True)
class Asked:
    """One source that was asked for its keys."""

    issuer: str
    name: str
    status: Status
    keys: tuple[jwtfast.Key, ...]

    @property
    def is_good(self) -> bool:
        """Whether keys came, and can be used."""
        return self.status.error is None and bool(self.keys)


class Rehearsal:
    """Fetches keys and revocations as a worker does, and decides by the gate that has them."""

    def __init__(self, settings: Settings) -> None:
        """Prepare, without fetching yet."""
        # What goes wrong is told in the answer, and once.
        self._silent = logging.NullHandler()
        logging.getLogger("jwtfast").addHandler(self._silent)
        self._silences = not structlog.is_configured()
        if self._silences:
            structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
        self._settings = settings
        self._revocations = Revocations(settings)
        self._keys = KeyRefresh(settings, self._swap, self._build)
        self.gate, _ = self._keys.gate()
        self.asked: tuple[Asked, ...] = ()
        """Every source, once it was asked."""

    def __enter__(self) -> Self:
        """Ask every source, and wait for its answer."""
        self._revocations.start()
        self._keys.start()
        refresh = {issuer.name: issuer.refresh for issuer in self._settings.issuers}
        self.asked = tuple(
            _answer(issuer, source, refresh[issuer].timeout + _MORE_S)
            for issuer, sources in self._keys.sources.items()
            for source in sources
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._keys.close()
        for source in self._revocations.sources.values():
            source.close()
        logging.getLogger("jwtfast").removeHandler(self._silent)
        if self._silences:
            structlog.reset_defaults()

    def _swap(self, _settings: Settings, gate: jwtfast.Gate, _without: tuple[str, ...]) -> None:
        self.gate = gate

    def _build(self, settings: bytes, keys: Mapping[str, jwtfast.KeySet | None]) -> jwtfast.Gate:
        return jwtfast.Gate(settings, keys, revocation=self._revocations.lists)


def _answer(issuer: str, source: RemoteKeySet, patience: float) -> Asked:
    source.arrived(1, patience)
    keys: tuple[jwtfast.Key, ...] = ()
    with suppress(jwtfast.KeysUnavailableError):
        keys = tuple(source.keys)
    return Asked(issuer, source.name, source.status, keys)
