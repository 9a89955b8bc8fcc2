"""Whether a file is still what it was: its content says so, and nothing else."""

import os
from pathlib import Path

from jwtfast_server.watched_files import fingerprint, fingerprints


def test_content_alone_counts(tmp_path: Path) -> None:
    """Another file with the same content is the same; the same file with another is not."""
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_text("one")
    other.write_text("one")
    first = fingerprint(path)
    assert first is not None
    assert first == fingerprint(other)
    times = path.stat()
    path.write_text("two")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert fingerprint(path) not in {None, first}
    os.replace(other, path)  # noqa: PTH105 - what an editor does
    assert fingerprint(path) == first


def test_links_are_followed(tmp_path: Path) -> None:
    """A link that leads elsewhere is another content."""
    for name in "ab":
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("a")
    before = fingerprint(tmp_path / "link")
    (tmp_path / "new").symlink_to("b")
    (tmp_path / "new").rename(tmp_path / "link")
    assert fingerprint(tmp_path / "link") != before == fingerprint(tmp_path / "a")


def test_what_cannot_be_read_again(tmp_path: Path) -> None:
    """A pipe is never opened, which would wait for a writer; a folder and nothing are the same."""
    os.mkfifo(tmp_path / "pipe")
    paths = [str(tmp_path / "pipe"), str(tmp_path), str(tmp_path / "none")]
    assert fingerprints(paths) == dict.fromkeys(paths)
