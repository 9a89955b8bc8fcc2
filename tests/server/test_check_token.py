"""`jwtfast check --token` without any key server: places, revocations, other formats."""

import logging
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result

from jwtfast_server.cli import main
from tests.configs import LEGACY
from tests.forge import claims, compact
from tests.settings import standard, token, write

GOOD = token()
ORIGINAL = {"uri_header": "X-Original-URI", "trusted_proxies": ["10.0.0.1"]}


def check(path: Path, *arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["check", str(path), *arguments], catch_exceptions=False)


def place(*sources: dict[str, Any]) -> dict[str, Any]:
    """A file whose tokens are in these places."""
    return standard(token={"from": list(sources)}, original_request=ORIGINAL)


@pytest.mark.parametrize(
    "config,arguments",
    [
        (place({"header": "Authorization", "scheme": "Token"}), ()),
        (place({"header": "X-Token"}, {"cookie": "session"}), ()),
        (place({"cookie": "session"}), ()),
        (place({"query": "t"}), ("--route", "GET", "/x")),
        (place({"query": "t"}), ("--route", "GET", "/x?a=b")),
        (place({"header": "Authorization"}), ("--route", "GET", "https://a.example/x?a=b")),
    ],
)
def test_place(tmp_path: Path, config: dict[str, Any], arguments: tuple[str, ...]) -> None:
    """The token stands where the service looks first, whatever place that is."""
    path = write(tmp_path / "jwtfast.yaml", config)
    result = check(path, "--token", GOOD, *arguments)
    assert result.stdout.startswith("200: passes\n  policy default\n")
    assert result.exit_code == 0
    assert "  x-user: user-1\n" in result.stdout
    bad = check(path, "--token", token(sub="nobody"), *arguments)
    assert (bad.exit_code, bad.stdout[:19]) == (1, "403: policy_denied:")


def test_query_without_a_url(tmp_path: Path) -> None:
    """A place in the query of a URL needs one."""
    result = check(write(tmp_path / "a.yaml", place({"query": "t"})), "--token", GOOD)
    assert result.exit_code == 2
    assert "give one with --route" in result.stderr
    assert GOOD not in result.output


def test_no_token(tmp_path: Path) -> None:
    """An empty token is none."""
    result = check(write(tmp_path / "a.yaml", standard()), "--token", "")
    assert result.stdout.startswith("401: missing_token: ")


def test_revoked(tmp_path: Path) -> None:
    """A revoked token is revoked here too."""
    (tmp_path / "revoked.json").write_text('{"revoked": [{"sub": "user-1"}]}')
    path = write(tmp_path / "a.yaml", standard(revocation={"file": "revoked.json"}))
    result = check(path, "--token", GOOD)
    assert result.stdout.startswith("401: token_revoked: ")


def test_legacy(tmp_path: Path) -> None:
    """A file of nginx-subrequest-auth-jwt answers as that service does."""
    path = tmp_path / "config.yaml"
    path.write_text(LEGACY)
    given = claims(group=["developers"], location="hq", level=1)
    result = check(path, "--token", compact("ES256", given, owner="strangers"))
    assert result.exit_code == 1
    assert result.stdout.startswith("401")


def test_expand_stands_alone(tmp_path: Path) -> None:
    """Two questions at once are refused, not answered by half."""
    path = write(tmp_path / "a.yaml", standard())
    for arguments in (["--fetch"], ["--token", "x"], ["--route", "GET", "/"]):
        result = check(path, "--expand", *arguments)
        assert (result.exit_code, result.stderr) == (2, "error: --expand stands alone\n")


def test_nothing_stays_behind(tmp_path: Path) -> None:
    """The logs of whoever runs the command in his own process are as before."""
    handlers = list(logging.getLogger("jwtfast").handlers)
    configured = structlog.is_configured()
    check(write(tmp_path / "a.yaml", standard()), "--token", GOOD)
    assert logging.getLogger("jwtfast").handlers == handlers
    assert structlog.is_configured() == configured
