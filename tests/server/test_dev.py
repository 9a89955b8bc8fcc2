"""The first thing a newcomer sees: a folder that works, and lines to copy that are true."""

import shlex
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import jwtfast
from jwtfast_server import launch
from jwtfast_server.cli import main
from jwtfast_server.config import Settings, load
from jwtfast_server.dev import prepare, welcome
from jwtfast_server.report import welcome_text
from tests.processes import Server, free_port

PRIVATE = {"private.pem", "good.jwt", "denied.jwt", "expired.jwt"}
PUBLIC = {"public.pem", "jwks.json", "jwtfast.yaml", ".gitignore"}


def test_folder(tmp_path: Path) -> None:
    """Everything is there; what could be misused is its owner's alone, and git leaves it out."""
    prepare(tmp_path / "dev")
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "dev").iterdir()}
    assert set(found) == PRIVATE | PUBLIC
    assert {name for name, mode in found.items() if mode & 0o077 == 0} >= PRIVATE
    assert (tmp_path / "dev" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("name,status", [("good", 200), ("denied", 403), ("expired", 401)])
def test_verdicts(tmp_path: Path, name: str, status: int) -> None:
    """Each token gets the answer that it is made for."""
    settings = load(prepare(tmp_path), {})
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets())
    token = (tmp_path / f"{name}.jwt").read_text().strip()
    decision = gate.decide(None, "GET", "", [("authorization", f"Bearer {token}")])
    assert (decision.status, decision.policy) == (status, "default")
    if status == 200:
        assert ("x-user", "alice") in decision.headers


def test_again(tmp_path: Path) -> None:
    """A second run keeps the key and what was changed in the configuration; tokens are new."""
    config = prepare(tmp_path)
    (tmp_path / "good.jwt").write_text("old")
    (tmp_path / "jwks.json").unlink()
    config.write_text(config.read_text() + "realm: mine\n")
    key = (tmp_path / "private.pem").read_text()
    assert prepare(tmp_path) == config
    assert load(config, {}).realm == "mine"
    assert (tmp_path / "private.pem").read_text() == key
    assert (tmp_path / "jwks.json").exists()
    assert (tmp_path / "good.jwt").read_text() != "old"


@pytest.mark.parametrize("content", ["", "nonsense", "rsa"])
def test_bad_key(tmp_path: Path, content: str) -> None:
    """A key that cannot be used is told by its file, and stays."""
    path = tmp_path / "private.pem"
    path.write_text(content)
    result = CliRunner().invoke(main, ["dev", "--dir", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 2
    expected = f"error: {path}: expected a private key for ES256; remove it to get a new one\n"
    assert result.stderr == expected
    assert path.read_text() == content


def test_no_folder(tmp_path: Path) -> None:
    """A folder that cannot be is told in one line."""
    (tmp_path / "file").write_text("")
    arguments = ["dev", "--dir", str(tmp_path / "file" / "dev")]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert (result.exit_code, result.stderr) == (
        2,
        f"error: {tmp_path}/file/dev cannot be written: Not a directory\n",
    )


@pytest.mark.parametrize(
    "listen,url",
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080/validate"),
        ("0.0.0.0:80", "http://127.0.0.1:80/validate"),
        ("[::1]:80", "http://[::1]:80/validate"),
        ("[::]:80", "http://[::1]:80/validate"),
        ("unix:/run/j.sock", "--unix-socket /run/j.sock http://localhost/validate"),
    ],
)
def test_commands(tmp_path: Path, listen: str, url: str) -> None:
    """The lines reach the service, wherever it listens."""
    settings = load(prepare(tmp_path), {}, {"listen": listen})
    found = [command for _, command in welcome(tmp_path, settings).tries]
    tokens = [f'-H "Authorization: Bearer $(cat {tmp_path / name}.jwt)" ' for name in
              ("good", "denied", "expired")]  # fmt: skip
    assert found == [f"curl -i {token}{url}" for token in [*tokens, ""]]


@pytest.mark.parametrize(
    "listen,target",
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080/validate"),
        ("unix:/run/j.sock", "http://unix:/run/j.sock:/validate"),
    ],
)
def test_nginx(tmp_path: Path, listen: str, target: str) -> None:
    """NGINX is told the same place."""
    settings = load(prepare(tmp_path), {}, {"listen": listen})
    assert f"proxy_pass {target};" in welcome(tmp_path, settings).nginx


def test_plain_where_nobody_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Into a file or pipe, no colours; and the listen flag wins over the file that is there."""
    prepare(tmp_path)
    served: list[Settings] = []
    monkeypatch.setattr(launch, "serve", lambda given, _load: served.append(given))
    result = CliRunner().invoke(main, ["dev", "--dir", str(tmp_path), "--listen", "127.0.0.1:9"])
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "http://127.0.0.1:9/validate" in result.stdout
    assert [str(settings.listen) for settings in served] == ["127.0.0.1:9"]


def test_colours_stand_around_the_text(tmp_path: Path) -> None:
    """In a terminal the same text has colours, but none inside the lines to copy."""
    settings = load(prepare(tmp_path), {})
    guide = welcome(tmp_path, settings)
    text = welcome_text(guide)
    assert "\x1b" in text
    assert all(f"  {command}\n" in text for _, command in guide.tries)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """`jwtfast dev` as a newcomer starts it."""
    port = free_port()
    arguments = ["dev", "--listen", f"127.0.0.1:{port}", "--dir", str(tmp_path / "dev")]
    server = Server(arguments, tmp_path / "out", ("127.0.0.1", port))
    yield server
    assert server.stop() == 0


def test_newcomer(server: Server) -> None:
    """The lines that it prints, copied into a shell, give the answers it says they give."""
    lines = [line.strip() for line in server.output.decode().splitlines()]
    promised = {lines[index + 1]: line for index, line in enumerate(lines) if line.startswith("# ")}
    assert len(promised) == 4
    for command, promise in promised.items():
        assert shlex.split(command)[0] == "curl"
        answer = subprocess.run(
            ["bash", "-c", f"{command} --silent"], capture_output=True, text=True, check=True
        ).stdout
        assert answer.split()[1] == promise.split()[1], promise
