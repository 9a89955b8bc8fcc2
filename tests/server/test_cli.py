"""The commands: what they print, and their exit status."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

import jwtfast
from jwtfast_server.cli import main
from jwtfast_server.config import Settings
from tests.configs import LEGACY, MINIMAL

PROGRAM = Path(sys.executable).with_name("jwtfast")


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, with a configuration of each kind and one that is bad."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jwtfast.yaml").write_text(MINIMAL)
    (tmp_path / "config.yaml").write_text(LEGACY)
    (tmp_path / "bad.yaml").write_text(f"lisen: x\nlog: {{level: loud}}\n{MINIMAL}")
    return tmp_path


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    """Run `jwtfast`."""
    return CliRunner().invoke(main, arguments, input=stdin, catch_exceptions=False)


def test_check() -> None:
    """A good file is summed up: who, with which keys, and what policies there are."""
    result = run("check", "jwtfast.yaml")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "ok: jwtfast.yaml",
        "  issuer corp: iss https://login.example.com, aud api, keys a (ES256)",
        "  policy default: issuers corp, 0 rules",
    ]


def test_check_routes() -> None:
    """Each route has its line, in the order in which they are tried."""
    Path("routes.yaml").write_text(
        MINIMAL
        + """\
routes:
  - {host: '*.example.com', methods: [GET, HEAD], policy: default}
  - {path: /api, policy: default}
original_request: {uri_header: X-Original-URL, trusted_proxies: 127.0.0.1}
"""
    )
    assert run("check", "routes.yaml").stdout.splitlines()[3:] == [
        "  route GET HEAD *.example.com /: policy default",
        "  route any method any host /api: policy default",
    ]


def test_check_legacy() -> None:
    """A file of nginx-subrequest-auth-jwt is recognised."""
    result = run("check", "config.yaml")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "ok: config.yaml (nginx-subrequest-auth-jwt format)"


def test_check_json() -> None:
    """A script reads the same as JSON."""
    record = orjson.loads(run("check", "jwtfast.yaml", "--json").stdout)
    assert record == {
        "ok": True,
        "file": "jwtfast.yaml",
        "mode": "standard",
        "listen": "0.0.0.0:8080",
        "issuers": [
            {
                "name": "corp",
                "issuer": "https://login.example.com",
                "audiences": ["api"],
                "keys": [{"kid": "a", "algorithms": ["ES256"]}],
            }
        ],
        "policies": [{"name": "default", "issuers": ["corp"], "rules": 0, "identity": []}],
        "routes": [],
        "revocation": [],
        "notes": [],
    }


def test_check_bad() -> None:
    """A bad file is refused with status 2 and all its problems, one a line, on stderr."""
    result = run("check", "bad.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "bad.yaml:1: lisen: unknown key, did you mean listen?",
        (
            "bad.yaml:2: log.level: expected 'debug', 'info', 'warning', 'error' or 'critical', "
            "found 'loud'"
        ),
    ]


def test_check_bad_json() -> None:
    """The problems of a bad file, for a script."""
    result = run("check", "bad.yaml", "--json")
    record = orjson.loads(result.stdout)
    assert (result.exit_code, record["ok"], len(record["problems"])) == (2, False, 2)
    assert record["problems"][0] == {
        "source": "bad.yaml",
        "line": 1,
        "path": "lisen",
        "message": "unknown key, did you mean listen?",
    }


@pytest.mark.parametrize("command", [("check", "absent.yaml"), ("serve", "--config=absent.yaml")])
def test_no_file(command: tuple[str, ...]) -> None:
    """A file that is not there is told by its name, with status 2."""
    result = run(*command)
    assert result.exit_code == 2
    assert result.stderr == "absent.yaml: cannot be read: No such file or directory\n"


def test_notes(workplace: Path) -> None:
    """What is worth knowing is shown when a file is checked, and is no error."""
    (workplace / "config.yaml").write_text(f"{LEGACY}extra: 1\n")
    result = run("check", "config.yaml")
    assert result.exit_code == 0
    assert "note: config.yaml:13: extra: unknown key, ignored" in result.stderr


def test_serve(served: list[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    """Flags win over variables, which win over the file; the status is that of serving."""
    monkeypatch.setenv("JWTFAST_LISTEN", ":1")
    monkeypatch.setenv("JWTFAST_REALM", "variable")
    flags = ["--listen=:2", "--workers", "3", "--interface=asgi", "--log-level=warn"]
    assert run("serve", *flags).exit_code == 7
    (settings,) = served
    assert (settings.listen.port, settings.workers, settings.interface) == (2, 3, "asgi")
    assert (settings.realm, settings.log.level) == ("variable", "warning")


def test_serve_where_the_variable_says(
    served: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`JWTFAST_CONFIG` names the file."""
    monkeypatch.setenv("JWTFAST_CONFIG", "config.yaml")
    run("serve")
    assert served[0].mode == "legacy"


def test_serve_bad_flag(served: list[Settings]) -> None:
    """What is wrong with a flag is told by its name; nothing is served."""
    result = run("serve", "--listen", "80", "--workers", "many")
    assert (result.exit_code, served) == (2, [])
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["--listen", "--workers"]


def test_schema() -> None:
    """The schema is JSON, and is about this file."""
    schema = orjson.loads(run("schema").stdout)
    assert schema["title"] == "ConfigFile"
    assert {"issuers", "policies"} <= set(schema["properties"])


def test_keygen_and_mint(workplace: Path) -> None:
    """What keygen writes, mint signs with, and the written JWKS verifies."""
    result = run("keygen", "--algorithm", "ES384", "--kid", "k", "--out", "keys", "--json")
    assert result.exit_code == 0
    assert orjson.loads(result.stdout) == {
        "algorithm": "ES384",
        "kid": "k",
        "files": ["keys/private.pem", "keys/public.pem", "keys/jwks.json"],
    }
    (workplace / "claims.json").write_text('{"sub": "mallory", "groups": ["x"]}')
    options = ["--kid=k", "--claims-file=claims.json", "--sub=alice", "--aud=a", "--aud=b"]
    options += ["--iss=https://login.example.com", "--claim", "level=7", "--header", "typ=at+jwt"]
    token = run("mint", "--key=keys/private.pem", "--expires-in=5m", *options).stdout.strip()
    keys = jwtfast.KeySet.from_jwks((workplace / "keys" / "jwks.json").read_bytes())
    claims = jwtfast.Verifier(keys, audience="b", token_types=["at+jwt"]).verify(token)
    assert claims.pop("exp") - claims.pop("iat") == 300
    assert claims == {
        "sub": "alice",
        "groups": ["x"],
        "level": 7,
        "aud": ["a", "b"],
        "iss": "https://login.example.com",
    }


def test_mint_from_standard_input() -> None:
    """`-` is standard input; a negative duration makes a token that has expired."""
    run("keygen", "--out", "keys")
    arguments = ["mint", "--key=keys/private.pem", "--claims-file=-", "--expires-in", "-1h"]
    token = run(*arguments, stdin=b'{"sub": "alice"}').stdout.strip()
    keys = jwtfast.KeySet.from_jwks(Path("keys/jwks.json").read_bytes())
    with pytest.raises(jwtfast.TokenExpiredError):
        jwtfast.Verifier(keys).verify(token)


@pytest.mark.parametrize(
    "arguments,message",
    [
        (["--key=absent"], "Invalid value for '--key': 'absent': No such file or directory"),
        (["--key=keys/jwks.json"], "error: "),
        (["--key=config.yaml"], "error: neither PEM nor JWK: an HMAC secret needs --algorithm"),
        (["--key=keys/private.pem", "--algorithm=none"], "Invalid value for '--algorithm'"),
        (["--key=keys/private.pem", "--algorithm=RS256"], "error: "),
        (
            ["--key=keys/private.pem", "--claim=x"],
            "Invalid value for '--claim': expected NAME=VALUE",
        ),
        (["--key=keys/private.pem", "--expires-in=soon"], "Invalid value for '--expires-in'"),
        (["--key=keys/private.pem", "--claims-file=config.yaml"], "error: expected a JSON object"),
    ],
)
def test_mint_problems(arguments: list[str], message: str) -> None:
    """What cannot be signed is a usage error: status 2, one line that says why, no token."""
    run("keygen", "--out", "keys")
    result = run("mint", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].removeprefix("Error: ").startswith(message)


def test_keygen_prints() -> None:
    """Without a folder, the key is printed: private, public, JWKS."""
    text = run("keygen").stdout
    parts = ["-----BEGIN PRIVATE KEY-----", "-----BEGIN PUBLIC KEY-----", '"keys": [']
    assert sorted(parts, key=text.index) == parts
    record = orjson.loads(run("keygen", "--kid=k", "--json").stdout)
    assert set(record) == {"algorithm", "kid", "private", "public", "jwks"}
    assert [key["kid"] for key in record["jwks"]["keys"]] == ["k"]
    record = orjson.loads(run("keygen", "--algorithm=HS512", "--json").stdout)
    assert set(record) == {"algorithm", "kid", "secret"}


@pytest.mark.parametrize(
    "prepared,message",
    [("keys", "error: keys/private.pem is there already: --force replaces it\n"), (None, None)],
)
def test_keygen_keeps(prepared: str | None, message: str | None) -> None:
    """Keys that are there stay, unless they are to be replaced."""
    if prepared:
        run("keygen", "--out", prepared)
    result = run("keygen", "--out", "keys")
    assert (result.exit_code, result.stderr) == ((2, message) if message else (0, ""))
    assert run("keygen", "--out", "keys", "--force").exit_code == 0


def test_keygen_cannot_write(workplace: Path) -> None:
    """A folder that cannot be is told in one line."""
    (workplace / "file").write_text("")
    result = run("keygen", "--out", "file/keys")
    assert (result.exit_code, result.stderr) == (
        2,
        "error: file/keys cannot be written: Not a directory\n",
    )


@pytest.mark.parametrize("command", ["serve", "check", "dev", "mint", "keygen", "schema"])
def test_help(command: str) -> None:
    """Every command says what it does."""
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"Usage: jwtfast {command}" in result.stdout


@pytest.mark.parametrize(
    "command,status,stdout,stderr",
    [
        ([PROGRAM, "check", "jwtfast.yaml"], 0, "ok: jwtfast.yaml\n", ""),
        ([PROGRAM, "check", "bad.yaml"], 2, "", "bad.yaml:1: lisen: unknown key"),
    ],
)
def test_installed(
    workplace: Path, command: list[str], status: int, stdout: str, stderr: str
) -> None:
    """The command is installed under its name, and behaves the same as a process."""
    result = subprocess.run(command, cwd=workplace, capture_output=True, text=True, check=False)
    assert result.returncode == status
    assert (result.stdout[: len(stdout)], result.stderr[: len(stderr)]) == (stdout, stderr)
