"""A service whose configuration changes under it."""

import json
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Server, free_port, until
from tests.settings import standard, write

__all__ = ["Changing", "Start", "fill_volume", "replace", "serving", "start"]

Start = Callable[..., "Changing"]


class Changing(Server):
    """A service, and the file that it is configured by."""

    def __init__(self, path: Path, arguments: tuple[str, ...], port: int, **options: Any) -> None:  # noqa: ANN401
        """Start it, and wait until it is ready."""
        self.path = path
        super().__init__(arguments, path.parent / "output", ("127.0.0.1", port), **options)

    def change(self, **changes: object) -> None:
        """Put another configuration in the place of the one that is there."""
        replace(self.path, standard(**changes))

    def reloads(self, result: str) -> int:
        """How many reloads ended so, as the metrics say."""
        name = f'jwtfast_config_reloads_total{{result="{result}"}} '
        lines = self.ask(target="/metrics").body.decode().splitlines()
        (value,) = [line.removeprefix(name) for line in lines if line.startswith(name)]
        return int(float(value))

    def await_reloads(self, result: str, count: int) -> None:
        """Wait until so many reloads ended so."""
        until(lambda: self.reloads(result) >= count, f"{count} times {result}")

    def await_statuses(self, expected: int, token: str, target: str = "/validate") -> None:
        """Wait until every worker gives a token this status."""
        until(
            lambda: self._all(lambda: self.ask(target=target, token=token).status == expected),
            f"everywhere {expected}",
        )

    def await_header(self, name: str, expected: str) -> None:
        """Wait until every worker answers a request without a token with this header."""
        until(lambda: self._all(lambda: self.ask().get(name) == expected), f"everywhere {expected}")

    def _all(self, holds: Callable[[], bool]) -> bool:
        """Whether it holds so often that no worker can have been missed."""
        return all(holds() for _ in range(20 * len(self.workers)))

    @property
    def run_directories(self) -> list[Path]:
        """What its processes share."""
        places = (Path("/dev/shm"), Path(tempfile.gettempdir()))
        return [path for place in places for path in place.glob(f"jwtfast-{self.popen.pid}-*")]

    def told(self, event: str, least: int = 1) -> list[dict[str, object]]:
        """The lines that it logged of an event, once there are so many: they are written later."""

        def lines() -> list[dict[str, object]]:
            return [line for line in self.log if str(line["event"]).startswith(event)]

        until(lambda: len(lines()) >= least, f"{least} of {event}")
        return lines()


def replace(path: Path, config: dict[str, Any]) -> None:
    """Put another file in the place of one, as an editor does: renamed."""
    write(path.with_name("new"), config).rename(path)


@contextmanager
def serving(
    directory: Path,
    *,
    client: ssl.SSLContext | None = None,
    **changes: Any,  # noqa: ANN401 - JSON
) -> Iterator[Changing]:
    """Serve the jwtfast.yaml in a folder; without one, `tests.settings.standard`, changed."""
    path, port = directory / "jwtfast.yaml", free_port()
    if not path.exists():
        write(path, standard(**changes))
    arguments = ("serve", "--config", str(path), "--listen", f"127.0.0.1:{port}")
    service = Changing(path, arguments, port, tls=client)
    try:
        yield service
    finally:
        status = service.stop()
    assert status == 0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start services: `start(workers=2, ...)`, changes to `tests.settings.standard`."""
    with ExitStack() as stack:

        def run(**changes: Any) -> Changing:  # noqa: ANN401 - JSON
            directory = Path(tempfile.mkdtemp(dir=tmp_path))
            return stack.enter_context(serving(directory, **changes))

        yield run


def fill_volume(directory: Path, **files: object) -> None:
    """Fill a folder as Kubernetes fills a volume, or swap all that is in it in one step."""
    folder = directory / f"..{len(list(directory.iterdir()))}"
    folder.mkdir()
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name.replace("_", ".")).write_text(text)
    (directory / "..new").symlink_to(folder.name)
    (directory / "..new").rename(directory / "..data")
    for name in files:
        link = directory / name.replace("_", ".")
        if not link.is_symlink():
            link.symlink_to(f"..data/{link.name}")
