"""When the main process loads: once a change is complete, and whatever its last try came to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from jwtfast_server import reload
from jwtfast_server.config import Settings, SettingsError
from jwtfast_server.reload import Reload
from tests.processes import until


class Loads(list[str]):
    """What was found in a file at each load; none of it is good."""

    def __init__(self, path: Path) -> None:
        """Read this file."""
        super().__init__()
        self._path = path

    def __call__(self) -> Settings:
        """Load."""
        self.append(self._path.read_text())
        raise SettingsError([])

    @contextmanager
    def watching(self, settings: Settings) -> Iterator[None]:
        """Watch the file."""
        watch = Reload(settings, self, lambda _: None, 0, self._path.parent)
        with structlog.testing.capture_logs():
            watch.start()
            yield
            watch.close()


def test_a_half_written_file(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is loaded once nobody writes to it any more."""
    path = tmp_path / "jwtfast.yaml"
    monkeypatch.setattr(reload, "sleep", lambda _: path.write_text("whole"))
    loads = Loads(path)
    with loads.watching(settings):
        path.write_text("half")
        until(lambda: loads != [], "a load")
    assert loads == ["whole"]


def test_a_writer_that_never_rests(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not keep its file from being loaded."""
    path = tmp_path / "jwtfast.yaml"
    monkeypatch.setattr(reload, "sleep", lambda _: path.write_text(path.read_text() + "x"))
    loads = Loads(path)
    with loads.watching(settings):
        path.write_text("x")
        until(lambda: loads != [], "a load")
    assert set(loads[0]) == {"x"}


def test_a_bad_file_is_loaded_once(tmp_path: Path, settings: Settings) -> None:
    """Then not before it changes; what was there before is a change, too."""
    path = tmp_path / "jwtfast.yaml"
    good = path.read_text()
    loads = Loads(path)
    with loads.watching(settings):
        for count, text in enumerate(("bad", "worse", good, "bad"), 1):
            (tmp_path / "new").write_text(text)
            (tmp_path / "new").rename(path)
            until(lambda: len(loads) == count, text)  # noqa: B023 - used at once
    assert loads == ["bad", "worse", good, "bad"]
