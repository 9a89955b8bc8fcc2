"""A file of revoked tokens: when it is read again, and what holds where it cannot be used."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

import jwtfast
from jwtfast_server.config import Settings, load
from jwtfast_server.revocation import file as module
from jwtfast_server.revocation.file import RevokedFile
from jwtfast_server.revocation.revocations import Revocations
from jwtfast_server.watched_file import UnreadableError, WatchedFile
from tests.settings import standard, write

LONG_AGO_NS = 10**18


def document(*names: str) -> bytes:
    """Return a file that revokes tokens by their `jti`."""
    return json.dumps({"revoked": [{"jti": name} for name in names]}).encode()


def old(path: Path, content: bytes) -> None:
    """Write a file, in place and at a time long ago."""
    path.write_bytes(content)
    os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))


class Taken(list[bytes]):
    """Everything that a watched file handed over; b"bad" is refused."""

    def __call__(self, content: bytes) -> None:
        """Take it."""
        if content == b"bad":
            raise ValueError("it is bad")
        self.append(content)


def rewritten(path: Path) -> None:
    """Write in place."""
    path.write_bytes(b"two")


def at_one_time(path: Path) -> None:
    """Write in place, as long and at the same time: only the bytes differ."""
    times = path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def replaced(path: Path) -> None:
    """Rename another file over it, as long and of the same time."""
    times = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"two")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.rename(path)


def link_swapped(path: Path) -> None:
    """Lead the link elsewhere, as a Kubernetes volume does."""
    folder = path.parent
    (folder / "second").mkdir()
    (folder / "second" / path.name).write_bytes(b"two")
    (folder / "next").symlink_to("second")
    (folder / "next").rename(folder / "data")
    path.unlink()
    path.symlink_to(Path("data") / path.name)


@pytest.mark.parametrize("change", [rewritten, at_one_time, replaced, link_swapped])
def test_a_change_is_seen(tmp_path: Path, change: Callable[[Path], None]) -> None:
    """However a file comes to hold something else, the next look hands it over, once."""
    path, taken = tmp_path / "file", Taken()
    path.write_bytes(b"one")
    watched = WatchedFile(path, 1 << 20, taken)
    watched.look()
    watched.look()
    change(path)
    watched.look()
    watched.look()
    assert taken == [b"one", b"two"]


def test_an_old_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither file nor time is another, a look costs no reading."""
    path, taken = tmp_path / "file", Taken()
    old(path, b"one")
    watched = WatchedFile(path, 1 << 20, taken)
    watched.look()
    monkeypatch.setattr("jwtfast_server.watched_file.blake2b", None)
    watched.look()
    assert taken == [b"one"]


def unlinked(path: Path) -> None:
    """Take it away."""
    path.unlink()


def a_folder(path: Path) -> None:
    """Put a folder there."""
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    """Put a pipe there that nobody writes to: it must not be waited for."""
    path.unlink()
    os.mkfifo(path)


def bad(path: Path) -> None:
    """Write what is refused."""
    path.write_bytes(b"bad")


def huge(path: Path) -> None:
    """Write one byte more than it may have."""
    path.write_bytes(b" " * ((1 << 20) + 1))


@pytest.mark.parametrize(
    "spoil, sentence",
    [
        (unlinked, "cannot be read: No such file or directory"),
        (a_folder, "cannot be read: Is a directory"),
        (a_pipe, "is no file"),
        (bad, "cannot be used: it is bad"),
        (huge, "is larger than 1 MiB"),
    ],
)
def test_a_bad_file(tmp_path: Path, spoil: Callable[[Path], None], sentence: str) -> None:
    """It is told at each look, and taken again once it is good, also where that is as before."""
    path, taken = tmp_path / "file", Taken()
    path.write_bytes(b"one")
    watched = WatchedFile(path, 1 << 20, taken)
    watched.look()
    spoil(path)
    for _ in range(3):
        with pytest.raises(UnreadableError) as error:
            watched.look()
        assert str(error.value) == f"{path} {sentence}"
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    for content in (b"one", b"two"):
        path.write_bytes(content)
        watched.look()
    assert taken[-1] == b"two"


def test_what_was_good_holds(tmp_path: Path) -> None:
    """A source whose file goes bad keeps its list; told once, with every entry that is wrong."""
    path = tmp_path / "revoked.json"
    path.write_bytes(document("a", "b"))
    source = RevokedFile(str(path))
    source.check()
    path.write_text(json.dumps({"revoked": [{"jti": "a", "sub": "b"}] * 12}))
    with structlog.testing.capture_logs() as lines:
        source.check()
        source.check()
    (line,) = lines
    assert line["message"].startswith(f"{path} cannot be used: revoked[0]: expected exactly one ")
    assert line["message"].endswith("; and 2 more")
    assert (len(source.revoked), source.revoked.available) == (2, True)
    path.write_bytes(document("a"))
    source.check()
    assert (len(source.revoked), source.state) == (1, "current")


def test_a_worker_without_a_good_file(tmp_path: Path) -> None:
    """A worker that starts while the file is bad has nothing to go by: no token passes."""
    path = tmp_path / "revoked.json"
    path.write_bytes(document())
    settings = settings_with(tmp_path, {"file": "revoked.json"})
    path.write_bytes(b"{")
    revocations = Revocations(settings)
    assert revocations.states == {"file": "never loaded"}
    assert [one.available for one in revocations.lists] == [False]
    path.write_bytes(document("a"))
    revocations.sources["file"].check()
    assert [one.available for one in revocations.lists] == [True]


def test_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large is refused at load, with its place."""
    monkeypatch.setattr(module, "_MOST_BYTES", 1 << 20)
    (tmp_path / "revoked.json").write_bytes(document("x" * (1 << 20)))
    with pytest.raises(Exception, match=r"revocation\.file: .*revoked\.json is larger than 1 MiB"):
        settings_with(tmp_path, {"file": "revoked.json"})


def settings_with(directory: Path, revocation: object) -> Settings:
    """Return the standard settings with this section."""
    return load(write(directory / "jwtfast.yaml", standard(revocation=revocation)), env={})


def test_other_settings(tmp_path: Path) -> None:
    """A source that is as before goes on; one that is new is read before a gate is built."""
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(document(*name))
    revocations = Revocations(settings_with(tmp_path, {"file": "one"}))
    revocations.start()
    (before,) = revocations.lists
    with revocations.following(settings_with(tmp_path, {"file": "one"})):
        assert revocations.lists == (before,)
    with revocations.following(settings_with(tmp_path, {"file": "two"})):
        (coming,) = revocations.lists
        assert (coming.available, len(coming)) == (True, 3)
    assert revocations.lists == (coming,)
    assert revocations.retired["file", "success"] >= 1
    with revocations.following(settings_with(tmp_path, None)):
        assert not revocations.sources
    assert revocations.states == {}


def test_other_settings_that_fail(tmp_path: Path) -> None:
    """Where no gate comes of it, everything stays as it was."""
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(document(name))
    revocations = Revocations(settings_with(tmp_path, {"file": "one"}))
    before = revocations.sources["file"]
    with (
        pytest.raises(jwtfast.ConfigError),
        revocations.following(settings_with(tmp_path, {"file": "two"})),
    ):
        jwtfast.Gate(b"{}", {})
    assert revocations.sources == {"file": before}
    assert not before._closing.is_set()
