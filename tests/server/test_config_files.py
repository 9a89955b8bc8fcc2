"""Files that are none: whatever stands under a name, `check` and `serve` answer at once."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
import structlog

from jwtfast_server import tls
from jwtfast_server.changes.regular import read_regular
from jwtfast_server.watched_files import Look, look
from tests.configs import JWKS, MINIMAL, load_text
from tests.server.watching import Watch

KEYS: Final = MINIMAL.splitlines()[3]
TIMEOUT: Final = 60


def issuer(source: str, **more: str) -> str:
    """Return a configuration with one source of keys."""
    added = "".join(f"\n    {name}: {value}" for name, value in more.items())
    return MINIMAL.replace(KEYS, f"    keys: {source}{added}")


# Every key that names a file, in a configuration that names `file`.
PLACES: Final = {
    "pem_file": issuer("{pem_file: file}"),
    "jwks_file": issuer("{jwks_file: file}"),
    "secret_file": issuer("{secret_file: file, algorithm: HS256}"),
    "refresh.ca_file": issuer("{discovery: true}", refresh="{ca_file: file}"),
    "tls": f"{MINIMAL}tls: {{cert: file, key: file}}\n",
    "revocation.file": f"{MINIMAL}revocation: {{file: file}}\n",
    "password_file": f"{MINIMAL}revocation: {{redis: {{url: 'redis://h', password_file: file}}}}\n",
    "redis.ca_file": f"{MINIMAL}revocation: {{redis: {{url: 'rediss://h', ca_file: file}}}}\n",
    "the configuration": "",
}


def pipe(path: Path) -> None:
    """Nobody writes into it."""
    os.mkfifo(path)


def folder(path: Path) -> None:
    """A folder."""
    path.mkdir()


def unix_socket(path: Path) -> None:
    """A socket."""
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def device(path: Path) -> None:
    """It never ends."""
    path.symlink_to("/dev/zero")


def terminal(path: Path) -> None:
    """Opened, it may become the terminal of who opens it; without one, it is no device."""
    path.symlink_to("/dev/tty")


def loop(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path.name)


def nothing(_: Path) -> None:
    """Nothing is there."""


def huge(path: Path) -> None:
    """Larger than anything may be; it takes no room."""
    with path.open("wb") as file:
        file.truncate(1 << 30)


KINDS: Final = (pipe, folder, unix_socket, device, terminal, loop, nothing, huge)
Make = Callable[[Path], None]


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose files have short names: a socket's path is short."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command, which must end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "jwtfast_server", *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


@pytest.mark.parametrize("place", PLACES)
def test_check(directory: Path, place: str) -> None:
    """It says of each kind that it cannot be used, naming the key, and ends with status 2."""
    for kind in KINDS:
        path = directory / kind.__name__
        path.mkdir()
        os.chdir(path)
        kind(Path("file" if PLACES[place] else "jwtfast.yaml"))
        if PLACES[place]:
            (path / "jwtfast.yaml").write_text(PLACES[place])
        if kind is huge and ("ca_file" in place or place == "tls"):
            continue  # Not read by `check`.
        result = run("check", "jwtfast.yaml")
        assert result.returncode == 2, (kind, result)
        assert "Traceback" not in result.stderr
        assert place.partition(".")[2] in result.stdout + result.stderr
        assert len(result.stderr) < 2000


@pytest.mark.parametrize("kind", [pipe, device, folder])
def test_serve(directory: Path, kind: Make) -> None:
    """So does a start, with the same words."""
    kind(directory / "jwtfast.yaml")
    assert run("serve", "--config", "jwtfast.yaml").returncode == 2


@pytest.mark.parametrize("kind", KINDS)
def test_every_reader(directory: Path, kind: Make) -> None:
    """Nothing is handed over but the content of a file, and of that no more than is wanted."""
    path = directory / "file"
    kind(path)
    if kind is huge:
        assert len(read_regular(path, 10)) == 11
        assert not look(path).ends
    else:
        with pytest.raises(OSError, match=r".+"):
            read_regular(path, 10)
        assert look(path) == Look()
    with pytest.raises(tls.CertificateError):
        tls.check("file", "file")


LONG: Final = {
    "unknown keys": MINIMAL + "".join(f"x{number}: 1\n" for number in range(50_000)),
    "a long key": MINIMAL + "x" * 900_000 + ": 1\n",
    "a long value": MINIMAL.replace("name: corp", f"name: {'x' * 900_000}"),
    "many names": MINIMAL.replace("default:", "other:")
    + "".join(f"  p{number}: {{issuers: [corp]}}\n" for number in range(20_000)),
    "a long name": MINIMAL.replace("[corp]", f"[{'x' * 900_000}]"),
    "a long rule": MINIMAL.replace(
        "[corp]", f"[corp], require: [{{claim: a, {'x' * 900_000}: 1}}]"
    ),
    "many rules": MINIMAL.replace("[corp]", f"[corp], require: [{'{a: 1},' * 30_000}]"),
    "a long tag": MINIMAL + f"realm: !{'x' * 900_000} a\n",
    "a long alias": MINIMAL + f"realm: *{'x' * 900_000}\n",
}


@pytest.mark.parametrize("long", LONG)
def test_a_line_of_the_log(tmp_path: Path, long: str) -> None:
    """Whatever a file holds, no line that a reload logs of it is longer than 200 KiB."""
    with structlog.testing.capture_logs() as lines:
        watch = Watch(tmp_path, MINIMAL)
        watch.path.write_text(LONG[long] + "...\n")
        watch.wait(3)
    assert lines
    assert max(len(json.dumps(line)) for line in lines) < 200 << 10
    assert len(lines) < 150


def test_a_set_full_of_what_cannot_be_used(tmp_path: Path) -> None:
    """The first entries that were left out are noted, and how many more there are."""
    entries = [{"kty": "none"}] * 40_000 + json.loads(JWKS)["keys"]
    (tmp_path / "many.json").write_text(json.dumps({"keys": entries}))
    notes = load_text(tmp_path, issuer("{jwks_file: many.json}")).notes
    assert len(notes) == 11
    assert max(map(len, notes)) < 1000
    assert notes[-1].endswith("and 39990 more")
