"""The command `nginx-subrequest-auth-jwt`: that service's flags, and what is wrong with them."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jwtfast_server.cli import legacy_main
from jwtfast_server.config import Settings
from tests.configs import LEGACY

PROGRAM = Path(sys.executable).with_name("nginx-subrequest-auth-jwt")


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with nothing but the configuration's default name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(LEGACY)
    return tmp_path


def run(arguments: Sequence[str]) -> Result:
    """Run the command."""
    return CliRunner().invoke(legacy_main, arguments, catch_exceptions=False)


@pytest.mark.parametrize(
    "arguments,address,level",
    [
        (["--insecure"], ":8080", "info"),
        (["--insecure", "--insecure-addr", "127.0.0.1:80"], "127.0.0.1:80", "info"),
        (["--insecure=true", "--insecure-addr=127.0.0.1:80"], "127.0.0.1:80", "info"),
        (["--insecure", "--log-level=warn"], ":8080", "warning"),
        (["--log-level", "fatal", "--insecure"], ":8080", "critical"),
        (["--config=config.yaml", "--insecure"], ":8080", "info"),
        (["--config", "config.yaml", "--insecure", "--addr", ":1"], ":8080", "info"),
        (["--tls-key=key.pem", "--tls-cert=cert.pem"], ":8443", "info"),
        (["--tls-key", "key.pem", "--tls-cert", "cert.pem", "--addr", ":1"], ":1", "info"),
        (["--insecure=false", "--tls-key=key.pem", "--tls-cert=cert.pem"], ":8443", "info"),
    ],
)
def test_flags(
    served: list[Settings], workplace: Path, arguments: list[str], address: str, level: str
) -> None:
    """The flags of nginx-subrequest-auth-jwt, in both forms, with its defaults."""
    for name in ("key.pem", "cert.pem"):
        (workplace / name).write_text("PEM")
    assert run(arguments).exit_code == 7
    (settings,) = served
    host, _, port = address.rpartition(":")
    assert (settings.listen.host, settings.listen.port) == (host or settings.listen.host, int(port))
    assert settings.listen.host in {host, "::", "0.0.0.0"}  # noqa: S104 - compared with, not bound
    assert (settings.mode, settings.log.level) == ("legacy", level)
    files = (str(workplace / "cert.pem"), str(workplace / "key.pem"))
    found = settings.tls and (settings.tls.cert, settings.tls.key)
    assert found == (files if "cert.pem" in " ".join(arguments) else None)


NO_KEY = "--tls-key: must be given, or else --insecure"
NO_CERT = "--tls-cert: must be given, or else --insecure"
NO_CONFIG = "absent.yaml: cannot be read: No such file or directory"


@pytest.mark.parametrize(
    "arguments,problems",
    [
        ([], [NO_KEY, NO_CERT]),
        (["--tls-cert=config.yaml"], [NO_KEY]),
        (["--tls-key=config.yaml"], [NO_CERT]),
        (["--insecure=false"], [NO_KEY, NO_CERT]),
        (["--tls-cert=x", "--tls-key=config.yaml"], ["--tls-cert: expected a file, found none at"]),
        (["--insecure", "--insecure-addr=80"], ["--insecure-addr: expected an address such as"]),
        (["--insecure", "--config=absent.yaml"], [NO_CONFIG]),
        (["--config=absent.yaml"], [NO_KEY, NO_CERT, NO_CONFIG]),
    ],
)
def test_problems(served: list[Settings], arguments: list[str], problems: list[str]) -> None:
    """What is wrong is told all at once, by flag or file, with status 2."""
    result = run(arguments)
    assert (result.exit_code, served) == (2, [])
    lines = result.stderr.splitlines()
    assert [line[: len(problem)] for line, problem in zip(lines, problems, strict=True)] == problems


def test_installed(workplace: Path) -> None:
    """The command is installed under the name of that service."""
    result = subprocess.run([PROGRAM], cwd=workplace, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr.splitlines()) == (2, [NO_KEY, NO_CERT])
