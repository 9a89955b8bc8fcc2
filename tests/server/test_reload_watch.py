"""When the main process loads: once a change is complete, and whatever its last try came to."""

from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from jwtfast_server import reload
from jwtfast_server.config import Settings, SettingsError
from jwtfast_server.reload import Reload
from tests.clock import Clock
from tests.processes import until


class Loads(list[str]):
    """What was found in a file at each load; none of it is good."""

    def __init__(self, path: Path, settings: Settings) -> None:
        """Watch this file, under a clock that is moved by hand."""
        super().__init__()
        self._path = path
        self.clock = Clock()
        self.reload = Reload(settings, self, lambda _: None, 0, path.parent, self.clock)

    def __call__(self) -> Settings:
        """Load."""
        self.append(self._path.read_text())
        raise SettingsError([])

    def look(self, *seconds: float) -> None:
        """Look after each of these."""
        with structlog.testing.capture_logs() as self.lines:
            for step in seconds:
                self.clock.advance(step)
                self.reload.look()


@pytest.fixture
def loads(tmp_path: Path, settings: Settings) -> Loads:
    """The loads of the configuration, which is JSON."""
    return Loads(tmp_path / "jwtfast.yaml", settings)


def in_place(path: Path, text: str) -> None:
    """Write over what is there."""
    path.write_text(text)


def renamed(path: Path, text: str) -> None:
    """Put another file in its place."""
    path.with_name("new").write_text(text)
    path.with_name("new").rename(path)


def linked(path: Path, text: str) -> None:
    """Lead to another file, as a Kubernetes volume does."""
    file = path.with_name(f"file-{len(list(path.parent.iterdir()))}")
    file.write_text(text)
    path.with_name("link").symlink_to(file)
    path.with_name("link").rename(path)


Write = Callable[[Path, str], None]


@pytest.mark.parametrize(
    "write, text, seconds",
    [
        (in_place, "{a: 1}", 2.0),
        (in_place, "a: 1\n...\n", 2.0),
        (in_place, "a: 1\n", 2.0),
        (renamed, "a: 1\n", 2.0),
        (linked, "a: 1\n", 2.0),
        (renamed, "a: 1\n...\n", 0.2),
        (linked, "a: 1\n...\n", 0.2),
        (renamed, "{a: 1}\n", 0.2),
        (renamed, "-----BEGIN X-----\n-----END X-----\n", 0.2),
    ],
)
def test_how_long_it_must_be_the_same(
    tmp_path: Path, loads: Loads, write: Write, text: str, seconds: float
) -> None:
    """Two seconds; where another file came, and its text ends by itself, a moment."""
    write(tmp_path / "jwtfast.yaml", text)
    loads.look(0.5, seconds - 0.05)
    assert loads == []
    loads.look(0.1)
    assert loads == [text]


@pytest.mark.parametrize("write", [in_place, renamed, linked])
def test_what_is_touched_again(tmp_path: Path, loads: Loads, write: Write) -> None:
    """Each change begins the time anew, though it writes the same once more."""
    for _ in range(5):
        write(tmp_path / "jwtfast.yaml", "a: 1\n")
        loads.look(0.5, 1.4)
    assert loads == []
    loads.look(0.7)
    assert loads == ["a: 1\n"]


def test_what_is_as_it_was(tmp_path: Path, loads: Loads) -> None:
    """A change that was undone is none."""
    path = tmp_path / "jwtfast.yaml"
    good = path.read_text()
    in_place(path, "half")
    loads.look(0.5, 1.0)
    in_place(path, good)
    loads.look(0.5, 9.0)
    assert loads == []


def test_files_that_come_without_a_rest(tmp_path: Path, loads: Loads) -> None:
    """Whole ones do not keep what came last from being loaded."""
    for count in range(12):
        renamed(tmp_path / "jwtfast.yaml", f"{{a: {count}}}")
        loads.look(0.1)
    assert loads != []


def test_a_writer_that_never_rests(tmp_path: Path, loads: Loads) -> None:
    """What is written to all the time is never whole: it is told, and not loaded."""
    for count in range(100):
        in_place(tmp_path / "jwtfast.yaml", f"{{a: {count}}}")
        loads.look(0.5)
        assert [line["event"] for line in loads.lines] == (
            ["files are written to all the time: not reloaded"] if count == 60 else []
        )
    assert loads == []


def test_a_bad_file_is_loaded_once(tmp_path: Path, loads: Loads) -> None:
    """Then not before it changes; what was there before is a change, too."""
    path = tmp_path / "jwtfast.yaml"
    good = path.read_text()
    for text in ("bad", "worse", good, "bad"):
        renamed(path, text)
        loads.look(0.5, 3, 3, 3)
    assert loads == ["bad", "worse", good, "bad"]


def test_when_asked(tmp_path: Path, loads: Loads, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGHUP waits for who writes at this moment, but not long, and loads what is there."""
    path = tmp_path / "jwtfast.yaml"
    written = iter(["half", "whole"])
    monkeypatch.setattr(reload, "sleep", lambda _: path.write_text(next(written, "whole")))
    path.write_text("x")
    with structlog.testing.capture_logs():
        loads.reload.load(confirmed=True)
    assert loads == ["whole"]
    monkeypatch.setattr(reload, "sleep", lambda _: path.write_text(path.read_text() + "x"))
    path.write_text("x")
    with structlog.testing.capture_logs():
        loads.reload.load(confirmed=True)
    assert set(loads[-1]) == {"x"}


def test_the_watch_runs(tmp_path: Path, settings: Settings) -> None:
    """By the clock of the machine, in a thread of its own."""
    loads = Loads(tmp_path / "jwtfast.yaml", settings)
    watch = Reload(settings, loads, lambda _: None, 0, tmp_path)
    with structlog.testing.capture_logs():
        watch.start()
        renamed(tmp_path / "jwtfast.yaml", "{}")
        until(lambda: loads != [], "a load")
        watch.close()
    assert loads == ["{}"]
