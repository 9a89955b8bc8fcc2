"""The sources of revoked tokens of one worker, under the settings of the moment."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Final

import jwtfast
from jwtfast_server.config import Settings
from jwtfast_server.config_revocation import RedisSet
from jwtfast_server.revocation.file import RevokedFile
from jwtfast_server.revocation.source import AWAY_AFTER_S, Source, State

__all__ = ["Revocations"]

Identity = str | tuple[RedisSet, str | None]
"""The path of a file, or where a set is and the password for it."""


class Revocations:
    """Lists that outlive gates, and what keeps them as their sources say."""

    def __init__(self, settings: Settings) -> None:
        """Read the file, if there is one; Redis is asked once started."""
        self._sources = _sources(settings, {})
        self.retired: Final = Counter[tuple[str, str]]()
        """By source and result, the looks of sources that are no more."""
        for source in self.sources.values():
            if isinstance(source, RevokedFile):
                source.check()

    @property
    def sources(self) -> Mapping[str, Source]:
        """By name: `file` and `redis`, as far as there are."""
        return {source.name: source for source in self._sources.values()}

    @property
    def lists(self) -> tuple[jwtfast.RevocationList, ...]:
        """What every gate is given."""
        return tuple(source.revoked for source in self._sources.values())

    @property
    def states(self) -> dict[str, State]:
        """By name, whether a source may be relied on."""
        return {name: source.state for name, source in self.sources.items()}

    def start(self) -> None:
        """Begin to look, and wait a little, so that a good start has no request to refuse."""
        _started(list(self._sources.values()))

    @contextmanager
    def following(self, settings: Settings) -> Iterator[None]:
        """Go over to other settings: gates that are built inside are given their lists.

        Sources that are new are waited for, a little. Those that are no more end with the block,
        or go on where it fails.
        """
        before = self._sources
        coming = _sources(settings, before)
        added = [source for identity, source in coming.items() if identity not in before]
        _started(added)
        self._sources = coming
        try:
            yield
        except BaseException:
            self._sources = before
            self._retire(added)
            raise
        self._retire([source for identity, source in before.items() if identity not in coming])

    def _retire(self, sources: list[Source]) -> None:
        for source in sources:
            source.close()
            self.retired[source.name, "success"] += source.freshness.succeeded
            self.retired[source.name, "failure"] += source.freshness.failed


def _started(sources: list[Source]) -> None:
    """Start sources, and wait for the first look of each, but not for one that hangs."""
    end = monotonic() + AWAY_AFTER_S
    for source in sources:
        source.start()
    for source in sources:
        source.wait(max(0.0, end - monotonic()))


def _sources(settings: Settings, before: Mapping[Identity, Source]) -> dict[Identity, Source]:
    """The sources of some settings; those of before that are the same."""
    section = settings.revocation
    found: dict[Identity, Source] = {}
    if section and section.file is not None:
        found[section.file] = before.get(section.file) or RevokedFile(section.file)
    if section and section.redis is not None:
        # redis-py is an extra.
        from jwtfast_server.revocation.redis import RevokedSet  # noqa: PLC0415

        identity = (section.redis, settings.redis_password)
        found[identity] = before.get(identity) or RevokedSet(*identity)
    return found
