"""A gate whose keys are fetched as a worker fetches them."""

import threading
from pathlib import Path
from typing import Any, Self

from jwtfast import Decision, Gate
from jwtfast_server.config import Settings, load
from jwtfast_server.document import parse
from jwtfast_server.key_refresh import KeyRefresh
from tests.forge import NOW
from tests.issuers.imitation import Imitation
from tests.issuers.world import World
from tests.keyserver import DEADLINE
from tests.settings import write

__all__ = ["Running", "file_of", "settings_of"]


def file_of(text: str, one: Imitation, world: World, directory: Path) -> Path:
    """A file with a configuration, of which only the CA is ours."""
    config: dict[str, Any] = parse(text, one.name).data
    for issuer in config["issuers"]:
        issuer["refresh"] = issuer.get("refresh", {}) | {"ca_file": str(world.ca_file)}
    for name, content in one.data.get("files", {}).items():
        (directory / name).write_text(content)
    return write(directory / "jwtfast.yaml", config)


def settings_of(text: str, one: Imitation, world: World, directory: Path) -> Settings:
    """The settings in such a file."""
    return load(file_of(text, one, world, directory), env={})


class Running:
    """Today's gate of some settings; it follows the keys of its world."""

    def __init__(self, settings: Settings) -> None:
        """Prepare, without fetching yet."""
        self._swapped = threading.Condition()
        self._swaps = 0
        self._keys = KeyRefresh(settings, self._swap)
        self._gate, _ = self._keys.gate()

    def __enter__(self) -> Self:
        self._keys.start()
        self._await(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._keys.close()

    def _swap(self, _: Settings, gate: Gate, __: tuple[str, ...]) -> None:
        with self._swapped:
            self._gate = gate
            self._swaps += 1
            self._swapped.notify_all()

    def _await(self, rounds: int) -> None:
        """Wait until each source brought other keys so often."""
        wanted = rounds * sum(map(len, self._keys.sources.values()))
        with self._swapped:
            assert self._swapped.wait_for(lambda: self._swaps >= wanted, DEADLINE), [
                source.status for sources in self._keys.sources.values() for source in sources
            ]

    def decide(self, headers: list[tuple[str, str]]) -> Decision:
        """The answer of this moment."""
        return self._gate.decide(None, "GET", "", headers, now=NOW)

    def ask_for_unknown_key(self) -> None:
        """Do what a worker does after such a denial, and wait for the keys that it brings."""
        self._keys.unknown_key("default")
        self._await(2)
