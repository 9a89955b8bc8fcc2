"""In place of nginx-jwt-auth: its variables, and its answers (PEERS.md)."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jwtfast_server.cli import legacy_fork_main
from jwtfast_server.config import SettingsError, load_fork
from tests.keyserver import KeyServer, jwks, signed
from tests.processes import FORK_COMMAND, Server, free_port
from tests.server.test_drop_in import bearer, public_pem

CLAIMS: dict[str, Any] = {
    "group": "developers",
    "groups": ["dev", "ops"],
    "a.b": "dotted",
    "level": 7,
    "nested": {"role": "admin"},
}
Start = Callable[..., Server]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start it with the key in a file and other variables."""
    started: list[Server] = []

    def start(**variables: str) -> Server:
        directory = tmp_path_factory.mktemp("fork")
        (directory / "key.pem").write_text(public_pem())
        port = free_port()
        given = {"PORT": str(port), "JWTFAST_WORKERS": "1"} | variables
        if "JWKS_URL" not in given:
            given["JWKS_PATH"] = str(directory / "key.pem")
        env = {**os.environ, **given}
        server = Server([], directory, ("127.0.0.1", port), command=FORK_COMMAND, env=env)
        started.append(server)
        return server

    yield start
    assert [server.stop() for server in started] == [0] * len(started)


@pytest.fixture(scope="module")
def fork(start: Start) -> Server:
    """It, with a cookie's name."""
    return start(COOKIE_NAME="session")


@pytest.mark.parametrize(
    "query,status",
    [
        ("claims_group=developers", 200),
        ("claims_group=x&claims_group=developers", 200),
        ("claims_groups=ops", 200),
        ("claims_a.b=dotted", 200),
        ("claims_regexp_group=velop", 200),
        ("claims_regexp_group=^dev.*s$", 200),
        ("claims_regexp_groups=^op", 200),
        ("claims_group=developers&claims_regexp_group=ers$", 200),
        ("claims_group=developers&claims_regexp_group=x", 401),
        ("claims_group=x&claims_regexp_group=ers$", 401),
        ("claims_group=developers&claims_groups=x", 401),
        ("claims_group=develop", 401),
        ("claims_regexp_group=%28", 401),
        ("claims_level=7", 401),
        ("claims_nested.role=admin", 401),
        ("claims_/groups/0=dev", 401),
        ("claims_absent=", 401),
        ("other=x", 401),
        ("headers_X-A=group", 401),
        ("", 401),
    ],
)
def test_claims(fork: Server, query: str, status: int) -> None:
    """Every parameter must hold; a pattern is searched; names are no paths; none at all is a no."""
    answer = fork.ask(target=f"/validate?{query}", token=bearer(**CLAIMS))

    assert (answer.status, answer.body) == (status, b"")
    assert answer.get("www-authenticate") is None


def test_headers(fork: Server) -> None:
    """A string as it is, anything else as JSON, and no header where the claim is absent."""
    names = "headers_X-Group=group&headers_X-Groups=groups&headers_X-Level=level&headers_X-No=no"
    answer = fork.ask(target=f"/validate?claims_group=developers&{names}", token=bearer(**CLAIMS))

    assert answer.status == 200
    assert [answer.get(f"x-{name}") for name in ("group", "groups", "level", "no")] == [
        "developers",
        '["dev","ops"]',
        "7",
        None,
    ]


@pytest.mark.parametrize("method,status", [("GET", 200), ("HEAD", 200), ("POST", 405)])
def test_methods(fork: Server, method: str, status: int) -> None:
    """GET and HEAD; anything else is a 405."""
    answer = fork.ask(method, "/validate?claims_group=developers", token=bearer(**CLAIMS))

    assert answer.status == status
    assert answer.get("allow") == (None if status == 200 else "GET, HEAD")


@pytest.mark.parametrize(
    "cookie,status",
    [
        ("session={}", 200),
        ("a=b; session=Bearer {}", 200),
        ("session=bearer {}", 200),
        ("session=basic {}", 401),
        ("session=bearer ", 401),
        ("session=b", 401),
        ("session=", 401),
        ("other={}", 401),
        ("session={0}; session={0}", 401),
    ],
)
def test_cookie(fork: Server, cookie: str, status: int) -> None:
    """The named cookie holds a token, with or without its scheme; short ones are no trouble."""
    headers = [("Cookie", cookie.format(bearer(**CLAIMS)))]

    assert fork.ask(target="/validate?claims_group=developers", headers=headers).status == status


def test_no_requirements(start: Start) -> None:
    """ALLOW_NO_QUERY_REQUIREMENTS lets a query without claims pass, and no bad token."""
    server = start(ALLOW_NO_QUERY_REQUIREMENTS="true")

    assert server.ask(token=bearer()).status == 200
    assert server.ask(target="/validate?claims_group=x", token=bearer(**CLAIMS)).status == 401
    assert server.ask(token=bearer(exp=1)).status == 401
    assert server.ask().status == 401
    assert server.ask(headers=[("Cookie", f"session={bearer()}")]).status == 401
    assert server.ask(target="/p/default", token=bearer()).status == 404


def test_keys_behind_urls(start: Start) -> None:
    """JWKS_URL names one URL or several; the keys of all of them serve."""
    with KeyServer({"/a": jwks("a"), "/b": jwks("b")}) as keys:
        urls = f"{keys.url('/a')}, {keys.url('/b')}"
        server = start(JWKS_URL=urls, ALLOW_NO_QUERY_REQUIREMENTS="true")
        keys.await_count(1, "/a")
        keys.await_count(1, "/b")
        for kid in ("a", "b"):
            assert server.ask(token=signed(kid)).status == 200
        assert server.stop() == 0


@pytest.mark.parametrize(
    "variables,problem",
    [
        ({}, "JWKS_URL: must be given, or else JWKS_PATH"),
        ({"JWKS_URL": " , "}, "JWKS_URL: must be given, or else JWKS_PATH"),
        ({"JWKS_PATH": "absent.pem"}, "JWKS_PATH: issuers[0].keys.pem_file: "),
        ({"JWKS_URL": "nonsense"}, "JWKS_URL: issuers[0].keys[0].jwks_url: "),
        ({"JWKS_URL": "http://keys.example/"}, "JWKS_URL: issuers[0].keys[0].jwks_url: "),
        ({"PORT": "http"}, "PORT: expected an address"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL: log.level: expected "),
        ({"COOKIE_NAME": "a b"}, "COOKIE_NAME: token.from[1].cookie: expected text like "),
        ({"CACERT_PATH": "absent.pem"}, "CACERT_PATH: expected a file, found none at "),
        ({"INSECURE_SKIP_VERIFY": "true"}, "INSECURE_SKIP_VERIFY: keys that come over an unver"),
        ({"JWTFAST_LISTN": ":1"}, "JWTFAST_LISTN: unknown setting, did you mean JWTFAST_LISTEN?"),
    ],
)
def test_problems(variables: dict[str, str], problem: str) -> None:
    """Each is told once with its variable; the command ends with status 2."""
    if variables and not variables.keys() & {"JWKS_URL", "JWKS_PATH"}:
        variables = {"JWKS_URL": "https://keys.example/"} | variables
    with pytest.raises(SettingsError) as raised:
        load_fork(variables)
    assert [str(one)[: len(problem)] for one in raised.value.problems] == [problem]

    hidden = dict.fromkeys(("JWKS_URL", "JWKS_PATH"), "")
    result = CliRunner(env={**hidden, **variables}).invoke(legacy_fork_main, [])
    assert result.exit_code == 2
    assert problem in result.stderr


def test_everything_wrong_at_once() -> None:
    """Several problems are told together."""
    variables = {"JWKS_PATH": "absent", "PORT": "x", "LOG_LEVEL": "x", "COOKIE_NAME": " "}
    with pytest.raises(SettingsError) as raised:
        load_fork(variables)
    found = {str(problem).partition(":")[0] for problem in raised.value.problems}

    assert found == variables.keys()


def test_what_is_not_used_is_told(tmp_path: Path) -> None:
    """A file outweighs a URL, as there; and nothing is fetched, so there is nothing to skip."""
    (tmp_path / "key.pem").write_text(public_pem())
    settings = load_fork(
        {
            "JWKS_PATH": str(tmp_path / "key.pem"),
            "JWKS_URL": "https://keys.example/",
            "INSECURE_SKIP_VERIFY": "true",
            "LOG_LEVEL": "",
        }
    )
    assert [note.partition(":")[0] for note in settings.notes] == [
        "JWKS_URL",
        "INSECURE_SKIP_VERIFY",
    ]
    assert (settings.mode, settings.log.level, settings.listen.port) == ("legacy", "info", 8080)


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://localhost:1/", "https://[::1]/x"])
def test_loopback_needs_no_skip(url: str) -> None:
    """Over loopback nobody listens in; what is refused elsewhere is ignored there."""
    assert load_fork({"JWKS_URL": url, "INSECURE_SKIP_VERIFY": "true"}).notes != ()
    with pytest.raises(SettingsError, match="INSECURE_SKIP_VERIFY"):
        load_fork({"JWKS_URL": f"{url},https://keys.example/", "INSECURE_SKIP_VERIFY": "true"})
